/* SPDX-License-Identifier: MIT */
/*
 * Requests sent together, to a xenstored of our own at the other end of a
 * socket: transactions that are committed only if all went well, or in two
 * halves, reads in between, long folders, more than a socket holds, events
 * before and behind answers, and a peer that hangs up or talks nonsense.
 */
#include "config.h"

#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/store.h"
#include "lib/store-batch.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <xen/io/xs_wire.h>

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

/* -- xenstored --------------------------------------------------------------- */

enum mood { WELL, HANGS_UP, OTHER_ID, OTHER_TYPE };

struct server {
	int fd;
	enum mood mood;
	unsigned int changes, commits, aborts, starts, reads;
	unsigned int commits_lost;	/* of the next ones */
	unsigned int removals_lost;
	char perms[64];			/* of the last SET_PERMS, '|' for NUL */
	char introduced[64];		/* the same of the last INTRODUCE */
	unsigned int events_before;	/* the next answer, of d/state */
	unsigned int parts_stale;	/* of the next parts of a folder */
	pthread_t thread;
};

static bool transfer(ssize_t (*how)(int, void *, size_t, int), int fd,
		     void *data, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t n = how(fd, (char *)data + at, size - at,
				MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		at += n;
	}
	return true;
}

static ssize_t send_any(int fd, void *data, size_t size, int flags)
{
	return send(fd, data, size, flags);
}

static bool send_event(struct server *s, const char *text, size_t size)
{
	struct {
		struct xsd_sockmsg header;
		char data[64];
	} e = { .header = { .type = XS_WATCH_EVENT, .len = size } };

	memcpy(e.data, text, size);
	return transfer(send_any, s->fd, &e, sizeof(e.header) + size);
}

static bool answer(struct server *s, const struct xsd_sockmsg *request,
		   uint32_t type, const char *data, size_t size)
{
	struct {
		struct xsd_sockmsg header;
		char data[XENSTORE_PAYLOAD_MAX];
	} a = { .header = *request };

	while (s->events_before) {
		s->events_before--;
		send_event(s, "d/state\0token", 14);
	}
	a.header.type = s->mood == OTHER_TYPE ? XS_RELEASE : type;
	a.header.len = size;
	a.header.req_id += s->mood == OTHER_ID;
	memcpy(a.data, data, size);
	return transfer(send_any, s->fd, &a, sizeof(a.header) + size);
}

static bool refuse(struct server *s, const struct xsd_sockmsg *request,
		   const char *error)
{
	return answer(s, request, XS_ERROR, error, strlen(error) + 1);
}

static bool answer_read(struct server *s, const struct xsd_sockmsg *r,
			const char *path)
{
	s->reads++;
	if (strcmp(path, "d/ten") == 0)
		return answer(s, r, r->type, "10", 2);
	if (strcmp(path, "d/nul") == 0)
		return answer(s, r, r->type, "1\0002", 3);
	return refuse(s, r, "ENOENT");
}

static bool answer_list(struct server *s, const struct xsd_sockmsg *r,
			const char *path)
{
	if (strcmp(path, "d") == 0)
		return answer(s, r, r->type, "ten\0nul", 8);
	if (strcmp(path, "empty") == 0)
		return answer(s, r, r->type, "", 0);
	return refuse(s, r, strcmp(path, "long") == 0 ? "E2BIG" : "ENOENT");
}

static bool answer_part(struct server *s, const struct xsd_sockmsg *r,
			const char *offset)
{
	if (strcmp(offset, "0") == 0)
		return answer(s, r, r->type, "5\0a\0bc", 7);
	if (strcmp(offset, "5") == 0 && s->parts_stale) {
		s->parts_stale--;
		return answer(s, r, r->type, "6\0x\0", 5);
	}
	if (strcmp(offset, "5") == 0)
		return answer(s, r, r->type, "5\0d\0", 5);
	return refuse(s, r, "EINVAL");
}

static bool answer_end(struct server *s, const struct xsd_sockmsg *r,
		       const char *how)
{
	if (*how == 'F')
		s->aborts++;
	else if (s->commits_lost) {
		s->commits_lost--;
		return refuse(s, r, "EAGAIN");
	} else {
		s->commits++;
	}
	return answer(s, r, r->type, "OK", 3);
}

