/* SPDX-License-Identifier: MIT */
/*
 * xenstore; see store.h.
 *
 * In the control domain libxenstore falls back from xenstored's socket to the
 * kernel's /dev/xen/xenbus, which can be opened whether or not anybody serves
 * it: the first request then waits for ever. Where xenstored is a process
 * that is simply not running this must be an error with a remedy, and where
 * xenstore is a domain of its own it must work; so a request is sent there by
 * hand first, and is given time to come back.
 *
 * What goes through store-batch.c, for who asked for it (store_use_batch()):
 * in a transaction, all of it; there nobody sees a change before the commit,
 * so changes are queued until something is read, or the end. The commit is
 * sent when all before it are known to have been carried out.
 */
#include "config.h"

#include "lib/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/store-batch.h"

/* A transaction lost this often is not bad luck any more. */
#define TRANSACTION_TRIES 64
#define PROBE_MS 3000

/* What xenstore allows, with a NUL. */
#define PATH_SIZE (XENSTORE_ABS_PATH_MAX + 1)

static int make_path(char *path, const char *dir, const char *node)
{
	int n;

	n = node ? snprintf(path, PATH_SIZE, "%s/%s", dir, node)
		 : snprintf(path, PATH_SIZE, "%s", dir);
	if (n < 0 || n >= PATH_SIZE)
		return log_err(-ENAMETOOLONG, "xenstore: %.64s...", dir);
	return 0;
}

static const char *remedy(int err)
{
	switch (-err) {
	case ENOSPC:
		return "xenstored has no room: 'xl-lite gc' removes what nobody needs";
	case ENOMEM:
		return "this domain is out of memory: end something in it";
	case EACCES:
	case EPERM:
		return "is this dom0, and root?";
	}
	return "is xenstored well? 'xl-lite doctor' tells";
}

/*
 * The caller knows whether a missing node or a lost race is trouble. In a
 * driver domain a guest decides whether we may read its nodes.
 */
static int fail(struct store *s, const char *what, const char *path)
{
	int r = errno ? -errno : -EIO;

	if (r == -ENOENT || r == -EAGAIN || (r == -EACCES && !s->doing))
		return r;
	if (s->doing)
		log_fail(r, "%s: xenstore: %s %s: %s: %s", s->doing, what,
			 path, strerror(-r), remedy(r));
	else
		log_err(r, "xenstore: %s %s", what, path);
	s->told = true;
	return r;
}

void store_doing(struct store *s, const char *what)
{
	s->doing = what;
	s->told = false;
}

int store_fail(struct store *s, int err)
{
	if (!s->told)
		log_fail(err, "%s%sxenstore: %s: %s", s->doing ? s->doing : "",
			 s->doing ? ": " : "", strerror(-err), remedy(err));
	s->told = true;
	return err;
}

/* -- many at a time -------------------------------------------------------- */

/* What came of the requests of one batch. */
struct outcome {
	struct store *store;
	int err;		/* the first change that was refused, logged */
	unsigned int wanted;	/* the answer with this number is kept: */
	int wanted_err;
	char *data;		/* owned, with a NUL behind it */
	size_t size;
};

static void free_outcome(struct outcome *o)
{
	free(o->data);
}

#define CLEANUP_OUTCOME CLEANUP(free_outcome)

static const char *change_name(uint32_t type)
{
	switch (type) {
	case XS_WRITE: return "write";
	case XS_MKDIR: return "mkdir";
	case XS_RM: return "remove";
	case XS_SET_PERMS: return "set permissions of";
	}
	return "change";
}

static void take_answer(const struct store_answer *a, void *arg)
{
	struct outcome *o = arg;

	if (a->number == o->wanted) {
		o->wanted_err = a->err;
		o->size = a->size;
		o->data = malloc(a->size + 1);
		if (o->data)
			memcpy(o->data, a->data, a->size + 1);
	} else if (a->err && !o->err && !(a->type == XS_RM &&
					  a->err == -ENOENT)) {
		errno = -a->err;
		o->err = fail(o->store, change_name(a->type), a->path);
	}
}

static int broken(struct store *s, int err)
{
	errno = -err;
	return fail(s, "send", "many requests");
}

