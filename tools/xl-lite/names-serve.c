/* SPDX-License-Identifier: MIT */
/* xl-lited tells which domain has a name; see names.h. */
#include "config.h"

#include "tools/xl-lite/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/num.h"

#define TOKEN "name"

/* Of those who ask, in one turn of the loop. */
#define ANSWERS_MAX 64

struct known_name {
	bool watched;
	bool read;		/* it had one, and nothing has been told since */
	bool listed;		/* while those that are gone are looked for */
	char name[DOMAIN_NAME_MAX];	/* "": none */
};

/* -- what is known ---------------------------------------------------------------- */

static void name_folder(char dir[STORE_PATH_MAX], unsigned int domid)
{
	path_domain(dir, STORE_PATH_MAX, domid);
}

static void make_token(char token[16], unsigned int domid)
{
	snprintf(token, 16, TOKEN "%u", domid);
}

bool names_event(struct names *n, const char *path, const char *token)
{
	unsigned int domid;
	struct known_name *k;

	(void)path;
	if (strncmp(token, TOKEN, strlen(TOKEN)) != 0 ||
	    num_parse_uint(token + strlen(TOKEN), 0, DOMID_FIRST_RESERVED - 1,
			   &domid))
		return false;
	k = n->known[domid];
	if (k)
		k->read = false;
	return true;
}

static void forget(struct names *n, unsigned int domid)
{
	char dir[STORE_PATH_MAX], token[16];

	name_folder(dir, domid);
	make_token(token, domid);
	if (n->known[domid]->watched)
		store_unwatch(n->store, dir, "name", token);
	free(n->known[domid]);
	n->known[domid] = NULL;
}

/*
 * The watch is set before the name is read: nothing can slip in between. The
 * event of setting it may stand for a change as well, since xenstored sends no
 * event that is like one it has not sent yet. And a domain without a name is one
 * that is being made: it is looked at again by whoever asks next.
 */
static int learn(struct names *n, unsigned int domid)
{
	struct known_name *k = n->known[domid];
	char dir[STORE_PATH_MAX], token[16];
	int err = 0;

	name_folder(dir, domid);
	make_token(token, domid);
	if (!k->watched) {
		err = store_watch(n->store, dir, "name", token);
		k->watched = !err;
	}
	if (!err)
		err = store_read(n->store, XBT_NULL, dir, "name", k->name,
				 sizeof(k->name));
	/* none, or one that no guest can have */
	if (err == -ENOENT || err == -E2BIG || err == -EINVAL) {
		k->name[0] = '\0';
		err = 0;
	}
	k->read = !err && k->name[0];
	return err;
}

static int look_at(struct names *n, unsigned int domid)
{
	struct known_name *k = n->known[domid];

	if (!k)
		k = n->known[domid] = calloc(1, sizeof(*k));
	if (!k)
		return -ENOMEM;
	k->listed = true;
	return k->read ? 0 : learn(n, domid);
}

/* All names that are wanted in *COUNT of *IDS are known then. */
static int bring_up_to_date(struct names *n, names_events_fn *events,
			    void *arg)
{
	CLEANUP_FREE char **ids = NULL;
	unsigned int count = 0, domid;
	int err = store_list(n->store, XBT_NULL, PATH_DOMAINS, NULL, &ids,
			     &count);

	if (!err)
		err = events(arg);
	for (unsigned int i = 0; !err && i < count; i++)
		if (num_parse_uint(ids[i], 0, DOMID_FIRST_RESERVED - 1,
				   &domid) == 0)
			err = look_at(n, domid);
	if (err)
		return err;
	for (domid = 0; domid < DOMID_FIRST_RESERVED; domid++) {
		if (!n->known[domid])
			continue;
		if (!n->known[domid]->listed)
			forget(n, domid);
		else
			n->known[domid]->listed = false;
	}
	return 0;
}

static struct names_answer find(const struct names *n, const char *name)
{
	struct names_answer a = {
		.err = -ESRCH,
		.initialised = n->known[0] && n->known[0]->name[0],
	};

	for (unsigned int i = 0; i < DOMID_FIRST_RESERVED; i++)
		if (n->known[i] && *name &&
		    strcmp(n->known[i]->name, name) == 0) {
			a.err = 0;
			a.domid = i;
			break;
		}
	return a;
}

/* -- who asks ----------------------------------------------------------------------- */

/* True: somebody did. */
static bool answer_one(struct names *n, names_events_fn *events, void *arg,
		       int *err)
{
	struct names_request request;
	struct names_answer answer;
	struct sockaddr_un from;
	socklen_t size = sizeof(from);
	ssize_t got = recvfrom(n->fd, &request, sizeof(request), MSG_DONTWAIT,
			       (struct sockaddr *)&from, &size);

	if (got < 0)
		return false;
	if (got != sizeof(request) ||
	    !memchr(request.name, 0, sizeof(request.name)))
		return true;
	*err = bring_up_to_date(n, events, arg);
	answer = find(n, request.name);
	if (*err)
		answer.err = *err;
	/* it may not wait any more */
	sendto(n->fd, &answer, sizeof(answer), MSG_DONTWAIT | MSG_NOSIGNAL,
	       (const struct sockaddr *)&from, size);
	return true;
}

int names_answer(struct names *n, names_events_fn *events, void *arg)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < ANSWERS_MAX; i++)
		if (!answer_one(n, events, arg, &err))
			break;
	return err;
}

/* -- life ------------------------------------------------------------------------------ */

int names_open(struct names *n, const char *path, struct store *store)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CLEANUP_CLOSE int fd = -1;
	mode_t mask;
	int err;

	*n = (struct names) { .fd = -1, .path = path, .store = store };
	n->known = calloc(DOMID_FIRST_RESERVED, sizeof(*n->known));
	if (!n->known)
		return log_err(-ENOMEM, "%s", path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return log_err(-errno, "%s: socket", path);
	/* of one that was killed; we have its lock */
	unlink(path);
	mask = umask(0177);
	err = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (err)
		return log_err(-errno, "%s: bind", path);
	n->fd = STEAL_FD(fd);
	return 0;
}

void names_close(struct names *n)
{
	if (n->fd >= 0)
		unlink(n->path);
	cleanup_close(&n->fd);
	n->fd = -1;
	for (unsigned int i = 0; n->known && i < DOMID_FIRST_RESERVED; i++)
		free(n->known[i]);
	free(n->known);
	n->known = NULL;
}
