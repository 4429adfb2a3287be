#include "format/config_keys.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/pool.h"

static const char *const dataset_names[] = {"synthetic", "mnist", "fashion-mnist", "idx", NULL};
static const char *const validation_names[] = {"holdout", "test", NULL};
static const char *const model_names[] = {"smallcnn", NULL};
static const char *const precision_names[] = {"fp32", "fp16", "int8", NULL};
static const char *const backend_names[] = {"fbgemm", "qnnpack", NULL};
static const char *const schedule_names[] = {"constant", "cosine", NULL};
static const char *const criterion_names[] = {"l1", "l2", "fpgm", "activation", "taylor", "random", NULL};
static const char *const scope_names[] = {"layer", "global", NULL};
static const char *const observer_names[] = {"minmax", "percentile", "mse", "histogram", "entropy", NULL};
static const char *const granularity_names[] = {"backend", "channel", "tensor", NULL};
static const char *const statistic_names[] = {"median", "mean", NULL};
static const char *const recommend_names[] = {"smallest", "fastest", "accuracy", NULL};
static const char *const device_names[] = {"cpu", NULL};

#define DATA (1u << EO_STAGE_DATA)
#define TRAIN (1u << EO_STAGE_TRAIN)
#define FINETUNE (1u << EO_STAGE_FINETUNE)
#define PRUNE (1u << EO_STAGE_PRUNE)
#define QUANT (1u << EO_STAGE_QUANT)
#define EVAL (1u << EO_STAGE_EVAL)
#define BENCH (1u << EO_STAGE_BENCH)
#define SELECT (1u << EO_STAGE_SELECT)
#define HARDWARE (1u << EO_STAGE_HARDWARE)
#define SUMMARY (1u << EO_STAGE_SUMMARY)
#define SENSITIVITY (1u << EO_STAGE_SENSITIVITY)
#define MAKE EO_KEY_MAKE

/* Stages that take gradient steps: eo-quant does for quantisation-aware training. */
#define LEARNING (TRAIN | FINETUNE | QUANT)
#define TRAINING EO_KEY_TRAINING

#define AT(field) offsetof(struct eo_config, field)

