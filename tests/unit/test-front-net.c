/* SPDX-License-Identifier: MIT */
/*
 * The network frontend against a backend that is this test: a good one first,
 * then one that lies in every way net_front must see.
 */
#include "frontends/net/core.h"
#include "lib/ring.h"
#include "tests/unit/front-host.h"

#include <errno.h>
#include <string.h>

#define DIR "device/uvif/0"
#define BACK "/local/domain/0/backend/uvif/7/0"

static struct front_host host;
static struct net_front front;

/* -- the backend --------------------------------------------------------- */

struct back {
	struct netif_tx_sring *tx;
	struct netif_rx_sring *rx;
	uint32_t tx_cons, tx_prod, rx_prod;
};

static struct back back;

static void offer(const char *node, const char *value)
{
	char path[FRONT_PATH_MAX];

	snprintf(path, sizeof(path), BACK "/%s", node);
	host_set(&host, path, value);
}

static void back_state(const char *state)
{
	offer("state", state);
	net_front_step(&front);
}

static unsigned long told(const char *node)
{
	char path[FRONT_PATH_MAX];

	snprintf(path, sizeof(path), DIR "/%s", node);
	return host_number(&host, path);
}

static void setup(void)
{
	host_init(&host);
	host_set(&host, DIR "/backend", BACK);
	host_set(&host, DIR "/backend-id", "0");
	host_set(&host, DIR "/mac", "00:16:3e:0a:0B:0c");
	host_set(&host, DIR "/state", "1");
	offer("state", "2");
	offer("feature-rx-copy", "1");
	offer("feature-sg", "1");
	offer("feature-gso-tcpv4", "1");
	offer("feature-gso-tcpv6", "1");
	offer("feature-ipv6-csum-offload", "1");
	offer("feature-split-event-channels", "1");
}

static void connect_front(void)
{
	if (net_front_open(&front, &front_host_ops, &host, DIR))
		abort();
	net_front_step(&front);
	memset(&back, 0, sizeof(back));
	if (told("state") != BUS_CONNECTED)
		return;
	back.tx = host.grants[front.ring_grefs[0]];
	back.rx = host.grants[front.ring_grefs[1]];
	back_state("4");
}

static void start(void)
{
	setup();
	connect_front();
}

static void stop(void)
{
	net_front_release(&front);
	check(!host.areas && !host.ports_open && !host.watches,
	      "after release no page, port or watch is left");
}

static struct netif_tx_request take(void)
{
	struct netif_tx_request req;

	memcpy(&req, &back.tx->ring[back.tx_cons++ & 255].req, sizeof(req));
	return req;
}

static void tx_answer(unsigned int id, int status)
{
	struct netif_tx_response rsp = { .id = id, .status = status };

	memcpy(&back.tx->ring[back.tx_prod & 255].rsp, &rsp, sizeof(rsp));
	back.tx->rsp_prod = ++back.tx_prod;
}

/* One receive response in its slot, not shown yet. */
static void rx_put(int status, unsigned int offset, unsigned int flags)
{
	unsigned int slot = back.rx_prod++ & 255;
	struct netif_rx_response rsp = {
		.id = slot, .offset = offset, .flags = flags,
		.status = status,
	};

	memcpy(&back.rx->ring[slot].rsp, &rsp, sizeof(rsp));
}

static void rx_put_extra(unsigned int type, unsigned int flags,
			 unsigned int gso_type, unsigned int gso_size)
{
	struct netif_extra_info extra = {
		.type = type, .flags = flags,
		.u.gso = { .type = gso_type, .size = gso_size },
	};

	memcpy(&back.rx->ring[back.rx_prod++ & 255], &extra, sizeof(extra));
}

static void rx_show(void)
{
	back.rx->rsp_prod = back.rx_prod;
}

static uint8_t *rx_page(void)
{
	return host.grants[front.rx_grefs[back.rx_prod & 255]];
}

