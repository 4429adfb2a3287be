#!/usr/bin/env bats
# Other networks on other images, from a folder of pictures or an array to the table, the plots and the report.

bats_require_minimum_version 1.5.0
load common

setup() {
  cd "$BATS_TEST_TMPDIR"
  command -v gnuplot >/dev/null || skip "needs gnuplot"
  cat >exp.yaml <<END
dataset: idx
data_dir: $PWD/images
output_dir: $PWD/result
epochs: 2
batch_size: 4
learning_rate: 0.01
pruning_levels: [0, 0.5]
precisions: [fp32, int8]
benchmark_exact: true
benchmark_repeats: 1
benchmark_trials: 1
benchmark_warmup: 0
active_memory_budget_mb: 0.1
memory_budgets_mb: [0.1]
peak_compute_gmacs: 64
END
}

make_eo() {
  make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" CONFIG="$BATS_TEST_TMPDIR/exp.yaml" "$@"
}

# has_all LAYER...: each artefact of make all, with these layers
has_all() {
  local file row
  for file in sweep_results.csv sweep_errors.csv pareto_frontier_latency.csv pareto_frontier_energy.csv \
    seed_summary.csv hardware_summary.csv precision_tradeoffs.csv summary.json manifest.json accuracy_vs_latency.png \
    accuracy_vs_energy.png accuracy_vs_memory.png layerwise_activation_memory.png layerwise_macs.png report.html; do
    [ -s result/$file ] || { echo "missing: $file"; return 1; }
  done
  [ "$(wc -l <result/sweep_results.csv)" -eq 5 ]
  [ "$(wc -l <result/sweep_errors.csv)" -eq 1 ]
  for row in 0 1 2 3; do printf '%s\n' "$@"; done | diff - <(tail -n +2 result/layerwise_breakdown.csv | cut -d, -f1)
}

@test "five classes of 8 x 8 PNG files: a network with an addition" {
  local picture i class=0
  for picture in 2/0 2/1 2/2 ant/0 ant/1; do
    mkdir -p pictures/class$((++class))
    for i in 1 2 3 4 5 6; do cp "$EO_ROOT/tests/golden/pictures/folder/$picture.png" pictures/class$class/$i.png; done
  done
  eo-data --from pictures --into images >report
  cat >>exp.yaml <<'END'
class_names: [one, two, three, four, five]
model: [{conv: 4, kernel: 3, padding: 1, batch_norm: true, relu: true, max: 2, name: a},
  {conv: 4, kernel: 3, padding: 1, batch_norm: true, add: a, relu: true, mean: true}, {linear: classes}]
END
  run make_eo all
  [ "$status" -eq 0 ] || { echo "$output"; false; }
  [[ $output == *recommended* ]]
  has_all a conv2 classifier
  grep -q '^three,three,' result/rows/p0.00-fp32.confusion.csv
  # a row can be made again, and what was made is what the manifest says
  eo-verify -C "$EO_ROOT" --row 1 result/sweep_results.csv
  eo-verify result/manifest.json
  # each candidate that can be written: int8
  make_eo export >/dev/null
  ls result/export | grep -q int8
}

@test "six channels of a signal in a table of numbers: a depthwise network" {
  awk 'BEGIN { srand(1); for (i = 0; i < 40; i++) { k = i % 4; printf "%d", k
    for (c = 0; c < 6; c++) for (t = 0; t < 25; t++) printf ",%d", 128 + 100 * sin(t * (k + 1) / 5 + c) + 20 * rand()
    print "" } }' >signals.csv
  eo-data --from signals.csv --shape 6x25x1 --range 0:255 --into images >report
  cat >>exp.yaml <<'END'
model: [{depthwise: 5x1, padding: same, relu: true, name: d1}, {conv: 8, kernel: 1, batch_norm: true, relu: true},
  {depthwise: 5x1, stride: 2x1, padding: same, relu6: true, name: d2}, {conv: 8, kernel: 1, relu: true, name: p2},
  {conv: 8, kernel: 1, add: p2, relu: true, mean: true, name: p3}, {linear: 8, relu: true, name: f},
  {linear: classes, name: z}]
END
  run make_eo all sensitivity
  [ "$status" -eq 0 ] || { echo "$output"; false; }
  has_all d1 conv1 d2 p2 p3 f z
  [ "$(tail -n +2 result/sensitivity.csv | cut -d, -f1 | uniq | paste -sd' ')" = "conv1 p2 f" ]
  [ -s result/sensitivity.png ]
}
