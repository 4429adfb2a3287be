#!/usr/bin/env bats
# What Make does with a folder of results that it did not fill itself: one from elsewhere, with links, nested in
# another, or whose configuration has gone.

bats_require_minimum_version 1.5.0
load attack

@test "attack: a folder of results from elsewhere runs nothing" {
  trained
  local text='$(shell touch '$PWD'/RAN)' f
  echo "$text" >"$out/config/dataset.mk"
  for f in timed candidates names changed; do echo "$text" >"$out/config/$f"; done
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
  [ ! -e RAN ] && [ -e "$out/models/base.safetensors" ]
}

@test "attack: a pipe, a device or a link to nothing in a folder of results is not waited for, nor read without end" {
  local goal
  trained
  for goal in explain "$out/models/base.safetensors"; do
    mkfifo "$out/rows/p0.00-int8.accuracy.err"
    run make_eo "$goal" CONFIG="$config"
    one_line "$out/rows/p0.00-int8.accuracy.err is neither a file nor a folder"
    ln -sf /dev/zero "$out/rows/p0.00-int8.accuracy.err"
    run make_eo "$goal" CONFIG="$config"
    one_line "$out/rows/p0.00-int8.accuracy.err is neither a file nor a folder"
    rm "$out/rows/p0.00-int8.accuracy.err"
    ln -sf nowhere "$out/config/timed"
    run make_eo "$goal" CONFIG="$config"
    one_line "$out/config/timed is neither a file nor a folder"
    rm "$out/config/timed"
  done
  rm "$out/config/source" && mkfifo "$out/config/source"
  run make_eo explain CONFIG="$config"
  one_line "$out/config/source is neither a file nor a folder"
}

@test "attack: names of exported files that are commands, or lead out of the folder, are left out" {
  trained
  printf '%s\n' 'a.missing;touch$${IFS}RAN;:' '../../victim' 'b$(shell touch RAN)' '`touch RAN`' >"$out/config/exported"
  mkdir victim
  touch -d 2001-01-01 victim
  run make_eo export CONFIG="$config"
  [ "$status" -eq 0 ]
  [ ! -e RAN ] && [ ! -e "$EO_ROOT/RAN" ] && [ "$(stat -c %Y victim)" = "$(date -d 2001-01-01 +%s)" ] || return 1
  [ -s "$out/export/README.md" ]
  run make_eo export CONFIG="$config"
  nothing_ran
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

@test "attack: links in the place of records, plots and pictures are not written through" {
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

@test "attack: a lock that cannot be taken is said as that" {
  mkdir bin
  printf '#!/bin/sh\necho "flock: 9: No locks available" >&2\nexit 71\n' >bin/flock
  chmod +x bin/flock
  PATH=$PWD/bin:$PATH run make_eo "$out/dataset.csv" CONFIG="$config"
  [ "$status" -eq 0 ]
  [[ $output == *"cannot be locked here (flock: 9: No locks available)"* && $output != *"another make"* ]]
}
