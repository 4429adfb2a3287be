/*
 * Names of classes as exported files show them. Names are UTF-8 of 1 to 31 bytes without quotes,
 * backslashes and control characters (format/config.h). NULL stands for a model whose classes have none.
 */
#ifndef EO_STAGE_EXPORT_CLASS_NAMES_H
#define EO_STAGE_EXPORT_CLASS_NAMES_H

#include "base/buf.h"
#include "base/err.h"
#include "format/config.h"

struct eo_class_names {
    char name[EO_CONFIG_CLASSES_MAX][EO_CONFIG_NAME_MAX];
    int count;
};

/*
 * Those of the experiment `config`, whose data are in `data` (--data; NULL: where they are found), for `classes`
 * outputs (0: not known), by eo_config_name_classes(). NULL where there are none or `config` is NULL. The caller frees
 * them. The message names the file.
 */
int eo_class_names_load(struct eo_class_names **names, const char *config, const char *data, int classes,
                        struct eo_err *err) EO_MUST_CHECK;

/* The key class_names of a configuration that is loaded. */
int eo_class_names_copy(struct eo_class_names **names, const struct eo_config *cfg,
                        struct eo_err *err) EO_MUST_CHECK;

/* The macro NET_CLASS_NAMES: strings of ASCII alone, because compilers differ in the encoding that they expect. */
void eo_class_names_put_macro(const struct eo_class_names *names, struct eo_buf *out);

/* A section of README.md with a table. */
void eo_class_names_put_section(const struct eo_class_names *names, struct eo_buf *out);

/* A JSON list. */
void eo_class_names_put_json(const struct eo_class_names *names, struct eo_buf *out);

#endif
