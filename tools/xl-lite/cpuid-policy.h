/* SPDX-License-Identifier: MIT */
/*
 * What a guest's CPUID is to show other than Xen's default, as cpuid= asks for
 * it. A policy is a letter for each bit, the highest first: 0 and 1, or x: as
 * by default, k: as the host has it, s: the same for ever.
 */
#ifndef XL_LITE_CPUID_POLICY_H
#define XL_LITE_CPUID_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPUID_BITS 32
#define MSR_BITS 64

enum cpuid_register {
	CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX,
	CPUID_REGISTERS,
};

struct cpuid_leaf {
	uint32_t leaf, subleaf;
	bool subleaf_set;
	char policy[CPUID_REGISTERS][CPUID_BITS + 1];	/* "": not asked for */
};

/* Some of a processor's features are in registers of another sort. */
struct cpuid_msr {
	uint32_t index;
	char policy[MSR_BITS + 1];
};

struct cpuid_policy {
	struct cpuid_leaf *leaves;
	size_t num_leaves;
	struct cpuid_msr *msrs;
	size_t num_msrs;
};

#endif
