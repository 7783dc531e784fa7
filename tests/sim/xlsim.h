/* SPDX-License-Identifier: MIT */
/* The words of xlsim(1): see xlsim.c. */
#pragma once

struct host_options {
	const char *tree;	/* of installed programs: /mnt/tree in it */
	const char *tests;	/* /mnt/tests */
	const char *logs;	/* /mnt/logs */
	const char *xenstored;	/* the program */
	unsigned int limit;	/* seconds */
};

int host_main(const struct host_options *o, char **argv);
int broker_main(void);
int guest_main(unsigned int domid);
int xenbus_main(unsigned int domid);

/* As a process of that domain: its ring, its port, a socket; then for ever. */
int xenbus_open(unsigned int domid);
void xenbus_serve(void);

/*
 * Go on in the background: the process that was started ends when ready() is
 * called in the one that this returns to, or fails when that dies before.
 */
void background(void);
void ready(void);
