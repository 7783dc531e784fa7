/* SPDX-License-Identifier: MIT */
/*
 * What may be in xenstore, as lines "NODE=VALUE" that anybody wrote.
 *
 *	- a path is taken apart exactly when putting it together again gives the
 *	  same path: one thing has one name,
 *	- a value is of its type exactly when it is written as we would write it,
 *	- what the two backends read out of a frontend's folder is within their
 *	  bounds, or refused with the node's name.
 */
#include "config.h"

#include "backends/blk/ringconf.h"
#include "lib/num.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/store-lines.h"
#include "tests/fuzz/vif-frontend.h"
#include "xenstore-schema/busstate.h"
#include "xenstore-schema/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define QUEUES_MAX 4

static char text[8192];

/* -- paths ------------------------------------------------------------------- */

/* FOLDER, and the node behind it, are the path. */
static void check_joined(const char *path, const char *folder, const char *node)
{
	size_t n = strlen(folder);

	MUST(!strncmp(path, folder, n));
	if (node[0])
		MUST(path[n] == '/' && node == path + n + 1 && node[0] != '/');
	else
		MUST(path[n] == '\0');
}

static void check_device_paths(const char *path)
{
	char folder[STORE_PATH_MAX];
	struct backend_path b;
	struct frontend_path f;

	if (path_parse_backend(path, &b) == 0) {
		if (b.level == BACKEND_PATH_KIND)
			MUST(!path_backends(folder, sizeof(folder),
					    b.backend_domid, b.kind));
		else if (b.level == BACKEND_PATH_GUEST)
			MUST(!path_backend_guest(folder, sizeof(folder),
						 b.backend_domid, b.kind,
						 b.domid));
		else
			MUST(!path_backend(folder, sizeof(folder),
					   b.backend_domid, b.kind, b.domid,
					   b.devid));
		check_joined(path, folder, b.node);
	}
	if (path_parse_frontend(path, &f) == 0) {
		MUST(!path_frontend(folder, sizeof(folder), f.domid, f.kind,
				    f.devid));
		check_joined(path, folder, f.node);
		MUST(path_is_frontend_of(path, f.domid) == !f.node[0]);
		MUST(!path_is_frontend_of(path, (uint16_t)(f.domid + 1)));
	} else {
		MUST(!path_is_frontend_of(path, 1));
	}
}

static void check_domain_path(const char *path)
{
	char folder[STORE_PATH_MAX];
	const char *node;
	uint16_t domid;

	if (path_parse_domain(path, &domid, &node))
		return;
	MUST(!path_domain(folder, sizeof(folder), domid));
	check_joined(path, folder, node);
}

static void check_names(const char *name)
{
	unsigned int devid;
	uint16_t domid;
	char again[16];

	if (path_parse_domid(name, &domid) == 0) {
		snprintf(again, sizeof(again), "%u", domid);
		MUST(!strcmp(name, again));
	}
	if (path_parse_devid(name, &devid) == 0) {
		snprintf(again, sizeof(again), "%u", devid);
		MUST(!strcmp(name, again));
	}
}

/* -- values ------------------------------------------------------------------- */

static void check_number(const struct schema_node *row, const char *value)
{
	size_t size = strlen(value);
	uint64_t n;
	char again[24];

	if (schema_parse_uint(row, value, size, &n))
		return;
	MUST(schema_check(row, value, size) == 0);
	/* a number has one way to be written */
	snprintf(again, sizeof(again), "%" PRIu64, n);
	MUST(!strcmp(value, again));
}

static void check_value(const struct schema_node *row, const char *value)
{
	char want[256], perms[32];
	int r = schema_check(row, value, strlen(value));

	MUST(r == 0 || r == -EINVAL || r == -ERANGE);
	schema_want(row, want, sizeof(want));
	MUST(want[0] && fuzz_printable(want));
	schema_perms(row->perms, 3, 7, 9, perms, sizeof(perms));
	MUST(perms[0] == 'n');
	check_number(row, value);
	if (row->range && row->range[0] == '|')
		return;
	if (row->type == TYPE_STATE)
		MUST((r == 0) == (bus_state_parse(value) <= BUS_RECONFIGURED));
	if (row->type == TYPE_PATH && !r)
		MUST(value[0] == '/' && value[strlen(value) - 1] != '/');
}

