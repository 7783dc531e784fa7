/* SPDX-License-Identifier: MIT */
/* Cases of libxengnttab: sharing and mapping. */
#include "config.h"

#include "tests/conformance/conformance.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RW (PROT_READ | PROT_WRITE)
#define NO_REF 1000000u
/* More than a host allows at once. */
#define MANY_PAGES 5000

struct both {
	xengntshr_handle *shr;
	xengnttab_handle *tab;
};

static struct both open_both(void)
{
	struct both b = {
		.shr = xengntshr_open(NULL, 0), .tab = xengnttab_open(NULL, 0),
	};

	NEED(b.shr, "xengntshr_open: %s", strerror(errno));
	NEED(b.tab, "xengnttab_open: %s", strerror(errno));
	return b;
}

static char *share(const struct both *b, uint32_t *refs, int count,
		   bool writable)
{
	char *p = xengntshr_share_pages(b->shr, 0, count, refs, writable);

	NEED(p, "share %d pages: %s", count, strerror(errno));
	return p;
}

static char *map(const struct both *b, uint32_t ref, int prot)
{
	char *p = xengnttab_map_grant_ref(b->tab, 0, ref, prot);

	NEED(p, "map %u: %s", ref, strerror(errno));
	return p;
}

static void same_memory(void)
{
	struct both b = open_both();
	uint32_t ref;
	char *p = share(&b, &ref, 1, true), *q;

	for (int i = 0; i < PAGE; i++)
		NEED(p[i] == 0, "byte %d of a new page is %d", i, p[i]);
	q = map(&b, ref, RW);
	snprintf(p, PAGE, "from the owner");
	EXPECT(!strcmp(q, "from the owner"), "the mapper sees '%s'", q);
	snprintf(q + 100, 100, "from the mapper");
	EXPECT(!strcmp(p + 100, "from the mapper"), "the owner sees '%s'",
	       p + 100);
	EXPECT_IS(xengnttab_unmap(b.tab, q, 1), 0);
	EXPECT_IS(xengntshr_unshare(b.shr, p, 1), 0);
}

static void pages_in_order(void)
{
	struct both b = open_both();
	uint32_t refs[8], back[8];
	char *p = share(&b, refs, 8, true), *q;

	for (int i = 0; i < 8; i++) {
		p[i * PAGE] = i + 1;
		back[7 - i] = refs[i];
	}
	q = xengnttab_map_domain_grant_refs(b.tab, 8, 0, back, RW);
	NEED(q, "map 8: %s", strerror(errno));
	for (int i = 0; i < 8; i++)
		EXPECT(q[i * PAGE] == 8 - i, "page %d is %d", i, q[i * PAGE]);
	EXPECT_IS(xengnttab_unmap(b.tab, q, 8), 0);
}

static void domid_each(void)
{
	struct both b = open_both();
	uint32_t refs[2], domids[2] = { 0, 0 };
	char *p = share(&b, refs, 2, true), *q;

	p[PAGE] = 7;
	q = xengnttab_map_grant_refs(b.tab, 2, domids, refs, RW);
	NEED(q, "map 2: %s", strerror(errno));
	EXPECT(q[PAGE] == 7, "page 1 is %d", q[PAGE]);
	domids[1] = NO_DOMAIN;
	EXPECT_NULL(xengnttab_map_grant_refs(b.tab, 2, domids, refs, RW),
		    EINVAL);
}

static void double_map(void)
{
	struct both b = open_both();
	uint32_t ref;
	char *p = share(&b, &ref, 1, true);
	char *q = map(&b, ref, RW), *r = map(&b, ref, RW);

	EXPECT(q != r, "both maps are at %p", q);
	q[0] = 5;
	EXPECT(r[0] == 5 && p[0] == 5, "they see %d and %d", r[0], p[0]);
	EXPECT_IS(xengnttab_unmap(b.tab, q, 1), 0);
	r[0] = 6;
	EXPECT(p[0] == 6, "after the first is unmapped: %d", p[0]);
	EXPECT_IS(xengnttab_unmap(b.tab, r, 1), 0);
}

