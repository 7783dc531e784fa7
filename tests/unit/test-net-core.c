/* SPDX-License-Identifier: MIT */
/*
 * The rings of a network device as a guest may fill them, well and badly: what
 * becomes of each packet and whether the ring lives on.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/net/core.h"
#include "lib/cleanup.h"

static unsigned int failures;

#define CHECK(what, got, want) do { \
	long g_ = (long)(got), w_ = (long)(want); \
	if (g_ != w_) { \
		printf("# %s: %s: got %ld, want %ld\n", what, #got, g_, w_); \
		failures++; \
	} } while (0)

#define MORE NETTXF_more_data
#define EXTRA NETTXF_extra_info

/* A slot as a guest writes it. */
struct slot {
	bool extra;
	uint16_t offset, size, flags;		/* a request */
	uint8_t type, extra_flags, gso_type;	/* an extra */
	uint16_t mss;
	unsigned int repeat;			/* more of the same */
};

#define REQ(o, s, f) { .offset = o, .size = s, .flags = f }
#define REQS(n, o, s, f) { .offset = o, .size = s, .flags = f, .repeat = (n) - 1 }
#define GSO(t, m, f) { .extra = true, .type = XEN_NETIF_EXTRA_TYPE_GSO, \
		       .gso_type = t, .mss = m, .extra_flags = f }
#define KIND(t, f) { .extra = true, .type = t, .extra_flags = f }
#define V4 XEN_NETIF_GSO_TYPE_TCPV4
#define V6 XEN_NETIF_GSO_TYPE_TCPV6
#define CHAIN XEN_NETIF_EXTRA_FLAG_MORE

/* What becomes of the first packet. */
enum fate { TAKEN, REFUSED, BREAKS };

