/*
 * Reads a configuration from libyaml's events, one after the other. Each value that nests has a function of its own and
 * a fixed depth, so nothing here is recursive.
 */
#include "format/config_keys.h"
#include "format/config_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "format/config_board.h"
#include "format/yaml_read.h"

#define FILE_MAX 65536 /* bytes of a configuration; libyaml's time grows faster than the file */
#define NOTE_MAX 128   /* bytes of the advice in a message, its NUL included */

struct reader {
    struct eo_yaml yaml;
    struct eo_config *cfg;
    yaml_mark_t key_at[EO_KEY_MAX]; /* where each key that was read stands */
    yaml_mark_t value_at[EO_KEY_MAX];
    int seen[EO_KEY_MAX];
};

static int is_text_type(enum eo_key_type type)
{
    return type == EO_KEY_CHOICE || type == EO_KEY_WORD || type == EO_KEY_NAME || type == EO_KEY_MODEL ||
           type == EO_KEY_PATH || type == EO_KEY_SHA256 || type == EO_KEY_WIDTHS;
}

/* Advice for a key that needs a value and has null or nothing. Returns whether it applies. */
static int note_null(const struct reader *r, const struct eo_key *k, char note[NOTE_MAX])
{
    const yaml_event_t *e = &r->yaml.event;
    int is_text = eo_yaml_is_plain(e) || (e->type == YAML_SCALAR_EVENT && is_text_type(k->type));
    int is_entry = e->start_mark.index != r->value_at[k - eo_keys].index;

    if (!is_text || is_entry || !eo_key_null_text((const char *)e->data.scalar.value))
        return 0;
    if (k->instead)
        snprintf(note, NOTE_MAX, "; %s", k->instead);
    else if (k->initial && !k->capacity)
        snprintf(note, NOTE_MAX, "; leave the key out for its default, %s", k->initial);
    else
        snprintf(note, NOTE_MAX, "; leave the key out%s", k->initial ? " for its default" : "");
    return 1;
}

/* Advice for 1_000, 0x10, 012, 1,5 and the like, which begin like numbers; readers of YAML differ on what they mean. */
static int note_number(const struct reader *r, const struct eo_key *k, char note[NOTE_MAX])
{
    const yaml_event_t *e = &r->yaml.event;
    const char *text = (const char *)e->data.scalar.value;
    int is_number = k->type < EO_KEY_LEVEL && eo_yaml_is_plain(e) && *text && strchr("+-0123456789", *text);

    if (!is_number || !(strpbrk(text, "_,xo:") || (text[0] == '0' && text[1] >= '0' && text[1] <= '9')))
        return 0;
    snprintf(note, NOTE_MAX, "; write a number as 1000, 0.001 or 1e-3");
    return 1;
}

static int fail_value(struct reader *r, const struct eo_key *k, const char *expected)
{
    char found[EO_YAML_FOUND], note[NOTE_MAX] = "";

    if (!note_null(r, k, note) && k->note)
        snprintf(note, sizeof(note), "; %s", k->note);
    else if (!*note)
        note_number(r, k, note);
    eo_yaml_found(&r->yaml.event, found);
    return eo_yaml_fail(&r->yaml, r->yaml.event.start_mark, "key '%s': expected %s, found %s%s", k->name,
                        expected, found, note);
}

/* Stores the current event as a value, or as entry `index` of a list. */
static int read_entry(struct reader *r, const struct eo_key *k, int index)
{
    const yaml_event_t *e = &r->yaml.event;
    const char *text = (const char *)e->data.scalar.value;
    char allowed[EO_KEY_ALLOWED];
    int ok = e->type == YAML_SCALAR_EVENT;

    /* A number in quotes is text, and an escaped NUL would hide what follows it. */
    ok = ok && (e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE || is_text_type(k->type));
    ok = ok && strlen(text) == e->data.scalar.length;
    if (ok && k->nullable && eo_key_null_text(text)) {
        eo_key_set_null(r->cfg, k);
        return 0;
    }
    if (ok && eo_key_set(r->cfg, k, index, text) == 0)
        return 0;
    eo_key_allowed(k, allowed);
    return fail_value(r, k, allowed);
}

