#include "format/config.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/io.h"
#include "base/num.h"
#include "base/pool.h"

#define FILE_MAX 65536     /* bytes of an experiment; libyaml's effort grows faster than the file */
#define NAME_MAX_BYTES 100 /* of an experiment's name */
#define FOUND_TEXT 64      /* a value as messages show it */
#define ALLOWED_TEXT 160   /* what a key accepts, in words */
#define LEVEL_DECIMALS 6   /* more would make unwieldy file names, and no channel count needs them */

/* ------------------------------------------------------------------------------------------------------------
 * The table of keys
 */

enum type {
    TYPE_SEED,   /* uint64_t */
    TYPE_INT,    /* int in min..max */
    TYPE_IMAGES, /* int64_t in min..max; null is EO_CONFIG_ALL */
    TYPE_NUMBER, /* double in min..max; null is 0 */
    TYPE_LEVEL,  /* double in min..max with at most LEVEL_DECIMALS decimals */
    TYPE_BOOL,   /* int: 0 or 1 */
    TYPE_CHOICE, /* int or enum: position in `names` */
    TYPE_WORD,   /* text: one of `names` */
    TYPE_PATH    /* text that Make can take as a file name */
};

static const size_t type_size[] = {
    [TYPE_SEED] = sizeof(uint64_t), [TYPE_INT] = sizeof(int),         [TYPE_IMAGES] = sizeof(int64_t),
    [TYPE_NUMBER] = sizeof(double), [TYPE_LEVEL] = sizeof(double),    [TYPE_BOOL] = sizeof(int),
    [TYPE_CHOICE] = sizeof(int),    [TYPE_WORD] = EO_CONFIG_TEXT_MAX, [TYPE_PATH] = EO_CONFIG_TEXT_MAX,
};

/* Choices are stored through memcpy of an int. */
_Static_assert(sizeof(enum eo_validation) == sizeof(int) && sizeof(enum eo_backend) == sizeof(int) &&
                   sizeof(enum eo_precision) == sizeof(int),
               "enumerations must be as large as int");

struct key {
    const char *name;
    enum type type;  /* of the value, or of each entry of a list */
    int capacity;    /* entries of a list; 0: a single value */
    size_t offset;   /* of the field in struct eo_config */
    size_t count;    /* offset of the int beside it: entries in use, or whether a value is set; 0: none */
    double min, max; /* TYPE_INT, TYPE_IMAGES, TYPE_NUMBER, TYPE_LEVEL */
    const char *const *names; /* TYPE_CHOICE, TYPE_WORD */
    int nullable;             /* `null` is a value */
    const char *initial; /* default as text, entries of a list separated by spaces; NULL: null, or unset */
    unsigned readers;    /* one bit for each enum eo_config_stage, and MAKE */
    const char *help;
    const char *note; /* added to the message that refuses a value, or NULL */
};

static const char *const dataset_names[] = {"synthetic", "mnist", "fashion-mnist", "idx", NULL};
static const char *const validation_names[] = {"holdout", "test", NULL};
static const char *const model_names[] = {"smallcnn", NULL};
static const char *const precision_names[] = {"fp32", "fp16", "int8", NULL};
static const char *const backend_names[] = {"fbgemm", "qnnpack", NULL};
static const char *const device_names[] = {"cpu", NULL};

#define DATA (1u << EO_STAGE_DATA)
#define TRAIN (1u << EO_STAGE_TRAIN)
#define FINETUNE (1u << EO_STAGE_FINETUNE)
#define QUANT (1u << EO_STAGE_QUANT)
#define EVAL (1u << EO_STAGE_EVAL)
#define BENCH (1u << EO_STAGE_BENCH)
#define SELECT (1u << EO_STAGE_SELECT)
#define HARDWARE (1u << EO_STAGE_HARDWARE)
#define SUMMARY (1u << EO_STAGE_SUMMARY)
#define MAKE (1u << EO_STAGE_COUNT) /* the Make fragment: which artefacts there are, not what is in them */

#define LEARNING (TRAIN | FINETUNE)
#define IMAGES_OF_TRAIN                                                                                      \
    (LEARNING | QUANT) /* stages that see the training part of the split and nothing else */

