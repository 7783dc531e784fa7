/* SPDX-License-Identifier: MIT */
/*
 * Checksum and segmentation offloads between netif and a TAP, in both
 * directions, over packets built here: good ones, and those no stack sends.
 */

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_tun.h>

#include "backends/net/filter.h"
#include "backends/net/offload.h"
#include "backends/net/rate.h"
#include "lib/cleanup.h"

static unsigned int failures;

static void check(const char *what, const char *which, long got, long want)
{
	if (got == want)
		return;
	printf("# %s: %s: got %ld, want %ld\n", what, which, got, want);
	failures++;
}
#define CHECK(what, got, want) check(what, #got, (long)(got), (long)(want))

/* -- packets -------------------------------------------------------------- */

enum build {
	V6		= 1,
	UDP		= 2,
	VLAN		= 4,
	QINQ		= 8,
	FRAGMENT	= 16,
	OPTIONS	= 32,		/* v4: 40 bytes; v6: extensions */
	IHL_SHORT	= 64,
	DOFF_SHORT	= 128,
	TCP_OPTIONS	= 256,
	CWR		= 512,
	ARP		= 1024,
	ICMP		= 2048,
	MANY_EXTENSIONS	= 4096,
	LONG_EXTENSION	= 8192,
	VLAN3		= 16384,
	WRONG_VERSION	= 32768,
	ODD_PAYLOAD	= 65536,
};

struct made {
	uint8_t bytes[70000];
	size_t size;		/* as if with the payload asked for */
	size_t l4, csum;	/* offsets */
};
static struct made m;

static void put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint8_t *put_tags(uint8_t *p, unsigned int build)
{
	unsigned int n = build & VLAN3 ? 3 : build & QINQ ? 2 :
		build & VLAN ? 1 : 0, i;

	for (i = 0; i < n; i++, p += 4) {
		put16(p, i + 1 < n ? 0x88a8 : 0x8100);
		put16(p + 2, 5);
	}
	return p;
}

static uint8_t *put_ip6(uint8_t *ip, unsigned int build, uint8_t protocol,
			size_t rest)
{
	uint8_t *next = ip + 6, *p = ip + 40;
	unsigned int n = build & MANY_EXTENSIONS ? 9 : build & OPTIONS ? 2 :
		build & LONG_EXTENSION ? 1 : 0, i;

	ip[0] = 0x60;
	for (i = 0; i < n; i++, p += 8) {
		*next = IPPROTO_DSTOPTS;
		next = p;
		if (build & LONG_EXTENSION)
			p[1] = 255;
	}
	if (build & FRAGMENT) {
		*next = IPPROTO_FRAGMENT;
		next = p;
		put16(p + 2, 1);	/* more follow */
		p += 8;
	}
	*next = protocol;
	put16(ip + 4, (unsigned int)((size_t)(p - ip) - 40 + rest));
	memset(ip + 8, 0x11, 32);
	return p;
}

