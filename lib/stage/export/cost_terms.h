/*
 * What the instructions of a layer in exported code of any network depend on: how often each of its loops is entered
 * and goes round (text/network.c, network_float.c, network_run.c). The instructions of a layer on a core are a sum of
 * these terms, with coefficients that tests/device/fit_costs.py fits to counted instructions.
 *
 * P pixels of the map are computed, each as often as windows of pooling hold it, Q of them together with another one.
 */
#ifndef EO_STAGE_EXPORT_COST_TERMS_H
#define EO_STAGE_EXPORT_COST_TERMS_H

#include "nn/network.h"
#include "stage/export/export.h"

#define EO_COST_TERMS(X)                                                                                     \
    X(layer, "1 for each layer")                                                                             \
    X(pixel, "convolution: P")                                                                               \
    X(run, "convolution: runs of the input that are copied, for P patches")                                  \
    X(copied, "convolution: values that are copied, for P patches")                                          \
    X(term, "convolution: P by terms of a sum")                                                              \
    X(channels, "convolution: Q by pairs of channels")                                                       \
    X(dot, "convolution: Q by pairs of channels by terms")                                                   \
    X(linear_part, "linear layer in floating point: outputs by channels of the input")                       \
    X(linear_mac, "linear layer in floating point: multiply-accumulates")                                    \
    X(depthwise_pixel, "depthwise: P")                                                                       \
    X(depthwise_tap, "depthwise: P by taps")                                                                 \
    X(depthwise_channel, "depthwise: P by channels")                                                         \
    X(depthwise_dot, "depthwise: P by channels by taps")                                                     \
    X(depthwise_weight, "depthwise: weights")                                                                \
    X(activation, "P by channels")                                                                           \
    X(added, "P by channels where a map is added")                                                           \
    X(pooling, "P by channels where the map is pooled")                                                      \
    X(pooled, "values of the output where the map is pooled")

#define EO_COST_TERM_VALUE(name, meaning) EO_COST_##name,
enum eo_cost_term { EO_COST_TERMS(EO_COST_TERM_VALUE) EO_COST_TERM_COUNT };

extern const char *const eo_cost_term_names[EO_COST_TERM_COUNT];

/* Values are rounded up to what the loops of `path` take. */
void eo_cost_terms(const struct eo_network_layer *l, int is_float, enum eo_export_path path,
                   double terms[EO_COST_TERM_COUNT]);

#endif
