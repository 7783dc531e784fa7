/* SPDX-License-Identifier: MIT */
/* Asking a QEMU over its monitor socket; see qmp.h. */
#include "config.h"

#include "tools/xl-lite/qmp.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <yajl/yajl_gen.h>

#include "lib/clock.h"
#include "lib/num.h"

static int fail(struct qmp *q, int err, const char *why)
{
	snprintf(q->why, sizeof(q->why), "%s", why);
	return err;
}

const char *qmp_why(const struct qmp *q, int err)
{
	return q->why[0] ? q->why : strerror(-err);
}

/* -- lines ------------------------------------------------------------------ */

/* Until the socket is ready for EVENTS. */
static int wait_for(struct qmp *q, short events)
{
	for (;;) {
		struct pollfd p = { .fd = q->fd, .events = events };
		const uint64_t now = clock_now_ns();
		int n;

		if (now >= q->deadline_ns)
			return fail(q, -ETIMEDOUT, "it does not answer");
		n = poll(&p, 1, (q->deadline_ns - now) / NS_PER_MS + 1);
		if (n == 1)
			return 0;
		if (n == -1 && errno != EINTR)
			return -errno;
	}
}

/* Some of it; the first byte takes the descriptor along. */
static ssize_t send_some(struct qmp *q, const unsigned char *text, size_t size)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .space = { 0 } };
	struct iovec data = { .iov_base = (void *)text, .iov_len = size };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };
	ssize_t n;

	if (q->pass) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), q->pass, sizeof(int));
	}
	n = sendmsg(q->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0)
		q->pass = NULL;
	return n;
}

static int send_line(struct qmp *q, const unsigned char *text, size_t size)
{
	while (size) {
		int err = wait_for(q, POLLOUT);
		ssize_t n;

		if (err)
			return err;
		n = send_some(q, text, size);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			size -= n;
		}
	}
	return 0;
}

static int receive_some(struct qmp *q)
{
	int err = wait_for(q, POLLIN);
	ssize_t n;

	if (err)
		return err;
	n = recv(q->fd, q->line + q->used, QMP_LINE_MAX - q->used,
		 MSG_DONTWAIT);
	if (n == 0)
		return fail(q, -EPIPE, "it hung up");
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	q->used += n;
	return 0;
}

/* More than any answer has; a tree of them is freed by as many calls in calls. */
#define NESTING_MAX 64

static bool is_too_deep(const char *text)
{
	unsigned int depth = 0;
	bool in_text = false;

	for (; *text; text++) {
		if (*text == '"')
			in_text = !in_text;
		else if (in_text && *text == '\\' && text[1])
			text++;
		else if (!in_text && (*text == '[' || *text == '{'))
			depth++;
		else if (!in_text && (*text == ']' || *text == '}') && depth)
			depth--;
		if (depth > NESTING_MAX)
			return true;
	}
	return false;
}

/* The next whole line, as a tree, is taken out of the buffer. */
static int receive_message(struct qmp *q, yajl_val *ret)
{
	char *end;

	while (!(end = memchr(q->line, '\n', q->used))) {
		int err = q->used < QMP_LINE_MAX ? receive_some(q) :
			fail(q, -EPROTO, "its answer has no end");

		if (err)
			return err;
	}
	*end++ = '\0';
	*ret = is_too_deep(q->line) ? NULL : yajl_tree_parse(q->line, NULL, 0);
	q->used -= end - q->line;
	memmove(q->line, end, q->used);
	if (!YAJL_IS_OBJECT(*ret)) {
		cleanup_yajl(ret);
		*ret = NULL;
		return fail(q, -EPROTO, "it does not speak QMP");
	}
	return 0;
}

/* -- messages --------------------------------------------------------------- */

static yajl_val member(yajl_val object, const char *name)
{
	const char *path[] = { name, NULL };

	return yajl_tree_get(object, path, yajl_t_any);
}

static const char *text_member(yajl_val object, const char *name)
{
	yajl_val value = member(object, name);

	return YAJL_GET_STRING(value);
}

static bool put_text(yajl_gen gen, const char *text)
{
	return yajl_gen_string(gen, (const unsigned char *)text, strlen(text))
		== yajl_gen_status_ok;
}

static bool put_arg(yajl_gen gen, const struct qmp_arg *arg)
{
	if (!put_text(gen, arg->name))
		return false;
	if (arg->text)
		return put_text(gen, arg->text);
	if (arg->number)
		return yajl_gen_integer(gen, *arg->number) ==
		       yajl_gen_status_ok;
	return yajl_gen_bool(gen, !arg->off) == yajl_gen_status_ok;
}

/* A text that is no UTF-8 is none for JSON either. */
static int make_request(yajl_gen gen, const char *command,
			const struct qmp_arg *args, size_t count)
{
	bool good = true;

	yajl_gen_map_open(gen);
	put_text(gen, "execute");
	put_text(gen, command);
	if (count) {
		put_text(gen, "arguments");
		yajl_gen_map_open(gen);
	}
	for (size_t i = 0; i < count; i++)
		good &= put_arg(gen, &args[i]);
	if (count)
		yajl_gen_map_close(gen);
	yajl_gen_map_close(gen);
	return good ? 0 : -EILSEQ;
}

