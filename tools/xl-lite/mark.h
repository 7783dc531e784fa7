/* SPDX-License-Identifier: MIT */
/*
 * A file that says what a process of ours is in the middle of: making a guest,
 * starting it, ending one. It is locked for as long as that process lives,
 * and removed last. So a mark that nobody locks tells what was cut off, and
 * whoever finds it can finish it (leftover.h). Other toolstacks' domains have
 * no mark.
 *
 *   /var/lib/xen/xl-lite-name-HASH.lock	a guest of this name is made
 *   /var/lib/xen/xl-lite-domain-DOMID.lock	this domain is ended
 */
#ifndef XL_LITE_MARK_H
#define XL_LITE_MARK_H

#include "lib/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MARK_FOLDER "/var/lib/xen"
#define MARK_NAME_MAX 256

enum mark_work {
	MARK_NOTHING,	/* nothing was done yet */
	MARK_MAKING,	/* half made: to be destroyed */
	MARK_STARTING,	/* complete, perhaps not unpaused yet */
	MARK_ENDING,	/* half destroyed */
};

struct mark_record {
	enum mark_work work;
	unsigned int pid;	/* whose work it is */
	bool domid_known;
	uint16_t domid;
	uint8_t uuid[16];
	char name[MARK_NAME_MAX];
};

struct mark {
	int fd;			/* -1: none is held */
	char path[96];
};

/* The line of a record, of the same length whatever becomes known later. */
void mark_format(const struct mark_record *r, char *line, size_t size);
/* -EINVAL when it is no such line. An empty one is MARK_NOTHING. */
int mark_parse(const char *line, struct mark_record *r);

void mark_path_name(char *path, size_t size, const char *name);
void mark_path_domain(char *path, size_t size, uint16_t domid);
/* Is a file of this name a mark? */
bool mark_is_file(const char *file);

/*
 * Hold the mark at PATH; MAKE it if it is not there. *LEFT is what its last
 * holder was in the middle of. -EBUSY: its holder lives; -ENOENT. Not logged.
 */
int mark_take(struct mark *m, const char *path, bool make,
	      struct mark_record *left);
/* Logged. */
int mark_write(struct mark *m, const struct mark_record *r);
/* All is done. Nothing happens when none is held. */
void mark_remove(struct mark *m);
/* Let go of it without that: somebody will have to finish. */
void mark_drop(struct mark *m);

#define CLEANUP_MARK CLEANUP(mark_drop)

#endif
