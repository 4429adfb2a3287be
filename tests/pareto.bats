#!/usr/bin/env bats
# eo-pareto: joining rows, derived figures, frontiers, error rows, messages.

bats_require_minimum_version 1.5.0
load common
load rows

setup() {
  cd "$BATS_TEST_TMPDIR"
  cat >c.yaml <<'EOF'
memory_budgets_mb: [0.01, 1, 1.5]
active_memory_budget_mb: 0.05
cpu_frequency_scale: 0.5
power_watts: 2.0
EOF
}

four_candidates() {
  candidate 0.00 fp32 7 0.95 0.1 81960
  candidate 0.00 int8 7 0.94 0.05 21000
  candidate 0.50 fp32 7 0.93 0.06 36000
  candidate 0.50 int8 7 0.91 0.02 9000
}

@test "sweep_results.csv begins with the original's columns in their order" {
  four_candidates
  eo-pareto -c c.yaml --sweep s.csv *-*.csv
  run head -n 1 s.csv
  [[ $output == \
    pruning_level,precision,accepted,error,active_budget_mb,accuracy,accuracy_ci95_low,accuracy_ci95_high,latency_ms,\
latency_median_ms,latency_std_ms,latency_p95_ms,throughput_sps,model_memory_mb,memory_mb,estimated_runtime_memory_mb,\
energy_proxy_j,energy_proxy_note,violates_0.01mb,violates_1mb,violates_1.5mb,seed,* ]]
}

@test "--columns tells what each column of sweep_results.csv is" {
  four_candidates
  eo-pareto -c c.yaml --sweep s.csv *-*.csv
  eo-pareto --columns >columns.csv
  sed -i 's/^violates_\*,.*/violates_0.01mb\nviolates_1mb\nviolates_1.5mb/' columns.csv
  [ "$(sed 's/,.*//; 1d' columns.csv | paste -sd,)" = "$(head -n 1 s.csv)" ]
  grep -qx 'images,eo-eval,,validation images' columns.csv
  grep -qx 'latency_median_ms,eo-bench,yes,"median latency of one image in a batch, scaled"' columns.csv
  [ "$(grep -c ',$' columns.csv)" -eq 0 ]
}

@test "a row holds exactly what the config's arithmetic gives" {
  candidate 0.50 fp32 7 0.93 0.06 36000
  run --separate-stderr eo-pareto -c c.yaml --sweep - acc-7-0.50-fp32.csv time-7-0.50-fp32.csv
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  [ "${#lines[@]}" -eq 2 ]
  [[ ${lines[1]} == \
    "0.50,fp32,True,,0.05,0.93,0.92,0.94,0.12,0.12,0.012,0.24,8333.333333333334,0.034332275390625,0.034332275390625,\
0.03528594970703125,0.00023999999999999998,ranked_latency_ms / 1000 x power_watts: a proxy and not a \
measurement,True,False,False,7,0.48,0.48,0.96,0.06,0.06,128,1,generic,k,0.5,0.4,0.6,,,1000,3000,4000,36000,1000,2000,\
aaaa,l1,layer,8,16,2,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,certain,certain,certain,,,0.008068457101577721,0.12,median,\
recommended,"* ]]
}

@test "rows are sorted by seed as it appears, level, precision, whatever the order of the files" {
  candidate 0.50 int8 9 0.9 0.1 1000
  candidate 0.00 int8 9 0.9 0.1 1000
  candidate 0.00 fp32 9 0.9 0.1 1000
  candidate 0.125 fp16 7 0.9 0.1 1000
  eo-pareto -c c.yaml --sweep s.csv time-9-0.50-int8.csv acc-7-0.125-fp16.csv acc-9-*.csv time-7*.csv time-9-0.00*.csv
  [ "$(column s.csv seed)" = "9 9 9 7" ]
  [ "$(column s.csv pruning_level)" = "0.00 0.00 0.50 0.125" ]
  [ "$(column s.csv precision)" = "fp32 int8 int8 fp16" ]
}

@test "the frontier: accepted candidates, rising x, strictly rising accuracy; on standard output by default" {
  four_candidates
  eo-pareto -c c.yaml *-*.csv >f.csv
  [ "$(column f.csv pruning_level)" = "0.50 0.00" ]
  [ "$(column f.csv precision)" = "int8 int8" ]
  eo-pareto -c c.yaml --sweep s.csv --latency l.csv --energy e.csv *-*.csv >stdout
  [ ! -s stdout ]
  cmp f.csv l.csv
  cmp f.csv e.csv
}

@test "a candidate that the budget rejects is in the sweep and not on the frontier" {
  four_candidates
  eo-pareto -c c.yaml --sweep s.csv --latency l.csv *-*.csv
  [ "$(column s.csv accepted)" = "False True True True" ]
  sed -i 's/^active.*/active_memory_budget_mb: 0.1/' c.yaml
  eo-pareto -c c.yaml --latency l.csv *-*.csv
  [ "$(column l.csv precision)" = "int8 int8 fp32" ]
}

@test "-x orders the frontier by another column" {
  four_candidates
  eo-pareto -c c.yaml -x model_bytes *-*.csv >f.csv
  [ "$(column f.csv model_bytes)" = "9000 21000" ]
  eo-pareto -c c.yaml --sweep s.csv --x single_latency_ms *-*.csv >f.csv
  [ "$(column f.csv single_latency_ms)" = "0.16 0.4" ]
}

@test "equal x: the more accurate one is kept alone; equal accuracy: the cheaper" {
  candidate 0.00 fp32 7 0.90 0.1 1000
  candidate 0.00 fp16 7 0.92 0.1 1000
  candidate 0.00 int8 7 0.92 0.2 1000
  eo-pareto -c c.yaml *-*.csv >f.csv
  [ "$(column f.csv precision)" = fp16 ]
}

@test "pareto_use_ci compares the lower bounds" {
  candidate 0.00 fp32 7 0.95 0.2 1000
  candidate 0.00 int8 7 0.94 0.1 1000
  sed -i '2s/0.9400,0.9600/0.9250,0.9700/' acc-7-0.00-fp32.csv
  eo-pareto -c c.yaml *-*.csv >f.csv
  [ "$(column f.csv precision)" = "int8 fp32" ]
  echo "pareto_use_ci: true" >>c.yaml
  eo-pareto -c c.yaml *-*.csv >f.csv
  [ "$(column f.csv precision)" = int8 ]
}

