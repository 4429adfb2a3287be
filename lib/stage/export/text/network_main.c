int net_run(void *state, const uint8_t *input, net_score *scores)
{
    struct net_state *s = (struct net_state *)state;
    const struct net_layer *l = net_layers;
    net_value *x = s->arena + NET_INPUT;
    int best;

    for (int i = 0; i < NET_INPUT_BYTES / NET_INPUT_CHANNELS; i++) {
        for (int c = 0; c < NET_INPUT_CHANNELS; c++)
//@if int8
//@if tables
            *x++ = net_input[256 * c + input[c * (NET_INPUT_BYTES / NET_INPUT_CHANNELS) + i]];
//@else
            *x++ = net_input[input[c * (NET_INPUT_BYTES / NET_INPUT_CHANNELS) + i]];
//@end
//@else
//@if tables
            *x++ = net_input(input[c * (NET_INPUT_BYTES / NET_INPUT_CHANNELS) + i], c);
//@else
            *x++ = net_input(input[c * (NET_INPUT_BYTES / NET_INPUT_CHANNELS) + i]);
//@end
//@end
    }
    for (int k = 0; k + 1 < NET_LAYERS; k++) {
        NET_STEP(k);
        net_run_layer(s, l + k);
    }
    NET_STEP(NET_LAYERS - 1);
    best = net_scores(s, l + NET_LAYERS - 1, scores);
    NET_STEP(NET_LAYERS);
    return best;
}
