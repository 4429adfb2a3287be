/*
 * lib/nn/half: all 65,536 halves there and back, and rounding to half against an oracle that knows nothing of
 * bit patterns: it lists the values of all halves with ldexp() and looks for the nearest.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "nn/half.h"
#include "tests/unit/check.h"

#define INFINITE_HALF 0x7c00

static double values[INFINITE_HALF + 1]; /* of the positive halves; the last is where 65536 would be */

static float from_bits(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

static uint32_t to_bits(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

/* Many values of one kind are one case, which shows the first wrong one. */
struct group {
    const char *what;
    int values, wrong;
    uint32_t input, expected, found;
};

static void expect(struct group *g, uint32_t input, uint32_t expected, uint32_t found)
{
    g->values++;
    if (expected == found || g->wrong++ > 0)
        return;
    g->input = input;
    g->expected = expected;
    g->found = found;
}

static void conclude(const struct group *g, int values_min)
{
    check_that(g->wrong == 0,
               "%s: %d of %d are wrong, the first: input 0x%08x: expected 0x%08x, found 0x%08x", g->what,
               g->wrong, g->values, g->input, g->expected, g->found);
    check_that(g->values >= values_min, "%s: expected at least %d values, found %d", g->what, values_min,
               g->values);
}

static void list_values(void)
{
    for (int h = 0; h <= INFINITE_HALF; h++) {
        int exponent = h >> 10, mantissa = h & 1023;

        values[h] = exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
    }
}

/* The nearest half of a finite number, of two equally near ones the even one. */
static uint16_t oracle(float x)
{
    double a = fabs((double)x);
    int low = 0, high = INFINITE_HALF, middle;
    uint16_t sign = signbit(x) ? 0x8000 : 0;

    if (a >= values[INFINITE_HALF])
        return sign | INFINITE_HALF;
    while (high - low > 1) {
        middle = (low + high) / 2;
        *(values[middle] <= a ? &low : &high) = middle;
    }
    if (a - values[low] < values[high] - a)
        return sign | (uint16_t)low;
    if (a - values[low] > values[high] - a)
        return sign | (uint16_t)high;
    return sign | (uint16_t)(low & 1 ? high : low);
}

static void expect_rounding(struct group *g, float x)
{
    expect(g, to_bits(x), oracle(x), eo_half_from_float(x));
    expect(g, to_bits(-x), oracle(-x), eo_half_from_float(-x));
}

static void test_every_half(void)
{
    struct group nan = {.what = "NaN to float"}, nan_back = {.what = "NaN there and back"};
    struct group to = {.what = "to float"}, sign = {.what = "sign"}, back = {.what = "there and back"};

    for (uint32_t h = 0; h < 65536; h++) {
        uint32_t magnitude = h & 0x7fff;
        float x = eo_half_to_float((uint16_t)h);

        if (magnitude > INFINITE_HALF) { /* a NaN stays one, is quiet, and keeps its sign and payload */
            expect(&nan, h, 1, isnan(x) != 0);
            expect(&nan_back, h, h | 0x200, eo_half_from_float(x));
            continue;
        }
        expect(&to, h, magnitude == INFINITE_HALF ? 0x7f800000 : to_bits((float)values[magnitude]),
               to_bits(x) & 0x7fffffff);
        expect(&sign, h, h >> 15, to_bits(x) >> 31);
        expect(&back, h, h, eo_half_from_float(x));
    }
    conclude(&nan, 2046);
    conclude(&nan_back, 2046);
    conclude(&to, 63490);
    conclude(&sign, 63490);
    conclude(&back, 63490);
}

/* Around every half and every tie between two of them. */
static void test_neighbourhoods(void)
{
    struct group g = {.what = "around halves and ties"};

    for (int h = 0; h < INFINITE_HALF; h++) {
        float tie = (float)((values[h] + values[h + 1]) / 2), x = (float)values[h];

        expect_rounding(&g, x);
        expect_rounding(&g, nextafterf(x, INFINITY));
        expect_rounding(&g, nextafterf(x, 0));
        expect_rounding(&g, tie);
        expect_rounding(&g, nextafterf(tie, INFINITY));
        expect_rounding(&g, nextafterf(tie, 0));
    }
    conclude(&g, 2 * 6 * INFINITE_HALF);
}

static void test_random(void)
{
    struct group g = {.what = "random floats (seed 1)"};
    struct eo_rng rng;

    eo_rng_init(&rng, 1, EO_RNG_INIT);
    for (int i = 0; i < 500000; i++) {
        float x = from_bits((uint32_t)eo_rng_u64(&rng));

        if (isfinite(x))
            expect_rounding(&g, x);
    }
    conclude(&g, 900000);
}

static void test_table(void)
{
    static const struct {
        uint32_t bits;
        uint16_t half;
    } cases[] = {
        {0x00000000, 0x0000}, {0x80000000, 0x8000}, {0x3f800000, 0x3c00}, /* 0, -0, 1 */
        {0x477fe000, 0x7bff},                                             /* 65504, the largest */
        {0x477fefff, 0x7bff}, {0x477ff000, 0x7c00}, /* below 65520 and at it: the tie goes to infinity */
        {0xc77ff000, 0xfc00}, {0x7f7fffff, 0x7c00}, {0x7f800000, 0x7c00},
        {0xff800000, 0xfc00}, {0x33800000, 0x0001}, /* 2^-24, the least */
        {0x33000000, 0x0000}, {0x33000001, 0x0001}, /* half of it ties to 0, anything above does not */
        {0x33c00000, 0x0002},                       /* 1.5 * 2^-24 ties to the even 2 */
        {0x387fc000, 0x03ff}, {0x38800000, 0x0400}, {0x387fffff, 0x0400}, /* the largest subnormal, 2^-14 */
        {0x00000001, 0x0000}, {0x7fc00000, 0x7e00}, {0x7f800001, 0x7e00}, /* a float's subnormal; NaN */
        {0x3f801000, 0x3c00}, {0x3f803000, 0x3c02}, {0x3f801001, 0x3c01}, /* ties at 1 */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint16_t found = eo_half_from_float(from_bits(cases[i].bits));

        check_that(found == cases[i].half, "table: input 0x%08x: expected 0x%04x, found 0x%04x",
                   cases[i].bits, cases[i].half, found);
    }
}

int main(void)
{
    list_values();
    test_every_half();
    test_neighbourhoods();
    test_random();
    test_table();
    return check_report("test_half");
}
