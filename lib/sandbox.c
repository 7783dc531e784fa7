/* SPDX-License-Identifier: MIT */
/*
 * The isolation of a worker.
 *
 * Theory of operation
 * -------------------
 * A worker parses what a guest wrote. Should the guest take it over, it must
 * find itself in a process from which nothing but that guest's own devices
 * can be reached. The supervisor starts it as root, for /dev/xen/gntdev can
 * be opened by root only; then, before it looks at one byte of the guest:
 *
 *  0. sandbox_fork(), in the supervisor: a pid namespace, which has to be
 *     there at birth. The worker is its only process, sees no other and can
 *     signal none.
 *  1. namespaces: mount, network, IPC, host name. The network one holds
 *     nothing but a loopback device that is down. (A TAP needs no namespace:
 *     it is a descriptor by then.)
 *  2. root: an empty read-only tmpfs becomes the root, and the host's tree
 *     is unmounted. Needs capabilities, so before 3.
 *  3. privileges: bounding set, groups, user, capabilities, in that order:
 *     each step needs what the next one takes.
 *  4. limits: no core (it would hold a guest's memory), descriptors bounded,
 *     not dumpable. After 3, since changing the user would undo that.
 *  5. system calls: a list, in table order below; all others kill the
 *     process. Last, because the stages before need calls that are not on it.
 *
 * There is no user namespace: the worker begins as root and ends as nobody
 * without one, and within one it could reach kernel code that checks
 * capabilities against the namespace only.
 *
 * io_uring_setup() is not on the list, though io_uring is used: what is done
 * through a ring is not seen by stage 5. A class that wants rings makes them
 * in its prepare(), before stage 1, restricted for good to the operations they
 * are for (backends/blk/engine-uring.c).
 */
#include "config.h"

#include "lib/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pwd.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef HAVE_LIBSECCOMP
#include <seccomp.h>
#endif

#include <xenctrl.h> /* domid_t for the next */
#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>

#include "lib/cleanup.h"
#include "lib/log.h"

/* A guest's disks and NICs, with a few descriptors for each queue. */
#define FILES_MAX 4096

int sandbox_user(const char *user, struct sandbox *s)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(user);
	if (!pw)
		return log_fail(errno ? -errno : -ENOENT, "user %s: not known "
				"on this host: create it, or name another "
				"with --user", user);
	if (pw->pw_uid == 0)
		return log_fail(-EPERM, "user %s: workers must not be root: "
				"name another with --user", user);
	s->uid = pw->pw_uid;
	s->gid = pw->pw_gid;
	return 0;
}

pid_t sandbox_fork(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL,
			   NULL, NULL);

	return pid == -1 ? -errno : (pid_t)pid;
}

/* -- stage 1 ---------------------------------------------------------------- */

static int enter_namespaces(void)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS))
		return log_err(-errno, "sandbox: new namespaces");
	return 0;
}

/* -- stage 2 ---------------------------------------------------------------- */

/*
 * /dev is there, for /dev/xen/gntdev was just opened; what is mounted over it
 * is seen in our mount namespace only.
 */
static int enter_empty_root(void)
{
	static const char place[] = "/dev";

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return log_err(-errno, "sandbox: make mounts private");
	if (mount("xl-lite", place, "tmpfs",
		  MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "nr_inodes=2,size=4k,mode=555"))
		return log_err(-errno, "sandbox: mount an empty root");
	if (chdir(place) || syscall(SYS_pivot_root, ".", "."))
		return log_err(-errno, "sandbox: pivot into the empty root");
	/* the old root now lies over the new one */
	if (umount2(".", MNT_DETACH) || chdir("/"))
		return log_err(-errno, "sandbox: unmount the host's root");
	return 0;
}

/* -- stage 3 ---------------------------------------------------------------- */

static int drop_bounding_set(void)
{
	for (int cap = 0; cap <= 63; cap++) {
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL) /* the kernel knows no more of them */
			return 0;
		return log_err(-errno, "sandbox: drop capability %d", cap);
	}
	return 0;
}

static int drop_user(const struct sandbox *s)
{
	if (setgroups(0, NULL) || setresgid(s->gid, s->gid, s->gid) ||
	    setresuid(s->uid, s->uid, s->uid))
		return log_err(-errno, "sandbox: become user %u",
			       (unsigned int)s->uid);
	return 0;
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	const struct __user_cap_data_struct none[2] = { { 0 }, { 0 } };

	if (syscall(SYS_capset, &header, none))
		return log_err(-errno, "sandbox: drop capabilities");
	return 0;
}

