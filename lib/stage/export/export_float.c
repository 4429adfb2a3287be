#include "stage/export/writer.h"

#include <inttypes.h>
#include <string.h>

#include "base/num.h"
#include "format/dataset.h"
#include "nn/input.h"
#include "stage/export/stack.h"
#include "stage/export/table.h"

/* The same operations as eo_input_table(), rounded at the same places. */
static int put_input(struct eo_export_writer *w, struct eo_err *err)
{
    struct eo_buf *out = &w->part[EO_EXPORT_INPUT];
    char mean[EO_NUM_TEXT], std[EO_NUM_TEXT];
    struct eo_input in;

    if (eo_input_read(w->model, &in, err) < 0)
        return -1;
    if (eo_input_is_standard(w->model)) {
        eo_buf_puts(out, "    return net_narrow(net_round(net_round((float)grey / 127.5f) - 1.0f));\n");
        return 0;
    }
    eo_num_format_double((double)(float)in.mean[0], mean);
    eo_num_format_double((double)(float)in.std[0], std);
    eo_buf_printf(out,
                  "    const float x = net_round(net_round((float)grey / 255.0f) - (%sf));\n\n"
                  "    return net_narrow(net_round(x / %sf));\n",
                  mean, std);
    return 0;
}

/* Floats, or the 16 bits of each half. Returns the checksum. */
static uint32_t put_table(struct eo_export_writer *w, const char *name, const void *v, size_t n)
{
    struct eo_buf *out = &w->part[EO_EXPORT_TABLES];

    return w->model->precision == EO_FP16 ? eo_table_u16(out, name, v, n) : eo_table_f32(out, name, v, n);
}

/* Biases of all layers, one after the other. */
static uint32_t put_biases(struct eo_export_writer *w)
{
    const struct eo_model *m = w->model;
    size_t size = m->precision == EO_FP16 ? sizeof(uint16_t) : sizeof(float), at = 0;
    float bias[EO_MAX_C1 + EO_MAX_C2 + EO_CLASSES];

    for (int l = 0; l < EO_LAYERS; l++) {
        size_t n = (size_t)eo_shape_outputs(&m->shape, (enum eo_layer)l);

        memcpy((char *)bias + at * size, m->layer[l].bias.f32, n * size);
        at += n;
    }
    return put_table(w, "net_bias", bias, at);
}

static void put_tables(struct eo_export_writer *w)
{
    static const char *const names[EO_LAYERS] = {"net_weight1", "net_weight2", "net_weight3"};
    uint32_t sum = 0;

    for (int l = 0; l < EO_LAYERS; l++)
        sum += put_table(w, names[l], w->model->layer[l].weight.f32,
                         eo_shape_weights(&w->model->shape, (enum eo_layer)l));
    sum += put_biases(w);
    eo_buf_printf(&w->part[EO_EXPORT_TABLES], "#define NET_SUM %" PRIu32 "u\n", sum);
}

/* What struct net_state of text/float.c takes. */
static void put_state(struct eo_export_writer *w)
{
    size_t c1 = (size_t)w->model->shape.c1, c2 = (size_t)w->model->shape.c2;
    size_t floats = 64 * c1 + 128 + EO_CLASSES * c2 + (w->model->precision == EO_FP16 ? 9 * c1 : 0);

    eo_buf_printf(&w->part[EO_EXPORT_STATE],
                  "#define NET_STATE_BYTES %zu\n"
                  "#define NET_STATE_ALIGN 4\n"
                  "#define NET_CONST_BYTES %zu /* read-only, without the self-test */\n\n",
                  floats * sizeof(float), eo_model_tensor_bytes(w->model));
    eo_export_put_stack(w->model->precision == EO_FP16 ? EO_STACK_FP16 : EO_STACK_FP32, 0,
                        &w->part[EO_EXPORT_STATE]);
}

int eo_export_float(struct eo_export_writer *w, struct eo_err *err)
{
    if (put_input(w, err))
        return -1;
    put_tables(w);
    put_state(w);
    eo_buf_puts(&w->part[EO_EXPORT_SIZES], "#define NET_SCORE_SCALE 1.0f /* scores are the logits */\n");
    eo_export_flag(w, "half", w->model->precision == EO_FP16);
    return 0;
}
