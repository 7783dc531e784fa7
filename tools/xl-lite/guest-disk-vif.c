/* SPDX-License-Identifier: MIT */
/*
 * The disks and vifs of a guest: those of its configuration, one that a command
 * line describes, and a list that takes the place of another.
 */
#include "config.h"

#include "tools/xl-lite/reader.h"
#include "tools/xl-lite/arena.h"
#include "tools/xl-lite/spec.h"

#include <errno.h>
#include <string.h>

#define MAX_DEVICES 4096		/* of a sort; a sane file has ten */

/* The COUNT items of list KEY, of which those that are no text count not. */
static struct cfg_value **get_items(struct reader *r, const char *key,
				    size_t *count)
{
	const struct cfg_setting *s = cfg_find(&r->tree, key);

	*count = 0;
	if (!s || s->value->type != CFG_LIST)
		return NULL;
	if (s->value->count > MAX_DEVICES) {
		diag_error(r->diags, s->value->pos,
			   "%s: %zu devices are too many: at most %d", key,
			   s->value->count, MAX_DEVICES);
		return NULL;
	}
	*count = s->value->count;
	return s->value->items;
}

static struct spec item_spec(struct reader *r, const struct cfg_value *item)
{
	return (struct spec){
		.text = item->text,
		.pos = cfg_text_pos(item, 0),
		.exact = item->text_column != 0,
		.arena = r->config->memory,
		.diags = r->diags,
	};
}

static void note_error(struct reader *r, int err)
{
	if (err == -ENOMEM)
		r->err = err;
}

static void check_vdev_unique(struct reader *r, const struct disk_config *disk)
{
	for (size_t i = 0; i < r->config->num_disks; i++) {
		const struct disk_config *other = &r->config->disks[i];

		if (other->vdev_number != disk->vdev_number)
			continue;
		diag_error(r->diags, disk->pos,
			   "disk: vdev %s is used twice: here and at %s:%u",
			   disk->vdev, other->pos.name, other->pos.line);
		return;
	}
}

void reader_disks(struct reader *r)
{
	struct guest_config *config = r->config;
	size_t count;
	struct cfg_value **items = get_items(r, "disk", &count);

	config->disks = arena_alloc(config->memory,
				    count * sizeof(*config->disks));
	if (!config->disks) {
		r->err = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct disk_config *disk = &config->disks[config->num_disks];
		struct spec spec = item_spec(r, items[i]);
		int err;

		if (items[i]->type != CFG_TEXT)
			continue;
		err = disk_spec_parse(&spec, disk);
		if (err) {
			note_error(r, err);
			continue;
		}
		check_vdev_unique(r, disk);
		config->num_disks++;
	}
}

static void check_vif_unique(struct reader *r, const struct vif_config *vif)
{
	for (size_t i = 0; i < r->config->num_vifs; i++) {
		const struct vif_config *other = &r->config->vifs[i];

		if (other->devid == vif->devid)
			diag_error(r->diags, vif->pos,
				   "vif: devid %u is used twice: here and at "
				   "%s:%u", vif->devid, other->pos.name,
				   other->pos.line);
		if (other->mac_set && vif->mac_set &&
		    memcmp(other->mac, vif->mac, sizeof(vif->mac)) == 0)
			diag_error(r->diags, vif->pos,
				   "vif: the MAC address is used twice: here "
				   "and at %s:%u", other->pos.name,
				   other->pos.line);
	}
}

void reader_vifs(struct reader *r)
{
	struct guest_config *config = r->config;
	size_t count;
	struct cfg_value **items = get_items(r, "vif", &count);

	config->vifs = arena_alloc(config->memory,
				   count * sizeof(*config->vifs));
	if (!config->vifs) {
		r->err = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct vif_config *vif = &config->vifs[config->num_vifs];
		struct spec spec = item_spec(r, items[i]);
		int err;

		if (items[i]->type != CFG_TEXT)
			continue;
		vif->devid = i;
		err = vif_spec_parse(&spec, vif);
		if (err) {
			note_error(r, err);
			continue;
		}
		check_vif_unique(r, vif);
		config->num_vifs++;
	}
}

/* A spec of each word, which is a line of the command line. */
static struct spec *words_specs(struct guest_config *config,
				char *const *words, size_t count,
				struct diags *diags)
{
	struct spec *specs = arena_alloc(config->memory,
					 (count + 1) * sizeof(*specs));

	for (size_t i = 0; specs && i < count; i++)
		specs[i] = (struct spec) {
			.text = words[i],
			.pos = { .name = GUEST_CONFIG_WORDS, .line = i + 1,
				 .column = 1, .rank = 1 },
			.exact = true,
			.arena = config->memory,
			.diags = diags,
		};
	return specs;
}

int guest_config_parse_disk(char *const *words, size_t count,
			    struct diags *diags, struct guest_config **ret)
{
	CLEANUP_GUEST_CONFIG struct guest_config *config =
		guest_config_new(GUEST_CONFIG_WORDS);
	struct spec *specs;
	int err;

	if (!config)
		return -ENOMEM;
	specs = words_specs(config, words, count, diags);
	config->disks = arena_alloc(config->memory, sizeof(*config->disks));
	if (!specs || !config->disks)
		return -ENOMEM;
	err = disk_specs_parse(specs, count, config->disks);
	if (err)
		return err;
	config->num_disks = 1;
	*ret = STEAL_PTR(config);
	return 0;
}

int guest_config_parse_vif(char *const *words, size_t count,
			   struct diags *diags, struct guest_config **ret)
{
	CLEANUP_GUEST_CONFIG struct guest_config *config =
		guest_config_new(GUEST_CONFIG_WORDS);
	struct spec *specs;
	int err;

	if (!config)
		return -ENOMEM;
	specs = words_specs(config, words, count, diags);
	config->vifs = arena_alloc(config->memory, sizeof(*config->vifs));
	if (!specs || !config->vifs)
		return -ENOMEM;
	config->vifs->devid = VIF_DEVID_NEXT;
	err = vif_specs_parse(specs, count, config->vifs);
	if (err)
		return err;
	config->num_vifs = 1;
	*ret = STEAL_PTR(config);
	return 0;
}

/* COUNT elements of SIZE bytes; room for one more, so that none is no failure. */
static void *copy_array(struct guest_config *config, const void *array,
			size_t count, size_t size)
{
	void *copy = arena_alloc(config->memory, (count + 1) * size);

	if (copy && count)
		memcpy(copy, array, count * size);
	return copy;
}

int guest_config_set_disks(struct guest_config *config,
			   const struct disk_config *disks, size_t count)
{
	struct disk_config *list = copy_array(config, disks, count,
					      sizeof(*list));

	if (!list)
		return -ENOMEM;
	config->disks = list;
	config->num_disks = count;
	return 0;
}

int guest_config_set_vifs(struct guest_config *config,
			  const struct vif_config *vifs, size_t count)
{
	struct vif_config *list = copy_array(config, vifs, count,
					     sizeof(*list));

	if (!list)
		return -ENOMEM;
	config->vifs = list;
	config->num_vifs = count;
	return 0;
}
