/* SPDX-License-Identifier: MIT */
/*
 * /dev/xen/xenbus of one domain: a socket on which its programs speak the
 * xenstore protocol, and the domain's real ring to the real xenstored behind
 * it. Like Linux's driver it gives every program's requests and watches
 * numbers of its own, and ends the watches and transactions of a program that
 * closes the device or dies.
 */
#include "config.h"

#include "tests/sim/xlsim.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xen/io/xs_wire.h>

#include "tests/sim/client.h"

#define USERS_MAX 64

/* Bytes that wait to go somewhere. */
struct bytes {
	char *data;
	size_t used, size;
};

struct transaction {
	LIST_ENTRY(transaction) link;
	uint32_t id;
};

struct watch {
	LIST_ENTRY(watch) link;
	uint32_t id;			/* our token */
	char *path, *token;		/* the program's */
};

struct user {
	LIST_ENTRY(user) link;
	int fd;
	pid_t pid;
	char role[64];			/* what it is called */
	struct bytes in, out;
	LIST_HEAD(, transaction) transactions;
	LIST_HEAD(, watch) watches;
};

struct request {
	LIST_ENTRY(request) link;
	uint32_t id;			/* ours */
	uint32_t theirs;
	uint32_t type;
	uint32_t watch;			/* of XS_WATCH */
	struct user *user;		/* NULL: gone, or it is our own */
};

static struct {
	struct xenstore_domain_interface *ring;
	uint32_t handle, port;
	int event_fd, listen_fd;
	uint32_t next_id;
	struct bytes out, in;		/* of the ring */
	LIST_HEAD(, user) users;
	LIST_HEAD(, request) requests;
} bus;

/* -- bytes --------------------------------------------------------------------- */

static char *bytes_room(struct bytes *b, size_t count)
{
	if (b->used + count > b->size) {
		b->size = (b->used + count) * 2;
		b->data = realloc(b->data, b->size);
		if (!b->data)
			abort();
	}
	return b->data + b->used;
}

static void bytes_add(struct bytes *b, const void *data, size_t count)
{
	memcpy(bytes_room(b, count), data, count);
	b->used += count;
}

static void bytes_drop(struct bytes *b, size_t count)
{
	b->used -= count;
	memmove(b->data, b->data + count, b->used);
}

/* A whole message at the head of it, or NULL. */
static struct xsd_sockmsg *bytes_message(struct bytes *b)
{
	struct xsd_sockmsg *m = (struct xsd_sockmsg *)b->data;

	return b->used >= sizeof(*m) && b->used >= sizeof(*m) + m->len ?
		m : NULL;
}

/* -- the ring ------------------------------------------------------------------ */

static void send_event(void)
{
	struct sim_msg msg = {
		.op = SIM_EVTCHN_NOTIFY, .handle = bus.handle,
		.port = bus.port,
	};

	sim_call(&msg, -1, NULL);
}

static bool pump_out(void)
{
	struct xenstore_domain_interface *r = bus.ring;
	XENSTORE_RING_IDX cons = __atomic_load_n(&r->req_cons,
						 __ATOMIC_ACQUIRE);
	XENSTORE_RING_IDX prod = r->req_prod;
	size_t n = 0;

	while (n < bus.out.used && prod - cons < XENSTORE_RING_SIZE)
		r->req[MASK_XENSTORE_IDX(prod++)] = bus.out.data[n++];
	if (n == 0)
		return false;
	__atomic_store_n(&r->req_prod, prod, __ATOMIC_RELEASE);
	bytes_drop(&bus.out, n);
	return true;
}

static bool pump_in(void)
{
	struct xenstore_domain_interface *r = bus.ring;
	XENSTORE_RING_IDX prod = __atomic_load_n(&r->rsp_prod,
						 __ATOMIC_ACQUIRE);
	XENSTORE_RING_IDX cons = r->rsp_cons;

	if (prod == cons || prod - cons > XENSTORE_RING_SIZE)
		return false;
	for (; cons != prod; cons++)
		bytes_add(&bus.in, &r->rsp[MASK_XENSTORE_IDX(cons)], 1);
	__atomic_store_n(&r->rsp_cons, cons, __ATOMIC_RELEASE);
	return true;
}

