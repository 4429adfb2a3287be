/* lib/format/safetensors: every rule with its message, valid files in all their forms, and the canonical
 * writer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/safetensors.h"
#include "tests/unit/check.h"

static void check(int ok, const char *what, const char *expected, const char *found)
{
    check_that(ok, "%s:\n  expected %s\n  found    %s", what, expected, found);
}

/* A file with this header and `data` bytes 0, 1, 2, ... behind it. */
static void build(struct eo_buf *b, const char *header, size_t data)
{
    size_t n = strlen(header), i;

    for (i = 0; i < 8; i++)
        eo_buf_append(b, &(char){(char)((unsigned long long)n >> 8 * i)}, 1);
    eo_buf_puts(b, header);
    for (i = 0; i < data; i++)
        eo_buf_append(b, &(char){(char)i}, 1);
}

#define A(fields) "{\"a\":{" fields "}}"

static const struct {
    const char *header;
    size_t data;
    const char *message;
} refused[] = {
    {" {}", 0, "byte offset 8: expected '{' at the header's begin, found 0x20"},
    {"[]", 0, "byte offset 8: expected '{' at the header's begin, found 0x5b"},
    {"", 4, "byte offset 0: expected a header, found length 0"},
    {"{}\n", 0, "byte offset 10: expected '}' or spaces at the header's end, found 0x0a"},
    {"{} x ", 0, "byte offset 11: expected '}' or spaces at the header's end, found 0x78"},
    {"{\"\xff\":1}", 0, "byte offset 10: header is not UTF-8"},
    {"{\"__metadata__\":{\"k\":\"\xc3\x28\"}}", 0, "byte offset 30: header is not UTF-8"},
    {"{,}", 0, "byte offset 9: header is not valid JSON: expected a string"},
    {"{}}", 0, "byte offset 10: header is not valid JSON: something follows its end"},
    {"{\"a\":NaN}", 0, "byte offset 13: header is not valid JSON: expected a value"},
    {"{\"a\n\":1}", 0, "byte offset 11: header is not valid JSON: control character in a string"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},\"a\":{}}", 0,
     "byte offset 62: header has a key twice: 'a'"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", 0,
     "byte offset 28: header has a key twice: '__metadata__'"},
    {"{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, "byte offset 34: header has a key twice: 'k'"},
    {A("\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]"), 0,
     "byte offset 28: header has a key twice: 'dtype'"},
    {"{\"__metadata__\":[]}", 0, "'__metadata__': expected an object"},
    {"{\"__metadata__\":{\"k\":1}}", 0, "metadata 'k': expected a string"},
    {"{\"a\":1}", 0, "tensor 'a': expected an object"},
    {A("\"dtype\":\"U8\",\"shape\":[0]"), 0, "tensor 'a': expected exactly dtype, shape and data_offsets"},
    {A("\"dtype\":\"U8\",\"data_offsets\":[0,0]"), 0,
     "tensor 'a': expected exactly dtype, shape and data_offsets"},
    {A("\"shape\":[0],\"data_offsets\":[0,0]"), 0,
     "tensor 'a': expected exactly dtype, shape and data_offsets"},
    {A("\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],\"x\":0"), 0,
     "tensor 'a': expected exactly dtype, shape and data_offsets"},
    {A("\"dtype\":8,\"shape\":[0],\"data_offsets\":[0,0]"), 0, "tensor 'a': dtype: expected a string"},
    {A("\"dtype\":\"BOOL\",\"shape\":[0],\"data_offsets\":[0,0]"), 0,
     "tensor 'a': dtype: expected one of F32, F16, I8, U8, I32, F64, BF16, I64, found 'BOOL'; in PyTorch "
     ".float() makes weights F32"},
    {A("\"dtype\":\"U8\",\"shape\":4,\"data_offsets\":[0,4]"), 4, "tensor 'a': shape: expected an array"},
    {A("\"dtype\":\"U8\",\"shape\":[1,1,1,1,1],\"data_offsets\":[0,1]"), 1,
     "tensor 'a': shape: expected at most 4 numbers, found more"},
    {A("\"dtype\":\"U8\",\"shape\":[1,-4],\"data_offsets\":[0,4]"), 4,
     "tensor 'a': shape: number 2: expected an unsigned integer"},
    {A("\"dtype\":\"U8\",\"shape\":[4.0],\"data_offsets\":[0,4]"), 4,
     "tensor 'a': shape: number 1: expected an unsigned integer"},
    {A("\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":4"), 4,
     "tensor 'a': data_offsets: expected an array"},
    {A("\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0]"), 4,
     "tensor 'a': data_offsets: expected 2 numbers, found 1"},
    {A("\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4,8]"), 4,
     "tensor 'a': data_offsets: expected at most 2 numbers, found more"},
    {A("\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[\"0\",4]"), 4,
     "tensor 'a': data_offsets: number 1: expected an unsigned integer"},
    {A("\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,0]"), 4,
     "tensor 'a': data_offsets: end 0 is before begin 4"},
    {A("\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]"), 3,
     "tensor 'a': data_offsets: end 4, but the file has 3 bytes of data"},
    {A("\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[9223372036854775803,9223372036854775807]"), 4,
     "tensor 'a': data_offsets: end 9223372036854775807, but the file has 4 bytes of data"},
    {A("\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]"), 0,
     "tensor 'a': shape: its size overflows"},
    {A("\"dtype\":\"U8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]"), 0,
     "tensor 'a': shape: its size overflows"},
    {A("\"dtype\":\"U8\",\"shape\":[99999999999999999999],\"data_offsets\":[0,0]"), 0,
     "tensor 'a': shape: number 1: expected an unsigned integer"},
    {A("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]"), 4,
     "tensor 'a': its shape needs 8 bytes, data_offsets span 4"},
    {A("\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[0,4]"), 4,
     "tensor 'a': its shape needs 2 bytes, data_offsets span 4"},
    {A("\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[1,5]"), 5,
     "tensor 'a': data_offsets: begin 1 leaves a gap: expected 0"},
    {A("\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]"), 6,
     "byte offset 65: 2 bytes that belong to no tensor"},
    {"{}", 1, "byte offset 10: 1 bytes that belong to no tensor"},
    {"{\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[2,6]},"
     "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}",
     6, "tensor 'b': data_offsets: begin 2 overlaps the tensor before it: expected 4"},
    {"{\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
     "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}",
     4, "tensor 'b': data_offsets: begin 0 overlaps the tensor before it: expected 4"},
    {"{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[5,6]},"
     "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}",
     6, "tensor 'b': data_offsets: begin 5 leaves a gap: expected 4"},
    {A("\"dtype\":\"U8\\n\\u0007\",\"shape\":[0],\"data_offsets\":[0,0]"), 0, /* a message stays one line */
     "tensor 'a': dtype: expected one of F32, F16, I8, U8, I32, F64, BF16, I64, found 'U8\?\?'; in PyTorch "
     ".float() makes weights F32"},
};

static void expect_refusal(const void *bytes, size_t size, const char *what, const char *message)
{
    struct eo_err err = {""};
    struct eo_st st;
    int rc = eo_st_parse(&st, bytes, size, &err);

    check(rc == -1, what, "a refusal", "an accepted file");
    check_text(what, message, err.msg);
    check(rc == 0 || !st.file, what, "an empty struct after failure", "something left");
    if (rc == 0)
        eo_st_release(&st);
}

static void test_refused(void)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct eo_buf b = {0};

        build(&b, refused[i].header, refused[i].data);
        expect_refusal(b.data, b.len, refused[i].header, refused[i].message);
        eo_buf_release(&b);
    }
}

