/*
 * Running a model on images.
 *
 *     struct eo_infer *inf = eo_infer_new(&model, isa, max_batch, err);
 *     eo_infer_run(inf, pixels, n, scores);             // n <= max_batch
 *     eo_infer_free(inf);
 *
 * The definition of every score (the same bits on each instruction set, for every n, alone or in a batch):
 *
 * SmallCNN (for any other network ref_layer.h takes the place of what is said of fp32 and fp16):
 *
 * fp32, fp16  x by the table of input.h, p / 127.5 - 1 unless the model says otherwise (fp16: rounded to binary16).
 *             convolution: acc = bias; acc = fma(x, w, acc) for ic, kh, kw in order, taps outside the image left
 *             out; pooled = the largest of the four, then max(., 0) (fp16: rounded to binary16).
 *             classifier: for each channel, part = 0; part = fma(x, w, part) over its 49 pixels;
 *             score = bias + part of channel 0 + part of channel 1 + ...
 *             A score that is not a number (sums overflowed) has the bits 7fc00000.
 * int8        q = clamp(round_half_even(x / input_scale) + zero_point, 0, qmax), by a table of 256 entries; then
 *             integers only: acc = bias + sum (q - zero_point) * w; pooled = clamp(zero_point' +
 *             scaled(the largest of the four), zero_point', qmax), requant.h, factor = input_scale * weight_scale /
 *             next input_scale; score = scaled(acc) to the common scale eo_infer_score_scale(), which is that of the
 *             classifier's accumulators of the class with the largest weight_scale.
 *
 * One object serves one thread at a time; run several, one each, to use more threads. Nothing is allocated inside
 * eo_infer_run(). The model may be released once eo_infer_new() has returned.
 */
#ifndef EO_NN_INFER_H
#define EO_NN_INFER_H

#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"
#include "base/err.h"
#include "nn/model.h"

struct eo_infer;

union eo_score {
    float f32;   /* fp32, fp16: the logit */
    int32_t s32; /* int8: logit / eo_infer_score_scale() */
};

/* max_batch in 1..65536. Batch normalisation is folded first (network_fold.h). NULL and err on failure. */
struct eo_infer *eo_infer_new(const struct eo_model *m, enum eo_isa isa, int max_batch,
                              struct eo_err *err) EO_MUST_CHECK;
void eo_infer_free(struct eo_infer *inf); /* NULL is allowed */

/* One for each of so many threads. */
struct eo_infer **eo_infer_team_new(const struct eo_model *m, enum eo_isa isa, int max_batch, int threads,
                                    struct eo_err *err) EO_MUST_CHECK;
void eo_infer_team_free(struct eo_infer **team, int threads); /* NULL is allowed */

/*
 * pixels [n, C, H, W] grey values of the network's input (SmallCNN: 1, 28, 28); scores [n, classes]. n in
 * 1..max_batch. Cannot fail. n = 1 takes the latency path, more the throughput path; but other networks than SmallCNN
 * have a latency path for floats alone, and where max_batch is 1.
 */
void eo_infer_run(struct eo_infer *inf, const uint8_t *pixels, int n, union eo_score *scores);

/*
 * Tells the caller where the layers are: eo_infer_run() calls mark(ctx, l) before layer l begins on some of the images
 * and mark(ctx, number of layers) when all is done. Kernels take the images in groups, each through all layers, so a
 * layer begins many times in a call; what lies between two marks belongs to the layer of the first. The input's
 * conversion is part of the first layer, and pooling and ReLU belong to their convolution. Scores are the same as
 * without. With mark NULL, as after eo_infer_new(), nothing is called.
 */
typedef void eo_infer_mark(void *ctx, int layer);
void eo_infer_set_mark(struct eo_infer *inf, eo_infer_mark *mark, void *ctx);

/*
 * SmallCNN at fp32 only: one image [28, 28], with what the layers hand on: pool1 [c1, 14, 14] and pool2 [c2, 7, 7],
 * after ReLU, in the order of PyTorch. Same bits as eo_infer_run(). For calibration.
 */
void eo_infer_activations(struct eo_infer *inf, const uint8_t *pixels, float *pool1, float *pool2,
                          union eo_score scores[10]);

/* Where the values of tensors go, by their numbers (network.h), [n, elements] each. */
struct eo_infer_tensors {
    float *tensor[EO_NETWORK_TENSORS];
};

/*
 * eo_infer_run() of an fp32 model of any network with all that its layers hand on: each output but the logits, and each
 * map that is averaged, after its activation. Every such tensor must be given; number 0, the input, is not written.
 */
void eo_infer_observe(struct eo_infer *inf, const uint8_t *pixels, int n, const struct eo_infer_tensors *to,
                      union eo_score *scores);

/* 1 for fp32 and fp16. */
double eo_infer_score_scale(const struct eo_infer *inf);

/* A score as a real number, for logits files. */
double eo_infer_logit(const struct eo_infer *inf, union eo_score score);

/* The class of the largest of an image's scores, the first one of equals. */
int eo_infer_class(const struct eo_infer *inf, const union eo_score *scores);

/* Bytes of all working buffers of this object (activations and scratch; weights excluded). */
size_t eo_infer_workspace_bytes(const struct eo_infer *inf);

/* What ran: "fp32-avx512", for timing rows. */
const char *eo_infer_kernel_name(const struct eo_infer *inf);

#endif
