#include "stage/prune/space.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"

/* Tensor 0 is the input of the network, 1 + l the output of layer l; tied[t] is the first that t is tied to. */
static void tie(int *tied, int count, int a, int b)
{
    int low = tied[a] < tied[b] ? tied[a] : tied[b], high = tied[a] < tied[b] ? tied[b] : tied[a];

    for (int t = 0; t < count; t++)
        tied[t] = tied[t] == high ? low : tied[t];
}

static void find_ties(const struct eo_network *net, int *tied)
{
    for (int t = 0; t <= net->count; t++)
        tied[t] = t;
    for (int l = 0; l < net->count; l++) {
        const struct eo_network_layer *layer = &net->layer[l];

        if (layer->operation == EO_DEPTHWISE)
            tie(tied, net->count + 1, l + 1, layer->from + 1);
        if (layer->add != EO_NETWORK_NONE)
            tie(tied, net->count + 1, l + 1, layer->add + 1);
    }
}

void eo_spaces_make(struct eo_spaces *s, const struct eo_network *net)
{
    int tied[EO_NETWORK_LAYERS + 1], space[EO_NETWORK_LAYERS + 1];

    memset(s, 0, sizeof(*s));
    find_ties(net, tied);
    for (int l = 0; l < net->count; l++) {
        int t = tied[l + 1];

        if (t == tied[0] || t == tied[net->count]) {
            s->of[l] = EO_SPACE_NONE;
            continue;
        }
        if (t == l + 1) {
            space[t] = s->count;
            s->first[s->count] = l;
            s->channels[s->count++] = net->layer[l].map.c;
        }
        s->of[l] = space[t];
    }
}

int eo_spaces_read(const struct eo_spaces *s, const struct eo_network *net, int layer)
{
    int from = net->layer[layer].from;

    return from == EO_NETWORK_INPUT ? EO_SPACE_NONE : s->of[from];
}

int eo_spaces_makes(const struct eo_spaces *s, const struct eo_network *net, int layer, int space)
{
    return s->of[layer] == space && net->layer[layer].operation != EO_DEPTHWISE;
}

/* ---- metadata ------------------------------------------------------------------------------------------------ */

/* Numbers with commas between, up to `end`, each at least low and at most high; rising where `is_rising`. */
static int parse_numbers(const char *text, const char *end, int count, int low, int high, int is_rising,
                         int *out, struct eo_err *err)
{
    int found = 0;

    for (;;) {
        size_t n = strcspn(text, ",;");
        char number[16];
        int64_t value;

        snprintf(number, sizeof(number), "%.*s", (int)(n < 15 ? n : 15), text);
        if (eo_num_parse_i64(number, low, high, &value, err))
            return -1;
        if (found < count)
            out[found] = (int)value;
        found++;
        low = is_rising ? (int)value + 1 : low;
        text += n;
        if (text >= end)
            break;
        text++;
    }
    return found == count ? 0 : eo_err_set(err, "expected %d numbers, found %d", count, found);
}

static int is_pruned(const struct eo_model *m)
{
    return eo_model_meta_get(m, "channels_kept") || !eo_level_is_zero(eo_model_pruning_level(m));
}

int eo_spaces_base(const struct eo_model *m, int base[EO_NETWORK_LAYERS], struct eo_err *err)
{
    const char *text = eo_model_meta_get(m, "base_channels");
    struct eo_spaces s;
    struct eo_shape shape;

    if (eo_network_is_smallcnn(&m->network)) {
        if (eo_model_base_shape(m, &shape, err))
            return -1;
        base[EO_CONV1] = shape.c1;
        base[EO_CONV2] = shape.c2;
        return 0;
    }
    eo_spaces_make(&s, &m->network);
    for (int i = 0; i < s.count; i++)
        base[i] = is_pruned(m) ? 0 : s.channels[i];
    if (!text)
        return 0;
    if (parse_numbers(text, text + strlen(text), s.count, 1, EO_NETWORK_CHANNELS, 0, base, err))
        return eo_err_prefix(err, "metadata 'base_channels'");
    for (int i = 0; i < s.count; i++) {
        if (base[i] < s.channels[i])
            return eo_err_set(err,
                              "metadata 'base_channels': expected at least the %d channels of '%s', found %d",
                              s.channels[i], m->network.layer[s.first[i]].name, base[i]);
    }
    return 0;
}

int eo_spaces_kept(const struct eo_model *m, int space, int index[EO_NETWORK_CHANNELS], struct eo_err *err)
{
    const char *text = eo_model_meta_get(m, "channels_kept");
    int base[EO_NETWORK_LAYERS];
    struct eo_spaces s;

    if (eo_network_is_smallcnn(&m->network))
        return eo_model_kept(m, (enum eo_smallcnn_layer)space, index, err);
    if (eo_spaces_base(m, base, err))
        return -1;
    eo_spaces_make(&s, &m->network);
    for (int c = 0; c < s.channels[space]; c++)
        index[c] = c;
    for (int i = 0; text && i < space; i++) {
        text += strcspn(text, ";");
        text += *text == ';';
    }
    if (!text)
        return 0;
    if (parse_numbers(text, text + strcspn(text, ";"), s.channels[space], 0,
                      (base[0] ? base[space] : EO_NETWORK_CHANNELS) - 1, 1, index, err))
        return eo_err_prefix(err, "metadata 'channels_kept': '%s'", m->network.layer[s.first[space]].name);
    return 0;
}
