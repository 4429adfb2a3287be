#!/usr/bin/env bats
# The plots: size, that they show the data, and the awkward cases.

bats_require_minimum_version 1.5.0
load common
load rows

PLOTS="accuracy_vs_latency accuracy_vs_single_latency accuracy_vs_energy accuracy_vs_memory \
layerwise_activation_memory layerwise_macs"

setup() {
  command -v gnuplot >/dev/null || skip "needs gnuplot"
  cd "$BATS_TEST_TMPDIR"
  printf 'active_memory_budget_mb: 0.05\nmemory_budgets_mb: [0.05]\nmemory_bandwidth_gbps: 2.0\n' >c.yaml
}

# From the rows that the test has made. Layers are those of the original's network, for each row.
tables() {
  eo-pareto -c c.yaml --sweep sweep_results.csv --latency pareto_frontier_latency.csv \
    --energy pareto_frontier_energy.csv --allow-missing acc-* time-* err.csv
  { echo layer,macs_per_image,fused_activation_bytes,pruning_level,precision,seed,pruning_criterion
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
      { k = "," $1 "," $2 "," $at["seed"] "," $at["pruning_criterion"]
        print "conv1,112896,15680" k; print "conv2,903168,18816" k; print "classifier,15680,6312" k }' sweep_results.csv
  } >layerwise_breakdown.csv
}

many_candidates() {
  local level
  for level in 0.00 0.25 0.50 0.70; do
    candidate $level fp32 7 "$(awk "BEGIN { print 0.97 - $level / 30 }")" \
      "$(awk "BEGIN { print 0.02 * (1 - $level) ^ 2 }")" \
      "$(awk "BEGIN { print int(82000 * (1 - $level)) }")"
    candidate $level int8 7 "$(awk "BEGIN { print 0.965 - $level / 30 }")" \
      "$(awk "BEGIN { print 0.006 * (1 - $level) ^ 2 }")" \
      "$(awk "BEGIN { print int(21000 * (1 - $level)) }")"
  done
}

plot() {
  gnuplot -d -e "dir='.'; out='$1.png'" "$EO_ROOT/plots/$1.gp"
}

# A PNG of 800 x 560, and not a word on standard error.
check_plot() {
  run --separate-stderr plot "$1"
  echo "$1: status $status, stderr: $stderr"
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  [ "$(head -c 24 "$1.png" | od -An -tx1 -v | tr -d ' \n')" = 89504e470d0a1a0a0000000d494844520000032000000230 ]
}

@test "all plots of a usual sweep" {
  many_candidates
  tables
  for p in $PLOTS; do check_plot "$p"; done
}

@test "each plot is also an SVG, from the same file, with the same words" {
  many_candidates
  tables
  mkdir config
  echo 'dataset: mnist' >config/data.yaml
  printf 'seed: 7\nmodel: smallcnn\n' >config/train.yaml
  for p in $PLOTS; do
    run --separate-stderr gnuplot -d -e "dir='.'; out='$p.svg'" "$EO_ROOT/plots/$p.gp"
    [ "$status" -eq 0 ]
  [ -z "$stderr" ]
    grep -q '<svg ' "$p.svg"
    grep -q '(mnist)' "$p.svg"
    grep -q 'network smallcnn, seed 7' "$p.svg"
    case $p in acc*) grep -q 'seed 7, budget 51.2 KiB' "$p.svg" ;; esac
    gnuplot -d -e "dir='.'; out='again.svg'" "$EO_ROOT/plots/$p.gp"
    cmp "$p.svg" again.svg
  done
}

@test "the line below the title is short for a list of layers" {
  many_candidates
  tables
  mkdir config
  printf 'seed: 7\nmodel: "a: conv 4 3 pad 1 relu max 2x2/1; b: conv 4 3 pad 1 add a relu mean; z: linear classes"\n' \
    >config/train.yaml
  for p in accuracy_vs_latency layerwise_macs; do
    run --separate-stderr gnuplot -d -e "dir='.'; out='$p.svg'" "$EO_ROOT/plots/$p.gp"
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    grep -q 'own network of 3 layers, seed 7' "$p.svg"
    run ! grep -q 'linear classes' "$p.svg"
  done
}

@test "the frontier of single images: what no other accepted candidate beats, by rising latency" {
  many_candidates
  tables
  run awk -F, -v column=single_latency_median_ms -f "$EO_ROOT/plots/frontier.awk" sweep_results.csv
  [ "$(sed 1d <<<"$output" | cut -d, -f1,2 | paste -sd' ')" = "0.70,int8 0.50,int8 0.25,int8 0.00,int8" ]
  sed -i '/,int8,/s/,True,/,False,/' sweep_results.csv
  run awk -F, -v column=single_latency_median_ms -f "$EO_ROOT/plots/frontier.awk" sweep_results.csv
  [ "$(sed 1d <<<"$output" | cut -d, -f2 | sort -u)" = fp32 ]
}

