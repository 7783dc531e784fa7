/* SPDX-License-Identifier: MIT */
/*
 * The simulated hypervisor's process: who is connected, what they ask for,
 * and how it is noticed that they are gone.
 *
 * Ends are dealt with before requests: whoever hears that a process died, or
 * closes a descriptor and then asks for something, finds it to have had its
 * effect.
 */
#include "config.h"

#include "tests/sim/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include <xenctrl.h>

#include "tests/sim/xlsim.h"

#define EVENTS 64

/* Its size is that of the largest message. */
static union {
	struct sim_msg msg;
	char space[SIM_MSG_SIZE(SIM_ITEMS_MAX)];
} buffer;

enum { TAG_LISTEN, TAG_GONE, TAG_TIMER };	/* else it is a client */

/* -- handles ------------------------------------------------------------------ */

static struct handle *handle_find(struct broker *b, uint32_t id)
{
	struct handle *h;

	TAILQ_FOREACH(h, &b->handles, link)
		if (h->id == id)
			return h;
	return NULL;
}

/* The end that its owner reads is returned; ours tells when all of it closed. */
static int handle_open(struct broker *b, struct client *c, uint32_t *id)
{
	struct handle *h = calloc(1, sizeof(*h));
	struct epoll_event event = { .events = EPOLLERR };
	struct stat st;
	int fds[2];

	if (!h)
		return -ENOMEM;
	if (pipe2(fds, O_CLOEXEC)) {
		free(h);
		return -errno;
	}
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	fstat(fds[1], &st);
	*h = (struct handle){
		.id = b->next_id++, .domid = c->domid, .restricted = -1,
		.fd = fds[1], .inode = st.st_ino,
	};
	event.data.u32 = h->id;
	epoll_ctl(b->gone_fd, EPOLL_CTL_ADD, h->fd, &event);
	TAILQ_INSERT_TAIL(&b->handles, h, link);
	*id = h->id;
	return fds[0];
}

static int handle_adopt(struct broker *b, int fd, uint32_t *id)
{
	struct handle *h;
	struct stat st;

	if (fd == -1 || fstat(fd, &st) || !S_ISFIFO(st.st_mode))
		return -ENOTTY;
	TAILQ_FOREACH(h, &b->handles, link)
		if (h->inode == st.st_ino) {
			*id = h->id;
			return 0;
		}
	return -ENOTTY;
}

static int handle_restrict(struct handle *h, uint32_t domid)
{
	if (h->restricted >= 0)
		return -EACCES;
	if (domid == 0 || domid >= DOMID_FIRST_RESERVED)
		return -EINVAL;
	h->restricted = domid;
	return 0;
}

static void handle_close(struct broker *b, struct handle *h)
{
	ports_close_handle(b, h);
	TAILQ_REMOVE(&b->handles, h, link);
	close(h->fd);
	free(h);
}

static void close_gone_handles(struct broker *b)
{
	struct epoll_event events[EVENTS];
	int n;

	do {
		n = epoll_wait(b->gone_fd, events, EVENTS, 0);
		for (int i = 0; i < n; i++) {
			struct handle *h = handle_find(b, events[i].data.u32);

			if (h)
				handle_close(b, h);
		}
	} while (n == EVENTS);
}

/* -- what there is ------------------------------------------------------------- */

static const char *const port_states[] = {
	[PORT_UNBOUND] = "unbound", [PORT_INTERDOMAIN] = "interdomain",
	[PORT_VIRQ] = "virq",
};

static void list_ports(FILE *f, const struct domain *d)
{
	for (uint32_t i = PORT_FIRST; i < SIM_PORTS; i++) {
		const struct port *p = &d->ports[i];

		if (p->state == PORT_FREE)
			continue;
		fprintf(f, "port %u/%u %s to %u/%u%s%s\n", d->id, i,
			port_states[p->state], p->remote_domid,
			p->remote_port, p->masked ? " masked" : "",
			p->pending ? " pending" : "");
	}
}

