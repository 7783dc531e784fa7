/* SPDX-License-Identifier: MIT */
/*
 * The control ring of a network device as a guest may use it, well and badly:
 * the response to each request, what has changed after it, and whether the ring
 * lives on.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/net/ctrl.h"
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

/* -- the guest's pages ---------------------------------------------------- */

#define QUEUES 4u
#define BAD_GREF 5000u
/* What page GREF holds: */
enum { KEY_PAGE = 1, ZEROS_PAGE, QUEUES_PAGE, TOO_HIGH_PAGE, HUGE_PAGE };

static unsigned int fetches;

static int fetch(void *arg, uint32_t gref, void *to, uint32_t size)
{
	uint32_t *words = to;
	uint8_t *bytes = to;
	uint32_t i;

	(void)arg;
	CHECK("fetch", size > 0 && size <= NET_PAGE_SIZE, true);
	fetches++;
	switch (gref) {
	case KEY_PAGE:
		for (i = 0; i < size; i++)
			bytes[i] = (uint8_t)(i + 1);
		return 0;
	case ZEROS_PAGE:
		memset(to, 0, size);
		return 0;
	case QUEUES_PAGE:
	case TOO_HIGH_PAGE:
	case HUGE_PAGE:
		for (i = 0; i < size / 4; i++)
			words[i] = i % QUEUES;
		if (gref != QUEUES_PAGE)	/* only the last one is wrong */
			words[i - 1] = gref == HUGE_PAGE ?
				UINT32_MAX - 255 : QUEUES;
		return 0;
	default:
		return -EFAULT;
	}
}

/* -- requests ------------------------------------------------------------- */

#define TYPE(t) XEN_NETIF_CTRL_TYPE_##t
#define OK XEN_NETIF_CTRL_STATUS_SUCCESS
#define NO XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED
#define INVALID XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER
#define OVERFLOW XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW
#define TOEPLITZ XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ

