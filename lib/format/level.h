/*
 * A pruning level: the share of the channels to remove, one share for all spaces of a network (stage/prune/space.h), or
 * one for each space in their order. SmallCNN has two spaces, conv1 and conv2.
 *
 * As text, in configurations, options, file names and columns: "0.50" removes half of the channels of every space,
 * "0.25x0.50" a quarter of those of the first space and half of those of the second. Shares are written with at least
 * two decimals, and have at most EO_LEVEL_DECIMALS in configurations and options. If all shares are equal, only one is
 * written.
 */
#ifndef EO_FORMAT_LEVEL_H
#define EO_FORMAT_LEVEL_H

#include "base/buf.h"
#include "base/err.h"

#define EO_LEVEL_DECIMALS 6
#define EO_LEVEL_SHARES 16                   /* more would make names of files too long */
#define EO_LEVEL_TEXT (13 * EO_LEVEL_SHARES) /* bytes of a level's text, its NUL included */
#define EO_LEVEL_MAX 0.999

/* A zeroed struct is the level 0. */
struct eo_level {
    int count; /* 2..EO_LEVEL_SHARES: a share for each space; 0 or 1: share[0] is for all */
    /* 0..EO_LEVEL_MAX in configurations and options; below 1 in files that programs write. */
    double share[EO_LEVEL_SHARES];
};

struct eo_level eo_level_uniform(double share);
struct eo_level eo_level_of(const double *shares, int count); /* count: 1..EO_LEVEL_SHARES */
double eo_level_share(const struct eo_level *level, int space);
double eo_level_mean(const struct eo_level *level); /* of its shares */
int eo_level_is_uniform(struct eo_level level);
int eo_level_is_zero(struct eo_level level);

/* "0.5", "0.50" and "0.25x0.5". The message says what was expected and found, not where. */
int eo_level_parse(const char *text, struct eo_level *level, struct eo_err *err) EO_MUST_CHECK;

/* The same for text that a program wrote: pruning twice gives shares below 1 with any number of decimals. */
int eo_level_read(const char *text, struct eo_level *level, struct eo_err *err) EO_MUST_CHECK;

/* Shares are rounded to ten decimals, but never to 1. Reading this text and writing it again gives the same text. */
void eo_level_text(struct eo_level level, char text[EO_LEVEL_TEXT]);

/* As an entry of pruning_levels in a configuration: "0.5", "[0.25, 0.5]". */
void eo_level_put(const struct eo_level *level, struct eo_buf *out);

/* Order of the tables: by the mean of the shares, then by the first share that differs. Negative, 0 or positive. */
int eo_level_compare(struct eo_level a, struct eo_level b);

#endif
