#include "nn/loss.h"

#include "base/fmath.h"
#include "nn/network.h"

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

/* softmax(z / temperature), and the logarithm of the sum that its exponentials are divided by, about the largest z. */
struct softened {
    double p[EO_NETWORK_CLASSES], max, log_sum;
};

static void soften(struct softened *s, const double *z, int classes, double temperature)
{
    double sum = 0;

    s->max = z[0];
    for (int k = 1; k < classes; k++)
        s->max = z[k] > s->max ? z[k] : s->max;
    for (int k = 0; k < classes; k++) {
        s->p[k] = eo_exp((z[k] - s->max) / temperature);
        sum += s->p[k];
    }
    for (int k = 0; k < classes; k++)
        s->p[k] /= sum;
    s->log_sum = eo_log(sum);
}

double eo_loss(const double *z, int classes, const struct eo_target *target, double *gradient)
{
    double loss = eo_cross_entropy(z, classes, target->label, target->smoothing, gradient);
    double t = target->temperature, w = target->weight, taught[EO_NETWORK_CLASSES] = {0}, divergence = 0;
    struct softened own, its;

    if (!target->teacher)
        return loss;
    for (int k = 0; k < classes; k++)
        taught[k] = (double)target->teacher[k];
    soften(&own, z, classes, t);
    soften(&its, taught, classes, t);
    for (int k = 0; k < classes; k++) {
        divergence +=
            its.p[k] * ((taught[k] - its.max) / t - its.log_sum - ((z[k] - own.max) / t - own.log_sum));
        if (gradient)
            gradient[k] = (1 - w) * gradient[k] + w * t * (own.p[k] - its.p[k]);
    }
    return (1 - w) * loss + w * t * t * divergence;
}
