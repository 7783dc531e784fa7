/* SPDX-License-Identifier: MIT */
/*
 * Running a guest's bootloader; see bootloader.h. The process itself is
 * loader.c's; here is what is the host's and the guest's: where the program is,
 * the folder by which 'gc' knows what was cut off, the console node, and the
 * domain that may be destroyed under our hands.
 */
#include "config.h"

#include "tools/xl-lite/bootloader.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/num.h"

#include "tools/xl-lite/loader-cage.h"
#include "tools/xl-lite/uuid.h"

#define FOLDER_BASE "/var/lib/xen"
#define FOLDER_PREFIX "xl-lite-boot-"

#define TOKEN "bootloader"

/* libxl's, of users that a program may be run as. */
#define USER_RANGE "xen-qemuuser-range-base"
#define USER_SHARED "xen-qemuuser-shared"
#define RESTRICTED_S 120

/* -- where things are --------------------------------------------------------- */

static void folder_of(char *path, size_t size, domid_t domid,
		      const uint8_t uuid[16])
{
	char text[UUID_TEXT_SIZE];

	uuid_format(uuid, text);
	snprintf(path, size, FOLDER_BASE "/" FOLDER_PREFIX "%u.%s", domid,
		 text);
}

int bootloader_parse_folder(const char *file, domid_t *domid, uint8_t uuid[16])
{
	const size_t len = strlen(FOLDER_PREFIX);
	unsigned int id;
	char text[64], *dot;

	if (strncmp(file, FOLDER_PREFIX, len) != 0 ||
	    strlen(file + len) >= sizeof(text))
		return -EINVAL;
	snprintf(text, sizeof(text), "%s", file + len);
	dot = strchr(text, '.');
	if (!dot)
		return -EINVAL;
	*dot = '\0';
	if (num_parse_uint(text, 0, UINT16_MAX, &id))
		return -EINVAL;
	*domid = id;
	return uuid_parse(dot + 1, uuid);
}

int bootloader_remove_left(domid_t domid, const uint8_t uuid[16])
{
	char folder[96];
	int err;

	folder_of(folder, sizeof(folder), domid, uuid);
	err = loader_folder_remove(folder);
	return err ? log_err(err, "%s: remove", folder) : 0;
}

/* As execvp() finds it, but before anything is made. */
static int find_in_path(const char *name, char *path, size_t size)
{
	const char *folders = getenv("PATH");
	size_t len;

	if (!folders)
		folders = "/usr/sbin:/usr/bin:/sbin:/bin";
	for (;; folders += len + 1) {
		len = strcspn(folders, ":");
		if (len && (size_t)snprintf(path, size, "%.*s/%s", (int)len,
					    folders, name) < size &&
		    access(path, X_OK) == 0)
			return 0;
		if (!folders[len])
			return -ENOENT;
	}
}

int bootloader_find(const struct guest_config *config, char *path, size_t size)
{
	const char *name = config->bootloader;
	int err = 0;

	if (*name != '/')
		err = host_xen_program(name, path, size);
	if (err)
		return err;
	/* Xen's own come first; then one by its path, or from PATH */
	if (*name != '/' && access(path, X_OK) == 0)
		return 0;
	if (!strchr(name, '/'))
		err = find_in_path(name, path, size);
	else if ((size_t)snprintf(path, size, "%s", name) >= size)
		err = -ENAMETOOLONG;
	else if (access(path, X_OK))
		err = -errno;
	if (!err)
		return 0;
	return log_fail(err, "guest %s: bootloader='%s': %s: %s", config->name,
			name, strerror(-err), strstr(name, "pygrub") ?
			"write \"pygrub\", which Debian has in xen-utils" :
			"it is looked for in Xen's own folder, and in PATH");
}

int bootloader_check_disk(const struct guest_config *config,
			  const struct device *disk)
{
	/* that it is raw, and served by this domain, is checked by then */
	if (!disk->script[0])
		return 0;
	return log_fail(-EINVAL, "guest %s: bootloader='%s': cannot read %s: what it is only its script knows: put a disk without script= first",
			config->name, config->bootloader, disk->name);
}

/* -- as another user ----------------------------------------------------------- */

