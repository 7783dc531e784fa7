/* SPDX-License-Identifier: MIT */
/*
 * Asking xl-lited for the domain of a name, over a xenstore of our own: a name
 * is read again only when it may have changed, however many domains there are;
 * and who gets no answer is told so.
 */
#include "config.h"

#include "lib/cleanup.h"
#include "lib/log.h"

#include "tools/xl-lite/names.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int failed;

static void check(bool ok, const char *what)
{
	printf("%s - %s\n", ok ? "ok" : "not ok", what);
	failed += !ok;
}

static void is(long got, long want, const char *what)
{
	if (got != want)
		printf("# got %ld, want %ld\n", got, want);
	check(got == want, what);
}

/* -- the store -------------------------------------------------------------------- */

#define DOMAINS 8

static struct {
	const char *name[DOMAINS];	/* NULL: no such domain; "": no name */
	bool watched[DOMAINS];
	unsigned int events[DOMAINS];	/* to be told */
	unsigned int lists, reads, watches, unwatches;
	bool broken;
} world;

static void forget_counts(void)
{
	world.lists = world.reads = world.watches = world.unwatches = 0;
}

static unsigned int domid_of(const char *dir)
{
	const char *slash = strrchr(dir, '/');

	return strtoul(slash + 1, NULL, 10) % DOMAINS;
}

int store_list(struct store *s, xs_transaction_t t, const char *dir,
	       const char *node, char ***names, unsigned int *count)
{
	static const char *const numbers[DOMAINS] = {
		"0", "1", "2", "3", "4", "5", "6", "7",
	};

	(void)s;
	(void)t;
	(void)node;
	if (strcmp(dir, "/local/domain") || world.broken)
		return -EIO;
	world.lists++;
	*names = calloc(DOMAINS, sizeof(**names));
	*count = 0;
	for (unsigned int i = 0; i < DOMAINS; i++)
		if (world.name[i])
			(*names)[(*count)++] = (char *)numbers[i];
	return 0;
}

int store_read(struct store *s, xs_transaction_t t, const char *dir,
	       const char *node, char *buf, size_t size)
{
	const char *name = world.name[domid_of(dir)];

	(void)s;
	(void)t;
	(void)node;
	world.reads++;
	if (!name || !*name)
		return -ENOENT;
	snprintf(buf, size, "%s", name);
	return 0;
}

int store_watch(struct store *s, const char *dir, const char *node,
		const char *token)
{
	(void)s;
	(void)node;
	(void)token;
	world.watches++;
	world.watched[domid_of(dir)] = true;
	world.events[domid_of(dir)]++;
	return 0;
}

int store_unwatch(struct store *s, const char *dir, const char *node,
		  const char *token)
{
	(void)s;
	(void)node;
	(void)token;
	world.unwatches++;
	world.watched[domid_of(dir)] = false;
	world.events[domid_of(dir)] = 0;
	return 0;
}

static void rename_to(unsigned int domid, const char *name)
{
	world.name[domid] = name;
	world.events[domid] += world.watched[domid];
}

static int take_events(void *arg)
{
	char path[64], token[16];

	for (unsigned int i = 0; i < DOMAINS; i++)
		for (; world.events[i]; world.events[i]--) {
			snprintf(path, sizeof(path), "/local/domain/%u/name",
				 i);
			snprintf(token, sizeof(token), "name%u", i);
			if (!names_event(arg, path, token))
				check(false, "its own event is known");
		}
	return 0;
}

/* -- asking ------------------------------------------------------------------------ */

struct question {
	const char *path, *name;
	domid_t domid;
	bool initialised;
	int err;
};

static void *ask_it(void *arg)
{
	struct question *q = arg;

	q->err = names_ask(q->path, q->name, &q->domid, &q->initialised);
	return NULL;
}

/* Both ends: the domain of NAME, or -errno. */
static int ask(struct names *n, const char *name)
{
	struct question q = { .path = n->path, .name = name };
	struct pollfd p = { .fd = n->fd, .events = POLLIN };
	pthread_t thread;

	forget_counts();
	if (pthread_create(&thread, NULL, ask_it, &q) ||
	    poll(&p, 1, 60000) != 1)
		exit(1);
	names_answer(n, take_events, n);
	pthread_join(thread, NULL);
	return q.err ? q.err : q.domid;
}

static void test_names(struct names *n)
{
	world.name[0] = "Domain-0";
	world.name[3] = "three";
	world.name[5] = "five";
	is(ask(n, "five"), 5, "a name is found");
	is(world.reads, 3, "  all are read");
	is(world.watches, 3, "  and watched");
	is(ask(n, "four"), -ESRCH, "another is not");
	is(world.reads, 3, "  all are read once more: a watch's first event may be a change's, too");
	is(ask(n, "four"), -ESRCH, "nor when it is asked for again");
	is(world.lists, 1, "  one request says which domains there are");
	is(world.reads, 0, "  nothing is read that was read");
	is(ask(n, ""), -ESRCH, "no domain has no name");

	rename_to(3, "four");
	is(ask(n, "four"), 3, "one that was renamed has its new name");
	is(world.reads, 1, "  which alone is read");
	is(ask(n, "three"), -ESRCH, "  and not its old one");

	rename_to(4, "");
	is(ask(n, "new"), -ESRCH, "one that has no name yet");
	rename_to(4, "new");
	is(ask(n, "new"), 4, "  is found as soon as it has");

	/* no event is sent that is like one on its way, as the watch's own */
	world.name[6] = "first";
	is(ask(n, "first"), 6, "one that has just come");
	world.name[6] = "second";
	is(ask(n, "second"), 6, "  and gets another name before its watch's event");
	world.name[6] = NULL;
	is(ask(n, "second"), -ESRCH, "  is gone when it is");

	rename_to(3, NULL);
	is(ask(n, "four"), -ESRCH, "one that is gone is not found");
	is(world.unwatches, 1, "  nor watched any more");
	rename_to(3, "again");
	is(ask(n, "again"), 3, "another of its number is");
	is(world.reads + world.watches, 2, "  by its watch and its name");
	check(!names_event(n, "@releaseDomain", ""),
	      "other events are not its own");
}

static void test_no_answer(struct names *n)
{
	char longer[DOMAIN_NAME_MAX + 1];
	domid_t domid;

	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	world.broken = true;
	is(ask(n, "five"), -ENOTCONN, "when xenstored is not well");
	world.broken = false;
	is(ask(n, "five"), 5, "  and it is well again");
	is(names_ask(n->path, longer, &domid, NULL), -ENOTCONN,
	   "a name that none can have");
	is(names_ask("/nowhere/names", "five", &domid, NULL), -ENOTCONN,
	   "when nobody is there");
}

int main(void)
{
	char folder[] = "/tmp/test-names.XXXXXX", socket_path[64];
	struct store store = { 0 };
	struct names n;

	log_init("test", LOG_ERR_LEVEL + 1);
	if (!mkdtemp(folder))
		return 1;
	snprintf(socket_path, sizeof(socket_path), "%s/names", folder);
	if (names_open(&n, socket_path, &store))
		return 1;
	test_names(&n);
	test_no_answer(&n);
	names_close(&n);
	check(access(socket_path, F_OK) == -1, "its end leaves no socket");
	rmdir(folder);
	return failed != 0;
}
