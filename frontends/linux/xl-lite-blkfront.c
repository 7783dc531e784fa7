/* SPDX-License-Identifier: MIT */
/*
 * xl-lite-blkfront: drive a Xen disk from a process of a Linux guest, and
 * show it as NBD: on a unix socket, as /dev/nbdN, or both.
 *
 * One thread and one loop: xenstore (the backend's state), the disk's event
 * channel, NBD's clients, signals, a timer for deadlines. Its life:
 *
 *	STARTING  the two ends connect
 *	SERVING
 *	DRAINING  asked to end: what is under way is finished
 *	LEAVING   the walk to Closed; then the pages are given back
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
#include <sys/socket.h>
#include <unistd.h>

#include "frontends/linux/host.h"
#include "frontends/linux/nbd.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/num.h"

#define PROGRAM "xl-lite-blkfront"

#define WAIT_S_DEFAULT 30
#define DRAIN_NS (10 * NS_PER_S)
#define LEAVE_NS (10 * NS_PER_S)
#define TICK_NS NS_PER_S

/* 2 MiB of data under way; with ring and lists within gntalloc's 1024 pages */
#define PAGES_DEFAULT 512
#define PAGES_MIN 64

static const char *const kinds[] = { "uvbd", "vbd", NULL };

enum tag { TAG_LISTEN = HOST_TAGS, TAG_CLIENT };

enum life { STARTING, SERVING, DRAINING, LEAVING, GONE };

struct options {
	const char *device;
	const char *socket;
	const char *nbd;
	unsigned int wait_s;
	unsigned int timeout_s;
	struct blk_front_options disk;
};

struct program {
	struct options options;
	struct host host;
	struct blk_front disk;
	struct nbd nbd;
	struct loop loop;
	int signal_fd, timer_fd;
	enum life life;
	uint64_t deadline_ns;
	int kernel;			/* the client that is /dev/nbdN, or -1 */
	bool failed;
};

/* -- options ------------------------------------------------------------- */

static void usage(FILE *out)
{
	fprintf(out,
"Usage: " PROGRAM " [--device DEVICE] --socket PATH | --nbd /dev/nbdN\n"
"Drive a Xen disk from this guest's user space and show it as NBD.\n\n"
"  -d, --device DEVICE   device/uvbd/51712, uvbd/51712 or 51712; needed only\n"
"                        if the guest has several\n"
"  -s, --socket PATH     serve NBD on a unix socket\n"
"  -n, --nbd DEVICE      give it to the kernel as /dev/nbdN\n"
"  -p, --pages N         pages to grant for data, 4 KiB each [%d]\n"
"  -t, --timeout SECONDS fail a request the backend does not answer [0: wait]\n"
"  -w, --wait SECONDS    give up if the backend does not connect [%d]\n"
"  -v, --verbose         say more\n"
"  -h, --help            this text\n"
"  -V, --version         the version\n",
		PAGES_DEFAULT, WAIT_S_DEFAULT);
}

static bool parse_number(const char *option, const char *text,
			 unsigned int min, unsigned int max,
			 unsigned int *ret)
{
	if (num_parse_uint(text, min, max, ret) == 0)
		return true;
	log_fail(-EINVAL, "--%s %s: must be a number from %u to %u", option,
		 text, min, max);
	return false;
}

