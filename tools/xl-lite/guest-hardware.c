/* SPDX-License-Identifier: MIT */
/*
 * The keys that let a guest at the machine's hardware: ports, interrupts,
 * pages of devices, and whether its memory is set up for devices.
 */
#include "config.h"

#include "tools/xl-lite/reader.h"

#include "lib/cleanup.h"
#include "tools/xl-lite/arena.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PORT 0xffff			/* of an x86 */
#define MAX_IRQ (UINT32_MAX - 1)
#define MAX_PAGE (UINT64_MAX >> 12)

static const char *const passthrough_names[] = {
	[PASSTHROUGH_DEFAULT] = "default",
	[PASSTHROUGH_DISABLED] = "disabled",
	[PASSTHROUGH_ENABLED] = "enabled",
	[PASSTHROUGH_SYNC_PT] = "sync_pt",
	[PASSTHROUGH_SHARE_PT] = "share_pt",
};

const char *passthrough_name(enum passthrough passthrough)
{
	return passthrough_names[passthrough];
}

/* A number at *AT, up to MAX, and *AT behind it; without sign or blanks. */
static bool take_number(const char **at, int base, uint64_t max, uint64_t *ret)
{
	char *end;

	if (!isxdigit((unsigned char)**at))
		return false;
	errno = 0;
	*ret = strtoull(*at, &end, base);
	if (errno || end == *at || *ret > max)
		return false;
	*at = end;
	return true;
}

static bool parse_ports(const char *at, struct hardware_range *range)
{
	uint64_t last;

	if (!take_number(&at, 16, MAX_PORT, &range->first))
		return false;
	last = range->first;
	if (*at == '-' && (at++, !take_number(&at, 16, MAX_PORT, &last)))
		return false;
	range->count = last - range->first + 1;
	return !*at && last >= range->first;
}

static bool parse_pages(const char *at, struct hardware_range *range)
{
	if (!take_number(&at, 16, MAX_PAGE, &range->first) || *at++ != ',' ||
	    !take_number(&at, 16, MAX_PAGE, &range->count) || !range->count)
		return false;
	range->at_set = *at == '@';
	if (range->at_set && (at++, !take_number(&at, 16, MAX_PAGE, &range->at)))
		return false;
	return !*at && range->first + range->count - 1 <= MAX_PAGE;
}

static void read_ranges(struct reader *r, const char *key, const char *form,
			bool (*parse)(const char *, struct hardware_range *),
			struct hardware_range **ret, size_t *count)
{
	struct text_list list = { 0 };

	reader_list(r, key, &list);
	*ret = arena_alloc(r->config->memory,
			   (list.count + 1) * sizeof(**ret));
	if (!*ret) {
		r->err = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < list.count; i++) {
		(*ret)[i] = (struct hardware_range) { 0 };
		if (!parse(list.items[i], &(*ret)[i]))
			diag_error(r->diags, reader_pos(r, key),
				   "%s: '%s' is not understood: %s", key,
				   list.items[i], form);
	}
	*count = list.count;
}

static void read_irqs(struct reader *r)
{
	struct hardware_config *h = &r->config->hardware;
	struct text_list list = { 0 };

	reader_list(r, "irqs", &list);
	h->irqs = arena_alloc(r->config->memory,
			      (list.count + 1) * sizeof(*h->irqs));
	if (!h->irqs) {
		r->err = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < list.count; i++) {
		const char *at = list.items[i];
		uint64_t irq = 0;

		if (!take_number(&at, 10, MAX_IRQ, &irq) || *at)
			diag_error(r->diags, reader_pos(r, "irqs"),
				   "irqs: '%s' is no interrupt: write its "
				   "number, as /proc/interrupts has it",
				   list.items[i]);
		h->irqs[i] = irq;
	}
	h->num_irqs = list.count;
}

static void read_passthrough(struct reader *r)
{
	const char *text = reader_text(r, "passthrough");
	int i;

	if (!text)
		return;
	i = reader_find(r, "passthrough", text, passthrough_names, 0,
			ARRAY_SIZE(passthrough_names));
	if (i < 0)
		return;
	r->config->hardware.passthrough = i;
	if (i > PASSTHROUGH_DISABLED && r->config->type == GUEST_PVH)
		diag_error(r->diags, reader_pos(r, "passthrough"),
			   "passthrough='%s': a PVH guest can have no devices: "
			   "leave it out, or take type=\"hvm\"", text);
	else if (i > PASSTHROUGH_DISABLED && r->config->type != GUEST_PV &&
		 r->config->memory_kib < r->config->maxmem_kib)
		diag_error(r->diags, reader_pos(r, "passthrough"),
			   "passthrough='%s': a device needs all of the "
			   "guest's memory: leave maxmem= out, or give it as "
			   "much as memory=", text);
	else if (i == PASSTHROUGH_SHARE_PT && r->config->type == GUEST_PV)
		diag_error(r->diags, reader_pos(r, "passthrough"),
			   "passthrough='share_pt': a PV guest has no tables "
			   "to share: write \"sync_pt\" or \"enabled\"");
}

void reader_hardware(struct reader *r)
{
	struct hardware_config *h = &r->config->hardware;

	read_ranges(r, "ioports", "write the port, or FIRST-LAST, in hex, at "
		    "most ffff", parse_ports, &h->ports, &h->num_ports);
	read_ranges(r, "iomem", "write PAGE,COUNT or PAGE,COUNT@GUESTPAGE in "
		    "hex: a page is an address without its last three digits",
		    parse_pages, &h->pages, &h->num_pages);
	read_irqs(r);
	read_passthrough(r);
}
