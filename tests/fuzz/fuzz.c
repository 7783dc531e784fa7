/* SPDX-License-Identifier: MIT */
/* What all fuzz targets share; see fuzz.h. */
#include "tests/fuzz/fuzz.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

uint64_t fuzz_states;

static uint64_t runs;
static struct timespec first;

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)(now.tv_sec - first.tv_sec) +
	       (double)(now.tv_nsec - first.tv_nsec) / 1e9;
}

/* For tests/fuzz/run: time is that of one processor. */
static void report(void)
{
	fprintf(stderr, "fuzz: %" PRIu64 " runs, %" PRIu64 " states, %.2f s\n",
		runs, fuzz_states, seconds());
}

void fuzz_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: this must be so, and is not: %s\n", file, line,
		what);
	abort();
}

const char *in_text(struct input *in, char *buf, size_t size)
{
	size_t n = in->left < size - 1 ? in->left : size - 1;

	in_bytes(in, buf, n);
	buf[n] = '\0';
	return buf;
}

bool fuzz_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .at = data, .left = size };

	if (!runs++) {
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &first);
		atexit(report);
	}
	fuzz_one(&in);
	return 0;
}
