/*
 * A model in memory and as a safetensors file.
 *
 * Tensors of the file, by precision (c1, c2 = channels; names and layouts as in PyTorch's state_dict):
 *
 *     name                        shape            fp32  fp16  int8  int4; mixed has each weight as one of the two
 *     conv1.weight                [c1, 1, 3, 3]    F32   F16   I8    U8: [c1, 5]
 *     conv1.bias                  [c1]             F32   F16   I32   I32
 *     conv2.weight                [c2, c1, 3, 3]   F32   F16   I8    U8: [c2, (9 c1 + 1) / 2]
 *     conv2.bias                  [c2]             F32   F16   I32   I32
 *     classifier.weight           [10, 49 c2]      F32   F16   I8    U8: [10, (49 c2 + 1) / 2]
 *     classifier.bias             [10]             F32   F16   I32   I32
 *     <layer>.weight_scale        [outputs]                    F32   F32
 *     <layer>.input_scale         [1]                          F32   F32
 *     <layer>.input_zero_point    [1]                          I32   I32
 *     <layer>.output_scale        [1]                          F32   where the output is added and no layer's input
 *     <layer>.output_zero_point   [1]                          I32
 *     <layer>.map_scale           [1]                          F32   where the map is averaged
 *     <layer>.map_zero_point      [1]                          I32
 *
 * The last four are those of other networks than SmallCNN. Layers with the same input have the same input_scale and
 * input_zero_point. real weight = weight * weight_scale[o]; real input = (input - input_zero_point) * input_scale;
 * real bias = bias * input_scale * weight_scale[o].
 *
 * int4 is int8 with weights of -8..7. In memory they are bytes as in int8, so that kernels are the same; the file packs
 * each output's weights by nibbles.h. mixed has weights of 4 or 8 bits by layer; which, the metadata `weight_bits` say,
 * "8 4 4" of SmallCNN for instance.
 *
 * Metadata are strings, and tools pass on those that they do not know. eo-model(5) lists all keys with their meaning.
 */
#ifndef EO_NN_MODEL_H
#define EO_NN_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "format/config.h"
#include "format/level.h"
#include "format/precision.h"
#include "nn/network.h"
#include "nn/shape.h"

/*
 * The version of the file format: the metadata `eo_format`, and 1 where that is absent. It is raised, and then written,
 * when this version's readers would take a new file for something else. Files with a higher one are refused.
 */
#define EO_MODEL_FORMAT 1
#define EO_MODEL_META_MAX 32
#define EO_MODEL_ARCHITECTURE "SmallCNN"
#define EO_MODEL_ARCHITECTURE_ANY "network" /* any other: the metadata `network` has its text form */

/* real = (value - zero_point) * scale */
struct eo_model_grid {
    float scale;        /* > 0 */
    int32_t zero_point; /* 0..eo_backend_activation_max() */
};

struct eo_model_layer {
    union {
        float *f32;
        uint16_t *f16; /* bit patterns */
        int8_t *s8;
    } weight; /* [outputs, terms], terms in the order ic, kh, kw, depthwise kh, kw, linear c, h, w */
    union {
        float *f32;
        uint16_t *f16;
        int32_t *s32;
    } bias; /* [outputs] */
    /* That of the precision; of a mixed model 8, which the caller may change to 4 before it fills the weights. */
    int weight_bits;
    /* int8, int4 and mixed only: */
    float *weight_scale; /* [outputs], > 0; NULL at other precisions */
    float input_scale;   /* > 0 */
    /* 0..eo_backend_activation_max() */
    int32_t input_zero_point;
    struct eo_model_grid output, map; /* where the table above has them, else 0 */
    /* Of a layer with batch normalisation, whose `bias` is added behind it: [outputs], else NULL. network_fold.h. */
    float *norm_scale, *norm_mean, *norm_variance; /* variance >= 0 */
};

struct eo_model_meta {
    char *key, *value;
};

struct eo_model {
    enum eo_precision precision;
    struct eo_network network; /* batch normalisation: fp32 alone, as it was trained */
    struct eo_shape shape;     /* SmallCNN's channels; 0 and 0 for any other network */
    enum eo_backend backend;   /* int8, int4 and mixed only */
    struct eo_model_layer layer[EO_NETWORK_LAYERS];
    struct eo_model_meta meta[EO_MODEL_META_MAX]; /* sorted by key */
    size_t meta_count;
    void *storage; /* the one allocation behind all layers */
};

/* Largest quantised activation: 127 (fbgemm: a pair of u8 x s8 products fits in 16 bits) or 255 (qnnpack). */
int eo_backend_activation_max(enum eo_backend backend);

/* An empty model: zeroed weights, no metadata. Release with eo_model_release(), also after failure. */
int eo_model_init(struct eo_model *m, enum eo_precision precision, struct eo_shape shape,
                  struct eo_err *err) EO_MUST_CHECK;

/*
 * The same for any network; batch normalisation begins as it does in PyTorch, with scale 1, mean 0 and variance 1, and
 * is for fp32 alone.
 */
int eo_model_init_network(struct eo_model *m, enum eo_precision precision, const struct eo_network *net,
                          struct eo_err *err) EO_MUST_CHECK;
void eo_model_release(struct eo_model *m); /* harmless on a zeroed struct */