static void list_grants(FILE *f, const struct domain *d)
{
	for (uint32_t ref = 0; ref < d->grant_count; ref++) {
		const struct grant *g = &d->grants[ref];

		if (g->state == GRANT_FREE)
			continue;
		fprintf(f, "grant %u/%u to %u frame %u%s%s readers %u "
			"writers %u\n", d->id, ref, g->to, g->frame,
			g->readonly ? " readonly" : "",
			g->state == GRANT_ENDING ? " ending" : "",
			g->readers, g->writers);
	}
}

static int list_all(struct broker *b)
{
	int fd = memfd_create("xlsim-list", MFD_CLOEXEC);
	const struct domain *d;
	const struct client *c;
	FILE *f = fd == -1 ? NULL : fdopen(dup(fd), "w");

	if (!f)
		return -errno;
	TAILQ_FOREACH(d, &b->domains, link) {
		fprintf(f, "domain %u%s%s\n", d->id, d->dying ? " dying" : "",
			d->shutdown ? " shutdown" : "");
		list_ports(f, d);
		list_grants(f, d);
	}
	TAILQ_FOREACH(c, &b->clients, link)
		fprintf(f, "process %d domain %u\n", (int)c->pid, c->domid);
	fclose(f);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* -- requests ------------------------------------------------------------------ */

static int on_hello(struct broker *b, struct client *c, struct sim_msg *msg)
{
	if (!domain_find(b, msg->domid))
		return -ESRCH;
	c->domid = msg->domid;
	c->known = true;
	return fcntl(b->memory, F_DUPFD_CLOEXEC, 0);
}

static uint32_t meant(const struct client *c, uint32_t domid)
{
	return domid == DOMID_SELF ? c->domid : domid;
}

/* What concerns a handle, which must be the domain's own. */
static int on_evtchn(struct broker *b, struct client *c, struct sim_msg *msg)
{
	struct handle *h = handle_find(b, msg->handle);

	if (!h || h->domid != c->domid)
		return -EBADF;
	switch (msg->op) {
	case SIM_EVTCHN_RESTRICT:
		return handle_restrict(h, msg->domid);
	case SIM_EVTCHN_UNBOUND:
		return port_unbound(b, domain_find(b, h->domid), h,
				    meant(c, msg->domid), &msg->port);
	case SIM_EVTCHN_INTERDOMAIN:
		return port_interdomain(b, h, meant(c, msg->domid), msg->port,
					&msg->port);
	case SIM_EVTCHN_VIRQ:
		return port_virq(b, h, msg->id, &msg->port);
	case SIM_EVTCHN_TAKE:
		return port_take(b, h, msg->port);
	case SIM_EVTCHN_UNBIND:
		return port_unbind(b, h, msg->port);
	case SIM_EVTCHN_NOTIFY:
		return port_notify(b, h, msg->port, msg->id);
	default:
		port_unmask(b, h, msg->port);
		return 0;
	}
}

static int add_port(struct broker *b, struct sim_msg *msg)
{
	struct domain *d = domain_find(b, msg->domid);

	return d ? port_unbound(b, d, NULL, msg->id, &msg->port) : -ESRCH;
}

static int on_domain(struct broker *b, struct client *c, struct sim_msg *msg)
{
	if (c->domid != 0 && msg->op < SIM_DOMAIN_STORE)
		return -EPERM;
	switch (msg->op) {
	case SIM_DOMAIN_CREATE:
		return domain_create(b, msg->domid, msg->id);
	case SIM_DOMAIN_DESTROY:
		return domain_destroy(b, msg->domid);
	case SIM_DOMAIN_SHUTDOWN:
		return domain_shutdown(b, msg->domid, msg->id);
	case SIM_DOMAIN_PORT:
		return add_port(b, msg);
	case SIM_DOMAIN_PAUSE:
		return domain_pause(b, msg->domid, msg->flags & SIM_PAUSED);
	case SIM_DOMAIN_STORE:
		return domain_store(b, c->domid, msg);
	default:
		domain_info(b, msg);
		return 0;
	}
}

static int on_grant(struct broker *b, struct client *c, struct sim_msg *msg)
{
	switch (msg->op) {
	case SIM_GRANT_MAP:
		return grants_map(b, c, msg);
	case SIM_GRANT_PIN:
		return grants_pin(b, c, msg);
	case SIM_GRANT_SHARE:
		return grants_share(b, c, msg);
	case SIM_FOREIGN_MAP:
		frames_foreign(b, msg);
		return 0;
	default:
		return grants_end(b, c, msg->op == SIM_GRANT_UNMAP ?
				  HOLD_MAP : msg->op == SIM_GRANT_UNPIN ?
				  HOLD_PIN : HOLD_SHARE, msg->id);
	}
}

/* Result; *OUT is a descriptor to go with it, which is closed then. */
static int carry_out(struct broker *b, struct client *c, struct sim_msg *msg,
		     int in, int *out)
{
	switch (msg->op) {
	case SIM_HELLO:
		*out = on_hello(b, c, msg);
		break;
	case SIM_SYNC:
		return 0;
	case SIM_DIE:
		kill(c->pid, SIGKILL);
		return 0;
	case SIM_LIST:
		*out = list_all(b);
		break;
	case SIM_EVTCHN_OPEN:
		*out = handle_open(b, c, &msg->handle);
		break;
	case SIM_EVTCHN_ADOPT:
		return handle_adopt(b, in, &msg->handle);
	case SIM_EVTCHN_RESTRICT ... SIM_EVTCHN_UNMASK:
		return on_evtchn(b, c, msg);
	case SIM_DOMAIN_CREATE ... SIM_DOMAIN_INFO:
		return on_domain(b, c, msg);
	case SIM_GRANT_MAP ... SIM_FOREIGN_MAP:
		return on_grant(b, c, msg);
	default:
		return -ENOSYS;
	}
	return *out < 0 ? *out : 0;
}

/* -- clients ------------------------------------------------------------------- */

union control {
	struct cmsghdr align;
	char space[CMSG_SPACE(sizeof(int))];
};

static ssize_t receive(int sock, int *fd)
{
	struct iovec iov = {
		.iov_base = &buffer, .iov_len = sizeof(buffer),
	};
	union control control = { 0 };
	struct msghdr header = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(sock, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *c;

	*fd = -1;
	if (n <= 0)
		return n;
	c = CMSG_FIRSTHDR(&header);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(int));
	return n;
}

static void reply(int sock, int fd)
{
	struct iovec iov = {
		.iov_base = &buffer,
		.iov_len = SIM_MSG_SIZE(buffer.msg.count),
	};
	union control control = { 0 };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		struct cmsghdr *c;

		header.msg_control = &control;
		header.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&header);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	/* it waits for this, so there is room; or it is dead */
	sendmsg(sock, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void client_gone(struct broker *b, struct client *c)
{
	TAILQ_REMOVE(&b->clients, c, link);
	close(c->sock);
	grants_end_all(b, c);
	free(c);
}

/* One request; false: it has no more to say, *GONE if for ever. */
static bool serve_one(struct broker *b, struct client *c, bool *gone)
{
	int in, out = -1;
	ssize_t n = receive(c->sock, &in);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	*gone = n < (ssize_t)SIM_MSG_SIZE(0) ||
		buffer.msg.count > SIM_ITEMS_MAX ||
		n != (ssize_t)SIM_MSG_SIZE(buffer.msg.count);
	if (*gone) {
		if (in >= 0)
			close(in);
		return false;
	}
	close_gone_handles(b);
	buffer.msg.result = carry_out(b, c, &buffer.msg, in, &out);
	if (in >= 0)
		close(in);
	if (buffer.msg.result < 0)
		buffer.msg.count = 0;
	reply(c->sock, out);
	if (out >= 0)
		close(out);
	return true;
}

static void on_client(struct broker *b, struct client *c, bool all)
{
	bool gone = false;

	while (serve_one(b, c, &gone))
		if (!all)
			return;
	if (gone)
		client_gone(b, c);
}

static void on_connect(struct broker *b, int listen_fd)
{
	int sock = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
	struct client *c = sock == -1 ? NULL : calloc(1, sizeof(*c));
	struct epoll_event event = { .events = EPOLLIN };
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (!c) {
		if (sock != -1)
			close(sock);
		return;
	}
	c->sock = sock;
	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0)
		c->pid = cred.pid;
	LIST_INIT(&c->holds);
	TAILQ_INSERT_TAIL(&b->clients, c, link);
	event.data.ptr = c;
	epoll_ctl(b->epoll_fd, EPOLL_CTL_ADD, sock, &event);
}

/* -- the loop ------------------------------------------------------------------ */

static bool client_there(const struct broker *b, const void *c)
{
	const struct client *other;

	TAILQ_FOREACH(other, &b->clients, link)
		if (other == c)
			return true;
	return false;
}

static void turn(struct broker *b, int listen_fd)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(b->epoll_fd, events, EVENTS, -1);

	for (int i = 0; i < n; i++)
		if (events[i].data.u64 > TAG_TIMER &&
		    events[i].events & (EPOLLHUP | EPOLLERR))
			on_client(b, events[i].data.ptr, true);
	close_gone_handles(b);
	for (int i = 0; i < n; i++) {
		uint64_t expired;

		switch (events[i].data.u64) {
		case TAG_LISTEN:
			on_connect(b, listen_fd);
			break;
		case TAG_GONE:
			break;
		case TAG_TIMER:
			if (read(b->timer_fd, &expired, sizeof(expired)) > 0)
				ports_run_late(b);
			break;
		default:
			if (client_there(b, events[i].data.ptr))
				on_client(b, events[i].data.ptr, false);
		}
	}
}

