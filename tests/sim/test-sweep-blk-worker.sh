#!/bin/bash
# SPDX-License-Identifier: MIT
# Each call of xl-lite-blkd's worker fails in turn, and nothing worse comes of it.
# sim-timeout: 1800
exec sweep ${SWEEP-} blk worker