@test "training: a line for the base model and each pruned one; without a log a sentence" {
  plot_training() { gnuplot -d -e "dir='.'; out='$1'" "$EO_ROOT/plots/training.gp"; }
  run --separate-stderr plot_training none.svg
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  grep -q 'no training: the base model was imported' none.svg
  mkdir models config
  printf 'epoch,loss,accuracy\n1,1.5,0.5\n2,1.0,0.7\n' >training_log.csv
  printf 'epoch,loss,accuracy\n1,1.5,0.8\n' | tee models/p0.50-taylor-finetune_log.csv >models/p0.70-finetune_log.csv
  run --separate-stderr plot_training all.svg
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  for name in base p0.50-taylor p0.70; do grep -q ">$name<" all.svg; done
  # a candidate that was taken out
  echo 'p0.50-taylor-fp32 p0.50-taylor-int8' >config/names
  plot_training one.svg
  grep -q '>p0.50-taylor<' one.svg
  run ! grep -q '>p0.70<' one.svg
}

@test "criteria and levels by layer are named; of very many candidates only the best" {
  many_candidates
  candidate 0.25x0.50-taylor int8 7 0.99 0.01 9000
  tables
  for p in $PLOTS; do check_plot "$p"; done
  awk -F, -v column=latency_ms -v factor=1000 -v logx=1 -v x0=1 -v x1=100 -v y0=80 -v y1=100 -v width=712 \
    -v height=409 -f "$EO_ROOT/plots/labels.awk" sweep_results.csv >labels
  [ "$(wc -l <labels)" -eq 10 ]
  grep -q ',p0.25x0.50-taylor int8$' labels
  for criterion in l1 l2 fpgm activation random; do
    for level in 0.10 0.20 0.30 0.40 0.60; do candidate $level-$criterion int8 7 0.9 0.02 9000; done
  done
  tables
  for p in $PLOTS; do
    run --separate-stderr plot "$p"
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
  done
  [ "$(head -c 20 layerwise_activation_memory.png | tail -c 4 | od -An -tx1 | tr -d ' ')" = \
    "$(printf %08x $((80 + 24 * 34)))" ]
  awk -F, -v column=latency_ms -v factor=1000 -v logx=1 -v x0=1 -v x1=100 -v y0=80 -v y1=100 -v width=712 \
    -v height=409 -f "$EO_ROOT/plots/labels.awk" sweep_results.csv >labels
  grep -q ',p0.25x0.50-taylor int8$' labels
  [ "$(wc -l <labels)" -le 6 ]
  mkdir config
  echo 'dataset: mnist' >config/data.yaml
  mv layerwise_macs.png first
  plot layerwise_macs
  ! cmp -s first layerwise_macs.png || return 1
  # one's own data are called as their folder
  for name in /a/shirts/ /b/shirts shoes; do
    printf 'dataset: idx\ndata_dir: %s\n' $name >config/data.yaml
    plot layerwise_macs && mv layerwise_macs.png "${name//\//}"
  done
  cmp ashirts bshirts
  ! cmp -s ashirts shoes
}

@test "multiply-accumulates are the same at each precision, so a pruned model has one group" {
  many_candidates
  tables
  plot layerwise_macs && mv layerwise_macs.png both
  sed -i '/,int8,/d' layerwise_breakdown.csv
  plot layerwise_macs
  cmp both layerwise_macs.png
}

@test "the same data give the same picture, other data another" {
  many_candidates
  tables
  for p in $PLOTS; do plot "$p" && mv "$p.png" "$p.first" && plot "$p" && cmp "$p.png" "$p.first"; done
  candidate 0.70 int8 7 0.97 0.04 82000
  tables
  sed -i 's/15680/25680/' layerwise_breakdown.csv
  for p in $PLOTS; do
    plot "$p"
    ! cmp -s "$p.png" "$p.first" || return 1
  done
}

@test "accepted, rejected and frontier look different" {
  many_candidates
  tables
  plot accuracy_vs_latency
  cp accuracy_vs_latency.png first
  sed '2s/False/True/;3s/True/False/' -i sweep_results.csv
  plot accuracy_vs_latency
  ! cmp -s accuracy_vs_latency.png first || return 1
  cp accuracy_vs_latency.png first
  sed -i 2d pareto_frontier_latency.csv
  plot accuracy_vs_latency
  ! cmp -s accuracy_vs_latency.png first
}

