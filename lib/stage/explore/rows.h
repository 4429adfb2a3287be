/* The rows of explore.csv and explore_hits.csv, whose columns are in explore.h. */
#ifndef EO_STAGE_EXPLORE_ROWS_H
#define EO_STAGE_EXPLORE_ROWS_H

#include "base/buf.h"
#include "stage/explore/origin.h"
#include "stage/explore/point.h"

/* What a row has beside its text, which does not depend on how it was found. */
struct eo_explore_found {
    int rung;      /* from 1 */
    size_t images; /* trained on for these widths, in all rungs */
    struct eo_explore_origin origin;
};

/* Appends the two lines of eo_explore_put_point() or _error(), with these columns at the end of the first. */
void eo_explore_put_found(const char *lines, const struct eo_explore_found *found, struct eo_buf *table,
                          struct eo_buf *hits);

void eo_explore_put_headers(struct eo_buf *table, struct eo_buf *hits);

/* Append two lines: that of the table and that of the hits. */
void eo_explore_put_point(const struct eo_explore *e, const char *widths, enum eo_precision precision,
                          const struct eo_explore_result *x, struct eo_buf *out);
void eo_explore_put_error(const struct eo_explore *e, const char *widths, enum eo_precision precision,
                          const struct eo_err *why, struct eo_buf *out);

#endif
