/*
 * One input of any network: lanes are channels, so that no lane is idle for want of a second input. Included by
 * general_body.h alone, whose bits it has.
 *
 * Every tensor is [H][W][S] floats, where S is its number of channels rounded up to whole vectors; what the lanes
 * beyond the channels hold is never read into one of the others. The network's input stays [C][H][W] where all that
 * reads it broadcasts (eo_network_multiplies_input()). A convolution broadcasts an input and multiplies it by a tap's
 * weights for up to 4 vectors of outputs. A tile is some positions that have the same taps inside the input:
 * neighbouring columns or, at the left and the right edge, neighbouring rows.
 */
#if EO_REGS >= 32
#define GENERAL_SINGLE_VECTORS 4
#define GENERAL_SINGLE_SUMS 24
#elif EO_REGS >= 16
#define GENERAL_SINGLE_VECTORS 2
#define GENERAL_SINGLE_SUMS 12
#else
#define GENERAL_SINGLE_VECTORS 1
#define GENERAL_SINGLE_SUMS 1
#endif
#define GENERAL_SINGLE_MOST 12 /* positions of a tile */

/* Packed weights larger than this are not worth a second copy. */
#define GENERAL_SINGLE_FLOATS ((size_t)16 << 20)

struct general_single {
    float *memory, *work;
    const float *weight[EO_NETWORK_LAYERS], *bias[EO_NETWORK_LAYERS];
    size_t out[EO_NETWORK_LAYERS],
        map[EO_NETWORK_LAYERS]; /* where in `work`, in floats; the input lies at 0 */
    int is_planar;              /* the input is [C][H][W] */
    size_t work_floats;
};

static size_t general_single_channels(int c)
{
    return eo_size_round_up((size_t)c, EO_VL);
}

/* What a layer broadcasts, and how many floats lie from a pixel and from a channel of it to the next. */
struct general_single_input {
    const float *x;
    ptrdiff_t pixel, channel;
};

/* How many vectors of outputs the next block has, of those that are left: 4, 2 or 1. */
static int general_single_vectors(size_t left)
{
    int n = GENERAL_SINGLE_VECTORS;

    while ((size_t)n > left)
        n /= 2;
    return n;
}

/* ---- convolution --------------------------------------------------------------------------------------------- */

/* Positions in a row of some kind: in floats, the distance of two pixels of the input, the pixel at tap (0, 0) of the
 * first position, and the distance to that of the next. */
struct general_single_run {
    const struct eo_network_layer *l;
    struct general_single_input in;
    ptrdiff_t at, step;
    int kh0, kh1, kw0, kw1; /* taps inside */
    float *y;
    size_t y_step;
};

/*
 * `n` positions of a run from `first` on, `nv` vectors of outputs. `width` as for general_tile(): 3 where it is the
 * kernel's and all its taps are inside, 1 for a 1x1 kernel, else 0. `apart` and `step`: what r->in.pixel and r->step
 * are, where the compiler is to know them; else 0.
 */
