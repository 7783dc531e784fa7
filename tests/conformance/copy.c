/* SPDX-License-Identifier: MIT */
/* Cases of libxengnttab: copying. */
#include "config.h"

#include "tests/conformance/conformance.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define NO_REF 1000000u

static xengntshr_handle *shr;
static xengnttab_handle *tab;

static char *share(uint32_t *ref, bool writable)
{
	char *p;

	if (!shr)
		shr = xengntshr_open(NULL, 0);
	if (!tab)
		tab = xengnttab_open(NULL, 0);
	NEED(shr && tab, "open: %s", strerror(errno));
	p = xengntshr_share_pages(shr, 0, 1, ref, writable);
	NEED(p, "share a page: %s", strerror(errno));
	return p;
}

static xengnttab_grant_copy_segment_t to_grant(const void *from, uint32_t ref,
					       unsigned int offset,
					       unsigned int len)
{
	xengnttab_grant_copy_segment_t s = {
		.source.virt = (void *)from,
		.dest.foreign = { .ref = ref, .offset = offset, .domid = 0 },
		.len = len, .flags = GNTCOPY_dest_gref, .status = 99,
	};

	return s;
}

static xengnttab_grant_copy_segment_t from_grant(uint32_t ref,
						 unsigned int offset, void *to,
						 unsigned int len)
{
	xengnttab_grant_copy_segment_t s = {
		.source.foreign = { .ref = ref, .offset = offset, .domid = 0 },
		.dest.virt = to,
		.len = len, .flags = GNTCOPY_source_gref, .status = 99,
	};

	return s;
}

static void fill(char *p, size_t size, unsigned int seed)
{
	for (size_t i = 0; i < size; i++)
		p[i] = (i * 7 + seed) ^ i >> 8;
}

static void both_ways(void)
{
	xengnttab_grant_copy_segment_t s;
	uint32_t ref;
	char *p = share(&ref, true), data[PAGE], back[PAGE];

	fill(data, sizeof(data), 1);
	s = to_grant(data, ref, 0, PAGE);
	EXPECT_IS(xengnttab_grant_copy(tab, 1, &s), 0);
	EXPECT(s.status == GNTST_okay, "status %d", s.status);
	EXPECT(!memcmp(p, data, PAGE), "the page is not what was copied");
	fill(p, PAGE, 2);
	s = from_grant(ref, 0, back, PAGE);
	EXPECT_IS(xengnttab_grant_copy(tab, 1, &s), 0);
	EXPECT(s.status == GNTST_okay, "status %d", s.status);
	EXPECT(!memcmp(p, back, PAGE), "what was copied is not the page");
}

static void pieces(void)
{
	xengnttab_grant_copy_segment_t s[3];
	uint32_t ref;
	char *p = share(&ref, true), data[64], want[PAGE] = { 0 };

	fill(data, sizeof(data), 1);
	s[0] = to_grant(data, ref, 5, 3);
	s[1] = to_grant(data + 10, ref, 4095, 1);
	s[2] = to_grant(data + 20, ref, 100, 0);
	EXPECT_IS(xengnttab_grant_copy(tab, 3, s), 0);
	for (int i = 0; i < 3; i++)
		EXPECT(s[i].status == GNTST_okay, "status %d is %d", i,
		       s[i].status);
	memcpy(want + 5, data, 3);
	want[4095] = data[10];
	EXPECT(!memcmp(p, want, PAGE), "not just these bytes were written");
}

static void local_over_pages(void)
{
	xengnttab_grant_copy_segment_t s;
	uint32_t ref;
	char *p = share(&ref, true), *data = aligned_alloc(PAGE, 2 * PAGE);

	NEED(data, "no memory");
	fill(data, 2 * PAGE, 3);
	s = to_grant(data + 1000, ref, 0, PAGE);
	EXPECT_IS(xengnttab_grant_copy(tab, 1, &s), 0);
	EXPECT(s.status == GNTST_okay, "status %d", s.status);
	EXPECT(!memcmp(p, data + 1000, PAGE), "it is not what was copied");
	memset(data, 0, 2 * PAGE);
	s = from_grant(ref, 96, data + 4000, 200);
	EXPECT_IS(xengnttab_grant_copy(tab, 1, &s), 0);
	EXPECT(!memcmp(p + 96, data + 4000, 200) && !data[3999] &&
	       !data[4200], "it is not what was copied");
	free(data);
}

