/* SPDX-License-Identifier: MIT */
/* xl-lite dmesg: what Xen itself has said. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <stdio.h>

#include "lib/log.h"

#include "tools/xl-lite/host.h"
#include "tools/xl-lite/hv-host.h"

#define CHUNK_SIZE 16384

int cmd_dmesg(const struct cmd *cmd, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "clear", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	CLEANUP_HOST struct host host = { 0 };
	char buf[CHUNK_SIZE];
	uint32_t index = 0;
	unsigned int size;
	bool clear = false;
	int opt, status, err;

	while ((opt = cmd_getopt(cmd, argc, argv, "c", longopts, 0, 0,
				 &status)) != CMD_ARGS) {
		if (opt == CMD_EXIT)
			return status;
		clear = true;
	}
	if (host_open(&host))
		return STATUS_ERROR;
	do {
		size = sizeof(buf);
		err = hv_console_read(host.hv, buf, &size, clear, &index);
		if (err) {
			log_fail(err, "dmesg: %s", hv_why(host.hv, err));
			return STATUS_ERROR;
		}
	} while (size && fwrite(buf, 1, size, stdout) == size);
	return ferror(stdout) ? STATUS_ERROR : STATUS_OK;
}
