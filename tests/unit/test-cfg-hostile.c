/* SPDX-License-Identifier: MIT */
/*
 * Any bytes are an answer, never a crash, a hang or memory without bound; and
 * no mistyped key passes in silence.
 */
#include "config.h"

#include "tests/unit/cfg-test.h"

#include "tools/xl-lite/cfg-parse.h"
#include "tools/xl-lite/keys.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

static const char sample[] =
	"# a guest\nname = \"deb\\x31\"\nuuid='12345678-9abc-def0-1234-"
	"56789abcdef0'\ntype=\"pv\"\nkernel='/k'\nramdisk='/r'\nroot='/dev/x'; "
	"extra=\"quiet\"\nmemory=512\nmaxmem='0x400'\nvcpus=2\nmaxvcpus=4\n"
	"on_crash='preserve'\ndisk=['/x,qcow2,xvda,r',\n 'phy:/dev/v,xvdb,w',"
	"\n'vdev=hdc, cdrom, target=/i', ]\ndisk += ['tap:aio:/y,xvdd,w']\n"
	"vif=['mac=00:16:3e:00:00:01,bridge=b,rate=1Mb/s@20ms,devid=3,mtu=99',"
	"'']\nvnuma=[['a'],['b']]\n";

/* The outcome is of no interest; what is said about it must be sound. */
static int parse(const char *text, size_t size, size_t *errors)
{
	CLEANUP_GUEST_CONFIG struct guest_config *config = NULL;
	CLEANUP_DIAGS struct diags diags = { 0 };
	int r = guest_config_parse("t", text, size, NULL, 0, &diags, &config);

	if (errors)
		*errors = diags.errors;
	if ((r == 0) != (config != NULL) || (r == 0) != (diags.errors == 0) ||
	    (r != 0 && r != -EINVAL)) {
		printf("returned %d with %zu errors\n", r, diags.errors);
		return 1;
	}
	return 0;
}