# set_cell LINE COLUMN VALUE: in sweep_results.csv
set_cell() {
  awk -F, -v OFS=, -v line="$1" -v name="$2" -v value="$3" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i }
    NR == line { $c = value } { print }' sweep_results.csv >new && mv new sweep_results.csv
}

@test "labels, timings that are not ok and intervals of the latency are seen" {
  many_candidates
  tables
  for p in latency:2 energy:2 memory:1; do # the second: 1 where x has no clock in it
    set -- accuracy_vs_${p%:*} frontier_${p%:*} ${p#*:}
    cp sweep_results.csv kept.csv
    for label in certain possible dominated ""; do
      set_cell 6 $2 "$label"
      check_plot $1
      mv $1.png "$label.png"
    done
    [ "$(sha256sum certain.png possible.png dominated.png .png | cut -d' ' -f1 | sort -u | wc -l)" -eq 4 ]
    cp kept.csv sweep_results.csv
    plot $1 && mv $1.png none
    set_cell 6 timing_status ok
    plot $1 && cmp $1.png none
    set_cell 6 timing_status noisy
    plot $1 && mv $1.png noisy
    set_cell 6 timing_status ""
    set_cell 6 latency_median_ci95_low_ms 0.004
    set_cell 6 latency_median_ci95_high_ms 0.012
    check_plot $1
    [ "$(sha256sum none noisy $1.png | cut -d' ' -f1 | sort -u | wc -l)" -eq $(($3 == 2 ? 3 : 1)) ]
    cp kept.csv sweep_results.csv
  done
}

@test "what stands in the tables is data: no cell becomes part of a command" {
  local column text
  many_candidates
  tables
  cp sweep_results.csv whole.csv
  for column in seed precision pruning_criterion; do
    for text in '7;touch RAN;:' '7$(touch RAN)' '7`touch RAN`' "7'; touch RAN; '"; do
      CELL=$text awk -F, -v OFS=, -v c=$column 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == c) at = i }
        NR > 1 { $at = ENVIRON["CELL"] } { print }' whole.csv >sweep_results.csv
      plot accuracy_vs_latency || :
      [ ! -e RAN ] || { echo "$column: $text"; return 1; }
    done
  done
}

@test "one candidate; without intervals; with several seeds" {
  candidate 0.00 fp32 7 0.95 0.1 1000
  tables
  for p in $PLOTS; do check_plot "$p"; done
  sed -i '2s/0.9400,0.9600/,/' acc-7-0.00-fp32.csv
  tables
  for p in $PLOTS; do check_plot "$p" && mv "$p.png" "$p.one"; done
  candidate 0.00 fp32 8 0.96 0.2 1000
  tables
  for p in $PLOTS; do check_plot "$p" && cmp "$p.png" "$p.one"; done
}

@test "nothing accepted, so the frontiers are empty" {
  candidate 0.00 fp32 7 0.95 0.1 81960
  candidate 0.50 fp32 7 0.93 0.05 61960
  tables
  [ "$(wc -l <pareto_frontier_latency.csv)" -eq 1 ]
  for p in $PLOTS; do check_plot "$p"; done
}

@test "everything failed: still five pictures" {
  error_row 0.00 fp32 7 train exploded >err.csv
  tables
  for p in $PLOTS; do check_plot "$p"; done
}

@test "labels: one for each point, none over another" {
  many_candidates
  candidate 0.00 fp16 7 0.97 0.021 41000
  candidate 0.25 fp16 7 0.9617 0.0118 31000
  tables
  awk -F, -v column=latency_ms -v factor=1000 -v logx=1 -v x0=0.3 -v x1=50 -v y0=93 -v y1=99 \
    -v width=712 -v height=409 -f "$EO_ROOT/plots/labels.awk" sweep_results.csv >labels.csv
  [ "$(wc -l <labels.csv)" -eq 11 ]
  [ "$(cut -d, -f3 labels.csv | sort -u | wc -l)" -eq 11 ]
  # 66 pixels wide, 12 high, so that any two are that far apart in one direction
  awk -F, 'NR > 1 { n++; x[n] = 712 * log($1 / 0.3) / log(50 / 0.3); y[n] = 409 * ($2 - 93) / 6 }
    END { for (i = 1; i <= n; i++) for (k = 1; k < i; k++) { dx = x[i] - x[k]; dy = y[i] - y[k]
      if (dx * dx < 60 * 60 && dy * dy < 11.9 * 11.9) { print i, k; bad = 1 } } exit bad }' labels.csv
}

