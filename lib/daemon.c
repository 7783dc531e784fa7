/* SPDX-License-Identifier: MIT */
/* What all our daemons do; see daemon.h. */
#include "config.h"

#include "lib/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include "lib/cleanup.h"
#include "lib/log.h"

static int held_by(int fd, const char *path)
{
	char pid[32] = "";
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

	if (n > 0)
		pid[strcspn(pid, "\n")] = '\0';
	return log_fail(-EBUSY, "runs already, as process %s (lock %s)",
			*pid ? pid : "unknown", path);
}

/* Is FD still what PATH names? Its last holder removed it when ending. */
static bool still_there(int fd, const char *path)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && stat(path, &there) == 0 &&
	       ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

/* The descriptor that holds the lock, or -errno. */
static int take_lock(const char *path)
{
	if (mkdir(DAEMON_RUN_DIR, 0755) && errno != EEXIST)
		return log_err(-errno, "%s: create", DAEMON_RUN_DIR);
	for (;;) {
		CLEANUP_CLOSE int fd = open(path, O_RDWR | O_CREAT |
					    O_CLOEXEC | O_NOFOLLOW, 0644);

		if (fd == -1)
			return log_err(-errno, "%s: open", path);
		if (flock(fd, LOCK_EX | LOCK_NB))
			return errno == EWOULDBLOCK ? held_by(fd, path) :
			       log_err(-errno, "%s: lock", path);
		if (!still_there(fd, path))
			continue;
		if (ftruncate(fd, 0) || dprintf(fd, "%d\n", (int)getpid()) < 0)
			return log_err(-errno, "%s: write", path);
		return STEAL_FD(fd);
	}
}

int daemon_lock(struct daemon_lock *lock, const char *program)
{
	snprintf(lock->path, sizeof(lock->path), DAEMON_RUN_DIR "/%s.pid",
		 program);
	lock->fd = take_lock(lock->path);
	return lock->fd < 0 ? lock->fd : 0;
}

void daemon_unlock(struct daemon_lock *lock)
{
	/* while it is locked still: whoever waits for it looks again */
	unlink(lock->path);
	rmdir(DAEMON_RUN_DIR); /* unless another program of ours runs */
	close(lock->fd);
}

void daemon_notify(const char *state)
{
#ifdef HAVE_LIBSYSTEMD
	sd_notify(0, state);
#else
	(void)state;
#endif
}
