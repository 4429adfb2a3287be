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
  { echo estimated_total_bytes,achieved_bandwidth_gbps,configured_peak_compute_gmacs,bound_regime,pruning_level,precision,seed
    awk -F, 'NR > 1 { print "123,0.5,,memory-bound," $1 "," $2 ",7" }' sweep.csv; } >hardware.csv
}

four_candidates() {
  candidate 0.00 fp32 7 0.95 0.1 81960
  candidate 0.00 int8 7 0.94 0.05 21000
  candidate 0.50 fp32 7 0.93 0.06 36000
  candidate 0.50 int8 7 0.91 0.02 9000
}

summary() {
  eo-summary -c c.yaml --sweep sweep.csv --errors errors.csv --hardware hardware.csv "$@"
}

# value KEY: of the outermost object of summary.json, or of an object in it when the indentation is given too
value() {
  sed -n "s/^${2:-  }\"$1\": \(.*[^,]\),\{0,1\}$/\1/p" summary.json
}

@test "summary.json has the original's keys, in this order" {
  four_candidates
  select_rows
  summary -o summary.json
  [ "$(sed -n 's/^  "\([a-z_]*\)".*/\1/p' summary.json | tr '\n' ' ')" = "baseline memory_budgets_mb active_memory_budget_mb cpu_frequency_scale latency_multiplier power_watts study_rows accepted_rows rejected_rows error_rows best_accuracy_accepted lowest_latency_ms_accepted deployment recommended " ]
  [ "$(sed -n '/"baseline"/,/^  }/s/^    "\([a-z_0-9.]*\)".*/\1/p' summary.json | head -n -1 | tr '\n' ,)" = "$(head -n 1 sweep.csv)," ]
  [ "$(sed -n '/"deployment"/,/^  }/s/^    "\([a-z_]*\)".*/\1/p' summary.json | tr '\n' ' ')" = "cpu_frequency_scale latency_multiplier batch_latency_ms batch_throughput_sps stream_avg_latency_ms stream_throughput_sps estimated_total_bytes achieved_bandwidth_gbps configured_peak_compute_gmacs bound_regime " ]
}

@test "its values are typed and right" {
  four_candidates
  error_row 0.70 int8 7 quant exploded >err.csv
  select_rows
  summary -o summary.json
  [ "$(value study_rows) $(value accepted_rows) $(value rejected_rows) $(value error_rows)" = "4 3 1 1" ]
  [ "$(value best_accuracy_accepted) $(value lowest_latency_ms_accepted) $(value latency_multiplier)" = "0.94 0.04 2.0" ]
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
  [ "$(sed -n '/"recommended"/,$p' summary.json)" = '  "recommended": {
    "pruning_level": 0.0,
    "precision": "int8",
    "seed": 7,
    "accuracy": 0.94,
    "test_accuracy": 0.5,
    "latency_ms": 0.1,
    "single_latency_ms": 0.4,
    "energy_proxy_j": 0.0002,
    "model_bytes": 21000,
    "peak_activation_bytes": 1000,
    "model_sha256": "aaaa"
  }
}' ]
}

@test "recommended: ties of accuracy go to the faster" {
  candidate 0.00 fp32 7 0.95 0.1 1000
  candidate 0.25 fp32 7 0.95 0.05 1000
  candidate 0.50 fp32 7 0.95 0.07 1000
  select_rows
  summary | grep -A 1 '"recommended"' | grep -q '"pruning_level": 0.25'
}

@test "nothing accepted: null" {
  candidate 0.00 fp32 7 0.95 0.1 81960
  select_rows
  summary -o summary.json
  [ "$(value best_accuracy_accepted) $(value lowest_latency_ms_accepted) $(value recommended)" = "null null null" ]
  [ "$(summary --table | tail -n 1)" = "recommended: none; no candidate fits in 52428 bytes" ]
}

@test "everything failed: no baseline, and still a summary" {
  error_row 0.00 fp32 7 train exploded >err.csv
  select_rows
  summary -o summary.json
  [ "$(value baseline) $(value study_rows) $(value error_rows)" = "null 0 1" ]
  [ "$(value batch_latency_ms '    ')" = null ]
}

