/* lib/stage/data/collect: what becomes of arrays, tables and folders that a test writes, and which are refused. */
#include "stage/data/collect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/io.h"
#include "tests/unit/check.h"

#define PICTURE "@" /* the text of a file that is a PNG of 1 x 8 x 8 */
#define BATCH "#1"  /* of a file that is one image of CIFAR-10; the second character is its label */
#define BATCH_10 "#:"
#define WIDE "wide" /* a row of 1025 zeros; "nul": text with a NUL byte; "65": 65 pictures */

/* `values` are repeated. Types are those of NumPy, of which |u1, |i1 and <f4 can be IDX. */
struct array {
    const char *name, *type;
    int dims;
    size_t shape[4];
    double values[4];
};

/* Arrays are members of X.npz, IDX files of a folder, or X.npy and labels.npy; texts are files. */
struct source {
    const char *what, *from;
    struct array arrays[4];
    const char *texts[8]; /* names and texts in turn */
    struct eo_collect_options options;
    const char *
        expected; /* size, number of pictures, of test pictures and of classes, and the first values; or the message */
};

/* ---- files ------------------------------------------------------------------------------------------------------ */

static size_t count_of(const struct array *a)
{
    size_t count = 1;

    for (int d = 0; d < a->dims; d++)
        count *= a->shape[d];
    return count;
}

static void put_values(struct eo_buf *out, const struct array *a, int is_big_endian)
{
    size_t count = count_of(a);

    for (size_t i = 0; i < count; i++) {
        float real = (float)a->values[i % 4];
        unsigned char bytes[4];
        uint32_t bits;

        memcpy(&bits, &real, 4);
        for (int k = 0; k < 4; k++)
            bytes[k] = (unsigned char)(bits >> 8 * (is_big_endian ? 3 - k : k));
        if (a->type[1] == 'f')
            eo_buf_append(out, bytes, 4);
        else
            eo_buf_append(out, &(unsigned char){(unsigned char)(int)a->values[i % 4]}, 1);
    }
}

static void put_npy(struct eo_buf *out, const struct array *a)
{
    char head[128], shape[64] = "";
    int n = 0;

    for (int d = 0; d < a->dims; d++)
        n += snprintf(shape + n, sizeof(shape) - (size_t)n, "%zu, ", a->shape[d]);
    n = snprintf(head, sizeof(head), "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", a->type,
                 shape);
    eo_buf_append(out, "\x93NUMPY\1\0", 8);
    eo_buf_append(out, (unsigned char[]){(unsigned char)(n + 1), 0}, 2);
    eo_buf_printf(out, "%s\n", head);
    put_values(out, a, 0);
}

static void put_idx(struct eo_buf *out, const struct array *a)
{
    unsigned char type = a->type[1] == 'f' ? 0x0d : a->type[1] == 'i' ? 9 : 8;

    eo_buf_append(out, (unsigned char[]){0, 0, type, (unsigned char)a->dims}, 4);
    for (int d = 0; d < a->dims; d++)
        eo_buf_append(
            out, (unsigned char[]){0, 0, (unsigned char)(a->shape[d] >> 8), (unsigned char)a->shape[d]}, 4);
    put_values(out, a, 1);
}

static void put_number(struct eo_buf *out, size_t number, int bytes)
{
    for (int i = 0; i < bytes; i++, number >>= 8)
        eo_buf_append(out, &(unsigned char){(unsigned char)number}, 1);
}

/* The stored member NAME.npy, and its entry in the directory. Of NAME! the checksum is wrong; * is there 17 times. */
static void put_member(struct eo_buf *out, struct eo_buf *directory, const char *name,
                       const struct eo_buf *data)
{
    char file[64];
    size_t n = (size_t)snprintf(file, sizeof(file), "%.*s.npy", (int)strcspn(name, "!"), name), at = out->len;
    unsigned long sum = crc32(0, (const void *)data->data, (unsigned)data->len) ^ (strchr(name, '!') != NULL);

    eo_buf_append(out, "PK\3\4\24\0\0\0\0\0\0\0\0\0", 14);
    put_number(out, sum, 4), put_number(out, data->len, 4), put_number(out, data->len, 4);
    put_number(out, n, 2), put_number(out, 0, 2);
    eo_buf_append(out, file, n);
    eo_buf_append(out, data->data, data->len);
    eo_buf_append(directory, "PK\1\2\24\0\24\0\0\0\0\0\0\0\0\0", 16);
    put_number(directory, sum, 4), put_number(directory, data->len, 4), put_number(directory, data->len, 4);
    put_number(directory, n, 2), put_number(directory, 0, 12), put_number(directory, at, 4);
    eo_buf_append(directory, file, n);
}

static void put_archive(struct eo_buf *out, const struct source *s)
{
    struct eo_buf directory = {0}, member = {0};
    size_t count = 0, at;

    for (int i = 0; i < 4 && s->arrays[i].name; i++) {
        put_npy(&member, &s->arrays[i]);
        for (int times = *s->arrays[i].name == '*' ? 17 : 1; times > 0; times--, count++)
            put_member(out, &directory, s->arrays[i].name, &member);
        member.len = 0;
    }
    at = out->len;
    eo_buf_append(out, directory.data, directory.len);
    eo_buf_append(out, "PK\5\6\0\0\0\0", 8);
    put_number(out, count, 2), put_number(out, count, 2);
    put_number(out, directory.len, 4), put_number(out, at, 4), put_number(out, 0, 2);
    eo_buf_release(&directory);
    eo_buf_release(&member);
}

