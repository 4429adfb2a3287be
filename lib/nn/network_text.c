#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "nn/network_fit.h"

#define LINE_MAX_BYTES 200
#define WORDS_MAX 24

/* The words of a line; the last one is followed by NULL. */
struct words {
    char line[LINE_MAX_BYTES];
    char *word[WORDS_MAX + 1];
    int at;
};

/* Cuts the next line or, up to a `;`, part of one off *text. 0 at the end of the text. */
static int next_line(const char **text, struct words *w, struct eo_err *err)
{
    size_t n = strcspn(*text, "\n;");
    int count = 0;

    memset(w, 0, sizeof(*w));
    if (**text == '\0')
        return 0;
    if (n >= sizeof(w->line))
        return eo_err_set(err, "expected lines of at most %zu characters, found '%.40s...'",
                          sizeof(w->line) - 1, *text);
    memcpy(w->line, *text, n);
    *text += n + ((*text)[n] != '\0');
    for (char *p = w->line; *(p += strspn(p, " \t\r")); p += strcspn(p, " \t\r")) {
        if (count == WORDS_MAX)
            return eo_err_set(err, "expected at most %d words in a line, found more: '%.40s'", WORDS_MAX,
                              w->line);
        w->word[count++] = p;
    }
    for (int i = 0; i < count; i++)
        w->word[i][strcspn(w->word[i], " \t\r")] = '\0';
    return 1;
}

static const char *next_word(struct words *w)
{
    return w->word[w->at] ? w->word[w->at++] : "";
}

/* Takes the next word if it is this one. */
static int took(struct words *w, const char *word)
{
    int is = w->word[w->at] && strcmp(w->word[w->at], word) == 0;

    w->at += is;
    return is;
}

/* `count` integers with `between` between them. */
static int parse_list(const char *text, char between, int count, int min, int max, int *out,
                      struct eo_err *err)
{
    for (int i = 0; i < count; i++) {
        const char *end = i + 1 < count ? strchr(text, between) : text + strlen(text);
        char number[48];
        int64_t x;

        if (!end)
            return eo_err_set(err, "expected %d numbers with '%c' between, found '%.40s'", count, between,
                              text);
        snprintf(number, sizeof(number), "%.*s", (int)(end - text < 47 ? end - text : 47), text);
        if (eo_num_parse_i64(number, min, max, &x, err))
            return -1;
        out[i] = (int)x;
        text = end + (i + 1 < count);
    }
    return 0;
}

/* "3x5" or, for both, "3". */
static int parse_hw(const char *text, struct eo_hw *out, struct eo_err *err)
{
    size_t h = strspn(text, "0123456789"), w = text[h] == 'x' ? strspn(text + h + 1, "0123456789") : 0;
    int hw[2];

    if (!h || text[w ? h + 1 + w : h])
        return eo_err_set(err, "expected a number, or height and width as in 3x5, found '%.40s'", text);
    if (parse_list(text, 'x', strchr(text, 'x') ? 2 : 1, 1, EO_NETWORK_SIDE, hw, err))
        return -1;
    *out = (struct eo_hw){hw[0], strchr(text, 'x') ? hw[1] : hw[0]};
    return 0;
}

static int parse_source(const struct eo_network *net, const char *name, int *source, struct eo_err *err)
{
    if (strcmp(name, "input") == 0) {
        *source = EO_NETWORK_INPUT;
        return 0;
    }
    for (int i = 0; i < net->count; i++) {
        if (strcmp(name, net->layer[i].name) == 0) {
            *source = i;
            return 0;
        }
    }
    return eo_err_set(err, "expected the name of an earlier layer or input, found '%.40s'", name);
}

static int parse_pad(const char *text, struct eo_padding *pad, int *is_same, struct eo_err *err)
{
    int four = strchr(text, ',') != NULL, p[4];

    *is_same = strcmp(text, "same") == 0;
    if (*is_same)
        return 0;
    if (!four && text[strspn(text, "0123456789")])
        return eo_err_set(err, "expected same, a number or top,left,bottom,right, found '%.40s'", text);
    if (parse_list(text, ',', four ? 4 : 1, 0, EO_NETWORK_SIDE, p, err))
        return -1;
    *pad = four ? (struct eo_padding){p[0], p[1], p[2], p[3]} : (struct eo_padding){p[0], p[0], p[0], p[0]};
    return 0;
}

