/* SPDX-License-Identifier: MIT */
/*
 * The process that serves one guest's devices of one class. Its life:
 *
 *	open gntdev -> isolate (sandbox.c) -> WIRE_READY -> serve -> end
 *
 * Not one byte of the guest is looked at before the isolation is complete,
 * and nothing is opened after it: every descriptor comes in a message.
 */
#ifndef LIB_WORKER_H
#define LIB_WORKER_H

#include "lib/backend.h"
#include "lib/sandbox.h"

/* The descriptor a worker finds its socket to the supervisor at. */
#define WORKER_SOCKET_FD 3

/* The whole worker; returns the exit status when the supervisor hangs up. */
int worker_main(const struct backend_class *class, domid_t domid,
		const char *user);

#endif
