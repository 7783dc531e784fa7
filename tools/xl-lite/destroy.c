/* SPDX-License-Identifier: MIT */
/*
 * Unmaking a guest; see destroy.h.
 *
 * Everything is found under /libxl/DOMID, which no guest can write: the
 * guest's own nodes would let it name other guests' devices.
 *
 * Servers are told in one transaction: the backend goes offline and Closing,
 * and the frontend is gone, so nobody waits for a guest that cannot answer.
 * They let go side by side; then all nodes go in one transaction, and the
 * domain last, when nobody maps its pages any more.
 */
#include "config.h"

#include "tools/xl-lite/destroy.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <xen/io/xenbus.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/num.h"

#include "tools/xl-lite/device-model.h"
#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/mark.h"
#include "tools/xl-lite/userdata.h"

#define TOKEN "gone"
#define DEVICES_MAX 4096

struct leaving {
	char backend[STORE_PATH_MAX];
	struct backend_path path;	/* the same in pieces */
	char frontend[STORE_PATH_MAX];
	char entry[STORE_PATH_MAX];	/* where it was found */
	bool gone;
};

struct farewell {
	struct host *host;
	domid_t domid;
	const uint8_t *uuid;
	struct leaving *devices;
	size_t count;
};

/* -- finding --------------------------------------------------------------- */

