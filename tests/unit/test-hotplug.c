/* SPDX-License-Identifier: MIT */
/*
 * Hotplug scripts get libxl's arguments and environment, nothing to read, and
 * an end: what fails is told with its reason, what hangs is killed with all
 * that it has started.
 */
#include "config.h"

#include "tools/xl-lite/hotplug.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"

static char dir[] = "/tmp/test-hotplug.XXXXXX";
static const char *hotplug_error;	/* what the script has written */
static unsigned int failures;

int store_read(struct store *s, xs_transaction_t t, const char *folder,
	       const char *node, char *buf, size_t size)
{
	(void)s, (void)t, (void)folder;
	if (!hotplug_error || strcmp(node, "hotplug-error") != 0)
		return -ENOENT;
	snprintf(buf, size, "%s", hotplug_error);
	return 0;
}

static void check(bool good, const char *what, const char *got)
{
	if (good)
		return;
	failures++;
	printf("not so: %s; got: %s\n", what, got);
}

static void file_path(const char *name, char path[64])
{
	snprintf(path, 64, "%s/%s", dir, name);
}

static void write_script(const char *name, const char *text)
{
	char path[64];
	int fd;

	file_path(name, path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	if (fd == -1 || dprintf(fd, "#!/bin/sh\n%s\n", text) < 0) {
		perror(path);
		exit(99);
	}
	close(fd);
}

static void read_text(const char *name, char *text, size_t size)
{
	CLEANUP_FCLOSE FILE *f = NULL;
	char path[64];
	size_t n;

	file_path(name, path);
	f = fopen(path, "re");
	n = f ? fread(text, 1, size - 1, f) : 0;
	text[n] = '\0';
}

/* Our messages go to a file while FN runs. */
static int run(const char *script, const struct backend_path *backend,
	       bool add, const char *gatewaydev, char *said, size_t size)
{
	char path[64], log[64];
	struct hotplug h = {
		.script = path, .backend = backend, .dir = "/backend",
		.gatewaydev = gatewaydev, .guest = "guest web",
		.device = "disk xvda",
	};
	int saved = dup(STDERR_FILENO), fd, err;

	file_path(script, path);
	file_path("log", log);
	fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	dup2(fd, STDERR_FILENO);
	err = hotplug_run(NULL, &h, add, NULL);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fd);
	read_text("log", said, size);
	return err;
}

static const struct backend_path disk = {
	.level = BACKEND_PATH_DEVICE, .kind = "vbd", .domid = 7,
	.devid = 51712,
};
static const struct backend_path vif = {
	.level = BACKEND_PATH_DEVICE, .kind = "uvif", .domid = 7, .devid = 1,
};

static void test_environment(void)
{
	char said[4096], want[512], path[64];

	write_script("show", "echo \"$# $*\"; echo \"$script\"\n"
		     "echo \"$XENBUS_TYPE $XENBUS_PATH $XENBUS_BASE_PATH\"\n"
		     "echo \"$vif,${netdev-unset}\"\n"
		     "if read -r line; then echo input; fi");
	file_path("show", path);
	check(run("show", &disk, true, NULL, said, sizeof(said)) == 0,
	      "a script that ends well", said);
	snprintf(want, sizeof(want),
		 "1 add\n%s\nvbd backend/vbd/7/51712 backend\n,unset\n", path);
	check(strcmp(said, want) == 0, want, said);
	run("show", &disk, false, NULL, said, sizeof(said));
	check(strncmp(said, "1 remove\n", 9) == 0, "1 remove", said);

	run("show", &vif, true, NULL, said, sizeof(said));
	snprintf(want, sizeof(want), "2 online type_if=vif\n%s\n"
		 "vif backend/uvif/7/1 backend\nvif7.1,\n", path);
	check(strcmp(said, want) == 0, want, said);
	run("show", &vif, false, "eth0", said, sizeof(said));
	snprintf(want, sizeof(want), "2 offline type_if=vif\n%s\n"
		 "vif backend/uvif/7/1 backend\nvif7.1,eth0\n", path);
	check(strcmp(said, want) == 0, want, said);
}

static void test_failures(void)
{
	char said[4096];

	write_script("fail", "echo output; exit 3");
	check(run("fail", &disk, true, NULL, said, sizeof(said)) == -EIO,
	      "exit status 3 is -EIO", said);
	check(strstr(said, "output") && strstr(said, "guest web: disk xvda: script") &&
	      strstr(said, "/fail add: exit status 3: it gave no reason"),
	      "who, what, exit status, no reason", said);
	hotplug_error = "the array is full";
	run("fail", &disk, true, NULL, said, sizeof(said));
	check(strstr(said, "exit status 3: the array is full") != NULL,
	      "its own reason", said);
	hotplug_error = NULL;
	write_script("die", "kill -9 $$");
	check(run("die", &vif, false, NULL, said, sizeof(said)) == -EIO &&
	      strstr(said, "warning: guest web: disk xvda: script") &&
	      strstr(said, "/die offline: was killed by signal 9: it gave no reason") &&
	      strstr(said, "undo that by hand"),
	      "a signal is told of, and what may be left", said);
}