EO_INLINE void general_single_tile(const int nv, const int n, const int width, const int apart, const int step,
                                   const struct general_single_run *r, int first, const float *w,
                                   const float *b)
{
    const struct eo_network_layer *l = r->l;
    const int kernel_h = width == 1 ? 1 : l->kernel.h, kernel_w = width ? width : l->kernel.w;
    const int kh0 = width == 1 ? 0 : r->kh0, kh1 = width == 1 ? 1 : r->kh1;
    const int kw0 = width ? 0 : r->kw0, kw1 = width ? width : r->kw1;
    const ptrdiff_t pixel = apart ? apart : r->in.pixel, next = step ? step : r->step, row = l->in.w * pixel;
    const ptrdiff_t from = r->at + first * next; /* may lie outside; no tap that is taken does */
    vf acc[GENERAL_SINGLE_VECTORS][GENERAL_SINGLE_MOST];

    EO_UNROLL(4)
    for (int v = 0; v < nv; v++) {
        EO_UNROLL(12)
        for (int p = 0; p < n; p++)
            acc[v][p] = vf_load(b + v * EO_VL);
    }
    for (int i = 0; i < l->in.c; i++) {
        for (int kh = kh0; kh < kh1; kh++) {
            const float *x = r->in.x + (from + kh * row + kw0 * pixel + i * r->in.channel);
            const float *taps = w + (size_t)((i * kernel_h + kh) * kernel_w + kw0) * (size_t)(nv * EO_VL);

            for (int kw = kw0; kw < kw1; kw++, x += pixel, taps += nv * EO_VL) {
                vf tap[GENERAL_SINGLE_VECTORS];

                EO_UNROLL(4)
                for (int v = 0; v < nv; v++)
                    tap[v] = vf_load(taps + v * EO_VL);
                EO_UNROLL(12)
                for (int p = 0; p < n; p++) {
                    vf value = vf_set1(x[p * next]);

                    EO_UNROLL(4)
                    for (int v = 0; v < nv; v++)
                        acc[v][p] = vf_fma(value, tap[v], acc[v][p]);
                }
            }
        }
    }
    EO_UNROLL(12)
    for (int p = 0; p < n; p++) {
        EO_UNROLL(4)
        for (int v = 0; v < nv; v++)
            vf_store(r->y + (size_t)(first + p) * r->y_step + v * EO_VL, acc[v][p]);
    }
}

/* `count` positions in tiles. If more than half a tile is left, the last tile takes some positions once more: that is
 * faster than small tiles, which have too few sums to hide the latency of a multiply-add. */
EO_INLINE void general_single_tiles(const int nv, const int width, const int apart, const int step,
                                    const struct general_single_run *r, int count, const float *w, const float *b)
{
    const int most =
        GENERAL_SINGLE_SUMS / nv < GENERAL_SINGLE_MOST ? GENERAL_SINGLE_SUMS / nv : GENERAL_SINGLE_MOST;
    int p = 0;

    for (; p + most <= count; p += most)
        general_single_tile(nv, most, width, apart, step, r, p, w, b);
    if (p > 0 && 2 * (count - p) > most) {
        general_single_tile(nv, most, width, apart, step, r, count - most, w, b);
        return;
    }
    for (; most > 3 && p + 3 <= count; p += 3)
        general_single_tile(nv, most > 3 ? 3 : 1, width, apart, step, r, p, w, b);
    for (; p < count; p++)
        general_single_tile(nv, 1, width, apart, step, r, p, w, b);
}

/* Chooses a copy of the loops in which the kernel's width is a constant and, with one vector of outputs, the distances
 * of the inputs: the 12 addresses of such a tile would fill the registers. Conditions on nv keep out copies that no
 * call takes. */
EO_INLINE void general_single_known(const int nv, const struct general_single_run *r, int count, const float *w,
                                    const float *b)
{
    const int is_whole = r->l->kernel.w == 3 && r->kw0 == 0 && r->kw1 == 3, one = nv == 1;

    if (!one && is_whole)
        general_single_tiles(nv, 3 * !one, 0, 0, r, count, w, b);
    else if (one && is_whole && r->in.pixel == EO_VL && r->step == EO_VL)
        general_single_tiles(nv, 3 * one, EO_VL * one, EO_VL * one, r, count, w, b);
    else if (one && is_whole && r->in.pixel == 1 && r->step == 1)
        general_single_tiles(nv, 3 * one, one, one, r, count, w, b);
    else if (one && is_whole && r->in.pixel == 1 && r->step == 2)
        general_single_tiles(nv, 3 * one, one, 2 * one, r, count, w, b);
    else if (r->l->kernel.h == 1 && r->l->kernel.w == 1)
        general_single_tiles(nv, 1, 0, 0, r, count, w, b);
    else
        general_single_tiles(nv, 0, 0, 0, r, count, w, b);
}

