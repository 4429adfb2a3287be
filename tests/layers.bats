# What the code promises about itself: who includes whom, and that lib/ neither prints, exits, nor keeps state.

setup() {
  load common
  cd "$EO_ROOT"
  archive=${EO_TESTS:-$EO_BIN/../build/tests}/../libeo.a
}

# none WHAT: standard input, the offences, is empty
none() {
  local found
  found=$(cat)
  [ -z "$found" ] && return
  printf '%s:\n%s\n' "$1" "$found"
  return 1
}

# includes FILE...: "file header" for each project header that they include
includes() {
  awk '/^[ \t]*#[ \t]*include[ \t]*"/ { split($0, part, "\""); print FILENAME, part[2] }' "$@"
}

# files_of LAYER: its source files, those of its rooms too
files_of() {
  find "lib/$1" -name '*.[ch]'
}

@test "a layer includes itself and those below it" {
  local below= layer
  for layer in base machine format nn stage; do
    below="$below${below:+|}$layer"
    [ "$(files_of $layer | wc -l)" -gt 5 ]
    includes $(files_of $layer) | grep -vE " ($below)/" | none "$layer includes" || return 1
  done
  includes tools/*.[ch] | grep -vE ' (base|machine|format|nn|stage|tools)/' | none "tools include"
  includes tools/cli.h | grep ' stage/' | none "what all tools share includes"
}

@test "headers include each other in no circle" {
  includes $(find lib -name '*.h') | sed 's/^lib.//' | { tsort 2>&1 >/dev/null || true; } >"$BATS_TEST_TMPDIR/circle"
  none "headers in a circle" <"$BATS_TEST_TMPDIR/circle"
}

@test "kernels include base, one another, and of the rest only what an engine looks like" {
  includes lib/nn/kernels/* |
    grep -vE ' (base/|nn/(kernels/|half\.h|input\.h|network\.h|engine\.h|quantised\.h))' | none "kernels include"
}

# symbols: "object name class section" of all that libeo.a defines or needs; "" where a sanitizer adds its own
symbols() {
  [ -f "$archive" ] || skip "needs $archive: make programs"
  nm -f sysv "$archive" 2>/dev/null >"$BATS_TEST_TMPDIR/nm"
  ! grep -qE '__(asan|ubsan|tsan|msan)_' "$BATS_TEST_TMPDIR/nm" || skip "sanitizers add symbols of their own"
  awk -F'|' '/^Symbols from / { split($0, part, /[][]/); object = part[2] }
             NF == 7 { gsub(/ /, ""); print object, $1, $3, $7 }' "$BATS_TEST_TMPDIR/nm" >"$BATS_TEST_TMPDIR/symbols"
  grep -q '^num.o eo_num_parse_i64 T ' "$BATS_TEST_TMPDIR/symbols"
}

@test "lib/ prints nothing, ends no program, and asks for neither time nor locale" {
  symbols
  local prints='v?f?printf|v?f?printf_chk|puts|fputs|putchar|fputc|putc|fwrite|perror|warnx?|errx?|std(out|err)'
  local ends='_?exit|_Exit|abort|quick_exit' locale='setlocale|newlocale|uselocale'
  local others='rand|srand|random|time|localtime|gmtime|system|popen'
  grep -E " _?_?($prints|$ends|$locale|$others) U " "$BATS_TEST_TMPDIR/symbols" |
    none "lib/ calls"
}

@test "lib/ keeps no state: all data is constant" {
  symbols
  awk '$4 ~ /^\.?(data|bss|tdata|tbss|ldata|lbss|\*COM\*)/ && $4 !~ /^\.data\.rel\.ro/' "$BATS_TEST_TMPDIR/symbols" |
    none "variables"
}

@test "lines have at most 120 characters; files of lib/ and tools/ 450 lines, fragments 350, the Makefile 180" {
  find Makefile lib tools tests plots \( -name '*.[ch]' -o -name 'Makefile' -o -name '*.mk' -o -name '*.sh' -o \
    -name '*.ba*' -o -name '*.awk' -o -name '*.py' -o -name '*.gp' \) -exec \
    awk 'length > 120 { print FILENAME ":" FNR }' {} + | none "longer lines"
  find lib tools -name '*.[ch]' ! -path 'lib/nn/kernels/*' ! -path 'lib/stage/export/text/*' ! -name config_keys.c \
    -exec awk 'FNR == 451 { print FILENAME }' {} + | none "longer files"
  awk 'FNR == 351 { print FILENAME }' */*.mk tools/*.sh | none "longer fragments"
  awk 'FNR == 181 { print FILENAME }' Makefile | none "longer Makefile"
}
