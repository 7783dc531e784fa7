/* SPDX-License-Identifier: MIT */
/* What a guest's QEMU tells and takes when it runs; see device-model.h. */
#include "config.h"

#include "tools/xl-lite/device-model.h"

#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/log.h"

#include "tools/xl-lite/dm-log.h"
#include "tools/xl-lite/link.h"
#include "tools/xl-lite/nodes.h"
#include "tools/xl-lite/qmp.h"

static int note_serials(struct qmp *q, struct nodes *n, const char *dir)
{
	CLEANUP_YAJL yajl_val chardevs = NULL;
	int err = qmp_call(q, "query-chardev", NULL, 0, &chardevs);
	unsigned int number;
	const char *tty;
	size_t next = 0;
	char node[32];

	while (!err && qmp_next_serial(chardevs, &next, &number, &tty)) {
		snprintf(node, sizeof(node), "serial/%u/tty", number);
		nodes_put(n, dir, node, "%s", tty);
	}
	return err;
}

static int note_vnc(struct qmp *q, struct nodes *n, const char *dir,
		    const struct vnc_config *config)
{
	const struct qmp_arg password = {
		.name = "password", .text = config ? config->password : NULL,
	};
	const struct node_access ours = { .owner = 0, .reader = 0 };
	CLEANUP_YAJL yajl_val vnc = NULL;
	const char *host, *port;
	int err;

	if (!config)
		return 0;
	err = qmp_call(q, "query-vnc", NULL, 0, &vnc);
	if (!err && qmp_vnc(vnc, &host, &port)) {
		nodes_put(n, dir, "console/vnc-listen", "%s", host);
		nodes_put(n, dir, "console/vnc-port", "%s", port);
	}
	if (err || !config->password)
		return err;
	err = qmp_call(q, "change-vnc-password", &password, 1, NULL);
	if (!err)
		nodes_put_as(n, ours, dir, "console/vnc-pass", "%s",
			     config->password);
	return err;
}

static int ask_qemu(struct host *host, const struct dm_request *r)
{
	struct nodes n = { .store = &host->store };
	CLEANUP_QMP struct qmp q = { .fd = -1 };
	char socket[64], dir[STORE_PATH_MAX];
	int err;

	snprintf(socket, sizeof(socket), DM_QMP_SOCKET, r->domid);
	path_domain(dir, sizeof(dir), r->domid);
	err = qmp_open(&q, socket, clock_now_ns() + DM_ANSWER_S * NS_PER_S);
	if (!err)
		err = note_serials(&q, &n, dir);
	if (!err)
		err = note_vnc(&q, &n, dir, dm_vnc(r->config));
	if (err) {
		log_fail(err, "guest %s: QEMU: %s: %s; the end of its log:",
			 r->config->name, socket, qmp_why(&q, err));
		dm_log_show_end(r->config->name);
		return err;
	}
	return n.err ? store_fail(&host->store, n.err) : 0;
}

static int attach_taps(const struct dm_request *r)
{
	const uint64_t deadline = clock_now_ns() + DM_ANSWER_S * NS_PER_S;

	for (size_t i = 0; i < r->num_devices; i++) {
		const struct device *d = &r->devices[i];
		char tap[IFNAMSIZ];
		int err;

		if (!d->vif || !dm_emulates(r->config, d))
			continue;
		dm_tap_name(d, r->domid, tap);
		err = link_attach_tap(tap, d, deadline);
		if (err)
			return log_fail(err, "guest %s: %s: %s onto bridge %s: %s",
					r->config->name, d->name, tap,
					d->bridge, strerror(-err));
	}
	return 0;
}

int device_model_configure(struct host *host, const struct dm_request *r)
{
	int err = ask_qemu(host, r);

	return err ? err : attach_taps(r);
}
