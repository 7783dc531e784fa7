/* SPDX-License-Identifier: MIT */
/* Taking a device from a guest that runs on; see detach.h. */
#include "config.h"

#include "tools/xl-lite/detach.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xen/io/xenbus.h>

#include "lib/log.h"

#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/leave.h"
#include "tools/xl-lite/userdata.h"

struct detachment {
	struct leave leave;	/* one device */
	struct hv_domain info;
	char guest[DOMAIN_NAME_MAX];
	const char *kind, *name;
	unsigned int devid;
};

static int find_guest(struct detachment *d, struct host *host, domid_t domid)
{
	int err = hv_domain_info(host->hv, domid, &d->info);

	if (err == -ESRCH)
		return log_fail(err, "domain %u: there is no such domain: 'xl-lite list' shows those there are",
				domid);
	if (err)
		return log_fail(err, "domain %u: %s", domid,
				hv_why(host->hv, err));
	if (domain_name(&host->store, domid, d->guest))
		snprintf(d->guest, sizeof(d->guest), "of domain %u", domid);
	return 0;
}

static int ask(struct detachment *d, bool force)
{
	int err;

	d->leave.force = force;
	err = store_transact(&d->leave.host->store, leave_begin, &d->leave);
	if (!err)
		err = leave_wait(&d->leave);
	if (err)
		return log_err(err, "guest %s: %s: detach", d->guest, d->name);
	return 0;
}

static const char *daemon_of(const struct leaving *l)
{
	return strcmp(l->path.kind, KIND_UVBD) == 0 ? "xl-lite-blkd"
						    : "xl-lite-netd";
}

/* What the one device waits for, and what can be done about it. */
static int say_kept(const struct detachment *d)
{
	const struct leaving *l = d->leave.devices;
	unsigned int state;

	if (l->unserved)
		return log_fail(-EBUSY, "guest %s: %s: %s does not run, so nobody can let go of it: start it, then try again, or detach with -f",
				d->guest, d->name, daemon_of(l));
	if (d->info.paused)
		return log_fail(-EBUSY, "guest %s: %s: not let go of in %d s: the guest is paused and cannot answer: run 'xl-lite unpause %u', then try again, or detach with -f",
				d->guest, d->name, HOST_DEADLINE_S,
				d->leave.domid);
	if (store_read_uint(&d->leave.host->store, XBT_NULL, l->frontend,
			    "state", 0, XenbusStateReconfigured, &state))
		state = XenbusStateUnknown;
	if (state == XenbusStateClosed)
		return log_fail(-EBUSY, "guest %s: %s: the guest has let go of it, but its server has not in %d s: see its log, or detach with -f",
				d->guest, d->name, HOST_DEADLINE_S);
	return log_fail(-EBUSY, "guest %s: %s: not let go of in %d s: the guest still uses it (its driver is in state %u): %s, then try again, or detach with -f",
			d->guest, d->name, HOST_DEADLINE_S, state,
			strcmp(d->kind, KIND_VBD) == 0 ?
			"unmount it there" : "stop what uses it there");
}

static int let_go(struct detachment *d, enum detach_how how)
{
	int err = ask(d, how == DETACH_FORCE);

	if (err || leave_complete(&d->leave))
		return err;
	if (how == DETACH_ASK)
		return say_kept(d);
	if (how == DETACH_ASK_FIRST) {
		log_warn("guest %s: %s: not let go of by the guest in %d s: taken by force",
			 d->guest, d->name, HOST_DEADLINE_S);
		err = ask(d, true);
	}
	if (!err)
		leave_warn(&d->leave);
	return err;
}

static int forget(struct detachment *d)
{
	CLEANUP_USERDATA_LOCK struct userdata_lock lock = { 0 };
	int err = userdata_lock(d->leave.domid, d->info.uuid, &lock);

	if (err)
		return err;
	err = store_transact(&d->leave.host->store, leave_remove, &d->leave);
	if (err)
		return log_err(err, "guest %s: %s: remove its nodes", d->guest,
			       d->name);
	return userdata_put_device(d->leave.domid, d->info.uuid, d->kind,
				   d->devid, NULL);
}

static void detachment_end(struct detachment *d)
{
	leave_end(&d->leave);
}

int guest_detach(struct host *host, domid_t domid, const char *kind,
		 unsigned int devid, const char *name, enum detach_how how)
{
	CLEANUP(detachment_end) struct detachment d = {
		.leave = { .host = host, .domid = domid },
		.kind = kind,
		.name = name,
		.devid = devid,
	};
	int err = find_guest(&d, host, domid);

	if (!err) {
		err = leave_find(&d.leave, kind, devid);
		if (err == -ENOENT)
			return err;
		if (err)
			log_err(err, "guest %s: %s", d.guest, name);
	}
	if (!err)
		err = let_go(&d, how);
	if (err)
		return err;
	leave_scripts(&d.leave);
	return forget(&d);
}
