/*
 * The number of processors that control groups let this process use at a time: the lowest limit of its group and those
 * above it, in cgroup v2 (cpu.max) and v1 (cpu.cfs_quota_us, below /sys/fs/cgroup/cpu, /cpu,cpuacct or /cpuacct,cpu).
 */
#ifndef EO_MACHINE_QUOTA_H
#define EO_MACHINE_QUOTA_H

#include "machine/host.h"

/* INFINITY without a limit; NAN if the kernel does not tell. */
double eo_host_quota(const struct eo_host *h);

#endif
