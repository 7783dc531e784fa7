/* SPDX-License-Identifier: MIT */
/* A host for frontends under a fuzzer; see front-peer.h. */
#include "tests/fuzz/front-peer.h"

#include <errno.h>
#include <stdio.h>

static _Alignas(4096) uint8_t memory[FRONT_PEER_PAGES * FRONT_PAGE_SIZE];
static uint8_t ring_truth[16 * FRONT_PAGE_SIZE];

/* -- xenstore --------------------------------------------------------------- */

static unsigned int find(const struct front_peer *p, const char *path)
{
	unsigned int i = 0;

	while (i < p->node_count && strcmp(p->nodes[i].path, path))
		i++;
	return i;
}

static void remove_node(struct front_peer *p, const char *path)
{
	unsigned int i = find(p, path);

	if (i < p->node_count)
		p->nodes[i] = p->nodes[--p->node_count];
}

void front_peer_set(struct front_peer *p, const char *path, const char *value)
{
	unsigned int i = find(p, path);

	if (!value) {
		remove_node(p, path);
		return;
	}
	MUST(i < FRONT_PEER_NODES);
	MUST(strlen(path) < sizeof(p->nodes[i].path));
	MUST(strlen(value) < sizeof(p->nodes[i].value));
	if (i == p->node_count) {
		memcpy(p->nodes[i].path, path, strlen(path) + 1);
		p->node_count++;
	}
	memcpy(p->nodes[i].value, value, strlen(value) + 1);
}

void front_peer_offer(struct front_peer *p, const char *node, const char *value)
{
	char path[48];

	snprintf(path, sizeof(path), FRONT_PEER_BACK "/%s", node);
	front_peer_set(p, path, value);
}

static int store_read(void *host, uint32_t tx, const char *path, char *value,
		      size_t size)
{
	struct front_peer *p = host;
	unsigned int i = find(p, path);
	size_t n;

	MUST(!tx || p->transactions);
	if (i == p->node_count)
		return -ENOENT;
	n = strlen(p->nodes[i].value) + 1;
	if (n > size || !strcmp(p->nodes[i].value, FRONT_PEER_LONG))
		return -E2BIG;
	memcpy(value, p->nodes[i].value, n);
	return 0;
}

static int store_write(void *host, uint32_t tx, const char *path,
		       const char *value)
{
	struct front_peer *p = host;

	if (p->store_fails && p->store_begun >= p->store_fails)
		return -EIO;
	/* a frontend writes into its own folder, and only in transactions */
	MUST(tx && p->transactions);
	MUST(!strncmp(path, FRONT_PEER_DIR "/", strlen(FRONT_PEER_DIR "/")));
	front_peer_set(p, path, value);
	return 0;
}

static int store_remove(void *host, uint32_t tx, const char *path)
{
	MUST(tx);
	MUST(!strncmp(path, FRONT_PEER_DIR "/", strlen(FRONT_PEER_DIR "/")));
	remove_node(host, path);
	return 0;
}

static int store_begin(void *host, uint32_t *tx)
{
	struct front_peer *p = host;

	MUST(!p->transactions);
	p->store_begun++;
	if (p->store_fails && p->store_begun >= p->store_fails &&
	    p->store_begun & 1)
		return -EIO;
	p->transactions = *tx = 1;
	return 0;
}

static int store_commit(void *host, uint32_t tx)
{
	struct front_peer *p = host;

	MUST(tx == 1 && p->transactions);
	p->transactions = 0;
	if (!p->store_again)
		return 0;
	p->store_again--;
	return -EAGAIN;
}

static void store_abort(void *host, uint32_t tx)
{
	struct front_peer *p = host;

	MUST(tx == 1 && p->transactions);
	p->transactions = 0;
}

static int store_watch(void *host, const char *path)
{
	(void)path;
	((struct front_peer *)host)->watches++;
	return 0;
}

