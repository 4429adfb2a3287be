/* Levels of pruning: the texts, and the order of the tables. */
#include "format/level.h"

#include <string.h>

#include "check.h"

#define COUNT(a) (sizeof(a) / sizeof(a[0]))

/* What a person may write, and how it stands in file names. NULL: refused. */
static void test_parse(void)
{
    static const char *const cases[][2] = {
        {"0", "0.00"},
        {"-0.0", "0.00"},
        {"0.5", "0.50"},
        {"0.50", "0.50"},
        {"5e-1", "0.50"},
        {"0.125", "0.125"},
        {"0.000001", "0.000001"},
        {"0.999", "0.999"},
        {"0.25x0.5", "0.25x0.50"},
        {"0x0.5", "0.00x0.50"},
        {"0.5x0.50", "0.50"},
        {"0.9991", NULL},
        {"1", NULL},
        {"-0.1", NULL},
        {"0.1234567", NULL},
        {"0.25x", NULL},
        {"x0.25", NULL},
        {"0.25x0.5x0.5", "0.25x0.50x0.50"},
        {"0.5x0.5x0.50", "0.50"},
        {"0.1x0.1x0.1x0.1x0.1x0.1x0.1x0.1x0.1x0.1x0.1x0.1x0.1x0.1x0.1x0.000001",
         "0.10x0.10x0.10x0.10x0.10x0.10x0.10x0.10x0.10x0.10x0.10x0.10x0.10x0.10x0.10x0.000001"},
        {"0.1x0.1x0.1x0.1x0.1x0.1x0.1x0.1x0.1x0.1x0.1x0.1x0.1x0.1x0.1x0.1x0.1", NULL},
        {"0.25xx0.5", NULL},
        {"0.25 x 0.5", NULL},
        {"0.25X0.5", NULL},
        {"0.25x1", NULL},
        {"nan", NULL},
        {"", NULL},
        {"0.000000000000000000000000000000000001", NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct eo_level level;
        struct eo_err err = {""};
        char text[EO_LEVEL_TEXT] = "(refused)";

        if (eo_level_parse(cases[i][0], &level, &err) == 0)
            eo_level_text(level, text);
        check_text(cases[i][0], cases[i][1] ? cases[i][1] : "(refused)", text);
    }
}

static void test_messages(void)
{
    struct eo_level level;
    struct eo_err err;

    check_that(eo_level_parse("half", &level, &err) == -1, "half is refused");
    check_text("half",
               "expected a level in 0..0.999 with at most 6 decimals, or up to 16 with an 'x' between, "
               "found 'half'",
               err.msg);
    check_that(eo_level_read("1", &level, &err) == -1, "1 is refused");
    check_text("1", "expected a level of at least 0 and below 1, or up to 16 with an 'x' between, found '1'",
               err.msg);
    check_that(eo_level_read("0.5x-1", &level, &err) == -1, "-1 is refused");
}

/* What programs compute: rounded, never to 1, and the same text again when it is read. */
static void test_text(void)
{
    static const struct {
        struct eo_level level;
        const char *expected;
    } cases[] = {
        {{1, {0.1 + 0.2}}, "0.30"},
        {{2, {0.1 + 0.2, 0.1 + 0.2}}, "0.30"},
        {{2, {1 - 0.9 * 0.9, 0.5}}, "0.19x0.50"},
        {{2, {1.0 / 3, 2.0 / 3}}, "0.3333333333x0.6666666667"},
        {{3, {1.0 / 3, 0.5, 2.0 / 3}}, "0.3333333333x0.50x0.6666666667"},
        {{0, {1 - 0x1p-53}}, "0.9999999999"},
        {{2, {1e-12, 0}}, "0.00"},
        {{2, {0, 0.999}}, "0.00x0.999"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[EO_LEVEL_TEXT], again[EO_LEVEL_TEXT] = "(refused)";
        struct eo_level level;

        eo_level_text(cases[i].level, text);
        check_text("text", cases[i].expected, text);
        if (eo_level_read(text, &level, NULL) == 0)
            eo_level_text(level, again);
        check_text("text of the text", text, again);
    }
}

static void test_order(void)
{
    static const struct eo_level rising[] = {{0, {0}},
                                             {2, {0, 0.25}},
                                             {2, {0.25, 0}},
                                             {1, {0.25}},
                                             {3, {0.25, 0.25, 0.625}},
                                             {3, {0.25, 0.375, 0.5}},
                                             {4, {0.25, 0.375, 0.5, 0.375}},
                                             {2, {0.25, 0.5}},
                                             {2, {0.5, 0.25}},
                                             {1, {0.5}},
                                             {2, {0.75, 0.75}},
                                             {3, {0.75, 0.75, 0.75}}};

    for (size_t i = 0; i < COUNT(rising); i++) {
        for (size_t k = 0; k < COUNT(rising); k++) {
            int found = eo_level_compare(rising[i], rising[k]), expected = (i > k) - (i < k);

            check_that((found > 0) - (found < 0) == expected, "levels %zu and %zu: expected %d, found %d", i,
                       k, expected, found);
        }
    }
    check_that(eo_level_is_zero(rising[0]) && !eo_level_is_zero(rising[1]) && !eo_level_is_zero(rising[2]),
               "zero");
    check_that(eo_level_is_uniform(rising[3]) && !eo_level_is_uniform(rising[4]), "uniform");
    check_that(eo_level_compare(eo_level_uniform(0.25), rising[3]) == 0, "one share for all");
    check_that(eo_level_compare(rising[10], eo_level_uniform(0.75)) == 0 &&
                   eo_level_compare(eo_level_uniform(0.75), rising[10]) == 0,
               "one share for all, or for each");
}

int main(void)
{
    test_parse();
    test_messages();
    test_text();
    test_order();
    return check_report("test_level");
}
