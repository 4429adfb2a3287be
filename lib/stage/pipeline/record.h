/*
 * The record that Make keeps of each step in config/steps (tools/steps.mk):
 *
 *     quant
 *     <sha256>  models/p0.50-int8.safetensors
 *     <sha256> *rows/p0.50-int8.timing.csv
 *
 *     <sha256>  models/p0.50.safetensors
 *     <sha256>  config/programs/eo-quant
 *
 * the stage, what the step made (with '*' where the bytes depend on the machine), an empty line, what it read. Paths
 * are those below the experiment's folder.
 */
#ifndef EO_STAGE_PIPELINE_RECORD_H
#define EO_STAGE_PIPELINE_RECORD_H

#include <stddef.h>

#include "base/err.h"

#define EO_RECORD_MAX ((size_t)64 << 20) /* bytes of one record */

struct eo_record_file {
    const char *sha256; /* 64 lower-case hexadecimal digits */
    const char *path;   /* good by eo_manifest_path_is_good() */
    int is_host;        /* its bytes depend on the machine */
};

struct eo_record {
    const char *stage;            /* lower-case letters */
    struct eo_record_file *files; /* owned; first those that were made, at least one */
    size_t made_count, file_count;
};

/*
 * Reads a record from `text`, which is cut up and has to outlive it. Messages begin with the line. Release with
 * eo_record_release(), harmless on a zeroed struct and after failure.
 */
int eo_record_parse(struct eo_record *r, char *text, struct eo_err *err) EO_MUST_CHECK;
void eo_record_release(struct eo_record *r);

#endif
