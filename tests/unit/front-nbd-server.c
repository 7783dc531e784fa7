/* SPDX-License-Identifier: MIT */
/*
 * The NBD server of xl-lite-blkfront over a disk that is this program's
 * memory: the real server and frontend, a ring, and a backend that answers
 * after each round. For test-front-nbd.sh, which brings foreign clients.
 *
 *	front-nbd-server SOCKET MIB [NODE=VALUE]...
 *
 * NODE=VALUE: what the backend says, for example sector-size=4096. Serves
 * until its standard input ends.
 */
#include "config.h"

#include "frontends/linux/nbd.h"
#include "lib/num.h"
#include "tests/unit/front-host.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/log.h"

#define DIR "device/uvbd/51712"
#define BACK "/local/domain/0/backend/uvbd/7/51712"

enum tag { TAG_STDIN, TAG_LISTEN, TAG_CLIENT };

struct server {
	struct front_host host;
	struct blk_front disk;
	struct nbd nbd;
	struct loop loop;
	struct blkif_sring *sring;
	uint32_t req_cons, rsp_prod;
	uint8_t *data;
};

static void offer(struct server *s, const char *node, const char *value)
{
	char path[FRONT_PATH_MAX];

	snprintf(path, sizeof(path), BACK "/%s", node);
	host_set(&s->host, path, value);
}

/* -- the backend --------------------------------------------------------- */

static void move(struct server *s, unsigned int op, uint64_t sector,
		 const struct blkif_request_segment *segments,
		 unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		uint8_t *page = s->host.grants[segments[i].gref];
		unsigned int first = segments[i].first_sect;
		unsigned int size = (segments[i].last_sect - first + 1) * 512;
		uint8_t *disk = s->data + sector * 512;

		if (op == BLKIF_OP_WRITE)
			memcpy(disk, page + first * 512, size);
		else
			memcpy(page + first * 512, disk, size);
		sector += size / 512;
	}
}

static void carry_out(struct server *s, const struct blkif_request *req)
{
	struct blkif_request_indirect indirect;
	struct blkif_request_discard discard;

	switch (req->operation) {
	case BLKIF_OP_READ:
	case BLKIF_OP_WRITE:
		move(s, req->operation, req->sector_number, req->seg,
		     req->nr_segments);
		break;
	case BLKIF_OP_INDIRECT:
		memcpy(&indirect, req, sizeof(indirect));
		move(s, indirect.indirect_op, indirect.sector_number,
		     s->host.grants[indirect.indirect_grefs[0]],
		     indirect.nr_segments);
		break;
	case BLKIF_OP_DISCARD:
		memcpy(&discard, req, sizeof(discard));
		memset(s->data + discard.sector_number * 512, 0,
		       discard.nr_sectors * 512);
		break;
	default:
		break;
	}
}

static bool answer_all(struct server *s)
{
	unsigned int mask = s->disk.info.slots - 1;
	bool any = s->req_cons != s->sring->req_prod;

	while (s->req_cons != s->sring->req_prod) {
		union blkif_sring_entry *slot =
			&s->sring->ring[s->req_cons++ & mask];
		struct blkif_request req;
		struct blkif_response rsp;

		memcpy(&req, &slot->req, sizeof(req));
		carry_out(s, &req);
		memset(&rsp, 0, sizeof(rsp));
		rsp.id = req.id;
		rsp.operation = req.operation;
		/* discard and indirect have their id elsewhere */
		if (req.operation == BLKIF_OP_DISCARD ||
		    req.operation == BLKIF_OP_INDIRECT)
			memcpy(&rsp.id, (uint8_t *)&req +
			       offsetof(struct blkif_request_discard, id),
			       sizeof(rsp.id));
		memcpy(&s->sring->ring[s->rsp_prod++ & mask].rsp, &rsp,
		       sizeof(rsp));
	}
	s->sring->req_event = s->req_cons + 1;
	s->sring->rsp_prod = s->rsp_prod;
	return any;
}

_Static_assert(offsetof(struct blkif_request_discard, id) ==
	       offsetof(struct blkif_request, id), "one place for the id");

/* -- the program --------------------------------------------------------- */

static int connect_disk(struct server *s, const char *sectors, char **nodes)
{
	static const struct blk_front_options options = {
		.ring_order = 1, .pages = 320, .segments = 32,
	};

	host_init(&s->host);
	host_set(&s->host, DIR "/backend", BACK);
	host_set(&s->host, DIR "/backend-id", "0");
	host_set(&s->host, DIR "/state", "1");
	offer(s, "sectors", sectors);
	offer(s, "state", "2");
	offer(s, "feature-flush-cache", "1");
	offer(s, "feature-discard", "1");
	offer(s, "feature-max-indirect-segments", "256");
	offer(s, "max-ring-page-order", "4");
	for (; *nodes; nodes++) {
		char *value = strchr(*nodes, '=');

		if (!value)
			return -EINVAL;
		*value = '\0';
		offer(s, *nodes, value + 1);
	}
	if (blk_front_open(&s->disk, &front_host_ops, &s->host, DIR, &options))
		return -EINVAL;
	blk_front_step(&s->disk);
	s->sring = s->host.grants[s->disk.ring_grefs[0]];
	offer(s, "state", "4");
	return blk_front_step(&s->disk) == FRONT_RUNNING ? 0 : -EINVAL;
}

static int run(struct server *s)
{
	for (;;) {
		struct loop_event events[16];
		int i, n = loop_wait(&s->loop, events, ARRAY_SIZE(events), -1);

		for (i = 0; i < n; i++) {
			if (events[i].tag.type == TAG_STDIN)
				return 0;
			if (events[i].tag.type == TAG_LISTEN)
				nbd_accept(&s->nbd);
			else
				nbd_client_event(&s->nbd, events[i].tag.index,
						 events[i].events);
		}
		do {
			nbd_disk_event(&s->nbd);
			nbd_round(&s->nbd);
		} while (answer_all(s));
	}
}

int main(int argc, char **argv)
{
	CLEANUP_FREE struct server *s = calloc(1, sizeof(*s));
	CLEANUP_FREE uint8_t *data = NULL;
	char sectors[24];
	unsigned int mib;
	int r;

	log_init("front-nbd-server", LOG_INFO_LEVEL);
	if (!s || argc < 3 || num_parse_uint(argv[2], 1, 4096, &mib))
		return 2;
	s->data = data = calloc(mib, 1 << 20);
	snprintf(sectors, sizeof(sectors), "%u", mib * 2048);
	if (!data || loop_open(&s->loop))
		return 1;
	if (connect_disk(s, sectors, argv + 3))
		return 1;
	nbd_open(&s->nbd, &s->disk, &s->loop, TAG_CLIENT);
	r = nbd_listen(&s->nbd, argv[1], (union loop_tag) {
		.type = TAG_LISTEN });
	if (r == 0)
		r = loop_add(&s->loop, STDIN_FILENO, EPOLLIN,
			     (union loop_tag) { .type = TAG_STDIN });
	if (r == 0) {
		puts("ready");
		fflush(stdout);
		r = run(s);
	}
	nbd_close(&s->nbd);
	answer_all(s);
	nbd_disk_event(&s->nbd);
	printf("busy commands %u, requests %u, free pages %u of %u\n",
	       s->nbd.busy, s->disk.busy, s->disk.free_pages,
	       s->disk.info.pages);
	r |= s->nbd.busy || s->disk.busy;
	blk_front_release(&s->disk);
	loop_close(&s->loop);
	return r != 0;
}
