/* SPDX-License-Identifier: MIT */
/*
 * A store held against the schema.
 *
 * One pass over all nodes says what is unknown, wrongly owned or wrongly
 * filled; then each domain and device is asked for what it needs and whether
 * its other end points back; then what belongs to domains that do not exist
 * is a leak, said once for the folder and not for what is in it.
 */
#include "config.h"

#include "xenstore-schema/lint-check.h"

#include "lib/cleanup.h"
#include "lib/log.h"
#include "xenstore-schema/busstate.h"
#include "xenstore-schema/schema.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* Bytes of a value, escaped, that a message shows. */
#define SHOWN_MAX 200

/* Queues that are looked at; no backend of ours offers more. */
#define QUEUES_MAX 64

struct domain {
	bool named;		/* the tree has nodes of it, or about it */
	bool exists;
	unsigned int kinds;	/* DOMAINS_* it may be; one where it is known */
};

struct lint {
	const struct tree *tree;
	struct findings *findings;
	struct domain *domains;	/* of each domid */
	uint16_t *ids;		/* of those that are named, ascending */
	size_t ids_count;
	char vm_dir[STORE_PATH_MAX];	/* vm_domain()'s last answer */
	int32_t vm_domid;
	int err;
};

/* -- findings -------------------------------------------------------------- */

/* What others wrote, so that it cannot do anything to who reads it. */
static void show(char *buf, size_t size, const char *text, size_t len)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		int n;

		/* leave room for the longest escape and the dots */
		if (used + 8 > size) {
			snprintf(buf + used, size - used, "...");
			return;
		}
		if (c >= 0x20 && c < 0x7f && c != '\\' && c != '"')
			n = snprintf(buf + used, size - used, "%c", c);
		else
			n = snprintf(buf + used, size - used, "\\x%02x", c);
		used += (size_t)n;
	}
	buf[used] = '\0';
}

__attribute__((format(printf, 5, 6)))
static void found(struct lint *l, const char *dir, const char *node,
		  const char *what, const char *fmt, ...)
{
	struct findings *f = l->findings;
	char path[4 * STORE_PATH_MAX], shown[4 * STORE_PATH_MAX], why[1024];
	va_list ap;

	f->total++;
	if (f->kept == FINDINGS_MAX || l->err)
		return;
	snprintf(path, sizeof(path), "%s%s%s", dir,
		 node && *node ? "/" : "", node ? node : "");
	show(shown, sizeof(shown), path, strlen(path));
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (asprintf(&f->text[f->kept], "%s: %s: %s", shown, what, why) < 0)
		l->err = log_err(-ENOMEM, "%s", shown);
	else
		f->kept++;
}

void findings_free(struct findings *f)
{
	for (size_t i = 0; i < f->kept; i++)
		free(f->text[i]);
	*f = (struct findings) { 0 };
}

void findings_keep_common(struct findings *f, const struct findings *other)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->kept; i++) {
		size_t j;

		for (j = 0; j < other->kept; j++)
			if (strcmp(f->text[i], other->text[j]) == 0)
				break;
		if (j < other->kept)
			f->text[kept++] = f->text[i];
		else
			free(f->text[i]);
	}
	/* Past what is kept nothing can be compared: both have too many. */
	if (f->total <= FINDINGS_MAX || kept < FINDINGS_MAX)
		f->total = kept;
	f->kept = kept;
}

/* -- domains --------------------------------------------------------------- */

static unsigned int domain_kinds(const struct tree *tree, uint16_t domid)
{
	static const struct {
		const char *type;
		unsigned int kinds;
	} types[] = {
		{ "pv", DOMAINS_PV },
		{ "pvh", DOMAINS_PVH },
		{ "hvm", DOMAINS_HVM },
	};
	const struct tree_node *type;
	char dir[STORE_PATH_MAX];

	if (domid == 0)
		return DOMAINS_DOM0;
	path_libxl(dir, sizeof(dir), domid);
	type = tree_find(tree, dir, "type");
	for (size_t i = 0; type && i < ARRAY_SIZE(types); i++)
		if (strcmp(type->value, types[i].type) == 0)
			return types[i].kinds;
	return DOMAINS_GUEST;
}

/* One word for messages; NULL: it may be several. */
static const char *kinds_name(unsigned int kinds)
{
	switch (kinds) {
	case DOMAINS_DOM0: return "dom0";
	case DOMAINS_PV: return "a pv guest";
	case DOMAINS_PVH: return "a pvh guest";
	case DOMAINS_HVM: return "an hvm guest";
	default: return NULL;
	}
}

