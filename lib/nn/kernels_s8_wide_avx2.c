#define EO_SIMD_AVX2
#define EO_S8_WIDE
#define EO_S8_KERNELS eo_s8_kernels_avx2_wide
#include "nn/kernels_s8_body.h"
