/* lib/stage/bench/journal and resume: what an interrupted session leaves, and what another takes from it. */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/proc.h"
#include "stage/bench/resume.h"
#include "stage/bench/session.h"
#include "tests/unit/check.h"
#include "tests/unit/random_model.h"

static char folder[4096], path[4200];

static void put_file(const char *data, size_t size)
{
    FILE *f = fopen(path, "wb");

    if (f && size)
        fwrite(data, 1, size, f);
    if (f)
        fclose(f);
}

/* Records "record 0", ... that are read; and where they end. */
static int count_records(const char *binding, size_t *end)
{
    struct eo_journal j;
    struct eo_journal_record r;
    char expected[32];
    int n = 0;

    eo_journal_open(&j, folder, EO_BENCH_JOURNAL, NULL);
    eo_journal_bind(&j, binding);
    while (eo_journal_next(&j, &r)) {
        snprintf(expected, sizeof(expected), "record %d", n);
        n += r.size == 8 && memcmp(r.data, expected, 8) == 0 ? 1 : 1000;
    }
    if (end)
        *end = j.end;
    eo_journal_close(&j);
    return n;
}

static void put_records(int first, int count)
{
    struct eo_journal j;
    struct eo_journal_record r;
    char text[32];

    eo_journal_open(&j, folder, EO_BENCH_JOURNAL, NULL);
    eo_journal_bind(&j, "b");
    for (int i = 0; i < first && eo_journal_next(&j, &r); i++)
        ;
    for (int i = first; i < first + count; i++) {
        snprintf(text, sizeof(text), "record %d", i);
        eo_journal_append(&j, text, 8);
    }
    check_text("note", "", j.note);
    eo_journal_close(&j);
}

/* Every length and every flipped byte of a file of three records leaves those before it. */
static void test_damage(void)
{
    char *data, *copy;
    size_t size, one;
    int wrong = 0;

    put_records(0, 3);
    check_that(count_records("b", &size) == 3 && count_records("c", NULL) == 0,
               "three records, of their binding alone");
    if (eo_io_read(path, EO_IO_MAX, &data, &size, NULL))
        exit(1);
    copy = malloc(size);
    one = size / 3;
    for (size_t n = 0; n < size; n++) {
        put_file(data, n);
        wrong += count_records("b", NULL) != (int)(n / one);
    }
    check_that(wrong == 0, "a file that is cut: %d of %zu lengths give other records", wrong, size);
    for (size_t i = wrong = 0; i < size; i++) {
        memcpy(copy, data, size);
        copy[i] ^= 0x20;
        put_file(copy, size);
        wrong += count_records("b", NULL) != (int)(i / one);
    }
    check_that(wrong == 0, "a byte that is changed: %d of %zu give other records", wrong, size);
    put_file(data, size - 5);
    put_records(2, 2);
    check_that(count_records("b", NULL) == 4, "after a record that is cut, two are appended");
    put_file(data, size);
    put_records(1, 1);
    check_that(count_records("b", NULL) == 2, "what was not read is replaced");
    free(copy);
    free(data);
}

static void test_reject(void)
{
    struct eo_journal j;
    struct eo_journal_record r;

    put_records(0, 3);
    eo_journal_open(&j, folder, EO_BENCH_JOURNAL, NULL);
    eo_journal_bind(&j, "b");
    check_that(eo_journal_next(&j, &r) && eo_journal_next(&j, &r), "two records");
    eo_journal_reject(&j, &r);
    check_that(!eo_journal_next(&j, &r), "none after one that was rejected");
    eo_journal_append(&j, "record 1", 8);
    eo_journal_close(&j);
    check_that(count_records("b", NULL) == 2, "the rejected record and those behind it are replaced");
}

