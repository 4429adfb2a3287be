/*
 * Whether this machine is fit for timing, and what to do about it.
 *
 * Two parts: eo_doctor_look() watches the machine for EO_DOCTOR_LOOK_S, then works for EO_DOCTOR_WORK_S, and writes
 * down what it sees; eo_doctor_put() judges that, and is a pure function of it. The report is CSV, one row for each
 * check and a last one for the whole machine:
 *
 *     check,found,verdict,advice
 *     governor,powersave (intel_pstate),warn,cpupower frequency-set -g performance
 *     ...
 *     machine,1 warn; 3 unknown,warn,governor: cpupower frequency-set -g performance
 *
 * verdict is good, warn (timings may be off by more than they say), bad (rows will hardly become ok) or unknown (the
 * kernel does not tell). That of the machine is the worst of those known. Advice is a command wherever there is one;
 * most commands need root. A virtual machine gets no advice about what only its host decides. Cells hold no commas.
 */
#ifndef EO_STAGE_BENCH_DOCTOR_H
#define EO_STAGE_BENCH_DOCTOR_H

#include <stddef.h>

#include "base/buf.h"
#include "machine/clock.h"
#include "base/err.h"
#include "machine/host.h"
#include "format/csv.h"
#include "format/manifest.h"

#define EO_DOCTOR_LOOK_S 0.5
#define EO_DOCTOR_WORK_S 0.05
#define EO_DOCTOR_CELL 160 /* bytes of a cell, its NUL included */

enum eo_fitness { EO_FITNESS_UNKNOWN, EO_FITNESS_GOOD, EO_FITNESS_WARN, EO_FITNESS_BAD };

const char *eo_fitness_name(enum eo_fitness fitness);

/* Shares are 0..1 of the time that was watched. NAN is unknown. */
struct eo_doctor_look {
    int cpu; /* the processor that is timed on */
    struct eo_host_facts facts;
    double busy, steal, irq; /* shares of that processor, taken by others */
    double neighbours_busy;  /* mean over all other processors */
    double siblings_busy;    /* the busiest of those that share its core */
    int idlest;              /* the allowed processor that was least busy, or -1 */
    double idlest_busy;
    double throttled;        /* times, while it was watched */
    double reference_ns;     /* median time of the reference kernel (machine/reference.h) on that processor */
    double reference_spread; /* from the 10th to the 90th percentile, as a share of it */
    struct eo_clock clock;
    char counters[EO_DOCTOR_CELL]; /* eo_counters_note() */
    char energy[EO_DOCTOR_CELL];   /* eo_energy_source() */
};

/*
 * Watches processor `cpu`, or for -1 the highest one allowed, as eo-bench does. For a moment the calling thread is
 * pinned to it. Fails without memory, and if this process may not run on that processor.
 */
int eo_doctor_look(const struct eo_host *host, int cpu, struct eo_doctor_look *look,
                   struct eo_err *err) EO_MUST_CHECK;

/* Appends the report; returns the verdict of the machine. */
enum eo_fitness eo_doctor_put(const struct eo_doctor_look *look, struct eo_buf *out);

/* Both at once. */
int eo_doctor_report(const struct eo_host *host, int cpu, struct eo_buf *out, enum eo_fitness *machine,
                     struct eo_err *err) EO_MUST_CHECK;

/*
 * Reads a report back: the verdict of the machine, and the checks that are not good. The texts belong to `csv`, which
 * the caller releases with eo_csv_release(), also after failure.
 */
int eo_doctor_load(const char *path, struct eo_csv *csv, struct eo_manifest_machine *machine,
                   struct eo_err *err) EO_MUST_CHECK;

/* The same for the EO_DOCTOR_FILE below `folder` ("" or with a slash at the end) that the manifest lists, if any. */
#define EO_DOCTOR_FILE "machine.csv"
int eo_doctor_note(struct eo_manifest *m, const char *folder, struct eo_csv *csv,
                   struct eo_err *err) EO_MUST_CHECK;

#endif
