/* SPDX-License-Identifier: MIT */
/* xl-lite vncviewer: look at a guest's display. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/log.h"

#include "tools/xl-lite/domain.h"

/* Display 0 of VNC is at this port. */
#define FIRST_PORT 5900

/* What QEMU, or whoever serves the display, has written about it. */
struct display {
	char address[STORE_VALUE_MAX];
	unsigned int number;
	char password[STORE_VALUE_MAX];	/* "" is none */
};

static int read_display(struct store *s, domid_t domid, struct display *d)
{
	char path[STORE_PATH_MAX];
	unsigned int port;
	int err;

	path_console(path, sizeof(path), domid);
	err = store_read_uint(s, XBT_NULL, path, "vnc-port", FIRST_PORT, 65535,
			      &port);
	if (err == -ENOENT)
		return log_fail(err, "domain %u: vncviewer: it has no display for VNC: %s/vnc-port is not there: add vnc=1 to its configuration",
				domid, path);
	if (err)
		return log_err(err, "domain %u: vncviewer: %s/vnc-port", domid,
			       path);
	d->number = port - FIRST_PORT;
	if (store_read(s, XBT_NULL, path, "vnc-listen", d->address,
		       sizeof(d->address)) || !*d->address)
		snprintf(d->address, sizeof(d->address), "localhost");
	if (store_read(s, XBT_NULL, path, "vnc-pass", d->password,
		       sizeof(d->password)))
		d->password[0] = '\0';
	return 0;
}

/* The viewer reads it from its standard input, and nobody else sees it. */
static int offer_password(const char *password)
{
	const size_t size = strlen(password);
	int fd = memfd_create("vnc-password", 0);

	if (fd == -1 || write(fd, password, size) != (ssize_t)size ||
	    lseek(fd, 0, SEEK_SET) == -1 || dup2(fd, STDIN_FILENO) == -1)
		return log_err(-errno, "vncviewer: hand over the password");
	if (fd != STDIN_FILENO)
		close(fd);
	return 0;
}

static void exec_viewer(const struct display *d, bool with_password)
{
	char where[STORE_VALUE_MAX + 16], option[] = "-autopass";
	char name[] = "vncviewer", *viewer = getenv("VNCVIEWER");
	char *args[] = { viewer ? viewer : name, where, NULL, NULL };

	snprintf(where, sizeof(where), "%s:%u", d->address, d->number);
	if (with_password && *d->password) {
		if (offer_password(d->password))
			return;
		args[2] = option;
	}
	execvp(args[0], args);
	log_err(-errno, "vncviewer: %s: install a viewer, or name one in VNCVIEWER; the display is %s",
		args[0], where);
}

int cmd_vncviewer(const struct cmd *cmd, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "autopass", no_argument, NULL, 'a' },
		{ "vncviewer-autopass", no_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	CLEANUP_HOST struct host host = { 0 };
	struct display display = { 0 };
	struct hv_domain info;
	bool with_password = false;
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "a", longopts, 1, 1,
				 &status)) != CMD_ARGS) {
		if (opt == CMD_EXIT)
			return status;
		with_password = true;
	}
	if (host_open(&host) ||
	    domain_argument_info(&host, argv[optind], "vncviewer", &info) ||
	    read_display(&host.store, info.domid, &display))
		return STATUS_ERROR;
	exec_viewer(&display, with_password);
	return STATUS_ERROR;
}
