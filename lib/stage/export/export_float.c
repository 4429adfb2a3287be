#include "stage/export/writer.h"

#include <inttypes.h>
#include <string.h>

#include "base/num.h"
#include "format/dataset.h"
#include "nn/input.h"
#include "stage/export/table.h"

static void put_constants(struct eo_buf *out, const char *name, const double *v, int n)
{
    char text[EO_NUM_TEXT];

    eo_buf_printf(out, "    static const float %s[] = {", name);
    for (int i = 0; i < n; i++) {
        eo_num_format_double((double)(float)v[i], text);
        eo_buf_printf(out, "%s%s%s", i ? ", " : "", text, strpbrk(text, ".e") ? "f" : ".0f");
    }
    eo_buf_puts(out, "};\n");
}

int eo_export_put_float_input(struct eo_export_writer *w, struct eo_err *err)
{
    struct eo_buf *out = &w->part[EO_EXPORT_INPUT];
    const char *stored = eo_network_is_smallcnn(&w->model->network) ? "net_narrow" : "net_stored";
    const char *at = eo_input_tables(w->model) > 1 ? "channel" : "0";
    struct eo_input in;

    if (eo_input_read(w->model, &in, err) < 0)
        return -1;
    eo_export_flag(w, "tables", eo_input_tables(w->model) > 1);
    eo_export_flag(w, "half", w->model->precision == EO_FP16);
    eo_buf_puts(&w->part[EO_EXPORT_SIZES], "#define NET_SCORE_SCALE 1.0f /* scores are the logits */\n");
    if (eo_input_is_standard(w->model)) {
        eo_buf_printf(out, "    return %s(net_round(net_round((float)grey / 127.5f) - 1.0f));\n", stored);
        return 0;
    }
    put_constants(out, "mean", in.mean, in.count);
    put_constants(out, "deviation", in.std, in.count);
    eo_buf_printf(out,
                  "    const float x = net_round(net_round((float)grey / 255.0f) - mean[%s]);\n\n"
                  "    return %s(net_round(x / deviation[%s]));\n",
                  at, stored, at);
    return 0;
}

uint32_t eo_export_put_floats(struct eo_export_writer *w, const char *name, const void *v, size_t n)
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

    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
        size_t n = (size_t)eo_shape_outputs(&m->shape, (enum eo_smallcnn_layer)l);

        memcpy((char *)bias + at * size, m->layer[l].bias.f32, n * size);
        at += n;
    }
    return eo_export_put_floats(w, "net_bias", bias, at);
}

static void put_tables(struct eo_export_writer *w)
{
    static const char *const names[EO_SMALLCNN_LAYERS] = {"net_weight1", "net_weight2", "net_weight3"};
    uint32_t sum = 0;

    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++)
        sum += eo_export_put_floats(w, names[l], w->model->layer[l].weight.f32,
                                    eo_shape_weights(&w->model->shape, (enum eo_smallcnn_layer)l));
    sum += put_biases(w);
    eo_buf_printf(&w->part[EO_EXPORT_TABLES], "#define NET_SUM %" PRIu32 "u\n", sum);
}

/* What struct net_state of text/float.c takes. */
static void put_state(struct eo_export_writer *w)
{
    size_t c1 = (size_t)w->model->shape.c1, c2 = (size_t)w->model->shape.c2;
    size_t floats = 64 * c1 + 128 + EO_CLASSES * c2 + (w->model->precision == EO_FP16 ? 9 * c1 : 0);

    for (int path = 0; path < EO_EXPORT_PATHS; path++)
        w->memory[path] = (struct eo_export_memory){floats * sizeof(float), eo_model_tensor_bytes(w->model)};
    eo_buf_printf(&w->part[EO_EXPORT_STATE],
                  "#define NET_STATE_BYTES %zu\n"
                  "#define NET_STATE_ALIGN 4\n"
                  "#define NET_CONST_BYTES %zu /* read-only, without the self-test */\n\n",
                  w->memory[0].state_bytes, w->memory[0].const_bytes);
    w->stack.kind = w->model->precision == EO_FP16 ? EO_STACK_FP16 : EO_STACK_FP32;
    eo_stack_put(w->stack, &w->part[EO_EXPORT_STATE]);
}

int eo_export_float(struct eo_export_writer *w, struct eo_err *err)
{
    if (eo_export_put_float_input(w, err))
        return -1;
    put_tables(w);
    put_state(w);
    return 0;
}
