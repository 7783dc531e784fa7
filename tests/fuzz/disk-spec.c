/* SPDX-License-Identifier: MIT */
/*
 * One string of disk=[...]: a disk that can be made, or an error that says
 * what is wrong with which part of it. And names of virtual disks: a name and
 * the number that it stands for mean the same disk.
 */
#include "tests/fuzz/spec-text.h"
#include "tools/xl-lite/spec.h"
#include "tools/xl-lite/vdev.h"

#include <errno.h>
#include <stdio.h>

static void check_vdev(const char *name)
{
	struct vdev v, again;
	char number[16];

	if (vdev_parse(name, &v)) {
		MUST(name[0]);	/* nobody asks for no name */
		return;
	}
	MUST(v.number <= INT32_MAX);
	MUST(v.disk < 1u << 20 && v.partition < 256);
	snprintf(number, sizeof(number), "%u", v.number);
	MUST(!vdev_parse(number, &again));
	MUST(again.number == v.number);
	MUST(again.disk == v.disk && again.partition == v.partition);
}

static void check_disk(const struct disk_config *d)
{
	struct vdev v;

	MUST(d->vdev && !vdev_parse(d->vdev, &v));
	MUST(v.number == d->vdev_number && v.disk == d->disk);
	MUST((d->target != NULL) == (d->format != DISK_FORMAT_EMPTY));
	MUST(!d->target || d->target[0]);
	MUST(!d->script || d->script[0]);
	MUST(!d->backend_domain || d->backend_domain[0]);
	MUST(!d->cdrom || (d->readonly && d->removable));
	MUST(d->cdrom || d->target);
	MUST(disk_format_name(d->format)[0]);
	MUST(disk_backendtype_name(d->backendtype)[0]);
}

void fuzz_one(struct input *in)
{
	char text[4096];
	struct arena arena = { 0 };
	struct diags diags = { 0 };
	struct disk_config disk;
	struct spec spec = {
		.text = in_text(in, text, sizeof(text)),
		.pos = { .name = "fuzz.cfg", .line = 1, .column = 1 },
		.exact = true, .arena = &arena, .diags = &diags,
	};
	int r = disk_spec_parse(&spec, &disk);

	MUST(r == 0 || r == -EINVAL);
	MUST((r == 0) == (diags.errors == 0));
	check_diags(&diags, 1, strlen(text));
	if (!r)
		check_disk(&disk);
	if (text[0])
		check_vdev(text);
	diags_clear(&diags);
	arena_free(&arena);
}
