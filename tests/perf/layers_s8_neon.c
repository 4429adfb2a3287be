#define EO_SIMD_NEON
#define EO_SET perf_neon
#define PERF_LAYERS perf_layers_s8_neon
#include "tests/perf/layers_s8_body.h"