static void grant_to_grant(void)
{
	xengnttab_grant_copy_segment_t s = { 0 };
	uint32_t from, to;
	char *p = share(&from, false), *q = share(&to, true);

	fill(p, PAGE, 4);
	s.source.foreign.ref = from;
	s.source.foreign.offset = 16;
	s.dest.foreign.ref = to;
	s.dest.foreign.offset = 32;
	s.len = 500;
	s.flags = GNTCOPY_source_gref | GNTCOPY_dest_gref;
	EXPECT_IS(xengnttab_grant_copy(tab, 1, &s), 0);
	EXPECT(s.status == GNTST_okay, "status %d", s.status);
	EXPECT(!memcmp(p + 16, q + 32, 500), "it is not what was copied");
}

static void across_bounds(void)
{
	xengnttab_grant_copy_segment_t s[2];
	uint32_t ref;
	char *p = share(&ref, true), data[PAGE];

	fill(data, sizeof(data), 1);
	s[0] = to_grant(data, ref, 4000, 97);
	EXPECT_FAILS(xengnttab_grant_copy(tab, 1, s), EINVAL);
	s[0] = from_grant(ref, 4095, data, 2);
	EXPECT_FAILS(xengnttab_grant_copy(tab, 1, s), EINVAL);
	s[0] = from_grant(ref, 5000, data, 1);
	EXPECT_FAILS(xengnttab_grant_copy(tab, 1, s), EINVAL);
	/* with one that would be good behind it */
	s[0] = to_grant(data, ref, 4000, 97);
	s[1] = to_grant(data, ref, 0, 8);
	EXPECT_FAILS(xengnttab_grant_copy(tab, 2, s), EINVAL);
	EXPECT(p[4095] == 0 && p[4000] == 0, "something was written");
}

static void each_its_status(void)
{
	xengnttab_grant_copy_segment_t s[4];
	uint32_t good, readonly;
	char *p = share(&good, true), *q = share(&readonly, false), data[8];

	memcpy(data, "abcdefgh", 8);
	s[0] = to_grant(data, good, 0, 8);
	s[1] = to_grant(data, readonly, 0, 8);
	s[2] = to_grant(data, NO_REF, 0, 8);
	s[3] = to_grant(data, good, 8, 8);
	EXPECT_IS(xengnttab_grant_copy(tab, 4, s), 0);
	EXPECT(s[0].status == GNTST_okay, "good: %d", s[0].status);
	EXPECT(s[1].status == GNTST_general_error, "write to what is "
	       "read-only: %d", s[1].status);
	EXPECT(s[2].status == GNTST_bad_gntref, "no such reference: %d",
	       s[2].status);
	EXPECT(s[3].status == GNTST_okay, "good after bad: %d", s[3].status);
	EXPECT(!memcmp(p, "abcdefghabcdefgh", 16), "the good ones are wrong");
	EXPECT(q[0] == 0, "what is read-only was written");
}

static void no_such_domain(void)
{
	xengnttab_grant_copy_segment_t s;
	uint32_t ref;
	char data[8];

	share(&ref, true);
	s = from_grant(ref, 0, data, 8);
	s.source.foreign.domid = NO_DOMAIN;
	EXPECT_IS(xengnttab_grant_copy(tab, 1, &s), 0);
	EXPECT(s.status == GNTST_bad_domain, "status %d", s.status);
}

static void for_another(void)
{
	xengnttab_grant_copy_segment_t s;
	uint32_t ref;
	char data[8];

	share(&ref, true);
	NEED(xengntshr_share_pages(shr, 1234, 1, &ref, 1), "share: %s",
	     strerror(errno));
	s = from_grant(ref, 0, data, 8);
	EXPECT_IS(xengnttab_grant_copy(tab, 1, &s), 0);
	EXPECT(s.status == GNTST_general_error, "status %d", s.status);
}

