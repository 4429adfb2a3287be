/* Other people's names of the tensors, and files of other formats. */
#include "nn/state_dict.h"

#include <string.h>

#include "format/foreign.h"
#include "nn/model.h"
#include "tests/unit/check.h"

/* What reading a model says, whose tensor names begin with `prefix` and whose `from` is called `to`. */
static const char *read_as(const char *prefix, const char *from, const char *to)
{
    static struct eo_err err;
    static char names[EO_ST_MAX_TENSORS][100];
    struct eo_buf plain = {0}, renamed = {0};
    struct eo_model m, back;
    struct eo_st st;
    int rc;

    strcpy(err.msg, "read");
    rc = eo_model_init(&m, EO_FP32, (struct eo_shape){1, 2}, &err) || eo_model_serialize(&m, &plain, &err) ||
         eo_st_parse(&st, plain.data, plain.len, &err);
    eo_model_release(&m);
    for (size_t i = 0; !rc && i < st.tensor_count; i++) {
        const char *name = st.tensors[i].name;

        if (strncmp(name, from, strlen(from)) == 0)
            snprintf(names[i], sizeof(names[i]), "%s%s%s", prefix, to, name + strlen(from));
        else
            snprintf(names[i], sizeof(names[i]), "%s%s", prefix, name);
        st.tensors[i].name = names[i];
    }
    rc = rc || eo_st_serialize(&st, &renamed, &err) || eo_model_parse(&back, renamed.data, renamed.len, &err);
    if (!rc)
        eo_model_release(&back);
    eo_st_release(&st);
    eo_buf_release(&plain);
    eo_buf_release(&renamed);
    return rc ? err.msg : "read";
}

static void test_names(void)
{
    check_text("module.", "read", read_as("module.", "x", "x"));
    check_text("_orig_mod.module.", "read", read_as("_orig_mod.module.", "x", "x"));
    check_text("fc", "read", read_as("", "classifier.", "fc."));
    check_text("model. and fc", "read", read_as("model.", "classifier.", "fc."));
    check_text("another name", "tensor 'classifier.weight': missing",
               read_as("model.", "classifier.", "head."));
    check_text("backbone.", "read", read_as("backbone.", "x", "x"));
    check_text("no conv1", "tensor 'conv1.weight': missing", read_as("net.", "conv1.", "features."));
    check_text("a prefix of one layer alone", "tensor 'conv1.weight': missing",
               read_as("", "conv1.", "net.conv1."));
    check_that(eo_state_dict_is_batch_norm("bn1.num_batches_tracked") &&
                   eo_state_dict_is_batch_norm("bn1.running_mean") &&
                   eo_state_dict_is_batch_norm("bn1.running_var") &&
                   !eo_state_dict_is_batch_norm("conv1.bias"),
               "batch normalisation");
}

static void test_foreign(void)
{
    static const struct {
        const char *bytes, *expected;
        size_t size;
    } cases[] = {
#define CASE(bytes, expected) {bytes, "expected a safetensors file, found " expected, sizeof(bytes) - 1}
        CASE("PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0m/data.pklFB",
             "a PyTorch file (.pt, .pth); save the state_dict with safetensors.torch.save_file()"),
        CASE("PK\3\4\0\0\0\0\0\0\0\0", "a zip archive; unpack it"),
        CASE("\x1f\x8b\x08\0\0\0\0\0\0\0", "gzip data; unpack it with gunzip"),
        CASE("\x80\2\x8a\nl\xfc\x9c\x46\xf9\x20", "a Python pickle, as older versions of torch.save() write; "
                                                  "save with safetensors.torch.save_file()"),
        CASE("version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
             "a pointer of Git LFS; 'git lfs pull' gets the file itself"),
        CASE("\n<!DOCTYPE html>\n<html>", "a web page; download the file itself"),
        CASE("\x08\x08\x12\x07pytorch\x1a\x05"
             "2.0.0:",
             "an ONNX model; eo-import reads it"),
        CASE("\x08\x07\x1a\x05"
             "1.0.0\x3a\x00\x00\x00\x00\x00\x00\x00",
             "an ONNX model; eo-import reads it"),
        CASE("\x08\x07\x3a\x80\x01\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
             "an ONNX model; eo-import reads it"),
        CASE("these are my weights: 1 2 3\n", "text"),
#undef CASE
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct eo_err err = {"read"};
        struct eo_model m;

        check_that(eo_model_parse(&m, cases[i].bytes, cases[i].size, &err) == -1, "case %zu was read", i);
        check_text("foreign", cases[i].expected, err.msg);
    }
    check_that(!eo_foreign_name("\x08\0\x12\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18) &&
                   !eo_foreign_name("\x08\x20\x12\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18) &&
                   !eo_foreign_name("\x08\7\x22\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18),
               "what begins almost like ONNX has a foreign name");
    check_that(!eo_foreign_name("\0\0\x08\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18), "IDX has a foreign name");
}

int main(void)
{
    test_names();
    test_foreign();
    return check_report("test_state_dict");
}
