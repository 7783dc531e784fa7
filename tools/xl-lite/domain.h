/* SPDX-License-Identifier: MIT */
/* Finding domains by what a person calls them. */
#ifndef XL_LITE_DOMAIN_H
#define XL_LITE_DOMAIN_H

#include "tools/xl-lite/guest-config.h"
#include "tools/xl-lite/host.h"
#include "tools/xl-lite/nodes.h"
#include "tools/xl-lite/uuid.h"

#define DOMAIN_NAME_MAX 256

/* /vm/UUID */
void domain_vm_path(const uint8_t uuid[16], char path[STORE_PATH_MAX]);

/* -ENOENT when it has none: it is being made or unmade. */
int domain_name(struct store *s, domid_t domid, char name[DOMAIN_NAME_MAX]);

/*
 * What sort of guest it was made as; who made it wrote it down, and without
 * that what Xen knows has to do. 0, or -errno, logged.
 */
int domain_type(struct store *s, const struct hv_domain *info,
		enum guest_type *type);

/*
 * The domain called NAME. -ESRCH when there is none. *INITIALISED, when
 * given, says whether dom0 itself has a name, which xen-init-dom0 gives it.
 */
int domain_by_name(struct store *s, const char *name, domid_t *domid,
		   bool *initialised);
/* The same, as a transaction sees it. */
int domain_by_name_in(struct store *s, xs_transaction_t t, const char *name,
		      domid_t *domid, bool *initialised);

/*
 * A domain as a command's argument names it: digits are its number, else it
 * is its name. A number is believed, as xl does: the caller's next step tells
 * whether it exists. Logged: "NAME is an invalid domain identifier".
 */
int domain_argument(struct host *host, const char *arg, domid_t *domid);

/*
 * The same, and what Xen says of it. One that is not there is logged, too, as
 * "domain 'ARG': WHAT: there is no such domain".
 */
int domain_argument_info(struct host *host, const char *arg, const char *what,
			 struct hv_domain *info);

/*
 * The domains that ARG names, or all when it is NULL, for commands that list
 * them; logged. The caller frees *list.
 */
int domain_list_argument(struct host *host, const char *arg,
			 struct hv_domain **list, size_t *count);

/* For a table: one that is being made or unmade is "(null)", as xl shows it. */
void domain_name_or_null(struct store *s, domid_t domid,
			 char name[DOMAIN_NAME_MAX]);

/* Is it neither a PV nor a PVH guest, so that QEMU serves it? */
bool domain_is_hvm(struct store *s, const struct hv_domain *info);

#endif
