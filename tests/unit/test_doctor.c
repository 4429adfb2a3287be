/* stage/bench/doctor: each check's verdicts from made-up machines, and reading the report back. */
#include "stage/bench/doctor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "check.h"

/* A quiet machine of four processors, timed on the last one. */
static struct eo_doctor_look quiet(void)
{
    struct eo_doctor_look l = {.cpu = 3,
                               .steal = 0,
                               .siblings_busy = NAN,
                               .reference_ns = 20500,
                               .reference_spread = 0.03,
                               .idlest = 3,
                               .clock = {.overhead_ns = 20, .resolution_ns = 20},
                               .energy = "rapl:package-0",
                               .facts = {.governor = "performance",
                                         .driver = "acpi-cpufreq",
                                         .frequency_khz = 3000000,
                                         .frequency_max_khz = 3000000,
                                         .turbo = EO_HOST_OFF,
                                         .smt = EO_HOST_OFF,
                                         .clock_source = "tsc",
                                         .randomisation = 2,
                                         .guest = EO_HOST_OFF,
                                         .perf_paranoid = 2,
                                         .up_s = 36000,
                                         .load = 0.1,
                                         .running = 1,
                                         .memory_available = 0.9,
                                         .quota = INFINITY}};

    eo_host_parse_cpus("0-3", &l.facts.allowed);
    return l;
}

/* The row of a check is `expected`, "found,verdict,advice". */
static void check_row(const struct eo_doctor_look *l, const char *check, const char *expected)
{
    struct eo_buf out = {0};
    char wanted[512], *row;

    eo_doctor_put(l, &out);
    snprintf(wanted, sizeof(wanted), "\n%s,", check);
    row = out.data ? strstr(out.data, wanted) : NULL;
    snprintf(wanted, sizeof(wanted), "%s,%s", check, expected);
    if (row)
        row[1 + strcspn(row + 1, "\n")] = '\0';
    check_text(check, wanted, row ? row + 1 : NULL);
    eo_buf_release(&out);
}

/* Sets one field of a quiet machine first. */
#define CHECK(field, value, check, expected)                                                                 \
    do {                                                                                                     \
        struct eo_doctor_look l_ = quiet();                                                                  \
        l_.field = value;                                                                                    \
        check_row(&l_, check, expected);                                                                     \
    } while (0)

static void test_quiet(void)
{
    struct eo_doctor_look l = quiet();
    struct eo_buf out = {0};

    check_that(eo_doctor_put(&l, &out) == EO_FITNESS_GOOD, "a quiet machine is not good");
    check_text("a quiet machine",
               "check,found,verdict,advice\n"
               "busy,0 % of processor 3,good,\n"
               "neighbours,0 % of the other processors,good,\n"
               "siblings,none,good,\n"
               "steal,0.0 %,good,\n"
               "interrupts,0.0 % of processor 3,good,\n"
               "load,0.10; 0 others running,good,\n"
               "memory,90 % available; 0 % of the time under pressure,good,\n"
               "quota,none,good,\n"
               "governor,performance (acpi-cpufreq),good,\n"
               "frequency,3.00 of 3.00 GHz,good,\n"
               "turbo,off,good,\n"
               "heat,slowed down 0 times since the start,good,\n"
               "clock,tsc; step 20 ns; reading 20 ns,good,\n"
               "reference,20.5 us; spread 3.0 %,good,\n"
               "randomisation,2,good,\n"
               "isolated,none,good,\n"
               "guest,no,good,\n"
               "counters,all,good,\n"
               "energy,rapl:package-0,good,\n"
               "machine,0 bad; 0 warn; 0 unknown,good,\n",
               out.data);
    eo_buf_release(&out);
}

