/* SPDX-License-Identifier: MIT */
/*
 * What the NBD server says to requests that are wrong, and to clients that
 * speak something else. The client is this test, on a socket pair; the disk
 * has 2048 sectors and a backend that never answers.
 */
#include "config.h"

#include "frontends/linux/nbd.h"
#include "tests/unit/front-host.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/log.h"

#define DIR "device/uvbd/51712"
#define BACK "/local/domain/0/backend/uvbd/7/51712"

static struct front_host host;
static struct blk_front disk;
static struct nbd nbd;
static struct loop loop;
static int client;

static void start(bool transmission)
{
	static const struct blk_front_options options = {
		.ring_order = 0, .pages = 320, .segments = 32,
	};
	int ends[2];

	host_init(&host);
	host_set(&host, DIR "/backend", BACK);
	host_set(&host, DIR "/backend-id", "0");
	host_set(&host, DIR "/state", "1");
	host_set(&host, BACK "/state", "2");
	host_set(&host, BACK "/sectors", "2048");
	host_set(&host, BACK "/feature-max-indirect-segments", "32");
	if (loop_open(&loop) || blk_front_open(&disk, &front_host_ops, &host,
					       DIR, &options))
		abort();
	blk_front_step(&disk);
	host_set(&host, BACK "/state", "4");
	if (blk_front_step(&disk) != FRONT_RUNNING)
		abort();
	nbd_open(&nbd, &disk, &loop, 0);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) ||
	    nbd_add_client(&nbd, ends[0], transmission))
		abort();
	client = ends[1];
}

/* As the program's loop would, until there is nothing to do. */
static void serve(void)
{
	struct loop_event events[4];
	unsigned int rounds;

	for (rounds = 0; rounds < 100 &&
	     loop_wait(&loop, events, 4, 0) > 0; rounds++) {
		nbd_client_event(&nbd, 0, events[0].events);
		nbd_round(&nbd);
	}
}

static void stop(const char *what)
{
	close(client);
	serve();
	nbd_close(&nbd);
	/* what is in flight comes back when the device is given up */
	front_bus_fail(&disk.bus, "test is over");
	nbd_disk_event(&nbd);
	check(!nbd.busy && !disk.busy, what);
	blk_front_release(&disk);
	loop_close(&loop);
}

static void say(const void *data, size_t size)
{
	if (write(client, data, size) != (ssize_t)size)
		abort();
	serve();
}

static ssize_t hear(void *data, size_t size)
{
	return read(client, data, size);
}

static bool is_disconnected(void)
{
	char byte;

	return nbd_client_gone(&nbd, 0) && hear(&byte, 1) == 0;
}

static struct nbd_request request(uint32_t type, uint64_t from, uint32_t len)
{
	return (struct nbd_request) {
		.magic = htobe32(NBD_REQUEST_MAGIC), .type = htobe32(type),
		.handle = "abcdefg", .from = htobe64(from),
		.len = htobe32(len),
	};
}

/* -- transmission -------------------------------------------------------- */

