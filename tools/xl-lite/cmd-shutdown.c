/* SPDX-License-Identifier: MIT */
/*
 * xl-lite shutdown, reboot: ask guests to, and wait for it if told to. What
 * comes of a guest that has stopped is not decided here, but by on_poweroff
 * and on_reboot of its configuration.
 */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/log.h"

#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/hv-vcpu.h"

/* How long a guest may take to say that it has heard us, as with xl. */
#define ACKNOWLEDGE_S 60
/* How often those who wait are told that we still do. */
#define PROGRESS_S 10

/* The two commands differ in this alone. */
struct ending {
	const char *word;		/* for the guest's driver */
	enum hv_trigger button;		/* for a guest without one */
	const char *what;		/* in messages */
	const char *doing;		/* the same, as xl begins a line */
};

static const struct ending shutting_down = {
	"poweroff", HV_TRIGGER_POWER, "shut down", "Shutting down"
};
static const struct ending rebooting = {
	"reboot", HV_TRIGGER_RESET, "reboot", "Rebooting"
};

struct request {
	const struct ending *ending;
	bool all;
	unsigned int wait;	/* 1: until they have stopped; 2: are gone */
	bool buttons;		/* -F: press them where there is no driver */
};

/* -- asking ---------------------------------------------------------------- */

/* The guest takes the word out of the node when it has read it. */
static bool is_taken(const char *value, void *arg)
{
	(void)arg;
	return !value || !*value;
}

static int ask_driver(struct host *host, domid_t domid,
		      const struct ending *ending)
{
	const uint64_t deadline = clock_now_ns() + ACKNOWLEDGE_S * NS_PER_S;
	char path[STORE_PATH_MAX];
	int err;

	path_domain(path, sizeof(path), domid);
	err = store_write(&host->store, XBT_NULL, path, "control/shutdown",
			  ending->word);
	if (!err)
		err = store_wait(&host->store, path, "control/shutdown",
				 is_taken, NULL, deadline);
	if (err == -ETIMEDOUT)
		return log_fail(err, "domain %u: %s: the guest did not take the request in %d s: it has no driver for it, or hangs: 'xl-lite destroy %u' ends it at once",
				domid, ending->what, ACKNOWLEDGE_S, domid);
	if (err)
		log_err(err, "domain %u: %s: control/shutdown", domid,
			ending->what);
	return err;
}

static int press_button(struct host *host, domid_t domid,
			const struct request *r)
{
	int err;

	if (!r->buttons)
		return log_fail(-ENOTSUP, "domain %u: %s: PV control interface not available: the guest has no driver of Xen's that could be asked: -F presses the button of its machine instead",
				domid, r->ending->what);
	err = hv_trigger(host->hv, domid, r->ending->button, 0);
	return err ? log_fail(err, "domain %u: %s: its button: %s", domid,
			      r->ending->what, hv_why(host->hv, err)) : 0;
}

static int ask(struct host *host, const struct hv_domain *d,
	       const struct request *r)
{
	bool driver = true;
	int err = 0;

	if (d->shutdown)
		return 0;
	fprintf(stderr, "%s domain %u\n", r->ending->doing, d->domid);
	if (domain_is_hvm(&host->store, d))
		err = hv_domain_has_drivers(host->hv, d->domid, &driver);
	if (err)
		return log_fail(err, "domain %u: %s: has it a driver: %s",
				d->domid, r->ending->what,
				hv_why(host->hv, err));
	return driver ? ask_driver(host, d->domid, r->ending)
		      : press_button(host, d->domid, r);
}

/* -- waiting --------------------------------------------------------------- */

struct waited {
	domid_t domid;
	bool stopped;		/* and said so */
	bool over;
};

static void look_at(struct host *host, struct waited *w, bool until_gone)
{
	struct hv_domain info;
	int err;

	if (w->over)
		return;
	err = hv_domain_info(host->hv, w->domid, &info);
	if (err == -ESRCH || (!err && info.dying)) {
		log_info("domain %u has been destroyed", w->domid);
		w->over = true;
	} else if (!err && info.shutdown && !w->stopped) {
		log_info("domain %u has been shut down, reason code %u",
			 w->domid, info.shutdown_reason);
		w->stopped = true;
		w->over = !until_gone;
	}
}

