/* SPDX-License-Identifier: MIT */
/* to come */
#include "config.h"
#include "tests/hostile/blk.h"
#include "lib/cleanup.h"
const struct peer_case blk_race_cases[1];
const unsigned int blk_race_count = 0;
