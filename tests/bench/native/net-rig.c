/* SPDX-License-Identifier: MIT */
/* See net-rig.h. */
#include "config.h"

#include "tests/bench/native/net-rig.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/uio.h>

#include "lib/ring.h"
#include "tests/bench/native/cycles.h"
#include "tests/bench/native/xen.h"

#define TX_REF 1u
#define RX_REF 2u
#define DOMID 7
#define BAD_GREF (XEN_PAGES + 1)

static const uint8_t own_mac[6] = { 0, 0x16, 0x3e, 0, 0, 7 };

static struct rig {
	const struct net_load *load;
	struct queue_shared shared;
	struct queue q;
	unsigned int round, waiting;	/* slots not answered */
	unsigned int frames;		/* that the TAP has */
	uint32_t prod, cons;
	uint64_t started;
	uint64_t *cycles;
	struct net_run *run;
} rig;

/* -- packets ---------------------------------------------------------------------- */

static bool large(const struct net_load *l)
{
	return l->size == NET_RIG_LARGE;
}

static unsigned int data_slots(const struct net_load *l)
{
	/* tx: the headers, then whole pages, as Linux lays them out */
	if (l->rx || !large(l))
		return (l->size + XEN_PAGE - 1) / XEN_PAGE;
	return 1 + (l->size - NET_RIG_HEAD + XEN_PAGE - 1) / XEN_PAGE;
}

unsigned int net_rig_slots(const struct net_load *l)
{
	return data_slots(l) + (l->mss != 0);
}

/* Slot J of a packet: its bytes. */
static unsigned int slot_size(const struct net_load *l, unsigned int j)
{
	unsigned int before;

	if (l->rx || !large(l))
		before = j * XEN_PAGE;
	else if (!j)
		return NET_RIG_HEAD;
	else
		before = NET_RIG_HEAD + (j - 1) * XEN_PAGE;
	return l->size - before < XEN_PAGE ? l->size - before : XEN_PAGE;
}

static unsigned int slot_offset(const struct net_load *l, unsigned int j)
{
	return l->rx || j ? 0 : l->offset;
}

static uint32_t slot_gref(const struct net_load *l, unsigned int i,
			  unsigned int j)
{
	return NET_RIG_DATA + i * data_slots(l) + j;
}

/* TCP over IPv4, as far as the backend looks. */
static void paint(const struct net_load *l, uint8_t *at)
{
	static const uint8_t foreign[6] = { 0, 0x16, 0x3e, 9, 9, 9 };
	uint8_t head[NET_RIG_HEAD] = { 0 };

	memset(head, 0xfe, 6);
	memcpy(head + 6, l->foreign_mac ? foreign : own_mac, 6);
	head[12] = 0x08;
	head[14] = 0x45;
	head[23] = 6;
	head[46] = 0x80;
	memcpy(at, head, l->size < sizeof(head) ? l->size : sizeof(head));
}

unsigned int net_rig_pieces(const struct net_load *l, uint8_t *ours,
			    struct piece *pieces)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < l->batch; i++)
		for (unsigned int j = 0; j < data_slots(l); j++) {
			unsigned int at = slot_offset(l, j);
			/* our pages are used again after each batch */
			uint8_t *own = ours + n % NET_BATCH_SLOTS * XEN_PAGE +
				       at;
			uint8_t *guest = xen_page(slot_gref(l, i, j));

			pieces[n++] = (struct piece){
				.to = l->rx ? guest : own,
				.from = l->rx ? own : guest + at,
				.size = slot_size(l, j),
			};
		}
	return n;
}

/* -- the guest's part ------------------------------------------------------------- */

static struct netif_tx_sring *tx_ring(void)
{
	return xen_page(TX_REF);
}

static struct netif_rx_sring *rx_ring(void)
{
	return xen_page(RX_REF);
}

static void tx_put_extra(const struct net_load *l)
{
	struct netif_extra_info extra = {
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso.size = l->mss,
		.u.gso.type = XEN_NETIF_GSO_TYPE_TCPV4,
	};

	memcpy(&tx_ring()->ring[rig.prod++ % NET_RING_SIZE], &extra,
	       sizeof(extra));
}

