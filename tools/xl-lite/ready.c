/* SPDX-License-Identifier: MIT */
/*
 * Waiting for a guest's servers; see ready.h.
 *
 * One watch for each thing that is waited for, and one loop over their events:
 * however many devices there are, the guest waits as long as its slowest server
 * takes, not for one after the other.
 *
 * A new guest's backends begin long before xenconsoled, which hears of the
 * guest last. So its tty is waited for first: then the backends' states are
 * looked at together, and those that are ready by then, mostly all, take a
 * request each.
 */
#include "config.h"

#include "tools/xl-lite/ready.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <xen/io/xenbus.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/num.h"

#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/hotplug.h"
#include "tools/xl-lite/link.h"
#include "tools/xl-lite/remedy.h"

/*
 * Whose event it is. The watches stay until the connection ends, which is
 * soon: whoever waits on it later goes by tokens of his own.
 */
#define TOKEN "ready"

/* One thing that is waited for: DEVICE, or the console when it is NULL. */
struct wanted {
	const struct device *device;
	char dir[STORE_PATH_MAX];
	const char *node;
	bool watched;
	bool early;		/* since before anybody could write it */
	bool ready;
};

struct wait {
	struct host *host;
	const char *guest;
	domid_t domid;
	struct wanted *wanted;	/* the console is the first, if it is there */
	size_t count;
	bool console;
	const char *old_tty;	/* the console's before, or NULL */
	uint64_t deadline_ns;
	const struct interrupt *interrupt;
};

/* What a backend said of why it failed, where it says so. */
static int backend_failed(struct wait *w, const struct wanted *wanted)
{
	const struct device *d = wanted->device;
	char why[STORE_VALUE_MAX], error[STORE_PATH_MAX];

	path_backend_error(error, sizeof(error), 0, d->backend_kind, w->domid,
			   d->devid);
	if (store_read(&w->host->store, XBT_NULL, wanted->dir, "hotplug-error",
		       why, sizeof(why)) &&
	    store_read(&w->host->store, XBT_NULL, error, NULL, why,
		       sizeof(why)))
		snprintf(why, sizeof(why), "gave no reason, its log may: %s",
			 d->daemon ? d->daemon : "dmesg");
	return log_fail(-EIO, "guest %s: %s: its backend failed: %s", w->guest,
			d->name, why);
}

/* xen-blkback waits for the number of a device, "MAJOR:MINOR", for ever. */
static int check_disk_script_did(struct wait *w, const struct wanted *wanted)
{
	const struct device *d = wanted->device;
	unsigned int major, minor;
	char number[32], path[64];
	int end = 0;

	if (store_read(&w->host->store, XBT_NULL, wanted->dir,
		       "physical-device", number, sizeof(number)))
		return log_fail(-EIO, "guest %s: %s: script %s: it ended well, but wrote no physical-device for the kernel's backend to serve: is it a script for disks?",
				w->guest, d->name, d->script);
	if (sscanf(number, "%x:%x%n", &major, &minor, &end) == 2 &&
	    !number[end]) {
		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major,
			 minor);
		if (access(path, F_OK) == 0)
			return 0;
	}
	return log_fail(-EIO, "guest %s: %s: script %s: it ended well, but its physical-device '%s' is no block device of this host: it must be MAJOR:MINOR, in hexadecimal",
			w->guest, d->name, d->script, number);
}

/*
 * xen-netback connects when it reads this. As libxl we go by how the script
 * ended; one that did well and did not say so has it said for it.
 */
static int complete_vif(struct wait *w, const struct wanted *wanted)
{
	struct store *s = &w->host->store;
	char status[32];
	int err;

	if (wanted->device->daemon ||
	    (store_read(s, XBT_NULL, wanted->dir, "hotplug-status", status,
			sizeof(status)) == 0 && status[0]))
		return 0;
	err = store_write(s, XBT_NULL, wanted->dir, "hotplug-status",
			  "connected");
	return err ? store_fail(s, err) : 0;
}

/* What it takes is not taken from those who are waited for beside it. */
static int run_script(struct wait *w, const struct wanted *wanted)
{
	const uint64_t start = clock_now_ns();
	char dir[STORE_PATH_MAX];
	struct backend_path path;
	struct hotplug h;
	int err;

	device_hotplug(wanted->device, w->guest, w->domid, dir, &path, &h);
	err = hotplug_run(&w->host->store, &h, true, w->interrupt);
	w->deadline_ns += clock_now_ns() - start;
	if (err)
		return err;
	return wanted->device->vif ? complete_vif(w, wanted)
				   : check_disk_script_did(w, wanted);
}

