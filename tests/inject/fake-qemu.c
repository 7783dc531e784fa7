/* SPDX-License-Identifier: MIT */
/*
 * A QEMU that emulates nothing and misbehaves at one point, for
 * device_model_override= and device_model_args=["-fault", "COMMAND:HOW"]. It
 * says that it is ready, and then answers on its monitor as QEMU does, but at
 * COMMAND ("greeting": before the first one). HOW is
 *
 *	hangup	it closes the connection	exit	it ends
 *	silent	it says nothing, for ever	kill	it is killed
 *	garbage	that is no JSON			error	it refuses
 *	half	half an answer, and hangs up	rest	half an answer, no more
 *	long	100 MB without an end of line	deep	60,000 brackets in brackets
 *	events	events for ever			number	7 is all that it returns
 *	text	a text of 30,000 letters is all it returns
 *	flood	the descriptor that it was given is written to until that fails
 */
#include "config.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xenstore.h>

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"
#define DEEP 30000

static struct {
	const char *command, *how;	/* what goes wrong; NULL: nothing */
	const char *domid;
	int listen_fd;
	int passed;			/* the descriptor that came last */
} self = { .listen_fd = -1, .passed = -1 };

static bool send_text(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t n = send(fd, text, size, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		text += n;
		size -= n;
	}
	return true;
}

static bool say(int fd, const char *text)
{
	return send_text(fd, text, strlen(text));
}

/* Until the other side has gone. */
static bool wait_for_end(int fd)
{
	char byte;

	while (recv(fd, &byte, 1, 0) > 0)
		;
	return false;
}

static bool say_long(int fd)
{
	static char junk[1 << 20];

	memset(junk, '[', sizeof(junk));
	for (int i = 0; i < 100; i++)
		if (!send_text(fd, junk, sizeof(junk)))
			return false;
	return say(fd, "\r\n");
}

static bool say_deep(int fd)
{
	static char text[2 * DEEP + 1];

	memset(text, '[', DEEP);
	memset(text + DEEP, ']', DEEP);
	return say(fd, "{\"return\": ") && say(fd, text) && say(fd, "}\r\n");
}

static bool say_text(int fd)
{
	static char text[DEEP + 1];

	memset(text, 'x', DEEP);
	return say(fd, "{\"return\": {\"enabled\": true, \"host\": \"") &&
	       say(fd, text) && say(fd, "\", \"service\": \"1\"}}\r\n");
}

static bool say_events(int fd)
{
	while (say(fd, "{\"event\": \"RTC_CHANGE\", \"data\": {}}\r\n"))
		;
	return false;
}

static bool say_flood(int fd)
{
	static char junk[1 << 20];
	unsigned long long size = 0;
	char text[128];
	ssize_t n;

	while ((n = write(self.passed, junk, sizeof(junk))) > 0)
		size += n;
	snprintf(text, sizeof(text), "{\"error\": {\"desc\": \"%llu MiB were written, no more\"}}\r\n",
		 size >> 20);
	return say(fd, text);
}

/* False: the connection is over. */
static bool go_wrong(int fd)
{
	const char *how = self.how;

	if (strcmp(how, "exit") == 0)
		exit(3);
	if (strcmp(how, "kill") == 0)
		kill(getpid(), SIGKILL);
	if (strcmp(how, "silent") == 0)
		return wait_for_end(fd);
	if (strcmp(how, "garbage") == 0)
		return say(fd, "\x01\xff no JSON }{\r\n");
	if (strcmp(how, "error") == 0)
		return say(fd, "{\"error\": {\"class\": \"GenericError\", \"desc\": \"not today\"}}\r\n");
	if (strcmp(how, "half") == 0)
		return say(fd, "{\"return\": {\"ena") && false;
	if (strcmp(how, "rest") == 0)
		return say(fd, "{\"return\": {\"ena") && wait_for_end(fd);
	if (strcmp(how, "number") == 0)
		return say(fd, "{\"return\": 7}\r\n");
	if (strcmp(how, "long") == 0)
		return say_long(fd);
	if (strcmp(how, "deep") == 0)
		return say_deep(fd);
	if (strcmp(how, "text") == 0)
		return say_text(fd);
	if (strcmp(how, "events") == 0)
		return say_events(fd);
	if (strcmp(how, "flood") == 0)
		return say_flood(fd);
	return false;		/* "hangup" */
}

