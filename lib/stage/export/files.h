/*
 * Exported files: those of one model, and the folder of all models that are worth a device.
 */
#ifndef EO_STAGE_EXPORT_FILES_H
#define EO_STAGE_EXPORT_FILES_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "stage/select/sweep.h"

struct eo_export_files {
    const char *output; /* NAME of NAME.h and NAME.c */
    const char *prefix; /* of their symbols */
    const char *config; /* whose test set gives the images, and class_names; NULL: generated digits */
    const char *data;   /* folder of the IDX files, or NULL */
    size_t tests;       /* images of the self-test */
    int is_fast, is_single;
    int is_optional; /* for a model that has no fast code, write empty files instead of failing */
};

/* What a list of models says of one. */
struct eo_export_fact {
    char accuracy[64]; /* "" without a test set */
    size_t model_bytes, macs;
};

/*
 * Reads the model ("-": standard input) and writes NAME.c and, but for `is_single`, NAME.h: both or none. `fact` may be
 * NULL. The message names the file.
 */
int eo_export_files(const struct eo_export_files *f, const char *model, struct eo_export_fact *fact,
                    struct eo_err *err) EO_MUST_CHECK;

/*
 * Reads the model and writes NAME.onnx (onnx.h) with the class_names of the experiment `config`, or without if that is
 * NULL. The message names the file.
 */
int eo_export_onnx_file(const char *output, const char *model, const char *config,
                        struct eo_err *err) EO_MUST_CHECK;

struct eo_export_family {
    const char *from, *into; /* folders: of the models, and of what is written */
    const char *config, *data;
    size_t tests;
};

/*
 * The recommended candidate of `sweep` and all candidates of the frontiers, tables[count], each once, into folders of
 * their names: into/p0.50-int8/p0_50_int8.h, .c and main.c; and into/README.md, which lists them. A prefix that would
 * be longer than EO_EXPORT_PREFIX_MAX becomes "net". Appends the names of all files below `into`, one a line. Fails
 * also if there is no candidate. The message names the file.
 */
int eo_export_family(const struct eo_export_family *f, const struct eo_sweep *sweep,
                     const struct eo_sweep *tables, size_t count, struct eo_buf *names,
                     struct eo_err *err) EO_MUST_CHECK;

#endif
