/* SPDX-License-Identifier: MIT */
/*
 * The fixed newstyle handshake of NBD: the client haggles with options until
 * NBD_OPT_GO or NBD_OPT_EXPORT_NAME begins the transmission phase. There is
 * one export; its name is "" and any other name is as good.
 */
#include "config.h"

#include "frontends/linux/nbd.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#define MAGIC_GREETING UINT64_C(0x4e42444d41474943)	/* "NBDMAGIC" */
#define MAGIC_OPTION UINT64_C(0x49484156454f5054)	/* "IHAVEOPT" */
#define MAGIC_OPTION_REPLY UINT64_C(0x3e889045565a9)

enum {
	FLAG_FIXED_NEWSTYLE = 1 << 0,
	FLAG_NO_ZEROES = 1 << 1,
};

enum option {
	OPT_EXPORT_NAME = 1,
	OPT_ABORT = 2,
	OPT_LIST = 3,
	OPT_INFO = 6,
	OPT_GO = 7,
};

enum option_reply {
	REP_ACK = 1,
	REP_SERVER = 2,
	REP_INFO = 3,
	REP_ERR_UNSUP = (int)0x80000001,
	REP_ERR_INVALID = (int)0x80000003,
	REP_ERR_TOO_BIG = (int)0x80000009,
};

enum info {
	INFO_EXPORT = 0,
	INFO_BLOCK_SIZE = 3,
};

#define OPTION_HEADER_SIZE 16u

/* The longest answer to one option: GO with both infos and an ACK. */
_Static_assert(sizeof(((struct nbd_client *)0)->out) >= 256,
	       "a handshake answer fits");

static void put(struct nbd_client *c, const void *data, unsigned int size)
{
	memcpy(c->out + c->out_used, data, size);
	c->out_used += size;
}

static void put16(struct nbd_client *c, uint16_t value)
{
	value = htobe16(value);
	put(c, &value, sizeof(value));
}

static void put32(struct nbd_client *c, uint32_t value)
{
	value = htobe32(value);
	put(c, &value, sizeof(value));
}

static void put64(struct nbd_client *c, uint64_t value)
{
	value = htobe64(value);
	put(c, &value, sizeof(value));
}

static uint16_t get16(const uint8_t *p)
{
	uint16_t value;

	memcpy(&value, p, sizeof(value));
	return be16toh(value);
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return be32toh(value);
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return be64toh(value);
}

void nbd_greet(struct nbd *n, struct nbd_client *c)
{
	(void)n;
	put64(c, MAGIC_GREETING);
	put64(c, MAGIC_OPTION);
	put16(c, FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES);
	c->phase = NBD_FLAGS;
}

static void reply(struct nbd_client *c, uint32_t option,
		  enum option_reply type, uint32_t size)
{
	put64(c, MAGIC_OPTION_REPLY);
	put32(c, option);
	put32(c, type);
	put32(c, size);
}

/* The old way: no reply but the export itself. */
static void export_name(struct nbd *n, struct nbd_client *c)
{
	static const uint8_t zeroes[124];

	put64(c, nbd_export_size(n));
	put16(c, nbd_export_flags(n));
	if (!c->no_zeroes)
		put(c, zeroes, sizeof(zeroes));
	c->phase = NBD_HEADER;
}

static void list(struct nbd_client *c)
{
	reply(c, OPT_LIST, REP_SERVER, 4);
	put32(c, 0);
	reply(c, OPT_LIST, REP_ACK, 0);
}

/* Data: name length, name, count, that many 16-bit infos asked for. */
static bool go_data_sane(const uint8_t *data, uint32_t size)
{
	uint32_t name;

	if (size < 6)
		return false;
	name = get32(data);
	if (name > size - 6)
		return false;
	return size == 6 + name + 2u * get16(data + 4 + name);
}

static void go(struct nbd *n, struct nbd_client *c, uint32_t option,
	       const uint8_t *data, uint32_t size)
{
	const struct blk_front_info *info = &n->disk->info;

	if (!go_data_sane(data, size)) {
		reply(c, option, REP_ERR_INVALID, 0);
		return;
	}
	reply(c, option, REP_INFO, 12);
	put16(c, INFO_EXPORT);
	put64(c, nbd_export_size(n));
	put16(c, nbd_export_flags(n));
	reply(c, option, REP_INFO, 14);
	put16(c, INFO_BLOCK_SIZE);
	put32(c, info->sector_size);
	put32(c, info->physical_sector_size > FRONT_PAGE_SIZE ?
	      info->physical_sector_size : FRONT_PAGE_SIZE);
	put32(c, n->payload_max);
	reply(c, option, REP_ACK, 0);
	if (option == OPT_GO)
		c->phase = NBD_HEADER;
}

static int do_option(struct nbd *n, struct nbd_client *c, uint32_t option,
		     const uint8_t *data, uint32_t size)
{
	switch (option) {
	case OPT_EXPORT_NAME:
		export_name(n, c);
		return 0;
	case OPT_ABORT:
		reply(c, option, REP_ACK, 0);
		c->phase = NBD_ENDING;
		return 0;
	case OPT_LIST:
		if (size)
			reply(c, option, REP_ERR_INVALID, 0);
		else
			list(c);
		return 0;
	case OPT_INFO:
	case OPT_GO:
		go(n, c, option, data, size);
		return 0;
	default:
		reply(c, option, REP_ERR_UNSUP, 0);
		return 0;
	}
}

static void consume(struct nbd_client *c, unsigned int size)
{
	c->in_used -= size;
	memmove(c->in, c->in + size, c->in_used);
}

static int do_flags(struct nbd_client *c)
{
	uint32_t flags = get32(c->in);

	consume(c, 4);
	if (flags & ~(uint32_t)(FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES))
		return -EPROTO;
	c->no_zeroes = flags & FLAG_NO_ZEROES;
	c->phase = NBD_OPTIONS;
	return 0;
}

/*
 * One option at a time, and only while the last answer has left: a client
 * that asks and never reads gets no further.
 */
int nbd_handshake(struct nbd *n, struct nbd_client *c)
{
	while (!c->out_used) {
		uint32_t size;
		int r;

		if (c->phase == NBD_FLAGS) {
			if (c->in_used < 4)
				return 0;
			r = do_flags(c);
			if (r)
				return r;
		}
		if (c->phase != NBD_OPTIONS || c->in_used < OPTION_HEADER_SIZE)
			return 0;
		size = get32(c->in + 12);
		if (get64(c->in) != MAGIC_OPTION || size > NBD_OPTION_MAX)
			return -EPROTO;
		if (c->in_used < OPTION_HEADER_SIZE + size)
			return 0;
		r = do_option(n, c, get32(c->in + 8),
			      c->in + OPTION_HEADER_SIZE, size);
		if (r)
			return r;
		consume(c, OPTION_HEADER_SIZE + size);
	}
	return 0;
}