static unsigned int lines(const char *text)
{
	unsigned int n = 0;

	while ((text = strchr(text, '\n'))) {
		text++;
		n++;
	}
	return n;
}

static void test_not_run(void)
{
	char said[4096], path[64];
	int fd;

	check(run("none", &disk, true, NULL, said, sizeof(said)) == -EIO &&
	      lines(said) == 1 &&
	      strstr(said, "/none add: cannot be run: No such file or directory: is the program there"),
	      "one that is not there is one line", said);
	file_path("odd", path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	if (fd == -1 || dprintf(fd, "#!/no/such/shell\n") < 0)
		exit(99);
	close(fd);
	check(run("odd", &disk, true, NULL, said, sizeof(said)) == -EIO &&
	      lines(said) == 1 &&
	      strstr(said, "/odd add: cannot be run: No such file or directory: is the program there that its first line names?"),
	      "and so is one for a shell that is not there", said);
	if (chmod(path, 0600))
		exit(99);
	check(run("odd", &vif, false, NULL, said, sizeof(said)) == -EIO &&
	      lines(said) == 1 &&
	      strstr(said, "/odd offline: cannot be run: Permission denied: can it be executed"),
	      "and one that is no program", said);
}

/* libxl's own scripts write it and fail; another may just end. */
static void test_says_it_failed(void)
{
	char said[4096];

	write_script("well", "exit 0");
	hotplug_error = "no such array";
	check(run("well", &disk, true, NULL, said, sizeof(said)) == -EIO &&
	      strstr(said, "/well add: it ended well, but says that it failed: no such array"),
	      "hotplug-error counts, whatever the exit status", said);
	/* when it goes that may be of the time when it came */
	check(run("well", &disk, false, NULL, said, sizeof(said)) == 0 &&
	      lines(said) == 0, "but not an old one", said);
	hotplug_error = NULL;
}

/* It writes its child's number, and both would run for ever. */
static void test_hangs(void)
{
	char path[64], pid_text[32], said[64], *argv[] = { path, NULL };
	char line[] = "A=b", *environment[] = { line, NULL };
	struct pollfd p = { .events = POLLIN };
	int status = 0, err;

	write_script("hang", "tail -f /dev/null & echo $! >${0%/*}/pid.new\n"
		     "mv ${0%/*}/pid.new ${0%/*}/pid; wait");
	file_path("hang", path);
	do {
		/* a loaded machine may not even have begun */
		err = hotplug_exec(argv, environment,
				   clock_now_ns() + 200 * NS_PER_MS, NULL,
				   &status);
		read_text("pid", pid_text, sizeof(pid_text));
	} while (err == -ETIMEDOUT && !pid_text[0]);
	snprintf(said, sizeof(said), "%d", err);
	check(err == -ETIMEDOUT, "a script that hangs is over in time", said);
	/* another's to wait for; gone already, or to go in this moment */
	p.fd = syscall(SYS_pidfd_open, strtol(pid_text, NULL, 10), 0);
	check(p.fd == -1 || poll(&p, 1, 60000) == 1,
	      "and so is what it started", pid_text);
	if (p.fd != -1)
		close(p.fd);
}

static void test_interrupted(void)
{
	char path[64], said[32], *argv[] = { path, NULL };
	char *environment[] = { NULL };
	struct interrupt interrupt = { .fd = -1 };
	int status = 0, err;

	file_path("hang", path);
	if (interrupt_hold(&interrupt))
		exit(99);
	kill(getpid(), SIGTERM);
	err = hotplug_exec(argv, environment,
			   clock_now_ns() + 60 * NS_PER_S, &interrupt,
			   &status);
	snprintf(said, sizeof(said), "%d", err);
	check(err == -EINTR, "who is interrupted does not wait", said);
	signal(SIGTERM, SIG_IGN);
	interrupt_release(&interrupt);
}

static void test_built_in(void)
{
	static const struct {
		const char *script, *kind;
		bool has_node, built_in;
	} rows[] = {
		{ "/etc/xen/scripts/block", "vbd", false, true },
		{ "/etc/xen/scripts/block", "vbd", true, false },
		{ "/etc/xen/scripts/block-nbd", "vbd", false, false },
		{ "/etc/xen/scripts/block-nbd", "uvbd", false, true },
		{ "/etc/xen/scripts/vif-bridge", "vif", false, true },
		{ "vif-bridge", "uvif", false, true },
		{ "/etc/xen/scripts/vif-openvswitch", "vif", false, false },
		{ "vif-route", "uvif", false, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(hotplug_is_built_in(rows[i].script, rows[i].kind,
					  rows[i].has_node) ==
		      rows[i].built_in, rows[i].script, rows[i].kind);
}

static void clean_up(void)
{
	static const char *const names[] = {
		"show", "fail", "die", "odd", "well", "hang", "pid", "pid.new",
		"log",
	};
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		file_path(names[i], path);
		unlink(path);
	}
	rmdir(dir);
}

int main(void)
{
	log_init("test", LOG_INFO_LEVEL);
	if (!mkdtemp(dir)) {
		perror(dir);
		return 99;
	}
	test_environment();
	test_failures();
	test_not_run();
	test_says_it_failed();
	test_hangs();
	test_interrupted();
	test_built_in();
	clean_up();
	return failures != 0;
}