static int drop_privileges(const struct sandbox *s)
{
	int r = drop_bounding_set();

	if (r == 0)
		r = drop_user(s);
	if (r == 0)
		r = drop_capabilities();
	return r;
}

/* -- stage 4 ---------------------------------------------------------------- */

static int set_limits(void)
{
	static const struct {
		int resource;
		rlim_t limit;
	} limits[] = {
		{ RLIMIT_CORE,		0 },
		{ RLIMIT_NOFILE,	FILES_MAX },
		{ RLIMIT_MSGQUEUE,	0 },
		{ RLIMIT_RTPRIO,	0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct rlimit limit;

		if (getrlimit(limits[i].resource, &limit))
			return log_err(-errno, "sandbox: read limit %d",
				       limits[i].resource);
		if (limit.rlim_max > limits[i].limit)
			limit.rlim_max = limits[i].limit;
		if (limit.rlim_cur > limits[i].limit ||
		    limits[i].resource == RLIMIT_NOFILE)
			limit.rlim_cur = limit.rlim_max;
		if (setrlimit(limits[i].resource, &limit))
			return log_err(-errno, "sandbox: set limit %d",
				       limits[i].resource);
	}
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return log_err(-errno, "sandbox: become undumpable");
	/* changing the user made the kernel forget it */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return log_err(-errno, "sandbox: end with the supervisor");
	return 0;
}

/* -- stage 5 ---------------------------------------------------------------- */

#ifdef HAVE_LIBSECCOMP

/* Whatever the arguments. */
static const int allowed[] = {
	/* the data of devices, each through a descriptor that was passed */
	SCMP_SYS(read),			/* events, wake-ups, TAP */
	SCMP_SYS(write),		/* events, wake-ups, TAP, log lines */
	SCMP_SYS(readv),		/* TAP */
	SCMP_SYS(writev),		/* TAP */
	SCMP_SYS(pread64),		/* images, without io_uring: */
	SCMP_SYS(pwrite64),
	SCMP_SYS(preadv),
	SCMP_SYS(pwritev),
	SCMP_SYS(preadv2),		/* with flags for this request */
	SCMP_SYS(pwritev2),
	SCMP_SYS(fdatasync),		/* a guest's flush */
	SCMP_SYS(fallocate),		/* a guest's discard */
	SCMP_SYS(io_uring_enter),	/* on rings made before */
	SCMP_SYS(io_uring_register),	/* which allow what they allow */

	/* the supervisor */
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(close),		/* what came with a device */

	/* waiting */
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(epoll_create1),	/* of passed descriptors only */
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(eventfd2),		/* waking a queue's thread */
	SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(clock_gettime),	/* a PV dom0 has no vdso clock */
	SCMP_SYS(clock_nanosleep),	/* bounded rest of a busy queue */

	/* memory: malloc, stacks, grants; PROT_EXEC below */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),

	/* threads: creation below */
	SCMP_SYS(futex),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),	/* malloc: how many arenas */
	SCMP_SYS(gettid),
	SCMP_SYS(getpid),		/* is always 1 */
	SCMP_SYS(rt_sigprocmask),	/* pthread_create(), abort() */
	SCMP_SYS(rt_sigaction),		/* the same */
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(getrandom),		/* malloc, hash keys */
	SCMP_SYS(restart_syscall),	/* the kernel's own, after a stop */
	SCMP_SYS(exit),			/* of a thread */
	SCMP_SYS(exit_group),
#ifdef SANITIZERS
	/* their runtime reads its own maps, and reports with names of files */
	SCMP_SYS(mmap),
	SCMP_SYS(mprotect),
	SCMP_SYS(openat),
	SCMP_SYS(open),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(fstat),
	SCMP_SYS(stat),
	SCMP_SYS(getuid),
	SCMP_SYS(lseek),
	SCMP_SYS(pipe2),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(clone),
	SCMP_SYS(prctl),
	SCMP_SYS(tgkill),
	SCMP_SYS(getrlimit),
	SCMP_SYS(prlimit64),
#endif
};

