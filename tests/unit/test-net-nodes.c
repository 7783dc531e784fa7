/* SPDX-License-Identifier: MIT */
/*
 * What a toolstack and a frontend may write into the nodes of a vif: right
 * ones are understood, and each wrong one is refused with a reason that names
 * it. xenstore is an array here.
 */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/net/nodes.h"
#include "backends/net/offload.h"
#include "lib/cleanup.h"
#include "lib/num.h"

#define B "/local/domain/0/backend/uvif/7/0"
#define F "/local/domain/7/device/vif/0"

static unsigned int failures;

static void check(const char *what, const char *which, long got, long want)
{
	if (got == want)
		return;
	printf("# %s: %s: got %ld, want %ld\n", what, which, got, want);
	failures++;
}
#define CHECK(what, got, want) check(what, #got, (long)(got), (long)(want))

/* -- xenstore ------------------------------------------------------------- */

static struct {
	char path[128], value[128];
} nodes[64];
static unsigned int node_count;
static char reason[BACKEND_REASON_MAX];

static void put(const char *dir, const char *node, const char *value)
{
	char path[128];
	unsigned int i;

	snprintf(path, sizeof(path), "%s/%s", dir, node);
	for (i = 0; i < node_count; i++)
		if (!strcmp(nodes[i].path, path))
			break;
	if (i == node_count)
		node_count++;
	snprintf(nodes[i].path, sizeof(nodes[i].path), "%s", path);
	snprintf(nodes[i].value, sizeof(nodes[i].value), "%s", value);
}

int store_read(struct store *s, xs_transaction_t t, const char *dir,
	       const char *node, char *buf, size_t size)
{
	char path[128];
	unsigned int i;

	(void)s;
	(void)t;
	snprintf(path, sizeof(path), "%s/%s", dir, node);
	for (i = 0; i < node_count; i++) {
		if (strcmp(nodes[i].path, path))
			continue;
		if (!strcmp(nodes[i].value, "-"))	/* taken out */
			return -ENOENT;
		if (strlen(nodes[i].value) >= size)
			return -E2BIG;
		snprintf(buf, size, "%s", nodes[i].value);
		return 0;
	}
	return -ENOENT;
}

int store_read_uint(struct store *s, xs_transaction_t t, const char *dir,
		    const char *node, unsigned int min, unsigned int max,
		    unsigned int *ret)
{
	char value[64];
	int r = store_read(s, t, dir, node, value, sizeof(value));

	return r < 0 ? r : num_parse_uint(value, min, max, ret);
}

int store_read_uint_or(struct store *s, xs_transaction_t t, const char *dir,
		       const char *node, unsigned int min, unsigned int max,
		       unsigned int deflt, unsigned int *ret)
{
	int r = store_read_uint(s, t, dir, node, min, max, ret);

	if (r != -ENOENT)
		return r;
	*ret = deflt;
	return 0;
}

int store_write(struct store *s, xs_transaction_t t, const char *dir,
		const char *node, const char *value)
{
	(void)s;
	(void)t;
	put(dir, node, value);
	return 0;
}

int store_printf(struct store *s, xs_transaction_t t, const char *dir,
		 const char *node, const char *fmt, ...)
{
	char value[64];
	va_list ap;

	(void)s;
	(void)t;
	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	put(dir, node, value);
	return 0;
}

int backend_fail(struct backend_device *dev, int err, const char *fmt, ...)
{
	va_list ap;

	(void)dev;
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	return err;
}

static struct backend_device dev = { .path = B, .frontend = F };

/* "NODE=VALUE NODE=VALUE": over what is there. */
static void put_all(const char *dir, const char *text)
{
	char copy[512], *word, *rest = copy;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((word = strsep(&rest, " ")) != NULL) {
		char *value = strchr(word, '=');

		if (!value)
			continue;
		*value++ = '\0';
		put(dir, word, value);
	}
}

static bool says(const char *what, const char *want)
{
	if (strstr(reason, want))
		return true;
	printf("# %s: said \"%s\", not \"%s\"\n", what, reason, want);
	return false;
}

/* -- the toolstack's ------------------------------------------------------ */

