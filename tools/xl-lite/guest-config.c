/* SPDX-License-Identifier: MIT */
/*
 * From settings to a guest: what the keys mean. One pass judges every setting
 * by the key table; then each field is taken from its key. What a pass found
 * wrong reads as not given for what comes after, so that one mistake is one
 * message, and all mistakes are found in one run.
 */
#include "config.h"

#include "tools/xl-lite/guest-config.h"

#include "tools/xl-lite/arena.h"
#include "tools/xl-lite/keys.h"
#include "tools/xl-lite/reader.h"
#include "tools/xl-lite/spec.h"
#include "tools/xl-lite/suggest.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_NAME "command line"
#define DEFAULT_MEMORY_MIB 32		/* libxl's */
#define MAX_MEMORY_MIB UINT32_MAX
#define MAX_PV_VCPUS 8192		/* Xen's MAX_VIRT_CPUS */
#define MAX_HVM_VCPUS 128		/* Xen's HVM_MAX_VCPUS */
#define MAX_DEVICES 4096		/* of a sort; a sane file has ten */

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

const char *shutdown_action_name(enum shutdown_action action)
{
	return action_names[action];
}

static void check_number(struct reader *r, const struct cfg_setting *s)
{
	char advice[80];
	long number;

	if (s->appended) {
		diag_error(r->diags, s->value->pos,
			   "%s: += does not add numbers: write %s=", s->name,
			   s->name);
	} else if (!reader_parse_number(s->value->text, &number)) {
		key_number_advice(s->name, s->value->text, advice,
				  sizeof(advice));
		diag_error(r->diags, s->value->pos,
			   "%s='%s' is not a number: %s", s->name,
			   s->value->text, advice);
	}
}

static void check_items(struct reader *r, const struct cfg_setting *s)
{
	const struct cfg_value *list = s->value;

	for (size_t i = 0; i < list->count; i++)
		if (list->items[i]->type == CFG_LIST)
			diag_error(r->diags, list->items[i]->pos,
				   "%s: a list is here, where text is needed",
				   s->name);
}

/* Is the value of the sort that its key takes? */
static void check_kind(struct reader *r, const struct cfg_setting *s,
		       const struct key *key)
{
	bool list = s->value->type == CFG_LIST;

	switch (key->kind) {
	case KIND_ANY:
		break;
	case KIND_NUMBER:
	case KIND_BOOL:
		if (list)
			diag_error(r->diags, s->value->pos,
				   "%s is a number, not a list", s->name);
		else
			check_number(r, s);
		break;
	case KIND_TEXT:
		if (list)
			diag_error(r->diags, s->value->pos,
				   "%s is one text, not a list", s->name);
		break;
	case KIND_LIST:
		if (!list)
			diag_error(r->diags, s->value->pos,
				   "%s is a list: write %s=[\"...\"]", s->name,
				   s->name);
		else
			check_items(r, s);
		break;
	case KIND_TEXT_OR_LIST:
		if (list)
			check_items(r, s);
		break;
	case KIND_NUMBER_OR_LIST:
		if (list)
			check_items(r, s);
		else
			check_number(r, s);
		break;
	}
}

/* Does the value ask for nothing but what is so anyhow? */
static bool is_inert(const struct cfg_setting *s, const struct key *key)
{
	long number, inert;

	if (s->value->type == CFG_LIST)
		return s->value->count == 0;
	if (!key->inert)
		return false;
	if (key->kind != KIND_TEXT && reader_parse_number(key->inert, &inert) &&
	    reader_parse_number(s->value->text, &number))
		return key->kind == KIND_BOOL ? !number == !inert
					      : number == inert;
	return strcmp(s->value->text, key->inert) == 0;
}

static void check_status(struct reader *r, const struct cfg_setting *s,
			 const struct key *key)
{
	enum guest_type type = r->config->type;

	if (key->acts & 1U << type || is_inert(s, key))
		return;
	if (!(key->guests & 1U << type))
		diag_warning(r->diags, s->pos, "%s does nothing for a %s "
			     "guest", s->name, type_titles[type]);
	else if (key->status == KEY_IDLE)
		diag_warning(r->diags, s->pos, "%s does nothing: %s", s->name,
			     key->note);
	else
		diag_error(r->diags, s->pos, "%s: xl knows this key, but "
			   "xl-lite does not do it yet: leave it out, or use "
			   "xl for this guest", s->name);
}

