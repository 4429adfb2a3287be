/*
 * A network as an ordered list of layers.
 *
 * A layer is one operation with weights and the tail that is fused to it. Its input is the output of the layer before
 * it, or of an earlier one (`from`). The tail is, in this order and each part optional: batch normalisation, the
 * addition of an earlier layer's output, ReLU or ReLU6, and a pooling. The last layer is linear, has no tail, and gives
 * one logit per class.
 *
 * The text form says the same, one layer a line (or with `;` between them). YAML becomes it, the model file carries it:
 *
 *     input 3x32x32
 *     conv1: conv 16 3x3 pad 1 batch_norm relu
 *     block1.conv1: conv 16 3x3 pad 1 batch_norm relu
 *     block1.conv2: conv 16 3x3 pad same batch_norm add conv1 relu max 2x2
 *     shortcut: conv 32 1x1 stride 2 from block1.conv1
 *     dw1: depthwise 3x3 stride 2x1 pad 0,0,1,1 relu6 mean
 *     classifier: linear 10
 *
 * Sizes are height x width; one number stands for both. `pad` is one number for all sides, or top,left,bottom,right, or
 * `same`, which is TensorFlow's: as many outputs as ceil(input / stride), an odd pixel at the bottom or the right.
 * `max` and `average` take a window, which moves by its own size or, as in 3x3/2, by another one; a window that does
 * not fit at an edge is left out. `mean` is the average of the whole map.
 *
 * A linear layer reads its input in the order c, h, w. 1-D signals are C x length x 1.
 *
 * What runs a list: the reference and the kernels of any network (ref_layer.h, ref_layer_s8.h, kernels/general_body.h,
 * kernels/general_s8.h, kernels/general_train.h), model files, and all programs. SmallCNN has faster kernels of its own
 * besides, by enum eo_smallcnn_layer and struct eo_shape of shape.h.
 */
#ifndef EO_NN_NETWORK_H
#define EO_NN_NETWORK_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "format/dims.h"
#include "format/precision.h"

/* Limits. A network beyond them is refused, with the limit in the message. */
#define EO_NETWORK_LAYERS 48
#define EO_NETWORK_NAME 24 /* bytes of a layer's name with its end */
#define EO_NETWORK_SIDE 1024
#define EO_NETWORK_CHANNELS 1024
#define EO_NETWORK_CLASSES 1000
#define EO_NETWORK_MAP ((size_t)1 << 22)         /* elements of one map of all channels */
#define EO_NETWORK_PARAMETERS ((size_t)15 << 20) /* their fp32 file stays below 64 MiB */

#define EO_NETWORK_INPUT (-1) /* as `from` or `add`: the input of the network */
#define EO_NETWORK_NONE (-2)  /* as `add`: nothing is added */

enum eo_operation { EO_CONV, EO_DEPTHWISE, EO_LINEAR };

enum eo_activation { EO_NO_ACTIVATION, EO_RELU, EO_RELU6 };

enum eo_pooling {
    EO_NO_POOLING,
    EO_MAX_POOL,
    EO_AVERAGE_POOL,
    EO_MEAN /* over the map */
};

struct eo_hw {
    int h, w;
};

struct eo_padding {
    int top, left, bottom, right;
};

struct eo_network_layer {
    char name[EO_NETWORK_NAME];
    enum eo_operation operation;
    int from;            /* index of an earlier layer, or EO_NETWORK_INPUT */
    struct eo_hw kernel; /* linear: 1, 1 */
    struct eo_hw stride; /* linear: 1, 1 */
    struct eo_padding pad;
    int batch_norm;
    int add; /* index of an earlier layer, EO_NETWORK_INPUT or EO_NETWORK_NONE */
    enum eo_activation activation;
    enum eo_pooling pooling;
    struct eo_hw window, step; /* max and average alone */
    struct eo_dims in;         /* what enters */
    struct eo_dims map;        /* what the operation gives */
    struct eo_dims out;        /* what the tail gives */
};

struct eo_network {
    struct eo_dims input;
    int count;
    struct eo_network_layer layer[EO_NETWORK_LAYERS];
};

/*
 * From the text form. Fails, with the layer and what was expected and found in the message, where a word is not
 * understood, sizes do not chain, an added map has another size, a kernel is larger than its padded input, an output is
 * not used, or a limit is exceeded.
 */
int eo_network_parse(struct eo_network *net, const char *text, struct eo_err *err) EO_MUST_CHECK;