/* In order, each on what those before it left. */
static const struct {
	const char *what;
	uint32_t type;
	uint32_t data[3];
	uint32_t status, ret;
	bool sets;
} cases[] = {
	/* nothing is set up yet (C06) */
	{ "types before an algorithm", TYPE(SET_HASH_FLAGS), { 1 },
	  .status = INVALID },
	{ "which types before an algorithm", TYPE(GET_HASH_FLAGS), { 0 },
	  .status = NO },
	{ "an algorithm of 2", TYPE(SET_HASH_ALGORITHM), { 2 },
	  .status = INVALID },
	{ "an algorithm of 257", TYPE(SET_HASH_ALGORITHM), { 257 },
	  .status = INVALID },
	{ "an algorithm of 2^32-1", TYPE(SET_HASH_ALGORITHM), { UINT32_MAX },
	  .status = INVALID },
	{ "no algorithm is one", TYPE(SET_HASH_ALGORITHM), { 0 }, .status = OK,
	  .sets = true },
	{ "Toeplitz", TYPE(SET_HASH_ALGORITHM), { TOEPLITZ }, .status = OK,
	  .sets = true },
	{ "which types", TYPE(GET_HASH_FLAGS), { 0 }, .status = OK, .ret = 15 },
	{ "all types", TYPE(SET_HASH_FLAGS), { 15 },
	  .status = OK, .sets = true },
	{ "a type of 16", TYPE(SET_HASH_FLAGS), { 16 }, .status = INVALID },
	{ "a type of 257", TYPE(SET_HASH_FLAGS), { 257 }, .status = INVALID },
	{ "all bits as types", TYPE(SET_HASH_FLAGS), { UINT32_MAX },
	  .status = INVALID },
	{ "types again", TYPE(SET_HASH_FLAGS), { 5 },
	  .status = OK, .sets = true },

	{ "a key of 40", TYPE(SET_HASH_KEY), { KEY_PAGE, 40 }, .status = OK,
	  .sets = true },
	{ "a key of 41", TYPE(SET_HASH_KEY), { KEY_PAGE, 41 },
	  .status = OVERFLOW },
	{ "a key of 4097", TYPE(SET_HASH_KEY), { KEY_PAGE, 4097 },
	  .status = OVERFLOW },
	{ "a key of 2^32-1", TYPE(SET_HASH_KEY), { KEY_PAGE, UINT32_MAX },
	  .status = OVERFLOW },
	{ "a key in no page", TYPE(SET_HASH_KEY), { BAD_GREF, 40 },
	  .status = INVALID },

	{ "how large a table", TYPE(GET_HASH_MAPPING_SIZE), { 0 },
	  .status = OK, .ret = 128 },
	{ "entries before a table", TYPE(SET_HASH_MAPPING),
	  { QUEUES_PAGE, 1, 0 }, .status = INVALID },
	{ "a table of 129", TYPE(SET_HASH_MAPPING_SIZE), { 129 },
	  .status = INVALID },
	{ "a table of 2^32-1", TYPE(SET_HASH_MAPPING_SIZE), { UINT32_MAX },
	  .status = INVALID },
	{ "a table of 257", TYPE(SET_HASH_MAPPING_SIZE), { 257 },
	  .status = INVALID },
	{ "a table of 100", TYPE(SET_HASH_MAPPING_SIZE), { 100 }, .status = OK,
	  .sets = true },
	{ "all its entries", TYPE(SET_HASH_MAPPING), { QUEUES_PAGE, 100, 0 },
	  .status = OK, .sets = true },
	{ "an entry too many", TYPE(SET_HASH_MAPPING), { QUEUES_PAGE, 101, 0 },
	  .status = INVALID },
	{ "one behind its end", TYPE(SET_HASH_MAPPING), { QUEUES_PAGE, 1, 100 },
	  .status = INVALID },
	{ "more entries than any table", TYPE(SET_HASH_MAPPING),
	  { QUEUES_PAGE, 129, 0 }, .status = OVERFLOW },
	{ "from behind any table", TYPE(SET_HASH_MAPPING),
	  { QUEUES_PAGE, 1, 128 }, .status = OVERFLOW },
	{ "count and offset that wrap", TYPE(SET_HASH_MAPPING),
	  { QUEUES_PAGE, 2, UINT32_MAX }, .status = OVERFLOW },
	{ "offset and count that wrap", TYPE(SET_HASH_MAPPING),
	  { QUEUES_PAGE, UINT32_MAX, 2 }, .status = OVERFLOW },
	{ "a queue that is none", TYPE(SET_HASH_MAPPING),
	  { TOO_HIGH_PAGE, 10, 0 }, .status = INVALID },
	{ "a queue of many", TYPE(SET_HASH_MAPPING), { HUGE_PAGE, 10, 0 },
	  .status = INVALID },
	{ "entries in no page", TYPE(SET_HASH_MAPPING), { BAD_GREF, 10, 0 },
	  .status = INVALID },
	{ "no entries, of no page", TYPE(SET_HASH_MAPPING),
	  { BAD_GREF, 0, 100 }, .status = OK, .sets = true },
	{ "the last entry", TYPE(SET_HASH_MAPPING), { ZEROS_PAGE, 1, 99 },
	  .status = OK,
	  .sets = true },

	/* C02, C07 */
	{ "type 0", TYPE(INVALID), { 0 }, .status = NO },
	{ "static grants: how many", TYPE(GET_GREF_MAPPING_SIZE), { 0 },
	  .status = NO },
	{ "static grants: some", TYPE(ADD_GREF_MAPPING), { 0, 1, 1 },
	  .status = NO },
	{ "static grants: fewer", TYPE(DEL_GREF_MAPPING), { 0, 1, 1 },
	  .status = NO },
	{ "type 11", 11, { 0 }, .status = NO },
	{ "type 65535", 65535, { 1, 2, 3 }, .status = NO },
};

static struct ctrl ctrl = { .queue_count = QUEUES, .fetch = fetch };

static void test_requests(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct xen_netif_ctrl_request req = {
			.id = (uint16_t)(1000 + i),
			.type = (uint16_t)cases[i].type,
		};
		struct xen_netif_ctrl_response rsp;
		struct hash before = ctrl.hash;
		unsigned int count = failures;
		const char *what = cases[i].what;
		bool sets;

		memcpy(req.data, cases[i].data, sizeof(req.data));
		memset(&rsp, 0xaa, sizeof(rsp));
		sets = ctrl_serve(&ctrl, &req, &rsp);
		CHECK(what, rsp.id, 1000 + i);
		CHECK(what, rsp.type, cases[i].type);
		CHECK(what, rsp.status, cases[i].status);
		CHECK(what, rsp.data, cases[i].ret);
		CHECK(what, sets, cases[i].sets);
		/* what is refused, or only asks, changes nothing */
		if (!sets)
			CHECK(what, memcmp(&before, &ctrl.hash,
					   sizeof(before)), 0);
		printf("%sok %s\n", failures == count ? "" : "not ", what);
	}
}

