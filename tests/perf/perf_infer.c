/*
 * Time of inference, by precision, instruction set, batch and shape, beside the FMA peak measured in the same run.
 *
 *     perf_infer [-i ISA] [-p fp32|fp16|int8] [-n BATCH] [-c C1xC2] [-r SECONDS] [-s]
 *
 * CSV on standard output. Each figure is the smallest of many short runs and their median; the peak is measured again
 * around every row, and the shares use the best one seen. -s: all c1 x c2, and the largest rise of time on removing
 * a channel.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cpu.h"
#include "nn/infer.h"
#include "nn/infer_internal.h"
#include "tests/unit/random_model.h"

#define RUNS_MAX 20000

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

/* Multiply-accumulates per ns of ten independent chains of fma; 0 where it is not known how to measure. */
#if defined(__x86_64__)
#include <immintrin.h>
#define CHAIN(reg, i) __asm__ volatile("vfmadd213ps %2, %1, %0" : "+" reg(a[i]) : reg(x), reg(y))
#define PEAK(name, features, reg, vec, set1, lanes)                                                          \
    __attribute__((target(features))) static double name(void)                                               \
    {                                                                                                        \
        vec a[10], x = set1(0.999f), y = set1(1e-3f);                                                        \
        double t;                                                                                            \
        int i, k;                                                                                            \
                                                                                                             \
        for (i = 0; i < 10; i++)                                                                             \
            a[i] = set1((float)i);                                                                           \
        t = now_ns();                                                                                        \
        for (k = 0; k < 20000; k++) {                                                                        \
            CHAIN(reg, 0); CHAIN(reg, 1); CHAIN(reg, 2); CHAIN(reg, 3); CHAIN(reg, 4);                       \
            CHAIN(reg, 5); CHAIN(reg, 6); CHAIN(reg, 7); CHAIN(reg, 8); CHAIN(reg, 9);                       \
        }                                                                                                    \
        return 20000 * 10.0 * lanes / (now_ns() - t);                                                        \
    }
PEAK(peak_avx512, "avx512f", "v", __m512, _mm512_set1_ps, 16)
PEAK(peak_avx2, "avx2,fma", "x", __m256, _mm256_set1_ps, 8)
#endif

static double peak_once(enum eo_isa isa)
{
#if defined(__x86_64__)
    if (isa == EO_ISA_AVX512)
        return peak_avx512();
    if (isa == EO_ISA_AVX2)
        return peak_avx2();
#endif
    (void)isa;
    return 0;
}

static double best_peak[EO_ISA_COUNT];