static void watch(struct broker *b, int fd, uint64_t tag)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = tag };

	epoll_ctl(b->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int open_memory(struct broker *b)
{
	const size_t size = (size_t)SIM_FRAMES * SIM_PAGE;
	void *frames;

	b->memory = memfd_create("xlsim-memory", MFD_CLOEXEC);
	if (b->memory == -1 || ftruncate(b->memory, size))
		return -errno;
	frames = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
		      b->memory, 0);
	if (frames == MAP_FAILED)
		return -errno;
	b->frames = frames;
	for (uint32_t i = 0; i < SIM_FRAMES; i++)
		b->owner[i] = i < SIM_FRAMES_FIRST ? 0 : FRAME_FREE;
	b->next_frame = SIM_FRAMES_FIRST;
	return 0;
}

static int open_all(struct broker *b)
{
	int r = open_memory(b);

	TAILQ_INIT(&b->domains);
	TAILQ_INIT(&b->handles);
	TAILQ_INIT(&b->clients);
	TAILQ_INIT(&b->late);
	b->next_id = 1;
	b->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	b->gone_fd = epoll_create1(EPOLL_CLOEXEC);
	b->timer_fd = timerfd_create(CLOCK_MONOTONIC,
				     TFD_CLOEXEC | TFD_NONBLOCK);
	return r ? r : domain_create(b, 0, SIM_PORTS - 1);
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (fd == -1 ||
	    bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, 64))
		return -errno;
	return fd;
}

int broker_main(void)
{
	static struct broker b;
	int listen_fd, r;

	background();
	r = open_all(&b);
	listen_fd = r ? r : listen_at(SIM_SOCKET);
	if (listen_fd < 0) {
		fprintf(stderr, "xlsim: broker: " SIM_DIR ": %s\n",
			strerror(-listen_fd));
		return EXIT_FAILURE;
	}
	watch(&b, listen_fd, TAG_LISTEN);
	watch(&b, b.gone_fd, TAG_GONE);
	watch(&b, b.timer_fd, TAG_TIMER);
	ready();
	for (;;)
		turn(&b, listen_fd);
}
