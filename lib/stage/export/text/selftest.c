//@if selftest

#ifndef NET_NO_SELFTEST
//@if int8
#define NET_ADD(table) \
    do { \
        uint32_t h = 0; \
        for (int i = 0; i < (int)(sizeof(table) / sizeof(*(table))); i++) \
            h = (uint32_t)(h * 16777619u) + (uint32_t)(table)[i]; \
        sum += h; \
    } while (0)

//@end
/* Whether the constants are those that were written: a change of one of them changes the sum. */
//@if int8
static int net_check(void)
{
    uint32_t sum = 0;

//@if smallcnn
//@if table
    NET_ADD(net_input);
//@end
    NET_ADD(net_weight1);
    NET_ADD(net_weight2);
    NET_ADD(net_weight3);
    NET_ADD(net_scale);
    NET_ADD(net_score_bias);
    NET_ADD(net_score_multiplier);
    NET_ADD(net_score_shift);
//@else
    NET_ADD(net_input);
    NET_ADD(net_weight);
//@if mixed
    NET_ADD(net_packed);
//@end
    NET_ADD(net_bias);
    NET_ADD(net_multiplier);
    NET_ADD(net_shift);
//@end
    return sum == NET_SUM;
}

//@else
//@if half
#define NET_BITS(x) (x)
typedef uint16_t net_number;
//@else
#define NET_BITS(x) net_bits_of(x)
typedef float net_number;

static uint32_t net_bits_of(float x)
{
    net_float f;

    f.value = x;
    return f.bits;
}
//@end

static uint32_t net_sum(const net_number *table, int n)
{
    uint32_t h = 0;

    for (int i = 0; i < n; i++)
        h = (uint32_t)(h * 16777619u) + NET_BITS(table[i]);
    return h;
}

static int net_check(void)
{
//@if smallcnn
    return net_sum(net_weight1, 9 * NET_C1) + net_sum(net_weight2, 9 * NET_C1 * NET_C2) +
               net_sum(net_weight3, 49 * NET_C2 * NET_CLASSES) + net_sum(net_bias, NET_C1 + NET_C2 + NET_CLASSES) ==
           NET_SUM;
//@else
    return net_sum(net_weight, (int)(sizeof(net_weight) / sizeof(*net_weight))) +
               net_sum(net_bias, (int)(sizeof(net_bias) / sizeof(*net_bias))) ==
           NET_SUM;
//@end
}

//@end
int net_selftest(void *state)
{
//@if int8
    int32_t scores[NET_CLASSES];
//@else
    float scores[NET_CLASSES];
//@end

    for (int i = 0; i < NET_TESTS; i++) {
        net_run(state, net_test_image + i * NET_INPUT_BYTES, scores);
        for (int k = 0; k < NET_CLASSES; k++) {
//@if int8
            if (scores[k] != net_test_scores[i * NET_CLASSES + k])
//@else
            net_float f;

            f.value = scores[k];
            if (f.bits != net_test_scores[i * NET_CLASSES + k])
//@end
                return 1 + i;
        }
    }
    return net_check() ? 0 : 1 + NET_TESTS;
}
#endif
//@end
