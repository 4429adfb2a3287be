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

# commands_of PACKAGE...: what they bring, by name. Alternatives belong to no package.
commands_of() {
  dpkg -L "$@" | sed -nE 's,^(/usr)?/s?bin/,,p' | sed -E 's,^gnuplot-nox$,&\ngnuplot,; s,^mawk$,&\nawk,;
    s,^(slurmd|slurmctld)-wlm$,&\n\1,'
}

@test "setup: what scripts, tests and recipes call comes with Debian's base, make, git, or the packages of make deps" {
  local packages package scripts file word
  command -v dpkg-query >/dev/null || skip "needs dpkg"
  packages=$(deps_packages)
  for package in $packages; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || skip "needs $package"
  done
  packages="$packages make git $(dpkg-query -W -f='${Package} ${Essential} ${Priority}\n' |
    sed -nE 's/ .*(yes|required).*//p')"
  # shellcheck disable=SC2086 # a list
  commands_of $packages | sort -u >brought
  cd "$EO_ROOT"
  scripts=$(find Makefile .ci data tests tools lib -name Makefile -o -name '*.mk' -o -name '*.sh' -o -name '*.bash' \
    -o -name '*.bats' -o -path .ci/run)
  # shellcheck disable=SC2086
  awk -f tests/commands.awk $scripts >"$BATS_TEST_TMPDIR/called"
  [ "$(grep -c . "$BATS_TEST_TMPDIR/called")" -gt 200 ]
  # what a script looks for before it goes on without is no dependency
  while IFS=': ' read -r file word; do
    [[ $word == eo-* ]] || grep -qxF -e "$word" "$BATS_TEST_TMPDIR/brought" || grep -q -e "command -v $word " "$file" ||
      echo "$file calls $word, which no package of make deps brings"
  done <"$BATS_TEST_TMPDIR/called" >"$BATS_TEST_TMPDIR/missing"
  cat "$BATS_TEST_TMPDIR/missing"
  [ ! -s "$BATS_TEST_TMPDIR/missing" ]
}

@test "setup: make deps brings the packages of what it is called with" {
  run make_root -n deps device
  [[ $status -eq 0 && $output == *gcc-arm-none-eabi*qemu-system-arm* ]]
  run make_root -n deps
  [[ $status -eq 0 && $output != *gcc-arm-none-eabi* ]]
}

@test "setup: commands are found as a shell finds them" {
  cat >script.sh <<'END'
a=$(one "$x" 'no') b="$(two; three | four)" five && ! six || { seven; } # no
case $x in no | nope) eight ;; *) nine "${x:-$(ten)}" ;; esac
for no in no; do eleven; done <<<"$(twelve)"
if [[ $no == no && -n $(thirteen) ]]; then fourteen; elif fifteen; then :; fi >no 2>&1
cat <<no <<-'nope'
no
$(no)
no
	no
	nope
run --separate-stderr sixteen no
env -i A=no seventeen | xargs -n 1 sh -c 'eighteen "$1"; nineteen' no
trap 'twenty' EXIT; list=(no "$(twentyone)") $'no\'s' $((no + no)) "no$"
defined() { twentytwo; }
defined `twentythree` \
  no
END
  printf 'v = no\nw = one; two | three\nall: no\n\t@four || { five; }; x=$$(six no) # no\n\t+@$(no) && seven\n' \
    >Makefile
  awk -f "$EO_ROOT/tests/commands.awk" script.sh | sed 's/.*: //' | grep -vxE 'cat|sh|env|xargs' | sort >found
  printf '%s\n' one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen \
    seventeen eighteen nineteen twenty twentyone twentytwo twentythree | sort | diff - found
  awk -f "$EO_ROOT/tests/commands.awk" Makefile | sed 's/.*: //' | sort >found
  printf '%s\n' no one two three four five six seven | sort | diff - found
}

