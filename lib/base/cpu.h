/*
 * What the processor can do.
 *
 * An instruction set names one table of kernels. All of them give the same bits; they differ in speed alone.
 * The order is the order of preference: a machine that has one has, on its architecture, every one below.
 */
#ifndef EO_BASE_CPU_H
#define EO_BASE_CPU_H

#include "base/err.h"

enum eo_isa {
    EO_ISA_GENERIC, /* plain C, every machine */
    EO_ISA_NEON,    /* aarch64 */
    EO_ISA_AVX2,    /* x86-64: AVX2, FMA, F16C */
    EO_ISA_AVX512,  /* x86-64: AVX-512 F, BW, DQ, VL and VNNI */
    EO_ISA_COUNT
};

const char *eo_isa_name(enum eo_isa isa);

/* Whether this machine (processor and operating system) can run it and this build contains it. */
int eo_isa_available(enum eo_isa isa);

/* The fastest that is available. */
enum eo_isa eo_isa_best(void);

/* From its name. Fails on an unknown name and on one that this machine lacks, listing those it has. */
int eo_isa_parse(const char *name, enum eo_isa *isa, struct eo_err *err) EO_MUST_CHECK;

/* Processors this process may run on (its affinity mask), at least 1. */
int eo_cpu_count(void);

/* The processor's name for reports, e.g. "AMD EPYC 9655"; "unknown" where it cannot be found out. */
void eo_cpu_model(char *text, int size);

/* The operating system's kernel and the machine's kind, e.g. "Linux 6.1.0-18-amd64 x86_64". */
void eo_cpu_system(char *text, int size);

#endif
