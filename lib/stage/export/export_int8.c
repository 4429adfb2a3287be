#include "stage/export/writer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "format/dataset.h"
#include "stage/export/numbers.h"
#include "stage/export/table.h"

struct int8 {
    struct eo_export_writer *to;
    struct eo_numbers numbers;
    size_t const_bytes, kernel_bytes[3]; /* of the tables, and of those that each path has for itself */
};

/* --fast sums four times the values: no real model comes near the limit. */
static int check_fast(const struct eo_model *m, struct eo_err *err)
{
    const struct eo_model_layer *layer = &m->layer[EO_CONV2];
    int terms = eo_shape_terms(&m->shape, EO_CONV2);

    for (int o = 0; o < m->shape.c2; o++) {
        int64_t most = llabs((int64_t)layer->bias.s32[o]);

        for (int t = 0; t < terms; t++)
            most += (int64_t)abs(layer->weight.s8[o * terms + t]) * eo_backend_activation_max(m->backend);
        if (most >= (int64_t)1 << 29)
            return eo_err_set(
                err, "layer 'conv2', channel %d: sums up to %" PRId64 " are too large for --fast", o, most);
    }
    return 0;
}

/* Whether a layer's weights are packed. The first layer's never are: the few bytes saved would be spent on code. */
static int is_packed(const struct int8 *w, enum eo_smallcnn_layer layer)
{
    return layer != EO_CONV1 && w->to->model->layer[layer].weight_bits == 4;
}

/*
 * Rows of weights of 4 bits that the code unpacks together. `name` is the table, *bytes its size; returns its checksum.
 */
static uint32_t put_packed(struct int8 *w, const char *name, const int8_t *weight, size_t rows, size_t length,
                           uint32_t *words, size_t *bytes)
{
    size_t n = eo_numbers_pack(weight, rows, length, words);

    *bytes = 4 * n;
    return eo_table_u32(&w->to->part[EO_EXPORT_TABLES], name, words, n);
}

/* How many unpacked weights the state has room for: those of all classes for a row, or of a kernel. */
static size_t unpacked_of(const struct int8 *w, int path)
{
    size_t classes = is_packed(w, EO_CLASSIFIER) ? eo_size_round_up(7 * EO_CLASSES, 8) : 0;
    size_t kernel = is_packed(w, EO_CONV2) && path != 1 ? 9 * (size_t)w->to->model->shape.c1 : 0;

    return kernel > classes ? eo_size_round_up(kernel, 8) : classes;
}

/* What struct net_state of text/int8.c takes, for each NET_PATH. */
static void put_state(struct int8 *w)
{
    size_t c1 = (size_t)w->to->model->shape.c1, c2 = (size_t)w->to->model->shape.c2, pairs = (c1 + 1) / 2;
    size_t map = 64 * c1, image = 128, plain = map + image, dsp;
    struct eo_buf *out = &w->to->part[EO_EXPORT_STATE];
    int packed = is_packed(w, EO_CONV2) + is_packed(w, EO_CLASSIFIER);

    dsp = 256 * pairs + image + 8 * (size_t)eo_numbers_pair_words(&w->to->model->shape);
    if (w->to->how->is_fast) {
        dsp = map + image + 64 * pairs + 7 * c2;
        plain = map + image + 32 * c1 + 7 * c2;
    }
    for (int path = 2; path >= 0; path--) {
        struct eo_export_memory *memory = &w->to->memory[path];

        memory->state_bytes = (path == 2 ? map + image : path == 1 ? dsp : plain) + unpacked_of(w, path);
        memory->const_bytes = w->const_bytes + w->kernel_bytes[path];
        eo_buf_printf(out,
                      "%s\n"
                      "#define NET_STATE_BYTES %zu\n"
                      "#define NET_CONST_BYTES %zu /* read-only, without the self-test */\n",
                      path == 2   ? "#if NET_PATH == 2"
                      : path == 1 ? "#elif NET_PATH == 1"
                                  : "#else",
                      memory->state_bytes, memory->const_bytes);
    }
    eo_buf_puts(out, "#endif\n#define NET_STATE_ALIGN 4\n\n");
    w->to->stack.kind = packed == 2           ? EO_STACK_INT4
                        : packed == 1         ? EO_STACK_MIXED
                        : w->to->how->is_fast ? EO_STACK_INT8_FAST
                                              : EO_STACK_INT8;
    eo_stack_put(w->to->stack, out);
}

/*
 * Bias, multiplier and shift of each channel. Helium takes those of the first layer as four of each, and minus the
 * shift. Returns the number of words.
 */
