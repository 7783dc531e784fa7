/* SPDX-License-Identifier: MIT */
/* Sets of processors and nodes; see cpu-set.h. */
#include "config.h"

#include "tools/xl-lite/cpu-set.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "lib/num.h"

/* Bytes of one piece of a list, with its NUL. */
#define ITEM_MAX 64

void cpu_set_add(struct cpu_set *set, unsigned int i)
{
	if (i < CPU_SET_MAX)
		set->map[i / 8] |= 1u << i % 8;
}

void cpu_set_drop(struct cpu_set *set, unsigned int i)
{
	if (i < CPU_SET_MAX)
		set->map[i / 8] &= ~(1u << i % 8);
}

void cpu_set_and(struct cpu_set *set, const struct cpu_set *other)
{
	for (size_t i = 0; i < sizeof(set->map); i++)
		set->map[i] &= other->map[i];
}

unsigned int cpu_set_count(const struct cpu_set *set, unsigned int count)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < count; i++)
		n += cpu_set_has(set, i);
	return n;
}

void cpu_set_print(const struct cpu_set *set, unsigned int count, FILE *to)
{
	const char *comma = "";
	unsigned int first, end;

	if (count && cpu_set_count(set, count) == count) {
		fputs("all", to);
		return;
	}
	for (first = 0; first < count; first = end) {
		end = first + 1;
		if (!cpu_set_has(set, first))
			continue;
		while (end < count && cpu_set_has(set, end))
			end++;
		fprintf(to, "%s%u", comma, first);
		if (end - first > 1)
			fprintf(to, "-%u", end - 1);
		comma = ",";
	}
	if (!*comma)
		fputs("none", to);
}

/* -- what a person wrote ---------------------------------------------------- */

/* One piece of a list, taken apart. */
struct item {
	bool out;		/* '^' */
	bool nodes;
	bool all;
	unsigned int first, last;
};

__attribute__((format(printf, 2, 3)))
static int refuse(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, CPU_SET_WHY_MAX, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static bool skip(const char **text, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(*text, prefix, len) != 0)
		return false;
	*text += len;
	return true;
}

/* "3" or "3-5" */
static int parse_range(char *text, unsigned int *first, unsigned int *last)
{
	char *dash = strchr(text, '-');

	if (dash)
		*dash = '\0';
	if (num_parse_uint(text, 0, CPU_SET_MAX - 1, first))
		return -EINVAL;
	*last = *first;
	if (dash && num_parse_uint(dash + 1, *first, CPU_SET_MAX - 1, last))
		return -EINVAL;
	return 0;
}

static int parse_item(const char *text, struct item *item, char *why)
{
	const char *p = text;
	char range[ITEM_MAX];

	*item = (struct item) { 0 };
	item->out = skip(&p, "^");
	item->nodes = skip(&p, "node:") || skip(&p, "nodes:");
	item->all = strcmp(p, "all") == 0;
	if (item->all && item->out)
		return refuse(why, "'%s': all cannot be taken out: name those that shall stay",
			      text);
	if (item->all)
		return 0;
	snprintf(range, sizeof(range), "%s", p);
	if (strlen(p) >= sizeof(range) ||
	    parse_range(range, &item->first, &item->last))
		return refuse(why, "'%.40s': wants all, a number or a range such as 2-5, behind node: or not",
			      text);
	return 0;
}

static bool in_item(const struct item *item, const struct cpu_nodes *host,
		    unsigned int cpu)
{
	const int node = host->node[cpu];

	if (node < 0)
		return false;
	if (item->all)
		return true;
	if (item->nodes)
		return (unsigned int)node >= item->first &&
		       (unsigned int)node <= item->last;
	return cpu >= item->first && cpu <= item->last;
}

static int there_is(const struct item *item, const struct cpu_nodes *host,
		    const char *text, char *why)
{
	int max_node = 0;

	for (unsigned int i = 0; i < host->count; i++)
		if (host->node[i] > max_node)
			max_node = host->node[i];
	if (item->nodes && item->last > (unsigned int)max_node)
		return refuse(why, "'%s': this host has the nodes 0 to %d",
			      text, max_node);
	if (!item->nodes && item->last >= host->count)
		return refuse(why, "'%s': this host has the cpus 0 to %u",
			      text, host->count - 1);
	return 0;
}

static int apply_item(const char *text, const struct cpu_nodes *host,
		      struct cpu_set *set, char *why)
{
	struct item item;
	int err = parse_item(text, &item, why);

	if (!err)
		err = there_is(&item, host, text, why);
	if (err)
		return err;
	for (unsigned int i = 0; i < host->count; i++) {
		if (!in_item(&item, host, i))
			continue;
		if (item.out)
			cpu_set_drop(set, i);
		else
			cpu_set_add(set, i);
	}
	return 0;
}

int cpu_set_parse(const char *text, const struct cpu_nodes *host,
		  struct cpu_set *ret, char why[CPU_SET_WHY_MAX])
{
	struct cpu_set set = { 0 };
	char item[ITEM_MAX];
	int err;

	for (;;) {
		size_t len = strcspn(text, ",");

		if (len >= sizeof(item))
			return refuse(why, "'%.40s...': is no list of cpus",
				      text);
		memcpy(item, text, len);
		item[len] = '\0';
		err = apply_item(item, host, &set, why);
		if (err)
			return err;
		if (!text[len])
			break;
		text += len + 1;
	}
	if (!cpu_set_count(&set, host->count))
		return refuse(why, "leaves no cpu at all");
	*ret = set;
	return 0;
}
