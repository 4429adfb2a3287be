#include "stage/bench/resume.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "machine/host.h"

#define CALLS_MOST ((uint64_t)1 << 32)
#define SPENT_MOST 1e9

/* Another program may lay out records in another way. */
static int put_program(struct eo_buf *text, struct eo_err *err)
{
    char sha256[EO_SHA256_TEXT], *data;
    size_t size;

    if (eo_io_read("/proc/self/exe", EO_IO_MAX, &data, &size, err))
        return eo_err_prefix(err, "/proc/self/exe");
    eo_hash_sha256(data, size, sha256);
    free(data);
    eo_buf_printf(text, "program %s\n", sha256);
    return 0;
}

static void put_machine(struct eo_buf *text, const struct eo_bench_block *block)
{
    struct eo_host host = eo_host_of_environment();
    char boot[EO_HOST_WORD], model[256];

    (void)eo_host_text(&host, "/proc/sys/kernel/random/boot_id", boot, sizeof(boot));
    eo_cpu_model(model, sizeof(model));
    eo_buf_printf(text, "boot %s\nprocessor %s\ncpus", boot, model);
    for (int i = 0; i < block->cpu_count; i++)
        eo_buf_printf(text, " %d", block->cpus[i]);
}

static void put_plan(struct eo_buf *text, const struct eo_bench_plan *plan)
{
    eo_buf_printf(text, "\nplan %d %d %d %d %d %d %d %d %s %llu\n", plan->batch, plan->rounds, plan->samples,
                  plan->warmup, plan->exact, plan->limit, plan->seconds, plan->threads,
                  eo_isa_name(plan->isa), (unsigned long long)plan->seed);
}

int eo_bench_resume_bind(struct eo_journal *j, const struct eo_bench_plan *plan,
                         const struct eo_bench_block *block, const struct eo_bench_candidate *list,
                         size_t count, struct eo_err *err)
{
    struct eo_buf text = {0};
    char sha256[EO_SHA256_TEXT];
    int rc = put_program(&text, err);

    put_machine(&text, block);
    put_plan(&text, plan);
    eo_hash_sha256((const char *)block + block->pixels, (size_t)(block->images * block->image_bytes), sha256);
    eo_buf_printf(&text, "images %s\n", sha256);
    for (size_t i = 0; i < count; i++)
        eo_buf_printf(&text, "model %s %s\n", list[i].failed ? "failed" : list[i].sha256, list[i].name);
    rc = rc || eo_buf_check(&text, err) ? -1 : 0;
    if (rc == 0)
        eo_journal_bind(j, text.data);
    eo_buf_release(&text);
    return rc;
}

/* The text ends within `size` bytes and can stand in a row. */
static int is_text(const char *text, size_t size)
{
    size_t n = strnlen(text, size);

    for (size_t i = 0; i < n; i++) {
        if (!isprint((unsigned char)text[i]))
            return 0;
    }
    return n < size;
}

static int are_numbers(const void *doubles, size_t bytes)
{
    double x;

    for (size_t at = 0; at < bytes; at += sizeof(x)) {
        memcpy(&x, (const char *)doubles + at, sizeof(x));
        if (isinf(x))
            return 0;
    }
    return 1;
}

static int is_start(const struct eo_bench_start *s)
{
    return is_text(s->id, sizeof(s->id)) && strspn(s->id, "0123456789abcdef") == sizeof(s->id) - 1 &&
           is_text(s->energy_source, sizeof(s->energy_source)) &&
           (isnan(s->idle_power_w) || (isfinite(s->idle_power_w) && s->idle_power_w >= 0));
}

int eo_bench_resume_start(struct eo_journal *j, struct eo_bench_start *start)
{
    struct eo_journal_record record;

    if (!eo_journal_next(j, &record))
        return 0;
    if (record.size == sizeof(*start)) {
        memcpy(start, record.data, sizeof(*start));
        if (is_start(start))
            return 1;
    }
    eo_journal_reject(j, &record);
    return 0;
}

void eo_bench_keep_start(struct eo_journal *j, const struct eo_bench_start *start)
{
    eo_journal_append(j, start, sizeof(*start));
}

/* The head is filled in at the end. */
void eo_bench_keep_begin(struct eo_buf *out, uint64_t round)
{
    const struct eo_bench_round_head head = {.round = round};

    eo_buf_release(out);
    eo_buf_append(out, &head, sizeof(head));
}

void eo_bench_keep_answer(struct eo_buf *out, size_t candidate, struct eo_bench_block *block)
{
    const uint64_t number = candidate;
    const struct eo_bench_answer *a = &block->answer;

    eo_buf_append(out, &number, sizeof(number));
    eo_buf_append(out, a, sizeof(*a));
    for (int k = 0; a->done && k < EO_BENCH_SIZES; k++)
        eo_buf_append(out, eo_bench_block_seconds(block, k), (size_t)a->kept[k] * sizeof(double));
}

