/* SPDX-License-Identifier: MIT */
/*
 * libxengnttab, both halves, on the simulated hypervisor. The broker says
 * which frames a grant stands for and keeps account of who uses them; mapping
 * them and copying from them is this process's own doing.
 */
#include "config.h"

#include "tests/sim/client.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xengnttab.h>

/* Pages mapped by one call: they are unmapped by one call, too. */
struct area {
	struct area *next;
	void *start;
	uint32_t count;
	uint32_t id;
};

struct xengntdev_handle {
	int fd;			/* for those who ask; never has anything */
	pthread_mutex_t lock;
	struct area *areas;
};

static struct xengntdev_handle *handle_open(enum sim_call call)
{
	struct xengntdev_handle *h;

	if (sim_fails(call))
		return NULL;
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	pthread_mutex_init(&h->lock, NULL);
	h->fd = eventfd(0, EFD_CLOEXEC);
	if (h->fd == -1) {
		free(h);
		return NULL;
	}
	return h;
}

/* What is mapped stays mapped, as the device leaves it. */
static int handle_close(struct xengntdev_handle *h)
{
	struct area *next;

	if (!h)
		return 0;
	for (struct area *a = h->areas; a; a = next) {
		next = a->next;
		free(a);
	}
	close(h->fd);
	free(h);
	return 0;
}

/* -- areas ------------------------------------------------------------------- */

static int area_add(struct xengntdev_handle *h, void *start, uint32_t count,
		    uint32_t id)
{
	struct area *a = malloc(sizeof(*a));

	if (!a)
		return -1;
	*a = (struct area){ .start = start, .count = count, .id = id };
	pthread_mutex_lock(&h->lock);
	a->next = h->areas;
	h->areas = a;
	pthread_mutex_unlock(&h->lock);
	return 0;
}

/* Unlinks it; the caller frees. NULL: there is none of just that size. */
static struct area *area_take(struct xengntdev_handle *h, void *start,
			      uint32_t count)
{
	struct area **at, *a;

	pthread_mutex_lock(&h->lock);
	at = &h->areas;
	while (*at && ((*at)->start != start || (*at)->count != count))
		at = &(*at)->next;
	a = *at;
	if (a)
		*at = a->next;
	pthread_mutex_unlock(&h->lock);
	return a;
}

/* The frames of MSG's items side by side. */
static void *map_frames(const struct sim_msg *msg, int prot)
{
	size_t size = (size_t)msg->count * SIM_PAGE;
	char *start = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	if (start == MAP_FAILED)
		return NULL;
	for (uint32_t i = 0; i < msg->count; i++)
		if (mmap(start + (size_t)i * SIM_PAGE, SIM_PAGE, prot,
			 MAP_SHARED | MAP_FIXED, sim_memory(),
			 (off_t)msg->items[i].frame * SIM_PAGE) ==
		    MAP_FAILED) {
			munmap(start, size);
			return NULL;
		}
	return start;
}

static struct sim_msg *message(enum sim_op op, uint32_t count)
{
	struct sim_msg *msg;

	if (count > SIM_ITEMS_MAX) {
		errno = op == SIM_GRANT_SHARE ? ENOSPC : ENOMEM;
		return NULL;
	}
	msg = calloc(1, SIM_MSG_SIZE(count));
	if (msg) {
		msg->op = op;
		msg->count = count;
	}
	return msg;
}

static void undo(enum sim_op op, uint32_t id)
{
	struct sim_msg msg = { .op = op, .id = id };
	int saved = errno;

	sim_call(&msg, -1, NULL);
	errno = saved;
}

static void *map_answer(struct xengntdev_handle *h, const struct sim_msg *msg,
			int prot, enum sim_op opposite)
{
	void *start = map_frames(msg, prot);

	if (!start || area_add(h, start, msg->count, msg->id)) {
		if (start)
			munmap(start, (size_t)msg->count * SIM_PAGE);
		undo(opposite, msg->id);
		return NULL;
	}
	return start;
}

/* Unmapped before the other side may think so. */
static int area_end(struct xengntdev_handle *h, struct area *a,
		    enum sim_op op)
{
	struct sim_msg msg = { .op = op, .id = a->id };
	int r = munmap(a->start, (size_t)a->count * SIM_PAGE);

	(void)h;
	free(a);
	return sim_call(&msg, -1, NULL) ? -1 : r;
}

static void ask_for_notice(struct sim_msg *msg, uint32_t offset, uint32_t port)
{
	if (offset < SIM_PAGE) {
		msg->flags |= SIM_CLEAR_BYTE;
		msg->offset = offset;
	}
	if (port != (uint32_t)-1) {
		msg->flags |= SIM_SEND_EVENT;
		msg->port = port;
	}
}

/* -- mapping ----------------------------------------------------------------- */

