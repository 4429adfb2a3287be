/* The names of candidates: how a key is written, and which texts are read. */
#include "stage/candidate.h"

#include "check.h"

#define COUNT(a) (sizeof(a) / sizeof(a[0]))
#define FIRST 7

/* What is read, and how it is written again. NULL: refused. */
static void test_names(void)
{
    static const char *const cases[][2] = {
        {"p0.00-fp32", "p0.00-fp32"},
        {"p0.50-int8", "p0.50-int8"},
        {"p0.5-int8", NULL},
        {"p0.50-l1-int8", NULL},
        {"p0.25x0.50-taylor-fp16", "p0.25x0.50-taylor-fp16"},
        {"seed8/p0.25x0.50-taylor-int8", "seed8/p0.25x0.50-taylor-int8"},
        {"seed18446744073709551615/p0.123456x0.654321-activation-fp16",
         "seed18446744073709551615/p0.123456x0.654321-activation-fp16"},
        {"seed7/p0.50-int8", NULL},
        {"seed08/p0.50-int8", NULL},
        {"seed18446744073709551616/p0.50-int8", NULL},
        {"seed-8/p0.50-int8", NULL},
        {"seed/p0.50-int8", NULL},
        {"seed8/../p0.50-int8", NULL},
        {"other/p0.50-int8", NULL},
        {"/p0.50-int8", NULL},
        {"seed00000000000000000000000000000008/p0.50-int8", NULL},
        {"p0.123456x0.654321-activationactivationactivation-int8", NULL},
        {"0.50-int8", NULL},
        {"p0.50", "p0.50"},
        {"seed8/p0.50-taylor", "seed8/p0.50-taylor"},
        {"p0.50-int2", NULL},
        {"p0.50-none-int8", NULL},
        {"p9.00-int8", NULL},
        {"p-int8", NULL},
        {"p", NULL},
        {"p0.00-taylor-fp32", NULL},
        {"base", NULL},
        {"", NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct eo_candidate_name name;
        struct eo_err err = {""};
        char text[EO_CANDIDATE_NAME] = "(refused)";

        if (eo_candidate_parse_name(cases[i][0], FIRST, &name, &err) == 0)
            eo_candidate_name(&name, FIRST, text);
        check_text(cases[i][0], cases[i][1] ? cases[i][1] : "(refused)", text);
    }
}

static void test_parts(void)
{
    struct eo_candidate_name name;
    struct eo_err err;

    check_that(eo_candidate_parse_name("seed8/p0.25x0.50-taylor-int8", FIRST, &name, &err) == 0,
               "a name is read");
    check_that(name.key.seed == 8, "its seed");
    check_that(name.key.level.share[0] == 0.25 && name.key.level.share[1] == 0.5, "its level");
    check_that(name.key.criterion == EO_CRITERION_TAYLOR, "its criterion");
    check_that(name.key.precision == EO_INT8, "its precision");
    check_that(eo_candidate_parse_name("p0.00-fp32", FIRST, &name, &err) == 0, "level 0 is read");
    check_that(name.key.criterion == EO_CRITERION_NONE && name.key.seed == FIRST, "level 0 has no criterion");
}

/* The name in the path of a file; "" for a file that is not of a candidate. */
static void test_paths(void)
{
    static const char *const cases[][2] = {
        {"models/p0.50.safetensors", "p0.50"},
        {"models/seed8/p0.25x0.50-taylor-int8.safetensors", "seed8/p0.25x0.50-taylor-int8"},
        {"rows/p0.00-fp32.accuracy.csv", "p0.00-fp32"},
        {"rows/p0.50-int8.untimed", "p0.50-int8"},
        {"models/base.safetensors", ""},
        {"other/p0.50-int8.csv", ""},
        {"p0.50-int8.csv", ""},
        {"models/p0.50-int8", ""},
        {"models/"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "."
         "csv",
         ""},
    };

    char beyond[EO_CANDIDATE_NAME + 64];

    snprintf(beyond, sizeof(beyond), "models/p%0*d.csv", EO_CANDIDATE_NAME + 32, 0);
    check_that(eo_candidate_parse_path(beyond, FIRST, &(struct eo_candidate_name){0}) == -1,
               "a path beyond a name");
    snprintf(beyond, sizeof(beyond), "models/p%0*d.csv", EO_CANDIDATE_LABEL + 16, 0);
    check_that(eo_candidate_parse_path(beyond, FIRST, &(struct eo_candidate_name){0}) == -1,
               "a path beyond a label");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct eo_candidate_name name;
        char text[EO_CANDIDATE_NAME] = "";

        if (eo_candidate_parse_path(cases[i][0], FIRST, &name) == 0)
            eo_candidate_name(&name, FIRST, text);
        check_text(cases[i][0], cases[i][1], text);
    }
}

int main(void)
{
    test_names();
    test_paths();
    test_parts();
    return check_report("test_candidate");
}
