/* SPDX-License-Identifier: MIT */
/*
 * xenstore-lint: does a store hold what it should, and nothing else?
 *
 * A live store changes while it is read: a finding counts only if a second
 * look has it too.
 */
#include "config.h"

#include "lib/cleanup.h"
#include "lib/log.h"
#include "xenstore-schema/lint-check.h"
#include "xenstore-schema/paths.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include <xenstore.h>

enum {
	EXIT_CLEAN = 0,
	EXIT_FOUND = 1,
	EXIT_TROUBLE = 2,
};

struct options {
	bool live;
	bool domids_given;
	bool *domids;		/* of each domid */
	const char *file;	/* NULL: standard input */
};

static void usage(FILE *f)
{
	fputs("usage: xenstore-lint [--domids LIST] [FILE]\n"
	      "       xenstore-lint --live\n"
	      "\n"
	      "Says what is unknown, wrong, missing, dangling or leaked in a xenstore tree:\n"
	      "in FILE or standard input, as `xenstore-ls -fp` prints it, or (--live) in the\n"
	      "store of this host.\n"
	      "\n"
	      "  -d, --domids LIST  the domains there are, for example 0,3,4\n"
	      "  -l, --live         read this host's xenstore\n"
	      "  -h, --help         print this and end\n"
	      "  -V, --version      print the version and end\n"
	      "\n"
	      "Ends with 0 if there is nothing to say, 1 if there is, 2 if it cannot look.\n",
	      f);
}

static int parse_domids(char *list, bool *domids)
{
	char *rest = list;

	for (char *item; (item = strsep(&rest, ","));) {
		uint16_t domid;

		if (path_parse_domid(item, &domid))
			return log_fail(-EINVAL, "--domids: want numbers with commas between, got \"%s\"",
					item);
		domids[domid] = true;
	}
	return 0;
}

/* 0; 1: done already, end well; -EINVAL: said. */
static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "domids", required_argument, NULL, 'd' },
		{ "live", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "d:lhV", longs, NULL)) != -1)
		switch (opt) {
		case 'd':
			if (parse_domids(optarg, o->domids))
				return -EINVAL;
			o->domids_given = true;
			break;
		case 'l':
			o->live = true;
			break;
		case 'h':
			usage(stdout);
			return 1;
		case 'V':
			printf("xenstore-lint %s\n", PACKAGE_VERSION);
			return 1;
		default:
			usage(stderr);
			return -EINVAL;
		}
	if (optind < argc)
		o->file = argv[optind++];
	if (optind < argc)
		return log_fail(-EINVAL, "%s: one file at a time",
				argv[optind]);
	if (o->live && o->file)
		return log_fail(-EINVAL, "%s: --live reads the store, not a file",
				o->file);
	return 0;
}

static bool domid_listed(void *arg, uint16_t domid)
{
	const struct options *o = arg;

	return o->domids[domid];
}

static bool domid_introduced(void *arg, uint16_t domid)
{
	return xs_is_domain_introduced(arg, domid);
}

static int lint_file(struct options *o, struct findings *findings)
{
	const struct lint_domains domains = {
		.exists = o->domids_given ? domid_listed : NULL,
		.arg = o,
	};
	const bool std = !o->file || strcmp(o->file, "-") == 0;
	CLEANUP_FCLOSE FILE *f = std ? NULL : fopen(o->file, "re");
	CLEANUP(tree_free) struct tree tree = { 0 };
	int err;

	if (!std && !f)
		return log_err(-errno, "%s", o->file);
	err = tree_read_text(&tree, std ? stdin : f,
			     std ? "standard input" : o->file);
	return err ? err : lint_check(&tree, &domains, findings);
}

static int look_live(struct xs_handle *xs, const struct options *o,
		     struct findings *findings)
{
	const struct lint_domains domains = {
		.exists = o->domids_given ? domid_listed : domid_introduced,
		.arg = o->domids_given ? (void *)o : xs,
	};
	CLEANUP(tree_free) struct tree tree = { 0 };
	int err = tree_read_live(&tree, xs);

	return err ? err : lint_check(&tree, &domains, findings);
}

static void close_store(struct xs_handle **xs)
{
	if (*xs)
		xs_close(*xs);
}

static int lint_live(const struct options *o, struct findings *findings)
{
	CLEANUP(close_store) struct xs_handle *xs = xs_open(0);
	CLEANUP(findings_free) struct findings first = { 0 };
	int err;

	if (!xs)
		return log_err(-errno, "xenstore: open: is xenstored running, and are you root");
	err = look_live(xs, o, &first);
	if (err || first.total == 0)
		return err;
	err = look_live(xs, o, findings);
	if (!err)
		findings_keep_common(findings, &first);
	return err;
}

static int report(const struct findings *f)
{
	for (size_t i = 0; i < f->kept; i++)
		puts(f->text[i]);
	if (f->total > f->kept)
		printf("%zu findings more are not shown\n",
		       f->total - f->kept);
	if (fflush(stdout) || ferror(stdout)) {
		log_err(-errno, "standard output");
		return EXIT_TROUBLE;
	}
	return f->total ? EXIT_FOUND : EXIT_CLEAN;
}

int main(int argc, char **argv)
{
	CLEANUP_FREE bool *domids = calloc(UINT16_MAX + 1, sizeof(*domids));
	struct options o = { .domids = domids };
	CLEANUP(findings_free) struct findings findings = { 0 };
	int err;

	log_init("xenstore-lint", LOG_INFO_LEVEL);
	if (!domids) {
		log_err(-ENOMEM, "domids");
		return EXIT_TROUBLE;
	}
	err = parse_options(argc, argv, &o);
	if (err)
		return err > 0 ? EXIT_CLEAN : EXIT_TROUBLE;
	err = o.live ? lint_live(&o, &findings) : lint_file(&o, &findings);
	return err ? EXIT_TROUBLE : report(&findings);
}
