/* SPDX-License-Identifier: MIT */
/* xenconsole, in our place or beside us; see console.h. */
#include "config.h"

#include "tools/xl-lite/console.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/log.h"

#include "tools/xl-lite/host.h"

/* NOTIFY_FD: written to once the tty is open; -1 is none. */
static int exec_xenconsole(domid_t domid, const char *type,
			   unsigned int number, int notify_fd)
{
	char path[64], id[16], num[16], fd[16];
	int err = host_xen_program("xenconsole", path, sizeof(path));

	if (err)
		return err;
	snprintf(id, sizeof(id), "%u", domid);
	snprintf(num, sizeof(num), "%u", number);
	snprintf(fd, sizeof(fd), "%d", notify_fd);
	if (notify_fd == -1)
		execl(path, path, id, "--num", num, "--type", type, NULL);
	else
		execl(path, path, id, "--num", num, "--type", type,
		      "--start-notify-fd", fd, NULL);
	return log_err(-errno, "console of domain %u: %s", domid, path);
}

static const char *const type_names[] = {
	[CONSOLE_PV] = "pv",
	[CONSOLE_SERIAL] = "serial",
	[CONSOLE_VUART] = "vuart",
};

int console_exec(domid_t domid, enum console_type type, unsigned int number)
{
	return exec_xenconsole(domid, type_names[type], number, -1);
}

int console_start(struct console *console, domid_t domid,
		  enum console_type type)
{
	int ends[2];
	char byte;
	ssize_t n;

	if (pipe(ends))
		return log_err(-errno, "console of domain %u: pipe", domid);
	console->pid = fork();
	if (console->pid == 0) {
		sigset_t none;

		/* while a guest is made, those that end us are held */
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		close(ends[0]);
		exec_xenconsole(domid, type_names[type], 0, ends[1]);
		_exit(1);
	}
	close(ends[1]);
	do	/* ends with a byte when it is ready, without when it died */
		n = console->pid > 0 ? read(ends[0], &byte, 1) : 0;
	while (n == -1 && errno == EINTR);
	close(ends[0]);
	if (n == 1)
		return 0;
	console_wait(console);
	return log_fail(-EIO, "console of domain %u: xenconsole did not start",
			domid);
}

void console_end(struct console *console)
{
	if (console->pid > 0)
		kill(console->pid, SIGTERM);
	console_wait(console);
}

void console_wait(struct console *console)
{
	if (console->pid <= 0)
		return;
	while (waitpid(console->pid, NULL, 0) == -1 && errno == EINTR)
		;
	console->pid = 0;
}