static void check_settings(struct reader *r)
{
	for (size_t i = 0; i < r->tree.count; i++) {
		const struct cfg_setting *s = &r->tree.settings[i];
		const struct key *key = key_find(s->name);
		const char *meant;

		if (key) {
			check_kind(r, s, key);
			check_status(r, s, key);
			continue;
		}
		meant = diags_full(r->diags) ? NULL : key_suggest(s->name);
		diag_warning(r->diags, s->pos, "%s is not a key, so it does "
			     "nothing%s%s%s", s->name,
			     meant ? ": did you mean '" : "",
			     meant ? meant : "", meant ? "'?" : "");
	}
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
	if (config->bootloader_args.count && !config->bootloader &&
	    config->type != GUEST_HVM)
		diag_warning(r->diags, reader_pos(r, "bootloader_args"),
			     "bootloader_args does nothing: it is about "
			     "bootloader= only, which is not there");
}

static void read_boot(struct reader *r)
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
	if (!config->kernel && !config->bootloader &&
	    config->type != GUEST_HVM && !r->broken &&
	    !reader_text(r, "firmware"))
		diag_error(r->diags, config->kernel_pos,
			   "a %s guest needs a kernel: add kernel=\"...\", or "
			   "bootloader=\"pygrub\" for one that is on its disk",
			   type_titles[config->type]);
}

