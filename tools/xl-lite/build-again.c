/* SPDX-License-Identifier: MIT */
/*
 * What a PVH or HVM guest whose domain was reset needs anew; see build.h. Xen
 * has kept its memory, its processors and its chips, and has closed its event
 * channels; grants are the toolstack's to make again.
 */
#include "config.h"

#include "tools/xl-lite/build.h"

#include <xen/hvm/params.h>

#include "lib/log.h"

#include "tools/xl-lite/build-hvm.h"
#include "tools/xl-lite/pvh-memory.h"

/* Between these an emulated PC has no memory but its graphics card's. */
#define VGA_START 0xa0000
#define VGA_END 0xc0000
#define GIB_4 (1ull << 32)

static int make_ports(struct hv *hv, struct build *b)
{
	int err = hv_evtchn_alloc(hv, b->domid, b->store_domid,
				  &b->store_port);

	return err ? err : hv_evtchn_alloc(hv, b->domid, b->console_domid,
					   &b->console_port);
}

static int set_ports(struct hv *hv, const struct build *b)
{
	int err = hv_domain_param_set(hv, b->domid, HVM_PARAM_STORE_EVTCHN,
				      b->store_port);

	return err ? err : hv_domain_param_set(hv, b->domid,
					       HVM_PARAM_CONSOLE_EVTCHN,
					       b->console_port);
}

static int find_rings(struct hv *hv, const struct build *b,
		      struct hv_rings *rings)
{
	int err = hv_domain_param_get(hv, b->domid, HVM_PARAM_STORE_PFN,
				      &rings->store_frame);

	return err ? err : hv_domain_param_get(hv, b->domid,
					       HVM_PARAM_CONSOLE_PFN,
					       &rings->console_frame);
}

/*
 * The balloon driver of the kernel that is gone knew which memory it had given
 * away. The next one is told of a machine that has it all, and would write where
 * there is nothing: it gets it all, and a balloon driver of its own.
 */
static int fill_memory(struct hv *hv, const struct guest_config *config,
		       const struct build *b)
{
	const bool hvm = config->type == GUEST_HVM;
	const struct hv_layout layout = hvm ? build_hvm_layout(config) :
		pvh_memory_layout(config->maxmem_kib);
	const struct {
		uint64_t start, end;
	} parts[] = {
		{ 0, hvm ? VGA_START : layout.low_end },
		{ hvm ? VGA_END : layout.low_end, layout.low_end },
		{ GIB_4, layout.high_end },
	};
	uint64_t filled = 0;
	int err = hv_domain_max_memory(hv, b->domid, config->maxmem_kib +
				       BUILD_MAXMEM_SLACK_KIB);

	for (size_t i = 0; i < ARRAY_SIZE(parts) && !err; i++)
		err = hv_domain_fill(hv, b->domid, parts[i].start,
				     parts[i].end, &filled);
	if (!err && filled)
		log_info("guest %s: had given away %llu pages of its memory, and has them again",
			 config->name, (unsigned long long)filled);
	return err;
}

int build_again(struct hv *hv, const struct guest_config *config,
		struct build *b)
{
	struct hv_rings rings = {
		.store_domid = b->store_domid,
		.console_domid = b->console_domid,
	};
	int err = build_step(hv, config, "make its event channels",
			     make_ports(hv, b));

	if (!err)
		err = build_step(hv, config, "give it all of its memory",
				 fill_memory(hv, config, b));
	if (!err)
		err = build_step(hv, config, "tell it of its event channels",
				 set_ports(hv, b));
	if (!err)
		err = build_step(hv, config, "find its rings",
				 find_rings(hv, b, &rings));
	if (!err)
		err = build_step(hv, config, "empty and grant its rings",
				 hv_domain_rings(hv, b->domid, &rings));
	b->frames.store = rings.store_frame;
	b->frames.console = rings.console_frame;
	return err;
}
