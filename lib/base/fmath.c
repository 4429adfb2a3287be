#include "base/fmath.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ln 2 in two parts; the first has 21 low bits zero, so that k * LN2_HIGH is exact for |k| < 2^21. */
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#define LOG2_E 0x1.71547652b82fep0

static double power_of_two(int k)
{
    uint64_t bits = (uint64_t)(k + 1023) << 52;
    double x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

double eo_exp(double x)
{
    double k, r, p;

    if (!(x > -708))
        return x != x ? x : 0;
    if (x > 709)
        return INFINITY;
    k = floor(x * LOG2_E + 0.5);
    r = (x - k * LN2_HIGH) - k * LN2_LOW;
    p = 1;
    for (int i = 13; i > 0; i--) /* 1 + r/1 (1 + r/2 (1 + r/3 (...))) */
        p = 1 + p * (r / i);
    return k > 1023 ? p * 0x1p1023 * 2 : p * power_of_two((int)k);
}

double eo_log(double x)
{
    uint64_t bits;
    double m, s, z, sum;
    int e;

    if (!(x > 0) || x > 0x1.fffffffffffffp1023)
        return x == 0 ? -INFINITY : x > 0 ? x : NAN;
    memcpy(&bits, &x, sizeof(bits));
    e = (int)(bits >> 52) - 1023;
    bits = (bits & 0xfffffffffffffu) | ((uint64_t)1023 << 52);
    memcpy(&m, &bits, sizeof(m));
    if (m > 0x1.6a09e667f3bcdp0) {
        m *= 0.5;
        e++;
    }
    s = (m - 1) / (m + 1);
    z = s * s;
    sum = 0;
    for (int i = 21; i > 0; i -= 2)
        sum = sum * z + 1.0 / i;
    return e * LN2_HIGH + (e * LN2_LOW + 2 * s * sum);
}

/* The sum of 1 - z / (f (f + 1)) (1 - z / ((f + 2) (f + 3)) (...)) for the given f: cosine from 1, sine / x from 2. */
static double alternating(double z, int first)
{
    double p = 1;

    for (int i = first + 14; i >= first; i -= 2)
        p = 1 - p * (z / (i * (i + 1)));
    return p;
}

double eo_cospi(double x)
{
    const double pi = 0x1.921fb54442d18p1;
    int negative = 0;

    x = fabs(x);
    x -= 2 * floor(x * 0.5); /* exact, as are the differences below */
    if (x > 1)
        x = 2 - x;
    if (x > 0.5) {
        x = 1 - x;
        negative = 1;
    }
    if (x > 0.25) {
        x = (0.5 - x) * pi;
        x *= alternating(x * x, 2);
    } else {
        x = alternating(x * x * (pi * pi), 1);
    }
    return negative ? -x : x;
}