/* Send SIZE bytes; false when there is no room. */
static bool send_frame(unsigned int size, enum net_gso gso, bool csum_blank)
{
	unsigned int pages = (size + FRONT_PAGE_SIZE - 1) / FRONT_PAGE_SIZE;
	struct net_vec vec[NET_FRONT_FRAME_SLOTS];
	struct net_frame frame = {
		.size = size, .gso = gso, .gso_size = gso ? 1448 : 0,
		.csum_blank = csum_blank,
	};
	unsigned int i;

	if (!net_front_tx_room(&front, vec, pages))
		return false;
	for (i = 0; i < pages; i++)
		memset(vec[i].base, 'a' + i, FRONT_PAGE_SIZE);
	if (net_front_send(&front, &frame))
		return false;
	net_front_tx_push(&front);
	return true;
}

/* -- frames -------------------------------------------------------------- */

/* An IPv4 (or IPv6) TCP header set on PAGE; returns its size. */
static unsigned int put_tcp(uint8_t *page, bool ipv6)
{
	unsigned int l4 = ipv6 ? 54 : 34;

	memset(page, 0, 128);
	page[12] = ipv6 ? 0x86 : 0x08;
	page[13] = ipv6 ? 0xdd : 0x00;
	page[14] = ipv6 ? 0x60 : 0x45;
	page[ipv6 ? 20 : 23] = 6;
	page[l4 + 12] = 5 << 4;
	return l4 + 20;
}

/* -- a good backend ------------------------------------------------------ */

static void test_connect(void)
{
	setup();
	host_set(&host, DIR "/mtu", "9000");
	connect_front();
	check(net_front_running(&front), "connects");
	check(told("state") == BUS_CONNECTED, "says Connected");
	check(told("event-channel-tx") != told("event-channel-rx") &&
	      !host_get(&host, DIR "/event-channel"), "two event channels");
	check(told("request-rx-copy") == 1 && told("feature-rx-notify") == 1 &&
	      told("feature-gso-tcpv6") == 1, "says what it accepts");
	check(front.info.mac[4] == 11 && front.info.mtu == 9000,
	      "knows its MAC and MTU");
	check(back.rx->req_prod == 256, "posts 256 pages to receive into");
	check(!host.writable[front.tx_grefs[0]] &&
	      host.writable[front.rx_grefs[0]],
	      "what is sent is granted read-only");
	back_state("5");
	back_state("6");
	check(front.bus.phase == FRONT_CLOSED, "ends with the backend");
	stop();

	setup();
	host_remove(&host, BACK "/feature-split-event-channels");
	host_remove(&host, BACK "/feature-sg");
	host_set(&host, DIR "/mtu", "9000");
	connect_front();
	check(told("event-channel") == front.tx_port &&
	      front.rx_port == front.tx_port, "or one event channel");
	check(front.info.mtu == 4078 && !front.info.gso_tcpv4,
	      "without scatter-gather a frame is one page");
	check(!send_frame(5000, NET_GSO_NONE, false), "a larger one is refused");
	stop();
}

static void test_send(void)
{
	struct netif_tx_request req;
	struct netif_extra_info extra;

	start();
	check(send_frame(60, NET_GSO_NONE, true), "sends a small frame");
	req = take();
	check(req.size == 60 && req.flags == (NETTXF_csum_blank |
					      NETTXF_data_validated),
	      "with a blank checksum");
	check(*(char *)host.grants[req.gref] == 'a', "in a granted page");
	check(host.notified[front.tx_port] == 1, "and an event");
	tx_answer(req.id, NETIF_RSP_OKAY);

	check(send_frame(10000, NET_GSO_TCPV4, true), "sends a large frame");
	req = take();
	check(req.size == 10000 && (req.flags & NETTXF_extra_info) &&
	      (req.flags & NETTXF_more_data), "the first slot has the total");
	tx_answer(req.id, NETIF_RSP_OKAY);
	memcpy(&extra, &back.tx->ring[back.tx_cons++ & 255], sizeof(extra));
	check(extra.type == XEN_NETIF_EXTRA_TYPE_GSO &&
	      extra.u.gso.size == 1448 &&
	      extra.u.gso.type == XEN_NETIF_GSO_TYPE_TCPV4, "then its extra");
	tx_answer(0x7777, NETIF_RSP_NULL);
	req = take();
	check(req.size == 4096 && req.flags == NETTXF_more_data,
	      "then a whole page");
	tx_answer(req.id, NETIF_RSP_DROPPED);
	req = take();
	check(req.size == 10000 - 8192 && !req.flags, "then the rest");
	tx_answer(req.id, NETIF_RSP_ERROR);
	check(send_frame(60, NET_GSO_NONE, false), "goes on after errors");
	stop();
}

