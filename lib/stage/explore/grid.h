/*
 * The widths of an exploration: for each space of channels (prune/space.h) a list of widths, and all combinations.
 */
#ifndef EO_STAGE_EXPLORE_GRID_H
#define EO_STAGE_EXPLORE_GRID_H

#include <stddef.h>

#include "base/err.h"
#include "format/config.h"
#include "stage/prune/space.h"

#define EO_GRID_MAX 30000 /* combinations: with three precisions, the rows that a table may have */
#define EO_GRID_TEXT (5 * EO_NETWORK_LAYERS + 1) /* bytes of eo_explore_widths_text(), its NUL included */

struct eo_explore_grid {
    struct eo_spaces spaces;
    struct eo_widths range[EO_NETWORK_LAYERS]; /* of each space */
    size_t count;                              /* combinations */
};

/*
 * From the key explore_widths, for a network. Fails on a network without spaces, on ranges that are neither one nor one
 * for each space, on a width above the network's, and on more than EO_GRID_MAX combinations.
 */
int eo_explore_grid_make(struct eo_explore_grid *grid, const struct eo_config *cfg,
                         const struct eo_network *net, struct eo_err *err) EO_MUST_CHECK;

/* Fails as the above for the network of the configuration, whatever its images are; not where base_model brings one. */
int eo_explore_grid_check(const struct eo_config *cfg, struct eo_err *err) EO_MUST_CHECK;

/* Combination i in 0..count - 1, in rising order of the first space, then of the second, ... */
void eo_explore_grid_widths(const struct eo_explore_grid *grid, size_t i, int widths[EO_NETWORK_LAYERS]);

/* "8x16". Parsing returns the number of widths, at most EO_NETWORK_LAYERS, or -1 without a message. */
void eo_explore_widths_text(const int *widths, int count, char text[EO_GRID_TEXT]);
int eo_explore_widths_parse(const char *text, int widths[EO_NETWORK_LAYERS]) EO_MUST_CHECK;

#endif
