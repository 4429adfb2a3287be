/*
 * Fuzz target: no text of Make's is wrong, so eo_trace_read() takes all bytes. What it finds can be walked, and told in
 * words and as a graph.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stage/pipeline/explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FOLDER "out/x"

/* Names and their lengths lie inside the list. */
static void walk(const struct eo_trace *t, const char *list)
{
    const char *end = list + strlen(list), *name;
    size_t length;

    for (name = eo_trace_next(list, &length); name; name = eo_trace_next(name + length, &length)) {
        if (length == 0 || length > (size_t)(end - name))
            abort();
        (void)eo_trace_find(t, name, length);
    }
}

static void tell(struct eo_trace *t)
{
    const struct eo_changes changes = {FOLDER "/config/made", FOLDER "/config"};
    struct eo_buf words = {0}, dot = {0};

    if (eo_explain_words(t, &changes, &words, NULL) == 0 && (eo_buf_check(&words, NULL) || words.len == 0))
        abort();
    if (eo_explain_dot(t, &changes, &dot, NULL) == 0 && (eo_buf_check(&dot, NULL) || dot.len == 0))
        abort();
    eo_buf_release(&words);
    eo_buf_release(&dot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct eo_trace t;
    size_t stale = 0;

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (eo_trace_read(&t, FOLDER, FOLDER "/config", text, NULL))
        abort();
    for (size_t i = 0; i < t.step_count; i++) {
        walk(&t, t.steps[i].needs);
        walk(&t, t.steps[i].newer);
        stale += t.steps[i].is_stale != 0;
    }
    if (stale != t.stale_count)
        abort();
    tell(&t);
    eo_trace_release(&t);
    free(text);
    return 0;
}
