/* SPDX-License-Identifier: MIT */
/*
 * Making a guest; see create.h. guest_create() at the end is the list of
 * steps.
 *
 * All nodes but two are sent in one go before the guest's memory is built, so
 * that xenstored works, and backends open images and interfaces meanwhile. The
 * two are the frames of the xenstore and console pages, which only building
 * finds; they go with the introduction to xenstored, behind the others. What
 * has become of all of it is asked then: xenstored, which takes requests before
 * it gives answers, and whom that wakes, xenconsoled, are at work by that time.
 *
 * There is no transaction: nobody acts on a guest before xenstored is told of
 * it, nor on a device before it has a state, which is written last. And none is
 * lost to other creations under way, which change the same folders.
 */
#include "config.h"

#include "tools/xl-lite/create.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <xen/io/xenbus.h>

#include "lib/log.h"
#include "lib/num.h"

#include "tools/xl-lite/access.h"
#include "tools/xl-lite/bootloader.h"
#include "tools/xl-lite/build.h"
#include "tools/xl-lite/destroy.h"
#include "tools/xl-lite/device-model.h"
#include "tools/xl-lite/devices.h"
#include "tools/xl-lite/dm-restrict.h"
#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/interrupt.h"
#include "tools/xl-lite/leftover.h"
#include "tools/xl-lite/machine-nodes.h"
#include "tools/xl-lite/placement.h"
#include "tools/xl-lite/ready.h"
#include "tools/xl-lite/remedy.h"
#include "tools/xl-lite/unpause.h"
#include "tools/xl-lite/userdata.h"
#include "tools/xl-lite/uses.h"

struct creation {
	struct host *host;
	const struct guest_config *config;
	const struct create_hooks *hooks;
	struct hv_host hv_host;
	struct device *devices;
	size_t num_devices;
	struct placement placement;
	struct access access;
	struct build build;
	struct mark mark;	/* of our work, for whoever has to finish it */
	struct mark_record record;
	struct interrupt interrupt;	/* between steps we are undone */
	struct hvm_files files;
	char program[PATH_MAX];	/* that finds the kernel, or GRUB itself */
	char shim[PATH_MAX];	/* "": none */
	struct bootloader bootloader;
	const struct dm_state *dm_state;	/* or NULL */
	struct dm_request dm_request;
	struct device_model dm;
	bool made;		/* there is a domain, and maybe more */
	char doing[MARK_NAME_MAX + 64];
};

/* What a failure of xenstore's is said to have kept us from. */
static void begin_step(struct creation *c, const char *what)
{
	snprintf(c->doing, sizeof(c->doing), "guest %s: %s", c->config->name,
		 what);
	store_doing(&c->host->store, c->doing);
}

/* -- before anything is made ------------------------------------------------ */

/*
 * Two creations of one name at a time would both find it free; and what an
 * earlier one left that was killed is in the way.
 */
static int take_mark(struct creation *c)
{
	const char *name = c->config->name;
	struct mark_record left;
	char path[sizeof(c->mark.path)], text[512];
	int err;

	mark_path_name(path, sizeof(path), name);
	err = mark_take(&c->mark, path, true, &left);
	if (err == -EBUSY)
		return log_fail(-EEXIST, "guest %s: name: another xl-lite is creating a guest of this name right now",
				name);
	if (err)
		return log_fail(err, "guest %s: %s: %s: %s", name, path,
				strerror(-err), remedy_file(err));
	err = leftover_finish(c->host, &left, false, text, sizeof(text));
	if (text[0])
		log_warn("%s", text);
	if (err) {
		mark_drop(&c->mark);	/* it tells of that one still */
		return err;
	}
	c->record.work = MARK_NOTHING;
	return mark_write(&c->mark, &c->record);
}

