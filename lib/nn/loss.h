/* The loss of training. */
#ifndef EO_NN_LOSS_H
#define EO_NN_LOSS_H

/*
 * Cross-entropy of logits z[classes] against the target (1 - smoothing) onehot(label) + smoothing / classes:
 *     log(sum exp(z - max)) - (z[label] - max) + smoothing (z[label] - mean(z)).
 * `gradient` [classes], if not NULL, becomes softmax(z) - target.
 */
double eo_cross_entropy(const double *z, int classes, int label, double smoothing, double *gradient);

#endif