EO_APART void general_single_1(const struct general_single_run *r, int count, const float *w, const float *b)
{
    general_single_known(1, r, count, w, b);
}

EO_APART void general_single_2(const struct general_single_run *r, int count, const float *w, const float *b)
{
    general_single_known(GENERAL_SINGLE_VECTORS > 1 ? 2 : 1, r, count, w, b);
}

EO_APART void general_single_4(const struct general_single_run *r, int count, const float *w, const float *b)
{
    general_single_known(GENERAL_SINGLE_VECTORS > 2 ? 4 : 1, r, count, w, b);
}

/* From position (row, col) on `count` positions, downwards or to the right. */
EO_INLINE void general_single_positions(const int nv, const struct eo_network_layer *l,
                                        struct general_single_input in, int row, int col, int is_down, int count,
                                        const float *w, const float *b, float *y)
{
    int top = row * l->stride.h - l->pad.top, left = col * l->stride.w - l->pad.left;
    size_t out = general_single_channels(l->map.c);
    const struct general_single_run r = {.l = l,
                                         .in = in,
                                         .at = (top * l->in.w + left) * in.pixel,
                                         .step = (is_down ? l->stride.h * l->in.w : l->stride.w) * in.pixel,
                                         .kh0 = top < 0 ? -top : 0,
                                         .kh1 = l->in.h - top < l->kernel.h ? l->in.h - top : l->kernel.h,
                                         .kw0 = left < 0 ? -left : 0,
                                         .kw1 = l->in.w - left < l->kernel.w ? l->in.w - left : l->kernel.w,
                                         .y = y + (size_t)(row * l->map.w + col) * out,
                                         .y_step = is_down ? (size_t)l->map.w * out : out};

    if (nv == 4)
        general_single_4(&r, count, w, b);
    else if (nv == 2)
        general_single_2(&r, count, w, b);
    else
        general_single_1(&r, count, w, b);
}

/* The map's columns whose taps are all inside by rows, the others by columns, where the rows are inside. */
EO_INLINE void general_single_block(const int nv, const struct eo_network_layer *l,
                                    struct general_single_input in, const float *w, const float *b, float *y)
{
    int left, right, top, bottom;

    eo_inner_range(l->in.w, l->map.w, l->kernel.w, l->stride.w, l->pad.left, &left, &right);
    eo_inner_range(l->in.h, l->map.h, l->kernel.h, l->stride.h, l->pad.top, &top, &bottom);
    for (int row = 0; row < l->map.h; row++)
        general_single_positions(nv, l, in, row, left, 0, right - left, w, b, y);
    for (int col = 0; col < l->map.w; col++) {
        if (col >= left && col < right)
            continue;
        general_single_positions(nv, l, in, top, col, 1, bottom - top, w, b, y);
        for (int row = 0; row < l->map.h; row++) {
            if (row < top || row >= bottom)
                general_single_positions(nv, l, in, row, col, 1, 1, w, b, y);
        }
    }
}

static void general_single_conv(const struct eo_network_layer *layer, struct general_single_input in,
                                const float *w, const float *b, float *y)
{
    const struct eo_network_layer l = general_flattened(layer);
    size_t vectors = general_single_channels(l.map.c) / EO_VL, terms = eo_network_terms(&l);

    for (size_t v = 0; v < vectors;) {
        int nv = general_single_vectors(vectors - v);
        const float *from = w + v * EO_VL * terms;

        if (GENERAL_SINGLE_VECTORS > 2 && nv == 4)
            general_single_block(GENERAL_SINGLE_VECTORS > 2 ? 4 : 1, &l, in, from, b + v * EO_VL, y + v * EO_VL);
        else if (GENERAL_SINGLE_VECTORS > 1 && nv == 2)
            general_single_block(GENERAL_SINGLE_VECTORS > 1 ? 2 : 1, &l, in, from, b + v * EO_VL, y + v * EO_VL);
        else
            general_single_block(1, &l, in, from, b + v * EO_VL, y + v * EO_VL);
        v += (size_t)nv;
    }
}

