/*
 * PNG images, by libpng. The bytes that are written depend only on the pixels and on the versions of libpng and zlib:
 * no time and no text is stored.
 */
#ifndef EO_FORMAT_PNG_H
#define EO_FORMAT_PNG_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define EO_PNG_SIDE_MAX 16384 /* pixels along one side */

/*
 * Writes 8-bit grey values, row-major, 0 black, by eo_io_write() ("-": standard output). Sides in
 * 1..EO_PNG_SIDE_MAX. The message does not name the file.
 */
int eo_png_write_gray8(const char *path, uint32_t width, uint32_t height, const uint8_t *pixels,
                       struct eo_err *err) EO_MUST_CHECK;

/* The same for colours: `pixels` is [height, width, 3], red, green, blue. */
int eo_png_write_rgb8(const char *path, uint32_t width, uint32_t height, const uint8_t *pixels,
                      struct eo_err *err) EO_MUST_CHECK;

/*
 * The bytes of the PNG file of [height, width, channels] of 1 (grey) or 3 channels: *size of them in *png, which is
 * released with free(). NULL after a failure.
 */
int eo_png_encode(uint32_t width, uint32_t height, int channels, const uint8_t *pixels, void **png,
                  size_t *size, struct eo_err *err) EO_MUST_CHECK;

struct eo_png {
    uint32_t width, height; /* 1..EO_PNG_SIDE_MAX */
    uint32_t channels;      /* 1 grey, 3 red, green, blue */
    uint8_t *pixels;        /* [height, width, channels]; released with free() */
};

/*
 * Reads a PNG file. Palettes become colours, 16 bits become 8, and transparent pixels are laid over black. With `grey`,
 * colours become their luminance. The message does not name the file.
 */
int eo_png_read(struct eo_png *image, const char *path, int grey, struct eo_err *err) EO_MUST_CHECK;

#endif