const struct eo_key eo_keys[EO_KEY_COUNT] = {
    {.name = "seed",
     .type = EO_KEY_SEED,
     .offset = AT(seeds),
     .count = AT(seed_count),
     .initial = "7",
     .readers = LEARNING | PRUNE | EVAL | BENCH | SENSITIVITY,
     .help = "Initial weights, order of the training images, random pruning, bootstrap, order of timings. "
             "Short form of a list with one seed."},
    {.name = "seeds",
     .type = EO_KEY_SEED,
     .offset = AT(seeds),
     .count = AT(seed_count),
     .capacity = EO_CONFIG_LIST_MAX,
     .readers = MAKE,
     .help = "Repeats the experiment once for each seed; excludes seed. At most 2000 candidates in all."},
    {.name = "dataloader_seed",
     .type = EO_KEY_SEED,
     .offset = AT(dataloader_seed),
     .count = AT(dataloader_seed_set),
     .nullable = 1,
     .readers = LEARNING,
     .help = "Order of the training images alone; null follows the seed."},
    {.name = "dataset",
     .type = EO_KEY_WORD,
     .offset = AT(dataset),
     .names = dataset_names,
     .initial = "synthetic",
     .readers = DATA | TRAINING | EVAL | BENCH | SENSITIVITY | MAKE,
     .help = "The images: generated digits, a published set, or your own (idx)."},
    {.name = "data_dir",
     .type = EO_KEY_PATH,
     .offset = AT(data_dir),
     .any_script = 1,
     .readers = DATA | MAKE, /* not the stages: the same images elsewhere must give the same bytes */
     .help = "Folder of the four IDX files; goes with dataset: idx, and only with it.",
     .note = "Make cannot handle other characters"},
    {.name = "validation",
     .type = EO_KEY_CHOICE,
     .offset = AT(validation),
     .names = validation_names,
     .initial = "holdout",
     .readers = TRAINING | EVAL | BENCH | SENSITIVITY | SUMMARY,
     .help = "What decisions look at: images held out from the tail of the training set, or the test set as "
             "the original does."},
    {.name = "train_subset",
     .type = EO_KEY_IMAGES,
     .offset = AT(train_subset),
     .min = 1,
     .max = 1e6,
     .nullable = 1,
     .readers = TRAINING | SENSITIVITY,
     .help = "Images to train on; null takes all that are not held out."},
    {.name = "val_subset",
     .type = EO_KEY_IMAGES,
     .offset = AT(val_subset),
     .min = 1,
     .max = 1e6,
     .nullable = 1,
     .readers = TRAINING | EVAL | BENCH | SENSITIVITY,
     .help = "Images to decide by; null takes one sixth of the training set, or with validation: test the "
             "whole test set."},
    {.name = "model",
     .type = EO_KEY_WORD,
     .offset = AT(model),
     .names = model_names,
     .initial = "smallcnn",
     .readers = TRAIN | FINETUNE,
     .help = "The architecture."},
    {.name = "conv1_channels",
     .type = EO_KEY_INT,
     .offset = AT(conv1_channels),
     .min = 1,
     .max = 64,
     .initial = "16",
     .readers = TRAIN,
     .help = "Channels of the first convolution before pruning."},
    {.name = "conv2_channels",
     .type = EO_KEY_INT,
     .offset = AT(conv2_channels),
     .min = 1,
     .max = 128,
     .initial = "32",
     .readers = TRAIN,
     .help = "Channels of the second convolution before pruning."},
    {.name = "batch_size",
     .type = EO_KEY_INT,
     .offset = AT(batch_size),
     .min = 1,
     .max = 4096,
     .initial = "128",
     .readers = TRAINING | BENCH | HARDWARE,
     .help = "Images in a training step, a calibration batch and a timed batch."},
    {.name = "epochs",
     .type = EO_KEY_INT,
     .offset = AT(epochs),
     .min = 1,
     .max = 10000,
     .initial = "2",
     .readers = TRAIN,
     .help = "Passes over the training images."},
    {.name = "fine_tune_epochs",
     .type = EO_KEY_INT,
     .offset = AT(fine_tune_epochs),
     .min = 0,
     .max = 10000,
     .initial = "0",
     .readers = FINETUNE | MAKE,
     .help = "Passes over the training images after pruning, so that accuracy recovers."},
    {.name = "fine_tune_unpruned",
     .type = EO_KEY_BOOL,
     .offset = AT(fine_tune_unpruned),
     .initial = "true",
     .readers = FINETUNE | MAKE,
     .help = "Level 0 is trained on as the pruned levels are, so that all can be compared; false leaves it "
             "as it is."},
    {.name = "learning_rate",
     .type = EO_KEY_NUMBER,
     .offset = AT(learning_rate),
     .min = 1e-9,
     .max = 10,
     .initial = "0.001",
     .readers = LEARNING,
     .help = "Step size of Adam."},
    {.name = "fine_tune_learning_rate",
     .type = EO_KEY_NUMBER,
     .offset = AT(fine_tune_learning_rate),
     .min = 1e-9,
     .max = 10,
     .nullable = 1,
     .readers = FINETUNE,
     .help = "Step size after pruning; null takes learning_rate."},
    {.name = "learning_rate_schedule",
     .type = EO_KEY_CHOICE,
     .offset = AT(learning_rate_schedule),
     .names = schedule_names,
     .initial = "constant",
     .readers = LEARNING,
     .help = "How the step size goes on over a run: as it is, or down to zero along half a cosine."},
    {.name = "warmup_epochs",
     .type = EO_KEY_NUMBER,
     .offset = AT(warmup_epochs),
     .min = 0,
     .max = 10000,
     .initial = "0.0",
     .readers = LEARNING,
     .help = "Epochs over which the step size first rises in a line."},
    {.name = "weight_decay",
     .type = EO_KEY_NUMBER,
     .offset = AT(weight_decay),
     .min = 0,
     .max = 10,
     .initial = "0.0",
     .readers = LEARNING,
     .help = "Decoupled weight decay (AdamW) of weights, not of biases."},
    {.name = "label_smoothing",
     .type = EO_KEY_NUMBER,
     .offset = AT(label_smoothing),
     .min = 0,
     .max = 0.9,
     .initial = "0.0",
     .readers = LEARNING,
     .help = "Share of the target that is spread over all classes."},
    {.name = "augment_shift",
     .type = EO_KEY_INT,
     .offset = AT(augment_shift),
     .min = 0,
     .max = 8,
     .initial = "0",
     .readers = LEARNING,
     .help = "Training images are shifted by up to so many pixels in each direction, at random."},
    {.name = "augment_flip",
     .type = EO_KEY_BOOL,
     .offset = AT(augment_flip),
     .initial = "false",
     .readers = LEARNING,
     .help = "Every second training image is mirrored, at random; for clothes, not for digits."},
    {.name = "early_stopping",
     .type = EO_KEY_INT,
     .offset = AT(early_stopping),
     .min = 0,
     .max = 10000,
     .initial = "0",
     .readers = LEARNING,
     .help =
         "Training stops after so many epochs without a better accuracy on the last tenth of the training "
         "images, "
         "which is then not trained on, and the best epoch is kept; 0 trains all epochs and keeps the last."},
    {.name = "qat_epochs",
     .type = EO_KEY_INT,
     .offset = AT(qat_epochs),
     .min = 0,
     .max = 10000,
     .initial = "0",
     .readers = QUANT,
     .help = "Passes of quantisation-aware training before a model becomes int8."},
    {.name = "qat_learning_rate",
     .type = EO_KEY_NUMBER,
     .offset = AT(qat_learning_rate),
     .min = 1e-9,
     .max = 10,
     .nullable = 1,
     .readers = QUANT,
     .help = "Step size of quantisation-aware training; null takes learning_rate."},
    {.name = "pruning_levels",
     .type = EO_KEY_LEVEL,
     .offset = AT(pruning_levels),
     .count = AT(pruning_level_count),
     .capacity = EO_CONFIG_LIST_MAX,
     .initial = "0.0 0.25 0.5 0.7",
     .readers = MAKE,
     .help = "Shares of the channels to remove, of both convolutions or of each; one candidate each."},
    {.name = "pruning_criterion",
     .type = EO_KEY_CHOICE,
     .offset = AT(pruning_criteria),
     .count = AT(pruning_criterion_count),
     .capacity = EO_CRITERION_COUNT,
     .is_single = 1,
     .names = criterion_names,
     .initial = "l1",
     .readers = SENSITIVITY | MAKE,
     .help = "Which channels go first: those of least filter norm (l1, l2), nearest to the other filters "
             "(fpgm), of least "
             "mean activation, of least |gradient x activation| (taylor), or any (random). A list is another "
             "axis."},
    {.name = "pruning_scope",
     .type = EO_KEY_CHOICE,
     .offset = AT(pruning_scope),
     .names = scope_names,
     .initial = "layer",
     .readers = PRUNE,
     .help = "A level counts in each convolution (layer), or over the channels of both, ranked together "
             "(global)."},
    {.name = "prune_steps",
     .type = EO_KEY_INT,
     .offset = AT(prune_steps),
     .min = 1,
     .max = 100,
     .initial = "1",
     .readers = PRUNE | FINETUNE | MAKE,
     .help = "Rounds of pruning and fine-tuning in which a level is reached; each has fine_tune_epochs."},
    {.name = "channel_multiple",
     .type = EO_KEY_INT,
     .offset = AT(channel_multiple),
     .min = 1,
     .max = 64,
     .initial = "1",
     .readers = PRUNE | SENSITIVITY,
     .help = "Kept channels are rounded to a multiple of this, as the device's vectors like it."},
    {.name = "pruning_images",
     .type = EO_KEY_INT,
     .offset = AT(pruning_images),
     .min = 1,
     .max = 1000000,
     .initial = "1024",
     .readers = PRUNE | SENSITIVITY,
     .help = "Training images by which the criteria activation and taylor judge."},
    {.name = "precisions",
     .type = EO_KEY_CHOICE,
     .offset = AT(precisions),
     .count = AT(precision_count),
     .capacity = EO_PRECISION_COUNT,
     .names = precision_names,
     .initial = "fp32 fp16 int8",
     .readers = MAKE,
     .help = "Number formats, one candidate each at every pruning level."},
    {.name = "quantization_backend",
     .type = EO_KEY_CHOICE,
     .offset = AT(quantization_backend),
     .names = backend_names,
     .initial = "fbgemm",
     .readers = QUANT,
     .help = "Numeric scheme of int8: activations 0..127 with one weight scale per channel (fbgemm), or "
             "0..255 with one per tensor (qnnpack)."},
    {.name = "calibration_batches",
     .type = EO_KEY_INT,
     .offset = AT(calibration_batches),
     .min = 1,
     .max = 10000,
     .initial = "8",
     .readers = QUANT,
     .help = "Training batches from which int8 takes its ranges."},
    {.name = "quantization_observer",
     .type = EO_KEY_CHOICE,
     .offset = AT(quantization_observer),
     .names = observer_names,
     .initial = "histogram",
     .readers = QUANT,
     .help = "How int8 chooses the range of activations: all of it (minmax), a share of it (percentile), or "
             "the range "
             "of least squared error (mse; histogram searches as the original) or divergence (entropy)."},
    {.name = "observer_percentile",
     .type = EO_KEY_NUMBER,
     .offset = AT(observer_percentile),
     .min = 50,
     .max = 100,
     .initial = "99.99",
     .readers = QUANT,
     .help = "Percentage of the values that the percentile observer covers."},
    {.name = "weight_granularity",
     .type = EO_KEY_CHOICE,
     .offset = AT(weight_granularity),
     .names = granularity_names,
     .initial = "backend",
     .readers = QUANT,
     .help = "One int8 weight scale per output channel or per tensor, or what the backend has."},
    {.name = "bias_correction",
     .type = EO_KEY_BOOL,
     .offset = AT(bias_correction),
     .initial = "false",
     .readers = QUANT,
     .help =
         "Take the mean error that rounding the weights makes on the calibration images out of the biases."},
    {.name = "cross_layer_equalization",
     .type = EO_KEY_BOOL,
     .offset = AT(cross_layer_equalization),
     .initial = "false",
     .readers = QUANT,
     .help = "Even out the ranges of the channels of consecutive layers before int8."},
    {.name = "benchmark_repeats",
     .type = EO_KEY_INT,
     .offset = AT(benchmark_repeats),
     .min = 1,
     .max = 100000,
     .initial = "5",
     .readers = BENCH,
     .help = "Samples of each size in a round, at least; a sample is one call wherever that is long enough "
             "for the clock."},
    {.name = "benchmark_trials",
     .type = EO_KEY_INT,
     .offset = AT(benchmark_trials),
     .min = 1,
     .max = 1000,
     .initial = "3",
     .readers = BENCH,
     .help = "Rounds of timing, each in a fresh process, at least; raised to 16 and to 640 samples in all."},
    {.name = "benchmark_warmup",
     .type = EO_KEY_INT,
     .offset = AT(benchmark_warmup),
     .min = 0,
     .max = 100000,
     .initial = "3",
     .readers = BENCH,
     .help = "Samples of each size thrown away at the beginning of a round, at least; more until the times "
             "are stable."},
    {.name = "benchmark_exact",
     .type = EO_KEY_BOOL,
     .offset = AT(benchmark_exact),
     .initial = "false",
     .readers = BENCH,
     .help =
         "Just so many rounds, samples and warm-up samples, and no round again: for quick looks and tests."},
    {.name = "benchmark_seconds",
     .type = EO_KEY_INT,
     .offset = AT(benchmark_seconds),
     .min = 1,
     .max = 1000000,
     .initial = "60",
     .readers = BENCH,
     .help =
         "After so many seconds a session ends with the rounds that it has, at least one of each candidate."},
    {.name = "benchmark_wait",
     .type = EO_KEY_INT,
     .offset = AT(benchmark_wait),
     .min = 0,
     .max = 1000000,
     .initial = "600",
     .readers = BENCH,
     .help = "Seconds to wait for other benchmarks on this machine, at most; then the command fails."},
    {.name = "power_watts",
     .type = EO_KEY_NUMBER,
     .offset = AT(power_watts),
     .min = 1e-6,
     .max = 1e6,
     .initial = "5.0",
     .readers = SELECT | SUMMARY,
     .help = "Assumed power of the device, for the energy proxy."},
    {.name = "memory_budgets_mb",
     .type = EO_KEY_NUMBER,
     .offset = AT(memory_budgets_mb),
     .count = AT(memory_budget_count),
     .integers = AT(memory_budget_is_integer),
     .capacity = EO_CONFIG_LIST_MAX,
     .min = 1e-6,
     .max = 1e6,
     .initial = "0.01 0.02 0.05",
     .readers = SELECT | SUMMARY,
     .help = "Budgets in MiB; each gets its own column of violations."},
    {.name = "active_memory_budget_mb",
     .type = EO_KEY_NUMBER,
     .offset = AT(active_memory_budget_mb),
     .min = 1e-6,
     .max = 1e6,
     .initial = "0.05",
     .readers = SELECT | SUMMARY,
     .help = "The budget in MiB that decides which candidates are accepted."},
    {.name = "cpu_frequency_scale",
     .type = EO_KEY_NUMBER,
     .offset = AT(cpu_frequency_scale),
     .min = 0.001,
     .max = 100,
     .initial = "0.7",
     .readers = SELECT | HARDWARE | SUMMARY,
     .help = "Speed of the device's clock relative to this machine's."},
    {.name = "latency_statistic",
     .type = EO_KEY_CHOICE,
     .offset = AT(latency_statistic),
     .names = statistic_names,
     .initial = "median",
     .readers = SELECT,
     .help = "Which latency decides (table, plots, energy, frontiers, recommendation): the median, which is robust, or "
             "the mean as in the original."},
    {.name = "recommend",
     .type = EO_KEY_CHOICE,
     .offset = AT(recommend),
     .names = recommend_names,
     .initial = "smallest",
     .readers = SELECT | SUMMARY,
     .help = "Of the candidates that the images cannot tell from the most accurate: the smallest or the fastest one; or "
             "the most accurate itself."},
    {.name = "pareto_use_ci",
     .type = EO_KEY_BOOL,
     .offset = AT(pareto_use_ci),
     .initial = "false",
     .readers = SELECT | SUMMARY,
     .help = "Compare candidates by the lower 95 % bound of accuracy."},
    {.name = "pareto_any_status",
     .type = EO_KEY_BOOL,
     .offset = AT(pareto_any_status),
     .initial = "true",
     .readers = SELECT | SUMMARY,
     .help = "Candidates whose timing is not ok stay on the frontiers of latency and energy, never as certain; false leaves them off."},
    {.name = "memory_bandwidth_gbps",
     .type = EO_KEY_NUMBER,
     .offset = AT(memory_bandwidth_gbps),
     .min = 1e-6,
     .max = 1e6,
     .initial = "12.8",
     .readers = HARDWARE,
     .help = "Memory bandwidth of the device in GB/s, for the roofline."},
    {.name = "peak_compute_gmacs",
     .type = EO_KEY_NUMBER,
     .offset = AT(peak_compute_gmacs),
     .min = 1e-6,
     .max = 1e9,
     .nullable = 1,
     .readers = HARDWARE,
     .help = "Peak of the device in 10^9 multiply-accumulates per second; null leaves the roofline out."},
    {.name = "threads",
     .type = EO_KEY_INT,
     .offset = AT(threads),
     .min = 0,
     .max = EO_POOL_MAX,
     .initial = "0",
     .readers = MAKE,
     .help = "Threads of training and evaluation; 0 takes all processors. No result depends on it."},
    {.name = "num_workers",
     .type = EO_KEY_INT,
     .offset = AT(num_workers),
     .min = 0,
     .max = 1024,
     .initial = "2",
     .readers = 0,
     .help = "Accepted for the original's files; has no effect."},
    {.name = "device",
     .type = EO_KEY_WORD,
     .offset = AT(device),
     .names = device_names,
     .initial = "cpu",
     .readers = 0,
     .help = "Accepted for the original's files.",
     .note = "this program runs on the CPU only"},
    {.name = "output_dir",
     .type = EO_KEY_PATH,
     .offset = AT(output_dir),
     .readers = MAKE,
     .help =
         "Folder of the artefacts, out/<name of the file> by default; relative paths are taken below out/.",
     .note = "Make cannot handle other characters"},
};

