/* Where the tensors of a network lie in one block: first fit, in the order in which they come to be. */
#include <string.h>

#include "nn/network.h"

struct tensor {
    size_t offset, size;
    int first, last; /* layers that touch it */
};

struct plan {
    int count;
    struct tensor tensor[2 * EO_NETWORK_LAYERS + 1];
    size_t end;
};

static int overlap(const struct tensor *a, const struct tensor *b)
{
    return a->first <= b->last && b->first <= a->last && a->offset < b->offset + b->size &&
           b->offset < a->offset + a->size;
}

/* The lowest place that no living tensor has: at 0 or behind one of them. Each move goes up, so it ends. */
static size_t place(struct plan *p, size_t size, int first, int last)
{
    struct tensor t = {0, size, first, last};

    for (int i = 0; i < p->count; i++) {
        if (overlap(&t, &p->tensor[i])) {
            t.offset = p->tensor[i].offset + p->tensor[i].size;
            i = -1;
        }
    }
    p->tensor[p->count++] = t;
    p->end = t.offset + size > p->end ? t.offset + size : p->end;
    return t.offset;
}

void eo_network_place(const struct eo_network *net, struct eo_network_places *places)
{
    struct plan p = {0};

    memset(places, 0, sizeof(*places));
    (void)place(&p, eo_dims_elements(net->input), 0, eo_network_last_reader(net, EO_NETWORK_INPUT));
    for (int i = 0; i < net->count; i++) {
        const struct eo_network_layer *l = &net->layer[i];
        int last = i + 1 < net->count ? eo_network_last_reader(net, i) : i;

        places->map[i] = places->out[i] = place(&p, eo_dims_elements(l->map), i, l->pooling ? i : last);
        if (l->pooling)
            places->out[i] = place(&p, eo_dims_elements(l->out), i, last);
    }
    places->elements = p.end;
}
