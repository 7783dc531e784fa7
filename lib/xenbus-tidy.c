/* SPDX-License-Identifier: MIT */
/*
 * What stock xl leaves when it detaches a device of ours: xenbus_tidy().
 */
#include "config.h"

#include "lib/xenbus-parts.h"

#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/supervisor.h"
#include "xenstore-schema/paths.h"

/* -ENOENT: no toolstack knows of the device. */
static int read_entry(const struct xenbus *bus, xs_transaction_t t)
{
	const struct backend_device *dev = bus->dev;
	char dir[STORE_PATH_MAX], backend[BACKEND_PATH_MAX];
	int r = path_libxl_device(dir, sizeof(dir), dev->domid,
				  bus->sup->class->noun, dev->devid);

	if (r == 0)
		r = store_read(dev->store, t, dir, "backend", backend,
			       sizeof(backend));
	if (r == 0 && strcmp(backend, dev->path) != 0)
		r = -ENOENT;
	return r;
}

static int remove_if_empty(struct store *s, xs_transaction_t t,
			   const char *dir)
{
	CLEANUP_FREE char **names = NULL;
	unsigned int count;
	int r = store_list(s, t, dir, NULL, &names, &count);

	if (r || count)
		return r == -ENOENT ? 0 : r;
	return store_remove(s, t, dir, NULL);
}

/* Nothing has changed about it since it was looked at, or it stays. */
static int remove_forgotten(struct store *s, xs_transaction_t t, void *arg)
{
	struct xenbus *bus = arg;
	const struct backend_device *dev = bus->dev;
	char dir[STORE_PATH_MAX];
	enum bus_state mine, frontend;
	int r = xenbus_read_state(bus, t, dev->path, &mine);

	if (r == 0)
		r = xenbus_read_state(bus, t, dev->frontend, &frontend);
	if (r)
		return r;
	if (mine != BUS_CLOSED || frontend != BUS_GONE ||
	    read_entry(bus, t) != -ENOENT)
		return -ECANCELED;
	r = store_remove(s, t, dev->path, NULL);
	if (r == 0)
		r = path_backend_guest(dir, sizeof(dir), bus->sup->own_domid,
				       bus->sup->class->kind, dev->domid);
	return r ? r : remove_if_empty(s, t, dir);
}

void xenbus_tidy(struct xenbus *bus)
{
	if (!bus->view.present || !bus->identified || !bus->dev->frontend[0])
		return;
	/* only what was there can have been taken away */
	if (!bus->entry_seen) {
		int r = read_entry(bus, XBT_NULL);

		bus->entry = r == 0;
		bus->entry_seen = r == 0 || r == -ENOENT || r == -EACCES;
	}
	if (!bus->entry || bus->view.mine != BUS_CLOSED ||
	    bus->view.frontend != BUS_GONE || bus->view.rings != RINGS_NONE ||
	    read_entry(bus, XBT_NULL) != -ENOENT)
		return;
	if (store_transact(bus->dev->store, remove_forgotten, bus) == 0)
		backend_say(bus->dev, "removed: its toolstack has forgotten it");
}
