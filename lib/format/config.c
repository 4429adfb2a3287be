#include "format/config_keys.h"
#include "format/json.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/names.h"
#include "format/safetensors.h"

#define NAME_MAX_BYTES (EO_CONFIG_EXPERIMENT_MAX - 1)

static const char *const stage_names[EO_STAGE_COUNT + 1] = {
    "data",   "train",    "prune",   "finetune",    "quant",   "eval", "bench",
    "select", "hardware", "summary", "sensitivity", "explore", NULL};

const char *eo_config_stage_name(enum eo_config_stage stage)
{
    return stage_names[stage];
}

int eo_config_stage_parse(const char *name, enum eo_config_stage *stage, struct eo_err *err)
{
    int value;

    if (eo_names_parse(stage_names, name, &value, err))
        return -1;
    *stage = (enum eo_config_stage)value;
    return 0;
}

/* ---- Canonical text ---------------------------------------------------------------------------------------------- */

static void put_line(const struct eo_config *cfg, const struct eo_key *k, struct eo_buf *out)
{
    eo_buf_printf(out, "%s: ", k->name);
    eo_key_put(cfg, k, out);
    eo_buf_puts(out, "\n");
}

uint64_t eo_config_dataloader_seed(const struct eo_config *cfg, int seed_index)
{
    return cfg->dataloader_seed_set ? cfg->dataloader_seed : cfg->seeds[seed_index];
}

/* Reduces the configuration to what one stage sees: one seed, and nothing that cannot influence the stage. */
static void resolve_stage(struct eo_config *cfg, enum eo_config_stage stage, int seed_index)
{
    cfg->dataloader_seed = eo_config_dataloader_seed(cfg, seed_index);
    cfg->dataloader_seed_set = 1;
    cfg->seeds[0] = cfg->seeds[seed_index];
    cfg->seed_count = 1;
    /* With validation: test no training images are set aside, so val_subset does not influence training. */
    if (cfg->validation == EO_VALIDATION_TEST && (EO_KEY_TRAINING & 1u << stage))
        cfg->val_subset = EO_CONFIG_ALL;
    if (stage == EO_STAGE_TRAIN && eo_config_teacher_is_base(cfg)) {
        struct eo_config untaught;

        eo_config_init(&untaught);
        *cfg->teacher = '\0';
        cfg->distillation_temperature = untaught.distillation_temperature;
        cfg->distillation_weight = untaught.distillation_weight;
    }
}

void eo_config_slice(const struct eo_config *cfg, enum eo_config_stage stage, int seed_index,
                     struct eo_buf *out)
{
    struct eo_config one = *cfg;

    assert(seed_index >= 0 && seed_index < cfg->seed_count);
    resolve_stage(&one, stage, seed_index);
    eo_buf_printf(out, "# edge-opt slice: %s\n", stage_names[stage]);
    for (int i = 0; i < eo_key_count; i++) {
        if ((eo_keys[i].readers & 1u << stage) && eo_key_is_printable(&one, &eo_keys[i]))
            put_line(&one, &eo_keys[i], out);
    }
}

int eo_config_slice_sha256(const struct eo_config *cfg, enum eo_config_stage stage, int seed_index,
                           char text[EO_SHA256_TEXT], struct eo_err *err)
{
    struct eo_buf slice = {0};
    int rc;

    eo_config_slice(cfg, stage, seed_index, &slice);
    rc = eo_buf_check(&slice, err);
    if (rc == 0)
        eo_hash_sha256(slice.data, slice.len, text);
    eo_buf_release(&slice);
    return rc;
}

void eo_config_print(const struct eo_config *cfg, struct eo_buf *out)
{
    for (int i = 0; i < eo_key_count; i++) {
        if (eo_key_is_printable(cfg, &eo_keys[i]))
            put_line(cfg, &eo_keys[i], out);
    }
}

/* Sets the checksum of the file that a key names, if it names one. */
static int seal(const char *key, const char *path, char sha256[EO_SHA256_TEXT], struct eo_err *err)
{
    char found[EO_SHA256_TEXT], *bytes = NULL;
    size_t size = 0;

    if (!*path)
        return 0;
    if (eo_io_read(path, EO_ST_MAX_FILE, &bytes, &size, err))
        return eo_err_prefix(err, "key '%s': %s", key, path);
    eo_hash_sha256(bytes, size, found);
    free(bytes);
    if (*sha256 && strcmp(sha256, found) != 0)
        return eo_err_set(err, "key '%s_sha256': expected %s of %s, found %s", key, sha256, path, found);
    memcpy(sha256, found, sizeof(found));
    return 0;
}

