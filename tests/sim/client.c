/* SPDX-License-Identifier: MIT */
/* See client.h. */
#include "config.h"

#include "tests/sim/client.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Out of the way of programs that expect low numbers. */
#define FD_LOW 200

#define ENV_FAULTS 16

static struct {
	pthread_mutex_t lock;		/* one request at a time */
	int sock;			/* -1: not connected */
	int memory;
	struct sim_faults *faults;	/* shared ones */
	struct sim_fault env[ENV_FAULTS];
	char role[64];
	bool started;
	bool ours;			/* a program that we test */
	uintptr_t code, code_end;	/* of the program itself */
} sim = { .lock = PTHREAD_MUTEX_INITIALIZER, .sock = -1, .memory = -1 };

/* -- messages --------------------------------------------------------------- */

union control {
	struct cmsghdr align;
	char space[CMSG_SPACE(sizeof(int))];
};

static int send_msg(int sock, const struct sim_msg *msg, int fd)
{
	struct iovec iov = {
		.iov_base = (void *)msg, .iov_len = SIM_MSG_SIZE(msg->count),
	};
	union control control = { 0 };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

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
	do
		n = sendmsg(sock, &header, MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	return n == -1 ? -1 : 0;
}

static int recv_msg(int sock, struct sim_msg *msg, int *fd)
{
	struct iovec iov = {
		.iov_base = msg, .iov_len = SIM_MSG_SIZE(msg->count),
	};
	union control control = { 0 };
	struct msghdr header = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;
	ssize_t n;

	do
		n = recvmsg(sock, &header, MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n <= 0) {
		errno = EIO;
		return -1;
	}
	c = CMSG_FIRSTHDR(&header);
	if (c && c->cmsg_type == SCM_RIGHTS && fd)
		memcpy(fd, CMSG_DATA(c), sizeof(int));
	return 0;
}

static int ask(struct sim_msg *msg, int fd_out, int *fd_in)
{
	if (send_msg(sim.sock, msg, fd_out) || recv_msg(sim.sock, msg, fd_in))
		return -1;
	if (msg->result < 0) {
		errno = -msg->result;
		return -1;
	}
	return 0;
}

/* -- connecting ------------------------------------------------------------- */

static int high(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, FD_LOW);

	if (copy == -1)
		return fd;
	close(fd);
	return copy;
}

static struct sim_faults *map_faults(void)
{
	void *p = mmap(NULL, SIM_FAULT_FRAMES * SIM_PAGE,
		       PROT_READ | PROT_WRITE, MAP_SHARED, sim.memory,
		       (off_t)SIM_FRAME_FAULTS * SIM_PAGE);

	return p == MAP_FAILED ? NULL : p;
}

static int connect_broker(void)
{
	const struct sockaddr_un addr = {
		.sun_family = AF_UNIX, .sun_path = SIM_SOCKET,
	};
	const char *domid = getenv(SIM_DOMID_ENV);
	struct sim_msg msg = { .op = SIM_HELLO };
	int memory = -1;
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (sock == -1)
		return -1;
	sock = high(sock);
	if (connect(sock, (const struct sockaddr *)&addr, sizeof(addr))) {
		close(sock);
		return -1;
	}
	sim.sock = sock;
	msg.domid = domid ? strtoul(domid, NULL, 10) : 0;
	if (ask(&msg, -1, &memory) || memory == -1) {
		close(sock);
		sim.sock = -1;
		return -1;
	}
	if (sim.memory >= 0) {
		close(memory);
		return 0;
	}
	sim.memory = high(memory);
	sim.faults = map_faults();
	return 0;
}

/* The lock is held. */
static int be_connected(void)
{
	if (sim.sock >= 0 || connect_broker() == 0)
		return 0;
	fprintf(stderr, "xlsim: domain %s: no simulated hypervisor at "
		SIM_SOCKET ": %s: run this under tests/sim/run\n",
		getenv(SIM_DOMID_ENV) ?: "0", strerror(errno));
	errno = ENODEV;
	return -1;
}

