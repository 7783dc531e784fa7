/* SPDX-License-Identifier: MIT */
/* See nodes.h. */
#include "config.h"

#include "backends/net/nodes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backends/net/offload.h"
#include "lib/cleanup.h"
#include "lib/num.h"

/* The Ethernet minimum of IPv4, and what 16 bits of length leave. */
#define MTU_MIN 68u
#define MTU_MAX 65517u

/*
 * Longer intervals, or more bytes in one, would overflow what rate.h adds. The
 * toolstack's own limits are below these (vif-spec.c, and xl's).
 */
#define RATE_BYTES_MAX (UINT64_C(1) << 50)
#define RATE_INTERVAL_US_MAX UINT32_MAX

/* -- values --------------------------------------------------------------- */

int nodes_parse_mac(const char *text, uint8_t *mac)
{
	char byte[3] = "";
	uint64_t value;
	unsigned int i;

	if (strlen(text) != 17)
		return -EINVAL;
	for (i = 0; i < 6; i++, text += 3) {
		if (text[2] != (i < 5 ? ':' : '\0'))
			return -EINVAL;
		memcpy(byte, text, 2);
		if (num_parse_hex(byte, 0, 255, &value) < 0)
			return -EINVAL;
		mac[i] = (uint8_t)value;
	}
	/* nobody can own a group address */
	return mac[0] & 1 ? -EINVAL : 0;
}

int nodes_parse_rate(const char *text, struct vif_rate *rate)
{
	const char *comma = strchr(text, ',');
	char bytes[24];
	uint64_t b, us;

	if (!comma || (size_t)(comma - text) >= sizeof(bytes))
		return -EINVAL;
	memcpy(bytes, text, (size_t)(comma - text));
	bytes[comma - text] = '\0';
	if (num_parse(bytes, 0, RATE_BYTES_MAX, &b) < 0 ||
	    num_parse(comma + 1, 1, RATE_INTERVAL_US_MAX, &us) < 0)
		return -EINVAL;
	*rate = (struct vif_rate) { .bytes = b, .interval_us = us };
	return 0;
}

/* A name that Linux takes for a network device. */
static bool ifname_valid(const char *name)
{
	return strlen(name) < IFNAMSIZ && strcmp(name, ".") &&
	       strcmp(name, "..") && !strpbrk(name, "/: \t\n%");
}

/* -- the toolstack's ------------------------------------------------------ */

/* The value, or "" when there is none. */
static int read_text(struct backend_device *dev, const char *node, char *buf,
		     size_t size)
{
	int ret = store_read(dev->store, XBT_NULL, dev->path, node, buf, size);

	if (ret == -ENOENT) {
		buf[0] = '\0';
		return 0;
	}
	if (ret < 0)
		return backend_fail(dev, ret, "%s/%s: cannot read it",
				    dev->path, node);
	return 0;
}

static int bad_value(struct backend_device *dev, const char *node,
		     const char *value, const char *want)
{
	return backend_fail(dev, -EINVAL, "%s/%s is \"%.40s\", not %s",
			    dev->path, node, value, want);
}

static int read_ifname(struct backend_device *dev, const char *node,
		       char *name)
{
	char value[STORE_VALUE_MAX];
	int ret = read_text(dev, node, value, sizeof(value));

	if (ret < 0)
		return ret;
	if (!ifname_valid(value))
		return bad_value(dev, node, value, "a name that a network "
				 "device can have");
	snprintf(name, IFNAMSIZ, "%s", value);
	return 0;
}

static int read_rate(struct backend_device *dev, const char *node,
		     struct vif_rate *rate)
{
	char value[STORE_VALUE_MAX];
	int ret = read_text(dev, node, value, sizeof(value));

	*rate = (struct vif_rate) { 0 };
	if (ret < 0 || !*value)
		return ret;
	if (nodes_parse_rate(value, rate) < 0)
		return bad_value(dev, node, value, "BYTES,MICROSECONDS");
	return 0;
}

int nodes_read_rates(struct backend_device *dev, struct vif_rates *rates)
{
	int ret = read_rate(dev, "rate", &rates->send);

	return ret < 0 ? ret : read_rate(dev, "receive-rate", &rates->receive);
}

static int read_filter(struct backend_device *dev, struct filter *f)
{
	char value[STORE_VALUE_MAX];
	int ret = read_text(dev, "mac", value, sizeof(value));

	if (ret < 0)
		return ret;
	if (nodes_parse_mac(value, f->mac) < 0)
		return bad_value(dev, "mac", value, "an address of one "
				 "interface like 00:16:3e:12:34:56");
	ret = read_text(dev, "mac-filter", value, sizeof(value));
	if (ret < 0)
		return ret;
	f->own_mac_only = strcmp(value, "off") != 0;
	if (*value && f->own_mac_only && strcmp(value, "strict"))
		return bad_value(dev, "mac-filter", value,
				 "\"strict\" or \"off\"");
	return 0;
}