/* It is the only one that has this number, as with libxl. */
static int own_user(const struct guest_config *config, const struct passwd *base,
		    domid_t domid, long *uid)
{
	*uid = (long)base->pw_uid + domid;
	if (!getpwuid(*uid))
		return 0;
	return log_fail(-EINVAL, "guest %s: bootloader: user %ld, the one for domain %u above %s, is somebody else already",
			config->name, *uid, domid, USER_RANGE);
}

/* Of a newer xl's keys, or else xl(1)'s LIBXL_BOOTLOADER_RESTRICT and _USER. */
static int find_user(const struct bootloader_request *r, long *uid)
{
	const char *name = r->config->bootloader_user;
	const bool restricted = choose(r->config->bootloader_restrict,
				       getenv("LIBXL_BOOTLOADER_RESTRICT"));
	const struct passwd *user;

	*uid = 0;
	if (!name && r->config->bootloader_restrict != CHOICE_NO)
		name = getenv("LIBXL_BOOTLOADER_USER");
	if (!name && !restricted)
		return 0;
	user = name ? NULL : getpwnam(USER_RANGE);
	if (user)
		return own_user(r->config, user, r->domid, uid);
	if (!name)
		name = USER_SHARED;
	user = getpwnam(name);
	if (!user || user->pw_uid == 0)
		return log_fail(-EINVAL, "guest %s: bootloader: user '%s': %s: make one, or leave bootloader_restrict= and bootloader_user= out, and LIBXL_BOOTLOADER_RESTRICT and LIBXL_BOOTLOADER_USER out of the environment",
				r->config->name, name,
				user ? "is root" : "there is none");
	*uid = user->pw_uid;
	return 0;
}

/* Without a person who could answer it, it has to end by itself. */
static int find_deadline(const struct bootloader_request *r, bool restricted,
			 uint64_t *deadline_ns)
{
	const char *text = getenv("LIBXL_BOOTLOADER_TIMEOUT");
	unsigned int seconds = RESTRICTED_S;

	*deadline_ns = 0;
	if (!restricted)
		return 0;
	if (text && num_parse_uint(text, 0, INT32_MAX, &seconds))
		return log_fail(-EINVAL, "guest %s: bootloader: LIBXL_BOOTLOADER_TIMEOUT='%s' is no number of seconds",
				r->config->name, text);
	if (seconds)
		*deadline_ns = clock_now_ns() + seconds * NS_PER_S;
	return 0;
}

/* -- running it ------------------------------------------------------------------ */

/*
 * Somebody may have destroyed the domain meanwhile. xenstored does not know it
 * yet, and does not tell of its end: but all who destroy a domain remove its
 * nodes, and that first.
 */
static bool domain_is_gone(void *arg)
{
	const struct bootloader_request *r = arg;
	struct store *s = &r->host->store;
	char path[STORE_PATH_MAX], text[STORE_VALUE_MAX];

	while (store_next_event(s, path, sizeof(path), text, sizeof(text)) == 1)
		;
	path_domain(path, sizeof(path), r->domid);
	return store_read(s, XBT_NULL, path, "vm", text, sizeof(text)) ==
	       -ENOENT;
}

static void show_last_words(const struct guest_config *config,
			    const struct last_words *said)
{
	const char *line;

	for (unsigned int i = 0; (line = last_words_line(said, i)); i++)
		log_fail(0, "guest %s: bootloader: it said: %s", config->name,
			 line);
}

static int say_why(const struct bootloader_request *r, int err)
{
	const char *name = r->config->name, *program = r->program;

	switch (err) {
	case -EINTR:
		return err;
	case -ETIMEDOUT:
		return log_fail(err, "guest %s: bootloader %s: did not end in time: killed; LIBXL_BOOTLOADER_TIMEOUT gives it more",
				name, program);
	case -ESTALE:
		return log_fail(-EIO, "guest %s: bootloader %s: killed: domain %u was destroyed meanwhile",
				name, program, r->domid);
	case -EMSGSIZE:
		return log_fail(-EIO, "guest %s: bootloader %s: killed: it said more than %d bytes: is it a bootloader for Xen?",
				name, program, LOADER_RESULT_MAX);
	default:
		return log_err(err, "guest %s: bootloader %s: run", name,
			       program);
	}
}

static int judge(const struct bootloader_request *r, const struct loader *l,
		 struct loader_found *found)
{
	const char *name = r->config->name, *why;