static size_t lay_scales(const struct int8 *w, int path, uint32_t *to)
{
    const struct eo_numbers *n = &w->numbers;
    int c1 = w->to->model->shape.c1, channels = c1 + w->to->model->shape.c2;
    size_t size = 0;

    for (int i = 0; path == 2 && i < c1; i += 4, size += 12) {
        for (int j = i; j < i + 4 && j < c1; j++) {
            to[size + (size_t)(j - i)] = (uint32_t)n->bias[j];
            to[size + 4 + (size_t)(j - i)] = n->multiplier[j];
            to[size + 8 + (size_t)(j - i)] = 0 - (uint32_t)n->shift[j];
        }
    }
    for (int i = path == 2 ? c1 : 0; i < channels; i++) {
        to[size++] = (uint32_t)n->bias[i];
        to[size++] = n->multiplier[i];
        to[size++] = path == 2 ? 0 - (uint32_t)n->shift[i] : n->shift[i];
    }
    return size;
}

/* Kernels of the second layer in the order in which `path` takes them as bytes. */
static uint32_t put_packed_kernels(struct int8 *w, int path, void *scratch, size_t *bytes)
{
    const struct eo_model *m = w->to->model;
    const int8_t *second = m->layer[EO_CONV2].weight.s8;
    size_t c2 = (size_t)m->shape.c2, length = 9 * (size_t)m->shape.c1, n = length * c2;
    int8_t *order = (int8_t *)scratch + 32 * (size_t)(m->shape.c1 + 1) * (c2 + 1) / 2;

    if (path == 2) {
        eo_numbers_by_pixel(second, &m->shape, order);
    } else if (path == 1) {
        length = 4 * (size_t)eo_numbers_pair_words(&m->shape);
        n = c2 * length / 4;
        eo_numbers_pairs(second, &m->shape, scratch);
        for (size_t i = 0; i < n; i++) {
            for (int k = 0; k < 4; k++)
                order[4 * i + (size_t)k] = (int8_t)(((uint32_t *)scratch)[i] >> 8 * k & 255);
        }
    } else {
        memcpy(order, second, n);
    }
    return put_packed(w, "net_weight2", order, c2, length, scratch, bytes);
}

/*
 * Weights of the convolutions, which each path takes in an order of its own. `sum` is the checksum of all other tables.
 */
static void put_kernels_of(struct int8 *w, int path, uint32_t sum, void *scratch)
{
    const struct eo_model *m = w->to->model;
    const int8_t *first = m->layer[EO_CONV1].weight.s8, *second = m->layer[EO_CONV2].weight.s8;
    size_t c1 = (size_t)m->shape.c1, c2 = (size_t)m->shape.c2, n = 9 * c1 * c2, bytes = 9 * c1;
    uint32_t scale[3 * EO_NUMBERS_CHANNELS + 12] = {0};
    size_t scales = lay_scales(w, path, scale);
    struct eo_buf *out = &w->to->part[EO_EXPORT_TABLES];

    sum += eo_table_u32(out, "net_scale", scale, scales);
    if (path == 1) {
        eo_numbers_first_pairs(first, m->shape.c1, scratch);
        sum += eo_table_u32(out, "net_weight1", scratch, 5 * c1);
        bytes = 20 * c1;
    } else {
        bytes =
            path == 2 ? 9 * ((c1 + 3) / 4 * 4) + 7 : bytes; /* Helium reads groups of four, 16 bytes each */
        memset(scratch, 0, bytes);
        memcpy(scratch, first, 9 * c1);
        sum += eo_table_s8(out, "net_weight1", scratch, bytes);
    }
    if (is_packed(w, EO_CONV2)) {
        sum += put_packed_kernels(w, path, scratch, &n);
        bytes += n;
    } else if (path == 2) {
        eo_numbers_by_pixel(second, &m->shape, scratch);
        sum += eo_table_s8(out, "net_weight2", scratch, n);
        bytes += n;
    } else if (w->to->how->is_fast) {
        n = path == 1 ? 16 * (c2 + c2 % 2) * (c1 + c1 % 2) : 16 * c2 * c1;
        eo_numbers_winograd(second, &m->shape, path == 1, scratch);
        sum += eo_table_s16(out, "net_weight2", scratch, n);
        bytes += 2 * n;
    } else if (path == 1) {
        n = c2 * (size_t)eo_numbers_pair_words(&m->shape);
        eo_numbers_pairs(second, &m->shape, scratch);
        sum += eo_table_u32(out, "net_weight2", scratch, n);
        bytes += 4 * n;
    } else {
        sum += eo_table_s8(out, "net_weight2", second, n);
        bytes += n;
    }
    eo_buf_printf(out, "#define NET_SUM %" PRIu32 "u\n", sum);
    w->kernel_bytes[path] = bytes + 4 * scales;
}

