/* eo_input: what the network is fed, and the metadata that say so. */
#include "nn/input.h"

#include <string.h>

#include "nn/half.h"
#include "tests/unit/check.h"

static void set(struct eo_model *m, const char *mean, const char *std)
{
    struct eo_err err = {""};

    check_that(eo_model_meta_set(m, "input_mean", mean, &err) == 0 &&
                   eo_model_meta_set(m, "input_std", std, &err) == 0,
               "metadata: %s", err.msg);
}

static void test_table(void)
{
    /* float32 of NumPy: (p / 255 - mean) / std, as ToTensor and Normalize compute */
    static const struct {
        const char *mean, *std;
        int p;
        float x;
    } cases[] = {
        {"0.1307", "0.3081", 0, -0x1.b264e20000000p-2f},
        {"0.1307", "0.3081", 1, -0x1.a55c400000000p-2f},
        {"0.1307", "0.3081", 77, 0x1.1c99d20000000p-1f},
        {"0.1307", "0.3081", 128, 0x1.347af40000000p+0f},
        {"0.1307", "0.3081", 255, 0x1.69267a0000000p+1f},
        {"0", "1", 0, 0x0.0p+0f},
        {"0", "1", 1, 0x1.0101020000000p-8f},
        {"0", "1", 77, 0x1.3535360000000p-2f},
        {"0", "1", 128, 0x1.0101020000000p-1f},
        {"0", "1", 255, 0x1.0000000000000p+0f},
        {"0", "0.00392156862745098", 0, 0x0.0p+0f},
        {"0", "0.00392156862745098", 1, 0x1.0000000000000p+0f},
        {"0", "0.00392156862745098", 77, 0x1.3400000000000p+6f},
        {"0", "0.00392156862745098", 128, 0x1.0000000000000p+7f},
        {"0", "0.00392156862745098", 255, 0x1.fdfffe0000000p+7f},
    };
    struct eo_model m = {0};
    float x[256];

    eo_input_table(&m, 0, 0, x);
    for (int p = 0; p < 256; p++)
        check_that(x[p] == (float)p / 127.5f - 1.0f, "without metadata: input of %d: found %a", p,
                   (double)x[p]);
    set(&m, "0.5", "0.5");
    eo_input_table(&m, 0, 1, x);
    for (int p = 0; p < 256; p++)
        check_that(x[p] == eo_half_to_float(eo_half_from_float((float)p / 127.5f - 1.0f)),
                   "half: input of %d: found %a", p, (double)x[p]);
    check_that(eo_input_is_standard(&m) && eo_input_greys(&m) == 127.5, "0.5 and 0.5 are not the standard");
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        set(&m, cases[i].mean, cases[i].std);
        eo_input_table(&m, 0, 0, x);
        check_that(x[cases[i].p] == cases[i].x, "%s, %s: input of %d: expected %a, found %a", cases[i].mean,
                   cases[i].std, cases[i].p, (double)cases[i].x, (double)x[cases[i].p]);
        check_that(!eo_input_is_standard(&m), "%s, %s is taken for the standard", cases[i].mean,
                   cases[i].std);
    }
    eo_model_release(&m);
}

