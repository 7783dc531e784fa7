/* SPDX-License-Identifier: MIT */
/* A guest's devices as xenstore nodes; see devices.h. */
#include "config.h"

#include "tools/xl-lite/devices.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xen/io/xenbus.h>

#include "lib/log.h"

#include "tools/xl-lite/devices-pv.h"
#include "tools/xl-lite/dm-args.h"
#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/hotplug.h"
#include "tools/xl-lite/json.h"
#include "tools/xl-lite/remedy.h"

/* -- deciding -------------------------------------------------------------- */

/* Only this domain's backends are driven for now. */
static bool is_own_domain(const char *domain)
{
	return !domain || strcmp(domain, "0") == 0 ||
	       strcmp(domain, "Domain-0") == 0;
}

static int refuse(const struct guest_config *config, const struct device *d,
		  const char *why)
{
	return log_fail(-EINVAL, "guest %s: %s: %s", config->name, d->name,
			why);
}

/* xen-blkback takes a device by its number. */
static int plan_kernel_disk(const struct guest_config *config,
			    struct device *d)
{
	int err = host_block_device(d->target, &d->major, &d->minor);

	d->backend_kind = KIND_VBD;
	if (err == -ENOTBLK)
		return refuse(config, d, "the kernel's backend serves block devices, and this is none: leave out backendtype=phy, then xl-lite-blkd serves it");
	if (err)
		return log_err(err, "guest %s: %s: %s", config->name, d->name,
			       d->target);
	return 0;
}

/* The server has another working directory than we. */
static int absolute_target(const struct guest_config *config, struct device *d)
{
	const char *target = d->disk->target;
	char cwd[PATH_MAX] = "";
	int n;

	if (!target)
		return 0;	/* an empty drive */
	if (*target != '/' && !getcwd(cwd, sizeof(cwd)))
		return log_err(-errno, "guest %s: %s: working directory",
			       config->name, d->name);
	n = snprintf(d->target, sizeof(d->target), "%s%s%s", cwd,
		     *target == '/' ? "" : "/", target);
	if (n < 0 || (size_t)n >= sizeof(d->target))
		return refuse(config, d, "the path is too long for xenstore");
	return 0;
}

/* SCRIPT is a name in Xen's folder of them, or a path. */
static int plan_script(const struct guest_config *config, struct device *d,
		       const char *script)
{
	int n = snprintf(d->script, sizeof(d->script), "%s%s",
			 *script == '/' ? "" : HOTPLUG_SCRIPTS, script);
	struct stat info;

	if (n < 0 || (size_t)n >= sizeof(d->script))
		return refuse(config, d, "script=: the path is too long");
	if (stat(d->script, &info))
		return log_fail(-errno, "guest %s: %s: script %s: %s: is the path right?",
				config->name, d->name, d->script,
				strerror(errno));
	if (S_ISREG(info.st_mode) && access(d->script, X_OK) == 0)
		return 0;
	return log_fail(-EACCES, "guest %s: %s: script %s: cannot be executed: %s",
			config->name, d->name, d->script,
			S_ISREG(info.st_mode) ? "run 'chmod +x' on it" :
			"it is no file: is the path right?");
}

/*
 * The script makes a block device of the target, whatever that means to it,
 * and tells the kernel's backend its number.
 */
static int plan_scripted_disk(const struct guest_config *config,
			      struct device *d)
{
	const struct disk_config *disk = d->disk;
	int n;

	if (disk->backendtype != DISK_BACKEND_DEFAULT &&
	    disk->backendtype != DISK_BACKEND_PHY)
		return refuse(config, d, "script=: what a script makes is served by the kernel's backend: leave backendtype= out");
	n = snprintf(d->target, sizeof(d->target), "%s", disk->target);
	if (n < 0 || (size_t)n >= sizeof(d->target))
		return refuse(config, d, "the target is too long for xenstore");
	d->backend_kind = KIND_VBD;
	return plan_script(config, d, disk->script);
}

/*
 * An HVM guest's CD drive is emulated; no guest has a driver of Xen's for it.
 * Its nodes are those of a disk that QEMU serves, for who lists or changes the
 * medium; but closed, or QEMU would serve it indeed, and QEMU 7.2 dies when the
 * medium of such a disk goes.
 */
static int plan_cdrom(const struct guest_config *config, struct device *d)
{
	if (!dm_emulates(config, d))
		return refuse(config, d, "a CD drive must be one of the first four drives: hda to hdd");
	d->backend_kind = KIND_QDISK;
	d->dm = true;
	return 0;
}