static bool domain_has_identity(const struct tree *tree, uint16_t domid)
{
	char dir[STORE_PATH_MAX];

	path_domain(dir, sizeof(dir), domid);
	return tree_find(tree, dir, "domid") || tree_find(tree, dir, "name");
}

/* Note each domain that N is about. */
static void learn_node(struct lint *l, const struct tree_node *n)
{
	struct schema_place place;
	int32_t guest = -1;

	if (schema_locate(n->path, &place))
		return;
	if (place.root != SCHEMA_STORE && place.root != SCHEMA_VM)
		l->domains[place.domid].named = true;
	l->domains[place.backend_domid].named = true;
	if (schema_find(&place, DOMAINS_ANY, &guest) && guest >= 0)
		l->domains[guest].named = true;
}

static void learn_domains(struct lint *l, const struct lint_domains *known)
{
	for (size_t i = 0; i < l->tree->count; i++)
		learn_node(l, &l->tree->nodes[i]);

	for (unsigned int id = 0; id <= UINT16_MAX; id++) {
		struct domain *d = &l->domains[id];
		const uint16_t domid = (uint16_t)id;

		d->kinds = domid ? DOMAINS_GUEST : DOMAINS_DOM0;
		d->exists = domid == 0;
		if (!d->named)
			continue;
		l->ids[l->ids_count++] = domid;
		if (domid == 0)
			continue;
		d->kinds = domain_kinds(l->tree, domid);
		d->exists = known->exists ?
			    known->exists(known->arg, domid) :
			    domain_has_identity(l->tree, domid);
	}
}

/* The domain whose `vm` is DIR, or -1; each folder is looked up once. */
static int32_t vm_domain(struct lint *l, const char *dir)
{
	if (strcmp(l->vm_dir, dir) == 0)
		return l->vm_domid;
	snprintf(l->vm_dir, sizeof(l->vm_dir), "%s", dir);
	l->vm_domid = -1;

	for (size_t i = 0; i < l->ids_count; i++) {
		char path[STORE_PATH_MAX];
		const struct tree_node *vm;

		if (!l->domains[l->ids[i]].exists)
			continue;
		path_domain(path, sizeof(path), l->ids[i]);
		vm = tree_find(l->tree, path, "vm");
		if (!vm || strcmp(vm->value, dir) != 0)
			continue;
		l->vm_domid = l->ids[i];
		break;
	}
	return l->vm_domid;
}

/* Where N is; a guest's folder under /vm says by its guest whose it is. */
static int locate(struct lint *l, const struct tree_node *n,
		  struct schema_place *place)
{
	int err = schema_locate(n->path, place);

	if (!err && place->root == SCHEMA_VM) {
		int32_t domid = vm_domain(l, place->dir);

		place->domid = domid < 0 ? 0 : (uint16_t)domid;
	}
	return err;
}

/* The domains that may have what is at PLACE. */
static unsigned int place_kinds(const struct lint *l,
				const struct schema_place *place)
{
	return place->root == SCHEMA_STORE ? DOMAINS_ANY :
					     l->domains[place->domid].kinds;
}

/* -- one node -------------------------------------------------------------- */

/* B of a frontend: by the `backend` node its folder has, as it is read too. */
static uint16_t frontend_backend(const struct lint *l, const char *dir)
{
	const struct tree_node *n = tree_find(l->tree, dir, "backend");
	struct backend_path b;

	if (!n || path_parse_backend(n->value, &b))
		return 0;
	return b.backend_domid;
}

/* The one who first stands in "n7,r0". */
static bool owned_by(const char *perms, const char *owner)
{
	size_t len = strcspn(perms, ",");

	return len == strcspn(owner, ",") && len > 1 &&
	       strncmp(perms + 1, owner + 1, len - 1) == 0;
}

/* The same, and nobody else: "n0" for "n0,r7". */
static bool is_owners_alone(const char *perms, const char *owner)
{
	return !strchr(perms, ',') && owned_by(perms, owner) &&
	       perms[0] == 'n';
}

static void check_perms(struct lint *l, const struct tree_node *n,
			const struct schema_place *place,
			const struct schema_node *row, int32_t guest)
{
	const enum schema_perms perms = place->copy ? PERMS_HOST : row->perms;
	uint16_t backend_domid = place->backend_domid;
	char want[64], got[SHOWN_MAX];

	if (perms == PERMS_FRONT)
		backend_domid = frontend_backend(l, place->dir);
	schema_perms(perms, backend_domid, place->domid, guest, want,
		     sizeof(want));
	if (strcmp(n->perms, want) == 0)
		return;
	/* What is nothing to the guest need not be shown to it. */
	if (perms == PERMS_BACKONLY && is_owners_alone(n->perms, want))
		return;
	/* What is the guest's to fill is the guest's to show. */
	if (row->type == TYPE_ANY && owned_by(n->perms, want))
		return;
	show(got, sizeof(got), n->perms, strlen(n->perms));
	found(l, n->path, NULL, "permissions", "want %s, got %s", want, got);
}

