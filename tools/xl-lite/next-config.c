/* SPDX-License-Identifier: MIT */
/* What a guest is to be when it starts again; see next-config.h. */
#include "config.h"

#include "tools/xl-lite/next-config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"

#include "tools/xl-lite/live-config.h"
#include "tools/xl-lite/userdata.h"
#include "tools/xl-lite/vdev.h"

/* -- fields of JSON ---------------------------------------------------------- */

static enum choice choice_field(const struct json_value *v, const char *name)
{
	const char *text = json_get_text(v, name);

	if (!text)
		return CHOICE_DEFAULT;
	return strcmp(text, "True") == 0 ? CHOICE_YES : CHOICE_NO;
}

static const char *kept_field(struct guest_config *config,
			      const struct json_value *v, const char *name)
{
	return guest_config_keep(config, json_get_text(v, name));
}

static bool is_true(const struct json_value *v, const char *name)
{
	const struct json_value *f = json_get(v, name);

	return f && f->type == JSON_BOOL && f->truth;
}

/* The elements of LIST, of which NULL and what is no array have none. */
static const struct json_member *elements(const struct json_value *list)
{
	return list && list->type == JSON_ARRAY ? list->first : NULL;
}

static size_t count_elements(const struct json_value *list)
{
	size_t count = 0;

	for (const struct json_member *m = elements(list); m; m = m->next)
		count++;
	return count;
}

/* -- devices ------------------------------------------------------------------ */

static int read_format(const struct json_value *v, struct disk_config *disk)
{
	const char *name = json_get_text(v, "format");

	for (int i = DISK_FORMAT_RAW; name && i <= DISK_FORMAT_EMPTY; i++)
		if (strcmp(disk_format_name(i), name) == 0) {
			disk->format = i;
			return 0;
		}
	return name ? -EINVAL : 0;
}

static int read_backendtype(const struct json_value *v, struct disk_config *disk)
{
	const char *name = json_get_text(v, "backend");

	for (int i = DISK_BACKEND_PHY; name && i <= DISK_BACKEND_STANDALONE;
	     i++)
		if (strcmp(disk_backendtype_name(i), name) == 0) {
			disk->backendtype = i;
			return 0;
		}
	return name ? -EINVAL : 0;
}

/* NULL: an empty drive, for which libxl has an empty path. */
static const char *disk_target(const struct json_value *v)
{
	const char *target = json_get_text(v, "pdev_path");

	return target && *target ? target : NULL;
}

/* As vdev_parse() has read its name. */
static int read_disk(struct guest_config *config, const struct json_value *v,
		     const struct vdev *vdev, struct disk_config *disk)
{
	*disk = (struct disk_config) {
		.pos = { .name = "its stored configuration" },
		.vdev = kept_field(config, v, "vdev"),
		.vdev_number = vdev->number,
		.disk = vdev->disk,
		.partition = vdev->partition,
		.target = disk_target(v) ? kept_field(config, v, "pdev_path")
					 : NULL,
		.backend_domain = kept_field(config, v, "backend_domname"),
		.script = kept_field(config, v, "script"),
		.readonly = !json_get_number(v, "readwrite", 0),
		.removable = json_get_number(v, "removable", 0),
		.cdrom = json_get_number(v, "is_cdrom", 0),
		.direct_io_safe = is_true(v, "direct_io_safe"),
		.discard = choice_field(v, "discard_enable"),
		.trusted = choice_field(v, "trusted"),
	};
	if (!disk->vdev)
		return -ENOMEM;
	return read_format(v, disk) ? -EINVAL : read_backendtype(v, disk);
}

static const struct disk_config *find_disk(const struct guest_config *config,
					   uint32_t number)
{
	for (size_t i = 0; i < config->num_disks; i++)
		if (config->disks[i].vdev_number == number)
			return &config->disks[i];
	return NULL;
}

static int read_mac(const char *text, uint8_t mac[6])
{
	unsigned int byte[6];
	char end;

	if (!text || sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &byte[0],
			    &byte[1], &byte[2], &byte[3], &byte[4], &byte[5],
			    &end) != 6)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(byte); i++)
		mac[i] = byte[i];
	return 0;
}

static void read_vif(struct guest_config *config, const struct json_value *v,
		     unsigned int devid, struct vif_config *vif)
{
	const char *type = json_get_text(v, "nictype");

	*vif = (struct vif_config) {
		.pos = { .name = "its stored configuration" },
		.devid = devid,
		.bridge = kept_field(config, v, "bridge"),
		.gatewaydev = kept_field(config, v, "gatewaydev"),
		.ip = kept_field(config, v, "ip"),
		.script = kept_field(config, v, "script"),
		.vifname = kept_field(config, v, "ifname"),
		.model = kept_field(config, v, "model"),
		.backend_domain = kept_field(config, v, "backend_domname"),
		.mtu = json_get_number(v, "mtu", 0),
		.rate_bytes = json_get_number(v, "rate_bytes_per_interval", 0),
		.rate_interval_us = json_get_number(v, "rate_interval_usecs", 0),
		.trusted = choice_field(v, "trusted"),
	};
	if (type)
		vif->type = strcmp(type, "vif") == 0 ? VIF_TYPE_VIF
						     : VIF_TYPE_IOEMU;
}

