/* SPDX-License-Identifier: MIT */
/*
 * A guest: a domain that xenstored has been introduced to, a host name, a
 * network and mounts of its own, with its /dev/xen/xenbus and no xenstored's
 * socket. What a toolstack would build and boot is this process, its xenbus.
 */
#include "config.h"

#include "tests/sim/xlsim.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <xenstore.h>

#include "tests/sim/client.h"

/* What xl gives a guest that does not ask for more. */
#define PORT_MAX 1023u

static bool write_node(struct xs_handle *xs, xs_transaction_t t,
		       const char *dir, const char *node, const char *value,
		       struct xs_permissions *perms)
{
	char path[128];

	snprintf(path, sizeof(path), "%s%s%s", dir, *node ? "/" : "", node);
	return xs_write(xs, t, path, value, strlen(value)) &&
	       xs_set_permissions(xs, t, path, perms, 2);
}

/* What is the toolstack's is readable, the last ones are the guest's own. */
static bool write_nodes(struct xs_handle *xs, unsigned int domid)
{
	struct xs_permissions ours[2] = {
		{ .id = 0, .perms = XS_PERM_NONE },
		{ .id = domid, .perms = XS_PERM_READ },
	};
	struct xs_permissions theirs[2] = {
		{ .id = domid, .perms = XS_PERM_NONE },
		{ .id = 0, .perms = XS_PERM_READ },
	};
	char dir[64], name[32], id[16];
	xs_transaction_t t = xs_transaction_start(xs);

	snprintf(dir, sizeof(dir), "/local/domain/%u", domid);
	snprintf(name, sizeof(name), "guest-%u", domid);
	snprintf(id, sizeof(id), "%u", domid);
	return t != XBT_NULL &&
	       write_node(xs, t, dir, "", "", ours) &&
	       write_node(xs, t, dir, "domid", id, ours) &&
	       write_node(xs, t, dir, "name", name, ours) &&
	       write_node(xs, t, dir, "device", "", ours) &&
	       write_node(xs, t, dir, "data", "", theirs) &&
	       xs_transaction_end(xs, t, false);
}

static bool introduce(unsigned int domid)
{
	struct xs_handle *xs = xs_open(0);
	struct sim_msg msg = {
		.op = SIM_DOMAIN_CREATE, .domid = domid, .id = PORT_MAX,
	};
	bool ok;

	if (!xs || sim_call(&msg, -1, NULL))
		return false;
	msg = (struct sim_msg){ .op = SIM_DOMAIN_STORE, .domid = domid };
	ok = sim_call(&msg, -1, NULL) == 0 && write_nodes(xs, domid) &&
	     xs_introduce_domain(xs, domid, msg.id, msg.port);
	xs_close(xs);
	return ok;
}

/* Beside the host's tree, for xenbus must be there to be mounted. */
static bool enter_own(unsigned int domid)
{
	char bus[64], name[32];

	snprintf(bus, sizeof(bus), SIM_XENBUS, domid);
	snprintf(name, sizeof(name), "guest-%u", domid);
	return !unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS) &&
	       !sethostname(name, strlen(name)) &&
	       !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("sysfs", "/sys", "sysfs", 0, NULL) &&
	       !mount("guest", "/run/xenstored", "tmpfs", 0, NULL) &&
	       !mount(bus, "/dev/xen/xenbus", NULL, MS_BIND, NULL);
}

static bool write_pid(unsigned int domid)
{
	char path[SIM_PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), SIM_GUEST, domid);
	f = fopen(path, "we");
	if (!f)
		return false;
	fprintf(f, "%d\n", (int)getpid());
	return fclose(f) == 0;
}

int guest_main(unsigned int domid)
{
	background();
	if (!introduce(domid)) {
		fprintf(stderr, "xlsim: guest %u: introduce: %s\n", domid,
			strerror(errno));
		return EXIT_FAILURE;
	}
	sim_stop();
	if (xenbus_open(domid))
		return EXIT_FAILURE;
	if (!enter_own(domid) || !write_pid(domid)) {
		fprintf(stderr, "xlsim: guest %u: %s\n", domid,
			strerror(errno));
		return EXIT_FAILURE;
	}
	ready();
	xenbus_serve();
	return EXIT_SUCCESS;
}
