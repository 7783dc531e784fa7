/* SPDX-License-Identifier: MIT */
/*
 * Both engines read, write, flush and discard a real file, report a failure
 * as what it is, finish what the kernel did in part, and wake up for the
 * event channel and the wake-up descriptor. The io_uring that a worker gets
 * can do nothing else.
 */
#include "config.h"

#include "backends/blk/engine.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE (1u << 20)
#define DEPTH 32u
#define PATIENCE_MS 10000

struct bench {
	const struct engine_class *class;
	int image_fd, evtchn_fd, wake_fd;
	struct uring_pool *pool;
	struct engine *e;
	char *shadow;			/* what the image must hold */
};

static int failed;

#define CHECK(b, cond, ...) do {					\
	if (!(cond)) {							\
		failed++;						\
		printf("%s: ", (b)->class->name);			\
		printf(__VA_ARGS__);					\
		printf("\n");						\
	}								\
} while (0)

/* Submit N and wait until they are back. */
static void run(struct bench *b, struct engine_io *ios, unsigned int n)
{
	unsigned int back = 0, ready;

	for (unsigned int i = 0; i < n; i++) {
		ios[i].result = 1;
		engine_submit(b->e, &ios[i]);
	}
	while (back < n) {
		if (engine_wait(b->e, PATIENCE_MS, &ready) < 0)
			break;
		while (engine_reap(b->e))
			back++;
	}
	CHECK(b, back == n, "%u of %u came back", back, n);
}

static void rw(struct bench *b, enum engine_op op, char *buf, size_t offset,
	       size_t size, int want)
{
	struct iovec iov = { .iov_base = buf, .iov_len = size };
	struct engine_io io = {
		.op = op, .offset = offset, .size = size,
		.iov = &iov, .iov_count = 1,
	};

	run(b, &io, 1);
	CHECK(b, io.result == want, "op %d at %zu: want %d, got %d", op,
	      offset, want, io.result);
}

static void test_batch(struct bench *b)
{
	CLEANUP_FREE char *buf = malloc(SIZE);
	struct engine_io ios[DEPTH];
	struct iovec iov[DEPTH][4];
	size_t part = SIZE / DEPTH;

	for (size_t i = 0; i < SIZE; i++)
		buf[i] = b->shadow[i] = i * 31 + i / 4096;
	for (unsigned int i = 0; i < DEPTH; i++) {
		for (unsigned int v = 0; v < 4; v++)
			iov[i][v] = (struct iovec){
				.iov_base = buf + i * part + v * part / 4,
				.iov_len = part / 4,
			};
		ios[i] = (struct engine_io){
			.op = ENGINE_WRITE, .offset = i * part, .size = part,
			.iov = iov[i], .iov_count = 4,
		};
	}
	run(b, ios, DEPTH);
	for (unsigned int i = 0; i < DEPTH; i++)
		CHECK(b, !ios[i].result, "write %u: %d", i, ios[i].result);
	memset(buf, 0, SIZE);
	rw(b, ENGINE_READ, buf, 0, SIZE, 0);
	CHECK(b, !memcmp(buf, b->shadow, SIZE), "reads back something else");
}

static void test_flush(struct bench *b)
{
	struct engine_io io = { .op = ENGINE_FLUSH };

	run(b, &io, 1);
	CHECK(b, !io.result, "flush: %d", io.result);
}

static void test_discard(struct bench *b)
{
	struct engine_io io = {
		.op = ENGINE_DISCARD, .offset = 65536, .size = 131072,
	};
	CLEANUP_FREE char *buf = malloc(SIZE);

	run(b, &io, 1);
	if (io.result == -EOPNOTSUPP)
		return;		/* honest about a file system that cannot */
	CHECK(b, !io.result, "discard: %d", io.result);
	memset(b->shadow + 65536, 0, 131072);
	rw(b, ENGINE_READ, buf, 0, SIZE, 0);
	CHECK(b, !memcmp(buf, b->shadow, SIZE), "discarded something else");
}

/* A read over the end is done in part, and the rest is not there. */
static void test_short(struct bench *b)
{
	CLEANUP_FREE char *buf = malloc(8192);

	rw(b, ENGINE_READ, buf, SIZE - 4096, 8192, -EIO);
	rw(b, ENGINE_READ, buf, SIZE, 4096, -EIO);
}

static void test_wake(struct bench *b)
{
	uint64_t one = 1;
	unsigned int ready = 0;

	for (int i = 0; i < 3; i++) {
		CHECK(b, write(b->wake_fd, &one, 8) == 8, "write");
		CHECK(b, !engine_wait(b->e, PATIENCE_MS, &ready), "wait");
		CHECK(b, ready == ENGINE_WAKE, "wake %d: ready %u", i, ready);
	}
	for (int i = 0; i < 3; i++) {
		CHECK(b, write(b->evtchn_fd, &one, 8) == 8, "write");
		CHECK(b, !engine_wait(b->e, PATIENCE_MS, &ready), "wait");
		CHECK(b, ready & ENGINE_EVTCHN, "event %d: ready %u", i, ready);
		CHECK(b, read(b->evtchn_fd, &one, 8) == 8, "read");
	}
	CHECK(b, !engine_wait(b->e, 1, &ready), "a timeout is no error");
	CHECK(b, !ready, "nothing happened, yet ready is %u", ready);
}

