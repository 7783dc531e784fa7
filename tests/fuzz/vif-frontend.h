/* SPDX-License-Identifier: MIT */
/* The network backend's readers of nodes, for xenstore-values.c. */
#ifndef TESTS_FUZZ_VIF_FRONTEND_H
#define TESTS_FUZZ_VIF_FRONTEND_H

/* Over the lines of store-lines.h. */
void vif_frontend_check(unsigned int queues_max);

#endif
