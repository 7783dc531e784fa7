/* SPDX-License-Identifier: MIT */
/* The table of nodes holds together, and values are what their types say. */
#include "config.h"

#include "lib/cleanup.h"
#include "xenstore-schema/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static unsigned int failures;

/* -- the table ------------------------------------------------------------- */

static void row_bad(const struct schema_node *n, const char *why)
{
	failures++;
	printf("%s \"%s\": %s\n", schema_root_name(n->root), n->path, why);
}

/* "LO..HI", as the number and text types need it. */
static bool is_bounds(const char *range)
{
	uint64_t lo, hi;
	int end = 0;

	return sscanf(range, "%" SCNu64 "..%" SCNu64 "%n", &lo, &hi,
		      &end) == 2 && range[end] == '\0' && lo <= hi;
}

static void check_row(const struct schema_node *n)
{
	const char *star = strchr(n->path, '*');
	char want[256];
	size_t len = strlen(n->doc);

	if (len < 3 || n->doc[len - 1] != '.')
		row_bad(n, "its text is no sentence");
	if (n->path[0] == '/' || (n->path[0] && n->path[strlen(n->path) - 1] == '/'))
		row_bad(n, "a slash too many");
	if (star && star[1])
		row_bad(n, "a star that is not at the end");
	for (const char *p = strchr(n->path, '%'); p; p = strchr(p + 1, '%'))
		if (p[1] != 'u' && p[1] != 'g' && p[1] != 'k')
			row_bad(n, "an unknown wildcard");
	if ((n->type == TYPE_UINT || n->type == TYPE_STRING) &&
	    (!n->range || !is_bounds(n->range)))
		row_bad(n, "its type needs a range LO..HI");
	if (n->type == TYPE_WORD && !n->range)
		row_bad(n, "its type needs a range of words");
	if (n->type != TYPE_UINT && n->type != TYPE_STRING &&
	    n->type != TYPE_WORD && n->range && strcmp(n->range, "|") != 0)
		row_bad(n, "its type takes no range");
	if (n->deflt && schema_check(n, n->deflt, strlen(n->deflt)))
		row_bad(n, "its default is not what it may hold");
	if (n->needed == NEEDED_CREATED && strpbrk(n->path, "%*"))
		row_bad(n, "needed, but it has no one name");

	schema_want(n, want, sizeof(want));
	if (!want[0] || strlen(want) + 1 == sizeof(want))
		row_bad(n, "what it wants cannot be said");
}

static void test_rows(void)
{
	for (size_t i = 0; i < schema_nodes_count; i++) {
		const struct schema_node *n = &schema_nodes[i];

		check_row(n);
		for (size_t j = 0; j < i; j++)
			if (schema_nodes[j].root == n->root &&
			    strcmp(schema_nodes[j].path, n->path) == 0 &&
			    (schema_nodes[j].domains & n->domains) ==
			    n->domains)
				row_bad(n, "it can never be found: a row before it is the same");
	}
	for (int root = 0; root < SCHEMA_ROOTS; root++)
		if (root != SCHEMA_STORE && !schema_node(root, "")) {
			failures++;
			printf("%s has no folder\n", schema_root_name(root));
		}
}

/* -- values ---------------------------------------------------------------- */

