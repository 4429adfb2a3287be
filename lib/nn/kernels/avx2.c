#define EO_SIMD_AVX2
#define EO_SET avx2
#include "nn/kernels/f32_body.h"
#include "nn/kernels/general_body.h"
#include "nn/kernels/general_train_body.h"
#define EO_S8_WIDE_KERNELS eo_s8_kernels_avx2_wide
#include "nn/kernels/s8_body.h"
#include "nn/kernels/s8_table.h"
#define EO_GS8_WIDE_KERNELS eo_gs8_kernels_avx2_wide
#include "nn/kernels/general_s8_body.h"
#include "nn/kernels/general_s8_table.h"
#include "nn/kernels/train_body.h"
