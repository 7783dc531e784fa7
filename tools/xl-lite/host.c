/* SPDX-License-Identifier: MIT */
/* The host a command works on; see host.h. */
#include "config.h"

#include "tools/xl-lite/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/num.h"

int host_open(struct host *host)
{
	int err;

	*host = (struct host) { 0 };
	err = host_config_load(&host->config, HOST_CONFIG_XL,
			       HOST_CONFIG_OURS);
	if (!err)
		err = hv_open(&host->hv);
	if (!err)
		err = store_open_batched(&host->store);
	return err;
}

void host_close(struct host *host)
{
	store_close(&host->store);
	hv_close(host->hv);
	*host = (struct host) { 0 };
}

/* A running daemon holds a lock on its pid file, however it was started. */
bool host_daemon_running(const char *program)
{
	CLEANUP_CLOSE int fd = -1;
	char path[64];

	snprintf(path, sizeof(path), "/run/xl-lite/%s.pid", program);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == -1 &&
	       errno == EWOULDBLOCK;
}

static int version_part(const char *name, unsigned int *ret)
{
	CLEANUP_FCLOSE FILE *f = NULL;
	char path[64], line[16];

	snprintf(path, sizeof(path), "/sys/hypervisor/version/%s", name);
	f = fopen(path, "re");
	if (!f || !fgets(line, sizeof(line), f))
		return log_err(errno ? -errno : -EIO, "Xen: version: %s", path);
	line[strcspn(line, "\n")] = '\0';
	return num_parse_uint(line, 0, 99, ret);
}

int host_xen_folder(char *path, size_t size)
{
	unsigned int major, minor;
	int err = version_part("major", &major);

	if (!err)
		err = version_part("minor", &minor);
	if (err)
		return err;
	snprintf(path, size, "/usr/lib/xen-%u.%u", major, minor);
	return 0;
}

int host_xen_program(const char *program, char *path, size_t size)
{
	char folder[64];
	int err = host_xen_folder(folder, sizeof(folder));

	if (err)
		return err;
	snprintf(path, size, "%s/bin/%s", folder, program);
	return 0;
}

int host_block_device(const char *path, unsigned int *maj, unsigned int *min)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (!S_ISBLK(st.st_mode))
		return -ENOTBLK;
	*maj = major(st.st_rdev);
	*min = minor(st.st_rdev);
	return 0;
}

bool host_bridge_exists(const char *bridge)
{
	struct stat st;
	char path[128];

	if (!*bridge || strchr(bridge, '/'))
		return false;
	snprintf(path, sizeof(path), "/sys/class/net/%s/bridge", bridge);
	return stat(path, &st) == 0;
}
