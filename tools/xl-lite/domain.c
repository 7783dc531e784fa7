/* SPDX-License-Identifier: MIT */
/* Finding domains; see domain.h. */
#include "config.h"

#include "tools/xl-lite/domain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"
#include "lib/num.h"

#include "tools/xl-lite/names.h"

void domain_vm_path(const uint8_t uuid[16], char path[STORE_PATH_MAX])
{
	char text[UUID_TEXT_SIZE];

	uuid_format(uuid, text);
	path_vm(path, STORE_PATH_MAX, text);
}

static int read_name(struct store *s, xs_transaction_t t, domid_t domid,
		     char name[DOMAIN_NAME_MAX])
{
	char path[STORE_PATH_MAX];

	path_domain(path, sizeof(path), domid);
	return store_read(s, t, path, "name", name, DOMAIN_NAME_MAX);
}

int domain_name(struct store *s, domid_t domid, char name[DOMAIN_NAME_MAX])
{
	return read_name(s, XBT_NULL, domid, name);
}

/* Xen has PVH and HVM guests alike: what the toolstack wrote tells them apart. */
int domain_type(struct store *s, const struct hv_domain *info,
		enum guest_type *type)
{
	char dir[STORE_PATH_MAX], text[16];
	int err;

	path_libxl(dir, sizeof(dir), info->domid);
	err = store_read(s, XBT_NULL, dir, "type", text, sizeof(text));
	if (err && err != -ENOENT)
		return log_err(err, "domain %u: its type", info->domid);
	*type = info->hvm ? GUEST_HVM : GUEST_PV;
	if (!err && strcmp(text, guest_type_name(GUEST_PVH)) == 0)
		*type = GUEST_PVH;
	return 0;
}

/* A domain that has a folder, and maybe a name. */
struct named {
	domid_t domid;
	char dir[STORE_PATH_MAX];
	char name[DOMAIN_NAME_MAX];
};

/* Those that have a folder, and what to ask to get their names. */
static int list_named(struct store *s, xs_transaction_t t,
		      struct named **ret, struct store_query **queries,
		      size_t *count)
{
	CLEANUP_FREE struct store_query *q = NULL;
	CLEANUP_FREE struct named *list = NULL;
	CLEANUP_FREE char **ids = NULL;
	unsigned int num = 0, id;
	int err = store_list(s, t, PATH_DOMAINS, NULL, &ids, &num);

	*count = 0;
	if (err && err != -ENOENT)
		return err;
	list = calloc(num + 1, sizeof(*list));
	q = calloc(num + 1, sizeof(*q));
	if (!list || !q)
		return store_fail(s, -ENOMEM);
	for (unsigned int i = 0; i < num; i++) {
		struct named *next = &list[*count];

		if (num_parse_uint(ids[i], 0, DOMID_FIRST_RESERVED - 1, &id))
			continue;
		next->domid = id;
		path_domain(next->dir, sizeof(next->dir), id);
		q[(*count)++] = (struct store_query) {
			.dir = next->dir,
			.node = "name",
			.buf = next->name,
			.size = sizeof(next->name),
		};
	}
	*ret = STEAL_PTR(list);
	*queries = STEAL_PTR(q);
	return 0;
}

/* For who does not ask xl-lited (names.h) there is no shorter way. */
int domain_by_name_in(struct store *s, xs_transaction_t t, const char *name,
		      domid_t *domid, bool *initialised)
{
	CLEANUP_FREE struct store_query *queries = NULL;
	CLEANUP_FREE struct named *list = NULL;
	size_t count;
	int err = list_named(s, t, &list, &queries, &count);

	if (initialised)
		*initialised = false;
	if (!err)
		err = store_read_all(s, t, queries, count);
	if (err)
		return err;
	for (size_t i = 0; i < count; i++) {
		err = queries[i].err;
		/* none yet or any more, or one that no guest can have */
		if (err == -ENOENT || err == -E2BIG || err == -EINVAL)
			continue;
		if (err)
			return err;
		if (list[i].domid == 0 && initialised)
			*initialised = true;
		if (strcmp(list[i].name, name) == 0) {
			*domid = list[i].domid;
			return 0;
		}
	}
	return -ESRCH;
}

int domain_by_name(struct store *s, const char *name, domid_t *domid,
		   bool *initialised)
{
	/* which looks into the xenstore that is found without being named */
	int err = s->batch ? names_ask(NAMES_SOCKET, name, domid, initialised)
			   : -ENOTCONN;

	if (err != -ENOTCONN)
		return err;
	return domain_by_name_in(s, XBT_NULL, name, domid, initialised);
}

int domain_argument(struct host *host, const char *arg, domid_t *domid)
{
	unsigned int id;
	int err;

	if (*arg && strspn(arg, "0123456789") == strlen(arg)) {
		err = num_parse_uint(arg, 0, DOMID_FIRST_RESERVED - 1, &id);
		if (!err)
			*domid = id;
	} else {
		err = domain_by_name(&host->store, arg, domid, NULL);
	}
	if (err)
		log_fail(err, "%s is an invalid domain identifier: 'xl-lite list' shows those there are",
			 arg);
	return err;
}

int domain_argument_info(struct host *host, const char *arg, const char *what,
			 struct hv_domain *info)
{
	domid_t domid;
	int err = domain_argument(host, arg, &domid);

	if (err)
		return err;
	err = hv_domain_info(host->hv, domid, info);
	if (err)
		log_fail(err, "domain '%s': %s: %s", arg, what,
			 err == -ESRCH ? "there is no such domain: 'xl-lite list' shows those there are"
				       : hv_why(host->hv, err));
	return err;
}

static int list_one(struct host *host, const char *arg,
		    struct hv_domain **list, size_t *count)
{
	struct hv_domain info;
	int err = domain_argument_info(host, arg, "list", &info);

	if (err)
		return err;
	*list = malloc(sizeof(**list));
	if (!*list)
		return log_err(-ENOMEM, "list domains");
	**list = info;
	*count = 1;
	return 0;
}

int domain_list_argument(struct host *host, const char *arg,
			 struct hv_domain **list, size_t *count)
{
	int err;

	if (arg)
		return list_one(host, arg, list, count);
	err = hv_domain_list(host->hv, list, count);
	if (err)
		log_fail(err, "list domains: %s", hv_why(host->hv, err));
	return err;
}

void domain_name_or_null(struct store *s, domid_t domid,
			 char name[DOMAIN_NAME_MAX])
{
	if (domain_name(s, domid, name))
		snprintf(name, DOMAIN_NAME_MAX, "(null)");
}

bool domain_is_hvm(struct store *s, const struct hv_domain *info)
{
	/* what cannot be read is logged, and Xen's word has to do */
	enum guest_type type = GUEST_HVM;

	if (!info->hvm)
		return false;
	domain_type(s, info, &type);
	return type == GUEST_HVM;
}
