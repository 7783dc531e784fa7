/* SPDX-License-Identifier: MIT */
/* A QEMU without rights; see dm-restrict.h. Users are those that libxl takes. */
#include "config.h"

#include "tools/xl-lite/dm-restrict.h"

#include <errno.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/log.h"

#include "tools/xl-lite/remedy.h"

/* One for each guest, from this one's number on; or one for all. */
#define USER_RANGE "xen-qemuuser-range-base"
#define USER_SHARED "xen-qemuuser-shared"

#define BACKLOG 4

/* -- whom it runs as ---------------------------------------------------------- */

static int set_user(const struct guest_config *config, uid_t uid, bool alone,
		    struct dm_user *user)
{
	if (uid == 0)
		return log_fail(-EINVAL, "guest %s: QEMU: user '%s' is root: name another with device_model_user=",
				config->name, user->runas);
	user->uid = uid;
	user->alone = alone;
	return 0;
}

static int named_user(const struct guest_config *config, struct dm_user *user)
{
	const char *name = config->hvm.dm_user;
	const struct passwd *p = getpwnam(name);

	if (!p)
		return log_fail(-EINVAL, "guest %s: device_model_user='%s': there is no such user: make one with 'useradd --system %s', or leave it out",
				config->name, name, name);
	snprintf(user->runas, sizeof(user->runas), "%s", name);
	return set_user(config, p->pw_uid, true, user);
}

/* A user without a name, who is the guest's alone. */
static int user_of_range(const struct guest_config *config, domid_t domid,
			 const struct passwd *base, struct dm_user *user)
{
	const uid_t uid = base->pw_uid + (domid == DOMID_NONE ? 0 : domid);
	const gid_t gid = base->pw_gid;

	snprintf(user->runas, sizeof(user->runas), "%ld:%ld", (long)uid,
		 (long)gid);
	if (domid != DOMID_NONE && getpwuid(uid))
		return log_fail(-EINVAL, "guest %s: QEMU: user %ld, the one for domain %u above %s, is somebody else already",
				config->name, (long)uid, domid, USER_RANGE);
	return set_user(config, uid, true, user);
}

int dm_user_find(const struct guest_config *config, domid_t domid,
		 struct dm_user *user)
{
	const struct passwd *p;

	*user = (struct dm_user) { .uid = 0 };
	if (config->type != GUEST_HVM)
		return 0;
	if (config->hvm.dm_user)
		return named_user(config, user);
	if (!choose(config->hvm.dm_restrict, false))
		return 0;
	p = getpwnam(USER_RANGE);
	if (p)
		return user_of_range(config, domid, p, user);
	p = getpwnam(USER_SHARED);
	if (!p)
		return log_fail(-EINVAL, "guest %s: dm_restrict=1: there is no user for its QEMU: make '%s', with 32752 free numbers above it, or '%s', or name one with device_model_user=",
				config->name, USER_RANGE, USER_SHARED);
	snprintf(user->runas, sizeof(user->runas), "%s", USER_SHARED);
	return set_user(config, p->pw_uid, false, user);
}

/* -- where it is locked up ----------------------------------------------------- */

int dm_root_make(const struct guest_config *config, domid_t domid)
{
	char path[64];

	snprintf(path, sizeof(path), DM_ROOT_FOLDER, domid);
	dm_root_remove(domid);
	if (mkdir(path, 0) == 0)
		return 0;
	return log_fail(-errno, "guest %s: QEMU: its folder %s: %s: %s",
			config->name, path, strerror(errno),
			remedy_file(-errno));
}

void dm_root_remove(domid_t domid)
{
	char path[64];

	snprintf(path, sizeof(path), DM_ROOT_FOLDER, domid);
	rmdir(path);	/* most guests have none */
}

void dm_restriction_undo(domid_t domid)
{
	char path[64];

	snprintf(path, sizeof(path), DM_QMP_SOCKET, domid);
	unlink(path);
	dm_root_remove(domid);
}

static int listen_at(const char *path)
{
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int ret;

	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	mask = umask(0177);
	ret = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (ret || listen(fd, BACKLOG))
		return -errno;
	return STEAL_FD(fd);
}

int dm_monitor_listen(const struct guest_config *config, domid_t domid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), DM_QMP_SOCKET, domid);
	fd = listen_at(path);
	return fd >= 0 ? fd :
		log_fail(fd, "guest %s: QEMU: its monitor %s: %s: %s",
			 config->name, path, strerror(-fd), remedy_file(fd));
}

/* -- in the child --------------------------------------------------------------- */

/*
 * As libxl has it, but for the size of files: a disk's image is one, and may be
 * written to.
 */
int dm_restrict_self(void)
{
	static const int none[] = {
		RLIMIT_CORE, RLIMIT_MSGQUEUE, RLIMIT_LOCKS, RLIMIT_MEMLOCK,
	};
	const struct rlimit zero = { .rlim_cur = 0 };

	if (unshare(CLONE_NEWNS | CLONE_NEWIPC))
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		if (setrlimit(none[i], &zero))
			return -errno;
	return 0;
}
