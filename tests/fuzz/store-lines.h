/* SPDX-License-Identifier: MIT */
/*
 * A xenstore of lines, "NODE=VALUE", for the backends' code that reads what
 * frontends wrote: the functions of lib/store.h and backend_fail() over it.
 */
#ifndef TESTS_FUZZ_STORE_LINES_H
#define TESTS_FUZZ_STORE_LINES_H

#include "lib/backend.h"

#define STORE_LINES_MAX 64

/* Make lines of TEXT, in place. */
void store_lines(char *text);
/* Line I, or false: NODE and VALUE, each with its end. */
bool store_line(unsigned int i, const char **node, const char **value);

#endif
