#define EO_SIMD_NEON
#define EO_TRAIN_OPS eo_train_ops_neon
#include "nn/kernels_train_body.h"
