/* SPDX-License-Identifier: MIT */
/*
 * The Toeplitz hash of frames: Microsoft's published vectors ("Verifying the RSS
 * Hash Calculation"), then which frames have which hash, whatever stands around
 * their addresses, and which queue that is.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/net/hash.h"
#include "lib/cleanup.h"

static unsigned int failures;

static void check(const char *what, const char *which, long got, long want)
{
	if (got == want)
		return;
	printf("# %s: %s: got %lx, want %lx\n", what, which, got, want);
	failures++;
}
#define CHECK(what, got, want) check(what, #got, (long)(got), (long)(want))

#define IPV4 XEN_NETIF_CTRL_HASH_TYPE_IPV4
#define IPV4_TCP XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP
#define IPV6 XEN_NETIF_CTRL_HASH_TYPE_IPV6
#define IPV6_TCP XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP
#define ALL (IPV4 | IPV4_TCP | IPV6 | IPV6_TCP)

static const uint8_t microsofts_key[HASH_KEY_MAX] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
	0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
	0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static const struct vector {
	int family;
	const char *from, *to;
	uint16_t from_port, to_port;
	uint32_t hash, tcp_hash;
} vectors[] = {
	{ AF_INET, "66.9.149.187", "161.142.100.80", 2794, 1766,
	  0x323e8fc2, 0x51ccc178 },
	{ AF_INET, "199.92.111.2", "65.69.140.83", 14230, 4739,
	  0xd718262a, 0xc626b0ea },
	{ AF_INET, "24.19.198.95", "12.22.207.184", 12898, 38024,
	  0xd2d0a5de, 0x5c2b394a },
	{ AF_INET, "38.27.205.30", "209.142.163.6", 48228, 2217,
	  0x82989176, 0xafc7327f },
	{ AF_INET, "153.39.163.191", "202.188.127.2", 44251, 1303,
	  0x5d1809c5, 0x10e828a2 },
	{ AF_INET6, "3ffe:2501:200:1fff::7", "3ffe:2501:200:3::1", 2794, 1766,
	  0x2cc18cd5, 0x40207d3d },
	{ AF_INET6, "3ffe:501:8::260:97ff:fe40:efab", "ff02::1", 14230, 4739,
	  0x0f0c461c, 0xdde51bbf },
	{ AF_INET6, "3ffe:1900:4545:3:200:f8ff:fe21:67cf",
	  "fe80::200:f8ff:fe21:67cf", 44251, 38024, 0x4b61e985, 0x02d1feef },
};

/* -- frames --------------------------------------------------------------- */

/* What stands around the addresses; each changes no address and no port. */
enum around {
	UDP		= 1,
	VLAN		= 2,
	OPTIONS		= 4,	/* IPv4's, or an IPv6 extension */
	FRAGMENT	= 8,	/* the first one: it does have ports */
	CUT		= 16,	/* behind the ports */
};

static uint8_t data[256];

static void put16(uint8_t *p, unsigned int value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static uint8_t *put_ip4(uint8_t *ip, const struct vector *v,
			unsigned int around)
{
	unsigned int words = around & OPTIONS ? 7 : 5;

	ip[0] = (uint8_t)(0x40 | words);
	put16(ip + 6, around & FRAGMENT ? 0x2000 : 0);
	ip[9] = around & UDP ? IPPROTO_UDP : IPPROTO_TCP;
	inet_pton(AF_INET, v->from, ip + 12);
	inet_pton(AF_INET, v->to, ip + 16);
	return ip + words * 4;
}

static uint8_t *put_ip6(uint8_t *ip, const struct vector *v,
			unsigned int around)
{
	uint8_t protocol = around & UDP ? IPPROTO_UDP : IPPROTO_TCP;
	uint8_t *next = &ip[6], *at = ip + 40;

	ip[0] = 0x60;
	inet_pton(AF_INET6, v->from, ip + 8);
	inet_pton(AF_INET6, v->to, ip + 24);
	if (around & OPTIONS) {
		*next = IPPROTO_DSTOPTS;
		next = at;
		at += 8;
	}
	if (around & FRAGMENT) {
		*next = IPPROTO_FRAGMENT;
		next = at;
		put16(at + 2, 1);	/* more of it follows */
		at += 8;
	}
	*next = protocol;
	return at;
}

/* A frame of V's addresses and ports; its size. */
static size_t build(const struct vector *v, unsigned int around)
{
	uint8_t *at = data + 12;

	memset(data, 0, sizeof(data));
	if (around & VLAN) {
		put16(at, 0x8100);
		at += 4;
	}
	put16(at, v->family == AF_INET ? 0x0800 : 0x86dd);
	at += 2;
	at = v->family == AF_INET ? put_ip4(at, v, around) :
		put_ip6(at, v, around);
	put16(at, v->from_port);
	put16(at + 2, v->to_port);
	if (!(around & UDP))
		at[12] = 0x50;
	return (size_t)(at - data) + (around & CUT ? 4 : 20);
}

/* -- vectors -------------------------------------------------------------- */

static void test_vectors(void)
{
	const char *what = "Microsoft's vectors";
	uint8_t input[36];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *v = &vectors[i];
		size_t size = v->family == AF_INET ? 4 : 16;

		inet_pton(v->family, v->from, input);
		inet_pton(v->family, v->to, input + size);
		put16(input + 2 * size, v->from_port);
		put16(input + 2 * size + 2, v->to_port);
		CHECK(what, hash_toeplitz(microsofts_key, input, 2 * size),
		      v->hash);
		CHECK(what, hash_toeplitz(microsofts_key, input, 2 * size + 4),
		      v->tcp_hash);
	}
	printf("%sok %s\n", failures ? "not " : "", what);
}