static int run_batch(struct store *s, struct outcome *o)
{
	int r = store_batch_run(s->batch, take_answer, o);

	if (r)
		return broken(s, r);
	return o->err;
}

/* Send what is queued, if anything. */
static int flush(struct store *s)
{
	CLEANUP_OUTCOME struct outcome o = {
		.store = s, .wanted = UINT_MAX,
	};

	return s->batch->count ? run_batch(s, &o) : 0;
}

static int queue(struct store *s, xs_transaction_t t, uint32_t type,
		 const char *path, const void *data, size_t size)
{
	int r = store_batch_add(s->batch, type, t, path, data, size);

	errno = -r;
	return r ? fail(s, change_name(type), path) : 0;
}

/*
 * Send what is queued, and a request whose answer is wanted. Whether that is a
 * refusal is for the caller to see.
 */
static int ask(struct store *s, xs_transaction_t t, uint32_t type,
	       const char *path, const char *data, struct outcome *o)
{
	int r = store_batch_add(s->batch, type, t, path, data,
				data ? strlen(data) + 1 : 0);

	errno = -r;
	if (r)
		return fail(s, "ask for", path);
	o->wanted = s->batch->count - 1;
	r = run_batch(s, o);
	if (!r && !o->data) {
		r = -ENOMEM;
		errno = ENOMEM;
		fail(s, "take the answer about", path);
	}
	return r;
}

/* The same; a refusal is an error. WHAT it is to do is for messages. */
static int ask_well(struct store *s, xs_transaction_t t, uint32_t type,
		    const char *path, const char *data, const char *what,
		    struct outcome *o)
{
	int r = ask(s, t, type, path, data, o);

	errno = -o->wanted_err;
	return r || !o->wanted_err ? r : fail(s, what, path);
}

/* Only transactions are; and what is queued belongs to one. */
static bool is_batched(const struct store *s, xs_transaction_t t)
{
	return s->batch && t != XBT_NULL;
}

/* -- opening --------------------------------------------------------------- */

/* The connection, or -1. */
static int open_line(void)
{
	static const struct sockaddr_un addr = {
		.sun_family = AF_UNIX,
		.sun_path = "/var/run/xenstored/socket",
	};
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 ||
	    connect(fd, (const struct sockaddr *)&addr, sizeof(addr)))
		return -1;
	return STEAL_FD(fd);
}

