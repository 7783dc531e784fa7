/* SPDX-License-Identifier: MIT */
/*
 * Our parsers against those of xl: libxlutil reads the same configurations,
 * disk strings and rates, tens of thousands of generated ones, and must come
 * to the same verdict and values. Where we differ on purpose is listed here,
 * and in xl-lite.cfg(5). libxlutil is opened at run time and only here; where
 * it is not installed this test is skipped.
 */
#include "config.h"

#include "tests/unit/cfg-test.h"

#include "tools/xl-lite/arena.h"
#include "tools/xl-lite/cfg-parse.h"
#include "tools/xl-lite/spec.h"

#include <dlfcn.h>
#include <errno.h>
#include <libxlutil.h>
#include <stdlib.h>

#define NUM_CONFIGS 20000
#define NUM_NUMBERS 5000
#define NUM_DISKS 20000
#define NUM_RATES 10000
#define MAX_SHOWN 10

/* What is used of the libraries, as X(name) for each function. */
#define XLU_FUNCTIONS(X) \
	X(xlu_cfg_init) \
	X(xlu_cfg_readdata) \
	X(xlu_cfg_destroy) \
	X(xlu_cfg_get_string) \
	X(xlu_cfg_get_long) \
	X(xlu_cfg_get_list) \
	X(xlu_cfg_get_listitem2) \
	X(xlu_cfg_value_type) \
	X(xlu_cfg_value_get_string) \
	X(xlu_cfg_value_get_list) \
	X(xlu_disk_parse) \
	X(xlu_vif_parse_rate) \
	X(libxl_device_disk_init) \
	X(libxl_device_disk_dispose) \
	X(libxl_defbool_is_default) \
	X(libxl_defbool_val) \
	X(libxl_device_nic_init) \
	X(libxl_device_nic_dispose)

#define MEMBER(name) __typeof__(name) *name;
struct oracle {
	XLU_FUNCTIONS(MEMBER)
	FILE *quiet;		/* where its messages go */
	XLU_Config *cfg;	/* for what needs one and does not use it */
};

/* The same numbers each run: a failure can be repeated. */
static unsigned int seed = 1;

static unsigned int up_to(unsigned int limit)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % limit;
}

static const char *one_of(const char *const *words, size_t count)
{
	return words[up_to(count)];
}

#define ONE_OF(words) one_of((words), ARRAY_SIZE(words))

static int failures;

static void differ(const char *what, const char *input, const char *xl,
		   const char *ours)
{
	if (failures++ < MAX_SHOWN)
		printf("%s: %s\n   xl: %s\n ours: %s\n", what, input, xl, ours);
}

/* --- the language ------------------------------------------------------ */

static const char *const keys[] = { "a", "b", "c" };

static void say_string(struct text *t)
{
	static const char *const strings[] = {
		"'x'", "\"x y\"", "''", "'it\\'s'", "\"\\\"\"", "'\\n\\t'",
		"'#'", "'['", "1", "0x10", "010", "12ab", "'\\\\'",
	};

	say(t, "%s", ONE_OF(strings));
}

static void say_space(struct text *t, bool lines)
{
	static const char *const spaces[] = { "", "", "", " ", "\t", "  " };
	static const char *const breaks[] = { "\n", " # x\n", "\n\n" };

	say(t, "%s", ONE_OF(spaces));
	if (lines && up_to(6) == 0)
		say(t, "%s", ONE_OF(breaks));
}

static void say_config_value(struct text *t, unsigned int depth)
{
	unsigned int count = up_to(4);

	if (depth == 3 || up_to(3)) {
		say_string(t);
		return;
	}
	say(t, "[");
	say_space(t, true);
	for (unsigned int i = 0; i < count; i++) {
		say_config_value(t, depth + 1);
		say_space(t, true);
		if (i + 1 < count || up_to(3) == 0) {
			say(t, ",");
			say_space(t, true);
		}
	}
	say(t, "]");
}

