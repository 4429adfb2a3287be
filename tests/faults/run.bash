#!/bin/bash
# Every tool that writes something, with every option that names an output, disturbed at every point: see disturb.c for
# what is injected and what is demanded. EO_BIN and EO_TESTS name the folders of the programs and of the test programs;
# EO_SANITIZE, if not empty, says that the programs do not survive a preloaded library.
#
# Prints what went wrong, the number of points by program and kind, and as its last line "faults: N passed, M failed,
# K skipped", where each pair of a case below and a kind of disturbance counts as one.
#
#     run.bash [CASE...]      only these
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/common.bash
. tests/measure.bash
. tests/rows.bash
EO_TESTS=${EO_TESTS:-$(cd "$EO_BIN/.." && pwd)/build/tests}
unset EO_ISA EO_DATA_DIR

# Thousands of files are synced here, so rather not on a disk.
S=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")" eo-faults.XXXXXX) || exit 1
trap 'rm -rf "$S"' EXIT
trap 'exit 130' INT TERM
F=$S/fixture
chosen=$*
jobs=$(nproc 2>/dev/null || echo 1)

# Inputs: as small as they can be, so that a run takes milliseconds.
make_fixture() {
  mkdir -p "$F/set" &&
  put_set "$F/set/train" 60 && put_set "$F/set/t10k" 20 &&
  cat >"$F/cfg.yaml" <<EOF
dataset: idx
data_dir: $F/set
seeds: [5, 6]
train_subset: 40
val_subset: 20
conv1_channels: 2
conv2_channels: 3
batch_size: 20
epochs: 1
fine_tune_epochs: 1
calibration_batches: 1
benchmark_repeats: 1
benchmark_trials: 1
benchmark_warmup: 0
benchmark_exact: true
EOF
  { cat "$F/cfg.yaml" && echo "rounding: adaptive"; } >"$F/adaptive.yaml" &&
  { cat "$F/cfg.yaml" && echo "class_names: [a, b, c, d, e, f, g, h, i, j]"; } >"$F/named.yaml" &&
  cp -r "$F/set" "$F/beside" && printf '%s\n' a b c d e f g h i j >"$F/beside/classes.txt" &&
  eo-train -q -c "$F/cfg.yaml" -o "$F/base.safetensors" &&
  eo-quant -p int8 -c "$F/cfg.yaml" -o "$F/int8.safetensors" "$F/base.safetensors" &&
  eo-quant -p int4 -c "$F/cfg.yaml" -o "$F/int4.safetensors" "$F/base.safetensors" &&
  for m in base int8; do
    eo-eval -c "$F/cfg.yaml" --hits "$F/$m.hits" -o "$F/$m.accuracy.csv" "$F/$m.safetensors" &&
    eo-bench -c "$F/cfg.yaml" --rounds "$F/$m.rounds" -o "$F/$m.timing.csv" "$F/$m.safetensors" &&
    # or eo-pareto would warn: of weak timings, of a model that has not learned
    sed -i 's/,short,[^,]*,/,ok,,/' "$F/$m.timing.csv" && sed -i '2s/[^,]*,,$/0,,/' "$F/$m.accuracy.csv" || return
  done &&
  eo-eval -c "$F/cfg.yaml" --logits "$F/logits.csv" -o /dev/null "$F/int8.safetensors" &&
  eo-export -q -f onnx -o "$F/base" "$F/base.safetensors" &&
  eo-attempt --row "$F/good.err" --candidate p0.00-fp16 --stage quant -- true &&
  eo-attempt --row "$F/bad.err" --candidate p0.00-fp16 --stage quant -- sh -c 'echo eo-x: no such luck >&2; exit 1' \
    2>/dev/null &&
  eo-pareto -c "$F/cfg.yaml" --sweep "$F/sweep.csv" --errors "$F/errors.csv" "$F"/*.accuracy.csv "$F"/*.timing.csv \
    "$F/bad.err" &&
  eo-pareto -c "$F/cfg.yaml" --accuracy "$F/rows.csv" "$F"/*.accuracy.csv &&
  eo-hwreport -c "$F/cfg.yaml" --sweep "$F/sweep.csv" --summary "$F/hardware.csv" "$F"/*.safetensors &&
  { cat "$F/cfg.yaml" && printf '%s\n' 'explore_widths: [1-2, 2-3]' 'explore_images: 40'; } >"$F/explore.yaml" &&
  { cat "$F/explore.yaml" && echo "output_dir: $F/explored"; } | tee "$F/also.yaml" >"$F/first.yaml" &&
  mkdir "$F/explored" &&
  eo-explore -q -c "$F/explore.yaml" --base "$F/base.safetensors" --into "$F/explored" &&
  make_sweep && make_artefacts
}

# A folder of models by the names of candidates, and one of rows with a candidate that has failed.
make_sweep() {
  mkdir "$F/sweep" "$F/failed" && cp "$F/base.safetensors" "$F/sweep/p0.00-fp32.safetensors" &&
  cp "$F/bad.err" "$F/failed/p0.50-fp16.accuracy.err" &&
  mkdir -p "$F/models" && cp "$F/base.safetensors" "$F/models/p0.00-fp32.safetensors" &&
  cp "$F/int8.safetensors" "$F/models/p0.00-int8.safetensors" &&
  { cat "$F/cfg.yaml" && echo "devices: [STM32F103]"; } >"$F/boards.yaml" &&
  printf '%s\n' candidate,build,core,flash_bytes,ram_bytes,instructions,scores_equal \
    p0.00-int8,,m3,20000,1400,5000000,1 >"$F/core_costs.csv"
}

tables=(-c "$F/cfg.yaml" --sweep "$F/sweep.csv" --errors "$F/errors.csv" --hardware "$F/hardware.csv")

# What eo-verify --row makes again, and a Makefile that does not make it, but has it: the programs of the stages have
# cases of their own.
make_row() {
  local slices=$F/row/config
  cp -r "$F/run" "$F/row" &&
  eo-train -c "$slices/train.yaml" --data "$F/set" | eo-prune -l 0 |
    eo-train -c "$slices/finetune.yaml" --data "$F/set" --init - --fine-tune |
    eo-quant -p fp32 -c "$slices/quant.yaml" --data "$F/set" -o "$F/row.safetensors" &&
  eo-eval -c "$slices/eval.yaml" --data "$F/set" -o "$F/row.a.csv" "$F/row.safetensors" &&
  eo-bench -c "$slices/bench.yaml" --data "$F/set" -o "$F/row.t.csv" "$F/row.safetensors" &&
  eo-pareto -c "$slices/select.yaml" --sweep "$F/row/sweep_results.csv" "$F/row.a.csv" "$F/row.t.csv" &&
  mkdir "$F/project" &&
  printf '%%/run/dataset.csv %%/run/sweep_results.csv: ; @mkdir -p $(@D) && cp %s/row/$(@F) $@\n' "$F" \
    >"$F/project/Makefile"
}

artefacts=(config/train.yaml dataset.csv models/base.safetensors models/p0.50.safetensors rows/p0.50.prune.err)

# A folder of artefacts, and a record of the step that made them.
make_artefacts() {
  mkdir -p "$F/run/models" "$F/run/rows" &&
  eo-config --slices "$F/run/config" "$F/cfg.yaml" &&
  eo-data --checksum -c "$F/cfg.yaml" -o "$F/run/dataset.csv" &&
  cp "$F/base.safetensors" "$F/run/models" && cp "$F/base.safetensors" "$F/run/models/p0.50.safetensors" &&
  cp "$F/bad.err" "$F/run/rows/p0.50.prune.err" &&
  record "$F/run" all prune "${artefacts[@]}" -- config/data.yaml &&
  cp -r "$F/run" "$F/made" && (cd "$F/made" && eo-summary "${tables[@]}" --manifest manifest.json config/steps/all) &&
  mkdir "$F/made/config/made" &&
  sed 's/^\(learning_rate: \).*/\10.9/' "$F/made/config/train.yaml" >"$F/made/config/made/train.yaml" &&
  printf '%s\n' "M:5: update target '$F/made/models/base.safetensors' due to: $F/made/config/train.yaml eo-train" \
    "$F/made/models/base.safetensors: $F/made/config/train.yaml | step/train/models/base.safetensors" \
    "$F/made/models/p0.50.safetensors: $F/made/models/base.safetensors" >"$F/trace" &&
  make_row && cp "$F/sweep.csv" "$F/made/sweep_results.csv" && cp "$F/base.hits" "$F/made/rows/p0.00-fp32.hits.csv" &&
  cp "$F"/models/*.safetensors "$F/made/models"
}

# with NAME [OPTION OF disturb...] -- COMMAND...: one file for each case. Outputs have relative names.
with() {
  local name=$1 options=()
  shift
  case " $chosen " in *" $name "*|"  ") ;; *) return ;; esac
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  printf '%s\0' "${#options[@]}" "${options[@]}" "$EO_BIN/$1" "${@:2}" >"$S/cases/$name"
}

cases() {
  local c=(-c "$F/cfg.yaml") model=$F/base.safetensors
  with config-print -- eo-config --print -o all.yaml "$F/cfg.yaml"
  with config-stage -- eo-config --stage train -o train.yaml "$F/cfg.yaml"
  with config-slices -- eo-config --slices deep/slices "$F/cfg.yaml"
  with config-make -- eo-config --make -o plan.mk "$F/cfg.yaml"
  with config-keys -- eo-config --keys -o keys.md
  with config-json -- eo-config --keys --json -o keys.json
  with config-stdout -- eo-config --print "$F/cfg.yaml"
  with data-info -- eo-data --info "${c[@]}" -o info.txt
  with data-json -- eo-data --info --json "${c[@]}" -o info.json
  with data-from-json -- eo-data --from "$EO_ROOT/tests/golden/pictures/folder" --grey --json -o report.json
  with data-checksum -- eo-data --checksum "${c[@]}" -o dataset.csv
  with data-preview -- eo-data --preview sheet.png "${c[@]}"
  with data-generate -- eo-data --generate set --train 12 --test 10
  with data-from -- eo-data --from "$EO_ROOT/tests/golden/pictures/folder" --grey --into set -o report.txt
  with data-stdout -- eo-data --checksum "${c[@]}"
  with train -v log.csv -- eo-train "${c[@]}" --threads 2 --log log.csv -o model.safetensors
  with train-on -i "$model" -- eo-train "${c[@]}" --threads 1 --init - --fine-tune -o model.safetensors
  with train-stdout -- eo-train "${c[@]}" --threads 1
  with import -- eo-import --yaml found.yaml -o model.safetensors "$F/base.onnx"
  with import-tensors -i "$EO_ROOT/tests/golden/weights-16x32.safetensors" -- eo-import --fold --input-mean 0.5 \
    --input-std 0.5
  with prune -- eo-prune -l 0.5 -o model.safetensors "$model"
  with prune-scores -- eo-prune -l 0.5 --criterion taylor "${c[@]}" --threads 2 --scores scores.csv \
    -o model.safetensors "$model"
  with prune-sensitivity -- eo-prune --sensitivity sensitivity.csv "${c[@]}" --threads 1 "$model"
  with prune-pipe -i "$model" -- eo-prune -l 0.5
  with quant-fp16 -- eo-quant -p fp16 -o model.safetensors "$model"
  with quant-int8 -- eo-quant -p int8 "${c[@]}" --threads 1 --report report.json --layers layers.csv \
    -o model.safetensors "$model"
  with quant-int4 -- eo-quant -p int4 "${c[@]}" --threads 1 --report report.json --layers layers.csv \
    -o model.safetensors "$model"
  with quant-mixed -- eo-quant -p mixed -c "$F/adaptive.yaml" --threads 1 -o model.safetensors "$model"
  with export-int4 -- eo-export --tests 1 -o net "$F/int4.safetensors"
  with quant-pipe -i "$model" -- eo-quant -p int8 "${c[@]}" --threads 2
  with eval -- eo-eval "${c[@]}" --threads 2 --logits logits.csv --predictions predictions.csv \
    --confusion confusion.csv --classes classes.csv --hits hits.csv -o row.csv "$F/int8.safetensors"
  with eval-compare -n -- eo-eval "${c[@]}" --threads 1 --compare "$F/logits.csv" --differences differences.csv \
    -o row.csv "$F/int8.safetensors"
  with eval-stdout -- eo-eval "${c[@]}" --threads 1 "$model"
  with bench -v samples.csv -v rounds.csv -v row.csv -- eo-bench "${c[@]}" --batch 1 --samples samples.csv \
    --rounds rounds.csv -o row.csv "$model"
  with doctor -s 17 -v report.csv -- eo-doctor -o report.csv
  with doctor-json -s 17 -v report.json -- eo-doctor --json -o report.json
  with bench-machine -s 70 -v machine.csv -v row.csv -- eo-bench "${c[@]}" --batch 1 --machine machine.csv \
    -o row.csv "$model"
  # Where a model cannot be read there is an error row instead, and all went well.
  with bench-sweep -x alloc -x open -x read -x rest -v p0.00-fp32.timing.csv -v p0.00-fp32.rounds.csv -- eo-bench \
    "${c[@]}" --from "$F/sweep" --into . p0.00-fp32
  # Nor does a session need its journal: it says that it cannot go on after an interruption.
  with bench-sweep-earlier -x open -x rest -f "$F/failed" -- eo-bench "${c[@]}" --from "$F/sweep" --into . p0.50-fp16
  with mlperf -s 3 -n -v row.csv -- eo-mlperf --window 0.001 "${c[@]}" --batch 1 -o row.csv "$model"
  with export -- eo-export --tests 1 "${c[@]}" -o net "$F/int8.safetensors"
  with export-named -- eo-export --tests 1 -c "$F/named.yaml" -o net "$F/int8.safetensors"
  with export-beside -- eo-export --tests 1 "${c[@]}" --data "$F/beside" -o net "$F/int8.safetensors"
  with export-onnx -- eo-export -f onnx -c "$F/named.yaml" -o net "$F/int8.safetensors"
  with export-into -s 3 -- eo-export --tests 1 "${c[@]}" --sweep "$F/sweep.csv" --from "$F/models" --into deep \
    "$F/sweep.csv"
  with device -- eo-device -c "$F/boards.yaml" -o board_fits.csv "$F/core_costs.csv"
  with device-json -- eo-device --json -c "$F/boards.yaml" -o board_fits.json "$F/core_costs.csv"
  with device-boards -- eo-device --boards --json -o boards.json
  with bench-layers -s 3 -n -v layers.csv -- eo-layers --batch 1 -o layers.csv "$model"
  with pareto -- eo-pareto "${c[@]}" --sweep sweep.csv --errors errors.csv --latency latency.csv --energy energy.csv \
    --seeds seeds.csv "$F"/*.accuracy.csv "$F"/*.timing.csv "$F"/*.rounds "$F"/*.hits "$F/bad.err"
  with pareto-accuracy -- eo-pareto "${c[@]}" --accuracy accuracy.csv --errors errors.csv --seeds seeds.csv \
    "$F/rows.csv"
  with pareto-stdout -- eo-pareto "${c[@]}" "$F/sweep.csv"
  with hwreport -- eo-hwreport "${c[@]}" --sweep "$F/sweep.csv" --layers layers.csv --tradeoffs tradeoffs.csv \
    --summary summary.csv "$F/base.safetensors" "$F/int8.safetensors"
  with hwreport-stdout -- eo-hwreport "${c[@]}" "$model"
  with summary -v manifest.json -f "$F/run" -- eo-summary "${tables[@]}" --manifest manifest.json -o summary.json \
    config/steps/all
  with summary-table -- eo-summary "${tables[@]}" --table
  with summary-schema -- eo-summary --schema -o schema.json
  with summary-json -- eo-summary "${tables[@]}" --table --json
  with inspect -- eo-inspect -o model.txt "$F/int8.safetensors"
  with inspect-json -- eo-inspect --json -o model.json "$model"
  with inspect-arena -- eo-inspect --arena -o plan.csv "$model"
  with inspect-dump -- eo-inspect --dump conv1.weight "$model"
  with study -- eo-study -o study.md "set=$F/rows.csv"
  with study-json -- eo-study --json -o study.json "set=$F/rows.csv"
  with verify -- eo-verify "$F/made/manifest.json"
  with explain -- eo-explain --folder "$F/made" -o words.txt "$F/trace"
  with explain-dot -- eo-explain --folder "$F/made" --dot -o graph.dot "$F/trace"
  with explain-json -- eo-explain --folder "$F/made" --json -o steps.json "$F/trace"
  with compare-json -s 5 -- eo-compare --json -o comparison.json "$F/made" "$F/made"
  with compare -s 5 -- eo-compare -o comparison.txt "$F/made" "$F/made"
  with compare-page -s 5 -- eo-compare --html comparison.html -o comparison.txt "$F/made" "$F/made"
  with report -s 5 -- eo-report --data "$F/set" -o report.html "$F/made"
  # A point for which there is no memory gets a row that says so.
  with explore -s 11 -x alloc -x alloc-all -x open -x rest -- eo-explore -c "$F/explore.yaml" --threads 1 \
    --base "$F/base.safetensors" --into .
  with explore-point -s 3 -- eo-explore -c "$F/explore.yaml" --threads 1 --base "$F/base.safetensors" \
    --point 1x2-int8 -o point.safetensors
  with best -s 3 -- eo-best -c "$F/explore.yaml" --from "$F/explored" --flash 100k --write final.yaml -o answer.txt
  with best-frontier -s 3 -- eo-best -c "$F/explore.yaml" --from "$F/explored" --frontier frontier.csv -o answer.txt
  with best-also -s 3 -- eo-best -c "$F/first.yaml" --also "$F/also.yaml" --flash 100k -o answer.txt
  with best-json -s 3 -- eo-best -c "$F/explore.yaml" --from "$F/explored" --flash 100k --json -o answer.json
  # It passes on what Make says, and goes on whatever it cannot read or write.
  with progress -x open -x read -x rest -x alloc -x alloc-all -x limit -i "$F/trace" -- eo-progress -c "$F/cfg.yaml" \
    --folder "$F/made" --work "$F/made"
  with verify-list -- eo-verify --list "$F/made/manifest.json"
  with verify-row -t -s 11 -x kill -x alloc-all -- eo-verify --row 1 --directory "$F/project" --data "$F/set" \
    "$F/row/sweep_results.csv"
  with attempt -x full -x limit -- eo-attempt --row row.csv --candidate p0.50 --stage prune -- "$EO_BIN/eo-prune" \
    -l 0.5 \
    -o model.safetensors "$model"
  with attempt-after -- eo-attempt --row row.csv --candidate p0.50-int8 --stage quant --after "$F/bad.err" -- false
  with attempt-shell -x full -x limit -- eo-attempt --row row.csv --candidate p0.50 --stage prune -- sh -ec \
    "trap 'exit 130' INT TERM; '$EO_BIN/eo-prune' -l 0.5 -o model.safetensors '$model'
     '$EO_BIN/eo-quant' -p fp16 -o half.safetensors model.safetensors; :"
  with attempt-pipe -x full -x limit -- eo-attempt --row row.csv --candidate p0.50 --stage prune -- sh -c \
    "'$EO_BIN/eo-prune' -l 0.5 '$model' | '$EO_BIN/eo-quant' -p fp16 -o model.safetensors"
}

# A tool, or an option of one that names a file to be written, for which there is no case. All options with a file are
# taken for such, but for these.
inputs=" config data init after folder now then from eo-hwreport:sweep eo-summary:sweep eo-summary:errors \
eo-summary:hardware eo-export:sweep eo-pareto:devices eo-progress:work "
check_covered() {
  local tool option
  for tool in "$EO_BIN"/eo-*; do
    tool=${tool##*/}
    grep -lzq "/$tool\$" "$S"/cases/* || echo "not ok $tool cases 0: there is none"
    for option in $("$tool" --help | sed -nE 's/^ *(-., )? *--([a-z-]+) (CSV|JSON|PNG|FILE|DIR) .*/\2/p'); do
      [[ $inputs != *" $option "* && $inputs != *" $tool:$option "* ]] || continue
      grep -lz "/$tool\$" "$S"/cases/* | xargs grep -qzx -e "--$option" $([ $option != output ] || echo "-e -o") ||
        echo "not ok $tool --$option 0: there is no case with it"
    done
  done
}

# Reads one case from its file and runs it.
run_case() {
  local words name=${1##*/} n
  mapfile -d '' words <"$1"
  n=${words[0]}
  mkdir -p "$1.d/tmp"
  TMPDIR=$1.d/tmp "$EO_TESTS/disturb" ${EO_SANITIZE:+-q} "${words[@]:1:n}" "$EO_TESTS/inject.so" "$1.d" "$name" \
    "${words[@]:1+n}" >"$1.out" 2>&1 || echo "not ok $name driver 0: it ended with status $?" >>"$1.out"
  rm -rf "$1.d"
}