/* What the table's requests, all of them, have come to. */
static void test_setup(void)
{
	const char *what = "what was set up is in force";
	unsigned int i;

	CHECK(what, ctrl.hash.algorithm, TOEPLITZ);
	CHECK(what, ctrl.hash.types, 5);
	for (i = 0; i < HASH_KEY_MAX; i++)
		CHECK(what, ctrl.hash.key[i], i + 1);
	CHECK(what, ctrl.hash.mapping_size, 100);
	for (i = 0; i < 99; i++)
		CHECK(what, ctrl.hash.mapping[i], i % QUEUES);
	CHECK(what, ctrl.hash.mapping[99], 0);
	printf("%sok %s\n", failures ? "not " : "", what);
}

static uint32_t ask(uint32_t type, uint32_t a, uint32_t b, uint32_t c)
{
	struct xen_netif_ctrl_request req = {
		.type = (uint16_t)type, .data = { a, b, c },
	};
	struct xen_netif_ctrl_response rsp;

	ctrl_serve(&ctrl, &req, &rsp);
	return rsp.status;
}

static void test_key_ends(void)
{
	const char *what = "behind the end of a shorter key there are zeros";
	unsigned int i;

	CHECK(what, ask(TYPE(SET_HASH_KEY), KEY_PAGE, 40, 0), OK);
	CHECK(what, ask(TYPE(SET_HASH_KEY), KEY_PAGE, 7, 0), OK);
	for (i = 0; i < HASH_KEY_MAX; i++)
		CHECK(what, ctrl.hash.key[i], i < 7 ? i + 1 : 0);
	fetches = 0;
	CHECK(what, ask(TYPE(SET_HASH_KEY), BAD_GREF, 0, 0), OK);
	CHECK(what, fetches, 0);
	for (i = 0; i < HASH_KEY_MAX; i++)
		CHECK(what, ctrl.hash.key[i], 0);
	printf("%sok %s\n", failures ? "not " : "", what);
}

static void test_table_anew(void)
{
	const char *what = "a new size is a new table, of zeros";
	unsigned int i;

	CHECK(what, ask(TYPE(SET_HASH_MAPPING_SIZE), 128, 0, 0), OK);
	CHECK(what, ask(TYPE(SET_HASH_MAPPING), QUEUES_PAGE, 64, 64), OK);
	for (i = 0; i < 128; i++)
		CHECK(what, ctrl.hash.mapping[i], i < 64 ? 0 : i % QUEUES);
	CHECK(what, ask(TYPE(SET_HASH_MAPPING_SIZE), 128, 0, 0), OK);
	for (i = 0; i < 128; i++)
		CHECK(what, ctrl.hash.mapping[i], 0);
	CHECK(what, ask(TYPE(SET_HASH_MAPPING_SIZE), 0, 0, 0), OK);
	CHECK(what, ctrl.hash.mapping_size, 0);
	printf("%sok %s\n", failures ? "not " : "", what);
}

/* -- the ring ------------------------------------------------------------- */

static _Alignas(4096) uint8_t page[NET_PAGE_SIZE];
static struct xen_netif_ctrl_sring *sring =
	(struct xen_netif_ctrl_sring *)page;

static void new_ring(uint32_t start)
{
	memset(page, 0, sizeof(page));
	sring->req_prod = sring->rsp_prod = start;
	sring->req_event = sring->rsp_event = start + 1;
}

static void put(uint16_t id)
{
	sring->ring[sring->req_prod++ % CTRL_RING_SIZE].req =
		(struct xen_netif_ctrl_request) {
		.id = id, .type = TYPE(GET_HASH_MAPPING_SIZE),
	};
}

static const struct {
	const char *what;
	uint32_t start, prod;
	int want;
} index_cases[] = {
	{ "nothing there", 0, 0, 0 },
	{ "one", 0, 1, 1 },
	{ "a full ring", 0, 128, 128 },
	{ "over the wrap", UINT32_MAX, 3, 4 },
	{ "a ring and one ahead", 0, 129, -EPROTO },
	{ "2^31 ahead", 0, UINT32_C(1) << 31, -EPROTO },
	{ "one back", 5, 4, -EPROTO },
};