static void same_ref_twice(void)
{
	struct both b = open_both();
	uint32_t refs[2];
	char *p = share(&b, refs, 1, true), *q;

	refs[1] = refs[0];
	q = xengnttab_map_domain_grant_refs(b.tab, 2, 0, refs, RW);
	NEED(q, "map the same twice in one call: %s", strerror(errno));
	q[PAGE] = 9;
	EXPECT(q[0] == 9 && p[0] == 9, "they see %d and %d", q[0], p[0]);
}

struct write_to {
	char *at;
	uint32_t ref;
};

/* Maps of gntdev are not inherited: the child has its own. */
static void write_readonly_map(void *arg)
{
	struct both b = open_both();
	volatile char *q = map(&b, *(uint32_t *)arg, PROT_READ);

	q[0] = 1;
}

static void read_readonly_map(void *arg)
{
	struct both b = open_both();
	volatile char *q = map(&b, *(uint32_t *)arg, PROT_READ);

	if (q[0] != 42)
		raise(SIGUSR1);
}

static void readonly_map(void)
{
	struct both b = open_both();
	uint32_t ref;
	char *p = share(&b, &ref, 1, true);

	p[0] = 42;
	EXPECT_IS(dies_of(read_readonly_map, &ref), 0);
	EXPECT_IS(dies_of(write_readonly_map, &ref), SIGSEGV);
	EXPECT(p[0] == 42, "it was written: %d", p[0]);
}

static void readonly_grant(void)
{
	struct both b = open_both();
	uint32_t ref;
	char *p = share(&b, &ref, 1, false), *q;

	p[0] = 42;
	EXPECT_NULL(xengnttab_map_grant_ref(b.tab, 0, ref, RW), EINVAL);
	q = map(&b, ref, PROT_READ);
	EXPECT(q[0] == 42, "it reads as %d", q[0]);
}

static void map_refused(void)
{
	struct both b = open_both();
	uint32_t refs[3], other, none = NO_REF;
	char *p = share(&b, refs, 3, true);

	(void)p;
	NEED(xengntshr_share_pages(b.shr, 1234, 1, &other, 1),
	     "share with another domain: %s", strerror(errno));
	EXPECT_NULL(xengnttab_map_grant_ref(b.tab, 0, none, RW), EINVAL);
	EXPECT_NULL(xengnttab_map_grant_ref(b.tab, 0, other, RW), EINVAL);
	EXPECT_NULL(xengnttab_map_grant_ref(b.tab, NO_DOMAIN, refs[0], RW),
		    EINVAL);
	EXPECT_NULL(xengnttab_map_domain_grant_refs(b.tab, 0, 0, refs, RW),
		    EINVAL);
	/* one that cannot be spoils all */
	refs[1] = none;
	EXPECT_NULL(xengnttab_map_domain_grant_refs(b.tab, 3, 0, refs, RW),
		    EINVAL);
}

static void map_after_revoke(void)
{
	struct both b = open_both();
	uint32_t ref;
	char *p = share(&b, &ref, 1, true);

	EXPECT_IS(xengntshr_unshare(b.shr, p, 1), 0);
	EXPECT_NULL(xengnttab_map_grant_ref(b.tab, 0, ref, RW), EINVAL);
}

static void revoke_while_mapped(void)
{
	struct both b = open_both();
	uint32_t ref, later;
	char *p = share(&b, &ref, 1, true), *q = map(&b, ref, RW), *r;

	p[0] = 42;
	EXPECT_IS(xengntshr_unshare(b.shr, p, 1), 0);
	EXPECT(q[0] == 42, "the mapper sees %d", q[0]);
	q[1] = 1;
	r = share(&b, &later, 1, true);
	EXPECT(later != ref, "a reference in use is given to another page");
	EXPECT(r[0] == 0 && r[1] == 0, "a page in use is given away");
	EXPECT_IS(xengnttab_unmap(b.tab, q, 1), 0);
}