static void test_no_key(void)
{
	static const uint8_t key[HASH_KEY_MAX];
	const char *what = "without a key the hash is 0";

	memset(data, 0xff, sizeof(data));
	CHECK(what, hash_toeplitz(key, data, 36), 0);
	CHECK(what, hash_toeplitz(microsofts_key, data, 0), 0);
	printf("%sok %s\n", failures ? "not " : "", what);
}

/* netif.h's own words, bit by bit, as a second opinion on any input. */
static uint32_t by_the_book(const uint8_t *key, const uint8_t *buf, size_t size)
{
	uint32_t value = 0;
	size_t i, j;

	for (i = 0; i < 8 * size; i++) {
		if (!(buf[i / 8] & 0x80 >> i % 8))
			continue;
		for (j = 0; j < 32; j++)
			if (i + j < 8 * HASH_KEY_MAX &&
			    key[(i + j) / 8] & 0x80 >> (i + j) % 8)
				value ^= 1u << (31 - j);
	}
	return value;
}

static void test_any_input(void)
{
	const char *what = "any key and any input are hashed as netif.h says";
	uint8_t key[HASH_KEY_MAX], input[36];
	unsigned int seed = 1, i, n;

	for (n = 0; n < 2000; n++) {
		for (i = 0; i < sizeof(key) + sizeof(input); i++) {
			seed = seed * 1103515245u + 12345u;
			*(i < sizeof(key) ? &key[i] :
			  &input[i - sizeof(key)]) = (uint8_t)(seed >> 16);
		}
		CHECK(what, hash_toeplitz(key, input, n % 37),
		      by_the_book(key, input, n % 37));
	}
	printf("%sok %s\n", failures ? "not " : "", what);
}

/* -- which hash a frame has ----------------------------------------------- */

enum want { NONE, ADDRESSES, PORTS };

static const struct {
	const char *what;
	unsigned int types, around;
	enum want want;
} frame_cases[] = {
	{ "the hash over most fields is taken", ALL, 0, PORTS },
	{ "only addresses are asked for", IPV4 | IPV6, 0, ADDRESSES },
	{ "only ports are asked for", IPV4_TCP | IPV6_TCP, 0, PORTS },
	{ "UDP has no ports here", ALL, UDP, ADDRESSES },
	{ "UDP where only TCP is asked for", IPV4_TCP | IPV6_TCP, UDP, NONE },
	{ "a VLAN tag", ALL, VLAN, PORTS },
	{ "options, extensions", ALL, OPTIONS, PORTS },
	{ "options and a tag", ALL, OPTIONS | VLAN, PORTS },
	{ "a fragment", ALL, FRAGMENT, ADDRESSES },
	{ "a fragment behind extensions", ALL, FRAGMENT | OPTIONS,
	  ADDRESSES },
	{ "a fragment where only TCP is asked for", IPV4_TCP | IPV6_TCP,
	  FRAGMENT, NONE },
	{ "a TCP header that is cut", ALL, CUT, ADDRESSES },
	{ "nothing is asked for", 0, 0, NONE },
};

static void run_frame_case(unsigned int n, const struct vector *v)
{
	struct hash h = {
		.algorithm = XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ,
		.types = (uint8_t)frame_cases[n].types,
	};
	struct net_frame f = {
		.size = (uint32_t)build(v, frame_cases[n].around),
	};
	const char *what = frame_cases[n].what;
	bool v4 = v->family == AF_INET;

	memcpy(h.key, microsofts_key, sizeof(h.key));
	hash_frame(&h, data, &f);
	CHECK(what, f.flags, frame_cases[n].want == NONE ? 0 : NET_HASHED);
	switch (frame_cases[n].want) {
	case NONE:
		break;
	case ADDRESSES:
		CHECK(what, f.hash, v->hash);
		CHECK(what, f.hash_type, v4 ? _XEN_NETIF_CTRL_HASH_TYPE_IPV4 :
		      _XEN_NETIF_CTRL_HASH_TYPE_IPV6);
		break;
	case PORTS:
		CHECK(what, f.hash, v->tcp_hash);
		CHECK(what, f.hash_type,
		      v4 ? _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP :
		      _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP);
		break;
	}
}