static void send_ring(struct xsd_sockmsg m, const void *body,
		      struct user *user, uint32_t watch)
{
	struct request *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	*r = (struct request){
		.id = bus.next_id++, .theirs = m.req_id, .type = m.type,
		.watch = watch, .user = user,
	};
	LIST_INSERT_HEAD(&bus.requests, r, link);
	m.req_id = r->id;
	bytes_add(&bus.out, &m, sizeof(m));
	bytes_add(&bus.out, body, m.len);
}

/* -- to a program -------------------------------------------------------------- */

static void answer(struct user *u, uint32_t type, uint32_t req_id,
		   uint32_t tx_id, const void *body, uint32_t len)
{
	struct xsd_sockmsg m = {
		.type = type, .req_id = req_id, .tx_id = tx_id, .len = len,
	};

	bytes_add(&u->out, &m, sizeof(m));
	bytes_add(&u->out, body, len);
}

static void answer_text(struct user *u, const struct xsd_sockmsg *m,
			uint32_t type, const char *text)
{
	answer(u, type, m->req_id, m->tx_id, text, strlen(text) + 1);
}

/* -- watches ------------------------------------------------------------------- */

static void watch_free(struct watch *w)
{
	LIST_REMOVE(w, link);
	free(w->path);
	free(w->token);
	free(w);
}

static struct watch *watch_find(uint32_t id, struct user **owner)
{
	struct watch *w;
	struct user *u;

	LIST_FOREACH(u, &bus.users, link)
		LIST_FOREACH(w, &u->watches, link)
			if (w->id == id) {
				*owner = u;
				return w;
			}
	return NULL;
}

/* "path\0token\0"; false: it is not. */
static bool split(const char *body, uint32_t len, const char **second)
{
	const char *end = memchr(body, 0, len);

	*second = end ? end + 1 : NULL;
	return end && memchr(*second, 0, body + len - *second);
}

static void send_watch(uint32_t type, struct xsd_sockmsg m,
		       const struct watch *w, struct user *u)
{
	char body[XENSTORE_PAYLOAD_MAX + 16];
	int n = snprintf(body, sizeof(body), "%s%c%X", w->path, 0, w->id);

	m.type = type;
	m.tx_id = 0;
	m.len = n + 1;
	send_ring(m, body, u, w->id);
}