static void check_type(struct lint *l, const struct tree_node *n,
		       const struct schema_node *row)
{
	char want[256], got[SHOWN_MAX];

	if (schema_check(row, n->value, n->size) == 0)
		return;
	schema_want(row, want, sizeof(want));
	show(got, sizeof(got), n->value, n->size);
	found(l, n->path, NULL, "type", "want %s, got \"%s\"", want, got);
}

static void check_unknown(struct lint *l, const struct tree_node *n,
			  const struct schema_place *place, unsigned int kinds)
{
	const char *kind = kinds_name(kinds);
	char got[SHOWN_MAX];

	show(got, sizeof(got), n->value, n->size);
	if (place && kind && schema_find(place, DOMAINS_ANY, NULL))
		found(l, n->path, NULL, "unknown",
		      "want no such node in %s, got \"%s\"", kind, got);
	else
		found(l, n->path, NULL, "unknown",
		      "want no such node, got \"%s\"", got);
}

/* The folder NODE is in belongs to a domain that does not exist. */
static bool is_leaked(const struct lint *l, const struct schema_place *place,
		      int32_t guest)
{
	if (place->root == SCHEMA_STORE)
		return false;
	/* dom0 has no such folder: none has this one */
	if (place->root == SCHEMA_VM && place->domid == 0)
		return true;
	if (guest >= 0 && !l->domains[guest].exists)
		return true;
	return !l->domains[place->domid].exists ||
	       !l->domains[place->backend_domid].exists;
}

static void check_node(struct lint *l, const struct tree_node *n)
{
	const struct schema_node *row;
	struct schema_place place;
	unsigned int kinds;
	int32_t guest = -1;

	if (locate(l, n, &place)) {
		check_unknown(l, n, NULL, 0);
		return;
	}
	kinds = place_kinds(l, &place);
	row = schema_find(&place, kinds, &guest);
	if (is_leaked(l, &place, guest))
		return;
	if (!row) {
		check_unknown(l, n, &place, kinds);
		return;
	}
	check_perms(l, n, &place, row, guest);
	check_type(l, n, row);
}

/* -- what has to be there -------------------------------------------------- */

static void check_present(struct lint *l, const char *dir,
			  const struct schema_node *row)
{
	char want[256];

	if (strpbrk(row->path, "%*") || tree_has(l->tree, dir, row->path))
		return;
	schema_want(row, want, sizeof(want));
	found(l, dir, row->path, "missing", "want %s, got none", want);
}

/*
 * The rows of ROOT that are needed in DIR by a domain of KINDS. A row counts
 * only if each of these kinds has it.
 */
static void check_needs(struct lint *l, enum schema_root root,
			const char *dir, unsigned int kinds, bool connected)
{
	for (size_t i = 0; i < schema_nodes_count; i++) {
		const struct schema_node *row = &schema_nodes[i];

		if (row->root != root || (row->domains & kinds) != kinds)
			continue;
		if (row->needed == NEEDED_EVERYWHERE ||
		    (row->needed == NEEDED_CREATED && kinds != DOMAINS_DOM0) ||
		    (row->needed == NEEDED_CONNECTED && connected))
			check_present(l, dir, row);
	}
}

static enum bus_state state_of(const struct lint *l, const char *dir)
{
	const struct tree_node *n = tree_find(l->tree, dir, "state");

	return bus_state_parse(n ? n->value : NULL);
}

/* One of the nodes in CHOICES ("a|b") is there; behind PREFIX, in DIR. */
static void check_one_of(struct lint *l, const char *dir, const char *prefix,
			 const char *choices)
{
	char node[64];

	for (const char *c = choices; *c;) {
		size_t len = strcspn(c, "|");

		snprintf(node, sizeof(node), "%s%.*s", prefix, (int)len, c);
		if (tree_find(l->tree, dir, node))
			return;
		c += len + (c[len] == '|');
	}
	snprintf(node, sizeof(node), "%s%.*s", prefix,
		 (int)strcspn(choices, "|"), choices);
	found(l, dir, node, "missing",
	      "want %s%s while the frontend is published, got none",
	      strchr(choices, '|') ? "one of " : "", choices);
}

