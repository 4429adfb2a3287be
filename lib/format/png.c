#include "format/png.h"

#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "base/io.h"
#include "format/foreign.h"

int eo_png_encode(uint32_t width, uint32_t height, int channels, const uint8_t *pixels, void **png,
                  size_t *size, struct eo_err *err)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = width,
                       .height = height,
                       .format = channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY};
    png_alloc_size_t bytes;
    int rc = -1;

    *png = NULL;
    if (width < 1 || height < 1 || width > EO_PNG_SIDE_MAX || height > EO_PNG_SIDE_MAX)
        return eo_err_set(err, "expected an image of at most %d x %d pixels, found %u x %u", EO_PNG_SIDE_MAX,
                          EO_PNG_SIDE_MAX, width, height);
    bytes = PNG_IMAGE_PNG_SIZE_MAX(image);
    *png = malloc(bytes);
    if (!*png) {
        eo_err_set(err, "out of memory: %zu bytes", (size_t)bytes);
        goto out;
    }
    if (!png_image_write_to_memory(&image, *png, &bytes, 0, pixels, 0, NULL)) {
        eo_err_set(err, "cannot compress the image: %s", image.message);
        goto out;
    }
    *size = bytes;
    rc = 0;
out:
    png_image_free(&image);
    if (rc) {
        free(*png);
        *png = NULL;
    }
    return rc;
}

static int write_image(const char *path, uint32_t width, uint32_t height, int channels, const uint8_t *pixels,
                       struct eo_err *err)
{
    void *png;
    size_t size = 0;
    int rc = eo_png_encode(width, height, channels, pixels, &png, &size, err);

    if (rc == 0)
        rc = eo_io_write(path, png, size, err);
    free(png);
    return rc;
}

int eo_png_write_gray8(const char *path, uint32_t width, uint32_t height, const uint8_t *pixels,
                       struct eo_err *err)
{
    return write_image(path, width, height, 1, pixels, err);
}

int eo_png_write_rgb8(const char *path, uint32_t width, uint32_t height, const uint8_t *pixels,
                      struct eo_err *err)
{
    return write_image(path, width, height, 3, pixels, err);
}

static int check_signature(const char *bytes, size_t size, struct eo_err *err)
{
    static const char signature[] = "\x89PNG\r\n\x1a\n";
    const char *foreign;

    if (size >= 8 && memcmp(bytes, signature, 8) == 0)
        return 0;
    foreign = eo_foreign_name(bytes, size);
    return eo_err_set(err, "expected a PNG image%s%s", foreign ? ", found " : ", found none",
                      foreign ? foreign
                              : ": it is damaged or of another format; save it again as PNG, or remove it");
}

/* libpng has read the header into `image`, so its size is known. */
static int read_pixels(struct eo_png *out, png_image *image, int grey, struct eo_err *err)
{
    static const png_color black = {0, 0, 0};
    size_t size;

    if (image->width > EO_PNG_SIDE_MAX || image->height > EO_PNG_SIDE_MAX)
        return eo_err_set(err, "expected at most %d x %d pixels, found %u x %u", EO_PNG_SIDE_MAX,
                          EO_PNG_SIDE_MAX, image->width, image->height);
    out->channels = grey || !(image->format & PNG_FORMAT_FLAG_COLOR) ? 1 : 3;
    image->format = out->channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
    out->width = image->width;
    out->height = image->height;
    size = (size_t)out->width * out->height * out->channels;
    out->pixels = malloc(size);
    if (!out->pixels)
        return eo_err_set(err, "out of memory: %zu bytes", size);
    if (!png_image_finish_read(image, &black, out->pixels, 0, NULL))
        return eo_err_set(err, "damaged PNG image: %s", image->message);
    return 0;
}

int eo_png_read(struct eo_png *out, const char *path, int grey, struct eo_err *err)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    char *bytes;
    size_t size;
    int rc;

    memset(out, 0, sizeof(*out));
    if (eo_io_read(path, EO_IO_MAX, &bytes, &size, err))
        return -1;
    rc = check_signature(bytes, size, err);
    if (!rc && !png_image_begin_read_from_memory(&image, bytes, size))
        rc = eo_err_set(err, "damaged PNG image: %s", image.message);
    if (!rc)
        rc = read_pixels(out, &image, grey, err);
    png_image_free(&image);
    free(bytes);
    if (rc) {
        free(out->pixels);
        out->pixels = NULL;
    }
    return rc;
}
