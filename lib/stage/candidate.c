#include "stage/candidate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/index.h"
#include "format/csv.h"

struct eo_candidate_key eo_candidate_key_of_model(const struct eo_model *m)
{
    return (struct eo_candidate_key){.level = eo_model_pruning_level(m),
                                     .criterion = eo_model_pruning_criterion(m),
                                     .precision = m->precision,
                                     .seed = eo_model_seed(m)};
}

int eo_candidate_criterion(struct eo_level level, const char *name, enum eo_criterion *criterion,
                           struct eo_err *err)
{
    *criterion = eo_level_is_zero(level) ? EO_CRITERION_NONE : EO_CRITERION_L1;
    return *criterion == EO_CRITERION_NONE || *name == '\0' ? 0 : eo_criterion_parse(name, criterion, err);
}

int eo_candidate_compare(const struct eo_candidate_key *a, const struct eo_candidate_key *b)
{
    int by_level = eo_level_compare(a->level, b->level);

    if (by_level != 0)
        return by_level;
    if (a->criterion != b->criterion)
        return a->criterion < b->criterion ? -1 : 1;
    return (a->precision > b->precision) - (a->precision < b->precision);
}

int eo_candidate_equal(const struct eo_candidate_key *a, const struct eo_candidate_key *b)
{
    return a->seed == b->seed && eo_candidate_compare(a, b) == 0;
}

uint64_t eo_candidate_hash(const struct eo_candidate_key *key)
{
    uint64_t hash = eo_index_hash(&key->seed, sizeof(key->seed), 0);
    int rest[2] = {(int)key->criterion, (int)key->precision};
    /* What eo_level_compare() looks at; + 0.0 makes -0.0 0.0. */
    double level[2] = {key->level.conv1 + key->level.conv2 + 0.0, key->level.conv1 + 0.0};

    hash = eo_index_hash(rest, sizeof(rest), hash);
    return eo_index_hash(level, sizeof(level), hash);
}

static int is_usual(enum eo_criterion criterion)
{
    return criterion == EO_CRITERION_L1 || criterion == EO_CRITERION_NONE;
}

void eo_candidate_key_text(const struct eo_candidate_key *key, char text[EO_CANDIDATE_TEXT])
{
    char level[EO_LEVEL_TEXT];

    eo_level_text(key->level, level);
    snprintf(text, EO_CANDIDATE_TEXT, "pruning_level %s, %s%s%sprecision %s, seed %" PRIu64, level,
             is_usual(key->criterion) ? "" : "pruning_criterion ",
             is_usual(key->criterion) ? "" : eo_criterion_name(key->criterion),
             is_usual(key->criterion) ? "" : ", ", eo_precision_name(key->precision), key->seed);
}

void eo_candidate_label(const struct eo_candidate_key *key, char text[EO_CANDIDATE_LABEL])
{
    char level[EO_LEVEL_TEXT];

    eo_level_text(key->level, level);
    if (is_usual(key->criterion))
        snprintf(text, EO_CANDIDATE_LABEL, "%s", level);
    else
        snprintf(text, EO_CANDIDATE_LABEL, "%s-%s", level, eo_criterion_name(key->criterion));
}

int eo_candidate_parse_label(const char *text, struct eo_level *level, enum eo_criterion *criterion,
                             struct eo_err *err)
{
    const char *hyphen = strchr(text, '-');
    size_t n = hyphen ? (size_t)(hyphen - text) : strlen(text);
    char share[EO_CANDIDATE_LABEL];

    if (n >= sizeof(share))
        return eo_err_set(err, "expected a level of less than %d characters, found '%.40s'",
                          EO_CANDIDATE_LABEL, text);
    memcpy(share, text, n);
    share[n] = '\0';
    if (eo_level_parse(share, level, err))
        return -1;
    return eo_candidate_criterion(*level, hyphen ? hyphen + 1 : "", criterion, err);
}

void eo_candidate_put_level(struct eo_level level, struct eo_buf *out, char end)
{
    char text[EO_LEVEL_TEXT];

    eo_level_text(level, text);
    eo_csv_put_text(out, text, end);
}

void eo_candidate_put_seed(uint64_t seed, struct eo_buf *out, char end)
{
    eo_buf_printf(out, "%" PRIu64 "%c", seed, end);
}

void eo_candidate_put_key(const struct eo_candidate_key *key, struct eo_buf *out)
{
    eo_candidate_put_level(key->level, out, ',');
    eo_csv_put_text(out, eo_precision_name(key->precision), ',');
    eo_candidate_put_seed(key->seed, out, ',');
}
