/* Shared by the files that implement io.h: what they find out about a target before writing. */
#ifndef EO_BASE_IO_INTERNAL_H
#define EO_BASE_IO_INTERNAL_H

#include <stddef.h>

#include "base/err.h"

/* The length of the directory in front of the name, with the slash; 0 for none. */
size_t eo_io_directory_length(const char *path);

/*
 * The descriptor that a path names: 1 for "-", /dev/stdout and links to it, 3 for /dev/fd/3; -1 for none. Such a path
 * is written through its descriptor, because renaming a file to it would replace the system's link.
 */
int eo_io_find_descriptor(const char *path);

/* Fails unless the file is open for writing. */
int eo_io_check_descriptor(int fd, struct eo_err *err) EO_MUST_CHECK;

/* *is_special: the target exists and is not a regular file. Fails on a directory, and if it cannot find that out. */
int eo_io_look_at_target(const char *path, int *is_special, struct eo_err *err) EO_MUST_CHECK;

#endif
