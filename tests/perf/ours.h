/*
 * The rows that time this project: inference, its layers, training, evaluation.
 */
#ifndef EO_TESTS_PERF_OURS_H
#define EO_TESTS_PERF_OURS_H

#include "base/cpu.h"
#include "base/err.h"
#include "format/dataset.h"
#include "tests/perf/measure.h"
#include "tests/perf/peaks.h"

#define PERF_BATCH 128
#define PERF_LEVELS_MAX 4

/* What is measured. A member that is NULL or 0 means all. */
struct perf_choice {
    const char *operation, *who, *precision;
    int batch;
    double level[PERF_LEVELS_MAX]; /* pruning levels and their shapes */
    struct eo_shape shape[PERF_LEVELS_MAX];
    int levels;
    int threads; /* "all" of them */
    int rounds;
};

struct perf_rows {
    struct perf_row *list;
    int count;
};

/*
 * Appends a row of these labels unless the choice leaves it out; *added is the row, or NULL. It is valid until the next
 * one is added. take, call and ctx are for the caller to fill in.
 */
int perf_rows_add(struct perf_rows *rows, const struct perf_choice *choice, const struct perf_row *labels,
                  struct perf_row **added, struct eo_err *err) EO_MUST_CHECK;
void perf_rows_release(struct perf_rows *rows);

/* The row with these labels, or NULL. precision is not looked at where `operation` is "train". */
const struct perf_row *perf_rows_find(const struct perf_rows *rows, const char *operation, const char *who,
                                      enum eo_precision precision, int batch, int threads, double level);

/* eo_infer at each precision and level: a batch on 1 and on all threads, and one image. */
int perf_add_infer(struct perf_rows *rows, const struct perf_choice *choice, const struct perf_peaks *peaks,
                   enum eo_isa isa, const struct eo_images *images, struct eo_err *err) EO_MUST_CHECK;

/* The four parts of it, level 0, one thread. */
int perf_add_layers(struct perf_rows *rows, const struct perf_choice *choice, const struct perf_peaks *peaks,
                    enum eo_isa isa, const struct eo_images *images, struct eo_err *err) EO_MUST_CHECK;

/* eo_trainer_step() on batches of real images in random order, on 1 and on all threads. */
int perf_add_train(struct perf_rows *rows, const struct perf_choice *choice, const struct perf_peaks *peaks,
                   enum eo_isa isa, const struct eo_images *images, struct eo_err *err) EO_MUST_CHECK;

/*
 * The whole process `<programs>/eo-eval --split test` of an int8 model on two threads, loading included. Writes the
 * model and the configuration into `folder`. `count`: test images in `data`.
 */
int perf_add_evaluate(struct perf_rows *rows, const struct perf_choice *choice, const char *programs,
                      const char *folder, const char *data, size_t count, struct eo_err *err) EO_MUST_CHECK;

/* Multiply-accumulates of SmallCNN for one image, counted over the padded input, biases excluded. */
double perf_macs(const struct eo_shape *s);

/*
 * The same of a training step: forward as above; then each convolution's gradient by
 * its weights and conv2's by its input, a quarter of the forward's each, because behind a max-pool of 2 x 2 three
 * quarters of the gradient are zero; and the classifier's two.
 */
double perf_train_macs(const struct eo_shape *s);

#endif
