/* SPDX-License-Identifier: MIT */
/*
 * What may be in xenstore: one table of all nodes, made of the .def files, and
 * the few functions that ask it. Pure, no I/O; nothing here ever trusts a
 * value to be short, printable or terminated in time.
 *
 * A row is NODE(root, path, writer, type, range, default, permissions, needed,
 * domains, what it is):
 *
 * root		the folder that PATH begins in (enum schema_root)
 * path		below it; "" is the root itself. %u is a number, %g the number
 *		of a guest, %k a kind of device, and * at the end all below
 * writer	who puts it there; a node whose writer is FRONTEND or GUEST_OS
 *		holds whatever a guest likes
 * type, range	what it may hold: schema_check(). A range "|..." allows ""
 * default	what the reader takes when it is absent; NULL: nothing
 * permissions	who owns it and who else may read it: schema_perms()
 * needed	from when on it has to be there
 * domains	kinds of domain that have it
 */
#ifndef XENSTORE_SCHEMA_SCHEMA_H
#define XENSTORE_SCHEMA_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xenstore-schema/paths.h"

enum schema_root {
	SCHEMA_STORE,		/* / */
	SCHEMA_DOMAIN,		/* /local/domain/U */
	SCHEMA_VM,		/* /vm/UUID */
	SCHEMA_LIBXL,		/* /libxl/U */
	SCHEMA_CONSOLE,		/* /local/domain/U/console */
	SCHEMA_CONSOLE_FRONT,	/* /local/domain/U/device/console/ID */
	SCHEMA_CONSOLE_BACK,	/* /local/domain/B/backend/console/U/ID */
	SCHEMA_VBD_FRONT,
	SCHEMA_VBD_BACK,
	SCHEMA_VIF_FRONT,
	SCHEMA_VIF_BACK,
	SCHEMA_VKBD_FRONT,
	SCHEMA_VKBD_BACK,
	SCHEMA_VFB_FRONT,
	SCHEMA_VFB_BACK,
	SCHEMA_9PFS_FRONT,
	SCHEMA_9PFS_BACK,
	SCHEMA_ROOTS,
};

enum schema_writer {
	WRITER_TOOLSTACK,
	WRITER_HOTPLUG,
	WRITER_BACKEND,
	WRITER_FRONTEND,
	WRITER_GUEST_OS,
	WRITER_DEVICE_MODEL,
	WRITER_XENSTORED,
	WRITER_XENCONSOLED,
	WRITERS,
};

enum schema_type {
	TYPE_EMPTY,		/* "": a folder */
	TYPE_ANY,		/* any bytes */
	TYPE_STRING,		/* printable; range: length */
	TYPE_WORD,		/* one of the words of its range */
	TYPE_UINT,		/* decimal; range: bounds */
	TYPE_INT,		/* decimal, may be negative */
	TYPE_BOOL,		/* 0 or 1 */
	TYPE_STATE,		/* 0 to 8 */
	TYPE_DOMID,		/* 0 to 32751 */
	TYPE_PORT,		/* event channel: 1 to 2^32-1 */
	TYPE_GREF,		/* grant: 0 to 2^32-1 */
	TYPE_PATH,		/* a path in xenstore */
	TYPE_MAC,		/* six pairs of hexadecimal digits and colons */
	TYPE_UUID,
	TYPE_DEVNO,		/* MAJOR:MINOR, hexadecimal */
	TYPE_TIME,		/* SECONDS.HUNDREDTHS */
	TYPE_RATE,		/* BYTES,MICROSECONDS */
	TYPES,
};

/* B is the backend's domain, U the guest; 0 the toolstack's. */
enum schema_perms {
	PERMS_HOST,		/* n0: no guest reads it */
	PERMS_RO,		/* n0,rU */
	PERMS_OWN,		/* nU */
	PERMS_OWNBUT,		/* nU,nG: as OWN, and the guest served not */
	PERMS_FRONT,		/* nU,rB */
	PERMS_BACK,		/* nB,rU */
	PERMS_BACKONLY,		/* nB,rU, or nB: it is nothing to the guest */
	PERMS,
};

enum schema_needed {
	NEEDED_OPTIONAL,
	NEEDED_EVERYWHERE,	/* in every domain, dom0 too */
	NEEDED_CREATED,		/* in every guest or device from creation on */
	NEEDED_CONNECTED,	/* while the device's state here is Connected */
	NEEDEDS,
};

enum schema_domains {
	DOMAINS_DOM0 = 1,
	DOMAINS_PV = 2,
	DOMAINS_PVH = 4,
	DOMAINS_HVM = 8,
	DOMAINS_PV_HVM = DOMAINS_PV | DOMAINS_HVM,
	DOMAINS_GUEST = DOMAINS_PV | DOMAINS_PVH | DOMAINS_HVM,
	DOMAINS_ANY = DOMAINS_GUEST | DOMAINS_DOM0,
};

struct schema_node {
	enum schema_root root;
	const char *path;
	enum schema_writer writer;
	enum schema_type type;
	const char *range;
	const char *deflt;
	enum schema_perms perms;
	enum schema_needed needed;
	unsigned int domains;	/* DOMAINS_*, or'ed */
	const char *doc;
};

extern const struct schema_node schema_nodes[];
extern const size_t schema_nodes_count;

/* Texts for messages and manuals; never NULL. */
const char *schema_root_name(enum schema_root root);
const char *schema_root_path(enum schema_root root);
const char *schema_writer_name(enum schema_writer writer);
const char *schema_perms_name(enum schema_perms perms);
const char *schema_needed_name(enum schema_needed needed);
/* "a number from 1 to 9", of at most SIZE bytes */
void schema_want(const struct schema_node *node, char *buf, size_t size);

/* Where a path is in the schema's terms. */
struct schema_place {
	enum schema_root root;
	char dir[STORE_PATH_MAX];	/* the root's own path */
	const char *node;		/* behind it, in the path; or "" */
	/*
	 * Under /libxl/U/device: ROOT is that of the backend, whose nodes the
	 * toolstack noted here, with PERMS_HOST.
	 */
	bool copy;
	char kind[STORE_KIND_MAX];	/* of a device, else "" */
	uint16_t domid;			/* U; of VM: not known, 0 */
	uint16_t backend_domid;		/* B of a *_BACK root, else 0 */
	unsigned int devid;
};

/* 0; -ENOENT: nothing of ours is there; -ENAMETOOLONG. */
int schema_locate(const char *path, struct schema_place *place);

/*
 * The row for the node at PLACE in a domain of one of DOMAINS; NULL: none.
 * *GUEST, unless NULL, is what %g stood for, or -1.
 */
const struct schema_node *schema_find(const struct schema_place *place,
				      unsigned int domains, int32_t *guest);

/* The row of ROOT/PATH, which is spelled as in the .def file. */
const struct schema_node *schema_node(enum schema_root root, const char *path);

/*
 * VALUE, of SIZE bytes, is what NODE may hold: 0; -EINVAL: not of its type;
 * -ERANGE: of its type, but out of range.
 */
int schema_check(const struct schema_node *node, const char *value,
		 size_t size);
/* The number in a value of one of the number types, checked; same errors. */
int schema_parse_uint(const struct schema_node *node, const char *value,
		      size_t size, uint64_t *ret);
/* "n0,r7", as xenstore-ls -p prints it; GUEST as schema_find() gave it. */
void schema_perms(enum schema_perms perms, uint16_t backend_domid,
		  uint16_t domid, int32_t guest, char *buf, size_t size);

#endif