static void test_frames(void)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(frame_cases); i++) {
		unsigned int before = failures;

		for (j = 0; j < ARRAY_SIZE(vectors); j++)
			run_frame_case(i, &vectors[j]);
		printf("%sok %s\n", failures == before ? "" : "not ",
		       frame_cases[i].what);
	}
}

/* IPv4 is asked for, IPv6 not: and the other way round. */
static void test_other_version(void)
{
	const char *what = "the other IP version has no hash";
	struct hash h = { .types = IPV6 | IPV6_TCP };
	struct net_frame f = { .size = (uint32_t)build(&vectors[0], 0) };

	hash_frame(&h, data, &f);
	CHECK(what, f.flags, 0);
	h.types = IPV4 | IPV4_TCP;
	f.size = (uint32_t)build(&vectors[5], 0);
	hash_frame(&h, data, &f);
	CHECK(what, f.flags, 0);
	printf("%sok %s\n", failures ? "not " : "", what);
}

/* Whatever the cut, only bytes that there are are looked at (run with ASan). */
static void test_cut_anywhere(void)
{
	const char *what = "a frame cut at any byte is hashed within its bytes";
	struct hash h = { .types = ALL };
	unsigned int i, around;

	memcpy(h.key, microsofts_key, sizeof(h.key));
	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		for (around = 0; around < CUT; around++) {
			uint32_t size = (uint32_t)build(&vectors[i], around);
			uint32_t cut;

			for (cut = NET_HEADER_MIN; cut <= size; cut++) {
				struct net_frame f = { .size = cut };
				uint8_t *exact = malloc(cut);

				if (!exact)
					abort();
				memcpy(exact, data, cut);
				hash_frame(&h, exact, &f);
				free(exact);
				CHECK(what, f.flags & ~NET_HASHED, 0);
				CHECK(what, cut < 34 && f.flags, 0);
			}
		}
	}
	printf("%sok %s\n", failures ? "not " : "", what);
}

static void test_not_ip(void)
{
	const char *what = "what is not IP has no hash";
	struct hash h = { .types = ALL };
	struct net_frame f = { .size = (uint32_t)build(&vectors[0], 0) };

	put16(data + 12, 0x0806);
	hash_frame(&h, data, &f);
	CHECK(what, f.flags, 0);
	put16(data + 12, 0x86dd);	/* but its version is 4 */
	hash_frame(&h, data, &f);
	CHECK(what, f.flags, 0);
	printf("%sok %s\n", failures ? "not " : "", what);
}

/* -- which queue ---------------------------------------------------------- */

static void test_queue(void)
{
	const char *what = "a hash chooses its queue";
	struct hash h = { .mapping_size = 0 };
	struct net_frame f = { .flags = NET_HASHED, .hash = 0xc626b0eb };
	struct net_frame none = { .hash = 0xc626b0eb };

	CHECK(what, hash_queue(&h, &f, 4), 3);
	CHECK(what, hash_queue(&h, &f, 1), 0);
	CHECK(what, hash_queue(&h, &none, 4), 0);
	h.mapping_size = 128;
	h.mapping[0xeb & 127] = 2;
	h.mapping[0] = 1;
	CHECK(what, hash_queue(&h, &f, 4), 2);
	CHECK(what, hash_queue(&h, &none, 4), 1);
	h.mapping_size = 100;		/* no power of two */
	h.mapping[0xc626b0eb % 100] = 3;
	CHECK(what, hash_queue(&h, &f, 4), 3);
	printf("%sok %s\n", failures ? "not " : "", what);
}

static void test_active(void)
{
	const char *what = "there is a hash once algorithm and types are set";
	struct hash h = { .types = 0 };

	CHECK(what, hash_active(&h), false);
	h.types = IPV4;
	CHECK(what, hash_active(&h), false);
	h.algorithm = XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ;
	CHECK(what, hash_active(&h), true);
	h.types = 0;
	CHECK(what, hash_active(&h), false);
	printf("%sok %s\n", failures ? "not " : "", what);
}

int main(void)
{
	test_vectors();
	test_no_key();
	test_any_input();
	test_frames();
	test_other_version();
	test_cut_anywhere();
	test_not_ip();
	test_queue();
	test_active();
	printf("%u failures\n", failures);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
