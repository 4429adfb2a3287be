/*
 * What a performance run prints: the peaks, a line for each row, the peers, the ratios, and what was asked of the
 * engine beside what it did; the same as CSV, and shorter as Markdown.
 */
#ifndef EO_TESTS_PERF_REPORT_H
#define EO_TESTS_PERF_REPORT_H

#include "base/buf.h"
#include "tests/perf/ours.h"
#include "tests/perf/peaks.h"
#include "tests/perf/peer.h"
#include "tests/perf/scan.h"

struct perf_report {
    const struct perf_rows *rows;
    const struct perf_peaks *peaks;
    const struct perf_choice *choice;
    const struct perf_peer *peers;
    int peer_count;
    const struct perf_scan *scans; /* scan_count of them, of fp32 and int8 */
    int scan_count;
    const char *data;  /* folder of the images */
    const char *quiet; /* the line of perf_quiet_judge() */
    int busy;
};

void perf_report_text(const struct perf_report *r, struct eo_buf *out);
void perf_report_csv(const struct perf_report *r, struct eo_buf *out);
void perf_report_markdown(const struct perf_report *r, struct eo_buf *out);
void perf_report_scan_csv(const struct perf_report *r, struct eo_buf *out);

#endif