static const struct {
	enum schema_root root;
	const char *path;
	const char *value;
	int want;
} values[] = {
	{ SCHEMA_VBD_BACK, "sectors", "0", 0 },
	{ SCHEMA_VBD_BACK, "sectors", "18446744073709551615", 0 },
	{ SCHEMA_VBD_BACK, "sectors", "18446744073709551616", -ERANGE },
	{ SCHEMA_VBD_BACK, "sectors", "99999999999999999999999", -ERANGE },
	{ SCHEMA_VBD_BACK, "sectors", "", -EINVAL },
	{ SCHEMA_VBD_BACK, "sectors", "-1", -EINVAL },
	{ SCHEMA_VBD_BACK, "sectors", " 1", -EINVAL },
	{ SCHEMA_VBD_BACK, "sectors", "1\n", -EINVAL },
	{ SCHEMA_VBD_BACK, "sectors", "01", -EINVAL },
	{ SCHEMA_VBD_BACK, "sectors", "0x10", -EINVAL },
	{ SCHEMA_VBD_BACK, "sectors", "99999999999999999999999x", -EINVAL },
	{ SCHEMA_VBD_BACK, "sector-size", "512", 0 },
	{ SCHEMA_VBD_BACK, "sector-size", "511", -ERANGE },
	{ SCHEMA_VBD_BACK, "sector-size", "65537", -ERANGE },
	{ SCHEMA_VBD_BACK, "online", "1", 0 },
	{ SCHEMA_VBD_BACK, "online", "2", -ERANGE },
	{ SCHEMA_VBD_BACK, "online", "", -EINVAL },
	{ SCHEMA_VBD_BACK, "state", "8", 0 },
	{ SCHEMA_VBD_BACK, "state", "9", -ERANGE },
	{ SCHEMA_VBD_BACK, "state", "abc", -EINVAL },
	{ SCHEMA_VBD_BACK, "mode", "w", 0 },
	{ SCHEMA_VBD_BACK, "mode", "", -EINVAL },
	{ SCHEMA_VBD_BACK, "mode", "r|w", -EINVAL },
	{ SCHEMA_VBD_BACK, "hotplug-status", "", 0 },
	{ SCHEMA_VBD_BACK, "hotplug-status", "connected", 0 },
	{ SCHEMA_VBD_BACK, "hotplug-status", "connect", -EINVAL },
	{ SCHEMA_VBD_BACK, "physical-device", "7:0", 0 },
	{ SCHEMA_VBD_BACK, "physical-device", "fd:1A", 0 },
	{ SCHEMA_VBD_BACK, "physical-device", "7:", -EINVAL },
	{ SCHEMA_VBD_BACK, "physical-device", ":7", -EINVAL },
	{ SCHEMA_VBD_BACK, "physical-device", "7:0:1", -EINVAL },
	{ SCHEMA_VBD_BACK, "frontend", "/local/domain/7/device/vbd/1", 0 },
	{ SCHEMA_VBD_BACK, "frontend", "device/vbd/1", -EINVAL },
	{ SCHEMA_VBD_BACK, "frontend", "/a//b", -EINVAL },
	{ SCHEMA_VBD_BACK, "frontend", "/a/", -EINVAL },
	{ SCHEMA_VBD_BACK, "frontend", "/a b", -EINVAL },
	{ SCHEMA_VBD_BACK, "frontend-id", "32751", 0 },
	{ SCHEMA_VBD_BACK, "frontend-id", "32752", -ERANGE },
	{ SCHEMA_VBD_BACK, "dev", "", -ERANGE },
	{ SCHEMA_VBD_BACK, "dev", "xvda\x07", -EINVAL },
	{ SCHEMA_VBD_BACK, "params", "/images/gr\xc3\xbcn.img", 0 },
	{ SCHEMA_VBD_FRONT, "event-channel", "0", -ERANGE },
	{ SCHEMA_VBD_FRONT, "event-channel", "4294967295", 0 },
	{ SCHEMA_VBD_FRONT, "ring-ref", "4294967296", -ERANGE },
	{ SCHEMA_VIF_BACK, "mac", "00:16:3e:12:34:AB", 0 },
	{ SCHEMA_VIF_BACK, "mac", "00-16-3e-12-34-ab", -EINVAL },
	{ SCHEMA_VIF_BACK, "mac", "00:16:3e:12:34:ab:", -EINVAL },
	{ SCHEMA_VIF_BACK, "rate", "1250000,50000", 0 },
	{ SCHEMA_VIF_BACK, "rate", "1250000", -EINVAL },
	{ SCHEMA_VM, "uuid", "7600dbc4-e6b9-11f1-81d7-a612e8336e6d", 0 },
	{ SCHEMA_VM, "uuid", "7600dbc4e6b911f181d7a612e8336e6d", -EINVAL },
	{ SCHEMA_VM, "start_time", "1795381966.03", 0 },
	{ SCHEMA_VM, "rtc/timeoffset", "", 0 },
	{ SCHEMA_VM, "rtc/timeoffset", "-3600", 0 },
	{ SCHEMA_VM, "rtc/timeoffset", "-", -EINVAL },
	{ SCHEMA_DOMAIN, "device/suspend/event-channel", "", 0 },
	{ SCHEMA_DOMAIN, "control/sysrq", "h", 0 },
	{ SCHEMA_DOMAIN, "control/sysrq", "hh", -ERANGE },
};

static void test_values(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		const struct schema_node *n = schema_node(values[i].root,
							  values[i].path);
		int got = n ? schema_check(n, values[i].value,
					   strlen(values[i].value)) : -ENOENT;

		if (got == values[i].want)
			continue;
		failures++;
		printf("%s '%s': want %d, got %d\n", values[i].path,
		       values[i].value, values[i].want, got);
	}
}

/* A value is bytes: what follows its size is not looked at, zeros are. */
static void test_values_are_bytes(void)
{
	const struct schema_node *online = schema_node(SCHEMA_VBD_BACK,
						       "online");
	const struct schema_node *frontend = schema_node(SCHEMA_VBD_BACK,
							 "frontend");
	const struct schema_node *mode = schema_node(SCHEMA_VBD_BACK, "mode");

	if (schema_check(online, "1junk", 1) || !schema_check(online, "1\0", 2) ||
	    !schema_check(frontend, "/a\0b", 4) || !schema_check(mode, "w\0", 2) ||
	    schema_check(frontend, "/a/b", 2)) {
		failures++;
		printf("a value is taken for a string\n");
	}
}