#define AT(field) offsetof(struct eo_config, field)
#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static const struct key keys[] = {
    {.name = "seed",
     .type = TYPE_SEED,
     .offset = AT(seeds),
     .count = AT(seed_count),
     .initial = "7",
     .readers = LEARNING | EVAL,
     .help = "Initial weights, order of the training images, bootstrap. Short form of a list with one seed."},
    {.name = "seeds",
     .type = TYPE_SEED,
     .offset = AT(seeds),
     .count = AT(seed_count),
     .capacity = EO_CONFIG_LIST_MAX,
     .readers = MAKE,
     .help = "Repeats the experiment once for each seed; excludes seed."},
    {.name = "dataloader_seed",
     .type = TYPE_SEED,
     .offset = AT(dataloader_seed),
     .count = AT(dataloader_seed_set),
     .nullable = 1,
     .readers = LEARNING,
     .help = "Order of the training images alone; null follows the seed."},
    {.name = "dataset",
     .type = TYPE_WORD,
     .offset = AT(dataset),
     .names = dataset_names,
     .initial = "synthetic",
     .readers = DATA | IMAGES_OF_TRAIN | EVAL | BENCH | MAKE,
     .help = "The images: generated digits, a published set, or your own (idx)."},
    {.name = "data_dir",
     .type = TYPE_PATH,
     .offset = AT(data_dir),
     .readers = DATA | IMAGES_OF_TRAIN | EVAL | BENCH | MAKE,
     .help = "Folder of the four IDX files; goes with dataset: idx, and only with it.",
     .note = "Make cannot handle other characters"},
    {.name = "validation",
     .type = TYPE_CHOICE,
     .offset = AT(validation),
     .names = validation_names,
     .initial = "holdout",
     .readers = IMAGES_OF_TRAIN | EVAL | BENCH,
     .help = "What decisions look at: images held out from the tail of the training set, or the test set as "
             "the original does."},
    {.name = "train_subset",
     .type = TYPE_IMAGES,
     .offset = AT(train_subset),
     .min = 1,
     .max = 1e6,
     .nullable = 1,
     .readers = IMAGES_OF_TRAIN,
     .help = "Images to train on; null takes all that are not held out."},
    {.name = "val_subset",
     .type = TYPE_IMAGES,
     .offset = AT(val_subset),
     .min = 1,
     .max = 1e6,
     .nullable = 1,
     .readers = IMAGES_OF_TRAIN | EVAL | BENCH,
     .help = "Images to decide by; null takes one sixth of the training set, or with validation: test the "
             "whole test set."},
    {.name = "model",
     .type = TYPE_WORD,
     .offset = AT(model),
     .names = model_names,
     .initial = "smallcnn",
     .readers = LEARNING,
     .help = "The architecture."},
    {.name = "conv1_channels",
     .type = TYPE_INT,
     .offset = AT(conv1_channels),
     .min = 1,
     .max = 64,
     .initial = "16",
     .readers = TRAIN,
     .help = "Channels of the first convolution before pruning."},
    {.name = "conv2_channels",
     .type = TYPE_INT,
     .offset = AT(conv2_channels),
     .min = 1,
     .max = 128,
     .initial = "32",
     .readers = TRAIN,
     .help = "Channels of the second convolution before pruning."},
    {.name = "batch_size",
     .type = TYPE_INT,
     .offset = AT(batch_size),
     .min = 1,
     .max = 4096,
     .initial = "128",
     .readers = IMAGES_OF_TRAIN | BENCH | HARDWARE,
     .help = "Images in a training step, a calibration batch and a timed batch."},
    {.name = "epochs",
     .type = TYPE_INT,
     .offset = AT(epochs),
     .min = 1,
     .max = 10000,
     .initial = "2",
     .readers = TRAIN,
     .help = "Passes over the training images."},
    {.name = "fine_tune_epochs",
     .type = TYPE_INT,
     .offset = AT(fine_tune_epochs),
     .min = 0,
     .max = 10000,
     .initial = "0",
     .readers = FINETUNE | MAKE,
     .help = "Passes over the training images after pruning, so that accuracy recovers."},
    {.name = "learning_rate",
     .type = TYPE_NUMBER,
     .offset = AT(learning_rate),
     .min = 1e-9,
     .max = 10,
     .initial = "0.001",
     .readers = LEARNING,
     .help = "Step size of Adam."},
    {.name = "pruning_levels",
     .type = TYPE_LEVEL,
     .offset = AT(pruning_levels),
     .count = AT(pruning_level_count),
     .capacity = EO_CONFIG_LIST_MAX,
     .min = 0,
     .max = 0.999,
     .initial = "0.0 0.25 0.5 0.7",
     .readers = MAKE,
     .help = "Shares of the channels to remove, one candidate each."},
    {.name = "precisions",
     .type = TYPE_CHOICE,
     .offset = AT(precisions),
     .count = AT(precision_count),
     .capacity = EO_PRECISION_COUNT,
     .names = precision_names,
     .initial = "fp32 fp16 int8",
     .readers = MAKE,
     .help = "Number formats, one candidate each at every pruning level."},
    {.name = "quantization_backend",
     .type = TYPE_CHOICE,
     .offset = AT(quantization_backend),
     .names = backend_names,
     .initial = "fbgemm",
     .readers = QUANT,
     .help = "Numeric scheme of int8: activations 0..127 with one weight scale per channel (fbgemm), or "
             "0..255 with one per tensor (qnnpack)."},
    {.name = "calibration_batches",
     .type = TYPE_INT,
     .offset = AT(calibration_batches),
     .min = 1,
     .max = 10000,
     .initial = "8",
     .readers = QUANT,
     .help = "Training batches from which int8 takes its ranges."},
    {.name = "benchmark_repeats",
     .type = TYPE_INT,
     .offset = AT(benchmark_repeats),
     .min = 1,
     .max = 100000,
     .initial = "5",
     .readers = BENCH,
     .help = "Timed runs in a trial."},
    {.name = "benchmark_trials",
     .type = TYPE_INT,
     .offset = AT(benchmark_trials),
     .min = 1,
     .max = 1000,
     .initial = "3",
     .readers = BENCH,
     .help = "Trials; each begins with its own warm-up."},
    {.name = "benchmark_warmup",
     .type = TYPE_INT,
     .offset = AT(benchmark_warmup),
     .min = 0,
     .max = 100000,
     .initial = "3",
     .readers = BENCH,
     .help = "Runs before each trial that are not timed."},
    {.name = "power_watts",
     .type = TYPE_NUMBER,
     .offset = AT(power_watts),
     .min = 1e-6,
     .max = 1e6,
     .initial = "5.0",
     .readers = SELECT | SUMMARY,
     .help = "Assumed power of the device, for the energy proxy."},
    {.name = "memory_budgets_mb",
     .type = TYPE_NUMBER,
     .offset = AT(memory_budgets_mb),
     .count = AT(memory_budget_count),
     .capacity = EO_CONFIG_LIST_MAX,
     .min = 1e-6,
     .max = 1e6,
     .initial = "0.01 0.02 0.05",
     .readers = SELECT | SUMMARY,
     .help = "Budgets in MiB; each gets its own column of violations."},
    {.name = "active_memory_budget_mb",
     .type = TYPE_NUMBER,
     .offset = AT(active_memory_budget_mb),
     .min = 1e-6,
     .max = 1e6,
     .initial = "0.05",
     .readers = SELECT | SUMMARY,
     .help = "The budget in MiB that decides which candidates are accepted."},
    {.name = "cpu_frequency_scale",
     .type = TYPE_NUMBER,
     .offset = AT(cpu_frequency_scale),
     .min = 0.001,
     .max = 100,
     .initial = "0.7",
     .readers = SELECT | HARDWARE | SUMMARY,
     .help = "Speed of the device's clock relative to this machine's."},
    {.name = "pareto_use_ci",
     .type = TYPE_BOOL,
     .offset = AT(pareto_use_ci),
     .initial = "false",
     .readers = SELECT,
     .help = "Compare candidates by the lower 95 % bound of accuracy."},
    {.name = "memory_bandwidth_gbps",
     .type = TYPE_NUMBER,
     .offset = AT(memory_bandwidth_gbps),
     .min = 1e-6,
     .max = 1e6,
     .initial = "12.8",
     .readers = HARDWARE,
     .help = "Memory bandwidth of the device in GB/s, for the roofline."},
    {.name = "peak_compute_gmacs",
     .type = TYPE_NUMBER,
     .offset = AT(peak_compute_gmacs),
     .min = 1e-6,
     .max = 1e9,
     .nullable = 1,
     .readers = HARDWARE,
     .help = "Peak of the device in 10^9 multiply-accumulates per second; null leaves the roofline out."},
    {.name = "threads",
     .type = TYPE_INT,
     .offset = AT(threads),
     .min = 0,
     .max = EO_POOL_MAX,
     .initial = "0",
     .readers = MAKE,
     .help = "Threads of training and evaluation; 0 takes all processors. No result depends on it."},
    {.name = "num_workers",
     .type = TYPE_INT,
     .offset = AT(num_workers),
     .min = 0,
     .max = 1024,
     .initial = "2",
     .readers = 0,
     .help = "Accepted for the original's files; has no effect."},
    {.name = "device",
     .type = TYPE_WORD,
     .offset = AT(device),
     .names = device_names,
     .initial = "cpu",
     .readers = 0,
     .help = "Accepted for the original's files.",
     .note = "this program runs on the CPU only"},
    {.name = "output_dir",
     .type = TYPE_PATH,
     .offset = AT(output_dir),
     .readers = MAKE,
     .help =
         "Folder of the artefacts, out/<name of the file> by default; relative paths are taken below out/.",
     .note = "Make cannot handle other characters"},
};

