/* SPDX-License-Identifier: MIT */
/* What has come of a guest that stopped; see outcome.h. */
#include "config.h"

#include "tools/xl-lite/outcome.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/log.h"

#include "tools/xl-lite/guest-state.h"
#include "tools/xl-lite/remedy.h"

#define PATH_SIZE 160

static void path_of(uint16_t domid, const uint8_t uuid[16],
		    char path[PATH_SIZE])
{
	guest_state_path(path, PATH_SIZE, GUEST_STATE_OUTCOME, domid, uuid);
}

static int write_file(const char *path, const char *line)
{
	FILE *f = fopen(path, "we");
	int err;

	if (!f)
		return -errno;
	fputs(line, f);
	err = ferror(f) ? -EIO : 0;
	if (fclose(f) && !err)
		err = -errno;
	return err;
}

int outcome_write(uint16_t domid, const uint8_t uuid[16], struct event *e)
{
	char path[PATH_SIZE], temporary[PATH_SIZE + 8], line[EVENT_LINE_MAX];
	int err;

	path_of(domid, uuid, path);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	clock_gettime(CLOCK_REALTIME, &e->time);
	event_format(e, line);
	err = write_file(temporary, line);
	/* whoever looks finds the whole of it or nothing */
	if (!err && rename(temporary, path))
		err = -errno;
	if (!err)
		return 0;
	unlink(temporary);
	return log_fail(err, "domain %u: %s: %s: %s: what has come of it may not be told by 'xl-lite events'",
			domid, path, strerror(-err), remedy_file(err));
}

/* Seconds and microseconds, as event_format() writes them. */
static void parse_time(const char *line, struct timespec *time)
{
	struct tm tm = { 0 };
	long us = 0;

	if (sscanf(line, "{\"time\":\"%d-%d-%dT%d:%d:%d.%6ldZ\"",
		   &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
		   &tm.tm_min, &tm.tm_sec, &us) != 7)
		return;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	time->tv_sec = timegm(&tm);
	time->tv_nsec = us * 1000;
}

int outcome_read(uint16_t domid, const uint8_t uuid[16], struct arena *arena,
		 struct event *e, char line[EVENT_LINE_MAX])
{
	CLEANUP_FCLOSE FILE *f = NULL;
	char path[PATH_SIZE];
	int err;

	path_of(domid, uuid, path);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	if (!fgets(line, EVENT_LINE_MAX, f))
		return -EIO;
	err = event_parse(line, arena, e);
	if (err)
		return log_err(err, "domain %u: %s", domid, path);
	parse_time(line, &e->time);
	line[strcspn(line, "\n")] = '\0';
	/* a number may follow where it ends now */
	line[strlen(line) - 1] = '\0';
	return 0;
}

void outcome_remove(uint16_t domid, const uint8_t uuid[16])
{
	char path[PATH_SIZE];

	path_of(domid, uuid, path);
	unlink(path);
}
