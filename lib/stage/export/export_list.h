/*
 * What the two writers of any network share (export_network.c, export_network_float.c): where maps and constants lie,
 * and the table of layers.
 */
#ifndef EO_STAGE_EXPORT_EXPORT_LIST_H
#define EO_STAGE_EXPORT_EXPORT_LIST_H

#include "nn/quantised.h"
#include "stage/export/plan.h"
#include "stage/export/writer.h"

struct eo_export_list {
    struct eo_export_writer *to;
    const struct eo_network *net;
    struct eo_export_plan plan;
    int has_pool, has_add, has_depthwise;
    size_t taps; /* of the largest depthwise kernel, rounded up to threes */

    /* The writer fills these in. */
    const struct eo_s8_network *numbers;                                /* NULL for floating point */
    size_t weight_at[EO_NETWORK_LAYERS], channel_at[EO_NETWORK_LAYERS]; /* where a layer's numbers begin */
    size_t terms[EO_NETWORK_LAYERS];                                    /* of struct net_layer */
    int is_mixed; /* some layers have weights of 4 bits, and others of 8: the table says which */
};

size_t eo_export_most(size_t a, size_t b);
size_t eo_export_round_up(size_t n, size_t to);

/* Plans memory and sets the flags of the text. */
void eo_export_list_begin(struct eo_export_list *w, struct eo_export_writer *to);

/* The table of layers, and the limits that both texts have. */
void eo_export_list_put(struct eo_export_list *w);

/* Bytes of the table. */
size_t eo_export_list_bytes(const struct eo_export_list *w);

/* How many bits more than 33 text/network.c shifts by for a requantisation; 0 where the multiplier is 0. */
int eo_export_shift(struct eo_requant rq);

#endif