#define KEY_COUNT COUNT(keys)

static const char *const stage_names[EO_STAGE_COUNT] = {"data",  "train",  "finetune", "quant",  "eval",
                                                        "bench", "select", "hardware", "summary"};

static int find_name(const char *const *names, const char *text)
{
    int i;

    for (i = 0; names[i]; i++) {
        if (strcmp(names[i], text) == 0)
            return i;
    }
    return -1;
}

static const struct key *find_key(const char *name)
{
    int i;

    for (i = 0; i < KEY_COUNT; i++) {
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    }
    return NULL;
}

const char *eo_config_stage_name(enum eo_config_stage stage)
{
    return stage_names[stage];
}

int eo_config_stage_parse(const char *name, enum eo_config_stage *stage, struct eo_err *err)
{
    char list[128] = "";
    int i;

    for (i = 0; i < EO_STAGE_COUNT; i++) {
        if (strcmp(stage_names[i], name) == 0) {
            *stage = (enum eo_config_stage)i;
            return 0;
        }
        snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i ? ", " : "", stage_names[i]);
    }
    return eo_err_set(err, "expected one of %s, found '%.40s'", list, name);
}

/* ------------------------------------------------------------------------------------------------------------
 * Values: from text, to text, in words
 */

static int is_null(const char *text)
{
    return *text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

static char *field_at(struct eo_config *cfg, const struct key *k, int index)
{
    return (char *)cfg + k->offset + (size_t)index * type_size[k->type];
}

static const char *const_field_at(const struct eo_config *cfg, const struct key *k, int index)
{
    return (const char *)cfg + k->offset + (size_t)index * type_size[k->type];
}

static void set_count(struct eo_config *cfg, const struct key *k, int n)
{
    if (k->count)
        memcpy((char *)cfg + k->count, &n, sizeof(n));
}

static int get_count(const struct eo_config *cfg, const struct key *k)
{
    int n = 1;

    if (k->count)
        memcpy(&n, (const char *)cfg + k->count, sizeof(n));
    return n;
}

/* Letters, digits and "._+-/", not beginning with '-', which programs would take for an option. */
static int is_path(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-/";

    return !is_null(text) && text[0] != '-' && strlen(text) < EO_CONFIG_TEXT_MAX &&
           text[strspn(text, allowed)] == '\0';
}

/* Whether `value` is one that few enough decimals can write. */
static int is_short_level(double value)
{
    char text[32];

    snprintf(text, sizeof(text), "%.*f", LEVEL_DECIMALS, value);
    return strtod(text, NULL) == value;
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

static int set_number(const struct key *k, double *field, const char *text)
{
    double v;

    if (eo_num_parse_double(text, k->min, k->max, &v, NULL))
        return -1;
    if (k->type == TYPE_LEVEL && !is_short_level(v))
        return -1;
    *field = v + 0.0; /* -0.0 becomes 0.0, so that equal values have equal bytes and equal texts */
    return 0;
}

/* Stores one value or entry. Fails without a message: the caller says what is allowed by allowed_text(). */
static int set_entry(struct eo_config *cfg, const struct key *k, int index, const char *text)
{
    void *field = field_at(cfg, k, index);
    int64_t v;

    switch (k->type) {
    case TYPE_SEED:
        return eo_num_parse_u64(text, 0, UINT64_MAX, field, NULL);
    case TYPE_IMAGES:
        return eo_num_parse_i64(text, (int64_t)k->min, (int64_t)k->max, field, NULL);
    case TYPE_INT:
        return eo_num_parse_i64(text, (int64_t)k->min, (int64_t)k->max, &v, NULL) ? -1
                                                                                  : set_int(field, (int)v);
    case TYPE_NUMBER:
    case TYPE_LEVEL:
        return set_number(k, field, text);
    case TYPE_BOOL:
        return set_int(field, strcmp(text, "true") == 0 ? 1 : strcmp(text, "false") == 0 ? 0 : -1);
    case TYPE_CHOICE:
        return set_int(field, find_name(k->names, text));
    case TYPE_WORD:
        return find_name(k->names, text) < 0 ? -1 : set_text(field, text);
    case TYPE_PATH:
        return is_path(text) ? set_text(field, text) : -1;
    }
    return -1;
}

static void set_null(struct eo_config *cfg, const struct key *k)
{
    int64_t all = EO_CONFIG_ALL;
    char *field = field_at(cfg, k, 0);

    memset(field, 0, type_size[k->type]);
    if (k->type == TYPE_IMAGES)
        memcpy(field, &all, sizeof(all));
    set_count(cfg, k, 0);
}

/* Values that stand for `null`; only asked of nullable keys. */
static int entry_is_null(const struct eo_config *cfg, const struct key *k)
{
    const void *field = const_field_at(cfg, k, 0);

    switch (k->type) {
    case TYPE_IMAGES:
        return *(const int64_t *)field == EO_CONFIG_ALL;
    case TYPE_NUMBER:
        return *(const double *)field == 0;
    default:
        return get_count(cfg, k) == 0;
    }
}

static int get_int(const void *field)
{
    int v;

    memcpy(&v, field, sizeof(v));
    return v;
}

static void put_entry(const struct eo_config *cfg, const struct key *k, int index, struct eo_buf *out)
{
    const void *field = const_field_at(cfg, k, index);
    char number[EO_NUM_TEXT];

    switch (k->type) {
    case TYPE_SEED:
        eo_buf_printf(out, "%" PRIu64, *(const uint64_t *)field);
        break;
    case TYPE_IMAGES:
        eo_buf_printf(out, "%" PRId64, *(const int64_t *)field);
        break;
    case TYPE_INT:
        eo_buf_printf(out, "%d", get_int(field));
        break;
    case TYPE_NUMBER:
    case TYPE_LEVEL:
        eo_num_format_double(*(const double *)field, number);
        eo_buf_puts(out, number);
        break;
    case TYPE_BOOL:
        eo_buf_puts(out, get_int(field) ? "true" : "false");
        break;
    case TYPE_CHOICE:
        eo_buf_puts(out, k->names[get_int(field)]);
        break;
    case TYPE_WORD:
    case TYPE_PATH:
        eo_buf_puts(out, field);
        break;
    }
}

static void put_value(const struct eo_config *cfg, const struct key *k, struct eo_buf *out)
{
    int i;

    if (k->nullable && entry_is_null(cfg, k)) {
        eo_buf_puts(out, "null");
        return;
    }
    if (!k->capacity) {
        put_entry(cfg, k, 0, out);
        return;
    }
    for (i = 0; i < get_count(cfg, k); i++) {
        eo_buf_puts(out, i ? ", " : "[");
        put_entry(cfg, k, i, out);
    }
    eo_buf_puts(out, "]");
}

static void put_line(const struct eo_config *cfg, const struct key *k, struct eo_buf *out)
{
    eo_buf_printf(out, "%s: ", k->name);
    put_value(cfg, k, out);
    eo_buf_puts(out, "\n");
}

/* Paths have no value that stands for "unset", and of seed and seeds only the one that fits can be written.
 */
static int is_printable(const struct eo_config *cfg, const struct key *k)
{
    if (k->type == TYPE_PATH)
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

/* What one value or entry may be: "an integer in 1..10000". */
static void allowed_text(const struct key *k, char text[ALLOWED_TEXT])
{
    switch (k->type) {
    case TYPE_SEED:
        snprintf(text, ALLOWED_TEXT, "an integer in 0..%" PRIu64, UINT64_MAX);
        break;
    case TYPE_INT:
    case TYPE_IMAGES:
        snprintf(text, ALLOWED_TEXT, "an integer in %.0f..%.0f", k->min, k->max);
        break;
    case TYPE_NUMBER:
        snprintf(text, ALLOWED_TEXT, "a number in %g..%g", k->min, k->max);
        break;
    case TYPE_LEVEL:
        snprintf(text, ALLOWED_TEXT, "a number in %g..%g with at most %d decimals", k->min, k->max,
                 LEVEL_DECIMALS);
        break;
    case TYPE_BOOL:
        snprintf(text, ALLOWED_TEXT, "true or false");
        break;
    case TYPE_CHOICE:
    case TYPE_WORD:
        join_names(k->names, text, ALLOWED_TEXT);
        break;
    case TYPE_PATH:
        snprintf(text, ALLOWED_TEXT, "a path of at most %d letters, digits and any of ._+-/",
                 EO_CONFIG_TEXT_MAX - 1);
        break;
    }
    if (k->nullable)
        snprintf(text + strlen(text), ALLOWED_TEXT - strlen(text), " or null");
}

/* Applies a default of the table; the tests read every one, so it cannot be refused here. */
static void set_initial(struct eo_config *cfg, const struct key *k)
{
    char text[EO_CONFIG_TEXT_MAX];
    char *entry, *rest = NULL;
    int n = 0, rc = 0;

    if (!k->initial) {
        if (k->nullable)
            set_null(cfg, k);
        return;
    }
    snprintf(text, sizeof(text), "%s", k->initial);
    for (entry = strtok_r(text, " ", &rest); entry; entry = strtok_r(NULL, " ", &rest))
        rc |= set_entry(cfg, k, n++, entry);
    assert(rc == 0);
    (void)rc;
    set_count(cfg, k, n);
}

void eo_config_init(struct eo_config *cfg)
{
    int i;

    memset(cfg, 0, sizeof(*cfg));
    for (i = 0; i < KEY_COUNT; i++)
        set_initial(cfg, &keys[i]);
}

/* ------------------------------------------------------------------------------------------------------------
 * Reading: libyaml's events, one after the other. Nothing nests deeper than a list in the one mapping.
 */

struct reader {
    yaml_parser_t yaml;
    yaml_event_t event; /* the current one */
    const char *text;
    size_t size;
    struct eo_config *cfg;
    struct eo_err *err;
    yaml_mark_t key_at[KEY_COUNT]; /* where each key that was read stands */
    yaml_mark_t value_at[KEY_COUNT];
    int seen[KEY_COUNT];
};

static int fail_at(struct reader *r, yaml_mark_t at, const char *fmt, ...) EO_PRINTF(3, 4);

static int fail_at(struct reader *r, yaml_mark_t at, const char *fmt, ...)
{
    char msg[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(msg, sizeof(msg), fmt, ap);
    va_end(ap);
    return eo_err_set(r->err, "%zu:%zu: %s", at.line + 1, at.column + 1, msg);
}

/* libyaml reports bytes that are not YAML text by offset alone. */
static yaml_mark_t place_of_offset(const struct reader *r, size_t offset)
{
    yaml_mark_t at = {0};
    size_t i;

    for (i = 0; i < offset && i < r->size; i++) {
        if (r->text[i] == '\n') {
            at.line++;
            at.column = 0;
        } else if ((r->text[i] & 0xC0) != 0x80) {
            at.column++;
        }
    }
    return at;
}

/* Tabs in indentation deserve a better message than "cannot start any token". */
static int is_tab(const struct reader *r, yaml_mark_t at)
{
    size_t i, line = 0;

    for (i = 0; i < r->size && line < at.line; i++)
        line += r->text[i] == '\n';
    return line == at.line && at.column < r->size - i && r->text[i + at.column] == '\t';
}

static int fail_yaml(struct reader *r)
{
    const yaml_parser_t *y = &r->yaml;
    const char *problem = y->problem ? y->problem : "unknown problem";

    if (y->error == YAML_MEMORY_ERROR)
        return eo_err_set(r->err, "out of memory while reading YAML");
    if (y->error == YAML_READER_ERROR)
        return fail_at(r, place_of_offset(r, y->problem_offset), "expected UTF-8 text, found byte 0x%02x: %s",
                       (unsigned)(y->problem_value & 0xFFFFFF), problem);
    if (is_tab(r, y->problem_mark))
        return fail_at(r, y->problem_mark, "expected spaces, found a tab in the indentation");
    return fail_at(r, y->problem_mark, "expected YAML: %s%s%s", y->context ? y->context : "",
                   y->context ? ", " : "", problem);
}

/* Anchors, aliases and tags make a value depend on what stands elsewhere; an experiment needs none of them.
 */
static int refuse_decoration(struct reader *r)
{
    const yaml_event_t *e = &r->event;
    const yaml_char_t *anchor = NULL, *tag = NULL;

    if (e->type == YAML_ALIAS_EVENT)
        return fail_at(r, e->start_mark, "expected a value, found an alias ('*'): aliases are not supported");
    if (e->type == YAML_SCALAR_EVENT) {
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
    } else if (e->type == YAML_MAPPING_START_EVENT) {
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
    }
    if (anchor)
        return fail_at(r, e->start_mark,
                       "expected a value, found an anchor ('&'): anchors are not supported");
    if (tag)
        return fail_at(r, e->start_mark, "expected a value, found a tag ('!'): tags are not supported");
    return 0;
}

/* Moves to the next event. */
static int advance(struct reader *r)
{
    yaml_event_delete(&r->event);
    if (!yaml_parser_parse(&r->yaml, &r->event))
        return fail_yaml(r);
    return refuse_decoration(r);
}

/* Copies what messages show of a value: one line, cut between characters, no control characters. */
static void show_bytes(const unsigned char *s, size_t n, char text[FOUND_TEXT])
{
    size_t limit = FOUND_TEXT - 8, i, k = 0;

    for (i = 0; i < n && k < limit; i++) {
        int is_c1 = s[i] == 0xC2 && i + 1 < n && s[i + 1] < 0xA0;

        text[k++] = s[i] < 0x20 || s[i] == 0x7F || is_c1 ? '?' : (char)s[i];
        i += (size_t)is_c1;
    }
    if (i < n) {
        while (k > 0 && (s[i] & 0xC0) == 0x80) {
            i--;
            k--;
        }
        memcpy(text + k, "...", 3);
        k += 3;
    }
    text[k] = '\0';
}

/* What was found, for "expected ..., found ...". */
static void found_text(const yaml_event_t *e, char text[2 * FOUND_TEXT])
{
    char shown[FOUND_TEXT];

    if (e->type == YAML_SEQUENCE_START_EVENT || e->type == YAML_MAPPING_START_EVENT) {
        snprintf(text, 2 * FOUND_TEXT, "%s", e->type == YAML_SEQUENCE_START_EVENT ? "a list" : "a mapping");
        return;
    }
    show_bytes(e->data.scalar.value, e->data.scalar.length, shown);
    if (e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        snprintf(text, 2 * FOUND_TEXT, "the quoted text '%s'", shown);
    else if (e->data.scalar.length == 0)
        snprintf(text, 2 * FOUND_TEXT, "nothing");
    else
        snprintf(text, 2 * FOUND_TEXT, "'%s'", shown);
}

static int fail_value(struct reader *r, const struct key *k, const char *expected)
{
    char found[2 * FOUND_TEXT];

    found_text(&r->event, found);
    return fail_at(r, r->event.start_mark, "key '%s': expected %s, found %s%s%s", k->name, expected, found,
                   k->note ? "; " : "", k->note ? k->note : "");
}

static int is_text_type(enum type type)
{
    return type == TYPE_CHOICE || type == TYPE_WORD || type == TYPE_PATH;
}

/* Stores the current event as a value or entry. */
static int read_entry(struct reader *r, const struct key *k, int index)
{
    const yaml_event_t *e = &r->event;
    const char *text = (const char *)e->data.scalar.value;
    char allowed[ALLOWED_TEXT];
    int ok = e->type == YAML_SCALAR_EVENT;

    /* Quotes make a number text, and an escaped NUL would hide what follows it. */
    ok = ok && (e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE || is_text_type(k->type));
    ok = ok && strlen(text) == e->data.scalar.length;
    if (ok && k->nullable && is_null(text)) {
        set_null(r->cfg, k);
        return 0;
    }
    if (ok && set_entry(r->cfg, k, index, text) == 0)
        return 0;
    allowed_text(k, allowed);
    return fail_value(r, k, allowed);
}

static int is_duplicate(struct eo_config *cfg, const struct key *k, int index)
{
    int i;

    for (i = 0; i < index; i++) {
        if (memcmp(field_at(cfg, k, i), field_at(cfg, k, index), type_size[k->type]) == 0)
            return 1;
    }
    return 0;
}

static int read_list(struct reader *r, const struct key *k)
{
    yaml_mark_t start = r->event.start_mark;
    int n = 0;

    if (r->event.type != YAML_SEQUENCE_START_EVENT)
        return fail_value(r, k, "a list");
    for (;;) {
        if (advance(r))
            return -1;
        if (r->event.type == YAML_SEQUENCE_END_EVENT)
            break;
        if (n == k->capacity)
            return fail_at(r, r->event.start_mark, "key '%s': expected at most %d entries, found more",
                           k->name, k->capacity);
        if (read_entry(r, k, n))
            return -1;
        if (is_duplicate(r->cfg, k, n))
            return fail_value(r, k, "different entries");
        n++;
    }
    if (n == 0)
        return fail_at(r, start, "key '%s': expected a list of at least one entry, found an empty one",
                       k->name);
    set_count(r->cfg, k, n);
    return 0;
}

/* Levenshtein's distance, row by row. Longer words than any key are as far away as can be. */
static int edit_distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    int row[LONGEST + 1];
    size_t la = strlen(a), lb = strlen(b), i, j;

    if (la > LONGEST || lb > LONGEST)
        return LONGEST;
    for (j = 0; j <= lb; j++)
        row[j] = (int)j;
    for (i = 1; i <= la; i++) {
        int diagonal = row[0];

        row[0] = (int)i;
        for (j = 1; j <= lb; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[lb];
}

/* The key that was probably meant: a third of its letters may be wrong. NULL if there is none. */
static const char *nearest_key(const char *name)
{
    const char *best = NULL;
    int i, best_distance = 0;

    for (i = 0; i < KEY_COUNT; i++) {
        int d = edit_distance(name, keys[i].name);

        if (3 * d <= (int)strlen(keys[i].name) && (!best || d < best_distance)) {
            best = keys[i].name;
            best_distance = d;
        }
    }
    return best;
}

static int fail_unknown(struct reader *r)
{
    const yaml_event_t *e = &r->event;
    const char *name = (const char *)e->data.scalar.value;
    const char *near = nearest_key(name);
    char shown[FOUND_TEXT];

    show_bytes(e->data.scalar.value, e->data.scalar.length, shown);
    if (strcmp(name, "<<") == 0)
        return fail_at(r, e->start_mark, "expected a key, found '<<': merge keys are not supported");
    if (near)
        return fail_at(r, e->start_mark, "unknown key '%s'; did you mean '%s'?", shown, near);
    return fail_at(r, e->start_mark, "unknown key '%s'; 'eo-config --help' lists all keys", shown);
}

/* Reads one key and its value; the current event is the key. */
static int read_pair(struct reader *r)
{
    yaml_mark_t at = r->event.start_mark;
    const struct key *k;
    int i;

    if (r->event.type != YAML_SCALAR_EVENT)
        return fail_at(r, at, "expected a key, found %s",
                       r->event.type == YAML_MAPPING_START_EVENT ? "a mapping" : "a list");
    k = find_key((const char *)r->event.data.scalar.value);
    if (!k || strlen(k->name) != r->event.data.scalar.length)
        return fail_unknown(r);
    i = (int)(k - keys);
    if (r->seen[i])
        return fail_at(r, at, "duplicate key '%s', given in line %zu already", k->name,
                       r->key_at[i].line + 1);
    r->seen[i] = 1;
    r->key_at[i] = at;
    if (advance(r))
        return -1;
    r->value_at[i] = r->event.start_mark;
    if (k->capacity)
        return read_list(r, k);
    set_count(r->cfg, k, 1); /* null makes it 0 again */
    return read_entry(r, k, 0);
}

static int read_mapping(struct reader *r)
{
    yaml_mark_t start = r->event.start_mark;
    int pairs = 0;

    for (;; pairs++) {
        if (advance(r))
            return -1;
        if (r->event.type == YAML_MAPPING_END_EVENT)
            break;
        if (read_pair(r))
            return -1;
    }
    return pairs ? 0 : fail_at(r, start, "expected at least one key, found none");
}

static int is_plain_start(const yaml_event_t *e)
{
    return !e->data.document_start.version_directive &&
           e->data.document_start.tag_directives.start == e->data.document_start.tag_directives.end;
}

static int read_stream(struct reader *r)
{
    if (advance(r) || advance(r)) /* start of the stream, start of the document */
        return -1;
    if (r->event.type == YAML_STREAM_END_EVENT)
        return fail_at(r, r->event.start_mark, "expected at least one key, found none");
    if (!is_plain_start(&r->event))
        return fail_at(r, r->event.start_mark,
                       "expected a key, found a directive ('%%'): directives are not supported");
    if (advance(r))
        return -1;
    if (r->event.type != YAML_MAPPING_START_EVENT)
        return fail_at(r, r->event.start_mark, "expected 'key: value' lines, found %s",
                       r->event.type == YAML_SCALAR_EVENT ? "text" : "a list");
    if (read_mapping(r) || advance(r) || advance(r)) /* end of the document, end of the stream */
        return -1;
    if (r->event.type != YAML_STREAM_END_EVENT)
        return fail_at(r, r->event.start_mark, "expected one document, found another");
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------
 * The output folder
 */

/* The programs and objects are below out/ too, and `make clean` removes the output folder. */
static const char *const reserved[] = {"out", "out/bin", "out/build", "out/sanitize"};

static int is_reserved(const char *dir)
{
    int i;

    for (i = 0; i < COUNT(reserved); i++) {
        size_t n = strlen(reserved[i]);

        if (strcmp(dir, reserved[i]) == 0 || (i > 0 && strncmp(dir, reserved[i], n) == 0 && dir[n] == '/'))
            return 1;
    }
    return 0;
}

/* Whether a component is empty, "." or ".."; a single slash in front, which makes a path absolute, is fine.
 */
static int has_odd_component(const char *path)
{
    const char *p = path + (*path == '/');

    for (;;) {
        size_t n = strcspn(p, "/");

        if (n == 0 || (n <= 2 && strncmp(p, "..", n) == 0))
            return 1;
        if (p[n] == '\0')
            return 0;
        p += n + 1;
    }
}

/* Where the artefacts go. The message has no place. */
static int resolve_output(const struct eo_config *cfg, const char *name, char out[EO_CONFIG_OUT_MAX],
                          struct eo_err *err)
{
    const char *dir = *cfg->output_dir ? cfg->output_dir : name;
    int is_below = strcmp(dir, "out") == 0 || strncmp(dir, "out/", 4) == 0;

    if (has_odd_component(dir))
        return eo_err_set(err, "expected a folder without empty, '.' and '..' components, found '%s'", dir);
    if (*dir == '/' && !strchr(dir + 1, '/'))
        return eo_err_set(err, "expected a folder below another, found '%s', which 'make clean' would remove",
                          dir);
    snprintf(out, EO_CONFIG_OUT_MAX, "%s%s", *dir == '/' || is_below ? "" : "out/", dir);
    if (is_reserved(out))
        return eo_err_set(
            err, "expected a folder of its own, found '%s', which is reserved for programs and objects", out);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------
 * Rules about several keys
 */

static int key_index(const char *name)
{
    return (int)(find_key(name) - keys);
}

static int check_seeds(struct reader *r)
{
    int one = key_index("seed"), many = key_index("seeds");

    if (!r->seen[one] || !r->seen[many])
        return 0;
    return fail_at(r, r->key_at[many],
                   "key 'seeds': expected either 'seed' or 'seeds', found 'seed' in line %zu too",
                   r->key_at[one].line + 1);
}

static int check_dataset(struct reader *r)
{
    int is_idx = strcmp(r->cfg->dataset, "idx") == 0;

    if (is_idx && !*r->cfg->data_dir)
        return fail_at(r, r->value_at[key_index("dataset")],
                       "key 'dataset': expected 'data_dir' beside 'idx', found none");
    if (!is_idx && *r->cfg->data_dir)
        return fail_at(r, r->key_at[key_index("data_dir")],
                       "key 'data_dir': expected 'dataset: idx' beside it, found '%s'", r->cfg->dataset);
    return 0;
}

static int check_output(struct reader *r)
{
    char *dir = r->cfg->output_dir, out[EO_CONFIG_OUT_MAX];
    size_t n = strlen(dir);
    struct eo_err why;

    if (n == 0)
        return 0;
    if (n > 1 && dir[n - 1] == '/')
        dir[n - 1] = '\0';
    if (resolve_output(r->cfg, "", out, &why))
        return fail_at(r, r->value_at[key_index("output_dir")], "key 'output_dir': %s", why.msg);
    return 0;
}

int eo_config_parse(struct eo_config *cfg, const char *text, size_t size, struct eo_err *err)
{
    struct reader r = {.text = text, .size = size, .cfg = cfg, .err = err};
    int rc = -1;

    eo_config_init(cfg);
    if (size > FILE_MAX)
        return eo_err_set(err, "expected at most %d bytes, found %zu", FILE_MAX, size);
    if (!yaml_parser_initialize(&r.yaml))
        return eo_err_set(err, "out of memory while reading YAML");
    yaml_parser_set_encoding(&r.yaml, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.yaml, (const unsigned char *)text, size);
    if (read_stream(&r) || check_seeds(&r) || check_dataset(&r) || check_output(&r))
        goto out;
    rc = 0;
out:
    yaml_event_delete(&r.event);
    yaml_parser_delete(&r.yaml);
    return rc;
}

int eo_config_load(struct eo_config *cfg, const char *path, struct eo_err *err)
{
    char *text = NULL;
    size_t size = 0;
    int rc;

    if (eo_io_read(path, FILE_MAX, &text, &size, err))
        return -1;
    rc = eo_config_parse(cfg, text, size, err);
    free(text);
    return rc;
}

/* ------------------------------------------------------------------------------------------------------------
 * Writing
 */

uint64_t eo_config_dataloader_seed(const struct eo_config *cfg, int seed_index)
{
    return cfg->dataloader_seed_set ? cfg->dataloader_seed : cfg->seeds[seed_index];
}

/* The configuration as one stage sees it: one seed, and nothing that cannot influence it. */
static void resolve_stage(struct eo_config *cfg, enum eo_config_stage stage, int seed_index)
{
    cfg->dataloader_seed = eo_config_dataloader_seed(cfg, seed_index);
    cfg->dataloader_seed_set = 1;
    cfg->seeds[0] = cfg->seeds[seed_index];
    cfg->seed_count = 1;
    /* The whole training set is for training when validation looks at the test set. */
    if (cfg->validation == EO_VALIDATION_TEST && (IMAGES_OF_TRAIN & 1u << stage))
        cfg->val_subset = EO_CONFIG_ALL;
}

void eo_config_slice(const struct eo_config *cfg, enum eo_config_stage stage, int seed_index,
                     struct eo_buf *out)
{
    struct eo_config one = *cfg;
    int i;

    assert(seed_index >= 0 && seed_index < cfg->seed_count);
    resolve_stage(&one, stage, seed_index);
    eo_buf_printf(out, "# edge-opt slice: %s\n", stage_names[stage]);
    for (i = 0; i < KEY_COUNT; i++) {
        if ((keys[i].readers & 1u << stage) && is_printable(&one, &keys[i]))
            put_line(&one, &keys[i], out);
    }
}

void eo_config_slice_sha256(const struct eo_config *cfg, enum eo_config_stage stage, int seed_index,
                            char text[EO_SHA256_TEXT])
{
    struct eo_buf slice = {0};

    eo_config_slice(cfg, stage, seed_index, &slice);
    if (eo_buf_check(&slice, NULL))
        text[0] = '\0';
    else
        eo_hash_sha256(slice.data, slice.len, text);
    eo_buf_release(&slice);
}

void eo_config_print(const struct eo_config *cfg, struct eo_buf *out)
{
    int i;

    for (i = 0; i < KEY_COUNT; i++) {
        if (is_printable(cfg, &keys[i]))
            put_line(cfg, &keys[i], out);
    }
}

void eo_config_level_text(double level, char text[32])
{
    int decimals = 2;

    do
        snprintf(text, 32, "%.*f", decimals, level);
    while (strtod(text, NULL) != level && ++decimals <= 17);
}

/* The file's name without its folders and without ".yaml" or ".yml". */
static int experiment_name(const char *path, char name[NAME_MAX_BYTES + 1], struct eo_err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    size_t n = strlen(base);

    if (n > 5 && strcmp(base + n - 5, ".yaml") == 0)
        n -= 5;
    else if (n > 4 && strcmp(base + n - 4, ".yml") == 0)
        n -= 4;
    if (n == 0 || n > NAME_MAX_BYTES || strspn(base, allowed) < n || *base == '-' || *base == '.')
        return eo_err_set(
            err,
            "expected a file name of at most %d letters, digits and any of ._+-, beginning with "
            "neither '.' nor '-'; the artefacts' folder is named after it",
            NAME_MAX_BYTES);
    snprintf(name, NAME_MAX_BYTES + 1, "%.*s", (int)n, base);
    return 0;
}

/* The entries of a list as Make takes them. */
static void put_words(const struct eo_config *cfg, const char *variable, const char *key, struct eo_buf *out)
{
    const struct key *k = find_key(key);
    int i;

    eo_buf_printf(out, "%s :=", variable);
    for (i = 0; i < get_count(cfg, k); i++) {
        char level[32];

        eo_buf_puts(out, " ");
        if (k->type != TYPE_LEVEL) {
            put_entry(cfg, k, i, out);
            continue;
        }
        eo_config_level_text(*(const double *)(const void *)const_field_at(cfg, k, i), level);
        eo_buf_puts(out, level);
    }
    eo_buf_puts(out, "\n");
}

int eo_config_make(const struct eo_config *cfg, const char *path, struct eo_buf *out, struct eo_err *err)
{
    char name[NAME_MAX_BYTES + 1], dir[EO_CONFIG_OUT_MAX];
    int i;

    if (experiment_name(path, name, err) || resolve_output(cfg, name, dir, err))
        return -1;
    eo_buf_printf(out, "EO_NAME := %s\nEO_OUT := %s\nEO_DATASET := %s\n", name, dir, cfg->dataset);
    eo_buf_printf(out, "EO_DATA_SOURCE :=%s%s\n", *cfg->data_dir ? " " : "", cfg->data_dir);
    eo_buf_printf(out, "EO_THREADS := %d\n", cfg->threads);
    put_words(cfg, "EO_SEEDS", "seeds", out);
    put_words(cfg, "EO_LEVELS", "pruning_levels", out);
    put_words(cfg, "EO_PRECISIONS", "precisions", out);
    eo_buf_printf(out, "EO_FINE_TUNE_EPOCHS := %d\nEO_SLICES :=", cfg->fine_tune_epochs);
    for (i = 0; i < EO_STAGE_COUNT; i++)
        eo_buf_printf(out, " %s", stage_names[i]);
    eo_buf_puts(out, "\n");
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------
 * The reference of all keys
 */

static void put_allowed(const struct key *k, struct eo_buf *out)
{
    char allowed[ALLOWED_TEXT];

    allowed_text(k, allowed);
    if (k->capacity)
        eo_buf_printf(out, "a list of 1 to %d, each ", k->capacity);
    eo_buf_puts(out, allowed);
}

static void put_readers(const struct key *k, const char *none, struct eo_buf *out)
{
    const char *separator = "";
    int i;

    for (i = 0; i <= EO_STAGE_COUNT; i++) {
        if (k->readers & 1u << i) {
            eo_buf_printf(out, "%s%s", separator, i < EO_STAGE_COUNT ? stage_names[i] : "make");
            separator = ", ";
        }
    }
    if (!k->readers)
        eo_buf_puts(out, none);
}

/* The default, or nothing for a key that is unset. */
static void put_default(const struct key *k, struct eo_buf *out)
{
    struct eo_config cfg;

    eo_config_init(&cfg);
    if (is_printable(&cfg, k))
        put_value(&cfg, k, out);
}

void eo_config_help(struct eo_buf *out)
{
    int i;

    eo_buf_puts(out,
                "Keys of an experiment with their defaults, what they may be, and which stages read them:\n");
    for (i = 0; i < KEY_COUNT; i++) {
        eo_buf_printf(out, "\n  %s: ", keys[i].name);
        put_default(&keys[i], out);
        eo_buf_printf(out, "\n      %s\n      ", keys[i].help);
        put_allowed(&keys[i], out);
        eo_buf_puts(out, "; read by ");
        put_readers(&keys[i], "no stage", out);
        eo_buf_puts(out, "\n");
    }
}

void eo_config_markdown(struct eo_buf *out)
{
    int i;

    eo_buf_puts(out, "| key | default | allowed | read by | meaning |\n| --- | --- | --- | --- | --- |\n");
    for (i = 0; i < KEY_COUNT; i++) {
        size_t before;

        eo_buf_printf(out, "| `%s` | ", keys[i].name);
        before = out->len;
        put_default(&keys[i], out);
        eo_buf_puts(out, out->len == before ? "unset | " : " | ");
        put_allowed(&keys[i], out);
        eo_buf_puts(out, " | ");
        put_readers(&keys[i], "—", out);
        eo_buf_printf(out, " | %s |\n", keys[i].help);
    }
}
