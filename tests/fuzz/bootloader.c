/* SPDX-License-Identifier: MIT */
/*
 * What a guest's disk can make a bootloader say: on its terminal, of which the
 * end is told, and about the kernel that it has found. However that reads, no
 * file is taken but those right in the folder that it was given, and nothing
 * is told that a terminal would act on.
 */
#include "tests/fuzz/fuzz.h"
#include "tools/xl-lite/loader.h"

#define FOLDER "/f"
#define FILES FOLDER "/files/"

static void check_path(const char *path)
{
	const char *name = path + strlen(FILES);

	MUST(strncmp(path, FILES, strlen(FILES)) == 0);
	MUST(*name && !strchr(name, '/'));
	MUST(strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
}

static void check_words(const uint8_t *bytes, size_t size)
{
	struct last_words w = { .count = 0 };
	const char *line;
	unsigned int i;

	last_words_add(&w, (const char *)bytes, size);
	for (i = 0; (line = last_words_line(&w, i)); i++) {
		MUST(*line && strlen(line) < LAST_WORDS_LINE);
		for (; *line; line++)
			MUST(*line >= ' ' && *line <= '~');
	}
	MUST(i <= LAST_WORDS_LINES + 1);
}

void fuzz_one(struct input *in)
{
	static struct loader_found found;

	check_words(in->at, in->left);
	if (loader_parse((const char *)in->at, in->left, FOLDER, &found))
		return;
	check_path(found.kernel);
	if (found.ramdisk[0])
		check_path(found.ramdisk);
	MUST(strlen(found.args) < LOADER_ARGS_MAX);
	MUST(found.has_args || !found.args[0]);
}
