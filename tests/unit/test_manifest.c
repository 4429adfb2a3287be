/* eo_manifest: what is read, that each rule refuses with its message, and that writing and reading agree. */
#include "format/manifest.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/version.h"
#include "tests/unit/check.h"

#define FOUR(x) x x x x
#define A FOUR("aaaaaaaaaaaaaaaa")
#define B FOUR("bbbbbbbbbbbbbbbb")
#define C FOUR("cccccccccccccccc")
#define D FOUR("dddddddddddddddd")

#define SLICE                                                                                                \
    "{\"path\":\"config/train.yaml\",\"bytes\":3,\"sha256\":\"" A                                            \
    "\",\"stage\":\"train\",\"tool\":\"eo-train\","                                                          \
    "\"version\":null,\"slice_sha256\":null,\"dataset_sha256\":null,\"parents\":{}}"
#define BASE                                                                                                 \
    "{\"path\":\"models/base.safetensors\",\"bytes\":9007199254740992,\"sha256\":\"" B                       \
    "\",\"stage\":\"train\","                                                                                \
    "\"tool\":\"eo-train\",\"version\":\"0.1.0\",\"slice_sha256\":\"" A "\",\"dataset_sha256\":\"" C "\","   \
    "\"parents\":{\"config/train.yaml\":\"" A "\"}}"
#define LOG                                                                                                  \
    "{\"path\":\"log, 1.csv\",\"bytes\":0,\"sha256\":\"" D "\",\"stage\":\"plot\",\"tool\":\"sh\","          \
    "\"version\":null,\"slice_sha256\":null,\"dataset_sha256\":null,\"parents\":{\"models/"                  \
    "base.safetensors\":\"" B "\"}}"
#define MACHINE                                                                                              \
    "\"machine\":{\"verdict\":\"warn\",\"checks\":[{\"check\":\"turbo\",\"found\":\"on\",\"verdict\":"       \
    "\"warn\"}]},"
#define REPRODUCIBLE(files)                                                                                  \
    "{\"manifest\":1,\"reproducible\":{\"version\":\"0.1.0\",\"seeds\":[\"7\",\"18446744073709551615\"],"    \
    "\"dataset\":\"mnist\",\"train_images\":60000,\"train_sha256\":\"" C                                     \
    "\",\"test_images\":0,\"test_sha256\":null,"                                                             \
    "\"files\":[" files "]},"
#define HOST(machine, files)                                                                                 \
    "\"host\":{\"cpu\":\"a "                                                                                 \
    "\\\"cpu\\\"\",\"isa\":\"avx2\",\"processors\":2,\"kernel\":null,\"compiler\":\"gcc\","                  \
    "\"build\":\"gcc -O3\",\"revision\":null,\"modified\":false,\"plotter\":null," machine                   \
    "\"files\":[" files "]}}"

static const char whole[] = REPRODUCIBLE(SLICE "," BASE) HOST(MACHINE, LOG);

/* Parses a copy that ends where the text ends, so that a sanitizer sees a read behind it. */
static int parse(struct eo_manifest *m, const char *text, size_t size, struct eo_err *err)
{
    char *copy = malloc(size ? size : 1);
    int rc;

    if (!copy)
        abort();
    memcpy(copy, text, size);
    rc = eo_manifest_parse(m, copy, size, err);
    free(copy);
    return rc;
}

/* The text with `with` in place of the first `what`. Release with free(). */
static char *edited(const char *text, const char *what, const char *with)
{
    const char *at = strstr(text, what);
    char *out = malloc(strlen(text) + strlen(with) + 1);

    if (!at || !out) {
        printf("'%s' is not in the text\n", what);
        abort();
    }
    memcpy(out, text, (size_t)(at - text));
    strcpy(out + (at - text), with);
    strcat(out, at + strlen(what));
    return out;
}

/* The message behind "byte offset N: "; N is where the reader was. */
static const char *without_offset(const char *message, size_t *offset)
{
    int n = 0;

    *offset = 0;
    return sscanf(message, "byte offset %zu: %n", offset, &n) == 1 && n ? message + n : message;
}