static void store_unwatch(void *host, const char *path)
{
	struct front_peer *p = host;

	(void)path;
	MUST(p->watches);
	p->watches--;
}

/* -- pages and ports ---------------------------------------------------------- */

static int pages_share(void *host, domid_t domid, unsigned int count,
		       bool writable, void **area, uint32_t *grefs)
{
	struct front_peer *p = host;
	struct front_peer_area *a = &p->areas[p->area_count];

	(void)domid;
	MUST(p->area_count < FRONT_PEER_AREAS);
	if (p->refuse_share == p->area_count + 1)
		return -ENOSPC;
	MUST(p->pages + count <= FRONT_PEER_PAGES);
	*a = (struct front_peer_area){
		.first = p->pages, .count = count, .writable = writable,
	};
	*area = memory + (size_t)p->pages * FRONT_PAGE_SIZE;
	for (unsigned int i = 0; i < count; i++)
		grefs[i] = FRONT_PEER_GREF + p->pages + i;
	p->pages += count;
	if (p->area_count++ == 0) {
		MUST(writable && count * FRONT_PAGE_SIZE <= sizeof(ring_truth));
		p->ring.base = *area;
		p->ring.truth = ring_truth;
		p->ring.size = count * FRONT_PAGE_SIZE;
		memset(ring_truth, 0, p->ring.size);
		peer_share(&p->ring);
	}
	return 0;
}

static int pages_end(void *host, void *area, const uint32_t *grefs,
		     unsigned int count)
{
	struct front_peer *p = host;
	unsigned int first = (unsigned int)(((uint8_t *)area - memory) /
					    FRONT_PAGE_SIZE);

	for (unsigned int i = 0; i < p->area_count; i++) {
		struct front_peer_area *a = &p->areas[i];

		if (a->first != first)
			continue;
		MUST(a->count == count && !a->ended);
		MUST(grefs[0] == FRONT_PEER_GREF + first);
		a->ended = true;
		return p->still_mapped ? -EBUSY : 0;
	}
	fuzz_fail(__FILE__, __LINE__, "an area that was shared is ended");
}

static int port_open(void *host, domid_t domid, uint32_t *port)
{
	struct front_peer *p = host;

	(void)domid;
	*port = 1 + p->ports++;
	return 0;
}

static void port_close(void *host, uint32_t port)
{
	struct front_peer *p = host;

	MUST(port && p->ports);
	p->ports--;
}

static void port_notify(void *host, uint32_t port)
{
	MUST(port);
	((struct front_peer *)host)->notifies++;
}

static uint64_t now_ns(void *host)
{
	return ((struct front_peer *)host)->now_ns;
}

static void log_line(void *host, enum front_level level, const char *message)
{
	(void)level;
	MUST(message[0] && fuzz_printable(message));
	((struct front_peer *)host)->log_lines++;
}

const struct front_ops front_peer_ops = {
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

void front_peer_init(struct front_peer *p)
{
	memset(p, 0, sizeof(*p));
	front_peer_set(p, FRONT_PEER_DIR "/backend", FRONT_PEER_BACK);
	front_peer_set(p, FRONT_PEER_DIR "/backend-id", "0");
	front_peer_set(p, FRONT_PEER_DIR "/state", "1");
}

uint8_t *front_peer_page(const struct front_peer *p, uint32_t gref)
{
	if (gref < FRONT_PEER_GREF || gref - FRONT_PEER_GREF >= p->pages)
		return NULL;
	return memory + (size_t)(gref - FRONT_PEER_GREF) * FRONT_PAGE_SIZE;
}

void front_peer_check_over(const struct front_peer *p)
{
	for (unsigned int i = 0; i < p->area_count; i++)
		MUST(p->areas[i].ended);
	MUST(!p->ports && !p->watches && !p->transactions);
	/* whatever a backend does, it is not worth many lines */
	MUST(p->log_lines <= 2);
}
