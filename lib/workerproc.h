/* SPDX-License-Identifier: MIT */
/*
 * The supervisor's end of a worker: start it, talk to it, notice its death.
 * Nothing here waits for a worker: messages are queued in the socket before
 * the process has even begun to isolate itself.
 */
#ifndef LIB_WORKERPROC_H
#define LIB_WORKERPROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "lib/backend.h"
#include "lib/log.h"
#include "lib/loop.h"

/* Rings of a guest that connects all its disks at once, with all queues. */
#define WORKER_LATE_MAX 1024

struct workerproc {
	TAILQ_ENTRY(workerproc) link;
	domid_t domid;			/* the guest it serves */
	uint32_t id;			/* in loop tags */
	pid_t pid;			/* 0: none runs */
	int sock;			/* -1: none */
	int doorbell;			/* -1: not isolated yet, or none */
	/* descriptors it will ask for, in the order it will */
	int late[WORKER_LATE_MAX];
	unsigned int late_first, late_count;
	bool dropped;			/* nobody's any more, once it is reaped */
	struct log_limit deaths;
};

/* A worker that dies so often a minute is not started again in it. */
#define WORKER_DEATHS_MAX 5

struct workerproc_options {
	const struct backend_class *class;
	const char *user;
	bool verbose;
};

/* No process yet. NULL: no memory. */
struct workerproc *workerproc_new(domid_t domid, uint32_t id);
/* Have a process run. 0 or -errno, logged; -EAGAIN: it died too often. */
int workerproc_start(struct workerproc *p,
		     const struct workerproc_options *options,
		     struct loop *loop, union loop_tag tag);
/* FDS stay the caller's. 0 or -errno. */
int workerproc_send(struct workerproc *p, const struct wire_msg *msg,
		    const int *fds, unsigned int fd_count);
/* It is isolated and gave us DOORBELL, which is ours now; or it gave none. */
void workerproc_ready(struct workerproc *p, int doorbell, struct loop *loop,
		      union loop_tag tag);
/* It rang: hand it the next descriptor. */
void workerproc_answer(struct workerproc *p, struct loop *loop);
/* Its end is noticed by workerproc_reap(). */
void workerproc_kill(struct workerproc *p, struct loop *loop);
/*
 * True: it ended, and STATUS (waitpid's) says how. Called at SIGCHLD.
 */
bool workerproc_reap(struct workerproc *p, struct loop *loop, int *status);
/* "killed by signal 31 (Bad system call)" */
void workerproc_explain(int status, char *buf, size_t size);
void workerproc_free(struct workerproc *p);

#endif
