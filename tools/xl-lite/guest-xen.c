/* SPDX-License-Identifier: MIT */
/* The keys that are for Xen alone: bounds, shares, clocks. */
#include "config.h"

#include "tools/xl-lite/reader.h"

#include "lib/cleanup.h"

#include <limits.h>
#include <string.h>

/* Xen's bounds of what its schedulers take. */
#define MAX_WEIGHT 65535
#define MAX_CAP (100 * 8192)

static const char *const tsc_names[] = {
	[TSC_DEFAULT] = "default",
	[TSC_ALWAYS_EMULATE] = "always_emulate",
	[TSC_NATIVE] = "native",
};

static const char *const timer_names[] = {
	"delay_for_missed_ticks", "no_delay_for_missed_ticks",
	"no_missed_ticks_pending", "one_missed_tick_pending",
};

const char *tsc_mode_name(enum tsc_mode mode)
{
	return tsc_names[mode];
}

const char *timer_mode_name(int mode)
{
	return timer_names[mode];
}

/* One of NAMES, or its number, which is the old way. -1: not given. */
static int read_mode(struct reader *r, const char *key,
		     const char *const *names, int count)
{
	const char *text = reader_text(r, key);
	long number;

	if (!text)
		return -1;
	if (!reader_parse_number(text, &number))
		return reader_find(r, key, text, names, 0, count);
	if (!reader_number(r, key, 0, count - 1, &number))
		return -1;
	diag_warning(r->diags, reader_pos(r, key),
		     "%s=%s: write %s=\"%s\": numbers are the old way", key,
		     text, key, names[number]);
	return number;
}

static void read_share(struct reader *r)
{
	struct xen_config *xen = &r->config->xen;
	long number;

	if (reader_number(r, "cpu_weight", 1, MAX_WEIGHT, &number))
		xen->weight = number;
	xen->cap_set = reader_number(r, "cap", 0, MAX_CAP, &number);
	if (xen->cap_set)
		xen->cap = number;
	xen->pool = reader_text(r, "pool");
	reader_list(r, "cpus", &xen->cpus);
	xen->cpus_pos = reader_pos(r, "cpus");
	reader_list(r, "cpus_soft", &xen->cpus_soft);
	xen->cpus_soft_pos = reader_pos(r, "cpus_soft");
}

static int64_t read_bound(struct reader *r, const char *key)
{
	long number;

	return reader_number(r, key, 0, INT_MAX, &number) ? number : -1;
}

static void read_bounds(struct reader *r)
{
	struct xen_config *xen = &r->config->xen;
	long number;

	xen->grant_frames = read_bound(r, "max_grant_frames");
	xen->maptrack_frames = read_bound(r, "max_maptrack_frames");
	xen->grant_version = -1;
	if (reader_number(r, "max_grant_version", 0, 2, &number))
		xen->grant_version = number;
	if (reader_number(r, "max_event_channels", 0, INT_MAX, &number))
		xen->event_channels = number;
}

static void read_clocks(struct reader *r)
{
	struct xen_config *xen = &r->config->xen;
	int mode = read_mode(r, "tsc_mode", tsc_names, ARRAY_SIZE(tsc_names));

	xen->tsc_mode = mode < 0 ? TSC_DEFAULT : (enum tsc_mode)mode;
	xen->timer_mode = -1;
	if (r->config->type != GUEST_PV)
		xen->timer_mode = read_mode(r, "timer_mode", timer_names,
					    ARRAY_SIZE(timer_names));
	xen->nomigrate = reader_choice(r, "nomigrate");
}

/* With both, the first is for building it, and the other for what follows. */
static void read_labels(struct reader *r)
{
	struct xen_config *xen = &r->config->xen;
	const char *label = reader_text(r, "seclabel");

	xen->label = reader_text(r, "init_seclabel");
	if (xen->label)
		xen->late_label = label;
	else
		xen->label = label;
}

void reader_xen(struct reader *r)
{
	read_share(r);
	read_bounds(r);
	read_clocks(r);
	read_labels(r);
	r->config->xen.driver_domain = reader_choice(r, "driver_domain");
	r->config->xen.oos = reader_choice(r, "oos");
}