static void check_place(const char *path, const char *value)
{
	struct schema_place place;
	const struct schema_node *row;
	int32_t guest = -1;
	int r = schema_locate(path, &place);

	MUST(r == 0 || r == -ENOENT || r == -ENAMETOOLONG);
	if (r)
		return;
	MUST(place.root < SCHEMA_ROOTS && schema_root_name(place.root)[0]);
	if (strstr(path, "//") || path[strlen(path) - 1] == '/')
		return;		/* no xenstored has that */
	if (place.root != SCHEMA_STORE)
		check_joined(path, place.dir, place.node);
	else
		MUST(!place.dir[0] && place.node == path + 1);
	row = schema_find(&place, DOMAINS_ANY, &guest);
	if (!row)
		return;
	MUST(row->root == place.root && guest >= -1 && guest <= UINT16_MAX);
	check_value(row, value);
}

/* All types, whatever the node is. */
static void check_types(const char *value)
{
	static const char *const ranges[] = { "0..31", "1..4294967295" };

	for (unsigned int type = 0; type < TYPES; type++)
		for (unsigned int i = 0; i < 2; i++) {
			struct schema_node row = { .type = type };

			if (type == TYPE_WORD)
				row.range = i ? "|disk" : "disk|cdrom|floppy";
			else if (type == TYPE_UINT || type == TYPE_STRING)
				row.range = ranges[i];
			else
				row.range = i ? "|" : NULL;
			check_value(&row, value);
		}
}

/* The one strict number parser against the schema's: they differ in zeros. */
static void check_num(const char *value)
{
	static const struct schema_node any = {
		.type = TYPE_UINT, .range = "0..18446744073709551615",
	};
	uint64_t strict, canonical;
	int r = num_parse(value, 0, UINT64_MAX, &strict);
	int s = schema_parse_uint(&any, value, strlen(value), &canonical);

	if (s == 0)
		MUST(r == 0 && strict == canonical);
	if (r == 0 && s)
		MUST(value[0] == '0' && value[1]);
	if (r == 0) {
		uint64_t least = strict, n;

		MUST(num_parse(value, least + (least < UINT64_MAX), UINT64_MAX,
			       &n) == (least < UINT64_MAX ? -ERANGE : 0));
	}
}

/* -- a frontend's folder ---------------------------------------------------------- */

static void check_ringconf(void)
{
	struct backend_device dev = { .path = "b", .frontend = "f" };
	struct vbd_attach body = { 0 };
	int r = ringconf_read(&dev, XBT_NULL, QUEUES_MAX, &body);

	if (r) {
		MUST(r == -EPROTO);
		MUST(dev.reason[0]);
		return;
	}
	MUST(body.queues >= 1 && body.queues <= QUEUES_MAX);
	MUST(body.ring_pages >= 1 && body.ring_pages <= BLK_RING_PAGES_MAX);
	MUST(!(body.ring_pages & (body.ring_pages - 1)));
	MUST(body.abi == BLK_ABI_X86_64 || body.abi == BLK_ABI_X86_32);
	MUST(!(body.flags & ~VBD_PERSISTENT));
	for (unsigned int i = 0; i < body.queues; i++)
		MUST(body.queue[i].port >= 1);
}

void fuzz_one(struct input *in)
{
	const char *node, *value;

	in_text(in, text, sizeof(text));
	store_lines(text);
	for (unsigned int i = 0; store_line(i, &node, &value); i++) {
		check_device_paths(node);
		check_domain_path(node);
		check_names(value);
		check_num(value);
		check_types(value);
		check_place(node, value);
	}
	check_ringconf();
	vif_frontend_check(QUEUES_MAX);
}
