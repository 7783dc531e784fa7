/* SPDX-License-Identifier: MIT */
/*
 * disk=['...']: the grammar of libxlutil, which grew over two decades.
 *
 * Parameters are separated by commas, blanks before one do not count. One is
 * a KEY=VALUE, a flag, or else positional: target, format, vdev, access.
 * 'target=' takes all the rest. Old prefixes ("phy:", "file:") may stand
 * before any parameter; after one the format has no position of its own.
 * Where vdev is positional it may have ":cdrom" or ":disk" behind it.
 */
#include "config.h"

#include "tools/xl-lite/spec.h"

#include "tools/xl-lite/suggest.h"
#include "tools/xl-lite/vdev.h"

#include <errno.h>
#include <string.h>

struct parser {
	const struct spec *spec;
	struct disk_config *disk;
	const char *at;			/* what is not parsed yet */
	const char *target, *vdev;	/* NULL: not given; "" can be again */
	struct cfg_pos vdev_pos;
	bool had_prefix, format_set, access_set;
	bool backendtype_set, writable_wanted;
	int err;
};

#define ERROR(p, at, ...) \
	do { \
		diag_error((p)->spec->diags, spec_pos((p)->spec, (at)), \
			   "disk: " __VA_ARGS__); \
		(p)->err = -EINVAL; \
	} while (0)

/* An option's value: a NUL-ended copy in the arena, and where it stands. */
struct option {
	const char *value;
	const char *at;
};

static const char *const format_names[] = {
	[DISK_FORMAT_RAW] = "raw",
	[DISK_FORMAT_QCOW] = "qcow",
	[DISK_FORMAT_QCOW2] = "qcow2",
	[DISK_FORMAT_VHD] = "vhd",
	[DISK_FORMAT_QED] = "qed",
	[DISK_FORMAT_EMPTY] = "empty",
};

static const char *const backendtype_names[] = {
	[DISK_BACKEND_DEFAULT] = "default",
	[DISK_BACKEND_PHY] = "phy",
	[DISK_BACKEND_TAP] = "tap",
	[DISK_BACKEND_QDISK] = "qdisk",
	[DISK_BACKEND_STANDALONE] = "standalone",
};

const char *disk_format_name(enum disk_format format)
{
	return format_names[format];
}

const char *disk_backendtype_name(enum disk_backendtype type)
{
	return backendtype_names[type];
}

/* Index of VALUE in NAMES from FIRST on, or -1. */
static int name_index(const char *const *names, size_t first, size_t count,
		      const char *value)
{
	for (size_t i = first; i < count; i++)
		if (strcmp(names[i], value) == 0)
			return i;
	return -1;
}

static void set_format(struct parser *p, struct option o)
{
	int format = *o.value ? name_index(format_names, 0,
					   ARRAY_SIZE(format_names), o.value)
			      : DISK_FORMAT_RAW;

	if (format < 0)
		ERROR(p, o.at, "'%s' is no format: there are raw, qcow, "
		      "qcow2, vhd, qed and empty", o.value);
	else if (p->format_set && (int)p->disk->format != format)
		ERROR(p, o.at, "the format is given twice: %s and %s",
		      format_names[p->disk->format], format_names[format]);
	else
		p->disk->format = format;
	p->format_set = true;
}

static void set_backendtype(struct parser *p, struct option o)
{
	int type = name_index(backendtype_names, DISK_BACKEND_PHY,
			      ARRAY_SIZE(backendtype_names), o.value);

	if (type < 0)
		ERROR(p, o.at, "'%s' is no backendtype: there are phy, qdisk, "
		      "tap and standalone; without one xl-lite-blkd serves "
		      "the disk", o.value);
	else if (p->backendtype_set && (int)p->disk->backendtype != type)
		ERROR(p, o.at, "backendtype= is given twice: %s and %s",
		      backendtype_names[p->disk->backendtype], o.value);
	else
		p->disk->backendtype = type;
	p->backendtype_set = true;
}

static void set_specification(struct parser *p, struct option o)
{
	if (strcmp(o.value, "virtio") == 0)
		ERROR(p, o.at, "xl-lite does not serve virtio disks yet: "
		      "leave specification= out");
	else if (strcmp(o.value, "xen") != 0)
		ERROR(p, o.at, "'%s' is no specification: there is xen",
		      o.value);
}

