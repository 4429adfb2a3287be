/*
 * What the sections of a report share: the run, what was loaded of it, and the page that is written.
 *
 * A section is a function of the page that appends to page->out. It returns -1 and err on files that cannot be read,
 * are damaged or belong to another run. A file that does not exist leaves the section with a sentence instead.
 */
#ifndef EO_STAGE_REPORT_PAGE_H
#define EO_STAGE_REPORT_PAGE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "format/config.h"
#include "format/csv.h"
#include "format/dataset.h"
#include "nn/model.h"
#include "stage/report/html.h"
#include "stage/report/report.h"
#include "stage/select/run.h"

#define EO_PAGE_LABEL 96        /* bytes of a class's label, its NUL included */
#define EO_PAGE_PATH 512        /* bytes of a path below the folder, its NUL included */
#define EO_PAGE_MAX 1500000     /* bytes from which details are left out, so that the page stays below 2 MB */
#define EO_PAGE_DETAILS_MAX 800 /* models that have details */
#define EO_PAGE_MATRIX_MAX 20   /* classes of a matrix that is shown whole */

struct eo_page {
    const struct eo_report_request *request;
    struct eo_buf *out;
    struct eo_run run;                      /* the sweep with the hits */
    struct eo_config *cfg;                  /* of the summary slice: budgets, rules */
    struct eo_config *eval;                 /* of the eval slice: data set, classes, validation */
    struct eo_dataset dataset;              /* the validation images; empty without a folder of data */
    size_t rows;                            /* of the first seed, which come first in the sweep */
    const struct eo_candidate *recommended; /* NULL: none */
    const struct eo_candidate *baseline;    /* NULL: no rows */
};

/* The name of a candidate's files, "p0.50-int8". */
const char *eo_page_name(const struct eo_candidate *c, char name[EO_CANDIDATE_NAME]);

/* The name of the data set, "your own data" where the configuration says idx. */
const char *eo_page_dataset(const struct eo_page *page);

/* "7 Sneaker" or "7". */
const char *eo_page_class(const struct eo_page *page, int label, char text[EO_PAGE_LABEL]);

/* Reads a table of the folder: 1, 0 where the file does not exist, or -1 and err, which names the file. */
int eo_page_csv(const struct eo_page *page, const char *path, struct eo_csv *csv,
                struct eo_err *err) EO_MUST_CHECK;

/* Fails on a cell of these columns that is neither empty nor a number in -1e300..1e300; NULL ends them. */
int eo_page_check_numbers(const struct eo_page *page, const char *path, const struct eo_csv *csv,
                          const char *const *columns, struct eo_err *err) EO_MUST_CHECK;

/* Reads a file likewise; *text is released with free(). */
int eo_page_file(const struct eo_page *page, const char *path, char **text, size_t *size,
                 struct eo_err *err) EO_MUST_CHECK;

/* Reads models/NAME.safetensors likewise. Release with eo_model_release(), also after a failure. */
int eo_page_model(const struct eo_page *page, const char *name, struct eo_model *m,
                  struct eo_err *err) EO_MUST_CHECK;

/* The candidate of the same seed, level and criterion at another precision; NULL where there is none. */
const struct eo_candidate *eo_page_sibling(const struct eo_page *page, const struct eo_candidate *c,
                                           enum eo_precision precision);

/* Whether a row of the table has this precision. */
int eo_page_has(const struct eo_page *page, enum eo_precision precision);

/* The int8 candidate of which the page says what int8 changed: the recommended one, else the most accurate; NULL. */
const struct eo_candidate *eo_page_int8(const struct eo_page *page);

/* Two models image by image: how many only b classifies correctly, how many only a, and McNemar's two-sided p. */
struct eo_page_pair {
    size_t gained, lost;
    double p; /* NAN where they cannot be compared so */
};

/* Returns whether both have hits of the same images. */
int eo_page_pair(const struct eo_page *page, const struct eo_candidate *a, const struct eo_candidate *b,
                 struct eo_page_pair *pair);

/* Whether the page has details of a candidate, to which names may link: of the first ones, and the recommended one. */
int eo_page_has_details(const struct eo_page *page, const struct eo_candidate *c);

/* The name of a candidate, as a link to its details where there are any. */
void eo_page_link(struct eo_page *page, const struct eo_candidate *c);

/* Whether there is room for further details. */
int eo_page_has_room(const struct eo_page *page);

/* <section>, with its heading, and a line below which names the file where the figures are and how it is made again. */
void eo_page_section(struct eo_page *page, const char *id, const char *heading);
void eo_page_source(struct eo_page *page, const char *file, const char *command);
void eo_page_absent(struct eo_page *page, const char *what, const char *file, const char *how);

/* A table of a file as it is, of at most `rows` rows; columns that are empty in all of them are left out. */
void eo_page_table(struct eo_page *page, const struct eo_csv *csv, const char *caption, size_t rows);

/* For the answer: what the next 5 KiB, and larger budgets, would bring. */
int eo_section_budgets(struct eo_page *page, struct eo_err *err) EO_MUST_CHECK;

/* In one sentence, for the answer: what int8 changed, and the class that suffers most. */
int eo_section_int8_line(struct eo_page *page, struct eo_err *err) EO_MUST_CHECK;

/* The sections, in the order of the page. */
int eo_section_answer(struct eo_page *page, struct eo_err *err) EO_MUST_CHECK;
int eo_section_frontiers(struct eo_page *page, struct eo_err *err) EO_MUST_CHECK;
int eo_section_table(struct eo_page *page, struct eo_err *err) EO_MUST_CHECK;
int eo_section_precision(struct eo_page *page, struct eo_err *err) EO_MUST_CHECK;
int eo_section_classes(struct eo_page *page, struct eo_err *err) EO_MUST_CHECK;
int eo_section_pictures(struct eo_page *page, struct eo_err *err) EO_MUST_CHECK;
int eo_section_models(struct eo_page *page, struct eo_err *err) EO_MUST_CHECK;
int eo_section_curves(struct eo_page *page, struct eo_err *err) EO_MUST_CHECK;
int eo_section_pruning(struct eo_page *page, struct eo_err *err) EO_MUST_CHECK;
int eo_section_devices(struct eo_page *page, struct eo_err *err) EO_MUST_CHECK;
int eo_section_timing(struct eo_page *page, struct eo_err *err) EO_MUST_CHECK;
int eo_section_origin(struct eo_page *page, struct eo_err *err) EO_MUST_CHECK;

#endif
