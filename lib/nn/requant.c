#include "nn/requant.h"

#include <math.h>

int eo_requant_make(double factor, struct eo_requant *rq, struct eo_err *err)
{
    int exponent;
    double mantissa, scaled;

    if (!(factor > 0 && factor < 1))
        return eo_err_set(err, "requantisation factor: expected a value between 0 and 1, found %g", factor);
    mantissa =
        frexp(factor, &exponent); /* factor = mantissa * 2^exponent, mantissa in [0.5, 1), exponent <= 0 */
    scaled = rint(mantissa * 0x1p31); /* in 2^30 .. 2^31 */
    if (scaled == 0x1p31) {
        scaled = 0x1p30;
        exponent++;
    }
    if (exponent > 0) { /* it was rounded up to 1: take the largest factor below */
        scaled = 0x1p31 - 1;
        exponent = 0;
    }
    if (31 - exponent > 62) {
        *rq = (struct eo_requant){0, 31};
        return 0;
    }
    *rq = (struct eo_requant){(int32_t)scaled, 31 - exponent};
    return 0;
}
