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
};

static int remove_nodes(struct store *s, xs_transaction_t t, void *arg)
{
	const struct farewell *f = arg;
	struct nodes n = { .store = s, .t = t };
	char path[STORE_PATH_MAX];

	n.err = leave_remove_backends(s, t, &f->leave);
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
	};
	struct mark mark = { .fd = -1 };
	int first, err;

	take_mark(&f, &mark);
	/* a guest that is gone, or going by itself, needs no pause */
	hv_domain_pause(host->hv, domid);
	first = say(domid, "end its QEMU",
		    device_model_stop(host, domid, &f.leave.qemu_gone));
	f.leave.qemu_gone |= half_made;
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

int guest_destroy(struct host *host, domid_t domid, const uint8_t uuid[16])
{
	return end(host, domid, uuid, false);
}

int guest_unmake(struct host *host, domid_t domid, const uint8_t uuid[16])
{
	return end(host, domid, uuid, true);
}