/* A frontend in Initialised or Connected has published its rings. */
static void check_rings(struct lint *l, const char *dir,
			const struct schema_place *place)
{
	static const struct {
		enum schema_root root;
		const char *choices[3];
	} rings[] = {
		{ SCHEMA_VBD_FRONT,
		  { "ring-ref|ring-ref0", "event-channel" } },
		{ SCHEMA_VIF_FRONT,
		  { "tx-ring-ref", "rx-ring-ref",
		    "event-channel|event-channel-tx" } },
	};
	const enum bus_state state = state_of(l, dir);
	const struct tree_node *n = tree_find(l->tree, dir,
					      "multi-queue-num-queues");
	const struct schema_node *row = schema_node(place->root,
						    "multi-queue-num-queues");
	const bool split = tree_has(l->tree, dir, "queue-0");
	uint64_t queues = 1;

	if (state != BUS_INITIALISED && state != BUS_CONNECTED)
		return;
	if (n && row && schema_parse_uint(row, n->value, n->size, &queues))
		queues = 1;
	if (queues > QUEUES_MAX)
		queues = QUEUES_MAX;

	for (size_t i = 0; i < ARRAY_SIZE(rings); i++) {
		if (rings[i].root != place->root)
			continue;
		for (unsigned int q = 0; q < queues; q++) {
			char prefix[24] = "";

			if (split || queues > 1)
				snprintf(prefix, sizeof(prefix), "queue-%u/",
					 q);
			for (size_t c = 0; c < 3 && rings[i].choices[c]; c++)
				check_one_of(l, dir, prefix,
					     rings[i].choices[c]);
		}
	}
}

/* -- the other end --------------------------------------------------------- */

/*
 * DIR/NODE names the folder of the other end, whose BACK node names DIR. Of a
 * libxl copy only the first is asked.
 */
static void check_peer(struct lint *l, const char *dir, const char *node,
		       const char *back)
{
	const struct tree_node *n = tree_find(l->tree, dir, node);
	const struct tree_node *there;
	char got[SHOWN_MAX];

	/* missing or no path: said already */
	if (!n || n->value[0] != '/')
		return;
	if (!tree_has(l->tree, n->value, NULL)) {
		show(got, sizeof(got), n->value, n->size);
		found(l, dir, node, "dangling",
		      "want the folder of the other end, got \"%s\", which is not there",
		      got);
		return;
	}
	if (!back)
		return;
	there = tree_find(l->tree, n->value, back);
	if (there && strcmp(there->value, dir) == 0)
		return;
	if (there)
		show(got, sizeof(got), there->value, there->size);
	else
		snprintf(got, sizeof(got), "nothing");
	found(l, dir, node, "dangling",
	      "want an end that points back here, got one that points to \"%s\"",
	      got);
}

/* DIR/NODE is a domid that has to be WANT. */
static void check_domid(struct lint *l, const char *dir, const char *node,
			uint16_t want)
{
	const struct tree_node *n = tree_find(l->tree, dir, node);
	uint16_t got;

	if (!n || path_parse_domid(n->value, &got) || got == want)
		return;
	found(l, dir, node, "dangling", "want %u, got %u", want, got);
}

static void check_device(struct lint *l, const struct schema_place *place)
{
	const char *dir = place->dir;
	const unsigned int kinds = place_kinds(l, place);

	if (place->copy) {
		check_peer(l, dir, "frontend", NULL);
		check_peer(l, dir, "backend", NULL);
		return;
	}
	check_needs(l, place->root, dir, kinds,
		    state_of(l, dir) == BUS_CONNECTED);

	switch (place->root) {
	case SCHEMA_CONSOLE_BACK:
	case SCHEMA_VBD_BACK:
	case SCHEMA_VIF_BACK:
	case SCHEMA_VKBD_BACK:
	case SCHEMA_VFB_BACK:
	case SCHEMA_9PFS_BACK:
		check_peer(l, dir, "frontend", "backend");
		check_domid(l, dir, "frontend-id", place->domid);
		break;
	default:
		check_peer(l, dir, "backend", "frontend");
		check_domid(l, dir, "backend-id", frontend_backend(l, dir));
		check_rings(l, dir, place);
	}
}

/* -- leaks ----------------------------------------------------------------- */

static void leak(struct lint *l, const char *dir)
{
	size_t count;

	tree_below(l->tree, dir, &count);
	count += tree_find(l->tree, dir, NULL) != NULL;
	found(l, dir, NULL, "leaked",
	      "want nothing of a domain that does not exist, got %zu node%s",
	      count, count == 1 ? "" : "s");
}

/* -- folders --------------------------------------------------------------- */

