/*
 * A network from an ONNX file.
 *
 * A layer of nn/network.h begins at each Conv, Gemm and MatMul; what follows becomes its tail: BatchNormalization, Add,
 * Relu, Clip, MaxPool, AveragePool, GlobalAveragePool, GlobalMaxPool, ReduceMean, each where the order of the tail
 * allows it. A Pad with zeros is part of the Conv behind it, and a Conv with dilations becomes a larger kernel with
 * zeros. Whole numbers that nodes compute from constants and sizes, as for pads and shapes, are folded. Flatten,
 * Reshape, Squeeze, Unsqueeze, Identity, Dropout outside training and Cast to real numbers change no value; Softmax
 * over the classes at the end is left out. Constants behind DequantizeLinear become real numbers, in all at most twice
 * as many as a network has; activations between QuantizeLinear and DequantizeLinear are not rounded.
 *
 * Batch and feature maps are N x C x H x W, N x C x length, or N x features. Only the batch may be open. Sub, Div, Mul
 * and Add of constants in front of the first layer say what the network is fed (nn/input.h). The input is taken for
 * grey values p of 0..255. A factor above 1 on an input of floats says that it is p / 255, and is refused.
 *
 * A file with anything else is refused; the message names the operator, the node and the nearest supported way.
 */
#ifndef EO_STAGE_IMPORT_ONNX_H
#define EO_STAGE_IMPORT_ONNX_H

#include "base/buf.h"
#include "nn/model.h"

/*
 * An fp32 model of the network in the file; `notes` gets lines of what was left out. input_mean and input_std are set
 * where the file says them. On failure *m is empty.
 */
int eo_import_onnx(struct eo_model *m, const void *bytes, size_t size, struct eo_buf *notes,
                   struct eo_err *err) EO_MUST_CHECK;

#endif
