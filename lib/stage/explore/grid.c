#include "stage/explore/grid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage/learn/train.h"

static int count_of(const struct eo_widths *w)
{
    return (w->high - w->low) / w->step + 1;
}

/* The ranges of all spaces; unset, every width. */
static int set_ranges(struct eo_explore_grid *grid, const struct eo_config *cfg, const struct eo_network *net,
                      struct eo_err *err)
{
    int given = cfg->explore_width_count, spaces = grid->spaces.count;

    if (given > 1 && given != spaces)
        return eo_err_set(
            err, "key 'explore_widths': expected one range, or %d, one for each space of channels, found %d",
            spaces, given);
    for (int i = 0; i < spaces; i++) {
        int channels = grid->spaces.channels[i];

        grid->range[i] = (struct eo_widths){1, channels, 1};
        if (given)
            grid->range[i] = cfg->explore_widths[given > 1 ? i : 0];
        if (grid->range[i].high > channels)
            return eo_err_set(err, "key 'explore_widths': expected at most the %d channels of '%s', found %d",
                              channels, net->layer[grid->spaces.first[i]].name, grid->range[i].high);
    }
    return 0;
}

int eo_explore_grid_make(struct eo_explore_grid *grid, const struct eo_config *cfg,
                         const struct eo_network *net, struct eo_err *err)
{
    memset(grid, 0, sizeof(*grid));
    eo_spaces_make(&grid->spaces, net);
    if (!grid->spaces.count)
        return eo_err_set(err, "expected a network with channels that can be removed, found none");
    if (set_ranges(grid, cfg, net, err))
        return -1;
    grid->count = 1;
    for (int i = 0; i < grid->spaces.count; i++) {
        grid->count *= (size_t)count_of(&grid->range[i]);
        if (grid->count > EO_GRID_MAX)
            return eo_err_set(
                err,
                "key 'explore_widths': expected at most %d combinations of widths, found more%s; "
                "%s a step, as in 4-16/4",
                EO_GRID_MAX, cfg->explore_width_count ? "" : ", as it is unset",
                cfg->explore_width_count ? "narrow the ranges or give them" : "give ranges with");
    }
    return 0;
}

int eo_explore_grid_check(const struct eo_config *cfg, struct eo_err *err)
{
    struct eo_explore_grid grid;
    struct eo_network net;

    if (*cfg->base_model && cfg->explore_from == EO_EXPLORE_SLICE)
        return 0;
    return eo_train_network(cfg, (struct eo_dims){0, 0, 0}, 0, &net, err) ||
                   eo_explore_grid_make(&grid, cfg, &net, err)
               ? -1
               : 0;
}

void eo_explore_grid_widths(const struct eo_explore_grid *grid, size_t i, int widths[EO_NETWORK_LAYERS])
{
    for (int s = grid->spaces.count - 1; s >= 0; s--) {
        size_t n = (size_t)count_of(&grid->range[s]);

        widths[s] = grid->range[s].low + (int)(i % n) * grid->range[s].step;
        i /= n;
    }
}

void eo_explore_widths_text(const int *widths, int count, char text[EO_GRID_TEXT])
{
    size_t at = 0;

    for (int i = 0; i < count; i++)
        at += (size_t)snprintf(text + at, EO_GRID_TEXT - at, "%s%d", i ? "x" : "", widths[i]);
}

int eo_explore_widths_parse(const char *text, int widths[EO_NETWORK_LAYERS])
{
    int n = 0;

    while (n < EO_NETWORK_LAYERS && *text >= '1' && *text <= '9') {
        char *end;
        long w = strtol(text, &end, 10);

        if (w > EO_NETWORK_CHANNELS)
            return -1;
        widths[n++] = (int)w;
        if (*end == '\0')
            return n;
        if (*end != 'x')
            return -1;
        text = end + 1;
    }
    return -1;
}
