#include "stage/export/costs.h"

#include <math.h>
#include <string.h>

#include "stage/export/export.h"

/*
 * Of code for SmallCNN: bytes, the most of all models measured; stack, likewise; and instructions for 1, c1, c2 and
 * c1 c2. Of m4dsp at int8 and int4, c1 c2 is c2 times the pairs of channels; of m55, c1 is the groups of four channels
 * and c1 c2 is c2 times the groups of 16 values in three pixels. Measured as by `make device`: of a base model trained
 * on MNIST, 33 models at int8, 16 at int4 and 5 in floating point, with 1 to 16 and 1 to 32 channels. Instructions are
 * fitted to those with at least two channels in each layer, by least squares of the relative error. The largest error
 * of these is 1 %, of m4dsp 3.2 % and of m55 10.6 %; of those with one channel in a layer 19 %.
 */
struct code {
    int bytes, stack;
    int32_t instructions[4];
};

static const struct core {
    const char *name;
    struct code code[EO_PRECISION_COUNT];
} cores[EO_CORE_COUNT] = {
    [EO_CORE_m0] = {"m0",
                    {[EO_FP32] = {6140, 424, {449317, 1603416, 110845, 404160}},
                     [EO_FP16] = {6728, 432, {449162, 1636257, 118294, 408430}},
                     [EO_INT8] = {2019, 312, {16239, 53430, 6874, 9327}},
                     [EO_INT4] = {2163, 312, {13160, 54398, 9363, 9482}}}},
    [EO_CORE_m3] = {"m3",
                    {[EO_FP32] = {3684, 348, {264753, 909631, 8688, 211123}},
                     [EO_FP16] = {4208, 388, {203611, 987909, -2751, 213883}},
                     [EO_INT8] = {1544, 244, {9810, 22188, 3714, 3180}},
                     [EO_INT4] = {1699, 252, {9590, 22173, 5817, 3394}}}},
    [EO_CORE_m4] = {"m4",
                    {[EO_FP32] = {1176, 168, {18206, 19778, 4584, 3177}},
                     [EO_FP16] = {1320, 184, {17073, 24036, 4911, 3538}},
                     [EO_INT8] = {1532, 244, {9814, 21406, 3515, 3180}},
                     [EO_INT4] = {1679, 252, {9587, 21389, 5621, 3394}}}},
    [EO_CORE_m4dsp] = {"m4dsp",
                       {[EO_FP32] = {1176, 168, {18206, 19778, 4584, 3177}},
                        [EO_FP16] = {1320, 184, {17073, 24036, 4911, 3538}},
                        [EO_INT8] = {2106, 264, {22427, 13466, 2744, 3546}},
                        [EO_INT4] = {2212, 280, {23914, 12977, 3580, 3918}}}},
    [EO_CORE_m55] = {"m55",
                     {[EO_FP32] = {1324, 244, {16284, 19740, 4650, 3118}},
                      [EO_FP16] = {1512, 260, {17087, 22459, 5513, 3426}},
                      [EO_INT8] = {1913, 536, {6967, 21269, 1874, 2119}},
                      [EO_INT4] = {2025, 544, {8795, 19100, 3225, 3305}}}},
    [EO_CORE_rv32imc] = {"rv32imc",
                         {[EO_FP32] = {7492, 396, {157670, 841873, 123041, 222206}},
                          [EO_FP16] = {8208, 444, {209132, 847334, 133134, 226997}},
                          [EO_INT8] = {1510, 248, {18854, 27454, 3291, 4898}},
                          [EO_INT4] = {1667, 248, {18344, 27547, 5497, 5103}}}},
};

const char *eo_core_name(enum eo_core core)
{
    return cores[core].name;
}

void eo_core_costs_sha256(char sha256[EO_SHA256_TEXT])
{
    struct eo_hash_piece pieces[EO_CORE_COUNT];

    for (int c = 0; c < EO_CORE_COUNT; c++)
        pieces[c] = (struct eo_hash_piece){cores[c].code, sizeof(cores[c].code)};
    eo_hash_sha256_pieces(pieces, EO_CORE_COUNT, sha256);
}

static double instructions_of(const struct code *code, enum eo_core core, enum eo_precision precision,
                              const struct eo_shape *s)
{
    const int32_t *n = code->instructions;
    double c1 = s->c1, c2 = s->c2, product = c1 * c2;

    if (eo_precision_is_integer(precision) && core == EO_CORE_m4dsp)
        product = (s->c1 + 1) / 2 * s->c2;
    if (eo_precision_is_integer(precision) && core == EO_CORE_m55) {
        c1 = (s->c1 + 3) / 4;
        product = (3 * s->c1 + 15) / 16 * s->c2;
    }
    return n[0] + n[1] * c1 + n[2] * c2 + n[3] * product;
}

/* Floating point has no use for pairs of products, or for Helium. */
static enum eo_export_path path_of(enum eo_core core)
{
    return core == EO_CORE_m55 ? EO_EXPORT_HELIUM : core == EO_CORE_m4dsp ? EO_EXPORT_SMLAD : EO_EXPORT_PLAIN;
}

int eo_core_costs(const struct eo_model *m, struct eo_core_cost cost[EO_CORE_COUNT], struct eo_err *err)
{
    struct eo_export_memory memory[EO_EXPORT_PATHS];
    int is_known = eo_network_is_smallcnn(&m->network);

    if (is_known && eo_export_measure(m, memory, err))
        return -1;
    for (int c = 0; c < EO_CORE_COUNT; c++) {
        const struct code *code = &cores[c].code[m->precision];
        const struct eo_export_memory *own = &memory[path_of((enum eo_core)c)];

        cost[c] = (struct eo_core_cost){NAN, NAN, NAN};
        if (!is_known)
            continue;
        cost[c].flash_bytes = (double)own->const_bytes + code->bytes;
        cost[c].ram_bytes = (double)own->state_bytes + code->stack;
        cost[c].instructions = instructions_of(code, (enum eo_core)c, m->precision, &m->shape);
    }
    return 0;
}
