/*
 * What one core of this machine can do at most: multiply-accumulates in registers, and reading.
 *
 *     fma    fp32 fused multiply-add, twelve independent chains
 *     dot    u8 x s8 products summed into 32 bits: VPDPBUSD on avx512, VPMADDUBSW + VPMADDWD + VPADDD on avx2,
 *            SMULL + SMLAL2 + SADALP on neon
 *     read   a buffer of 16 KiB, 512 KiB, 16 MiB, 128 MiB from its beginning to its end, again and again
 *
 * There is no peak for `generic`: plain C has none of its own. A round's figure is the best of its short runs; the
 * machine's is the median of the rounds.
 */
#ifndef EO_TESTS_PERF_PEAKS_H
#define EO_TESTS_PERF_PEAKS_H

#include "base/cpu.h"
#include "base/err.h"
#include "tests/perf/measure.h"

#define PERF_PEAKS_MAX 12

struct perf_peak {
    char name[32];        /* "fma avx512", "read 16 KiB" */
    const char *unit;     /* "GMAC/s", "GB/s" */
    double (*once)(void); /* one short run, or NULL for `read` */
    size_t bytes;         /* of a `read` */
    double round[PERF_ROUNDS_MAX];
};

struct perf_peaks {
    struct perf_peak list[PERF_PEAKS_MAX];
    int count;
    char *buffer;
};

/* Those of the instruction sets that this machine has. Nothing is measured yet. */
int perf_peaks_init(struct perf_peaks *p, struct eo_err *err) EO_MUST_CHECK;
void perf_peaks_release(struct perf_peaks *p);

/* A few short runs of each, on the processor of perf_pin(); what was better earlier in the round stays. */
void perf_peaks_measure(struct perf_peaks *p, int round);

/* Index of the peak that inference of this precision is measured by, or -1. */
int perf_peaks_find(const struct perf_peaks *p, enum eo_isa isa, enum eo_precision precision);

/* Median, smallest and largest of the rounds. */
struct perf_ratio perf_peak_figure(const struct perf_peak *peak);

/* About 0.4 ms of arithmetic in registers; returns ns. The yardstick of quiet.h. */
double perf_reference_ns(void);

#endif
