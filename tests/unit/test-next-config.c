/* SPDX-License-Identifier: MIT */
/*
 * A guest that starts again has the devices it had at its end, whoever had
 * attached them: what is stored of them is read as it was written. And what
 * config-update stored goes before that.
 */
#include "config.h"

#include "tools/xl-lite/next-config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/log.h"

#include "tools/xl-lite/json.h"
#include "tools/xl-lite/live-config.h"
#include "tools/xl-lite/userdata.h"

static unsigned int failures;

/* -- what is stored ----------------------------------------------------------- */

static const char *stored_json, *stored_update;
static bool update_removed;

int userdata_read_key(domid_t domid, const uint8_t uuid[16], const char *key,
		      char **text, size_t *size)
{
	(void)domid, (void)uuid;
	if (strcmp(key, USERDATA_UPDATE) != 0 || !stored_update)
		return -ENOENT;
	*size = strlen(stored_update);
	*text = strdup(stored_update);
	return 0;
}

void userdata_remove_key(domid_t domid, const uint8_t uuid[16],
			 const char *key)
{
	(void)domid, (void)uuid, (void)key;
	update_removed = true;
}

int live_config(struct host *host, const struct hv_domain *domain,
		struct arena *arena, struct json_value **ret)
{
	(void)host, (void)domain;
	return stored_json ? json_tree_parse(arena, stored_json, ret)
			   : -ENOENT;
}

/* -- helpers ------------------------------------------------------------------ */

static struct guest_config *parse(const char *devices)
{
	struct guest_config *config = NULL;
	CLEANUP_DIAGS struct diags diags = { 0 };
	char text[1024];

	snprintf(text, sizeof(text), "name='g'\nkernel='/k'\nmemory=64\n"
		 "uuid='12345678-9abc-def0-1234-56789abcdef0'\n%s\n", devices);
	if (guest_config_parse("test", text, strlen(text), NULL, 0, &diags,
			       &config)) {
		diags_print(&diags, stdout);
		exit(99);
	}
	return config;
}

static char *print(const struct guest_config *config)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f || json_print_config(config, f) || fclose(f))
		exit(99);
	return text;
}

/* next_config_devices() from a text. */
static int apply(struct guest_config *config, const char *json)
{
	CLEANUP(arena_free) struct arena arena = { 0 };
	struct json_value *live = NULL;
	int err = json_tree_parse(&arena, json, &live);

	return err ? err : next_config_devices(config, live);
}

static void check(bool good, const char *what)
{
	if (good)
		return;
	failures++;
	printf("not so: %s\n", what);
}

/* -- the tests ---------------------------------------------------------------- */

static const char *const devices[] = {
	"",
	"disk=['/a,raw,xvda,w']; vif=['mac=00:16:3e:00:00:01']",
	"disk=['/b,qcow2,xvdb,r', 'vdev=hdc,cdrom,target=/c,d']",
	"disk=['backendtype=phy,script=block-x,vdev=xvdc,discard,target=x=y']",
	"disk=['untrusted,direct-io-safe,backend=dd,/v,vhd,sdb,ro']",
	"vif=['devid=3,mac=00:16:3e:00:00:02,bridge=b,ip=1.2.3.4,mtu=9000']",
	"vif=['type=vif,rate=10Mb/s@20ms,script=s,vifname=v,gatewaydev=g,"
	"mac=00:16:3e:00:00:03',"
	" 'untrusted,backend=nd,model=e1000,devid=7,mac=02:00:00:00:00:ff']",
};

/* From whatever it had, to whatever there is. */
static void test_devices(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		CLEANUP_GUEST_CONFIG struct guest_config *is = parse(devices[i]);
		CLEANUP_FREE char *want = print(is);

		for (size_t k = 0; k < ARRAY_SIZE(devices); k++) {
			CLEANUP_GUEST_CONFIG struct guest_config *was =
				parse(devices[k]);
			CLEANUP_FREE char *got = NULL;
			int err;

			err = apply(was, want);
			got = print(was);
			if (!err && strcmp(got, want) == 0)
				continue;
			failures++;
			printf("from %s to %s: %d, got\n%s", devices[k],
			       devices[i], err, got);
		}
	}
}

