/* SPDX-License-Identifier: MIT */
/* The log of a guest's QEMU; see dm-log.h. */
#include "config.h"

#include "tools/xl-lite/dm-log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/log.h"

#include "tools/xl-lite/remedy.h"

/* Logs of earlier QEMUs that are kept, as libxl does. */
#define OLD_LOGS 10

/* Bytes of it that are shown. */
#define END_SIZE 1024

static void log_path(const char *guest, unsigned int age, char *path,
		     size_t size)
{
	char suffix[16] = "";

	if (age)
		snprintf(suffix, sizeof(suffix), ".%u", age);
	snprintf(path, size, "/var/log/xen/qemu-dm-%s.log%s", guest, suffix);
}

/* qemu-dm-NAME.log becomes .log.1, that .log.2, and the oldest goes. */
static void rotate_logs(const char *guest)
{
	char from[PATH_MAX], to[PATH_MAX];

	log_path(guest, 0, from, sizeof(from));
	if (access(from, F_OK))
		return;
	for (unsigned int age = OLD_LOGS; age > 0; age--) {
		log_path(guest, age - 1, from, sizeof(from));
		log_path(guest, age, to, sizeof(to));
		if (rename(from, to) && errno != ENOENT)
			log_warn("guest %s: %s: cannot be kept as %s: %s",
				 guest, from, to, strerror(errno));
	}
}

int dm_log_open(const char *guest)
{
	char path[PATH_MAX];
	int fd;

	rotate_logs(guest);
	log_path(guest, 0, path, sizeof(path));
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
		  0644);
	return fd >= 0 ? fd : log_fail(-errno, "guest %s: QEMU's log %s: %s: %s",
				       guest, path, strerror(errno),
				       remedy_file(-errno));
}

/* What is shown begins with a whole line. */
void dm_log_show_end(const char *guest)
{
	CLEANUP_FCLOSE FILE *f = NULL;
	char path[PATH_MAX], line[512];
	long size;

	log_path(guest, 0, path, sizeof(path));
	f = fopen(path, "re");
	if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) <= 0) {
		log_fail(0, "guest %s: QEMU: it said nothing (%s is empty)",
			 guest, path);
		return;
	}
	if (size > END_SIZE) {
		fseek(f, size - END_SIZE, SEEK_SET);
		if (!fgets(line, sizeof(line), f))
			return;
	} else {
		rewind(f);
	}
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		log_fail(0, "guest %s: QEMU: %s", guest, line);
	}
}
