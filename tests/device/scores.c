/*
 * Prints index,class0,...,class9 for each image of standard input, by exported code. Compile with -DHEADER='"digits.h"'
 * -DMODEL=digits -DMODEL_UP=DIGITS. Values are written as eo-eval --logits does. The state has exactly the size that
 * the header promises, less LESS bytes, so that AddressSanitizer sees when it is too small.
 */
#include <stdio.h>
#include <stdlib.h>

#include HEADER

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define CALL(name) JOIN(MODEL, name)
#define SIZE(name) JOIN(MODEL_UP, name)
#ifndef LESS
#define LESS 0
#endif

int main(void)
{
    static uint8_t image[784];
    void *state = malloc(SIZE(_STATE_BYTES) - LESS);
    CALL(_score) scores[10];
    int tested = CALL(_selftest)(state);

    if (tested)
        printf("self-test: %d\n", tested);
    for (int i = 0; fread(image, sizeof(image), 1, stdin) == 1; i++) {
        int best = CALL(_run)(state, image, scores);

        printf("%d", i);
        for (int k = 0; k < 10; k++)
            printf(",%.9g", scores[k] * SIZE(_SCORE_SCALE));
        printf(",%d\n", best);
    }
    free(state);
    return tested != 0;
}
