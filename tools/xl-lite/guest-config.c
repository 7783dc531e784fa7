/* SPDX-License-Identifier: MIT */
/*
 * From settings to a guest: what the keys mean. One pass judges every setting
 * by the key table (guest-check.c); then each field is taken from its key, here
 * and in the other files of reader.h. What a pass found wrong reads as not given
 * for what comes after, so that one mistake is one message, and all mistakes are
 * found in one run.
 */
#include "config.h"

#include "tools/xl-lite/guest-config.h"

#include "tools/xl-lite/arena.h"
#include "tools/xl-lite/reader.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_MEMORY_MIB 32		/* libxl's */
#define MAX_MEMORY_MIB UINT32_MAX
#define MAX_PV_VCPUS 8192		/* Xen's MAX_VIRT_CPUS */
#define MAX_HVM_VCPUS 128		/* Xen's HVM_MAX_VCPUS */

static const char *const type_names[] = {
	[GUEST_PV] = "pv",
	[GUEST_PVH] = "pvh",
	[GUEST_HVM] = "hvm",
};

static const char *const type_titles[] = {
	[GUEST_PV] = "PV",
	[GUEST_PVH] = "PVH",
	[GUEST_HVM] = "HVM",
};

static const char *const action_names[] = {
	[ACTION_DESTROY] = "destroy",
	[ACTION_RESTART] = "restart",
	[ACTION_RENAME_RESTART] = "rename-restart",
	[ACTION_PRESERVE] = "preserve",
	[ACTION_COREDUMP_DESTROY] = "coredump-destroy",
	[ACTION_COREDUMP_RESTART] = "coredump-restart",
	[ACTION_SOFT_RESET] = "soft-reset",
};

const char *guest_type_name(enum guest_type type)
{
	return type_names[type];
}

const char *guest_type_title(enum guest_type type)
{
	return type_titles[type];
}

const char *shutdown_action_name(enum shutdown_action action)
{
	return action_names[action];
}

static void read_type(struct reader *r)
{
	static const char *const builders[] = { "generic", "hvm" };
	const char *text = reader_raw(r, "type");
	const char *builder = reader_raw(r, "builder");
	enum guest_type built;
	int i;

	if (text) {
		i = reader_find(r, "type", text, type_names, 0,
				ARRAY_SIZE(type_names));
		if (i >= 0)
			r->config->type = i;
	}
	if (!builder)
		return;
	i = reader_find(r, "builder", builder, builders, 0,
			ARRAY_SIZE(builders));
	if (i < 0)
		return;
	built = i ? GUEST_HVM : GUEST_PV;
	if (text && built != r->config->type)
		diag_error(r->diags, reader_pos(r, "builder"),
			   "builder=\"%s\" contradicts type=\"%s\": builder is "
			   "the old name of type: leave it out", builder, text);
	else
		r->config->type = built;
}

static bool all_digits(const char *text)
{
	return text[strspn(text, "0123456789")] == '\0';
}

static void read_name(struct reader *r)
{
	const char *name = reader_text(r, "name");
	struct cfg_pos pos = reader_pos(r, "name");

	r->config->name = name;
	if (!name) {
		const struct cfg_setting *s = cfg_find(&r->tree, "name");

		if ((!s && !r->broken) || (s && s->value->type == CFG_TEXT))
			diag_error(r->diags, pos, "the guest has no name: "
				   "add name=\"...\"");
		return;
	}
	for (const char *c = name; *c; c++) {
		if (*c == '/' || iscntrl((unsigned char)*c)) {
			diag_error(r->diags, pos, "name='%s': a name must not "
				   "have %s in it: files are called after it",
				   name, *c == '/' ? "a slash"
						   : "a control character");
			return;
		}
	}
	if (strlen(name) > GUEST_NAME_MAX)
		diag_error(r->diags, pos, "the name is %zu bytes long, at most "
			   "%d will do: files are called after it",
			   strlen(name), GUEST_NAME_MAX);
	if (all_digits(name))
		diag_warning(r->diags, pos, "name='%s': commands will take "
			     "this for the number of a domain", name);
}

