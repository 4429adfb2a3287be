#include "machine/waits.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "machine/pin.h"

/* "1274888 0 2": ns in which it ran, ns in which it was ready and did not, and turns. Returns the turns. */
static uint64_t read_file(int file, uint64_t *waited_ns)
{
    char text[80], *next;
    ssize_t n = pread(file, text, sizeof(text) - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    strtoull(text, &next, 10);
    *waited_ns = strtoull(next, &next, 10);
    return strtoull(next, NULL, 10);
}

/* All numbers are 0 where the kernel does not count; the calling thread has had a turn. */
static int is_counted(const struct eo_waits *w)
{
    uint64_t waited, turns = 0;

    for (int i = 0; i < w->count; i++)
        turns += read_file(w->files[i], &waited);
    return turns > 0;
}

void eo_waits_open(struct eo_waits *w, int most)
{
    int threads[EO_POOL_MAX], count = eo_pin_threads(threads, most < EO_POOL_MAX ? most : EO_POOL_MAX);
    char path[64];

    w->count = 0;
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "/proc/self/task/%d/schedstat", threads[i]);
        w->files[w->count] = open(path, O_RDONLY | O_CLOEXEC);
        w->count += w->files[w->count] >= 0;
    }
    if (!is_counted(w))
        eo_waits_close(w);
}

void eo_waits_close(struct eo_waits *w)
{
    for (int i = 0; i < w->count; i++)
        close(w->files[i]);
    w->count = 0;
}

void eo_waits_read(const struct eo_waits *w, uint64_t *ns)
{
    for (int i = 0; i < w->count; i++)
        (void)read_file(w->files[i], &ns[i]);
}

double eo_waits_most_s(const struct eo_waits *w, const uint64_t *before, const uint64_t *after)
{
    double most = NAN;

    for (int i = 0; i < w->count; i++)
        most = fmax(most, ((double)after[i] - (double)before[i]) / 1e9);
    return most;
}