/* What QEMU cannot do with an emulated disk. */
static int check_emulated(const struct guest_config *config,
			  const struct device *d)
{
	const struct disk_config *disk = d->disk;

	if (disk->readonly && dm_emulates(config, d) &&
	    strncmp(disk->vdev, "sd", 2) != 0)
		return refuse(config, d, "a disk of an emulated IDE or AHCI controller can be written: make it a CD (devtype=cdrom), a SCSI disk (vdev=sda), or one without emulation (vdev=xvdg)");
	return 0;
}

static int plan_disk(const struct host *host, const struct guest_config *config,
		     const struct disk_config *disk, struct device *d)
{
	*d = (struct device) {
		.kind = KIND_VBD,
		.frontend_kind = disk->user_frontend ? KIND_UVBD : KIND_VBD,
		.devid = disk->vdev_number,
		.disk = disk,
	};
	snprintf(d->name, sizeof(d->name), "disk %s", disk->vdev);
	if (!is_own_domain(disk->backend_domain))
		return refuse(config, d, "backend=: disks served by another domain cannot be had yet");
	if (disk->specification != DISK_SPEC_XEN)
		return refuse(config, d, "specification=virtio: only specification=xen can be had");
	if (disk->format == DISK_FORMAT_EMPTY && config->type != GUEST_HVM)
		return refuse(config, d, "an empty drive is of no use to a PV or PVH guest: give it an image");
	if (disk->format != DISK_FORMAT_RAW &&
	    disk->format != DISK_FORMAT_EMPTY)
		return refuse(config, d, "only raw images can be served yet: convert it with 'qemu-img convert -O raw'");
	if (disk->script)
		return plan_scripted_disk(config, d);
	if (absolute_target(config, d))
		return -EINVAL;
	if (config->type == GUEST_HVM && disk->cdrom)
		return plan_cdrom(config, d);
	if (check_emulated(config, d))
		return -EINVAL;
	switch (disk->backendtype) {
	case DISK_BACKEND_PHY:
		return plan_kernel_disk(config, d);
	case DISK_BACKEND_DEFAULT:
		if (host->config.disk_kernel)
			return plan_kernel_disk(config, d);
		break;
	case DISK_BACKEND_TAP:
	case DISK_BACKEND_QDISK:
	case DISK_BACKEND_STANDALONE:
		/* what these would serve, ours serves as well */
		break;
	}
	d->backend_kind = KIND_UVBD;
	d->daemon = "xl-lite-blkd";
	return 0;
}

static int plan_vif(const struct host *host, const struct guest_config *config,
		    const struct vif_config *vif, struct device *d)
{
	bool kernel = vif->backendtype == VIF_BACKEND_DEFAULT ?
		host->config.vif_kernel :
		vif->backendtype == VIF_BACKEND_KERNEL;

	*d = (struct device) {
		.kind = KIND_VIF,
		.frontend_kind = vif->user_frontend ? KIND_UVIF : KIND_VIF,
		.backend_kind = kernel ? KIND_VIF : KIND_UVIF,
		.daemon = kernel ? NULL : "xl-lite-netd",
		.devid = vif->devid,
		.vif = vif,
		.bridge = vif->bridge ? vif->bridge : host->config.vif_bridge,
		.gatewaydev = vif->gatewaydev,
	};
	const char *script = vif->script;

	if (!script && host->config.vif_script[0])
		script = host->config.vif_script;
	if (!d->gatewaydev && host->config.vif_gatewaydev[0])
		d->gatewaydev = host->config.vif_gatewaydev;
	snprintf(d->name, sizeof(d->name), "vif %u", vif->devid);
	if (!is_own_domain(vif->backend_domain))
		return refuse(config, d, "backend=: interfaces served by another domain cannot be had yet");
	if (vif->type == VIF_TYPE_IOEMU && config->type != GUEST_HVM)
		return log_fail(-EINVAL, "%s:%u:%u: guest %s: %s: type=ioemu: only an HVM guest can have an emulated card: leave it out",
				vif->pos.name, vif->pos.line, vif->pos.column,
				config->name, d->name);
	/* what this script does for xl is done here without it */
	if (script && !hotplug_is_built_in(script, d->backend_kind, false))
		return plan_script(config, d, script);
	if (!host_bridge_exists(d->bridge))
		return log_fail(-ENODEV, "guest %s: %s: bridge %s: does not exist: make it with 'ip link add %s type bridge', or name another with bridge=",
				config->name, d->name, d->bridge, d->bridge);
	return 0;
}

