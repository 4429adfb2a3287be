/*
 * Error messages.
 *
 * A function that can fail takes a `struct eo_err *` as its last parameter (NULL is allowed), returns -1 or
 * NULL, and leaves one line in it: lower case, no full stop, the subject in single quotes, the place (line and
 * column for text, byte offset for binary), what was expected, what was found. The tool puts its own name and the
 * file's in front. Nothing in lib/ prints or exits.
 */
#ifndef EO_BASE_ERR_H
#define EO_BASE_ERR_H

#define EO_MUST_CHECK __attribute__((warn_unused_result))
#define EO_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

struct eo_err {
    char msg[512];
};

/*
 * Replaces control characters by '?'. A message is one line and may quote the contents or the name of a file, whose
 * control characters could break the line or steer a terminal. The functions below call it themselves.
 */
void eo_err_make_printable(char *text);

/* Sets the message, cut to fit. Always returns -1, so that `return eo_err_set(err, ...)` ends a function. */
int eo_err_set(struct eo_err *err, const char *fmt, ...) EO_PRINTF(2, 3);

/* Puts "<prefix>: " in front of the message that is there. Always returns -1. */
int eo_err_prefix(struct eo_err *err, const char *fmt, ...) EO_PRINTF(2, 3);

/* Sets "<what>: <text of errno>". Always returns -1. */
int eo_err_errno(struct eo_err *err, const char *what);

#endif
