/* SPDX-License-Identifier: MIT */
/*
 * Figures and how they are told: a line of a table for each as it comes, and
 * all of them as JSON at the end. Nothing is judged but in words: time is
 * never a test.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAMPLES 11

struct figure {
	const char *what;
	unsigned int batch;
	const char *unit;		/* cycles a what */
	double cycles[SAMPLES];
	/* something else measured in turns with it; NULL: nothing */
	const char *against;
	double limit[SAMPLES];
	/* at most CYCLES, or RATIO times the other and PLUS; 0 and 0: no goal */
	struct {
		const char *name;
		double cycles, ratio, plus;
	} goal;
};

struct options {
	const char *json;
	const char *only;		/* cases whose names hold this */
	unsigned int cold_mib;
};

/* Reads the command line, pins the process to one processor. */
void report_open(int argc, char **argv, struct options *o);
/* Should figures of this name be made? */
bool report_wants(const struct options *o, const char *what);
void report_figure(const struct figure *f);
/* A count that is no time, for instance copies a packet. */
void report_count(const char *what, unsigned int batch, const char *unit,
		  double value);
void report_close(void);

/*
 * The mean of the middle half of them: the counter may tick in steps of dozens
 * of cycles, which a median of short rounds would not see through. Sorts them.
 */
double typical_cycles(uint64_t *cycles, size_t count);

/* Pieces of memory to copy, as many times as a round has. */
struct piece {
	void *to;
	const void *from;
	size_t size;
};
/*
 * Cycles of one memcpy() round: PER_ROUND pieces a round, COUNT of them in
 * turn. Of ROUNDS, the typical one.
 */
double copy_cycles(const struct piece *pieces, unsigned int count,
		   unsigned int per_round, unsigned int rounds);
/* What two readings of the counter cost by themselves. */
double timer_cycles(void);

#endif
