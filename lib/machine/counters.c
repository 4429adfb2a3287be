#include "machine/counters.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "machine/counters_internal.h"
#include "machine/host.h"
#include "base/mem.h"

enum event {
    CYCLES,
    INSTRUCTIONS,
    BRANCH_MISSES,
    L1D_MISSES,
    LLC_MISSES,
    PAGE_FAULTS,
    CONTEXT_SWITCHES,
    MIGRATIONS,
    EVENTS
};

_Static_assert((int)PAGE_FAULTS == EO_HARDWARE_EVENTS, "hardware events come first");

#define LOAD_MISSES(cache)                                                                                   \
    ((cache) | PERF_COUNT_HW_CACHE_OP_READ << 8 | PERF_COUNT_HW_CACHE_RESULT_MISS << 16)

/*
 * Events of one group are counted at the same time or not at all, so that their quotients mean something. Groups are
 * kept to what any processor counts at once: cycles and instructions often have counters of their own.
 */
static const struct {
    const char *name;
    uint32_t type;
    enum event leader;
    uint64_t config;
} events[EVENTS] = {
    [CYCLES] = {"cycles", PERF_TYPE_HARDWARE, CYCLES, PERF_COUNT_HW_CPU_CYCLES},
    [INSTRUCTIONS] = {"instructions", PERF_TYPE_HARDWARE, CYCLES, PERF_COUNT_HW_INSTRUCTIONS},
    [BRANCH_MISSES] = {"branch_misses", PERF_TYPE_HARDWARE, CYCLES, PERF_COUNT_HW_BRANCH_MISSES},
    [L1D_MISSES] = {"l1d_misses", PERF_TYPE_HW_CACHE, L1D_MISSES, LOAD_MISSES(PERF_COUNT_HW_CACHE_L1D)},
    [LLC_MISSES] = {"llc_misses", PERF_TYPE_HW_CACHE, L1D_MISSES, LOAD_MISSES(PERF_COUNT_HW_CACHE_LL)},
    [PAGE_FAULTS] = {"page_faults", PERF_TYPE_SOFTWARE, PAGE_FAULTS, PERF_COUNT_SW_PAGE_FAULTS},
    [CONTEXT_SWITCHES] = {"context_switches", PERF_TYPE_SOFTWARE, CONTEXT_SWITCHES,
                          PERF_COUNT_SW_CONTEXT_SWITCHES},
    [MIGRATIONS] = {"migrations", PERF_TYPE_SOFTWARE, MIGRATIONS, PERF_COUNT_SW_CPU_MIGRATIONS},
};

/* As the kernel writes it, by PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING. */
struct reading {
    uint64_t value, enabled_ns, running_ns;
};

_Static_assert(sizeof(struct reading) == 24, "perf_event_open(2), reading results");

struct eo_counters {
    struct eo_counter_system system;
    int fd[EVENTS];    /* -1: not there */
    int error[EVENTS]; /* errno of the attempt to open it, if it is not there */
    struct reading last[EVENTS];
    int cpu;          /* at the start, if migrations are not counted otherwise; else -1 */
    unsigned missing; /* bits of the hardware events that could not be opened */
    char note[EO_COUNTERS_NOTE];
};

/* ---- the system ---------------------------------------------------------------------------------------------- */

static int system_open(struct perf_event_attr *attr, int group)
{
    return (int)syscall(SYS_perf_event_open, attr, 0, -1, group, PERF_FLAG_FD_CLOEXEC);
}

static const struct eo_counter_system the_system = {system_open, read, close, ""};

/* ---- opening ------------------------------------------------------------------------------------------------- */

static int open_event(const struct eo_counters *c, enum event e, int group)
{
    struct perf_event_attr attr = {.size = sizeof(attr), .type = events[e].type, .config = events[e].config};

    attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
    attr.inherit = 1;
    attr.exclude_hv = 1;
    /* Switches and migrations happen in the kernel, and so would never be counted in user mode alone. */
    attr.exclude_kernel = e < PAGE_FAULTS;
    return c->system.open(&attr, group);
}

