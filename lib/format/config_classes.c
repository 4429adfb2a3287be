#include "format/config_classes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "format/config_keys.h"
#include "format/dataset.h"
#include "format/dataset_find.h"
#include "format/text.h"

#define FILE_MAX ((size_t)1 << 20)
#define PATH_SIZE (EO_DATASET_FOLDER_MAX + sizeof("/" EO_CLASSES_FILE))

int eo_class_lines_read(const char *path, eo_class_line *take, void *to, struct eo_err *err)
{
    char *text, *rest = NULL;
    unsigned label = 0;
    size_t size;
    int rc = eo_io_exists(path, err);

    if (rc <= 0)
        return rc ? eo_err_prefix(err, "%s", path) : 0;
    rc = 0;
    if (eo_io_read(path, FILE_MAX, &text, &size, err))
        return eo_err_prefix(err, "%s", path);
    for (char *line = strtok_r(text + eo_text_bom(text, size), "\r\n", &rest); !rc && line;
         line = strtok_r(NULL, "\r\n", &rest)) {
        eo_err_make_printable(line);
        rc = take(to, label++, line, err);
    }
    free(text);
    return rc;
}

static int check_count(const char *where, int count, int least, int most, struct eo_err *err)
{
    return !count || !most || (count >= least && count <= most)
               ? 0
               : eo_err_set(err, "%s: expected %d names, one for each class, found %d", where,
                            count < least ? least : most, count);
}

int eo_config_check_class_names(const struct eo_config *cfg, int least, int most, struct eo_err *err)
{
    return check_count("key 'class_names'", cfg->class_name_count, least, most, err);
}

/* The lines of the file, as a configuration would have them. */
struct lines {
    struct eo_config *cfg;
    const struct eo_key *key;
    int is_named;          /* some line is not the number of its class */
    struct eo_err refusal; /* the message about the first line that the key refuses, or "" */
};

static int check_line(struct lines *l, unsigned label, const char *name, struct eo_err *err)
{
    char allowed[EO_KEY_ALLOWED];

    if (label >= EO_CONFIG_CLASSES_MAX)
        return eo_err_set(err, "expected at most %d names, found more", EO_CONFIG_CLASSES_MAX);
    eo_key_allowed(l->key, allowed);
    if (eo_text_check_utf8(name, strlen(name), NULL))
        return eo_err_set(err, "name %u: expected UTF-8, found '%.60s'", label + 1, name);
    if (eo_key_set(l->cfg, l->key, (int)label, name))
        return eo_err_set(err, "name %u: expected %s, found '%.60s'", label + 1, allowed, name);
    if (eo_key_is_repeated(l->cfg, l->key, (int)label))
        return eo_err_set(err, "name %u: expected different names, found '%.60s' again", label + 1, name);
    return 0;
}

static int take_line(void *to, unsigned label, const char *name, struct eo_err *err)
{
    struct lines *l = to;
    struct eo_err refusal;
    char number[16];

    (void)err;
    snprintf(number, sizeof(number), "%u", label);
    l->is_named |= strcmp(name, number) != 0;
    if (check_line(l, label, name, &refusal) && !*l->refusal.msg)
        l->refusal = refusal;
    if (label < EO_CONFIG_CLASSES_MAX)
        eo_key_set_count(l->cfg, l->key, (int)label + 1);
    return 0;
}

int eo_config_check_class_lines(const char *const *names, unsigned count, struct eo_err *err)
{
    struct lines l = {.key = eo_key_find("class_names"), .cfg = eo_alloc(1, sizeof(*l.cfg), err)};
    char number[16];
    int rc;

    if (!l.cfg)
        return -1;
    for (unsigned i = 0; i < count; i++) {
        snprintf(number, sizeof(number), "%u", i);
        take_line(&l, i, names[i] ? names[i] : number, err);
    }
    rc = *l.refusal.msg ? eo_err_set(err, "%s", l.refusal.msg) : 0;
    free(l.cfg);
    return rc;
}

static int check_order(const struct eo_config *cfg, const struct eo_config *file, const char *path,
                       struct eo_err *err)
{
    for (int i = 0; i < cfg->class_name_count; i++) {
        const char *name = cfg->class_names[i];

        for (int k = 0; k < file->class_name_count; k++) {
            if (strcmp(name, file->class_names[k]) == 0 && strcmp(name, file->class_names[i]) != 0)
                return eo_err_set(err,
                                  "key 'class_names': expected the order of '%s', where '%s' is class %d, found it "
                                  "as class %d; change the order, or leave the key out to take those names",
                                  path, name, k, i);
        }
    }
    return 0;
}

static int take_over(struct eo_config *cfg, struct lines *l, const char *path, int least, int most,
                     struct eo_err *err)
{
    char where[PATH_SIZE + 2];

    if (cfg->class_name_count)
        return check_order(cfg, l->cfg, path, err);
    snprintf(where, sizeof(where), "'%s'", path);
    if (*l->refusal.msg)
        return eo_err_set(err, "%s: %s; change it there, or set 'class_names'", where, l->refusal.msg);
    if (check_count(where, l->cfg->class_name_count, least, most, err))
        return -1;
    memcpy(cfg->class_names, l->cfg->class_names, sizeof(cfg->class_names));
    cfg->class_name_count = l->cfg->class_name_count;
    return 0;
}

static void add_numbers(struct eo_config *cfg, int most)
{
    for (int i = cfg->class_name_count; 0 < i && i < most; i++) {
        snprintf(cfg->class_names[i], sizeof(cfg->class_names[i]), "%d", i);
        cfg->class_name_count = i + 1;
    }
}

static int read_file(struct eo_config *cfg, const char *folder, int least, int most, struct eo_err *err)
{
    struct lines lines = {.key = eo_key_find("class_names")};
    char found[EO_DATASET_FOLDER_MAX], path[PATH_SIZE];
    int rc;

    if (!folder && eo_dataset_find(cfg, NULL, found, sizeof(found), NULL))
        return 0;
    snprintf(path, sizeof(path), "%s/" EO_CLASSES_FILE, folder ? folder : found);
    lines.cfg = eo_alloc(1, sizeof(*lines.cfg), err);
    if (!lines.cfg)
        return -1;
    rc = eo_class_lines_read(path, take_line, &lines, err);
    if (rc == 0 && lines.is_named)
        rc = take_over(cfg, &lines, path, least, most, err);
    free(lines.cfg);
    return rc;
}

int eo_config_name_classes(struct eo_config *cfg, const char *folder, int least, int most, struct eo_err *err)
{
    if (eo_config_check_class_names(cfg, least, most, err) || read_file(cfg, folder, least, most, err))
        return -1;
    add_numbers(cfg, most);
    return 0;
}
