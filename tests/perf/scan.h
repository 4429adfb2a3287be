/*
 * Whether pruning pays at every step: the time of a batch for all numbers of channels, 1..16 x 1..32, and the largest
 * rise of it on removing a single channel of either convolution.
 *
 * All shapes are timed several times over in turns; a shape's time is the smallest seen. Pairs that seem to rise are
 * then timed again side by side, and only what they show there counts.
 */
#ifndef EO_TESTS_PERF_SCAN_H
#define EO_TESTS_PERF_SCAN_H

#include "base/cpu.h"
#include "base/err.h"
#include "format/precision.h"

#define PERF_SCAN_C1 16
#define PERF_SCAN_C2 32

struct perf_scan {
    enum eo_isa isa;
    enum eo_precision precision;
    double us[PERF_SCAN_C1 + 1][PERF_SCAN_C2 + 1]; /* per image */
    double rise; /* 0.03: 3 % more time with a channel less; negative when time always falls */
    int c1, c2;  /* the larger of the two shapes */
    int less1;   /* whether it is conv1 that loses the channel */
};

int perf_scan_run(struct perf_scan *s, enum eo_isa isa, enum eo_precision precision,
                  struct eo_err *err) EO_MUST_CHECK;

#endif
