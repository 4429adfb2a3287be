/*
 * The kernels of s8.h, written once over the vectors of simd_s8.h. The file that includes this has chosen the
 * instruction set (EO_SIMD_<SET>, EO_SET).
 */
#include "nn/kernels/s8.h"
#include "nn/kernels/simd_s8.h"

#define L4 (4 * S8_VL) /* bytes of a vector of activation words */
#define IN_COLS 14     /* column blocks of the batch input */
#define A1_SIDE 16     /* pool1 with its border */
#define LINE 32        /* bytes of a row of the single input */
#define CLASS_VECTORS ((EO_CLASSES + S8_VL - 1) / S8_VL)

EO_INLINE sv max_of_four(sv a, sv b, sv c, sv d)
{
    return sv_max(sv_max(a, b), sv_max(c, d));
}

/* ---- both paths ---------------------------------------------------------------------------------------------- */

static void quantise(const struct eo_s8_net *net, const uint8_t *pixels, int n, uint8_t *out)
{
    const struct eo_s8_line line = net->line;
    const uint8_t *table = net->params.input_table;

    if (!line.ok) {
        for (int i = 0; i < n; i++)
            out[i] = table[pixels[i]];
        return;
    }
    for (int i = 0; i < n; i++) {
        uint32_t q = (pixels[i] * line.slope + line.offset) >> 20;

        q = q < line.low ? line.low : q > line.high ? line.high : q;
        out[i] = (uint8_t)(q - EO_S8_LINE_BASE);
    }
}

static void write_scores(const struct eo_s8_net *net, const int32_t *acc, int stride, union eo_score *scores)
{
    for (int k = 0; k < EO_CLASSES; k++)
        scores[k].s32 = eo_requant_apply(net->params.classifier[k], acc[k * stride]);
}

/* ---- batch: lanes are images --------------------------------------------------------------------------------- */

static void batch_input(const struct eo_s8_net *net, const uint8_t *pixels, int n)
{
    quantise(net, pixels, n * EO_IMAGE_PIXELS, net->grey);
    for (int r = 0; r < EO_IMAGE_SIDE; r++) /* behind the border row */
        words_row(net->grey + r * EO_IMAGE_SIDE, net->params.zero_point[EO_CONV1],
                  net->batch_input + (r + 1) * IN_COLS * L4);
}

/* The scaled maximum of channel c of conv1 in one pooling window; rows are the window's four input rows. */
EO_INLINE sv batch_conv1_window(const struct eo_s8_conv *conv, int c, const sa rows[4])
{
    sv acc[4];

    EO_UNROLL(4)
    for (int p = 0; p < 4; p++) {
        acc[p] = sv_set1(conv->bias[c]);
        EO_UNROLL(3)
        for (int kh = 0; kh < 3; kh++)
            acc[p] = sv_dot(acc[p], rows[(p >> 1) + kh], sw_set1(conv->words, c * 6 + (p & 1) * 3 + kh));
    }
    return sv_scale1(max_of_four(acc[0], acc[1], acc[2], acc[3]), &conv->factor[c]);
}

static void batch_conv1(const struct eo_s8_net *net)
{
    const struct eo_s8_conv conv = net->conv1; /* a copy: stores of u8 could alias the original */
    int channels = net->shape.c1;

    for (int at = 0; at < 196; at++) {
        int y = at / 14, x = at % 14;
        const uint8_t *in = net->batch_input + (2 * y * IN_COLS + x) * L4;
        uint8_t *out = net->batch_pool1 + ((y + 1) * A1_SIDE + x + 1) * L4;
        sa rows[4] = {sa_load(in), sa_load(in + IN_COLS * L4), sa_load(in + 2 * IN_COLS * L4),
                      sa_load(in + 3 * IN_COLS * L4)};

        for (int g = 0; g < conv.groups; g++) {
            sv q[4];

            EO_UNROLL(4)
            for (int o = 0; o < 4; o++)
                q[o] = 4 * g + o < channels ? batch_conv1_window(&conv, 4 * g + o, rows) : sv_set1(0);
            sv_store_quads(out + g * A1_SIDE * A1_SIDE * L4, q[0], q[1], q[2], q[3], conv.limit, conv.next_zero_point);
        }
    }
}