/* Reads a level that is a list, with one number for each space of channels. */
static int read_level_list(struct reader *r, const struct eo_key *k, int index)
{
    yaml_mark_t start = r->yaml.event.start_mark;
    double shares[EO_LEVEL_SHARES];
    char allowed[EO_KEY_ALLOWED];
    int n = 0;

    eo_key_allowed(k, allowed);
    for (;; n++) {
        if (eo_yaml_next(&r->yaml))
            return -1;
        if (r->yaml.event.type == YAML_SEQUENCE_END_EVENT)
            break;
        if (!eo_yaml_is_plain(&r->yaml.event) ||
            eo_key_parse_share((const char *)r->yaml.event.data.scalar.value, &shares[n % EO_LEVEL_SHARES]))
            return fail_value(r, k, allowed);
    }
    if (n < 2 || n > EO_LEVEL_SHARES)
        return eo_yaml_fail(
            &r->yaml, start,
            "key '%s': a level list that does not fit the network: expected 2 to %d entries, one for "
            "each space of channels, found %d",
            k->name, EO_LEVEL_SHARES, n);
    eo_key_set_level(r->cfg, k, index, shares, n);
    return 0;
}

static int check_board(struct reader *r, const struct eo_key *k, int index, yaml_mark_t at)
{
    if (!eo_key_is_repeated(r->cfg, k, index))
        return 0;
    return eo_yaml_fail(&r->yaml, at, "key '%s': expected different names, found '%s' again", k->name,
                        r->cfg->devices[index].name);
}

/* Reads one entry of a list. Only a level may itself be a list, and only a board a mapping. */
static int read_list_entry(struct reader *r, const struct eo_key *k, int index)
{
    yaml_mark_t at = r->yaml.event.start_mark;

    if (k->type == EO_KEY_LEVEL && r->yaml.event.type == YAML_SEQUENCE_START_EVENT) {
        if (read_level_list(r, k, index))
            return -1;
        if (eo_key_is_repeated(r->cfg, k, index))
            return eo_yaml_fail(
                &r->yaml, at, "key '%s': expected different entries, found a list that equals an earlier one",
                k->name);
        return 0;
    }
    if (k->type == EO_KEY_BOARD && r->yaml.event.type == YAML_MAPPING_START_EVENT)
        return eo_config_read_board(&r->yaml, k->name, &r->cfg->devices[index])
                   ? -1
                   : check_board(r, k, index, at);
    if (read_entry(r, k, index))
        return -1;
    return eo_key_is_repeated(r->cfg, k, index) ? fail_value(r, k, "different entries") : 0;
}

static int read_list(struct reader *r, const struct eo_key *k)
{
    yaml_mark_t start = r->yaml.event.start_mark;
    int n = 0;

    if (k->is_single && r->yaml.event.type == YAML_SCALAR_EVENT) {
        eo_key_set_count(r->cfg, k, 1);
        return read_entry(r, k, 0);
    }
    if (r->yaml.event.type != YAML_SEQUENCE_START_EVENT)
        return fail_value(r, k, "a list");
    for (;;) {
        if (eo_yaml_next(&r->yaml))
            return -1;
        if (r->yaml.event.type == YAML_SEQUENCE_END_EVENT)
            break;
        if (n == k->capacity)
            return eo_yaml_fail(&r->yaml, r->yaml.event.start_mark,
                                "key '%s': expected at most %d entries, found more", k->name, k->capacity);
        if (read_list_entry(r, k, n))
            return -1;
        n++;
    }
    if (n == 0)
        return eo_yaml_fail(&r->yaml, start,
                            "key '%s': expected a list of at least one entry, found an empty one", k->name);
    eo_key_set_count(r->cfg, k, n);
    return 0;
}

static int fail_unknown(struct reader *r)
{
    const yaml_event_t *e = &r->yaml.event;
    const char *name = (const char *)e->data.scalar.value;
    const char *near = eo_key_nearest(name);
    char shown[EO_YAML_SHOWN];

    eo_yaml_show(e->data.scalar.value, e->data.scalar.length, shown);
    if (strcmp(name, "<<") == 0)
        return eo_yaml_fail(&r->yaml, e->start_mark,
                            "expected a key, found '<<': merge keys are not supported");
    if (near)
        return eo_yaml_fail(&r->yaml, e->start_mark, "unknown key '%s'; did you mean '%s'?", shown, near);
    return eo_yaml_fail(&r->yaml, e->start_mark, "unknown key '%s'; 'eo-config --help' lists all keys",
                        shown);
}

