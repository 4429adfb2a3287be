#include "format/level.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

#define MOST 10 /* decimals of a share that was computed */
#define LARGEST 0.9999999999
#define SHARE_TEXT (EO_LEVEL_TEXT / EO_LEVEL_SHARES)
#define SHARE_WRITTEN 32 /* bytes that a user may write for a share */

struct eo_level eo_level_uniform(double share)
{
    return (struct eo_level){1, {share}};
}

struct eo_level eo_level_of(const double *shares, int count)
{
    struct eo_level level = {.count = count};

    memcpy(level.share, shares, (size_t)count * sizeof(*shares));
    return eo_level_is_uniform(level) ? eo_level_uniform(shares[0]) : level;
}

double eo_level_share(const struct eo_level *level, int space)
{
    return level->share[level->count > 1 ? space : 0];
}

double eo_level_mean(const struct eo_level *level)
{
    double sum = level->share[0];

    for (int i = 1; i < level->count; i++)
        sum += level->share[i];
    return level->count > 1 ? sum / level->count : sum;
}

int eo_level_is_uniform(struct eo_level level)
{
    for (int i = 1; i < level.count; i++) {
        if (level.share[i] != level.share[0])
            return 0;
    }
    return 1;
}

int eo_level_is_zero(struct eo_level level)
{
    return level.share[0] == 0 && eo_level_is_uniform(level);
}

/* Whether a number has at most EO_LEVEL_DECIMALS decimals. */
static int has_few_decimals(double share)
{
    char text[SHARE_TEXT];

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

/* Reads one share, or several with an 'x' between them. */
static int read_level(const char *text, int (*read)(const char *, double *), struct eo_level *level)
{
    double shares[EO_LEVEL_SHARES];
    int count = 0;

    for (;;) {
        size_t n = strcspn(text, "x");
        char share[SHARE_WRITTEN];

        if (count == EO_LEVEL_SHARES || n >= sizeof(share))
            return -1;
        memcpy(share, text, n);
        share[n] = '\0';
        if (read(share, &shares[count++]))
            return -1;
        if (text[n] == '\0')
            break;
        text += n + 1;
    }
    *level = eo_level_of(shares, count);
    return 0;
}

int eo_level_parse(const char *text, struct eo_level *level, struct eo_err *err)
{
    if (read_level(text, parse_share, level) == 0)
        return 0;
    return eo_err_set(
        err,
        "expected a level in 0..%g with at most %d decimals, or up to %d with an 'x' between, found '%.40s'",
        EO_LEVEL_MAX, EO_LEVEL_DECIMALS, EO_LEVEL_SHARES, text);
}

int eo_level_read(const char *text, struct eo_level *level, struct eo_err *err)
{
    if (read_level(text, read_share, level) == 0)
        return 0;
    return eo_err_set(
        err, "expected a level of at least 0 and below 1, or up to %d with an 'x' between, found '%.40s'",
        EO_LEVEL_SHARES, text);
}

/* At least two decimals, and as many as the number has when rounded to MOST. */
static void share_text(double share, char text[SHARE_TEXT])
{
    int decimals = 2;
    double rounded;

    snprintf(text, SHARE_TEXT, "%.*f", MOST, share < LARGEST ? share : LARGEST);
    rounded = strtod(text, NULL);
    do
        snprintf(text, SHARE_TEXT, "%.*f", decimals, rounded);
    while (strtod(text, NULL) != rounded && ++decimals <= MOST);
}

void eo_level_text(struct eo_level level, char text[EO_LEVEL_TEXT])
{
    char first[SHARE_TEXT];
    int differs = 0;
    size_t at;

    share_text(level.share[0], first);
    at = (size_t)snprintf(text, EO_LEVEL_TEXT, "%s", first);
    for (int i = 1; i < level.count; i++) {
        char share[SHARE_TEXT];

        share_text(level.share[i], share);
        differs |= strcmp(share, first) != 0;
        at += (size_t)snprintf(text + at, EO_LEVEL_TEXT - at, "x%s", share);
    }
    if (!differs)
        snprintf(text, EO_LEVEL_TEXT, "%s", first);
}

void eo_level_put(const struct eo_level *level, struct eo_buf *out)
{
    int is_list = !eo_level_is_uniform(*level);

    eo_buf_puts(out, is_list ? "[" : "");
    for (int i = 0; i < (is_list ? level->count : 1); i++) {
        char number[EO_NUM_TEXT];

        eo_num_format_double(level->share[i], number);
        eo_buf_printf(out, "%s%s", i ? ", " : "", number);
    }
    eo_buf_puts(out, is_list ? "]" : "");
}

int eo_level_compare(struct eo_level a, struct eo_level b)
{
    double x = eo_level_mean(&a), y = eo_level_mean(&b);
    int count = a.count > b.count ? a.count : b.count;

    if (x != y)
        return x < y ? -1 : 1;
    for (int i = 0; i < count || i == 0; i++) {
        x = eo_level_share(&a, i);
        y = eo_level_share(&b, i);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return a.count > 1 && b.count > 1 ? (a.count > b.count) - (a.count < b.count) : 0;
}
