#define EO_SIMD_NEON
#define EO_SET perf_neon
#define PERF_LAYERS perf_layers_f32_neon
#include "tests/perf/layers_f32_body.h"
