/* SPDX-License-Identifier: MIT */
/*
 * The domains that xl-lited has seen, held against what Xen lists now. Pure:
 * what differs is told to the caller, by a function of its own.
 */
#ifndef XL_LITE_DOMAIN_TABLE_H
#define XL_LITE_DOMAIN_TABLE_H

#include "tools/xl-lite/hv.h"

struct seen_domain {
	domid_t domid;
	uint8_t uuid[16];
	char *name;		/* NULL: not known yet; owned */
	bool told;		/* that it is there */
	bool stopped;		/* and told so */
	const char *reason;	/* for which; not owned */
	bool settled;		/* nothing is to be done about it */
	unsigned int tries;	/* that were killed */
};

struct domain_table {
	struct seen_domain *list;	/* by number */
	size_t count;
};

/*
 * Take over the new LIST, ordered by number, that Xen gave. GONE is called
 * for each domain that is not in it any more, before it is forgotten. What is
 * new is in the table then, with nothing told of it. 0 or -ENOMEM, and then
 * the table is as it was.
 */
typedef void domain_gone_fn(const struct seen_domain *d, void *arg);
int domain_table_update(struct domain_table *t, const struct hv_domain *list,
			size_t count, domain_gone_fn *gone, void *arg);
/*
 * As if domain DOMID had been seen already; NULL when memory is out. And as if
 * it had never been.
 */
struct seen_domain *domain_table_learn(struct domain_table *t, domid_t domid);
void domain_table_forget(struct domain_table *t, domid_t domid);
struct seen_domain *domain_table_find(struct domain_table *t, domid_t domid);
void domain_table_free(struct domain_table *t);

#endif
