/* SPDX-License-Identifier: MIT */
/* A logger that says nothing; see xenlog.h. */
#include "config.h"

#include "lib/xenlog.h"

__attribute__((format(printf, 5, 0)))
static void say_nothing(struct xentoollog_logger *logger,
			xentoollog_level level, int err, const char *context,
			const char *format, va_list ap)
{
	(void)logger;
	(void)level;
	(void)err;
	(void)context;
	(void)format;
	(void)ap;
}

static void destroy_nothing(struct xentoollog_logger *logger)
{
	(void)logger;
}

struct xentoollog_logger *xenlog_silent(void)
{
	static const struct xentoollog_logger silent = {
		.vmessage = say_nothing,
		.destroy = destroy_nothing,
	};

	/* the libraries only ever call through it */
	return (struct xentoollog_logger *)&silent;
}
