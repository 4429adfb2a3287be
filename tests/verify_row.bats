#!/usr/bin/env bats
# eo-verify --row: every row of a sweep that Make has made is made again to the same bytes, and what was changed is
# noticed.

bats_require_minimum_version 1.5.0
load common

# One experiment for all tests: two seeds, levels by layer, two criteria, pruning in steps with fine-tuning, training of
# int8, and no step of it at its default.
setup_file() {
  load common
  cd "$BATS_FILE_TMPDIR"
  eo-data --generate data --train 400 --test 100
  cat >exp.yaml <<EOF
dataset: idx
data_dir: $BATS_FILE_TMPDIR/data
seeds: [3, 8]
train_subset: 300
val_subset: 100
conv1_channels: 3
conv2_channels: 5
batch_size: 32
epochs: 1
fine_tune_epochs: 1
prune_steps: 2
qat_epochs: 1
learning_rate: 0.004
pruning_criterion: [l1, taylor]
pruning_images: 64
pruning_levels: [0.0, [0.25, 0.5]]
precisions: [int8]
bias_correction: true
quantization_observer: minmax
benchmark_repeats: 1
benchmark_trials: 1
benchmark_warmup: 0
benchmark_exact: true
memory_budgets_mb: [0.002, 0.01]
active_memory_budget_mb: 0.002
output_dir: $BATS_FILE_TMPDIR/run
EOF
  make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" CONFIG="$BATS_FILE_TMPDIR/exp.yaml" all >log 2>&1 ||
    { cat log; return 1; }
}

setup() {
  cd "$BATS_TEST_TMPDIR"
  export TMPDIR=$BATS_TEST_TMPDIR/tmp EO_LOCK_DIR=$BATS_TEST_TMPDIR/tmp
  mkdir tmp
}

# again ROW [TABLE]
again() {
  eo-verify -C "$EO_ROOT" --data "$BATS_FILE_TMPDIR/data" --row "$1" "${2:-run/sweep_results.csv}"
}

# A copy to spoil.
copy() {
  cp -r "$BATS_FILE_TMPDIR/run" run
}

# Nothing is left in TMPDIR but the lock of the benchmarks.
tidy() {
  [ -z "$(ls tmp | grep -v timing.lock)" ]
}

# cell ROW COLUMN VALUE: of run/sweep_results.csv
cell() {
  awk -F, -v OFS=, -v row="$1" -v name="$2" -v value="$3" \
    'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i } NR == row + 1 { $c = value } { print }' \
    run/sweep_results.csv >new && mv new run/sweep_results.csv
}

# value ROW COLUMN
value() {
  awk -F, -v row="$1" -v name="$2" \
    'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i } NR == row + 1 { print $c }' \
    run/sweep_results.csv
}

@test "the manifest lists every file of the run, and all are as they were made" {
  cd "$BATS_FILE_TMPDIR"
  run --separate-stderr eo-verify run/manifest.json
  [ "$status" -eq 0 ]
  eo-verify --list run/manifest.json | tail -n +2 | cut -d, -f1 | sort >"$BATS_TEST_TMPDIR/listed"
  (cd run && find . -type f) | sed 's|^./||' |
    grep -vE '^(manifest.json|config/(source|candidates|names|changed|records|described|timed))$' |
    grep -vE '^config/(made|programs|steps)/' | sort | diff - "$BATS_TEST_TMPDIR/listed"
}

@test "level 0 is trained on as the pruned levels are" {
  copy
  # one epoch in each of two steps
  [ "$(for k in 1 2 3 4 5 6; do value $k fine_tune_epochs; done | sort -u)" = 2 ]
  [ "$(for k in 1 2 3 4 5 6; do value $k pruning_level; done | sort -u | xargs)" = "0.00 0.25x0.50" ]
}

@test "on another machine, the same reproducible part of the manifest" {
  sed "s|^output_dir: .*|output_dir: $BATS_TEST_TMPDIR/run|" "$BATS_FILE_TMPDIR/exp.yaml" >exp.yaml
  echo "threads: 1" >>exp.yaml
  EO_ISA=generic make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" CONFIG="$PWD/exp.yaml" all
  sed '/^  "host": {$/,$d' "$BATS_FILE_TMPDIR/run/manifest.json" >first
  sed '/^  "host": {$/,$d' run/manifest.json | cmp first -
  [ "$(wc -l <first)" -gt 300 ]
  grep -q '"isa": "generic",$' run/manifest.json
}

