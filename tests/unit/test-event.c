/* SPDX-License-Identifier: MIT */
/* What xl-lited says of guests, to whom, and how it finds out from two lists. */
#include "config.h"

#include "tools/xl-lite/domain-table.h"
#include "tools/xl-lite/event-log.h"
#include "tools/xl-lite/event.h"
#include "tools/xl-lite/listeners.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <yajl/yajl_parse.h>

static int failures;

static void check(bool good, const char *what, const char *got)
{
	if (good)
		return;
	printf("not so: %s: %s\n", what, got);
	failures++;
}

/* -- lines ---------------------------------------------------------------------- */

static const uint8_t uuid[16] = {
	0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
	0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
};

#define TIME "{\"time\":\"2001-09-09T01:46:40.000007Z\""
#define UUID ",\"uuid\":\"00112233-4455-6677-8899-aabbccddeeff\""

static const struct {
	struct event event;
	const char *line;
} lines[] = {
	{ { .type = EVENT_CREATED, .domid = 7, .name = "web", .uuid = uuid },
	  TIME ",\"event\":\"created\",\"domid\":7,\"name\":\"web\"" UUID "}\n" },
	{ { .type = EVENT_SHUTDOWN, .domid = 7, .name = "web", .uuid = uuid,
	    .reason = "reboot" },
	  TIME ",\"event\":\"shutdown\",\"domid\":7,\"name\":\"web\"" UUID
	  ",\"reason\":\"reboot\"}\n" },
	{ { .type = EVENT_RESTARTED, .domid = 8, .name = "web", .uuid = uuid,
	    .from = 7 },
	  TIME ",\"event\":\"restarted\",\"domid\":8,\"name\":\"web\"" UUID
	  ",\"from\":7}\n" },
	{ { .type = EVENT_RESET, .domid = 7, .name = "web", .uuid = uuid },
	  TIME ",\"event\":\"reset\",\"domid\":7,\"name\":\"web\"" UUID "}\n" },
	{ { .type = EVENT_DESTROYED, .domid = 7 },
	  TIME ",\"event\":\"destroyed\",\"domid\":7}\n" },
	{ { .type = EVENT_LISTENING }, TIME ",\"event\":\"listening\"}\n" },
	{ { .type = EVENT_LISTENING, .seq = 9 },
	  TIME ",\"event\":\"listening\",\"seq\":9}\n" },
	{ { .type = EVENT_KEPT, .domid = 1, .name = ",\"seq\":3", .seq = 4 },
	  TIME ",\"event\":\"kept\",\"domid\":1,\"name\":\",\\\"seq\\\":3\""
	  ",\"seq\":4}\n" },
	{ { .type = EVENT_CUT_OFF, .lost = 3 },
	  TIME ",\"event\":\"cut-off\",\"lost\":3}\n" },
	{ { .type = EVENT_KEPT, .domid = 1, .name = "a\"b\\c\n\x7f" },
	  TIME ",\"event\":\"kept\",\"domid\":1,"
	  "\"name\":\"a\\\"b\\\\c\\u000a\\u007f\"}\n" },
	{ { .type = EVENT_KEPT, .domid = 1, .name = "gr\xc3\xbc\xc3\x9f" },
	  TIME ",\"event\":\"kept\",\"domid\":1,\"name\":\"gr\xc3\xbc\xc3\x9f\"}\n" },
	{ { .type = EVENT_KEPT, .domid = 1, .name = "\xff\xc0\x80\xed\xa0\x80\xc3" },
	  TIME ",\"event\":\"kept\",\"domid\":1,\"name\":\"\\ufffd\\ufffd\\ufffd"
	  "\\ufffd\\ufffd\\ufffd\\ufffd\"}\n" },
};

static bool is_json(const char *line, size_t len)
{
	yajl_handle h = yajl_alloc(NULL, NULL, NULL);
	bool good = yajl_parse(h, (const unsigned char *)line, len) ==
		    yajl_status_ok &&
		    yajl_complete_parse(h) == yajl_status_ok;

	yajl_free(h);
	return good;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* What a line says of a guest is what it was made of; E's name is UTF-8. */
static void check_parsed(const struct event *e, const char *line)
{
	CLEANUP(arena_free) struct arena arena = { 0 };
	struct event got;
	int err = event_parse(line, &arena, &got);

	check(event_line_seq(line) == e->seq, "its number", line);
	if (e->type == EVENT_LISTENING || e->type == EVENT_CUT_OFF) {
		check(err == -EINVAL, "of no guest", line);
		return;
	}
	check(err == 0 && got.type == e->type && got.domid == e->domid &&
	      got.from == e->from && got.seq == e->seq &&
	      same_text(got.reason, e->reason) &&
	      (e->uuid ? got.uuid && memcmp(got.uuid, e->uuid, 16) == 0 :
			 !got.uuid), "understood", line);
	check((e->name && e->name[0] == '\xff') ||
	      same_text(got.name, e->name), "its name", line);
}

static void test_lines(void)
{
	char line[EVENT_LINE_MAX], name[256];
	struct event e = lines[0].event;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct event one = lines[i].event;

		one.time = (struct timespec) { 1000000000, 7000 };
		len = event_format(&one, line);
		check(strcmp(line, lines[i].line) == 0, lines[i].line, line);
		check(len == strlen(line) && is_json(line, len), "JSON", line);
		check_parsed(&one, line);
	}
	/* the longest there can be */
	memset(name, '\001', 255);
	name[255] = '\0';
	e.name = name;
	len = event_format(&e, line);
	check(line[len - 1] == '\n' && is_json(line, len), "whole", line);
}

