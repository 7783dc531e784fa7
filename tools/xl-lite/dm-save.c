/* SPDX-License-Identifier: MIT */
/*
 * What a guest's QEMU leaves to the next one; see device-model.h. It writes into
 * memory that has no name: a QEMU without rights has no file to write to, and
 * nothing is left however we end.
 */
#include "config.h"

#include "tools/xl-lite/device-model.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"

#include "tools/xl-lite/dm-vcpus.h"
#include "tools/xl-lite/qmp.h"

/* Far more than any machine needs; a QEMU that a guest has taken over may want it. */
#define STATE_MAX "64m"

/*
 * A file system that is mounted nowhere, and goes with the last descriptor: a
 * memfd has no bound that QEMU, which empties the file first, could live with.
 */
static int make_memory(void)
{
	CLEANUP_CLOSE int context = fsopen("tmpfs", FSOPEN_CLOEXEC);
	CLEANUP_CLOSE int mount = -1;
	int fd;

	if (context < 0 ||
	    fsconfig(context, FSCONFIG_SET_STRING, "size", STATE_MAX, 0) ||
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -errno;
	mount = fsmount(context, FSMOUNT_CLOEXEC,
			MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			MOUNT_ATTR_NOEXEC);
	if (mount < 0)
		return -errno;
	fd = openat(mount, "state", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
	return fd < 0 ? -errno : fd;
}

/* Opened again, FD has a place of its own in its file, and other rights. */
static int open_again(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}

/* As libxl does it: stopped first, its images are let go of, too. */
static int save(struct qmp *q, int to, unsigned int *vcpus)
{
	char file[48];
	const struct qmp_arg args[] = {
		{ .name = "filename", .text = file },
		{ .name = "live", .off = true },
	};
	int64_t set = 0;
	int err = dm_vcpus_count(q, vcpus);

	if (!err)
		err = qmp_call(q, "stop", NULL, 0, NULL);
	if (!err)
		err = qmp_pass(q, to, &set);
	if (err)
		return err;
	snprintf(file, sizeof(file), "/dev/fdset/%lld", (long long)set);
	return qmp_call(q, "xen-save-devices-state", args, ARRAY_SIZE(args),
			NULL);
}

int device_model_save(domid_t domid, struct dm_state *state)
{
	const uint64_t deadline = clock_now_ns() + DM_START_S * NS_PER_S;
	CLEANUP_CLOSE int memory = make_memory();
	CLEANUP_CLOSE int to = memory < 0 ? -1 : open_again(memory, O_WRONLY);
	CLEANUP_QMP struct qmp q = { .fd = -1 };
	char socket[64];
	int err;

	state->fd = memory < 0 ? -1 : open_again(memory, O_RDONLY);
	if (to < 0 || state->fd < 0)
		return log_err(memory < 0 ? memory : -errno,
			       "domain %u: memory for its QEMU's state", domid);
	snprintf(socket, sizeof(socket), DM_QMP_SOCKET, domid);
	err = qmp_open(&q, socket, deadline);
	if (!err)
		err = save(&q, to, &state->vcpus);
	return err ? log_fail(err, "domain %u: save what its QEMU knows: %s: %s: see its log, in /var/log/xen",
			      domid, socket, qmp_why(&q, err)) : 0;
}

void dm_state_end(struct dm_state *state)
{
	if (state->fd >= 0)
		close(state->fd);
	state->fd = -1;
}