/* If memory runs out, the round is not kept, and taking over ends before it. */
void eo_bench_keep_end(struct eo_journal *j, struct eo_buf *out, uint64_t processes, double spent_s)
{
    struct eo_bench_round_head head;

    if (eo_buf_check(out, NULL) == 0) {
        memcpy(&head, out->data, sizeof(head));
        head.processes = processes;
        head.spent_s = spent_s;
        memcpy(out->data, &head, sizeof(head));
        eo_journal_append(j, out->data, out->len);
    }
    eo_buf_release(out);
}

static int is_flag(int value)
{
    return value == 0 || value == 1;
}

/* What the session would take from a process. */
static int is_answer(const struct eo_bench_answer *a, const struct eo_bench_block *block)
{
    const size_t said = strnlen(a->err.msg, sizeof(a->err.msg));
    int ok = is_flag(a->done) && said < sizeof(a->err.msg) && (a->done || said > 0) && is_flag(a->pinned) &&
             is_text(a->kernel, sizeof(a->kernel)) && !strchr(a->kernel, ',') &&
             is_text(a->counters_note, sizeof(a->counters_note)) &&
             are_numbers(a->counts, sizeof(a->counts)) &&
             are_numbers(&a->conditions, sizeof(a->conditions)) && are_numbers(&a->energy, sizeof(a->energy));

    for (int k = 0; k < EO_BENCH_SIZES; k++)
        ok = ok && a->kept[k] <= (uint64_t)block->samples && a->calls[k] <= CALLS_MOST &&
             is_flag(a->stood_in[k]);
    return ok;
}

static int are_times(const char *doubles, uint64_t count)
{
    double x;

    for (uint64_t i = 0; i < count; i++) {
        memcpy(&x, doubles + i * sizeof(x), sizeof(x));
        if (!isfinite(x) || x < 0)
            return 0;
    }
    return 1;
}

/* Bytes of the samples behind an answer. */
static size_t samples_size(const struct eo_bench_answer *a)
{
    return a->done ? (size_t)(a->kept[EO_BENCH_BATCH] + a->kept[EO_BENCH_SINGLE]) * sizeof(double) : 0;
}

/* An answer of `candidate` at *at, which moves behind it. */
static int check_answer(const char **at, const char *end, size_t candidate,
                        const struct eo_bench_block *block)
{
    struct eo_bench_answer a;
    uint64_t number;

    if ((size_t)(end - *at) < sizeof(number) + sizeof(a))
        return 0;
    memcpy(&number, *at, sizeof(number));
    memcpy(&a, *at + sizeof(number), sizeof(a));
    *at += sizeof(number) + sizeof(a);
    if (number != candidate || !is_answer(&a, block) || (size_t)(end - *at) < samples_size(&a) ||
        !are_times(*at, samples_size(&a) / sizeof(double)))
        return 0;
    *at += samples_size(&a);
    return 1;
}

static int check_round(const struct eo_journal_record *record, const struct eo_bench_block *block,
                       const size_t *candidates, struct eo_bench_round_head *head)
{
    const char *at = record->data + sizeof(*head), *end = record->data + record->size;
    struct eo_bench_round_head found;

    if (record->size < sizeof(found))
        return 0;
    memcpy(&found, record->data, sizeof(found));
    if (found.round != head->round || found.processes != head->processes ||
        !(found.spent_s >= head->spent_s) || found.spent_s > SPENT_MOST)
        return 0;
    for (uint64_t i = 0; i < head->processes; i++) {
        if (!check_answer(&at, end, candidates[i], block))
            return 0;
    }
    head->spent_s = found.spent_s;
    return at == end;
}

int eo_bench_resume_round(struct eo_journal *j, const struct eo_bench_block *block,
                          const size_t *candidates, struct eo_bench_round_head *head, const char **answers)
{
    struct eo_journal_record record;

    if (!eo_journal_next(j, &record))
        return 0;
    if (!check_round(&record, block, candidates, head)) {
        eo_journal_reject(j, &record);
        return 0;
    }
    *answers = record.data + sizeof(*head);
    return 1;
}

void eo_bench_resume_answer(const char **answers, struct eo_bench_block *block)
{
    struct eo_bench_answer *a = &block->answer;

    memcpy(a, *answers + sizeof(uint64_t), sizeof(*a));
    eo_err_make_printable(a->err.msg);
    *answers += sizeof(uint64_t) + sizeof(*a);
    for (int k = 0; a->done && k < EO_BENCH_SIZES; k++) {
        memcpy(eo_bench_block_seconds(block, k), *answers, (size_t)a->kept[k] * sizeof(double));
        *answers += (size_t)a->kept[k] * sizeof(double);
    }
}
