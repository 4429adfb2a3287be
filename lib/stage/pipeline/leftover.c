#include "stage/pipeline/leftover.h"

#include <stdio.h>
#include <string.h>

#include "stage/candidate.h"

#define PATH_SIZE 256

static const char *behind(const char *prefix, const char *path)
{
    size_t n = strlen(prefix);

    return strncmp(path, prefix, n) == 0 ? path + n : NULL;
}

/* Behind device/ a candidate has a folder for each build: "seed8/p0.50-int8-fast/m4.csv" becomes "seed8/p0.50-int8". */
static int find_device_name(const char *file, char *name, size_t size)
{
    const char *slash = strrchr(file, '/'), *end = strrchr(file, '.');
    size_t n = slash ? (size_t)(slash - file) : 0, fast = strlen("-fast");

    if (!slash || n >= size ||
        (strcmp(slash, "/net.c") != 0 && strcmp(slash, "/net.h") != 0 && (!end || strcmp(end, ".csv") != 0)))
        return -1;
    n -= n > fast && strncmp(slash - fast, "-fast", fast) == 0 ? fast : 0;
    memcpy(name, file, n);
    name[n] = '\0';
    return 0;
}

/* The part of a path behind models/, rows/ or device/, also in the name of a step's record. */
struct file {
    const char *rest; /* NULL in other folders; points into the path or into copy */
    int is_device;
    char copy[PATH_SIZE];
};

static void find_file(const char *path, struct file *f)
{
    const char *record = behind("config/steps/", path);

    if (record && !strchr(record, '/') && strlen(record) < PATH_SIZE) {
        strcpy(f->copy, record);
        for (char *plus = f->copy; (plus = strchr(plus, '+'));)
            *plus = '/';
        path = f->copy;
    }
    f->rest = behind("device/", path);
    f->is_device = f->rest != NULL;
    f->rest = f->rest ? f->rest : behind("models/", path);
    f->rest = f->rest ? f->rest : behind("rows/", path);
}

/* The name of the candidate that the file belongs to: all but the ending. Returns -1 for a file of no candidate. */
static int find_name(const char *file, char *name, size_t size)
{
    static const char *const endings[] = {
        ".safetensors",  "-finetune_log.csv", ".prune.err",     ".quant.err",  ".quant.csv",  ".accuracy.csv",
        ".accuracy.err", ".hits.csv",         ".confusion.csv", ".timing.csv", ".timing.err", ".rounds.csv",
    };
    size_t n = strlen(file);

    for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
        size_t end = strlen(endings[i]);

        if (n <= end || n - end >= size || strcmp(file + n - end, endings[i]) != 0)
            continue;
        memcpy(name, file, n - end);
        name[n - end] = '\0';
        return 0;
    }
    return -1;
}

static int has_seed(const struct eo_config *cfg, uint64_t seed)
{
    int i = 0;

    while (i < cfg->seed_count && cfg->seeds[i] != seed)
        i++;
    return i < cfg->seed_count;
}

static int has_level(const struct eo_config *cfg, const struct eo_candidate_key *key)
{
    for (int i = 0; i < cfg->pruning_level_count; i++) {
        if (eo_level_compare(cfg->pruning_levels[i], key->level) != 0)
            continue;
        for (int k = 0; k < cfg->pruning_criterion_count; k++)
            if (eo_level_is_zero(key->level) || cfg->pruning_criteria[k] == key->criterion)
                return 1;
    }
    return 0;
}

static int has_precision(const struct eo_config *cfg, enum eo_precision precision)
{
    int i = 0;

    while (i < cfg->precision_count && cfg->precisions[i] != precision)
        i++;
    return i < cfg->precision_count;
}

/* A seed's own files, "seed8/base.safetensors" and "seed8/training_log.csv", belong to no candidate. */
static int is_of_other_seed(const char *file, const struct eo_config *cfg)
{
    const char *slash = strchr(file, '/');
    struct eo_candidate_name name;
    char text[EO_CANDIDATE_NAME];

    if (!slash || (strcmp(slash + 1, "base.safetensors") != 0 && strcmp(slash + 1, "training_log.csv") != 0))
        return 0;
    snprintf(text, sizeof(text), "%.*s/p0.00", (int)(slash - file), file);
    return !eo_candidate_parse_name(text, cfg->seeds[0], &name, NULL) && !has_seed(cfg, name.key.seed);
}

int eo_leftover(const char *path, const struct eo_config *cfg)
{
    char text[EO_CANDIDATE_NAME];
    struct eo_candidate_name name;
    struct file file;

    find_file(path, &file);
    if (!file.rest)
        return 0;
    if ((file.is_device ? find_device_name : find_name)(file.rest, text, sizeof(text)) ||
        eo_candidate_parse_name(text, cfg->seeds[0], &name, NULL))
        return !file.is_device && is_of_other_seed(file.rest, cfg);
    return !has_seed(cfg, name.key.seed) || !has_level(cfg, &name.key) ||
           (!name.is_pruned && !has_precision(cfg, name.key.precision));
}