static void test_backpressure(void)
{
	unsigned int n = 0;
	struct netif_tx_request req;

	start();
	while (n < 1000 && send_frame(60, NET_GSO_NONE, false))
		n++;
	check(n == 255, "F09 a backend that never answers stops us");
	check(back.tx->rsp_event == 128,
	      "an event is asked for at half of what is due");
	req = take();
	tx_answer(req.id, NETIF_RSP_OKAY);
	check(send_frame(60, NET_GSO_NONE, false), "one answered, one more");
	check(net_front_running(&front), "nothing broke");
	stop();
}

static void test_receive(void)
{
	struct net_frame frame;
	uint8_t *page;

	start();
	check(!net_front_receive(&front, &frame), "nothing to receive");
	page = rx_page();
	memset(page + 2, 'x', 100);
	rx_put(100, 2, 0);
	rx_show();
	check(net_front_receive(&front, &frame) && frame.size == 100 &&
	      frame.vecs == 1 && *(char *)frame.vec[0].base == 'x',
	      "a small frame");
	net_front_rx_free(&front, &frame);
	net_front_rx_push(&front);
	check(back.rx->req_prod == 257, "its page is posted again");

	memset(rx_page(), 'y', 4096);
	rx_put(4096, 0, NETRXF_more_data);
	memset(rx_page(), 'z', 1000);
	rx_put(1000, 0, 0);
	rx_show();
	check(net_front_receive(&front, &frame) && frame.size == 5096 &&
	      frame.vecs == 3 && frame.vec[0].size == 256 &&
	      frame.vec[1].size == 3840 && frame.vec[2].size == 1000,
	      "a frame of two slots: private header, then pages");
	net_front_rx_free(&front, &frame);

	rx_put(100, 0, NETRXF_more_data);
	rx_show();
	check(!net_front_receive(&front, &frame) &&
	      net_front_running(&front), "half a frame is waited for");
	check(back.rx->rsp_event == back.rx_prod + 1, "with an event");
	rx_put(100, 0, 0);
	rx_show();
	check(net_front_receive(&front, &frame) && frame.size == 200,
	      "and taken when it is whole");
	net_front_rx_free(&front, &frame);
	stop();
}

static void test_offloads(void)
{
	struct net_frame frame;
	unsigned int size;

	start();
	size = put_tcp(rx_page(), false);
	rx_put(size, 0, NETRXF_csum_blank | NETRXF_data_validated);
	rx_show();
	check(net_front_receive(&front, &frame) && frame.csum_blank &&
	      frame.csum_start == 34 && frame.csum_offset == 16 &&
	      frame.header_size == 54, "finds the TCP header behind IPv4");
	net_front_rx_free(&front, &frame);

	put_tcp(rx_page(), true);
	rx_put(4000, 0, NETRXF_csum_blank | NETRXF_extra_info);
	rx_put_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, XEN_NETIF_GSO_TYPE_TCPV6,
		     1440);
	rx_show();
	check(net_front_receive(&front, &frame) &&
	      frame.gso == NET_GSO_TCPV6 && frame.gso_size == 1440 &&
	      frame.slots == 2 && frame.csum_start == 54,
	      "segments behind IPv6");
	net_front_rx_free(&front, &frame);
	stop();
}

static void test_close(void)
{
	start();
	net_front_close(&front);
	net_front_step(&front);
	check(told("state") == BUS_CLOSING, "we close: Closing");
	back_state("5");
	check(told("state") == BUS_CLOSED && front.bus.phase == FRONT_CLOSING,
	      "then Closed; pages stay");
	back_state("6");
	check(front.bus.phase == FRONT_CLOSED && !front.bus.failed, "over");
	stop();
}

/* -- a backend that lies ------------------------------------------------- */

static void check_dead(const char *what, const char *reason)
{
	struct net_frame frame;

	check(!net_front_receive(&front, &frame) && front.bus.failed, what);
	if (!strstr(front.bus.reason, reason))
		printf("# reason: \"%s\"\n", front.bus.reason);
	check(strstr(front.bus.reason, reason), "  with the reason");
	check(!send_frame(60, NET_GSO_NONE, false), "  and nothing is sent");
	net_front_step(&front);
	check(told("state") == BUS_CLOSING, "  and the device closes");
	stop();
}

