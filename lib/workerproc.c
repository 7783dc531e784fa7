/* SPDX-License-Identifier: MIT */
/* The supervisor's end of a worker; see workerproc.h. */
#include "config.h"

#include "lib/workerproc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "lib/cleanup.h"
#include "lib/worker.h"

/* Room for the attach messages of many devices, before the worker reads one. */
#define SOCKET_ROOM (1 << 20)

struct workerproc *workerproc_new(domid_t domid, uint32_t id)
{
	struct workerproc *p = calloc(1, sizeof(*p));

	if (p) {
		p->domid = domid;
		p->id = id;
		p->sock = -1;
	}
	return p;
}

/* -- the process ------------------------------------------------------------ */

void workerproc_free(struct workerproc *p)
{
	cleanup_close(&p->sock);
	free(p);
}

static int make_socket(int *ours, int *theirs)
{
	const int room = SOCKET_ROOM;
	int s[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s))
		return -errno;
	*ours = s[0];
	*theirs = s[1];
	/* the supervisor never waits, a worker may; each end has its flag */
	if (fcntl(s[0], F_SETFL, O_NONBLOCK))
		return -errno;
	/* without the right to it there is still the usual room */
	setsockopt(s[0], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	return 0;
}

/*
 * In the child: other threads' locks may be held for ever here, so only
 * system calls until the exec.
 */
__attribute__((noreturn))
static void become_worker(int sock, char *const *argv)
{
	int null = open("/dev/null", O_RDONLY);

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	/* dup2() onto itself would leave it to be closed by the exec */
	if (sock == WORKER_SOCKET_FD)
		fcntl(sock, F_SETFD, 0);
	else
		dup2(sock, WORKER_SOCKET_FD);
	close_range(WORKER_SOCKET_FD + 1, ~0U, 0);
	execv("/proc/self/exe", argv);
	_exit(127);
}

static int spawn(struct workerproc *p,
		 const struct workerproc_options *options)
{
	CLEANUP_CLOSE int ours = -1, theirs = -1;
	char title[64], domid[8];
	char *argv[] = {
		title, (char *)"--worker", domid,
		(char *)"--user", (char *)options->user,
		(char *)(options->verbose ? "--verbose" : NULL), NULL,
	};
	pid_t pid;
	int r = make_socket(&ours, &theirs);

	if (r)
		return r;
	snprintf(title, sizeof(title), "%s: guest %u", options->class->program,
		 (unsigned int)p->domid);
	snprintf(domid, sizeof(domid), "%u", (unsigned int)p->domid);
	pid = sandbox_fork();
	if (pid == 0)
		become_worker(theirs, argv);
	if (pid < 0)
		return pid;
	p->pid = pid;
	p->sock = STEAL_FD(ours);
	return 0;
}

int workerproc_start(struct workerproc *p,
		     const struct workerproc_options *options,
		     struct loop *loop, union loop_tag tag)
{
	int r;

	if (p->pid)
		return p->sock >= 0 ? 0 : -EBUSY; /* dying */
	if (p->deaths.said >= WORKER_DEATHS_MAX &&
	    !log_allowed(&p->deaths, WORKER_DEATHS_MAX))
		return -EAGAIN;
	r = spawn(p, options);
	if (r == 0)
		r = loop_add(loop, p->sock, EPOLLIN, tag);
	if (r)
		/* one that is not heard is of no use */
		workerproc_kill(p, loop);
	if (r)
		return log_err(r, "guest %u: start a worker",
			       (unsigned int)p->domid);
	log_debug("guest %u: worker %d started", (unsigned int)p->domid,
		  (int)p->pid);
	return 0;
}

static void hang_up(struct workerproc *p, struct loop *loop)
{
	if (p->sock < 0)
		return;
	loop_remove(loop, p->sock);
	close(p->sock);
	p->sock = -1;
}

void workerproc_kill(struct workerproc *p, struct loop *loop)
{
	hang_up(p, loop);
	if (p->pid)
		kill(p->pid, SIGKILL);
}

bool workerproc_reap(struct workerproc *p, struct loop *loop, int *status)
{
	if (!p->pid || waitpid(p->pid, status, WNOHANG) != p->pid)
		return false;
	p->pid = 0;
	hang_up(p, loop);
	return true;
}

void workerproc_explain(int status, char *buf, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(buf, size, "killed by signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(buf, size, "ended with status %d",
			 WEXITSTATUS(status));
}
