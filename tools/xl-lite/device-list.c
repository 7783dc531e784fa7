/* SPDX-License-Identifier: MIT */
/* Listing a running guest's devices; see device-list.h. */
#include "config.h"

#include "tools/xl-lite/device-list.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"

#include "tools/xl-lite/cmd.h"
#include "tools/xl-lite/domain.h"

/* False when the device is half written or half removed. */
static bool read_device(struct store *s, domid_t domid, const char *kind,
			const char *id, struct listed_device *d)
{
	struct backend_path path;

	*d = (struct listed_device) { .domid = domid };
	if (path_parse_devid(id, &d->devid) ||
	    path_libxl_device(d->libxl, sizeof(d->libxl), domid, kind,
			      d->devid) ||
	    store_read(s, XBT_NULL, d->libxl, "backend", d->backend,
		       sizeof(d->backend)) ||
	    store_read(s, XBT_NULL, d->libxl, "frontend", d->frontend,
		       sizeof(d->frontend)) ||
	    path_parse_backend(d->backend, &path))
		return false;
	d->backend_domid = path.backend_domid;
	return true;
}

int device_list(struct store *s, domid_t domid, const char *kind,
		struct listed_device **ret, size_t *count)
{
	CLEANUP_FREE struct listed_device *list = NULL;
	CLEANUP_FREE char **ids = NULL;
	char dir[STORE_PATH_MAX], node[64];
	unsigned int num = 0;
	int err;

	path_libxl(dir, sizeof(dir), domid);
	snprintf(node, sizeof(node), "device/%s", kind);
	err = store_list(s, XBT_NULL, dir, node, &ids, &num);
	if (err && err != -ENOENT)
		return err;
	list = calloc(num + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	*count = 0;
	for (unsigned int i = 0; i < num; i++)
		if (read_device(s, domid, kind, ids[i], &list[*count]))
			++*count;
	*ret = STEAL_PTR(list);
	return 0;
}

int device_number(struct store *s, const struct listed_device *d,
		  const char *node)
{
	unsigned int value;

	if (store_read_uint(s, XBT_NULL, d->frontend, node, 0, INT_MAX,
			    &value))
		return -1;
	return value;
}

int device_list_command(int argc, char **argv, const char *kind,
			const char *header, device_print_fn *print)
{
	CLEANUP_HOST struct host host = { 0 };
	int status = STATUS_OK;

	if (host_open(&host))
		return STATUS_ERROR;
	printf("%s\n", header);
	for (int i = 0; i < argc; i++) {
		CLEANUP_FREE struct listed_device *list = NULL;
		size_t count = 0;
		domid_t domid;

		/* as xl: the others are listed all the same, and it is well */
		if (domain_argument(&host, argv[i], &domid))
			continue;
		if (device_list(&host.store, domid, kind, &list, &count))
			status = STATUS_ERROR;
		for (size_t k = 0; k < count; k++)
			print(&host.store, &list[k]);
	}
	return status;
}
