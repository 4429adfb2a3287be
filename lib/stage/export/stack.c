#include "stage/export/stack.h"

/*
 * Where two conditions hold, the first one counts. The largest figures of ten models of SmallCNN, of 1 to 64 and 1 to
 * 128 channels, of 16 at int4, and of 14 other networks, 11 in floating point, rounded up to 32 bytes, because gcc
 * takes a few bytes more for some numbers of channels.
 */
static const struct core {
    const char *condition, *name;
    int bytes[EO_STACK_KINDS]; /* 0: not measured */
} cores[] = {
    {"defined(__riscv) && __riscv_xlen == 32", "RV32IMC", {256, 480, 416, 480, 288, 384, 512, 256}},
    {"defined(__ARM_FEATURE_MVE)", "Cortex-M55", {512, 512, 256, 288, 384, 352, 384, 576}},
    {"defined(__ARM_ARCH_7EM__) && defined(__ARM_FEATURE_DSP) && !defined(NET_PLAIN)",
     "Cortex-M4",
     {288, 352, 192, 192, 256, 320, 320, 288}},
    {"defined(__ARM_ARCH_7EM__)", "Cortex-M4, plain C", {256, 256, 192, 192, 288, 320, 320, 256}},
    {"defined(__ARM_ARCH_7M__)", "Cortex-M3", {256, 288, 384, 416, 288, 448, 480, 256}},
    {"defined(__ARM_ARCH_6M__)", "Cortex-M0", {320, 320, 448, 448, 352, 480, 512, 320}},
};

void eo_export_put_stack(enum eo_stack_kind kind, size_t more, struct eo_buf *out)
{
    const char *word = "if";

    eo_buf_puts(
        out,
        "/*\n * Stack of NET_run() and what it calls, measured in QEMU: gcc 12.2, -O2. Other compilers and "
        "options need another\n * amount; other cores have no figure here.\n */\n");
    for (size_t i = 0; i < sizeof(cores) / sizeof(*cores); i++) {
        if (!cores[i].bytes[kind])
            continue;
        eo_buf_printf(out, "#%s %s\n#define NET_STACK_BYTES %zu /* %s */\n", word, cores[i].condition,
                      (size_t)cores[i].bytes[kind] + more, cores[i].name);
        word = "elif";
    }
    eo_buf_puts(out, "#endif\n\n");
}