/* Reads one key and its value; the current event is the key. */
static int read_pair(struct reader *r)
{
    yaml_mark_t at = r->yaml.event.start_mark;
    const struct eo_key *k;
    int i;

    if (r->yaml.event.type != YAML_SCALAR_EVENT)
        return eo_yaml_fail(&r->yaml, at, "expected a key, found %s",
                            r->yaml.event.type == YAML_MAPPING_START_EVENT ? "a mapping" : "a list");
    k = eo_key_find((const char *)r->yaml.event.data.scalar.value);
    if (!k || strlen(k->name) != r->yaml.event.data.scalar.length)
        return fail_unknown(r);
    i = (int)(k - eo_keys);
    if (r->seen[i])
        return eo_yaml_fail(&r->yaml, at, "duplicate key '%s', given in line %zu already", k->name,
                            r->key_at[i].line + 1);
    r->seen[i] = 1;
    r->key_at[i] = at;
    if (eo_yaml_next(&r->yaml))
        return -1;
    r->value_at[i] = r->yaml.event.start_mark;
    if (k->capacity)
        return read_list(r, k);
    if (k->type == EO_KEY_MODEL && r->yaml.event.type == YAML_SEQUENCE_START_EVENT)
        return eo_config_model_read(&r->yaml, r->cfg->model);
    eo_key_set_count(r->cfg, k, 1); /* null makes it 0 again */
    return read_entry(r, k, 0);
}

static int read_mapping(struct reader *r)
{
    yaml_mark_t start = r->yaml.event.start_mark;
    int pairs = 0;

    for (;; pairs++) {
        if (eo_yaml_next(&r->yaml))
            return -1;
        if (r->yaml.event.type == YAML_MAPPING_END_EVENT)
            break;
        if (read_pair(r))
            return -1;
    }
    return pairs ? 0 : eo_yaml_fail(&r->yaml, start, "expected at least one key, found none");
}

/* ---- Rules about several keys ------------------------------------------------------------------------------------ */

static int key_index(const char *name)
{
    return (int)(eo_key_find(name) - eo_keys);
}

static int check_seeds(struct reader *r)
{
    int one = key_index("seed"), many = key_index("seeds");

    if (!r->seen[one] || !r->seen[many])
        return 0;
    return eo_yaml_fail(&r->yaml, r->key_at[many],
                        "key 'seeds': expected either 'seed' or 'seeds', found 'seed' in line %zu too",
                        r->key_at[one].line + 1);
}

/* One seed alone never gives too many candidates, so the message points to the seeds. */
static int check_candidates(struct reader *r)
{
    const struct eo_config *cfg = r->cfg;
    int models = 0, candidates;

    for (int i = 0; i < cfg->pruning_level_count; i++)
        models += eo_level_is_zero(cfg->pruning_levels[i]) ? 1 : cfg->pruning_criterion_count;
    candidates = cfg->seed_count * models * cfg->precision_count;
    if (candidates <= EO_CONFIG_CANDIDATES_MAX)
        return 0;
    return eo_yaml_fail(
        &r->yaml, r->value_at[key_index("seeds")],
        "key 'seeds': expected at most %d candidates (seeds x levels x criteria x precisions), found %d; "
        "divide them among several configurations",
        EO_CONFIG_CANDIDATES_MAX, candidates);
}

static int check_dataset(struct reader *r)
{
    if (*r->cfg->data_dir && strcmp(r->cfg->dataset, "idx") != 0)
        return eo_yaml_fail(&r->yaml, r->key_at[key_index("data_dir")],
                            "key 'data_dir': expected 'dataset: idx' beside it, found '%s'", r->cfg->dataset);
    return 0;
}

/* Beside base_model, epochs is 0 unless it is given. */
static int check_base_model(struct reader *r)
{
    int sum = key_index("base_model_sha256");

    if (*r->cfg->base_model && !r->seen[key_index("epochs")])
        r->cfg->epochs = 0;
    if (*r->cfg->base_model_sha256 && !*r->cfg->base_model)
        return eo_yaml_fail(&r->yaml, r->key_at[sum],
                            "key 'base_model_sha256': expected 'base_model' beside it, found none");
    return 0;
}

static int check_teacher(struct reader *r)
{
    static const char *const beside[] = {"teacher_sha256", "distillation_temperature", "distillation_weight"};
    int is_sealed = *r->cfg->teacher_sha256 && eo_config_teacher_is_base(r->cfg);

    for (int i = 0; i < 3; i++) {
        int key = key_index(beside[i]);

        if (r->seen[key] && (!*r->cfg->teacher || (i == 0 && is_sealed)))
            return eo_yaml_fail(&r->yaml, r->key_at[key], "key '%s': expected 'teacher'%s beside it, found %s",
                                beside[i], i == 0 ? " with the path of a file" : "", is_sealed ? "base" : "none");
    }
    return 0;
}

static int check_output(struct reader *r)
{
    char *dir = r->cfg->output_dir, out[EO_CONFIG_OUT_MAX];
    size_t n = strlen(dir);
    struct eo_err why;

    if (n == 0)
        return 0;
    if (n > 1 && dir[n - 1] == '/')
        dir[n - 1] = '\0';
    if (eo_config_output_dir(r->cfg, "", out, &why))
        return eo_yaml_fail(&r->yaml, r->value_at[key_index("output_dir")], "key 'output_dir': %s", why.msg);
    return 0;
}

