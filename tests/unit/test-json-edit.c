/* SPDX-License-Identifier: MIT */
/*
 * Stored configurations get and lose devices, and all else in them stays as it
 * was, to the byte: numbers larger than any type, escapes, empty maps.
 */
#include "config.h"

#include "tools/xl-lite/json-edit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

static bool is_other(const char *id, void *arg)
{
	return strcmp(id, arg) != 0;
}

static char xvdb[] = "xvdb", one[] = "1", nothing[] = "nothing";

static const struct {
	const char *what;
	const char *text;
	struct json_edit edit;
	int err;
	const char *want;
} cases[] = {
	{ "nothing is to be changed: to the byte",
	  "{\n    \"c_info\": {\n        \"name\": \"a\\\"b\\n\"\n    },\n"
	  "    \"b_info\": {\n        \"big\": 18446744073709551615,\n"
	  "        \"claim\": \"True\",\n        \"flag\": true,\n"
	  "        \"none\": null,\n        \"sched_params\": {\n\n        },\n"
	  "        \"cpus\": [\n            0,\n            1\n        ]\n"
	  "    },\n    \"on_reboot\": \"restart\"\n}\n",
	  { .list = "disks", .field = "vdev", .keep = is_other, .arg = xvdb },
	  0,
	  "{\n    \"c_info\": {\n        \"name\": \"a\\\"b\\n\"\n    },\n"
	  "    \"b_info\": {\n        \"big\": 18446744073709551615,\n"
	  "        \"claim\": \"True\",\n        \"flag\": true,\n"
	  "        \"none\": null,\n        \"sched_params\": {\n\n        },\n"
	  "        \"cpus\": [\n            0,\n            1\n        ]\n"
	  "    },\n    \"on_reboot\": \"restart\"\n}\n" },
	{ "the first disk stands behind b_info and before all else",
	  "{ \"c_info\": 1, \"b_info\": 2, \"nics\": [ 3 ], \"on_crash\": 4 }",
	  { .list = "disks", .field = "vdev", .keep = is_other, .arg = xvdb,
	    .add = "{ \"vdev\": \"xvdb\" }" }, 0,
	  "{\n    \"c_info\": 1,\n    \"b_info\": 2,\n    \"disks\": [\n"
	  "        {\n            \"vdev\": \"xvdb\"\n        }\n    ],\n"
	  "    \"nics\": [\n        3\n    ],\n    \"on_crash\": 4\n}\n" },
	{ "the first interface stands behind the disks",
	  "{ \"b_info\": 2, \"disks\": [ { \"vdev\": \"xvda\" } ], \"x\": 4 }",
	  { .list = "nics", .field = "devid", .keep = is_other, .arg = one,
	    .add = "{ \"devid\": 1 }" }, 0,
	  "{\n    \"b_info\": 2,\n    \"disks\": [\n        {\n"
	  "            \"vdev\": \"xvda\"\n        }\n    ],\n"
	  "    \"nics\": [\n        {\n            \"devid\": 1\n"
	  "        }\n    ],\n    \"x\": 4\n}\n" },
	{ "nothing is behind it: it stands last",
	  "{ \"b_info\": 2 }",
	  { .list = "nics", .field = "devid", .keep = is_other, .arg = one,
	    .add = "{ \"devid\": 1 }" }, 0,
	  "{\n    \"b_info\": 2,\n    \"nics\": [\n        {\n"
	  "            \"devid\": 1\n        }\n    ]\n}\n" },
	{ "one is put in place of the old of the same name",
	  "{ \"disks\": [ { \"vdev\": \"xvdb\", \"old\": 1 },"
	  " { \"vdev\": \"xvda\" } ] }",
	  { .list = "disks", .field = "vdev", .keep = is_other, .arg = xvdb,
	    .add = "{ \"vdev\": \"xvdb\", \"new\": 2 }" }, 0,
	  "{\n    \"disks\": [\n        {\n            \"vdev\": \"xvda\"\n"
	  "        },\n        {\n            \"vdev\": \"xvdb\",\n"
	  "            \"new\": 2\n        }\n    ]\n}\n" },
	{ "numbers tell elements apart, too",
	  "{ \"nics\": [ { \"devid\": 0 }, { \"devid\": 1 } ] }",
	  { .list = "nics", .field = "devid", .keep = is_other, .arg = one },
	  0,
	  "{\n    \"nics\": [\n        {\n            \"devid\": 0\n"
	  "        }\n    ]\n}\n" },
	{ "a list without elements goes with its last",
	  "{ \"b_info\": 2, \"nics\": [ { \"devid\": 1 } ], \"x\": 3 }",
	  { .list = "nics", .field = "devid", .keep = is_other, .arg = one },
	  0, "{\n    \"b_info\": 2,\n    \"x\": 3\n}\n" },
	{ "an element without the field stays",
	  "{ \"nics\": [ { \"mac\": \"1\" }, 5 ] }",
	  { .list = "nics", .field = "devid", .keep = is_other, .arg = nothing },
	  0,
	  "{\n    \"nics\": [\n        {\n            \"mac\": \"1\"\n"
	  "        },\n        5\n    ]\n}\n" },
	{ "no JSON", "{ \"nics\": [ }", { .list = "nics" }, -EINVAL, NULL },
	{ "nothing at all", "", { .list = "nics" }, -EINVAL, NULL },
	{ "no map", "[ 1 ]", { .list = "nics" }, -EINVAL, NULL },
	{ "what is to be added is no JSON", "{ }",
	  { .list = "nics", .add = "{" }, -EINVAL, NULL },
};

int main(void)
{
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP_FREE char *got = NULL;
		int err = json_edit(cases[i].text, &cases[i].edit, 1, &got);

		if (err == cases[i].err &&
		    (err || strcmp(got, cases[i].want) == 0))
			continue;
		printf("%s: %d, not %d; got\n%swanted\n%s", cases[i].what, err,
		       cases[i].err, got ? got : "nothing\n",
		       cases[i].want ? cases[i].want : "nothing\n");
		failed = 1;
	}
	return failed;
}