static const struct tx_case {
	const char *what;
	enum fate fate;
	struct slot slots[8];
} tx_cases[] = {
	{ "a packet of one slot is taken", TAKEN,
	  { REQ(0, 60, 0) } },
	{ "a packet of 14 bytes is taken", TAKEN,
	  { REQ(0, 14, 0) } },
	{ "a packet of 13 bytes is refused", REFUSED,
	  { REQ(0, 13, 0) } },
	{ "a packet of 0 bytes is refused", REFUSED,
	  { REQ(0, 0, 0) } },
	{ "a slot may end with its page", TAKEN,
	  { REQ(4036, 60, 0) } },
	{ "a slot one byte past its page breaks the ring", BREAKS,
	  { REQ(4037, 60, 0) } },
	{ "an offset of 65535 breaks the ring", BREAKS,
	  { REQ(65535, 60, 0) } },
	{ "a second slot past its page breaks the ring", BREAKS,
	  { REQ(0, 100, MORE), REQ(4095, 2, 0) } },
	{ "the first slot holds what the others leave", TAKEN,
	  { REQ(4000, 160, MORE), REQ(0, 64, 0) } },
	{ "the others hold more than the packet: refused", REFUSED,
	  { REQ(0, 60, MORE), REQ(0, 61, 0) } },
	{ "the others hold all of it: taken", TAKEN,
	  { REQ(0, 60, MORE), REQ(0, 60, 0) } },
	{ "a frame of 65535 bytes in 17 slots is taken", TAKEN,
	  { REQ(0, 65535, MORE), REQS(15, 0, 4096, MORE), REQ(0, 4095, 0) } },
	{ "a frame of 65536 bytes says 0: refused", REFUSED,
	  { REQ(0, 0, MORE), REQS(14, 0, 4096, MORE), REQ(0, 4096, 0) } },
	{ "65535 bytes in one slot break the ring", BREAKS,
	  { REQ(0, 65535, 0) } },
	{ "a slot of 65535 bytes breaks the ring", BREAKS,
	  { REQ(0, 65535, MORE), REQ(0, 65535, 0) } },
	{ "18 slots of one byte each are taken", TAKEN,
	  { REQ(0, 18, MORE), REQS(16, 0, 1, MORE), REQ(7, 1, 0) } },
	{ "18 slots of 7 bytes each are taken", TAKEN,
	  { REQ(0, 126, MORE), REQS(16, 3, 7, MORE), REQ(7, 7, 0) } },
	{ "19 slots are refused", REFUSED,
	  { REQ(0, 60, MORE), REQS(17, 0, 1, MORE), REQ(7, 1, 0) } },
	{ "20 slots are refused", REFUSED,
	  { REQ(0, 60, MORE), REQS(18, 0, 1, MORE), REQ(7, 1, 0) } },
	{ "21 slots break the ring", BREAKS,
	  { REQ(0, 60, MORE), REQS(19, 0, 1, MORE), REQ(7, 1, 0) } },
	{ "255 slots break the ring", BREAKS,
	  { REQ(0, 600, MORE), REQS(253, 0, 1, MORE), REQ(7, 1, 0) } },
	{ "more data that never comes breaks the ring", BREAKS,
	  { REQ(0, 60, MORE) } },
	{ "an empty first slot is taken", TAKEN,
	  { REQ(0, 60, MORE), REQ(0, 60, 0) } },
	{ "an empty slot in the middle is taken", TAKEN,
	  { REQ(0, 60, MORE), REQ(0, 0, MORE), REQ(0, 10, 0) } },
	{ "an empty last slot is taken", TAKEN,
	  { REQ(0, 60, MORE), REQ(4096, 0, 0) } },
	{ "undefined flags change nothing", TAKEN,
	  { REQ(0, 60, 0xfff0) } },
	{ "checksum flags of further slots change nothing", TAKEN,
	  { REQ(0, 60, MORE), REQ(0, 10, 3) } },

	{ "segments for TCPv4 are taken", TAKEN,
	  { REQ(0, 3000, EXTRA), GSO(V4, 1448, 0) } },
	{ "segments for TCPv6 are taken", TAKEN,
	  { REQ(0, 3000, EXTRA), GSO(V6, 1428, 0) } },
	{ "an extra stands between first and second slot", TAKEN,
	  { REQ(0, 3000, EXTRA | MORE), GSO(V4, 1448, 0), REQ(0, 1000, 0) } },
	{ "a segment size of 0 breaks the ring", BREAKS,
	  { REQ(0, 3000, EXTRA), GSO(V4, 0, 0) } },
	{ "a segmentation type of 0 breaks the ring", BREAKS,
	  { REQ(0, 3000, EXTRA), GSO(0, 1448, 0) } },
	{ "a segmentation type of 3 breaks the ring", BREAKS,
	  { REQ(0, 3000, EXTRA), GSO(3, 1448, 0) } },
	{ "an extra that never comes breaks the ring", BREAKS,
	  { REQ(0, 60, EXTRA) } },
	{ "a chained extra that never comes breaks the ring", BREAKS,
	  { REQ(0, 60, EXTRA), GSO(V4, 1448, CHAIN) } },
	{ "an extra of type 0 breaks the ring", BREAKS,
	  { REQ(0, 60, EXTRA), KIND(0, 0) } },
	{ "an extra of type 5 breaks the ring", BREAKS,
	  { REQ(0, 60, EXTRA), KIND(5, 0) } },
	{ "an extra of type 255 breaks the ring", BREAKS,
	  { REQ(0, 60, EXTRA), KIND(255, 0) } },
	{ "the same extra twice breaks the ring", BREAKS,
	  { REQ(0, 60, EXTRA), GSO(V4, 1448, CHAIN), GSO(V4, 1448, 0) } },
	{ "an endless chain of extras breaks the ring", BREAKS,
	  { REQ(0, 60, EXTRA), { .extra = true, .type = 4,
				 .extra_flags = CHAIN, .repeat = 254 } } },
	{ "each extra once is taken", TAKEN,
	  { REQ(0, 60, EXTRA), GSO(V4, 1448, CHAIN), KIND(2, CHAIN),
	    KIND(3, CHAIN), KIND(4, 0) } },
	{ "a hash nobody asked for is taken", TAKEN,
	  { REQ(0, 60, EXTRA), KIND(XEN_NETIF_EXTRA_TYPE_HASH, 0) } },
};