static bool same_place(const struct disk_config *a,
		       const struct disk_config *b)
{
	const bool a_scsi = !a->cdrom && strncmp(a->vdev, "sd", 2) == 0;
	const bool b_scsi = !b->cdrom && strncmp(b->vdev, "sd", 2) == 0;

	return a->disk == b->disk && a_scsi == b_scsi;
}

/* hda and xvda are two disks to Xen, but one drive to QEMU. */
static int check_places(const struct guest_config *config,
			const struct device *list)
{
	for (size_t i = 0; i < config->num_disks; i++)
		for (size_t j = 0; j < i; j++)
			if (dm_emulates(config, &list[i]) &&
			    dm_emulates(config, &list[j]) &&
			    same_place(&config->disks[i], &config->disks[j]))
				return log_fail(-EINVAL, "guest %s: %s: %s is the same drive of the emulated machine: give one of them another letter",
						config->name, list[i].name,
						list[j].name);
	return 0;
}

/* Xen's keyboard and pointer, which an HVM guest's QEMU has beside others. */
static void plan_keyboard(struct device *d)
{
	*d = (struct device) {
		.kind = KIND_VKBD,
		.frontend_kind = KIND_VKBD,
		.backend_kind = KIND_VKBD,
		.dm = true,
		.name = "vkb 0",
	};
}

static int check_daemon(const struct guest_config *config,
			const struct device *d)
{
	if (!d->daemon || host_daemon_running(d->daemon))
		return 0;
	return log_fail(-ESRCH, "guest %s: %s: %s: does not run: start it with 'systemctl start %s', or just '%s &'",
			config->name, d->name, d->daemon, d->daemon, d->daemon);
}

int devices_plan(const struct host *host, const struct guest_config *config,
		 struct device **devices, size_t *count)
{
	const size_t total = config->num_disks + config->num_vifs;
	const size_t pv = pv_devices_count(config);
	const bool keyboard = config->type == GUEST_HVM &&
			      choose(config->hvm.vkb, true);
	CLEANUP_FREE struct device *list = calloc(total + pv + 1,
						  sizeof(*list));
	int first_err = 0;

	if (!list)
		return remedy_no_memory(config->name, "devices");
	/* all of them, so that one run shows all that is wrong */
	for (size_t i = 0; i < total; i++) {
		struct device *d = &list[i];
		int err;

		if (i < config->num_disks)
			err = plan_disk(host, config, &config->disks[i], d);
		else
			err = plan_vif(host, config,
				       &config->vifs[i - config->num_disks], d);
		if (!err)
			err = check_daemon(config, d);
		d->guest = config->type;
		if (err && !first_err)
			first_err = err;
	}
	pv_devices_fill(config, list + total);
	for (size_t i = total; i < total + pv; i++) {
		int err = pv_device_check(config, &list[i]);

		if (err && !first_err)
			first_err = err;
	}
	if (!first_err)
		first_err = check_places(config, list);
	if (first_err)
		return first_err;
	if (keyboard)
		plan_keyboard(&list[total + pv]);
	*devices = STEAL_PTR(list);
	*count = total + pv + keyboard;
	return 0;
}

/* -- telling --------------------------------------------------------------- */

void device_hotplug(const struct device *d, const char *name, domid_t domid,
		    char dir[STORE_PATH_MAX], struct backend_path *backend,
		    struct hotplug *h)
{
	device_backend_path(d, domid, dir);
	path_parse_backend(dir, backend);
	*h = (struct hotplug) {
		.script = d->script,
		.backend = backend,
		.dir = dir,
		.gatewaydev = d->gatewaydev,
	};
	snprintf(h->guest, sizeof(h->guest), "guest %.70s", name);
	snprintf(h->device, sizeof(h->device), "%s", d->name);
}

void device_mac_text(const struct device *d, char text[18])
{
	const uint8_t *mac = d->vif->mac;

	snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
		 mac[2], mac[3], mac[4], mac[5]);
}

int device_json(const struct device *d, char **ret)
{
	CLEANUP_FREE char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int err;

	if (!f)
		return -ENOMEM;
	err = d->disk ? json_print_disk(d->disk, f)
		      : json_print_vif(d->vif, f);
	if (fclose(f) && !err)
		err = -ENOMEM;
	if (!err)
		*ret = STEAL_PTR(text);
	return err;
}