static void set_access(struct parser *p, struct option o)
{
	bool readonly = strcmp(o.value, "r") == 0 ||
			strcmp(o.value, "ro") == 0;

	if (!readonly && *o.value && strcmp(o.value, "w") != 0 &&
	    strcmp(o.value, "rw") != 0) {
		ERROR(p, o.at, "'%s' is no access: r or ro is read-only, "
		      "w or rw is writable", o.value);
		return;
	}
	p->disk->readonly = readonly;
	p->writable_wanted = !readonly && *o.value;
}

/* Only an empty text may be given again. */
static void set_text(struct parser *p, const char *what, const char **to,
		     struct option o)
{
	if (*to && **to)
		ERROR(p, o.at, "%s is given twice: '%s' and '%s'", what, *to,
		      o.value);
	*to = o.value;
}

static void set_vdev(struct parser *p, struct option o)
{
	set_text(p, "vdev", &p->vdev, o);
	p->vdev_pos = spec_pos(p->spec, o.at);
}

static void set_target(struct parser *p, struct option o)
{
	set_text(p, "the target", &p->target, o);
}

static void set_backend(struct parser *p, struct option o)
{
	set_text(p, "backend=", &p->disk->backend_domain, o);
}

static void set_script(struct parser *p, struct option o)
{
	set_text(p, "script=", &p->disk->script, o);
}

/* An extension of ours: which of the guest's programs is to drive it. */
static void set_frontend(struct parser *p, struct option o)
{
	p->disk->user_frontend = strcmp(o.value, "user") == 0;
	if (!p->disk->user_frontend && strcmp(o.value, "kernel") != 0)
		ERROR(p, o.at, "frontend=%s is not known: there are kernel, "
		      "the guest's own driver, and user, xl-lite-blkfront", o.value);
}

static void set_devtype(struct parser *p, struct option o)
{
	if (strcmp(o.value, "cdrom") == 0)
		p->disk->cdrom = true;
	else if (strcmp(o.value, "disk") == 0)
		p->disk->cdrom = false;
	else
		ERROR(p, o.at, "'%s' is no devtype: there are disk and cdrom",
		      o.value);
}

static void refuse_colo(struct parser *p, struct option o)
{
	ERROR(p, o.at, "xl-lite does not do COLO: leave out what is about it");
}

static void flag_cdrom(struct parser *p)
{
	p->disk->cdrom = true;
}

static void flag_direct_io_safe(struct parser *p)
{
	p->disk->direct_io_safe = true;
}

static void flag_discard(struct parser *p)
{
	p->disk->discard = CHOICE_YES;
}

static void flag_no_discard(struct parser *p)
{
	p->disk->discard = CHOICE_NO;
}

static void flag_trusted(struct parser *p)
{
	p->disk->trusted = CHOICE_YES;
}

static void flag_untrusted(struct parser *p)
{
	p->disk->trusted = CHOICE_NO;
}

static void flag_no_colo(struct parser *p)
{
	(void)p;	/* is so anyhow */
}

static void flag_colo(struct parser *p)
{
	refuse_colo(p, (struct option){ .at = p->at });
}

static const struct {
	const char *name;
	void (*set)(struct parser *p, struct option o);	/* KEY=VALUE */
	void (*flag)(struct parser *p);			/* a word alone */
} options[] = {
	{ "target",         set_target,        NULL },
	{ "format",         set_format,        NULL },
	{ "vdev",           set_vdev,          NULL },
	{ "access",         set_access,        NULL },
	{ "devtype",        set_devtype,       NULL },
	{ "backend",        set_backend,       NULL },
	{ "backendtype",    set_backendtype,   NULL },
	{ "specification",  set_specification, NULL },
	{ "script",         set_script,        NULL },
	{ "frontend",       set_frontend,      NULL },
	{ "colo-host",      refuse_colo,       NULL },
	{ "colo-port",      refuse_colo,       NULL },
	{ "colo-export",    refuse_colo,       NULL },
	{ "active-disk",    refuse_colo,       NULL },
	{ "hidden-disk",    refuse_colo,       NULL },
	{ "cdrom",          NULL,              flag_cdrom },
	{ "direct-io-safe", NULL,              flag_direct_io_safe },
	{ "discard",        NULL,              flag_discard },
	{ "no-discard",     NULL,              flag_no_discard },
	{ "trusted",        NULL,              flag_trusted },
	{ "untrusted",      NULL,              flag_untrusted },
	{ "colo",           NULL,              flag_colo },
	{ "no-colo",        NULL,              flag_no_colo },
};

