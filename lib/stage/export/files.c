#include "stage/export/files.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "stage/export/export.h"
#include "stage/export/images.h"
#include "stage/export/onnx.h"

/* NAME.h or NAME.c */
static int set_path(const struct eo_export_files *f, const char *extension, char path[PATH_MAX],
                    struct eo_err *err)
{
    if (snprintf(path, PATH_MAX, "%s%s", f->output, extension) < PATH_MAX)
        return 0;
    return eo_err_set(err, "%s: the name is too long", f->output);
}

/* Before long work, and so that there are both files or none. */
static int check_outputs(const struct eo_export_files *f, struct eo_err *err)
{
    static const char *const extension[] = {".c", ".h"};
    char path[PATH_MAX];

    for (int i = 0; i < 2 - f->is_single; i++) {
        if (set_path(f, extension[i], path, err))
            return -1;
        if (eo_io_check_output(path, err))
            return eo_err_prefix(err, "%s", path);
    }
    return 0;
}

static int write_file(const struct eo_export_files *f, const char *extension, const struct eo_buf *text,
                      struct eo_err *err)
{
    char path[PATH_MAX];

    if (set_path(f, extension, path, err))
        return -1;
    return eo_io_write(path, text->data, text->len, err) ? eo_err_prefix(err, "%s", path) : 0;
}

static int make(const struct eo_export_files *f, const struct eo_model *m, const char *sha256,
                const char *path, const struct eo_export_images *images, struct eo_err *err)
{
    const struct eo_export how = {.prefix = f->prefix,
                                  .file = strrchr(f->output, '/') ? strrchr(f->output, '/') + 1 : f->output,
                                  .model_sha256 = sha256,
                                  .images_from = images->from,
                                  .accuracy = images->accuracy[0] ? images->accuracy : NULL,
                                  .class_names = images->class_names,
                                  .images = images->pixels,
                                  .image_count = images->count,
                                  .is_fast = f->is_fast,
                                  .is_single = f->is_single};
    struct eo_buf header = {0}, source = {0};
    int is_empty = f->is_optional && f->is_fast && !eo_export_can_be_fast(m);
    int rc = is_empty ? 0 : eo_export_make(&how, m, &header, &source, err);

    if (rc)
        eo_err_prefix(err, "%s", path);
    else
        rc = write_file(f, ".c", &source, err) || (!f->is_single && write_file(f, ".h", &header, err)) ? -1
                                                                                                       : 0;
    eo_buf_release(&header);
    eo_buf_release(&source);
    return rc;
}

int eo_export_files(const struct eo_export_files *f, const char *path, struct eo_export_fact *fact,
                    struct eo_err *err)
{
    struct eo_export_images images = {0};
    char sha256[EO_SHA256_TEXT];
    struct eo_model m = {0};
    int rc = -1;

    if (check_outputs(f, err))
        return -1;
    if (eo_model_load_network(&m, path, NULL, sha256, err))
        eo_err_prefix(err, "%s", path);
    else if (eo_export_images_load(&images, &m, f->config, f->data, f->tests, err) == 0)
        rc = make(f, &m, sha256, path, &images, err);
    if (fact) {
        memcpy(fact->accuracy, images.accuracy, sizeof(fact->accuracy));
        fact->model_bytes = rc ? 0 : eo_model_tensor_bytes(&m);
        fact->macs = rc ? 0 : eo_network_macs(&m.network);
    }
    eo_export_images_release(&images);
    eo_model_release(&m);
    return rc;
}

static int write_onnx(const struct eo_model *m, const char *sha256, const struct eo_class_names *names,
                      const char *input, const char *path, struct eo_err *err)
{
    struct eo_buf out = {0};
    int rc = eo_export_onnx(m, sha256, names, &out, err);

    if (rc)
        eo_err_prefix(err, "%s", input);
    else if ((rc = eo_io_write(path, out.data, out.len, err)))
        eo_err_prefix(err, "%s", path);
    eo_buf_release(&out);
    return rc;
}

int eo_export_onnx_file(const char *output, const char *input, const char *config, struct eo_err *err)
{
    const struct eo_export_files f = {.output = output};
    char sha256[EO_SHA256_TEXT], path[PATH_MAX];
    struct eo_class_names *names = NULL;
    struct eo_model m = {0};
    int rc = -1;

    if (set_path(&f, ".onnx", path, err))
        return -1;
    if (eo_io_check_output(path, err))
        eo_err_prefix(err, "%s", path);
    else if (eo_model_load_network(&m, input, NULL, sha256, err))
        eo_err_prefix(err, "%s", input);
    else if (eo_class_names_load(&names, config, NULL, eo_network_classes(&m.network), err) == 0)
        rc = write_onnx(&m, sha256, names, input, path, err);
    free(names);
    eo_model_release(&m);
    return rc;
}
