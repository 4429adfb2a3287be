/* eo_png: what is written reads back, the bytes repeat, and no time is in them. */
#include "format/png.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <png.h>
#include <zlib.h>

#include "base/io.h"
#include "tests/unit/check.h"

/* Names of the chunks, in order, with repetitions dropped. */
static void list_chunks(const uint8_t *bytes, size_t size, char *text, size_t text_size)
{
    size_t at = 8, n = 0;

    while (at + 8 <= size && n + 6 < text_size) {
        size_t length = (size_t)bytes[at] << 24 | (size_t)bytes[at + 1] << 16 | (size_t)bytes[at + 2] << 8 |
                        bytes[at + 3];

        if (n < 5 || memcmp(text + n - 5, bytes + at + 4, 4) != 0)
            n += (size_t)snprintf(text + n, text_size - n, "%.4s ", (const char *)bytes + at + 4);
        at += 12 + length;
    }
}

static const char *read_back(const void *bytes, size_t size, uint32_t width, uint32_t height,
                             const uint8_t *pixels)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    uint8_t found[4096];

    if (!png_image_begin_read_from_memory(&image, bytes, size))
        return "libpng refuses it";
    if (image.width != width || image.height != height || image.format != PNG_FORMAT_GRAY)
        return "other size or format";
    if (!png_image_finish_read(&image, NULL, found, 0, NULL))
        return "libpng refuses it";
    return memcmp(found, pixels, (size_t)width * height) == 0 ? "same" : "other pixels";
}

static void test_round_trip(const char *path, uint32_t width, uint32_t height)
{
    uint8_t pixels[4096];
    char *first = NULL, *second = NULL, chunks[128] = "";
    size_t first_size = 0, second_size = 0;
    struct eo_err err;

    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (uint8_t)(i * 37 + i / 256);
    if (eo_png_write_gray8(path, width, height, pixels, &err) ||
        eo_io_read(path, 65536, &first, &first_size, &err) ||
        eo_png_write_gray8(path, width, height, pixels, &err) ||
        eo_io_read(path, 65536, &second, &second_size, &err)) {
        check_text("write and read", "", err.msg);
        goto out;
    }
    check_text("pixels", "same", read_back(first, first_size, width, height, pixels));
    check_text("twice", "same",
               first_size == second_size && memcmp(first, second, first_size) == 0 ? "same" : "other");
    list_chunks((const uint8_t *)first, first_size, chunks, sizeof(chunks));
    check_text("chunks", "IHDR sRGB IDAT IEND ", chunks);
out:
    free(first);
    free(second);
}

/* What reading says of a file of these bytes. */
static const char *refusal(const char *path, const void *bytes, size_t size)
{
    static struct eo_err err;
    struct eo_png png;

    if (bytes && eo_io_write(path, bytes, size, &err))
        return "not written";
    if (eo_png_read(&png, path, 0, &err))
        return png.pixels ? "pixels are left" : err.msg;
    free(png.pixels);
    return "read";
}

static size_t put_chunk(uint8_t *at, const char *name, const uint8_t *data, size_t size)
{
    uint32_t crc;

    memset(at, 0, 4);
    at[3] = (uint8_t)size;
    memcpy(at + 4, name, 4);
    memcpy(at + 8, data, size);
    crc = (uint32_t)crc32(0, at + 4, (uInt)size + 4);
    for (int i = 0; i < 4; i++)
        at[8 + size + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
    return size + 12;
}

static void test_refused(const char *path)
{
    uint8_t bytes[64] = "\x89PNG\r\n\x1a\n", wide[13] = {0, 0, 0x40, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0},
            high[13] = {0, 0, 0, 1, 0, 0, 0x40, 1, 8, 0, 0, 0, 0};
    size_t size;

    check_text("no PNG",
               "expected a PNG image, found none: it is damaged or of another format; save it again as PNG, "
               "or remove it",
               refusal(path, "GIF89a", 6));
    check_text("a zip archive", "expected a PNG image, found a zip archive; unpack it",
               refusal(path, "PK\3\4 and more", 13));
    check_that(strncmp(refusal(path, bytes, 12), "damaged PNG image: ", 19) == 0, "only a signature");
    size = 8 + put_chunk(bytes + 8, "IHDR", wide, 13);
    size += put_chunk(bytes + size, "IDAT", wide, 0);
    check_text("wide", "expected at most 16384 x 16384 pixels, found 16385 x 1", refusal(path, bytes, size));
    put_chunk(bytes + 8, "IHDR", high, 13);
    check_text("high", "expected at most 16384 x 16384 pixels, found 1 x 16385", refusal(path, bytes, size));
    high[6] = 0;
    put_chunk(bytes + 8, "IHDR", high, 13);
    check_that(strncmp(refusal(path, bytes, size), "damaged PNG image: ", 19) == 0, "no pixels");
    unlink(path);
    check_text("gone", "cannot open: No such file or directory", refusal(path, NULL, 0));
}

int main(void)
{
    char dir[] = "/tmp/test_png.XXXXXX", path[64];
    uint8_t pixel = 0;
    struct eo_err err;

    if (!mkdtemp(dir))
        return 1;
    snprintf(path, sizeof(path), "%s/x.png", dir);
    test_round_trip(path, 1, 1);
    test_round_trip(path, 7, 31);
    test_round_trip(path, 64, 64);
    test_refused(path);
    check_text("no pixels", "expected an image of at most 16384 x 16384 pixels, found 0 x 1",
               eo_png_write_gray8(path, 0, 1, &pixel, &err) ? err.msg : "written");
    check_text("no height", "expected an image of at most 16384 x 16384 pixels, found 1 x 0",
               eo_png_write_gray8(path, 1, 0, &pixel, &err) ? err.msg : "written");
    check_text("too wide", "expected an image of at most 16384 x 16384 pixels, found 16385 x 1",
               eo_png_write_gray8(path, 16385, 1, &pixel, &err) ? err.msg : "written");
    check_text("too large", "expected an image of at most 16384 x 16384 pixels, found 1 x 16385",
               eo_png_write_gray8(path, 1, 16385, &pixel, &err) ? err.msg : "written");
    check_text("full disk", "cannot write: No space left on device",
               eo_png_write_gray8("/dev/full", 1, 1, &pixel, &err) ? err.msg : "written");
    unlink(path);
    rmdir(dir);
    return check_report("test_png");
}
