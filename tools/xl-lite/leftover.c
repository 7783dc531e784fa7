/* SPDX-License-Identifier: MIT */
/* Finishing what was left half done; see leftover.h. */
#include "config.h"

#include "tools/xl-lite/leftover.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"

#include "tools/xl-lite/destroy.h"
#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/unpause.h"

/*
 * The process died between asking Xen for a domain and writing down which it
 * got: then the domain has our UUID, and no name yet.
 */
static int find_nameless(struct host *host, const struct mark_record *left,
			 domid_t *domid)
{
	CLEANUP_FREE struct hv_domain *domains = NULL;
	char name[DOMAIN_NAME_MAX];
	size_t count;
	int err = hv_domain_list(host->hv, &domains, &count);

	for (size_t i = 0; !err && i < count; i++) {
		if (domains[i].domid == 0 || domains[i].dying ||
		    memcmp(domains[i].uuid, left->uuid, 16) != 0 ||
		    domain_name(&host->store, domains[i].domid, name) !=
		    -ENOENT)
			continue;
		*domid = domains[i].domid;
		return 0;
	}
	return err ? err : -ESRCH;
}

/* 0: there it is; -ESRCH: it is gone; -EEXIST: its number is another's. */
static int find(struct host *host, const struct mark_record *left,
		domid_t *domid)
{
	struct hv_domain info;
	int err;

	if (!left->domid_known)
		return find_nameless(host, left, domid);
	*domid = left->domid;
	err = hv_domain_info(host->hv, left->domid, &info);
	if (err)
		return err;
	return memcmp(info.uuid, left->uuid, 16) == 0 ? 0 : -EEXIST;
}

static int unmake(struct host *host, const struct mark_record *left,
		  bool dry_run, char *text, size_t size)
{
	domid_t domid;
	int err = find(host, left, &domid);

	if (err == -EEXIST || (err == -ESRCH && !left->domid_known))
		return 0;
	if (err && err != -ESRCH)
		return log_fail(err, "guest %s: look for its domain: %s",
				left->name, strerror(-err));
	snprintf(text, size, "domain %u (guest %s): half %s by process %u, which ended early: %s",
		 domid, left->name,
		 left->work == MARK_MAKING ? "made" : "destroyed", left->pid,
		 dry_run ? "to be destroyed" : "destroyed");
	/* of one that is gone there may be nodes and files */
	if (dry_run)
		return 0;
	return left->work == MARK_MAKING ?
		guest_unmake(host, domid, left->uuid) :
		guest_destroy(host, domid, left->uuid);
}

static int start(struct host *host, const struct mark_record *left,
		 bool dry_run, char *text, size_t size)
{
	struct hv_domain info;
	enum guest_type type;
	domid_t domid;
	int err;

	if (find(host, left, &domid) ||
	    hv_domain_info(host->hv, domid, &info) || !info.paused)
		return 0;
	snprintf(text, size, "domain %u (guest %s): made, and not started, by process %u, which ended early: %s",
		 domid, left->name, left->pid,
		 dry_run ? "to be started" : "started");
	if (dry_run)
		return 0;
	err = domain_type(&host->store, &info, &type);
	return err ? err : guest_unpause(host, domid, type);
}

int leftover_finish(struct host *host, const struct mark_record *left,
		    bool dry_run, char *text, size_t size)
{
	text[0] = '\0';
	switch (left->work) {
	case MARK_MAKING:
	case MARK_ENDING:
		return unmake(host, left, dry_run, text, size);
	case MARK_STARTING:
		return start(host, left, dry_run, text, size);
	case MARK_NOTHING:
		break;
	}
	return 0;
}
