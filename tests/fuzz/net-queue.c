/* SPDX-License-Identifier: MIT */
/*
 * A network queue as the daemon runs it, all of its thread's code, between a
 * guest that writes what it likes and a TAP that is played here, as are the
 * hypervisor and each wait.
 *
 *	- what goes to the TAP comes from private memory, its headers together
 *	  and with the guest's own address, whatever the guest changes after they
 *	  were copied; its virtio header fits it,
 *	- what a guest receives is whole frames, as they came from the TAP,
 *	- each slot that was taken is answered once, and no look is taken twice,
 *	- the thread does not sleep while it has something to do, and does not
 *	  take frames from the TAP for which the guest has lent no page.
 */
#include "config.h"

#include "backends/net/queue.h"
#include "tests/fuzz/ring.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define TX 0
#define RX 4096
#define TX_SLOT 12
#define RX_SLOT 8

#define SENT 0u				/* grefs of what is sent: 64 pages */
#define LENT 64u			/* and of what is lent: one a slot */
#define PAGES (LENT + NET_RING_SIZE)
#define BAD_GREF 5000u
#define FRAMES 64u
#define TAP 1000			/* no descriptor: nobody asks the kernel */

static const uint8_t own_mac[6] = { 0, 0x16, 0x3e, 0, 0, 7 };

static _Alignas(4096) uint8_t rings[2 * 4096];
static uint8_t truth[sizeof(rings)];
static _Alignas(4096) uint8_t memory[PAGES][4096];

/* -- what queue.c asks the system ------------------------------------------------- */

static ssize_t play_writev(int fd, const struct iovec *iov, int count);
static ssize_t play_readv(int fd, const struct iovec *iov, int count);
static int play_ppoll(struct pollfd *fds, nfds_t count,
		      const struct timespec *timeout, const void *mask);

#define writev(fd, iov, count) play_writev(fd, iov, count)
#define readv(fd, iov, count) play_readv(fd, iov, count)
#define ppoll(fds, count, timeout, mask) play_ppoll(fds, count, timeout, mask)
#include "backends/net/queue.c"
#undef writev
#undef readv
#undef ppoll

static struct bench {
	struct input *in;
	struct queue_shared shared;
	struct stats_row stats;
	struct peer_area ring;
	uint32_t tx_prod, rx_prod;	/* the guest's */
	uint32_t tx_looked, rx_looked;	/* slots that the queue has seen */
	uint32_t tx_shown, rx_shown;
	uint32_t tx_answers, rx_answers;
	uint32_t rx_gref[256];		/* as it was shown */
	uint32_t sizes[FRAMES];		/* of frames from the TAP, by number */
	unsigned int frames;
	uint32_t got;			/* bytes of the frame being received */
	int number;			/* which one it is, or -1 */
	int last_number;
	bool event, changing, copies_fail;
	bool racing;			/* the guest is on another processor */
	bool hashing;			/* it wants its frames' hashes */
} b;

static struct queue queue, fresh;

/* -- the hypervisor ---------------------------------------------------------------- */

static void guest_looks(void);
static void put_packet(struct input *in);
static void lend(unsigned int count, bool bad);

/* A packet, or a page, that comes right behind the look at the index. */
static void race(size_t page)
{
	uint32_t old, prod, event = peer_get32(&b.ring, page + REQ_EVENT);

	if (!b.racing || in_done(b.in) || in8(b.in) >= 0x30)
		return;
	/* what the queue wrote is in the ring before it is in our books */
	if (!peer_is_poison(&b.ring, page + REQ_EVENT))
		memcpy(&event, b.ring.base + page + REQ_EVENT, sizeof(event));
	old = page == TX ? b.tx_prod : b.rx_prod;
	if (page == TX)
		put_packet(b.in);
	else
		lend(1, false);
	prod = page == TX ? b.tx_prod : b.rx_prod;
	peer_put32(&b.ring, page + REQ_PROD, prod);
	if (event - old - 1 < prod - old)
		b.event = true;
}

