/* SPDX-License-Identifier: MIT */
/*
 * Domains of the simulated hypervisor. Nobody runs them: a domain is its
 * number, and whichever processes say they are it. It ends by their end, and
 * is not gone before the last page of it that another had mapped.
 */
#include "config.h"

#include "tests/sim/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xenctrl.h>

#define GNTALLOC_LIMIT "1024\n"

struct domain *domain_find(struct broker *b, uint32_t id)
{
	struct domain *d;

	TAILQ_FOREACH(d, &b->domains, link)
		if (d->id == id)
			return d;
	return NULL;
}

/* In the order of their numbers, as they are listed. */
static void insert(struct broker *b, struct domain *d)
{
	struct domain *other;

	TAILQ_FOREACH(other, &b->domains, link)
		if (other->id > d->id)
			break;
	if (other)
		TAILQ_INSERT_BEFORE(other, d, link);
	else
		TAILQ_INSERT_TAIL(&b->domains, d, link);
}

static void write_file(const char *name, uint32_t domid, const char *text)
{
	char path[SIM_PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s.%u", name, domid);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd == -1 || write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

/* The ring on which the domain will talk to xenstored in domain 0. */
static int add_store(struct broker *b, struct domain *d)
{
	char port[16];
	int r = 0;

	if (d->id == 0) {
		d->store_frame = SIM_FRAME_STORE;
	} else {
		d->store_frame = frame_take(b, d->id);
		r = d->store_frame ? grant_reserve(d, GREF_STORE, 0,
						   d->store_frame) : -ENOMEM;
	}
	if (r == 0)
		r = port_unbound(b, d, NULL, 0, &d->store_port);
	snprintf(port, sizeof(port), "%u", d->store_port);
	write_file(SIM_PORT, d->id, port);
	return r;
}

/* What Linux in a domain shows of its hypervisor. */
static const char *const files[] = {
	SIM_LIMIT, SIM_TYPE, SIM_CAPABILITIES, SIM_PORT,
};

static void write_files(const struct domain *d)
{
	write_file(SIM_LIMIT, d->id, GNTALLOC_LIMIT);
	write_file(SIM_TYPE, d->id, "xen\n");
	write_file(SIM_CAPABILITIES, d->id, d->id ? "" : "control_d\n");
}

static void remove_files(const struct domain *d)
{
	char path[SIM_PATH_MAX];

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "%s.%u", files[i], d->id);
		unlink(path);
	}
	snprintf(path, sizeof(path), SIM_XENBUS, d->id);
	unlink(path);
	snprintf(path, sizeof(path), SIM_GUEST, d->id);
	unlink(path);
}

static void domain_free(struct broker *b, struct domain *d)
{
	TAILQ_REMOVE(&b->domains, d, link);
	remove_files(d);
	free(d->grants);
	free(d);
}

int domain_create(struct broker *b, uint32_t id, uint32_t max_port)
{
	struct domain *d;

	if (id >= DOMID_FIRST_RESERVED || max_port < PORT_FIRST)
		return -EINVAL;
	if (domain_find(b, id))
		return -EEXIST;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->id = id;
	d->max_port = max_port < SIM_PORTS ? max_port : SIM_PORTS - 1;
	d->channels = SIM_PORTS_PAGE;
	insert(b, d);
	write_files(d);
	return 0;
}

int domain_store(struct broker *b, uint32_t own, struct sim_msg *msg)
{
	uint32_t id = own ? own : msg->domid;
	struct domain *d = domain_find(b, id);
	int r = 0;

	if (!d)
		return -ESRCH;
	if (!d->store_port)
		r = add_store(b, d);
	msg->id = d->store_frame;
	msg->port = d->store_port;
	return r;
}

void domain_settle(struct broker *b, struct domain *d)
{
	if (!d->dying || d->in_use)
		return;
	domain_free(b, d);
	ports_raise_virq(b, VIRQ_DOM_EXC);
}

static void kill_processes(struct broker *b, uint32_t id)
{
	struct client *c;

	TAILQ_FOREACH(c, &b->clients, link)
		if (c->known && c->domid == id) {
			kill(c->pid, SIGKILL);
			/* it holds nothing from now on, dead or not yet */
			grants_end_all(b, c);
		}
}

int domain_destroy(struct broker *b, uint32_t id)
{
	struct domain *d = domain_find(b, id);

	if (!d)
		return -ESRCH;
	if (id == 0 || d->dying)
		return -EINVAL;
	kill_processes(b, id);
	ports_close_domain(b, d);
	d->dying = true;
	grants_end_domain(b, d);
	ports_raise_virq(b, VIRQ_DOM_EXC);
	domain_settle(b, d);
	return 0;
}

int domain_shutdown(struct broker *b, uint32_t id, uint32_t reason)
{
	struct domain *d = domain_find(b, id);

	if (!d)
		return -ESRCH;
	d->shutdown = true;
	d->reason = reason;
	ports_raise_virq(b, VIRQ_DOM_EXC);
	return 0;
}

int domain_pause(struct broker *b, uint32_t id, bool paused)
{
	struct domain *d = domain_find(b, id);

	if (!d)
		return -ESRCH;
	d->paused = paused;
	return 0;
}

void domain_info(struct broker *b, struct sim_msg *msg)
{
	const struct domain *d;
	uint32_t n = 0;

	TAILQ_FOREACH(d, &b->domains, link) {
		if (d->id < msg->domid)
			continue;
		if (n == msg->count)
			break;
		msg->items[n++] = (struct sim_item){
			.domid = d->id,
			.ref = d->reason,
			.flags = (d->dying ? SIM_DYING : 0) |
				 (d->shutdown ? SIM_SHUTDOWN : 0) |
				 (d->paused ? SIM_PAUSED : 0),
		};
	}
	msg->count = n;
}
