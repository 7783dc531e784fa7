/* SPDX-License-Identifier: MIT */
/*
 * Giving a running guest one more device; see attach.h.
 *
 * The stored configuration and the nodes change under libxl's lock, the
 * configuration first: libxl counts on every device in xenstore being in it.
 */
#include "config.h"

#include "tools/xl-lite/attach.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"

#include "tools/xl-lite/devices.h"
#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/interrupt.h"
#include "tools/xl-lite/json.h"
#include "tools/xl-lite/leave.h"
#include "tools/xl-lite/ready.h"
#include "tools/xl-lite/userdata.h"
#include "tools/xl-lite/uses.h"

struct attachment {
	struct host *host;
	struct guest_config *config;
	domid_t domid;
	struct hv_domain info;
	char name[DOMAIN_NAME_MAX];
	struct device *device;
	size_t count;			/* 1 */
	struct interrupt interrupt;
	bool stored, written;		/* to be undone */
	char doing[DOMAIN_NAME_MAX + 112];
};

static int find_guest(struct attachment *a)
{
	int err = hv_domain_info(a->host->hv, a->domid, &a->info);

	if (!err && a->info.dying)
		err = -ESRCH;
	if (err == -ESRCH)
		return log_fail(err, "domain %u: there is no such domain: 'xl-lite list' shows those there are",
				a->domid);
	if (err)
		return log_fail(err, "domain %u: %s", a->domid,
				hv_why(a->host->hv, err));
	if (domain_name(&a->host->store, a->domid, a->name))
		snprintf(a->name, sizeof(a->name), "of domain %u", a->domid);
	a->config->name = a->name;
	return domain_type(&a->host->store, &a->info, &a->config->type);
}

/* As libxl has it: one more than the highest there is. */
static int number_vif(struct attachment *a)
{
	struct vif_config *vif = a->config->vifs;
	CLEANUP_FREE char **ids = NULL;
	char dir[STORE_PATH_MAX];
	unsigned int count = 0, devid, next = 0;
	int err;

	if (!a->config->num_vifs || vif->devid != VIF_DEVID_NEXT)
		return 0;
	path_libxl(dir, sizeof(dir), a->domid);
	err = store_list(&a->host->store, XBT_NULL, dir, "device/" KIND_VIF,
			 &ids, &count);
	if (err && err != -ENOENT)
		return err;
	for (unsigned int i = 0; i < count; i++)
		if (path_parse_devid(ids[i], &devid) == 0 && devid >= next)
			next = devid + 1;
	vif->devid = next;
	return 0;
}

static int plan(struct attachment *a)
{
	int err = number_vif(a);

	if (!err)
		err = guest_config_complete(a->config);
	if (err)
		return log_err(err, "guest %s: the new device", a->name);
	/* what libxl stores of it, too */
	if (a->config->num_vifs && a->config->vifs->type == VIF_TYPE_DEFAULT)
		a->config->vifs->type = VIF_TYPE_VIF;
	return devices_plan(a->host, a->config, &a->device, &a->count);
}

static int write_nodes(struct store *s, xs_transaction_t t, void *arg)
{
	const struct attachment *a = arg;
	struct nodes n = { .store = s, .t = t };
	char dir[STORE_PATH_MAX], backend[STORE_PATH_MAX];
	int err;

	path_libxl_device(dir, sizeof(dir), a->domid, a->device->kind,
			  a->device->devid);
	err = store_read(s, t, dir, "backend", backend, sizeof(backend));
	if (err != -ENOENT)
		return err ? err : -EEXIST;
	device_write(&n, a->device, a->domid);
	return n.err;
}

/* Before the stored configuration of a device of this number is touched. */
static int check_free(struct attachment *a)
{
	struct leave there = { .host = a->host, .domid = a->domid };
	int err = leave_find(&there, a->device->kind, a->device->devid);

	leave_end(&there);
	if (err == -ENOENT)
		return 0;
	if (err)
		return log_err(err, "guest %s: %s", a->name, a->device->name);
	return log_fail(-EEXIST, "guest %s: %s: is there already: take another %s, or detach that one",
			a->name, a->device->name,
			a->device->disk ? "vdev" : "devid");
}

