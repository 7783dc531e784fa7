/* SPDX-License-Identifier: MIT */
/* What may be in xenstore: the table, and where a path is in it. */
#include "xenstore-schema/schema.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NODE(root_, path_, writer_, type_, range_, default_, perms_, needed_, \
	     domains_, doc_) { \
	.root = SCHEMA_##root_, .path = path_, .writer = WRITER_##writer_, \
	.type = TYPE_##type_, .range = range_, .deflt = default_, \
	.perms = PERMS_##perms_, .needed = NEEDED_##needed_, \
	.domains = DOMAINS_##domains_, .doc = doc_ },

const struct schema_node schema_nodes[] = {
#include "domain.def"
#include "vbd.def"
#include "vif.def"
#include "console.def"
};

#undef NODE

const size_t schema_nodes_count =
	sizeof(schema_nodes) / sizeof(schema_nodes[0]);

/* -- names ----------------------------------------------------------------- */

static const struct {
	const char *name, *path;
} roots[SCHEMA_ROOTS] = {
	[SCHEMA_STORE]		= { "STORE", "" },
	[SCHEMA_DOMAIN]		= { "DOMAIN", PATH_DOMAINS "/U" },
	[SCHEMA_VM]		= { "VM", PATH_VMS "/UUID" },
	[SCHEMA_LIBXL]		= { "LIBXL", PATH_LIBXL "/U" },
	[SCHEMA_CONSOLE]	= { "CONSOLE", PATH_DOMAINS "/U/console" },
	[SCHEMA_CONSOLE_FRONT]	= { "CONSOLE_FRONT",
				    PATH_DOMAINS "/U/device/console/ID" },
	[SCHEMA_CONSOLE_BACK]	= { "CONSOLE_BACK",
				    PATH_DOMAINS "/B/backend/console/U/ID" },
	[SCHEMA_VBD_FRONT]	= { "VBD_FRONT",
				    PATH_DOMAINS "/U/device/vbd/ID" },
	[SCHEMA_VBD_BACK]	= { "VBD_BACK",
				    PATH_DOMAINS "/B/backend/vbd/U/ID" },
	[SCHEMA_VIF_FRONT]	= { "VIF_FRONT",
				    PATH_DOMAINS "/U/device/vif/ID" },
	[SCHEMA_VIF_BACK]	= { "VIF_BACK",
				    PATH_DOMAINS "/B/backend/vif/U/ID" },
	[SCHEMA_VKBD_FRONT]	= { "VKBD_FRONT",
				    PATH_DOMAINS "/U/device/vkbd/ID" },
	[SCHEMA_VKBD_BACK]	= { "VKBD_BACK",
				    PATH_DOMAINS "/B/backend/vkbd/U/ID" },
	[SCHEMA_VFB_FRONT]	= { "VFB_FRONT",
				    PATH_DOMAINS "/U/device/vfb/ID" },
	[SCHEMA_VFB_BACK]	= { "VFB_BACK",
				    PATH_DOMAINS "/B/backend/vfb/U/ID" },
	[SCHEMA_9PFS_FRONT]	= { "9PFS_FRONT",
				    PATH_DOMAINS "/U/device/9pfs/ID" },
	[SCHEMA_9PFS_BACK]	= { "9PFS_BACK",
				    PATH_DOMAINS "/B/backend/9pfs/U/ID" },
};

const char *schema_root_name(enum schema_root root)
{
	assert(root < SCHEMA_ROOTS);
	return roots[root].name;
}

const char *schema_root_path(enum schema_root root)
{
	assert(root < SCHEMA_ROOTS);
	return roots[root].path;
}

const char *schema_writer_name(enum schema_writer writer)
{
	static const char *const names[WRITERS] = {
		[WRITER_TOOLSTACK]	= "toolstack",
		[WRITER_HOTPLUG]	= "hotplug",
		[WRITER_BACKEND]	= "backend",
		[WRITER_FRONTEND]	= "frontend",
		[WRITER_GUEST_OS]	= "guest",
		[WRITER_DEVICE_MODEL]	= "device model",
		[WRITER_XENSTORED]	= "xenstored",
		[WRITER_XENCONSOLED]	= "xenconsoled",
	};

	assert(writer < WRITERS);
	return names[writer];
}

const char *schema_perms_name(enum schema_perms perms)
{
	static const char *const names[PERMS] = {
		[PERMS_HOST]	= "n0",
		[PERMS_RO]	= "n0,rU",
		[PERMS_OWN]	= "nU",
		[PERMS_OWNBUT]	= "nU,nG",
		[PERMS_FRONT]	= "nU,rB",
		[PERMS_BACK]	= "nB,rU",
		[PERMS_BACKONLY] = "nB,rU or nB",
	};

	assert(perms < PERMS);
	return names[perms];
}

const char *schema_needed_name(enum schema_needed needed)
{
	static const char *const names[NEEDEDS] = {
		[NEEDED_OPTIONAL]	= "optional",
		[NEEDED_EVERYWHERE]	= "always",
		[NEEDED_CREATED]	= "always",
		[NEEDED_CONNECTED]	= "while Connected",
	};

	assert(needed < NEEDEDS);
	return names[needed];
}

void schema_perms(enum schema_perms perms, uint16_t backend_domid,
		  uint16_t domid, int32_t guest, char *buf, size_t size)
{
	const uint16_t served = guest < 0 ? 0 : (uint16_t)guest;
	const struct {
		uint16_t owner;
		char may;	/* 0: nobody else is named */
		uint16_t other;
	} p[PERMS] = {
		[PERMS_HOST]	= { 0, 0, 0 },
		[PERMS_RO]	= { 0, 'r', domid },
		[PERMS_OWN]	= { domid, 0, 0 },
		[PERMS_OWNBUT]	= { domid, 'n', served },
		[PERMS_FRONT]	= { domid, 'r', backend_domid },
		[PERMS_BACK]	= { backend_domid, 'r', domid },
		[PERMS_BACKONLY] = { backend_domid, 'r', domid },
	};

	assert(perms < PERMS);
	/* An owner may do all: naming it again would say nothing. */
	if (!p[perms].may || p[perms].owner == p[perms].other)
		snprintf(buf, size, "n%u", p[perms].owner);
	else
		snprintf(buf, size, "n%u,%c%u", p[perms].owner, p[perms].may,
			 p[perms].other);
}

/* -- finding --------------------------------------------------------------- */

/* Kinds of device that share their nodes. */
static const struct {
	const char *kind;
	enum schema_root front, back;
	bool has_front;
} kinds[] = {
	{ KIND_VBD,	SCHEMA_VBD_FRONT,	SCHEMA_VBD_BACK,	true },
	{ KIND_UVBD,	SCHEMA_VBD_FRONT,	SCHEMA_VBD_BACK,	true },
	{ KIND_QDISK,	SCHEMA_VBD_FRONT,	SCHEMA_VBD_BACK,	false },
	{ KIND_VIF,	SCHEMA_VIF_FRONT,	SCHEMA_VIF_BACK,	true },
	{ KIND_UVIF,	SCHEMA_VIF_FRONT,	SCHEMA_VIF_BACK,	true },
	{ KIND_CONSOLE,	SCHEMA_CONSOLE_FRONT,	SCHEMA_CONSOLE_BACK,	true },
	{ KIND_VKBD,	SCHEMA_VKBD_FRONT,	SCHEMA_VKBD_BACK,	true },
	{ KIND_VINPUT,	SCHEMA_VKBD_FRONT,	SCHEMA_VKBD_BACK,	false },
	{ KIND_VFB,	SCHEMA_VFB_FRONT,	SCHEMA_VFB_BACK,	true },
	{ KIND_9PFS,	SCHEMA_9PFS_FRONT,	SCHEMA_9PFS_BACK,	true },
};

/* The root of a device of KIND, or SCHEMA_ROOTS. */
static enum schema_root kind_root(const char *kind, bool front)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].kind, kind) != 0)
			continue;
		if (!front)
			return kinds[i].back;
		return kinds[i].has_front ? kinds[i].front : SCHEMA_ROOTS;
	}
	return SCHEMA_ROOTS;
}