static int check_name(struct creation *c)
{
	bool initialised;
	domid_t domid;
	int err;

	begin_step(c, "look for its name");
	err = take_mark(c);
	if (err)
		return err;
	err = domain_by_name(&c->host->store, c->config->name, &domid,
			     &initialised);
	if (err == 0)
		return log_fail(-EEXIST, "guest %s: name: in use by domain %u: choose another with name=, or end that guest with 'xl-lite destroy %u'",
				c->config->name, domid, domid);
	if (err != -ESRCH)
		return store_fail(&c->host->store, err);
	if (!initialised)
		return log_fail(-ENOENT, "guest %s: dom0 is not set up: run /usr/lib/xen-*/bin/xen-init-dom0, or 'systemctl start xen-init-dom0'",
				c->config->name);
	return 0;
}

static int check_shim(struct creation *c)
{
	int err;

	if (!choose(c->config->shim.enable, false))
		return 0;
	err = shim_find(c->config, c->shim, sizeof(c->shim));
	if (!err)
		c->build.boot.shim = c->shim;
	return err;
}

static int check_files(struct creation *c)
{
	const struct guest_config *config = c->config;
	struct dm_user user;
	int err = dm_user_find(config, DOMID_NONE, &user);

	if (err)
		return err;

	c->build.boot = (struct boot_files) {
		.kernel = config->kernel,
		.ramdisk = config->ramdisk,
		.cmdline = config->cmdline,
	};
	if (config->type == GUEST_HVM) {
		c->build.files = &c->files;
		return hvm_files_find(config, &c->files);
	}
	err = check_shim(c);
	if (!err && guest_config_has_qemu(config))
		err = qemu_find(config, c->files.qemu, sizeof(c->files.qemu));
	if (err)
		return err;
	if (config->bootloader)
		return bootloader_find(config, c->program, sizeof(c->program));
	if (!config->kernel)
		return log_fail(-EINVAL, "guest %s: kernel= is missing: a %s guest starts from one",
				config->name,
				config->type == GUEST_PV ? "PV" : "PVH");
	if (!config->kernel_is_grub)
		return 0;
	c->build.boot.kernel = c->program;
	return grub_find(config, c->program, sizeof(c->program));
}

static bool has_bootloader(const struct guest_config *config)
{
	return config->bootloader && config->type != GUEST_HVM;
}

static int plan_devices(struct creation *c)
{
	int err = devices_plan(c->host, c->config, &c->devices,
			       &c->num_devices);

	if (err || !has_bootloader(c->config))
		return err;
	/* disks come first */
	if (!c->config->num_disks)
		return log_fail(-EINVAL, "guest %s: bootloader='%s': there is no disk for it to look at: add disk=[\"...\"]",
				c->config->name, c->config->bootloader);
	return bootloader_check_disk(c->config, &c->devices[0]);
}

/* The highest version of grants: what Xen and the guest both may use. */
static int check_grants(struct creation *c)
{
	const int newest = c->hv_host.gnttab_v2 ? 2 : 1;

	if (c->config->xen.grant_version <= newest)
		return 0;
	return log_fail(-EINVAL, "guest %s: max_grant_version=%d: this Xen has version %d at most: lower it, or leave it out",
			c->config->name, c->config->xen.grant_version, newest);
}

/* Can this Xen, on this machine, run such a guest? */
static int check_abilities(const struct creation *c)
{
	const struct hv_host *h = &c->hv_host;
	const enum guest_type type = c->config->type;
	const char *title = type == GUEST_HVM ? "HVM" : "PVH";

	if (type == GUEST_PV)
		return h->pv ? 0 :
			log_fail(-EINVAL, "guest %s: this Xen was built without PV guests: try type=\"pvh\"",
				 c->config->name);
	if (!h->hvm)
		return log_fail(-EINVAL, "guest %s: %s guests need a processor with virtualisation (Intel VT-x, AMD-V): switch it on in the firmware's setup, or take type=\"pv\"",
				c->config->name, title);
	if (!h->hap && !h->shadow)
		return log_fail(-EINVAL, "guest %s: %s guests need paging by the processor (Intel EPT, AMD RVI), or a Xen built with shadow paging, and there is neither: take type=\"pv\"",
				c->config->name, title);
	if (c->config->hap == CHOICE_YES && !h->hap)
		return log_fail(-EINVAL, "guest %s: hap=1: this processor does no paging for guests (Intel EPT, AMD RVI): leave it out",
				c->config->name);
	if (c->config->hap == CHOICE_NO && !h->shadow)
		return log_fail(-EINVAL, "guest %s: hap=0: this Xen was built without shadow paging: leave it out",
				c->config->name);
	return 0;
}