	if (WIFSIGNALED(l->status)) {
		log_fail(0, "guest %s: bootloader %s: was ended by signal %d%s",
			 name, r->program, WTERMSIG(l->status),
			 WTERMSIG(l->status) == SIGXCPU ?
			 ": it took too much processor time" : "");
		goto failed;
	}
	if (WEXITSTATUS(l->status)) {
		log_fail(0, "guest %s: bootloader %s: found nothing to start on %s (exit status %d)",
			 name, r->program, r->disk->target,
			 WEXITSTATUS(l->status));
		goto failed;
	}
	why = loader_parse(l->result, l->result_size, l->folder, found);
	if (!why)
		why = loader_check_files(found);
	/* Xen has no room for more in a PV guest's start info */
	if (!why && r->config->type == GUEST_PV &&
	    strlen(found->args) >= STORE_VALUE_MAX)
		why = "its command line is too long for a PV kernel";
	if (!why)
		return 0;
	log_fail(0, "guest %s: bootloader %s: %s", name, r->program, why);
failed:
	show_last_words(r->config, &l->relay->said);
	return -EIO;
}

/* Its terminal is the guest's console until xenconsoled has one for it. */
static int show_console(const struct bootloader_request *r,
			struct bootloader *b)
{
	char dir[STORE_PATH_MAX];
	int err = relay_open(&b->relay);

	b->relayed = true;
	if (err)
		return log_err(err, "guest %s: bootloader: its terminal",
			       r->config->name);
	path_console(dir, sizeof(dir), r->domid);
	err = store_write(&r->host->store, XBT_NULL, dir, "tty",
			  b->relay.console_path);
	if (err)
		return store_fail(&r->host->store, err);
	return r->console_available ? r->console_available(r->arg, r->domid)
				    : 0;
}

static int run_watched(const struct bootloader_request *r,
		       struct bootloader *b, struct loader *l)
{
	struct store *s = &r->host->store;
	char dir[STORE_PATH_MAX];
	int err;

	path_domain(dir, sizeof(dir), r->domid);
	err = store_watch(s, dir, "vm", TOKEN);
	if (err)
		return store_fail(s, err);
	err = loader_run(l);
	store_unwatch(s, dir, "vm", TOKEN);
	if (!err)
		return judge(r, l, &b->found);
	err = say_why(r, err);
	if (err != -EINTR)
		show_last_words(r->config, &b->relay.said);
	return err;
}

static int prepare(const struct bootloader_request *r, struct bootloader *b,
		   struct arena *arena, struct loader *l)
{
	struct loader_request args = {
		.config = r->config,
		.program = r->program,
		.folder = b->folder,
		.disk = r->disk->target,
	};
	int err = find_user(r, &args.runas);

	if (!err)
		err = find_deadline(r, args.runas, &l->deadline_ns);
	if (err)
		return err;
	folder_of(b->folder, sizeof(b->folder), r->domid,
			  r->config->uuid);
	/* one that becomes another user isolates itself, which takes rights */
	if (!args.runas && loader_cage_fits(r->program))
		l->caged_disk = r->disk->target;
	l->argv = loader_args(arena, &args);
	if (!l->argv)
		return log_err(-ENOMEM, "guest %s: bootloader",
			       r->config->name);
	err = loader_folder_make(b->folder);
	return err ? log_err(err, "guest %s: bootloader: make %s",
			     r->config->name, b->folder) : 0;
}

int bootloader_run(const struct bootloader_request *r, struct bootloader *b)
{
	CLEANUP(arena_free) struct arena arena = { NULL };
	CLEANUP_FREE struct loader *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return log_err(-ENOMEM, "guest %s: bootloader",
			       r->config->name);
	err = prepare(r, b, &arena, l);
	if (!err)
		err = show_console(r, b);
	if (err)
		return err;
	for (char **arg = l->argv; *arg; arg++)
		log_debug("guest %s: bootloader: %s", r->config->name, *arg);
	l->folder = b->folder;
	l->relay = &b->relay;
	l->interrupt_fd = r->interrupt->fd;
	l->news_fd = store_fd(&r->host->store);
	l->stale = domain_is_gone;
	l->arg = (void *)r;
	return run_watched(r, b, l);
}

void bootloader_end(struct bootloader *b)
{
	int err = b->folder[0] ? loader_folder_remove(b->folder) : 0;

	if (err)
		log_err(err, "%s: remove", b->folder);
	b->folder[0] = '\0';
	if (b->relayed)
		relay_close(&b->relay);
	b->relayed = false;
}
