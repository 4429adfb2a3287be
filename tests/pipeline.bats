# The pipeline as Make runs it: a small experiment in a folder of its own.
load common
load measure
load processes

setup() {
  cd "$BATS_TEST_TMPDIR"
  bats_require_minimum_version 1.5.0
  ROOT=$EO_ROOT
  CONFIG=$BATS_TEST_TMPDIR/exp.yaml
  OUT=$BATS_TEST_TMPDIR/result
  sed '/^output_dir/d' "$EO_ROOT/tests/golden/small.yaml" >"$CONFIG"
  echo "output_dir: $OUT" >>"$CONFIG"
}

teardown() {
  make_eo clean >/dev/null 2>&1 || true
}

# Make in the project's root with the programs that are under test.
make_eo() {
  make -C "$ROOT" --no-print-directory B="$(dirname "$EO_BIN")" CONFIG="$CONFIG" "$@"
}

# first_share NAME FILE: that of the first row, in per cent as the tables show it
first_share() {
  column "$1" "$2" | awk 'NR == 1 { printf "%.2f", 100 * $1 }'
}

# The stages that ran, one word each, sorted: "EVAL EVAL TIME".
stages() {
  sed -n 's/^  \([A-Z]\{4,8\}\)  *[^ ]*$/\1/p' <<<"$output" | grep -vE '^(CC|LD|AR)$' | sort | tr '\n' ' '
}

