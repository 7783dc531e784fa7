/* SPDX-License-Identifier: MIT */
/* What a guest starts with: a kernel, or what finds one on its disk. */
#include "config.h"

#include "tools/xl-lite/reader.h"
#include "tools/xl-lite/arena.h"

#include <errno.h>
#include <string.h>

#define SHIM_CMDLINE "pv-shim console=xen,pv"	/* libxl's */

static void read_cmdline(struct reader *r)
{
	const char *cmdline = reader_raw(r, "cmdline");
	const char *root = reader_raw(r, "root");
	const char *extra = reader_raw(r, "extra");

	if (cmdline) {
		if (root || extra)
			diag_warning(r->diags, reader_pos(r, root ? "root"
							: "extra"),
				     "%s%s%s does nothing, because cmdline= is "
				     "given", root ? "root" : "",
				     root && extra ? " and extra" : "",
				     root ? "" : "extra");
		r->config->cmdline = cmdline;
		return;
	}
	if (root)
		cmdline = arena_printf(r->config->memory, "root=%s%s%s", root,
				       extra ? " " : "", extra ? extra : "");
	else
		cmdline = extra;
	if (root && !cmdline)
		r->err = -ENOMEM;
	r->config->cmdline = cmdline;
}

/* What old files of HVM guests name as their kernel; xl ignores it, too. */
static void drop_hvmloader(struct reader *r)
{
	struct guest_config *config = r->config;
	const char *slash;

	if (config->type != GUEST_HVM || !config->kernel)
		return;
	slash = strrchr(config->kernel, '/');
	if (strcmp(slash ? slash + 1 : config->kernel, "hvmloader") != 0)
		return;
	diag_warning(r->diags, config->kernel_pos,
		     "kernel='%s' does nothing: hvmloader is started anyhow: "
		     "leave it out; another one is named by "
		     "firmware_override=", config->kernel);
	config->kernel = NULL;
}

/* A kernel by another name: GRUB as a guest, where xl looks for it. */
static void read_grub(struct reader *r)
{
	static const char *const names[] = { "pvgrub32", "pvgrub64" };
	struct guest_config *config = r->config;
	const char *text = reader_text(r, "firmware");

	if (!text || config->type == GUEST_HVM ||
	    reader_find(r, "firmware", text, names, 0, ARRAY_SIZE(names)) < 0)
		return;
	if (config->kernel || reader_text(r, "bootloader")) {
		diag_error(r->diags, reader_pos(r, "firmware"),
			   "firmware='%s': %s= is given, too, and a guest "
			   "starts with one of them: leave the other out", text,
			   config->kernel ? "kernel" : "bootloader");
		return;
	}
	config->kernel = arena_printf(config->memory,
				      XEN_FOLDER "/boot/%s.bin", text);
	if (!config->kernel)
		r->err = -ENOMEM;
	config->kernel_pos = reader_pos(r, "firmware");
	config->kernel_is_grub = true;
}

static void read_bootloader(struct reader *r)
{
	struct guest_config *config = r->config;

	config->bootloader = reader_text(r, "bootloader");
	config->bootloader_pos = reader_pos(r, "bootloader");
	reader_words(r, "bootloader_args", &config->bootloader_args);
	config->bootloader_user = reader_text(r, "bootloader_user");
	config->bootloader_restrict = reader_choice(r, "bootloader_restrict");
	if (config->bootloader_args.count && !config->bootloader &&
	    config->type != GUEST_HVM)
		diag_warning(r->diags, reader_pos(r, "bootloader_args"),
			     "bootloader_args does nothing: it is about "
			     "bootloader= only, which is not there");
}

static void warn_no_shim(struct reader *r)
{
	static const char *const parts[] = {
		"pvshim_path", "pvshim_cmdline", "pvshim_extra",
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (reader_raw(r, parts[i]))
			diag_warning(r->diags, reader_pos(r, parts[i]),
				     "%s does nothing: it is about pvshim=1 "
				     "only, which is not there", parts[i]);
}

static void read_shim(struct reader *r)
{
	struct shim_config *shim = &r->config->shim;

	if (r->config->type != GUEST_PVH)
		return;
	shim->enable = reader_choice(r, "pvshim");
	shim->path = choose(shim->enable, false) ?
		reader_file(r, "pvshim_path") : reader_text(r, "pvshim_path");
	shim->given_cmdline = reader_raw(r, "pvshim_cmdline");
	shim->extra = reader_text(r, "pvshim_extra");
	if (!choose(shim->enable, false)) {
		warn_no_shim(r);
		return;
	}
	/* without the first word it would take itself for a host */
	shim->cmdline = arena_printf(r->config->memory, "%s%s%s",
				     shim->given_cmdline ? shim->given_cmdline :
				     SHIM_CMDLINE, shim->extra ? " " : "",
				     shim->extra ? shim->extra : "");
	if (!shim->cmdline)
		r->err = -ENOMEM;
}

void reader_boot(struct reader *r)
{
	struct guest_config *config = r->config;

	config->kernel = reader_text(r, "kernel");
	config->kernel_pos = reader_pos(r, "kernel");
	config->ramdisk = reader_text(r, "ramdisk");
	config->ramdisk_pos = reader_pos(r, "ramdisk");
	read_cmdline(r);
	drop_hvmloader(r);
	read_grub(r);
	read_bootloader(r);
	read_shim(r);
	if (!config->kernel && !config->bootloader &&
	    config->type != GUEST_HVM && !r->broken &&
	    !reader_text(r, "firmware"))
		diag_error(r->diags, config->kernel_pos,
			   "a %s guest needs a kernel: add kernel=\"...\", or "
			   "bootloader=\"pygrub\" for one that is on its disk",
			   guest_type_title(config->type));
}

void reader_check_boot_disk(struct reader *r)
{
	const struct guest_config *config = r->config;

	if (config->bootloader && config->type != GUEST_HVM &&
	    !cfg_find(&r->tree, "disk") && !r->broken)
		diag_error(r->diags, config->bootloader_pos,
			   "bootloader='%s' looks for a kernel on the guest's "
			   "first disk, and there is none: add disk=[\"...\"]",
			   config->bootloader);
}