static void save(const char *path, const void *bytes, size_t size)
{
    struct eo_err err;
    char folder[256];

    for (size_t i = 1; path[i] && i < sizeof(folder); i++) {
        snprintf(folder, sizeof(folder), "%.*s", (int)i, path);
        if (path[i] == '/')
            mkdir(folder, 0777);
    }
    if (path[strlen(path) - 1] != '/')
        check_that(!eo_io_write(path, bytes, size, &err), "%s: %s", path, err.msg);
}

static void save_text(const char *path, const char *text, const char *picture, size_t picture_size)
{
    char batch[1 + 3 * 32 * 32] = {*text ? (char)(text[1] - '0') : 0}, wide[2 * 1025 + 2] = "1";

    save(path, NULL, 0);
    if (strcmp(text, "pipe") == 0)
        check_that(unlink(path) == 0 && mkfifo(path, 0666) == 0, "cannot make the pipe %s", path);
    else if (strcmp(text, "link") == 0)
        check_that(unlink(path) == 0 && symlink("nowhere", path) == 0, "cannot make the link %s", path);
    else if (strcmp(text, "nul") == 0)
        save(path, "1,1\0", 4);
    else if (strcmp(text, WIDE) == 0) {
        for (int i = 0; i < 1025; i++)
            memcpy(&wide[1 + 2 * i], ",0", 2);
        save(path, wide, sizeof(wide) - 1);
    } else if (strcmp(text, "65") == 0) {
        for (int i = 0; i < 65; i++) {
            snprintf(wide, sizeof(wide), "%s%d.png", path, i);
            save(wide, picture, picture_size);
        }
    } else if (*text == *PICTURE)
        save(path, picture, picture_size);
    else if (*text == *BATCH)
        save(path, batch, sizeof(batch));
    else
        save(path, text, strlen(text));
}

static void make_source(const struct source *s, const char *picture, size_t picture_size)
{
    const char *end = strrchr(s->from, '.');
    struct eo_buf out = {0};
    char path[256];

    for (int i = 0; i < 8 && s->texts[i]; i += 2)
        save_text(s->texts[i], s->texts[i + 1], picture, picture_size);
    if (!s->texts[0] && end && (end[1] == 'n' || end[1] == 'N') && (end[3] == 'z' || end[3] == 'Z')) {
        put_archive(&out, s);
        save(s->from, out.data, out.len);
    }
    for (int i = 0; i < 4 && s->arrays[i].name && !out.len; i++) {
        snprintf(path, sizeof(path), "%s%s%s", end ? "" : s->from, end ? "" : "/", s->arrays[i].name);
        if (end)
            put_npy(&out, &s->arrays[i]);
        else
            put_idx(&out, &s->arrays[i]);
        save(path, out.data, out.len);
        out.len = 0;
    }
    eo_buf_release(&out);
}

static void check_source(const struct source *s, const char *picture, size_t picture_size)
{
    struct eo_collect_options o = s->options;
    struct eo_pictures p;
    struct eo_err err = {""};
    char found[1024];
    size_t tests = 0;
    int n;

    make_source(s, picture, picture_size);
    o.from = s->from;
    if (eo_collect(&p, &o, &err)) {
        snprintf(found, sizeof(found), "%s", err.msg);
    } else {
        for (size_t i = 0; i < p.count; i++)
            tests += p.parts[i] == EO_DATASET_TEST;
        n = snprintf(found, sizeof(found),
                     "%u x %u x %u, %zu pictures, %zu for tests, %u classes:", p.shape.channels,
                     p.shape.height, p.shape.width, p.count, tests, p.classes);
        for (size_t i = 0; i < 4 && i < (size_t)p.shape.channels * p.shape.height * p.shape.width; i++)
            n += snprintf(found + n, sizeof(found) - (size_t)n, " %d", p.pixels[i]);
    }
    check_text(s->what, s->expected, found);
    eo_pictures_release(&p);
    if (system("rm -rf from* labels.npy"))
        exit(1);
}

/* ---- sources ---------------------------------------------------------------------------------------------------- */

#define X(name, type, values, ...)                                                                           \
    {                                                                                                        \
        name, type, sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t), {__VA_ARGS__}, values                  \
    }
#define V(...)                                                                                               \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
#define LABELS(name, ...) X(name, "|u1", V(0, 1, 0, 1), __VA_ARGS__)
#define TWO "from.npy"

