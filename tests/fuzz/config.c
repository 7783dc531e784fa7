/* SPDX-License-Identifier: MIT */
/*
 * A configuration file of any bytes, and words of a command line behind it.
 *
 *	- it is a guest, or there is an error that says where and why,
 *	- a guest's numbers are within what Xen takes, its devices have numbers
 *	  and addresses of their own, its texts are texts,
 *	- the same text means the same guest,
 *	- it can be printed as xl prints it.
 */
#include "tests/fuzz/spec-text.h"
#include "tools/xl-lite/guest-config.h"
#include "tools/xl-lite/json.h"

#include <errno.h>
#include <stdlib.h>

#define TEXT_MAX 65536

static char text[TEXT_MAX];

/* Zero or more words behind the file's last byte, each begun by a 1. */
static size_t split_words(size_t *size, char **words, size_t room)
{
	size_t count = 0;
	char *word = memchr(text, 1, *size);

	if (!word)
		return 0;
	*size = (size_t)(word - text);
	while (word && count < room) {
		*word++ = '\0';
		words[count++] = word;
		word = strchr(word, 1);
	}
	return count;
}

static void check_disks(const struct guest_config *c)
{
	for (size_t i = 0; i < c->num_disks; i++) {
		const struct disk_config *d = &c->disks[i];

		MUST(d->vdev && d->vdev[0]);
		MUST((d->target != NULL) == (d->format != DISK_FORMAT_EMPTY));
		MUST(!d->cdrom || (d->readonly && d->removable));
		MUST(d->cdrom || d->target);
		MUST(disk_format_name(d->format)[0]);
		MUST(disk_backendtype_name(d->backendtype)[0]);
		for (size_t j = 0; j < i; j++)
			MUST(c->disks[j].vdev_number != d->vdev_number);
	}
}

static void check_vifs(const struct guest_config *c)
{
	for (size_t i = 0; i < c->num_vifs; i++) {
		const struct vif_config *v = &c->vifs[i];

		MUST(!v->mac_set || !(v->mac[0] & 1));
		MUST(!v->mtu || (v->mtu >= 68 && v->mtu <= 65535));
		MUST(!v->rate_bytes == !v->rate_interval_us);
		for (size_t j = 0; j < i; j++) {
			MUST(c->vifs[j].devid != v->devid);
			MUST(!v->mac_set || !c->vifs[j].mac_set ||
			     memcmp(c->vifs[j].mac, v->mac, 6));
		}
	}
}

static void check_cpuid(const struct cpuid_policy *p)
{
	for (size_t i = 0; i < p->num_leaves; i++)
		for (int reg = 0; reg < CPUID_REGISTERS; reg++) {
			const char *bits = p->leaves[i].policy[reg];

			MUST(!*bits || strlen(bits) == CPUID_BITS);
			MUST(strspn(bits, "01xks") == strlen(bits));
		}
	for (size_t i = 0; i < p->num_msrs; i++) {
		MUST(strlen(p->msrs[i].policy) == MSR_BITS);
		MUST(strspn(p->msrs[i].policy, "01xk") == MSR_BITS);
	}
}

static void check_hardware(const struct hardware_config *h)
{
	for (size_t i = 0; i < h->num_ports; i++)
		MUST(h->ports[i].count && h->ports[i].first <= 0xffff &&
		     h->ports[i].count <= 0x10000 - h->ports[i].first);
	for (size_t i = 0; i < h->num_pages; i++)
		MUST(h->pages[i].count);
	MUST(passthrough_name(h->passthrough)[0]);
}

static void check_pv_devices(const struct pv_devices *d)
{
	for (size_t i = 0; i < d->num_vkbs; i++)
		MUST((d->vkbs[i].backend == VKB_BACKEND_DEFAULT) ==
		     (i < d->num_vfbs));
	for (size_t i = 0; i < d->num_p9s; i++)
		MUST(d->p9s[i].tag && d->p9s[i].path &&
		     d->p9s[i].security_model);
	for (size_t i = 0; i < d->num_channels; i++)
		MUST(d->channels[i].name &&
		     (d->channels[i].connection == CHANNEL_PTY ||
		      d->channels[i].path));
}

static void check_guest(const struct guest_config *c)
{
	MUST(c->name && c->name[0] && !strchr(c->name, '/'));
	MUST(c->type == GUEST_HVM || c->kernel || c->bootloader);
	MUST(c->vcpus >= 1 && c->vcpus <= c->maxvcpus);
	MUST(c->memory_kib && c->memory_kib <= c->maxmem_kib);
	MUST(guest_type_name(c->type)[0]);
	MUST(shutdown_action_name(c->on_poweroff)[0]);
	MUST(shutdown_action_name(c->on_soft_reset)[0]);
	check_disks(c);
	check_vifs(c);
	check_cpuid(&c->cpuid);
	check_hardware(&c->hardware);
	check_pv_devices(&c->pv);
}

/* As much as says that it is the same guest. */
static void check_same(const struct guest_config *a,
		       const struct guest_config *b)
{
	MUST(same_text(a->name, b->name) && a->type == b->type);
	MUST(same_text(a->kernel, b->kernel));
	MUST(same_text(a->cmdline, b->cmdline));
	MUST(a->memory_kib == b->memory_kib && a->vcpus == b->vcpus);
	MUST(a->num_disks == b->num_disks && a->num_vifs == b->num_vifs);
}

static void check_prints(const struct guest_config *c)
{
	static char out[1u << 22];
	FILE *to = fmemopen(out, sizeof(out), "w");

	MUST(to);
	MUST(!json_print_config(c, to));
	fclose(to);
}

static size_t count_lines(size_t size, size_t words, size_t *width)
{
	size_t lines = 1, start = 0;

	*width = 0;
	for (size_t i = 0; i <= size; i++) {
		if (i < size && text[i] != '\n')
			continue;
		if (i - start > *width)
			*width = i - start;
		start = i + 1;
		lines += i < size;
	}
	return lines > words + 1 ? lines : words + 1;
}

static int parse(size_t size, char **words, size_t count,
		 struct guest_config **c)
{
	struct diags diags = { 0 };
	size_t lines, width;
	int r;

	*c = NULL;
	r = guest_config_parse("fuzz.cfg", text, size, words, count, &diags, c);
	MUST(r == 0 || r == -EINVAL);
	MUST((r == 0) == (diags.errors == 0));
	MUST((r == 0) == (*c != NULL));
	lines = count_lines(size, count, &width);
	for (size_t i = 0; i < count; i++)
		if (strlen(words[i]) > width)
			width = strlen(words[i]);
	/* a word may have line ends of its own */
	check_diags(&diags, count ? TEXT_MAX : lines,
		    count ? TEXT_MAX : width);
	diags_clear(&diags);
	return r;
}

void fuzz_one(struct input *in)
{
	CLEANUP_GUEST_CONFIG struct guest_config *first = NULL;
	CLEANUP_GUEST_CONFIG struct guest_config *second = NULL;
	size_t size = in->left < TEXT_MAX - 1 ? in->left : TEXT_MAX - 1;
	char *words[4];
	size_t count;
	int r;

	in_bytes(in, text, size);
	text[size] = '\0';
	count = split_words(&size, words, 4);
	r = parse(size, words, count, &first);
	MUST(parse(size, words, count, &second) == r);
	if (r)
		return;
	check_guest(first);
	check_same(first, second);
	check_prints(first);
}
