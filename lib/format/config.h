/*
 * The configuration of an experiment: one YAML mapping of scalars and flat lists. An entry of pruning_levels may be a
 * list of shares, an entry of devices a mapping (board.h), and model a list of layers (config_model.h).
 *
 * One table in config_keys.c lists every key with its type, default, range, the stages that read it and a line of
 * help. Parsing, validation, slices, `eo-config --help` and the documentation all use that table.
 *
 * A stage's *slice* is the canonical YAML text of the keys that this stage reads, in table order, defaults filled
 * in. It is a valid experiment file itself. Equal slices mean equal results, so its SHA-256 stands in the metadata
 * of what the stage wrote. A slice holds one seed: `seeds` never appears in it, `seed` is seed number k of the list.
 *
 * Refused, with a message that gives line, column, key, what was found and what is allowed: unknown keys (the nearest
 * known one is suggested), duplicate keys, wrong types, values out of range, anchors, aliases, tags, merge keys, nested
 * mappings except in model and devices, several documents, quoted numbers, numbers in other notations, characters that
 * only look like spaces, and anything that is not UTF-8.
 */
#ifndef EO_FORMAT_CONFIG_H
#define EO_FORMAT_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "format/board.h"
#include "format/level.h"
#include "format/terms.h"

#define EO_CONFIG_LIST_MAX 64 /* entries of a list */
/* So many names of up to 59 bytes each fit into one argument of a program, which has at most 128 KiB. */
#define EO_CONFIG_CANDIDATES_MAX 12000
#define EO_CONFIG_MODEL_MAX 8192                   /* bytes of a network's text, its NUL included */
#define EO_CONFIG_TEXT_MAX 256                     /* bytes of a string, its NUL included */
#define EO_CONFIG_CLASSES_MAX 256                  /* names of classes: a label in IDX is one byte */
#define EO_CONFIG_NAME_MAX 32                      /* bytes of such a name, its NUL included */
#define EO_CONFIG_OUT_MAX (EO_CONFIG_TEXT_MAX + 8) /* bytes of the output folder's path, its NUL included */
#define EO_CONFIG_EXPERIMENT_MAX 101               /* bytes of an experiment's name, its NUL included */
#define EO_CONFIG_INPUT_MEAN_MAX 10.0
#define EO_CONFIG_INPUT_STD_MIN 0.001
#define EO_CONFIG_INPUT_STD_MAX 1000.0
#define EO_CONFIG_DEVICES_MAX 32
#define EO_CONFIG_WIDTHS_MAX 32 /* spaces of channels with widths of their own */
#define EO_CONFIG_RUNGS_MAX 6   /* trainings of a point in explore_way: halving */
#define EO_CONFIG_ALL (-1)      /* `null` in train_subset and val_subset: no limit */

/* low, low + step, ... up to high */
struct eo_widths {
    int low, high, step; /* 1 <= low <= high, 1 <= step */
};

