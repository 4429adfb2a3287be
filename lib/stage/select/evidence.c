#include "stage/select/evidence.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define MIN_MS 1e-9
#define MAX_MS 1e12
#define SESSION_DIGITS 16

void eo_evidence_release(struct eo_evidence *e)
{
    free(e->rounds);
    free(e->hits);
    *e = (struct eo_evidence){0};
}

int eo_evidence_is_rounds(const struct eo_csv *csv)
{
    return eo_csv_column(csv, "round") >= 0 && eo_csv_column(csv, "host_median_ms") >= 0;
}

int eo_evidence_is_hits(const struct eo_csv *csv)
{
    return eo_csv_column(csv, "hits") >= 0;
}

/* The cell of a column; NULL and a message if there is no such column. */
static const char *find_cell(const struct eo_csv *csv, size_t row, const char *name, struct eo_err *err)
{
    int column = eo_csv_column(csv, name);

    if (column < 0)
        eo_err_set(err, "expected a column '%s', found none", name);
    return column < 0 ? NULL : eo_csv_cell(csv, row, column);
}

static int name_cell(size_t row, const char *name, struct eo_err *err)
{
    return eo_err_prefix(err, "row %zu: column '%s'", row + 1, name);
}

static int read_integer(const struct eo_csv *csv, size_t row, const char *name, int64_t min, int64_t max,
                        int64_t *out, struct eo_err *err)
{
    const char *text = find_cell(csv, row, name, err);

    if (!text)
        return -1;
    return eo_num_parse_i64(text, min, max, out, err) ? name_cell(row, name, err) : 0;
}

static int read_ms(const struct eo_csv *csv, size_t row, const char *name, int required, double *out,
                   struct eo_err *err)
{
    const char *text = find_cell(csv, row, name, err);

    *out = NAN;
    if (!text)
        return -1;
    if (!*text && !required)
        return 0;
    return eo_num_parse_double(text, MIN_MS, MAX_MS, out, err) ? name_cell(row, name, err) : 0;
}

/* -1 if the text is not a session. */
static int parse_session(const char *text, uint64_t *session)
{
    *session = 0;
    if (strlen(text) != SESSION_DIGITS || strspn(text, "0123456789abcdef") != SESSION_DIGITS)
        return -1;
    *session = strtoull(text, NULL, 16);
    return 0;
}

static int read_session(const struct eo_csv *csv, size_t row, uint64_t *session, struct eo_err *err)
{
    const char *text = find_cell(csv, row, "session", err);

    if (!text)
        return -1;
    if (parse_session(text, session) == 0)
        return 0;
    eo_err_set(err, "expected %d hexadecimal digits, found '%.40s'", SESSION_DIGITS, text);
    return name_cell(row, "session", err);
}

static int read_round(struct eo_round_time *time, const struct eo_csv *csv, size_t row, struct eo_err *err)
{
    int64_t round, disturbed;

    if (read_session(csv, row, &time->session, err) ||
        read_integer(csv, row, "round", 0, INT_MAX, &round, err) ||
        read_integer(csv, row, "disturbed", 0, 1, &disturbed, err) ||
        read_ms(csv, row, "host_median_ms", 1, &time->batch_ms, err) ||
        read_ms(csv, row, "host_single_median_ms", 0, &time->single_ms, err))
        return -1;
    time->round = (int)round;
    time->disturbed = (int)disturbed;
    return 0;
}

int eo_evidence_compare_rounds(uint64_t session_a, int round_a, uint64_t session_b, int round_b)
{
    if (session_a != session_b)
        return session_a < session_b ? -1 : 1;
    return (round_a > round_b) - (round_a < round_b);
}

static int compare(const struct eo_round_time *a, const struct eo_round_time *b)
{
    return eo_evidence_compare_rounds(a->session, a->round, b->session, b->round);
}

/* Makes room for one more: the array doubles whenever its length is a power of two. */
static int grow(struct eo_evidence *e, struct eo_err *err)
{
    size_t n = e->round_count;
    struct eo_round_time *grown;

    if (n == EO_EVIDENCE_ROUNDS)
        return eo_err_set(err, "expected at most %d rounds of a candidate", EO_EVIDENCE_ROUNDS);
    if (n & (n - 1))
        return 0;
    grown = realloc(e->rounds, (n ? 2 * n : 1) * sizeof(*grown));
    if (!grown)
        return eo_err_set(err, "out of memory for %zu rounds", n + 1);
    e->rounds = grown;
    return 0;
}