static void test_numbers(void)
{
	const struct schema_node *size = schema_node(SCHEMA_VBD_BACK,
						     "sector-size");
	const struct schema_node *mode = schema_node(SCHEMA_VBD_BACK, "mode");
	uint64_t n = 1;

	if (schema_parse_uint(size, "4096", 4, &n) || n != 4096 ||
	    schema_parse_uint(size, "1", 1, &n) != -ERANGE || n != 4096 ||
	    schema_parse_uint(mode, "1", 1, &n) != -EINVAL) {
		failures++;
		printf("sector-size is parsed wrongly: %" PRIu64 "\n", n);
	}
}

/* -- places ---------------------------------------------------------------- */

static const struct {
	const char *path;
	unsigned int domains;
	const char *want;	/* "ROOT ROW PERMS", or "" */
} places[] = {
	{ "/local/domain/7/name", DOMAINS_PV, "DOMAIN name n0,r7" },
	{ "/local/domain/0/name", DOMAINS_DOM0, "DOMAIN name n0" },
	{ "/local/domain/7", DOMAINS_PV, "DOMAIN  n0,r7" },
	{ "/local/domain/7/cpu/12/availability", DOMAINS_PV,
	  "DOMAIN cpu/%u/availability n0,r7" },
	{ "/local/domain/7/cpu/x/availability", DOMAINS_PV, "" },
	{ "/local/domain/7/platform/acpi", DOMAINS_PV, "" },
	{ "/local/domain/7/platform/acpi", DOMAINS_HVM,
	  "DOMAIN platform/acpi n0,r7" },
	{ "/local/domain/7/data/a/b", DOMAINS_PV, "DOMAIN data/* n7" },
	{ "/local/domain/7/device/suspend/event-channel", DOMAINS_PV,
	  "DOMAIN device/suspend/event-channel n7" },
	{ "/local/domain/7/console/port", DOMAINS_PV, "CONSOLE port n0,r7" },
	{ "/local/domain/7/consoles", DOMAINS_PV, "" },
	{ "/local/domain/7/device/uvbd/1/queue-3/ring-ref15", DOMAINS_PV,
	  "VBD_FRONT queue-%u/ring-ref%u n7,r0" },
	{ "/local/domain/7/device/qdisk/1", DOMAINS_PV, "" },
	{ "/local/domain/2/backend/qdisk/7/1/mode", DOMAINS_PV,
	  "VBD_BACK mode n2,r7" },
	{ "/local/domain/0/backend/vif", DOMAINS_DOM0,
	  "DOMAIN backend/%k n0" },
	{ "/local/domain/0/backend/vif/7", DOMAINS_DOM0,
	  "DOMAIN backend/%k/%g n0" },
	{ "/local/domain/0/device-model/7/backends/9pfs", DOMAINS_DOM0,
	  "DOMAIN device-model/%g/backends/%k n0,n7" },
	{ "/vm/7600dbc4-e6b9-11f1-81d7-a612e8336e6d/name", DOMAINS_PV,
	  "VM name n0" },
	{ "/vm/7/name", DOMAINS_PV, "" },
	{ "/libxl/7/type", DOMAINS_PV, "LIBXL type n0" },
	{ "/libxl/7/device/vif/0/mac", DOMAINS_PV, "VIF_BACK mac n0" },
	{ "/libxl/7/device/vif/0/backend", DOMAINS_PV,
	  "VIF_BACK frontend n0" },
	{ "/libxl/7/device/vif/0/feature-sg", DOMAINS_PV, "" },
	{ "/tool/xenstored", DOMAINS_ANY, "STORE tool/xenstored n0" },
	{ "/tool/other", DOMAINS_ANY, "" },
	{ "tool", DOMAINS_ANY, "" },
	{ "/", DOMAINS_ANY, "" },
	{ "", DOMAINS_ANY, "" },
};

static void test_places(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const struct schema_node *n = NULL;
		struct schema_place place;
		char got[256] = "", perms[32];
		int32_t guest = -1;

		if (schema_locate(places[i].path, &place) == 0)
			n = schema_find(&place, places[i].domains, &guest);
		if (n) {
			schema_perms(place.copy ? PERMS_HOST : n->perms,
				     place.backend_domid, place.domid, guest,
				     perms, sizeof(perms));
			snprintf(got, sizeof(got), "%s %s %s",
				 schema_root_name(n->root), n->path, perms);
		}
		if (strcmp(got, places[i].want) == 0)
			continue;
		failures++;
		printf("%s: want '%s', got '%s'\n", places[i].path,
		       places[i].want, got);
	}
}

int main(void)
{
	test_rows();
	test_values();
	test_values_are_bytes();
	test_numbers();
	test_places();
	printf("%zu nodes, %zu values, %zu places: %u failures\n",
	       schema_nodes_count, ARRAY_SIZE(values), ARRAY_SIZE(places),
	       failures);
	return failures != 0;
}
