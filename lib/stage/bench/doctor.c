#include "stage/bench/doctor.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const fitness_names[] = {"unknown", "good", "warn", "bad"};

const char *eo_fitness_name(enum eo_fitness fitness)
{
    return fitness_names[fitness];
}

/* Zeroed, it is unknown and its cells are empty. */
struct finding {
    enum eo_fitness verdict;
    char found[EO_DOCTOR_CELL], advice[EO_DOCTOR_CELL];
};

static EO_PRINTF(2, 3) void find(struct finding *f, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(f->found, sizeof(f->found), fmt, ap);
    va_end(ap);
}

/* The verdict, and what to do about it. */
static EO_PRINTF(3, 4) void judge(struct finding *f, enum eo_fitness verdict, const char *fmt, ...)
{
    va_list ap;

    f->verdict = verdict;
    va_start(ap, fmt);
    vsnprintf(f->advice, sizeof(f->advice), fmt, ap);
    va_end(ap);
}

static void be_good(struct finding *f)
{
    f->verdict = EO_FITNESS_GOOD;
}

static enum eo_fitness above(double value, double warn, double bad)
{
    return value > bad ? EO_FITNESS_BAD : value > warn ? EO_FITNESS_WARN : EO_FITNESS_GOOD;
}

static void check_busy(const struct eo_doctor_look *l, struct finding *f)
{
    if (isnan(l->busy))
        return;
    find(f, "%.0f %% of processor %d", 100 * l->busy, l->cpu);
    f->verdict = above(l->busy, 0.05, 0.25);
    if (f->verdict == EO_FITNESS_GOOD)
        return;
    if (l->idlest_busy < l->busy / 2)
        judge(f, f->verdict, "eo-bench --cpu %d", l->idlest);
    else
        judge(f, f->verdict, "find what runs with top and stop it; or renice -n 19 -p PID");
}

static void check_neighbours(const struct eo_doctor_look *l, struct finding *f)
{
    if (isnan(l->neighbours_busy))
        return;
    find(f, "%.0f %% of the other processors", 100 * l->neighbours_busy);
    be_good(f);
    if (l->neighbours_busy > 0.25)
        judge(f, EO_FITNESS_WARN, "they share caches and memory: find what runs with top and stop it");
}

static void check_siblings(const struct eo_doctor_look *l, struct finding *f)
{
    const struct eo_host_facts *m = &l->facts;
    enum eo_fitness verdict = l->siblings_busy > 0.05 ? EO_FITNESS_BAD : EO_FITNESS_WARN;

    if (m->smt == EO_HOST_UNKNOWN)
        return;
    find(f, "none");
    be_good(f);
    if (m->smt == EO_HOST_OFF)
        return;
    find(f, "processor %d shares the core", eo_host_highest(&m->siblings));
    if (!isnan(l->siblings_busy))
        find(f, "processor %d shares the core; %.0f %% busy", eo_host_highest(&m->siblings),
             100 * l->siblings_busy);
    judge(f, verdict, "echo off > /sys/devices/system/cpu/smt/control");
    /* A guest often has no such switch. */
    if (m->guest == EO_HOST_ON)
        judge(f, verdict, "echo 0 > /sys/devices/system/cpu/cpu%d/online", eo_host_highest(&m->siblings));
}

static void check_steal(const struct eo_doctor_look *l, struct finding *f)
{
    if (isnan(l->steal))
        return;
    find(f, "%.1f %%", 100 * l->steal);
    be_good(f);
    if (l->steal > 0)
        judge(f, above(l->steal, 0, 0.02),
              "other guests run on this host: time at another hour or with dedicated processors");
}

static void check_interrupts(const struct eo_doctor_look *l, struct finding *f)
{
    if (isnan(l->irq))
        return;
    find(f, "%.1f %% of processor %d", 100 * l->irq, l->cpu);
    be_good(f);
    if (l->irq <= 0.05)
        return;
    if (l->idlest != l->cpu)
        judge(f, EO_FITNESS_WARN, "eo-bench --cpu %d", l->idlest);
    else
        judge(f, EO_FITNESS_WARN, "see /proc/interrupts; move them by /proc/irq/N/smp_affinity_list");
}

static void check_load(const struct eo_doctor_look *l, struct finding *f)
{
    int processors = CPU_COUNT(&l->facts.allowed);
    double others = l->facts.running - 1;

    if (isnan(l->facts.load) || isnan(others))
        return;
    find(f, "%.2f; %.0f others running", l->facts.load, others);
    be_good(f);
    if (others >= processors && processors > 0)
        judge(f, EO_FITNESS_BAD, "more runs than there are processors: stop it; top shows what");
    else if (l->facts.load > 0.5 * processors)
        judge(f, EO_FITNESS_WARN, "wait until uptime shows less than %.1f", 0.5 * processors);
}