static void test_activity(void)
{
    struct eo_doctor_look l = quiet();

    CHECK(busy, NAN, "busy", "not shown,unknown,");
    CHECK(busy, 0.05, "busy", "5 % of processor 3,good,");
    l.busy = 0.10;
    l.idlest_busy = 0.06;
    check_row(&l, "busy",
              "10 % of processor 3,warn,find what runs with top and stop it; or renice -n 19 -p PID");
    l.busy = 0.5;
    l.idlest = 1;
    check_row(&l, "busy", "50 % of processor 3,bad,eo-bench --cpu 1");
    check_row(&l, "machine", "1 bad; 0 warn; 0 unknown,bad,busy: eo-bench --cpu 1");
    l.irq = 0.06;
    check_row(&l, "interrupts", "6.0 % of processor 3,warn,eo-bench --cpu 1");
    CHECK(irq, 0.06, "interrupts",
          "6.0 % of processor 3,warn,see /proc/interrupts; move them by /proc/irq/N/smp_affinity_list");
    CHECK(irq, NAN, "interrupts", "not shown,unknown,");
    CHECK(neighbours_busy, 0.25, "neighbours", "25 % of the other processors,good,");
    CHECK(neighbours_busy, 0.26, "neighbours",
          "26 % of the other processors,warn,they share caches and memory: find what runs with top and stop "
          "it");
    CHECK(neighbours_busy, NAN, "neighbours", "not shown,unknown,");
    CHECK(steal, 0.01, "steal",
          "1.0 %,warn,other guests run on this host: time at another hour or with dedicated processors");
    CHECK(steal, 0.03, "steal",
          "3.0 %,bad,other guests run on this host: time at another hour or with dedicated processors");
    CHECK(steal, NAN, "steal", "not shown,unknown,");
}

static void test_load(void)
{
    CHECK(facts.load, 2.0, "load", "2.00; 0 others running,good,");
    CHECK(facts.load, 2.5, "load", "2.50; 0 others running,warn,wait until uptime shows less than 2.0");
    CHECK(facts.running, 4, "load", "0.10; 3 others running,good,");
    CHECK(facts.running, 5, "load",
          "0.10; 4 others running,bad,more runs than there are processors: stop it; top shows what");
    CHECK(facts.running, NAN, "load", "not shown,unknown,");
    CHECK(facts.load, NAN, "load", "not shown,unknown,");
    CHECK(facts.memory_available, 0.05, "memory",
          "5 % available; 0 % of the time under pressure,warn,stop what needs most memory: ps aux --sort "
          "-rss | head");
    CHECK(facts.memory_pressure, 0.02, "memory",
          "90 % available; 2 % of the time under pressure,warn,stop what needs most memory: ps aux --sort "
          "-rss | head");
    CHECK(facts.memory_pressure, 0.2, "memory",
          "90 % available; 20 % of the time under pressure,bad,stop what needs most memory: ps aux --sort "
          "-rss | head");
    CHECK(facts.memory_pressure, NAN, "memory", "90 % available,good,");
    CHECK(facts.memory_available, NAN, "memory", "0 % of the time under pressure,good,");
    CHECK(facts.quota, 2, "quota", "2.00 processors,good,");
    CHECK(facts.quota, 1.5, "quota",
          "1.50 processors,warn,run it without cpu.max; for a container: docker update --cpus 2 NAME");
    CHECK(facts.quota, 0.5, "quota",
          "0.50 processors,bad,run it without cpu.max; for a container: docker update --cpus 2 NAME");
    CHECK(facts.quota, NAN, "quota", "not shown,unknown,");
}

static void test_siblings(void)
{
    struct eo_doctor_look l = quiet();

    l.facts.smt = EO_HOST_ON;
    eo_host_parse_cpus("7", &l.facts.siblings);
    check_row(&l, "siblings",
              "processor 7 shares the core,warn,echo off > /sys/devices/system/cpu/smt/control");
    l.siblings_busy = 0.05;
    check_row(&l, "siblings",
              "processor 7 shares the core; 5 % busy,warn,echo off > /sys/devices/system/cpu/smt/control");
    l.siblings_busy = 0.06;
    check_row(&l, "siblings",
              "processor 7 shares the core; 6 % busy,bad,echo off > /sys/devices/system/cpu/smt/control");
    l.facts.guest = EO_HOST_ON;
    check_row(&l, "siblings",
              "processor 7 shares the core; 6 % busy,bad,echo 0 > /sys/devices/system/cpu/cpu7/online");
    CHECK(facts.smt, EO_HOST_UNKNOWN, "siblings", "not shown,unknown,");
}

