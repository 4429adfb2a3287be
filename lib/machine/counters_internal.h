/* The system calls of machine/counters.c, so that tests can imitate a system that has counters or refuses them. */
#ifndef EO_MACHINE_COUNTERS_INTERNAL_H
#define EO_MACHINE_COUNTERS_INTERNAL_H

#include <linux/perf_event.h>
#include <stddef.h>
#include <sys/types.h>

#include "machine/counters.h"

struct eo_counter_system {
    /* perf_event_open(2) for the calling thread on any processor; `group` is a leader's descriptor or -1. */
    int (*open)(struct perf_event_attr *attr, int group);
    ssize_t (*read)(int fd, void *bytes, size_t size);
    int (*close)(int fd);
    const char *root; /* in front of /proc; "" for the real one. Must outlive the counters. */
};

/* eo_counters_open() on such a system. */
struct eo_counters *eo_counters_open_on(const struct eo_counter_system *system,
                                        struct eo_err *err) EO_MUST_CHECK;

#endif
