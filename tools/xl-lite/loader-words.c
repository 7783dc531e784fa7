/* SPDX-License-Identifier: MIT */
/* What a bootloader is told, and what it answers; see loader.h. */
#include "config.h"

#include "tools/xl-lite/loader.h"

#include <stdio.h>
#include <string.h>

/* Of ours, with the NULL. */
#define FIXED_ARGS 11

char **loader_args(struct arena *arena, const struct loader_request *r)
{
	const struct guest_config *config = r->config;
	const size_t max = FIXED_ARGS + config->bootloader_args.count;
	const char **argv = arena_alloc(arena, max * sizeof(*argv));
	size_t n = 0, wanted;

	if (!argv)
		return NULL;
	argv[n++] = r->program;
	if (config->kernel)
		argv[n++] = arena_printf(arena, "--kernel=%s", config->kernel);
	if (config->ramdisk)
		argv[n++] = arena_printf(arena, "--ramdisk=%s",
					 config->ramdisk);
	if (config->cmdline && *config->cmdline)
		argv[n++] = arena_printf(arena, "--args=%s", config->cmdline);
	if (r->runas) {
		argv[n++] = arena_printf(arena, "--runas=%ld", r->runas);
		argv[n++] = "--quiet";
	}
	argv[n++] = arena_printf(arena, "--output=%s/result", r->folder);
	argv[n++] = "--output-format=simple0";
	argv[n++] = arena_printf(arena, "--output-directory=%s/files",
				 r->folder);
	for (size_t i = 0; i < config->bootloader_args.count; i++)
		argv[n++] = config->bootloader_args.items[i];
	argv[n++] = r->disk;
	wanted = n;
	for (n = 0; n < wanted; n++)
		if (!argv[n])
			return NULL;
	return (char **)argv;
}

/* What is behind WORD and blanks in ITEM, or NULL. */
static const char *value_of(const char *item, const char *word)
{
	const size_t len = strlen(word);
	size_t blanks;

	if (strncmp(item, word, len) != 0)
		return NULL;
	blanks = strspn(item + len, " \t\n\v\f\r");
	return blanks ? item + len + blanks : NULL;
}

/* A file right in FOLDER/files, and no way out of there. */
static const char *take_path(const char *path, const char *folder, char *to,
			     const char *wrong)
{
	char files[PATH_MAX];
	const char *name = path;
	size_t len;

	snprintf(files, sizeof(files), "%s/files/", folder);
	len = strlen(files);
	if (strncmp(path, files, len) != 0)
		return wrong;
	name += len;
	name += strspn(name, "/");
	if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return wrong;
	if ((size_t)snprintf(to, PATH_MAX, "%s%s", files, name) >= PATH_MAX)
		return wrong;
	return NULL;
}

static const char *take_item(const char *item, const char *folder,
			     struct loader_found *ret)
{
	const char *value;

	value = value_of(item, "kernel");
	if (value)
		return take_path(value, folder, ret->kernel,
				 "it named a kernel that is not in the folder it was given for that");
	value = value_of(item, "ramdisk");
	if (value)
		return take_path(value, folder, ret->ramdisk,
				 "it named a ramdisk that is not in the folder it was given for that");
	value = value_of(item, "args");
	if (!value)
		return NULL;	/* later versions may say more */
	if (strlen(value) >= sizeof(ret->args))
		return "its command line for the kernel is too long";
	snprintf(ret->args, sizeof(ret->args), "%s", value);
	ret->has_args = true;
	return NULL;
}

const char *loader_parse(const char *text, size_t size, const char *folder,
			 struct loader_found *ret)
{
	char item[LOADER_RESULT_MAX + 1];
	const char *end = text + size, *why = NULL;

	*ret = (struct loader_found) { .has_args = false };
	if (size > LOADER_RESULT_MAX)
		return "it said too much";
	while (text < end && !why) {
		const size_t len = strnlen(text, end - text);

		memcpy(item, text, len);
		item[len] = '\0';
		why = take_item(item, folder, ret);
		text += len + 1;
	}
	if (!why && !ret->kernel[0])
		why = size ? "what it said names no kernel: is it a bootloader for Xen?"
			   : "it named no kernel";
	return why;
}
