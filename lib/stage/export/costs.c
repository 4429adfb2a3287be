#include "stage/export/costs.h"

#include <math.h>

#include "stage/export/cost_terms.h"
#include "stage/export/costs_network.h"
#include "stage/export/export.h"

/*
 * Of code for SmallCNN: bytes, the most of all models measured, which differ by at most 100 bytes and with one channel
 * in a layer by 330; and instructions for 1, c1, c2 and c1 c2. Of m4dsp at int8 and int4, c1 c2 is c2 times the pairs
 * of channels; of m55, c1 is the groups of four channels and c1 c2 is c2 times the groups of 16 values in three pixels.
 * Measured as by `make device`: of a base model trained on MNIST, 33 models at int8, 16 at int4 and 5 in floating
 * point, with 1 to 16 and 1 to 32 channels. Instructions are fitted to those with at least two channels in each layer,
 * by least squares of the relative error. The largest error of these is 1 %, of m4dsp 3.2 % and of m55 10.6 %; of those
 * with one channel in a layer 19 %.
 */
struct code {
    int bytes;
    int32_t instructions[4];
};

static const struct code codes[EO_CORE_COUNT][EO_PRECISION_COUNT] = {
    [EO_CORE_m0] = {[EO_FP32] = {6140, {449317, 1603416, 110845, 404160}},
                    [EO_FP16] = {6728, {449162, 1636257, 118294, 408430}},
                    [EO_INT8] = {2019, {16239, 53430, 6874, 9327}},
                    [EO_INT4] = {2163, {13160, 54398, 9363, 9482}}},
    [EO_CORE_m3] = {[EO_FP32] = {3684, {264753, 909631, 8688, 211123}},
                    [EO_FP16] = {4208, {203611, 987909, -2751, 213883}},
                    [EO_INT8] = {1544, {9810, 22188, 3714, 3180}},
                    [EO_INT4] = {1699, {9590, 22173, 5817, 3394}}},
    [EO_CORE_m4] = {[EO_FP32] = {1176, {18206, 19778, 4584, 3177}},
                    [EO_FP16] = {1320, {17073, 24036, 4911, 3538}},
                    [EO_INT8] = {1532, {9814, 21406, 3515, 3180}},
                    [EO_INT4] = {1679, {9587, 21389, 5621, 3394}}},
    [EO_CORE_m4dsp] =
        {[EO_INT8] = {2106, {22427, 13466, 2744, 3546}}, [EO_INT4] = {2212, {23914, 12977, 3580, 3918}}},
    [EO_CORE_m55] = {[EO_FP32] = {1336, {16284, 19740, 4650, 3118}},
                     [EO_FP16] = {1512, {17087, 22459, 5513, 3426}},
                     [EO_INT8] = {1913, {6967, 21269, 1874, 2119}},
                     [EO_INT4] = {2025, {8795, 19100, 3225, 3305}}},
    [EO_CORE_rv32imc] = {[EO_FP32] = {7504, {157670, 841873, 123041, 222206}},
                         [EO_FP16] = {8208, {209132, 847334, 133134, 226997}},
                         [EO_INT8] = {1510, {18854, 27454, 3291, 4898}},
                         [EO_INT4] = {1667, {18344, 27547, 5497, 5103}}},
};

/*
 * SmallCNN at mixed, with 4 bits in one of its last two layers and 8 in the other. Bytes are the most of 46 models
 * measured, and 16; those of m4 count code for m55 without Helium as well. Instructions are those of int8 and what was
 * counted more than at int8, of 12 pairs of widths of 2 to 16 and 2 to 32 channels: fitted likewise, with an error of
 * at most 0.7 % of the whole, of m55 4.3 %.
 */
enum { PACKED_KERNELS, PACKED_CLASSES, PACKED_KINDS };

static const struct code mixed_codes[EO_CORE_COUNT][PACKED_KINDS] = {
    [EO_CORE_m0] = {[PACKED_KERNELS] = {2159, {16464, 53340, 7234, 9583}},
                    [PACKED_CLASSES] = {2160, {16453, 53442, 9028, 9328}}},
    [EO_CORE_m3] = {[PACKED_KERNELS] = {1605, {9896, 22143, 3803, 3300}},
                    [PACKED_CLASSES] = {1623, {9794, 22173, 4709, 3179}}},
    [EO_CORE_m4] = {[PACKED_KERNELS] = {1693, {9852, 21361, 3622, 3299}},
                    [PACKED_CLASSES] = {1695, {9786, 21392, 4511, 3179}}},
    [EO_CORE_m4dsp] = {[PACKED_KERNELS] = {2166, {22498, 13440, 2782, 3862}},
                       [PACKED_CLASSES] = {2188, {22571, 13461, 3785, 3525}}},
    [EO_CORE_m55] = {[PACKED_KERNELS] = {2107, {6174, 22079, 1648, 3303}},
                     [PACKED_CLASSES] = {2143, {6992, 21346, 3917, 2074}}},
    [EO_CORE_rv32imc] = {[PACKED_KERNELS] = {1699, {18862, 27437, 3481, 5102}},
                         [PACKED_CLASSES] = {1684, {18802, 27457, 5043, 4897}}},
};

