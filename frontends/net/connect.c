/* SPDX-License-Identifier: MIT */
/*
 * Connecting the network frontend: what the backend offers, what we share.
 * A network frontend says Connected at once, with its rings.
 */
#include "frontends/net/core.h"

#include <errno.h>
#include <string.h>

#define MTU_MIN 68
#define MTU_DEFAULT 1500
#define ETH_VLAN_SIZE 18

/* -- the offer ----------------------------------------------------------- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* "00:16:3e:01:02:03", and no group address: it is to be our own. */
static bool parse_mac(const char *text, uint8_t mac[6])
{
	unsigned int i;

	for (i = 0; i < 6; i++, text += 3) {
		int high = hex_digit(text[0]);
		int low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0 || text[2] != (i < 5 ? ':' : '\0'))
			return false;
		mac[i] = high << 4 | low;
	}
	return !(mac[0] & 1);
}

static const char *read_offer(struct net_front *f)
{
	struct net_front_info *info = &f->info;
	char mac[FRONT_VALUE_MAX];
	uint64_t mtu;

	memset(info, 0, sizeof(*info));
	if (front_read(&f->bus, f->bus.dir, "mac", mac, sizeof(mac)) ||
	    !parse_mac(mac, info->mac))
		return "mac: is absent or no MAC address";
	/* flipping pages instead of copying died long ago */
	if (!front_offer(&f->bus, "feature-rx-copy", 1, 0))
		return "backend: does not offer feature-rx-copy";
	info->split_channels =
		front_offer(&f->bus, "feature-split-event-channels", 1, 0);
	info->sg = front_offer(&f->bus, "feature-sg", 1, 0);
	info->csum_ipv4 = !front_offer(&f->bus, "feature-no-csum-offload",
				       1, 0);
	info->csum_ipv6 = front_offer(&f->bus, "feature-ipv6-csum-offload",
				      1, 0);
	/* segments need their checksums filled in, and many slots */
	info->gso_tcpv4 = info->sg && info->csum_ipv4 &&
		front_offer(&f->bus, "feature-gso-tcpv4", 1, 0);
	info->gso_tcpv6 = info->sg && info->csum_ipv6 &&
		front_offer(&f->bus, "feature-gso-tcpv6", 1, 0);

	if (front_read_u64(&f->bus, f->bus.dir, "mtu", MTU_MIN,
			   NET_FRONT_FRAME_MAX - ETH_VLAN_SIZE, &mtu))
		mtu = MTU_DEFAULT;
	if (!info->sg && mtu > FRONT_PAGE_SIZE - ETH_VLAN_SIZE)
		mtu = FRONT_PAGE_SIZE - ETH_VLAN_SIZE;
	info->mtu = mtu;
	return NULL;
}

/* -- what we share ------------------------------------------------------- */

static int share(struct net_front *f, unsigned int count, bool writable,
		 void PEER **area, uint32_t *grefs)
{
	return f->bus.ops->pages_share(f->bus.host, f->bus.backend_id, count,
				       writable, area, grefs);
}

static int share_pages(struct net_front *f)
{
	const struct front_ops *ops = f->bus.ops;
	void PEER *area;
	int r = share(f, 2, true, &area, f->ring_grefs);

	if (r)
		return r;
	f->tx = area;
	f->rx = (struct netif_rx_sring PEER *)((uint8_t PEER *)area +
						FRONT_PAGE_SIZE);
	/* what we send is not the backend's to change */
	r = share(f, NET_FRONT_SLOTS, false, &area, f->tx_grefs);
	if (r)
		return r;
	f->tx_pages = (PEER_FORCE uint8_t *)area;
	r = share(f, NET_FRONT_SLOTS, true, &area, f->rx_grefs);
	if (r)
		return r;
	f->rx_pages = area;
	r = ops->port_open(f->bus.host, f->bus.backend_id, &f->tx_port);
	if (r)
		return r;
	f->rx_port = f->tx_port;
	if (!f->info.split_channels)
		return 0;
	return ops->port_open(f->bus.host, f->bus.backend_id, &f->rx_port);
}

static void end_area(struct net_front *f, void PEER *area, const uint32_t *grefs,
		     unsigned int count)
{
	if (area && f->bus.ops->pages_end(f->bus.host, area, grefs, count))
		f->lost_pages += count;
}

