/* SPDX-License-Identifier: MIT */
/*
 * What is kept on disk of a guest so that it can be minded: its configuration
 * as it was given, with what was drawn for it. Whoever minds a guest needs to
 * remember nothing: a domain that has stopped stays so until somebody destroys
 * it, and the file says what to do. So whoever minds may die at any time.
 *
 *   userdata-d.DOMID.UUID.xl-lite	there from before the guest runs until it
 *					is gone or preserved. libxl removes what
 *					is called so when xl destroys the domain.
 *   xl-lite-restart-DOMID.UUID		there while the guest is started again:
 *					from before the old domain is touched
 *					until the new one runs.
 *   xl-lite-outcome-DOMID.UUID		what has come of it, until it is told:
 *					outcome.h.
 *
 * Who acts for a guest holds a lock on its file. It is a POSIX lock: its
 * holder can be asked for, and a process loses it when it closes any
 * descriptor of the file, so none is ever opened twice in one process.
 */
#ifndef XL_LITE_GUEST_STATE_H
#define XL_LITE_GUEST_STATE_H

#include "tools/xl-lite/guest-config.h"

#include <limits.h>
#include <sys/types.h>

#define GUEST_STATE_FOLDER "/var/lib/xen"
#define GUEST_RESTART_PREFIX "xl-lite-restart-"
#define GUEST_OUTCOME_PREFIX "xl-lite-outcome-"
#define BOOT_ID_SIZE 40

enum guest_state_kind {
	GUEST_STATE_LIVE,
	GUEST_STATE_RESTART,
	GUEST_STATE_OUTCOME,
};

struct guest_state {
	char path[160];
	int fd;			/* -1, or locked by us */
	uint16_t domid;
	uint8_t uuid[16];	/* of domain DOMID */

	char boot[BOOT_ID_SIZE];	/* the host's, when it was written */
	uint64_t started_ns;	/* CLOCK_BOOTTIME when the guest was made */
	unsigned int short_lives;	/* before this one, in a row */
	bool aside;		/* of a restart: the old domain is kept ... */
	uint8_t aside_uuid[16];	/* ... and gets this UUID */
	char folder[PATH_MAX];	/* what relative paths are relative to */
	struct guest_config *config;	/* owned, unless: */
	bool config_lent;
	char *text;		/* of the file; the configuration's messages
				 * and positions are about it */
};

/* -- text ------------------------------------------------------------------- */

int guest_state_print(const struct guest_state *s, FILE *to);
/*
 * TEXT, NUL-terminated, which is kept and owned from now on, whatever happens.
 * -EINVAL when it is none of ours, or its configuration is not understood any
 * more, which DIAGS then tells.
 */
int guest_state_parse(struct guest_state *s, char *text, size_t size,
		      struct diags *diags);

/* -- files ------------------------------------------------------------------ */

/* The file's path from its domain. */
void guest_state_path(char *path, size_t size, enum guest_state_kind kind,
		      uint16_t domid, const uint8_t uuid[16]);
/* The other way round, from the name of a file; -EINVAL when it is no such. */
int guest_state_parse_name(const char *file, enum guest_state_kind kind,
			   uint16_t *domid, uint8_t uuid[16]);

/* Fill in what a guest made right now, here, begins with; CONFIG is lent. */
void guest_state_begin(struct guest_state *s, uint16_t domid,
		       struct guest_config *config);

/*
 * Write the file of s->domid, whole or not at all. KEEP_LOCK: s->fd is it,
 * locked before anybody can see it. Logged.
 */
int guest_state_write(struct guest_state *s, enum guest_state_kind kind,
		      bool keep_lock);

/*
 * Take the lock of a guest's file, waiting for who acts for it now, and read
 * it. -ENOENT: there is none, or none any more. Logged, but for that.
 */
int guest_state_take(struct guest_state *s, enum guest_state_kind kind,
		     uint16_t domid, const uint8_t uuid[16]);

bool guest_state_exists(enum guest_state_kind kind, uint16_t domid,
			const uint8_t uuid[16]);

/* The process that holds the lock, or 0. */
pid_t guest_state_holder(enum guest_state_kind kind, uint16_t domid,
			 const uint8_t uuid[16]);

/* Nobody is to mind the guest any more. */
void guest_state_remove(struct guest_state *s);

/* Let go of the lock, and of memory. */
void guest_state_end(struct guest_state *s);

#define CLEANUP_GUEST_STATE CLEANUP(guest_state_end)

/* Of the host: another after each boot. */
void guest_state_boot_id(char boot[BOOT_ID_SIZE]);
/* The host was not booted since it was written. */
bool guest_state_of_this_boot(const struct guest_state *s);
/* For how long the guest has been there. */
uint64_t guest_state_life_ns(const struct guest_state *s);

#endif
