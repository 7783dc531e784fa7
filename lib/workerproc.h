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

struct workerproc {
	TAILQ_ENTRY(workerproc) link;
	domid_t domid;			/* the guest it serves */
	uint32_t id;			/* in loop tags */
	pid_t pid;			/* 0: none runs */
	int sock;			/* -1: none */
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
