/*
 * Models that other programs have trained, as models of this project.
 *
 * A file of tensors (safetensors, a state_dict of PyTorch) needs a network that says what the tensors mean; match.h has
 * the rules by which a layer finds its tensors. What is read is fp32 afterwards (values.h).
 *
 * Batch normalisation that the file has is kept and becomes part of the network, whatever the network says, so that it
 * can be trained further. `fold` makes it part of the weights (nn/network_fold.h). A bias in front of a batch
 * normalisation is subtracted from its mean. A layer without a bias gets 0; a batch normalisation without weight and
 * bias gets 1 and 0.
 *
 * A model from tensors is fp32 and unpruned, and its metadata have only pruning_level 0.00: the caller has to set what
 * the network is fed (nn/input.h). A model from ONNX also has input_mean and input_std if the graph says them. A model
 * that this project has written keeps its precision, its pruning and its metadata.
 */
#ifndef EO_STAGE_IMPORT_IMPORT_H
#define EO_STAGE_IMPORT_IMPORT_H

#include "base/buf.h"
#include "nn/model.h"

struct eo_import_options {
    /* Of tensors. NULL: SmallCNN, with as many channels as they have. */
    const struct eo_network *network;
    int is_fallback;         /* a file that has its own network is read without `network`, and not refused */
    const char *const *maps; /* THEIRS=OURS, see match.h */
    int map_count;
    int fold;
    double norm_eps; /* of batch normalisation, at least EO_NORM_EPS; 0 stands for that */
};

/* What the user should know. Release with eo_import_report_release(). */
struct eo_import_report {
    struct eo_buf notes; /* lines: tensors that were matched by another rule than their name; what was lost */
    struct eo_buf
        misfits; /* a table of tensor, expected and found; empty unless the import has failed by it */
};

void eo_import_report_release(struct eo_import_report *report);

/*
 * From the bytes of a safetensors file. Fails as eo_st_parse() and eo_model_save(), and where tensors and network do
 * not fit each other: then report->misfits says all of it. On failure *m is empty.
 */
int eo_import_state_dict(struct eo_model *m, const void *bytes, size_t size,
                         const struct eo_import_options *options, struct eo_import_report *report,
                         struct eo_err *err) EO_MUST_CHECK;

/*
 * From a file ("-": standard input): safetensors, or ONNX (onnx.h), which has its network. A model that this project
 * has written is loaded as it is, if no network is given. Fails where it is given a network, maps or norm_eps that the
 * file has no use for, unless is_fallback. `sha256` receives the checksum of the file.
 */
int eo_import_load(struct eo_model *m, const char *path, const struct eo_import_options *options,
                   struct eo_import_report *report, char sha256[EO_SHA256_TEXT],
                   struct eo_err *err) EO_MUST_CHECK;

/* Fails if a configuration cannot name the file `base_model`, such as one with spaces in its name. */
int eo_import_check_base_model(const char *base_model, struct eo_err *err) EO_MUST_CHECK;

/*
 * Appends a configuration that can be edited and run: it begins with the model of the file `base_model`, and has its
 * layers as a list.
 */
void eo_import_put_yaml(const struct eo_network *net, const char *base_model, struct eo_buf *out);

#endif
