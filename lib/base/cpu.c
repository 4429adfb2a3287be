#include "base/cpu.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

static const char *const names[EO_ISA_COUNT] = {"generic", "neon", "avx2", "avx512"};

const char *eo_isa_name(enum eo_isa isa)
{
    return names[isa];
}

#if defined(__x86_64__)
/* clang 14 does not know this feature by name. It uses the registers of AVX, which are asked for as well. */
static int has_f16c(void)
{
    unsigned a, b, c, d;

    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}
#endif

int eo_isa_available(enum eo_isa isa)
{
    switch (isa) {
    case EO_ISA_GENERIC:
        return 1;
#if defined(__x86_64__)
    /* __builtin_cpu_supports() asks XGETBV too: the system must save the wide registers. */
    case EO_ISA_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
    case EO_ISA_AVX512:
        return eo_isa_available(EO_ISA_AVX2) && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
#elif defined(__aarch64__)
    case EO_ISA_NEON:
        return 1; /* part of the architecture */
#endif
    default:
        return 0;
    }
}

enum eo_isa eo_isa_best(void)
{
    int isa = EO_ISA_COUNT - 1;

    while (!eo_isa_available((enum eo_isa)isa))
        isa--;
    return (enum eo_isa)isa;
}

int eo_isa_parse(const char *name, enum eo_isa *isa, struct eo_err *err)
{
    char have[128] = "";
    int known = 0;

    for (int i = 0; i < EO_ISA_COUNT; i++) {
        int same = strcmp(name, names[i]) == 0;

        known |= same;
        if (!eo_isa_available((enum eo_isa)i))
            continue;
        if (same) {
            *isa = (enum eo_isa)i;
            return 0;
        }
        snprintf(have + strlen(have), sizeof(have) - strlen(have), "%s%s", *have ? ", " : "", names[i]);
    }
    return eo_err_set(err, "%s instruction set '%.40s'; this machine has %s",
                      known ? "unavailable" : "unknown", name, have);
}

int eo_cpu_count(void)
{
    cpu_set_t set;
    int n;

    if (sched_getaffinity(0, sizeof(set), &set))
        return 1;
    n = CPU_COUNT(&set);
    return n > 0 ? n : 1;
}

void eo_cpu_model(char *text, int size)
{
    FILE *f = fopen("/proc/cpuinfo", "r");
    char line[256];

    snprintf(text, (size_t)size, "unknown");
    if (!f)
        return;
    while (fgets(line, sizeof(line), f)) {
        char *colon = strchr(line, ':');

        if (strncmp(line, "model name", 10) != 0 || !colon)
            continue;
        line[strcspn(line, "\n")] = '\0';
        snprintf(text, (size_t)size, "%s", colon + 2);
        break;
    }
    fclose(f);
}

void eo_cpu_system(char *text, int size)
{
    struct utsname name;

    if (uname(&name))
        snprintf(text, (size_t)size, "unknown");
    else
        snprintf(text, (size_t)size, "%s %s %s", name.sysname, name.release, name.machine);
}