SIM_PUBLIC
xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger,
				 unsigned int flags)
{
	(void)logger, (void)flags;
	return handle_open(SIM_CALL_grant_open);
}

SIM_PUBLIC
int xengnttab_close(xengnttab_handle *h)
{
	return handle_close(h);
}

SIM_PUBLIC
int xengnttab_fd(xengnttab_handle *h)
{
	return h->fd;
}

SIM_PUBLIC
int xengnttab_set_max_grants(xengnttab_handle *h, uint32_t count)
{
	(void)h, (void)count;
	return 0;
}

/* DOMIDS has one for all pages, or one each, STRIDE apart. */
static void *map_refs(xengnttab_handle *h, uint32_t count,
		      const uint32_t *domids, unsigned int stride,
		      const uint32_t *refs, int prot, uint32_t offset,
		      uint32_t port)
{
	struct sim_msg *msg;
	void *start = NULL;

	if (sim_fails(SIM_CALL_grant_map))
		return NULL;
	if (count == 0) {
		errno = EINVAL;
		return NULL;
	}
	msg = message(SIM_GRANT_MAP, count);
	if (!msg)
		return NULL;
	for (uint32_t i = 0; i < count; i++) {
		msg->items[i].domid = domids[i * stride];
		msg->items[i].ref = refs[i];
	}
	msg->flags = prot & PROT_WRITE ? SIM_WRITE : 0;
	ask_for_notice(msg, offset, port);
	if (sim_call(msg, -1, NULL) == 0)
		start = map_answer(h, msg, prot, SIM_GRANT_UNMAP);
	free(msg);
	return start;
}

SIM_PUBLIC
void *xengnttab_map_grant_ref(xengnttab_handle *h, uint32_t domid,
			      uint32_t ref, int prot)
{
	return map_refs(h, 1, &domid, 0, &ref, prot, -1, -1);
}

SIM_PUBLIC
void *xengnttab_map_grant_refs(xengnttab_handle *h, uint32_t count,
			       uint32_t *domids, uint32_t *refs, int prot)
{
	return map_refs(h, count, domids, 1, refs, prot, -1, -1);
}

SIM_PUBLIC
void *xengnttab_map_domain_grant_refs(xengnttab_handle *h, uint32_t count,
				      uint32_t domid, uint32_t *refs, int prot)
{
	return map_refs(h, count, &domid, 0, refs, prot, -1, -1);
}

SIM_PUBLIC
void *xengnttab_map_grant_ref_notify(xengnttab_handle *h, uint32_t domid,
				     uint32_t ref, int prot, uint32_t offset,
				     evtchn_port_t port)
{
	return map_refs(h, 1, &domid, 0, &ref, prot, offset, port);
}

SIM_PUBLIC
int xengnttab_unmap(xengnttab_handle *h, void *start, uint32_t count)
{
	struct area *a;

	if (sim_fails(SIM_CALL_grant_unmap))
		return -1;
	a = start ? area_take(h, start, count) : NULL;
	if (!a) {
		errno = EINVAL;
		return -1;
	}
	return area_end(h, a, SIM_GRANT_UNMAP);
}

/* -- copying ----------------------------------------------------------------- */

/* One end of a piece: this process's memory, or a page that is pinned. */
struct place {
	void *virt;
	const struct sim_item *item;	/* NULL: virt */
	uint32_t offset;
};

static int move(const struct place *from, const struct place *to, size_t len)
{
	char bounce[SIM_PAGE];
	char *data = from->item ? to->item ? bounce : to->virt : from->virt;
	ssize_t n = len;

	/* by calls that tell a wrong address instead of dying of it */
	if (from->item)
		n = pread(sim_memory(), data, len,
			  (off_t)from->item->frame * SIM_PAGE + from->offset);
	if (n == (ssize_t)len && to->item)
		n = pwrite(sim_memory(), data, len,
			   (off_t)to->item->frame * SIM_PAGE + to->offset);
	if (!from->item && !to->item)
		memmove(to->virt, from->virt, len);
	return n == (ssize_t)len ? 0 : -1;
}

static bool in_page(const xengnttab_grant_copy_segment_t *s)
{
	return !(s->flags & GNTCOPY_source_gref &&
		 s->source.foreign.offset + s->len > (int)SIM_PAGE) &&
	       !(s->flags & GNTCOPY_dest_gref &&
		 s->dest.foreign.offset + s->len > (int)SIM_PAGE);
}

/* A piece has two items, one an end; an end that is here has no domid. */
static void pin_items(const xengnttab_grant_copy_segment_t *s,
		      struct sim_item *item)
{
	item[0].domid = item[1].domid = UINT32_MAX;
	if (s->flags & GNTCOPY_source_gref) {
		item[0].domid = s->source.foreign.domid;
		item[0].ref = s->source.foreign.ref;
	}
	if (s->flags & GNTCOPY_dest_gref) {
		item[1].domid = s->dest.foreign.domid;
		item[1].ref = s->dest.foreign.ref;
		item[1].flags = SIM_WRITE;
	}
}