static _Alignas(4096) uint8_t page[NET_PAGE_SIZE];

static struct netif_tx_sring *new_ring(uint32_t start)
{
	struct netif_tx_sring *s = (struct netif_tx_sring *)page;

	memset(page, 0xa5, sizeof(page));
	s->req_prod = s->rsp_prod = start;
	s->req_event = s->rsp_event = start + 1;
	return s;
}

static union netif_tx_sring_entry *tx_at(struct netif_tx_sring *s, uint32_t i)
{
	return &s->ring[i % NET_RING_SIZE];
}

/* Write a case's slots; returns how many there are. Ids are 100, 101, ... */
static unsigned int put_slots(struct netif_tx_sring *s, const struct slot *slots)
{
	unsigned int n = 0, i, j;

	for (i = 0; i < 8; i++) {
		const struct slot *l = &slots[i];

		if (i && !l->extra && !l->size && !l->flags && !l->offset &&
		    !l->repeat && !l->type)
			break;
		for (j = 0; j <= l->repeat; j++, n++) {
			union netif_tx_sring_entry *e =
				tx_at(s, s->req_prod + n);

			if (l->extra) {
				struct netif_extra_info x = {
					.type = l->type,
					.flags = l->extra_flags,
					.u.gso.size = l->mss,
					.u.gso.type = l->gso_type,
				};

				memcpy(e, &x, sizeof(x));
				continue;
			}
			e->req = (struct netif_tx_request) {
				.gref = 1000 + n,
				.offset = l->offset,
				.size = l->size,
				.flags = l->flags,
				.id = (uint16_t)(100 + n),
			};
		}
	}
	s->req_prod += n;
	return n;
}

static bool entry_is_extra(const struct slot *slots, unsigned int index)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		if (index <= slots[i].repeat)
			return slots[i].extra;
		index -= slots[i].repeat + 1;
	}
	return false;
}

static void check_slots(const struct tx_case *c, const struct net_tx_batch *b)
{
	const struct net_packet *p = &b->packets[0];
	unsigned int sum = 0, i;

	for (i = 0; i < p->slot_count; i++) {
		const struct net_slot *s = &b->slots[p->slot + i];

		sum += s->size;
		CHECK(c->what, s->offset + s->size <= NET_PAGE_SIZE, true);
	}
	CHECK(c->what, sum, p->size);
}

static void check_answers(const struct tx_case *c, struct netif_tx_sring *s,
			  uint32_t start, unsigned int count)
{
	int want = c->fate == TAKEN ? NETIF_RSP_OKAY : NETIF_RSP_ERROR;
	unsigned int i;

	CHECK(c->what, s->rsp_prod - start, count);
	for (i = 0; i < count; i++) {
		struct netif_tx_response *rsp = &tx_at(s, start + i)->rsp;

		if (entry_is_extra(c->slots, i)) {
			CHECK(c->what, rsp->status, NETIF_RSP_NULL);
			continue;
		}
		CHECK(c->what, rsp->id, 100 + i);
		CHECK(c->what, rsp->status, want);
	}
}

static void run_tx_case(const struct tx_case *c, uint32_t start)
{
	struct netif_tx_sring *s = new_ring(start);
	static struct net_tx_batch b;
	struct net_tx_ring r;
	unsigned int count;

	net_tx_attach(&r, s);
	count = put_slots(s, c->slots);
	CHECK(c->what, net_tx_look(&r), count);
	net_tx_begin(&b);
	if (c->fate == BREAKS) {
		CHECK(c->what, net_tx_take(&r, &b), -EPROTO);
		CHECK(c->what, r.broken != NULL, true);
		CHECK(c->what, net_tx_look(&r), -EPROTO);
		CHECK(c->what, net_tx_answer(&r, &b), false);
		CHECK(c->what, s->rsp_prod, start);
		return;
	}
	CHECK(c->what, net_tx_take(&r, &b), 1);
	CHECK(c->what, b.packets[0].status,
	      c->fate == TAKEN ? NETIF_RSP_OKAY : NETIF_RSP_ERROR);
	if (c->fate == TAKEN)
		check_slots(c, &b);
	else
		CHECK(c->what, b.packets[0].slot_count, 0);
	CHECK(c->what, net_tx_take(&r, &b), 0);
	CHECK(c->what, net_tx_answer(&r, &b), true);
	check_answers(c, s, start, count);
}

