/* SPDX-License-Identifier: MIT */
/*
 * xl-lite-netd: virtual network interfaces of guests, served from user space.
 *
 * This is the supervisor's half: what the toolstack wrote becomes a TAP device
 * on a bridge, what the frontend wrote becomes one checked struct vif_config
 * for the guest's worker (attach.c, queue.c). Everything read from the
 * frontend's folder is the guest's word and is judged here.
 */
#include "config.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backends/net/bridge.h"
#include "backends/net/nodes.h"
#include "backends/net/offload.h"
#include "backends/net/queue.h"
#include "backends/net/tap.h"
#include "backends/net/vif.h"
#include "lib/cleanup.h"
#include "lib/log.h"

/* Our end's address: the highest there is, so that no bridge takes it over. */
static const uint8_t tap_mac[6] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };

struct vif {
	struct backend_device dev;	/* first */
	struct nodes_toolstack want;
	char ifname[IFNAMSIZ];
	unsigned int tap_count;		/* queues of the TAP that are open */
	int taps[VIF_QUEUES_MAX];
};

static struct vif *vif_of(struct backend_device *dev)
{
	return (struct vif *)dev;
}

static unsigned int queues_max(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (cpus < 1)
		return 1;
	return cpus < (long)VIF_QUEUES_MAX ? (unsigned int)cpus :
		VIF_QUEUES_MAX;
}

/* -- the TAP and its bridge ----------------------------------------------- */

static int find_bridge(struct vif *v, struct bridge_link *bridge)
{
	const char *name = v->want.bridge;
	int ret = bridge_find(name, bridge);

	if (ret == -ENODEV)
		return backend_fail(&v->dev, ret, "%s: bridge %s does not "
				    "exist: create it (ip link add %s type "
				    "bridge && ip link set %s up), or say "
				    "bridge= in the guest's vif", v->ifname,
				    name, name, name);
	if (ret < 0)
		return backend_fail(&v->dev, ret, "bridge %s: cannot ask the "
				    "kernel about it", name);
	if (!bridge->is_bridge)
		return backend_fail(&v->dev, -ENOTSUP, "%s is %s%s, not a "
				    "bridge: %s cannot be attached to it%s",
				    name, *bridge->kind ? "of kind " :
				    "a device", bridge->kind, v->ifname,
				    strcmp(bridge->kind, "openvswitch") ? "" :
				    "; use script=vif-openvswitch");
	return 0;
}

/* The guest's folder has the MTU for it to read; say what it became. */
static void tell_mtu(struct vif *v, unsigned int mtu)
{
	struct backend_device *dev = &v->dev;
	unsigned int now;

	if (store_read_uint(dev->store, XBT_NULL, dev->frontend, "mtu", 0,
			    65535, &now) == 0 && now != mtu)
		(void)store_printf(dev->store, XBT_NULL, dev->frontend, "mtu",
				   "%u", mtu);
}

static int bring_up(struct vif *v)
{
	struct bridge_link bridge = { .mtu = 1500 };
	struct bridge_port port = { .queue_frames = TAP_QUEUE_FRAMES };
	bool attach = v->want.bridge[0] && !v->want.script[0];
	int ret = 0;

	if (attach)
		ret = find_bridge(v, &bridge);
	if (ret < 0)
		return ret;
	memcpy(port.mac, tap_mac, sizeof(port.mac));
	port.index = if_nametoindex(v->ifname);
	port.master = attach ? bridge.index : 0;
	port.mtu = v->want.mtu ? v->want.mtu : bridge.mtu;
	ret = bridge_add_port(&port);
	if (ret < 0)
		return backend_fail(&v->dev, ret, "%s: cannot bring it up%s%s "
				    "with mtu %u", v->ifname,
				    attach ? " on bridge " : "",
				    attach ? v->want.bridge : "", port.mtu);
	tell_mtu(v, port.mtu);
	log_info("%s: %s%s%s, mtu %u", v->dev.name, v->ifname,
		 attach ? " on bridge " : "", attach ? v->want.bridge :
		 v->want.script[0] ? " left to its script" : " on no bridge",
		 port.mtu);
	return 0;
}

static void close_taps(struct vif *v, unsigned int keep)
{
	while (v->tap_count > keep)
		close(v->taps[--v->tap_count]);
}

static int vif_open(struct backend_device *dev)
{
	struct vif *v = vif_of(dev);
	int ret = nodes_read_toolstack(dev, &v->want);
	int fd;

	if (ret < 0)
		return ret;
	if (v->want.vifname[0])
		memcpy(v->ifname, v->want.vifname, sizeof(v->ifname));
	else
		snprintf(v->ifname, sizeof(v->ifname), "vif%u.%u", dev->domid,
			 dev->devid);

	fd = tap_create(v->ifname);
	if (fd == -EEXIST)
		return backend_fail(dev, fd, "%s: this host has a network "
				    "device of that name already", v->ifname);
	if (fd < 0)
		return backend_fail(dev, fd, "%s: cannot create the TAP device "
				    "(is the module tun loaded?)", v->ifname);
	v->taps[v->tap_count++] = fd;
	ret = bring_up(v);
	if (ret < 0)
		close_taps(v, 0);
	return ret;
}

