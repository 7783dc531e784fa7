/* SPDX-License-Identifier: MIT */
/* Words about domains; see domain-text.h. */
#include "config.h"

#include "tools/xl-lite/domain-text.h"

#include <string.h>

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static char reason_letter(const struct hv_domain *d)
{
	static const char letters[] = "-rscwS";

	if (!d->shutdown)
		return '-';
	return d->shutdown_reason < strlen(letters)
		? letters[d->shutdown_reason] : '?';
}

void domain_state_text(const struct hv_domain *d, char text[DOMAIN_STATE_SIZE])
{
	snprintf(text, DOMAIN_STATE_SIZE, "%c%c%c%c%c%c",
		 d->running ? 'r' : '-', d->blocked ? 'b' : '-',
		 d->paused ? 'p' : '-', d->shutdown ? 's' : '-',
		 reason_letter(d), d->dying ? 'd' : '-');
}

double domain_cpu_seconds(uint64_t ns)
{
	return (double)(float)ns / 1e9;
}

void uptime_text(uint64_t seconds, bool brief, char text[UPTIME_TEXT_SIZE])
{
	const unsigned int day = seconds / DAY;
	const unsigned int rest = seconds % DAY;
	char days[24] = "";

	if (day)
		snprintf(days, sizeof(days), "%u day%s, ", day,
			 day > 1 ? "s" : "");
	if (brief)
		snprintf(text, UPTIME_TEXT_SIZE, "%s%2u:%02u", days,
			 rest / HOUR, rest % HOUR / MINUTE);
	else
		snprintf(text, UPTIME_TEXT_SIZE, "%s%2u:%02u:%02u", days,
			 rest / HOUR, rest % HOUR / MINUTE, rest % MINUTE);
}
