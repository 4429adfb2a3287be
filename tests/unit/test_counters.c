/* eo_counters: on a made-up system that counts, multiplexes or refuses; and on the real one, whatever that has. */
#include "machine/counters_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/check.h"

/* ---- the made-up system --------------------------------------------------------------------------------------- */

#define FDS 64

/* Of an event, by its place in the list of names. */
struct behaviour {
    int error;         /* of opening; 0: it works */
    int alone;         /* EINVAL unless it leads its group */
    int unreadable;    /* read() fails */
    double share;      /* of the time that it runs; -1: from the second reading on never */
    uint64_t per_step; /* how much it counts in each step while it runs */
};

enum { CYCLES, INSTRUCTIONS, BRANCH, L1D, LLC, FAULTS, SWITCHES, MIGRATIONS, EVENTS };

static struct behaviour made_up[EVENTS];
static struct {
    int event, group;
} opened[FDS];
static int opens, closes, wrong_close, bad_attr;
static uint64_t step; /* the made-up time, each of 1000 ns */

static int event_of(const struct perf_event_attr *attr)
{
    static const uint64_t cache[] = {PERF_COUNT_HW_CACHE_L1D | PERF_COUNT_HW_CACHE_RESULT_MISS << 16,
                                     PERF_COUNT_HW_CACHE_LL | PERF_COUNT_HW_CACHE_RESULT_MISS << 16};

    if (attr->type == PERF_TYPE_HARDWARE)
        return attr->config == PERF_COUNT_HW_CPU_CYCLES     ? CYCLES
               : attr->config == PERF_COUNT_HW_INSTRUCTIONS ? INSTRUCTIONS
                                                            : BRANCH;
    if (attr->type == PERF_TYPE_HW_CACHE)
        return attr->config == cache[0] ? L1D : attr->config == cache[1] ? LLC : -1;
    return attr->config == PERF_COUNT_SW_PAGE_FAULTS        ? FAULTS
           : attr->config == PERF_COUNT_SW_CONTEXT_SWITCHES ? SWITCHES
                                                            : MIGRATIONS;
}

static int fake_open(struct perf_event_attr *attr, int group)
{
    int e = event_of(attr);

    if (e < 0 || attr->size != sizeof(*attr) || !attr->inherit || attr->exclude_kernel != (e < FAULTS) ||
        attr->disabled)
        bad_attr++;
    errno = made_up[e].error ? made_up[e].error : made_up[e].alone && group >= 0 ? EINVAL : 0;
    if (errno)
        return -1;
    opened[opens].event = e;
    opened[opens].group = group;
    return 100 + opens++;
}

static ssize_t fake_read(int fd, void *bytes, size_t size)
{
    const struct behaviour *b = &made_up[opened[fd - 100].event];
    uint64_t running = b->share < 0 ? 0 : (uint64_t)((double)step * b->share);
    uint64_t values[3] = {running * b->per_step, step * 1000, running * 1000};

    if (b->unreadable) {
        errno = EIO;
        return -1;
    }
    memcpy(bytes, values, size);
    return (ssize_t)sizeof(values);
}

static int fake_close(int fd)
{
    wrong_close += fd < 100 || fd >= 100 + opens;
    closes++;
    return 0;
}

static char root[] = "/tmp/eo-test-counters-XXXXXX";
static const struct eo_counter_system fake = {fake_open, fake_read, fake_close, root};

/* All events work and run all the time; event e counts 10 * (e + 1) in a step. */
static void all_work(void)
{
    for (int e = 0; e < EVENTS; e++)
        made_up[e] = (struct behaviour){.share = 1, .per_step = 10 * (uint64_t)(e + 1)};
    opens = closes = wrong_close = bad_attr = 0;
    step = 7;
}

static void hardware_fails(int error)
{
    all_work();
    for (int e = 0; e < FAULTS; e++)
        made_up[e].error = error;
}

static void put_file(const char *name, const char *text)
{
    char path[256];
    FILE *f;

    snprintf(path, sizeof(path), "%s/proc/%s", root, name);
    f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f))
        check_that(0, "cannot write '%s'", path);
}

static void remove_file(const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/proc/%s", root, name);
    remove(path);
}

