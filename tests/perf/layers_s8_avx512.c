#define EO_SIMD_AVX512
#define EO_SET perf_avx512
#define PERF_LAYERS perf_layers_s8_avx512
#include "tests/perf/layers_s8_body.h"