static void show(const char *payload, size_t size, char text[64])
{
	memcpy(text, payload, size);
	for (size_t i = 0; i + 1 < size; i++)
		if (!text[i])
			text[i] = '|';
}

static bool serve_one(struct server *s, const struct xsd_sockmsg *r,
		      const char *payload)
{
	switch (r->type) {
	case XS_TRANSACTION_START:
		s->starts++;
		return answer(s, r, r->type, "7", 2);
	case XS_TRANSACTION_END:
		return answer_end(s, r, payload);
	case XS_READ:
		return answer_read(s, r, payload);
	case XS_DIRECTORY:
		return answer_list(s, r, payload);
	case XS_DIRECTORY_PART:
		return answer_part(s, r, payload + strlen(payload) + 1);
	case XS_SET_PERMS:
		show(payload, r->len, s->perms);
		break;
	case XS_INTRODUCE:
	case XS_RELEASE:
		show(payload, r->len, s->introduced);
		break;
	case XS_WATCH:
		return answer(s, r, r->type, "OK", 3) &&
		       send_event(s, payload, r->len);
	}
	if (strstr(payload, "refused"))
		return refuse(s, r, strstr(payload, "full") ? "ENOSPC" :
			      strstr(payload, "quota") ? "EQUOTA" : "EACCES");
	if (r->type == XS_RM && s->removals_lost)
		return refuse(s, r, s->removals_lost-- % 2 ? "EIO" : "EINVAL");
	if (r->type == XS_RM)
		return refuse(s, r, "ENOENT");
	s->changes += r->tx_id == 7;
	return answer(s, r, r->type, "OK", 3);
}

static void *serve(void *arg)
{
	struct server *s = arg;
	char payload[XENSTORE_PAYLOAD_MAX];
	struct xsd_sockmsg r;

	while (transfer(recv, s->fd, &r, sizeof(r)) &&
	       transfer(recv, s->fd, payload, r.len) &&
	       s->mood != HANGS_UP && serve_one(s, &r, payload))
		;
	close(s->fd);
	return NULL;
}

/* A store that has nothing but the batch. */
static void begin(struct server *server, struct store *s, enum mood mood)
{
	int ends[2];

	*server = (struct server) { .mood = mood };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		exit(1);
	server->fd = ends[1];
	*s = (struct store) { .line_fd = ends[0] };
	if (store_use_batch(s) ||
	    pthread_create(&server->thread, NULL, serve, server))
		exit(1);
}

static void end(struct server *server, struct store *s)
{
	close(s->line_fd);
	pthread_join(server->thread, NULL);
	store_batch_free(s->batch);
	free(s->batch);
}

/* -- transactions -------------------------------------------------------------- */

static int change(struct store *s, xs_transaction_t t, void *arg)
{
	struct xs_permissions perms[] = {
		{ .id = 5, .perms = XS_PERM_NONE },
		{ .id = 0, .perms = XS_PERM_READ },
	};
	int r = store_mkdir(s, t, "d/new", NULL);

	if (!r)
		r = store_set_perms(s, t, "d/new", NULL, perms, 2);
	if (!r)
		r = store_write(s, t, "d/new", arg ? arg : "node", "value");
	if (!r)
		r = store_remove(s, t, "d/gone", NULL);
	return r;
}

static int change_and_read(struct store *s, xs_transaction_t t, void *arg)
{
	unsigned int ten = 0;
	char **names = NULL;
	unsigned int count = 0;
	int r = change(s, t, arg);

	if (!r)
		r = store_read_uint(s, t, "d", "ten", 0, 99, &ten);
	if (!r && ten != 10)
		return -ERANGE;
	if (!r)
		r = store_list(s, t, "long", NULL, &names, &count);
	if (!r && (count != 3 || strcmp(names[0], "a") ||
		   strcmp(names[1], "bc") || strcmp(names[2], "d")))
		r = -ERANGE;
	free(names);
	return r;
}

