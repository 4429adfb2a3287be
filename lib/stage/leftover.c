#include "stage/leftover.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "stage/candidate.h"
#include "stage/graph.h"

static const char *behind(const char *prefix, const char *path)
{
    size_t n = strlen(prefix);

    return strncmp(path, prefix, n) == 0 ? path + n : NULL;
}

/* The artefact that a path is, or whose step it is a record of. Returns 0, or -1 where it is neither. */
static int find_place(const char *path, struct eo_graph_place *place)
{
    const char *record = behind("config/steps/", path);
    char name[256];
    size_t i;

    if (record) {
        if (strlen(record) >= sizeof(name) || strchr(record, '/'))
            return -1;
        for (i = 0; record[i]; i++)
            name[i] = record[i] == '+' ? '/' : record[i];
        name[i] = '\0';
        path = name;
    }
    return behind("models/", path) || behind("rows/", path) ? eo_graph_place(path, place) : -1;
}

static void put_seed(uint64_t seed, char text[32])
{
    snprintf(text, 32, "seed%" PRIu64 "/", seed);
}

/* Whether a stage would write the names so: "seed8/", not "seed08/"; "p0.50", neither "p0.5" nor "p0.50-l1". */
static int is_as_written(const struct eo_graph_place *place)
{
    struct eo_candidate_key key = {.seed = 0};
    char seed[32] = "", label[EO_CANDIDATE_LABEL] = "";
    const char *digits = behind("seed", place->seed);

    if (digits) {
        char number[sizeof(place->seed)];

        strcpy(number, digits);
        number[strlen(number) - 1] = '\0';
        if (eo_num_parse_u64(number, 0, UINT64_MAX, &key.seed, NULL))
            return 0;
        put_seed(key.seed, seed);
    }
    if (place->stem[0]) {
        if (eo_candidate_parse_label(place->stem + 1, &key.level, &key.criterion, NULL))
            return 0;
        eo_candidate_label(&key, label);
    }
    return strcmp(seed, place->seed) == 0 && strcmp(label, place->stem[0] ? place->stem + 1 : "") == 0;
}

/* The first seed has no folder of its own. */
static int has_seed(const struct eo_config *cfg, const char *folder)
{
    char text[32];
    int i;

    for (i = 1; i < cfg->seed_count; i++) {
        put_seed(cfg->seeds[i], text);
        if (strcmp(text, folder) == 0)
            return 1;
    }
    return folder[0] == '\0';
}

static int is_label(struct eo_level level, enum eo_criterion criterion, const char *text)
{
    struct eo_candidate_key key = {.level = level, .criterion = criterion};
    char label[EO_CANDIDATE_LABEL];

    eo_candidate_label(&key, label);
    return strcmp(label, text) == 0;
}

static int has_stem(const struct eo_config *cfg, const char *stem)
{
    int i, k;

    if (stem[0] == '\0')
        return 1;
    for (i = 0; i < cfg->pruning_level_count; i++) {
        struct eo_level level = cfg->pruning_levels[i];

        if (eo_level_is_zero(level) && is_label(level, EO_CRITERION_NONE, stem + 1))
            return 1;
        for (k = 0; !eo_level_is_zero(level) && k < cfg->pruning_criterion_count; k++) {
            if (is_label(level, cfg->pruning_criteria[k], stem + 1))
                return 1;
        }
    }
    return 0;
}

static int has_precision(const struct eo_config *cfg, const char *name)
{
    int i;

    for (i = 0; i < cfg->precision_count; i++) {
        if (strcmp(eo_precision_name(cfg->precisions[i]), name) == 0)
            return 1;
    }
    return name[0] == '\0';
}

int eo_leftover(const char *path, const struct eo_config *cfg)
{
    struct eo_graph_place place;

    if (find_place(path, &place) || !(place.seed[0] || place.stem[0]) || !is_as_written(&place))
        return 0;
    return !has_seed(cfg, place.seed) || !has_stem(cfg, place.stem) || !has_precision(cfg, place.precision);
}
