#define EO_SIMD_AVX2
#define EO_S8_KERNELS eo_s8_kernels_avx2_narrow
#include "nn/kernels_s8_body.h"

/* Whole models have activations up to 127 or up to 255; only the former fit the faster multiplication. */
static void *prepare(const struct eo_model *m, int max_batch, struct eo_err *err)
{
    int narrow = eo_backend_activation_max(m->backend) <= 127;

    (void)max_batch;
    return eo_s8_prepare(m, narrow ? eo_s8_kernels_avx2_narrow() : eo_s8_kernels_avx2_wide(), err);
}

const struct eo_engine_ops *eo_s8_ops_avx2(void)
{
    static const struct eo_engine_ops ops = {"int8-avx2", prepare,         eo_s8_release,   eo_s8_run,
                                             NULL,        eo_s8_workspace, eo_s8_set_marker};

    return &ops;
}
