/* SPDX-License-Identifier: MIT */
/*
 * vif=['...']: KEY=VALUE and flags, separated by commas, blanks before one do
 * not count. xl tells of a wrong one and goes on without it, so that a guest
 * starts with a random MAC or without its rate; here it is an error.
 */
#include "config.h"

#include "tools/xl-lite/spec.h"

#include "tools/xl-lite/suggest.h"

#include "lib/num.h"

#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#define MIN_MTU 68		/* of IPv4, RFC 791 */
#define MAX_MTU 65535
#define MAX_DEVID 65535
#define DEFAULT_INTERVAL_US 50000

struct parser {
	const struct spec *spec;
	struct vif_config *vif;
	struct cfg_pos bridge_pos, vifname_pos;
	unsigned int given;	/* a bit for each option met */
	int err;
};

#define ERROR(p, at, ...) \
	do { \
		diag_error((p)->spec->diags, spec_pos((p)->spec, (at)), \
			   "vif: " __VA_ARGS__); \
		(p)->err = -EINVAL; \
	} while (0)

struct option {
	const char *value;	/* ends in a NUL, in the arena */
	const char *at;
};

static const char *text_or_null(const char *value)
{
	return *value ? value : NULL;
}

static void set_type(struct parser *p, struct option o)
{
	if (strcmp(o.value, "vif") == 0)
		p->vif->type = VIF_TYPE_VIF;
	else if (strcmp(o.value, "ioemu") == 0)
		p->vif->type = VIF_TYPE_IOEMU;
	else
		ERROR(p, o.at, "type=%s is not known: there are vif and ioemu",
		      o.value);
}

/* Six times one or two hex digits, with any one byte in between, as xl. */
static bool parse_mac(const char *text, uint8_t mac[6])
{
	for (int i = 0; i < 6; i++) {
		char digits[3] = "";
		int n = 0;

		while (n < 2 && isxdigit((unsigned char)*text))
			digits[n++] = *text++;
		if (n == 0 || isxdigit((unsigned char)*text))
			return false;
		mac[i] = strtoul(digits, NULL, 16);
		if (i < 5 && !*text++)
			return false;
	}
	return text[strspn(text, " \t")] == '\0';
}

static void set_mac(struct parser *p, struct option o)
{
	static const uint8_t none[6];
	uint8_t *mac = p->vif->mac;

	if (!parse_mac(o.value, mac))
		ERROR(p, o.at, "mac=%s is no MAC address: six hex numbers are "
		      "needed, as in 00:16:3e:01:02:03", o.value);
	else if (memcmp(mac, none, sizeof(none)) == 0)
		ERROR(p, o.at, "mac=%s is no address: leave mac= out for a "
		      "random one", o.value);
	else if (mac[0] & 1)
		ERROR(p, o.at, "mac=%s is a multicast address: the first "
		      "number must be even", o.value);
	else
		p->vif->mac_set = true;
}

static void set_bridge(struct parser *p, struct option o)
{
	p->vif->bridge = text_or_null(o.value);
	p->bridge_pos = spec_pos(p->spec, o.at);
}

static void set_gatewaydev(struct parser *p, struct option o)
{
	p->vif->gatewaydev = text_or_null(o.value);
}

static void set_netdev(struct parser *p, struct option o)
{
	diag_warning(p->spec->diags, spec_pos(p->spec, o.at),
		     "vif: netdev= is the old name of gatewaydev=");
	set_gatewaydev(p, o);
}

static void set_ip(struct parser *p, struct option o)
{
	p->vif->ip = text_or_null(o.value);
}

static void set_script(struct parser *p, struct option o)
{
	p->vif->script = text_or_null(o.value);
}

static void set_backend(struct parser *p, struct option o)
{
	p->vif->backend_domain = text_or_null(o.value);
}

static void set_vifname(struct parser *p, struct option o)
{
	p->vif->vifname = text_or_null(o.value);
	p->vifname_pos = spec_pos(p->spec, o.at);
}

static void set_model(struct parser *p, struct option o)
{
	p->vif->model = text_or_null(o.value);
}

static void set_rate(struct parser *p, struct option o)
{
	const char *wrong = vif_rate_parse(o.value, &p->vif->rate_bytes,
					   &p->vif->rate_interval_us);

	if (wrong)
		ERROR(p, o.at, "rate=%s: %s", o.value, wrong);
}

/* A number up to MAX. Blanks may follow it, as with xl: "mtu=9000 ,mac=..." */
static bool parse_number(const char *text, unsigned int max, unsigned int *ret)
{
	size_t size = strlen(text);
	char digits[16] = "";

	while (size && (text[size - 1] == ' ' || text[size - 1] == '\t'))
		size--;
	if (size >= sizeof(digits))
		return false;
	memcpy(digits, text, size);
	return num_parse_uint(digits, 0, max, ret) == 0;
}