/* What lies there is kept as it is, and not used. */
static void test_foreign(void)
{
    struct eo_journal j;
    char victim[4300], *data;
    struct stat st;
    size_t size;

    put_records(0, 2);
    snprintf(victim, sizeof(victim), "%s/victim", folder);
    if (rename(path, victim) || symlink(victim, path))
        exit(1);
    check_that(count_records("b", NULL) == 0, "a link is not followed");
    unlink(path);
    if (link(victim, path))
        exit(1);
    check_that(count_records("b", NULL) == 0, "a file with two names is not used");
    put_records(0, 1);
    check_that(eo_io_read(victim, EO_IO_MAX, &data, &size, NULL) == 0 && size == 2 * (8 + 8 + 64),
               "nor written");
    free(data);
    unlink(path);
    if (mkfifo(path, 0600))
        exit(1);
    check_that(count_records("b", NULL) == 0 && lstat(path, &st) != 0,
               "a pipe is removed; an empty file does not stay");
    unlink(path);
    if (mkdir(path, 0700))
        exit(1);
    eo_journal_open(&j, folder, EO_BENCH_JOURNAL, NULL);
    check_that(j.fd < 0 && strncmp(j.note, "cannot open: ", 13) == 0, "a folder: found '%s'", j.note);
    eo_journal_bind(&j, "b");
    eo_journal_append(&j, "x", 1);
    eo_journal_remove(&j);
    rmdir(path);
    unlink(victim);
}

static void test_two(void)
{
    struct eo_journal j, other;

    eo_journal_open(&j, folder, EO_BENCH_JOURNAL, NULL);
    eo_journal_open(&other, folder, EO_BENCH_JOURNAL, NULL);
    check_that(j.fd >= 0 && other.fd < 0 && other.note[0], "a second session uses no file of the first");
    eo_journal_remove(&other);
    check_that(access(path, F_OK) == 0, "and does not remove it");
    eo_journal_close(&other);
    eo_journal_remove(&j);
    eo_journal_close(&j);
    check_that(access(path, F_OK) != 0, "removed");
}

static char said[4400];
static int times_said;

static void say(const char *line)
{
    snprintf(said, sizeof(said), "%s", line);
    times_said++;
}

/* A limit on the size of files stands for a full disk. */
static void test_full(void)
{
    struct rlimit before;
    struct eo_journal j;
    char expected[sizeof(said)];

    snprintf(expected, sizeof(expected),
             "%s: cannot write: File too large; if interrupted, this run cannot go on later", path);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){1000, before.rlim_max});
    eo_journal_open(&j, folder, EO_BENCH_JOURNAL, say);
    eo_journal_bind(&j, "b");
    eo_journal_append(&j, (const char[500]){""}, 500);
    check_that(times_said == 0 && access(path, F_OK) == 0, "room for one record");
    for (int i = 0; i < 3; i++)
        eo_journal_append(&j, (const char[500]){""}, 500);
    setrlimit(RLIMIT_FSIZE, &before);
    check_text("a full disk", expected, said);
    check_that(times_said == 1, "said once, found %d", times_said);
    check_that(access(path, F_OK) != 0, "half a journal is removed");
    eo_journal_close(&j);
}

/* A block of two samples of each size, and the record of a round in which candidates 1 and 0 took part. */
struct world {
    struct eo_bench_block block;
    double seconds[EO_BENCH_SIZES][2];
};

static void make_world(struct world *w)
{
    *w = (struct world){.block = {.samples = 2}};
    for (int k = 0; k < EO_BENCH_SIZES; k++) {
        w->block.seconds[k] = (uint64_t)((char *)w->seconds[k] - (char *)w);
        w->block.answer.kept[k] = 2;
        w->block.answer.calls[k] = 1;
        w->seconds[k][0] = 0.25;
        w->seconds[k][1] = 0.5;
    }
    w->block.answer.done = 1;
    w->block.answer.conditions.reference_ns = NAN;
    strcpy(w->block.answer.kernel, "int8");
}

