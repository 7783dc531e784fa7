/* SPDX-License-Identifier: MIT */
/* See lookout.h. */
#include "config.h"

#include "backends/blk/lookout.h"

/* What comes after this much more than we would look for was no pause between
 * two requests: the guest had nothing to ask. */
#define PAUSE_MAX(l) (2 * (l)->max_ns)

void lookout_init(struct lookout *l, uint64_t max_ns)
{
	*l = (struct lookout) {
		.max_ns = max_ns,
		.sleeps = LOOKOUT_SLEEPS_FIRST,
		.patience = LOOKOUT_SLEEPS_FIRST,
	};
}

/* A mean that forgets: the last sixteen or so count. */
static void mean_add(uint64_t *mean, uint64_t value)
{
	if (!*mean)
		*mean = value;
	else
		*mean = *mean - *mean / 16 + value / 16;
	if (!*mean)
		*mean = 1;
}

static bool pays(const struct lookout *l)
{
	return l->looked_ns && l->slept_ns > l->looked_ns &&
	       l->looked_ns / LOOKOUT_PRICE <= l->slept_ns - l->looked_ns;
}

uint64_t lookout_ns(const struct lookout *l)
{
	if (l->try_looks)
		return l->max_ns;
	if (l->try_sleeps || !pays(l))
		return 0;
	return l->looked_ns < l->max_ns / 2 ? 2 * l->looked_ns : l->max_ns;
}

void lookout_saw(struct lookout *l, uint64_t pause_ns)
{
	mean_add(&l->looked_ns, pause_ns);
	if (l->try_looks)
		l->try_looks--;
	if (++l->looks >= LOOKOUT_LOOKS) {
		l->looks = 0;
		l->try_sleeps = LOOKOUT_TRIES;
		l->patience = LOOKOUT_SLEEPS_FIRST;
	}
}

/* It was looked for and slept for: so that is what looking comes to. */
static void missed(struct lookout *l, uint64_t pause_ns)
{
	mean_add(&l->looked_ns, pause_ns < PAUSE_MAX(l) ? pause_ns :
							  PAUSE_MAX(l));
	if (l->try_looks)
		l->try_looks--;
}

void lookout_slept(struct lookout *l, uint64_t pause_ns, bool looked)
{
	if (looked) {
		missed(l, pause_ns);
		return;
	}
	if (pause_ns > PAUSE_MAX(l))
		return;
	mean_add(&l->slept_ns, pause_ns);
	if (l->try_sleeps)
		l->try_sleeps--;
	if (pays(l) || --l->sleeps)
		return;
	if (l->patience < LOOKOUT_SLEEPS_MAX)
		l->patience *= 4;
	l->sleeps = l->patience;
	l->looked_ns = 0;
	l->try_looks = LOOKOUT_TRIES;
}
