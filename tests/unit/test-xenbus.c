/* SPDX-License-Identifier: MIT */
/*
 * The backend's half of the handshake (lib/xenbus.c) over a store that is an
 * array and a worker that does nothing: what the order of events does to it.
 * All orders there are, of a model of it, are looked at in tests/model.
 */
#include "config.h"

#include "lib/xenbus.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/num.h"
#include "lib/supervisor.h"

#define BACK "/local/domain/0/backend/uvbd/7/51712"
#define FRONT "/local/domain/7/device/uvbd/51712"
#define ENTRY "/libxl/7/device/vbd/51712"

static unsigned int failures, checks;

static void check(bool good, const char *what)
{
	checks++;
	failures += !good;
	printf("%s %u - %s\n", good ? "ok" : "not ok", checks, what);
}

/* -- a store ---------------------------------------------------------------- */

static struct {
	char path[BACKEND_PATH_MAX];
	char value[64];
} nodes[16];

/* The node's place, or a free one. */
static char *place(const char *dir, const char *node, bool create)
{
	char path[BACKEND_PATH_MAX];
	unsigned int i;

	snprintf(path, sizeof(path), node ? "%s/%s" : "%s", dir, node);
	for (i = 0; i < ARRAY_SIZE(nodes); i++)
		if (!strcmp(nodes[i].path, path))
			return nodes[i].value;
	for (i = 0; create && i < ARRAY_SIZE(nodes); i++)
		if (!nodes[i].path[0]) {
			snprintf(nodes[i].path, sizeof(nodes[i].path), "%s",
				 path);
			return nodes[i].value;
		}
	return NULL;
}

int store_read(struct store *s, xs_transaction_t t, const char *dir,
	       const char *node, char *buf, size_t size)
{
	const char *value = place(dir, node, false);

	(void)t;
	s->requests++;
	if (!value)
		return -ENOENT;
	if (strlen(value) >= size)
		return -E2BIG;
	strncpy(buf, value, size);
	return 0;
}

int store_read_uint(struct store *s, xs_transaction_t t, const char *dir,
		    const char *node, unsigned int min, unsigned int max,
		    unsigned int *ret)
{
	char value[64];
	int r = store_read(s, t, dir, node, value, sizeof(value));

	return r ? r : num_parse_uint(value, min, max, ret);
}

int store_read_uint_or(struct store *s, xs_transaction_t t, const char *dir,
		       const char *node, unsigned int min, unsigned int max,
		       unsigned int deflt, unsigned int *ret)
{
	int r = store_read_uint(s, t, dir, node, min, max, ret);

	if (r != -ENOENT)
		return r;
	*ret = deflt;
	return 0;
}

int store_write(struct store *s, xs_transaction_t t, const char *dir,
		const char *node, const char *value)
{
	char *to = place(dir, node, true);

	(void)t;
	s->requests++;
	if (!to)
		abort();
	snprintf(to, sizeof(nodes[0].value), "%s", value);
	return 0;
}

int store_remove(struct store *s, xs_transaction_t t, const char *dir,
		 const char *node)
{
	char path[BACKEND_PATH_MAX];
	size_t length;

	(void)s, (void)t;
	snprintf(path, sizeof(path), node ? "%s/%s" : "%s", dir, node);
	length = strlen(path);
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		if (!strncmp(nodes[i].path, path, length) &&
		    (nodes[i].path[length] == '/' || !nodes[i].path[length]))
			nodes[i].path[0] = '\0';
	return 0;
}

int store_list(struct store *s, xs_transaction_t t, const char *dir,
	       const char *node, char ***names, unsigned int *count)
{
	(void)s, (void)t, (void)dir, (void)node;
	*names = NULL;
	*count = 0;
	return 0;
}

int store_transact(struct store *s, store_tx_fn *fn, void *arg)
{
	return fn(s, 1, arg);
}

int store_watch(struct store *s, const char *dir, const char *node,
		const char *token)
{
	(void)s, (void)dir, (void)node, (void)token;
	return 0;
}

bool store_hung_up(const struct store *s)
{
	(void)s;
	return false;
}

int store_unwatch(struct store *s, const char *dir, const char *node,
		  const char *token)
{
	return store_watch(s, dir, node, token);
}

/* -- a supervisor with one worker -------------------------------------------- */

static struct supervisor sup;
static struct workerproc worker;

void supervisor_queue(struct supervisor *s, struct xenbus *bus)
{
	(void)s;
	bus->queued = true;
}

int supervisor_worker(struct supervisor *s, domid_t domid,
		      struct workerproc **ret)
{
	(void)s, (void)domid;
	*ret = &worker;
	return 0;
}

void supervisor_drains(struct supervisor *s)
{
	(void)s;
}

static unsigned int reopens_asked;

void supervisor_reopens(struct supervisor *s)
{
	(void)s;
	reopens_asked++;
}

void workerproc_kill(struct workerproc *p, struct loop *loop)
{
	(void)p, (void)loop;
}

int wire_send(int sock, const struct wire_msg *msg, const int *fds,
	      unsigned int fd_count)
{
	(void)sock, (void)msg, (void)fds, (void)fd_count;
	return 0;
}

/* -- a device class ---------------------------------------------------------- */

/* What opening comes to, and how often it was tried. */
static int open_result;
static unsigned int opens;

static int dev_open(struct backend_device *dev)
{
	(void)dev;
	opens++;
	return open_result;
}

static int dev_write(struct backend_device *dev, xs_transaction_t t)
{
	(void)dev, (void)t;
	return 0;
}

static int dev_connect(struct backend_device *dev, xs_transaction_t t,
		       struct wire_msg *msg, int *fds, unsigned int *fd_count,
		       uint64_t *close_mask)
{
	(void)dev, (void)t, (void)msg, (void)fds;
	*fd_count = 0;
	*close_mask = 0;
	return 0;
}

