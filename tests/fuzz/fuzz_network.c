/*
 * Fuzz target: the text form of a network (nn/network.h). A text is refused with a message, or gives a network within
 * the limits, which printed and parsed again is the same one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nn/network_fold.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_layer(const struct eo_network *net, int i)
{
    const struct eo_network_layer *l = &net->layer[i];

    if (l->from < EO_NETWORK_INPUT || l->from >= i || l->add < EO_NETWORK_NONE || l->add >= i)
        abort();
    if (l->map.h < 1 || l->map.w < 1 || l->out.h < 1 || l->out.w < 1 || l->out.c != l->map.c ||
        l->map.c > EO_NETWORK_CHANNELS || eo_dims_elements(l->map) > EO_NETWORK_MAP)
        abort();
    if (eo_network_terms(l) < 1 || eo_network_weights(l) < 1 || eo_network_layer_macs(l) < 1)
        abort();
}

static void check_network(const struct eo_network *net)
{
    if (net->count < 1 || net->count > EO_NETWORK_LAYERS)
        abort();
    for (int i = 0; i < net->count; i++)
        check_layer(net, i);
    if (eo_network_classes(net) < 1 || eo_network_classes(net) > EO_NETWORK_CLASSES ||
        eo_network_parameters(net) > EO_NETWORK_PARAMETERS)
        abort();
}

static void check_round_trip(const struct eo_network *net, const char *separator)
{
    static struct eo_network again;
    struct eo_buf text = {0};
    struct eo_err err;

    eo_network_print(net, separator, &text);
    if (!text.missing &&
        (eo_network_parse(&again, text.data, &err) || memcmp(&again, net, sizeof(again)) != 0))
        abort();
    eo_buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct eo_network net;
    char *text = malloc(size + 1);
    struct eo_err err = {""};

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (eo_network_parse(&net, text, &err) == 0) {
        check_network(&net);
        check_round_trip(&net, "\n");
        check_round_trip(&net, "; ");
        eo_network_fold(&net);
        check_round_trip(&net, "\n");
    } else if (err.msg[0] == '\0') {
        abort();
    }
    free(text);
    return 0;
}