static void test_known(void)
{
	CLEANUP_GUEST_CONFIG struct guest_config *config = parse(
		"disk=['/a,raw,xvda,w,frontend=user', '/b,raw,xvdb']\n"
		"vif=['backendtype=kernel']");

	check(apply(config, "{ \"disks\": [ { \"vdev\": \"xvda\","
				  " \"pdev_path\": \"/a\" } ],"
				  " \"nics\": [ { \"devid\": 0 } ] }") == 0 &&
	      config->num_disks == 1 && config->disks[0].user_frontend &&
	      strcmp(config->disks[0].target, "/a") == 0 &&
	      config->vifs[0].backendtype == VIF_BACKEND_KERNEL,
	      "devices that are known keep what JSON does not tell");
	check(apply(config, "{ \"disks\": [ { \"vdev\": \"xvda\","
				  " \"pdev_path\": \"/c\" } ],"
				  " \"nics\": [ { \"devid\": 0,"
				  " \"bridge\": \"b\" } ] }") == 0 &&
	      !config->disks[0].user_frontend && config->disks[0].readonly &&
	      strcmp(config->disks[0].target, "/c") == 0 &&
	      strcmp(config->vifs[0].bridge, "b") == 0,
	      "another one of the same number is as JSON tells");
	check(apply(config, "{ \"disks\": [ { \"vdev\": \"hdc\","
				  " \"pdev_path\": \"\", \"format\": \"empty\","
				  " \"is_cdrom\": 1 } ] }") == 0 &&
	      config->num_disks == 1 && !config->disks[0].target,
	      "an empty drive stays one");
	check(apply(config, "{ }") == 0 && !config->num_disks &&
	      !config->num_vifs, "those that are gone are left out");
}

static void test_refused(void)
{
	static const char *const texts[] = {
		"", "[]", "{", "{ \"disks\": [ 5 ] }",
		"{ \"disks\": [ { \"vdev\": \"nonsense\" } ] }",
		"{ \"disks\": [ { \"vdev\": \"xvdz\", \"format\": \"f\" } ] }",
		"{ \"disks\": [ { \"vdev\": \"xvdz\", \"backend\": \"b\" } ] }",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CLEANUP_GUEST_CONFIG struct guest_config *config =
			parse(devices[1]);

		check(apply(config, texts[i]) == -EINVAL &&
		      config->num_disks == 1, texts[i]);
	}
}

static void test_update(void)
{
	static const struct hv_domain domain = { .domid = 1 };
	CLEANUP_GUEST_CONFIG struct guest_config *config =
		parse("vif=['mac=00:16:3e:00:00:01']"), *next = NULL;
	struct host host = { 0 };

	stored_update = "name='g'\nkernel='/k2'\nmemory=128\nvif=['', '']\n";
	next_config(&host, &domain, config, &next);
	check(next && strcmp(next->kernel, "/k2") == 0 &&
	      next->memory_kib == 128 * 1024, "an update is taken");
	check(next && memcmp(next->uuid, config->uuid, 16) == 0 &&
	      memcmp(next->vifs[0].mac, config->vifs[0].mac, 6) == 0,
	      "with the UUID and the MAC there were");
	check(next && next->vifs[1].mac_set &&
	      memcmp(next->vifs[1].mac, config->vifs[0].mac, 6) != 0,
	      "and another MAC for another interface");
	check(update_removed, "once");
	guest_config_free(next);

	update_removed = false;
	stored_update = "name=\n";
	stored_json = "{ \"disks\": [ { \"vdev\": \"xvdb\", \"pdev_path\": \"/x\","
		" \"readwrite\": 1 } ] }";
	next_config(&host, &domain, config, &next);
	check(!next && !update_removed && config->num_disks == 1 &&
	      !config->disks[0].readonly,
	      "one that is not understood is passed over");
	stored_update = NULL;
	stored_json = NULL;
	next_config(&host, &domain, config, &next);
	check(!next && config->num_disks == 1, "nothing stored: as it was");
}

int main(void)
{
	log_init("test", LOG_INFO_LEVEL);
	test_devices();
	test_known();
	test_refused();
	test_update();
	return failures != 0;
}