static void make_root(void)
{
    static const char *const dirs[] = {"/proc", "/proc/sys", "/proc/sys/kernel", "/proc/thread-self"};
    char path[256];

    if (!mkdtemp(root))
        check_that(0, "cannot make a folder in /tmp");
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s%s", root, dirs[i]);
        if (mkdir(path, 0777))
            check_that(0, "cannot make '%s'", path);
    }
}

static void remove_root(void)
{
    remove_file("sys/kernel/perf_event_paranoid");
    remove_file("thread-self/sched");
    remove_file("thread-self");
    remove_file("sys/kernel");
    remove_file("sys");
    remove_file("");
    check_that(rmdir(root) == 0, "left something in '%s'", root);
}

/* Ten steps between start and stop. */
static void measure(struct eo_counters *c, struct eo_counts *counts)
{
    step += 3;
    eo_counters_start(c);
    step += 10;
    eo_counters_stop(c, counts);
}

static struct eo_counts take(const char *what, const char *note)
{
    struct eo_counts counts = {0};
    struct eo_counters *c = eo_counters_open_on(&fake, NULL);

    if (!check_that(c != NULL, "%s: not opened", what))
        return counts;
    measure(c, &counts);
    check_text(what, note, eo_counters_note(c));
    eo_counters_close(c);
    check_that(closes == opens && !wrong_close, "%s: %d events opened, %d closed, %d of them others", what,
               opens, closes, wrong_close);
    return counts;
}

static void check_count(const char *what, double expected, double found)
{
    check_that(isnan(expected) ? isnan(found) : expected == found, "%s: expected %.17g, found %.17g", what,
               expected, found);
}

/* ---- what is counted ------------------------------------------------------------------------------------------ */

static void test_all(void)
{
    struct eo_counts n;

    all_work();
    n = take("all", "");
    check_count("cycles", 100, n.cycles);
    check_count("instructions", 200, n.instructions);
    check_count("branch misses", 300, n.branch_misses);
    check_count("l1d misses", 400, n.l1d_misses);
    check_count("llc misses", 500, n.llc_misses);
    check_count("page faults", 600, n.page_faults);
    check_count("context switches", 700, n.context_switches);
    check_count("migrations", 800, n.migrations);
    check_that(bad_attr == 0, "%d attributes are not as they should be", bad_attr);
    check_that(opens == EVENTS, "expected %d events, found %d", EVENTS, opens);
    check_that(opened[INSTRUCTIONS].group == 100 && opened[BRANCH].group == 100,
               "cycles do not lead their group");
    check_that(opened[L1D].group == -1 && opened[LLC].group == 103,
               "the caches are not a group of their own");
}

/* The caches' group ran for a quarter of the time and counted a quarter. */
static void test_multiplexed(void)
{
    struct eo_counts n;

    all_work();
    made_up[L1D].share = made_up[LLC].share = 0.25;
    made_up[L1D].per_step = 8;
    step = 5; /* read after 8 steps, 2 of them running, and after 18, 4 of them running */
    n = take("multiplexed", "");
    check_count("cycles", 100, n.cycles);
    check_count("l1d misses scaled", 2 * 8 * (10 / 2.0), n.l1d_misses);
}

static void test_never_ran(void)
{
    struct eo_counts n;

    all_work();
    made_up[L1D].share = made_up[LLC].share = -1;
    n = take("never ran", "no l1d_misses llc_misses: they never ran as others hold the counters");
    check_count("cycles", 100, n.cycles);
    check_count("l1d misses", NAN, n.l1d_misses);
    check_count("llc misses", NAN, n.llc_misses);
}

/* A member that has no room in its group is counted by itself. */
static void test_alone(void)
{
    struct eo_counts n;

    all_work();
    made_up[BRANCH].alone = 1;
    n = take("alone", "");
    check_count("branch misses", 300, n.branch_misses);
    check_that(opened[BRANCH].group == -1, "branch misses are still in a group");
}

static void test_unreadable(void)
{
    struct eo_counts n;

    all_work();
    made_up[CYCLES].unreadable = 1;
    n = take("unreadable", "no cycles: they never ran as others hold the counters");
    check_count("cycles", NAN, n.cycles);
    check_count("instructions", 200, n.instructions);
}

