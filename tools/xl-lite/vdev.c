/* SPDX-License-Identifier: MIT */
/* Names of virtual disks and their numbers; see vdev.h. */
#include "config.h"

#include "tools/xl-lite/vdev.h"

#include "lib/cleanup.h"
#include "lib/num.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define XVD_MAJOR 202
#define EXTENDED (1U << 28)
#define MAX_DISKS (1U << 20)
#define MAX_PARTITIONS 256U

static uint32_t xvd_number(unsigned int disk, unsigned int partition)
{
	if (disk < 16 && partition < 16)
		return XVD_MAJOR << 8 | disk << 4 | partition;
	return EXTENDED | disk << 8 | partition;
}

static uint32_t hd_number(unsigned int disk, unsigned int partition)
{
	return (disk < 2 ? 3U : 22U) << 8 | (disk & 1) << 6 | partition;
}

static uint32_t sd_number(unsigned int disk, unsigned int partition)
{
	return 8U << 8 | disk << 4 | partition;
}

static const struct {
	const char *prefix;
	unsigned int disks, partitions;
	uint32_t (*number)(unsigned int disk, unsigned int partition);
} kinds[] = {
	{ "xvd", MAX_DISKS, MAX_PARTITIONS, xvd_number },
	{ "hd",          4,             64, hd_number },
	{ "sd",         16,             16, sd_number },
};

/* a is 0, z is 25, aa is 26: the letters at *P, which is moved behind them. */
static bool parse_letters(const char **p, unsigned int limit,
			  unsigned int *ret)
{
	unsigned int n = 0;	/* of the disks that come before, and one */

	for (; **p >= 'a' && **p <= 'z'; ++*p) {
		n = n * 26 + (**p - 'a' + 1);
		if (n > limit)
			return false;
	}
	*ret = n - 1;
	return n != 0;
}

static bool parse_lettered(const char *name, struct vdev *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t size = strlen(kinds[i].prefix);
		const char *p = name + size;
		struct vdev v = { 0 };

		if (strncmp(name, kinds[i].prefix, size) != 0 ||
		    !parse_letters(&p, kinds[i].disks, &v.disk))
			continue;
		/* a partition has no leading zero, so 0 cannot be written */
		if (*p && (*p == '0' ||
			   num_parse_uint(p, 1, kinds[i].partitions - 1,
					  &v.partition) != 0))
			continue;
		v.number = kinds[i].number(v.disk, v.partition);
		*ret = v;
		return true;
	}
	return false;
}

/* dDISKpPARTITION, both decimal */
static bool parse_numbered(const char *name, struct vdev *ret)
{
	const char *p = strchr(name, 'p');
	char disk[8];
	struct vdev v;

	if (name[0] != 'd' || !p || p - name > (int)sizeof(disk))
		return false;
	memcpy(disk, name + 1, p - name - 1);
	disk[p - name - 1] = '\0';
	if (num_parse_uint(disk, 0, MAX_DISKS - 1, &v.disk) != 0 ||
	    num_parse_uint(p + 1, 0, MAX_PARTITIONS - 1, &v.partition) != 0)
		return false;
	v.number = xvd_number(v.disk, v.partition);
	*ret = v;
	return true;
}

/* What a number is the number of, as far as the interface tells. */
static struct vdev from_number(uint32_t number)
{
	struct vdev v = { .number = number };
	uint32_t major = number >> 8, minor = number & 0xff;

	if (number & EXTENDED) {
		v.disk = major & (MAX_DISKS - 1);
		v.partition = minor;
	} else if (major == XVD_MAJOR || major == 8) {
		v.disk = minor >> 4;
		v.partition = minor & 15;
	} else if (major == 3 || major == 22) {
		v.disk = (major == 22 ? 2 : 0) + (minor >> 6);
		v.partition = minor & 63;
	}
	return v;
}

/* In digits, 0x or octal: xl reads it so. */
static bool parse_number(const char *name, struct vdev *ret)
{
	unsigned long number;
	char *end;

	if (*name < '0' || *name > '9')
		return false;
	errno = 0;
	number = strtoul(name, &end, 0);
	if (errno || *end || number > INT_MAX)
		return false;
	*ret = from_number(number);
	return true;
}

int vdev_parse(const char *name, struct vdev *ret)
{
	if (parse_numbered(name, ret) || parse_lettered(name, ret) ||
	    parse_number(name, ret))
		return 0;
	return -EINVAL;
}