static void test_read(void)
{
    struct eo_manifest m;
    struct eo_err err = {""};

    if (!check_that(parse(&m, whole, strlen(whole), &err) == 0, "the whole manifest: %s", err.msg))
        return;
    check_text("version", "0.1.0", m.version);
    check_that(m.seed_count == 2 && m.seeds[0] == 7 && m.seeds[1] == UINT64_MAX, "seeds");
    check_that(strcmp(m.dataset, "mnist") == 0 && m.train.images == 60000 && m.test.images == 0, "data set");
    check_that(strcmp(m.train.sha256, C) == 0 && m.test.sha256[0] == '\0', "checksums of the data set");
    check_text("cpu", "a \"cpu\"", m.host.cpu);
    check_that(m.host.processors == 2 && !m.host.is_modified && !m.host.kernel && !m.host.plotter, "host");
    check_that(m.host.machine.check_count == 1, "checks of the machine");
    check_text("a check", "turbo", m.host.machine.checks[0].name);
    check_that(m.file_count == 3 && !m.files[0].is_host && !m.files[1].is_host && m.files[2].is_host,
               "files");
    check_that(m.files[0].parent_count == 0 && m.files[1].parent_count == 1 && m.files[2].parent_count == 1,
               "parents");
    check_text("parent of the model", "config/train.yaml", m.files[1].parents[0].path);
    check_text("parent of the log", "models/base.safetensors", m.files[2].parents[0].path);
    check_that(m.files[1].bytes == (uint64_t)1 << 53, "2^53 bytes");
    eo_manifest_release(&m);
    eo_manifest_release(&m);
}

/* Each with what is replaced, and by what. */
static const struct edit {
    const char *what, *with, *message; /* NULL: accepted */
} edits[] = {
    {"\"manifest\":1", "\"manifest\":1", NULL},
    {"\"dataset\":\"mnist\"", "\"dataset\":null", NULL},
    {"\"isa\":\"avx2\"", "\"isa\":null", NULL},
    {"\"modified\":false", "\"modified\":true", NULL},
    {"[\"7\",\"18446744073709551615\"]", "[]", NULL},
    {MACHINE, "", NULL},
    {"[{\"check\":\"turbo\",\"found\":\"on\",\"verdict\":\"warn\"}]", "[]", NULL},
    {"\"manifest\":1", "\"manifest\":0", "key 'manifest': expected 1, found 0"},
    {"\"manifest\":1", "\"manifest\":2",
     "key 'manifest': expected 1, found 2: the file is of a newer edge-opt than this one, " EO_VERSION
     "; read it with that"},
    {"\"manifest\":1", "\"manifest\":1.0", "key 'manifest': expected an integer in 0..9007199254740992"},
    {"\"manifest\":1", "\"manifest\":\"1\"", "key 'manifest': expected an integer in 0..9007199254740992"},
    {"9007199254740992", "9007199254740993", "key 'bytes': expected an integer in 0..9007199254740992"},
    {"\"bytes\":3", "\"bytes\":-3", "key 'bytes': expected an integer in 0..9007199254740992"},
    {"\"processors\":2", "\"processors\":2147483648",
     "key 'processors': expected an integer in 0..2147483647"},
    {"\"modified\":false", "\"modified\":null", "key 'modified': expected true or false"},
    {"\"modified\":false", "\"modified\":0", "key 'modified': expected true or false"},
    {"\"version\":\"0.1.0\"", "\"version\":null", "key 'version': expected a string"},
    {"\"version\":null", "\"version\":1", "key 'version': expected a string or null"},
    {"\"cpu\":", "\"CPU\":", "expected key 'cpu', found 'CPU'"},
    {"\"plotter\":null," MACHINE "\"files\":[" LOG "]", "\"plotter\":null",
     "expected key 'files', found the end of the object"},
    {MACHINE "\"files\":[" LOG "]", "\"file\":[]", "expected key 'machine' or 'files', found 'file'"},
    {"}]},"
     "\"files\":[" LOG "]",
     "}]}", "expected key 'files', found the end of the object"},
    {"\"files\":[" LOG "]}", "\"files\":[" LOG "],\"more\":1}",
     "expected the end of the object, found 'more'"},
    {"\"parents\":{}}", "\"parents\":{},\"more\":1}", "expected the end of the object, found 'more'"},
    {"\"verdict\":\"warn\"}]", "\"verdict\":\"warn\",\"more\":1}]",
     "expected the end of the object, found 'more'"},
    {"}]},"
     "\"files\":[" LOG,
     "}],\"more\":1},"
     "\"files\":[" LOG,
     "expected the end of the object, found 'more'"},
    {"\"host\":", "\"more\":1,\"host\":", "expected key 'host', found 'more'"},
    {"\"sha256\":\"" A "\"", "\"sha256\":\"aa\"", "expected 64 hexadecimal digits, found 'aa'"},
    {"\"train_sha256\":\"" C, "\"train_sha256\":\"" A "A", "expected 64 hexadecimal digits, found '" A "A'"},
    {"\"sha256\":\"" D, "\"sha256\":\"" FOUR("DDDDDDDDDDDDDDDD"),
     "expected 64 hexadecimal digits, found '" FOUR("DDDDDDDDDDDDDDDD") "'"},
    {"\"config/train.yaml\":\"" A "\"", "\"config/train.yaml\":\"\"",
     "expected 64 hexadecimal digits, found ''"},
    {"\"config/train.yaml\":\"" A "\"", "\"config/train.yaml\":null",
     "key 'config/train.yaml': expected a string"},
    {"\"7\"", "7", "key 'seeds': expected a string"},
    {"\"7\"", "\"-7\"", "expected a seed, found '-7'"},
    {"\"path\":\"config/train.yaml\"", "\"path\":\"../train.yaml\"",
     "'../train.yaml': expected a path inside the manifest's folder"},
    {"\"path\":\"log, 1.csv\"", "\"path\":\"config/train.yaml\"", "'config/train.yaml' is listed twice"},
    {"{\"config/train.yaml\":", "{\"config/prune.yaml\":",
     "'models/base.safetensors': its parent 'config/prune.yaml' is not listed"},
    {"{\"config/train.yaml\":\"" A "\"}", "{\"models/base.safetensors\":\"" B "\"}",
     "'models/base.safetensors' is its own parent"},
    {"{\"config/train.yaml\":\"" A "\"}", "{\"config/train.yaml\":\"" A "\",\"config/train.yaml\":\"" A "\"}",
     "'models/base.safetensors': its parent 'config/train.yaml' is listed twice"},
    {"{\"models/base.safetensors\":\"" B, "{\"models/base.safetensors\":\"" D,
     "'log, 1.csv': its parent 'models/base.safetensors' had sha256 " D ", but is listed with " B},
    {"\"parents\":{}", "\"parents\":{\"log, 1.csv\":\"" D "\"}",
     "'config/train.yaml' is listed as reproducible, but its parent 'log, 1.csv' is not"},
    {"\"train_sha256\":\"" C "\"", "\"train_sha256\":null",
     "'models/base.safetensors' was made from the data set with sha256 " C ", but the manifest names none"},
    {"\"train_sha256\":\"" C "\"", "\"train_sha256\":\"" D "\"",
     "'models/base.safetensors' was made from the data set with sha256 " C ", but the manifest names " D},
    {"\"slice_sha256\":\"" A "\"", "\"slice_sha256\":\"" D "\"",
     "'models/base.safetensors': expected its slice, sha256 " D ", among its parents"},
    {"{\"manifest\"", "[\"manifest\"", "the manifest is not valid JSON: expected an object"},
    {"\"seeds\":[\"7\",\"18446744073709551615\"]", "\"seeds\":\"7\"",
     "the manifest is not valid JSON: expected a list"},
    {"\"files\":[" LOG "]}}", "\"files\":[" LOG "]}} x",
     "the manifest is not valid JSON: something follows its end"},
};

