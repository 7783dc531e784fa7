/* SPDX-License-Identifier: MIT */
/*
 * xl-lite-netfront: drive a Xen network device from a process of a Linux
 * guest, and show it as a TAP with checksum and segmentation offload.
 *
 * One thread and one loop: xenstore (the backend's state), the event
 * channels, the TAP, signals, a timer for deadlines. While the backend takes
 * no more frames the TAP is not read: the kernel's queue holds them, and
 * drops what is too much, as any full link does.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "frontends/linux/host.h"
#include "frontends/linux/tap.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/num.h"

#define PROGRAM "xl-lite-netfront"

#define WAIT_S_DEFAULT 30
#define LEAVE_NS (10 * NS_PER_S)
#define TICK_NS NS_PER_S

/* Event channels, at most. */
#define PORTS 2

/* Frames in one go, each way, before the other way gets its turn. */
#define BATCH 64

static const char *const kinds[] = { "uvif", "vif", NULL };

enum tag { TAG_TAP = HOST_TAGS };

enum life { STARTING, SERVING, LEAVING, GONE };

struct options {
	const char *device;
	const char *tap;
	unsigned int wait_s;
};

struct program {
	struct options options;
	struct host host;
	struct net_front net;
	struct tap tap;
	struct loop loop;
	int signal_fd, timer_fd;
	enum life life;
	uint64_t deadline_ns;
	bool tap_watched;		/* the loop waits for its frames */
	bool rx_pending;		/* stopped at BATCH: there may be more */
	uint64_t tap_dropped;		/* frames the kernel did not take */
	bool failed;
};

/* -- options ------------------------------------------------------------- */

static void usage(FILE *out)
{
	fprintf(out,
"Usage: " PROGRAM " [--device DEVICE] [--tap NAME]\n"
"Drive a Xen network device from this guest's user space and show it as a TAP.\n\n"
"  -d, --device DEVICE   device/uvif/0, uvif/0 or 0; needed only if the guest\n"
"                        has several\n"
"  -t, --tap NAME        of the TAP [the device's kind and number: uvif0]\n"
"  -w, --wait SECONDS    give up if the backend does not connect [%d]\n"
"  -v, --verbose         say more\n"
"  -h, --help            this text\n"
"  -V, --version         the version\n", WAIT_S_DEFAULT);
}

/* 0 go on, 1 done with success, -1 wrong use. */
static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "tap", required_argument, NULL, 't' },
		{ "wait", required_argument, NULL, 'w' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "d:t:w:vhV", longs, NULL)) != -1) {
		switch (c) {
		case 'd':
			o->device = optarg;
			break;
		case 't':
			o->tap = optarg;
			break;
		case 'w':
			if (num_parse_uint(optarg, 1, 86400, &o->wait_s) == 0)
				break;
			log_fail(-EINVAL, "--wait %s: must be a number from 1 "
				 "to 86400", optarg);
			return -1;
		case 'v':
			log_init(PROGRAM, LOG_DEBUG_LEVEL);
			break;
		case 'h':
			usage(stdout);
			return 1;
		case 'V':
			printf(PROGRAM " " PACKAGE_VERSION "\n");
			return 1;
		default:
			return -1;
		}
	}
	if (optind == argc)
		return 0;
	log_fail(-EINVAL, "%s: what is this for? see --help", argv[optind]);
	return -1;
}

/* -- frames -------------------------------------------------------------- */

static void watch_tap(struct program *p, bool on)
{
	if (p->tap_watched == on)
		return;
	p->tap_watched = on;
	loop_modify(&p->loop, p->tap.fd, on ? EPOLLIN : 0,
		    (union loop_tag) { .type = TAG_TAP });
}

/* Pages that the largest frame of the TAP may need. */
static unsigned int frame_pages(const struct net_front_info *info)
{
	return info->sg ? (NET_FRONT_FRAME_MAX + FRONT_PAGE_SIZE - 1) /
		FRONT_PAGE_SIZE : 1;
}

static void send_frames(struct program *p)
{
	unsigned int i, pages = frame_pages(&p->net.info);

	for (i = 0; i < BATCH; i++) {
		struct net_vec vec[NET_FRONT_FRAME_SLOTS];
		struct net_frame frame;

		if (!net_front_tx_room(&p->net, vec, pages)) {
			/* an event comes when the backend has answered */
			watch_tap(p, false);
			break;
		}
		watch_tap(p, true);
		if (tap_read(&p->tap, vec, pages, &frame) != 1)
			break;
		if (net_front_send(&p->net, &frame))
			p->net.stats.tx_errors++;
	}
	net_front_tx_push(&p->net);
}

