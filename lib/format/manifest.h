/*
 * manifest.json: every file of an experiment with its checksum and where it came from.
 *
 *     {
 *       "manifest": 1,
 *       "reproducible": {              the same bytes on every machine, from equal inputs and one version:
 *         "version": "0.1.0",          of the programs
 *         "seeds": ["7"],              as text: JSON readers round large numbers
 *         "dataset": "mnist", "train_images": 60000, "train_sha256": "...", "test_images": ..., "test_sha256": ...,
 *         "files": [{"path": "models/p0.50.safetensors", "bytes": 36776, "sha256": "...", "stage": "prune",
 *                    "tool": "eo-prune", "version": "0.1.0",
 *                    "slice_sha256": "...",     config/<stage>.yaml that it was made from, or null
 *                    "dataset_sha256": "...",   training images and labels, as in a model's metadata, or null
 *                    "parents": {"models/base.safetensors": "<its sha256>", ...}}, ...]
 *       },
 *       "host": {                      what may differ between two machines, and the files that depend on it:
 *         "cpu", "isa", "processors", "kernel", "compiler", "build", "revision", "modified", "plotter",
 *         "machine": {               whether it was fit for timing (stage/bench/doctor.h); left out when unchecked
 *           "verdict": "warn",
 *           "checks": [{"check": "governor", "found": "powersave", "verdict": "warn"}, ...]    only the ones not good
 *         },
 *         "files": [...]               as above
 *       }
 *     }
 *
 * Paths are relative to the folder of the manifest.
 */
#ifndef EO_FORMAT_MANIFEST_H
#define EO_FORMAT_MANIFEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "format/config.h"

#define EO_MANIFEST_FORMAT 1               /* the value of "manifest" */
#define EO_MANIFEST_MAX ((size_t)64 << 20) /* bytes */
#define EO_MANIFEST_PATH_MAX 512           /* bytes of a file's path, its NUL included */

struct eo_manifest_parent {
    const char *path;
    char sha256[EO_SHA256_TEXT];
};

struct eo_manifest_file {
    const char *path;
    uint64_t bytes;
    char sha256[EO_SHA256_TEXT];
    const char *stage, *tool, *version;
    char slice_sha256[EO_SHA256_TEXT], dataset_sha256[EO_SHA256_TEXT]; /* "": none */
    int is_host;                                                       /* its bytes depend on the machine */
    const struct eo_manifest_parent *parents;
    size_t parent_count;
};

#define EO_MANIFEST_CHECKS 64

/* Whether the machine was fit for timing. */
struct eo_manifest_machine {
    const char *verdict; /* NULL: it was not checked, and `checks` is empty */
    struct eo_manifest_check {
        const char *name, *found, *verdict;
    } checks[EO_MANIFEST_CHECKS];
    size_t check_count;
};

/* Texts are NULL where unknown. */
struct eo_manifest_host {
    const char *cpu, *isa;
    int processors;
    const char *kernel;   /* of the operating system, "Linux 6.1.0 x86_64" */
    const char *compiler; /* name and version */
    const char *build;    /* its command line with all flags */
    const char *revision; /* of the sources, where they are a checkout */
    int is_modified;      /* the checkout had changes that were not committed */
    const char *plotter;  /* name and version of what drew the plots */
    struct eo_manifest_machine machine;
};

struct eo_manifest_part {
    uint64_t images;
    char sha256[EO_SHA256_TEXT];
};

/* Texts are borrowed when the caller filled the struct, and point into `text` when it was read. */
struct eo_manifest {
    const char *version;
    uint64_t seeds[EO_CONFIG_LIST_MAX]; /* the first one, then the others in rising order */
    size_t seed_count;
    char dataset[EO_CONFIG_TEXT_MAX]; /* its name; "": unknown */
    struct eo_manifest_part train, test;
    struct eo_manifest_host host;
    struct eo_manifest_file *files; /* owned; first those that are reproducible, then the host's */
    size_t file_count;
    struct eo_manifest_parent *parents; /* owned: those of all files, file after file */
    char *text;                         /* owned: the file that was read, into which texts point */
};

/*
 * Whether a path stays inside the folder and can be printed: relative, of parts that are neither empty nor "." nor
 * "..", without control characters, at most EO_MANIFEST_PATH_MAX - 1 bytes.
 */
int eo_manifest_path_is_good(const char *path);

/*
 * Checks what holds for every manifest, after reading and before writing: paths are good, and none stands twice; each
 * parent is another file of the manifest with the same checksum, and reproducible if its child is; a file's slice is
 * one of its parents, and its data set is that of the manifest.
 */
int eo_manifest_check(const struct eo_manifest *m, struct eo_err *err) EO_MUST_CHECK;

/*
 * Reads and checks. The JSON text must have exactly the keys above in this order; checksums are 64 lower-case
 * hexadecimal digits. Release with eo_manifest_release(), which is harmless on a zeroed struct and after a failure.
 */
int eo_manifest_load(struct eo_manifest *m, const char *path, struct eo_err *err) EO_MUST_CHECK;
int eo_manifest_parse(struct eo_manifest *m, const char *text, size_t size, struct eo_err *err) EO_MUST_CHECK;
void eo_manifest_release(struct eo_manifest *m);

/* Appends the JSON text. Reading it gives the same manifest; writing that again, the same bytes. */
void eo_manifest_put(const struct eo_manifest *m, struct eo_buf *out);

/* Appends CSV: path,bytes,sha256,stage,tool,version,reproducible,slice_sha256,dataset_sha256,parents (their number). */
void eo_manifest_put_list(const struct eo_manifest *m, struct eo_buf *out);

#endif
