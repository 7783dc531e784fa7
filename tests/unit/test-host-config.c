/* SPDX-License-Identifier: MIT */
/* /etc/xl-lite.conf and /etc/xen/xl.conf: what is learned, what is refused. */
#include "config.h"

#include "tools/xl-lite/host-config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/log.h"

static const struct {
	const char *what;
	const char *xl, *ours;	/* the files' text */
	int err;
	struct host_config want;
} cases[] = {
	{ "empty files: xl's own default and our daemons", "", "",
	  0, { .vif_bridge = "xenbr0" } },
	{ "xl.conf names the bridge",
	  "vif.default.bridge=\"br1\"\nautoballoon=\"auto\"\n", "",
	  0, { .vif_bridge = "br1" } },
	{ "xl.conf names script and gateway",
	  "vif.default.script=\"vif-route\"\nvif.default.gatewaydev='eth0'\n",
	  "", 0, { .vif_bridge = "xenbr0", .vif_script = "vif-route",
		  .vif_gatewaydev = "eth0" } },
	{ "old names, of which the new one wins",
	  "vifscript='vif-nat'\ndefaultbridge='br1'\n"
	  "vif.default.bridge='br2'", "",
	  0, { .vif_bridge = "br2", .vif_script = "vif-nat" } },
	{ "old names are none of ours", "", "vifscript='vif-nat'",
	  -EINVAL, { 0 } },
	{ "xl-lite.conf wins over xl.conf",
	  "vif.default.bridge=\"br1\"", "vif.default.bridge=\"br2\"",
	  0, { .vif_bridge = "br2" } },
	{ "the kernel's backends can be asked for", "",
	  "disk.backend = \"kernel\"\nvif.backend = \"kernel\"\n",
	  0, { .disk_kernel = true, .vif_kernel = true,
	       .vif_bridge = "xenbr0" } },
	{ "user is the default, said aloud", "", "vif.backend = 'user'",
	  0, { .vif_bridge = "xenbr0" } },
	{ "no such backend", "", "disk.backend = 'qemu'", -EINVAL, { 0 } },
	{ "an unknown key of ours", "", "disk.backnd = 'kernel'",
	  -EINVAL, { 0 } },
	{ "our keys mean nothing in xl.conf", "vif.backend = 'kernel'", "",
	  0, { .vif_bridge = "xenbr0" } },
	{ "a list where a text belongs", "", "vif.backend = [ 'kernel' ]",
	  -EINVAL, { 0 } },
	{ "a syntax error", "", "vif.backend = ", -EINVAL, { 0 } },
	{ "a bridge without a name", "", "vif.default.bridge = ''",
	  -EINVAL, { 0 } },
	{ "xl's output format, which we cannot print",
	  "output_format=\"sxp\"", "",
	  0, { .vif_bridge = "xenbr0", .sxp = true } },
	{ "the output format we print", "output_format=\"json\"", "",
	  0, { .vif_bridge = "xenbr0" } },
	{ "an output format that xl drops", "output_format=\"yaml\"", "",
	  -EINVAL, { 0 } },
	{ "no claims", "claim_mode=0", "",
	  0, { .vif_bridge = "xenbr0", .no_claims = true } },
	{ "claims", "claim_mode=1", "", 0, { .vif_bridge = "xenbr0" } },
	{ "claims or not", "claim_mode=maybe", "", -EINVAL, { 0 } },
	{ "processors for guests",
	  "vm.cpumask=\"1-3\"\nvm.pv.cpumask=\"1\"\nvm.hvm.cpumask='node:1'",
	  "", 0, { .vif_bridge = "xenbr0", .cpus = "1-3", .cpus_pv = "1",
		   .cpus_hvm = "node:1" } },
};

static void write_file(const char *path, const char *text)
{
	CLEANUP_FCLOSE FILE *f = fopen(path, "we");

	if (!f || fputs(text, f) == EOF) {
		perror(path);
		exit(99);
	}
}

static bool same(const struct host_config *a, const struct host_config *b)
{
	return strcmp(a->vif_script, b->vif_script) == 0 &&
	       strcmp(a->vif_gatewaydev, b->vif_gatewaydev) == 0 &&
	       a->disk_kernel == b->disk_kernel &&
	       a->vif_kernel == b->vif_kernel &&
	       strcmp(a->vif_bridge, b->vif_bridge) == 0 &&
	       a->sxp == b->sxp && a->no_claims == b->no_claims &&
	       strcmp(a->cpus, b->cpus) == 0 &&
	       strcmp(a->cpus_pv, b->cpus_pv) == 0 &&
	       strcmp(a->cpus_hvm, b->cpus_hvm) == 0;
}

int main(void)
{
	char dir[] = "/tmp/test-host-config.XXXXXX";
	struct host_config config;
	unsigned int failed = 0;

	log_init("test-host-config", LOG_ERR_LEVEL);
	if (!mkdtemp(dir) || chdir(dir)) {
		perror(dir);
		return 99;
	}
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int err;
		bool ok;

		write_file("xl.conf", cases[i].xl);
		write_file("xl-lite.conf", cases[i].ours);
		err = host_config_load(&config, "xl.conf", "xl-lite.conf");
		ok = err == cases[i].err &&
		     (err || same(&config, &cases[i].want));
		failed += !ok;
		printf("%sok %zu - %s\n", ok ? "" : "not ", i + 1,
		       cases[i].what);
		if (!ok)
			printf("# got %d, want %d\n", err, cases[i].err);
	}
	unlink("xl.conf");
	unlink("xl-lite.conf");
	rmdir(dir);
	return failed ? 1 : 0;
}