static void test_partial(void)
{
    struct eo_counts n;

    all_work();
    made_up[LLC].error = ENOENT;
    n = take("no llc", "no llc_misses: the PMU does not count them (ENOENT)");
    check_count("l1d misses", 400, n.l1d_misses);
    check_count("llc misses", NAN, n.llc_misses);

    /* Without their leader the members are counted all the same. */
    all_work();
    made_up[CYCLES].error = EOPNOTSUPP;
    n = take("no cycles", "no cycles: the PMU does not count them (EOPNOTSUPP)");
    check_count("cycles", NAN, n.cycles);
    check_count("instructions", 200, n.instructions);
    check_that(opened[0].event == INSTRUCTIONS && opened[0].group == -1,
               "instructions are in a group without leader");

    all_work();
    made_up[L1D].error = made_up[BRANCH].error = ENODEV;
    n = take("two are missing", "no branch_misses l1d_misses: the PMU does not count them (ENODEV)");
    check_count("llc misses", 500, n.llc_misses);
}

/* A group that has not had its turn has no counts yet, and no note once it has had one. */
static void test_late(void)
{
    struct eo_counters *c;
    struct eo_counts n;

    all_work();
    made_up[L1D].share = made_up[LLC].share = 0;
    c = eo_counters_open_on(&fake, NULL);
    if (!check_that(c != NULL, "late: not opened"))
        return;
    measure(c, &n);
    check_count("l1d misses before their turn", NAN, n.l1d_misses);
    check_text("late", "no l1d_misses llc_misses: they never ran as others hold the counters",
               eo_counters_note(c));
    made_up[L1D].share = made_up[LLC].share = 0.5;
    measure(c, &n);
    check_that(n.l1d_misses > 0, "l1d misses after their turn: found %g", n.l1d_misses);
    check_text("late, but not too late", "", eo_counters_note(c));
    eo_counters_close(c);
}

static void test_laps(void)
{
    struct eo_counters *c;
    struct eo_tally work = {0}, rest = {0};
    struct eo_counts n;

    all_work();
    c = eo_counters_open_on(&fake, NULL);
    if (!check_that(c != NULL, "laps: not opened"))
        return;
    eo_counters_start(c);
    for (int i = 0; i < 3; i++) {
        step += 5;
        eo_counters_lap(c, &work);
        step += 100;
        eo_counters_lap(c, &rest);
    }
    eo_counters_sum(c, &work, &n);
    check_count("instructions of the work", 3 * 5 * 20, n.instructions);
    check_count("page faults of a tally", NAN, n.page_faults);
    check_text("laps", "", eo_counters_note(c));
    eo_counters_sum(c, &rest, &n);
    check_count("cycles of the rest", 3 * 100 * 10, n.cycles);
    eo_counters_close(c);
}

/* ---- why not -------------------------------------------------------------------------------------------------- */

