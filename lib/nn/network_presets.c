/* The known networks, in the text form. Sources stand at each; all sizes are checked by tests/unit/test_network.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/names.h"
#include "format/terms.h"
#include "nn/network.h"

#define SMALLCNN(c1, c2)                                                                                               \
    "input 1x28x28; conv1: conv " c1 " 3x3 pad 1 relu max 2x2; conv2: conv " c2 " 3x3 pad 1 relu max 2x2; "            \
    "classifier: linear 10"

static const char smallcnn[] = SMALLCNN("16", "32");

/* LeCun et al. (1998), with ReLU for tanh and all maps connected, as it is taught today. */
static const char lenet5[] = "input 1x28x28;"
                             "conv1: conv 6 5x5 pad 2 relu average 2x2;"
                             "conv2: conv 16 5x5 relu average 2x2;"
                             "fc1: linear 120 relu;"
                             "fc2: linear 84 relu;"
                             "classifier: linear 10";

static const char mlp[] = "input 1x28x28; fc1: linear 128 relu; classifier: linear 10";

/* MLPerf Tiny, image classification. The shortcut of a block is the layer before the addition. */
static const char resnet8[] =
    "input 3x32x32;"
    "conv1: conv 16 3x3 pad same batch_norm relu;"
    "block1.conv1: conv 16 3x3 pad same batch_norm relu;"
    "block1.conv2: conv 16 3x3 pad same batch_norm add conv1 relu;"
    "block2.conv1: conv 32 3x3 stride 2 pad same batch_norm relu;"
    "block2.shortcut: conv 32 1x1 stride 2 pad same from block1.conv2;"
    "block2.conv2: conv 32 3x3 pad same from block2.conv1 batch_norm add block2.shortcut relu;"
    "block3.conv1: conv 64 3x3 stride 2 pad same batch_norm relu;"
    "block3.shortcut: conv 64 1x1 stride 2 pad same from block2.conv2;"
    "block3.conv2: conv 64 3x3 pad same from block3.conv1 batch_norm add block3.shortcut relu mean;"
    "classifier: linear 10";

/* MLPerf Tiny, keyword spotting; Zhang et al. (2017). */
static const char ds_cnn[] =
    "input 1x49x10;"
    "conv1: conv 64 10x4 stride 2 pad same batch_norm relu;"
    "dw1: depthwise 3x3 pad same batch_norm relu; pw1: conv 64 1x1 batch_norm relu;"
    "dw2: depthwise 3x3 pad same batch_norm relu; pw2: conv 64 1x1 batch_norm relu;"
    "dw3: depthwise 3x3 pad same batch_norm relu; pw3: conv 64 1x1 batch_norm relu;"
    "dw4: depthwise 3x3 pad same batch_norm relu; pw4: conv 64 1x1 batch_norm relu mean;"
    "classifier: linear 12";

/* MLPerf Tiny, visual wake words; Howard et al. (2017) at a quarter of the width. */
static const char mobilenet[] =
    "input 3x96x96;"
    "conv1: conv 8 3x3 stride 2 pad same batch_norm relu;"
    "dw1: depthwise 3x3 pad same batch_norm relu; pw1: conv 16 1x1 batch_norm relu;"
    "dw2: depthwise 3x3 stride 2 pad same batch_norm relu; pw2: conv 32 1x1 batch_norm relu;"
    "dw3: depthwise 3x3 pad same batch_norm relu; pw3: conv 32 1x1 batch_norm relu;"
    "dw4: depthwise 3x3 stride 2 pad same batch_norm relu; pw4: conv 64 1x1 batch_norm relu;"
    "dw5: depthwise 3x3 pad same batch_norm relu; pw5: conv 64 1x1 batch_norm relu;"
    "dw6: depthwise 3x3 stride 2 pad same batch_norm relu; pw6: conv 128 1x1 batch_norm relu;"
    "dw7: depthwise 3x3 pad same batch_norm relu; pw7: conv 128 1x1 batch_norm relu;"
    "dw8: depthwise 3x3 pad same batch_norm relu; pw8: conv 128 1x1 batch_norm relu;"
    "dw9: depthwise 3x3 pad same batch_norm relu; pw9: conv 128 1x1 batch_norm relu;"
    "dw10: depthwise 3x3 pad same batch_norm relu; pw10: conv 128 1x1 batch_norm relu;"
    "dw11: depthwise 3x3 pad same batch_norm relu; pw11: conv 128 1x1 batch_norm relu;"
    "dw12: depthwise 3x3 stride 2 pad same batch_norm relu; pw12: conv 256 1x1 batch_norm relu;"
    "dw13: depthwise 3x3 pad same batch_norm relu; pw13: conv 256 1x1 batch_norm relu mean;"
    "classifier: linear 2";

static const char *const texts[EO_PRESET_COUNT] = {
    [EO_PRESET_SMALLCNN] = smallcnn, [EO_PRESET_LENET5] = lenet5, [EO_PRESET_MLP] = mlp,
    [EO_PRESET_RESNET8] = resnet8,   [EO_PRESET_DS_CNN] = ds_cnn, [EO_PRESET_MOBILENET] = mobilenet,
};

void eo_network_smallcnn(struct eo_network *net, int c1, int c2)
{
    char text[200];
    int rc;

    snprintf(text, sizeof(text), SMALLCNN("%d", "%d"), c1, c2);
    rc = eo_network_parse(net, text, NULL);
    (void)rc;
}

#define TEXT_MAX 65536 /* bytes of a file of the text form */

const char *eo_network_preset_text(const char *name)
{
    int preset = eo_names_find(eo_preset_names, name);

    return preset < 0 ? NULL : texts[preset];
}

int eo_network_preset(struct eo_network *net, const char *name, struct eo_err *err)
{
    int preset;

    return eo_names_parse(eo_preset_names, name, &preset, err) ? -1
                                                               : eo_network_parse(net, texts[preset], err);
}

int eo_network_load(struct eo_network *net, const char *what, struct eo_err *err)
{
    char *text = NULL;
    size_t size = 0;
    int rc;

    if (eo_network_preset(net, what, NULL) == 0)
        return 0;
    if (eo_io_read(what, TEXT_MAX, &text, &size, err))
        return eo_err_prefix(err, "no known network (eo-inspect --help lists them) and no file");
    rc = strlen(text) == size ? eo_network_parse(net, text, err)
                              : eo_err_set(err, "byte %zu: expected text, found a zero byte", strlen(text));
    free(text);
    return rc;
}
