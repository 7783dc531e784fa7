/* SPDX-License-Identifier: MIT */
/* Between core.c and connect.c only. */
#ifndef FRONTENDS_BLK_CONNECT_H
#define FRONTENDS_BLK_CONNECT_H

#include "frontends/blk/core.h"

/* All pages and slots free, by info.pages and info.slots. */
void blk_front_pool_reset(struct blk_front *f);

#endif
