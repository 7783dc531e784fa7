/* SPDX-License-Identifier: MIT */
/*
 * The isolation of a bootloader that is known to need little: pygrub, which
 * reads a file system that the guest has written. Should that take it over, it
 * finds itself on a host that has a system's programs and libraries, the
 * guest's own disk and the folder it was given, and nothing else: no other
 * file, process, network, or socket, and no capability but to read what is
 * not its own.
 *
 * A bootloader that somebody made themselves may need anything at all, and is
 * not caged.
 */
#ifndef XL_LITE_LOADER_CAGE_H
#define XL_LITE_LOADER_CAGE_H

#include <stdbool.h>

/* Is PROGRAM, its path, one for the cage? */
bool loader_cage_fits(const char *program);

/*
 * In the child, in a pid namespace of its own, before it executes. FOLDER and
 * DISK are absolute. 0, or -errno and *STEP says what could not be done.
 */
int loader_cage_enter(const char *folder, const char *disk, const char **step);

#endif
