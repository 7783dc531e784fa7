/* SPDX-License-Identifier: MIT */
/*
 * Sets of numbered things, processors or NUMA nodes: as Xen keeps them, a bit
 * each, as xl prints them, and as a person writes them. Pure.
 */
#ifndef XL_LITE_CPU_SET_H
#define XL_LITE_CPU_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Xen itself is built for at most 4095 processors and 64 nodes. */
#define CPU_SET_MAX 4096

/* The lowest bit of the first byte is number 0, as Xen has it. */
struct cpu_set {
	uint8_t map[CPU_SET_MAX / 8];
};

/* Where each processor of a host is; a node of -1: there is none of its number. */
struct cpu_nodes {
	const int *node;
	unsigned int count;
};

static inline bool cpu_set_has(const struct cpu_set *set, unsigned int i)
{
	return i < CPU_SET_MAX && set->map[i / 8] & 1u << i % 8;
}

void cpu_set_add(struct cpu_set *set, unsigned int i);
void cpu_set_drop(struct cpu_set *set, unsigned int i);
void cpu_set_and(struct cpu_set *set, const struct cpu_set *other);
/* How many of the numbers 0 to COUNT - 1 are in it. */
unsigned int cpu_set_count(const struct cpu_set *set, unsigned int count);

/*
 * "all", "none" or "0,2-5": what there is of 0 to COUNT - 1. Everything from
 * number 0 on is "all", also when COUNT is 1.
 */
void cpu_set_print(const struct cpu_set *set, unsigned int count, FILE *to);

/* Longest complaint of cpu_set_parse(). */
#define CPU_SET_WHY_MAX 160

/*
 * TEXT, a list with commas of "all", "N", "N-M", "node:N", "nodes:N-M", each
 * but "all" with a '^' in front to take it out again, in the order in which
 * they stand. -EINVAL when it is none, names what HOST does not have, or
 * leaves nothing; then WHY says it.
 */
int cpu_set_parse(const char *text, const struct cpu_nodes *host,
		  struct cpu_set *ret, char why[CPU_SET_WHY_MAX]);

#endif
