#!/usr/bin/env bats
# Clocks that go wrong: files of the future and of the past. All ends, and a second make has nothing to do.

bats_require_minimum_version 1.5.0
load attack

# of_every_kind WHEN: files of each kind get that time in turn
of_every_kind() {
  local kind when=$1
  eo-data --generate a/mnist --train 900 --test 100
  sed -i 's/^dataset:.*/dataset: mnist/' "$config"
  export EO_DATA_DIR=$PWD/a
  make_eo CONFIG="$config" accuracy sensitivity
  for kind in "$config" "a/mnist/*" "$out/config/train.yaml" "$out/dataset.csv" "$out/models/base.safetensors" \
    "$out/rows/*" "$out/*.csv" "$out/*.png" "$out/config/programs/*" "$out/config/steps/*" "$out/config/source"; do
    # shellcheck disable=SC2086 # a pattern
    touch -d "$when" $kind
    run make_eo explain CONFIG="$config"
    [ "$status" -eq 0 ]
    run make_eo -n CONFIG="$config" accuracy sensitivity
    [ "$status" -eq 0 ]
    make_eo CONFIG="$config" accuracy sensitivity
    run make_eo CONFIG="$config" accuracy sensitivity
    [ "$status" -eq 0 ]
    nothing_ran || { echo "$kind, $when"; return 1; }
  done
}

@test "attack: times hours ahead, of every kind of file" {
  of_every_kind "5 hours"
  # all of a folder, as a copied disk brings it: nothing runs
  find "$out" -type f -exec touch -d "5 hours" {} +
  run make_eo CONFIG="$config" accuracy sensitivity
  [ "$status" -eq 0 ]
  nothing_ran
}

@test "attack: times hours behind, of every kind of file" {
  of_every_kind "5 hours ago"
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
