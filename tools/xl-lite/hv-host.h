/* SPDX-License-Identifier: MIT */
/*
 * What the hypervisor says about itself and the machine, and the few things
 * that can be told to it as a whole. As in hv.h, a call returns 0 or -errno,
 * and hv_why() says why.
 */
#ifndef XL_LITE_HV_HOST_H
#define XL_LITE_HV_HOST_H

#include "tools/xl-lite/cpu-set.h"
#include "tools/xl-lite/hv.h"

/* Which Xen this is. */
struct hv_version {
	unsigned int major, minor;
	char extra[16];
	char capabilities[1024];
	unsigned int page_size;
	uint64_t virt_start;
	char changeset[64];
	char command_line[1024];
	char compiler[64];
	char compile_by[16];
	char compile_domain[32];
	char compile_date[32];
	char build_id[128];		/* in hexadecimal */
};

int hv_version(struct hv *hv, struct hv_version *ret);

struct hv_machine {
	unsigned int cpus;		/* online */
	unsigned int max_cpu_id;
	unsigned int nodes;
	unsigned int cores_per_socket;
	unsigned int threads_per_core;
	unsigned int cpu_khz;
	uint32_t hw_caps[8];
	unsigned int capabilities;	/* XEN_SYSCTL_PHYSCAP_* */
	uint64_t total_pages, free_pages, outstanding_pages;
	uint64_t sharing_freed_pages, sharing_used_frames;
};

int hv_machine(struct hv *hv, struct hv_machine *ret);

/* What belongs to no pool. */
int hv_free_cpus(struct hv *hv, unsigned int *count);

/* Where a processor is; core, socket and node are -1 when it is not there. */
struct hv_cpu {
	int core, socket, node;
};

/* All numbers from 0 on; the caller frees *ret. */
int hv_cpus(struct hv *hv, struct hv_cpu **ret, unsigned int *count);

struct hv_node {
	bool present;
	uint64_t size, free;	/* bytes */
};

/*
 * All nodes, and how far each is from each: the distances from node I start at
 * distances[I * count]. The caller frees both.
 */
int hv_nodes(struct hv *hv, struct hv_node **nodes, uint32_t **distances,
	     unsigned int *count);

struct hv_pci_device {
	unsigned int segment, bus, slot, function;
	int node;			/* -1: not known */
};

/* The node of each of the COUNT devices, whose address the caller filled. */
int hv_pci_nodes(struct hv *hv, struct hv_pci_device *devices, size_t count);

/* A domain's nodes. */
int hv_domain_nodes(struct hv *hv, domid_t domid, struct cpu_set *ret);

struct hv_cpupool {
	unsigned int id;
	unsigned int scheduler;		/* XEN_SCHEDULER_* */
	unsigned int domains;
	struct cpu_set cpus;
};

/* The pool with the smallest number from FROM on; -ENOENT after the last. */
int hv_cpupool_next(struct hv *hv, unsigned int from,
		    struct hv_cpupool *ret);

/*
 * What Xen has said from *INDEX on, *SIZE bytes at most; both are moved on,
 * *SIZE to what there was. CLEAR: forget it all.
 */
int hv_console_read(struct hv *hv, char *buf, unsigned int *size, bool clear,
		    uint32_t *index);

/* As pressed on Xen's own console. */
int hv_debug_keys(struct hv *hv, const char *keys);

/* Of Xen's command line, those that can still change. */
int hv_set_parameter(struct hv *hv, const char *name, const char *value);

#endif
