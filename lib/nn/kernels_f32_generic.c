#define EO_SIMD_GENERIC
#define EO_OPS_NAME eo_f32_ops_generic
#define EO_ISA_TEXT "generic"
#include "nn/kernels_f32_body.h"
