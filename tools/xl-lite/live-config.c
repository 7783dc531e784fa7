/* SPDX-License-Identifier: MIT */
/*
 * A domain's configuration as it is now; see live-config.h.
 *
 * libxl's rules, so that xl and xl-lite list alike: name, memory and vcpus are
 * what xenstore says, the scheduler's parameters what Xen says, a device that
 * is gone from xenstore is gone, and a drive without a disk is empty. All else
 * is as it was stored.
 */
#include "config.h"

#include "tools/xl-lite/live-config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"

#include "tools/xl-lite/device-list.h"
#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/hv-host.h"
#include "tools/xl-lite/hv-sched.h"
#include "tools/xl-lite/userdata.h"

/* An HVM guest whose memory can grow has this much on top; libxl adds it. */
#define HVM_EXTRA_KIB 1024

/* The fields of b_info in front of those that we may have to add. */
static const char *const before_avail_vcpus[] = { "max_vcpus", NULL };
static const char *const before_max_memkb[] = {
	"max_vcpus", "avail_vcpus", "cpumap", "nodemap", "vcpu_hard_affinity",
	"vcpu_soft_affinity", "numa_placement", "tsc_mode", NULL
};
static const char *const before_target_memkb[] = {
	"max_vcpus", "avail_vcpus", "cpumap", "nodemap", "vcpu_hard_affinity",
	"vcpu_soft_affinity", "numa_placement", "tsc_mode", "max_memkb", NULL
};
static const char *const before_sched_params[] = {
	"max_vcpus", "avail_vcpus", "cpumap", "nodemap", "vcpu_hard_affinity",
	"vcpu_soft_affinity", "numa_placement", "tsc_mode", "max_memkb",
	"target_memkb", "video_memkb", "shadow_memkb", "iommu_memkb",
	"rtc_timeoffset", "exec_ssidref", "exec_ssid_label", "localtime",
	"disable_migrate", "cpuid", "blkdev_start", "vnuma_nodes",
	"max_grant_frames", "max_maptrack_frames", "max_grant_version",
	"device_model_version", "device_model_stubdomain", "stubdomain_memkb",
	"stubdomain_kernel", "stubdomain_cmdline", "stubdomain_ramdisk",
	"device_model", "device_model_ssidref", "device_model_ssid_label",
	"device_model_user", "extra", "extra_pv", "extra_hvm", NULL
};
static const char *const before_name[] = {
	"type", "hap", "oos", "ssidref", "ssid_label", NULL
};
static const char *const before_uuid[] = {
	"type", "hap", "oos", "ssidref", "ssid_label", "name", "domid", NULL
};

/* One merge: everything that the steps below need. */
struct merge {
	struct host *host;
	struct store *store;
	const struct hv_domain *domain;
	struct arena *arena;
	struct json_value *config, *c_info, *b_info;
};

static int merge_name(struct merge *m)
{
	static const uint8_t no_uuid[16];	/* domain 0's */
	char name[DOMAIN_NAME_MAX], uuid[UUID_TEXT_SIZE];
	int err;

	if (domain_name(m->store, m->domain->domid, name))
		return 0;	/* it has none any more: what it was */
	err = json_set(m->arena, m->c_info, "name",
		       json_new_text(m->arena, name), before_name);
	if (err || memcmp(m->domain->uuid, no_uuid, sizeof(no_uuid)) == 0)
		return err;
	uuid_format(m->domain->uuid, uuid);
	return json_set(m->arena, m->c_info, "uuid",
			json_new_text(m->arena, uuid), before_uuid);
}

/* -- processors ------------------------------------------------------------ */

static bool is_online(struct merge *m, unsigned int vcpu)
{
	char path[STORE_PATH_MAX], node[40], value[16];

	path_domain(path, sizeof(path), m->domain->domid);
	snprintf(node, sizeof(node), "cpu/%u/availability", vcpu);
	return store_read(m->store, XBT_NULL, path, node, value,
			  sizeof(value)) == 0 && strcmp(value, "online") == 0;
}

static int merge_vcpus(struct merge *m)
{
	struct json_value *online = json_new(m->arena, JSON_ARRAY);
	const uint64_t max = json_get_number(m->b_info, "max_vcpus", 0);
	int err = online ? 0 : -ENOMEM;

	for (unsigned int i = 0; i < max && !err; i++)
		if (is_online(m, i))
			err = json_append(m->arena, online,
					  json_new_number(m->arena, i));
	if (err)
		return err;
	if (online->first)
		return json_set(m->arena, m->b_info, "avail_vcpus", online,
				before_avail_vcpus);
	json_remove(m->b_info, "avail_vcpus");
	return 0;
}

