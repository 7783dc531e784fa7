/* SPDX-License-Identifier: MIT */
/* The host of a frontend in a Linux guest; see host.h. */
#include "config.h"

#include "frontends/linux/host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/xenlog.h"

#define GNTALLOC "/dev/xen/gntalloc"
#define GNTALLOC_LIMIT "/sys/module/xen_gntalloc/parameters/limit"
#define GNTALLOC_LIMIT_MAX (1u << 24)
#define DEVICES_MAX 32

#define WATCH_TOKEN "front"

/* -- pages --------------------------------------------------------------- */

static int limit_read(unsigned int *limit)
{
	char text[24];
	CLEANUP_CLOSE int fd = open(GNTALLOC_LIMIT, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return n ? -errno : -EINVAL;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return num_parse_uint(text, 0, GNTALLOC_LIMIT_MAX, limit);
}

static int limit_write(unsigned int limit)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%u", limit);
	CLEANUP_CLOSE int fd = open(GNTALLOC_LIMIT, O_WRONLY | O_CLOEXEC);

	if (fd == -1 || write(fd, text, n) != n)
		return -errno;
	return 0;
}

/*
 * The module's limit is one number for all programs of this guest, and what
 * is used of it is not shown. So raise it by what we need.
 */
static int limit_raise(struct host *h, unsigned int count)
{
	unsigned int limit;
	int r = limit_read(&limit);

	if (r)
		return log_err(r, GNTALLOC_LIMIT ": read");
	r = limit_write(limit + count);
	if (r)
		return log_err(r, "%s: %u more pages to grant, but the limit "
			       "of %u in " GNTALLOC_LIMIT " cannot be raised",
			       h->dir, count, limit);
	log_info("%s: raised the limit of granted pages from %u to %u in "
		 GNTALLOC_LIMIT, h->dir, limit, limit + count);
	return 0;
}

static int pages_share(void *host, domid_t domid, unsigned int count,
		       bool writable, void PEER **area, uint32_t *grefs)
{
	struct host *h = host;
	void *pages = xengntshr_share_pages(h->gntshr, domid, count, grefs,
					    writable);

	if (!pages && errno == ENOSPC && limit_raise(h, count) == 0)
		pages = xengntshr_share_pages(h->gntshr, domid, count, grefs,
					      writable);
	if (!pages)
		return log_err(-errno, "%s: grant %u pages to domain %u",
			       h->dir, count, domid);
	*area = (PEER_FORCE void PEER *)pages;
	return 0;
}

/*
 * The kernel frees such a page only once the peer has unmapped it, however
 * late: it is not ours to wait for, and -EBUSY cannot be.
 */
static int pages_end(void *host, void PEER *area, const uint32_t *grefs,
		     unsigned int count)
{
	struct host *h = host;

	(void)grefs;
	return xengntshr_unshare(h->gntshr, (PEER_FORCE void *)area, count) ? -errno : 0;
}

/* -- events -------------------------------------------------------------- */

static int port_open(void *host, domid_t domid, uint32_t *port)
{
	struct host *h = host;
	evtchn_port_t local;
	int r = evtchn_alloc(&h->evtchn, domid, &local);

	if (r)
		return log_err(r, "%s: event channel to domain %u", h->dir,
			       domid);
	*port = local;
	return 0;
}

static void port_close(void *host, uint32_t port)
{
	evtchn_unbind(&((struct host *)host)->evtchn, port);
}

static void port_notify(void *host, uint32_t port)
{
	evtchn_notify(&((struct host *)host)->evtchn, port);
}

/* -- xenstore ------------------------------------------------------------ */

static int op_read(void *host, uint32_t tx, const char *path, char *value,
		   size_t size)
{
	return store_read(&((struct host *)host)->store, tx, path, NULL, value,
			  size);
}

static int op_write(void *host, uint32_t tx, const char *path,
		    const char *value)
{
	return store_write(&((struct host *)host)->store, tx, path, NULL,
			   value);
}

static int op_remove(void *host, uint32_t tx, const char *path)
{
	return store_remove(&((struct host *)host)->store, tx, path, NULL);
}

static int op_begin(void *host, uint32_t *tx)
{
	struct store *s = &((struct host *)host)->store;

	s->requests++;
	*tx = xs_transaction_start(s->xs);
	return *tx == XBT_NULL ? log_err(-errno, "xenstore: transaction") : 0;
}

