/*
 * What each layer of a model costs on this machine: time, and the processor's counters where there are any.
 *
 * One process, one thread, on one processor. The engine marks where layers begin (eo_infer_set_mark()); a call's time
 * in a layer is the sum over the groups of images that the kernels take through all layers one after the other. Calls
 * are first made with a clock at the marks and then again with the counters, whose reading takes longer and so would
 * spoil the times. What a mark costs is measured in the same way on a network that does nothing, and subtracted. Each
 * figure is the median over many calls after a warm-up.
 *
 * The calls with the clock are made in turns (bench/turns.h), and judged as those of a session are, but for the
 * number of samples, because all figures are medians.
 *
 * The times of the layers add up to that of an image: within 1.4 % on three precisions and shapes.
 */
#ifndef EO_STAGE_BENCH_LAYERS_H
#define EO_STAGE_BENCH_LAYERS_H

#include "base/buf.h"
#include "machine/counters.h"
#include "base/err.h"
#include "nn/model.h"
#include "stage/bench/engine.h"
#include "stage/bench/round.h"
#include "stage/bench/session.h"
#include "stage/bench/turns.h"

/* Of a layer and one image. NAN where there is no counter. */
enum eo_layer_figure {
    EO_LAYER_MS,
    EO_LAYER_CYCLES,
    EO_LAYER_INSTRUCTIONS,
    EO_LAYER_L1D_MISSES,
    EO_LAYER_LLC_MISSES,
    EO_LAYER_BRANCH_MISSES,
    EO_LAYER_FIGURES
};

struct eo_layer_costs {
    double of[EO_BENCH_SIZES][EO_NETWORK_LAYERS][EO_LAYER_FIGURES]; /* of each layer that the network has */
    struct eo_verdict verdict;                                      /* on the calls with the clock */
    char counters_note[EO_COUNTERS_NOTE];                           /* eo_counters_note() */
};

/*
 * By the plan's batch size, processor and instruction set, on the first images (NULL: random pixels). Pins this thread
 * to the processor, if the kernel allows it, and leaves it there. Takes about half a second, or twenty times as long
 * as a batch where that is more. Fails without memory, and on a processor that we may not use.
 */
int eo_bench_layers(struct eo_layer_costs *costs, const struct eo_model *m, const struct eo_images *images,
                    const struct eo_bench_plan *plan, struct eo_err *err) EO_MUST_CHECK;

/*
 * The same with an engine of one thread, wherever this thread runs, and with its counters. `cpu`: where it is pinned;
 * -1: nowhere.
 */
int eo_bench_layers_measure(struct eo_layer_costs *costs, struct eo_bench_engine *engine,
                            struct eo_counters *counters, int cpu, struct eo_err *err) EO_MUST_CHECK;

/*
 * Header, a row for each layer and a row `total`:
 *
 *     layer,input_bytes,output_bytes,total_bytes    activations of one image: what the layer reads, what it writes, and
 *                                                   all that must be kept while it runs, with what later layers add;
 *                                                   in the row `total` the network's input, its scores, and the largest
 *                                                   total_bytes
 *     macs                                          eo_network_layer_macs()
 *     time_ms,time_share,gmacs_per_s                in calls of the batch size; the total's time is the layers' sum
 *     cycles,instructions,ipc,l1d_misses,llc_misses,branch_misses
 *     single_time_ms,...,single_branch_misses       the same nine in calls of one image
 *     timing_status,timing_reason                   the same in all rows
 */
void eo_bench_put_layers(struct eo_buf *out, const struct eo_model *m, const struct eo_layer_costs *costs);

#endif