static void say_config(struct text *t)
{
	static const char *const ends[] = { "\n", ";", " ; ", " # x\n", "\n\n" };
	static const char *const marks[] = {
		"=", "+=", "'", "\"", "[", "]", ",", ";", "\n", "#", " ", "x",
		"9", "\\", "-", "A", "(", "a=", "\t", "\x7f", "\xc3\xa9",
	};
	unsigned int count = 1 + up_to(5);

	for (unsigned int i = 0; i < count; i++) {
		say(t, "%s", ONE_OF(keys));
		say_space(t, false);
		say(t, "%s", up_to(3) ? "=" : "+=");
		say_space(t, false);
		say_config_value(t, 0);
		say(t, "%s", ONE_OF(ends));
	}
	/* half of them are made wrong, or not, in one place */
	if (up_to(2)) {
		size_t at = up_to(t->used);

		if (up_to(3) == 0)
			t->s[t->used = at] = '\0';
		else
			t->s[at] = *ONE_OF(marks);
	}
}

/*
 * Deliberate: a comment may end the text without a newline, and \x and octal
 * escapes mean what they say.
 */
static bool language_differs(const char *text)
{
	const char *line = strrchr(text, '\n');

	if (strchr(line ? line : text, '#'))
		return true;
	for (const char *p = strchr(text, '\\'); p; p = strchr(p + 1, '\\'))
		if (p[1] == 'x' || (p[1] >= '0' && p[1] <= '7'))
			return true;
	return false;
}

static void say_xl_value(struct text *t, const struct oracle *o,
			 XLU_Config *cfg, XLU_ConfigValue *value)
{
	XLU_ConfigList *list;
	char *string;

	if (o->xlu_cfg_value_type(value) == XLU_STRING) {
		o->xlu_cfg_value_get_string(cfg, value, &string, 1);
		say(t, "'%s'", string);
		return;
	}
	o->xlu_cfg_value_get_list(cfg, value, &list, 1);
	say(t, "[");
	for (int i = 0; (value = o->xlu_cfg_get_listitem2(list, i)); i++) {
		say_xl_value(t, o, cfg, value);
		say(t, ",");
	}
	say(t, "]");
}

static void say_xl_config(struct text *t, const struct oracle *o,
			  const char *text, size_t size)
{
	XLU_Config *cfg = o->xlu_cfg_init(o->quiet, "t");

	if (o->xlu_cfg_readdata(cfg, text, size) != 0) {
		say(t, "error");
		o->xlu_cfg_destroy(cfg);
		return;
	}
	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		XLU_ConfigValue *value;
		XLU_ConfigList *list;
		const char *string;

		if (!o->xlu_cfg_get_string(cfg, keys[k], &string, 1)) {
			say(t, "%s='%s' ", keys[k], string);
		} else if (!o->xlu_cfg_get_list(cfg, keys[k], &list, NULL, 1)) {
			say(t, "%s=[", keys[k]);
			for (int i = 0; (value = o->xlu_cfg_get_listitem2(list,
								i)); i++) {
				say_xl_value(t, o, cfg, value);
				say(t, ",");
			}
			say(t, "] ");
		}
	}
	o->xlu_cfg_destroy(cfg);
}

static void say_our_value(struct text *t, const struct cfg_value *value)
{
	if (value->type == CFG_TEXT) {
		say(t, "'%s'", value->text);
		return;
	}
	say(t, "[");
	for (size_t i = 0; i < value->count; i++) {
		say_our_value(t, value->items[i]);
		say(t, ",");
	}
	say(t, "]");
}

static void say_our_config(struct text *t, const char *text, size_t size)
{
	struct cfg_pos pos = { .name = "t", .line = 1, .column = 1 };
	CLEANUP_DIAGS struct diags diags = { 0 };
	struct arena arena = { 0 };
	struct cfg_tree tree = { .arena = &arena };

	cfg_parse(&tree, text, size, pos, &diags);
	for (size_t k = 0; k < ARRAY_SIZE(keys) && !diags.errors; k++) {
		const struct cfg_setting *s = cfg_find(&tree, keys[k]);

		if (!s)
			continue;
		say(t, "%s=", keys[k]);
		say_our_value(t, s->value);
		say(t, " ");
	}
	if (diags.errors)
		say(t, "error");
	arena_free(&arena);
}