static void map_what_is_ending(void)
{
	struct both b = open_both();
	uint32_t ref;
	char *p = share(&b, &ref, 1, true), *q = map(&b, ref, RW), *r;

	q[0] = 42;
	EXPECT_IS(xengntshr_unshare(b.shr, p, 1), 0);
	/* the entry is as it was for as long as it is in use */
	r = xengnttab_map_grant_ref(b.tab, 0, ref, PROT_READ);
	NEED(r, "map while it is ending: %s", strerror(errno));
	EXPECT(r[0] == 42, "it reads as %d", r[0]);
}

static void unmap_refused(void)
{
	struct both b = open_both();
	uint32_t refs[4];
	char *p = share(&b, refs, 4, true), *q;

	(void)p;
	q = xengnttab_map_domain_grant_refs(b.tab, 4, 0, refs, RW);
	NEED(q, "map 4: %s", strerror(errno));
	EXPECT_FAILS(xengnttab_unmap(b.tab, q, 2), EINVAL);
	EXPECT_FAILS(xengnttab_unmap(b.tab, NULL, 4), EINVAL);
	EXPECT_FAILS(xengnttab_unmap(b.tab, p, 4), EINVAL);
	q[3 * PAGE] = 1;
	EXPECT(p[3 * PAGE] == 1, "it is mapped no more");
	EXPECT_IS(xengnttab_unmap(b.tab, q, 4), 0);
	EXPECT_FAILS(xengnttab_unmap(b.tab, q, 4), EINVAL);
}

static void close_keeps_maps(void)
{
	struct both b = open_both();
	uint32_t ref;
	char *p = share(&b, &ref, 1, true), *q = map(&b, ref, RW);

	EXPECT_IS(xengnttab_close(b.tab), 0);
	q[0] = 7;
	EXPECT(p[0] == 7, "the owner sees %d", p[0]);
	EXPECT_IS(xengntshr_close(b.shr), 0);
	p[0] = 8;
	EXPECT(q[0] == 8, "the mapper sees %d", q[0]);
}

/* -- death ------------------------------------------------------------------------------- */

static void child_shares(int out, void *arg)
{
	struct both b = open_both();
	uint32_t ref;
	char *p = share(&b, &ref, 1, true);

	(void)arg;
	p[0] = 42;
	if (write(out, &ref, sizeof(ref)) < 0)
		_exit(1);
}

static void death_of_owner(void)
{
	struct both b = open_both();
	int from;
	pid_t pid = child(child_shares, NULL, &from);
	uint32_t ref = child_says(from);
	char *q = map(&b, ref, RW);

	child_kill(pid, from);
	EXPECT(q[0] == 42, "the mapper sees %d", q[0]);
	q[0] = 1;
	EXPECT_IS(xengnttab_unmap(b.tab, q, 1), 0);
}

static void death_of_owner_unmapped(void)
{
	struct both b = open_both();
	int from;
	pid_t pid = child(child_shares, NULL, &from);
	uint32_t ref = child_says(from);

	child_kill(pid, from);
	EXPECT_NULL(xengnttab_map_grant_ref(b.tab, 0, ref, RW), EINVAL);
}

static void child_maps(int out, void *arg)
{
	struct both b = open_both();
	char *q = map(&b, *(uint32_t *)arg, RW);

	q[0] = 42;
	if (write(out, arg, sizeof(uint32_t)) < 0)
		_exit(1);
}

static void death_of_mapper(void)
{
	struct both b = open_both();
	uint32_t ref;
	char *p = share(&b, &ref, 1, true);
	int from;
	pid_t pid = child(child_maps, &ref, &from);

	child_says(from);
	EXPECT(p[0] == 42, "the owner sees %d", p[0]);
	child_kill(pid, from);
	/* nobody uses it any more: it ends at once */
	EXPECT_IS(xengntshr_unshare(b.shr, p, 1), 0);
	EXPECT_NULL(xengnttab_map_grant_ref(b.tab, 0, ref, RW), EINVAL);
}