static void test_refusals(void)
{
	static const struct {
		uint32_t type, len;
		uint64_t from;
		uint32_t error;
		const char *what;
	} cases[] = {
		{ NBD_CMD_READ, 512, 1 << 20, 22, "a read past the end" },
		{ NBD_CMD_READ, 1024, (1 << 20) - 512, 22,
		  "a read over the end" },
		{ NBD_CMD_READ, 512, UINT64_MAX - 511, 22,
		  "a read whose end wraps" },
		{ NBD_CMD_READ, 100, 0, 22, "part of a sector" },
		{ NBD_CMD_READ, 512, 1, 22, "a start within a sector" },
		{ NBD_CMD_READ, 2 << 20, 0, 22, "more than the maximum" },
		{ NBD_CMD_READ, 0xfffffe00, 0, 22, "4 GiB" },
		{ NBD_CMD_FLUSH, 0, 0, 95, "a flush that was not offered" },
		{ NBD_CMD_FLUSH, 512, 0, 22, "a flush of something" },
		{ NBD_CMD_TRIM, 512, 0, 95, "a trim that was not offered" },
		{ NBD_CMD_TRIM, 512, 1 << 20, 28, "a trim past the end" },
		{ 5, 0, 0, 22, "a command that is not known" },
		{ NBD_CMD_READ | NBD_CMD_FLAG_FUA, 512, 0, 22,
		  "a flag that was not offered" },
	};
	unsigned int i;

	start(true);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nbd_request req = request(cases[i].type, cases[i].from,
						 cases[i].len);
		struct nbd_reply reply;

		say(&req, sizeof(req));
		check(hear(&reply, sizeof(reply)) == sizeof(reply) &&
		      be32toh(reply.error) == cases[i].error &&
		      !memcmp(reply.handle, req.handle, sizeof(req.handle)),
		      cases[i].what);
	}
	stop("and nothing is left of them");
}

/* The data of a refused write is read away; the next request is understood. */
static void test_refused_write(void)
{
	static const char data[4096];
	struct nbd_request req;
	struct nbd_reply reply;
	unsigned int i;

	start(true);
	req = request(NBD_CMD_WRITE, 1 << 20, 3 * sizeof(data));
	say(&req, sizeof(req));
	check(hear(&reply, sizeof(reply)) == sizeof(reply) &&
	      be32toh(reply.error) == 28, "a write past the end: no space");
	for (i = 0; i < 3; i++)
		say(data, sizeof(data));
	req = request(NBD_CMD_FLUSH, 0, 0);
	say(&req, sizeof(req));
	check(hear(&reply, sizeof(reply)) == sizeof(reply) &&
	      be32toh(reply.error) == 95, "what follows is understood");
	req = request(NBD_CMD_WRITE | NBD_CMD_FLAG_FUA, 0, 512);
	say(&req, sizeof(req));
	say(data, 512);
	req = request(NBD_CMD_FLUSH, 0, 0);
	say(&req, sizeof(req));
	check(hear(&reply, sizeof(reply)) == sizeof(reply) &&
	      be32toh(reply.error) == 22 &&
	      hear(&reply, sizeof(reply)) == sizeof(reply) &&
	      be32toh(reply.error) == 95,
	      "also behind a write with a flag not offered");
	stop("and nothing is left of them");
}

/* One byte at a time is as good. */
static void test_bytes(void)
{
	struct nbd_request req;
	unsigned int i;
	char data[512] = "data";

	start(true);
	req = request(NBD_CMD_WRITE, 512, sizeof(data));
	for (i = 0; i < sizeof(req); i++)
		say((char *)&req + i, 1);
	for (i = 0; i < sizeof(data); i++)
		say(data + i, 1);
	check(disk.submitted == 1 && !memcmp(disk.pool, data, sizeof(data)),
	      "a write that comes a byte at a time is submitted once");
	stop("its request is given back");
}

static void test_gone_midway(void)
{
	struct nbd_request req;
	char data[100] = "half";

	start(true);
	req = request(NBD_CMD_WRITE, 0, 4096);
	say(&req, sizeof(req));
	say(data, sizeof(data));
	stop("a client gone amid a write leaves nothing");

	start(true);
	req = request(NBD_CMD_READ, 0, 1 << 20);
	say(&req, sizeof(req));
	req = request(NBD_CMD_READ, 0, 1 << 20);
	say(&req, sizeof(req));
	check(nbd.clients[0].phase == NBD_WAITING,
	      "a second 1 MiB waits until the first has let go");
	stop("a client gone while it waits leaves nothing");
}

