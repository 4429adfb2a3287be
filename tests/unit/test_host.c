/* machine/host: facts below made-up roots, and that garbage is NAN. */
#include "machine/host.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/num.h"
#include "check.h"

static char root[64] = "/tmp/eo_test_host.XXXXXX";
static const struct eo_host host = {.root = root};

/* Makes the file and its folders below the root. */
static void put_bytes(const char *path, const void *bytes, size_t size)
{
    char full[512], *slash;

    snprintf(full, sizeof(full), "%s%s", root, path);
    slash = strrchr(full, '/');
    *slash = '\0';
    if (eo_io_mkdirs(full, NULL))
        exit(2);
    *slash = '/';
    if (eo_io_write(full, bytes, size, NULL))
        exit(2);
}

static void put(const char *path, const char *text)
{
    put_bytes(path, text, strlen(text));
}

static int same(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b;
}

static void check_number(const char *what, double expected, double found)
{
    check_that(same(expected, found), "%s: expected %.17g, found %.17g", what, expected, found);
}

static void test_numbers(void)
{
    static const struct {
        const char *text;
        double expected;
    } cases[] = {
        {"2400000\n", 2400000},
        {"0\n", 0},
        {"17", 17},
        {"9007199254740992\n", 9007199254740992.0},
        {"", NAN},
        {"\n", NAN},
        {"-1\n", NAN},
        {"9007199254740993\n", NAN},
        {"12 \n", NAN},
        {" 12\n", NAN},
        {"0x10\n", NAN},
        {"1\n2\n", NAN},
        {"<unknown>\n", NAN},
        {"1.5\n", NAN},
        {"nan\n", NAN},
        {"99999999999999999999999999999999999999\n", NAN},
        {"12\r\n", NAN},
        {"1e3\n", NAN},
        {"\xff\xfe\n", NAN},
        {"007\n", NAN},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        put("/sys/devices/system/cpu/cpu3/cpufreq/scaling_cur_freq", cases[i].text);
        check_number(cases[i].text, cases[i].expected, eo_host_frequency_khz(&host, 3));
    }
    put_bytes("/n", "12\0\n", 4);
    check_number("a NUL", NAN, eo_host_number(&host, "/n"));
    check_number("no such file", NAN, eo_host_frequency_khz(&host, 4));
    check_number("a folder", NAN, eo_host_number(&host, "/sys"));
    check_number("no root", NAN, eo_host_number(&(struct eo_host){.root = "/nonexistent"}, "/n"));
}

static void test_field(void)
{
    put("/f", "x.migrations : 5\nmigrations  :   12\nVmHWM:\t 3456 kB\nload 0.5 1 2/30\t7\nbad -3 "
              "1.5x\nmigrations 99");
    check_number("a colon between blanks", 12, eo_host_field(&host, "/f", "migrations", 0));
    check_number("a unit behind it", 3456, eo_host_field(&host, "/f", "VmHWM", 0));
    check_number("a fraction", 0.5, eo_host_field(&host, "/f", "load", 0));
    check_number("a slash", 30, eo_host_field(&host, "/f", "load", 3));
    check_number("a tab", 7, eo_host_field(&host, "/f", "load", 4));
    check_number("behind the line", NAN, eo_host_field(&host, "/f", "load", 5));
    check_number("below zero", NAN, eo_host_field(&host, "/f", "bad", 0));
    check_number("no number", NAN, eo_host_field(&host, "/f", "bad", 1));
    check_number("the first line", 5, eo_host_field(&host, "/f", "", 2));
    check_number("no such line", NAN, eo_host_field(&host, "/f", "grations", 0));
    check_number("no such file", NAN, eo_host_field(&host, "/g", "migrations", 0));
}

