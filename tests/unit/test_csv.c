/* eo_csv: what is read, what is refused and with which message, and that writing and reading agree. */
#include "format/csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/check.h"

/* Cells joined by '|', rows by '/'; or "error: " and the message. */
static void dump(const char *text, size_t size, char *out, size_t out_size)
{
    struct eo_csv csv;
    struct eo_err err;
    size_t used = 0, n;

    out[0] = '\0';
    if (eo_csv_parse(&csv, text, size, &err)) {
        snprintf(out, out_size, "error: %s", err.msg);
        return;
    }
    n = (csv.rows + 1) * csv.columns;
    for (size_t i = 0; i < n && used < out_size; i++) {
        const char *end = i + 1 == n ? "" : (i + 1) % csv.columns ? "|" : "/";

        used += (size_t)snprintf(out + used, out_size - used, "%s%s", csv.cells[i], end);
    }
    eo_csv_release(&csv);
}

static void test_parse(void)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"a,b\n1,2\n", "a|b/1|2"},
        {"a,b\n1,2", "a|b/1|2"},
        {"a,b\r\n1,2\r\n", "a|b/1|2"},
        {"\xef\xbb\xbf"
         "a\n1\n",
         "a/1"},
        {"a,b\n", "a|b"},
        {"a", "a"},
        {"a,b\n,\n", "a|b/|"},
        {"a\n\n", "a/"},
        {"a,b\n\"x,y\",\"say \"\"hi\"\"\"\n", "a|b/x,y|say \"hi\""},
        {"a,b\n\"two\nlines\",3\n", "a|b/two\nlines|3"},
        {"a\n\"\"\n", "a/"},
        {"\"a\",\"b\"\n1,2\n", "a|b/1|2"},
        {"a\n x \n", "a/ x "},
        {"a,b\n1,", "a|b/1|"},
        {"a\nx\r", "a/x\r"},
        {"", "error: line 1: expected a header row, found an empty file"},
        {"a,b\n1\n", "error: line 2: expected 2 fields, found 1"},
        {"a,b\n1,2\n1,2,3\n", "error: line 3: expected 2 fields, found 3"},
        {"a,b\n\"1\n2\",3\n4\n", "error: line 4: expected 2 fields, found 1"},
        {"a,,c\n", "error: line 1: column 2 has no name"},
        {"a,b,a\n", "error: line 1: column 'a' is there twice"},
        {"a\n\"x\n", "error: line 2: quoted field has no closing '\"'"},
        {"a\n\"x\"y\n", "error: line 2: expected a comma or a line break after a closing quote"},
        {"a\n\"x\"\r", "error: line 2: expected a comma or a line break after a closing quote"},
        {"a\n\"x\"\ry\n", "error: line 2: expected a comma or a line break after a closing quote"},
        {"a\nx\"y\"\n", "error: line 2: quote inside a field that does not begin with one"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char found[700];

        dump(cases[i].text, strlen(cases[i].text), found, sizeof(found));
        check_text(cases[i].text, cases[i].expected, found);
    }
}

static void test_limits(void)
{
    char found[700], *text = malloc(4 * (size_t)EO_CSV_MAX_ROWS);
    size_t n = 0;

    if (!text)
        exit(1);
    dump("a\n\0\n", 4, found, sizeof(found));
    check_text("NUL", "error: byte 2: expected text, found a NUL", found);
    for (size_t i = 0; i <= EO_CSV_MAX_COLUMNS; i++)
        n += (size_t)sprintf(text + n, "c%zu,", i);
    dump(text, n, found, sizeof(found));
    check_text("too many columns", "error: line 1: expected at most 256 fields", found);
    n = 0;
    for (size_t i = 0; i < EO_CSV_MAX_ROWS + 2; i++)
        n += (size_t)sprintf(text + n, "a\n");
    dump(text, n, found, sizeof(found));
    check_text("too many rows", "error: line 100002: expected at most 100000 rows", found);
    free(text);
}

/* Hits of 10,000 images take 2,500 bytes a row, so 30,000 rows of explore_hits.csv are more than 64 MiB. */
static void test_large(void)
{
    size_t size = (size_t)75 << 20;
    char *text = malloc(size);
    struct eo_csv csv;
    struct eo_err err;

    if (!text)
        exit(1);
    memset(text, 'x', size);
    memcpy(text, "a\n", 2);
    check_that(eo_csv_parse(&csv, text, size, &err) == 0 && csv.rows == 1 &&
                   strlen(eo_csv_cell(&csv, 0, 0)) == size - 2,
               "a table of 75 MiB");
    eo_csv_release(&csv);
    free(text);
}

static void test_lookup(void)
{
    struct eo_csv csv;
    struct eo_err err;
    char text[40];

    if (eo_csv_parse(&csv, "a,b\n1,2\n3,4\n", 12, &err)) {
        check_text("lookup", "", err.msg);
        return;
    }
    snprintf(text, sizeof(text), "%d %d %d", eo_csv_column(&csv, "a"), eo_csv_column(&csv, "b"),
             eo_csv_column(&csv, "c"));
    check_text("eo_csv_column", "0 1 -1", text);
    check_text("eo_csv_cell", "4", eo_csv_cell(&csv, 1, 1));
    check_text("eo_csv_cell, no such column", "", eo_csv_cell(&csv, 1, -1));
    eo_csv_release(&csv);
    check_text("load", "fails", eo_csv_load(&csv, "/nonexistent/x.csv", &err) ? "fails" : "works");
}

static void test_write(void)
{
    struct eo_buf out = {0};
    char found[700];

    eo_csv_put_text(&out, "a", ',');
    eo_csv_put_text(&out, "b", ',');
    eo_csv_put_text(&out, "c", ',');
    eo_csv_put_text(&out, "d", '\n');
    eo_csv_put_text(&out, "x,\"y\"\n", ',');
    eo_csv_put_double(&out, 0.1, ',');
    eo_csv_put_double(&out, NAN, ',');
    eo_csv_put_int(&out, -7, '\n');
    check_text("written", "a,b,c,d\n\"x,\"\"y\"\"\n\",0.1,,-7\n", out.data);
    dump(out.data, out.len, found, sizeof(found));
    check_text("read again", "a|b|c|d/x,\"y\"\n|0.1||-7", found);
    eo_buf_release(&out);
}

int main(void)
{
    test_parse();
    test_limits();
    test_large();
    test_lookup();
    test_write();
    return check_report("test_csv");
}
