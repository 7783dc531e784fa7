/* SPDX-License-Identifier: MIT */
/*
 * A logger that says nothing, for Xen's libraries. They log every failed call
 * by themselves, and which calls fail is often a guest's choice: it could
 * fill the disk. Our own callers say what matters, once.
 */
#ifndef LIB_XENLOG_H
#define LIB_XENLOG_H

#include <xentoollog.h>

struct xentoollog_logger *xenlog_silent(void);

#endif