static void test_cancel(struct bench *b)
{
	unsigned int ready;

	engine_cancel(b->e);
	CHECK(b, !engine_wait(b->e, 0, &ready), "cancel with nothing to do");
}

/*
 * What a worker that was taken over would like to do with its ring. That the
 * ring is the first thing in its struct is all that is known of it here.
 */
static void test_restricted(struct bench *b)
{
	struct {
		const char *what;
		uint8_t op, flags;
	} forbidden[] = {
		{ "open a file", IORING_OP_OPENAT, IOSQE_FIXED_FILE },
		{ "connect", IORING_OP_CONNECT, IOSQE_FIXED_FILE },
		{ "write to any descriptor", IORING_OP_WRITEV, 0 },
		{ "chain requests", IORING_OP_WRITEV,
		  IOSQE_FIXED_FILE | IOSQE_IO_LINK },
	};
	struct uring *u = uring_take(b->pool);
	struct io_uring *ring = (struct io_uring *)u;
	struct io_uring_cqe *cqe;
	char byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };

	if (!u) {
		CHECK(b, false, "the pool has no second ring");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

		io_uring_prep_writev(sqe, 0, &iov, 1, 0);
		sqe->opcode = forbidden[i].op;
		sqe->flags = forbidden[i].flags;
		io_uring_submit_and_wait(ring, 1);
		if (io_uring_peek_cqe(ring, &cqe) < 0) {
			CHECK(b, false, "%s: no answer", forbidden[i].what);
			continue;
		}
		CHECK(b, cqe->res == -EACCES, "may %s: %d", forbidden[i].what,
		      cqe->res);
		io_uring_cqe_seen(ring, cqe);
	}
	CHECK(b, io_uring_register_buffers(ring, &iov, 1) == -EACCES,
	      "may register memory");
	uring_give(u);
}

/* A ring that one queue has used serves the next as if it were new. */
static void test_reuse(struct bench *b)
{
	struct engine_setup setup = b->e->setup;
	uint64_t one = 1;
	unsigned int ready;

	for (int i = 0; i < 5; i++) {
		engine_close(b->e);
		if (b->pool)
			setup.uring = uring_take(b->pool);
		if (b->pool && !setup.uring) {
			CHECK(b, false, "the ring did not come back");
			exit(1);
		}
		/* an event for the one before, that the next must not hear */
		CHECK(b, write(b->evtchn_fd, &one, 8) == 8, "write");
		CHECK(b, read(b->evtchn_fd, &one, 8) == 8, "read");
		CHECK(b, !engine_open(b->class, &setup, &b->e), "open again");
		CHECK(b, !engine_wait(b->e, 1, &ready), "wait");
		CHECK(b, !ready, "hears of what was before: %u", ready);
		test_batch(b);
		test_wake(b);
	}
}

static int bench_open(struct bench *b, const struct engine_class *class)
{
	static struct uring_pool *kept;
	char path[] = "test-blk-engine.XXXXXX";
	struct engine_setup setup;
	int r = 0;

	*b = (struct bench){ .class = class };
	b->image_fd = mkstemp(path);
	if (b->image_fd < 0 || unlink(path) < 0 ||
	    ftruncate(b->image_fd, SIZE) < 0) {
		printf("cannot make %s: %s\n", path, strerror(errno));
		exit(1);
	}
	b->evtchn_fd = eventfd(0, EFD_NONBLOCK);
	b->wake_fd = eventfd(0, EFD_NONBLOCK);
	b->shadow = calloc(1, SIZE);
	/* a pool lives as long as its process: let it be seen to the end */
	if (class == &engine_uring)
		r = uring_pool_open(2, &kept);
	b->pool = class == &engine_uring ? kept : NULL;
	if (r < 0)
		return r;
	setup = (struct engine_setup){
		.image_fd = b->image_fd, .evtchn_fd = b->evtchn_fd,
		.wake_fd = b->wake_fd, .uring = uring_take(b->pool),
		.depth = DEPTH,
	};
	return engine_open(class, &setup, &b->e);
}

static void bench_close(struct bench *b)
{
	engine_close(b->e);
	close(b->image_fd);
	close(b->evtchn_fd);
	close(b->wake_fd);
	free(b->shadow);
}

static bool test_engine(const struct engine_class *class)
{
	struct bench b;
	int r = bench_open(&b, class);

	if (r < 0) {
		printf("%s: cannot be used here: %s\n", class->name,
		       strerror(-r));
		bench_close(&b);
		return false;
	}
	test_batch(&b);
	test_flush(&b);
	test_discard(&b);
	test_short(&b);
	test_wake(&b);
	test_reuse(&b);
	test_cancel(&b);
	if (class == &engine_uring)
		test_restricted(&b);
	bench_close(&b);
	return true;
}

int main(void)
{
	bool sync = test_engine(&engine_sync);
	bool uring = test_engine(&engine_uring);

	if (failed || !sync)
		return 1;
	return uring ? 0 : 77;
}