static bool is_wrong_at(const char *command)
{
	return self.command && strcmp(self.command, command) == 0;
}

/* As much of QMP as who asks us sends: {"execute":"COMMAND"...} */
static bool answer(int fd, char *line)
{
	static const char execute[] = "{\"execute\":\"";
	char *command = line + strlen(execute), *end;

	if (strncmp(line, execute, strlen(execute)) != 0)
		return false;
	end = strchr(command, '"');
	if (!end)
		return false;
	*end = '\0';
	if (is_wrong_at(command))
		return go_wrong(fd);
	if (strcmp(command, "query-chardev") == 0)
		return say(fd, "{\"return\": [{\"label\": \"serial0\", \"filename\": \"pty:/dev/pts/9\"}]}\r\n");
	if (strcmp(command, "add-fd") == 0)
		return say(fd, "{\"return\": {\"fdset-id\": 1, \"fd\": 9}}\r\n");
	if (strcmp(command, "query-vnc") == 0)
		return say(fd, "{\"return\": {\"enabled\": true, \"host\": \"127.0.0.1\", \"service\": \"5900\"}}\r\n");
	return say(fd, "{\"return\": {}}\r\n");
}

/* A descriptor comes with its line's first byte. */
static bool read_byte(int fd, char *byte)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec data = { .iov_base = byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	if (recvmsg(fd, &message, MSG_CMSG_CLOEXEC) != 1)
		return false;
	if (message.msg_controllen >= CMSG_LEN(sizeof(int)) &&
	    control.head.cmsg_type == SCM_RIGHTS)
		memcpy(&self.passed, CMSG_DATA(&control.head), sizeof(int));
	return true;
}

static bool read_line(int fd, char *line, size_t size)
{
	size_t used = 0;

	while (used < size - 1 && read_byte(fd, &line[used]))
		if (line[used++] == '\n') {
			line[used] = '\0';
			return true;
		}
	return false;
}

static void serve(int fd)
{
	char line[4096];
	bool good = is_wrong_at("greeting") ? go_wrong(fd)
					    : say(fd, GREETING);

	while (good && read_line(fd, line, sizeof(line)))
		good = answer(fd, line);
}

static bool listen_at(const char *path, size_t length)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%.*s",
		 (int)length, path);
	self.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return bind(self.listen_fd, (struct sockaddr *)&address,
		    sizeof(address)) == 0 && listen(self.listen_fd, 1) == 0;
}

/* "socket,id=libxl-cmd,path=PATH,...", or fd=N, on which somebody listens */
static bool take_monitor(const char *word)
{
	static const char id[] = "socket,id=libxl-cmd,";

	if (strncmp(word, id, strlen(id)) != 0)
		return true;
	word += strlen(id);
	if (strncmp(word, "path=", 5) == 0)
		return listen_at(word + 5, strcspn(word + 5, ","));
	self.listen_fd = strtol(word + strlen("fd="), NULL, 10);
	return true;
}

static void take_fault(char *word)
{
	char *colon = strchr(word, ':');

	if (!colon)
		return;
	*colon = '\0';
	self.command = word;
	self.how = colon + 1;
}

static bool read_arguments(char **argv)
{
	for (; argv[0] && argv[1]; argv++) {
		if (strcmp(argv[0], "-xen-domid") == 0)
			self.domid = argv[1];
		if (strcmp(argv[0], "-fault") == 0)
			take_fault(argv[1]);
		if (strcmp(argv[0], "-chardev") == 0 &&
		    !take_monitor(argv[1]))
			return false;
	}
	return self.domid && self.listen_fd >= 0;
}

static bool say_ready(void)
{
	struct xs_handle *xs = xs_open(0);
	char path[64];
	bool good;

	snprintf(path, sizeof(path), "/local/domain/0/device-model/%s/state",
		 self.domid);
	good = xs && xs_write(xs, XBT_NULL, path, "running", 7);
	if (xs)
		xs_close(xs);
	return good;
}

int main(int argc, char **argv)
{
	(void)argc;
	if (!read_arguments(argv) || !say_ready()) {
		perror("fake-qemu");
		return 1;
	}
	for (;;) {
		int fd = accept(self.listen_fd, NULL, NULL);

		if (fd < 0)
			return 1;
		serve(fd);
		close(fd);
	}
}