@test "without its variables a plot says what it needs" {
  run --separate-stderr gnuplot "$EO_ROOT/plots/layerwise_macs.gp"
  [ "$status" -eq 2 ]
  [[ $stderr == "usage: gnuplot -e "* ]]
}

@test "sensitivity: one line for each layer, which follow their accuracies" {
  { echo layer,pruning_level,channels,parameters,accuracy,accuracy_ci95_low,accuracy_ci95_high
    echo conv1,0.00,2,900,0.95,0.94,0.96
    echo conv1,0.50,1,500,0.4,0.38,0.42
    echo conv2,0.00,4,900,0.95,0.94,0.96
    echo conv2,0.25,3,800,0.93,0.92,0.94
    echo conv2,0.75,1,400,0.7,0.68,0.72
  } >sensitivity.csv
  check_plot sensitivity
  mv sensitivity.png first
  sed -i 's/0.4,0.38,0.42/0.5,0.48,0.52/' sensitivity.csv
  check_plot sensitivity
  ! cmp -s sensitivity.png first
}

# network_rows LAYER...: layerwise_breakdown.csv of four candidates of a network
network_rows() {
  local layer key
  echo layer,macs_per_image,fused_activation_bytes,pruning_level,precision,seed,pruning_criterion
  for key in 0.00,fp32,7,none 0.00,int8,7,none 0.50,fp32,7,taylor 0.50,int8,7,taylor 0.00,fp32,8,none; do
    for layer; do
      case $key in *int8*) echo "$layer,4$#0,1000,$key" ;; *) echo "$layer,4$#0,4000,$key" ;; esac
    done
  done
}

@test "layers of other networks: bars of a few, lines over many" {
  local layers="a.conv1 a.conv2 shortcut b c d"
  network_rows $layers | sed 's/^d,460/&0/' >layerwise_breakdown.csv
  # fp32 and int8 have the same multiply-accumulates, and other bytes
  run awk -F, -v what=legend -v column=macs_per_image -v factor=1 -v layers=6 -f "$EO_ROOT/plots/layers.awk" \
    layerwise_breakdown.csv
  [ "$output" = "2 1 1 2 1 2 p0.00 p0.50-taylor 1 fp32" ]
  run awk -F, -v what=lines -v column=macs_per_image -v factor=0.5 -v layers=6 -f "$EO_ROOT/plots/layers.awk" \
    layerwise_breakdown.csv
  [ "$(paste -sd' ' <<<"$output")" = "1 230 2 230 3 230 4 230 5 230 6 2300   1 230 2 230 3 230 4 230 5 230 6 2300" ]
  run awk -F, -v what=legend -v column=fused_activation_bytes -v factor=1 -v layers=6 -f "$EO_ROOT/plots/layers.awk" \
    layerwise_breakdown.csv
  [ "$output" = "4 1 1 1 2 2 1 2 2 2 p0.00 p0.50-taylor 2 fp32 int8" ]
  for layers in "$layers" "a z" "c1 c2 f1 f2 z" "$(seq -s ' ' 27)"; do
    for p in layerwise_activation_memory layerwise_macs; do
      network_rows $layers >layerwise_breakdown.csv
      run --separate-stderr plot $p
      [ "$status" -eq 0 ] && [ -z "$stderr" ] || { echo "$layers: $stderr"; return 1; }
      mv $p.png first
      sed -i '3s/,4/,9/g' layerwise_breakdown.csv
      plot $p
      ! cmp -s first $p.png || return 1
    done
  done
}

# gnuplot cuts what a command prints at 1 MiB.
@test "two thousand candidates, and lines over many layers" {
  many_candidates
  tables
  awk 'NR == 1 { print; next } { for (i = 0; i < 250; i++) print }' sweep_results.csv >many.csv
  mv many.csv sweep_results.csv
  [ "$(wc -c <sweep_results.csv)" -gt 1048576 ]
  for p in accuracy_vs_latency accuracy_vs_memory; do
    run --separate-stderr plot $p
    [ "$status" -eq 0 ] && [ -z "$stderr" ] || { echo "$p: $stderr"; return 1; }
  done
  awk 'BEGIN { print "layer,macs_per_image,fused_activation_bytes,pruning_level,precision,seed,pruning_criterion"
    for (i = 0; i < 1950; i++) for (k = 1; k <= 48; k++)
      printf "l%d,%d,4000,%.2f,fp32,7,l1\n", k, 123400000 + 48 * i + k, i % 64 / 64 }' >layerwise_breakdown.csv
  run --separate-stderr plot layerwise_macs
  [ "$status" -eq 0 ] && [ -z "$stderr" ] || { echo "$stderr"; return 1; }
}

