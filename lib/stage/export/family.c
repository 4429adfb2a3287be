#include "stage/export/files.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "stage/export/export.h"
#include "stage/export/text.h"

/* Candidates in the order of their first appearance, each once. */
struct chosen {
    const struct eo_candidate **list;
    size_t count;
};

static void choose(struct chosen *chosen, const struct eo_candidate *c)
{
    for (size_t i = 0; i < chosen->count; i++) {
        if (eo_candidate_equal(&chosen->list[i]->key, &c->key))
            return;
    }
    chosen->list[chosen->count++] = c;
}

static int choose_all(struct chosen *chosen, const struct eo_sweep *sweep, const struct eo_sweep *tables,
                      size_t count, struct eo_err *err)
{
    const struct eo_candidate *recommended = eo_sweep_recommended(sweep);
    size_t rows = 1;

    for (size_t i = 0; i < count; i++)
        rows += tables[i].row_count;
    chosen->list = eo_alloc(rows, sizeof(*chosen->list), err);
    if (!chosen->list)
        return -1;
    if (recommended)
        choose(chosen, recommended);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < tables[i].row_count; k++)
            choose(chosen, &tables[i].rows[k]);
    }
    return chosen->count ? 0 : eo_err_set(err, "no candidate is recommended or on a frontier");
}

/* "p0.25x0.50-int8" as "p0_25x0_50_int8". */
static void set_prefix(const char *name, char prefix[EO_CANDIDATE_NAME])
{
    size_t n = strlen(name);

    for (size_t i = 0; i <= n; i++)
        prefix[i] = (char)(isalnum((unsigned char)name[i]) || !name[i] ? name[i] : '_');
    if (n > EO_EXPORT_PREFIX_MAX)
        strcpy(prefix, "net");
}

/* One of the texts, filled in, to `path` below the folder. */
static int write_text(const struct eo_export_family *f, const char *text, const char *prefix,
                      const struct eo_text_part *parts, int has_names, const char *name, struct eo_err *err)
{
    const char *const flags[] = {has_names ? "names" : NULL, NULL};
    const struct eo_text how = {prefix, flags, parts};
    struct eo_buf path = {0}, filled = {0};
    int rc = -1;

    eo_buf_printf(&path, "%s/%s", f->into, name);
    eo_text_fill(&how, text, &filled);
    if (eo_buf_check(&path, err) == 0 && eo_buf_check(&filled, err) == 0) {
        rc = eo_io_write(path.data, filled.data, filled.len, err);
        if (rc)
            eo_err_prefix(err, "%s", path.data);
    }
    eo_buf_release(&path);
    eo_buf_release(&filled);
    return rc;
}

static int write_main(const struct eo_export_family *f, const char *name, const char *prefix, int has_names,
                      struct eo_err *err)
{
    char include[EO_CANDIDATE_NAME + 8], path[2 * EO_CANDIDATE_NAME];
    const struct eo_text_part parts[] = {{"file", include}, {NULL, NULL}};

    snprintf(include, sizeof(include), "\"%s.h\"", prefix);
    snprintf(path, sizeof(path), "%s/main.c", name);
    return write_text(f, eo_text_main_c, prefix, parts, has_names, path, err);
}

/* The files of one model; its line of the list, and its files' names. */
static int export_one(const struct eo_export_family *f, const struct eo_candidate *c, int has_names,
                      struct eo_buf *models, struct eo_buf *names, struct eo_err *err)
{
    char name[EO_CANDIDATE_NAME], prefix[EO_CANDIDATE_NAME], folder[PATH_MAX], output[PATH_MAX],
        model[PATH_MAX];
    struct eo_export_files files = {output, prefix, f->config, f->data, f->tests, 0, 0, 0};
    const char *remark = c->recommendation == EO_RECOMMENDATION_RECOMMENDED ? "recommended" : "";
    struct eo_export_fact fact;

    eo_candidate_name(&(struct eo_candidate_name){c->key, 0}, c->key.seed, name);
    set_prefix(name, prefix);
    if (snprintf(folder, sizeof(folder), "%s/%s", f->into, name) >= PATH_MAX ||
        snprintf(output, sizeof(output), "%s/%s", folder, prefix) >= PATH_MAX ||
        snprintf(model, sizeof(model), "%s/%s.safetensors", f->from, name) >= PATH_MAX)
        return eo_err_set(err, "%s: the name is too long", f->into);
    if (eo_io_mkdirs(folder, err))
        return eo_err_prefix(err, "%s", folder);
    if (eo_export_files(&files, model, &fact, err))
        return -1;
    if (write_main(f, name, prefix, has_names, err))
        return -1;
    eo_buf_printf(models, "| `%s` | %s | %zu | %zu | %s |\n", name, fact.accuracy, fact.model_bytes,
                  fact.macs, remark);
    eo_buf_printf(names, "%s/%s.h\n%s/%s.c\n%s/main.c\n", name, prefix, name, prefix, name);
    return 0;
}

int eo_export_family(const struct eo_export_family *f, const struct eo_sweep *sweep,
                     const struct eo_sweep *tables, size_t count, struct eo_buf *names, struct eo_err *err)
{
    struct chosen chosen = {0};
    struct eo_class_names *classes = NULL;
    struct eo_buf models = {0}, section = {0};
    int rc = choose_all(&chosen, sweep, tables, count, err);

    if (rc == 0)
        rc = eo_class_names_load(&classes, f->config, f->data, 0, err);
    for (size_t i = 0; rc == 0 && i < chosen.count; i++)
        rc = export_one(f, chosen.list[i], classes != NULL, &models, names, err);
    eo_class_names_put_section(classes, &section);
    if (rc == 0)
        rc = eo_buf_check(&models, err) || eo_buf_check(&section, err) ? -1 : 0;
    if (rc == 0) {
        const struct eo_text_part parts[] = {
            {"models", models.data}, {"classes", section.data}, {NULL, NULL}};

        rc = write_text(f, eo_text_readme, "net", parts, classes != NULL, "README.md", err);
        eo_buf_puts(names, "README.md\n");
    }
    eo_buf_release(&models);
    eo_buf_release(&section);
    free(classes);
    free(chosen.list);
    return rc;
}
