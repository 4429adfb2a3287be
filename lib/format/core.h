/* The cores that exported code is measured on, by their names in tests/device/measure.sh. */
#ifndef EO_FORMAT_CORE_H
#define EO_FORMAT_CORE_H

#include "base/err.h"

#define EO_CORES(X) EO_FIRST_CORE(X) EO_OTHER_CORES(X)
#define EO_FIRST_CORE(X) X(m0)
#define EO_OTHER_CORES(X) X(m3) X(m4) X(m4dsp) X(m55) X(rv32imc)
#define EO_CORE_VALUE(name) EO_CORE_##name,
enum eo_core { EO_CORES(EO_CORE_VALUE) EO_CORE_COUNT };

/* "m0, m3, ..." */
#define EO_CORE_TEXT(name) #name
#define EO_CORE_NEXT(name) ", " #name
#define EO_CORE_LIST EO_FIRST_CORE(EO_CORE_TEXT) EO_OTHER_CORES(EO_CORE_NEXT)

const char *eo_core_name(enum eo_core core);

/* The message lists them. */
int eo_core_parse(const char *name, enum eo_core *core, struct eo_err *err) EO_MUST_CHECK;

#endif
