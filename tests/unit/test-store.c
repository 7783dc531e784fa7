/* SPDX-License-Identifier: MIT */
/*
 * Typed access to xenstore, over a libxenstore of our own that holds a few
 * nodes: what a peer writes is bounded and strict, a lost transaction is run
 * again, a wait ends at its deadline.
 */
#include "config.h"

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static int failed;

static void check(bool ok, const char *what)
{
	printf("%s - %s\n", ok ? "ok" : "not ok", what);
	failed += !ok;
}

/* -- the library ------------------------------------------------------------ */

#define NODE(name, text) { "d/" name, text, sizeof(text) - 1 }

static const struct {
	const char *path, *value;
	unsigned int size;
} nodes[] = {
	NODE("ten", "10"),
	NODE("huge", "18446744073709551615"),
	NODE("hex", "0x4"),
	NODE("negative", "-1"),
	NODE("empty", ""),
	NODE("long", "1111111111111111111111111111111111111111"),
	NODE("nul", "1\0002"),
	NODE("word", "word"),
};

struct xs_handle {
	int pipe[2];
	unsigned int commits_lost;	/* of the next ones */
	unsigned int removals_lost;
	unsigned int commits, aborts;
	unsigned int events;
	unsigned int reads_of_later;	/* until d/later appears */
};

static struct xs_handle fake;

struct xs_handle *xs_open(unsigned long flags)
{
	(void)flags;
	return pipe2(fake.pipe, O_CLOEXEC) ? NULL : &fake;
}

void xs_close(struct xs_handle *xs)
{
	close(xs->pipe[0]);
	close(xs->pipe[1]);
}

int xs_fileno(struct xs_handle *xs)
{
	return xs->pipe[0];
}

void *xs_read(struct xs_handle *xs, xs_transaction_t t, const char *path,
	      unsigned int *len)
{
	(void)t;
	if (strcmp(path, "d/later") == 0 && xs->reads_of_later-- == 0)
		return strdup((*len = 2, "10"));
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		char *value;

		if (strcmp(path, nodes[i].path) != 0)
			continue;
		value = malloc(nodes[i].size + 1);
		memcpy(value, nodes[i].value, nodes[i].size + 1);
		*len = nodes[i].size;
		return value;
	}
	errno = ENOENT;
	return NULL;
}

xs_transaction_t xs_transaction_start(struct xs_handle *xs)
{
	(void)xs;
	return 7;
}

bool xs_transaction_end(struct xs_handle *xs, xs_transaction_t t, bool abort)
{
	(void)t;
	if (abort) {
		xs->aborts++;
		return true;
	}
	if (xs->commits_lost) {
		xs->commits_lost--;
		errno = EAGAIN;
		return false;
	}
	xs->commits++;
	return true;
}

bool xs_watch(struct xs_handle *xs, const char *path, const char *token)
{
	(void)path;
	(void)token;
	xs->events = 1;
	return write(xs->pipe[1], "", 1) == 1;
}

bool xs_unwatch(struct xs_handle *xs, const char *path, const char *token)
{
	(void)xs;
	(void)path;
	(void)token;
	return true;
}

bool xs_introduce_domain(struct xs_handle *xs, unsigned int domid,
			 unsigned long mfn, unsigned int port)
{
	(void)xs;
	if (domid == 7 && mfn == 4711 && port == 3)
		return true;
	errno = EINVAL;
	return false;
}

bool xs_release_domain(struct xs_handle *xs, unsigned int domid)
{
	(void)xs;
	if (domid == 7)
		return true;
	errno = EINVAL;
	return false;
}

char **xs_check_watch(struct xs_handle *xs)
{
	char c, **event;

	if (!xs->events) {
		errno = EAGAIN;
		return NULL;
	}
	xs->events--;
	if (read(xs->pipe[0], &c, 1) != 1)
		return NULL;
	event = malloc(2 * sizeof(*event));
	event[XS_WATCH_PATH] = (char *)"d/later/and/a/long/way/down";
	event[XS_WATCH_TOKEN] = (char *)"token";
	return event;
}

bool xs_rm(struct xs_handle *xs, xs_transaction_t t, const char *path)
{
	(void)t;
	(void)path;
	errno = ENOENT;
	if (xs->removals_lost) {
		xs->removals_lost--;
		errno = EINVAL;
	}
	return false;
}

bool xs_write(struct xs_handle *xs, xs_transaction_t t, const char *path,
	      const void *data, unsigned int size)
{
	(void)xs;
	(void)t;
	(void)path;
	(void)data;
	(void)size;
	return true;
}

bool xs_mkdir(struct xs_handle *xs, xs_transaction_t t, const char *path)
{
	(void)xs;
	(void)t;
	(void)path;
	return true;
}

bool xs_set_permissions(struct xs_handle *xs, xs_transaction_t t,
			const char *path, struct xs_permissions *perms,
			unsigned int count)
{
	(void)xs;
	(void)t;
	(void)path;
	(void)perms;
	(void)count;
	return true;
}

char **xs_directory(struct xs_handle *xs, xs_transaction_t t,
		    const char *path, unsigned int *count)
{
	(void)xs;
	(void)t;
	(void)path;
	*count = 0;
	errno = ENOENT;
	return NULL;
}

/* -- the tests --------------------------------------------------------------- */

