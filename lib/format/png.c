#include "format/png.h"

#include <stdlib.h>

#include <png.h>

#include "base/io.h"

int eo_png_write_gray8(const char *path, uint32_t width, uint32_t height, const uint8_t *pixels,
                       struct eo_err *err)
{
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = width, .height = height, .format = PNG_FORMAT_GRAY};
    png_alloc_size_t size;
    void *bytes = NULL;
    int rc = -1;

    if (width < 1 || height < 1 || width > EO_PNG_SIDE_MAX || height > EO_PNG_SIDE_MAX)
        return eo_err_set(err, "expected an image of at most %d x %d pixels, found %u x %u", EO_PNG_SIDE_MAX,
                          EO_PNG_SIDE_MAX, width, height);
    size = PNG_IMAGE_PNG_SIZE_MAX(image);
    bytes = malloc(size);
    if (!bytes) {
        eo_err_set(err, "out of memory: %zu bytes", (size_t)size);
        goto out;
    }
    if (!png_image_write_to_memory(&image, bytes, &size, 0, pixels, 0, NULL)) {
        eo_err_set(err, "cannot compress the image: %s", image.message);
        goto out;
    }
    rc = eo_io_write(path, bytes, size, err);
out:
    png_image_free(&image);
    free(bytes);
    return rc;
}
