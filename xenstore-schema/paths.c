/* SPDX-License-Identifier: MIT */
/*
 * Where things are in xenstore. Formatters are one snprintf() each; parsers
 * walk a path from the left with one struct that remembers where it is.
 */
#include "xenstore-schema/paths.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int __attribute__((format(printf, 3, 4)))
format(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int len;

	assert(size > 0);
	va_start(ap, fmt);
	len = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	if (len >= 0 && (size_t)len < size)
		return 0;

	/* Half a path is another node's path: leave none. */
	buf[0] = '\0';
	return -ENAMETOOLONG;
}

int path_domain(char *buf, size_t size, uint16_t domid)
{
	return format(buf, size, PATH_DOMAINS "/%u", domid);
}

int path_domain_node(char *buf, size_t size, uint16_t domid, const char *node)
{
	assert(node[0] != '/' && node[0] != '\0');
	return format(buf, size, PATH_DOMAINS "/%u/%s", domid, node);
}

int path_vm(char *buf, size_t size, const char *uuid)
{
	return format(buf, size, PATH_VMS "/%s", uuid);
}

int path_libxl(char *buf, size_t size, uint16_t domid)
{
	return format(buf, size, PATH_LIBXL "/%u", domid);
}

int path_libxl_device(char *buf, size_t size, uint16_t domid, const char *kind,
		      unsigned int devid)
{
	return format(buf, size, PATH_LIBXL "/%u/device/%s/%u",
		      domid, kind, devid);
}

int path_frontend(char *buf, size_t size, uint16_t domid, const char *kind,
		  unsigned int devid)
{
	return format(buf, size, PATH_DOMAINS "/%u/device/%s/%u",
		      domid, kind, devid);
}

int path_backends(char *buf, size_t size, uint16_t backend_domid,
		  const char *kind)
{
	return format(buf, size, PATH_DOMAINS "/%u/backend/%s",
		      backend_domid, kind);
}

int path_backend_guest(char *buf, size_t size, uint16_t backend_domid,
		       const char *kind, uint16_t domid)
{
	return format(buf, size, PATH_DOMAINS "/%u/backend/%s/%u",
		      backend_domid, kind, domid);
}

int path_backend(char *buf, size_t size, uint16_t backend_domid,
		 const char *kind, uint16_t domid, unsigned int devid)
{
	return format(buf, size, PATH_DOMAINS "/%u/backend/%s/%u/%u",
		      backend_domid, kind, domid, devid);
}

int path_console(char *buf, size_t size, uint16_t domid)
{
	return format(buf, size, PATH_DOMAINS "/%u/console", domid);
}

int path_console_backend(char *buf, size_t size, uint16_t backend_domid,
			 uint16_t domid)
{
	return path_backend(buf, size, backend_domid, KIND_CONSOLE, domid, 0);
}

int path_device_model(char *buf, size_t size, uint16_t dm_domid,
		      uint16_t domid)
{
	return format(buf, size, PATH_DOMAINS "/%u/device-model/%u",
		      dm_domid, domid);
}

int path_backend_error(char *buf, size_t size, uint16_t backend_domid,
		       const char *kind, uint16_t domid, unsigned int devid)
{
	return format(buf, size,
		      PATH_DOMAINS "/%u/error/backend/%s/%u/%u/error",
		      backend_domid, kind, domid, devid);
}

/* -- parsers --------------------------------------------------------------- */

/* What is left of a path to be read; each piece begins with its slash. */
struct rest {
	const char *at;
};

static bool at_end(const struct rest *r)
{
	return *r->at == '\0';
}

static bool skip(struct rest *r, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(r->at, text, len) != 0)
		return false;
	r->at += len;
	return *r->at == '/' || *r->at == '\0';
}