static int takes(const struct world *w, const struct eo_bench_round_head *wanted)
{
    const size_t part[] = {1, 0};
    struct eo_bench_round_head head = *wanted;
    struct eo_journal j;
    struct world found;
    const char *answers;
    int rc;

    eo_journal_open(&j, folder, EO_BENCH_JOURNAL, NULL);
    eo_journal_bind(&j, "b");
    make_world(&found);
    rc = eo_bench_resume_round(&j, &w->block, part, &head, &answers);
    for (int i = 0; rc && i < 2; i++) {
        found.block.answer = (struct eo_bench_answer){0};
        memset(found.seconds, 0, sizeof(found.seconds));
        eo_bench_resume_answer(&answers, &found.block);
        rc = found.seconds[0][0] == w->seconds[0][0] && found.seconds[1][1] == w->seconds[1][1] &&
             found.block.answer.kept[1] == w->block.answer.kept[1];
    }
    eo_journal_close(&j);
    return rc && head.spent_s == 3;
}

/* A round that ended after `spent_s`, whose first answer is of candidate `first`; `cut` bytes short at its end. */
static void put_odd_round(struct world *w, uint64_t round, double spent_s, size_t first, size_t cut)
{
    struct eo_journal j;
    struct eo_buf kept = {0};

    unlink(path);
    eo_journal_open(&j, folder, EO_BENCH_JOURNAL, NULL);
    eo_journal_bind(&j, "b");
    eo_bench_keep_begin(&kept, round);
    eo_bench_keep_answer(&kept, first, &w->block);
    eo_bench_keep_answer(&kept, 0, &w->block);
    kept.len -= cut;
    eo_bench_keep_end(&j, &kept, 2, spent_s);
    eo_journal_close(&j);
}

static void put_round(struct world *w, uint64_t round)
{
    put_odd_round(w, round, 3, 1, 0);
}

/* A record of that many bytes of zero. */
static void put_zeros(size_t size)
{
    struct eo_journal j;

    unlink(path);
    eo_journal_open(&j, folder, EO_BENCH_JOURNAL, NULL);
    eo_journal_bind(&j, "b");
    eo_journal_append(&j, (const char[64]){""}, size);
    eo_journal_close(&j);
}

/* With checksums that fit, whatever it says. */
static void test_content(void)
{
    const struct eo_bench_round_head head = {.round = 4, .processes = 2, .spent_s = 2.5};
    struct world w;

    make_world(&w);
    put_round(&w, 4);
    check_that(takes(&w, &head), "a round is taken over");
    check_that(!takes(&w, &(struct eo_bench_round_head){.round = 5, .processes = 2}), "not as another round");
    check_that(!takes(&w, &(struct eo_bench_round_head){.round = 4, .processes = 1}),
               "not of fewer candidates");
    check_that(!takes(&w, &(struct eo_bench_round_head){.round = 4, .processes = 2, .spent_s = 3.5}),
               "not one that ended before the last");
#define REFUSED(what, change)                                                                                \
    make_world(&w);                                                                                          \
    change;                                                                                                  \
    put_round(&w, 4);                                                                                        \
    check_that(!takes(&w, &head), "%s", what)
    REFUSED("a sample that is not a number", w.seconds[1][1] = NAN);
    REFUSED("a sample that is negative", w.seconds[0][1] = -1);
    REFUSED("an infinite sample", w.seconds[0][0] = INFINITY);
    REFUSED("a condition that is infinite", w.block.answer.conditions.steal_s = INFINITY);
    REFUSED("a kernel's name of two cells", strcpy(w.block.answer.kernel, "a,b"));
    REFUSED("a kernel's name of two lines", strcpy(w.block.answer.kernel, "a\nb"));
    REFUSED("a kernel's name without end", memset(w.block.answer.kernel, 'a', sizeof(w.block.answer.kernel)));
    REFUSED("a message without end", memset(w.block.answer.err.msg, 'a', sizeof(w.block.answer.err.msg)));
    REFUSED("calls beyond belief", w.block.answer.calls[1] = UINT64_MAX);
    REFUSED("a failure without a reason", w.block.answer.done = 0);
    REFUSED("half done", w.block.answer.done = 2);
    REFUSED("a pin that is no flag", w.block.answer.pinned = -1);
    REFUSED("a stand-in that is no flag", w.block.answer.stood_in[1] = 2);
    REFUSED("a note of two lines", strcpy(w.block.answer.counters_note, "a\nb"));
    REFUSED("an infinite count", memcpy(&w.block.answer.counts[1], &(double){INFINITY}, sizeof(double)));
    REFUSED("infinite energy", memcpy(&w.block.answer.energy, &(double){INFINITY}, sizeof(double)));
    make_world(&w);
    put_odd_round(&w, 4, 3, 0, 0);
    check_that(!takes(&w, &head), "an answer of another candidate");
    put_odd_round(&w, 4, 1e10, 1, 0);
    check_that(!takes(&w, &head), "a time beyond belief");
    put_odd_round(&w, 4, 3, 1, sizeof(double));
    check_that(!takes(&w, &head), "samples that are cut");
    put_odd_round(&w, 4, 3, 1, sizeof(w.block.answer));
    check_that(!takes(&w, &head), "an answer that is cut");
    put_zeros(sizeof(head) - 1);
    check_that(!takes(&w, &head), "a head that is cut");
    make_world(&w);
    w.block.answer.kept[1] = 1;
    put_round(&w, 4);
    w.block.samples = 1;
    check_that(!takes(&w, &head), "more samples than there is room for");
}