static const size_t type_size[] = {
    [EO_KEY_SEED] = sizeof(uint64_t),
    [EO_KEY_INT] = sizeof(int),
    [EO_KEY_IMAGES] = sizeof(int64_t),
    [EO_KEY_NUMBER] = sizeof(double),
    [EO_KEY_LEVEL] = sizeof(struct eo_level),
    [EO_KEY_BOOL] = sizeof(int),
    [EO_KEY_CHOICE] = sizeof(int),
    [EO_KEY_WORD] = EO_CONFIG_TEXT_MAX,
    [EO_KEY_PATH] = EO_CONFIG_TEXT_MAX,
};

/* Choices are stored through memcpy of an int. */
_Static_assert(sizeof(enum eo_validation) == sizeof(int) && sizeof(enum eo_backend) == sizeof(int) &&
                   sizeof(enum eo_precision) == sizeof(int),
               "enumerations must be as large as int");

int eo_key_find_name(const char *const *names, const char *text)
{
    int i;

    for (i = 0; names[i]; i++) {
        if (strcmp(names[i], text) == 0)
            return i;
    }
    return -1;
}

const struct eo_key *eo_key_find(const char *name)
{
    int i;

    for (i = 0; i < EO_KEY_COUNT; i++) {
        if (strcmp(eo_keys[i].name, name) == 0)
            return &eo_keys[i];
    }
    return NULL;
}

