/* A function of its own keeps the caller's values out of its registers. */
#if defined(__GNUC__)
#define NET_APART __attribute__((noinline))
#else
#define NET_APART
#endif

/* In a short loop: else compilers call memcpy and memset, or load more than they have registers. */
#if defined(__GNUC__)
#define NET_LOOP __asm__ volatile("" ::: "memory")
#else
#define NET_LOOP ((void)0)
#endif

//@put limits

/*
 * A layer. Maps lie in the arena as rows of pixels, all channels of a pixel together. `weight` and `channel` are where
 * its weights and its channels' numbers begin in the tables.
 */
struct net_layer {
    int32_t in, out, weight, channel; /* places in the arena and in the tables */
//@if int8
    int32_t terms;                    /* from one sum's weights to the next, or from one tap's: a multiple of 8 */
//@else
    int32_t terms;                    /* from one sum's weights to the next, or from one tap's */
//@end
    int16_t in_h, in_w, in_c, map_h, map_w, out_c;
    int16_t kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left;
//@if int8
    int16_t in_zero;         /* what stands for 0 in the input */
    int16_t zero, low, high; /* an activation is zero + r, r in low..high */
    uint8_t is_backward;
//@if mixed
    uint8_t is_packed; /* its weights are in net_packed, eight in a word */
//@end
//@if depthwise
    uint8_t operation;
//@end
//@else
    uint8_t is_backward, operation, activation;
//@end
//@if pooled
    uint8_t pooling;
//@if int8
    int8_t average_shift;
//@end
    int16_t out_h, out_w, window_h, window_w, step_h, step_w;
//@if int8
    int16_t out_zero, out_low, out_high; /* of an average */
    int32_t average_multiplier;
//@end
//@end
//@if add
    int32_t add; /* the place of the map that is added, or -1 */
//@if int8
    int32_t add_multiplier;
    int16_t add_zero;
    int8_t add_shift;
//@end
//@end
};

enum { NET_CONV, NET_DEPTHWISE, NET_LINEAR }; /* operation */
//@if int8
//@else
enum { NET_NO_ACTIVATION, NET_RELU, NET_RELU6 }; /* activation */
//@end
//@if pooled
enum { NET_NO_POOLING, NET_MAX, NET_AVERAGE }; /* pooling */
//@end

//@if depthwise
/* Where the inputs of each tap of a pixel lie, all channels together. */
static void net_taps(const struct net_layer *l, const net_value *in, const net_value *border, int row, int col,
                     const net_value **tap)
{
    const int top = row * l->stride_h - l->pad_top, left = col * l->stride_w - l->pad_left;
    const int right = left + l->kernel_w, width = l->in_w, step = l->in_c;

    for (int y = top; y < top + l->kernel_h; y++) {
        const int begin = y >= 0 && y < l->in_h ? 0 : right, end = width; /* columns of the map in this row */
        int at = (y * width + left) * step;

        for (int x = left; x < right; x++, at += step)
            *tap++ = x >= begin && x < end ? in + at : border;
    }
}
//@end
