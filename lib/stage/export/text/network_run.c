/* ---- layers ---- */

/* The sums of one or two pixels of the map. */
static void net_sums(struct net_state *s, const struct net_layer *l, const int *pixel, int count)
{
//@if depthwise
    if (l->operation == NET_DEPTHWISE) {
        for (int i = 0; i < count; i++)
            net_depthwise(s, l, pixel[i] / l->map_w, pixel[i] % l->map_w, s->sum[i]);
        return;
    }
//@end
//@if int8
//@else
    if (l->operation == NET_LINEAR) {
        net_linear(s, l, s->sum[0]);
        return;
    }
//@end
    {
        const net_term *p = net_patch(s, l, pixel[0] / l->map_w, pixel[0] % l->map_w, s->patch[0]), *q = p;

        if (count > 1)
            q = net_patch(s, l, pixel[1] / l->map_w, pixel[1] % l->map_w, s->patch[1]);
        net_dots(s, l, p, q);
    }
}

/* Without pooling a pixel of the map is one of the output. */
static void net_plain(struct net_state *s, const struct net_layer *l)
{
    const int pixels = l->map_h * l->map_w;

    for (int i = 0; i < pixels; i += 2) {
        const int count = i + 1 < pixels ? 2 : 1;
        const int pixel[2] = {l->is_backward ? pixels - 1 - i : i, l->is_backward ? pixels - 2 - i : i + 1};

        net_sums(s, l, pixel, count);
        for (int j = 0; j < count; j++)
            net_activations(s, l, s->sum[j], pixel[j], s->arena + l->out + pixel[j] * l->out_c);
    }
}

//@if pooled
/* One pixel of the output: the pixels of its window, two at a time. */
static void net_window(struct net_state *s, const struct net_layer *l, int out)
{
    const int row = out / l->out_w * l->step_h, col = out % l->out_w * l->step_w, size = l->window_h * l->window_w;
//@if int8
    const int32_t none = l->pooling == NET_AVERAGE ? -size * l->zero : 0; /* the zero point of each activation */
//@else
    const float none = 0;
//@end

    for (int n = 0; n < l->out_c; n++)
        s->pool[n] = none;
    for (int i = 0; i < size; i += 2) {
        const int count = i + 1 < size ? 2 : 1;
        int pixel[2] = {0, 0};

        for (int j = 0; j < count; j++)
            pixel[j] = (row + (i + j) / l->window_w) * l->map_w + col + (i + j) % l->window_w;
        net_sums(s, l, pixel, count);
        for (int j = 0; j < count; j++) {
//@if int8
            net_activations(s, l, s->sum[j], pixel[j], s->map);
            net_pool(s, l);
//@else
            net_pool(s, l, s->sum[j], pixel[j], i + j);
//@end
        }
    }
    net_pooled(s, l, s->arena + l->out + out * l->out_c);
}
//@end

static void net_run_layer(struct net_state *s, const struct net_layer *l)
{
//@if depthwise
    if (l->operation == NET_DEPTHWISE) {
//@if int8
        net_fill((uint8_t)l->in_zero, l->in_c, s->border);
#if NET_PATH == 1
        net_spread_weights(l, s->pair);
//@if mixed
#else
        if (l->is_packed)
            net_unpacked(net_packed + l->weight, l->kernel_h * l->kernel_w * l->terms, s->weight);
//@else
//@if packed
#else
        net_unpacked(net_weight + l->weight, l->kernel_h * l->kernel_w * l->terms, s->weight);
//@end
//@end
#endif
//@else
        net_zero(l->in_c, s->border);
//@end
    }
//@end
//@if pooled
    if (l->pooling) {
        const int pixels = l->out_h * l->out_w;

        for (int i = 0; i < pixels; i++)
            net_window(s, l, l->is_backward ? pixels - 1 - i : i);
        return;
    }
//@end
    net_plain(s, l);
}

