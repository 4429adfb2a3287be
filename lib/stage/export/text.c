#include "stage/export/text.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#define DEPTH 8

/* The files as they are, with a NUL behind each. The build runs in the root of the source. */
#define EMBED(name, file)                                                                                    \
    __asm__(".section .rodata\n.global " #name "\n" #name ":\n.incbin \"lib/stage/export/text/" file         \
            "\"\n.byte 0\n"                                                                                  \
            ".previous\n")
EMBED(eo_text_net_h, "net.h");
EMBED(eo_text_int8_c, "int8.c");
EMBED(eo_text_float_c, "float.c");
EMBED(eo_text_network_c, "network.c");
EMBED(eo_text_network_float_c, "network_float.c");
EMBED(eo_text_begin_c, "begin.c");
EMBED(eo_text_float_math_c, "float_math.c");
EMBED(eo_text_network_layer_c, "network_layer.c");
EMBED(eo_text_network_run_c, "network_run.c");
EMBED(eo_text_network_main_c, "network_main.c");
EMBED(eo_text_selftest_c, "selftest.c");
EMBED(eo_text_check_c, "check.c");
EMBED(eo_text_main_c, "main.c");
EMBED(eo_text_readme, "README.md");

extern const char eo_text_begin_c[], eo_text_float_math_c[], eo_text_network_layer_c[],
    eo_text_network_run_c[], eo_text_network_main_c[], eo_text_selftest_c[];

static const struct {
    const char *file, *text;
} used[] = {{"begin.c", eo_text_begin_c},
            {"float_math.c", eo_text_float_math_c},
            {"network_layer.c", eo_text_network_layer_c},
            {"network_run.c", eo_text_network_run_c},
            {"network_main.c", eo_text_network_main_c},
            {"selftest.c", eo_text_selftest_c}};

static const char *used_text(const char *file, size_t n)
{
    size_t i = 0;

    while (strlen(used[i].file) != n || strncmp(used[i].file, file, n) != 0) {
        i++;
        assert(i < sizeof(used) / sizeof(*used));
    }
    return used[i].text;
}

static int is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Characters of the string that begins at s, with both quotation marks; 0 where none does. */
static size_t string_length(const char *s, size_t n)
{
    for (size_t i = 1; i < n && *s == '"' && s[i] != '\n'; i++) {
        if (s[i] == '"')
            return i + 1;
    }
    return 0;
}

/* Appends n characters of C with the prefix in place of net_ and NET_. Strings stay as they are. */
static void put_code(const char *prefix, const char *s, size_t n, struct eo_buf *out)
{
    for (size_t i = 0; i < n;) {
        size_t length = string_length(s + i, n - i);

        while (i + length < n && is_name(s[i + length]))
            length++;
        if (length > 4 && (strncmp(s + i, "net_", 4) == 0 || strncmp(s + i, "NET_", 4) == 0)) {
            for (const char *p = prefix; *p; p++)
                eo_buf_printf(out, "%c", s[i] == 'N' ? toupper((unsigned char)*p) : *p);
            i += 3;
            length -= 3;
        }
        length = length ? length : 1;
        eo_buf_append(out, s + i, length);
        i += length;
    }
}

static int has_flag(const struct eo_text *how, const char *name, size_t n)
{
    for (const char *const *f = how->flags; *f; f++) {
        if (strlen(*f) == n && strncmp(*f, name, n) == 0)
            return 1;
    }
    return 0;
}

static const char *part(const struct eo_text *how, const char *name, size_t n)
{
    const struct eo_text_part *p = how->parts;

    while (p->name && (strlen(p->name) != n || strncmp(p->name, name, n) != 0))
        p++;
    assert(p->name);
    return p->text;
}

/* The name behind a word of a directive. */
static const char *name_of(const char *at, const char *end, const char *word, size_t *length)
{
    size_t n = strlen(word);

    if ((size_t)(end - at) <= n || strncmp(at, word, n) != 0)
        return NULL;
    *length = (size_t)(end - at) - n;
    return at + n;
}

void eo_text_fill(const struct eo_text *how, const char *text, struct eo_buf *out)
{
    int shown[DEPTH + 1] = {1}, depth = 0;
    const char *end;

    for (; *text; text = end + 1) {
        const char *mark, *name;
        size_t n = 0;

        end = strchr(text, '\n');
        mark = strstr(text, "//@");
        if (!mark || mark > end) {
            if (shown[depth])
                put_code(how->prefix, text, (size_t)(end + 1 - text), out);
        } else if ((name = name_of(mark, end, "//@if ", &n))) {
            assert(depth < DEPTH);
            shown[depth + 1] = shown[depth] && has_flag(how, name, n);
            depth++;
        } else if (name_of(mark, end + 1, "//@else", &n)) {
            shown[depth] = shown[depth - 1] && !shown[depth];
        } else if (name_of(mark, end + 1, "//@end", &n)) {
            depth--;
        } else if (shown[depth] && (name = name_of(mark, end, "//@use ", &n))) {
            eo_text_fill(how, used_text(name, n), out);
        } else if (shown[depth]) {
            name = name_of(mark, end, "//@put ", &n);
            put_code(how->prefix, text, (size_t)(mark - text), out);
            name = part(how, name, n);
            put_code(how->prefix, name, strlen(name), out);
            if (mark != text)
                eo_buf_puts(out, "\n");
        }
    }
}
