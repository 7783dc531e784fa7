/* SPDX-License-Identifier: MIT */
/* xl-lite rename: give a domain another name. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "lib/log.h"

#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/guest-config.h"

static int check_name(const char *name)
{
	if (!*name)
		return log_fail(-EINVAL, "rename: the new name is empty: then nothing could find the domain by name");
	if (strspn(name, "0123456789") == strlen(name))
		return log_fail(-EINVAL, "rename: the new name '%s': commands would take this for the number of a domain: put a letter in it",
				name);
	if (strlen(name) > GUEST_NAME_MAX)
		return log_fail(-EINVAL, "rename: the new name is %zu bytes long, at most %d will do: files are called after it",
				strlen(name), GUEST_NAME_MAX);
	for (const char *c = name; *c; c++)
		if (*c == '/' || iscntrl((unsigned char)*c))
			return log_fail(-EINVAL, "rename: the new name has %s in it, and files are called after it",
					*c == '/' ? "a slash"
						  : "a control character");
	return 0;
}

struct renaming {
	struct hv_domain domain;
	const char *name;
	domid_t owner;		/* of that name, when it is taken */
};

/* Whether the name is free is looked at in the transaction that takes it. */
static int take_name(struct store *s, xs_transaction_t t, void *arg)
{
	struct renaming *r = arg;
	char path[STORE_PATH_MAX];
	int err = domain_by_name_in(s, t, r->name, &r->owner, NULL);

	if (!err && r->owner != r->domain.domid)
		return -EEXIST;
	if (err && err != -ESRCH)
		return err;
	path_domain(path, sizeof(path), r->domain.domid);
	err = store_write(s, t, path, "name", r->name);
	if (err)
		return err;
	domain_vm_path(r->domain.uuid, path);
	return store_write(s, t, path, "name", r->name);
}

int cmd_rename(const struct cmd *cmd, int argc, char **argv)
{
	CLEANUP_HOST struct host host = { 0 };
	struct renaming r = { 0 };
	int opt, status, err;

	while ((opt = cmd_getopt(cmd, argc, argv, "", NULL, 2, 2, &status))
	       != CMD_ARGS)
		return status;
	r.name = argv[optind + 1];
	if (check_name(r.name) || host_open(&host) ||
	    domain_argument_info(&host, argv[optind], "rename", &r.domain))
		return STATUS_ERROR;
	err = store_transact(&host.store, take_name, &r);
	if (err == -EEXIST)
		log_fail(err, "domain %u: rename: '%s' is the name of domain %u: choose another",
			 r.domain.domid, r.name, r.owner);
	else if (err)
		log_err(err, "domain %u: rename to '%s'", r.domain.domid,
			r.name);
	return err ? STATUS_ERROR : STATUS_OK;
}
