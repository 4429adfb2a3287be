/* Networks as lists: exact sizes of the known ones, the text form there and back, and what is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/terms.h"
#include "nn/network_fit.h"
#include "tests/unit/check.h"
#include "tests/unit/peak.h"

/* Sizes as published; peak with residual lifetimes. */
static const struct {
    const char *name;
    int layers;
    size_t parameters, macs, peak;
} known[] = {
    {"smallcnn", 3, 20490, 1031744, 15680}, {"resnet8", 10, 77706, 12501632, 49152},
    {"ds-cnn", 10, 22604, 2656768, 16000},  {"mobilenet-v1-0.25", 28, 210850, 7489664, 55296},
    {"lenet5", 5, 61706, 416520, 5880}, /* the peak is conv1 and its pooled map */
    {"mlp", 2, 101770, 101632, 912},
};

/* MLPerf Tiny's streaming wake word: a 1-D signal of 40 channels, valid padding. */
static const char one_dimensional[] =
    "input 40x30x1; dw1: depthwise 3x1; pw1: conv 128 1x1 relu; dw2: depthwise 5x1;"
    "pw2: conv 128 1x1 relu; dw3: depthwise 10x1; pw3: conv 128 1x1 relu;"
    "dw4: depthwise 15x1; pw4: conv 32 1x1 relu; classifier: linear 3";

static void check_sizes(const char *name, const struct eo_network *net, size_t parameters, size_t macs,
                        size_t peak)
{
    check_that(eo_network_parameters(net) == parameters, "%s: expected %zu parameters, found %zu", name,
               parameters, eo_network_parameters(net));
    check_that(eo_network_macs(net) == macs, "%s: expected %zu MACs, found %zu", name, macs,
               eo_network_macs(net));
    check_that(peak_elements(net) == peak, "%s: expected a peak of %zu, found %zu", name, peak,
               peak_elements(net));
}

/* Printed and parsed again, it is the same network; printed again, the same text. */
static void check_round_trip(const char *name, const struct eo_network *net)
{
    static struct eo_network again;
    struct eo_buf text = {0}, second = {0};
    struct eo_err err = {""};

    eo_network_print(net, "; ", &text);
    eo_buf_append(&text, "", 1);
    check_that(eo_network_parse(&again, text.data, &err) == 0, "%s: %s", name, err.msg);
    check_that(memcmp(&again, net, sizeof(again)) == 0, "%s: another network after '%s'", name, text.data);
    eo_network_print(&again, "; ", &second);
    eo_buf_append(&second, "", 1);
    check_that(strcmp(text.data, second.data) == 0, "%s: '%s' becomes '%s'", name, text.data, second.data);
    eo_buf_release(&text);
    eo_buf_release(&second);
}

static void check_known(void)
{
    static struct eo_network net;
    struct eo_err err = {""};

    check_that(sizeof(known) / sizeof(*known) == EO_PRESET_COUNT, "%d known networks", EO_PRESET_COUNT);
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        check_that(eo_network_preset(&net, known[i].name, &err) == 0, "%s: %s", known[i].name, err.msg);
        check_that(net.count == known[i].layers, "%s: expected %d layers, found %d", known[i].name,
                   known[i].layers, net.count);
        check_sizes(known[i].name, &net, known[i].parameters, known[i].macs, known[i].peak);
        check_round_trip(known[i].name, &net);
        check_that(eo_network_is_smallcnn(&net) == (i == 0), "%s: is it SmallCNN", known[i].name);
    }
    check_that(eo_network_parse(&net, one_dimensional, &err) == 0, "1-D: %s", err.msg);
    check_sizes("1-D", &net, 46883, 826368, 6656);
    check_round_trip("1-D", &net);
}

/* Each word of the text form once, so that none is lost on the way. */
static void check_words(void)
{
    static struct eo_network net;
    static const char text[] = "input 2x9x11\n"
                               "a: conv 4 3x2 stride 2x1 pad 1,0,1,1 batch_norm relu6 max 3x3/2\n\n"
                               "b: depthwise 1x1 from a add a relu average 2x2/1x2\n"
                               "c: conv 4 1x1 from a batch_norm mean\n"
                               "d: linear 5 from b relu\n"
                               "e: linear 4 from c add c\n"
                               "f: linear 5 from e add d\n"
                               "g: linear 2";
    struct eo_err err = {""};

    if (!check_that(eo_network_parse(&net, text, &err) == 0, "words: %s", err.msg))
        return;
    check_round_trip("words", &net);
    check_that(net.layer[0].map.h == 5 && net.layer[0].map.w == 11 && net.layer[0].out.h == 2 &&
                   net.layer[0].out.w == 5,
               "words: found %dx%d, pooled %dx%d", net.layer[0].map.h, net.layer[0].map.w, net.layer[0].out.h,
               net.layer[0].out.w);
    check_that(net.layer[1].out.h == 1 && net.layer[1].out.w == 2, "words: found %dx%d", net.layer[1].out.h,
               net.layer[1].out.w);
}