static int read_absent(struct store *s, xs_transaction_t t, void *arg)
{
	char buf[8];

	(void)arg;
	return store_read(s, t, "d", "absent", buf, sizeof(buf));
}

static int give_up(struct store *s, xs_transaction_t t, void *arg)
{
	change(s, t, arg);
	return -ECANCELED;
}

static void test_transactions(void)
{
	char full[] = "refused-full", refused[] = "refused";
	char quota[] = "refused-quota";
	struct server server;
	struct store s;

	begin(&server, &s, WELL);
	is(store_transact(&s, change, NULL), 0, "changes are committed");
	is(server.commits, 1, "  once");
	is(server.changes, 3, "  all of them, and what is absent is removed");
	check(strcmp(server.perms, "d/new|n5|r0") == 0,
	      "  permissions as libxenstore writes them");
	is(s.requests, 6, "  requests are counted");

	server.commits_lost = 2;
	is(store_transact(&s, change, NULL), 0, "lost twice, it is run again");
	is(server.starts, 4, "  three times in all");
	is(server.commits, 2, "  and committed");

	is(store_transact(&s, change_and_read, NULL), 0,
	   "what is read behind changes is read, long folders in parts");
	is(server.commits, 3, "  and all is committed");

	is(store_transact(&s, change, full), -ENOSPC,
	   "a change that is refused fails the transaction");
	is(server.commits, 3, "  nothing is committed");
	is(server.aborts, 1, "  it is aborted");
	is(store_transact(&s, change, quota), -EDQUOT,
	   "oxenstored has a word of its own for a quota");
	is(store_transact(&s, change_and_read, refused), -EACCES,
	   "a read behind a change that is refused fails with that");
	is(server.commits, 3, "  nothing is committed");
	is(store_transact(&s, read_absent, NULL), -ENOENT,
	   "an absent node is told apart");

	server.changes = 0;
	is(store_transact(&s, give_up, NULL), -ECANCELED,
	   "a transaction that gives up");
	is(server.changes, 0, "  its changes are not even sent");
	is(server.aborts, 5, "  and it is aborted");
	end(&server, &s);
}

/* Another has removed what this transaction still has. */
static void test_lost_removals(void)
{
	struct server server;
	struct store s;

	begin(&server, &s, WELL);
	server.removals_lost = 2;
	is(store_transact(&s, change, NULL), 0,
	   "removals that are refused since the transaction is lost");
	is(server.starts, 3, "  it is run again");
	is(server.aborts, 2, "  each time");
	is(server.commits, 1, "  and committed");
	server.removals_lost = 1;
	is(store_remove(&s, XBT_NULL, "d", "old"), -EIO,
	   "without a transaction it is an error");
	end(&server, &s);
}

/* -- outside of transactions --------------------------------------------------- */

static void test_at_once(void)
{
	struct server server;
	unsigned int ten = 0;
	struct store s;

	begin(&server, &s, WELL);
	is(store_write(&s, XBT_NULL, "d", "node", "value"), 0, "a write");
	is(store_write(&s, XBT_NULL, "d", "refused", "value"), -EACCES,
	   "  that is refused");
	is(store_remove(&s, XBT_NULL, "d", "gone"), 0,
	   "what is absent is removed");
	is(store_read_uint(&s, XBT_NULL, "d", "ten", 0, 99, &ten), 0, "a read");
	is(ten, 10, "  of what is there");
	is(store_read_uint(&s, XBT_NULL, "d", "absent", 0, 99, &ten), -ENOENT,
	   "  and of what is not");
	is(store_introduce(&s, 7, 4711, 3), 0, "a domain is introduced");
	check(strcmp(server.introduced, "7|4711|3") == 0,
	      "  as libxenstore words it");
	is(s.requests, 6, "requests are counted");
	is(store_release(&s, 7), 0, "a domain is released");
	check(strcmp(server.introduced, "7") == 0, "  by its number");
	end(&server, &s);
}

