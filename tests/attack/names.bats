#!/usr/bin/env bats
# What Make does with names of files that have signs of the shell or of Make in them: it works, or says one line.
# Nothing runs, nothing is split, and nothing ends up in another folder.

bats_require_minimum_version 1.5.0
load attack

@test "attack: CONFIG that is empty, has signs of the shell or of Make, or is no file is one line and runs nothing" {
  local name
  for name in "" " "; do
    run make_eo all CONFIG="$name"
    one_line "make: CONFIG is empty"
    CONFIG=$name run make_eo all
    one_line "make: CONFIG is empty"
  done
  for name in '$(shell touch RAN)' '`touch RAN`' ';touch RAN' '$$(touch RAN)' "a'b.yaml" 'a"b.yaml' 'a(b.yaml' \
    'a)b.yaml' 'a:b.yaml' \
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

@test "attack: folders to compare with spaces and signs are two folders, and run nothing" {
  local a='a b;$(touch RAN)`touch RAN`$(shell touch RAN)'\'
  run make -C "$EO_ROOT" --no-print-directory BIN="$EO_BIN" LINKED= TOOLS= compare A="$PWD/$a" B="$PWD/b c"
  [ "$status" -ne 0 ]
  [ "$output" = "eo-compare: $PWD/$a/manifest.json: cannot open: No such file or directory" ]
  [ ! -e RAN ] && [ ! -e "$EO_ROOT/RAN" ]
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
