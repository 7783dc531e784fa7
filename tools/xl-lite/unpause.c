/* SPDX-License-Identifier: MIT */
/* Letting a guest run; see unpause.h. */
#include "config.h"

#include "tools/xl-lite/unpause.h"

#include <errno.h>

#include "lib/log.h"

#include "tools/xl-lite/device-model.h"

int guest_unpause(struct host *host, domid_t domid, enum guest_type type)
{
	int err = type == GUEST_HVM ? device_model_resume(domid) : 0;

	if (err)
		return err;
	err = hv_domain_unpause(host->hv, domid);
	if (err == -ESRCH)
		return log_fail(err, "domain %u: unpause: there is no such domain",
				domid);
	if (err)
		log_fail(err, "domain %u: unpause: %s: %s", domid,
			 hv_why(host->hv, err), hv_remedy(err));
	return err;
}
