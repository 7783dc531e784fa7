/* SPDX-License-Identifier: MIT */
/* Where a machine's processors, PCI devices and memory are; see topology.h. */
#include "config.h"

#include "tools/xl-lite/topology.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/cleanup.h"
#include "lib/log.h"

#include "tools/xl-lite/hv-host.h"

#define PCI_DEVICES "/sys/bus/pci/devices"

static int print_cpus(struct host *host)
{
	CLEANUP_FREE struct hv_cpu *cpus = NULL;
	unsigned int count;
	int err = hv_cpus(host->hv, &cpus, &count);

	if (err)
		return log_fail(err, "info: where cpus are: %s",
				hv_why(host->hv, err));
	printf("cpu_topology           :\n"
	       "cpu:    core    socket     node\n");
	for (unsigned int i = 0; i < count; i++)
		if (cpus[i].core >= 0)
			printf("%3u:    %4d     %4d     %4d\n", i,
			       cpus[i].core, cpus[i].socket, cpus[i].node);
	return 0;
}

/* What the kernel knows, in the order of its folder. */
static int find_pci_devices(struct hv_pci_device **ret, size_t *count)
{
	CLEANUP_FREE struct hv_pci_device *list = NULL;
	DIR *folder = opendir(PCI_DEVICES);
	struct dirent *entry;
	size_t n = 0;

	/* a machine, or a guest of another hypervisor, may have no PCI */
	while (folder && (entry = readdir(folder))) {
		struct hv_pci_device d = { .node = -1 }, *larger;

		if (sscanf(entry->d_name, "%x:%x:%x.%x", &d.segment, &d.bus,
			   &d.slot, &d.function) != 4)
			continue;
		larger = realloc(list, (n + 1) * sizeof(*list));
		if (!larger) {
			closedir(folder);
			return -ENOMEM;
		}
		list = larger;
		list[n++] = d;
	}
	if (folder)
		closedir(folder);
	*ret = STEAL_PTR(list);
	*count = n;
	return 0;
}

static int print_pci_devices(struct host *host)
{
	CLEANUP_FREE struct hv_pci_device *list = NULL;
	size_t count, known = 0;
	int err = find_pci_devices(&list, &count);

	/* a Xen that knows of none says so by failing */
	if (!err && count && hv_pci_nodes(host->hv, list, count))
		count = 0;
	if (err)
		return log_err(err, "info: PCI devices");
	printf("device topology        :\n"
	       "device           node\n");
	for (size_t i = 0; i < count; i++) {
		if (list[i].node < 0)
			continue;
		known++;
		printf("%04x:%02x:%02x.%01x      %d\n", list[i].segment,
		       list[i].bus, list[i].slot, list[i].function,
		       list[i].node);
	}
	if (!known)
		printf("No device topology data available\n");
	return 0;
}

static int print_nodes(struct host *host)
{
	CLEANUP_FREE struct hv_node *nodes = NULL;
	CLEANUP_FREE uint32_t *distances = NULL;
	unsigned int count;
	int err = hv_nodes(host->hv, &nodes, &distances, &count);

	if (err)
		return log_fail(err, "info: NUMA nodes: %s",
				hv_why(host->hv, err));
	printf("numa_info              :\n"
	       "node:    memsize    memfree    distances\n");
	for (unsigned int i = 0; i < count; i++) {
		if (!nodes[i].present)
			continue;
		printf("%4u:    %6llu     %6llu      ", i,
		       (unsigned long long)nodes[i].size >> 20,
		       (unsigned long long)nodes[i].free >> 20);
		for (unsigned int k = 0; k < count; k++)
			printf("%s%d", k ? "," : "",
			       (int)distances[i * count + k]);
		printf("\n");
	}
	return 0;
}

int topology_print(struct host *host)
{
	int err = print_cpus(host);

	if (!err)
		err = print_pci_devices(host);
	return err ? err : print_nodes(host);
}
