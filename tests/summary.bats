#!/usr/bin/env bats
# eo-summary: summary.json, the table, manifest.json, messages.

bats_require_minimum_version 1.5.0
load common
load rows

setup() {
  cd "$BATS_TEST_TMPDIR"
  cat >c.yaml <<'EOF'
active_memory_budget_mb: 0.05
memory_budgets_mb: [0.01, 0.05]
cpu_frequency_scale: 0.5
power_watts: 2.0
memory_bandwidth_gbps: 2.0
EOF
}

# Selected from the rows that the test has made; hardware figures are invented.
select_rows() {
  eo-pareto -c c.yaml --sweep sweep.csv --errors errors.csv --latency frontier.csv --allow-missing acc-* time-* err*.csv
  { echo \
    estimated_total_bytes,achieved_bandwidth_gbps,configured_peak_compute_gmacs,bound_regime,pruning_level,precision,\
seed,pruning_criterion
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
      { print "123,0.5,,memory-bound," $1 "," $2 ",7," $at["pruning_criterion"] }' sweep.csv; } >hardware.csv
}

four_candidates() {
  candidate 0.00 fp32 7 0.95 0.1 81960
  candidate 0.00 int8 7 0.94 0.05 21000
  candidate 0.50 fp32 7 0.93 0.06 36000
  candidate 0.50 int8 7 0.91 0.02 9000
}

select=(-c c.yaml --sweep sweep.csv --errors errors.csv --hardware hardware.csv)
summary() {
  eo-summary -c c.yaml --sweep sweep.csv --errors errors.csv --hardware hardware.csv "$@"
}

# value KEY: of the outermost object of summary.json, or of an object in it when the indentation is given too
value() {
  sed -n "s/^${2:-  }\"$1\": \(.*[^,]\),\{0,1\}$/\1/p" summary.json
}

@test "a candidate that is no better than chance: the table ends with a warning, and summary.json says it" {
  candidate 0.00 int8 7 0.10 0.1 1000
  also acc-7-0.00-int8.csv chance_accuracy=0.11
  select_rows
  summary -o summary.json --table >table
  [[ $(tail -n 1 table) == "warning: the recommended candidate has not learned: accuracy 10.00 %, "* ]]
  [ "$(value is_chance '    ')" = true ]
  sed -i '2s/0.11$/0.05/' acc-7-0.00-int8.csv
  select_rows
  summary -o summary.json --table >table
  ! grep -q warning table && grep -q '"is_chance": false' summary.json
}

@test "summary.json has the original's keys, in this order, after two of its own" {
  four_candidates
  select_rows
  summary -o summary.json
  [ "$(sed -n 's/^  "\([a-z_]*\)".*/\1/p' summary.json | tr '\n' ' ')" = \
    "schema_version recommended baseline memory_budgets_mb \
active_memory_budget_mb cpu_frequency_scale latency_multiplier power_watts \
study_rows accepted_rows rejected_rows error_rows best_accuracy_accepted lowest_latency_ms_accepted deployment " ]
  [ "$(sed -n '/"baseline"/,/^  }/s/^    "\([a-z_0-9.]*\)".*/\1/p' summary.json | head -n -1 | tr '\n' ,)" = \
    "$(head -n 1 sweep.csv)," ]
  [ "$(sed -n '/"deployment"/,/^  }/s/^    "\([a-z_]*\)".*/\1/p' summary.json | tr '\n' ' ')" = \
    "cpu_frequency_scale latency_multiplier model latency_statistic batch_latency_ms batch_throughput_sps \
stream_avg_latency_ms stream_latency_ms stream_throughput_sps estimated_total_bytes achieved_bandwidth_gbps \
configured_peak_compute_gmacs bound_regime recommended " ]
  [ "$(sed -n '/"deployment"/,/^  }/s/^      "\([a-z_]*\)".*/\1/p' summary.json | tr '\n' ' ')" = \
    "model latency_statistic batch_latency_ms batch_throughput_sps stream_avg_latency_ms stream_latency_ms \
stream_throughput_sps estimated_total_bytes achieved_bandwidth_gbps configured_peak_compute_gmacs bound_regime " ]
}

# checked: summary.json is what the schema says; an invented table of hardware is completed first
checked() {
  json check "$EO_ROOT/tools/summary.schema.json" "${1:-summary.json}"
}
hardware_of_all_columns() {
  local rest=estimated_total_macs,configured_memory_bandwidth_gbps,bandwidth_utilization,achieved_gmacs
  rest+=,arithmetic_intensity_macs_per_byte,roofline_knee_macs_per_byte
  sed -i "1s/^/$rest,/; 2,\$s/^/1,2.5,0.5,0.5,,5.0,/" hardware.csv
}

@test "the schema: a summary with rivals, with lists of levels, without a recommendation, without rows" {
  four_candidates
  candidate 0.25x0.50 int8 7 0.90 0.02 8000
  select_rows
  hardware_of_all_columns
  summary -o summary.json
  [ "$(json get summary.json schema_version)" = 1 ]
  checked
  # The level of the baseline, which the schema describes as that of the others.
  sed '/"baseline"/,/}/s/"pruning_level": 0.0/"pruning_level": [0.5, 0.25]/' summary.json >other
  [ "$(json get other baseline/pruning_level)" = 2 ]
  checked other
  rm acc-* time-*
  candidate 0.00 fp32 7 0.95 0.1 81960
  select_rows
  hardware_of_all_columns
  summary -o none.json
  [ "$(json get none.json recommended)" = null ]
  checked none.json
  rm acc-* time-*
  error_row 0.00 fp32 7 train exploded >err.csv
  select_rows
  summary -o empty.json
  [ "$(json get empty.json baseline)" = null ]
  checked empty.json
  # The check sees a key too many, one too few, another type, another version.
  for edit in '/"power_watts"/d' 's/"error_rows"/"errors"/' 's/"study_rows": 5/"study_rows": "5"/' \
    's/"schema_version": 1/"schema_version": 2/' 's/"latency_p95_ms": .*/"latency_p95_ms": "fast",/' \
    's/"frontier_latency": .*/"frontier_latency": "sure",/' '/"timing_reason"/d'; do
    sed "$edit" summary.json >bad.json
    run ! cmp summary.json bad.json
    run checked bad.json
    [ "$status" -eq 1 ] || { echo "not seen: $edit"; return 1; }
  done
}

@test "its values are typed and right" {
  echo "recommend: fastest" >>c.yaml
  four_candidates
  error_row 0.70 int8 7 quant exploded >err.csv
  select_rows
  summary -o summary.json
  [ "$(value study_rows) $(value accepted_rows) $(value rejected_rows) $(value error_rows)" = "4 3 1 1" ]
  [ "$(value best_accuracy_accepted) $(value lowest_latency_ms_accepted) $(value latency_multiplier)" = \
    "0.94 0.04 2.0" ]
  # the baseline: level 0, fp32
  grep -q '^    "accepted": false,$' summary.json
  grep -q '^    "precision": "fp32",$' summary.json
  grep -q '^    "error": null,$' summary.json
  grep -q '^    "violates_0.01mb": true,$' summary.json
  grep -q '^    "accuracy_bootstrap95_low": null,$' summary.json
  grep -q '^    "accepted_under_active_budget": false$' summary.json
  # in use: 0.1 ms / 0.5 * 128 a batch, 0.4 ms / 0.5 alone
  [ "$(value batch_latency_ms '    ') $(value batch_throughput_sps '    ')" = "25.6 5000.0" ]
  [ "$(value stream_avg_latency_ms '    ') $(value stream_throughput_sps '    ')" = "0.8 1250.0" ]
  [ "$(value estimated_total_bytes '    ') $(value achieved_bandwidth_gbps '    ')" = "123 0.5" ]
  [ "$(value configured_peak_compute_gmacs '    ') $(value bound_regime '    ')" = 'null "memory-bound"' ]
  # of which model the deployment speaks
  [ "$(value model '    ' | tr '\n' ' ')" = '"models/p0.00-int8.safetensors" "models/p0.00-fp32.safetensors" ' ]
  [ "$(value model '      ')" = '"models/p0.00-int8.safetensors"' ]
  [ "$(value batch_latency_ms '      ') $(value stream_latency_ms '      ')" = "12.8 0.4" ]
  [ "$(sed '/"baseline"/,$d' summary.json)" = '{
  "schema_version": 1,
  "recommended": {
    "model": "models/p0.00-int8.safetensors",
    "rule": "fastest",
    "why": "the fastest of 2 accepted candidates that 1000 images cannot tell from the most accurate '\
'(by their 95 % intervals)",
    "rivals": [
      {
        "model": "models/p0.50-fp32.safetensors",
        "accuracy": 0.93,
        "recommendation_p": null,
        "test_accuracy": 0.5,
        "ranked_latency_ms": 0.12,
        "model_bytes": 36000
      }
    ],
    "pruning_level": 0.0,
    "pruning_criterion": "none",
    "precision": "int8",
    "seed": 7,
    "accuracy": 0.94,
    "recommendation_p": null,
    "test_accuracy": 0.5,
    "accuracy_note": "accuracy is of the images that chose, so it is a little too good; test_accuracy chose nothing",
    "chance_accuracy": null,
    "is_chance": false,
    "latency_statistic": "median",
    "ranked_latency_ms": 0.1,
    "latency_ms": 0.1,
    "single_latency_ms": 0.4,
    "energy_proxy_j": 0.0002,
    "model_bytes": 21000,
    "peak_activation_bytes": 1000,
    "model_sha256": "aaaa",
    "timing_status": null,
    "timing_reason": null,
    "frontier_latency": "possible",
    "frontier_energy": "possible"
  },' ]
  echo "validation: test" >>c.yaml
  summary | grep -q '"accuracy_note": ".*no figure here is independent of the choice (validation: test)"'
}

@test "recommended: ties of accuracy and size go to the faster" {
  candidate 0.00 fp32 7 0.95 0.1 1000
  candidate 0.25 fp32 7 0.95 0.05 1000
  candidate 0.50 fp32 7 0.95 0.07 1000
  select_rows
  summary | grep -A 1 '"recommended"' | grep -q '"model": "models/p0.25-fp32.safetensors"'
}

@test "nothing accepted: null" {
  candidate 0.00 fp32 7 0.95 0.1 81960
  select_rows
  summary -o summary.json
  [ "$(value best_accuracy_accepted) $(value lowest_latency_ms_accepted) $(value recommended)" = "null null null" ]
  [ "$(summary --table | tail -n 1)" = "recommended: none; no candidate fits in 52428 bytes" ]
}

# without_columns PATTERN <table: none of the columns that the pattern names as a whole
without_columns() {
  awk -F, -v drop="^($1)\$" 'NR == 1 { for (i = 1; i <= NF; i++) keep[i] = $i !~ drop }
    { line = ""; sep = ""; for (i = 1; i <= NF; i++) if (keep[i]) { line = line sep $i; sep = "," } print line }'
}

@test "a table from before the recommendation: it is made from the intervals, and eo-pareto takes it" {
  four_candidates
  select_rows
  without_columns 'recommendation|recommendation_p|ranked_latency_ms|latency_statistic|accuracy_std' <sweep.csv >old.csv
  [ "$(head -n 1 old.csv | grep -c recommendation)" -eq 0 ]
  summary --sweep old.csv --table >table.txt
  grep -q '^recommended: level 0.00 in int8, ' table.txt
  grep -q '^rivals: 0.50 fp32 93.00 %$' table.txt
  summary --sweep old.csv | grep -A 1 '^  "recommended": {' | grep -q '"model": "models/p0.00-int8.safetensors"'
  eo-pareto -c c.yaml --sweep new.csv old.csv
  summary --sweep new.csv --table | grep -q '^recommended: level 0.00 in int8, '
}

@test "everything failed: no baseline, and still a summary" {
  error_row 0.00 fp32 7 train exploded >err.csv
  select_rows
  summary -o summary.json
  [ "$(value baseline) $(value study_rows) $(value error_rows)" = "null 0 1" ]
  [ "$(value recommended) $(value model '    ') $(value recommended '    ')" = "null null null" ]
}

@test "the table" {
  four_candidates
  error_row 0.70 int8 7 quant "$(printf 'x%.0s' $(seq 200))" >err.csv
  select_rows
  run --separate-stderr summary --table
  [ "$status" -eq 0 ]
  [ "$output" = "   level  precision accuracy %  test %  batch median us  single median us  model bytes  fits  timing
   0.00   fp32           95.00   50.00           200.00            800.00        81960  no
>+ 0.00   int8           94.00   50.00           100.00            400.00        21000  yes
 ? 0.50   fp32           93.00   50.00           120.00            480.00        36000  yes
 + 0.50   int8           91.00   50.00            40.00            160.00         9000  yes
!  0.70   int8      failed in quant: $(printf 'x%.0s' $(seq 63))
on the frontier of accuracy over latency: * certainly, + by its figures, ? possibly   > recommended
us: scaled by 1 / cpu_frequency_scale
recommended: level 0.00 in int8, accuracy 94.00 % (test 50.00 %), 100.00 us/image, 21000 of 52428 bytes: \
models/p0.00-int8.safetensors
rule smallest: the smallest of 2 accepted candidates that 1000 images cannot tell from the most accurate \
(by their 95 % intervals)
rivals: 0.50 fp32 93.00 %
accuracy is of the images that chose, so it is a little too good; test_accuracy chose nothing" ]
  # the same as JSON
  summary --table --json >table
  [ "$(json get table latency_statistic budget_bytes rule candidates failures failures/0/stage | tr '\n' ' ')" = \
    "median 52428 smallest 4 1 quant " ] || [ "$(json get table latency_statistic)" = mean ]
  [ "$(for i in 0 1 2 3; do json get table candidates/$i/frontier candidates/$i/fits candidates/$i/is_recommended \
    candidates/$i/model_bytes; done | tr '\n' ' ')" = "null false false 81960 by_figures true true 21000 \
possible true false 36000 by_figures true false 9000 " ]
  [ "$(json get table candidates/1/model candidates/1/precision candidates/1/test_accuracy candidates/1/timing_status \
    candidates/2/is_rival | tr '\n' ' ')" = "models/p0.00-int8.safetensors int8 0.5 null true " ]
  [ "$(json get table candidates/1/batch_latency_ms candidates/1/single_latency_ms | cut -c 1-5 | tr '\n' ' ')" = \
    "0.100 0.400 " ]
  [[ $output == *"rule smallest: $(json get table why)"* ]]
  documented table
  # its file is found from where the program was called
  cd /
  eo-summary -c "$BATS_TEST_TMPDIR/c.yaml" --sweep "$BATS_TEST_TMPDIR/sweep.csv" \
    --errors "$BATS_TEST_TMPDIR/errors.csv" \
    --hardware "$BATS_TEST_TMPDIR/hardware.csv" --table | grep \
    -q "bytes: $BATS_TEST_TMPDIR/models/p0.00-int8.safetensors$"
}

@test "how far the timing can be trusted, and how sure the frontier is" {
  candidate 0.00 fp32 7 0.95 0.10 40000
  candidate 0.00 int8 7 0.92 0.05 21000
  candidate 0.25 int8 7 0.91 0.0505 20000
  candidate 0.50 fp32 7 0.85 0.06 36000
  candidate 0.70 int8 7 0.94 0.01 9000
  for f in acc-*; do
    key=${f#acc-7-}
    # latencies with an interval of 1 %, all ok but one
    awk -F, -v OFS=, -v status="$([ "$key" = 0.70-int8.csv ] && echo noisy || echo ok)" 'NR == 1 {
      for (i = 1; i <= NF; i++) if ($i == "host_latency_ms") c = i
      print $0, "timing_status", "timing_reason", "host_latency_median_ci95_low_ms", "host_latency_median_ci95_high_ms"
      next }
      { print $0, status, status == "ok" ? "" : "scattered: much", $c * 0.99, $c * 1.01 }' "time-7-$key" >t &&
      mv t "time-7-$key"
  done
  eo-pareto -c c.yaml --sweep sweep.csv --errors errors.csv acc-* time-* 2>stderr
  [ "$(cat stderr)" = \
    "eo-pareto: the timing of 1 of 5 accepted candidates is not ok (1 noisy): on the frontiers of latency and energy \
they are at most 'possible'" ]
  # it stands on the frontier, but is never certain, and others are certain of it
  select_rows 2>stderr
  [ "$(summary --table)" = \
    "   level  precision accuracy %  test %  batch median us  single median us  model bytes  fits  timing
 + 0.00   fp32           95.00   50.00           200.00            800.00        40000  yes   ok
 ? 0.00   int8           92.00   50.00           100.00            400.00        21000  yes   ok
   0.25   int8           91.00   50.00           101.00            404.00        20000  yes   ok
   0.50   fp32           85.00   50.00           120.00            480.00        36000  yes   ok
>+ 0.70   int8           94.00   50.00            20.00             80.00         9000  yes   noisy
on the frontier of accuracy over latency: * certainly, + by its figures, ? possibly   > recommended
us: scaled by 1 / cpu_frequency_scale
the timing of 1 of 5 accepted candidates is not ok (1 noisy): on the frontiers of latency and energy \
they are at most 'possible'
level 0.70 in int8 is noisy: scattered: much
machine.csv says what else runs here and what helps; make retime times all again
recommended: level 0.70 in int8, accuracy 94.00 % (test 50.00 %), 20.00 us/image, 9000 of 52428 bytes: \
models/p0.70-int8.safetensors
rule smallest: the smallest of 2 accepted candidates that 1000 images cannot tell from the most accurate \
(by their 95 % intervals)
rivals: 0.00 fp32 95.00 % (most accurate)
accuracy is of the images that chose, so it is a little too good; test_accuracy chose nothing
the timing of the recommended one is not ok: noisy" ]
  # the refusal of before is an option, and then the others are judged without it
  cp c.yaml strict.yaml
  echo "pareto_any_status: false" >>c.yaml
  select_rows 2>stderr
  summary --table >table
  grep -q '^ \* 0.00   fp32 ' table
  grep -q '^>  0.70   int8 ' table
  grep \
    -q '^the timing of 1 of 5 accepted candidates is not ok (1 noisy): they are left off the frontiers of latency and '\
'energy$' table
  summary | tr -d ' \n' |
    grep \
    -q '"timing_status":"noisy","timing_reason":"scattered:much","frontier_latency":null,"frontier_energy":null},'\
'"baseline"'
  mv strict.yaml c.yaml
  # what is advised fits the status: few samples have nothing to do with what else runs here
  sed -i 's/,noisy,/,short,/' time-7-0.70-int8.csv
  select_rows 2>stderr
  summary --table >table
  grep -q '^level 0.70 in int8 is short: ' table
  grep -q '^short: more samples help ' table
  ! grep -q 'machine.csv' table || return 1
  # the example is an accepted candidate, like those that are counted: an earlier row over the budget is not it
  sed -i 's/,40000,/,999999,/; s/,ok,,/,short,few,/' time-7-0.00-fp32.csv
  select_rows 2>stderr
  summary --table >table
  [ "$(grep ' is short: ' table)" = "level 0.70 in int8 is short: scattered: much" ]
}

@test "the table with several seeds shows the first, missing figures as -" {
  candidate 0.00 fp32 7 0.95 0.1 1000
  candidate 0.00 fp32 8 0.96 0.2 1000
  sed -i '2s/0.5,0.4,0.6/,,/' acc-7-0.00-fp32.csv
  select_rows
  run summary --table
  [ "${#lines[@]}" -eq 8 ]
  [ "${lines[1]}" = ">* 0.00   fp32           95.00       -           200.00            800.00         1000  yes" ]
  [ "${lines[4]}" = "shown: seed 7; the spread over seeds is in seed_summary.csv" ]
}

@test "criteria and levels by layer: in the table, in the summary" {
  candidate 0.25x0.50 fp32 7 0.95 0.1 1000
  candidate 0.50-taylor int8 7 0.96 0.1 1000
  error_row 0.70-activation int8 7 quant bad >err.csv
  select_rows
  summary --table >table
  [ "$(head -n 4 table)" = \
    "   level           precision accuracy %  test %  batch median us  single median us  model bytes  fits  timing
 ? 0.25x0.50       fp32           95.00   50.00           200.00            800.00         1000  yes
>+ 0.50-taylor     int8           96.00   50.00           200.00            800.00         1000  yes
!  0.70-activation int8      failed in quant: bad" ]
  grep -q '^recommended: level 0.50-taylor in int8' table
  summary -o summary.json
  tr -d ' \n' <summary.json | grep -q '"baseline":{"pruning_level":\[0.25,0.5\],"precision":"fp32"'
  tr -d ' \n' <summary.json |
    grep \
    -q '"recommended":{"model":"models/p0.50-taylor-int8.safetensors",.*"pruning_level":0.5,'\
'"pruning_criterion":"taylor","precision":"int8"'
  # the baseline's row of the hardware table is found by the criterion too
  sed -i 's/,l1$/,l2/' hardware.csv
  fails 1 \
    "eo-summary: hardware.csv: expected a row for the baseline, pruning_level 0.25x0.50, precision fp32, seed 7, found \
none" \
    summary
}

@test "pareto_use_ci marks the frontier of the lower bounds" {
  candidate 0.00 fp32 7 0.95 0.2 1000
  candidate 0.00 int8 7 0.94 0.1 1000
  sed -i '2s/0.9400,0.9600/0.9250,0.9700/' acc-7-0.00-fp32.csv
  select_rows
  [ "$(summary --table | grep -c '^.[*+] 0')" -eq 2 ]
  echo "pareto_use_ci: true" >>c.yaml
  [ "$(summary --table | grep -c '^.[*+] 0')" -eq 1 ]
}

# experiment: a folder x/ with a few artefacts of two seeds, and the records of their steps; the contents are invented
experiment() {
  mkdir -p x/config/seed8 x/config/programs x/models/seed8 x/rows
  echo "seed: 3" >x/config/train.yaml
  echo "seed: 8" >x/config/seed8/train.yaml
  for s in data prune finetune bench; do : >x/config/$s.yaml; done
  for program in eo-config eo-data eo-train eo-prune eo-attempt eo-bench eo-pareto macs.gp; do
    echo $program >x/config/programs/$program
  done
  printf 'dataset,part,images,sha256\nsynthetic,train,900,%064d\nsynthetic,test,100,%064d\n' 1 2 >x/dataset.csv
  printf 'abc' >x/models/base.safetensors
  : >x/models/seed8/base.safetensors
  echo log | tee x/training_log.csv >x/models/seed8/training_log.csv
  echo pruned >x/models/p0.50.safetensors
  error_row 0.50 any 3 prune broken | head -n 1 >x/rows/p0.50.prune.err
  echo row >x/rows/p0.50-int8.timing.csv
  printf 'check,found,verdict,advice\nmachine,,good,\n' >x/machine.csv
  echo sweep >x/sweep_results.csv
  echo layers | tee x/gone.csv >x/layers.csv
  echo '%' >x/macs.png
  record x a configuration config/{data,prune,finetune,bench,train,seed8/train}.yaml -- config/programs/eo-config
  record x b data dataset.csv -- config/data.yaml config/programs/eo-data
  record x c train models/base.safetensors '*training_log.csv' -- config/train.yaml dataset.csv config/programs/eo-train
  record x d train models/seed8/base.safetensors '*models/seed8/training_log.csv' -- config/seed8/train.yaml \
    dataset.csv \
    config/programs/eo-train
  record x e prune models/p0.50.safetensors rows/p0.50.prune.err -- models/base.safetensors config/prune.yaml \
    config/finetune.yaml config/programs/eo-prune config/programs/eo-attempt
  record x f bench '*machine.csv' '*rows/p0.50-int8.timing.csv' -- models/p0.50.safetensors config/bench.yaml \
    config/programs/eo-bench
  record x g select '*sweep_results.csv' layers.csv -- models/p0.50.safetensors rows/p0.50-int8.timing.csv gone.csv \
    config/programs/eo-pareto
  record x h plots '*macs.png' -- sweep_results.csv config/programs/macs.gp
  rm x/gone.csv
  records=(x/config/steps/{a,b,c,d,e,f,g,h})
  candidate 0.00 fp32 7 0.95 0.1 1000
  select_rows
}

# entry PATH: one file of x/manifest.json, as text
entry() {
  sed -n "/\"path\": \"${1//\//\\/}\",/,/^      }/p" x/manifest.json | sed 's/^ *//' | tr '\n' ' '
}

parents() { entry "$1" | sed 's/.*"parents": {//' | grep -o '"[^"]*":' | tr -d '":' | tr '\n' ' '; }

# of_file PATH KEY
of_file() { entry "$1" | sed "s/.*\"$2\": \"\{0,1\}\([^,\"]*\).*/\1/"; }

@test "manifest.json: each file with its checksum, stage, tool, slice, data set and parents, by the records" {
  experiment
  summary --manifest x/manifest.json "${records[@]}"
  local abc=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad version train data
  version=$(eo-summary --version | sed -n '1s/.* //p')
  train=$(sha256sum <x/config/train.yaml | cut -c1-64)
  data=$(sha256sum <x/dataset.csv | cut -c1-64)
  [ "$(entry models/base.safetensors)" = \
    "\"path\": \"models/base.safetensors\", \"bytes\": 3, \"sha256\": \"$abc\", \"stage\": \"train\", \"tool\": \
\"eo-train\", \"version\": \"$version\", \"slice_sha256\": \"$train\", \"dataset_sha256\": \"$(printf %064d 1)\", \
\"parents\": { \"config/train.yaml\": \"$train\", \"dataset.csv\": \"$data\" } }, " ]
  [ "$(parents models/seed8/base.safetensors)" = "config/seed8/train.yaml dataset.csv " ]
  [ "$(of_file models/seed8/base.safetensors slice_sha256)" = "$(sha256sum <x/config/seed8/train.yaml | cut -c1-64)" ]
  [ "$(parents models/p0.50.safetensors)" = "models/base.safetensors config/prune.yaml config/finetune.yaml " ]
  [ "$(of_file models/p0.50.safetensors dataset_sha256)" = null ]
  # the other files of a step have its first one and its slice
  [ "$(parents models/seed8/training_log.csv)" = "models/seed8/base.safetensors config/seed8/train.yaml " ]
  [ "$(parents rows/p0.50.prune.err)" = "models/p0.50.safetensors config/prune.yaml " ]
  [ "$(parents rows/p0.50-int8.timing.csv)" = "machine.csv config/bench.yaml " ]
  # what is not in the manifest is no parent
  [ "$(parents sweep_results.csv)" = "models/p0.50.safetensors rows/p0.50-int8.timing.csv " ]
  # what depends on the machine is no parent of what does not
  [ "$(parents layers.csv)" = "" ]
  [ "$(of_file macs.png tool)" = macs.gp ] && [ "$(of_file macs.png version)" = null ] || return 1
  [ "$(of_file macs.png slice_sha256)" = null ]
  # what depends on the machine stands behind "host", the rest before it, in the order of the records
  [ "$(sed '/"host"/,$d' x/manifest.json | sed -n 's/.*"path": "\(.*\)",/\1/p' | tr '\n' ' ')" = \
    "config/data.yaml config/prune.yaml config/finetune.yaml config/bench.yaml config/train.yaml \
config/seed8/train.yaml dataset.csv models/base.safetensors models/seed8/base.safetensors models/p0.50.safetensors \
rows/p0.50.prune.err layers.csv " ]
  [ "$(sed '1,/"host"/d' x/manifest.json | sed -n 's/.*"path": "\(.*\)",/\1/p' | tr '\n' ' ')" = \
    "training_log.csv models/seed8/training_log.csv machine.csv rows/p0.50-int8.timing.csv sweep_results.csv macs.png \
" ]
  eo-verify x/manifest.json
  # the same from elsewhere
  (cd x && eo-summary -c ../c.yaml --sweep ../sweep.csv --errors ../errors.csv --hardware ../hardware.csv \
    --manifest - "${records[@]#x/}") >m.json
  cmp m.json x/manifest.json
  sed '/"files"/,$d' x/manifest.json | tr -d ' \n' | grep -qF \
    "{\"manifest\":1,\"reproducible\":{\"version\":\"$version\",\"seeds\":[\"3\",\"8\"],\"dataset\":\"synthetic\",\
\"train_images\":900,\"train_sha256\":\"$(printf %064d 1)\",\"test_images\":100,\"test_sha256\":\"$(printf %064d 2)\","
}

@test "manifest.json: only what stands behind host depends on the machine and the options" {
  experiment
  summary --manifest x/manifest.json "${records[@]}"
  sed '/"host"/,$d' x/manifest.json >first
  grep -q '"revision": null,$' x/manifest.json
  grep -q '"modified": false,$' x/manifest.json
  EO_ISA=generic summary --manifest x/manifest.json --build 'gcc -O3' --revision 0123abc \
    --modified --plotter 'gnuplot 9' "${records[@]}"
  sed '/"host"/,$d' x/manifest.json | cmp - first
  sed -n '/"host"/,/"files"/p' x/manifest.json >host
  local line
  for line in '"isa": "generic",' '"build": "gcc -O3",' '"revision": "0123abc",' '"modified": true,' \
    '"plotter": "gnuplot 9",'; do
    grep -qF "    $line" host
  done
  grep -qE '^    "processors": [1-9][0-9]*,$' host
  grep -qE '^    "kernel": "Linux [^ ]+ [^ ]+",$' host
  grep -qE '^    "compiler": "(gcc|.*[Cc]lang) [0-9]' host
}

@test "manifest.json: the verdict on the machine and what is not good, where it was looked at" {
  experiment
  summary --manifest x/manifest.json "${records[@]:0:5}"
  ! grep -q '"machine"' x/manifest.json || return 1
  printf '%s\n' check,found,verdict,advice 'steal,"4.0 %",bad,wait' busy,0,good, guest,yes,unknown, \
    'machine,1 bad,bad,wait' >x/machine.csv
  record x f bench '*machine.csv' -- config/bench.yaml config/programs/eo-bench
  summary --manifest x/manifest.json "${records[@]:0:6}"
  sed -n '/"host"/,$p' x/manifest.json | tr -d ' \n' |
    grep \
      -qF '"machine":{"verdict":"bad","checks":[{"check":"steal","found":"4.0%","verdict":"bad"},{"check":"guest",'\
'"found":"yes","verdict":"unknown"}]},"files":['
  eo-verify x/manifest.json
  sed -i 's/,bad,/,worse,/' x/machine.csv
  record x f bench '*machine.csv' -- config/bench.yaml config/programs/eo-bench
  refuses 1 "eo-summary: machine.csv: line 2: expected verdict good, warn, bad or unknown, found 'worse'" \
    "${select[@]}" --manifest x/m.json "${records[@]:0:6}"
}

@test "manifest.json: records that are damaged, or of other files" {
  experiment
  local step=x/config/steps/e good line
  good=$(cat $step)
  # damaged MESSAGE: the record in place of a good one
  damaged() {
    refuses 1 "eo-summary: $1" "${select[@]}" --manifest x/m.json "${records[@]}"
    echo "$good" >$step
  }
  : >$step && damaged "$step: line 1: expected the name of a stage, found ''"
  echo "Prune 1" >$step && damaged "$step: line 1: expected the name of a stage, found 'Prune 1'"
  printf 'prune\n\0\n' >$step && damaged "$step: expected text, found a NUL byte"
  echo prune >$step && damaged "$step: expected files, an empty line, and the files that they were made of"
  sed -i '/^$/d' $step && damaged "$step: expected files, an empty line, and the files that they were made of"
  for line in "x a.csv" "$(printf %064d 0) a.csv" "$(printf %064d 0)  /etc/passwd" \
    "$(printf %064d 0)  ../x"; do
    sed -i "2s|.*|$line|" $step
    damaged "$step: line 2: expected a checksum and a path inside the folder, found '$line'"
  done
  rm $step && damaged "$step: cannot open: No such file or directory"
  echo other >>x/models/p0.50.safetensors &&
    damaged "'models/p0.50.safetensors' has other bytes than its step made: run make again"
  rm x/models/p0.50.safetensors && ln -s ../c.yaml x/models/p0.50.safetensors
  refuses 1 \
    "eo-summary: 'models/p0.50.safetensors': expected a regular file of this folder, found the link \
'p0.50.safetensors'" "${select[@]}" --manifest x/m.json "${records[@]}"
  rm x/models/p0.50.safetensors
  damaged "'models/p0.50.safetensors': cannot open: No such file or directory"
  echo pruned >x/models/p0.50.safetensors
  refuses 1 "eo-summary: 'models/base.safetensors' is listed twice" "${select[@]}" --manifest x/m.json "${records[@]}" \
    x/config/steps/c
}

@test "manifest.json: the files that say what the data set and the seeds are" {
  experiment
  sed -i 2s/train/all/ x/dataset.csv
  record x b data dataset.csv -- config/data.yaml config/programs/eo-data
  refuses 1 "eo-summary: 'dataset.csv': column 'part': expected train or test, found 'all'" \
    "${select[@]}" --manifest x/m.json x/config/steps/b
  printf 'dataset,part,images,sha256\nsynthetic,train,900,1\n' >x/dataset.csv
  record x b data dataset.csv -- config/data.yaml config/programs/eo-data
  refuses 1 "eo-summary: 'dataset.csv': column 'sha256': expected 64 digits, found '1'" \
    "${select[@]}" --manifest x/m.json x/config/steps/b
  echo "epochs: -1" >x/config/train.yaml
  record x a configuration config/train.yaml -- config/programs/eo-config
  run --separate-stderr eo-summary "${select[@]}" --manifest x/m.json x/config/steps/a
  [ "$status" -eq 1 ] && [[ $stderr == "eo-summary: 'config/train.yaml': "* ]] || return 1
  [ ! -e x/m.json ]
}

# refuses STATUS FIRST-LINE-OF-STDERR ARGUMENT...: and writes no file
refuses() {
  local want=$1 message=$2
  shift 2
  fails_with "$want" "$message" eo-summary "$@"
  [ ! -e summary.json ] && [ ! -e m.json ] && [ ! -e x/m.json ]
}

@test "bad input: one line, exit 1, no output file" {
  candidate 0.00 fp32 7 0.95 0.1 1000
  select_rows
  local files=(-c c.yaml --sweep sweep.csv --errors errors.csv)
  sed 1q hardware.csv >none.csv
  refuses 1 \
    "eo-summary: none.csv: expected a row for the baseline, pruning_level 0.00, precision fp32, seed 7, found none" \
    "${files[@]}" --hardware none.csv -o summary.json
  echo a >none.csv
  refuses 1 "eo-summary: none.csv: expected columns 'pruning_level', 'precision' and 'seed'" \
    "${files[@]}" --hardware none.csv -o summary.json
  : >none.csv
  refuses 1 "eo-summary: none.csv: line 1: expected a header row, found an empty file" \
    -c c.yaml --sweep sweep.csv --errors none.csv --hardware hardware.csv -o summary.json
  refuses 1 "eo-summary: none.csv: line 1: expected a header row, found an empty file" \
    -c c.yaml --sweep none.csv --errors errors.csv --hardware hardware.csv -o summary.json
  echo "power_watts: -1" >bad.yaml
  run --separate-stderr eo-summary -c bad.yaml --sweep sweep.csv --errors errors.csv --hardware hardware.csv
  [ "$status" -eq 1 ]
  [[ $stderr == "eo-summary: bad.yaml: "* ]]
}

@test "a full disk: exit 1, for each output" {
  candidate 0.00 fp32 7 0.95 0.1 1000
  select_rows
  run --separate-stderr summary -o /dev/full
  [ "$status" -eq 1 ]
  [[ $stderr == "eo-summary: /dev/full: "*"No space left on device" ]]
  run --separate-stderr summary --manifest /dev/full
  [ "$status" -eq 1 ]
  run --separate-stderr bash \
    -c "eo-summary -c c.yaml --sweep sweep.csv --errors errors.csv --hardware hardware.csv --table >/dev/full"
  [ "$status" -eq 1 ]
  [[ $stderr == "eo-summary: (standard stream): "*"No space left on device" ]]
}

@test "wrong usage: exit 2" {
  refuses 2 "eo-summary: option '-c' is required"
  refuses 2 "eo-summary: option '--sweep' is required" -c c.yaml
  refuses 2 "eo-summary: option '--errors' is required" -c c.yaml --sweep s
  refuses 2 "eo-summary: option '--hardware' is required" -c c.yaml --sweep s --errors e
  local files=(-c c.yaml --sweep s --errors e --hardware h)
  refuses 2 "eo-summary: unexpected operand 'x' without '--manifest'" "${files[@]}" x
  refuses 2 "eo-summary: options '--build', '--revision', '--modified' and '--plotter' need '--manifest'" \
    "${files[@]}" --modified
  refuses 2 "eo-summary: option '--json' needs '--table'; the summary is JSON in any case" "${files[@]}" --json
  refuses 2 "eo-summary: only one output can go to standard output; give the others a file" "${files[@]}" --table -o -
  refuses 2 "eo-summary: only one input can come from standard input" -c - --sweep - --errors e --hardware h
  refuses 2 "eo-summary: only one input can come from standard input" "${files[@]}" --sweep - --manifest m.json -
}
