#include "stage/graph.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/version.h"
#include "format/csv.h"

/*
 * In a pattern stand for what varies:
 *
 *     @    nothing for the first seed, "seed8/" for another
 *     %    a pruned model's stem, "p0.50" or "p0.50-taylor"
 *     &    a precision
 *     #    a stage that has a slice
 *
 * Among parents, a pattern means the artefact of the same seed, stem and precision; with '*' in front, all artefacts of
 * that pattern.
 */
struct kind {
    const char *pattern, *stage, *tool;
    int is_host;       /* holds times of this machine, or pixels of this machine's gnuplot */
    const char *guard; /* files of error rows: with one in them, the artefact is of an earlier run; or NULL */
    const char *slice; /* or NULL */
    const char *parents; /* besides the slice, separated by spaces */
};

/* The stage of which one command makes the files of all candidates, and how these are called. */
static const char together_stage[] = "bench", together_files[] = "rows/*.timing.csv";

#define ACCURACY_ROWS "*rows/@%-&.accuracy.csv *rows/@%-&.accuracy.err"
#define TIMING_ROWS "*rows/@%-&.timing.csv *rows/@%-&.timing.err"
#define PAIRED_ROWS "*rows/@%-&.hits.csv *rows/@%-&.rounds.csv"
#define FRONTIERS "pareto_frontier_latency.csv pareto_frontier_energy.csv"

#define SELECTED(path)                                                                                       \
    {                                                                                                        \
        path, "select", "eo-pareto", 1, NULL, "config/select.yaml",                                          \
            ACCURACY_ROWS " " TIMING_ROWS " " PAIRED_ROWS                                                    \
    }
#define PLOT(path, parents) {path, "plots", "gnuplot", 1, NULL, NULL, parents}
#define TIMING_GUARD "rows/@%-&.timing.err rows/@%-&.accuracy.err"
/*
 * One session times all candidates in turns, so all models have a part in every row: they are parents of machine.csv,
 * and that is one of each row. It stands for the session, and the table does not grow with the square of the candidates.
 */
#define TIMED(path, guard, parents)                                                                          \
    {                                                                                                        \
        path, "bench", "eo-bench", 1, guard, "config/bench.yaml", parents " dataset.csv"                     \
    }