/* The kernel's network backend leaves the bridge to the toolstack. */
static int backend_ready(struct wait *w, const struct wanted *wanted)
{
	const struct device *d = wanted->device;
	int err;

	if (d->script[0])
		return run_script(w, wanted);
	if (d->daemon || !d->vif)
		return 0;
	err = link_attach(d, w->domid, w->deadline_ns);
	if (err)
		return log_fail(err, "guest %s: %s: bridge %s: %s", w->guest,
				d->name, d->bridge, strerror(-err));
	err = store_write(&w->host->store, XBT_NULL, wanted->dir,
			  "hotplug-status", "connected");
	return err ? store_fail(&w->host->store, err) : 0;
}

/* ERR: what reading the state met. */
static int judge_backend(struct wait *w, struct wanted *wanted, int err,
			 unsigned int state)
{
	if (err && w->host->store.told)
		return err;
	if (err)
		return log_fail(err, "guest %s: %s: the backend's state is gone or no number: did somebody destroy the guest?",
				w->guest, wanted->device->name);
	switch (state) {
	case XenbusStateInitWait:
	case XenbusStateInitialised:
	case XenbusStateConnected:
		wanted->ready = true;
		return backend_ready(w, wanted);
	case XenbusStateClosing:
	case XenbusStateClosed:
		return backend_failed(w, wanted);
	}
	return 0;
}

static int look_at_backend(struct wait *w, struct wanted *wanted)
{
	unsigned int state = XenbusStateUnknown;
	int err = store_read_uint(&w->host->store, XBT_NULL, wanted->dir,
				  wanted->node, 0, XenbusStateReconfigured,
				  &state);

	return judge_backend(w, wanted, err, state);
}

#define STATE_SIZE 8

/* All of them, by one look. */
static int look_at_backends(struct wait *w)
{
	const size_t first = w->console, count = w->count - first;
	CLEANUP_FREE struct store_query *queries = calloc(count + 1,
							  sizeof(*queries));
	CLEANUP_FREE char *texts = calloc(count + 1, STATE_SIZE);
	int err;

	if (!queries || !texts)
		return remedy_no_memory(w->guest, "wait for its servers");
	for (size_t i = 0; i < count; i++)
		queries[i] = (struct store_query) {
			.dir = w->wanted[first + i].dir,
			.node = w->wanted[first + i].node,
			.buf = texts + i * STATE_SIZE,
			.size = STATE_SIZE,
		};
	err = store_read_all(&w->host->store, XBT_NULL, queries, count);
	if (err)
		return store_fail(&w->host->store, err);
	for (size_t i = 0; !err && i < count; i++) {
		unsigned int state = XenbusStateUnknown;
		int bad = queries[i].err;

		if (!bad)
			bad = num_parse_uint(queries[i].buf, 0,
					     XenbusStateReconfigured, &state);
		err = judge_backend(w, &w->wanted[first + i], bad, state);
	}
	return err;
}

/*
 * An early watch is of the folder, so that its own event is not of the tty:
 * xenstored drops an event that is as one which it has not sent yet.
 */
static bool is_of_tty(const struct wanted *wanted, const char *path)
{
	const size_t len = strlen(wanted->dir);

	return strncmp(path, wanted->dir, len) == 0 && path[len] == '/' &&
	       strcmp(path + len + 1, wanted->node) == 0;
}

/* PATH: what has changed, or the watch's own. */
static int look_at_console(struct wait *w, struct wanted *wanted,
			   const char *path)
{
	char tty[64];
	int err;

	if (wanted->early && !is_of_tty(wanted, path))
		return 0;
	/* it was not there, and nobody but xenconsoled writes it */
	if (wanted->early && !w->old_tty) {
		wanted->ready = true;
		return 0;
	}
	err = store_read(&w->host->store, XBT_NULL, wanted->dir, wanted->node,
			 tty, sizeof(tty));
	if (err && err != -ENOENT)
		return store_fail(&w->host->store, err);
	wanted->ready = !err && tty[0] &&
			!(w->old_tty && strcmp(tty, w->old_tty) == 0);
	return 0;
}

static int look(struct wait *w, struct wanted *wanted, const char *path)
{
	if (wanted->ready)
		return 0;
	return wanted->device ? look_at_backend(w, wanted)
			      : look_at_console(w, wanted, path);
}

static bool not_ready(const struct wait *w, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!w->wanted[i].ready)
			return true;
	return false;
}

/* Say of each that is not ready who it is that does not answer. */
static int timed_out(const struct wait *w)
{
	for (size_t i = 0; i < w->count; i++) {
		const struct wanted *wanted = &w->wanted[i];
		const struct device *d = wanted->device;

		if (wanted->ready)
			continue;
		if (!d)
			log_fail(-ETIMEDOUT, "guest %s: console: xenconsoled gave it no tty in %d s: does it run? Start it with 'systemctl start xenconsoled'",
				 w->guest, HOST_DEADLINE_S);
		else if (d->daemon)
			log_fail(-ETIMEDOUT, "guest %s: %s: %s did not take it in %d s: see its log",
				 w->guest, d->name, d->daemon, HOST_DEADLINE_S);
		else
			log_fail(-ETIMEDOUT, "guest %s: %s: the kernel's backend did not take it in %d s: load it with 'modprobe xen-%sback'",
				 w->guest, d->name, HOST_DEADLINE_S,
				 d->disk ? "blk" : "net");
	}
	return -ETIMEDOUT;
}