/* An offset in the message lies in what was replaced, or is the byte behind it. */
static void test_rules(void)
{
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        const struct edit *e = &edits[i];
        char *text = edited(whole, e->what, e->with);
        size_t begin = (size_t)(strstr(whole, e->what) - whole), offset;
        struct eo_err err = {"accepted"};
        struct eo_manifest m;
        int rc = parse(&m, text, strlen(text), &err);
        const char *message = without_offset(rc ? err.msg : "accepted", &offset);

        check_text(e->with, e->message ? e->message : "accepted", message);
        check_that(offset == 0 || (begin <= offset && offset <= begin + strlen(e->with) + 1),
                   "%s: offset %zu is not in %zu..%zu", e->with, offset, begin, begin + strlen(e->with) + 1);
        eo_manifest_release(&m);
        free(text);
    }
}

/* No text that is cut off or has a control character in any place is a manifest. */
static void test_every_byte(void)
{
    size_t size = strlen(whole), at, accepted = 0, silent = 0;

    for (at = 0; at < size; at++) {
        for (int cut = 0; cut < 2; cut++) {
            char text[sizeof(whole)];
            struct eo_err err = {""};
            struct eo_manifest m;

            memcpy(text, whole, sizeof(whole));
            text[at] = '\x01';
            accepted += parse(&m, text, cut ? at : size, &err) == 0;
            silent += !err.msg[0] || m.files || m.parents || m.text;
        }
    }
    check_that(accepted == 0, "%zu damaged manifests were accepted", accepted);
    check_that(silent == 0, "%zu damaged manifests were refused without a message, or left something",
               silent);
}