@test "bars of thousands of candidates: the first 200, and the label says so" {
  local p
  awk 'BEGIN { print "layer,macs_per_image,fused_activation_bytes,pruning_level,precision,seed,pruning_criterion"
    for (i = 0; i < 8000; i++) for (k = 1; k <= 5; k++)
      printf "l%d,%d,%d,%.6f,%s,7,l1\n", k, 99400 + i + k, 400 + i + k, int(i / 2) / 8000, i % 2 ? "int8" : "fp32" }' \
    >layerwise_breakdown.csv
  [ "$(wc -c <layerwise_breakdown.csv)" -gt 1048576 ]
  for p in "macs 4000 pruned model, the same at each precision" "activation_memory 8000 candidate"; do
    set -- $p
    run --separate-stderr gnuplot -d -e "dir='.'; out='$1.svg'" "$EO_ROOT/plots/layerwise_$1.gp"
    [ "$status" -eq 0 ] && [ -z "$stderr" ] || { echo "$1: $stderr"; return 1; }
    grep -qF "${p#* * }: the first 200 of $2, in the order of the table" $1.svg
    [ "$(sed -n 's/^<svg .*width="\([0-9]*\)".*/\1/p; s/^ *width="\([0-9]*\)".*/\1/p' $1.svg | head -n 1)" = 4880 ]
  done
  # 200 are not bounded
  sed -i 1001q layerwise_breakdown.csv
  gnuplot -d -e "dir='.'; out='few.svg'" "$EO_ROOT/plots/layerwise_activation_memory.gp"
  ! grep -q "the first" few.svg
}

@test "sensitivity of a network of many layers: one line for each" {
  { sensitivity_rows
    cat sensitivity.csv; sed -n '2,5s/^conv1/pw1/p' sensitivity.csv; } >more && mv more sensitivity.csv
  run --separate-stderr plot sensitivity
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  mv sensitivity.png first
  sed -i '$s/,900,0.../,900,0.11/' sensitivity.csv
  plot sensitivity
  ! cmp -s first sensitivity.png
}

sensitivity_rows() {
  { echo layer,pruning_level,channels,parameters,accuracy,accuracy_ci95_low,accuracy_ci95_high
    for level in 0.00 0.25 0.50 0.75; do
      echo "conv1,$level,$((${level#0.} / 25 + 1)),900,0.$((95 - ${level#0.} / 2)),0.3,0.96"
      echo "conv2,$level,$((${level#0.} / 25 + 5)),900,0.$((95 - ${level#0.} / 3)),0.3,0.96"
    done
  } >sensitivity.csv
}

# The column of the budget then says 5e-05.
@test "a budget of 5e-5" {
  printf 'active_memory_budget_mb: 5e-5\nmemory_budgets_mb: [5e-5]\nmemory_bandwidth_gbps: 2.0\n' >c.yaml
  candidate 0.00 fp32 7 0.97 0.02 80
  candidate 0.00 int8 7 0.96 0.01 40
  tables
  [ "$(column sweep_results.csv accepted) $(column sweep_results.csv active_budget_mb)" = "False True 5e-05 5e-05" ]
  for p in $PLOTS; do check_plot "$p"; done
}

@test "locale and awk do not change a plot" {
  [ -e /usr/share/i18n/locales/de_DE ] || skip "needs the package locales"
  many_candidates
  tables
  sensitivity_rows
  for p in $PLOTS sensitivity; do check_plot "$p" && mv "$p.png" "$p.first"; done
  mkdir loc path
  export LOCPATH=$PWD/loc
  local locale awk comma=0
  for locale in de_DE fr_FR tr_TR; do localedef -i $locale -f UTF-8 loc/$locale.UTF-8; done
  for awk in mawk gawk; do
    command -v $awk >/dev/null || continue
    ln -sf "$(command -v $awk)" path/awk
    for locale in de_DE fr_FR tr_TR; do
      export LC_ALL=$locale.UTF-8
      # the locale is one: printf of the shell takes its comma
      [ "$(printf %.1f 0,5)" = 0,5 ]
      for p in accuracy_vs_latency sensitivity; do
        PATH=$PWD/path:$PATH check_plot "$p"
        cmp "$p.png" "$p.first"
      done
    done
  done
  PATH=$PWD/path:$PATH check_plot accuracy_vs_energy && cmp accuracy_vs_energy.png accuracy_vs_energy.first
}
