#define EO_SIMD_NEON
#define EO_S8_KERNELS eo_s8_kernels_neon
#include "nn/kernels_s8_body.h"

static void *prepare(const struct eo_model *m, int max_batch, struct eo_err *err)
{
    (void)max_batch;
    return eo_s8_prepare(m, eo_s8_kernels_neon(), err);
}

const struct eo_engine_ops *eo_s8_ops_neon(void)
{
    static const struct eo_engine_ops ops = {"int8-neon", prepare,         eo_s8_release,   eo_s8_run,
                                             NULL,        eo_s8_workspace, eo_s8_set_marker};

    return &ops;
}