/* -- writing --------------------------------------------------------------- */

void device_backend_path(const struct device *d, domid_t domid,
			 char path[STORE_PATH_MAX])
{
	path_backend(path, STORE_PATH_MAX, 0, d->backend_kind, domid, d->devid);
}

struct device_paths {
	char frontend[STORE_PATH_MAX];
	char backend[STORE_PATH_MAX];
	char libxl[STORE_PATH_MAX];
};

static void device_paths(const struct device *d, domid_t domid,
			 struct device_paths *p)
{
	path_frontend(p->frontend, sizeof(p->frontend), domid,
		      d->frontend_kind, d->devid);
	device_backend_path(d, domid, p->backend);
	path_libxl_device(p->libxl, sizeof(p->libxl), domid, d->kind, d->devid);
}

/*
 * A key of the backend, and its copy for the toolstack. A server of ours, and
 * its guest, know what is meant where one is absent, and so does stock xl, which
 * lists by the copy, and looks at some: WHO of them has to have it nevertheless.
 * With another server, and where a script looks, all have what they have with
 * stock xl.
 */
enum { NOBODY, SERVER = 1, LIST = 2, BOTH = SERVER | LIST };

static bool has_all(const struct device *d)
{
	return !d->daemon || d->script[0];
}

static void put(struct nodes *n, const struct device *d,
		const struct device_paths *p, const char *key,
		const char *value, unsigned int who)
{
	if ((who & SERVER) || has_all(d))
		nodes_put(n, p->backend, key, "%s", value);
	if ((who & LIST) || !d->daemon)
		nodes_put(n, p->libxl, key, "%s", value);
}

/*
 * What of it is nothing to the guest is written first, and stays dom0's: then
 * no empty folder is to be made.
 */
static void make_backend(struct nodes *n, const struct device *d,
			 const struct device_paths *p, domid_t domid)
{
	const struct node_access ours = { .owner = 0, .reader = domid };

	if (has_all(d))
		nodes_mkdir(n, p->backend, NULL);
	else if (d->disk)
		nodes_put(n, p->backend, "params", "%s", d->target);
	else
		nodes_put(n, p->backend, "bridge", "%s", d->bridge);
	nodes_access(n, ours, p->backend, NULL);
}

static const char *flag(bool value)
{
	return value ? "1" : "0";
}

static void write_disk_backend(struct nodes *n, const struct device *d,
			       const struct device_paths *p)
{
	const struct disk_config *disk = d->disk;
	const bool discard = !disk->readonly && disk->discard != CHOICE_NO;
	char params[sizeof(d->target) + 8];

	snprintf(params, sizeof(params), "%s%s", d->dm ? "aio:" : "",
		 d->target);
	put(n, d, p, "params", params, LIST);	/* make_backend() */
	if (!d->dm)
		put(n, d, p, "script", d->script[0] ? d->script
		    : HOTPLUG_SCRIPTS "block", NOBODY);
	put(n, d, p, "removable", flag(disk->removable),
	    disk->removable ? BOTH : LIST);
	put(n, d, p, "bootable", "1", NOBODY);
	put(n, d, p, "dev", disk->vdev, LIST);
	/*
	 * For stock xl: what it calls a disk that it has not to serve. And old
	 * frontends of Linux discard on no disk but a "phy".
	 */
	put(n, d, p, "type", d->dm ? "qdisk" : "phy", BOTH);
	put(n, d, p, "mode", disk->readonly ? "r" : "w", BOTH);
	put(n, d, p, "device-type", disk->cdrom ? "cdrom" : "disk",
	    disk->cdrom ? BOTH : LIST);
	put(n, d, p, "discard-enable", flag(discard),
	    discard ? NOBODY : SERVER);
	put(n, d, p, "specification", "xen", NOBODY);
	if (disk->direct_io_safe)
		put(n, d, p, "direct-io-safe", "1", BOTH);
	if (!d->daemon && !d->dm && !d->script[0]) {
		/* what the script would find out and write for xen-blkback */
		nodes_put(n, p->backend, "physical-device", "%x:%x", d->major,
			  d->minor);
		nodes_put(n, p->backend, "hotplug-status", "connected");
	}
}

