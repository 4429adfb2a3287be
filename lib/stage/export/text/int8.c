//@use begin.c
//@if fast
/* A function of its own keeps the caller's values out of its registers. */
#if defined(__GNUC__) && NET_PATH == 0
#define NET_APART __attribute__((noinline))
#else
#define NET_APART
#endif

//@end
/* What follows is loaded after what precedes: else gcc loads more than it has registers. */
#if defined(__GNUC__)
#define NET_LATER __asm__ volatile("" ::: "memory")
#else
#define NET_LATER ((void)0)
#endif

#define NET_C1 //@put c1
#define NET_C2 //@put c2
#define NET_PAIRS ((NET_C1 + 1) / 2)
//@if fast
#define NET_ROW_ITEMS (16 * NET_C1)
#if NET_PATH == 1 /* from one channel to the next, and from place to place of a tile */
#define NET_TILE_CHANNEL 1
#define NET_TILE_PLACE (2 * NET_PAIRS)
#define NET_TILE_ITEMS (32 * NET_PAIRS)
#else
#define NET_TILE_CHANNEL 16
#define NET_TILE_PLACE 1
#define NET_TILE_ITEMS (16 * NET_C1)
#endif
//@else
#define NET_ROW_ITEMS (16 * (NET_PATH == 1 ? 2 * NET_PAIRS : NET_C1)) /* where all channels of a pixel lie together */
#define NET_KERNEL_PAIRS ((9 * NET_PAIRS + 1) / 2 * 2)
//@end
//@if packed
#define NET_WORDS(weights) (((weights) + 7) / 8) /* of weights that are unpacked together */
//@end
//@if packed_classes
#define NET_CLASS_WORDS NET_WORDS(7 * NET_CLASSES)
//@end
//@if packed_kernels
#define NET_KERNEL_WORDS (NET_PATH == 1 ? NET_WORDS(2 * NET_KERNEL_PAIRS) : NET_WORDS(9 * NET_C1))
//@if packed_classes
#define NET_UNPACKED (8 * (NET_PATH == 1 || NET_KERNEL_WORDS < NET_CLASS_WORDS ? NET_CLASS_WORDS : NET_KERNEL_WORDS))
//@else
#define NET_UNPACKED (8 * NET_KERNEL_WORDS)
//@end
//@else
//@if packed_classes
#define NET_UNPACKED (8 * NET_CLASS_WORDS)
//@end
//@end

/* ---- constants ---- */

//@put tables
/* ---- state ---- */

/*
 * `map` has four rows of the first pooled map, 14 columns and a border of one on each side; its activations are less
 * their zero point, so the border is 0. `image` has four rows of each half of the image, quantised.
 */
struct net_state {
//@if fast
#if NET_PATH != 2
    int16_t tile[NET_TILE_ITEMS]; /* one window of all channels, transformed */
#endif
#if NET_PATH == 2
    uint8_t map[4 * NET_ROW_ITEMS];
#else
    uint8_t map[NET_C1][64];
    uint8_t pooled[NET_C2][7];
#endif
//@else
#if NET_PATH == 2
    uint8_t map[4 * NET_ROW_ITEMS];
#elif NET_PATH == 1
    int16x2_t kernel[NET_KERNEL_PAIRS]; /* of one output channel, as the sums take it */
    uint16_t map[4 * NET_ROW_ITEMS];
#else
    uint8_t map[NET_C1][64];
#endif
//@end
    uint8_t image[2][64];
//@if packed_classes
    uint8_t weight[NET_UNPACKED]; /* of one output channel, or of all classes for a row of one channel */
//@else
//@if packed
#if NET_PATH != 1
    uint8_t weight[NET_UNPACKED]; /* of one output channel */
#endif
//@end
//@end
};

/* Behind the last member may be up to three bytes that are not used. */
typedef char net_state_check[sizeof(struct net_state) - NET_STATE_BYTES < 4 ? 1 : -1];

/* ---- arithmetic ---- */

#if NET_PATH != 2
/* The upper 32 bits of a product. */
static uint32_t net_high(uint32_t a, uint32_t b)
{
#if defined(__ARM_ARCH_ISA_THUMB) && __ARM_ARCH_ISA_THUMB == 1 /* no long multiplication */
    const uint32_t al = a & 0xffff, ah = a >> 16, bl = b & 0xffff, bh = b >> 16;
    const uint32_t middle = ah * bl + (al * bl >> 16), other = al * bh;
    const uint32_t low = (middle & 0xffff) + (other & 0xffff);

    return ah * bh + (middle >> 16) + (other >> 16) + (low >> 16);
#else
    return (uint32_t)((uint64_t)a * b >> 32);
#endif
}