static int find_device(struct farewell *f, const char *kind, const char *id)
{
	struct store *s = &f->host->store;
	struct leaving *larger, found = { 0 };
	unsigned int devid;
	int err = path_parse_devid(id, &devid);

	if (!err)
		err = path_libxl_device(found.entry, sizeof(found.entry),
					f->domid, kind, devid);
	if (!err)
		err = store_read(s, XBT_NULL, found.entry, "backend",
				 found.backend, sizeof(found.backend));
	if (!err)
		err = store_read(s, XBT_NULL, found.entry, "frontend",
				 found.frontend, sizeof(found.frontend));
	/* half written or not ours to understand: its nodes go with the rest */
	if (err || path_parse_backend(found.backend, &found.path) ||
	    found.path.level != BACKEND_PATH_DEVICE)
		return 0;
	found.path.node = NULL;	/* pointed into found.backend, which moves */
	if (f->count == DEVICES_MAX)
		return -E2BIG;
	larger = realloc(f->devices, (f->count + 1) * sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	f->devices = larger;
	f->devices[f->count++] = found;
	return 0;
}

static int find_devices(struct farewell *f)
{
	CLEANUP_FREE char **kinds = NULL;
	char libxl[STORE_PATH_MAX], node[64];
	unsigned int num_kinds, num;
	int err;

	path_libxl(libxl, sizeof(libxl), f->domid);
	err = store_list(&f->host->store, XBT_NULL, libxl, "device", &kinds,
			 &num_kinds);
	if (err)
		return err == -ENOENT ? 0 : err;
	for (unsigned int k = 0; !err && k < num_kinds; k++) {
		CLEANUP_FREE char **ids = NULL;

		snprintf(node, sizeof(node), "device/%.50s", kinds[k]);
		if (store_list(&f->host->store, XBT_NULL, libxl, node, &ids,
			       &num))
			continue;
		for (unsigned int i = 0; !err && i < num; i++)
			err = find_device(f, kinds[k], ids[i]);
	}
	return err;
}

/* -- closing --------------------------------------------------------------- */

/* The console's server follows the domain itself, not a state. */
static bool has_state_machine(const struct leaving *l)
{
	return strcmp(l->path.kind, KIND_CONSOLE) != 0;
}

static int close_devices(struct store *s, xs_transaction_t t, void *arg)
{
	struct farewell *f = arg;
	struct nodes n = { .store = s, .t = t };

	for (size_t i = 0; i < f->count; i++) {
		struct leaving *l = &f->devices[i];
		unsigned int state;
		int err;

		l->gone = true;
		if (!has_state_machine(l))
			continue;
		err = store_read_uint(s, t, l->backend, "state", 0,
				      XenbusStateReconfigured, &state);
		if (err == -EAGAIN)
			return err;
		if (err)	/* its server is gone with its nodes */
			continue;
		nodes_put(&n, l->backend, "online", "0");
		if (state != XenbusStateClosed) {
			nodes_put(&n, l->backend, "state", "%d",
				  XenbusStateClosing);
			l->gone = false;
		}
		nodes_remove(&n, l->frontend, NULL);
	}
	return n.err;
}

/* Nobody would answer for a device of a daemon that does not run. */
static bool is_served(const struct leaving *l)
{
	if (strcmp(l->path.kind, KIND_UVBD) == 0)
		return host_daemon_running("xl-lite-blkd");
	if (strcmp(l->path.kind, KIND_UVIF) == 0)
		return host_daemon_running("xl-lite-netd");
	return true;
}

static void look_at(struct farewell *f, struct leaving *l)
{
	unsigned int state;
	int err;

	if (l->gone)
		return;
	err = store_read_uint(&f->host->store, XBT_NULL, l->backend, "state",
			      0, XenbusStateReconfigured, &state);
	l->gone = err || state == XenbusStateClosed;
}

static bool all_gone(const struct farewell *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (!f->devices[i].gone)
			return false;
	return true;
}

/* Look at the devices whose events have come. */
static int take_events(struct farewell *f)
{
	char path[STORE_PATH_MAX], token[16];
	unsigned int i;
	int n;

	while ((n = store_next_event(&f->host->store, path, sizeof(path),
				     token, sizeof(token))) == 1)
		if (strncmp(token, TOKEN, strlen(TOKEN)) == 0 &&
		    num_parse_uint(token + strlen(TOKEN), 0, f->count - 1,
				   &i) == 0)
			look_at(f, &f->devices[i]);
	return n;
}

static int watch_devices(struct farewell *f)
{
	for (size_t i = 0; i < f->count; i++) {
		struct leaving *l = &f->devices[i];
		char token[16];
		int err;

		if (!l->gone && !is_served(l)) {
			log_warn("domain %u: %s: its server does not run: removed without it",
				 f->domid, l->backend);
			l->gone = true;
		}
		if (l->gone)
			continue;
		snprintf(token, sizeof(token), TOKEN "%u", (unsigned int)i);
		err = store_watch(&f->host->store, l->backend, "state", token);
		if (err)
			return err;
	}
	return 0;
}

static int wait_devices(struct farewell *f)
{
	const uint64_t deadline = clock_now_ns() + HOST_DEADLINE_S * NS_PER_S;
	int err = watch_devices(f);

	while (!err && !all_gone(f)) {
		struct pollfd p = {
			.fd = store_fd(&f->host->store),
			.events = POLLIN,
		};
		uint64_t now;

		err = take_events(f);
		now = clock_now_ns();
		if (err || all_gone(f) || now >= deadline)
			break;
		poll(&p, 1, (deadline - now) / NS_PER_MS + 1);
	}
	for (size_t i = 0; i < f->count; i++)
		if (!f->devices[i].gone)
			log_warn("domain %u: %s: not closed by its server in %d s: removed all the same",
				 f->domid, f->devices[i].backend,
				 HOST_DEADLINE_S);
	return err;
}

/* -- removing -------------------------------------------------------------- */

static int remove_if_empty(struct store *s, xs_transaction_t t,
			   const char *dir)
{
	CLEANUP_FREE char **names = NULL;
	unsigned int count;
	int err = store_list(s, t, dir, NULL, &names, &count);

	if (err)
		return err == -ENOENT ? 0 : err;
	return count ? 0 : store_remove(s, t, dir, NULL);
}

/* The backend's folder, and those above it that nothing else is in. */
static int remove_backend(struct store *s, xs_transaction_t t,
			  const struct leaving *l)
{
	const struct backend_path *p = &l->path;
	char dir[STORE_PATH_MAX];
	int err = store_remove(s, t, l->backend, NULL);

	if (err)
		return err;
	path_backend_guest(dir, sizeof(dir), p->backend_domid, p->kind,
			   p->domid);
	err = remove_if_empty(s, t, dir);
	if (err)
		return err;
	path_backends(dir, sizeof(dir), p->backend_domid, p->kind);
	err = remove_if_empty(s, t, dir);
	if (err)
		return err;
	path_domain_node(dir, sizeof(dir), p->backend_domid, "backend");
	return remove_if_empty(s, t, dir);
}

static int remove_nodes(struct store *s, xs_transaction_t t, void *arg)
{
	const struct farewell *f = arg;
	struct nodes n = { .store = s, .t = t };
	char path[STORE_PATH_MAX];

	for (size_t i = 0; !n.err && i < f->count; i++)
		n.err = remove_backend(s, t, &f->devices[i]);
	domain_vm_path(f->uuid, path);
	nodes_remove(&n, path, NULL);
	path_domain(path, sizeof(path), f->domid);
	nodes_remove(&n, path, NULL);
	path_libxl(path, sizeof(path), f->domid);
	nodes_remove(&n, path, NULL);
	return n.err;
}

/* The same for devices alone: their nodes in libxl's folder go with them. */
static int remove_device_nodes(struct store *s, xs_transaction_t t, void *arg)
{
	const struct farewell *f = arg;
	struct nodes n = { .store = s, .t = t };

	for (size_t i = 0; !n.err && i < f->count; i++) {
		const struct leaving *l = &f->devices[i];

		if (!has_state_machine(l))
			continue;
		n.err = remove_backend(s, t, l);
		nodes_remove(&n, l->frontend, NULL);
		nodes_remove(&n, l->entry, NULL);
	}
	return n.err;
}

static int say(domid_t domid, const char *what, int err)
{
	if (err)
		log_fail(err, "domain %u: %s: %s", domid, what, strerror(-err));
	return err;
}

static int find_and_close(struct farewell *f)
{
	int first = say(f->domid, "find its devices", find_devices(f));
	int err = say(f->domid, "close its devices",
		      store_transact(&f->host->store, close_devices, f));

	if (!err)
		err = say(f->domid, "wait for its devices", wait_devices(f));
	return first ? first : err;
}

int guest_drop_devices(struct host *host, domid_t domid)
{
	struct farewell f = { .host = host, .domid = domid };
	int first = find_and_close(&f);
	int err = say(domid, "remove its devices' nodes",
		      store_transact(&host->store, remove_device_nodes, &f));

	free(f.devices);
	return first ? first : err;
}

/* Whoever else has it is doing what we do, which is no harm. */
static void take_mark(struct farewell *f, struct mark *mark)
{
	struct mark_record left, record = {
		.work = MARK_ENDING,
		.pid = getpid(),
		.domid_known = true,
		.domid = f->domid,
	};
	char path[sizeof(mark->path)];

	mark_path_domain(path, sizeof(path), f->domid);
	if (mark_take(mark, path, true, &left))
		return;
	memcpy(record.uuid, f->uuid, sizeof(record.uuid));
	if (domain_name(&f->host->store, f->domid, record.name))
		snprintf(record.name, sizeof(record.name), "(null)");
	mark_write(mark, &record);
}

int guest_destroy(struct host *host, domid_t domid, const uint8_t uuid[16])
{
	struct farewell f = { .host = host, .domid = domid, .uuid = uuid };
	struct mark mark = { .fd = -1 };
	int first, err;

	take_mark(&f, &mark);

	/* a guest that is gone, or going by itself, needs no pause */
	hv_domain_pause(host->hv, domid);
	device_model_stop(host, domid);
	first = find_and_close(&f);
	err = say(domid, "remove its nodes",
		  store_transact(&host->store, remove_nodes, &f));
	first = first ? first : err;
	free(f.devices);

	err = hv_domain_destroy(host->hv, domid);
	if (err && err != -ESRCH)
		log_fail(err, "domain %u: destroy: %s", domid,
			 hv_why(host->hv, err));
	else
		err = 0;
	userdata_remove(domid, uuid);
	mark_remove(&mark);
	return first ? first : err;
}
