/* SPDX-License-Identifier: MIT */
/*
 * Grants of the simulated hypervisor. Each counts who reads and who writes
 * through it, as Xen's in-use bits do: it is not over before they are gone,
 * whatever its owner wants, and lives with its page until then.
 */
#include "config.h"

#include "tests/sim/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xen/grant_table.h>

/* What fits into a v1 grant table of 64 frames, Xen's default. */
#define GRANTS_MAX (64u * 512u)

/* -- frames ------------------------------------------------------------------ */

uint32_t frame_take(struct broker *b, uint32_t domid)
{
	/* on and on, so that what was given back is not seen again soon */
	for (uint32_t i = 0; i < SIM_FRAMES; i++) {
		uint32_t frame = b->next_frame;

		b->next_frame = frame + 1 < SIM_FRAMES ? frame + 1 :
				SIM_FRAMES_FIRST;
		if (b->owner[frame] != FRAME_FREE)
			continue;
		b->owner[frame] = domid;
		memset(b->frames + (size_t)frame * SIM_PAGE, 0, SIM_PAGE);
		return frame;
	}
	return 0;
}

static void frame_give(struct broker *b, uint32_t frame)
{
	b->owner[frame] = FRAME_FREE;
	/* whoever looks at it still sees that it is not his any more */
	memset(b->frames + (size_t)frame * SIM_PAGE, 0xdb, SIM_PAGE);
}

void frames_foreign(struct broker *b, struct sim_msg *msg)
{
	for (uint32_t i = 0; i < msg->count; i++) {
		uint32_t frame = msg->items[i].frame;

		msg->items[i].status = frame < SIM_FRAMES &&
			b->owner[frame] == msg->domid ? 0 : -EINVAL;
	}
}

/* -- entries ----------------------------------------------------------------- */

static int table_grow(struct domain *d)
{
	uint32_t count = d->grant_count ? d->grant_count * 2 : 512;
	struct grant *grants;

	if (d->grant_count == GRANTS_MAX)
		return -ENOSPC;
	grants = realloc(d->grants, count * sizeof(*grants));
	if (!grants)
		return -ENOMEM;
	memset(grants + d->grant_count, 0,
	       (count - d->grant_count) * sizeof(*grants));
	for (uint32_t ref = count - 1; ref >= d->grant_count &&
	     ref >= GREF_RESERVED; ref--) {
		grants[ref].next_free = d->free_grant;
		d->free_grant = ref;
	}
	d->grants = grants;
	d->grant_count = count;
	return 0;
}

static int grant_new(struct domain *d, uint32_t to, uint32_t frame,
		     bool readonly, uint32_t *ref)
{
	int r = d->free_grant ? 0 : table_grow(d);

	if (r)
		return r;
	*ref = d->free_grant;
	d->free_grant = d->grants[*ref].next_free;
	d->grants[*ref] = (struct grant){
		.state = GRANT_LIVE, .readonly = readonly, .to = to,
		.frame = frame,
	};
	return 0;
}

int grant_reserve(struct domain *d, uint32_t ref, uint32_t to, uint32_t frame)
{
	int r = d->grant_count ? 0 : table_grow(d);

	if (r == 0)
		d->grants[ref] = (struct grant){
			.state = GRANT_LIVE, .to = to, .frame = frame,
		};
	return r;
}

static void grant_free(struct broker *b, struct domain *d, uint32_t ref)
{
	frame_give(b, d->grants[ref].frame);
	d->grants[ref] = (struct grant){ .next_free = d->free_grant };
	if (ref >= GREF_RESERVED)
		d->free_grant = ref;
}

static void grant_end(struct broker *b, struct domain *d, uint32_t ref)
{
	struct grant *g = &d->grants[ref];

	if (g->state == GRANT_FREE)
		return;
	if (g->readers + g->writers)
		g->state = GRANT_ENDING;
	else
		grant_free(b, d, ref);
}

/* -- use ---------------------------------------------------------------------- */

/* GNTST_*, and the frame. */
static int16_t acquire(struct broker *b, uint32_t by, struct held *h)
{
	struct domain *d;
	struct grant *g;

	if (h->domid == DOMID_SELF)
		h->domid = by;
	d = domain_find(b, h->domid);
	if (!d)
		return GNTST_bad_domain;
	if (h->ref >= d->grant_count)
		return GNTST_bad_gntref;
	g = &d->grants[h->ref];
	/* one that is ending is as good as before: its owner is waiting */
	if (g->state == GRANT_FREE || g->to != by || d->dying ||
	    (h->write && g->readonly))
		return GNTST_general_error;
	if (h->write)
		g->writers++;
	else
		g->readers++;
	d->in_use++;
	h->frame = g->frame;
	h->taken = true;
	return GNTST_okay;
}

static void release(struct broker *b, const struct held *h)
{
	struct domain *d = domain_find(b, h->domid);
	struct grant *g;

	if (!h->taken || !d)
		return;
	g = &d->grants[h->ref];
	if (h->write)
		g->writers--;
	else
		g->readers--;
	d->in_use--;
	if (g->state == GRANT_ENDING && g->readers + g->writers == 0)
		grant_free(b, d, h->ref);
	domain_settle(b, d);
}

/* -- holds -------------------------------------------------------------------- */

static struct hold *hold_new(struct broker *b, struct client *c,
			     enum hold_kind kind, const struct sim_msg *msg)
{
	struct hold *h = calloc(1, sizeof(*h) +
				msg->count * sizeof(*h->held));