static void test_metadata(void)
{
    static const struct {
        const char *mean, *std, *expected;
    } cases[] = {
        {NULL, NULL, "0: 0.5 0.5"},
        {"0.5", "0.5", "1: 0.5 0.5"},
        {"0", "1", "1: 0 1"},
        {"0.1307", NULL, "metadata: expected both 'input_mean' and 'input_std', found 'input_mean' alone"},
        {NULL, "1", "metadata: expected both 'input_mean' and 'input_std', found 'input_std' alone"},
        {"11", "1", "metadata 'input_mean': expected a number in -10..10, found '11'"},
        {"0.5", "0", "metadata 'input_std': expected a number in 0.001..1000, found '0'"},
        {"0.5", "-1", "metadata 'input_std': expected a number in 0.001..1000, found '-1'"},
        {"nan", "1", "metadata 'input_mean': expected a number in -10..10, found 'nan'"},
        {"0.4,0.5,0.6", "0.2,0.3,0.4", "1: 0.4 0.2 0.5 0.3 0.6 0.4"},
        {"0.4", "0.2,0.3,0.4", "1: 0.4 0.2 0.4 0.3 0.4 0.4"},
        {"0.4,0.5,0.6", "0.2", "1: 0.4 0.2 0.5 0.2 0.6 0.2"},
        {"0.4,0.5", "0.2",
         "metadata 'input_mean': expected 1 number, or 1 for each channel of the input (3), found 2"},
        {"0.4", "0.2,0.2,0.2,0.2",
         "metadata 'input_std': expected 1 number, or 1 for each channel of the input (3), found 4"},
        {"0.4,,0.6", "0.2", "metadata 'input_mean': expected a number in -10..10, found ''"},
        {"0.4,0.5,", "0.2", "metadata 'input_mean': expected a number in -10..10, found ''"},
    };
    struct eo_model m = {.network = {.input = {3, 1, 1}}};
    struct eo_input in;
    struct eo_err err;
    char found[512];

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int rc;

        set(&m, cases[i].mean, cases[i].std);
        rc = eo_input_read(&m, &in, &err);
        snprintf(found, sizeof(found), "%d:", rc);
        for (int c = 0; rc >= 0 && c < in.count; c++)
            snprintf(found + strlen(found), sizeof(found) - strlen(found), " %g %g", in.mean[c], in.std[c]);
        check_text("read", cases[i].expected, rc < 0 ? err.msg : found);
    }
    for (int c = 0; c <= EO_INPUT_CHANNELS; c++)
        strcpy(found + 2 * c, c < EO_INPUT_CHANNELS ? "0," : "0");
    set(&m, found, "0.2");
    check_that(eo_input_is_standard(&m), "what cannot be read does not count as the standard");
    check_text("more than there may be", "metadata 'input_mean': expected at most 64 numbers, found more",
               eo_input_read(&m, &in, &err) < 0 ? err.msg : "read");
    eo_model_release(&m);
}

static int save_and_read(struct eo_model *m, struct eo_model *back, struct eo_err *err)
{
    struct eo_buf bytes = {0};
    int rc = eo_model_serialize(m, &bytes, err) || eo_model_parse(back, bytes.data, bytes.len, err);

    eo_buf_release(&bytes);
    return rc;
}

/* Each channel has a table of its own; what is the same for all is written once. */
static void test_channels(void)
{
    static const struct eo_input in = {3, {0.4, 0.5, 0.6}, {0.2, 0.2, 0.2}};
    struct eo_model m = {.network = {.input = {3, 2, 2}}};
    struct eo_input back;
    struct eo_err err = {""};
    float x[256];

    check_that(eo_input_set(&m, &in, &err) == 0, "set: %s", err.msg);
    check_text("mean", "0.4,0.5,0.6", eo_model_meta_get(&m, "input_mean"));
    check_text("std", "0.2", eo_model_meta_get(&m, "input_std"));
    check_that(eo_input_read(&m, &back, &err) == 1 && eo_input_is_equal(&in, &back), "read again: %s",
               err.msg);
    check_that(eo_input_tables(&m) == 3 && !eo_input_is_standard(&m), "tables: %d", eo_input_tables(&m));
    for (int c = 0; c < 3; c++) {
        eo_input_table(&m, c, 0, x);
        check_that(x[51] == (51.0f / 255.0f - (float)in.mean[c]) / 0.2f, "channel %d: found %a", c,
                   (double)x[51]);
    }
    set(&m, "0.5,0.5,0.5", "0.5");
    check_that(eo_input_is_standard(&m), "0.5 for each channel is not the standard");
    back = in;
    back.std[2] = 0.3;
    check_that(!eo_input_is_equal(&in, &back), "other numbers are equal");
    eo_model_release(&m);
}

/* Saving names the standard; a model that names another keeps it. */
static void test_file(void)
{
    struct eo_shape shape = {1, 1};
    struct eo_model m, back;
    struct eo_err err = {""};

    check_that(eo_model_init(&m, EO_FP32, shape, &err) == 0 && save_and_read(&m, &back, &err) == 0,
               "save: %s", err.msg);
    check_text("mean", "0.5", eo_model_meta_get(&back, "input_mean"));
    check_text("std", "0.5", eo_model_meta_get(&back, "input_std"));
    eo_model_release(&back);
    check_that(eo_input_set(&m, &(struct eo_input){1, {0.1307}, {0.3081}}, &err) == 0 &&
                   save_and_read(&m, &back, &err) == 0,
               "save: %s", err.msg);
    check_text("mean", "0.1307", eo_model_meta_get(&back, "input_mean"));
    check_text("std", "0.3081", eo_model_meta_get(&back, "input_std"));
    eo_model_release(&back);
    set(&m, "0.5", "0");
    check_that(save_and_read(&m, &back, &err) == 1, "a std of 0 was written");
    eo_model_release(&m);
}

int main(void)
{
    test_table();
    test_metadata();
    test_channels();
    test_file();
    return check_report("test_input");
}
