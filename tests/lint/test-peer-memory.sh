#!/bin/bash
# SPDX-License-Identifier: MIT
# Memory that a peer can write is read and written by the functions of
# lib/peer.h and lib/ring.h alone: nobody follows a pointer that is marked PEER,
# nor takes the mark away but by a cast with PEER_FORCE. sparse looks.
set -u
cd "$srcdir" || exit 1
command -v sparse >/dev/null || {
	echo "sparse is not installed"
	exit 77
}
base=$(gcc -print-file-name=)

# look FILE: what is wrong with PEER in it; 1: sparse could not read it
look() {
	local out

	out=$(sparse -Waddress-space -Wcast-from-as -Wno-decl -gcc-base-dir \
		"$base" -I. -I"$builddir" -D_GNU_SOURCE "$1" 2>&1)
	if grep -E '(different address spaces|noderef|removes address space|adds address space)' \
			<<<"$out"; then
		return 0
	fi
	# what it has not understood, it has not looked at
	grep -E ' error: (Expected|expected|undefined|unknown|got|not|typename|no such|unable)' \
		<<<"$out" | sed 's/^/not understood: /'
}
export -f look
export base builddir

# Does it find what must not be? Each line here has to be reported.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cat >"$dir/planted.c" <<'END'
#include <stdint.h>
#include "lib/ring.h"
#include "lib/grant.h"
#include "backends/net/core.h"
#include "frontends/blk/core.h"

uint32_t planted(struct net_tx_ring *r, struct blk_front *f,
		 struct grants *g, uint32_t *gref, char *to);
uint32_t planted(struct net_tx_ring *r, struct blk_front *f,
		 struct grants *g, uint32_t *gref, char *to)
{
	uint32_t *private = to + 0 == to ? gref : gref;
	void *area;
	uint32_t sum = 0;

	sum += r->sring->req_prod;			/* PLANTED */
	f->sring->rsp_event = 1;			/* PLANTED */
	sum += f->pool[7];				/* PLANTED */
	memcpy(to, f->pool, 4);				/* PLANTED */
	memcpy(&f->sring->ring[0].req, to, 4);		/* PLANTED */
	private = &r->sring->rsp_prod;			/* PLANTED */
	private = (uint32_t *)&r->sring->rsp_prod;	/* PLANTED */
	grant_map(g, 1, gref, 1, true, &area);		/* PLANTED */
	sum += ring_load(&r->sring->req_prod);
	ring_copy(to, f->pool, 4);
	peer_write(f->pool, to, 4);
	return sum + *private;
}
END
look "$dir/planted.c" >"$dir/found"
for line in $(grep -n 'PLANTED' "$dir/planted.c" | cut -d : -f 1); do
	grep -q "planted.c:$line:" "$dir/found" && continue
	echo "sparse does not find what was planted:"
	sed -n "${line}p" "$dir/planted.c"
	exit 1
done
wrong=$(grep -o 'planted.c:[0-9]*' "$dir/found" | sort -u | cut -d : -f 2 |
	while read -r line; do
		sed -n "${line}p" "$dir/planted.c" | grep -v PLANTED
	done)
if [ -n "$wrong" ]; then
	echo "sparse finds fault with what is right:"
	echo "$wrong"
	exit 1
fi

found=$(find lib backends frontends xenstore-schema -name '*.c' |
	LC_ALL=C sort | tr '\n' '\0' |
	xargs -0 -n 1 -P 2 bash -c 'look "$1"' -)
[ -z "$found" ] && exit 0
echo "$found"
echo "copy it out with peer_read() or ring_copy(), or hand it on with a cast" \
	"that has PEER_FORCE and a reason"
exit 1