static int store_device(struct attachment *a)
{
	CLEANUP_FREE char *json = NULL;
	int err = device_json(a->device, &json);

	if (err)
		return log_err(err, "guest %s: %s", a->name, a->device->name);
	err = userdata_put_device(a->domid, a->info.uuid, a->device->kind,
				  a->device->devid, json);
	a->stored = !err;
	return err;
}

/* All that is done under the lock. */
static int make_known(struct attachment *a)
{
	CLEANUP_USERDATA_LOCK struct userdata_lock lock = { 0 };
	int err = userdata_lock(a->domid, a->info.uuid, &lock);

	if (err)
		return err;
	/* it may have ended, and its userdata be gone, before we had the lock */
	if ((err = find_guest(a)) || (err = plan(a)) ||
	    (err = check_free(a)) ||
	    (err = uses_check(a->host, a->name, a->domid, a->device)) ||
	    (err = store_device(a)))
		return err;
	snprintf(a->doing, sizeof(a->doing), "guest %s: %s: write its nodes",
		 a->name, a->device->name);
	store_doing(&a->host->store, a->doing);
	err = store_transact(&a->host->store, write_nodes, a);
	if (err)
		store_fail(&a->host->store, err);
	store_doing(&a->host->store, NULL);
	a->written = !err;
	return err;
}

static int remove_nodes(struct attachment *a)
{
	CLEANUP_LEAVE struct leave l = {
		.host = a->host, .domid = a->domid, .force = true,
	};
	struct store *s = &a->host->store;
	int err = leave_find(&l, a->device->kind, a->device->devid);

	if (!err)
		err = store_transact(s, leave_begin, &l);
	if (!err)
		err = leave_wait(&l);
	if (err)
		return err;
	leave_warn(&l);
	leave_scripts(&l);
	return store_transact(s, leave_remove, &l);
}

static int forget(struct attachment *a)
{
	CLEANUP_USERDATA_LOCK struct userdata_lock lock = { 0 };
	int err = userdata_lock(a->domid, a->info.uuid, &lock);

	return err ? err : userdata_put_device(a->domid, a->info.uuid,
					       a->device->kind,
					       a->device->devid, NULL);
}

static void take_back(struct attachment *a)
{
	int err = a->written ? remove_nodes(a) : 0;

	/* somebody has detached it, or ended the guest */
	if (err == -ENOENT)
		err = 0;
	/* as long as it is in xenstore, it belongs into the configuration */
	if (!err && a->stored)
		err = forget(a);
	if (!err)
		return;
	log_warn("guest %s: %s: what was made of it could not be taken back: %s: run 'xl-lite %s-detach -f %u %u'",
		 a->name, a->device->name, strerror(-err),
		 a->device->disk ? "block" : "network", a->domid,
		 a->device->devid);
}

static void attachment_end(struct attachment *a)
{
	free(a->device);
	interrupt_release(&a->interrupt);
}

int guest_attach(struct host *host, domid_t domid,
		 struct guest_config *config)
{
	CLEANUP(attachment_end) struct attachment a = {
		.host = host,
		.config = config,
		.domid = domid,
		.interrupt = { .fd = -1 },
	};
	int err = find_guest(&a);

	if (err)
		return err;
	err = interrupt_hold(&a.interrupt);
	if (err)
		return log_err(err, "guest %s: signals", a.name);
	err = make_known(&a);
	if (!err)
		err = devices_wait_ready(host, a.name, domid, a.device,
					 a.count, &a.interrupt);
	if (!err)
		err = interrupted(&a.interrupt);
	if (err == -EINTR)
		log_fail(err, "guest %s: %s: interrupted", a.name,
			 a.device->name);
	if (err)
		take_back(&a);
	config->name = NULL;	/* it was ours */
	return err;
}