static void tx_put(const struct net_load *l, unsigned int i)
{
	unsigned int slots = data_slots(l);

	for (unsigned int j = 0; j < slots; j++) {
		uint16_t flags = j ? 0 : l->flags;

		if (j + 1 < slots)
			flags |= NETTXF_more_data;
		if (!j && l->mss)
			flags |= NETTXF_extra_info;
		tx_ring()->ring[rig.prod % NET_RING_SIZE].req =
			(struct netif_tx_request){
			.gref = l->bad_gref ? BAD_GREF : slot_gref(l, i, j),
			.offset = (uint16_t)slot_offset(l, j),
			.flags = flags,
			.id = (uint16_t)(rig.prod % NET_RING_SIZE),
			.size = (uint16_t)(j ? slot_size(l, j) : l->size),
		};
		rig.prod++;
		if (!j && l->mss)
			tx_put_extra(l);
	}
}

/* The ring is kept full; each round finds its own pages again. */
static void rx_lend(const struct net_load *l)
{
	unsigned int round = l->batch * net_rig_slots(l);

	for (; rig.prod - rig.cons < NET_RING_SIZE; rig.prod++)
		rx_ring()->ring[rig.prod % NET_RING_SIZE].req =
			(struct netif_rx_request){
			.id = (uint16_t)(rig.prod % NET_RING_SIZE),
			.gref = l->bad_gref ? BAD_GREF :
				NET_RIG_DATA + rig.prod % round,
		};
}

static void push(uint32_t *shared_prod, uint32_t *event, uint32_t old)
{
	ring_publish(shared_prod, rig.prod);
	if (ring_must_notify(old, rig.prod, event))
		xen_kick();
}

static void round_begin(void)
{
	const struct net_load *l = rig.load;
	uint32_t old = rig.prod;

	rig.waiting = l->batch * net_rig_slots(l);
	if (l->rx) {
		rx_lend(l);
		push(&rx_ring()->req_prod, &rx_ring()->req_event, old);
		rig.frames = l->batch;
	} else {
		for (unsigned int i = 0; i < l->batch; i++)
			tx_put(l, i);
		push(&tx_ring()->req_prod, &tx_ring()->req_event, old);
	}
	rig.started = cycles_start();
}

/* Extras are answered with NULL (tx) or are no answers (rx): never an error. */
static bool answered_wrong(uint32_t index)
{
	if (rig.load->rx)
		return rx_ring()->ring[index % NET_RING_SIZE].rsp.status < 0;
	return tx_ring()->ring[index % NET_RING_SIZE].rsp.status < 0;
}

static void take_answers(void)
{
	uint32_t *prod = rig.load->rx ? &rx_ring()->rsp_prod :
					&tx_ring()->rsp_prod;
	uint32_t *event = rig.load->rx ? &rx_ring()->rsp_event :
					 &tx_ring()->rsp_event;

	do {
		uint32_t to = ring_snapshot(prod);

		for (; rig.cons != to; rig.cons++) {
			rig.run->errors += answered_wrong(rig.cons);
			rig.run->answered++;
			rig.waiting--;
		}
	} while (ring_final_check(rig.cons, event, prod));
}

static void guest_turn(void)
{
	const struct net_load *l = rig.load;
	uint64_t now = cycles_stop();

	if (rig.round || rig.waiting) {
		take_answers();
		if (rig.waiting) {
			fprintf(stderr, "network rig: asleep with %u slots not "
				"answered\n", rig.waiting);
			exit(1);
		}
		if (rig.round > l->warmup)
			rig.cycles[rig.round - l->warmup - 1] =
				now - rig.started;
	}
	if (rig.round == l->warmup + l->rounds) {
		if (l->finished)
			l->finished();
		atomic_store(&rig.shared.stop, true);
		return;
	}
	if (rig.round == l->warmup && l->steady)
		l->steady();
	rig.round++;
	round_begin();
}

/* -- the TAP and the sleep --------------------------------------------------------- */