/* Canonical decimal, so that one thing has one name. */
static bool take_number(struct rest *r, unsigned int max, unsigned int *ret)
{
	const char *p = r->at;
	unsigned int n = 0;

	if (*p++ != '/')
		return false;
	if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		unsigned int digit = *p - '0';

		if (n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	if (*p != '/' && *p != '\0')
		return false;
	r->at = p;
	*ret = n;
	return true;
}

static bool take_domid(struct rest *r, uint16_t *domid)
{
	unsigned int n;

	if (!take_number(r, UINT16_MAX, &n))
		return false;
	*domid = n;
	return true;
}

static bool take_kind(struct rest *r, char kind[STORE_KIND_MAX])
{
	size_t len;

	if (*r->at != '/')
		return false;
	len = strspn(r->at + 1, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	if (len == 0 || len >= STORE_KIND_MAX)
		return false;
	if (r->at[1 + len] != '/' && r->at[1 + len] != '\0')
		return false;
	memcpy(kind, r->at + 1, len);
	kind[len] = '\0';
	r->at += 1 + len;
	return true;
}

/* A node's name behind a folder: "/x/y" gives "x/y"; "/" and "//x" nothing. */
static bool take_node(struct rest *r, const char **node)
{
	size_t len = strlen(r->at);

	*node = r->at;
	if (len == 0)
		return true;
	if (r->at[0] != '/' || len == 1 || r->at[1] == '/' ||
	    r->at[len - 1] == '/')
		return false;
	*node = r->at + 1;
	return true;
}

int path_parse_backend(const char *path, struct backend_path *ret)
{
	struct backend_path p = { .node = "" };
	struct rest r = { path };

	if (!skip(&r, PATH_DOMAINS) || !take_domid(&r, &p.backend_domid) ||
	    !skip(&r, "/backend") || !take_kind(&r, p.kind))
		return -EINVAL;

	p.level = BACKEND_PATH_KIND;
	if (!at_end(&r)) {
		p.level = BACKEND_PATH_GUEST;
		if (!take_domid(&r, &p.domid))
			return -EINVAL;
	}
	if (!at_end(&r)) {
		p.level = BACKEND_PATH_DEVICE;
		if (!take_number(&r, UINT_MAX, &p.devid) ||
		    !take_node(&r, &p.node))
			return -EINVAL;
	}
	*ret = p;
	return 0;
}

int path_parse_frontend(const char *path, struct frontend_path *ret)
{
	struct frontend_path p = { .node = "" };
	struct rest r = { path };

	if (!skip(&r, PATH_DOMAINS) || !take_domid(&r, &p.domid) ||
	    !skip(&r, "/device") || !take_kind(&r, p.kind) ||
	    !take_number(&r, UINT_MAX, &p.devid) || !take_node(&r, &p.node))
		return -EINVAL;
	*ret = p;
	return 0;
}

int path_parse_domain(const char *path, uint16_t *domid, const char **node)
{
	struct rest r = { path };
	const char *name;
	uint16_t id;

	if (!skip(&r, PATH_DOMAINS) || !take_domid(&r, &id) ||
	    !take_node(&r, &name))
		return -EINVAL;
	*domid = id;
	*node = name;
	return 0;
}

static int parse_name(const char *name, unsigned int max, unsigned int *ret)
{
	char piece[16];
	struct rest r = { piece };

	if (strlen(name) > sizeof(piece) - 2)
		return -EINVAL;
	snprintf(piece, sizeof(piece), "/%s", name);
	if (!take_number(&r, max, ret) || !at_end(&r))
		return -EINVAL;
	return 0;
}

int path_parse_domid(const char *name, uint16_t *domid)
{
	unsigned int n;

	if (parse_name(name, UINT16_MAX, &n))
		return -EINVAL;
	*domid = n;
	return 0;
}

int path_parse_devid(const char *name, unsigned int *devid)
{
	unsigned int n;

	if (parse_name(name, UINT_MAX, &n))
		return -EINVAL;
	*devid = n;
	return 0;
}

bool path_is_frontend_of(const char *path, uint16_t domid)
{
	struct frontend_path p;

	return path_parse_frontend(path, &p) == 0 && p.domid == domid &&
	       p.node[0] == '\0';
}
