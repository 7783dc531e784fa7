/* SPDX-License-Identifier: MIT */
/*
 * What has changed on a host, as often as a sweep wants to know. A line on
 * stdin is an order:
 *
 *	keep	remember what there is: domains, xenstore's nodes, interfaces,
 *		files and processes of guests; then print a line of a dot
 *	diff	print a line for each thing that is there and was not, or the
 *		other way round, and in the end a line of a dot. What goes away
 *		by itself within some seconds is no difference.
 *
 * A process that stays, since what costs most of a look is to start one, under
 * emulation.
 */
#include "config.h"

#include <dirent.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenctrl.h>
#include <xenstore.h>

#define DOMAINS_MAX 64
#define LOOKS 500		/* before something is left for good */
#define LOOK_MS 10
#define PATH_SIZE 1024
#define THINGS_MAX 8192

struct state {
	char *things[THINGS_MAX];
	size_t count;
};

static struct state kept, now;

__attribute__((format(printf, 1, 2)))
static void there_is(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (now.count == THINGS_MAX ||
	    vasprintf(&now.things[now.count], fmt, ap) < 0)
		exit(1);
	now.count++;
	va_end(ap);
}

/* -- looking ------------------------------------------------------------------ */

static void note_domains(xc_interface *xch)
{
	static xc_domaininfo_t list[DOMAINS_MAX];
	int n = xc_domain_getinfolist(xch, 0, DOMAINS_MAX, list);

	for (int i = 0; i < n; i++)
		there_is("domain %u", list[i].domain);
}

/* Folders that toolstacks make once, and may keep when nothing is in them. */
static bool is_kept_folder(const char *path)
{
	static const char backends[] = "/local/domain/0/backend";
	const size_t len = strlen(backends);

	return strcmp(path, "/vm") == 0 || strcmp(path, "/libxl") == 0 ||
	       strcmp(path, "/local/domain/0/device-model") == 0 ||
	       (strncmp(path, backends, len) == 0 &&
		(!path[len] || !strchr(path + len + 1, '/')));
}

/* What its servers write of domain 0 at times of their own. */
static bool is_left_out(const char *path)
{
	return strncmp(path, "/local/domain/0/control", 23) == 0 ||
	       strncmp(path, "/local/domain/0/memory", 22) == 0 ||
	       strcmp(path, "/tool") == 0;
}

static void note_nodes(struct xs_handle *xs, const char *dir)
{
	unsigned int count = 0;
	char **names = xs_directory(xs, XBT_NULL, *dir ? dir : "/", &count);

	for (unsigned int i = 0; names && i < count; i++) {
		char path[PATH_SIZE];

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (is_left_out(path))
			continue;
		if (!is_kept_folder(path))
			there_is("node %s", path);
		note_nodes(xs, path);
	}
	free(names);
}

static void note_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			there_is("file %s/%s", path, entry->d_name);
	if (folder)
		closedir(folder);
}

static void note_process(const char *pid)
{
	char path[PATH_SIZE], line[4096];
	size_t n, size;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/cmdline", pid);
	f = fopen(path, "re");
	if (!f)
		return;
	size = fread(line, 1, sizeof(line) - 1, f);
	fclose(f);
	line[size] = '\0';
	for (n = 0; n + 1 < size; n++)
		if (!line[n])
			line[n] = ' ';
	if (strstr(line, "xl-lite") || strstr(line, "qemu-system") ||
	    strstr(line, "/scripts/"))
		there_is("process %.100s", line);
}

static void note_processes(void)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			note_process(entry->d_name);
	if (folder)
		closedir(folder);
}

/* -- comparing ---------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void forget(struct state *s)
{
	while (s->count)
		free(s->things[--s->count]);
}

static void look(xc_interface *xch, struct xs_handle *xs)
{
	static const char *const folders[] = {
		"/var/lib/xen", "/run/xen", "/run/xl-lite", "/run/lock",
		"/sys/class/net", "/dev/shm",
	};

	forget(&now);
	note_domains(xch);
	note_nodes(xs, "");
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		note_folder(folders[i]);
	note_processes();
	qsort(now.things, now.count, sizeof(*now.things), by_text);
}

static bool is_same(void)
{
	if (now.count != kept.count)
		return false;
	for (size_t i = 0; i < now.count; i++)
		if (strcmp(now.things[i], kept.things[i]) != 0)
			return false;
	return true;
}

static void settle(xc_interface *xch, struct xs_handle *xs)
{
	for (int i = 0; i < LOOKS && !is_same(); i++) {
		poll(NULL, 0, LOOK_MS);
		look(xch, xs);
	}
}

static void print_difference(void)
{
	size_t i = 0, k = 0;

	while (i < now.count || k < kept.count) {
		int order = i == now.count ? 1 : k == kept.count ? -1 :
			strcmp(now.things[i], kept.things[k]);

		if (order < 0)
			printf("left: %s\n", now.things[i]);
		if (order > 0)
			printf("gone: %s\n", kept.things[k]);
		i += order <= 0;
		k += order >= 0;
	}
	printf(".\n");
	fflush(stdout);
}

int main(void)
{
	xc_interface *xch = xc_interface_open(NULL, NULL, 0);
	struct xs_handle *xs = xs_open(0);
	char line[64];

	if (!xch || !xs) {
		perror("host-state: xen");
		return 1;
	}
	while (fgets(line, sizeof(line), stdin)) {
		look(xch, xs);
		if (strcmp(line, "diff\n") == 0) {
			settle(xch, xs);
			print_difference();
			continue;
		}
		forget(&kept);
		kept = now;
		now.count = 0;
		printf(".\n");
		fflush(stdout);
	}
	xs_close(xs);
	xc_interface_close(xch);
	return 0;
}
