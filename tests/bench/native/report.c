/* SPDX-License-Identifier: MIT */
/* See report.h. */
#include "config.h"

#include "tests/bench/native/report.h"

#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/num.h"
#include "tests/bench/native/cycles.h"

static FILE *json;
static bool json_more;

/* -- starting ------------------------------------------------------------------ */

static void usage(FILE *out, const char *name)
{
	fprintf(out,
		"usage: %s [OPTION...]\n"
		"Cycles of the data path, without Xen, beside memcpy().\n"
		"  --json FILE   write the figures as JSON, too\n"
		"  --only TEXT   only cases whose names hold TEXT\n"
		"  --cpu N       the processor to run on [the last one allowed]\n"
		"  --cold MIB    memory that is in no cache [1024]\n", name);
}

static unsigned int number(const char *option, const char *text)
{
	unsigned int n;

	if (num_parse_uint(text, 0, 1u << 20, &n) < 0) {
		fprintf(stderr, "%s: '%s' is not a number up to %u\n", option,
			text, 1u << 20);
		exit(2);
	}
	return n;
}

static void pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0) {
		if (sched_getaffinity(0, sizeof(set), &set) < 0)
			CPU_ZERO(&set);
		for (int i = 0; i < CPU_SETSIZE; i++)
			if (CPU_ISSET(i, &set))
				cpu = i;
	}
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0) {
		perror("cannot stay on one processor");
		exit(1);
	}
	printf("on processor %d; cycles of the time stamp counter, median of "
	       "%d (least..most)\n", cpu, SAMPLES);
}

static void head(void)
{
	printf("%-38s %5s %-8s %22s  %-13s %7s %6s  %s\n", "case", "batch",
	       "a", "cycles", "against", "cycles", "ratio", "goal");
}

void report_open(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "json", required_argument, NULL, 'j' },
		{ "only", required_argument, NULL, 'o' },
		{ "cpu", required_argument, NULL, 'c' },
		{ "cold", required_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int c, cpu = -1;

	*o = (struct options){ .cold_mib = 1024 };
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			o->json = optarg;
			break;
		case 'o':
			o->only = optarg;
			break;
		case 'c':
			cpu = (int)number("--cpu", optarg);
			break;
		case 'm':
			o->cold_mib = number("--cold", optarg);
			break;
		case 'h':
			usage(stdout, argv[0]);
			exit(0);
		default:
			usage(stderr, argv[0]);
			exit(2);
		}
	}
	if (optind < argc) {
		usage(stderr, argv[0]);
		exit(2);
	}
	if (o->json) {
		json = fopen(o->json, "we");
		if (!json) {
			perror(o->json);
			exit(1);
		}
		fputs("[", json);
	}
	pin(cpu);
	head();
}

bool report_wants(const struct options *o, const char *what)
{
	return !o->only || strstr(what, o->only);
}

void report_close(void)
{
	if (!json)
		return;
	fputs("\n]\n", json);
	if (fclose(json)) {
		perror("JSON");
		exit(1);
	}
}

