#!/usr/bin/env bats
# Every key of the configuration reaches the programs that read it: for each key and each stage that `eo-config --keys`
# names, another value gives other results, and with other values of all other keys the results are the same. A key
# without a case fails.

bats_require_minimum_version 1.5.0
load common
load rows

# The inputs of all stages, and an experiment in which nearly every key has something to do.
setup_file() {
  cd "$BATS_FILE_TMPDIR"
  eo-data --generate "$PWD/data/synthetic" --train 620 --test 60 --seed 1
  eo-data --generate "$PWD/data/mnist" --train 620 --test 60 --seed 2
  cat >base.yaml <<END
seed: 3
dataset: idx
data_dir: $PWD/data/synthetic
val_subset: 300
conv1_channels: 4
conv2_channels: 6
batch_size: 32
epochs: 3
learning_rate: 0.01
fine_tune_epochs: 1
pruning_levels: [0.0, 0.5]
pruning_criterion: taylor
prune_steps: 2
pruning_images: 40
precisions: [fp32, fp16, int8]
qat_epochs: 1
calibration_batches: 2
quantization_observer: percentile
observer_percentile: 99
benchmark_repeats: 2
benchmark_trials: 4
benchmark_warmup: 1
benchmark_exact: true
benchmark_wait: 0
memory_budgets_mb: [0.001, 0.002]
active_memory_budget_mb: 0.05
END
  eo-train -q -c base.yaml -o base
  eo-prune -l 0.5 -o pruned base
  mkdir models
  eo-quant -p fp16 -o models/p0.00-fp16.safetensors base
  rows_of_selection
  leave_session
}

# also FILE NAME=VALUE...: more columns of a row
also() {
  local file=$1 cell
  shift
  for cell; do sed -i "1s/\$/,${cell%%=*}/; 2s/\$/,${cell#*=}/" "$file"; done
}

# Candidates between which each key of selection decides. The 1000 images cannot tell them from each other; a is the
# most accurate one, b the fastest by the median, c by the mean and the smallest, and the timing of d is noisy.
rows_of_selection() {
  measured_model a 4 6 0 fp32 3 0.95 0.4
  measured_model b 4 6 0 fp16 3 0.948 0.2
  measured_model c 4 6 0 int8 3 0.946 0.3
  measured_model d 2 3 0.5 fp32 3 0.945 0.1
  sed -i '2s/,20,0.3,/,20,0.15,/; 2s/,20000,1000,/,10000,1000,/' c.time.csv
  sed -i '2s/,0.9380,/,0.9000,/' b.acc.csv
  for m in a b c; do also $m.time.csv timing_status=ok timing_reason=; done
  also d.time.csv timing_status=noisy timing_reason=much
  eo-pareto -c base.yaml --sweep sweep.csv --errors errors.csv [a-d].acc.csv [a-d].time.csv 2>/dev/null
  eo-hwreport -c base.yaml --sweep sweep.csv --summary hardware.csv a b c d
  cat >core_costs.csv <<'END'
candidate,build,core,flash_bytes,ram_bytes,instructions,scores_equal
p0.00-fp32,,m0,90000,7000,9000000,1
p0.00-fp16,,m0,60000,7000,9000000,1
p0.00-int8,,m0,20000,1400,5000000,1
END
}

# The file of a session that had at least begun: its first record is the size in 8 bytes, the data, and 64 bytes.
leave_session() {
  local i pid bytes
  mkdir rows
  echo >rows/p0.00-fp16.accuracy.err pruning_level,precision,seed,stage,error,pruning_criterion
  for i in {1..20}; do
    eo-bench -c base.yaml --data data/synthetic --from models --into rows p0.00-fp16 &
    pid=$!
    while kill -0 $pid 2>/dev/null; do
      [ ! -s rows/.session ] || cp rows/.session left 2>/dev/null || true
    done
    wait $pid
    [ -e left ] || continue
    bytes=$(od -An -t u8 -N 8 left)
    [ "$(stat -c %s left)" -lt $((bytes + 72)) ] || return 0
  done
  return 1
}

session_id() { grep -aoE '[0-9a-f]{16}' "$1" | head -n 1; }

setup() {
  cd "$BATS_FILE_TMPDIR"
  export EO_DATA_DIR=$PWD/data
}

# ---- a stage's results, in the folder $1, by the configuration $2. As Make does, the folder of the data is given to
# all stages but the first, unless `dataset` is what is tried.