static void set_devid(struct parser *p, struct option o)
{
	if (!parse_number(o.value, MAX_DEVID, &p->vif->devid))
		ERROR(p, o.at, "devid=%s is not a number from 0 to %d",
		      o.value, MAX_DEVID);
}

static void set_mtu(struct parser *p, struct option o)
{
	/* 0 asks for the default, as with xl */
	if (!parse_number(o.value, MAX_MTU, &p->vif->mtu) ||
	    (p->vif->mtu && p->vif->mtu < MIN_MTU))
		ERROR(p, o.at, "mtu=%s is not a number from %d to %d",
		      o.value, MIN_MTU, MAX_MTU);
}

/* An extension of ours: which of the guest's programs is to drive it. */
static void set_frontend(struct parser *p, struct option o)
{
	p->vif->user_frontend = strcmp(o.value, "user") == 0;
	if (!p->vif->user_frontend && strcmp(o.value, "kernel") != 0)
		ERROR(p, o.at, "frontend=%s is not known: there are kernel, "
		      "the guest's own driver, and user, xl-lite-netfront", o.value);
}

static void set_accel(struct parser *p, struct option o)
{
	diag_warning(p->spec->diags, spec_pos(p->spec, o.at),
		     "vif: accel= does nothing: Xen has no accelerators "
		     "for network cards any more");
}

static void flag_trusted(struct parser *p)
{
	p->vif->trusted = CHOICE_YES;
}

static void flag_untrusted(struct parser *p)
{
	p->vif->trusted = CHOICE_NO;
}

/* Ours, not xl's: xen-netback or xl-lite-netd. */
static void set_backendtype(struct parser *p, struct option o)
{
	if (strcmp(o.value, "kernel") == 0)
		p->vif->backendtype = VIF_BACKEND_KERNEL;
	else if (strcmp(o.value, "user") == 0)
		p->vif->backendtype = VIF_BACKEND_USER;
	else
		ERROR(p, o.at, "backendtype=%s is not known: there are kernel "
		      "and user", o.value);
}

static const struct {
	const char *name;
	void (*set)(struct parser *p, struct option o);	/* KEY=VALUE */
	void (*flag)(struct parser *p);			/* a word alone */
} options[] = {
	{ "type",       set_type,       NULL },
	{ "mac",        set_mac,        NULL },
	{ "bridge",     set_bridge,     NULL },
	{ "gatewaydev", set_gatewaydev, NULL },
	{ "netdev",     set_netdev,     NULL },
	{ "ip",         set_ip,         NULL },
	{ "script",     set_script,     NULL },
	{ "backend",    set_backend,    NULL },
	{ "backendtype", set_backendtype, NULL },
	{ "vifname",    set_vifname,    NULL },
	{ "model",      set_model,      NULL },
	{ "rate",       set_rate,       NULL },
	{ "devid",      set_devid,      NULL },
	{ "mtu",        set_mtu,        NULL },
	{ "accel",      set_accel,      NULL },
	{ "frontend",   set_frontend,   NULL },
	{ "trusted",    NULL,           flag_trusted },
	{ "untrusted",  NULL,           flag_untrusted },
};

_Static_assert(ARRAY_SIZE(options) <= 32, "a bit each in parser.given");

static void unknown(struct parser *p, const char *at, const char *word,
		    bool flag)
{
	const char *meant = NULL;
	bool meant_flag = false;

	if (!flag && (strncmp(word, "colo_", 5) == 0 ||
		      strcmp(word, "forwarddev") == 0)) {
		ERROR(p, at, "xl-lite does not do COLO: leave %s= out", word);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		suggest(word, options[i].name, &meant);
		if (meant == options[i].name)
			meant_flag = options[i].flag;
	}
	if (meant)
		ERROR(p, at, "'%s%s' is not known: did you mean '%s%s'?",
		      word, flag ? "" : "=", meant, meant_flag ? "" : "=");
	else
		ERROR(p, at, "'%s%s' is not known: see xl-lite.cfg(5)", word,
		      flag ? "" : "=");
}

/* One of them, SIZE bytes AT, which are "KEY=VALUE" or a flag. */
static void parameter(struct parser *p, const char *at, size_t size)
{
	char *word = arena_strndup(p->spec->arena, at, size);
	char *equals;
	struct option o;

	if (!word) {
		p->err = -ENOMEM;
		return;
	}
	equals = strchr(word, '=');
	if (equals)
		*equals = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (strcmp(options[i].name, word) != 0 ||
		    !options[i].flag != !!equals)
			continue;
		if (p->given & 1U << i)
			ERROR(p, at, "'%s' is given twice", word);
		p->given |= 1U << i;
		if (options[i].flag) {
			options[i].flag(p);
			return;
		}
		o.value = equals + 1;
		o.at = at + (o.value - word);
		options[i].set(p, o);
		return;
	}
	unknown(p, at, word, !equals);
}