/* Accumulators of S8_POS positions, beginning with position p, for n channels of group g. */
EO_INLINE void batch_conv2_positions(const struct eo_s8_net *net, const uint8_t *in, int g, int n, int p,
                                     sv acc[4][S8_POS])
{
    const char *words = (const char *)net->conv2.words;
    int groups = net->conv1.groups;

    EO_UNROLL(4)
    for (int o = 0; o < n; o++)
        EO_UNROLL(4)
        for (int i = 0; i < S8_POS; i++)
            acc[o][i] = sv_set1(net->conv2.bias[4 * g + o]);
    for (int k = 0; k < groups; k++, in += A1_SIDE * A1_SIDE * L4) {
        int word = (g * groups + k) * 36;

        EO_UNROLL(9)
        for (int t = 0; t < 9; t++) {
            sa a[S8_POS];

            EO_UNROLL(4)
            for (int i = 0; i < S8_POS; i++)
                a[i] = sa_load(in + ((t / 3 + ((p + i) >> 1)) * A1_SIDE + t % 3 + ((p + i) & 1)) * L4);
            EO_UNROLL(4)
            for (int o = 0; o < n; o++) {
                sw w = sw_set1(words, word + 4 * t + o);

                EO_UNROLL(4)
                for (int i = 0; i < S8_POS; i++)
                    acc[o][i] = sv_dot(acc[o][i], a[i], w);
            }
        }
    }
}

/* n channels of group g in one pooling window. */
EO_INLINE void batch_conv2_window(const struct eo_s8_net *net, const uint8_t *in, int g, int n, uint8_t *out)
{
    sv best[4], acc[4][S8_POS];

    EO_UNROLL(4)
    for (int p = 0; p < 4; p += S8_POS) {
        batch_conv2_positions(net, in, g, n, p, acc);
        EO_UNROLL(4)
        for (int o = 0; o < n; o++)
            EO_UNROLL(4)
            for (int i = 0; i < S8_POS; i++)
                best[o] = p + i ? sv_max(best[o], acc[o][i]) : acc[o][0];
    }
    EO_UNROLL(4)
    for (int o = 0; o < 4; o++)
        best[o] = o < n ? sv_scale1(best[o], &net->conv2.factor[4 * g + o]) : sv_set1(0);
    sv_store_quads(out, best[0], best[1], best[2], best[3], net->conv2.limit, net->conv2.next_zero_point);
}

static void batch_conv2(const struct eo_s8_net *net)
{
    int full = net->shape.c2 / 4, rest = net->shape.c2 % 4;

    for (int at = 0; at < EO_POOL2_PIXELS; at++) {
        const uint8_t *in = net->batch_pool1 + (2 * (at / 7) * A1_SIDE + 2 * (at % 7)) * L4;
        uint8_t *out = net->batch_pool2 + at * L4;

        for (int g = 0; g < full; g++)
            batch_conv2_window(net, in, g, 4, out + g * EO_POOL2_PIXELS * L4);
        out += full * EO_POOL2_PIXELS * L4;
        if (rest == 1)
            batch_conv2_window(net, in, full, 1, out);
        else if (rest == 2)
            batch_conv2_window(net, in, full, 2, out);
        else if (rest == 3)
            batch_conv2_window(net, in, full, 3, out);
    }
}

static void batch_linear(const struct eo_s8_net *net, int32_t *scores)
{
    int words = net->conv2.groups * EO_POOL2_PIXELS;
    sv acc[EO_CLASSES];

    EO_UNROLL(10)
    for (int k = 0; k < EO_CLASSES; k++)
        acc[k] = sv_set1(net->linear_bias[k]);
    for (int i = 0; i < words; i++) {
        sa a = sa_load(net->batch_pool2 + i * L4);

        EO_UNROLL(10)
        for (int k = 0; k < EO_CLASSES; k++)
            acc[k] = sv_dot(acc[k], a, sw_set1(net->linear_words, i * EO_CLASSES + k));
    }
    for (int k = 0; k < EO_CLASSES; k++)
        sv_store(scores + k * S8_VL, acc[k]);
}

static void run_batch(const struct eo_s8_net *net, const uint8_t *pixels, int n, union eo_score *scores)
{
    int32_t acc[EO_CLASSES * S8_VL];

    eo_mark(&net->marker, EO_CONV1);
    batch_input(net, pixels, n);
    batch_conv1(net);
    eo_mark(&net->marker, EO_CONV2);
    batch_conv2(net);
    eo_mark(&net->marker, EO_CLASSIFIER);
    batch_linear(net, acc);
    for (int i = 0; i < n; i++)
        write_scores(net, acc + i, S8_VL, scores + i * EO_CLASSES);
}

