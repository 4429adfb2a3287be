#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "nn/model_tensors.h"

void eo_model_meta_clear(struct eo_model *m)
{
    for (size_t i = 0; i < m->meta_count; i++) {
        free(m->meta[i].key);
        free(m->meta[i].value);
    }
    m->meta_count = 0;
}

/* Index of the first entry whose key is not before `key`. */
static size_t find_meta(const struct eo_model *m, const char *key)
{
    size_t i;

    for (i = 0; i < m->meta_count && strcmp(m->meta[i].key, key) < 0; i++)
        ;
    return i;
}

static int has_meta(const struct eo_model *m, size_t i, const char *key)
{
    return i < m->meta_count && strcmp(m->meta[i].key, key) == 0;
}

static void remove_meta(struct eo_model *m, size_t i)
{
    free(m->meta[i].key);
    free(m->meta[i].value);
    m->meta_count--;
    memmove(&m->meta[i], &m->meta[i + 1], (m->meta_count - i) * sizeof(m->meta[0]));
}

int eo_model_meta_set(struct eo_model *m, const char *key, const char *value, struct eo_err *err)
{
    size_t i = find_meta(m, key);
    char *new_key, *new_value;

    if (!value) {
        if (has_meta(m, i, key))
            remove_meta(m, i);
        return 0;
    }
    new_value = eo_strdup(value, err);
    if (!new_value)
        return -1;
    if (has_meta(m, i, key)) {
        free(m->meta[i].value);
        m->meta[i].value = new_value;
        return 0;
    }
    new_key = m->meta_count < EO_MODEL_META_MAX ? eo_strdup(key, err) : NULL;
    if (!new_key) {
        free(new_value);
        return m->meta_count < EO_MODEL_META_MAX
                   ? -1
                   : eo_err_set(err, "metadata: expected at most %d entries, found more", EO_MODEL_META_MAX);
    }
    memmove(&m->meta[i + 1], &m->meta[i], (m->meta_count - i) * sizeof(m->meta[0]));
    m->meta[i] = (struct eo_model_meta){new_key, new_value};
    m->meta_count++;
    return 0;
}

const char *eo_model_meta_get(const struct eo_model *m, const char *key)
{
    size_t i = find_meta(m, key);

    return has_meta(m, i, key) ? m->meta[i].value : NULL;
}

int eo_model_meta_copy(struct eo_model *dst, const struct eo_model *src, struct eo_err *err)
{
    eo_model_meta_clear(dst);
    for (size_t i = 0; i < src->meta_count; i++) {
        if (eo_model_meta_set(dst, src->meta[i].key, src->meta[i].value, err))
            return -1;
    }
    return 0;
}

struct eo_level eo_model_pruning_level(const struct eo_model *m)
{
    const char *text = eo_model_meta_get(m, "pruning_level");
    struct eo_level level;

    return text && eo_level_read(text, &level, NULL) == 0 ? level : eo_level_uniform(0);
}

enum eo_criterion eo_model_pruning_criterion(const struct eo_model *m)
{
    const char *text = eo_model_meta_get(m, "pruning_criterion");
    enum eo_criterion criterion;

    if (eo_level_is_zero(eo_model_pruning_level(m)))
        return EO_CRITERION_NONE;
    return text && eo_criterion_parse(text, &criterion, NULL) == 0 ? criterion : EO_CRITERION_L1;
}

uint64_t eo_model_seed(const struct eo_model *m)
{
    const char *text = eo_model_meta_get(m, "seed");
    uint64_t seed;

    return text && eo_num_parse_u64(text, 0, UINT64_MAX, &seed, NULL) == 0 ? seed : 0;
}

/* "0,2,5": `count` rising indices below `limit`, into `index`. */
static int parse_kept(const char *text, int count, int limit, int *index, struct eo_err *err)
{
    int64_t last = -1, next;
    int found = 0;

    for (;;) {
        size_t n = strcspn(text, ",");
        char number[16];

        snprintf(number, sizeof(number), "%.*s", (int)(n < 15 ? n : 15), text);
        if (eo_num_parse_i64(number, last + 1, limit - 1, &next, err))
            return -1;
        last = next;
        if (found < count)
            index[found] = (int)next;
        found++;
        if (text[n] == '\0')
            break;
        text += n + 1;
    }
    return found == count ? 0
                          : eo_err_set(err, "expected %d channels as in the tensors, found %d", count, found);
}

/* "16,32": at least the channels that are there. */
static int parse_base_shape(const char *text, const struct eo_shape *least, struct eo_shape *shape,
                            struct eo_err *err)
{
    int64_t c1, c2;
    size_t n = strcspn(text, ",");
    char first[16];

    snprintf(first, sizeof(first), "%.*s", (int)(n < 15 ? n : 15), text);
    if (text[n] != ',')
        return eo_err_set(err, "expected two numbers with a comma between, found '%.40s'", text);
    if (eo_num_parse_i64(first, least->c1, EO_MAX_C1, &c1, err) ||
        eo_num_parse_i64(text + n + 1, least->c2, EO_MAX_C2, &c2, err))
        return -1;
    *shape = (struct eo_shape){(int)c1, (int)c2};
    return 0;
}

static const char *kept_key(enum eo_smallcnn_layer layer)
{
    return layer == EO_CONV1 ? "conv1_kept" : "conv2_kept";
}

int eo_model_kept(const struct eo_model *m, enum eo_smallcnn_layer layer, int *index, struct eo_err *err)
{
    int outputs = eo_shape_outputs(&m->shape, layer), limit = layer == EO_CONV1 ? EO_MAX_C1 : EO_MAX_C2;
    const char *text = eo_model_meta_get(m, kept_key(layer));
    struct eo_shape base;

    if (eo_model_base_shape(m, &base, err))
        return -1;
    if (base.c1)
        limit = eo_shape_outputs(&base, layer);
    for (int i = 0; i < outputs; i++)
        index[i] = i;
    if (text && parse_kept(text, outputs, limit, index, err))
        return eo_err_prefix(err, "metadata '%s'", kept_key(layer));
    return 0;
}

int eo_model_base_shape(const struct eo_model *m, struct eo_shape *shape, struct eo_err *err)
{
    const char *text = eo_model_meta_get(m, "base_channels");
    int pruned = eo_model_meta_get(m, "conv1_kept") || eo_model_meta_get(m, "conv2_kept") ||
                 !eo_level_is_zero(eo_model_pruning_level(m));

    *shape = pruned ? (struct eo_shape){0, 0} : m->shape;
    if (text && parse_base_shape(text, &m->shape, shape, err))
        return eo_err_prefix(err, "metadata 'base_channels'");
    return 0;
}

void eo_model_bits_text(const struct eo_model *m, char text[EO_MODEL_BITS_TEXT])
{
    size_t at = 0;

    for (int l = 0; l < m->network.count; l++) {
        text[at++] = m->layer[l].weight_bits == 4 ? '4' : '8';
        text[at++] = l + 1 < m->network.count ? ' ' : '\0';
    }
}

int eo_model_bits_parse(const char *text, int count, int *bits, struct eo_err *err)
{
    size_t length = 2 * (size_t)count - 1;
    int is_good = strlen(text) == length;

    for (size_t i = 0; is_good && i < length; i++) {
        is_good = i % 2 ? text[i] == ' ' : text[i] == '4' || text[i] == '8';
        bits[i / 2] = text[i - i % 2] - '0';
    }
    return is_good ? 0
                   : eo_err_set(err,
                                "expected 4 or 8 for each of %d layers, with a space between, found '%.100s'",
                                count, text);
}