static void vif_close(struct backend_device *dev)
{
	struct vif *v = vif_of(dev);

	if (v->tap_count)
		log_debug("%s: %s removed", dev->name, v->ifname);
	/* the device goes with its last descriptor, and leaves its bridge */
	close_taps(v, 0);
}

/* -- the handshake -------------------------------------------------------- */

static int vif_features(struct backend_device *dev, xs_transaction_t t)
{
	/* A script of the toolstack's says connected itself, when it is. */
	return nodes_write_features(dev, t, queues_max(),
				    !vif_of(dev)->want.script[0]);
}

static int add_taps(struct vif *v, unsigned int count)
{
	int fd;

	while (v->tap_count < count) {
		fd = tap_add_queue(v->ifname);
		if (fd < 0)
			return backend_fail(&v->dev, fd, "%s: cannot open its "
					    "queue %u", v->ifname,
					    v->tap_count);
		v->taps[v->tap_count++] = fd;
	}
	return 0;
}

/*
 * Event channel handles, one a thread, for the worker alone: each queue's behind
 * its TAP, the control ring's behind all.
 */
static int open_evtchns(struct vif *v, const struct vif_config *c, int *fds,
			unsigned int *fd_count, uint64_t *close_mask)
{
	unsigned int threads = c->queue_count + c->has_ctrl, i;
	int fd;

	for (i = 0; i < threads; i++) {
		fd = evtchn_open_fd(v->dev.domid);
		if (fd < 0)
			return backend_fail(&v->dev, fd, "/dev/xen/evtchn: "
					    "cannot open it (is the module "
					    "xen-evtchn loaded?)");
		if (i < c->queue_count)
			fds[(*fd_count)++] = v->taps[i];
		*close_mask |= UINT64_C(1) << *fd_count;
		fds[(*fd_count)++] = fd;
	}
	return 0;
}

static int vif_connect(struct backend_device *dev, xs_transaction_t t,
		       struct wire_msg *msg, int *fds, unsigned int *fd_count,
		       uint64_t *close_mask)
{
	struct vif *v = vif_of(dev);
	struct vif_config c = { 0 };
	int ret;

	*fd_count = 0;
	*close_mask = 0;
	ret = nodes_read_frontend(dev, t, queues_max(), &c);
	if (ret < 0)
		return ret;
	c.filter = v->want.filter;
	c.rates = v->want.rates;

	close_taps(v, c.queue_count);
	ret = add_taps(v, c.queue_count);
	if (ret < 0)
		return ret;
	ret = tap_set_offload(v->taps[0], offload_tap_features(c.features));
	if (ret < 0)
		return backend_fail(dev, ret, "%s: cannot set its offloads",
				    v->ifname);
	ret = open_evtchns(v, &c, fds, fd_count, close_mask);
	if (ret < 0)
		return ret;
	/*
	 * Without a carrier its bridge drops what the guest sends, and the
	 * guest may do so as soon as it is served.
	 */
	ret = tap_set_carrier(v->taps[0], true);
	if (ret < 0)
		return backend_fail(dev, ret, "%s: cannot set its carrier",
				    v->ifname);
	memcpy(msg->body, &c, sizeof(c));
	msg->body_size = sizeof(c);
	return 0;
}

static int vif_publish(struct backend_device *dev, xs_transaction_t t)
{
	(void)dev;
	(void)t;
	return 0;
}

static void vif_detached(struct backend_device *dev)
{
	struct vif *v = vif_of(dev);

	if (!v->tap_count)
		return;
	tap_set_carrier(v->taps[0], false);
	/* frames would be hashed to queues that nobody reads */
	close_taps(v, 1);
}

static int vif_changed(struct backend_device *dev, const char *node,
		       struct wire_msg *msg)
{
	struct vif *v = vif_of(dev);
	struct vif_rates rates;

	if (strcmp(node, "rate") && strcmp(node, "receive-rate"))
		return 0;
	/* What cannot be read leaves the old limit in force; it was logged. */
	if (nodes_read_rates(dev, &rates) < 0 ||
	    !memcmp(&rates, &v->want.rates, sizeof(rates)))
		return 0;
	v->want.rates = rates;
	memcpy(msg->body, &rates, sizeof(rates));
	msg->body_size = sizeof(rates);
	return 1;
}

static const struct backend_class netd = {
	.program = "xl-lite-netd",
	.kind = "uvif",
	.noun = "vif",
	.device_size = sizeof(struct vif),
	.counters = queue_counter_names,
	.open = vif_open,
	.features = vif_features,
	.connect = vif_connect,
	.publish = vif_publish,
	.detached = vif_detached,
	.changed = vif_changed,
	.close = vif_close,
	.prepare = vif_prepare,
	.attach = vif_attach,
	.detach = vif_detach,
	.update = vif_update,
};

int main(int argc, char **argv)
{
	return backend_main(&netd, argc, argv);
}
