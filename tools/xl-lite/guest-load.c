/* SPDX-License-Identifier: MIT */
/*
 * What a guest's configuration has to do with the machine: the file it is in,
 * the files it names, and what is left to chance.
 */
#include "config.h"

#include "tools/xl-lite/guest-config.h"

#include "tools/xl-lite/cfg-parse.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* Up to SIZE bytes of FD; the count, or -errno. */
static ssize_t read_up_to(int fd, char *to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, to + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += n;
	}
	return done;
}

static int open_config(const char *path, const char **name)
{
	int fd;

	*name = path;
	if (strcmp(path, "-") == 0) {
		*name = "standard input";
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	} else {
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}

int guest_config_read(const char *path, struct diags *diags, const char **name,
		      char **ret, size_t *ret_size)
{
	/* one more than may be, to see that it is too much */
	const size_t room = CFG_MAX_SIZE + 1;
	CLEANUP_FREE char *text = malloc(room);
	CLEANUP_CLOSE int fd = -1;
	struct cfg_pos pos = { 0 };
	ssize_t size;

	if (!text)
		return -ENOMEM;
	fd = open_config(path, &pos.name);
	size = fd < 0 ? fd : read_up_to(fd, text, room);
	if (size < 0) {
		diag_error(diags, pos, "this configuration cannot be read: %s",
			   strerror(-size));
		return size;
	}
	*name = pos.name;
	*ret = STEAL_PTR(text);
	*ret_size = size;
	return 0;
}

int guest_config_load(const char *path, char *const *words, size_t num_words,
		      struct diags *diags, struct guest_config **ret)
{
	CLEANUP_FREE char *text = NULL;
	const char *name;
	size_t size;
	int err = guest_config_read(path, diags, &name, &text, &size);

	return err ? err : guest_config_parse(name, text, size, words,
					      num_words, diags, ret);
}

static int draw(void *to, size_t size)
{
	ssize_t n = getrandom(to, size, 0);

	return n < 0 ? -errno : n != (ssize_t)size ? -EIO : 0;
}

static bool mac_in_use(const struct guest_config *config,
		       const struct vif_config *vif)
{
	for (size_t i = 0; i < config->num_vifs; i++) {
		const struct vif_config *other = &config->vifs[i];

		if (other != vif && other->mac_set &&
		    memcmp(other->mac, vif->mac, sizeof(vif->mac)) == 0)
			return true;
	}
	return false;
}

/* Xen's own range of addresses; the rest of 23 bits is random. */
static int draw_mac(const struct guest_config *config, struct vif_config *vif)
{
	static const uint8_t xen[] = { 0x00, 0x16, 0x3e };
	int r;

	memcpy(vif->mac, xen, sizeof(xen));
	do {
		r = draw(vif->mac + 3, 3);
		if (r)
			return r;
		vif->mac[3] &= 0x7f;
	} while (mac_in_use(config, vif));
	vif->mac_set = true;
	return 0;
}

int uuid_draw(uint8_t uuid[16])
{
	int r = draw(uuid, 16);

	if (r)
		return r;
	/* version 4, variant 1: RFC 4122 */
	uuid[6] = (uuid[6] & 0x0f) | 0x40;
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
	return 0;
}

/* Zeros are none, to Windows as well. */
static int draw_genid(struct hvm_config *hvm)
{
	static const uint8_t none[sizeof(hvm->genid)];

	if (!hvm->genid_set || memcmp(hvm->genid, none, sizeof(none)) != 0)
		return 0;
	return draw(hvm->genid, sizeof(hvm->genid));
}

int guest_config_draw_ids(struct guest_config *config)
{
	int r = config->uuid_set ? 0 : uuid_draw(config->uuid);

	config->uuid_set = r == 0;
	return r ? r : draw_genid(&config->hvm);
}

int guest_config_complete(struct guest_config *config)
{
	int r = guest_config_draw_ids(config);

	for (size_t i = 0; i < config->num_vifs && !r; i++)
		if (!config->vifs[i].mac_set)
			r = draw_mac(config, &config->vifs[i]);
	return r;
}

/* Is PATH there, of a fitting sort, and may it be used as wanted? */
static void check_file(const char *what, const char *path, bool device_too,
		       bool writable, struct cfg_pos pos, struct diags *diags)
{
	struct stat st;

	if (stat(path, &st) != 0)
		diag_error(diags, pos, "%s '%s': %s on this machine", what,
			   path, strerror(errno));
	else if (!S_ISREG(st.st_mode) && !(device_too && S_ISBLK(st.st_mode)))
		diag_error(diags, pos, "%s '%s': this is no file%s", what,
			   path, device_too ? " and no block device" : "");
	else if (access(path, writable ? R_OK | W_OK : R_OK) != 0 &&
		 errno != EACCES)
		/* who checks may be less than who creates the guest */
		diag_error(diags, pos, "%s '%s': %s", what, path,
			   strerror(errno));
}

static void check_named_file(const struct guest_config *config,
			     const struct named_file *f, struct diags *diags)
{
	/* a loader's name alone is that of a file in Xen's folder */
	if (strncmp(f->key, "firmware", strlen("firmware")) == 0 &&
	    *f->path != '/')
		return;
	if (strcmp(f->key, "device_model_override") == 0 &&
	    !guest_config_has_qemu(config))
		return;
	check_file(f->key, f->path, false, false, f->pos, diags);
}

int guest_config_check_files(const struct guest_config *config,
			     struct diags *diags)
{
	size_t errors = diags->errors;

	/* then kernel and ramdisk are files of the guest's disk, if anything */
	const bool from_disk = config->bootloader && config->type != GUEST_HVM;

	if (from_disk && *config->bootloader == '/')
		check_file("bootloader", config->bootloader, false, false,
			   config->bootloader_pos, diags);
	/* GRUB is looked for in more places than one */
	if (config->kernel && !from_disk && !config->kernel_is_grub)
		check_file("kernel", config->kernel, false, false,
			   config->kernel_pos, diags);
	if (config->ramdisk && !from_disk)
		check_file("ramdisk", config->ramdisk, false, false,
			   config->ramdisk_pos, diags);
	for (size_t i = 0; i < config->num_disks; i++) {
		const struct disk_config *disk = &config->disks[i];

		/* what a script or another domain makes of it is theirs */
		if (disk->target && !disk->script && !disk->backend_domain)
			check_file("disk", disk->target, true,
				   !disk->readonly, disk->pos, diags);
	}
	for (size_t i = 0; i < config->num_files; i++)
		check_named_file(config, &config->files[i], diags);
	return diags->errors == errors ? 0 : -ENOENT;
}