static void receive_frames(struct program *p)
{
	struct net_frame frame;
	unsigned int i;

	p->rx_pending = false;
	for (i = 0; net_front_receive(&p->net, &frame); i++) {
		if (tap_write(&p->tap, &frame))
			p->tap_dropped++;
		net_front_rx_free(&p->net, &frame);
		if (i == BATCH) {
			p->rx_pending = true;
			break;
		}
	}
	net_front_rx_push(&p->net);
}

/* -- life ---------------------------------------------------------------- */

static int start_serving(struct program *p)
{
	const struct net_front_info *info = &p->net.info;
	char name[IFNAMSIZ];
	const char *id = strrchr(p->host.dir, '/') + 1;
	int r;

	/* "device/uvif/0" is uvif0 */
	snprintf(name, sizeof(name), "%.*s%s",
		 (int)(id - 1 - (p->host.dir + strlen("device/"))),
		 p->host.dir + strlen("device/"), id);
	r = tap_open(&p->tap, p->options.tap ? p->options.tap : name, info);
	if (r)
		return r;
	r = loop_add(&p->loop, p->tap.fd, EPOLLIN,
		     (union loop_tag) { .type = TAG_TAP });
	if (r)
		return log_err(r, "%s: epoll", p->tap.name);
	p->tap_watched = true;
	p->life = SERVING;
	p->deadline_ns = 0;
	log_debug("%s: sg %d, gso IPv4 %d IPv6 %d, checksums IPv4 %d IPv6 %d, "
		  "%s", p->host.dir, info->sg, info->gso_tcpv4,
		  info->gso_tcpv6, info->csum_ipv4, info->csum_ipv6,
		  info->split_channels ? "two channels" : "one channel");
	host_ready("%s: %02x:%02x:%02x:%02x:%02x:%02x, mtu %u, at %s",
		   p->host.dir, info->mac[0], info->mac[1], info->mac[2],
		   info->mac[3], info->mac[4], info->mac[5], info->mtu,
		   p->tap.name);
	/* what came before the TAP was there */
	receive_frames(p);
	return 0;
}

static void begin_leaving(struct program *p)
{
	host_stopping();
	if (p->life == SERVING) {
		loop_remove(&p->loop, p->tap.fd);
		tap_close(&p->tap);
	}
	p->life = LEAVING;
	p->deadline_ns = clock_now_ns() + LEAVE_NS;
	net_front_close(&p->net);
}

static void advance(struct program *p)
{
	enum front_phase phase = net_front_step(&p->net);

	if (p->life == STARTING && net_front_running(&p->net) &&
	    start_serving(p)) {
		p->failed = true;
		begin_leaving(p);
	}
	if (p->net.bus.failed && p->life < LEAVING) {
		p->failed = true;
		begin_leaving(p);
	}
	if (p->life == LEAVING)
		phase = net_front_step(&p->net);
	if (p->life == LEAVING && phase == FRONT_CLOSED)
		p->life = GONE;
}

static void deadline(struct program *p)
{
	const struct front_bus *bus = &p->net.bus;
	const char *theirs = bus_state_name(bus->view.backend);

	if (p->life == STARTING) {
		log_fail(-ETIMEDOUT, "%s: the backend %s in domain %u does "
			 "not connect, its state is %s: does its daemon run "
			 "there?", p->host.dir, bus->backend, bus->backend_id,
			 theirs);
		p->failed = true;
		begin_leaving(p);
	} else if (p->life == LEAVING) {
		log_warn("%s: the backend does not close, its state is %s: "
			 "leaving all the same; the kernel frees the pages "
			 "when they are unmapped", p->host.dir, theirs);
		p->life = GONE;
	}
}

static void tick(struct program *p)
{
	uint64_t expirations;

	if (read(p->timer_fd, &expirations, sizeof(expirations)) == -1)
		return;
	if (p->deadline_ns && clock_now_ns() >= p->deadline_ns)
		deadline(p);
	/* while all is well there is nothing to time */
	if (p->life != SERVING)
		loop_timer_set(p->timer_fd, TICK_NS);
}

