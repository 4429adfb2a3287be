#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/config.h"
#include "stage/import/import.h"
#include "stage/prune/space.h"

static void put_hw(struct eo_buf *out, const char *key, struct eo_hw hw)
{
    eo_buf_printf(out, ", %s: %dx%d", key, hw.h, hw.w);
}

static void put_source(const struct eo_network *net, const char *key, int source, struct eo_buf *out)
{
    eo_buf_printf(out, ", %s: %s", key, source == EO_NETWORK_INPUT ? "input" : net->layer[source].name);
}

static void put_operation(const struct eo_network *net, int i, struct eo_buf *out)
{
    const struct eo_network_layer *l = &net->layer[i];
    const struct eo_padding *p = &l->pad;

    if (l->operation == EO_LINEAR && i + 1 == net->count)
        eo_buf_puts(out, "linear: classes");
    else if (l->operation == EO_LINEAR)
        eo_buf_printf(out, "linear: %d", l->map.c);
    else if (l->operation == EO_DEPTHWISE)
        eo_buf_printf(out, "depthwise: %dx%d", l->kernel.h, l->kernel.w);
    else
        eo_buf_printf(out, "conv: %d, kernel: %dx%d", l->map.c, l->kernel.h, l->kernel.w);
    if (l->stride.h != 1 || l->stride.w != 1)
        put_hw(out, "stride", l->stride);
    if (p->top || p->left || p->bottom || p->right)
        eo_buf_printf(out, ", padding: [%d, %d, %d, %d]", p->top, p->left, p->bottom, p->right);
}

static void put_layer(const struct eo_network *net, int i, struct eo_buf *out)
{
    const struct eo_network_layer *l = &net->layer[i];

    eo_buf_puts(out, "  - {");
    put_operation(net, i, out);
    eo_buf_printf(out, ", name: %s", l->name);
    if (l->from != i - 1)
        put_source(net, "from", l->from, out);
    if (l->batch_norm)
        eo_buf_puts(out, ", batch_norm: true");
    if (l->add != EO_NETWORK_NONE)
        put_source(net, "add", l->add, out);
    if (l->activation)
        eo_buf_printf(out, ", %s: true", l->activation == EO_RELU ? "relu" : "relu6");
    if (l->pooling == EO_MEAN)
        eo_buf_puts(out, ", mean: true");
    else if (l->pooling)
        eo_buf_printf(out, ", %s: %dx%d/%dx%d", l->pooling == EO_MAX_POOL ? "max" : "average", l->window.h,
                      l->window.w, l->step.h, l->step.w);
    eo_buf_puts(out, "}\n");
}

int eo_import_check_base_model(const char *base_model, struct eo_err *err)
{
    struct eo_config *cfg = eo_alloc(1, sizeof(*cfg), err);
    struct eo_buf text = {0};
    const char *key;
    int rc = -1;

    eo_buf_printf(&text, "base_model: %s\n", base_model);
    if (cfg && eo_buf_check(&text, err) == 0) {
        rc = eo_config_parse(cfg, text.data, text.len, err);
        key = rc ? strstr(err->msg, "key ") : NULL;
        if (key) /* without line and column, which are those of `text` */
            memmove(err->msg, key, strlen(key) + 1);
        else if (rc ? strchr("123456789", err->msg[0]) != NULL : strcmp(cfg->base_model, base_model) != 0)
            rc = eo_err_set(err, "expected a path that YAML reads as plain text");
    }
    eo_buf_release(&text);
    free(cfg);
    return rc;
}

void eo_import_put_yaml(const struct eo_network *net, const char *base_model, struct eo_buf *out)
{
    struct eo_spaces spaces;

    eo_buf_printf(out,
                  "# Input %d x %d x %d in %d classes: dataset and data_dir have to name images like that.\n"
                  "# Without base_model the layers are trained from the start.\n"
                  "base_model: %s\nmodel:\n",
                  net->input.c, net->input.h, net->input.w, eo_network_classes(net), base_model);
    for (int i = 0; i < net->count; i++)
        put_layer(net, i, out);
    eo_spaces_make(&spaces, net);
    if (!spaces.count)
        eo_buf_puts(out, "pruning_levels: [0.0] # there are no channels that can be removed\n");
}
