/* SPDX-License-Identifier: MIT */
/* xl-lite events: what happens to guests, as it happens. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/daemon.h"
#include "lib/log.h"
#include "lib/num.h"

#include "tools/xl-lite/event-log.h"

struct listening {
	bool waits;		/* for xl-lited to be there, and to be back */
	bool earlier;		/* what is behind SEQ is wanted, too */
	uint64_t seq;		/* the last that was printed */
	int fd;
};

/* -- printing --------------------------------------------------------------- */

static int print_line(const char *line, size_t size, void *arg)
{
	struct listening *l = arg;
	const uint64_t seq = event_line_seq(line);

	if (fwrite(line, 1, size, stdout) != size || fflush(stdout) != 0)
		return log_err(-errno, "events: write");
	/* those of a domain that is there stay when others are dropped */
	if (seq > l->seq + 1)
		log_warn("events: %llu events behind number %llu are not kept any more: some %d are",
			 (unsigned long long)(seq - l->seq - 1),
			 (unsigned long long)l->seq, EVENT_LOG_KEPT);
	if (seq)
		l->seq = seq;
	return 0;
}

/* All that was told until SEQ, as xl-lited's first line says. */
static int print_earlier(struct listening *l, uint64_t seq)
{
	int err;

	if (l->seq > seq) {
		log_warn("events: there is no number %llu yet, %llu is the last: %s was begun anew: all in it is told",
			 (unsigned long long)l->seq, (unsigned long long)seq,
			 EVENT_LOG);
		l->seq = 0;
	}
	err = event_log_read(EVENT_LOG, l->seq, seq, print_line, l);
	return err < 0 && err != -ENOENT ?
	       log_err(err, "events: %s", EVENT_LOG) : 0;
}

/* From here on all is told. */
static int print_hello(struct listening *l, const char *line, size_t size)
{
	const uint64_t seq = event_line_seq(line);

	if (fwrite(line, 1, size, stdout) != size || fflush(stdout) != 0)
		return log_err(-errno, "events: write");
	if (l->earlier)
		return print_earlier(l, seq);
	l->seq = seq;
	return 0;
}

/* Until xl-lited ends, or cuts us off: 0. */
static int print_all(struct listening *l)
{
	char line[EVENT_LINE_MAX];
	bool first = true;
	ssize_t n;
	int err = 0;

	while (!err && (n = recv(l->fd, line, sizeof(line) - 1, 0)) > 0) {
		line[n] = '\0';
		err = first ? print_hello(l, line, n) : print_line(line, n, l);
		first = false;
	}
	return err;
}

/* -- connecting --------------------------------------------------------------- */

static int connect_once(void)
{
	const struct sockaddr_un address = {
		.sun_family = AF_UNIX, .sun_path = EVENT_SOCKET,
	};
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC,
				      0);

	if (fd == -1 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return STEAL_FD(fd);
}

static bool does_not_run(int err)
{
	return err == -ENOENT || err == -ECONNREFUSED;
}

/* Its socket gets its name when it can be connected to. */
static int connect_when_there(void)
{
	CLEANUP_CLOSE int watch = inotify_init1(IN_CLOEXEC);
	char events[4096];
	int fd;

	mkdir(DAEMON_RUN_DIR, 0755);
	if (watch == -1 ||
	    inotify_add_watch(watch, DAEMON_RUN_DIR, IN_MOVED_TO) == -1)
		return -errno;
	while (does_not_run(fd = connect_once()))
		if (read(watch, events, sizeof(events)) == -1)
			return -errno;
	return fd;
}

static int open_events(struct listening *l)
{
	int fd = l->waits ? connect_when_there() : connect_once();

	if (does_not_run(fd))
		return log_fail(fd, "events: xl-lited, which tells them, does not run: start it with 'systemctl start xl-lited', or wait for it with -w");
	if (fd < 0)
		return log_err(fd, "events: %s", EVENT_SOCKET);
	l->fd = fd;
	return 0;
}

static int listen_to(struct listening *l)
{
	int err;

	do {
		err = open_events(l);
		if (!err)
			err = print_all(l);
		cleanup_close(&l->fd);
		l->fd = -1;
		l->earlier = true;	/* what it tells meanwhile */
	} while (!err && l->waits);
	if (!err)
		log_fail(0, "events: xl-lited ended, or cut us off because we were too slow, which its last line says; the next that is told has number %llu: -a %llu",
			 (unsigned long long)l->seq + 1,
			 (unsigned long long)l->seq);
	return err;
}

int cmd_events(const struct cmd *cmd, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "after", required_argument, NULL, 'a' },
		{ "wait", no_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct listening l = { .fd = -1 };
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "a:w", longopts, 0, 0,
				 &status)) != CMD_ARGS) {
		switch (opt) {
		case CMD_EXIT: return status;
		case 'w': l.waits = true; break;
		case 'a':
			if (num_parse(optarg, 0, UINT64_MAX - 1, &l.seq)) {
				log_fail(-EINVAL, "events: -a %s: this is no number of an event: each line has one, as \"seq\"",
					 optarg);
				return STATUS_ERROR;
			}
			l.earlier = true;
			break;
		}
	}
	listen_to(&l);
	return STATUS_ERROR;
}
