/* SPDX-License-Identifier: MIT */
/* xl-lite shutdown: ask guests to shut down, and wait for it if told to. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/log.h"

#include "tools/xl-lite/domain.h"

/* How long a guest may take to say that it has heard us, as with xl. */
#define ACKNOWLEDGE_S 60
/* How often those who wait are told that we still do. */
#define PROGRESS_S 10

/* -- asking ---------------------------------------------------------------- */

/* The guest takes the word out of the node when it has read it. */
static bool is_taken(const char *value, void *arg)
{
	(void)arg;
	return !value || !*value;
}

static int ask(struct host *host, domid_t domid, const char *word)
{
	const uint64_t deadline = clock_now_ns() + ACKNOWLEDGE_S * NS_PER_S;
	char path[STORE_PATH_MAX];
	struct hv_domain info;
	int err = hv_domain_info(host->hv, domid, &info);

	if (err)
		return log_fail(err, "domain %u: shut down: %s", domid,
				err == -ESRCH ? "there is no such domain"
					      : hv_why(host->hv, err));
	if (info.shutdown)
		return 0;
	fprintf(stderr, "Shutting down domain %u\n", domid);
	path_domain(path, sizeof(path), domid);
	err = store_write(&host->store, XBT_NULL, path, "control/shutdown",
			  word);
	if (!err)
		err = store_wait(&host->store, path, "control/shutdown",
				 is_taken, NULL, deadline);
	if (err == -ETIMEDOUT)
		return log_fail(err, "domain %u: shut down: the guest did not take the request in %d s: it has no driver for it, or hangs: 'xl-lite destroy %u' ends it at once",
				domid, ACKNOWLEDGE_S, domid);
	if (err)
		log_err(err, "domain %u: shut down: control/shutdown", domid);
	return err;
}

/* -- waiting --------------------------------------------------------------- */

struct ending {
	domid_t domid;
	bool over;
};

static void look_at(struct host *host, struct ending *e)
{
	struct hv_domain info;
	int err;

	if (e->over)
		return;
	err = hv_domain_info(host->hv, e->domid, &info);
	if (err == -ESRCH || (!err && info.dying))
		log_info("domain %u has been destroyed", e->domid);
	else if (!err && info.shutdown)
		log_info("domain %u has been shut down, reason code %u",
			 e->domid, info.shutdown_reason);
	else
		return;
	e->over = true;
}

static size_t count_running(struct host *host, struct ending *list,
			    size_t count)
{
	size_t running = 0;

	for (size_t i = 0; i < count; i++) {
		look_at(host, &list[i]);
		running += !list[i].over;
	}
	return running;
}

static int wait_all(struct host *host, struct ending *list, size_t count)
{
	struct pollfd p = { .fd = store_fd(&host->store), .events = POLLIN };
	size_t running;
	int err;

	printf("Waiting for %zu domains\n", count);
	fflush(stdout);
	err = store_watch(&host->store, "@releaseDomain", NULL, "");
	while (!err && (running = count_running(host, list, count))) {
		char path[32], token[32];
		int n = poll(&p, 1, PROGRESS_S * 1000);

		if (n == -1 && errno != EINTR)
			return log_err(-errno, "wait");
		if (n == 0)
			log_info("still waiting for %zu domain%s", running,
				 running == 1 ? "" : "s");
		do
			err = store_next_event(&host->store, path,
					       sizeof(path), token,
					       sizeof(token));
		while (err == 1);
	}
	return err;
}

/* -- the command ------------------------------------------------------------ */

static int shut_down_one(struct host *host, const char *arg, bool wait)
{
	struct ending e = { 0 };
	int err = domain_argument(host, arg, &e.domid);

	if (!err)
		err = ask(host, e.domid, "poweroff");
	if (!err && wait)
		err = wait_all(host, &e, 1);
	return err;
}

static int shut_down_all(struct host *host, bool wait)
{
	CLEANUP_FREE struct hv_domain *domains = NULL;
	CLEANUP_FREE struct ending *list = NULL;
	size_t count, asked = 0;
	int first_err = 0, err = hv_domain_list(host->hv, &domains, &count);

	if (err)
		return log_fail(err, "list domains: %s", hv_why(host->hv, err));
	list = calloc(count + 1, sizeof(*list));
	if (!list)
		return log_err(-ENOMEM, "list domains");
	for (size_t i = 0; i < count; i++) {
		if (domains[i].domid == 0 || domains[i].dying)
			continue;
		err = ask(host, domains[i].domid, "poweroff");
		if (err)
			first_err = first_err ? first_err : err;
		else
			list[asked++].domid = domains[i].domid;
	}
	if (wait && asked)
		err = wait_all(host, list, asked);
	return first_err ? first_err : err;
}

int cmd_shutdown(const struct cmd *cmd, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "wait", no_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	CLEANUP_HOST struct host host = { 0 };
	bool all = false, wait = false;
	int opt, status, err;

	while ((opt = cmd_getopt(cmd, argc, argv, "awF", longopts, 0, 1,
				 &status)) != CMD_ARGS) {
		switch (opt) {
		case CMD_EXIT: return status;
		case 'a': all = true; break;
		case 'w': wait = true; break;
		case 'F': break;	/* a PV guest has no other way */
		}
	}
	if (all == (optind < argc))
		return cmd_usage(cmd);
	if (host_open(&host))
		return STATUS_ERROR;
	err = all ? shut_down_all(&host, wait)
		  : shut_down_one(&host, argv[optind], wait);
	return err ? STATUS_ERROR : STATUS_OK;
}
