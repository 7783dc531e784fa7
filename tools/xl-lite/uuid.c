/* SPDX-License-Identifier: MIT */
/* UUIDs as text; see uuid.h. */
#include "config.h"

#include "tools/xl-lite/uuid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void uuid_format(const uint8_t u[16], char text[UUID_TEXT_SIZE])
{
	snprintf(text, UUID_TEXT_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-"
		 "%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1], u[2], u[3],
		 u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12],
		 u[13], u[14], u[15]);
}

int uuid_parse(const char *text, uint8_t uuid[16])
{
	static const char digits[] = "0123456789abcdef";
	char again[UUID_TEXT_SIZE];
	uint8_t u[16] = { 0 };
	unsigned int n = 0;

	if (strlen(text) != UUID_TEXT_SIZE - 1)
		return -EINVAL;
	for (const char *c = text; *c && n < 32; c++) {
		const char *digit = strchr(digits, *c);

		if (!digit)
			continue;
		u[n / 2] = u[n / 2] << 4 | (digit - digits);
		n++;
	}
	/* dashes anywhere else, or too few digits, and it would not come back */
	uuid_format(u, again);
	if (strcmp(again, text) != 0)
		return -EINVAL;
	memcpy(uuid, u, sizeof(u));
	return 0;
}
