/* What one image needs for activations while each layer runs. */
#ifndef EO_STAGE_BENCH_LAYERS_H
#define EO_STAGE_BENCH_LAYERS_H

#include "base/buf.h"
#include "nn/model.h"

/* layer,input_bytes,output_bytes,total_bytes: the header and a line for each layer. */
void eo_bench_put_layers(struct eo_buf *out, const struct eo_model *m);

#endif
