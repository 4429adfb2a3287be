#define EO_SIMD_AVX2
#define EO_SET perf_avx2
#define PERF_LAYERS perf_layers_f32_avx2
#include "tests/perf/layers_f32_body.h"
