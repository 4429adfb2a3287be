#include "stage/import/values.h"

#include <math.h>

#include "base/mem.h"
#include "nn/half.h"

float eo_import_round(double x, struct eo_import_loss *loss)
{
    float y = (float)x;
    double change = fabs((double)y - x) / fabs(x);

    loss->values++;
    if ((double)y < x || (double)y > x) {
        loss->changed++;
        loss->relative = change > loss->relative ? change : loss->relative;
    }
    return y;
}

static float value_at(const struct eo_st_tensor *t, size_t i, struct eo_import_loss *loss)
{
    size_t size = eo_st_dtype_bytes(t->dtype);
    const char *at = (const char *)t->data + i * size;
    uint16_t half;
    double wide;
    float x;

    switch (t->dtype) {
    case EO_ST_F64:
        eo_copy_little_endian(&wide, at, 1, size);
        return eo_import_round(wide, loss);
    case EO_ST_F32:
        eo_copy_little_endian(&x, at, 1, size);
        return x;
    default:
        eo_copy_little_endian(&half, at, 1, size);
        return t->dtype == EO_ST_BF16 ? eo_brain_to_float(half) : eo_half_to_float(half);
    }
}

int eo_import_values(const struct eo_st_tensor *t, float *out, struct eo_import_loss *loss,
                     struct eo_err *err)
{
    size_t count = t->bytes / eo_st_dtype_bytes(t->dtype);

    if (t->dtype != EO_ST_F32 && t->dtype != EO_ST_F64 && t->dtype != EO_ST_F16 && t->dtype != EO_ST_BF16)
        return eo_err_set(err, "tensor '%.60s': expected dtype F32, F64, F16 or BF16, found %s", t->name,
                          eo_st_dtype_name(t->dtype));
    for (size_t i = 0; i < count; i++) {
        out[i] = value_at(t, i, loss);
        if (!isfinite(out[i]))
            return eo_err_set(err, "tensor '%.60s': element %zu: expected a finite number of fp32, found %s",
                              t->name, i,
                              isnan(out[i]) ? "nan"
                              : out[i] > 0  ? "inf"
                                            : "-inf");
    }
    return 0;
}
