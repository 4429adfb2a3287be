#include "tests/perf/layers.h"

const struct perf_layers *perf_layers_get(enum eo_isa isa, enum eo_precision precision)
{
    int s8 = precision == EO_INT8;

    switch (isa) {
#if defined(__x86_64__)
    case EO_ISA_AVX512:
        return s8 ? perf_layers_s8_avx512() : perf_layers_f32_avx512();
    case EO_ISA_AVX2:
        return s8 ? perf_layers_s8_avx2() : perf_layers_f32_avx2();
#elif defined(__aarch64__)
    case EO_ISA_NEON:
        return s8 ? perf_layers_s8_neon() : perf_layers_f32_neon();
#endif
    default:
        (void)s8;
        return NULL;
    }
}