static void test_tx_table(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tx_cases); i++) {
		unsigned int before = failures;

		run_tx_case(&tx_cases[i], 0);
		run_tx_case(&tx_cases[i], 0xfffffffe);	/* over the wrap */
		run_tx_case(&tx_cases[i], 250);		/* over the edge */
		printf("%sok %s\n", failures == before ? "" : "not ",
		       tx_cases[i].what);
	}
}

static const struct index_case {
	const char *what;
	uint32_t cons, prod;
	int want;
} index_cases[] = {
	{ "an index where it was is nothing to take", 5, 5, 0 },
	{ "an index a whole ring ahead is a full ring", 5, 261, 256 },
	{ "an index a ring and one ahead breaks", 5, 262, -EPROTO },
	{ "an index gone backwards breaks", 5, 4, -EPROTO },
	{ "an index 2^31 ahead breaks", 5, 5 + 0x80000000u, -EPROTO },
	{ "an index may wrap", 0xfffffff0u, 0x10, 32 },
};

static void test_indices(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(index_cases); i++) {
		const struct index_case *c = &index_cases[i];
		struct netif_tx_sring *s = new_ring(c->cons);
		struct net_tx_ring tx;
		struct net_rx_ring rx;

		net_tx_attach(&tx, s);
		net_rx_attach(&rx, s);
		s->req_prod = c->prod;
		CHECK(c->what, net_tx_look(&tx), c->want);
		CHECK(c->what, net_rx_look(&rx), c->want);
		CHECK(c->what, tx.broken != NULL, c->want < 0);
		CHECK(c->what, rx.broken != NULL, c->want < 0);
	}
	printf("%sok producer indices out of range break either ring\n",
	       failures ? "not " : "");
}

/* The guest takes back what it pushed after we took it. */
static void test_backwards_over_taken(void)
{
	static const struct slot one[8] = { REQ(0, 60, 0) };
	const char *what = "an index gone back over what was taken breaks";
	struct netif_tx_sring *s = new_ring(0);
	static struct net_tx_batch b;
	struct net_tx_ring r;

	net_tx_attach(&r, s);
	put_slots(s, one);
	put_slots(s, one);
	net_tx_look(&r);
	net_tx_begin(&b);
	net_tx_take(&r, &b);
	net_tx_take(&r, &b);
	s->req_prod = 1;
	CHECK(what, net_tx_look(&r), -EPROTO);
	/* what was taken is still answered */
	net_tx_answer(&r, &b);
	CHECK(what, s->rsp_prod, 2);
}

/* Good packets in front of one that breaks the ring are answered. */
static void test_answers_before_break(void)
{
	static const struct slot good[8] = { REQ(0, 60, 0) };
	static const struct slot bad[8] = { REQ(4090, 60, 0) };
	const char *what = "packets before the one that breaks are answered";
	struct netif_tx_sring *s = new_ring(0);
	static struct net_tx_batch b;
	struct net_tx_ring r;

	net_tx_attach(&r, s);
	put_slots(s, good);
	put_slots(s, bad);
	put_slots(s, good);
	net_tx_look(&r);
	net_tx_begin(&b);
	CHECK(what, net_tx_take(&r, &b), 1);
	CHECK(what, net_tx_take(&r, &b), -EPROTO);
	CHECK(what, net_tx_take(&r, &b), 0);
	net_tx_answer(&r, &b);
	CHECK(what, s->rsp_prod, 1);
	CHECK(what, tx_at(s, 0)->rsp.status, NETIF_RSP_OKAY);
}