/* vif-bridge is what we do ourselves; any other one the toolstack runs. */
static int read_script(struct backend_device *dev, char *script, size_t size)
{
	const char *base;
	int ret = read_text(dev, "script", script, size);

	if (ret < 0)
		return ret;
	base = strrchr(script, '/');
	if (!strcmp(base ? base + 1 : script, "vif-bridge"))
		script[0] = '\0';
	return 0;
}

int nodes_read_toolstack(struct backend_device *dev,
			 struct nodes_toolstack *want)
{
	int ret;

	*want = (struct nodes_toolstack) { 0 };
	ret = read_filter(dev, &want->filter);
	if (ret < 0)
		return ret;
	ret = read_script(dev, want->script, sizeof(want->script));
	if (ret < 0)
		return ret;
	/* a script's bridge may be more than a name: br0.5:1:2 */
	if (!want->script[0]) {
		ret = read_ifname(dev, "bridge", want->bridge);
		if (ret < 0)
			return ret;
	}
	ret = read_ifname(dev, "vifname", want->vifname);
	if (ret < 0)
		return ret;
	ret = store_read_uint_or(dev->store, XBT_NULL, dev->path, "mtu",
				 MTU_MIN, MTU_MAX, 0, &want->mtu);
	if (ret < 0)
		return backend_fail(dev, ret, "%s/mtu is not a number from %u "
				    "to %u", dev->path, MTU_MIN, MTU_MAX);
	return nodes_read_rates(dev, &want->rates);
}

/* -- ours ----------------------------------------------------------------- */

int nodes_write_features(struct backend_device *dev, xs_transaction_t t,
			 unsigned int queues_max, bool connected)
{
	static const struct {
		const char *node, *value;
	} nodes[] = {
		{ "feature-sg",				"1" },
		{ "feature-gso-tcpv4",			"1" },
		{ "feature-gso-tcpv6",			"1" },
		{ "feature-ipv6-csum-offload",		"1" },
		{ "feature-rx-copy",			"1" },
		{ "feature-rx-flip",			"0" },
		{ "feature-split-event-channels",	"1" },
		{ "feature-ctrl-ring",			"1" },
	};
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(nodes); i++) {
		ret = store_write(dev->store, t, dev->path, nodes[i].node,
				  nodes[i].value);
		if (ret < 0)
			return ret;
	}
	ret = store_printf(dev->store, t, dev->path, "multi-queue-max-queues",
			   "%u", queues_max);
	if (ret < 0 || !connected)
		return ret;
	return store_write(dev->store, t, dev->path, "hotplug-status",
			   "connected");
}

/* -- the frontend's ------------------------------------------------------- */

static int flag(struct backend_device *dev, xs_transaction_t t,
		const char *node, bool *ret)
{
	unsigned int value;
	int err = store_read_uint_or(dev->store, t, dev->frontend, node, 0, 1,
				     0, &value);

	if (err == -EINVAL || err == -ERANGE || err == -E2BIG)
		return backend_fail(dev, -EPROTO, "%s/%s is neither 0 nor 1",
				    dev->frontend, node);
	*ret = value;
	return err;
}

/*
 * GSO on the way to the guest needs pages to hold it and a guest that
 * finishes checksums: Linux ties these together as well.
 */
static int read_features(struct backend_device *dev, xs_transaction_t t,
			 struct vif_config *c)
{
	bool copy, no_csum, csum6, sg, gso4, gso6;
	const struct {
		const char *node;
		bool *value;
	} flags[] = {
		{ "request-rx-copy",		&copy },
		{ "feature-rx-notify",		&c->rx_notify },
		{ "feature-no-csum-offload",	&no_csum },
		{ "feature-ipv6-csum-offload",	&csum6 },
		{ "feature-sg",			&sg },
		{ "feature-gso-tcpv4",		&gso4 },
		{ "feature-gso-tcpv6",		&gso6 },
	};
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		ret = flag(dev, t, flags[i].node, flags[i].value);
		if (ret < 0)
			return ret;
	}
	if (!copy)
		return backend_fail(dev, -EPROTO, "%s/request-rx-copy is not "
				    "1: only frontends that have their pages "
				    "copied to are served", dev->frontend);
	if (!no_csum)
		c->features |= OFFLOAD_CSUM4;
	if (csum6)
		c->features |= OFFLOAD_CSUM6;
	if (!sg)
		return 0;
	c->features |= OFFLOAD_SG;
	if (gso4 && !no_csum)
		c->features |= OFFLOAD_GSO4;
	if (gso6 && csum6)
		c->features |= OFFLOAD_GSO6;
	return 0;
}

static int number(struct backend_device *dev, xs_transaction_t t,
		  const char *dir, const char *node, uint32_t *ret)
{
	unsigned int value;
	int err = store_read_uint(dev->store, t, dir, node, 0, UINT32_MAX,
				  &value);

	if (err == -ENOENT)
		return err;
	if (err == -EINVAL || err == -ERANGE || err == -E2BIG)
		return backend_fail(dev, -EPROTO, "%s/%s is not a number of "
				    "32 bits", dir, node);
	*ret = value;
	return err;
}