/* Deliberate: libxlutil does not see a stray byte that ends the text. */
static bool differs_in_last_byte(const struct text *text,
				 const struct text *xl)
{
	struct text ours = { .s = "" };

	say_our_config(&ours, text->s, text->used - 1);
	return strcmp(ours.s, xl->s) == 0;
}

static unsigned int compare_configs(const struct oracle *o)
{
	unsigned int good = 0;

	for (int i = 0; i < NUM_CONFIGS; i++) {
		struct text text = { .s = "" }, xl = { .s = "" };
		struct text ours = { .s = "" };

		say_config(&text);
		if (language_differs(text.s)) {
			i--;
			continue;
		}
		say_xl_config(&xl, o, text.s, text.used);
		say_our_config(&ours, text.s, text.used);
		if (strcmp(xl.s, ours.s) != 0 &&
		    !(text.used && differs_in_last_byte(&text, &xl)))
			differ("config", text.s, xl.s, ours.s);
		good += strcmp(xl.s, "error") != 0;
	}
	return good;
}

/* --- numbers ----------------------------------------------------------- */

static void compare_numbers(const struct oracle *o)
{
	static const char *const parts[] = {
		"", "0", "1", "7", "8", "9", "12", "x", "0x", "a", "f", "m",
		" ", "-", "+", "4294967295", ".", "99999999999",
	};

	for (int i = 0; i < NUM_NUMBERS; i++) {
		CLEANUP_GUEST_CONFIG struct guest_config *config = NULL;
		CLEANUP_DIAGS struct diags diags = { 0 };
		struct text text = { .s = "" }, xl = { .s = "error" };
		struct text ours = { .s = "error" };
		XLU_Config *cfg = o->xlu_cfg_init(o->quiet, "t");
		long number;

		say(&text, "name='g'\nkernel='/k'\nmemory='%s%s%s'\n",
		    ONE_OF(parts), ONE_OF(parts), ONE_OF(parts));
		/* deliberate: what is no sensible amount is an error */
		if (!o->xlu_cfg_readdata(cfg, text.s, text.used) &&
		    !o->xlu_cfg_get_long(cfg, "memory", &number, 1) &&
		    number > 0 && number <= UINT32_MAX)
			snprintf(xl.s, sizeof(xl.s), "%ld", number);
		if (!guest_config_parse("t", text.s, text.used, NULL, 0,
					&diags, &config))
			snprintf(ours.s, sizeof(ours.s), "%llu",
				 (unsigned long long)config->memory_kib / 1024);
		if (strcmp(xl.s, ours.s) != 0)
			differ("number", text.s, xl.s, ours.s);
		o->xlu_cfg_destroy(cfg);
	}
}

/* --- disks ------------------------------------------------------------- */

static void say_disk(struct text *t)
{
	static const char *const words[] = {
		"/x", "/dev/vg/a", "", "raw", "qcow2", "vhd", "qed", "qcow",
		"empty", "xvda", "hdc", "xvdb1", "sda2", "w", "rw", "r", "ro",
		"hdc:cdrom", "xvda:disk", "hda:tape", "cdrom", "devtype=cdrom",
		"devtype=disk", "devtype=x", "format=raw", "format=qcow2",
		"format=", "format=q", "vdev=xvdc", "vdev=", "access=r",
		"access=w", "access=", "access=q", "backend=dd", "backend=",
		"backendtype=phy", "backendtype=qdisk", "backendtype=tap",
		"backendtype=standalone", "backendtype=x", "script=s",
		"script=", "direct-io-safe", "discard", "no-discard",
		"target=/t", "target=/t,u=v", "target=", "bogus=x", "b=",
		"x=y", "phy:/p", "file:/f", "tap:aio:/t", "raw:/r", "qcow2:/q",
		"vhd:", "iscsi:i", "nbd:h", "drbd:d", "e:/x", "rbd:p", "rbd:",
		" /x", "/x ", " raw", "raw ", "\t", " ", "X", "9", "xvda:",
		":", "phy:raw", "file:vdev=xvda", "ioemu:/x", "tapdisk:/x",
	};
	static const char *const starts[] = {
		"", "/x,raw,xvda,", "/x,,hda", "vdev=xvda,", "phy:/x,xvda,w",
		"vdev=xvda,target=/x", "/x,raw,xvda,w",
	};
	unsigned int count = up_to(5);

	say(t, "%s", ONE_OF(starts));
	for (unsigned int i = 0; i < count; i++)
		say(t, "%s%s%s", ONE_OF(words),
		    i + 1 < count || up_to(4) == 0 ? "," : "",
		    up_to(8) ? "" : " ");
}