static void test_start(void)
{
    static const struct {
        struct eo_bench_start start;
        int is_good;
    } cases[] = {
        {{"0123456789abcdef", "none", NAN}, 1},      {{"0123456789abcdef", "rapl", 2.5}, 1},
        {{"0123456789abcdeX", "none", NAN}, 0},      {{"0123", "none", NAN}, 0},
        {{"0123456789abcde\n", "none", NAN}, 0},     {{"0123456789abcdef", "a\nb", NAN}, 0},
        {{"0123456789abcdef", "none", INFINITY}, 0}, {{"0123456789abcdef", "none", -1}, 0},
    };
    struct eo_bench_start found;
    struct eo_journal j;

    for (size_t i = 0; i <= sizeof(cases) / sizeof(*cases); i++) {
        int is_short = i == sizeof(cases) / sizeof(*cases);

        put_zeros(sizeof(found.id));
        eo_journal_open(&j, folder, EO_BENCH_JOURNAL, NULL);
        eo_journal_bind(&j, "b");
        if (!is_short)
            eo_bench_keep_start(&j, &cases[i].start);
        eo_journal_close(&j);
        eo_journal_open(&j, folder, EO_BENCH_JOURNAL, NULL);
        eo_journal_bind(&j, "b");
        check_that(eo_bench_resume_start(&j, &found) == (!is_short && cases[i].is_good), "start %zu", i);
        eo_journal_close(&j);
    }
}

/* A session in processes of this very program. */
struct tried {
    struct eo_buf model[2];
    struct eo_bench_candidate list[2];
    struct eo_bench_session session;
    size_t taken_over;
};

static void note_progress(void *ctx, const struct eo_bench_progress *p)
{
    ((struct tried *)ctx)->taken_over = p->taken_over;
}

