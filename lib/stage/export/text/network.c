//@use begin.c

typedef uint8_t net_value; /* of a map, */
typedef uint8_t net_term;  /* as sums take them, */
typedef int32_t net_total; /* and of a sum */

//@use network_layer.c
/* ---- constants ---- */

//@put tables
/* ---- state ---- */

struct net_state {
    uint8_t arena[NET_ARENA + NET_BEHIND];
    uint8_t patch[2][NET_TERMS + NET_BEHIND]; /* the inputs of a sum */
//@if packed
    uint8_t weight[NET_UNPACKED + NET_BEHIND]; /* of two channels, or of a depthwise layer */
//@end
//@if depthwise
    uint8_t border[NET_CHANNELS + NET_BEHIND];
//@end
//@if pooled
    uint8_t map[NET_CHANNELS];
    int32_t pool[NET_CHANNELS];
//@end
#if NET_PATH == 1
    int16x2_t pair[NET_PAIRS]; /* the inputs of two sums, or a depthwise layer's weights, as UXTB16 spreads them */
#endif
    int32_t sum[2][NET_CHANNELS]; /* of the channels of two pixels */
};

typedef char net_state_check[sizeof(struct net_state) == NET_STATE_BYTES ? 1 : -1];

/* ---- arithmetic ---- */

/* floor(x / 2^n) */
#if (-1 >> 1) == -1
#define NET_SHIFTED(x, n) ((x) >> (n))
#else
#define NET_SHIFTED(x, n) ((x) >= 0 ? (x) >> (n) : ~(~(x) >> (n)))
#endif

//@if pooled
//@else
#if NET_PATH != 2
//@end
/* A sum in another scale: x * multiplier / 2^(shift + 33), rounded. */
static int32_t net_scaled(int32_t x, int32_t multiplier, int shift)
{
    const int64_t product = (int64_t)x * multiplier;
//@if wide
    if (shift < 0) {
        const int64_t y = product + ((int64_t)1 << (32 + shift));

        return (int32_t)NET_SHIFTED(y, 33 + shift);
    }
//@end
    return (NET_SHIFTED((int32_t)(product >> 32), shift) + 1) >> 1;
}

static int32_t net_clamped(int32_t r, int32_t low, int32_t high)
{
    return r < low ? low : r > high ? high : r;
}
//@if pooled
//@else
#endif
//@end

