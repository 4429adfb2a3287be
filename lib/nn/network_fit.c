#include "nn/network_fit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"

#define BLANKS " \t\r\n;"

/* One layer of a text: "NAME: OPERATION OUTPUTS REST". */
struct statement {
    const char *text, *outputs; /* outputs: NULL where the operation has none */
    int length, before, word;   /* of the statement, of what stands before the outputs, of these */
    int is_linear;
};

/* The next statement, behind which *text goes on; 0 at the end. */
static int next_statement(const char **text, struct statement *s)
{
    char operation[16] = "";

    *text += strspn(*text, BLANKS);
    *s = (struct statement){.text = *text, .length = (int)strcspn(*text, "\n;")};
    if (sscanf(*text, "%*s %15s %n", operation, &s->before) == 1 && s->before && s->before < s->length &&
        (strcmp(operation, "conv") == 0 || strcmp(operation, "linear") == 0)) {
        s->outputs = s->text + s->before;
        s->word = (int)strcspn(s->outputs, BLANKS);
        s->is_linear = strcmp(operation, "linear") == 0;
    }
    *text += s->length;
    return s->length > 0;
}

static int is_last(const char *rest)
{
    return rest[strspn(rest, BLANKS)] == '\0';
}

/* The number of outputs that a statement says; 0 where it is none, which eo_network_parse() refuses. */
static int outputs_of(const struct statement *s)
{
    char word[12];
    int64_t n;

    snprintf(word, sizeof(word), "%.*s", s->word, s->outputs);
    return eo_num_parse_i64(word, 1, EO_NETWORK_CHANNELS, &n, NULL) ? 0 : (int)n;
}

static int scaled(int outputs, double width)
{
    double n = nearbyint(outputs * width);

    return n < 1 ? 1 : n > INT32_MAX ? INT32_MAX : (int)n;
}

/* The outputs of a statement in this network; 0: as they stand, -1. */
static int fit_outputs(const struct statement *s, const struct eo_network_wish *wish, int is_end,
                       int is_known, struct eo_err *err)
{
    int is_classes = s->word == 7 && strncmp(s->outputs, "classes", 7) == 0, n = outputs_of(s);

    if (is_classes || (is_end && is_known))
        return wish->classes ? wish->classes : 2;
    if (is_end && s->is_linear && n && wish->classes && n != wish->classes)
        return eo_err_set(err, "layer '%.*s': expected %d outputs, one for each class of the data, found %d",
                          (int)strcspn(s->text, ":" BLANKS), s->text, wish->classes, n);
    return n && !is_end ? scaled(n, wish->width) : 0;
}

int eo_network_fit(struct eo_network *net, const struct eo_network_wish *wish, struct eo_err *err)
{
    const char *known = eo_network_preset_text(wish->layers), *text = known ? known : wish->layers;
    struct eo_buf out = {0};
    struct statement s;
    int rc = 0, outputs = 0;

    if (wish->input.c)
        eo_buf_printf(&out, "input %dx%dx%d", wish->input.c, wish->input.h, wish->input.w);
    if (known)
        (void)next_statement(&text, &s); /* its own input */
    while (next_statement(&text, &s) && outputs >= 0) {
        outputs = s.outputs ? fit_outputs(&s, wish, is_last(text), known != NULL, err) : 0;
        if (outputs > 0)
            eo_buf_printf(&out, "; %.*s%d%.*s", s.before, s.text, outputs, s.length - s.before - s.word,
                          s.outputs + s.word);
        else
            eo_buf_printf(&out, "; %.*s", s.length, s.text);
    }
    rc = outputs < 0 || eo_buf_check(&out, err) ||
                 (wish->input.c ? eo_network_parse : eo_network_parse_unsized)(net, out.data, err)
             ? -1
             : 0;
    eo_buf_release(&out);
    return rc;
}