int eo_key_null_text(const char *text)
{
    static const char *const names[] = {"", "~", "null", "Null", "NULL", "None", NULL};

    return eo_key_find_name(names, text) >= 0;
}

static char *field_at(struct eo_config *cfg, const struct eo_key *k, int index)
{
    return (char *)cfg + k->offset + (size_t)index * type_size[k->type];
}

static const char *const_field_at(const struct eo_config *cfg, const struct eo_key *k, int index)
{
    return (const char *)cfg + k->offset + (size_t)index * type_size[k->type];
}

void eo_key_set_count(struct eo_config *cfg, const struct eo_key *k, int n)
{
    if (k->count)
        memcpy((char *)cfg + k->count, &n, sizeof(n));
}

int eo_key_get_count(const struct eo_config *cfg, const struct eo_key *k)
{
    int n = 1;

    if (k->count)
        memcpy(&n, (const char *)cfg + k->count, sizeof(n));
    return n;
}

/*
 * Letters, digits and "._+-/", not beginning with '-', which programs would take for an option. With any_script also what
 * is not ASCII; that it is UTF-8 was checked when the text was read.
 */
static int is_path(const char *text, int any_script)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-/";
    const char *p = text;

    while (*p && (strchr(allowed, *p) || (any_script && (unsigned char)*p >= 0x80)))
        p++;
    return !eo_key_null_text(text) && text[0] != '-' && strlen(text) < EO_CONFIG_TEXT_MAX && *p == '\0';
}

