/* SPDX-License-Identifier: MIT */
/* Paths are spelled right, fit or are not made, and are parsed strictly. */
#include "config.h"

#include "lib/cleanup.h"
#include "xenstore-schema/paths.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static unsigned int failures;

#define SPELLS(want, fn, ...) do { \
	char buf_[STORE_PATH_MAX] = "x"; \
	int r_ = fn(buf_, sizeof(buf_), __VA_ARGS__); \
	if (r_ != 0 || strcmp(buf_, want) != 0) { \
		failures++; \
		printf(#fn ": want '%s', got %d '%s'\n", want, r_, buf_); \
	} \
} while (0)

static void test_spelling(void)
{
	SPELLS("/local/domain/0", path_domain, 0);
	SPELLS("/local/domain/7/memory/target", path_domain_node, 7,
	       "memory/target");
	SPELLS("/vm/7600dbc4-e6b9-11f1-81d7-a612e8336e6d", path_vm,
	       "7600dbc4-e6b9-11f1-81d7-a612e8336e6d");
	SPELLS("/libxl/7", path_libxl, 7);
	SPELLS("/libxl/7/device/vbd/51712", path_libxl_device, 7, KIND_VBD,
	       51712);
	SPELLS("/local/domain/7/device/vif/0", path_frontend, 7, KIND_VIF, 0);
	SPELLS("/local/domain/65535/device/uvbd/4294967295", path_frontend,
	       UINT16_MAX, KIND_UVBD, UINT_MAX);
	SPELLS("/local/domain/0/backend/uvbd", path_backends, 0, KIND_UVBD);
	SPELLS("/local/domain/0/backend/uvbd/7", path_backend_guest, 0,
	       KIND_UVBD, 7);
	SPELLS("/local/domain/2/backend/uvif/7/1", path_backend, 2, KIND_UVIF,
	       7, 1);
	SPELLS("/local/domain/7/console", path_console, 7);
	SPELLS("/local/domain/0/backend/console/7/0", path_console_backend,
	       0, 7);
	SPELLS("/local/domain/0/device-model/7", path_device_model, 0, 7);
	SPELLS("/local/domain/0/error/backend/vbd/1/51712/error",
	       path_backend_error, 0, KIND_VBD, 1, 51712);
}

static void test_what_does_not_fit_is_not_made(void)
{
	char buf[STORE_PATH_MAX], node[STORE_PATH_MAX];
	static const char path[] = "/local/domain/12/device/vbd/1";

	for (size_t size = 1; size <= sizeof(path); size++) {
		int want = size < sizeof(path) ? -ENAMETOOLONG : 0;
		int got = path_frontend(buf, size, 12, KIND_VBD, 1);

		if (got == want &&
		    strcmp(buf, want ? "" : path) == 0)
			continue;
		failures++;
		printf("%zu bytes: want %d, got %d '%s'\n", size, want, got,
		       buf);
	}

	memset(node, 'a', sizeof(node) - 1);
	node[sizeof(node) - 1] = '\0';
	if (path_domain_node(buf, sizeof(buf), 1, node) != -ENAMETOOLONG ||
	    path_vm(buf, sizeof(buf), node) != -ENAMETOOLONG) {
		failures++;
		printf("a node of %zu bytes was taken\n", strlen(node));
	}
}

/* Whole: "LEVEL B KIND D ID NODE", or "" for a path that is refused. */
static const struct {
	const char *path;
	const char *want;
} backends[] = {
	{ "/local/domain/0/backend/uvbd", "0 0 uvbd 0 0 " },
	{ "/local/domain/0/backend/uvbd/7", "1 0 uvbd 7 0 " },
	{ "/local/domain/0/backend/uvbd/7/51712", "2 0 uvbd 7 51712 " },
	{ "/local/domain/3/backend/vif/7/0/queue-1/tx-ring-ref",
	  "2 3 vif 7 0 queue-1/tx-ring-ref" },
	{ "/local/domain/0/backend/uvbd/65535/4294967295",
	  "2 0 uvbd 65535 4294967295 " },
	{ "/local/domain/0/backend/uvbd/65536/1", "" },
	{ "/local/domain/0/backend/uvbd/7/4294967296", "" },
	{ "/local/domain/0/backend/uvbd/07/1", "" },
	{ "/local/domain/0/backend/uvbd/7/01", "" },
	{ "/local/domain/0/backend/uvbd/-1/1", "" },
	{ "/local/domain/0/backend/uvbd/7x/1", "" },
	{ "/local/domain/0/backend/uvbd/7/1/", "" },
	{ "/local/domain/0/backend/uvbd/7/1//state", "" },
	{ "/local/domain/0/backend/uvbd//1", "" },
	{ "/local/domain/0/backend/uvbd/", "" },
	{ "/local/domain/0/backend/", "" },
	{ "/local/domain/0/backend", "" },
	{ "/local/domain/0/backendx/uvbd", "" },
	{ "/local/domain/0/backend/UVBD/7/1", "" },
	{ "/local/domain/0/backend/abcdefghijklmnopqrstuvwxyz/7/1", "" },
	{ "/local/domain/7/device/vbd/51712", "" },
	{ "backend/uvbd/7/51712", "" },
	{ "", "" },
};

