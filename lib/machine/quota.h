/*
 * How many processors the control groups let this process use at a time: the least of what its group and those above it
 * say, by cgroup v2 (cpu.max) and v1 (cpu.cfs_quota_us, below /sys/fs/cgroup/cpu, /cpu,cpuacct or /cpuacct,cpu).
 */
#ifndef EO_MACHINE_QUOTA_H
#define EO_MACHINE_QUOTA_H

#include "machine/host.h"

/* INFINITY without a limit; NAN where the kernel does not tell. */
double eo_host_quota(const struct eo_host *h);

#endif