static void test_text(void)
{
    char text[8], fifo[128], name[4200];

    put("/t", "tsc \n");
    check_that(eo_host_text(&host, "/t", text, sizeof(text)) == 0 && strcmp(text, "tsc ") == 0, "text: '%s'",
               text);
    put("/t", "12345\n");
    check_that(eo_host_text(&host, "/t", text, sizeof(text)) == 0 && strcmp(text, "12345") == 0, "fits: '%s'",
               text);
    put("/t", "123456\n");
    errno = 0;
    check_that(eo_host_text(&host, "/t", text, sizeof(text)) == -1 && errno == EINVAL && !*text,
               "longer: '%s'", text);
    put("/t", "1234567");
    check_that(eo_host_text(&host, "/t", text, sizeof(text)) == -1 && !*text,
               "no room for the line break: '%s'", text);
    snprintf(fifo, sizeof(fifo), "%s/fifo", root);
    check_that(mkfifo(fifo, 0666) == 0, "mkfifo");
    errno = 0;
    check_that(eo_host_text(&host, "/fifo", text, sizeof(text)) == -1 && errno == EINVAL,
               "a pipe is not waited for");
    memset(name, '/', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    errno = 0;
    check_that(eo_host_text(&host, name, text, sizeof(text)) == -1 && errno == ENAMETOOLONG, "a long path");
    errno = 0;
    check_that(eo_host_text(&host, "/none", text, sizeof(text)) == -1 && errno == ENOENT,
               "errno of a missing file");
}

static void test_times(void)
{
    double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
    struct eo_host_times t;
    static const char *const bad[] = {
        "cpu1 1 2 3 4 5 6 7\n", /* no steal, as before Linux 2.6.11 */
        "cpu1 1 2 3 4 5 6 7 x 0 0\n",
        "cpu1 1 2 3 4 5 6 7 8",
        "cpu1 1 2 3 4 5 6 7 8 \n",
        "cpu1 1 2 3 4 5 6 7 -8\n",
        "cpu1 1 2 3 4 5 6 7 99999999999999999\n",
        "cpu1 1 2 3 4 5 6 7 999999999999999999999999999\n",
        "cpu10 1 2 3 4 5 6 7 8 9 10\n",
        "xcpu1 1 2 3 4 5 6 7 8 9 10\n",
        "",
        "cpu1\n",
    };

    put("/proc/stat", "cpu  100 20 30 4000 50 6 7 80 9 10\ncpu10 9 9 9 9 9 9 9 9 9 9\n"
                      "cpu1 1 2 3 400 5 6 7 8 0 0\nintr 5\n");
    t = eo_host_times(&host, -1);
    check_number("busy of all", 150 * tick, t.busy_s);
    check_number("idle of all", 4050 * tick, t.idle_s);
    check_number("interrupts of all", 13 * tick, t.irq_s);
    check_number("steal of all", 80 * tick, t.steal_s);
    check_number("steal of processor 1, which is not 10", 8 * tick, eo_host_steal_s(&host, 1));
    check_number("busy of processor 10", 27 * tick, eo_host_times(&host, 10).busy_s);
    check_number("no processor 0", NAN, eo_host_steal_s(&host, 0));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        put("/proc/stat", bad[i]);
        t = eo_host_times(&host, 1);
        check_that(isnan(t.busy_s) && isnan(t.idle_s) && isnan(t.irq_s) && isnan(t.steal_s),
                   "'%s': expected NAN", bad[i]);
    }
}

