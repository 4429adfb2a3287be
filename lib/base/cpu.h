/*
 * What the processor can do.
 *
 * An instruction set names one table of kernels. All tables give the same bits and differ only in speed.
 * The values stand in rising order of preference: a machine that has one of them has all earlier ones of its
 * architecture, too.
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

/* Whether this machine (processor and operating system) can run the instruction set and this build contains it. */
int eo_isa_available(enum eo_isa isa);

/* The fastest available one. */
enum eo_isa eo_isa_best(void);

/* Finds one by its name. Fails if the name is unknown or the set unavailable; the message lists the available ones. */
int eo_isa_parse(const char *name, enum eo_isa *isa, struct eo_err *err) EO_MUST_CHECK;

/* The number of processors that this process may run on (its affinity mask), at least 1. */
int eo_cpu_count(void);

/* The processor's name for reports, e.g. "AMD EPYC 9655"; "unknown" where it cannot be found out. */
void eo_cpu_model(char *text, int size);

/* The operating system's kernel and the machine's kind, e.g. "Linux 6.1.0-18-amd64 x86_64". */
void eo_cpu_system(char *text, int size);

#endif
