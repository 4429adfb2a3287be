#include "stage/explore/origin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"

#define MAX_SLICE 1000000 /* bytes */

static void shorten(const char *sha256, char text[EO_EXPLORE_ORIGIN])
{
    snprintf(text, EO_EXPLORE_ORIGIN, "%.*s", EO_EXPLORE_ORIGIN - 1, sha256);
}

int eo_explore_origin_make(struct eo_explore_origin *o, const struct eo_config *cfg, struct eo_err *err)
{
    char sha256[EO_SHA256_TEXT];

    if (eo_config_slice_sha256(cfg, EO_STAGE_EXPLORE, 0, sha256, err))
        return -1;
    shorten(sha256, o->experiment);
    *o->base_experiment = '\0';
    return 0;
}

void eo_explore_origin_set_base(struct eo_explore_origin *o, const struct eo_model *base)
{
    const char *trained = eo_model_meta_get(base, "train_sha256");

    shorten(trained && strspn(trained, "0123456789abcdef") == EO_SHA256_TEXT - 1 ? trained : "",
            o->base_experiment);
}

static int has_line(const char *text, const char *line, size_t n)
{
    while (*text) {
        size_t length = strcspn(text, "\n");

        if (length == n && memcmp(text, line, n) == 0)
            return 1;
        text += length + (text[length] == '\n');
    }
    return 0;
}

/* The key of the first line of `text` that is not a line of `other`; "" where there is none. */
static void find_key(const char *text, const char *other, char key[EO_CONFIG_TEXT_MAX])
{
    *key = '\0';
    while (*text && !*key) {
        size_t n = strcspn(text, "\n");

        if (!has_line(other, text, n))
            snprintf(key, EO_CONFIG_TEXT_MAX, "%.*s", (int)strcspn(text, ":\n"), text);
        text += n + (text[n] == '\n');
    }
}

/* The slices of the folder are those of the table until Make writes others there. */
static void find_edit(const char *made, const struct eo_buf *now, const char *folder,
                      enum eo_config_stage stage, char key[EO_CONFIG_TEXT_MAX])
{
    char path[4096], sha256[EO_SHA256_TEXT], *text;
    struct eo_err err;
    size_t size;

    *key = '\0';
    if ((size_t)snprintf(path, sizeof(path), "%s/config/%s.yaml", folder, eo_config_stage_name(stage)) >=
            sizeof(path) ||
        eo_io_read(path, MAX_SLICE, &text, &size, &err))
        return;
    eo_hash_sha256(text, size, sha256);
    if (strncmp(sha256, made, EO_EXPLORE_ORIGIN - 1) == 0) {
        find_key(now->data, text, key);
        if (!*key)
            find_key(text, now->data, key);
    }
    free(text);
}

/* As eo_explore_origin_check(), for one slice of a sealed configuration. */
static int check_slice(const char *made, const struct eo_config *cfg, enum eo_config_stage stage,
                       const char *folder, struct eo_err *err)
{
    char sha256[EO_SHA256_TEXT], key[EO_CONFIG_TEXT_MAX];
    struct eo_buf now = {0};
    int differs = 0;

    eo_config_slice(cfg, stage, 0, &now);
    if (eo_buf_check(&now, err))
        return -1;
    eo_hash_sha256(now.data, now.len, sha256);
    if (strncmp(sha256, made, EO_EXPLORE_ORIGIN - 1) != 0) {
        differs = 1;
        find_edit(made, &now, folder, stage, key);
        if (*key)
            eo_err_set(err, "made with another value of key '%s'", key);
        else
            eo_err_set(err, "made with other values of keys that %s",
                       stage == EO_STAGE_TRAIN ? "the base model is trained with" : "make explore reads");
    }
    eo_buf_release(&now);
    return differs;
}

int eo_explore_origin_check(const struct eo_explore_origin *made, const struct eo_config *cfg,
                            const char *folder, int is_own, struct eo_err *err)
{
    struct eo_config *sealed;
    int rc;

    if (!*made->experiment)
        return 0;
    sealed = eo_alloc(1, sizeof(*sealed), err);
    if (!sealed)
        return -1;
    *sealed = *cfg;
    rc = (is_own && *made->base_experiment ? eo_config_seal : eo_config_seal_teacher)(sealed, err);
    if (!rc)
        rc = check_slice(made->experiment, sealed, EO_STAGE_EXPLORE, folder, err);
    if (!rc && is_own && *made->base_experiment)
        rc = check_slice(made->base_experiment, sealed, EO_STAGE_TRAIN, folder, err);
    free(sealed);
    return rc;
}
