/* SPDX-License-Identifier: MIT */
/* What is done when a guest stops, and what is kept of it on disk for that. */
#include "config.h"

#include "tools/xl-lite/guest-state.h"
#include "tools/xl-lite/lifecycle.h"
#include "tools/xl-lite/uuid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xen/sched.h>

#include "lib/clock.h"
#include "lib/log.h"

static int failures;

#define check(what, ...) do { \
	if (!(what)) { \
		printf("%s:%d: not so: %s: ", __FILE__, __LINE__, #what); \
		printf(__VA_ARGS__); \
		printf("\n"); \
		failures++; \
	} \
} while (0)

/* -- decisions ---------------------------------------------------------------- */

static const struct {
	enum shutdown_action action;
	bool dump, aside, destroy, restart;
} actions[] = {
	{ ACTION_DESTROY,          false, false, true,  false },
	{ ACTION_RESTART,          false, false, true,  true },
	{ ACTION_RENAME_RESTART,   false, true,  false, true },
	{ ACTION_PRESERVE,         false, false, false, false },
	{ ACTION_COREDUMP_DESTROY, true,  false, true,  false },
	{ ACTION_COREDUMP_RESTART, true,  false, true,  true },
	{ ACTION_SOFT_RESET,       false, false, true,  true },
};

static void test_actions(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		const struct lifecycle_steps *s =
			lifecycle_steps(actions[i].action);

		check(s->dump == actions[i].dump &&
		      s->aside == actions[i].aside &&
		      s->destroy == actions[i].destroy &&
		      s->restart == actions[i].restart,
		      "%s", shutdown_action_name(actions[i].action));
	}
}

static void test_reasons(void)
{
	const struct guest_config c = {
		.on_poweroff = ACTION_PRESERVE,
		.on_reboot = ACTION_RESTART,
		.on_crash = ACTION_COREDUMP_DESTROY,
		.on_watchdog = ACTION_RENAME_RESTART,
		.on_soft_reset = ACTION_SOFT_RESET,
	};
	static const struct {
		unsigned int reason;
		const char *name;
		enum shutdown_action action;
	} reasons[] = {
		{ SHUTDOWN_poweroff, "poweroff", ACTION_PRESERVE },
		{ SHUTDOWN_reboot, "reboot", ACTION_RESTART },
		{ SHUTDOWN_crash, "crash", ACTION_COREDUMP_DESTROY },
		{ SHUTDOWN_watchdog, "watchdog", ACTION_RENAME_RESTART },
		{ SHUTDOWN_soft_reset, "soft-reset", ACTION_SOFT_RESET },
		{ 99, "unknown", ACTION_DESTROY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		check(lifecycle_action(&c, reasons[i].reason) ==
		      reasons[i].action, "reason %u", reasons[i].reason);
		check(strcmp(shutdown_reason_name(reasons[i].reason),
			     reasons[i].name) == 0,
		      "%s", shutdown_reason_name(reasons[i].reason));
	}
}

static void test_short_lives(void)
{
	check(lifecycle_short_lives(3, NS_PER_S) == 4, "a short life counts");
	check(lifecycle_short_lives(3, SHORT_LIFE_S * NS_PER_S) == 0,
	      "a long one ends the row");
}

/* -- the file ------------------------------------------------------------------ */

#define CONFIG_TEXT \
	"# of a person\nname = 'web'\nkernel = '/boot/k'\nmemory = 64\n" \
	"on_crash = 'restart'\n" \
	"vif = [ '', 'mac=00:16:3e:00:00:01' ]\n" \
	"disk = [ '/d,raw,xvda,w' ]"

static struct guest_config *config_of(const char *text, char *const *words,
				      size_t num_words)
{
	struct diags diags = { 0 };
	struct guest_config *c = NULL;

	guest_config_parse("test", text, strlen(text), words, num_words,
			   &diags, &c);
	diags_print(&diags, stdout);
	diags_clear(&diags);
	if (!c)
		exit(99);
	return c;
}

static char *print(const struct guest_state *s, size_t *size)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, size);

	check(guest_state_print(s, f) == 0, "print");
	fclose(f);
	return text;
}

static void test_round_trip(void)
{
	char word[] = "memory=96", *words[] = { word };
	struct guest_config *c = config_of(CONFIG_TEXT, words, 1);
	struct guest_state out, in = { .fd = -1 };
	struct diags diags = { 0 };
	size_t size = 0;
	char *text;

	check(guest_config_complete(c) == 0, "complete");
	c->name = "renamed";
	guest_state_begin(&out, 7, c);
	out.short_lives = 4;
	out.aside = true;
	memset(out.aside_uuid, 0xab, 16);
	snprintf(out.folder, sizeof(out.folder), "/a folder");
	text = print(&out, &size);
	check(guest_state_parse(&in, text, size, &diags) == 0, "%s", text);
	diags_print(&diags, stdout);
	if (in.config) {
		check(memcmp(in.config->uuid, c->uuid, 16) == 0, "uuid");
		check(strcmp(in.config->name, "renamed") == 0,
		      "the name that it was given since: %s", in.config->name);
		check(in.config->memory_kib == 96 * 1024, "the word counts");
		check(in.config->on_crash == ACTION_RESTART, "action");
		check(in.config->num_vifs == 2 && in.config->num_disks == 1,
		      "devices");
		check(in.config->vifs[0].mac_set &&
		      memcmp(in.config->vifs[0].mac, c->vifs[0].mac, 6) == 0,
		      "the MAC that was drawn stays");
		check(in.config->text_size == c->text_size, "text");
	}
	check(in.started_ns == out.started_ns && in.short_lives == 4 &&
	      in.aside && memcmp(in.aside_uuid, out.aside_uuid, 16) == 0 &&
	      strcmp(in.folder, "/a folder") == 0 &&
	      strcmp(in.boot, out.boot) == 0, "its other values");
	check(guest_state_of_this_boot(&in), "this boot: %s", in.boot);
	guest_state_end(&in);
	guest_state_end(&out);
	guest_config_free(c);
	diags_clear(&diags);
}

