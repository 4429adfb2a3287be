/*
 * Turns the layers of a network in YAML, a list with a mapping for each, into the text form (nn/network.h):
 *
 *     model: [ {conv: 16, kernel: 3, padding: same, batch_norm: true, relu: true, name: first},
 *              {depthwise: 3x3, stride: 2, relu6: true}, {conv: 16, kernel: 1, add: first},
 *              {mean: true}, {linear: classes} ]
 *
 *     first: conv 16 3 pad same batch_norm relu; depthwise1: depthwise 3x3 stride 2 relu6; ...
 *
 * A mapping without an operation continues the layer before it. A layer without a name is called after its operation
 * and its place among the layers with that operation, but a linear layer at the end is called classifier. Whether the
 * layers fit together is not checked here.
 */
#ifndef EO_FORMAT_CONFIG_MODEL_H
#define EO_FORMAT_CONFIG_MODEL_H

#include "format/config.h"
#include "format/yaml_read.h"

/* The current event is the start of the list; afterwards it is its end. */
int eo_config_model_read(struct eo_yaml *y, char model[EO_CONFIG_MODEL_MAX]) EO_MUST_CHECK;

#endif