static void dev_close(struct backend_device *dev)
{
	(void)dev;
}

static const struct backend_class class = {
	.program = "test", .kind = "uvbd", .noun = "vbd",
	.device_size = sizeof(struct backend_device),
	.open = dev_open, .features = dev_write, .connect = dev_connect,
	.publish = dev_write, .close = dev_close,
};

/* -- the tests --------------------------------------------------------------- */

static struct xenbus *bus;

static void set(const char *dir, const char *node, const char *value)
{
	store_write(&sup.store, XBT_NULL, dir, node, value);
}

/* The event of a node of ours comes in. */
static void own(const char *node)
{
	xenbus_own_event(bus, node);
	xenbus_work(bus);
}

static void front(const char *state)
{
	set(FRONT, "state", state);
	xenbus_frontend_event(bus);
	xenbus_work(bus);
}

static void said(enum wire_type type)
{
	const struct wire_msg msg = { .type = type, .devid = 51712 };

	xenbus_worker_said(bus, &msg);
	xenbus_work(bus);
}

static bool state_is(const char *state)
{
	return !strcmp(place(BACK, "state", true), state);
}

/* A device that the toolstack has just made. */
static void make(void)
{
	memset(nodes, 0, sizeof(nodes));
	sup = (struct supervisor){ .class = &class };
	set(BACK, "frontend", FRONT);
	set(BACK, "frontend-id", "7");
	set(BACK, "online", "1");
	set(BACK, "state", "1");
	set(FRONT, "state", "1");
	if (xenbus_new(&sup, 7, 51712, &bus))
		abort();
	xenbus_work(bus);
	front("1");
}

/* A device, connected. */
static void start(void)
{
	make();
	check(state_is("2"), "a new device: InitWait");
	front("3");
	said(WIRE_ATTACHED);
	check(state_is("4"), "rings mapped: Connected");
	front("4");
}

static void stop(void)
{
	xenbus_free(bus);
}

/* What it needs is not free yet: asked for once each time it is looked at. */
static void test_not_free_yet(void)
{
	reopens_asked = opens = 0;
	open_result = -EAGAIN;
	make();
	check(state_is("1"), "not free yet: it stays as it was made");
	check(opens > 0 && opens == reopens_asked,
	      "each time that is tried again later");
	opens = 0;
	xenbus_work(bus);
	check(opens == 1, "it is tried once a time");
	check(bus->reopens, "and is one to try again");
	open_result = 0;
	xenbus_work(bus);
	check(state_is("2"), "it is free: InitWait");
	check(!bus->reopens, "it is not tried again");
	stop();

	open_result = -EAGAIN;
	make();
	set(BACK, "online", "0");
	own("online");
	check(state_is("6"), "taken away meanwhile, it is closed");
	check(!bus->reopens, "and not tried again");
	open_result = 0;
	stop();
}

static void test_leaves_and_comes_back(void)
{
	start();
	front("5");
	check(state_is("5"), "the frontend leaves: Closing");
	said(WIRE_DETACHED);
	front("6");
	check(state_is("6"), "Closed with it");
	front("1");
	check(state_is("2"), "the next driver is let in");
	stop();
}

/*
 * Unplugged while it closes by itself: our state is written over with what it
 * is, and the event of `online` is not there yet when the next driver comes.
 */
static void test_unplugged_while_closing(void)
{
	start();
	front("5");
	said(WIRE_DETACHED);
	set(BACK, "online", "0");
	set(BACK, "state", "5");
	own("state");
	front("6");
	check(state_is("6"), "unplugged while it closed: Closed");
	front("1");
	check(state_is("6"), "no driver is let in to a device on its way out");
	check(bus->over, "it is given up");
	stop();
}

/* The rings of a device that is no more fail, when another has its place. */
static void test_late_failure(void)
{
	start();
	set(BACK, "state", "1");
	set(FRONT, "state", "1");
	own("");
	check(bus->view.rings == RINGS_DETACHING,
	      "made anew where an old one is served: let go of that");
	said(WIRE_FAILED);
	said(WIRE_DETACHED);
	front("1");
	check(state_is("2") && !bus->view.failed,
	      "the old one's failure is not the new one's");
	stop();
}

/* As stock xl detaches it, when it is closed: WITH_ENTRY or without. */
static void test_forgotten(bool with_entry, bool was_there)
{
	start();
	if (was_there)
		set(ENTRY, "backend", BACK);
	xenbus_tidy(bus);
	store_remove(&sup.store, XBT_NULL, FRONT, NULL);
	if (!with_entry)
		store_remove(&sup.store, XBT_NULL, ENTRY, NULL);
	xenbus_frontend_event(bus);
	xenbus_work(bus);
	xenbus_tidy(bus);
	check(place(BACK, "state", false), "its rings are held: it stays");
	said(WIRE_DETACHED);
	check(state_is("6"), "its frontend is gone: Closed");
	xenbus_tidy(bus);
	if (with_entry)
		check(state_is("6"), "its toolstack knows of it: it stays");
	else if (!was_there)
		check(state_is("6"), "no toolstack ever knew of it: it stays");
	else
		check(!place(BACK, "state", false) &&
		      !place(BACK, "frontend", false),
		      "its toolstack has forgotten it: removed");
	stop();
}

int main(void)
{
	test_not_free_yet();
	test_forgotten(false, true);
	test_forgotten(true, true);
	test_forgotten(false, false);
	test_leaves_and_comes_back();
	test_unplugged_while_closing();
	test_late_failure();
	printf("1..%u\n", checks);
	return failures != 0;
}