/* What finds a kernel on a disk needs a disk. */
static void check_boot_disk(struct reader *r)
{
	const struct guest_config *config = r->config;

	if (config->bootloader && config->type != GUEST_HVM &&
	    !cfg_find(&r->tree, "disk") && !r->broken)
		diag_error(r->diags, config->bootloader_pos,
			   "bootloader='%s' looks for a kernel on the guest's "
			   "first disk, and there is none: add disk=[\"...\"]",
			   config->bootloader);
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

/* The COUNT items of list KEY, of which those that are no text count not. */
static struct cfg_value **get_items(struct reader *r, const char *key,
				    size_t *count)
{
	const struct cfg_setting *s = cfg_find(&r->tree, key);

	*count = 0;
	if (!s || s->value->type != CFG_LIST)
		return NULL;
	if (s->value->count > MAX_DEVICES) {
		diag_error(r->diags, s->value->pos,
			   "%s: %zu devices are too many: at most %d", key,
			   s->value->count, MAX_DEVICES);
		return NULL;
	}
	*count = s->value->count;
	return s->value->items;
}

static struct spec item_spec(struct reader *r, const struct cfg_value *item)
{
	return (struct spec){
		.text = item->text,
		.pos = cfg_text_pos(item, 0),
		.exact = item->text_column != 0,
		.arena = r->config->memory,
		.diags = r->diags,
	};
}

static void note_error(struct reader *r, int err)
{
	if (err == -ENOMEM)
		r->err = err;
}

static void check_vdev_unique(struct reader *r, const struct disk_config *disk)
{
	for (size_t i = 0; i < r->config->num_disks; i++) {
		const struct disk_config *other = &r->config->disks[i];

		if (other->vdev_number != disk->vdev_number)
			continue;
		diag_error(r->diags, disk->pos,
			   "disk: vdev %s is used twice: here and at %s:%u",
			   disk->vdev, other->pos.name, other->pos.line);
		return;
	}
}

static void read_disks(struct reader *r)
{
	struct guest_config *config = r->config;
	size_t count;
	struct cfg_value **items = get_items(r, "disk", &count);

	config->disks = arena_alloc(config->memory,
				    count * sizeof(*config->disks));
	if (!config->disks) {
		r->err = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct disk_config *disk = &config->disks[config->num_disks];
		struct spec spec = item_spec(r, items[i]);
		int err;

		if (items[i]->type != CFG_TEXT)
			continue;
		err = disk_spec_parse(&spec, disk);
		if (err) {
			note_error(r, err);
			continue;
		}
		check_vdev_unique(r, disk);
		config->num_disks++;
	}
}

static void check_vif_unique(struct reader *r, const struct vif_config *vif)
{
	for (size_t i = 0; i < r->config->num_vifs; i++) {
		const struct vif_config *other = &r->config->vifs[i];

		if (other->devid == vif->devid)
			diag_error(r->diags, vif->pos,
				   "vif: devid %u is used twice: here and at "
				   "%s:%u", vif->devid, other->pos.name,
				   other->pos.line);
		if (other->mac_set && vif->mac_set &&
		    memcmp(other->mac, vif->mac, sizeof(vif->mac)) == 0)
			diag_error(r->diags, vif->pos,
				   "vif: the MAC address is used twice: here "
				   "and at %s:%u", other->pos.name,
				   other->pos.line);
	}
}

static void read_vifs(struct reader *r)
{
	struct guest_config *config = r->config;
	size_t count;
	struct cfg_value **items = get_items(r, "vif", &count);

	config->vifs = arena_alloc(config->memory,
				   count * sizeof(*config->vifs));
	if (!config->vifs) {
		r->err = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct vif_config *vif = &config->vifs[config->num_vifs];
		struct spec spec = item_spec(r, items[i]);
		int err;

		if (items[i]->type != CFG_TEXT)
			continue;
		vif->devid = i;
		err = vif_spec_parse(&spec, vif);
		if (err) {
			note_error(r, err);
			continue;
		}
		check_vif_unique(r, vif);
		config->num_vifs++;
	}
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
	check_settings(r);
	read_name(r);
	read_uuid(r);
	read_boot(r);
	read_memory(r);
	read_vcpus(r);
	read_paging(r);
	read_clock(r);
	reader_xen(r);
	reader_hvm(r);
	read_actions(r);
	read_disks(r);
	read_vifs(r);
	check_boot_disk(r);
}

/* The words, a line each, so that a line's number is the word's. */
static int parse_words(struct reader *r, char *const *words, size_t count)
{
	struct cfg_pos pos = {
		.name = WORDS_NAME, .line = 1, .column = 1, .rank = 1,
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

static struct guest_config *new_config(const char *name)
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
	CLEANUP_GUEST_CONFIG struct guest_config *config = new_config(name);
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

/* A spec of each word, which is a line of the command line. */
static struct spec *words_specs(struct guest_config *config,
				char *const *words, size_t count,
				struct diags *diags)
{
	struct spec *specs = arena_alloc(config->memory,
					 (count + 1) * sizeof(*specs));

	for (size_t i = 0; specs && i < count; i++)
		specs[i] = (struct spec) {
			.text = words[i],
			.pos = { .name = WORDS_NAME, .line = i + 1,
				 .column = 1, .rank = 1 },
			.exact = true,
			.arena = config->memory,
			.diags = diags,
		};
	return specs;
}

int guest_config_parse_disk(char *const *words, size_t count,
			    struct diags *diags, struct guest_config **ret)
{
	CLEANUP_GUEST_CONFIG struct guest_config *config =
		new_config(WORDS_NAME);
	struct spec *specs;
	int err;

	if (!config)
		return -ENOMEM;
	specs = words_specs(config, words, count, diags);
	config->disks = arena_alloc(config->memory, sizeof(*config->disks));
	if (!specs || !config->disks)
		return -ENOMEM;
	err = disk_specs_parse(specs, count, config->disks);
	if (err)
		return err;
	config->num_disks = 1;
	*ret = STEAL_PTR(config);
	return 0;
}

int guest_config_parse_vif(char *const *words, size_t count,
			   struct diags *diags, struct guest_config **ret)
{
	CLEANUP_GUEST_CONFIG struct guest_config *config =
		new_config(WORDS_NAME);
	struct spec *specs;
	int err;

	if (!config)
		return -ENOMEM;
	specs = words_specs(config, words, count, diags);
	config->vifs = arena_alloc(config->memory, sizeof(*config->vifs));
	if (!specs || !config->vifs)
		return -ENOMEM;
	config->vifs->devid = VIF_DEVID_NEXT;
	err = vif_specs_parse(specs, count, config->vifs);
	if (err)
		return err;
	config->num_vifs = 1;
	*ret = STEAL_PTR(config);
	return 0;
}

/* COUNT elements of SIZE bytes; room for one more, so that none is no failure. */
static void *copy_array(struct guest_config *config, const void *array,
			size_t count, size_t size)
{
	void *copy = arena_alloc(config->memory, (count + 1) * size);

	if (copy && count)
		memcpy(copy, array, count * size);
	return copy;
}

int guest_config_set_disks(struct guest_config *config,
			   const struct disk_config *disks, size_t count)
{
	struct disk_config *list = copy_array(config, disks, count,
					      sizeof(*list));

	if (!list)
		return -ENOMEM;
	config->disks = list;
	config->num_disks = count;
	return 0;
}

int guest_config_set_vifs(struct guest_config *config,
			  const struct vif_config *vifs, size_t count)
{
	struct vif_config *list = copy_array(config, vifs, count,
					     sizeof(*list));

	if (!list)
		return -ENOMEM;
	config->vifs = list;
	config->num_vifs = count;
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