/* 0 go on, 1 done with success, -1 wrong use. */
static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "socket", required_argument, NULL, 's' },
		{ "nbd", required_argument, NULL, 'n' },
		{ "pages", required_argument, NULL, 'p' },
		{ "timeout", required_argument, NULL, 't' },
		{ "wait", required_argument, NULL, 'w' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	bool good = true;
	int c;

	while ((c = getopt_long(argc, argv, "d:s:n:p:t:w:vhV", longs,
				NULL)) != -1) {
		switch (c) {
		case 'd':
			o->device = optarg;
			break;
		case 's':
			o->socket = optarg;
			break;
		case 'n':
			o->nbd = optarg;
			break;
		case 'p':
			good &= parse_number("pages", optarg, PAGES_MIN,
					     BLK_FRONT_PAGES_MAX,
					     &o->disk.pages);
			break;
		case 't':
			good &= parse_number("timeout", optarg, 0, 86400,
					     &o->timeout_s);
			break;
		case 'w':
			good &= parse_number("wait", optarg, 1, 86400,
					     &o->wait_s);
			break;
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
	if (optind < argc) {
		log_fail(-EINVAL, "%s: what is this for? see --help",
			 argv[optind]);
		return -1;
	}
	if (!o->socket && !o->nbd) {
		log_fail(-EINVAL, "where shall the disk appear? say --socket "
			 "PATH or --nbd /dev/nbd0");
		return -1;
	}
	return good ? 0 : -1;
}

/* -- serving ------------------------------------------------------------- */

static int give_to_kernel(struct program *p)
{
	int ends[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1)
		return log_err(-errno, "socketpair");
	p->kernel = nbd_add_client(&p->nbd, ends[0], true);
	if (p->kernel < 0)
		r = log_err(p->kernel, "%s: serve", p->options.nbd);
	else
		r = nbd_kernel_connect(&p->nbd, p->options.nbd, ends[1]);
	/* the kernel holds it by itself now */
	close(ends[1]);
	if (r)
		p->kernel = -1;
	return r;
}

static int start_serving(struct program *p)
{
	const struct blk_front_info *info = &p->disk.info;
	int r = 0;

	log_debug("%s: ring of %u slots, %u pages, %u to a request, "
		  "%s, flush %s, discard %s", p->host.dir, info->slots,
		  info->pages, info->segments,
		  info->persistent ? "persistent" : "not persistent",
		  info->flush ? "yes" : "no", info->discard ? "yes" : "no");
	nbd_open(&p->nbd, &p->disk, &p->loop, TAG_CLIENT);
	if (p->options.socket)
		r = nbd_listen(&p->nbd, p->options.socket,
			       (union loop_tag) { .type = TAG_LISTEN });
	if (r == 0 && p->options.nbd)
		r = give_to_kernel(p);
	p->life = SERVING;
	p->deadline_ns = 0;
	if (r)
		return r;
	host_ready("%s: %" PRIu64 " sectors of 512 bytes%s, at %s%s%s",
		   p->host.dir, info->sectors,
		   info->read_only ? ", read-only" : "",
		   p->options.socket ? p->options.socket : "",
		   p->options.socket && p->options.nbd ? " and " : "",
		   p->options.nbd ? p->options.nbd : "");
	return 0;
}

/* -- leaving ------------------------------------------------------------- */

static void begin_leaving(struct program *p)
{
	if (p->life == SERVING || p->life == DRAINING) {
		nbd_close(&p->nbd);
		if (p->kernel >= 0)
			nbd_kernel_disconnect(p->options.nbd);
	}
	p->life = LEAVING;
	p->deadline_ns = clock_now_ns() + LEAVE_NS;
	blk_front_close(&p->disk);
}

static void begin_draining(struct program *p)
{
	host_stopping();
	if (p->life != SERVING) {
		begin_leaving(p);
		return;
	}
	nbd_stop(&p->nbd);
	p->life = DRAINING;
	p->deadline_ns = clock_now_ns() + DRAIN_NS;
}

/* "nbd-client -d": with nobody else to serve, we are done. */
static void check_kernel(struct program *p)
{
	if (p->life != SERVING || p->kernel < 0 ||
	    !nbd_client_gone(&p->nbd, p->kernel))
		return;
	log_info("%s: the kernel let go of %s", p->host.dir, p->options.nbd);
	p->kernel = -1;
	if (!p->options.socket)
		begin_draining(p);
}

/* What follows from the state of the disk and of those it serves. */
static void advance(struct program *p)
{
	enum front_phase phase = blk_front_step(&p->disk);

	if (p->life == STARTING && phase == FRONT_RUNNING &&
	    blk_front_running(&p->disk) && start_serving(p)) {
		p->failed = true;
		begin_leaving(p);
	}
	if (p->disk.bus.failed && p->life < DRAINING) {
		p->failed = true;
		begin_draining(p);
	}
	if (p->life == DRAINING && !p->nbd.busy)
		begin_leaving(p);
	if (p->life == LEAVING)
		phase = blk_front_step(&p->disk);
	if (p->life == LEAVING && phase == FRONT_CLOSED)
		p->life = GONE;
}

static void deadline(struct program *p)
{
	const struct front_bus *bus = &p->disk.bus;
	const char *theirs = bus_state_name(bus->view.backend);

	switch (p->life) {
	case STARTING:
		log_fail(-ETIMEDOUT, "%s: the backend %s in domain %u does "
			 "not connect, its state is %s: does its daemon run "
			 "there?", p->host.dir, bus->backend, bus->backend_id,
			 theirs);
		p->failed = true;
		begin_leaving(p);
		break;
	case DRAINING:
		log_warn("%s: %u requests are still not over: leaving",
			 p->host.dir, p->nbd.busy);
		begin_leaving(p);
		break;
	case LEAVING:
		log_warn("%s: the backend does not close, its state is %s: "
			 "leaving all the same; the kernel frees the pages "
			 "when they are unmapped", p->host.dir,
			 theirs);
		p->life = GONE;
		break;
	default:
		break;
	}
}

static void expire_requests(struct program *p)
{
	uint64_t age = p->options.timeout_s * NS_PER_S;
	bool expired = false;
	struct blk_io *io;

	if (!age || p->disk.clock_ns < age ||
	    (p->life != SERVING && p->life != DRAINING))
		return;
	while ((io = blk_front_expire(&p->disk, p->disk.clock_ns - age))) {
		log_warn("%s: sector %" PRIu64 ": no answer in %u s: failed",
			 p->host.dir, io->start, p->options.timeout_s);
		nbd_part_done(&p->nbd, io);
		expired = true;
	}
	/* the backend is silent: no event of its will send the replies */
	if (expired)
		nbd_disk_event(&p->nbd);
}

static void tick(struct program *p)
{
	uint64_t expirations;

	if (read(p->timer_fd, &expirations, sizeof(expirations)) == -1)
		return;
	loop_timer_set(p->timer_fd, TICK_NS);
	expire_requests(p);
	if (p->deadline_ns && p->disk.clock_ns >= p->deadline_ns)
		deadline(p);
}

static void take_signal(struct program *p)
{
	struct signalfd_siginfo info;

	if (read(p->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	log_info("%s: %s", p->host.dir, strsignal(info.ssi_signo));
	/* a second one is meant */
	if (p->life == SERVING || p->life == STARTING)
		begin_draining(p);
	else
		begin_leaving(p);
}

static void take_events(struct program *p)
{
	evtchn_port_t port;

	/*
	 * One, though there may be another as soon as it is unmasked: a storm
	 * of them must not keep us from xenstore and signals (XSA-391).
	 */
	if (host_take_event(&p->host, &port) != 1)
		return;
	/* also when leaving: the backend finishes what it has */
	if (p->nbd.disk)
		nbd_disk_event(&p->nbd);
	host_unmask(&p->host, port);
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
	case TAG_LISTEN:
		if (p->life == SERVING)
			nbd_accept(&p->nbd);
		break;
	case TAG_CLIENT:
		if (p->life == SERVING || p->life == DRAINING)
			nbd_client_event(&p->nbd, event->tag.index,
					 event->events);
		break;
	}
}

/* Only the disk's end of things needs xenstore; most rounds do not. */
static bool touches_state(const struct program *p,
			  const struct loop_event *event)
{
	return event->tag.type == HOST_STORE ||
		event->tag.type == HOST_SIGNAL || p->life != SERVING ||
		p->disk.bus.failed;
}

static int run(struct program *p)
{
	while (p->life != GONE) {
		struct loop_event events[32];
		bool step = false;
		int i, n = loop_wait(&p->loop, events, ARRAY_SIZE(events), -1);

		if (n < 0)
			return log_err(n, "epoll");
		blk_front_tick(&p->disk);
		for (i = 0; i < n; i++) {
			handle(p, &events[i]);
			step |= touches_state(p, &events[i]);
		}
		/* no event will come for what a dead disk has */
		if (p->disk.bus.failed && p->nbd.disk)
			nbd_disk_event(&p->nbd);
		if (p->life == SERVING || p->life == DRAINING)
			nbd_round(&p->nbd);
		check_kernel(p);
		if (!p->disk.bus.failed && host_events_fail(&p->host))
			front_bus_fail(&p->disk.bus, "its event channel fails");
		if (step || p->disk.bus.failed)
			advance(p);
	}
	return 0;
}

/* -- life ---------------------------------------------------------------- */

static int open_disk(struct program *p)
{
	int r = blk_front_open(&p->disk, &host_ops, &p->host, p->host.dir,
			       &p->options.disk);

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
	int r = host_open(&p->host, p->options.device, kinds);

	if (r)
		return r;
	r = open_disk(p);
	if (r == 0) {
		advance(p);
		r = run(p);
		log_debug("%s: %" PRIu64 " requests, %" PRIu64 " errors, %"
			  PRIu64 " events sent, %" PRIu64 " xenstore requests",
			  p->host.dir, p->disk.submitted, p->disk.errors,
			  p->disk.notifies, p->host.store.requests);
	}
	blk_front_release(&p->disk);
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
	p->kernel = -1;
	p->options = (struct options) {
		.wait_s = WAIT_S_DEFAULT,
		.disk = {
			.ring_order = 2,
			.pages = PAGES_DEFAULT,
			.segments = 32,
		},
	};
	r = parse_options(argc, argv, &p->options);
	if (r)
		return r == 1 ? EXIT_SUCCESS : 2;
	r = host_open_loop(&p->loop, &p->signal_fd, &p->timer_fd, TICK_NS);
	if (r == 0)
		r = serve(p);
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}
