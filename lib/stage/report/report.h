/*
 * report.html of a finished run: one file that needs neither a network nor a script, for people.
 *
 * It is a function of the files in the folder and of the images: the same files give the same bytes. Its parts, in this
 * order: the answer (what is recommended, why, how sure that is, what a larger budget would bring), the frontiers, the
 * table of the candidates, what int8 changed, the classes, pictures of the data, the models layer by layer, training,
 * pruning, devices, how far the timings can be trusted, and where it all came from.
 *
 * Files that it reads, below the folder: config/summary.yaml, config/eval.yaml, sweep_results.csv and sweep_errors.csv,
 * which must be there, and where they exist machine.csv, seed_summary.csv, training_log.csv, board_fits.csv, of the
 * candidates models/NAME.safetensors, rows/NAME.hits.csv, rows/NAME.confusion.csv, rows/NAME.quant.json, and
 * models/base.safetensors and the logs of fine-tuning.
 */
#ifndef EO_STAGE_REPORT_REPORT_H
#define EO_STAGE_REPORT_REPORT_H

#include "base/buf.h"
#include "base/cpu.h"
#include "base/err.h"

struct eo_report_request {
    const char *folder;  /* of the run, "" for the working folder */
    const char *data;    /* folder of the data set; NULL: the page has no pictures */
    const char *command; /* by which the run is made again; NULL: unknown */
    enum eo_isa isa;     /* the result does not depend on it, nor on the number of threads */
    int threads;
};

/* Appends the page. The message names the file that is wrong. */
int eo_report_make(const struct eo_report_request *request, struct eo_buf *out,
                   struct eo_err *err) EO_MUST_CHECK;

#endif