static void test_all_times(void)
{
    static struct eo_host_times t[EO_HOST_CPUS];
    double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);

    put("/proc/stat",
        "cpu  1 2 3 4 5 6 7 8 9 10\ncpu1 1 2 3 400 5 6 7 8 0 0\ncpux 1 1 1 1 1 1 1 1 1 1\n"
        "cpu1023 1 0 0 0 0 0 0 2 0 0\ncpu1024 1 1 1 1 1 1 1 1 1 1\ncpu02 1 1 1 1 1 1 1 1\ncpu3 1 1\n"
        "cpu12345678901 1 1 1 1 1 1 1 1 1 1\nintr 5\n");
    eo_host_all_times(&host, t);
    check_number("processor 0 is not there", NAN, t[0].busy_s);
    check_number("processor 1", 8 * tick, t[1].steal_s);
    check_number("processor 2 has a bad name", NAN, t[2].steal_s);
    check_number("processor 3 has too few numbers", NAN, t[3].busy_s);
    check_number("the last", 2 * tick, t[1023].steal_s);
    unlink(strcat(strcpy((char[128]){0}, root), "/proc/stat"));
    eo_host_all_times(&host, t);
    check_number("no file", NAN, t[1].busy_s);
}

static void test_cpu_lists(void)
{
    static const struct {
        const char *list;
        int rc, count, first; /* first: one that is in it, or -1 */
    } cases[] = {
        {"", 0, 0, -1},       {"0", 0, 1, 0},      {"0-3,8", 0, 5, 8},
        {"1023", 0, 1, 1023}, {"5-5", 0, 1, 5},    {"2,0-1", 0, 3, 0},
        {"1024", -1, 0, -1},  {"3-1", -1, 0, -1},  {"1,", -1, 0, -1},
        {",1", -1, 0, -1},    {"1--2", -1, 0, -1}, {"-1", -1, 0, -1},
        {"0-", -1, 0, -1},    {"a", -1, 0, -1},    {"1 2", -1, 0, -1},
        {"01", -1, 0, -1},    {"0-1x", -1, 0, -1}, {"99999999999", -1, 0, -1},
        {"1,,2", -1, 0, -1},  {"1\n", -1, 0, -1},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        cpu_set_t cpus;
        int rc = eo_host_parse_cpus(cases[i].list, &cpus);

        check_that(rc == cases[i].rc && CPU_COUNT(&cpus) == cases[i].count &&
                       (cases[i].first < 0 || CPU_ISSET(cases[i].first, &cpus)),
                   "'%s': %d, %d processors", cases[i].list, rc, CPU_COUNT(&cpus));
    }
}

#define CPU2 "/sys/devices/system/cpu/cpu2/"

static void make_machine(void)
{
    put("/proc/self/status", "Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t0-2,6\nMems_allowed:\t1\n");
    put("/proc/cpuinfo", "processor\t: 0\nvmx flags\t: hypervisor\nflags\t\t: fpu hypervisor_x avx2\n\n");
    put("/proc/loadavg", "1.25 0.23 0.90 3/95 15911\n");
    put("/proc/uptime", "350735.47 234388.90\n");
    put("/proc/meminfo", "MemTotal:       1000 kB\nMemFree:  1 kB\nMemAvailable:    250 kB\n");
    put("/proc/pressure/memory", "some avg10=12.50 avg60=1.00 avg300=0.00 total=0\nfull avg10=0.00\n");
    put("/proc/sys/kernel/randomize_va_space", "2\n");
    put("/proc/sys/kernel/perf_event_paranoid", "-1\n");
    put("/proc/self/cgroup", "1:cpu:/\n0::/a b\n");
    put("/sys/fs/cgroup/a b/cpu.max", "150000 100000\n");
    put("/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");
    put("/sys/devices/system/cpu/isolated", "4-5\n");
    put("/sys/devices/system/cpu/cpufreq/boost", "1\n");
    put(CPU2 "cpufreq/scaling_governor", "schedutil\n");
    put(CPU2 "cpufreq/scaling_driver", "acpi-cpufreq\n");
    put(CPU2 "cpufreq/scaling_cur_freq", "1500000\n");
    put(CPU2 "cpufreq/cpuinfo_max_freq", "3000000\n");
    put(CPU2 "topology/thread_siblings_list", "2,6\n");
    put(CPU2 "thermal_throttle/core_throttle_count", "3\n");
    put(CPU2 "thermal_throttle/package_throttle_count", "4\n");
}

