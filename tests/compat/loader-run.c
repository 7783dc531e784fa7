/* SPDX-License-Identifier: MIT */
/*
 * Runs a bootloader as 'xl-lite create' does, without Xen:
 *
 *	loader-run CONFIG PROGRAM FOLDER DISK [KEYS [UID]]
 *
 * KEYS are typed on the guest's console meanwhile. Prints what was found, or
 * why nothing was, and what the program said last; the files stay in FOLDER.
 */
#include "config.h"

#include "tools/xl-lite/loader.h"
#include "tools/xl-lite/loader-cage.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int type_keys(const struct relay *relay, const char *keys)
{
	CLEANUP_CLOSE int tty = open(relay->console_path, O_RDWR | O_NOCTTY |
				     O_CLOEXEC);
	const ssize_t size = strlen(keys);

	return tty >= 0 && write(tty, keys, size) == size ? 0 : -1;
}

static int show(const struct loader *l, int err)
{
	static struct loader_found found;
	const char *why, *line;

	if (err) {
		printf("error: %s\n", strerror(-err));
		return 1;
	}
	for (unsigned int i = 0;
	     l->status && (line = last_words_line(&l->relay->said, i)); i++)
		printf("said: %s\n", line);
	if (l->status) {
		printf("status: %d\n", WIFEXITED(l->status) ?
		       WEXITSTATUS(l->status) : -WTERMSIG(l->status));
		return 1;
	}
	why = loader_parse(l->result, l->result_size, l->folder, &found);
	if (!why)
		why = loader_check_files(&found);
	if (why) {
		printf("why: %s\n", why);
		return 1;
	}
	printf("kernel: %s\nramdisk: %s\nargs: %s\n", found.kernel,
	       found.ramdisk, found.args);
	return 0;
}

int main(int argc, char **argv)
{
	static struct relay relay;
	static struct loader l = { .interrupt_fd = -1, .news_fd = -1 };
	CLEANUP_GUEST_CONFIG struct guest_config *config = NULL;
	CLEANUP_DIAGS struct diags diags = { 0 };
	CLEANUP(arena_free) struct arena arena = { NULL };
	struct loader_request r;

	if (argc < 5)
		return 2;
	if (guest_config_load(argv[1], NULL, 0, &diags, &config)) {
		diags_print(&diags, stderr);
		return 2;
	}
	r = (struct loader_request) {
		.config = config, .program = argv[2], .folder = argv[3],
		.disk = argv[4], .runas = argc > 6 ? strtol(argv[6], NULL, 10)
						   : 0,
	};
	l.argv = loader_args(&arena, &r);
	l.folder = r.folder;
	l.relay = &relay;
	/* as bootloader.c does */
	if (geteuid() == 0 && !r.runas && loader_cage_fits(r.program))
		l.caged_disk = r.disk;
	if (!l.argv || loader_folder_make(r.folder) || relay_open(&relay) ||
	    (argc > 5 && type_keys(&relay, argv[5])))
		return 2;
	argc = show(&l, loader_run(&l));
	relay_close(&relay);
	return argc;
}
