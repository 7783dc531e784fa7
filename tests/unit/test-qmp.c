/* SPDX-License-Identifier: MIT */
/*
 * The QMP client against a QEMU that is played: what it answers, well-formed
 * or not and in whatever pieces, comes to a value or to words.
 */
#include "config.h"

#include "tools/xl-lite/dm-vcpus.h"
#include "tools/xl-lite/qmp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"
#define OK "{\"return\": {}}\r\n"

static int failed;

static void expect(const char *what, const char *want, const char *got)
{
	if (strcmp(want, got) == 0)
		return;
	printf("%s\n want: %s\n  got: %s\n", what, want, got);
	failed = 1;
}

/* A connection whose other end has said SAID and, maybe, hung up. */
static int connection(const char *said, bool hangs_up, int *other)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -1;
	if (write(ends[1], said, strlen(said)) != (ssize_t)strlen(said))
		return -1;
	if (hangs_up)
		shutdown(ends[1], SHUT_WR);
	*other = ends[1];
	return ends[0];
}

/* -- the conversation -------------------------------------------------------- */

static const struct {
	const char *said;
	const char *want;	/* of query-x, or why not */
} talks[] = {
	{ GREETING OK "{\"return\": \"v\"}\r\n", "v" },
	{ GREETING OK "{\"return\": \"v\"}\n", "v" },
	/* events come in between */
	{ GREETING "{\"event\": \"RTC_CHANGE\", \"data\": {}}\r\n" OK
	  "{\"event\": \"STOP\"}\r\n{\"return\": \"v\"}\r\n", "v" },
	{ GREETING OK "{\"error\": {\"class\": \"GenericError\", "
	  "\"desc\": \"no such thing\"}}\r\n", "no such thing" },
	{ GREETING OK "{\"error\": {}}\r\n", "it refused" },
	{ GREETING OK "{\"neither\": 1}\r\n", "it answered something else" },
	{ GREETING OK "[1]\r\n", "it does not speak QMP" },
	{ GREETING OK "{\"return\": ", "it hung up" },
	{ GREETING OK, "it hung up" },
	{ GREETING, "it hung up" },
	{ "", "it hung up" },
	{ "HTTP/1.0 400\r\n", "it does not speak QMP" },
	{ OK, "it does not greet as QMP does" },
};

static void talk(const char *said, const char *want, uint64_t deadline)
{
	CLEANUP_YAJL yajl_val reply = NULL;
	CLEANUP_QMP struct qmp q = { .fd = -1 };
	CLEANUP_CLOSE int other = -1;
	const char *value;
	int err = qmp_open_fd(&q, connection(said, true, &other), deadline);

	if (!err)
		err = qmp_call(&q, "query-x", NULL, 0, &reply);
	value = err ? qmp_why(&q, err) : YAJL_GET_STRING(reply);
	expect(said, want, value ? value : "no text");
}

/* However it is cut into pieces: a reader gets them as they come. */
static void talk_in_pieces(void)
{
	static const char said[] = GREETING OK "{\"return\": \"v\"}\r\n";
	CLEANUP_YAJL yajl_val reply = NULL;
	CLEANUP_QMP struct qmp q = { .fd = -1 };
	int ends[2], err;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return;
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		for (const char *c = said; *c; c++)
			if (write(ends[1], c, 1) != 1)
				_exit(1);
		_exit(0);
	}
	err = qmp_open_fd(&q, ends[0], clock_now_ns() + 30 * NS_PER_S);
	if (!err)
		err = qmp_call(&q, "query-x", NULL, 0, &reply);
	expect("a byte at a time", "v", err ? qmp_why(&q, err)
					    : YAJL_GET_STRING(reply));
	close(ends[1]);
	waitpid(pid, NULL, 0);
}

static void endless_answer(void)
{
	CLEANUP_QMP struct qmp q = { .fd = -1 };
	static char junk[QMP_LINE_MAX + 4096];
	int ends[2], err;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return;
	memset(junk, '[', sizeof(junk));
	pid = fork();
	if (pid == 0) {
		/* ended by the reader, who closes */
		close(ends[0]);
		while (send(ends[1], junk, sizeof(junk), MSG_NOSIGNAL) > 0)
			;
		_exit(0);
	}
	close(ends[1]);
	err = qmp_open_fd(&q, ends[0], clock_now_ns() + 30 * NS_PER_S);
	expect("an answer without an end", "its answer has no end",
	       qmp_why(&q, err));
	qmp_close(&q);
	waitpid(pid, NULL, 0);
}