static void test_frequency(void)
{
    struct eo_doctor_look l = quiet();

    strcpy(l.facts.governor, "userspace");
    *l.facts.driver = '\0';
    check_row(&l, "governor", "userspace,good,");
    strcpy(l.facts.governor, "powersave");
    strcpy(l.facts.driver, "intel_pstate");
    l.facts.turbo = EO_HOST_ON;
    check_row(&l, "governor", "powersave (intel_pstate),warn,cpupower frequency-set -g performance");
    check_row(&l, "turbo", "on,warn,echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo");
    check_row(&l, "machine", "0 bad; 2 warn; 0 unknown,warn,governor: cpupower frequency-set -g performance");
    l.facts.frequency_khz = 800000;
    check_row(&l, "frequency", "0.80 of 3.00 GHz,good,");
    *l.facts.governor = '\0';
    check_row(&l, "governor", "not shown,unknown,");
    CHECK(facts.turbo, EO_HOST_ON, "turbo", "on,warn,echo 0 > /sys/devices/system/cpu/cpufreq/boost");
    CHECK(facts.turbo, EO_HOST_UNKNOWN, "turbo", "not shown,unknown,");
    CHECK(facts.frequency_khz, 1400000, "frequency",
          "1.40 of 3.00 GHz,warn,cpupower frequency-set -u 3000000; else see to power supply and cooling");
    CHECK(facts.frequency_khz, NAN, "frequency", "not shown,unknown,");
    CHECK(facts.throttled, 10, "heat", "slowed down 10 times since the start,good,");
    CHECK(facts.throttled, 11, "heat",
          "slowed down 11 times since the start,warn,more than once an hour: see to cooling; cpupower "
          "frequency-set -u a lower one");
    CHECK(throttled, 1, "heat",
          "slowed down 0 times since the start,bad,too hot at this moment: let it cool; cpupower "
          "frequency-set -u a lower one");
    CHECK(facts.throttled, NAN, "heat", "not shown,unknown,");
}

static void test_system(void)
{
    static const char tsc[] = "echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource";
    struct eo_doctor_look l = quiet();
    char expected[256];

    strcpy(l.facts.clock_source, "acpi_pm");
    snprintf(expected, sizeof(expected), "acpi_pm; step 20 ns; reading 20 ns,bad,%s", tsc);
    check_row(&l, "clock", expected);
    strcpy(l.facts.clock_source, "kvm-clock");
    check_row(&l, "clock", "kvm-clock; step 20 ns; reading 20 ns,good,");
    *l.facts.clock_source = '\0';
    check_row(&l, "clock", "step 20 ns; reading 20 ns,good,");
    snprintf(expected, sizeof(expected), "tsc; step 1001 ns; reading 20 ns,warn,%s", tsc);
    CHECK(clock.resolution_ns, 1001, "clock", expected);
    snprintf(expected, sizeof(expected), "tsc; step 1000000 ns; reading 20 ns,bad,%s", tsc);
    CHECK(clock.resolution_ns, 1000000, "clock", expected);
    CHECK(reference_spread, 0.1, "reference",
          "20.5 us; spread 10.0 %,warn,its speed changes: see busy; siblings; governor; turbo; steal");
    CHECK(reference_spread, 0.3, "reference",
          "20.5 us; spread 30.0 %,bad,its speed changes: see busy; siblings; governor; turbo; steal");
    CHECK(reference_spread, NAN, "reference", "not shown,unknown,");
    CHECK(facts.randomisation, 1, "randomisation", "1,warn,sysctl kernel.randomize_va_space=2");
    CHECK(facts.randomisation, NAN, "randomisation", "not shown,unknown,");
    eo_host_parse_cpus("2", &l.facts.isolated);
    check_row(&l, "isolated", "1 up to processor 2,warn,taskset -c 2 eo-bench");
    eo_host_parse_cpus("2-3", &l.facts.isolated);
    check_row(&l, "isolated", "2 up to processor 3,good,");
    CHECK(facts.guest, EO_HOST_ON, "guest", "yes,unknown,");
    CHECK(facts.guest, EO_HOST_UNKNOWN, "guest", "not shown,unknown,");
    strcpy(l.counters, "no PMU");
    check_row(&l, "counters", "no PMU,unknown,");
    l.facts.perf_paranoid = 3;
    check_row(&l, "counters", "no PMU,warn,sysctl kernel.perf_event_paranoid=2");
    strcpy(l.energy, "unavailable: no powercap");
    check_row(&l, "energy", "unavailable: no powercap,unknown,");
    strcpy(l.energy, "unavailable: energy of x is for root alone; chmod a+r /x");
    check_row(&l, "energy", "unavailable: energy of x is for root alone; chmod a+r /x,unknown,chmod a+r /x");
    CHECK(busy, NAN, "machine", "0 bad; 0 warn; 1 unknown,unknown,");
}

