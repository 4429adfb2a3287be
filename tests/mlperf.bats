bats_require_minimum_version 1.5.0
load common
load measure

HINT="Try 'eo-mlperf --help'."

setup_file() {
  fixture "$BATS_FILE_TMPDIR"
}

setup() {
  F=$BATS_FILE_TMPDIR
  cd "$BATS_TEST_TMPDIR"
}

@test "mlperf: a row for each model, and short windows are not by the rule" {
  eo-mlperf --window 0.02 -c $F/cfg.yaml --isa generic $F/base.safetensors $F/int8.safetensors >rows.csv
  [ "$(head -n 1 rows.csv)" = \
    pruning_level,precision,seed,model_sha256,isa,kernel,windows,window_s_min,inferences,throughput_sps_median,\
throughput_sps_1,throughput_sps_2,throughput_sps_3,throughput_sps_4,throughput_sps_5,latency_ms_p90,latency_ms_p99,\
by_the_rule,pruning_criterion,timing_status,timing_reason ]
  [ "$(wc -l <rows.csv)" -eq 3 ]
  [ "$(sed -n 2p rows.csv | cut -d, -f1-6)" = \
    "0.00,fp32,5,$(sha256sum <$F/base.safetensors | cut -d' ' -f1),generic,fp32-generic" ]
  [ "$(sed -n 3p rows.csv | cut -d, -f2,7,18)" = int8,5,False ]
  # windows at least as long as asked for, the median of five throughputs, p90 not above p99
  awk -F, 'NR > 1 { above = below = 0; for (i = 11; i <= 15; i++) { above += $i >= $10; below += $i <= $10 }
    if ($8 < 0.02 || above < 3 || below < 3 || !($9 > 0) || ($17 != "" && $16 + 0 > $17 + 0)) exit 1 }' rows.csv
  eo-mlperf --window 0.001 --no-header -o row.csv - <$F/half.safetensors
  [ "$(wc -l <row.csv)" -eq 1 ]
}

@test "mlperf: a row says how far it can be trusted; --strict fails where that is not far" {
  beside_competitor eo-mlperf --window 0.1 $F/base.safetensors >row.csv
  [ "$(column timing_status row.csv)" = noisy ]
  [[ $(column timing_reason row.csv) == "preempted: "* ]]
  fails_like 1 "eo-mlperf: $F/int8.safetensors: expected timing status ok, found noisy: preempted: *" \
    beside_competitor eo-mlperf --strict --window 0.1 -o strict $F/int8.safetensors $F/base.safetensors
  [ ! -e strict ]
}

@test "mlperf: percentiles need as many samples as LoadGen asks for" {
  eo-mlperf --window 0.001 --isa generic $F/base.safetensors >few.csv
  awk -F, 'NR == 2 && (($9 < 64) != ($16 == "") || ($9 < 662) != ($17 == "")) { exit 1 }' few.csv
}

@test "mlperf: waits for whoever times on this machine" {
  mkdir lock
  export EO_LOCK_DIR=$PWD/lock
  eo-mlperf --window 0.001 $F/int8.safetensors >/dev/null
  exec 8<lock/edge-opt-timing.lock
  flock 8
  eo-mlperf --window 0.001 -o row.csv $F/int8.safetensors 8<&- 2>err &
  for _ in {1..100}; do
    [ -s err ] && break
    sleep 0.1
  done
  grep -q "edge-opt-timing.lock is held by process $BASHPID of user .* since .*; waiting until it is done" err
  [ ! -e row.csv ]
  flock -u 8
  wait $!
  [ -s row.csv ]
}

@test "mlperf: wrong usage exits 2, bad input exits 1 without a file" {
  m=$F/base.safetensors
  fails 2 "eo-mlperf: option '--window': expected a number in 0.001..3600, found '0'"$'\n'"$HINT" eo-mlperf --window 0 \
    $m
  fails 2 "eo-mlperf: unknown or ambiguous option '--trials'"$'\n'"$HINT" eo-mlperf --trials 3 $m
  fails 2 "eo-mlperf: option '--data' needs '-c': without a config the images are random pixels"$'\n'"$HINT" \
    eo-mlperf --data $F/set $m
  fails 1 "eo-mlperf: expected a processor that this process may run on, found 4095" \
    eo-mlperf --window 0.001 --cpu 4095 -o row $m
  fails 1 "eo-mlperf: none: cannot open: No such file or directory" eo-mlperf --window 0.001 -o row $m none
  fails 1 "eo-mlperf: /dev/full: cannot write: No space left on device" eo-mlperf --window 0.001 -o /dev/full $m
  [ ! -e row ]
}
