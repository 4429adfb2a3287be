#!/usr/bin/env bats
# eo-explain, and make explain and graph as one sees them. Every key is explained in rebuild.sh.

bats_require_minimum_version 1.5.0
load common

setup() {
  cd "$BATS_TEST_TMPDIR"
  mkdir -p o/x/config/made o/x/models
  printf 'a: 1\nlearning_rate: 0.001\n' >o/x/config/made/train.yaml
  printf 'a: 1\nlearning_rate: 0.002\n' >o/x/config/train.yaml
  echo base >o/x/models/base.safetensors
  cat >trace <<END
STAGES := data train prune quant eval bench select sensitivity hardware plots summary manifest
mkdir -p o/x/models
Makefile:5: update target 'o/x/models/base.safetensors' due to: o/x/config/train.yaml out/bin/eo-train
printf TRAIN
o/x/models/base.safetensors: o/x/config/train.yaml out/bin/eo-train | step/train/models/base.safetensors
o/x/models/p0.50.safetensors: o/x/models/base.safetensors | step/prune/models/p0.50.safetensors
END
}

@test "a key, a program, what follows, and what is up to date" {
  echo pruned >o/x/models/p0.50.safetensors
  run --separate-stderr eo-explain --folder o/x trace
  [ "$status" -eq 0 ] && [ -z "$stderr" ] || return 1
  [ "$output" = "o/x: 1 of 2 steps would run
  train     models/base.safetensors: learning_rate changed from 0.001 to 0.002; program eo-train changed" ]

  # the same by a file that holds the program's checksum
  sed 's|out/bin/|o/x/config/programs/|g' trace >sums
  [ "$(eo-explain --folder o/x sums)" = "$output" ]

  echo "M:9: update target 'o/x/models/p0.50.safetensors' due to: o/x/models/base.safetensors plots/x.gp" >>trace
  run eo-explain --folder o/x - <trace
  [ "${lines[0]}" = "o/x: 2 of 2 steps would run" ]
  [ "${lines[2]}" = "  prune     models/p0.50.safetensors: plots/x.gp is newer; follows from train" ]
  [ "${lines[3]}" = "  what follows from a step runs only if that step makes other bytes than before" ]

  rm o/x/models/p0.50.safetensors
  printf 'EO_LEVELS := 0.00\n' | tee o/x/config/made/candidates >o/x/config/candidates
  run eo-explain --folder o/x trace
  [ "${lines[2]}" = "  prune     models/p0.50.safetensors: is missing" ]
  printf 'EO_LEVELS := 0.00 0.50\n' >o/x/config/candidates
  run eo-explain --folder o/x trace
  [ "${lines[2]}" = "  prune     models/p0.50.safetensors: level 0.50 was added" ]
  rm o/x/config/made/candidates
  run eo-explain --folder o/x trace
  [ "${lines[2]}" = "  prune     models/p0.50.safetensors: was never made" ]
}

@test "--json: every step, whether it would run, and why" {
  echo pruned >o/x/models/p0.50.safetensors
  eo-explain --folder o/x --json trace >steps
  [ "$(json get steps folder steps_to_run steps steps/0/stage steps/0/would_run steps/0/makes/0 steps/1/would_run \
    steps/1/why | tr '\n' ' ')" = "o/x 1 2 train true models/base.safetensors false null " ]
  [ "$(json get steps steps/0/why)" = "learning_rate changed from 0.001 to 0.002; program eo-train changed" ]
  documented steps
  misused "eo-explain: options '--dot', '--json', '--steps' and '--plan' exclude each other" \
    eo-explain --folder o/x --json --steps trace
}

@test "a step whose other files follow from its first reads what the first reads" {
  printf 'o/x/%s | step/plots/b.png\n' "a.png: o/x/b.png" "b.png: o/x/sweep.csv" "c.png: o/x/b.png" >>trace
  eo-explain --folder o/x --steps trace | grep -qx 'plots: b.png a.png c.png <- sweep.csv'
}

@test "a slice that was written again, other folders, nothing to do, nothing at all" {
  cp o/x/config/made/train.yaml o/x/config
  sed -i 's/ out.bin.eo-train//' trace
  run eo-explain --folder o/x trace
  [ "${lines[1]}" = "  train     models/base.safetensors: train.yaml is newer" ]
  mkdir then now
  echo "learning_rate: 0.1" >then/train.yaml
  echo "learning_rate: null" >now/train.yaml
  sed -i 's|o/x/config|now|' trace
  run eo-explain --folder o/x --now now --then then trace
  [ "${lines[1]}" = "  train     models/base.safetensors: learning_rate changed from 0.1 to null" ]
  sed -i /update/d trace
  run eo-explain --folder o/x trace
  [ "$output" = "o/x: nothing to do, all 2 steps are up to date" ]
  run eo-explain --folder o/x /dev/null
  [ "$output" = "o/x: nothing to do, all 0 steps are up to date" ]
  run eo-explain --folder o/x -o words "$EO_ROOT/README.md"
  [ "$status" -eq 0 ] && [ "$(cat words)" = "$output""o/x: nothing to do, all 0 steps are up to date" ]
}

@test "12 candidates are one line; of many pruned models the graph is by stage" {
  echo "STAGES := prune quant" >trace
  for level in 10 11 12 13 14 15 16 17 18 19 20 21 22; do
    echo \
      "o/x/models/p0.$level-int8.safetensors: o/x/models/p0.$level.safetensors | \
step/quant/models/p0.$level-int8.safetensors" >>trace
    echo "o/x/models/p0.$level.safetensors: o/x/models/base.safetensors | step/prune/models/p0.$level.safetensors" \
      >>trace
    echo "M:1: update target 'o/x/models/p0.$level.safetensors' due to: o/x/models/base.safetensors" >>trace
    echo pruned >o/x/models/p0.$level.safetensors
    [ $level != 21 ] || cp trace trace12
  done
  run eo-explain --folder o/x trace12
  [ "$output" = "o/x: 12 of 24 steps would run
  prune     models/p0.10.safetensors and 11 more: models/base.safetensors is newer" ]
  eo-explain --folder o/x --dot trace12 >dot
  [ "$(grep -c 'label="prune p0' dot)" -eq 12 ] && [ "$(grep -c -- '->' dot)" -eq 12 ] || return 1
  grep -q 'n0 \[label="prune p0.10\\nwould run\\nmodels/base.safetensors is\\nnewer", fillcolor' dot
  grep -q 'label="quant p0.10\\nint8\\nup to date", fillcolor' dot
  eo-explain --folder o/x --dot trace >dot
  grep -q 'n0 \[label="prune\\n13 steps\\nall would run\\n' dot && [ "$(grep -c -- '->' dot)" -eq 1 ]
}

@test "timing: one step for all candidates, with the reasons of each that asks for it" {
  mkdir -p o/x/rows
  cat >trace <<END
M:1: update target 'o/x/machine.csv' due to: o/x/models/p0.50-int8.safetensors o/x/rows/p0.50-int8.untimed
o/x/machine.csv: o/x/models/p0.00-int8.safetensors o/x/models/p0.50-int8.safetensors \
o/x/rows/p0.50-int8.untimed | o/x/rows/p0.50-int8.accuracy.err step/bench/machine.csv
END
  printf 'EO_LEVELS := 0.00\n' >o/x/config/made/candidates
  printf 'EO_LEVELS := 0.00 0.50\n' >o/x/config/candidates
  why() {
    run --separate-stderr eo-explain --folder o/x "$@" trace
    [ "$status" -eq 0 ] && [ "${lines[0]}" = "o/x: 1 of 1 steps would run" ] || return
    echo "${lines[1]#  bench     machine.csv: }"
  }
  # there is none yet; then there is
  [ "$(why)" = "level 0.50 was added; all are timed together" ]
  echo >o/x/machine.csv
  [ "$(why)" = "level 0.50 was added; all are timed together; models/p0.50-int8.safetensors is newer" ]
  cp o/x/config/candidates o/x/config/made
  [ "$(why)" = \
    "1 candidate has no row of the last session; all are timed together; models/p0.50-int8.safetensors is newer" ]
  rm o/x/machine.csv
  [ "$(why)" = "1 candidate has no row of the last session; all are timed together" ]
  sed -i '1s/int8.untimed/int8.untimed o\/x\/rows\/p0.00-int8.untimed/' trace
  [ "$(why)" = "2 candidates have no rows of the last session; all are timed together" ]
  sed -i '1s/ o.x.rows.*//' trace
  [ "$(why)" = "is missing" ]
  rm o/x/config/made/candidates
  [ "$(why)" = "was never made" ]
  eo-explain --folder o/x --dot trace >dot
  grep -q 'n0 \[label="bench\\nwould run\\nwas never made", fillcolor' dot
}

@test "what failed the last time" {
  echo pruned >o/x/models/p0.50.safetensors
  sed "3s/.*/M:9: update target 'o\/x\/models\/p0.50.safetensors' due to: FORCE/" trace >again
  run eo-explain --folder o/x again
  [ "${lines[1]}" = "  prune     models/p0.50.safetensors: failed the last time" ]
}

@test "messages" {
  misused "eo-explain: option '--folder' is required" eo-explain trace
  fails 1 "eo-explain: gone: cannot open: No such file or directory" eo-explain --folder o/x gone
  fails 1 "eo-explain: o: expected a file, found a directory" eo-explain --folder o/x o
  rm o/x/config/train.yaml && mkdir o/x/config/train.yaml
  fails 1 "eo-explain: 'o/x/config/train.yaml': expected a file, found a directory" eo-explain --folder o/x trace
  fails 1 "eo-explain: 'o/x/config/train.yaml': expected a file, found a directory" eo-explain --folder o/x \
    --dot -o dot trace
  [ ! -e dot ]
}

# With the programs under test; looking needs no artefacts.
make_eo() {
  make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" "$@"
}

@test "make explain and make graph before the first run: no artefact, but the graph's folder is the configuration's" {
  printf 'output_dir: %s/new\npruning_levels: [0.0, 0.5]\n' "$PWD" >a.yaml
  run make_eo explain CONFIG="$PWD/a.yaml"
  [ "$status" -eq 0 ]
  [[ $output == *"$PWD/new: 25 of 25 steps would run
  data      dataset.csv: was never made"*"  prune     models/p0.00.safetensors and 1 more: was never made"* ]]
  [ ! -e new ]
  sed 1d a.yaml >of-no-folder.yaml
  run make_eo explain CONFIG="$PWD/of-no-folder.yaml"
  [ "$status" -eq 0 ] && [[ $output == *"of-no-folder: 25 of 25 steps would run"* ]] || return 1
  run make_eo explain CONFIG="$PWD/none.yaml"
  [ "$status" -ne 0 ] && [[ $output == *"none.yaml: no such configuration"* ]] || return 1

  run make_eo graph CONFIG="$PWD/a.yaml" DOT=no-dot
  [ "$status" -ne 0 ]
  [[ $output == *"make graph: needs 'no-dot', of the Debian package graphviz: make deps"* ]]

  command -v dot >/dev/null || skip "needs graphviz's dot: make deps"
  run make_eo graph CONFIG="$PWD/a.yaml"
  [ "$status" -eq 0 ] && [[ $output == *"  GRAPH    $PWD/new/graph.svg"* ]] || return 1
  grep -q '<title>stages</title>' new/graph.svg
  [ "$(cat new/config/source)" = "$PWD/a.yaml" ]
}