/* -- the table -------------------------------------------------------------------- */

struct gone {
	char text[128];
};

static void on_gone(const struct seen_domain *d, void *arg)
{
	struct gone *g = arg;
	size_t len = strlen(g->text);

	snprintf(g->text + len, sizeof(g->text) - len, "%u ", d->domid);
}

static struct hv_domain domain(domid_t domid, uint8_t id, bool shutdown)
{
	struct hv_domain d = { .domid = domid, .shutdown = shutdown };

	memset(d.uuid, id, sizeof(d.uuid));
	return d;
}

static void test_table(void)
{
	struct hv_domain first[] = {
		domain(0, 0, false), domain(3, 3, false), domain(5, 5, false),
		domain(9, 9, true),
	};
	/* 3 gone, 5 is another, 9 was put aside, 12 new */
	struct hv_domain second[] = {
		domain(0, 0, false), domain(5, 55, false), domain(9, 99, true),
		domain(12, 12, false),
	};
	struct domain_table t = { 0 };
	struct gone g = { "" };
	struct seen_domain *d;

	check(domain_table_update(&t, first, ARRAY_SIZE(first), on_gone, &g)
	      == 0 && t.count == 4 && !*g.text, "first", g.text);
	for (size_t i = 0; i < t.count; i++)
		t.list[i].told = true;
	t.list[1].name = strdup("three");
	t.list[3].stopped = true;
	check(domain_table_update(&t, second, ARRAY_SIZE(second), on_gone, &g)
	      == 0, "second", g.text);
	check(strcmp(g.text, "3 5 ") == 0, "3 and 5 are gone", g.text);
	d = domain_table_find(&t, 5);
	check(d && !d->told, "5 is new", "");
	d = domain_table_find(&t, 9);
	check(d && d->told && d->uuid[0] == 99, "9 is known", "");
	d = domain_table_find(&t, 12);
	check(d && !d->told, "12 is new", "");
	check(!domain_table_find(&t, 3), "3 is not there", "");
	g.text[0] = '\0';
	d = domain_table_learn(&t, 7);
	check(d && !d->told && t.count == 5 && t.list[2].domid == 7 &&
	      domain_table_learn(&t, 12) == &t.list[4], "7 is learned", "");
	domain_table_forget(&t, 7);
	domain_table_forget(&t, 8);
	check(t.count == 4 && t.list[2].domid == 9, "and forgotten", "");
	check(domain_table_update(&t, second, 0, on_gone, &g) == 0 &&
	      strcmp(g.text, "0 5 9 12 ") == 0 && t.count == 0, "none",
	      g.text);
	domain_table_free(&t);
}

/* -- listeners ------------------------------------------------------------------- */

#define TAG_LISTENER 3

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd == -1 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		perror(path);
		exit(99);
	}
	return fd;
}

/* Until nothing happens any more. */
static void serve(struct listeners *l)
{
	struct loop_event events[8];
	int n;

	while ((n = loop_wait(l->loop, events, ARRAY_SIZE(events), 0)) > 0)
		for (int i = 0; i < n; i++)
			listeners_event(l, events[i].tag.id, events[i].events);
}

/* A packet; "" at the end. */
static const char *next_line(int fd)
{
	static char line[EVENT_LINE_MAX];
	ssize_t n = recv(fd, line, sizeof(line) - 1, MSG_DONTWAIT);

	line[n > 0 ? n : 0] = '\0';
	return line;
}

static void test_slow_listener(struct listeners *l)
{
	struct event e = { .type = EVENT_CREATED, .domid = 7, .name = "web" };
	int slow = connect_to(l->path), quick = connect_to(l->path);
	unsigned long told = 0, heard = 0, lost = 0;
	const char *line;

	listeners_accept(l);
	listeners_accept(l);
	check(l->count == 2, "both are in", "");
	check(strstr(next_line(quick), "listening") != NULL, "hello", "");
	while (!TAILQ_FIRST(&l->list)->lost && told < 100000) {
		listeners_tell(l, &e);
		told++;
		check(strstr(next_line(quick), "created") != NULL,
		      "the other one is told", "");
	}
	listeners_tell(l, &e);
	told++;
	check(l->count == 2, "still there, to be told so", "");
	while (*(line = next_line(slow))) {
		heard += strstr(line, "created") != NULL;
		sscanf(line, "%*[^c]cut-off\",\"lost\":%lu", &lost);
		serve(l);
	}
	check(l->count == 1, "it is cut off", "");
	check(lost == 2 && heard + lost == told, "and told how many it lost",
	      "");
	close(slow);
	close(quick);
	serve(l);
	check(l->count == 0, "who hangs up is forgotten", "");
}

