#include "format/config_keys.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/num.h"
#include "base/pool.h"

static const char *const dataset_names[] = {"synthetic", "mnist", "fashion-mnist", "idx", NULL};
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
#define EXPLORE (1u << EO_STAGE_EXPLORE)
#define MAKE EO_KEY_MAKE

/* Stages that take gradient steps. eo-quant does so in quantisation-aware training. */
#define LEARNING (TRAIN | FINETUNE | QUANT)
#define TRAINING EO_KEY_TRAINING

#define WIDTH_MAX 1024 /* at least the channels of any layer */

#define AT(field) offsetof(struct eo_config, field)

const struct eo_key eo_keys[] = {
    {.name = "seed",
     .type = EO_KEY_SEED,
     .offset = AT(seeds),
     .count = AT(seed_count),
     .initial = "7",
     .readers = LEARNING | PRUNE | EVAL | BENCH | SENSITIVITY | EXPLORE,
     .help = "Seed of initial weights, order of training images, random pruning, bootstrap and order "
             "of timings; the same as seeds with one entry."},
    {.name = "seeds",
     .type = EO_KEY_SEED,
     .offset = AT(seeds),
     .count = AT(seed_count),
     .capacity = EO_CONFIG_LIST_MAX,
     .readers = MAKE,
     .help = "Repeat the experiment with each of these seeds, instead of seed. At most 12000 "
             "candidates in all. make explore uses only the first."},
    {.name = "dataloader_seed",
     .type = EO_KEY_SEED,
     .offset = AT(dataloader_seed),
     .count = AT(dataloader_seed_set),
     .nullable = 1,
     .readers = LEARNING | EXPLORE,
     .help = "Seed of the order of the training images; null takes seed."},
    {.name = "dataset",
     .type = EO_KEY_WORD,
     .offset = AT(dataset),
     .names = dataset_names,
     .initial = "synthetic",
     .readers = DATA | TRAINING | EVAL | BENCH | SENSITIVITY | MAKE | EXPLORE,
     .help = "The images: digits drawn by program (synthetic), a published data set, or your own "
             "(idx)."},
    {.name = "data_dir",
     .type = EO_KEY_PATH,
     .offset = AT(data_dir),
     .any_script = 1,
     .readers = DATA | MAKE, /* no other stage: the same images elsewhere must give the same bytes */
     .help = "Folder of the four IDX files of dataset: idx, or its name in $EO_DATA_DIR or data; other data "
             "sets do "
             "not allow it.",
     .note = "Make cannot handle other characters"},
    {.name = "class_names",
     .type = EO_KEY_NAME,
     .offset = AT(class_names),
     .count = AT(class_name_count),
     .capacity = EO_CONFIG_CLASSES_MAX,
     .readers = DATA | EVAL, /* data checks their number, before anything is trained */
     .help = "Names of the classes in the order of their labels, for confusion matrices, tables of "
             "classes and exported models; unset takes those of classes.txt, which eo-data --from writes beside the "
             "data, else the numbers."},
    {.name = "input_mean",
     .type = EO_KEY_NUMBER,
     .offset = AT(input_mean),
     .count = AT(input_mean_count),
     .capacity = EO_CONFIG_LIST_MAX,
     .is_single = 1,
     .may_repeat = 1,
     .min = -EO_CONFIG_INPUT_MEAN_MAX,
     .max = EO_CONFIG_INPUT_MEAN_MAX,
     .readers = TRAIN | EXPLORE,
     .help = "The network is fed (p / 255 - input_mean) / input_std of a grey value p: one number, or a list "
             "with one for each channel; unset takes 0.5."},
    {.name = "input_std",
     .type = EO_KEY_NUMBER,
     .offset = AT(input_std),
     .count = AT(input_std_count),
     .capacity = EO_CONFIG_LIST_MAX,
     .is_single = 1,
     .may_repeat = 1,
     .min = EO_CONFIG_INPUT_STD_MIN,
     .max = EO_CONFIG_INPUT_STD_MAX,
     .readers = TRAIN | EXPLORE,
     .help = "See input_mean; unset takes 0.5."},
    {.name = "validation",
     .type = EO_KEY_CHOICE,
     .offset = AT(validation),
     .names = eo_validation_names,
     .initial = "holdout",
     .readers = TRAINING | EVAL | BENCH | SENSITIVITY | SUMMARY | EXPLORE,
     .help = "Images that all decisions use" EO_VALIDATIONS(EO_TERM_HELP) "."},
    {.name = "train_subset",
     .type = EO_KEY_IMAGES,
     .offset = AT(train_subset),
     .min = 1,
     .max = 1e6,
     .nullable = 1,
     .readers = TRAINING | SENSITIVITY | EXPLORE,
     .help = "Number of training images; null takes all that are not held out."},
    {.name = "val_subset",
     .type = EO_KEY_IMAGES,
     .offset = AT(val_subset),
     .min = 1,
     .max = 1e6,
     .nullable = 1,
     .readers = TRAINING | EVAL | BENCH | SENSITIVITY | EXPLORE,
     .help = "Number of images that decide; null takes one sixth of the training set, or with "
             "validation: test the whole test set."},
    {.name = "model",
     .type = EO_KEY_MODEL,
     .offset = AT(model),
     .names = eo_preset_names,
     .initial = "smallcnn",
     .readers = TRAIN | FINETUNE | EXPLORE,
     .help = "The network: a known one, or its layers as a list or as text (eo-config(5)). Input and "
             "classes are those of the data."},
    {.name = "base_model",
     .type = EO_KEY_PATH,
     .offset = AT(base_model),
     .any_script = 1,
     .readers = TRAIN,
     .help = "Begin with the model in this file instead of random weights: a model file, tensors of PyTorch "
             "(safetensors) for the network model, or ONNX. It is trained only where epochs is given; where "
             "nothing is "
             "trained, validation: test needs no training images."},
    {.name = "base_model_sha256",
     .type = EO_KEY_SHA256,
     .offset = AT(base_model_sha256),
     .readers = TRAIN,
     .help = "Checksum that base_model must have; unset takes that of the file as it is."},
    {.name = "width",
     .type = EO_KEY_NUMBER,
     .offset = AT(width),
     .is_quiet = 1,
     .min = 0.01,
     .max = 16,
     .initial = "1.0",
     .readers = TRAIN | EXPLORE,
     .help = "Multiplies the channels of all layers of model except the last."},
    {.name = "conv1_channels",
     .type = EO_KEY_INT,
     .offset = AT(conv1_channels),
     .min = 1,
     .max = 64,
     .initial = "16",
     .readers = TRAIN | EXPLORE,
     .help = "Channels of the first convolution of smallcnn before pruning; other networks have no use for it."},
    {.name = "conv2_channels",
     .type = EO_KEY_INT,
     .offset = AT(conv2_channels),
     .min = 1,
     .max = 128,
     .initial = "32",
     .readers = TRAIN | EXPLORE,
     .help = "Channels of the second convolution of smallcnn before pruning; other networks have no use for it."},
    {.name = "batch_size",
     .type = EO_KEY_INT,
     .offset = AT(batch_size),
     .min = 1,
     .max = 4096,
     .initial = "128",
     .readers = TRAINING | BENCH | HARDWARE | EXPLORE,
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
     .help = "Passes over the training images after pruning, which recover accuracy."},
    {.name = "fine_tune_unpruned",
     .type = EO_KEY_BOOL,
     .offset = AT(fine_tune_unpruned),
     .initial = "true",
     .readers = FINETUNE | MAKE,
     .help = "Train level 0 for fine_tune_epochs too, so that all candidates can be compared; false "
             "leaves it as it was trained."},
    {.name = "learning_rate",
     .type = EO_KEY_NUMBER,
     .offset = AT(learning_rate),
     .min = 1e-9,
     .max = 10,
     .initial = "0.001",
     .readers = LEARNING | EXPLORE,
     .help = "Step size of Adam."},
    {.name = "fine_tune_learning_rate",
     .type = EO_KEY_NUMBER,
     .offset = AT(fine_tune_learning_rate),
     .min = 1e-9,
     .max = 10,
     .nullable = 1,
     .readers = FINETUNE | EXPLORE,
     .help = "Step size after pruning; null takes learning_rate."},
    {.name = "learning_rate_schedule",
     .type = EO_KEY_CHOICE,
     .offset = AT(learning_rate_schedule),
     .names = eo_schedule_names,
     .initial = "constant",
     .readers = LEARNING | EXPLORE,
     .help = "Course of the step size" EO_SCHEDULES(EO_TERM_HELP) "."},
    {.name = "warmup_epochs",
     .type = EO_KEY_NUMBER,
     .offset = AT(warmup_epochs),
     .min = 0,
     .max = 10000,
     .initial = "0.0",
     .readers = LEARNING | EXPLORE,
     .help = "Epochs over which the step size first rises linearly."},
    {.name = "weight_decay",
     .type = EO_KEY_NUMBER,
     .offset = AT(weight_decay),
     .min = 0,
     .max = 10,
     .initial = "0.0",
     .readers = LEARNING | EXPLORE,
     .help = "Decoupled weight decay (AdamW) of the weights; biases have none."},
    {.name = "label_smoothing",
     .type = EO_KEY_NUMBER,
     .offset = AT(label_smoothing),
     .min = 0,
     .max = 0.9,
     .initial = "0.0",
     .readers = LEARNING | EXPLORE,
     .help = "Share of the target that is spread over all classes."},
    {.name = "augment_shift",
     .type = EO_KEY_INT,
     .offset = AT(augment_shift),
     .min = 0,
     .max = 8,
     .initial = "0",
     .readers = LEARNING | EXPLORE,
     .help = "Shift each training image at random, by at most this many pixels in each direction."},
    {.name = "augment_flip",
     .type = EO_KEY_BOOL,
     .offset = AT(augment_flip),
     .initial = "false",
     .readers = LEARNING | EXPLORE,
     .help = "Mirror every second training image at random; right for clothes, wrong for digits."},
    {.name = "early_stopping",
     .type = EO_KEY_INT,
     .offset = AT(early_stopping),
     .min = 0,
     .max = 10000,
     .initial = "0",
     .readers = LEARNING | EXPLORE,
     .help = "Stop after this many epochs without a better accuracy on the last tenth of the "
             "training images, which is then held out, and keep the best epoch; 0 trains all epochs "
             "and keeps the last."},
    {.name = "teacher",
     .type = EO_KEY_PATH,
     .offset = AT(teacher),
     .any_script = 1,
     .readers = LEARNING | EXPLORE | EO_KEY_MAKE,
     .help = "A trained model whose answers are learned besides the labels (distillation), in all training: "
             "a model file of any network for the same images and classes; base: the base model of this run "
             "teaches, after pruning and before int8, int4 or mixed."},
    {.name = "teacher_sha256",
     .type = EO_KEY_SHA256,
     .offset = AT(teacher_sha256),
     .readers = LEARNING | EXPLORE,
     .help = "Checksum that teacher must have; unset takes that of the file as it is."},
    {.name = "distillation_temperature",
     .type = EO_KEY_NUMBER,
     .offset = AT(distillation_temperature),
     .is_quiet = 1,
     .min = 0.1,
     .max = 100,
     .initial = "4.0",
     .readers = LEARNING | EXPLORE,
     .help = "By which the logits of the teacher and of the model are divided before they are compared."},
    {.name = "distillation_weight",
     .type = EO_KEY_NUMBER,
     .offset = AT(distillation_weight),
     .is_quiet = 1,
     .min = 0,
     .max = 1,
     .initial = "0.7",
     .readers = LEARNING | EXPLORE,
     .help = "Share of the teacher in the loss; the rest is that of the labels."},
    {.name = "qat_epochs",
     .type = EO_KEY_INT,
     .offset = AT(qat_epochs),
     .min = 0,
     .max = 10000,
     .initial = "0",
     .readers = QUANT | EXPLORE,
     .help = "Passes of quantisation-aware training before a model becomes int8, int4 or mixed."},
    {.name = "qat_learning_rate",
     .type = EO_KEY_NUMBER,
     .offset = AT(qat_learning_rate),
     .min = 1e-9,
     .max = 10,
     .nullable = 1,
     .readers = QUANT | EXPLORE,
     .help = "Step size of quantisation-aware training; null takes learning_rate."},
    {.name = "pruning_levels",
     .type = EO_KEY_LEVEL,
     .offset = AT(pruning_levels),
     .count = AT(pruning_level_count),
     .capacity = EO_CONFIG_LIST_MAX,
     .initial = "0.0 0.25 0.5 0.7",
     .readers = MAKE,
     .help = "Shares of the channels to remove; one candidate for each level. A number is for all layers; a "
             "list has a number for each space of channels, of smallcnn for conv1 and conv2."},
    {.name = "pruning_criterion",
     .type = EO_KEY_CHOICE,
     .offset = AT(pruning_criteria),
     .count = AT(pruning_criterion_count),
     .capacity = EO_CRITERION_COUNT,
     .is_single = 1,
     .names = eo_criterion_names,
     .initial = "l1",
     .readers = SENSITIVITY | MAKE | EXPLORE,
     .help = "Channels to remove first; each entry of a list makes candidates" EO_CRITERIA(EO_TERM_HELP) "."},
    {.name = "pruning_scope",
     .type = EO_KEY_CHOICE,
     .offset = AT(pruning_scope),
     .names = eo_scope_names,
     .initial = "layer",
     .readers = PRUNE,
     .help = "To what a level applies" EO_SCOPES(EO_TERM_HELP) "."},
    {.name = "prune_steps",
     .type = EO_KEY_INT,
     .offset = AT(prune_steps),
     .min = 1,
     .max = 100,
     .initial = "1",
     .readers = PRUNE | FINETUNE | MAKE,
     .help = "Number of steps in which a level is reached; each prunes and trains for "
             "fine_tune_epochs."},
    {.name = "channel_multiple",
     .type = EO_KEY_INT,
     .offset = AT(channel_multiple),
     .min = 1,
     .max = 64,
     .initial = "1",
     .readers = PRUNE | SENSITIVITY,
     .help = "Round the number of kept channels to a multiple of this, for devices that compute on "
             "vectors."},
    {.name = "pruning_images",
     .type = EO_KEY_INT,
     .offset = AT(pruning_images),
     .min = 1,
     .max = 1000000,
     .initial = "1024",
     .readers = PRUNE | SENSITIVITY | EXPLORE,
     .help = "Number of training images from which activation and taylor take their scores."},
    {.name = "precisions",
     .type = EO_KEY_CHOICE,
     .offset = AT(precisions),
     .count = AT(precision_count),
     .capacity = EO_PRECISION_COUNT,
     .names = eo_precision_names,
     .initial = EO_FP32_NAME " " EO_FP16_NAME " " EO_INT8_NAME,
     .readers = MAKE | EXPLORE,
     .help = "Number formats; each makes one candidate at every pruning level."},
    {.name = "quantization_backend",
     .type = EO_KEY_CHOICE,
     .offset = AT(quantization_backend),
     .names = eo_backend_names,
     .initial = "fbgemm",
     .readers = QUANT | EXPLORE,
     .help = "Numeric scheme of int8, int4 and mixed" EO_BACKENDS(EO_TERM_HELP) "."},
    {.name = "calibration_batches",
     .type = EO_KEY_INT,
     .offset = AT(calibration_batches),
     .min = 1,
     .max = 10000,
     .initial = "8",
     .readers = QUANT | EXPLORE,
     .help = "Training batches from which int8, int4 and mixed take their ranges; without training "
             "images, those at the end of the test set."},
    {.name = "quantization_observer",
     .type = EO_KEY_CHOICE,
     .offset = AT(quantization_observer),
     .names = eo_observer_names,
     .initial = "histogram",
     .readers = QUANT | EXPLORE,
     .help = "What the range of integer activations holds" EO_OBSERVERS(EO_TERM_HELP) "."},
    {.name = "observer_percentile",
     .type = EO_KEY_NUMBER,
     .offset = AT(observer_percentile),
     .min = 50,
     .max = 100,
     .initial = "99.99",
     .readers = QUANT | EXPLORE,
     .help = "Percentage of the values that the percentile observer covers."},
    {.name = "weight_granularity",
     .type = EO_KEY_CHOICE,
     .offset = AT(weight_granularity),
     .names = eo_granularity_names,
     .initial = "backend",
     .readers = QUANT | EXPLORE,
     .help = "What has a scale of its own for integer weights" EO_GRANULARITIES(EO_TERM_HELP) "."},
    {.name = "mixed_weights_kb",
     .type = EO_KEY_NUMBER,
     .offset = AT(mixed_weights_kb),
     .min = 0,
     .max = 1e6,
     .is_quiet = 1,
     .initial = "0",
     .readers = QUANT | EXPLORE,
     .help = "KiB that all tensors of a mixed model may take; layers get 4 or 8 bits so that they fit and "
             "the scores change least; 0: half way between int4 and int8."},
    {.name = "bias_correction",
     .type = EO_KEY_BOOL,
     .offset = AT(bias_correction),
     .initial = "false",
     .readers = QUANT | EXPLORE,
     .help = "Subtract from the biases the mean error that rounding the weights makes on the "
             "calibration images."},
    {.name = "cross_layer_equalization",
     .type = EO_KEY_BOOL,
     .offset = AT(cross_layer_equalization),
     .initial = "false",
     .readers = QUANT | EXPLORE,
     .help = "Even out the ranges of the channels of consecutive layers before int8, int4 or mixed."},
    {.name = "rounding",
     .type = EO_KEY_CHOICE,
     .offset = AT(rounding),
     .names = eo_rounding_names,
     .is_quiet = 1,
     .initial = "nearest",
     .readers = QUANT | EXPLORE,
     .help = "How integer weights are rounded where qat_epochs is 0" EO_ROUNDINGS(EO_TERM_HELP) "."},
    {.name = "explore_widths",
     .type = EO_KEY_WIDTHS,
     .offset = AT(explore_widths),
     .count = AT(explore_width_count),
     .capacity = EO_CONFIG_WIDTHS_MAX,
     .may_repeat = 1,
     .readers = EXPLORE,
     .help =
         "Widths that make explore tries: for each space of channels, or one for all, a range and its step; "
         "unset takes every width."},
    {.name = "explore_from",
     .type = EO_KEY_CHOICE,
     .offset = AT(explore_from),
     .names = eo_explore_start_names,
     .initial = "slice",
     .readers = EXPLORE | MAKE,
     .help = "What a point of make explore begins with" EO_EXPLORE_STARTS(EO_TERM_HELP) "."},
    {.name = "explore_epochs",
     .type = EO_KEY_INT,
     .offset = AT(explore_epochs),
     .min = 1,
     .max = 10000,
     .initial = "1",
     .readers = EXPLORE,
     .help = "Epochs of training of each point of make explore."},
    {.name = "explore_images",
     .type = EO_KEY_IMAGES,
     .offset = AT(explore_images),
     .min = 1,
     .max = 1e6,
     .nullable = 1,
     .readers = EXPLORE,
     .help = "Images of each of these epochs, the first of the training images; null takes all."},
    {.name = "explore_way",
     .type = EO_KEY_CHOICE,
     .offset = AT(explore_way),
     .names = eo_explore_way_names,
     .initial = "exhaustive",
     .readers = EXPLORE,
     .help = "How make explore spends its training" EO_EXPLORE_WAYS(EO_TERM_HELP) "."},
    {.name = "explore_rungs",
     .type = EO_KEY_INT,
     .offset = AT(explore_rungs),
     .min = 1,
     .max = EO_CONFIG_RUNGS_MAX,
     .initial = "2",
     .readers = EXPLORE,
     .help = "How often explore_way: halving trains at most, from random weights or the base model each "
             "time; the last time has all of explore_epochs."},
    {.name = "explore_growth",
     .type = EO_KEY_INT,
     .offset = AT(explore_growth),
     .min = 2,
     .max = 1000,
     .initial = "27",
     .readers = EXPLORE,
     .help = "From rung to rung of explore_way: halving, trainings have this many times the images."},
    {.name = "explore_reduction",
     .type = EO_KEY_INT,
     .offset = AT(explore_reduction),
     .min = 2,
     .max = 1000,
     .initial = "9",
     .readers = EXPLORE,
     .help = "From rung to rung of explore_way: halving, one of this many combinations of widths goes on, or "
             "fewer."},
    {.name = "benchmark_repeats",
     .type = EO_KEY_INT,
     .offset = AT(benchmark_repeats),
     .min = 1,
     .max = 100000,
     .initial = "5",
     .readers = BENCH,
     .help = "Least number of samples of each size in a round; a sample is one call, or several "
             "where one is too short for the clock."},
    {.name = "benchmark_trials",
     .type = EO_KEY_INT,
     .offset = AT(benchmark_trials),
     .min = 1,
     .max = 1000,
     .initial = "3",
     .readers = BENCH,
     .help = "Least number of timing rounds, each in a fresh process; raised to 16 rounds and 640 "
             "samples in all."},
    {.name = "benchmark_warmup",
     .type = EO_KEY_INT,
     .offset = AT(benchmark_warmup),
     .min = 0,
     .max = 100000,
     .initial = "3",
     .readers = BENCH,
     .help = "Least number of samples of each size thrown away at the beginning of a round; more "
             "until the times are stable."},
    {.name = "benchmark_exact",
     .type = EO_KEY_BOOL,
     .offset = AT(benchmark_exact),
     .initial = "false",
     .readers = BENCH,
     .help = "Take exactly the given numbers of rounds, samples and warm-up samples, for quick checks and "
             "tests; no round is repeated."},
    {.name = "benchmark_seconds",
     .type = EO_KEY_INT,
     .offset = AT(benchmark_seconds),
     .min = 1,
     .max = 1000000,
     .initial = "60",
     .readers = BENCH,
     .help = "End a session after this many seconds with the rounds taken so far, at least one of "
             "each candidate."},
    {.name = "benchmark_wait",
     .type = EO_KEY_INT,
     .offset = AT(benchmark_wait),
     .min = 0,
     .max = 1000000,
     .initial = "600",
     .readers = BENCH,
     .help = "Wait at most this many seconds for other benchmarks on this machine, then fail."},
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
     .help = "Budgets in MiB; each gets a column of violations."},
    {.name = "active_memory_budget_mb",
     .type = EO_KEY_NUMBER,
     .offset = AT(active_memory_budget_mb),
     .min = 1e-6,
     .max = 1e6,
     .initial = "0.05",
     .readers = SELECT | SUMMARY,
     .help = "The budget in MiB that decides which candidates are accepted.",
     .instead = "write 1e6 to accept every candidate"},
    {.name = "devices",
     .type = EO_KEY_BOARD,
     .offset = AT(devices),
     .count = AT(device_count),
     .capacity = EO_CONFIG_DEVICES_MAX,
     .readers = SELECT,
     .help = "Boards for which `make device` says which candidates fit, and how fast they are: names of "
             "the table that `eo-device --boards` prints, or mappings with name, code, clock_mhz, "
             "flash_kib, ram_kib, cycles_per_instruction, milliwatts."},
    {.name = "active_device",
     .type = EO_KEY_DEVICE,
     .offset = AT(active_device),
     .nullable = 1,
     .readers = SELECT | MAKE,
     .help = "The board of devices that decides, beside active_memory_budget_mb, which candidates are "
             "accepted: those that were measured for it, fit, and give the right scores."},
    {.name = "max_latency_ms",
     .type = EO_KEY_NUMBER,
     .offset = AT(max_latency_ms),
     .min = 1e-6,
     .max = 1e9,
     .nullable = 1,
     .readers = SELECT,
     .help = "Accept candidates whose estimated latency on active_device is at most this."},
    {.name = "max_energy_mj",
     .type = EO_KEY_NUMBER,
     .offset = AT(max_energy_mj),
     .min = 1e-9,
     .max = 1e9,
     .nullable = 1,
     .readers = SELECT,
     .help = "Accept candidates whose estimated energy for one image on active_device is at most this, "
             "in millijoules."},
    {.name = "cpu_frequency_scale",
     .type = EO_KEY_NUMBER,
     .offset = AT(cpu_frequency_scale),
     .min = 0.001,
     .max = 100,
     .initial = "0.7",
     .readers = SELECT | SUMMARY,
     .help = "Clock speed of the device relative to this machine."},
    {.name = "latency_statistic",
     .type = EO_KEY_CHOICE,
     .offset = AT(latency_statistic),
     .names = eo_latency_statistic_names,
     .initial = "median",
     .readers = SELECT,
     .help =
         "Latency that decides (table, plots, energy, frontiers, recommendation); labels compare medians of "
         "rounds either way" EO_LATENCY_STATISTICS(EO_TERM_HELP) "."},
    {.name = "recommend",
     .type = EO_KEY_CHOICE,
     .offset = AT(recommend),
     .names = eo_recommend_names,
     .initial = "smallest",
     .readers = SELECT | SUMMARY,
     .help = "What to recommend of the candidates that the images cannot tell from the most accurate "
             "one" EO_RECOMMEND_RULES(EO_TERM_HELP) "."},
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
     .help = "Keep candidates whose timing is not ok on the frontiers of latency and energy; they are "
             "never certain. false removes them."},
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
     .help = "Peak of the device in 10^9 multiply-accumulates per second; null leaves the roofline "
             "out."},
    {.name = "threads",
     .type = EO_KEY_INT,
     .offset = AT(threads),
     .min = 0,
     .max = EO_POOL_MAX,
     .initial = "0",
     .readers = MAKE,
     .help = "Threads of training and evaluation; 0 takes all processors. No result depends on it."},
    {.name = "job_minutes",
     .type = EO_KEY_INT,
     .offset = AT(job_minutes),
     .min = 1,
     .max = 100000,
     .nullable = 1,
     .initial = "60",
     .readers = MAKE,
     .help = "With RUN=slurm, the time limit of a step in minutes, where the variable EO_MINUTES is unset; "
             "null takes it from earlier runs."},
    {.name = "job_memory_mb",
     .type = EO_KEY_INT,
     .offset = AT(job_memory_mb),
     .min = 1,
     .max = 10000000,
     .nullable = 1,
     .initial = "2048",
     .readers = MAKE,
     .help = "With RUN=slurm, the memory of a job in MiB, where the variable EO_MEM is unset; null takes it "
             "from earlier runs."},
    {.name = "job_threads",
     .type = EO_KEY_INT,
     .offset = AT(job_threads),
     .min = 1,
     .max = EO_POOL_MAX,
     .nullable = 1,
     .initial = "1",
     .readers = MAKE,
     .help = "With RUN=slurm, processors of a job and threads of its programs, where the variable EO_CPUS is "
             "unset; null takes threads, or 1 where that is 0."},
    {.name = "num_workers",
     .type = EO_KEY_INT,
     .offset = AT(num_workers),
     .min = 0,
     .max = 1024,
     .initial = "2",
     .readers = 0,
     .help = "Accepted for files of the original; has no effect."},
    {.name = "device",
     .type = EO_KEY_WORD,
     .offset = AT(device),
     .names = device_names,
     .initial = "cpu",
     .readers = 0,
     .help = "Accepted for files of the original.",
     .note = "this program runs on the CPU only"},
    {.name = "output_dir",
     .type = EO_KEY_PATH,
     .offset = AT(output_dir),
     .readers = MAKE,
     .help = "Folder of the artefacts; unset takes out/<name of the file>, and relative paths are "
             "below out/.",
     .note = "Make cannot handle other characters",
     .instead = "leave the key out for out/<name of the file>"},
};