static int set_text(char *field, const char *text)
{
    snprintf(field, EO_CONFIG_TEXT_MAX, "%s", text);
    return 0;
}

static int set_int(void *field, int value)
{
    if (value < 0)
        return -1;
    memcpy(field, &value, sizeof(value));
    return 0;
}

/* The int that says whether a number was written as an integer; NULL where that makes no difference. */
static int *integer_at(struct eo_config *cfg, const struct eo_key *k, int index)
{
    return k->integers ? (int *)(void *)((char *)cfg + k->integers) + index : NULL;
}

static int set_number(const struct eo_key *k, double *field, int *is_integer, const char *text)
{
    double v;

    if (eo_num_parse_double(text, k->min, k->max, &v, NULL))
        return -1;
    if (is_integer)
        *is_integer = text[strspn(text, "+-0123456789")] == '\0';
    *field = v + 0.0; /* -0.0 becomes 0.0, so that equal values have equal bytes and equal texts */
    return 0;
}

/* A number; levels of two parts are lists in YAML, not text. */
static int set_level(struct eo_level *field, const char *text)
{
    return strchr(text, 'x') ? -1 : eo_level_parse(text, field, NULL);
}

int eo_key_set_level(struct eo_config *cfg, const struct eo_key *k, int index, int part, const char *text)
{
    struct eo_level *field = (void *)field_at(cfg, k, index), both;

    if (set_level(&both, text))
        return -1;
    if (part == 0)
        field->conv1 = both.conv1;
    else
        field->conv2 = both.conv2;
    return 0;
}

