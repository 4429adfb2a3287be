#define EO_SIMD_NEON
#define EO_OPS_NAME eo_f32_ops_neon
#define EO_ISA_TEXT "neon"
#include "nn/kernels_f32_body.h"