const int eo_key_count = sizeof(eo_keys) / sizeof(eo_keys[0]);
_Static_assert(sizeof(eo_keys) / sizeof(eo_keys[0]) <= EO_KEY_MAX,
               "EO_KEY_MAX must not be less than the number of keys");

static const size_t type_size[] = {
    [EO_KEY_SEED] = sizeof(uint64_t),
    [EO_KEY_INT] = sizeof(int),
    [EO_KEY_IMAGES] = sizeof(int64_t),
    [EO_KEY_NUMBER] = sizeof(double),
    [EO_KEY_LEVEL] = sizeof(struct eo_level),
    [EO_KEY_BOOL] = sizeof(int),
    [EO_KEY_CHOICE] = sizeof(int),
    [EO_KEY_WORD] = EO_CONFIG_TEXT_MAX,
    [EO_KEY_NAME] = EO_CONFIG_NAME_MAX,
    [EO_KEY_MODEL] = EO_CONFIG_MODEL_MAX,
    [EO_KEY_PATH] = EO_CONFIG_TEXT_MAX,
    [EO_KEY_SHA256] = EO_SHA256_TEXT,
    [EO_KEY_DEVICE] = EO_CONFIG_TEXT_MAX,
    [EO_KEY_BOARD] = sizeof(struct eo_board),
    [EO_KEY_WIDTHS] = sizeof(struct eo_widths),
};