static bool device_answers(const char *device)
{
	struct {
		struct xsd_sockmsg header;
		char path[sizeof("domid")];
	} request = {
		.header.type = XS_READ,
		.header.len = sizeof("domid"),
		.path = "domid",
	};
	const size_t size = sizeof(request.header) + sizeof(request.path);
	CLEANUP_CLOSE int fd = open(device, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return fd >= 0 && write(fd, &request, size) == (ssize_t)size &&
	       poll(&p, 1, PROBE_MS) == 1;
}

static bool somebody_serves(struct store *s)
{
	/* another place was named: the library's business */
	if (getenv("XENSTORED_PATH") || getenv("XENSTORED_RUNDIR"))
		return true;
	s->line_fd = open_line();
	return s->line_fd >= 0 || device_answers("/dev/xen/xenbus") ||
	       device_answers("/proc/xen/xenbus");
}

int store_open(struct store *s)
{
	int r = -ECONNREFUSED;

	*s = (struct store) { .line_fd = -1 };
	if (somebody_serves(s)) {
		s->xs = xs_open(XS_UNWATCH_FILTER);
		if (s->xs)
			return 0;
		r = errno ? -errno : -EIO;
		cleanup_close(&s->line_fd);
	}
	if (r == -EACCES || r == -EPERM)
		return log_err(r, "xenstore: connect: run this as root");
	return log_fail(r, "xenstore: xenstored is not running? start it "
			"with: systemctl start xenstored");
}

int store_use_batch(struct store *s)
{
	if (s->line_fd < 0)
		return 0;
	s->batch = calloc(1, sizeof(*s->batch));
	if (!s->batch)
		return log_err(-ENOMEM, "xenstore");
	s->batch->fd = s->line_fd;
	return 0;
}

void store_close(struct store *s)
{
	/* never opened, or not with success */
	if (!s->xs)
		return;
	if (s->batch)
		store_batch_free(s->batch);
	free(s->batch);
	s->batch = NULL;
	xs_close(s->xs);
	s->xs = NULL;
	cleanup_close(&s->line_fd);
}

int store_line_fd(const struct store *s)
{
	return s->line_fd;
}

bool store_hung_up(const struct store *s)
{
	struct pollfd p = { .fd = s->line_fd, .events = POLLRDHUP };

	return s->line_fd >= 0 && poll(&p, 1, 0) == 1;
}

int store_fd(const struct store *s)
{
	return xs_fileno(s->xs);
}

/* -- reading --------------------------------------------------------------- */

static int take_value(const char *value, size_t len, char *buf, size_t size)
{
	if (len >= size)
		return -E2BIG;
	if (memchr(value, 0, len))
		return -EINVAL;
	memcpy(buf, value, len);
	buf[len] = '\0';
	return 0;
}

static int read_batched(struct store *s, xs_transaction_t t, const char *path,
			char *buf, size_t size)
{
	CLEANUP_OUTCOME struct outcome o = { .store = s };
	int r = ask_well(s, t, XS_READ, path, NULL, "read", &o);

	return r ? r : take_value(o.data, o.size, buf, size);
}

int store_read(struct store *s, xs_transaction_t t, const char *dir,
	       const char *node, char *buf, size_t size)
{
	CLEANUP_FREE char *value = NULL;
	char path[PATH_SIZE];
	unsigned int len;
	int r = make_path(path, dir, node);

	if (r)
		return r;
	s->requests++;
	if (is_batched(s, t))
		return read_batched(s, t, path, buf, size);
	value = xs_read(s->xs, t, path, &len);
	return value ? take_value(value, len, buf, size) : fail(s, "read", path);
}

struct many {
	struct store_query *next;
	struct outcome changes;
};

static void take_read(const struct store_answer *a, void *arg)
{
	struct many *m = arg;
	struct store_query *q;

	/* what was queued before them */
	if (a->type != XS_READ) {
		take_answer(a, &m->changes);
		return;
	}
	q = m->next++;
	errno = -a->err;
	q->err = a->err ? fail(m->changes.store, "read", a->path)
			: take_value(a->data, a->size, q->buf, q->size);
}

static int read_all_batched(struct store *s, xs_transaction_t t,
			    struct store_query *queries, size_t count)
{
	struct many m = { .next = queries, .changes = {
		.store = s, .wanted = UINT_MAX,
	} };
	char path[PATH_SIZE];
	int r = 0;

	for (size_t i = 0; !r && i < count; i++) {
		r = make_path(path, queries[i].dir, queries[i].node);
		s->requests++;
		if (!r)
			r = queue(s, t, XS_READ, path, NULL, 0);
	}
	if (r)
		return r;
	r = store_batch_run(s->batch, take_read, &m);
	if (r)
		return broken(s, r);
	return m.changes.err;
}

int store_read_all(struct store *s, xs_transaction_t t,
		   struct store_query *queries, size_t count)
{
	if (s->batch)
		return read_all_batched(s, t, queries, count);
	for (size_t i = 0; i < count; i++)
		queries[i].err = store_read(s, t, queries[i].dir,
					    queries[i].node, queries[i].buf,
					    queries[i].size);
	return 0;
}

int store_read_u64(struct store *s, xs_transaction_t t, const char *dir,
		   const char *node, uint64_t min, uint64_t max,
		   uint64_t *ret)
{
	char value[32]; /* longer is no number of ours */
	int r = store_read(s, t, dir, node, value, sizeof(value));

	if (r == -E2BIG)
		return -EINVAL;
	return r ? r : num_parse(value, min, max, ret);
}

int store_read_uint(struct store *s, xs_transaction_t t, const char *dir,
		    const char *node, unsigned int min, unsigned int max,
		    unsigned int *ret)
{
	uint64_t value;
	int r = store_read_u64(s, t, dir, node, min, max, &value);

	if (r == 0)
		*ret = value;
	return r;
}

int store_read_uint_or(struct store *s, xs_transaction_t t, const char *dir,
		       const char *node, unsigned int min, unsigned int max,
		       unsigned int deflt, unsigned int *ret)
{
	int r = store_read_uint(s, t, dir, node, min, max, ret);

	if (r != -ENOENT)
		return r;
	*ret = deflt;
	return 0;
}

/* NUL-terminated names, one after the other, as libxenstore gives them. */
static int take_names(const char *data, size_t size, char ***names,
		      unsigned int *count)
{
	unsigned int n = 0;
	char *text;

	for (size_t i = 0; i < size; i++)
		n += data[i] == '\0';
	*names = malloc((n + 1) * sizeof(**names) + size);
	if (!*names)
		return log_err(-ENOMEM, "xenstore: names");
	text = memcpy(*names + n + 1, data, size);
	for (unsigned int i = 0; i < n; i++) {
		(*names)[i] = text;
		text += strlen(text) + 1;
	}
	*count = n;
	return 0;
}

/*
 * Of a folder whose names do not fit into one answer. Each part begins with
 * the folder's generation, which does not change within a transaction; behind
 * the last name there is an empty one.
 */
static int list_parts(struct store *s, xs_transaction_t t, const char *path,
		      char ***names, unsigned int *count)
{
	CLEANUP_FREE char *all = NULL;
	size_t size = 0;

	for (;;) {
		CLEANUP_OUTCOME struct outcome o = { .store = s };
		char offset[24], *larger;
		size_t skip;
		int r;

		snprintf(offset, sizeof(offset), "%zu", size);
		s->requests++;
		r = ask_well(s, t, XS_DIRECTORY_PART, path, offset, "list",
			     &o);
		if (r)
			return r;
		skip = strlen(o.data) + 1;
		if (o.size <= skip)
			return log_err(-EPROTO, "xenstore: list %s", path);
		larger = realloc(all, size + o.size - skip);
		if (!larger)
			return log_err(-ENOMEM, "xenstore: list %s", path);
		all = larger;
		memcpy(all + size, o.data + skip, o.size - skip);
		size += o.size - skip;
		if (size == 1 || all[size - 2] == '\0')
			return take_names(all, size - 1, names, count);
	}
}

static int list_batched(struct store *s, xs_transaction_t t, const char *path,
			char ***names, unsigned int *count)
{
	CLEANUP_OUTCOME struct outcome o = { .store = s };
	int r = ask(s, t, XS_DIRECTORY, path, NULL, &o);

	if (!r && o.wanted_err == -E2BIG)
		return list_parts(s, t, path, names, count);
	errno = -o.wanted_err;
	if (!r && o.wanted_err)
		r = fail(s, "list", path);
	return r ? r : take_names(o.data, o.size, names, count);
}

int store_list(struct store *s, xs_transaction_t t, const char *dir,
	       const char *node, char ***names, unsigned int *count)
{
	char path[PATH_SIZE];
	int r = make_path(path, dir, node);

	if (r)
		return r;
	s->requests++;
	if (is_batched(s, t))
		return list_batched(s, t, path, names, count);
	*names = xs_directory(s->xs, t, path, count);
	return *names ? 0 : fail(s, "list", path);
}

struct emptiness {
	bool *next;
	struct outcome changes;
};

static void take_emptiness(const struct store_answer *a, void *arg)
{
	struct emptiness *e = arg;

	if (a->type != XS_DIRECTORY)
		take_answer(a, &e->changes);
	else	/* too much for one answer is not nothing */
		*e->next++ = !a->err && a->size == 0;
}

static int are_empty_batched(struct store *s, xs_transaction_t t,
			     char (*dirs)[STORE_DIR_MAX], bool *empty,
			     size_t count)
{
	struct emptiness e = { .next = empty, .changes = {
		.store = s, .wanted = UINT_MAX,
	} };
	int r = 0;

	for (size_t i = 0; !r && i < count; i++) {
		s->requests++;
		r = queue(s, t, XS_DIRECTORY, dirs[i], NULL, 0);
	}
	if (r)
		return r;
	r = store_batch_run(s->batch, take_emptiness, &e);
	if (r)
		return broken(s, r);
	return e.changes.err;
}

int store_are_empty(struct store *s, xs_transaction_t t,
		    char (*dirs)[STORE_DIR_MAX], bool *empty, size_t count)
{
	if (s->batch)
		return are_empty_batched(s, t, dirs, empty, count);
	for (size_t i = 0; i < count; i++) {
		CLEANUP_FREE char **names = NULL;
		unsigned int num = 0;
		int r = store_list(s, t, dirs[i], NULL, &names, &num);

		if (r && r != -ENOENT)
			return r;
		empty[i] = !r && num == 0;
	}
	return 0;
}

/* -- writing --------------------------------------------------------------- */

int store_write(struct store *s, xs_transaction_t t, const char *dir,
		const char *node, const char *value)
{
	char path[PATH_SIZE];
	int r = make_path(path, dir, node);

	if (r)
		return r;
	s->requests++;
	if (is_batched(s, t))
		return queue(s, t, XS_WRITE, path, value, strlen(value));
	return xs_write(s->xs, t, path, value, strlen(value)) ?
		0 : fail(s, "write", path);
}

int store_printf(struct store *s, xs_transaction_t t, const char *dir,
		 const char *node, const char *fmt, ...)
{
	char value[STORE_VALUE_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(value))
		return log_fail(-E2BIG, "xenstore: write %s/%s: the value is "
				"longer than %d bytes", dir, node ? node : "",
				STORE_VALUE_MAX - 1);
	return store_write(s, t, dir, node, value);
}

int store_mkdir(struct store *s, xs_transaction_t t, const char *dir,
		const char *node)
{
	char path[PATH_SIZE];
	int r = make_path(path, dir, node);

	if (r)
		return r;
	s->requests++;
	if (is_batched(s, t))
		return queue(s, t, XS_MKDIR, path, NULL, 0);
	return xs_mkdir(s->xs, t, path) ? 0 : fail(s, "mkdir", path);
}

int store_remove(struct store *s, xs_transaction_t t, const char *dir,
		 const char *node)
{
	char path[PATH_SIZE];
	int r = make_path(path, dir, node);

	if (r)
		return r;
	s->requests++;
	if (is_batched(s, t))
		return queue(s, t, XS_RM, path, NULL, 0);
	if (xs_rm(s->xs, t, path) || errno == ENOENT)
		return 0;
	return fail(s, "remove", path);
}

/* "n0", "r5": a NUL behind each */
static int set_perms_batched(struct store *s, xs_transaction_t t,
			     const char *path,
			     const struct xs_permissions *perms,
			     unsigned int count)
{
	static const char letters[] = { 'n', 'r', 'w', 'b' };
	char text[256];
	size_t size = 0;

	for (unsigned int i = 0; i < count; i++) {
		int n = snprintf(text + size, sizeof(text) - size, "%c%u",
				 letters[perms[i].perms & 3], perms[i].id);

		if ((size_t)n >= sizeof(text) - size)
			return -E2BIG;
		size += n + 1;
	}
	return queue(s, t, XS_SET_PERMS, path, text, size);
}

int store_set_perms(struct store *s, xs_transaction_t t, const char *dir,
		    const char *node, const struct xs_permissions *perms,
		    unsigned int count)
{
	char path[PATH_SIZE];
	int r = make_path(path, dir, node);

	if (r)
		return r;
	s->requests++;
	if (is_batched(s, t))
		return set_perms_batched(s, t, path, perms, count);
	/* the library takes what it only reads as if it wrote it */
	return xs_set_permissions(s->xs, t, path,
				  (struct xs_permissions *)perms, count) ?
		0 : fail(s, "set permissions of", path);
}

/* -- transactions ---------------------------------------------------------- */

static int end_batched(struct store *s, xs_transaction_t t, bool commit)
{
	CLEANUP_OUTCOME struct outcome o = { .store = s };

	s->requests++;
	return ask_well(s, t, XS_TRANSACTION_END, commit ? "T" : "F", NULL,
			"commit", &o);
}

static int transact_batched(struct store *s, store_tx_fn *fn, void *arg)
{
	CLEANUP_OUTCOME struct outcome o = { .store = s };
	xs_transaction_t t;
	int r, end;

	s->requests++;
	r = ask_well(s, XBT_NULL, XS_TRANSACTION_START, "", NULL, "start", &o);
	if (r)
		return r;
	r = num_parse_uint(o.data, 1, UINT32_MAX, &t);
	if (r)
		return log_err(r, "xenstore: transaction");
	r = fn(s, t, arg);
	end = r < 0 ? r : flush(s);
	if (end < 0)
		r = end;
	store_batch_drop(s->batch);
	end = end_batched(s, t, r >= 0);
	return r >= 0 && end ? end : r;
}

static int transact_once(struct store *s, store_tx_fn *fn, void *arg)
{
	xs_transaction_t t;
	int r;

	if (s->batch)
		return transact_batched(s, fn, arg);
	s->requests++;
	t = xs_transaction_start(s->xs);
	if (t == XBT_NULL)
		return fail(s, "start", "transaction");

	r = fn(s, t, arg);
	s->requests++;
	if (r < 0) {
		xs_transaction_end(s->xs, t, true);
		return r;
	}
	return xs_transaction_end(s->xs, t, false) ?
		r : fail(s, "commit", "transaction");
}

int store_transact(struct store *s, store_tx_fn *fn, void *arg)
{
	for (unsigned int i = 0; i < TRANSACTION_TRIES; i++) {
		int r = transact_once(s, fn, arg);

		if (r != -EAGAIN)
			return r;
	}
	s->told = true;
	return log_fail(-EAGAIN, "%s%sxenstore: transaction: lost against "
			"other writers %d times: try again",
			s->doing ? s->doing : "", s->doing ? ": " : "",
			TRANSACTION_TRIES);
}

/* -- watches --------------------------------------------------------------- */

int store_watch(struct store *s, const char *dir, const char *node,
		const char *token)
{
	char path[PATH_SIZE];
	int r = make_path(path, dir, node);

	if (r)
		return r;
	s->requests++;
	return xs_watch(s->xs, path, token) ? 0 : fail(s, "watch", path);
}

int store_unwatch(struct store *s, const char *dir, const char *node,
		  const char *token)
{
	char path[PATH_SIZE];
	int r = make_path(path, dir, node);

	if (r)
		return r;
	s->requests++;
	return xs_unwatch(s->xs, path, token) ? 0 : fail(s, "unwatch", path);
}

int store_next_event(struct store *s, char *path, size_t path_size,
		     char *token, size_t token_size)
{
	CLEANUP_FREE char **event = xs_check_watch(s->xs);

	if (!event) {
		if (errno == EAGAIN || errno == 0)
			return 0;
		return log_err(-errno, "xenstore: watch events");
	}
	snprintf(path, path_size, "%s", event[XS_WATCH_PATH]);
	snprintf(token, token_size, "%s", event[XS_WATCH_TOKEN]);
	return 1;
}

/* Take what has come; all of it only says 'look again'. */
static int drain_events(struct store *s)
{
	char path[8], token[8];
	int r;

	do
		r = store_next_event(s, path, sizeof(path), token,
				     sizeof(token));
	while (r == 1);
	return r;
}

static int wait_event(struct store *s, uint64_t deadline_ns)
{
	struct pollfd p = { .fd = store_fd(s), .events = POLLIN };
	uint64_t now = clock_now_ns();
	int n;

	if (now >= deadline_ns)
		return -ETIMEDOUT;
	/* rounded up: a wait cut short would be one more round for nothing */
	now = (deadline_ns - now + NS_PER_MS - 1) / NS_PER_MS;
	n = poll(&p, 1, now > INT32_MAX ? INT32_MAX : (int)now);
	if (n == -1 && errno != EINTR)
		return log_err(-errno, "xenstore: wait for an event");
	return drain_events(s);
}

/* The watch is set before the first look: nothing can slip in between. */
int store_wait(struct store *s, const char *dir, const char *node,
	       store_wanted_fn *wanted, void *arg, uint64_t deadline_ns)
{
	char value[STORE_VALUE_MAX];
	int r = store_watch(s, dir, node, "store_wait");

	if (r)
		return r;
	for (;;) {
		r = store_read(s, XBT_NULL, dir, node, value, sizeof(value));
		if (r && r != -ENOENT)
			break;
		if (wanted(r ? NULL : value, arg)) {
			r = 0;
			break;
		}
		r = wait_event(s, deadline_ns);
		if (r)
			break;
	}
	store_unwatch(s, dir, node, "store_wait");
	return r;
}
