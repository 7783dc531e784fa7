/* SPDX-License-Identifier: MIT */
/*
 * The simulated hypervisor: what its broker and everybody who runs on it
 * agree on.
 *
 * All memory of all domains is one shared file, a frame a page. The broker
 * alone knows domains, event channels and grants; a process asks it by
 * messages on a socket that it has from its constructor on, so that it needs
 * nothing but sendmsg() and recvmsg() later. That socket hanging up is the
 * death of the process. What becomes of an event channel handle is what
 * becomes of its descriptor, a pipe of port numbers that the broker holds the
 * other end of: it may be passed on, and is closed when nobody has it.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_DIR		"/run/xlsim"
#define SIM_SOCKET	SIM_DIR "/broker"
#define SIM_XENBUS	SIM_DIR "/xenbus.%u"	/* of a domain */
#define SIM_GUEST	SIM_DIR "/guest.%u"	/* its process */
#define SIM_PATH_MAX	64

/* Files of each domain, with a dot and its number behind. */
#define SIM_PORT		SIM_DIR "/xsd_port"
#define SIM_CAPABILITIES	SIM_DIR "/capabilities"
#define SIM_TYPE		SIM_DIR "/type"
#define SIM_LIMIT		SIM_DIR "/limit"

#define SIM_DOMID_ENV	"XLSIM_DOMID"
#define SIM_FAULT_ENV	"XLSIM_FAULT"

#define SIM_PAGE	4096u
#define SIM_FRAMES	65536u
#define SIM_FRAME_STORE	0u	/* dom0's xenstore ring: xsd_kva is mapped at 0 */
#define SIM_FRAME_FAULTS 1u	/* struct sim_faults, of all processes */
#define SIM_FAULT_FRAMES 8u
#define SIM_FRAMES_FIRST (SIM_FRAME_FAULTS + SIM_FAULT_FRAMES)

#define SIM_ITEMS_MAX	2048u	/* pages or pieces of one message */
#define SIM_PORTS	4096u	/* of a domain, fewer if it was made so */
#define SIM_PORTS_PAGE	1024u	/* Linux adds so many when it needs more */
#define SIM_VIRQS	24u

enum sim_op {
	SIM_HELLO,		/* domid -> the memory as a descriptor */
	SIM_SYNC,		/* all that was closed before has taken effect */
	SIM_DIE,		/* be killed */

	SIM_DOMAIN_CREATE,	/* domid, its highest port (id) */
	SIM_DOMAIN_DESTROY,	/* domid */
	SIM_DOMAIN_SHUTDOWN,	/* domid, reason (id) */
	SIM_DOMAIN_PORT,	/* domid, its peer's (id) -> port nobody holds */
	SIM_DOMAIN_PAUSE,	/* domid, paused or not (flags) */
	SIM_DOMAIN_STORE,	/* own, or domid -> frame (id), port of its store */
	SIM_DOMAIN_INFO,	/* first domid -> items: a domain each */
	SIM_LIST,		/* -> a text as a descriptor */

	SIM_EVTCHN_OPEN,	/* -> handle, its descriptor */
	SIM_EVTCHN_ADOPT,	/* a descriptor -> handle */
	SIM_EVTCHN_RESTRICT,	/* handle, domid */
	SIM_EVTCHN_UNBOUND,	/* handle, domid -> port */
	SIM_EVTCHN_INTERDOMAIN,	/* handle, domid, port -> port */
	SIM_EVTCHN_VIRQ,	/* handle, virq (id) -> port */
	SIM_EVTCHN_TAKE,	/* handle, port that nobody holds */
	SIM_EVTCHN_UNBIND,	/* handle, port */
	SIM_EVTCHN_NOTIFY,	/* handle, port, milliseconds to wait (id) */
	SIM_EVTCHN_UNMASK,	/* handle, port */

	SIM_GRANT_MAP,		/* items: domid, ref -> id, items: frame */
	SIM_GRANT_UNMAP,	/* id */
	SIM_GRANT_PIN,		/* items: domid, ref -> id, items: frame, status */
	SIM_GRANT_UNPIN,	/* id */
	SIM_GRANT_SHARE,	/* domid, count -> id, items: ref, frame */
	SIM_GRANT_UNSHARE,	/* id */
	SIM_FOREIGN_MAP,	/* domid, items: frame -> items: status */
	SIM_OPS
};

enum sim_flag {
	SIM_WRITE	= 1 << 0,
	/* of a domain */
	SIM_DYING	= 1 << 1,
	SIM_SHUTDOWN	= 1 << 2,
	SIM_PAUSED	= 1 << 3,
	/* a byte to clear, a port to notify when it is unmapped */
	SIM_CLEAR_BYTE	= 1 << 4,
	SIM_SEND_EVENT	= 1 << 5,
};

