#include "stage/bench/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "machine/pin.h"

extern char **environ;

/* A place of `bytes` at the end of the block so far. */
static int place(uint64_t *end, size_t bytes, uint64_t *at, struct eo_err *err)
{
    size_t next;

    *at = *end;
    if (eo_size_add((size_t)*end, eo_size_round_up(bytes, EO_ALIGN), &next) || next < *end ||
        next > SIZE_MAX / 2)
        return eo_err_set(err, "out of memory: %zu bytes", bytes);
    *end = next;
    return 0;
}

/* Behind the struct itself: samples, pixels, models. At most EO_BENCH_MAX_BATCH images of EO_NETWORK_MAP bytes. */
static int lay_out(struct eo_bench_process *p, struct eo_bench_block *o,
                   const struct eo_bench_candidate *list, size_t count, struct eo_err *err)
{
    uint64_t end = eo_size_round_up(sizeof(*o), EO_ALIGN);

    for (int k = 0; k < EO_BENCH_SIZES; k++) {
        if (place(&end, (size_t)o->samples * sizeof(double), &o->seconds[k], err))
            return -1;
    }
    if (place(&end, (size_t)(o->images * o->image_bytes), &o->pixels, err))
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (place(&end, list[i].size, &p->model_at[i], err))
            return -1;
    }
    o->bytes = end;
    return 0;
}

/* All models of a session get the same images; which of the models comes first makes no difference. */
static int find_image_bytes(const struct eo_bench_candidate *list, size_t count, uint64_t *bytes,
                            struct eo_err *err)
{
    const struct eo_bench_candidate *first = NULL;

    *bytes = 0;
    for (size_t i = 0; i < count; i++) {
        if (list[i].failed)
            continue;
        first = first ? first : &list[i];
        if (eo_bench_candidate_check_input(&list[i], first->model.network.input, err) &&
            eo_bench_candidate_check_input(first, list[i].model.network.input, NULL))
            return eo_err_prefix(err, "%s", list[i].name);
        *bytes = eo_dims_elements(list[i].model.network.input);
    }
    return 0;
}

/* The processes inherit the descriptor of the memory. */
static int share(struct eo_bench_process *p, const struct eo_bench_block *o, struct eo_err *err)
{
    int code;
    void *at;

    p->fd = memfd_create("eo-bench", 0);
    if (p->fd < 0)
        return eo_err_errno(err, "cannot share memory");
    code = posix_fallocate(p->fd, 0, (off_t)o->bytes);
    at = code ? MAP_FAILED : mmap(NULL, (size_t)o->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, p->fd, 0);
    if (at == MAP_FAILED) {
        errno = code ? code : errno;
        return eo_err_errno(err, "cannot share memory");
    }
    p->block = at;
    *p->block = *o;
    return 0;
}

static int make_block(struct eo_bench_process *p, const struct eo_bench_plan *plan,
                      const struct eo_bench_candidate *list, size_t count, const struct eo_images *images,
                      struct eo_err *err)
{
    struct eo_bench_block o = {.magic = EO_BENCH_MAGIC,
                               .session = getpid(),
                               .isa = plan->isa,
                               .threads = plan->threads,
                               .batch = plan->batch,
                               .warmup = plan->warmup,
                               .samples = plan->samples,
                               .exact = plan->exact};

    if (images && images->count == 0)
        return eo_err_set(err, "expected at least 1 image to time, found 0");
    if (images)
        o.images = images->count < (size_t)plan->batch ? images->count : (size_t)plan->batch;
    if (find_image_bytes(list, count, &o.image_bytes, err) ||
        eo_pin_choose(plan->cpu, plan->threads, o.cpus, &o.cpu_count, err) ||
        lay_out(p, &o, list, count, err) || share(p, &o, err))
        return -1;
    if (images)
        memcpy((char *)p->block + o.pixels, images->pixels, (size_t)(o.images * o.image_bytes));
    for (size_t i = 0; i < count; i++) {
        if (!list[i].failed)
            memcpy((char *)p->block + p->model_at[i], list[i].bytes, list[i].size);
    }
    return 0;
}

static int make_environment(struct eo_bench_process *p, struct eo_err *err)
{
    size_t n = 0, kept = 0;

    while (environ[n])
        n++;
    p->environment = eo_alloc(n + 2, sizeof(*p->environment), err);
    if (!p->environment)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (strncmp(environ[i], EO_BENCH_PADDING_NAME, strlen(EO_BENCH_PADDING_NAME)) != 0)
            p->environment[kept++] = environ[i];
    }
    p->environment[kept] = p->padding;
    return 0;
}

int eo_bench_process_init(struct eo_bench_process *p, const struct eo_bench_plan *plan,
                          const struct eo_bench_candidate *list, size_t count, const struct eo_images *images,
                          struct eo_proc *proc, struct eo_err *err)
{
    *p = (struct eo_bench_process){.proc = proc, .fd = -1};
    p->model_at = eo_alloc(count, sizeof(*p->model_at), err);
    if (!p->model_at || make_environment(p, err) || make_block(p, plan, list, count, images, err)) {
        eo_bench_process_release(p);
        return -1;
    }
    proc->environment = p->environment;
    return 0;
}

void eo_bench_process_release(struct eo_bench_process *p)
{
    if (!p->proc)
        return;
    p->proc->environment = NULL;
    if (p->block)
        munmap(p->block, (size_t)p->block->bytes);
    if (p->fd >= 0)
        close(p->fd);
    free(p->environment);
    free(p->model_at);
    *p = (struct eo_bench_process){.fd = -1};
}

void eo_bench_process_prepare(struct eo_bench_process *p, const struct eo_bench_candidate *c,
                              const struct eo_bench_task *task)
{
    struct eo_bench_block *o = p->block;
    const size_t name = strlen(EO_BENCH_PADDING_NAME);

    o->answer = (struct eo_bench_answer){0};
    o->round = task->round;
    o->heap_shift = task->heap_shift;
    o->weigh_energy = task->weigh_energy;
    o->most_s = task->most_s;
    o->model = p->model_at[task->candidate];
    o->model_bytes = c->size;
    memcpy(p->padding, EO_BENCH_PADDING_NAME, name);
    memset(p->padding + name, '.', task->padding);
    p->padding[name + task->padding] = '\0';
}

/* Says why a process has left no answer, with its own words (a sanitizer or the loader prints some). */
static void explain(struct eo_err *err, int status, const char *said)
{
    const char *colon = *said ? ": " : "";

    if (err->msg[0])
        return;
    if (status > 128)
        eo_err_set(err, "the process that timed it was ended by signal %d (%s)%s%s", status - 128,
                   strsignal(status - 128), colon, said);
    else
        eo_err_set(err, "the process that timed it ended with status %d%s%s", status, colon, said);
}

int eo_bench_process_run(struct eo_bench_process *p, struct eo_err *err)
{
    struct eo_bench_answer *answer = &p->block->answer;
    char descriptor[16];
    char *argv[] = {"/proc/self/exe", EO_BENCH_CHILD_ARGUMENT, descriptor, NULL};
    struct eo_proc_said said;
    int status;

    snprintf(descriptor, sizeof(descriptor), "%d", p->fd);
    if (eo_proc_run(p->proc, argv, -1, &status, &said, err))
        return -1;
    if (status != 0 || !answer->done) {
        answer->done = 0;
        explain(&answer->err, status, said.first);
    }
    return 0;
}
