/* SPDX-License-Identifier: MIT */
/*
 * Who has what; see uses.h. /libxl has it of all guests, and no guest can
 * write it. That takes requests for each of their devices: for a new guest, which
 * has to be quick on a full host, their stored configurations are looked through
 * first. Those may be older than what is in xenstore, and so prove nothing.
 */
#include "config.h"

#include "tools/xl-lite/uses.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "lib/log.h"

#include "tools/xl-lite/device-list.h"
#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/remedy.h"
#include "tools/xl-lite/userdata.h"

struct search {
	struct host *host;
	const char *name;	/* of the guest that wants it */
	domid_t domid;
	const struct device *wanted;
	struct stat image;
	char mac[18];
};

/* "guest web (domain 3)" */
static void owner_text(struct search *s, domid_t domid, char *to, size_t size)
{
	char name[DOMAIN_NAME_MAX];

	if (domain_name(&s->host->store, domid, name))
		snprintf(to, size, "domain %u", domid);
	else
		snprintf(to, size, "guest %s (domain %u)", name, domid);
}

static bool same_image(const struct stat *a, const char *path)
{
	struct stat b;

	if (stat(path, &b))
		return false;
	if (S_ISBLK(a->st_mode) && S_ISBLK(b.st_mode))
		return a->st_rdev == b.st_rdev;
	return a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

/* "raw:/path" is how QEMU's disks have it. */
static const char *path_in_params(const char *params)
{
	const char *colon = strchr(params, ':');

	return *params != '/' && colon ? colon + 1 : params;
}

static int compare_disk(struct search *s, const struct listed_device *other)
{
	const struct device *d = s->wanted;
	char params[STORE_VALUE_MAX], mode[8], owner[DOMAIN_NAME_MAX + 32];
	char dev[40];

	if (store_read(&s->host->store, XBT_NULL, other->libxl, "params",
		       params, sizeof(params)) ||
	    !same_image(&s->image, path_in_params(params)))
		return 0;
	if (store_read(&s->host->store, XBT_NULL, other->libxl, "mode", mode,
		       sizeof(mode)))
		mode[0] = '\0';
	if (d->disk->readonly && strcmp(mode, "r") == 0)
		return 0;
	if (store_read(&s->host->store, XBT_NULL, other->libxl, "dev", dev,
		       sizeof(dev)))
		snprintf(dev, sizeof(dev), "%u", other->devid);
	owner_text(s, other->domid, owner, sizeof(owner));
	return log_fail(-EBUSY, "guest %s: %s: %s: is disk %s of %s already, and only disks that both just read it can share an image: take another, or detach it there",
			s->name, d->name, d->target, dev, owner);
}

static int compare_vif(struct search *s, const struct listed_device *other)
{
	const struct device *d = s->wanted;
	char mac[18], bridge[HOST_NAME_MAX_BYTES];
	char owner[DOMAIN_NAME_MAX + 32];

	if (store_read(&s->host->store, XBT_NULL, other->libxl, "mac", mac,
		       sizeof(mac)) || strcasecmp(mac, s->mac) != 0)
		return 0;
	if (store_read(&s->host->store, XBT_NULL, other->libxl, "bridge",
		       bridge, sizeof(bridge)))
		bridge[0] = '\0';
	if (other->domid != s->domid && strcmp(bridge, d->bridge) != 0)
		return 0;
	owner_text(s, other->domid, owner, sizeof(owner));
	return log_fail(-EBUSY, "guest %s: %s: mac=%s: is the address of vif %u of %s already: leave mac= out for one of its own",
			s->name, d->name, s->mac, other->devid, owner);
}

static int search_domain(struct search *s, domid_t domid)
{
	CLEANUP_FREE struct listed_device *list = NULL;
	size_t count = 0;
	int err = device_list(&s->host->store, domid, s->wanted->kind, &list,
			      &count);

	for (size_t i = 0; !err && i < count; i++)
		err = s->wanted->disk ? compare_disk(s, &list[i])
				      : compare_vif(s, &list[i]);
	return err;
}

static int search_all(struct search *s)
{
	CLEANUP_FREE char **ids = NULL;
	unsigned int count = 0;
	int err = store_list(&s->host->store, XBT_NULL, PATH_LIBXL, NULL,
			     &ids, &count);
	uint16_t domid;

	if (err)
		return err == -ENOENT ? 0 : err;
	for (unsigned int i = 0; !err && i < count; i++)
		if (path_parse_domid(ids[i], &domid) == 0)
			err = search_domain(s, domid);
	return err;
}

/* Is there anything to look for? */
static bool begin(struct search *s, struct host *host, const char *name,
		  domid_t domid, const struct device *d)
{
	*s = (struct search) {
		.host = host, .name = name, .domid = domid, .wanted = d,
	};
	if (d->vif)
		device_mac_text(d, s->mac);
	/* what a script makes of it only the script knows */
	return d->vif || (d->disk && !d->disk->script &&
			  stat(d->target, &s->image) == 0);
}

int uses_check(struct host *host, const char *name, domid_t domid,
	       const struct device *d)
{
	struct search s;

	return begin(&s, host, name, domid, d) ? search_all(&s) : 0;
}

/* -- a new guest -------------------------------------------------------------- */

#define IMAGE_KEY "\"pdev_path\""

/* Does JSON, a guest's configuration, seem to have this image? */
static bool mentions_image(const struct search *s, const char *json)
{
	const char *at = json;

	while ((at = strstr(at, IMAGE_KEY))) {
		char path[STORE_VALUE_MAX];
		size_t len;

		at += strlen(IMAGE_KEY);
		at += strspn(at, " :");
		if (*at++ != '"')
			continue;
		len = strcspn(at, "\"");
		if (len >= sizeof(path) || memchr(at, '\\', len))
			return true;	/* as far as can be told */
		memcpy(path, at, len);
		path[len] = '\0';
		if (same_image(&s->image, path))
			return true;
	}
	return false;
}

struct searches {
	struct search *list;
	size_t count;
};

static int check_guest(domid_t domid, const char *json, void *arg)
{
	const struct searches *all = arg;
	int err = 0;

	for (size_t i = 0; !err && i < all->count; i++) {
		struct search *s = &all->list[i];

		if (s->wanted->vif ? !!strcasestr(json, s->mac)
				   : mentions_image(s, json))
			err = search_domain(s, domid);
	}
	return err;
}

int uses_check_all(struct host *host, const char *name,
		   const struct device *devices, size_t count)
{
	CLEANUP_FREE struct search *list = calloc(count + 1, sizeof(*list));
	struct searches all = { .list = list };

	if (!list)
		return remedy_no_memory(name, "look who has its devices");
	for (size_t i = 0; i < count; i++)
		if (begin(&list[all.count], host, name, DOMID_INVALID,
			  &devices[i]))
			all.count++;
	return all.count ? userdata_for_each(check_guest, &all) : 0;
}