stage_data() { eo-data --checksum -c "$2" -o "$1/dataset.csv"; }
stage_train() { eo-train -q -c "$2" "${DATA[@]}" -o "$1/model"; }
stage_prune() {
  local criterion
  for criterion in l1 taylor random; do
    eo-prune -l 0.5 --criterion $criterion -c "$2" "${DATA[@]}" -o "$1/$criterion" base || return
  done
}
# As Make does, too.
taught() { ! grep -qx 'teacher: base' "$1" || echo --teacher base; }
stage_finetune() {
  eo-train -q -c "$2" "${DATA[@]}" --init pruned --fine-tune $(taught "$2") -o "$1/model" &&
    eo-train -q -c "$2" "${DATA[@]}" --init base --fine-tune $(taught "$2") -o "$1/unpruned"
}
stage_quant() { eo-quant -p int8 -c "$2" "${DATA[@]}" $(taught "$2") -o "$1/model" base; }
stage_eval() { eo-eval -c "$2" "${DATA[@]}" --confusion "$1/confusion" -o "$1/row" base; }
stage_sensitivity() { eo-prune --sensitivity "$1/sensitivity" -c "$2" "${DATA[@]}" base; }
# From a model, then from random weights; all widths of 4 x 6.
stage_explore() {
  local base=(--base base)
  mkdir "$1/points" "$1/scratch"
  ! grep -qx 'explore_from: scratch' "$2" || base=()
  { grep -v '^explore_from' "$2"; echo explore_from: scratch; } >scratch.yaml
  eo-explore -q -c "$2" "${DATA[@]}" "${base[@]}" --into "$1/points" &&
    eo-explore -q -c scratch.yaml "${DATA[@]}" --into "$1/scratch" && rm "$1"/*/.explore
}
stage_select() {
  eo-device -c "$2" -o "$1/devices" core_costs.csv &&
    eo-pareto -c "$2" --devices "$1/devices" --sweep "$1/sweep" --errors "$1/errors" --latency "$1/latency" \
      --energy "$1/energy" [a-d].acc.csv [a-d].time.csv 2>"$1/said"
}
# A model that is not in the sweep has the batch of the configuration.
stage_hardware() {
  eo-hwreport -c "$2" --sweep sweep.csv --summary "$1/hardware" a b c d && eo-hwreport -c "$2" pruned >"$1/layers"
}
stage_summary() {
  eo-summary -c "$2" --sweep sweep.csv --errors errors.csv --hardware hardware.csv -o "$1/summary" &&
    eo-summary -c "$2" --sweep sweep.csv --errors errors.csv --hardware hardware.csv --table >"$1/table"
}

# Times are never the same. But an interrupted session goes on only with the same plan, images and models; and what
# holds the lock here never lets go.
stage_bench() {
  cp left rows/.session
  eo-bench -c "$2" "${DATA[@]}" --from models --into rows p0.00-fp16 || return
  [ "$(column rows/p0.00-fp16.timing.csv session)" = "$(session_id left)" ] && echo goes on >"$1/session" ||
    echo begins anew >"$1/session"
  { ! flock 8 || ! eo-bench -c "$2" "${DATA[@]}" pruned 8<&-; } 8<"$EO_LOCK_DIR/edge-opt-timing.lock" 2>&1 |
    grep -o 'waited [0-9]* s' >"$1/waited"
}

# What Make would do, here and on the nodes of a cluster.
stage_make() {
  local run
  for run in local slurm; do
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$EO_ROOT" --no-print-directory \
      B="$(dirname "$EO_BIN")" CONFIG="$PWD/$2" -n all explore RUN=$run 2>&1 | sed "s|${2%.yaml}|NAME|g" >"$1/$run"
  done
}

# ---- cases

# STAGES|KEY: VALUE[|CONTEXT...]: the results with this value and with that of base.yaml, both in the context, differ.
# STAGES are "*", all that read the key, or some of them, where one case cannot show it for all.
cases() {
  sed 's/^ *//' <<END
    *|seed: 4|pruning_criterion: random
    *|dataloader_seed: 9
    *|data_dir: $PWD/data/mnist
    *|dataset: mnist|-data_dir|dataset: synthetic
    eval|class_names: [a, b, c, d, e, f, g, h, i, j]
    data|class_names: [too, few]
    *|input_mean: 0.4
    *|input_std: 0.3
    *|validation: test
    *|train_subset: 10
    *|val_subset: 310
    *|base_model: base
    *|base_model_sha256: $(printf '%064d' 0)|base_model: base
    *|width: 0.5|model: lenet5
    *|conv1_channels: 3
    *|conv2_channels: 5
    *|batch_size: 16
    *|epochs: 2
    *|fine_tune_epochs: 0
    *|fine_tune_unpruned: false
    *|learning_rate: 0.002
    *|fine_tune_learning_rate: 0.0005
    *|learning_rate_schedule: cosine
    *|warmup_epochs: 0.5
    *|weight_decay: 0.5
    *|label_smoothing: 0.1
    *|augment_shift: 1
    *|augment_flip: true
    *|early_stopping: 1
    finetune quant explore make|teacher: base
    train|teacher: $PWD/base
    *|teacher_sha256: $(printf '%064d' 0)|teacher: $PWD/base
    *|distillation_temperature: 0.5|teacher: $PWD/base
    *|distillation_weight: 0.1|teacher: $PWD/base
    *|qat_epochs: 2
    *|qat_learning_rate: 0.01
    *|pruning_levels: [0.0, 0.25]
    *|pruning_criterion: l1
    *|pruning_scope: global
    *|prune_steps: 1
    *|channel_multiple: 4
    *|pruning_images: 1
    *|precisions: [int8]
    *|quantization_backend: qnnpack
    *|calibration_batches: 1
    *|quantization_observer: minmax
    *|observer_percentile: 90
    *|weight_granularity: tensor
    *|mixed_weights_kb: 9.5
    *|bias_correction: true
    *|cross_layer_equalization: true
    *|rounding: adaptive
    *|explore_widths: [2-4, 6]
    *|explore_from: scratch
    *|explore_epochs: 2
    *|explore_images: 200
    *|explore_way: halving
    *|explore_rungs: 3|explore_way: halving
    *|explore_growth: 3|explore_way: halving
    *|explore_reduction: 2|explore_way: halving
    *|benchmark_repeats: 3
    *|benchmark_trials: 5
    *|benchmark_warmup: 2
    *|benchmark_exact: false
    *|benchmark_seconds: 59
    *|benchmark_wait: 1
    *|power_watts: 2.5
    *|memory_budgets_mb: [0.001, 0.003]
    *|active_memory_budget_mb: 0.001
    *|devices: [{name: RP2040, cycles_per_instruction: 2, milliwatts: 50}]
    *|active_device: RP2040|devices: [{name: RP2040, cycles_per_instruction: 2, milliwatts: 50}]
    *|max_latency_ms: 100|devices: [{name: RP2040, cycles_per_instruction: 2, milliwatts: 50}]|active_device: RP2040
    *|max_energy_mj: 5|devices: [{name: RP2040, cycles_per_instruction: 2, milliwatts: 50}]|active_device: RP2040
    *|cpu_frequency_scale: 0.5
    *|latency_statistic: mean
    *|recommend: accuracy
    *|pareto_use_ci: true
    *|pareto_any_status: false
    *|memory_bandwidth_gbps: 6.4
    *|peak_compute_gmacs: 32
    *|threads: 3
    *|job_minutes: 90
    *|job_memory_mb: 500
    *|job_threads: 3
    *|seeds: [4, 5]
    *|output_dir: $PWD/elsewhere
END
}