/* Old prefixes: a format, a script, or without any meaning. */
static const struct {
	const char *name;
	enum { PREFIX_IGNORED, PREFIX_FORMAT, PREFIX_SCRIPT } kind;
} prefixes[] = {
	{ "raw",     PREFIX_FORMAT },
	{ "qcow",    PREFIX_FORMAT },
	{ "qcow2",   PREFIX_FORMAT },
	{ "vhd",     PREFIX_FORMAT },
	{ "iscsi",   PREFIX_SCRIPT },
	{ "nbd",     PREFIX_SCRIPT },
	{ "enbd",    PREFIX_SCRIPT },
	{ "drbd",    PREFIX_SCRIPT },
	{ "tapdisk", PREFIX_IGNORED },
	{ "tap",     PREFIX_IGNORED },
	{ "tap2",    PREFIX_IGNORED },
	{ "aio",     PREFIX_IGNORED },
	{ "ioemu",   PREFIX_IGNORED },
	{ "file",    PREFIX_IGNORED },
	{ "phy",     PREFIX_IGNORED },
};

static struct option take(struct parser *p, const char *from, size_t size)
{
	struct option o = {
		.value = arena_strndup(p->spec->arena, from, size),
		.at = from,
	};

	if (!o.value) {
		o.value = "";
		p->err = -ENOMEM;
	}
	return o;
}

static const char *similar(const char *word, bool flag)
{
	const char *best = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (!options[i].flag == !flag)
			suggest(word, options[i].name, &best);
	return best;
}

/* SIZE bytes of a parameter are the name before its '='. */
static void keyed(struct parser *p, size_t size)
{
	struct option name = take(p, p->at, size), value;
	const char *start = p->at + size + 1;
	const char *meant;
	size_t length = strcspn(start, ",");

	if (strcmp(name.value, "target") == 0) {
		length = strlen(start);
		if (length && start[length - 1] == ',')
			length--;
		value = take(p, start, length);
		set_target(p, value);
		p->at = start + strlen(start);
		return;
	}
	value = take(p, start, length);
	p->at = start + length + (start[length] == ',');
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (options[i].set && strcmp(options[i].name, name.value) == 0) {
			options[i].set(p, value);
			return;
		}
	}
	meant = similar(name.value, false);
	ERROR(p, name.at, "'%s=' is not known%s%s%s", name.value,
	      meant ? ": did you mean '" : ": see xl-lite.cfg(5)",
	      meant ? meant : "", meant ? "='?" : "");
}

static bool is_flag(struct parser *p, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (!options[i].flag || strlen(options[i].name) != size ||
		    strncmp(options[i].name, p->at, size) != 0)
			continue;
		options[i].flag(p);
		p->at += size + (p->at[size] == ',');
		return true;
	}
	return false;
}

static void apply_prefix(struct parser *p, size_t i)
{
	struct option o = take(p, p->at, strlen(prefixes[i].name));

	p->had_prefix = true;
	if (prefixes[i].kind == PREFIX_FORMAT) {
		set_format(p, o);
	} else if (prefixes[i].kind == PREFIX_SCRIPT) {
		o.value = arena_printf(p->spec->arena, "block-%s", o.value);
		if (o.value)
			set_script(p, o);
		else
			p->err = -ENOMEM;
	}
}

/* SIZE bytes stand before a ':'. True when they were a prefix, or wrong. */
static bool is_prefix(struct parser *p, size_t size)
{
	const char *behind = p->at + size + 1;

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (strlen(prefixes[i].name) != size ||
		    strncmp(prefixes[i].name, p->at, size) != 0)
			continue;
		apply_prefix(p, i);
		p->at = behind;
		return true;
	}
	/* "rbd:pool/image" is a target, "rbd:/image" is not: as xl has it */
	if ((*behind >= 'a' && *behind <= 'z') ||
	    (*behind >= '0' && *behind <= '9'))
		return false;
	ERROR(p, p->at, "the prefix '%.*s:' is not known: leave it out, or "
	      "write target=%.*s:... last", (int)size, p->at, (int)size,
	      p->at);
	p->at += strlen(p->at);
	return true;
}

/* VDEV:cdrom and VDEV:disk, the old way to say it. */
static bool vdev_with_type(struct parser *p, struct option o)
{
	const char *colon = strrchr(o.value, ':');

	if (!colon)
		return false;
	set_devtype(p, (struct option){
		.value = colon + 1,
		.at = o.at + (colon + 1 - o.value),
	});
	set_vdev(p, take(p, o.at, colon - o.value));
	return true;
}

