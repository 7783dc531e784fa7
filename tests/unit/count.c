/* SPDX-License-Identifier: MIT */
/* See count.h. */
#include "config.h"

#include "tests/unit/count.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

static struct counts counted;
static bool counting, held;
static bool dispatched;			/* the kernel hands us system calls */
static volatile char selector = SYSCALL_DISPATCH_FILTER_ALLOW;

/* -- allocations ---------------------------------------------------------------- */

#define WRAP(RET, NAME, PARAMS, ARGS)					\
RET __real_##NAME PARAMS;						\
RET __wrap_##NAME PARAMS;						\
RET __wrap_##NAME PARAMS						\
{									\
	counted.allocations += counting && !held;			\
	return __real_##NAME ARGS;					\
}

WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t count, size_t size), (count, size))
WRAP(void *, realloc, (void *p, size_t size), (p, size))
WRAP(void *, aligned_alloc, (size_t align, size_t size), (align, size))
WRAP(char *, strdup, (const char *s), (s))
WRAP(int, posix_memalign, (void **p, size_t align, size_t size),
     (p, align, size))

/* -- system calls ----------------------------------------------------------------- */

/*
 * How the handler returns. The kernel looks where a system call comes from
 * and lets this one pass, else the return itself would be handed to us.
 */
void count_return(void);
extern const char count_return_end[];
__asm__(
	".pushsection .text\n"
	".globl count_return, count_return_end\n"
	".type count_return, @function\n"
	"count_return:\n"
	"	mov $15, %eax\n"	/* rt_sigreturn */
	"	syscall\n"
	"count_return_end:\n"
	"	ud2\n"
	".popsection\n");

static long call(const greg_t *r)
{
	register long r10 __asm__("r10") = r[REG_R10];
	register long r8 __asm__("r8") = r[REG_R8];
	register long r9 __asm__("r9") = r[REG_R9];
	long ret;

	__asm__ volatile("syscall" : "=a"(ret)
			 : "a"(r[REG_RAX]), "D"(r[REG_RDI]), "S"(r[REG_RSI]),
			   "d"(r[REG_RDX]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static void on_syscall(int sig, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)sig;
	(void)info;
	selector = SYSCALL_DISPATCH_FILTER_ALLOW;
	counted.syscalls++;
	r[REG_RAX] = call(r);
	selector = SYSCALL_DISPATCH_FILTER_BLOCK;
}

/* sigaction() would put its own return there. */
static int handle_sigsys(void)
{
	struct {
		void (*handler)(int, siginfo_t *, void *);
		unsigned long flags;
		void (*restorer)(void);
		uint64_t mask;
	} action = {
		.handler = on_syscall,
		.flags = SA_SIGINFO | 0x04000000,	/* SA_RESTORER */
		.restorer = count_return,
	};

	return syscall(SYS_rt_sigaction, SIGSYS, &action, NULL,
		       sizeof(action.mask)) < 0 ? -errno : 0;
}

int count_open(void)
{
	/* the place of a system call is behind its instruction */
	size_t size = (uintptr_t)count_return_end - (uintptr_t)count_return + 1;
	int r = handle_sigsys();

	if (r < 0)
		return r;
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON,
		  count_return, size, &selector) < 0)
		return -errno;
	dispatched = true;
	return 0;
}

/* -- both ------------------------------------------------------------------------- */

void count_start(void)
{
	counted = (struct counts){ 0 };
	counting = held = true;
}

void count_hold(bool hold)
{
	if (!counting)
		return;
	held = hold;
	if (dispatched)
		selector = hold ? SYSCALL_DISPATCH_FILTER_ALLOW :
				  SYSCALL_DISPATCH_FILTER_BLOCK;
}

void count_stop(struct counts *c)
{
	count_hold(true);
	counting = false;
	*c = counted;
}