static void take_signal(struct program *p)
{
	struct signalfd_siginfo info;

	if (read(p->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	log_info("%s: %s", p->host.dir, strsignal(info.ssi_signo));
	loop_timer_set(p->timer_fd, TICK_NS);
	if (p->life != LEAVING)
		begin_leaving(p);
	else
		p->life = GONE;
}

static void take_events(struct program *p)
{
	evtchn_port_t port;
	unsigned int i;

	/*
	 * One of each port, though there may be another as soon as it is
	 * unmasked: a storm of them must not keep us from the TAP, xenstore
	 * and signals (XSA-391).
	 */
	for (i = 0; i < PORTS && host_take_event(&p->host, &port) == 1; i++) {
		if (p->life == SERVING) {
			receive_frames(p);
			/* it waited for room: epoll will not tell */
			if (!p->tap_watched)
				send_frames(p);
		}
		host_unmask(&p->host, port);
	}
}

static void handle(struct program *p, const struct loop_event *event)
{
	switch (event->tag.type) {
	case HOST_STORE:
		host_take_watches(&p->host);
		break;
	case HOST_EVENT:
		take_events(p);
		break;
	case HOST_SIGNAL:
		take_signal(p);
		break;
	case HOST_TIMER:
		tick(p);
		break;
	case TAG_TAP:
		if (p->life == SERVING)
			send_frames(p);
		break;
	}
}

/* Only the device's end of things needs xenstore; most rounds do not. */
static bool event_is_state(const struct loop_event *event)
{
	return event->tag.type == HOST_STORE || event->tag.type == HOST_SIGNAL;
}

static int run(struct program *p)
{
	while (p->life != GONE) {
		struct loop_event events[8];
		bool step = p->life != SERVING;
		int i, n = loop_wait(&p->loop, events, ARRAY_SIZE(events),
				     p->rx_pending ? 0 : -1);

		if (n < 0)
			return log_err(n, "epoll");
		for (i = 0; i < n; i++) {
			handle(p, &events[i]);
			step |= event_is_state(&events[i]);
		}
		if (p->rx_pending && p->life == SERVING)
			receive_frames(p);
		if (!p->net.bus.failed && host_events_fail(&p->host))
			front_bus_fail(&p->net.bus, "its event channel fails");
		if (step || p->net.bus.failed)
			advance(p);
	}
	return 0;
}

static int open_net(struct program *p)
{
	int r = net_front_open(&p->net, &host_ops, &p->host, p->host.dir);

	if (r == -ENOENT)
		return log_fail(r, "%s: has no backend node: is the device "
				"being removed?", p->host.dir);
	if (r)
		return log_err(r, "%s: open", p->host.dir);
	p->deadline_ns = clock_now_ns() + p->options.wait_s * NS_PER_S;
	return host_listen(&p->host, &p->loop);
}

static int serve(struct program *p)
{
	const struct net_front_stats *stats = &p->net.stats;
	int r = host_open(&p->host, p->options.device, kinds);

	if (r)
		return r;
	r = open_net(p);
	if (r == 0) {
		advance(p);
		r = run(p);
		log_debug("%s: sent %" PRIu64 " frames, %" PRIu64 " errors; "
			  "received %" PRIu64 ", errors %" PRIu64 ", dropped "
			  "%" PRIu64 " here, %" PRIu64 " by the kernel; %"
			  PRIu64 " events sent", p->host.dir,
			  stats->tx_frames, stats->tx_errors,
			  stats->rx_frames, stats->rx_errors,
			  stats->rx_dropped, p->tap_dropped, stats->notifies);
	}
	net_front_release(&p->net);
	host_close(&p->host);
	return r ? r : p->failed ? -EIO : 0;
}

int main(int argc, char **argv)
{
	CLEANUP_FREE struct program *p = calloc(1, sizeof(*p));
	int r;

	log_init(PROGRAM, LOG_INFO_LEVEL);
	if (!p)
		return log_err(-ENOMEM, "start"), EXIT_FAILURE;
	p->options.wait_s = WAIT_S_DEFAULT;
	p->tap.fd = -1;
	r = parse_options(argc, argv, &p->options);
	if (r)
		return r == 1 ? EXIT_SUCCESS : 2;
	r = host_open_loop(&p->loop, &p->signal_fd, &p->timer_fd, TICK_NS);
	if (r == 0)
		r = serve(p);
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}
