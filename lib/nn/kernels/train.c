#include "nn/kernels/train.h"

#include <math.h>

#include "base/mem.h"
#include "nn/kernels/general_train.h"

static int pad16(int n)
{
    return (int)eo_size_round_up((size_t)n, 16);
}

void eo_train_layout_init(struct eo_train_layout *l, int c1, int c2)
{
    size_t cp1 = (size_t)pad16(c1), cp2 = (size_t)pad16(c2);

    *l = (struct eo_train_layout){.c1 = c1, .c2 = c2, .cp1 = (int)cp1, .cp2 = (int)cp2};
    l->w1 = 0;
    l->b1 = l->w1 + 9 * cp1;
    l->w2 = l->b1 + cp1;
    l->b2 = l->w2 + (size_t)c2 * 9 * cp1;
    l->w3 = l->b2 + cp2;
    l->b3 = l->w3 + 490 * cp2;
    l->total = l->b3 + 16;
    l->scale1 = l->total;
    l->scale2 = l->scale1 + cp1;
    l->total_gradients = l->scale2 + cp2;
}

size_t eo_train_scratch_floats(const struct eo_train_layout *l)
{
    size_t cp1 = (size_t)l->cp1, cp2 = (size_t)l->cp2;

    return EO_X_ROWS * EO_X_STRIDE + (4 * EO_A1_SIDE * EO_A1_SIDE + 196) * cp1 + (5 * 49 + 10) * cp2;
}

void eo_train_scratch_place(const struct eo_train_layout *l, float *memory, struct eo_train_scratch *s)
{
    size_t cp1 = (size_t)l->cp1, cp2 = (size_t)l->cp2;

    s->x = memory;
    s->a1 = s->x + EO_X_ROWS * EO_X_STRIDE;
    s->da1 = s->a1 + EO_A1_SIDE * EO_A1_SIDE * cp1;
    s->a2 = s->da1 + EO_A1_SIDE * EO_A1_SIDE * cp1;
    s->da2 = s->a2 + 49 * cp2;
    s->part = s->da2 + 49 * cp2;
    s->pass1 = s->part + 10 * cp2;
    s->slope1 = s->pass1 + EO_A1_SIDE * EO_A1_SIDE * cp1;
    s->pass2 = s->slope1 + EO_A1_SIDE * EO_A1_SIDE * cp1;
    s->slope2 = s->pass2 + 49 * cp2;
    s->arg2 = (int32_t *)(s->slope2 + 49 * cp2);
    s->arg1 = s->arg2 + 49 * cp2;
}

struct eo_adam_step eo_adam_step_next(double powers[2], double learning_rate, double weight_decay)
{
    const double beta1 = 0.9, beta2 = 0.999;

    powers[0] *= beta1;
    powers[1] *= beta2;
    return (struct eo_adam_step){
        .beta1 = (float)beta1,
        .rest1 = (float)(1 - beta1),
        .beta2 = (float)beta2,
        .rest2 = (float)(1 - beta2),
        .eps = 1e-8f,
        .step_size = (float)(learning_rate / (1 - powers[0])),
        .inv_sqrt_bias2 = (float)(1 / sqrt(1 - powers[1])),
        .keep = (float)(1 - learning_rate * weight_decay),
    };
}

const struct eo_train_ops *eo_train_ops_get(enum eo_isa isa)
{
    switch (isa) {
#if defined(__x86_64__)
    case EO_ISA_AVX512:
        return &eo_train_ops_avx512;
    case EO_ISA_AVX2:
        return &eo_train_ops_avx2;
#elif defined(__aarch64__)
    case EO_ISA_NEON:
        return &eo_train_ops_neon;
#endif
    default:
        return &eo_train_ops_generic;
    }
}

const struct eo_general_train_ops *eo_general_train_ops_get(enum eo_isa isa)
{
    switch (isa) {
#if defined(__x86_64__)
    case EO_ISA_AVX512:
        return &eo_general_train_ops_avx512;
    case EO_ISA_AVX2:
        return &eo_general_train_ops_avx2;
#elif defined(__aarch64__)
    case EO_ISA_NEON:
        return &eo_general_train_ops_neon;
#endif
    default:
        return &eo_general_train_ops_generic;
    }
}