/* A sum u > 0, with its bias, as an activation. The scale of a channel is its bias, a multiplier and a shift. */
static uint8_t net_scaled(uint32_t u, int n)
{
    const uint32_t *scale = net_scale + 3 * n;
    const uint32_t q = ((net_high(u << NET_UP, scale[1]) >> scale[2]) + 1) >> 1;

    return (uint8_t)(q < NET_LIMIT(n) ? q : NET_LIMIT(n));
}

//@if fast
#if NET_PATH == 0
//@end
/* A sum of output channel n as an activation; channels of the second convolution follow those of the first. */
static uint8_t net_activation(int32_t sum, int n)
{
    const uint32_t u = (uint32_t)sum + net_scale[3 * n];

    return u - 1 < 0x7fffffff ? net_scaled(u, n) : 0;
}
//@if fast
#endif
//@end

//@if fast
/* The same of a sum that is four times as large. */
static uint8_t net_activation_of_four(int32_t sum, int n)
{
    const uint32_t u = (uint32_t)sum + 4 * net_scale[3 * n];

    return u - 1 < 0x7fffffff ? net_scaled(u >> 2, n) : 0;
}

//@end
static int32_t net_larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

#endif

/* A grey value as the first layer takes it. */
static uint8_t net_quantise(uint8_t grey)
{
//@if table
    return net_input[grey];
//@else
    return (uint8_t)(((int32_t)grey * NET_INPUT_FACTOR + NET_INPUT_OFFSET) >> 16);
//@end
}

/* ---- layers ---- */

/* One row of a kernel, w0..w2, on one row of inputs, x0..x3: two neighbouring sums. */
#define NET_ROW(mac, s, t) \
    (mac(s, x0, w0), mac(t, x1, w0), mac(s, x1, w1), mac(t, x2, w1), mac(s, x2, w2), mac(t, x3, w2))
#define NET_MAC(sum, x, w) ((sum) += (x) * (w))

#if NET_PATH == 0
/*
 * Seven windows of 3x3 convolution and 2x2 max-pool of output channel n. A channel of `x` has four rows of 16. Each row
 * of inputs and of the kernel is loaded once for the four sums of a window.
 */
static void net_windows(const uint8_t *x, const int8_t *kernel, int channels, int n, uint8_t *y)
{

    for (int column = 0; column < 7; column++) {
        const uint8_t *p = x + 2 * column;
        const int8_t *w = kernel;
        int32_t a = 0, b = 0, c = 0, d = 0;

        for (int i = 0; i < channels; i++, p += 32, w += 9) {
            int32_t w0 = w[0], w1 = w[1], w2 = w[2];
            int32_t x0 = p[0], x1 = p[1], x2 = p[2], x3 = p[3];

            NET_ROW(NET_MAC, a, b);
            NET_LATER;
            x0 = p[16], x1 = p[17], x2 = p[18], x3 = p[19];
            NET_ROW(NET_MAC, c, d);
            NET_LATER;
            w0 = w[3], w1 = w[4], w2 = w[5];
            NET_ROW(NET_MAC, a, b);
            NET_LATER;
            p += 32;
            x0 = p[0], x1 = p[1], x2 = p[2], x3 = p[3];
            NET_ROW(NET_MAC, c, d);
            NET_LATER;
            w0 = w[6], w1 = w[7], w2 = w[8];
            NET_ROW(NET_MAC, a, b);
            x0 = p[16], x1 = p[17], x2 = p[18], x3 = p[19];
            NET_ROW(NET_MAC, c, d);
        }
        y[column] = net_activation(net_larger(net_larger(a, b), net_larger(c, d)), n);
    }
}
#endif