ssize_t __wrap_writev(int fd, const struct iovec *iov, int count);
ssize_t __wrap_readv(int fd, const struct iovec *iov, int count);
int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *ts,
		 const sigset_t *mask);

ssize_t __wrap_writev(int fd, const struct iovec *iov, int count)
{
	(void)fd;
	(void)iov;
	(void)count;
	rig.run->writes++;
	return 1;
}

ssize_t __wrap_readv(int fd, const struct iovec *iov, int count)
{
	const struct net_load *l = rig.load;
	struct virtio_net_hdr *hdr = iov->iov_base;

	(void)fd;
	(void)count;
	rig.run->reads++;
	if (!rig.frames) {
		errno = EAGAIN;
		return -1;
	}
	rig.frames--;
	*hdr = (struct virtio_net_hdr){ 0 };
	if (l->mss) {
		hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		hdr->gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
		hdr->gso_size = l->mss;
		hdr->hdr_len = NET_RIG_HEAD;
		hdr->csum_start = 34;
		hdr->csum_offset = 16;
	}
	return (ssize_t)(sizeof(*hdr) + l->size);
}

int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *ts,
		 const sigset_t *mask)
{
	(void)ts;
	(void)mask;
	rig.run->sleeps++;
	if (rig.load->aside)
		rig.load->aside(true);
	guest_turn();
	for (nfds_t i = 0; i < count; i++)
		fds[i].revents = 0;
	if (xen.event)
		fds[1].revents = POLLIN;
	if (rig.frames)
		fds[2].revents = POLLIN;
	if (rig.load->aside)
		rig.load->aside(false);
	return 1;
}

/* -- life ------------------------------------------------------------------------- */

static void fail(const char *what, int error)
{
	fprintf(stderr, "network rig: %s: %s\n", what, strerror(error));
	exit(1);
}

static void rig_init(const struct net_load *load, uint64_t *cycles,
		     struct net_run *run)
{
	*run = (struct net_run){ 0 };
	rig = (struct rig){
		.load = load, .cycles = cycles, .run = run,
		.shared = {
			.domid = DOMID,
			.features = OFFLOAD_SG | OFFLOAD_CSUM4 | OFFLOAD_GSO4,
			.rx_notify = true,
			.filter.own_mac_only = load->own_mac_only,
		},
	};
	memcpy(rig.shared.filter.mac, own_mac, sizeof(own_mac));
	memset(tx_ring(), 0, XEN_PAGE);
	memset(rx_ring(), 0, XEN_PAGE);
	tx_ring()->req_event = tx_ring()->rsp_event = 1;
	rx_ring()->req_event = rx_ring()->rsp_event = 1;
	for (unsigned int i = 0; !load->rx && i < load->batch; i++)
		paint(load, (uint8_t *)xen_page(slot_gref(load, i, 0)) +
			    load->offset);
	xen.event = false;
}

void net_rig_run(const struct net_load *load, uint64_t *cycles,
		 struct net_run *run)
{
	static _Atomic bool foreign_mac_said;
	struct grants grants;
	const char *why;
	int r;

	rig_init(load, cycles, run);
	if (grants_open(&grants) < 0)
		fail("grants", ENODEV);
	rig.shared.grants = &grants;
	rig.shared.foreign_mac_said = &foreign_mac_said;
	r = queue_open(&rig.q, &rig.shared, 0, &run->stats);
	if (r < 0)
		fail("queue", -r);
	for (unsigned int i = 0; load->rx && i < QUEUE_RX_PAGES; i++)
		paint(load, rig.q.rx_pages + i * XEN_PAGE);
	r = evtchn_adopt(&rig.q.evtchn, eventfd(0, EFD_CLOEXEC), DOMID);
	if (r < 0)
		fail("event channel", -r);
	r = queue_connect(&rig.q, TX_REF, RX_REF, 1, 1, &why);
	if (r < 0)
		fail(why, -r);
	r = queue_run(&rig.q, &why);
	if (r < 0)
		fail(why, -r);
	queue_close(&rig.q);
	grants_close(&grants);
}
