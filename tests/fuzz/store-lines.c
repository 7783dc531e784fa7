/* SPDX-License-Identifier: MIT */
/* A xenstore of lines; see store-lines.h. */
#include "config.h"

#include "tests/fuzz/store-lines.h"

#include "lib/num.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static struct {
	const char *node, *value;
} lines[STORE_LINES_MAX];
static unsigned int count;

void store_lines(char *text)
{
	char *line;

	count = 0;
	while ((line = strsep(&text, "\n")) && count < STORE_LINES_MAX) {
		char *value = strchr(line, '=');

		if (!value)
			continue;
		*value++ = '\0';
		lines[count].node = line;
		lines[count++].value = value;
	}
}

bool store_line(unsigned int i, const char **node, const char **value)
{
	if (i >= count)
		return false;
	*node = lines[i].node;
	*value = lines[i].value;
	return true;
}

int store_read(struct store *s, xs_transaction_t t, const char *dir,
	       const char *node, char *buf, size_t size)
{
	char path[BACKEND_PATH_MAX + 64];
	const char *name;
	size_t n;

	(void)s;
	(void)t;
	snprintf(path, sizeof(path), "%s/%s", dir, node);
	/* frontend and backend have one-letter folders */
	name = path + 2;
	for (unsigned int i = 0; i < count; i++) {
		if (strcmp(lines[i].node, name))
			continue;
		n = strlen(lines[i].value) + 1;
		if (n > size)
			return -E2BIG;
		memcpy(buf, lines[i].value, n);
		return 0;
	}
	return -ENOENT;
}

int store_read_uint(struct store *s, xs_transaction_t t, const char *dir,
		    const char *node, unsigned int min, unsigned int max,
		    unsigned int *ret)
{
	char value[STORE_VALUE_MAX];
	int r = store_read(s, t, dir, node, value, sizeof(value));

	return r ? r : num_parse_uint(value, min, max, ret);
}

int store_read_uint_or(struct store *s, xs_transaction_t t, const char *dir,
		       const char *node, unsigned int min, unsigned int max,
		       unsigned int deflt, unsigned int *ret)
{
	int r = store_read_uint(s, t, dir, node, min, max, ret);

	if (r != -ENOENT)
		return r;
	*ret = deflt;
	return 0;
}

/* No reader writes. */
int store_write(struct store *s, xs_transaction_t t, const char *dir,
		const char *node, const char *value)
{
	(void)s;
	(void)t;
	(void)dir;
	(void)value;
	fuzz_fail(__FILE__, __LINE__, node);
}

int store_printf(struct store *s, xs_transaction_t t, const char *dir,
		 const char *node, const char *fmt, ...)
{
	return store_write(s, t, dir, node, fmt);
}

int backend_fail(struct backend_device *dev, int err, const char *fmt, ...)
{
	va_list ap;

	MUST(err < 0);
	va_start(ap, fmt);
	vsnprintf(dev->reason, sizeof(dev->reason), fmt, ap);
	va_end(ap);
	return err;
}