static void test_frames(void)
{
    static const char huge[16] = "\xff\xff\xff\xff\xff\xff\xff\xff{}";
    static const char above[16] = "\x01\x00\x10\x00\x00\x00\x00\x00{}";
    static const char cut[12] = "\x05\x00\x00\x00\x00\x00\x00\x00{}  ";
    char *big = calloc(EO_ST_MAX_FILE + 1, 1);

    expect_refusal("", 0, "empty file", "expected a safetensors file of at least 8 bytes, found 0");
    expect_refusal("1234567", 7, "7 bytes", "expected a safetensors file of at least 8 bytes, found 7");
    expect_refusal(
        huge, sizeof(huge), "length 2^64 - 1",
        "byte offset 0: expected a header of at most 1048576 bytes, found length 18446744073709551615");
    expect_refusal(above, sizeof(above), "length above the limit",
                   "byte offset 0: expected a header of at most 1048576 bytes, found length 1048577");
    expect_refusal(cut, sizeof(cut), "length above the file's",
                   "byte offset 0: header of 5 bytes, but only 4 bytes follow");
    if (big)
        expect_refusal(big, EO_ST_MAX_FILE + 1, "too large",
                       "expected at most 67108864 bytes, found 67108865");
    free(big);
}

/* count entries of one format, "%d" in it being their number; every tensor is empty. */
static void build_many(struct eo_buf *b, const char *open, const char *fmt, int count, const char *close)
{
    struct eo_buf header = {0};
    char entry[200];

    eo_buf_puts(&header, open);
    for (int i = 0; i < count; i++) {
        snprintf(entry, sizeof(entry), "%s\"%d\":%s", i ? "," : "", i, fmt);
        eo_buf_puts(&header, entry);
    }
    eo_buf_puts(&header, close);
    build(b, header.data, 0);
    eo_buf_release(&header);
}

