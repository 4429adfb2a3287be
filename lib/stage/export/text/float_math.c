typedef union {
    float value;
    uint32_t bits;
} net_float;

/* Each result is rounded to float at once, whatever the compiler would compute with. */
#if defined(__FLT_EVAL_METHOD__) && (__FLT_EVAL_METHOD__ == 1 || __FLT_EVAL_METHOD__ == 2)
static float net_round(float x)
{
    volatile float y = x;

    return y;
}
#else
#define net_round(x) (x)
#endif

/* x * y + z with one rounding: an instruction, or integers that give the same bits. */
#if defined(__FP_FAST_FMAF) || defined(__ARM_FEATURE_FMA) || defined(__FMA__)
#define NET_FMA(x, y, z) __builtin_fmaf(x, y, z)
#else
#define NET_FMA(x, y, z) net_fma(x, y, z)

static uint32_t net_bits(float x)
{
    net_float f;

    f.value = x;
    return f.bits;
}

static uint32_t net_exponent(uint32_t bits)
{
    return bits >> 23 & 255;
}

/* The significand as an integer. */
static uint64_t net_digits(uint32_t bits)
{
    return net_exponent(bits) ? (bits & 0x7fffff) | 0x800000 : bits & 0x7fffff;
}

/* Shifts right; the last bit keeps whether anything was lost. */
static uint64_t net_shift(uint64_t x, int n)
{
    return n == 0 ? x : n > 63 ? x != 0 : x >> n | (x << (64 - n) != 0);
}

/* Rounds sum * 2^(exponent - 188) to the nearest float, to even at a tie. */
static float net_nearest(uint64_t sum, int exponent, uint32_t sign)
{
    net_float f;
    uint64_t rest;

    if (sum >> 62) {
        sum = net_shift(sum, 1);
        exponent++;
    }
    while (exponent > 1 && !(sum >> 61)) {
        sum <<= 1;
        exponent--;
    }
    f.bits = (uint32_t)(sum >> 38) + ((uint32_t)(exponent - 1) << 23);
    rest = sum & 0x3fffffffff;
    f.bits += rest > 0x2000000000 || (rest == 0x2000000000 && (f.bits & 1));
    f.bits = sign | (f.bits < 0x7f800000 ? f.bits : 0x7f800000);
    return f.value;
}

static float net_fma(float x, float y, float z)
{
    const uint32_t a = net_bits(x), b = net_bits(y), c = net_bits(z), sign = (a ^ b) & 0x80000000;
    const int c_exponent = net_exponent(c) ? (int)net_exponent(c) : 1;
    int exponent = (int)(net_exponent(a) ? net_exponent(a) : 1) + (int)(net_exponent(b) ? net_exponent(b) : 1) - 126;
    uint64_t product = (net_digits(a) * net_digits(b)) << 14, sum = net_digits(c) << 38;

    if (net_exponent(a) == 255 || net_exponent(b) == 255 || product == 0)
        return x * y + z; /* infinite, no number or z: nothing is rounded */
    if (net_exponent(c) == 255)
        return z;
    if (exponent > c_exponent) {
        sum = net_shift(sum, exponent - c_exponent);
    } else {
        product = net_shift(product, c_exponent - exponent);
        exponent = c_exponent;
    }
    if (sign == (c & 0x80000000))
        return net_nearest(product + sum, exponent, sign);
    if (product == sum)
        return 0;
    return product > sum ? net_nearest(product - sum, exponent, sign)
                         : net_nearest(sum - product, exponent, c & 0x80000000);
}
#endif

static float net_larger(float a, float b)
{
    return a > b ? a : b;
}

//@if half
#if defined(__GNUC__) && defined(__arm__) && defined(__ARM_FEATURE_FMA) /* which comes with conversions of 16 bits */
/* The float that 16 bits stand for, and the nearest of these. */
static float net_widen(uint16_t half)
{
    net_float f;

    f.bits = half;
    __asm__("vcvtb.f32.f16 %0, %1" : "=t"(f.value) : "t"(f.value));
    return f.value;
}

//@if smallcnn
static float net_narrow(float x)
{
    float half;

    __asm__("vcvtb.f16.f32 %0, %1\n\tvcvtb.f32.f16 %0, %0" : "=t"(half) : "t"(x));
    return half;
}
//@else
static uint16_t net_stored(float x)
{
    net_float f;

    __asm__("vcvtb.f16.f32 %0, %1" : "=t"(f.value) : "t"(x));
    return (uint16_t)f.bits;
}
//@end
#else
/* The float that 16 bits stand for. */
static float net_widen(uint16_t half)
{
    const uint32_t digits = half & 0x7fff;
    net_float f;

    f.value = (float)digits * 5.9604644775390625e-8f; /* of the smallest ones; exact */
    if (digits >= 0x400)
        f.bits = (digits << 13) + 0x38000000;
//@if smallcnn
//@else
    if (digits >= 0x7c00)
        f.bits |= 0x7f800000; /* infinite or no number */
//@end
    f.bits |= (uint32_t)(half & 0x8000) << 16;
    return f.value;
}

//@if smallcnn
/* The nearest value that 16 bits can stand for. */
static float net_narrow(float x)
{
    net_float f;
    uint32_t sign;

    f.value = x;
    sign = f.bits & 0x80000000;
    f.bits ^= sign;
    if (f.bits < 0x38800000) {
        f.value = net_round(net_round(f.value + 0.5f) - 0.5f);
    } else {
        f.bits = (f.bits + 0xfff + (f.bits >> 13 & 1)) & 0xffffe000;
        f.bits = f.bits < 0x47800000 ? f.bits : 0x7f800000;
    }
    f.bits |= sign;
    return f.value;
}
//@else
/* The 16 bits that stand for the nearest value. */
static uint16_t net_stored(float x)
{
    net_float f;
    uint32_t sign;

    f.value = x;
    sign = f.bits & 0x80000000;
    f.bits ^= sign;
    if (f.bits > 0x7f800000) {
        f.bits = 0x7e00; /* no number */
    } else if (f.bits < 0x38800000) {
        f.value = net_round(f.value + 0.5f); /* whose last digit is that of the smallest ones */
        f.bits -= 0x3f000000;
    } else {
        f.bits += 0xfff + (f.bits >> 13 & 1);
        f.bits = f.bits < 0x47800000 ? (f.bits - 0x38000000) >> 13 : 0x7c00;
    }
    return (uint16_t)(sign >> 16 | f.bits);
}
//@end
#endif
//@else
#define net_widen(x) (x)
//@if smallcnn
#define net_narrow(x) (x)
//@else
#define net_stored(x) (x)
//@end
//@end

