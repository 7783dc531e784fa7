/* SPDX-License-Identifier: MIT */
/* A message is one line in one form, and a guest cannot have many. */
#include "config.h"

#include "lib/cleanup.h"
#include "lib/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int failed;

static void check(bool ok, const char *what)
{
	printf("%s - %s\n", ok ? "ok" : "not ok", what);
	failed += !ok;
}

static int log_pipe[2];

static bool said(const char *want)
{
	char got[4096];
	ssize_t n = read(log_pipe[0], got, sizeof(got) - 1);

	if (n < 0)
		n = 0;
	got[n] = '\0';
	if (strcmp(got, want) != 0)
		printf("# want '%s'\n# got '%s'\n", want, got);
	return strcmp(got, want) == 0;
}

static unsigned int allowed(struct log_limit *limit, unsigned int tries)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < tries; i++)
		n += log_allowed(limit, 5);
	return n;
}

int main(void)
{
	struct log_limit limit = { 0 };
	char longest[2000];
	unsigned int n;

	if (pipe(log_pipe) || dup2(log_pipe[1], STDERR_FILENO) == -1)
		return 1;
	unsetenv("JOURNAL_STREAM");
	log_init("prog", LOG_INFO_LEVEL);
	errno = ERANGE;
	check(log_err(-ENOENT, "disk %d: open", 3) == -ENOENT &&
	      said("prog: disk 3: open: No such file or directory\n"),
	      "an error says its reason and is returned");
	check(errno == ERANGE, "errno is kept");
	check(log_fail(-EINVAL, "a: b") == -EINVAL && said("prog: a: b\n"),
	      "one that says its reason itself");
	log_warn("odd");
	check(said("prog: warning: odd\n"), "a warning says that it is one");
	log_debug("hidden");
	log_info("seen");
	check(said("prog: seen\n"), "debug is silent until asked for");

	log_info("QEMU: %s", "a\033[31m\r\nprog: b\x7f\tz\xc3\xa4");
	check(said("prog: QEMU: a?[31m??prog: b??z\xc3\xa4\n"),
	      "what others said commands no terminal and makes no line");

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	log_info("%s", longest);
	n = read(log_pipe[0], longest, sizeof(longest));
	check(n <= 1024 && longest[n - 1] == '\n', "too long a line is cut");

	setenv("JOURNAL_STREAM", "1:2", 1);
	log_init("prog", LOG_INFO_LEVEL);
	log_warn("odd");
	check(said("<4>odd\n"), "the journal gets the level");

	/* the minute may turn between two calls, never twice */
	n = allowed(&limit, 1000);
	check(n == 5 || n == 10, "a limited message comes a few times");
	check(limit.dropped == 1000 - n, "and the rest is counted");
	return failed != 0;
}