/* Only where (argument & mask) == value. */
static const struct {
	int syscall;
	unsigned int arg;
	uint64_t mask, value;
} allowed_if[] = {
#ifndef SANITIZERS
	/* no code is made at run time */
	{ SCMP_SYS(mmap),	2, PROT_EXEC, 0 },
	{ SCMP_SYS(mprotect),	2, PROT_EXEC, 0 },
	/* a thread, never a process */
	{ SCMP_SYS(clone),	0, CLONE_THREAD, CLONE_THREAD },
	/* pthread_setname_np() */
	{ SCMP_SYS(prctl),	0, UINT64_MAX, PR_SET_NAME },
	/* abort() */
	{ SCMP_SYS(tgkill),	2, UINT64_MAX, SIGABRT },
#endif
	/* adopting a descriptor: without waiting, not inherited */
	{ SCMP_SYS(fcntl),	1, UINT64_MAX, F_GETFD },
	{ SCMP_SYS(fcntl),	1, UINT64_MAX, F_SETFD },
	{ SCMP_SYS(fcntl),	1, UINT64_MAX, F_GETFL },
	{ SCMP_SYS(fcntl),	1, UINT64_MAX, F_SETFL },
	{ SCMP_SYS(fcntl),	1, UINT64_MAX, F_DUPFD_CLOEXEC },
};

/* By their number, on whatever descriptor: others do not know them. */
static const unsigned long allowed_ioctls[] = {
	IOCTL_GNTDEV_MAP_GRANT_REF,
	IOCTL_GNTDEV_UNMAP_GRANT_REF,
	IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR,	/* the library's unmap */
	IOCTL_GNTDEV_GRANT_COPY,
	/* on handles that the supervisor opened and this guest narrows */
	IOCTL_EVTCHN_BIND_INTERDOMAIN,
	IOCTL_EVTCHN_UNBIND,
	IOCTL_EVTCHN_NOTIFY,
	IOCTL_EVTCHN_RESTRICT_DOMID,
};

static int allow(scmp_filter_ctx ctx, int nr)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0);
}

static int allow_if(scmp_filter_ctx ctx, int nr, unsigned int arg,
		    uint64_t mask, uint64_t value)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 1,
				SCMP_CMP(arg, SCMP_CMP_MASKED_EQ, mask,
					 value));
}

/* The kernel looks at 32 bits of it. */
static int allow_ioctl(scmp_filter_ctx ctx, unsigned long request)
{
	return allow_if(ctx, SCMP_SYS(ioctl), 1, UINT32_MAX, request);
}

static int add_common(scmp_filter_ctx ctx)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(allowed); i++)
		r = allow(ctx, allowed[i]);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(allowed_if); i++)
		r = allow_if(ctx, allowed_if[i].syscall, allowed_if[i].arg,
			     allowed_if[i].mask, allowed_if[i].value);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(allowed_ioctls); i++)
		r = allow_ioctl(ctx, allowed_ioctls[i]);
	/* its flags lie in memory, unseen: the library falls back to clone */
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS),
				     SCMP_SYS(clone3), 0);
	return r;
}

static int add_class(scmp_filter_ctx ctx, const struct sandbox *s)
{
	int r = 0;

	for (const int *nr = s->syscalls; r == 0 && nr && *nr != -1; nr++)
		r = allow(ctx, *nr);
	for (const unsigned long *i = s->ioctls; r == 0 && i && *i; i++)
		r = allow_ioctl(ctx, *i);
	return r;
}

static int limit_syscalls(const struct sandbox *s)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r;

	if (!ctx)
		return log_fail(-ENOMEM, "sandbox: no system call filter");
	r = add_common(ctx);
	if (r == 0)
		r = add_class(ctx, s);
	/* a binary tree: a call costs the same wherever it stands */
	if (r == 0)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r == 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	return r < 0 ? log_err(r, "sandbox: load the system call filter") : 0;
}

#else /* !HAVE_LIBSECCOMP */

static int limit_syscalls(const struct sandbox *s)
{
	(void)s;
	log_warn("sandbox: no system call filter: this build is without "
		 "libseccomp; the other stages of the isolation are there");
	return 0;
}

#endif

int sandbox_enter(const struct sandbox *s)
{
	int r;

	if (geteuid() != 0)
		return log_fail(-EPERM, "sandbox: must begin as root");
	/* first, so that no later stage can be undone by an exec */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return log_err(-errno, "sandbox: no new privileges");
	r = enter_namespaces();
	if (r == 0)
		r = enter_empty_root();
	if (r == 0)
		r = drop_privileges(s);
	if (r == 0)
		r = set_limits();
	if (r == 0)
		r = limit_syscalls(s);
	return r;
}