static void try_session(struct tried *t, uint64_t seed, int rounds)
{
    struct eo_bench_plan plan = {.batch = 2,
                                 .rounds = rounds,
                                 .samples = 3,
                                 .exact = 1,
                                 .limit = rounds,
                                 .threads = 1,
                                 .cpu = -1,
                                 .isa = EO_ISA_GENERIC,
                                 .seed = seed,
                                 .progress = note_progress,
                                 .progress_ctx = t};
    struct eo_journal journal;
    struct eo_proc proc;
    struct eo_err err = {""};
    struct eo_model m;
    int rc = 0;

    memset(t, 0, sizeof(*t));
    for (int i = 0; i < 2; i++) {
        struct eo_bench_candidate *c = &t->list[i];

        random_model(&m, i == 1 ? EO_INT8 : EO_FP32, 2, 3, 5);
        rc = rc || eo_model_serialize(&m, &t->model[i], &err);
        random_model_release(&m);
        *c = (struct eo_bench_candidate){.name = "m", .bytes = t->model[i].data, .size = t->model[i].len};
        rc = rc || eo_model_parse(&c->model, c->bytes, c->size, &err);
        eo_hash_sha256(c->bytes, c->size, c->sha256);
    }
    eo_journal_open(&journal, folder, EO_BENCH_JOURNAL, NULL);
    plan.journal = &journal;
    rc = rc || eo_proc_begin(&proc, &err) ||
         eo_bench_session_run(&t->session, &plan, t->list, 2, NULL, &proc, &err);
    eo_proc_end(&proc);
    eo_journal_close(&journal);
    check_that(rc == 0, "a session: %s", err.msg);
}

static void release_tried(struct tried *t)
{
    for (int i = 0; i < 2; i++) {
        t->list[i].bytes = NULL;
        eo_bench_candidate_release(&t->list[i]);
        eo_buf_release(&t->model[i]);
    }
}

/* Rounds of `b` that were measured in `a`, and rounds that were drawn as in `a`. */
static void compare(const struct tried *a, const struct tried *b, int *taken, int *drawn)
{
    *taken = *drawn = 0;
    for (size_t r = 0; r < a->list[0].rounds.count && r < b->list[0].rounds.count; r++) {
        const struct eo_round *x = &a->list[0].rounds.list[r], *y = &b->list[0].rounds.list[r];

        *drawn +=
            x->number == y->number && x->slot == y->slot && x->environment_bytes == y->environment_bytes;
        *taken +=
            x->stack == y->stack && memcmp(x->size[0].seconds, y->size[0].seconds, 3 * sizeof(double)) == 0;
    }
}

/* The file of a whole session, cut within its fourth round. */
static void test_session(void)
{
    struct tried whole, again, other;
    int taken, drawn;
    size_t size;
    char *data;

    unlink(path);
    try_session(&whole, 7, 6);
    if (eo_io_read(path, EO_IO_MAX, &data, &size, NULL))
        exit(1);
    put_file(data, size * 4 / 7);
    try_session(&again, 7, 6);
    compare(&whole, &again, &taken, &drawn);
    check_text("one session", whole.session.id, again.session.id);
    check_that(again.taken_over == 3 && taken == 3 && drawn == 6 && again.list[1].rounds.count == 6,
               "expected 3 rounds of 6 taken over and all drawn alike, found %d and %d", taken, drawn);
    try_session(&other, 8, 6);
    compare(&whole, &other, &taken, &drawn);
    check_that(strcmp(other.session.id, whole.session.id) != 0 && taken == 0, "another seed begins anew");
    release_tried(&other);
    put_file(data, size);
    try_session(&other, 7, 7);
    check_that(strcmp(other.session.id, whole.session.id) != 0, "another plan begins anew");
    release_tried(&other);
    release_tried(&again);
    release_tried(&whole);
    free(data);
}

int main(int argc, char **argv)
{
    int child = eo_bench_child(argc, argv);
    struct eo_buf scratch = {0};

    if (child >= 0)
        return child;
    if (eo_proc_scratch(&scratch, "test_resume", NULL))
        return 1;
    snprintf(folder, sizeof(folder), "%s", scratch.data);
    snprintf(path, sizeof(path), "%s/" EO_BENCH_JOURNAL, folder);
    test_damage();
    test_reject();
    test_foreign();
    test_two();
    test_full();
    test_content();
    test_start();
    test_session();
    if (eo_proc_scratch_remove(scratch.data, NULL))
        return 1;
    eo_buf_release(&scratch);
    return check_report("test_resume");
}
