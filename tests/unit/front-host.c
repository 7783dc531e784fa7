/* SPDX-License-Identifier: MIT */
/* A host for frontends that is only memory; see front-host.h. */
#include "tests/unit/front-host.h"

#include <errno.h>
#include <string.h>

unsigned int tests_run, tests_failed;

void check_at(const char *file, int line, bool good, const char *what)
{
	tests_run++;
	if (good) {
		printf("ok %u - %s\n", tests_run, what);
		return;
	}
	tests_failed++;
	printf("not ok %u - %s (%s:%d)\n", tests_run, what, file, line);
}

int tests_done(void)
{
	printf("1..%u\n", tests_run);
	return tests_failed != 0;
}

/* -- xenstore ------------------------------------------------------------ */

static unsigned int find(struct front_host *h, const char *path)
{
	unsigned int i;

	for (i = 0; i < h->nodes_used; i++)
		if (!strcmp(h->nodes[i].path, path))
			break;
	return i;
}

const char *host_get(struct front_host *h, const char *path)
{
	unsigned int i = find(h, path);

	return i < h->nodes_used ? h->nodes[i].value : NULL;
}

unsigned long host_number(struct front_host *h, const char *path)
{
	const char *value = host_get(h, path);

	return value ? strtoul(value, NULL, 10) : 0;
}

void host_set(struct front_host *h, const char *path, const char *value)
{
	unsigned int i = find(h, path);

	if (i == HOST_NODES)
		abort();
	if (i == h->nodes_used)
		h->nodes_used++;
	snprintf(h->nodes[i].path, sizeof(h->nodes[i].path), "%s", path);
	snprintf(h->nodes[i].value, sizeof(h->nodes[i].value), "%s", value);
}

void host_remove(struct front_host *h, const char *path)
{
	unsigned int i = find(h, path);

	if (i < h->nodes_used)
		h->nodes[i] = h->nodes[--h->nodes_used];
}

static int store_read(void *host, uint32_t tx, const char *path, char *value,
		      size_t size)
{
	const char *found = host_get(host, path);

	(void)tx;
	if (!found)
		return -ENOENT;
	if (strlen(found) >= size)
		return -E2BIG;
	memcpy(value, found, strlen(found) + 1);
	return 0;
}

static int store_write(void *host, uint32_t tx, const char *path,
		       const char *value)
{
	(void)tx;
	host_set(host, path, value);
	return 0;
}

static int store_remove(void *host, uint32_t tx, const char *path)
{
	(void)tx;
	host_remove(host, path);
	return 0;
}

static int store_begin(void *host, uint32_t *tx)
{
	(void)host;
	*tx = 1;
	return 0;
}

static int store_commit(void *host, uint32_t tx)
{
	struct front_host *h = host;

	(void)tx;
	if (!h->commit_again)
		return 0;
	h->commit_again--;
	return -EAGAIN;
}

static void store_abort(void *host, uint32_t tx)
{
	(void)host;
	(void)tx;
}

static int store_watch(void *host, const char *path)
{
	(void)path;
	((struct front_host *)host)->watches++;
	return 0;
}

static void store_unwatch(void *host, const char *path)
{
	(void)path;
	((struct front_host *)host)->watches--;
}

/* -- pages and ports ----------------------------------------------------- */

static int pages_share(void *host, domid_t domid, unsigned int count,
		       bool writable, void **area, uint32_t *grefs)
{
	struct front_host *h = host;
	unsigned int i;

	(void)domid;
	if (h->grants_used + count > HOST_GRANTS ||
	    (h->pages_limit && count > h->pages_limit))
		return -ENOSPC;
	*area = aligned_alloc(FRONT_PAGE_SIZE, (size_t)count * FRONT_PAGE_SIZE);
	if (!*area)
		return -ENOMEM;
	memset(*area, 0, (size_t)count * FRONT_PAGE_SIZE);
	for (i = 0; i < count; i++) {
		grefs[i] = h->grants_used++;
		h->grants[grefs[i]] = (char *)*area + i * FRONT_PAGE_SIZE;
		h->writable[grefs[i]] = writable;
	}
	h->areas++;
	return 0;
}

static int pages_end(void *host, void *area, const uint32_t *grefs,
		     unsigned int count)
{
	struct front_host *h = host;
	unsigned int i;

	/* freed all the same: the sanitizers then see any later use */
	for (i = 0; i < count; i++)
		h->grants[grefs[i]] = NULL;
	h->areas--;
	free(area);
	return h->still_mapped ? -EBUSY : 0;
}

static int port_open(void *host, domid_t domid, uint32_t *port)
{
	struct front_host *h = host;

	(void)domid;
	*port = ++h->ports_open;
	return 0;
}

static void port_close(void *host, uint32_t port)
{
	(void)port;
	((struct front_host *)host)->ports_open--;
}

static void port_notify(void *host, uint32_t port)
{
	((struct front_host *)host)->notified[port]++;
}

static uint64_t now_ns(void *host)
{
	return ((struct front_host *)host)->now_ns;
}

static void log_line(void *host, enum front_level level, const char *message)
{
	struct front_host *h = host;

	if (level != FRONT_ERROR)
		return;
	h->errors++;
	snprintf(h->last_error, sizeof(h->last_error), "%s", message);
}

const struct front_ops front_host_ops = {
	.pages_share = pages_share,
	.pages_end = pages_end,
	.port_open = port_open,
	.port_close = port_close,
	.port_notify = port_notify,
	.store_read = store_read,
	.store_write = store_write,
	.store_remove = store_remove,
	.store_begin = store_begin,
	.store_commit = store_commit,
	.store_abort = store_abort,
	.store_watch = store_watch,
	.store_unwatch = store_unwatch,
	.now_ns = now_ns,
	.log = log_line,
};

void host_init(struct front_host *h)
{
	memset(h, 0, sizeof(*h));
	h->grants_used = 8;
}