static void test_refused(void)
{
    static const struct {
        int error;
        const char *paranoid, *note;
    } cases[] = {
        {ENOENT, "2\n", "no hardware counters: the kernel sees no PMU as in many virtual machines (ENOENT)"},
        {EOPNOTSUPP, "2\n",
         "no hardware counters: the kernel sees no PMU as in many virtual machines (EOPNOTSUPP)"},
        {ENODEV, "2\n", "no hardware counters: the kernel sees no PMU as in many virtual machines (ENODEV)"},
        {EACCES, "3\n",
         "no hardware counters: kernel.perf_event_paranoid is 3 and has to be 2 or less (EACCES)"},
        {EPERM, "4\n",
         "no hardware counters: kernel.perf_event_paranoid is 4 and has to be 2 or less (EPERM)"},
        {EPERM, "2\n",
         "no hardware counters: forbidden by a seccomp filter or another policy of this system (EPERM)"},
        {EACCES, "-1\n",
         "no hardware counters: forbidden by a seccomp filter or another policy of this system (EACCES)"},
        {EACCES, NULL,
         "no hardware counters: forbidden by a seccomp filter or another policy of this system (EACCES)"},
        {ENOSYS, NULL,
         "no hardware counters: the kernel lacks perf_event_open or a seccomp filter hides it (ENOSYS)"},
        {EMFILE, "2\n", "no hardware counters: Too many open files"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct eo_counts n;

        remove_file("sys/kernel/perf_event_paranoid");
        if (cases[i].paranoid)
            put_file("sys/kernel/perf_event_paranoid", cases[i].paranoid);
        hardware_fails(cases[i].error);
        n = take("refused", cases[i].note);
        check_count("cycles", NAN, n.cycles);
        check_count("llc misses", NAN, n.llc_misses);
        check_count("page faults", 600, n.page_faults);
    }
}

/* Without the kernel's own software events there are those of getrusage() and /proc. */
static void test_software_refused(void)
{
    struct eo_counters *c;
    struct eo_counts n;
    char *pages;

    hardware_fails(ENOSYS);
    made_up[FAULTS].error = made_up[SWITCHES].error = made_up[MIGRATIONS].error = ENOSYS;
    put_file("thread-self/sched", "x (1, #threads: 1)\nse.nr_migrations  :   12\nnr_switches : 5\n");
    c = eo_counters_open_on(&fake, NULL);
    if (!check_that(c && opens == 0, "software refused: %d events opened", opens))
        return;
    eo_counters_start(c);
    pages = malloc(100 << 20);
    for (int i = 0; pages && i < 10; i++)
        ((volatile char *)pages)[i * (10 << 20)] = 1;
    usleep(1000);
    put_file("thread-self/sched", "x (1, #threads: 1)\nse.nr_migrations  :   15\nnr_switches : 5\n");
    eo_counters_stop(c, &n);
    free(pages);
    check_that(n.page_faults >= 5, "page faults of getrusage: expected 5 or more, found %g", n.page_faults);
    check_that(n.context_switches >= 1, "context switches of getrusage: expected 1 or more, found %g",
               n.context_switches);
    check_count("migrations of /proc", 3, n.migrations);

    /* Numbers that run backwards, or vanish meanwhile, are not a count. */
    eo_counters_start(c);
    put_file("thread-self/sched", "se.nr_migrations  :   11\n");
    eo_counters_stop(c, &n);
    check_count("migrations backwards", 0, n.migrations);
    eo_counters_start(c);
    remove_file("thread-self/sched");
    eo_counters_stop(c, &n);
    check_count("migrations when /proc has gone", 0, n.migrations);

    /* Nor need there be any: then a thread that stays where it is has not migrated. */
    eo_counters_start(c);
    eo_counters_stop(c, &n);
    check_that(n.migrations == 0 || n.migrations == 1, "migrations without /proc: found %g", n.migrations);
    eo_counters_close(c);
}

/* ---- the real system ------------------------------------------------------------------------------------------ */

static int open_files(void)
{
    int n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void test_real(void)
{
    struct eo_counts n;
    struct eo_counters *c;
    int before = open_files(), i;
    char *pages;

    c = eo_counters_open(NULL);
    if (!check_that(c != NULL, "the real system: not opened"))
        return;
    eo_counters_start(c);
    pages = malloc(100 << 20);
    for (i = 0; pages && i < 10; i++)
        ((volatile char *)pages)[i * (10 << 20)] = 1;
    for (i = 0; i < 3; i++)
        usleep(1000);
    eo_counters_stop(c, &n);
    free(pages);
    check_that(n.page_faults >= 5 && n.page_faults < 1e6, "real page faults: found %g", n.page_faults);
    check_that(n.context_switches >= 3 && n.context_switches < 1e6, "real context switches: found %g",
               n.context_switches);
    check_that(n.migrations >= 0 && n.migrations < 1e6, "real migrations: found %g", n.migrations);
    check_that(isnan(n.cycles) ? *eo_counters_note(c) != '\0' : n.cycles > 1000,
               "real cycles: found %g, note '%s'", n.cycles, eo_counters_note(c));
    check_that(strpbrk(eo_counters_note(c), ",\"\n") == NULL, "the note '%s' needs quotes in CSV",
               eo_counters_note(c));
    eo_counters_close(c);
    check_that(open_files() == before, "open files: expected %d, found %d", before, open_files());
    eo_counters_close(NULL);
}

int main(void)
{
    make_root();
    test_all();
    test_multiplexed();
    test_never_ran();
    test_alone();
    test_unreadable();
    test_partial();
    test_late();
    test_laps();
    test_refused();
    test_software_refused();
    test_real();
    remove_root();
    return check_report("test_counters");
}