/* -- memory ------------------------------------------------------------------ */

static int read_or_note(struct host *host, const char *path, const char *node,
			bool note, uint64_t otherwise, uint64_t *ret)
{
	int err = store_read_u64(&host->store, XBT_NULL, path, node, 0,
				 UINT64_MAX, ret);

	if (err != -ENOENT || !note)
		return err;
	*ret = otherwise;
	return store_printf(&host->store, XBT_NULL, path, node, "%llu",
			    (unsigned long long)otherwise);
}

int live_memory(struct host *host, const struct hv_domain *domain,
		uint64_t *target_kib, uint64_t *max_kib)
{
	const bool first = domain->domid == 0;
	char path[STORE_PATH_MAX];
	int err;

	path_domain(path, sizeof(path), domain->domid);
	err = read_or_note(host, path, "memory/target", first,
			   domain->current_kib, target_kib);
	if (err)
		return log_err(err, "domain %u: %s/memory/target",
			       domain->domid, path);
	err = read_or_note(host, path, "memory/static-max", first,
			   domain->max_kib, max_kib);
	return err ? log_err(err, "domain %u: %s/memory/static-max",
			     domain->domid, path) : 0;
}

static int merge_memory(struct merge *m)
{
	const char *type = json_get_text(m->c_info, "type");
	const uint64_t stored_max = json_get_number(m->b_info, "max_memkb", 0);
	const uint64_t stored = json_get_number(m->b_info, "target_memkb", 0);
	uint64_t target = 0, max = 0;
	int err = live_memory(m->host, m->domain, &target, &max);

	if (err)
		return err;
	/*
	 * xenstore's figure leaves out what is the guest's display's. Where
	 * nothing is stored of that, as for domain 0, libxl adds its "not set",
	 * which is -1.
	 */
	target += json_get_number(m->b_info, "video_memkb", UINT64_MAX);
	if (type && strcmp(type, "hvm") == 0 && stored_max > stored)
		target += HVM_EXTRA_KIB;
	err = json_set(m->arena, m->b_info, "max_memkb",
		       json_new_number(m->arena, max), before_max_memkb);
	return err ? err : json_set(m->arena, m->b_info, "target_memkb",
				    json_new_number(m->arena, target),
				    before_target_memkb);
}

/* -- the scheduler -------------------------------------------------------------- */

/* Members are given in their order, so each goes to the end. */
static int put(struct merge *m, struct json_value *map, const char *key,
	       struct json_value *value)
{
	static const char *const all[] = {
		"sched", "weight", "cap", "period", "budget", "extratime", NULL
	};

	return json_set(m->arena, map, key, value, all);
}

static int put_share(struct merge *m, struct json_value *map,
		     enum hv_scheduler scheduler)
{
	struct hv_share share;
	int err = hv_share_get(m->host->hv, scheduler, m->domain->domid,
			       &share);

	if (!err)
		err = put(m, map, "weight",
			  json_new_number(m->arena, share.weight));
	if (!err)
		err = put(m, map, "cap", json_new_number(m->arena, share.cap));
	return err;
}

static int put_reservation(struct merge *m, struct json_value *map)
{
	struct hv_reservation r;
	int err = hv_reservation_get(m->host->hv, m->domain->domid, &r);

	if (!err)
		err = put(m, map, "period",
			  json_new_number(m->arena, r.period_us));
	if (!err)
		err = put(m, map, "budget",
			  json_new_number(m->arena, r.budget_us));
	if (!err)
		err = put(m, map, "extratime",
			  json_new_number(m->arena, r.extra));
	return err;
}

static int merge_scheduler(struct merge *m)
{
	struct json_value *params = json_new(m->arena, JSON_MAP);
	unsigned int scheduler;
	struct hv_cpupool pool;
	const char *name;
	int err = params ? hv_cpupool_next(m->host->hv, m->domain->cpupool,
					   &pool) : -ENOMEM;

	if (err)
		return err;
	scheduler = pool.scheduler;
	name = hv_scheduler_name(scheduler);
	if (name)
		err = put(m, params, "sched", json_new_text(m->arena, name));
	if (!err && (scheduler == HV_SCHED_CREDIT ||
		     scheduler == HV_SCHED_CREDIT2))
		err = put_share(m, params, scheduler);
	if (!err && scheduler == HV_SCHED_RTDS)
		err = put_reservation(m, params);
	return err ? err : json_set(m->arena, m->b_info, "sched_params",
				    params, before_sched_params);
}