static void on_watch(struct user *u, const struct xsd_sockmsg *m,
		     const char *body)
{
	const char *token;
	struct watch *w;

	if (!split(body, m->len, &token)) {
		answer_text(u, m, XS_ERROR, "EINVAL");
		return;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		abort();
	w->id = bus.next_id++;
	w->path = strdup(body);
	w->token = strdup(token);
	LIST_INSERT_HEAD(&u->watches, w, link);
	send_watch(XS_WATCH, *m, w, u);
}

static void on_unwatch(struct user *u, const struct xsd_sockmsg *m,
		       const char *body)
{
	const char *token;
	struct watch *w;

	if (!split(body, m->len, &token)) {
		answer_text(u, m, XS_ERROR, "EINVAL");
		return;
	}
	LIST_FOREACH(w, &u->watches, link)
		if (!strcmp(w->path, body) && !strcmp(w->token, token)) {
			send_watch(XS_UNWATCH, *m, w, u);
			watch_free(w);
			return;
		}
	answer_text(u, m, XS_UNWATCH, "OK");
}

static void on_event(const char *body, uint32_t len)
{
	char event[2 * XENSTORE_PAYLOAD_MAX];
	const char *token;
	struct watch *w;
	struct user *u;
	int n;

	if (!split(body, len, &token))
		return;
	w = watch_find(strtoul(token, NULL, 16), &u);
	if (!w)
		return;
	n = snprintf(event, sizeof(event), "%s%c%s", body, 0, w->token);
	answer(u, XS_WATCH_EVENT, 0, 0, event, n + 1);
}

/* -- transactions ---------------------------------------------------------------- */

static struct transaction *transaction_find(struct user *u, uint32_t id)
{
	struct transaction *t;

	LIST_FOREACH(t, &u->transactions, link)
		if (t->id == id)
			return t;
	return NULL;
}

static void transaction_add(struct user *u, const char *body, uint32_t len)
{
	struct transaction *t = calloc(1, sizeof(*t));

	if (!t || !memchr(body, 0, len))
		abort();
	t->id = strtoul(body, NULL, 10);
	LIST_INSERT_HEAD(&u->transactions, t, link);
}

static void transaction_forget(struct transaction *t)
{
	LIST_REMOVE(t, link);
	free(t);
}

static void transaction_abort(uint32_t id)
{
	const struct xsd_sockmsg m = {
		.type = XS_TRANSACTION_END, .tx_id = id, .len = 2,
	};

	send_ring(m, "F", NULL, 0);
}

/* -- from a program --------------------------------------------------------------- */

static void on_request(struct user *u, const struct xsd_sockmsg *m,
		       const char *body)
{
	struct transaction *t = transaction_find(u, m->tx_id);

	if (m->type == XS_WATCH) {
		on_watch(u, m, body);
		return;
	}
	if (m->type == XS_UNWATCH) {
		on_unwatch(u, m, body);
		return;
	}
	if (m->tx_id && !t) {
		answer_text(u, m, XS_ERROR, "ENOENT");
		return;
	}
	if (t && m->type == XS_TRANSACTION_END)
		transaction_forget(t);
	send_ring(*m, body, u, 0);
}

static void user_close(struct user *u)
{
	struct transaction *t;
	struct request *r;
	struct watch *w;

	LIST_REMOVE(u, link);
	LIST_FOREACH(r, &bus.requests, link)
		if (r->user == u)
			r->user = NULL;
	while ((t = LIST_FIRST(&u->transactions))) {
		transaction_abort(t->id);
		transaction_forget(t);
	}
	while ((w = LIST_FIRST(&u->watches))) {
		send_watch(XS_UNWATCH, (struct xsd_sockmsg){ 0 }, w, NULL);
		watch_free(w);
	}
	close(u->fd);
	free(u->in.data);
	free(u->out.data);
	free(u);
}

/* True: the request has met with a fault, and goes no further. */
static bool request_fails(struct user *u, const struct xsd_sockmsg *m)
{
	int value;

	switch (sim_fault_of(u->role, SIM_CALL_xenbus_request, &value)) {
	case SIM_FAIL:
		answer_text(u, m, XS_ERROR, strerrorname_np(value));
		return true;
	case SIM_KILL:
		kill(u->pid, SIGKILL);
		return true;
	case SIM_DROP:
		return true;
	default:
		return false;
	}
}

/* False: it is gone, or talks nonsense. */
static bool user_read(struct user *u)
{
	struct xsd_sockmsg *m;
	ssize_t n = recv(u->fd, bytes_room(&u->in, 8192), 8192, MSG_DONTWAIT);

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	u->in.used += n;
	while ((m = bytes_message(&u->in))) {
		if (m->len > XENSTORE_PAYLOAD_MAX)
			return false;
		if (!request_fails(u, m))
			on_request(u, m, (const char *)(m + 1));
		bytes_drop(&u->in, sizeof(*m) + m->len);
	}
	return true;
}

static bool user_write(struct user *u)
{
	ssize_t n;

	if (u->out.used == 0)
		return true;
	n = send(u->fd, u->out.data, u->out.used, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	bytes_drop(&u->out, n);
	return true;
}

/* As a process finds its own: see client.c. */
static void find_role(struct user *u)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	char path[64], name[sizeof(u->role)] = "";
	FILE *f;

	if (getsockopt(u->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return;
	u->pid = cred.pid;
	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)cred.pid);
	f = fopen(path, "re");
	if (!f)
		return;
	if (fread(name, 1, sizeof(name) - 1, f) > 0)
		snprintf(u->role, sizeof(u->role), "%s",
			 strrchr(name, '/') ? strrchr(name, '/') + 1 : name);
	fclose(f);
}

static void user_new(void)
{
	int fd = accept4(bus.listen_fd, NULL, NULL, SOCK_CLOEXEC);
	struct user *u = fd == -1 ? NULL : calloc(1, sizeof(*u));

	if (!u) {
		if (fd != -1)
			close(fd);
		return;
	}
	u->fd = fd;
	find_role(u);
	LIST_INSERT_HEAD(&bus.users, u, link);
}

/* -- from the ring ----------------------------------------------------------------- */

static void on_reply(const struct xsd_sockmsg *m, const char *body)
{
	struct user *u = NULL;
	struct request *r;
	struct watch *w;

	LIST_FOREACH(r, &bus.requests, link)
		if (r->id == m->req_id)
			break;
	if (!r)
		return;
	if (m->type == XS_TRANSACTION_START && r->user)
		transaction_add(r->user, body, m->len);
	else if (m->type == XS_TRANSACTION_START)
		transaction_abort(strtoul(body, NULL, 10));
	w = m->type == XS_ERROR && r->type == XS_WATCH ?
	    watch_find(r->watch, &u) : NULL;
	if (w)
		watch_free(w);
	if (r->user)
		answer(r->user, m->type, r->theirs, m->tx_id, body, m->len);
	LIST_REMOVE(r, link);
	free(r);
}

static void take_replies(void)
{
	struct xsd_sockmsg *m;

	while ((m = bytes_message(&bus.in))) {
		if (m->type == XS_WATCH_EVENT)
			on_event((const char *)(m + 1), m->len);
		else
			on_reply(m, (const char *)(m + 1));
		bytes_drop(&bus.in, sizeof(*m) + m->len);
	}
}

static void serve_ring(void)
{
	bool moved, any = false;

	do {
		moved = pump_in();
		if (moved)
			take_replies();
		moved |= pump_out();
		any |= moved;
	} while (moved);
	if (any)
		send_event();
}

static void take_port(void)
{
	struct sim_msg msg = { .op = SIM_EVTCHN_UNMASK, .handle = bus.handle };

	if (read(bus.event_fd, &msg.port, sizeof(msg.port)) ==
	    sizeof(msg.port))
		sim_call(&msg, -1, NULL);
}

/* -- the process ------------------------------------------------------------------- */

static unsigned int fill_polls(struct pollfd *polls, struct user **users)
{
	unsigned int n = 0;
	struct user *u;

	polls[n++] = (struct pollfd){ .fd = bus.event_fd, .events = POLLIN };
	polls[n++] = (struct pollfd){ .fd = bus.listen_fd, .events = POLLIN };
	LIST_FOREACH(u, &bus.users, link) {
		if (n == USERS_MAX)
			break;
		users[n] = u;
		polls[n++] = (struct pollfd){
			.fd = u->fd,
			.events = POLLIN | (u->out.used ? POLLOUT : 0),
		};
	}
	return n;
}

static void turn(void)
{
	struct pollfd polls[USERS_MAX];
	struct user *users[USERS_MAX];
	struct user *u, *next;
	unsigned int n = fill_polls(polls, users);

	if (poll(polls, n, -1) == -1)
		return;
	if (polls[0].revents)
		take_port();
	for (unsigned int i = 2; i < n; i++)
		if (polls[i].revents && !user_read(users[i]))
			user_close(users[i]);
	if (polls[1].revents)
		user_new();
	serve_ring();
	for (u = LIST_FIRST(&bus.users); u; u = next) {
		next = LIST_NEXT(u, link);
		if (!user_write(u))
			user_close(u);
	}
	serve_ring();
}

static int attach(unsigned int domid)
{
	struct sim_msg msg = { .op = SIM_DOMAIN_STORE, .domid = domid };
	void *page;

	if (sim_call(&msg, -1, NULL))
		return -1;
	bus.port = msg.port;
	page = mmap(NULL, SIM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		    sim_memory(), (off_t)msg.id * SIM_PAGE);
	if (page == MAP_FAILED)
		return -1;
	bus.ring = page;
	bus.event_fd = sim_evtchn_open(&bus.handle);
	if (bus.event_fd == -1)
		return -1;
	msg = (struct sim_msg){
		.op = SIM_EVTCHN_TAKE, .handle = bus.handle, .port = bus.port,
	};
	return sim_call(&msg, -1, NULL);
}

static int listen_at(unsigned int domid)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	snprintf(addr.sun_path, sizeof(addr.sun_path), SIM_XENBUS, domid);
	unlink(addr.sun_path);
	bus.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return bus.listen_fd == -1 ||
	       bind(bus.listen_fd, (const struct sockaddr *)&addr,
		    sizeof(addr)) ||
	       listen(bus.listen_fd, 16) ? -1 : 0;
}

int xenbus_open(unsigned int domid)
{
	char text[16], name[] = "xlsim-xenbus";

	snprintf(text, sizeof(text), "%u", domid);
	setenv(SIM_DOMID_ENV, text, 1);
	sim_start(1, (char *[]){ name, NULL });
	if (attach(domid) || listen_at(domid)) {
		fprintf(stderr, "xlsim: xenbus of domain %u: %s\n", domid,
			strerror(errno));
		return -1;
	}
	return 0;
}

void xenbus_serve(void)
{
	for (;;)
		turn();
}

int xenbus_main(unsigned int domid)
{
	background();
	if (xenbus_open(domid))
		return EXIT_FAILURE;
	ready();
	xenbus_serve();
	return EXIT_SUCCESS;
}
