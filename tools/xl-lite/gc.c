/* SPDX-License-Identifier: MIT */
/* What was left behind; see gc.h for what may be touched. */
#include "config.h"

#include "tools/xl-lite/gc.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/num.h"

#include "tools/xl-lite/bootloader.h"
#include "tools/xl-lite/destroy.h"
#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/guest-state.h"
#include "tools/xl-lite/leftover.h"
#include "tools/xl-lite/stopped.h"

#define LITED "xl-lited"

__attribute__((format(printf, 2, 3)))
static void found(struct gc *gc, const char *fmt, ...)
{
	va_list ap;

	gc->found++;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

static const char *done(const struct gc *gc)
{
	return gc->dry_run ? "to be removed" : "removed";
}

static void note(struct gc *gc, int err)
{
	gc->failed += err != 0;
}

/* No domain of this number; one that is dying exists. */
static bool no_domain(struct gc *gc, domid_t domid)
{
	struct hv_domain info;

	return hv_domain_info(gc->host->hv, domid, &info) == -ESRCH;
}

/* No such domain of this UUID: its number may be another's by now. */
static bool no_guest(struct gc *gc, domid_t domid, const uint8_t uuid[16])
{
	struct hv_domain info;
	int err = hv_domain_info(gc->host->hv, domid, &info);

	return err == -ESRCH || (!err && memcmp(info.uuid, uuid, 16) != 0);
}

/* -- marks -------------------------------------------------------------------- */

static void look_at_mark(struct gc *gc, const char *file)
{
	CLEANUP_MARK struct mark mark = { .fd = -1 };
	struct mark_record left;
	char path[sizeof(mark.path)], text[512];
	int err;

	snprintf(path, sizeof(path), MARK_FOLDER "/%s", file);
	err = mark_take(&mark, path, false, &left);
	if (err == -EBUSY || err == -ENOENT)	/* its process lives, or ended */
		return;
	if (!err)
		err = leftover_finish(gc->host, &left, gc->dry_run, text,
				      sizeof(text));
	if (err) {
		note(gc, log_err(err, "%s", path));
		return;
	}
	if (text[0])
		found(gc, "%s", text);
	else
		found(gc, "%s: of process %u, which ended early: %s", path,
		      left.pid, done(gc));
	if (!gc->dry_run)
		mark_remove(&mark);
}

/* -- restarts ------------------------------------------------------------------ */

/* Cut off: xl-lited goes on with it, and we do where it does not run. */
static void look_at_restart(struct gc *gc, domid_t domid,
			    const uint8_t uuid[16])
{
	CLEANUP_GUEST_STATE struct guest_state r = { .fd = -1 };
	struct stopped_result result = { 0 };
	int err;

	if (guest_state_holder(GUEST_STATE_RESTART, domid, uuid) ||
	    host_daemon_running(LITED))
		return;
	err = guest_state_take(&r, GUEST_STATE_RESTART, domid, uuid);
	if (err) {
		note(gc, err == -ENOENT ? 0 : err);
		return;
	}
	if (!guest_state_of_this_boot(&r)) {
		found(gc, "%s: of a guest that ran before the host was booted: %s",
		      r.path, done(gc));
		if (!gc->dry_run)
			guest_state_remove(&r);
		return;
	}
	found(gc, "guest %s: its restart was cut off: %s", r.config->name,
	      gc->dry_run ? "to be finished" : "finishing it");
	if (!gc->dry_run)
		note(gc, stopped_resume(gc->host, &r, &result));
}

/* -- files --------------------------------------------------------------------- */

/* ".7.UUID." somewhere in a name that begins with "userdata-" */
static int parse_userdata(const char *file, domid_t *domid, uint8_t uuid[16])
{
	const char *dot = strchr(file, '.');
	char text[64], *end;
	unsigned int id;

	if (strncmp(file, "userdata-", strlen("userdata-")) != 0 || !dot)
		return -EINVAL;
	snprintf(text, sizeof(text), "%s", dot + 1);
	end = strchr(text, '.');
	if (!end || strlen(end) < UUID_TEXT_SIZE + 1 ||
	    end[UUID_TEXT_SIZE] != '.')
		return -EINVAL;
	*end++ = '\0';
	end[UUID_TEXT_SIZE - 1] = '\0';
	if (num_parse_uint(text, 0, DOMID_FIRST_RESERVED - 1, &id))
		return -EINVAL;
	*domid = id;
	return uuid_parse(end, uuid);
}

/* A restart whose file was not yet whole: "xl-lite-restart-7.UUID.new" */
static int parse_unfinished(const char *file, domid_t *domid, uint8_t uuid[16])
{
	char name[128], *end;

	snprintf(name, sizeof(name), "%s", file);
	end = strrchr(name, '.');
	if (!end || strcmp(end, ".new") != 0)
		return -EINVAL;
	*end = '\0';
	return guest_state_parse_name(name, GUEST_STATE_RESTART, domid, uuid);
}

static void look_at_file(struct gc *gc, const char *file)
{
	char path[PATH_MAX];
	uint8_t uuid[16];
	domid_t domid;

	if (mark_is_file(file)) {
		look_at_mark(gc, file);
		return;
	}
	if (guest_state_parse_name(file, GUEST_STATE_RESTART, &domid, uuid)
	    == 0) {
		look_at_restart(gc, domid, uuid);
		return;
	}
	if (bootloader_parse_folder(file, &domid, uuid) == 0 &&
	    no_guest(gc, domid, uuid)) {
		found(gc, GUEST_STATE_FOLDER "/%s: its domain is gone: %s",
		      file, done(gc));
		if (!gc->dry_run)
			note(gc, bootloader_remove_left(domid, uuid));
		return;
	}
	if ((parse_userdata(file, &domid, uuid) &&
	     parse_unfinished(file, &domid, uuid)) ||
	    !no_guest(gc, domid, uuid))
		return;
	snprintf(path, sizeof(path), GUEST_STATE_FOLDER "/%s", file);
	found(gc, "%s: its domain is gone: %s", path, done(gc));
	if (!gc->dry_run && unlink(path) && errno != ENOENT)
		note(gc, log_err(-errno, "%s: remove", path));
}

/* Marks first: finishing what they tell of makes other things go. */
static void look_at_files(struct gc *gc, bool marks)
{
	struct dirent **list;
	int count = scandir(GUEST_STATE_FOLDER, &list, NULL, alphasort);

	if (count == -1) {
		note(gc, log_err(-errno, GUEST_STATE_FOLDER));
		return;
	}
	for (int i = 0; i < count; i++) {
		if (mark_is_file(list[i]->d_name) == marks)
			look_at_file(gc, list[i]->d_name);
		free(list[i]);
	}
	free(list);
}

/* -- nodes --------------------------------------------------------------------- */

static void remove_node(struct gc *gc, const char *path)
{
	found(gc, "%s: its domain is gone: %s", path, done(gc));
	if (!gc->dry_run)
		note(gc, store_remove(&gc->host->store, XBT_NULL, path, NULL));
}

/* The folders in DIR that are named by a domain's number, of one gone. */
static void look_below(struct gc *gc, const char *dir)
{
	CLEANUP_FREE char **names = NULL;
	unsigned int count = 0;
	char path[STORE_PATH_MAX];
	uint16_t domid;

	if (store_list(&gc->host->store, XBT_NULL, dir, NULL, &names, &count))
		return;
	for (unsigned int i = 0; i < count; i++) {
		if (path_parse_domid(names[i], &domid) ||
		    !no_domain(gc, domid))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		remove_node(gc, path);
	}
}

static void look_at_backends(struct gc *gc, domid_t server)
{
	CLEANUP_FREE char **kinds = NULL;
	unsigned int count = 0;
	char dir[STORE_PATH_MAX];

	path_domain(dir, sizeof(dir), server);
	if (store_list(&gc->host->store, XBT_NULL, dir, "backend", &kinds,
		       &count))
		return;
	for (unsigned int i = 0; i < count; i++)
		if (strlen(kinds[i]) < STORE_KIND_MAX) {
			path_backends(dir, sizeof(dir), server, kinds[i]);
			look_below(gc, dir);
		}
}

/*
 * A domain that is gone and has devices still: its servers may hold them, and
 * are told, as when it is destroyed.
 */
static void look_at_guests(struct gc *gc)
{
	CLEANUP_FREE char **names = NULL;
	unsigned int count = 0;
	uint16_t domid;

	if (store_list(&gc->host->store, XBT_NULL, PATH_LIBXL, NULL, &names,
		       &count))
		return;
	for (unsigned int i = 0; i < count; i++) {
		if (path_parse_domid(names[i], &domid) ||
		    !no_domain(gc, domid))
			continue;
		found(gc, "domain %u: is gone, its devices are not: %s", domid,
		      done(gc));
		if (!gc->dry_run)
			note(gc, guest_drop_devices(gc->host, domid));
	}
}

static void look_at_servers(struct gc *gc)
{
	CLEANUP_FREE char **names = NULL;
	unsigned int count = 0;
	char dir[STORE_PATH_MAX];
	uint16_t domid;

	if (store_list(&gc->host->store, XBT_NULL, PATH_DOMAINS, NULL, &names,
		       &count))
		return;
	for (unsigned int i = 0; i < count; i++) {
		if (path_parse_domid(names[i], &domid) || no_domain(gc, domid))
			continue;
		look_at_backends(gc, domid);
		path_domain_node(dir, sizeof(dir), domid, "device-model");
		look_below(gc, dir);
	}
}

static bool uuid_in(const struct hv_domain *list, size_t count,
		    const uint8_t uuid[16])
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(list[i].uuid, uuid, 16) == 0)
			return true;
	return false;
}

static void look_at_vms(struct gc *gc)
{
	CLEANUP_FREE struct hv_domain *domains = NULL;
	CLEANUP_FREE char **names = NULL;
	char path[STORE_PATH_MAX];
	unsigned int count = 0;
	size_t num_domains;
	uint8_t uuid[16];

	if (store_list(&gc->host->store, XBT_NULL, PATH_VMS, NULL, &names,
		       &count) ||
	    hv_domain_list(gc->host->hv, &domains, &num_domains))
		return;
	for (unsigned int i = 0; i < count; i++) {
		if (uuid_parse(names[i], uuid) ||
		    uuid_in(domains, num_domains, uuid))
			continue;
		path_vm(path, sizeof(path), names[i]);
		remove_node(gc, path);
	}
}

int gc_run(struct gc *gc)
{
	look_at_files(gc, true);
	look_at_guests(gc);
	look_at_servers(gc);
	look_below(gc, PATH_LIBXL);
	look_below(gc, PATH_DOMAINS);
	look_at_vms(gc);
	look_at_files(gc, false);
	return gc->failed ? -EIO : 0;
}