/* True and FALSE are values of YAML 1.1, which the original reads. -1 for another text. */
static int bool_of(const char *text)
{
    static const char *const names[] = {"false", "true", "False", "True", "FALSE", "TRUE", NULL};
    int i = eo_key_find_name(names, text);

    return i < 0 ? -1 : i % 2;
}

int eo_key_set(struct eo_config *cfg, const struct eo_key *k, int index, const char *text)
{
    void *field = field_at(cfg, k, index);
    int64_t v;

    switch (k->type) {
    case EO_KEY_SEED:
        return eo_num_parse_u64(text, 0, UINT64_MAX, field, NULL);
    case EO_KEY_IMAGES:
        return eo_num_parse_i64(text, (int64_t)k->min, (int64_t)k->max, field, NULL);
    case EO_KEY_INT:
        return eo_num_parse_i64(text, (int64_t)k->min, (int64_t)k->max, &v, NULL) ? -1
                                                                                  : set_int(field, (int)v);
    case EO_KEY_NUMBER:
        return set_number(k, field, integer_at(cfg, k, index), text);
    case EO_KEY_LEVEL:
        return set_level(field, text);
    case EO_KEY_BOOL:
        return set_int(field, bool_of(text));
    case EO_KEY_CHOICE:
        return set_int(field, eo_key_find_name(k->names, text));
    case EO_KEY_WORD:
        return eo_key_find_name(k->names, text) < 0 ? -1 : set_text(field, text);
    case EO_KEY_PATH:
        return is_path(text, k->any_script) ? set_text(field, text) : -1;
    }
    return -1;
}

