/* SPDX-License-Identifier: MIT */
/* What a stopped guest's configuration wants done; see lifecycle.h. */
#include "config.h"

#include "tools/xl-lite/lifecycle.h"

#include <xen/sched.h>

#include "lib/clock.h"

enum shutdown_action lifecycle_action(const struct guest_config *config,
				      unsigned int reason)
{
	switch (reason) {
	case SHUTDOWN_poweroff: return config->on_poweroff;
	case SHUTDOWN_reboot: return config->on_reboot;
	case SHUTDOWN_crash: return config->on_crash;
	case SHUTDOWN_watchdog: return config->on_watchdog;
	case SHUTDOWN_soft_reset: return config->on_soft_reset;
	default: return ACTION_DESTROY;
	}
}

const struct lifecycle_steps *lifecycle_steps(enum shutdown_action action)
{
	static const struct lifecycle_steps steps[] = {
		[ACTION_DESTROY] = { .destroy = true },
		[ACTION_RESTART] = { .destroy = true, .restart = true },
		[ACTION_RENAME_RESTART] = { .aside = true, .restart = true },
		[ACTION_PRESERVE] = { 0 },
		[ACTION_COREDUMP_DESTROY] = { .dump = true, .destroy = true },
		[ACTION_COREDUMP_RESTART] = {
			.dump = true, .destroy = true, .restart = true,
		},
		/* its memory does not stay, but it comes back with its disks */
		[ACTION_SOFT_RESET] = { .destroy = true, .restart = true },
	};

	return &steps[action];
}

const char *shutdown_reason_name(unsigned int reason)
{
	static const char *const names[] = {
		[SHUTDOWN_poweroff] = "poweroff",
		[SHUTDOWN_reboot] = "reboot",
		[SHUTDOWN_suspend] = "suspend",
		[SHUTDOWN_crash] = "crash",
		[SHUTDOWN_watchdog] = "watchdog",
		[SHUTDOWN_soft_reset] = "soft-reset",
	};

	return reason < ARRAY_SIZE(names) ? names[reason] : "unknown";
}

unsigned int lifecycle_short_lives(unsigned int before, uint64_t life_ns)
{
	return life_ns < SHORT_LIFE_S * NS_PER_S ? before + 1 : 0;
}