static void looked(struct peer_area *a, size_t at, size_t size)
{
	if (at == TX + REQ_PROD) {
		b.tx_shown = peer_get32(a, at);
		race(TX);
		/* what was answered up to here can be seen by now */
		guest_looks();
	} else if (at == RX + REQ_PROD) {
		b.rx_shown = peer_get32(a, at);
		race(RX);
	} else if (at >= RX + SLOTS) {
		size_t slot = (at - RX - SLOTS) / RX_SLOT;
		struct netif_rx_request req;

		MUST(size == RX_SLOT);
		memcpy(&req, a->truth + at, sizeof(req));
		b.rx_gref[slot] = req.gref;
	} else if (at >= SLOTS && at < RX) {
		MUST(at == SLOTS + b.tx_looked % 256 * TX_SLOT);
		b.tx_looked++;
	}
}

int grant_map(struct grants *g, domid_t domid, const uint32_t *grefs,
	      unsigned int count, bool writable, void **area)
{
	(void)g;
	(void)domid;
	(void)grefs;
	MUST(count == 2 && writable);
	*area = rings;
	return 0;
}

void grant_unmap(struct grants *g, void *area, unsigned int count)
{
	(void)g;
	(void)area;
	(void)count;
}

/* The guest changes what was copied, at once: the copy is what counts. */
static void copy_in(uint8_t *to, uint8_t *from, uint32_t size)
{
	memcpy(to, from, size);
	if (b.changing && size > 12)
		from[6] ^= 2;
}

int grant_copy(struct grants *g, xengnttab_grant_copy_segment_t *s,
	       unsigned int count)
{
	(void)g;
	MUST(count && count <= NET_BATCH_SLOTS);
	if (b.copies_fail)
		return -EIO;
	for (unsigned int i = 0; i < count; i++) {
		bool in = s[i].flags & GNTCOPY_source_gref;
		uint32_t gref = in ? s[i].source.foreign.ref :
				     s[i].dest.foreign.ref;
		uint32_t offset = in ? s[i].source.foreign.offset :
				       s[i].dest.foreign.offset;

		MUST(s[i].len && offset + s[i].len <= 4096);
		s[i].status = gref < PAGES ? GNTST_okay : GNTST_bad_gntref;
		if (gref >= PAGES)
			continue;
		if (in)
			copy_in(s[i].dest.virt, memory[gref] + offset,
				s[i].len);
		else
			memcpy(memory[gref] + offset, s[i].source.virt,
			       s[i].len);
	}
	return 0;
}

int evtchn_bind(struct evtchn *e, domid_t domid, evtchn_port_t remote,
		evtchn_port_t *local)
{
	(void)e;
	(void)domid;
	*local = remote;
	return 0;
}

void evtchn_close(struct evtchn *e)
{
	(void)e;
}

int evtchn_fd(const struct evtchn *e)
{
	(void)e;
	return 3;
}

int evtchn_notify(struct evtchn *e, evtchn_port_t local)
{
	(void)e;
	MUST(local == 1 || local == 2);
	return 0;
}

int evtchn_take(struct evtchn *e, evtchn_port_t *local)
{
	bool had = b.event;

	(void)e;
	*local = 1;
	b.event = false;
	return had;
}

int evtchn_unmask(struct evtchn *e, evtchn_port_t local)
{
	(void)e;
	MUST(local);
	return 0;
}

/* -- the TAP ---------------------------------------------------------------------------- */

