/* SPDX-License-Identifier: MIT */
/* Processes whose words and end are looked at, not waited for: see sweep.h. */
#include "config.h"

#include "tests/sim/sweep/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What one may say; the rest is counted. */
#define SAID_MAX (1u << 16)

__attribute__((noreturn))
static void become(const int *ns, unsigned int domid, char *const *argv,
		   const char *program, const char *fault, int out)
{
	static const int types[] = { CLONE_NEWNET, CLONE_NEWUTS, CLONE_NEWNS };
	int null = open("/dev/null", O_RDWR);
	char text[16];
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	for (int i = 0; ns && i < 3; i++)
		if (setns(ns[i], types[i]))
			_exit(126);
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	if (domid) {
		snprintf(text, sizeof(text), "%u", domid);
		setenv(SIM_DOMID_ENV, text, 1);
	}
	if (fault)
		setenv(SIM_FAULT_ENV, fault, 1);
	execvp(program, argv);
	_exit(127);
}

bool proc_start(struct proc *p, const int *ns, unsigned int domid,
		char *const *argv, const char *program, const char *fault)
{
	int fds[2];

	proc_free(p);
	if (pipe2(fds, O_CLOEXEC))
		return false;
	p->pid = fork();
	if (p->pid == 0)
		become(ns, domid, argv, program, fault, fds[1]);
	close(fds[1]);
	p->out = fds[0];
	fcntl(p->out, F_SETFL, O_NONBLOCK);
	p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	p->over = p->pid == -1;
	return !p->over;
}

static void take_words(struct proc *p)
{
	char buf[4096];
	ssize_t n;

	while (p->out >= 0 && (n = read(p->out, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			p->lines += buf[i] == '\n';
		if (p->used + n >= SAID_MAX)
			continue;
		if (p->used + n >= p->size) {
			p->size = 2 * (p->used + n) + 256;
			p->said = realloc(p->said, p->size);
			if (!p->said)
				abort();
		}
		memcpy(p->said + p->used, buf, n);
		p->used += n;
		p->said[p->used] = '\0';
	}
}

void proc_look(struct proc *p)
{
	bool ended;

	if (!p->pid || p->over)
		return;
	/* first: what it said before it ended is there then */
	ended = waitpid(p->pid, &p->status, WNOHANG) == p->pid;
	take_words(p);
	p->over = ended;
}

void proc_kill(struct proc *p, int signal)
{
	if (p->pid && !p->over)
		kill(p->pid, signal);
}

void proc_free(struct proc *p)
{
	if (p->pid && !p->over) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
	}
	if (p->pid) {
		close(p->out);
		close(p->pidfd);
	}
	free(p->said);
	*p = (struct proc){ .out = -1, .pidfd = -1 };
}

bool proc_exited(const struct proc *p)
{
	return p->over && WIFEXITED(p->status);
}

bool run_command(char *const *argv)
{
	struct proc p = { 0 };
	bool ok = proc_start(&p, NULL, 0, argv, argv[0], NULL) &&
		  waitpid(p.pid, &p.status, 0) == p.pid && p.status == 0;

	p.over = true;
	if (!ok)
		take_words(&p);
	if (!ok && p.said)
		printf("# %s: %s", argv[0], p.said);
	proc_free(&p);
	return ok;
}
