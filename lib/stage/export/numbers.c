#include "stage/export/numbers.h"

#include <string.h>

#include "nn/quantised.h"

/* requant.h's m and s as numbers.h takes them. */
static void set_scale(struct eo_numbers *n, int channel, struct eo_requant rq)
{
    int shift = rq.shift + n->up - 32;

    n->multiplier[channel] = (uint32_t)rq.multiplier;
    if (rq.multiplier && shift < 1) {
        n->multiplier[channel] <<= 1;
        shift++;
    }
    n->shift[channel] = (uint8_t)(rq.multiplier ? shift - 1 : 0);
}

static void set_scales(struct eo_numbers *n, const struct eo_model *m, const struct eo_s8_params *p)
{
    int c1 = m->shape.c1, c2 = m->shape.c2;

    for (int i = 0; i < c1 + c2; i++) {
        struct eo_requant rq = i < c1 ? p->conv1[i] : p->conv2[i - c1];

        n->up |= rq.multiplier && rq.shift == 31;
    }
    for (int i = 0; i < c1 + c2; i++)
        set_scale(n, i, i < c1 ? p->conv1[i] : p->conv2[i - c1]);
}

static void set_biases(struct eo_numbers *n, const struct eo_model *m)
{
    const struct eo_model_layer *first = &m->layer[EO_CONV1];

    for (int o = 0; o < m->shape.c1; o++) {
        int32_t sum = 0;

        for (int t = 0; t < 9; t++)
            sum += first->weight.s8[9 * o + t];
        n->bias[o] = first->bias.s32[o] - first->input_zero_point * sum;
    }
    for (int o = 0; o < m->shape.c2; o++)
        n->bias[m->shape.c1 + o] = m->layer[EO_CONV2].bias.s32[o];
}

/* The offsets that are right for all grey values with this factor are a range; takes its middle. */
static int fit_line(struct eo_numbers *n, int32_t factor)
{
    int32_t low = INT32_MIN, high = INT32_MAX;

    for (int32_t p = 0; p < 256; p++) {
        int32_t least = n->input[p] * 65536 - p * factor, most = least + 65535;

        low = least > low ? least : low;
        high = most < high ? most : high;
    }
    n->input_factor = factor;
    n->input_offset = low + (high - low) / 2;
    return low <= high && low >= 0;
}

/* A line through the quantised grey values, by far the usual case, is shorter than a table. */
static void fit_input(struct eo_numbers *n)
{
    int32_t slope = (n->input[255] - n->input[0]) * 65536 / 255;

    for (int32_t d = 0; d <= 512 && !n->input_is_linear; d++) {
        int32_t factor = slope + (d % 2 ? -(d + 1) / 2 : d / 2);

        n->input_is_linear = factor >= 0 && fit_line(n, factor);
    }
}

int eo_numbers_make(struct eo_numbers *n, const struct eo_model *m, struct eo_err *err)
{
    struct eo_s8_params p;

    memset(n, 0, sizeof(*n));
    if (eo_s8_params_init(&p, m, err))
        return -1;
    set_scales(n, m, &p);
    set_biases(n, m);
    n->activation_max = p.qmax;
    n->limit[0] = p.qmax - p.zero_point[EO_CONV2];
    n->limit[1] = p.qmax - p.zero_point[EO_CLASSIFIER];
    n->input_zero = p.zero_point[EO_CONV1];
    memcpy(n->input, p.input_table, sizeof(n->input));
    fit_input(n);
    for (int k = 0; k < EO_CLASSES; k++) {
        n->score_bias[k] = m->layer[EO_CLASSIFIER].bias.s32[k];
        n->score_multiplier[k] = p.classifier[k].multiplier;
        n->score_shift[k] = (uint8_t)p.classifier[k].shift;
    }
    n->score_scale = p.score_scale;
    return 0;
}