/* Choices are stored through memcpy of an int. */
_Static_assert(sizeof(enum eo_validation) == sizeof(int) && sizeof(enum eo_backend) == sizeof(int) &&
                   sizeof(enum eo_precision) == sizeof(int),
               "enumerations must be as large as int");

const struct eo_key *eo_key_find(const char *name)
{
    for (int i = 0; i < eo_key_count; i++) {
        if (strcmp(eo_keys[i].name, name) == 0)
            return &eo_keys[i];
    }
    return NULL;
}

/* Levenshtein's distance, row by row. Words longer than any key get the largest distance. */
static int edit_distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    int row[LONGEST + 1];
    size_t la = strlen(a), lb = strlen(b);

    if (la > LONGEST || lb > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= lb; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= la; i++) {
        int diagonal = row[0];

        row[0] = (int)i;
        for (size_t j = 1; j <= lb; j++) {
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

const char *eo_key_nearest(const char *name)
{
    const char *best = NULL;
    int best_distance = 0;

    for (int i = 0; i < eo_key_count; i++) {
        int d = edit_distance(name, eo_keys[i].name);

        if (3 * d <= (int)strlen(eo_keys[i].name) && (!best || d < best_distance)) {
            best = eo_keys[i].name;
            best_distance = d;
        }
    }
    return best;
}

int eo_key_null_text(const char *text)
{
    static const char *const names[] = {"", "~", "null", "Null", "NULL", "None", NULL};

    return eo_names_find(names, text) >= 0;
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
 * Whether a path has only letters, digits and "._+-/" and does not begin with '-', like an option. With any_script it
 * may have other characters than ASCII, too; that the text is UTF-8 was checked when it was read.
 */
static int is_path(const char *text, int any_script)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-/";
    const char *p = text;

    while (*p && (strchr(allowed, *p) || (any_script && (unsigned char)*p >= 0x80)))
        p++;
    return !eo_key_null_text(text) && text[0] != '-' && strlen(text) < EO_CONFIG_TEXT_MAX && *p == '\0';
}

/* Whether a name can stand between double quotes in YAML without escapes. */
static int is_name(const char *text)
{
    size_t n = 0;

    while (text[n] && (unsigned char)text[n] >= ' ' && text[n] != 0x7f && text[n] != '"' && text[n] != '\\')
        n++;
    return n > 0 && n < EO_CONFIG_NAME_MAX && text[n] == '\0' && text[0] != ' ' && text[n - 1] != ' ';
}

static int is_sha256(const char *text)
{
    return strlen(text) == EO_SHA256_TEXT - 1 && strspn(text, "0123456789abcdef") == EO_SHA256_TEXT - 1;
}

static int set_text(const struct eo_key *k, char *field, const char *text)
{
    snprintf(field, type_size[k->type], "%s", text);
    return 0;
}

/* Stores layers in text form, where a colon follows each name. Line ends and semicolons become "; ", other gaps " ". */
static int set_layers(char *field, const char *text)
{
    static const char blanks[] = " \t\r\n;";
    struct eo_buf out = {0};
    int rc = -1;

    for (const char *p = text + strspn(text, blanks); *p; p += strspn(p, blanks)) {
        size_t n = strcspn(p, blanks), gap = strspn(p + n, blanks);

        eo_buf_append(&out, p, n);
        if (p[n + gap] != '\0')
            eo_buf_puts(&out, memchr(p + n, '\n', gap) || memchr(p + n, ';', gap) ? "; " : " ");
        p += n;
    }
    if (strchr(text, ':') && out.len > 0 && out.len < EO_CONFIG_MODEL_MAX &&
        strcspn(out.data, "\"\\") == out.len) {
        memcpy(field, out.data, out.len + 1);
        rc = 0;
    }
    eo_buf_release(&out);
    return rc;
}

static int set_int(void *field, int value)
{
    if (value < 0)
        return -1;
    memcpy(field, &value, sizeof(value));
    return 0;
}

/* The int that says whether a number was written as an integer; NULL if that makes no difference. */
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

/* Reads a level that is one number. In YAML, a level of several shares is a list, not a text with 'x'. */
static int set_level(struct eo_level *field, const char *text)
{
    return strchr(text, 'x') ? -1 : eo_level_parse(text, field, NULL);
}

int eo_key_parse_share(const char *text, double *share)
{
    struct eo_level level;

    if (set_level(&level, text))
        return -1;
    *share = level.share[0];
    return 0;
}

void eo_key_set_level(struct eo_config *cfg, const struct eo_key *k, int index, const double *shares,
                      int count)
{
    *(struct eo_level *)(void *)field_at(cfg, k, index) = eo_level_of(shares, count);
}

/* "8", "1-16" or "2-32/2". */
static int set_widths(struct eo_widths *field, const char *text)
{
    int64_t v[3] = {0, 0, 1};
    char number[8];
    int n = 0;

    for (const char *p = text; n < 3; n++) {
        size_t length = strcspn(p, n == 0 ? "-" : n == 1 ? "/" : "");

        if (length >= sizeof(number) || !(*p >= '0' && *p <= '9'))
            return -1;
        memcpy(number, p, length);
        number[length] = '\0';
        if (eo_num_parse_i64(number, 1, WIDTH_MAX, &v[n], NULL))
            return -1;
        if (p[length] == '\0')
            break;
        p += length + 1;
    }
    v[1] = n == 0 ? v[0] : v[1];
    if (n == 3 || v[0] > v[1])
        return -1;
    *field = (struct eo_widths){(int)v[0], (int)v[1], (int)v[2]};
    return 0;
}

/* True and FALSE are values of YAML 1.1, which the original reads. -1 for another text. */
static int bool_of(const char *text)
{
    static const char *const names[] = {"false", "true", "False", "True", "FALSE", "TRUE", NULL};
    int i = eo_names_find(names, text);

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
        return set_int(field, eo_names_find(k->names, text));
    case EO_KEY_WORD:
        return eo_names_find(k->names, text) < 0 ? -1 : set_text(k, field, text);
    case EO_KEY_NAME:
        return is_name(text) ? set_text(k, field, text) : -1;
    case EO_KEY_MODEL:
        return eo_names_find(k->names, text) < 0 ? set_layers(field, text) : set_text(k, field, text);
    case EO_KEY_PATH:
        return is_path(text, k->any_script) ? set_text(k, field, text) : -1;
    case EO_KEY_SHA256:
        return is_sha256(text) ? set_text(k, field, text) : -1;
    case EO_KEY_DEVICE:
        return eo_board_is_name(text) ? set_text(k, field, text) : -1;
    case EO_KEY_BOARD:
        memset(field, 0, sizeof(struct eo_board));
        return eo_board_set(field, "name", text, NULL);
    case EO_KEY_WIDTHS:
        return set_widths(field, text);
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

static int is_null(const struct eo_config *cfg, const struct eo_key *k)
{
    const void *field = const_field_at(cfg, k, 0);

    switch (k->type) {
    case EO_KEY_INT:
        return *(const int *)field == 0;
    case EO_KEY_IMAGES:
        return *(const int64_t *)field == EO_CONFIG_ALL;
    case EO_KEY_NUMBER:
        return *(const double *)field == 0;
    case EO_KEY_DEVICE:
        return *(const char *)field == '\0';
    default:
        return eo_key_get_count(cfg, k) == 0;
    }
}

static void put_widths(const struct eo_widths *w, struct eo_buf *out)
{
    eo_buf_printf(out, "%d", w->low);
    if (w->high > w->low)
        eo_buf_printf(out, "-%d", w->high);
    if (w->high > w->low && w->step > 1)
        eo_buf_printf(out, "/%d", w->step);
}

static int get_int(const void *field)
{
    int v;

    memcpy(&v, field, sizeof(v));
    return v;
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
        eo_level_put(field, out);
        break;
    case EO_KEY_BOOL:
        eo_buf_puts(out, get_int(field) ? "true" : "false");
        break;
    case EO_KEY_CHOICE:
        eo_buf_puts(out, k->names[get_int(field)]);
        break;
    case EO_KEY_NAME:
        eo_buf_printf(out, "\"%s\"", (const char *)field);
        break;
    case EO_KEY_MODEL:
        eo_buf_printf(out, strchr(field, ':') ? "\"%s\"" : "%s", (const char *)field);
        break;
    case EO_KEY_WORD:
    case EO_KEY_PATH:
    case EO_KEY_SHA256:
    case EO_KEY_DEVICE:
        eo_buf_puts(out, field);
        break;
    case EO_KEY_BOARD:
        eo_board_put(field, out);
        break;
    case EO_KEY_WIDTHS:
        put_widths(field, out);
        break;
    }
}

void eo_key_put(const struct eo_config *cfg, const struct eo_key *k, struct eo_buf *out)
{
    if (k->nullable && is_null(cfg, k)) {
        eo_buf_puts(out, "null");
        return;
    }
    if (!k->capacity || (k->is_single && eo_key_get_count(cfg, k) == 1)) {
        eo_key_put_entry(cfg, k, 0, out);
        return;
    }
    for (int i = 0; i < eo_key_get_count(cfg, k); i++) {
        eo_buf_puts(out, i ? ", " : "[");
        eo_key_put_entry(cfg, k, i, out);
    }
    eo_buf_puts(out, "]");
}

static int is_same(const struct eo_key *k, const void *a, const void *b)
{
    const struct eo_level *x = a, *y = b;

    if (k->type == EO_KEY_LEVEL)
        return eo_level_compare(*x, *y) == 0;
    if (k->type == EO_KEY_BOARD)
        return strcmp(a, b) == 0; /* boards begin with their name */
    return memcmp(a, b, type_size[k->type]) == 0;
}

int eo_key_is_repeated(const struct eo_config *cfg, const struct eo_key *k, int index)
{
    for (int i = 0; i < index && !k->may_repeat; i++) {
        if (is_same(k, const_field_at(cfg, k, i), const_field_at(cfg, k, index)))
            return 1;
    }
    return 0;
}

static int is_initial(const struct eo_config *cfg, const struct eo_key *k)
{
    struct eo_config initial;

    eo_config_init(&initial);
    return memcmp(const_field_at(cfg, k, 0), const_field_at(&initial, k, 0), type_size[k->type]) == 0;
}

int eo_key_is_printable(const struct eo_config *cfg, const struct eo_key *k)
{
    if (k->type == EO_KEY_PATH || k->type == EO_KEY_SHA256)
        return *const_field_at(cfg, k, 0) != '\0';
    if (k->offset == AT(epochs))
        return cfg->epochs > 0;
    if (k->is_quiet)
        return !is_initial(cfg, k);
    if (k->capacity && !k->initial && k->offset != AT(seeds))
        return eo_key_get_count(cfg, k) > 0;
    if (k->offset == AT(seeds))
        return (k->capacity > 0) == (cfg->seed_count > 1);
    return 1;
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
    case EO_KEY_MODEL:
        eo_names_join(k->names, text, EO_KEY_ALLOWED);
        snprintf(text + strlen(text), EO_KEY_ALLOWED - strlen(text), ", or a list of layers");
        break;
    case EO_KEY_CHOICE:
    case EO_KEY_WORD:
        eo_names_join(k->names, text, EO_KEY_ALLOWED);
        break;
    case EO_KEY_NAME:
        snprintf(text, EO_KEY_ALLOWED,
                 "a name of 1 to %d bytes without quotes, backslashes and spaces at its ends",
                 EO_CONFIG_NAME_MAX - 1);
        break;
    case EO_KEY_PATH:
        snprintf(text, EO_KEY_ALLOWED, "a path of at most %d %s, digits and any of ._+-/",
                 EO_CONFIG_TEXT_MAX - 1, k->any_script ? "bytes: letters of any script" : "letters");
        break;
    case EO_KEY_SHA256:
        snprintf(text, EO_KEY_ALLOWED, "a SHA-256 of %d hexadecimal digits, in small letters",
                 EO_SHA256_TEXT - 1);
        break;
    case EO_KEY_DEVICE:
        snprintf(text, EO_KEY_ALLOWED, "the name of a board of devices");
        break;
    case EO_KEY_BOARD:
        snprintf(text, EO_KEY_ALLOWED, "the name of a board or a mapping that begins with 'name'");
        break;
    case EO_KEY_WIDTHS:
        snprintf(text, EO_KEY_ALLOWED, "a width in 1..%d or a range as 1-16 or, with a step, 2-32/2",
                 WIDTH_MAX);
        break;
    }
    if (k->nullable)
        snprintf(text + strlen(text), EO_KEY_ALLOWED - strlen(text), " or null");
}

/* Sets the default of a key. It is never refused: the tests check the defaults of all keys. */
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
    memset(cfg, 0, sizeof(*cfg));
    for (int i = 0; i < eo_key_count; i++)
        set_initial(cfg, &eo_keys[i]);
}
