/* SPDX-License-Identifier: MIT */
/*
 * Faults of the C library's calls that concern memory, files, sockets and
 * threads, when a program of ours makes them itself.
 */
#include "config.h"

#include "tests/sim/client.h"
#include "tests/sim/preload.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct mnl_socket;

#define CALLER __builtin_return_address(0)
#define FAILS(call) sim_fails_at(CALLER, SIM_CALL_##call)

/*
 * A call that returns TYPE and says BAD when it fails: FAULTY(call, type, bad,
 * name, parameters, arguments). Some are made before the constructor has run,
 * so each looks for its successor when it does not have it yet.
 */
#define ALL_CALLS(FAULTY) \
FAULTY(memory_malloc, void *, NULL, malloc, (size_t n), (n)) \
FAULTY(memory_calloc, void *, NULL, calloc, (size_t n, size_t m), (n, m)) \
FAULTY(memory_aligned, void *, NULL, aligned_alloc, (size_t a, size_t n), \
       (a, n)) \
FAULTY(memory_map, void *, MAP_FAILED, mmap, (void *p, size_t n, int prot, \
       int flags, int fd, off_t at), (p, n, prot, flags, fd, at)) \
FAULTY(memory_file, int, -1, memfd_create, (const char *s, unsigned int f), \
       (s, f)) \
FAULTY(file_stat, int, -1, fstat, (int fd, struct stat *st), (fd, st)) \
FAULTY(file_lock, int, -1, flock, (int fd, int op), (fd, op)) \
FAULTY(file_read, ssize_t, -1, read, (int fd, void *p, size_t n), \
       (fd, p, n)) \
FAULTY(file_pread, ssize_t, -1, pread, (int fd, void *p, size_t n, off_t at), \
       (fd, p, n, at)) \
FAULTY(file_readv, ssize_t, -1, readv, (int fd, const struct iovec *v, \
       int n), (fd, v, n)) \
FAULTY(file_writev, ssize_t, -1, writev, (int fd, const struct iovec *v, \
       int n), (fd, v, n)) \
FAULTY(file_preadv, ssize_t, -1, preadv, (int fd, const struct iovec *v, \
       int n, off_t at), (fd, v, n, at)) \
FAULTY(file_pwritev, ssize_t, -1, pwritev, (int fd, const struct iovec *v, \
       int n, off_t at), (fd, v, n, at)) \
FAULTY(file_sync, int, -1, fdatasync, (int fd), (fd)) \
FAULTY(file_allocate, int, -1, fallocate, (int fd, int mode, off_t at, \
       off_t n), (fd, mode, at, n)) \
FAULTY(file_truncate, int, -1, ftruncate, (int fd, off_t n), (fd, n)) \
FAULTY(file_mkdir, int, -1, mkdir, (const char *s, mode_t mode), (s, mode)) \
FAULTY(sys_socket, int, -1, socket, (int d, int t, int p), (d, t, p)) \
FAULTY(sys_socketpair, int, -1, socketpair, (int d, int t, int p, \
       int fds[2]), (d, t, p, fds)) \
FAULTY(sys_bind, int, -1, bind, (int fd, const struct sockaddr *a, \
       socklen_t n), (fd, a, n)) \
FAULTY(sys_listen, int, -1, listen, (int fd, int n), (fd, n)) \
FAULTY(sys_accept, int, -1, accept4, (int fd, struct sockaddr *a, \
       socklen_t *n, int f), (fd, a, n, f)) \
FAULTY(sys_send, ssize_t, -1, send, (int fd, const void *p, size_t n, \
       int f), (fd, p, n, f)) \
FAULTY(sys_send, ssize_t, -1, sendmsg, (int fd, const struct msghdr *m, \
       int f), (fd, m, f)) \
FAULTY(sys_receive, ssize_t, -1, recvmsg, (int fd, struct msghdr *m, int f), \
       (fd, m, f)) \
FAULTY(sys_epoll, int, -1, epoll_create1, (int f), (f)) \
FAULTY(sys_epoll_ctl, int, -1, epoll_ctl, (int e, int op, int fd, \
       struct epoll_event *ev), (e, op, fd, ev)) \