/* What is nested is freed by calls in calls: a stack is not for QEMU to fill. */
static void deep_answer(bool too_deep)
{
	CLEANUP_YAJL yajl_val reply = NULL;
	CLEANUP_QMP struct qmp q = { .fd = -1 };
	CLEANUP_CLOSE int other = -1;
	const int depth = too_deep ? 20000 : 60;
	static char said[65536];
	size_t used;
	int err;

	used = snprintf(said, sizeof(said), "%s%s{\"return\": [\"\\\"[[[\", ",
			GREETING, OK);
	memset(said + used, '[', depth);
	memset(said + used + depth, ']', depth);
	snprintf(said + used + 2 * depth, sizeof(said) - used - 2 * depth,
		 "]}\r\n");
	err = qmp_open_fd(&q, connection(said, true, &other),
			  clock_now_ns() + 30 * NS_PER_S);
	if (!err)
		err = qmp_call(&q, "query-x", NULL, 0, &reply);
	expect("brackets in brackets", too_deep ? "it does not speak QMP" : "",
	       err ? qmp_why(&q, err) : "");
}

/* -- requests ---------------------------------------------------------------- */

static void requests(void)
{
	static const char want[] =
		"{\"execute\":\"qmp_capabilities\"}\r\n"
		"{\"execute\":\"change-vnc-password\",\"arguments\":"
		"{\"password\":\"a\\\"\\\\b\"}}\r\n"
		"{\"execute\":\"eject\",\"arguments\":"
		"{\"id\":\"ide-5632\",\"force\":true,\"live\":false}}\r\n";
	const struct qmp_arg password = { .name = "password", .text = "a\"\\b" };
	const struct qmp_arg eject[] = {
		{ .name = "id", .text = "ide-5632" }, { .name = "force" },
		{ .name = "live", .off = true },
	};
	const struct qmp_arg latin = { .name = "password", .text = "\xe4" };
	CLEANUP_QMP struct qmp q = { .fd = -1 };
	CLEANUP_CLOSE int other = -1;
	char got[512] = "";

	if (qmp_open_fd(&q, connection(GREETING OK OK OK, true, &other),
			clock_now_ns() + 30 * NS_PER_S) ||
	    qmp_call(&q, "change-vnc-password", &password, 1, NULL) ||
	    qmp_call(&q, "eject", eject, 3, NULL))
		expect("requests", "", qmp_why(&q, 0));
	if (qmp_call(&q, "change-vnc-password", &latin, 1, NULL) != -EILSEQ)
		expect("text that is no UTF-8", "-EILSEQ", "something else");
	if (read(other, got, sizeof(got) - 1) > 0)
		expect("requests", want, got);
}

/* The end of OTHER gets a file with the line, and with no other. */
static void pass(const char *answer, int want, int64_t want_set)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char line[256], said[256], got[64] = "";
	struct iovec data = { .iov_base = line, .iov_len = sizeof(line) };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	CLEANUP_QMP struct qmp q = { .fd = -1 };
	CLEANUP_CLOSE int other = -1;
	CLEANUP_CLOSE int passed = -1;
	CLEANUP_CLOSE int file = memfd_create("file", MFD_CLOEXEC);
	int64_t set = -1;
	int err;

	if (file < 0 || pwrite(file, "this one", 8, 0) != 8)
		return;
	snprintf(said, sizeof(said), GREETING OK "%s" OK, answer);
	err = qmp_open_fd(&q, connection(said, true, &other),
			  clock_now_ns() + 30 * NS_PER_S);
	/* what was sent by now has none */
	if (err || recv(other, line, sizeof(line), 0) <= 0)
		expect("passing", "", qmp_why(&q, err));
	err = qmp_pass(&q, file, &set);
	if (err != want || set != want_set) {
		printf("%s: %d, set %lld\n", answer, err, (long long)set);
		failed = 1;
	}
	if (recvmsg(other, &message, 0) > 0 && CMSG_FIRSTHDR(&message))
		memcpy(&passed, CMSG_DATA(&control.head), sizeof(passed));
	if (passed >= 0 && pread(passed, got, sizeof(got) - 1, 0) < 0)
		got[0] = '\0';
	expect("a descriptor that was passed", "this one", got);
	/* nor has what is sent then */
	message.msg_controllen = sizeof(control);
	qmp_call(&q, "cont", NULL, 0, NULL);
	if (recvmsg(other, &message, 0) <= 0 || CMSG_FIRSTHDR(&message))
		expect("the next line", "no descriptor", "one, or no line");
}

/* -- processors -------------------------------------------------------------- */

#define PLACE(socket, core, more)					\
	"{\"props\": {\"core-id\": " core ", \"thread-id\": 0, "		\
	"\"socket-id\": " socket "}, \"vcpus-count\": 1, " more		\
	"\"type\": \"x86-cpu\"}"
#define PLUGGED "\"qom-path\": \"/machine/0\", "
#define ADDED(number, socket, core)					\
	"{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"x86-cpu\","	\
	"\"id\":\"cpu-" number "\",\"core-id\":" core ",\"thread-id\":0,"	\
	"\"socket-id\":" socket "}}\r\n"

