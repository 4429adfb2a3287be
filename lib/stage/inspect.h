/*
 * What is in a model file, for people and for scripts.
 *
 *     struct eo_inspect in;
 *     eo_inspect_load(&in, "base.safetensors", err);
 *     eo_inspect_text(&in, &out);
 *     eo_inspect_release(&in);
 */
#ifndef EO_STAGE_INSPECT_H
#define EO_STAGE_INSPECT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "format/safetensors.h"
#include "nn/model.h"

struct eo_inspect {
    struct eo_model model;
    struct eo_st file; /* the same, as tensors of the file in the order of their data */
    size_t file_bytes;
    char sha256[EO_SHA256_TEXT];
};

/* Reads and validates a model of any network ("-": standard input). On failure there is nothing to release. */
int eo_inspect_load(struct eo_inspect *in, const char *path, struct eo_err *err) EO_MUST_CHECK;
void eo_inspect_release(struct eo_inspect *in);

/*
 * Appends a report: properties ("name value" with two or more blanks between them), for other networks than SmallCNN a
 * table of the layers (input, output, parameters, multiply-accumulates, bytes in the file), a table of the tensors with
 * their least and largest values (of packed weights, the weights), and the metadata.
 */
void eo_inspect_text(const struct eo_inspect *in, struct eo_buf *out);

/*
 * Appends the same as one JSON object: architecture, precision, input_mean and input_std (a number, or a list with one
 * for each channel), conv1_channels and conv2_channels (of SmallCNN alone), parameters, macs, tensor_bytes, file_bytes,
 * peak_activation_bytes (the smallest block that holds all activations of one image, nn/arena.h, fused), sha256,
 * metadata {key: text}, layers [{name, input [C, H, W], output, parameters, macs, tensor_bytes}],
 * tensors [{name, dtype, shape, bytes, min, max}].
 */
int eo_inspect_json(const struct eo_inspect *in, struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

/*
 * Appends the values of one tensor, one a line, row-major, %.9g; packed weights one by one. Fails when there is none of
 * that name.
 */
int eo_inspect_dump(const struct eo_inspect *in, const char *tensor, struct eo_buf *out,
                    struct eo_err *err) EO_MUST_CHECK;

/*
 * Appends where the activations of one image lie in one block of memory, as CSV: graph (fused, unfused), tensor, bytes,
 * first_op and last_op (the operations that write it and read it last, by name), offset. See nn/arena.h.
 */
int eo_inspect_arena(const struct eo_inspect *in, struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

#endif