/* In the order of the stages. */
static const struct kind kinds[] = {
    {"config/@#.yaml", "configuration", "eo-config", 0, NULL, NULL, ""},
    {"dataset.csv", "data", "eo-data", 0, NULL, "config/data.yaml", ""},
    {"models/@base.safetensors", "train", "eo-train", 0, NULL, "config/@train.yaml", "dataset.csv"},
    {"training_log.csv", "train", "eo-train", 1, NULL, "config/train.yaml", "dataset.csv"},
    {"models/@training_log.csv", "train", "eo-train", 1, NULL, "config/@train.yaml", "dataset.csv"},
    {"rows/@%.prune.err", "prune", "eo-attempt", 0, NULL, "config/@prune.yaml",
     "models/@base.safetensors config/@finetune.yaml dataset.csv"},
    {"models/@%.safetensors", "prune", "eo-prune", 0, "rows/@%.prune.err", "config/@prune.yaml",
     "models/@base.safetensors config/@finetune.yaml dataset.csv"},
    {"models/@%-finetune_log.csv", "prune", "eo-train", 1, "rows/@%.prune.err", "config/@finetune.yaml",
     "models/@base.safetensors config/@prune.yaml dataset.csv"},
    {"rows/@%-&.quant.err", "quant", "eo-attempt", 0, NULL, "config/@quant.yaml",
     "models/@%.safetensors rows/@%.prune.err dataset.csv"},
    {"models/@%-&.safetensors", "quant", "eo-quant", 0, "rows/@%-&.quant.err", "config/@quant.yaml",
     "models/@%.safetensors dataset.csv"},
    {"rows/@%-&.accuracy.err", "eval", "eo-attempt", 0, NULL, "config/@eval.yaml",
     "models/@%-&.safetensors rows/@%-&.quant.err dataset.csv"},
    {"rows/@%-&.accuracy.csv", "eval", "eo-eval", 0, "rows/@%-&.accuracy.err", "config/@eval.yaml",
     "models/@%-&.safetensors dataset.csv"},
    {"rows/@%-&.confusion.csv", "eval", "eo-eval", 0, "rows/@%-&.accuracy.err", "config/@eval.yaml",
     "models/@%-&.safetensors dataset.csv"},
    {"rows/@%-&.hits.csv", "eval", "eo-eval", 0, "rows/@%-&.accuracy.err", "config/@eval.yaml",
     "models/@%-&.safetensors dataset.csv"},
    TIMED("machine.csv", NULL, "*models/@%-&.safetensors"),
    TIMED("rows/@%-&.timing.err", NULL, "machine.csv models/@%-&.safetensors rows/@%-&.accuracy.err"),
    TIMED("rows/@%-&.timing.csv", TIMING_GUARD, "machine.csv models/@%-&.safetensors"),
    TIMED("rows/@%-&.rounds.csv", TIMING_GUARD, "machine.csv models/@%-&.safetensors"),
    SELECTED("sweep_results.csv"),
    SELECTED("sweep_errors.csv"),
    SELECTED("pareto_frontier_latency.csv"),
    SELECTED("pareto_frontier_energy.csv"),
    SELECTED("seed_summary.csv"),
    {"accuracy.csv", "select", "eo-pareto", 0, NULL, "config/select.yaml", ACCURACY_ROWS},
    {"accuracy_errors.csv", "select", "eo-pareto", 0, NULL, "config/select.yaml", ACCURACY_ROWS},
    {"accuracy_seeds.csv", "select", "eo-pareto", 0, NULL, "config/select.yaml", ACCURACY_ROWS},
    {"sensitivity.csv", "sensitivity", "eo-prune", 0, NULL, "config/sensitivity.yaml",
     "models/base.safetensors dataset.csv"},
    {"layerwise_breakdown.csv", "hardware", "eo-hwreport", 0, NULL, "config/hardware.yaml",
     "*models/@%-&.safetensors"},
    {"precision_tradeoffs.csv", "hardware", "eo-hwreport", 1, NULL, "config/hardware.yaml",
     "sweep_results.csv"},
    {"hardware_summary.csv", "hardware", "eo-hwreport", 1, NULL, "config/hardware.yaml",
     "sweep_results.csv *models/@%-&.safetensors"},
    {"summary.json", "summary", "eo-summary", 1, NULL, "config/summary.yaml",
     "sweep_results.csv sweep_errors.csv hardware_summary.csv"},
    PLOT("accuracy_vs_latency.png", "sweep_results.csv pareto_frontier_latency.csv"),
    PLOT("accuracy_vs_energy.png", "sweep_results.csv pareto_frontier_energy.csv"),
    PLOT("accuracy_vs_memory.png", "sweep_results.csv"),
    PLOT("layerwise_activation_memory.png", "layerwise_breakdown.csv"),
    PLOT("layerwise_macs.png", "layerwise_breakdown.csv"),
    PLOT("sensitivity.png", "sensitivity.csv"),
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* What the signs of a pattern stand for in one path. */
struct names {
    char seed[32], stem[96], precision[16], stage[32];
};

/* Each of these gives the number of bytes at `text` that its sign can stand for, or 0. */

static size_t match_seed(const char *text)
{
    size_t n = strlen("seed");

    if (strncmp(text, "seed", n) != 0 || !isdigit((unsigned char)text[n]))
        return 0;
    while (isdigit((unsigned char)text[n]))
        n++;
    return text[n] == '/' ? n + 1 : 0;
}

/* A word behind a stem's hyphen that is one of a set of names. */
static size_t match_word(const char *text, int (*is_known)(const char *word))
{
    char word[32];
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789");

    if (n == 0 || n >= sizeof(word))
        return 0;
    memcpy(word, text, n);
    word[n] = '\0';
    return is_known(word) ? n : 0;
}

static int is_criterion(const char *word)
{
    enum eo_criterion criterion;

    return eo_criterion_parse(word, &criterion, NULL) == 0;
}

static int is_precision(const char *word)
{
    enum eo_precision precision;

    return eo_precision_parse(word, &precision, NULL) == 0;
}

static int is_stage(const char *word)
{
    enum eo_config_stage stage;

    return eo_config_stage_parse(word, &stage, NULL) == 0;
}

static size_t match_stem(const char *text)
{
    size_t n = 1, digits, criterion;

    if (text[0] != 'p' || !isdigit((unsigned char)text[1]))
        return 0;
    /* Up to the last digit: a dot that follows begins the ending. */
    while ((digits = strspn(text + n, "0123456789")) > 0) {
        n += digits;
        if ((text[n] != '.' && text[n] != 'x') || !isdigit((unsigned char)text[n + 1]))
            break;
        n++;
    }
    criterion = text[n] == '-' ? match_word(text + n + 1, is_criterion) : 0;
    return criterion ? n + 1 + criterion : n;
}

/* Stores `n` bytes as what a sign stands for, if they are not too many. */
static int take(char *out, size_t size, const char *text, size_t n)
{
    if (n >= size)
        return 0;
    memcpy(out, text, n);
    out[n] = '\0';
    return 1;
}

/* Takes what the sign stands for from *text. Returns 0 where it cannot. */
static int match_sign(char sign, const char **text, struct names *names)
{
    char *out;
    size_t n, size;

    switch (sign) {
    case '@':
        out = names->seed, size = sizeof(names->seed);
        n = match_seed(*text);
        break;
    case '%':
        out = names->stem, size = sizeof(names->stem);
        n = match_stem(*text);
        break;
    case '&':
        out = names->precision, size = sizeof(names->precision);
        n = match_word(*text, is_precision);
        break;
    default:
        out = names->stage, size = sizeof(names->stage);
        n = match_word(*text, is_stage);
    }
    if ((n == 0 && sign != '@') || !take(out, size, *text, n))
        return 0;
    *text += n;
    return 1;
}

static int is_sign(char c)
{
    return c != '\0' && strchr("@%&#", c) != NULL;
}

static int match(const char *pattern, const char *path, struct names *names)
{
    memset(names, 0, sizeof(*names));
    for (; *pattern; pattern++) {
        if (is_sign(*pattern)) {
            if (!match_sign(*pattern, &path, names))
                return 0;
        } else if (*path++ != *pattern) {
            return 0;
        }
    }
    return *path == '\0';
}

static const struct kind *find_kind(const char *path, struct names *names)
{
    size_t i;

    for (i = 0; i < KINDS; i++) {
        if (match(kinds[i].pattern, path, names))
            return &kinds[i];
    }
    return NULL;
}

int eo_graph_place(const char *path, struct eo_graph_place *place)
{
    struct names names;
    const struct kind *kind = find_kind(path, &names), *first = kinds;

    if (strcmp(path, EO_GRAPH_MANIFEST) == 0) {
        *place = (struct eo_graph_place){.stage = "manifest", .rank = (int)KINDS, .order = (int)KINDS};
        return 0;
    }
    if (!kind)
        return -1;
    while (strcmp(first->stage, kind->stage) != 0)
        first++;
    place->stage = kind->stage;
    place->rank = (int)(first - kinds);
    place->order = (int)(kind - kinds);
    place->together = strcmp(kind->stage, together_stage) == 0 ? together_files : NULL;
    strcpy(place->seed, names.seed);
    strcpy(place->stem, names.stem);
    strcpy(place->precision, names.precision);
    return 0;
}

/* The path that `n` bytes of a pattern mean beside an artefact with these names. */
static void expand(const char *pattern, size_t n, const struct names *names, char out[EO_MANIFEST_PATH_MAX])
{
    size_t i, used = 0;

    out[0] = '\0';
    for (i = 0; i < n && used + 1 < EO_MANIFEST_PATH_MAX; i++) {
        const char plain[2] = {pattern[i], '\0'};
        const char *text = pattern[i] == '@'   ? names->seed
                           : pattern[i] == '%' ? names->stem
                           : pattern[i] == '&' ? names->precision
                                               : plain;

        used += (size_t)snprintf(out + used, EO_MANIFEST_PATH_MAX - used, "%s", text);
    }
}

/* An operand with what is known of it; they are sorted before they become files. */
struct item {
    const struct kind *kind;
    struct names names;
    const char *path;
};

/* By seed within one kind: the first seed, whose name is "", and then as numbers. */
static int compare_items(const void *a, const void *b)
{
    const struct item *x = a, *y = b;

    if (x->kind->is_host != y->kind->is_host)
        return x->kind->is_host - y->kind->is_host;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (strlen(x->names.seed) != strlen(y->names.seed))
        return strlen(x->names.seed) < strlen(y->names.seed) ? -1 : 1;
    return strcmp(x->path, y->path);
}

/* Joins folder and path; fails on what is too long. */
static int join(const char *folder, const char *path, char out[EO_MANIFEST_PATH_MAX + 4096], struct eo_err *err)
{
    int n = snprintf(out, EO_MANIFEST_PATH_MAX + 4096, "%s%s", folder, path);

    return n < EO_MANIFEST_PATH_MAX + 4096 ? 0 : eo_err_set(err, "'%.80s': the path is too long", path);
}

/* Whether a file of error rows, `n` bytes of a guard, has one: 0, 1, or -1 and err where one cannot tell. */
static int has_error(const char *folder, const char *guard, size_t n, const struct names *names,
                     struct eo_err *err)
{
    char file[EO_MANIFEST_PATH_MAX], path[EO_MANIFEST_PATH_MAX + 4096];
    struct eo_csv csv;
    int found, there;

    expand(guard, n, names, file);
    if (join(folder, file, path, err))
        return -1;
    there = eo_io_exists(path, err);
    if (there == 0)
        return 0;
    if (there < 0 || eo_csv_load(&csv, path, err))
        return eo_err_prefix(err, "'%.200s'", file);
    found = csv.rows > 0;
    eo_csv_release(&csv);
    return found;
}

/* Whether the step that makes an artefact, or one before it, failed the last time; likewise. */
static int is_left_over(const char *folder, const struct item *item, struct eo_err *err)
{
    const char *guard = item->kind->guard;
    int found = 0;

    while (found == 0 && guard && *guard) {
        size_t n = strcspn(guard, " ");

        found = has_error(folder, guard, n, &item->names, err);
        guard += n + (guard[n] == ' ');
    }
    return found;
}

static int make_items(struct item *items, size_t *item_count, const char *folder, char *const paths[], size_t count,
                      struct eo_err *err)
{
    size_t i, n = strlen(folder);

    for (i = 0; i < count; i++) {
        struct item *item = &items[*item_count];
        int left_over;

        if (strncmp(paths[i], folder, n) != 0)
            return eo_err_set(err, "'%.200s': expected a file below '%.100s'", paths[i], folder);
        item->path = paths[i] + n;
        item->kind = find_kind(item->path, &item->names);
        if (!item->kind)
            return eo_err_set(err, "'%.200s': expected an artefact of one of the stages", item->path);
        left_over = is_left_over(folder, item, err);
        if (left_over < 0)
            return -1;
        *item_count += !left_over;
    }
    qsort(items, *item_count, sizeof(*items), compare_items);
    return 0;
}

static int hash_file(struct eo_manifest_file *f, const char *folder, struct eo_err *err)
{
    char path[EO_MANIFEST_PATH_MAX + 4096], *data;
    size_t size;

    if (join(folder, f->path, path, err))
        return -1;
    if (eo_io_read(path, EO_IO_MAX, &data, &size, err))
        return eo_err_prefix(err, "'%.200s'", f->path);
    eo_hash_sha256(data, size, f->sha256);
    f->bytes = size;
    free(data);
    return 0;
}

/* Writes the parents that one word of the table names to `out`, unless that is NULL. Returns their number. */
static size_t find_parents(const struct eo_manifest *m, const struct item *items, const struct item *child,
                           const char *word, size_t length, struct eo_manifest_parent *out)
{
    char path[EO_MANIFEST_PATH_MAX];
    int all = word[0] == '*';
    size_t i, n = 0;

    expand(word, length, &child->names, path);
    for (i = 0; i < m->file_count; i++) {
        const char *pattern = items[i].kind->pattern;

        if (all ? strncmp(pattern, word + 1, length - 1) != 0 || pattern[length - 1] != '\0'
                : strcmp(items[i].path, path) != 0)
            continue;
        if (out) {
            out[n].path = items[i].path;
            strcpy(out[n].sha256, m->files[i].sha256);
        }
        n++;
    }
    return n;
}

/* As above, for the slice and all words of the table. */
static size_t find_all_parents(const struct eo_manifest *m, const struct item *items, const struct item *child,
                               struct eo_manifest_parent *out)
{
    const char *word = child->kind->parents, *slice = child->kind->slice;
    size_t n = slice ? find_parents(m, items, child, slice, strlen(slice), out) : 0;

    while (*word) {
        size_t length = strcspn(word, " ");

        n += find_parents(m, items, child, word, length, out ? out + n : NULL);
        word += length + (word[length] == ' ');
    }
    return n;
}

/* The slice comes first among the parents. */
static void set_origin(struct eo_manifest *m, struct eo_manifest_file *f, const struct kind *kind)
{
    size_t i;

    if (kind->slice && f->parent_count && strncmp(f->parents[0].path, "config/", 7) == 0)
        strcpy(f->slice_sha256, f->parents[0].sha256);
    for (i = 0; i < f->parent_count; i++) {
        if (strcmp(f->parents[i].path, "dataset.csv") == 0)
            strcpy(f->dataset_sha256, m->train.sha256);
    }
}

static int link_parents(struct eo_manifest *m, const struct item *items, struct eo_err *err)
{
    size_t i, total = 0;

    for (i = 0; i < m->file_count; i++)
        total += find_all_parents(m, items, &items[i], NULL);
    m->parents = eo_alloc(total, sizeof(*m->parents), err);
    if (!m->parents)
        return -1;
    for (total = i = 0; i < m->file_count; i++) {
        struct eo_manifest_file *f = &m->files[i];

        f->parents = m->parents + total;
        f->parent_count = find_all_parents(m, items, &items[i], m->parents + total);
        total += f->parent_count;
        set_origin(m, f, items[i].kind);
    }
    return 0;
}

/* One row of dataset.csv. */
static int read_part(struct eo_manifest *m, const struct eo_csv *csv, size_t row, struct eo_err *err)
{
    const char *part = eo_csv_cell(csv, row, eo_csv_column(csv, "part"));
    const char *sha256 = eo_csv_cell(csv, row, eo_csv_column(csv, "sha256"));
    struct eo_manifest_part *out = strcmp(part, "train") == 0 ? &m->train : &m->test;

    if (out == &m->test && strcmp(part, "test") != 0)
        return eo_err_set(err, "column 'part': expected train or test, found '%.40s'", part);
    if (strlen(sha256) != EO_SHA256_TEXT - 1)
        return eo_err_set(err, "column 'sha256': expected 64 digits, found '%.80s'", sha256);
    strcpy(out->sha256, sha256);
    return eo_num_parse_u64(eo_csv_cell(csv, row, eo_csv_column(csv, "images")), 0, INT64_MAX, &out->images, err);
}

static int read_dataset(struct eo_manifest *m, const char *path, struct eo_err *err)
{
    struct eo_csv csv;
    size_t row;
    int rc = 0;

    if (eo_csv_load(&csv, path, err))
        return -1;
    for (row = 0; rc == 0 && row < csv.rows; row++)
        rc = read_part(m, &csv, row, err);
    eo_csv_release(&csv);
    return rc;
}

/* The name of the data set and the seed that a slice holds. */
static int read_slice(struct eo_manifest *m, const char *path, struct eo_config *cfg, struct eo_err *err)
{
    if (eo_config_load(cfg, path, err))
        return -1;
    if (m->seed_count < EO_CONFIG_LIST_MAX)
        m->seeds[m->seed_count++] = cfg->seeds[0];
    strcpy(m->dataset, cfg->dataset);
    return 0;
}

/* What the files say of the whole experiment: dataset.csv, and the training slice of each seed. */
static int read_facts(struct eo_manifest *m, const struct item *items, const char *folder, struct eo_config *cfg,
                      struct eo_err *err)
{
    char path[EO_MANIFEST_PATH_MAX + 4096];
    size_t i;

    for (i = 0; i < m->file_count; i++) {
        int rc;

        if (join(folder, items[i].path, path, err))
            return -1;
        rc = strcmp(items[i].path, "dataset.csv") == 0      ? read_dataset(m, path, err)
             : strcmp(items[i].names.stage, "train") == 0 ? read_slice(m, path, cfg, err)
                                                            : 0;
        if (rc)
            return eo_err_prefix(err, "'%s'", items[i].path);
    }
    return 0;
}

static int fill(struct eo_manifest *m, struct item *items, const char *folder, char *const paths[], size_t count,
                struct eo_err *err)
{
    size_t used = 0;

    if (make_items(items, &used, folder, paths, count, err))
        return -1;
    m->files = eo_alloc(used, sizeof(*m->files), err);
    if (!m->files)
        return -1;
    for (m->file_count = 0; m->file_count < used; m->file_count++) {
        struct eo_manifest_file *f = &m->files[m->file_count];
        const struct kind *kind = items[m->file_count].kind;

        *f = (struct eo_manifest_file){.path = items[m->file_count].path, .stage = kind->stage, .tool = kind->tool,
                                       .is_host = kind->is_host};
        f->version = strncmp(kind->tool, "eo-", 3) == 0 ? EO_VERSION : NULL;
        if (hash_file(f, folder, err))
            return -1;
    }
    return 0;
}

int eo_graph_collect(struct eo_manifest *m, const char *folder, char *const paths[], size_t count, struct eo_err *err)
{
    struct item *items = eo_alloc(count, sizeof(*items), err);
    struct eo_config *cfg = eo_alloc(1, sizeof(*cfg), err);
    int rc = -1;

    *m = (struct eo_manifest){0};
    if (!items || !cfg || fill(m, items, folder, paths, count, err) || read_facts(m, items, folder, cfg, err) ||
        link_parents(m, items, err))
        goto out;
    rc = eo_manifest_check(m, err);
out:
    free(cfg);
    free(items);
    if (rc)
        eo_manifest_release(m);
    return rc;
}
