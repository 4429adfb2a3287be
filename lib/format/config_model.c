#include "format/config_model.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#define WORD_MAX 32

enum word {
    CONV,
    DEPTHWISE,
    LINEAR,
    NAME,
    KERNEL,
    STRIDE,
    PADDING,
    FROM,
    BATCH_NORM,
    ADD,
    RELU,
    RELU6,
    MAX,
    AVERAGE,
    MEAN,
    WORDS
};

/* Each word in YAML, and what the text form has before its value. The order is that of the text form. */
static const struct {
    const char *yaml, *text;
    int is_flag; /* true or false, and the text has no value */
} words[WORDS] = {
    [CONV] = {"conv", "conv ", 0},
    [DEPTHWISE] = {"depthwise", "depthwise ", 0},
    [LINEAR] = {"linear", "linear ", 0},
    [NAME] = {"name", "", 0},
    [KERNEL] = {"kernel", "", 0},
    [STRIDE] = {"stride", "stride ", 0},
    [PADDING] = {"padding", "pad ", 0},
    [FROM] = {"from", "from ", 0},
    [BATCH_NORM] = {"batch_norm", "batch_norm", 1},
    [ADD] = {"add", "add ", 0},
    [RELU] = {"relu", "relu", 1},
    [RELU6] = {"relu6", "relu6", 1},
    [MAX] = {"max", "max ", 0},
    [AVERAGE] = {"average", "average ", 0},
    [MEAN] = {"mean", "mean", 1},
};

struct layer {
    char value[WORDS][WORD_MAX]; /* "": not given */
};

struct model {
    struct eo_yaml *y;
    struct layer layer; /* not yet written */
    yaml_mark_t at;     /* where it begins */
    int entries;        /* of the list, up to the current one */
    int layers, counts[LINEAR + 1];
    struct eo_buf out;
};

static int fail(struct model *m, const char *what)
{
    char found[EO_YAML_FOUND];

    eo_yaml_found(&m->y->event, found);
    return eo_yaml_fail(m->y, m->y->event.start_mark, "key 'model': entry %d: expected %s, found %s",
                        m->entries, what, found);
}

static int operation_of(const struct layer *l)
{
    return *l->value[CONV] ? CONV : *l->value[DEPTHWISE] ? DEPTHWISE : *l->value[LINEAR] ? LINEAR : WORDS;
}

/* Of the words from `first` to `last`, a layer has at most one. */
static int check_one(struct model *m, const char *name, const char *what, int first, int last)
{
    for (int i = first; i < last; i++) {
        for (int k = i + 1; *m->layer.value[i] && k <= last; k++) {
            if (*m->layer.value[k])
                return eo_yaml_fail(m->y, m->at, "key 'model': layer '%s': expected one %s, found %s and %s", name,
                                    what, words[i].yaml, words[k].yaml);
        }
    }
    return 0;
}

/* What the operation needs, and what it cannot have: the text form would give it another meaning. */
static int check_layer(struct model *m, const char *name)
{
    static const enum word not_of_linear[] = {KERNEL, STRIDE, PADDING, MAX, AVERAGE, MEAN};
    const struct layer *l = &m->layer;
    int operation = operation_of(l);

    if (check_one(m, name, "operation", CONV, LINEAR) || check_one(m, name, "activation", RELU, RELU6) ||
        check_one(m, name, "pooling", MAX, MEAN))
        return -1;
    if (operation == CONV && !*l->value[KERNEL])
        return eo_yaml_fail(m->y, m->at, "key 'model': layer '%s': expected 'kernel' beside 'conv', found none", name);
    if (operation == DEPTHWISE && *l->value[KERNEL])
        return eo_yaml_fail(m->y, m->at,
                            "key 'model': layer '%s': expected the kernel as the value of 'depthwise', which has as "
                            "many outputs as inputs, found 'kernel' beside it",
                            name);
    for (size_t i = 0; operation == LINEAR && i < sizeof(not_of_linear) / sizeof(*not_of_linear); i++) {
        if (*l->value[not_of_linear[i]])
            return eo_yaml_fail(m->y, m->at, "key 'model': layer '%s': expected no '%s' in a linear layer, found it",
                                name, words[not_of_linear[i]].yaml);
    }
    return 0;
}

static int put_layer(struct model *m, int is_last)
{
    const struct layer *l = &m->layer;
    int operation = operation_of(l);
    char name[WORD_MAX];

    if (operation == WORDS)
        return 0;
    m->counts[operation]++;
    if (*l->value[NAME])
        snprintf(name, sizeof(name), "%s", l->value[NAME]);
    else if (is_last && operation == LINEAR)
        snprintf(name, sizeof(name), "classifier");
    else
        snprintf(name, sizeof(name), "%s%d", words[operation].yaml, m->counts[operation]);
    if (check_layer(m, name))
        return -1;
    eo_buf_printf(&m->out, "%s%s:", m->out.len ? "; " : "", name);
    for (int i = 0; i < WORDS; i++) {
        if (i != NAME && *l->value[i])
            eo_buf_printf(&m->out, " %s%s", words[i].text, words[i].is_flag ? "" : l->value[i]);
    }
    return 0;
}