static void unshare_pages(struct net_front *f)
{
	if (f->rx_port && f->rx_port != f->tx_port)
		f->bus.ops->port_close(f->bus.host, f->rx_port);
	if (f->tx_port)
		f->bus.ops->port_close(f->bus.host, f->tx_port);
	f->tx_port = f->rx_port = 0;
	end_area(f, f->tx, f->ring_grefs, 2);
	end_area(f, (PEER_FORCE void PEER *)f->tx_pages, f->tx_grefs, NET_FRONT_SLOTS);
	end_area(f, f->rx_pages, f->rx_grefs, NET_FRONT_SLOTS);
	f->tx = NULL;
	f->rx = NULL;
	f->tx_pages = NULL;
	f->rx_pages = NULL;
}

/* What we accept; the backend must not send us anything else. */
static const char *const accepted[] = {
	"request-rx-copy",
	"feature-rx-notify",
	"feature-sg",
	"feature-gso-tcpv4",
	"feature-gso-tcpv6",
	"feature-ipv6-csum-offload",
};

static int write_channels(struct net_front *f, uint32_t tx)
{
	int r;

	if (!f->info.split_channels)
		return front_write_uint(&f->bus, tx, "event-channel",
					f->tx_port);
	r = front_write_uint(&f->bus, tx, "event-channel-tx", f->tx_port);
	return r ? r : front_write_uint(&f->bus, tx, "event-channel-rx",
					f->rx_port);
}

static int write_nodes(void *arg, uint32_t tx)
{
	static const char *const stale[] = {
		"multi-queue-num-queues", "event-channel",
		"event-channel-tx", "event-channel-rx",
	};
	struct net_front *f = arg;
	unsigned int i;
	int r = 0;

	/* another frontend may have had the device before */
	for (i = 0; r == 0 && i < sizeof(stale) / sizeof(stale[0]); i++)
		r = front_remove(&f->bus, tx, stale[i]);
	if (r == 0)
		r = front_write_uint(&f->bus, tx, "tx-ring-ref",
				     f->ring_grefs[0]);
	if (r == 0)
		r = front_write_uint(&f->bus, tx, "rx-ring-ref",
				     f->ring_grefs[1]);
	if (r == 0)
		r = write_channels(f, tx);
	for (i = 0; r == 0 && i < sizeof(accepted) / sizeof(accepted[0]); i++)
		r = front_write(&f->bus, tx, accepted[i], "1");
	return r ? r : front_bus_set(&f->bus, tx, BUS_CONNECTED);
}

static void publish(struct net_front *f)
{
	const char *fault = read_offer(f);
	int r;

	if (fault) {
		front_bus_fail(&f->bus, fault);
		return;
	}
	r = share_pages(f);
	if (r) {
		front_bus_fail(&f->bus, r == -ENOSPC || r == -ENOMEM ?
			       "cannot grant the pages needed" :
			       "cannot set up rings and event channels");
		return;
	}
	net_front_rings_reset(f);
	r = front_transact(&f->bus, write_nodes, f);
	if (r)
		front_bus_fail(&f->bus, "xenstore: cannot write our nodes");
	else
		front_bus_published(&f->bus);
}

/* -- life ---------------------------------------------------------------- */

int net_front_open(struct net_front *f, const struct front_ops *ops,
		   void *host, const char *dir)
{
	memset(f, 0, sizeof(*f));
	return front_bus_open(&f->bus, ops, host, dir, true);
}

enum front_phase net_front_step(struct net_front *f)
{
	for (;;) {
		switch (front_bus_step(&f->bus, false)) {
		case FRONT_AGAIN:
			break;
		case FRONT_PUBLISH:
			publish(f);
			break;
		case FRONT_CONNECT:
			/* our own Connected was said with the rings */
			front_bus_connected(&f->bus);
			break;
		case FRONT_REFRESH:
		case FRONT_NOTHING:
			return f->bus.phase;
		}
	}
}

void net_front_close(struct net_front *f)
{
	front_bus_close(&f->bus);
}

void net_front_release(struct net_front *f)
{
	front_bus_release(&f->bus);
	unshare_pages(f);
}
