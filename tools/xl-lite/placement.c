/* SPDX-License-Identifier: MIT */
/* Where a guest's processors run; see placement.h. */
#include "config.h"

#include "tools/xl-lite/placement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

#include "tools/xl-lite/cpupool.h"
#include "tools/xl-lite/hv-vcpu.h"

/* -- what the host makes of it -------------------------------------------------- */

static int parse_sets(const struct guest_config *config, const char *key,
		      const struct cfg_pos *pos, const struct text_list *list,
		      const struct host_cpus *cpus,
		      struct placement_sets *ret)
{
	char why[CPU_SET_WHY_MAX];
	size_t count = list->count;

	if (!count)
		return 0;
	if (count > config->maxvcpus) {
		log_warn("%s:%u:%u: guest %s: %s: has %zu places for %u vcpus: those behind them are of no use",
			 pos->name, pos->line, pos->column, config->name, key,
			 count, config->maxvcpus);
		count = config->maxvcpus;
	}
	ret->sets = calloc(count, sizeof(*ret->sets));
	if (!ret->sets)
		return log_err(-ENOMEM, "guest %s: %s", config->name, key);
	ret->count = count;
	ret->same = !list->is_list;
	for (size_t i = 0; i < count; i++)
		if (cpu_set_parse(list->items[i], &cpus->list, &ret->sets[i],
				  why))
			return log_fail(-EINVAL, "%s:%u:%u: guest %s: %s='%s': %s",
					pos->name, pos->line, pos->column,
					config->name, key, list->items[i],
					why);
	return 0;
}

/* Of a guest that may run anywhere, what the administrator leaves. */
static int mask_sets(struct host *host, const struct guest_config *config,
		     struct placement *p)
{
	const bool hvm = config->type != GUEST_PV;
	struct placement_sets *hard = &p->hard;
	int err = 0;

	if (!host_cpus_masked(host, hvm))
		return 0;
	if (!hard->count) {
		hard->sets = calloc(1, sizeof(*hard->sets));
		if (!hard->sets)
			return log_err(-ENOMEM, "guest %s: its cpus",
				       config->name);
		memset(hard->sets, 0xff, sizeof(*hard->sets));
		hard->count = 1;
		hard->same = true;
	}
	for (size_t i = 0; i < hard->count && !err; i++)
		err = host_cpus_mask(host, &p->cpus, hvm,
				     "name others with cpus=",
				     &hard->sets[i]);
	return err;
}

/* libxl's maps are whole bytes, all of which "all" is to it. */
static unsigned int map_width(const struct placement *p)
{
	return (p->cpus.list.count + 7) / 8 * 8;
}

static bool names_all(const char *text)
{
	for (const char *end; *text; text = end + strspn(end, ",")) {
		end = text + strcspn(text, ",");
		if (end - text == 3 && strncmp(text, "all", 3) == 0)
			return true;
	}
	return false;
}

/* As it was asked for: before the host's masks, and as libxl has it. */
static int keep_asked(const struct guest_config *config,
		      const struct placement *p, const struct text_list *list,
		      const struct placement_sets *from,
		      struct placement_sets *ret)
{
	const size_t size = from->count * sizeof(*from->sets);

	if (!size)
		return 0;
	*ret = *from;
	ret->sets = malloc(size);
	if (!ret->sets)
		return log_err(-ENOMEM, "guest %s: its cpus", config->name);
	memcpy(ret->sets, from->sets, size);
	for (size_t i = 0; i < from->count; i++)
		for (unsigned int cpu = p->cpus.list.count;
		     names_all(list->items[i]) && cpu < map_width(p); cpu++)
			cpu_set_add(&ret->sets[i], cpu);
	return 0;
}

static struct json_places places_of(const struct placement *p,
				    const struct placement_sets *s)
{
	return (struct json_places) {
		.sets = s->sets,
		.count = s->count,
		.same = s->same,
		.width = map_width(p),
	};
}

struct json_places placement_hard(const struct placement *p)
{
	return places_of(p, &p->asked_hard);
}

struct json_places placement_soft(const struct placement *p)
{
	return places_of(p, &p->asked_soft);
}