/* ---- depthwise and linear ------------------------------------------------------------------------------------ */

/* All channels at one position of the map. */
static void general_single_depthwise_at(const struct eo_network_layer *l, int row, int col, const float *x,
                                        const float *w, const float *b, float *y)
{
    int top = row * l->stride.h - l->pad.top, left = col * l->stride.w - l->pad.left;
    int kh0 = top < 0 ? -top : 0, kh1 = l->in.h - top < l->kernel.h ? l->in.h - top : l->kernel.h;
    int kw0 = left < 0 ? -left : 0, kw1 = l->in.w - left < l->kernel.w ? l->in.w - left : l->kernel.w;
    size_t channels = general_single_channels(l->map.c);

    for (size_t c = 0; c < channels; c += EO_VL) {
        vf acc = vf_load(b + c);

        for (int kh = kh0; kh < kh1; kh++) {
            for (int kw = kw0; kw < kw1; kw++)
                acc = vf_fma(vf_load(x + (size_t)((top + kh) * l->in.w + left + kw) * channels + c),
                             vf_load(w + (size_t)(kh * l->kernel.w + kw) * channels + c), acc);
        }
        vf_store(y + c, acc);
    }
}

static void general_single_depthwise(const struct eo_network_layer *l, const float *x, const float *w,
                                     const float *b, float *y)
{
    size_t channels = general_single_channels(l->map.c);

    if (general_depthwise3_fits(l)) {
        for (size_t c = 0; c < channels; c += EO_VL) {
            vf taps[9];

            for (size_t t = 0; t < 9; t++)
                taps[t] = vf_load(w + t * channels + c);
            general_depthwise3(l, x + c, channels, taps, vf_load(b + c), y + c);
        }
        return;
    }
    for (int row = 0; row < l->map.h; row++) {
        for (int col = 0; col < l->map.w; col++, y += channels)
            general_single_depthwise_at(l, row, col, x, w, b, y);
    }
}

/* `nv` vectors of outputs; the weights of a term lie `outputs` apart. */
EO_INLINE void general_single_linear_tile(const int nv, const struct eo_network_layer *l, size_t outputs,
                                          struct general_single_input in, const float *w, const float *b, float *y)
{
    size_t pixels = (size_t)l->in.h * (size_t)l->in.w;
    vf acc[GENERAL_SINGLE_VECTORS], part[GENERAL_SINGLE_VECTORS];

    EO_UNROLL(4)
    for (int v = 0; v < nv; v++)
        acc[v] = vf_load(b + v * EO_VL);
    for (int c = 0; c < l->in.c; c++) {
        const float *x = in.x + c * in.channel;

        EO_UNROLL(4)
        for (int v = 0; v < nv; v++)
            part[v] = vf_set1(0);
        for (size_t p = 0; p < pixels; p++, w += outputs, x += in.pixel) {
            vf value = vf_set1(*x);

            EO_UNROLL(4)
            for (int v = 0; v < nv; v++)
                part[v] = vf_fma(value, vf_load(w + v * EO_VL), part[v]);
        }
        EO_UNROLL(4)
        for (int v = 0; v < nv; v++)
            acc[v] = vf_add(acc[v], part[v]);
    }
    EO_UNROLL(4)
    for (int v = 0; v < nv; v++)
        vf_store(y + v * EO_VL, acc[v]);
}

static void general_single_linear(const struct eo_network_layer *l, struct general_single_input in, const float *w,
                                  const float *b, float *y)
{
    size_t outputs = general_single_channels(l->map.c), o = 0;

    for (; o + GENERAL_SINGLE_VECTORS * EO_VL <= outputs; o += GENERAL_SINGLE_VECTORS * EO_VL)
        general_single_linear_tile(GENERAL_SINGLE_VECTORS, l, outputs, in, w + o, b + o, y + o);
    for (; o < outputs; o += EO_VL)
        general_single_linear_tile(1, l, outputs, in, w + o, b + o, y + o);
}

