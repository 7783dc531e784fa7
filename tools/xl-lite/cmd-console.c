/* SPDX-License-Identifier: MIT */
/* xl-lite console: attach to a guest's console. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <string.h>

#include "lib/log.h"
#include "lib/num.h"

#include "tools/xl-lite/console.h"
#include "tools/xl-lite/domain.h"

static int parse_type(const char *text, enum console_type *type)
{
	if (strcmp(text, "pv") == 0)
		*type = CONSOLE_PV;
	else if (strcmp(text, "serial") == 0)
		*type = CONSOLE_SERIAL;
	else if (strcmp(text, "vuart") == 0)
		*type = CONSOLE_VUART;
	else
		return log_fail(-1, "console type '%s': only pv, serial and vuart are known",
				text);
	return 0;
}

/* An HVM guest without a word about it is asked for its serial port. */
static enum console_type default_type(struct host *host, domid_t domid)
{
	struct hv_domain info;

	if (hv_domain_info(host->hv, domid, &info) == 0 && info.hvm)
		return CONSOLE_SERIAL;
	return CONSOLE_PV;
}

/* PVH has no serial port: what libxl wrote tells the two apart. */
static enum console_type guest_type(struct host *host, domid_t domid)
{
	char path[STORE_PATH_MAX], type[8];

	path_libxl(path, sizeof(path), domid);
	if (store_read(&host->store, XBT_NULL, path, "type", type,
		       sizeof(type)))
		return default_type(host, domid);
	return strcmp(type, "hvm") == 0 ? CONSOLE_SERIAL : CONSOLE_PV;
}

int cmd_console(const struct cmd *cmd, int argc, char **argv)
{
	CLEANUP_HOST struct host host = { 0 };
	enum console_type type = CONSOLE_PV;
	unsigned int number = 0;
	bool type_given = false;
	domid_t domid;
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "n:t:", NULL, 1, 1,
				 &status)) != CMD_ARGS) {
		switch (opt) {
		case CMD_EXIT:
			return status;
		case 't':
			if (parse_type(optarg, &type))
				return STATUS_ERROR;
			type_given = true;
			break;
		case 'n':
			if (num_parse_uint(optarg, 0, 65535, &number)) {
				log_fail(0, "console number '%s': is no number",
					 optarg);
				return STATUS_ERROR;
			}
			break;
		}
	}
	if (host_open(&host) || domain_argument(&host, argv[optind], &domid))
		return STATUS_ERROR;
	if (!type_given)
		type = guest_type(&host, domid);
	console_exec(domid, type, number);
	return STATUS_ERROR;
}