/* A machine whose counters of time are those of a text for the first reading, and of another one later. */
struct machine {
    const char *stat[2];
    int readings;
};

static int read_file(void *ctx, const char *path, char *text, size_t size)
{
    struct machine *m = ctx;

    if (strcmp(path, "/proc/stat") == 0)
        return snprintf(text, size, "%s", m->stat[m->readings++ > 0]);
    if (strcmp(path, "/proc/self/status") == 0)
        return snprintf(text, size, "Cpus_allowed_list:\t0-2\n");
    if (strcmp(path, "/sys/devices/system/cpu/cpu2/topology/thread_siblings_list") == 0)
        return snprintf(text, size, "2-3\n");
    if (strstr(path, "throttle_count"))
        return snprintf(text, size, "%d\n", 5 + (m->readings > 0));
    return -1;
}

static int near(double a, double b)
{
    return fabs(a - b) < 1e-12;
}

static void test_look(void)
{
    struct machine m = {
        .stat = {
            "cpu0 0 0 0 100 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0\ncpu2 100 0 0 0 0 0 0 0\ncpu3 5 0 0 0 0 0 0 0\n",
            "cpu0 10 0 0 190 0 0 0 0\ncpu1 2 0 3 90 5 0 0 0\ncpu2 130 5 5 48 2 4 1 5\ncpu3 60 0 0 45 0 0 0 "
            "0\n"}};
    struct eo_host host = {.read = read_file, .ctx = &m};
    struct eo_doctor_look l;
    struct eo_err err;

    if (!check_that(eo_doctor_look(&host, -1, &l, &err) == 0, "look: %s", err.msg))
        return;
    check_that(l.cpu == 2, "the highest allowed processor: %d", l.cpu);
    check_that(near(l.busy, 0.4) && near(l.irq, 0.05) && near(l.steal, 0.05), "busy %g, irq %g, steal %g",
               l.busy, l.irq, l.steal);
    check_that(near(l.neighbours_busy, (0.1 + 0.05 + 0.55) / 3), "neighbours: %g", l.neighbours_busy);
    check_that(near(l.siblings_busy, 0.55), "sibling: %g", l.siblings_busy);
    check_that(l.idlest == 1 && near(l.idlest_busy, 0.05), "idlest: %d, %g", l.idlest, l.idlest_busy);
    check_that(l.throttled == 2, "throttled: %g", l.throttled);
    check_that(l.reference_ns > 0 && l.reference_spread >= 0, "reference: %g, %g", l.reference_ns,
               l.reference_spread);
    check_that(eo_doctor_look(&host, 3, &l, &err) == -1, "a processor that is not allowed was taken");
    check_text("not allowed", "expected a processor that this process may run on, found 3", err.msg);
    check_that(eo_doctor_look(&(struct eo_host){.root = "/nonexistent"}, EO_HOST_CPUS, &l, &err) == -1,
               "a processor that no machine has was taken");
    m = (struct machine){{"cpu2 0 0 0 100 0 0 0 9\n", "cpu2 50 0 0 200 0 0 0 8\n"}, 0};
    check_that(eo_doctor_look(&host, 2, &l, &err) == 0 && isnan(l.steal), "steal that steps back: %g",
               l.steal);
    m.readings = 1;
    check_that(eo_doctor_look(&host, 0, &l, &err) == 0 && l.cpu == 0 && isnan(l.busy) && l.idlest == 0,
               "a processor whose times stand still: %d, %g", l.cpu, l.busy);
}