static int need(struct backend_device *dev, const char *dir, const char *node,
		int err)
{
	if (err == -ENOENT)
		return backend_fail(dev, -EPROTO, "%s/%s is missing", dir,
				    node);
	return err;
}

static int read_queue(struct backend_device *dev, xs_transaction_t t,
		      const char *dir, struct vif_queue_config *q)
{
	int ret;

	ret = number(dev, t, dir, "tx-ring-ref", &q->tx_ref);
	if (ret < 0)
		return need(dev, dir, "tx-ring-ref", ret);
	ret = number(dev, t, dir, "rx-ring-ref", &q->rx_ref);
	if (ret < 0)
		return need(dev, dir, "rx-ring-ref", ret);
	ret = number(dev, t, dir, "event-channel-tx", &q->tx_port);
	if (ret == 0) {
		ret = number(dev, t, dir, "event-channel-rx", &q->rx_port);
		return need(dev, dir, "event-channel-rx", ret);
	}
	if (ret != -ENOENT)
		return ret;
	ret = number(dev, t, dir, "event-channel", &q->tx_port);
	q->rx_port = q->tx_port;
	return need(dev, dir, "event-channel", ret);
}

/* There may be none: then neither of its nodes is there. */
static int read_ctrl(struct backend_device *dev, xs_transaction_t t,
		     struct vif_config *c)
{
	const char *dir = dev->frontend;
	int ref = number(dev, t, dir, "ctrl-ring-ref", &c->ctrl_ref);
	int port;

	if (ref < 0 && ref != -ENOENT)
		return ref;
	port = number(dev, t, dir, "event-channel-ctrl", &c->ctrl_port);
	if (port < 0 && port != -ENOENT)
		return port;
	if (ref == port) {
		c->has_ctrl = ref == 0;
		return 0;
	}
	return ref < 0 ? need(dev, dir, "ctrl-ring-ref", ref) :
		need(dev, dir, "event-channel-ctrl", port);
}

static bool same_port(const struct vif_queue_config *a,
		      const struct vif_queue_config *b)
{
	return a->tx_port == b->tx_port || a->tx_port == b->rx_port ||
	       a->rx_port == b->tx_port || a->rx_port == b->rx_port;
}

/* Rings or ports that two share would be two threads on one memory. */
static int check_distinct(struct backend_device *dev,
			  const struct vif_config *c)
{
	uint32_t refs[2 * VIF_QUEUES_MAX + 1];
	unsigned int count = 0, i, j;

	for (i = 0; i < c->queue_count; i++) {
		const struct vif_queue_config *q = &c->queues[i];

		refs[count++] = q->tx_ref;
		refs[count++] = q->rx_ref;
		for (j = 0; j < i; j++)
			if (same_port(q, &c->queues[j]))
				return backend_fail(dev, -EPROTO, "queues %u "
						    "and %u name the same "
						    "event channel", j, i);
		if (c->has_ctrl && (q->tx_port == c->ctrl_port ||
				    q->rx_port == c->ctrl_port))
			return backend_fail(dev, -EPROTO, "queue %u and the "
					    "control ring name the same "
					    "event channel", i);
	}
	if (c->has_ctrl)
		refs[count++] = c->ctrl_ref;
	for (i = 0; i < count; i++)
		for (j = 0; j < i; j++)
			if (refs[i] == refs[j])
				return backend_fail(dev, -EPROTO, "grant %u "
						    "is named for two rings",
						    refs[i]);
	return 0;
}

int nodes_read_frontend(struct backend_device *dev, xs_transaction_t t,
			unsigned int queues_max, struct vif_config *c)
{
	char dir[BACKEND_PATH_MAX + 16];
	unsigned int i;
	int ret;

	ret = read_features(dev, t, c);
	if (ret < 0)
		return ret;
	ret = store_read_uint_or(dev->store, t, dev->frontend,
				 "multi-queue-num-queues", 1, queues_max, 1,
				 &c->queue_count);
	if (ret == -EINVAL || ret == -ERANGE || ret == -E2BIG)
		return backend_fail(dev, -EPROTO, "%s/multi-queue-num-queues "
				    "is not a number from 1 to %u",
				    dev->frontend, queues_max);
	if (ret < 0)
		return ret;
	for (i = 0; i < c->queue_count; i++) {
		/* with one queue its nodes are the frontend's own */
		snprintf(dir, sizeof(dir), c->queue_count > 1 ? "%s/queue-%u" :
			 "%s", dev->frontend, i);
		ret = read_queue(dev, t, dir, &c->queues[i]);
		if (ret < 0)
			return ret;
	}
	ret = read_ctrl(dev, t, c);
	if (ret < 0)
		return ret;
	return check_distinct(dev, c);
}
