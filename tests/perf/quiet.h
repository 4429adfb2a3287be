/*
 * Whether the machine was left alone while something was timed.
 *
 *     struct perf_quiet q;
 *     perf_quiet_begin(&q);
 *     ... measure; perf_quiet_look(&q) now and then ...
 *     busy = perf_quiet_judge(&q, &text);    // after waiting for all children
 *
 * Three things are looked at: processor time that other processes (or, by steal, other machines on the same host)
 * took on our processors, from /proc/stat; how often we were put off a processor; and how much a fixed piece of
 * arithmetic varied. What the system does not tell is left out.
 */
#ifndef EO_TESTS_PERF_QUIET_H
#define EO_TESTS_PERF_QUIET_H

#include <stddef.h>

#include "base/buf.h"

#define PERF_QUIET_LOOKS 4096

struct perf_quiet {
    double start, cpu_start;        /* s: wall clock; processor time of this process and its dead children */
    double busy_start, steal_start; /* s, all our processors; negative: not known */
    long switches_start;
    double looks[PERF_QUIET_LOOKS]; /* ns of the reference */
    size_t count;
};

void perf_quiet_begin(struct perf_quiet *q);

/* `times` runs of the reference, 0.4 ms each. */
void perf_quiet_look(struct perf_quiet *q, int times);

/* 1 when it was busy. Appends one line on what was seen. */
int perf_quiet_judge(struct perf_quiet *q, struct eo_buf *text);

#endif