/*
 * Deliberate: what libxlutil lets through and libxl, a hotplug script or the
 * guest stumbles over later.
 */
static const char *const disk_stricter[] = {
	"no vdev is given",		/* an empty vdev */
	"is no vdev:",			/* libxl refuses it at create */
	"no target is given",		/* an empty target, and no cdrom */
	"format=empty, but",		/* libxl refuses it at create */
};

static void say_xl_disk(struct text *t, const struct oracle *o,
			const char *spec)
{
	static const char *const formats[] = {
		[LIBXL_DISK_FORMAT_QCOW] = "qcow",
		[LIBXL_DISK_FORMAT_QCOW2] = "qcow2",
		[LIBXL_DISK_FORMAT_VHD] = "vhd",
		[LIBXL_DISK_FORMAT_RAW] = "raw",
		[LIBXL_DISK_FORMAT_EMPTY] = "empty",
		[LIBXL_DISK_FORMAT_QED] = "qed",
	};
	static const char *const backends[] = {
		[LIBXL_DISK_BACKEND_UNKNOWN] = "default",
		[LIBXL_DISK_BACKEND_PHY] = "phy",
		[LIBXL_DISK_BACKEND_TAP] = "tap",
		[LIBXL_DISK_BACKEND_QDISK] = "qdisk",
		[LIBXL_DISK_BACKEND_STANDALONE] = "standalone",
	};
	libxl_device_disk d;

	o->libxl_device_disk_init(&d);
	if (o->xlu_disk_parse(o->cfg, 1, &spec, &d) != 0)
		say(t, "error");
	else
		say(t, "%s %s %s %s in '%s' script '%s'%s%s%s%s discard=%s",
		    d.vdev, d.pdev_path ? d.pdev_path : "", formats[d.format],
		    backends[d.backend],
		    d.backend_domname ? d.backend_domname : "",
		    d.script ? d.script : "", d.readwrite ? " rw" : "",
		    d.removable ? " removable" : "",
		    d.is_cdrom ? " cdrom" : "",
		    d.direct_io_safe ? " direct" : "",
		    o->libxl_defbool_is_default(d.discard_enable) ? "default" :
		    o->libxl_defbool_val(d.discard_enable) ? "yes" : "no");
	o->libxl_device_disk_dispose(&d);
}

static void say_our_disk(struct text *t, struct spec spec)
{
	static const char *const choices[] = {
		[CHOICE_DEFAULT] = "default",
		[CHOICE_NO] = "no",
		[CHOICE_YES] = "yes",
	};
	struct disk_config d;

	if (disk_spec_parse(&spec, &d) != 0)
		say(t, "error");
	else
		say(t, "%s %s %s %s in '%s' script '%s'%s%s%s%s discard=%s",
		    d.vdev, d.target ? d.target : "",
		    disk_format_name(d.format),
		    disk_backendtype_name(d.backendtype),
		    d.backend_domain ? d.backend_domain : "",
		    d.script ? d.script : "", d.readonly ? "" : " rw",
		    d.removable ? " removable" : "", d.cdrom ? " cdrom" : "",
		    d.direct_io_safe ? " direct" : "", choices[d.discard]);
}

static bool disk_is_stricter(const struct text *spec,
			     const struct diags *diags)
{
	/* libxlutil does not see a '=' that ends the string */
	if (diags->count && spec->used && spec->s[spec->used - 1] == '=')
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(disk_stricter); i++)
		if (diags->count && strstr(diags->list[0].text,
					   disk_stricter[i]))
			return true;
	return false;
}

