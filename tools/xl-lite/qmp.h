/* SPDX-License-Identifier: MIT */
/*
 * Asking a QEMU over its monitor socket: QMP, a line of JSON each way.
 *
 *	struct qmp qmp;
 *	int err = qmp_open(&qmp, path, deadline);
 *	if (!err)
 *		err = qmp_call(&qmp, "query-vnc", NULL, 0, &reply);
 *	...
 *	qmp_close(&qmp);
 *
 * QEMU talks to one client at a time. Nothing is logged here: qmp_why() says
 * what went wrong. What QEMU answers is judged: it is run as root here, but a
 * guest may have got hold of it.
 */
#ifndef XL_LITE_QMP_H
#define XL_LITE_QMP_H

#include "lib/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yajl/yajl_tree.h>

/* More than any answer that is asked for here. */
#define QMP_LINE_MAX (1 << 16)

struct qmp {
	int fd;
	uint64_t deadline_ns;	/* of all that is asked */
	char *line;		/* what has come, at most QMP_LINE_MAX */
	size_t used;		/* bytes of it */
	const int *pass;	/* a descriptor that goes with the next line */
	char why[256];		/* "" or why the last call failed */
};

/* One member of a command's arguments. */
struct qmp_arg {
	const char *name;
	const char *text;	/* NULL: NUMBER */
	const int64_t *number;	/* NULL, too: true, unless */
	bool off;		/* which is false */
};

/* Connect, read the greeting, and agree on nothing special. 0 or -errno. */
int qmp_open(struct qmp *q, const char *path, uint64_t deadline_ns);
/* The same on a socket that is connected; it is closed with Q. */
int qmp_open_fd(struct qmp *q, int fd, uint64_t deadline_ns);
void qmp_close(struct qmp *q);

#define CLEANUP_QMP CLEANUP(qmp_close)

/*
 * Execute COMMAND. What it returns goes to *REPLY, for yajl_tree_free(), unless
 * that is NULL. -EREMOTEIO: QEMU refused; -ETIMEDOUT; -EPROTO: this was not
 * QMP; -EPIPE: QEMU hung up.
 */
int qmp_call(struct qmp *q, const char *command, const struct qmp_arg *args,
	     size_t count, yajl_val *reply);

/*
 * Give it FD, by the name of *SET: "/dev/fdset/SET" is a file for it then, if it
 * opens that for what FD is open for.
 */
int qmp_pass(struct qmp *q, int fd, int64_t *set);

const char *qmp_why(const struct qmp *q, int err);

static inline void cleanup_yajl(yajl_val *tree)
{
	if (*tree)
		yajl_tree_free(*tree);
}

#define CLEANUP_YAJL CLEANUP(cleanup_yajl)

/* -- what answers say; pure ------------------------------------------------- */

/*
 * The next serial port, from *NEXT on, that is a terminal, in the answer to
 * query-chardev: its NUMBER and TTY ("/dev/pts/3"), good as long as the answer.
 */
bool qmp_next_serial(yajl_val chardevs, size_t *next, unsigned int *number,
		     const char **tty);

/* False: the answer to query-vnc says that there is none. */
bool qmp_vnc(yajl_val vnc, const char **host, const char **port);

#endif
