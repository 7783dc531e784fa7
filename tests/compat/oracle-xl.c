/* SPDX-License-Identifier: MIT */
/*
 * What stock xl makes of a text: libxlutil, asked through its public header.
 * Needs no Xen. See oracle.h.
 */
#include "config.h"

#include "tests/compat/oracle.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <libxlutil.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A configuration of libxlutil, and what it had to say. */
struct asked {
	XLU_Config *cfg;
	FILE *report;
	char *messages;
	size_t size;
};

static void done(struct asked *a)
{
	if (a->cfg)
		xlu_cfg_destroy(a->cfg);
	if (a->report)
		fclose(a->report);
	free(a->messages);
}

#define CLEANUP_ASKED CLEANUP(done)

static void begin(struct asked *a)
{
	a->report = open_memstream(&a->messages, &a->size);
	a->cfg = a->report ? xlu_cfg_init(a->report, "t") : NULL;
	if (!a->cfg) {
		perror("oracle-xl");
		exit(2);
	}
}

static void say_refusal(FILE *to, struct asked *a)
{
	fflush(a->report);
	fputs(REFUSED, to);
	fwrite(a->messages, 1, a->size, to);
}

/* --- the language ------------------------------------------------------ */

static bool in_key(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '.';
}

static void say_value(FILE *to, XLU_Config *cfg, XLU_ConfigValue *value);

static void say_list(FILE *to, XLU_Config *cfg, XLU_ConfigList *list)
{
	XLU_ConfigValue *value;

	putc('[', to);
	for (int i = 0; (value = xlu_cfg_get_listitem2(list, i)); i++) {
		say_value(to, cfg, value);
		putc(',', to);
	}
	putc(']', to);
}

static void say_value(FILE *to, XLU_Config *cfg, XLU_ConfigValue *value)
{
	XLU_ConfigList *list;
	char *string;

	if (xlu_cfg_value_type(value) == XLU_LIST) {
		xlu_cfg_value_get_list(cfg, value, &list, 1);
		say_list(to, cfg, list);
	} else {
		xlu_cfg_value_get_string(cfg, value, &string, 1);
		oracle_quoted(to, string);
	}
}

static void say_key(FILE *to, XLU_Config *cfg, const char *key)
{
	XLU_ConfigList *list;
	const char *string;

	if (xlu_cfg_get_string(cfg, key, &string, 1) == 0) {
		fprintf(to, "%s = ", key);
		oracle_quoted(to, string);
		putc('\n', to);
	} else if (xlu_cfg_get_list(cfg, key, &list, NULL, 1) == 0) {
		fprintf(to, "%s = ", key);
		say_list(to, cfg, list);
		putc('\n', to);
	}
}

/*
 * There is no function that lists the keys. But each is a word of the text, so
 * all words of it are asked for: some more than once, which the reader knows.
 */
static void say_keys(FILE *to, XLU_Config *cfg, const char *text, size_t size)
{
	const char *end = text + size;

	while (text < end) {
		const char *word = text;

		while (text < end && in_key(*text))
			text++;
		if (text > word && *word >= 'a' && *word <= 'z') {
			CLEANUP_FREE char *key = strndup(word, text - word);

			if (key)
				say_key(to, cfg, key);
		}
		if (text == word)
			text++;
	}
}

static void answer_config(const char *text, size_t size, FILE *to)
{
	CLEANUP_ASKED struct asked a = { 0 };

	begin(&a);
	if (xlu_cfg_readdata(a.cfg, text, size) != 0) {
		say_refusal(to, &a);
		return;
	}
	fputs(ACCEPTED, to);
	say_keys(to, a.cfg, text, size);
}

/* The number that "memory" is in a text; where xl would go on without: none. */
static void answer_number(const char *text, size_t size, FILE *to)
{
	CLEANUP_ASKED struct asked a = { 0 };
	long number;

	begin(&a);
	if (xlu_cfg_readdata(a.cfg, text, size) != 0 ||
	    xlu_cfg_get_long(a.cfg, "memory", &number, 0) != 0)
		say_refusal(to, &a);
	else
		fprintf(to, ACCEPTED "memory = %ld\n", number);
}

/* --- disks and rates ---------------------------------------------------- */

static const char *backend_name(libxl_disk_backend backend)
{
	return backend == LIBXL_DISK_BACKEND_UNKNOWN
		? "default" : libxl_disk_backend_to_string(backend);
}

static const char *choice_name(libxl_defbool choice)
{
	return libxl_defbool_is_default(choice) ? "default"
	     : libxl_defbool_val(choice) ? "yes" : "no";
}

static void say_text(FILE *to, const char *what, const char *text)
{
	fprintf(to, "%s ", what);
	oracle_quoted(to, text ? text : "");
	putc('\n', to);
}

static void say_disk(FILE *to, const libxl_device_disk *d)
{
	say_text(to, "vdev", d->vdev);
	say_text(to, "target", d->pdev_path);
	fprintf(to, "format %s\n", libxl_disk_format_to_string(d->format));
	fprintf(to, "backendtype %s\n", backend_name(d->backend));
	say_text(to, "backend", d->backend_domname);
	say_text(to, "script", d->script);
	fprintf(to, "%s\n", d->readwrite ? "writable" : "read-only");
	fprintf(to, "removable %d\n", d->removable);
	fprintf(to, "cdrom %d\n", d->is_cdrom);
	fprintf(to, "direct-io-safe %d\n", d->direct_io_safe);
	fprintf(to, "discard %s\n", choice_name(d->discard_enable));
	fprintf(to, "trusted %s\n", choice_name(d->trusted));
	fprintf(to, "virtio %d\n",
		d->specification == LIBXL_DISK_SPECIFICATION_VIRTIO);
	fprintf(to, "colo %d\n",
		(!libxl_defbool_is_default(d->colo_enable) &&
		 libxl_defbool_val(d->colo_enable)) ||
		d->colo_host || d->colo_port || d->colo_export ||
		d->active_disk || d->hidden_disk);
}

static void answer_disk(const char *text, size_t size, FILE *to)
{
	CLEANUP_ASKED struct asked a = { 0 };
	libxl_device_disk disk;

	(void)size;
	begin(&a);
	libxl_device_disk_init(&disk);
	if (xlu_disk_parse(a.cfg, 1, &text, &disk) != 0) {
		say_refusal(to, &a);
	} else {
		fputs(ACCEPTED, to);
		say_disk(to, &disk);
	}
	libxl_device_disk_dispose(&disk);
}

static void answer_rate(const char *text, size_t size, FILE *to)
{
	CLEANUP_ASKED struct asked a = { 0 };
	libxl_device_nic nic;

	(void)size;
	begin(&a);
	libxl_device_nic_init(&nic);
	errno = 0;	/* it takes what was left there for an error of its own */
	if (xlu_vif_parse_rate(a.cfg, text, &nic) != 0)
		say_refusal(to, &a);
	else
		fprintf(to, ACCEPTED "rate %llu,%u\n",
			(unsigned long long)nic.rate_bytes_per_interval,
			nic.rate_interval_usecs);
	libxl_device_nic_dispose(&nic);
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
	static const struct oracle_kind kinds[] = {
		{ "config", answer_config },
		{ "number", answer_number },
		{ "disk",   answer_disk },
		{ "rate",   answer_rate },
		{ 0 },
	};

	return oracle_serve(kinds);
}
