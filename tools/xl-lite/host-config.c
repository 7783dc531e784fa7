/* SPDX-License-Identifier: MIT */
/* The host's own configuration; see host-config.h. */
#include "config.h"

#include "tools/xl-lite/host-config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/log.h"

#include "tools/xl-lite/cfg-parse.h"
#include "tools/xl-lite/remedy.h"

/* A file and what is to be learned from it. */
struct source {
	const char *path;
	bool ours;		/* unknown keys in it are mistakes */
	struct arena arena;
	struct cfg_tree tree;
	struct diags diags;
};

static void source_end(struct source *s)
{
	diags_clear(&s->diags);
	arena_free(&s->arena);
}

static int read_text(const char *path, char **text, size_t *size)
{
	CLEANUP_FCLOSE FILE *f = fopen(path, "re");
	CLEANUP_FREE char *buf = NULL;

	if (!f)
		return -errno;
	buf = malloc(CFG_MAX_SIZE);
	if (!buf)
		return -ENOMEM;
	*size = fread(buf, 1, CFG_MAX_SIZE, f);
	if (ferror(f))
		return -EIO;
	if (*size == CFG_MAX_SIZE)
		return -E2BIG;
	*text = STEAL_PTR(buf);
	return 0;
}

/* KEY's text, or NULL when it is not set. */
static const char *get_text(struct source *s, const char *key)
{
	const struct cfg_setting *setting = cfg_find(&s->tree, key);

	if (!setting)
		return NULL;
	if (setting->value->type == CFG_TEXT)
		return setting->value->text;
	diag_error(&s->diags, setting->pos, "%s: wants a text, not a list",
		   key);
	return NULL;
}

static void get_backend(struct source *s, const char *key, bool *kernel)
{
	const char *text = get_text(s, key);

	if (!text)
		return;
	*kernel = strcmp(text, "kernel") == 0;
	if (!*kernel && strcmp(text, "user") != 0)
		diag_error(&s->diags, cfg_find(&s->tree, key)->pos,
			   "%s=\"%s\": wants \"user\" (xl-lite's own backend) or \"kernel\"",
			   key, text);
}

/* KEY's text into TO, or into nothing when it is not set. */
static void get_name(struct source *s, const char *key, const char *what,
		     char *to, size_t size)
{
	const char *text = get_text(s, key);

	if (!text)
		return;
	if (!*text || strlen(text) >= size)
		diag_error(&s->diags, cfg_find(&s->tree, key)->pos,
			   "%s=\"%s\": is no name of %s", key, text, what);
	else
		snprintf(to, size, "%s", text);
}

static void get_vif_defaults(struct source *s, struct host_config *config)
{
	/* what they were called before Xen 4.2 comes first, and so loses */
	get_name(s, "defaultbridge", "a bridge", config->vif_bridge,
		 sizeof(config->vif_bridge));
	get_name(s, "vif.default.bridge", "a bridge", config->vif_bridge,
		 sizeof(config->vif_bridge));
	get_name(s, "vifscript", "a script", config->vif_script,
		 sizeof(config->vif_script));
	get_name(s, "vif.default.script", "a script", config->vif_script,
		 sizeof(config->vif_script));
	get_name(s, "vif.default.gatewaydev", "a device",
		 config->vif_gatewaydev, sizeof(config->vif_gatewaydev));
}

static void get_output_format(struct source *s, struct host_config *config)
{
	const char *key = "output_format", *text = get_text(s, key);

	if (!text)
		return;
	config->sxp = strcmp(text, "sxp") == 0;
	if (!config->sxp && strcmp(text, "json") != 0)
		diag_error(&s->diags, cfg_find(&s->tree, key)->pos,
			   "%s=\"%s\": wants \"json\"", key, text);
}

static void get_claim_mode(struct source *s, struct host_config *config)
{
	const char *key = "claim_mode", *text = get_text(s, key);

	if (!text)
		return;
	config->no_claims = strcmp(text, "0") == 0;
	if (!config->no_claims && strcmp(text, "1") != 0)
		diag_error(&s->diags, cfg_find(&s->tree, key)->pos,
			   "%s=%s: wants 0 or 1", key, text);
}

/* The list is understood when it is used: that takes knowing the host's cpus. */
static void get_cpus(struct source *s, const char *key,
		     char cpus[HOST_CPUS_MAX_BYTES])
{
	const char *text = get_text(s, key);

	if (!text)
		return;
	if (strlen(text) >= HOST_CPUS_MAX_BYTES)
		diag_error(&s->diags, cfg_find(&s->tree, key)->pos,
			   "%s: longer than %d bytes", key,
			   HOST_CPUS_MAX_BYTES - 1);
	else
		snprintf(cpus, HOST_CPUS_MAX_BYTES, "%s", text);
}

static void get_xl_keys(struct source *s, struct host_config *config)
{
	get_output_format(s, config);
	get_claim_mode(s, config);
	get_cpus(s, "vm.cpumask", config->cpus);
	get_cpus(s, "vm.pv.cpumask", config->cpus_pv);
	get_cpus(s, "vm.hvm.cpumask", config->cpus_hvm);
}

static void refuse_unknown(struct source *s)
{
	static const char *const known[] = {
		"disk.backend", "vif.backend", "vif.default.bridge",
		"vif.default.gatewaydev", "vif.default.script",
	};

	for (size_t i = 0; i < s->tree.count; i++) {
		const struct cfg_setting *setting = &s->tree.settings[i];
		bool found = false;

		for (size_t k = 0; k < ARRAY_SIZE(known); k++)
			found |= strcmp(setting->name, known[k]) == 0;
		if (!found)
			diag_error(&s->diags, setting->pos,
				   "%s: no such key: disk.backend, vif.backend, vif.default.bridge, vif.default.gatewaydev and vif.default.script are known",
				   setting->name);
	}
}

static int load(struct source *s, struct host_config *config)
{
	CLEANUP_FREE char *text = NULL;
	struct cfg_pos start = { .name = s->path, .line = 1, .column = 1 };
	size_t size = 0;
	int err = read_text(s->path, &text, &size);

	if (err == -ENOENT)
		return 0;
	if (err)
		return log_fail(err, "%s: %s: %s", s->path, strerror(-err),
				remedy_file(err));
	s->tree.arena = &s->arena;
	err = cfg_parse(&s->tree, text, size, start, &s->diags);
	if (err) {
		diags_print(&s->diags, stderr);
		return s->diags.errors ? err :
			log_fail(err, "%s: %s: %s", s->path, strerror(-err),
				 remedy_kernel(err));
	}
	if (s->ours) {
		refuse_unknown(s);
		get_backend(s, "disk.backend", &config->disk_kernel);
		get_backend(s, "vif.backend", &config->vif_kernel);
	} else {
		get_xl_keys(s, config);
	}
	get_vif_defaults(s, config);
	diags_print(&s->diags, stderr);
	return s->diags.errors ? -EINVAL : 0;
}

int host_config_load(struct host_config *config, const char *xl_path,
		     const char *our_path)
{
	CLEANUP(source_end) struct source xl = { .path = xl_path };
	CLEANUP(source_end) struct source ours = {
		.path = our_path,
		.ours = true,
	};
	int err;

	*config = (struct host_config) { .vif_bridge = "xenbr0" };
	err = load(&xl, config);
	return err ? err : load(&ours, config);
}