int eo_config_seal_teacher(struct eo_config *cfg, struct eo_err *err)
{
    return eo_config_teacher_is_base(cfg) ? 0 : seal("teacher", cfg->teacher, cfg->teacher_sha256, err);
}

int eo_config_seal(struct eo_config *cfg, struct eo_err *err)
{
    if (seal("base_model", cfg->base_model, cfg->base_model_sha256, err))
        return -1;
    return eo_config_seal_teacher(cfg, err);
}

int eo_config_teacher_is_base(const struct eo_config *cfg)
{
    return strcmp(cfg->teacher, "base") == 0;
}

/* ---- What Make reads --------------------------------------------------------------------------------------------- */

/* Not for experiments: programs and objects are below out/, too, and `make clean` removes an experiment's folder. */
static const char *const reserved[] = {"out", "out/bin", "out/build", "out/sanitize"};

static int is_reserved(const char *dir)
{
    for (int i = 0; i < (int)(sizeof(reserved) / sizeof(reserved[0])); i++) {
        size_t n = strlen(reserved[i]);

        if (strcmp(dir, reserved[i]) == 0 || (i > 0 && strncmp(dir, reserved[i], n) == 0 && dir[n] == '/'))
            return 1;
    }
    return 0;
}

/* Whether a component is empty, "." or "..", apart from the empty one before the slash of an absolute path. */
static int has_odd_component(const char *path)
{
    const char *p = path + (*path == '/');

    for (;;) {
        size_t n = strcspn(p, "/");

        if (n == 0 || (n <= 2 && strncmp(p, "..", n) == 0))
            return 1;
        if (p[n] == '\0')
            return 0;
        p += n + 1;
    }
}

int eo_config_output_dir(const struct eo_config *cfg, const char *name, char out[EO_CONFIG_OUT_MAX],
                         struct eo_err *err)
{
    const char *dir = *cfg->output_dir ? cfg->output_dir : name;
    int is_below = strcmp(dir, "out") == 0 || strncmp(dir, "out/", 4) == 0;

    if (has_odd_component(dir))
        return eo_err_set(err, "expected a folder without empty, '.' and '..' components, found '%s'", dir);
    if (*dir == '/' && !strchr(dir + 1, '/'))
        return eo_err_set(err, "expected a folder below another, found '%s', which 'make clean' would remove",
                          dir);
    snprintf(out, EO_CONFIG_OUT_MAX, "%s%s", *dir == '/' || is_below ? "" : "out/", dir);
    if (is_reserved(out))
        return eo_err_set(
            err, "expected a folder of its own, found '%s', which is reserved for programs and objects", out);
    return 0;
}

/* The file's name without its folders and without ".yaml" or ".yml". */
int eo_config_name(const char *path, char name[EO_CONFIG_EXPERIMENT_MAX], struct eo_err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    size_t n = strlen(base);

    if (n > 5 && strcmp(base + n - 5, ".yaml") == 0)
        n -= 5;
    else if (n > 4 && strcmp(base + n - 4, ".yml") == 0)
        n -= 4;
    if (n == 0 || n > NAME_MAX_BYTES || strspn(base, allowed) < n || *base == '-' || *base == '.')
        return eo_err_set(
            err,
            "expected a file name of at most %d letters, digits and any of ._+-, beginning with "
            "neither '.' nor '-'; the artefacts' folder is named after it",
            NAME_MAX_BYTES);
    snprintf(name, NAME_MAX_BYTES + 1, "%.*s", (int)n, base);
    return 0;
}

/* A Make variable with the entries of a list. */
static void put_words(const struct eo_config *cfg, const char *variable, const char *key, struct eo_buf *out)
{
    const struct eo_key *k = eo_key_find(key);

    eo_buf_printf(out, "%s :=", variable);
    for (int i = 0; i < eo_key_get_count(cfg, k); i++) {
        char level[EO_LEVEL_TEXT];

        eo_buf_puts(out, " ");
        if (k->type != EO_KEY_LEVEL) {
            eo_key_put_entry(cfg, k, i, out);
            continue;
        }
        eo_level_text(cfg->pruning_levels[i], level);
        eo_buf_puts(out, level);
    }
    eo_buf_puts(out, "\n");
}

