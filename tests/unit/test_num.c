/* eo_num: what is a number, what is refused, and that writing agrees with Python's repr() and reads back. */
#include "base/num.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "tests/unit/check.h"

static void check_number(const char *what, const char *input, const char *expected, const char *found)
{
    check_that(strcmp(found, expected) == 0, "%s of '%s': expected '%s', found '%s'", what, input, expected,
               found);
}

static void test_i64(void)
{
    static const struct {
        const char *text;
        int64_t min, max;
        const char *expected; /* the number, or the message */
    } cases[] = {
        {"0", 0, 9, "0"},
        {"-0", -1, 1, "0"},
        {"+7", 0, 9, "7"},
        {"9", 0, 9, "9"},
        {"10", 0, 9, "expected an integer in 0..9, found '10'"},
        {"-1", 0, 9, "expected an integer in 0..9, found '-1'"},
        {"-9223372036854775808", INT64_MIN, INT64_MAX, "-9223372036854775808"},
        {"9223372036854775807", INT64_MIN, INT64_MAX, "9223372036854775807"},
        {"9223372036854775808", 0, 9, "expected an integer in 0..9, found '9223372036854775808'"},
        {"", 0, 9, "expected an integer in 0..9, found ''"},
        {"-", 0, 9, "expected an integer in 0..9, found '-'"},
        {"--1", 0, 9, "expected an integer in 0..9, found '--1'"},
        {"012", 0, 99, "expected an integer in 0..99, found '012'"},
        {"00", 0, 99, "expected an integer in 0..99, found '00'"},
        {"0x10", 0, 99, "expected an integer in 0..99, found '0x10'"},
        {" 1", 0, 9, "expected an integer in 0..9, found ' 1'"},
        {"1 ", 0, 9, "expected an integer in 0..9, found '1 '"},
        {"2.0", 0, 9, "expected an integer in 0..9, found '2.0'"},
        {"1e0", 0, 9, "expected an integer in 0..9, found '1e0'"},
        {"1_0", 0, 99, "expected an integer in 0..99, found '1_0'"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct eo_err err;
        int64_t v;
        char text[32];

        if (eo_num_parse_i64(cases[i].text, cases[i].min, cases[i].max, &v, &err) == 0) {
            snprintf(text, sizeof(text), "%" PRId64, v);
            check_number("i64", cases[i].text, cases[i].expected, text);
        } else {
            check_number("i64", cases[i].text, cases[i].expected, err.msg);
        }
    }
}

static void test_u64(void)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"0", "0"},
        {"18446744073709551615", "18446744073709551615"},
        {"18446744073709551616",
         "expected an integer in 0..18446744073709551615, found '18446744073709551616'"},
        {"-1", "expected an integer in 0..18446744073709551615, found '-1'"},
        {"-0", "expected an integer in 0..18446744073709551615, found '-0'"},
        {"07", "expected an integer in 0..18446744073709551615, found '07'"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct eo_err err;
        uint64_t v;
        char text[32];

        if (eo_num_parse_u64(cases[i].text, 0, UINT64_MAX, &v, &err) == 0) {
            snprintf(text, sizeof(text), "%" PRIu64, v);
            check_number("u64", cases[i].text, cases[i].expected, text);
        } else {
            check_number("u64", cases[i].text, cases[i].expected, err.msg);
        }
    }
    for (int i = 0; i < 2; i++) {
        static const char *const outside[][2] = {{"1", "expected an integer in 2..9, found '1'"},
                                                 {"10", "expected an integer in 2..9, found '10'"}};
        struct eo_err err = {"accepted"};
        uint64_t v;

        if (eo_num_parse_u64(outside[i][0], 2, 9, &v, &err) == 0)
            strcpy(err.msg, "accepted");
        check_number("u64", outside[i][0], outside[i][1], err.msg);
    }
}

