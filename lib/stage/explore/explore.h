/*
 * All points of an exploration, on all threads, to two tables.
 *
 *     eo_explore_init(&e, ...);                        point.h
 *     eo_explore_run(&e, &how, &table, &hits, err);
 *
 * explore.csv has a row for each combination of widths and each precision, in the order of the grid:
 *
 *     widths                  "8x16": channels of each space
 *     precision, seed
 *     base_widths             the network's own channels in each space
 *     training_images, epochs
 *     parameters, macs, tensor_bytes
 *     images, correct, accuracy, accuracy_ci95_low, accuracy_ci95_high
 *                             on the images that decide, with Wilson's interval
 *     test_images, ...        the same on images that no choice has seen; empty where there are none
 *     CORE_flash_bytes, CORE_ram_bytes, CORE_instructions
 *                             of each core, export/costs.h; empty where not known
 *     model_sha256            of the model's file
 *     error                   why the point has no figures, as when training diverged
 *     rung                    the last one that it came to, from 1; with explore_way: exhaustive, 1
 *     spent_images            images trained on for these widths in all rungs: epochs times training images, or less
 *                             where training stops early
 *     experiment, base_experiment
 *                             what the table was made of, origin.h
 *
 * explore_hits.csv has for the same rows which images are classified correctly: widths, precision, seed, images_sha256,
 * hits, test_images_sha256, test_hits. Hits are hexadecimal digits, of four images each, the first image in the lowest
 * bit of the first digit. Both tables depend on configuration, data, base model and version alone.
 *
 * explore_way: halving trains in rungs (point.h) and chooses after each what goes on (halving.h). A row is that of the
 * last rung of its point.
 *
 * Finished points are kept in a journal (base/journal.h) under the checksum of all that they depend on. So a run that
 * was killed goes on where it was, and after an edit only the points that it affects are computed. The journal stays
 * when the tables are written.
 *
 * Several processes, on one computer or many, can share the work: shard k of n computes each n-th combination, keeps
 * the points in a journal of its own and writes no tables. A run that gets these journals takes the points over and
 * writes the tables. It computes what is missing, so the tables are the same whatever became of the shards. Of
 * explore_way: halving, shards share the first rung, because what goes on depends on all of it.
 */
#ifndef EO_STAGE_EXPLORE_EXPLORE_H
#define EO_STAGE_EXPLORE_EXPLORE_H

#include "base/buf.h"
#include "base/journal.h"
#include "base/pool.h"
#include "stage/explore/origin.h"
#include "stage/explore/point.h"

#define EO_EXPLORE_JOURNAL ".explore"
#define EO_EXPLORE_JOURNAL_OF_SHARD ".explore-%d" /* from 1 */
#define EO_EXPLORE_SHARDS 1000

struct eo_explore_progress {
    size_t points, done, kept; /* rows in all, finished ones, and those of them that the journal had */
    double share;              /* of this run's work that is done, 0..1 */
    double seconds;            /* since this run began */
};

struct eo_explore_how {
    const char *base_sha256; /* of the base model's file; NULL for scratch */
    struct eo_explore_origin origin;
    struct eo_journal *journal; /* open and bound to nothing; NULL: none */
    /* [other_count]: opened to read, bound to nothing. Their points are taken over too, into our journal. */
    struct eo_journal *others;
    int other_count;
    int shard,
        shards; /* combinations shard, shard + shards, ... alone (from 0), and no tables; shards 0: all */
    struct eo_pool *pool; /* borrowed; NULL for one thread */
    void (*progress)(
        void *ctx,
        const struct eo_explore_progress *progress); /* by any thread, one at a time; may be NULL */
    void *progress_ctx;
};

/* Appends both tables with their header rows; a shard appends nothing. A point that fails has a row with its error. */
int eo_explore_run(const struct eo_explore *e, const struct eo_explore_how *how, struct eo_buf *table,
                   struct eo_buf *hits, struct eo_err *err) EO_MUST_CHECK;

#endif