if ! make_fixture >"$S/log" 2>&1; then
  cat "$S/log"
  echo "faults: 0 passed, 1 failed, 0 skipped"
  exit 1
fi
mkdir "$S/cases"
cases || exit
export -f run_case
export EO_TESTS EO_SANITIZE
find "$S/cases" -type f -print0 | sort -z | xargs -0 -P "$jobs" -I{} bash -c 'run_case "{}"'

{
  cat "$S"/cases/*.out
  [ -n "$chosen" ] || check_covered
} >"$S/all"
grep -Ev '^(ok|points|skip) ' "$S/all"
awk '/^skip/ { kind = $3; why = $0; sub(/^[^:]*: /, "", why); n[kind " " why]++ }
  END { for (k in n) { split(k, part, ": "); print "skipped: faults " part[1] ", " n[k] " commands: " part[2] } }
  ' "$S/all" |
  sort
awk '
  $1 == "points" { count[$2] += $4; of[$2, $3] += $4; sum += $4; if (!($3 in seen)) { seen[$3]; order[++kinds] = $3 } }
  $1 == "ok" { passed++ }
  $1 == "skip" { skipped++ }
  $1 == "not" && !(($3, $4) in bad) { bad[$3, $4]; failed++ }
  END {
    for (tool in count) {
      line = sprintf("  %-12s%6d", tool, count[tool])
      for (k = 1; k <= kinds; k++) line = line " " order[k] " " of[tool, order[k]] + 0
      print line | "sort"
    }
    close("sort")
    printf "faults: %d points\n", sum
    printf "faults: %d passed, %d failed, %d skipped\n", passed, failed, skipped
    exit failed > 0
  }' "$S/all"
