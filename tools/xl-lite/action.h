/* SPDX-License-Identifier: MIT */
/*
 * What xl-lited does for a guest, in a process of its own: a slow server of one
 * guest keeps nobody else's waiting, libraries for building guests never grow
 * xl-lited itself, and an upgrade of it cuts nothing off.
 */
#ifndef XL_LITE_ACTION_H
#define XL_LITE_ACTION_H

#include "tools/xl-lite/stopped.h"

#include <stdbool.h>
#include <sys/queue.h>
#include <sys/types.h>

enum action_kind {
	ACTION_KIND_ACT,	/* the guest has stopped */
	ACTION_KIND_RESUME,	/* its restart was cut off */
};

struct action {
	TAILQ_ENTRY(action) link;
	enum action_kind kind;
	domid_t domid;		/* of the domain that stopped */
	uint8_t uuid[16];
	bool waits;		/* for somebody who acts for it already */
	pid_t pid;
};

TAILQ_HEAD(action_list, action);

/* Logged. */
int action_start(struct action_list *list, enum action_kind kind,
		 domid_t domid, const uint8_t uuid[16]);

/*
 * The next one of LIST that has ended, off the list, for the caller to free;
 * NULL when there is none. What has come of it is on disk (outcome.h), if
 * anything has.
 */
enum action_end {
	ACTION_DONE,
	ACTION_FAILED,
	ACTION_KILLED,		/* it did not end by itself */
};
struct action *action_reap(struct action_list *list, enum action_end *end);

#endif
