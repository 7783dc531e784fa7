/* SPDX-License-Identifier: MIT */
/*
 * A guest as its configuration describes it: what an xl.cfg file and the
 * KEY=VALUE words of the command line say, checked whole. No hypervisor, no
 * xenstore and no file but the configuration itself is looked at, so this
 * works on any machine.
 *
 * One struct owns everything: every pointer below stays good until
 * guest_config_free(), is never shared with another config, and is not to be
 * freed or replaced by the reader. A string that was not given, or given as
 * "", is NULL unless its line says otherwise. What a field holds when the key
 * was not given is said at its line; nothing is left for the reader to guess.
 */
#ifndef XL_LITE_GUEST_CONFIG_H
#define XL_LITE_GUEST_CONFIG_H

#include "lib/cleanup.h"
#include "tools/xl-lite/cpuid-policy.h"
#include "tools/xl-lite/diag.h"
#include "tools/xl-lite/hvm-config.h"
#include "tools/xl-lite/pv-devices.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a name: files are called after it. */
#define GUEST_NAME_MAX 200

enum guest_type {
	GUEST_PV,	/* default */
	GUEST_PVH,
	GUEST_HVM,
};

/* What to do when the guest stops; numbered as libxl_action_on_shutdown. */
enum shutdown_action {
	ACTION_DESTROY = 1,
	ACTION_RESTART,
	ACTION_RENAME_RESTART,
	ACTION_PRESERVE,
	ACTION_COREDUMP_DESTROY,
	ACTION_COREDUMP_RESTART,
	ACTION_SOFT_RESET,
};

enum disk_format {
	DISK_FORMAT_RAW,	/* default */
	DISK_FORMAT_QCOW,
	DISK_FORMAT_QCOW2,
	DISK_FORMAT_VHD,
	DISK_FORMAT_QED,
	DISK_FORMAT_EMPTY,	/* a drive without a medium: target is NULL */
};

enum disk_backendtype {
	DISK_BACKEND_DEFAULT,	/* not said: ours, xl-lite-blkd */
	DISK_BACKEND_PHY,	/* the kernel's xen-blkback */
	DISK_BACKEND_TAP,
	DISK_BACKEND_QDISK,	/* QEMU */
	DISK_BACKEND_STANDALONE,
};

enum disk_specification {
	DISK_SPEC_XEN,		/* default */
	DISK_SPEC_VIRTIO,
};

struct disk_config {
	struct cfg_pos pos;	/* of its string in the configuration */
	const char *vdev;	/* as written: "xvda1"; never NULL */
	uint32_t vdev_number;	/* its xenstore name: 51713 */
	unsigned int disk;	/* 0 for xvda, 1 for xvdb */
	unsigned int partition;	/* 0 is the whole disk */
	const char *target;	/* path; NULL only for DISK_FORMAT_EMPTY */
	enum disk_format format;
	enum disk_backendtype backendtype;
	enum disk_specification specification;
	const char *backend_domain; /* name or number; NULL is our own domain */
	const char *script;	/* hotplug script: name or path; NULL is none */
	bool readonly;		/* false; a cdrom is always read-only */
	bool removable;		/* false; a cdrom always is */
	bool cdrom;
	bool direct_io_safe;	/* false */
	bool user_frontend;	/* false: the guest's kernel drives it */
	enum choice discard;
	enum choice trusted;	/* default: yes */
};

enum vif_type {
	VIF_TYPE_DEFAULT,	/* PV and PVH: vif. HVM: ioemu */
	VIF_TYPE_VIF,		/* PV only */
	VIF_TYPE_IOEMU,		/* PV and an emulated card */
};

enum vif_backendtype {
	VIF_BACKEND_DEFAULT,	/* as the host's configuration says */
	VIF_BACKEND_KERNEL,	/* xen-netback */
	VIF_BACKEND_USER,	/* xl-lite-netd */
};

struct vif_config {
	struct cfg_pos pos;	/* of its string in the configuration */
	unsigned int devid;	/* given, or its place in the list, or: */
#define VIF_DEVID_NEXT UINT32_MAX	/* the guest's next (network-attach) */
	bool mac_set;		/* else see guest_config_complete() */
	uint8_t mac[6];
	const char *bridge;	/* NULL: the host's default, else xenbr0 */
	const char *gatewaydev;
	const char *ip;
	const char *script;	/* name or path; NULL is none */
	const char *vifname;
	const char *model;	/* NULL: rtl8139 */
	enum vif_type type;
	enum vif_backendtype backendtype;
	bool user_frontend;	/* false: the guest's kernel drives it */
	const char *backend_domain; /* name or number; NULL is our own domain */
	unsigned int mtu;	/* 0: not said */
	uint64_t rate_bytes;	/* per interval; 0 is without limit */
	uint32_t rate_interval_us;
	enum choice trusted;	/* default: yes */
};

