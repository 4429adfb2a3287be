/* machine/energy: joules from made-up counters, and reasons where there are none. */
#include "machine/energy.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

#define ZONE "/sys/class/powercap/intel-rapl:"
#define FILES 16

/* A machine of a few files. Each reading of a counter that moves adds its `step`. */
struct machine {
    struct file {
        const char *path, *text; /* text NULL: a counter */
        int error;
        long long uj, step, range;
    } files[FILES];
};

static int read_file(void *ctx, const char *path, char *text, size_t size)
{
    struct machine *m = ctx;
    struct file *f = m->files;

    while (f < m->files + FILES && !(f->path && strcmp(f->path, path) == 0))
        f++;
    if (f == m->files + FILES || f->error) {
        errno = f == m->files + FILES ? ENOENT : f->error;
        return -1;
    }
    if (f->text)
        return snprintf(text, size, "%s\n", f->text);
    f->uj += f->step;
    if (f->range && f->uj > f->range)
        f->uj -= f->range;
    return snprintf(text, size, "%lld\n", f->uj);
}

static struct eo_host host_of(struct machine *m)
{
    return (struct eo_host){.read = read_file, .ctx = m};
}

static int near(double a, double b)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-9 * fabs(b);
}

/* Opens and measures a window of two seconds. */
static void check_window(const char *what, struct machine *m, const char *source, double expected_j)
{
    struct eo_host host = host_of(m);
    struct eo_energy e;
    double joules, seconds;

    eo_energy_open(&e, &host);
    check_text(what, source, eo_energy_source(&e));
    check_that((e.count > 0) == (strncmp(source, "rapl:", 5) == 0), "%s: %zu zones", what, e.count);
    eo_energy_begin(&e, 10);
    seconds = eo_energy_end(&e, 12, &joules);
    check_that(near(seconds, 2), "%s: expected 2 s, found %g", what, seconds);
    check_that(near(joules, expected_j), "%s: expected %g J, found %.17g", what, expected_j, joules);
}

static void test_zones(void)
{
    struct machine package = {{{ZONE "0/name", "package-0", 0, 0, 0, 0},
                               {ZONE "0/max_energy_range_uj", "262143328850", 0, 0, 0, 0},
                               {ZONE "0/energy_uj", NULL, 0, 1000, 3000000, 0}}};
    struct machine parts = {{{ZONE "0/name", "package-0", 0, 0, 0, 0},
                             {ZONE "0/max_energy_range_uj", "262143328850", 0, 0, 0, 0},
                             {ZONE "0/energy_uj", NULL, 0, 0, 3000000, 0},
                             {ZONE "0:0/name", "core", 0, 0, 0, 0},
                             {ZONE "0:0/energy_uj", NULL, 0, 0, 700000, 0},
                             {ZONE "0:2/name", "dram", 0, 0, 0, 0},
                             {ZONE "0:2/max_energy_range_uj", "65712999613", 0, 0, 0, 0},
                             {ZONE "0:2/energy_uj", NULL, 0, 0, 500000, 0},
                             {ZONE "1/name", "psys", 0, 0, 0, 0},
                             {ZONE "1/energy_uj", NULL, 0, 0, 9000000, 0}}};
    struct machine two = {{{ZONE "0/name", "package-0-die-0", 0, 0, 0, 0},
                           {ZONE "0/max_energy_range_uj", "262143328850", 0, 0, 0, 0},
                           {ZONE "0/energy_uj", NULL, 0, 0, 3000000, 0},
                           {ZONE "2/name", "package-1-die-0", 0, 0, 0, 0},
                           {ZONE "2/max_energy_range_uj", "262143328850", 0, 0, 0, 0},
                           {ZONE "2/energy_uj", NULL, 0, 0, 40000000, 0},
                           {ZONE "2:0/name", "dram", 0, 0, 0, 0},
                           {ZONE "2:0/max_energy_range_uj", "262143328850", 0, 0, 0, 0},
                           {ZONE "2:0/energy_uj", NULL, 0, 0, 500000, 0}}};

    check_window("a package", &package, "rapl:package-0", 3);
    check_window("a package and memory", &parts, "rapl:package-0+dram", 3.5);
    check_window("two packages", &two, "rapl:package-0-die-0+package-1-die-0+dram", 43.5);
}

static void test_wrap(void)
{
    /* Opening reads 30, the beginning 60 and the end 90 - 70 = 20. */
    struct machine m = {{{ZONE "0/name", "package-0", 0, 0, 0, 0},
                         {ZONE "0/max_energy_range_uj", "70000000", 0, 0, 0, 0},
                         {ZONE "0/energy_uj", NULL, 0, 0, 30000000, 70000000}}};

    check_window("a counter that begins again", &m, "rapl:package-0", 30);
    m.files[1].path = "/none";
    m.files[2].uj = 0;
    check_window("the same without its range", &m, "rapl:package-0", NAN);
    m.files[2].range = 0;
    check_window("without a range, rising", &m, "rapl:package-0", 30);
}

