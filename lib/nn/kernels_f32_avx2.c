#define EO_SIMD_AVX2
#define EO_OPS_NAME eo_f32_ops_avx2
#define EO_ISA_TEXT "avx2"
#include "nn/kernels_f32_body.h"
