/* The smaller model: its weights, and in its metadata which channels of the trained model it still has. */
#include <string.h>

#include "stage/prune/prune.h"

/*
 * Copies the rows `rows` of a layer, and of each row the groups `groups` of consecutive weights; NULL stands for all of
 * them.
 */
static void copy_layer(const struct eo_model *base, struct eo_model *out, int layer, const int *rows,
                       const int *groups)
{
    const struct eo_network_layer *l = &out->network.layer[layer];
    const struct eo_model_layer *from = &base->layer[layer], *to = &out->layer[layer];
    size_t terms = eo_network_terms(&base->network.layer[layer]);
    size_t count = l->operation == EO_DEPTHWISE ? 1 : (size_t)l->in.c, group = eo_network_terms(l) / count;
    float *w = to->weight.f32;

    for (int o = 0; o < l->map.c; o++) {
        size_t row = (size_t)(rows ? rows[o] : o);

        to->bias.f32[o] = from->bias.f32[row];
        if (l->batch_norm) {
            to->norm_scale[o] = from->norm_scale[row];
            to->norm_mean[o] = from->norm_mean[row];
            to->norm_variance[o] = from->norm_variance[row];
        }
        for (size_t g = 0; g < count; g++, w += group)
            memcpy(w, from->weight.f32 + row * terms + (groups ? (size_t)groups[g] : g) * group,
                   group * sizeof(*w));
    }
}

static const int *kept_of(const struct eo_prune_plan *plan, int space)
{
    return space == EO_SPACE_NONE ? NULL : plan->kept[space];
}

static void copy_layers(const struct eo_prune_plan *plan, const struct eo_model *m, struct eo_model *out)
{
    for (int l = 0; l < m->network.count; l++) {
        int is_depthwise = m->network.layer[l].operation == EO_DEPTHWISE;
        int read = is_depthwise ? EO_SPACE_NONE : eo_spaces_read(&plan->spaces, &m->network, l);

        copy_layer(m, out, l, kept_of(plan, plan->spaces.of[l]), kept_of(plan, read));
    }
}

void eo_prune_network(const struct eo_prune_plan *plan, struct eo_network *net)
{
    for (int l = 0; l < net->count; l++) {
        struct eo_network_layer *layer = &net->layer[l];
        int space = plan->spaces.of[l];

        if (layer->from != EO_NETWORK_INPUT)
            layer->in.c = net->layer[layer->from].out.c;
        if (space != EO_SPACE_NONE)
            layer->map.c = layer->out.c = plan->count[space];
    }
}

/* The kept channels of a space, by their places in the model that was trained. */
static int put_kept(const struct eo_model *m, const struct eo_prune_plan *plan, int space,
                    struct eo_buf *text, struct eo_err *err)
{
    int before[EO_NETWORK_CHANNELS];

    if (eo_spaces_kept(m, space, before, err))
        return -1;
    for (int i = 0; i < plan->count[space]; i++)
        eo_buf_printf(text, "%s%d", i ? "," : "", before[plan->kept[space][i]]);
    return 0;
}

/* The metadata of the two convolutions, or one of all spaces. */
static int set_kept(struct eo_model *out, const struct eo_model *m, const struct eo_prune_plan *plan,
                    struct eo_err *err)
{
    static const char *const keys[EO_SMALLCNN_LAYERS - 1] = {"conv1_kept", "conv2_kept"};
    int is_smallcnn = eo_network_is_smallcnn(&m->network), rc = 0;
    struct eo_buf text = {0};

    for (int i = 0; !rc && i < plan->spaces.count; i++) {
        int is_last = is_smallcnn || i + 1 == plan->spaces.count;

        rc = put_kept(m, plan, i, &text, err);
        eo_buf_append(&text, is_last ? "" : ";", 1);
        if (rc || !is_last)
            continue;
        rc = eo_buf_check(&text, err) ||
             eo_model_meta_set(out, is_smallcnn ? keys[i] : "channels_kept", text.data, err);
        text.len = 0;
    }
    eo_buf_release(&text);
    return rc ? -1 : 0;
}

static int set_base_channels(struct eo_model *out, const struct eo_model *m, const struct eo_spaces *spaces,
                             struct eo_err *err)
{
    int base[EO_NETWORK_LAYERS], rc;
    struct eo_buf text = {0};

    if (eo_spaces_base(m, base, err))
        return -1;
    for (int i = 0; i < spaces->count; i++)
        eo_buf_printf(&text, "%s%d", i ? "," : "", base[i]);
    rc = eo_buf_check(&text, err) ||
                 (spaces->count && base[0] && eo_model_meta_set(out, "base_channels", text.data, err))
             ? -1
             : 0;
    eo_buf_release(&text);
    return rc;
}

int eo_prune_apply(const struct eo_prune_plan *plan, const struct eo_model *m, struct eo_model *out,
                   struct eo_err *err)
{
    struct eo_network net = m->network;

    eo_prune_network(plan, &net);
    if (eo_model_init_network(out, EO_FP32, &net, err))
        return -1;
    copy_layers(plan, m, out);
    if (eo_model_meta_copy(out, m, err) || set_kept(out, m, plan, err) ||
        set_base_channels(out, m, &plan->spaces, err)) {
        eo_model_release(out);
        return -1;
    }
    return 0;
}
