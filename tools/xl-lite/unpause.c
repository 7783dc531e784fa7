/* SPDX-License-Identifier: MIT */
/* Letting a guest run; see unpause.h. */
#include "config.h"

#include "tools/xl-lite/unpause.h"

#include <errno.h>
#include <string.h>

#include "lib/log.h"

#include "tools/xl-lite/device-model.h"
#include "tools/xl-lite/domain.h"

enum guest_type guest_type_of(struct host *host, domid_t domid)
{
	char path[STORE_PATH_MAX], type[8];

	path_libxl(path, sizeof(path), domid);
	if (store_read(&host->store, XBT_NULL, path, "type", type,
		       sizeof(type)))
		return GUEST_PV;
	if (strcmp(type, guest_type_name(GUEST_HVM)) == 0)
		return GUEST_HVM;
	return strcmp(type, guest_type_name(GUEST_PVH)) == 0 ? GUEST_PVH
							     : GUEST_PV;
}

int guest_unpause(struct host *host, domid_t domid, enum guest_type type)
{
	int err = type == GUEST_HVM ? device_model_resume(domid) : 0;

	if (err)
		return err;
	err = hv_domain_unpause(host->hv, domid);
	if (err)
		log_fail(err, "domain %u: unpause: %s", domid, err == -ESRCH ?
			 "there is no such domain" : hv_why(host->hv, err));
	return err;
}