@test "pipeline: make writes every artefact and ends with the table" {
  run make_eo all
  [ "$status" -eq 0 ]
  for f in dataset.csv models/base.safetensors training_log.csv models/p0.00.safetensors models/p0.50.safetensors \
    models/p0.50-int8.safetensors config/train.yaml sweep_results.csv sweep_errors.csv pareto_frontier_latency.csv \
    pareto_frontier_energy.csv seed_summary.csv layerwise_breakdown.csv precision_tradeoffs.csv hardware_summary.csv \
    summary.json manifest.json accuracy_vs_latency.png accuracy_vs_energy.png accuracy_vs_memory.png \
    layerwise_activation_memory.svg layerwise_macs.png training.png accuracy_vs_single_latency.svg report.html; do
    [ -s "$OUT/$f" ] || { echo "missing: $f"; false; }
  done
  [[ $(tail -n 1 <<<"$output") == *recommended* ]]
  json check "$EO_ROOT/tools/summary.schema.json" "$OUT/summary.json"
  head -n 1 "$OUT/sweep_results.csv" |
    grep \
    -q '^pruning_level,precision,accepted,error,active_budget_mb,accuracy,accuracy_ci95_low,accuracy_ci95_high,'\
'latency_ms,latency_median_ms,latency_std_ms,latency_p95_ms,throughput_sps,model_memory_mb,memory_mb,'\
'estimated_runtime_memory_mb,energy_proxy_j,energy_proxy_note,violates_'
  [ -z "$(find "$OUT" -name '*.tmp')" ]
  # what a device needs at run time: the model, and the arena that one image was seen to run in
  awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    { d = $at["estimated_runtime_memory_mb"] * 2 ^ 20 - $at["model_bytes"] - $at["arena_bytes"]
      if (d > 1e-6 || d < -1e-6) exit 1
      if ($at["arena_bytes"] > 0) n++ } END { exit n != 6 }' "$OUT/sweep_results.csv"
  # every multiplier of these models, over every accumulator that its weights can reach
  "${EO_TESTS:-$EO_BIN/../build/tests}/test_requant" "$OUT"/models/*int8.safetensors
}

@test "pipeline: make -n begins with words, and shows every command whole" {
  local commands=()
  make_eo programs
  run make_eo -n all
  [ "$status" -eq 0 ]
  [[ $output == "# make all would run:
# $OUT: 25 of 25 steps would run
"* ]] || { head -n 3 <<<"$output"; false; }
  # six candidates, of which two have the same options in the first line of the command
  [ "$(grep -c 'eo-quant -p ' <<<"$output") $(grep -c 'eo-quant -p int8 ' <<<"$output")" = "6 2" ]
  [ "$(grep -c 'eo-eval -c ' <<<"$output") $(grep -c 'gnuplot -d ' <<<"$output")" = "6 3" ]
  run make_eo -n "$OUT/models/base.safetensors" sensitivity
  [[ $output == *"
# $OUT: 4 of 4 steps would run
"*"
#   sensitivity sensitivity.csv: was never made
"* ]] || { head -n 5 <<<"$output"; false; }
}

@test "pipeline: where git refuses a checkout, the manifest says why it has no revision" {
  [ -e "$EO_ROOT/.git" ] || skip "no checkout"
  sed -i '/^pruning_levels/d; /^precisions/d; /^benchmark_exact/d' "$CONFIG"
  printf '%s\n' "pruning_levels: [0.5]" "precisions: [int8]" "benchmark_exact: true" >>"$CONFIG"
  mkdir path
  printf '#!/bin/sh\necho "fatal: detected dubious ownership in repository at that folder" >&2\nexit 128\n' >path/git
  chmod +x path/git
  PATH=$PWD/path:$PATH run make_eo all
  [ "$status" -eq 0 ] || { echo "$output"; false; }
  grep -qF '"revision": "unknown: detected dubious ownership in repository at that folder"' "$OUT/manifest.json"
  # benchmark_exact gives a frontier, whatever its samples are worth
  [ "$(wc -l <"$OUT/pareto_frontier_latency.csv")" -eq 2 ]
  eo-verify "$OUT/manifest.json"
}

@test "pipeline: what an edit does not touch is not run again" {
  run make_eo all
  [ "$status" -eq 0 ]

  # the user's start-up file, terminal, scripts and locale do not change a plot
  local plot=accuracy_vs_latency.png
  mv "$OUT/$plot" first.png
  mkdir home loc
  printf 'set xrange [0:1]\nset logscale y\nset datafile separator ";"\n' >home/.gnuplot
  if [ -e /usr/share/i18n/locales/de_DE ]; then localedef -i de_DE -f UTF-8 loc/de_DE.UTF-8; fi
  (export HOME=$PWD/home GNUTERM=x11 GNUPLOT_LIB=$PWD/none LOCPATH=$PWD/loc && export LC_ALL=de_DE.UTF-8 && make_eo all)
  cmp "$OUT/$plot" first.png

  # nothing to do
  run make_eo all
  [ "$status" -eq 0 ]
  [ "$(stages)" = "" ]

  # a comment, another order of keys, a touch
  { echo "# a comment"; tac "$CONFIG"; } >"$CONFIG.new" && mv "$CONFIG.new" "$CONFIG"
  touch "$EO_ROOT"/data/synthetic/*.gz
  run make_eo all
  [ "$status" -eq 0 ]
  [ "$(stages)" = "" ]

  # arithmetic alone
  echo "power_watts: 2.5" >>"$CONFIG"
  run make_eo all
  [ "$status" -eq 0 ]
  [[ "$(stages)" != *TIME* && "$(stages)" != *EVAL* && "$(stages)" != *TRAIN* && "$(stages)" == *SELECT* ]]

  # one more level: that level alone, three candidates, and all nine in a session
  sed -i 's/^pruning_levels:.*/pruning_levels: [0.0, 0.25, 0.5]/' "$CONFIG"
  run make_eo all
  [ "$status" -eq 0 ]
  [ "$(grep -c '^  PRUNE' <<<"$output")" -eq 1 ]
  [ "$(grep -c '^  EVAL' <<<"$output")" -eq 3 ]
  [ "$(grep -c '^  TIME' <<<"$output")" -eq 1 ]
  [ "$(find "$OUT/rows" -name '*.timing.csv' -newer "$OUT/rows/p0.25-int8.accuracy.csv" | wc -l)" -eq 9 ]
  [ "$(grep -c '^  TRAIN' <<<"$output")" -eq 0 ]
  [ "$(grep -c '^0.25,' "$OUT/sweep_results.csv")" -eq 3 ]

  # and away again
  sed -i 's/^pruning_levels:.*/pruning_levels: [0.0, 0.5]/' "$CONFIG"
  run make_eo all
  [ "$status" -eq 0 ]
  [ "$(grep -c '^  TIME' <<<"$output")" -eq 0 ]
  [ "$(grep -c '^0.25,' "$OUT/sweep_results.csv")" -eq 0 ]

  # a session more, for no other reason than that it is wanted
  cp "$OUT/machine.csv" "$BATS_TEST_TMPDIR"
  run make_eo -n retime
  [[ $output == "# make retime would run:
# $OUT: "*" steps would run
#   bench     machine.csv: is asked for
"*" --into $OUT/rows "* ]]
  run make_eo retime
  [ "$status" -eq 0 ]
  [ "$(stages)" = "HARDWARE MANIFEST PLOT REPORT SELECT SUMMARY TIME " ]
  [ "$OUT/machine.csv" -nt "$BATS_TEST_TMPDIR/machine.csv" ]
  run make_eo all
  [ "$(stages)" = "" ]

  # a clean build gives the same models and accuracies
  mkdir "$BATS_TEST_TMPDIR/before"
  cp -r "$OUT/models" "$OUT/rows" "$BATS_TEST_TMPDIR/before"
  make_eo clean
  run make_eo all
  [ "$status" -eq 0 ]
  for f in "$OUT"/models/*.safetensors; do
    cmp "$f" "$BATS_TEST_TMPDIR/before/models/$(basename "$f")"
  done
  for f in "$OUT"/rows/*.accuracy.csv; do
    cmp "$f" "$BATS_TEST_TMPDIR/before/rows/$(basename "$f")"
  done
}

@test "pipeline: criteria, a level for each layer, pruning in steps; another criterion builds its own candidates" {
  sed -i 's/^pruning_levels:.*/pruning_levels: [0.0, [0.25, 0.5]]/; s/^precisions:.*/precisions: [int8]/' "$CONFIG"
  printf 'prune_steps: 2\npruning_criterion: [l1, taylor]\npruning_images: 64\n' >>"$CONFIG"
  run make_eo all
  [ "$status" -eq 0 ]
  [ "$(awk -F, 'NR > 1 { print $1 }' "$OUT/sweep_results.csv" | tr '\n' ' ')" = "0.00 0.25x0.50 0.25x0.50 " ]
  for criterion in none l1 taylor; do [ "$(grep -c ",$criterion," "$OUT/sweep_results.csv")" -eq 1 ]; done
  [[ $output == *"0.25x0.50-taylor int8"* ]]
  # two rounds of one epoch each, of which the second began where the first ended
  eo-inspect "$OUT/models/p0.25x0.50-taylor-int8.safetensors" >"$BATS_TEST_TMPDIR/report"
  cd "$BATS_TEST_TMPDIR"
  grep -qx 'conv1_channels          3' report
  grep -qx 'conv2_channels          4' report
  grep -qx 'pruning_criterion: taylor' report
  grep -qx 'fine_tune_epochs: 2' report
  [ -z "$(find "$OUT" -name '*.pruned' -o -name '*.tuned')" ]
  eo-prune -l 0.25x0.5 --criterion taylor --step 1/2 -c "$OUT/config/prune.yaml" --data "$EO_ROOT/data/synthetic" \
    "$OUT/models/base.safetensors" |
    eo-train -c "$OUT/config/finetune.yaml" --data "$EO_ROOT/data/synthetic" --init - --fine-tune |
    eo-prune -l 0.25x0.5 --criterion taylor --step 2/2 -c "$OUT/config/prune.yaml" --data "$EO_ROOT/data/synthetic" |
    eo-train -c "$OUT/config/finetune.yaml" --data "$EO_ROOT/data/synthetic" --init - --fine-tune |
    cmp - "$OUT/models/p0.25x0.50-taylor.safetensors"

  sed -i 's/^pruning_criterion:.*/pruning_criterion: [l1, taylor, random]/' "$CONFIG"
  run make_eo all
  [ "$status" -eq 0 ]
  [ "$(stages)" = "EVAL HARDWARE MANIFEST PLOT PLOT PLOT PRUNE QUANT REPORT SELECT SUMMARY TIME " ]
  [ "$(wc -l <"$OUT/sweep_results.csv")" -eq 5 ]
}

@test "pipeline: int4 and mixed go through every stage, and their code has the scores of their models" {
  sed -i '/^precisions/d' "$CONFIG"
  echo 'precisions: [int8, int4, mixed]' >>"$CONFIG"
  run make_eo all
  [ "$status" -eq 0 ] || { echo "$output"; return 1; }
  for name in p0.00 p0.50; do
    eight=$(eo-inspect "$OUT/models/$name-int8.safetensors" | sed -n 's/^tensor_bytes  *//p')
    four=$(eo-inspect "$OUT/models/$name-int4.safetensors" | sed -n 's/^tensor_bytes  *//p')
    [ $((100 * four)) -lt $((60 * eight)) ]
    awk -F, -v level="${name#p}" -v four="$four" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
      $1 == level && $2 == "int4" { n += $at["model_bytes"] == four } END { exit n != 1 }' "$OUT/sweep_results.csv"
    mixed=$(eo-inspect "$OUT/models/$name-mixed.safetensors" | sed -n 's/^tensor_bytes  *//p')
    [ "$mixed" -ge "$four" ]
    [ "$mixed" -le $(((four + eight) / 2)) ]
    for precision in int4 mixed; do
      eo-export --prefix net -o net "$OUT/models/$name-$precision.safetensors"
      eo-export --check net.c "$OUT/models/$name-$precision.safetensors"
    done
  done
  # layers of two models, an experiment's row of each precision
  [ "$(grep -c ',int4,' "$OUT/layerwise_breakdown.csv")" -eq 6 ]
  [ "$(grep -c ',mixed,' "$OUT/layerwise_breakdown.csv")" -eq 6 ]
  grep -q int4 "$OUT/precision_tradeoffs.csv"
  [ -s "$OUT/rows/p0.50-int4.quant.csv" ]
  grep -q '&#9650; int4' "$OUT/report.html"
  grep -q '&#9660; mixed' "$OUT/report.html"
  row=$(awk -F, 'NR > 1 && $2 == "int4" { print NR - 1; exit }' "$OUT/sweep_results.csv")
  eo-verify -C "$ROOT" --row "$row" "$OUT/sweep_results.csv"
  run make_eo all
  [ "$status" -eq 0 ] && [ -z "$(stages)" ]
}

@test "pipeline: accuracy without timing, and the sensitivity of each layer" {
  run make_eo accuracy sensitivity
  [ "$status" -eq 0 ]
  [[ "$(stages)" != *TIME* ]]
  [ "$(wc -l <"$OUT/accuracy.csv") $(wc -l <"$OUT/accuracy_errors.csv") $(wc -l <"$OUT/accuracy_seeds.csv")" = "7 1 7" ]
  [ "$(grep -A1 '^   level ' <<<"$output" | tr -s ' ')" = " level criterion precision seed accuracy % test %
 0.00 none fp32 3 $(first_share accuracy "$OUT/accuracy.csv") $(first_share test_accuracy "$OUT/accuracy.csv")" ]
  [ "$(grep -cE '^   0\.[05]0 ' <<<"$output")" -eq 6 ]
  [ "$(wc -l <"$OUT/sensitivity.csv")" -eq 13 ]
  [ -s "$OUT/sensitivity.png" ]
  run make_eo accuracy sensitivity
  [ "$(stages)" = "" ]
  # neither looks at what the other reads
  echo "channel_multiple: 2" >>"$CONFIG"
  sed -i 's/^pruning_levels:.*/pruning_levels: [0.0]/' "$CONFIG"
  run make_eo accuracy sensitivity
  [ "$(stages)" = "PLOT SELECT SENSITIV " ]
  rm "$OUT/models/p0.00-int8.safetensors"
  failing '*eo-quant*p0.00-int8*'
  run make_eo accuracy RUN="$FAILING"
  [ "$status" -eq 0 ]
  [[ $output == *"make: 1 candidate failed; $OUT/accuracy_errors.csv says why"* ]]
  rm "$OUT"/models/p0.00-fp{16,32}.safetensors
  failing '*eo-quant*'
  run make_eo accuracy RUN="$FAILING"
  [ "$status" -ne 0 ]
}

@test "pipeline: two seeds, -j3, summary over the seeds" {
  sed -i 's/^seed:.*/seeds: [7, 8]/' "$CONFIG"
  run make_eo -j3 all
  [ "$status" -eq 0 ]
  [ -s "$OUT/models/seed8/base.safetensors" ]
  ! cmp -s "$OUT/models/base.safetensors" "$OUT/models/seed8/base.safetensors" || return 1
  [ "$(cut -d, -f3 "$OUT/seed_summary.csv" | sort -u | tr '\n' ' ')" = "2 seeds " ]
}

# failing PATTERN: with RUN=$FAILING, programs fail whose command matches
failing() {
  FAILING=$BATS_TEST_TMPDIR/failing
  printf '#!/bin/sh\ncase "$*" in %s) echo "eo-x: no luck" >&2; exit 1 ;; esac\nexec "$@"\n' "$1" >"$FAILING"
  chmod +x "$FAILING"
}

@test "pipeline: what is put in the place of an artefact is made again, however new it is" {
  make_eo all
  cp "$OUT/sweep_results.csv" "$OUT/models/base.safetensors" "$BATS_TEST_TMPDIR"
  cp "$OUT/models/p0.50.safetensors" "$OUT/models/base.safetensors"
  echo >>"$OUT/rows/p0.00-fp32.hits.csv"
  touch -d 2037-01-01 "$OUT/models/base.safetensors"
  run make_eo explain
  [[ $output == *"  train     models/base.safetensors and 1 more: models/base.safetensors was changed
"*"  eval      rows/p0.00-fp32.accuracy.csv"*" rows/p0.00-fp32.hits.csv was changed"* ]]
  run make_eo all
  [ "$status" -eq 0 ]
  [ "$(stages)" = "EVAL MANIFEST PLOT REPORT TRAIN " ]
  cmp "$OUT/models/base.safetensors" "$BATS_TEST_TMPDIR/base.safetensors"
  cmp "$OUT/sweep_results.csv" "$BATS_TEST_TMPDIR/sweep_results.csv"
  run make_eo all
  [ "$(stages)" = "" ]
}

@test "pipeline: a candidate that fails becomes an error row and the sweep goes on" {
  run make_eo all
  [ "$status" -eq 0 ]
  good=$(wc -l <"$OUT/sweep_results.csv")
  rm "$OUT/models/p0.50-int8.safetensors"
  failing '*eo-quant*p0.50-int8*'
  run make_eo all RUN="$FAILING"
  [ "$status" -eq 0 ]
  [ "$(wc -l <"$OUT/sweep_results.csv")" -eq $((good - 1)) ]
  [ "$(wc -l <"$OUT/sweep_errors.csv")" -eq 2 ]
  grep -q '^0.50,int8,no luck,.*,quant,l1$' "$OUT/sweep_errors.csv"
  eo-verify "$OUT/manifest.json"
  # and comes back when the cause is gone
  run make_eo all
  [ "$status" -eq 0 ]
  [ "$(wc -l <"$OUT/sweep_results.csv")" -eq "$good" ]
}

@test "pipeline: two configurations cannot share an output folder" {
  make_eo "$OUT/dataset.csv"
  cp "$CONFIG" "$BATS_TEST_TMPDIR/other.yaml"
  CONFIG=$BATS_TEST_TMPDIR/other.yaml run make_eo all
  [ "$status" -ne 0 ]
  [[ $output == *"holds the results of"*"exp.yaml"* ]]
}

# says PATTERN MAKE-ARGUMENT...: standard error is this one line, once, and nothing of Make's own follows
says() {
  local line=$1
  shift
  run --separate-stderr make_eo "$@"
  [ "$status" -eq 1 ] && [ "${#stderr_lines[@]}" -eq 1 ] && [[ $stderr == $line ]] && return
  printf 'make %s: status %s\nstderr: %s\nexpected: %s\n' "$*" "$status" "$stderr" "$line"
  return 1
}

@test "pipeline: a configuration that does not exist, or is wrong, is one line and status 1" {
  local goal none wrong idx
  none="make: $BATS_TEST_TMPDIR/none.yaml: no such configuration; those of the project: *"
  wrong="eo-config: $BATS_TEST_TMPDIR/bad.yaml: 1:9: key 'epochs': expected an integer*"
  idx="eo-config: $BATS_TEST_TMPDIR/idx.yaml: key 'dataset': expected 'data_dir' beside 'idx', found none"
  echo "epochs: -1" >"$BATS_TEST_TMPDIR/bad.yaml"
  echo "dataset: idx" >"$BATS_TEST_TMPDIR/idx.yaml"
  make_eo programs
  for goal in all explain -n accuracy "-j2 all accuracy"; do
    # shellcheck disable=SC2086 # options
    CONFIG=$BATS_TEST_TMPDIR/none.yaml says "$none" $goal
    # shellcheck disable=SC2086
    CONFIG=$BATS_TEST_TMPDIR/bad.yaml says "$wrong" $goal
    # shellcheck disable=SC2086
    CONFIG=$BATS_TEST_TMPDIR/idx.yaml says "$idx" $goal
  done
  CONFIG="$BATS_TEST_TMPDIR/none.yaml $BATS_TEST_TMPDIR/bad.yaml" run --separate-stderr make_eo all
  [ "$status" -eq 1 ]
  # shellcheck disable=SC2053
  [ "${#stderr_lines[@]}" -eq 2 ] && [[ ${stderr_lines[0]} == $none && ${stderr_lines[1]} == $wrong ]]
}

@test "pipeline: an experiment that cannot end well is refused before it trains" {
  local lines message
  while IFS=@ read -r lines message; do
    { grep -v "^${lines%%:*}:" "$CONFIG"; echo "$lines"; } >"$BATS_TEST_TMPDIR/bad.yaml"
    CONFIG=$BATS_TEST_TMPDIR/bad.yaml says "eo-config: $BATS_TEST_TMPDIR/bad.yaml: $message" all
    [ ! -e "$OUT/models" ]
  done <<'END'
model: [{linear: classes}]@key 'pruning_levels': level 0.50: expected 0, because this network has no channels *
input_mean: [1, 2]@key 'input_mean': expected 1 number, or 1 for each channel of the input (1), found 2
train_subset: 1000000@* 'train_subset' + 'val_subset': expected at most the * training images, found 1000000 + *
END
  rm -r "$OUT"
  # and is looked at again when it is another one
  echo 'model: [{linear: classes}]' >>"$CONFIG"
  says "eo-config: $CONFIG: key 'pruning_levels': level 0.50: *" accuracy
  sed -i 's/^pruning_levels:.*/pruning_levels: [0]/' "$CONFIG"
  run make_eo accuracy
  [ "$status" -eq 0 ]
  [ -e "$OUT/models/p0.00-int8.safetensors" ]
  echo 'pruning_levels: [0, 0.25]' | cat <(grep -v '^pruning_levels' "$CONFIG") - >"$BATS_TEST_TMPDIR/new"
  cp "$BATS_TEST_TMPDIR/new" "$CONFIG"
  says "eo-config: $CONFIG: key 'pruning_levels': level 0.25: *" accuracy
}

@test "pipeline: a stage that fails is one line, at whatever stage, and nothing of Make's own follows" {
  local tool file options
  make_eo all
  mkdir "$BATS_TEST_TMPDIR/path"
  printf '#!/bin/sh\n[ "$1" = --version ] || { echo "eo-x: no luck" >&2; exit 1; }\n' >"$BATS_TEST_TMPDIR/path/gnuplot"
  chmod +x "$BATS_TEST_TMPDIR/path/gnuplot"
  while read -r tool file; do
    mv "$OUT/$file" "$BATS_TEST_TMPDIR/kept"
    failing "*$tool*"
    for options in "" -j2 -k "-k -j2"; do
      # Other steps may need a working gnuplot: a base model that is trained again has another log.
      path=$([ "$tool" != gnuplot ] || echo "$BATS_TEST_TMPDIR/path:")$PATH
      # shellcheck disable=SC2086 # options
      PATH=$path says "eo-x: no luck" $options all RUN="$FAILING"
    done
    [ "$tool" = eo-bench ] || mv "$BATS_TEST_TMPDIR/kept" "$OUT/$file"
  done <<<"gnuplot accuracy_vs_latency.png
eo-summary summary.json
eo-hwreport hardware_summary.csv
eo-pareto sweep_results.csv
eo-train models/base.safetensors
eo-bench machine.csv"
  says "eo-x: no luck" -k "$OUT/machine.csv" RUN="$FAILING"
  says "eo-bench: expected a processor that this process may run on, found 4095" -k -j2 retime CPU=4095
  failing "*--sensitivity*"
  says "eo-x: no luck" -j2 sensitivity RUN="$FAILING"
  # what says nothing itself
  printf '#!/bin/sh\nkill -KILL $$\n' >"$FAILING"
  says "make: $OUT/sensitivity.csv: a signal ended the command (Killed)" -k -j2 sensitivity RUN="$FAILING"
  says "make: no target 'senstivity'; make help lists the targets" senstivity
  says "make: no target 'senstivity'; make help lists the targets" -k -j2 senstivity
  run make_eo all
  [ "$status" -eq 0 ] && [[ $output != *"***"* ]]
}

@test "pipeline: a configuration named without CONFIG= says how, and does not end as if all were done" {
  run make_eo configs/mnist.yaml
  [ "$status" -eq 2 ] &&
    [[ $output == *"configs/mnist.yaml is a configuration and no target: make CONFIG=configs/mnist.yaml"* ]]
}

@test "pipeline: real data that is not there names the two ways out" {
  printf 'dataset: mnist\noutput_dir: %s\n' "$OUT" >"$CONFIG"
  [ ! -d "$EO_ROOT/data/mnist" ] || skip "data/mnist is there"
  EO_DATA_DIR= run make_eo all
  [ "$status" -ne 0 ]
  [[ $output == *"make data"* && $output == *"EO_DATA_DIR"* ]]
}

@test "pipeline: prune | quant | bench prints a header and one row" {
  make_eo "$OUT/models/base.safetensors"
  cd "$EO_ROOT"
  run sh -c "eo-prune -l 0.5 '$OUT/models/base.safetensors' | eo-quant -p int8 -c '$CONFIG' | eo-bench -c '$CONFIG'"
  [ "$status" -eq 0 ]
  [ "${#lines[@]}" -eq 2 ]
  [[ ${lines[0]} == pruning_level,precision,seed,* ]]
  [[ ${lines[1]} == 0.50,int8,3,* ]]
}

@test "pipeline: a step that fails takes the candidate's older rows out of the tables" {
  run make_eo all
  [ "$status" -eq 0 ]
  rm "$OUT/models/p0.50.safetensors"
  failing '*eo-prune*p0.50*'
  run make_eo all RUN="$FAILING"
  [ "$status" -eq 0 ]
  [ "$(grep -c '^0.50,' "$OUT/sweep_results.csv")" -eq 0 ]
  [ "$(grep -c '^0.50,' "$OUT/sweep_errors.csv")" -eq 3 ]
  [ "$(grep -c '^0.00,' "$OUT/sweep_results.csv")" -eq 3 ]
}

@test "pipeline: every candidate failing is a failure" {
  sed -i 's/^pruning_levels:.*/pruning_levels: [0.0]/' "$CONFIG"
  run make_eo all
  [ "$status" -eq 0 ]
  rm "$OUT/models/p0.00.safetensors"
  failing '*eo-prune*'
  run make_eo all RUN="$FAILING"
  [ "$status" -ne 0 ]
  [[ $output == *"every candidate failed"* ]]
}

@test "pipeline: clean and all leave alone what is not theirs" {
  mkdir "$OUT"
  echo thesis >"$OUT/thesis.txt"
  run make_eo all
  [ "$status" -ne 0 ]
  [[ $output == *"holds files that are not of an experiment"* ]]
  run make_eo clean # knows of no folder with results
  [ -s "$OUT/thesis.txt" ]
  rm -r "$OUT"
}

@test "pipeline: removing the output folder by hand is no obstacle, also with -j" {
  run make_eo "$OUT/models/base.safetensors"
  [ "$status" -eq 0 ]
  rm -rf "$OUT"
  touch "$CONFIG"
  run make_eo -j3 all
  [ "$status" -eq 0 ]
  rm -rf "$OUT"
  run make_eo -j3 all
  [ "$status" -eq 0 ]
}

@test "pipeline: another data folder is looked at, whatever the times of its files; lost rows come back" {
  eo-data --generate "$BATS_TEST_TMPDIR/a/mnist" --train 900 --test 100
  eo-data --generate "$BATS_TEST_TMPDIR/b/mnist" --train 900 --test 100 --seed 5
  touch -d "2001-01-01" "$BATS_TEST_TMPDIR"/b/mnist/*
  sed -i 's/^dataset:.*/dataset: mnist/' "$CONFIG"
  EO_DATA_DIR=$BATS_TEST_TMPDIR/a make_eo all
  cp "$OUT/models/base.safetensors" "$BATS_TEST_TMPDIR/first"
  EO_DATA_DIR=$BATS_TEST_TMPDIR/b run make_eo all
  [ "$status" -eq 0 ]
  ! cmp -s "$OUT/models/base.safetensors" "$BATS_TEST_TMPDIR/first" || return 1
  EO_DATA_DIR=$BATS_TEST_TMPDIR/b run make_eo all
  [ "$(stages)" = "" ]

  rm "$OUT/rows/p0.50-fp16.timing.csv"
  EO_DATA_DIR=$BATS_TEST_TMPDIR/b run make_eo all
  [ "$status" -eq 0 ]
  [ -s "$OUT/rows/p0.50-fp16.timing.csv" ]
  rm "$OUT/rows/p0.50-fp16.hits.csv"
  EO_DATA_DIR=$BATS_TEST_TMPDIR/b run make_eo all
  [ "$status" -eq 0 ]
  [ -s "$OUT/rows/p0.50-fp16.hits.csv" ]
}

@test "pipeline: a session that is ended midway leaves whole rows and no process; the next make goes on with it" {
  local how sid bench make i left id
  sed -i 's/^pruning_levels:.*/pruning_levels: [0.5]/' "$CONFIG"
  make_eo all
  cp -r "$OUT/rows" "$BATS_TEST_TMPDIR/rows"
  # A session of minutes in rounds of half a second, so that one is met; all its parts together end after some seconds.
  sed -i 's/^benchmark_trials:.*/benchmark_trials: 100/; s/^benchmark_repeats:.*/benchmark_repeats: 20000/' "$CONFIG"
  echo "benchmark_seconds: 6" >>"$CONFIG"
  session_id() { grep -aoE '[0-9a-f]{16}' "$OUT/rows/.session" | head -n 1; }
  # pid and parent of the first process of the run whose arguments match
  found() { processes_of "$sid" | awk -v p="$1" '$0 ~ p { print $1, $2; exit }'; }
  for how in "KILL bench" "KILL make" "INT all" "TERM first"; do
    # a job in the background, or all of this test, may ignore SIGINT
    exec_setsid() { exec env --default-signal=INT setsid make -C "$ROOT" --no-print-directory B="$(dirname "$EO_BIN")" \
      CONFIG="$CONFIG" all; }
    exec_setsid >"$BATS_TEST_TMPDIR/log" 2>&1 </dev/null 3>&- &
    sid=$!
    for ((i = 0; i < 300; i++)); do
      [ -z "$(found --round-of-a-session)" ] || break
      sleep 0.1
    done
    [ "$i" -lt 300 ] || { echo "no round in 30 s"; cat "$BATS_TEST_TMPDIR/log"; false; }
    read -r bench make <<<"$(found 'eo-bench .*--into')"
    [ -n "$bench" ] || { cat "$BATS_TEST_TMPDIR/log"; processes_of "$sid"; false; }
    case $how in
      "KILL bench") kill -KILL "$bench" ;;
      "KILL make") kill -KILL "$make" ;;
      "INT all") kill -INT -- "-$sid" ;;
      "TERM first") kill -TERM "$sid" ;;
    esac
    i=0
    wait "$sid" || i=$?
    [ "$i" -ne 0 ] || { echo "after $how: Make ended with status 0"; cat "$BATS_TEST_TMPDIR/log"; false; }
    for ((i = 0; i < 100; i++)); do
      left=$(processes_of "$sid")
      [ -n "$left" ] || break
      sleep 0.1
    done
    [ -z "$left" ] || { echo "after $how: $left"; false; }
    # the rows of before, the list of whom they are about gone
    diff -r -x .session "$OUT/rows" "$BATS_TEST_TMPDIR/rows"
    [ ! -e "$OUT/config/timed" ]
    [ -z "$(find "$OUT" -name '*.tmp' -o -name '*.new')" ]
    [ "$(session_id)" = "${id:=$(session_id)}" ]
  done
  cp "$OUT/rows/.session" "$BATS_TEST_TMPDIR/left"
  run make_eo all
  [ "$status" -eq 0 ]
  [[ "$(stages)" == *TIME* ]]
  [ "$(column session "$OUT/rows/p0.50-fp16.rounds.csv" | sort -u)" = "$id" ]
  [ ! -e "$OUT/rows/.session" ]
  eo-verify "$OUT/manifest.json"
  run make_eo all
  [ "$(stages)" = "" ]
  cp "$BATS_TEST_TMPDIR/left" "$OUT/rows/.session"
  make_eo retime
  [ "$(column session "$OUT/rows/p0.50-fp16.timing.csv")" != "$id" ]
}