@test "every row is made again: the same model, all columns but those of timing" {
  local rows=$(($(wc -l <"$BATS_FILE_TMPDIR/run/sweep_results.csv") - 1)) k build=${EO_BIN%/*}/build
  [ "$rows" -eq 6 ]
  for k in $(seq "$rows"); do
    run --separate-stderr again "$k" "$BATS_FILE_TMPDIR/run/sweep_results.csv"
    echo "$output $stderr"
    [ "$status" -eq 0 ]
    local same='the same model and [0-9]+ columns; 53 of timing or comparison left out'
    [[ $output =~ ^.*/run/sweep_results.csv:\ row\ $k\ made\ again:\ $same$ ]]
  done
  tidy
  # nor in the folder of the build
  ls "$build/seen" "$build/lock" "$build/data" | grep -F "$(printf %s "$TMPDIR" | tr / +)+" >left || true
  [ ! -s left ] || { cat left; false; }
}

@test "table beside the slices, and other times: the same" {
  copy
  cell 3 latency_ms 17
  cell 3 energy_proxy_j 17
  cell 3 kernel abacus
  cd run
  run --separate-stderr again 3 sweep_results.csv
  [ "$status" -eq 0 ] && [[ $output == "sweep_results.csv: row 3 made again: "* ]] || return 1
  cd ..
  tidy
}

@test "a figure that was changed is named" {
  copy
  local was=$(value 1 accuracy) name
  cell 1 accuracy 0.999
  fails 1 "eo-verify: run/sweep_results.csv: row 1: column 'accuracy': the file has '0.999', made again it is '$was'" \
    again 1
  cell 1 accuracy "$was"
  cell 1 violates_0.002mb maybe
  fails_like 1 \
    "eo-verify: run/sweep_results.csv: row 1: column 'violates_0.002mb': the file has 'maybe', made again it is '*'" \
    again 1
  # another row is as good as it was
  again 2
  for name in model_sha256 macs test_accuracy batch_size; do
    was=$(value 2 $name)
    cell 2 $name 1
    fails_like 1 "eo-verify: run/sweep_results.csv: row 2: column '$name': the file has '1', made again it is '$was'" \
      again 2
    cell 2 $name "$was"
  done
  tidy
}

@test "where a model differs, the first stage is named" {
  copy
  sed -i 's/^learning_rate: .*/learning_rate: 0.05/' run/config/finetune.yaml
  fails 1 \
    "eo-verify: run/sweep_results.csv: row 2: run/config/finetune.yaml: expected 'learning_rate: 0.004' as in other \
slices, found 'learning_rate: 0.05'" \
    again 2
  for file in finetune train; do
    rm run/config/$file.yaml && mkfifo run/config/$file.yaml
    fails 1 "eo-verify: run/sweep_results.csv: row 1: run/config/$file.yaml: expected a regular file" \
      timeout 20 eo-verify -C "$EO_ROOT" --data "$BATS_FILE_TMPDIR/data" --row 1 run/sweep_results.csv
  done
  rm run/config/*.yaml && cp "$BATS_FILE_TMPDIR"/run/config/*.yaml run/config
  sed -i 's/^fine_tune_epochs: .*/fine_tune_epochs: 2/' run/config/finetune.yaml
  fails_like 1 \
    "eo-verify: run/sweep_results.csv: row 2: column '*': the file has '*', made again it is '*' \(first in stage \
prune\)" \
    again 2
  fails_like 1 \
    "eo-verify: run/sweep_results.csv: row 1: column '*': the file has '*', made again it is '*' \(first in stage \
prune\)" \
    again 1
  sed -i 's/^epochs: .*/epochs: 2/' run/config/train.yaml
  fails_like 1 \
    "eo-verify: run/sweep_results.csv: row 1: column '*': the file has '*', made again it is '*' \(first in stage \
train\)" \
    again 1
  # the other seed has slices of its own
  again 4
}

@test "other data" {
  copy
  eo-data --generate other --train 400 --test 100 --seed 2
  fails 1 \
    "eo-verify: run/sweep_results.csv: row 1: the data set is another one than run/dataset.csv tells of (stage data)" \
    eo-verify -C "$EO_ROOT" --data other --row 1 run/sweep_results.csv
  fails_like 1 "eo-verify: run/sweep_results.csv: row 1: make: eo-data: '*/tmp': expected 'train-images-idx3-ubyte' *" \
    eo-verify -C "$EO_ROOT" --data tmp --row 1 run/sweep_results.csv
  rm run/dataset.csv
  fails_like 1 "eo-verify: run/sweep_results.csv: row 1: run/dataset.csv: cannot open: No such file or directory" \
    again 1
  tidy
}

