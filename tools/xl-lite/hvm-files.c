/* SPDX-License-Identifier: MIT */
/*
 * Finding an HVM guest's files; see hvm-files.h. Where nothing is named, a few
 * places are looked at: Debian's first, then those of Xen's own installation.
 */
#include "config.h"

#include "tools/xl-lite/hvm-files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/log.h"

#include "tools/xl-lite/host.h"

/* A file that is wanted, and what to do when it is nowhere. */
struct wanted {
	const char *what;		/* "BIOS" */
	const char *key;		/* that names another */
	const char *given;		/* by that key, or NULL */
	const char *package;		/* of Debian */
	int mode;			/* as access() takes it */
	const char *places[4];		/* @ is the folder of Xen's version */
};

/* PLACE with "@" made /usr/lib/xen-4.17 */
static int place_path(const char *place, char *path, size_t size)
{
	char folder[64];
	int n;

	if (*place != '@') {
		n = snprintf(path, size, "%s", place);
	} else {
		int err = host_xen_folder(folder, sizeof(folder));

		if (err)
			return err;
		n = snprintf(path, size, "%s%s", folder, place + 1);
	}
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static int find(const struct guest_config *config, const struct wanted *w,
		char *path, size_t size)
{
	if (w->given) {
		int err = place_path(w->given, path, size);

		if (err || access(path, w->mode) == 0)
			return err;
		return log_fail(-errno, "guest %s: %s '%s': %s: %s: is the path right?",
				config->name, w->key, path, w->what,
				strerror(errno));
	}
	for (size_t i = 0; i < ARRAY_SIZE(w->places) && w->places[i]; i++) {
		int err = place_path(w->places[i], path, size);

		if (err || access(path, w->mode) == 0)
			return err;
	}
	return log_fail(-ENOENT, "guest %s: %s: is not installed: Debian's package is %s; %s= names a file that is elsewhere",
			config->name, w->what, w->package, w->key);
}

/* As libxl does: a name without a slash in front is in Xen's own folder. */
static const char *loader_place(const char *given, char *place, size_t size)
{
	if (!given || *given == '/')
		return given;
	snprintf(place, size, "@/boot/%s", given);
	return place;
}

static int check_table(const struct guest_config *config, const char *key,
		       const char *path)
{
	if (!path || access(path, R_OK) == 0)
		return 0;
	return log_fail(-errno, "guest %s: %s='%s': %s: is the path right?",
			config->name, key, path, strerror(errno));
}

static int check_tables(const struct guest_config *config)
{
	int err = check_table(config, "smbios_firmware",
			      config->hvm.smbios_path);

	return err ? err : check_table(config, "acpi_firmware",
				       config->hvm.acpi_path);
}

int qemu_find(const struct guest_config *config, char *path, size_t size)
{
	const struct wanted qemu = {
		.what = "QEMU with Xen, which emulates the guest's devices",
		.key = "device_model_override",
		.given = config->dm_path,
		.package = "qemu-system-xen",
		.mode = X_OK,
		.places = {
			"/usr/libexec/xen-qemu-system-i386",
			"@/bin/qemu-system-i386",
			"/usr/lib/xen/bin/qemu-system-i386",
			"/usr/local/lib/xen/bin/qemu-system-i386",
		},
	};

	return find(config, &qemu, path, size);
}

int hvm_files_find(const struct guest_config *config, struct hvm_files *files)
{
	const struct hvm_config *hvm = &config->hvm;
	char place[PATH_MAX];
	const struct wanted loader = {
		.what = "hvmloader, the first program of an HVM guest",
		.key = "firmware_override",
		.given = loader_place(hvm->firmware, place, sizeof(place)),
		.package = "xen-utils",
		.mode = R_OK,
		.places = {
			"@/boot/hvmloader",
			"/usr/lib/xen/boot/hvmloader",
			"/usr/local/lib/xen/boot/hvmloader",
		},
	};
	const struct wanted seabios = {
		.what = "SeaBIOS",
		.key = "bios_path_override",
		.given = hvm->bios_path,
		.package = "seabios",
		.mode = R_OK,
		.places = {
			"/usr/share/seabios/bios-256k.bin",
			"/usr/lib/xen/boot/seabios.bin",
			"/usr/local/lib/xen/boot/seabios.bin",
		},
	};
	const struct wanted ovmf = {
		.what = "OVMF, the UEFI firmware",
		.key = "bios_path_override",
		.given = hvm->bios_path,
		.package = "ovmf",
		.mode = R_OK,
		.places = {
			"/usr/share/ovmf/OVMF.fd",
			"/usr/lib/xen/boot/ovmf.bin",
			"/usr/local/lib/xen/boot/ovmf.bin",
		},
	};
	int err = check_tables(config);

	if (!err)
		err = find(config, &loader, files->hvmloader,
			   sizeof(files->hvmloader));

	if (!err)
		err = find(config, hvm->bios == HVM_BIOS_OVMF ? &ovmf : &seabios,
			   files->bios, sizeof(files->bios));
	if (!err)
		err = qemu_find(config, files->qemu, sizeof(files->qemu));
	return err;
}

int shim_find(const struct guest_config *config, char *path, size_t size)
{
	const struct wanted shim = {
		.what = "the shim, a Xen for one guest",
		.key = "pvshim_path",
		.given = config->shim.path,
		.package = "xen-utils",
		.mode = R_OK,
		.places = {
			"@/boot/xen-shim",
			"/usr/lib/xen/boot/xen-shim",
			"/usr/local/lib/xen/boot/xen-shim",
		},
	};

	return find(config, &shim, path, size);
}

/*
 * xl takes one file for PV and PVH guests, of Xen's folder, in which Debian has
 * none. GRUB's own name says which guests an image is for: a PVH guest runs
 * that of 32 bits, and starts kernels of either.
 */
int grub_find(const struct guest_config *config, char *path, size_t size)
{
	const bool wide = strstr(config->kernel, "pvgrub64") != NULL;
	const struct wanted pvh = {
		.what = "GRUB for PVH guests",
		.key = "kernel",
		.package = "grub-xen-host",
		.mode = R_OK,
		.places = {
			"/usr/lib/grub-xen/grub-i386-xen_pvh.bin",
			wide ? "@/boot/pvgrub64.bin" : "@/boot/pvgrub32.bin",
		},
	};
	const struct wanted pv = {
		.what = wide ? "GRUB for PV guests of 64 bits"
			     : "GRUB for PV guests of 32 bits",
		.key = "kernel",
		.package = "grub-xen-host",
		.mode = R_OK,
		.places = {
			wide ? "@/boot/pvgrub64.bin" : "@/boot/pvgrub32.bin",
			wide ? "/usr/lib/grub-xen/grub-x86_64-xen.bin"
			     : "/usr/lib/grub-xen/grub-i386-xen.bin",
		},
	};

	return find(config, config->type == GUEST_PVH ? &pvh : &pv, path,
		    size);
}