void eo_key_set_null(struct eo_config *cfg, const struct eo_key *k)
{
    int64_t all = EO_CONFIG_ALL;
    char *field = field_at(cfg, k, 0);

    memset(field, 0, type_size[k->type]);
    if (k->type == EO_KEY_IMAGES)
        memcpy(field, &all, sizeof(all));
    eo_key_set_count(cfg, k, 0);
}

int eo_key_is_null(const struct eo_config *cfg, const struct eo_key *k)
{
    const void *field = const_field_at(cfg, k, 0);

    switch (k->type) {
    case EO_KEY_IMAGES:
        return *(const int64_t *)field == EO_CONFIG_ALL;
    case EO_KEY_NUMBER:
        return *(const double *)field == 0;
    default:
        return eo_key_get_count(cfg, k) == 0;
    }
}

static int get_int(const void *field)
{
    int v;

    memcpy(&v, field, sizeof(v));
    return v;
}

static void put_level(const struct eo_level *level, struct eo_buf *out)
{
    char conv1[EO_NUM_TEXT], conv2[EO_NUM_TEXT];

    eo_num_format_double(level->conv1, conv1);
    eo_num_format_double(level->conv2, conv2);
    if (eo_level_is_uniform(*level))
        eo_buf_puts(out, conv1);
    else
        eo_buf_printf(out, "[%s, %s]", conv1, conv2);
}

void eo_key_put_entry(const struct eo_config *cfg, const struct eo_key *k, int index, struct eo_buf *out)
{
    const void *field = const_field_at(cfg, k, index);
    char number[EO_NUM_TEXT];

    switch (k->type) {
    case EO_KEY_SEED:
        eo_buf_printf(out, "%" PRIu64, *(const uint64_t *)field);
        break;
    case EO_KEY_IMAGES:
        eo_buf_printf(out, "%" PRId64, *(const int64_t *)field);
        break;
    case EO_KEY_INT:
        eo_buf_printf(out, "%d", get_int(field));
        break;
    case EO_KEY_NUMBER:
        if (k->integers && ((const int *)(const void *)((const char *)cfg + k->integers))[index])
            eo_buf_printf(out, "%.0f", *(const double *)field);
        else {
            eo_num_format_double(*(const double *)field, number);
            eo_buf_puts(out, number);
        }
        break;
    case EO_KEY_LEVEL:
        put_level(field, out);
        break;
    case EO_KEY_BOOL:
        eo_buf_puts(out, get_int(field) ? "true" : "false");
        break;
    case EO_KEY_CHOICE:
        eo_buf_puts(out, k->names[get_int(field)]);
        break;
    case EO_KEY_WORD:
    case EO_KEY_PATH:
        eo_buf_puts(out, field);
        break;
    }
}