/* Look at what the backend answered, as sending does when there is no room. */
static void reap_tx(void)
{
	net_front_tx_room(&front, NULL, NET_FRONT_SLOTS);
}

static void test_tx_lies(void)
{
	static const struct {
		unsigned int id;
		int status;
		const char *what, *reason;
	} cases[] = {
		{ 256, 0, "F02 transmit id 256", "id 256 is no frame's" },
		{ 65535, 0, "F02 transmit id 65535", "is no frame's" },
		{ 0, NETIF_RSP_NULL, "F03 NULL for a data slot",
		  "an extra that was not sent" },
		{ 0, 2, "F03 status 2", "status that is none" },
		{ 0, -3, "F03 status -3", "status that is none" },
	};
	unsigned int i, id;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start();
		send_frame(60, NET_GSO_NONE, false);
		tx_answer(cases[i].id, cases[i].status);
		reap_tx();
		check_dead(cases[i].what, cases[i].reason);
	}
	start();
	send_frame(60, NET_GSO_NONE, false);
	send_frame(60, NET_GSO_NONE, false);
	id = take().id;
	tx_answer(id, 0);
	tx_answer(id, 0);
	reap_tx();
	check_dead("F02 an id answered twice", "is not in flight");

	start();
	send_frame(60, NET_GSO_TCPV4, true);
	tx_answer(take().id, 0);
	tx_answer(255, 0);
	reap_tx();
	check_dead("F03 OKAY for an extra slot", "id 255 is not in flight");

	start();
	back.tx->rsp_prod = 1;
	reap_tx();
	check_dead("F01 transmit rsp_prod beyond what was sent", "rsp_prod 1");

	start();
	back.tx->rsp_prod = UINT32_MAX;
	reap_tx();
	check_dead("F01 transmit rsp_prod backwards", "rsp_prod 4294967295");
}

static void test_rx_lies(void)
{
	static const struct {
		int status;
		unsigned int offset;
		const char *what;
	} cases[] = {
		{ 4097, 0, "F04 more than a page" },
		{ 32767, 0, "F04 status 32767" },
		{ 100, 3997, "F04 past the end of the page" },
		{ 100, 65535, "F04 offset 65535" },
		{ 1, 65535, "F04 offset and status wrap 16 bits" },
		{ 0, 65535, "F04 nothing, far outside" },
	};
	unsigned int i;
	struct netif_rx_response rsp = { .id = 5, .status = 100 };

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start();
		rx_put(cases[i].status, cases[i].offset, 0);
		rx_show();
		check_dead(cases[i].what, "more than its page holds");
	}
	start();
	memcpy(&back.rx->ring[0].rsp, &rsp, sizeof(rsp));
	back.rx_prod++;
	rx_show();
	check_dead("an id that is not its slot's", "not in its request's slot");

	start();
	back.rx->rsp_prod = 257;
	check_dead("F01 receive rsp_prod beyond what was posted",
		   "rsp_prod 257");

	start();
	back.rx->rsp_prod = 0x80000000;
	check_dead("F01 receive rsp_prod 2^31", "rsp_prod 2147483648");

	start();
	for (i = 0; i < 19; i++)
		rx_put(10, 0, NETRXF_more_data);
	rx_show();
	check_dead("F05 a chain of 19 slots", "more than 18 slots");

	start();
	for (i = 0; i < 256; i++)
		rx_put(0, 0, NETRXF_more_data);
	rx_show();
	check_dead("F05 a chain to the ring's end", "more than 18 slots");

	start();
	rx_put(100, 0, NETRXF_extra_info);
	for (i = 0; i < 255; i++)
		rx_put_extra(XEN_NETIF_EXTRA_TYPE_GSO,
			     XEN_NETIF_EXTRA_FLAG_MORE, 1, 1448);
	rx_show();
	check_dead("F06 255 extras", "more than 4 extras");
}

/* Frames that are wrong, and not the ring: dropped, the next one is taken. */
static void check_dropped(const char *what)
{
	struct net_frame frame;
	uint64_t dropped = front.stats.rx_dropped;

	memset(rx_page(), 'n', 77);
	rx_put(77, 0, 0);
	rx_show();
	check(net_front_receive(&front, &frame) && frame.size == 77 &&
	      front.stats.rx_dropped == dropped + 1, what);
	net_front_rx_free(&front, &frame);
}

