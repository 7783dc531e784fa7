/* SPDX-License-Identifier: MIT */
/* Questions and answers of the oracles; see oracle.h. */
#include "config.h"

#include "tests/compat/oracle.h"

#include "lib/cleanup.h"

#include <stdlib.h>
#include <string.h>

#define MAX_SIZE (16U << 20)	/* of a question: a mistake beyond */

void oracle_quoted(FILE *to, const char *text)
{
	if (!text) {
		fputs("(null)", to);
		return;
	}
	putc('\'', to);
	for (; *text; text++) {
		unsigned char c = *text;

		if (c < ' ' || c > '~' || c == '\'' || c == '\\')
			fprintf(to, "\\x%02x", c);
		else
			putc(c, to);
	}
	putc('\'', to);
}

static const struct oracle_kind *find_kind(const struct oracle_kind *kinds,
					   const char *name)
{
	for (; kinds->name; kinds++)
		if (strcmp(kinds->name, name) == 0)
			return kinds;
	return NULL;
}

static int answer(const struct oracle_kind *kind, const char *text, size_t size)
{
	CLEANUP_FREE char *reply = NULL;
	size_t reply_size = 0;
	FILE *to = open_memstream(&reply, &reply_size);

	if (!to)
		return -1;
	kind->answer(text, size, to);
	if (fclose(to) != 0)
		return -1;
	printf("%zu\n", reply_size);
	fwrite(reply, 1, reply_size, stdout);
	return fflush(stdout);
}

int oracle_serve(const struct oracle_kind *kinds)
{
	char name[16];
	unsigned int size;

	while (scanf("%15s %u", name, &size) == 2 && getchar() == '\n') {
		const struct oracle_kind *kind = find_kind(kinds, name);
		CLEANUP_FREE char *text = NULL;

		if (!kind || size > MAX_SIZE) {
			fprintf(stderr, "question %s of %u bytes: not known\n",
				name, size);
			return 2;
		}
		text = malloc(size + 1);
		if (!text || fread(text, 1, size, stdin) != size) {
			fprintf(stderr, "question %s: %u bytes are not there\n",
				name, size);
			return 2;
		}
		text[size] = '\0';
		if (answer(kind, text, size) != 0) {
			fprintf(stderr, "question %s: cannot answer\n", name);
			return 2;
		}
	}
	return 0;
}