static int op_end(void *host, uint32_t tx, bool abort)
{
	struct store *s = &((struct host *)host)->store;

	s->requests++;
	if (xs_transaction_end(s->xs, tx, abort))
		return 0;
	return errno == EAGAIN ? -EAGAIN :
		log_err(-errno, "xenstore: commit");
}

static int op_commit(void *host, uint32_t tx)
{
	return op_end(host, tx, false);
}

static void op_abort(void *host, uint32_t tx)
{
	op_end(host, tx, true);
}

static int op_watch(void *host, const char *path)
{
	return store_watch(&((struct host *)host)->store, path, NULL,
			   WATCH_TOKEN);
}

static void op_unwatch(void *host, const char *path)
{
	store_unwatch(&((struct host *)host)->store, path, NULL, WATCH_TOKEN);
}

/* -- clock and log ------------------------------------------------------- */

static uint64_t op_now_ns(void *host)
{
	(void)host;
	return clock_now_ns();
}

static void op_log(void *host, enum front_level level, const char *message)
{
	struct host *h = host;

	switch (level) {
	case FRONT_ERROR:
		log_fail(-EIO, "%s: %s", h->dir, message);
		break;
	case FRONT_WARNING:
		log_warn("%s: %s", h->dir, message);
		break;
	case FRONT_INFO:
		log_info("%s: %s", h->dir, message);
		break;
	case FRONT_DEBUG:
		log_debug("%s: %s", h->dir, message);
		break;
	}
}

const struct front_ops host_ops = {
	.pages_share = pages_share,
	.pages_end = pages_end,
	.port_open = port_open,
	.port_close = port_close,
	.port_notify = port_notify,
	.store_read = op_read,
	.store_write = op_write,
	.store_remove = op_remove,
	.store_begin = op_begin,
	.store_commit = op_commit,
	.store_abort = op_abort,
	.store_watch = op_watch,
	.store_unwatch = op_unwatch,
	.now_ns = op_now_ns,
	.log = op_log,
};

/* -- which device -------------------------------------------------------- */

struct found {
	char dirs[DEVICES_MAX][64];
	unsigned int count;
	unsigned int of_first_kind;	/* they come first */
};

static void find_devices(struct host *h, const char *const *kinds,
			 struct found *found)
{
	const char *const *first = kinds;

	for (; *kinds; kinds++) {
		CLEANUP_FREE char **names = NULL;
		unsigned int i, count;

		if (store_list(&h->store, XBT_NULL, "device", *kinds, &names,
			       &count))
			continue;
		for (i = 0; i < count && found->count < DEVICES_MAX; i++)
			snprintf(found->dirs[found->count++],
				 sizeof(found->dirs[0]), "device/%s/%s",
				 *kinds, names[i]);
		if (kinds == first)
			found->of_first_kind = found->count;
	}
}

/* "device/vbd/51712, device/uvbd/51728" */
static void list_devices(const struct found *found, char *text, size_t size)
{
	size_t used = 0;
	unsigned int i;

	text[0] = '\0';
	for (i = 0; i < found->count && used < size; i++)
		used += snprintf(text + used, size - used, "%s%s",
				 i ? ", " : "", found->dirs[i]);
}

static int choose_device(struct host *h, const char *name,
			 const char *const *kinds)
{
	struct found found = { .count = 0 };
	char list[512];
	unsigned int i;

	find_devices(h, kinds, &found);
	list_devices(&found, list, sizeof(list));
	if (!found.count)
		return log_fail(-ENOENT, "device/%s: this guest has no such "
				"device: give it one in its configuration",
				kinds[0]);
	/* the first are of the kind that no kernel claims */
	if (!name && (found.count == 1 || found.of_first_kind == 1)) {
		snprintf(h->dir, sizeof(h->dir), "%s", found.dirs[0]);
		return 0;
	}
	if (!name)
		return log_fail(-EINVAL, "which device? say --device with one "
				"of: %s", list);
	if (!strchr(name, '/'))
		snprintf(h->dir, sizeof(h->dir), "device/%s/%s", kinds[0],
			 name);
	else if (!strncmp(name, "device/", strlen("device/")))
		snprintf(h->dir, sizeof(h->dir), "%s", name);
	else
		snprintf(h->dir, sizeof(h->dir), "device/%s", name);
	for (i = 0; i < found.count; i++)
		if (!strcmp(h->dir, found.dirs[i]))
			return 0;
	return log_fail(-ENOENT, "%s: no such device: there is %s", h->dir,
			list);
}

