/* SPDX-License-Identifier: MIT */
/*
 * What Xen's libraries do, case by case: the same source is run against the
 * real ones in the box and the simulated ones, and must hold against both.
 * Domain 0 is at both ends, so that nothing needs to be built.
 *
 * A case is a process of its own. It says what was wrong and goes on; ports,
 * maps and grants that it leaves are its end's to clean up.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <xenctrl.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#define PAGE 4096
/* No domain of a test host has this number. */
#define NO_DOMAIN 31000u

struct test_case {
	const char *name;
	void (*run)(void);
};

extern const struct test_case evtchn_cases[], grant_cases[], copy_cases[],
	domain_cases[];

/* -- judging --------------------------------------------------------------------- */

__attribute__((format(printf, 4, 5)))
void judge(bool good, const char *file, int line, const char *fmt, ...);

/* What is wanted, in words, with what came instead. */
#define EXPECT(good, ...) judge(good, __FILE__, __LINE__, __VA_ARGS__)

/* The call fails with just this errno. */
#define EXPECT_FAILS(call, want) do { \
	long long r_; \
	errno = 0; \
	r_ = (long long)(call); \
	EXPECT(r_ == -1 && errno == (want), \
	       #call " is %lld, errno %d (%s): want -1, %s", r_, errno, \
	       strerror(errno), #want); \
} while (0)

#define EXPECT_IS(call, want) do { \
	long long r_; \
	errno = 0; \
	r_ = (long long)(call); \
	EXPECT(r_ == (long long)(want), \
	       #call " is %lld, errno %d (%s): want %s", r_, errno, \
	       strerror(errno), #want); \
} while (0)

#define EXPECT_NULL(call, want) do { \
	const void *p_; \
	errno = 0; \
	p_ = (call); \
	EXPECT(!p_ && errno == (want), \
	       #call " is %p, errno %d (%s): want NULL, %s", p_, errno, \
	       strerror(errno), #want); \
} while (0)

/* Without it the rest makes no sense. */
#define NEED(good, ...) do { \
	if (!(good)) { \
		EXPECT(false, __VA_ARGS__); \
		give_up(); \
	} \
} while (0)

__attribute__((noreturn)) void give_up(void);

/* -- event channels ---------------------------------------------------------------- */

/* One that does not wait. */
xenevtchn_handle *events(void);

/* The next port that fires, which stays masked; 0 if none does in a while. */
evtchn_port_t next(xenevtchn_handle *h);

/* A port of A bound to one of B, with no event on its way. */
void bind_pair(xenevtchn_handle *a, xenevtchn_handle *b, evtchn_port_t *at_a,
	       evtchn_port_t *at_b);

/* Whether H has events besides those its fence lets through. */
bool quiet(xenevtchn_handle *h);

/* -- processes ----------------------------------------------------------------------- */

/* Runs FN in a process; *FROM gives what it writes to its argument. */
pid_t child(void (*fn)(int out, void *arg), void *arg, int *from);

/* A number that the child wrote. */
uint32_t child_says(int from);

/* Kills it, and waits until it is gone. */
void child_kill(pid_t pid, int from);

/* The signal that FN dies of, 0 if it returns. */
int dies_of(void (*fn)(void *arg), void *arg);