static void check_memory(const struct eo_doctor_look *l, struct finding *f)
{
    double available = l->facts.memory_available, pressure = l->facts.memory_pressure;

    if (isnan(available) && isnan(pressure))
        return;
    if (isnan(pressure))
        find(f, "%.0f %% available", 100 * available);
    else if (isnan(available))
        find(f, "%.0f %% of the time under pressure", 100 * pressure);
    else
        find(f, "%.0f %% available; %.0f %% of the time under pressure", 100 * available, 100 * pressure);
    f->verdict = above(pressure, 0.01, 0.10);
    if (available < 0.10 && f->verdict == EO_FITNESS_GOOD)
        f->verdict = EO_FITNESS_WARN;
    if (f->verdict != EO_FITNESS_GOOD)
        judge(f, f->verdict, "stop what needs most memory: ps aux --sort -rss | head");
}

static void check_quota(const struct eo_doctor_look *l, struct finding *f)
{
    double quota = l->facts.quota;

    if (isnan(quota))
        return;
    be_good(f);
    find(f, "none");
    if (!isfinite(quota))
        return;
    find(f, "%.2f processors", quota);
    if (quota < 2)
        judge(f, quota < 1 ? EO_FITNESS_BAD : EO_FITNESS_WARN,
              "run it without cpu.max; for a container: docker update --cpus 2 NAME");
}

/* In a guest the governor cannot be seen, and only the host could change it. */
static void check_governor(const struct eo_doctor_look *l, struct finding *f)
{
    const struct eo_host_facts *m = &l->facts;

    if (!*m->governor)
        return;
    find(f, "%s%s%s%s", m->governor, *m->driver ? " (" : "", m->driver, *m->driver ? ")" : "");
    be_good(f);
    if (strcmp(m->governor, "performance") != 0 && strcmp(m->governor, "userspace") != 0)
        judge(f, EO_FITNESS_WARN, "cpupower frequency-set -g performance");
}

static void check_frequency(const struct eo_doctor_look *l, struct finding *f)
{
    const struct eo_host_facts *m = &l->facts;

    if (isnan(m->frequency_khz) || isnan(m->frequency_max_khz))
        return;
    find(f, "%.2f of %.2f GHz", m->frequency_khz / 1e6, m->frequency_max_khz / 1e6);
    be_good(f);
    /* With any other governor an idle processor is slow. */
    if (strcmp(m->governor, "performance") == 0 && m->frequency_khz < 0.5 * m->frequency_max_khz)
        judge(f, EO_FITNESS_WARN, "cpupower frequency-set -u %.0f; else see to power supply and cooling",
              m->frequency_max_khz);
}

static void check_turbo(const struct eo_doctor_look *l, struct finding *f)
{
    const struct eo_host_facts *m = &l->facts;

    if (m->turbo == EO_HOST_UNKNOWN)
        return;
    find(f, "%s", m->turbo == EO_HOST_ON ? "on" : "off");
    be_good(f);
    if (m->turbo == EO_HOST_OFF)
        return;
    if (strncmp(m->driver, "intel_", 6) == 0)
        judge(f, EO_FITNESS_WARN, "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo");
    else
        judge(f, EO_FITNESS_WARN, "echo 0 > /sys/devices/system/cpu/cpufreq/boost");
}

static void check_heat(const struct eo_doctor_look *l, struct finding *f)
{
    double hours = l->facts.up_s / 3600;

    if (isnan(l->facts.throttled))
        return;
    find(f, "slowed down %.0f times since the start", l->facts.throttled);
    be_good(f);
    if (l->throttled > 0)
        judge(f, EO_FITNESS_BAD,
              "too hot at this moment: let it cool; cpupower frequency-set -u a lower one");
    else if (l->facts.throttled > fmax(hours, 1))
        judge(f, EO_FITNESS_WARN,
              "more than once an hour: see to cooling; cpupower frequency-set -u a lower one");
}

static int is_one_of(const char *word, const char *const *list)
{
    while (*list && strcmp(*list, word) != 0)
        list++;
    return *list != NULL;
}

static void check_clock(const struct eo_doctor_look *l, struct finding *f)
{
    static const char *const slow[] = {"hpet", "acpi_pm", "pit", "jiffies", "refined-jiffies", NULL};
    const char *source = l->facts.clock_source;
    double step = (double)l->clock.resolution_ns;

    find(f, "%s%sstep %.0f ns; reading %.0f ns", source, *source ? "; " : "", step,
         (double)l->clock.overhead_ns);
    f->verdict = above(step, 1000, 10000);
    if (f->verdict != EO_FITNESS_GOOD || is_one_of(source, slow))
        judge(f, is_one_of(source, slow) ? EO_FITNESS_BAD : f->verdict,
              "echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource");
}

static void check_reference(const struct eo_doctor_look *l, struct finding *f)
{
    if (isnan(l->reference_spread))
        return;
    find(f, "%.1f us; spread %.1f %%", l->reference_ns / 1000, 100 * l->reference_spread);
    f->verdict = above(l->reference_spread, 0.08, 0.25);
    if (f->verdict != EO_FITNESS_GOOD)
        judge(f, f->verdict, "its speed changes: see busy; siblings; governor; turbo; steal");
}