@test "the table" {
  four_candidates
  error_row 0.70 int8 7 quant "$(printf 'x%.0s' $(seq 200))" >err.csv
  select_rows
  run --separate-stderr summary --table
  [ "$status" -eq 0 ]
  [ "$output" = "   level  precision accuracy %   test %  batch us/image  single us/image  model bytes  fits
   0.00   fp32           95.00    50.00         200.00           800.00        81960  no
>* 0.00   int8           94.00    50.00         100.00           400.00        21000  yes
   0.50   fp32           93.00    50.00         120.00           480.00        36000  yes
 * 0.50   int8           91.00    50.00          40.00           160.00         9000  yes
!  0.70   int8      failed in quant: $(printf 'x%.0s' $(seq 63))
* on the frontier of accuracy over latency   > recommended   us: scaled by 1 / cpu_frequency_scale
recommended: level 0.00 in int8, accuracy 94.00 %, 100.00 us/image, 21000 of 52428 bytes" ]
}

@test "the table with several seeds shows the first, missing figures as -" {
  candidate 0.00 fp32 7 0.95 0.1 1000
  candidate 0.00 fp32 8 0.96 0.2 1000
  sed -i '2s/0.5,0.4,0.6/,,/' acc-7-0.00-fp32.csv
  select_rows
  run summary --table
  [ "${#lines[@]}" -eq 5 ]
  [ "${lines[1]}" = ">* 0.00   fp32           95.00        -         200.00           800.00         1000  yes" ]
  [ "${lines[3]}" = "shown: seed 7; the spread over seeds is in seed_summary.csv" ]
}

@test "pareto_use_ci marks the frontier of the lower bounds" {
  candidate 0.00 fp32 7 0.95 0.2 1000
  candidate 0.00 int8 7 0.94 0.1 1000
  sed -i '2s/0.9400,0.9600/0.9250,0.9700/' acc-7-0.00-fp32.csv
  select_rows
  [ "$(summary --table | grep -c '^.\* 0')" -eq 2 ]
  echo "pareto_use_ci: true" >>c.yaml
  [ "$(summary --table | grep -c '^.\* 0')" -eq 1 ]
}

@test "manifest.json lists sizes and checksums of the operands; only host depends on the machine" {
  candidate 0.00 fp32 7 0.95 0.1 1000
  select_rows
  printf 'abc' >'a "b".txt'
  : >empty
  summary --manifest m.json 'a "b".txt' empty
  [ "$(sed '/"host"/,/}/d' m.json)" = "{
  \"version\": \"$(eo-summary --version | sed -n '1s/.* //p')\",
  \"files\": [
    {
      \"path\": \"a \\\"b\\\".txt\",
      \"bytes\": 3,
      \"sha256\": \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"
    },
    {
      \"path\": \"empty\",
      \"bytes\": 0,
      \"sha256\": \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"
    }
  ]
}" ]
  EO_ISA=generic summary --manifest - >m.json
  grep -q '"isa": "generic"' m.json
  grep -q '"cores": [1-9]' m.json
  grep -q '"files": \[\]' m.json
}

# refuses STATUS FIRST-LINE-OF-STDERR ARGUMENT...: and writes no file
refuses() {
  local want=$1 message=$2
  shift 2
  fails_with "$want" "$message" eo-summary "$@"
  [ ! -e summary.json ] && [ ! -e m.json ]
}

@test "bad input: one line, exit 1, no output file" {
  candidate 0.00 fp32 7 0.95 0.1 1000
  select_rows
  local files=(-c c.yaml --sweep sweep.csv --errors errors.csv)
  sed 1q hardware.csv >none.csv
  refuses 1 "eo-summary: none.csv: expected a row for the baseline, pruning_level 0.00, precision fp32, seed 7, found none" \
    "${files[@]}" --hardware none.csv -o summary.json
  echo a >none.csv
  refuses 1 "eo-summary: none.csv: expected columns 'pruning_level', 'precision' and 'seed'" \
    "${files[@]}" --hardware none.csv -o summary.json
  refuses 1 "eo-summary: gone: cannot open: No such file or directory" \
    "${files[@]}" --hardware hardware.csv --manifest m.json gone
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
  run --separate-stderr bash -c "eo-summary -c c.yaml --sweep sweep.csv --errors errors.csv --hardware hardware.csv --table >/dev/full"
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
  refuses 2 "eo-summary: only one output can go to standard output; give the others a file" "${files[@]}" --table -o -
  refuses 2 "eo-summary: only one input can come from standard input" -c - --sweep - --errors e --hardware h
  refuses 2 "eo-summary: only one input can come from standard input" "${files[@]}" --sweep - --manifest m.json -
}
