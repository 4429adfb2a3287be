/*
 * Enumerations whose values have names in configurations, tables, model files and options.
 *
 * Each value stands in one line, X(value, name, text). The enumeration, its list of names (terms.c) and the help on the
 * value are all made from that line. A list of names ends with NULL (base/names.h).
 */
#ifndef EO_FORMAT_TERMS_H
#define EO_FORMAT_TERMS_H

#include "base/err.h"

#define EO_TERM_VALUE(value, name, text) value,
#define EO_TERM_NAME(value, name, text) name,
#define EO_TERM_WORD(value, name, text) " " name
#define EO_TERM_LISTED(value, name, text) name ", "
#define EO_TERM_HELP(value, name, text) "; " name ": " text

/* Number formats of a model. The names of engines begin with these names, too. */
#define EO_FP32_NAME "fp32"
#define EO_FP16_NAME "fp16"
#define EO_INT8_NAME "int8"
#define EO_INT4_NAME "int4"
#define EO_MIXED_NAME "mixed"
#define EO_PRECISIONS(X)                                                                                     \
    X(EO_FP32, EO_FP32_NAME, "binary32 weights, activations and arithmetic")                                 \
    X(EO_FP16, EO_FP16_NAME, "binary16 weights and activations, binary32 arithmetic")                        \
    X(EO_INT8, EO_INT8_NAME, "s8 weights, u8 activations, s32 accumulators, integer requantisation")         \
    X(EO_INT4, EO_INT4_NAME, "the same with weights of 4 bits, two in a byte")                               \
    X(EO_MIXED, EO_MIXED_NAME, "the same with weights of 4 or 8 bits, by layer")
enum eo_precision { EO_PRECISIONS(EO_TERM_VALUE) EO_PRECISION_COUNT };
extern const char *const eo_precision_names[];
const char *eo_precision_name(enum eo_precision p); /* "fp32", ... */
int eo_precision_parse(const char *name, enum eo_precision *p, struct eo_err *err) EO_MUST_CHECK;

/* Known networks; nn/network_presets.c has their layers. */
#define EO_PRESETS(X)                                                                                        \
    X(EO_PRESET_SMALLCNN, "smallcnn", "two convolutions, one linear layer")                                  \
    X(EO_PRESET_LENET5, "lenet5", "LeCun et al. (1998)")                                                     \
    X(EO_PRESET_MLP, "mlp", "two linear layers")                                                             \
    X(EO_PRESET_RESNET8, "resnet8", "MLPerf Tiny, image classification")                                     \
    X(EO_PRESET_DS_CNN, "ds-cnn", "MLPerf Tiny, keyword spotting")                                           \
    X(EO_PRESET_MOBILENET, "mobilenet-v1-0.25", "MLPerf Tiny, visual wake words")
enum eo_preset { EO_PRESETS(EO_TERM_VALUE) EO_PRESET_COUNT };
extern const char *const eo_preset_names[];

/* What decides which channels are removed first; stage/prune/saliency.h defines each. */
#define EO_CRITERIA(X)                                                                                       \
    X(EO_CRITERION_L1, "l1", "the smallest sum of magnitudes in the filter")                                 \
    X(EO_CRITERION_L2, "l2", "the smallest norm of the filter")                                              \
    X(EO_CRITERION_FPGM, "fpgm", "nearest to the other filters")                                             \
    X(EO_CRITERION_ACTIVATION, "activation", "the smallest mean activation")                                 \
    X(EO_CRITERION_TAYLOR, "taylor", "the smallest magnitude of gradient x activation")                      \
    X(EO_CRITERION_RANDOM, "random", "any")
enum eo_criterion {
    EO_CRITERIA(EO_TERM_VALUE) EO_CRITERION_COUNT,
    EO_CRITERION_NONE = EO_CRITERION_COUNT /* of a model that is not pruned */
};
extern const char *const eo_criterion_names[];              /* without "none" */
const char *eo_criterion_name(enum eo_criterion criterion); /* "l1", ...; "none" */
int eo_criterion_parse(const char *name, enum eo_criterion *criterion, struct eo_err *err) EO_MUST_CHECK;

/* What a pruning level applies to. */
#define EO_SCOPES(X)                                                                                         \
    X(EO_SCOPE_LAYER, "layer", "each layer by itself")                                                       \
    X(EO_SCOPE_GLOBAL, "global", "the channels of all layers, ranked together")
enum eo_scope { EO_SCOPES(EO_TERM_VALUE) };
extern const char *const eo_scope_names[];

/* Numeric schemes of int8. */
#define EO_BACKENDS(X)                                                                                       \
    X(EO_BACKEND_FBGEMM, "fbgemm", "activations 0..127, one weight scale per output channel")                \
    X(EO_BACKEND_QNNPACK, "qnnpack", "activations 0..255, one weight scale per tensor")
enum eo_backend { EO_BACKENDS(EO_TERM_VALUE) };
extern const char *const eo_backend_names[];
const char *eo_backend_name(enum eo_backend backend); /* "fbgemm", ... */
int eo_backend_parse(const char *name, enum eo_backend *backend, struct eo_err *err) EO_MUST_CHECK;

