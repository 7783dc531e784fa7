/* SPDX-License-Identifier: MIT */
/* What a person can do about a failure whose cause is an errno. */
#ifndef XL_LITE_REMEDY_H
#define XL_LITE_REMEDY_H

/* ERR, a negative errno, came of a file of ours, which was named. */
const char *remedy_file(int err);
/* -ENOMEM, logged: a guest's step that takes memory of ours. */
int remedy_no_memory(const char *guest, const char *step);
/* It came of the kernel, which would not give us a process or descriptor. */
const char *remedy_kernel(int err);

#endif
