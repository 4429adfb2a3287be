/*
 * A network for a data set: layers as a configuration gives them, with the input and the classes of the data.
 */
#ifndef EO_NN_NETWORK_FIT_H
#define EO_NN_NETWORK_FIT_H

#include "nn/network.h"

struct eo_network_wish {
    const char
        *layers; /* a known network's name, or the text form of network.h without its first line, the input */
    double
        width; /* factor of the outputs of all layers but depthwise ones and the last; at least 1 is left */
    struct eo_dims input; /* of the data; zeros: not known, so sizes are not checked, and the network has none */
    int classes;          /* 0: not known */
};

/*
 * The last layer has as many outputs as there are classes: `classes` stands for their number there, a number has to be
 * that one, and a known network's is replaced. Other outputs are multiplied by the width and rounded, halves to even.
 * Fails as eo_network_parse().
 */
int eo_network_fit(struct eo_network *net, const struct eo_network_wish *wish,
                   struct eo_err *err) EO_MUST_CHECK;

/* The text form without its first line, of which all is checked that does not depend on the size of the input. */
int eo_network_parse_unsized(struct eo_network *net, const char *text, struct eo_err *err) EO_MUST_CHECK;

#endif
