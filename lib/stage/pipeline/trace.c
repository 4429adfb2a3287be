#include "stage/pipeline/trace.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "format/manifest.h"

static const char update[] = ": update target '", missing[] = ": target '",
                  reason[] = " due to: ", database[] = "# Make data base, ",
                  stages[] = "STAGES := ", wanted[] = "WANTED := ", step_word[] = "step/";

/* A rule of the database: a file, its prerequisites, and the step that makes it. */
struct eo_trace_rule {
    const char *target, *needs; /* the target inside the folder */
    const char *stage, *id;
    size_t rank, step;
};

/* A line of --trace: a file that would be made again, and why. */
struct update {
    const char *target, *newer;
};

struct text {
    struct eo_trace *t;
    struct update *updates;
    size_t update_count;
    const char *stages;  /* the list of stages, or NULL */
    const char *wanted;  /* the goals */
    struct eo_buf goals; /* the prerequisites of those that are no files */
};

static int ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

/* What follows the folder and its slash; NULL for a file elsewhere. */
static const char *below(const char *folder, const char *path)
{
    size_t n = strlen(folder);

    return strncmp(path, folder, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

/* The path of an artefact inside the experiment's folder; NULL for another file. */
static const char *inside(const struct eo_trace *t, const char *path)
{
    const char *name = below(t->config, path);

    return name && strncmp(name, "dataset.csv", 11) == 0 ? name : below(t->folder, path);
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

/* Make 4.4 says "target 'x' does not exist" instead. */
static int read_update(const struct eo_trace *t, char *line, struct update *u)
{
    char *start = strstr(line, update), *end, *due;

    if (start)
        start += strlen(update);
    else if ((start = strstr(line, missing)) != NULL)
        start += strlen(missing);
    end = start ? strchr(start, '\'') : NULL;
    if (!end)
        return 0;
    *end = '\0';
    due = strstr(end + 1, reason);
    *u = (struct update){inside(t, start), due ? due + strlen(reason) : ""};
    return u->target != NULL;
}

/* Cuts "step/STAGE/FILE" out of what stands behind '|'. Returns 0 where there is none. */
static int read_step(char *order, struct eo_trace_rule *r)
{
    char *word = strstr(order, step_word), *slash, *end;

    if (!word || (word > order && word[-1] != ' '))
        return 0;
    word += strlen(step_word);
    slash = strchr(word, '/');
    end = strchr(word, ' ');
    if (end)
        *end = '\0';
    if (!slash || (end && slash > end))
        return 0;
    *slash = '\0';
    r->stage = word;
    r->id = slash + 1;
    return 1;
}

/* Names behind '|' must be there before the target, but do not make it stale. */
static int read_rule(const struct eo_trace *t, char *line, struct eo_trace_rule *r)
{
    char *colon = strstr(line, ": "), *order;

    if (!colon || line[0] == '#' || line[0] == '\t' || (order = strchr(colon + 1, '|')) == NULL)
        return 0;
    *colon = *order = '\0';
    *r = (struct eo_trace_rule){.target = inside(t, line), .needs = colon + 2};
    return r->target && read_step(order + 1, r);
}

static int is_in(const char *list, const char *name, size_t length)
{
    size_t n;

    for (; (list = eo_trace_next(list, &n)) != NULL; list += n)
        if (n == length && strncmp(list, name, n) == 0)
            return 1;
    return 0;
}

/* "all: out/x/summary.json out/x/manifest.json". A goal that is a file has a rule of its own. */
static int read_goal(struct text *x, const char *line)
{
    const char *colon = strstr(line, ": ");

    if (!colon || !is_in(x->wanted, line, (size_t)(colon - line)) || strchr(line, '|'))
        return 0;
    eo_buf_printf(&x->goals, "%s ", colon + 2);
    return 1;
}

/* Make may start over and print its database again. The last database counts, and every line of --trace. */
static void read_line(struct text *x, char *line)
{
    struct eo_trace *t = x->t;

    if (strncmp(line, database, strlen(database)) == 0)
        t->rule_count = 0;
    else if (strncmp(line, wanted, strlen(wanted)) == 0)
        x->wanted = line + strlen(wanted);
    else if (read_goal(x, line))
        return;
    else if (strncmp(line, stages, strlen(stages)) == 0)
        x->stages = line + strlen(stages);
    else if (read_update(t, line, &x->updates[x->update_count]))
        x->update_count++;
    else
        t->rule_count += (size_t)read_rule(t, line, &t->rules[t->rule_count]);
}

static size_t count_lines(const char *text)
{
    size_t n = 1;

    for (; (text = strchr(text, '\n')) != NULL; text++)
        n++;
    return n;
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static size_t rank_of(const char *list, const char *stage)
{
    size_t rank = 0, n;

    for (; list && (list = eo_trace_next(list, &n)) != NULL; list += n, rank++)
        if (n == strlen(stage) && strncmp(list, stage, n) == 0)
            break;
    return rank;
}

static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (size_t)(slash - path) : 0;
}

/* The first seed has no folder and the others are numbers, so the shorter folder comes first. */
static int compare_steps(const struct eo_trace_rule *a, const struct eo_trace_rule *b)
{
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    if (strcmp(a->stage, b->stage) != 0)
        return strcmp(a->stage, b->stage);
    if (folder_length(a->id) != folder_length(b->id))
        return folder_length(a->id) < folder_length(b->id) ? -1 : 1;
    return strcmp(a->id, b->id);
}

static int compare_rules(const void *a, const void *b)
{
    int c = compare_steps(a, b);

    return c ? c
             : strcmp(((const struct eo_trace_rule *)a)->target, ((const struct eo_trace_rule *)b)->target);
}

static int compare_targets(const void *a, const void *b)
{
    return strcmp(((const struct eo_trace_rule *)a)->target, ((const struct eo_trace_rule *)b)->target);
}

/* Groups the rules into steps, then sorts the rules by file. */
static void make_steps(struct text *x)
{
    struct eo_trace *t = x->t;

    for (size_t i = 0; i < t->rule_count; i++)
        t->rules[i].rank = rank_of(x->stages, t->rules[i].stage);
    if (t->rule_count)
        qsort(t->rules, t->rule_count, sizeof(*t->rules), compare_rules);
    for (size_t i = 0; i < t->rule_count; i++) {
        struct eo_trace_rule *r = &t->rules[i];

        if (i == 0 || compare_steps(r - 1, r) != 0) {
            struct eo_trace_step *s = &t->steps[t->step_count++];

            *s = (struct eo_trace_step){.stage = r->stage,
                                        .rank = r->rank,
                                        .id = r->id,
                                        .target = r->id,
                                        .newer = "",
                                        .needs = r->needs};
            s->has_name = eo_candidate_parse_path(s->id, EO_TRACE_FIRST_SEED, &s->name) == 0;
        }
        r->step = t->step_count - 1;
        /* The other files of a step may have a rule by which they follow from its first. */
        if (strcmp(r->target, r->id) == 0)
            t->steps[r->step].needs = r->needs;
    }
    if (t->rule_count)
        qsort(t->rules, t->rule_count, sizeof(*t->rules), compare_targets);
}

static const struct eo_trace_rule *find_rule(const struct eo_trace *t, const char *target)
{
    struct eo_trace_rule key = {.target = target};

    return t->rule_count ? bsearch(&key, t->rules, t->rule_count, sizeof(key), compare_targets) : NULL;
}

static int is_error_rows(const char *target)
{
    return ends_with(target, ".err");
}

/* Whether file `a` names the step better than `b`: its first file is best, and files of error rows are last. */
static int names_better(const struct eo_trace_step *s, const char *a, const char *b)
{
    if (strcmp(b, s->id) == 0 || strcmp(a, s->id) == 0)
        return strcmp(b, s->id) != 0;
    if (is_error_rows(a) != is_error_rows(b))
        return is_error_rows(b);
    return strcmp(a, b) < 0;
}

/* Each time that Make starts over, it names a file again. */
static int compare_updates(const void *a, const void *b)
{
    return strcmp(((const struct update *)a)->target, ((const struct update *)b)->target);
}

static void mark_stale(struct text *x)
{
    if (x->update_count)
        qsort(x->updates, x->update_count, sizeof(*x->updates), compare_updates);
    for (size_t i = 0; i < x->update_count; i++) {
        const struct update *u = &x->updates[i];
        const struct eo_trace_rule *r = find_rule(x->t, u->target);
        struct eo_trace_step *s = r ? &x->t->steps[r->step] : NULL;

        if (!s || (i > 0 && strcmp(u[-1].target, u->target) == 0))
            continue;
        if (!s->is_stale || names_better(s, u->target, s->target)) {
            s->target = u->target;
            s->newer = u->newer;
        }
        s->is_stale = 1;
        s->target_count += !is_error_rows(u->target);
    }
}

/* ---- what the goal needs: the database has the steps of all goals ------------------------------------------------ */

/* Marks the steps of a list that are not marked yet, and puts these on the stack. Returns the new depth. */
static size_t push(const struct eo_trace *t, const char *list, size_t *stack, size_t depth, char *mark)
{
    size_t n;

    for (; (list = eo_trace_next(list, &n)) != NULL; list += n) {
        const struct eo_trace_step *step = eo_trace_find(t, list, n);

        if (step && !mark[step - t->steps]) {
            mark[step - t->steps] = 1;
            stack[depth++] = (size_t)(step - t->steps);
        }
    }
    return depth;
}

/* Takes out the steps that are not marked, and the rules of their files. */
static void drop_unmarked(struct eo_trace *t, const char *mark, size_t *new_number)
{
    size_t steps = 0, rules = 0;

    for (size_t i = 0; i < t->step_count; i++) {
        new_number[i] = steps;
        if (mark[i])
            t->steps[steps++] = t->steps[i];
    }
    for (size_t i = 0; i < t->rule_count; i++) {
        if (!mark[t->rules[i].step])
            continue;
        t->rules[rules] = t->rules[i];
        t->rules[rules].step = new_number[t->rules[i].step];
        rules++;
    }
    t->step_count = steps;
    t->rule_count = rules;
}

/* Without a goal that the text knows, all steps count. */
static int keep_needed(struct text *x, struct eo_err *err)
{
    struct eo_trace *t = x->t;
    size_t *stack = eo_alloc(t->step_count, sizeof(*stack), err), depth = 0;
    char *mark = stack ? eo_alloc(t->step_count, 1, err) : NULL;
    int is_known = x->goals.len > 0;

    if (mark) {
        depth = push(t, x->wanted, stack, 0, mark);
        is_known |= depth > 0;
        depth = push(t, x->goals.data ? x->goals.data : "", stack, depth, mark);
    }
    while (depth > 0) {
        depth--;
        depth = push(t, t->steps[stack[depth]].needs, stack, depth, mark);
    }
    if (mark && is_known)
        drop_unmarked(t, mark, stack);
    free(stack);
    free(mark);
    return mark ? 0 : -1;
}

int eo_trace_read(struct eo_trace *t, const char *folder, const char *config, char *text, struct eo_err *err)
{
    size_t lines = count_lines(text);
    struct text x = {.t = t, .wanted = "all"};
    int rc = -1;

    *t = (struct eo_trace){.folder = folder, .config = config};
    t->rules = eo_alloc(lines, sizeof(*t->rules), err);
    t->steps = t->rules ? eo_alloc(lines, sizeof(*t->steps), err) : NULL;
    x.updates = t->steps ? eo_alloc(lines, sizeof(*x.updates), err) : NULL;
    if (!x.updates)
        goto out;
    for (char *end; text; text = end) {
        if ((end = strchr(text, '\n')) != NULL)
            *end++ = '\0';
        read_line(&x, text);
    }
    make_steps(&x);
    mark_stale(&x);
    rc = eo_buf_check(&x.goals, err) || keep_needed(&x, err) ? -1 : 0;
    for (size_t i = 0; i < t->step_count; i++)
        t->stale_count += (size_t)t->steps[i].is_stale;
out:
    eo_buf_release(&x.goals);
    free(x.updates);
    return rc;
}

void eo_trace_release(struct eo_trace *t)
{
    free(t->steps);
    free(t->rules);
    *t = (struct eo_trace){0};
}

const struct eo_trace_step *eo_trace_find(const struct eo_trace *t, const char *path, size_t length)
{
    char name[EO_MANIFEST_PATH_MAX];
    const char *target = inside(t, path);
    const struct eo_trace_rule *r;

    length -= target ? (size_t)(target - path) : 0;
    if (!target || length >= sizeof(name))
        return NULL;
    memcpy(name, target, length);
    name[length] = '\0';
    r = find_rule(t, name);
    return r ? &t->steps[r->step] : NULL;
}

const char *eo_trace_made(const struct eo_trace *t, const struct eo_trace_step *step, size_t *at)
{
    while (*at < t->rule_count) {
        const struct eo_trace_rule *r = &t->rules[(*at)++];

        if (r->step == (size_t)(step - t->steps))
            return r->target;
    }
    return NULL;
}

const char *eo_trace_next(const char *list, size_t *length)
{
    list += strspn(list, " ");
    *length = strcspn(list, " ");
    return *length ? list : NULL;
}