static void test_unreadable(void)
{
    struct machine m = {{{ZONE "0/name", "package-0", 0, 0, 0, 0},
                         {ZONE "0/max_energy_range_uj", "262143328850", 0, 0, 0, 0},
                         {ZONE "0/energy_uj", NULL, EACCES, 0, 1, 0},
                         {ZONE "0:0/name", "dram", 0, 0, 0, 0},
                         {ZONE "0:0/energy_uj", NULL, EACCES, 0, 1, 0}}};
    struct machine none = {0};
    static const char *const garbage[] = {"", "12x", "-5", "1e9", "0x12", "262143328851", "12\n13", "1.5"};

    check_window("no powercap", &none, "unavailable: no powercap", NAN);
    check_window("for root alone", &m,
                 "unavailable: energy of package-0 is for root alone; chmod a+r "
                 "/sys/class/powercap/intel-rapl:0/energy_uj",
                 NAN);
    m.files[2].error = EPERM;
    check_window("forbidden otherwise", &m,
                 "unavailable: energy of package-0 is for root alone; chmod a+r "
                 "/sys/class/powercap/intel-rapl:0/energy_uj",
                 NAN);
    m.files[2].error = ENODATA;
    check_window("another error", &m, "unavailable: energy of package-0: No data available", NAN);
    m.files[2].error = 0;
    check_window("memory for root alone", &m,
                 "unavailable: energy of dram is for root alone; chmod a+r "
                 "/sys/class/powercap/intel-rapl:0:0/energy_uj",
                 NAN);
    m.files[3].path = "/none";
    for (size_t i = 0; i < sizeof(garbage) / sizeof(*garbage); i++) {
        m.files[2].text = garbage[i];
        check_window(garbage[i], &m, "unavailable: energy of package-0 is no count of microjoules", NAN);
    }
    m.files[2].text = "5";
    m.files[0].text = "package-0\",=x";
    check_window("a name that the kernel does not give", &m, "unavailable: no powercap", NAN);
    m.files[0].text = "package-00000000000000000000000";
    check_window("a long name", &m, "unavailable: no powercap", NAN);
}

static void test_lost_later(void)
{
    struct machine m = {{{ZONE "0/name", "package-0", 0, 0, 0, 0},
                         {ZONE "0/max_energy_range_uj", "262143328850", 0, 0, 0, 0},
                         {ZONE "0/energy_uj", NULL, 0, 0, 1000, 0}}};
    struct eo_host host = host_of(&m);
    struct eo_energy e;
    double joules;

    eo_energy_open(&e, &host);
    eo_energy_begin(&e, 0);
    m.files[2].error = EIO;
    eo_energy_end(&e, 1, &joules);
    check_that(isnan(joules), "a counter that is gone at the end: %g", joules);
    eo_energy_begin(&e, 0);
    m.files[2].error = 0;
    eo_energy_end(&e, 1, &joules);
    check_that(isnan(joules), "one that was gone at the beginning: %g", joules);
}

/* Every number is a package here. */
static int read_any(void *ctx, const char *path, char *text, size_t size)
{
    const char *file = strrchr(path, '/');

    (void)ctx;
    return snprintf(text, size, "%s\n",
                    strcmp(file, "/name") != 0                ? "5"
                    : strchr(path, ':') != strrchr(path, ':') ? "core"
                                                              : "package-7");
}

static void test_too_many(void)
{
    struct eo_host host = {.read = read_any};
    struct eo_energy e;

    eo_energy_open(&e, &host);
    check_text("32 packages", "unavailable: more than 16 zones", eo_energy_source(&e));
    check_that(e.count == 0, "32 packages: %zu zones", e.count);
}

static void test_idle(void)
{
    struct machine m = {{{ZONE "0/name", "package-0", 0, 0, 0, 0},
                         {ZONE "0/max_energy_range_uj", "262143328850", 0, 0, 0, 0},
                         {ZONE "0/energy_uj", NULL, 0, 0, 7000000, 0}}};
    struct eo_host host = host_of(&m), none = {.root = "/nonexistent"};
    struct eo_energy e;
    double idle_w;

    eo_energy_open(&e, &host);
    idle_w = eo_energy_idle_w(&e);
    /* Whatever the sleep really took, it is a second or more. */
    check_that(idle_w > 0 && idle_w <= 7, "expected at most 7 W, found %g", idle_w);
    m.files[2].step = 0;
    idle_w = eo_energy_idle_w(&e);
    check_that(isnan(idle_w) && e.count == 0, "counters that stand still: %g W, %zu zones", idle_w, e.count);
    check_text("counters that stand still", "unavailable: the counters stand still", eo_energy_source(&e));
    eo_energy_open(&e, &none);
    check_that(isnan(eo_energy_idle_w(&e)), "no counters: no idle power");
}

static void test_per_image(void)
{
    static const struct {
        double joules, seconds, idle_w, images, expected;
    } cases[] = {
        {30, 2, 5, 1000, 0.02}, {30, 2, 0, 1000, 0.03}, {10, 2, 5, 1000, NAN},   {9, 2, 5, 1000, NAN},
        {30, 2, 5, 0, NAN},     {NAN, 2, 5, 1000, NAN}, {30, 2, NAN, 1000, NAN},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        double j = eo_energy_per_image(cases[i].joules, cases[i].seconds, cases[i].idle_w, cases[i].images);

        check_that(near(j, cases[i].expected), "case %zu: expected %g J, found %.17g", i, cases[i].expected,
                   j);
    }
}

int main(void)
{
    test_zones();
    test_wrap();
    test_unreadable();
    test_lost_later();
    test_too_many();
    test_idle();
    test_per_image();
    return check_report("test_energy");
}
