/* SPDX-License-Identifier: MIT */
/* See inbox.h. */
#include "config.h"

#include "backends/net/inbox.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

/* Records begin on a cache line: what the frame is, then its bytes. */
#define RECORD_ALIGN 64u

/*
 * A record begins below INBOX_BYTES and may run past it, so that it is never in
 * two pieces; the next one then begins at 0.
 */
#define MEMORY_SIZE (INBOX_BYTES + RECORD_ALIGN + NET_RX_FRAME_MAX)

_Static_assert(MEMORY_SIZE <= 1u << 20, "what a queue may cost the host");
_Static_assert(sizeof(struct net_frame) <= RECORD_ALIGN, "a record's head");

static uint32_t record_size(const struct net_frame *frame)
{
	return RECORD_ALIGN +
	       (frame->size + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;
}

static uint32_t record_next(uint32_t at, const struct net_frame *frame)
{
	at += record_size(frame);
	return at >= INBOX_BYTES ? 0 : at;
}

int inbox_open(struct inbox *in, int wake_fd)
{
	/* what is never filled costs nothing */
	void *p = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*in = (struct inbox) { .wake_fd = wake_fd };
	pthread_mutex_init(&in->lock, NULL);
	if (p == MAP_FAILED)
		return -ENOMEM;
	in->memory = p;
	return 0;
}

void inbox_close(struct inbox *in)
{
	if (in->memory)
		munmap(in->memory, MEMORY_SIZE);
	in->memory = NULL;
}

void inbox_wake(struct inbox *in)
{
	eventfd_write(in->wake_fd, 1);
}

/* The lock is held. */
static bool has_room(const struct inbox *in, const struct net_frame *frame)
{
	return !in->count || in->head > in->tail ||
	       in->head + record_size(frame) <= in->tail;
}

static void store(struct inbox *in, const struct net_frame *frame,
		  const uint8_t *data)
{
	/* from the start again, where its memory is warm */
	if (!in->count)
		in->head = in->tail = 0;
	memcpy(in->memory + in->head, frame, sizeof(*frame));
	memcpy(in->memory + in->head + RECORD_ALIGN, data, frame->size);
	in->head = record_next(in->head, frame);
	in->count++;
}

enum inbox_put inbox_put(struct inbox *in, unsigned int from,
			 const struct net_frame *frame, const uint8_t *data)
{
	enum inbox_put ret = INBOX_TAKEN;
	bool wake = false;

	assert(frame->size <= NET_RX_FRAME_MAX);
	pthread_mutex_lock(&in->lock);
	if (has_room(in, frame)) {
		store(in, frame, data);
		wake = in->asleep;
		in->asleep = false;
	} else if (in->starved) {
		ret = INBOX_STARVED;
	} else {
		in->waiting |= 1u << from;
		ret = INBOX_FULL;
	}
	pthread_mutex_unlock(&in->lock);
	if (wake)
		inbox_wake(in);
	return ret;
}

void inbox_take(struct inbox *in, struct net_frame *frame, uint8_t *data)
{
	pthread_mutex_lock(&in->lock);
	assert(in->count);
	memcpy(frame, in->memory + in->tail, sizeof(*frame));
	memcpy(data, in->memory + in->tail + RECORD_ALIGN, frame->size);
	in->tail = record_next(in->tail, frame);
	in->count--;
	pthread_mutex_unlock(&in->lock);
}

void inbox_starve(struct inbox *in, bool starved)
{
	pthread_mutex_lock(&in->lock);
	in->starved = starved;
	pthread_mutex_unlock(&in->lock);
}

uint32_t inbox_waiting(struct inbox *in)
{
	uint32_t waiting;

	pthread_mutex_lock(&in->lock);
	waiting = in->waiting;
	in->waiting = 0;
	pthread_mutex_unlock(&in->lock);
	return waiting;
}

bool inbox_sleep(struct inbox *in)
{
	bool sleep;

	pthread_mutex_lock(&in->lock);
	sleep = !in->count || in->starved;
	/* a guest that lends pages wakes its owner itself */
	in->asleep = !in->count;
	pthread_mutex_unlock(&in->lock);
	return sleep;
}
