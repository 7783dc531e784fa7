/* SPDX-License-Identifier: MIT */
/* A device's counters; see stats.h. */
#include "config.h"

#include "lib/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/cleanup.h"

#define STATS_SIZE (STATS_ROWS * sizeof(struct stats_row))

static struct stats_row *map(int fd)
{
	void *p = mmap(NULL, STATS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		       fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

int stats_open(struct stats *s)
{
	CLEANUP_CLOSE int fd = memfd_create("xl-lite-stats",
					    MFD_CLOEXEC | MFD_ALLOW_SEALING);

	*s = (struct stats) { .fd = -1 };
	if (fd == -1 || ftruncate(fd, STATS_SIZE) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	s->rows = map(fd);
	if (!s->rows)
		return -errno;
	s->fd = STEAL_FD(fd);
	return 0;
}

void stats_close(struct stats *s)
{
	if (s->rows)
		munmap(s->rows, STATS_SIZE);
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct stats) { .fd = -1 };
}

uint64_t stats_sum(const struct stats *s, unsigned int counter)
{
	uint64_t sum = 0;

	for (unsigned int row = 0; s->rows && row < STATS_ROWS; row++)
		sum += __atomic_load_n(&s->rows[row].count[counter],
				       __ATOMIC_RELAXED);
	return sum;
}

void stats_print(const struct stats *s, const char *const *names, FILE *out)
{
	fputc('{', out);
	for (unsigned int i = 0; names && names[i] && i < STATS_COUNTERS_MAX;
	     i++)
		fprintf(out, "%s\"%s\": %" PRIu64, i ? ", " : "", names[i],
			stats_sum(s, i));
	fputc('}', out);
}

struct stats_row *stats_map(int fd)
{
	struct stats_row *rows = map(fd);

	close(fd);
	return rows;
}

void stats_unmap(struct stats_row *rows)
{
	munmap(rows, STATS_SIZE);
}
