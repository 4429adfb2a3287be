/*
 * A model as C source: a header and a source file that need nothing but each other and <stdint.h>.
 *
 *     struct eo_export how = {.prefix = "digits", .images = images, .image_count = 10};
 *     if (eo_export_make(&how, &model, &header, &source, err)) ...
 *
 * The header is the manual of what is generated. Equal models and options give equal bytes on every machine.
 */
#ifndef EO_STAGE_EXPORT_EXPORT_H
#define EO_STAGE_EXPORT_EXPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "format/core.h"
#include "nn/model.h"
#include "stage/export/class_names.h"

#define EO_EXPORT_PREFIX_MAX 40 /* characters */
#define EO_EXPORT_TESTS_MAX 100

struct eo_export {
    const char *prefix;       /* of every symbol and macro */
    const char *file;         /* name of the header, without ".h", that the source includes */
    const char *model_sha256; /* of the model's file */
    const char *images_from;  /* "mnist", where the images of the self-test come from */
    const char *accuracy;     /* "99.29 % of 10,000 test images", or NULL where it is not known */
    const struct eo_class_names *class_names; /* or NULL */
    const uint8_t *images;    /* [image_count, C, H, W], for the self-test */
    size_t image_count;       /* 0..EO_EXPORT_TESTS_MAX; 0: there is no self-test */
    int is_fast;              /* tables that make it faster and larger */
    int is_single;            /* all in `source`; the header stays empty */
};

/* How exported code computes, NET_PATH: plain C, SMLAD, Helium. */
enum eo_export_path { EO_EXPORT_PLAIN, EO_EXPORT_SMLAD, EO_EXPORT_HELIUM, EO_EXPORT_PATHS };

struct eo_export_memory {
    size_t state_bytes, const_bytes;
};

/* What the code takes beside itself: NET_STATE_BYTES and NET_CONST_BYTES of its header, and NET_STACK_BYTES. */
struct eo_export_needs {
    struct eo_export_memory memory[EO_EXPORT_PATHS];
    size_t stack_bytes[EO_CORE_COUNT];
    int has_helium; /* of integers: whether there is code for Helium; else that core runs plain C */
};

/* Without `is_fast`. */
int eo_export_measure(const struct eo_model *m, struct eo_export_needs *needs,
                      struct eo_err *err) EO_MUST_CHECK;

/* Fails where `name` cannot begin the names of C: a letter, then letters, digits and underscores. */
int eo_export_check_prefix(const char *name, struct eo_err *err) EO_MUST_CHECK;

/* Whether `is_fast` has tables for this model: only for SmallCNN at int8. */
int eo_export_can_be_fast(const struct eo_model *m);

/* Appends the texts of the header and of the source. */
int eo_export_make(const struct eo_export *how, const struct eo_model *m, struct eo_buf *header,
                   struct eo_buf *source, struct eo_err *err) EO_MUST_CHECK;

#endif