/* "3x3/2": a window and how far it moves. */
static int parse_window(char *text, struct eo_network_layer *l, struct eo_err *err)
{
    char *slash = strchr(text, '/');

    if (slash)
        *slash = '\0';
    if (parse_hw(text, &l->window, err) || (slash && parse_hw(slash + 1, &l->step, err)))
        return -1;
    if (!slash)
        l->step = l->window;
    return 0;
}

static int parse_name(const char *word, struct eo_network_layer *l, struct eo_err *err)
{
    size_t n = strlen(word),
           known = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");

    if (n < 2 || word[n - 1] != ':' || known != n - 1 || strcmp(word, "input:") == 0)
        return eo_err_set(
            err, "expected a layer's name of letters, digits, '_' and '.', then ':', found '%.40s'", word);
    if (n > EO_NETWORK_NAME)
        return eo_err_set(err, "expected a layer's name of at most %d characters, found '%.40s'",
                          EO_NETWORK_NAME - 1, word);
    memcpy(l->name, word, n - 1);
    return 0;
}

static int parse_operation(struct words *w, struct eo_network_layer *l, int *outputs, struct eo_err *err)
{
    const char *word = next_word(w);

    if (strcmp(word, "conv") == 0)
        l->operation = EO_CONV;
    else if (strcmp(word, "depthwise") == 0)
        l->operation = EO_DEPTHWISE;
    else if (strcmp(word, "linear") == 0)
        l->operation = EO_LINEAR;
    else
        return eo_err_set(err, "expected conv, depthwise or linear, found '%.40s'", word);
    if (l->operation != EO_DEPTHWISE && parse_list(next_word(w), 0, 1, 1, EO_NETWORK_CHANNELS, outputs, err))
        return eo_err_prefix(err, "outputs");
    if (l->operation != EO_LINEAR && parse_hw(next_word(w), &l->kernel, err))
        return eo_err_prefix(err, "kernel");
    return 0;
}

static int parse_tail(const struct eo_network *net, struct words *w, struct eo_network_layer *l,
                      struct eo_err *err)
{
    l->batch_norm = took(w, "batch_norm");
    if (took(w, "add") && parse_source(net, next_word(w), &l->add, err))
        return eo_err_prefix(err, "add");
    l->activation = took(w, "relu") ? EO_RELU : took(w, "relu6") ? EO_RELU6 : EO_NO_ACTIVATION;
    if (l->operation == EO_LINEAR)
        return 0;
    l->pooling = took(w, "max") ? EO_MAX_POOL : took(w, "average") ? EO_AVERAGE_POOL : EO_NO_POOLING;
    if (l->pooling && parse_window((char *)next_word(w), l, err))
        return eo_err_prefix(err, "%s", l->pooling == EO_MAX_POOL ? "max" : "average");
    if (!l->pooling && took(w, "mean"))
        l->pooling = EO_MEAN;
    return 0;
}

/* What a line says behind the name. */
static int parse_layer(struct eo_network *net, struct words *w, int *outputs, int *is_same,
                       struct eo_err *err)
{
    struct eo_network_layer *l = &net->layer[net->count];
    int is_linear;

    l->from = net->count - 1;
    l->add = EO_NETWORK_NONE;
    l->kernel = l->stride = (struct eo_hw){1, 1};
    if (parse_operation(w, l, outputs, err))
        return -1;
    is_linear = l->operation == EO_LINEAR;
    if (!is_linear && took(w, "stride") && parse_hw(next_word(w), &l->stride, err))
        return eo_err_prefix(err, "stride");
    if (!is_linear && took(w, "pad") && parse_pad(next_word(w), &l->pad, is_same, err))
        return eo_err_prefix(err, "padding");
    if (took(w, "from") && parse_source(net, next_word(w), &l->from, err))
        return eo_err_prefix(err, "from");
    if (parse_tail(net, w, l, err))
        return -1;
    if (w->word[w->at])
        return eo_err_set(err, "expected %sfrom, batch_norm, add, relu%s, in this order, found '%.40s'",
                          is_linear ? "" : "stride, pad, ",
                          is_linear ? " or relu6" : " or relu6, max, average or mean", w->word[w->at]);
    return 0;
}

static int parse_input(struct eo_network *net, struct words *w, struct eo_err *err)
{
    int d[3];

    if (!took(w, "input"))
        return eo_err_set(err, "expected 'input CxHxW' first, found '%.40s'", next_word(w));
    if (parse_list(next_word(w), 'x', 3, 1, EO_NETWORK_SIDE, d, err))
        return eo_err_prefix(err, "input");
    if (w->word[w->at])
        return eo_err_set(err, "input: expected the end of the line, found '%.40s'", w->word[w->at]);
    net->input = (struct eo_dims){d[0], d[1], d[2]};
    if (eo_dims_elements(net->input) > EO_NETWORK_MAP)
        return eo_err_set(err, "input: expected at most %zu values, found %dx%dx%d", EO_NETWORK_MAP, d[0],
                          d[1], d[2]);
    return 0;
}