static int put_kernels(struct int8 *w, uint32_t sum, struct eo_err *err)
{
    static const char *const branch[] = {"#else\n", "#elif NET_PATH == 1\n", "#if NET_PATH == 2\n"};
    size_t c1 = (size_t)w->to->model->shape.c1, c2 = (size_t)w->to->model->shape.c2;
    void *scratch =
        eo_alloc(20 * (c1 + 3) + 32 * (c1 + 1) * (c2 + 1), 1, err); /* the largest of all orders */

    for (int path = 2; scratch && path >= 0; path--) {
        eo_buf_puts(&w->to->part[EO_EXPORT_TABLES], branch[path]);
        put_kernels_of(w, path, sum, scratch);
    }
    eo_buf_puts(&w->to->part[EO_EXPORT_TABLES], "#endif\n");
    free(scratch);
    return scratch ? 0 : -1;
}

static int put_classifier(struct int8 *w, uint32_t *sum, size_t *bytes, struct eo_err *err)
{
    const struct eo_model *m = w->to->model;
    size_t weights = eo_shape_weights(&m->shape, EO_CLASSIFIER), rows = weights / (7 * EO_CLASSES);
    int8_t *order = eo_alloc(weights, 1, err);
    uint32_t *words = order ? eo_alloc(rows * 9, sizeof(*words), err) : NULL;

    if (words) {
        eo_numbers_by_row(m->layer[EO_CLASSIFIER].weight.s8, &m->shape, order);
        *sum += put_packed(w, "net_weight3", order, rows, 7 * EO_CLASSES, words, bytes);
    }
    free(order);
    free(words);
    return words ? 0 : -1;
}

static int put_tables(struct int8 *w, struct eo_err *err)
{
    const struct eo_model *m = w->to->model;
    const struct eo_numbers *n = &w->numbers;
    struct eo_buf *out = &w->to->part[EO_EXPORT_TABLES];
    size_t classifier = eo_shape_weights(&m->shape, EO_CLASSIFIER);
    uint32_t sum = 0;

    eo_buf_printf(out, "#define NET_UP %d\n", n->up);
    if (n->limit[0] == n->limit[1])
        eo_buf_printf(out, "#define NET_LIMIT(n) %du\n", n->limit[0]);
    else
        eo_buf_printf(out, "#define NET_LIMIT(n) ((n) < NET_C1 ? %du : %du)\n", n->limit[0], n->limit[1]);
    eo_buf_printf(out, "#define NET_INPUT_ZERO %d\n", n->input_zero);
    if (n->input_is_linear)
        eo_buf_printf(out, "#define NET_INPUT_FACTOR %" PRId32 "\n#define NET_INPUT_OFFSET %" PRId32 "\n",
                      n->input_factor, n->input_offset);
    else
        sum += eo_table_u8(out, "net_input", n->input, 256);
    eo_buf_puts(out, "\n");
    if (is_packed(w, EO_CLASSIFIER)) {
        if (put_classifier(w, &sum, &classifier, err))
            return -1;
    } else {
        sum += eo_table_s8(out, "net_weight3", m->layer[EO_CLASSIFIER].weight.s8, classifier);
    }
    sum += eo_table_s32(out, "net_score_bias", n->score_bias, EO_CLASSES);
    sum += eo_table_s32(out, "net_score_multiplier", n->score_multiplier, EO_CLASSES);
    sum += eo_table_u8(out, "net_score_shift", n->score_shift, EO_CLASSES);
    w->const_bytes = classifier + 9 * EO_CLASSES + (n->input_is_linear ? 0 : 256);
    if (put_kernels(w, sum, err))
        return -1;
    return 0;
}

int eo_export_int8(struct eo_export_writer *to, struct eo_err *err)
{
    struct int8 w = {.to = to};
    char scale[EO_NUM_TEXT];

    if (eo_numbers_make(&w.numbers, to->model, err) || (to->how->is_fast && check_fast(to->model, err)) ||
        put_tables(&w, err))
        return -1;
    put_state(&w);
    eo_num_format_double(w.numbers.score_scale, scale);
    eo_buf_printf(&to->part[EO_EXPORT_SIZES], "#define NET_SCORE_SCALE %s /* logit = score * scale */\n",
                  scale);
    eo_export_flag(to, "int8", 1);
    eo_export_flag(to, "packed", is_packed(&w, EO_CONV2) || is_packed(&w, EO_CLASSIFIER));
    eo_export_flag(to, "packed_kernels", is_packed(&w, EO_CONV2));
    eo_export_flag(to, "packed_classes", is_packed(&w, EO_CLASSIFIER));
    eo_export_flag(to, "fast", to->how->is_fast);
    eo_export_flag(to, "narrow", w.numbers.activation_max <= 127);
    eo_export_flag(to, "table", !w.numbers.input_is_linear);
    return 0;
}
