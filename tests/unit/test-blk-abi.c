/* SPDX-License-Identifier: MIT */
/*
 * A request that a guest wrote byte by byte in its own layout is read as what
 * it meant, and a response has its fields where that guest looks for them and
 * zeroes in every other byte (XSA-216).
 */
#include "config.h"

#include "backends/blk/abi.h"
#include "lib/cleanup.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ID UINT64_C(0x1122334455667788)
#define SECTOR UINT64_C(0x0102030405060708)
#define COUNT UINT64_C(0x1817161514131211)

/* Where each layout has its fields. */
static const struct layout {
	const char *name;
	enum blk_abi abi;
	size_t entry, id, sector, segs, discard_sectors, grefs;
	size_t response, rsp_op, rsp_status;
} layouts[] = {
	{ "x86_64", BLK_ABI_X86_64, 112, 8, 16, 24, 24, 28, 16, 8, 10 },
	{ "x86_32", BLK_ABI_X86_32, 108, 4, 12, 20, 20, 24, 12, 8, 10 },
};

static int failed;

static void expect(const struct layout *l, const char *what, uint64_t want,
		   uint64_t got)
{
	if (want == got)
		return;
	failed++;
	printf("%s: %s: want %" PRIx64 ", got %" PRIx64 "\n", l->name, what,
	       want, got);
}

static void put64(uint8_t *at, uint64_t v)
{
	memcpy(at, &v, sizeof(v));
}

static void put32(uint8_t *at, uint32_t v)
{
	memcpy(at, &v, sizeof(v));
}

static void begin(const struct layout *l, uint8_t *entry, uint8_t op)
{
	memset(entry, 0xa5, l->entry);
	entry[0] = op;
	put64(entry + l->id, ID);
	put64(entry + l->sector, SECTOR);
}

static void test_rw(const struct layout *l)
{
	uint8_t entry[128];
	struct blk_raw raw;

	begin(l, entry, BLKIF_OP_WRITE);
	entry[1] = 11;
	for (unsigned int i = 0; i < 11; i++) {
		put32(entry + l->segs + i * 8, 1000 + i);
		entry[l->segs + i * 8 + 4] = i;
		entry[l->segs + i * 8 + 5] = i + 1;
	}
	abi_take(l->abi, entry, &raw);
	expect(l, "op", BLKIF_OP_WRITE, raw.op);
	expect(l, "count", 11, raw.count);
	expect(l, "id", ID, raw.id);
	expect(l, "sector", SECTOR, raw.sector);
	for (unsigned int i = 0; i < 11; i++) {
		expect(l, "gref", 1000 + i, raw.segs[i].gref);
		expect(l, "first", i, raw.segs[i].first);
		expect(l, "last", i + 1, raw.segs[i].last);
	}
}

static void test_discard(const struct layout *l)
{
	uint8_t entry[128];
	struct blk_raw raw;

	begin(l, entry, BLKIF_OP_DISCARD);
	put64(entry + l->discard_sectors, COUNT);
	abi_take(l->abi, entry, &raw);
	expect(l, "id", ID, raw.id);
	expect(l, "sector", SECTOR, raw.sector);
	expect(l, "sectors", COUNT, raw.discard_sectors);
	expect(l, "count of a discard", 0, raw.count);
}

static void test_indirect(const struct layout *l)
{
	uint8_t entry[128];
	struct blk_raw raw;

	begin(l, entry, BLKIF_OP_INDIRECT);
	entry[1] = BLKIF_OP_WRITE;
	entry[2] = 0x01;
	entry[3] = 0x02;
	for (unsigned int i = 0; i < 8; i++)
		put32(entry + l->grefs + i * 4, 77 + i);
	abi_take(l->abi, entry, &raw);
	expect(l, "indirect op", BLKIF_OP_WRITE, raw.indirect_op);
	expect(l, "indirect count", 0x0201, raw.count);
	expect(l, "id", ID, raw.id);
	expect(l, "sector", SECTOR, raw.sector);
	for (unsigned int i = 0; i < 8; i++)
		expect(l, "indirect gref", 77 + i, raw.grefs[i]);
}

static void test_response(const struct layout *l)
{
	uint8_t entry[128], want[128];
	int16_t status = BLKIF_RSP_EOPNOTSUPP;

	memset(entry, 0xa5, sizeof(entry));
	memset(want, 0xa5, sizeof(want));
	memset(want, 0, l->response);
	put64(want, ID);
	want[l->rsp_op] = 200;
	memcpy(want + l->rsp_status, &status, sizeof(status));
	abi_answer(l->abi, entry, ID, 200, status);
	for (size_t i = 0; i < sizeof(entry); i++)
		if (entry[i] != want[i]) {
			failed++;
			printf("%s: response byte %zu: want %02x, got %02x\n",
			       l->name, i, want[i], entry[i]);
		}
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		const struct layout *l = &layouts[i];

		expect(l, "entry size", l->entry, abi_entry_size(l->abi));
		test_rw(l);
		test_discard(l);
		test_indirect(l);
		test_response(l);
	}
	return failed != 0;
}
