/* eo_json_reader: what it accepts and how it decodes it, and that every other text is refused with its place. */
#include "format/json_read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/rng.h"
#include "tests/unit/check.h"

static int read_value(struct eo_json_reader *r, struct eo_buf *out, struct eo_err *err);

static int read_members(struct eo_json_reader *r, int kind, struct eo_buf *out, struct eo_err *err)
{
    const char *key;
    int more;

    if (eo_json_enter(r, (char)kind, err))
        return -1;
    eo_buf_printf(out, "%c", kind);
    while ((more = eo_json_more(r, err)) > 0) {
        if (kind == '{') {
            if (eo_json_read_key(r, &key, err))
                return -1;
            eo_buf_printf(out, "<%s>:", key);
        }
        if (read_value(r, out, err))
            return -1;
        eo_buf_puts(out, " ");
    }
    eo_buf_puts(out, kind == '{' ? "}" : "]");
    return more;
}

/* Writes what was read in a form of our own. */
static int read_value(struct eo_json_reader *r, struct eo_buf *out, struct eo_err *err)
{
    int kind = eo_json_peek(r, err), is_u64;
    const char *text;
    uint64_t value;

    if (kind == '{' || kind == '[')
        return read_members(r, kind, out, err);
    if (kind == '"') {
        if (eo_json_read_text(r, &text, err))
            return -1;
        eo_buf_printf(out, "<%s>", text);
        return 0;
    }
    if (kind == '0') {
        if (eo_json_read_number(r, &is_u64, &value, err))
            return -1;
        if (is_u64)
            eo_buf_printf(out, "%" PRIu64, value);
        else
            eo_buf_puts(out, "number");
        return 0;
    }
    if (kind < 0 || eo_json_read_word(r, err) != kind)
        return -1;
    eo_buf_printf(out, "%c", kind);
    return 0;
}

/* Reads a copy that ends where the text ends, so that a sanitizer sees a look behind it. */
static int read_text(const char *text, size_t size, struct eo_buf *out, struct eo_err *err)
{
    struct eo_json_reader r = {.size = size, .origin = 100, .what = "it"};
    int rc;

    r.text = malloc(size ? size : 1);
    if (!r.text)
        abort();
    memcpy(r.text, text, size);
    rc = read_value(&r, out, err) || eo_json_finish(&r, err) ? -1 : 0;
    free(r.text);
    return rc;
}

static void test_accepted(void)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"{}", "{}"},
        {" [ 1 , 2 ] ", "[1 2 ]"},
        {"{\"a\":{\"b\":[]},\"c\":\"d\"}", "{<a>:{<b>:[] } <c>:<d> }"},
        {"\t\r\n{\n}\n", "{}"},
        {"0", "0"},
        {"18446744073709551615", "18446744073709551615"},
        {"18446744073709551616", "number"},
        {"99999999999999999999999", "number"},
        {"-0", "number"},
        {"-12", "number"},
        {"1.0", "number"},
        {"1e2", "number"},
        {"1E+2", "number"},
        {"0.5e-07", "number"},
        {"\"\"", "<>"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "<\"\\/\b\f\n\r\t>"},
        {"\"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00x\"", "<A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80x>"},
        {"\"\\ue000\\uffff\"", "<\xee\x80\x80\xef\xbf\xbf>"},
        {"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"", "<\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f>"},
        {"[true,false , null]", "[t f n ]"},
        {"[[[[[[[[]]]]]]]]", "[[[[[[[[] ] ] ] ] ] ] ]"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct eo_err err = {"accepted"};
        struct eo_buf out = {0};
        int rc = read_text(cases[i].text, strlen(cases[i].text), &out, &err);

        check_text(cases[i].text, cases[i].expected, rc ? err.msg : out.data);
        eo_buf_release(&out);
    }
}

#define INVALID(offset, why) "byte offset " #offset ": it is not valid JSON: " why

