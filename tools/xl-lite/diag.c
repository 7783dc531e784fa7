/* SPDX-License-Identifier: MIT */
/* What is wrong with an input, collected; see diag.h. */
#include "config.h"

#include "tools/xl-lite/diag.h"

#include <string.h>

#define TEXT_MAX_SIZE 512

/* A configuration may hold anything; a terminal shall not obey it. */
static void make_printable(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p; p++)
		if (*p < ' ' || *p == 0x7f)
			*p = '?';
}

__attribute__((format(printf, 4, 0)))
static void add(struct diags *diags, enum diag_level level,
		struct cfg_pos pos, const char *fmt, va_list ap)
{
	char text[TEXT_MAX_SIZE];
	struct diag *d;

	if (!diags)
		return;
	if (level == DIAG_ERROR)
		diags->errors++;
	else
		diags->warnings++;
	if (diags->count == DIAGS_MAX)
		return;
	if (!diags->list)
		diags->list = calloc(DIAGS_MAX, sizeof(*diags->list));
	if (!diags->list)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	make_printable(text);
	d = &diags->list[diags->count];
	*d = (struct diag){
		.level = level,
		.pos = pos,
		.text = strdup(text),
	};
	if (d->text)
		diags->count++;
}

void diag_error(struct diags *diags, struct cfg_pos pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(diags, DIAG_ERROR, pos, fmt, ap);
	va_end(ap);
}

void diag_warning(struct diags *diags, struct cfg_pos pos,
		  const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(diags, DIAG_WARNING, pos, fmt, ap);
	va_end(ap);
}

static int compare_diags(const void *a, const void *b)
{
	const struct diag *x = *(const struct diag *const *)a;
	const struct diag *y = *(const struct diag *const *)b;

	if (x->pos.rank != y->pos.rank)
		return x->pos.rank < y->pos.rank ? -1 : 1;
	if (x->pos.line != y->pos.line)
		return x->pos.line < y->pos.line ? -1 : 1;
	if (x->pos.column != y->pos.column)
		return x->pos.column < y->pos.column ? -1 : 1;
	return x < y ? -1 : x > y; /* as they were found */
}

static void print_one(const struct diag *d, FILE *to)
{
	if (d->pos.name)
		fprintf(to, "%s:", d->pos.name);
	if (d->pos.line)
		fprintf(to, "%u:", d->pos.line);
	if (d->pos.line && d->pos.column)
		fprintf(to, "%u:", d->pos.column);
	fprintf(to, "%s%s: %s\n", d->pos.name ? " " : "",
		d->level == DIAG_ERROR ? "error" : "warning", d->text);
}

void diags_print(const struct diags *diags, FILE *to)
{
	const struct diag *sorted[DIAGS_MAX];
	size_t found = diags->errors + diags->warnings;

	for (size_t i = 0; i < diags->count; i++)
		sorted[i] = &diags->list[i];
	qsort(sorted, diags->count, sizeof(sorted[0]), compare_diags);
	for (size_t i = 0; i < diags->count; i++)
		print_one(sorted[i], to);
	if (found > diags->count)
		fprintf(to, "and %zu more\n", found - diags->count);
}

void diags_clear(struct diags *diags)
{
	for (size_t i = 0; i < diags->count; i++)
		free(diags->list[i].text);
	free(diags->list);
	*diags = (struct diags){ 0 };
}
