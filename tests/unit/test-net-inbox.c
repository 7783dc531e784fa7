/* SPDX-License-Identifier: MIT */
/*
 * An inbox between the queues of a vif: frames come out whole and in order
 * whatever their sizes, it is bounded, who waits is woken, and nobody waits for
 * a queue whose guest takes nothing.
 */
#include "config.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "backends/net/inbox.h"
#include "lib/cleanup.h"

#define PATIENCE_MS 20000

static unsigned int failures;

static void check(const char *what, const char *which, long got, long want)
{
	if (got == want)
		return;
	printf("# %s: %s: got %ld, want %ld\n", what, which, got, want);
	failures++;
}
#define CHECK(what, got, want) check(what, #got, (long)(got), (long)(want))

static struct inbox in;
static uint8_t data[NET_RX_FRAME_MAX], got[NET_RX_FRAME_MAX];

static void begin(void)
{
	if (inbox_open(&in, eventfd(0, EFD_NONBLOCK)))
		abort();
}

static void end(void)
{
	close(in.wake_fd);
	inbox_close(&in);
}

static bool woken(void)
{
	eventfd_t value;

	return eventfd_read(in.wake_fd, &value) == 0;
}

static unsigned int seed = 1;

static unsigned int any(unsigned int limit)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 8) % limit;
}

static uint32_t size_of(unsigned int number)
{
	static const uint32_t sizes[] = { 14, 60, 64, 1514, 4096, 9014, 65550,
					  NET_RX_FRAME_MAX };

	return sizes[number * 7 % ARRAY_SIZE(sizes)];
}

static void paint(uint8_t *to, unsigned int number)
{
	for (uint32_t i = 0; i < size_of(number); i++)
		to[i] = (uint8_t)(i * 31 + number * 17 + (i >> 8));
}

static enum inbox_put put(unsigned int from, unsigned int number)
{
	struct net_frame f = {
		.size = size_of(number), .hash = number, .flags = NET_HASHED,
	};

	paint(data, number);
	return inbox_put(&in, from, &f, data);
}

static void take(const char *what, unsigned int number)
{
	struct net_frame f;

	inbox_take(&in, &f, got);
	CHECK(what, f.hash, number);
	CHECK(what, f.size, size_of(number));
	paint(data, number);
	CHECK(what, memcmp(data, got, f.size), 0);
}

static void test_order(void)
{
	const char *what = "frames of all sizes come out whole and in order";
	unsigned int in_number = 0, out_number = 0, most = 0;
	unsigned long bytes = 0;

	begin();
	while (out_number < 5000 && !failures) {
		unsigned int burst = any(20);

		while (burst-- && put(0, in_number) == INBOX_TAKEN)
			bytes += size_of(in_number++);
		if (in_number - out_number > most)
			most = in_number - out_number;
		/* a few, or all there are */
		burst = any(4) ? any(6) : 10000;
		while (burst-- && !inbox_empty(&in)) {
			bytes -= size_of(out_number);
			take(what, out_number++);
		}
		CHECK(what, bytes <= INBOX_BYTES + NET_RX_FRAME_MAX, true);
		CHECK(what, inbox_empty(&in), in_number == out_number);
	}
	CHECK(what, most > 8, true);
	end();
	printf("%sok %s\n", failures ? "not " : "", what);
}

static void test_bounded(void)
{
	const char *what = "a full one makes others wait, and wakes them";
	unsigned int n = 0;

	begin();
	while (put(3, n) == INBOX_TAKEN && n < 1000)
		n++;
	CHECK(what, n > 12 && n < 200, true);
	CHECK(what, put(5, n), INBOX_FULL);
	CHECK(what, inbox_waiting(&in), 1 << 3 | 1 << 5);
	/* once said it is forgotten */
	CHECK(what, inbox_waiting(&in), 0);
	for (unsigned int i = 0; i < n; i++)
		take(what, i);
	CHECK(what, put(3, n), INBOX_TAKEN);
	end();
	printf("%sok %s\n", failures ? "not " : "", what);
}