FAULTY(sys_epoll_wait, int, -1, epoll_wait, (int e, struct epoll_event *ev, \
       int n, int ms), (e, ev, n, ms)) \
FAULTY(sys_poll, int, -1, poll, (struct pollfd *p, nfds_t n, int ms), \
       (p, n, ms)) \
FAULTY(sys_poll, int, -1, ppoll, (struct pollfd *p, nfds_t n, \
       const struct timespec *t, const sigset_t *s), (p, n, t, s)) \
FAULTY(sys_eventfd, int, -1, eventfd, (unsigned int n, int f), (n, f)) \
FAULTY(sys_timerfd, int, -1, timerfd_create, (int c, int f), (c, f)) \
FAULTY(sys_timerfd, int, -1, timerfd_settime, (int fd, int f, \
       const struct itimerspec *n, struct itimerspec *o), (fd, f, n, o)) \
FAULTY(sys_signalfd, int, -1, signalfd, (int fd, const sigset_t *s, int f), \
       (fd, s, f)) \
FAULTY(net_open, struct mnl_socket *, NULL, mnl_socket_open, (int b), (b)) \
FAULTY(net_open, struct mnl_socket *, NULL, mnl_socket_open2, \
       (int b, int f), (b, f)) \
FAULTY(net_send, ssize_t, -1, mnl_socket_sendto, (const struct mnl_socket *s, \
       const void *p, size_t n), (s, p, n)) \
FAULTY(net_receive, ssize_t, -1, mnl_socket_recvfrom, \
       (const struct mnl_socket *s, void *p, size_t n), (s, p, n))

static struct {
#define MEMBER(call, type, bad, name, parameters, arguments) \
	type (*name) parameters;
	ALL_CALLS(MEMBER)
#undef MEMBER
	ssize_t (*write)(int, const void *, size_t);
	int (*fcntl)(int, int, void *);
	int (*posix_memalign)(void **, size_t, size_t);
	int (*pthread_create)(pthread_t *, const pthread_attr_t *,
			      void *(*)(void *), void *);
} real;

void files_begin(void)
{
#define LOOK(call, type, bad, name, parameters, arguments) LOOK_UP(name);
	ALL_CALLS(LOOK)
#undef LOOK
	LOOK_UP(write);
	LOOK_UP(fcntl);
	LOOK_UP(posix_memalign);
	LOOK_UP(pthread_create);
	store_begin();
	uring_begin();
	/* not each program has all: once told, what was wrong is let go */
	dlerror();
	dlerror();
}

#define DEFINE(call, type, bad, name, parameters, arguments) \
SIM_PUBLIC type name parameters; \
SIM_PUBLIC type name parameters \
{ \
	if (!real.name) \
		LOOK_UP(name); \
	return FAILS(call) ? bad : real.name arguments; \
}
ALL_CALLS(DEFINE)
#undef DEFINE

/* -- what has not that form ------------------------------------------------------ */

/*
 * A log line that is lost is no fault of interest, and an eventfd that takes
 * no more is one that has been written.
 */
SIM_PUBLIC
ssize_t write(int fd, const void *p, size_t n)
{
	if (!real.write)
		LOOK_UP(write);
	if (fd != STDERR_FILENO && n != sizeof(uint64_t) && FAILS(file_write))
		return -1;
	return real.write(fd, p, n);
}

SIM_PUBLIC
int fcntl(int fd, int op, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, op);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!real.fcntl)
		LOOK_UP(fcntl);
	if (op == F_OFD_SETLK || op == F_OFD_GETLK ? FAILS(file_lock) :
						     FAILS(file_flags))
		return -1;
	return real.fcntl(fd, op, arg);
}

SIM_PUBLIC
int posix_memalign(void **ret, size_t align, size_t n)
{
	if (!real.posix_memalign)
		LOOK_UP(posix_memalign);
	return FAILS(memory_aligned) ? errno :
		real.posix_memalign(ret, align, n);
}

SIM_PUBLIC
int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
		   void *(*fn)(void *), void *arg)
{
	if (!real.pthread_create)
		LOOK_UP(pthread_create);
	return FAILS(sys_thread) ? errno :
		real.pthread_create(thread, attr, fn, arg);
}