static bool parse_uuid(const char *text, uint8_t uuid[16])
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	unsigned int digits = 0;

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++) {
		char pair[2] = { text[i], '\0' };

		if (form[i] == '-' && text[i] == '-')
			continue;
		if (form[i] == '-' || !isxdigit((unsigned char)text[i]))
			return false;
		uuid[digits / 2] = uuid[digits / 2] << 4 |
				   strtoul(pair, NULL, 16);
		digits++;
	}
	return true;
}

static void read_uuid(struct reader *r)
{
	const char *text = reader_raw(r, "uuid");

	if (!text)
		return;
	if (parse_uuid(text, r->config->uuid))
		r->config->uuid_set = true;
	else
		diag_error(r->diags, reader_pos(r, "uuid"),
			   "uuid='%s' is no UUID: the form is "
			   "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx in hex digits; "
			   "without one it is random", text);
}

static void read_memory(struct reader *r)
{
	struct guest_config *config = r->config;
	bool given = cfg_find(&r->tree, "memory") ||
		     cfg_find(&r->tree, "maxmem");
	long mib = DEFAULT_MEMORY_MIB, max_mib;
	bool has_memory, has_max;

	has_memory = reader_number(r, "memory", 1, MAX_MEMORY_MIB, &mib);
	has_max = reader_number(r, "maxmem", 1, MAX_MEMORY_MIB, &max_mib);
	if (!given && !r->broken)
		diag_warning(r->diags, reader_pos(r, "memory"),
			     "memory is not given: the guest gets %d MiB, as "
			     "with xl: add memory=512 for 512 MiB",
			     DEFAULT_MEMORY_MIB);
	if (!has_max)
		max_mib = mib;
	else if (!has_memory)
		mib = max_mib;
	if (max_mib < mib)
		diag_error(r->diags, reader_pos(r, "maxmem"),
			   "maxmem=%ld is less than memory=%ld: a guest cannot "
			   "have more than its maximum", max_mib, mib);
	config->memory_set = has_memory;
	config->maxmem_set = has_max;
	config->memory_kib = (uint64_t)mib * 1024;
	config->maxmem_kib = (uint64_t)max_mib * 1024;
}

static void read_vcpus(struct reader *r)
{
	struct guest_config *config = r->config;
	long most = config->type == GUEST_PV ? MAX_PV_VCPUS : MAX_HVM_VCPUS;
	long vcpus = 1, max;

	config->vcpus_set = reader_number(r, "vcpus", 1, most, &vcpus);
	config->maxvcpus_set = reader_number(r, "maxvcpus", 1, most, &max);
	if (!config->maxvcpus_set)
		max = vcpus;
	if (max < vcpus)
		diag_error(r->diags, reader_pos(r, "maxvcpus"),
			   "maxvcpus=%ld is less than vcpus=%ld: a guest cannot "
			   "have more than its maximum", max, vcpus);
	config->vcpus = vcpus;
	config->maxvcpus = max;
}

static void read_action(struct reader *r, const char *key,
			enum shutdown_action otherwise,
			enum shutdown_action *ret)
{
	const char *text = reader_raw(r, key);
	int i;

	*ret = otherwise;
	if (!text)
		return;
	i = reader_find(r, key, text, action_names, ACTION_DESTROY,
			ARRAY_SIZE(action_names));
	if (i >= 0)
		*ret = i;
}

static void read_actions(struct reader *r)
{
	struct guest_config *c = r->config;

	read_action(r, "on_poweroff", ACTION_DESTROY, &c->on_poweroff);
	read_action(r, "on_reboot", ACTION_RESTART, &c->on_reboot);
	read_action(r, "on_crash", ACTION_DESTROY, &c->on_crash);
	read_action(r, "on_watchdog", ACTION_DESTROY, &c->on_watchdog);
	read_action(r, "on_soft_reset", ACTION_SOFT_RESET, &c->on_soft_reset);
}