static const struct {
	const char *nodes;
	const char *says;	/* NULL: fine */
} toolstack_cases[] = {
	{ "", NULL },
	{ "bridge=-", NULL },
	{ "mtu=9000", NULL },
	{ "rate=62500,50000 receive-rate=0,1", NULL },
	{ "mac-filter=off", NULL },
	{ "mac-filter=strict", NULL },
	{ "vifname=guest-lan", NULL },
	{ "script=/etc/xen/scripts/vif-openvswitch bridge=br.5:1:2", NULL },
	{ "mac=-", B "/mac is \"\"" },
	{ "mac=00:16:3e:00:00", B "/mac is \"00:16:3e:00:00\"" },
	{ "mac=00-16-3e-00-00-01", B "/mac is" },
	{ "mac=00:16:3e:00:00:0g", B "/mac is" },
	{ "mac=00:16:3e:00:00:01:", B "/mac is" },
	{ "mac=01:16:3e:00:00:01", B "/mac is" },
	{ "mac=ff:ff:ff:ff:ff:ff", B "/mac is" },
	{ "mac-filter=Off", B "/mac-filter is \"Off\"" },
	{ "bridge=a-name-too-long-", B "/bridge is" },
	{ "bridge=a/b", B "/bridge is \"a/b\"" },
	{ "bridge=..", B "/bridge is" },
	{ "vifname=v%d", B "/vifname is \"v%d\"" },
	{ "vifname=a:b", B "/vifname is" },
	{ "mtu=67", B "/mtu is not a number from 68" },
	{ "mtu=65518", B "/mtu is not a number from 68" },
	{ "mtu=1500 rate=", NULL },
	{ "mtu=+1500", B "/mtu is not" },
	{ "rate=10", B "/rate is \"10\", not BYTES,MICROSECONDS" },
	{ "rate=10,", B "/rate is" },
	{ "rate=,10", B "/rate is" },
	{ "rate=10,0", B "/rate is" },
	{ "rate=10,10,10", B "/rate is" },
	{ "rate=-10,10", B "/rate is" },
	{ "rate=18446744073709551616,10", B "/rate is" },
	/* the longest interval that a vif= may name: rate=...@4294s */
	{ "rate=10,4294967295", NULL },
	{ "rate=10,4294967296", B "/rate is" },
	{ "receive-rate=x,10", B "/receive-rate is" },
};

static void test_toolstack(void)
{
	struct nodes_toolstack want;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(toolstack_cases); i++) {
		const char *set = toolstack_cases[i].nodes;
		unsigned int before = failures;
		int ret;

		node_count = 0;
		reason[0] = '\0';
		put_all(B, "mac=00:16:3e:00:00:07 bridge=xenbr0 "
			"script=/etc/xen/scripts/vif-bridge");
		put_all(B, set);
		ret = nodes_read_toolstack(&dev, &want);
		CHECK(set, ret < 0, toolstack_cases[i].says != NULL);
		if (toolstack_cases[i].says)
			CHECK(set, says(set, toolstack_cases[i].says), true);
		printf("%sok toolstack: %s\n", failures == before ? "" : "not ",
		       *set ? set : "only what xl writes");
	}
}

static void test_toolstack_values(void)
{
	const char *what = "what a toolstack says is understood";
	struct nodes_toolstack want;

	node_count = 0;
	put_all(B, "mac=00:16:3E:0a:00:07 bridge=xenbr0 mtu=9000 vifname=lan "
		"script=/etc/xen/scripts/vif-bridge rate=62500,50000 "
		"receive-rate=100,7 mac-filter=off");
	CHECK(what, nodes_read_toolstack(&dev, &want), 0);
	CHECK(what, memcmp(want.filter.mac, "\x00\x16\x3e\x0a\x00\x07", 6), 0);
	CHECK(what, want.filter.own_mac_only, false);
	CHECK(what, strcmp(want.bridge, "xenbr0"), 0);
	CHECK(what, strcmp(want.vifname, "lan"), 0);
	CHECK(what, strcmp(want.script, ""), 0);
	CHECK(what, want.mtu, 9000);
	CHECK(what, want.rates.send.bytes, 62500);
	CHECK(what, want.rates.send.interval_us, 50000);
	CHECK(what, want.rates.receive.bytes, 100);
	CHECK(what, want.rates.receive.interval_us, 7);

	put_all(B, "mac-filter=- mtu=- script=/opt/vif-route bridge=-");
	CHECK(what, nodes_read_toolstack(&dev, &want), 0);
	CHECK(what, want.filter.own_mac_only, true);
	CHECK(what, want.mtu, 0);
	CHECK(what, strcmp(want.script, "/opt/vif-route"), 0);
	CHECK(what, strcmp(want.bridge, ""), 0);
	printf("%sok %s\n", failures ? "not " : "", what);
}

/* -- ours ----------------------------------------------------------------- */

/* What PATH holds, or "" for nothing. */
static const char *written(const char *path)
{
	unsigned int i;

	for (i = 0; i < node_count; i++)
		if (!strcmp(nodes[i].path, path))
			return nodes[i].value;
	return "";
}

