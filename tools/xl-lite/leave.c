/* SPDX-License-Identifier: MIT */
/*
 * Taking devices away; see leave.h.
 *
 * Servers are told in one transaction: the backend goes offline and Closing.
 * By force the frontend goes as well, so nobody waits for a guest that cannot,
 * or does not want to answer. They let go side by side; then all nodes go in
 * one transaction.
 */
#include "config.h"

#include "tools/xl-lite/leave.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <xen/io/xenbus.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/num.h"

#include "tools/xl-lite/hotplug.h"

#define TOKEN "gone"
#define DEVICES_MAX 4096

/* -- finding --------------------------------------------------------------- */

/* It is asked for; whether it is there is seen by take_found(). */
static int want(struct leave *l, const char *kind, unsigned int devid)
{
	struct leaving *larger, found = { 0 };
	int err = path_libxl_device(found.libxl, sizeof(found.libxl),
				    l->domid, kind, devid);

	if (err)
		return err;
	if (l->count == DEVICES_MAX)
		return -E2BIG;
	larger = realloc(l->devices, (l->count + 1) * sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	l->devices = larger;
	l->devices[l->count++] = found;
	return 0;
}

static void query(struct store_query *q, const struct leaving *d,
		  const char *node, char to[STORE_PATH_MAX])
{
	*q = (struct store_query) {
		.dir = d->libxl,
		.node = node,
		.buf = to,
		.size = STORE_PATH_MAX,
	};
}

static int check_found(struct leaving *d, const struct store_query *q)
{
	if (q[0].err || q[1].err)
		return q[0].err ? q[0].err : q[1].err;
	if (path_parse_backend(d->backend, &d->path) ||
	    d->path.level != BACKEND_PATH_DEVICE)
		return -ENOENT;
	d->path.node = NULL;	/* points into d->backend, which moves */
	return 0;
}

/* Half written, or not ours to understand. */
static bool is_odd(int err)
{
	return err == -ENOENT || err == -EINVAL || err == -ENAMETOOLONG;
}

/*
 * Read where the ends are of those from FIRST on. What cannot be had is left
 * out; the error of one of them is in *missing, the worst there is.
 */
static int read_ends(struct leave *l, size_t first, int *missing)
{
	const size_t count = l->count - first;
	CLEANUP_FREE struct store_query *q = calloc(2 * count + 1, sizeof(*q));
	int err;

	*missing = 0;
	if (!q)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct leaving *d = &l->devices[first + i];

		query(&q[2 * i], d, "backend", d->backend);
		query(&q[2 * i + 1], d, "frontend", d->frontend);
	}
	err = store_read_all(&l->host->store, XBT_NULL, q, 2 * count);
	l->count = first;
	for (size_t i = 0; !err && i < count; i++) {
		struct leaving *d = &l->devices[first + i];
		int bad = check_found(d, &q[2 * i]);

		if (!bad)
			l->devices[l->count++] = *d;
		else if (!*missing || is_odd(*missing))
			*missing = bad;
	}
	return err;
}

int leave_find(struct leave *l, const char *kind, unsigned int devid)
{
	const size_t first = l->count;
	int missing, err = want(l, kind, devid);

	if (!err)
		err = read_ends(l, first, &missing);
	return err ? err : missing;
}

static int want_kind(struct leave *l, const char *dir, const char *kind)
{
	CLEANUP_FREE char **ids = NULL;
	unsigned int num, devid;
	char node[64];
	int err;

	snprintf(node, sizeof(node), "device/%.50s", kind);
	err = store_list(&l->host->store, XBT_NULL, dir, node, &ids, &num);
	if (err)
		return err == -ENOENT ? 0 : err;
	for (unsigned int i = 0; i < num; i++) {
		if (path_parse_devid(ids[i], &devid))
			continue;
		err = want(l, kind, devid);
		if (err && !is_odd(err))
			return err;
	}
	return 0;
}

/*
 * Those that are half written, or not ours to understand, are left out; of
 * which nothing could be learned at all, not.
 */
int leave_find_all(struct leave *l)
{
	const size_t first = l->count;
	CLEANUP_FREE char **kinds = NULL;
	char dir[STORE_PATH_MAX];
	unsigned int num;
	int err, ends, missing;

	path_libxl(dir, sizeof(dir), l->domid);
	err = store_list(&l->host->store, XBT_NULL, dir, "device", &kinds,
			 &num);
	if (err)
		return err == -ENOENT ? 0 : err;
	for (unsigned int k = 0; !err && k < num; k++)
		err = want_kind(l, dir, kinds[k]);
	/* those that were found go, whatever comes of the rest */
	ends = read_ends(l, first, &missing);
	if (!err)
		err = ends;
	return err || is_odd(missing) ? err : missing;
}