static void test_refused(void)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", INVALID(100, "expected a value")},
        {"  ", INVALID(102, "expected a value")},
        {"tru", INVALID(100, "expected a value")},
        {"[1,]", INVALID(103, "expected a value")},
        {"[,1]", INVALID(101, "expected a value")},
        {"[1 2]", INVALID(103, "expected ',' or ']'")},
        {"[1", INVALID(102, "expected ',' or ']'")},
        {"[1}", INVALID(102, "expected ',' or ']'")},
        {"{\"a\":1 \"b\":2}", INVALID(107, "expected ',' or '}'")},
        {"{\"a\" 1}", INVALID(105, "expected ':'")},
        {"{\"a\":1,}", INVALID(107, "expected a string")},
        {"{a:1}", INVALID(101, "expected a string")},
        {"[] []", INVALID(103, "something follows its end")},
        {"[[[[[[[[[]]]]]]]]]", INVALID(108, "nested too deep")},
        {"01", INVALID(100, "expected a number")},
        {"-", INVALID(100, "expected a number")},
        {"-x", INVALID(100, "expected a number")},
        {"1.", INVALID(100, "expected a number")},
        {"[1.e5]", INVALID(101, "expected a number")},
        {"1e", INVALID(100, "expected a number")},
        {"1e+", INVALID(100, "expected a number")},
        {"+1", INVALID(100, "expected a value")},
        {"\"", INVALID(101, "a string does not end")},
        {"\"a", INVALID(102, "a string does not end")},
        {"\"a\n\"", INVALID(102, "control character in a string")},
        {"\"\\", INVALID(101, "bad escape in a string")},
        {"\"\\x\"", INVALID(101, "bad escape in a string")},
        {"\"\\u00g0\"", INVALID(101, "bad escape in a string")},
        {"\"\\u00", INVALID(101, "bad escape in a string")},
        {"\"\\u0000\"", INVALID(101, "bad escape in a string")},
        {"\"\\ud800\"", INVALID(101, "bad escape in a string")},
        {"\"\\ud800\\u0041\"", INVALID(101, "bad escape in a string")},
        {"\"\\ud800\\ue000\"", INVALID(101, "bad escape in a string")},
        {"\"\\udc00\\ud800\"", INVALID(101, "bad escape in a string")},
        {"\"\\ud800\\udc0", INVALID(101, "bad escape in a string")},
        {"\"a\xff\"", "byte offset 102: it is not UTF-8"},
        {"\"\xe2\x82", "byte offset 101: it is not UTF-8"},
        {"\"\xed\xa0\x80\"", "byte offset 101: it is not UTF-8"},
    };
    struct eo_buf out = {0};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct eo_err err = {"accepted"};

        if (read_text(cases[i].text, strlen(cases[i].text), &out, &err) == 0)
            strcpy(err.msg, "accepted");
        check_text(cases[i].text, cases[i].message, err.msg);
        eo_buf_release(&out);
    }
    check_that(eo_json_read_word(&(struct eo_json_reader){.text = (char[]){"truth"}, .size = 5, .what = "it"},
                                 &(struct eo_err){""}) == -1,
               "a word that is none was read");
    check_that(read_text("[1]\0", 4, &out, NULL) == -1, "a NUL behind the end was accepted");
    check_that(read_text("[\0001]", 4, &out, NULL) == -1, "a NUL inside was accepted");
    check_that(read_text("[1\000]", 4, &out, NULL) == -1, "a NUL in a number was accepted");
    eo_buf_release(&out);
}

/* Pieces of JSON in random order: jansson, an independent reader, must agree about which of them are JSON. */
static void test_against_jansson(void)
{
    static const char *const pieces[] = {
        "true", "null", "{",  "}",     "[",       "]",  ",",       ":",  "\"a\"",   "\"b\\n\"",
        "1",    "0",    "-",  ".5",    "e-3",     "\"", "\\u00e9", " ",  "\\ud83d", "\\ude00",
        "12",   "\xff", "\n", "\"\":", "{\"c\":", "],", "],[",     "[[", "]]"};
    enum { ROUNDS = 300000, COUNT = sizeof(pieces) / sizeof(pieces[0]) };
    int wrong = 0, accepted = 0;
    struct eo_rng rng;

    eo_rng_init(&rng, 11, EO_RNG_INIT);
    for (int i = 0; i < ROUNDS; i++) {
        char text[128] = "";
        struct eo_buf out = {0};
        struct eo_err err;
        json_t *root;
        int k, rc, n = 1 + (int)eo_rng_below(&rng, 9);

        for (k = 0; k < n; k++)
            strcat(text, pieces[eo_rng_below(&rng, COUNT)]);
        root = json_loads(text, JSON_DECODE_ANY, NULL);
        rc = read_text(text, strlen(text), &out, &err);
        if ((rc == 0) != (root != NULL) && wrong++ < 5)
            printf("'%s': jansson %s, ours %s\n", text, root ? "accepts" : "refuses",
                   rc ? err.msg : "accepts");
        accepted += rc == 0;
        json_decref(root);
        eo_buf_release(&out);
    }
    check_that(wrong == 0, "%d of %d random texts", wrong, ROUNDS);
    check_that(accepted > ROUNDS / 100, "only %d of %d random texts are JSON", accepted, ROUNDS);
}

int main(void)
{
    test_accepted();
    test_refused();
    test_against_jansson();
    return check_report("test_json_read");
}
