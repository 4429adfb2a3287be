/*
 * lib/stage/data/collect and pictures, lib/format/npy and zip: what NumPy and Pillow wrote (tests/golden/pictures, by
 * make_pictures.py) comes out as they say, and what is refused, with its message.
 */
#include "stage/data/collect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/io.h"
#include "format/npy.h"
#include "format/zip.h"
#include "tests/unit/check.h"

#define GOLDEN "tests/golden/pictures/"

/* The pictures of `from`, in the order they were collected in, are those of the array. */
static void check_pictures(struct eo_collect_options o, const char *array, unsigned classes, size_t tests)
{
    struct eo_pictures p;
    struct eo_npy want;
    struct eo_err err;
    size_t size, wrong = 0, in_test = 0;
    char *bytes;

    if (eo_io_read(array, EO_IO_MAX, &bytes, &size, &err) || eo_npy_parse(&want, bytes, size, &err)) {
        check_that(0, "%s: %s", array, err.msg);
        return;
    }
    if (check_that(!eo_collect(&p, &o, &err), "%s: %s", o.from, err.msg)) {
        size_t values = (size_t)p.shape.channels * p.shape.height * p.shape.width;

        check_that(p.count == want.dim[0] && p.count * values == want.count,
                   "%s: %zu pictures of %zu values, not %zu in all", o.from, p.count, values, want.count);
        for (size_t i = 0; i < want.count && i < p.count * values; i++)
            wrong += p.pixels[i] != eo_npy_get(&want, i);
        for (size_t i = 0; i < p.count; i++)
            in_test += p.parts[i] == EO_DATASET_TEST;
        check_that(wrong == 0, "%s: %zu values are not those of %s", o.from, wrong, array);
        check_that(p.classes == classes && in_test == tests, "%s: %u classes, %zu test pictures", o.from,
                   p.classes, in_test);
    }
    eo_pictures_release(&p);
    free(bytes);
}

static void check_sources(void)
{
    check_pictures((struct eo_collect_options){.from = GOLDEN "folder", .grey = 1}, GOLDEN "expected.npy", 3,
                   0);
    check_pictures((struct eo_collect_options){.from = GOLDEN "colour"}, GOLDEN "colour.npy", 2, 0);
    check_pictures((struct eo_collect_options){.from = GOLDEN "channels-last.npz"},
                   GOLDEN "channels-last.npy", 3, 2);
    check_pictures((struct eo_collect_options){.from = GOLDEN "signal.npz", .layout = EO_COLLECT_NHWC},
                   GOLDEN "signal.npy", 2, 0);
    check_pictures((struct eo_collect_options){.from = GOLDEN "signal.npz",
                                               .layout = EO_COLLECT_NHWC,
                                               .low = -1,
                                               .high = 1},
                   GOLDEN "signal.npy", 2, 0);
}

static void check_names(void)
{
    struct eo_collect_options o = {.from = GOLDEN "folder", .grey = 1};
    struct eo_pictures p;
    struct eo_err err;

    if (check_that(!eo_collect(&p, &o, &err), "%s", err.msg)) {
        check_text("class 0", "2", p.names[0]);
        check_text("class 1", "10", p.names[1]);
        check_text("class 2", "ant", p.names[2]);
        check_text("origin", GOLDEN "folder/10/0.png", p.origins[3]);
    }
    eo_pictures_release(&p);
}

/* Halving and enlarging: means of 2 x 2 pixels, and each pixel four times. */
static void check_resize(void)
{
    struct eo_collect_options o = {.from = GOLDEN "folder", .grey = 1};
    struct eo_pictures full, half, twice;
    struct eo_err err;
    size_t wrong = 0;
    int rc = eo_collect(&full, &o, &err);

    o.resize = (struct eo_picture_shape){1, 4, 4};
    rc |= eo_collect(&half, &o, &err);
    o.resize = (struct eo_picture_shape){1, 16, 16};
    rc |= eo_collect(&twice, &o, &err);
    for (size_t i = 0; !rc && i < 16 * full.count; i++) {
        const uint8_t *p = full.pixels + i / 16 * 64 + i % 16 / 4 * 16 + i % 4 * 2;

        wrong += half.pixels[i] != (p[0] + p[1] + p[8] + p[9] + 2) / 4;
    }
    for (size_t i = 0; !rc && i < 256 * full.count; i++)
        wrong += twice.pixels[i] != full.pixels[i / 256 * 64 + i % 256 / 32 * 8 + i % 16 / 2];
    check_that(!rc && wrong == 0, "resized pictures: %d, %zu values are wrong", rc, wrong);
    eo_pictures_release(&full);
    eo_pictures_release(&half);
    eo_pictures_release(&twice);
}

static void check_refused(const char *file, const char *message)
{
    struct eo_collect_options o = {.from = file, .labels = strstr(file, ".npy") ? GOLDEN "expected.npy" : NULL};
    struct eo_pictures p;
    struct eo_err err = {""};

    check_that(eo_collect(&p, &o, &err) == -1, "%s is accepted", file);
    check_text(file, message, err.msg);
    eo_pictures_release(&p);
}

