/* eo_json: layout, escapes, and that jansson reads back what was written. */
#include "format/json.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/check.h"

static void test_layout(void)
{
    struct eo_buf out = {0};
    struct eo_json j = {.out = &out};

    eo_json_open(&j, NULL, '{');
    eo_json_text(&j, "a", "x");
    eo_json_open(&j, "list", '[');
    eo_json_double(&j, NULL, 0.1);
    eo_json_double(&j, NULL, NAN);
    eo_json_double(&j, NULL, INFINITY);
    eo_json_int(&j, NULL, -3);
    eo_json_u64(&j, NULL, 18446744073709551615ull);
    eo_json_close(&j);
    eo_json_open(&j, "empty", '{');
    eo_json_close(&j);
    eo_json_bool(&j, "yes", 7);
    eo_json_bool(&j, "no", 0);
    eo_json_text(&j, "none", NULL);
    eo_json_close(&j);
    check_text("layout",
               "{\n  \"a\": \"x\",\n  \"list\": [\n    0.1,\n    null,\n    null,\n    -3,\n    "
               "18446744073709551615\n  ],\n"
               "  \"empty\": {},\n  \"yes\": true,\n  \"no\": false,\n  \"none\": null\n}\n",
               out.data);
    eo_buf_release(&out);
}

/* Writes a string and lets jansson, which accepts UTF-8 alone, read it. */
static void test_strings(void)
{
    static const char fffd[] = "\xef\xbf\xbd";
    static const struct {
        const char *text, *expected; /* NULL: as it was */
    } cases[] = {
        {"", NULL},
        {"quote \" and \\ back", NULL},
        {"tab\t line\n bell\a", NULL},
        {"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xc2\x80 \xf4\x8f\xbf\xbf \xed\x9f\xbf \xee\x80\x80", NULL},
        {"\xff", fffd},
        {"a\xc3", "a\xef\xbf\xbd"},
        {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"},                 /* overlong */
        {"\xe0\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* overlong */
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* a surrogate */
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct eo_buf out = {0};
        struct eo_json j = {.out = &out};
        json_t *root;

        eo_json_open(&j, NULL, '[');
        eo_json_text(&j, NULL, cases[i].text);
        eo_json_close(&j);
        root = json_loads(out.data, 0, NULL);
        check_text("string", cases[i].expected ? cases[i].expected : cases[i].text,
                   root ? json_string_value(json_array_get(root, 0)) : "(no JSON)");
        json_decref(root);
        eo_buf_release(&out);
    }
}

int main(void)
{
    test_layout();
    test_strings();
    return check_report("test_json");
}
