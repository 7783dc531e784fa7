/* SPDX-License-Identifier: MIT */
/* Counters written by one process are read by another, who stays in charge. */
#include "config.h"

#include "lib/cleanup.h"
#include "lib/stats.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int failed;

static void check(bool ok, const char *what)
{
	printf("%s - %s\n", ok ? "ok" : "not ok", what);
	failed += !ok;
}

/* The worker's end: two queues count, then it tries to cut the memory. */
static int worker(int fd)
{
	struct stats_row *rows = stats_map(dup(fd));

	if (!rows)
		return 1;
	stats_add(&rows[0], 0, 3);
	stats_add(&rows[0], 0, 4);
	stats_add(&rows[STATS_ROWS - 1], 0, 100);
	stats_add(&rows[1], 2, UINT64_C(1) << 40);
	stats_unmap(rows);
	return ftruncate(fd, 0) == 0 || ftruncate(fd, 1 << 20) == 0 ? 2 : 0;
}

int main(void)
{
	static const char *const names[] = { "requests", "errors", "bytes",
					     NULL };
	CLEANUP_FREE char *text = NULL;
	size_t size;
	struct stats s;
	FILE *out;
	int status = -1;
	pid_t pid;

	check(stats_open(&s) == 0, "counters open");
	pid = fork();
	if (pid == 0)
		_exit(worker(s.fd));
	check(waitpid(pid, &status, 0) == pid && status == 0,
	      "another process counts, and cannot change their size");
	check(stats_sum(&s, 0) == 107, "rows are added up");
	check(stats_sum(&s, 1) == 0, "what nobody counted is 0");

	out = open_memstream(&text, &size);
	stats_print(&s, names, out);
	fclose(out);
	check(strcmp(text, "{\"requests\": 107, \"errors\": 0, "
		     "\"bytes\": 1099511627776}") == 0, "they print as JSON");

	stats_close(&s);
	check(stats_sum(&s, 0) == 0, "none are left when closed");
	return failed != 0;
}