/* A guest that starts again is the same to Windows. */
static void test_generation_id(void)
{
	static const char config[] =
		"name='w'; type='hvm'; memory=64; ms_vm_genid='generate'\n";
	static const uint8_t none[16];
	struct guest_config *c = config_of(config, NULL, 0);
	struct guest_state out, in = { .fd = -1 };
	struct diags diags = { 0 };
	uint8_t drawn[16];
	size_t size = 0;
	char *text;

	check(guest_config_complete(c) == 0, "complete");
	memcpy(drawn, c->hvm.genid, sizeof(drawn));
	check(memcmp(drawn, none, sizeof(none)) != 0, "it is drawn");
	guest_state_begin(&out, 7, c);
	text = print(&out, &size);
	check(guest_state_parse(&in, text, size, &diags) == 0, "%s", text);
	check(in.config && guest_config_complete(in.config) == 0 &&
	      memcmp(in.config->hvm.genid, drawn, sizeof(drawn)) == 0,
	      "the generation id that was drawn stays");
	guest_state_end(&in);
	guest_state_end(&out);
	guest_config_free(c);
	diags_clear(&diags);
}

#define UUID "00112233-4455-6677-8899-aabbccddeeff"
#define HEAD "xl-lite-guest 1\nuuid " UUID "\n"
#define REST "config 40\nname='a'\nkernel='/k'\nmemory=64\nvif=['']\n"

static const struct {
	const char *what, *text;
	int err;
} files[] = {
	{ "as small as can be", HEAD REST, 0 },
	{ "a word of a later version", HEAD "colour blue\n" REST, 0 },
	{ "nothing", "", -EINVAL },
	{ "something else", "name='a'\n", -EINVAL },
	{ "another version", "xl-lite-guest 2\nuuid " UUID "\n" REST, -EINVAL },
	{ "no UUID", "xl-lite-guest 1\n" REST, -EINVAL },
	{ "cut off in its lines", HEAD "mac 0 00:16", -EINVAL },
	{ "cut off in its configuration", HEAD "config 40\nname='a'\n",
	  -EINVAL },
	{ "more than its configuration", HEAD REST "#", -EINVAL },
	{ "a generation id that is none", HEAD "genid 0011\n" REST, -EINVAL },
	{ "a MAC that is none", HEAD "mac 0 00:16:3e:00:00:0g\n" REST,
	  -EINVAL },
	{ "a MAC of no vif", HEAD "mac 9999999 00:16:3e:00:00:01\n" REST,
	  -EINVAL },
	{ "a folder that is none", HEAD "folder x\n" REST, -EINVAL },
	{ "a UUID that is none",
	  "xl-lite-guest 1\nuuid 00112233-4455-6677-8899-aabbccddeefg\n" REST,
	  -EINVAL },
	{ "a word without a value", HEAD "started\n" REST, -EINVAL },
	{ "a configuration that is wrong", HEAD "config 7\nname=[\n", -EINVAL },
};

static void test_files(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct guest_state s = { .fd = -1 };
		struct diags diags = { 0 };
		char *text = strdup(files[i].text);
		int err = guest_state_parse(&s, text, strlen(text), &diags);

		check(err == files[i].err, "%s: %d", files[i].what, err);
		diags_clear(&diags);
		guest_state_end(&s);
	}
}

static void test_names(void)
{
	static const struct {
		const char *file;
		enum guest_state_kind kind;
		int err;
	} names[] = {
		{ "userdata-d.7." UUID ".xl-lite", GUEST_STATE_LIVE, 0 },
		{ "xl-lite-restart-7." UUID, GUEST_STATE_RESTART, 0 },
		{ "userdata-d.7." UUID ".libxl-json", GUEST_STATE_LIVE,
		  -EINVAL },
		{ "userdata-d.7." UUID ".xl-lite.new", GUEST_STATE_LIVE,
		  -EINVAL },
		{ "xl-lite-restart-7." UUID ".new", GUEST_STATE_RESTART,
		  -EINVAL },
		{ "userdata-d.70000." UUID ".xl-lite", GUEST_STATE_LIVE,
		  -ERANGE },
		{ "userdata-d.7.xl-lite", GUEST_STATE_LIVE, -EINVAL },
		{ "xl-lite-restart-", GUEST_STATE_RESTART, -EINVAL },
	};
	uint8_t want[16], uuid[16];
	uint16_t domid = 0;
	char path[160];

	check(uuid_parse(UUID, want) == 0, "uuid");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		bool good = guest_state_parse_name(names[i].file,
						   names[i].kind, &domid,
						   uuid) == 0;

		check(good == !names[i].err, "%s", names[i].file);
		if (!good)
			continue;
		check(domid == 7 && memcmp(uuid, want, 16) == 0, "%s",
		      names[i].file);
		guest_state_path(path, sizeof(path), names[i].kind, 7, want);
		check(strcmp(strrchr(path, '/') + 1, names[i].file) == 0,
		      "%s", path);
	}
}

int main(void)
{
	log_init("test-lifecycle", LOG_ERR_LEVEL);
	test_actions();
	test_reasons();
	test_short_lives();
	test_round_trip();
	test_generation_id();
	test_files();
	test_names();
	return failures ? 1 : 0;
}
