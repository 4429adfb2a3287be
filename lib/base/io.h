/*
 * Whole files, in and out.
 *
 * Everything this project reads or writes fits in memory, so a file is one call. A path of "-" means standard
 * input or standard output.
 *
 * Writing is atomic: the bytes go to a new ".NAME.tmp" beside the target (of mode 0600 and exclusively locked, so that
 * two writers of one target cannot mix), every write is checked, the file is synced, renamed over the target and
 * closed, and the directory synced. The target is at every moment the old file or the whole new one. It keeps its mode;
 * that of a new one is 0666 less the umask. SIGINT, SIGTERM, SIGHUP and SIGQUIT wait until it is done.
 *
 * A target that is a file of equal bytes already keeps its time, owner and other names.
 *
 * A file that has the name of the temporary one already, such as that of a killed run, is removed and never written to.
 * Writing fails when another process of this user is writing that file. A lock that another user holds on it delays
 * writing by a second.
 *
 * A target that exists and is not a regular file (/dev/full, a pipe) is written directly. A path that names an open
 * file of this process (/dev/stderr, /dev/fd/3, a link to it) is written through that file. A symbolic link is
 * replaced, not followed.
 */
#ifndef EO_BASE_IO_H
#define EO_BASE_IO_H

#include <stddef.h>

#include "base/err.h"

#define EO_IO_MAX ((size_t)1 << 30) /* no input of this project is larger than this many bytes */

/*
 * Reads `path` whole. *data is NUL-terminated behind its *size bytes and released with free(). Fails on a
 * directory, and on more than `limit` bytes. The message does not name the file.
 */
int eo_io_read(const char *path, size_t limit, char **data, size_t *size, struct eo_err *err) EO_MUST_CHECK;

/*
 * As eo_io_read(), of the file `path` below `folder` ("": the current one). The parts of path are separated by one
 * slash each; none may be "." or "..", nor a symbolic link, and the last must be a regular file. So a folder from
 * elsewhere can only name files inside it.
 */
int eo_io_read_below(const char *folder, const char *path, size_t limit, char **data, size_t *size,
                     struct eo_err *err) EO_MUST_CHECK;

/* Writes `size` bytes to `path` atomically, or to standard output. The message does not name the file. */
int eo_io_write(const char *path, const void *data, size_t size, struct eo_err *err) EO_MUST_CHECK;

/*
 * As eo_io_write(), for a file that every run makes again when it is lost: a target of equal bytes is not synced, which
 * saves milliseconds.
 */
int eo_io_refresh(const char *path, const void *data, size_t size, struct eo_err *err) EO_MUST_CHECK;

/* Whether eo_io_write() would write to standard output: "-", or any of the system's names for it. */
int eo_io_is_stdout(const char *path);

/*
 * Whether eo_io_write() could begin now, with the same messages, so that a tool can ask before long work. Looks at the
 * target, its directory and the rights, and creates nothing. A full disk, a name of more than 250 bytes and a file of
 * another user in a directory like /tmp are found only when it is written.
 */
int eo_io_check_output(const char *path, struct eo_err *err) EO_MUST_CHECK;

/* Whether writing to both would leave one file: the same name in the same directory, however that is spelt. */
int eo_io_is_same_output(const char *a, const char *b);

/*
 * Whether a file of that name exists: 1, 0, or -1 and err when the system does not tell. The message does not name it.
 */
int eo_io_exists(const char *path, struct eo_err *err) EO_MUST_CHECK;

/*
 * Whether the path is a file, a directory or nothing. For files of a folder that may come from elsewhere: a pipe would
 * be waited for, and a device read without end.
 */
int eo_io_check_regular(const char *path, struct eo_err *err) EO_MUST_CHECK;

/* Creates the directory and its parents, as mkdir -p. */
int eo_io_mkdirs(const char *path, struct eo_err *err) EO_MUST_CHECK;

#endif
