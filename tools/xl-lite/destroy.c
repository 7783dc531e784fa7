/* SPDX-License-Identifier: MIT */
/*
 * Unmaking a guest; see destroy.h.
 *
 * Its devices leave first (leave.h), then all nodes go in one transaction, and
 * the domain last, when nobody maps its pages any more.
 */
#include "config.h"

#include "tools/xl-lite/destroy.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

#include "tools/xl-lite/bootloader.h"
#include "tools/xl-lite/device-model.h"
#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/leave.h"
#include "tools/xl-lite/mark.h"
#include "tools/xl-lite/userdata.h"

struct farewell {
	struct leave leave;
	const uint8_t *uuid;
	bool half_made;
};

static int remove_nodes(struct store *s, xs_transaction_t t, void *arg)
{
	const struct farewell *f = arg;
	struct nodes n = { .store = s, .t = t };
	char path[STORE_PATH_MAX];

	n.err = leave_remove_backends(s, t, &f->leave);
	if (!n.err && f->half_made)
		n.err = leave_remove_all_backends(s, t, f->leave.domid);
	domain_vm_path(f->uuid, path);
	nodes_remove(&n, path, NULL);
	path_domain(path, sizeof(path), f->leave.domid);
	nodes_remove(&n, path, NULL);
	path_libxl(path, sizeof(path), f->leave.domid);
	nodes_remove(&n, path, NULL);
	return n.err;
}

static int say(domid_t domid, const char *what, int err)
{
	if (err)
		log_fail(err, "domain %u: %s: %s", domid, what, strerror(-err));
	return err;
}

static int close_all(struct leave *l)
{
	int err = say(l->domid, "close its devices",
		      store_transact(&l->host->store, leave_begin, l));

	if (!err)
		err = say(l->domid, "wait for its devices", leave_wait(l));
	if (!err)
		leave_warn(l);
	leave_scripts(l);
	return err;
}

/* The console's server follows the domain, not a state: it stays with it. */
static void keep_consoles(struct leave *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->devices[i].path.kind, KIND_CONSOLE) != 0)
			l->devices[n++] = l->devices[i];
	l->count = n;
}

int guest_drop_devices(struct host *host, domid_t domid)
{
	CLEANUP_LEAVE struct leave l = {
		.host = host, .domid = domid, .force = true,
	};
	int first = say(domid, "find its devices", leave_find_all(&l));
	int err = close_all(&l);

	first = first ? first : err;
	keep_consoles(&l);
	err = say(domid, "remove its devices' nodes",
		  store_transact(&host->store, leave_remove, &l));
	return first ? first : err;
}

/* Whoever else has it is doing what we do, which is no harm. */
static void take_mark(struct farewell *f, struct mark *mark)
{
	struct mark_record left, record = {
		.work = MARK_ENDING,
		.pid = getpid(),
		.domid_known = true,
		.domid = f->leave.domid,
	};
	char path[sizeof(mark->path)];

	mark_path_domain(path, sizeof(path), f->leave.domid);
	if (mark_take(mark, path, true, &left))
		return;
	memcpy(record.uuid, f->uuid, sizeof(record.uuid));
	if (domain_name(&f->leave.host->store, f->leave.domid, record.name))
		snprintf(record.name, sizeof(record.name), "(null)");
	mark_write(mark, &record);
}

static int take_nodes_away(struct farewell *f)
{
	struct leave *l = &f->leave;
	int first = close_all(l);
	int err = say(l->domid, "remove its nodes",
		      store_transact(&l->host->store, remove_nodes, f));

	return first ? first : err;
}

static int end(struct host *host, domid_t domid, const uint8_t uuid[16],
	       bool half_made)
{
	struct farewell f = {
		.leave = { .host = host, .domid = domid, .force = true },
		.uuid = uuid,
		.half_made = half_made,
	};
	struct mark mark = { .fd = -1 };
	enum device_model_end how = DM_END_NONE;
	int first, err;

	take_mark(&f, &mark);
	/* a guest that is gone, or going by itself, needs no pause */
	hv_domain_pause(host->hv, domid);
	first = say(domid, "end its QEMU",
		    device_model_stop(host, domid, &how));
	f.leave.qemu_gone = how != DM_END_NONE || half_made;
	if (!first)
		first = say(domid, "find its devices",
			    leave_find_all(&f.leave));
	/* what was not found now must be found by who tries again */
	if (!first)
		first = take_nodes_away(&f);
	leave_end(&f.leave);

	err = hv_domain_destroy(host->hv, domid);
	if (err && err != -ESRCH)
		log_fail(err, "domain %u: destroy: %s", domid,
			 hv_why(host->hv, err));
	else
		err = 0;
	first = first ? first : err;
	err = userdata_remove(domid, uuid);
	first = first ? first : err;
	err = bootloader_remove_left(domid, uuid);
	first = first ? first : err;
	if (first)
		mark_drop(&mark);	/* for who tries again */
	else
		mark_remove(&mark);
	return first;
}

/*
 * One that is killed leaves its end of the guest's requests to Xen, which would
 * wait there for answers.
 */
static int stop_machine(struct host *host, domid_t domid,
			struct dm_state *state, bool *qemu_gone)
{
	enum device_model_end how = DM_END_NONE;
	int err = state ? device_model_save(domid, state) : 0;

	if (!err)
		err = say(domid, "end its QEMU",
			  device_model_stop(host, domid, &how));
	*qemu_gone = how != DM_END_NONE;
	if (!err && state && how == DM_END_KILLED)
		err = log_fail(-ETIMEDOUT, "domain %u: reset: its QEMU had to be killed, and Xen waits for its answers still",
			       domid);
	return err;
}

static int reset_domain(struct host *host, domid_t domid)
{
	int err = say(domid, "take it from xenstored",
		      store_release(&host->store, domid));

	if (err)
		return err;
	err = hv_domain_soft_reset(host->hv, domid);
	return err ? log_fail(err, "domain %u: reset: %s", domid,
			      hv_why(host->hv, err)) : 0;
}

int guest_reset(struct host *host, domid_t domid, const uint8_t uuid[16],
		struct dm_state *state)
{
	struct farewell f = {
		.leave = { .host = host, .domid = domid, .force = true },
		.uuid = uuid,
	};
	int err = hv_domain_pause(host->hv, domid);

	if (err)
		return log_fail(err, "domain %u: pause: %s", domid,
				hv_why(host->hv, err));
	err = stop_machine(host, domid, state, &f.leave.qemu_gone);
	if (!err)
		err = say(domid, "find its devices", leave_find_all(&f.leave));
	if (!err)
		err = take_nodes_away(&f);
	leave_end(&f.leave);
	return err ? err : reset_domain(host, domid);
}

int guest_destroy(struct host *host, domid_t domid, const uint8_t uuid[16])
{
	return end(host, domid, uuid, false);
}

int guest_unmake(struct host *host, domid_t domid, const uint8_t uuid[16])
{
	return end(host, domid, uuid, true);
}
