#define EO_SIMD_NEON
#define EO_OPS_NAME perf_ops_f32_neon
#define EO_ISA_TEXT "neon"
#define PERF_LAYERS perf_layers_f32_neon
#include "tests/perf/layers_f32_body.h"
