#include "stage/bench_layers.h"

void eo_bench_put_layers(struct eo_buf *out, const struct eo_model *m)
{
    int l;

    eo_buf_puts(out, "layer,input_bytes,output_bytes,total_bytes\n");
    for (l = 0; l < EO_LAYERS; l++) {
        enum eo_layer layer = (enum eo_layer)l;
        size_t enters = eo_shape_input_bytes(&m->shape, layer, m->precision);
        size_t leaves = eo_shape_output_bytes(&m->shape, layer, m->precision);

        eo_buf_printf(out, "%s,%zu,%zu,%zu\n", eo_layer_name(layer), enters, leaves, enters + leaves);
    }
}