void leave_end(struct leave *l)
{
	free(l->devices);
	l->devices = NULL;
	l->count = 0;
}

/* -- closing --------------------------------------------------------------- */

/* The console's server follows the domain itself, not a state. */
static bool has_state_machine(const struct leaving *d)
{
	return strcmp(d->path.kind, KIND_CONSOLE) != 0;
}

/* Kinds that a guest's own QEMU serves. */
static bool is_qemus(const struct leaving *d)
{
	static const char *const kinds[] = {
		KIND_QDISK, KIND_VKBD, KIND_VFB, KIND_9PFS, "qusb", "vusb",
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(d->path.kind, kinds[i]) == 0)
			return true;
	return false;
}

#define STATE_SIZE 8

/* Its server is told that it is over; STATE is what it has now. */
static void tell_server(struct nodes *n, const struct leave *l,
			struct leaving *d, const char *state)
{
	unsigned int now;

	if (num_parse_uint(state, 0, XenbusStateReconfigured, &now))
		return;
	nodes_put(n, d->backend, "online", "0");
	if (now != XenbusStateClosed) {
		nodes_put(n, d->backend, "state", "%d", XenbusStateClosing);
		d->gone = false;
	}
	if (l->force)
		nodes_remove(n, d->frontend, NULL);
}

static int tell_servers(struct nodes *n, struct leave *l,
			struct store_query *q, char (*states)[STATE_SIZE])
{
	size_t count = 0, asked = 0;
	int err;

	for (size_t i = 0; i < l->count; i++) {
		struct leaving *d = &l->devices[i];

		d->gone = true;
		d->told = has_state_machine(d) &&
			  !(l->qemu_gone && is_qemus(d));
		if (!d->told)
			continue;
		q[count] = (struct store_query) {
			.dir = d->backend,
			.node = "state",
			.buf = states[count],
			.size = STATE_SIZE,
		};
		count++;
	}
	err = store_read_all(n->store, n->t, q, count);
	for (size_t i = 0; !err && i < l->count; i++) {
		struct leaving *d = &l->devices[i];

		if (!d->told)
			continue;
		err = q[asked].err;
		if (!err)
			tell_server(n, l, d, states[asked]);
		else if (err != -EAGAIN)
			err = 0;	/* its server is gone with its nodes */
		asked++;
	}
	return err ? err : n->err;
}

int leave_begin(struct store *s, xs_transaction_t t, void *arg)
{
	struct leave *l = arg;
	CLEANUP_FREE struct store_query *q = calloc(l->count + 1, sizeof(*q));
	CLEANUP_FREE char (*states)[STATE_SIZE] = calloc(l->count + 1,
							 STATE_SIZE);
	struct nodes n = { .store = s, .t = t };

	return q && states ? tell_servers(&n, l, q, states) : -ENOMEM;
}

static bool is_ours(const struct leaving *d)
{
	return strcmp(d->path.kind, KIND_UVBD) == 0 ||
	       strcmp(d->path.kind, KIND_UVIF) == 0;
}

/* Nobody would answer for a device of a daemon that does not run. */
static bool is_served(const struct leaving *d)
{
	if (strcmp(d->path.kind, KIND_UVBD) == 0)
		return host_daemon_running("xl-lite-blkd");
	if (strcmp(d->path.kind, KIND_UVIF) == 0)
		return host_daemon_running("xl-lite-netd");
	return true;
}

static bool is_waited_for(const struct leaving *d)
{
	return !d->gone && !d->unserved;
}

static void look_at(struct leave *l, struct leaving *d)
{
	unsigned int state;
	int err;

	if (d->gone)
		return;
	err = store_read_uint(&l->host->store, XBT_NULL, d->backend, "state",
			      0, XenbusStateReconfigured, &state);
	d->gone = err || state == XenbusStateClosed;
}

static bool is_waiting(const struct leave *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (is_waited_for(&l->devices[i]))
			return true;
	return false;
}

bool leave_complete(const struct leave *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (!l->devices[i].gone)
			return false;
	return true;
}

/* Look at the devices whose events have come. */
static int take_events(struct leave *l)
{
	char path[STORE_PATH_MAX], token[16];
	unsigned int i;
	int n;

	while ((n = store_next_event(&l->host->store, path, sizeof(path),
				     token, sizeof(token))) == 1)
		if (strncmp(token, TOKEN, strlen(TOKEN)) == 0 &&
		    num_parse_uint(token + strlen(TOKEN), 0, l->count - 1,
				   &i) == 0)
			look_at(l, &l->devices[i]);
	return n;
}

