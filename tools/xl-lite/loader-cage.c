/* SPDX-License-Identifier: MIT */
/*
 * The isolation of a bootloader; see loader-cage.h.
 *
 * The root is a tmpfs into which is bound what may be seen; then the host's
 * tree is unmounted. There is no /proc: much of /proc/sys asks for user 0 only,
 * which it still is, as the owner of what it may read.
 */
#include "config.h"

#include "tools/xl-lite/loader-cage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/cleanup.h"

/* What is not there is left out. */
static const char *const system_paths[] = {
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
	"/etc/ld.so.cache", "/etc/localtime", "/etc/python3", "/etc/terminfo",
	"/dev/null", "/dev/urandom", "/dev/zero",
};

bool loader_cage_fits(const char *program)
{
	const char *name = strrchr(program, '/');

	return strncmp(program, "/usr/", 5) == 0 && name &&
	       strcmp(name, "/pygrub") == 0;
}

/* -- what is shown ------------------------------------------------------------ */

/* Where PATH is in ROOT, and the folders that lead there. */
static int make_way(const char *root, const char *path, char at[PATH_MAX])
{
	const size_t base = strlen(root);

	if ((size_t)snprintf(at, PATH_MAX, "%s%s", root, path) >= PATH_MAX)
		return -ENAMETOOLONG;
	for (char *slash = at + base; (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		if (mkdir(at, 0755) && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

static int copy_link(const char *path, const char *at)
{
	char to[PATH_MAX];
	ssize_t n = readlink(path, to, sizeof(to) - 1);

	if (n < 0)
		return -errno;
	to[n] = '\0';
	return symlink(to, at) ? -errno : 0;
}

static int make_place(const char *at, bool folder)
{
	CLEANUP_CLOSE int fd = -1;

	/* in a folder that is shown already */
	if (access(at, F_OK) == 0)
		return 0;
	if (folder)
		return mkdir(at, 0755) ? -errno : 0;
	fd = open(at, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	return fd == -1 ? -errno : 0;
}

static int bind_at(const char *path, const char *at, unsigned long flags)
{
	if (mount(path, at, NULL, MS_BIND, NULL) ||
	    mount(NULL, at, NULL, MS_REMOUNT | MS_BIND | MS_NOSUID | flags,
		  NULL))
		return -errno;
	return 0;
}

/* At the same place as outside. -ENOENT: there is no such thing. */
static int show(const char *root, const char *path, unsigned long flags)
{
	char at[PATH_MAX];
	struct stat st;
	int err;

	if (lstat(path, &st))
		return -errno;
	err = make_way(root, path, at);
	if (!err && S_ISLNK(st.st_mode))
		return copy_link(path, at);
	if (!err)
		err = make_place(at, S_ISDIR(st.st_mode));
	return err ? err : bind_at(path, at, flags);
}

static int show_system(const char *root)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(system_paths) && !err; i++) {
		err = show(root, system_paths[i], MS_RDONLY);
		if (err == -ENOENT)
			err = 0;
	}
	return err;
}

/* By the name that it was given, whatever links lead there. */
static int show_disk(const char *root, const char *disk)
{
	char at[PATH_MAX];
	int err = make_way(root, disk, at);

	if (!err)
		err = make_place(at, false);
	return err ? err : bind_at(disk, at, MS_RDONLY);
}

static int show_folder(const char *root, const char *folder)
{
	static const char *const names[] = { "files", "result" };
	char path[PATH_MAX];
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names) && !err; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		err = show(root, path, MS_NODEV | MS_NOEXEC);
	}
	return err;
}

/* -- going in ----------------------------------------------------------------- */

static int change_root(const char *root)
{
	if (chdir(root) || syscall(SYS_pivot_root, ".", ".") ||
	    umount2(".", MNT_DETACH) || chdir("/") ||
	    mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY |
		  MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		return -errno;
	return 0;
}

/* What it executes has no more than these, though it is user 0. */
static int drop_capabilities(void)
{
	for (unsigned long cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (cap != CAP_DAC_READ_SEARCH &&
		    prctl(PR_CAPBSET_DROP, cap) && errno != EINVAL)
			return -errno;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

int loader_cage_enter(const char *folder, const char *disk, const char **step)
{
	char root[PATH_MAX];
	int err;

	snprintf(root, sizeof(root), "%s/cage", folder);
	*step = "namespaces";
	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	*step = "a root of its own";
	if (mount("xl-lite", root, "tmpfs", MS_NOSUID | MS_NODEV,
		  "mode=755,size=256k,nr_inodes=256"))
		return -errno;
	err = show_system(root);
	*step = "its disk";
	if (!err)
		err = show_disk(root, disk);
	*step = "its folder";
	if (!err)
		err = show_folder(root, folder);
	*step = "to leave the host's root";
	if (!err)
		err = change_root(root);
	*step = "to drop capabilities";
	return err ? err : drop_capabilities();
}
