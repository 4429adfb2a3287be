/*
 * What the kernel tells about the machine, in /proc and /sys.
 *
 * All files are found below a root folder: "" for this machine, a made-up folder in tests, in a container the place
 * where the machine's root is mounted (tools take it from EO_HOST_ROOT). The kernel writes these small texts, but they
 * are not trusted: reading is bounded, numbers must be whole decimal numbers within limits, and what is missing,
 * forbidden or garbage becomes NAN or the empty text. So nothing here fails.
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

/* A zeroed struct stands for this machine. */
struct eo_host {
    const char *root;      /* without a slash at the end; NULL is "". Borrowed */
    eo_host_read_fn *read; /* instead of files below the root; NULL in all but tests */
    void *ctx;
};

/* This machine, or the one below $EO_HOST_ROOT if that is set. */
struct eo_host eo_host_of_environment(void);

int eo_host_read(const struct eo_host *h, const char *path, char *text, size_t size);

/*
 * Reads a file of one line, without its line break. Returns 0; or -1 and errno, with "" in text. EINVAL: the file has
 * more than one line, size - 1 bytes or more, or a byte that is not printable ASCII.
 */
int eo_host_text(const struct eo_host *h, const char *path, char *text, size_t size);

/* A file of one whole number, -2^53..2^53; NAN otherwise. */
double eo_host_number(const struct eo_host *h, const char *path);

/*
 * The number, 0..2^53, that is word `index` (from 0) of the line that begins with `name`, "" being the first line.
 * Blanks and a colon after the name are skipped; blanks and slashes end a word. NAN if the word is no such number, or
 * if the line has 256 bytes or more.
 */
double eo_host_field(const struct eo_host *h, const char *path, const char *name, int index);

/* The present clock frequency of a processor according to its driver: cpufreq/scaling_cur_freq. */
double eo_host_frequency_khz(const struct eo_host *h, int cpu);

/* Since the machine was started, in steps of 10 ms. steal: time that the host of a virtual machine gave to others. */
struct eo_host_times {
    double busy_s; /* user, nice and system */
    double idle_s; /* waiting for a disk included */
    double irq_s;
    double steal_s;
};

/* From /proc/stat: the times of one processor, or for -1 of all together. */
struct eo_host_times eo_host_times(const struct eo_host *h, int cpu);

/* Only the steal time. */
double eo_host_steal_s(const struct eo_host *h, int cpu);

/* The times of all processors, from one reading; NAN for those that do not exist. */
void eo_host_all_times(const struct eo_host *h, struct eo_host_times times[EO_HOST_CPUS]);

/* A list as the kernel writes it, "0-3,8"; "" is the empty set. -1 for anything else; the set is then empty. */
int eo_host_parse_cpus(const char *list, cpu_set_t *cpus);

/* The highest processor of a set; 0 for an empty set. */
int eo_host_highest(const cpu_set_t *cpus);

/* The processors that this process may run on, from /proc/self/status; empty if that cannot be read. */
void eo_host_allowed(const struct eo_host *h, cpu_set_t *cpus);

/*
 * How often the processor and its package have been slowed down for heat since the machine was started; NAN where
 * the kernel does not count.
 */
double eo_host_throttled(const struct eo_host *h, int cpu);

/* Three values, because a feature that cannot be seen may be on. */
enum eo_host_switch { EO_HOST_UNKNOWN, EO_HOST_OFF, EO_HOST_ON };

#define EO_HOST_WORD 64

/* The state of the machine at one moment. Numbers are NAN and texts "" where the kernel does not tell. */
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

/* Facts that differ between processors are about `cpu`. */
void eo_host_look(const struct eo_host *h, int cpu, struct eo_host_facts *facts);

#endif
