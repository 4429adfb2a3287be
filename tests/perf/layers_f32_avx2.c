#define EO_SIMD_AVX2
#define EO_OPS_NAME perf_ops_f32_avx2
#define EO_ISA_TEXT "avx2"
#define PERF_LAYERS perf_layers_f32_avx2
#include "tests/perf/layers_f32_body.h"
