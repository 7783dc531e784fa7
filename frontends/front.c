/* SPDX-License-Identifier: MIT */
/*
 * The frontend's end of xenbus, and reading and writing its nodes; front.h.
 *
 * What to do next is decided by frontend_step() (busstate.h), from what both
 * ends say and what we have granted; front_bus_step() carries it out.
 *
 * Our state may only ever be written while the folder still exists: writing
 * to a device that the toolstack has removed would make it half again. So a
 * state is written in a transaction that read it first.
 */
#include "frontends/front.h"

#include <errno.h>
#include <string.h>

#define TRANSACT_TRIES 100

/* -- text ---------------------------------------------------------------- */

void front_put(struct front_text *text, const char *s)
{
	for (; *s && text->used + 1 < text->size; s++)
		text->buf[text->used++] = *s;
	if (text->size)
		text->buf[text->used] = '\0';
}

void front_put_uint(struct front_text *text, uint64_t value)
{
	char digits[21];
	unsigned int at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = '0' + value % 10;
		value /= 10;
	} while (value);
	front_put(text, &digits[at]);
}

void front_reason(char *buf, size_t size, const char *what, uint64_t number,
		  const char *why)
{
	struct front_text text = { .buf = buf, .size = size };

	front_put(&text, what);
	front_put(&text, " ");
	front_put_uint(&text, number);
	front_put(&text, " ");
	front_put(&text, why);
}

