#!/bin/bash
# SPDX-License-Identifier: MIT
# Each call of xl-lite-netfront fails in turn, and nothing worse comes of it.
# sim-timeout: 1800
exec sweep ${SWEEP-} net front