static void test_full_ring(void)
{
	static const struct slot one[8] = { REQ(0, 60, 0) };
	const char *what = "a full ring is taken in batches of 64";
	struct netif_tx_sring *s = new_ring(7);
	static struct net_tx_batch b;
	struct net_tx_ring r;
	unsigned int batches = 0, i;

	net_tx_attach(&r, s);
	for (i = 0; i < NET_RING_SIZE; i++)
		put_slots(s, one);
	while (net_tx_look(&r) > 0) {
		net_tx_begin(&b);
		while (net_tx_take(&r, &b) > 0)
			;
		CHECK(what, b.packet_count, NET_BATCH_PACKETS);
		net_tx_answer(&r, &b);
		batches++;
	}
	CHECK(what, batches, 4);
	CHECK(what, s->rsp_prod, 7 + NET_RING_SIZE);
}

/* Who comes after a process that died starts behind its last answer. */
static void test_reattach(void)
{
	static const struct slot two[8] = { REQ(0, 90, MORE), REQ(0, 30, 0) };
	const char *what = "a successor takes what was not answered";
	struct netif_tx_sring *s = new_ring(0);
	static struct net_tx_batch b;
	struct net_tx_ring r;

	net_tx_attach(&r, s);
	put_slots(s, two);
	put_slots(s, two);
	net_tx_look(&r);
	net_tx_begin(&b);
	net_tx_take(&r, &b);
	net_tx_answer(&r, &b);
	net_tx_look(&r);
	net_tx_take(&r, &b);	/* taken, never answered */

	net_tx_attach(&r, s);
	CHECK(what, net_tx_look(&r), 2);
	net_tx_begin(&b);
	CHECK(what, net_tx_take(&r, &b), 1);
	CHECK(what, b.packets[0].size, 90);
	net_tx_answer(&r, &b);
	CHECK(what, s->rsp_prod, 4);
}

static void test_events(void)
{
	static const struct slot one[8] = { REQ(0, 60, 0) };
	const char *what = "events are sent when asked for";
	struct netif_tx_sring *s = new_ring(0);
	static struct net_tx_batch b;
	struct net_tx_ring r;

	net_tx_attach(&r, s);
	CHECK(what, net_tx_sleep(&r), false);
	CHECK(what, s->req_event, 1);
	put_slots(s, one);
	CHECK(what, net_tx_sleep(&r), true);
	s->rsp_event = 2;	/* not for the first answer */
	net_tx_look(&r);
	net_tx_begin(&b);
	net_tx_take(&r, &b);
	CHECK(what, net_tx_answer(&r, &b), false);
	put_slots(s, one);
	net_tx_look(&r);
	net_tx_take(&r, &b);
	CHECK(what, net_tx_answer(&r, &b), true);
}

/* -- RX ------------------------------------------------------------------- */

