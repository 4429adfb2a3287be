#include "format/level.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

#define MOST 10 /* decimals of a share that was computed */
#define LARGEST 0.9999999999

struct eo_level eo_level_uniform(double share)
{
    return (struct eo_level){share, share};
}

int eo_level_is_uniform(struct eo_level level)
{
    return level.conv1 == level.conv2;
}

int eo_level_is_zero(struct eo_level level)
{
    return level.conv1 == 0 && level.conv2 == 0;
}

/* Whether a number has no more decimals than a file name shows. */
static int has_few_decimals(double share)
{
    char text[EO_LEVEL_TEXT];

    snprintf(text, sizeof(text), "%.*f", EO_LEVEL_DECIMALS, share);
    return strtod(text, NULL) == share;
}

static int read_share(const char *text, double *share)
{
    struct eo_err ignored;

    if (eo_num_parse_double(text, 0, 1, share, &ignored) || *share >= 1)
        return -1;
    *share += 0.0; /* -0 becomes 0 */
    return 0;
}

static int parse_share(const char *text, double *share)
{
    return read_share(text, share) || *share > EO_LEVEL_MAX || !has_few_decimals(*share) ? -1 : 0;
}

/* One share for both, or two with an 'x' between. */
static int read_level(const char *text, int (*read)(const char *, double *), struct eo_level *level)
{
    char first[EO_LEVEL_TEXT];
    const char *x = strchr(text, 'x');
    size_t n = x ? (size_t)(x - text) : strlen(text);

    if (n >= sizeof(first))
        return -1;
    memcpy(first, text, n);
    first[n] = '\0';
    if (read(first, &level->conv1))
        return -1;
    level->conv2 = level->conv1;
    return x ? read(x + 1, &level->conv2) : 0;
}

int eo_level_parse(const char *text, struct eo_level *level, struct eo_err *err)
{
    if (read_level(text, parse_share, level) == 0)
        return 0;
    return eo_err_set(err,
                      "expected a level in 0..%g with at most %d decimals, or two with an 'x' between, found '%.40s'",
                      EO_LEVEL_MAX, EO_LEVEL_DECIMALS, text);
}

int eo_level_read(const char *text, struct eo_level *level, struct eo_err *err)
{
    if (read_level(text, read_share, level) == 0)
        return 0;
    return eo_err_set(err, "expected a level of at least 0 and below 1, or two with an 'x' between, found '%.40s'",
                      text);
}

/* At least two decimals, and as many as the number has when rounded to MOST. */
static void share_text(double share, char text[EO_LEVEL_TEXT / 2])
{
    int decimals = 2;
    double rounded;

    snprintf(text, EO_LEVEL_TEXT / 2, "%.*f", MOST, share < LARGEST ? share : LARGEST);
    rounded = strtod(text, NULL);
    do
        snprintf(text, EO_LEVEL_TEXT / 2, "%.*f", decimals, rounded);
    while (strtod(text, NULL) != rounded && ++decimals <= MOST);
}

void eo_level_text(struct eo_level level, char text[EO_LEVEL_TEXT])
{
    char conv1[EO_LEVEL_TEXT / 2], conv2[EO_LEVEL_TEXT / 2];

    share_text(level.conv1, conv1);
    share_text(level.conv2, conv2);
    if (strcmp(conv1, conv2) == 0)
        snprintf(text, EO_LEVEL_TEXT, "%s", conv1);
    else
        snprintf(text, EO_LEVEL_TEXT, "%sx%s", conv1, conv2);
}

int eo_level_compare(struct eo_level a, struct eo_level b)
{
    double x = a.conv1 + a.conv2, y = b.conv1 + b.conv2;

    if (x != y)
        return x < y ? -1 : 1;
    return (a.conv1 > b.conv1) - (a.conv1 < b.conv1);
}
