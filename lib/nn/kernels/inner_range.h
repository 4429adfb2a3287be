/* Which outputs of a convolution, along one axis, have all their taps inside the image. */
#ifndef EO_NN_KERNELS_INNER_RANGE_H
#define EO_NN_KERNELS_INNER_RANGE_H

/*
 * begin: the first such output; end: the one behind the last. begin = end where there is none; both in 0..out.
 * `in` and `out`: elements of the axis before and after; `before`: padding in front of it. All at least 0, kernel and
 * stride at least 1.
 */
static inline void eo_inner_range(int in, int out, int kernel, int stride, int before, int *begin, int *end)
{
    int first = (before + stride - 1) / stride, last = in + before - kernel;

    last = last < 0 ? 0 : last / stride + 1;
    *begin = first < out ? first : out;
    *end = last < *begin ? *begin : last < out ? last : out;
}

#endif
