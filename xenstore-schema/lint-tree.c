/* SPDX-License-Identifier: MIT */
/* A whole store in memory. */
#include "config.h"

#include "xenstore-schema/lint-tree.h"

#include "lib/cleanup.h"
#include "lib/log.h"

#include <errno.h>
#include <string.h>

#include <xenstore.h>

/* More than any host has; a store that is larger is somebody's attack. */
#define NODES_MAX (1u << 20)

/* A path of 3072 bytes, a value of 4096 that is all escapes, permissions. */
#define LINE_MAX_BYTES 32768

/* xenstored's longest absolute path, with the NUL. */
#define PATH_BYTES 3072

#define JOINED_BYTES (2 * PATH_BYTES)

static int add(struct tree *tree, const char *path, const char *value,
	       size_t size, const char *perms)
{
	struct tree_node n = { .size = size };

	if (tree->count == NODES_MAX)
		return log_fail(-EFBIG, "%s: more than %u nodes", path,
				NODES_MAX);
	if (tree->count == tree->room) {
		size_t room = tree->room ? tree->room * 2 : 256;
		struct tree_node *nodes = realloc(tree->nodes,
						  room * sizeof(*nodes));

		if (!nodes)
			return log_err(-ENOMEM, "%s", path);
		tree->nodes = nodes;
		tree->room = room;
	}
	n.path = strdup(path);
	n.value = malloc(size + 1);
	n.perms = strdup(perms);
	if (!n.path || !n.value || !n.perms) {
		free(n.path);
		free(n.value);
		free(n.perms);
		return log_err(-ENOMEM, "%s", path);
	}
	memcpy(n.value, value, size);
	n.value[size] = '\0';
	tree->nodes[tree->count++] = n;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct tree_node *left = a, *right = b;

	return strcmp(left->path, right->path);
}

static int sort(struct tree *tree, const char *name)
{
	qsort(tree->nodes, tree->count, sizeof(*tree->nodes), by_path);
	for (size_t i = 1; i < tree->count; i++)
		if (strcmp(tree->nodes[i - 1].path, tree->nodes[i].path) == 0)
			return log_fail(-EINVAL, "%s: node twice: is it more than one tree?",
					name);
	return 0;
}

void tree_free(struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		free(tree->nodes[i].path);
		free(tree->nodes[i].value);
		free(tree->nodes[i].perms);
	}
	free(tree->nodes);
	*tree = (struct tree) { 0 };
}

/* -- text ------------------------------------------------------------------ */

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* Undo what xenstore-ls does to a value, in place; returns its size. */
static size_t unescape(char *s)
{
	char *to = s;

	for (const char *from = s; *from;) {
		unsigned int byte = 0;
		int digits = 0;

		if (*from != '\\') {
			*to++ = *from++;
			continue;
		}
		from++;
		while (digits < 3 && is_octal(*from)) {
			byte = byte * 8 + (unsigned int)(*from++ - '0');
			digits++;
		}
		if (digits) {
			*to++ = (char)byte;
			continue;
		}
		switch (*from) {
		case 't': *to++ = '\t'; break;
		case 'n': *to++ = '\n'; break;
		case 'r': *to++ = '\r'; break;
		case '\0': *to++ = '\\'; continue;
		default: *to++ = *from;
		}
		from++;
	}
	*to = '\0';
	return (size_t)(to - s);
}

/* PATH = "VALUE"   (PERMS) */
static int parse_line(struct tree *tree, char *line, const char *name,
		      unsigned int number)
{
	char *value = strstr(line, " = \"");
	char *perms = strrchr(line, '(');
	char *end;

	if (line[0] != '/' || !value)
		return log_fail(-EINVAL, "%s:%u: not a line of `xenstore-ls -fp`",
				name, number);
	*value = '\0';
	value += strlen(" = \"");

	if (!perms || perms < value || line[0] == '\0' ||
	    perms[strlen(perms) - 1] != ')')
		return log_fail(-EINVAL, "%s:%u: no permissions: use `xenstore-ls -fp`",
				name, number);
	perms[strlen(perms) - 1] = '\0';

	for (end = perms; end > value && end[-1] == ' '; end--)
		;
	if (end == value || end[-1] != '"')
		return log_fail(-EINVAL, "%s:%u: no quote behind the value",
				name, number);
	end[-1] = '\0';
	return add(tree, line, value, unescape(value), perms + 1);
}

int tree_read_text(struct tree *tree, FILE *f, const char *name)
{
	CLEANUP_FREE char *line = malloc(LINE_MAX_BYTES);
	unsigned int number = 0;

	if (!line)
		return log_err(-ENOMEM, "%s", name);
	while (fgets(line, LINE_MAX_BYTES, f)) {
		size_t len = strlen(line);
		int err;

		number++;
		if (len == 0 || line[len - 1] != '\n') {
			if (!feof(f))
				return log_fail(-EINVAL, "%s:%u: line too long, or zeros in it",
						name, number);
		} else {
			line[len - 1] = '\0';
		}
		if (line[0] == '\0' || line[0] == '#')
			continue;
		err = parse_line(tree, line, name, number);
		if (err)
			return err;
	}
	if (ferror(f))
		return log_err(-EIO, "%s: read", name);
	if (tree->count == 0)
		return log_fail(-EINVAL, "%s: no nodes: want what `xenstore-ls -fp` prints",
				name);
	return sort(tree, name);
}