static void token_of(size_t i, char token[16])
{
	snprintf(token, 16, TOKEN "%u", (unsigned int)i);
}

/* To the first that cannot be. */
static int watch_each(struct leave *l)
{
	for (size_t i = 0; i < l->count; i++) {
		struct leaving *d = &l->devices[i];
		char token[16];
		int err;

		d->unserved = !d->gone && !is_served(d);
		if (!is_waited_for(d))
			continue;
		token_of(i, token);
		err = store_watch(&l->host->store, d->backend, "state", token);
		if (err)
			return err;
	}
	return 0;
}

static int watch_devices(struct leave *l)
{
	int err, sent;

	store_gather(&l->host->store);
	err = watch_each(l);
	sent = store_gathered(&l->host->store);
	return err ? err : sent;
}

/* Of those that are still there, so that they can be waited for again. */
static void unwatch_devices(struct leave *l)
{
	store_gather(&l->host->store);
	for (size_t i = 0; i < l->count; i++) {
		char token[16];

		token_of(i, token);
		if (is_waited_for(&l->devices[i]))
			store_unwatch(&l->host->store, l->devices[i].backend,
				      "state", token);
	}
	store_gathered(&l->host->store);
}

int leave_wait(struct leave *l)
{
	const uint64_t deadline = clock_now_ns() + HOST_DEADLINE_S * NS_PER_S;
	int err = watch_devices(l);

	while (!err && is_waiting(l)) {
		struct pollfd p = {
			.fd = store_fd(&l->host->store),
			.events = POLLIN,
		};
		uint64_t now;

		err = take_events(l);
		now = clock_now_ns();
		if (err || !is_waiting(l) || now >= deadline)
			break;
		poll(&p, 1, (deadline - now) / NS_PER_MS + 1);
	}
	unwatch_devices(l);
	return err;
}

void leave_warn(const struct leave *l)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct leaving *d = &l->devices[i];

		if (d->unserved)
			log_warn("domain %u: %s: its server does not run: removed without it",
				 l->domid, d->backend);
		else if (!d->gone)
			log_warn("domain %u: %s: not closed by its server in %d s: removed all the same",
				 l->domid, d->backend, HOST_DEADLINE_S);
	}
}

/* -- scripts --------------------------------------------------------------- */

static bool has(struct store *s, const char *dir, const char *node)
{
	char value[STORE_VALUE_MAX];

	return store_read(s, XBT_NULL, dir, node, value, sizeof(value)) == 0;
}

static bool is_kind_with_script(const char *kind)
{
	return strcmp(kind, KIND_VBD) == 0 || strcmp(kind, KIND_VIF) == 0 ||
	       strcmp(kind, KIND_UVIF) == 0;
}

static void run_script(const struct leave *l, const struct leaving *d)
{
	struct store *s = &l->host->store;
	char script[256], gatewaydev[64];
	struct hotplug h = {
		.script = script,
		.backend = &d->path,
		.dir = d->backend,
	};

	/* another domain's are its own to run */
	if (d->path.backend_domid != 0 || !is_kind_with_script(d->path.kind) ||
	    store_read(s, XBT_NULL, d->libxl, "script", script,
		       sizeof(script)) || *script != '/' ||
	    hotplug_is_built_in(script, d->path.kind,
				has(s, d->backend, "node")))
		return;
	if (store_read(s, XBT_NULL, d->libxl, "gatewaydev", gatewaydev,
		       sizeof(gatewaydev)) == 0)
		h.gatewaydev = gatewaydev;
	snprintf(h.guest, sizeof(h.guest), "domain %u", l->domid);
	snprintf(h.device, sizeof(h.device), "%s %u", d->path.kind,
		 d->path.devid);
	hotplug_run(s, &h, false, NULL);
}

void leave_scripts(const struct leave *l)
{
	for (size_t i = 0; i < l->count; i++)
		run_script(l, &l->devices[i]);
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

/* What is above a backend's folder, from the guest's up. */
#define LEVELS 3

static void folder_above(const struct backend_path *p, unsigned int level,
			 char dir[STORE_DIR_MAX])
{
	switch (level) {
	case 0:
		path_backend_guest(dir, STORE_DIR_MAX, p->backend_domid,
				   p->kind, p->domid);
		break;
	case 1:
		path_backends(dir, STORE_DIR_MAX, p->backend_domid, p->kind);
		break;
	default:
		path_domain_node(dir, STORE_DIR_MAX, p->backend_domid,
				 "backend");
		break;
	}
}

static bool is_listed(char (*dirs)[STORE_DIR_MAX], size_t count,
		      const char *dir)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(dirs[i], dir) == 0)
			return true;
	return false;
}

