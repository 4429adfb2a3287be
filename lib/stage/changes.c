#include "stage/changes.h"

#include <stdlib.h>
#include <string.h>

#include "base/io.h"

#define LIMIT ((size_t)1 << 20) /* bytes of a slice; a configuration has at most 64 KiB */

static const char candidates[] = "candidates", dataset[] = "dataset.csv";

/* "" where there is no such file; *data is NULL then. */
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

/* ---- lines of a key, a separator and a value */

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

/* Values are cut where nobody would read on. */
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

/* ---- the lists of candidates */

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

/* ---- the data: rows of set, part, images, checksum */

static void put_part(const char *then, const char *now, const char *part, const char *name,
                     struct eo_buf *out, size_t start)
{
    struct line a = {0}, b = {0};

    /* The key is the data set, the value the rest of the row. */
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

/* Whether a place belongs to `word` of list number `i`. A stem is "p", a level and perhaps a hyphen and a criterion. */
static int belongs(const struct eo_graph_place *place, size_t i, const char *word, size_t length)
{
    const char *level = *place->stem ? place->stem + 1 : "", *hyphen = strchr(level, '-');
    size_t level_length = hyphen ? (size_t)(hyphen - level) : strlen(level);

    switch (i) {
    case 0:
        return *place->seed && is_same(place->seed + 4, strlen(place->seed + 4) - 1, word, length);
    case 1:
        return is_same(level, level_length, word, length);
    case 2:
        return hyphen && is_same(hyphen + 1, strlen(hyphen + 1), word, length);
    default:
        return is_same(place->precision, strlen(place->precision), word, length);
    }
}

static void put_new(const char *then, const char *now, const struct eo_graph_place *place, struct eo_buf *out)
{
    size_t i, at, n, start = out->len;

    for (i = 0; i < LISTS; i++) {
        struct line a = {0}, b;

        if (!find_list(now, lists[i].name, &b) || !find_list(then, lists[i].name, &a))
            continue;
        for (at = 0; at < b.value_length; at += n + 1) {
            n = strcspn(b.value + at, " \n");
            if (!belongs(place, i, b.value + at, n) || has_word(&a, b.value + at, n))
                continue;
            put_separator(out, start);
            eo_buf_printf(out, "%s %.*s was added", lists[i].noun, width(n), b.value + at);
        }
    }
}

int eo_changes_put_new(const struct eo_changes *c, const struct eo_graph_place *place, struct eo_buf *out,
                       struct eo_err *err)
{
    char *then = NULL, *now = NULL;
    int rc = -1;

    if (read_file(c->then, candidates, &then, err) || read_file(c->now, candidates, &now, err))
        goto out;
    if (!then)
        eo_buf_puts(out, "was never made");
    else if (now)
        put_new(then, now, place, out);
    rc = 0;
out:
    free(then);
    free(now);
    return rc;
}
