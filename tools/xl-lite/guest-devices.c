/* SPDX-License-Identifier: MIT */
/*
 * The keys vfb, vkb, p9 and channel: lists of texts, each of which is options
 * with commas between them. Which there are, and where each goes, say tables.
 */
#include "config.h"

#include "tools/xl-lite/reader.h"

#include "lib/cleanup.h"
#include "lib/num.h"
#include "tools/xl-lite/arena.h"
#include "tools/xl-lite/suggest.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#define MAX_DEVICES 256		/* of a sort; a sane guest has one or two */
#define MAX_DISPLAY (65535 - 5900)

enum option_kind {
	OPTION_TEXT,
	OPTION_CHOICE,		/* 0, or another number; not said is a third */
	OPTION_BOOL,
	OPTION_NUMBER,
	OPTION_WORD,		/* one of WORDS, from the second on */
};

struct option {
	const char *name;
	enum option_kind kind;
	size_t offset;		/* in the device's struct */
	const char *const *words;
};

#define OPTION(name, kind, type, field) \
	{ name, OPTION_##kind, offsetof(struct type, field), NULL }
#define OPTION_OF(name, words, type, field) \
	{ name, OPTION_WORD, offsetof(struct type, field), words }

static const struct option vfb_options[] = {
	OPTION("vnc", CHOICE, vfb_config, vnc.enable),
	OPTION("vnclisten", TEXT, vfb_config, vnc.listen),
	OPTION("vncpasswd", TEXT, vfb_config, vnc.password),
	OPTION("vncdisplay", NUMBER, vfb_config, vnc.display),
	OPTION("vncunused", CHOICE, vfb_config, vnc.unused),
	OPTION("keymap", TEXT, vfb_config, keymap),
	OPTION("sdl", CHOICE, vfb_config, sdl.enable),
	OPTION("opengl", CHOICE, vfb_config, sdl.opengl),
	OPTION("display", TEXT, vfb_config, sdl.display),
	OPTION("xauthority", TEXT, vfb_config, sdl.xauthority),
	{ 0 },
};

static const char *const vkb_backends[] = {
	[VKB_BACKEND_DEFAULT] = "unknown",
	[VKB_BACKEND_QEMU] = "qemu",
	[VKB_BACKEND_LINUX] = "linux",
	NULL,
};

static const struct option vkb_options[] = {
	OPTION("backend", TEXT, vkb_config, backend_domain),
	OPTION_OF("backend-type", vkb_backends, vkb_config, backend),
	OPTION("unique-id", TEXT, vkb_config, unique_id),
	OPTION("feature-disable-keyboard", BOOL, vkb_config, no_keyboard),
	OPTION("feature-disable-pointer", BOOL, vkb_config, no_pointer),
	OPTION("feature-abs-pointer", BOOL, vkb_config, abs_pointer),
	OPTION("feature-raw-pointer", BOOL, vkb_config, raw_pointer),
	OPTION("feature-multi-touch", BOOL, vkb_config, multi_touch),
	OPTION("multi-touch-width", NUMBER, vkb_config, touch_width),
	OPTION("multi-touch-height", NUMBER, vkb_config, touch_height),
	OPTION("multi-touch-num-contacts", NUMBER, vkb_config, touches),
	OPTION("width", NUMBER, vkb_config, width),
	OPTION("height", NUMBER, vkb_config, height),
	{ 0 },
};

static const struct option p9_options[] = {
	OPTION("tag", TEXT, p9_config, tag),
	OPTION("path", TEXT, p9_config, path),
	OPTION("security_model", TEXT, p9_config, security_model),
	OPTION("backend", TEXT, p9_config, backend_domain),
	{ 0 },
};

static const char *const connections[] = {
	[CHANNEL_UNKNOWN] = "unknown",
	[CHANNEL_PTY] = "pty",
	[CHANNEL_SOCKET] = "socket",
	NULL,
};

static const struct option channel_options[] = {
	OPTION("name", TEXT, channel_config, name),
	OPTION_OF("connection", connections, channel_config, connection),
	OPTION("path", TEXT, channel_config, path),
	OPTION("backend", TEXT, channel_config, backend_domain),
	{ 0 },
};

const char *vkb_backend_name(enum vkb_backend backend)
{
	return vkb_backends[backend];
}

bool guest_config_has_qemu(const struct guest_config *config)
{
	const struct pv_devices *d = &config->pv;

	if (config->type == GUEST_HVM || d->num_vfbs || d->num_p9s ||
	    d->num_channels)
		return true;
	for (size_t i = 0; i < d->num_vkbs; i++)
		if (d->vkbs[i].backend != VKB_BACKEND_LINUX)
			return true;
	return false;
}

/* -- one option --------------------------------------------------------------- */

/* What is being read: a device's text, one option after the other. */
struct spot {
	struct reader *r;
	const char *key;
	const struct cfg_value *item;
	const char *copy;	/* of the item's text, which is taken apart */
};

/* Where WORD, of the copy, is in the configuration. */
static struct cfg_pos word_pos(const struct spot *s, const char *word)
{
	return cfg_text_pos(s->item, word - s->copy);
}

static void set_word(const struct spot *s, const struct option *option,
		     const char *word, const char *value, int *to)
{
	for (int i = 1; option->words[i]; i++)
		if (strcmp(option->words[i], value) == 0) {
			*to = i;
			return;
		}
	diag_error(s->r->diags, word_pos(s, word),
		   "%s: %s='%s' is not known: there are %s, %s", s->key,
		   option->name, value, option->words[1], option->words[2]);
}

/* VALUE lives as long as the configuration. */
static void set_option(const struct spot *s, const struct option *option,
		       const char *word, const char *value, void *device)
{
	char *field = (char *)device + option->offset;
	unsigned int number = 0;

	if (option->kind == OPTION_TEXT) {
		*(const char **)field = *value ? value : NULL;
		return;
	}
	if (option->kind == OPTION_WORD) {
		set_word(s, option, word, value, (int *)field);
		return;
	}
	if (num_parse_uint(value, 0, UINT32_MAX, &number)) {
		diag_error(s->r->diags, word_pos(s, word),
			   "%s: %s='%s' is not a number: write it in digits",
			   s->key, option->name, value);
		return;
	}
	if (option->kind == OPTION_CHOICE)
		*(enum choice *)field = number ? CHOICE_YES : CHOICE_NO;
	else if (option->kind == OPTION_BOOL)
		*(bool *)field = number;
	else
		*(unsigned int *)field = number;
}

/* Without blanks at its ends: xl takes them off a channel's words alone. */
static char *trimmed(char *text)
{
	char *end = text + strlen(text);

	while (isspace((unsigned char)*text))
		text++;
	while (end > text && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return text;
}

static void read_option(const struct spot *s, const struct option *options,
			char *word, void *device)
{
	const char *meant = NULL;
	char *value = strchr(word, '=');

	if (!value) {
		diag_error(s->r->diags, word_pos(s, word),
			   "%s: '%s' is not understood: write NAME=VALUE",
			   s->key, word);
		return;
	}
	*value++ = '\0';
	if (options == channel_options) {
		word = trimmed(word);
		value = trimmed(value);
	}
	for (const struct option *o = options; o->name; o++) {
		if (strcmp(o->name, word) == 0) {
			set_option(s, o, word, value, device);
			return;
		}
		suggest(word, o->name, &meant);
	}
	diag_error(s->r->diags, word_pos(s, word),
		   "%s: '%s' is no option%s%s%s", s->key, word,
		   meant ? ": did you mean '" : " of it: see xl-lite.cfg(5)",
		   meant ? meant : "", meant ? "'?" : "");
}

/* -- all devices of a key ------------------------------------------------------ */

/* Each device begins with its position. */
static void read_device(struct reader *r, const char *key,
			const struct option *options,
			const struct cfg_value *item, void *device)
{
	char *copy = arena_strndup(r->config->memory, item->text,
				   strlen(item->text));
	const struct spot spot = { r, key, item, copy };
	char *next, *word;

	if (!copy) {
		r->err = -ENOMEM;
		return;
	}
	*(struct cfg_pos *)device = cfg_text_pos(item, 0);
	for (word = strtok_r(copy, ",", &next); word;
	     word = strtok_r(NULL, ",", &next)) {
		word += strspn(word, " ");
		if (*word)
			read_option(&spot, options, word, device);
	}
}

/* The Nth text in the list KEY, or its one text; NULL: there are no more. */
static const struct cfg_value *nth_text(struct reader *r, const char *key,
					size_t n)
{
	const struct cfg_setting *s = cfg_find(&r->tree, key);

	if (!s)
		return NULL;
	if (s->value->type == CFG_TEXT)
		return n || !*s->value->text ? NULL : s->value;
	for (size_t i = 0; i < s->value->count; i++)
		if (s->value->items[i]->type == CFG_TEXT && !n--)
			return s->value->items[i];
	return NULL;
}

/*
 * COUNT elements of SIZE bytes, the first of which are of no device of the key.
 */
static void *read_devices(struct reader *r, const char *key,
			  const struct option *options, size_t size,
			  size_t first, size_t *count)
{
	const struct cfg_value *item;
	struct text_list list = { 0 };
	char *devices;

	reader_list(r, key, &list);
	if (list.count > MAX_DEVICES) {
		diag_error(r->diags, reader_pos(r, key),
			   "%s: %zu devices are too many: at most %d", key,
			   list.count, MAX_DEVICES);
		list.count = 0;
	}
	*count = first + list.count;
	/* one more than there are: top-level keys may need one as well */
	devices = arena_alloc(r->config->memory, (*count + 1) * size);
	if (!devices) {
		r->err = -ENOMEM;
		*count = 0;
		return NULL;
	}
	for (size_t i = 0; i < list.count; i++) {
		item = nth_text(r, key, i);
		if (item)
			read_device(r, key, options, item,
				    devices + (first + i) * size);
	}
	return devices;
}

static void check_vfb(struct reader *r, const struct vfb_config *vfb)
{
	const struct vnc_config *vnc = &vfb->vnc;

	if (vnc->display > MAX_DISPLAY)
		diag_error(r->diags, vfb->pos,
			   "vfb: vncdisplay=%u: a number from 0 to %d is "
			   "needed", vnc->display, MAX_DISPLAY);
	if (vnc->display && vnc->listen && strchr(vnc->listen, ':'))
		diag_error(r->diags, vfb->pos,
			   "vfb: vncdisplay=%u: vnclisten='%s' names a display "
			   "as well: say it once", vnc->display, vnc->listen);
}

static void check_vkb(struct reader *r, struct vkb_config *vkb)
{
	const bool sized = vkb->touch_width || vkb->touch_height ||
			   vkb->touches;

	if (vkb->backend == VKB_BACKEND_DEFAULT)
		diag_error(r->diags, vkb->pos,
			   "vkb: it is not said who serves it: add "
			   "backend-type=qemu, or backend-type=linux");
	if (vkb->multi_touch && !sized)
		diag_error(r->diags, vkb->pos,
			   "vkb: feature-multi-touch=1: add multi-touch-width=,"
			   " multi-touch-height= and multi-touch-num-contacts="
			   );
	if (sized)
		vkb->multi_touch = true;
}

static void check_p9(struct reader *r, const struct p9_config *p9)
{
	const char *missing = !p9->tag ? "tag" : !p9->path ? "path" :
		!p9->security_model ? "security_model" : NULL;

	if (missing)
		diag_error(r->diags, p9->pos, "p9: %s= is missing", missing);
}

static void check_channel(struct reader *r, const struct channel_config *c)
{
	if (!c->name)
		diag_error(r->diags, c->pos, "channel: name= is missing");
	if (c->connection == CHANNEL_UNKNOWN)
		diag_error(r->diags, c->pos,
			   "channel: connection= is missing: write "
			   "connection=pty, or connection=socket");
	if (c->connection == CHANNEL_SOCKET && !c->path)
		diag_error(r->diags, c->pos,
			   "channel: connection=socket: path= is missing");
}

/* What is said of a screen that is not there, or of which vfb= says all. */
static void warn_no_screen(struct reader *r, const struct pv_devices *d)
{
	static const char *const keys[] = {
		"vnc", "vnclisten", "vncdisplay", "vncpasswd", "vncunused",
		"sdl", "opengl", "display", "xauthority", "keymap",
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!reader_text(r, keys[i]) ||
		    reader_choice(r, keys[i]) == CHOICE_NO)
			continue;
		diag_warning(r->diags, reader_pos(r, keys[i]),
			     "%s does nothing: %s", keys[i], d->num_vfbs ?
			     "vfb= says what can be seen" :
			     "it is about vnc=1 only, which is not there");
	}
}

/* A PV guest's screen the short way, in words of an HVM guest's. */
static void add_top_level_screen(struct reader *r, struct pv_devices *d)
{
	struct vfb_config *vfb = d->vfbs;

	if (r->config->type != GUEST_PV || !vfb)
		return;
	if (d->num_vfbs || reader_choice(r, "vnc") != CHOICE_YES) {
		warn_no_screen(r, d);
		return;
	}
	vfb->pos = reader_pos(r, "vnc");
	reader_vnc(r, &vfb->vnc);
	reader_sdl(r, &vfb->sdl);
	vfb->keymap = reader_text(r, "keymap");
	d->num_vfbs = 1;
}

/* Words for a QEMU of a guest that has none. */
static void check_qemu(struct reader *r)
{
	static const char *const keys[] = {
		"device_model_override", "device_model_args",
		"device_model_args_pv",
	};

	if (guest_config_has_qemu(r->config))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct text_list list = { 0 };

		reader_list(r, keys[i], &list);
		if (list.count)
			diag_warning(r->diags, reader_pos(r, keys[i]),
				     "%s does nothing: the guest has no QEMU: "
				     "one comes with vfb=, vkb=, p9= or "
				     "channel=", keys[i]);
	}
}

void reader_devices(struct reader *r)
{
	struct pv_devices *d = &r->config->pv;

	d->vfbs = read_devices(r, "vfb", vfb_options, sizeof(*d->vfbs), 0,
			       &d->num_vfbs);
	add_top_level_screen(r, d);
	/* each screen comes with a keyboard and a pointer */
	d->vkbs = read_devices(r, "vkb", vkb_options, sizeof(*d->vkbs),
			       d->num_vfbs, &d->num_vkbs);
	d->p9s = read_devices(r, "p9", p9_options, sizeof(*d->p9s), 0,
			      &d->num_p9s);
	d->channels = read_devices(r, "channel", channel_options,
				   sizeof(*d->channels), 0, &d->num_channels);
	for (size_t i = 0; i < d->num_vfbs; i++)
		check_vfb(r, &d->vfbs[i]);
	for (size_t i = d->num_vfbs; i < d->num_vkbs; i++)
		check_vkb(r, &d->vkbs[i]);
	for (size_t i = 0; i < d->num_p9s; i++)
		check_p9(r, &d->p9s[i]);
	for (size_t i = 0; i < d->num_channels; i++)
		check_channel(r, &d->channels[i]);
	check_qemu(r);
}
