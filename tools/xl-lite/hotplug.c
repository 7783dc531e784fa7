/* SPDX-License-Identifier: MIT */
/* Hotplug scripts; see hotplug.h. */
#include "config.h"

#include "tools/xl-lite/hotplug.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"

#include "tools/xl-lite/remedy.h"

#define ENVIRONMENT_MAX 8

/* -- a process -------------------------------------------------------------- */

/* Becomes the script, of which TELL_FD sees nothing, or writes there why not. */
__attribute__((noreturn))
static void child(char *const argv[], char *const environment[], int tell_fd)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;
	bool good = true;
	int err;

	/* a script's own children go with it when it must be killed */
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (size_t i = 0; good && environment[i]; i++)
		good = putenv(environment[i]) == 0;
	if (good && null != -1 && dup2(null, STDIN_FILENO) != -1 &&
	    dup2(STDERR_FILENO, STDOUT_FILENO) != -1)
		execvp(argv[0], argv);	/* one without "#!" is the shell's */
	err = -errno;
	_exit(write(tell_fd, &err, sizeof(err)) == sizeof(err) ? 126 : 127);
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
	CLEANUP_CLOSE int pidfd = -1, told_fd = -1, tell_fd = -1;
	int err = 0, told, pipe_fds[2];
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	told_fd = pipe_fds[0];
	tell_fd = pipe_fds[1];
	pid = fork();
	if (pid == -1)
		return -errno;
	if (pid == 0)
		child(argv, environment, tell_fd);
	setpgid(pid, pid);	/* whoever of us two comes first */
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	err = pidfd == -1 ? -errno : wait_end(pidfd, deadline_ns, interrupt);
	if (err)
		kill(-pid, SIGKILL);
	while (waitpid(pid, status, 0) == -1)
		if (errno != EINTR)
			return -errno;
	if (!err && read(told_fd, &told, sizeof(told)) == sizeof(told))
		return told;
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

/*
 * One line on a run that was no success: HOW, WHY and what to do. When a device
 * goes it goes all the same.
 */
__attribute__((format(printf, 4, 5)))
static int failed(const struct hotplug *h, bool add, const char *action,
		  const char *fmt, ...)
{
	char what[STORE_VALUE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (add)
		return log_fail(-EIO, "%s: %s: script %s %s: %s", h->guest,
				h->device, h->script, action, what);
	log_warn("%s: %s: script %s %s: %s: what it had set up may still be there: undo that by hand",
		 h->guest, h->device, h->script, action, what);
	return -EIO;
}

/* The reason that it wrote down itself, if any. */
static bool has_reason(struct store *s, const struct hotplug *h,
		       char why[STORE_VALUE_MAX])
{
	return store_read(s, XBT_NULL, h->dir, "hotplug-error", why,
			  STORE_VALUE_MAX) == 0 && *why;
}

/* How it went, and what it says about that itself. */
static int judge(struct store *s, const struct hotplug *h, bool add,
		 const char *action, int status)
{
	char why[STORE_VALUE_MAX], how[48];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		/* when it comes its folder is new: this is its own word */
		if (add && has_reason(s, h, why))
			return failed(h, add, action, "it ended well, but says that it failed: %s",
				      why);
		return 0;
	}
	if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "was killed by signal %d",
			 WTERMSIG(status));
	else
		snprintf(how, sizeof(how), "exit status %d",
			 WEXITSTATUS(status));
	if (!has_reason(s, h, why))
		snprintf(why, sizeof(why), "it gave no reason; /var/log/xen/xen-hotplug.log may have one");
	return failed(h, add, action, "%s: %s", how, why);
}

static const char *remedy_exec(int err)
{
	switch (-err) {
	case ENOENT:
		return "is the program there that its first line names?";
	case EACCES:
		return "can it be executed, and does its file system allow that?";
	}
	return remedy_kernel(err);
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
	if (err == -EINTR)
		return err;
	if (err == -ETIMEDOUT) {
		failed(h, add, action, "did not end in %d s: killed: run it by hand to see what it waits for",
		       HOTPLUG_DEADLINE_S);
		return err;
	}
	if (err)
		return failed(h, add, action, "cannot be run: %s: %s",
			      strerror(-err), remedy_exec(err));
	return judge(s, h, add, action, status);
}