static void test_facts(void)
{
    struct eo_host_facts f;

    make_machine();
    eo_host_look(&host, 2, &f);
    check_that(CPU_COUNT(&f.allowed) == 4 && CPU_ISSET(6, &f.allowed), "allowed: %d", CPU_COUNT(&f.allowed));
    check_text("governor", "schedutil", f.governor);
    check_text("driver", "acpi-cpufreq", f.driver);
    check_text("clock source", "hpet", f.clock_source);
    check_number("frequency", 1500000, f.frequency_khz);
    check_number("highest frequency", 3000000, f.frequency_max_khz);
    check_that(f.turbo == EO_HOST_ON && f.smt == EO_HOST_ON && f.guest == EO_HOST_OFF,
               "turbo %d, smt %d, guest %d", f.turbo, f.smt, f.guest);
    check_that(CPU_COUNT(&f.siblings) == 1 && CPU_ISSET(6, &f.siblings), "siblings: %d",
               CPU_COUNT(&f.siblings));
    check_that(CPU_COUNT(&f.isolated) == 2, "isolated: %d", CPU_COUNT(&f.isolated));
    check_number("randomisation", 2, f.randomisation);
    check_number("paranoid", -1, f.perf_paranoid);
    check_number("throttled", 7, f.throttled);
    check_number("up", 350735.47, f.up_s);
    check_number("load", 1.25, f.load);
    check_number("running", 3, f.running);
    check_number("memory", 0.25, f.memory_available);
    check_number("memory pressure", 0.125, f.memory_pressure);
    check_number("quota", 1.5, f.quota);
}

static void test_other_facts(void)
{
    struct eo_host_facts f;

    put("/sys/devices/system/cpu/intel_pstate/no_turbo", "1\n");
    unlink(strcat(strcpy((char[128]){0}, root), "/sys/devices/system/cpu/cpufreq/boost"));
    put("/sys/fs/cgroup/a b/cpu.max", "max 100000\n");
    put("/proc/cpuinfo", "flags\t\t: fpu hypervisor avx2\n");
    put(CPU2 "topology/thread_siblings_list", "2\n");
    eo_host_look(&host, 2, &f);
    check_that(f.turbo == EO_HOST_OFF && f.smt == EO_HOST_OFF && f.guest == EO_HOST_ON,
               "turbo %d, smt %d, guest %d", f.turbo, f.smt, f.guest);
    check_number("no quota", INFINITY, f.quota);
    put("/sys/devices/system/cpu/cpufreq/boost", "0\n");
    put("/sys/devices/system/cpu/intel_pstate/no_turbo", "?\n");
    put("/sys/fs/cgroup/a b/cpu.max", "1 0\n");
    put(CPU2 "topology/thread_siblings_list", "3\n");
    eo_host_look(&host, 2, &f);
    check_that(f.turbo == EO_HOST_OFF && f.smt == EO_HOST_UNKNOWN, "boost: turbo %d, smt %d", f.turbo, f.smt);
    check_that(CPU_COUNT(&f.siblings) == 0, "no siblings that leave the processor out");
    check_number("quota by a period of 0", NAN, f.quota);
}

