/*
 * lib/stage/explore: widths, what is taken from a journal, and lib/stage/export/costs: what is estimated beside what
 * was measured.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stage/explore/grid.h"
#include "stage/explore/kept.h"
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

/* ---- the journal ---- */

#define ROW "2x3,int8,7,4x6,200,1,50,900,80,8,5,0.6,0.3,0.9,,,,,,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,sum,\n"
#define HITS "2x3,int8,7,a,f1,,\n"
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Whether a record with this text is taken over. The record after it is, whatever it was. */
static void check_taken(const char *folder, const char *what, const char *text, size_t size, int is_taken)
{
    struct eo_explore_entry entries[2] = {{.digest = DIGEST}, {.digest = DIGEST}}, *lists[] = {entries};
    struct eo_journal journal;
    char record[1000];

    entries[1].digest[0] = 'f';
    eo_journal_open(&journal, folder, "j", NULL);
    eo_journal_bind(&journal, "test");
    memcpy(record, entries[0].digest, EO_SHA256_TEXT - 1);
    memcpy(record + EO_SHA256_TEXT - 1, text, size);
    eo_journal_append(&journal, record, EO_SHA256_TEXT - 1 + size);
    memcpy(record, entries[1].digest, EO_SHA256_TEXT - 1);
    memcpy(record + EO_SHA256_TEXT - 1, ROW HITS, strlen(ROW HITS));
    eo_journal_append(&journal, record, EO_SHA256_TEXT - 1 + strlen(ROW HITS));
    eo_journal_close(&journal);
    eo_journal_open(&journal, folder, "j", NULL);
    eo_journal_bind(&journal, "test");
    check_that(eo_explore_entries_read(lists, 1, 2, &journal, NULL) == 0, "%s: read", what);
    check_that((entries[0].text != NULL) == is_taken, "%s: expected %d, found %d", what, is_taken, !is_taken);
    check_that(!entries[0].text || strcmp(entries[0].text, ROW HITS) == 0, "%s: its text", what);
    check_that(entries[1].text && strcmp(entries[1].text, ROW HITS) == 0, "%s: the next record", what);
    eo_journal_remove(&journal);
    free(entries[0].text);
    free(entries[1].text);
}

/* Checksums say that a record is whole. What it says can still be from anybody. */
static void test_kept(void)
{
    char folder[] = "/tmp/eo-test-explore-XXXXXX";
    static const char *const wrong[] = {
        "nonsense",
        ROW,
        "\n",
        "\n\n",
        HITS ROW,
        ROW HITS HITS,
        ROW "2x3,int8,7,a,1,,\n",
        ROW "2x4,int8,7,a,f1,,\n",
        "2x3,int8,7,4x6,200,1\n" HITS,
        "2x3,int8,7,4x6,200,1,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,diverged\n2x3,int8,7,,,,\n",
    };

    if (!check_that(mkdtemp(folder) != NULL, "mkdtemp"))
        return;
    check_taken(folder, "a row", ROW HITS, strlen(ROW HITS), 1);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        check_taken(folder, wrong[i], wrong[i], strlen(wrong[i]), 0);
    check_taken(folder, "a NUL", ROW "\0" HITS, strlen(ROW HITS) + 1, 0);
    check_that(rmdir(folder) == 0, "rmdir");
}

/* ---- costs ---- */

/* What measure.sh found for models trained on MNIST, at mixed on generated digits. bits: of the last two layers. */
static const struct measured {
    int c1, c2, bits[2], core;
    double flash, ram, instructions;
} measured[] = {
    {16, 32, {8, 8}, EO_CORE_m0, 23076, 1440, 5866718},
    {16, 32, {8, 8}, EO_CORE_m4dsp, 23366, 2728, 1229392},
    {16, 32, {8, 8}, EO_CORE_m55, 22938, 1656, 321406},
    {16, 32, {8, 8}, EO_CORE_rv32imc, 22580, 1368, 3071680},
    {5, 10, {8, 8}, EO_CORE_m0, 7644, 736, 813600},
    {5, 10, {8, 8}, EO_CORE_m4, 7024, 676, 310392},
    {5, 10, {8, 8}, EO_CORE_m3, 7056, 676, 316274},
    {5, 10, {8, 8}, EO_CORE_m4dsp, 7902, 1268, 225583},
    {5, 10, {8, 8}, EO_CORE_m55, 7646, 952, 88943},
    {5, 10, {8, 8}, EO_CORE_rv32imc, 7132, 664, 433119},
    {16, 32, {8, 4}, EO_CORE_m0, 15580, 1512, 5952433},
    {16, 32, {4, 8}, EO_CORE_m3, 20268, 1540, 2180355},
    {16, 32, {4, 8}, EO_CORE_m4dsp, 21094, 2728, 1311498},
    {16, 32, {4, 8}, EO_CORE_m55, 20786, 1808, 445729},
    {16, 32, {8, 4}, EO_CORE_rv32imc, 15116, 1456, 3131585},
    {5, 10, {4, 8}, EO_CORE_m0, 7544, 800, 845758},
    {5, 10, {8, 4}, EO_CORE_m3, 4776, 772, 328688},
    {5, 10, {8, 4}, EO_CORE_m4dsp, 5602, 1348, 239506},
    {5, 10, {8, 4}, EO_CORE_m55, 5482, 1048, 109682},
};

static void make_integer(struct eo_model *m, const struct measured *x)
{
    int is_int8 = x->bits[0] == 8 && x->bits[1] == 8;

    check_that(eo_model_init(m, is_int8 ? EO_INT8 : EO_MIXED, (struct eo_shape){x->c1, x->c2}, NULL) == 0,
               "a model");
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
        m->layer[l].weight_bits = l ? x->bits[l - 1] : 8;
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
        char what[40];
        double error;

        snprintf(what, sizeof(what), "%dx%d, 8 %d %d bits, %s", x->c1, x->c2, x->bits[0], x->bits[1],
                 eo_core_name((enum eo_core)x->core));
        make_integer(&m, x);
        check_that(eo_core_costs(&m, cost, NULL) == 0, "costs");
        error = fabs(c->instructions / x->instructions - 1);
        check_that(c->flash_bytes >= x->flash && c->flash_bytes <= x->flash + 330,
                   "%s: flash %g, measured %g", what, c->flash_bytes, x->flash);
        check_that(c->ram_bytes >= x->ram && c->ram_bytes <= x->ram + 64, "%s: RAM %g, measured %g", what,
                   c->ram_bytes, x->ram);
        check_that(error < 0.11, "%s: %g instructions, measured %g", what, c->instructions, x->instructions);
        eo_model_release(&m);
    }
}

int main(void)
{
    test_grid();
    test_widths_text();
    test_kept();
    test_costs();
    return check_report("test_explore");
}
