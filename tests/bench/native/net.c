/* SPDX-License-Identifier: MIT */
/*
 * What a packet costs us: cycles of the backend's own code, from the event
 * that wakes it to the moment it sleeps again, a packet. The TAP costs
 * nothing here, and a grant copy is a memcpy(); beside it stands memcpy() of
 * the same bytes between the same places.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "tests/bench/native/net-rig.h"
#include "tests/bench/native/report.h"
#include "tests/bench/native/xen.h"

#define ROUNDS_MAX 4000u
#define PIECES_MAX 256u

static struct options options;
static double timer;
static _Alignas(4096) uint8_t ours[NET_BATCH_SLOTS * XEN_PAGE];

static struct net_load load_of(bool rx, unsigned int batch, unsigned int size)
{
	struct net_load l = {
		.rx = rx,
		.batch = batch,
		.rounds = batch == 1 ? 3000 : batch <= 32 ? 400 : 100,
		.warmup = 64,
		.size = size,
		.own_mac_only = true,
	};

	/* where Linux leaves room for headers; a whole page has none */
	if (size < XEN_PAGE || size == NET_RIG_LARGE)
		l.offset = 64;
	if (size == NET_RIG_LARGE) {
		l.mss = 1448;
		l.flags = NETTXF_csum_blank | NETTXF_data_validated;
	}
	return l;
}

/* Cycles a packet: of the typical round. */
static double run(const struct net_load *l)
{
	static uint64_t cycles[ROUNDS_MAX];
	struct net_run got;
	uint64_t packets = (uint64_t)l->batch * (l->warmup + l->rounds);

	net_rig_run(l, cycles, &got);
	/* or it would be something else that is measured */
	if (got.errors != (l->wrong ? packets : 0)) {
		fprintf(stderr, "of %llu packets %llu were answered with an "
			"error\n", (unsigned long long)packets,
			(unsigned long long)got.errors);
		exit(1);
	}
	return (typical_cycles(cycles, l->rounds) - timer) / l->batch;
}

static void packet(const char *what, bool rx, unsigned int batch,
		   unsigned int size, struct figure f)
{
	struct net_load l = load_of(rx, batch, size);
	struct piece pieces[PIECES_MAX];
	unsigned int n;

	if (!report_wants(&options, what))
		return;
	f.what = what;
	f.batch = batch;
	f.unit = "packet";
	f.against = "memcpy";
	n = net_rig_pieces(&l, ours, pieces);
	for (int i = 0; i < SAMPLES; i++) {
		f.cycles[i] = run(&l);
		f.limit[i] = (copy_cycles(pieces, n, n, l.rounds) - timer) /
			     batch;
	}
	report_figure(&f);
}

static void sizes(bool rx, const char *const names[4], const char *goal)
{
	const struct figure none = { 0 };

	packet(names[0], rx, 1, 64, none);
	packet(names[0], rx, 32, 64,
	       (struct figure){ .goal = { goal, .cycles = 60 } });
	packet(names[0], rx, 256, 64, none);
	packet(names[1], rx, 1, 1514, none);
	packet(names[1], rx, 32, 1514,
	       (struct figure){ .goal = { goal, .ratio = 1.4 } });
	packet(names[2], rx, 32, 4096,
	       (struct figure){ .goal = { goal, .ratio = 1.3 } });
	packet(names[3], rx, 1, NET_RIG_LARGE, none);
	/* as many as the ring holds */
	packet(names[3], rx, 14, NET_RIG_LARGE,
	       (struct figure){ .goal = { goal, .ratio = 1.2, .plus = 300 } });
}

static void antispoof(void)
{
	struct net_load off = load_of(false, 32, 64), on = off;
	struct figure f = {
		.what = "tx: own MAC only, more than any", .batch = 32,
		.unit = "packet", .goal = { "N19", .cycles = 8 },
	};

	if (!report_wants(&options, f.what))
		return;
	off.own_mac_only = false;
	for (int i = 0; i < SAMPLES; i++)
		f.cycles[i] = run(&on) - run(&off);
	report_figure(&f);
}

static void malformed(const char *what, bool rx,
		      void (*spoil)(struct net_load *))
{
	struct net_load good = load_of(rx, 32, 64), bad = good;
	struct figure f = {
		.what = what, .batch = 32, .unit = "packet",
		.against = "a good one", .goal = { "N20", .ratio = 2 },
	};

	if (!report_wants(&options, what))
		return;
	spoil(&bad);
	bad.wrong = true;
	for (int i = 0; i < SAMPLES; i++) {
		f.cycles[i] = run(&bad);
		f.limit[i] = run(&good);
	}
	report_figure(&f);
}

static void spoil_size(struct net_load *l)
{
	l->size = 13;
}

static void spoil_csum(struct net_load *l)
{
	l->size = 40;		/* no whole TCP header */
	l->flags = NETTXF_csum_blank;
}

static void spoil_mac(struct net_load *l)
{
	l->foreign_mac = true;
}

static void spoil_gref(struct net_load *l)
{
	l->bad_gref = true;
}

static void counts(const char *what, bool rx, unsigned int batch)
{
	static uint64_t cycles[ROUNDS_MAX];
	struct net_load l = load_of(rx, batch, 64);
	double packets = (double)batch * (l.warmup + l.rounds);
	struct net_run got;

	if (!report_wants(&options, what))
		return;
	xen.calls = (struct xen_calls){ 0 };
	net_rig_run(&l, cycles, &got);
	report_count(what, batch, "grant copy calls a packet",
		     (double)xen.calls.copies / packets);
	report_count(what, batch, "copies in them a packet",
		     (double)xen.calls.copied / packets);
	report_count(what, batch, "notifies a packet",
		     (double)xen.calls.notifies / packets);
	report_count(what, batch, "event reads and unmasks a packet",
		     (double)(xen.calls.takes + xen.calls.unmasks) / packets);
	report_count(what, batch, "TAP calls and sleeps a packet",
		     (double)(got.reads + got.writes + got.sleeps) / packets);
}

int main(int argc, char **argv)
{
	static const char *const tx_names[] = {
		"tx 64 B", "tx 1514 B", "tx 4096 B", "tx 64 KiB, 17 slots",
	};
	static const char *const rx_names[] = {
		"rx 64 B", "rx 1514 B", "rx 4096 B", "rx 64 KiB, 16 slots",
	};

	log_init("net", LOG_ERR_LEVEL);
	report_open(argc, argv, &options);
	xen_open();
	timer = timer_cycles();
	sizes(false, tx_names, "N17");
	sizes(true, rx_names, "N18");
	antispoof();
	malformed("tx malformed: shorter than Ethernet", false, spoil_size);
	malformed("tx malformed: checksum of no TCP", false, spoil_csum);
	malformed("tx refused: another's MAC", false, spoil_mac);
	malformed("tx malformed: no such grant", false, spoil_gref);
	malformed("rx malformed: no such grant", true, spoil_gref);
	counts("tx", false, 1);
	counts("tx", false, 32);
	counts("tx", false, 256);
	counts("rx", true, 1);
	counts("rx", true, 32);
	counts("rx", true, 256);
	report_close();
	xen_close();
	return 0;
}