/* ---- single: lanes are output channels ----------------------------------------------------------------------- */

static void single_input(const struct eo_s8_net *net, const uint8_t *pixels)
{
    quantise(net, pixels, EO_IMAGE_PIXELS, net->grey);
    for (int r = 0; r < EO_IMAGE_SIDE; r++)
        memcpy(net->input + (r + 1) * LINE + 1, net->grey + r * EO_IMAGE_SIDE, EO_IMAGE_SIDE);
}

/* Where vector v of channels begins in planes of `pixels` pixels of 16 channels. */
EO_INLINE int plane_offset(int v, int pixels)
{
    return v * S8_VL / 16 * pixels * 16 + v * S8_VL % 16;
}

/* Requantises vector v of channels and stores its u8. */
EO_INLINE void single_store(const struct eo_s8_conv *conv, int v, sv acc, uint8_t *out)
{
    sv_store_u8(out, sv_scale(acc, conv->lane_factors + v * 3 * S8_VL), conv->limit, conv->next_zero_point);
}

static void single_conv1(const struct eo_s8_net *net)
{
    const struct eo_s8_conv conv = net->conv1;

    for (int v = 0; v < conv.vectors; v++) {
        uint8_t *plane = net->pool1 + plane_offset(v, A1_SIDE * A1_SIDE);
        sv bias = sv_load(conv.bias + v * S8_VL);
        sw w[6];

        for (int i = 0; i < 6; i++)
            w[i] = sw_load(conv.word_vectors, v * 6 + i);
        for (int at = 0; at < 196; at++) {
            int y = at / 14, x = at % 14;
            sv acc[4] = {bias, bias, bias, bias};

            EO_UNROLL(4)
            for (int r = 0; r < 4; r++) {
                sa a = sa_set1(net->input + (2 * y + r) * LINE + 2 * x);

                EO_UNROLL(4)
                for (int p = 0; p < 4; p++) {
                    int kh = r - (p >> 1);

                    if (kh >= 0 && kh < 3)
                        acc[p] = sv_dot(acc[p], a, w[(p & 1) * 3 + kh]);
                }
            }
            single_store(&conv, v, max_of_four(acc[0], acc[1], acc[2], acc[3]),
                         plane + ((y + 1) * A1_SIDE + x + 1) * 16);
        }
    }
}

/* `windows` neighbouring pooling windows of conv2, `units` vectors of channels from v on. */
EO_INLINE void single_conv2_windows(const struct eo_s8_net *net, const uint8_t *in, int v, int windows, int units,
                                    int pixel)
{
    int groups = net->conv1.groups;
    sv acc[4][4][2];

    EO_UNROLL(4)
    for (int b = 0; b < windows; b++)
        EO_UNROLL(4)
        for (int p = 0; p < 4; p++)
            EO_UNROLL(2)
            for (int u = 0; u < units; u++)
                acc[b][p][u] = sv_load(net->conv2.bias + (v + u) * S8_VL);
    for (int g = 0; g < groups; g++) {
        const uint8_t *x = in + g / 4 * A1_SIDE * A1_SIDE * 16 + g % 4 * 4;

        S8_UNROLL_TAPS
        for (int t = 0; t < 9; t++) {
            sw w[2];

            EO_UNROLL(2)
            for (int u = 0; u < units; u++)
                w[u] = sw_load(net->conv2.word_vectors, ((v + u) * groups + g) * 9 + t);
            EO_UNROLL(4)
            for (int b = 0; b < windows; b++)
                EO_UNROLL(4)
                for (int p = 0; p < 4; p++) {
                    sa a = sa_set1(x + ((t / 3 + (p >> 1)) * A1_SIDE + t % 3 + 2 * b + (p & 1)) * 16);

                    EO_UNROLL(2)
                    for (int u = 0; u < units; u++)
                        acc[b][p][u] = sv_dot(acc[b][p][u], a, w[u]);
                }
        }
    }
    EO_UNROLL(4)
    for (int b = 0; b < windows; b++)
        EO_UNROLL(2)
        for (int u = 0; u < units; u++)
            single_store(&net->conv2, v + u, max_of_four(acc[b][0][u], acc[b][1][u], acc[b][2][u], acc[b][3][u]),
                         net->pool2 + plane_offset(v + u, EO_POOL2_PIXELS) + (pixel + b) * 16);
}

