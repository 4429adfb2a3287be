/*
 * CSV as JSON, for the programs whose table can also be had as JSON: a list with an object for each row, in which the
 * keys are the columns.
 */
#ifndef EO_FORMAT_CSV_JSON_H
#define EO_FORMAT_CSV_JSON_H

#include "format/csv.h"
#include "format/json.h"

/* A cell: null where it is empty, true and false for True and False, a number where it is one, else a string. */
void eo_json_cell(struct eo_json *j, const char *key, const char *cell);

/*
 * Replaces the text of a CSV by one object, whose `key` has its rows: cells as above if `is_typed`, else all as
 * strings, null where empty. Fails where the text is no CSV.
 */
int eo_json_of_csv(struct eo_buf *text, const char *key, int is_typed, struct eo_err *err) EO_MUST_CHECK;

#endif