/* The text form in its one canonical spelling, `separator` ("\n", "; ") between layers and none at the end. */
void eo_network_print(const struct eo_network *net, const char *separator, struct eo_buf *out);

/* A known network, EO_PRESETS of format/terms.h. The message of a failure lists them. */
int eo_network_preset(struct eo_network *net, const char *name, struct eo_err *err) EO_MUST_CHECK;

/* The text form of a known network; NULL for another name. */
const char *eo_network_preset_text(const char *name);

/* What a user means by `what`: a known network, or a file of the text form ("-": standard input). */
int eo_network_load(struct eo_network *net, const char *what, struct eo_err *err) EO_MUST_CHECK;

/* SmallCNN with c1 and c2 channels, both at least 1 and within the limits. */
void eo_network_smallcnn(struct eo_network *net, int c1, int c2);

/*
 * For the kernels, which run along rows: a network of one column, such as one of signals [C, H, 1], becomes the same
 * network of one row. No value has another place, no sum another order. A network with more columns, or with a kernel,
 * padding or window that reaches beside the column, stays as it is.
 */
void eo_network_turn(struct eo_network *net);

/* Whether it is SmallCNN, with any channels, so that what is written for that network alone can run it. */
int eo_network_is_smallcnn(const struct eo_network *net);

int eo_network_classes(const struct eo_network *net);

/* Terms of one output's sum, weights, and weights and biases (batch normalisation folded into them). */
size_t eo_network_terms(const struct eo_network_layer *l);
size_t eo_network_weights(const struct eo_network_layer *l);
size_t eo_network_parameters(const struct eo_network *net);

/* Multiply-accumulates for one input, counted over the padded input, biases excluded. */
size_t eo_network_layer_macs(const struct eo_network_layer *l);
size_t eo_network_macs(const struct eo_network *net);

/* Bytes of weights and biases: biases have 4 bytes at int8. */
size_t eo_network_layer_bytes(const struct eo_network_layer *l, enum eo_precision precision);

/* The last layer that reads the output of layer `source` or EO_NETWORK_INPUT; EO_NETWORK_NONE where none does. */
int eo_network_last_reader(const struct eo_network *net, int source);

/* Whether convolutions and linear layers alone read the network's input: no depthwise layer, and no addition. */
int eo_network_multiplies_input(const struct eo_network *net);

/* The first layer whose input it is; EO_NETWORK_NONE where it is only added. */
int eo_network_first_user(const struct eo_network *net, int source);

/* How many values of the map an output is the average of; 0 where nothing is averaged. */
int eo_network_averaged(const struct eo_network_layer *l);

/*
 * Numbers of the tensors that have a range and, at int8, a scale: the input of the network and the output of each layer
 * (`source` as in `from`), and of a layer that averages its map as well. The map of any other layer is counted as its
 * output, because a maximum is in the same scale.
 */
#define EO_NETWORK_TENSORS (2 * EO_NETWORK_LAYERS + 1)
int eo_network_output_tensor(int source);
int eo_network_map_tensor(const struct eo_network *net, int layer);

/* Whether a tensor of that number exists and is handed on: all but the logits. Its size, if so. */
int eo_network_has_tensor(const struct eo_network *net, int tensor);
struct eo_dims eo_network_tensor_dims(const struct eo_network *net, int tensor);

/*
 * Where each layer's map and output lie in one block, in elements from its beginning; equal where there is no pooling.
 * The input lies at 0. What a layer reads, its map and its output never overlap. By first fit: `elements`, the size of
 * the block, may be larger than what exists at once.
 */
struct eo_network_places {
    size_t map[EO_NETWORK_LAYERS], out[EO_NETWORK_LAYERS], elements;
};

void eo_network_place(const struct eo_network *net, struct eo_network_places *places);

/* As CSV: layer,operation,input,output,parameters,macs,fp32_bytes,int8_bytes and a last row `total`. */
void eo_network_put_table(const struct eo_network *net, struct eo_buf *out);

/*
 * Checks the last of the count + 1 layers that are filled in, given all but in, map and out, and counts it in.
 * `is_same`: pad is that of `same`. For eo_network_parse().
 */
int eo_network_append(struct eo_network *net, int outputs, int is_same, struct eo_err *err) EO_MUST_CHECK;

/* Checks what can only be seen at the end. For eo_network_parse(). */
int eo_network_finish(const struct eo_network *net, struct eo_err *err) EO_MUST_CHECK;

#endif
