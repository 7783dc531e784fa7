/* SPDX-License-Identifier: MIT */
/* What a process of ours is in the middle of; see mark.h. */
#include "config.h"

#include "tools/xl-lite/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/num.h"

#include "tools/xl-lite/remedy.h"
#include "tools/xl-lite/uuid.h"

#define NAME_PREFIX "xl-lite-name-"
#define DOMAIN_PREFIX "xl-lite-domain-"
#define SUFFIX ".lock"

/* "making   4194304 65535 UUID NAME\n" */
#define LINE_MAX_BYTES (64 + UUID_TEXT_SIZE + MARK_NAME_MAX)

static const char *const works[] = {
	[MARK_NOTHING] = "nothing",
	[MARK_MAKING] = "making",
	[MARK_STARTING] = "starting",
	[MARK_ENDING] = "ending",
};

/* -- text -------------------------------------------------------------------- */

void mark_format(const struct mark_record *r, char *line, size_t size)
{
	char uuid[UUID_TEXT_SIZE], domid[8] = "-";

	if (r->domid_known)
		snprintf(domid, sizeof(domid), "%u", r->domid);
	uuid_format(r->uuid, uuid);
	snprintf(line, size, "%-8s %7u %5s %s %s\n", works[r->work], r->pid,
		 domid, uuid, r->name);
}

/* The next word of *TEXT, ended; NULL when there is none. */
static char *next_word(char **text)
{
	char *word = *text + strspn(*text, " ");
	size_t len = strcspn(word, " \n");

	if (!len || !word[len])
		return NULL;
	word[len] = '\0';
	*text = word + len + 1;
	return word;
}

static int parse_words(char *text, struct mark_record *r)
{
	const char *work = next_word(&text), *pid = next_word(&text);
	const char *domid = next_word(&text), *uuid = next_word(&text);
	char *end = strchr(text, '\n');
	unsigned int id = 0;

	if (!work || !pid || !domid || !uuid || !end ||
	    end - text >= MARK_NAME_MAX)
		return -EINVAL;
	for (r->work = MARK_NOTHING; strcmp(works[r->work], work) != 0;)
		if (++r->work == ARRAY_SIZE(works))
			return -EINVAL;
	r->domid_known = strcmp(domid, "-") != 0;
	if (num_parse_uint(pid, 0, UINT32_MAX, &r->pid) ||
	    (r->domid_known && num_parse_uint(domid, 0, UINT16_MAX, &id)))
		return -EINVAL;
	r->domid = id;
	memcpy(r->name, text, end - text);
	return uuid_parse(uuid, r->uuid);
}

int mark_parse(const char *line, struct mark_record *r)
{
	char text[LINE_MAX_BYTES];

	*r = (struct mark_record) { 0 };
	if (!*line)
		return 0;
	if (strlen(line) >= sizeof(text))
		return -EINVAL;
	memcpy(text, line, strlen(line) + 1);
	return parse_words(text, r);
}

/* -- names ------------------------------------------------------------------- */

static uint64_t hash(const char *text)
{
	uint64_t h = 14695981039346656037u;	/* FNV-1a */

	while (*text)
		h = (h ^ (unsigned char)*text++) * 1099511628211u;
	return h;
}

void mark_path_name(char *path, size_t size, const char *name)
{
	/* names may hold what file names may not: hence the hash */
	snprintf(path, size, MARK_FOLDER "/" NAME_PREFIX "%016llx" SUFFIX,
		 (unsigned long long)hash(name));
}

void mark_path_domain(char *path, size_t size, uint16_t domid)
{
	snprintf(path, size, MARK_FOLDER "/" DOMAIN_PREFIX "%u" SUFFIX, domid);
}

bool mark_is_file(const char *file)
{
	size_t len = strlen(file), end = strlen(SUFFIX);

	return (strncmp(file, NAME_PREFIX, strlen(NAME_PREFIX)) == 0 ||
		strncmp(file, DOMAIN_PREFIX, strlen(DOMAIN_PREFIX)) == 0) &&
	       len > end && strcmp(file + len - end, SUFFIX) == 0;
}

/* -- files ------------------------------------------------------------------- */

static void read_left(int fd, struct mark_record *left)
{
	char line[LINE_MAX_BYTES];
	ssize_t n = pread(fd, line, sizeof(line) - 1, 0);

	line[n > 0 ? n : 0] = '\0';
	if (mark_parse(line, left))
		*left = (struct mark_record) { 0 };
}

static int open_mark(const char *path, bool make, bool *made)
{
	const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
	int fd = open(path, flags);

	if (fd >= 0 || errno != ENOENT || !make)
		return fd < 0 ? -errno : fd;
	fd = open(path, flags | O_CREAT | O_EXCL, 0600);
	*made = fd >= 0;
	return fd < 0 ? -errno : fd;
}

/*
 * It is removed while it is locked: who opened it meanwhile sees that, and
 * tries again.
 */
int mark_take(struct mark *m, const char *path, bool make,
	      struct mark_record *left)
{
	m->fd = -1;
	snprintf(m->path, sizeof(m->path), "%s", path);
	for (;;) {
		bool made = false;
		CLEANUP_CLOSE int fd = open_mark(path, make, &made);
		struct stat st;

		if (fd == -EEXIST)
			continue;
		if (fd < 0)
			return fd;
		if (flock(fd, LOCK_EX | LOCK_NB)) {
			int err = errno == EWOULDBLOCK ? -EBUSY : -errno;

			if (made && err != -EBUSY)
				unlink(path);
			return err;
		}
		if (fstat(fd, &st) == 0 && st.st_nlink > 0) {
			read_left(fd, left);
			m->fd = STEAL_FD(fd);
			return 0;
		}
	}
}

int mark_write(struct mark *m, const struct mark_record *r)
{
	char line[LINE_MAX_BYTES];
	size_t len;
	ssize_t n;
	int err;

	if (m->fd == -1)
		return 0;
	mark_format(r, line, sizeof(line));
	len = strlen(line);
	n = pwrite(m->fd, line, len, 0);
	if (n == (ssize_t)len)
		return 0;
	/* a part of it: there was no room for the rest */
	err = n < 0 ? -errno : -ENOSPC;
	return log_fail(err, "guest %s: %s: write: %s: %s", r->name, m->path,
			strerror(-err), remedy_file(err));
}

void mark_remove(struct mark *m)
{
	if (m->fd == -1)
		return;
	unlink(m->path);
	mark_drop(m);
}

void mark_drop(struct mark *m)
{
	cleanup_close(&m->fd);
	m->fd = -1;
}
