/* SPDX-License-Identifier: MIT */
/* What the network backend reads out of a vif's nodes, for vif-spec.c. */
#ifndef TESTS_FUZZ_VIF_NODES_H
#define TESTS_FUZZ_VIF_NODES_H

#include <stdbool.h>
#include <stdint.h>

/* The backend reads NODE, and reads these out of it. */
bool vif_nodes_rate(const char *node, uint64_t bytes, uint64_t interval_us);
bool vif_nodes_mac(const char *node, const uint8_t *mac);

#endif
