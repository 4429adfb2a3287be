/*
 * Fuzz target: the file of an interrupted session (base/journal.h, bench/resume.h). The first byte says whether the
 * rest is the whole file, or the content of a start and of a round, whose checksums fit. What is taken over fits into
 * the block.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stage/bench/resume.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SAMPLES 3

struct world {
    struct eo_bench_block block;
    double seconds[EO_BENCH_SIZES][SAMPLES];
};

static void write_whole(const struct eo_journal *j, const uint8_t *data, size_t size)
{
    if (pwrite(j->fd, data, size, 0) != (ssize_t)size)
        abort();
}

static void write_records(struct eo_journal *j, const uint8_t *data, size_t size)
{
    size_t first = size < sizeof(struct eo_bench_start) ? size : sizeof(struct eo_bench_start);

    eo_journal_append(j, data, first);
    eo_journal_append(j, data + first, size - first);
}

static void check(const struct world *w)
{
    const struct eo_bench_answer *a = &w->block.answer;

    if (!memchr(a->err.msg, 0, sizeof(a->err.msg)) || (!a->done && !a->err.msg[0]) ||
        !memchr(a->kernel, 0, sizeof(a->kernel)) || !memchr(a->counters_note, 0, sizeof(a->counters_note)))
        abort();
    for (int k = 0; a->done && k < EO_BENCH_SIZES; k++) {
        for (uint64_t i = 0; i < a->kept[k]; i++) {
            if (i >= SAMPLES || !isfinite(w->seconds[k][i]))
                abort();
        }
    }
}

static void read_back(struct eo_journal *j)
{
    static const size_t part[] = {1, 0};
    struct eo_bench_round_head head = {.processes = 2};
    struct world w = {.block = {.samples = SAMPLES}};
    struct eo_bench_start start;
    const char *answers;

    for (int k = 0; k < EO_BENCH_SIZES; k++)
        w.block.seconds[k] = (uint64_t)((char *)w.seconds[k] - (char *)&w);
    if (!eo_bench_resume_start(j, &start))
        return;
    if (strlen(start.id) != 16)
        abort();
    for (; eo_bench_resume_round(j, &w.block, part, &head, &answers); head.round++) {
        for (uint64_t i = 0; i < head.processes; i++) {
            eo_bench_resume_answer(&answers, &w.block);
            check(&w);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char folder[] = "/tmp/fuzz_session.XXXXXX";
    struct eo_journal j;

    if (size == 0 || !mkdtemp(folder))
        return 0;
    for (int pass = 0; pass < 2; pass++) {
        eo_journal_open(&j, folder, EO_BENCH_JOURNAL, NULL);
        if (j.fd < 0)
            abort();
        eo_journal_bind(&j, "fuzz");
        if (pass == 1)
            read_back(&j);
        else if (data[0] & 1)
            write_whole(&j, data + 1, size - 1);
        else
            write_records(&j, data + 1, size - 1);
        if (pass == 1)
            eo_journal_remove(&j);
        eo_journal_close(&j);
    }
    rmdir(folder);
    return 0;
}
