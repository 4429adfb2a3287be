#include "stage/pipeline/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "format/manifest.h"

#define DIGITS (EO_SHA256_TEXT - 1)

static size_t count_lines(const char *text)
{
    size_t n = 1;

    for (; (text = strchr(text, '\n')) != NULL; text++)
        n++;
    return n;
}

/* The line at *text without its end, which becomes a NUL; *text moves behind it. NULL at the end of the text. */
static char *next_line(char **text)
{
    char *line = *text, *end = strchr(line, '\n');

    if (!*line)
        return NULL;
    if (end)
        *end++ = '\0';
    *text = end ? end : line + strlen(line);
    return line;
}

static int parse_file(struct eo_record_file *f, char *line, size_t number, struct eo_err *err)
{
    if (strspn(line, "0123456789abcdef") != DIGITS || line[DIGITS] != ' ' ||
        (line[DIGITS + 1] != ' ' && line[DIGITS + 1] != '*') || !eo_manifest_path_is_good(line + DIGITS + 2))
        return eo_err_set(err, "line %zu: expected a checksum and a path inside the folder, found '%.80s'",
                          number, line);
    line[DIGITS] = '\0';
    *f = (struct eo_record_file){line, line + DIGITS + 2, line[DIGITS + 1] == '*'};
    return 0;
}

static int parse(struct eo_record *r, char *text, struct eo_err *err)
{
    char *line = next_line(&text);
    size_t number = 1;

    if (!line || !*line || line[strspn(line, "abcdefghijklmnopqrstuvwxyz")])
        return eo_err_set(err, "line 1: expected the name of a stage, found '%.80s'", line ? line : "");
    r->stage = line;
    while ((line = next_line(&text)) != NULL) {
        number++;
        if (!*line && r->made_count == 0 && r->file_count > 0)
            r->made_count = r->file_count;
        else if (parse_file(&r->files[r->file_count++], line, number, err))
            return -1;
    }
    return r->made_count
               ? 0
               : eo_err_set(err, "expected files, an empty line, and the files that they were made of");
}

int eo_record_parse(struct eo_record *r, char *text, struct eo_err *err)
{
    *r = (struct eo_record){0};
    r->files = eo_alloc(count_lines(text), sizeof(*r->files), err);
    if (!r->files)
        return -1;
    if (parse(r, text, err) == 0)
        return 0;
    eo_record_release(r);
    return -1;
}

void eo_record_release(struct eo_record *r)
{
    free(r->files);
    *r = (struct eo_record){0};
}
