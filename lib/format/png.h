/*
 * Writing PNG images, by libpng. Equal pixels give equal bytes with one version of libpng and zlib: no time,
 * no text.
 */
#ifndef EO_FORMAT_PNG_H
#define EO_FORMAT_PNG_H

#include <stdint.h>

#include "base/err.h"

#define EO_PNG_SIDE_MAX 16384 /* pixels along one side */

/*
 * Writes 8-bit grey values, row-major, 0 black, by eo_io_write() ("-": standard output). Sides in
 * 1..EO_PNG_SIDE_MAX. The message does not name the file.
 */
int eo_png_write_gray8(const char *path, uint32_t width, uint32_t height, const uint8_t *pixels,
                       struct eo_err *err) EO_MUST_CHECK;

#endif
