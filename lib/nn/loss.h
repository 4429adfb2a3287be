/* The loss of training. */
#ifndef EO_NN_LOSS_H
#define EO_NN_LOSS_H

/*
 * Cross-entropy of logits z[classes] against the target (1 - smoothing) onehot(label) + smoothing / classes:
 *     log(sum exp(z - max)) - (z[label] - max) + smoothing (z[label] - mean(z)).
 * `gradient` [classes], if not NULL, becomes softmax(z) - target.
 */
double eo_cross_entropy(const double *z, int classes, int label, double smoothing, double *gradient);

/* What an image's logits are compared with. */
struct eo_target {
    int label;
    double smoothing;
    const float *teacher;       /* the logits [classes] of a model that teaches; NULL: none */
    double temperature, weight; /* of the teacher: > 0, and 0..1 */
};

/*
 * With p(t) = softmax(t / temperature) of teacher and logits
 *     (1 - weight) cross-entropy + weight temperature^2 sum p(teacher) log(p(teacher) / p(z)),
 * and its gradient by z, as above; without a teacher the cross-entropy.
 * Source: Hinton, Vinyals, Dean (2015), Distilling the knowledge in a neural network.
 */
double eo_loss(const double *z, int classes, const struct eo_target *target, double *gradient);

#endif