static void test_indices(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(index_cases); i++) {
		const char *what = index_cases[i].what;
		struct xen_netif_ctrl_request req;
		struct ctrl_ring r;

		new_ring(index_cases[i].start);
		ctrl_attach(&r, page);
		sring->req_prod = index_cases[i].prod;
		CHECK(what, ctrl_look(&r), index_cases[i].want);
		CHECK(what, r.broken != NULL, index_cases[i].want < 0);
		CHECK(what, ctrl_take(&r, &req), index_cases[i].want > 0);
		if (index_cases[i].want >= 0)
			continue;
		/* for good, whatever the guest writes now */
		sring->req_prod = index_cases[i].start;
		CHECK(what, ctrl_look(&r), -EPROTO);
		CHECK(what, ctrl_sleep(&r), false);
		CHECK(what, sring->req_event, index_cases[i].start + 1);
	}
	printf("%sok producer indices out of range break the ring\n",
	       failures ? "not " : "");
}

/* Each in its turn, and nothing is shown before it is there. */
static void test_answers(void)
{
	const char *what = "responses are in order and shown at once";
	struct xen_netif_ctrl_request req;
	struct xen_netif_ctrl_response rsp;
	struct ctrl_ring r;
	unsigned int i, round;

	new_ring(UINT32_MAX - 100);
	ctrl_attach(&r, page);
	for (round = 0; round < 5; round++) {
		uint32_t start = sring->req_prod;

		for (i = 0; i < CTRL_RING_SIZE; i++)
			put((uint16_t)(round * 1000 + i));
		sring->rsp_event = start + (round & 1 ? 128 : 200);
		CHECK(what, ctrl_look(&r), CTRL_RING_SIZE);
		for (i = 0; ctrl_take(&r, &req); i++) {
			CHECK(what, req.id, round * 1000 + i);
			ctrl_serve(&ctrl, &req, &rsp);
			ctrl_answer(&r, &rsp);
			CHECK(what, sring->rsp_prod, start);
		}
		CHECK(what, i, CTRL_RING_SIZE);
		CHECK(what, ctrl_publish(&r), round & 1);
		CHECK(what, sring->rsp_prod, start + CTRL_RING_SIZE);
		for (i = 0; i < CTRL_RING_SIZE; i++)
			CHECK(what, sring->ring[(start + i) % CTRL_RING_SIZE]
			      .rsp.id, round * 1000 + i);
		CHECK(what, ctrl_publish(&r), false);
	}
	printf("%sok %s\n", failures ? "not " : "", what);
}

static void test_backwards_over_taken(void)
{
	const char *what = "an index gone back over what was taken breaks";
	struct xen_netif_ctrl_request req;
	struct ctrl_ring r;

	new_ring(0);
	ctrl_attach(&r, page);
	put(1);
	put(2);
	ctrl_look(&r);
	ctrl_take(&r, &req);
	ctrl_take(&r, &req);
	sring->req_prod = 1;
	CHECK(what, ctrl_look(&r), -EPROTO);
	printf("%sok %s\n", failures ? "not " : "", what);
}

/* Who comes after a process that died starts behind its last answer. */
static void test_reattach(void)
{
	const char *what = "a successor takes what was not answered";
	struct xen_netif_ctrl_request req;
	struct xen_netif_ctrl_response rsp;
	struct ctrl_ring r;

	new_ring(0);
	ctrl_attach(&r, page);
	put(1);
	put(2);
	ctrl_look(&r);
	ctrl_take(&r, &req);
	ctrl_serve(&ctrl, &req, &rsp);
	ctrl_answer(&r, &rsp);
	ctrl_publish(&r);
	ctrl_take(&r, &req);	/* taken, never answered */

	ctrl_attach(&r, page);
	CHECK(what, ctrl_look(&r), 1);
	CHECK(what, ctrl_take(&r, &req), true);
	CHECK(what, req.id, 2);
	printf("%sok %s\n", failures ? "not " : "", what);
}

static void test_sleep(void)
{
	const char *what = "an event is asked for, and none is missed";
	struct xen_netif_ctrl_request req;
	struct ctrl_ring r;

	new_ring(0);
	ctrl_attach(&r, page);
	CHECK(what, ctrl_sleep(&r), false);
	CHECK(what, sring->req_event, 1);
	put(1);
	CHECK(what, ctrl_sleep(&r), true);
	ctrl_look(&r);
	ctrl_take(&r, &req);
	CHECK(what, ctrl_sleep(&r), false);
	CHECK(what, sring->req_event, 2);
	printf("%sok %s\n", failures ? "not " : "", what);
}

int main(void)
{
	test_requests();
	test_setup();
	test_key_ends();
	test_table_anew();
	test_indices();
	test_answers();
	test_backwards_over_taken();
	test_reattach();
	test_sleep();
	printf("%u failures\n", failures);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