/* Numbered as libxl does. */
enum tsc_mode {
	TSC_DEFAULT,		/* the processor's, where that is right */
	TSC_ALWAYS_EMULATE,
	TSC_NATIVE,
};

/* Numbered as libxl does. */
enum passthrough {
	PASSTHROUGH_DEFAULT,	/* disabled: no device can be given yet */
	PASSTHROUGH_DISABLED,
	PASSTHROUGH_ENABLED,	/* one of the next two, as the host can */
	PASSTHROUGH_SYNC_PT,	/* tables of its own for devices */
	PASSTHROUGH_SHARE_PT,	/* those of the guest's memory */
};

/* Ports or pages of the machine. */
struct hardware_range {
	uint64_t first, count;
	bool at_set;		/* pages: where the guest has them, else as */
	uint64_t at;		/* they are numbered by the machine */
};

/* What of the machine's hardware the guest may use by itself. */
struct hardware_config {
	enum passthrough passthrough;
	struct hardware_range *ports, *pages;
	size_t num_ports, num_pages;
	uint32_t *irqs;
	size_t num_irqs;
};

/* What Xen alone is told: bounds, shares, clocks. Given, unless said else. */
struct xen_config {
	const char *pool;		/* of processors; NULL: Pool-0 */
	/* of each vcpu; one text is for all. No list: wherever it likes */
	struct text_list cpus, cpus_soft;
	struct cfg_pos cpus_pos, cpus_soft_pos;
	unsigned int weight;		/* 0: not given */
	bool cap_set;
	unsigned int cap;		/* percent of a processor; 0: none */
	int64_t grant_frames, maptrack_frames;	/* -1: Xen's default */
	int grant_version;		/* -1: the newest that Xen has; 0: none */
	unsigned int event_channels;	/* 0: 1023 */
	enum choice nomigrate;		/* no */
	enum tsc_mode tsc_mode;
	int timer_mode;			/* as HVM_PARAM_TIMER_MODE; -1: 1 */
	/* its label to XSM: when it is made, and when it is built */
	const char *label, *late_label;	/* NULL: a guest's; no other */
	enum choice driver_domain;	/* no */
	enum choice oos;		/* shadow paging may lag behind; yes */
};

/* Xen itself as a PVH guest, in which a PV guest's kernel runs. */
struct shim_config {
	enum choice enable;		/* no */
	const char *path;		/* NULL: that of the Xen there is */
	const char *given_cmdline;	/* as given, like the next */
	const char *extra;
	const char *cmdline;		/* what both come to */
};

/* A file that a key names, for who looks whether it is there. */
struct named_file {
	const char *key, *path;
	struct cfg_pos pos;
};

#define NAMED_FILES_MAX 6

struct arena;

struct guest_config {
	const char *source;	/* what messages call it: the file's name */
	/* file and words as one file that reads the same; no NUL behind it */
	const char *text;
	size_t text_size;

	const char *name;	/* never NULL */
	bool uuid_set;		/* else see guest_config_complete() */
	uint8_t uuid[16];
	enum guest_type type;

	/*
	 * NULL for an HVM guest that starts what boot= says. A PV or PVH guest
	 * has one, or a bootloader, to which kernel, ramdisk and cmdline are
	 * words about what is on the guest's first disk.
	 */
	const char *kernel;
	struct cfg_pos kernel_pos;
	bool kernel_is_grub;	/* it is firmware= that named it */
	const char *bootloader;	/* PV and PVH */
	struct cfg_pos bootloader_pos;
	struct text_list bootloader_args;
	const char *bootloader_user;		/* whom it runs as */
	enum choice bootloader_restrict;	/* as some user: no */
	const char *ramdisk;
	struct cfg_pos ramdisk_pos;
	/* cmdline=, else "root=ROOT EXTRA" as xl does; may be "" if given so */
	const char *cmdline;
	struct shim_config shim;	/* PVH */

	/* the four _set only tell the given from the default, for printing */
	bool memory_set, maxmem_set;
	uint64_t memory_kib;	/* at the start; maxmem_kib, else 32 MiB */
	uint64_t maxmem_kib;	/* never less than memory_kib; = memory_kib */

	bool vcpus_set, maxvcpus_set;
	unsigned int vcpus;	/* online at the start; 1 */
	unsigned int maxvcpus;	/* never less than vcpus; = vcpus */

	enum choice hap;		/* PVH, HVM: yes where there is it */
	bool shadow_set;		/* shadow_memory=, else as libxl reckons */
	uint64_t shadow_kib;		/* PVH, HVM: Xen's memory for paging */
	enum choice localtime;		/* no: the clock starts with UTC, */
	int32_t rtc_timeoffset;		/* plus these seconds */

