/* SPDX-License-Identifier: MIT */
/*
 * One string of vif=[...]: a card that can be made, or an error that says what
 * is wrong with which part of it. What the toolstack accepts and writes into
 * xenstore, the network backend must accept from there.
 */
#include "tests/fuzz/spec-text.h"
#include "tests/fuzz/vif-nodes.h"
#include "tools/xl-lite/spec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define DEVID 4711

static void check_rate(uint64_t bytes, uint32_t interval_us)
{
	char node[48];

	MUST(bytes && interval_us);
	snprintf(node, sizeof(node), "%" PRIu64 ",%" PRIu32, bytes,
		 interval_us);
	MUST(vif_nodes_rate(node, bytes, interval_us));
}

static void check_mac(const uint8_t *m)
{
	char node[18];

	snprintf(node, sizeof(node), "%02x:%02x:%02x:%02x:%02x:%02x", m[0],
		 m[1], m[2], m[3], m[4], m[5]);
	MUST(vif_nodes_mac(node, m));
}

static void check_vif(const struct vif_config *v)
{
	MUST(v->devid <= 65535);
	MUST(!v->mtu || (v->mtu >= 68 && v->mtu <= 65535));
	MUST(!v->rate_bytes == !v->rate_interval_us);
	if (v->rate_bytes)
		check_rate(v->rate_bytes, v->rate_interval_us);
	if (v->mac_set)
		check_mac(v->mac);
	MUST(!v->bridge || v->bridge[0]);
	MUST(!v->ip || v->ip[0]);
	MUST(!v->script || v->script[0]);
	MUST(!v->model || v->model[0]);
	/* what Linux would not take, unless a script sees to it */
	MUST(v->script || !v->vifname || strlen(v->vifname) < 16);
	MUST(v->script || !v->bridge || strlen(v->bridge) < 16);
}

void fuzz_one(struct input *in)
{
	char text[4096];
	struct arena arena = { 0 };
	struct diags diags = { 0 };
	struct vif_config vif = { .devid = DEVID };
	struct spec spec = {
		.text = in_text(in, text, sizeof(text)),
		.pos = { .name = "fuzz.cfg", .line = 1, .column = 1 },
		.exact = true, .arena = &arena, .diags = &diags,
	};
	uint64_t bytes = 0;
	uint32_t interval_us = 0;
	int r = vif_spec_parse(&spec, &vif);

	MUST(r == 0 || r == -EINVAL);
	MUST((r == 0) == (diags.errors == 0));
	check_diags(&diags, 1, strlen(text));
	if (!r)
		check_vif(&vif);
	/* the same bytes as a rate alone, which is deeper than it looks */
	if (!vif_rate_parse(text, &bytes, &interval_us))
		check_rate(bytes, interval_us);
	diags_clear(&diags);
	arena_free(&arena);
}