static void test_bad_frames(void)
{
	static const uint8_t junk[64];
	struct net_frame frame;
	uint64_t errors;
	unsigned int i;

	start();
	rx_put(-1, 0, 0);
	check_dropped("F04 status -1 is dropped");
	rx_put(-32768, 65535, 0);
	check_dropped("F04 status -32768 is dropped");
	rx_put(100, 0, NETRXF_more_data);
	rx_put(-1, 0, 0);
	check_dropped("an error in a later slot drops the frame");
	errors = front.stats.rx_errors;
	rx_put(-1, 0, NETRXF_more_data);
	rx_show();
	check(!net_front_receive(&front, &frame), "half a bad frame");
	rx_put(100, 0, 0);
	check_dropped("is dropped when it is whole");
	check(front.stats.rx_errors == errors + 1,
	      "and counted once, however often it was looked at");
	rx_put(13, 0, 0);
	check_dropped("F04 13 bytes are no frame");
	rx_put(0, 0, 0);
	check_dropped("0 bytes are no frame");
	for (i = 0; i < 17; i++)
		rx_put(4096, 0, NETRXF_more_data);
	rx_put(4096, 0, 0);
	check_dropped("72 KiB are no frame");

	put_tcp(rx_page(), false);
	rx_put(1000, 0, NETRXF_csum_blank | NETRXF_extra_info);
	rx_put_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 1, 0);
	check_dropped("F07 segments of 0 bytes");
	put_tcp(rx_page(), false);
	rx_put(1000, 0, NETRXF_csum_blank | NETRXF_extra_info);
	rx_put_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 3, 1448);
	check_dropped("F07 segments of a type that is none");
	put_tcp(rx_page(), false);
	rx_put(1000, 0, NETRXF_csum_blank | NETRXF_extra_info);
	rx_put_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 2, 1448);
	check_dropped("F07 IPv6 segments in an IPv4 frame");
	put_tcp(rx_page(), false);
	rx_put(1000, 0, NETRXF_extra_info);
	rx_put_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 1, 1448);
	check_dropped("F07 segments without a blank checksum");
	rx_put(1000, 0, NETRXF_extra_info);
	rx_put_extra(200, 0, 0, 0);
	check_dropped("F06 an extra that nobody asked for");

	memcpy(rx_page(), junk, sizeof(junk));
	rx_put(64, 0, NETRXF_csum_blank);
	check_dropped("F07 a blank checksum on no IP");
	rx_put(put_tcp(rx_page(), false) - 1, 0, NETRXF_csum_blank);
	check_dropped("F07 on a TCP header that is cut off");
	put_tcp(rx_page(), false);
	rx_page()[14] = 0x44;
	rx_put(100, 0, NETRXF_csum_blank);
	check_dropped("F07 on an IPv4 header of 16 bytes");
	put_tcp(rx_page(), false);
	rx_page()[20] = 0x20;
	rx_put(100, 0, NETRXF_csum_blank);
	check_dropped("F07 on a fragment");
	put_tcp(rx_page(), false);
	rx_page()[34 + 12] = 4 << 4;
	rx_put(100, 0, NETRXF_csum_blank);
	check_dropped("F07 on a TCP header of 16 bytes");
	put_tcp(rx_page(), true);
	rx_page()[20] = 0;
	rx_page()[55] = 255;
	rx_put(100, 0, NETRXF_csum_blank);
	check_dropped("F07 on IPv6 options past the end");
	check(net_front_running(&front), "none of them ended the connection");
	stop();
}

static void test_changes_after_read(void)
{
	struct net_frame frame;
	uint8_t *page;

	start();
	page = rx_page();
	rx_put(put_tcp(page, false), 0, NETRXF_csum_blank);
	rx_show();
	net_front_receive(&front, &frame);
	memset(page, 0xff, 128);
	memset(&back.rx->ring[0], 0xff, sizeof(back.rx->ring[0]));
	check(((uint8_t *)frame.vec[0].base)[12] == 0x08 &&
	      frame.size == 54 && frame.slots == 1,
	      "F08 F14 what was checked is private: a change comes too late");
	net_front_rx_free(&front, &frame);
	stop();
}

