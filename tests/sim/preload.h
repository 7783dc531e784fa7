/* SPDX-License-Identifier: MIT */
/* What the parts of the preloaded object want of each other. */
#pragma once

/*
 * In the constructor: look all functions up that are passed on to, for later,
 * in a sandbox, a look might take system calls.
 */
void files_begin(void);
void store_begin(void);
void uring_begin(void);

/* FD is about to be connected to whoever serves xenstore. */
void store_socket_is(int fd);

/* The next object's function NAME into the pointer at REAL. */
#define LOOK_UP(name) (*(void **)&real.name = dlsym(RTLD_NEXT, #name))
