#!/usr/bin/env bats
# What is built, and when: missing programs, times of sources, other names of the same folder.

bats_require_minimum_version 1.5.0
load attack

@test "attack: looking builds nothing, whether programs are missing or older than their sources" {
  mkdir b
  run make_eo B="$PWD/b" explain CONFIG="$config"
  [ "$status" -eq 0 ]
  [ "$output" = \
    "make: the programs would be built first; what the experiment would run is known then: make programs explain" ]
  run make_eo B="$PWD/b" -n CONFIG="$config"
  [ "$status" -eq 0 ]
  [ "${lines[0]}" = "# make all would run:" ]
  [[ ${lines[1]} == "# make: the programs would be built first"* ]]
  [ -z "$(find b -type f)" ] && [ ! -e "$out" ] || return 1

  # the generated images, too, are those of the programs of before
  mkdir -p c/build && cp -r "$EO_BIN" c/bin && echo >>c/bin/eo-data
  run make_eo B="$PWD/c" explain CONFIG="$config"
  [[ $output != *DATA* ]]
}

@test "attack: an object that was built under another name of the same folder follows its headers" {
  make_part() { make_eo EO_PART=/dev/null CC="$(cut -d' ' -f1 "${EO_BIN%/*}/build/flags")" "$@"; }
  make_part B="$PWD/b" "$PWD/b/build/lib/base/err.o"
  make_part B="$PWD/./b" -q "$PWD/./b/build/lib/base/err.o"
  run make_part B="$PWD/./b" -q -W lib/base/err.h "$PWD/./b/build/lib/base/err.o"
  [ "$status" -eq 1 ]
}

@test "attack: sources and programs with times ahead: sources keep theirs, and are compiled when they change" {
  local b="${EO_BIN%/*}" flags when
  mkdir -p tree/out/build
  cp -a "$EO_ROOT"/{Makefile,lib,tools,plots,configs} tree
  cp -a "$b/bin" tree/out
  cp -a "$b"/build/{flags,lib,tools,link,libeo.a} tree/out/build
  flags=$(cat "$b/build/flags")
  # built FILE...: what is compiled now, and that nothing is the next time
  built() {
    local k
    for k in "$*" ""; do
      run env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL timeout 300 make -C tree --no-print-directory B=out \
        CC="${flags%% -std=c11 *}" \
        FLAGS_NOW="$flags" SANITIZE="$(sed -n 's/.*-fsanitize=\([^ ]*\).*/\1/p' <<<"$flags")" programs
      [ "$status" -eq 0 ]
      [ "$(sed -n 's/^  CC  *//p' <<<"$output" | tr '\n' ' ')" = "${k:+$k }" ] || { echo "$output"; return 1; }
    done
  }
  built
  # a time that comes while the programs are used
  touch -d "8 seconds" tree/tools/eo-pareto.c
  built tools/eo-pareto.c
  sleep 8
  built
  touch -d "5 hours" tree/tools/eo-study.c
  when=$(stat -c %y tree/tools/eo-study.c)
  built tools/eo-study.c
  [ "$(stat -c %y tree/tools/eo-study.c)" = "$when" ]
  sed -i 's/expected/Expected/' tree/tools/eo-study.c
  touch -d "$when" tree/tools/eo-study.c
  built tools/eo-study.c
  # a build that failed in between is not taken for one of these contents
  echo '#error' >>tree/tools/eo-study.c
  touch -d "$when" tree/tools/eo-study.c
  ! built || return 1
  sed -i '/^#error/d' tree/tools/eo-study.c
  touch -d "$when" tree/tools/eo-study.c
  built tools/eo-study.c
  # programs alone, as a copied disk brings them
  touch -d "1 hour ago" tree/tools/eo-study.c
  built
  find tree/out -type f -exec touch -d "5 hours" {} +
  built
}

@test "attack: a checkout in a folder with spaces and other letters works, and is the same through a link" {
  local tree="$BATS_TEST_TMPDIR/a b ü"
  mkdir "$tree"
  (cd "$EO_ROOT" && cp -a Makefile lib tools plots configs "$tree")
  run make_eo -C "$tree" accuracy CONFIG="$config"
  [ "$status" -eq 0 ]
  [[ $output == *"  TRAIN "* ]]
  ln -s "$tree" link
  run make_eo -C "$PWD/link" accuracy CONFIG="$config"
  [ "$status" -eq 0 ]
  [[ $output != *"  TRAIN "* ]]
}
