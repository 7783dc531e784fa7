/* SPDX-License-Identifier: MIT */
/*
 * A guest has stopped: what its configuration wants is done. The one
 * implementation for the process that minds one guest (monitor.c) and for
 * xl-lited, which minds all.
 *
 * What is done may be cut off at any point and is finished by whoever comes
 * next: until the old domain is destroyed it can be seen to have stopped, and
 * from before then until the new one runs there is the file of a restart. What
 * came of it is left for xl-lited to tell (outcome.h), if that runs or RESULT
 * says so, before what says what is to be done is removed.
 */
#ifndef XL_LITE_STOPPED_H
#define XL_LITE_STOPPED_H

#include "tools/xl-lite/guest-state.h"
#include "tools/xl-lite/host.h"

enum stopped_outcome {
	STOPPED_FAILED,		/* and is not tried again */
	STOPPED_NOT_OURS,	/* somebody else has acted before */
	STOPPED_KEPT,
	STOPPED_DESTROYED,
	STOPPED_RESTARTED,
	STOPPED_RESET,		/* it runs, as the domain that it was */
};

struct stopped_result {
	bool tell;		/* given: xl-lited is to tell of it */
	enum stopped_outcome outcome;
	domid_t domid;		/* of the domain that runs now */
	uint8_t uuid[16];
};

/*
 * STATE is that of the guest, its lock taken; INFO is its domain, stopped.
 * 0, or -errno, logged: then it was not started again though it should be.
 */
int stopped_act(struct host *host, struct guest_state *state,
		const struct hv_domain *info, struct stopped_result *ret);

/* Finish a restart that was cut off; RESTART is its file, its lock taken. */
int stopped_resume(struct host *host, struct guest_state *restart,
		   struct stopped_result *ret);

#endif