static int request(struct qmp *q, const char *command,
		   const struct qmp_arg *args, size_t count)
{
	yajl_gen gen = yajl_gen_alloc(NULL);
	const unsigned char *text;
	size_t size;
	int err;

	if (!gen)
		return -ENOMEM;
	yajl_gen_config(gen, yajl_gen_validate_utf8, 1);
	err = make_request(gen, command, args, count);
	if (!err && yajl_gen_get_buf(gen, &text, &size) != yajl_gen_status_ok)
		err = -EILSEQ;
	if (!err)
		err = send_line(q, text, size);
	if (!err)
		err = send_line(q, (const unsigned char *)"\r\n", 2);
	yajl_gen_free(gen);
	return err;
}

/* Return what MESSAGE returns, and leave the rest of it to be freed. */
static yajl_val take_member(yajl_val message, const char *name)
{
	for (size_t i = 0; i < message->u.object.len; i++) {
		yajl_val value = message->u.object.values[i];

		if (strcmp(message->u.object.keys[i], name) == 0) {
			message->u.object.values[i] = NULL;
			return value;
		}
	}
	return NULL;
}

/* 1: this is the answer; 0: it is an event; or -errno. */
static int judge(struct qmp *q, yajl_val message, yajl_val *reply)
{
	yajl_val error = member(message, "error");
	const char *why;

	if (member(message, "event"))
		return 0;
	if (error) {
		why = text_member(error, "desc");
		return fail(q, -EREMOTEIO, why ? why : "it refused");
	}
	if (!member(message, "return"))
		return fail(q, -EPROTO, "it answered something else");
	if (reply)
		*reply = take_member(message, "return");
	return 1;
}

int qmp_call(struct qmp *q, const char *command, const struct qmp_arg *args,
	     size_t count, yajl_val *reply)
{
	int ret;

	q->why[0] = '\0';
	ret = request(q, command, args, count);
	if (ret)
		return ret;
	do {
		CLEANUP_YAJL yajl_val message = NULL;

		ret = receive_message(q, &message);
		if (!ret)
			ret = judge(q, message, reply);
		else
			return ret;
	} while (ret == 0);
	return ret < 0 ? ret : 0;
}

int qmp_pass(struct qmp *q, int fd, int64_t *set)
{
	CLEANUP_YAJL yajl_val answer = NULL;
	yajl_val number;
	int err;

	q->pass = &fd;
	err = qmp_call(q, "add-fd", NULL, 0, &answer);
	q->pass = NULL;
	if (err)
		return err;
	number = member(answer, "fdset-id");
	if (!YAJL_IS_INTEGER(number))
		return fail(q, -EPROTO, "it answered something else");
	*set = YAJL_GET_INTEGER(number);
	return 0;
}

/* -- opening ---------------------------------------------------------------- */

static int greet(struct qmp *q)
{
	CLEANUP_YAJL yajl_val greeting = NULL;
	int err = receive_message(q, &greeting);

	if (err)
		return err;
	if (!member(greeting, "QMP"))
		return fail(q, -EPROTO, "it does not greet as QMP does");
	return qmp_call(q, "qmp_capabilities", NULL, 0, NULL);
}

int qmp_open_fd(struct qmp *q, int fd, uint64_t deadline_ns)
{
	*q = (struct qmp) { .fd = fd, .deadline_ns = deadline_ns };
	q->line = calloc(1, QMP_LINE_MAX);
	return q->line ? greet(q) : -ENOMEM;
}

int qmp_open(struct qmp *q, const char *path, uint64_t deadline_ns)
{
	/* connecting must not wait for whoever talks to this QEMU now */
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
				      SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*q = (struct qmp) { .fd = -1 };
	if (fd == -1)
		return -errno;
	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s", path)
	    >= (int)sizeof(address.sun_path))
		return -ENAMETOOLONG;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return errno == EAGAIN ?
			fail(q, -EBUSY, "it is busy with other clients") :
			-errno;
	return qmp_open_fd(q, STEAL_FD(fd), deadline_ns);
}

void qmp_close(struct qmp *q)
{
	if (q->fd >= 0)
		close(q->fd);
	free(q->line);
	*q = (struct qmp) { .fd = -1 };
}

/* -- answers ---------------------------------------------------------------- */

/* "serial3", whose file is "pty:/dev/pts/7" */
static bool is_serial_tty(yajl_val chardev, unsigned int *number,
			  const char **tty)
{
	static const char serial[] = "serial", pty[] = "pty:";
	const char *label = text_member(chardev, "label");
	const char *file = text_member(chardev, "filename");

	if (!label || !file || strncmp(label, serial, strlen(serial)) != 0 ||
	    strncmp(file, pty, strlen(pty)) != 0 ||
	    num_parse_uint(label + strlen(serial), 0, 255, number))
		return false;
	*tty = file + strlen(pty);
	return true;
}

bool qmp_next_serial(yajl_val chardevs, size_t *next, unsigned int *number,
		     const char **tty)
{
	while (YAJL_IS_ARRAY(chardevs) && *next < chardevs->u.array.len)
		if (is_serial_tty(chardevs->u.array.values[(*next)++], number,
				  tty))
			return true;
	return false;
}

bool qmp_vnc(yajl_val vnc, const char **host, const char **port)
{
	*host = text_member(vnc, "host");
	*port = text_member(vnc, "service");
	vnc = member(vnc, "enabled");
	return YAJL_IS_TRUE(vnc) && *host && *port;
}
