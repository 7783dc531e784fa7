/* SPDX-License-Identifier: MIT */
/*
 * What a block frontend wrote about its rings, read with strict bounds.
 */
#ifndef BLK_RINGCONF_H
#define BLK_RINGCONF_H

#include "backends/blk/vbd.h"
#include "lib/backend.h"

/*
 * Fill abi, ring_pages, queues, queue[] and VBD_PERSISTENT of *body. Bad or
 * missing: -EPROTO, and the device's reason says which node.
 */
int ringconf_read(struct backend_device *dev, xs_transaction_t t,
		  unsigned int queues_max, struct vbd_attach *body);

#endif