static void test_limits(void)
{
    static const char tensor[] = "{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}";
    struct eo_buf b[4] = {{0}, {0}, {0}, {0}};
    struct eo_st st;
    struct eo_err err = {""};

    build_many(&b[0], "{", tensor, EO_ST_MAX_TENSORS + 1, "}");
    expect_refusal(b[0].data, b[0].len, "513 tensors", "expected at most 512 tensors, found more");
    build_many(&b[1], "{\"__metadata__\":{", "\"v\"", EO_ST_MAX_META + 1, "}}");
    expect_refusal(b[1].data, b[1].len, "65 metadata",
                   "'__metadata__': expected at most 64 entries, found more");
    build_many(&b[2], "{", tensor, EO_ST_MAX_TENSORS, "}");
    build_many(&b[3], "{\"__metadata__\":{", "\"v\"", EO_ST_MAX_META, "}}");
    for (int i = 2; i < 4; i++) {
        check(eo_st_parse(&st, b[i].data, b[i].len, &err) == 0, "as many as allowed", "success", err.msg);
        check(st.tensor_count + st.meta_count == (i == 2 ? EO_ST_MAX_TENSORS : EO_ST_MAX_META),
              "as many as allowed", "all entries", "others");
        eo_st_release(&st);
    }
    for (int i = 0; i < 4; i++)
        eo_buf_release(&b[i]);
}

/* Other writers' order and spacing, scalars, empty tensors, escapes. */
static void test_accepted(void)
{
    static const char header[] = "{ \"z\" : {\"data_offsets\":[4, 6],\"shape\":[],\"dtype\":\"F16\"},\n"
                                 "\"e\":{\"dtype\":\"I32\",\"shape\":[3,0],\"data_offsets\":[4,4]},"
                                 "\"__metadata__\":{\"b\":\"\\u00e9\\n\",\"a\":\"\"},"
                                 "\"\\u0061\":{\"dtype\":\"I8\",\"shape\":[2,2],\"data_offsets\":[0,4]}}   ";
    struct eo_buf b = {0};
    struct eo_err err = {""};
    struct eo_st st;

    build(&b, header, 6);
    check(eo_st_parse(&st, b.data, b.len, &err) == 0, "free form", "success", err.msg);
    check(st.tensor_count == 3 && st.meta_count == 2, "free form", "3 tensors, 2 metadata", "others");
    if (st.tensor_count == 3 && st.meta_count == 2) {
        check_text("order of data", "a", st.tensors[0].name);
        check_text("order of data", "e", st.tensors[1].name);
        check_text("order of data", "z", st.tensors[2].name);
        check_text("metadata sorted", "a", st.meta[0].key);
        check_text("metadata value", "\xc3\xa9\n", st.meta[1].value);
        check(st.tensors[2].dims == 0 && st.tensors[2].bytes == 2, "scalar", "0 dimensions, 2 bytes",
              "others");
        check(memcmp(st.tensors[2].data, "\4\5", 2) == 0, "scalar", "its bytes", "others");
        check(eo_st_find(&st, "e") == &st.tensors[1] && !eo_st_find(&st, "x"), "find", "e and not x",
              "others");
    }
    eo_st_release(&st);
    eo_st_release(&st); /* harmless */
    eo_buf_release(&b);
}

static struct eo_st sample(void)
{
    /* As the file has them, whatever the byte order of this machine: 1, -2; -1; 1. */
    static const unsigned char f32[8] = {0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0};
    static const unsigned char u8[3] = {1, 2, 3};
    static const unsigned char i32[4] = {0xff, 0xff, 0xff, 0xff};
    static const unsigned char f16[2] = {0, 0x3c};
    static const int8_t i8[1] = {-5};
    static const unsigned char f64[8] = {0, 0, 0, 0, 0, 0, 0xf0, 0x3f}, i64[8] = {7}, bf16[2] = {0x80, 0x3f};
    struct eo_st st = {
        .tensor_count = 9,
        .meta_count = 2,
        .tensors = {{"u", EO_ST_U8, 1, {3}, 3, u8},
                    {"i", EO_ST_I8, 2, {1, 1}, 1, i8},
                    {"f", EO_ST_F32, 1, {2}, 8, f32},
                    {"c", EO_ST_I32, 0, {0}, 4, i32},
                    {"h", EO_ST_F16, 1, {1}, 2, f16},
                    {"e", EO_ST_F32, 1, {0}, 0, f32},
                    {"d", EO_ST_F64, 1, {1}, 8, f64},
                    {"n", EO_ST_I64, 0, {0}, 8, i64},
                    {"b", EO_ST_BF16, 1, {1}, 2, bf16}},
        .meta = {{"z", "1"}, {"quote", "\"\\/\b\f\n\r\t\x01\xc3\xa9"}},
    };

