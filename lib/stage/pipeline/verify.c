#include "stage/pipeline/verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"

static int check_file(const struct eo_manifest_file *f, const char *folder, struct eo_err *err)
{
    char sha256[EO_SHA256_TEXT], *data;
    size_t size;

    if (eo_io_read_below(folder, f->path, EO_IO_MAX, &data, &size, err))
        return -1;
    eo_hash_sha256(data, size, sha256);
    free(data);
    if (strcmp(sha256, f->sha256) != 0)
        return eo_err_set(err, "expected sha256 %s, found %s", f->sha256, sha256);
    if (size != f->bytes)
        return eo_err_set(err, "expected %" PRIu64 " bytes, found %zu", f->bytes, size);
    return 0;
}

int eo_verify_all(const struct eo_manifest *m, const char *folder, struct eo_err *err)
{
    struct eo_err cause;
    size_t i;

    for (i = 0; i < m->file_count; i++) {
        const struct eo_manifest_file *f = &m->files[i];

        if (check_file(f, folder, &cause))
            return eo_err_set(err, "%s%s: %s (stage %s)", folder, f->path, cause.msg, f->stage);
    }
    return 0;
}
