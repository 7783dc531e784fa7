#!/bin/bash
# SPDX-License-Identifier: MIT
# Each call of xl-lite-blkfront fails in turn, and nothing worse comes of it.
# sim-timeout: 1200
exec sweep ${SWEEP-} blk front