/* -- notices ------------------------------------------------------------------------------- */

static void notice_of_unmap(void)
{
	struct both b = open_both();
	xenevtchn_handle *a = events(), *c = events();
	evtchn_port_t pa, pc;
	uint32_t ref;
	char *p = share(&b, &ref, 1, true), *q;

	bind_pair(a, c, &pa, &pc);
	p[8] = 1;
	p[9] = 1;
	q = xengnttab_map_grant_ref_notify(b.tab, 0, ref, RW, 8, pc);
	NEED(q, "map with notice: %s", strerror(errno));
	EXPECT(quiet(a), "mapping is an event");
	EXPECT_IS(xengnttab_unmap(b.tab, q, 1), 0);
	EXPECT_IS(next(a), pa);
	EXPECT(p[8] == 0 && p[9] == 1, "the bytes are %d and %d", p[8], p[9]);
}

static void notice_of_unshare(void)
{
	struct both b = open_both();
	xenevtchn_handle *a = events(), *c = events();
	evtchn_port_t pa, pc;
	uint32_t ref;
	char *p, *q;

	bind_pair(a, c, &pa, &pc);
	p = xengntshr_share_page_notify(b.shr, 0, &ref, 1, 8, pc);
	NEED(p, "share with notice: %s", strerror(errno));
	p[8] = 1;
	q = map(&b, ref, RW);
	EXPECT_IS(xengntshr_unshare(b.shr, p, 1), 0);
	EXPECT_IS(next(a), pa);
	EXPECT(q[8] == 0, "the byte is %d", q[8]);
}

static void share_refused(void)
{
	struct both b = open_both();
	uint32_t *refs = calloc(MANY_PAGES, sizeof(*refs));

	EXPECT_NULL(xengntshr_share_pages(b.shr, 0, MANY_PAGES, refs, 1),
		    ENOSPC);
	EXPECT(xengntshr_share_pages(b.shr, 0, 1, refs, 1),
	       "after that one page: %s", strerror(errno));
	free(refs);
}

static void handles_have_descriptors(void)
{
	struct both b = open_both();

	EXPECT(xengnttab_fd(b.tab) >= 0, "xengnttab_fd: %d",
	       xengnttab_fd(b.tab));
	EXPECT(xengntshr_fd(b.shr) >= 0, "xengntshr_fd: %d",
	       xengntshr_fd(b.shr));
	EXPECT_IS(xengnttab_set_max_grants(b.tab, 4), 0);
}

const struct test_case grant_cases[] = {
	{ "grants: a page is one memory, and empty at first", same_memory },
	{ "grants: pages of one map lie in the order of the call",
	  pages_in_order },
	{ "grants: a map of several domains' pages", domid_each },
	{ "grants: a double map is two, each with its end", double_map },
	{ "grants: one reference twice in a map", same_ref_twice },
	{ "grants: writing to a read-only map is SIGSEGV", readonly_map },
	{ "grants: a read-only grant cannot be mapped to write",
	  readonly_grant },
	{ "grants: what cannot be mapped is EINVAL, and all with it",
	  map_refused },
	{ "grants: a map after revoke is EINVAL", map_after_revoke },
	{ "grants: revoked while mapped it stays for the mapper",
	  revoke_while_mapped },
	{ "grants: and can be mapped again until then", map_what_is_ending },
	{ "grants: a map is unmapped whole", unmap_refused },
	{ "grants: closing a handle leaves what is mapped",
	  close_keeps_maps },
	{ "grants: the owner's death leaves the page to the mapper",
	  death_of_owner },
	{ "grants: the owner's death revokes", death_of_owner_unmapped },
	{ "grants: the mapper's death lets go", death_of_mapper },
	{ "grants: unmapping clears a byte and sends an event",
	  notice_of_unmap },
	{ "grants: so does the end of sharing", notice_of_unshare },
	{ "grants: more pages than there may be are ENOSPC",
	  share_refused },
	{ "grants: handles have descriptors", handles_have_descriptors },
	{ NULL, NULL },
};