/* Names that Linux would not take; a script may understand more than Linux. */
static void check_ifname(struct parser *p, const char *key, const char *name,
			 struct cfg_pos pos)
{
	if (!name || p->vif->script)
		return;
	if (strlen(name) >= IFNAMSIZ)
		diag_error(p->spec->diags, pos, "vif: %s=%s is too long for a "
			   "network interface: %zu letters, at most %d", key,
			   name, strlen(name), IFNAMSIZ - 1);
	else if (strpbrk(name, "/ \t\n:"))
		diag_error(p->spec->diags, pos, "vif: %s='%s' is no name of a "
			   "network interface: it has a blank, a colon or a "
			   "slash in it", key, name);
	else
		return;
	p->err = -EINVAL;
}

static void parameters(struct parser *p, const struct spec *spec)
{
	const char *at = spec->text;

	p->spec = spec;
	while (*at) {
		size_t size;

		at += strspn(at, " \t");
		size = strcspn(at, ",");
		if (size)
			parameter(p, at, size);
		at += size + (at[size] == ',');
	}
}

int vif_specs_parse(const struct spec *specs, size_t count,
		    struct vif_config *ret)
{
	struct parser p = { .spec = specs, .vif = ret };

	*ret = (struct vif_config){ .devid = ret->devid };
	if (count)
		ret->pos = specs[0].pos;
	for (size_t i = 0; i < count; i++)
		parameters(&p, &specs[i]);
	if (count) {
		check_ifname(&p, "bridge", ret->bridge, p.bridge_pos);
		check_ifname(&p, "vifname", ret->vifname, p.vifname_pos);
	}
	return p.err;
}

int vif_spec_parse(const struct spec *spec, struct vif_config *ret)
{
	return vif_specs_parse(spec, 1, ret);
}

/*
 * The digits at *TEXT; xl reads a leading 0 as octal, so that is what it
 * means. 0 is never meant, and UINT32_MAX is xl's limit. NULL, or what is
 * wrong: MISSING when there is no such number.
 */
static const char *rate_number(const char **text, uint64_t *ret,
			       const char *missing)
{
	bool octal = **text == '0';
	char *end;

	if (!isdigit((unsigned char)**text))
		return missing;
	errno = 0;
	*ret = strtoull(*text, &end, octal ? 8 : 10);
	*text = end;
	/* xl goes on as if nothing were there */
	if (isdigit((unsigned char)*end))
		return "a number that begins with 0 is octal and has no 8 or 9 "
		       "in it: leave out the 0";
	return !errno && *ret && *ret <= UINT32_MAX ? NULL : missing;
}

static const char *rate_interval(const char *text, uint32_t *interval_us)
{
	uint64_t n;
	const char *wrong = rate_number(&text, &n, "no number follows the @");

	if (wrong)
		return wrong;
	if (!*text || strcmp(text, "s") == 0)
		n *= 1000 * 1000;
	else if (strcmp(text, "ms") == 0 || strcmp(text, "m") == 0)
		n *= 1000;
	else if (strcmp(text, "us") != 0 && strcmp(text, "u") != 0)
		return "the interval behind @ ends in s, ms or us";
	if (n > UINT32_MAX)
		return "the interval is too long: at most 4294 s";
	*interval_us = n;
	return NULL;
}

static uint64_t rate_factor(char letter)
{
	switch (letter) {
	case 'G': return 1000 * 1000 * 1000;
	case 'M': return 1000 * 1000;
	case 'K': return 1000;
	default:  return 0;
	}
}

const char *vif_rate_parse(const char *text, uint64_t *bytes,
			   uint32_t *interval_us)
{
	uint32_t interval = DEFAULT_INTERVAL_US;
	uint64_t rate, factor;
	const char *wrong;

	wrong = rate_number(&text, &rate, "it begins with a number from 1 to "
			    "4294967295, as in 10Mb/s");
	if (wrong)
		return wrong;
	factor = rate_factor(*text);
	if (factor) {
		rate *= factor;
		text++;
	}
	if (*text != 'b' && *text != 'B')
		return "the unit is missing: write B/s, KB/s, MB/s, GB/s for "
		       "bytes or b/s, Kb/s, Mb/s, Gb/s for bits";
	if (*text++ == 'b')
		rate /= 8;
	if (strncmp(text, "/s", 2) != 0 || (text[2] && text[2] != '@'))
		return "the unit ends in /s, and @INTERVAL may follow";
	if (text[2] == '@') {
		wrong = rate_interval(text + 3, &interval);
		if (wrong)
			return wrong;
	}
	if (__builtin_mul_overflow(rate, (uint64_t)interval, &rate))
		return "this is too much";
	rate /= 1000 * 1000;
	if (!rate)
		return "this lets no byte pass in an interval";
	*bytes = rate;
	*interval_us = interval;
	return NULL;
}