/* The folders of one level that nothing is in any more. */
static int remove_empty(struct store *s, xs_transaction_t t,
			const struct leave *l, unsigned int level,
			char (*dirs)[STORE_DIR_MAX], bool *empty)
{
	size_t count = 0;
	int err;

	for (size_t i = 0; i < l->count; i++) {
		folder_above(&l->devices[i].path, level, dirs[count]);
		if (!is_listed(dirs, count, dirs[count]))
			count++;
	}
	err = store_are_empty(s, t, dirs, empty, count);
	for (size_t i = 0; !err && i < count; i++)
		if (empty[i])
			err = store_remove(s, t, dirs[i], NULL);
	return err;
}

/* A folder of one device, and the one of its kind if it was the last. */
static int remove_of_kind(struct store *s, xs_transaction_t t,
			  const char *path)
{
	char dir[STORE_PATH_MAX], *slash;
	int err = store_remove(s, t, path, NULL);

	if (err)
		return err;
	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (!slash)
		return 0;
	*slash = '\0';
	return remove_if_empty(s, t, dir);
}

/* The node in which its backend told why it failed, and what is above that. */
static int remove_error(struct store *s, xs_transaction_t t,
			const struct leaving *d, const char *top)
{
	const size_t top_len = strlen(top);
	char path[STORE_PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/error%s", top,
			 d->backend + top_len);
	int err = n < 0 || (size_t)n >= sizeof(path) ? -ENAMETOOLONG :
		store_remove(s, t, path, NULL);

	while (!err) {
		*strrchr(path, '/') = '\0';
		if (strlen(path) <= top_len)
			break;
		err = remove_if_empty(s, t, path);
	}
	return err;
}

/* Our daemons remove theirs, if they are there to do it; the kernel never. */
static bool leaves_errors(const struct leaving *d)
{
	return d->path.backend_domid == 0 && !(is_ours(d) && is_served(d));
}

static int remove_errors(struct store *s, xs_transaction_t t,
			 const struct leave *l)
{
	CLEANUP_FREE char **names = NULL;
	char top[STORE_PATH_MAX];
	unsigned int count;
	int err;

	path_domain(top, sizeof(top), 0);
	err = store_list(s, t, top, "error/backend", &names, &count);
	if (err)
		return err == -ENOENT ? 0 : err;
	for (size_t i = 0; !err && i < l->count; i++)
		if (leaves_errors(&l->devices[i]))
			err = remove_error(s, t, &l->devices[i], top);
	return err;
}

/* The backends' folders, and those above that nothing else is in. */
int leave_remove_backends(struct store *s, xs_transaction_t t,
			  const struct leave *l)
{
	CLEANUP_FREE char (*dirs)[STORE_DIR_MAX] = calloc(l->count + 1,
							  sizeof(*dirs));
	CLEANUP_FREE bool *empty = calloc(l->count + 1, sizeof(*empty));
	int err = dirs && empty ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < l->count; i++)
		err = store_remove(s, t, l->devices[i].backend, NULL);
	for (unsigned int level = 0; !err && level < LEVELS; level++)
		err = remove_empty(s, t, l, level, dirs, empty);
	return err ? err : remove_errors(s, t, l);
}

int leave_remove_all_backends(struct store *s, xs_transaction_t t,
			      domid_t domid)
{
	CLEANUP_LEAVE struct leave all = { .domid = domid };
	CLEANUP_FREE char **kinds = NULL;
	char dir[STORE_PATH_MAX];
	unsigned int num = 0;
	int err;

	path_domain(dir, sizeof(dir), 0);
	err = store_list(s, t, dir, "backend", &kinds, &num);
	if (err)
		return err == -ENOENT ? 0 : err;
	all.devices = calloc(num + 1, sizeof(*all.devices));
	if (!all.devices)
		return -ENOMEM;
	for (unsigned int i = 0; i < num; i++) {
		struct leaving *d = &all.devices[all.count];

		if (strlen(kinds[i]) >= STORE_KIND_MAX)
			continue;	/* nobody's whom we know */
		d->path.domid = domid;
		snprintf(d->path.kind, sizeof(d->path.kind), "%s", kinds[i]);
		path_backend_guest(d->backend, sizeof(d->backend), 0,
				   d->path.kind, domid);
		all.count++;
	}
	return leave_remove_backends(s, t, &all);
}

int leave_remove(struct store *s, xs_transaction_t t, void *arg)
{
	const struct leave *l = arg;
	int err = leave_remove_backends(s, t, l);

	for (size_t i = 0; !err && i < l->count; i++) {
		err = remove_of_kind(s, t, l->devices[i].frontend);
		if (!err)
			err = remove_of_kind(s, t, l->devices[i].libxl);
	}
	return err;
}