size_t eo_numbers_pack(const int8_t *weight, size_t rows, size_t length, uint32_t *to)
{
    size_t words = (length + 7) / 8;

    memset(to, 0, rows * words * sizeof(*to));
    for (size_t row = 0; row < rows; row++, to += words) {
        for (size_t i = 0; i < length; i++)
            to[i / 8] |= ((uint32_t)*weight++ & 15) << (8 * (i % 4) + (i % 8 < 4 ? 0 : 4));
    }
    return rows * words;
}

void eo_numbers_by_row(const int8_t *weight, const struct eo_shape *shape, int8_t *to)
{
    for (int n = 0; n < 7 * shape->c2; n++) { /* all rows of all channels */
        for (int k = 0; k < EO_CLASSES; k++, to += 7)
            memcpy(to, weight + 49 * shape->c2 * k + 7 * n, 7);
    }
}

void eo_numbers_by_pixel(const int8_t *weight, const struct eo_shape *shape, int8_t *to)
{
    for (int o = 0; o < shape->c2; o++) {
        for (int t = 0; t < 9; t++) {
            for (int i = 0; i < shape->c1; i++)
                *to++ = weight[(o * shape->c1 + i) * 9 + t];
        }
    }
}

static uint32_t pair_of(int low, int high)
{
    return (uint16_t)low | (uint32_t)high << 16;
}

void eo_numbers_first_pairs(const int8_t *weight, int c1, uint32_t *to)
{
    for (const int8_t *w = weight; w < weight + 9 * c1; w += 9) {
        for (int row = 0; row < 9; row += 3)
            *to++ = pair_of(w[row], w[row + 2]);
        *to++ = pair_of(w[1], w[4]);
        *to++ = pair_of(w[7], 0);
    }
}

int eo_numbers_pair_words(const struct eo_shape *shape)
{
    return (9 * ((shape->c1 + 1) / 2) + 1) / 2;
}

void eo_numbers_pairs(const int8_t *weight, const struct eo_shape *shape, uint32_t *to)
{
    int pairs = (shape->c1 + 1) / 2, words = eo_numbers_pair_words(shape);

    memset(to, 0, (size_t)(shape->c2 * words) * sizeof(*to));
    for (int o = 0; o < shape->c2; o++, to += words) {
        for (int i = 0; i < shape->c1; i++, weight += 9) {
            for (int t = 0; t < 9; t++) {
                int p = t * pairs + i / 2; /* which half of the word, and which byte of that half */

                to[p / 2] |= (uint32_t)(uint8_t)weight[t] << (16 * (i % 2) + 8 * (p % 2));
            }
        }
    }
}

/* (2 G) times a column of three, `step` apart. */
static void transform(const int *g, int step, int *to, int to_step)
{
    to[0] = 2 * g[0];
    to[to_step] = g[0] + g[step] + g[2 * step];
    to[2 * to_step] = g[0] - g[step] + g[2 * step];
    to[3 * to_step] = 2 * g[2 * step];
}

void eo_numbers_winograd(const int8_t *weight, const struct eo_shape *shape, int in_pairs, int16_t *to)
{
    int c1 = shape->c1, width = in_pairs ? c1 + c1 % 2 : c1;

    memset(to, 0, (size_t)(shape->c2 + (in_pairs ? shape->c2 % 2 : 0)) * 16 * (size_t)width * sizeof(*to));
    for (int k = 0; k < shape->c2 * c1; k++) {
        int16_t *at = to + (k / c1) * 16 * width + (in_pairs ? k % c1 : k % c1 * 16);
        int g[9], half[12], whole[16];

        for (int t = 0; t < 9; t++)
            g[t] = weight[9 * k + t];
        for (int c = 0; c < 3; c++)
            transform(g + c, 3, half + c, 3);
        for (int r = 0; r < 4; r++)
            transform(half + 3 * r, 1, whole + 4 * r, 1);
        for (int p = 0; p < 16; p++)
            at[in_pairs ? p * width : p] = (int16_t)whole[p];
    }
}
