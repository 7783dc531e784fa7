#!/bin/bash
# SPDX-License-Identifier: MIT
# Each call of xl-lite-netd's supervisor fails in turn, and nothing worse comes of it.
# sim-timeout: 1800
exec sweep ${SWEEP-} net start daemon