/* The least of both kinds of control groups and of those above. */
static void test_quota(void)
{
    struct eo_host_facts f;

    put("/proc/self/cgroup", "5:memory:/m\n4:cpu,cpuacct:/a/b\n0::/\n");
    put("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us", "100000\n");
    eo_host_look(&host, 2, &f);
    check_number("no quota by v1", INFINITY, f.quota);
    put("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "50000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
    eo_host_look(&host, 2, &f);
    check_number("quota by v1 above", 0.5, f.quota);
    put("/proc/self/cgroup", "0::/c/d\n");
    put("/sys/fs/cgroup/c/d/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/c/cpu.max", "25000 100000\n");
    eo_host_look(&host, 2, &f);
    check_number("quota by v2 above", 0.25, f.quota);
    put("/proc/self/cgroup", "0::/not/seen\n");
    put("/sys/fs/cgroup/cpu.max", "75000 100000\n");
    eo_host_look(&host, 2, &f);
    check_number("quota of a container", 0.75, f.quota);
    put("/proc/self/cgroup", "7:cpuset:/x\nnonsense\n");
    eo_host_look(&host, 2, &f);
    check_number("no such group", NAN, f.quota);
}

/* Where nothing is, nothing is known, and nothing goes wrong. */
static void test_nothing_known(void)
{
    struct eo_host none = {.root = "/nonexistent"};
    struct eo_host_facts f;

    eo_host_look(&none, 0, &f);
    check_that(!*f.governor && !*f.driver && !*f.clock_source, "texts of no machine");
    check_that(f.turbo == EO_HOST_UNKNOWN && f.smt == EO_HOST_UNKNOWN && f.guest == EO_HOST_UNKNOWN,
               "switches of none");
    check_that(isnan(f.frequency_khz) && isnan(f.frequency_max_khz) && isnan(f.randomisation) &&
                   isnan(f.perf_paranoid) && isnan(f.throttled) && isnan(f.up_s) && isnan(f.load) &&
                   isnan(f.running) && isnan(f.memory_available) && isnan(f.memory_pressure) &&
                   isnan(f.quota),
               "numbers of no machine");
    check_that(CPU_COUNT(&f.allowed) == 0 && CPU_COUNT(&f.isolated) == 0 && CPU_COUNT(&f.siblings) == 0,
               "sets of none");
}

static int read_garbage(void *ctx, const char *path, char *text, size_t size)
{
    unsigned *state = ctx;
    size_t i, n;

    (void)path;
    *state = *state * 1664525u + 1013904223u;
    n = *state % 5 ? *state % 200 : size - 1;
    for (i = 0; i < n && i + 1 < size; i++) {
        *state = *state * 1664525u + 1013904223u;
        text[i] = "0123456789 \n-,/:.cpu=\t\xff"[(*state >> 24) % 22];
    }
    text[i] = '\0';
    return (int)i;
}

static void test_garbage(void)
{
    unsigned state = 1;
    struct eo_host h = {.read = read_garbage, .ctx = &state};
    int wrong = 0;

    for (int i = 0; i < 200; i++) {
        struct eo_host_facts f;

        eo_host_look(&h, i, &f);
        wrong += f.frequency_khz < 0 || f.load < 0 || f.throttled < 0 || CPU_ISSET(i, &f.siblings);
    }
    check_that(wrong == 0, "garbage: %d wrong", wrong);
}

static int read_made_up(void *ctx, const char *path, char *text, size_t size)
{
    return snprintf(text, size, "%d\n", strcmp(path, "/a") == 0 ? ++*(int *)ctx : -1);
}

static void test_reader(void)
{
    int n = 6;
    struct eo_host h = {.root = "/nonexistent", .read = read_made_up, .ctx = &n};

    check_number("the first reading", 7, eo_host_number(&h, "/a"));
    check_number("the second", 8, eo_host_number(&h, "/a"));
    check_number("another path", -1, eo_host_number(&h, "/b"));
}

/* Not its figures: that this machine's files can be read at all. */
static void test_this_machine(void)
{
    struct eo_host here = {0};

    check_that(eo_host_times(&here, -1).busy_s > 0, "this machine's times");
}

int main(void)
{
    char command[128];

    if (!mkdtemp(root))
        return 2;
    test_numbers();
    test_field();
    test_text();
    test_times();
    test_all_times();
    test_cpu_lists();
    test_facts();
    test_other_facts();
    test_quota();
    test_nothing_known();
    test_garbage();
    test_reader();
    test_this_machine();
    snprintf(command, sizeof(command), "rm -rf %s", root);
    if (system(command))
        return 2;
    return check_report("test_host");
}
