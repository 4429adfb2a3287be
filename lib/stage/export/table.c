#include "stage/export/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"

#define WIDTH 120

struct table {
    struct eo_buf *out;
    size_t width; /* of the last line */
    uint32_t sum;
};

static struct table begin(struct eo_buf *out, const char *type, const char *name, size_t n)
{
    eo_buf_printf(out, "static const %s %s[%zu] NET_CONST = {", type, name, n);
    return (struct table){.out = out, .width = WIDTH};
}

static void put(struct table *t, const char *text, int length, uint32_t value)
{
    if (t->width + (size_t)length + 2 > WIDTH) {
        eo_buf_puts(t->out, "\n   ");
        t->width = 3;
    }
    eo_buf_printf(t->out, " %s,", text);
    t->width += (size_t)length + 2;
    t->sum = t->sum * 16777619u + value;
}

/* The least int32_t cannot be written as one constant. */
static void put_signed(struct table *t, int32_t v)
{
    char text[32];
    int n = snprintf(text, sizeof(text), v == INT32_MIN ? "(-2147483647 - 1)" : "%" PRId32, v);

    put(t, text, n, (uint32_t)v);
}

static void put_unsigned(struct table *t, uint32_t v)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "%" PRIu32 "u", v);

    put(t, text, n, v);
}

/* Nine digits are enough for any float. */
static void put_float(struct table *t, float v)
{
    char text[EO_NUM_TEXT];
    int n = snprintf(text, sizeof(text), "%.9g", (double)v);
    uint32_t bits;

    n += snprintf(text + n, sizeof(text) - (size_t)n, strpbrk(text, ".e") ? "f" : ".0f");
    memcpy(&bits, &v, sizeof(bits));
    put(t, text, n, bits);
}

static uint32_t end(struct table *t)
{
    eo_buf_puts(t->out, "\n};\n");
    return t->sum;
}

/* The functions of the header differ in the type of a number and in how it is written. */
#define TABLE(name_of_type, type, put_one)                                                                   \
    uint32_t eo_table_##name_of_type(struct eo_buf *out, const char *name, const type *v, size_t n)          \
    {                                                                                                        \
        struct table t = begin(out, #type, name, n);                                                         \
                                                                                                             \
        for (size_t i = 0; i < n; i++)                                                                       \
            put_one(&t, v[i]);                                                                               \
        return end(&t);                                                                                      \
    }

TABLE(s8, int8_t, put_signed)
TABLE(u8, uint8_t, put_signed)
TABLE(s16, int16_t, put_signed)
TABLE(u16, uint16_t, put_signed)
TABLE(s32, int32_t, put_signed)
TABLE(u32, uint32_t, put_unsigned)
TABLE(f32, float, put_float)
