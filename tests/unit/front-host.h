/* SPDX-License-Identifier: MIT */
/*
 * A host for frontends that is only memory: a xenstore of a few nodes, pages
 * whose grants a test's backend looks up, ports that count. The tests play
 * the backend, good or bad.
 */
#ifndef TESTS_UNIT_FRONT_HOST_H
#define TESTS_UNIT_FRONT_HOST_H

#include "frontends/front.h"

#include <stdio.h>
#include <stdlib.h>

#define HOST_NODES 96
#define HOST_GRANTS 10000

struct front_host {
	struct {
		char path[FRONT_PATH_MAX];
		char value[FRONT_VALUE_MAX];
	} nodes[HOST_NODES];
	unsigned int nodes_used;
	void *grants[HOST_GRANTS];
	bool writable[HOST_GRANTS];
	unsigned int grants_used;	/* first one is 8, as in a guest */
	unsigned int ports_open;
	unsigned int notified[16];	/* by port */
	unsigned int watches;
	unsigned int areas;
	bool still_mapped;		/* pages_end() says -EBUSY */
	unsigned int commit_again;	/* so many commits say -EAGAIN */
	unsigned int pages_limit;
	uint64_t now_ns;
	char last_error[FRONT_REASON_MAX];
	unsigned int errors;
};

extern const struct front_ops front_host_ops;

void host_init(struct front_host *h);
const char *host_get(struct front_host *h, const char *path);
void host_set(struct front_host *h, const char *path, const char *value);
void host_remove(struct front_host *h, const char *path);
unsigned long host_number(struct front_host *h, const char *path);

/* Test reporting: TAP lines, exit status at the end. */
extern unsigned int tests_run, tests_failed;
void check_at(const char *file, int line, bool good, const char *what);
#define check(good, what) check_at(__FILE__, __LINE__, (good), (what))
int tests_done(void);

#endif
