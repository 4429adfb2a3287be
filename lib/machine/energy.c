#include "machine/energy.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "machine/clock.h"
#include "base/err.h"

#define POWERCAP "/sys/class/powercap/intel-rapl:"
#define PACKAGES 32 /* numbers that are tried: one may be missing when its processors are switched off */
#define PARTS 8

/* No zones, and why. Always returns -1. */
static EO_PRINTF(2, 3) int give_up(struct eo_energy *e, const char *fmt, ...)
{
    int n = snprintf(e->source, sizeof(e->source), "unavailable: ");
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(e->source + n, sizeof(e->source) - (size_t)n, fmt, ap);
    va_end(ap);
    e->count = 0;
    return -1;
}

static double read_uj(const struct eo_energy *e, const struct eo_energy_zone *z, const char *file)
{
    char path[96];
    double uj;

    snprintf(path, sizeof(path), "%s/%s", z->folder, file);
    uj = eo_host_number(&e->host, path);
    return uj >= 0 ? uj : NAN;
}

/* A value beyond the range of its counter is refused. */
static double read_counter(const struct eo_energy *e, const struct eo_energy_zone *z)
{
    double uj = read_uj(e, z, "energy_uj");

    return uj > z->range_uj ? NAN : uj;
}

/* Says why by errno of the reading that just failed. */
static int explain(struct eo_energy *e, const struct eo_energy_zone *z, const char *name, int reason)
{
    if (reason == EACCES || reason == EPERM)
        return give_up(e, "energy of %s is for root alone; chmod a+r %s/energy_uj", name, z->folder);
    if (reason)
        return give_up(e, "energy of %s: %s", name, strerror(reason));
    return give_up(e, "energy of %s is no count of microjoules", name);
}

/* One more zone; `separator` stands before its name in the source. */
static int add_zone(struct eo_energy *e, const char *folder, const char *name, const char *separator)
{
    size_t used = strlen(e->source);
    struct eo_energy_zone *z;
    double uj;

    if (e->count == EO_ENERGY_ZONES)
        return give_up(e, "more than %d zones", EO_ENERGY_ZONES);
    z = &e->zones[e->count++];
    snprintf(z->folder, sizeof(z->folder), "%s", folder);
    z->range_uj = read_uj(e, z, "max_energy_range_uj");
    errno = 0;
    uj = read_counter(e, z);
    if (isnan(uj))
        return explain(e, z, name, errno == EINVAL ? 0 : errno);
    snprintf(e->source + used, sizeof(e->source) - used, "%s%s", separator, name);
    return 0;
}

/* The name of a zone; -1 where there is none, or one that the kernel would not give. */
static int read_name(const struct eo_energy *e, const char *folder, char *name, size_t size)
{
    char path[96];

    snprintf(path, sizeof(path), "%s/name", folder);
    if (eo_host_text(&e->host, path, name, size))
        return -1;
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name) ? 0 : -1;
}

static int add_package(struct eo_energy *e, int number)
{
    char folder[64], name[24];

    snprintf(folder, sizeof(folder), POWERCAP "%d", number);
    if (read_name(e, folder, name, sizeof(name)) || strncmp(name, "package-", 8) != 0)
        return 0;
    if (add_zone(e, folder, name, e->count ? "+" : "rapl:"))
        return -1;
    for (int part = 0; part < PARTS; part++) {
        snprintf(folder, sizeof(folder), POWERCAP "%d:%d", number, part);
        if (read_name(e, folder, name, sizeof(name)) || strcmp(name, "dram") != 0)
            continue;
        if (add_zone(e, folder, name, "+"))
            return -1;
    }
    return 0;
}

void eo_energy_open(struct eo_energy *e, const struct eo_host *host)
{
    *e = (struct eo_energy){.host = *host};
    for (int i = 0; i < PACKAGES; i++) {
        if (add_package(e, i))
            return;
    }
    if (e->count == 0)
        give_up(e, "no powercap");
}

const char *eo_energy_source(const struct eo_energy *e)
{
    return e->source;
}

void eo_energy_begin(struct eo_energy *e, double now_s)
{
    for (size_t i = 0; i < e->count; i++)
        e->zones[i].begin_uj = read_counter(e, &e->zones[i]);
    e->begin_s = now_s;
}

double eo_energy_end(const struct eo_energy *e, double now_s, double *joules)
{
    double sum = e->count ? 0 : NAN;

    for (size_t i = 0; i < e->count; i++) {
        const struct eo_energy_zone *z = &e->zones[i];
        double uj = read_counter(e, z) - z->begin_uj;

        /* Without a range the sum is NAN, because the counter may have begun again at 0. */
        sum += uj < 0 ? uj + z->range_uj : uj;
    }
    *joules = sum * 1e-6;
    return now_s - e->begin_s;
}

double eo_energy_idle_w(struct eo_energy *e)
{
    struct timespec left = {.tv_sec = (time_t)EO_ENERGY_IDLE_S};
    double joules, seconds;

    if (e->count == 0)
        return NAN;
    eo_energy_begin(e, eo_clock_now());
    while (nanosleep(&left, &left) && errno == EINTR)
        ;
    seconds = eo_energy_end(e, eo_clock_now(), &joules);
    if (joules == 0)
        give_up(e, "the counters stand still");
    return joules > 0 ? joules / seconds : NAN;
}

double eo_energy_per_image(double joules, double seconds, double idle_w, double images)
{
    double net = joules - idle_w * seconds;

    return net > 0 && images > 0 ? net / images : NAN;
}