static void positional(struct parser *p, struct option o)
{
	if (!p->target) {
		set_target(p, o);
	} else if (!p->had_prefix && !p->format_set) {
		if (!*p->target && vdev_with_type(p, o)) {
			p->disk->format = DISK_FORMAT_EMPTY;
			p->format_set = true;
		} else {
			set_format(p, o);
		}
	} else if (!p->vdev) {
		if (!vdev_with_type(p, o))
			set_vdev(p, o);
	} else if (!p->access_set) {
		p->access_set = true;
		set_access(p, o);
	} else {
		ERROR(p, o.at, "'%s' has no meaning here: target, format, "
		      "vdev and access are known already", o.value);
		p->at += strlen(p->at);
	}
}

static void bad_equals(struct parser *p, size_t size)
{
	struct option o = take(p, p->at, size);

	ERROR(p, o.at, "'%s' is not understood: only 'target=', as the last, "
	      "can have a = in its value, and a key has no blank in it",
	      o.value);
	p->at += strlen(p->at);
}

static size_t name_size(const char *text, bool dashes)
{
	size_t n = 0;

	if (*text < 'a' || *text > 'z')
		return 0;
	while ((text[n] >= 'a' && text[n] <= 'z') ||
	       (text[n] >= '0' && text[n] <= '9') ||
	       (dashes && text[n] == '-'))
		n++;
	return n;
}

static void parameter(struct parser *p)
{
	size_t size = strcspn(p->at, ",");
	size_t key = name_size(p->at, true);
	size_t prefix = name_size(p->at, false);
	struct option o;

	if (key && p->at[key] == '=') {
		keyed(p, key);
		return;
	}
	if (is_flag(p, size))
		return;
	if (prefix && p->at[prefix] == ':' && is_prefix(p, prefix))
		return;
	if (memchr(p->at, '=', size)) {
		bad_equals(p, size);
		return;
	}
	o = take(p, p->at, size);
	p->at += size + (p->at[size] == ',');
	positional(p, o);
}

static void finish_vdev(struct parser *p)
{
	struct disk_config *disk = p->disk;
	struct vdev vdev;

	if (!p->vdev || !*p->vdev) {
		ERROR(p, p->spec->text, "no vdev is given: what is it called "
		      "in the guest? The form is 'TARGET,FORMAT,VDEV,ACCESS', "
		      "as in '/dev/vg/guest,raw,xvda,rw'");
		return;
	}
	if (vdev_parse(p->vdev, &vdev) != 0) {
		diag_error(p->spec->diags, p->vdev_pos,
			   "disk: '%s' is no vdev: there are xvda, xvdb1, "
			   "hda to hdd, sda to sdp, and d0p1", p->vdev);
		p->err = -EINVAL;
		return;
	}
	disk->vdev = p->vdev;
	disk->vdev_number = vdev.number;
	disk->disk = vdev.disk;
	disk->partition = vdev.partition;
}

static void finish_target(struct parser *p)
{
	struct disk_config *disk = p->disk;
	bool given = p->target && *p->target;

	disk->target = given ? p->target : NULL;
	if (disk->cdrom) {
		if (p->writable_wanted)
			diag_warning(p->spec->diags, p->spec->pos,
				     "disk: %s is a cdrom and so read-only",
				     p->vdev);
		disk->removable = true;
		disk->readonly = true;
		if (!given)
			disk->format = DISK_FORMAT_EMPTY;
	}
	if (given && disk->format == DISK_FORMAT_EMPTY)
		ERROR(p, p->spec->text, "format=empty, but the target is '%s'",
		      p->target);
	else if (!given && !disk->cdrom)
		ERROR(p, p->spec->text, "no target is given: which file or "
		      "device is it? Only a cdrom can be empty");
}

static void parameters(struct parser *p, const struct spec *spec)
{
	p->spec = spec;
	p->at = spec->text;
	for (;;) {
		p->at += strspn(p->at, " \t\n");
		if (!*p->at)
			break;
		parameter(p);
	}
}

int disk_specs_parse(const struct spec *specs, size_t count,
		     struct disk_config *ret)
{
	struct parser p = { .disk = ret };

	*ret = (struct disk_config){ .pos = specs[0].pos };
	for (size_t i = 0; i < count; i++)
		parameters(&p, &specs[i]);
	/* what is missing may be in what was not understood */
	if (!p.err)
		finish_vdev(&p);
	if (!p.err)
		finish_target(&p);
	if (ret->backend_domain && !*ret->backend_domain)
		ret->backend_domain = NULL;
	if (ret->script && !*ret->script)
		ret->script = NULL;
	return p.err;
}

int disk_spec_parse(const struct spec *spec, struct disk_config *ret)
{
	return disk_specs_parse(spec, 1, ret);
}
