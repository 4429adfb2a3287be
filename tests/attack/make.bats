#!/usr/bin/env bats
# What Make does with names, folders, links and times that it did not expect: works, or says one line; runs nothing, splits
# nothing, never ends up in another folder.

bats_require_minimum_version 1.5.0
load ../common

setup() {
  cd "$BATS_TEST_TMPDIR"
  out=$PWD/r
  config=$PWD/exp.yaml
  sed '/^output_dir/d; s/^pruning_levels:.*/pruning_levels: [0.0]/; s/^precisions:.*/precisions: [int8]/' \
    "$EO_ROOT/tests/golden/small.yaml" >"$config"
  echo "output_dir: $out" >>"$config"
}

# Make in the project's root, whatever a make above this one was told.
make_eo() {
  env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL timeout 60 make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" "$@"
}

setup_file() { make_eo programs; }

# idle: nothing to do, and looking says so
idle() {
  run make_eo CONFIG="$config" "$out/dataset.csv" "$out/models/base.safetensors"
  [ "$status" -eq 0 ]
  [[ $output != *TRAIN* ]] || { echo "$output"; return 1; }
}

# Make says of a file that it is up to date.
nothing_ran() {
  ! grep -qE '^  [A-Z]{4,}' <<<"$output" || { echo "$output"; return 1; }
}

trained() {
  run make_eo CONFIG="$config" "$out/models/base.safetensors"
  [ "$status" -eq 0 ]
  [[ $output == *TRAIN* ]] || { echo "$output"; return 1; }
}

# one_line TEXT: the last call failed with status 1 and that line alone
one_line() {
  [ "$status" -eq 1 ]
  [ "${#lines[@]}" -eq 1 ]
  [[ $output == *"$1"* ]] || { echo "$output"; return 1; }
}

@test "attack: CONFIG that is empty, has signs of the shell or of Make, or is no file is one line and runs nothing" {
  local name
  for name in "" " "; do
    run make_eo all CONFIG="$name"
    one_line "make: CONFIG is empty"
    CONFIG=$name run make_eo all
    one_line "make: CONFIG is empty"
  done
  for name in '$(shell touch RAN)' '`touch RAN`' ';touch RAN' '$$(touch RAN)' "a'b.yaml" 'a"b.yaml' 'a(b.yaml' 'a)b.yaml' 'a:b.yaml' \
    '-f.yaml' 'a#b.yaml' 'a%b.yaml' 'é.yaml'; do
    run make_eo all CONFIG="$name"
    [ "$status" -eq 1 ]
    [[ $output == *"no such configuration"* && $output != *"***"* ]]
    cp "$config" "./$name"
    run make_eo all CONFIG="$PWD/$name"
    one_line "expected a file name of at most 100 letters"
    CONFIG=$PWD/$name run make_eo explain
    one_line "expected a file name of at most 100 letters"
    run make_eo clean CONFIG="$PWD/$name"
    [ "$status" -eq 1 ]
    [[ $output != *"***"* ]]
  done
  [ ! -e RAN ] && [ ! -e "$EO_ROOT/RAN" ] && [ ! -e "$out" ]
}

@test "attack: a configuration in a folder with odd signs works, and is the same through a link" {
  mkdir 'a b;$(touch RAN)`x`'\''"'
  mv "$config" 'a b;$(touch RAN)`x`'\''"'
  config=$PWD/'a b;$(touch RAN)`x`'\''"/exp.yaml'
  trained
  idle
  ln -s "${config%/*}" link
  config=$PWD/link/exp.yaml
  idle
  [ ! -e RAN ] && [ ! -e "$EO_ROOT/RAN" ]
}

@test "attack: EO_DATA_DIR with spaces, quotes, signs of Make and of the shell works and runs nothing" {
  local dir=$PWD/'d a;$(touch RAN)`touch RAN`$(shell touch RAN)'\''"(,:é'
  eo-data --generate "$dir/mnist" --train 900 --test 100
  sed -i 's/^dataset:.*/dataset: mnist/' "$config"
  run make_eo EO_DATA_DIR="$dir" CONFIG="$config" "$out/rows/p0.00-int8.accuracy.csv"
  [ "$status" -eq 0 ]
  export EO_DATA_DIR=$dir
  idle
  run make_eo -n CONFIG="$config"
  [ "$status" -eq 0 ]
  [ ! -e RAN ] && [ ! -e "$EO_ROOT/RAN" ]
}

