/* SPDX-License-Identifier: MIT */
/* What to do about failures; see remedy.h. */
#include "config.h"

#include "tools/xl-lite/remedy.h"

#include <errno.h>
#include <string.h>

#include "lib/log.h"

const char *remedy_kernel(int err)
{
	switch (-err) {
	case ENOMEM:
	case EAGAIN:
		return "dom0 is out of memory or processes: end something in it";
	case EMFILE:
	case ENFILE:
		return "too many files are open: raise 'ulimit -n'";
	}
	return "dom0's 'dmesg' may say more";
}

int remedy_no_memory(const char *guest, const char *step)
{
	return log_fail(-ENOMEM, "guest %s: %s: %s: %s", guest, step,
			strerror(ENOMEM), remedy_kernel(-ENOMEM));
}

const char *remedy_file(int err)
{
	switch (-err) {
	case ENOSPC:
	case EDQUOT:
		return "make room on its file system";
	case EACCES:
	case EPERM:
	case EROFS:
		return "is its file system writable, for root?";
	case ENOENT:
	case ENOTDIR:
		return "is its folder there?";
	case EIO:
		return "is its disk well? dom0's 'dmesg' may say more";
	}
	return remedy_kernel(err);
}
