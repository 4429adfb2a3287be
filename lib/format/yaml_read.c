#include "format/yaml_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "format/text.h"

int eo_yaml_fail(struct eo_yaml *y, yaml_mark_t at, const char *fmt, ...)
{
    char msg[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(msg, sizeof(msg), fmt, ap);
    va_end(ap);
    y->failed_line = at.line + 1;
    return eo_err_set(y->err, "%zu:%zu: %s", at.line + 1, at.column + 1, msg);
}

/* The line and column of an offset: for bytes that are not YAML text, libyaml reports only the offset. */
static yaml_mark_t place_of_offset(const struct eo_yaml *y, size_t offset)
{
    yaml_mark_t at = {0};

    for (size_t i = 0; i < offset && i < y->size; i++) {
        if (y->text[i] == '\n') {
            at.line++;
            at.column = 0;
        } else if ((y->text[i] & 0xC0) != 0x80) {
            at.column++;
        }
    }
    return at;
}

/* Tabs in indentation deserve a better message than "cannot start any token". */
static int is_tab(const struct eo_yaml *y, yaml_mark_t at)
{
    size_t i, line = 0;

    for (i = 0; i < y->size && line < at.line; i++)
        line += y->text[i] == '\n';
    return line == at.line && at.column < y->size - i && y->text[i + at.column] == '\t';
}

static int fail_yaml(struct eo_yaml *y)
{
    const yaml_parser_t *p = &y->parser;
    const char *problem = p->problem ? p->problem : "unknown problem";

    if (p->error == YAML_MEMORY_ERROR)
        return eo_err_set(y->err, "out of memory while reading YAML");
    if (p->error == YAML_READER_ERROR)
        return eo_yaml_fail(y, place_of_offset(y, p->problem_offset),
                            "expected UTF-8 text, found byte 0x%02x: %s",
                            (unsigned)(p->problem_value & 0xFFFFFF), problem);
    if (is_tab(y, p->problem_mark))
        return eo_yaml_fail(y, p->problem_mark, "expected spaces, found a tab in the indentation");
    return eo_yaml_fail(y, p->problem_mark, "expected YAML: %s%s%s", p->context ? p->context : "",
                        p->context ? ", " : "", problem);
}

static int refuse_decoration(struct eo_yaml *y)
{
    const yaml_event_t *e = &y->event;
    const yaml_char_t *anchor = NULL, *tag = NULL;

    if (e->type == YAML_ALIAS_EVENT)
        return eo_yaml_fail(y, e->start_mark,
                            "expected a value, found an alias ('*'): aliases are not supported");
    if (e->type == YAML_SCALAR_EVENT) {
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
    } else if (e->type == YAML_MAPPING_START_EVENT) {
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
    }
    if (anchor)
        return eo_yaml_fail(y, e->start_mark,
                            "expected a value, found an anchor ('&'): anchors are not supported");
    if (tag)
        return eo_yaml_fail(y, e->start_mark, "expected a value, found a tag ('!'): tags are not supported");
    return 0;
}

int eo_yaml_next(struct eo_yaml *y)
{
    yaml_event_delete(&y->event);
    if (!yaml_parser_parse(&y->parser, &y->event))
        return fail_yaml(y);
    return refuse_decoration(y);
}

void eo_yaml_show(const unsigned char *s, size_t n, char text[EO_YAML_SHOWN])
{
    size_t limit = EO_YAML_SHOWN - 8, i, k = 0;

    for (i = 0; i < n && k < limit; i++) {
        int is_c1 = s[i] == 0xC2 && i + 1 < n && s[i + 1] < 0xA0;

        text[k++] = s[i] < 0x20 || s[i] == 0x7F || is_c1 ? '?' : (char)s[i];
        i += (size_t)is_c1;
    }
    if (i < n) {
        while (k > 0 && (s[i] & 0xC0) == 0x80) {
            i--;
            k--;
        }
        memcpy(text + k, "...", 3);
        k += 3;
    }
    text[k] = '\0';
}

void eo_yaml_found(const yaml_event_t *e, char text[EO_YAML_FOUND])
{
    static const char *const names[] = {[YAML_SEQUENCE_START_EVENT] = "a list",
                                        [YAML_SEQUENCE_END_EVENT] = "the end of the list",
                                        [YAML_MAPPING_START_EVENT] = "a mapping",
                                        [YAML_MAPPING_END_EVENT] = "the end of the mapping"};
    char shown[EO_YAML_SHOWN];

    if (e->type != YAML_SCALAR_EVENT) {
        snprintf(text, EO_YAML_FOUND, "%s", names[e->type]);
        return;
    }
    eo_yaml_show(e->data.scalar.value, e->data.scalar.length, shown);
    if (e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        snprintf(text, EO_YAML_FOUND, "the quoted text '%s'", shown);
    else if (e->data.scalar.length == 0)
        snprintf(text, EO_YAML_FOUND, "nothing");
    else
        snprintf(text, EO_YAML_FOUND, "'%s'", shown);
}

int eo_yaml_is_plain(const yaml_event_t *e)
{
    return e->type == YAML_SCALAR_EVENT && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           strlen((const char *)e->data.scalar.value) == e->data.scalar.length;
}

static int is_plain_start(const yaml_event_t *e)
{
    return !e->data.document_start.version_directive &&
           e->data.document_start.tag_directives.start == e->data.document_start.tag_directives.end;
}

int eo_yaml_open(struct eo_yaml *y, const char *text, size_t size, struct eo_err *err)
{
    size_t bom = eo_text_bom(text, size);

    *y = (struct eo_yaml){.text = text + bom, .size = size - bom, .err = err};
    if (eo_text_check_utf8(text, size, err))
        return -1;
    if (!yaml_parser_initialize(&y->parser))
        return eo_err_set(err, "out of memory while reading YAML");
    yaml_parser_set_encoding(&y->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&y->parser, (const unsigned char *)y->text, y->size);
    return 0;
}

int eo_yaml_document(struct eo_yaml *y)
{
    if (eo_yaml_next(y) || eo_yaml_next(y)) /* start of the stream, start of the document */
        return -1;
    if (y->event.type == YAML_STREAM_END_EVENT)
        return eo_yaml_fail(y, y->event.start_mark, "expected at least one key, found none");
    if (!is_plain_start(&y->event))
        return eo_yaml_fail(y, y->event.start_mark,
                            "expected a key, found a directive ('%%'): directives are not supported");
    if (eo_yaml_next(y))
        return -1;
    if (y->event.type != YAML_MAPPING_START_EVENT)
        return eo_yaml_fail(y, y->event.start_mark, "expected 'key: value' lines, found %s",
                            y->event.type == YAML_SCALAR_EVENT ? "text" : "a list");
    return 0;
}

int eo_yaml_finish(struct eo_yaml *y)
{
    if (eo_yaml_next(y) || eo_yaml_next(y)) /* end of the document, end of the stream */
        return -1;
    if (y->event.type != YAML_STREAM_END_EVENT)
        return eo_yaml_fail(y, y->event.start_mark, "expected one document, found another");
    return 0;
}

int eo_yaml_close(struct eo_yaml *y, int rc)
{
    if (rc && y->failed_line && eo_text_explain_spaces(y->text, y->size, y->failed_line, y->err))
        rc = -1;
    yaml_event_delete(&y->event);
    yaml_parser_delete(&y->parser);
    return rc;
}