/* ---- a network ----------------------------------------------------------------------------------------------- */

static void general_single_pool(const struct eo_network_layer *l, int half, const float *x, float *y)
{
    struct eo_hw window = l->pooling == EO_MEAN ? (struct eo_hw){l->map.h, l->map.w} : l->window;
    struct eo_hw step = l->pooling == EO_MEAN ? (struct eo_hw){1, 1} : l->step;
    size_t channels = general_single_channels(l->out.c);

    for (int r = 0; r < l->out.h; r++) {
        for (int c = 0; c < l->out.w; c++, y += channels) {
            const float *at = x + (size_t)(r * step.h * l->map.w + c * step.w) * channels;

            for (size_t v = 0; v < channels; v += EO_VL)
                general_put(half, y + v,
                            l->pooling == EO_MAX_POOL ? general_max(l, at + v, channels)
                                                      : general_average(l, window, at + v, channels));
        }
    }
}

static void general_single_load(const struct general *g, const uint8_t *pixels)
{
    size_t plane = (size_t)g->network.input.h * (size_t)g->network.input.w;
    int is_planar = g->single->is_planar;
    size_t pixel = is_planar ? 1 : general_single_channels(g->network.input.c);

    for (int c = 0; c < g->network.input.c; c++, pixels += plane) {
        const float *table = g->input[g->tables > 1 ? c : 0];
        float *to = g->single->work + (size_t)c * (is_planar ? plane : 1);
        size_t p = 0;

        for (; !g->by_table && is_planar && p + EO_VL <= plane; p += EO_VL)
            general_put(g->half, to + p, vf_standard_input(pixels + p));
        for (; p < plane; p++)
            to[p * pixel] = table[pixels[p]];
    }
}

static const float *general_single_source(const struct general_single *s, int layer)
{
    return layer == EO_NETWORK_NONE ? NULL : layer == EO_NETWORK_INPUT ? s->work : s->work + s->out[layer];
}

static struct general_single_input general_single_input_of(const struct general_single *s,
                                                           const struct eo_network_layer *l)
{
    const float *x = general_single_source(s, l->from);

    return l->from == EO_NETWORK_INPUT && s->is_planar
               ? (struct general_single_input){x, 1, l->in.h * l->in.w}
               : (struct general_single_input){x, (ptrdiff_t)general_single_channels(l->in.c), 1};
}

static void general_single_layer(const struct general *g, int i)
{
    const struct general_single *s = g->single;
    const struct eo_network_layer *l = &g->network.layer[i];
    const struct general_single_input in = general_single_input_of(s, l);
    float *map = s->work + s->map[i];
    int half = g->half && i + 1 < g->network.count;
    size_t floats = (size_t)(l->map.h * l->map.w) * general_single_channels(l->map.c);

    if (l->operation == EO_CONV)
        general_single_conv(l, in, s->weight[i], s->bias[i], map);
    else if (l->operation == EO_DEPTHWISE)
        general_single_depthwise(l, in.x, s->weight[i], s->bias[i], map);
    else
        general_single_linear(l, in, s->weight[i], s->bias[i], map);
    general_tail(l, half, general_single_source(s, l->add), map, floats);
    if (l->pooling)
        general_single_pool(l, half, map, s->work + s->out[i]);
}

static void general_single_run(const struct general *g, const uint8_t *pixels, union eo_score *scores)
{
    const float *logits;

    for (int i = 0; i < g->network.count; i++) {
        eo_mark(&g->marker, i);
        if (i == 0)
            general_single_load(g, pixels);
        general_single_layer(g, i);
    }
    logits = general_single_source(g->single, g->network.count - 1);
    for (int k = 0; k < eo_network_classes(&g->network); k++)
        scores[k].f32 = logits[k];
}

