/* The terms of a layer's instructions: copies to patches against a walk over all patches, and one layer by hand. */
#include "stage/export/cost_terms.h"

#include "tests/unit/check.h"

struct copies {
    double runs, values;
};

/* As net_patch() of text/network.c goes through the patches of a map. */
static struct copies walk(const struct eo_network_layer *l)
{
    struct copies c = {0, 0};

    for (int i = 0; i < l->map.h * l->map.w; i++) {
        int top = i / l->map.w * l->stride.h - l->pad.top, left = i % l->map.w * l->stride.w - l->pad.left;
        int is_inside = left >= 0 && left + l->kernel.w <= l->in.w;

        if (is_inside && top >= 0 && top + l->kernel.h <= l->in.h &&
            (l->kernel.h == 1 || l->kernel.w == l->in.w))
            continue;
        for (int y = top; y < top + l->kernel.h; y++) {
            c.runs += y < 0 || y >= l->in.h || is_inside ? 1 : l->kernel.w;
            c.values += l->kernel.w * l->in.c;
        }
    }
    return c;
}

static const struct eo_network_layer *layer(struct eo_network *net, const char *text, int k)
{
    struct eo_err err;

    check_that(eo_network_parse(net, text, &err) == 0, "%s: %s", text, err.msg);
    return &net->layer[k];
}

static void test_copies(void)
{
    static const char *const lines[] = {
        "conv 4 3x3 pad same",
        "conv 5 5x5 stride 2 pad same",
        "conv 3 3x3",
        "conv 4 1x1",
        "conv 4 1x3 pad 0,1,0,1",
        "conv 2 3x6",
        "conv 2 3x6 pad 1,0,1,0",
        "conv 4 1x1 stride 2 pad same",
        "conv 4 4x2 stride 3x1 pad 2,0,1,1",
        "conv 4 5x5 pad 2,2,2,2",
        "conv 1 7x6 pad 3,0,3,0",
        "conv 4 3x3 stride 2x3 pad 0,2,1,0",
    };
    struct eo_network net;
    double terms[EO_COST_TERM_COUNT];
    char text[200];

    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        const struct eo_network_layer *l;
        struct copies c;

        snprintf(text, sizeof(text), "input 3x9x6; a: %s; classifier: linear 2", lines[i]);
        l = layer(&net, text, 0);
        c = walk(l);
        eo_cost_terms(l, 0, EO_EXPORT_PLAIN, terms);
        check_that(terms[EO_COST_run] == c.runs && terms[EO_COST_copied] == c.values,
                   "%s: %g runs of %g values, %g of %g", lines[i], terms[EO_COST_run], terms[EO_COST_copied],
                   c.runs, c.values);
    }
}

/* Windows of 3x3 that move by 2 hold 9 pixels each, in 5 pairs; a map of 8x8 has 3x3 of them. */
static void test_pooling(void)
{
    struct eo_network net;
    const struct eo_network_layer *l =
        layer(&net, "input 2x8x8; a: conv 5 3x3 pad same relu max 3x3/2; classifier: linear 2", 0);
    double terms[EO_COST_TERM_COUNT];

    eo_cost_terms(l, 0, EO_EXPORT_PLAIN, terms);
    check_that(terms[EO_COST_layer] == 1 && terms[EO_COST_pixel] == 81 && terms[EO_COST_term] == 81 * 24,
               "pixels");
    check_that(terms[EO_COST_channels] == 45 * 3 && terms[EO_COST_dot] == 45 * 3 * 24, "pairs of channels");
    check_that(terms[EO_COST_activation] == 405 && terms[EO_COST_pooling] == 405 &&
                   terms[EO_COST_pooled] == 45,
               "pooling");
    check_that(terms[EO_COST_added] == 0 && terms[EO_COST_depthwise_pixel] == 0, "what the layer has not");
    eo_cost_terms(l, 1, EO_EXPORT_PLAIN, terms);
    check_that(terms[EO_COST_dot] == 45 * 3 * 18, "terms in floating point are not rounded up");
}

static void test_depthwise(void)
{
    struct eo_network net;
    const struct eo_network_layer *l = layer(
        &net, "input 5x4x3; a: depthwise 2x2 pad same relu; b: depthwise 1x1 add a; classifier: linear 2", 0);
    double plain[EO_COST_TERM_COUNT], pairs[EO_COST_TERM_COUNT], helium[EO_COST_TERM_COUNT];

    eo_cost_terms(l, 0, EO_EXPORT_PLAIN, plain);
    eo_cost_terms(l, 0, EO_EXPORT_SMLAD, pairs);
    eo_cost_terms(l, 0, EO_EXPORT_HELIUM, helium);
    check_that(plain[EO_COST_depthwise_tap] == 12 * 4 && plain[EO_COST_depthwise_dot] == 12 * 5 * 4,
               "plain C");
    check_that(pairs[EO_COST_depthwise_channel] == 12 * 8 && pairs[EO_COST_depthwise_dot] == 12 * 8 * 6,
               "channels in fours, taps in threes");
    check_that(helium[EO_COST_depthwise_channel] == 12 * 16 && helium[EO_COST_depthwise_dot] == 12 * 16 * 4,
               "channels by sixteen");
    eo_cost_terms(&net.layer[1], 0, EO_EXPORT_PLAIN, plain);
    check_that(plain[EO_COST_added] == 60, "added values");
}

static void test_linear(void)
{
    struct eo_network net;
    const struct eo_network_layer *l = layer(&net, "input 3x4x5; classifier: linear 7", 0);
    double terms[EO_COST_TERM_COUNT];

    eo_cost_terms(l, 0, EO_EXPORT_PLAIN, terms);
    check_that(terms[EO_COST_dot] == 4 * 64 && terms[EO_COST_copied] == 0 && terms[EO_COST_linear_mac] == 0,
               "integers");
    eo_cost_terms(l, 1, EO_EXPORT_PLAIN, terms);
    check_that(terms[EO_COST_dot] == 0 && terms[EO_COST_linear_part] == 21 &&
                   terms[EO_COST_linear_mac] == 420,
               "floating point");
}

int main(void)
{
    test_copies();
    test_pooling();
    test_depthwise();
    test_linear();
    return check_report("test_cost_terms");
}