struct eo_config {
    uint64_t seeds[EO_CONFIG_LIST_MAX]; /* at least one, all different */
    int seed_count;
    uint64_t dataloader_seed;          /* order of the training images; default: the seed in use */
    int dataloader_seed_set;           /* 0: follows the seed */
    int num_workers;                   /* has no effect; accepted because files of the original have it */
    int threads;                       /* 0: all processors */
    int job_minutes, job_memory_mb;    /* of a job of RUN=slurm; 0: from earlier runs */
    int job_threads;                   /* 0: threads */
    char dataset[EO_CONFIG_TEXT_MAX];  /* synthetic, mnist, fashion-mnist, idx */
    char data_dir[EO_CONFIG_TEXT_MAX]; /* for `idx`, else ""; only the slice `data` has it */
    char class_names[EO_CONFIG_CLASSES_MAX][EO_CONFIG_NAME_MAX]; /* all different */
    int class_name_count;                                        /* 0: classes have only numbers */
    /* Scaling of the input, nn/input.h: one number, or one for each channel; a count of 0 means 0.5. */
    double input_mean[EO_CONFIG_LIST_MAX], input_std[EO_CONFIG_LIST_MAX];
    int input_mean_count, input_std_count;
    enum eo_validation validation;
    int64_t train_subset; /* images, or EO_CONFIG_ALL */
    int64_t val_subset;   /* images, or EO_CONFIG_ALL */
    /* A known network's name, or its layers in the text form of nn/network.h. */
    char model[EO_CONFIG_MODEL_MAX];
    char base_model[EO_CONFIG_TEXT_MAX];    /* a file to begin with; "": random weights */
    char base_model_sha256[EO_SHA256_TEXT]; /* "": any */
    double width;                           /* factor of its channels */
    int conv1_channels, conv2_channels;     /* 1..64, 1..128 */
    int batch_size, epochs, fine_tune_epochs, fine_tune_unpruned; /* epochs: 0 only beside base_model */
    double learning_rate;
    double fine_tune_learning_rate; /* 0: learning_rate */
    enum eo_schedule learning_rate_schedule;
    double warmup_epochs;
    double weight_decay, label_smoothing;
    int augment_shift; /* pixels */
    int augment_flip;
    int early_stopping;                  /* epochs; 0: off */
    char teacher[EO_CONFIG_TEXT_MAX];    /* the file of a model that teaches, or base; "": none */
    char teacher_sha256[EO_SHA256_TEXT]; /* "": any */
    double distillation_temperature, distillation_weight;
    int qat_epochs;
    double qat_learning_rate;                           /* 0: learning_rate */
    struct eo_level pruning_levels[EO_CONFIG_LIST_MAX]; /* all different */
    int pruning_level_count;
    enum eo_criterion pruning_criteria[EO_CRITERION_COUNT]; /* all different */
    int pruning_criterion_count;
    enum eo_scope pruning_scope;
    int prune_steps, channel_multiple, pruning_images;
    enum eo_precision precisions[EO_PRECISION_COUNT]; /* all different */
    int precision_count;
    enum eo_backend quantization_backend;
    int calibration_batches;
    enum eo_observer_kind quantization_observer;
    double observer_percentile; /* per cent */
    enum eo_granularity weight_granularity;
    double mixed_weights_kb; /* KiB; 0: none given */
    int bias_correction, cross_layer_equalization;
    enum eo_rounding rounding;
    struct eo_widths explore_widths[EO_CONFIG_WIDTHS_MAX]; /* of each space, or one for all */
    int explore_width_count;                               /* 0: every width */
    enum eo_explore_start explore_from;
    enum eo_explore_way explore_way;
    int explore_rungs, explore_growth, explore_reduction;
    int explore_epochs;
    int64_t explore_images; /* or EO_CONFIG_ALL */
    int benchmark_repeats, benchmark_trials, benchmark_warmup, benchmark_exact, benchmark_seconds,
        benchmark_wait;
    double power_watts;
    double memory_budgets_mb[EO_CONFIG_LIST_MAX]; /* MiB, as the original counts them; all different */
    int memory_budget_count;
    /* Written without a decimal point; column names then show no point either. */
    int memory_budget_is_integer[EO_CONFIG_LIST_MAX];
    double active_memory_budget_mb;
    double cpu_frequency_scale;
    enum eo_latency_statistic latency_statistic;
    enum eo_recommend_rule recommend;
    int pareto_use_ci, pareto_any_status;
    double memory_bandwidth_gbps;
    double peak_compute_gmacs;           /* 0: null, not given */
    char output_dir[EO_CONFIG_TEXT_MAX]; /* as given, no slash at the end; "": out/<name of the file> */
    char device[EO_CONFIG_TEXT_MAX];     /* "cpu" */
    /* As given, with different names; eo_board_complete() succeeds on each. */
    struct eo_board devices[EO_CONFIG_DEVICES_MAX];
    int device_count;                       /* 0: unset */
    char active_device[EO_CONFIG_TEXT_MAX]; /* name of one of the devices; "": null */
    double max_latency_ms, max_energy_mj;   /* of active_device; 0: null */
};

/* The stages that have a slice. Their names are the slices' file names. */
enum eo_config_stage {
    EO_STAGE_DATA,     /* which data set */
    EO_STAGE_TRAIN,    /* base model */
    EO_STAGE_PRUNE,    /* without the level and the criterion, which each candidate has of its own */
    EO_STAGE_FINETUNE, /* training on after pruning */
    EO_STAGE_QUANT,
    EO_STAGE_EVAL,
    EO_STAGE_BENCH,
    EO_STAGE_SELECT, /* eo-pareto */
    EO_STAGE_HARDWARE,
    EO_STAGE_SUMMARY,
    EO_STAGE_SENSITIVITY, /* accuracy against level, pruning one layer at a time; outside the sweep */
    EO_STAGE_EXPLORE,     /* accuracy and cost of all widths; outside the sweep */
    EO_STAGE_COUNT
};