#if NET_PATH == 1
/* The first layer's window of channel n: the inputs, spread, are the same for all channels. */
static uint8_t net_window(int16x2_t x[4][2], int n)
{
    const uint32_t *pair = net_weight1 + 5 * n;
    const int16x2_t w0 = (int16x2_t)pair[0], w1 = (int16x2_t)pair[1], w2 = (int16x2_t)pair[2];
    const int16x2_t m = (int16x2_t)pair[3], m2 = (int16x2_t)pair[4]; /* the middle column of the kernel */
    int32_t a = (int32_t)net_scale[3 * n], b = a, c = a, d = a;

    a = __smlad(x[0][0], w0, a), a = __smlabb(x[0][1], m, a);
    b = __smlad(x[0][1], w0, b), b = __smlatb(x[0][0], m, b);
    c = __smlad(x[1][0], w0, c), c = __smlabb(x[1][1], m, c);
    d = __smlad(x[1][1], w0, d), d = __smlatb(x[1][0], m, d);
    a = __smlad(x[1][0], w1, a), a = __smlabt(x[1][1], m, a);
    b = __smlad(x[1][1], w1, b), b = __smlatt(x[1][0], m, b);
    c = __smlad(x[2][0], w1, c), c = __smlabt(x[2][1], m, c);
    d = __smlad(x[2][1], w1, d), d = __smlatt(x[2][0], m, d);
    a = __smlad(x[2][0], w2, a), a = __smlabb(x[2][1], m2, a);
    b = __smlad(x[2][1], w2, b), b = __smlatb(x[2][0], m2, b);
    c = __smlad(x[3][0], w2, c), c = __smlabb(x[3][1], m2, c);
    d = __smlad(x[3][1], w2, d), d = __smlatb(x[3][0], m2, d);
    a = net_larger(net_larger(a, b), net_larger(c, d));
    return a > 0 ? net_scaled((uint32_t)a, n) : 0;
}

static int16x2_t net_two(uint32_t low, uint32_t high)
{
    return (int16x2_t)(low | high << 16);
}

