/* SPDX-License-Identifier: MIT */
/*
 * Faults of io_uring. The kernel fails no request at our word; so what it says
 * of one is rewritten in the completion ring, before the program looks there.
 * What comes while it looks is left alone, for once.
 */
#include "config.h"

#include "tests/sim/client.h"
#include "tests/sim/preload.h"

#include <dlfcn.h>
#include <errno.h>
#include <liburing.h>

/* Smaller user_data is no request, but a poll: see engine-uring.c. */
#define DATA_REQUEST 4096u

static struct {
	int (*io_uring_queue_init_params)(unsigned int, struct io_uring *,
					  struct io_uring_params *);
	int (*io_uring_register_files_update)(struct io_uring *, unsigned int,
					      const int *, unsigned int);
	int (*io_uring_submit)(struct io_uring *);
	int (*io_uring_submit_and_wait)(struct io_uring *, unsigned int);
	int (*io_uring_submit_and_wait_timeout)(struct io_uring *,
						struct io_uring_cqe **,
						unsigned int,
						struct __kernel_timespec *,
						sigset_t *);
} real;

void uring_begin(void)
{
	LOOK_UP(io_uring_queue_init_params);
	LOOK_UP(io_uring_register_files_update);
	LOOK_UP(io_uring_submit);
	LOOK_UP(io_uring_submit_and_wait);
	LOOK_UP(io_uring_submit_and_wait_timeout);
}

#define FAILS(call) \
	sim_fails_at(__builtin_return_address(0), SIM_CALL_##call)

/* Whoever calls takes all of them before it enters the kernel again. */
static void judge_completions(const void *caller, struct io_uring *ring)
{
	unsigned int head = *ring->cq.khead;
	unsigned int tail = io_uring_smp_load_acquire(ring->cq.ktail);

	for (; head != tail; head++) {
		struct io_uring_cqe *cqe =
			&ring->cq.cqes[head & *ring->cq.kring_mask];

		if (cqe->user_data >= DATA_REQUEST &&
		    sim_fails_at(caller, SIM_CALL_uring_done))
			cqe->res = -errno;
	}
}

SIM_PUBLIC
int io_uring_queue_init_params(unsigned int entries, struct io_uring *ring,
			       struct io_uring_params *params)
{
	return FAILS(uring_setup) ? -errno :
		real.io_uring_queue_init_params(entries, ring, params);
}

SIM_PUBLIC
int io_uring_register_files_update(struct io_uring *ring, unsigned int at,
				   const int *files, unsigned int count)
{
	return FAILS(uring_files) ? -errno :
		real.io_uring_register_files_update(ring, at, files, count);
}

SIM_PUBLIC
int io_uring_submit(struct io_uring *ring)
{
	int r;

	if (FAILS(uring_enter))
		return -errno;
	r = real.io_uring_submit(ring);
	judge_completions(__builtin_return_address(0), ring);
	return r;
}

SIM_PUBLIC
int io_uring_submit_and_wait(struct io_uring *ring, unsigned int count)
{
	int r;

	if (FAILS(uring_enter))
		return -errno;
	r = real.io_uring_submit_and_wait(ring, count);
	judge_completions(__builtin_return_address(0), ring);
	return r;
}

SIM_PUBLIC
int io_uring_submit_and_wait_timeout(struct io_uring *ring,
				     struct io_uring_cqe **cqe,
				     unsigned int count,
				     struct __kernel_timespec *timeout,
				     sigset_t *mask)
{
	int r;

	if (FAILS(uring_enter))
		return -errno;
	r = real.io_uring_submit_and_wait_timeout(ring, cqe, count, timeout,
						  mask);
	judge_completions(__builtin_return_address(0), ring);
	return r;
}
