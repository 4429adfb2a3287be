#include "nn/loss.h"

#include "base/fmath.h"

double eo_cross_entropy(const double *z, int classes, int label, double smoothing, double *gradient)
{
    double sum = 0, mean = 0, max = z[0];
    int k;

    for (k = 1; k < classes; k++)
        max = z[k] > max ? z[k] : max;
    for (k = 0; k < classes; k++) {
        double e = eo_exp(z[k] - max);

        sum += e;
        if (gradient)
            gradient[k] = e;
        mean += z[k] / classes;
    }
    for (k = 0; gradient && k < classes; k++)
        gradient[k] = gradient[k] / sum - (smoothing / classes + (1 - smoothing) * (k == label));
    return eo_log(sum) - (z[label] - max) + smoothing * (z[label] - mean);
}
