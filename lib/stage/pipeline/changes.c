#include "stage/pipeline/changes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"

#define LIMIT ((size_t)1 << 20) /* bytes of a slice; a configuration has at most 64 KiB */

static const char candidates[] = "candidates", dataset[] = "dataset.csv";

/* Without such a file *data is NULL, and the call succeeds. */
static int read_file(const char *folder, const char *file, char **data, struct eo_err *err)
{
    struct eo_buf path = {0};
    size_t size;
    int rc = -1, there;

    *data = NULL;
    eo_buf_printf(&path, "%s/%s", folder, file);
    if (eo_buf_check(&path, err))
        goto out;
    there = eo_io_exists(path.data, err);
    if (there == 0 || (there > 0 && eo_io_read(path.data, LIMIT, data, &size, err) == 0))
        rc = 0;
    else
        eo_err_prefix(err, "'%.200s'", path.data);
out:
    eo_buf_release(&path);
    return rc;
}

static void put_separator(struct eo_buf *out, size_t start)
{
    if (out->len > start)
        eo_buf_puts(out, "; ");
}

/* ---- lines of a key, a separator and a value --------------------------------------------------------------------- */

struct line {
    const char *key, *value;
    size_t key_length, value_length;
};

/* Takes the line at *text and goes on to the next. Returns 0 at the end. */
static int next_line(const char **text, const char *separator, struct line *line)
{
    while (**text) {
        const char *start = *text;
        size_t length = strcspn(start, "\n"), n = strlen(separator);
        const char *found = strstr(start, separator);

        *text += length + (start[length] == '\n');
        if (!found || found >= start + length)
            continue;
        *line =
            (struct line){start, found + n, (size_t)(found - start), (size_t)(start + length - found) - n};
        return 1;
    }
    return 0;
}

static int is_same(const char *a, size_t n, const char *b, size_t m)
{
    return n == m && (n == 0 || memcmp(a, b, n) == 0);
}

static int find_line(const char *text, const char *separator, const struct line *like, struct line *found)
{
    while (next_line(&text, separator, found)) {
        if (is_same(found->key, found->key_length, like->key, like->key_length))
            return 1;
    }
    return 0;
}

/* Long values are cut. */
static int width(size_t length)
{
    return length > 200 ? 200 : (int)length;
}

static void put_keys(const char *then, const char *now, struct eo_buf *out, size_t start)
{
    struct line a, b;
    const char *text;

    for (text = now; next_line(&text, ": ", &b);) {
        if (!find_line(then, ": ", &b, &a)) {
            put_separator(out, start);
            eo_buf_printf(out, "%.*s became %.*s", width(b.key_length), b.key, width(b.value_length),
                          b.value);
        } else if (!is_same(a.value, a.value_length, b.value, b.value_length)) {
            put_separator(out, start);
            eo_buf_printf(out, "%.*s changed from %.*s to %.*s", width(b.key_length), b.key,
                          width(a.value_length), a.value, width(b.value_length), b.value);
        }
    }
    for (text = then; next_line(&text, ": ", &a);) {
        if (!find_line(now, ": ", &a, &b)) {
            put_separator(out, start);
            eo_buf_printf(out, "%.*s was %.*s and is unset", width(a.key_length), a.key,
                          width(a.value_length), a.value);
        }
    }
}

/* ---- the lists of candidates ------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *noun, *nouns;
} lists[] = {
    {"EO_SEEDS", "seed", "seeds"},
    {"EO_LEVELS", "level", "levels"},
    {"EO_CRITERIA", "criterion", "criteria"},
    {"EO_PRECISIONS", "precision", "precisions"},
};
#define LISTS (sizeof(lists) / sizeof(lists[0]))

static int find_list(const char *text, const char *name, struct line *found)
{
    struct line like = {.key = name, .key_length = strlen(name)};

    return find_line(text, " := ", &like, found);
}

static int has_word(const struct line *list, const char *word, size_t length)
{
    size_t i = 0, n;

    for (; i < list->value_length; i += n + 1) {
        n = strcspn(list->value + i, " \n");
        if (is_same(list->value + i, n, word, length))
            return 1;
    }
    return 0;
}

/* The words of `list` that are not in `other`. */
static size_t put_words(const struct line *list, const struct line *other, const char *noun, const char *what,
                        struct eo_buf *out, size_t start)
{
    size_t i = 0, n, count = 0;