static const struct {
	const char *what, *node;
	unsigned int min, max;
	int want;
	unsigned int value;
} numbers[] = {
	{ "a number in range",		"ten",	    0, 10, 0,	     10 },
	{ "one that is too large",	"ten",	    0, 9,  -ERANGE,  0 },
	{ "one that is too small",	"ten",	    11, 20, -ERANGE, 0 },
	{ "one that would wrap",	"huge",	    0, 9,  -ERANGE,  0 },
	{ "hexadecimal",		"hex",	    0, 9,  -EINVAL,  0 },
	{ "a negative one",		"negative", 0, 9,  -EINVAL,  0 },
	{ "an empty one",		"empty",    0, 9,  -EINVAL,  0 },
	{ "one without end",		"long",	    0, 9,  -EINVAL,  0 },
	{ "one with a NUL in it",	"nul",	    0, 9,  -EINVAL,  0 },
	{ "a word",			"word",	    0, 9,  -EINVAL,  0 },
	{ "none at all",		"absent",   0, 9,  -ENOENT,  0 },
};

static void test_numbers(struct store *s)
{
	unsigned int got = 0;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		int r;

		got = 0;
		r = store_read_uint(s, XBT_NULL, "d", numbers[i].node,
				    numbers[i].min, numbers[i].max, &got);
		check(r == numbers[i].want && got == numbers[i].value,
		      numbers[i].what);
	}
	check(store_read_uint_or(s, XBT_NULL, "d", "absent", 1, 9, 5, &got) ==
	      0 && got == 5, "an absent one is its default");
	check(store_read_uint_or(s, XBT_NULL, "d", "word", 1, 9, 5, &got) ==
	      -EINVAL, "a bad one is not");
}

static void test_text(struct store *s)
{
	char buf[5];

	check(store_read(s, XBT_NULL, "d", "word", buf, 5) == 0 &&
	      strcmp(buf, "word") == 0, "a value that just fits");
	check(store_read(s, XBT_NULL, "d", "word", buf, 4) == -E2BIG,
	      "one that does not, with its NUL");
	check(store_read(s, XBT_NULL, "d/word", NULL, buf, 5) == 0,
	      "a whole path");
	check(store_remove(s, XBT_NULL, "d", "absent") == 0,
	      "what is not there is removed");
}

static int count_runs(struct store *s, xs_transaction_t t, void *arg)
{
	(void)s;
	check(t == 7, "in its transaction");
	++*(int *)arg;
	return 3;
}

static int refuse(struct store *s, xs_transaction_t t, void *arg)
{
	(void)s;
	(void)t;
	(void)arg;
	return -EBADMSG;
}

static int remove_one(struct store *s, xs_transaction_t t, void *arg)
{
	(void)arg;
	return store_remove(s, t, "d", "gone");
}

static void test_transactions(struct store *s)
{
	int runs = 0;

	fake.commits_lost = 2;
	check(store_transact(s, count_runs, &runs) == 3 && runs == 3 &&
	      fake.commits == 1, "a lost transaction is run again");
	check(store_transact(s, refuse, NULL) == -EBADMSG &&
	      fake.aborts == 1 && fake.commits == 1,
	      "one that refuses is given up");
	fake.commits_lost = 1000;
	runs = 0;
	check(store_transact(s, count_runs, &runs) == -EAGAIN && runs < 100,
	      "one that always loses ends");
	fake.commits_lost = 0;
	fake.aborts = fake.commits = 0;
	fake.removals_lost = 2;
	check(store_transact(s, remove_one, NULL) == 0 && fake.aborts == 2 &&
	      fake.commits == 1,
	      "one whose removal is refused is lost, and run again");
	fake.removals_lost = 1;
	check(store_remove(s, XBT_NULL, "d", "gone") == -EINVAL,
	      "such a removal alone is refused");
}

static bool is_ten(const char *value, void *arg)
{
	(void)arg;
	return value && strcmp(value, "10") == 0;
}

static bool never(const char *value, void *arg)
{
	(void)value;
	(void)arg;
	return false;
}

static void test_wait(struct store *s)
{
	fake.reads_of_later = 1;
	check(store_wait(s, "d", "later", is_ten, NULL,
			 clock_now_ns() + 60 * NS_PER_S) == 0,
	      "a wait ends when the node is as wanted");
	check(store_wait(s, "d", "word", never, NULL,
			 clock_now_ns() + 1) == -ETIMEDOUT,
	      "or at its deadline");
}

int main(void)
{
	struct store s;
	uint64_t before;
	char buf[8];

	/* the library's own business where xenstored is: no probing */
	setenv("XENSTORED_PATH", "/nowhere", 1);
	log_init("test-store", LOG_ERR_LEVEL);
	if (store_open(&s))
		return 1;
	before = s.requests;
	store_read(&s, XBT_NULL, "d", "word", buf, sizeof(buf));
	check(s.requests == before + 1, "requests are counted");
	test_numbers(&s);
	test_text(&s);
	test_transactions(&s);
	test_wait(&s);
	check(store_introduce(&s, 7, 4711, 3) == 0, "a domain is introduced");
	check(store_introduce(&s, 8, 4711, 3) == -EINVAL, "or refused");
	check(store_release(&s, 7) == 0, "and released");
	check(store_release(&s, 8) == -EINVAL, "or not");
	store_gather(&s);
	check(store_gather_send(&s) == 0 && store_gathered(&s) == 0,
	      "nothing is gathered for libxenstore: there is nothing to send");
	check(store_is_open(&s), "it is open");
	store_close(&s);
	check(!store_is_open(&s), "  until it is closed");
	return failed != 0;
}
