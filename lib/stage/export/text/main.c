/* How the model is used: the self-test once, then one call for each image. */
#include <stdio.h>
#include //@put file

static uint32_t state[(NET_STATE_BYTES + 3) / 4];
static uint8_t image[NET_INPUT_BYTES]; /* rows of grey values, as they come from the sensor */
//@if names
static const char *const name[NET_CLASSES] = {NET_CLASS_NAMES};
//@end

int main(void)
{
    net_score scores[NET_CLASSES];
    int wrong = net_selftest(state);

    if (wrong) {
        printf("self-test: %d\n", wrong);
        return 1;
    }
//@if names
    printf("class %s\n", name[net_run(state, image, scores)]);
//@else
    printf("class %d\n", net_run(state, image, scores));
//@end
    return 0;
}
