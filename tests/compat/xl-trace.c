/* SPDX-License-Identifier: MIT */
/*
 * Tells which keys stock xl reads of a guest's configuration, and what it takes
 * each for: preloaded into it with xl-offline.c, this writes a line "KIND KEY"
 * to the file that $XL_TRACE names for each look. For tests only.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <libxlutil.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned int texts_read;

static void tell(const char *kind, const char *key)
{
	const char *path = getenv("XL_TRACE");
	/* the first text is xl.conf, which is about the host */
	FILE *to = path && texts_read > 1 ? fopen(path, "a") : NULL;

	if (!to)
		return;
	fprintf(to, "%s %s\n", kind, key);
	fclose(to);
}

#define REAL(name) (__extension__ (__typeof__(name) *)dlsym(RTLD_NEXT, #name))

int xlu_cfg_readdata(XLU_Config *cfg, const char *data, int length)
{
	texts_read++;
	return REAL(xlu_cfg_readdata)(cfg, data, length);
}

int xlu_cfg_get_string(const XLU_Config *cfg, const char *key,
		       const char **value, int dont_warn)
{
	tell("text", key);
	return REAL(xlu_cfg_get_string)(cfg, key, value, dont_warn);
}

int xlu_cfg_replace_string(const XLU_Config *cfg, const char *key,
			   char **value, int dont_warn)
{
	tell("text", key);
	return REAL(xlu_cfg_replace_string)(cfg, key, value, dont_warn);
}

int xlu_cfg_get_long(const XLU_Config *cfg, const char *key, long *value,
		     int dont_warn)
{
	tell("number", key);
	return REAL(xlu_cfg_get_long)(cfg, key, value, dont_warn);
}

int xlu_cfg_get_bounded_long(const XLU_Config *cfg, const char *key, long min,
			     long max, long *value, int dont_warn)
{
	tell("number", key);
	return REAL(xlu_cfg_get_bounded_long)(cfg, key, min, max, value,
					      dont_warn);
}

int xlu_cfg_get_defbool(const XLU_Config *cfg, const char *key,
			libxl_defbool *value, int dont_warn)
{
	tell("number", key);
	return REAL(xlu_cfg_get_defbool)(cfg, key, value, dont_warn);
}

int xlu_cfg_get_list(const XLU_Config *cfg, const char *key,
		     XLU_ConfigList **list, int *entries, int dont_warn)
{
	tell("list", key);
	return REAL(xlu_cfg_get_list)(cfg, key, list, entries, dont_warn);
}

int xlu_cfg_get_list_as_string_list(const XLU_Config *cfg, const char *key,
				    libxl_string_list *list, int dont_warn)
{
	tell("list", key);
	return REAL(xlu_cfg_get_list_as_string_list)(cfg, key, list, dont_warn);
}