static size_t count_running(struct host *host, struct waited *list,
			    size_t count, bool until_gone)
{
	size_t running = 0;

	for (size_t i = 0; i < count; i++) {
		look_at(host, &list[i], until_gone);
		running += !list[i].over;
	}
	return running;
}

static int wait_all(struct host *host, struct waited *list, size_t count,
		    bool until_gone)
{
	struct pollfd p = { .fd = store_fd(&host->store), .events = POLLIN };
	size_t running;
	int err;

	fprintf(stderr, "Waiting for %zu domains\n", count);
	err = store_watch(&host->store, "@releaseDomain", NULL, "");
	while (!err && (running = count_running(host, list, count,
						until_gone))) {
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

/* -- the commands ----------------------------------------------------------- */

static int end_one(struct host *host, const char *arg, const struct request *r)
{
	struct waited w = { 0 };
	struct hv_domain info;
	int err = domain_argument_info(host, arg, r->ending->what, &info);

	if (err)
		return err;
	if (info.domid == 0)
		return log_fail(-EINVAL, "domain 0: %s: is this host itself: use systemctl",
				r->ending->what);
	w.domid = info.domid;
	err = ask(host, &info, r);
	if (!err && r->wait)
		err = wait_all(host, &w, 1, r->wait > 1);
	return err;
}

/* Not the host itself, nor who serves it, nor what is ending anyway. */
static bool is_guest(const struct hv_domain *d)
{
	return d->domid != 0 && !d->serves_store && !d->dying;
}

static int end_all(struct host *host, const struct request *r)
{
	CLEANUP_FREE struct hv_domain *domains = NULL;
	CLEANUP_FREE struct waited *list = NULL;
	size_t count, asked = 0;
	int first_err = 0, err = domain_list_argument(host, NULL, &domains,
						      &count);

	if (err)
		return err;
	list = calloc(count + 1, sizeof(*list));
	if (!list)
		return log_err(-ENOMEM, "list domains");
	for (size_t i = 0; i < count; i++) {
		if (!is_guest(&domains[i]))
			continue;
		err = ask(host, &domains[i], r);
		if (!err)
			list[asked++].domid = domains[i].domid;
		else if (!first_err)
			first_err = err;
	}
	if (r->wait && asked)
		err = wait_all(host, list, asked, r->wait > 1);
	return first_err ? first_err : err;
}

static int run(const struct cmd *cmd, int argc, char **argv,
	       const struct ending *ending)
{
	static const struct option longopts[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "wait", no_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	CLEANUP_HOST struct host host = { 0 };
	struct request r = { .ending = ending };
	int opt, status, err;

	while ((opt = cmd_getopt(cmd, argc, argv, "awF", longopts, 0, 1,
				 &status)) != CMD_ARGS) {
		switch (opt) {
		case CMD_EXIT: return status;
		case 'a': r.all = true; break;
		case 'w': r.wait++; break;
		case 'F': r.buttons = true; break;
		}
	}
	if (r.all && optind < argc) {
		log_fail(0, "%s: -a is all guests: leave out '%s', or -a",
			 cmd->command->name, argv[optind]);
		return cmd_usage(cmd);
	}
	if (!r.all && optind == argc) {
		log_fail(0, "%s: neither a domain nor -a is given",
			 cmd->command->name);
		cmd_usage(cmd);
		return STATUS_ERROR;	/* as xl */
	}
	if (host_open(&host))
		return STATUS_ERROR;
	err = r.all ? end_all(&host, &r) : end_one(&host, argv[optind], &r);
	return err ? STATUS_ERROR : STATUS_OK;
}

int cmd_shutdown(const struct cmd *cmd, int argc, char **argv)
{
	return run(cmd, argc, argv, &shutting_down);
}

int cmd_reboot(const struct cmd *cmd, int argc, char **argv)
{
	return run(cmd, argc, argv, &rebooting);
}