# without NAME...: a folder of links to all commands of the machine's but these, as the whole PATH
without() {
  local name
  rm -rf path && mkdir path
  cp -s /usr/sbin/* /usr/bin/* /bin/* path 2>/dev/null || true
  for name; do rm -f "path/$name"; done
}

# missing LINE MAKE-ARGUMENT...: one line, status 1, and no file was made
missing() {
  local line=$1
  shift
  run --separate-stderr env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL PATH="${WITHIN:-$PATH}" \
    make -C "$EO_ROOT" --no-print-directory B="$PWD/new" "$@"
  [ "$status" -eq 1 ] && [ -z "$output" ] && [ "$stderr" = "$line" ] &&
    [ -z "$(find new -type f ! -path 'new/build/lock/programs*')" ] && return
  printf 'make %s: status %s\nstdout: %s\nstderr: %s\nexpected: %s\n' "$*" "$status" "$output" "$stderr" "$line"
  return 1
}

@test "setup: a missing compiler, header or gnuplot is one line before any work is done" {
  local deps="'make deps' installs what the project needs" tests="'make deps check' installs what the project needs"
  mkdir nothing
  missing "make: missing here: no-such-cc (the compiler); $deps" CC=no-such-cc all
  missing "make: missing here: no-such-cc (the compiler); $deps" CC=no-such-cc -j2 programs
  missing "make: the compiler 'false' does not work here: it says nothing" CC=false programs
  missing "make: missing here: stdio.h (libc6-dev), yaml.h (libyaml-dev), png.h (libpng-dev), zlib.h (zlib1g-dev), \
sha2.h (libmd-dev); $deps" CFLAGS="-nostdinc -isystem $PWD/nothing" all
  for h in stdio yaml png zlib sha2; do : >nothing/$h.h; done
  missing "make: missing here: jansson.h (libjansson-dev); $tests" CFLAGS="-nostdinc -isystem $PWD/nothing" check-unit
  without gnuplot bats
  WITHIN=$PWD/path missing "make: missing here: gnuplot (gnuplot-nox); $deps" all
  WITHIN=$PWD/path missing "make: missing here: gnuplot (gnuplot-nox); $deps" sensitivity
  WITHIN=$PWD/path missing "make: missing here: bats (bats), gnuplot (gnuplot-nox); $tests" check
  # what needs neither goes on without
  PATH=$PWD/path run --separate-stderr make_root B="$PWD/new" CC=no-such-cc help
  [ "$status" -eq 0 ] && [ -z "$stderr" ]
}

@test "setup: make perf takes a folder for data when all four files are in it" {
  local f
  [ ! -d "$EO_ROOT/data/mnist" ] || skip "data/mnist is there"
  mkdir -p found/mnist
  for f in train-images-idx3-ubyte train-labels-idx1-ubyte.gz t10k-images-idx3-ubyte t10k-labels-idx1-ubyte; do
    EO_DATA_DIR=$PWD/found run make_root -n B="$(dirname "$EO_BIN")" perf
    [[ $output == *"perf_all "*" -d data/synthetic "* ]]
    : >found/mnist/$f
  done
  EO_DATA_DIR=$PWD/found run make_root -n B="$(dirname "$EO_BIN")" perf
  [[ $output == *"perf_all "*" -d $PWD/found/mnist "* ]]
}

@test "setup: no line of a test fails unnoticed: bash goes on after ! and after the first parts of a list with &&" {
  cd "$EO_ROOT"
  awk 'before != "" && $0 !~ /^}/ { print before } { before = "" }
    (/^ +! / || (/^ +\[.*\] && / && !/(then|do|return|break|[\\{&])$/)) && !/\|\|/ {
      before = FILENAME ":" FNR ":" $0
    }' \
    tests/*.bats tests/*/*.bats >"$BATS_TEST_TMPDIR/unnoticed"
  cat "$BATS_TEST_TMPDIR/unnoticed"
  [ ! -s "$BATS_TEST_TMPDIR/unnoticed" ]
}
