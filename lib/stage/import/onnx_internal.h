/* A graph of ONNX on its way to a network. For the files of the import alone. */
#ifndef EO_STAGE_IMPORT_ONNX_INTERNAL_H
#define EO_STAGE_IMPORT_ONNX_INTERNAL_H

#include "base/buf.h"
#include "format/onnx_read.h"
#include "nn/network.h"
#include "stage/import/values.h"

#define ONNX_CHANNELS 64 /* of an input that has a mean of its own for each */
#define ONNX_WHOLE 16    /* numbers of a constant that was folded: pads before and behind each of 8 sizes */

/* What a name of the graph stands for. */
struct onnx_value {
    struct eo_onnx_text name;
    int is_constant;
    struct eo_onnx_constant constant;
    float *real;   /* of a constant that was dequantised: its numbers; owned by the list */
    int is_alias;  /* another value owns them */
    int is_folded; /* a constant that nodes have computed, in `whole` */
    int64_t whole[ONNX_WHOLE];
    /* Of an activation: the output, so far, of layer `source`, or the input of the network (EO_NETWORK_INPUT). */
    int source;
    int rank;              /* how many sizes it has, the batch included: 2 (features) to 4 */
    int is_quantised;      /* made by QuantizeLinear */
    int is_shared;         /* several nodes read it, so its layer gets no further tail */
    struct eo_padding pad; /* zeros around it, of a Pad in front of Conv */
};

/* The numbers of a layer. NULL where it has none. */
struct onnx_numbers {
    float *weight, *bias;
    float *scale, *shift, *mean, *variance; /* of batch normalisation */
};

struct onnx {
    struct eo_onnx_graph graph;
    struct eo_network net;
    struct onnx_numbers numbers[EO_NETWORK_LAYERS];
    struct onnx_value *value;
    int value_count, value_max;
    /* The network is fed p * input_scale + input_shift, for all channels or each. */
    double input_scale[ONNX_CHANNELS], input_shift[ONNX_CHANNELS];
    int input_numbers;                 /* 0: the file does not say */
    int dequantised, dilated, softmax; /* for notes */
    size_t real_numbers;               /* of all constants that were dequantised */
    struct eo_import_loss loss;
    struct eo_err *err;
};

typedef const struct eo_onnx_node *onnx_node;

/* "operator 'Relu', node 'n': " and the text. Returns -1. */
int onnx_refuse(struct onnx *x, onnx_node n, const char *fmt, ...) EO_PRINTF(3, 4);

/* ---- onnx_values.c */

/* The value of that name, or of input `i` of a node; NULL where there is none. The second one sets err. */
struct onnx_value *onnx_find(struct onnx *x, struct eo_onnx_text name);
struct onnx_value *onnx_input(struct onnx *x, onnx_node n, int i);

/* Input `i` as a constant; NULL and err where it is none. */
struct onnx_value *onnx_constant(struct onnx *x, onnx_node n, int i);

/* Whether input `i` is there. */
int onnx_has_input(onnx_node n, int i);

/* The next value, named like output 0 of the node; NULL and err where there are too many. */
struct onnx_value *onnx_add_value(struct onnx *x, struct eo_onnx_text name);

/* Makes the first output of a node another name of `v`. */
int onnx_alias(struct onnx *x, onnx_node n, const struct onnx_value *v);

/* The numbers of a constant as floats, released with free(), and as at most `max` integers; how many, or -1. */
float *onnx_floats(struct onnx *x, onnx_node n, const struct onnx_value *v);
int onnx_integers(struct onnx *x, onnx_node n, const struct onnx_value *v, int64_t *out, int max);

/* Numbers that are an attribute of the node or, in later operator sets, an input. -1: neither, -2: refused. */
int onnx_list(struct onnx *x, onnx_node n, const char *attribute, int input, int64_t *out, int max);

/* DequantizeLinear of a constant. */
int onnx_dequantise(struct onnx *x, onnx_node n, const struct onnx_value *v);

/* ---- onnx_operators.c */

/* Adds one node to the network. The functions onnx_take_...() below do so for the operators in their names. */
int onnx_take(struct onnx *x, onnx_node n);

/* ---- onnx_fold.c */

/* A node that computes whole numbers from constants, or from the sizes of an activation: then *is_folded. */
int onnx_fold(struct onnx *x, onnx_node n, int *is_folded);

/* ---- onnx_layers.c */

int onnx_take_conv(struct onnx *x, onnx_node n);
int onnx_take_linear(struct onnx *x, onnx_node n); /* Gemm, MatMul */

/* The sizes of an activation. */
struct eo_dims onnx_dims(const struct onnx *x, const struct onnx_value *v);

/* The size of a batch, as the input of the graph has it; 1 where that is open. */
int64_t onnx_batch(const struct onnx *x);

/* Whether it is N x features. */
int onnx_is_flat(const struct onnx_value *v);

/* 0, or -1 and err for an unknown value of the attribute auto_pad. */
int onnx_check_auto_pad(struct onnx *x, onnx_node n);

/* The padding of SAME_UPPER and SAME_LOWER along one axis. */
void onnx_pad_same(int in, int kernel, int stride, int lower, int *before, int *after);

/* Works out the sizes of layer `layer` anew after its tail has changed. */
int onnx_update(struct onnx *x, onnx_node n, int layer);

/* ---- onnx_alias.c */

int onnx_take_alias(struct onnx *x, onnx_node n); /* Identity */
int onnx_take_dropout(struct onnx *x, onnx_node n);
int onnx_take_cast(struct onnx *x, onnx_node n);
int onnx_take_flatten(struct onnx *x, onnx_node n);
int onnx_take_pad(struct onnx *x, onnx_node n);
int onnx_take_squeeze(struct onnx *x, onnx_node n); /* and Unsqueeze */
int onnx_take_reshape(struct onnx *x, onnx_node n);
int onnx_take_constant(struct onnx *x, onnx_node n);
int onnx_take_dequantise(struct onnx *x, onnx_node n); /* QuantizeLinear, DequantizeLinear */
int onnx_take_softmax(struct onnx *x, onnx_node n);

/* ---- onnx_tail.c */

int onnx_take_batch_norm(struct onnx *x, onnx_node n);
int onnx_take_add(struct onnx *x, onnx_node n);
int onnx_take_arithmetic(struct onnx *x, onnx_node n); /* Sub, Mul, Div of the input */
int onnx_take_relu(struct onnx *x, onnx_node n);
int onnx_take_clip(struct onnx *x, onnx_node n);
int onnx_take_pool(struct onnx *x, onnx_node n);
int onnx_take_mean(struct onnx *x, onnx_node n);

#endif