@test "attack: a folder of results that somebody sent runs nothing" {
  trained
  local text='$(shell touch '$PWD'/RAN)' f
  echo "$text" >"$out/config/dataset.mk"
  for f in timed candidates; do echo "$text" >"$out/config/$f"; done
  printf '%s\n' "e touch $PWD/RAN" "|e touch RAN" >"$out/config/source"
  run make_eo explain CONFIG="$config"
  run make_eo -n CONFIG="$config"
  run make_eo "$out/models/base.safetensors" CONFIG="$config"
  # the folder is not taken from a configuration that is there
  printf '%s\n' /dev/null >"$out/config/source"
  run make_eo all CONFIG="$config"
  one_line "holds the results of /dev/null"
  run make_eo clean CONFIG="$config"
  one_line "nothing was removed"
  # what is no file is not waited for
  rm "$out/config/source" && mkfifo "$out/config/source"
  run make_eo "$out/models/base.safetensors" CONFIG="$config"
  [ "$status" -eq 0 ] && [ "$(cat "$out/config/source")" = "$config" ] || return 1
  [ ! -e RAN ] && [ -e "$out/models/base.safetensors" ]
}

@test "attack: links in the configuration's folder are not written through" {
  trained
  mkdir other
  mv "$out/config/programs" kept
  ln -s "$PWD/other" "$out/config/programs"
  run make_eo "$out/models/base.safetensors" CONFIG="$config"
  one_line "is a link"
  [ -z "$(ls other)" ]
}

@test "attack: records, plots and pictures that are links to a file of somebody's leave it as it is" {
  local f
  trained
  echo precious >victim
  for f in steps/machine.csv timed.new; do
    ln -sfn "$PWD/victim" "$out/config/$f"
    run make_eo "$out/models/base.safetensors" CONFIG="$config"
    one_line "$out/config/$f is a link"
    rm "$out/config/$f"
  done
  ln -s "$PWD/victim" "$out/graph.svg.tmp"
  ln -s "$PWD/victim" "$out/layerwise_macs.png.tmp"
  make_eo graph CONFIG="$config"
  make_eo "$out/layerwise_macs.png" CONFIG="$config"
  [ "$(cat victim)" = precious ] && [ ! -L "$out/graph.svg" ] && [ ! -L "$out/layerwise_macs.png" ]
}

