/* SPDX-License-Identifier: MIT */
/*
 * The smallest PV and PVH guest: it does nothing, for ever, without using
 * processor time. What a toolstack's create and destroy cost is measured with
 * it, because nothing of the guest's own is in the figure.
 *
 * A PV guest polls for events on no port at all, which sleeps until some event
 * comes in; no event handler is ever registered, so none may be delivered. A
 * PVH guest halts with interrupts enabled (to halt without is to be off), and
 * none comes, since nothing is set up that could send one.
 */
#define __ASSEMBLY__ /* numbers only, please */
#include <xen/elfnote.h>
/* public/xen.h and sched.h; xen.h names the old call without a version */
#define HYPERCALL_SCHED_OP 29
#define SCHEDOP_poll 3

#define NOTE(type, ...)			\
	.pushsection .note.Xen, "a", @note;	\
	.long 4, 2f - 1f, type;		\
	.asciz "Xen";			\
1:	__VA_ARGS__;			\
2:	.balign 4;			\
	.popsection

NOTE(XEN_ELFNOTE_GUEST_OS, .asciz "tiny")
NOTE(XEN_ELFNOTE_GUEST_VERSION, .asciz "1")
NOTE(XEN_ELFNOTE_LOADER, .asciz "generic")
NOTE(XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0")
NOTE(XEN_ELFNOTE_HYPERCALL_PAGE, .quad hypercall_page)
NOTE(XEN_ELFNOTE_FEATURES, .asciz "!writable_page_tables|pae_pgdir_above_4gb")
NOTE(XEN_ELFNOTE_PAE_MODE, .asciz "yes")
NOTE(XEN_ELFNOTE_PHYS32_ENTRY, .long pvh_start)

	.text
	.globl _start
_start:
	mov	$SCHEDOP_poll, %edi
	mov	$poll, %esi
	call	hypercall_page + HYPERCALL_SCHED_OP * 32
	jmp	_start

	.code32
pvh_start:
	sti
1:	hlt
	jmp	1b
	.code64

	/* Xen's domain builder fills this page with its entry points. */
	.balign	4096
hypercall_page:
	.fill	4096, 1, 0xc3		/* ret, should it not */

	.data
	.balign	8
poll:	/* struct sched_poll: no ports, no timeout */
	.quad	poll_ports
	.long	0, 0
	.quad	0
poll_ports:
	.long	0

	.section .note.GNU-stack, "", @progbits
