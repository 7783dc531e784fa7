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
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/num.h"

#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/json.h"
#include "tools/xl-lite/json-edit.h"
#include "tools/xl-lite/remedy.h"
#include "tools/xl-lite/vdev.h"

#define FOLDER "/var/lib/xen"

/* Far more than any guest's configuration takes. */
#define USERDATA_MAX (1 << 20)

/* CLASS: "d" is data, "l" a lock. */
static void key_path(domid_t domid, const uint8_t uuid[16], const char *class,
		     const char *key, char *path, size_t size)
{
	char text[UUID_TEXT_SIZE];

	uuid_format(uuid, text);
	snprintf(path, size, FOLDER "/userdata-%s.%u.%s.%s", class, domid,
		 text, key);
}

static int fail(domid_t domid, const char *path, int err)
{
	return log_fail(err, "domain %u: userdata %s: %s: %s", domid, path,
			strerror(-err), remedy_file(err));
}

static int write_whole(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size -= n;
	}
	return 0;
}

int userdata_store(domid_t domid, const uint8_t uuid[16], const char *key,
		   const void *data, size_t size)
{
	char path[128], temporary[sizeof(path) + 8];
	CLEANUP_CLOSE int fd = -1;
	int err;

	key_path(domid, uuid, "d", key, path, sizeof(path));
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1)
		return fail(domid, temporary, -errno);
	err = write_whole(fd, data, size);
	/* whoever looks finds the whole of it or nothing */
	if (!err && rename(temporary, path))
		err = -errno;
	if (err) {
		unlink(temporary);
		return fail(domid, path, err);
	}
	return 0;
}

int userdata_write(const struct guest_config *config, domid_t domid,
		   const struct json_places *hard,
		   const struct json_places *soft)
{
	CLEANUP_FREE char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int err;

	if (!f)
		return fail(domid, USERDATA_JSON, -ENOMEM);
	err = json_print_stored(config, hard, soft, f);
	if (fclose(f) && !err)
		err = -ENOMEM;
	if (err)
		return fail(domid, USERDATA_JSON, err);
	/* libxl reads the file as a string: the NUL at its end belongs to it */
	return userdata_store(domid, config->uuid, USERDATA_JSON, text,
			      size + 1);
}

/* -- the lock -------------------------------------------------------------- */

/*
 * The file is removed while the lock is held: what we have locked is only the
 * lock if it still carries the name.
 */
static bool is_still_there(int fd, const char *path)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && stat(path, &there) == 0 &&
	       ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

static int lock_file(const char *path)
{
	for (;;) {
		CLEANUP_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC,
					    0600);

		if (fd == -1)
			return -errno;
		while (flock(fd, LOCK_EX))
			if (errno != EINTR)
				return -errno;
		if (is_still_there(fd, path))
			return STEAL_FD(fd);
	}
}

int userdata_lock(domid_t domid, const uint8_t uuid[16],
		  struct userdata_lock *lock)
{
	int fd;

	key_path(domid, uuid, "l", "domain-userdata-lock", lock->path,
		 sizeof(lock->path));
	fd = lock_file(lock->path);
	if (fd < 0) {
		fd = fail(domid, lock->path, fd);
		lock->path[0] = '\0';
		return fd;
	}
	lock->fd = fd;
	return 0;
}

void userdata_unlock(struct userdata_lock *lock)
{
	if (!lock->path[0])
		return;
	unlink(lock->path);
	close(lock->fd);
	lock->path[0] = '\0';
}

/* -- reading --------------------------------------------------------------- */