static const struct vif_config *find_vif(const struct guest_config *config,
					 unsigned int devid)
{
	for (size_t i = 0; i < config->num_vifs; i++)
		if (config->vifs[i].devid == devid)
			return &config->vifs[i];
	return NULL;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Of its number, and not another that has taken its place. */
static bool same_disk(const struct disk_config *disk,
		      const struct json_value *v)
{
	return same_text(disk->target, disk_target(v)) &&
	       same_text(disk->script, json_get_text(v, "script"));
}

static bool same_vif(const struct vif_config *vif, const struct json_value *v)
{
	uint8_t mac[6];

	return same_text(vif->bridge, json_get_text(v, "bridge")) &&
	       (!vif->mac_set || read_mac(json_get_text(v, "mac"), mac) ||
		memcmp(mac, vif->mac, sizeof(mac)) == 0);
}

static int take_disks(struct guest_config *config,
		      const struct json_value *list)
{
	CLEANUP_FREE struct disk_config *disks =
		calloc(count_elements(list) + 1, sizeof(*disks));
	size_t count = 0;

	if (!disks)
		return -ENOMEM;
	for (const struct json_member *m = elements(list); m; m = m->next) {
		const char *name = json_get_text(m->value, "vdev");
		const struct disk_config *known;
		struct vdev vdev;
		int err = 0;

		if (!name || vdev_parse(name, &vdev))
			return -EINVAL;
		known = find_disk(config, vdev.number);
		if (known && same_disk(known, m->value))
			disks[count] = *known;
		else
			err = read_disk(config, m->value, &vdev,
					&disks[count]);
		if (err)
			return err;
		count++;
	}
	return guest_config_set_disks(config, disks, count);
}

static int take_vifs(struct guest_config *config,
		     const struct json_value *list)
{
	CLEANUP_FREE struct vif_config *vifs =
		calloc(count_elements(list) + 1, sizeof(*vifs));
	size_t count = 0;

	if (!vifs)
		return -ENOMEM;
	for (const struct json_member *m = elements(list); m; m = m->next) {
		struct vif_config *vif = &vifs[count++];
		unsigned int devid = json_get_number(m->value, "devid", 0);
		const struct vif_config *known = find_vif(config, devid);

		if (known && same_vif(known, m->value))
			*vif = *known;
		else
			read_vif(config, m->value, devid, vif);
		/* drawn at its first start, it is only known from there */
		if (read_mac(json_get_text(m->value, "mac"), vif->mac) == 0)
			vif->mac_set = true;
	}
	return guest_config_set_vifs(config, vifs, count);
}

int next_config_devices(struct guest_config *config,
			const struct json_value *live)
{
	int err;

	if (!live || live->type != JSON_MAP)
		return -EINVAL;
	err = take_disks(config, json_get(live, "disks"));
	return err ? err : take_vifs(config, json_get(live, "nics"));
}

/* -- what config-update stored ------------------------------------------------- */

/* What the new one leaves to chance is as it was. */
static void keep_identity(struct guest_config *next,
			  const struct guest_config *config)
{
	if (!next->uuid_set) {
		memcpy(next->uuid, config->uuid, sizeof(next->uuid));
		next->uuid_set = true;
	}
	for (size_t i = 0; i < next->num_vifs; i++) {
		struct vif_config *vif = &next->vifs[i];
		const struct vif_config *known = find_vif(config, vif->devid);

		if (!vif->mac_set && known) {
			memcpy(vif->mac, known->mac, sizeof(vif->mac));
			vif->mac_set = known->mac_set;
		}
	}
}

static int parse_update(const char *text, size_t size,
			const struct guest_config *config,
			struct guest_config **ret)
{
	CLEANUP_DIAGS struct diags diags = { 0 };
	int err = guest_config_parse("<updated>", text, size, NULL, 0, &diags,
				     ret);

	diags_print(&diags, stderr);
	if (err)
		return log_fail(err, "guest %s: what config-update stored is not understood: it starts again as it was",
				config->name);
	keep_identity(*ret, config);
	err = guest_config_complete(*ret);
	if (err) {
		guest_config_free(*ret);
		*ret = NULL;
		return log_err(err, "guest %s: random numbers", config->name);
	}
	log_info("guest %s: starts again as config-update has it",
		 config->name);
	return 0;
}

void next_config(struct host *host, const struct hv_domain *domain,
		 struct guest_config *config, struct guest_config **ret)
{
	CLEANUP_FREE char *text = NULL;
	size_t size = 0;

	*ret = NULL;
	if (userdata_read_key(domain->domid, domain->uuid, USERDATA_UPDATE,
			      &text, &size) == 0 && size &&
	    parse_update(text, size, config, ret) == 0) {
		userdata_remove_key(domain->domid, domain->uuid,
				    USERDATA_UPDATE);
		return;
	}
	next_config_here(host, domain, config);
}

void next_config_here(struct host *host, const struct hv_domain *domain,
		      struct guest_config *config)
{
	CLEANUP(arena_free) struct arena arena = { 0 };
	struct json_value *live;
	int err = live_config(host, domain, &arena, &live);

	if (!err)
		err = next_config_devices(config, live);
	if (err)
		log_err(err, "guest %s: its devices now: it starts again with those it had",
			config->name);
}