static int parse(struct eo_network *net, const char *text, int is_sized, struct eo_err *err)
{
    struct words w;
    int more;

    memset(net, 0, sizeof(*net));
    while ((more = next_line(&text, &w, err)) > 0) {
        struct eo_network_layer *l = &net->layer[net->count];
        int outputs = 0, is_same = 0;

        if (!w.word[0])
            continue;
        if (is_sized && net->input.c == 0) {
            if (parse_input(net, &w, err))
                return -1;
            continue;
        }
        if (net->count == EO_NETWORK_LAYERS)
            return eo_err_set(err, "expected at most %d layers, found more", EO_NETWORK_LAYERS);
        if (parse_name(next_word(&w), l, err))
            return -1;
        if (parse_layer(net, &w, &outputs, &is_same, err))
            return eo_err_prefix(err, "layer '%s'", l->name);
        if (eo_network_append(net, outputs, is_same, err))
            return -1;
    }
    if (more == 0 && is_sized && net->input.c == 0)
        return eo_err_set(err, "expected 'input CxHxW' first, found nothing");
    return more < 0 ? -1 : eo_network_finish(net, err);
}

int eo_network_parse(struct eo_network *net, const char *text, struct eo_err *err)
{
    return parse(net, text, 1, err);
}

int eo_network_parse_unsized(struct eo_network *net, const char *text, struct eo_err *err)
{
    return parse(net, text, 0, err);
}

/* ---- printing ------------------------------------------------------------------------------------------------ */

static void put_hw(struct eo_buf *out, const char *before, struct eo_hw hw)
{
    if (hw.h == hw.w)
        eo_buf_printf(out, "%s%d", before, hw.h);
    else
        eo_buf_printf(out, "%s%dx%d", before, hw.h, hw.w);
}

static void put_conv(const struct eo_network_layer *l, struct eo_buf *out)
{
    const struct eo_padding *p = &l->pad;

    eo_buf_printf(out, " %dx%d", l->kernel.h, l->kernel.w);
    if (l->stride.h != 1 || l->stride.w != 1)
        put_hw(out, " stride ", l->stride);
    if (p->top == p->left && p->top == p->bottom && p->top == p->right) {
        if (p->top)
            eo_buf_printf(out, " pad %d", p->top);
    } else {
        eo_buf_printf(out, " pad %d,%d,%d,%d", p->top, p->left, p->bottom, p->right);
    }
}

static void put_source(const struct eo_network *net, const char *before, int source, struct eo_buf *out)
{
    eo_buf_printf(out, " %s %s", before, source == EO_NETWORK_INPUT ? "input" : net->layer[source].name);
}

static void put_pooling(const struct eo_network_layer *l, struct eo_buf *out)
{
    eo_buf_printf(out, " %s %dx%d", l->pooling == EO_MAX_POOL ? "max" : "average", l->window.h, l->window.w);
    if (l->step.h != l->window.h || l->step.w != l->window.w)
        put_hw(out, "/", l->step);
}

static void put_layer(const struct eo_network *net, int i, struct eo_buf *out)
{
    const struct eo_network_layer *l = &net->layer[i];

    if (l->operation == EO_DEPTHWISE)
        eo_buf_printf(out, "%s: depthwise", l->name);
    else
        eo_buf_printf(out, "%s: %s %d", l->name, l->operation == EO_CONV ? "conv" : "linear", l->map.c);
    if (l->operation != EO_LINEAR)
        put_conv(l, out);
    if (l->from != i - 1)
        put_source(net, "from", l->from, out);
    if (l->batch_norm)
        eo_buf_puts(out, " batch_norm");
    if (l->add != EO_NETWORK_NONE)
        put_source(net, "add", l->add, out);
    if (l->activation)
        eo_buf_puts(out, l->activation == EO_RELU ? " relu" : " relu6");
    if (l->pooling == EO_MEAN)
        eo_buf_puts(out, " mean");
    else if (l->pooling)
        put_pooling(l, out);
}

void eo_network_print(const struct eo_network *net, const char *separator, struct eo_buf *out)
{
    eo_buf_printf(out, "input %dx%dx%d", net->input.c, net->input.h, net->input.w);
    for (int i = 0; i < net->count; i++) {
        eo_buf_puts(out, separator);
        put_layer(net, i, out);
    }
}
