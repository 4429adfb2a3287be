#include "nn/shape.h"

const char *eo_smallcnn_layer_name(enum eo_smallcnn_layer layer)
{
    static const char *const names[EO_SMALLCNN_LAYERS] = {"conv1", "conv2", "classifier"};

    return names[layer];
}

int eo_shape_outputs(const struct eo_shape *s, enum eo_smallcnn_layer layer)
{
    return layer == EO_CONV1 ? s->c1 : layer == EO_CONV2 ? s->c2 : 10;
}

int eo_shape_terms(const struct eo_shape *s, enum eo_smallcnn_layer layer)
{
    return layer == EO_CONV1 ? 9 : layer == EO_CONV2 ? 9 * s->c1 : EO_POOL2_PIXELS * s->c2;
}

size_t eo_shape_weights(const struct eo_shape *s, enum eo_smallcnn_layer layer)
{
    return (size_t)eo_shape_outputs(s, layer) * (size_t)eo_shape_terms(s, layer);
}

size_t eo_shape_output_elements(const struct eo_shape *s, enum eo_smallcnn_layer layer)
{
    size_t pixels = layer == EO_CONV1   ? EO_POOL1_SIDE * EO_POOL1_SIDE
                    : layer == EO_CONV2 ? EO_POOL2_PIXELS
                                        : 1;

    return pixels * (size_t)eo_shape_outputs(s, layer);
}
