#define EO_SIMD_NEON
#define EO_SET neon
#include "nn/kernels/f32_body.h"
#include "nn/kernels/general_body.h"
#include "nn/kernels/general_train_body.h"
#include "nn/kernels/s8_body.h"
#include "nn/kernels/s8_table.h"
#include "nn/kernels/general_s8_body.h"
#include "nn/kernels/general_s8_table.h"
#include "nn/kernels/train_body.h"
