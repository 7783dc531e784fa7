/* SPDX-License-Identifier: MIT */
/*
 * A PVH guest that asks to be reset twice, as Linux does before it starts
 * another kernel (kexec), and goes on behind the hypercall each time. It counts
 * its lives in its memory, and says on its console which it is in: the console's
 * page and event channel are asked for anew in each. In the third it sleeps.
 */
#define __ASSEMBLY__ /* numbers only, please */
#include <xen/elfnote.h>
#define LIVES 3
/*
 * public/xen.h, sched.h, event_channel.h, hvm/hvm_op.h, hvm/params.h and
 * io/console.h, of which assemblers understand nothing
 */
#define HYPERCALL_SCHED_OP 29
#define HYPERCALL_EVTCHN_OP 32
#define HYPERCALL_HVM_OP 34
#define SCHEDOP_yield 0
#define SCHEDOP_shutdown 2
#define SHUTDOWN_soft_reset 5
#define EVTCHNOP_send 4
#define HVMOP_get_param 1
#define HVM_PARAM_CONSOLE_PFN 17
#define HVM_PARAM_CONSOLE_EVTCHN 18
#define DOMID_SELF 0x7ff0
#define CONSOLE_OUT 1024
#define CONSOLE_OUT_MASK 2047
#define CONSOLE_OUT_CONS 3080
#define CONSOLE_OUT_PROD 3084
/* public/arch-x86/cpuid.h: which MSR takes the hypercall page */
#define CPUID_HYPERCALL 0x40000002

#define HYPERCALL(n) call hypercall_page + (n) * 32

	.pushsection .note.Xen, "a", @note
	.long	4, 4, XEN_ELFNOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.long	start
	.popsection

	.text
	.code32
	.globl	_start
_start:
start:
	mov	$stack, %esp
	mov	$CPUID_HYPERCALL, %eax
	cpuid
	mov	%ebx, %ecx
	mov	$hypercall_page, %eax
	xor	%edx, %edx
	wrmsr

life:
	incb	number
	mov	$HVM_PARAM_CONSOLE_EVTCHN, %eax
	call	param
	mov	%eax, port
	mov	$HVM_PARAM_CONSOLE_PFN, %eax
	call	param
	shl	$12, %eax
	mov	%eax, %ebp		/* the console's page, from here on */
	call	say
	cmpb	$'0' + LIVES, number
	je	sleep
	mov	$SCHEDOP_shutdown, %ebx
	mov	$reason, %ecx
	HYPERCALL(HYPERCALL_SCHED_OP)
	jmp	life

sleep:
	sti
1:	hlt
	jmp	1b

/* %eax: which; its value in %eax */
param:
	mov	%eax, param_index
	mov	$HVMOP_get_param, %ebx
	mov	$param_args, %ecx
	HYPERCALL(HYPERCALL_HVM_OP)
	mov	param_value, %eax
	ret

/* Returns when xenconsoled has it: what is in the page at a reset is lost. */
say:
	mov	$text, %esi
	mov	CONSOLE_OUT_PROD(%ebp), %edi
1:	lodsb
	test	%al, %al
	jz	2f
	mov	%edi, %edx
	and	$CONSOLE_OUT_MASK, %edx
	mov	%al, CONSOLE_OUT(%ebp,%edx)
	inc	%edi
	jmp	1b
2:	mov	%edi, CONSOLE_OUT_PROD(%ebp)
	mov	$EVTCHNOP_send, %ebx
	mov	$port, %ecx
	HYPERCALL(HYPERCALL_EVTCHN_OP)
3:	mov	$SCHEDOP_yield, %ebx
	xor	%ecx, %ecx
	HYPERCALL(HYPERCALL_SCHED_OP)
	mov	CONSOLE_OUT_CONS(%ebp), %eax
	cmp	CONSOLE_OUT_PROD(%ebp), %eax
	jne	3b
	ret

	.balign	4096
hypercall_page:
	.fill	4096, 1, 0xc3

	.data
	.balign	8
param_args:	/* struct xen_hvm_param */
	.short	DOMID_SELF, 0
param_index:
	.long	0
param_value:
	.quad	0
port:
	.long	0
reason:
	.long	SHUTDOWN_soft_reset
text:
	.ascii	"life "
number:
	.asciz	"0\r\n"

	.bss
	.balign	16
	.skip	4096
stack:

	.section .note.GNU-stack, "", @progbits