static void test_features_written(void)
{
	const char *what = "what we offer is written";

	node_count = 0;
	CHECK(what, nodes_write_features(&dev, XBT_NULL, 4, false), 0);
	CHECK(what, strcmp(written(B "/feature-sg"), "1"), 0);
	CHECK(what, strcmp(written(B "/feature-rx-copy"), "1"), 0);
	CHECK(what, strcmp(written(B "/feature-rx-flip"), "0"), 0);
	CHECK(what, strcmp(written(B "/feature-gso-tcpv6"), "1"), 0);
	CHECK(what, strcmp(written(B "/multi-queue-max-queues"), "4"), 0);
	CHECK(what, strcmp(written(B "/feature-ctrl-ring"), "1"), 0);
	/* nobody may think the network stands when it does not yet */
	CHECK(what, strcmp(written(B "/hotplug-status"), ""), 0);
	CHECK(what, nodes_write_features(&dev, XBT_NULL, 4, true), 0);
	CHECK(what, strcmp(written(B "/hotplug-status"), "connected"), 0);
	printf("%sok %s\n", failures ? "not " : "", what);
}

/* -- the frontend's ------------------------------------------------------- */

#define TWO "multi-queue-num-queues=2 queue-0/tx-ring-ref=1 " \
	"queue-0/rx-ring-ref=2 queue-0/event-channel-tx=3 " \
	"queue-0/event-channel-rx=4 queue-1/tx-ring-ref=5 " \
	"queue-1/rx-ring-ref=6 queue-1/event-channel-tx=7 " \
	"queue-1/event-channel-rx=8 "

static const struct {
	const char *nodes;
	const char *says;
} frontend_cases[] = {
	{ "", NULL },
	{ "event-channel=- event-channel-tx=3 event-channel-rx=4", NULL },
	{ "multi-queue-num-queues=1", NULL },
	{ TWO, NULL },
	{ "request-rx-copy=-", F "/request-rx-copy is not 1" },
	{ "request-rx-copy=0", F "/request-rx-copy is not 1" },
	{ "request-rx-copy=2", F "/request-rx-copy is neither 0 nor 1" },
	{ "feature-sg=yes", F "/feature-sg is neither" },
	{ "feature-gso-tcpv4=01x", F "/feature-gso-tcpv4 is neither" },
	{ "feature-no-csum-offload=-1", F "/feature-no-csum-offload is nei" },
	{ "tx-ring-ref=-", F "/tx-ring-ref is missing" },
	{ "rx-ring-ref=-", F "/rx-ring-ref is missing" },
	{ "event-channel=-", F "/event-channel is missing" },
	{ "event-channel-tx=3", F "/event-channel-rx is missing" },
	{ "tx-ring-ref=4294967296", F "/tx-ring-ref is not a number of 32" },
	{ "tx-ring-ref=8x", F "/tx-ring-ref is not a number of 32" },
	{ "tx-ring-ref=", F "/tx-ring-ref is not a number of 32" },
	{ "event-channel=0x5", F "/event-channel is not a number of 32" },
	{ "tx-ring-ref=8 rx-ring-ref=8", "grant 8 is named for two rings" },
	{ "multi-queue-num-queues=0", "num-queues is not a number from 1 to 4" },
	{ "multi-queue-num-queues=5", "num-queues is not a number from 1 to 4" },
	{ "multi-queue-num-queues=4294967297", "num-queues is not a number" },
	{ "multi-queue-num-queues=2", F "/queue-0/tx-ring-ref is missing" },
	{ TWO "queue-1/rx-ring-ref=-", F "/queue-1/rx-ring-ref is missing" },
	{ TWO "queue-1/tx-ring-ref=1", "grant 1 is named for two rings" },
	{ TWO "queue-1/rx-ring-ref=1", "grant 1 is named for two rings" },
	{ TWO "queue-1/event-channel-tx=3",
	  "queues 0 and 1 name the same event channel" },
	{ TWO "queue-1/event-channel-rx=3",
	  "queues 0 and 1 name the same event channel" },
	{ "ctrl-ring-ref=20 event-channel-ctrl=21", NULL },
	{ TWO "ctrl-ring-ref=20 event-channel-ctrl=21", NULL },
	{ "ctrl-ring-ref=20", F "/event-channel-ctrl is missing" },
	{ "event-channel-ctrl=21", F "/ctrl-ring-ref is missing" },
	{ "ctrl-ring-ref=x event-channel-ctrl=21",
	  F "/ctrl-ring-ref is not a number of 32" },
	{ "ctrl-ring-ref=20 event-channel-ctrl=4294967296",
	  F "/event-channel-ctrl is not a number of 32" },
	{ "ctrl-ring-ref= event-channel-ctrl=",
	  F "/ctrl-ring-ref is not a number of 32" },
	{ "ctrl-ring-ref=9 event-channel-ctrl=21",
	  "grant 9 is named for two rings" },
	{ TWO "ctrl-ring-ref=5 event-channel-ctrl=21",
	  "grant 5 is named for two rings" },
	{ "ctrl-ring-ref=20 event-channel-ctrl=5",
	  "queue 0 and the control ring name the same event channel" },
	{ TWO "ctrl-ring-ref=20 event-channel-ctrl=8",
	  "queue 1 and the control ring name the same event channel" },
};