static void test_listeners(void)
{
	char folder[] = "/tmp/test-event.XXXXXX", path[64];
	struct listeners l = { .socket_fd = -1 };
	struct loop loop;

	if (!mkdtemp(folder) || loop_open(&loop))
		exit(99);
	snprintf(path, sizeof(path), "%s/events", folder);
	check(listeners_open(&l, path, &loop, TAG_LISTENER) == 0, "open", "");
	test_slow_listener(&l);
	listeners_close(&l);
	check(access(path, F_OK) != 0, "its socket is removed", "");
	loop_close(&loop);
	rmdir(folder);
}

/* -- the log ------------------------------------------------------------------------ */

struct told {
	unsigned int count;
	uint64_t first, last;
};

static void on_event(const struct event *e, void *arg)
{
	struct told *t = arg;

	if (t->count++ == 0)
		t->first = e->seq;
	check(e->seq > t->last, "in their order", "");
	t->last = e->seq;
}

static int on_line(const char *line, size_t size, void *arg)
{
	check(size == strlen(line) || line[size - 1] == '\n', "a line", line);
	*(unsigned int *)arg += 1;
	return 0;
}

static struct told open_log(struct event_log *log, const char *path)
{
	struct told t = { 0 };

	check(event_log_open(log, path, on_event, &t) == 0, "open", path);
	return t;
}

static void add(struct event_log *log, enum event_type type, uint16_t domid,
		const char *name)
{
	struct event e = {
		.type = type, .domid = domid, .name = name, .uuid = uuid,
		.reason = type == EVENT_SHUTDOWN ? "poweroff" : NULL,
	};

	event_log_add(log, &e);
}

static void test_killed_in_a_line(struct event_log *log, const char *path)
{
	struct told t;

	add(log, EVENT_CREATED, 7, "web");
	add(log, EVENT_SHUTDOWN, 7, "web");
	check(log->seq == 2, "numbered", "");
	check(write(log->fd, "{\"time\":\"2001", 14) == 14, "half a line", "");
	event_log_close(log);
	t = open_log(log, path);
	check(t.count == 2 && t.last == 2 && log->seq == 2,
	      "half a line was told nobody", "");
	add(log, EVENT_DESTROYED, 7, "web");
	event_log_close(log);
	t = open_log(log, path);
	check(t.count == 3 && t.last == 3, "the next is a whole one", "");
}

static void test_shortened(struct event_log *log, const char *path)
{
	unsigned int count = 0;
	struct told t;
	size_t largest = 0;

	add(log, EVENT_CREATED, 8, "stays");
	add(log, EVENT_SHUTDOWN, 8, "stays");
	for (unsigned int i = 0; i < 10000; i++) {
		add(log, i % 2 ? EVENT_DESTROYED : EVENT_CREATED, 9, "passes");
		if (log->size > largest)
			largest = log->size;
	}
	check(largest < EVENT_LOG_SIZE_MAX + EVENT_LINE_MAX, "it is bounded",
	      "");
	check(event_log_read(path, log->seq - EVENT_LOG_KEPT, log->seq, on_line,
			     &count) == 0 && count == EVENT_LOG_KEPT,
	      "the last are there", "");
	count = 0;
	check(event_log_read(path, 3, 5, on_line, &count) == 0 && count == 2,
	      "and those of a domain that is there", "");
	check(event_log_has(log, "{\"time\":\"20") && !event_log_has(log, "x"),
	      "a line can be looked for", "");
	event_log_close(log);
	t = open_log(log, path);
	check(t.first == 4 && t.last == 10005 && log->seq == 10005,
	      "all of it is understood", "");
}

static void test_log(void)
{
	char folder[] = "/tmp/test-event.XXXXXX", path[64];
	struct event_log log;
	struct told t;

	if (!mkdtemp(folder))
		exit(99);
	snprintf(path, sizeof(path), "%s/log", folder);
	t = open_log(&log, path);
	check(t.count == 0 && log.seq == 0 && !*log.boot, "a new one", "");
	check(event_log_begin(&log, "boot-1") == 0, "begin", "");
	test_killed_in_a_line(&log, path);
	check(strcmp(log.boot, "boot-1") == 0, "of this boot", log.boot);
	test_shortened(&log, path);
	check(event_log_begin(&log, "boot-2") == 0, "begin anew", "");
	event_log_close(&log);
	t = open_log(&log, path);
	check(strcmp(log.boot, "boot-2") == 0 && t.last == 10005,
	      "after a boot the numbers go on", log.boot);
	event_log_close(&log);
	unlink(path);
	check(rmdir(folder) == 0, "nothing else is left", folder);
}

int main(void)
{
	test_log();
	test_lines();
	test_table();
	test_listeners();
	return failures ? 1 : 0;
}
