/* explore.csv and explore_hits.csv (explore.h), as eo-best and halving read them. */
#ifndef EO_STAGE_EXPLORE_TABLE_H
#define EO_STAGE_EXPLORE_TABLE_H

#include "base/buf.h"
#include "base/err.h"
#include "stage/explore/grid.h"
#include "stage/explore/origin.h"
#include "stage/export/costs.h"
#include "stage/select/evidence.h"

#define EO_EXPLORE_NAME (EO_GRID_TEXT + EO_CONFIG_EXPERIMENT_MAX + 8)

struct eo_explore_row {
    size_t number;              /* of the row in the file, from 0 */
    char name[EO_EXPLORE_NAME]; /* "8x16-int8", of joined tables "mnist/8x16-int8" */
    size_t table;               /* of joined tables, from 0 */
    int widths[EO_NETWORK_LAYERS], base_widths[EO_NETWORK_LAYERS], spaces;
    enum eo_precision precision;
    struct eo_core_cost cost[EO_CORE_COUNT]; /* NAN: not known */
    double tensor_bytes, macs;
    struct eo_evidence chosen,
        unseen; /* hits on the images that decide, and on those that no choice has seen */
};

struct eo_explore_table {
    struct eo_explore_row *rows; /* without points that have an error */
    size_t count;
    size_t joined;                   /* tables that were joined to this one */
    struct eo_explore_origin origin; /* of this one */
};

/* From a folder with both files. The message names the file. Release the table also after failure. */
int eo_explore_table_load(struct eo_explore_table *t, const char *folder, struct eo_err *err) EO_MUST_CHECK;

/* The same from the texts of both files, explore.csv first; there may be no point that has figures. */
int eo_explore_table_parse(struct eo_explore_table *t, const struct eo_buf text[2],
                           struct eo_err *err) EO_MUST_CHECK;

/*
 * Appends the rows of `other`, which is empty then, as those of one more table; both need hits on the same images.
 * `first` and `name` are the experiments that *t, if it is not joined yet, and `other` are of: rows are called by them.
 */
int eo_explore_table_join(struct eo_explore_table *t, const char *first, struct eo_explore_table *other,
                          const char *name, struct eo_err *err) EO_MUST_CHECK;
void eo_explore_table_release(struct eo_explore_table *t);

double eo_explore_accuracy(const struct eo_evidence *hits); /* NAN without images */

/* Two-sided p of McNemar's exact test on the images that decide. */
double eo_explore_mcnemar(const struct eo_explore_row *a, const struct eo_explore_row *b);

#endif
