#include "stage/candidate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/index.h"
#include "base/num.h"
#include "format/csv.h"
#include "format/json.h"

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
    double level[2] = {eo_level_mean(&key->level) + 0.0, key->level.share[0] + 0.0};

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

const char *eo_candidate_precision(const struct eo_candidate_name *name)
{
    return name->is_pruned ? "any" : eo_precision_name(name->key.precision);
}

void eo_candidate_name(const struct eo_candidate_name *name, uint64_t first_seed,
                       char text[EO_CANDIDATE_NAME])
{
    char label[EO_CANDIDATE_LABEL];
    int n = 0;

    eo_candidate_label(&name->key, label);
    text[0] = '\0';
    if (name->key.seed != first_seed)
        n = snprintf(text, EO_CANDIDATE_NAME, "seed%" PRIu64 "/", name->key.seed);
    snprintf(text + n, EO_CANDIDATE_NAME - (size_t)n, "p%s%s%s", label, name->is_pruned ? "" : "-",
             name->is_pruned ? "" : eo_precision_name(name->key.precision));
}

/* "seed8/" at *text, which moves behind it. Returns 0, or -1 where the number is none. */
static int parse_seed(const char **text, uint64_t *seed)
{
    const char *slash = strchr(*text, '/');
    char digits[32];
    size_t n;

    if (!slash)
        return 0;
    n = (size_t)(slash - *text);
    if (n < 5 || n - 4 >= sizeof(digits) || strncmp(*text, "seed", 4) != 0)
        return -1;
    memcpy(digits, *text + 4, n - 4);
    digits[n - 4] = '\0';
    *text = slash + 1;
    return eo_num_parse_u64(digits, 0, UINT64_MAX, seed, NULL);
}

/* "0.50-taylor"; "0.5" and "0.50-l1" too. The text has less than EO_CANDIDATE_LABEL characters. */
static int parse_label(const char *text, struct eo_level *level, enum eo_criterion *criterion)
{
    const char *hyphen = strchr(text, '-');
    size_t n = hyphen ? (size_t)(hyphen - text) : strlen(text);
    char share[EO_CANDIDATE_LABEL];

    memcpy(share, text, n);
    share[n] = '\0';
    return eo_level_parse(share, level, NULL) ||
                   eo_candidate_criterion(*level, hyphen ? hyphen + 1 : "", criterion, NULL)
               ? -1
               : 0;
}

/* "p0.50-taylor-int8": what follows the last hyphen is a precision, or belongs to the label. */
static int parse_rest(const char *text, struct eo_candidate_name *name)
{
    const char *hyphen = strrchr(text, '-');
    char label[EO_CANDIDATE_LABEL];
    size_t n;

    name->is_pruned = !hyphen || eo_precision_parse(hyphen + 1, &name->key.precision, NULL);
    n = name->is_pruned ? strlen(text) : (size_t)(hyphen - text);
    if (n < 2 || n - 1 >= sizeof(label) || text[0] != 'p')
        return -1;
    memcpy(label, text + 1, n - 1);
    label[n - 1] = '\0';
    return parse_label(label, &name->key.level, &name->key.criterion);
}

int eo_candidate_parse_name(const char *text, uint64_t first_seed, struct eo_candidate_name *name,
                            struct eo_err *err)
{
    char written[EO_CANDIDATE_NAME] = "";
    const char *label = text;

    *name = (struct eo_candidate_name){.key = {.seed = first_seed}};
    if (parse_seed(&label, &name->key.seed) == 0 && parse_rest(label, name) == 0)
        eo_candidate_name(name, first_seed, written);
    if (written[0] && strcmp(written, text) == 0)
        return 0;
    return eo_err_set(
        err, "expected a candidate's name, as p0.50-int8 or seed8/p0.50-taylor-int8, found '%.80s'", text);
}

/* A level has a point, too, so the name ends at the first point up to which it is one. */
int eo_candidate_parse_path(const char *path, uint64_t first_seed, struct eo_candidate_name *name)
{
    char text[EO_CANDIDATE_NAME];
    size_t folder = strncmp(path, "models/", 7) == 0 ? 7 : strncmp(path, "rows/", 5) == 0 ? 5 : 0, n;

    path += folder;
    for (n = strcspn(path, "."); folder && path[n] && n < sizeof(text); n += 1 + strcspn(path + n + 1, ".")) {
        memcpy(text, path, n);
        text[n] = '\0';
        if (eo_candidate_parse_name(text, first_seed, name, NULL) == 0)
            return 0;
    }
    return -1;
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

void eo_candidate_json_level(struct eo_json *j, const char *key, struct eo_level level)
{
    if (eo_level_is_uniform(level)) {
        eo_json_double(j, key, level.share[0]);
        return;
    }
    eo_json_open(j, key, '[');
    for (int i = 0; i < level.count; i++)
        eo_json_double(j, NULL, level.share[i]);
    eo_json_close(j);
}

void eo_candidate_json_key(struct eo_json *j, const struct eo_candidate_key *key)
{
    eo_candidate_json_level(j, "pruning_level", key->level);
    eo_json_text(j, "pruning_criterion", eo_criterion_name(key->criterion));
    eo_json_text(j, "precision", eo_precision_name(key->precision));
    eo_json_u64(j, "seed", key->seed);
}
