#include "stage/trace.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* One line about one file. */
struct entry {
    struct eo_graph_place place;
    const char *target; /* inside the folder */
    int is_error_rows;
    const char *newer; /* NULL: a rule of the database */
    const char *needs; /* NULL: a file that would be made anew */
};

static const char update[] = ": update target '", missing[] = ": target '",
                  reason[] = " due to: ", all[] = "all: ",
                  database[] = "# Make data base, ";

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

/* A line of --trace. "target 'x' does not exist" is the newer Makes' wording. */
static int read_update(char *line, char **target, const char **newer)
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
    *target = start;
    *newer = due ? due + strlen(reason) : "";
    return 1;
}

/* A rule. What stands behind '|' has to be there before, but does not make a target stale. */
static int read_rule(char *line, char **target, const char **needs)
{
    char *colon = strstr(line, ": "), *order;

    if (!colon || line[0] == '#' || line[0] == '\t')
        return 0;
    *colon = '\0';
    if ((order = strchr(colon + 1, '|')) != NULL)
        *order = '\0';
    *target = line;
    *needs = colon + 2;
    return 1;
}

static int read_line(const struct eo_trace *t, char *line, struct entry *e)
{
    char *target;

    *e = (struct entry){0};
    if (!read_update(line, &target, &e->newer) && !read_rule(line, &target, &e->needs))
        return 0;
    e->target = inside(t, target);
    if (!e->target || eo_graph_place(e->target, &e->place) || strncmp(e->target, "config/", 7) == 0)
        return 0;
    e->is_error_rows = ends_with(e->target, ".err");
    return 1;
}

static int compare_places(const struct eo_graph_place *a, const struct eo_graph_place *b)
{
    int c = a->rank - b->rank;

    if (c == 0 && a->together)
        return 0;
    if (c == 0 && (c = (int)strlen(a->seed) - (int)strlen(b->seed)) == 0)
        c = strcmp(a->seed, b->seed);
    if (c == 0)
        c = strcmp(a->stem, b->stem);
    return c ? c : strcmp(a->precision, b->precision);
}

/* All of one step together; those that name it first. */
static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int c = compare_places(&x->place, &y->place);

    if (c == 0)
        c = x->is_error_rows - y->is_error_rows;
    if (c == 0)
        c = x->place.order - y->place.order;
    if (c == 0)
        c = strcmp(x->target, y->target);
    return c ? c : !x->newer - !y->newer;
}

static size_t count_lines(const char *text)
{
    size_t n = 1;

    while ((text = strchr(text, '\n')) != NULL) {
        text++;
        n++;
    }
    return n;
}

/* Leaves only the lines of --trace. */
static size_t drop_rules(struct entry *entries, size_t count)
{
    size_t i, n = 0;

    for (i = 0; i < count; i++) {
        if (!entries[i].needs)
            entries[n++] = entries[i];
    }
    return n;
}

/* *goal receives the prerequisites of `all`. */
static size_t read_entries(const struct eo_trace *t, char *text, struct entry *entries, const char **goal)
{
    size_t n = 0;
    char *end;

    for (; text; text = end) {
        if ((end = strchr(text, '\n')) != NULL)
            *end++ = '\0';
        if (strncmp(text, all, strlen(all)) == 0)
            *goal = text + strlen(all);
        if (strncmp(text, database, strlen(database)) == 0)
            n = drop_rules(entries, n);
        n += (size_t)read_line(t, text, &entries[n]);
    }
    qsort(entries, n, sizeof(*entries), compare_entries);
    return n;
}

/* One step from its entries, which are the first `n`. */
static void make_step(struct eo_trace_step *step, const struct entry *entries, size_t n)
{
    size_t i;

    *step = (struct eo_trace_step){
        .place = entries[0].place, .target = entries[0].target, .newer = "", .needs = ""};
    if (step->place.together)
        step->place.seed[0] = step->place.stem[0] = step->place.precision[0] = '\0';
    for (i = 0; i < n; i++) {
        const struct entry *e = &entries[i];

        if (e->newer && !step->is_stale) {
            step->is_stale = 1;
            step->target = e->target;
            step->newer = e->newer;
        }
        if (e->newer && !e->is_error_rows && (i == 0 || strcmp(e[-1].target, e->target) != 0))
            step->target_count++;
        if (e->needs && !*step->needs)
            step->needs = e->needs;
    }
}

/* Puts the steps of a list on the stack that are not marked, and marks them. */
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

/* Leaves only the steps that the goal needs: the database has those of all goals. */
static int keep_needed(struct eo_trace *t, const char *goal, struct eo_err *err)
{
    size_t *stack = eo_alloc(t->step_count, sizeof(*stack), err), depth, i, n = 0;
    char *mark = stack ? eo_alloc(t->step_count, 1, err) : NULL;
    int rc = mark ? 0 : -1;

    for (depth = mark ? push(t, goal, stack, 0, mark) : 0; depth > 0;) {
        depth--;
        depth = push(t, t->steps[stack[depth]].needs, stack, depth, mark);
    }
    for (i = 0; mark && i < t->step_count; i++) {
        if (mark[i])
            t->steps[n++] = t->steps[i];
    }
    if (mark)
        t->step_count = n;
    free(mark);
    free(stack);
    return rc;
}

int eo_trace_read(struct eo_trace *t, const char *folder, const char *config, char *text, struct eo_err *err)
{
    size_t lines = count_lines(text), count, i, n;
    struct entry *entries = eo_alloc(lines, sizeof(*entries), err);
    const char *goal = NULL;

    *t = (struct eo_trace){.folder = folder, .config = config};
    if (!entries)
        return -1;
    count = read_entries(t, text, entries, &goal);
    t->steps = eo_alloc(count, sizeof(*t->steps), err);
    for (i = 0; t->steps && i < count; i += n) {
        for (n = 1; i + n < count && compare_places(&entries[i].place, &entries[i + n].place) == 0; n++)
            ;
        make_step(&t->steps[t->step_count++], &entries[i], n);
    }
    free(entries);
    if (!t->steps || (goal && keep_needed(t, goal, err)))
        return -1;
    for (i = 0; i < t->step_count; i++)
        t->stale_count += (size_t)t->steps[i].is_stale;
    return 0;
}

void eo_trace_release(struct eo_trace *t)
{
    free(t->steps);
    t->steps = NULL;
    t->step_count = t->stale_count = 0;
}

static int compare_key(const void *key, const void *step)
{
    return compare_places(key, &((const struct eo_trace_step *)step)->place);
}

const struct eo_trace_step *eo_trace_find(const struct eo_trace *t, const char *path, size_t length)
{
    char name[EO_MANIFEST_PATH_MAX];
    struct eo_graph_place place;
    const char *target = inside(t, path);

    length -= target ? (size_t)(target - path) : 0;
    if (!target || length >= sizeof(name))
        return NULL;
    memcpy(name, target, length);
    name[length] = '\0';
    if (eo_graph_place(name, &place))
        return NULL;
    return bsearch(&place, t->steps, t->step_count, sizeof(*t->steps), compare_key);
}

const char *eo_trace_next(const char *list, size_t *length)
{
    list += strspn(list, " ");
    *length = strcspn(list, " ");
    return *length ? list : NULL;
}
