/*
 * Whole files, in and out.
 *
 * Everything this project reads or writes fits in memory, so a file is one call. A path of "-" means standard
 * input or standard output.
 *
 * Writing is atomic: the bytes go to a new ".NAME.tmp" beside the target (of mode 0600 and exclusively locked, so that
 * two writers of one target cannot mix), every write is checked, the file is synced, renamed over the target and
 * closed, and the directory synced. At every moment the target is either the old file or the whole new one. An existing
 * target keeps its mode; a new one gets 0666 less the umask. SIGINT, SIGTERM, SIGHUP and SIGQUIT are held back until
 * the write is done.
 *
 * A target that has equal bytes already is not replaced, so it keeps its time, its owner and its hard links.
 *
 * An existing file with the temporary name, such as one that a killed run left, is removed and never written to.
 * Writing fails while another process of this user writes that file. A lock that another user holds on it delays the
 * write by a second.
 *
 * A target that exists and is not a regular file (/dev/full, a pipe) is written directly. A path that names an open
 * file of this process (/dev/stderr, /dev/fd/3, a link to it) is written through that file. A symbolic link is
 * replaced, not followed.
 */
#ifndef EO_BASE_IO_H
#define EO_BASE_IO_H

#include <stddef.h>

#include "base/buf.h"

#define EO_IO_MAX ((size_t)1 << 30) /* bytes; no input of this project is larger */

/*
 * Reads the whole file. A NUL follows the *size bytes of *data, which is released with free(). Fails on a directory
 * and on more than `limit` bytes. The message does not name the file.
 */
int eo_io_read(const char *path, size_t limit, char **data, size_t *size, struct eo_err *err) EO_MUST_CHECK;

/*
 * Like eo_io_read(), for the file `path` below `folder` ("": the current one). One slash separates the parts of the
 * path; no part may be ".", ".." or a symbolic link, and the last must be a regular file. So a folder of unknown origin
 * can only name files inside itself.
 */
int eo_io_read_below(const char *folder, const char *path, size_t limit, char **data, size_t *size,
                     struct eo_err *err) EO_MUST_CHECK;

/* Writes `size` bytes to `path` atomically, or to standard output. The message does not name the file. */
int eo_io_write(const char *path, const void *data, size_t size, struct eo_err *err) EO_MUST_CHECK;

/*
 * Like eo_io_write(), for a file that any run makes again if it is lost: a target that has equal bytes already is not
 * synced, which saves milliseconds.
 */
int eo_io_refresh(const char *path, const void *data, size_t size, struct eo_err *err) EO_MUST_CHECK;

#define EO_IO_TOGETHER 32 /* files of one eo_io_write_all() */

/*
 * Writes files that belong together, in this order, at most EO_IO_TOGETHER. Where one cannot be written, those before
 * it that are new are removed again, so that a part is not taken for the whole; one that was there before stays as it
 * was written. The message begins with the name of the file.
 */
int eo_io_write_all(const char *const *paths, const struct eo_buf *texts, size_t count,
                    struct eo_err *err) EO_MUST_CHECK;

/* What messages call the file: its path, or "(standard stream)" for "-". */
const char *eo_io_name(const char *path);

/* Whether eo_io_write() would write to standard output: "-", or any of the system's names for it. */
int eo_io_is_stdout(const char *path);

/*
 * Fails if eo_io_write() could not begin now, with the same message; a tool calls it before long work. Looks at the
 * target, its directory and their permissions, and creates nothing. A full disk, a name of more than 250 bytes and a
 * file of another user in a directory like /tmp are found only by writing.
 */
int eo_io_check_output(const char *path, struct eo_err *err) EO_MUST_CHECK;

/* Whether both paths name one output file: the same name in the same directory, however the directory is written. */
int eo_io_is_same_output(const char *a, const char *b);

/*
 * Whether a file of that name exists: 1, 0, or -1 and err if that cannot be found out. The message does not name it.
 */
int eo_io_exists(const char *path, struct eo_err *err) EO_MUST_CHECK;

/*
 * Fails if the path names anything but a regular file or a directory; a missing file passes. For folders of unknown
 * origin, where reading a pipe would wait and reading a device might never end.
 */
int eo_io_check_regular(const char *path, struct eo_err *err) EO_MUST_CHECK;

/* Creates the directory and its parents, as mkdir -p. */
int eo_io_mkdirs(const char *path, struct eo_err *err) EO_MUST_CHECK;

#endif
