/*
 * What the table of an exploration was made of, so that eo-best does not answer from one whose keys were edited since:
 *
 *     experiment       of the slice explore of the configuration
 *     base_experiment  of the slice train that the base model was trained with; empty with explore_from: scratch, and
 *                      of a model that does not say
 *
 * Both are the first 16 digits of a SHA-256, and columns of explore.csv. Earlier tables lack them.
 */
#ifndef EO_STAGE_EXPLORE_ORIGIN_H
#define EO_STAGE_EXPLORE_ORIGIN_H

#include "base/err.h"
#include "format/config.h"
#include "nn/model.h"

#define EO_EXPLORE_ORIGIN 17 /* bytes of such a checksum, its NUL included */

struct eo_explore_origin {
    char experiment[EO_EXPLORE_ORIGIN], base_experiment[EO_EXPLORE_ORIGIN]; /* "": not known */
};

/* `cfg` is sealed (eo_config_seal_teacher()). The base model is not known. */
int eo_explore_origin_make(struct eo_explore_origin *o, const struct eo_config *cfg,
                           struct eo_err *err) EO_MUST_CHECK;
void eo_explore_origin_set_base(struct eo_explore_origin *o, const struct eo_model *base);

/*
 * 0 where a table is of this configuration or does not say of which; 1 where it is of another one: then err says which
 * key differs, if the slices in folder/config are still those of the table. The base model counts if it `is_own`, that
 * of the same configuration. -1 when a file that the configuration names cannot be read.
 */
int eo_explore_origin_check(const struct eo_explore_origin *made, const struct eo_config *cfg,
                            const char *folder, int is_own, struct eo_err *err) EO_MUST_CHECK;

#endif
