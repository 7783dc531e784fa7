/* SPDX-License-Identifier: MIT */
/* The domains that xl-lited has seen; see domain-table.h. */
#include "config.h"

#include "tools/xl-lite/domain-table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * One whose guest has stopped may have got another UUID: it was put aside.
 * Xen gives a number to another domain only after all others were used; then
 * that one runs.
 */
static bool is_same(const struct seen_domain *old, const struct hv_domain *now)
{
	return old->domid == now->domid &&
	       (memcmp(old->uuid, now->uuid, 16) == 0 ||
		(old->stopped && now->shutdown));
}

int domain_table_update(struct domain_table *t, const struct hv_domain *list,
			size_t count, domain_gone_fn *gone, void *arg)
{
	struct seen_domain *updated = calloc(count + 1, sizeof(*updated));
	size_t old = 0;

	if (!updated)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		while (old < t->count && (t->list[old].domid < list[i].domid ||
			(t->list[old].domid == list[i].domid &&
			 !is_same(&t->list[old], &list[i])))) {
			gone(&t->list[old], arg);
			free(t->list[old++].name);
		}
		if (old < t->count && t->list[old].domid == list[i].domid)
			updated[i] = t->list[old++];
		updated[i].domid = list[i].domid;
		memcpy(updated[i].uuid, list[i].uuid, 16);
	}
	for (; old < t->count; old++) {
		gone(&t->list[old], arg);
		free(t->list[old].name);
	}
	free(t->list);
	t->list = updated;
	t->count = count;
	return 0;
}

struct seen_domain *domain_table_learn(struct domain_table *t, domid_t domid)
{
	struct seen_domain *larger, *d = domain_table_find(t, domid);
	size_t at = 0;

	if (d)
		return d;
	larger = realloc(t->list, (t->count + 1) * sizeof(*larger));
	if (!larger)
		return NULL;
	t->list = larger;
	while (at < t->count && t->list[at].domid < domid)
		at++;
	memmove(&t->list[at + 1], &t->list[at],
		(t->count - at) * sizeof(*larger));
	t->count++;
	t->list[at] = (struct seen_domain) { .domid = domid };
	return &t->list[at];
}

void domain_table_forget(struct domain_table *t, domid_t domid)
{
	struct seen_domain *d = domain_table_find(t, domid);

	if (!d)
		return;
	free(d->name);
	t->count--;
	memmove(d, d + 1, (t->list + t->count - d) * sizeof(*d));
}

struct seen_domain *domain_table_find(struct domain_table *t, domid_t domid)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->list[i].domid == domid)
			return &t->list[i];
	return NULL;
}

void domain_table_free(struct domain_table *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->list[i].name);
	free(t->list);
	*t = (struct domain_table) { 0 };
}