/* A limit of a job. */
static void put_limit(const char *variable, int limit, const char *unit, struct eo_buf *out)
{
    if (limit)
        eo_buf_printf(out, "%s := %d%s\n", variable, limit, unit);
    else
        eo_buf_printf(out, "%s := auto\n", variable);
}

int eo_config_make(const struct eo_config *cfg, const char *path, struct eo_buf *out, struct eo_err *err)
{
    char name[EO_CONFIG_EXPERIMENT_MAX], dir[EO_CONFIG_OUT_MAX];
    int own_threads = cfg->threads ? cfg->threads : 1;

    if (strcmp(cfg->dataset, "idx") == 0 && !*cfg->data_dir)
        return eo_err_set(err, "key 'dataset': expected 'data_dir' beside 'idx', found none");
    if (eo_config_name(path, name, err) || eo_config_output_dir(cfg, name, dir, err))
        return -1;
    eo_buf_printf(out, "EO_NAME := %s\nEO_OUT := %s\nEO_DATASET := %s\n", name, dir, cfg->dataset);
    eo_buf_printf(out, "EO_DATA_SOURCE :=%s%s\n", *cfg->data_dir ? " " : "", cfg->data_dir);
    eo_buf_printf(out, "EO_THREADS := %d\n", cfg->threads);
    put_limit("EO_JOB_MINUTES", cfg->job_minutes, "", out);
    put_limit("EO_JOB_MEMORY", cfg->job_memory_mb, "M", out);
    eo_buf_printf(out, "EO_JOB_THREADS := %d\n", cfg->job_threads ? cfg->job_threads : own_threads);
    put_words(cfg, "EO_SEEDS", "seeds", out);
    put_words(cfg, "EO_LEVELS", "pruning_levels", out);
    put_words(cfg, "EO_CRITERIA", "pruning_criterion", out);
    put_words(cfg, "EO_PRECISIONS", "precisions", out);
    eo_buf_puts(out, "EO_INTEGER := " EO_INT8_NAME " " EO_INT4_NAME " " EO_MIXED_NAME "\n");
    eo_buf_printf(out,
                  "EO_FINE_TUNE_EPOCHS := %d\nEO_FINE_TUNE_UNPRUNED :=%s\nEO_PRUNE_STEPS := %d\n"
                  "EO_TEACHER :=%s\nEO_SLICES :=",
                  cfg->fine_tune_epochs, cfg->fine_tune_unpruned ? " yes" : "", cfg->prune_steps,
                  eo_config_teacher_is_base(cfg) ? " base" : "");
    for (int i = 0; i < EO_STAGE_COUNT; i++)
        eo_buf_printf(out, " %s", stage_names[i]);
    eo_buf_printf(out, "\nEO_ACTIVE_DEVICE :=%s%s\n", *cfg->active_device ? " " : "", cfg->active_device);
    eo_buf_printf(out, "EO_EXPLORE_FROM := %s\n", eo_explore_start_names[cfg->explore_from]);
    return 0;
}

/* ---- The reference of all keys ----------------------------------------------------------------------------------- */

static void put_allowed(const struct eo_key *k, struct eo_buf *out)
{
    char allowed[EO_KEY_ALLOWED];

    eo_key_allowed(k, allowed);
    if (k->capacity)
        eo_buf_printf(out, "a list of 1 to %d, each ", k->capacity);
    eo_buf_puts(out, allowed);
    if (k->type == EO_KEY_LEVEL)
        eo_buf_puts(out, ", or a list of 2 to 16 of them: one for each space of channels");
}

static void put_readers(const struct eo_key *k, const char *none, struct eo_buf *out)
{
    const char *separator = "";

    for (int i = 0; i <= EO_STAGE_COUNT; i++) {
        if (k->readers & 1u << i) {
            eo_buf_printf(out, "%s%s", separator, i < EO_STAGE_COUNT ? stage_names[i] : "make");
            separator = ", ";
        }
    }
    if (!k->readers)
        eo_buf_puts(out, none);
}