static const struct {
	unsigned int count;
	const char *places;
	int want;
	const char *asked;	/* after the question for them */
} plugs[] = {
	/* QEMU lists the last one first */
	{ 2, PLACE("0", "2", "") "," PLACE("0", "1", "") ","
	     PLACE("0", "0", PLUGGED), 0, ADDED("1", "0", "1") },
	{ 3, PLACE("0", "2", "") "," PLACE("0", "1", "") ","
	     PLACE("0", "0", PLUGGED), 0,
	     ADDED("1", "0", "1") ADDED("2", "0", "2") },
	{ 2, PLACE("1", "0", "") "," PLACE("0", "0", PLUGGED), 0,
	     ADDED("1", "1", "0") },
	{ 1, PLACE("0", "0", PLUGGED), 0, "" },
	{ 1, PLACE("0", "1", PLUGGED) "," PLACE("0", "0", PLUGGED),
	     -ENOTSUP, "" },
	{ 2, PLACE("0", "0", PLUGGED), -ERANGE, "" },
	{ 1, "", -ERANGE, "" },
	{ 2, "{\"type\": 1, \"props\": {}}", -EPROTO, "" },
	{ 2, "{\"type\": \"x86-cpu\"}", -EPROTO, "" },
	{ 2, "7", -EPROTO, "" },
	{ 2, PLACE("0", "\"one\"", "") "," PLACE("0", "0", PLUGGED),
	     -EPROTO, "" },
	{ 1, "{\"type\": \"t\", \"props\": {\"1\":1,\"2\":2,\"3\":3,\"4\":4,"
	     "\"5\":5,\"6\":6,\"7\":7,\"8\":8,\"9\":9}}", -EPROTO, "" },
};

static void plug(unsigned int count, const char *places, int want,
		 const char *asked)
{
	static const char question[] =
		"{\"execute\":\"qmp_capabilities\"}\r\n"
		"{\"execute\":\"query-hotpluggable-cpus\"}\r\n";
	CLEANUP_QMP struct qmp q = { .fd = -1 };
	CLEANUP_CLOSE int other = -1;
	char said[4096], got[2048] = "";
	unsigned int had;
	int err;

	snprintf(said, sizeof(said), GREETING OK "{\"return\": [%s]}\r\n" OK OK,
		 places);
	err = qmp_open_fd(&q, connection(said, true, &other),
			  clock_now_ns() + 30 * NS_PER_S);
	if (!err)
		err = dm_vcpus_plug(&q, count, &had);
	if (err != want) {
		printf("%u processors of %s: %d, not %d\n", count, places, err,
		       want);
		failed = 1;
	}
	if (read(other, got, sizeof(got) - 1) < 0 ||
	    strncmp(got, question, strlen(question)) != 0)
		expect(places, question, got);
	else
		expect(places, asked, got + strlen(question));
}

/* -- answers ----------------------------------------------------------------- */

static void serials(void)
{
	static const char json[] =
		"[{\"label\": \"libxl-cmd\", \"filename\": \"unix:/x\"},"
		" {\"label\": \"serial0\", \"filename\": \"pty:/dev/pts/4\"},"
		" {\"label\": \"serial1\", \"filename\": \"file\"},"
		" {\"label\": \"serialx\", \"filename\": \"pty:/dev/pts/5\"},"
		" {\"label\": \"serial256\", \"filename\": \"pty:/dev/pts/5\"},"
		" {\"label\": 7}, 8, [],"
		" {\"label\": \"serial2\", \"filename\": \"pty:/dev/pts/6\"}]";
	CLEANUP_YAJL yajl_val tree = yajl_tree_parse(json, NULL, 0);
	unsigned int number;
	char got[128] = "";
	const char *tty;
	size_t next = 0, used = 0;

	while (qmp_next_serial(tree, &next, &number, &tty))
		used += snprintf(got + used, sizeof(got) - used, "%u=%s ",
				 number, tty);
	expect("serial ports", "0=/dev/pts/4 2=/dev/pts/6 ", got);
}

static void vnc(const char *json, const char *want)
{
	CLEANUP_YAJL yajl_val tree = yajl_tree_parse(json, NULL, 0);
	const char *host, *port;
	char got[64] = "none";

	if (qmp_vnc(tree, &host, &port))
		snprintf(got, sizeof(got), "%s %s", host, port);
	expect(json, want, got);
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(talks); i++)
		talk(talks[i].said, talks[i].want,
		     clock_now_ns() + 30 * NS_PER_S);
	/* when the time is over, even what is there comes too late */
	talk(talks[0].said, "it does not answer", clock_now_ns());
	talk_in_pieces();
	endless_answer();
	deep_answer(false);
	deep_answer(true);
	requests();
	pass("{\"return\": {\"fdset-id\": 3, \"fd\": 11}}\r\n", 0, 3);
	pass("{\"return\": {}}\r\n", -EPROTO, -1);
	pass("{\"error\": {}}\r\n", -EREMOTEIO, -1);
	for (size_t i = 0; i < ARRAY_SIZE(plugs); i++)
		plug(plugs[i].count, plugs[i].places, plugs[i].want,
		     plugs[i].asked);
	serials();
	vnc("{\"enabled\": true, \"host\": \"::1\", \"service\": \"5901\"}",
	    "::1 5901");
	vnc("{\"enabled\": false}", "none");
	vnc("{\"enabled\": true, \"host\": 5}", "none");
	vnc("[]", "none");
	return failed;
}