void eo_key_put(const struct eo_config *cfg, const struct eo_key *k, struct eo_buf *out)
{
    int i;

    if (k->nullable && eo_key_is_null(cfg, k)) {
        eo_buf_puts(out, "null");
        return;
    }
    if (!k->capacity || (k->is_single && eo_key_get_count(cfg, k) == 1)) {
        eo_key_put_entry(cfg, k, 0, out);
        return;
    }
    for (i = 0; i < eo_key_get_count(cfg, k); i++) {
        eo_buf_puts(out, i ? ", " : "[");
        eo_key_put_entry(cfg, k, i, out);
    }
    eo_buf_puts(out, "]");
}

int eo_key_is_repeated(const struct eo_config *cfg, const struct eo_key *k, int index)
{
    int i;

    for (i = 0; i < index; i++) {
        if (memcmp(const_field_at(cfg, k, i), const_field_at(cfg, k, index), type_size[k->type]) == 0)
            return 1;
    }
    return 0;
}

int eo_key_is_printable(const struct eo_config *cfg, const struct eo_key *k)
{
    if (k->type == EO_KEY_PATH)
        return *const_field_at(cfg, k, 0) != '\0';
    if (k->offset == AT(seeds))
        return (k->capacity > 0) == (cfg->seed_count > 1);
    return 1;
}

static void join_names(const char *const *names, char *text, size_t size)
{
    int i;

    snprintf(text, size, "%s", names[1] ? "one of " : "");
    for (i = 0; names[i]; i++)
        snprintf(text + strlen(text), size - strlen(text), "%s%s", i ? ", " : "", names[i]);
}

void eo_key_allowed(const struct eo_key *k, char text[EO_KEY_ALLOWED])
{
    switch (k->type) {
    case EO_KEY_SEED:
        snprintf(text, EO_KEY_ALLOWED, "an integer in 0..%" PRIu64, UINT64_MAX);
        break;
    case EO_KEY_INT:
    case EO_KEY_IMAGES:
        snprintf(text, EO_KEY_ALLOWED, "an integer in %.0f..%.0f", k->min, k->max);
        break;
    case EO_KEY_NUMBER:
        snprintf(text, EO_KEY_ALLOWED, "a number in %g..%g", k->min, k->max);
        break;
    case EO_KEY_LEVEL:
        snprintf(text, EO_KEY_ALLOWED, "a number in 0..%g with at most %d decimals", EO_LEVEL_MAX,
                 EO_LEVEL_DECIMALS);
        break;
    case EO_KEY_BOOL:
        snprintf(text, EO_KEY_ALLOWED, "true or false");
        break;
    case EO_KEY_CHOICE:
    case EO_KEY_WORD:
        join_names(k->names, text, EO_KEY_ALLOWED);
        break;
    case EO_KEY_PATH:
        snprintf(text, EO_KEY_ALLOWED, "a path of at most %d %s, digits and any of ._+-/", EO_CONFIG_TEXT_MAX - 1,
                 k->any_script ? "bytes: letters of any script" : "letters");
        break;
    }
    if (k->nullable)
        snprintf(text + strlen(text), EO_KEY_ALLOWED - strlen(text), " or null");
}

/* Applies a default of the table; the tests read every one, so it cannot be refused here. */
static void set_initial(struct eo_config *cfg, const struct eo_key *k)
{
    char text[EO_CONFIG_TEXT_MAX];
    char *entry, *rest = NULL;
    int n = 0, rc = 0;

    if (!k->initial) {
        if (k->nullable)
            eo_key_set_null(cfg, k);
        return;
    }
    snprintf(text, sizeof(text), "%s", k->initial);
    for (entry = strtok_r(text, " ", &rest); entry; entry = strtok_r(NULL, " ", &rest))
        rc |= eo_key_set(cfg, k, n++, entry);
    assert(rc == 0);
    (void)rc;
    eo_key_set_count(cfg, k, n);
}

void eo_config_init(struct eo_config *cfg)
{
    int i;

    memset(cfg, 0, sizeof(*cfg));
    for (i = 0; i < EO_KEY_COUNT; i++)
        set_initial(cfg, &eo_keys[i]);
}
