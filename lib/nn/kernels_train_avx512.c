#define EO_SIMD_AVX512
#define EO_TRAIN_OPS eo_train_ops_avx512
#include "nn/kernels_train_body.h"