static const struct {
	const char *path;
	bool of_7;
	const char *want;	/* "D KIND ID NODE" */
} frontends[] = {
	{ "/local/domain/7/device/vbd/51712", true, "7 vbd 51712 " },
	{ "/local/domain/7/device/vbd/51712/state", false,
	  "7 vbd 51712 state" },
	{ "/local/domain/8/device/vbd/51712", false, "8 vbd 51712 " },
	{ "/local/domain/7/device/vbd", false, "" },
	{ "/local/domain/7/device/vbd/", false, "" },
	{ "/local/domain/7/device/../../8/1", false, "" },
	{ "/local/domain/7/device/vbd/51712/", false, "" },
	{ "/local/domain/07/device/vbd/51712", false, "" },
	{ "/local/domain/65543/device/vbd/51712", false, "" },
	{ "/local/domain/7/console", false, "" },
	{ "/local/domain/7", false, "" },
	{ "device/vbd/51712", false, "" },
};

static const struct {
	const char *path;
	int domid;		/* -1: refused */
	const char *node;
} domains[] = {
	{ "/local/domain/0", 0, "" },
	{ "/local/domain/12/memory/target", 12, "memory/target" },
	{ "/local/domain/12/", -1, "" },
	{ "/local/domain/x", -1, "" },
	{ "/local/domain", -1, "" },
	{ "/local/domains/1", -1, "" },
	{ "/vm/1", -1, "" },
};

static void check(const char *path, const char *want, const char *got)
{
	if (strcmp(want, got) == 0)
		return;
	failures++;
	printf("%s: want '%s', got '%s'\n", path, want, got);
}

static void test_parsing(void)
{
	char got[300];

	for (size_t i = 0; i < ARRAY_SIZE(backends); i++) {
		struct backend_path p;

		got[0] = '\0';
		if (path_parse_backend(backends[i].path, &p) == 0)
			snprintf(got, sizeof(got), "%d %u %s %u %u %s",
				 p.level, p.backend_domid, p.kind, p.domid,
				 p.devid, p.node);
		check(backends[i].path, backends[i].want, got);
	}
	for (size_t i = 0; i < ARRAY_SIZE(frontends); i++) {
		struct frontend_path p;

		got[0] = '\0';
		if (path_parse_frontend(frontends[i].path, &p) == 0)
			snprintf(got, sizeof(got), "%u %s %u %s", p.domid,
				 p.kind, p.devid, p.node);
		check(frontends[i].path, frontends[i].want, got);
		check(frontends[i].path,
		      frontends[i].of_7 ? "of 7" : "not of 7",
		      path_is_frontend_of(frontends[i].path, 7) ?
		      "of 7" : "not of 7");
	}
	for (size_t i = 0; i < ARRAY_SIZE(domains); i++) {
		const char *node = "";
		uint16_t domid = 0;
		int r = path_parse_domain(domains[i].path, &domid, &node);

		if ((r == 0) == (domains[i].domid >= 0) &&
		    (r || (domid == domains[i].domid &&
			   strcmp(node, domains[i].node) == 0)))
			continue;
		failures++;
		printf("%s: want %d '%s', got %d: %u '%s'\n",
		       domains[i].path, domains[i].domid, domains[i].node, r,
		       domid, node);
	}
}

static void test_names(void)
{
	static const struct {
		const char *name;
		bool domid, devid;
	} names[] = {
		{ "0", true, true }, { "65535", true, true },
		{ "65536", false, true }, { "4294967295", false, true },
		{ "4294967296", false, false }, { "01", false, false },
		{ "", false, false }, { "1/2", false, false },
		{ "1 ", false, false }, { "-1", false, false },
		{ "00000000000000000000000000000001", false, false },
	};
	unsigned int devid;
	uint16_t domid;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if ((path_parse_domid(names[i].name, &domid) == 0) !=
		    names[i].domid ||
		    (path_parse_devid(names[i].name, &devid) == 0) !=
		    names[i].devid) {
			failures++;
			printf("'%s' as a domid or devid\n", names[i].name);
		}
}

int main(void)
{
	test_spelling();
	test_what_does_not_fit_is_not_made();
	test_parsing();
	test_names();
	return failures != 0;
}