static int parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;
	bool wraps = false;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*s - '0'),
					   &value))
			wraps = true;
	}
	if (wraps || value < min || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

/* -- nodes --------------------------------------------------------------- */

static int path_of(char *path, const char *dir, const char *node)
{
	struct front_text text = { .buf = path, .size = FRONT_PATH_MAX };

	if (strlen(dir) + 1 + strlen(node) >= FRONT_PATH_MAX)
		return -ENAMETOOLONG;
	front_put(&text, dir);
	front_put(&text, "/");
	front_put(&text, node);
	return 0;
}

static int read_node(struct front_bus *bus, uint32_t tx, const char *dir,
		     const char *node, char *value, size_t size)
{
	char path[FRONT_PATH_MAX];
	int r = path_of(path, dir, node);

	return r ? r : bus->ops->store_read(bus->host, tx, path, value, size);
}

int front_read(struct front_bus *bus, const char *dir, const char *node,
	       char *value, size_t size)
{
	return read_node(bus, 0, dir, node, value, size);
}

int front_read_u64(struct front_bus *bus, const char *dir, const char *node,
		   uint64_t min, uint64_t max, uint64_t *ret)
{
	char value[FRONT_VALUE_MAX];
	int r = read_node(bus, 0, dir, node, value, sizeof(value));

	return r ? r : parse_u64(value, min, max, ret);
}

uint64_t front_offer(struct front_bus *bus, const char *node, uint64_t max,
		     uint64_t deflt)
{
	uint64_t value;
	int r = front_read_u64(bus, bus->backend, node, 0, max, &value);

	if (r == 0)
		return value;
	return r == -ERANGE ? max : deflt;
}

int front_write(struct front_bus *bus, uint32_t tx, const char *node,
		const char *value)
{
	char path[FRONT_PATH_MAX];
	int r = path_of(path, bus->dir, node);

	return r ? r : bus->ops->store_write(bus->host, tx, path, value);
}

int front_write_uint(struct front_bus *bus, uint32_t tx, const char *node,
		     uint64_t value)
{
	char digits[21];
	struct front_text text = { .buf = digits, .size = sizeof(digits) };

	front_put_uint(&text, value);
	return front_write(bus, tx, node, digits);
}

int front_remove(struct front_bus *bus, uint32_t tx, const char *node)
{
	char path[FRONT_PATH_MAX];
	int r = path_of(path, bus->dir, node);

	return r ? r : bus->ops->store_remove(bus->host, tx, path);
}

int front_transact(struct front_bus *bus,
		   int (*fn)(void *arg, uint32_t tx), void *arg)
{
	unsigned int i;

	for (i = 0; i < TRANSACT_TRIES; i++) {
		uint32_t tx;
		int r = bus->ops->store_begin(bus->host, &tx);

		if (r)
			return r;
		r = fn(arg, tx);
		if (r) {
			bus->ops->store_abort(bus->host, tx);
			return r;
		}
		r = bus->ops->store_commit(bus->host, tx);
		if (r != -EAGAIN)
			return r;
	}
	return -EAGAIN;
}

/* -- states -------------------------------------------------------------- */

static enum bus_state read_state(struct front_bus *bus, const char *dir)
{
	char value[FRONT_VALUE_MAX];
	int r = front_read(bus, dir, "state", value, sizeof(value));

	if (r == -E2BIG || r == -EINVAL)
		return BUS_ILLEGAL;
	return bus_state_parse(r ? NULL : value);
}

struct set_state {
	struct front_bus *bus;
	enum bus_state state;
};

static int set_state_tx(void *arg, uint32_t tx)
{
	struct set_state *set = arg;
	char value[FRONT_VALUE_MAX];
	int r = read_node(set->bus, tx, set->bus->dir, "state", value,
			  sizeof(value));

	return r ? r : front_write(set->bus, tx, "state",
				   bus_state_value(set->state));
}

int front_bus_set(struct front_bus *bus, uint32_t tx, enum bus_state state)
{
	struct set_state set = { .bus = bus, .state = state };
	int r = tx ? set_state_tx(&set, tx) :
		front_transact(bus, set_state_tx, &set);

	/* a folder that is gone needs no goodbye */
	return r == -ENOENT ? 0 : r;
}

int front_bus_open(struct front_bus *bus, const struct front_ops *ops,
		   void *host, const char *dir, bool direct)
{
	char path[FRONT_PATH_MAX];
	struct front_text text = { .buf = bus->dir, .size = sizeof(bus->dir) };
	uint64_t value;
	int r;

	memset(bus, 0, sizeof(*bus));
	bus->ops = ops;
	bus->host = host;
	bus->view.wanted = true;
	bus->view.direct = direct;
	front_put(&text, dir);
	r = front_read(bus, bus->dir, "backend", bus->backend,
		       sizeof(bus->backend));
	if (r)
		return r;
	r = front_read_u64(bus, bus->dir, "backend-id", 0,
			   DOMID_FIRST_RESERVED - 1, &value);
	if (r)
		return r;
	bus->backend_id = value;
	r = path_of(path, bus->backend, "state");
	if (r == 0)
		r = ops->store_watch(host, path);
	bus->watched = r == 0;
	return r;
}

void front_bus_release(struct front_bus *bus)
{
	char path[FRONT_PATH_MAX];

	if (bus->watched && path_of(path, bus->backend, "state") == 0)
		bus->ops->store_unwatch(bus->host, path);
	bus->watched = false;
	bus->phase = FRONT_CLOSED;
}

void front_bus_published(struct front_bus *bus)
{
	bus->view.held = true;
}

void front_bus_connected(struct front_bus *bus)
{
	bus->view.connected = true;
	bus->phase = FRONT_RUNNING;
}

void front_bus_close(struct front_bus *bus)
{
	bus->view.wanted = false;
}

void front_bus_fail(struct front_bus *bus, const char *why)
{
	struct front_text text = {
		.buf = bus->reason, .size = sizeof(bus->reason),
	};

	bus->view.wanted = false;
	if (bus->failed)
		return;
	bus->failed = true;
	front_put(&text, why);
	bus->ops->log(bus->host, FRONT_ERROR, bus->reason);
}

/* Why a connection ends that we did not mean to end. */
static void note_end(struct front_bus *bus)
{
	switch (bus->view.backend) {
	case BUS_GONE:
		front_bus_fail(bus, "the backend is gone: its state node was removed");
		break;
	case BUS_CLOSING:
	case BUS_CLOSED:
		front_bus_fail(bus, "the backend closed the device");
		break;
	default:
		front_bus_fail(bus, "the backend started over and forgot this connection");
		break;
	}
}

static enum front_todo say(struct front_bus *bus, enum bus_state state)
{
	if (front_bus_set(bus, 0, state) == 0)
		return FRONT_AGAIN;
	front_bus_fail(bus, "xenstore: cannot write our state");
	bus->phase = FRONT_CLOSED;
	return FRONT_NOTHING;
}

static enum front_todo carry_out(struct front_bus *bus,
				 enum frontend_step step)
{
	struct frontend_view *view = &bus->view;

	switch (step) {
	case FRONTEND_INITIALISE:
		return say(bus, BUS_INITIALISING);
	case FRONTEND_PUBLISH:
		return FRONT_PUBLISH;
	case FRONTEND_CONNECT:
		return FRONT_CONNECT;
	case FRONTEND_CLOSING:
		if (view->held && view->wanted)
			note_end(bus);
		if (view->held)
			bus->phase = FRONT_CLOSING;
		return say(bus, BUS_CLOSING);
	case FRONTEND_CLOSED:
		return say(bus, BUS_CLOSED);
	case FRONTEND_RELEASE:
		if (view->wanted)
			note_end(bus);
		view->held = view->connected = false;
		return FRONT_AGAIN;
	case FRONTEND_NOTHING:
	case FRONTEND_STEPS:
		break;
	}
	return FRONT_NOTHING;
}

/* Nothing is left to do, now or later. */
static bool is_over(const struct front_bus *bus)
{
	const struct frontend_view *view = &bus->view;

	if (view->held)
		return false;
	if (view->mine == BUS_GONE || view->backend == BUS_GONE)
		return true;
	/*
	 * A backend that waits has yet to see that we closed. The next driver
	 * could not tell, and would be answered with the Closed meant for us.
	 */
	return !view->wanted && view->mine == BUS_CLOSED &&
	       view->backend != BUS_INITWAIT;
}

enum front_todo front_bus_step(struct front_bus *bus, bool busy)
{
	enum front_todo todo;

	if (bus->phase == FRONT_CLOSED)
		return FRONT_NOTHING;
	bus->view.mine = read_state(bus, bus->dir);
	bus->view.backend = read_state(bus, bus->backend);
	bus->view.busy = busy && !bus->failed;
	todo = carry_out(bus, frontend_step(&bus->view));
	if (todo == FRONT_NOTHING && is_over(bus)) {
		if (bus->view.wanted)
			note_end(bus);
		bus->phase = FRONT_CLOSED;
	}
	if (todo == FRONT_NOTHING && bus->phase == FRONT_RUNNING &&
	    bus->view.backend == BUS_CONNECTED)
		return FRONT_REFRESH;
	return todo;
}
