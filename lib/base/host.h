/*
 * What the kernel tells about the machine, in /proc and /sys.
 *
 * All files are found below a root folder: "" for this machine, a made-up one in tests, that of the machine in a
 * container (tools take it from EO_HOST_ROOT). They are small texts that the kernel writes, but nothing is taken for
 * granted: reading is bounded, numbers are whole decimal numbers within limits, and what is missing, forbidden or
 * garbage is NAN or the empty text. So nothing here fails.
 */
#ifndef EO_BASE_HOST_H
#define EO_BASE_HOST_H

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

int eo_host_read(const struct eo_host *h, const char *path, char *text, size_t size);

/*
 * A file of one line, without the line break. Returns 0; or -1 and errno, and text is "": EINVAL when there is more
 * than a line, no fewer than size - 1 bytes, or a byte that is not printable.
 */
int eo_host_text(const struct eo_host *h, const char *path, char *text, size_t size);

/* A file of one number, 0..2^53; NAN otherwise. */
double eo_host_number(const struct eo_host *h, const char *path);

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

#endif
