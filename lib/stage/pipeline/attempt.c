#include "stage/pipeline/attempt.h"

#include <string.h>

#include "format/csv.h"

static const char *const columns[] = {"pruning_level", "precision", "seed",
                                      "stage",         "error",     "pruning_criterion"};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))
#define NEEDED 5 /* older files have no criterion */

int eo_attempt_run(char *const argv[], int through, int *status, char line[EO_PROC_LINE], struct eo_err *err)
{
    struct eo_proc p;
    struct eo_proc_said said;
    int rc, signal;

    if (eo_proc_begin(&p, err))
        return -1;
    rc = eo_proc_run(&p, argv, through, status, &said, err);
    signal = eo_proc_end(&p);
    strcpy(line, said.last);
    if (signal)
        *status = 128 + signal;
    return signal ? 0 : rc;
}

void eo_attempt_put(const struct eo_attempt_key *key, const char *error, struct eo_buf *out)
{
    size_t i;

    for (i = 0; i < COLUMNS; i++)
        eo_csv_put_text(out, columns[i], i + 1 < COLUMNS ? ',' : '\n');
    if (!error)
        return;
    eo_candidate_put_level(key->name.key.level, out, ',');
    eo_csv_put_text(out, eo_candidate_precision(&key->name), ',');
    eo_candidate_put_seed(key->name.key.seed, out, ',');
    eo_csv_put_text(out, key->stage, ',');
    eo_csv_put_text(out, error, ',');
    eo_csv_put_text(out, eo_criterion_name(key->name.key.criterion), '\n');
}

static int check_columns(const struct eo_csv *csv, struct eo_err *err)
{
    size_t i;

    for (i = 0; i < NEEDED; i++) {
        if (eo_csv_column(csv, columns[i]) < 0)
            return eo_err_set(err, "expected a column '%s', found none", columns[i]);
    }
    return csv->rows > 1 ? eo_err_set(err, "expected at most 1 row, found %zu", csv->rows) : 0;
}

int eo_attempt_earlier(const char *path, const struct eo_attempt_key *key, int *failed, struct eo_buf *out,
                       struct eo_err *err)
{
    struct eo_csv csv;
    int rc;

    if (eo_csv_load(&csv, path, err))
        return -1;
    rc = check_columns(&csv, err);
    *failed = rc == 0 && csv.rows == 1;
    if (*failed) {
        struct eo_attempt_key then = *key;

        then.stage = eo_csv_value(&csv, 0, "stage");
        eo_attempt_put(&then, eo_csv_value(&csv, 0, "error"), out);
    }
    eo_csv_release(&csv);
    return rc;
}