/* -- live ------------------------------------------------------------------ */

static void perms_text(const struct xs_permissions *perms, unsigned int count,
		       char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (unsigned int i = 0; i < count && used < size; i++) {
		static const char letters[] = "nrwb";

		used += (size_t)snprintf(buf + used, size - used, "%s%c%u",
					 i ? "," : "",
					 letters[perms[i].perms & 3],
					 perms[i].id);
	}
}

static int read_node(struct tree *tree, struct xs_handle *xs,
		     const char *path)
{
	CLEANUP_FREE struct xs_permissions *perms = NULL;
	CLEANUP_FREE char *value = NULL;
	unsigned int size = 0, count = 0;
	char text[256];

	value = xs_read(xs, XBT_NULL, path, &size);
	if (value)
		perms = xs_get_permissions(xs, XBT_NULL, path, &count);
	if (!value || !perms)
		/* It went while we looked: that is no trouble. */
		return errno == ENOENT ? 0 :
		       log_err(-errno, "%s: read", path);
	perms_text(perms, count, text, sizeof(text));
	return add(tree, path, value, size, text);
}

/* Paths yet to be looked into. */
struct stack {
	char **paths;
	size_t count, room;
};

static void stack_free(struct stack *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->paths[i]);
	free(s->paths);
}

static int push(struct stack *s, const char *dir, const char *name)
{
	char path[JOINED_BYTES];
	int len = snprintf(path, sizeof(path), "%s/%s",
			   strcmp(dir, "/") == 0 ? "" : dir, name);

	if (len < 0 || (size_t)len >= sizeof(path))
		return log_fail(-ENAMETOOLONG, "%s/%s: too long", dir, name);
	if (s->count == s->room) {
		size_t room = s->room ? s->room * 2 : 256;
		char **paths = realloc(s->paths, room * sizeof(*paths));

		if (!paths)
			return log_err(-ENOMEM, "%s", path);
		s->paths = paths;
		s->room = room;
	}
	s->paths[s->count] = strdup(path);
	if (!s->paths[s->count])
		return log_err(-ENOMEM, "%s", path);
	s->count++;
	return 0;
}

int tree_read_live(struct tree *tree, struct xs_handle *xs)
{
	CLEANUP(stack_free) struct stack stack = { 0 };
	int err = push(&stack, "/", "");

	while (!err && stack.count > 0) {
		CLEANUP_FREE char *path = stack.paths[--stack.count];
		CLEANUP_FREE char **names = NULL;
		unsigned int count = 0;

		if (strcmp(path, "/") != 0)
			err = read_node(tree, xs, path);
		if (err)
			break;
		names = xs_directory(xs, XBT_NULL, path, &count);
		if (!names && errno != ENOENT)
			return log_err(-errno, "%s: list", path);
		for (unsigned int i = 0; names && i < count && !err; i++)
			err = push(&stack, path, names[i]);
	}
	return err ? err : sort(tree, "xenstore");
}

/* -- asking ---------------------------------------------------------------- */

static bool join(char *buf, const char *dir, const char *node)
{
	int len;

	if (node && *node)
		len = snprintf(buf, JOINED_BYTES, "%s/%s", dir, node);
	else
		len = snprintf(buf, JOINED_BYTES, "%s", dir);
	return len >= 0 && len < JOINED_BYTES;
}

/* The index of the first node that does not sort before PATH. */
static size_t first_from(const struct tree *tree, const char *path)
{
	size_t lo = 0, hi = tree->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(tree->nodes[mid].path, path) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct tree_node *tree_find(const struct tree *tree, const char *dir,
				  const char *node)
{
	char path[JOINED_BYTES];
	size_t i;

	if (!join(path, dir, node))
		return NULL;
	i = first_from(tree, path);
	if (i == tree->count || strcmp(tree->nodes[i].path, path) != 0)
		return NULL;
	return &tree->nodes[i];
}

size_t tree_below(const struct tree *tree, const char *dir, size_t *count)
{
	char path[JOINED_BYTES];
	size_t first, i, len;

	*count = 0;
	/* What has a common beginning is together: no need to see the end. */
	if (!join(path, dir, NULL))
		return 0;
	len = strlen(path);
	if (len + 1 >= sizeof(path))
		return 0;
	path[len++] = '/';
	path[len] = '\0';
	first = first_from(tree, path);
	for (i = first; i < tree->count; i++)
		if (strncmp(tree->nodes[i].path, path, len) != 0)
			break;
	*count = i - first;
	return first;
}

bool tree_has(const struct tree *tree, const char *dir, const char *node)
{
	char path[JOINED_BYTES];
	size_t count;

	if (tree_find(tree, dir, node))
		return true;
	if (!join(path, dir, node))
		return false;
	tree_below(tree, path, &count);
	return count > 0;
}
