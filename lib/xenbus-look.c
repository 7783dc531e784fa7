/* SPDX-License-Identifier: MIT */
/*
 * What is read about a device: the state of both sides, and who the other side
 * is. Only what events have said may have changed is read.
 */
#include "config.h"

#include "lib/xenbus-parts.h"

#include <errno.h>
#include <stdio.h>

#include "lib/log.h"
#include "xenstore-schema/paths.h"

int xenbus_read_state(struct xenbus *bus, xs_transaction_t t,
		      const char *folder, enum bus_state *ret)
{
	char value[8];
	int r = store_read(bus->dev->store, t, folder, "state", value,
			   sizeof(value));

	*ret = BUS_ILLEGAL; /* there, but too long, or not text */
	if (r == -ENOENT)
		*ret = BUS_GONE;
	else if (r == 0)
		*ret = bus_state_parse(value);
	else if (r != -E2BIG && r != -EINVAL)
		return r;
	return 0;
}

int xenbus_read_online(struct xenbus *bus, xs_transaction_t t, bool *ret)
{
	unsigned int online;
	int r = store_read_uint_or(bus->dev->store, t, bus->dev->path,
				   "online", 0, 1, 0, &online);

	if (r == -EINVAL || r == -ERANGE)
		online = r = 0;
	if (r == 0)
		*ret = online;
	return r;
}

static void make_token(const struct xenbus *bus, char *token, size_t size)
{
	snprintf(token, size, "f%u", bus->id);
}

void xenbus_forget_frontend(struct xenbus *bus)
{
	char token[16];

	if (!bus->identified)
		return;
	bus->identified = false;
	bus->frontend_seen = false;
	bus->look_frontend = false;
	bus->view.frontend = BUS_UNKNOWN;
	if (!bus->dev->frontend[0])
		return;
	make_token(bus, token, sizeof(token));
	store_unwatch(bus->dev->store, bus->dev->frontend, "state", token);
	bus->dev->frontend[0] = '\0';
}

/* A device whose frontend must not be believed has none: GONE, for good. */
static int disown_frontend(struct xenbus *bus, const char *why)
{
	struct backend_device *dev = bus->dev;

	backend_fail(dev, -EPROTO, "frontend '%.100s': %s", dev->frontend, why);
	dev->frontend[0] = '\0';
	bus->identified = true;
	bus->frontend_seen = true;
	bus->view.frontend = BUS_GONE;
	return 0;
}

/*
 * Who is on the other side. Only our own folder is believed about that, and
 * what it says must agree with itself. -ENOENT: not all written yet.
 */
static int identify(struct xenbus *bus)
{
	struct backend_device *dev = bus->dev;
	unsigned int frontend_id;
	char token[16];
	int r;

	r = store_read(dev->store, XBT_NULL, dev->path, "frontend",
		       dev->frontend, sizeof(dev->frontend));
	if (r == -E2BIG || r == -EINVAL)
		return disown_frontend(bus, "not a path");
	if (r)
		return r;
	r = store_read_uint(dev->store, XBT_NULL, dev->path, "frontend-id", 0,
			    DOMID_FIRST_RESERVED - 1, &frontend_id);
	if (r == -EINVAL || r == -ERANGE ||
	    (r == 0 && frontend_id != dev->domid))
		return disown_frontend(bus, "frontend-id is another domain");
	if (r)
		return r;
	if (!path_is_frontend_of(dev->frontend, dev->domid))
		return disown_frontend(bus, "not a device of that domain");

	/*
	 * The node `state` alone, never the folder: what else the guest writes
	 * there, and how often, must not reach us (XSA-349).
	 */
	make_token(bus, token, sizeof(token));
	r = store_watch(dev->store, dev->frontend, "state", token);
	if (r)
		return r;
	bus->identified = true;
	return 0;
}

static int look_own(struct xenbus *bus)
{
	enum bus_state now;
	int r = xenbus_read_state(bus, XBT_NULL, bus->dev->path, &now);

	if (r)
		return r;
	bus->look_own = false;
	bus->view.present = now != BUS_GONE;
	if (!bus->view.present)
		return 0;
	/* over a state of ours: the folder was removed and made again */
	if (now == BUS_INITIALISING && bus->view.mine != BUS_INITIALISING) {
		xenbus_forget_frontend(bus);
		bus->view.failed = false;
		bus->has_hotplug_error = false;
		bus->look_online = true;
	}
	/* what a daemon before us had to say about it is ours to remove */
	if (bus->view.mine == BUS_GONE && now != BUS_INITIALISING)
		bus->has_error_node = true;
	bus->view.mine = now;
	return 0;
}

static int look_online(struct xenbus *bus)
{
	int r = xenbus_read_online(bus, XBT_NULL, &bus->view.online);

	if (r == 0)
		bus->look_online = false;
	return r;
}

static int look_frontend(struct xenbus *bus)
{
	enum bus_state was = bus->view.frontend;
	int r = xenbus_read_state(bus, XBT_NULL, bus->dev->frontend,
				  &bus->view.frontend);

	if (r)
		return r;
	bus->look_frontend = false;
	bus->frontend_seen = true;
	/* the same driver does not come this way, only what came after it */
	if (was != BUS_UNKNOWN && was != bus->view.frontend &&
	    bus->view.frontend == BUS_INITIALISING)
		bus->view.anew = true;
	if (was != bus->view.frontend)
		log_debug("%s: frontend is %s", bus->dev->name,
			  bus_state_name(bus->view.frontend));
	return 0;
}

int xenbus_look(struct xenbus *bus)
{
	int r = 0;

	if (bus->look_own)
		r = look_own(bus);
	if (r || !bus->view.present)
		return r;
	if (bus->look_online)
		r = look_online(bus);
	if (r == 0 && !bus->identified)
		r = identify(bus);
	if (r == 0 && bus->look_frontend && bus->dev->frontend[0])
		r = look_frontend(bus);
	return r;
}