# put FILE BASE CHANGE...: "key: value" replaces a line or adds one, "-key" removes it
put() {
  local file=$1 change key
  [ "$2" = "$file" ] || cp "$2" "$file"
  shift 2
  for change; do
    key=${change#-}
    sed -i "/^${key%%:*}:/d" "$file"
    case $change in -*) ;; *) echo "$change" >>"$file" ;; esac
  done
}

# A key and a stage as words, as the table of keys has them.
readers() {
  eo-config --keys |
    awk -F' [|] ' 'NR > 2 { gsub(/[|` ]/, "", $1); n = split($(NF - 1), stage, /[,—] */)
      for (i = 1; i <= n; i++) if (stage[i] != "") print $1, stage[i] }'
}

# results STAGE FOLDER CONFIG: a failure is a result, too
results() {
  rm -rf "$2"
  mkdir "$2"
  "stage_$1" "$2" "$3" >"$2/out" 2>&1 || echo "failed: $?" >>"$2/out"
  sed -i "s|$3|CONFIG|g" "$2/out"
}

# one_case STAGE CHANGE CONTEXT...: 1 and a line when the key does nothing there
one_case() {
  local stage=$1 change=$2
  shift 2
  DATA=(--data data/synthetic)
  case $change in dataset:*) DATA=() ;; esac
  put without.yaml base.yaml "$@"
  case $change in seeds:*) put with.yaml without.yaml -seed "$change" ;; *) put with.yaml without.yaml "$change" ;; esac
  # Without a context the results are the same for all keys.
  local without=without${1:+-in-context}-$stage
  [ -z "${1:-}" ] && [ -d $without ] || results $stage $without without.yaml
  results $stage with with.yaml
  if diff -rq $without with >/dev/null; then
    echo "$stage: $change changes nothing"
    return 1
  fi
}

@test "keys: each changes the results of each stage that reads it" {
  local stages change context key stage
  readers >readers
  # These have one value.
  printf '%s\n' 'model train' 'model finetune' 'model explore' >seen
  while IFS='|' read -r stages change context; do
    key=${change%%:*}
    [ "$stages" != '*' ] || stages=$(sed -n "s/^$key //p" readers)
    IFS='|' read -ra context <<<"$context"
    for stage in $stages; do
      one_case $stage "$change" "${context[@]}" && echo $key $stage >>seen
    done
  done < <(cases)
  sort -u seen | comm -23 <(sort -u readers) - >unseen
  sed 's/^/no case: /' unseen
  [ ! -s unseen ]
}

# Where this fails, a table of keys that is wrong lets Make skip a step that should run.
@test "keys: no stage's results depend on a key that it does not read" {
  local stage stages change context
  readers >readers
  DATA=(--data data/synthetic)
  for stage in $(cut -d' ' -f2 readers | sort -u); do
    [ $stage != make ] || continue
    cp base.yaml others.yaml
    while IFS='|' read -r stages change context; do
      # Not with `seed`; and not with each other.
      case $change in seeds:* | dataset:* | *\ few\]) continue ;; esac
      grep -qx "${change%%:*} $stage" readers || put others.yaml others.yaml "$change"
    done < <(cases)
    results $stage expected base.yaml
    results $stage found others.yaml
    diff -r expected found || { echo "$stage: other results"; cat others.yaml; false; }
  done
}