@test "with several seeds the frontier is the first seed's and seed_summary.csv has the spread" {
  candidate 0.00 fp32 7 0.90 0.1 1000
  candidate 0.00 fp32 8 0.92 0.2 1000
  candidate 0.00 fp32 9 0.94 0.3 1000
  candidate 0.50 int8 8 0.80 0.1 1000
  eo-pareto -c c.yaml --seeds seeds.csv --latency l.csv *-7-* *-8-* *-9-*
  [ "$(column l.csv seed)" = 7 ]
  [ "$(column seeds.csv seeds)" = "3 1" ]
  # numpy: mean 0.92, std(ddof=1) 0.02; t(0.975, 2) = 4.302652729749464; half width 0.0496827...
  run awk -F, 'NR == 2 { exit !($4 > 0.9199999 && $4 < 0.9200001 && $5 > 0.0199999 && $5 < 0.0200001 &&
    $6 > 0.870317 && $6 < 0.870318 && $7 > 0.969682 && $7 < 0.969683) }' seeds.csv
  [ "$status" -eq 0 ]
  [ "$(tail -n 1 seeds.csv)" = "0.50,int8,1,0.8,,,,0.5,,,,0.2,,,,l1,0.2,,," ]
}

@test "the intervals of seeds end where no value is possible" {
  candidate 0.00 fp32 7 0.99 0.1 1000
  candidate 0.00 fp32 8 0.999 1 1000
  candidate 0.50 int8 7 0.02 0.1 1000
  candidate 0.50 int8 8 0.011 1 1000
  eo-pareto -c c.yaml --seeds seeds.csv *-7-* *-8-*
  [ "$(column seeds.csv accuracy_ci95_high | cut -d' ' -f1)" = 1.0 ]
  [ "$(column seeds.csv accuracy_ci95_low | cut -d' ' -f2)" = 0.0 ]
  [ "$(column seeds.csv latency_ms_ci95_low)" = "0.0 0.0" ]
  # t(0.975, 1) is 12.7
  run awk -F, 'NR == 2 { exit !($6 > 0.93 && $6 < 0.94 && $15 > 12.53 && $15 < 12.54) }' seeds.csv
  [ "$status" -eq 0 ]
}

@test "criteria: one candidate each, in the order of the key, none at level 0" {
  for level in 0.50 0.50-taylor 0.25x0.50 0.50x0.25-l2 0.00; do candidate $level fp32 7 0.90 0.1 1000; done
  eo-pareto -c c.yaml --sweep s.csv --seeds seeds.csv *-*.csv
  [ "$(column s.csv pruning_level)" = "0.00 0.25x0.50 0.50x0.25 0.50 0.50" ]
  [ "$(column s.csv pruning_criterion)" = "none l1 l2 l1 taylor" ]
  [ "$(column seeds.csv pruning_criterion)" = "none l1 l2 l1 taylor" ]
  # its own table again; and by a table of before, which has no criteria
  eo-pareto -c c.yaml --sweep - s.csv | cmp - s.csv
  eo-pareto -c c.yaml -x pruning_level s.csv >f.csv
  [ "$(column f.csv pruning_level)" = 0.00 ]
  fails 1 \
    "eo-pareto: acc-7-0.50-taylor-fp32.csv: row 1: second accuracy row for pruning_level 0.50, pruning_criterion \
taylor, precision fp32, seed 7" \
    eo-pareto -c c.yaml acc-7-0.50-taylor-fp32.csv acc-7-0.50-taylor-fp32.csv
  sed -i 's/,taylor,/,magic,/' acc-7-0.50-taylor-fp32.csv
  fails 1 \
    "eo-pareto: acc-7-0.50-taylor-fp32.csv: row 1: column 'pruning_criterion': expected one of \
$(criteria), found 'magic'" \
    eo-pareto -c c.yaml acc-7-0.50-taylor-fp32.csv
  sed -i '2s/0.50/0.50x/' acc-7-0.50-fp32.csv
  fails 1 \
    "eo-pareto: acc-7-0.50-fp32.csv: row 1: column 'pruning_level': expected a level of at least 0 and below 1, or up \
to 16 with an 'x' between, found '0.50x'" \
    eo-pareto -c c.yaml acc-7-0.50-fp32.csv
}

@test "accuracies of two data sets do not stand in one table" {
  candidate 0.00 fp32 7 0.95 0.1 1000
  candidate 0.50 int8 7 0.91 0.1 1000
  candidate 0.70 int8 7 0.91 0.1 1000 # of before: it does not say
  for column in images_sha256 test_images_sha256; do
    also acc-7-0.00-fp32.csv $column=abcdefabcdefabcd
    also acc-7-0.50-int8.csv $column=abcdefabcdefabcd
    eo-pareto -c c.yaml --accuracy a.csv acc-7*
    [ "$(column a.csv $column)" = "abcdefabcdefabcd abcdefabcdefabcd " ]
    sed -i '2s/[a-f0-9]*$/0123456789abcdef/' acc-7-0.50-int8.csv
    fails 1 \
      "eo-pareto: acc-7-0.50-int8.csv: row 1: column '$column': accuracies of two data sets, or of other images of \
one, cannot stand in one table: abcdefabcdef before, 0123456789ab here; run make again" \
      eo-pareto -c c.yaml --accuracy b.csv acc-7*
    [ ! -e b.csv ]
    sed -i '2s/[a-f0-9]*$/abcdefabcdefabcd/' acc-7-0.50-int8.csv
  done
}

@test "--accuracy: the accuracy rows alone, their errors and their spread over seeds" {
  candidate 0.00 fp32 7 0.95 0.1 1000
  candidate 0.00 fp32 8 0.93 0.1 1000
  candidate 0.50-taylor int8 7 0.91 0.1 1000
  error_row 0.70 int8 7 accuracy broken >err.csv
  eo-pareto -c c.yaml --accuracy a.csv --errors e.csv --seeds s.csv acc-7* acc-8* err.csv
  [[ $(head -n 1 a.csv) == \
    pruning_level,precision,accuracy,accuracy_ci95_low,accuracy_ci95_high,seed,test_accuracy,test_accuracy_ci95_low,\
test_accuracy_ci95_high,accuracy_bootstrap95_low,accuracy_bootstrap95_high,images,model_sha256,pruning_criterion,\
pruning_scope,conv1_channels,conv2_channels,fine_tune_epochs,qat_epochs,quantization_backend,quantization_observer,\
weight_granularity,bias_correction,cross_layer_equalization,images_sha256,test_images_sha256* ]]
  [[ $(sed -n 3p a.csv) == 0.50,int8,0.91,0.9,0.92,7,0.5,0.4,0.6,,,1000,aaaa,taylor,layer,8,16,2,,,,,,,,* ]]
  [ "$(column a.csv seed)" = "7 7 8" ]
  [ "$(column e.csv error)" = broken ]
  [ "$(column s.csv seeds) $(column s.csv latency_ms_mean)" = "2 1  " ]
  # its own table again, with or without timing
  eo-pareto -c c.yaml --accuracy - a.csv | cmp - a.csv
  eo-pareto -c c.yaml --sweep two.csv a.csv time-*
  eo-pareto -c c.yaml --sweep - acc-* time-* | cmp - two.csv
}