static unsigned int compare_disks(const struct oracle *o)
{
	unsigned int good = 0;

	for (int i = 0; i < NUM_DISKS; i++) {
		CLEANUP_DIAGS struct diags diags = { 0 };
		struct text text = { .s = "" }, xl = { .s = "" };
		struct text ours = { .s = "" };
		struct arena arena = { 0 };

		say_disk(&text);
		say_xl_disk(&xl, o, text.s);
		say_our_disk(&ours, (struct spec){
			.text = text.s, .arena = &arena, .diags = &diags,
		});
		good += strcmp(xl.s, "error") != 0;
		if (strcmp(xl.s, ours.s) != 0 &&
		    !disk_is_stricter(&text, &diags))
			differ("disk", text.s, xl.s, diags.count ?
			       diags.list[0].text : ours.s);
		arena_free(&arena);
	}
	return good;
}

/* --- rates ------------------------------------------------------------- */

static unsigned int compare_rates(const struct oracle *o)
{
	static const char *const numbers[] = {
		"1", "10", "010", "08", "0", "", "4294967295", "4294967296",
		"99999999999999999999", "0x10", "-1", " 5", "125",
	};
	static const char *const units[] = {
		"GB/s", "MB/s", "KB/s", "B/s", "Gb/s", "Mb/s", "Kb/s", "b/s",
		"MB", "mb/s", "", "/s", "TB/s", "MBs", "B/s ",
	};
	static const char *const intervals[] = {
		"", "", "@", "@20ms", "@20us", "@20s", "@20", "@20m", "@20u",
		"@0", "@4294", "@4295", "@5000000ms", "@4294967296us", "@1h",
		"@010ms", "@@1", "@1ms@1",
	};
	unsigned int good = 0;

	for (int i = 0; i < NUM_RATES; i++) {
		struct text text = { .s = "" }, xl = { .s = "error" };
		struct text ours = { .s = "error" };
		uint32_t interval;
		uint64_t bytes;
		libxl_device_nic nic;

		say(&text, "%s%s%s", ONE_OF(numbers), ONE_OF(units),
		    ONE_OF(intervals));
		o->libxl_device_nic_init(&nic);
		errno = 0;
		if (o->xlu_vif_parse_rate(o->cfg, text.s, &nic) == 0) {
			/* deliberate: a rate of nothing is an error */
			if (nic.rate_bytes_per_interval)
				snprintf(xl.s, sizeof(xl.s), "%llu,%u",
					 (unsigned long long)
					 nic.rate_bytes_per_interval,
					 nic.rate_interval_usecs);
			good++;
		}
		o->libxl_device_nic_dispose(&nic);
		if (!vif_rate_parse(text.s, &bytes, &interval))
			snprintf(ours.s, sizeof(ours.s), "%llu,%u",
				 (unsigned long long)bytes, interval);
		if (strcmp(xl.s, ours.s) != 0)
			differ("rate", text.s, xl.s, ours.s);
	}
	return good;
}

/* ----------------------------------------------------------------------- */

static bool open_oracle(struct oracle *o)
{
	void *xlu = dlopen("libxlutil.so", RTLD_NOW | RTLD_GLOBAL);

	if (!xlu) {
		printf("skipped: %s\n", dlerror());
		return false;
	}
#define LOOK_UP(name) \
	*(void **)&o->name = dlsym(xlu, #name); \
	if (!o->name) { \
		printf("skipped: libxlutil has no %s\n", #name); \
		return false; \
	}
	XLU_FUNCTIONS(LOOK_UP)
	o->quiet = fopen("/dev/null", "w");
	o->cfg = o->quiet ? o->xlu_cfg_init(o->quiet, "t") : NULL;
	return o->cfg != NULL;
}

#ifdef SANITIZERS
/* Asked by LeakSanitizer: libxlutil leaks tokens behind syntax errors. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:xlu_";
}
#endif

int main(void)
{
	struct oracle o = { 0 };
	unsigned int configs, disks, rates;

	if (!open_oracle(&o))
		return 77;
	configs = compare_configs(&o);
	compare_numbers(&o);
	disks = compare_disks(&o);
	rates = compare_rates(&o);
	printf("xl accepts %u of %d configs, %u of %d disks, %u of %d rates; "
	       "%d differences\n", configs, NUM_CONFIGS, disks, NUM_DISKS,
	       rates, NUM_RATES, failures);
	o.xlu_cfg_destroy(o.cfg);
	fclose(o.quiet);
	return failures != 0;
}