static const struct rx_case {
	const char *what;
	struct net_frame frame;
	unsigned int slots;
	uint16_t first_flags;
} rx_cases[] = {
	{ "a small frame takes a slot", { .size = 60 }, 1, 0 },
	{ "a page takes a slot", { .size = 4096 }, 1, 0 },
	{ "a page and a byte take two", { .size = 4097 }, 2,
	  NETRXF_more_data },
	{ "64 KiB take 16", { .size = 65536 }, 16, NETRXF_more_data },
	{ "64 KiB and a header take 17",
	  { .size = 65550 }, 17, NETRXF_more_data },
	{ "segments take a slot more",
	  { .size = 3000, .gso_type = V4, .gso_mss = 1448,
	    .flags = NET_CSUM_BLANK }, 2,
	  NETRXF_extra_info | NETRXF_csum_blank | NETRXF_data_validated },
	{ "the largest segments take 18",
	  { .size = NET_RX_FRAME_MAX, .gso_type = V6, .gso_mss = 1428,
	    .flags = NET_CSUM_BLANK }, 18,
	  NETRXF_extra_info | NETRXF_csum_blank | NETRXF_data_validated |
	  NETRXF_more_data },
	{ "a hash takes a slot more",
	  { .size = 60, .flags = NET_HASHED, .hash_type = 1,
	    .hash = 0x51ccc178 }, 2, NETRXF_extra_info },
	{ "a hash of a frame in two slots",
	  { .size = 8000, .flags = NET_HASHED, .hash_type = 2,
	    .hash = 0xfffefdfc }, 3, NETRXF_extra_info | NETRXF_more_data },
	{ "segments with a hash take two slots more",
	  { .size = NET_RX_FRAME_MAX, .gso_type = V4, .gso_mss = 1448,
	    .flags = NET_CSUM_BLANK | NET_HASHED, .hash_type = 1,
	    .hash = 0x80000001 }, 19,
	  NETRXF_extra_info | NETRXF_csum_blank | NETRXF_data_validated |
	  NETRXF_more_data },
	{ "a blank checksum is said",
	  { .size = 60, .flags = NET_CSUM_BLANK }, 1,
	  NETRXF_csum_blank | NETRXF_data_validated },
	{ "a checked checksum is said",
	  { .size = 60, .flags = NET_CSUM_VALID }, 1, NETRXF_data_validated },
};

static void lend_pages(struct netif_rx_sring *s, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		uint32_t at = s->req_prod++;

		s->ring[at % NET_RING_SIZE].req = (struct netif_rx_request) {
			.id = (uint16_t)(at % NET_RING_SIZE),
			.gref = 5000 + at,
		};
	}
}

/* The extra in this slot; true: another one follows. */
static bool check_extra(const struct rx_case *c, const void *slot, bool first)
{
	const struct net_frame *f = &c->frame;
	bool gso = f->gso_type && first;
	struct netif_extra_info x;
	uint32_t hash;

	memcpy(&x, slot, sizeof(x));
	if (gso) {
		CHECK(c->what, x.type, XEN_NETIF_EXTRA_TYPE_GSO);
		CHECK(c->what, x.u.gso.size, f->gso_mss);
		CHECK(c->what, x.u.gso.type, f->gso_type);
	} else {
		hash = x.u.hash.value[0] | x.u.hash.value[1] << 8 |
		       x.u.hash.value[2] << 16 |
		       (uint32_t)x.u.hash.value[3] << 24;
		CHECK(c->what, x.type, XEN_NETIF_EXTRA_TYPE_HASH);
		CHECK(c->what, x.u.hash.type, f->hash_type);
		CHECK(c->what, x.u.hash.algorithm,
		      XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ);
		CHECK(c->what, hash, f->hash);
	}
	CHECK(c->what, x.flags, gso && f->flags & NET_HASHED ?
	      XEN_NETIF_EXTRA_FLAG_MORE : 0);
	return x.flags & XEN_NETIF_EXTRA_FLAG_MORE;
}

static void check_frame(const struct rx_case *c, struct netif_rx_sring *s,
			uint32_t start, bool spoiled)
{
	bool extra = c->first_flags & NETRXF_extra_info;
	unsigned int sum = 0, i;

	CHECK(c->what, s->rsp_prod - start, c->slots);
	for (i = 0; i < c->slots; i++) {
		struct netif_rx_response *rsp =
			&s->ring[(start + i) % NET_RING_SIZE].rsp;

		if (i && extra) {
			extra = check_extra(c, rsp, i == 1);
			continue;
		}
		CHECK(c->what, rsp->id, (start + i) % NET_RING_SIZE);
		CHECK(c->what, rsp->offset, 0);
		if (i == 0)
			CHECK(c->what, rsp->flags, c->first_flags);
		else
			CHECK(c->what, rsp->flags, i + 1 < c->slots ?
			      NETRXF_more_data : 0);
		if (spoiled)
			CHECK(c->what, rsp->status, NETIF_RSP_ERROR);
		else
			sum += (unsigned int)rsp->status;
	}
	if (!spoiled)
		CHECK(c->what, sum, c->frame.size);
}

