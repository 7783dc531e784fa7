/* SPDX-License-Identifier: MIT */
/*
 * What of a Xen host is not behind a library: files of /proc, /sys and /dev
 * that programs open by themselves. Everything else is passed on.
 */
#include "config.h"

#include "tests/sim/client.h"
#include "tests/sim/preload.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xen/sys/evtchn.h>

/* Most programs on a host have nothing to do with its hypervisor. */
static bool uses_xen(void)
{
	static const char *const names[] = {
		"xenevtchn_open", "xengnttab_open", "xenforeignmemory_open",
		"xc_interface_open",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (dlsym(RTLD_NEXT, names[i]))
			return true;
	return false;
}

__attribute__((constructor))
static void begin(int argc, char **argv)
{
	files_begin();
	if (uses_xen())
		sim_start(argc, argv);
}

/* -- files ------------------------------------------------------------------- */

static int open_evtchn(int flags)
{
	uint32_t id;
	int fd;

	if (sim_fails(SIM_CALL_evtchn_open))
		return -1;
	fd = sim_evtchn_open(&id);
	if (fd == -1)
		return -1;
	if (!(flags & O_CLOEXEC))
		fcntl(fd, F_SETFD, 0);
	if (flags & O_NONBLOCK)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

/* The device is a socket of the domain's xenbus: see xenbus.c. */
static int open_xenbus(int flags)
{
	struct sockaddr_un addr = {
		.sun_family = AF_UNIX, .sun_path = "/dev/xen/xenbus",
	};
	int fd = socket(AF_UNIX, SOCK_STREAM |
			(flags & O_CLOEXEC ? SOCK_CLOEXEC : 0) |
			(flags & O_NONBLOCK ? SOCK_NONBLOCK : 0), 0);

	store_socket_is(fd);
	if (fd >= 0 &&
	    connect(fd, (const struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		errno = ENXIO;
		return -1;
	}
	return fd;
}

static int open_memory(int flags)
{
	return fcntl(sim_memory(), flags & O_CLOEXEC ? F_DUPFD_CLOEXEC :
		     F_DUPFD, 0);
}

static unsigned int own_domid(void)
{
	const char *domid = getenv(SIM_DOMID_ENV);

	return domid ? strtoul(domid, NULL, 10) : 0;
}

/* Where a file of a Xen host is kept that is a file here, too. */
static const char *redirect(const char *path, char other[SIM_PATH_MAX])
{
	static const struct {
		const char *path, *other;
	} files[] = {
		{ "/proc/xen/xsd_port", SIM_PORT },
		{ "/proc/xen/capabilities", SIM_CAPABILITIES },
		{ "/sys/hypervisor/type", SIM_TYPE },
		{ "/sys/module/xen_gntalloc/parameters/limit", SIM_LIMIT },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (strcmp(path, files[i].path) != 0)
			continue;
		snprintf(other, SIM_PATH_MAX, "%s.%u", files[i].other,
			 own_domid());
		return other;
	}
	return path;
}

static int open_file(const char *path, int flags, mode_t mode)
{
	char other[SIM_PATH_MAX];

	if (strcmp(path, "/dev/xen/evtchn") == 0)
		return open_evtchn(flags);
	if (strcmp(path, "/dev/xen/xenbus") == 0 ||
	    strcmp(path, "/proc/xen/xenbus") == 0)
		return open_xenbus(flags);
	if (strcmp(path, "/proc/xen/xsd_kva") == 0)
		return open_memory(flags);
	return (int)syscall(SYS_openat, AT_FDCWD, redirect(path, other), flags,
			    mode);
}

SIM_PUBLIC
int access(const char *path, int mode)
{
	char other[SIM_PATH_MAX];

	return (int)syscall(SYS_faccessat, AT_FDCWD, redirect(path, other),
			    mode);
}

#define FOPEN_LIKE(name) \
SIM_PUBLIC \
FILE *name(const char *path, const char *mode) \
{ \
	char other[SIM_PATH_MAX]; \
	FILE *(*real)(const char *, const char *); \
 \
	*(void **)&real = dlsym(RTLD_NEXT, #name); \
	return real(redirect(path, other), mode); \
}

FOPEN_LIKE(fopen)
FOPEN_LIKE(fopen64)

#define OPEN_LIKE(name) \
SIM_PUBLIC \
int name(const char *path, int flags, ...); \
int name(const char *path, int flags, ...) \
{ \
	mode_t mode = 0; \
	va_list ap; \
 \
	va_start(ap, flags); \
	if (flags & (O_CREAT | __O_TMPFILE)) \
		mode = va_arg(ap, mode_t); \
	va_end(ap); \
	if (sim_fails_at(__builtin_return_address(0), SIM_CALL_file_open)) \
		return -1; \
	return open_file(path, flags, mode); \
}

OPEN_LIKE(open)
OPEN_LIKE(open64)
/* what they become with FORTIFY_SOURCE */
OPEN_LIKE(__open_2)
OPEN_LIKE(__open64_2)

/* -- control ------------------------------------------------------------------ */

static int restrict_evtchn(int fd, const struct ioctl_evtchn_restrict_domid *r)
{
	struct sim_msg msg = { .op = SIM_EVTCHN_RESTRICT, .domid = r->domid };

	if (sim_evtchn_find(fd, &msg.handle))
		return -1;
	if (sim_fails(SIM_CALL_evtchn_restrict))
		return -1;
	return sim_call(&msg, -1, NULL);
}

SIM_PUBLIC
int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (request == IOCTL_EVTCHN_RESTRICT_DOMID)
		return restrict_evtchn(fd, arg);
	if (sim_fails_at(__builtin_return_address(0), SIM_CALL_file_control))
		return -1;
	return (int)syscall(SYS_ioctl, fd, request, arg);
}
