/* SPDX-License-Identifier: MIT */
/* xl-lite info: this machine and its hypervisor. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "lib/log.h"

#include "tools/xl-lite/host.h"
#include "tools/xl-lite/hv-host.h"
#include "tools/xl-lite/hv-sched.h"
#include "tools/xl-lite/topology.h"

/* Where the lines go: all, or the values of those that begin with KEY. */
struct report {
	const char *key;
	unsigned int lines;
};

__attribute__((format(printf, 3, 4)))
static void line(struct report *r, const char *name, const char *fmt, ...)
{
	char text[2048];
	va_list ap;
	int len = snprintf(text, sizeof(text), "%-23s:", name);

	va_start(ap, fmt);
	vsnprintf(text + len, sizeof(text) - len, fmt, ap);
	va_end(ap);
	if (r->key && strncmp(text, r->key, strlen(r->key)) != 0)
		return;
	r->lines++;
	if (!r->key)
		puts(text);
	else if (text[len] == ' ')
		puts(text + len + 1);
}

static int print_kernel(struct report *r)
{
	struct utsname u;

	if (uname(&u))
		return log_err(-errno, "info: uname");
	line(r, "host", " %s", u.nodename);
	line(r, "release", " %s", u.release);
	line(r, "version", " %s", u.version);
	line(r, "machine", " %s", u.machine);
	return 0;
}

static void print_hw_caps(struct report *r, const struct hv_machine *m)
{
	char text[8 * 9 + 1] = "";

	for (size_t i = 0; i < ARRAY_SIZE(m->hw_caps); i++)
		snprintf(text + 9 * i, sizeof(text) - 9 * i, "%08x:",
			 m->hw_caps[i]);
	text[sizeof(text) - 2] = '\0';	/* the last colon */
	line(r, "hw_caps", " %s", text);
}

/* A word a capability; those of a machine without the first say nothing. */
static const struct {
	unsigned int all;	/* of XEN_SYSCTL_PHYSCAP_* */
	const char *word;
} caps[] = {
	{ XEN_SYSCTL_PHYSCAP_pv, "pv" },
	{ XEN_SYSCTL_PHYSCAP_hvm, "hvm" },
	{ XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_directio,
	  "hvm_directio" },
	{ XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_directio |
	  XEN_SYSCTL_PHYSCAP_hvm, "pv_directio" },
	{ XEN_SYSCTL_PHYSCAP_hap, "hap" },
	{ XEN_SYSCTL_PHYSCAP_shadow, "shadow" },
	{ XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share, "iommu_hap_pt_share" },
	{ XEN_SYSCTL_PHYSCAP_vmtrace, "vmtrace" },
	{ XEN_SYSCTL_PHYSCAP_vpmu, "vpmu" },
	{ XEN_SYSCTL_PHYSCAP_gnttab_v1, "gnttab-v1" },
	{ XEN_SYSCTL_PHYSCAP_gnttab_v2, "gnttab-v2" },
};

static void print_virt_caps(struct report *r, const struct hv_machine *m)
{
	char text[160] = "";
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(caps); i++)
		if ((m->capabilities & caps[i].all) == caps[i].all)
			len += snprintf(text + len, sizeof(text) - len, " %s",
					caps[i].word);
	line(r, "virt_caps", "%s", text);
}

static int print_machine(struct host *host, struct report *r)
{
	const unsigned int pages_per_mib = (1 << 20) / XC_PAGE_SIZE;
	unsigned int free_cpus;
	struct hv_machine m;
	int err = hv_machine(host->hv, &m);

	if (!err)
		err = hv_free_cpus(host->hv, &free_cpus);
	if (err)
		return log_fail(err, "info: this machine: %s",
				hv_why(host->hv, err));
	line(r, "nr_cpus", " %u", m.cpus);
	line(r, "max_cpu_id", " %u", m.max_cpu_id);
	line(r, "nr_nodes", " %u", m.nodes);
	line(r, "cores_per_socket", " %u", m.cores_per_socket);
	line(r, "threads_per_core", " %u", m.threads_per_core);
	line(r, "cpu_mhz", " %u.%03u", m.cpu_khz / 1000, m.cpu_khz % 1000);
	print_hw_caps(r, &m);
	print_virt_caps(r, &m);
	line(r, "total_memory", " %llu",
	     (unsigned long long)m.total_pages / pages_per_mib);
	line(r, "free_memory", " %llu",
	     (unsigned long long)(m.free_pages - m.outstanding_pages) /
	     pages_per_mib);
	line(r, "sharing_freed_memory", " %llu",
	     (unsigned long long)m.sharing_freed_pages / pages_per_mib);
	line(r, "sharing_used_memory", " %llu",
	     (unsigned long long)m.sharing_used_frames / pages_per_mib);
	line(r, "outstanding_claims", " %llu",
	     (unsigned long long)m.outstanding_pages / pages_per_mib);
	line(r, "free_cpus", " %u", free_cpus);
	return 0;
}

static int print_xen(struct host *host, struct report *r)
{
	unsigned int scheduler;
	struct hv_version v;
	const char *name;
	int err = hv_version(host->hv, &v);

	if (!err)
		err = hv_scheduler_default(host->hv, &scheduler);
	if (err)
		return log_fail(err, "info: Xen: %s", hv_why(host->hv, err));
	name = hv_scheduler_name(scheduler);
	line(r, "xen_major", " %u", v.major);
	line(r, "xen_minor", " %u", v.minor);
	line(r, "xen_extra", " %s", v.extra);
	line(r, "xen_version", " %u.%u%s", v.major, v.minor, v.extra);
	line(r, "xen_caps", " %s", v.capabilities);
	line(r, "xen_scheduler", " %s", name ? name : "unknown");
	line(r, "xen_pagesize", " %u", v.page_size);
	line(r, "platform_params", " virt_start=0x%llx",
	     (unsigned long long)v.virt_start);
	line(r, "xen_changeset", " %s", v.changeset);
	line(r, "xen_commandline", " %s", v.command_line);
	line(r, "cc_compiler", " %s", v.compiler);
	line(r, "cc_compile_by", " %s", v.compile_by);
	line(r, "cc_compile_domain", " %s", v.compile_domain);
	line(r, "cc_compile_date", " %s", v.compile_date);
	line(r, "build_id", " %s", v.build_id);
	return 0;
}

static int print_all(struct host *host, struct report *r, bool numa)
{
	int err = print_kernel(r);

	if (!err)
		err = print_machine(host, r);
	if (!err && numa)
		err = topology_print(host);
	if (!err)
		err = print_xen(host, r);
	if (err)
		return err;
	/* no such thing has been for ten years, but who parses us may ask */
	line(r, "xend_config_format", " 4");
	if (!r->lines)
		return log_fail(-ENOENT, "info: '%s': no line begins so: 'xl-lite info' shows all",
				r->key);
	return 0;
}

int cmd_info(const struct cmd *cmd, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "numa", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	CLEANUP_HOST struct host host = { 0 };
	struct report r = { 0 };
	bool numa = false;
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "n", longopts, 0, 1,
				 &status)) != CMD_ARGS) {
		if (opt == CMD_EXIT)
			return status;
		numa = true;
	}
	if (numa && optind < argc) {
		log_fail(0, "info: -n shows all: leave out '%s', or -n",
			 argv[optind]);
		return cmd_usage(cmd);
	}
	r.key = argv[optind];
	if (host_open(&host))
		return STATUS_ERROR;
	return print_all(&host, &r, numa) ? STATUS_ERROR : STATUS_OK;
}