/* Two drivers on one device would tear each other's rings down. */
static int refuse_bound(struct host *h)
{
	char path[PATH_MAX], target[PATH_MAX], bus_id[64];
	char *driver;
	ssize_t n;

	/* device/vbd/51712 is vbd-51712 on the kernel's bus */
	snprintf(bus_id, sizeof(bus_id), "%s", h->dir + strlen("device/"));
	*strchrnul(bus_id, '/') = '-';
	snprintf(path, sizeof(path), "/sys/bus/xen/devices/%s/driver", bus_id);
	n = readlink(path, target, sizeof(target) - 1);
	if (n == -1)
		return 0;
	target[n] = '\0';
	driver = strrchr(target, '/');
	driver = driver ? driver + 1 : target;
	return log_fail(-EBUSY, "%s: this kernel's driver '%s' holds the "
			"device; take it away with: echo %s > "
			"/sys/bus/xen/drivers/%s/unbind", h->dir, driver,
			bus_id, driver);
}

static int open_gntalloc(struct host *h)
{
	h->gntshr = xengntshr_open(xenlog_silent(), 0);
	if (h->gntshr)
		return 0;
	if (errno == ENOENT || errno == ENODEV)
		return log_fail(-errno, GNTALLOC ": the module is not loaded: "
				"modprobe xen-gntalloc");
	return log_err(-errno, GNTALLOC ": open (is this root?)");
}

int host_open(struct host *h, const char *name, const char *const *kinds)
{
	int r;

	memset(h, 0, sizeof(*h));
	r = store_open(&h->store);
	if (r)
		return r;
	r = choose_device(h, name, kinds);
	if (r == 0)
		r = refuse_bound(h);
	if (r == 0)
		r = open_gntalloc(h);
	if (r == 0)
		r = evtchn_open(&h->evtchn);
	if (r)
		host_close(h);
	return r;
}

void host_close(struct host *h)
{
	evtchn_close(&h->evtchn);
	if (h->gntshr)
		xengntshr_close(h->gntshr);
	h->gntshr = NULL;
	store_close(&h->store);
}

/* -- the program's loop -------------------------------------------------- */

static int add(struct loop *l, int fd, enum host_tag type)
{
	return fd < 0 ? fd : loop_add(l, fd, EPOLLIN,
				      (union loop_tag) { .type = type });
}

int host_open_loop(struct loop *l, int *signal_fd, int *timer_fd,
		   uint64_t tick_ns)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	int r = loop_open(l);

	*signal_fd = loop_signal_fd(signals, ARRAY_SIZE(signals));
	*timer_fd = loop_timer_fd();
	if (r == 0)
		r = add(l, *signal_fd, HOST_SIGNAL);
	if (r == 0)
		r = add(l, *timer_fd, HOST_TIMER);
	if (r == 0)
		r = loop_timer_set(*timer_fd, tick_ns);
	return r ? log_err(r, "set up the event loop") : 0;
}

int host_listen(struct host *h, struct loop *l)
{
	int r = add(l, store_fd(&h->store), HOST_STORE);

	if (r == 0)
		r = add(l, evtchn_fd(&h->evtchn), HOST_EVENT);
	return r ? log_err(r, "set up the event loop") : 0;
}

void host_take_watches(struct host *h)
{
	char path[8], token[8];

	/* each only says 'look again' */
	while (store_next_event(&h->store, path, sizeof(path), token,
				sizeof(token)) == 1)
		;
}

int host_take_event(struct host *h, evtchn_port_t *port)
{
	return evtchn_take(&h->evtchn, port);
}

void host_unmask(struct host *h, evtchn_port_t port)
{
	evtchn_unmask(&h->evtchn, port);
}

bool host_events_fail(const struct host *h)
{
	if (!h->evtchn.error)
		return false;
	log_err(h->evtchn.error, "%s: event channel", h->dir);
	return true;
}

void host_ready(const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	log_info("ready: %s", text);
#ifdef HAVE_LIBSYSTEMD
	sd_notifyf(0, "READY=1\nSTATUS=%s", text);
#endif
}

void host_stopping(void)
{
#ifdef HAVE_LIBSYSTEMD
	sd_notify(0, "STOPPING=1");
#endif
}