	if (!h)
		return NULL;
	h->kind = kind;
	h->id = b->next_id++;
	h->flags = msg->flags;
	h->offset = msg->offset;
	h->port = msg->port;
	h->count = msg->count;
	LIST_INSERT_HEAD(&c->holds, h, link);
	return h;
}

/* What was asked for with the page, for the moment when it is let go. */
static void give_notice(struct broker *b, struct client *c,
			const struct hold *h)
{
	if (h->flags & SIM_CLEAR_BYTE && h->offset < SIM_PAGE && h->count)
		b->frames[(size_t)h->held[0].frame * SIM_PAGE + h->offset] = 0;
	if (h->flags & SIM_SEND_EVENT)
		ports_send(b, c->domid, h->port);
}

static void end_share(struct broker *b, struct client *c, struct hold *h)
{
	struct domain *d = domain_find(b, c->domid);

	for (uint32_t i = 0; d && i < h->count; i++)
		if (h->held[i].taken) {
			grant_end(b, d, h->held[i].ref);
			d->shared--;
		}
}

static void hold_end(struct broker *b, struct client *c, struct hold *h)
{
	LIST_REMOVE(h, link);
	give_notice(b, c, h);
	if (h->kind == HOLD_SHARE)
		end_share(b, c, h);
	else
		for (uint32_t i = 0; i < h->count; i++)
			release(b, &h->held[i]);
	free(h);
}

int grants_end(struct broker *b, struct client *c, enum hold_kind kind,
	       uint32_t id)
{
	struct hold *h;

	LIST_FOREACH(h, &c->holds, link)
		if (h->id == id && h->kind == kind) {
			hold_end(b, c, h);
			return 0;
		}
	return -EINVAL;
}

void grants_end_all(struct broker *b, struct client *c)
{
	struct hold *h;

	while ((h = LIST_FIRST(&c->holds)))
		hold_end(b, c, h);
}

/* All or nothing. */
int grants_map(struct broker *b, struct client *c, struct sim_msg *msg)
{
	struct hold *h = hold_new(b, c, HOLD_MAP, msg);

	if (!h)
		return -ENOMEM;
	for (uint32_t i = 0; i < msg->count; i++) {
		h->held[i] = (struct held){
			.domid = msg->items[i].domid,
			.ref = msg->items[i].ref,
			.write = msg->flags & SIM_WRITE,
		};
		if (acquire(b, c->domid, &h->held[i]) != GNTST_okay) {
			h->flags = 0;
			hold_end(b, c, h);
			return -EINVAL;
		}
		msg->items[i].frame = h->held[i].frame;
	}
	msg->id = h->id;
	return 0;
}

/* Each for itself; those without a domid are not meant. */
int grants_pin(struct broker *b, struct client *c, struct sim_msg *msg)
{
	struct hold *h;

	msg->flags = 0;
	h = hold_new(b, c, HOLD_PIN, msg);
	if (!h)
		return -ENOMEM;
	for (uint32_t i = 0; i < msg->count; i++) {
		struct sim_item *item = &msg->items[i];

		item->status = GNTST_okay;
		if (item->domid == UINT32_MAX)
			continue;
		h->held[i] = (struct held){
			.domid = item->domid, .ref = item->ref,
			.write = item->flags & SIM_WRITE,
		};
		item->status = acquire(b, c->domid, &h->held[i]);
		item->frame = h->held[i].frame;
	}
	msg->id = h->id;
	return 0;
}

/* -- sharing ------------------------------------------------------------------ */

static unsigned int limit_of(uint32_t domid)
{
	char path[SIM_PATH_MAX], text[16] = "";
	int fd;

	snprintf(path, sizeof(path), SIM_LIMIT ".%u", domid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return 1024;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strtoul(text, NULL, 10);
}

static int share_page(struct broker *b, struct domain *d, struct sim_msg *msg,
		      struct held *held, struct sim_item *item)
{
	uint32_t frame = frame_take(b, d->id);
	int r = frame ? 0 : -ENOMEM;

	if (r == 0)
		r = grant_new(d, msg->domid, frame, !(msg->flags & SIM_WRITE),
			      &item->ref);
	if (r) {
		if (frame)
			frame_give(b, frame);
		return r;
	}
	d->shared++;
	item->frame = frame;
	*held = (struct held){
		.domid = d->id, .ref = item->ref, .frame = frame,
		.taken = true,
	};
	return 0;
}

int grants_share(struct broker *b, struct client *c, struct sim_msg *msg)
{
	struct domain *d = domain_find(b, c->domid);
	struct hold *h;

	if (!d || d->dying)
		return -ESRCH;
	if (d->shared + msg->count > limit_of(d->id))
		return -ENOSPC;
	h = hold_new(b, c, HOLD_SHARE, msg);
	if (!h)
		return -ENOMEM;
	for (uint32_t i = 0; i < msg->count; i++) {
		int r = share_page(b, d, msg, &h->held[i], &msg->items[i]);

		if (r) {
			h->flags = 0;
			hold_end(b, c, h);
			return r;
		}
	}
	msg->id = h->id;
	return 0;
}

void grants_end_domain(struct broker *b, struct domain *d)
{
	for (uint32_t ref = 0; ref < d->grant_count; ref++)
		grant_end(b, d, ref);
}