static void write_disk_frontend(struct nodes *n, const struct device *d,
				const struct device_paths *p)
{
	nodes_put(n, p->frontend, "virtual-device", "%u", d->devid);
	nodes_put(n, p->frontend, "device-type", "%s",
		  d->disk->cdrom ? "cdrom" : "disk");
	nodes_put(n, p->frontend, "trusted", "%s",
		  flag(d->disk->trusted != CHOICE_NO));
	/* of a PV guest it is known what it will speak */
	if (d->guest == GUEST_PV)
		nodes_put(n, p->frontend, "protocol", "%s", "x86_64-abi");
}

static bool is_ioemu(const struct device *d)
{
	return d->guest == GUEST_HVM && d->vif->type != VIF_TYPE_VIF;
}

static void write_vif_backend(struct nodes *n, const struct device *d,
			      const struct device_paths *p, const char *mac)
{
	const struct vif_config *vif = d->vif;
	char text[64];

	put(n, d, p, "script", d->script[0] ? d->script
	    : HOTPLUG_SCRIPTS "vif-bridge", LIST);
	if (vif->vifname)
		put(n, d, p, "vifname", vif->vifname, BOTH);
	put(n, d, p, "mac", mac, BOTH);
	if (vif->ip)
		put(n, d, p, "ip", vif->ip, BOTH);
	if (d->gatewaydev)
		put(n, d, p, "gatewaydev", d->gatewaydev, BOTH);
	if (vif->rate_bytes) {
		snprintf(text, sizeof(text), "%llu,%u",
			 (unsigned long long)vif->rate_bytes,
			 vif->rate_interval_us);
		put(n, d, p, "rate", text, BOTH);
	}
	if (vif->mtu) {
		snprintf(text, sizeof(text), "%u", vif->mtu);
		put(n, d, p, "mtu", text, BOTH);
	}
	put(n, d, p, "bridge", d->bridge, LIST);	/* make_backend() */
	snprintf(text, sizeof(text), "%u", d->devid);
	put(n, d, p, "handle", text, LIST);
	put(n, d, p, "type", is_ioemu(d) ? "vif_ioemu" : "vif",
	    is_ioemu(d) ? BOTH : NOBODY);
	if (!d->daemon)
		put(n, d, p, "hotplug-status", "", BOTH);
}

static void write_vif_frontend(struct nodes *n, const struct device *d,
			       const struct device_paths *p, const char *mac)
{
	nodes_put(n, p->frontend, "handle", "%u", d->devid);
	nodes_put(n, p->frontend, "mac", "%s", mac);
	nodes_put(n, p->frontend, "trusted", "%s",
		  flag(d->vif->trusted != CHOICE_NO));
}

void device_write(struct nodes *n, const struct device *d, domid_t domid)
{
	const struct node_access guests = { .owner = domid, .reader = 0 };
	struct device_paths p;
	char number[16], mac[18] = "";

	device_paths(d, domid, &p);
	snprintf(number, sizeof(number), "%u", domid);
	if (d->vif)
		device_mac_text(d, mac);

	nodes_put(n, p.libxl, "frontend", "%s", p.frontend);
	nodes_put(n, p.libxl, "backend", "%s", p.backend);

	/* dom0's, as the folder above is: made before the folder is changed */
	if (d->vif)
		nodes_put(n, p.frontend, "mtu", "%u",
			  d->vif->mtu ? d->vif->mtu : 1500);
	else
		nodes_mkdir(n, p.frontend, NULL);
	nodes_access(n, guests, p.frontend, NULL);
	nodes_put(n, p.frontend, "backend", "%s", p.backend);
	nodes_put(n, p.frontend, "backend-id", "0");
	nodes_put(n, p.frontend, "state", "%d", XenbusStateInitialising);
	if (d->disk)
		write_disk_frontend(n, d, &p);
	else if (d->vif)
		write_vif_frontend(n, d, &p, mac);
	else
		pv_device_write_frontend(n, d, p.frontend, domid);

	make_backend(n, d, &p, domid);
	nodes_put(n, p.backend, "frontend", "%s", p.frontend);
	put(n, d, &p, "frontend-id", number, SERVER);
	put(n, d, &p, "online", "1", SERVER);
	if (d->disk)
		write_disk_backend(n, d, &p);
	else if (d->vif)
		write_vif_backend(n, d, &p, mac);
	else
		pv_device_write_backend(n, d, p.backend, p.libxl);
	/* last: a server may begin as soon as it sees a state */
	put(n, d, &p, "state", d->disk && d->dm ? "6" : "1", SERVER);
}