    for (; i < list->value_length; i += n + 1) {
        n = strcspn(list->value + i, " \n");
        if (n == 0 || has_word(other, list->value + i, n))
            continue;
        put_separator(out, start);
        eo_buf_printf(out, "%s %.*s was %s", noun, width(n), list->value + i, what);
        count++;
    }
    return count;
}

static void put_lists(const char *then, const char *now, struct eo_buf *out, size_t start)
{
    size_t i;

    for (i = 0; i < LISTS; i++) {
        struct line a, b;

        if (!find_list(then, lists[i].name, &a) || !find_list(now, lists[i].name, &b) ||
            is_same(a.value, a.value_length, b.value, b.value_length))
            continue;
        if (put_words(&b, &a, lists[i].noun, "added", out, start) +
                put_words(&a, &b, lists[i].noun, "taken out", out, start) ==
            0) {
            put_separator(out, start);
            eo_buf_printf(out, "the %s have another order", lists[i].nouns);
        }
    }
}

/* ---- the data: rows of set, part, images, checksum --------------------------------------------------------------- */

static void put_part(const char *then, const char *now, const char *part, const char *name,
                     struct eo_buf *out, size_t start)
{
    struct line a = {0}, b = {0};

    /* Of a row, the key is the data set and the value is the rest. */
    if (next_line(&then, part, &a) != next_line(&now, part, &b) ||
        !is_same(a.value, a.value_length, b.value, b.value_length)) {
        put_separator(out, start);
        eo_buf_printf(out, "the %s data changed", name);
    }
}

int eo_changes_put(const struct eo_changes *c, const char *file, struct eo_buf *out, struct eo_err *err)
{
    char *then = NULL, *now = NULL;
    size_t start = out->len;
    int rc = -1;

    if (read_file(c->then, file, &then, err) || read_file(c->now, file, &now, err))
        goto out;
    if (then && now && strcmp(file, candidates) == 0) {
        put_lists(then, now, out, start);
    } else if (then && now && strcmp(file, dataset) == 0) {
        put_part(then, now, ",train,", "training", out, start);
        put_part(then, now, ",test,", "test", out, start);
    } else if (then && now) {
        put_keys(then, now, out, start);
    }
    rc = 0;
out:
    free(then);
    free(now);
    return rc;
}

/* Whether a candidate belongs to `word` of list number `i`. */
static int belongs(const struct eo_candidate_name *name, uint64_t first_seed, size_t i, const char *word,
                   size_t length)
{
    char text[EO_LEVEL_TEXT];

    switch (i) {
    case 0:
        snprintf(text, sizeof(text), "%" PRIu64, name->key.seed);
        return name->key.seed != first_seed && is_same(text, strlen(text), word, length);
    case 1:
        eo_level_text(name->key.level, text);
        return is_same(text, strlen(text), word, length);
    case 2:
        snprintf(text, sizeof(text), "%s", eo_criterion_name(name->key.criterion));
        return name->key.criterion != EO_CRITERION_L1 && is_same(text, strlen(text), word, length);
    default:
        snprintf(text, sizeof(text), "%s", eo_precision_name(name->key.precision));
        return !name->is_pruned && is_same(text, strlen(text), word, length);
    }
}

static void put_new(const char *then, const char *now, const struct eo_candidate_name *name,
                    uint64_t first_seed, struct eo_buf *out)
{
    size_t start = out->len, n;

    for (size_t i = 0; i < LISTS; i++) {
        struct line a = {0}, b;

        if (!find_list(now, lists[i].name, &b) || !find_list(then, lists[i].name, &a))
            continue;
        for (size_t at = 0; at < b.value_length; at += n + 1) {
            n = strcspn(b.value + at, " \n");
            if (!belongs(name, first_seed, i, b.value + at, n) || has_word(&a, b.value + at, n))
                continue;
            put_separator(out, start);
            eo_buf_printf(out, "%s %.*s was added", lists[i].noun, width(n), b.value + at);
        }
    }
}

int eo_changes_put_new(const struct eo_changes *c, const struct eo_candidate_name *name, uint64_t first_seed,
                       struct eo_buf *out, struct eo_err *err)
{
    char *then = NULL, *now = NULL;
    int rc = -1;

    if (read_file(c->then, candidates, &then, err) || read_file(c->now, candidates, &now, err))
        goto out;
    if (!then)
        eo_buf_puts(out, "was never made");
    else if (now && name)
        put_new(then, now, name, first_seed, out);
    rc = 0;
out:
    free(then);
    free(now);
    return rc;
}