int eo_evidence_add_round(struct eo_evidence *e, const struct eo_csv *csv, size_t row, struct eo_err *err)
{
    struct eo_round_time time;
    size_t at = e->round_count;

    if (read_round(&time, csv, row, err))
        return -1;
    if (grow(e, err))
        return eo_err_prefix(err, "row %zu", row + 1);
    while (at > 0 && compare(&time, &e->rounds[at - 1]) < 0)
        at--;
    if (at > 0 && compare(&time, &e->rounds[at - 1]) == 0)
        return eo_err_set(err, "row %zu: column 'round': second row of round %d", row + 1, time.round);
    memmove(&e->rounds[at + 1], &e->rounds[at], (e->round_count - at) * sizeof(time));
    e->rounds[at] = time;
    e->round_count++;
    return 0;
}

static int read_checksum(const struct eo_csv *csv, size_t row, const char *name, char out[EO_SHA256_TEXT],
                         struct eo_err *err)
{
    const char *text = find_cell(csv, row, name, err);

    if (!text)
        return -1;
    if (*text && strlen(text) < EO_SHA256_TEXT) {
        strcpy(out, text);
        return 0;
    }
    eo_err_set(err, "expected a checksum, found '%.70s'", text);
    return name_cell(row, name, err);
}

/* Stores the digits as bits. */
static int read_hits(struct eo_evidence *e, const struct eo_csv *csv, size_t row, struct eo_err *err)
{
    const char *text = find_cell(csv, row, "hits", err);
    size_t right = 0;

    if (!text)
        return -1;
    if (strspn(text, "01") != e->images || text[e->images]) {
        eo_err_set(err, "expected %zu digits 0 or 1, found %zu of them in %zu characters", e->images,
                   strspn(text, "01"), strlen(text));
        return name_cell(row, "hits", err);
    }
    e->hits = eo_alloc(e->images / 64 + 1, sizeof(*e->hits), err);
    if (!e->hits)
        return -1;
    for (size_t i = 0; i < e->images; i++) {
        e->hits[i / 64] |= (uint64_t)(text[i] == '1') << (i % 64);
        right += text[i] == '1';
    }
    if (right == e->correct)
        return 0;
    eo_err_set(err, "expected %zu times 1, as 'correct' says, found %zu", e->correct, right);
    return name_cell(row, "hits", err);
}

int eo_evidence_add_hits(struct eo_evidence *e, const struct eo_csv *csv, size_t row, struct eo_err *err)
{
    int64_t images, correct;

    if (e->hits)
        return eo_err_set(err, "row %zu: second hits row of a model", row + 1);
    if (read_checksum(csv, row, "model_sha256", e->model_sha256, err) ||
        read_checksum(csv, row, "images_sha256", e->images_sha256, err) ||
        read_integer(csv, row, "images", 1, EO_EVIDENCE_IMAGES, &images, err) ||
        read_integer(csv, row, "correct", 0, images, &correct, err))
        return -1;
    e->images = (size_t)images;
    e->correct = (size_t)correct;
    return read_hits(e, csv, row, err);
}

int eo_evidence_has_session(const struct eo_evidence *e, const char *session)
{
    uint64_t wanted;

    if (!*session)
        return 1;
    if (parse_session(session, &wanted))
        return 0;
    for (size_t i = 0; i < e->round_count; i++) {
        if (e->rounds[i].session == wanted)
            return 1;
    }
    return 0;
}

void eo_evidence_count_discordant(const uint64_t *a, const uint64_t *b, size_t images, size_t *more,
                                  size_t *differ)
{
    *more = *differ = 0;
    for (size_t i = 0; i < images / 64 + 1; i++) {
        *more += (size_t)__builtin_popcountll(b[i] & ~a[i]);
        *differ += (size_t)__builtin_popcountll(a[i] ^ b[i]);
    }
}