static void check_header(const struct virtio_net_hdr *h, size_t size)
{
	if (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		MUST(h->csum_start + h->csum_offset + 2u <= h->hdr_len);
	MUST(h->hdr_len <= size);
	if (h->gso_type)
		MUST(h->gso_size && h->hdr_len + h->gso_size < size);
}

static ssize_t play_writev(int fd, const struct iovec *iov, int count)
{
	const uint8_t *head, *guest = (const uint8_t *)memory;
	size_t size = 0;

	MUST(fd == TAP);
	MUST(count >= 2 && count <= 1 + 1 + (int)NET_TX_SLOTS_MAX);
	MUST(iov[0].iov_len == sizeof(struct virtio_net_hdr));
	for (int i = 1; i < count; i++) {
		const uint8_t *p = iov[i].iov_base;

		MUST(iov[i].iov_len);
		MUST(p < guest || p >= guest + sizeof(memory));
		MUST(p == queue.head ||
		     (p >= queue.tx_pages && p + iov[i].iov_len <=
		      queue.tx_pages + NET_BATCH_SLOTS * 4096));
		size += iov[i].iov_len;
	}
	head = iov[1].iov_base;
	MUST(size >= 14 && size <= 65535);
	/* headers in pieces crash network cards (XSA-423) */
	MUST(iov[1].iov_len >= (size < OFFLOAD_HEADER_MAX ? size :
				OFFLOAD_HEADER_MAX));
	MUST(!memcmp(head + 6, own_mac, 6));
	check_header(iov[0].iov_base, size);
	if (in8(b.in) == 0xee) {
		errno = EIO;
		return -1;
	}
	return (ssize_t)(size + iov[0].iov_len);
}

static ssize_t play_readv(int fd, const struct iovec *iov, int count)
{
	static const uint32_t sizes[] = { 60, 14, 1514, 4096, 4097, 65549, 13,
					  9014 };
	struct virtio_net_hdr hdr = { 0 };
	uint8_t kind = in8(b.in);
	uint8_t *frame = iov[1].iov_base;
	uint32_t size = sizes[kind & 7];

	MUST(fd == TAP);
	MUST(count == 2 && iov[1].iov_len == NET_RX_FRAME_MAX);
	/* a guest that lends nothing costs the host nothing (XSA-392) */
	MUST(b.rx_shown != b.rx_looked || b.changing);
	if (kind < 0x40 || b.frames == FRAMES || in_done(b.in)) {
		errno = EAGAIN;
		return -1;
	}
	if (kind >= 0xf8)
		hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	hdr.csum_start = kind >= 0xfc ? 34 : 0xffff;
	hdr.csum_offset = 16;
	memcpy(iov[0].iov_base, &hdr, sizeof(hdr));
	memset(frame, (int)b.frames, size);
	if (b.hashing && kind & 8 && size > 20)
		memcpy(frame + 12, "\x08\0\x45", 3);	/* IPv4, and has a hash */
	b.sizes[b.frames++] = size;
	return (ssize_t)(size + sizeof(hdr));
}

/* -- the guest ----------------------------------------------------------------------------- */

static void put_packet(struct input *in)
{
	static const uint16_t sizes[] = { 60, 14, 13, 1514, 4096, 0, 300, 1 };
	static const uint8_t counts[] = { 1, 2, 3, 18, 19, 1, 2, 6 };
	uint8_t kind = in8(in), shape = in8(in);
	unsigned int count = counts[kind & 7];
	unsigned int each = kind >> 3 & 7, first = sizes[shape & 7];

	if (each == 7)
		each = 1000;
	for (unsigned int i = 0; i < count; i++) {
		uint32_t gref = SENT + (b.tx_prod & 63);
		struct netif_tx_request req = {
			.gref = shape == 0xff ? BAD_GREF : gref,
			.offset = i ? 0 : shape >> 3 & 3,
			.flags = (i + 1 < count ? NETTXF_more_data : 0) |
				 (!i && kind >> 6 == 3 ? NETTXF_csum_blank : 0),
			.id = (uint16_t)b.tx_prod,
			.size = (uint16_t)(i ? each : first + each *
					   (count - 1)),
		};
		uint8_t *page = memory[gref] + req.offset;

		/* another's address now and then, an IP header as well */
		if (!i) {
			memcpy(page + 6, own_mac, 6);
			page[12] = 8;
			page[13] = 0;
			page[14] = 0x45;
			page[23] = 6;
			page[46] = 0x50;
			page[11] ^= shape >> 5 == 5;
		}
		memcpy(truth + TX + SLOTS + b.tx_prod++ % 256 * TX_SLOT, &req,
		       sizeof(req));
	}
}

static void lend(unsigned int count, bool bad)
{
	while (count-- && b.rx_prod - b.rx_answers < 256) {
		struct netif_rx_request req = {
			.id = (uint16_t)(b.rx_prod * 3),
			.gref = bad ? BAD_GREF : LENT + (b.rx_prod & 255),
		};

		memcpy(truth + RX + SLOTS + b.rx_prod++ % 256 * RX_SLOT, &req,
		       sizeof(req));
	}
}

static void take_tx_response(void)
{
	struct netif_tx_response r;

	peer_take(&b.ring, TX + SLOTS + b.tx_answers % 256 * TX_SLOT, &r,
		  sizeof(r));
	if (!b.changing)
		MUST(r.id == (uint16_t)b.tx_answers);
	MUST(r.status == NETIF_RSP_OKAY || r.status == NETIF_RSP_ERROR ||
	     r.status == NETIF_RSP_DROPPED || r.status == NETIF_RSP_NULL);
	b.tx_answers++;
}

/* The pieces of a frame are one frame of the TAP's, in order and whole. */
static void take_rx_response(void)
{
	uint32_t slot = b.rx_answers++ % 256;
	struct netif_rx_response r;
	struct netif_extra_info x;
	const uint8_t *page;

	peer_take(&b.ring, RX + SLOTS + slot * RX_SLOT, &r, sizeof(r));
	/* its hash, in the next slot, whose page is not used */
	if (r.flags & NETRXF_extra_info) {
		MUST(b.hashing);
		b.rx_answers++;
		peer_take(&b.ring, RX + SLOTS + (slot + 1) % 256 * RX_SLOT, &x,
			  sizeof(x));
		MUST(x.type == XEN_NETIF_EXTRA_TYPE_HASH && !x.flags);
		MUST(x.u.hash.type <= 3 && x.u.hash.algorithm == 1);
	}
	if (r.status < 0 || b.changing || b.copies_fail) {
		b.got = 0;
		b.number = -1;
		return;
	}
	MUST(r.status <= 4096 && !r.offset);
	MUST(b.rx_gref[slot] < PAGES);
	page = memory[b.rx_gref[slot]];
	MUST(r.status && (b.number < 0 || b.number == page[r.status - 1]));
	b.number = page[r.status - 1];
	b.got += (uint32_t)r.status;
	if (r.flags & NETRXF_more_data)
		return;
	MUST(b.number < (int)b.frames && b.number > b.last_number);
	MUST(b.got == b.sizes[b.number]);
	b.last_number = b.number;
	b.got = 0;
	b.number = -1;
}

static void note_event(size_t page, uint32_t most)
{
	uint32_t event;

	if (peer_is_poison(&b.ring, page + REQ_EVENT))
		return;
	peer_take(&b.ring, page + REQ_EVENT, &event, sizeof(event));
	/* it may have gone on since it asked, but not by more than a ring */
	MUST(event - most - 1 <= 256 || most + 1 - event <= 256);
}

/* What the queue wrote into the rings since we looked. */
static void guest_looks(void)
{
	uint32_t prod;

	if (!peer_is_poison(&b.ring, TX + RSP_PROD)) {
		peer_take(&b.ring, TX + RSP_PROD, &prod, sizeof(prod));
		MUST(prod - b.tx_answers <= 256);
		while (b.tx_answers != prod)
			take_tx_response();
	}
	if (!peer_is_poison(&b.ring, RX + RSP_PROD)) {
		peer_take(&b.ring, RX + RSP_PROD, &prod, sizeof(prod));
		MUST(prod - b.rx_answers <= 256);
		while (b.rx_answers != prod)
			take_rx_response();
		b.rx_looked = prod;
	}
	note_event(TX, b.tx_answers);
	note_event(RX, b.rx_answers);
}

static void guest_acts(struct input *in)
{
	static const uint8_t counts[] = { 0, 1, 18, 64 };
	uint8_t what = in8(in);

	for (unsigned int i = what & 3; i; i--)
		put_packet(in);
	lend(counts[what >> 2 & 3], what >= 0xf0);
	peer_put32(&b.ring, TX + REQ_PROD, b.tx_prod);
	peer_put32(&b.ring, RX + REQ_PROD, b.rx_prod);
	b.event = true;
	if ((what & 0x70) == 0x70 && in8(in) > 240) {
		peer_put32(&b.ring, (what & 1 ? TX : RX) + REQ_PROD, in32(in));
		b.changing = true;
	}
	b.copies_fail |= what == 0xff;
}

static int play_ppoll(struct pollfd *fds, nfds_t count,
		      const struct timespec *timeout, const void *mask)
{
	(void)mask;
	fuzz_states++;
	guest_looks();
	MUST(count == 3);
	/* asleep: what the guest had shown is taken */
	if (!timeout && !b.changing)
		MUST(b.tx_answers == b.tx_looked &&
		     (b.tx_looked == b.tx_prod || b.event));
	/* a frame waits for pages: more of them would be news */
	if (!timeout && !b.changing && fds[2].fd < 0)
		MUST(b.rx_shown == b.rx_prod || b.event);
	if (in_done(b.in)) {
		atomic_store(&b.shared.stop, true);
		return 0;
	}
	guest_acts(b.in);
	fds[0].revents = 0;
	fds[1].revents = POLLIN;
	fds[2].revents = fds[2].fd >= 0 && in8(b.in) & 1 ? POLLIN : 0;
	return 2;
}

/* -- a run ------------------------------------------------------------------------------------ */

static void set_up(struct input *in)
{
	static const uint8_t chances[] = { 0, 0, 0, 12 };
	static _Atomic bool foreign_mac_said;
	uint8_t shape = in8(in);
	uint32_t seed = in16(in);

	/* made once: its memory is a megabyte */
	if (!fresh.tx_pages)
		MUST(!queue_open(&fresh, &b.shared, 0, &b.stats));
	queue = fresh;
	queue.tap = TAP;
	memset(&b, 0, sizeof(b));
	b.in = in;
	b.number = b.last_number = -1;
	memset(truth, 0, sizeof(truth));
	b.ring = (struct peer_area){
		.base = rings, .truth = truth, .looked = looked,
		.size = sizeof(rings),
	};
	peer_begin(seed, 0);
	peer_share(&b.ring);
	MUST(!queue_connect(&queue, 1, 2, 1, shape & 4 ? 2 : 1,
			    &(const char *){ NULL }));
	peer_begin(seed, chances[shape & 3]);
	peer_share(&b.ring);
	b.changing = chances[shape & 3];
	b.racing = shape & 16;
	for (unsigned int page = TX; page <= RX; page += RX) {
		peer_put32(&b.ring, page + REQ_EVENT, 1);
		peer_put32(&b.ring, page + RSP_EVENT, 1);
	}
	b.hashing = shape & 32;
	if (b.hashing) {
		struct hash hash = { .algorithm = 1, .types = 15, .key = "k" };

		hash_publish(&b.shared.hash, &hash);
	}
	b.shared.queue_count = 1;
	b.shared.domid = 7;
	b.shared.foreign_mac_said = &foreign_mac_said;
	b.shared.features = shape & 8 ? 31 : 0;
	b.shared.rx_notify = true;
	b.shared.filter.own_mac_only = true;
	memcpy(b.shared.filter.mac, own_mac, sizeof(own_mac));
}

void fuzz_one(struct input *in)
{
	const char *why = NULL;
	int r;

	set_up(in);
	r = queue_run(&queue, &why);
	MUST(r == 0 || (r == -EPROTO && why));
	guest_looks();
	/* a packet that broke the ring was looked at, and is not answered */
	MUST(b.tx_answers == b.tx_looked || r == -EPROTO);
	peer_untouched(&b.ring);
}
