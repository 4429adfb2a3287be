/*
 * A plug-in of QEMU that counts instructions between two addresses:
 *
 *     qemu-system-arm ... -plugin count.so,mark=0x1234,mark=0x1240,...
 *
 * Each time an instruction at one of the marks is about to run, a line "mark INDEX COUNT" goes to standard error: COUNT
 * instructions have been executed so far. Exact and repeatable, and independent of time; nothing about cycles.
 *
 * The declarations are those of QEMU's plug-in interface, version 1, whose header Debian does not ship.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define MARKS 8

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*cb)(plugin_id id, struct qemu_plugin_tb *tb));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            void (*cb)(unsigned cpu, void *data), int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op, void *at,
                                                uint64_t add);

EXPORT int qemu_plugin_version = 1;

static uint64_t mark[MARKS], executed;
static size_t marks;

static void at_mark(unsigned cpu, void *data)
{
    (void)cpu;
    fprintf(stderr, "mark %zu %llu\n", (size_t)((uint64_t *)data - mark), (unsigned long long)executed);
}

static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

        for (size_t m = 0; m < marks; m++) {
            if ((uint32_t)qemu_plugin_insn_vaddr(insn) == (uint32_t)mark[m]) /* sign-extended on RV32 */
                qemu_plugin_register_vcpu_insn_exec_cb(insn, at_mark, 0, &mark[m]);
        }
        qemu_plugin_register_vcpu_insn_exec_inline(insn, 0 /* add */, &executed, 1);
    }
}

EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);
EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "mark=", 5) != 0 || marks == MARKS)
            return 1;
        mark[marks++] = strtoull(argv[i] + 5, NULL, 16);
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