/* TensorFlow: an odd pixel goes to the bottom and the right. */
static void check_same(void)
{
    static const struct {
        int in, kernel, stride, before, after, out;
    } cases[] = {{32, 3, 2, 0, 1, 16}, {33, 3, 2, 1, 1, 17}, {49, 10, 2, 4, 5, 25}, {10, 4, 2, 1, 1, 5},
                 {7, 1, 2, 0, 0, 4},   {5, 5, 1, 2, 2, 5},   {4, 2, 1, 0, 1, 4}};
    static struct eo_network net;
    struct eo_err err = {""};

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct eo_network_layer *l = &net.layer[0];
        char text[100];

        snprintf(text, sizeof(text), "input 1x%dx1; a: conv 1 %dx1 stride %d pad same; b: linear 2",
                 cases[i].in, cases[i].kernel, cases[i].stride);
        if (check_that(eo_network_parse(&net, text, &err) == 0, "%s: %s", text, err.msg))
            check_that(l->pad.top == cases[i].before && l->pad.bottom == cases[i].after &&
                           l->out.h == cases[i].out,
                       "%s: found %d and %d, %d outputs", text, l->pad.top, l->pad.bottom, l->out.h);
    }
}

/* Layers with the input and the classes of data. `text`: the network, or the message. */
static void check_fit(void)
{
    static const struct {
        struct eo_network_wish wish;
        const char *text;
    } cases[] = {
        {{"mlp", 1, {3, 8, 8}, 4}, "input 3x8x8; fc1: linear 128 relu; classifier: linear 4"},
        {{"mlp", 0.02, {1, 49, 1}, 12}, "input 1x49x1; fc1: linear 3 relu; classifier: linear 12"},
        {{"a: conv 5 3; d: depthwise 3x3\n b: conv classes 1 mean; c: linear classes;", 0.5, {2, 9, 9}, 7},
         "input 2x9x9; a: conv 2 3x3; d: depthwise 3x3; b: conv 7 1x1 mean; c: linear 7"},
        {{"a: conv 1 1; b: linear 3", 0.01, {1, 2, 2}, 3}, "input 1x2x2; a: conv 1 1x1; b: linear 3"},
        {{"a: conv 1 1; b: linear 3", 1, {1, 2, 2}, 4},
         "layer 'b': expected 4 outputs, one for each class of the data, found 3"},
        {{"a: conv 4 3x3; b: conv 4 9x9; c: linear classes", 1, {1, 8, 8}, 2},
         "layer 'b': expected a kernel of at most 6x6, the size of its padded input, found 9x9"},
        {{"a: conv 1000 1; c: linear classes", 16, {1, 8, 8}, 2},
         "layer 'a': outputs: expected an integer in 1..1024, found '16000'"},
        {{"a: conv 8 3x3 relu mean", 1, {1, 8, 8}, 2},
         "layer 'a': expected a linear layer as the last one, found conv"},
        /* without the size of the input */
        {{"a: conv 4 3x3; b: conv 4 9x9 add a; d: depthwise 3x3 add b mean; c: linear classes", 2, {0, 0, 0}, 0},
         "input 0x0x0; a: conv 8 3x3; b: conv 8 9x9 add a; d: depthwise 3x3 add b mean; c: linear 2"},
        {{"a: depthwise 3x3 add input; b: conv 4 1x1 add a; c: linear 7", 1, {0, 0, 0}, 0},
         "input 0x0x0; a: depthwise 3x3 add input; b: conv 4 1x1 add a; c: linear 7"},
        {{"a: conv 4 3x3; d: depthwise 3x3; b: conv 5 9x9 add d; c: linear classes", 1, {0, 0, 0}, 0},
         "layer 'b': add 'd': expected 5 channels, found 4"},
        {{"a: conv 4 3x3; d: depthwise 3x3 from input add a; c: linear 7", 1, {0, 0, 0}, 0},
         "input 0x0x0; a: conv 4 3x3; d: depthwise 3x3 from input add a; c: linear 7"},
        {{"a: conv 4 3x3; c: linear 9 from input", 1, {0, 0, 0}, 0},
         "layer 'a': expected a later layer that reads its output, found none"},
        {{"a: conv 4 3x3; c: conv 4 1", 1, {0, 0, 0}, 0},
         "layer 'c': expected a linear layer as the last one, found conv"},
        {{"a: conv 4 3x3; a: linear 2", 1, {0, 0, 0}, 0}, "layer 'a': expected a name of its own, found it twice"},
        {{"input 1x2x3; a: conv 4 3x3; b: linear 2", 1, {0, 0, 0}, 0},
         "expected a layer's name of letters, digits, '_' and '.', then ':', found 'input'"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct eo_err err = {""};
        struct eo_buf text = {0};
        struct eo_network net;
        int rc = eo_network_fit(&net, &cases[i].wish, &err);

        if (!rc)
            eo_network_print(&net, "; ", &text);
        check_text(cases[i].wish.layers, cases[i].text, rc ? err.msg : text.data);
        eo_buf_release(&text);
    }
}

static const struct {
    const char *text, *message;
} refused[] = {
    {"", "expected 'input CxHxW' first, found nothing"},
    {"a: linear 2", "expected 'input CxHxW' first, found 'a:'"},
    {"input 3x32", "input: expected 3 numbers with 'x' between, found '32'"},
    {"input 3x32x2000", "input: expected an integer in 1..1024, found '2000'"},
    {"input 512x512x512", "input: expected at most 4194304 values, found 512x512x512"},
    {"input 1x8x8", "expected at least one layer, found none"},
    {"input 1x8x8; a linear 2",
     "expected a layer's name of letters, digits, '_' and '.', then ':', found 'a'"},
    {"input 1x8x8; a234567890123456789012345: linear 2",
     "expected a layer's name of at most 23 characters, found 'a234567890123456789012345:'"},
    {"input 1x8x8; a: pool 2", "layer 'a': expected conv, depthwise or linear, found 'pool'"},
    {"input 1x8x8; a: conv 2000 3x3", "layer 'a': outputs: expected an integer in 1..1024, found '2000'"},
    {"input 1x8x8; a: linear", "layer 'a': outputs: expected an integer in 1..1024, found ''"},
    {"input 1x8x8; a: conv 4 9x9; b: linear 2",
     "layer 'a': expected a kernel of at most 8x8, the size of its padded input, found 9x9"},
    {"input 1x8x8; a: conv 4 3x3 pad 3; b: linear 2",
     "layer 'a': expected padding smaller than the 3x3 kernel, found 3,3,3,3"},
    {"input 1x8x8; a: conv 4 3x3 max 0; b: linear 2",
     "layer 'a': max: expected an integer in 1..1024, found '0'"},
    {"input 1x8x8; a: conv 4 3x3 average 2x2/0; b: linear 2",
     "layer 'a': average: expected an integer in 1..1024, found '0'"},
    {"input 1x8x8; a: conv 4 3x3 max 7x7; b: linear 2",
     "layer 'a': max: expected a window of at most 6x6, the size of the map, found 7x7"},
    {"input 1x8x8; a: conv 4 3x3 average 2x7; b: linear 2",
     "layer 'a': average: expected a window of at most 6x6, the size of the map, found 2x7"},
    {"input 1x8x8; a: conv 4 3x3; b: conv 4 3x3 pad 1; c: conv 8 3x3 pad 1 add b; d: linear 2",
     "layer 'c': add 'b': expected 8x6x6, found 4x6x6"},
    {"input 1x8x8; a: conv 4 3x3 add b; b: linear 2",
     "layer 'a': add: expected the name of an earlier layer or input, found 'b'"},
    {"input 1x8x8; a: conv 4 3x3 relu stride 2; b: linear 2",
     "layer 'a': expected stride, pad, from, batch_norm, add, relu or relu6, max, average or mean, in this "
     "order, found "
     "'stride'"},
    {"input 1x8x8; a: linear 4 mean; b: linear 2",
     "layer 'a': expected from, batch_norm, add, relu or relu6, in this order, found 'mean'"},
    {"input 1x8x8; a: linear 4; a: linear 2", "layer 'a': expected a name of its own, found it twice"},
    {"input 1x8x8; a: conv 4 3x3 batch_norm; a.batch_norm: linear 2",
     "layer 'a.batch_norm': expected another name, because the tensors of layer 'a', which has batch_norm, have it"},
    {"input 1x8x8; a: linear 4; b: linear 2 from input",
     "layer 'a': expected a later layer that reads its output, found none"},
    {"input 1x8x8; a: linear 4 relu",
     "layer 'a': expected the last layer without batch_norm, add and relu, found relu"},
    {"input 1x8x8; a: linear 64; b: linear 64 batch_norm add a",
     "layer 'b': expected the last layer without batch_norm, add and relu, found batch_norm"},
    {"input 1x8x8; a: linear 64; b: linear 64 add a relu6",
     "layer 'b': expected the last layer without batch_norm, add and relu, found add"},
    {"input 1x8x8; a: linear 64 batch_norm",
     "layer 'a': expected the last layer without batch_norm, add and relu, found batch_norm"},
    {"input 1x8x8; a: linear 64; b: linear 64 add a",
     "layer 'b': expected the last layer without batch_norm, add and relu, found add"},
    {"input 1x8x8; a: linear 64 relu6",
     "layer 'a': expected the last layer without batch_norm, add and relu, found relu6"},
    {"input 1x8x8; a: conv 4 3x3", "layer 'a': expected a linear layer as the last one, found conv"},
    {"input 1x8x8; a: depthwise 3x3", "layer 'a': expected a linear layer as the last one, found depthwise"},
    {"input 1x8x8; a: conv 4 relu; b: linear 2",
     "layer 'a': kernel: expected a number, or height and width as in 3x5, found 'relu'"},
    {"input 1x8x8; a: conv 4 3x; b: linear 2",
     "layer 'a': kernel: expected a number, or height and width as in 3x5, found '3x'"},
    {"input 1x8x8; a: conv 4 3x3x3; b: linear 2",
     "layer 'a': kernel: expected a number, or height and width as in 3x5, found '3x3x3'"},
    {"input 1x8x8; a: conv 4 99999999999999999999; b: linear 2",
     "layer 'a': kernel: expected an integer in 1..1024, found '99999999999999999999'"},
    {"input 1x8x8; a: conv 4 3x3 stride 0; b: linear 2",
     "layer 'a': stride: expected an integer in 1..1024, found '0'"},
    {"input 1x8x8; a: conv 4 3x3 pad valid; b: linear 2",
     "layer 'a': padding: expected same, a number or top,left,bottom,right, found 'valid'"},
    {"input 1x8x8; a: linear 1", "layer 'a': expected 2 to 1000 classes, found 1"},
    {"input 1x8x8; a: linear 1001", "layer 'a': expected 2 to 1000 classes, found 1001"},
    {"input 64x64x64; a: linear 1000; b: linear 2",
     "layer 'a': expected at most 15728640 parameters so far, found 262145000"},
    {"input 1x1024x1024; a: conv 8 3x3 pad 1; b: linear 2",
     "layer 'a': expected an output of at most 4194304 values, found 8x1024x1024"},
};

static void check_refused(void)
{
    static struct eo_network net;

    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
        struct eo_err err = {""};
        int rc = eo_network_parse(&net, refused[i].text, &err);

        check_that(rc == -1 && strcmp(err.msg, refused[i].message) == 0,
                   "'%s':\n  expected %s\n  found    %s", refused[i].text, refused[i].message, err.msg);
    }
}