static void read_paging(struct reader *r)
{
	struct guest_config *config = r->config;
	long mib;

	config->hap = reader_choice(r, "hap");
	config->shadow_set = reader_number(r, "shadow_memory", 0,
					   MAX_MEMORY_MIB, &mib);
	if (config->shadow_set)
		config->shadow_kib = (uint64_t)mib * 1024;
}

static void read_clock(struct reader *r)
{
	struct guest_config *config = r->config;
	long seconds;

	config->localtime = reader_choice(r, "localtime");
	if (reader_number(r, "rtc_timeoffset", INT_MIN, INT_MAX, &seconds))
		config->rtc_timeoffset = seconds;
}

static void read_settings(struct reader *r)
{
	read_type(r);	/* the others depend on it */
	reader_check_settings(r);
	read_name(r);
	read_uuid(r);
	reader_boot(r);
	read_memory(r);
	read_vcpus(r);
	read_paging(r);
	read_clock(r);
	reader_xen(r);
	reader_cpuid(r);
	reader_hardware(r);
	reader_hvm(r);
	reader_devices(r);
	read_actions(r);
	reader_disks(r);
	reader_vifs(r);
	reader_check_boot_disk(r);
}

/* The words, a line each, so that a line's number is the word's. */
static int parse_words(struct reader *r, char *const *words, size_t count)
{
	struct cfg_pos pos = {
		.name = GUEST_CONFIG_WORDS, .line = 1, .column = 1, .rank = 1,
	};
	size_t size = 0;
	char *text, *end;

	for (size_t i = 0; i < count; i++)
		size += strlen(words[i]) + 1;
	text = end = arena_alloc(r->config->memory, size + 1);
	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		end = stpcpy(end, words[i]);
		*end++ = '\n';
	}
	return cfg_parse(&r->tree, text, size, pos, r->diags);
}

/* The words are lines behind the file's, as xl itself reads them. */
static int keep_text(struct guest_config *config, const char *text, size_t size,
		     char *const *words, size_t count)
{
	size_t room = size + 1;
	char *all, *end;

	for (size_t i = 0; i < count; i++)
		room += strlen(words[i]) + 1;
	all = arena_alloc(config->memory, room);
	if (!all)
		return -ENOMEM;
	memcpy(all, text, size);
	end = all + size;
	if (size && end[-1] != '\n')
		*end++ = '\n';
	for (size_t i = 0; i < count; i++) {
		end = stpcpy(end, words[i]);
		*end++ = '\n';
	}
	config->text = all;
	config->text_size = end - all;
	return 0;
}

struct guest_config *guest_config_new(const char *name)
{
	struct guest_config *config = calloc(1, sizeof(*config));

	if (!config)
		return NULL;
	config->memory = calloc(1, sizeof(struct arena));
	config->source = name;
	if (!config->memory) {
		free(config);
		return NULL;
	}
	return config;
}

int guest_config_parse(const char *name, const char *text, size_t size,
		       char *const *words, size_t num_words,
		       struct diags *diags, struct guest_config **ret)
{
	CLEANUP_GUEST_CONFIG struct guest_config *config = guest_config_new(name);
	struct cfg_pos pos = { .name = name, .line = 1, .column = 1 };
	struct reader r = { .config = config, .diags = diags };
	size_t errors = diags->errors;
	int err;

	if (!config)
		return -ENOMEM;
	r.tree.arena = config->memory;
	err = cfg_parse(&r.tree, text, size, pos, diags);
	if (!err)
		err = parse_words(&r, words, num_words);
	if (err)
		return err;
	r.broken = diags->errors != errors;
	read_settings(&r);
	if (r.err)
		return r.err;
	if (diags->errors != errors)
		return -EINVAL;
	err = keep_text(config, text, size, words, num_words);
	if (err)
		return err;
	*ret = STEAL_PTR(config);
	return 0;
}

const char *guest_config_keep(struct guest_config *config, const char *text)
{
	return text ? arena_strndup(config->memory, text, strlen(text)) : NULL;
}

void guest_config_free(struct guest_config *config)
{
	if (!config)
		return;
	arena_free(config->memory);
	free(config->memory);
	free(config);
}
