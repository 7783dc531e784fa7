/* SPDX-License-Identifier: MIT */
/*
 * One disk or network card as a string of a configuration describes it: what
 * the two parsers have in common.
 */
#ifndef XL_LITE_SPEC_H
#define XL_LITE_SPEC_H

#include "tools/xl-lite/arena.h"
#include "tools/xl-lite/guest-config.h"

struct spec {
	const char *text;
	struct cfg_pos pos;	/* of text's first byte, or of the string */
	bool exact;		/* the first: an offset can be added to it */
	struct arena *arena;	/* for the strings in the result */
	struct diags *diags;
};

/* Where byte AT of the text is. */
static inline struct cfg_pos spec_pos(const struct spec *spec, const char *at)
{
	struct cfg_pos pos = spec->pos;

	if (spec->exact)
		pos.column += at - spec->text;
	return pos;
}

/*
 * Fill *RET, all of it but its place among others. What is wrong is reported.
 * Return 0, -EINVAL or -ENOMEM.
 */
int disk_spec_parse(const struct spec *spec, struct disk_config *ret);
int vif_spec_parse(const struct spec *spec, struct vif_config *ret);

/*
 * The same from several texts, which go on one after the other: the words of
 * a command. There must be one of a disk; a vif may have none.
 */
int disk_specs_parse(const struct spec *specs, size_t count,
		     struct disk_config *ret);
int vif_specs_parse(const struct spec *specs, size_t count,
		    struct vif_config *ret);

/*
 * "10Mb/s" or "1MB/s@20ms": what may pass in an interval. Returns NULL, or
 * what is wrong with TEXT, in words.
 */
const char *vif_rate_parse(const char *text, uint64_t *bytes,
			   uint32_t *interval_us);

#endif