/* Each key in turn has another name. Names of parents and those that stand in a choice have messages of their own. */
static void test_every_key(void)
{
    int keys = 0, wrong = 0;

    for (const char *colon = strstr(whole, "\":"); colon; colon = strstr(colon + 1, "\":")) {
        struct eo_buf text = {0}, expected = {0};
        const char *name = colon;
        struct eo_err err = {""};
        struct eo_manifest m;
        size_t offset;
        int size;

        while (name[-1] != '"')
            name--;
        size = (int)(colon - name);
        if (memchr(name, '.', (size_t)size) || strncmp(name, "machine", (size_t)size) == 0)
            continue;
        keys++;
        eo_buf_printf(&text, "%.*s!%s", (int)(name - whole), whole, name);
        eo_buf_printf(&expected, "expected key '%.*s', found '!%.*s'", size, name, size, name);
        if (parse(&m, text.data, text.len, &err) == 0 ||
            strcmp(without_offset(err.msg, &offset), expected.data) != 0) {
            printf("%s: %s\n", expected.data, err.msg);
            wrong++;
        }
        eo_buf_release(&text);
        eo_buf_release(&expected);
    }
    check_that(keys == 53 && wrong == 0, "%d of %d keys", wrong, keys);
}

/* `count` times `one` with commas between, in place of `what`. */
static char *repeated(const char *what, const char *one, size_t count)
{
    struct eo_buf list = {0};
    char *text;

    for (size_t i = 0; i < count; i++)
        eo_buf_printf(&list, "%s%s", i ? "," : "", one);
    text = edited(whole, what, list.data);
    eo_buf_release(&list);
    return text;
}

static void test_limits(void)
{
    static const char check[] = "{\"check\":\"turbo\",\"found\":\"on\",\"verdict\":\"warn\"}";
    static const char seeds[] = "\"7\",\"18446744073709551615\"";
    char name[600], more_name[EO_CONFIG_TEXT_MAX + 16], message[120];
    const struct {
        const char *what, *one, *message;
        size_t count;
    } cases[] = {
        {check, check, "accepted", EO_MANIFEST_CHECKS},
        {check, check, "expected at most 64 checks", EO_MANIFEST_CHECKS + 1},
        {seeds, "\"7\"", "accepted", EO_CONFIG_LIST_MAX},
        {seeds, "\"7\"", message, EO_CONFIG_LIST_MAX + 1},
    };

    snprintf(message, sizeof(message), "expected at most %d seeds", EO_CONFIG_LIST_MAX);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text = repeated(cases[i].what, cases[i].one, cases[i].count);
        struct eo_err err = {"accepted"};
        struct eo_manifest m;
        size_t offset;
        int rc = parse(&m, text, strlen(text), &err);

        check_text("a list at its limit", cases[i].message,
                   without_offset(rc ? err.msg : "accepted", &offset));
        eo_manifest_release(&m);
        free(text);
    }
    for (size_t size = EO_CONFIG_TEXT_MAX - 1; size <= EO_CONFIG_TEXT_MAX; size++) {
        struct eo_err err = {"accepted"};
        struct eo_manifest m;
        char *text;
        int rc;

        snprintf(more_name, sizeof(more_name), "\"%0*d\"", (int)size, 0);
        text = edited(whole, "\"mnist\"", more_name);
        rc = parse(&m, text, strlen(text), &err);
        check_that((rc == 0) == (size < EO_CONFIG_TEXT_MAX), "a name of %zu bytes: %s", size, err.msg);
        eo_manifest_release(&m);
        free(text);
    }
    for (int size = EO_MANIFEST_PATH_MAX - 1; size <= EO_MANIFEST_PATH_MAX; size++) {
        snprintf(name, sizeof(name), "%0*d", size, 0);
        check_that(eo_manifest_path_is_good(name) == (size < EO_MANIFEST_PATH_MAX), "a path of %d bytes",
                   size);
    }
}

