# What a machine lacks, and what Make says when something has failed: one line that tells what to do, before any work.
load common

setup() {
  bats_require_minimum_version 1.5.0
  cd "$BATS_TEST_TMPDIR"
}

# Make in the project's root, whatever a make above this one was told.
make_root() {
  env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$EO_ROOT" --no-print-directory "$@"
}

@test "setup: the count is the last line of the tests, also when one has failed; Make adds none, the status is 1" {
  local goal
  mkdir -p build/tests
  printf '#!/bin/sh\necho "test_bad: 2 passed, 1 failed"\nexit 1\n' >build/tests/test_bad
  chmod +x build/tests/test_bad
  for goal in check-unit "-j2 check-unit" "-k check-unit check-unit"; do
    # shellcheck disable=SC2086 # options
    run make_root B="$PWD" OBJ="$PWD/build" UNIT= HELPERS= FUZZ= FAULTS= $goal
    [ "$status" -eq 1 ]
    [ "${lines[-1]}" = "2 passed, 1 failed, 0 skipped" ]
  done
  [ -z "$(ls build/lock)" ]
  printf '#!/bin/sh\necho "test_bad: 3 passed, 0 failed"\n' >build/tests/test_bad
  run make_root B="$PWD" OBJ="$PWD/build" UNIT= HELPERS= FUZZ= FAULTS= check-unit
  [ "$status" -eq 0 ]
  [ "${lines[-1]}" = "3 passed, 0 failed, 0 skipped" ]
}

@test "setup: what a script that Make runs says about its failure is all that is said" {
  run --separate-stderr make_root B="$PWD" data DATASETS=none
  [ "$status" -eq 1 ]
  [ "$stderr" = "data/fetch.sh: data set 'none': expected one that 'data/SOURCES' lists" ]
}
