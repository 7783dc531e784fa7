/* SPDX-License-Identifier: MIT */
/*
 * A device's counters, in memory that its worker writes and the supervisor
 * reads whenever somebody asks, without a word between them.
 *
 * A class names its counters (backend_class.counters). Each queue has a row
 * of its own, written by that queue's thread alone, so counting is a plain
 * addition: no lock, no atomic operation, no cache line that two threads
 * write. Readers add the rows up.
 *
 * The memory belongs to the supervisor and outlives connections: counts go on
 * when a guest connects again. It is sealed against changes of its size, or a
 * worker could kill the supervisor by cutting it.
 */
#ifndef LIB_STATS_H
#define LIB_STATS_H

#include <stdint.h>
#include <stdio.h>

#define STATS_ROWS 32		/* queues; more of them share */
#define STATS_COUNTERS_MAX 32

struct stats_row {
	_Alignas(64) uint64_t count[STATS_COUNTERS_MAX];
};

_Static_assert(sizeof(struct stats_row) == 256, "whole cache lines");

struct stats {
	int fd;				/* -1: none */
	struct stats_row *rows;		/* NULL: none */
};

/* In the supervisor. */
int stats_open(struct stats *s);
void stats_close(struct stats *s);
uint64_t stats_sum(const struct stats *s, unsigned int counter);
/* {"NAME": N, ...}; NAMES end with NULL. */
void stats_print(const struct stats *s, const char *const *names, FILE *out);

/* In the worker: FD is closed. NULL: not such a descriptor. */
struct stats_row *stats_map(int fd);
void stats_unmap(struct stats_row *rows);

/* By the row's one writer. */
static inline void stats_add(struct stats_row *row, unsigned int counter,
			     uint64_t n)
{
	uint64_t *count = &row->count[counter];

	/* whole for the reader in the other process, free for the writer */
	__atomic_store_n(count, *count + n, __ATOMIC_RELAXED);
}

#endif
