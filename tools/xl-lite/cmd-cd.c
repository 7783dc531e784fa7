/* SPDX-License-Identifier: MIT */
/* xl-lite cd-insert, cd-eject: the medium in an HVM guest's CD drive. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/clock.h"
#include "lib/log.h"

#include "tools/xl-lite/device-model.h"
#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/nodes.h"
#include "tools/xl-lite/qmp.h"
#include "tools/xl-lite/userdata.h"
#include "tools/xl-lite/vdev.h"

struct drive {
	struct host *host;
	domid_t domid;
	const char *vdev;
	unsigned int devid;
	char libxl[STORE_PATH_MAX];	/* its folders */
	char backend[STORE_PATH_MAX];
	bool qdisk;			/* its nodes are those of QEMU's */
};

/* Is VDEV a CD drive of this guest? */
static int find_drive(struct drive *d, const struct hv_domain *info)
{
	struct store *s = &d->host->store;
	char type[16] = "";
	struct backend_path path;
	struct vdev vdev;

	if (!domain_is_hvm(s, info))
		return log_fail(-EINVAL, "domain %u: %s: only in an HVM guest can a medium be changed",
				d->domid, d->vdev);
	if (vdev_parse(d->vdev, &vdev))
		return log_fail(-EINVAL, "domain %u: '%s' is no name of a disk: hdc is one",
				d->domid, d->vdev);
	d->devid = vdev.number;
	path_libxl_device(d->libxl, sizeof(d->libxl), d->domid, KIND_VBD,
			  d->devid);
	if (store_read(s, XBT_NULL, d->libxl, "device-type", type,
		       sizeof(type)) || strcmp(type, "cdrom") != 0)
		return log_fail(-ENOENT, "domain %u: %s: %s: 'xl-lite block-list %u' lists its drives",
				d->domid, d->vdev, *type ? "is no CD drive" :
				"it has no such drive", d->domid);
	if (store_read(s, XBT_NULL, d->libxl, "backend", d->backend,
		       sizeof(d->backend)) ||
	    path_parse_backend(d->backend, &path))
		return log_fail(-EINVAL, "domain %u: %s: %s/backend names no backend",
				d->domid, d->vdev, d->libxl);
	d->qdisk = strcmp(path.kind, KIND_QDISK) == 0;
	return 0;
}

/* The whole path, since QEMU has another working directory. */
static int find_medium(const struct drive *d, const char *file, char *path)
{
	struct stat st;

	if (!realpath(file, path))
		return log_err(-errno, "domain %u: %s: %s", d->domid, d->vdev,
			       file);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) &&
	    !S_ISBLK(st.st_mode))
		return log_fail(-EINVAL, "domain %u: %s: %s: this is no file and no block device",
				d->domid, d->vdev, path);
	return 0;
}

/* PATH: NULL leaves the drive empty. What is in it goes, locked or not. */
static int change_medium(const struct drive *d, const char *path, bool *empty)
{
	CLEANUP_QMP struct qmp q = { .fd = -1 };
	char socket[64], id[32];
	const struct qmp_arg eject[] = {
		{ .name = "id", .text = id }, { .name = "force" },
	};
	const struct qmp_arg insert[] = {
		{ .name = "id", .text = id },
		{ .name = "filename", .text = path },
		{ .name = "format", .text = "raw" },
	};
	int err;

	snprintf(socket, sizeof(socket), DM_QMP_SOCKET, d->domid);
	snprintf(id, sizeof(id), "ide-%u", d->devid);
	err = qmp_open(&q, socket, clock_now_ns() + DM_ANSWER_S * NS_PER_S);
	if (!err)
		err = qmp_call(&q, "eject", eject, ARRAY_SIZE(eject), NULL);
	*empty = !err;
	if (!err && path)
		err = qmp_call(&q, "blockdev-change-medium", insert,
			       ARRAY_SIZE(insert), NULL);
	if (err)
		log_fail(err, "domain %u: %s: %s%s: %s", d->domid, d->vdev,
			 path ? "insert " : "eject", path ? path : "",
			 qmp_why(&q, err));
	else
		*empty = !path;
	return err;
}

struct note {
	const struct drive *drive;
	const char *path;
};

static int write_note(struct store *s, xs_transaction_t t, void *arg)
{
	const struct note *note = arg;
	const struct drive *d = note->drive;
	/* never without the prefix: QEMU 7.2 cannot bear that */
	const char *prefix = d->qdisk ? "aio:" : "";
	struct nodes n = { .store = s, .t = t };

	nodes_put(&n, d->libxl, "params", "%s%s", prefix, note->path);
	nodes_put(&n, d->backend, "params", "%s%s", prefix, note->path);
	return n.err;
}

static int run(struct host *host, const char *guest, const char *vdev,
	       const char *file)
{
	struct drive d = { .host = host, .vdev = vdev };
	struct note note = { .drive = &d };
	CLEANUP_USERDATA_LOCK struct userdata_lock lock = { 0 };
	struct hv_domain info;
	char path[PATH_MAX];
	bool empty;
	int err, note_err;

	err = domain_argument_info(host, guest, "change a medium", &info);
	if (err)
		return err;
	d.domid = info.domid;
	err = find_drive(&d, &info);
	if (!err && file)
		err = find_medium(&d, file, path);
	if (!err)
		err = userdata_lock(d.domid, info.uuid, &lock);
	if (err)
		return err;
	err = change_medium(&d, file ? path : NULL, &empty);
	if (err && !empty)
		return err;
	/* what is so now, also when the new medium could not be had */
	note.path = empty ? "" : path;
	note_err = store_transact(&host->store, write_note, &note);
	if (note_err)
		log_err(note_err, "domain %u: %s: note its medium", d.domid,
			vdev);
	else	/* with which it starts again */
		note_err = userdata_put_medium(d.domid, info.uuid, d.devid,
					       note.path);
	return err ? err : note_err;
}

static int command(const struct cmd *cmd, int argc, char **argv, bool insert)
{
	CLEANUP_HOST struct host host = { 0 };
	const int args = insert ? 3 : 2;
	int status;

	if (cmd_getopt(cmd, argc, argv, "", NULL, args, args, &status) !=
	    CMD_ARGS)
		return status;
	argv += optind;
	if (host_open(&host) ||
	    run(&host, argv[0], argv[1], insert ? argv[2] : NULL))
		return STATUS_ERROR;
	return STATUS_OK;
}

int cmd_cd_insert(const struct cmd *cmd, int argc, char **argv)
{
	return command(cmd, argc, argv, true);
}

int cmd_cd_eject(const struct cmd *cmd, int argc, char **argv)
{
	return command(cmd, argc, argv, false);
}
