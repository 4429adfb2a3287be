#define EO_SIMD_GENERIC
#define EO_TRAIN_OPS eo_train_ops_generic
#include "nn/kernels_train_body.h"