/* What chooses the range of activations; stage/quant/observer.h defines each. */
#define EO_OBSERVERS(X)                                                                                      \
    X(EO_OBSERVER_MINMAX, "minmax", "all values")                                                            \
    X(EO_OBSERVER_PERCENTILE, "percentile", "a share of the values")                                         \
    X(EO_OBSERVER_MSE, "mse", "the least squared error")                                                     \
    X(EO_OBSERVER_HISTOGRAM, "histogram", "the least squared error, searched as the original does")          \
    X(EO_OBSERVER_ENTROPY, "entropy", "the least divergence")
enum eo_observer_kind { EO_OBSERVERS(EO_TERM_VALUE) };
extern const char *const eo_observer_names[];
const char *eo_observer_name(enum eo_observer_kind kind); /* "minmax", ... */

/* What has a weight scale of its own. */
#define EO_GRANULARITIES(X)                                                                                  \
    X(EO_GRANULARITY_BACKEND, "backend", "as the backend has it, fbgemm channel and qnnpack tensor")         \
    X(EO_GRANULARITY_CHANNEL, "channel", "each output channel")                                              \
    X(EO_GRANULARITY_TENSOR, "tensor", "each tensor")
enum eo_granularity { EO_GRANULARITIES(EO_TERM_VALUE) };
extern const char *const eo_granularity_names[];

/* How weights become integers; stage/quant/rounding.h defines adaptive. */
#define EO_ROUNDINGS(X)                                                                                      \
    X(EO_ROUNDING_NEAREST, "nearest", "each to the nearest integer")                                         \
    X(EO_ROUNDING_ADAPTIVE, "adaptive",                                                                      \
      "each down or up, as it suits the outputs of its layer on the calibration images")
enum eo_rounding { EO_ROUNDINGS(EO_TERM_VALUE) };
extern const char *const eo_rounding_names[];

/* The images that all decisions use. */
#define EO_VALIDATIONS(X)                                                                                    \
    X(EO_VALIDATION_HOLDOUT, "holdout", "the last training images")                                          \
    X(EO_VALIDATION_TEST, "test", "the first test images, as in the original")
enum eo_validation { EO_VALIDATIONS(EO_TERM_VALUE) };
extern const char *const eo_validation_names[];

/* How the learning rate changes during training. */
#define EO_SCHEDULES(X)                                                                                      \
    X(EO_SCHEDULE_CONSTANT, "constant", "the same all the time")                                             \
    X(EO_SCHEDULE_COSINE, "cosine", "falls to zero along half a cosine")
enum eo_schedule { EO_SCHEDULES(EO_TERM_VALUE) };
extern const char *const eo_schedule_names[];

/* The statistic of the timed samples that the table, plots, energy, frontiers, labels and recommendation use. */
#define EO_LATENCY_STATISTICS(X)                                                                             \
    X(EO_LATENCY_MEDIAN, "median", "hardly moves when other processes disturb some samples")                 \
    X(EO_LATENCY_MEAN, "mean", "as in the original")
enum eo_latency_statistic { EO_LATENCY_STATISTICS(EO_TERM_VALUE) };
extern const char *const eo_latency_statistic_names[];
const char *eo_latency_statistic_name(enum eo_latency_statistic statistic); /* "median", ... */

/* Which of the candidates that the images cannot tell apart is recommended; stage/select/recommend.h defines each. */
#define EO_RECOMMEND_RULES(X)                                                                                \
    X(EO_RECOMMEND_SMALLEST, "smallest", "the smallest model")                                               \
    X(EO_RECOMMEND_FASTEST, "fastest", "the fastest one")                                                    \
    X(EO_RECOMMEND_ACCURACY, "accuracy", "the most accurate one")
enum eo_recommend_rule { EO_RECOMMEND_RULES(EO_TERM_VALUE) };
extern const char *const eo_recommend_names[];
const char *eo_recommend_name(enum eo_recommend_rule rule); /* "smallest", ... */

/* Where the points of an exploration begin; stage/explore/explore.h. */
#define EO_EXPLORE_STARTS(X)                                                                                 \
    X(EO_EXPLORE_SLICE, "slice", "the channels of the base model that score highest")                        \
    X(EO_EXPLORE_SCRATCH, "scratch", "random weights")
enum eo_explore_start { EO_EXPLORE_STARTS(EO_TERM_VALUE) };
extern const char *const eo_explore_start_names[];

/* How an exploration spends its training; stage/explore/halving.h. */
#define EO_EXPLORE_WAYS(X)                                                                                   \
    X(EO_EXPLORE_EXHAUSTIVE, "exhaustive", "all points are trained in full")                                 \
    X(EO_EXPLORE_HALVING, "halving",                                                                         \
      "all are trained a little, and the better ones longer (successive halving)")
enum eo_explore_way { EO_EXPLORE_WAYS(EO_TERM_VALUE) };
extern const char *const eo_explore_way_names[];

#endif
