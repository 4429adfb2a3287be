/*
 * Fuzz target: whatever the bytes, eo_config_parse() refuses them with a message of one line, or gives an
 * experiment whose canonical text and whose slices are read again as the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int ok)
{
    if (!ok)
        abort();
}

static int is_same(const struct eo_buf *a, const struct eo_buf *b)
{
    return !a->missing && !b->missing && a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static void check_print(const struct eo_config *cfg)
{
    struct eo_buf first = {0}, second = {0};
    struct eo_config again;

    eo_config_print(cfg, &first);
    require(eo_config_parse(&again, first.data, first.len, NULL) == 0);
    eo_config_print(&again, &second);
    require(is_same(&first, &second));
    eo_buf_release(&first);
    eo_buf_release(&second);
}

static void check_slice(const struct eo_config *cfg, enum eo_config_stage stage)
{
    struct eo_buf first = {0}, second = {0};
    struct eo_config again;

    eo_config_slice(cfg, stage, cfg->seed_count - 1, &first);
    require(eo_config_parse(&again, first.data, first.len, NULL) == 0);
    eo_config_slice(&again, stage, 0, &second);
    require(is_same(&first, &second));
    eo_buf_release(&first);
    eo_buf_release(&second);
}

/* The lines of the fragment; no value may expand in it. */
static size_t make_lines(const struct eo_config *cfg)
{
    struct eo_buf out = {0};
    size_t lines = 0;

    require(eo_config_make(cfg, "x.yaml", &out, NULL) == 0);
    for (size_t i = 0; i < out.len; i++) {
        require(!strchr("$#\\%\t\r'\"`", out.data[i]));
        lines += out.data[i] == '\n';
    }
    eo_buf_release(&out);
    return lines;
}

/* No value may break out of its line: there are as many as with the defaults. */
static void check_make(const struct eo_config *cfg)
{
    struct eo_config defaults;

    /* Only Make needs to know where the images of `dataset: idx` are. */
    if (strcmp(cfg->dataset, "idx") == 0 && !*cfg->data_dir)
        return;
    eo_config_init(&defaults);
    require(make_lines(cfg) == make_lines(&defaults));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct eo_err err = {""};
    struct eo_config cfg;

    if (eo_config_parse(&cfg, (const char *)data, size, &err)) {
        require(err.msg[0] != '\0' && !strpbrk(err.msg, "\n\r\x1b"));
        return 0;
    }
    check_print(&cfg);
    for (int s = 0; s < EO_STAGE_COUNT; s++)
        check_slice(&cfg, (enum eo_config_stage)s);
    check_make(&cfg);
    return 0;
}
