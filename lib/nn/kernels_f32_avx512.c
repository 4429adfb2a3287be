#define EO_SIMD_AVX512
#define EO_OPS_NAME eo_f32_ops_avx512
#define EO_ISA_TEXT "avx512"
#include "nn/kernels_f32_body.h"