    return st;
}

static void test_canonical(void)
{
    static const char header[] =
        "{\"__metadata__\":{\"quote\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\xc3\xa9\",\"z\":\"1\"},"
        "\"n\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
        "\"d\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[8,16]},"
        "\"e\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[16,16]},"
        "\"f\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[16,24]},"
        "\"c\":{\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[24,28]},"
        "\"b\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[28,30]},"
        "\"h\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[30,32]},"
        "\"i\":{\"dtype\":\"I8\",\"shape\":[1,1],\"data_offsets\":[32,33]},"
        "\"u\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[33,36]}}";
    static const char data[] = "\7\0\0\0\0\0\0\0\0\0\0\0\0\0\xf0\x3f"
                               "\0\0\x80\x3f\0\0\0\xc0\xff\xff\xff\xff\x80\x3f\0\x3c\xfb\1\2\3";
    size_t padded = (sizeof(header) - 1 + 7) / 8 * 8;
    struct eo_buf first = {0}, second = {0};
    struct eo_st st = sample(), back;
    struct eo_err err = {""};

    check(eo_st_serialize(&st, &first, &err) == 0, "serialise", "success", err.msg);
    check(first.len == 8 + padded + 36, "serialise", "the right size", "another");
    check(first.len > 8 && (unsigned char)first.data[0] + 256 * (unsigned char)first.data[1] == (int)padded,
          "serialise", "a padded header", "another length");
    check(first.len > 8 && strncmp(first.data + 8, header, sizeof(header) - 1) == 0, "serialise", header,
          first.len > 8 ? first.data + 8 : "");
    check(first.len == 8 + padded + 36 && memcmp(first.data + 8 + padded, data, 36) == 0, "serialise",
          "the data in order", "others");
    check(eo_st_parse(&back, first.data, first.len, &err) == 0, "parse again", "success", err.msg);
    check(eo_st_serialize(&back, &second, &err) == 0, "serialise again", "success", err.msg);
    check(first.len == second.len && memcmp(first.data, second.data, first.len) == 0, "serialise again",
          "the same bytes", "others");
    eo_st_release(&back);
    eo_buf_release(&first);
    eo_buf_release(&second);
}

static void expect_unwritable(struct eo_st *st, const char *message)
{
    struct eo_buf out = {0};
    struct eo_err err = {""};

    check(eo_st_serialize(st, &out, &err) == -1, message, "a refusal", "success");
    check_text("not written", message, err.msg);
    check(out.len == 0, message, "no output", "some");
    eo_buf_release(&out);
}

static void test_unwritable(void)
{
    struct eo_st st = sample();

    st.tensors[0].name = "f";
    expect_unwritable(&st,
                      "cannot write a valid safetensors file: byte offset 506: header has a key twice: 'f'");
    st = sample();
    st.tensors[0].bytes = 2;
    expect_unwritable(
        &st, "cannot write a valid safetensors file: tensor 'u': its shape needs 3 bytes, data_offsets "
             "span 2");
    st = sample();
    st.meta[0].value = "\xff";
    expect_unwritable(&st, "cannot write a valid safetensors file: byte offset 64: header is not UTF-8");
    st = sample();
    st.tensor_count = EO_ST_MAX_TENSORS + 1;
    expect_unwritable(&st, "cannot write a valid safetensors file: too many tensors or metadata");
}

/* No cut and no changed byte of a valid file may do worse than be refused; sanitizers look on. */
static void test_damaged(void)
{
    struct eo_buf b = {0};
    struct eo_st st = sample(), got;
    struct eo_err err = {""};

    check(eo_st_serialize(&st, &b, &err) == 0, "serialise", "success", err.msg);
    for (size_t i = 0; i < b.len; i++) {
        char *cut = malloc(i ? i : 1); /* of its own, so that a sanitizer sees a read behind it */

        if (!cut)
            break;
        memcpy(cut, b.data, i);
        check(eo_st_parse(&got, cut, i, &err) == -1, "cut file", "a refusal", "success");
        free(cut);
    }
    for (size_t i = 0; i < b.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            b.data[i] ^= (char)(1 << bit);
            if (eo_st_parse(&got, b.data, b.len, &err) == 0)
                eo_st_release(&got);
            b.data[i] ^= (char)(1 << bit);
        }
    }
    eo_buf_release(&b);
}

int main(void)
{
    test_refused();
    test_frames();
    test_limits();
    test_accepted();
    test_canonical();
    test_unwritable();
    test_damaged();
    return check_report("test_safetensors");
}
