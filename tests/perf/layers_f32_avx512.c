#define EO_SIMD_AVX512
#define EO_SET perf_avx512
#define PERF_LAYERS perf_layers_f32_avx512
#include "tests/perf/layers_f32_body.h"
