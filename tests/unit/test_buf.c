/* lib/base/buf: what is appended, and the message when memory runs out. */
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "tests/unit/check.h"

static void test_append(void)
{
    struct eo_buf b = {0};
    struct eo_err err = {""};

    eo_buf_append(&b, "a\0b", 3);
    eo_buf_puts(&b, "");
    eo_buf_printf(&b, "%s,%d", "c", -1);
    check_that(eo_buf_check(&b, &err) == 0 && b.len == 7 && memcmp(b.data, "a\0bc,-1", 8) == 0,
               "the text: found others");
    eo_buf_release(&b);
    check_that(!b.data && b.len == 0, "release: expected an empty buffer");
}

/* The message names neither input nor output: both are kept in buffers. What was there before stays. */
static void test_no_memory(void)
{
    const size_t much = SIZE_MAX / 2;
    struct eo_buf b = {0};
    struct eo_err err = {""};

    eo_buf_puts(&b, "x");
    eo_buf_append(&b, NULL, much);
    eo_buf_puts(&b, "y");
    check_that(b.len == 1 && strcmp(b.data, "x") == 0, "expected what was there before, found others");
    check_that(eo_buf_check(&b, &err) == -1, "expected a failure");
    check_that(strcmp(err.msg, "out of memory: 9223372036854775809 bytes") == 0 || sizeof(size_t) != 8,
               "message: found '%s'", err.msg);
    eo_buf_release(&b);
    eo_buf_append(&b, NULL, SIZE_MAX);
    check_that(eo_buf_check(&b, &err) == -1 && !b.data, "a size that overflows: expected a failure");
    eo_buf_release(&b);
}

int main(void)
{
    test_append();
    test_no_memory();
    return check_report("test_buf");
}