static int check_host(struct creation *c)
{
	int err = hv_host_info(c->host->hv, &c->hv_host);
	uint64_t want;

	if (err)
		return log_fail(err, "guest %s: host: %s: %s", c->config->name,
				hv_why(c->host->hv, err), hv_remedy(err));
	err = check_abilities(c);
	if (!err)
		err = check_grants(c);
	if (err)
		return err;
	c->build.hap = choose(c->config->hap, c->hv_host.hap);
	err = access_plan(c->host, c->config, &c->hv_host, c->build.hap,
			  &c->access);
	if (err)
		return err;
	want = c->config->memory_kib +
	       build_overhead_kib(c->config, c->build.hap) +
	       access_overhead_kib(c->config, &c->access);
	if (want > c->hv_host.free_kib)
		return log_fail(-ENOMEM, "guest %s: memory: %llu MiB are needed, %llu MiB of the host's %llu MiB are free: lower memory=, end a guest, or take some from dom0 with 'xl mem-set 0 MIB'",
				c->config->name,
				(unsigned long long)want / 1024,
				(unsigned long long)c->hv_host.free_kib / 1024,
				(unsigned long long)c->hv_host.total_kib / 1024);
	return 0;
}

/*
 * Xenstore and console may be served by domains of their own; but xenstored is
 * in this one where we have reached it by its socket.
 */
static int find_servers(struct creation *c)
{
	struct store *s = &c->host->store;
	struct {
		const char *dir;
		domid_t *domid;
		char text[16];
	} servers[] = {
		{ PATH_XENCONSOLED, &c->build.console_domid, "" },
		{ PATH_XENSTORED, &c->build.store_domid, "" },
	};
	const size_t count = store_line_fd(s) >= 0 ? 1 : ARRAY_SIZE(servers);
	struct store_query queries[ARRAY_SIZE(servers)];
	unsigned int domid;
	int err;

	begin_step(c, "look who serves xenstore and console");
	for (size_t i = 0; i < count; i++)
		queries[i] = (struct store_query) {
			.dir = servers[i].dir,
			.node = "domid",
			.buf = servers[i].text,
			.size = sizeof(servers[i].text),
		};
	err = store_read_all(s, XBT_NULL, queries, count);
	for (size_t i = 0; !err && i < count; i++) {
		domid = 0;
		err = queries[i].err;
		if (!err)
			err = num_parse_uint(servers[i].text, 0,
					     DOMID_FIRST_RESERVED - 1, &domid);
		else if (err == -ENOENT)
			err = 0;
		*servers[i].domid = domid;
	}
	return err ? store_fail(s, err) : 0;
}

/* -- nodes ------------------------------------------------------------------ */

/* What a PV guest was started from; stock xl says nothing of it for PVH. */
static void write_image(struct nodes *n, const struct boot_files *boot,
			const char *vm)
{
	nodes_put(n, vm, "image/ostype", "linux");
	nodes_put(n, vm, "image/kernel", "%s", boot->kernel);
	if (boot->ramdisk)
		nodes_put(n, vm, "image/ramdisk", "%s", boot->ramdisk);
	if (boot->cmdline)
		nodes_put(n, vm, "image/cmdline", "%s", boot->cmdline);
}

