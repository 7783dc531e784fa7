/* SPDX-License-Identifier: MIT */
/* conformance --list | NUMBER: see conformance.h. */
#include "config.h"

#include "tests/conformance/conformance.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Far more than any event takes on the slowest host. */
#define EVENT_MS 10000
/* Ends a case that hangs. */
#define CASE_S 300

static unsigned int failures;

void judge(bool good, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	if (good)
		return;
	failures++;
	printf("%s:%d: ", strrchr(file, '/') + 1, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

void give_up(void)
{
	exit(EXIT_FAILURE);
}

/* -- event channels ---------------------------------------------------------------- */

xenevtchn_handle *events(void)
{
	xenevtchn_handle *h = xenevtchn_open(NULL, 0);

	NEED(h, "xenevtchn_open: %s", strerror(errno));
	fcntl(xenevtchn_fd(h), F_SETFL, O_NONBLOCK);
	return h;
}

static evtchn_port_t next_within(xenevtchn_handle *h, int ms)
{
	struct pollfd p = { .fd = xenevtchn_fd(h), .events = POLLIN };
	xenevtchn_port_or_error_t port;

	if (poll(&p, 1, ms) != 1)
		return 0;
	port = xenevtchn_pending(h);
	return port < 0 ? 0 : port;
}

evtchn_port_t next(xenevtchn_handle *h)
{
	return next_within(h, EVENT_MS);
}

void bind_pair(xenevtchn_handle *a, xenevtchn_handle *b, evtchn_port_t *at_a,
	       evtchn_port_t *at_b)
{
	xenevtchn_port_or_error_t first, second;
	evtchn_port_t came;

	first = xenevtchn_bind_unbound_port(a, 0);
	NEED(first > 0, "an unbound port: %s", strerror(errno));
	second = xenevtchn_bind_interdomain(b, 0, first);
	NEED(second > 0, "its other end: %s", strerror(errno));
	*at_a = first;
	*at_b = second;
	/* binding sends the binder an event */
	came = next(b);
	NEED(came == *at_b, "the event of binding %u is of %u", *at_b, came);
	xenevtchn_unmask(b, *at_b);
}

/*
 * There is no waiting for what does not come. So an event is sent after it, on
 * another port of the same handle: had there been one before, it would be here.
 */
bool quiet(xenevtchn_handle *h)
{
	xenevtchn_handle *other = events();
	evtchn_port_t here, there, came;
	bool quiet = true;

	bind_pair(h, other, &here, &there);
	xenevtchn_notify(other, there);
	while ((came = next(h)) != here && came)
		quiet = false;
	while (next_within(h, 0))
		quiet = false;
	xenevtchn_unbind(h, here);
	xenevtchn_close(other);
	return quiet;
}

/* -- processes ----------------------------------------------------------------------- */

pid_t child(void (*fn)(int out, void *arg), void *arg, int *from)
{
	int fds[2];
	pid_t pid;

	NEED(pipe(fds) == 0, "pipe: %s", strerror(errno));
	pid = fork();
	NEED(pid >= 0, "fork: %s", strerror(errno));
	if (pid == 0) {
		close(fds[0]);
		fn(fds[1], arg);
		for (;;)
			pause();
	}
	close(fds[1]);
	*from = fds[0];
	return pid;
}

uint32_t child_says(int from)
{
	uint32_t value;

	NEED(read(from, &value, sizeof(value)) == sizeof(value),
	     "the child died");
	return value;
}

void child_kill(pid_t pid, int from)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(from);
}

int dies_of(void (*fn)(void *arg), void *arg)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		fn(arg);
		_exit(0);
	}
	NEED(waitpid(pid, &status, 0) == pid, "wait: %s", strerror(errno));
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* -- the table -------------------------------------------------------------------------- */

static const struct test_case *find_case(unsigned int number, bool list)
{
	static const struct test_case *const tables[] = {
		evtchn_cases, grant_cases, copy_cases, domain_cases,
	};
	unsigned int count = 0;

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (const struct test_case *c = tables[i]; c->name; c++) {
			if (++count == number)
				return c;
			if (list)
				printf("%u %s\n", count, c->name);
		}
	return NULL;
}

int main(int argc, char **argv)
{
	const struct test_case *c;

	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		find_case(0, true);
		return EXIT_SUCCESS;
	}
	c = argc == 2 ? find_case(strtoul(argv[1], NULL, 10), false) : NULL;
	if (!c) {
		fprintf(stderr, "usage: conformance --list | NUMBER\n");
		return 2;
	}
	alarm(CASE_S);
	c->run();
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
