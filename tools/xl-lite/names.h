/* SPDX-License-Identifier: MIT */
/*
 * Which domain has a name, without reading the names of all.
 *
 * A guest's name is in xenstore and nowhere else, at a place that only knows
 * its number, and stock xl names and renames guests, too: whoever looks for one
 * reads them all. xl-lited reads each once, watches it, and answers for the
 * rest of its life. An answer is as good as reading: before it xl-lited asks
 * xenstored for the domains there are, and whatever was changed before that
 * has been told when this is answered.
 *
 * It is asked by one packet on a socket, and answers by one. Who gets none does
 * without.
 */
#ifndef XL_LITE_NAMES_H
#define XL_LITE_NAMES_H

#include "lib/store.h"

#include "tools/xl-lite/domain.h"

#define NAMES_SOCKET "/run/xl-lite/names"

struct names_request {
	char name[DOMAIN_NAME_MAX];
};

struct names_answer {
	int32_t err;		/* 0, -ESRCH, or why it cannot tell */
	uint16_t domid;
	uint8_t initialised;	/* as of domain_by_name() */
};

/* Ask at PATH. As domain_by_name(), or -ENOTCONN: there is no answer. */
int names_ask(const char *path, const char *name, domid_t *domid,
	      bool *initialised);

/* -- xl-lited's side ----------------------------------------------------------- */

struct known_name;

struct names {
	int fd;			/* readable: somebody asks; -1: closed */
	const char *path;
	struct store *store;	/* the caller's */
	struct known_name **known;	/* by a domain's number */
};

int names_open(struct names *n, const char *path, struct store *store);
void names_close(struct names *n);

/* An event of the store's: true when it was about a name. */
bool names_event(struct names *n, const char *path, const char *token);

/*
 * Answer who asks. EVENTS is called behind what is asked of the store, to take
 * all events that have come: names_event() among them.
 */
typedef int names_events_fn(void *arg);
int names_answer(struct names *n, names_events_fn *events, void *arg);

#endif