/* An event that does not fit into its group is counted alone. */
static void open_all(struct eo_counters *c)
{
    for (int e = 0; e < EVENTS; e++) {
        int leader = (int)events[e].leader == e ? -1 : c->fd[events[e].leader];

        c->fd[e] = open_event(c, (enum event)e, leader);
        if (c->fd[e] < 0 && leader >= 0 && errno == EINVAL)
            c->fd[e] = open_event(c, (enum event)e, -1);
        c->error[e] = c->fd[e] < 0 ? errno : 0;
    }
}

struct eo_counters *eo_counters_open(struct eo_err *err)
{
    return eo_counters_open_on(&the_system, err);
}

void eo_counters_close(struct eo_counters *c)
{
    if (!c)
        return;
    /* Members before their leader, which is opened first. */
    for (int e = EVENTS - 1; e >= 0; e--) {
        if (c->fd[e] >= 0)
            c->system.close(c->fd[e]);
    }
    free(c);
}

/* ---- why there are none -------------------------------------------------------------------------------------- */

static void put(struct eo_counters *c, const char *text)
{
    size_t used = strlen(c->note);

    snprintf(c->note + used, sizeof(c->note) - used, "%s", text);
}

/* "no hardware counters: ", or the names of those in the mask. */
static void put_missing(struct eo_counters *c, unsigned mask)
{
    put(c, "no");
    if (mask == (1u << EO_HARDWARE_EVENTS) - 1)
        put(c, " hardware counters");
    for (int e = 0; e < EO_HARDWARE_EVENTS && mask != (1u << EO_HARDWARE_EVENTS) - 1; e++) {
        if (mask >> e & 1) {
            put(c, " ");
            put(c, events[e].name);
        }
    }
    put(c, ": ");
}

static void put_refusal(struct eo_counters *c, const char *name)
{
    double level =
        eo_host_number(&(struct eo_host){.root = c->system.root}, "/proc/sys/kernel/perf_event_paranoid");
    char line[120];

    if (level > 2)
        snprintf(line, sizeof(line), "kernel.perf_event_paranoid is %.0f and has to be 2 or less (%s)", level,
                 name);
    else
        snprintf(line, sizeof(line), "forbidden by a seccomp filter or another policy of this system (%s)",
                 name);
    put(c, line);
}

static void put_reason(struct eo_counters *c, int error, int all)
{
    switch (error) {
    case EACCES:
        put_refusal(c, "EACCES");
        break;
    case EPERM:
        put_refusal(c, "EPERM");
        break;
    case ENOSYS:
        put(c, "the kernel lacks perf_event_open or a seccomp filter hides it (ENOSYS)");
        break;
    case ENOENT:
    case EOPNOTSUPP:
    case ENODEV:
        put(c, all ? "the kernel sees no PMU as in many virtual machines" : "the PMU does not count them");
        put(c, error == ENOENT ? " (ENOENT)" : error == ENODEV ? " (ENODEV)" : " (EOPNOTSUPP)");
        break;
    default:
        put(c, strerror(error));
    }
}

static void note_missing(struct eo_counters *c)
{
    int first = -1;

    for (int e = EO_HARDWARE_EVENTS - 1; e >= 0; e--) {
        if (c->fd[e] < 0) {
            c->missing |= 1u << e;
            first = e;
        }
    }
    if (first < 0)
        return;
    put_missing(c, c->missing);
    put_reason(c, c->error[first], c->missing == (1u << EO_HARDWARE_EVENTS) - 1);
}

struct eo_counters *eo_counters_open_on(const struct eo_counter_system *system, struct eo_err *err)
{
    struct eo_counters *c = eo_alloc(1, sizeof(*c), err);

    if (!c)
        return NULL;
    c->system = *system;
    open_all(c);
    note_missing(c);
    eo_counters_start(c);
    return c;
}

