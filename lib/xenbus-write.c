/* SPDX-License-Identifier: MIT */
/*
 * What is written for one step of a device: one transaction, see xenbus.c.
 */
#include "config.h"

#include "lib/xenbus-parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/supervisor.h"
#include "xenstore-schema/paths.h"

/* Longest kind of error value: "-NNN " and the reason. */
#define ERROR_SIZE (BACKEND_REASON_MAX + 16)

struct change {
	struct xenbus *bus;
	enum bus_state state;		/* to write last */
	/* the class's share; NULL: none */
	int (*hook)(struct backend_device *dev, xs_transaction_t t);
};

/* It fails before it ever was InitWait. */
static bool never_ready(const struct xenbus *bus)
{
	return bus->view.mine == BUS_INITIALISING;
}

static int write_error(struct xenbus *bus, xs_transaction_t t)
{
	struct backend_device *dev = bus->dev;
	char path[STORE_PATH_MAX];
	char text[ERROR_SIZE];
	int r;

	path_backend_error(path, sizeof(path), bus->sup->own_domid,
			   bus->sup->class->kind, dev->domid, dev->devid);
	/* as the kernel's backends word it */
	snprintf(text, sizeof(text), "%d %s", bus->error, dev->reason);
	r = store_write(dev->store, t, path, NULL, text);
	if (r || !never_ready(bus))
		return r;

	/* a toolstack that waits for InitWait looks here */
	r = store_write(dev->store, t, dev->path, "hotplug-error",
			dev->reason);
	return r ? r : store_write(dev->store, t, dev->path, "hotplug-status",
				   "error");
}

int xenbus_remove_error(struct store *store, xs_transaction_t t, void *arg)
{
	static const unsigned int levels = 4; /* guest, kind, backend, error */
	const struct xenbus *bus = arg;
	char path[STORE_PATH_MAX];
	int r;

	path_backend_error(path, sizeof(path), bus->sup->own_domid,
			   bus->sup->class->kind, bus->dev->domid,
			   bus->dev->devid);
	*strrchr(path, '/') = '\0';
	r = store_remove(store, t, path, NULL);
	for (unsigned int i = 0; r == 0 && i < levels; i++) {
		CLEANUP_FREE char **names = NULL;
		unsigned int count;

		*strrchr(path, '/') = '\0';
		r = store_list(store, t, path, NULL, &names, &count);
		if (r || count)
			break;
		r = store_remove(store, t, path, NULL);
	}
	return r == -ENOENT ? 0 : r;
}

static int clean_errors(struct xenbus *bus, xs_transaction_t t)
{
	struct backend_device *dev = bus->dev;
	int r = 0;

	if (bus->has_error_node)
		r = xenbus_remove_error(dev->store, t, bus);
	if (r == 0 && bus->has_hotplug_error)
		r = store_remove(dev->store, t, dev->path, "hotplug-error");
	if (r == 0 && bus->has_hotplug_error)
		r = store_remove(dev->store, t, dev->path, "hotplug-status");
	return r;
}

/*
 * Is what the step was decided from still so? -ESTALE: somebody else wrote or
 * removed our state. Nor is the next driver let in to a device that is being
 * unplugged: the event of `online` may come behind that of its `state`, which
 * says nothing new when it is what we had written.
 */
static int check_view(struct xenbus *bus, xs_transaction_t t,
		      enum bus_state next)
{
	enum bus_state now;
	bool online;
	int r = xenbus_read_state(bus, t, bus->dev->path, &now);

	if (r == 0 && now != bus->view.mine)
		r = -ESTALE;
	if (r || next != BUS_INITWAIT)
		return r;
	r = xenbus_read_online(bus, t, &online);
	return r == 0 && online != bus->view.online ? -ESTALE : r;
}

static int write_change(struct store *store, xs_transaction_t t, void *arg)
{
	const struct change *c = arg;
	struct xenbus *bus = c->bus;
	int r = check_view(bus, t, c->state);

	if (r == 0 && c->hook)
		r = c->hook(bus->dev, t);
	if (r == 0)
		r = bus->view.failed ? write_error(bus, t) :
				       clean_errors(bus, t);
	if (r == 0)
		r = store_write(store, t, bus->dev->path, "state",
				bus_state_value(c->state));
	return r;
}

int xenbus_go(struct xenbus *bus, enum bus_state state,
	      int (*hook)(struct backend_device *dev, xs_transaction_t t))
{
	struct change c = { .bus = bus, .state = state, .hook = hook };
	bool failed = bus->view.failed, hotplug = never_ready(bus);
	int r = store_transact(bus->dev->store, write_change, &c);

	if (r == -ESTALE) {
		/* the toolstack was quicker */
		bus->look_own = bus->look_online = true;
		return r;
	}
	if (r) {
		/* hung up on, the device is looked at again later */
		if (!store_hung_up(bus->dev->store))
			xenbus_hook_failed(bus, r, "writing its nodes");
		return r;
	}
	log_debug("%s: %s -> %s", bus->dev->name,
		  bus_state_name(bus->view.mine), bus_state_name(state));
	bus->view.mine = state;
	bus->has_error_node = failed;
	bus->has_hotplug_error = failed &&
				 (hotplug || bus->has_hotplug_error);
	return 0;
}