const char *eo_config_stage_name(enum eo_config_stage stage); /* "data", "train", ... */
int eo_config_stage_parse(const char *name, enum eo_config_stage *stage, struct eo_err *err) EO_MUST_CHECK;

/* Every key at its default. */
void eo_config_init(struct eo_config *cfg);

/*
 * Reads and validates a file ("-": standard input) of at most 64 KiB. The message begins with line and column, not
 * with the file. After a failure *cfg is undefined.
 */
int eo_config_load(struct eo_config *cfg, const char *path, struct eo_err *err) EO_MUST_CHECK;
int eo_config_parse(struct eo_config *cfg, const char *text, size_t size, struct eo_err *err) EO_MUST_CHECK;

/*
 * If base_model names a file, reads it and sets base_model_sha256, so that slices depend on its contents; likewise for
 * teacher. Fails if a file cannot be read or does not have the checksum that the configuration already gives. The
 * second is for the teacher alone.
 */
int eo_config_seal(struct eo_config *cfg, struct eo_err *err) EO_MUST_CHECK;
int eo_config_seal_teacher(struct eo_config *cfg, struct eo_err *err) EO_MUST_CHECK;

/* Whether the base model of the run teaches: then the slice of its own training has no teacher. */
int eo_config_teacher_is_base(const struct eo_config *cfg);

/* The seed that shuffles training images in a run with seed number `seed_index`. */
uint64_t eo_config_dataloader_seed(const struct eo_config *cfg, int seed_index);

/*
 * Appends the canonical text of one stage's slice, for seed number `seed_index` in 0..seed_count - 1. Every key in it
 * is resolved, so a slice's own slice for the same stage and seed 0 is the same text. The hash fails when memory runs
 * out.
 */
void eo_config_slice(const struct eo_config *cfg, enum eo_config_stage stage, int seed_index,
                     struct eo_buf *out);
int eo_config_slice_sha256(const struct eo_config *cfg, enum eo_config_stage stage, int seed_index,
                           char text[EO_SHA256_TEXT], struct eo_err *err) EO_MUST_CHECK;

/* Appends the whole experiment in canonical form; loading it gives the same configuration. */
void eo_config_print(const struct eo_config *cfg, struct eo_buf *out);

/* The name of an experiment: that of its file, without folders and ending. Fails on one that Make cannot handle. */
int eo_config_name(const char *path, char name[EO_CONFIG_EXPERIMENT_MAX], struct eo_err *err) EO_MUST_CHECK;

/*
 * The folder for the artefacts of an experiment called `name`: output_dir, below out/ if it is relative; if output_dir
 * is unset, out/<name>. Fails on a folder that `make clean` must not remove.
 */
int eo_config_output_dir(const struct eo_config *cfg, const char *name, char out[EO_CONFIG_OUT_MAX],
                         struct eo_err *err) EO_MUST_CHECK;

/*
 * Appends the variables that tell Make which artefacts there are: EO_NAME (the file's name without folders and ending),
 * EO_OUT (eo_config_output_dir()), EO_DATASET, EO_DATA_SOURCE (data_dir), EO_THREADS, EO_JOB_MINUTES and EO_JOB_MEMORY
 * ("60" and "2048M", or "auto"), EO_JOB_THREADS, the lists EO_SEEDS, EO_LEVELS, EO_CRITERIA and EO_PRECISIONS,
 * EO_INTEGER (the precisions of integers), EO_FINE_TUNE_EPOCHS, EO_FINE_TUNE_UNPRUNED ("yes" or ""), EO_PRUNE_STEPS,
 * EO_TEACHER ("base" or ""), EO_SLICES, EO_ACTIVE_DEVICE, EO_EXPLORE_FROM. Fails on a name that Make cannot handle, on
 * a folder that is reserved for the programs (out/bin, ...), and on dataset: idx without data_dir.
 */
int eo_config_make(const struct eo_config *cfg, const char *path, struct eo_buf *out,
                   struct eo_err *err) EO_MUST_CHECK;

/* Appends the reference of all keys, as text for --help or as a Markdown table for the README. */
void eo_config_help(struct eo_buf *out);
/* The same of one key; -1 when there is no such key. */
int eo_config_explain(const char *key, struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;
void eo_config_markdown(struct eo_buf *out);
/* The same as JSON (eo-formats(5)): of all keys, or of one. Fails without memory, and when there is no such key. */
int eo_config_keys_json(const char *key, struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

#endif
