//@use begin.c

//@if half
typedef uint16_t net_value; /* of a map and of the tables: 16 bits of a floating-point number */
//@else
typedef float net_value; /* of a map and of the tables, */
//@end
typedef float net_term;  /* as sums take them, */
typedef float net_total; /* and of a sum */

//@use network_layer.c
/* ---- constants ---- */

//@put tables
/* ---- state ---- */

struct net_state {
    float sum[2][NET_CHANNELS]; /* of the channels of two pixels */
    float patch[2][NET_TERMS];  /* the inputs of a sum */
//@if pooled
    float pool[NET_CHANNELS], row[NET_CHANNELS]; /* of a window, and of a row of it */
//@end
//@if depthwise
    net_value border[NET_BORDER];
//@end
    net_value arena[NET_ARENA];
};

typedef char net_state_check[sizeof(struct net_state) == (NET_STATE_BYTES + 3) / 4 * 4 ? 1 : -1];

/* ---- arithmetic ---- */

//@use float_math.c
/* A grey value as the first layer takes it. */
//@if tables
static net_value net_input(uint8_t grey, int channel)
//@else
static net_value net_input(uint8_t grey)
//@end
{
//@put input
}

//@if depthwise
static void net_zero(int n, net_value *to)
{
    for (; n > 0; n--) {
        *to++ = 0;
        NET_LOOP;
    }
}

//@end
/* ---- sums ---- */

/* The inputs of the sums of a pixel of the map, in the order channel, row, column: where they lie, or a copy. */
static const float *net_patch(const struct net_state *s, const struct net_layer *l, int row, int col, float *to)
{
    const int top = row * l->stride_h - l->pad_top, left = col * l->stride_w - l->pad_left, channels = l->in_c;
    const int taps = l->kernel_h * l->kernel_w;
    const net_value *in = s->arena + l->in;
    float *at = to;

//@if half
//@else
    if (taps == 1 && top >= 0 && top < l->in_h && left >= 0 && left < l->in_w)
        return in + (top * l->in_w + left) * channels;
//@end
    for (int y = top; y < top + l->kernel_h; y++) {
        for (int x = left; x < left + l->kernel_w; x++, at++) {
            const int is_inside = y >= 0 && y < l->in_h && x >= 0 && x < l->in_w;
            const net_value *from = in + (is_inside ? (y * l->in_w + x) * channels : 0);

            for (int n = 0; n < channels; n++) {
                at[n * taps] = is_inside ? net_widen(from[n]) : 0;
                NET_LOOP;
            }
        }
    }
    return to;
}

#define NET_MAC(sum, x, w) ((sum) = NET_FMA(x, w, sum))

/* All channels of two pixels, two channels at a time; an odd last one twice. */
static NET_APART void net_dot(const float *p, const float *q, const net_value *w, int terms, const net_value *bias,
                              int count, float *sum)
{
    for (; count > 0; count -= 2, bias += 2, sum += 2, w += terms) {
        const int next = count > 1;
        const net_value *const v = w + (next ? terms : 0);
        float a = net_widen(bias[0]), b = net_widen(bias[next]), c = a, d = b;

        for (int i = 0; i < terms; i++) {
            const float x = p[i], y = q[i], w0 = net_widen(w[i]), w1 = net_widen(v[i]);

            NET_MAC(a, x, w0);
            NET_MAC(b, x, w1);
            NET_MAC(c, y, w0);
            NET_MAC(d, y, w1);
        }
        w += terms;
        sum[0] = a;
        sum[1] = b;
        sum[NET_CHANNELS] = c;
        sum[NET_CHANNELS + 1] = d;
    }
}

static void net_dots(struct net_state *s, const struct net_layer *l, const float *first, const float *second)
{
    net_dot(first, second, net_weight + l->weight, l->terms, net_bias + l->channel, l->out_c, s->sum[0]);
}

/* Of each channel of the input a part of its own, and then their sum. */
static void net_linear(const struct net_state *s, const struct net_layer *l, float *sum)
{
    const net_value *w = net_weight + l->weight;
    const int pixels = l->in_h * l->in_w;

    for (int n = 0; n < l->out_c; n++) {
        float total = net_widen(net_bias[l->channel + n]);

        for (int c = 0; c < l->in_c; c++) {
            const net_value *x = s->arena + l->in + c;
            float part = 0;

            for (int i = 0; i < pixels; i++, x += l->in_c)
                NET_MAC(part, net_widen(*x), net_widen(*w++));
            total = net_round(total + part);
        }
        sum[n] = total;
    }
}

