#include <string.h>

#include "stage/bench/doctor.h"

static int is_fitness(const char *text)
{
    for (enum eo_fitness f = EO_FITNESS_UNKNOWN; f <= EO_FITNESS_BAD; f++) {
        if (strcmp(text, eo_fitness_name(f)) == 0)
            return 1;
    }
    return 0;
}

/* Name, found and verdict of one row. */
static int load_row(const struct eo_csv *csv, size_t row, struct eo_manifest_check *c, struct eo_err *err)
{
    *c = (struct eo_manifest_check){eo_csv_cell(csv, row, 0), eo_csv_cell(csv, row, 1),
                                    eo_csv_cell(csv, row, 2)};
    if (!*c->name)
        return eo_err_set(err, "line %zu: expected the name of a check, found nothing", row + 2);
    if (!is_fitness(c->verdict))
        return eo_err_set(err, "line %zu: expected verdict good, warn, bad or unknown, found '%.40s'",
                          row + 2, c->verdict);
    if ((strcmp(c->name, "machine") == 0) != (row + 1 == csv->rows))
        return eo_err_set(err, "line %zu: expected 'machine' in the last line and there alone, found '%.40s'",
                          row + 2, c->name);
    return 0;
}

int eo_doctor_load(const char *path, struct eo_csv *csv, struct eo_manifest_machine *machine,
                   struct eo_err *err)
{
    static const char *const columns[] = {"check", "found", "verdict", "advice"};

    *machine = (struct eo_manifest_machine){0};
    if (eo_csv_load(csv, path, err))
        return -1;
    for (size_t i = 0; i < 4; i++) {
        if (csv->columns != 4 || eo_csv_column(csv, columns[i]) != (int)i)
            return eo_err_set(err, "expected the columns check,found,verdict,advice");
    }
    if (csv->rows == 0 || csv->rows > EO_MANIFEST_CHECKS)
        return eo_err_set(err, "expected 1..%d checks, found %zu", EO_MANIFEST_CHECKS, csv->rows);
    for (size_t i = 0; i < csv->rows; i++) {
        struct eo_manifest_check *c = &machine->checks[machine->check_count];

        if (load_row(csv, i, c, err))
            return -1;
        if (i + 1 == csv->rows)
            machine->verdict = c->verdict;
        else
            machine->check_count += strcmp(c->verdict, "good") != 0;
    }
    return 0;
}

int eo_doctor_note(struct eo_manifest *m, const char *folder, struct eo_csv *csv, struct eo_err *err)
{
    struct eo_buf path = {0};
    size_t i = 0;
    int rc = 0;

    while (i < m->file_count && strcmp(m->files[i].path, EO_DOCTOR_FILE) != 0)
        i++;
    if (i == m->file_count)
        return 0;
    eo_buf_printf(&path, "%s%s", folder, EO_DOCTOR_FILE);
    rc = eo_buf_check(&path, err) || eo_doctor_load(path.data, csv, &m->host.machine, err) ? -1 : 0;
    if (rc)
        eo_err_prefix(err, "%s", EO_DOCTOR_FILE);
    eo_buf_release(&path);
    return rc;
}