static void check_randomisation(const struct eo_doctor_look *l, struct finding *f)
{
    if (isnan(l->facts.randomisation))
        return;
    find(f, "%.0f", l->facts.randomisation);
    be_good(f);
    if (l->facts.randomisation < 2)
        judge(f, EO_FITNESS_WARN, "sysctl kernel.randomize_va_space=2");
}

static void check_isolated(const struct eo_doctor_look *l, struct finding *f)
{
    const cpu_set_t *isolated = &l->facts.isolated;

    be_good(f);
    if (CPU_COUNT(isolated) == 0) {
        find(f, "none");
        return;
    }
    find(f, "%d up to processor %d", CPU_COUNT(isolated), eo_host_highest(isolated));
    if (!CPU_ISSET(l->cpu, isolated))
        judge(f, EO_FITNESS_WARN, "taskset -c %d eo-bench", eo_host_highest(isolated));
}

static void check_guest(const struct eo_doctor_look *l, struct finding *f)
{
    if (l->facts.guest == EO_HOST_UNKNOWN)
        return;
    find(f, "%s", l->facts.guest == EO_HOST_ON ? "yes" : "no");
    /* A guest may time well, but its host cannot be seen. */
    f->verdict = l->facts.guest == EO_HOST_ON ? EO_FITNESS_UNKNOWN : EO_FITNESS_GOOD;
}

static void check_counters(const struct eo_doctor_look *l, struct finding *f)
{
    find(f, "%s", *l->counters ? l->counters : "all");
    if (!*l->counters)
        be_good(f);
    else if (l->facts.perf_paranoid > 2)
        judge(f, EO_FITNESS_WARN, "sysctl kernel.perf_event_paranoid=2");
}

/* Missing counters of energy do not disturb timing. */
static void check_energy(const struct eo_doctor_look *l, struct finding *f)
{
    const char *command = strstr(l->energy, "chmod ");

    find(f, "%s", l->energy);
    if (strncmp(l->energy, "rapl:", 5) == 0)
        be_good(f);
    else if (command)
        judge(f, EO_FITNESS_UNKNOWN, "%s", command);
}

static const struct check {
    const char *name;
    void (*check)(const struct eo_doctor_look *l, struct finding *f);
} checks[] = {
    {"busy", check_busy}, /* the first, see sum_up() */
    {"neighbours", check_neighbours},
    {"siblings", check_siblings},
    {"steal", check_steal},
    {"interrupts", check_interrupts},
    {"load", check_load},
    {"memory", check_memory},
    {"quota", check_quota},
    {"governor", check_governor},
    {"frequency", check_frequency},
    {"turbo", check_turbo},
    {"heat", check_heat},
    {"clock", check_clock},
    {"reference", check_reference},
    {"randomisation", check_randomisation},
    {"isolated", check_isolated},
    {"guest", check_guest},
    {"counters", check_counters},
    {"energy", check_energy},
};
#define CHECKS (sizeof(checks) / sizeof(*checks))

static void put_row(struct eo_buf *out, const char *name, const struct finding *f)
{
    eo_csv_put_text(out, name, ',');
    eo_csv_put_text(out, *f->found ? f->found : "not shown", ',');
    eo_csv_put_text(out, eo_fitness_name(f->verdict), ',');
    eo_csv_put_text(out, f->advice, '\n');
}

/* The verdict on the machine is that of its worst check, with the advice of the first such check. */
static void sum_up(const struct finding *list, const int counts[4], struct finding *machine)
{
    size_t worst = 0;

    for (size_t i = 0; i < CHECKS; i++) {
        if (list[i].verdict > list[worst].verdict)
            worst = i;
    }
    /* If it is not known how busy the processor is, the machine is not called good. */
    if (list[worst].verdict == EO_FITNESS_GOOD && list[0].verdict == EO_FITNESS_UNKNOWN)
        worst = 0;
    machine->verdict = list[worst].verdict;
    find(machine, "%d bad; %d warn; %d unknown", counts[EO_FITNESS_BAD], counts[EO_FITNESS_WARN],
         counts[EO_FITNESS_UNKNOWN]);
    if (machine->verdict > EO_FITNESS_GOOD)
        judge(machine, machine->verdict, "%s: %.*s", checks[worst].name, EO_DOCTOR_CELL - 20,
              list[worst].advice);
}

enum eo_fitness eo_doctor_put(const struct eo_doctor_look *look, struct eo_buf *out)
{
    struct finding list[CHECKS] = {0}, machine = {0};
    int counts[4] = {0};

    eo_buf_puts(out, "check,found,verdict,advice\n");
    for (size_t i = 0; i < CHECKS; i++) {
        checks[i].check(look, &list[i]);
        counts[list[i].verdict]++;
        put_row(out, checks[i].name, &list[i]);
    }
    sum_up(list, counts, &machine);
    put_row(out, "machine", &machine);
    return machine.verdict;
}

int eo_doctor_report(const struct eo_host *host, int cpu, struct eo_buf *out, enum eo_fitness *machine,
                     struct eo_err *err)
{
    struct eo_doctor_look look;

    if (eo_doctor_look(host, cpu, &look, err))
        return -1;
    *machine = eo_doctor_put(&look, out);
    return eo_buf_check(out, err);
}
