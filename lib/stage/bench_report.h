/*
 * What a session found out, as the tables of bench_row.h. Rows of candidates that failed are left out.
 */
#ifndef EO_STAGE_BENCH_REPORT_H
#define EO_STAGE_BENCH_REPORT_H

#include "base/buf.h"
#include "stage/bench_session.h"

struct eo_bench_report {
    const struct eo_bench_plan *plan;
    const struct eo_bench_session *session;
    const struct eo_bench_candidate *list;
    size_t count;
};

/* Each appends the header and the rows of all candidates, in their order. */
void eo_bench_report_put_rows(const struct eo_bench_report *r, int header, struct eo_buf *out);
void eo_bench_report_put_rounds(const struct eo_bench_report *r, struct eo_buf *out);
void eo_bench_report_put_samples(const struct eo_bench_report *r, struct eo_buf *out);

/* Fails when a candidate's status is other than ok, and says why the first is, and how many are; *name is the first's. */
int eo_bench_report_check(const struct eo_bench_report *r, const char **name,
                          struct eo_err *err) EO_MUST_CHECK;

#endif
