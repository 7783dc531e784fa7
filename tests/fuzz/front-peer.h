/* SPDX-License-Identifier: MIT */
/*
 * A host for frontends under a fuzzer: as tests/unit/front-host.h, but nothing
 * is allocated or cleared that an input does not need, and the first area that
 * is shared, the ring, is a peer_area.
 */
#ifndef TESTS_FUZZ_FRONT_PEER_H
#define TESTS_FUZZ_FRONT_PEER_H

#include "frontends/front.h"
#include "tests/fuzz/peer.h"

#define FRONT_PEER_DIR "device/uvxx/1"
#define FRONT_PEER_BACK "/b/1"
#define FRONT_PEER_NODES 48
#define FRONT_PEER_PAGES 560
#define FRONT_PEER_AREAS 4
#define FRONT_PEER_GREF 8	/* the first one, as in a guest */

struct front_peer {
	struct {
		char path[48];
		char value[48];
	} nodes[FRONT_PEER_NODES];
	unsigned int node_count;
	unsigned int pages;		/* handed out */
	struct front_peer_area {
		unsigned int first, count;
		bool writable, ended;
	} areas[FRONT_PEER_AREAS];
	unsigned int area_count;
	unsigned int ports, watches, notifies, log_lines;
	unsigned int transactions;	/* that are open */
	bool still_mapped;		/* pages_end() says -EBUSY */
	unsigned int refuse_share;	/* the call that fails, from 1 */
	unsigned int store_fails;	/* from which transaction on; 0: never */
	unsigned int store_again;	/* so many commits find another writer */
	unsigned int store_begun;
	uint64_t now_ns;
	struct peer_area ring;
};

extern const struct front_ops front_peer_ops;

/* Empty, with the device's folder in Initialising. */
void front_peer_init(struct front_peer *p);
/* Longer than any node that a frontend reads: store_read() says -E2BIG. */
#define FRONT_PEER_LONG "(long)"
/* NODE of the backend's folder. NULL: there is none. */
void front_peer_offer(struct front_peer *p, const char *node,
		      const char *value);
void front_peer_set(struct front_peer *p, const char *path, const char *value);
/* The page that GREF is a grant of; NULL: it is none of this host's. */
uint8_t *front_peer_page(const struct front_peer *p, uint32_t gref);
/* Everything was given back. */
void front_peer_check_over(const struct front_peer *p);

#endif