static void check_limit_of_layers(void)
{
    static struct eo_network net;
    static char text[4000] = "input 1x2x2";
    struct eo_err err = {""};

    for (int i = 0; i <= EO_NETWORK_LAYERS; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "\nl%d: linear 2", i);
    check_that(eo_network_parse(&net, text, &err) == -1 &&
                   strcmp(err.msg, "expected at most 48 layers, found more") == 0,
               "layers: %s", err.msg);
    *strrchr(text, '\n') = '\0';
    check_that(eo_network_parse(&net, text, &err) == 0, "layers: %s", err.msg);
}

/* Columns become rows where nothing reaches beside the column. */
static void check_turned(void)
{
    static const struct {
        const char *text, *turned; /* NULL: stays */
    } cases[] = {
        {"input 6x125x1; a: conv 12 5x1 stride 2x1 pad 2,0,1,0 relu max 2x1; b: depthwise 3x1 pad 1,0,1,0 add a; "
         "c: conv 4 1x1 average 5x1/2x1; z: linear 3",
         "input 6x1x125; a: conv 12 1x5 stride 1x2 pad 0,2,0,1 relu max 1x2; b: depthwise 1x3 pad 0,1,0,1 add a; "
         "c: conv 4 1x1 average 1x5/1x2; z: linear 3"},
        {"input 3x12x1; a: conv 4 1x1 stride 1x2 mean; z: linear 2", "input 3x1x12; a: conv 4 1x1 mean; z: linear 2"},
        {"input 7x5x1; z: linear 2", "input 7x1x5; z: linear 2"},
        {"input 3x12x1; a: conv 4 3x3 pad 1; z: linear 2", NULL},
        {"input 3x12x2; a: conv 4 3x2; z: linear 2", NULL},
        {"input 3x1x12; a: conv 4 1x3; z: linear 2", NULL},
    };
    static struct eo_network net;
    struct eo_err err = {""};

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct eo_buf found = {0};

        if (!check_that(eo_network_parse(&net, cases[i].text, &err) == 0, "%s: %s", cases[i].text, err.msg))
            continue;
        eo_network_turn(&net);
        eo_network_print(&net, "; ", &found);
        check_that(eo_buf_check(&found, &err) == 0, "%s", err.msg);
        check_text(cases[i].text, cases[i].turned ? cases[i].turned : cases[i].text, found.data);
        eo_buf_release(&found);
    }
}

int main(void)
{
    check_known();
    check_turned();
    check_fit();
    check_words();
    check_same();
    check_refused();
    check_limit_of_layers();
    return check_report("test_network");
}
