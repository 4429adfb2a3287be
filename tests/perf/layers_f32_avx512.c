#define EO_SIMD_AVX512
#define EO_OPS_NAME perf_ops_f32_avx512
#define EO_ISA_TEXT "avx512"
#define PERF_LAYERS perf_layers_f32_avx512
#include "tests/perf/layers_f32_body.h"