/* The same numbers each run: a failure can be repeated. */
static unsigned int next_random(unsigned int *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static void mutate(char *text, size_t *size, unsigned int *seed)
{
	static const char marks[] = "='\"[],;\n#\\+x0:/ @\r\t";
	size_t at = next_random(seed) % *size;
	size_t from = next_random(seed) % *size;
	size_t n = next_random(seed) % 16;

	switch (next_random(seed) % 5) {
	case 0:
		text[at] = next_random(seed);
		break;
	case 1:
		text[at] = marks[next_random(seed) % (sizeof(marks) - 1)];
		break;
	case 2:
		*size = at + 1;
		break;
	case 3:
		if (at + n <= *size && from + n <= *size)
			memmove(text + at, text + from, n);
		break;
	default:
		if (at + n < *size) {
			memmove(text + at, text + at + n, *size - at - n);
			*size -= n;
		}
	}
}

static int mutations_get_an_answer(void)
{
	unsigned int seed = 4;
	int failed = 0;

	for (int i = 0; i < 50000; i++) {
		size_t size = sizeof(sample) - 1;
		unsigned int count = 1 + next_random(&seed) % 6;
		/* of its very size, so that a read past its end is seen */
		CLEANUP_FREE char *text = NULL;
		char work[sizeof(sample)];

		memcpy(work, sample, size);
		while (count-- && size > 1)
			mutate(work, &size, &seed);
		text = malloc(size);
		if (!text)
			return 1;
		memcpy(text, work, size);
		failed += parse(text, size, NULL);
	}
	return failed;
}

static int every_prefix_gets_an_answer(void)
{
	int failed = 0;

	for (size_t size = 0; size < sizeof(sample); size++) {
		CLEANUP_FREE char *text = malloc(size + 1);

		memcpy(text, sample, size);
		failed += parse(text, size, NULL);
	}
	return failed;
}

/* SIZE bytes that repeat PIECE behind START. */
static int flood(const char *start, const char *piece, size_t size,
		 size_t want_errors)
{
	CLEANUP_FREE char *text = malloc(size + 1);
	size_t at = strlen(start), step = strlen(piece);
	size_t errors;

	memcpy(text, start, at);
	for (; at + step <= size; at += step)
		memcpy(text + at, piece, step);
	if (parse(text, at, &errors))
		return 1;
	if (errors == want_errors)
		return 0;
	printf("'%s...' of %zu bytes: %zu errors, want %zu\n", piece, size,
	       errors, want_errors);
	return 1;
}

/* Of the whole program so far; a sanitizer needs more of its own. */
static int memory_is_bounded(void)
{
#ifndef SANITIZERS
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	if (usage.ru_maxrss > 128 * 1024) {
		printf("%ld KiB were needed at a time\n", usage.ru_maxrss);
		return 1;
	}
#endif
	return 0;
}

static int floods_are_bounded(void)
{
	const size_t most = CFG_MAX_SIZE;
	const char good[] = "name='g';kernel='/k';memory=1;";

	return flood("", "[", most, 1) +
	       flood("a=", "[", most, 1) +
	       flood("a=", "[\n", most, 1) +
	       flood(good, "\n", most, 0) +
	       flood(good, "#", most, 0) +
	       flood(good, "a='x'\n", most, 0) +
	       flood(good, "a+='xxxxxxxxxxxxxxxxxxxxxxxxxxxx'\n", most, 0) +
	       flood(good, "a+=['x']\n", most, 0) +
	       flood("", "A\n", most, DIAGS_MAX) +
	       flood("", "a\n", most, DIAGS_MAX) +
	       flood("", "'", most - 1, 1) +
	       flood("", "memory='x';", most, 1 + 2) +
	       flood("", "\xff", most + 1, 1);
}

/* A whole file of one setting whose every word is none. */
static int words_are_bounded(const char *before, const char *after)
{
	CLEANUP_FREE char *text = malloc(CFG_MAX_SIZE);
	size_t at = strlen(before), rest = strlen(after);
	size_t errors;

	memcpy(text, before, at);
	for (; at + 3 + rest <= CFG_MAX_SIZE; at += 3)
		memcpy(text + at, "q=,", 3);
	memcpy(text + at, after, rest);
	if (parse(text, at + rest, &errors))
		return 1;
	if (errors)
		return 0;
	printf("%s: nothing is wrong with it\n", before);
	return 1;
}

static int bad_words_are_bounded(void)
{
	return words_are_bounded("name='g';kernel='/k';memory=1;cpuid='host,",
				 "'") +
	       words_are_bounded("name='g';kernel='/k';memory=1;vfb=['", "']") +
	       words_are_bounded("name='g';kernel='/k';memory=1;disk=['", "']") +
	       words_are_bounded("name='g';kernel='/k';memory=1;vif=['", "']");
}

/* COUNT empty devices of KEY: one error, or none. */
static int devices(const char *key, size_t count, size_t want)
{
	CLEANUP_FREE char *text = malloc(64 + 3 * count);
	size_t at = snprintf(text, 64, "name='g';kernel='/k';memory=1;%s=[",
			     key);
	size_t errors;

	for (; count; count--, at += 3)
		memcpy(text + at, "'',", 3);
	text[at++] = ']';
	if (parse(text, at, &errors))
		return 1;
	if (errors == want)
		return 0;
	printf("%s: %zu errors, want %zu\n", key, errors, want);
	return 1;
}

static int devices_are_bounded(void)
{
	return devices("vif", 4096, 0) + devices("vif", 4097, 1) +
	       devices("disk", 4097, 1) +
	       devices("vfb", 256, 0) + devices("vfb", 257, 1);
}

static int nul_bytes_are_named(void)
{
	static const struct {
		const char *text;
		size_t size;
		const char *want;
	} cases[] = {
		{ "a='x\0y'\n", 8, "1:3: error: a NUL byte is in this string: "
				   "a configuration is plain text" },
		{ "\0", 1, "1:1: error: a NUL byte: a configuration is plain "
			   "text" },
	};
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP_GUEST_CONFIG struct guest_config *config = NULL;
		CLEANUP_DIAGS struct diags diags = { 0 };
		struct text got = { .s = "" };

		guest_config_parse("t", cases[i].text, cases[i].size, NULL, 0,
				   &diags, &config);
		diags.count = diags.count ? 1 : 0;
		say_diags(&got, &diags);
		failed += expect("NUL", cases[i].want, got.s);
		diags.count = diags.errors + diags.warnings;
	}
	return failed;
}

static int check_load(const char *path, int want, const char *message)
{
	CLEANUP_GUEST_CONFIG struct guest_config *config = NULL;
	CLEANUP_DIAGS struct diags diags = { 0 };
	int r = guest_config_load(path, NULL, 0, &diags, &config);

	if (r != want || !diags.count) {
		printf("%s: got %d, want %d\n", path, r, want);
		return 1;
	}
	return expect(path, message, diags.list[0].text);
}

/* A file of 100 MB is refused by its first megabyte. */
static int odd_files_are_refused(void)
{
	char path[] = "/tmp/test-cfg-hostile.XXXXXX";
	int fd = mkstemp(path);
	int failed = 0;

	if (fd < 0 || ftruncate(fd, 100 << 20) != 0) {
		perror(path);
		return 1;
	}
	failed += check_load(path, -EINVAL,
			     "more than 1048576 bytes are too many for a "
			     "configuration: is this a disk image?");
	failed += check_load("/", -EISDIR, "this configuration cannot be read: "
			     "Is a directory");
	close(fd);
	unlink(path);
	failed += check_load(path, -ENOENT, "this configuration cannot be "
			     "read: No such file or directory");
	return failed;
}

