#include "nn/shape.h"

const char *eo_layer_name(enum eo_layer layer)
{
    static const char *const names[EO_LAYERS] = {"conv1", "conv2", "classifier"};

    return names[layer];
}

int eo_shape_outputs(const struct eo_shape *s, enum eo_layer layer)
{
    return layer == EO_CONV1 ? s->c1 : layer == EO_CONV2 ? s->c2 : 10;
}

int eo_shape_terms(const struct eo_shape *s, enum eo_layer layer)
{
    return layer == EO_CONV1 ? 9 : layer == EO_CONV2 ? 9 * s->c1 : EO_POOL2_PIXELS * s->c2;
}

size_t eo_shape_weights(const struct eo_shape *s, enum eo_layer layer)
{
    return (size_t)eo_shape_outputs(s, layer) * (size_t)eo_shape_terms(s, layer);
}

/* Elements of the convolution before pooling: 784 c1, 196 c2, 10. */
static size_t conv_elements(const struct eo_shape *s, enum eo_layer layer)
{
    size_t pixels = layer == EO_CONV1 ? 784 : layer == EO_CONV2 ? 196 : 1;

    return pixels * (size_t)eo_shape_outputs(s, layer);
}

size_t eo_shape_layer_macs(const struct eo_shape *s, enum eo_layer layer)
{
    return conv_elements(s, layer) * (size_t)eo_shape_terms(s, layer);
}

size_t eo_shape_macs(const struct eo_shape *s)
{
    size_t n = 0;

    for (int l = 0; l < EO_LAYERS; l++)
        n += eo_shape_layer_macs(s, (enum eo_layer)l);
    return n;
}

size_t eo_shape_output_elements(const struct eo_shape *s, enum eo_layer layer)
{
    size_t pixels = layer == EO_CONV1   ? EO_POOL1_SIDE * EO_POOL1_SIDE
                    : layer == EO_CONV2 ? EO_POOL2_PIXELS
                                        : 1;

    return pixels * (size_t)eo_shape_outputs(s, layer);
}

size_t eo_shape_input_elements(const struct eo_shape *s, enum eo_layer layer)
{
    return layer == EO_CONV1 ? 784 : eo_shape_output_elements(s, (enum eo_layer)(layer - 1));
}

size_t eo_shape_input_bytes(const struct eo_shape *s, enum eo_layer layer, enum eo_precision precision)
{
    return eo_shape_input_elements(s, layer) * (size_t)eo_precision_activation_bytes(precision);
}

size_t eo_shape_output_bytes(const struct eo_shape *s, enum eo_layer layer, enum eo_precision precision)
{
    int element = layer == EO_CLASSIFIER ? 4 : eo_precision_activation_bytes(precision);

    return eo_shape_output_elements(s, layer) * (size_t)element;
}