static void test_load_report(void)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"check,found,verdict\nmachine,x,good\n", "expected the columns check,found,verdict,advice"},
        {"check,verdict,found,advice\nmachine,good,x,\n", "expected the columns check,found,verdict,advice"},
        {"check,found,verdict,advice\n", "expected 1..64 checks, found 0"},
        {"check,found,verdict,advice\nbusy,x,good,\n",
         "line 2: expected 'machine' in the last line and there alone, found 'busy'"},
        {"check,found,verdict,advice\nmachine,x,good,\nbusy,x,good,\n",
         "line 2: expected 'machine' in the last line and there alone, found 'machine'"},
        {"check,found,verdict,advice\nbusy,x,fine,\nmachine,x,good,\n",
         "line 2: expected verdict good, warn, bad or unknown, found 'fine'"},
        {"check,found,verdict,advice\n,x,good,\nmachine,x,good,\n",
         "line 2: expected the name of a check, found nothing"},
    };
    char path[] = "/tmp/test_doctor.XXXXXX";
    int fd = mkstemp(path);
    struct eo_manifest_machine m;
    struct eo_csv csv = {0};
    struct eo_doctor_look l = quiet();
    struct eo_buf out = {0};
    struct eo_err err;

    if (!check_that(fd >= 0, "mkstemp"))
        return;
    close(fd);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        if (eo_io_write(path, cases[i].text, strlen(cases[i].text), &err))
            check_that(0, "%s", err.msg);
        else if (check_that(eo_doctor_load(path, &csv, &m, &err) == -1, "'%s' was taken", cases[i].text))
            check_text(cases[i].text, cases[i].message, err.msg);
        eo_csv_release(&csv);
    }
    l.steal = 0.5;
    l.facts.guest = EO_HOST_ON;
    eo_doctor_put(&l, &out);
    check_that(eo_io_write(path, out.data, out.len, &err) == 0 && eo_doctor_load(path, &csv, &m, &err) == 0,
               "%s", err.msg);
    check_text("verdict", "bad", m.verdict);
    check_that(m.check_count == 2, "expected 2 checks, found %zu", m.check_count);
    check_text("check", "steal", m.checks[0].name);
    check_text("found", "50.0 %", m.checks[0].found);
    check_text("verdict of a check", "unknown", m.checks[1].verdict);
    eo_csv_release(&csv);
    eo_buf_release(&out);
    unlink(path);
}

/* The report that a manifest lists is looked for in its folder. */
static void test_note(void)
{
    struct eo_manifest_file files[] = {{.path = "sub/machine.csv"}, {.path = "machine.csv"}};
    struct eo_manifest m = {.files = files, .file_count = 1};
    const char *report = "check,found,verdict,advice\nturbo,on,warn,x\nmachine,1 warn,warn,x\n";
    char folder[32] = "/tmp/test_doctor.XXXXXX", path[64];
    struct eo_csv csv = {0};
    struct eo_err err;

    if (!check_that(mkdtemp(folder) != NULL, "mkdtemp"))
        return;
    strcat(folder, "/");
    snprintf(path, sizeof(path), "%smachine.csv", folder);
    check_that(eo_doctor_note(&m, folder, &csv, &err) == 0 && !m.host.machine.verdict,
               "a report that is not listed");
    m.file_count = 2;
    check_that(eo_doctor_note(&m, folder, &csv, &err) == -1, "a report that is not there");
    check_text("a report that is not there", "machine.csv: cannot open: No such file or directory", err.msg);
    check_that(eo_io_write(path, report, strlen(report), &err) == 0 &&
                   eo_doctor_note(&m, folder, &csv, &err) == 0,
               "%s", err.msg);
    check_text("noted", "warn", m.host.machine.verdict);
    check_that(m.host.machine.check_count == 1, "noted: %zu checks", m.host.machine.check_count);
    eo_csv_release(&csv);
    unlink(path);
    rmdir(folder);
}

/* What the manifest says of the machine comes back from its text. */
static void test_manifest(void)
{
    struct eo_manifest m = {.version = "0.1.0"}, back;
    struct eo_buf first = {0}, second = {0};
    struct eo_err err;

    m.host.machine = (struct eo_manifest_machine){
        .verdict = "warn", .checks = {{"turbo", "on", "warn"}}, .check_count = 1};
    eo_manifest_put(&m, &first);
    if (!check_that(eo_manifest_parse(&back, first.data, first.len, &err) == 0, "%s", err.msg))
        return;
    check_text("verdict", "warn", back.host.machine.verdict);
    check_that(back.host.machine.check_count == 1, "checks: %zu", back.host.machine.check_count);
    eo_manifest_put(&back, &second);
    check_text("again", first.data, second.data);
    eo_manifest_release(&back);
    eo_buf_release(&first);
    eo_buf_release(&second);
}

int main(void)
{
    test_quiet();
    test_activity();
    test_load();
    test_siblings();
    test_frequency();
    test_system();
    test_look();
    test_load_report();
    test_note();
    test_manifest();
    return check_report("test_doctor");
}
