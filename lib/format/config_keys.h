/*
 * The table of all keys of a configuration, and functions for keys of any type. Only for config*.c; all other files
 * include config.h.
 *
 * A key's value lives in a field of struct eo_config. A list has the number of its entries beside it.
 */
#ifndef EO_FORMAT_CONFIG_KEYS_H
#define EO_FORMAT_CONFIG_KEYS_H

#include <stddef.h>

#include "base/buf.h"
#include "format/config.h"

#define EO_KEY_MAX 128     /* at least the number of keys */
#define EO_KEY_ALLOWED 160 /* bytes of eo_key_allowed()'s text */

enum eo_key_type {
    EO_KEY_SEED,   /* uint64_t */
    EO_KEY_INT,    /* int in min..max; null is 0 */
    EO_KEY_IMAGES, /* int64_t in min..max; null is EO_CONFIG_ALL */
    EO_KEY_NUMBER, /* double in min..max; null is 0 */
    EO_KEY_LEVEL,  /* struct eo_level */
    EO_KEY_BOOL,   /* int: 0 or 1 */
    EO_KEY_CHOICE, /* int or enum: position in `names` */
    EO_KEY_WORD,   /* text: one of `names` */
    EO_KEY_NAME,   /* text of EO_CONFIG_NAME_MAX bytes, always written with quotes */
    EO_KEY_MODEL,  /* text: one of `names`, or layers of a network with "; " between them */
    EO_KEY_PATH,   /* text that Make can take as a file name */
    EO_KEY_SHA256, /* text of EO_SHA256_TEXT bytes */
    EO_KEY_DEVICE, /* text: the name of a board; null is "" */
    EO_KEY_BOARD,  /* struct eo_board: its name, or a mapping */
    EO_KEY_WIDTHS  /* struct eo_widths: 8, 1-16 or 2-32/2 */
};

struct eo_key {
    const char *name;
    enum eo_key_type type; /* of the value, or of each entry of a list */
    int capacity;          /* entries of a list; 0: a single value */
    size_t offset;         /* of the field in struct eo_config */
    size_t count;    /* offset of the int beside it: entries in use, or whether a value is set; 0: none */
    double min, max; /* EO_KEY_INT, EO_KEY_IMAGES, EO_KEY_NUMBER */
    const char *const *names; /* EO_KEY_CHOICE, EO_KEY_WORD: base/names.h */
    size_t integers; /* offset of an int for each entry: whether it was written as an integer; 0: none */
    int nullable;    /* `null` is a value */
    int is_quiet; /* left out of the canonical text at its default, so that slices older than the key stay the same */
    int may_repeat; /* of a list: entries may be equal */
    int any_script; /* of a path: may have letters beyond ASCII, because it never becomes a target of Make */
    int is_single;  /* of a list: one value stands for a list of one entry, and such a list is written so */
    const char *initial; /* default as text, entries of a list separated by spaces; NULL: null, or unset */
    unsigned readers;    /* one bit for each enum eo_config_stage, and EO_KEY_MAKE */
    const char *help;
    const char *note;    /* added to the message that refuses a value, or NULL */
    const char *instead; /* added to the message that refuses null; NULL: the advice to leave the key out */
};

/* The bit after those of the stages: Make reads the key, because it decides which artefacts there are. */
#define EO_KEY_MAKE (1u << EO_STAGE_COUNT)

/* Stages that see the training part of the split and nothing else. */
#define EO_KEY_TRAINING                                                                                      \
    (1u << EO_STAGE_TRAIN | 1u << EO_STAGE_PRUNE | 1u << EO_STAGE_FINETUNE | 1u << EO_STAGE_QUANT)

extern const struct eo_key eo_keys[];
extern const int eo_key_count;

const struct eo_key *eo_key_find(const char *name); /* NULL if there is none */

/* The name of the key that was probably meant: up to a third of its letters may differ. NULL if there is none. */
const char *eo_key_nearest(const char *name);

/* Stores a value, or entry `index` of a list. -1 (without a message) if eo_key_allowed() does not allow it. */
int eo_key_set(struct eo_config *cfg, const struct eo_key *k, int index, const char *text) EO_MUST_CHECK;

/* Reads one share of a level that is a list; -1 (without a message) like eo_key_set(). */
int eo_key_parse_share(const char *text, double *share) EO_MUST_CHECK;
/* Stores the shares of such a level as entry `index`. */
void eo_key_set_level(struct eo_config *cfg, const struct eo_key *k, int index, const double *shares,
                      int count);

/* What one value or entry may be, in words: "an integer in 1..10000". */
void eo_key_allowed(const struct eo_key *k, char text[EO_KEY_ALLOWED]);

/* Whether a plain YAML text means null (None too, as in Python). */
int eo_key_null_text(const char *text);

/* Makes a nullable key null. */
void eo_key_set_null(struct eo_config *cfg, const struct eo_key *k);

/* The int beside a value, see `count`. Without one, _set_count() does nothing and _get_count() returns 1. */
void eo_key_set_count(struct eo_config *cfg, const struct eo_key *k, int n);
int eo_key_get_count(const struct eo_config *cfg, const struct eo_key *k);

/* Whether entry `index` of a list equals one before it. */
int eo_key_is_repeated(const struct eo_config *cfg, const struct eo_key *k, int index);

/*
 * Whether the canonical text has a line for the key. It has none for an unset path, checksum or list, which have no
 * text for "unset"; for epochs that are 0; for a quiet key at its default; and for that one of seed and seeds which
 * does not fit the number of seeds.
 */
int eo_key_is_printable(const struct eo_config *cfg, const struct eo_key *k);

/* Appends one entry, or the value in YAML: "null", "0.5", "[fp32, int8]". */
void eo_key_put_entry(const struct eo_config *cfg, const struct eo_key *k, int index, struct eo_buf *out);
void eo_key_put(const struct eo_config *cfg, const struct eo_key *k, struct eo_buf *out);

#endif