/* Copies a value that is one word of the text form: without blanks and without characters that would end it. */
static int take_value(struct model *m, int word, char *value)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._,/";
    const yaml_event_t *e = &m->y->event;
    const char *text = (const char *)e->data.scalar.value;
    size_t n = e->type == YAML_SCALAR_EVENT ? e->data.scalar.length : 0;

    if (n == 0 || n >= WORD_MAX || strspn(text, allowed) != n)
        return fail(m, word == KERNEL || word == STRIDE || word == DEPTHWISE
                           ? "a number, or height and width as in 3x5"
                           : "a word of at most 31 letters, digits and any of ._,/");
    memcpy(value, text, n + 1);
    return 0;
}

/* Padding as a list: [top, left, bottom, right]. */
static int take_list(struct model *m, char *value)
{
    char part[WORD_MAX];
    size_t used = 0;

    for (;;) {
        if (eo_yaml_next(m->y))
            return -1;
        if (m->y->event.type == YAML_SEQUENCE_END_EVENT)
            return used ? 0 : fail(m, "four numbers");
        if (take_value(m, PADDING, part))
            return -1;
        if (used + strlen(part) + 2 > WORD_MAX)
            return fail(m, "four numbers");
        used += (size_t)snprintf(value + used, WORD_MAX - used, "%s%s", used ? "," : "", part);
    }
}

static int take_flag(struct model *m, char *value)
{
    const char *text = (const char *)m->y->event.data.scalar.value;

    if (!eo_yaml_is_plain(&m->y->event) || (strcmp(text, "true") != 0 && strcmp(text, "false") != 0))
        return fail(m, "true or false");
    snprintf(value, WORD_MAX, "%s", strcmp(text, "true") == 0 ? text : "");
    return 0;
}

/* The word that the current event, a key, names; -1 and err if it names none. */
static int find_word(struct model *m)
{
    char list[200] = "";

    for (int i = 0; i < WORDS && eo_yaml_is_plain(&m->y->event); i++) {
        if (strcmp((const char *)m->y->event.data.scalar.value, words[i].yaml) == 0)
            return i;
    }
    for (int i = 0; i < WORDS; i++)
        snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i ? ", " : "one of ",
                 words[i].yaml);
    return fail(m, list);
}

/* One key and its value. */
static int read_word(struct model *m, struct layer *l)
{
    int i = find_word(m);

    if (i < 0)
        return -1;
    if (*l->value[i])
        return fail(m, "each word once");
    if (eo_yaml_next(m->y))
        return -1;
    if (words[i].is_flag)
        return take_flag(m, l->value[i]);
    return i == PADDING && m->y->event.type == YAML_SEQUENCE_START_EVENT ? take_list(m, l->value[i])
                                                                         : take_value(m, i, l->value[i]);
}

/* Adds the words of a mapping without an operation to the layer before it. */
static int go_on(struct model *m, const struct layer *l)
{
    if (m->layers == 0)
        return eo_yaml_fail(m->y, m->y->event.start_mark,
                            "key 'model': entry 1: expected conv, depthwise or linear, found none");
    for (int i = 0; i < WORDS; i++) {
        if (*l->value[i] && *m->layer.value[i])
            return eo_yaml_fail(
                m->y, m->y->event.start_mark,
                "key 'model': entry %d: expected each word once, counting those of the layer before, which it "
                "continues, found '%s' again",
                m->entries, words[i].yaml);
        if (*l->value[i])
            memcpy(m->layer.value[i], l->value[i], WORD_MAX);
    }
    return 0;
}

static int read_layer(struct model *m)
{
    yaml_mark_t at = m->y->event.start_mark;
    struct layer l = {{""}};

    m->entries++;
    if (m->y->event.type != YAML_MAPPING_START_EVENT)
        return fail(m, "a mapping, as {conv: 16, kernel: 3, relu: true}");
    for (;;) {
        if (eo_yaml_next(m->y))
            return -1;
        if (m->y->event.type == YAML_MAPPING_END_EVENT)
            break;
        if (read_word(m, &l))
            return -1;
    }
    if (operation_of(&l) == WORDS)
        return go_on(m, &l);
    if (put_layer(m, 0))
        return -1;
    m->layer = l;
    m->at = at;
    m->layers++;
    return 0;
}

int eo_config_model_read(struct eo_yaml *y, char model[EO_CONFIG_MODEL_MAX])
{
    struct model m = {.y = y};
    yaml_mark_t start = y->event.start_mark;
    int rc = 0;

    while (!rc && !(rc = eo_yaml_next(y)) && y->event.type != YAML_SEQUENCE_END_EVENT)
        rc = read_layer(&m);
    if (!rc)
        rc = put_layer(&m, 1);
    if (!rc && m.layers == 0)
        rc = eo_yaml_fail(y, start, "key 'model': expected a list of at least one layer, found an empty one");
    if (!rc && (m.out.len >= EO_CONFIG_MODEL_MAX || eo_buf_check(&m.out, y->err)))
        rc = eo_yaml_fail(y, start, "key 'model': expected layers of at most %d bytes as text, found more",
                          EO_CONFIG_MODEL_MAX - 1);
    if (!rc)
        memcpy(model, m.out.data, m.out.len + 1);
    eo_buf_release(&m.out);
    return rc;
}
