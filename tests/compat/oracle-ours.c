/* SPDX-License-Identifier: MIT */
/* What our own parsers make of a text. See oracle.h. */
#include "config.h"

#include "tests/compat/oracle.h"

#include "tools/xl-lite/arena.h"
#include "tools/xl-lite/cfg-parse.h"
#include "tools/xl-lite/guest-config.h"
#include "tools/xl-lite/spec.h"

#include <string.h>

static const struct cfg_pos start = { .name = "t", .line = 1, .column = 1 };

/* LINE:COLUMN: what is wrong. Warnings are said in any case, as "warning:". */
static void say_diags(FILE *to, const struct diags *diags, bool errors)
{
	for (size_t i = 0; i < diags->count; i++) {
		const struct diag *d = &diags->list[i];
		bool is_error = d->level == DIAG_ERROR;

		if (is_error == errors)
			fprintf(to, "%s%u:%u: %s\n",
				is_error ? "" : "warning: ", d->pos.line,
				d->pos.column, d->text);
	}
}

static void say_refusal(FILE *to, const struct diags *diags)
{
	fputs(REFUSED, to);
	say_diags(to, diags, true);
}

/* --- the language ------------------------------------------------------ */

static void say_value(FILE *to, const struct cfg_value *value)
{
	if (value->type == CFG_TEXT) {
		oracle_quoted(to, value->text);
		return;
	}
	putc('[', to);
	for (size_t i = 0; i < value->count; i++) {
		say_value(to, value->items[i]);
		putc(',', to);
	}
	putc(']', to);
}

static void answer_config(const char *text, size_t size, FILE *to)
{
	CLEANUP_DIAGS struct diags diags = { 0 };
	struct arena arena = { 0 };
	struct cfg_tree tree = { .arena = &arena };
	int err = cfg_parse(&tree, text, size, start, &diags);

	if (err || diags.errors) {
		say_refusal(to, &diags);
	} else {
		fputs(ACCEPTED, to);
		for (size_t i = 0; i < tree.count; i++) {
			fprintf(to, "%s = ", tree.settings[i].name);
			say_value(to, tree.settings[i].value);
			putc('\n', to);
		}
	}
	arena_free(&arena);
}

/* --- what keys mean ----------------------------------------------------- */

static void answer_number(const char *text, size_t size, FILE *to)
{
	static char name[] = "name='g'", kernel[] = "kernel='/k'";
	char *const words[] = { name, kernel };
	CLEANUP_GUEST_CONFIG struct guest_config *config = NULL;
	CLEANUP_DIAGS struct diags diags = { 0 };

	if (guest_config_parse("t", text, size, words, ARRAY_SIZE(words),
			       &diags, &config) != 0)
		say_refusal(to, &diags);
	else
		fprintf(to, ACCEPTED "memory = %llu\n",
			(unsigned long long)config->memory_kib / 1024);
}

/* All that xl-lite check would say of a configuration. */
static void answer_check(const char *text, size_t size, FILE *to)
{
	CLEANUP_GUEST_CONFIG struct guest_config *config = NULL;
	CLEANUP_DIAGS struct diags diags = { 0 };

	if (guest_config_parse("t", text, size, NULL, 0, &diags, &config) != 0)
		say_refusal(to, &diags);
	else
		fputs(ACCEPTED, to);
	say_diags(to, &diags, false);
}

/* --- disks, network cards, rates ---------------------------------------- */

static const char *choice_name(enum choice choice)
{
	return choice == CHOICE_DEFAULT ? "default"
	     : choice == CHOICE_YES ? "yes" : "no";
}

static void say_text(FILE *to, const char *what, const char *text)
{
	fprintf(to, "%s ", what);
	oracle_quoted(to, text ? text : "");
	putc('\n', to);
}