static void check_domain(struct lint *l, uint16_t domid)
{
	const unsigned int kinds = l->domains[domid].kinds;
	char dir[STORE_PATH_MAX];

	path_domain(dir, sizeof(dir), domid);
	if (!l->domains[domid].exists) {
		if (tree_has(l->tree, dir, NULL))
			leak(l, dir);
		return;
	}
	check_needs(l, SCHEMA_DOMAIN, dir, kinds, false);
	if (domid == 0)
		return;
	path_console(dir, sizeof(dir), domid);
	check_needs(l, SCHEMA_CONSOLE, dir, kinds, false);
	check_peer(l, dir, "backend", "frontend");
	check_domid(l, dir, "backend-id", frontend_backend(l, dir));
	path_libxl(dir, sizeof(dir), domid);
	check_needs(l, SCHEMA_LIBXL, dir, kinds, false);
}

static void check_vm(struct lint *l, const struct schema_place *place)
{
	if (place->domid == 0)
		found(l, place->dir, NULL, "leaked",
		      "want a domain whose vm node names it, got none");
	else
		check_needs(l, SCHEMA_VM, place->dir, place_kinds(l, place),
			    false);
}

/*
 * Each folder that stands for a domain or device is met once, at its first
 * node; PATH is the first that is in it.
 */
static void check_folder(struct lint *l, const struct tree_node *n,
			 char *last, size_t last_size)
{
	struct schema_place place;
	struct backend_path b;
	char dir[STORE_PATH_MAX] = "";
	int32_t guest = -1;

	if (locate(l, n, &place))
		return;
	schema_find(&place, DOMAINS_ANY, &guest);

	/* what a domain keeps for a guest that is gone */
	if (path_parse_backend(n->path, &b) == 0 &&
	    b.level != BACKEND_PATH_KIND && !l->domains[b.domid].exists &&
	    l->domains[b.backend_domid].exists) {
		path_backend_guest(dir, sizeof(dir), b.backend_domid, b.kind,
				   b.domid);
	} else if (place.root == SCHEMA_DOMAIN && guest >= 0 &&
		   !l->domains[guest].exists &&
		   l->domains[place.domid].exists) {
		const char *name = strncmp(place.node, "device-model/", 13) ?
				   NULL : "device-model";

		if (name)
			path_device_model(dir, sizeof(dir), place.domid,
					  (uint16_t)guest);
		else if (strlen(n->path) < sizeof(dir))
			memcpy(dir, n->path, strlen(n->path) + 1);
	} else if ((place.root == SCHEMA_LIBXL || place.copy) &&
		   !l->domains[place.domid].exists) {
		path_libxl(dir, sizeof(dir), place.domid);
	}
	if (dir[0]) {
		size_t len = strlen(last);

		/* the folder of a leak, or below it, was said already */
		if (len && strncmp(dir, last, len) == 0 &&
		    (dir[len] == '/' || dir[len] == '\0'))
			return;
		leak(l, dir);
		snprintf(last, last_size, "%s", dir);
		return;
	}

	if (strcmp(place.dir, last) == 0 ||
	    (place.root != SCHEMA_VM && is_leaked(l, &place, guest)))
		return;
	switch (place.root) {
	case SCHEMA_STORE:
	case SCHEMA_DOMAIN:
	case SCHEMA_LIBXL:
	case SCHEMA_CONSOLE:
		return;		/* by check_domain() */
	case SCHEMA_VM:
		check_vm(l, &place);
		break;
	default:
		check_device(l, &place);
	}
	snprintf(last, last_size, "%s", place.dir);
}

int lint_check(const struct tree *tree, const struct lint_domains *domains,
	       struct findings *findings)
{
	CLEANUP_FREE struct domain *list = calloc(UINT16_MAX + 1,
						  sizeof(*list));
	CLEANUP_FREE uint16_t *ids = calloc(UINT16_MAX + 1, sizeof(*ids));
	char last[STORE_PATH_MAX] = "";
	struct lint l = {
		.tree = tree, .findings = findings, .domains = list,
		.ids = ids,
	};

	if (!list || !ids)
		return log_err(-ENOMEM, "domains");
	learn_domains(&l, domains);

	for (size_t i = 0; i < tree->count; i++)
		check_node(&l, &tree->nodes[i]);
	check_needs(&l, SCHEMA_STORE, "", DOMAINS_ANY, false);
	for (size_t i = 0; i < l.ids_count; i++)
		check_domain(&l, l.ids[i]);
	for (size_t i = 0; i < tree->count; i++)
		check_folder(&l, &tree->nodes[i], last, sizeof(last));
	return l.err;
}
