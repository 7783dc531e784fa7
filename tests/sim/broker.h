/* SPDX-License-Identifier: MIT */
/*
 * Inside the broker: one thread that owns all domains, event channels and
 * grants of a simulated host, and carries out one request at a time. Nothing
 * here is locked, and nothing is ever half done.
 */
#pragma once

#include <sys/queue.h>
#include <sys/types.h>

#include "tests/sim/sim.h"

#define GREF_RESERVED 8u	/* as Linux keeps them */
#define GREF_STORE 1u		/* of the xenstore ring */
#define PORT_FIRST 1u

struct client;

/* Event channels that somebody has a descriptor of. */
struct handle {
	TAILQ_ENTRY(handle) link;
	uint32_t id;
	uint32_t domid;
	int restricted;			/* to this domid; -1: not */
	int fd;				/* we write what its owner reads */
	ino_t inode;			/* of the pipe, the same at both ends */
};
TAILQ_HEAD(handles, handle);

enum port_state { PORT_FREE, PORT_UNBOUND, PORT_INTERDOMAIN, PORT_VIRQ };

struct port {
	enum port_state state;
	bool masked, pending;
	struct handle *handle;		/* NULL: nobody took it yet */
	uint32_t remote_domid;
	uint32_t remote_port;		/* VIRQ: its number */
};

enum grant_state {
	GRANT_FREE,
	GRANT_LIVE,
	GRANT_ENDING,			/* until nobody uses it any more */
};

struct grant {
	enum grant_state state;
	bool readonly;
	uint32_t to;			/* the domain it is for */
	uint32_t frame;
	unsigned int readers, writers;
	uint32_t next_free;
};

struct domain {
	TAILQ_ENTRY(domain) link;
	uint32_t id;
	bool dying, shutdown, paused;
	uint32_t reason;		/* of the shutdown */
	uint32_t store_frame, store_port;
	uint32_t max_port;
	uint32_t channels;		/* that it has asked for by now */
	struct port ports[SIM_PORTS];
	struct grant *grants;
	uint32_t grant_count;
	uint32_t free_grant;		/* 0: none */
	unsigned int shared;		/* pages that its device has granted */
	unsigned int in_use;		/* uses of its grants by anybody */
};
TAILQ_HEAD(domains, domain);

/* What one call of a client took: pages mapped, shared or pinned. */
enum hold_kind { HOLD_MAP, HOLD_PIN, HOLD_SHARE };

struct held {
	uint32_t domid, ref, frame;
	bool write, taken;
};

struct hold {
	LIST_ENTRY(hold) link;
	enum hold_kind kind;
	uint32_t id;
	uint32_t flags;			/* SIM_CLEAR_BYTE, SIM_SEND_EVENT */
	uint32_t offset, port;
	uint32_t count;
	struct held held[];
};

struct client {
	TAILQ_ENTRY(client) link;
	int sock;
	uint32_t domid;
	bool known;			/* it has said who it is */
	pid_t pid;
	LIST_HEAD(, hold) holds;
};
TAILQ_HEAD(clients, client);

/* A notification that is still on its way. */
struct late {
	TAILQ_ENTRY(late) link;
	uint64_t due_ns;
	uint32_t domid, port;
};

struct broker {
	int memory;
	char *frames;			/* all of it */
	uint16_t owner[SIM_FRAMES];	/* FRAME_FREE, or a domid */
	uint32_t next_frame;		/* where to look for a free one */
	uint32_t next_id;
	struct domains domains;
	struct handles handles;
	struct clients clients;
	TAILQ_HEAD(, late) late;	/* by due_ns */
	int epoll_fd, gone_fd, timer_fd;
};

#define FRAME_FREE UINT16_MAX

/* -- domains.c --------------------------------------------------------------- */

struct domain *domain_find(struct broker *b, uint32_t id);
int domain_create(struct broker *b, uint32_t id, uint32_t max_port);
int domain_store(struct broker *b, uint32_t own, struct sim_msg *msg);
int domain_destroy(struct broker *b, uint32_t id);
int domain_shutdown(struct broker *b, uint32_t id, uint32_t reason);
int domain_pause(struct broker *b, uint32_t id, bool paused);
void domain_info(struct broker *b, struct sim_msg *msg);
/* It may be the last use of a dying domain's memory that ended. */
void domain_settle(struct broker *b, struct domain *d);

/* -- ports.c ----------------------------------------------------------------- */

int port_unbound(struct broker *b, struct domain *d, struct handle *h,
		 uint32_t remote_domid, uint32_t *port);
int port_interdomain(struct broker *b, struct handle *h, uint32_t remote_domid,
		     uint32_t remote_port, uint32_t *port);
int port_virq(struct broker *b, struct handle *h, uint32_t virq,
	      uint32_t *port);
int port_take(struct broker *b, struct handle *h, uint32_t port);
int port_unbind(struct broker *b, struct handle *h, uint32_t port);
int port_notify(struct broker *b, struct handle *h, uint32_t port,
		unsigned int delay_ms);
void port_unmask(struct broker *b, struct handle *h, uint32_t port);
void ports_close_handle(struct broker *b, struct handle *h);
void ports_close_domain(struct broker *b, struct domain *d);
void ports_raise_virq(struct broker *b, uint32_t virq);
void ports_send(struct broker *b, uint32_t domid, uint32_t port);
void ports_run_late(struct broker *b);

/* -- grants.c ---------------------------------------------------------------- */

uint32_t frame_take(struct broker *b, uint32_t domid);	/* 0: none left */
int grant_reserve(struct domain *d, uint32_t ref, uint32_t to, uint32_t frame);
int grants_map(struct broker *b, struct client *c, struct sim_msg *msg);
int grants_pin(struct broker *b, struct client *c, struct sim_msg *msg);
int grants_share(struct broker *b, struct client *c, struct sim_msg *msg);
int grants_end(struct broker *b, struct client *c, enum hold_kind kind,
	       uint32_t id);
void grants_end_all(struct broker *b, struct client *c);
void grants_end_domain(struct broker *b, struct domain *d);
void frames_foreign(struct broker *b, struct sim_msg *msg);
