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
 * A target that is a file of equal bytes already is left alone, with its time, owner and other names.
 *
 * What is found under the name of the temporary file, such as a killed run's, is removed and never written to. Only
 * one that another process of this user is writing stops us. Another user who holds a lock on a file there that all
 * can open delays us by a second.
 *
 * A target that exists and is not a regular file (/dev/full, a pipe) is written directly; what names a file that this
 * process has open (/dev/stderr, /dev/fd/3, a link to it), through that. A symbolic link is replaced, not followed.
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
 * As eo_io_read(), of a file that `path` names below `folder` ("": the current one): parts without "." and "..", with a
 * slash between. No part may be a link, and what is no regular file is refused, without waiting for a pipe: so what a
 * folder of strangers names is a file in it.
 */
int eo_io_read_below(const char *folder, const char *path, size_t limit, char **data, size_t *size,
                     struct eo_err *err) EO_MUST_CHECK;

/* Writes `size` bytes to `path` atomically, or to standard output. The message does not name the file. */
int eo_io_write(const char *path, const void *data, size_t size, struct eo_err *err) EO_MUST_CHECK;

/* Whether eo_io_write() takes it for standard output: "-", or a name that the system has for that, however it is spelt. */
int eo_io_is_stdout(const char *path);

/*
 * Whether eo_io_write() could begin now, for a tool to ask before long work; the same messages. What the file is, its
 * directory and the rights are looked at, nothing is created. A full disk, a name of more than 250 bytes and another's
 * file in a directory like /tmp come out when it is written.
 */
int eo_io_check_output(const char *path, struct eo_err *err) EO_MUST_CHECK;

/* Whether writing to both would leave one file: the same name in the same directory, however that is spelt. */
int eo_io_is_same_output(const char *a, const char *b);

/* Whether there is something of that name: 1, 0, or -1 and err where one cannot tell. The message does not name it. */
int eo_io_exists(const char *path, struct eo_err *err) EO_MUST_CHECK;

/* Creates the directory and its parents, as mkdir -p. */
int eo_io_mkdirs(const char *path, struct eo_err *err) EO_MUST_CHECK;

#endif
