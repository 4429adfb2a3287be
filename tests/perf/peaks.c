#include "tests/perf/peaks.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/clock.h"
#include "base/mem.h"

#define STEPS 20000
#define RUNS 4                         /* short runs of a peak at a time */
#define READ_BYTES ((size_t)128 << 20) /* the largest buffer, and what a run reads in all */

#define TWELVE(step)                                                                                         \
    step(0) step(1) step(2) step(3) step(4) step(5) step(6) step(7) step(8) step(9) step(10) step(11)

/* A function that takes STEPS times twelve steps on vectors a[0..11], and returns steps * macs per ns. */
#define PEAK(name, attributes, vec, fill_a, fill_x, step, macs)                                              \
    attributes static double name(void)                                                                      \
    {                                                                                                        \
        vec a[12], x = fill_x, y = fill_x;                                                                   \
        uint64_t start;                                                                                      \
        int i, k;                                                                                            \
                                                                                                             \
        for (i = 0; i < 12; i++)                                                                             \
            a[i] = fill_a;                                                                                   \
        start = eo_clock_now_ns();                                                                           \
        for (k = 0; k < STEPS; k++) {                                                                        \
            TWELVE(step)                                                                                     \
        }                                                                                                    \
        return STEPS * 12.0 * (macs) / (double)(eo_clock_now_ns() - start);                                  \
    }

/* A function that reads a buffer over and over, `passes` times, and returns bytes per ns. */
#define READER(name, attributes, width)                                                                      \
    attributes static double name(const char *buffer, size_t bytes, size_t passes)                           \
    {                                                                                                        \
        typedef uint64_t vec __attribute__((vector_size(width)));                                            \
        uint64_t start = eo_clock_now_ns();                                                                  \
        size_t i, k;                                                                                         \
                                                                                                             \
        for (k = 0; k < passes; k++) {                                                                       \
            const vec *p = (const vec *)(const void *)buffer;                                                \
            vec a = p[0], b = p[0], c = p[0], d = p[0];                                                      \
                                                                                                             \
            for (i = 0; i < bytes / (width); i += 4) {                                                       \
                a |= p[i];                                                                                   \
                b |= p[i + 1];                                                                               \
                c |= p[i + 2];                                                                               \
                d |= p[i + 3];                                                                               \
            }                                                                                                \
            a |= b | c | d;                                                                                  \
            __asm__ volatile("" : : "m"(a) : "memory");                                                      \
        }                                                                                                    \
        return (double)bytes * (double)passes / (double)(eo_clock_now_ns() - start);                         \
    }

READER(read_generic, , 16)

#if defined(__x86_64__)
#include <immintrin.h>

#define FMA_512(i) __asm__ volatile("vfmadd213ps %2, %1, %0" : "+v"(a[i]) : "v"(x), "v"(y));
#define FMA_256(i) __asm__ volatile("vfmadd213ps %2, %1, %0" : "+x"(a[i]) : "x"(x), "x"(y));
#define DOT_512(i) __asm__ volatile("vpdpbusd %2, %1, %0" : "+v"(a[i]) : "v"(x), "v"(y));
#define DOT_256(i)                                                                                           \
    {                                                                                                        \
        __m256i t;                                                                                           \
        __asm__ volatile("vpmaddubsw %3, %2, %1\n\tvpmaddwd %3, %1, %1\n\tvpaddd %1, %0, %0"                 \
                         : "+x"(a[i]), "=&x"(t)                                                              \
                         : "x"(x), "x"(y));                                                                  \
    }
PEAK(fma_avx512, __attribute__((target("avx512f"))), __m512, _mm512_set1_ps((float)i), _mm512_set1_ps(0.5f),
     FMA_512, 16)
PEAK(fma_avx2, __attribute__((target("avx2,fma"))), __m256, _mm256_set1_ps((float)i), _mm256_set1_ps(0.5f),
     FMA_256, 8)
PEAK(dot_avx512, __attribute__((target("avx512f,avx512vnni"))), __m512i, _mm512_set1_epi32(i),
     _mm512_set1_epi32(1), DOT_512, 64)
PEAK(dot_avx2, __attribute__((target("avx2"))), __m256i, _mm256_set1_epi32(i), _mm256_set1_epi32(1), DOT_256,
     32)
READER(read_avx512, __attribute__((target("avx512f"))), 64)
READER(read_avx2, __attribute__((target("avx2"))), 32)

#elif defined(__aarch64__)
#include <arm_neon.h>

