/* SPDX-License-Identifier: MIT */
/*
 * Where things are in xenstore: the only place that spells /local/domain.
 *
 * The formatters fill BUF and return 0, or -ENAMETOOLONG, and then BUF is
 * empty. A buffer of STORE_PATH_MAX bytes is always large enough for numbers
 * and kinds; only a NODE or UUID the caller passes could be too long.
 *
 * The parsers take what another domain may have written: they accept the one
 * canonical spelling (no leading zero, no trailing slash) or nothing, and
 * write their result on success only.
 *
 * Pure functions, no I/O. DOMID is Xen's domid_t, which is a uint16_t; Xen's
 * own headers are left out, for their contents depend on who includes them
 * first.
 */
#ifndef XENSTORE_SCHEMA_PATHS_H
#define XENSTORE_SCHEMA_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes, with the NUL, of any path made here. */
#define STORE_PATH_MAX 256

/* Bytes, with the NUL, of a device kind that a path may carry. */
#define STORE_KIND_MAX 24

/* Ours: claimed by no kernel and no QEMU. */
#define KIND_UVBD "uvbd"
#define KIND_UVIF "uvif"
/* The kernel's backends, and every stock frontend. */
#define KIND_VBD "vbd"
#define KIND_VIF "vif"
/* QEMU's block backend; its frontend is a vbd. */
#define KIND_QDISK "qdisk"
#define KIND_CONSOLE "console"
#define KIND_VKBD "vkbd"
#define KIND_VFB "vfb"
#define KIND_VINPUT "vinput"
#define KIND_9PFS "9pfs"

/* Folders that stand alone, for listing and watching. */
#define PATH_DOMAINS "/local/domain"
#define PATH_VMS "/vm"
#define PATH_LIBXL "/libxl"
#define PATH_POOLS "/local/pool"
#define PATH_XENSTORED "/tool/xenstored"
#define PATH_XENCONSOLED "/tool/xenconsoled"

/* -- formatters ------------------------------------------------------------ */

/* /local/domain/D */
int path_domain(char *buf, size_t size, uint16_t domid);
/* /local/domain/D/NODE; NODE without a slash in front */
int path_domain_node(char *buf, size_t size, uint16_t domid, const char *node);
/* /vm/UUID */
int path_vm(char *buf, size_t size, const char *uuid);
/* /libxl/D */
int path_libxl(char *buf, size_t size, uint16_t domid);
/* /libxl/D/device/KIND/ID; KIND as the frontend has it */
int path_libxl_device(char *buf, size_t size, uint16_t domid, const char *kind,
		      unsigned int devid);

/* /local/domain/D/device/KIND/ID */
int path_frontend(char *buf, size_t size, uint16_t domid, const char *kind,
		  unsigned int devid);
/* /local/domain/B/backend/KIND: what a backend daemon watches */
int path_backends(char *buf, size_t size, uint16_t backend_domid,
		  const char *kind);
/* /local/domain/B/backend/KIND/D */
int path_backend_guest(char *buf, size_t size, uint16_t backend_domid,
		       const char *kind, uint16_t domid);
/* /local/domain/B/backend/KIND/D/ID */
int path_backend(char *buf, size_t size, uint16_t backend_domid,
		 const char *kind, uint16_t domid, unsigned int devid);

/* /local/domain/D/console: the primary console, which is not under device/ */
int path_console(char *buf, size_t size, uint16_t domid);
/* /local/domain/B/backend/console/D/0 */
int path_console_backend(char *buf, size_t size, uint16_t backend_domid,
			 uint16_t domid);
/* /local/domain/DM/device-model/D */
int path_device_model(char *buf, size_t size, uint16_t dm_domid,
		      uint16_t domid);

/*
 * Where a driver says why it gave up, as Linux' xenbus does: the driver's own
 * folder moved under error/, and in it the node `error`.
 * /local/domain/B/error/backend/KIND/D/ID/error
 */
int path_backend_error(char *buf, size_t size, uint16_t backend_domid,
		       const char *kind, uint16_t domid, unsigned int devid);

/* -- parsers --------------------------------------------------------------- */

/* How far down a path under backend/KIND reaches: rm of a folder is one event. */
enum backend_path_level {
	BACKEND_PATH_KIND,	/* /local/domain/B/backend/KIND */
	BACKEND_PATH_GUEST,	/* .../D */
	BACKEND_PATH_DEVICE,	/* .../D/ID, or a node in it */
};

struct backend_path {
	enum backend_path_level level;
	uint16_t backend_domid;
	char kind[STORE_KIND_MAX];
	uint16_t domid;		/* from BACKEND_PATH_GUEST on */
	unsigned int devid;	/* of BACKEND_PATH_DEVICE */
	const char *node;	/* behind the device's folder, in PATH; or "" */
};

struct frontend_path {
	uint16_t domid;
	char kind[STORE_KIND_MAX];
	unsigned int devid;
	const char *node;	/* behind the device's folder, in PATH; or "" */
};

/* 0, or -EINVAL: not such a path. */
int path_parse_backend(const char *path, struct backend_path *ret);
int path_parse_frontend(const char *path, struct frontend_path *ret);
/* /local/domain/D[/NODE] */
int path_parse_domain(const char *path, uint16_t *domid, const char **node);
/* A domid as a folder is named by: 0..65535, canonical decimal, whole string. */
int path_parse_domid(const char *name, uint16_t *domid);
int path_parse_devid(const char *name, unsigned int *devid);

/*
 * PATH, found in a `frontend` node, is the folder of one device of DOMID and
 * nothing else: a backend must not be talked into reading another guest's.
 */
bool path_is_frontend_of(const char *path, uint16_t domid);

#endif
