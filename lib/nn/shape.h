/*
 * SmallCNN: its layers and their sizes.
 *
 *     input       [1, 28, 28]
 *     conv1       3x3, pad 1, 1 -> c1; max-pool 2; ReLU     [c1, 14, 14]
 *     conv2       3x3, pad 1, c1 -> c2; max-pool 2; ReLU    [c2, 7, 7]
 *     classifier  linear, c2 * 49 -> 10 (flatten order c, h, w)
 *
 * ReLU and max-pool commute, so this equals the usual conv, ReLU, pool.
 */
#ifndef EO_NN_SHAPE_H
#define EO_NN_SHAPE_H

#include <stddef.h>

#include "format/dataset.h"
#include "format/precision.h"

#define EO_MAX_C1 64
#define EO_MAX_C2 128
#define EO_POOL1_SIDE 14
#define EO_POOL2_SIDE 7
#define EO_POOL2_PIXELS 49

enum eo_smallcnn_layer { EO_CONV1, EO_CONV2, EO_CLASSIFIER, EO_SMALLCNN_LAYERS };

struct eo_shape {
    int c1, c2;
};

const char *eo_smallcnn_layer_name(enum eo_smallcnn_layer layer); /* "conv1", "conv2", "classifier" */

/* Outputs (channels or classes), terms of one output's sum, and weights of a layer. */
int eo_shape_outputs(const struct eo_shape *s, enum eo_smallcnn_layer layer);
int eo_shape_terms(const struct eo_shape *s, enum eo_smallcnn_layer layer); /* 9, 9 c1, 49 c2 */
size_t eo_shape_weights(const struct eo_shape *s, enum eo_smallcnn_layer layer);

/*
 * Elements that leave a layer, one image, with convolution, pooling and ReLU fused, so that no full-size feature map
 * exists: 196 c1, 49 c2, 10.
 */
size_t eo_shape_output_elements(const struct eo_shape *s, enum eo_smallcnn_layer layer);

#endif