void eo_core_costs_sha256(char sha256[EO_SHA256_TEXT])
{
    const struct eo_hash_piece pieces[] = {
        {codes, sizeof(codes)}, {mixed_codes, sizeof(mixed_codes)}, {network_codes, sizeof(network_codes)}};

    eo_hash_sha256_pieces(pieces, sizeof(pieces) / sizeof(*pieces), sha256);
}

static double instructions_of(const struct code *code, enum eo_core core, enum eo_precision precision,
                              const struct eo_shape *s)
{
    const int32_t *n = code->instructions;
    double c1 = s->c1, c2 = s->c2, product = c1 * c2;

    if (core == EO_CORE_m4dsp)
        product = (s->c1 + 1) / 2 * s->c2;
    if (eo_precision_is_integer(precision) && core == EO_CORE_m55) {
        c1 = (s->c1 + 3) / 4;
        product = (3 * s->c1 + 15) / 16 * s->c2;
    }
    return n[0] + n[1] * c1 + n[2] * c2 + n[3] * product;
}

static enum eo_export_path path_of(enum eo_core core)
{
    return core == EO_CORE_m55 ? EO_EXPORT_HELIUM : core == EO_CORE_m4dsp ? EO_EXPORT_SMLAD : EO_EXPORT_PLAIN;
}

/* Code of integers alone has uses for pairs of products and for Helium; what cannot use them runs as on a Cortex-M4. */
static enum eo_core runs_as(enum eo_core core, enum eo_precision precision,
                            const struct eo_export_needs *needs)
{
    int is_integer = eo_precision_is_integer(precision);
    int has_own_code =
        core == EO_CORE_m4dsp ? is_integer : core != EO_CORE_m55 || !is_integer || needs->has_helium;

    return has_own_code ? core : EO_CORE_m4;
}

/* ---- any network ---- */

static double instructions_of_network(const struct network_code codes_of[EO_PRECISION_COUNT],
                                      enum eo_precision precision, enum eo_export_path path,
                                      const struct eo_model *m)
{
    double sum = codes_of[precision].input * (double)eo_dims_elements(m->network.input);
    double terms[EO_COST_TERM_COUNT];

    for (int i = 0; i < m->network.count; i++) {
        int is_as_int8 = precision == EO_MIXED && m->layer[i].weight_bits == 8;
        const double *each = codes_of[is_as_int8 ? EO_INT8 : precision].instructions;

        eo_cost_terms(&m->network.layer[i], !eo_precision_is_integer(m->precision), path, terms);
        for (int t = 0; t < EO_COST_TERM_COUNT; t++)
            sum += each[t] * terms[t];
    }
    return rint(sum);
}

/* Which parts of the text there are: an index of `bytes`. */
static int parts_of(const struct eo_network *net)
{
    int parts = 0;

    for (int i = 0; i < net->count; i++) {
        parts |= net->layer[i].pooling != EO_NO_POOLING ? 1 : 0;
        parts |= net->layer[i].operation == EO_DEPTHWISE ? 2 : 0;
        parts |= net->layer[i].add != EO_NETWORK_NONE ? 4 : 0;
    }
    return parts;
}

/*
 * The precision whose code a model has: a mixed one has that of int8 or int4 where all layers have these bits, and is
 * EO_MIXED where they differ. SmallCNN's first layer is bytes in all code.
 */
static enum eo_precision code_of(const struct eo_model *m)
{
    int first = eo_network_is_smallcnn(&m->network) ? EO_CONV2 : 0, bits = m->layer[first].weight_bits;

    if (m->precision != EO_MIXED)
        return m->precision;
    for (int l = first; l < m->network.count; l++) {
        if (m->layer[l].weight_bits != bits)
            return EO_MIXED;
    }
    return bits == 4 ? EO_INT4 : EO_INT8;
}

static const struct code *code_of_smallcnn(const struct eo_model *m, enum eo_core core,
                                           enum eo_precision precision)
{
    if (precision != EO_MIXED)
        return &codes[core][precision];
    return &mixed_codes[core][m->layer[EO_CONV2].weight_bits == 4 ? PACKED_KERNELS : PACKED_CLASSES];
}

int eo_core_costs(const struct eo_model *m, struct eo_core_cost cost[EO_CORE_COUNT], struct eo_err *err)
{
    int is_smallcnn = eo_network_is_smallcnn(&m->network), parts = parts_of(&m->network);
    enum eo_precision precision = code_of(m);
    struct eo_export_needs needs;

    if (eo_export_measure(m, &needs, err))
        return -1;
    for (int c = 0; c < EO_CORE_COUNT; c++) {
        enum eo_core as = runs_as((enum eo_core)c, m->precision, &needs);
        const struct code *code = is_smallcnn ? code_of_smallcnn(m, as, precision) : NULL;
        enum eo_export_path path = path_of(as);
        const struct eo_export_memory *own = &needs.memory[path];

        cost[c].flash_bytes =
            (double)own->const_bytes + (code ? code->bytes : network_codes[as][precision].bytes[parts]);
        cost[c].ram_bytes = (double)own->state_bytes + (double)needs.stack_bytes[c];
        cost[c].instructions = code ? instructions_of(code, as, m->precision, &m->shape)
                                    : instructions_of_network(network_codes[as], precision, path, m);
    }
    return 0;
}
