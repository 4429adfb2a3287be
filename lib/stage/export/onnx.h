/*
 * A model of any network as an ONNX file, for other runtimes and compilers, and for viewers such as Netron.
 *
 * The input `image` is [batch, C, H, W] of grey values (uint8): what the network is fed is computed by the first nodes.
 * The output `logits` is [batch, classes]. Operator set 13.
 *
 * fp32  Conv, Gemm, Add, Relu, Clip and poolings, one node each: the same operations as ours, but a runtime may sum
 *       in another order.
 * fp16  the same nodes; constants have 16 bits, and so has what layers hand on: Cast to 16 bits and back. Sums are
 *       floats, as ours are.
 * int8  the same nodes; QuantizeLinear and DequantizeLinear (QDQ) say where values have eight bits: behind each layer,
 *       and before an average. Constants are the model's own. A Clip keeps activations of fbgemm at 127 or below, as
 *       8 bits would let them go to 255. Both maps of an Add are rounded to whole steps of their sum before it, as
 *       lib/nn/quantised.h defines it, by Div, Add, Floor and Mul. A runtime scales sums by floating-point factors, so
 *       single activations may differ by one step from ours.
 *
 * Nodes of layer x: x/conv or x/gemm, x/add, x/relu, x/pool; then x/clip, x/quantized and x/real, or x/half and x/real;
 * x/map/quantized before an average; x/sum_steps to x/other_rounded before an Add of int8. Constants have the names of
 * the model file.
 */
#ifndef EO_STAGE_EXPORT_ONNX_H
#define EO_STAGE_EXPORT_ONNX_H

#include "base/buf.h"
#include "base/err.h"
#include "nn/model.h"
#include "stage/export/class_names.h"

/*
 * Appends the file. model_sha256 is that of the model's file. Names of classes, unless NULL, become the metadata
 * property class_names, a JSON list.
 */
int eo_export_onnx(const struct eo_model *m, const char *model_sha256, const struct eo_class_names *names,
                   struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

#endif
