/* SPDX-License-Identifier: MIT */
/*
 * The QMP client against a QEMU that is played: what it answers, well-formed
 * or not and in whatever pieces, comes to a value or to words.
 */
#include "config.h"

#include "tools/xl-lite/qmp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
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

/* -- requests ---------------------------------------------------------------- */

static void requests(void)
{
	static const char want[] =
		"{\"execute\":\"qmp_capabilities\"}\r\n"
		"{\"execute\":\"change-vnc-password\",\"arguments\":"
		"{\"password\":\"a\\\"\\\\b\"}}\r\n"
		"{\"execute\":\"eject\",\"arguments\":"
		"{\"id\":\"ide-5632\",\"force\":true}}\r\n";
	const struct qmp_arg password = { "password", "a\"\\b" };
	const struct qmp_arg eject[] = { { "id", "ide-5632" }, { "force", NULL } };
	const struct qmp_arg latin = { "password", "\xe4" };
	CLEANUP_QMP struct qmp q = { .fd = -1 };
	CLEANUP_CLOSE int other = -1;
	char got[512] = "";

	if (qmp_open_fd(&q, connection(GREETING OK OK OK, true, &other),
			clock_now_ns() + 30 * NS_PER_S) ||
	    qmp_call(&q, "change-vnc-password", &password, 1, NULL) ||
	    qmp_call(&q, "eject", eject, 2, NULL))
		expect("requests", "", qmp_why(&q, 0));
	if (qmp_call(&q, "change-vnc-password", &latin, 1, NULL) != -EILSEQ)
		expect("text that is no UTF-8", "-EILSEQ", "something else");
	if (read(other, got, sizeof(got) - 1) > 0)
		expect("requests", want, got);
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
	requests();
	serials();
	vnc("{\"enabled\": true, \"host\": \"::1\", \"service\": \"5901\"}",
	    "::1 5901");
	vnc("{\"enabled\": false}", "none");
	vnc("{\"enabled\": true, \"host\": 5}", "none");
	vnc("[]", "none");
	return failed;
}