/* The two lists must agree. Whether the input has as many channels is checked once the network is known. */
static int check_input(struct reader *r)
{
    int means = r->cfg->input_mean_count, stds = r->cfg->input_std_count;

    if (means <= 1 || stds <= 1 || means == stds)
        return 0;
    return eo_yaml_fail(&r->yaml, r->value_at[key_index("input_std")],
                        "key 'input_std': expected 1 number, or %d as in 'input_mean', found %d", means,
                        stds);
}

/* Checks only smallcnn: the number of spaces of other networks is known only when they are pruned. */
static int check_levels(struct reader *r)
{
    const struct eo_config *cfg = r->cfg;

    for (int i = 0; strcmp(cfg->model, "smallcnn") == 0 && i < cfg->pruning_level_count; i++) {
        if (cfg->pruning_levels[i].count > 2)
            return eo_yaml_fail(
                &r->yaml, r->value_at[key_index("pruning_levels")],
                "key 'pruning_levels': a level list that does not fit the network: expected two "
                "entries, of conv1 and of conv2, found %d",
                cfg->pruning_levels[i].count);
    }
    return 0;
}

static int check_scope(struct reader *r)
{
    char text[EO_LEVEL_TEXT];

    for (int i = 0; r->cfg->pruning_scope == EO_SCOPE_GLOBAL && i < r->cfg->pruning_level_count; i++) {
        struct eo_level level = r->cfg->pruning_levels[i];

        if (eo_level_is_uniform(level))
            continue;
        eo_level_text(level, text);
        return eo_yaml_fail(
            &r->yaml, r->value_at[key_index("pruning_levels")],
            "key 'pruning_levels': expected one number per level beside 'pruning_scope: global', found %s",
            text);
    }
    return 0;
}

static int check_limit(struct reader *r, const char *key, double limit, const char *field, double known)
{
    if (limit == 0 || known > 0)
        return 0;
    if (!*r->cfg->active_device)
        return eo_yaml_fail(&r->yaml, r->key_at[key_index(key)],
                            "key '%s': expected 'active_device' beside it, found none", key);
    return eo_yaml_fail(
        &r->yaml, r->key_at[key_index(key)],
        "key '%s': expected '%s' of the active device, found none: measure it and give it in devices", key,
        field);
}

static int check_devices(struct reader *r)
{
    const struct eo_config *cfg = r->cfg;
    struct eo_board active;
    struct eo_err why;

    if (eo_config_active_board(cfg, &active, &why))
        return eo_yaml_fail(&r->yaml, r->value_at[key_index("devices")], "key 'devices': %s", why.msg);
    if (*cfg->active_device && !*active.name)
        return eo_yaml_fail(&r->yaml, r->value_at[key_index("active_device")],
                            "key 'active_device': expected the name of one of devices, found '%s'",
                            cfg->active_device);
    if (check_limit(r, "max_latency_ms", cfg->max_latency_ms, "cycles_per_instruction",
                    active.cycles_per_instruction) ||
        check_limit(r, "max_energy_mj", cfg->max_energy_mj, "cycles_per_instruction",
                    active.cycles_per_instruction))
        return -1;
    return check_limit(r, "max_energy_mj", cfg->max_energy_mj, "milliwatts", active.milliwatts);
}

static int check_rules(struct reader *r)
{
    return check_input(r) || check_seeds(r) || check_candidates(r) || check_dataset(r) ||
           check_base_model(r) || check_teacher(r) || check_levels(r) || check_scope(r) || check_output(r) ||
           check_devices(r);
}

int eo_config_parse(struct eo_config *cfg, const char *text, size_t size, struct eo_err *err)
{
    struct reader r = {.cfg = cfg};
    int rc;

    eo_config_init(cfg);
    if (size > FILE_MAX)
        return eo_err_set(err, "expected at most %d bytes, found %zu", FILE_MAX, size);
    if (eo_yaml_open(&r.yaml, text, size, err))
        return -1;
    rc = eo_yaml_document(&r.yaml) || read_mapping(&r) || eo_yaml_finish(&r.yaml) || check_rules(&r) ? -1 : 0;
    return eo_yaml_close(&r.yaml, rc);
}

int eo_config_load(struct eo_config *cfg, const char *path, struct eo_err *err)
{
    char *text = NULL;
    size_t size = 0;
    int rc;

    if (eo_io_read(path, FILE_MAX, &text, &size, err))
        return -1;
    rc = eo_config_parse(cfg, text, size, err);
    free(text);
    return rc;
}
