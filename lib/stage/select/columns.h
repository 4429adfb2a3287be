/*
 * The columns of sweep_results.csv: what each one is, and how a cell is read and written. columns.def lists them.
 *
 * A figure that is missing is NAN in memory and an empty field in the file.
 */
#ifndef EO_STAGE_SELECT_COLUMNS_H
#define EO_STAGE_SELECT_COLUMNS_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "format/config.h"
#include "stage/select/sweep.h"

enum eo_sweep_kind {
    EO_SWEEP_LEVEL,          /* struct eo_level */
    EO_SWEEP_PRECISION,      /* enum eo_precision */
    EO_SWEEP_CRITERION,      /* enum eo_criterion */
    EO_SWEEP_SEED,           /* uint64_t */
    EO_SWEEP_BOOL,           /* int; True or False, as pandas writes them */
    EO_SWEEP_NUMBER,         /* double */
    EO_SWEEP_COUNT,          /* double that holds an integer */
    EO_SWEEP_TEXT,           /* char[] */
    EO_SWEEP_STATUS,         /* char[], a name of enum eo_timing_status */
    EO_SWEEP_CERTAINTY,      /* enum eo_certainty */
    EO_SWEEP_RECOMMENDATION, /* enum eo_recommendation */
    EO_SWEEP_EMPTY,          /* always empty */
    EO_SWEEP_NOTE,           /* eo_sweep_energy_note */
    EO_SWEEP_VIOLATES        /* stands for one column per memory budget */
};

/* Which file a column comes from; several are or-ed. */
enum eo_sweep_source {
    EO_FROM_KEY = 1,      /* every row */
    EO_FROM_ACCURACY = 2, /* eo-eval */
    EO_FROM_TIMING = 4,   /* eo-bench */
    EO_DERIVED = 8        /* computed in selection */
};
#define EO_SWEEP_ALL (EO_FROM_KEY | EO_FROM_ACCURACY | EO_FROM_TIMING | EO_DERIVED)

/* Which time of each round shows the order of two candidates. */
enum eo_sweep_rounds { EO_ROUNDS_NONE, EO_ROUNDS_BATCH, EO_ROUNDS_SINGLE };

/* How candidates are compared by a measured column; all zero where its figures show nothing. */
struct eo_sweep_order {
    const char *figure;   /* the column that is compared; this one follows from it in the same order */
    const char *interval; /* the column whose interval (low_of, high_of) is used */
    enum eo_sweep_rounds rounds; /* used instead of the interval where both candidates have them */
    int sign;                    /* -1: this column falls when the figure rises; else 1 */
};

struct eo_sweep_column {
    const char *name;
    const char *row_name; /* its name in the source's rows */
    enum eo_sweep_kind kind;
    enum eo_sweep_source source;
    size_t offset, size; /* in struct eo_candidate */
    double min, max;     /* numbers and counts */
    int required;        /* a row of its source without it is an error */
    int is_scaled;       /* to the device: divided by cpu_frequency_scale */
    int is_measured; /* taken by a clock, follows from that, or depends on the machine's instruction set */
    int is_exact;    /* measured, but no sample: the same in every round */
    int is_relative; /* says how the candidate compares with the others of the sweep */
    const char *low_of, *high_of; /* the column whose 95 % interval begins or ends here; NULL: none */
    struct eo_sweep_order order;
    const char *frontier_of; /* CERTAINTY: the column over which this frontier lies */
    double (*derive)(const struct eo_candidate *c, const struct eo_config *cfg); /* NULL: not by a formula */
    const char *help;
};

/* The columns in the order of the file, EO_SWEEP_VIOLATES being one entry. */
const struct eo_sweep_column *eo_sweep_columns(size_t *count);

/* Appends a CSV table of the columns: column, source (the program), measured (yes or empty), text. */
void eo_sweep_put_columns(struct eo_buf *out);

/* Stores the text of a cell; an empty one leaves a missing figure. The message does not name the column. */
int eo_sweep_read_cell(struct eo_candidate *c, const struct eo_sweep_column *column, const char *text,
                       struct eo_err *err) EO_MUST_CHECK;

/* A column by which rows can be ordered: a NUMBER, COUNT or LEVEL (the mean of its parts). NULL for another name. */
const struct eo_sweep_column *eo_sweep_numeric_column(const char *name);
double eo_candidate_number(const struct eo_candidate *c, const struct eo_sweep_column *column);

/* The interval of the column `name`; NAN for an end that is missing. */
void eo_candidate_interval(const struct eo_candidate *c, const char *name, double *low, double *high);

/* The column of budget k: "violates_1.0mb", or "violates_1mb" where the configuration says 1, as Python prints them. */
void eo_sweep_violates_name(const struct eo_config *cfg, int k, char name[EO_SWEEP_NAME]);

extern const char eo_sweep_energy_note[];

/* Appends header or row, with the columns of these sources. The budgets are the config's. */
void eo_sweep_put_header(const struct eo_config *cfg, unsigned sources, struct eo_buf *out);
void eo_sweep_put_row(const struct eo_candidate *c, const struct eo_config *cfg, unsigned sources,
                      struct eo_buf *out);

#endif
