/* SPDX-License-Identifier: MIT */
/* A process's side of the simulated hypervisor: its socket, memory, faults. */
#pragma once

#include <stddef.h>

#include "tests/sim/sim.h"

#define SIM_PUBLIC __attribute__((visibility("default")))

/* At the start of a process, while it may still open and connect. */
void sim_start(int argc, char **argv);

/* Nobody any more, so that it may start as somebody else. */
void sim_stop(void);

/*
 * One request and its answer. A descriptor goes along if FD_OUT is one, and
 * comes back in *FD_IN if that is not NULL. 0, or -1 with errno.
 */
int sim_call(struct sim_msg *msg, int fd_out, int *fd_in);

/* All memory there is, as a file; frame N lies at N pages. */
int sim_memory(void);

/*
 * The one place where a call of a library is made to fail: 0 for nothing, else
 * what is to be done, with errno set if that is to fail.
 */
enum sim_action sim_fault(enum sim_call call, int *value);

/* The same on behalf of a process of that name, which is not ended by it. */
enum sim_action sim_fault_of(const char *role, enum sim_call call, int *value);

/* Shorthand for a call that can do nothing but fail. */
bool sim_fails(enum sim_call call);

/*
 * The same for what any library may call, too: nothing, unless the call at
 * address CALLER is in the program itself, and that is one of ours.
 */
enum sim_action sim_fault_at(const void *caller, enum sim_call call,
			     int *value);
bool sim_fails_at(const void *caller, enum sim_call call);

/* The table that all processes share, or NULL. */
struct sim_faults *sim_faults(void);

/* Parse "[ROLE@]CALL:N[-M]:ACTION"; false: it is no such thing. */
bool sim_fault_parse(const char *text, struct sim_fault *fault);

const char *sim_call_name(enum sim_call call);

/* A new handle of event channels: its descriptor, or -1. */
int sim_evtchn_open(uint32_t *id);

/* The handle behind a descriptor, wherever that was opened; -1: none. */
int sim_evtchn_find(int fd, uint32_t *id);
