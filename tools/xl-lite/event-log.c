/* SPDX-License-Identifier: MIT */
/*
 * What xl-lited has told, on disk; see event-log.h. The first line is of which
 * boot of the host it is:
 *
 *	{"boot":"c0ffee00-..."}
 *	{"time":...,"event":"created",...,"seq":1}
 *
 * Xl-lited may be killed in the middle of writing a line: what is behind the
 * last newline was told nobody, and is cut off.
 */
#include "config.h"

#include "tools/xl-lite/event-log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/log.h"

#include "tools/xl-lite/remedy.h"

#define HEADER "{\"boot\":\"%s\"}\n"
#define HEADER_SCAN "{\"boot\":\"%63[^\"]\"}"
#define DOMAINS 65536

/* -- the whole of it ---------------------------------------------------------- */

/*
 * NUL-terminated; NULL with errno. Of one that is being written to: what was
 * there.
 */
static char *read_all(int fd)
{
	CLEANUP_FREE char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return NULL;
	text = malloc(st.st_size + 1);
	n = text ? pread(fd, text, st.st_size, 0) : -1;
	if (n < 0)
		return NULL;
	text[n] = '\0';
	return STEAL_PTR(text);
}

/*
 * The next line of *TEXT, whose newline is made a NUL; NULL when there is none
 * that has one. SIZE: without it.
 */
static char *next_line(char **text, size_t *size)
{
	char *line = *text, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*size = end - line;
	*text = end + 1;
	return line;
}

/* -- shortening ----------------------------------------------------------------- */

/*
 * Which line says that a domain is there, and which that it has stopped: their
 * numbers, while nothing later says that it is gone.
 */
struct domains {
	uint64_t created[DOMAINS], stopped[DOMAINS];
};

static void note_domain(struct domains *d, const struct event *e)
{
	switch (e->type) {
	case EVENT_CREATED:
		d->created[e->domid] = e->seq;
		d->stopped[e->domid] = 0;
		break;
	case EVENT_SHUTDOWN:
	case EVENT_CRASHED:
		d->stopped[e->domid] = e->seq;
		break;
	case EVENT_RESET:
		d->stopped[e->domid] = 0;
		break;
	case EVENT_DESTROYED:
		d->created[e->domid] = d->stopped[e->domid] = 0;
		break;
	case EVENT_RESTARTED:
	case EVENT_KEPT:
	case EVENT_FAILED:
	case EVENT_LISTENING:
	case EVENT_CUT_OFF:
		break;
	}
}

static bool is_kept(const struct domains *d, const struct event *e,
		    uint64_t last)
{
	return e->seq + EVENT_LOG_KEPT > last ||
	       d->created[e->domid] == e->seq ||
	       d->stopped[e->domid] == e->seq;
}

/* Write those lines of TEXT, which is taken apart, that are kept. */
static void write_kept(char *text, const struct domains *d, uint64_t last,
		       FILE *to)
{
	char *line;
	size_t size;

	while ((line = next_line(&text, &size))) {
		CLEANUP(arena_free) struct arena arena = { 0 };
		struct event e;

		if (event_parse(line, &arena, &e) == 0 &&
		    is_kept(d, &e, last))
			fprintf(to, "%s\n", line);
	}
}

/* TEXT is as it was then. */
static void find_domains(char *text, struct domains *d)
{
	char *line;
	size_t size;

	while ((line = next_line(&text, &size))) {
		CLEANUP(arena_free) struct arena arena = { 0 };
		struct event e;

		if (event_parse(line, &arena, &e) == 0)
			note_domain(d, &e);
		line[size] = '\n';
	}
}

/* A new file, of what of TEXT is kept, in the place of the old one. */
static int replace(struct event_log *log, char *text)
{
	CLEANUP_FREE struct domains *d = calloc(1, sizeof(*d));
	CLEANUP_CLOSE int fd = -1;
	char temporary[256];
	FILE *f;
	int err, copy;

	if (!d)
		return -ENOMEM;
	find_domains(text, d);
	snprintf(temporary, sizeof(temporary), "%s.new", log->path);
	fd = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
		  0600);
	copy = fd == -1 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	f = copy == -1 ? NULL : fdopen(copy, "a");
	if (!f) {
		cleanup_close(&copy);
		return -errno;
	}
	fprintf(f, HEADER, log->boot);
	write_kept(text, d, log->seq, f);
	log->size = ftell(f);
	if (fclose(f) || rename(temporary, log->path)) {
		err = -errno;
		unlink(temporary);
		return err;
	}
	cleanup_close(&log->fd);
	log->fd = STEAL_FD(fd);
	log->size_max = log->size * 2 > EVENT_LOG_SIZE_MAX ?
			log->size * 2 : EVENT_LOG_SIZE_MAX;
	return 0;
}

