/* lib/stage/explore: widths, and lib/stage/export/costs: what is estimated beside what was measured. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "stage/explore/grid.h"
#include "stage/export/costs.h"
#include "tests/unit/check.h"

/* ---- widths ---- */

static void make_net(struct eo_network *net, int c1, int c2)
{
    struct eo_model m;

    check_that(eo_model_init(&m, EO_FP32, (struct eo_shape){c1, c2}, NULL) == 0, "a network");
    *net = m.network;
    eo_model_release(&m);
}

/* All combinations of `text`, with spaces between. */
static void check_grid(const char *text, const char *want)
{
    char yaml[100], found[400] = "", widths_text[EO_GRID_TEXT];
    struct eo_explore_grid grid;
    int widths[EO_NETWORK_LAYERS];
    struct eo_network net;
    struct eo_config cfg;
    struct eo_err err = {""};

    make_net(&net, 4, 6);
    snprintf(yaml, sizeof(yaml), "seed: 1\n%s%s\n", *text ? "explore_widths: " : "", text);
    if (eo_config_parse(&cfg, yaml, strlen(yaml), &err) || eo_explore_grid_make(&grid, &cfg, &net, &err)) {
        check_text(text, want, err.msg);
        return;
    }
    for (size_t i = 0; i < grid.count; i++) {
        eo_explore_grid_widths(&grid, i, widths);
        eo_explore_widths_text(widths, grid.spaces.count, widths_text);
        snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%s", i ? " " : "", widths_text);
    }
    check_text(text, want, found);
}

static void test_grid(void)
{
    check_grid("[1-3/2, 5]", "1x5 3x5");
    check_grid("[2-4, 2-6/3]", "2x2 2x5 3x2 3x5 4x2 4x5");
    check_grid("[3-4]", "3x3 3x4 4x3 4x4");
    check_grid("[4, \"6\"]", "4x6");
    check_grid("[1-4, 1-6, 2]",
               "key 'explore_widths': expected one range, or 2, one for each space of channels, found 3");
    check_grid("[1-5, 1-6]", "key 'explore_widths': expected at most the 4 channels of 'conv1', found 5");
    check_grid("[0]",
               "2:18: key 'explore_widths': expected a width in 1..1024 or a range as 1-16 or, with a step, "
               "2-32/2, found '0'");
    for (int i = 0; i < 6; i++) {
        static const char *const bad[] = {"[4-2]", "[1-]", "[-3]", "[1-4/0]", "[1-4/]", "[1-4/2/2]"};
        struct eo_config cfg;
        char yaml[60];

        snprintf(yaml, sizeof(yaml), "explore_widths: %s\n", bad[i]);
        check_that(eo_config_parse(&cfg, yaml, strlen(yaml), NULL) == -1, "%s is refused", bad[i]);
    }
}

static void test_widths_text(void)
{
    int w[EO_NETWORK_LAYERS];

    check_that(eo_explore_widths_parse("3x12", w) == 2 && w[0] == 3 && w[1] == 12, "3x12");
    check_that(eo_explore_widths_parse("7", w) == 1 && w[0] == 7, "7");
    check_that(eo_explore_widths_parse("", w) == -1, "no widths");
    check_that(eo_explore_widths_parse("3x", w) == -1, "a cross without a width");
    check_that(eo_explore_widths_parse("03x1", w) == -1, "a zero first");
    check_that(eo_explore_widths_parse("3-4", w) == -1, "a dash");
    check_that(eo_explore_widths_parse("9999", w) == -1, "too many channels");
}

/* ---- costs ---- */

/* Flash, RAM and instructions that `make device` measured, of models trained on MNIST. */
static const struct measured {
    int c1, c2, core;
    double flash, ram, instructions;
} measured[] = {
    {16, 32, EO_CORE_m0, 23076, 1440, 5866718}, {16, 32, EO_CORE_m4dsp, 23366, 2728, 1229392},
    {16, 32, EO_CORE_m55, 22938, 1656, 321406}, {16, 32, EO_CORE_rv32imc, 22580, 1368, 3071680},
    {5, 10, EO_CORE_m0, 7644, 736, 813600},     {5, 10, EO_CORE_m4, 7024, 676, 310392},
    {5, 10, EO_CORE_m3, 7056, 676, 316274},     {5, 10, EO_CORE_m4dsp, 7902, 1268, 225583},
    {5, 10, EO_CORE_m55, 7646, 952, 88943},     {5, 10, EO_CORE_rv32imc, 7132, 664, 433119},
};

static void make_int8(struct eo_model *m, int c1, int c2)
{
    check_that(eo_model_init(m, EO_INT8, (struct eo_shape){c1, c2}, NULL) == 0, "a model");
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
        m->layer[l].input_scale = l ? 1 : 1.0f / 64;
        m->layer[l].input_zero_point = l ? 0 : 64;
        for (int o = 0; o < eo_shape_outputs(&m->shape, (enum eo_smallcnn_layer)l); o++)
            m->layer[l].weight_scale[o] = 0.01f;
    }
}

static void test_costs(void)
{
    for (size_t i = 0; i < sizeof(measured) / sizeof(*measured); i++) {
        const struct measured *x = &measured[i];
        struct eo_core_cost cost[EO_CORE_COUNT], *c = &cost[x->core];
        struct eo_model m;
        double error;

        make_int8(&m, x->c1, x->c2);
        check_that(eo_core_costs(&m, cost, NULL) == 0, "costs");
        error = fabs(c->instructions / x->instructions - 1);
        check_that(c->flash_bytes >= x->flash && c->flash_bytes <= x->flash + 330,
                   "%dx%d %s: flash %g, measured %g", x->c1, x->c2, eo_core_name((enum eo_core)x->core),
                   c->flash_bytes, x->flash);
        check_that(c->ram_bytes >= x->ram && c->ram_bytes <= x->ram + 64, "%dx%d %s: RAM %g, measured %g",
                   x->c1, x->c2, eo_core_name((enum eo_core)x->core), c->ram_bytes, x->ram);
        check_that(error < 0.11, "%dx%d %s: %g instructions, measured %g", x->c1, x->c2,
                   eo_core_name((enum eo_core)x->core), c->instructions, x->instructions);
        eo_model_release(&m);
    }
}

int main(void)
{
    test_grid();
    test_widths_text();
    test_costs();
    return check_report("test_explore");
}