static uint8_t *put_ip4(uint8_t *ip, unsigned int build, uint8_t protocol,
			size_t rest)
{
	unsigned int ihl = build & IHL_SHORT ? 4 : build & OPTIONS ? 15 : 5;

	ip[0] = (uint8_t)(0x40 | ihl);
	put16(ip + 2, (unsigned int)(ihl * 4 + rest));
	if (build & FRAGMENT)
		put16(ip + 6, 0x2000);
	ip[9] = protocol;
	memcpy(ip + 12, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
	return ip + ihl * 4;
}

/* A packet with PAYLOAD bytes behind its headers, checksum field 0. */
static void make(unsigned int build, size_t payload)
{
	uint8_t protocol = build & ICMP ? 58 : build & UDP ? IPPROTO_UDP :
		IPPROTO_TCP;
	size_t header = build & UDP ? 8 : build & TCP_OPTIONS ? 60 : 20;
	uint8_t *p = m.bytes + 12, *ip;
	size_t i;

	memset(&m, 0, sizeof(m));
	if (build & ODD_PAYLOAD)
		payload |= 1;
	memset(m.bytes, 0x22, 12);
	p = put_tags(p, build);
	put16(p, build & ARP ? 0x0806 : build & V6 ? 0x86dd : 0x0800);
	ip = p + 2;
	p = build & V6 ? put_ip6(ip, build, protocol, header + payload) :
		put_ip4(ip, build, protocol, header + payload);
	if (build & WRONG_VERSION)
		ip[0] ^= 0x20;
	m.l4 = (size_t)(p - m.bytes);
	m.csum = m.l4 + (build & UDP ? 6 : 16);
	put16(p, 1000);
	put16(p + 2, 2000);
	if (!(build & UDP)) {
		p[12] = build & DOFF_SHORT ? 0x40 : (uint8_t)(header / 4 << 4);
		p[13] = build & CWR ? 0x90 : 0x10;
	} else {
		put16(p + 4, (unsigned int)(header + payload));
	}
	p += header;
	for (i = 0; i < payload; i++)
		p[i] = (uint8_t)(i * 7 + 3);
	m.size = (size_t)(p - m.bytes) + payload;
}

/* The checksum as a textbook has it: over big-endian words. */
static unsigned int reference_sum(const uint8_t *p, size_t size,
				  unsigned int sum)
{
	size_t i;

	for (i = 0; i < size; i++) {
		sum += i & 1 ? p[i] : (unsigned int)p[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static unsigned int pseudo(unsigned int build)
{
	const uint8_t *ip = m.bytes + 14;
	size_t size = m.size - m.l4;
	unsigned int sum = build & UDP ? IPPROTO_UDP : IPPROTO_TCP;

	if (build & VLAN)
		ip += 4;
	sum += (unsigned int)(size & 0xffff) + (unsigned int)(size >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return build & V6 ? reference_sum(ip + 8, 32, sum) :
		reference_sum(ip + 12, 8, sum);
}

/* With the pseudo header added, does the packet sum up to all ones? */
static bool sums_up(unsigned int build)
{
	unsigned int sum = pseudo(build);

	return reference_sum(m.bytes + m.l4, m.size - m.l4, sum) == 0xffff;
}

/* -- from the guest ------------------------------------------------------- */

#define BLANK NET_CSUM_BLANK
#define NONE VIRTIO_NET_HDR_GSO_NONE
#define TCP4 VIRTIO_NET_HDR_GSO_TCPV4
#define TCP6 VIRTIO_NET_HDR_GSO_TCPV6
#define ECN VIRTIO_NET_HDR_GSO_ECN
#define G4 XEN_NETIF_GSO_TYPE_TCPV4
#define G6 XEN_NETIF_GSO_TYPE_TCPV6

static const struct from_case {
	const char *what;
	unsigned int build;
	size_t payload;
	uint8_t flags, gso;
	uint16_t mss;
	bool passes;
	uint8_t want_gso;
} from_cases[] = {
	{ "a whole packet passes as it is", 0, 100, 0, 0, 0, true, NONE },
	{ "what claims nothing need not be IP", ARP, 20, 0, 0, 0, true, NONE },
	{ "a blank TCPv4 checksum", 0, 100, BLANK, 0, 0, true, NONE },
	{ "a blank TCPv6 checksum", V6, 100, BLANK, 0, 0, true, NONE },
	{ "a blank UDPv4 checksum", UDP, 100, BLANK, 0, 0, true, NONE },
	{ "a blank UDPv6 checksum", V6 | UDP, 100, BLANK, 0, 0, true, NONE },
	{ "behind IPv4 options", OPTIONS, 100, BLANK, 0, 0, true, NONE },
	{ "behind IPv6 extensions", V6 | OPTIONS, 9, BLANK, 0, 0, true, NONE },
	{ "behind a VLAN tag", VLAN, 100, BLANK, 0, 0, true, NONE },
	{ "behind two VLAN tags", QINQ, 100, BLANK, 0, 0, true, NONE },
	{ "three VLAN tags are too many", VLAN3, 100, BLANK, 0, 0, false, 0 },
	{ "a blank checksum in ARP", ARP, 100, BLANK, 0, 0, false, 0 },
	{ "a blank checksum in ICMPv6", V6 | ICMP, 100, BLANK, 0, 0, false, 0 },
	{ "a blank checksum in an IPv4 fragment", FRAGMENT, 100, BLANK, 0, 0,
	  false, 0 },
	{ "a blank checksum in an IPv6 fragment", V6 | FRAGMENT, 100, BLANK, 0,
	  0, false, 0 },
	{ "an IPv4 header of 16 bytes", IHL_SHORT, 100, BLANK, 0, 0, false, 0 },
	{ "a TCP header of 16 bytes", DOFF_SHORT, 100, BLANK, 0, 0, false, 0 },
	{ "nine IPv6 extensions", V6 | MANY_EXTENSIONS, 100, BLANK, 0, 0, false,
	  0 },
	{ "an IPv6 extension of 2 KiB", V6 | LONG_EXTENSION, 3000, BLANK, 0, 0,
	  false, 0 },
	{ "an IPv4 type with an IPv6 header", WRONG_VERSION, 100, BLANK, 0, 0,
	  false, 0 },
	{ "TCPv4 segments", 0, 3000, BLANK, G4, 1448, true, TCP4 },
	{ "TCPv6 segments", V6, 3000, BLANK, G6, 1428, true, TCP6 },
	{ "segments whose sender forgot the blank checksum", 0, 3000, 0, G4,
	  1448, true, TCP4 },
	{ "TCPv6 segments, the same", V6, 3000, 0, G6, 1428, true, TCP6 },
	{ "segments with congestion notification", CWR, 3000, BLANK, G4, 1448,
	  true, TCP4 | ECN },
	{ "segments with TCP options", TCP_OPTIONS, 3000, BLANK, G4, 1400, true,
	  TCP4 },
	{ "TCPv4 segments of IPv6", V6, 3000, BLANK, G4, 1448, false, 0 },
	{ "TCPv6 segments of IPv4", 0, 3000, BLANK, G6, 1448, false, 0 },
	{ "segments of UDP", UDP, 3000, BLANK, G4, 1448, false, 0 },
	{ "segments of ARP", ARP, 3000, 0, G4, 1448, false, 0 },
	{ "segments of one byte", 0, 3000, BLANK, G4, 1, false, 0 },
	{ "segments of 8 bytes", 0, 3000, BLANK, G4, 8, true, TCP4 },
	{ "one segment and a byte", 0, 1449, BLANK, G4, 1448, true, TCP4 },
	{ "one segment is not cut", 0, 1448, BLANK, G4, 1448, true, NONE },
	{ "segments larger than the packet", 0, 6, BLANK, G4, 65535, true, NONE },
};

static void run_from(const struct from_case *c, size_t head_size)
{
	struct net_packet p = {
		.flags = c->flags,
		.gso_type = c->gso,
		.gso_mss = c->mss,
	};
	struct virtio_net_hdr hdr;
	unsigned int sum;

	make(c->build, c->payload);
	p.size = (uint16_t)m.size;
	if (head_size > m.size)
		head_size = m.size;
	CHECK(c->what, offload_from_guest(&p, m.bytes, head_size, &hdr),
	      c->passes);
	if (!c->passes)
		return;
	CHECK(c->what, hdr.gso_type, c->want_gso);
	CHECK(c->what, hdr.gso_size, c->want_gso ? c->mss : 0);
	if (!c->flags && !c->gso) {
		CHECK(c->what, hdr.flags, 0);
		return;
	}
	CHECK(c->what, hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	CHECK(c->what, hdr.csum_start, m.l4);
	CHECK(c->what, hdr.csum_start + hdr.csum_offset, m.csum);
	CHECK(c->what, hdr.hdr_len >= m.csum + 2 && hdr.hdr_len <= m.size, 1);
	sum = (unsigned int)m.bytes[m.csum] << 8 | m.bytes[m.csum + 1];
	/* what was blank stays the guest's own; what was not is put right */
	CHECK(c->what, sum, c->flags & BLANK ? 0 : pseudo(c->build));
}

static void test_from(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(from_cases); i++) {
		unsigned int before = failures;

		run_from(&from_cases[i], OFFLOAD_HEADER_MAX);
		run_from(&from_cases[i], 65535);
		printf("%sok %s\n", failures == before ? "" : "not ",
		       from_cases[i].what);
	}
}

/* Whatever the cut, the parser stays inside what there is (run with ASan). */
static void test_cuts(void)
{
	static const unsigned int builds[] = {
		0, V6, UDP, V6 | UDP, VLAN, QINQ, OPTIONS, V6 | OPTIONS,
		V6 | FRAGMENT, V6 | MANY_EXTENSIONS, V6 | LONG_EXTENSION,
		TCP_OPTIONS, ARP, VLAN3,
	};
	unsigned int i;
	size_t cut;

	for (i = 0; i < ARRAY_SIZE(builds); i++) {
		make(builds[i], 200);
		for (cut = 0; cut <= OFFLOAD_HEADER_MAX + 2; cut++) {
			uint8_t *exact = malloc(cut ? cut : 1);
			struct offload_layout l;
			bool whole;

			memcpy(exact, m.bytes, cut);
			whole = offload_parse(exact, cut, cut, &l);
			if (whole)
				CHECK("a cut packet", l.end <= cut, 1);
			if (cut <= m.l4 + 8)
				CHECK("a cut packet", whole && cut < m.l4 + 8,
				      0);
			free(exact);
		}
	}
	printf("ok a packet cut at any byte is parsed within its bytes\n");
}

/* -- to the guest --------------------------------------------------------- */

#define ALL (OFFLOAD_CSUM4 | OFFLOAD_CSUM6 | OFFLOAD_SG | OFFLOAD_GSO4 | \
	     OFFLOAD_GSO6)
#define VALID VIRTIO_NET_HDR_F_DATA_VALID
#define NEEDS VIRTIO_NET_HDR_F_NEEDS_CSUM

static const struct to_case {
	const char *what;
	unsigned int build;
	size_t payload;
	uint8_t hdr_flags, hdr_gso;
	uint16_t mss;
	unsigned int features;
	bool passes;
	uint8_t flags;		/* NET_CSUM_... */
	uint8_t gso;
} to_cases[] = {
	{ "a frame with its checksum", 0, 100, 0, 0, 0, ALL, true, 0, 0 },
	{ "a checked frame is said to be", 0, 100, VALID, 0, 0, ALL, true,
	  NET_CSUM_VALID, 0 },
	{ "a blank one for a guest that finishes it", 0, 100, NEEDS, 0, 0, ALL,
	  true, BLANK, 0 },
	{ "a blank one for a guest that does not", 0, 100, NEEDS, 0, 0, 0,
	  true, NET_CSUM_VALID, 0 },
	{ "a blank odd one for a guest that does not", ODD_PAYLOAD, 101, NEEDS,
	  0, 0, 0, true, NET_CSUM_VALID, 0 },
	{ "a blank v6 one for a guest that knows only v4", V6, 100, NEEDS, 0, 0,
	  OFFLOAD_CSUM4, true, NET_CSUM_VALID, 0 },
	{ "a blank v4 one for a guest that knows only v6", 0, 100, NEEDS, 0, 0,
	  OFFLOAD_CSUM6, true, NET_CSUM_VALID, 0 },
	{ "a blank UDP one for a guest that does not", UDP, 100, NEEDS, 0, 0, 0,
	  true, NET_CSUM_VALID, 0 },
	{ "a blank tagged one is finished for all guests", VLAN, 100, NEEDS, 0,
	  0, ALL, true, NET_CSUM_VALID, 0 },
	{ "segments for a guest that takes them", 0, 3000, NEEDS, TCP4, 1448,
	  ALL, true, BLANK, G4 },
	{ "v6 segments for a guest that takes them", V6, 3000, NEEDS, TCP6,
	  1428, ALL, true, BLANK, G6 },
	{ "64 KiB of segments", 0, 65000, NEEDS, TCP4, 1448, ALL, true, BLANK,
	  G4 },
	{ "v6 segments for a guest that takes v4", V6, 3000, NEEDS, TCP6, 1428,
	  ALL & ~OFFLOAD_GSO6, false, 0, 0 },
	{ "segments for a guest that takes none", 0, 3000, NEEDS, TCP4, 1448,
	  OFFLOAD_CSUM4 | OFFLOAD_SG, false, 0, 0 },
	{ "more than a page for a guest of single pages", 0, 5000, 0, 0, 0,
	  OFFLOAD_CSUM4, false, 0, 0 },
};

static void run_to(const struct to_case *c)
{
	struct virtio_net_hdr hdr = {
		.flags = c->hdr_flags,
		.gso_type = c->hdr_gso,
		.gso_size = c->mss,
	};
	struct net_frame frame;
	unsigned int sum;

	make(c->build, c->payload);
	if (c->hdr_flags & NEEDS) {
		hdr.csum_start = (uint16_t)m.l4;
		hdr.csum_offset = (uint16_t)(m.csum - m.l4);
		sum = pseudo(c->build);
		put16(m.bytes + m.csum, sum);
	}
	CHECK(c->what, offload_to_guest(&hdr, m.bytes, m.size, c->features,
					&frame), c->passes);
	if (!c->passes)
		return;
	CHECK(c->what, frame.size, m.size);
	CHECK(c->what, frame.flags, c->flags);
	CHECK(c->what, frame.gso_type, c->gso);
	CHECK(c->what, frame.gso_mss, c->gso ? c->mss : 0);
	if (c->hdr_flags & NEEDS && !(frame.flags & BLANK))
		CHECK(c->what, sums_up(c->build), 1);
}

static void test_to(void)
{
	struct virtio_net_hdr wild = {
		.flags = NEEDS,
		.csum_start = 65535,
		.csum_offset = 65535,
	};
	struct net_frame frame;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(to_cases); i++) {
		unsigned int before = failures;

		run_to(&to_cases[i]);
		printf("%sok %s\n", failures == before ? "" : "not ",
		       to_cases[i].what);
	}
	make(0, 100);
	CHECK("a checksum outside the frame",
	      offload_to_guest(&wild, m.bytes, m.size, 0, &frame), 0);
	wild = (struct virtio_net_hdr) { 0 };
	CHECK("a frame of 0 bytes",
	      offload_to_guest(&wild, m.bytes, 0, ALL, &frame), 0);
	CHECK("a frame of 13 bytes",
	      offload_to_guest(&wild, m.bytes, 13, ALL, &frame), 0);
	CHECK("a frame of 65536 bytes",
	      offload_to_guest(&wild, m.bytes, 65536, ALL, &frame), 1);
	CHECK("a frame beyond what a ring can say",
	      offload_to_guest(&wild, m.bytes, NET_RX_FRAME_MAX + 1, ALL,
			       &frame), 0);
}

/* What is asked of the TAP never exceeds what the guest takes. */
static void test_tap_features(void)
{
	static const struct {
		unsigned int guest, tap;
	} cases[] = {
		{ 0, 0 },
		{ OFFLOAD_CSUM4, TUN_F_CSUM },
		{ OFFLOAD_CSUM6, TUN_F_CSUM },
		{ OFFLOAD_SG | OFFLOAD_GSO4, 0 },
		{ OFFLOAD_CSUM4 | OFFLOAD_GSO4, TUN_F_CSUM },
		{ OFFLOAD_CSUM4 | OFFLOAD_SG | OFFLOAD_GSO4,
		  TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO_ECN },
		{ OFFLOAD_CSUM4 | OFFLOAD_SG | OFFLOAD_GSO4 | OFFLOAD_GSO6,
		  TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO_ECN },
		{ ALL, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		CHECK("features of the TAP",
		      offload_tap_features(cases[i].guest), cases[i].tap);
}

/* -- filter and rate ------------------------------------------------------ */

static void test_filter(void)
{
	struct filter strict = { .own_mac_only = true,
				 .mac = { 0, 0x16, 0x3e, 1, 2, 3 } };
	struct filter off = { .own_mac_only = false };
	static const struct {
		const char *what;
		uint8_t head[12];
		enum filter_verdict strict, off;
	} cases[] = {
		{ "a frame from the vif's address",
		  { 9, 9, 9, 9, 9, 9, 0, 0x16, 0x3e, 1, 2, 3 },
		  FILTER_PASS, FILTER_PASS },
		{ "a frame from another address",
		  { 9, 9, 9, 9, 9, 9, 0, 0x16, 0x3e, 1, 2, 4 },
		  FILTER_FOREIGN_MAC, FILTER_PASS },
		{ "a spanning tree frame",
		  { 1, 0x80, 0xc2, 0, 0, 0, 0, 0x16, 0x3e, 1, 2, 3 },
		  FILTER_RESERVED, FILTER_RESERVED },
		{ "an LLDP frame",
		  { 1, 0x80, 0xc2, 0, 0, 0xe, 0, 0x16, 0x3e, 1, 2, 3 },
		  FILTER_RESERVED, FILTER_RESERVED },
		{ "the first address that is not reserved",
		  { 1, 0x80, 0xc2, 0, 0, 0x10, 0, 0x16, 0x3e, 1, 2, 3 },
		  FILTER_PASS, FILTER_PASS },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		CHECK(cases[i].what, filter_judge(&strict, cases[i].head),
		      cases[i].strict);
		CHECK(cases[i].what, filter_judge(&off, cases[i].head),
		      cases[i].off);
	}
}

/* Send as fast as allowed for ten seconds of a made-up clock. */
static uint64_t sent_in_10_s(struct rate *r, unsigned int frame)
{
	uint64_t start = UINT64_C(1000000000000), now = start, sent = 0, wait;

	while (now - start < UINT64_C(10000000000)) {
		wait = rate_wait_ns(r, now);
		if (wait) {
			now += wait;
			continue;
		}
		rate_pay(r, now, frame);
		sent += frame;
	}
	return sent;
}

static void test_rate(void)
{
	static const unsigned int frames[] = { 60, 1514, 9014, 65535 };
	struct rate r = { 0 };
	unsigned int i;

	CHECK("no limit", rate_wait_ns(&r, 1000), 0);
	for (i = 0; i < ARRAY_SIZE(frames); i++) {
		uint64_t want = 10 * 1250000, got;

		atomic_store(&r.paid_ns, 0);
		rate_set(&r, 62500, 50000);	/* 10 Mbit/s */
		got = sent_in_10_s(&r, frames[i]);
		/* a burst of one interval and one frame more, no less */
		CHECK("10 Mbit/s for 10 s", got >= want, 1);
		CHECK("10 Mbit/s for 10 s",
		      got <= want + 62500 + 2 * frames[i], 1);
	}
	printf("ok a rate holds for frames of any size\n");
}

int main(void)
{
	test_from();
	test_cuts();
	test_to();
	test_tap_features();
	test_filter();
	test_rate();
	printf("%u failures\n", failures);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
