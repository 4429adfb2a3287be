/*
 * What the files of eo_export_make() share: the parts of the text, and which of its branches are there. Each way to
 * compute has a text of its own (text/ *.c) and a function here that writes the numbers for it.
 */
#ifndef EO_STAGE_EXPORT_WRITER_H
#define EO_STAGE_EXPORT_WRITER_H

#include "base/buf.h"
#include "base/err.h"
#include "nn/infer.h"
#include "stage/export/export.h"
#include "stage/export/stack.h"

/* The places of the text, by the names that it calls them. */
enum eo_export_part {
    EO_EXPORT_ABOUT,  /* the comment at the top */
    EO_EXPORT_SIZES,  /* macros of the header */
    EO_EXPORT_STATE,  /* macros of memory */
    EO_EXPORT_INPUT,  /* of a grey value */
    EO_EXPORT_LIMITS, /* macros of the source */
    EO_EXPORT_TABLES,
    EO_EXPORT_C1,
    EO_EXPORT_C2,
    EO_EXPORT_FILE,
    EO_EXPORT_PARTS
};

#define EO_EXPORT_FLAGS 13

struct eo_export_writer {
    const struct eo_export *how;
    const struct eo_model *model;
    size_t pixels, classes; /* of an image */
    union eo_score *scores; /* [image_count, classes], of the self-test */
    struct eo_export_memory memory[EO_EXPORT_PATHS];
    struct eo_stack_need stack;
    struct eo_buf part[EO_EXPORT_PARTS];
    const char *flags[EO_EXPORT_FLAGS + 1];
    size_t flag_count;
};

/* Keeps the branch `flag` of the text if `is_set`. */
void eo_export_flag(struct eo_export_writer *w, const char *flag, int is_set);

/* SmallCNN: its tables, `memory`, `stack` and their macros, and the score's scale. */
int eo_export_int8(struct eo_export_writer *w, struct eo_err *err) EO_MUST_CHECK;
int eo_export_float(struct eo_export_writer *w, struct eo_err *err) EO_MUST_CHECK;

/* Any network. */
int eo_export_network(struct eo_export_writer *w, struct eo_err *err) EO_MUST_CHECK; /* int8 */
int eo_export_network_float(struct eo_export_writer *w, struct eo_err *err) EO_MUST_CHECK;

/*
 * What both floating-point writers use. The first writes net_input() by the same operations as eo_input_table(),
 * rounded at the same places, with the flags and the scale; the second a table of floats, or of the 16 bits of each
 * half, and returns its checksum.
 */
int eo_export_put_float_input(struct eo_export_writer *w, struct eo_err *err) EO_MUST_CHECK;
uint32_t eo_export_put_floats(struct eo_export_writer *w, const char *name, const void *v, size_t n);

#endif