/* Is  NAME = VALUE  noticed, with an error or a warning? */
static int is_reported(const char *name, const char *value)
{
	CLEANUP_GUEST_CONFIG struct guest_config *config = NULL;
	CLEANUP_DIAGS struct diags diags = { 0 };
	struct text text = { .s = "" };

	say(&text, "name='g';kernel='/k';memory=1\n%s=%s", name, value);
	guest_config_parse("t", text.s, text.used, NULL, 0, &diags, &config);
	if (diags.count)
		return 0;
	printf("%s=%s: nothing was said\n", name, value);
	return 1;
}

static const char letters[] = "abcdefghijklmnopqrstuvwxyz_0123456789.-";

/* The Nth way to change one letter of WORD, or to swap two; NULL is the end. */
static const char *edit(const char *word, size_t n, char to[64])
{
	size_t size = strlen(word), kinds = sizeof(letters) - 1;
	size_t at = n / (2 * kinds + 2), way = n % (2 * kinds + 2);

	if (at > size)
		return NULL;
	memcpy(to, word, size + 1);
	if (way < kinds) {		/* one more */
		memmove(to + at + 1, to + at, size + 1 - at);
		to[at] = letters[way];
	} else if (at == size) {
		return to;		/* there is nothing to change */
	} else if (way < 2 * kinds) {	/* another */
		to[at] = letters[way - kinds];
	} else if (way == 2 * kinds) {	/* one less */
		memmove(to + at, to + at + 1, size - at);
	} else if (at + 1 < size) {	/* two swapped */
		to[at] = word[at + 1];
		to[at + 1] = word[at];
	}
	return to;
}

static int mistyped_keys_are_reported(void)
{
	char typed[64];
	int failed = 0;

	for (const struct key *k = keys; k->name; k++) {
		if (k->status != KEY_ACTS)
			continue;
		for (size_t n = 0; edit(k->name, n, typed); n++)
			if (!key_find(typed))
				failed += is_reported(typed, "1");
	}
	return failed;
}

static int mistyped_subkeys_are_reported(const char *list, const char *rest,
					 const char *const *words,
					 size_t count, const char *value)
{
	char typed[64], text[160];
	int failed = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t n = 0; edit(words[i], n, typed); n++) {
			bool known = false;

			for (size_t j = 0; j < count; j++)
				known |= strcmp(words[j], typed) == 0;
			if (known)
				continue;
			snprintf(text, sizeof(text), "['%s%s%s']", rest, typed,
				 value);
			failed += is_reported(list, text);
		}
	}
	return failed;
}

static int check_subkeys(void)
{
	static const char *const vif[] = {
		"type", "mac", "bridge", "gatewaydev", "netdev", "ip",
		"script", "backend", "vifname", "model", "rate", "devid",
		"mtu", "accel",
	};
	static const char *const vif_flags[] = { "trusted", "untrusted" };
	static const char *const disk[] = {
		"format", "vdev", "access", "devtype", "backend",
		"backendtype", "specification", "script", "target",
	};
	static const char *const disk_flags[] = {
		"cdrom", "direct-io-safe", "discard", "no-discard", "trusted",
		"untrusted", "no-colo",
	};

	return mistyped_subkeys_are_reported("vif", "", vif, ARRAY_SIZE(vif),
					     "=1") +
	       mistyped_subkeys_are_reported("vif", "", vif_flags,
					     ARRAY_SIZE(vif_flags), "") +
	       mistyped_subkeys_are_reported("disk", "/x,raw,xvda,w,", disk,
					     ARRAY_SIZE(disk), "=1") +
	       mistyped_subkeys_are_reported("disk", "/x,raw,xvda,w,",
					     disk_flags,
					     ARRAY_SIZE(disk_flags), "");
}

int main(void)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} tests[] = {
		{ "every prefix gets an answer", every_prefix_gets_an_answer },
		{ "mutations get an answer", mutations_get_an_answer },
		{ "floods are bounded", floods_are_bounded },
		{ "bad words are bounded", bad_words_are_bounded },
		{ "devices are bounded", devices_are_bounded },
		{ "memory is bounded", memory_is_bounded },
		{ "NUL bytes are named", nul_bytes_are_named },
		{ "odd files are refused", odd_files_are_refused },
		{ "mistyped keys are reported", mistyped_keys_are_reported },
		{ "mistyped sub-keys are reported", check_subkeys },
	};
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		int here = tests[i].run();

		printf("%s: %d failed\n", tests[i].name, here);
		failed += here;
	}
	return failed != 0;
}