/* The part of PATH in front of place->node, without its slash. */
static int place_dir(const char *path, struct schema_place *place)
{
	size_t len = (size_t)(place->node - path);

	if (len > 0 && path[len - 1] == '/')
		len--;
	if (len >= sizeof(place->dir))
		return -ENAMETOOLONG;
	memcpy(place->dir, path, len);
	place->dir[len] = '\0';
	return 0;
}

static bool locate_device(const char *path, struct schema_place *place)
{
	struct backend_path b;
	struct frontend_path f;

	if (path_parse_backend(path, &b) == 0 &&
	    b.level == BACKEND_PATH_DEVICE) {
		place->root = kind_root(b.kind, false);
		place->domid = b.domid;
		place->backend_domid = b.backend_domid;
		place->devid = b.devid;
		place->node = b.node;
		memcpy(place->kind, b.kind, sizeof(b.kind));
	} else if (path_parse_frontend(path, &f) == 0) {
		place->root = kind_root(f.kind, true);
		place->domid = f.domid;
		place->devid = f.devid;
		place->node = f.node;
		memcpy(place->kind, f.kind, sizeof(f.kind));
	} else {
		return false;
	}
	return true;
}

/* What is behind FOLDER, or NULL. */
static const char *behind(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	if (strncmp(path, folder, len) != 0)
		return NULL;
	if (path[len] == '\0')
		return path + len;
	return path[len] == '/' ? path + len + 1 : NULL;
}