/* Row y of seven pooling windows, `units` vectors of channels; `windows` at a time. */
EO_INLINE void single_conv2_row(const struct eo_s8_net *net, int y, int v, int windows, int units)
{
    const uint8_t *in = net->pool1 + 2 * y * A1_SIDE * 16;
    int x = 0;

    for (; x + windows <= 7; x += windows)
        single_conv2_windows(net, in + 2 * x * 16, v, windows, units, 7 * y + x);
    if (x < 7) /* windows is 1, 2 or 4 */
        single_conv2_windows(net, in + 2 * x * 16, v, 7 % windows, units, 7 * y + x);
}

static void single_conv2(const struct eo_s8_net *net)
{
    int vectors = net->conv2.vectors, v = 0;

    for (; v + S8_UNITS <= vectors; v += S8_UNITS)
        for (int y = 0; y < 7; y++)
            single_conv2_row(net, y, v, S8_WINDOWS / S8_UNITS, S8_UNITS);
    for (int y = 0; v < vectors && y < 7; y++)
        single_conv2_row(net, y, v, S8_WINDOWS, 1);
}

/* Adds group g of pixel px to the classes' accumulators. */
EO_INLINE void single_linear_word(const struct eo_s8_net *net, int g, int px, sv acc[CLASS_VECTORS])
{
    sa a = sa_set1(net->pool2 + (g / 4 * EO_POOL2_PIXELS + px) * 16 + g % 4 * 4);

    EO_UNROLL(3)
    for (int v = 0; v < CLASS_VECTORS; v++)
        acc[v] = sv_dot(acc[v], a, sw_load(net->linear_vectors, (g * EO_POOL2_PIXELS + px) * CLASS_VECTORS + v));
}

static void single_linear(const struct eo_s8_net *net, int32_t acc_out[CLASS_VECTORS * S8_VL])
{
    int groups = net->conv2.groups;
    sv acc[4][CLASS_VECTORS]; /* four chains hide the latency */

    EO_UNROLL(4)
    for (int j = 0; j < 4; j++)
        EO_UNROLL(3)
        for (int v = 0; v < CLASS_VECTORS; v++)
            acc[j][v] = j ? sv_set1(0) : sv_load(net->linear_bias + v * S8_VL);
    for (int g = 0; g < groups; g++) {
        for (int px = 0; px < EO_POOL2_PIXELS - 1; px += 4)
            EO_UNROLL(4)
            for (int j = 0; j < 4; j++)
                single_linear_word(net, g, px + j, acc[j]);
        single_linear_word(net, g, EO_POOL2_PIXELS - 1, acc[0]);
    }
    EO_UNROLL(3)
    for (int v = 0; v < CLASS_VECTORS; v++)
        sv_store(acc_out + v * S8_VL, sv_add(sv_add(acc[0][v], acc[1][v]), sv_add(acc[2][v], acc[3][v])));
}

static void run_single(const struct eo_s8_net *net, const uint8_t *pixels, union eo_score *scores)
{
    int32_t acc[CLASS_VECTORS * S8_VL];

    eo_mark(&net->marker, EO_CONV1);
    single_input(net, pixels);
    single_conv1(net);
    eo_mark(&net->marker, EO_CONV2);
    single_conv2(net);
    eo_mark(&net->marker, EO_CLASSIFIER);
    single_linear(net, acc);
    write_scores(net, acc, 1, scores);
}

/* ---- for tests ----------------------------------------------------------------------------------------------- */

static void requantise(const int32_t *acc, const struct eo_s8_factor *factor, int limit, int zero, uint8_t *quads,
                       uint8_t *rows)
{
    int64_t lanes[3 * S8_VL];
    sv y[4];

    for (int c = 0; c < 4; c++)
        y[c] = sv_scale1(sv_load(acc + c * S8_VL), &factor[c]);
    sv_store_quads(quads, y[0], y[1], y[2], y[3], limit, zero);
    eo_s8_lane_factors(factor, S8_VL, lanes);
    for (int c = 0; c < 4; c++)
        sv_store_u8(rows + c * S8_VL, sv_scale(sv_load(acc + c * S8_VL), lanes), limit, zero);
}

const struct eo_s8_kernels *EO_OF_SET(eo_s8_kernels)(void)
{
    static const struct eo_s8_kernels kernels = {S8_VL, S8_WORDS, S8_SINGLE_MAX, run_batch, run_single, requantise};

    return &kernels;
}