struct sim_item {
	uint32_t domid;
	uint32_t ref;
	uint32_t frame;
	uint16_t flags;
	int16_t status;		/* GNTST_* */
};

struct sim_msg {
	uint32_t op;		/* enum sim_op */
	int32_t result;		/* 0 or -errno */
	uint32_t handle;
	uint32_t domid;
	uint32_t port;
	uint32_t id;
	uint32_t flags;		/* enum sim_flag */
	uint32_t offset;	/* of the byte to clear */
	uint32_t count;		/* of items; the answer has no more */
	struct sim_item items[];
};

#define SIM_MSG_SIZE(count) \
	(offsetof(struct sim_msg, items) + (count) * sizeof(struct sim_item))

/* -- faults: see doc/testing.md --------------------------------------------- */

/*
 * Those of libraries count whoever makes them; store_, memory_, file_ and sys_
 * ones only when the program itself does, and not what a library does for it.
 */
#define SIM_CALLS(call) \
	call(evtchn_open) \
	call(evtchn_fdopen) \
	call(evtchn_restrict) \
	call(evtchn_bind_unbound) \
	call(evtchn_bind_interdomain) \
	call(evtchn_bind_virq) \
	call(evtchn_unbind) \
	call(evtchn_notify) \
	call(evtchn_pending) \
	call(evtchn_unmask) \
	call(grant_open) \
	call(grant_map) \
	call(grant_unmap) \
	call(grant_copy) \
	call(share_open) \
	call(share_pages) \
	call(unshare) \
	call(foreign_map) \
	call(xenbus_request) \
	call(domain_getinfo) \
	call(store_open) \
	call(store_read) \
	call(store_list) \
	call(store_write) \
	call(store_mkdir) \
	call(store_remove) \
	call(store_perms) \
	call(store_start) \
	call(store_commit) \
	call(store_abort) \
	call(store_watch) \
	call(store_unwatch) \
	call(store_event) \
	call(memory_malloc) \
	call(memory_calloc) \
	call(memory_aligned) \
	call(memory_map) \
	call(memory_file) \
	call(file_open) \
	call(file_stat) \
	call(file_lock) \
	call(file_flags) \
	call(file_control) \
	call(file_read) \
	call(file_write) \
	call(file_pread) \
	call(file_readv) \
	call(file_writev) \
	call(file_preadv) \
	call(file_pwritev) \
	call(file_sync) \
	call(file_allocate) \
	call(file_truncate) \
	call(file_mkdir) \
	call(uring_setup) \
	call(uring_files) \
	call(uring_enter) \
	call(uring_done) \
	call(sys_socket) \
	call(sys_socketpair) \
	call(sys_bind) \
	call(sys_listen) \
	call(sys_accept) \
	call(sys_send) \
	call(sys_receive) \
	call(sys_epoll) \
	call(sys_epoll_ctl) \
	call(sys_epoll_wait) \
	call(sys_poll) \
	call(sys_eventfd) \
	call(sys_timerfd) \
	call(sys_signalfd) \
	call(sys_thread) \
	call(net_open) \
	call(net_send) \
	call(net_receive)

enum sim_call {
#define SIM_CALL(name) SIM_CALL_##name,
	SIM_CALLS(SIM_CALL)
#undef SIM_CALL
	SIM_CALL_COUNT
};

enum sim_action {
	SIM_FAIL = 1,		/* the call fails with errno VALUE */
	SIM_STATUS,		/* its first piece ends with status VALUE */
	SIM_DROP,		/* nothing happens, and that is called success */
	SIM_DOUBLE,		/* it happens twice */
	SIM_DELAY,		/* it happens VALUE milliseconds later */
	SIM_KILL,		/* the process is killed instead */
	SIM_HANGUP,		/* xenstored hangs up just before */
	SIM_DESTROY,		/* domain VALUE is destroyed just before */
};

/* Lies in shared memory or in the process; all zero is none. */
struct sim_fault {
	atomic_uint armed;	/* written last */
	char role[44];		/* pattern of the process's name; "": any */
	uint32_t call;		/* enum sim_call */
	uint32_t first, last;	/* of the calls, from 1 */
	uint32_t action;	/* enum sim_action */
	int32_t value;
	atomic_uint calls;	/* so far */
	atomic_uint hits;
};

#define SIM_FAULTS \
	((SIM_FAULT_FRAMES * SIM_PAGE - sizeof(atomic_uint)) / \
	 sizeof(struct sim_fault))

struct sim_faults {
	atomic_uint used;		/* of them, armed or not */
	struct sim_fault fault[SIM_FAULTS];
};
