/* SPDX-License-Identifier: MIT */
/* What QEMU serves of a guest's devices; see devices-pv.h. */
#include "config.h"

#include "tools/xl-lite/devices-pv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"

/* xenconsoled's bound, which libxl tells for consoles of QEMU's, too. */
#define CONSOLE_LIMIT "1048576"

/* -- deciding ------------------------------------------------------------------ */

/* An HVM guest's screen is that of its emulated machine, and its keyboard. */
static bool has_screens(const struct guest_config *config)
{
	return config->type != GUEST_HVM;
}

size_t pv_devices_count(const struct guest_config *config)
{
	const struct pv_devices *d = &config->pv;

	return (has_screens(config) ? d->num_vfbs + d->num_vkbs : 0) +
	       d->num_p9s + d->num_channels;
}

static struct device *fill(struct device *d, const char *kind,
			   const char *backend_kind, unsigned int devid,
			   const char *title)
{
	*d = (struct device) {
		.kind = kind,
		.frontend_kind = kind,
		.backend_kind = backend_kind,
		.devid = devid,
		.dm = true,
	};
	snprintf(d->name, sizeof(d->name), "%s %u", title, devid);
	return d;
}

void pv_devices_fill(const struct guest_config *config, struct device *list)
{
	const struct pv_devices *d = &config->pv;
	struct device *next = list;

	for (size_t i = 0; i < d->num_vfbs && has_screens(config); i++)
		fill(next++, KIND_VFB, KIND_VFB, i, "vfb")->vfb = &d->vfbs[i];
	for (size_t i = 0; i < d->num_vkbs && has_screens(config); i++)
		fill(next++, KIND_VKBD,
		     d->vkbs[i].backend == VKB_BACKEND_LINUX ? KIND_VINPUT
							     : KIND_VKBD,
		     i, "vkb")->vkb = &d->vkbs[i];
	for (size_t i = 0; i < d->num_p9s; i++)
		fill(next++, KIND_9PFS, KIND_9PFS, i, "p9")->p9 = &d->p9s[i];
	/* 0 is the first console */
	for (size_t i = 0; i < d->num_channels; i++)
		fill(next++, KIND_CONSOLE, KIND_CONSOLE, i + 1,
		     "channel")->channel = &d->channels[i];
}

static const char *backend_domain(const struct device *d)
{
	if (d->vkb)
		return d->vkb->backend_domain;
	if (d->p9)
		return d->p9->backend_domain;
	return d->channel ? d->channel->backend_domain : NULL;
}

int pv_device_check(const struct guest_config *config, const struct device *d)
{
	const char *domain = backend_domain(d);

	if (!domain || strcmp(domain, "0") == 0 ||
	    strcmp(domain, "Domain-0") == 0)
		return 0;
	return log_fail(-EINVAL, "guest %s: %s: backend='%s': devices that another domain serves cannot be had yet: leave it out",
			config->name, d->name, domain);
}

/* -- writing ------------------------------------------------------------------- */

struct folders {
	struct nodes *n;
	const char *backend, *libxl;
};

/* A key of the backend, and its copy for the toolstack. */
static void put(const struct folders *f, const char *key, const char *value)
{
	if (!value)
		return;
	nodes_put(f->n, f->backend, key, "%s", value);
	nodes_put(f->n, f->libxl, key, "%s", value);
}

static void put_number(const struct folders *f, const char *key,
		       unsigned int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	put(f, key, text);
}

static void put_nonzero(const struct folders *f, const char *key,
			unsigned int value)
{
	if (value)
		put_number(f, key, value);
}

static void write_vfb(const struct folders *f, const struct vfb_config *vfb)
{
	const bool vnc = choose(vfb->vnc.enable, true);
	const char *listen = vfb->vnc.listen;

	put_number(f, "vnc", vnc);
	put(f, "vnclisten", vnc && !listen ? "127.0.0.1" : listen);
	put(f, "vncpasswd", vfb->vnc.password);
	put_number(f, "vncdisplay", vfb->vnc.display);
	put_number(f, "vncunused", choose(vfb->vnc.unused, vnc));
	put_number(f, "sdl", choose(vfb->sdl.enable, false));
	put_number(f, "opengl", choose(vfb->sdl.opengl, false));
	put(f, "xauthority", vfb->sdl.xauthority);
	put(f, "display", vfb->sdl.display);
}

static void write_vkb(const struct folders *f, const struct vkb_config *vkb)
{
	put(f, "unique-id", vkb->unique_id);
	put_nonzero(f, "feature-disable-keyboard", vkb->no_keyboard);
	put_nonzero(f, "feature-disable-pointer", vkb->no_pointer);
	put_nonzero(f, "feature-abs-pointer", vkb->abs_pointer);
	put_nonzero(f, "feature-raw-pointer", vkb->raw_pointer);
	if (vkb->multi_touch) {
		put_number(f, "feature-multi-touch", 1);
		put_number(f, "multi-touch-width", vkb->touch_width);
		put_number(f, "multi-touch-height", vkb->touch_height);
		put_number(f, "multi-touch-num-contacts", vkb->touches);
	}
	put_nonzero(f, "width", vkb->width);
	put_nonzero(f, "height", vkb->height);
}

static void write_channel(const struct folders *f,
			  const struct channel_config *c)
{
	put(f, "protocol", "vt100");
	put(f, "name", c->name);
	put(f, "connection", c->connection == CHANNEL_PTY ? "pty" : "socket");
	put(f, "path", c->connection == CHANNEL_SOCKET ? c->path : NULL);
}

void pv_device_write_backend(struct nodes *n, const struct device *d,
			     const char *backend, const char *libxl)
{
	const struct folders f = { n, backend, libxl };

	if (d->vfb)
		write_vfb(&f, d->vfb);
	if (d->vkb)
		write_vkb(&f, d->vkb);
	if (d->p9) {
		put(&f, "path", d->p9->path);
		put(&f, "security_model", d->p9->security_model);
	}
	if (d->channel)
		write_channel(&f, d->channel);
}

/* Of what the guest is told of a channel, it can change nothing. */
static void write_channel_frontend(struct nodes *n, const struct device *d,
				   const char *frontend, domid_t domid)
{
	const struct channel_config *c = d->channel;
	const struct node_access ours = { .owner = 0, .reader = domid };

	nodes_put(n, frontend, "protocol", "vt100");
	nodes_put_as(n, ours, frontend, "name", "%s", c->name);
	nodes_put_as(n, ours, frontend, "limit", CONSOLE_LIMIT);
	nodes_put_as(n, ours, frontend, "type", "ioemu");
	if (c->connection == CHANNEL_PTY)
		nodes_put_as(n, ours, frontend, "output", "pty");
	else
		nodes_put_as(n, ours, frontend, "output",
			     "chardev:libxl-channel%u", d->devid);
	nodes_put_as(n, ours, frontend, "tty", "%s", "");
}

void pv_device_write_frontend(struct nodes *n, const struct device *d,
			      const char *frontend, domid_t domid)
{
	if (d->p9)
		nodes_put(n, frontend, "tag", "%s", d->p9->tag);
	if (d->channel)
		write_channel_frontend(n, d, frontend, domid);
}
