/* SPDX-License-Identifier: MIT */
/* Processors of a QEMU; see dm-vcpus.h. */
#include "config.h"

#include "tools/xl-lite/dm-vcpus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Where processors can be. stock xl assumes that each has a socket of its own,
 * which QEMU has not done since 6.2: it has to be asked.
 */
struct place {
	const char *type;		/* "qemu32-i386-cpu"; the answer's */
	yajl_val props;
	long long at[4];		/* socket, die, core, thread */
	bool plugged;
};

static yajl_val field(yajl_val object, const char *name, yajl_type type)
{
	const char *path[] = { name, NULL };

	return yajl_tree_get(object, path, type);
}

static bool read_place(yajl_val v, struct place *p)
{
	static const char *const names[] = {
		"socket-id", "die-id", "core-id", "thread-id",
	};

	p->type = YAJL_GET_STRING(field(v, "type", yajl_t_string));
	p->props = field(v, "props", yajl_t_object);
	p->plugged = field(v, "qom-path", yajl_t_string);
	if (!p->type || !p->props || p->props->u.object.len > DM_VCPU_PROPS_MAX)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		yajl_val n = field(p->props, names[i], yajl_t_number);

		p->at[i] = YAJL_IS_INTEGER(n) ? YAJL_GET_INTEGER(n) : 0;
	}
	return true;
}

static int by_place(const void *a, const void *b)
{
	const struct place *p = a, *q = b;

	for (size_t i = 0; i < ARRAY_SIZE(p->at); i++)
		if (p->at[i] != q->at[i])
			return p->at[i] < q->at[i] ? -1 : 1;
	return 0;
}

/* All places of ANSWER, in the order in which a guest counts them. */
static int read_places(yajl_val answer, struct place **ret, size_t *count)
{
	const size_t n = YAJL_IS_ARRAY(answer) ? answer->u.array.len : 0;
	struct place *places = calloc(n + 1, sizeof(*places));

	if (!places)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (!read_place(answer->u.array.values[i], &places[i])) {
			free(places);
			return -EPROTO;
		}
	if (n)
		qsort(places, n, sizeof(*places), by_place);
	*ret = places;
	*count = n;
	return 0;
}

/* NUMBER: as libxl calls it, should that have to do with it afterwards. */
static int plug(struct qmp *q, const struct place *p, size_t number)
{
	struct qmp_arg args[2 + DM_VCPU_PROPS_MAX];
	int64_t values[DM_VCPU_PROPS_MAX];
	char id[32];
	size_t n = 0;

	snprintf(id, sizeof(id), "cpu-%zu", number);
	args[n++] = (struct qmp_arg) { .name = "driver", .text = p->type };
	args[n++] = (struct qmp_arg) { .name = "id", .text = id };
	for (size_t i = 0; i < p->props->u.object.len; i++) {
		yajl_val v = p->props->u.object.values[i];

		if (!YAJL_IS_INTEGER(v))
			return -EPROTO;
		values[i] = YAJL_GET_INTEGER(v);
		args[n++] = (struct qmp_arg) {
			.name = p->props->u.object.keys[i],
			.number = &values[i],
		};
	}
	return qmp_call(q, "device_add", args, n, NULL);
}

/* What is in PLACES is good as long as ANSWER. */
static int ask(struct qmp *q, yajl_val *answer, struct place **places,
	       size_t *count, unsigned int *there)
{
	int err = qmp_call(q, "query-hotpluggable-cpus", NULL, 0, answer);

	if (!err)
		err = read_places(*answer, places, count);
	if (err)
		return err;
	*there = 0;
	for (size_t i = 0; i < *count; i++)
		*there += (*places)[i].plugged;
	return 0;
}

int dm_vcpus_count(struct qmp *q, unsigned int *count)
{
	CLEANUP_YAJL yajl_val answer = NULL;
	CLEANUP_FREE struct place *places = NULL;
	size_t places_count;

	return ask(q, &answer, &places, &places_count, count);
}

int dm_vcpus_plug(struct qmp *q, unsigned int count, unsigned int *had)
{
	CLEANUP_YAJL yajl_val answer = NULL;
	CLEANUP_FREE struct place *places = NULL;
	size_t places_count = 0;
	unsigned int there = 0;
	int err = ask(q, &answer, &places, &places_count, &there);

	if (err)
		return err;
	*had = there;
	if (there > count)
		return -ENOTSUP;
	for (size_t i = 0; i < places_count && there < count && !err; i++)
		if (!places[i].plugged) {
			err = plug(q, &places[i], i);
			there++;
		}
	if (err)
		return err;
	return there < count ? -ERANGE : 0;
}
