/* SPDX-License-Identifier: MIT */
/*
 * What all fuzz targets share. A target is one function, fuzz_one(): it takes
 * its input apart with the in_...() functions, drives the code with it, and
 * says with MUST() what has to be so whatever the input was. It keeps nothing
 * from one input to the next that could change what the next one does.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The target. */
struct input;
void fuzz_one(struct input *in);

/*
 * One for each state of a ring, or a bus, that the code was shown and judged;
 * the rate that is printed is of these. Targets of other things leave it.
 */
extern uint64_t fuzz_states;

/* Say what is wrong and where, and abort: the input is then kept. */
_Noreturn void fuzz_fail(const char *file, int line, const char *what);
#define MUST(what) do {							\
	if (!(what))							\
		fuzz_fail(__FILE__, __LINE__, #what);			\
} while (0)

/* -- the input ------------------------------------------------------------- */

/* What is left of it. Behind its end there are zeros. */
struct input {
	const uint8_t *at;
	size_t left;
};

static inline bool in_done(const struct input *in)
{
	return in->left == 0;
}

static inline void in_bytes(struct input *in, void *to, size_t size)
{
	size_t n = size < in->left ? size : in->left;

	if (n)
		memcpy(to, in->at, n);
	if (n < size)
		memset((uint8_t *)to + n, 0, size - n);
	in->at += n;
	in->left -= n;
}

static inline uint8_t in8(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

static inline uint16_t in16(struct input *in)
{
	uint16_t low = in8(in);

	return (uint16_t)(low | in8(in) << 8);
}

static inline uint32_t in32(struct input *in)
{
	uint32_t low = in16(in);

	return low | (uint32_t)in16(in) << 16;
}

static inline uint64_t in64(struct input *in)
{
	uint64_t low = in32(in);

	return low | (uint64_t)in32(in) << 32;
}

/* -- numbers in a buffer of any alignment ---------------------------------- */

static inline uint16_t get16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* -- for targets of text ---------------------------------------------------- */

/* All that is left as a string in BUF: ends early at a NUL of its own. */
const char *in_text(struct input *in, char *buf, size_t size);
/* No byte that a terminal would obey. */
bool fuzz_printable(const char *text);

/* libFuzzer's, and the replayer's, way in. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
