#include "format/foreign.h"

#include <string.h>
#include <strings.h>

#define TEXT_LEAST 16 /* fewer printable bytes may be chance */
#define BYTES(text) text, sizeof(text) - 1

static const struct {
    const char *bytes;
    size_t size, at;
    const char *name;
} kinds[] = {
    {BYTES("PK\3\4"), 0, "a zip archive; unpack it"},
    {BYTES("\x1f\x8b"), 0, "gzip data; unpack it with gunzip"},
    {BYTES("\x80\2"), 0,
     "a Python pickle, as older versions of torch.save() write; save with safetensors.torch.save_file()"},
    {BYTES("\x89HDF"), 0, "an HDF5 file, as Keras writes"},
    {BYTES("TFL3"), 4, "a TensorFlow Lite model"},
    {BYTES("GGUF"), 0, "a GGUF model"},
    {BYTES("\x93NUMPY"), 0, "a NumPy array"},
    {BYTES("version https://git-lfs"), 0, "a pointer of Git LFS; 'git lfs pull' gets the file itself"},
    {BYTES("\x89PNG"), 0, "a PNG image"},
};

static int contains(const unsigned char *p, size_t n, const char *what)
{
    size_t length = strlen(what);

    for (size_t i = 0; i + length <= n; i++) {
        if (memcmp(p + i, what, length) == 0)
            return 1;
    }
    return 0;
}

static int is_page(const char *p, size_t n)
{
    while (n && strchr(" \t\r\n", *p)) {
        p++;
        n--;
    }
    return (n >= 9 && strncasecmp(p, "<!doctype", 9) == 0) || (n >= 5 && strncasecmp(p, "<html", 5) == 0);
}

static int is_text(const unsigned char *p, size_t n)
{
    size_t look = n < 64 ? n : 64, i;

    for (i = 0; i < look && ((p[i] >= 0x20 && p[i] < 0x7f) || strchr("\t\r\n", p[i])) && p[i]; i++)
        continue;
    return i == look && look >= TEXT_LEAST;
}

/* First field 1, the version of the format; then field 2, 3 or 7: the producer's name or version, or the graph. */
int eo_foreign_is_onnx(const void *bytes, size_t n)
{
    const unsigned char *p = bytes;

    return n > 16 && p[0] == 0x08 && p[1] > 0 && p[1] < 32 && (p[2] == 0x12 || p[2] == 0x1a || p[2] == 0x3a);
}

const char *eo_foreign_name(const void *bytes, size_t size)
{
    const unsigned char *p = bytes;

    if (size >= 4 && memcmp(p, "PK\3\4", 4) == 0 && contains(p, size < 256 ? size : 256, "data.pkl"))
        return "a PyTorch file (.pt, .pth); save the state_dict with safetensors.torch.save_file()";
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (size >= kinds[i].at + kinds[i].size &&
            memcmp(p + kinds[i].at, kinds[i].bytes, kinds[i].size) == 0)
            return kinds[i].name;
    }
    if (is_page(bytes, size))
        return "a web page; download the file itself";
    if (eo_foreign_is_onnx(p, size))
        return "an ONNX model; eo-import reads it";
    return is_text(p, size) ? "text" : NULL;
}
