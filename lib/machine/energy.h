/*
 * Energy that the processor packages and their memory consumed, as the processor counts it (RAPL: Intel from 2011, AMD
 * from 2017). Linux shows the counters in /sys/class/powercap, under the same names for both makers:
 *
 *     intel-rapl:N/name                   "package-N"; a zone of another name ("psys", the whole board) is left out
 *     intel-rapl:N:M/name                 a part of it: "dram" is added, as the package does not contain it; "core" and
 *                                         "uncore" are contained
 *     .../energy_uj                       microjoules, rising; since 2020 only root may read it
 *     .../max_energy_range_uj             where the counter starts again from 0
 *
 * Everything that runs on the machine is counted, so the power of the idle machine is measured first and subtracted:
 *
 *     eo_energy_open(&e, &host);                              // never fails: see e.count, eo_energy_source()
 *     idle_w = eo_energy_idle_w(&e);                          // sleeps EO_ENERGY_IDLE_S; NAN where nothing is counted
 *     eo_energy_begin(&e, eo_clock_now());
 *     for (images = 0; eo_clock_now() < stop; images += n)    // at least EO_ENERGY_WINDOW_S
 *         ...
 *     seconds = eo_energy_end(&e, eo_clock_now(), &joules);
 *     per_image = eo_energy_per_image(joules, seconds, idle_w, images);
 *
 * The counters are updated about once a millisecond, so a window of half a second is accurate to 0.2 %.
 */
#ifndef EO_MACHINE_ENERGY_H
#define EO_MACHINE_ENERGY_H

#include <stddef.h>

#include "machine/host.h"

#define EO_ENERGY_ZONES 16
#define EO_ENERGY_IDLE_S 1.0
#define EO_ENERGY_WINDOW_S 0.5

struct eo_energy_zone {
    char folder[48];
    double range_uj; /* NAN if the file does not tell */
    double begin_uj;
};

struct eo_energy {
    struct eo_host host; /* a copy; its root is borrowed */
    struct eo_energy_zone zones[EO_ENERGY_ZONES];
    size_t count; /* of zones; 0: nothing can be measured */
    double begin_s;
    char source[256];
};

/* Finds the zones and reads each counter once. If one of them cannot be read, no zone is used. */
void eo_energy_open(struct eo_energy *e, const struct eo_host *host);

/* "rapl:package-0+dram", or "unavailable: " and why. */
const char *eo_energy_source(const struct eo_energy *e);

/*
 * The beginning and the end of a window. `now_s` is the time by any clock. _end() returns the seconds in between, and
 * the sum of all zones in *joules: NAN if there are no zones, or if a counter could not be read or made no sense. A
 * counter may start again from 0 once in a window; those of real processors take minutes to get there.
 */
void eo_energy_begin(struct eo_energy *e, double now_s);
double eo_energy_end(const struct eo_energy *e, double now_s, double *joules);

/* Sleeps, and returns the power in watts meanwhile. Stops using counters that stand still: see eo_energy_source(). */
double eo_energy_idle_w(struct eo_energy *e);

/* Joules, less those of the idle machine. NAN if a figure is NAN, images is 0, or nothing is left. */
double eo_energy_per_image(double joules, double seconds, double idle_w, double images);

#endif