/* A process of its own, whose end must be seen as its own. */
static void forked(void)
{
	pthread_mutex_init(&sim.lock, NULL);
	if (sim.sock >= 0)
		close(sim.sock);
	sim.sock = -1;
}

static void parse_environment(void)
{
	char *list = strdup(getenv(SIM_FAULT_ENV) ?: "");
	unsigned int n = 0;
	char *text, *rest;

	if (!list)
		return;
	for (text = strtok_r(list, ",", &rest); text;
	     text = strtok_r(NULL, ",", &rest))
		if (n == ENV_FAULTS || !sim_fault_parse(text, &sim.env[n++]))
			fprintf(stderr, "xlsim: " SIM_FAULT_ENV ": '%s' is "
				"no fault: want [ROLE@]CALL:N[-M]:ACTION\n",
				text);
	free(list);
}

/* A worker is "xl-lite-blkd: guest 5": the whole of it is the role. */
static void find_role(int argc, char **argv)
{
	const char *name = argc > 0 ? argv[0] : "";
	const char *slash = strchr(name, ' ') ? NULL : strrchr(name, '/');

	snprintf(sim.role, sizeof(sim.role), "%s", slash ? slash + 1 : name);
	sim.ours = strncmp(sim.role, "xl-lite", strlen("xl-lite")) == 0;
}

/* The first object is the program. */
static int find_code(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size, (void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
			continue;
		sim.code = info->dlpi_addr + p->p_vaddr;
		sim.code_end = sim.code + p->p_memsz;
	}
	return 1;
}

void sim_start(int argc, char **argv)
{
	find_role(argc, argv);
	dl_iterate_phdr(find_code, NULL);
	parse_environment();
	if (!sim.started)
		pthread_atfork(NULL, NULL, forked);
	sim.started = true;
	pthread_mutex_lock(&sim.lock);
	be_connected();
	pthread_mutex_unlock(&sim.lock);
}

void sim_stop(void)
{
	forked();
}

/* -- asked by the libraries -------------------------------------------------- */

int sim_call(struct sim_msg *msg, int fd_out, int *fd_in)
{
	int r;

	pthread_mutex_lock(&sim.lock);
	r = be_connected();
	if (r == 0)
		r = ask(msg, fd_out, fd_in);
	pthread_mutex_unlock(&sim.lock);
	return r;
}

int sim_memory(void)
{
	return sim.memory;
}

int sim_evtchn_open(uint32_t *id)
{
	struct sim_msg msg = { .op = SIM_EVTCHN_OPEN };
	int fd = -1;

	if (sim_call(&msg, -1, &fd))
		return -1;
	*id = msg.handle;
	return fd;
}

int sim_evtchn_find(int fd, uint32_t *id)
{
	struct sim_msg msg = { .op = SIM_EVTCHN_ADOPT };

	if (sim_call(&msg, fd, NULL))
		return -1;
	*id = msg.handle;
	return 0;
}

/* -- faults ------------------------------------------------------------------ */

static const char *const call_names[SIM_CALL_COUNT] = {
#define SIM_CALL(name) [SIM_CALL_##name] = #name,
	SIM_CALLS(SIM_CALL)
#undef SIM_CALL
};

const char *sim_call_name(enum sim_call call)
{
	return call < SIM_CALL_COUNT ? call_names[call] : "?";
}

static int parse_call(const char *name)
{
	for (int i = 0; i < SIM_CALL_COUNT; i++)
		if (strcmp(name, call_names[i]) == 0)
			return i;
	return -1;
}

/* By the names that the C library knows. */
static int parse_errno(const char *name)
{
	for (int i = 1; i < 134; i++) {
		const char *known = strerrorname_np(i);

		if (known && strcmp(known, name) == 0)
			return i;
	}
	return 0;
}

