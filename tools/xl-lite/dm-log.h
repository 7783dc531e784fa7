/* SPDX-License-Identifier: MIT */
/* The log of a guest's QEMU, where libxl has it: /var/log/xen/qemu-dm-NAME.log */
#ifndef XL_LITE_DM_LOG_H
#define XL_LITE_DM_LOG_H

/* A new one, to be written; those of earlier QEMUs are kept beside it. */
int dm_log_open(const char *guest);

/* Tell what QEMU said last, each line as a message of ours. */
void dm_log_show_end(const char *guest);

#endif