int placement_plan(struct host *host, const struct guest_config *config,
		   struct placement *p)
{
	const struct xen_config *xen = &config->xen;
	int err = xen->pool ? cpupool_argument(host, xen->pool, &p->pool) : 0;

	if (err || !(xen->cpus.count || xen->cpus_soft.count ||
		     host_cpus_masked(host, config->type != GUEST_PV)))
		return err ? -EINVAL : 0;
	err = host_cpus_read(host, &p->cpus);
	if (!err)
		err = parse_sets(config, "cpus", &xen->cpus_pos, &xen->cpus,
				 &p->cpus, &p->hard);
	if (!err)
		err = parse_sets(config, "cpus_soft", &xen->cpus_soft_pos,
				 &xen->cpus_soft, &p->cpus, &p->soft);
	if (!err)
		err = keep_asked(config, p, &xen->cpus, &p->hard,
				 &p->asked_hard);
	if (!err)
		err = keep_asked(config, p, &xen->cpus_soft, &p->soft,
				 &p->asked_soft);
	return err ? err : mask_sets(host, config, p);
}

void placement_free(struct placement *p)
{
	host_cpus_free(&p->cpus);
	free(p->hard.sets);
	free(p->soft.sets);
	free(p->asked_hard.sets);
	free(p->asked_soft.sets);
	*p = (struct placement) { 0 };
}

/* -- doing it --------------------------------------------------------------------- */

/* A copy: Xen hands back what it took of it. */
static struct cpu_set *set_of(const struct placement_sets *s, unsigned int vcpu,
			      struct cpu_set *copy)
{
	if (!s->count || (!s->same && vcpu >= s->count))
		return NULL;
	*copy = s->sets[s->same ? 0 : vcpu];
	return copy;
}

static int pin(struct host *host, const struct guest_config *config,
	       domid_t domid, const struct placement *p, unsigned int vcpu)
{
	struct cpu_set hard_copy, soft_copy;
	struct cpu_set *hard = set_of(&p->hard, vcpu, &hard_copy);
	struct cpu_set *soft = set_of(&p->soft, vcpu, &soft_copy);
	int err = hard || soft ? hv_vcpu_pin(host->hv, domid, vcpu, hard, soft,
					     false) : 0;

	if (!err)
		return 0;
	return log_fail(err, "guest %s: vcpu %u: place it: %s%s", config->name,
			vcpu, hv_why(host->hv, err), err == -EINVAL ?
			": none of these cpus is in the guest's cpupool: see 'xl-lite cpupool-list -c'"
			: "");
}

/* Of what is not given it has Xen's default, which is asked for. */
static int set_share(struct host *host, const struct guest_config *config,
		     domid_t domid, const struct placement *p)
{
	const struct xen_config *xen = &config->xen;
	struct hv_cpupool pool = { 0 };
	struct hv_share share;
	int err;

	if (!xen->weight && !xen->cap_set)
		return 0;
	err = hv_cpupool_next(host->hv, p->pool, &pool);
	if (!err && pool.scheduler != HV_SCHED_CREDIT &&
	    pool.scheduler != HV_SCHED_CREDIT2) {
		log_warn("guest %s: cpu_weight= and cap= do nothing: the scheduler of its cpupool knows no shares",
			 config->name);
		return 0;
	}
	if (!err)
		err = hv_share_get(host->hv, pool.scheduler, domid, &share);
	if (!err) {
		if (xen->weight)
			share.weight = xen->weight;
		if (xen->cap_set)
			share.cap = xen->cap;
		err = hv_share_set(host->hv, pool.scheduler, domid, &share);
	}
	return err ? log_fail(err, "guest %s: cpu_weight %u, cap %u: %s%s",
			      config->name, xen->weight, xen->cap,
			      hv_why(host->hv, err), err == -EINVAL ?
			      ": a cap is at most 100 for each vcpu" : "") : 0;
}

int placement_apply(struct host *host, const struct guest_config *config,
		    domid_t domid, const struct placement *p)
{
	int err = 0;

	for (unsigned int i = 0; i < config->maxvcpus && !err; i++)
		err = pin(host, config, domid, p, i);
	return err ? err : set_share(host, config, domid, p);
}