/* -- the middle of many ------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts them. */
static double median_of(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return count % 2 ? values[count / 2] :
		(values[count / 2 - 1] + values[count / 2]) / 2;
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

double typical_cycles(uint64_t *cycles, size_t count)
{
	size_t from = count / 4, to = count - count / 4;
	double sum = 0;

	qsort(cycles, count, sizeof(*cycles), compare_u64);
	for (size_t i = from; i < to; i++)
		sum += (double)cycles[i];
	return sum / (double)(to - from);
}

/* -- the table ------------------------------------------------------------------ */

struct told {
	double cycles, least, most, limit, ratio;
	double allowed;			/* cycles; 0: no goal */
	bool reached;
};

static struct told judge(const struct figure *f)
{
	double sorted[SAMPLES], ratios[SAMPLES];
	struct told t = { 0 };

	memcpy(sorted, f->cycles, sizeof(sorted));
	t.cycles = median_of(sorted, SAMPLES);
	t.least = sorted[0];
	t.most = sorted[SAMPLES - 1];
	if (f->against) {
		memcpy(sorted, f->limit, sizeof(sorted));
		t.limit = median_of(sorted, SAMPLES);
		/* of pairs, so that what slows both slows neither */
		for (int i = 0; i < SAMPLES; i++)
			ratios[i] = (f->cycles[i] - f->goal.plus) /
				    f->limit[i];
		t.reached = median_of(ratios, SAMPLES) <= f->goal.ratio;
		for (int i = 0; i < SAMPLES; i++)
			ratios[i] = f->cycles[i] / f->limit[i];
		t.ratio = t.limit > 0 ? median_of(ratios, SAMPLES) : 0;
		t.allowed = f->goal.ratio * t.limit;
		if (f->goal.ratio > 0)
			t.allowed += f->goal.plus;
	}
	if (f->goal.cycles > 0) {
		t.allowed = f->goal.cycles;
		t.reached = t.cycles <= t.allowed;
	}
	return t;
}

static void print_goal(const struct figure *f, const struct told *t)
{
	if (t->allowed <= 0) {
		printf("-");
		return;
	}
	printf("%s <= ", f->goal.name);
	if (f->goal.cycles > 0)
		printf("%g cycles", f->goal.cycles);
	else if (f->goal.plus > 0)
		printf("%gx + %g", f->goal.ratio, f->goal.plus);
	else
		printf("%gx", f->goal.ratio);
	if (t->reached)
		printf(": reached");
	else
		printf(": SHORT by %.0f cycles (%.0f %%)",
		       t->cycles - t->allowed,
		       100 * (t->cycles / t->allowed - 1));
}

static void print_json(const struct figure *f, const struct told *t)
{
	fprintf(json, "%s\n {\"case\": \"%s\", \"batch\": %u, \"unit\": \"%s\", "
		"\"cycles\": %.1f, \"least\": %.1f, \"most\": %.1f",
		json_more ? "," : "", f->what, f->batch, f->unit, t->cycles,
		t->least, t->most);
	json_more = true;
	if (t->ratio > 0)
		fprintf(json, ", \"against\": \"%s\", \"against_cycles\": %.1f, "
			"\"ratio\": %.3f", f->against, t->limit, t->ratio);
	if (t->allowed > 0)
		fprintf(json, ", \"goal\": \"%s\", \"allowed\": %.1f, "
			"\"reached\": %s", f->goal.name, t->allowed,
			t->reached ? "true" : "false");
	fputs("}", json);
}

void report_figure(const struct figure *f)
{
	struct told t = judge(f);
	char range[64];

	snprintf(range, sizeof(range), "%.0f (%.0f..%.0f)", t.cycles, t.least,
		 t.most);
	printf("%-38s %5u %-8s %22s  ", f->what, f->batch, f->unit, range);
	if (t.ratio > 0)
		printf("%-13s %7.0f %6.2f  ", f->against, t.limit, t.ratio);
	else
		printf("%-13s %7s %6s  ", "", "", "");
	print_goal(f, &t);
	printf("\n");
	fflush(stdout);
	if (json)
		print_json(f, &t);
}

void report_count(const char *what, unsigned int batch, const char *unit,
		  double value)
{
	printf("%-38s %5u %31.4f  %s\n", what, batch, value, unit);
	if (!json)
		return;
	fprintf(json, "%s\n {\"case\": \"%s\", \"batch\": %u, \"unit\": \"%s\", "
		"\"count\": %.4f}", json_more ? "," : "", what, batch, unit,
		value);
	json_more = true;
}

/* -- what things are measured against --------------------------------------------- */

double timer_cycles(void)
{
	uint64_t cycles[1001];

	for (size_t i = 0; i < 1001; i++) {
		uint64_t start = cycles_start();

		cycles[i] = cycles_stop() - start;
	}
	return typical_cycles(cycles, 1001);
}

double copy_cycles(const struct piece *pieces, unsigned int count,
		   unsigned int per_round, unsigned int rounds)
{
	uint64_t *cycles = calloc(rounds, sizeof(*cycles));
	unsigned int at = 0, warmup = rounds / 4 + 1;
	double typical;

	if (!cycles)
		abort();
	for (unsigned int r = 0; r < warmup + rounds; r++) {
		uint64_t start = cycles_start();

		for (unsigned int i = 0; i < per_round; i++) {
			const struct piece *p = &pieces[at];

			if (++at == count)
				at = 0;
			memcpy(p->to, p->from, p->size);
		}
		if (r >= warmup)
			cycles[r - warmup] = cycles_stop() - start;
	}
	typical = typical_cycles(cycles, rounds);
	free(cycles);
	return typical;
}