/* Metadata. A value of NULL removes the key. `get` returns NULL when absent; `copy` replaces all of dst's. */
int eo_model_meta_set(struct eo_model *m, const char *key, const char *value,
                      struct eo_err *err) EO_MUST_CHECK;
const char *eo_model_meta_get(const struct eo_model *m, const char *key);
int eo_model_meta_copy(struct eo_model *dst, const struct eo_model *src, struct eo_err *err) EO_MUST_CHECK;

/* pruning_level and seed from the metadata; 0 where absent or not a number. */
struct eo_level eo_model_pruning_level(const struct eo_model *m);
uint64_t eo_model_seed(const struct eo_model *m);

/* pruning_criterion: at level 0 EO_CRITERION_NONE, else l1 where absent. */
enum eo_criterion eo_model_pruning_criterion(const struct eo_model *m);

/*
 * Where pruning began. index[0..outputs - 1]: which channels of the model that was trained a convolution still has, by
 * conv1_kept or conv2_kept; without, its own. `shape`: the channels before any pruning, by base_channels; without,
 * those that are there, or 0 and 0 when the model was pruned and does not say from what. Both fail on metadata that do
 * not fit the tensors, which no loaded model has.
 */
int eo_model_kept(const struct eo_model *m, enum eo_smallcnn_layer layer, int *index,
                  struct eo_err *err) EO_MUST_CHECK;
int eo_model_base_shape(const struct eo_model *m, struct eo_shape *shape, struct eo_err *err) EO_MUST_CHECK;

/*
 * Reads a file ("-": standard input). Checks all that the format demands and that: architecture and precision are
 * known, exactly the tensors of the table above are there with these types, the shapes chain, every weight and
 * scale is finite, and the metadata agree with the tensors: pruning_level one that eo_level_read() takes,
 * pruning_criterion one of the criteria or none, input_mean and input_std within the bounds of input.h, one number or
 * one for each channel of the input, conv1_kept and conv2_kept as many rising indices as there are channels,
 * base_channels no fewer. int8: scales > 0, zero points in range, both equal for layers with the same
 * input; each requantisation factor (quantised.h) is < 1; and for each output
 *
 *     |bias| + (activation_max + zero_point) * sum |weight| < 2^31, by 2^16 where a map is added or there is no ReLU
 *
 * so that no order of summation, with the zero point subtracted before or after, overflows an accumulator.
 *
 * Names with one prefix for all, and fc. for classifier., are taken for those of the table (state_dict.h).
 * Any metadata may be missing, so a state_dict that PyTorch's user exported loads: the precision is then that of
 * the tensors (int8 needs quantization_backend; int4 and mixed have to be said). Order and spacing are free.
 * `sha256` (may be NULL) receives the checksum of the file. On failure *m is empty.
 */
int eo_model_load(struct eo_model *m, const char *path, char sha256[EO_SHA256_TEXT],
                  struct eo_err *err) EO_MUST_CHECK;
int eo_model_parse(struct eo_model *m, const void *bytes, size_t size, struct eo_err *err) EO_MUST_CHECK;

/*
 * The same for any network: `net`, or where that is NULL what the file says in its metadata `network`, or SmallCNN. The
 * tensors of layer x are x.weight and x.bias, [outputs, IC, KH, KW], depthwise [C, 1, KH, KW] and linear [outputs,
 * inputs]. A layer with batch normalisation has instead of x.bias four tensors [outputs]: x.batch_norm.weight, .bias,
 * .running_mean and .running_var. Batch normalisation of `net` is taken to be folded.
 */
int eo_model_load_network(struct eo_model *m, const char *path, const struct eo_network *net,
                          char sha256[EO_SHA256_TEXT], struct eo_err *err) EO_MUST_CHECK;
int eo_model_parse_network(struct eo_model *m, const void *bytes, size_t size, const struct eo_network *net,
                           struct eo_err *err) EO_MUST_CHECK;

/*
 * Sets architecture, precision, eo_version, input_mean and input_std where they are missing, and (int8 alone)
 * quantization_backend in the metadata, and writes the canonical file: equal models give equal bytes. Refuses what
 * eo_model_load() would refuse.
 */
int eo_model_save(struct eo_model *m, const char *path, struct eo_err *err) EO_MUST_CHECK;
int eo_model_serialize(struct eo_model *m, struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

/* The scale and zero point of a tensor of an int8 model; its number is that of network.h. */
struct eo_model_grid eo_model_grid(const struct eo_model *m, int tensor);
void eo_model_set_grid(struct eo_model *m, int tensor, struct eo_model_grid grid);

/* Bytes of all tensors, exactly as in the file; without header and metadata. */
size_t eo_model_tensor_bytes(const struct eo_model *m);
size_t eo_model_layer_tensor_bytes(const struct eo_model *m, int layer);

/*
 * The bits of the weights of all layers as text, as the metadata `weight_bits` have them; and back, for `count` layers
 * of 4 or 8 bits each.
 */
#define EO_MODEL_BITS_TEXT (2 * EO_NETWORK_LAYERS)
void eo_model_bits_text(const struct eo_model *m, char text[EO_MODEL_BITS_TEXT]);
int eo_model_bits_parse(const char *text, int count, int *bits, struct eo_err *err) EO_MUST_CHECK;

#endif