	struct xen_config xen;
	struct hardware_config hardware;
	struct cpuid_policy cpuid;
	struct hvm_config hvm;
	struct pv_devices pv;
	bool dm_version_set;		/* it can be but one */
	const char *dm_path;		/* NULL: the QEMU that is installed */
	struct dm_words dm_words;

	enum shutdown_action on_poweroff;	/* destroy */
	enum shutdown_action on_reboot;		/* restart */
	enum shutdown_action on_crash;		/* destroy */
	enum shutdown_action on_watchdog;	/* destroy */
	enum shutdown_action on_soft_reset;	/* soft-reset */

	struct disk_config *disks;	/* no vdev is in it twice */
	size_t num_disks;
	struct vif_config *vifs;	/* no devid and no MAC is in it twice */
	size_t num_vifs;

	/* beside kernel, ramdisk, bootloader and disks */
	struct named_file files[NAMED_FILES_MAX];
	size_t num_files;

	struct arena *memory;	/* that all of the above lives in */
};

/*
 * Turn SIZE bytes at TEXT, called NAME in messages, and then the NUM_WORDS
 * assignments in WORDS ("memory=512", called "command line") into *RET.
 * A pure function: it looks at nothing else, keeps no pointer to its arguments
 * but NAME, which positions hold, and never exits. Everything found wrong goes
 * to DIAGS.
 * Returns 0, -EINVAL when DIAGS has errors, or -ENOMEM; *RET is set on 0 only.
 */
int guest_config_parse(const char *name, const char *text, size_t size,
		       char *const *words, size_t num_words,
		       struct diags *diags, struct guest_config **ret);

/*
 * The same from a file ("/dev/null" for words alone, "-" for standard input).
 * A file that cannot be read is an error in DIAGS too, and -errno is returned.
 */
int guest_config_load(const char *path, char *const *words, size_t num_words,
		      struct diags *diags, struct guest_config **ret);

/*
 * Only read such a file: *SIZE bytes that the caller frees, and what messages
 * call it. More than a configuration can have is cut off behind that.
 */
int guest_config_read(const char *path, struct diags *diags, const char **name,
		      char **text, size_t *size);

/* Draw what was left to chance: UUID, generation id, MAC addresses. 0, -errno. */
int guest_config_complete(struct guest_config *config);

/*
 * Put these devices, whose texts are in CONFIG's memory, in place of those it
 * has. 0 or -ENOMEM.
 */
int guest_config_set_disks(struct guest_config *config,
			   const struct disk_config *disks, size_t count);
int guest_config_set_vifs(struct guest_config *config,
			  const struct vif_config *vifs, size_t count);
/* TEXT in CONFIG's memory, or NULL for NULL, and when memory is out. */
const char *guest_config_keep(struct guest_config *config, const char *text);

/* UUID and generation id alone: what a dry run shows, as with xl. */
int guest_config_draw_ids(struct guest_config *config);
/* A UUID for anything: version 4, from the kernel's random numbers. */
int uuid_draw(uint8_t uuid[16]);

/*
 * Is each kernel, ramdisk and disk image there, readable and of a sort that
 * its key can take, on this machine? Findings are errors in DIAGS; disks that
 * another domain serves are not looked at. Returns 0 or -ENOENT.
 */
int guest_config_check_files(const struct guest_config *config,
			     struct diags *diags);

/* Does it have a QEMU: for an emulated machine, or for what only one serves? */
bool guest_config_has_qemu(const struct guest_config *config);

void guest_config_free(struct guest_config *config);

/*
 * One device for a running guest, from the words of block-attach or
 * network-attach: a config of that name and type with nothing else in it.
 * Without a devid= it is VIF_DEVID_NEXT. As guest_config_parse().
 */
int guest_config_parse_disk(char *const *words, size_t count,
			    struct diags *diags, struct guest_config **ret);
int guest_config_parse_vif(char *const *words, size_t count,
			   struct diags *diags, struct guest_config **ret);

/* The words xl uses for them: "pvh", "rename-restart", "qcow2", "phy". */
const char *guest_type_name(enum guest_type type);
/* For messages: "PVH". */
const char *guest_type_title(enum guest_type type);
const char *shutdown_action_name(enum shutdown_action action);
const char *tsc_mode_name(enum tsc_mode mode);
const char *timer_mode_name(int mode);
const char *passthrough_name(enum passthrough passthrough);
const char *vkb_backend_name(enum vkb_backend backend);
const char *disk_format_name(enum disk_format format);
const char *disk_backendtype_name(enum disk_backendtype type);

static inline void cleanup_guest_config(struct guest_config **config)
{
	guest_config_free(*config);
}

#define CLEANUP_GUEST_CONFIG CLEANUP(cleanup_guest_config)

#endif