static int copy_piece(xengnttab_grant_copy_segment_t *s,
		      const struct sim_item *item)
{
	struct place from = { .virt = s->source.virt };
	struct place to = { .virt = s->dest.virt };

	s->status = item[0].status ? item[0].status : item[1].status;
	if (s->status)
		return 0;
	if (s->flags & GNTCOPY_source_gref)
		from = (struct place){ .item = &item[0],
				       .offset = s->source.foreign.offset };
	if (s->flags & GNTCOPY_dest_gref)
		to = (struct place){ .item = &item[1],
				     .offset = s->dest.foreign.offset };
	return move(&from, &to, s->len);
}

static int copy_some(uint32_t count, xengnttab_grant_copy_segment_t *segs)
{
	struct sim_msg *msg = message(SIM_GRANT_PIN, 2 * count);
	uint32_t id;
	int r = 0;

	if (!msg)
		return -1;
	for (uint32_t i = 0; i < count; i++)
		pin_items(&segs[i], &msg->items[2 * i]);
	if (sim_call(msg, -1, NULL)) {
		free(msg);
		return -1;
	}
	id = msg->id;
	for (uint32_t i = 0; i < count && r == 0; i++)
		r = copy_piece(&segs[i], &msg->items[2 * i]);
	undo(SIM_GRANT_UNPIN, id);
	free(msg);
	return r;
}

SIM_PUBLIC
int xengnttab_grant_copy(xengnttab_handle *h, uint32_t count,
			 xengnttab_grant_copy_segment_t *segs)
{
	enum sim_action action;
	int value, r = 0;

	(void)h;
	action = sim_fault(SIM_CALL_grant_copy, &value);
	if (action == SIM_FAIL)
		return -1;
	for (uint32_t i = 0; i < count && r == 0; i++) {
		uint32_t n = 0;

		while (i + n < count && n < SIM_ITEMS_MAX / 2 &&
		       in_page(&segs[i + n]))
			n++;
		if (n)
			r = copy_some(n, segs + i);
		i += n;
		if (r == 0 && i < count && !in_page(&segs[i])) {
			errno = EINVAL;
			r = -1;
		}
		i--;
	}
	if (action == SIM_STATUS && count && r == 0)
		segs[0].status = value;
	return r;
}

/* -- sharing ----------------------------------------------------------------- */

SIM_PUBLIC
xengntshr_handle *xengntshr_open(struct xentoollog_logger *logger,
				 unsigned int flags)
{
	(void)logger, (void)flags;
	return handle_open(SIM_CALL_share_open);
}

SIM_PUBLIC
int xengntshr_close(xengntshr_handle *h)
{
	return handle_close(h);
}

SIM_PUBLIC
int xengntshr_fd(xengntshr_handle *h)
{
	return h->fd;
}

static void *share(xengntshr_handle *h, uint32_t domid, uint32_t count,
		   uint32_t *refs, int writable, uint32_t offset,
		   uint32_t port)
{
	struct sim_msg *msg;
	void *start = NULL;

	if (sim_fails(SIM_CALL_share_pages))
		return NULL;
	if (count == 0) {
		errno = EINVAL;
		return NULL;
	}
	msg = message(SIM_GRANT_SHARE, count);
	if (!msg)
		return NULL;
	msg->domid = domid;
	msg->flags = writable ? SIM_WRITE : 0;
	ask_for_notice(msg, offset, port);
	if (sim_call(msg, -1, NULL) == 0)
		start = map_answer(h, msg, PROT_READ | PROT_WRITE,
				   SIM_GRANT_UNSHARE);
	for (uint32_t i = 0; start && i < count; i++)
		refs[i] = msg->items[i].ref;
	free(msg);
	return start;
}

SIM_PUBLIC
void *xengntshr_share_pages(xengntshr_handle *h, uint32_t domid, int count,
			    uint32_t *refs, int writable)
{
	return share(h, domid, count, refs, writable, -1, -1);
}

SIM_PUBLIC
void *xengntshr_share_page_notify(xengntshr_handle *h, uint32_t domid,
				  uint32_t *ref, int writable,
				  uint32_t offset, evtchn_port_t port)
{
	return share(h, domid, 1, ref, writable, offset, port);
}

SIM_PUBLIC
int xengntshr_unshare(xengntshr_handle *h, void *start, uint32_t count)
{
	struct area *a;

	if (sim_fails(SIM_CALL_unshare))
		return -1;
	a = area_take(h, start, count);
	if (!a) {
		errno = EINVAL;
		return -1;
	}
	return area_end(h, a, SIM_GRANT_UNSHARE);
}
