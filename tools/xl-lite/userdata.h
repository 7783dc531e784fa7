/* SPDX-License-Identifier: MIT */
/*
 * The files that libxl keeps a guest's configuration in, so that stock xl
 * knows our guests as its own.
 */
#ifndef XL_LITE_USERDATA_H
#define XL_LITE_USERDATA_H

#include "lib/store.h"

#include "tools/xl-lite/guest-config.h"
#include "tools/xl-lite/hv.h"
#include "tools/xl-lite/json-tree.h"

/* Logged on failure. */
struct json_places;
int userdata_write(const struct guest_config *config, domid_t domid,
		   const struct json_places *hard,
		   const struct json_places *soft);
/*
 * SIZE bytes at DATA as the domain's KEY, in place of what was there: whoever
 * looks finds the whole of it or nothing. Logged on failure.
 */
int userdata_store(domid_t domid, const uint8_t uuid[16], const char *key,
		   const void *data, size_t size);

/* The keys that we know of. */
#define USERDATA_JSON "libxl-json"	/* the configuration, with a NUL */
#define USERDATA_UPDATE "xl"	/* the one to take at the next start, text */

/*
 * libxl's own lock, which goes around reading the configuration, changing it
 * and storing it again, and around the change of the devices that it tells
 * of. Waits for whoever has it. Logged on failure.
 */
struct userdata_lock {
	int fd;
	char path[128];
};

int userdata_lock(domid_t domid, const uint8_t uuid[16],
		  struct userdata_lock *lock);
/* Does nothing when it is not held: zeroed, or let go of. */
void userdata_unlock(struct userdata_lock *lock);

#define CLEANUP_USERDATA_LOCK CLEANUP(userdata_unlock)

/*
 * The stored configuration with device DEVID of libxl's KIND (KIND_VBD or
 * KIND_VIF) in it as JSON says; with NULL, without that device. A domain that
 * has none stored keeps none. The caller holds the lock. Logged on failure.
 */
int userdata_put_device(domid_t domid, const uint8_t uuid[16],
			const char *kind, unsigned int devid,
			const char *json);

/*
 * The stored configuration with the file PATH in the drive of number DEVID, ""
 * being none. The same.
 */
int userdata_put_medium(domid_t domid, const uint8_t uuid[16],
			unsigned int devid, const char *path);
/* The same of an element of its "disks", as libxl has it. */
int userdata_set_medium(struct arena *arena, struct json_value *disk,
			const char *path);

/*
 * The configuration of a running domain as it was stored, by libxl or by us:
 * JSON, with lines ended by newlines, which the caller frees. -ENOENT when
 * there is none.
 */
int userdata_read(domid_t domid, const uint8_t uuid[16], char **json);
/*
 * FN is called with the stored configuration of each domain that has one,
 * whoever made it; JSON is good for the call. FN ends it by what is not 0, which
 * is returned, and which it has logged. What cannot be read is left out: its
 * domain may just be ending.
 */
typedef int userdata_fn(domid_t domid, const char *json, void *arg);
int userdata_for_each(userdata_fn *fn, void *arg);
/* The domain has another UUID now. */
void userdata_rename(domid_t domid, const uint8_t from[16],
		     const uint8_t to[16]);
/* Any key's text, *SIZE bytes and a NUL. */
int userdata_read_key(domid_t domid, const uint8_t uuid[16], const char *key,
		      char **text, size_t *size);
void userdata_remove_key(domid_t domid, const uint8_t uuid[16],
			 const char *key);
/* Remove all that libxl or we keep about the domain. Logged. */
int userdata_remove(domid_t domid, const uint8_t uuid[16]);

#endif