static void test_gather(void)
{
	struct server server;
	struct store s;

	begin(&server, &s, WELL);
	store_gather(&s);
	store_write(&s, XBT_NULL, "d", "refused", "value");
	store_watch(&s, "d", "state", "token");
	store_introduce(&s, 7, 4711, 3);
	is(s.batch->count, 3, "what is gathered waits");
	is(store_gathered(&s), -EACCES, "  the first that is refused is told");
	check(strcmp(server.introduced, "7|4711|3") == 0,
	      "  and those behind it are done");
	is(store_write(&s, XBT_NULL, "d", "node", "value"), 0,
	   "  what comes then is done at once");
	is(s.batch->count, 0, "    and nothing waits");
	end(&server, &s);
}

/* The server's answers are there when they are asked for. */
static void test_gather_send(void)
{
	struct server server;
	struct store s;

	begin(&server, &s, WELL);
	is(store_gather_send(&s), 0, "nothing is sent when nothing is gathered");
	store_gather(&s);
	store_write(&s, XBT_NULL, "d", "node", "value");
	store_write(&s, XBT_NULL, "d", "refused", "value");
	is(store_gather_send(&s), 0, "what is gathered is sent");
	is(s.batch->sent, s.batch->size, "  all of it");
	is(s.batch->count, 2, "  and not answered yet");
	store_introduce(&s, 7, 4711, 3);
	is(store_gathered(&s), -EACCES, "  then it is, with what came after");
	check(strcmp(server.introduced, "7|4711|3") == 0,
	      "    which is sent by then");
	is(s.requests, 3, "  each is sent once");
	is(store_gathered(&s), 0, "nothing that was gathered ends well");
	end(&server, &s);
}

static void test_list(void)
{
	CLEANUP_FREE char **names = NULL;
	unsigned int count = 0;
	struct server server;
	struct store s;

	begin(&server, &s, WELL);
	server.parts_stale = 1;
	is(store_list(&s, XBT_NULL, "long", NULL, &names, &count), 0,
	   "a long folder that changes while it is read");
	check(count == 3 && strcmp(names[2], "d") == 0,
	      "  is read anew, and whole");
	end(&server, &s);
}

/* -- events ---------------------------------------------------------------------- */

static bool is_readable(struct store *s, int timeout_ms)
{
	struct pollfd p = { .fd = store_fd(s), .events = POLLIN };

	return poll(&p, 1, timeout_ms) == 1;
}

static int next_event(struct store *s)
{
	char path[32] = "", token[32] = "";
	int r = store_next_event(s, path, sizeof(path), token, sizeof(token));

	if (r == 1 && (strcmp(path, "d/state") || strcmp(token, "token")))
		return -EINVAL;
	return r;
}

static void test_events(void)
{
	struct server server;
	unsigned int ten;
	struct store s;

	begin(&server, &s, WELL);
	is(store_watch(&s, "d", "state", "token"), 0, "a watch");
	check(is_readable(&s, -1), "  fires at once, which can be polled for");
	is(next_event(&s), 1, "  with its path and token");
	is(next_event(&s), 0, "  once");
	check(!is_readable(&s, 0), "  then nothing is there");

	server.events_before = 2;
	is(store_read_uint(&s, XBT_NULL, "d", "ten", 0, 99, &ten), 0,
	   "events that come before an answer do not hide it");
	check(is_readable(&s, 0), "  they can be polled for");
	is(next_event(&s), 1, "  the first");
	check(is_readable(&s, 0), "  and there is more");
	is(next_event(&s), 1, "  the second");
	check(!is_readable(&s, 0), "  then nothing is there");

	server.events_before = 1;
	is(store_unwatch(&s, "d", "state", "token"), 0, "what was watched");
	is(next_event(&s), 0, "  has no events any more");
	check(!is_readable(&s, 0), "  nor anything to poll for");

	server.events_before = 1;
	store_unwatch(&s, "d", "state", "other");
	is(next_event(&s), 1, "  of another token it has");
	end(&server, &s);
}

static void test_bad_event(void)
{
	struct server server;
	struct store s;

	begin(&server, &s, WELL);
	if (!send_event(&server, "d/state", 7))
		exit(1);
	is(next_event(&s), -EPROTO, "an event without a token");
	is(next_event(&s), -EPROTO, "  and it stays so");
	check(store_hung_up(&s), "  for who waits for that it is hung up");
	end(&server, &s);
}

