#include "stage/export/class_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/config_classes.h"
#include "format/dataset.h"
#include "format/json.h"

int eo_class_names_copy(struct eo_class_names **names, const struct eo_config *cfg, struct eo_err *err)
{
    *names = NULL;
    if (!cfg->class_name_count)
        return 0;
    *names = eo_alloc(1, sizeof(**names), err);
    if (!*names)
        return -1;
    memcpy((*names)->name, cfg->class_names, sizeof((*names)->name));
    (*names)->count = cfg->class_name_count;
    return 0;
}

int eo_class_names_load(struct eo_class_names **names, const char *config, const char *data, int classes,
                        struct eo_err *err)
{
    char folder[EO_DATASET_FOLDER_MAX];
    struct eo_config *cfg;
    int rc;

    *names = NULL;
    if (!config)
        return 0;
    cfg = eo_alloc(1, sizeof(*cfg), err);
    if (!cfg)
        return -1;
    rc = eo_config_load(cfg, config, err) || (data && eo_dataset_find(cfg, data, folder, sizeof(folder), err)) ||
                 eo_config_name_classes(cfg, data ? folder : NULL, 0, classes, err)
             ? -1
             : 0;
    if (rc)
        eo_err_prefix(err, "%s", config);
    else
        rc = eo_class_names_copy(names, cfg, err);
    free(cfg);
    return rc;
}

/* Three octal digits end the escape whatever follows. A second question mark could make a trigraph. */
static void put_string(const char *name, struct eo_buf *out)
{
    eo_buf_puts(out, "\"");
    for (const char *c = name; *c; c++) {
        if ((unsigned char)*c >= 0x80)
            eo_buf_printf(out, "\\%03o", (unsigned char)*c);
        else
            eo_buf_printf(out, *c == '?' ? "\\%c" : "%c", *c);
    }
    eo_buf_puts(out, "\"");
}

void eo_class_names_put_macro(const struct eo_class_names *names, struct eo_buf *out)
{
    if (!names)
        return;
    eo_buf_puts(out, "/* UTF-8: static const char *const name[NET_CLASSES] = {NET_CLASS_NAMES}; */\n"
                     "#define NET_CLASS_NAMES");
    for (int i = 0; i < names->count; i++) {
        eo_buf_puts(out, i ? ", \\\n    " : " \\\n    ");
        put_string(names->name[i], out);
    }
    eo_buf_puts(out, "\n");
}

void eo_class_names_put_section(const struct eo_class_names *names, struct eo_buf *out)
{
    if (!names)
        return;
    eo_buf_puts(out,
                "\n## Classes\n\n"
                "The macro `NET_CLASS_NAMES` of each header is the list of their names. It takes no memory "
                "where it is\nnot used.\n\n"
                "| class | name |\n| --- | --- |\n");
    for (int i = 0; i < names->count; i++) {
        eo_buf_printf(out, "| %d | ", i);
        for (const char *c = names->name[i]; *c; c++)
            eo_buf_printf(out, strchr("`*_[]<>&|~:$@#!", *c) ? "\\%c" : "%c", *c);
        eo_buf_puts(out, " |\n");
    }
}

void eo_class_names_put_json(const struct eo_class_names *names, struct eo_buf *out)
{
    struct eo_json j = {.out = out};

    eo_json_open(&j, NULL, '[');
    for (int i = 0; i < names->count; i++)
        eo_json_text(&j, NULL, names->name[i]);
    eo_json_close(&j);
}
