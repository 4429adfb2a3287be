/*
 * A pruning level: the share of the channels to remove from each convolution.
 *
 * As text, in configs, options, file names and columns: "0.50" removes half of both, "0.25x0.50" a quarter of conv1's
 * and half of conv2's. Two decimals at least, EO_LEVEL_DECIMALS at most; a level whose parts are equal has one.
 */
#ifndef EO_FORMAT_LEVEL_H
#define EO_FORMAT_LEVEL_H

#include "base/err.h"

#define EO_LEVEL_DECIMALS 6
#define EO_LEVEL_TEXT 32 /* bytes of a level's text, its NUL included */
#define EO_LEVEL_MAX 0.999

struct eo_level {
    double conv1, conv2; /* in 0..EO_LEVEL_MAX where a person chose them, else below 1 */
};

struct eo_level eo_level_uniform(double share);
int eo_level_is_uniform(struct eo_level level);
int eo_level_is_zero(struct eo_level level);

/* "0.5", "0.50" and "0.25x0.5". The message says what was expected and found, not where. */
int eo_level_parse(const char *text, struct eo_level *level, struct eo_err *err) EO_MUST_CHECK;

/* The same for what a program wrote: pruning twice gives shares of any number of decimals, anywhere below 1. */
int eo_level_read(const char *text, struct eo_level *level, struct eo_err *err) EO_MUST_CHECK;

/* Rounded to ten decimals, but not to 1. The text of a level that was read from a text of up to ten is that text. */
void eo_level_text(struct eo_level level, char text[EO_LEVEL_TEXT]);

/* Order of the tables: by the sum of the parts, then by conv1's. Negative, 0 or positive. */
int eo_level_compare(struct eo_level a, struct eo_level b);

#endif
