#include "stage/export/stack.h"

/*
 * Where two conditions hold, the first one counts. The largest figures of ten models of SmallCNN, of 1 to 64 and 1 to
 * 128 channels, of 16 at int4, of 46 at mixed, of 51 other networks, 24 in floating point, and of 31 at mixed, rounded
 * up to 32 bytes, because gcc takes a few bytes more for some numbers of channels.
 */
static const struct {
    enum eo_core core;
    const char *condition, *name;
    int bytes[EO_STACK_KINDS]; /* 0: not measured */
} cores[] = {
    {EO_CORE_rv32imc,
     "defined(__riscv) && __riscv_xlen == 32",
     "RV32IMC",
     {256, 480, 416, 480, 288, 384, 512, 288, 288, 288}},
    {EO_CORE_m55,
     "defined(__ARM_FEATURE_MVE)",
     "Cortex-M55",
     {544, 512, 256, 288, 384, 352, 384, 576, 576, 384}},
    {EO_CORE_m4dsp,
     "defined(__ARM_ARCH_7EM__) && defined(__ARM_FEATURE_DSP) && !defined(NET_PLAIN)",
     "Cortex-M4",
     {288, 352, 192, 192, 288, 320, 320, 288, 288, 320}},
    {EO_CORE_m4,
     "defined(__ARM_ARCH_7EM__)",
     "Cortex-M4, plain C",
     {256, 256, 192, 192, 288, 320, 320, 256, 288, 320}},
    {EO_CORE_m3, "defined(__ARM_ARCH_7M__)", "Cortex-M3", {256, 288, 384, 416, 288, 448, 480, 256, 288, 320}},
    {EO_CORE_m0, "defined(__ARM_ARCH_6M__)", "Cortex-M0", {320, 320, 448, 448, 384, 480, 512, 320, 320, 384}},
};

#define CORES (sizeof(cores) / sizeof(*cores))

size_t eo_stack_bytes(enum eo_core core, struct eo_stack_need need)
{
    for (size_t i = 0; i < CORES; i++) {
        if (cores[i].core == core)
            return cores[i].bytes[need.kind] ? (size_t)cores[i].bytes[need.kind] + need.more : 0;
    }
    return 0;
}

void eo_stack_put(struct eo_stack_need need, struct eo_buf *out)
{
    const char *word = "if";

    eo_buf_puts(
        out,
        "/*\n * Stack of NET_run() and what it calls, measured in QEMU: gcc 12.2, -O2. Other compilers and "
        "options need another\n * amount; other cores have no figure here.\n */\n");
    for (size_t i = 0; i < CORES; i++) {
        size_t bytes = eo_stack_bytes(cores[i].core, need);

        if (!bytes)
            continue;
        eo_buf_printf(out, "#%s %s\n#define NET_STACK_BYTES %zu /* %s */\n", word, cores[i].condition, bytes,
                      cores[i].name);
        word = "elif";
    }
    eo_buf_puts(out, "#endif\n\n");
}