static void test_too_many(void)
{
	struct nbd_request req = request(NBD_CMD_READ, 0, 512);
	unsigned int i;

	start(true);
	for (i = 0; i < 300; i++)
		say(&req, sizeof(req));
	check(disk.in_flight == 32 && nbd.clients[0].phase == NBD_WAITING,
	      "300 requests: 32 in flight, one waits, the rest stay unread");
	stop("and nothing is left of them");
}

static void test_no_nbd(void)
{
	static const char junk[28] = "GET / HTTP/1.1\r\n";

	start(true);
	say(junk, sizeof(junk));
	check(is_disconnected(), "HTTP in the transmission phase: good bye");
	stop("nothing is left");
	start(false);
	say(junk, sizeof(junk));
	check(nbd_client_gone(&nbd, 0), "HTTP in the handshake: good bye");
	stop("nothing is left");
}

/* -- handshake ----------------------------------------------------------- */

static void say_option(uint32_t option, uint32_t size, const void *data)
{
	uint8_t text[16];
	uint32_t value;

	memcpy(text, "IHAVEOPT", 8);
	value = htobe32(option);
	memcpy(text + 8, &value, 4);
	value = htobe32(size);
	memcpy(text + 12, &value, 4);
	say(text, sizeof(text));
	if (data)
		say(data, size);
}

/* The type of the reply to an option; 0: none. */
static uint32_t option_says(void)
{
	uint8_t text[512];
	uint32_t type;

	if (hear(text, sizeof(text)) < 20)
		return 0;
	memcpy(&type, text + 12, sizeof(type));
	return be32toh(type);
}

static void greet(uint32_t flags)
{
	char greeting[64];

	start(false);
	serve();
	if (hear(greeting, sizeof(greeting)) != 18)
		abort();
	flags = htobe32(flags);
	say(&flags, sizeof(flags));
}

static void test_handshake(void)
{
	static const uint8_t go_wrong[6] = { 0xff, 0xff, 0xff, 0xff, 0, 0 };
	static const uint8_t go_more[6] = { 0, 0, 0, 0, 0xff, 0xff };
	static const uint8_t go_good[8] = { 0, 0, 0, 0, 0, 1, 0, 3 };
	uint8_t text[512];

	greet(3);
	say_option(99, 0, NULL);
	check(option_says() == 0x80000001, "an unknown option: unsupported");
	say_option(7, 6, go_wrong);
	check(option_says() == 0x80000003, "a name longer than its option");
	say_option(7, 6, go_more);
	check(option_says() == 0x80000003, "more infos than there are");
	say_option(7, 3, go_wrong);
	check(option_says() == 0x80000003, "GO of three bytes");
	say_option(3, 4, go_wrong);
	check(option_says() == 0x80000003, "LIST of something");
	say_option(6, 8, go_good);
	check(option_says() == 3 && nbd.clients[0].phase == NBD_OPTIONS,
	      "INFO tells, and goes on");
	say_option(7, 8, go_good);
	check(option_says() == 3 && nbd.clients[0].phase == NBD_HEADER,
	      "GO tells, and begins");
	stop("nothing is left");

	greet(1);
	say_option(1, 4, "name");
	check(hear(text, sizeof(text)) == 8 + 2 + 124,
	      "EXPORT_NAME with its zeroes");
	stop("nothing is left");

	greet(3);
	say_option(2, 0, NULL);
	check(option_says() == 1 && nbd_client_gone(&nbd, 0),
	      "ABORT is acknowledged");
	stop("nothing is left");

	greet(4);
	check(is_disconnected(), "unknown flags: good bye");
	stop("nothing is left");

	greet(3);
	say_option(7, 0xffffffff, NULL);
	check(is_disconnected(), "an option of 4 GiB: good bye");
	stop("nothing is left");
}

int main(void)
{
	log_init("test-front-nbd-input", LOG_ERR_LEVEL);
	test_refusals();
	test_refused_write();
	test_bytes();
	test_gone_midway();
	test_too_many();
	test_no_nbd();
	test_handshake();
	return tests_done();
}
