//@use begin.c
/* In a short loop: else compilers call memcpy and memset. */
#if defined(__GNUC__)
#define NET_LOOP __asm__ volatile("" ::: "memory")
#else
#define NET_LOOP ((void)0)
#endif

#define NET_C1 //@put c1
#define NET_C2 //@put c2

/* ---- constants ---- */

//@put tables
/* ---- state ---- */

/*
 * `map` has four rows of the first pooled map, 14 columns and a border of one on each side. `image` has four rows of
 * each half of the image. `part` has what each channel of the second pooled map has given to each score so far.
 */
struct net_state {
    float map[NET_C1][64];
    float image[2][64];
    float part[NET_CLASSES][NET_C2];
//@if half
    float kernel[9 * NET_C1];
//@end
};

typedef char net_state_check[sizeof(struct net_state) == NET_STATE_BYTES ? 1 : -1];

/* ---- arithmetic ---- */

//@use float_math.c
//@if half
/* A kernel as the sums take it. */
static const float *net_kernel(struct net_state *s, const uint16_t *w, int n)
{
    for (int i = 0; i < n; i++)
        s->kernel[i] = net_widen(w[i]);
    return s->kernel;
}

#define NET_KERNEL(s, w, n) net_kernel(s, w, n)
//@else
#define NET_KERNEL(s, w, n) (w)
//@end

/* A grey value as the first layer takes it. */
static float net_input(uint8_t grey)
{
//@put input
}

static void net_copy(const float *from, int n, float *to)
{
    for (int i = 0; i < n; i++) {
        to[i] = from[i];
        NET_LOOP;
    }
}

static void net_zero(float *to, int n)
{
    for (int i = 0; i < n; i++) {
        to[i] = 0;
        NET_LOOP;
    }
}

/* ---- layers ---- */

/* One row of a kernel, w0..w2, on one row of inputs, x0..x3: two neighbouring sums. */
#define NET_MAC(sum, x, w) ((sum) = NET_FMA(x, w, sum))
#define NET_ROW(s, t, w0, w1, w2) \
    (NET_MAC(s, x0, w0), NET_MAC(t, x1, w0), NET_MAC(s, x1, w1), NET_MAC(t, x2, w1), NET_MAC(s, x2, w2), \
     NET_MAC(t, x3, w2))

/*
 * Seven windows of 3x3 convolution and 2x2 max-pool of one output channel. A channel of `x` has four rows of 16. The
 * order of each sum is channel, row, column.
 */
static void net_windows(const float *x, const float *kernel, int channels, float bias, float *y)
{
    for (int column = 0; column < 7; column++) {
        const float *p = x + 2 * column;
        const float *w = kernel;
        float a = bias, b = bias, c = bias, d = bias;

        for (int i = 0; i < channels; i++, p += 64, w += 9) {
            float x0 = p[0], x1 = p[1], x2 = p[2], x3 = p[3];

            NET_ROW(a, b, w[0], w[1], w[2]);
            x0 = p[16], x1 = p[17], x2 = p[18], x3 = p[19];
            NET_ROW(a, b, w[3], w[4], w[5]);
            NET_ROW(c, d, w[0], w[1], w[2]);
            x0 = p[32], x1 = p[33], x2 = p[34], x3 = p[35];
            NET_ROW(a, b, w[6], w[7], w[8]);
            NET_ROW(c, d, w[3], w[4], w[5]);
            x0 = p[48], x1 = p[49], x2 = p[50], x3 = p[51];
            NET_ROW(c, d, w[6], w[7], w[8]);
        }
        y[column] = net_narrow(net_larger(net_larger(net_larger(a, b), net_larger(c, d)), 0));
    }
}

/* Row y of a half of the image, from column `left` on, with a border of 0. */
static void net_image_row(const uint8_t *input, int y, int left, float *to)
{
    for (int j = 0; j < 16; j++) {
        const int x = left + j;

        to[j] = y < 0 || y >= 28 || x < 0 || x >= 28 ? 0 : net_input(input[28 * y + x]);
    }
}

/* Rows 2 row - 1 .. 2 row + 2 of a half of the image, when those of the row before are there. */
static void net_image(struct net_state *s, const uint8_t *input, int row, int half)
{
    float *image = s->image[half];

    net_copy(image + 32, 32, image);
    for (int i = row ? 2 : 0; i < 4; i++)
        net_image_row(input, 2 * row - 1 + i, half ? 13 : -1, image + 16 * i);
}

/* Row `row` of the first pooled map goes to row `slot` of the four. */
static void net_first(struct net_state *s, const uint8_t *input, int row, int slot)
{
    for (int half = 0; half < 2; half++) {
        net_image(s, input, row, half);
        for (int n = 0; n < NET_C1; n++)
            net_windows(s->image[half], NET_KERNEL(s, net_weight1 + 9 * n, 9), 1, net_widen(net_bias[n]),
                        s->map[n] + 16 * slot + 1 + 7 * half);
    }
}

/* Row `row` of the second pooled map, and what it gives to the scores. */
static void net_second(struct net_state *s, int row)
{
    float y[7];

    for (int n = 0; n < NET_C2; n++) {
        net_windows(s->map[0], NET_KERNEL(s, net_weight2 + 9 * NET_C1 * n, 9 * NET_C1), NET_C1,
                    net_widen(net_bias[NET_C1 + n]), y);
        NET_STEP(2);
        for (int k = 0; k < NET_CLASSES; k++) {
            float part = s->part[k][n];

            for (int j = 0; j < 7; j++)
                NET_MAC(part, y[j], net_widen(net_weight3[49 * (NET_C2 * k + n) + 7 * row + j]));
            s->part[k][n] = part;
        }
        NET_STEP(1);
    }
}

/* A row of zeros. */
static void net_clear(struct net_state *s, int slot)
{
    for (int i = 0; i < NET_C1; i++)
        net_zero(s->map[i] + 16 * slot, 16);
}

/* The lower two of the four rows become the upper two. */
static void net_move(struct net_state *s)
{
    for (int i = 0; i < NET_C1; i++)
        net_copy(s->map[i] + 32, 32, s->map[i]);
}

/* Sums the parts up, channel by channel; the largest score's class. */
static int net_scores(const struct net_state *s, float *scores)
{
    int best = 0;

    for (int k = 0; k < NET_CLASSES; k++) {
        net_float sum;

        sum.value = net_widen(net_bias[NET_C1 + NET_C2 + k]);
        for (int n = 0; n < NET_C2; n++)
            sum.value = net_round(sum.value + s->part[k][n]);
        if ((sum.bits & 0x7fffffff) > 0x7f800000)
            sum.bits = 0x7fc00000; /* one way to say that sums overflowed */
        scores[k] = sum.value;
        if (scores[k] > scores[best])
            best = k;
    }
    return best;
}

int net_run(void *state, const uint8_t *input, float *scores)
{
    struct net_state *s = (struct net_state *)state;
    int best;

    net_zero(s->part[0], NET_CLASSES * NET_C2);
    for (int i = 0; i < 4; i++)
        net_clear(s, i);
    NET_STEP(0);
    net_first(s, input, 0, 3);
    for (int row = 0; row < 7; row++) {
        net_move(s);
        net_first(s, input, 2 * row + 1, 2);
        if (row < 6)
            net_first(s, input, 2 * row + 2, 3);
        else
            net_clear(s, 3);
        NET_STEP(1);
        net_second(s, row);
        NET_STEP(row < 6 ? 0 : 2);
    }
    best = net_scores(s, scores);
    NET_STEP(3);
    return best;
}
//@use selftest.c