static void after_revoke(void)
{
	xengnttab_grant_copy_segment_t s;
	uint32_t ref;
	char *p = share(&ref, true), data[8];

	EXPECT_IS(xengntshr_unshare(shr, p, 1), 0);
	s = from_grant(ref, 0, data, 8);
	EXPECT_IS(xengnttab_grant_copy(tab, 1, &s), 0);
	EXPECT(s.status == GNTST_general_error, "status %d", s.status);
}

static void from_readonly(void)
{
	xengnttab_grant_copy_segment_t s;
	uint32_t ref;
	char *p = share(&ref, false), data[8] = "";

	memcpy(p, "abcdefgh", 8);
	s = from_grant(ref, 0, data, 8);
	EXPECT_IS(xengnttab_grant_copy(tab, 1, &s), 0);
	EXPECT(s.status == GNTST_okay && !memcmp(data, p, 8), "status %d",
	       s.status);
}

static void while_mapped(void)
{
	xengnttab_grant_copy_segment_t s;
	uint32_t ref;
	char *p = share(&ref, true), *q, data[8] = "abcdefg";

	q = xengnttab_map_grant_ref(tab, 0, ref, PROT_READ);
	NEED(q, "map: %s", strerror(errno));
	s = to_grant(data, ref, 0, 8);
	EXPECT_IS(xengnttab_grant_copy(tab, 1, &s), 0);
	EXPECT(s.status == GNTST_okay && !memcmp(q, data, 8), "status %d",
	       s.status);
	(void)p;
}

static void bad_address(void)
{
	xengnttab_grant_copy_segment_t s;
	uint32_t ref;
	char *p = share(&ref, true), *ro;

	s = to_grant((void *)16, ref, 0, 8);
	EXPECT_FAILS(xengnttab_grant_copy(tab, 1, &s), EFAULT);
	ro = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	s = from_grant(ref, 0, ro, 8);
	EXPECT_FAILS(xengnttab_grant_copy(tab, 1, &s), EFAULT);
	EXPECT(p[0] == 0, "something was written");
}

static void none(void)
{
	uint32_t ref;

	share(&ref, true);
	EXPECT_IS(xengnttab_grant_copy(tab, 0, NULL), 0);
}

static void many(void)
{
	enum { COUNT = 600 };
	xengnttab_grant_copy_segment_t *s = calloc(COUNT, sizeof(*s));
	uint32_t ref;
	char *p = share(&ref, true), *data = malloc(PAGE);

	NEED(s && data, "no memory");
	fill(data, PAGE, 5);
	for (int i = 0; i < COUNT; i++)
		s[i] = to_grant(data + i * 6, ref, i * 6, 6);
	EXPECT_IS(xengnttab_grant_copy(tab, COUNT, s), 0);
	for (int i = 0; i < COUNT; i++)
		EXPECT(s[i].status == GNTST_okay, "status %d is %d", i,
		       s[i].status);
	EXPECT(!memcmp(p, data, COUNT * 6), "it is not what was copied");
	free(s);
	free(data);
}

const struct test_case copy_cases[] = {
	{ "copy: to a grant and from it", both_ways },
	{ "copy: pieces of any size, none included", pieces },
	{ "copy: local memory may span pages", local_over_pages },
	{ "copy: from one grant to another", grant_to_grant },
	{ "copy: across a grant's bounds is EINVAL, and nothing is copied",
	  across_bounds },
	{ "copy: each piece has its status", each_its_status },
	{ "copy: a domain that is not there", no_such_domain },
	{ "copy: a grant for another domain", for_another },
	{ "copy: after revoke", after_revoke },
	{ "copy: from a read-only grant", from_readonly },
	{ "copy: while mapped", while_mapped },
	{ "copy: a wrong address is EFAULT", bad_address },
	{ "copy: nothing at all", none },
	{ "copy: many pieces in one call", many },
	{ NULL, NULL },
};
