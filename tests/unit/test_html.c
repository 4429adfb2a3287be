/* What is put into a page: escaping, numbers, pictures. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "stage/report/html.h"

static void test_escape(void)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"plain", "plain"},
        {"<script>alert(1)</script>", "&#60;script&#62;alert(1)&#60;/script&#62;"},
        {"\"&'", "&#34;&#38;&#39;"},
        {"&amp;", "&#38;amp;"},
        {"100 %", "100 %"},
        {"%s%n", "%s%n"},
        {"\xc3\xa4", "\xc3\xa4"},
        {"a\xff"
         "b",
         "a\xef\xbf\xbd"
         "b"},
        {"\xc3", "\xef\xbf\xbd"},
        {"\xc0\xbc", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"a\x01\x1b\x7f", "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct eo_buf out = {0};

        eo_html_put(&out, "%s", cases[i].text);
        eo_buf_puts(&out, "");
        check_text(cases[i].text, cases[i].expected, out.data);
        eo_buf_release(&out);
    }
}

static void test_format(void)
{
    struct eo_buf out = {0};

    eo_html_put(&out, "<td title=\"%s\">%d %u %zu %5.2f %+.1f %g %c 100 %%</td>", "<>", -3, 7u, (size_t)9,
                1.25, 2.0, 0.5, 'x');
    check_text("format", "<td title=\"&#60;&#62;\">-3 7 9  1.25 +2.0 0.5 x 100 %</td>", out.data);
    eo_buf_release(&out);
}

static void test_numbers(void)
{
    char text[EO_HTML_NUMBER];

    check_text("eo_html_count(0)", "0", eo_html_count(0, text));
    check_text("eo_html_count(999)", "999", eo_html_count(999, text));
    check_text("eo_html_count(1000)", "1,000", eo_html_count(1000, text));
    check_text("eo_html_count(-1234567)", "-1,234,567", eo_html_count(-1234567, text));
    check_text("eo_html_count(NAN)", "-", eo_html_count(NAN, text));
    check_text("eo_html_count(INFINITY)", "-", eo_html_count(INFINITY, text));
    check_text("eo_html_percent(0.96604)", "96.60", eo_html_percent(0.96604, text));
    check_text("eo_html_percent(NAN)", "-", eo_html_percent(NAN, text));
    check_text("eo_html_time(0.00714)", "7.14 us", eo_html_time(0.00714, text));
    check_text("eo_html_time(1.2)", "1.20 ms", eo_html_time(1.2, text));
    check_text("eo_html_time(2500)", "2.50 s", eo_html_time(2500, text));
    check_text("eo_html_figure(1.5e-7)", "1.5e-07", eo_html_figure(1.5e-7, text));
}

static void test_image(void)
{
    static const uint8_t pixels[4] = {0, 85, 170, 255};
    static const char begin[] =
        "<img alt=\"&#60;a&#62;\" width=\"6\" height=\"8\" src=\"data:image/png;base64,iVBORw0KGgo";
    struct eo_html_picture picture = {2, 2, 1, pixels, 3, 4};
    struct eo_buf out = {0};
    struct eo_err err;

    check_that(eo_html_image(&out, &picture, "<a>", &err) == 0, "image: %s", err.msg);
    if (out.len > sizeof(begin))
        out.data[sizeof(begin) - 1] = '\0';
    check_text("image", begin, out.data);
    eo_buf_release(&out);
    picture.width = 0;
    check_text("image of width 0", "expected an image of at most 16384 x 16384 pixels, found 0 x 2",
               eo_html_image(&out, &picture, "none", &err) ? err.msg : "written");
    eo_buf_release(&out);
}

int main(void)
{
    test_escape();
    test_format();
    test_numbers();
    test_image();
    return check_report("test_html");
}