//@if depthwise
/* All channels of one pixel, four at a time. Weights lie tap by tap. */
static void net_depthwise(const struct net_state *s, const struct net_layer *l, int row, int col, float *sum)
{
    const net_value *tap[NET_TAPS];
    const net_value *const w = net_weight + l->weight, *const bias = net_bias + l->channel;
    const int taps = l->kernel_h * l->kernel_w, count = l->out_c;
    int n = 0;

    net_taps(l, s->arena + l->in, s->border, row, col, tap);
    for (; n + 4 <= count; n += 4) {
        const net_value *v = w + n;
        float a = net_widen(bias[n]), b = net_widen(bias[n + 1]);
        float c = net_widen(bias[n + 2]), d = net_widen(bias[n + 3]);

        for (int t = 0; t < taps; t++, v += count) {
            const net_value *const x = tap[t] + n;

            NET_MAC(a, net_widen(x[0]), net_widen(v[0]));
            NET_MAC(b, net_widen(x[1]), net_widen(v[1]));
            NET_MAC(c, net_widen(x[2]), net_widen(v[2]));
            NET_MAC(d, net_widen(x[3]), net_widen(v[3]));
        }
        sum[n] = a;
        sum[n + 1] = b;
        sum[n + 2] = c;
        sum[n + 3] = d;
    }
    for (; n < count; n++) {
        float a = net_widen(bias[n]);

        for (int t = 0; t < taps; t++)
            NET_MAC(a, net_widen(tap[t][n]), net_widen(w[t * count + n]));
        sum[n] = a;
    }
}

//@end
/* ---- from sums to activations ---- */

static float net_activated(const struct net_layer *l, float x)
{
    const float y = l->activation == NET_NO_ACTIVATION ? x : net_larger(x, 0);

    return l->activation == NET_RELU6 && !(y < 6) ? 6 : y;
}

/* A sum of pixel `pixel` with what is added to it. */
static float net_added(const struct net_state *s, const struct net_layer *l, float sum, int pixel, int n)
{
//@if add
    return l->add < 0 ? sum : net_round(sum + net_widen(s->arena[l->add + pixel * l->out_c + n]));
//@else
    (void)s;
    (void)l;
    (void)pixel;
    (void)n;
    return sum;
//@end
}

static void net_activations(const struct net_state *s, const struct net_layer *l, const float *sum, int pixel,
                            net_value *y)
{
    for (int n = 0; n < l->out_c; n++)
        y[n] = net_stored(net_activated(l, net_added(s, l, sum[n], pixel, n)));
}

//@if pooled
/* Takes the sums of a pixel, number i of its window, into the pooled ones. */
static void net_pool(struct net_state *s, const struct net_layer *l, const float *sum, int pixel, int i)
{
    const int col = i % l->window_w, is_end = col + 1 == l->window_w;

    for (int n = 0; n < l->out_c; n++) {
        const float x = net_added(s, l, sum[n], pixel, n);

        if (l->pooling == NET_AVERAGE) {
            s->pool[n] = net_round(s->pool[n] + net_activated(l, x));
            continue;
        }
        s->row[n] = col == 0 ? x : net_larger(s->row[n], x);
        if (is_end)
            s->pool[n] = i < l->window_w ? s->row[n] : net_larger(s->pool[n], s->row[n]);
    }
}

static void net_pooled(const struct net_state *s, const struct net_layer *l, net_value *y)
{
    const float size = (float)(l->window_h * l->window_w);

    for (int n = 0; n < l->out_c; n++) {
        const float x = s->pool[n];

        y[n] = net_stored(l->pooling == NET_AVERAGE ? net_round(x / size) : net_activated(l, x));
    }
}

//@end
//@use network_run.c
/* The logits, in the order of the classes; the largest one's class. */
static int net_scores(const struct net_state *s, const struct net_layer *l, float *scores)
{
    int best = 0;

    net_linear(s, l, scores);
    for (int k = 0; k < NET_CLASSES; k++) {
        net_float score;

        score.value = scores[k];
        if ((score.bits & 0x7fffffff) > 0x7f800000)
            score.bits = 0x7fc00000; /* one way to say that sums overflowed */
        scores[k] = score.value;
        if (scores[k] > scores[best])
            best = k;
    }
    return best;
}

//@use network_main.c
//@use selftest.c