/* TEXT, of USERDATA_MAX + 1 bytes, becomes that file's; a NUL follows. */
static int read_text(int folder, const char *file, char *text, size_t *size)
{
	CLEANUP_CLOSE int fd = openat(folder, file, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	/* as whole as it was put there: see userdata_store() */
	n = read(fd, text, USERDATA_MAX);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	*size = n;
	return 0;
}

int userdata_read_key(domid_t domid, const uint8_t uuid[16], const char *key,
		      char **text, size_t *size)
{
	CLEANUP_FREE char *buf = malloc(USERDATA_MAX + 1);
	char path[128];
	int err;

	if (!buf)
		return -ENOMEM;
	key_path(domid, uuid, "d", key, path, sizeof(path));
	err = read_text(AT_FDCWD, path, buf, size);
	if (!err)
		*text = STEAL_PTR(buf);
	return err;
}

void userdata_rename(domid_t domid, const uint8_t from[16],
		     const uint8_t to[16])
{
	char old_path[128], new_path[128];

	key_path(domid, from, "d", USERDATA_JSON, old_path,
		 sizeof(old_path));
	key_path(domid, to, "d", USERDATA_JSON, new_path,
		 sizeof(new_path));
	/* renamed before, or never written: fine as well */
	if (rename(old_path, new_path) && errno != ENOENT)
		fail(domid, old_path, -errno);
}

int userdata_read(domid_t domid, const uint8_t uuid[16], char **json)
{
	size_t size;	/* the file's own NUL ends it, too */

	return userdata_read_key(domid, uuid, USERDATA_JSON, json, &size);
}

void userdata_remove_key(domid_t domid, const uint8_t uuid[16],
			 const char *key)
{
	char path[128];

	key_path(domid, uuid, "d", key, path, sizeof(path));
	unlink(path);
}

/* -- a device of it --------------------------------------------------------- */

struct same_device {
	const char *kind;
	unsigned int devid;
};

static bool is_other(const char *id, void *arg)
{
	const struct same_device *same = arg;
	struct vdev vdev;
	unsigned int devid;

	if (strcmp(same->kind, KIND_VBD) == 0)
		return vdev_parse(id, &vdev) || vdev.number != same->devid;
	return num_parse_uint(id, 0, UINT32_MAX, &devid) ||
	       devid != same->devid;
}

int userdata_put_device(domid_t domid, const uint8_t uuid[16],
			const char *kind, unsigned int devid,
			const char *json)
{
	struct same_device same = { .kind = kind, .devid = devid };
	const bool disk = strcmp(kind, KIND_VBD) == 0;
	const struct json_edit edit = {
		.list = disk ? "disks" : "nics",
		.field = disk ? "vdev" : "devid",
		.keep = is_other,
		.arg = &same,
		.add = json,
	};
	CLEANUP_FREE char *before = NULL, *after = NULL;
	int err = userdata_read(domid, uuid, &before);

	if (err == -ENOENT)
		return 0;
	if (!err)
		err = json_edit(before, &edit, 1, &after);
	if (err)
		return log_err(err, "domain %u: its stored configuration",
			       domid);
	return userdata_store(domid, uuid, USERDATA_JSON, after,
			      strlen(after) + 1);
}

/* -- a medium in a drive ------------------------------------------------------ */

int userdata_set_medium(struct arena *arena, struct json_value *disk,
			const char *path)
{
	static const char *const before_path[] = {
		"backend_domid", "backend_domname", NULL
	};
	static const char *const before_format[] = {
		"backend_domid", "backend_domname", "pdev_path", "vdev",
		"backend", NULL
	};
	int err = json_set(arena, disk, "pdev_path",
			   json_new_text(arena, path), before_path);

	return err ? err : json_set(arena, disk, "format",
				    json_new_text(arena, *path ? "raw"
							       : "empty"),
				    before_format);
}

static struct json_value *find_disk(const struct json_value *config,
				    unsigned int devid)
{
	const struct json_value *list = json_get(config, "disks");
	struct vdev vdev;

	for (const struct json_member *m = list ? list->first : NULL; m;
	     m = m->next) {
		const char *name = json_get_text(m->value, "vdev");

		if (name && vdev_parse(name, &vdev) == 0 &&
		    vdev.number == devid)
			return m->value;
	}
	return NULL;
}

static int store_tree(domid_t domid, const uint8_t uuid[16],
		      const struct json_value *config)
{
	CLEANUP_FREE char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int err = f ? json_tree_print(config, f) : -ENOMEM;

	if (f && fclose(f) && !err)
		err = -ENOMEM;
	return err ? fail(domid, USERDATA_JSON, err) :
	       userdata_store(domid, uuid, USERDATA_JSON, text, size + 1);
}

int userdata_put_medium(domid_t domid, const uint8_t uuid[16],
			unsigned int devid, const char *path)
{
	CLEANUP(arena_free) struct arena arena = { 0 };
	CLEANUP_FREE char *before = NULL;
	struct json_value *config, *disk;
	int err = userdata_read(domid, uuid, &before);

	if (err == -ENOENT)
		return 0;
	if (!err)
		err = json_tree_parse(&arena, before, &config);
	if (err)
		return log_err(err, "domain %u: its stored configuration",
			       domid);
	disk = find_disk(config, devid);
	if (!disk)
		return 0;
	err = userdata_set_medium(&arena, disk, path);
	return err ? fail(domid, USERDATA_JSON, err) :
	       store_tree(domid, uuid, config);
}

/* -- all of them ------------------------------------------------------------ */

/* "userdata-d.7.UUID.libxl-json" */
static int parse_name(const char *file, domid_t *domid)
{
	char uuid[UUID_TEXT_SIZE];
	int end = 0;

	return sscanf(file, "userdata-d.%hu.%36[^.]." USERDATA_JSON "%n",
		      domid, uuid, &end) == 2 && end && !file[end] ? 0 : -EINVAL;
}

int userdata_for_each(userdata_fn *fn, void *arg)
{
	CLEANUP_FREE char *json = malloc(USERDATA_MAX + 1);
	struct dirent *entry;
	DIR *folder;
	int err = 0;

	if (!json)
		return log_fail(-ENOMEM, "guests' stored configurations: %s: %s",
				strerror(ENOMEM), remedy_kernel(-ENOMEM));
	folder = opendir(FOLDER);
	if (!folder)
		return 0;
	while (!err && (entry = readdir(folder))) {
		domid_t domid;
		size_t size;

		if (parse_name(entry->d_name, &domid) == 0 &&
		    read_text(dirfd(folder), entry->d_name, json, &size) == 0)
			err = fn(domid, json, arg);
	}
	closedir(folder);
	return err;
}

/* -- removing --------------------------------------------------------------- */

/* "userdata-d.7.UUID.libxl-json": is it this domain's? */
static bool is_of_domain(const char *file, const char *marker)
{
	const char *dot = strchr(file, '.');

	return strncmp(file, "userdata-", strlen("userdata-")) == 0 && dot &&
	       strncmp(dot, marker, strlen(marker)) == 0;
}

int userdata_remove(domid_t domid, const uint8_t uuid[16])
{
	char text[UUID_TEXT_SIZE], marker[64], path[PATH_MAX];
	DIR *folder = opendir(FOLDER);
	struct dirent *entry;
	int err = 0;

	if (!folder)
		return errno == ENOENT ? 0 : fail(domid, FOLDER, -errno);
	uuid_format(uuid, text);
	snprintf(marker, sizeof(marker), ".%u.%s.", domid, text);
	while ((entry = readdir(folder)))
		if (is_of_domain(entry->d_name, marker)) {
			snprintf(path, sizeof(path), FOLDER "/%s",
				 entry->d_name);
			if (unlink(path) && errno != ENOENT)
				err = fail(domid, path, -errno);
		}
	closedir(folder);
	return err;
}