static void test_starved(void)
{
	const char *what = "nobody waits for a guest that lends no page";
	unsigned int n = 0;

	begin();
	inbox_starve(&in, true);
	/* what has room is kept for it, as in a TAP's queue */
	while (put(1, n) == INBOX_TAKEN && n < 1000)
		n++;
	CHECK(what, n > 12 && n < 200, true);
	CHECK(what, put(1, n), INBOX_STARVED);
	CHECK(what, inbox_waiting(&in), 0);
	CHECK(what, inbox_sleep(&in), true);
	inbox_starve(&in, false);
	CHECK(what, put(1, n), INBOX_FULL);
	CHECK(what, inbox_sleep(&in), false);
	take(what, 0);
	end();
	printf("%sok %s\n", failures ? "not " : "", what);
}

static void test_wakes(void)
{
	const char *what = "its owner is woken once, and only from sleep";

	begin();
	CHECK(what, put(0, 0), INBOX_TAKEN);
	CHECK(what, woken(), false);
	CHECK(what, inbox_sleep(&in), false);
	take(what, 0);
	CHECK(what, inbox_sleep(&in), true);
	CHECK(what, put(0, 1), INBOX_TAKEN);
	CHECK(what, woken(), true);
	CHECK(what, put(0, 2), INBOX_TAKEN);
	CHECK(what, woken(), false);
	end();
	printf("%sok %s\n", failures ? "not " : "", what);
}

/* -- by threads ----------------------------------------------------------- */

#define WRITERS 3u
#define EACH 3000u

static struct writer {
	unsigned int index;
	int wake_fd;
	pthread_t thread;
} writers[WRITERS];

static void *write_all(void *arg)
{
	static uint8_t frame[NET_RX_FRAME_MAX];	/* of zeros, for all */
	struct writer *w = arg;

	for (unsigned int i = 0; i < EACH;) {
		struct net_frame f = {
			.size = size_of(i), .hash = i,
			.hash_type = (uint8_t)w->index,
		};
		struct pollfd p = { .fd = w->wake_fd, .events = POLLIN };
		eventfd_t value;

		if (inbox_put(&in, w->index, &f, frame) == INBOX_TAKEN)
			i++;
		else if (poll(&p, 1, PATIENCE_MS) <= 0)
			break;		/* never woken */
		else
			eventfd_read(w->wake_fd, &value);
	}
	return NULL;
}

static void wake_waiting(void)
{
	uint32_t waiting = inbox_waiting(&in);

	for (unsigned int i = 0; i < WRITERS; i++)
		if (waiting & 1u << i)
			eventfd_write(writers[i].wake_fd, 1);
}

static void test_threads(void)
{
	const char *what = "threads that wait for each other all come through";
	unsigned int next[WRITERS] = { 0 }, left = WRITERS * EACH, i;
	struct pollfd p;
	struct net_frame f;
	eventfd_t value;

	begin();
	p = (struct pollfd) { .fd = in.wake_fd, .events = POLLIN };
	for (i = 0; i < WRITERS; i++) {
		writers[i].index = i;
		writers[i].wake_fd = eventfd(0, EFD_NONBLOCK);
		if (pthread_create(&writers[i].thread, NULL, write_all,
				   &writers[i]))
			abort();
	}
	while (left) {
		while (!inbox_empty(&in)) {
			inbox_take(&in, &f, got);
			CHECK(what, f.hash, next[f.hash_type]);
			next[f.hash_type]++;
			left--;
		}
		wake_waiting();
		if (!left || !inbox_sleep(&in))
			continue;
		if (poll(&p, 1, PATIENCE_MS) <= 0)
			break;
		eventfd_read(in.wake_fd, &value);
	}
	CHECK(what, left, 0);
	for (i = 0; i < WRITERS; i++) {
		pthread_join(writers[i].thread, NULL);
		close(writers[i].wake_fd);
	}
	end();
	printf("%sok %s\n", failures ? "not " : "", what);
}

int main(void)
{
	test_order();
	test_bounded();
	test_starved();
	test_wakes();
	test_threads();
	printf("%u failures\n", failures);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