/* Outputs first .. first + count - 1, as [terms][count]; those beyond the last are 0. */
static void general_single_pack(const struct general *g, const struct eo_network_layer *l, const void *from,
                                size_t first, size_t count, float *to)
{
    size_t terms = eo_network_terms(l);

    for (size_t t = 0; t < terms; t++) {
        for (size_t o = first; o < first + count; o++)
            *to++ = o < (size_t)l->map.c ? general_weight(g, from, o * terms + t) : 0;
    }
}

/* Of a convolution by blocks of outputs, else all outputs together. */
static void general_single_pack_layer(const struct general *g, const struct eo_network_layer *l,
                                      const void *from, float *to)
{
    size_t outputs = general_single_channels(l->map.c), count = outputs;

    for (size_t o = 0; o < outputs; o += count) {
        if (l->operation == EO_CONV)
            count = EO_VL * (size_t)general_single_vectors((outputs - o) / EO_VL);
        general_single_pack(g, l, from, o, count, to);
        to += count * eo_network_terms(l);
    }
}

static size_t general_single_weight_floats(const struct eo_network *net)
{
    size_t floats = 0;

    for (int i = 0; i < net->count; i++)
        floats += general_single_channels(net->layer[i].map.c) * (eo_network_terms(&net->layer[i]) + 1);
    return floats;
}

static int general_single_prepare_weights(struct general *g, const struct eo_model *m, struct eo_err *err)
{
    struct general_single *s = g->single;
    float *at = s->memory = eo_alloc(general_single_weight_floats(&g->network), sizeof(float), err);

    if (!at)
        return -1;
    for (int i = 0; i < g->network.count; i++) {
        const struct eo_network_layer *l = &g->network.layer[i];

        s->weight[i] = at;
        general_single_pack_layer(g, l, m->layer[i].weight.f32, at);
        at += general_single_channels(l->map.c) * eo_network_terms(l);
        s->bias[i] = at;
        for (int o = 0; o < l->map.c; o++)
            at[o] = general_weight(g, m->layer[i].bias.f32, (size_t)o);
        at += general_single_channels(l->map.c);
    }
    return 0;
}

/* Places as for a network that has whole vectors of channels, and whose input is one run of whole vectors. */
static int general_single_prepare_work(struct general_single *s, const struct eo_network *net,
                                       struct eo_err *err)
{
    struct eo_network_places places;
    struct eo_network whole = *net;
    int pixel;

    s->is_planar = eo_network_multiplies_input(net);
    pixel = s->is_planar ? net->input.c : (int)general_single_channels(net->input.c);
    whole.input = (struct eo_dims){1, 1, (int)general_single_channels(net->input.h * net->input.w * pixel)};
    for (int i = 0; i < net->count; i++)
        whole.layer[i].map.c = whole.layer[i].out.c = (int)general_single_channels(net->layer[i].map.c);
    eo_network_place(&whole, &places);
    memcpy(s->out, places.out, sizeof(s->out));
    memcpy(s->map, places.map, sizeof(s->map));
    s->work_floats = places.elements;
    s->work = eo_alloc(s->work_floats, sizeof(float), err);
    return s->work ? 0 : -1;
}

static void general_single_release(struct general_single *s)
{
    if (!s)
        return;
    free(s->memory);
    free(s->work);
    free(s);
}

/* Sets g->single unless the packed weights would be too large. */
static int general_single_prepare(struct general *g, const struct eo_model *m, struct eo_err *err)
{
    if (general_single_weight_floats(&g->network) > GENERAL_SINGLE_FLOATS)
        return 0;
    g->single = eo_alloc(1, sizeof(*g->single), err);
    if (!g->single)
        return -1;
    return general_single_prepare_weights(g, m, err) ||
                   general_single_prepare_work(g->single, &g->network, err)
               ? -1
               : 0;
}