static void run_rx_case(const struct rx_case *c, uint32_t start, bool spoil)
{
	struct netif_rx_sring *s = (struct netif_rx_sring *)new_ring(start);
	static struct net_rx_batch b;
	struct net_rx_ring r;
	unsigned int i;

	net_rx_attach(&r, s);
	lend_pages(s, c->slots);
	CHECK(c->what, net_rx_look(&r), c->slots);
	CHECK(c->what, net_rx_need(&c->frame), c->slots);
	net_rx_begin(&b);
	net_rx_put(&r, &b, &c->frame);
	CHECK(c->what, net_rx_slots(&r), 0);
	for (i = 0; i < b.copy_count; i++) {
		CHECK(c->what, b.copies[i].from, i * NET_PAGE_SIZE);
		CHECK(c->what, b.copies[i].size <= NET_PAGE_SIZE, true);
	}
	/* An extra's slot lends a page for nothing: it is not copied to. */
	CHECK(c->what, b.copies[0].gref, 5000 + start);
	if (spoil)
		net_rx_spoil(&b, b.copy_count - 1);
	CHECK(c->what, net_rx_answer(&r, &b), true);
	check_frame(c, s, start, spoil);
}

static void test_rx_table(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rx_cases); i++) {
		unsigned int before = failures;

		run_rx_case(&rx_cases[i], 0, false);
		run_rx_case(&rx_cases[i], 0xfffffffe, false);
		run_rx_case(&rx_cases[i], 250, false);
		run_rx_case(&rx_cases[i], 250, true);
		printf("%sok %s\n", failures == before ? "" : "not ",
		       rx_cases[i].what);
	}
}

/* A bad page spoils its own frame and no other. */
static void test_rx_spoil_one(void)
{
	const struct net_frame frame = { .size = 5000 };
	const char *what = "a bad page spoils its own frame only";
	struct netif_rx_sring *s = (struct netif_rx_sring *)new_ring(0);
	static struct net_rx_batch b;
	struct net_rx_ring r;
	unsigned int i;

	net_rx_attach(&r, s);
	lend_pages(s, 6);
	net_rx_look(&r);
	net_rx_begin(&b);
	for (i = 0; i < 3; i++)
		net_rx_put(&r, &b, &frame);
	net_rx_spoil(&b, 3);
	net_rx_answer(&r, &b);
	for (i = 0; i < 6; i++)
		CHECK(what, s->ring[i].rsp.status < 0, i == 2 || i == 3);
}

/* A batch never outgrows its arrays, whatever it is filled with. */
static void test_rx_room(void)
{
	static const struct net_frame frames[] = {
		{ .size = 60 },
		{ .size = 60, .gso_type = V4, .gso_mss = 8 },
		{ .size = NET_RX_FRAME_MAX },
		{ .size = NET_RX_FRAME_MAX, .gso_type = V6, .gso_mss = 8 },
	};
	const char *what = "a batch never outgrows its arrays";
	static struct net_rx_batch b;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(frames); i++) {
		struct netif_rx_sring *s = (struct netif_rx_sring *)new_ring(0);
		struct net_rx_ring r;

		net_rx_attach(&r, s);
		lend_pages(s, NET_RING_SIZE);
		net_rx_look(&r);
		net_rx_begin(&b);
		while (net_rx_room(&b, &frames[i]) &&
		       net_rx_need(&frames[i]) <= net_rx_slots(&r))
			net_rx_put(&r, &b, &frames[i]);
		CHECK(what, b.copy_count <= ARRAY_SIZE(b.copies), true);
		CHECK(what, b.answer_count <= ARRAY_SIZE(b.answers), true);
		CHECK(what, b.copy_count > 64, true);
	}
}

/* -- anything at all ------------------------------------------------------ */

static uint32_t any(void)
{
	static uint64_t state = 88172645463325252u;	/* xorshift64 */

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16);
}