/* Four bytes at any address. */
static uint32_t net_four(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Inputs 0 and 2, and 1 and 3, of the four rows of a window. */
static void net_spread(const uint8_t *p, int16x2_t x[4][2])
{
    for (int i = 0; i < 4; i++, p += 16) {
        const uint32_t four = net_four(p);

        x[i][0] = (int16x2_t)__uxtb16(four);
        x[i][1] = (int16x2_t)__uxtb16(four >> 8);
    }
}
#endif

//@if fast
#if NET_PATH != 2
/*
 * Winograd's F(2x2, 3x3), whose four outputs are one window, in integers: the kernels of the table are transformed and
 * four times as large, so that no fraction is left and the sums are four times those of the definition. Each of the 16
 * places of a tile is a sum of its own over the channels.
 */
static void net_transform(struct net_state *s, int column)
{
    for (int i = 0; i < NET_C1; i++) {
        const uint8_t *p = s->map[i] + 2 * column;
        int16_t *to = s->tile + i * NET_TILE_CHANNEL;
        int32_t row[4][4];

        NET_UNROLL(GCC unroll 4)
        for (int j = 0; j < 4; j++) {
            const int32_t x0 = p[16 * j], x1 = p[16 * j + 1], x2 = p[16 * j + 2], x3 = p[16 * j + 3];

            row[j][0] = x0 - x2;
            row[j][1] = x1 + x2;
            row[j][2] = x2 - x1;
            row[j][3] = x1 - x3;
        }
        NET_UNROLL(GCC unroll 4)
        for (int j = 0; j < 4; j++) {
            to[NET_TILE_PLACE * j] = (int16_t)(row[0][j] - row[2][j]);
            to[NET_TILE_PLACE * (4 + j)] = (int16_t)(row[1][j] + row[2][j]);
            to[NET_TILE_PLACE * (8 + j)] = (int16_t)(row[2][j] - row[1][j]);
            to[NET_TILE_PLACE * (12 + j)] = (int16_t)(row[1][j] - row[3][j]);
        }
    }
}

#if NET_PATH == 1
/* Sums of one place of a tile for two output channels, which share its loads. */
static void net_place(const int16_t *x, const int16_t *w, int32_t *first, int32_t *second)
{
    const net_pair *xs = (const net_pair *)(const void *)x, *ws = (const net_pair *)(const void *)w;
    int32_t a = 0, b = 0;

    NET_UNROLL(GCC unroll 16)
    for (int i = 0; i < NET_PAIRS; i++) {
        const int16x2_t xi = xs[i];

        a = __smlad(xi, ws[i], a);
        b = __smlad(xi, ws[i + NET_TILE_ITEMS / 2], b);
        NET_LATER;
    }
    *first = a;
    *second = b;
}

/* Sums along a row of four places: left of the first channel, right of the first, and the same of the second. */
static void net_row(const int16_t *x, const int16_t *w, int32_t *sum)
{
    int32_t a, b, left, right, left2, right2;

    net_place(x, w, &left, &left2);
    net_place(x + NET_TILE_PLACE, w + NET_TILE_PLACE, &right, &right2);
    net_place(x + 2 * NET_TILE_PLACE, w + 2 * NET_TILE_PLACE, &a, &b);
    left += right + a;
    left2 += right2 + b;
    right -= a;
    right2 -= b;
    net_place(x + 3 * NET_TILE_PLACE, w + 3 * NET_TILE_PLACE, &a, &b);
    sum[0] = left;
    sum[1] = right - a;
    sum[2] = left2;
    sum[3] = right2 - b;
}

/* The window from sums of four rows. */
static uint8_t net_rows(const int32_t *s, int n)
{
    const int32_t a = s[0] + s[4] + s[8], b = s[1] + s[5] + s[9], c = s[4] - s[8] - s[12], d = s[5] - s[9] - s[13];

    return net_activation_of_four(net_larger(net_larger(a, b), net_larger(c, d)), n);
}

/* Column `column` of the second pooled map. Of an odd number of channels, the last is computed with itself. */
static void net_winograd(struct net_state *s, int column)
{
    const int16_t *w = net_weight2;

    for (int n = 0; n < NET_C2; n += 2, w += 2 * NET_TILE_ITEMS) {
        int32_t sum[16];

        for (int i = 0; i < 4; i++)
            net_row(s->tile + 4 * NET_TILE_PLACE * i, w + 4 * NET_TILE_PLACE * i, sum + 4 * i);
        s->pooled[n][column] = net_rows(sum, NET_C1 + n);
        if (NET_C2 % 2 == 0 || n + 1 < NET_C2)
            s->pooled[n + 1][column] = net_rows(sum + 2, NET_C1 + n + 1);
    }
}
#else
static NET_APART uint8_t net_sums(const int16_t *x, const int16_t *w, int n)
{
    int32_t a = 0, b = 0, c = 0, d = 0;

    NET_UNROLL(GCC unroll 4)
    for (int i = 0; i < 4; i++, x += 4, w += 4) {
        int32_t m0 = 0, m1 = 0, m2 = 0, m3 = 0, left, right;

        NET_UNROLL(GCC unroll 2)
        for (int j = 0; j < NET_C1; j++) {
            m0 += (int32_t)x[16 * j] * w[16 * j];
            m1 += (int32_t)x[16 * j + 1] * w[16 * j + 1];
            m2 += (int32_t)x[16 * j + 2] * w[16 * j + 2];
            m3 += (int32_t)x[16 * j + 3] * w[16 * j + 3];
        }
        left = m0 + m1 + m2;
        right = m1 - m2 - m3;
        a += i < 3 ? left : 0;
        b += i < 3 ? right : 0;
        c += i == 0 ? 0 : i == 1 ? left : -left;
        d += i == 0 ? 0 : i == 1 ? right : -right;
    }
    return net_activation_of_four(net_larger(net_larger(a, b), net_larger(c, d)), n);
}

/* Column `column` of the second pooled map. */
static void net_winograd(struct net_state *s, int column)
{
    for (int n = 0; n < NET_C2; n++)
        s->pooled[n][column] = net_sums(s->tile, net_weight2 + NET_TILE_ITEMS * n, NET_C1 + n);
}
#endif
#endif

//@else
#if NET_PATH == 1
/* A kernel of the second layer as 16 bits. */
static void net_unpack(struct net_state *s, const uint32_t *w)
{
//@if packed_kernels
    for (int i = 0; i < NET_KERNEL_PAIRS; i += 2, w += i % 4 ? 0 : 1) {
        const uint32_t four = net_half(*w, i % 4 * 2);

        s->kernel[i] = __sxtb16((int8x4_t)four);
        s->kernel[i + 1] = __sxtb16((int8x4_t)(four >> 8 | four << 24));
    }
//@else
    for (int i = 0; i < NET_KERNEL_PAIRS; i += 2, w++) {
        s->kernel[i] = __sxtb16((int8x4_t)*w);
        s->kernel[i + 1] = __sxtb16((int8x4_t)(*w >> 8 | *w << 24));
    }
//@end
}

#define NET_DUAL(sum, x, w) ((sum) = __smlad((x), (w), (sum)))

/* net_windows() of the second layer, two channels at a time: from pixel to pixel it is NET_PAIRS words. */
static void net_pairs(const uint16_t *map, const int16x2_t *kernel, int n, uint8_t *y)
{
    const net_pair *x = (const net_pair *)(const void *)map;

    for (int column = 0; column < 7; column++, x += 2 * NET_PAIRS) {
        const net_pair *p = x;
        const int16x2_t *w = kernel;
        int32_t a = 0, b = 0, c = 0, d = 0;

        for (int i = 0; i < NET_PAIRS; i++, p++, w++) {
            int16x2_t w0 = w[0], w1 = w[NET_PAIRS], w2 = w[2 * NET_PAIRS];
            int16x2_t x0 = p[0], x1 = p[NET_PAIRS], x2 = p[2 * NET_PAIRS], x3 = p[3 * NET_PAIRS];

            NET_ROW(NET_DUAL, a, b);
            NET_LATER;
            x0 = p[16 * NET_PAIRS], x1 = p[17 * NET_PAIRS], x2 = p[18 * NET_PAIRS], x3 = p[19 * NET_PAIRS];
            NET_ROW(NET_DUAL, c, d);
            NET_LATER;
            w0 = w[3 * NET_PAIRS], w1 = w[4 * NET_PAIRS], w2 = w[5 * NET_PAIRS];
            NET_ROW(NET_DUAL, a, b);
            NET_LATER;
            x0 = p[32 * NET_PAIRS], x1 = p[33 * NET_PAIRS], x2 = p[34 * NET_PAIRS], x3 = p[35 * NET_PAIRS];
            NET_ROW(NET_DUAL, c, d);
            NET_LATER;
            w0 = w[6 * NET_PAIRS], w1 = w[7 * NET_PAIRS], w2 = w[8 * NET_PAIRS];
            NET_ROW(NET_DUAL, a, b);
            NET_LATER;
            x0 = p[48 * NET_PAIRS], x1 = p[49 * NET_PAIRS], x2 = p[50 * NET_PAIRS], x3 = p[51 * NET_PAIRS];
            NET_ROW(NET_DUAL, c, d);
        }
        y[column] = net_activation(net_larger(net_larger(a, b), net_larger(c, d)), n);
    }
}
#endif

//@end
//@if narrow
#if NET_PATH == 2
/* 16 values, of which those behind the last term meet a weight of 0. */
static int8x16_t net_load(const uint8_t *x)
{
    return vreinterpretq_s8_u8(vldrbq_u8(x));
}

/* net_activation() of the largest of four sums, four at a time: `scale` has four biases, multipliers and -shifts. */
static uint32x4_t net_activations(int32_t sum[4][4], const uint32_t *scale, uint32_t limit)
{
    const int32x4_t upper = vmaxq_s32(vldrwq_s32(sum[0]), vldrwq_s32(sum[1]));
    const int32x4_t lower = vmaxq_s32(vldrwq_s32(sum[2]), vldrwq_s32(sum[3]));
    const int32x4_t all = vaddq_s32(vmaxq_s32(upper, lower), vreinterpretq_s32_u32(vldrwq_u32(scale)));
    const uint32x4_t u = vreinterpretq_u32_s32(vmaxq_s32(all, vdupq_n_s32(0)));
    const uint32x4_t high = vmulhq_u32(vshlq_n_u32(u, NET_UP), vldrwq_u32(scale + 4));
    const uint32x4_t q = vshlq_u32(high, vreinterpretq_s32_u32(vldrwq_u32(scale + 8)));

    return vminq_u32(vshrq_n_u32(vaddq_n_u32(q, 1), 1), vdupq_n_u32(limit));
}

/* Seven windows of the first layer, all channels: the nine inputs of a sum are lanes of one vector, the others 0. */
static void net_vector_windows(const uint8_t *image, uint8_t *y)
{
    static const uint8_t at[16] = {0, 1, 2, 16, 17, 18, 32, 33, 34};
    const uint8x16_t offset = vldrbq_u8(at);
    const mve_pred16_t nine = vctp8q(9);

    for (int column = 0; column < 7; column++, image += 2, y += NET_C1) {
        const int8x16_t a = vreinterpretq_s8_u8(vldrbq_gather_offset_z_u8(image, offset, nine));
        const int8x16_t b = vreinterpretq_s8_u8(vldrbq_gather_offset_z_u8(image + 1, offset, nine));
        const int8x16_t c = vreinterpretq_s8_u8(vldrbq_gather_offset_z_u8(image + 16, offset, nine));
        const int8x16_t d = vreinterpretq_s8_u8(vldrbq_gather_offset_z_u8(image + 17, offset, nine));

        for (int n = 0; n < NET_C1; n += 4) {
            int32_t sum[4][4];

            for (int j = 0; j < 4; j++) {
                const int8x16_t w = vldrbq_s8(net_weight1 + 9 * (n + j)); /* the table is long enough */

                sum[0][j] = vmladavq_s8(a, w);
                sum[1][j] = vmladavq_s8(b, w);
                sum[2][j] = vmladavq_s8(c, w);
                sum[3][j] = vmladavq_s8(d, w);
            }
            vstrbq_p_u32(y + n, net_activations(sum, net_scale + 3 * n, NET_LIMIT(0)), vctp32q((uint32_t)(NET_C1 - n)));
        }
    }
}

/* Three rows of a kernel lie `NET_TERMS` apart, each with three taps of all channels. */
#define NET_TERMS (3 * NET_C1)
#if NET_TERMS % 16
#define NET_WEIGHTS(w, i) vldrbq_z_s8(w, vctp8q((uint32_t)(NET_TERMS - (i))))
#else
#define NET_WEIGHTS(w, i) vldrbq_s8(w)
#endif

/* Four sums of one window of the second layer. Three pixels of all channels lie together, as the kernel's. */
static void net_vector_sums(const uint8_t *x, const int8_t *w, int32_t *sum)
{
    int32_t a = 0, b = 0, c = 0, d = 0;

    for (int i = 0; i < NET_TERMS; i += 16) {
        const int8x16_t w0 = NET_WEIGHTS(w + i, i), w1 = NET_WEIGHTS(w + NET_TERMS + i, i);
        const int8x16_t w2 = NET_WEIGHTS(w + 2 * NET_TERMS + i, i);
        const uint8_t *p = x + i;
        int8x16_t left = net_load(p), right = net_load(p + NET_C1);

        a = vmladavaq_s8(a, left, w0);
        b = vmladavaq_s8(b, right, w0);
        NET_LATER;
        p += NET_ROW_ITEMS;
        left = net_load(p), right = net_load(p + NET_C1);
        a = vmladavaq_s8(a, left, w1);
        b = vmladavaq_s8(b, right, w1);
        c = vmladavaq_s8(c, left, w0);
        d = vmladavaq_s8(d, right, w0);
        NET_LATER;
        p += NET_ROW_ITEMS;
        left = net_load(p), right = net_load(p + NET_C1);
        a = vmladavaq_s8(a, left, w2);
        b = vmladavaq_s8(b, right, w2);
        c = vmladavaq_s8(c, left, w1);
        d = vmladavaq_s8(d, right, w1);
        NET_LATER;
        p += NET_ROW_ITEMS;
        left = net_load(p), right = net_load(p + NET_C1);
        c = vmladavaq_s8(c, left, w2);
        d = vmladavaq_s8(d, right, w2);
    }
    sum[0] = a;
    sum[4] = b;
    sum[8] = c;
    sum[12] = d;
}

/* Seven windows of output channel n. */
static void net_vector_row(const uint8_t *x, const int8_t *w, int n, uint8_t *y)
{
    uint32_t scale[12]; /* one channel's, four times */

    for (int i = 0; i < 3; i++)
        vstrwq_u32(scale + 4 * i, vdupq_n_u32(net_scale[12 * ((NET_C1 + 3) / 4) + 3 * (n - NET_C1) + i]));
    for (int column = 0; column < 7; column += 4) {
        int32_t sum[4][4];

        for (int j = 0; j < 4 && column + j < 7; j++, x += 2 * NET_C1)
            net_vector_sums(x, w, sum[0] + j);
        vstrbq_u32(y + column, net_activations(sum, scale, NET_LIMIT(n)));
    }
}
#endif

//@end
/* Row y of a half of the image, from column `left` on; the border has the value that stands for 0. */
static void net_image_row(const uint8_t *input, int y, int left, uint8_t *to)
{
    if (y < 0 || y >= 28) {
        for (int j = 0; j < 16; j++)
            to[j] = NET_INPUT_ZERO;
    } else {
        const uint8_t *from = input + 28 * y + left;
        const int first = left < 0, last = first ? 16 : 15;

        to[0] = NET_INPUT_ZERO;
        to[15] = NET_INPUT_ZERO;
        for (int j = first; j < last; j++)
            to[j] = net_quantise(from[j]);
    }
}

/* Rows 2 row - 1 .. 2 row + 2 of a half of the image, when those of the row before are there. */
static void net_image(struct net_state *s, const uint8_t *input, int row, int half)
{
    uint8_t *image = s->image[half];

    for (int i = 0; i < 32; i++)
        image[i] = image[32 + i];
    for (int i = row ? 2 : 0; i < 4; i++)
        net_image_row(input, 2 * row - 1 + i, half ? 13 : -1, image + 16 * i);
}

/* Row `row` of the first pooled map goes to row `slot` of the four. */
static void net_first(struct net_state *s, const uint8_t *input, int row, int slot)
{

    for (int half = 0; half < 2; half++) {
        const int left = 1 + 7 * half;

        net_image(s, input, row, half);
#if NET_PATH == 2
        net_vector_windows(s->image[half], s->map + slot * NET_ROW_ITEMS + left * NET_C1);
#elif NET_PATH == 1
        for (int column = 0; column < 7; column++) {
            int16x2_t x[4][2];

            net_spread(s->image[half] + 2 * column, x);
            for (int n = 0; n < NET_C1; n++)
//@if fast
                s->map[n][16 * slot + left + column] = net_window(x, n);
//@else
                s->map[slot * NET_ROW_ITEMS + (left + column) * 2 * NET_PAIRS + n] = net_window(x, n);
//@end
        }
#else
        for (int n = 0; n < NET_C1; n++)
            net_windows(s->image[half], net_weight1 + 9 * n, 1, n, s->map[n] + 16 * slot + left);
#endif
    }
}

/* Adds what row `row` of channel n of the second pooled map gives to the scores. */
//@if packed_classes
static void net_classify(struct net_state *s, const uint8_t *y, int row, int n, int32_t *scores)
{
    const int8_t *w = net_unpacked(net_weight3 + NET_CLASS_WORDS * (7 * n + row), 7 * NET_CLASSES, s->weight);
//@else
static void net_classify(const uint8_t *y, int row, int n, int32_t *scores)
{
    const int8_t *w = net_weight3 + 49 * n + 7 * row;
//@end
#if NET_PATH == 2
    const int8x16_t x = vreinterpretq_s8_u8(vldrbq_z_u8(y, vctp8q(7)));

//@if packed_classes
    for (int k = 0; k < NET_CLASSES; k++, w += 7)
//@else
    for (int k = 0; k < NET_CLASSES; k++, w += 49 * NET_C2)
//@end
        scores[k] = vmladavaq_s8(scores[k], x, vldrbq_z_s8(w, vctp8q(7)));
#elif NET_PATH == 1
    const int16x2_t x02 = net_two(y[0], y[2]), x13 = net_two(y[1], y[3]);
    const int16x2_t x46 = net_two(y[4], y[6]), x5 = net_two(0, y[5]);

//@if packed_classes
    for (int k = 0; k < NET_CLASSES; k++, w += 7) {
//@else
    for (int k = 0; k < NET_CLASSES; k++, w += 49 * NET_C2) {
//@end
        const uint32_t w0123 = net_four((const uint8_t *)w), w3456 = net_four((const uint8_t *)w + 3);
        int32_t sum = __smlad(x02, __sxtb16((int8x4_t)w0123), scores[k]);

        sum = __smlad(x13, __sxtb16((int8x4_t)(w0123 >> 8 | w0123 << 24)), sum);
        sum = __smlad(x5, __sxtb16((int8x4_t)w3456), sum);
        scores[k] = __smlad(x46, __sxtb16((int8x4_t)(w3456 >> 8 | w3456 << 24)), sum);
    }
#else
    const int32_t y0 = y[0], y1 = y[1], y2 = y[2], y3 = y[3], y4 = y[4], y5 = y[5], y6 = y[6];

//@if packed_classes
    for (int k = 0; k < NET_CLASSES; k++, w += 7)
//@else
    for (int k = 0; k < NET_CLASSES; k++, w += 49 * NET_C2)
//@end
        scores[k] += y0 * w[0] + y1 * w[1] + y2 * w[2] + y3 * w[3] + y4 * w[4] + y5 * w[5] + y6 * w[6];
#endif
}

//@if fast
#if NET_PATH != 2
/* Row `row` of the second pooled map, a window of all channels at a time. */
static void net_second(struct net_state *s, int row, int32_t *scores)
{

    for (int column = 0; column < 7; column++) {
        net_transform(s, column);
        net_winograd(s, column);
    }
    NET_STEP(2);
    for (int n = 0; n < NET_C2; n++)
        net_classify(s->pooled[n], row, n, scores);
}
#else
//@end
static void net_second(struct net_state *s, int row, int32_t *scores)
{
    uint8_t y[16];

    for (int n = 0; n < NET_C2; n++) {
#if NET_PATH == 2
//@if packed_kernels
        net_vector_row(s->map, net_unpacked(net_weight2 + NET_KERNEL_WORDS * n, 9 * NET_C1, s->weight), NET_C1 + n, y);
//@else
        net_vector_row(s->map, net_weight2 + 9 * NET_C1 * n, NET_C1 + n, y);
//@end
//@if fast
#endif
//@else
#elif NET_PATH == 1
//@if packed_kernels
        net_unpack(s, net_weight2 + NET_KERNEL_WORDS * n);
//@else
        net_unpack(s, net_weight2 + NET_KERNEL_PAIRS / 2 * n);
//@end
        net_pairs(s->map, s->kernel, NET_C1 + n, y);
#else
//@if packed_kernels
        net_windows(s->map[0], net_unpacked(net_weight2 + NET_KERNEL_WORDS * n, 9 * NET_C1, s->weight), NET_C1,
                    NET_C1 + n, y);
//@else
        net_windows(s->map[0], net_weight2 + 9 * NET_C1 * n, NET_C1, NET_C1 + n, y);
//@end
#endif
//@end
        NET_STEP(2);
//@if packed_classes
        net_classify(s, y, row, n, scores);
//@else
        net_classify(y, row, n, scores);
//@end
        NET_STEP(1);
    }
}
//@if fast
#endif
//@end

/* A row of zeros. */
static void net_clear(struct net_state *s, int slot)
{
//@if fast
#if NET_PATH == 2
//@else
#if NET_PATH != 0
//@end
    for (int i = 0; i < NET_ROW_ITEMS; i++)
        s->map[slot * NET_ROW_ITEMS + i] = 0;
#else
    for (int i = 0; i < NET_C1; i++) {
        for (int j = 0; j < 16; j++)
            s->map[i][16 * slot + j] = 0;
    }
#endif
}

/* The lower two of the four rows become the upper two. */
static void net_move(struct net_state *s)
{
//@if fast
#if NET_PATH == 2
//@else
#if NET_PATH != 0
//@end
    for (int i = 0; i < 2 * NET_ROW_ITEMS; i++)
        s->map[i] = s->map[2 * NET_ROW_ITEMS + i];
#else
    for (int i = 0; i < NET_C1; i++) {
        for (int j = 0; j < 32; j++)
            s->map[i][j] = s->map[i][32 + j];
    }
#endif
}

/* Sums to the common scale of all scores; the largest one's class. */
static int net_scores(int32_t *scores)
{
    int best = 0;

    for (int k = 0; k < NET_CLASSES; k++) {
        const int shift = net_score_shift[k];
        const int64_t product = (int64_t)scores[k] * net_score_multiplier[k] + ((int64_t)1 << (shift - 1));

        scores[k] = (int32_t)(product >= 0 ? product >> shift : ~(~product >> shift));
        if (scores[k] > scores[best])
            best = k;
    }
    return best;
}

int net_run(void *state, const uint8_t *input, net_score *scores)
{
    struct net_state *s = (struct net_state *)state;
    int best;

    for (int i = 0; i < NET_CLASSES; i++)
        scores[i] = net_score_bias[i];
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
        net_second(s, row, scores);
        NET_STEP(row < 6 ? 0 : 2);
    }
    best = net_scores(scores);
    NET_STEP(3);
    return best;
}
//@use selftest.c
