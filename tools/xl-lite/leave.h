/* SPDX-License-Identifier: MIT */
/*
 * Taking devices away from those who serve them: all of a guest that ends, or
 * one of a guest that runs on.
 *
 * They are found under /libxl/DOMID, which no guest can write: the guest's own
 * nodes would let it name other guests' devices.
 *
 *	leave_find_all(&l); store_transact(store, leave_begin, &l);
 *	leave_wait(&l); leave_scripts(&l);
 *	store_transact(store, leave_remove, &l);
 */
#ifndef XL_LITE_LEAVE_H
#define XL_LITE_LEAVE_H

#include "tools/xl-lite/host.h"
#include "tools/xl-lite/nodes.h"

struct leaving {
	char libxl[STORE_PATH_MAX];	/* its folder that is dom0's alone */
	char frontend[STORE_PATH_MAX];
	char backend[STORE_PATH_MAX];
	struct backend_path path;	/* the same in pieces */
	bool told;			/* there is a server to be told */
	bool gone;			/* it has let go of it */
	bool unserved;			/* its server does not run */
};

struct leave {
	struct host *host;
	domid_t domid;
	bool force;		/* the guest is not asked, nor waited for */
	bool qemu_gone;		/* the guest has none, or none any more */
	struct leaving *devices;
	size_t count;
};

/* KIND is libxl's. -ENOENT when there is none, or it is half written. */
int leave_find(struct leave *l, const char *kind, unsigned int devid);
/* All there are, but those half written; 0 when there are none. */
int leave_find_all(struct leave *l);
void leave_end(struct leave *l);

/* store_tx_fn, ARG the leave: tell the servers, and with force the guest. */
int leave_begin(struct store *s, xs_transaction_t t, void *arg);
/*
 * Until all servers have let go, 10 seconds at most, and not for those that
 * do not run. Who has not is told by `gone` and `unserved`; 0 all the same.
 */
int leave_wait(struct leave *l);
bool leave_complete(const struct leave *l);
/*
 * Run the scripts of those that have any, whoever attached them. As with
 * libxl, one that fails is told of, and the device goes all the same.
 */
void leave_scripts(const struct leave *l);
/* store_tx_fn: remove the folders, and those above that nothing else is in. */
int leave_remove(struct store *s, xs_transaction_t t, void *arg);
/* The backends' alone, for who removes all of the guest's anyhow. */
int leave_remove_backends(struct store *s, xs_transaction_t t,
			  const struct leave *l);

/*
 * Whatever of this domain's is in dom0's backend folder, also what nothing else
 * tells of: of one that was not made to the end.
 */
int leave_remove_all_backends(struct store *s, xs_transaction_t t,
			      domid_t domid);

/* A line for each device that its server has not let go of. */
void leave_warn(const struct leave *l);

#define CLEANUP_LEAVE CLEANUP(leave_end)

#endif