static void test_paths(void)
{
    static const struct {
        const char *path;
        int good;
    } cases[] = {{"a", 1},   {"a/b", 1},   {"..a/b..", 1}, {".a", 1},   {"a b", 1},  {"\xc3\xa9", 1},
                 {"", 0},    {"/a", 0},    {"a/", 0},      {"a//b", 0}, {".", 0},    {"..", 0},
                 {"./a", 0}, {"a/./b", 0}, {"a/..", 0},    {"../a", 0}, {"a\nb", 0}, {"a\x7f", 0}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_that(eo_manifest_path_is_good(cases[i].path) == cases[i].good, "path '%s'", cases[i].path);
}

/* More files and parents than the reader's first arrays hold; each has the one before it as its parent. */
static void test_many(void)
{
    struct eo_manifest m = {.version = "0.1.0"}, again;
    struct eo_manifest_parent parents[300];
    struct eo_manifest_file files[300];
    char names[300][16];
    struct eo_buf first = {0}, second = {0};
    struct eo_err err = {""};
    size_t wrong = 0;

    for (size_t i = 0; i < 300; i++) {
        snprintf(names[i], sizeof(names[i]), "f%zu", 999 - i);
        files[i] =
            (struct eo_manifest_file){.path = names[i], .bytes = i, .stage = "s", .tool = "t", .sha256 = B};
        files[i].is_host = i >= 200;
        parents[i] = (struct eo_manifest_parent){.path = names[i ? i - 1 : 0], .sha256 = B};
        files[i].parents = &parents[i];
        files[i].parent_count = i > 0;
    }
    m.files = files;
    m.file_count = 300;
    eo_manifest_put(&m, &first);
    if (!check_that(parse(&again, first.data, first.len, &err) == 0, "300 files: %s", err.msg))
        return;
    for (size_t i = 0; i < 300; i++)
        wrong +=
            again.files[i].bytes != i || (i && strcmp(again.files[i].parents[0].path, names[i - 1]) != 0);
    check_that(again.file_count == 300 && wrong == 0, "%zu of %zu files", wrong, again.file_count);
    eo_manifest_put(&again, &second);
    check_that(first.len == second.len && memcmp(first.data, second.data, first.len) == 0,
               "300 files written again");
    eo_manifest_release(&again);
    eo_buf_release(&first);
    eo_buf_release(&second);
}

/* Read, written, read, written: the second text is the first. With and without what may be absent. */
static void test_round_trip(void)
{
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]) && !edits[i].message; i++) {
        char *text = edited(whole, edits[i].what, edits[i].with);
        struct eo_buf first = {0}, second = {0};
        struct eo_manifest m, again;

        if (check_that(parse(&m, text, strlen(text), NULL) == 0, "%s: refused", edits[i].with)) {
            eo_manifest_put(&m, &first);
            if (check_that(parse(&again, first.data, first.len, NULL) == 0, "%s: as written",
                           edits[i].with)) {
                eo_manifest_put(&again, &second);
                check_text(edits[i].with, first.data, second.data);
                eo_manifest_release(&again);
            }
            eo_manifest_release(&m);
        }
        eo_buf_release(&first);
        eo_buf_release(&second);
        free(text);
    }
}

static void test_list(void)
{
    struct eo_buf out = {0};
    struct eo_manifest m;

    if (!check_that(parse(&m, whole, strlen(whole), NULL) == 0, "the list: refused"))
        return;
    eo_manifest_put_list(&m, &out);
    check_text("list",
               "path,bytes,sha256,stage,tool,version,reproducible,slice_sha256,dataset_sha256,parents\n"
               "config/train.yaml,3," A ",train,eo-train,,yes,,,0\n"
               "models/base.safetensors,9007199254740992," B ",train,eo-train,0.1.0,yes," A "," C ",1\n"
               "\"log, 1.csv\",0," D ",plot,sh,,no,,,1\n",
               out.data);
    eo_manifest_release(&m);
    eo_buf_release(&out);
}

static void test_files(void)
{
    char path[] = "/tmp/test_manifest.XXXXXX";
    int fd = mkstemp(path);
    struct eo_err err = {""};
    struct eo_manifest m;

    if (fd < 0 || write(fd, whole, strlen(whole)) != (ssize_t)strlen(whole) || close(fd))
        abort();
    check_that(eo_manifest_load(&m, path, &err) == 0 && m.file_count == 3, "load: %s", err.msg);
    eo_manifest_release(&m);
    unlink(path);
    check_that(eo_manifest_load(&m, path, &err) == -1 && !m.text, "a file that is not there was loaded");
    check_that(eo_manifest_parse(&m, whole, EO_MANIFEST_MAX + 1, &err) == -1, "a text of more than 64 MiB");
    check_text("a text of more than 64 MiB", "expected at most 67108864 bytes, found 67108865", err.msg);
}

int main(void)
{
    test_read();
    test_rules();
    test_every_byte();
    test_every_key();
    test_limits();
    test_paths();
    test_many();
    test_round_trip();
    test_list();
    test_files();
    return check_report("test_manifest");
}
