/*
 * Fills in a text of C code.
 *
 * The texts, text/ *.c and text/ *.h, are C but for lines that begin with "//@":
 *
 *     //@if NAME      what follows is left out unless NAME is among the flags
 *     //@else
 *     //@end
 *     //@put NAME     the part NAME stands here
 *     //@use FILE     the text FILE, filled in, stands here: what the ways to compute have in common
 *     #define NET_C1 //@put c1       the same at the end of a line
 *
 * //@if may be nested, 8 deep. In the text and in the parts, the wanted prefix takes the place of net_ at the beginning
 * of an identifier and, in capitals, of NET_.
 */
#ifndef EO_STAGE_EXPORT_TEXT_H
#define EO_STAGE_EXPORT_TEXT_H

#include "base/buf.h"

struct eo_text_part {
    const char *name;
    const char *text;
};

struct eo_text {
    const char *prefix;               /* "digits" */
    const char *const *flags;         /* those that hold; NULL ends the list */
    const struct eo_text_part *parts; /* a name of NULL ends the list */
};

/* What the build has put into the program. */
extern const char eo_text_net_h[], eo_text_int8_c[], eo_text_float_c[], eo_text_network_c[],
    eo_text_network_float_c[], eo_text_check_c[], eo_text_main_c[], eo_text_readme[];

/* Appends `text`, filled in. Names that are unknown are a bug of the text. */
void eo_text_fill(const struct eo_text *how, const char *text, struct eo_buf *out);

#endif