static bool locate_domain(const char *path, struct schema_place *place)
{
	const char *node;

	if (path_parse_domain(path, &place->domid, &place->node))
		return false;
	place->root = SCHEMA_DOMAIN;
	node = behind(place->node, "console");
	if (node) {
		place->root = SCHEMA_CONSOLE;
		place->node = node;
	}
	return true;
}

/* The first segment of *TEXT into BUF; *TEXT is then behind its slash. */
static bool take_segment(const char **text, char *buf, size_t size)
{
	size_t len = strcspn(*text, "/");

	if (len == 0 || len >= size)
		return false;
	memcpy(buf, *text, len);
	buf[len] = '\0';
	*text += len;
	if (**text == '/')
		(*text)++;
	return true;
}

static bool locate_vm(const char *path, struct schema_place *place)
{
	const struct schema_node uuid = { .type = TYPE_UUID };
	const char *node = behind(path, PATH_VMS);
	char name[STORE_KIND_MAX * 2];

	if (!node || !take_segment(&node, name, sizeof(name)) ||
	    schema_check(&uuid, name, strlen(name)))
		return false;
	place->root = SCHEMA_VM;
	place->node = node;
	return true;
}

static bool locate_libxl(const char *path, struct schema_place *place)
{
	const char *node = behind(path, PATH_LIBXL);
	char name[STORE_KIND_MAX];

	if (!node || !take_segment(&node, name, sizeof(name)) ||
	    path_parse_domid(name, &place->domid))
		return false;
	place->root = SCHEMA_LIBXL;
	place->node = node;

	node = behind(node, "device");
	if (node && take_segment(&node, place->kind, sizeof(place->kind)) &&
	    take_segment(&node, name, sizeof(name)) &&
	    path_parse_devid(name, &place->devid) == 0) {
		place->copy = true;
		place->root = kind_root(place->kind, false);
		place->node = node;
	}
	return true;
}

int schema_locate(const char *path, struct schema_place *place)
{
	*place = (struct schema_place) { .root = SCHEMA_ROOTS };

	if (path[0] != '/')
		return -ENOENT;
	if (!locate_device(path, place) && !locate_domain(path, place) &&
	    !locate_vm(path, place) && !locate_libxl(path, place)) {
		place->root = SCHEMA_STORE;
		place->node = path + 1;
	}
	if (place->root == SCHEMA_ROOTS)
		return -ENOENT;
	return place_dir(path, place);
}

/* PATTERN fits NAME; *guest is what %g stood for. */
static bool fits(const char *pattern, const char *name, int32_t *guest)
{
	*guest = -1;
	while (*pattern) {
		char digits[16];
		uint16_t domid;
		size_t len;

		if (pattern[0] == '*')
			return *name != '\0';
		if (pattern[0] != '%') {
			if (*pattern++ != *name++)
				return false;
			continue;
		}
		if (pattern[1] == 'k')
			len = strspn(name, "abcdefghijklmnopqrstuvwxyz"
					   "0123456789_-");
		else
			len = strspn(name, "0123456789");
		if (len == 0 || len >= STORE_KIND_MAX)
			return false;
		if (pattern[1] != 'k' && len > 1 && name[0] == '0')
			return false;
		if (pattern[1] == 'g') {
			if (len >= sizeof(digits))
				return false;
			memcpy(digits, name, len);
			digits[len] = '\0';
			if (path_parse_domid(digits, &domid))
				return false;
			*guest = domid;
		}
		pattern += 2;
		name += len;
	}
	return *name == '\0';
}

const struct schema_node *schema_find(const struct schema_place *place,
				      unsigned int domains, int32_t *guest)
{
	/* The one node of a frontend that the toolstack notes as well. */
	if (place->copy && strcmp(place->node, "backend") == 0)
		return schema_node(place->root, "frontend");

	for (size_t i = 0; i < schema_nodes_count; i++) {
		const struct schema_node *n = &schema_nodes[i];
		int32_t served;

		if (n->root != place->root || !(n->domains & domains))
			continue;
		/* The toolstack notes only what it wrote itself. */
		if (place->copy && n->writer != WRITER_TOOLSTACK)
			continue;
		if (!fits(n->path, place->node, &served))
			continue;
		if (guest)
			*guest = served;
		return n;
	}
	return NULL;
}

const struct schema_node *schema_node(enum schema_root root, const char *path)
{
	for (size_t i = 0; i < schema_nodes_count; i++)
		if (schema_nodes[i].root == root &&
		    strcmp(schema_nodes[i].path, path) == 0)
			return &schema_nodes[i];
	return NULL;
}