static int wait_event(struct wait *w)
{
	struct pollfd p[] = {
		{ .fd = store_fd(&w->host->store), .events = POLLIN },
		{ .fd = w->interrupt->fd, .events = POLLIN },
	};
	uint64_t now = clock_now_ns();

	if (now >= w->deadline_ns)
		return timed_out(w);
	if (poll(p, ARRAY_SIZE(p), (w->deadline_ns - now) / NS_PER_MS + 1)
	    == -1 && errno != EINTR)
		return log_err(-errno, "xenstore: wait for an event");
	return p[1].revents ? -EINTR : 0;
}

/* Look at what the events that have come are about. */
static int take_events(struct wait *w)
{
	char path[STORE_PATH_MAX], token[16];
	unsigned int i;
	int n;

	while ((n = store_next_event(&w->host->store, path, sizeof(path),
				     token, sizeof(token))) == 1) {
		int err;

		if (strncmp(token, TOKEN, strlen(TOKEN)) != 0 ||
		    num_parse_uint(token + strlen(TOKEN), 0, w->count - 1, &i))
			continue;
		err = look(w, &w->wanted[i], path);
		if (err)
			return err;
	}
	return n;
}

static int watch(struct store *s, struct wanted *wanted, unsigned int number)
{
	char token[16];
	int err;

	if (wanted->watched || wanted->ready)
		return 0;
	snprintf(token, sizeof(token), TOKEN "%u", number);
	wanted->watched = true;
	err = store_watch(s, wanted->dir, wanted->early ? NULL : wanted->node,
			  token);
	return err ? store_fail(s, err) : 0;
}

static int watch_first(struct wait *w, size_t count)
{
	struct store *s = &w->host->store;
	int err = 0, sent;

	store_gather(s);
	for (size_t i = 0; !err && i < count; i++)
		err = watch(s, &w->wanted[i], i);
	sent = store_gathered(s);
	return err || !sent ? err : store_fail(s, sent);
}

/* The first COUNT of them. A watch fires once by itself: that is a look. */
static int wait_first(struct wait *w, size_t count)
{
	int err = watch_first(w, count);

	while (!err && not_ready(w, count)) {
		err = take_events(w);
		if (!err && not_ready(w, count))
			err = wait_event(w);
	}
	return err;
}

static int wait_all(struct wait *w)
{
	int err = 0;

	if (w->console)
		err = wait_first(w, 1);
	if (!err && w->console)
		err = look_at_backends(w);
	return err ? err : wait_first(w, w->count);
}

static void want_console(struct wanted *wanted, domid_t domid, bool early)
{
	path_console(wanted->dir, sizeof(wanted->dir), domid);
	wanted->node = "tty";
	wanted->early = early;
}

static void want_devices(struct wait *w, const struct device *devices,
			 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct wanted *next = &w->wanted[w->count];

		/* QEMU has its devices as soon as it runs */
		if (devices[i].dm)
			continue;
		next->device = &devices[i];
		next->node = "state";
		device_backend_path(&devices[i], w->domid, next->dir);
		w->count++;
	}
}

static int wait_ready(struct host *host, const char *name, domid_t domid,
		      const struct device *devices, size_t count,
		      bool console, bool watched, const char *old_tty,
		      const struct interrupt *interrupt)
{
	CLEANUP_FREE struct wanted *wanted = calloc(count + 1, sizeof(*wanted));
	struct wait w = {
		.host = host,
		.guest = name,
		.domid = domid,
		.wanted = wanted,
		.console = console,
		.old_tty = old_tty,
		.interrupt = interrupt,
		.deadline_ns = clock_now_ns() + HOST_DEADLINE_S * NS_PER_S,
	};

	if (!wanted)
		return remedy_no_memory(name, "wait for its servers");
	if (console) {
		want_console(&wanted[w.count], domid, watched);
		wanted[w.count++].watched = watched;
	}
	want_devices(&w, devices, count);
	return wait_all(&w);
}

int guest_watch_console(struct host *host, domid_t domid)
{
	struct wanted wanted = { 0 };

	want_console(&wanted, domid, true);
	return watch(&host->store, &wanted, 0);
}

int guest_wait_ready(struct host *host, const char *name, domid_t domid,
		     const struct device *devices, size_t count,
		     bool watched, const char *old_tty,
		     const struct interrupt *interrupt)
{
	return wait_ready(host, name, domid, devices, count, true, watched,
			  old_tty, interrupt);
}

int devices_wait_ready(struct host *host, const char *name, domid_t domid,
		       const struct device *devices, size_t count,
		       const struct interrupt *interrupt)
{
	return wait_ready(host, name, domid, devices, count, false, false,
			  NULL, interrupt);
}
