/* SPDX-License-Identifier: MIT */
/* Hotplug scripts; see hotplug.h. */
#include "config.h"

#include "tools/xl-lite/hotplug.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"

#define ENVIRONMENT_MAX 8

/* -- a process -------------------------------------------------------------- */

__attribute__((noreturn))
static void child(char *const argv[], char *const environment[])
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	/* a script's own children go with it when it must be killed */
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (size_t i = 0; environment[i]; i++)
		if (putenv(environment[i]))
			_exit(127);
	if (null == -1 || dup2(null, STDIN_FILENO) == -1 ||
	    dup2(STDERR_FILENO, STDOUT_FILENO) == -1)
		_exit(127);
	execvp(argv[0], argv);	/* one without "#!" is the shell's */
	log_err(-errno, "%s: run", argv[0]);
	_exit(126);
}

static int wait_end(int pidfd, uint64_t deadline_ns,
		    const struct interrupt *interrupt)
{
	for (;;) {
		struct pollfd p[] = {
			{ .fd = pidfd, .events = POLLIN },
			{ .fd = interrupt ? interrupt->fd : -1,
			  .events = POLLIN },
		};
		uint64_t now = clock_now_ns();

		if (now >= deadline_ns)
			return -ETIMEDOUT;
		if (poll(p, ARRAY_SIZE(p), (deadline_ns - now) / NS_PER_MS + 1)
		    == -1 && errno != EINTR)
			return -errno;
		if (p[0].revents)
			return 0;
		if (p[1].revents)
			return -EINTR;
	}
}

int hotplug_exec(char *const argv[], char *const environment[],
		 uint64_t deadline_ns, const struct interrupt *interrupt,
		 int *status)
{
	CLEANUP_CLOSE int pidfd = -1;
	pid_t pid = fork();
	int err = 0;

	if (pid == -1)
		return -errno;
	if (pid == 0)
		child(argv, environment);
	setpgid(pid, pid);	/* whoever of us two comes first */
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	err = pidfd == -1 ? -errno : wait_end(pidfd, deadline_ns, interrupt);
	if (err)
		kill(-pid, SIGKILL);
	while (waitpid(pid, status, 0) == -1)
		if (errno != EINTR)
			return -errno;
	return err;
}

/* -- a script ---------------------------------------------------------------- */

static bool is_vif(const struct hotplug *h)
{
	return strcmp(h->backend->kind, KIND_VIF) == 0 ||
	       strcmp(h->backend->kind, KIND_UVIF) == 0;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool hotplug_is_built_in(const char *script, const char *kind, bool has_node)
{
	const char *name = base_name(script);

	/* a disk of blkd's never has a script to be run */
	if (strcmp(kind, KIND_UVBD) == 0)
		return true;
	if (strcmp(kind, KIND_VBD) == 0)
		return strcmp(name, "block") == 0 && !has_node;
	return strcmp(name, "vif-bridge") == 0;
}

/* The value of NAME=VALUE texts lives in LINES; they end with a NULL. */
struct environment {
	char lines[ENVIRONMENT_MAX][STORE_VALUE_MAX + 32];
	char *pointers[ENVIRONMENT_MAX + 1];
	size_t count;
};

static void add_line(struct environment *e, const char *name,
		     const char *value)
{
	snprintf(e->lines[e->count], sizeof(e->lines[0]), "%s=%s", name,
		 value);
	e->pointers[e->count] = e->lines[e->count];
	e->count++;
}

/* libxl's, of which Xen's scripts make use. */
static void fill_environment(struct environment *e, const struct hotplug *h)
{
	const struct backend_path *b = h->backend;
	char text[64];

	*e = (struct environment) { 0 };
	add_line(e, "script", h->script);
	/* scripts know no other kinds than the kernel's */
	add_line(e, "XENBUS_TYPE", is_vif(h) ? KIND_VIF : KIND_VBD);
	snprintf(text, sizeof(text), "backend/%s/%u/%u", b->kind, b->domid,
		 b->devid);
	add_line(e, "XENBUS_PATH", text);
	add_line(e, "XENBUS_BASE_PATH", "backend");
	if (!is_vif(h))
		return;
	add_line(e, "netdev", h->gatewaydev ? h->gatewaydev : "");
	snprintf(text, sizeof(text), "vif%u.%u", b->domid, b->devid);
	add_line(e, "vif", text);
}

/* How it went, and what it says about that itself. */
static int judge(struct store *s, const struct hotplug *h,
		 const char *action, int status)
{
	char why[STORE_VALUE_MAX], how[48];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "was killed by signal %d",
			 WTERMSIG(status));
	else
		snprintf(how, sizeof(how), "exit status %d",
			 WEXITSTATUS(status));
	if (store_read(s, XBT_NULL, h->dir, "hotplug-error", why, sizeof(why))
	    || !*why)
		snprintf(why, sizeof(why), "it gave no reason; /var/log/xen/xen-hotplug.log may have one");
	return log_fail(-EIO, "%s: %s: script %s %s: %s: %s", h->guest,
			h->device, h->script, action, how, why);
}

int hotplug_run(struct store *s, const struct hotplug *h, bool add,
		const struct interrupt *interrupt)
{
	char disk_add[] = "add", disk_remove[] = "remove";
	char vif_add[] = "online", vif_remove[] = "offline";
	char type_if[] = "type_if=vif", path[STORE_VALUE_MAX];
	char *action = is_vif(h) ? add ? vif_add : vif_remove
				 : add ? disk_add : disk_remove;
	char *const argv[] = { path, action, is_vif(h) ? type_if : NULL, NULL };
	struct environment e;
	int status = 0, err;

	snprintf(path, sizeof(path), "%s", h->script);
	fill_environment(&e, h);
	log_debug("%s: %s: script %s %s", h->guest, h->device, path, action);
	err = hotplug_exec(argv, e.pointers, clock_now_ns() +
			   HOTPLUG_DEADLINE_S * NS_PER_S, interrupt, &status);
	if (err == -ETIMEDOUT)
		return log_fail(err, "%s: %s: script %s %s: did not end in %d s: killed",
				h->guest, h->device, path, action,
				HOTPLUG_DEADLINE_S);
	if (err == -EINTR)
		return err;
	if (err)
		return log_err(err, "%s: %s: script %s %s", h->guest,
			       h->device, path, action);
	return judge(s, h, action, status);
}