static const struct source sources[] = {

    /* ---- arrays */
    {"two files",
     TWO,
     {X(TWO, "<f4", V(0, 1, 0.5), 2, 2, 2), LABELS("labels.npy", 2)},
     {0},
     {.labels = "labels.npy"},
     "1 x 2 x 2, 2 pictures, 0 for tests, 2 classes: 0 255 128 0"},
    {"a column of labels",
     TWO,
     {X(TWO, "|u1", V(7), 2, 4), X("labels.npy", "|u1", V(1), 2, 1)},
     {0},
     {.labels = "labels.npy"},
     "1 x 2 x 2, 2 pictures, 0 for tests, 2 classes: 7 0 0 0"},
    {"bytes with a range",
     TWO,
     {X(TWO, "|u1", V(0, 51), 1, 2, 2), LABELS("labels.npy", 1)},
     {0},
     {.labels = "labels.npy", .low = 0, .high = 51},
     "1 x 2 x 2, 1 pictures, 0 for tests, 1 classes: 0 255 0 0"},
    {"signed bytes",
     TWO,
     {X(TWO, "|i1", V(0, 1, -1), 1, 2, 2), LABELS("labels.npy", 1)},
     {0},
     {.labels = "labels.npy"},
     "1 x 2 x 2, 1 pictures, 0 for tests, 1 classes: 128 255 0 128"},
    {"channels first",
     TWO,
     {X(TWO, "|u1", V(1, 2, 3, 4), 1, 3, 2, 2), LABELS("labels.npy", 1)},
     {0},
     {.labels = "labels.npy"},
     "3 x 2 x 2, 1 pictures, 0 for tests, 1 classes: 1 2 3 4"},
    {"channels last",
     TWO,
     {X(TWO, "|u1", V(1, 2, 3, 4), 1, 2, 2, 3), LABELS("labels.npy", 1)},
     {0},
     {.labels = "labels.npy"},
     "3 x 2 x 2, 1 pictures, 0 for tests, 1 classes: 1 4 3 2"},
    {"a layout that is given",
     TWO,
     {X(TWO, "|u1", V(1, 2, 3, 4), 1, 2, 2, 2), LABELS("labels.npy", 1)},
     {0},
     {.labels = "labels.npy", .layout = EO_COLLECT_NHWC},
     "2 x 2 x 2, 1 pictures, 0 for tests, 1 classes: 1 3 1 3"},
    {"a layout first that is given",
     TWO,
     {X(TWO, "|u1", V(1, 2, 3, 4), 1, 1, 2, 3), LABELS("labels.npy", 1)},
     {0},
     {.labels = "labels.npy", .layout = EO_COLLECT_NCHW},
     "1 x 2 x 3, 1 pictures, 0 for tests, 1 classes: 1 2 3 4"},
    {"channels at both ends",
     TWO,
     {X(TWO, "|u1", V(1), 1, 3, 2, 1), LABELS("labels.npy", 1)},
     {0},
     {.labels = "labels.npy"},
     "from.npy: uint8 [1, 3, 2, 1]: say with --layout nchw or nhwc where the channels are"},
    {"no channels",
     TWO,
     {X(TWO, "|u1", V(1), 1, 2, 2, 2), LABELS("labels.npy", 1)},
     {0},
     {.labels = "labels.npy"},
     "from.npy: uint8 [1, 2, 2, 2]: say with --layout nchw or nhwc where the channels are"},
    {"one dimension",
     TWO,
     {X(TWO, "|u1", V(1), 2), LABELS("labels.npy", 2)},
     {0},
     {.labels = "labels.npy"},
     "from.npy: expected pictures as an array of 2 to 4 dimensions, found uint8 [2]"},
    {"rows that are no square",
     TWO,
     {X(TWO, "|u1", V(1), 1, 5), LABELS("labels.npy", 1)},
     {0},
     {.labels = "labels.npy"},
     TWO ": pictures of 5 values: say with --shape CxHxW what they are"},
    {"rows of a given shape",
     TWO,
     {X(TWO, "|u1", V(1), 1, 5), LABELS("labels.npy", 1)},
     {0},
     {.labels = "labels.npy", .shape = {1, 5, 1}},
     "1 x 5 x 1, 1 pictures, 0 for tests, 1 classes: 1 0 0 0"},
    {"too wide",
     TWO,
     {X(TWO, "|u1", V(1), 1, 1, 5000), LABELS("labels.npy", 1)},
     {0},
     {.labels = "labels.npy"},
     TWO ": expected 1 to 256 channels and sides of 1 to 1024, found 1 x 1 x 5000"},
    {"no labels",
     TWO,
     {X(TWO, "|u1", V(1), 1, 2, 2)},
     {0},
     {.low = 0},
     TWO ": expected --labels FILE.npy beside an array of pictures"},
    {"labels that are not there",
     TWO,
     {X(TWO, "|u1", V(1), 1, 2, 2)},
     {0},
     {.labels = "labels.npy"},
     "from.npy: labels.npy: cannot open: No such file or directory"},
    {"labels that are no array",
     TWO,
     {X(TWO, "|u1", V(1), 1, 2, 2)},
     {"labels.npy", "x"},
     {.labels = "labels.npy"},
     "from.npy: labels.npy: expected a NumPy array (.npy)"},
    {"pictures that are no array",
     TWO,
     {{0}},
     {TWO, "x"},
     {.labels = "labels.npy"},
     "from.npy: expected a NumPy array (.npy)"},
    {"one-hot labels",
     TWO,
     {X(TWO, "|u1", V(1), 2, 2, 2), X("labels.npy", "|u1", V(0, 1), 2, 2)},
     {0},
     {.labels = "labels.npy"},
     "from.npy: expected labels as a column, found uint8 [2, 2]; of one-hot labels take argmax(axis=1)"},
    {"labels of three dimensions",
     TWO,
     {X(TWO, "|u1", V(1), 2, 2, 2), X("labels.npy", "|u1", V(0, 1), 2, 1, 1)},
     {0},
     {.labels = "labels.npy"},
     "from.npy: expected labels as a column, found uint8 [2, 1, 1]; of one-hot labels take argmax(axis=1)"},
    {"more labels",
     TWO,
     {X(TWO, "|u1", V(1), 2, 2, 2), LABELS("labels.npy", 3)},
     {0},
     {.labels = "labels.npy"},
     TWO ": expected a label for each of 2 pictures, found 3"},
    {"a negative label",
     TWO,
     {X(TWO, "|u1", V(1), 1, 2, 2), X("labels.npy", "|i1", V(-1), 1)},
     {0},
     {.labels = "labels.npy"},
     TWO ": label 0: expected a whole number of 0 to 255, found -1"},
    {"a large label",
     TWO,
     {X(TWO, "|u1", V(1), 1, 2, 2), X("labels.npy", "<f4", V(256), 1)},
     {0},
     {.labels = "labels.npy"},
     TWO ": label 0: expected a whole number of 0 to 255, found 256"},
    {"half a label",
     TWO,
     {X(TWO, "|u1", V(1), 1, 2, 2), X("labels.npy", "<f4", V(0.5), 1)},
     {0},
     {.labels = "labels.npy"},
     TWO ": label 0: expected a whole number of 0 to 255, found 0.5"},
    {"no number",
     TWO,
     {X(TWO, "<f4", V(0, 1, 0.5, NAN), 2, 1, 3), LABELS("labels.npy", 2)},
     {0},
     {.labels = "labels.npy"},
     TWO ": picture 1: value 0: expected a finite number, found a NaN or an infinity"},
    {"numbers below the range",
     TWO,
     {X(TWO, "<f4", V(-2), 1, 2, 2), LABELS("labels.npy", 1)},
     {0},
     {.labels = "labels.npy", .low = -1, .high = 1},
     "from.npy: expected values of -1 to 1 (--range), found -2 to 0"},
    {"numbers above the range",
     TWO,
     {X(TWO, "<f4", V(2), 1, 2, 2), LABELS("labels.npy", 1)},
     {0},
     {.labels = "labels.npy", .low = -1, .high = 1},
     "from.npy: expected values of -1 to 1 (--range), found 0 to 2"},
    {"numbers of no usual range",
     TWO,
     {X(TWO, "<f4", V(1.5, 0), 1, 2, 2), LABELS("labels.npy", 1)},
     {0},
     {.labels = "labels.npy"},
     TWO ": found values of 0 to 1.5: say with --range LOW:HIGH which become 0 and 255"},
    {"whole numbers below 0",
     TWO,
     {X(TWO, "<f4", V(-3, 7), 1, 2, 2), LABELS("labels.npy", 1)},
     {0},
     {.labels = "labels.npy"},
     TWO ": found values of -3 to 7: say with --range LOW:HIGH which become 0 and 255"},
    {"whole numbers beyond a byte",
     TWO,
     {X(TWO, "<f4", V(0, 256), 1, 2, 2), LABELS("labels.npy", 1)},
     {0},
     {.labels = "labels.npy"},
     TWO ": found values of 0 to 256: say with --range LOW:HIGH which become 0 and 255"},
    {"whole numbers of a byte",
     TWO,
     {X(TWO, "<f4", V(0, 255), 1, 2, 2), LABELS("labels.npy", 1)},
     {0},
     {.labels = "labels.npy"},
     "1 x 2 x 2, 1 pictures, 0 for tests, 1 classes: 0 255 0 0"},
    {"only ones",
     TWO,
     {X(TWO, "<f4", V(1, 1, 1, 1), 1, 2, 2), LABELS("labels.npy", 1)},
     {0},
     {.labels = "labels.npy"},
     "1 x 2 x 2, 1 pictures, 0 for tests, 1 classes: 255 255 255 255"},
    /* ---- archives */
    {"both parts",
     "from.NPZ",
     {X("x_train", "|u1", V(7), 2, 2, 2), LABELS("y_train", 2), X("x_test", "|u1", V(8), 1, 2, 2),
      LABELS("y_test", 1)},
     {0},
     {.low = 0},
     "1 x 2 x 2, 3 pictures, 1 for tests, 2 classes: 7 0 0 0"},
    {"one part, to be divided",
     "from.npz",
     {X("images", "|u1", V(7), 2, 2, 2), LABELS("labels", 2)},
     {0},
     {.low = 0},
     "1 x 2 x 2, 2 pictures, 0 for tests, 2 classes: 7 0 0 0"},
    {"parts and others",
     "from.npz",
     {X("x_train", "|u1", V(7), 2, 2, 2), LABELS("y_train", 2), X("x", "|u1", V(7), 1, 2, 2), LABELS("y", 1)},
     {0},
     {.low = 0},
     "1 x 2 x 2, 2 pictures, 0 for tests, 2 classes: 7 0 0 0"},
    {"no archive",
     "from.npz",
     {{0}},
     {"from.npz", "x"},
     {.low = 0},
     "from.npz: expected a zip archive, found no end of its directory; is the file cut off?"},
    {"pictures without labels",
     "from.npz",
     {X("x_train", "|u1", V(7), 2, 2, 2)},
     {0},
     {.low = 0},
     "from.npz: has 'x_train', but no 'y_train' with the labels"},
    {"other names",
     "from.npz",
     {X("a", "|u1", V(7), 2), X("b", "|u1", V(7), 2)},
     {0},
     {.low = 0},
     "from.npz: expected arrays x_train, y_train, x_test, y_test, or images, labels, or x, y, found a.npy, "
     "b.npy"},
    {"parts of two sizes",
     "from.npz",
     {X("x_train", "|u1", V(7), 1, 2, 2), LABELS("y_train", 1), X("x_test", "|u1", V(7), 1, 3, 3),
      LABELS("y_test", 1)},
     {0},
     {.low = 0},
     "from.npz: 'x_test' and 'y_test': expected pictures of one size, 1 x 2 x 2 as the ones before, found 1 x 3 x 3"},
    {"parts of two ranges",
     "from.npz",
     {X("x_train", "<f4", V(0, 1), 1, 2, 2), LABELS("y_train", 1), X("x_test", "<f4", V(-1, 1), 1, 2, 2),
      LABELS("y_test", 1)},
     {0},
     {.low = 0},
     "from.npz: 'x_test' and 'y_test': expected numbers of one scale, 0 to 1 as before, found -1 to 1; say with "
     "--range LOW:HIGH "
     "which become 0 "
     "and 255"},
    {"damaged pictures",
     "from.npz",
     {X("x_train!", "|u1", V(7), 2, 2, 2)},
     {0},
     {.low = 0},
     "from.npz: 'x_train.npy': damaged zip member: wrong checksum"},
    {"damaged labels",
     "from.npz",
     {X("x_train", "|u1", V(7), 2, 2, 2), X("y_train!", "|u1", V(0), 2)},
     {0},
     {.low = 0},
     "from.npz: 'y_train.npy': damaged zip member: wrong checksum"},
    {"names beyond a line",
     "from.npz",
     {X("a234567890123456789012345678901234567890", "|u1", V(7), 2), X("b", "|u1", V(7), 2),
      X("x_train_", "|u1", V(7), 2)},
     {0},
     {.low = 0},
     "from.npz: expected arrays x_train, y_train, x_test, y_test, or images, labels, or x, y, found "
     "a234567890123456789012345678901234567890.npy, b.npy, x_train_.npy"},
    {"an archive that is not there",
     "from.npz",
     {{0}},
     {"fromage", ""},
     {.low = 0},
     "from.npz: No such file or directory"},
    /* ---- tables */
    {"a table",
     "from.csv",
     {{0}},
     {"from.csv", "label,a,b,c,d\n 1 ,0,1,\t1,0\r\n\n0,1,1,1,1\n"},
     {.low = 0},
     "1 x 2 x 2, 2 pictures, 0 for tests, 2 classes: 0 255 255 0"},
    {"a table without names",
     "from.csv",
     {{0}},
     {"from.csv", "\xef\xbb\xbf" "0,0,1,1,0"},
     {.low = 0},
     "1 x 2 x 2, 1 pictures, 0 for tests, 1 classes: 0 255 255 0"},
    {"a table of nothing",
     "from.csv",
     {{0}},
     {"from.csv", "label,a\n"},
     {.low = 0},
     "from.csv: expected rows of a label and the values of a picture, found none"},
    {"a table of labels",
     "from.csv",
     {{0}},
     {"from.csv", "1\n2\n"},
     {.low = 0},
     "from.csv: expected rows of a label and the values of a picture, found none"},
    {"a row with more columns",
     "from.csv",
     {{0}},
     {"from.csv", "1,2\n1,2,3\n"},
     {.low = 0},
     "from.csv: line 2: expected 2 columns as in the rows before, found 3"},
    {"letters in a row",
     "from.csv",
     {{0}},
     {"from.csv", "1,2\n1,b\n"},
     {.low = 0},
     "from.csv: line 2: column 2: expected a number, found 'b'"},
    {"a negative label in a row",
     "from.csv",
     {{0}},
     {"from.csv", "-1,2\n"},
     {.low = 0},
     "from.csv: row 1: expected a whole number of 0 to 255 as label, found -1"},
    {"a large label in a row",
     "from.csv",
     {{0}},
     {"from.csv", "256,2\n"},
     {.low = 0},
     "from.csv: row 1: expected a whole number of 0 to 255 as label, found 256"},
    {"half a label in a row",
     "from.csv",
     {{0}},
     {"from.csv", "0.5,2\n"},
     {.low = 0},
     "from.csv: row 1: expected a whole number of 0 to 255 as label, found 0.5"},
    {"values of no range in a table",
     "from.csv",
     {{0}},
     {"from.csv", "1,-7\n"},
     {.low = 0},
     "from.csv: found values of -7 to -7: say with --range LOW:HIGH which become 0 and 255"},
    {"rows of a table that are no square",
     "from.csv",
     {{0}},
     {"from.csv", "1,1,0\n"},
     {.low = 0},
     "from.csv: pictures of 2 values: say with --shape CxHxW what they are"},
    {"a table wider than pictures",
     "from.csv",
     {{0}},
     {"from.csv", "0,1,0\n"},
     {.shape = {2, 1, 1}, .low = 0},
     "2 x 1 x 1, 1 pictures, 0 for tests, 1 classes: 255 0"},
    /* ---- folders */
    {"classes",
     "from",
     {{0}},
     {"from/b/0.png", PICTURE, "from/a/0.png", PICTURE, "from/a/.hidden", "x"},
     {.low = 0},
     "1 x 8 x 8, 2 pictures, 0 for tests, 2 classes: 255 228 34 121"},
    {"classes with numbers",
     "from",
     {{0}},
     {"from/10/0.png", PICTURE, "from/9/0.png", PICTURE, "from/09/0.png", PICTURE, "from/a/0.png", PICTURE},
     {.low = 0},
     "1 x 8 x 8, 4 pictures, 0 for tests, 4 classes: 255 228 34 121"},
    {"train and test",
     "from",
     {{0}},
     {"from/train/a/0.png", PICTURE, "from/test/a/0.png", PICTURE},
     {.low = 0},
     "1 x 8 x 8, 2 pictures, 1 for tests, 1 classes: 255 228 34 121"},
    {"train and val",
     "from",
     {{0}},
     {"from/train/a/0.png", PICTURE, "from/val/a/0.png", PICTURE},
     {.low = 0},
     "1 x 8 x 8, 2 pictures, 1 for tests, 1 classes: 255 228 34 121"},
    {"train and another class",
     "from",
     {{0}},
     {"from/train/0.png", PICTURE, "from/zebra/0.png", PICTURE},
     {.low = 0},
     "1 x 8 x 8, 2 pictures, 0 for tests, 2 classes: 255 228 34 121"},
    {"another class and train",
     "from",
     {{0}},
     {"from/train/0.png", PICTURE, "from/cat/0.png", PICTURE},
     {.low = 0},
     "1 x 8 x 8, 2 pictures, 0 for tests, 2 classes: 255 228 34 121"},
    {"a class of the tests alone",
     "from",
     {{0}},
     {"from/train/a/0.png", PICTURE, "from/test/b/0.png", PICTURE},
     {.low = 0},
     "from/test: expected the classes of the training set, found 'b', which that does not have"},
    {"a test set of two classes",
     "from",
     {{0}},
     {"from/train/a/0.png", PICTURE, "from/train/b/0.png", PICTURE, "from/test/b/0.png", PICTURE},
     {.low = 0},
     "1 x 8 x 8, 3 pictures, 1 for tests, 2 classes: 255 228 34 121"},
    {"an empty training set",
     "from",
     {{0}},
     {"from/train/", "", "from/test/b/0.png", PICTURE},
     {.low = 0},
     "from/train: expected a folder for each class, with its PNG files in it, found none"},
    {"an empty class",
     "from",
     {{0}},
     {"from/a/", ""},
     {.low = 0},
     "from/a: expected PNG files of one class, found none; put its pictures there, or remove the folder"},
    {"an empty class called as a part",
     "from",
     {{0}},
     {"from/Testing/", ""},
     {.low = 0},
     "from/Testing: expected PNG files of one class, found none; the folders of the two parts are called 'train' and "
     "'test' (or 'val', 'valid' or 'validation'), with no other folder beside them"},
    {"no picture",
     "from",
     {{0}},
     {"from/a/0.png", "x"},
     {.low = 0},
     "from/a/0.png: expected a PNG image, found none: it is damaged or of another format; save it "
     "again as PNG, or remove it"},
    {"a pipe",
     "from",
     {{0}},
     {"from/a/0.png", "pipe"},
     {.low = 0},
     "from/a/0.png: expected a file or a folder, found a device or a pipe"},
    {"a link to nowhere",
     "from",
     {{0}},
     {"from/", "", "from/a", "link"},
     {.low = 0},
     "from/a: No such file or directory"},
    {"a much larger size",
     "from",
     {{0}},
     {"from/a/0.png", PICTURE},
     {.resize = {1, 1024, 1024}},
     "1 x 1024 x 1024, 1 pictures, 0 for tests, 1 classes: 255 255 255 255"},
    {"a size beyond the limit",
     "from",
     {{0}},
     {"from/a/0.png", PICTURE},
     {.resize = {1, 1025, 1}},
     "from/a/0.png: expected 1 to 256 channels and sides of 1 to 1024, found 1 x 1025 x 1; --resize HxW "
     "scales all to one size"},
    /* ---- CIFAR-10 */
    {"batches",
     "from",
     {{0}},
     {"from/data_batch_1.bin", BATCH, "from/data_batch_2.bin", BATCH, "from/test_batch.bin", BATCH},
     {.low = 0},
     "3 x 32 x 32, 3 pictures, 1 for tests, 2 classes: 0 0 0 0"},
    {"batches with names",
     "from",
     {{0}},
     {"from/data_batch_1.bin", BATCH, "from/test_batch.bin", BATCH, "from/batches.meta.txt", "a\nb\r\n\nc\n"},
     {.low = 0},
     "3 x 32 x 32, 2 pictures, 1 for tests, 3 classes: 0 0 0 0"},
    {"batches with many names",
     "from",
     {{0}},
     {"from/data_batch_1.bin", BATCH, "from/test_batch.bin", BATCH, "from/batches.meta.txt",
      "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n"},
     {.low = 0},
     "from/batches.meta.txt: expected at most 10 classes, found more lines"},
    {"names that are a folder",
     "from",
     {{0}},
     {"from/data_batch_1.bin", BATCH, "from/test_batch.bin", BATCH, "from/batches.meta.txt/", ""},
     {.low = 0},
     "from/batches.meta.txt: expected a file, found a directory"},
    {"a batch that is cut off",
     "from",
     {{0}},
     {"from/data_batch_1.bin", "x", "from/test_batch.bin", BATCH},
     {.low = 0},
     "from/data_batch_1.bin: expected a multiple of 3073 bytes, found 1"},
    {"a batch of nothing",
     "from",
     {{0}},
     {"from/data_batch_1.bin", "", "from/test_batch.bin", BATCH},
     {.low = 0},
     "from/data_batch_1.bin: expected a multiple of 3073 bytes, found 0"},
    {"batches without a test",
     "from",
     {{0}},
     {"from/data_batch_1.bin", BATCH},
     {.low = 0},
     "from/test_batch.bin: cannot open: No such file or directory"},
    {"a pipe beside batches",
     "from",
     {{0}},
     {"from/data_batch_1.bin", BATCH, "from/x", "pipe"},
     {.low = 0},
     "from/x: expected a file or a folder, found a device or a pipe"},
/* ---- IDX */
#define TRAIN "train-images-idx3-ubyte"
#define TRAIN_LABELS "train-labels-idx1-ubyte"
#define TEST "t10k-images-idx3-ubyte"
#define TEST_LABELS "t10k-labels-idx1-ubyte"
    {"four files",
     "from",
     {X(TRAIN, "|u1", V(7), 2, 2, 2), LABELS(TRAIN_LABELS, 2), X(TEST, "|u1", V(7), 1, 2, 2),
      LABELS(TEST_LABELS, 1)},
     {0},
     {.low = 0},
     "1 x 2 x 2, 3 pictures, 1 for tests, 2 classes: 7 0 0 0"},
    {"four files of signals",
     "from",
     {X(TRAIN, "|i1", V(7), 2, 4), LABELS(TRAIN_LABELS, 2), X(TEST, "|i1", V(7), 1, 4),
      LABELS(TEST_LABELS, 1)},
     {0},
     {.low = 0},
     "1 x 4 x 1, 3 pictures, 1 for tests, 2 classes: 135 128 128 128"},
    {"four files of planes",
     "from",
     {X(TRAIN, "<f4", V(1, 0), 2, 3, 2, 2), LABELS(TRAIN_LABELS, 2), X(TEST, "<f4", V(1, 0), 1, 3, 2, 2),
      LABELS(TEST_LABELS, 1)},
     {0},
     {.low = 0},
     "3 x 2 x 2, 3 pictures, 1 for tests, 2 classes: 255 0 0 0"},
    {"labels that are numbers",
     "from",
     {X(TRAIN, "|u1", V(7), 2, 2, 2), X(TRAIN_LABELS, "<f4", V(1), 2)},
     {0},
     {.low = 0},
     "from/train-labels-idx1-ubyte: expected labels of unsigned bytes (type 0x08), found 32-bit floats"},
    {"pictures of one dimension",
     "from",
     {X(TRAIN, "|u1", V(7), 2), LABELS(TRAIN_LABELS, 2)},
     {0},
     {.low = 0},
     "from/" TRAIN_LABELS ": expected pictures of 2 to 4 dimensions, found 1"},
    {"labels of two dimensions",
     "from",
     {X(TRAIN, "|u1", V(7), 2, 2, 2), LABELS(TRAIN_LABELS, 2, 1)},
     {0},
     {.low = 0},
     "from/" TRAIN_LABELS ": expected a label for each of 2 pictures, found 2"},
    {"fewer labels",
     "from",
     {X(TRAIN, "|u1", V(7), 2, 2, 2), LABELS(TRAIN_LABELS, 1)},
     {0},
     {.low = 0},
     "from/" TRAIN_LABELS ": expected a label for each of 2 pictures, found 1"},
    {"no labels beside pictures",
     "from",
     {X(TRAIN, "|u1", V(7), 2, 2, 2)},
     {0},
     {.low = 0},
     "'from': expected 'train-labels-idx1-ubyte' or 'train-labels-idx1-ubyte.gz', found neither"},
    {"pictures that are no IDX",
     "from",
     {{0}},
     {"from/" TRAIN, "x"},
     {.low = 0},
     "from/train-images-idx3-ubyte: expected an IDX header of at least 8 bytes, found 1 bytes"},
    {"floats of no range",
     "from",
     {X(TRAIN, "<f4", V(-7), 2, 2, 2), LABELS(TRAIN_LABELS, 2)},
     {0},
     {.low = 0},
     "from/train-images-idx3-ubyte: found values of -7 to 0: say with --range LOW:HIGH which become 0 and "
     "255"},
    {"floats of two ranges",
     "from",
     {X(TRAIN, "<f4", V(1, 0), 2, 2, 2), LABELS(TRAIN_LABELS, 2), X(TEST, "<f4", V(-1, 1), 1, 2, 2),
      LABELS(TEST_LABELS, 1)},
     {0},
     {.low = 0},
     "from/" TEST ": expected numbers of one scale, 0 to 1 as before, found -1 to 1; say with --range "
     "LOW:HIGH which become 0 and 255"},
    {"pictures of two sizes",
     "from",
     {X(TRAIN, "|u1", V(7), 2, 2, 2), LABELS(TRAIN_LABELS, 2), X(TEST, "|u1", V(7), 1, 3, 3),
      LABELS(TEST_LABELS, 1)},
     {0},
     {.low = 0},
     "from/" TEST ": expected pictures of one size, 1 x 2 x 2 as the ones before, found 1 x 3 x 3"},
    {"an archive of nothing",
     "from.npz",
     {{0}},
     {0},
     {.low = 0},
     "from.npz: expected arrays x_train, y_train, x_test, y_test, or images, labels, or x, y, found none"},
    {"names beyond the message",
     "from.npz",
     {X("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1", "|u1", V(7), 2),
      X("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2", "|u1", V(7), 2),
      X("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa3", "|u1", V(7), 2),
      X("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa4", "|u1", V(7), 2)},
     {0},
     {.low = 0},
     "from.npz: expected arrays x_train, y_train, x_test, y_test, or images, labels, or x, y, found "
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1.npy, "
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2.npy, "
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa3.npy, "
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa4."},
    {"many names",
     "from.npz",
     {X("*", "|u1", V(7), 2)},
     {0},
     {.low = 0},
     "from.npz: expected arrays x_train, y_train, x_test, y_test, or images, labels, or x, y, found *.npy, "
     "*.npy, *.npy, *.npy, *.npy, *.npy, *.npy, *.npy, *.npy, *.npy, *.npy, *.npy, *.npy, *.npy, *.npy, "
     "*.npy"},
    {"an archive of objects",
     "from.npz",
     {X("x_train", "|O", V(7), 2), LABELS("y_train", 2)},
     {0},
     {.low = 0},
     "from.npz: 'x_train': expected an array of numbers, found Python objects; save it as uint8 or float32"},
    {"a table of wide pictures",
     "from.csv",
     {{0}},
     {"from.csv", WIDE},
     {.shape = {1, 1, 1025}},
     "from.csv: expected 1 to 256 channels and sides of 1 to 1024, found 1 x 1 x 1025"},
    {"a table with a NUL byte",
     "from.csv",
     {{0}},
     {"from.csv", "nul"},
     {.low = 0},
     "from.csv: expected text, found a NUL byte"},
    {"a pipe beside classes",
     "from",
     {{0}},
     {"from/train/x", "pipe", "from/test/a/0.png", PICTURE},
     {.low = 0},
     "from/train/x: expected a file or a folder, found a device or a pipe"},
    {"many pictures",
     "from",
     {{0}},
     {"from/a/", "65"},
     {.low = 0},
     "1 x 8 x 8, 65 pictures, 0 for tests, 1 classes: 255 228 34 121"},
    {"a label beyond ten",
     "from",
     {{0}},
     {"from/data_batch_1.bin", BATCH_10, "from/test_batch.bin", BATCH},
     {.low = 0},
     "from/data_batch_1.bin, image 0: expected a label of 0 to 9, found 10"},
    {"a class of many digits",
     "from",
     {{0}},
     {"from/12345678901/0.png", PICTURE, "from/2/0.png", PICTURE},
     {.low = 0},
     "1 x 8 x 8, 2 pictures, 0 for tests, 2 classes: 255 228 34 121"},
    /* ---- others */
    {"a file of no known kind",
     "x",
     {{0}},
     {"x", "x"},
     {.low = 0},
     "x: expected a folder, or a file that ends with .npz, .npy or .csv"},
    {"only the end of a name",
     ".csv",
     {{0}},
     {".csv", "x"},
     {.low = 0},
     ".csv: expected a folder, or a file that ends with .npz, .npy or .csv"},
};

/* ---- options ---------------------------------------------------------------------------------------------------- */

static void check_shape(const char *text, const char *expected)
{
    struct eo_picture_shape shape;
    struct eo_err err;
    char found[512];

    if (eo_collect_parse_shape(text, &shape, &err))
        snprintf(found, sizeof(found), "%s", err.msg);
    else
        eo_picture_shape_format(&shape, found);
    check_text(text, expected, found);
}

static void check_range(const char *text, const char *expected)
{
    struct eo_err err;
    double low, high;
    char found[512];

    if (eo_collect_parse_range(text, &low, &high, &err))
        snprintf(found, sizeof(found), "%s", err.msg);
    else
        snprintf(found, sizeof(found), "%g to %g", low, high);
    check_text(text, expected, found);
}

#define LONG "1x000000000000000000000000000000000000000000000000000000000000000000000000000001"

static void check_options(void)
{
    check_shape("3x4x5", "3 x 4 x 5");
    check_shape("4x5", "1 x 4 x 5");
    check_shape("4", "1 x 4 x 1");
    check_shape("1x2x3x4", "expected CxHxW, HxW or H with sides of 1 to 1024, found '1x2x3x4'");
    check_shape("1x", "expected CxHxW, HxW or H with sides of 1 to 1024, found '1x'");
    check_shape(LONG, "expected CxHxW, HxW or H with sides of 1 to 1024, found '" LONG "'");
    check_range("-1:1", "-1 to 1");
    check_range("1", "expected LOW:HIGH, as -1:1, found '1'");
    check_range("1:1", "expected LOW:HIGH, as -1:1, found '1:1'");
    check_range("1:x", "expected LOW:HIGH, as -1:1, found '1:x'");
    check_range(LONG ":2", "expected LOW:HIGH, as -1:1, found '" LONG ":2'");
}

int main(void)
{
    char dir[] = "/tmp/test_collect.XXXXXX", *picture;
    size_t size;
    struct eo_err err;

    if (eo_io_read("tests/golden/pictures/folder/2/0.png", EO_IO_MAX, &picture, &size, &err)) {
        printf("%s\n", err.msg);
        return 1;
    }
    if (!mkdtemp(dir) || chdir(dir))
        return 1;
    for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++)
        check_source(&sources[i], picture, size);
    check_options();
    free(picture);
    unlink("x");
    unlink(".csv");
    if (chdir("/") || rmdir(dir))
        check_that(0, "the scratch folder is not empty");
    return check_report("test_collect_refused");
}