#define FMA_128(i) __asm__ volatile("fmla %0.4s, %1.4s, %2.4s" : "+w"(a[i]) : "w"(x), "w"(y));
#define DOT_128(i)                                                                                           \
    {                                                                                                        \
        int32x4_t t;                                                                                         \
        __asm__ volatile("smull %1.8h, %2.8b, %3.8b\n\tsmlal2 %1.8h, %2.16b, %3.16b\n\tsadalp %0.4s, %1.8h"  \
                         : "+w"(a[i]), "=&w"(t)                                                              \
                         : "w"(x), "w"(y));                                                                  \
    }
PEAK(fma_neon, , float32x4_t, vdupq_n_f32((float)i), vdupq_n_f32(0.5f), FMA_128, 4)
PEAK(dot_neon, , int32x4_t, vdupq_n_s32(i), vdupq_n_s32(1), DOT_128, 16)
#endif

struct of_isa {
    enum eo_isa isa;
    double (*fma)(void), (*dot)(void);
};

static const struct of_isa of_isa[] = {
#if defined(__x86_64__)
    {EO_ISA_AVX512, fma_avx512, dot_avx512},
    {EO_ISA_AVX2, fma_avx2, dot_avx2},
#elif defined(__aarch64__)
    {EO_ISA_NEON, fma_neon, dot_neon},
#endif
    {EO_ISA_GENERIC, NULL, NULL},
};

static double read_best(const char *buffer, size_t bytes)
{
    size_t passes = READ_BYTES / bytes;

#if defined(__x86_64__)
    if (eo_isa_available(EO_ISA_AVX512))
        return read_avx512(buffer, bytes, passes);
    if (eo_isa_available(EO_ISA_AVX2))
        return read_avx2(buffer, bytes, passes);
#endif
    return read_generic(buffer, bytes, passes);
}

static void add(struct perf_peaks *p, const char *kind, const char *of, double (*once)(void), size_t bytes)
{
    struct perf_peak *peak = &p->list[p->count++];

    snprintf(peak->name, sizeof(peak->name), "%s %s", kind, of);
    peak->unit = once ? "GMAC/s" : "GB/s";
    peak->once = once;
    peak->bytes = bytes;
    for (int i = 0; i < PERF_ROUNDS_MAX; i++)
        peak->round[i] = NAN;
}

int perf_peaks_init(struct perf_peaks *p, struct eo_err *err)
{
    *p = (struct perf_peaks){0};
    for (size_t i = 0; of_isa[i].fma; i++) {
        if (!eo_isa_available(of_isa[i].isa))
            continue;
        add(p, "fma", eo_isa_name(of_isa[i].isa), of_isa[i].fma, 0);
        add(p, "dot", eo_isa_name(of_isa[i].isa), of_isa[i].dot, 0);
    }
    add(p, "read", "16 KiB", NULL, (size_t)16 << 10);
    add(p, "read", "512 KiB", NULL, (size_t)512 << 10);
    add(p, "read", "16 MiB", NULL, (size_t)16 << 20);
    add(p, "read", "128 MiB", NULL, READ_BYTES);
    p->buffer = eo_alloc(READ_BYTES, 1, err);
    if (!p->buffer)
        return -1;
    memset(p->buffer, 1, READ_BYTES); /* pages that were never written are all the same one */
    return 0;
}

void perf_peaks_release(struct perf_peaks *p)
{
    free(p->buffer);
    p->buffer = NULL;
}

void perf_peaks_measure(struct perf_peaks *p, int round)
{
    perf_pin();
    for (int i = 0; i < p->count; i++) {
        struct perf_peak *peak = &p->list[i];

        for (int k = 0; k < RUNS; k++) {
            double x = peak->once ? peak->once() : read_best(p->buffer, peak->bytes);

            if (!(peak->round[round] >= x))
                peak->round[round] = x;
        }
    }
    perf_unpin();
}

int perf_peaks_find(const struct perf_peaks *p, enum eo_isa isa, enum eo_precision precision)
{
    char name[sizeof(p->list[0].name)];

    snprintf(name, sizeof(name), "%s %s", precision == EO_INT8 ? "dot" : "fma", eo_isa_name(isa));
    for (int i = 0; i < p->count; i++) {
        if (strcmp(p->list[i].name, name) == 0)
            return i;
    }
    return -1;
}

struct perf_ratio perf_peak_figure(const struct perf_peak *peak)
{
    return perf_spread(peak->round, PERF_ROUNDS_MAX);
}

/* A chain of dependent operations: its time hangs on the clock rate alone, and on being left in peace. */
double perf_reference_ns(void)
{
    uint64_t start = eo_clock_now_ns(), x = 1;

    for (int i = 0; i < 400000; i++) {
        x += 3;
        __asm__ volatile("" : "+r"(x));
        x ^= x << 1;
        __asm__ volatile("" : "+r"(x));
    }
    return (double)(eo_clock_now_ns() - start);
}
