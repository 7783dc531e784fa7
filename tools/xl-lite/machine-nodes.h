/* SPDX-License-Identifier: MIT */
/*
 * The nodes by which hvmloader makes an HVM guest's firmware tables: what the
 * machine has, and what it calls itself.
 */
#ifndef XL_LITE_MACHINE_NODES_H
#define XL_LITE_MACHINE_NODES_H

#include "tools/xl-lite/build.h"
#include "tools/xl-lite/nodes.h"

/* Below DIR, the guest's: what is known before it is built. */
void machine_write(struct nodes *n, const struct hvm_config *hvm,
		   const char *dir);

/* And where in its memory the tables are that were loaded with it. */
void machine_write_tables(struct nodes *n, const struct build *b,
			  const char *dir);

#endif