/* Requests that are often nearly right, so that deep places are reached. */
static void scribble(struct netif_tx_sring *s)
{
	unsigned int i;

	for (i = 0; i < NET_RING_SIZE; i++) {
		struct netif_tx_request *req = &tx_at(s, i)->req;
		uint32_t dice = any();
		bool wild = !(dice & 0x3f0);

		req->gref = any();
		req->id = (uint16_t)any();
		req->size = (uint16_t)(any() % (wild ? 70000 : 1000));
		req->offset = (uint16_t)(any() % (wild ? 5000 : 3000));
		req->flags = (uint16_t)(any() & (dice & 3 ? 3 : MORE | 3));
		if (!(dice & 0xfc00))
			req->flags = (uint16_t)any();
		if (!(dice & 0xff0000)) {
			struct netif_extra_info x = {
				.type = (uint8_t)(any() % 6),
				.flags = (uint8_t)(any() % 2),
				.u.gso.size = (uint16_t)any(),
				.u.gso.type = (uint8_t)(any() % 4),
			};

			memcpy(req, &x, sizeof(x));
		}
	}
}

static bool batch_is_sound(const struct net_tx_batch *b)
{
	unsigned int i, j, next = 0, sum;

	if (b->packet_count > NET_BATCH_PACKETS ||
	    b->slot_count > NET_BATCH_SLOTS || b->answer_count > NET_RING_SIZE)
		return false;
	for (i = 0; i < b->packet_count; i++) {
		const struct net_packet *p = &b->packets[i];

		if (!p->slot_count) {
			if (p->status == NETIF_RSP_OKAY)
				return false;
			continue;
		}
		for (j = 0, sum = 0; j < p->slot_count; j++) {
			const struct net_slot *l = &b->slots[p->slot + j];

			if (l->offset + l->size > NET_PAGE_SIZE)
				return false;
			sum += l->size;
		}
		if (p->slot != next || sum != p->size ||
		    p->size < NET_HEADER_MIN ||
		    p->slot_count > NET_TX_SLOTS_MAX)
			return false;
		next += p->slot_count;
	}
	return next == b->slot_count;
}

/* Whatever the page holds: bounded work, sound packets, an answer a slot. */
static void test_anything(void)
{
	const char *what = "whatever a guest writes, batches are sound";
	static struct net_tx_batch b;
	unsigned int round, taken = 0, broken = 0;

	for (round = 0; round < 20000; round++) {
		uint32_t start = any();
		struct netif_tx_sring *s = new_ring(start);
		struct net_tx_ring r;
		unsigned int turns = 0;

		net_tx_attach(&r, s);
		scribble(s);
		s->req_prod = start + any() % (round % 64 ? 257 : 300);
		while (net_tx_look(&r) > 0 && turns++ < 2 * NET_RING_SIZE) {
			net_tx_begin(&b);
			while (net_tx_take(&r, &b) > 0)
				taken++;
			CHECK(what, batch_is_sound(&b), true);
			net_tx_answer(&r, &b);
			CHECK(what, s->rsp_prod - start <= NET_RING_SIZE, true);
			CHECK(what, s->rsp_prod, r.cons);
		}
		CHECK(what, turns < 2 * NET_RING_SIZE, true);
		CHECK(what, r.broken || s->rsp_prod == s->req_prod, true);
		broken += r.broken != NULL;
	}
	/* the dice must reach both ends, or nothing was tested */
	CHECK(what, taken > 10000 && broken > 1000 && broken < round, true);
	printf("%sok %s (%u packets, %u of %u rings broken)\n",
	       failures ? "not " : "", what, taken, broken, round);
}

int main(void)
{
	test_tx_table();
	test_indices();
	test_backwards_over_taken();
	test_answers_before_break();
	test_full_ring();
	test_reattach();
	test_events();
	test_rx_table();
	test_rx_spoil_one();
	test_rx_room();
	test_anything();
	printf("%u failures\n", failures);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