@test "a failed candidate becomes an error row and stops nothing" {
  four_candidates
  error_row 0.50 int8 7 quant "cannot, really" | sed '2s/cannot, really/"cannot, really"/' >err.csv
  error_row 0.70 int8 7 bench "exploded" >err2.csv
  head -n 1 err.csv >none.csv
  eo-pareto -c c.yaml --sweep s.csv --errors e.csv *-*.csv err.csv err2.csv none.csv
  [ "$(column s.csv precision)" = "fp32 int8 fp32" ]
  [ "$(cat e.csv)" = "pruning_level,precision,error,active_budget_mb,seed,stage,pruning_criterion
0.50,int8,\"cannot, really\",0.05,7,quant,l1
0.70,int8,exploded,0.05,7,bench,l1" ]
}

@test "sweep_errors.csv exists without errors, with its header" {
  four_candidates
  eo-pareto -c c.yaml --errors e.csv *-*.csv
  [ "$(cat e.csv)" = pruning_level,precision,error,active_budget_mb,seed,stage,pruning_criterion ]
}

@test "missing, stale and malformed rows become error rows with the reason" {
  candidate 0.00 fp32 7 0.95 0.1 1000
  candidate 0.00 fp16 7 0.95 0.1 1000
  candidate 0.00 int8 7 0.95 0.1 1000
  candidate 0.25 fp32 7 0.95 0.1 1000
  candidate 0.25 fp16 7 0.95 0.1 1000
  rm acc-7-0.00-fp32.csv time-7-0.00-fp16.csv
  accuracy_row 0.00 int8 7 0.95 bbbbbbbbbbbbbbbb >acc-7-0.00-int8.csv
  accuracy_row 0.25 fp32 7 1.5 >acc-7-0.25-fp32.csv
  timing_row 0.25 fp16 7 0.1 "" >time-7-0.25-fp16.csv
  eo-pareto -c c.yaml --errors e.csv --sweep s.csv *-*.csv
  [ "$(wc -l <s.csv)" -eq 1 ]
  [ "$(cat e.csv)" = "pruning_level,precision,error,active_budget_mb,seed,stage,pruning_criterion
0.00,fp32,no accuracy row,0.05,7,select,none
0.00,fp16,no timing row,0.05,7,select,none
0.00,int8,\"stale: accuracy is of model bbbbbbbbbbbb, timing of model aaaa\",0.05,7,select,none
0.25,fp32,\"row 1: column 'accuracy': expected a number in 0..1, found '1.5'\",0.05,7,eval,l1
0.25,fp16,\"row 1: column 'model_bytes': expected a value, found none\",0.05,7,bench,l1" ]
}

@test "a table that was joined already, on standard input" {
  cat >joined.csv <<'EOF'
pruning_level,precision,seed,accuracy,host_latency_ms,model_bytes
0.0,fp32,1,0.9,0.1,1048576
0.5,fp32,1,0.8,0.05,10
EOF
  run --separate-stderr eo-pareto -c c.yaml --sweep - <joined.csv
  [ "$status" -eq 0 ]
  [[ ${lines[1]} == "0.00,fp32,False,,0.05,0.9,,,0.2,,,,5000.0,1.0,1.0,1.0,0.0004,\
ranked_latency_ms / 1000 x power_watts: a proxy and not a measurement,\
True,False,False,1,,,,,0.1,,,,,,,,,,,,,1048576,,,,none,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,0.2,\
mean,,"* ]]
  eo-pareto -c c.yaml <joined.csv >f.csv
  [ "$(column f.csv pruning_level)" = 0.50 ]
}

@test "sweep_results.csv selects again, to the same bytes, and under another scale" {
  four_candidates
  eo-pareto -c c.yaml --sweep s.csv --latency l.csv *-*.csv
  eo-pareto -c c.yaml --sweep again.csv --latency l2.csv s.csv
  cmp s.csv again.csv
  cmp l.csv l2.csv
  sed -i 's/^cpu_f.*/cpu_frequency_scale: 0.25/' c.yaml
  eo-pareto -c c.yaml --sweep direct.csv *-*.csv
  eo-pareto -c c.yaml --sweep again.csv s.csv
  cmp direct.csv again.csv
}

@test "what says how far to trust a timing goes into the sweep; times are scaled, events are not" {
  candidate 0.50 fp32 7 0.93 0.06 36000
  also time-7-0.50-fp32.csv timing_status=noisy timing_reason=why host_latency_mad_ms=0.0 host_latency_p99_ms=1 \
    host_latency_median_ci95_low_ms=0.002 host_latency_median_ci95_high_ms=3 host_latency_p95_ci95_low_ms=0.004 \
    host_latency_p95_ci95_high_ms=5 host_latency_p99_ci95_low_ms=0.006 host_latency_p99_ci95_high_ms= \
    host_single_latency_mad_ms=8 host_single_latency_p99_ms=9 host_single_latency_median_ci95_low_ms=0.010 \
    host_single_latency_median_ci95_high_ms=11 host_single_latency_p95_ci95_low_ms=0.012 \
    host_single_latency_p95_ci95_high_ms=13 host_single_latency_p99_ci95_low_ms=0.014 \
    host_single_latency_p99_ci95_high_ms=15 cycles=16 instructions=32 ipc=2 l1d_misses=0 llc_misses=19 \
    branch_misses=20 counters_note=none energy_measured_j=0.5 energy_source=rapl idle_power_w=21 arena_bytes=22 \
    unfused_arena_bytes=23 resident_bytes=24
  eo-pareto -c c.yaml --sweep s.csv *-*.csv
  [ "$(head -n 1 s.csv | cut -d, -f55-85)" = \
    timing_status,timing_reason,latency_mad_ms,latency_p99_ms,latency_median_ci95_low_ms,latency_median_ci95_high_ms,\
latency_p95_ci95_low_ms,latency_p95_ci95_high_ms,latency_p99_ci95_low_ms,latency_p99_ci95_high_ms,\
single_latency_mad_ms,single_latency_p99_ms,single_latency_median_ci95_low_ms,single_latency_median_ci95_high_ms,\
single_latency_p95_ci95_low_ms,single_latency_p95_ci95_high_ms,single_latency_p99_ci95_low_ms,\
single_latency_p99_ci95_high_ms,cycles,instructions,ipc,l1d_misses,llc_misses,branch_misses,counters_note,\
energy_measured_j,energy_source,idle_power_w,arena_bytes,unfused_arena_bytes,resident_bytes ]
  [ "$(tail -n 1 s.csv | cut -d, -f55-85)" = \
    noisy,why,0.0,2.0,0.004,6.0,0.008,10.0,0.012,,16.0,18.0,0.02,22.0,0.024,26.0,0.028,30.0,16.0,32.0,2.0,0.0,19.0,\
20.0,none,0.5,rapl,21.0,22,23,24 ]
  eo-pareto -c c.yaml --sweep again.csv s.csv
  cmp s.csv again.csv
  # A scale by which dividing and multiplying again would not give the same bits.
  sed -i 's/^cpu_f.*/cpu_frequency_scale: 0.7/' c.yaml
  eo-pareto -c c.yaml --sweep s.csv *-*.csv
  eo-pareto -c c.yaml --sweep again.csv s.csv
  cmp s.csv again.csv
}

@test "a figure that no clock shows: refused with row and column" {
  candidate 0.50 fp32 7 0.93 0.06 36000
  cp time-7-0.50-fp32.csv good.csv
  # bad COLUMN VALUE MESSAGE: of a timing row
  bad() {
    cp good.csv time-7-0.50-fp32.csv
    also time-7-0.50-fp32.csv "$1=$2"
    eo-pareto -c c.yaml --errors e.csv --sweep s.csv acc-* time-*
    [ "$(wc -l <s.csv)" -eq 1 ]
    [ "$(tail -n 1 e.csv | tr -d '"')" = "0.50,fp32,row 1: column '$1': $3, found '$2',0.05,7,bench,l1" ]
  }
  bad timing_status fine "expected one of ok, noisy, drift, throttled, short"
  bad host_latency_mad_ms -1 "expected a number in 0..1e+12"
  bad host_latency_p99_ms 0 "expected a number in 1e-09..1e+12"
  bad host_latency_median_ci95_low_ms 1e300 "expected a number in 1e-09..1e+12"
  bad host_single_latency_p99_ci95_high_ms nan "expected a number in 1e-09..1e+12"
  bad cycles 1e16 "expected a number in 0..1e+15"
  bad energy_measured_j -0.5 "expected a number in 0..1e+06"
  bad idle_power_w -1 "expected a number in 0..1e+06"
  bad arena_bytes 1.5 "expected an integer in 0..9007199254740992"
  also good.csv "timing_reason=$(printf 'x%.0s' {1..256})"
  cp good.csv time-7-0.50-fp32.csv
  eo-pareto -c c.yaml --errors e.csv acc-* time-*
  grep -q "column 'timing_reason': expected at most 255 characters" e.csv
}

@test "a sweep whose latencies were edited by hand: refused with the column" {
  candidate 0.50 fp32 7 0.93 0.06 36000
  eo-pareto -c c.yaml --sweep good.csv *-*.csv
  # bad SED-EXPRESSION ERROR
  bad() {
    sed "$1" good.csv >x.csv
    run ! cmp -s x.csv good.csv
    eo-pareto -c c.yaml --errors e.csv --sweep s.csv --latency l.csv x.csv
    [ "$(wc -l <s.csv) $(wc -l <l.csv)" = "1 1" ]
    [ "$(tail -n 1 e.csv | tr -d '"')" = "0.50,fp32,$2,l1" ]
  }
  bad '2s/,0.92,0.94,0.12,/,0.92,0.94,0,/' \
    "row 1: column 'latency_ms': expected a number in 1e-09..1e+12, found '0',0.05,7,bench"
  bad '2s/,0.92,0.94,0.12,/,0.92,0.94,1e300,/' \
    "row 1: column 'latency_ms': expected a number in 1e-09..1e+12, found '1e300',0.05,7,bench"
  bad '2s/,0.06,0.06,128,/,0.06,0,128,/' \
    "row 1: column 'host_latency_ms': expected a number in 1e-09..1e+12, found '0',0.05,7,bench"
  bad '2s/,0.06,0.06,128,/,0.06,1e300,128,/' \
    "row 1: column 'host_latency_ms': expected a number in 1e-09..1e+12, found '1e300',0.05,7,bench"
  bad '2s/,0.06,0.06,128,/,0.06,,128,/' "row 1: column 'host_latency_ms': expected a value, found none,0.05,7,bench"
  # Each in its range, but no scale makes both of it.
  bad '2s/,0.92,0.94,0.12,/,0.92,0.94,1e-9,/; 2s/,0.06,0.06,128,/,0.06,1e12,128,/' \
    "column 'latency_ms': expected a number in 1e-09..1e+12 after scaling, found 2e+12,0.05,7,select"
}

@test "an interval that does not hold its figure: an error row" {
  candidate 0.50 fp32 7 0.93 0.06 36000
  also time-7-0.50-fp32.csv host_latency_p95_ci95_low_ms=0.2
  eo-pareto -c c.yaml --errors e.csv --sweep s.csv *-*.csv
  grep -q "column 'latency_p95_ms': expected at least the 0.2 of 'latency_p95_ci95_low_ms', found 0.12" e.csv
  candidate 0.50 fp32 7 0.93 0.06 36000
  sed -i '2s/0.94/0.925/' acc-7-0.50-fp32.csv
  eo-pareto -c c.yaml --errors e.csv --sweep s.csv *-*.csv
  grep -q "column 'accuracy_ci95_high': expected at least the 0.93 of 'accuracy', found 0.925" e.csv
  [ "$(wc -l <s.csv)" -eq 1 ]
}

@test "--allow-missing skips files that are not there" {
  candidate 0.00 fp32 7 0.95 0.1 1000
  run --separate-stderr eo-pareto -c c.yaml --allow-missing nothing.csv *-*.csv
  [ "$status" -eq 0 ]
  run --separate-stderr eo-pareto -c c.yaml nothing.csv *-*.csv
  [ "$status" -eq 1 ]
  [ -z "$output" ]
  [[ $stderr == "eo-pareto: nothing.csv: "*"No such file or directory" ]]
}

# refuses STATUS FIRST-LINE-OF-STDERR ARGUMENT...: and writes no file
refuses() {
  local want=$1 message=$2
  shift 2
  fails_with "$want" "$message" eo-pareto "$@"
  [ ! -e s.csv ]
}

@test "bad files: one line, exit 1, no output file" {
  candidate 0.00 fp32 7 0.95 0.1 1000
  echo "a,b" >x.csv
  refuses 1 \
    "eo-pareto: x.csv: expected a column 'accuracy', 'host_latency_ms', 'host_median_ms' beside 'round', 'hits', or \
'stage' and 'error', found none" \
    -c c.yaml --sweep s.csv x.csv
  echo "accuracy,precision,seed" >x.csv
  refuses 1 "eo-pareto: x.csv: expected a column 'pruning_level', found none" -c c.yaml --sweep s.csv x.csv
  accuracy_row 0.00 bf16 7 0.9 >x.csv
  run --separate-stderr eo-pareto -c c.yaml --sweep s.csv x.csv
  [ "$status" -eq 1 ]
  [[ $stderr == "eo-pareto: x.csv: row 1: column 'precision': "*"'bf16'"* ]]
  [ ! -e s.csv ]
  refuses 1 \
    "eo-pareto: acc-7-0.00-fp32.csv: row 1: second accuracy row for pruning_level 0.00, precision fp32, seed 7" \
    -c c.yaml --sweep s.csv acc-7-0.00-fp32.csv acc-7-0.00-fp32.csv
  refuses 1 "eo-pareto: time-7-0.00-fp32.csv: row 1: second timing row for pruning_level 0.00, precision fp32, seed 7" \
    -c c.yaml --sweep s.csv time-7-0.00-fp32.csv time-7-0.00-fp32.csv
  printf 'a,b\n1\n' >x.csv
  refuses 1 "eo-pareto: x.csv: line 2: expected 2 fields, found 1" -c c.yaml --sweep s.csv x.csv
  echo "power_watts: -1" >bad.yaml
  run --separate-stderr eo-pareto -c bad.yaml acc-7-0.00-fp32.csv
  [ "$status" -eq 1 ]
  [[ $stderr == "eo-pareto: bad.yaml: "* ]]
}

# labels_of FILE COLUMN: precision:label for each row, by the label's first letter
labels_of() {
  awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next }
    { printf "%s%s:%s", sep, $2, substr($c, 1, 1); sep = " " }' "$1"
}

# Three candidates of level 0: fp16 hardly slower and hardly better than int8, fp32 slower than both. 40 images, 12
# rounds, while the machine gets slower for all of them.
three_with_evidence() {
  candidate 0.00 fp32 7 0.725 0.30 1000
  candidate 0.00 fp16 7 0.90 0.21 900
  candidate 0.00 int8 7 0.50 0.20 900
  hits_row 0.00 fp32 7 1111111111111111111111111111100000000000 >hits-fp32.csv
  hits_row 0.00 fp16 7 1111111111111111111111111111111111110000 >hits-fp16.csv
  hits_row 0.00 int8 7 1111111111111111111100000000000000000000 >hits-int8.csv
  sed -i '2s/,0.[0-9]*00,0.[0-9]*00,,,/,0.1,1,,,/' acc-*
  rounds_rows 0.00 fp32 7 0.3 0.315 0.33 0.345 0.36 0.375 0.39 0.405 0.42 0.435 0.45 0.465 >rounds-fp32.csv
  rounds_rows 0.00 fp16 7 0.208 0.2184 0.2288 0.2392 0.2496 0.26 0.2704 0.2808 0.2912 0.3016 0.312 0.3224 \
    >rounds-fp16.csv
  rounds_rows 0.00 int8 7 0.20 0.21 0.22 0.23 0.24 0.25 0.26 0.27 0.28 0.29 0.30 0.31 >rounds-int8.csv
}

@test "labels: rounds and images are compared pairwise" {
  three_with_evidence
  # without evidence: intervals of accuracy that say nothing, none of latency
  eo-pareto -c c.yaml --sweep s.csv acc-* time-*
  [ "$(labels_of s.csv frontier_latency)" = "fp32:p fp16:p int8:p" ]
  # every round is slower by the same share, and the ranges overlap
  eo-pareto -c c.yaml --sweep s.csv --latency l.csv acc-* time-* rounds-* hits-*
  [ "$(labels_of s.csv frontier_latency)" = "fp32:d fp16:c int8:c" ]
  [ "$(labels_of s.csv frontier_energy)" = "fp32:d fp16:c int8:c" ]
  [ "$(labels_of s.csv frontier_memory)" = "fp32:d fp16:c int8:d" ]
  [ "$(labels_of l.csv frontier_latency)" = "int8:c fp16:c" ]
  # the table again, with its evidence; and without
  eo-pareto -c c.yaml --sweep again.csv s.csv rounds-* hits-*
  cmp again.csv s.csv
  eo-pareto -c c.yaml --sweep again.csv s.csv
  [ "$(labels_of again.csv frontier_latency)" = "fp32:p fp16:p int8:p" ]
  # hits alone, rounds alone
  eo-pareto -c c.yaml --sweep s.csv acc-* time-* hits-*
  [ "$(labels_of s.csv frontier_latency)" = "fp32:p fp16:c int8:p" ]
  eo-pareto -c c.yaml --sweep s.csv acc-* time-* rounds-*
  [ "$(labels_of s.csv frontier_latency)" = "fp32:p fp16:p int8:c" ]
  # disturbed rounds are none: nine are left of int8's, of which it wins all, then five
  sed -i '2,4s/,0,0,128,/,0,1,128,/' rounds-int8.csv
  eo-pareto -c c.yaml --sweep s.csv acc-* time-* rounds-* hits-*
  [ "$(labels_of s.csv frontier_latency)" = "fp32:d fp16:c int8:c" ]
  sed -i '2,8s/,0,0,128,/,0,1,128,/' rounds-int8.csv
  eo-pareto -c c.yaml --sweep s.csv acc-* time-* rounds-* hits-*
  [ "$(labels_of s.csv frontier_latency)" = "fp32:d fp16:c int8:p" ]
}

@test "labels: who does not compete has none, and -x adds that of its column" {
  three_with_evidence
  candidate 0.50 fp32 7 0.99 0.001 90000
  candidate 0.00 fp32 8 0.99 0.001 900
  eo-pareto -c c.yaml --sweep s.csv acc-7* acc-8* time-7* time-8* rounds-* hits-*
  [ "$(labels_of s.csv frontier_latency)" = "fp32:d fp16:c int8:c fp32: fp32:" ]
  # single images take twice as long; a throughput rises where a latency falls; the deviation has no evidence
  # x LABELS COLUMN
  x() {
    eo-pareto -c c.yaml -x "$2" acc-7-0.00* time-7-0.00* rounds-* hits-* >f.csv
    [ "$(head -n 1 f.csv | sed 's/.*,//')" = frontier_x ]
    [ "$(labels_of f.csv frontier_x)" = "$1" ] || { echo "$2: $(labels_of f.csv frontier_x)"; return 1; }
  }
  for column in latency_ms latency_median_ms ranked_latency_ms host_latency_ms energy_proxy_j single_latency_ms \
    single_latency_median_ms; do
    x "int8:c fp16:c" $column
  done
  x "fp32:c fp16:c" throughput_sps
  x "int8:p fp16:c" latency_std_ms
  x "int8:p fp16:c" latency_p95_ms
  x "fp16:c" model_bytes
  x "fp16:c" macs
  # percentiles by their own intervals
  for p in int8:0.39:0.405 fp16:0.41:0.43 fp32:0.5:0.6; do
    set -- ${p//:/ }
    sed -i "1s/\$/,host_latency_p95_ci95_low_ms,host_latency_p95_ci95_high_ms/; 2s/\$/,$2,$3/" time-7-0.00-$1.csv
  done
  x "int8:c fp16:c" latency_p95_ms
  x "int8:p fp16:c" single_latency_p95_ms
  sed -i s/,certain/,perhaps/ s.csv
  fails 1 \
    "eo-summary: s.csv: row 2: column 'frontier_latency': expected one of dominated, possible, certain, found \
'perhaps'" \
    eo-summary -c c.yaml --sweep s.csv --errors s.csv --hardware s.csv
}

@test "a timing that is not ok is never certain, and with --strict left off, which is said" {
  four_candidates
  n=0
  for f in time-*; do
    status=("" ok noisy drift)
    sed -i "1s/\$/,timing_status,timing_reason/; 2s/\$/,${status[$n]},because/" "$f"
    n=$((n + 1))
  done
  weak="eo-pareto: the timing of 2 of 3 accepted candidates is not ok (1 noisy, 1 drift):"
  # by default all compete, and are at most possible
  run --separate-stderr eo-pareto -c c.yaml --sweep s.csv --latency any.csv *-*.csv
  [ "$status" -eq 0 ] && [ "$stderr" = "$weak on the frontiers of latency and energy they are at most 'possible'" ] ||
    return 1
  [ "$(labels_of s.csv frontier_latency)" = "fp32: int8:p fp32:p int8:p" ]
  [ "$(labels_of s.csv frontier_memory)" = "fp32: int8:c fp32:p int8:c" ]
  [ "$(column any.csv timing_status)" = "drift ok" ]
  # no row but these: what would be certain is possible
  mkdir one && cp acc-7-0.50-int8.csv time-7-0.50-int8.csv one
  eo-pareto -c c.yaml --sweep one.csv one/* 2>stderr
  [ "$(labels_of one.csv frontier_latency) $(labels_of one.csv frontier_memory)" = "int8:p int8:c" ]
  rm -r one
  note="$weak they are left off the frontiers of latency and energy"
  run --separate-stderr eo-pareto -c c.yaml --strict --sweep s.csv --latency l.csv --energy e.csv *-*.csv
  [ "$status" -eq 0 ] && [ "$stderr" = "$note" ] || return 1
  [ "$(column s.csv timing_status)" = " ok noisy drift" ]
  [ "$(labels_of s.csv frontier_latency)" = "fp32: int8:c fp32: int8:" ]
  [ "$(labels_of s.csv frontier_memory)" = "fp32: int8:c fp32:p int8:c" ]
  [ "$(column l.csv timing_status) $(column e.csv timing_status)" = "ok ok" ]
  run --separate-stderr eo-pareto -c c.yaml -x model_bytes *-*.csv
  [ "${#lines[@]}" -eq 3 ]
  echo "pareto_any_status: false" >>c.yaml
  eo-pareto -c c.yaml *-*.csv 2>stderr | cmp - l.csv
  eo-pareto -c c.yaml --any-status *-*.csv 2>stderr | cmp - any.csv
  misused "eo-pareto: options '--strict' and '--any-status' exclude each other" eo-pareto -c c.yaml \
    --strict --any-status
  # accuracy alone has no timing
  run --separate-stderr eo-pareto -c c.yaml --accuracy a.csv acc-*
  [ -z "$stderr" ]
  sed -i 2s/noisy/loud/ time-7-0.50-fp32.csv
  eo-pareto -c c.yaml --errors e.csv *-*.csv 2>stderr
  grep \
    -q "^0.50,fp32,\"row 1: column 'timing_status': expected one of ok, noisy, drift, throttled, short, found \
'loud'\"" e.csv
}

@test "the median decides, or the mean by latency_statistic: frontier, energy, columns" {
  candidate 0.00 fp32 7 0.95 0.1 1000
  candidate 0.00 int8 7 0.94 0.05 900
  # disturbed: the mean of int8 is above that of fp32, its median is not
  sed -i '2s/,0.05,0.05,/,0.30,0.05,/' time-7-0.00-int8.csv
  eo-pareto -c c.yaml --sweep s.csv --latency l.csv acc-* time-*
  [ "$(column l.csv precision)" = "int8 fp32" ]
  [ "$(column s.csv latency_ms) $(column s.csv ranked_latency_ms) $(column s.csv latency_statistic)" = \
    "0.2 0.6 0.2 0.1 median median" ]
  [ "$(column s.csv energy_proxy_j)" = "0.0004 0.0002" ]
  [ "$(column s.csv throughput_sps)" = "5000.0 1666.6666666666667" ]
  echo "latency_statistic: mean" >>c.yaml
  eo-pareto -c c.yaml --sweep s.csv --latency l.csv acc-* time-*
  [ "$(column l.csv precision)" = fp32 ]
  [ "$(column s.csv ranked_latency_ms) $(column s.csv latency_statistic)" = "0.2 0.6 mean mean" ]
  [ "$(column s.csv energy_proxy_j | cut -d' ' -f2 | cut -c1-6)" = 0.0012 ]
}

# zeros_and_ones N K: K ones, then zeros, N in all
zeros_and_ones() {
  printf '1%.0s' $(seq "$2")
  [ "$1" -eq "$2" ] || printf '0%.0s' $(seq $(($1 - $2)))
}

# recommendation: precision:mark for each row of s.csv, then the p to three digits
recommendation() {
  eo-pareto -c c.yaml --sweep s.csv "$@"
  labels_of s.csv recommendation
  column s.csv recommendation_p | awk '{ for (i = 1; i <= NF; i++) printf " %.3f", $i }'
}

@test "recommended: not the most accurate by one image of 200, but the smallest that the images cannot tell from it" {
  candidate 0.00 fp32 7 0.95 0.30 3000
  candidate 0.00 fp16 7 0.945 0.10 2000
  candidate 0.00 int8 7 0.85 0.05 1000
  sed -i 's/,1000,,0/,200,,0/' acc-*
  hits_row 0.00 fp32 7 "$(zeros_and_ones 200 190)" >hits-fp32.csv
  hits_row 0.00 fp16 7 "$(zeros_and_ones 200 189)" >hits-fp16.csv
  hits_row 0.00 int8 7 "$(zeros_and_ones 200 170)" >hits-int8.csv
  # 1 image of 1 that differ: p 1; 20 of 20: p 2 / 2^20
  [ "$(recommendation acc-* time-* hits-*)" = "fp32:r fp16:r int8: 1.000 1.000 0.000" ]
  [ "$(column s.csv recommendation)" = "rival recommended " ]
  echo "recommend: accuracy" >>c.yaml
  eo-pareto -c c.yaml --sweep s.csv acc-* time-* hits-*
  [ "$(column s.csv recommendation)" = "recommended rival " ]
  # six images of six are told apart (p 2 / 64), five are not (p 2 / 32)
  sed -i s/accuracy/smallest/ c.yaml
  for k in 184:rival: 185:rival:recommended; do
    IFS=: read -r hits first second <<<"$k"
    accuracy_row 0.00 fp16 7 "$(awk "BEGIN { print $hits / 200 }")" | sed 's/,1000,,0/,200,,0/' >acc-7-0.00-fp16.csv
    hits_row 0.00 fp16 7 "$(zeros_and_ones 200 $hits)" >hits-fp16.csv
    eo-pareto -c c.yaml --sweep s.csv acc-* time-* hits-*
    [ "$(column s.csv recommendation | cut -d' ' -f2)" = "$second" ]
  done
  # without hits, those whose intervals meet
  candidate 0.00 fp16 7 0.935 0.10 2000
  eo-pareto -c c.yaml --sweep s.csv acc-* time-*
  [ "$(column s.csv recommendation)" = "rival recommended " ]
  [ "$(column s.csv recommendation_p)" = "  " ]
  # equal sizes: the faster; and fastest by name
  candidate 0.25 fp16 7 0.95 0.20 2000
  candidate 0.25 fp32 7 0.95 0.05 9000
  eo-pareto -c c.yaml --sweep s.csv acc-* time-*
  [ "$(column s.csv recommendation)" = "rival recommended  rival rival" ]
  sed -i s/smallest/fastest/ c.yaml
  eo-pareto -c c.yaml --sweep s.csv acc-* time-*
  [ "$(column s.csv recommendation)" = "rival rival  recommended rival" ]
  # over the budget, and of another seed: none
  candidate 0.70 fp32 7 0.99 0.01 90000
  candidate 0.00 fp32 8 0.99 0.01 100
  eo-pareto -c c.yaml --sweep s.csv acc-7* acc-8* time-7* time-8*
  [ "$(column s.csv recommendation)" = "rival rival  recommended rival  " ]
}

@test "twenty thousand candidates" {
  { echo pruning_level,precision,seed,stage,error,pruning_criterion
    seq 20000 | sed 's/.*/0.50,fp32,&,quant,bad,l1/'; } >err.csv
  eo-pareto -c c.yaml --errors e.csv --sweep s.csv err.csv
  [ "$(wc -l <e.csv)" -eq 20001 ]
  { echo pruning_level,precision,seed,accuracy,host_latency_ms,model_bytes
    seq 20000 | awk '{ print "0.50,fp32," 20001 - $1 ",0.9," $1 / 1000 "," $1 }'; } >rows.csv
  eo-pareto -c c.yaml --seeds seeds.csv --latency l.csv rows.csv
  [ "$(column seeds.csv seeds) $(column l.csv seed)" = "20000 20000" ]
}

@test "evidence: of another model, other images, another session, or of nothing: an error row" {
  candidate 0.00 fp32 7 0.75 0.1 1000
  candidate 0.00 fp16 7 0.75 0.1 1000
  candidate 0.00 int8 7 0.75 0.1 1000
  candidate 0.50 fp32 7 0.75 0.1 1000
  for p in fp32 fp16 int8; do hits_row 0.00 $p 7 1101 >hits-$p.csv; done
  hits_row 0.50 int8 7 1101 >hits-none.csv
  rounds_rows 0.50 fp32 7 0.1 0.2 >rounds.csv
  eo-pareto -c c.yaml --errors e.csv --sweep s.csv acc-* time-* hits-* rounds.csv
  [ "$(cat e.csv)" = "pruning_level,precision,error,active_budget_mb,seed,stage,pruning_criterion
0.50,int8,no accuracy row,0.05,7,select,l1" ]
  [ "$(wc -l <s.csv)" -eq 5 ]
  sed -i s/aaaa/bbbb/ hits-fp32.csv
  hits_row 0.00 fp16 7 11010 >hits-fp16.csv
  sed -i '1s/$/,session/; 2s/$/,00000000000000ff/' time-7-0.50-fp32.csv
  eo-pareto -c c.yaml --errors e.csv --sweep s.csv acc-* time-* hits-[fi]* rounds.csv
  [ "$(cat e.csv)" = "pruning_level,precision,error,active_budget_mb,seed,stage,pruning_criterion
0.00,fp32,\"stale: accuracy is of model aaaa, hits of model bbbb\",0.05,7,select,none
0.00,fp16,\"stale: accuracy is 0.75, hits are 3 of 5 images\",0.05,7,select,none
0.50,fp32,\"stale: timing is of session 00000000000000ff, rounds of others\",0.05,7,select,l1" ]
  sed -i 's/00000000000000ff/00000000000000aa/' time-7-0.50-fp32.csv
  eo-pareto -c c.yaml --errors e.csv acc-* time-* rounds.csv
  [ "$(wc -l <e.csv)" -eq 1 ]
  # accuracy alone
  eo-pareto -c c.yaml --accuracy a.csv --errors e.csv acc-* hits-[fi]*
  [ "$(column a.csv precision)" = "int8 fp32" ]
}

@test "malformed evidence: one line, exit 1, no output file" {
  candidate 0.00 fp32 7 0.75 0.1 1000
  hits_row 0.00 fp32 7 1101 >h.csv
  rounds_rows 0.00 fp32 7 0.1 0.2 >r.csv
  # bad FILE SED-EXPRESSION MESSAGE
  bad() {
    sed "$2" "$1" >x.csv
    refuses 1 "eo-pareto: x.csv: $3" -c c.yaml --sweep s.csv acc-* time-* x.csv
  }
  bad h.csv '2s/1101/1121/' "row 1: column 'hits': expected 4 digits 0 or 1, found 2 of them in 4 characters"
  bad h.csv '2s/1101/11010/' "row 1: column 'hits': expected 4 digits 0 or 1, found 5 of them in 5 characters"
  bad h.csv '2s/1101/1111/' "row 1: column 'hits': expected 3 times 1, as 'correct' says, found 4"
  bad h.csv '2s/,4,3,/,-4,3,/' "row 1: column 'images': expected an integer in 1..16777216, found '-4'"
  bad h.csv '2s/,4,3,/,4,5,/' "row 1: column 'correct': expected an integer in 0..4, found '5'"
  bad h.csv '2s/aaaa//' "row 1: column 'model_sha256': expected a checksum, found ''"
  bad h.csv '2s/pixels//' "row 1: column 'images_sha256': expected a checksum, found ''"
  for name in model_sha256 images_sha256 images correct; do
    bad h.csv "1s/,$name,/,nothing,/" "expected a column '$name', found none"
  done
  bad r.csv '3s/00aa/0xaa/' "row 2: column 'session': expected 16 hexadecimal digits, found '0000000000000xaa'"
  bad r.csv '3s/aa,1,/aa,0,/' "row 2: column 'round': second row of round 0"
  bad r.csv '3s/aa,1,/aa,1e3,/' "row 2: column 'round': expected an integer in 0..2147483647, found '1e3'"
  bad r.csv '3s/,0,128/,2,128/' "row 2: column 'disturbed': expected an integer in 0..1, found '2'"
  bad r.csv '3s/,0.2,/,0,/' "row 2: column 'host_median_ms': expected a number in 1e-09..1e+12, found '0'"
  bad r.csv '3s/,0.4,/,no,/' "row 2: column 'host_single_median_ms': expected a number in 1e-09..1e+12, found 'no'"
  for name in session disturbed host_single_median_ms; do
    bad r.csv "1s/,$name,/,nothing,/" "expected a column '$name', found none"
  done
  refuses 1 "eo-pareto: h.csv: row 1: second hits row for pruning_level 0.00, precision fp32, seed 7" \
    -c c.yaml --sweep s.csv acc-* time-* h.csv h.csv
  cp r.csv r2.csv
  refuses 1 "eo-pareto: r2.csv: row 1: second rounds file's row for pruning_level 0.00, precision fp32, seed 7" \
    -c c.yaml --sweep s.csv acc-* time-* r.csv r2.csv
  { head -n 1 r.csv; seq 20001 | sed 's/^/0.00,fp32,7,00000000000000aa,/; s/$/,0,0,128,20,1,1,20,1,1,,,,,,,,,,,none/'; \
    } >x.csv
  refuses 1 "eo-pareto: x.csv: row 20001: expected at most 20000 rounds of a candidate" -c c.yaml --sweep s.csv acc-* \
    time-* x.csv
}

@test "a recommended candidate that is no better than chance is warned of" {
  candidate 0.00 fp32 7 0.95 0.1 1000
  also acc-7-0.00-fp32.csv chance_accuracy=0.939
  run --separate-stderr eo-pareto -c c.yaml --sweep s.csv acc-* time-*
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  [ "$(column s.csv chance_accuracy)" = 0.939 ]
  sed -i '2s/0.939$/0.941/' acc-7-0.00-fp32.csv # the interval begins at 0.94
  run --separate-stderr eo-pareto -c c.yaml --sweep s.csv acc-* time-*
  [ "$status" -eq 0 ]
  [ "$stderr" = "eo-pareto: warning: the recommended candidate has not learned: accuracy 95.00 %, and always naming \
the most frequent class gives 94.10 %; look at training_log.csv and at the data (eo-data --report)" ]
}

@test "a full disk: exit 1, also for standard output" {
  four_candidates
  run --separate-stderr eo-pareto -c c.yaml --sweep /dev/full *-*.csv
  [ "$status" -eq 1 ]
  [ "$stderr" = "eo-pareto: /dev/full: cannot write: No space left on device" ] ||
    [[ $stderr == "eo-pareto: /dev/full: "*"No space left on device" ]]
  run --separate-stderr bash -c "eo-pareto -c c.yaml *-*.csv >/dev/full"
  [ "$status" -eq 1 ]
  [[ $stderr == "eo-pareto: (standard stream): "*"No space left on device" ]]
}

@test "wrong usage: exit 2" {
  refuses 2 "eo-pareto: option '-c' is required" x.csv
  refuses 2 "eo-pareto: option '--x': expected a column of numbers such as latency_ms, found 'isa'" -c c.yaml --x isa
  refuses 2 "eo-pareto: only one output can go to standard output; give the others a file" \
    -c c.yaml --sweep - --errors - x.csv
  refuses 2 "eo-pareto: only one input can come from standard input" -c - --sweep s.csv
  refuses 2 "eo-pareto: only one input can come from standard input" -c - --sweep s.csv -
  refuses 2 "eo-pareto: unknown or ambiguous option '--nonsense'" --nonsense
  for other in "-x latency_ms" "--sweep s" "--latency l" "--energy e"; do
    misused "eo-pareto: option '--accuracy' goes with '--errors' and '--seeds' alone: all else needs timing" \
      eo-pareto -c c.yaml --accuracy a $other
  done
}

@test "rows of different kinds of nodes are not ranked against each other" {
  local rest="candidates are ranked against others that were timed on nodes of one kind; time them together"
  candidate 0.00 fp32 7 0.95 0.1 82000
  candidate 0.50 fp32 7 0.93 0.06 36000
  cp time-7-0.50-fp32.csv plain.csv
  also time-7-0.00-fp32.csv node_kind=fast
  also time-7-0.50-fp32.csv node_kind=slow
  fails 1 "eo-pareto: time-7-0.50-fp32.csv: row 1: column 'node_kind': expected 'fast' as in the rows before, found \
'slow': $rest" eo-pareto -c c.yaml --sweep s.csv acc-* time-*
  mv plain.csv time-7-0.50-fp32.csv
  fails 1 "eo-pareto: time-7-0.50-fp32.csv: row 1: column 'node_kind': expected 'fast' as in the rows before, found \
'': $rest" eo-pareto -c c.yaml --sweep s.csv acc-* time-*
  [ ! -e s.csv ]
  also time-7-0.50-fp32.csv node_kind=fast
  eo-pareto -c c.yaml --sweep s.csv acc-* time-*
}