static void check_bad_arrays(void)
{
    check_refused(GOLDEN "bad-fortran.npy",
                  GOLDEN "bad-fortran.npy: expected an array in C order, found Fortran order; save "
                         "numpy.ascontiguousarray(x)");
    check_refused(GOLDEN "bad-object.npy",
                  GOLDEN "bad-object.npy: expected an array of numbers, found Python objects; save it "
                         "as uint8 or float32");
    check_refused(GOLDEN "bad-complex.npy",
                  GOLDEN "bad-complex.npy: expected integers, float32 or float64, found type '<c8'; "
                         "convert it with astype()");
    check_refused(GOLDEN "bad-record.npy",
                  GOLDEN "bad-record.npy: expected an array of numbers, found records of several fields");
    check_refused(GOLDEN "bad-scalar.npy",
                  GOLDEN "bad-scalar.npy: expected an array of 1 to 4 dimensions, found a single number");
    check_refused(GOLDEN "bad-rank5.npy",
                  GOLDEN "bad-rank5.npy: expected an array of 1 to 4 dimensions, found more");
    check_refused(GOLDEN "bad-empty.npy",
                  GOLDEN "bad-empty.npy: expected an array with elements, found size 0 in dimension 1");
    check_refused(GOLDEN "folder/2/0.png",
                  GOLDEN "folder/2/0.png: expected a folder, or a file that ends with .npz, .npy or .csv");
    check_refused(GOLDEN "folder",
                  GOLDEN "folder/10/0.png: expected pictures of one size, 1 x 8 x 8 as the ones before, "
                         "found 3 x 8 x 8; --grey makes all grey");
    check_refused(GOLDEN "folder/2",
                  GOLDEN "folder/2: expected a folder for each class, with its PNG files in it, found none");
}

/* Every shorter file and every file with one other byte: refused or read, never beyond the buffer (sanitizers look). */
static void check_damaged(const char *file)
{
    size_t size, opened = 0;
    struct eo_err err;
    char *bytes;

    if (eo_io_read(file, EO_IO_MAX, &bytes, &size, &err)) {
        check_that(0, "%s: %s", file, err.msg);
        return;
    }
    for (size_t i = 0; i < 2 * size; i++) {
        size_t n = i < size ? i : size;
        char *copy = malloc(n + 1);
        struct eo_zip_member m = {0};
        struct eo_zip zip = {0};
        struct eo_npy a;
        uint8_t *data;

        if (!copy)
            exit(1);
        memcpy(copy, bytes, n);
        if (i >= size)
            copy[i - size] ^= (char)0xff;
        if (!eo_npy_parse(&a, copy, n, NULL))
            opened += eo_npy_get(&a, a.count - 1) >= 0;
        while (!eo_zip_open(&zip, copy, n, NULL) && m.number < 8 && eo_zip_next(&zip, &m, NULL) > 0) {
            if (eo_zip_extract(&zip, &m, 1 << 20, &data, NULL))
                continue;
            opened++;
            free(data);
        }
        free(copy);
    }
    check_that(opened > 0, "%s: no damaged file was read", file);
    free(bytes);
}

/* An archive of as many members as there can be is walked through once; the last one is found. From the beginning for
 * each member it would take seconds. */
static void check_many_members(void)
{
    enum { MEMBERS = 65535, ENTRY = 46 + 1, SIZE = MEMBERS * ENTRY + 22 };
    uint8_t *bytes = calloc(SIZE, 1), *end = bytes + MEMBERS * ENTRY;
    struct eo_zip_member m = {0};
    struct eo_zip zip;
    struct eo_err err = {""};
    clock_t begin;

    if (!bytes)
        exit(1);
    for (int i = 0; i < MEMBERS; i++) {
        uint8_t *p = bytes + i * ENTRY;

        memcpy(p, "PK\1\2", 4);
        p[28] = 1; /* bytes of the name */
        p[46] = i + 1 < MEMBERS ? 'a' : 'z';
    }
    memcpy(end, "PK\5\6", 4);
    end[10] = end[11] = 0xff;
    for (int i = 0; i < 3; i++)
        end[12 + i] = (uint8_t)((end - bytes) >> 8 * i);
    check_that(eo_zip_open(&zip, bytes, SIZE, &err) == 0, "open: %s", err.msg);
    begin = clock();
    while (eo_zip_next(&zip, &m, &err) > 0)
        ;
    check_that(clock() - begin < CLOCKS_PER_SEC, "the members took more than a second of processor time");
    check_that(m.number == MEMBERS && m.name[0] == 'z', "member %u: '%s': %s", m.number, m.name, err.msg);
    free(bytes);
}

int main(void)
{
    check_many_members();
    check_sources();
    check_names();
    check_resize();
    check_bad_arrays();
    check_damaged(GOLDEN "channels-last.npz");
    check_damaged(GOLDEN "signal.npz");
    check_damaged(GOLDEN "expected.npy");
    return check_report("test_collect");
}
