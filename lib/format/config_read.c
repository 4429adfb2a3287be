/*
 * Reading an experiment: libyaml's events, one after the other. Nothing nests deeper than a list in the one
 * mapping, so nothing here is recursive.
 */
#include "format/config_keys.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/io.h"
#include "format/text.h"

#define FILE_MAX 65536 /* bytes of an experiment; libyaml's effort grows faster than the file */
#define FOUND_TEXT 64  /* a value as messages show it */

struct reader {
    yaml_parser_t yaml;
    yaml_event_t event; /* the current one */
    const char *text;
    size_t size;
    struct eo_config *cfg;
    struct eo_err *err;
    size_t failed_line;               /* from 1; 0: none */
    yaml_mark_t key_at[EO_KEY_COUNT]; /* where each key that was read stands */
    yaml_mark_t value_at[EO_KEY_COUNT];
    int seen[EO_KEY_COUNT];
};

static int fail_at(struct reader *r, yaml_mark_t at, const char *fmt, ...) EO_PRINTF(3, 4);

static int fail_at(struct reader *r, yaml_mark_t at, const char *fmt, ...)
{
    char msg[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(msg, sizeof(msg), fmt, ap);
    va_end(ap);
    r->failed_line = at.line + 1;
    return eo_err_set(r->err, "%zu:%zu: %s", at.line + 1, at.column + 1, msg);
}

/* libyaml reports bytes that are not YAML text by offset alone. */
static yaml_mark_t place_of_offset(const struct reader *r, size_t offset)
{
    yaml_mark_t at = {0};
    size_t i;

    for (i = 0; i < offset && i < r->size; i++) {
        if (r->text[i] == '\n') {
            at.line++;
            at.column = 0;
        } else if ((r->text[i] & 0xC0) != 0x80) {
            at.column++;
        }
    }
    return at;
}

/* Tabs in indentation deserve a better message than "cannot start any token". */
static int is_tab(const struct reader *r, yaml_mark_t at)
{
    size_t i, line = 0;

    for (i = 0; i < r->size && line < at.line; i++)
        line += r->text[i] == '\n';
    return line == at.line && at.column < r->size - i && r->text[i + at.column] == '\t';
}

static int fail_yaml(struct reader *r)
{
    const yaml_parser_t *y = &r->yaml;
    const char *problem = y->problem ? y->problem : "unknown problem";

    if (y->error == YAML_MEMORY_ERROR)
        return eo_err_set(r->err, "out of memory while reading YAML");
    if (y->error == YAML_READER_ERROR)
        return fail_at(r, place_of_offset(r, y->problem_offset), "expected UTF-8 text, found byte 0x%02x: %s",
                       (unsigned)(y->problem_value & 0xFFFFFF), problem);
    if (is_tab(r, y->problem_mark))
        return fail_at(r, y->problem_mark, "expected spaces, found a tab in the indentation");
    return fail_at(r, y->problem_mark, "expected YAML: %s%s%s", y->context ? y->context : "",
                   y->context ? ", " : "", problem);
}

/* Anchors, aliases and tags make a value depend on what stands elsewhere; no experiment needs them. */
static int refuse_decoration(struct reader *r)
{
    const yaml_event_t *e = &r->event;
    const yaml_char_t *anchor = NULL, *tag = NULL;

    if (e->type == YAML_ALIAS_EVENT)
        return fail_at(r, e->start_mark, "expected a value, found an alias ('*'): aliases are not supported");
    if (e->type == YAML_SCALAR_EVENT) {
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
    } else if (e->type == YAML_MAPPING_START_EVENT) {
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
    }
    if (anchor)
        return fail_at(r, e->start_mark,
                       "expected a value, found an anchor ('&'): anchors are not supported");
    if (tag)
        return fail_at(r, e->start_mark, "expected a value, found a tag ('!'): tags are not supported");
    return 0;
}

/* Moves to the next event. */
static int advance(struct reader *r)
{
    yaml_event_delete(&r->event);
    if (!yaml_parser_parse(&r->yaml, &r->event))
        return fail_yaml(r);
    return refuse_decoration(r);
}

/* Copies what messages show of a value: one line, cut between characters, no control characters. */
static void show_bytes(const unsigned char *s, size_t n, char text[FOUND_TEXT])
{
    size_t limit = FOUND_TEXT - 8, i, k = 0;

    for (i = 0; i < n && k < limit; i++) {
        int is_c1 = s[i] == 0xC2 && i + 1 < n && s[i + 1] < 0xA0;

        text[k++] = s[i] < 0x20 || s[i] == 0x7F || is_c1 ? '?' : (char)s[i];
        i += (size_t)is_c1;
    }
    if (i < n) {
        while (k > 0 && (s[i] & 0xC0) == 0x80) {
            i--;
            k--;
        }
        memcpy(text + k, "...", 3);
        k += 3;
    }
    text[k] = '\0';
}

/* What was found, for "expected ..., found ...". */
static void found_text(const yaml_event_t *e, char text[2 * FOUND_TEXT])
{
    char shown[FOUND_TEXT];

    if (e->type == YAML_SEQUENCE_START_EVENT || e->type == YAML_MAPPING_START_EVENT) {
        snprintf(text, 2 * FOUND_TEXT, "%s", e->type == YAML_SEQUENCE_START_EVENT ? "a list" : "a mapping");
        return;
    }
    show_bytes(e->data.scalar.value, e->data.scalar.length, shown);
    if (e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        snprintf(text, 2 * FOUND_TEXT, "the quoted text '%s'", shown);
    else if (e->data.scalar.length == 0)
        snprintf(text, 2 * FOUND_TEXT, "nothing");
    else
        snprintf(text, 2 * FOUND_TEXT, "'%s'", shown);
}

/* Whether the current event is text without quotes and without an escaped NUL, which would hide what follows it. */
static int is_plain_text(const yaml_event_t *e)
{
    return e->type == YAML_SCALAR_EVENT && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           strlen((const char *)e->data.scalar.value) == e->data.scalar.length;
}

/* How to write what begins like a number and is none here, as 1_000, 0x10, 012, 1,5: readers of YAML differ there. */
static const char *number_note(const struct reader *r, const struct eo_key *k)
{
    const yaml_event_t *e = &r->event;
    const char *text = (const char *)e->data.scalar.value;
    int is_number = k->type < EO_KEY_LEVEL && is_plain_text(e) && *text && strchr("+-0123456789", *text);

    if (!is_number || !(strpbrk(text, "_,xo:") || (text[0] == '0' && text[1] >= '0' && text[1] <= '9')))
        return NULL;
    return "write a number as 1000, 0.001 or 1e-3";
}

static int fail_value(struct reader *r, const struct eo_key *k, const char *expected)
{
    const char *note = k->note ? k->note : number_note(r, k);
    char found[2 * FOUND_TEXT];

    found_text(&r->event, found);
    return fail_at(r, r->event.start_mark, "key '%s': expected %s, found %s%s%s", k->name, expected, found,
                   note ? "; " : "", note ? note : "");
}

static int is_text_type(enum eo_key_type type)
{
    return type == EO_KEY_CHOICE || type == EO_KEY_WORD || type == EO_KEY_PATH;
}

/* Stores the current event as a value or entry. */
static int read_entry(struct reader *r, const struct eo_key *k, int index)
{
    const yaml_event_t *e = &r->event;
    const char *text = (const char *)e->data.scalar.value;
    char allowed[EO_KEY_ALLOWED];
    int ok = e->type == YAML_SCALAR_EVENT;

    /* Quotes make a number text, and an escaped NUL would hide what follows it. */
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

/* Tells the user what the network has when a level's list has another number of entries. */
static int read_level_list(struct reader *r, const struct eo_key *k, int index)
{
    yaml_mark_t start = r->event.start_mark;
    char allowed[EO_KEY_ALLOWED];
    int n = 0;

    eo_key_allowed(k, allowed);
    for (;; n++) {
        if (advance(r))
            return -1;
        if (r->event.type == YAML_SEQUENCE_END_EVENT)
            break;
        if (!is_plain_text(&r->event) ||
            eo_key_set_level(r->cfg, k, index, n % 2, (const char *)r->event.data.scalar.value))
            return fail_value(r, k, allowed);
    }
    if (n != 2)
        return fail_at(
            r, start,
            "key '%s': a level list that does not fit the network: expected two entries, of conv1 and of "
            "conv2, found %d",
            k->name, n);
    return 0;
}

/* Reads one entry of a list, which is a list itself only among levels. */
static int read_list_entry(struct reader *r, const struct eo_key *k, int index)
{
    yaml_mark_t at = r->event.start_mark;

    if (k->type == EO_KEY_LEVEL && r->event.type == YAML_SEQUENCE_START_EVENT) {
        if (read_level_list(r, k, index))
            return -1;
        if (eo_key_is_repeated(r->cfg, k, index))
            return fail_at(r, at,
                           "key '%s': expected different entries, found a list that equals an earlier one",
                           k->name);
        return 0;
    }
    if (read_entry(r, k, index))
        return -1;
    return eo_key_is_repeated(r->cfg, k, index) ? fail_value(r, k, "different entries") : 0;
}

static int read_list(struct reader *r, const struct eo_key *k)
{
    yaml_mark_t start = r->event.start_mark;
    int n = 0;

    if (k->is_single && r->event.type == YAML_SCALAR_EVENT) {
        eo_key_set_count(r->cfg, k, 1);
        return read_entry(r, k, 0);
    }
    if (r->event.type != YAML_SEQUENCE_START_EVENT)
        return fail_value(r, k, "a list");
    for (;;) {
        if (advance(r))
            return -1;
        if (r->event.type == YAML_SEQUENCE_END_EVENT)
            break;
        if (n == k->capacity)
            return fail_at(r, r->event.start_mark, "key '%s': expected at most %d entries, found more",
                           k->name, k->capacity);
        if (read_list_entry(r, k, n))
            return -1;
        n++;
    }
    if (n == 0)
        return fail_at(r, start, "key '%s': expected a list of at least one entry, found an empty one",
                       k->name);
    eo_key_set_count(r->cfg, k, n);
    return 0;
}

/* Levenshtein's distance, row by row. Longer words than any key are as far away as can be. */
static int edit_distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    int row[LONGEST + 1];
    size_t la = strlen(a), lb = strlen(b), i, j;

    if (la > LONGEST || lb > LONGEST)
        return LONGEST;
    for (j = 0; j <= lb; j++)
        row[j] = (int)j;
    for (i = 1; i <= la; i++) {
        int diagonal = row[0];

        row[0] = (int)i;
        for (j = 1; j <= lb; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[lb];
}

/* The key that was probably meant: a third of its letters may be wrong. NULL if there is none. */
static const char *nearest_key(const char *name)
{
    const char *best = NULL;
    int i, best_distance = 0;

    for (i = 0; i < EO_KEY_COUNT; i++) {
        int d = edit_distance(name, eo_keys[i].name);

        if (3 * d <= (int)strlen(eo_keys[i].name) && (!best || d < best_distance)) {
            best = eo_keys[i].name;
            best_distance = d;
        }
    }
    return best;
}

static int fail_unknown(struct reader *r)
{
    const yaml_event_t *e = &r->event;
    const char *name = (const char *)e->data.scalar.value;
    const char *near = nearest_key(name);
    char shown[FOUND_TEXT];

    show_bytes(e->data.scalar.value, e->data.scalar.length, shown);
    if (strcmp(name, "<<") == 0)
        return fail_at(r, e->start_mark, "expected a key, found '<<': merge keys are not supported");
    if (near)
        return fail_at(r, e->start_mark, "unknown key '%s'; did you mean '%s'?", shown, near);
    return fail_at(r, e->start_mark, "unknown key '%s'; 'eo-config --help' lists all keys", shown);
}

/* Reads one key and its value; the current event is the key. */
static int read_pair(struct reader *r)
{
    yaml_mark_t at = r->event.start_mark;
    const struct eo_key *k;
    int i;

    if (r->event.type != YAML_SCALAR_EVENT)
        return fail_at(r, at, "expected a key, found %s",
                       r->event.type == YAML_MAPPING_START_EVENT ? "a mapping" : "a list");
    k = eo_key_find((const char *)r->event.data.scalar.value);
    if (!k || strlen(k->name) != r->event.data.scalar.length)
        return fail_unknown(r);
    i = (int)(k - eo_keys);
    if (r->seen[i])
        return fail_at(r, at, "duplicate key '%s', given in line %zu already", k->name,
                       r->key_at[i].line + 1);
    r->seen[i] = 1;
    r->key_at[i] = at;
    if (advance(r))
        return -1;
    r->value_at[i] = r->event.start_mark;
    if (k->capacity)
        return read_list(r, k);
    eo_key_set_count(r->cfg, k, 1); /* null makes it 0 again */
    return read_entry(r, k, 0);
}

static int read_mapping(struct reader *r)
{
    yaml_mark_t start = r->event.start_mark;
    int pairs = 0;

    for (;; pairs++) {
        if (advance(r))
            return -1;
        if (r->event.type == YAML_MAPPING_END_EVENT)
            break;
        if (read_pair(r))
            return -1;
    }
    return pairs ? 0 : fail_at(r, start, "expected at least one key, found none");
}

static int is_plain_start(const yaml_event_t *e)
{
    return !e->data.document_start.version_directive &&
           e->data.document_start.tag_directives.start == e->data.document_start.tag_directives.end;
}

static int read_stream(struct reader *r)
{
    if (advance(r) || advance(r)) /* start of the stream, start of the document */
        return -1;
    if (r->event.type == YAML_STREAM_END_EVENT)
        return fail_at(r, r->event.start_mark, "expected at least one key, found none");
    if (!is_plain_start(&r->event))
        return fail_at(r, r->event.start_mark,
                       "expected a key, found a directive ('%%'): directives are not supported");
    if (advance(r))
        return -1;
    if (r->event.type != YAML_MAPPING_START_EVENT)
        return fail_at(r, r->event.start_mark, "expected 'key: value' lines, found %s",
                       r->event.type == YAML_SCALAR_EVENT ? "text" : "a list");
    if (read_mapping(r) || advance(r) || advance(r)) /* end of the document, end of the stream */
        return -1;
    if (r->event.type != YAML_STREAM_END_EVENT)
        return fail_at(r, r->event.start_mark, "expected one document, found another");
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------
 * Rules about several keys
 */

static int key_index(const char *name)
{
    return (int)(eo_key_find(name) - eo_keys);
}

static int check_seeds(struct reader *r)
{
    int one = key_index("seed"), many = key_index("seeds");

    if (!r->seen[one] || !r->seen[many])
        return 0;
    return fail_at(r, r->key_at[many],
                   "key 'seeds': expected either 'seed' or 'seeds', found 'seed' in line %zu too",
                   r->key_at[one].line + 1);
}

/* Without several seeds there cannot be too many. */
static int check_candidates(struct reader *r)
{
    const struct eo_config *cfg = r->cfg;
    int models = 0, candidates;

    for (int i = 0; i < cfg->pruning_level_count; i++)
        models += eo_level_is_zero(cfg->pruning_levels[i]) ? 1 : cfg->pruning_criterion_count;
    candidates = cfg->seed_count * models * cfg->precision_count;
    if (candidates <= EO_CONFIG_CANDIDATES_MAX)
        return 0;
    return fail_at(r, r->value_at[key_index("seeds")],
                   "key 'seeds': expected at most %d candidates (seeds x levels x criteria x precisions), found %d; "
                   "divide them among several configurations",
                   EO_CONFIG_CANDIDATES_MAX, candidates);
}

static int check_dataset(struct reader *r)
{
    if (*r->cfg->data_dir && strcmp(r->cfg->dataset, "idx") != 0)
        return fail_at(r, r->key_at[key_index("data_dir")],
                       "key 'data_dir': expected 'dataset: idx' beside it, found '%s'", r->cfg->dataset);
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
        return fail_at(r, r->value_at[key_index("output_dir")], "key 'output_dir': %s", why.msg);
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
        return fail_at(
            r, r->value_at[key_index("pruning_levels")],
            "key 'pruning_levels': expected one number per level beside 'pruning_scope: global', found %s",
            text);
    }
    return 0;
}

int eo_config_parse(struct eo_config *cfg, const char *text, size_t size, struct eo_err *err)
{
    size_t bom = eo_text_bom(text, size);
    struct reader r = {.text = text + bom, .size = size - bom, .cfg = cfg, .err = err};
    int rc = -1;

    eo_config_init(cfg);
    if (size > FILE_MAX)
        return eo_err_set(err, "expected at most %d bytes, found %zu", FILE_MAX, size);
    if (eo_text_check_utf8(text, size, err))
        return -1;
    if (!yaml_parser_initialize(&r.yaml))
        return eo_err_set(err, "out of memory while reading YAML");
    yaml_parser_set_encoding(&r.yaml, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.yaml, (const unsigned char *)r.text, r.size);
    if (read_stream(&r) || check_seeds(&r) || check_candidates(&r) || check_dataset(&r) || check_scope(&r) || check_output(&r))
        goto out;
    rc = 0;
out:
    if (rc && r.failed_line)
        rc = eo_text_explain_spaces(r.text, r.size, r.failed_line, err) ? -1 : rc;
    yaml_event_delete(&r.event);
    yaml_parser_delete(&r.yaml);
    return rc;
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
