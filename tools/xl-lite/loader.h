/* SPDX-License-Identifier: MIT */
/*
 * A bootloader as a process: a program of the host that looks for a kernel on
 * a guest's disk, copies it out, and writes down where to. What it makes of the
 * disk is the guest's to decide, so nothing that it says or writes is believed:
 * how much it may write is bounded, and what it names must be in its folder.
 *
 *	FOLDER/			ours alone
 *	FOLDER/result		a FIFO: what it says it has found
 *	FOLDER/files/		what it copies out
 *	FOLDER/cage/		where the root of one that is isolated begins
 *
 * This part knows nothing of Xen; bootloader.c does.
 */
#ifndef XL_LITE_LOADER_H
#define XL_LITE_LOADER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tools/xl-lite/arena.h"
#include "tools/xl-lite/guest-config.h"
#include "tools/xl-lite/relay.h"

/* Bytes of all that it says. */
#define LOADER_RESULT_MAX 16384
/* Bytes of the kernel's command line. */
#define LOADER_ARGS_MAX 4096
/* Bytes of each file that it may write. */
#define LOADER_FILE_MAX (512ul << 20)

/* What it has found. */
struct loader_found {
	char kernel[PATH_MAX];
	char ramdisk[PATH_MAX];		/* "": none */
	char args[LOADER_ARGS_MAX];	/* "": none */
	bool has_args;
};

/* -- its words, which are libxl's -------------------------------------------- */

struct loader_request {
	const struct guest_config *config;
	const char *program;
	const char *folder;
	const char *disk;	/* a file or block device, to be read */
	long runas;		/* the user it shall become; 0: it stays root */
};

/* Its argv, ended by a NULL, in ARENA; NULL when memory is out. */
char **loader_args(struct arena *arena, const struct loader_request *r);

/*
 * SIZE bytes that it has written: items ended by NULs. NULL, or why they will
 * not do, in words without one of the guest's.
 */
const char *loader_parse(const char *text, size_t size, const char *folder,
			 struct loader_found *ret);

/* -- its folder --------------------------------------------------------------- */

/* Make it, anew if it is there; or let it go, with all that is in it. */
int loader_folder_make(const char *folder);
int loader_folder_remove(const char *folder);

/* Is what it has found there, and of a sort and size that can be loaded? */
const char *loader_check_files(const struct loader_found *found);

/* -- the process -------------------------------------------------------------- */

struct loader {
	char **argv;
	const char *folder;
	const char *caged_disk;		/* isolate it, with this; or NULL */
	struct relay *relay;		/* opened; its terminal */
	uint64_t deadline_ns;		/* 0: it may take as long as it likes */
	int interrupt_fd;		/* readable: it is to be killed; or -1 */
	/* readable: ask STALE whether it is still wanted; or -1 */
	int news_fd;
	bool (*stale)(void *arg);
	void *arg;

	pid_t pid, keeper;
	int pidfd, result_fd;
	char result[LOADER_RESULT_MAX];
	size_t result_size;
	int status;			/* as waitpid() says */
};

/*
 * Run it until it ends, or has to be ended: then with all it has started.
 * 0: it ended, see status. -EINTR: interrupted; -ETIMEDOUT; -ESTALE: it is not
 * wanted any more; -EMSGSIZE: it said more than can be. None of it is logged.
 */
int loader_run(struct loader *l);

#endif
