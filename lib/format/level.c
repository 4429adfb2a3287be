#include "format/level.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

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

static int parse_share(const char *text, double *share)
{
    struct eo_err ignored;

    if (eo_num_parse_double(text, 0, EO_LEVEL_MAX, share, &ignored) || !has_few_decimals(*share))
        return -1;
    *share += 0.0; /* -0 becomes 0 */
    return 0;
}

int eo_level_parse(const char *text, struct eo_level *level, struct eo_err *err)
{
    const char *x = strchr(text, 'x');
    char first[EO_LEVEL_TEXT];
    size_t n = x ? (size_t)(x - text) : strlen(text);

    if (n >= sizeof(first))
        goto refuse;
    memcpy(first, text, n);
    first[n] = '\0';
    if (parse_share(first, &level->conv1))
        goto refuse;
    level->conv2 = level->conv1;
    if (x && parse_share(x + 1, &level->conv2))
        goto refuse;
    return 0;
refuse:
    return eo_err_set(err,
                      "expected a level in 0..%g with at most %d decimals, or two with an 'x' between, found '%.40s'",
                      EO_LEVEL_MAX, EO_LEVEL_DECIMALS, text);
}

/* At least two decimals, and as many as the number has. Levels that were computed may have more than were read. */
static void share_text(double share, char text[EO_LEVEL_TEXT / 2])
{
    int decimals = 2;

    do
        snprintf(text, EO_LEVEL_TEXT / 2, "%.*f", decimals, share);
    while (strtod(text, NULL) != share && ++decimals <= 10);
}

void eo_level_text(struct eo_level level, char text[EO_LEVEL_TEXT])
{
    char conv1[EO_LEVEL_TEXT / 2], conv2[EO_LEVEL_TEXT / 2];

    share_text(level.conv1, conv1);
    share_text(level.conv2, conv2);
    if (eo_level_is_uniform(level))
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
