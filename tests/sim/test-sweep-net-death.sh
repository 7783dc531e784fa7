#!/bin/bash
# SPDX-License-Identifier: MIT
# Either end of a net device, its guest or xenstored's connection goes at each step.
# sim-timeout: 1800
exec sweep ${SWEEP-} net death