/* The default, or `none` for a key without one. */
static void put_default(const struct eo_key *k, const char *none, struct eo_buf *out)
{
    struct eo_config cfg;

    eo_config_init(&cfg);
    if (k->is_quiet || eo_key_is_printable(&cfg, k))
        eo_key_put(&cfg, k, out);
    else
        eo_buf_puts(out, none);
}

static void put_key(const struct eo_key *k, const char *indent, struct eo_buf *out)
{
    eo_buf_printf(out, "%s%s: ", indent, k->name);
    put_default(k, "(unset)", out);
    eo_buf_printf(out, "\n%s    %s\n%s    ", indent, k->help, indent);
    put_allowed(k, out);
    eo_buf_puts(out, "; read by ");
    put_readers(k, "no stage", out);
    eo_buf_puts(out, "\n");
}

void eo_config_help(struct eo_buf *out)
{
    eo_buf_puts(out,
                "Keys of an experiment with their defaults, what they may be, and which stages read them:\n");
    for (int i = 0; i < eo_key_count; i++) {
        eo_buf_puts(out, "\n");
        put_key(&eo_keys[i], "  ", out);
    }
}

static const struct eo_key *find_key(const char *name, struct eo_err *err)
{
    const struct eo_key *k = eo_key_find(name);
    const char *near = eo_key_nearest(name);

    if (!k && near)
        eo_err_set(err, "unknown key '%s'; did you mean '%s'?", name, near);
    else if (!k)
        eo_err_set(err, "unknown key '%s'; 'eo-config --help' lists all keys", name);
    return k;
}

int eo_config_explain(const char *key, struct eo_buf *out, struct eo_err *err)
{
    const struct eo_key *k = find_key(key, err);

    if (!k)
        return -1;
    put_key(k, "", out);
    return 0;
}

void eo_config_markdown(struct eo_buf *out)
{
    eo_buf_puts(out, "| key | default | allowed | read by | meaning |\n| --- | --- | --- | --- | --- |\n");
    for (int i = 0; i < eo_key_count; i++) {
        eo_buf_printf(out, "| `%s` | ", eo_keys[i].name);
        put_default(&eo_keys[i], "unset", out);
        eo_buf_puts(out, " | ");
        put_allowed(&eo_keys[i], out);
        eo_buf_puts(out, " | ");
        put_readers(&eo_keys[i], "—", out);
        eo_buf_printf(out, " | %s |\n", eo_keys[i].help);
    }
}

static int put_json(struct eo_json *j, const struct eo_key *k, struct eo_err *err)
{
    struct eo_buf initial = {0}, allowed = {0};
    int rc;

    put_default(k, "", &initial);
    put_allowed(k, &allowed);
    rc = eo_buf_check(&initial, err) || eo_buf_check(&allowed, err) ? -1 : 0;
    if (rc == 0) {
        eo_json_open(j, NULL, '{');
        eo_json_text(j, "key", k->name);
        eo_json_text(j, "default", initial.len ? initial.data : NULL);
        eo_json_text(j, "allowed", allowed.data);
        eo_json_open(j, "read_by", '[');
        for (int i = 0; i <= EO_STAGE_COUNT; i++) {
            if (k->readers & 1u << i)
                eo_json_text(j, NULL, i < EO_STAGE_COUNT ? stage_names[i] : "make");
        }
        eo_json_close(j);
        eo_json_text(j, "meaning", k->help);
        eo_json_close(j);
    }
    eo_buf_release(&initial);
    eo_buf_release(&allowed);
    return rc;
}

int eo_config_keys_json(const char *key, struct eo_buf *out, struct eo_err *err)
{
    const struct eo_key *only = key ? find_key(key, err) : NULL;
    struct eo_json j = {.out = out};
    int rc = key && !only ? -1 : 0;

    if (rc)
        return rc;
    eo_json_open(&j, NULL, '{');
    eo_json_open(&j, "keys", '[');
    for (int i = 0; i < eo_key_count && !rc; i++) {
        if (!only || only == &eo_keys[i])
            rc = put_json(&j, &eo_keys[i], err);
    }
    eo_json_close(&j);
    eo_json_close(&j);
    return rc;
}