static void put_frontend(void)
{
	node_count = 0;
	reason[0] = '\0';
	put_all(F, "request-rx-copy=1 feature-rx-notify=1 feature-sg=1 "
		"feature-gso-tcpv4=1 feature-gso-tcpv6=1 "
		"feature-ipv6-csum-offload=1 tx-ring-ref=8 rx-ring-ref=9 "
		"event-channel=5");
}

static void test_frontend(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(frontend_cases); i++) {
		const char *set = frontend_cases[i].nodes;
		unsigned int before = failures;
		struct vif_config c = { 0 };
		int ret;

		put_frontend();
		put_all(F, set);
		ret = nodes_read_frontend(&dev, XBT_NULL, 4, &c);
		CHECK(set, ret, frontend_cases[i].says ? -EPROTO : 0);
		if (frontend_cases[i].says)
			CHECK(set, says(set, frontend_cases[i].says), true);
		printf("%sok frontend: %.70s\n", failures == before ? "" :
		       "not ", *set ? set : "what Linux writes");
	}
}

static void test_frontend_features(void)
{
	static const struct {
		const char *nodes;
		unsigned int features;
	} cases[] = {
		{ "", OFFLOAD_CSUM4 | OFFLOAD_CSUM6 | OFFLOAD_SG |
		  OFFLOAD_GSO4 | OFFLOAD_GSO6 },
		{ "feature-sg=0", OFFLOAD_CSUM4 | OFFLOAD_CSUM6 },
		{ "feature-no-csum-offload=1",
		  OFFLOAD_CSUM6 | OFFLOAD_SG | OFFLOAD_GSO6 },
		{ "feature-ipv6-csum-offload=-",
		  OFFLOAD_CSUM4 | OFFLOAD_SG | OFFLOAD_GSO4 },
		{ "feature-gso-tcpv4=0 feature-gso-tcpv6=0",
		  OFFLOAD_CSUM4 | OFFLOAD_CSUM6 | OFFLOAD_SG },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vif_config c = { 0 };

		put_frontend();
		put_all(F, cases[i].nodes);
		CHECK(cases[i].nodes,
		      nodes_read_frontend(&dev, XBT_NULL, 4, &c), 0);
		CHECK(cases[i].nodes, c.features, cases[i].features);
	}
}

static void test_frontend_values(void)
{
	const char *what = "what a frontend says is understood";
	struct vif_config c = { 0 };

	put_frontend();
	CHECK(what, nodes_read_frontend(&dev, XBT_NULL, 4, &c), 0);
	CHECK(what, c.queue_count, 1);
	CHECK(what, c.rx_notify, true);
	CHECK(what, c.queues[0].tx_ref, 8);
	CHECK(what, c.queues[0].rx_ref, 9);
	CHECK(what, c.queues[0].tx_port, 5);
	CHECK(what, c.queues[0].rx_port, 5);
	put_all(F, TWO);
	CHECK(what, nodes_read_frontend(&dev, XBT_NULL, 4, &c), 0);
	CHECK(what, c.queue_count, 2);
	CHECK(what, c.queues[1].tx_ref, 5);
	CHECK(what, c.queues[1].rx_ref, 6);
	CHECK(what, c.queues[1].tx_port, 7);
	CHECK(what, c.queues[1].rx_port, 8);
	CHECK(what, c.has_ctrl, false);
	put_all(F, "ctrl-ring-ref=20 event-channel-ctrl=21");
	CHECK(what, nodes_read_frontend(&dev, XBT_NULL, 4, &c), 0);
	CHECK(what, c.has_ctrl, true);
	CHECK(what, c.ctrl_ref, 20);
	CHECK(what, c.ctrl_port, 21);
	printf("%sok %s\n", failures ? "not " : "", what);
}

int main(void)
{
	test_toolstack();
	test_toolstack_values();
	test_features_written();
	test_frontend();
	test_frontend_features();
	test_frontend_values();
	printf("%u failures\n", failures);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