static int shorten(struct event_log *log)
{
	CLEANUP_FREE char *text = read_all(log->fd);

	return text ? replace(log, text) : -errno;
}

/* -- life ------------------------------------------------------------------------- */

static int fail(struct event_log *log, int err)
{
	if (!log->failed)
		log_err(err, "%s: %s: %s: what happens is told, but cannot be told again after this process has ended",
			log->path, strerror(-err), remedy_file(err));
	log->failed = true;
	return err;
}

/* Tell FN, take the numbers over, and find where the last whole line ends. */
static void take_lines(struct event_log *log, char *text, event_log_fn *fn,
		       void *arg)
{
	char *line;
	size_t size;

	while ((line = next_line(&text, &size))) {
		CLEANUP(arena_free) struct arena arena = { 0 };
		struct event e;

		log->size += size + 1;
		sscanf(line, HEADER_SCAN, log->boot);
		if (event_parse(line, &arena, &e))
			continue;
		if (e.seq > log->seq)
			log->seq = e.seq;
		fn(&e, arg);
	}
}

static int open_log(struct event_log *log, event_log_fn *fn, void *arg)
{
	CLEANUP_FREE char *text = NULL;

	log->fd = open(log->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC |
		       O_NOFOLLOW, 0600);
	if (log->fd != -1)
		text = read_all(log->fd);
	if (!text)
		return -errno;
	take_lines(log, text, fn, arg);
	return ftruncate(log->fd, log->size) ? -errno : 0;
}

int event_log_open(struct event_log *log, const char *path, event_log_fn *fn,
		   void *arg)
{
	int err;

	*log = (struct event_log) {
		.path = path, .fd = -1, .size_max = EVENT_LOG_SIZE_MAX,
	};
	err = open_log(log, fn, arg);
	if (!err)
		return 0;
	event_log_close(log);
	return fail(log, err);
}

int event_log_begin(struct event_log *log, const char *boot)
{
	int err;

	if (log->fd == -1 || strcmp(log->boot, boot) == 0)
		return 0;
	snprintf(log->boot, sizeof(log->boot), "%s", boot);
	err = shorten(log);
	return err ? fail(log, err) : 0;
}

void event_log_close(struct event_log *log)
{
	cleanup_close(&log->fd);
	log->fd = -1;
}

/* A line that was written in part is none: what is next would be behind it. */
static int append(struct event_log *log, const char *line, size_t size)
{
	ssize_t n = write(log->fd, line, size);
	int err = n < 0 ? -errno : (size_t)n < size ? -ENOSPC : 0;

	if (!err)
		log->size += size;
	else if (ftruncate(log->fd, log->size))
		event_log_close(log);
	return err;
}

void event_log_add(struct event_log *log, struct event *e)
{
	char line[EVENT_LINE_MAX];
	int err;

	if (!e->time.tv_sec)
		clock_gettime(CLOCK_REALTIME, &e->time);
	e->seq = ++log->seq;
	if (log->fd == -1)
		return;
	err = append(log, line, event_format(e, line));
	if (!err && log->size > log->size_max)
		err = shorten(log);
	if (err)
		fail(log, err);
	else
		log->failed = false;
}

bool event_log_has(const struct event_log *log, const char *text)
{
	CLEANUP_FREE char *all = log->fd == -1 ? NULL : read_all(log->fd);
	const size_t len = strlen(text);
	char *rest, *line;
	size_t size;

	if (!all)
		return false;
	for (rest = all; (line = next_line(&rest, &size));)
		if (strncmp(line, text, len) == 0)
			return true;
	return false;
}

int event_log_read(const char *path, uint64_t after, uint64_t last,
		   event_line_fn *fn, void *arg)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	CLEANUP_FREE char *text = fd == -1 ? NULL : read_all(fd);
	char *rest, *line;
	size_t size;
	int err = 0;

	if (!text)
		return -errno;
	for (rest = text; !err && (line = next_line(&rest, &size));) {
		const uint64_t seq = event_line_seq(line);

		if (seq <= after || seq > last)
			continue;
		line[size] = '\n';
		err = fn(line, size + 1, arg);
	}
	return err;
}