/* Four bytes at any address. */
static uint32_t net_four(const void *from)
{
    const uint8_t *p = (const uint8_t *)from;

    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void net_copy(const uint8_t *from, int n, uint8_t *to)
{
    for (; n >= 4; n -= 4, from += 4, to += 4) {
        const uint32_t four = net_four(from);

        to[0] = (uint8_t)four;
        to[1] = (uint8_t)(four >> 8);
        to[2] = (uint8_t)(four >> 16);
        to[3] = (uint8_t)(four >> 24);
        NET_LOOP;
    }
    for (; n > 0; n--) {
        *to++ = *from++;
        NET_LOOP;
    }
}

static void net_fill(uint8_t value, int n, uint8_t *to)
{
    for (; n > 0; n--) {
        *to++ = value;
        NET_LOOP;
    }
}

/* ---- sums ---- */

/* The inputs of the sums of a pixel of the map, in the order row, column, channel: where they lie, or a copy. */
static const uint8_t *net_patch(struct net_state *s, const struct net_layer *l, int row, int col, uint8_t *to)
{
    const int top = row * l->stride_h - l->pad_top, left = col * l->stride_w - l->pad_left;
    const uint8_t *x = s->arena + l->in;
    const uint8_t *const patch = to;
    const int run = l->kernel_w * l->in_c, is_inside = left >= 0 && left + l->kernel_w <= l->in_w;

    if (is_inside && top >= 0 && top + l->kernel_h <= l->in_h && (l->kernel_h == 1 || l->kernel_w == l->in_w))
        return x + (top * l->in_w + left) * l->in_c;
    for (int y = top; y < top + l->kernel_h; y++) {
        const uint8_t *from = x + (y * l->in_w + left) * l->in_c;

        if (y < 0 || y >= l->in_h) {
            net_fill((uint8_t)l->in_zero, run, to);
            to += run;
        } else if (is_inside) {
            net_copy(from, run, to);
            to += run;
        } else {
            for (int c = left; c < left + l->kernel_w; c++, from += l->in_c, to += l->in_c) {
                if (c < 0 || c >= l->in_w)
                    net_fill((uint8_t)l->in_zero, l->in_c, to);
                else
                    net_copy(from, l->in_c, to);
            }
        }
    }
    return patch;
}

#if NET_PATH == 2
/*
 * Of two channels the sums of two pixels, 16 terms at a time. The loop counts terms and leaves out what is behind the
 * last one, which compilers do not do by themselves.
 */
static NET_APART void net_dot(const uint8_t *p, const uint8_t *q, const int8_t *w, int terms, const int32_t *bias,
                              int pairs, int32_t *sum)
{
    const int32_t *const end = sum + 2 * pairs;

    do {
        const int8_t *u = w, *v = w + terms;
        const uint8_t *x = p, *y = q;
        int32_t a = bias[0], b = bias[1], c = a, d = b;

        __asm__ volatile("dlstp.8 lr, %[terms]\n"
                         "1: vldrb.u8 q0, [%[x]], #16\n"
                         "vldrb.u8 q1, [%[y]], #16\n"
                         "vldrb.s8 q2, [%[u]], #16\n"
                         "vldrb.s8 q3, [%[v]], #16\n"
                         "vmladava.s8 %[a], q0, q2\n"
                         "vmladava.s8 %[b], q0, q3\n"
                         "vmladava.s8 %[c], q1, q2\n"
                         "vmladava.s8 %[d], q1, q3\n"
                         "letp lr, 1b"
                         : [x] "+r"(x), [y] "+r"(y), [u] "+r"(u), [v] "+r"(v), [a] "+Te"(a), [b] "+Te"(b),
                           [c] "+Te"(c), [d] "+Te"(d)
                         : [terms] "r"(terms)
                         : "q0", "q1", "q2", "q3", "lr", "memory");
        w += 2 * terms;
        bias += 2;
        sum[0] = a;
        sum[1] = b;
        sum[NET_CHANNELS] = c;
        sum[NET_CHANNELS + 1] = d;
        sum += 2;
    } while (sum != end);
}
#endif

#if NET_PATH == 1
/*
 * Bytes 0 and 2, or 1 and 3, of four as 16 bits each. gcc does not use the rotation that is part of the instruction,
 * and compilers differ in the types of their own functions.
 */
static int16x2_t net_signed_odd(uint32_t four)
{
    int16x2_t pair;

    __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(four));
    return pair;
}

static int16x2_t net_even(uint32_t four)
{
    int16x2_t pair;

    __asm__("uxtb16 %0, %1" : "=r"(pair) : "r"(four));
    return pair;
}

