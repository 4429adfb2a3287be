/*
 * The names of classes: those of the key class_names, else the lines of classes.txt beside the data, which
 * `eo-data --from` writes.
 */
#ifndef EO_FORMAT_CONFIG_CLASSES_H
#define EO_FORMAT_CONFIG_CLASSES_H

#include "base/err.h"
#include "format/config.h"

#define EO_CLASSES_FILE "classes.txt"

/*
 * Completes cfg->class_names for the data in `folder` (NULL: where eo_dataset_find() finds them, if it does). The file
 * need not exist.
 *
 * Unset names become the lines of the file, unless each line is the number of its class. Names that are set may be
 * others than those of the file, but a name of the file has to stay with its class: an exchange of two names would
 * change the meaning of each result, and no figure would show it.
 *
 * A network can have more outputs than the data have classes (stage/learn/train.h), so there may be fewer than `most`
 * names, but not fewer than `least`: the labels in use. Where there are names, numbers are added up to `most`. most 0:
 * neither is known.
 *
 * Fails on an exchange, on another number of names, on a file that cannot be read, and, where class_names is unset, on
 * lines that the key would not take.
 */
int eo_config_name_classes(struct eo_config *cfg, const char *folder, int least, int most,
                           struct eo_err *err) EO_MUST_CHECK;

/* Fails if class_names is set and has fewer than `least` or more than `most` names. */
int eo_config_check_class_names(const struct eo_config *cfg, int least, int most,
                                struct eo_err *err) EO_MUST_CHECK;

/*
 * Fails if eo_config_name_classes() would not take a file of these `count` names (NULL: the number of the class), with
 * its words about the name.
 */
int eo_config_check_class_lines(const char *const *names, unsigned count, struct eo_err *err) EO_MUST_CHECK;

typedef int eo_class_line(void *to, unsigned label, const char *name, struct eo_err *err);

/*
 * Calls `take` for each line of a file of names, with control characters replaced and empty lines left out, until it
 * returns another value than 0, which is returned. A file that does not exist has no lines.
 */
int eo_class_lines_read(const char *path, eo_class_line *take, void *to, struct eo_err *err) EO_MUST_CHECK;

#endif
