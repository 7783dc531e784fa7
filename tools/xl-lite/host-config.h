/* SPDX-License-Identifier: MIT */
/*
 * What the host's administrator decided: /etc/xl-lite.conf, and of
 * /etc/xen/xl.conf what bears on what we do. Both are in xl's config language.
 */
#ifndef XL_LITE_HOST_CONFIG_H
#define XL_LITE_HOST_CONFIG_H

#include <stdbool.h>

#define HOST_NAME_MAX_BYTES 64
#define HOST_CPUS_MAX_BYTES 256

struct host_config {
	bool disk_kernel;	/* disk.backend = "kernel": not xl-lite-blkd */
	bool vif_kernel;	/* vif.backend = "kernel": not xl-lite-netd */
	/* vif.default.bridge; xenbr0 */
	char vif_bridge[HOST_NAME_MAX_BYTES];
	/* output_format = "sxp", which we do not print */
	bool sxp;
	bool no_claims;		/* claim_mode = 0 */
	/* vm.cpumask, vm.pv.cpumask, vm.hvm.cpumask; "" is all */
	char cpus[HOST_CPUS_MAX_BYTES];
	char cpus_pv[HOST_CPUS_MAX_BYTES], cpus_hvm[HOST_CPUS_MAX_BYTES];
	char vif_script[128];	/* vif.default.script; "" */
	char vif_gatewaydev[HOST_NAME_MAX_BYTES]; /* vif.default.gatewaydev */
};

#define HOST_CONFIG_XL "/etc/xen/xl.conf"
#define HOST_CONFIG_OURS "/etc/xl-lite.conf"

/*
 * From these two files, of which the second wins. A missing file is not an
 * error; a wrong one is, and is shown with line and column.
 */
int host_config_load(struct host_config *config, const char *xl_path,
		     const char *our_path);

#endif