static void say_disk(FILE *to, const struct disk_config *d)
{
	say_text(to, "vdev", d->vdev);
	say_text(to, "target", d->target);
	fprintf(to, "format %s\n", disk_format_name(d->format));
	fprintf(to, "backendtype %s\n", disk_backendtype_name(d->backendtype));
	say_text(to, "backend", d->backend_domain);
	say_text(to, "script", d->script);
	fprintf(to, "%s\n", d->readonly ? "read-only" : "writable");
	fprintf(to, "removable %d\n", d->removable);
	fprintf(to, "cdrom %d\n", d->cdrom);
	fprintf(to, "direct-io-safe %d\n", d->direct_io_safe);
	fprintf(to, "discard %s\n", choice_name(d->discard));
	fprintf(to, "trusted %s\n", choice_name(d->trusted));
	fprintf(to, "virtio %d\n", d->specification == DISK_SPEC_VIRTIO);
	fprintf(to, "colo 0\n");
}

static void answer_disk(const char *text, size_t size, FILE *to)
{
	CLEANUP_DIAGS struct diags diags = { 0 };
	struct arena arena = { 0 };
	struct spec spec = {
		.text = text, .pos = start, .exact = true,
		.arena = &arena, .diags = &diags,
	};
	struct disk_config disk;

	(void)size;
	if (disk_spec_parse(&spec, &disk) != 0) {
		say_refusal(to, &diags);
	} else {
		fputs(ACCEPTED, to);
		say_disk(to, &disk);
	}
	arena_free(&arena);
}

static void say_vif(FILE *to, const struct vif_config *v)
{
	static const char *const types[] = {
		[VIF_TYPE_DEFAULT] = "default",
		[VIF_TYPE_VIF] = "vif",
		[VIF_TYPE_IOEMU] = "ioemu",
	};
	static const char *const backends[] = {
		[VIF_BACKEND_DEFAULT] = "default",
		[VIF_BACKEND_KERNEL] = "kernel",
		[VIF_BACKEND_USER] = "user",
	};

	if (v->mac_set)
		fprintf(to, "mac %02x:%02x:%02x:%02x:%02x:%02x\n", v->mac[0],
			v->mac[1], v->mac[2], v->mac[3], v->mac[4], v->mac[5]);
	say_text(to, "bridge", v->bridge);
	say_text(to, "gatewaydev", v->gatewaydev);
	say_text(to, "ip", v->ip);
	say_text(to, "script", v->script);
	say_text(to, "backend", v->backend_domain);
	say_text(to, "vifname", v->vifname);
	say_text(to, "model", v->model);
	fprintf(to, "type %s\n", types[v->type]);
	/* xl has neither word */
	if (v->backendtype != VIF_BACKEND_DEFAULT)
		fprintf(to, "backendtype %s\n", backends[v->backendtype]);
	if (v->user_frontend)
		fprintf(to, "frontend user\n");
	fprintf(to, "devid %u\n", v->devid);
	fprintf(to, "mtu %u\n", v->mtu);
	fprintf(to, "rate %llu,%u\n", (unsigned long long)v->rate_bytes,
		v->rate_interval_us);
	fprintf(to, "trusted %s\n", choice_name(v->trusted));
}

static void answer_vif(const char *text, size_t size, FILE *to)
{
	CLEANUP_DIAGS struct diags diags = { 0 };
	struct arena arena = { 0 };
	struct spec spec = {
		.text = text, .pos = start, .exact = true,
		.arena = &arena, .diags = &diags,
	};
	struct vif_config vif = { 0 };

	(void)size;
	if (vif_spec_parse(&spec, &vif) != 0) {
		say_refusal(to, &diags);
	} else {
		fputs(ACCEPTED, to);
		say_vif(to, &vif);
	}
	say_diags(to, &diags, false);
	arena_free(&arena);
}

static void answer_rate(const char *text, size_t size, FILE *to)
{
	const char *wrong;
	uint32_t interval;
	uint64_t bytes;

	(void)size;
	wrong = vif_rate_parse(text, &bytes, &interval);
	if (wrong)
		fprintf(to, REFUSED "%s\n", wrong);
	else
		fprintf(to, ACCEPTED "rate %llu,%u\n",
			(unsigned long long)bytes, interval);
}

int main(void)
{
	static const struct oracle_kind kinds[] = {
		{ "config", answer_config },
		{ "number", answer_number },
		{ "check",  answer_check },
		{ "disk",   answer_disk },
		{ "vif",    answer_vif },
		{ "rate",   answer_rate },
		{ 0 },
	};

	return oracle_serve(kinds);
}
