/*
 * Runs images through exported code, which stands above (-include): check IMAGES SCORES. Writes 32-bit numbers: what
 * the self-test says, then for each image its scores and its class, then how many words behind the state have changed.
 */
#include <stdio.h>

#define NET_WORDS ((NET_STATE_BYTES + 3) / 4)
#define NET_GUARD 64

static uint32_t net_memory[NET_WORDS + NET_GUARD];

static int32_t net_guard(void)
{
    int32_t changed = 0;

    for (int i = 0; i < NET_GUARD; i++)
        changed += net_memory[NET_WORDS + i] != 0xa5a5a5a5;
    return changed;
}

int main(int argc, char **argv)
{
    static uint8_t image[NET_INPUT_BYTES];
    FILE *images = argc == 3 ? fopen(argv[1], "rb") : 0, *to = argc == 3 ? fopen(argv[2], "wb") : 0;
    net_score scores[NET_CLASSES];
    int32_t word = 0;

    if (!images || !to)
        return 1;
    for (int i = 0; i < NET_GUARD; i++)
        net_memory[NET_WORDS + i] = 0xa5a5a5a5;
#if NET_TESTS > 0
    word = net_selftest(net_memory);
#endif
    fwrite(&word, sizeof(word), 1, to);
    while (fread(image, sizeof(image), 1, images) == 1) {
        word = net_run(net_memory, image, scores);
        fwrite(scores, sizeof(*scores), NET_CLASSES, to);
        fwrite(&word, sizeof(word), 1, to);
    }
    word = net_guard();
    fwrite(&word, sizeof(word), 1, to);
    return ferror(images) || ferror(to) || fclose(to);
}