static void measure_peak(enum eo_isa isa)
{
    int i;

    for (i = 0; i < 10; i++) {
        double p = peak_once(isa);

        best_peak[isa] = p > best_peak[isa] ? p : best_peak[isa];
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

struct timing {
    double min_ns, median_ns; /* per image */
    size_t workspace;
    char name[64];
};

static void measure(enum eo_isa isa, enum eo_precision p, int c1, int c2, int n, double seconds, struct timing *t)
{
    static double ns[RUNS_MAX];
    static uint8_t pixels[1024 * EO_PIXELS];
    static union eo_score scores[1024 * EO_CLASSES];
    struct eo_err err;
    struct eo_model m;
    struct eo_infer *inf;
    double end, start;
    int runs = 0, calls, i;

    random_pixels(pixels, (size_t)n * EO_PIXELS, 5);
    random_model(&m, p, c1, c2, 11);
    inf = eo_infer_new(&m, isa, n, &err);
    if (!inf) {
        fprintf(stderr, "perf_infer: %s\n", err.msg);
        exit(1);
    }
    eo_infer_run(inf, pixels, n, scores);
    start = now_ns();
    eo_infer_run(inf, pixels, n, scores);
    calls = 1 + (int)(50e3 / (now_ns() - start + 1)); /* at least 50 us, so that reading the clock does not count */
    end = now_ns() + 1e9 * seconds;
    while (runs < 3 || (runs < RUNS_MAX && now_ns() < end)) {
        start = now_ns();
        for (i = 0; i < calls; i++)
            eo_infer_run(inf, pixels, n, scores);
        ns[runs++] = (now_ns() - start) / n / calls;
    }
    qsort(ns, (size_t)runs, sizeof(*ns), compare);
    t->min_ns = ns[0];
    t->median_ns = ns[runs / 2];
    t->workspace = eo_infer_workspace_bytes(inf);
    snprintf(t->name, sizeof(t->name), "%s", eo_infer_kernel_name(inf));
    eo_infer_free(inf);
    random_model_release(&m);
}

static void print_row(enum eo_isa isa, enum eo_precision p, int c1, int c2, int n, double seconds)
{
    struct eo_shape s = {c1, c2};
    struct timing t;
    double macs = (double)eo_shape_macs(&s);

    measure_peak(isa);
    measure(isa, p, c1, c2, n, seconds, &t);
    measure_peak(isa);
    printf("%s,%d,%d,%d,%.0f,%.0f,%.1f,%.1f,%.3f,%zu\n", t.name, c1, c2, n, t.min_ns, t.median_ns, macs / t.min_ns,
           best_peak[isa], best_peak[isa] > 0 ? macs / t.min_ns / best_peak[isa] : 0, t.workspace);
    fflush(stdout);
}

static double rise(double smaller, double larger)
{
    return smaller / larger - 1;
}

static void scan(enum eo_isa isa, enum eo_precision p, int n, double seconds)
{
    static double ns[17][33];
    double worst = -1;
    int c1, c2, round, w1 = 0, w2 = 0;
    struct timing t;

    for (round = 0; round < 4; round++) {
        for (c1 = 1; c1 <= 16; c1++) {
            for (c2 = 1; c2 <= 32; c2++) {
                measure(isa, p, c1, c2, n, seconds, &t);
                if (!round || t.min_ns < ns[c1][c2])
                    ns[c1][c2] = t.min_ns;
            }
        }
    }
    for (c1 = 1; c1 <= 16; c1++) {
        for (c2 = 1; c2 <= 32; c2++) {
            double r1 = c1 > 1 ? rise(ns[c1 - 1][c2], ns[c1][c2]) : -1;
            double r2 = c2 > 1 ? rise(ns[c1][c2 - 1], ns[c1][c2]) : -1;
            double r = r1 > r2 ? r1 : r2;

            if (r > 0.02)
                printf("rise,%d,%d,%.3f\n", c1, c2, r);
            if (r > worst) {
                worst = r;
                w1 = c1;
                w2 = c2;
            }
        }
    }
    printf("largest rise on removing a channel,%s,%d,%d,%.3f\n", t.name, w1, w2, worst);
    for (c1 = 1; c1 <= 16; c1 += 5) {
        for (c2 = 1; c2 <= 32; c2++)
            printf("%d,%d,%.0f\n", c1, c2, ns[c1][c2]);
    }
}

int main(int argc, char **argv)
{
    static const int levels[][2] = {{16, 32}, {12, 24}, {11, 22}, {8, 16}, {5, 10}};
    enum eo_isa isa = eo_isa_best();
    struct eo_err err;
    double seconds = 0.1;
    int only_p = -1, only_n = 0, c1 = 0, c2 = 0, all = 0, opt, p, i, b;

    while ((opt = getopt(argc, argv, "i:p:n:c:r:s")) != -1) {
        enum eo_precision parsed;

        if (opt == 'i' && eo_isa_parse(optarg, &isa, &err)) {
            fprintf(stderr, "perf_infer: %s\n", err.msg);
            return 2;
        } else if (opt == 'p' && !eo_precision_parse(optarg, &parsed, &err)) {
            only_p = (int)parsed;
        } else if (opt == 'n') {
            only_n = atoi(optarg);
        } else if (opt == 'c') {
            sscanf(optarg, "%dx%d", &c1, &c2);
        } else if (opt == 'r') {
            seconds = atof(optarg);
        } else if (opt == 's') {
            all = 1;
        }
    }
    if (all) {
        scan(isa, only_p < 0 ? EO_FP32 : (enum eo_precision)only_p, only_n ? only_n : 128, seconds);
        return 0;
    }
    printf("kernel,c1,c2,batch,ns_min,ns_median,gmac_per_s,fma_peak,share,workspace_bytes\n");
    for (p = 0; p < EO_PRECISION_COUNT; p++) {
        for (i = 0; i < (c1 ? 1 : 5); i++) {
            for (b = 0; b < 2; b++) {
                int n = only_n ? only_n : b ? 1 : 128;

                if ((only_p < 0 || only_p == p) && !(only_n && b))
                    print_row(isa, (enum eo_precision)p, c1 ? c1 : levels[i][0], c2 ? c2 : levels[i][1], n, seconds);
            }
        }
    }
    return 0;
}
