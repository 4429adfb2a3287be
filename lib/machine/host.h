/*
 * What the kernel tells about the machine, in /proc and /sys.
 *
 * All files are found below a root folder: "" for this machine, a made-up one in tests, that of the machine in a
 * container (tools take it from EO_HOST_ROOT). They are small texts that the kernel writes, but nothing is taken for
 * granted: reading is bounded, numbers are whole decimal numbers within limits, and what is missing, forbidden or
 * garbage is NAN or the empty text. So nothing here fails.
 */
#ifndef EO_MACHINE_HOST_H
#define EO_MACHINE_HOST_H

#include <sched.h>
#include <stddef.h>

#define EO_HOST_CPUS CPU_SETSIZE /* processors have the numbers 0..EO_HOST_CPUS - 1 */

/*
 * Reads the file `path`, which begins with '/', into `text` of `size` bytes, NUL-terminated; what does not fit is cut
 * off. Returns the bytes before the NUL, or -1 and errno.
 */
typedef int eo_host_read_fn(void *ctx, const char *path, char *text, size_t size);

/* Zeroed, it is this machine. */
struct eo_host {
    const char *root;      /* without a slash at the end; NULL is "". Borrowed */
    eo_host_read_fn *read; /* instead of files below the root; NULL in all but tests */
    void *ctx;
};

/* This machine, or what lies below $EO_HOST_ROOT where that is set. */
struct eo_host eo_host_of_environment(void);

int eo_host_read(const struct eo_host *h, const char *path, char *text, size_t size);

/*
 * A file of one line, without the line break. Returns 0; or -1 and errno, and text is "": EINVAL when there is more
 * than a line, no fewer than size - 1 bytes, or a byte that is not printable.
 */
int eo_host_text(const struct eo_host *h, const char *path, char *text, size_t size);

/* A file of one whole number, -2^53..2^53; NAN otherwise. */
double eo_host_number(const struct eo_host *h, const char *path);

/*
 * Word number `index`, from 0, of the line that begins with `name` (blanks and a colon after that count for nothing; ""
 * is the first line): a number, 0..2^53; NAN otherwise, and in a line of 256 bytes or more. Blanks and slashes end a
 * word.
 */
double eo_host_field(const struct eo_host *h, const char *path, const char *name, int index);

/* The clock frequency of a processor at this moment, as its driver believes: cpufreq/scaling_cur_freq. */
double eo_host_frequency_khz(const struct eo_host *h, int cpu);

/* Since the machine was started, in steps of 10 ms; steal: taken by the machine that this one is a guest of. */
struct eo_host_times {
    double busy_s; /* user, nice and system */
    double idle_s; /* and waiting for a disk */
    double irq_s;
    double steal_s;
};

/* From /proc/stat, of one processor, or of all together for -1. */
struct eo_host_times eo_host_times(const struct eo_host *h, int cpu);

/* The steal alone. */
double eo_host_steal_s(const struct eo_host *h, int cpu);

/* Of all processors in one reading; those that are not there are NAN. */
void eo_host_all_times(const struct eo_host *h, struct eo_host_times times[EO_HOST_CPUS]);

/* A list as the kernel writes it, "0-3,8"; "" is the empty set. -1 for anything else; the set is then empty. */
int eo_host_parse_cpus(const char *list, cpu_set_t *cpus);

/* The highest processor of a set; 0 of an empty one. */
int eo_host_highest(const cpu_set_t *cpus);

/* Processors that this process may run on, from /proc/self/status; empty where that cannot be read. */
void eo_host_allowed(const struct eo_host *h, cpu_set_t *cpus);

/*
 * How often the processor and its package have been slowed down for heat since the machine was started; NAN where
 * the kernel does not count.
 */
double eo_host_throttled(const struct eo_host *h, int cpu);

/* Has three values, because what cannot be seen may be on. */
enum eo_host_switch { EO_HOST_UNKNOWN, EO_HOST_OFF, EO_HOST_ON };

#define EO_HOST_WORD 64

/* What changes seldom. Numbers are NAN and texts "" where the kernel does not tell. */
struct eo_host_facts {
    cpu_set_t allowed;
    char governor[EO_HOST_WORD], driver[EO_HOST_WORD]; /* of the clock frequency, cpufreq */
    double frequency_khz, frequency_max_khz;
    enum eo_host_switch turbo; /* frequencies above the nominal one */
    cpu_set_t siblings;        /* the other processors of its core; empty also where unknown */
    enum eo_host_switch smt;   /* its core has other processors */
    char clock_source[EO_HOST_WORD];
    double randomisation;      /* of addresses: 0 none, 1 without the heap, 2 all */
    cpu_set_t isolated;        /* processors that run only what asks for them */
    enum eo_host_switch guest; /* a virtual machine */
    double perf_paranoid;      /* kernel.perf_event_paranoid */
    double throttled, up_s;    /* eo_host_throttled(), and seconds since the machine was started */
    double load;               /* processes that ran or waited, over the last minute */
    double running;            /* processes that run or wait now, the asking one included */
    double memory_available;   /* share of all memory */
    double memory_pressure;    /* share of the last ten seconds in which a process waited for memory */
    double quota;              /* eo_host_quota() */
};

/* `cpu` is the processor that the facts are about, where they differ. */
void eo_host_look(const struct eo_host *h, int cpu, struct eo_host_facts *facts);

#endif
