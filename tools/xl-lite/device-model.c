/* SPDX-License-Identifier: MIT */
/* A guest's QEMU, while it runs, and its end; see device-model.h. */
#include "config.h"

#include "tools/xl-lite/device-model.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"

#include "tools/xl-lite/dm-restrict.h"
#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/qmp.h"

#define GRACE_MS 5000

int device_model_resume(domid_t domid)
{
	CLEANUP_QMP struct qmp q = { .fd = -1 };
	char socket[64];
	int err;

	snprintf(socket, sizeof(socket), DM_QMP_SOCKET, domid);
	err = qmp_open(&q, socket, clock_now_ns() + DM_ANSWER_S * NS_PER_S);
	if (!err)
		err = qmp_call(&q, "cont", NULL, 0, NULL);
	if (err)
		log_fail(err, "domain %u: let its QEMU run: %s: %s: see its log, in /var/log/xen",
			 domid, socket, qmp_why(&q, err));
	return err;
}

/*
 * Is PID the QEMU of this domain? Its number comes from xenstore and may be
 * old: what carries it now could be anything.
 */
static bool is_qemu_of(unsigned int pid, domid_t domid)
{
	CLEANUP_FCLOSE FILE *f = NULL;
	char path[64], id[16], line[4096];
	bool next = false, found = false;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%u/cmdline", pid);
	snprintf(id, sizeof(id), "%u", domid);
	f = fopen(path, "re");
	n = f ? fread(line, 1, sizeof(line) - 1, f) : 0;
	line[n] = '\0';
	for (char *arg = line; arg < line + n; arg += strlen(arg) + 1) {
		found |= next && strcmp(arg, id) == 0;
		next = strcmp(arg, "-xen-domid") == 0;
	}
	return found;
}

static enum device_model_end end_process(unsigned int pid, domid_t domid)
{
	CLEANUP_CLOSE int fd = syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	/* looked at after it was opened: this is the process we mean */
	if (fd == -1 || !is_qemu_of(pid, domid))
		return DM_END_ITSELF;
	syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0);
	if (poll(&p, 1, GRACE_MS) == 1)
		return DM_END_ITSELF;
	log_warn("domain %u: QEMU (process %u) did not end in %d s: killed",
		 domid, pid, GRACE_MS / 1000);
	syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
	poll(&p, 1, GRACE_MS);
	return DM_END_KILLED;
}

int device_model_stop(struct host *host, domid_t domid,
		      enum device_model_end *how)
{
	char path[STORE_PATH_MAX];
	unsigned int pid;
	int err;

	*how = DM_END_NONE;
	path_domain(path, sizeof(path), domid);
	err = store_read_uint(&host->store, XBT_NULL, path,
			      "image/device-model-pid", 2, 1 << 22, &pid);
	if (err)	/* none; or no number, with which nothing can be done */
		return err == -ENOENT || err == -EINVAL || err == -ERANGE ?
			0 : err;
	*how = end_process(pid, domid);
	waitpid(pid, NULL, WNOHANG);	/* where we have started it */
	path_device_model(path, sizeof(path), 0, domid);
	store_remove(&host->store, XBT_NULL, path, NULL);
	snprintf(path, sizeof(path), DM_QMP_SOCKET, domid);
	unlink(path);
	snprintf(path, sizeof(path), DM_STAT_SOCKET, domid);
	unlink(path);
	dm_root_remove(domid);
	return 0;
}