static void write_vm(struct nodes *n, const struct creation *c,
		     const char *vm)
{
	const struct guest_config *config = c->config;
	char uuid[UUID_TEXT_SIZE];
	struct timeval now;

	gettimeofday(&now, NULL);
	uuid_format(config->uuid, uuid);
	nodes_put(n, vm, "name", "%s", config->name);
	nodes_put(n, vm, "uuid", "%s", uuid);
	/* what a bootloader finds is known later */
	if (config->type == GUEST_PV && !has_bootloader(config))
		write_image(n, &c->build.boot, vm);
	if (config->type == GUEST_HVM) {
		nodes_put(n, vm, "image/ostype", "hvm");
		nodes_put(n, vm, "rtc/timeoffset", "%s", "");
	}
	nodes_put(n, vm, "start_time", "%lld.%02d", (long long)now.tv_sec,
		  (int)now.tv_usec / 10000);
}

/*
 * What the guest itself may write. The folder, new, is the guest's while these
 * are made in it, so that they inherit that, and dom0's after that: a request
 * for each less. The guest cannot use it meanwhile: it is not introduced. The
 * one below folders that are dom0's comes last.
 */
static void write_guests_own(struct nodes *n, const struct creation *c,
			     const char *dir)
{
	static const char *const names[] = {
		"control/shutdown",
		"control/feature-poweroff",
		"control/feature-reboot",
		"control/feature-suspend",
		"control/sysrq",
		"data",
		"drivers",
		"feature",
		"attr",
		"error",
	};
	const domid_t domid = c->build.domid;
	const struct node_access own = { .owner = domid, .reader = domid };
	const struct node_access ours = { .owner = 0, .reader = domid };

	nodes_access(n, own, dir, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		nodes_mkdir(n, dir, names[i]);
	if (c->config->type == GUEST_HVM) {
		nodes_mkdir(n, dir, "control/feature-s3");
		nodes_mkdir(n, dir, "control/feature-s4");
	}
	/* a toolstack and a QEMU in it have what they have in dom0 */
	if (choose(c->config->xen.driver_domain, false)) {
		nodes_mkdir(n, dir, "libxl");
		nodes_mkdir(n, dir, "device-model");
	}
	nodes_access(n, ours, dir, "control");	/* made on the way */
	nodes_access(n, ours, dir, NULL);
	nodes_make(n, own, dir, "device/suspend/event-channel");
}

static void write_vcpus(struct nodes *n, const struct guest_config *config,
			const char *dir)
{
	char node[48];

	for (unsigned int i = 0; i < config->maxvcpus; i++) {
		snprintf(node, sizeof(node), "cpu/%u/availability", i);
		nodes_put(n, dir, node, "%s",
			  i < config->vcpus ? "online" : "offline");
	}
}

static void write_domain(struct nodes *n, const struct creation *c,
			 const char *dir, const char *vm)
{
	const struct guest_config *config = c->config;
	const unsigned long long video_kib = hvm_video_kib(config);

	nodes_put(n, dir, "vm", "%s", vm);
	nodes_put(n, dir, "name", "%s", config->name);
	write_vcpus(n, config, dir);
	nodes_put(n, dir, "memory/static-max", "%llu",
		  (unsigned long long)config->maxmem_kib);
	nodes_put(n, dir, "memory/target", "%llu",
		  (unsigned long long)config->memory_kib - video_kib);
	nodes_put(n, dir, "memory/videoram", "%llu", video_kib);
	nodes_put(n, dir, "control/platform-feature-multiprocessor-suspend",
		  "1");
	nodes_put(n, dir, "control/platform-feature-xs_reset_watches", "1");
	nodes_put(n, dir, "domid", "%u", c->build.domid);
	nodes_put(n, dir, "store/port", "%u", c->build.store_port);
}

/*
 * The first console is unlike other devices: its frontend folder is dom0's,
 * and xenconsoled goes by the ring and the port in it alone.
 */
static void write_console(struct nodes *n, const struct creation *c,
			  const char *dir)
{
	const domid_t domid = c->build.domid;
	const struct node_access guests = { .owner = domid, .reader = 0 };
	const struct node_access ours = { .owner = 0, .reader = domid };
	char backend[STORE_PATH_MAX], entry[STORE_PATH_MAX];

	path_console_backend(backend, sizeof(backend), 0, domid);
	path_libxl_device(entry, sizeof(entry), domid, KIND_CONSOLE, 0);

	nodes_put(n, entry, "frontend", "%s/console", dir);
	nodes_put(n, entry, "backend", "%s", backend);
	nodes_put(n, entry, "frontend-id", "%u", domid);
	nodes_put(n, entry, "online", "1");
	nodes_put(n, entry, "state", "%d", XenbusStateInitialising);
	nodes_put(n, entry, "protocol", "vt100");

	nodes_make(n, ours, backend, NULL);
	nodes_put(n, backend, "frontend", "%s/console", dir);
	nodes_put(n, backend, "frontend-id", "%u", domid);
	nodes_put(n, backend, "online", "1");
	nodes_put(n, backend, "state", "%d", XenbusStateInitialising);
	nodes_put(n, backend, "protocol", "vt100");

	nodes_put(n, dir, "console/backend", "%s", backend);
	nodes_put_as(n, guests, dir, "console/backend-id", "0");
	nodes_put(n, dir, "console/limit", "1048576");
	nodes_put(n, dir, "console/type", "xenconsoled");
	nodes_put(n, dir, "console/output", "pty");
	nodes_put(n, dir, "console/port", "%u", c->build.console_port);
}

/* In a folder that was made for it, which takes its permissions. */
static void make_domain_folders(struct nodes *n, const struct creation *c,
				const char *dir, const char *vm,
				const char *libxl)
{
	const struct node_access ours = {
		.owner = 0, .reader = c->build.domid,
	};

	/* what a domain of this number may have left */
	nodes_remove(n, dir, NULL);
	nodes_remove(n, libxl, NULL);
	nodes_mkdir(n, dir, NULL);
	nodes_make(n, ours, vm, NULL);
}

static void write_all(struct nodes *n, const struct creation *c)
{
	const domid_t domid = c->build.domid;
	char dir[STORE_PATH_MAX], vm[STORE_PATH_MAX], libxl[STORE_PATH_MAX];

	path_domain(dir, sizeof(dir), domid);
	domain_vm_path(c->config->uuid, vm);
	path_libxl(libxl, sizeof(libxl), domid);
	make_domain_folders(n, c, dir, vm, libxl);
	write_guests_own(n, c, dir);
	write_domain(n, c, dir, vm);
	if (c->config->type == GUEST_HVM)
		machine_write(n, &c->config->hvm, dir);
	write_vm(n, c, vm);
	write_console(n, c, dir);
	nodes_put(n, libxl, "type", "%s", guest_type_name(c->config->type));
	nodes_put(n, libxl, "dm-version", "qemu_xen");
	for (size_t i = 0; i < c->num_devices; i++)
		device_write(n, &c->devices[i], domid);
}

/* -- the steps -------------------------------------------------------------- */

static int make_domain(struct creation *c)
{
	const struct xen_config *xen = &c->config->xen;
	const struct hv_create args = {
		.uuid = c->config->uuid,
		.max_vcpus = c->config->maxvcpus,
		.grant_version = xen->grant_version >= 0 ? xen->grant_version :
				 c->hv_host.gnttab_v2 ? 2 : 1,
		.grant_frames = xen->grant_frames,
		.maptrack_frames = xen->maptrack_frames,
		.event_channels = xen->event_channels,
		.cpupool = c->placement.pool,
		.pvh = c->config->type == GUEST_PVH,
		.hvm = c->config->type == GUEST_HVM,
		.hap = c->build.hap,
		.nested = c->config->type != GUEST_PV &&
			  choose(c->config->hvm.nested, false),
		.no_oos = c->config->type != GUEST_PV &&
			  !choose(xen->oos, true),
		.iommu = c->access.iommu,
		.iommu_shares = c->access.iommu_shares,
		.label = c->access.label,
	};
	int err;

	c->record.work = MARK_MAKING;
	err = mark_write(&c->mark, &c->record);
	if (err)
		return err;
	err = hv_domain_create(c->host->hv, &args, &c->build.domid);
	if (err)
		return log_fail(err, "guest %s: make the domain: %s: %s",
				c->config->name, hv_why(c->host->hv, err),
				hv_remedy(err));
	c->made = true;
	c->record.domid_known = true;
	c->record.domid = c->build.domid;
	return mark_write(&c->mark, &c->record);
}

static int write_userdata(struct creation *c)
{
	const struct json_places hard = placement_hard(&c->placement);
	const struct json_places soft = placement_soft(&c->placement);

	return userdata_write(c->config, c->build.domid, &hard, &soft);
}

/*
 * xenstored works on it while the guest is built, and then those who serve its
 * devices do.
 */
static int write_nodes(struct creation *c)
{
	struct nodes n = { .store = &c->host->store };
	int err;

	begin_step(c, "write its nodes");
	store_gather(n.store);
	write_all(&n, c);
	err = n.err ? n.err : store_gather_send(n.store);
	return err ? store_fail(n.store, err) : 0;
}

static int nodes_written(struct creation *c)
{
	int err = store_gathered(&c->host->store);

	return err ? store_fail(&c->host->store, err) : 0;
}

/* The guest's files are then what was found on its disk. */
static int take_found(struct creation *c)
{
	const struct loader_found *found = &c->bootloader.found;
	struct nodes n = { .store = &c->host->store };
	char vm[STORE_PATH_MAX];

	c->build.boot.kernel = found->kernel;
	c->build.boot.ramdisk = found->ramdisk[0] ? found->ramdisk : NULL;
	c->build.boot.cmdline = found->has_args ? found->args : NULL;
	if (c->config->type != GUEST_PV)
		return 0;
	domain_vm_path(c->config->uuid, vm);
	write_image(&n, &c->build.boot, vm);
	return n.err ? store_fail(&c->host->store, n.err) : 0;
}

/* Servers of its devices get ready meanwhile. */
static int run_bootloader(struct creation *c)
{
	const struct bootloader_request r = {
		.host = c->host,
		.config = c->config,
		.disk = c->devices,
		.program = c->program,
		.domid = c->build.domid,
		.interrupt = &c->interrupt,
		.console_available = c->hooks ? c->hooks->console_available
					      : NULL,
		.arg = c->hooks ? c->hooks->arg : NULL,
	};
	int err;

	if (!has_bootloader(c->config))
		return 0;
	err = nodes_written(c);
	if (err)
		return err;
	begin_step(c, "run its bootloader");
	err = bootloader_run(&r, &c->bootloader);
	return err ? err : take_found(c);
}

/* Who waits for a QEMU takes all events. */
static bool watches_console(const struct creation *c)
{
	return !guest_config_has_qemu(c->config);
}

static int introduce(struct creation *c)
{
	const struct build *b = &c->build;
	struct store *s = &c->host->store;
	struct nodes n = { .store = s };
	char dir[STORE_PATH_MAX];
	int err;

	begin_step(c, "write its nodes");
	store_gather(s);
	/* from the ring on, xenconsoled may give the console a tty */
	if (watches_console(c))
		n.err = guest_watch_console(c->host, b->domid);
	path_domain(dir, sizeof(dir), b->domid);
	nodes_put(&n, dir, "store/ring-ref", "%lu", b->frames.store);
	nodes_put(&n, dir, "console/ring-ref", "%lu", b->frames.console);
	if (c->config->type == GUEST_HVM)
		machine_write_tables(&n, b, dir);
	if (!n.err)
		n.err = store_introduce(s, b->domid, b->frames.store,
					b->store_port);
	err = nodes_written(c);
	return n.err ? store_fail(s, n.err) : err;
}

static int start_device_model(struct creation *c)
{
	int err;

	if (!guest_config_has_qemu(c->config))
		return 0;
	begin_step(c, "start its QEMU");
	c->dm_request = (struct dm_request) {
		.config = c->config,
		.devices = c->devices,
		.num_devices = c->num_devices,
		.domid = c->build.domid,
		.qemu = c->files.qemu,
		.state = c->dm_state,
	};
	err = dm_user_find(c->config, c->build.domid, &c->dm_request.user);
	if (err)
		return err;
	return device_model_start(c->host, &c->dm_request, &c->dm);
}

/* Servers of other devices get ready meanwhile. */
static int wait_device_model(struct creation *c)
{
	int err;

	if (!guest_config_has_qemu(c->config))
		return 0;
	begin_step(c, "wait for its QEMU");
	err = device_model_wait(c->host, &c->dm_request, &c->dm,
				c->interrupt.fd);
	return err ? err : device_model_configure(c->host, &c->dm_request);
}

static int hold_signals(struct creation *c)
{
	int err = interrupt_hold(&c->interrupt);

	return err ? log_fail(err, "guest %s: signals: %s: %s", c->config->name,
			      strerror(-err), remedy_kernel(err)) : 0;
}

static int wait_ready(struct creation *c)
{
	const struct bootloader *b = &c->bootloader;
	int err;

	begin_step(c, "wait for its servers");
	err = guest_wait_ready(c->host, c->config->name, c->build.domid,
			       c->devices, c->num_devices,
			       watches_console(c),
			       b->relayed ? b->relay.console_path : NULL,
			       &c->interrupt);

	return err ? err : interrupted(&c->interrupt);
}

static struct mark_record make_record(const struct guest_config *config,
				      enum mark_work work)
{
	struct mark_record record = { .work = work, .pid = getpid() };

	memcpy(record.uuid, config->uuid, sizeof(record.uuid));
	snprintf(record.name, sizeof(record.name), "%s", config->name);
	return record;
}

void guest_undo(struct host *host, const struct guest_config *config,
		domid_t domid, struct mark *mark)
{
	struct mark_record record = make_record(config, MARK_MAKING);

	if (!guest_unmake(host, domid, config->uuid)) {
		log_info("guest %s: removed again", config->name);
		mark_remove(mark);
		return;
	}
	log_fail(0, "guest %s: domain %u, which was made for it, could not be removed entirely: 'xl-lite gc', or creating it again, removes the rest as soon as it can be",
		 config->name, domid);
	record.domid_known = true;
	record.domid = domid;
	mark_write(mark, &record);
	mark_drop(mark);
}

/* Undo what was done; after a success there is nothing to undo. */
static void creation_end(struct creation *c)
{
	/* one that failed before it was asked about its nodes undoes them, too */
	store_gathered(&c->host->store);
	store_doing(&c->host->store, NULL);
	if (c->made) {
		device_model_kill(&c->dm);
		guest_undo(c->host, c->config, c->build.domid, &c->mark);
	}
	if (c->dm.pidfd >= 0)
		close(c->dm.pidfd);
	free(c->devices);
	placement_free(&c->placement);
	bootloader_end(&c->bootloader);
	mark_remove(&c->mark);
	interrupt_release(&c->interrupt);
}

#define CLEANUP_CREATION CLEANUP(creation_end)

int guest_create(struct host *host, const struct guest_config *config,
		 const struct create_hooks *hooks, domid_t *domid,
		 struct mark *mark)
{
	CLEANUP_CREATION struct creation c = {
		.host = host,
		.config = config,
		.hooks = hooks,
		.dm.pidfd = -1,
		.mark.fd = -1,
		.interrupt = { .fd = -1 },
	};
	int err;

	c.record = make_record(config, MARK_NOTHING);

	/* nothing is made before all this is known to be well */
	if ((err = check_files(&c)) ||
	    (err = check_host(&c)) ||
	    (err = placement_plan(host, config, &c.placement)) ||
	    (err = check_name(&c)) ||
	    (err = plan_devices(&c)) ||
	    (err = uses_check_all(host, config->name, c.devices,
				  c.num_devices)) ||
	    (err = find_servers(&c)))
		return err;

	if ((err = hold_signals(&c)) ||
	    (err = make_domain(&c)) ||
	    (err = build_prepare(host->hv, config, &c.build)) ||
	    (err = placement_apply(host, config, c.build.domid,
				   &c.placement)) ||
	    (err = write_nodes(&c)) ||
	    (err = write_userdata(&c)) ||
	    (err = interrupted(&c.interrupt)) ||
	    (err = run_bootloader(&c)) ||
	    (err = build_load(host->hv, config, &c.build)) ||
	    (err = access_grant(host, config, c.build.domid)) ||
	    (err = interrupted(&c.interrupt)) ||
	    (err = introduce(&c)) ||
	    (err = start_device_model(&c)) ||
	    (err = wait_device_model(&c)) ||
	    (err = wait_ready(&c)) ||
	    (err = access_relabel(host, config, c.build.domid, &c.access))) {
		if (err == -EINTR)
			log_fail(err, "guest %s: interrupted", config->name);
		return err;
	}

	c.made = false;		/* it is the caller's now */
	*domid = c.build.domid;
	*mark = c.mark;
	c.mark.fd = -1;
	return 0;
}

/* It is there; from now on it is half made. */
static int take_domain(struct creation *c, domid_t domid)
{
	c->record.work = MARK_MAKING;
	c->record.domid_known = true;
	c->record.domid = domid;
	c->build.domid = domid;
	c->made = true;
	return mark_write(&c->mark, &c->record);
}

/* Xenconsoled has the terminal open, and tells nobody again. */
static int keep_tty(struct creation *c, const char *tty)
{
	char dir[STORE_PATH_MAX];
	int err;

	path_console(dir, sizeof(dir), c->build.domid);
	err = store_write(&c->host->store, XBT_NULL, dir, "tty", tty);
	return err ? store_fail(&c->host->store, err) : 0;
}

/* Its kernel is its own affair. */
static int check_qemu(struct creation *c)
{
	if (!guest_config_has_qemu(c->config))
		return 0;
	return qemu_find(c->config, c->files.qemu, sizeof(c->files.qemu));
}

int guest_create_again(struct host *host, const struct guest_config *config,
		       domid_t domid, const char *tty,
		       const struct dm_state *state, struct mark *mark)
{
	CLEANUP_CREATION struct creation c = {
		.host = host,
		.config = config,
		.dm_state = state,
		.dm.pidfd = -1,
		.mark.fd = -1,
		.interrupt = { .fd = -1 },
	};
	int err;

	c.record = make_record(config, MARK_NOTHING);
	if ((err = check_qemu(&c)) ||
	    (err = placement_plan(host, config, &c.placement)) ||
	    (err = check_name(&c)) ||
	    (err = plan_devices(&c)) ||
	    (err = find_servers(&c)) ||
	    (err = hold_signals(&c)) ||
	    (err = take_domain(&c, domid)) ||
	    (err = build_again(host->hv, config, &c.build)) ||
	    (err = write_nodes(&c)) ||
	    (err = write_userdata(&c)) ||
	    (err = introduce(&c)) ||
	    (err = keep_tty(&c, tty)) ||
	    (err = start_device_model(&c)) ||
	    (err = wait_device_model(&c)) ||
	    (err = wait_ready(&c)))
		return err;
	c.made = false;
	*mark = c.mark;
	c.mark.fd = -1;
	return 0;
}

int guest_start(struct host *host, const struct guest_config *config,
		domid_t domid, struct mark *mark)
{
	struct mark_record record = make_record(config, MARK_STARTING);
	int err;

	record.domid_known = true;
	record.domid = domid;
	err = mark_write(mark, &record);
	if (err)
		return err;
	err = guest_unpause(host, domid, config->type);
	if (err)
		return err;
	mark_remove(mark);
	return 0;
}
