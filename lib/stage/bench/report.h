/*
 * What a session found out, as the tables of bench/row.h. Rows of candidates that failed are left out.
 */
#ifndef EO_STAGE_BENCH_REPORT_H
#define EO_STAGE_BENCH_REPORT_H

#include "base/buf.h"
#include "stage/bench/session.h"

struct eo_bench_report {
    const struct eo_bench_plan *plan;
    const struct eo_bench_session *session;
    const struct eo_bench_candidate *list;
    size_t count;
};

/* Each appends the header and the rows of all candidates, in their order. */
void eo_bench_report_put_rows(const struct eo_bench_report *r, int header, struct eo_buf *out);
void eo_bench_report_put_rounds(const struct eo_bench_report *r, struct eo_buf *out);

/* Where to: a path, "-" for standard output, or NULL. */
struct eo_bench_tables {
    const char *rows, *rounds, *samples;
    int header; /* of the rows; the others always have one */
};

/* The rows come last, so that a row stands for complete files. On failure *file is the path of the table. */
int eo_bench_report_write(const struct eo_bench_report *r, const struct eo_bench_tables *to,
                          const char **file, struct eo_err *err) EO_MUST_CHECK;

/*
 * Fails when a candidate's status is other than ok, and says why the first is, and how many are; *name is the first's.
 */
int eo_bench_report_check(const struct eo_bench_report *r, const char **name,
                          struct eo_err *err) EO_MUST_CHECK;

/* Adds to all reasons what concerns all candidates: a quota of the control group, and that there was no lock. */
void eo_bench_note_circumstances(struct eo_bench_candidate *list, size_t count, int threads,
                                 const char *lock_note);

/* That the time was over, and after how many rounds, in one line without a full stop. */
void eo_bench_report_cut(const struct eo_bench_report *r, char *line, size_t size);

#endif
