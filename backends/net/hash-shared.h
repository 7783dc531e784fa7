/* SPDX-License-Identifier: MIT */
/*
 * A vif's hash setup between the thread that changes it and those of its
 * queues. Each queue has a copy of its own, and looks with one load whether it
 * is still the newest: a frame that the host sends after a request was answered
 * is treated as that request wants, for the copy is looked at after the frame
 * was read.
 */
#ifndef BACKENDS_NET_HASH_SHARED_H
#define BACKENDS_NET_HASH_SHARED_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "backends/net/hash.h"

struct hash_shared {
	pthread_mutex_t lock;		/* of hash, and changes of version */
	_Atomic uint32_t version;	/* 0: never set */
	struct hash hash;
};

struct hash_copy {
	uint32_t version;
	struct hash hash;
};

static inline void hash_publish(struct hash_shared *s, const struct hash *hash)
{
	pthread_mutex_lock(&s->lock);
	s->hash = *hash;
	atomic_fetch_add(&s->version, 1);
	pthread_mutex_unlock(&s->lock);
}

/* Did the guest ever ask for anything? */
static inline bool hash_was_set(const struct hash_shared *s)
{
	return atomic_load_explicit(&s->version, memory_order_relaxed);
}

static inline const struct hash *hash_current(struct hash_shared *s,
					      struct hash_copy *c)
{
	if (atomic_load_explicit(&s->version, memory_order_acquire) !=
	    c->version) {
		pthread_mutex_lock(&s->lock);
		c->version = atomic_load(&s->version);
		c->hash = s->hash;
		pthread_mutex_unlock(&s->lock);
	}
	return &c->hash;
}

#endif