/* -- reads ------------------------------------------------------------------------ */

static void test_read_all(void)
{
	char ten[8], nul[8], absent[8], small[2];
	char dirs[][STORE_DIR_MAX] = { "d", "empty", "absent", "long" };
	bool empty[ARRAY_SIZE(dirs)];
	struct store_query queries[] = {
		{ .dir = "d/ten", .buf = ten, .size = sizeof(ten) },
		{ .dir = "d", .node = "nul", .buf = nul, .size = sizeof(nul) },
		{ .dir = "d", .node = "absent", .buf = absent,
		  .size = sizeof(absent) },
		{ .dir = "d", .node = "ten", .buf = small,
		  .size = sizeof(small) },
	};
	struct server server;
	struct store s;

	begin(&server, &s, WELL);
	is(store_read_all(&s, XBT_NULL, queries, ARRAY_SIZE(queries)), 0,
	   "many reads");
	is(s.requests, 4, "  requests are counted");
	check(queries[0].err == 0 && strcmp(ten, "10") == 0, "  a value");
	is(queries[1].err, -EINVAL, "  one with a NUL");
	is(queries[2].err, -ENOENT, "  none");
	is(queries[3].err, -E2BIG, "  one that does not fit");
	is(store_read_all(&s, XBT_NULL, queries, 0), 0, "no read at all");
	is(store_are_empty(&s, XBT_NULL, dirs, empty, ARRAY_SIZE(dirs)), 0,
	   "many folders");
	check(!empty[0], "  one with nodes in it");
	check(empty[1], "  an empty one");
	check(!empty[2], "  one that is not there");
	check(!empty[3], "  one whose names do not fit into one answer");
	end(&server, &s);
}

/* -- more than a socket holds ------------------------------------------------------ */

#define MANY 20000

static int change_much(struct store *s, xs_transaction_t t, void *arg)
{
	int r = 0;

	(void)arg;
	for (unsigned int i = 0; !r && i < MANY; i++)
		r = store_write(s, t, "d/much", NULL,
				"some hundred bytes, so that all of them are more than what is on its way through a socket at a time");
	return r;
}

static void test_much(void)
{
	struct server server;
	struct store s;

	begin(&server, &s, WELL);
	is(store_transact(&s, change_much, NULL), 0, "two megabytes");
	is(server.changes, MANY, "  all of it arrives");
	end(&server, &s);
}

static int change_too_long(struct store *s, xs_transaction_t t, void *arg)
{
	static char value[XENSTORE_PAYLOAD_MAX];

	(void)arg;
	memset(value, 'x', sizeof(value) - 1);
	return store_write(s, t, "d/long", NULL, value);
}

/* -- a peer that is not well -------------------------------------------------------- */

static void test_moods(void)
{
	static const struct {
		enum mood mood;
		int want;
		const char *sentence;
	} moods[] = {
		{ HANGS_UP, -ECONNRESET, "xenstored hangs up" },
		{ OTHER_ID, -EPROTO, "an answer to another request" },
		{ OTHER_TYPE, -EPROTO, "an answer of another kind" },
	};
	struct server server;
	struct store s;

	for (size_t i = 0; i < ARRAY_SIZE(moods); i++) {
		begin(&server, &s, moods[i].mood);
		is(store_transact(&s, change, NULL), moods[i].want,
		   moods[i].sentence);
		is(store_transact(&s, change, NULL), moods[i].want,
		   "  and it stays so");
		end(&server, &s);
	}
	begin(&server, &s, WELL);
	is(store_transact(&s, change_too_long, NULL), -E2BIG,
	   "a value that xenstored does not take");
	is(store_transact(&s, change, NULL), 0, "  and what comes next is well");
	end(&server, &s);
}

int main(void)
{
	log_init("test", LOG_ERR_LEVEL);
	test_transactions();
	test_lost_removals();
	test_at_once();
	test_gather();
	test_gather_send();
	test_list();
	test_events();
	test_bad_event();
	test_read_all();
	test_much();
	test_moods();
	return failed != 0;
}
