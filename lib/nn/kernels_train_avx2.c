#define EO_SIMD_AVX2
#define EO_TRAIN_OPS eo_train_ops_avx2
#include "nn/kernels_train_body.h"