const char *eo_counters_note(const struct eo_counters *c)
{
    return c->note;
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

/* An event that cannot be read keeps its value, as if it never ran. */
static struct reading read_event(const struct eo_counters *c, enum event e)
{
    struct reading now;

    if (c->fd[e] < 0 || c->system.read(c->fd[e], &now, sizeof(now)) != (ssize_t)sizeof(now))
        return c->last[e];
    return now;
}

/* Of this thread; NAN where the kernel was built without CONFIG_SCHED_DEBUG. */
static double read_migrations(const struct eo_counters *c)
{
    return eo_host_field(&(struct eo_host){.root = c->system.root}, "/proc/thread-self/sched",
                         "se.nr_migrations", 0);
}

static uint64_t count_software(const struct eo_counters *c, enum event e)
{
    uint64_t value = c->last[e].value;
    struct rusage usage;

    if (c->fd[e] >= 0)
        return read_event(c, e).value;
    if (e == MIGRATIONS && c->cpu >= 0)
        return value + (sched_getcpu() != c->cpu);
    if (e == MIGRATIONS) {
        double now = read_migrations(c);

        return isnan(now) ? value : (uint64_t)now;
    }
    if (getrusage(RUSAGE_SELF, &usage))
        return value;
    return (uint64_t)(e == PAGE_FAULTS ? usage.ru_minflt + usage.ru_majflt
                                       : usage.ru_nvcsw + usage.ru_nivcsw);
}

/* Hardware is read last at the start and first at the end, so that the rest does not count. */
void eo_counters_start(struct eo_counters *c)
{
    int e, unknown = c->fd[MIGRATIONS] < 0 && isnan(read_migrations(c));

    c->cpu = unknown ? sched_getcpu() : -1;
    for (e = PAGE_FAULTS; e < EVENTS; e++)
        c->last[e].value = count_software(c, (enum event)e);
    for (e = 0; e < EO_HARDWARE_EVENTS; e++)
        c->last[e] = read_event(c, (enum event)e);
}

void eo_counters_lap(struct eo_counters *c, struct eo_tally *tally)
{
    for (int e = 0; e < EO_HARDWARE_EVENTS; e++) {
        struct reading now = read_event(c, (enum event)e);

        tally->event[e].value += now.value - c->last[e].value;
        tally->event[e].enabled_ns += now.enabled_ns - c->last[e].enabled_ns;
        tally->event[e].running_ns += now.running_ns - c->last[e].running_ns;
        c->last[e] = now;
    }
}

/* An event that ran for part of the time is taken to have happened as often in the rest. */
static double scaled(const struct eo_tally *tally, enum event e)
{
    double value = (double)tally->event[e].value, enabled = (double)tally->event[e].enabled_ns;

    if (tally->event[e].running_ns == 0)
        return NAN;
    return value * (enabled / (double)tally->event[e].running_ns);
}

/* Written each time, because an event that shares a counter may only have to wait for its turn. */
static void note_idle(struct eo_counters *c)
{
    unsigned idle = 0;

    if (c->missing)
        return;
    for (int e = 0; e < EO_HARDWARE_EVENTS; e++)
        idle |= (unsigned)(c->last[e].running_ns == 0) << e;
    c->note[0] = '\0';
    if (idle) {
        put_missing(c, idle);
        put(c, "they never ran as others hold the counters");
    }
}

void eo_counters_sum(struct eo_counters *c, const struct eo_tally *tally, struct eo_counts *counts)
{
    counts->cycles = scaled(tally, CYCLES);
    counts->instructions = scaled(tally, INSTRUCTIONS);
    counts->l1d_misses = scaled(tally, L1D_MISSES);
    counts->llc_misses = scaled(tally, LLC_MISSES);
    counts->branch_misses = scaled(tally, BRANCH_MISSES);
    counts->page_faults = counts->context_switches = counts->migrations = NAN;
    note_idle(c);
}

static double since_start(const struct eo_counters *c, enum event e)
{
    uint64_t now = count_software(c, e), before = c->last[e].value;

    return now > before ? (double)(now - before) : 0;
}

void eo_counters_stop(struct eo_counters *c, struct eo_counts *counts)
{
    struct eo_tally tally = {0};

    eo_counters_lap(c, &tally);
    eo_counters_sum(c, &tally, counts);
    counts->page_faults = since_start(c, PAGE_FAULTS);
    counts->context_switches = since_start(c, CONTEXT_SWITCHES);
    counts->migrations = since_start(c, MIGRATIONS);
}