@test "without --data: where it is found by name; the generated one is generated, others are not" {
  copy
  eo-verify -C "$EO_ROOT" --row 1 run/sweep_results.csv # the slice has data_dir
  sed -i '/data_dir/d' run/config/data.yaml
  fails_like 1 "eo-verify: run/sweep_results.csv: row 1: make: *data_dir*" eo-verify -C "$EO_ROOT" --row 1 \
    run/sweep_results.csv
  sed -i 's/^dataset: idx/dataset: mnist/' run/config/*.yaml
  EO_DATA_DIR= fails_like 1 \
    "eo-verify: run/sweep_results.csv: row 1: make: eo-data: dataset 'mnist': expected a folder *" \
    eo-verify -C "$EO_ROOT" --row 1 run/sweep_results.csv
  sed -i 's/^dataset: mnist/dataset: synthetic/' run/config/*.yaml
  EO_DATA_DIR= fails_like 1 "eo-verify: run/sweep_results.csv: row 1: the data set is another one than *" \
    eo-verify -C "$EO_ROOT" --row 1 run/sweep_results.csv
  tidy
}

@test "tables and slices that do not fit" {
  local file
  copy
  fails 1 "eo-verify: gone: cannot open: No such file or directory" again 1 gone
  fails 1 "eo-verify: run/sweep_results.csv: row 7: expected a row of 1..6, found 7" again 7
  fails 1 "eo-verify: run/dataset.csv: row 1: expected a column 'pruning_level', found none" again 1 run/dataset.csv
  cell 6 seed 9
  fails 1 \
    "eo-verify: run/sweep_results.csv: row 6: run/config/seed9/train.yaml: cannot open: No such file or directory" \
    again 6
  cp -r run/config/seed8 run/config/seed9
  fails 1 "eo-verify: run/sweep_results.csv: row 6: run/config/seed9/train.yaml: expected seed 9, found 8" \
    again 6
  echo "epochs: -1" >run/config/finetune.yaml
  fails_like 1 "eo-verify: run/sweep_results.csv: row 1: run/config/finetune.yaml: 1:9: key 'epochs': *" \
    again 1
  cp "$BATS_FILE_TMPDIR/run/config/finetune.yaml" run/config
  sed -i '1s/,error,/,mistake,/' run/sweep_results.csv
  fails 1 "eo-verify: run/sweep_results.csv: row 1: column 'mistake': this version has no such column" \
    again 1
  cut -d, -f1-3,5- "$BATS_FILE_TMPDIR/run/sweep_results.csv" >run/sweep_results.csv
  fails_like 1 "eo-verify: run/sweep_results.csv: row 1: expected * columns, found *" again 1
  tidy
}

@test "no folder to work in, no programs to work with" {
  copy
  TMPDIR=/nowhere fails 1 "eo-verify: /nowhere: cannot create a folder: No such file or directory" \
    again 1
  mkdir bin
  cp "$EO_BIN/eo-verify" bin
  fails 1 "eo-verify: --row needs the programs of a build, in a folder bin: make programs" \
    bin/eo-verify -C "$EO_ROOT" --row 1 run/sweep_results.csv
  fails_like 1 "eo-verify: run/sweep_results.csv: row 1: make: *bin: No such file or directory.*" \
    eo-verify -C "$PWD/no/bin" --row 1 run/sweep_results.csv
  tidy
}

@test "a signal ends the program that runs, then eo-verify, and leaves nothing behind" {
  copy
  # minutes of training
  sed -i \
    's/^epochs: .*/epochs: 10000/; s/^conv1_channels: .*/conv1_channels: 64/; s/^conv2_channels: .*/conv2_channels: '\
'128/' run/config/train.yaml
  eo-verify -C "$EO_ROOT" --data "$BATS_FILE_TMPDIR/data" --row 1 run/sweep_results.csv 2>err &
  local pid=$! i
  for i in $(seq 100); do
    ls tmp/eo-verify.*/run/dataset.csv >/dev/null 2>&1 && break
    sleep 0.1
  done
  ls tmp/eo-verify.*/run/dataset.csv
  kill -TERM $pid
  i=0
  SECONDS=0
  wait $pid || i=$?
  [ "$i" -eq 143 ] && [ "$SECONDS" -lt 15 ] || return 1
  grep -qx 'eo-verify: run/sweep_results.csv: row 1: interrupted by signal 15' err
  tidy
}

@test "wrong usage: exit 2" {
  misused "eo-verify: option '--row': expected an integer in 1..100000, found '0'" eo-verify --row 0 x
  misused "eo-verify: option '--data' needs '--row'" eo-verify -C "$EO_ROOT" --data x y
  misused "eo-verify: option '--directory' needs '--row'" eo-verify -C x y
  misused "eo-verify: options '--list' and '--row' exclude each other" eo-verify --list --row 1 x
}
