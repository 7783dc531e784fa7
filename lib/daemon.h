/* SPDX-License-Identifier: MIT */
/* What all our daemons do: run once, and tell systemd how they are. */
#ifndef LIB_DAEMON_H
#define LIB_DAEMON_H

/* Locks, reports, sockets; removed at an orderly end. */
#define DAEMON_RUN_DIR "/run/xl-lite"

struct daemon_lock {
	int fd;
	char path[64];
};

/* Be the only PROGRAM here. 0 or -errno, logged: -EBUSY says who is. */
int daemon_lock(struct daemon_lock *lock, const char *program);
void daemon_unlock(struct daemon_lock *lock);

/* "READY=1", "STOPPING=1"; nothing where there is no systemd. */
void daemon_notify(const char *state);

#endif
