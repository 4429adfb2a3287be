/* compare.html: two runs side by side, in the form of report.html. stage/select/compare.h says what is compared how. */
#ifndef EO_STAGE_REPORT_COMPARE_PAGE_H
#define EO_STAGE_REPORT_COMPARE_PAGE_H

#include "base/buf.h"
#include "base/err.h"
#include "stage/select/run.h"

/* Appends the page. `path` is where it will be written, for its links to the tables of both runs. */
int eo_compare_page_put(const struct eo_run *a, const struct eo_run *b, const char *path, struct eo_buf *out,
                        struct eo_err *err) EO_MUST_CHECK;

#endif
