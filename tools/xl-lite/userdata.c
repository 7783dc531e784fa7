/* SPDX-License-Identifier: MIT */
/* libxl's files about a guest; see userdata.h. */
#include "config.h"

#include "tools/xl-lite/userdata.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/json.h"

#define FOLDER "/var/lib/xen"

/* Far more than any guest's configuration takes. */
#define USERDATA_MAX (1 << 20)

static void json_path(domid_t domid, const char *uuid, char *path, size_t size)
{
	snprintf(path, size, FOLDER "/userdata-d.%u.%s.libxl-json", domid,
		 uuid);
}

static int fail(const char *path, int err)
{
	return log_err(err, "userdata %s", path);
}

/* libxl reads the file as a string: the NUL at its end belongs to it. */
static int write_json(const struct guest_config *config, FILE *f)
{
	int err = json_print_config(config, f);

	if (!err && (fputc('\0', f) == EOF || fflush(f)))
		err = errno ? -errno : -EIO;
	return err;
}

int userdata_write(const struct guest_config *config, domid_t domid)
{
	char uuid[UUID_TEXT_SIZE], path[128], temporary[sizeof(path) + 8];
	CLEANUP_FCLOSE FILE *f = NULL;
	int fd, err;

	uuid_format(config->uuid, uuid);
	json_path(domid, uuid, path, sizeof(path));
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1)
		return fail(temporary, -errno);
	f = fdopen(fd, "w");
	if (!f) {
		close(fd);
		return fail(temporary, -ENOMEM);
	}
	err = write_json(config, f);
	/* whoever looks finds the whole of it or nothing */
	if (!err && rename(temporary, path))
		err = -errno;
	if (err) {
		unlink(temporary);
		return fail(path, err);
	}
	return 0;
}

int userdata_read(domid_t domid, const uint8_t uuid[16], char **json)
{
	char text[UUID_TEXT_SIZE], path[128];
	CLEANUP_FREE char *buf = malloc(USERDATA_MAX + 1);
	CLEANUP_FCLOSE FILE *f = NULL;
	size_t n;

	if (!buf)
		return -ENOMEM;
	uuid_format(uuid, text);
	json_path(domid, text, path, sizeof(path));
	f = fopen(path, "re");
	if (!f)
		return -errno;
	n = fread(buf, 1, USERDATA_MAX, f);
	if (ferror(f))
		return -EIO;
	buf[n] = '\0';	/* the file's own NUL ends it, too */
	*json = STEAL_PTR(buf);
	return 0;
}

void userdata_rename(domid_t domid, const uint8_t from[16],
		     const uint8_t to[16])
{
	char old_text[UUID_TEXT_SIZE], old_path[128];
	char new_text[UUID_TEXT_SIZE], new_path[128];

	uuid_format(from, old_text);
	uuid_format(to, new_text);
	json_path(domid, old_text, old_path, sizeof(old_path));
	json_path(domid, new_text, new_path, sizeof(new_path));
	/* renamed before, or never written: fine as well */
	if (rename(old_path, new_path) && errno != ENOENT)
		fail(old_path, -errno);
}

/* "userdata-d.7.UUID.libxl-json": is it this domain's? */
static bool is_of_domain(const char *file, const char *marker)
{
	const char *dot = strchr(file, '.');

	return strncmp(file, "userdata-", strlen("userdata-")) == 0 && dot &&
	       strncmp(dot, marker, strlen(marker)) == 0;
}

void userdata_remove(domid_t domid, const uint8_t uuid[16])
{
	char text[UUID_TEXT_SIZE], marker[64], path[PATH_MAX];
	DIR *folder = opendir(FOLDER);
	struct dirent *entry;

	if (!folder)
		return;
	uuid_format(uuid, text);
	snprintf(marker, sizeof(marker), ".%u.%s.", domid, text);
	while ((entry = readdir(folder)))
		if (is_of_domain(entry->d_name, marker)) {
			snprintf(path, sizeof(path), FOLDER "/%s",
				 entry->d_name);
			unlink(path);
		}
	closedir(folder);
}