@test "attack: images that are replaced are seen in a folder of very many files" {
  eo-data --generate a/mnist --train 900 --test 100
  eo-data --generate b/mnist --train 900 --test 100 --seed 5
  mkdir a/mnist/1 a/mnist/2 a/mnist/3
  (cd a/mnist/1 && seq 1500 | xargs touch && cp -r . ../2 && cp -r . ../3)
  # one that a list of the first files lacks, if there is one
  local last file
  last=$(find -L a/mnist -maxdepth 3 -type f | tail -n +1001 | grep -m 1 ubyte || echo a/mnist/train-labels-idx1-ubyte.gz)
  file=${last##*/}
  sed -i 's/^dataset:.*/dataset: mnist/' "$config"
  export EO_DATA_DIR=$PWD/a
  trained
  sleep 2
  idle
  cp -p "b/mnist/$file" a/mnist
  trained
}

@test "attack: a configuration whose folder lies in another's is refused; clean keeps one that was moved there" {
  trained
  sed "s|^output_dir:.*|output_dir: $out/inner|" "$config" >in.yaml
  run make_eo all CONFIG="$PWD/in.yaml"
  one_line "lies inside $out, which holds the results of $config"
  mkdir -p "$out/x/config" && echo in.yaml >"$out/x/config/source"
  run make_eo clean CONFIG="$config"
  one_line "$out/x holds the results of another configuration; nothing was removed"
  run make_eo -n clean CONFIG="$config"
  [ "$status" -ne 0 ]
  [[ $output == *"$out/x holds the results of another configuration; nothing was removed"* && $output != *"rm -rf"* ]]
  rm -r "$out/x"
  make_eo clean CONFIG="$config"
  [ ! -e "$out" ]
}

@test "attack: a configuration that is renamed with its folder goes on" {
  trained
  mv "$config" new.yaml
  mv "$out" r2
  config=$PWD/new.yaml
  out=$PWD/r2
  sed -i "s|^output_dir:.*|output_dir: $out|" new.yaml
  run make_eo "$out/models/base.safetensors" CONFIG="$config"
  [ "$status" -eq 0 ]
  one=$(grep -c 'which is gone' <<<"$output")
  [ "$one" -eq 1 ] && [[ $output != *TRAIN* ]] || return 1
  run make_eo "$out/models/base.safetensors" CONFIG="$config"
  nothing_ran
}

@test "attack: a configuration that is not there at the moment keeps its folder; another one is told what to do" {
  trained
  sed 's/^learning_rate:.*/learning_rate: 0.0123/' "$config" >other.yaml
  mv "$config" away.yaml
  run make_eo all CONFIG="$PWD/other.yaml"
  one_line "$out holds the results of $config, which is not there now. If its disk is to be mounted"
  run make_eo -n clean CONFIG="$PWD/other.yaml"
  [ "$status" -ne 0 ]
  mv away.yaml "$config"
  idle
  rm "$config" "$out/config/source"
  config=$PWD/other.yaml
  trained
}

@test "attack: older configurations and data are seen: mv, cp -p, ln -sfn" {
  eo-data --generate a/mnist --train 900 --test 100
  eo-data --generate b/mnist --train 900 --test 100 --seed 5
  touch -d 2001-01-01 b/mnist/*
  sed -i 's/^dataset:.*/dataset: mnist/' "$config"
  sed 's/^learning_rate:.*/learning_rate: 0.0123/' "$config" >older.yaml
  touch -d 2001-01-01 older.yaml
  ln -s a data
  export EO_DATA_DIR=$PWD/data
  trained
  idle
  ln -sfn b data
  trained
  idle
  cp -p a/mnist/train-labels* b/mnist
  trained
  cp -p "$config" first.yaml
  cp -p older.yaml "$config"
  trained
  idle
  mv first.yaml "$config"
  trained
  idle
}

@test "attack: times hours ahead and behind, of every kind of file: all ends, and a second make has nothing to do" {
  local kind when
  eo-data --generate a/mnist --train 900 --test 100
  sed -i 's/^dataset:.*/dataset: mnist/' "$config"
  export EO_DATA_DIR=$PWD/a
  make_eo CONFIG="$config" accuracy sensitivity
  for when in "5 hours" "5 hours ago"; do
    for kind in "$config" "a/mnist/*" "$out/config/train.yaml" "$out/dataset.csv" "$out/models/base.safetensors" "$out/rows/*" \
      "$out/*.csv" "$out/*.png" "$out/config/programs/*" "$out/config/steps/*" "$out/config/source"; do
      # shellcheck disable=SC2086 # a pattern
      touch -d "$when" $kind
      run make_eo explain CONFIG="$config"
      [ "$status" -eq 0 ]
      run make_eo -n CONFIG="$config" accuracy sensitivity
      [ "$status" -eq 0 ]
      make_eo CONFIG="$config" accuracy sensitivity
      run make_eo CONFIG="$config" accuracy sensitivity
      [ "$status" -eq 0 ]
      nothing_ran || { echo "$kind, $when"; false; }
    done
  done
  # all of a folder, as a copied disk brings it: nothing runs
  find "$out" -type f -exec touch -d "5 hours" {} +
  run make_eo CONFIG="$config" accuracy sensitivity
  [ "$status" -eq 0 ]
  nothing_ran
}

@test "attack: an edit is seen in a folder whose files are of the future" {
  trained
  find "$out" -type f -exec touch -d "3 hours" {} +
  sed -i 's/^learning_rate:.*/learning_rate: 0.0123/' "$config"
  run make_eo explain CONFIG="$config"
  [[ $output == *"train  "*"models/base.safetensors"* ]] || { echo "$output"; return 1; }
  trained
  run make_eo "$out/models/base.safetensors" CONFIG="$config"
  nothing_ran
}

@test "attack: a lock that cannot be taken is said as that" {
  mkdir bin
  printf '#!/bin/sh\necho "flock: 9: No locks available" >&2\nexit 71\n' >bin/flock
  chmod +x bin/flock
  PATH=$PWD/bin:$PATH run make_eo "$out/dataset.csv" CONFIG="$config"
  [ "$status" -eq 0 ]
  [[ $output == *"cannot be locked here (flock: 9: No locks available)"* && $output != *"another make"* ]]
}

@test "attack: DESTDIR and PREFIX with spaces and signs are one folder; another folder than the checkout is one line" {
  run make_eo install DESTDIR="$PWD/d e;\$(touch RAN)" PREFIX="/p'\`touch RAN\`q"
  [ "$status" -eq 0 ]
  [ -x "d e;\$(touch RAN)/p'\`touch RAN\`q/bin/eo-train" ]
  [ ! -e "$EO_ROOT/RAN" ]
  run make -f "$EO_ROOT/Makefile"
  [ "$status" -ne 0 ] && [ "${#lines[@]}" -eq 1 ] || return 1
  [[ $output == *"run make -C with the folder of this Makefile"* ]]
}

@test "attack: looking builds nothing, whether programs are missing or older than their sources" {
  mkdir b
  run make_eo B="$PWD/b" explain CONFIG="$config"
  [ "$status" -eq 0 ]
  [ "$output" = "make: the programs would be built first; what the experiment would run is known then: make programs explain" ]
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

@test "attack: sources and programs with times hours ahead: sources keep theirs, and are compiled when they change" {
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
      run env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL timeout 60 make -C tree --no-print-directory B=out CC="${flags%% -std=c11 *}" \
        FLAGS_NOW="$flags" SANITIZE="$(sed -n 's/.*-fsanitize=\([^ ]*\).*/\1/p' <<<"$flags")" programs
      [ "$status" -eq 0 ]
      [ "$(sed -n 's/^  CC  *//p' <<<"$output" | tr '\n' ' ')" = "${k:+$k }" ] || { echo "$output"; return 1; }
    done
  }
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
