/* The int8 kernels of AVX2 for activations up to 255; those of avx2.c multiply faster and take up to 127. */
#define EO_SIMD_AVX2
#define EO_SET avx2_wide
#define EO_S8_WIDE
#include "nn/kernels/s8_body.h"
#include "nn/kernels/general_s8_body.h"