/* -- devices -------------------------------------------------------------------- */

/* How libxl tells the entries of a list apart, and where xenstore has them. */
struct device_kind {
	const char *list;
	const char *kind;
	bool by_vdev;		/* else by number */
};

static const struct device_kind device_kinds[] = {
	{ "disks", KIND_VBD, true },
	{ "nics", KIND_VIF, false },
	{ "vfbs", KIND_VFB, false },
	{ "vkbs", KIND_VKBD, false },
};

static bool is_device(struct merge *m, const struct device_kind *kind,
		      const struct json_value *entry,
		      const struct listed_device *device)
{
	const char *vdev = json_get_text(entry, "vdev");
	char value[64];

	if (!kind->by_vdev)
		return json_get_number(entry, "devid", UINT64_MAX) ==
		       device->devid;
	return vdev && store_read(m->store, XBT_NULL, device->libxl, "dev",
				  value, sizeof(value)) == 0 &&
	       strcmp(value, vdev) == 0;
}

/* A drive whose disk was taken out. */
static int merge_drive(struct merge *m, struct json_value *entry,
		       const struct listed_device *device)
{
	char params[STORE_VALUE_MAX];
	const char *colon;

	if (!json_get_number(entry, "removable", 0))
		return 0;
	if (store_read(m->store, XBT_NULL, device->libxl, "params", params,
		       sizeof(params)))
		params[0] = '\0';
	colon = strchr(params, ':');
	if (colon ? colon[1] : params[0])
		return 0;
	return userdata_set_medium(m->arena, entry, "");
}

/* As libxl does: the next start is without it, too. */
static void warn_gone(const struct merge *m, const struct device_kind *kind,
		      const struct json_value *entry)
{
	const char *vdev = json_get_text(entry, "vdev");
	char number[24];

	snprintf(number, sizeof(number), "%llu", (unsigned long long)
		 json_get_number(entry, "devid", 0));
	log_warn("domain %u: %s %s: in its stored configuration, but not in xenstore any more: ignored",
		 m->domain->domid, kind->kind,
		 kind->by_vdev && vdev ? vdev : number);
}

static int merge_devices(struct merge *m, const struct device_kind *kind)
{
	CLEANUP_FREE struct listed_device *devices = NULL;
	struct json_value *list = json_get(m->config, kind->list);
	struct json_member **member;
	size_t count = 0;
	int err;

	if (!list || list->type != JSON_ARRAY)
		return 0;
	err = device_list(m->store, m->domain->domid, kind->kind, &devices,
			  &count);
	for (member = &list->first; *member && !err;) {
		size_t i = 0;

		while (i < count && !is_device(m, kind, (*member)->value,
					       &devices[i]))
			i++;
		if (i == count) {
			warn_gone(m, kind, (*member)->value);
			*member = (*member)->next;
			continue;
		}
		if (kind->by_vdev)
			err = merge_drive(m, (*member)->value, &devices[i]);
		member = &(*member)->next;
	}
	if (!err && !list->first)
		json_remove(m->config, kind->list);
	return err;
}

static int merge_all(struct merge *m)
{
	int err = merge_name(m);

	if (!err)
		err = merge_vcpus(m);
	if (!err)
		err = merge_memory(m);
	if (!err)
		err = merge_scheduler(m);
	for (size_t i = 0; i < ARRAY_SIZE(device_kinds) && !err; i++)
		err = merge_devices(m, &device_kinds[i]);
	return err;
}

int live_config(struct host *host, const struct hv_domain *domain,
		struct arena *arena, struct json_value **ret)
{
	CLEANUP_FREE char *text = NULL;
	struct merge m = {
		.host = host,
		.store = &host->store,
		.domain = domain,
		.arena = arena,
	};
	int err = userdata_read(domain->domid, domain->uuid, &text);

	if (!err)
		err = json_tree_parse(arena, text, &m.config);
	if (!err) {
		m.c_info = json_get(m.config, "c_info");
		m.b_info = json_get(m.config, "b_info");
		if (!m.c_info || m.c_info->type != JSON_MAP ||
		    !m.b_info || m.b_info->type != JSON_MAP)
			err = -EINVAL;
	}
	if (err)
		return log_err(err, "domain %u: its stored configuration",
			       domain->domid);
	err = merge_all(&m);
	if (err)
		return log_fail(err, "domain %u: its configuration: %s",
				domain->domid, hv_why(host->hv, err));
	*ret = m.config;
	return 0;
}
