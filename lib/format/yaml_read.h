/*
 * Reads YAML: libyaml's events one after the other, each with its place.
 *
 *     struct eo_yaml y;
 *     if (eo_yaml_open(&y, text, size, err)) return -1;
 *     rc = eo_yaml_document(&y) || ... eo_yaml_next(&y) ... || eo_yaml_finish(&y) ? -1 : 0;
 *     return eo_yaml_close(&y, rc);
 *
 * Messages begin with "LINE:COLUMN: ", both from 1. Anchors, aliases, tags, directives and further documents are
 * refused: they make a value depend on text elsewhere, and no experiment needs them.
 */
#ifndef EO_FORMAT_YAML_READ_H
#define EO_FORMAT_YAML_READ_H

#include <stddef.h>

#include <yaml.h>

#include "base/err.h"

#define EO_YAML_SHOWN 64                  /* bytes of eo_yaml_show()'s text, its NUL included */
#define EO_YAML_FOUND (2 * EO_YAML_SHOWN) /* bytes of eo_yaml_found()'s text, its NUL included */

struct eo_yaml {
    yaml_parser_t parser;
    yaml_event_t event; /* the current one */
    const char *text;   /* borrowed; begins after a byte order mark */
    size_t size;
    struct eo_err *err;
    size_t failed_line; /* from 1; 0: none */
};

/* Begins to read. Fails on text that is not UTF-8 and if memory runs out; then there is nothing to close. */
int eo_yaml_open(struct eo_yaml *y, const char *text, size_t size, struct eo_err *err) EO_MUST_CHECK;

/* Goes to the start of the mapping, which becomes the current event. Fails if the text is anything but a mapping. */
int eo_yaml_document(struct eo_yaml *y) EO_MUST_CHECK;

/* Goes to the next event. */
int eo_yaml_next(struct eo_yaml *y) EO_MUST_CHECK;

/* Goes from the end of the mapping to the end of the text. Fails if anything else follows. */
int eo_yaml_finish(struct eo_yaml *y) EO_MUST_CHECK;

/*
 * Releases everything and returns `rc`. If that is not 0 and a character that only looks like a space may be to blame,
 * the message becomes one about that character.
 */
int eo_yaml_close(struct eo_yaml *y, int rc);

/* Sets the message "LINE:COLUMN: ..." and returns -1. */
int eo_yaml_fail(struct eo_yaml *y, yaml_mark_t at, const char *fmt, ...) EO_PRINTF(3, 4);

/* What an event is, for "expected ..., found ...": 'text', the quoted text 'text', nothing, a list, a mapping. */
void eo_yaml_found(const yaml_event_t *e, char text[EO_YAML_FOUND]);

/* Text as messages show it: one line, cut between characters, no control characters. */
void eo_yaml_show(const unsigned char *s, size_t n, char text[EO_YAML_SHOWN]);

/* Whether an event is text without quotes and without an escaped NUL, which would hide what follows it. */
int eo_yaml_is_plain(const yaml_event_t *e);

#endif