static void test_double(void)
{
    static const char *const good[][2] = {
        {"0", "0.0"},      {"-0", "-0.0"},      {"5", "5.0"},           {"+2.5", "2.5"},
        {"1e-3", "0.001"}, {"1E3", "1000.0"},   {"-1.5e+02", "-150.0"}, {"0.1", "0.1"},
        {"0.0", "0.0"},    {"1e300", "1e+300"}, {"4.9e-324", "5e-324"}, {".5", "0.5"},
        {"5.", "5.0"},     {"5.e-4", "0.0005"}, {"+.5E1", "5.0"},
    };
    static const char *const bad[] = {
        "",        "-",      ".",
        "-.e1",    "1e",     "1e+",
        "nan",     "inf",    "infinity",
        ".inf",    "0x1p3",  "01.5",
        "1e999",   "-1e999", "1e-400",
        "1,5",     "1.5 ",   " 1.5",
        "1_000.5", "1.5f",   "1..5",
        "1e5.5",   "--1",    "1000000000000000000000000000000000000000000000000000000000000000000000",
    };
    struct eo_err err;
    char text[EO_NUM_TEXT], message[200];
    double v;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (eo_num_parse_double(good[i][0], -1e308, 1e308, &v, &err))
            snprintf(text, sizeof(text), "refused");
        else
            eo_num_format_double(v, text);
        check_number("double", good[i][0], good[i][1], text);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(message, sizeof(message), "expected a number in -1e+308..1e+308, found '%.40s'", bad[i]);
        if (eo_num_parse_double(bad[i], -1e308, 1e308, &v, &err) == 0)
            snprintf(err.msg, sizeof(err.msg), "%g", v);
        check_number("double", bad[i], message, err.msg);
    }
    if (eo_num_parse_double("1.5", 0, 1, &v, &err) == 0)
        err.msg[0] = '\0';
    check_number("double", "1.5", "expected a number in 0..1, found '1.5'", err.msg);
}

/* Expected texts are the output of Python 3's repr(). */
static void test_format(void)
{
    static const struct {
        double value;
        const char *expected;
    } cases[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {-1.0, "-1.0"},
        {0.25, "0.25"},
        {0.02, "0.02"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e-05, "1e-05"},
        {0.0001, "0.0001"},
        {0.00012345, "0.00012345"},
        {1.5e-7, "1.5e-07"},
        {12000.0, "12000.0"},
        {100000.5, "100000.5"},
        {1e15, "1000000000000000.0"},
        {9007199254740992.0, "9007199254740992.0"},
        {9999999999999998.0, "9999999999999998.0"},
        {1e16, "1e+16"},
        {14835739785214588.0, "1.4835739785214588e+16"},
        {123456789012345680.0, "1.2345678901234568e+17"},
        {1e22, "1e+22"},
        {5e+300, "5e+300"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {5e-324, "5e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {1.0 / 3.0, "0.3333333333333333"},
        {12.8, "12.8"},
    };
    char input[40], text[EO_NUM_TEXT];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(input, sizeof(input), "%.17g", cases[i].value);
        eo_num_format_double(cases[i].value, text);
        check_number("format", input, cases[i].expected, text);
    }
}

/* Random bit patterns: what is written reads back as the same bits. */
static void test_round_trip(void)
{
    struct eo_rng rng;
    int wrong = 0, checked = 0;

    eo_rng_init(&rng, 1, EO_RNG_INIT);
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = eo_rng_u64(&rng);
        char text[EO_NUM_TEXT];
        double v, back;

        memcpy(&v, &bits, sizeof(v));
        if (!isfinite(v))
            continue;
        checked++;
        eo_num_format_double(v, text);
        if (strlen(text) >= EO_NUM_TEXT || eo_num_parse_double(text, -HUGE_VAL, HUGE_VAL, &back, NULL) ||
            memcmp(&v, &back, sizeof(v)) != 0) {
            if (wrong++ == 0)
                printf("round trip (seed 1, draw %d): %.17g was written as '%s'\n", i, v, text);
        }
    }
    check_that(wrong == 0 && checked > 90000, "round trip: %d of %d are wrong", wrong, checked);
}

int main(void)
{
    test_i64();
    test_u64();
    test_double();
    test_format();
    test_round_trip();
    return check_report("test_num");
}
