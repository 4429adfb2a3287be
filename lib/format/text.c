#include "format/text.h"

#include <stdio.h>
#include <string.h>

#include "format/json.h"

static const struct {
    const char *bytes, *name;
} odd_spaces[] = {
    {"\xc2\xa0", "a no-break space (U+00A0)"},         {"\xe2\x80\x87", "a figure space (U+2007)"},
    {"\xe2\x80\x8b", "a zero-width space (U+200B)"},   {"\xe2\x80\xaf", "a narrow no-break space (U+202F)"},
    {"\xe3\x80\x80", "an ideographic space (U+3000)"}, {"\xef\xbb\xbf", "a byte order mark (U+FEFF)"},
};

struct place {
    size_t line, column; /* from 0 */
};

static void step(struct place *p, char c)
{
    if (c == '\n')
        *p = (struct place){p->line + 1, 0};
    else
        p->column++;
}

size_t eo_text_bom(const char *text, size_t size)
{
    return size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

static int is_utf16(const char *text, size_t size)
{
    return size >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
}

int eo_text_check_utf8(const char *text, size_t size, struct eo_err *err)
{
    struct place at = {0, 0};
    char meaning[32] = "";
    size_t i, n;
    unsigned c;

    if (is_utf16(text, size))
        return eo_err_set(err, "1:1: expected UTF-8 text, found UTF-16; save the file as UTF-8");
    for (i = 0; i < size; i += n, step(&at, text[i - n])) {
        n = eo_utf8_size(text + i, size - i);
        if (n == 0)
            break;
    }
    if (i >= size)
        return 0;
    c = (unsigned char)text[i];
    if (c >= 0xa1)
        snprintf(meaning, sizeof(meaning), ", which is '%c%c' in Latin-1", (char)(0xc0 | c >> 6),
                 (char)(0x80 | (c & 0x3f)));
    return eo_err_set(err, "%zu:%zu: expected UTF-8 text, found byte 0x%02x%s; save the file as UTF-8",
                      at.line + 1, at.column + 1, c, meaning);
}

/* The name of the character at `text`, or NULL. */
static const char *odd_space(const char *text, size_t size)
{
    for (size_t i = 0; i < sizeof(odd_spaces) / sizeof(*odd_spaces); i++) {
        size_t n = strlen(odd_spaces[i].bytes);

        if (n <= size && memcmp(text, odd_spaces[i].bytes, n) == 0)
            return odd_spaces[i].name;
    }
    return NULL;
}

int eo_text_explain_spaces(const char *text, size_t size, size_t line, struct eo_err *err)
{
    struct place at = {0, 0};
    int comment = 0;

    for (size_t i = eo_text_bom(text, size), n; i < size && at.line < line; i += n, step(&at, text[i - n])) {
        const char *name = odd_space(text + i, size - i);

        n = eo_utf8_size(text + i, size - i);
        n = n ? n : 1;
        comment =
            text[i] != '\n' &&
            (comment || (text[i] == '#' && (at.column == 0 || text[i - 1] == ' ' || text[i - 1] == '\t')));
        if (name && !comment)
            return eo_err_set(
                err,
                "%zu:%zu: found %s, which looks like a space or like nothing; write a space or remove it",
                at.line + 1, at.column + 1, name);
    }
    return 0;
}
