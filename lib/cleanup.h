/* SPDX-License-Identifier: MIT */
/*
 * Scope cleanup: a variable declared with CLEANUP_* lets go of what it holds
 * when its scope ends, however it ends. STEAL_* hands the thing over instead
 * and leaves the variable empty.
 *
 *	CLEANUP_CLOSE int fd = open(...);
 *	...
 *	obj->fd = STEAL_FD(fd);
 */
#ifndef LIB_CLEANUP_H
#define LIB_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(fn) __attribute__((cleanup(fn)))

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}

/* The pointer must be initialised, NULL is fine. */
#define CLEANUP_FREE CLEANUP(cleanup_free)
/* The descriptor must be initialised, -1 is fine. */
#define CLEANUP_CLOSE CLEANUP(cleanup_close)
#define CLEANUP_FCLOSE CLEANUP(cleanup_fclose)

#define STEAL_PTR(p) __extension__ ({ \
	__typeof__(p) steal_ = (p); \
	(p) = NULL; \
	steal_; })

#define STEAL_FD(fd) __extension__ ({ \
	int steal_ = (fd); \
	(fd) = -1; \
	steal_; })

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