static void test_kept_mapped(void)
{
	start();
	host.still_mapped = true;
	net_front_release(&front);
	check(front.lost_pages == 514,
	      "F10 pages the backend keeps mapped are counted lost");
}

static void test_event_storm(void)
{
	struct net_frame frame;
	unsigned int i, none = 0;

	start();
	for (i = 0; i < 1000; i++)
		none += !net_front_receive(&front, &frame);
	check(none == 1000 && !host.errors,
	      "F11 events without responses do nothing");
	stop();
}

static void test_nodes(void)
{
	static const struct {
		const char *node, *value, *what;
		bool runs;
	} cases[] = {
		{ DIR "/mac", "", "F13 mac empty", false },
		{ DIR "/mac", "00:16:3e:01:02", "F13 mac too short", false },
		{ DIR "/mac", "00:16:3e:01:02:03:04", "F13 mac too long",
		  false },
		{ DIR "/mac", "00:16:3e:01:02:zz", "F13 mac is junk", false },
		{ DIR "/mac", "01:16:3e:01:02:03", "F13 a group address",
		  false },
		{ DIR "/mtu", "0", "F13 mtu 0: the usual one", true },
		{ DIR "/mtu", "-1", "F13 mtu -1: the usual one", true },
		{ DIR "/mtu", "4294967296", "F13 mtu 2^32: the usual one",
		  true },
		{ BACK "/feature-rx-copy", "0", "no rx-copy: refused", false },
		{ BACK "/multi-queue-max-queues", "0", "F12 no queues", true },
		{ BACK "/multi-queue-max-queues", "4294967296",
		  "F12 2^32 queues", true },
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setup();
		host_set(&host, cases[i].node, cases[i].value);
		connect_front();
		check(net_front_running(&front) == cases[i].runs &&
		      front.bus.failed != cases[i].runs &&
		      (!cases[i].runs || front.info.mtu == 1500),
		      cases[i].what);
		stop();
	}
}

static void test_all_edges(void)
{
	char first[2] = "0", second[2] = "0", third[2] = "0";
	unsigned int n = 0;

	for (first[0] = '0'; first[0] <= '9'; first[0]++)
		for (second[0] = '0'; second[0] <= '9'; second[0]++)
			for (third[0] = '0'; third[0] <= '9'; third[0]++) {
				setup();
				if (net_front_open(&front, &front_host_ops,
						   &host, DIR))
					abort();
				back_state(first);
				back_state(second);
				back_state(third);
				net_front_release(&front);
				n += !host.areas && !host.ports_open &&
					!host.watches;
			}
	check(n == 1000, "F12 1000 walks of states leave nothing behind");
	start();
	host_remove(&host, BACK "/state");
	net_front_step(&front);
	net_front_step(&front);
	check(front.bus.phase == FRONT_CLOSED, "F12 the backend's folder gone");
	stop();
}

/* 20000 frames of all sizes there and back through 256 slots. */
static void test_wraps(void)
{
	unsigned int i;
	bool good = true;
	struct net_frame frame;

	start();
	for (i = 0; i < 20000 && good; i++) {
		unsigned int size = 14 + i * 97 % 65000, left = size;
		struct netif_tx_request req;

		good = send_frame(size, NET_GSO_NONE, false);
		if (!good)
			break;
		do {
			req = take();
			tx_answer(req.id, NETIF_RSP_OKAY);
		} while (req.flags & NETTXF_more_data);
		while (left) {
			unsigned int part = left < 4096 ? left : 4096;

			left -= part;
			rx_put(part, 0, left ? NETRXF_more_data : 0);
		}
		rx_show();
		good = net_front_receive(&front, &frame) && frame.size == size;
		net_front_rx_free(&front, &frame);
		net_front_rx_push(&front);
	}
	check(good && net_front_running(&front), "20000 frames each way");
	stop();
}

int main(void)
{
	test_connect();
	test_send();
	test_backpressure();
	test_receive();
	test_offloads();
	test_close();
	test_tx_lies();
	test_rx_lies();
	test_bad_frames();
	test_changes_after_read();
	test_kept_mapped();
	test_event_storm();
	test_nodes();
	test_all_edges();
	test_wraps();
	return tests_done();
}