static bool parse_action(const char *text, struct sim_fault *fault)
{
	static const struct {
		const char *name;
		enum sim_action action;
		bool value;
	} actions[] = {
		{ "status=", SIM_STATUS, true },
		{ "drop", SIM_DROP, false },
		{ "double", SIM_DOUBLE, false },
		{ "delay=", SIM_DELAY, true },
		{ "kill", SIM_KILL, false },
		{ "hangup", SIM_HANGUP, false },
		{ "destroy=", SIM_DESTROY, true },
	};

	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++) {
		size_t len = strlen(actions[i].name);

		if (strncmp(text, actions[i].name, len) != 0)
			continue;
		fault->action = actions[i].action;
		fault->value = actions[i].value ?
			       (int)strtol(text + len, NULL, 10) : 0;
		return actions[i].value ? text[len] : !text[len];
	}
	fault->action = SIM_FAIL;
	fault->value = parse_errno(text);
	return fault->value != 0;
}

bool sim_fault_parse(const char *text, struct sim_fault *fault)
{
	char call[32], action[32], role[sizeof(fault->role)] = "";
	const char *at = strrchr(text, '@');
	unsigned int first, last;
	int n, found;

	if (at) {
		if ((size_t)(at - text) >= sizeof(role))
			return false;
		memcpy(role, text, at - text);
		role[at - text] = '\0';
		text = at + 1;
	}
	n = sscanf(text, "%31[a-z_]:%u-%u:%31s", call, &first, &last, action);
	if (n != 4) {
		n = sscanf(text, "%31[a-z_]:%u:%31s", call, &first, action);
		last = first;
		if (n != 3)
			return false;
	}
	found = parse_call(call);
	if (found < 0 || first == 0 || last < first ||
	    !parse_action(action, fault))
		return false;
	memcpy(fault->role, role, sizeof(role));
	fault->call = found;
	fault->first = first;
	fault->last = last;
	atomic_store(&fault->calls, 0);
	atomic_store(&fault->hits, 0);
	atomic_store(&fault->armed, 1);
	return true;
}

static bool hits(struct sim_fault *fault, const char *role,
		 enum sim_call call)
{
	unsigned int n;

	if (!atomic_load(&fault->armed) || fault->call != (uint32_t)call)
		return false;
	if (fault->role[0] && fnmatch(fault->role, role, 0) != 0)
		return false;
	n = atomic_fetch_add(&fault->calls, 1) + 1;
	if (n < fault->first || n > fault->last)
		return false;
	atomic_fetch_add(&fault->hits, 1);
	return true;
}

enum sim_action sim_fault_of(const char *role, enum sim_call call, int *value)
{
	const struct sim_fault *hit = NULL;

	for (unsigned int i = 0; !hit && i < ENV_FAULTS; i++)
		if (hits(&sim.env[i], role, call))
			hit = &sim.env[i];
	for (unsigned int i = 0; !hit && sim.faults && i < sim.faults->used; i++)
		if (hits(&sim.faults->fault[i], role, call))
			hit = &sim.faults->fault[i];
	*value = hit ? hit->value : 0;
	return hit ? hit->action : 0;
}

enum sim_action sim_fault(enum sim_call call, int *value)
{
	enum sim_action action = sim_fault_of(sim.role, call, value);

	if (action == SIM_KILL) {
		struct sim_msg die = { .op = SIM_DIE };

		/* a worker's sandbox does not let it kill itself */
		sim_call(&die, -1, NULL);
	}
	if (action == SIM_DESTROY) {
		struct sim_msg destroy = {
			.op = SIM_DOMAIN_DESTROY, .domid = *value,
		};

		sim_call(&destroy, -1, NULL);
	}
	if (action == SIM_FAIL)
		errno = *value;
	return action;
}

bool sim_fails(enum sim_call call)
{
	int value;

	return sim_fault(call, &value) == SIM_FAIL;
}

enum sim_action sim_fault_at(const void *caller, enum sim_call call,
			     int *value)
{
	const uintptr_t at = (uintptr_t)caller;

	if (sim.ours && at >= sim.code && at < sim.code_end)
		return sim_fault(call, value);
	*value = 0;
	return 0;
}

bool sim_fails_at(const void *caller, enum sim_call call)
{
	int value;

	return sim_fault_at(caller, call, &value) == SIM_FAIL;
}

struct sim_faults *sim_faults(void)
{
	return sim.faults;
}
