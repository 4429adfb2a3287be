#define EO_SIMD_NEON
#define EO_S8_KERNELS perf_kernels_s8_neon
#define PERF_LAYERS perf_layers_s8_neon
#include "tests/perf/layers_s8_body.h"
