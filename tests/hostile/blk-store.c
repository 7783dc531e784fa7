/* SPDX-License-Identifier: MIT */
/* to come */
#include "config.h"
#include "tests/hostile/blk.h"
#include "lib/cleanup.h"
const struct peer_case blk_store_cases[1];
const unsigned int blk_store_count = 0;