static int16x2_t net_odd(uint32_t four)
{
    int16x2_t pair;

    __asm__("uxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(four));
    return pair;
}

/* Take two words, or four bytes at any address, and go on behind them. gcc needs an instruction more for each. */
#define NET_TWO(from, a, b) __asm__ volatile("ldrd %0, %1, [%2], #8" : "=r"(a), "=r"(b), "+r"(from) : : "memory")
#define NET_FOUR(from, a) __asm__ volatile("ldr %0, [%1], #4" : "=r"(a), "+r"(from) : : "memory")

static void net_spread(const uint8_t *patch, int terms, int16x2_t *to)
{
    for (; terms > 0; terms -= 4, patch += 4, to += 4) {
        const uint32_t four = net_four(patch);

        to[0] = net_even(four);
        to[2] = net_odd(four);
    }
}

/* Of two channels the sums of two pixels, whose inputs take turns in x: eight terms at a time. */
static NET_APART void net_dot(const int16x2_t *x, const int8_t *w, int terms, const int32_t *bias, int pairs,
                              int32_t *sum)
{
    do {
        const int16x2_t *at = x;
        const int8_t *const end = w + terms, *u = end;
        int32_t a, b, c, d;

        NET_TWO(bias, a, b);
        c = a;
        d = b;

        do {
            NET_UNROLL(GCC unroll 2)
            for (int i = 0; i < 2; i++) {
                uint32_t four, other;
                int16x2_t v, p, q;

                NET_FOUR(w, four);
                NET_FOUR(u, other);
                v = __sxtb16((int8x4_t)four);
                NET_TWO(at, p, q);
                a = __smlad(p, v, a);
                c = __smlad(q, v, c);
                v = __sxtb16((int8x4_t)other);
                b = __smlad(p, v, b);
                d = __smlad(q, v, d);
                v = net_signed_odd(four);
                NET_TWO(at, p, q);
                a = __smlad(p, v, a);
                c = __smlad(q, v, c);
                v = net_signed_odd(other);
                b = __smlad(p, v, b);
                d = __smlad(q, v, d);
            }
        } while (w != end);
        w += terms;
        sum[0] = a;
        sum[1] = b;
        sum[NET_CHANNELS] = c;
        sum[NET_CHANNELS + 1] = d;
        sum += 2;
    } while (--pairs > 0);
}
#elif NET_PATH == 0
static void net_dot(const uint8_t *p, const uint8_t *q, const int8_t *w, int terms, const int32_t *bias, int pairs,
                    int32_t *sum)
{
    for (; pairs > 0; pairs--, bias += 2, sum += 2, w += 2 * terms) {
        int32_t a = bias[0], b = bias[1], c = a, d = b;

        for (int i = 0; i < terms; i++) {
            a += (int32_t)p[i] * w[i];
            b += (int32_t)p[i] * w[terms + i];
            c += (int32_t)q[i] * w[i];
            d += (int32_t)q[i] * w[terms + i];
        }
        sum[0] = a;
        sum[1] = b;
        sum[NET_CHANNELS] = c;
        sum[NET_CHANNELS + 1] = d;
    }
}
#endif

/* All channels of two pixels, two channels at a time: the tables go on behind an odd last one. */
static void net_dots(struct net_state *s, const struct net_layer *l, const uint8_t *first, const uint8_t *second)
{
//@if mixed
    const int pairs = l->is_packed ? 1 : (l->out_c + 1) / 2; /* at a time */
    const int32_t *bias = net_bias + l->channel;

#if NET_PATH == 1
    net_spread(first, l->terms, s->pair);
    if (first != second)
        net_spread(second, l->terms, s->pair + 1);
#endif
    for (int n = 0; n < l->out_c; n += 2 * pairs) {
        const int8_t *w = l->is_packed
                              ? net_unpacked(net_packed + l->weight + n * (l->terms / 8), 2 * l->terms, s->weight)
                              : net_weight + l->weight;

#if NET_PATH == 1
        net_dot(s->pair, w, l->terms, bias + n, pairs, s->sum[0] + n);
#else
        net_dot(first, second, w, l->terms, bias + n, pairs, s->sum[0] + n);
#endif
    }
//@else
//@if packed
    const uint32_t *packed = net_weight + l->weight;
    const int32_t *bias = net_bias + l->channel;

#if NET_PATH == 1
    net_spread(first, l->terms, s->pair);
    if (first != second)
        net_spread(second, l->terms, s->pair + 1);
#endif
    for (int n = 0; n < l->out_c; n += 2, packed += l->terms / 4) {
        const int8_t *w = net_unpacked(packed, 2 * l->terms, s->weight);

#if NET_PATH == 1
        net_dot(s->pair, w, l->terms, bias + n, 1, s->sum[0] + n);
#else
        net_dot(first, second, w, l->terms, bias + n, 1, s->sum[0] + n);
#endif
    }
//@else
    const int8_t *w = net_weight + l->weight;
    const int32_t *bias = net_bias + l->channel;

#if NET_PATH == 1
    net_spread(first, l->terms, s->pair);
    if (first != second)
        net_spread(second, l->terms, s->pair + 1);
    net_dot(s->pair, w, l->terms, bias, (l->out_c + 1) / 2, s->sum[0]);
#else
    net_dot(first, second, w, l->terms, bias, (l->out_c + 1) / 2, s->sum[0]);
#endif
//@end
//@end
}

//@if depthwise
#define NET_THREES(n) (((n) + 2) / 3 * 3)

#if NET_PATH == 2
/*
 * Sums of `count` channels over the taps, 16 at a time: every fourth channel in a vector. Two products of 0..127 and a
 * weight fit into 16 bits.
 */
static NET_APART void net_depthwise_dot(const uint8_t *const *tap, int taps, const int8_t *w, int apart,
                                        const int32_t *bias, int count, int32_t *sum)
{
    static const uint32_t fourth[4] = {0, 16, 32, 48};
    const uint32x4_t by = vldrwq_u32(fourth);

    for (int n = 0; n < count; n += 16, bias += 16, sum += 16) {
        const uint8_t *const *at = tap;
        const int8_t *v = w + n;
        int32x4_t a = vldrwq_gather_offset_s32(bias, by), b = vldrwq_gather_offset_s32(bias + 1, by);
        int32x4_t c = vldrwq_gather_offset_s32(bias + 2, by), d = vldrwq_gather_offset_s32(bias + 3, by);
        int16x8_t even, odd;

        for (int i = taps >> 1; i > 0; i--, at += 2, v += 2 * apart) {
            const int8x16_t x = vreinterpretq_s8_u8(vldrbq_u8(at[0] + n)), u = vldrbq_s8(v);
            const int8x16_t y = vreinterpretq_s8_u8(vldrbq_u8(at[1] + n)), z = vldrbq_s8(v + apart);

            even = vaddq_s16(vmullbq_int_s8(x, u), vmullbq_int_s8(y, z));
            odd = vaddq_s16(vmulltq_int_s8(x, u), vmulltq_int_s8(y, z));
            a = vaddq_s32(a, vmovlbq_s16(even));
            b = vaddq_s32(b, vmovlbq_s16(odd));
            c = vaddq_s32(c, vmovltq_s16(even));
            d = vaddq_s32(d, vmovltq_s16(odd));
        }
        if (taps & 1) {
            const int8x16_t x = vreinterpretq_s8_u8(vldrbq_u8(*at + n)), u = vldrbq_s8(v);

            even = vmullbq_int_s8(x, u);
            odd = vmulltq_int_s8(x, u);
            a = vaddq_s32(a, vmovlbq_s16(even));
            b = vaddq_s32(b, vmovlbq_s16(odd));
            c = vaddq_s32(c, vmovltq_s16(even));
            d = vaddq_s32(d, vmovltq_s16(odd));
        }
        vstrwq_scatter_offset_s32(sum, by, a);
        vstrwq_scatter_offset_s32(sum + 1, by, b);
        vstrwq_scatter_offset_s32(sum + 2, by, c);
        vstrwq_scatter_offset_s32(sum + 3, by, d);
    }
}
#endif

#if NET_PATH == 1
/*
 * The weights in the order in which net_depthwise_dot() takes them: of four channels all taps, two weights in a word.
 * Taps come in threes; those that are missing weigh 0.
 */
static void net_spread_weights(const struct net_layer *l, int16x2_t *to)
{
    const int taps = l->kernel_h * l->kernel_w;

    for (int n = 0; n < l->out_c; n += 4) {
//@if mixed
        const int at = l->weight + (l->is_packed ? n / 8 : n), apart = l->is_packed ? l->terms / 8 : l->terms;

        for (int t = 0; t < NET_THREES(taps); t++, to += 2) {
            const uint32_t four = t >= taps        ? 0
                                  : l->is_packed ? net_half(net_packed[at + t * apart], n & 4)
                                                 : net_four(net_weight + at + t * apart);
//@else
//@if packed
        const uint32_t *w = net_weight + l->weight + n / 8;

        for (int t = 0; t < NET_THREES(taps); t++, w += l->terms / 8, to += 2) {
            const uint32_t four = t < taps ? net_half(*w, n & 4) : 0;
//@else
        const int8_t *w = net_weight + l->weight + n;

        for (int t = 0; t < NET_THREES(taps); t++, w += l->terms, to += 2) {
            const uint32_t four = t < taps ? net_four(w) : 0;
//@end
//@end

            to[0] = __sxtb16((int8x4_t)four);
            to[1] = net_signed_odd(four);
        }
    }
}

/* Sums of `count` channels over the taps, four at a time. */
static NET_APART void net_depthwise_dot(const uint8_t *const *tap, const uint8_t *const *end, const int16x2_t *w,
                                        const int32_t *bias, int count, int32_t *sum)
{
    for (int n = 0; n < count; n += 4, sum += 4) {
        const uint8_t *const *at = tap;
        int32_t a, b, c, d;

        NET_TWO(bias, a, b);
        NET_TWO(bias, c, d);
        do {
            NET_UNROLL(GCC unroll 3)
            for (int i = 0; i < 3; i++) {
                const uint32_t x = net_four(*at++ + n);
                const int16x2_t even = net_even(x), odd = net_odd(x);
                int16x2_t even_weight, odd_weight;

                NET_TWO(w, even_weight, odd_weight);
                a = __smlabb(even, even_weight, a);
                c = __smlatt(even, even_weight, c);
                b = __smlabb(odd, odd_weight, b);
                d = __smlatt(odd, odd_weight, d);
            }
        } while (at < end);
        sum[0] = a;
        sum[1] = b;
        sum[2] = c;
        sum[3] = d;
    }
}
#endif

/* All channels of one pixel. Weights lie tap by tap, l->terms apart. */
static void net_depthwise(struct net_state *s, const struct net_layer *l, int row, int col, int32_t *sum)
{
    const uint8_t *tap[NET_TAPS];
    const int taps = l->kernel_h * l->kernel_w;
#if NET_PATH != 1
//@if mixed
    const int8_t *w = l->is_packed ? (const int8_t *)s->weight : net_weight + l->weight;
//@else
//@if packed
    const int8_t *w = (const int8_t *)s->weight;
//@else
    const int8_t *w = net_weight + l->weight;
//@end
//@end
#endif

    net_taps(l, s->arena + l->in, s->border, row, col, tap);
#if NET_PATH == 2
    net_depthwise_dot(tap, taps, w, l->terms, net_bias + l->channel, l->out_c, sum);
#elif NET_PATH == 1
    for (int t = taps; t < NET_THREES(taps); t++)
        tap[t] = s->border;
    net_depthwise_dot(tap, tap + NET_THREES(taps), s->pair, net_bias + l->channel, l->out_c, sum);
#else
    for (int n = 0; n < l->out_c; n++) {
        int32_t a = net_bias[l->channel + n];

        for (int t = 0; t < taps; t++)
            a += (int32_t)tap[t][n] * w[t * l->terms + n];
        sum[n] = a;
    }
#endif
}

//@end
/* ---- from sums to activations ---- */

//@if add
#if NET_PATH == 2
/* The same with the map that is added. */
static NET_APART void net_added(const struct net_layer *l, const int32_t *sum, const uint8_t *added, uint8_t *y)
{
    const int32_t *multiplier = net_multiplier + l->channel;
    const int8_t *shift = net_shift + l->channel;
    const int32x4_t low = vdupq_n_s32(l->low), most = vdupq_n_s32(l->high);
    const int32x4_t by = vdupq_n_s32(l->add_multiplier), right = vdupq_n_s32(-l->add_shift - 1);

    for (int left = l->out_c; left > 0; left -= 4, sum += 4, multiplier += 4, shift += 4, added += 4, y += 4) {
        const mve_pred16_t rest = vctp32q((uint32_t)left);
        const int32x4_t high = vmulhq_s32(vldrwq_s32(sum), vldrwq_s32(multiplier));
        const int32x4_t a = vsubq_n_s32(vreinterpretq_s32_u32(vldrbq_u32(added)), l->add_zero);
        int32x4_t r = vrshlq_s32(high, vmvnq_s32(vldrbq_s32(shift))); /* -shift - 1 */

        r = vaddq_s32(r, vrshlq_s32(vmulhq_s32(vshlq_n_s32(a, 8), by), right));
        r = vaddq_n_s32(vminq_s32(vmaxq_s32(r, low), most), l->zero);
        vstrbq_p_u32(y, vreinterpretq_u32_s32(r), rest);
    }
}
#endif

//@end
/* All channels of pixel `pixel` of the map. */
static void net_activations(const struct net_state *s, const struct net_layer *l, const int32_t *sum, int pixel,
                            uint8_t *y)
{
    const int32_t *multiplier = net_multiplier + l->channel;
    const int8_t *shift = net_shift + l->channel;
//@if add
    const uint8_t *added = l->add < 0 ? 0 : s->arena + l->add + pixel * l->out_c;
//@else

    (void)s;
    (void)pixel;
//@end
#if NET_PATH == 2
    const int32x4_t low = vdupq_n_s32(l->low), most = vdupq_n_s32(l->high);
    const int32_t zero = l->zero, count = l->out_c;

//@if add
    if (added) {
        net_added(l, sum, added, y);
        return;
    }
//@end
    __asm__ volatile("dlstp.32 lr, %[count]\n"
                     "1: vldrw.s32 q0, [%[sum]], #16\n"
                     "vldrw.s32 q1, [%[multiplier]], #16\n"
                     "vldrb.s32 q2, [%[shift]], #4\n"
                     "vmulh.s32 q0, q0, q1\n"
                     "vmvn q2, q2\n" /* -shift - 1 */
                     "vrshl.s32 q0, q0, q2\n"
                     "vmax.s32 q0, q0, %q[low]\n"
                     "vmin.s32 q0, q0, %q[most]\n"
                     "vadd.i32 q0, q0, %[zero]\n"
                     "vstrb.32 q0, [%[y]], #4\n"
                     "letp lr, 1b"
                     : [sum] "+&r"(sum), [multiplier] "+&r"(multiplier), [shift] "+&l"(shift), [y] "+&l"(y)
                     : [low] "w"(low), [most] "w"(most), [zero] "r"(zero), [count] "r"(count)
                     : "q0", "q1", "q2", "lr", "memory");
#else
    const int count = l->out_c, zero = l->zero, low = l->low, high = l->high;
    int n = 0;

#if NET_PATH == 1
//@if add
    if (zero == 0 && low == 0 && high == NET_MOST && !added) {
//@else
    if (zero == 0 && low == 0 && high == NET_MOST) {
//@end
        const int32_t *from = sum, *by = multiplier;

        NET_UNROLL(GCC unroll 2)
        for (; n + 1 < count; n += 2) {
            int32_t a, b, m, k;

            NET_TWO(from, a, b);
            NET_TWO(by, m, k);
            y[n] = (uint8_t)__usat(net_scaled(a, m, shift[n]), NET_MOST == 127 ? 7 : 8);
            y[n + 1] = (uint8_t)__usat(net_scaled(b, k, shift[n + 1]), NET_MOST == 127 ? 7 : 8);
        }
    }
#endif
    for (; n < count; n++) {
        int32_t r = net_scaled(sum[n], multiplier[n], shift[n]);

//@if add
        if (added)
            r += net_scaled((added[n] - l->add_zero) * 256, l->add_multiplier, l->add_shift);
//@end
        y[n] = (uint8_t)(zero + net_clamped(r, low, high));
    }
#endif
}

//@if pooled
/* Takes the activations of a pixel into the pooled ones. */
static void net_pool(struct net_state *s, const struct net_layer *l)
{
    const int is_average = l->pooling == NET_AVERAGE;
    int32_t *const pool = s->pool;

#if NET_PATH == 2
    for (int n = 0; n < l->out_c; n += 4) {
        const int32x4_t x = vreinterpretq_s32_u32(vldrbq_u32(s->map + n)), y = vldrwq_s32(pool + n);

        vstrwq_s32(pool + n, is_average ? vaddq_s32(x, y) : vmaxq_s32(x, y));
    }
#else
    if (is_average) {
        NET_UNROLL(GCC unroll 4)
        for (int n = 0; n < l->out_c; n++)
            pool[n] += s->map[n];
    } else {
        for (int n = 0; n < l->out_c; n++) {
            if (s->map[n] > pool[n])
                pool[n] = s->map[n];
        }
    }
#endif
}

static void net_pooled(const struct net_state *s, const struct net_layer *l, uint8_t *y)
{
    for (int n = 0; n < l->out_c; n++) {
        if (l->pooling == NET_AVERAGE)
            y[n] = (uint8_t)(l->out_zero + net_clamped(net_scaled(s->pool[n], l->average_multiplier, l->average_shift),
                                                       l->out_low, l->out_high));
        else
            y[n] = (uint8_t)s->pool[n];
    }
}
//@end

//@use network_run.c
/* The scores, in the order of the classes; the largest one's class. */
static int net_scores(struct net_state *s, const struct net_layer *l, int32_t *scores)
{
    const int pixel[2] = {0, 0};
    int best = 0;

    net_sums(s, l, pixel, 1);
    for (int k = 0; k < NET_CLASSES; k++) {
        const int shift = net_shift[l->channel + k] + 33;
        const int64_t y = (int64_t)s->sum[0][k] * net_multiplier[l->channel + k] + ((int64_t)1 << (shift - 1));

        scores[k] = (int32_t)NET_SHIFTED(y, shift);
        if (scores[k] > scores[best])
            best = k;
    }
    return best;
}

//@use network_main.c
//@use selftest.c
