bats_require_minimum_version 1.5.0
load common
load measure

HEADER=pruning_level,precision,seed,model_sha256,isa,kernel,threads,batch_size,samples
HEADER+=,host_latency_ms,host_latency_median_ms,host_latency_std_ms,host_latency_p95_ms,host_latency_min_ms
HEADER+=,host_throughput_sps,host_batch_latency_ms,host_single_latency_ms,host_single_latency_median_ms
HEADER+=,host_single_latency_std_ms,host_single_latency_p95_ms,host_single_latency_min_ms
HEADER+=,host_single_throughput_sps,model_bytes,peak_activation_bytes,workspace_bytes,macs,parameters,pruning_criterion
q() { echo \
  ",$1_latency_median_ci95_low_ms,$1_latency_median_ci95_high_ms,$1_latency_p95_ci95_low_ms,\
$1_latency_p95_ci95_high_ms,$1_latency_p99_ci95_low_ms,$1_latency_p99_ci95_high_ms"; }
counts() { echo ",$1cycles,$1instructions,$1ipc,$1l1d_misses,$1llc_misses,$1branch_misses"; }
HEADER+=,timing_status,timing_reason,rounds,rounds_disturbed,samples_effective,host_latency_mad_ms,\
host_latency_p99_ms$(q host)
HEADER+=,host_single_samples,host_single_samples_effective,host_single_latency_mad_ms,host_single_latency_p99_ms$(q \
  host_single)
HEADER+=,session,cpu,reference_ns,reference_slowdown,lost_share,involuntary_switches,migrations,steal_share,\
frequency_change
HEADER+=$(counts "")$(counts \
  single_),page_faults,context_switches,counters_note,energy_measured_j,energy_source,idle_power_w
HEADER+=,arena_bytes,unfused_arena_bytes,resident_bytes,node,node_kind
SAMPLES=trial,sample,batch,calls,seconds_per_call,disturbed,pruning_level,precision,seed,pruning_criterion
HINT="Try 'eo-bench --help'."

setup_file() {
  fixture "$BATS_FILE_TMPDIR"
}

setup() {
  F=$BATS_FILE_TMPDIR
  cd "$BATS_TEST_TMPDIR"
  mkdir .tmp
  export TMPDIR=$PWD/.tmp EO_LOCK_DIR=$PWD/.tmp # a lock of our own: other tests time, too
}

# near A B: equal but for rounding
near() {
  awk -v a="$1" -v b="$2" 'BEGIN { d = a - b; exit !(d <= 1e-9 * b && -d <= 1e-9 * b) }'
}

@test "bench: a header and one row, with the exact sizes" {
  eo-bench -c $F/cfg.yaml --exact --rounds r.csv $F/base.safetensors >row.csv
  [ "$(wc -l <row.csv)" -eq 2 ]
  [ "$(head -n 1 row.csv)" = "$HEADER" ]
  [ "$(tail -n 1 row.csv | cut -d, -f1-4)" = "0.00,fp32,5,$(sha256sum <$F/base.safetensors | cut -d' ' -f1)" ]
  # 4 and 6 channels: 40 + 222 + 2950 parameters; conv2 takes 784 values and leaves 294, conv1 takes 784 and leaves 784
  [ "$(tail -n 1 row.csv | cut -d, -f23,24,26,27)" = 12848,6272,73500,3212 ]
  [ "$(column threads row.csv),$(column batch_size row.csv),$(column rounds row.csv)" = 1,20,2 ]
  took 4 r.csv row.csv
  [ "$(column workspace_bytes row.csv)" -gt 0 ]
  [[ $(column kernel row.csv) == fp32-* ]]
}

@test "bench: model_bytes is what lies behind the file's header; the arenas of both forms" {
  local p files=()
  for p in fp32 fp16 int8; do
    make_model 16 32 1 0 $p >full-$p
    make_model 5 10 1 0 $p >small-$p
    files+=(full-$p small-$p)
  done
  eo-bench --exact --trials 1 --repeats 1 --warmup 0 --batch 2 "${files[@]}" >rows.csv
  for p in "${files[@]}"; do echo $(($(wc -c <$p) - 8 - $(od -An -t u8 -N 8 $p))); done |
    cmp - <(column model_bytes rows.csv)
  [ "$(column arena_bytes rows.csv | tr '\n' ' ')" = "18816 7056 9408 3528 4704 1764 " ]
  [ "$(column unfused_arena_bytes rows.csv | tr '\n' ' ')" = "62720 19600 31360 9800 15680 4900 " ]
  [ "$(column arena_bytes rows.csv)" = "$(column peak_activation_bytes rows.csv)" ]
  for p in "${files[@]}"; do eo-inspect $p | awk '$1 == "tensor_bytes" { print $2 }'; done |
    cmp - <(column model_bytes rows.csv)
}

@test "bench: every latency column follows from the raw samples" {
  # Of two rounds both are used, disturbed or not.
  eo-bench -c $F/cfg.yaml --exact --repeats 40 --samples s.csv --rounds r.csv $F/int8.safetensors >row.csv
  took 40 r.csv row.csv
  [ "$(head -n 1 s.csv)" = $SAMPLES ]
  [ "$(wc -l <s.csv)" -eq $(($(cat <(column samples r.csv) <(column single_samples r.csv) | paste -sd +) + 1)) ]
  check() { # check BATCH PREFIX
    awk -F, -v b="$1" 'NR > 1 && $3 == b { printf "%.17g\n", $5 * 1000 / b }' s.csv | sort -g >ms
    awk '{ x[NR] = $1; s += $1 } END { n = NR; m = s / n; for (i = 1; i <= n; i++) q += (x[i] - m) ^ 2
      r = 0.95 * (n - 1); k = int(r); h = int((n + 1) / 2)
      printf "%.17g %.17g %.17g %.17g %.17g %.17g\n", m, (x[h] + x[n + 1 - h]) / 2, sqrt(q / (n - 1)),
        x[k + 1] + (r - k) * (x[k + 2] - x[k + 1]), x[1], 1000 / m }' ms >expected
    read -r mean median std p95 min rate <expected
    near "$(column "$2_latency_ms" row.csv)" $mean
    near "$(column "$2_latency_median_ms" row.csv)" $median
    near "$(column "$2_latency_std_ms" row.csv)" $std
    near "$(column "$2_latency_p95_ms" row.csv)" $p95
    near "$(column "$2_latency_min_ms" row.csv)" $min
    near "$(column "$2_throughput_sps" row.csv)" $rate
    [ "$1" = 1 ] || near "$(column host_batch_latency_ms row.csv)" \
      "$(awk -v m=$mean -v b="$1" 'BEGIN { printf "%.17g", m * b }')"
  }
  check 20 host
  check 1 host_single
}

@test "bench: rounds and samples are raised, unless they shall be exact" {
  eo-bench -c $F/cfg.yaml --exact --rounds r.csv $F/int8.safetensors >row.csv
  took 4 r.csv row.csv
  [ "$(column round r.csv | tr '\n' ' ')" = "0 1 " ]
  sed '$a benchmark_exact: true' $F/cfg.yaml >exact.yaml
  eo-bench -c exact.yaml --repeats 7 --trials 1 --warmup 0 --rounds r.csv $F/int8.safetensors >row.csv
  took 7 r.csv row.csv
  [ "$(column round r.csv)" = 0 ]
  raised() { # raised ROUNDS SAMPLES OPTION...: so many or, where some were disturbed, more rounds of so many samples
    eo-bench -c $F/cfg.yaml "${@:3}" --rounds r.csv $F/int8.safetensors >row.csv
    took $2 r.csv
    awk -v rounds=$1 'END { exit NR <= rounds || NR > 3 * rounds + 1 }' r.csv
  }
  raised 16 40
  raised 16 50 --repeats 50
  raised 17 38 --trials 17
  eo-bench -c $F/cfg.yaml --limit 1 --trials 17 $F/int8.safetensors >row.csv
  [ "$(column rounds row.csv)" = 1 ] # the limit is one, whatever was asked for
}

@test "bench: options win over the config" {
  eo-bench -c $F/cfg.yaml --batch 3 --repeats 30 --trials 1 --warmup 0 --exact --samples s.csv --rounds r.csv \
    $F/int8.safetensors >row.csv
  [ "$(column batch_size row.csv),$(column rounds row.csv)" = 3,1 ]
  took 30 r.csv row.csv
  [ "$(awk -F, 'NR > 1 { print $3 }' s.csv | sort -u | tr '\n' ' ')" = "1 3 " ]
}

@test "bench: several models are timed together and give a row each, in their order" {
  eo-bench -c $F/cfg.yaml --exact $F/int8.safetensors - $F/half.safetensors <$F/base.safetensors >row.csv
  [ "$(column precision row.csv | tr '\n' ' ')" = "int8 fp32 fp16 " ]
}

# sweep [OPTION...]: three candidates in models/ and rows/
candidates() {
  mkdir -p models/seed8 rows/seed8
  cp $F/base.safetensors models/p0.00-fp32.safetensors
  cp $F/half.safetensors models/seed8/p0.50-taylor-fp16.safetensors
  cp $F/int8.safetensors models/p0.25-int8.safetensors
}
ERR=pruning_level,precision,seed,stage,error,pruning_criterion

@test "bench: --from and --into write the files of every candidate" {
  candidates
  eo-bench -c $F/cfg.yaml --exact --from models --into rows p0.00-fp32 seed8/p0.50-taylor-fp16 p0.25-int8 2>said
  [ ! -s said ]
  for c in p0.00-fp32 seed8/p0.50-taylor-fp16 p0.25-int8; do
    [ "$(cat rows/$c.timing.err)" = $ERR ]
    [ "$(head -n 1 rows/$c.timing.csv)" = "$HEADER" ]
    [ "$(wc -l <rows/$c.timing.csv)" -eq 2 ]
    [ "$(wc -l <rows/$c.rounds.csv)" -eq 3 ]
    [ "$(column session rows/$c.timing.csv)" = "$(column session rows/p0.00-fp32.timing.csv)" ]
    [ "$(column session rows/$c.rounds.csv | sort -u)" = "$(column session rows/p0.00-fp32.timing.csv)" ]
  done
  [ "$(column precision rows/p0.25-int8.timing.csv)" = int8 ]
  [ "$(find rows -type f | wc -l)" -eq 9 ]
}

@test "bench: a candidate that fails gets an error row and the others go on" {
  candidates
  echo $ERR >rows/p0.00-fp32.accuracy.err
  printf '%s\n0.50,fp16,8,prune,"no, never",taylor\n' $ERR >rows/seed8/p0.50-taylor-fp16.accuracy.err
  head -c 3000 $F/int8.safetensors >models/p0.25-int8.safetensors
  echo old | tee rows/p0.25-int8.timing.csv >rows/p0.25-int8.rounds.csv
  eo-bench -c $F/cfg.yaml --exact --from models --into rows p0.25-int8 seed8/p0.50-taylor-fp16 p0.00-fp32 2>said
  [ "$(wc -l <rows/p0.00-fp32.timing.csv)" -eq 2 ]
  [ "$(cat rows/p0.00-fp32.timing.err)" = $ERR ]
  cmp rows/seed8/p0.50-taylor-fp16.timing.err rows/seed8/p0.50-taylor-fp16.accuracy.err
  [[ $(cat said) == "eo-bench: models/p0.25-int8.safetensors: "* ]]
  [ "$(wc -l <said)" -eq 1 ]
  message=$(sed 's/^eo-bench: //; s/"/""/g' said)
  [ "$(cat rows/p0.25-int8.timing.err)" = "$ERR
0.25,int8,5,timing,\"$message\",l1" ] || [ "$(cat rows/p0.25-int8.timing.err)" = "$ERR
0.25,int8,5,timing,$message,l1" ]
  [ ! -e rows/p0.25-int8.timing.csv ]
  [ ! -e rows/p0.25-int8.rounds.csv ]
  # None is left to be timed.
  eo-bench -c $F/cfg.yaml --exact --from models --into rows p0.25-int8 2>said
  [ "$(wc -l <rows/p0.25-int8.timing.err)" -eq 2 ]
}

# child_of PID: sets child to its child, as soon as it has one that is this same program anew
child_of() {
  for ((i = 0; i < 2000; i++)); do
    read -r child _ <"/proc/$1/task/$1/children" 2>/dev/null || true
    [ -z "$child" ] || ! grep -qz '^EO_BENCH_PADDING=' "/proc/$child/environ" 2>/dev/null || return 0
    sleep 0.01
  done
  return 1
}

@test "bench: a process that is killed is one error; in a sweep, of one candidate" {
  candidates
  eo-bench -c $F/cfg.yaml --exact --warmup 100000 --batch 2000 -o row $F/base.safetensors 2>said &
  child_of $!
  kill -KILL $child
  status=0
  wait $! || status=$?
  [ "$status" -eq 1 ]
  [ "$(cat said)" = "eo-bench: $F/base.safetensors: the process that timed it was ended by signal 9 (Killed)" ]
  [ ! -e row ]
  eo-bench -c $F/cfg.yaml --exact --warmup 3000 --trials 1 --batch 2000 --from models --into rows p0.00-fp32 \
    p0.25-int8 2>said &
  child_of $!
  kill -KILL $child
  wait $!
  [[ $(cat said) == "eo-bench: models/p0."*".safetensors: the process that timed it was ended by signal 9 (Killed)" ]]
  [ "$(cat rows/p0.00-fp32.timing.err rows/p0.25-int8.timing.err | wc -l)" -eq 3 ]
  [ "$(ls rows/*.timing.csv | wc -l)" -eq 1 ]
}

@test "bench: a signal ends what is being timed too, and leaves nothing" {
  for signal in INT TERM; do
    # A job in the background would ignore SIGINT.
    env --default-signal=INT eo-bench -c $F/cfg.yaml --exact --warmup 100000 --batch 2000 -o row --samples s \
      --rounds r $F/base.safetensors &
    pid=$!
    child_of $pid
    kill -$signal $pid
    status=0
    wait $pid || status=$?
    [ "$status" -eq $((128 + $(kill -l $signal))) ]
    ! kill -0 $child || return 1
    for f in row s r; do [ ! -e $f ]; done
  done
  # One that cannot tell its child takes it along.
  eo-bench -c $F/cfg.yaml --exact --warmup 100000 --batch 2000 -o row $F/base.safetensors &
  pid=$!
  child_of $pid
  kill -KILL $pid
  wait $pid || true
  for ((i = 0; i < 1000; i++)); do
    [ -e /proc/$child ] && [ "$(awk '/^State/ { print $2 }' /proc/$child/status 2>/dev/null)" != Z ] || break
    sleep 0.01
  done
  [ $i -lt 1000 ]
  [ ! -e row ]
}

# interrupted SIGNAL: a session of 6 rounds is ended when at least 2 of them are kept; sets SESSION and ID
interrupted() {
  local pid start size=0 i
  # each process takes some tens of milliseconds
  SESSION="--exact --trials 6 --warmup 400 --from models --into rows p0.00-fp32 p0.25-int8"
  env --default-signal=INT eo-bench -c $F/cfg.yaml $SESSION 2>said &
  pid=$!
  for ((i = 0; i < 3000; i++)); do
    size=$(stat -c %s rows/.session 2>/dev/null) || size=0
    # a start, and two rounds of two answers of more than 1 kB
    [ "$size" -lt 4800 ] || break
    sleep 0.01
  done
  [ "$i" -lt 3000 ]
  kill -$1 $pid
  ! wait $pid || return 1
  [ ! -e rows/p0.00-fp32.timing.csv ]
  [ "$(stat -c %a rows/.session)" = 600 ]
  ID=$(LC_ALL=C grep -aoE '[0-9a-f]{16}' rows/.session | head -n 1)
}

# one_session ID: all rounds and both rows are of it
one_session() {
  [ "$(column session rows/p0.00-fp32.rounds.csv | sort -u)" = "$1" ]
  [ "$(column session rows/p0.25-int8.timing.csv)" = "$1" ]
  [ "$(column round rows/p0.25-int8.rounds.csv | tr '\n' ' ')" = "0 1 2 3 4 5 " ]
  [ ! -e rows/.session ]
}

@test "bench: a session that was killed goes on: fewer rounds, one session" {
  local how over
  for how in KILL INT TERM; do
    rm -rf rows
    candidates
    interrupted $how
    script -qec "eo-bench -c $F/cfg.yaml $SESSION" /dev/null </dev/null >said
    over=$(sed -n 's/.*an interrupted session goes on, \([0-9]*\) rounds are taken over.*/\1/p' said)
    [ "$over" -ge 2 ]
    [ "$over" -lt 6 ]
    ! grep -q "round $over of" said || return 1
    grep -q "round $((over + 1)) of 6" said
    one_session $ID
  done
}

@test "bench: a session begins anew when a model, an option, or the start of the machine is another" {
  local how i args root=$PWD/root
  how=(model option boot)
  mkdir -p $root/proc/sys/kernel/random
  echo 1b4e28ba-2fa1-11d2-883f-0016d3cca427 >$root/proc/sys/kernel/random/boot_id
  candidates
  interrupted KILL
  cp rows/.session kept
  for i in "${how[@]}"; do
    cp kept rows/.session
    args=$SESSION
    [ $i != model ] || cp $F/half.safetensors models/p0.25-int8.safetensors
    [ $i != option ] || args="--repeats 5 $SESSION"
    [ $i != boot ] || export EO_HOST_ROOT=$root
    eo-bench -c $F/cfg.yaml $args
    [ "$(column session rows/p0.00-fp32.timing.csv)" != "$ID" ]
    one_session "$(column session rows/p0.00-fp32.timing.csv)"
    unset EO_HOST_ROOT
    candidates
  done
  # and goes on when all are as they were
  cp kept rows/.session
  eo-bench -c $F/cfg.yaml $SESSION
  one_session $ID
}

@test "bench: a link or a folder in the place of the session's file is left alone" {
  candidates
  echo mine >victim
  ln -s ../victim rows/.session
  eo-bench -c $F/cfg.yaml --exact --from models --into rows p0.00-fp32 2>said
  [ ! -s said ]
  [ "$(cat victim)" = mine ]
  [ ! -e rows/.session ]
  mkdir rows/.session
  eo-bench -c $F/cfg.yaml --exact --from models --into rows p0.00-fp32 2>said
  [ "$(cat said)" = \
    "eo-bench: rows/.session: cannot open: Is a directory; if interrupted, this run cannot go on later" ]
  [ -s rows/p0.00-fp32.timing.csv ]
}

@test "bench: a session whose file does not fit on the disk says so once and goes on" {
  candidates
  # two rounds of 2000 samples of each size fit into 100 KiB, three do not
  run --separate-stderr bash -c "trap '' XFSZ; ulimit -f 100
    exec eo-bench -c $F/cfg.yaml --exact --trials 4 --repeats 2000 --warmup 0 --from models --into rows p0.00-fp32"
  [ "$status" -eq 0 ]
  [ "$stderr" = \
    "eo-bench: rows/.session: cannot write: File too large; if interrupted, this run cannot go on later" ]
  took 2000 rows/p0.00-fp32.rounds.csv
  [ "$(column round rows/p0.00-fp32.rounds.csv | tr '\n' ' ')" = "0 1 2 3 " ]
  [ ! -e rows/.session ]
}

@test "bench: --rounds has a line for every round of every model" {
  eo-bench -c $F/cfg.yaml --exact --rounds r.csv $F/base.safetensors $F/int8.safetensors >row.csv
  [ "$(awk -F, 'NR > 1 { print $2 "," $5 }' r.csv | tr '\n' ' ')" = "fp32,0 fp32,1 int8,0 int8,1 " ]
  [ "$(column slot r.csv | sort | tr '\n' ' ')" = "0 0 1 1 " ]
  took 4 r.csv
}

@test "bench: the order follows from the seed" {
  order() {
    eo-bench -c $1 --exact --trials 8 --repeats 1 --warmup 0 --rounds r.csv $F/base.safetensors $F/half.safetensors \
      $F/int8.safetensors >row.csv
    awk -F, 'NR > 1 { print $2, $5, $6 }' r.csv
  }
  order $F/cfg.yaml >first
  order $F/cfg.yaml >second
  cmp first second
  sed 's/^seed: .*/seed: 6/' $F/cfg.yaml >other.yaml
  order other.yaml >second
  ! cmp -s first second
}

@test "bench: pinned to the processor of --cpu, else to the highest" {
  cpus=$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)
  eo-bench -c $F/cfg.yaml --exact $F/int8.safetensors >row.csv
  [ "$(column cpu row.csv)" = "${cpus##*[-,]}" ]
  eo-bench -c $F/cfg.yaml --exact --cpu "${cpus%%[-,]*}" $F/int8.safetensors >row.csv
  [ "$(column cpu row.csv)" = "${cpus%%[-,]*}" ]
  fails 1 "eo-bench: expected a processor that this process may run on, found 4095" \
    eo-bench -c $F/cfg.yaml --exact --cpu 4095 -o row $F/int8.safetensors
  [ ! -e row ]
}

@test "bench: the process that times is pinned to one processor" {
  cpus=$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)
  eo-bench -c $F/cfg.yaml --exact --warmup 100000 --batch 2000 -o row $F/base.safetensors &
  pid=$!
  child_of $pid
  for ((i = 0; i < 2000; i++)); do
    allowed=$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/$child/status)
    [ "$allowed" != "${cpus##*[-,]}" ] || break
    sleep 0.01
  done
  [ "$allowed" = "${cpus##*[-,]}" ]
  [ "$(cat /proc/$child/comm)" = eo-bench ]
  kill $pid
  wait $pid || true
}

@test "bench: a line of progress on a terminal alone, and not with -q" {
  script -qec "eo-bench -c $F/cfg.yaml --exact -o row $F/int8.safetensors" /dev/null </dev/null >said
  grep -q 'timing: round 2 of 2, about [0-9]* s left' said
  script -qec "eo-bench -q -c $F/cfg.yaml --exact -o row $F/int8.safetensors" /dev/null </dev/null >said
  [ ! -s said ]
  eo-bench -c $F/cfg.yaml --exact -o row $F/int8.safetensors 2>said
  [ ! -s said ]
}

@test "bench: beside a competitor on the same processor interrupted samples are thrown away, and the others are good" {
  local interrupted=0
  # A sample is short beside the turns of two processes, so it is chance whether a turn ends in one.
  for ((try = 0; try < 8 && interrupted == 0; try++)); do
    beside_competitor eo-bench -c $F/cfg.yaml --limit 18 --rounds r.csv $F/base.safetensors >row.csv
    awk -v lost="$(column lost_share row.csv)" 'BEGIN { exit !(lost > 0.1) }'
    [[ $(column timing_reason row.csv) != *preempted* ]]
    [ "$(column round r.csv | tr '\n' ' ')" = "$(seq -s ' ' 0 $(($(column rounds row.csv) - 1))) " ]
    interrupted=$(column samples_interrupted r.csv | awk '{ sum += $1 } END { print sum + 0 }')
  done
  [ "$interrupted" -gt 0 ]
}

@test "bench: where every sample is interrupted, there is a row all the same, and it says so" {
  # A batch that lasts longer than a competitor waits.
  beside_competitor eo-bench --isa generic --batch 20000 --exact --trials 3 --repeats 1 --warmup 0 --rounds r.csv \
    $F/base.safetensors >row.csv
  [ "$(column timing_status row.csv)" != ok ]
  [ -n "$(column host_latency_median_ms row.csv)" ]
  awk -v n="$(column rounds_disturbed row.csv)" 'BEGIN { exit !(n > 0) }'
}

@test "bench: a session ends when its time is over, with at least one round of each" {
  eo-bench --seconds 1 --batch 2000 --trials 1000 -o row.csv $F/base.safetensors $F/half.safetensors 2>said
  [[ $(cat said) == \
    "eo-bench: 1 s (benchmark_seconds) were over after "*" rounds (planned: 1000): the rows are of these" ]]
  [ "$(wc -l <row.csv)" -eq 3 ]
  awk -v n="$(column rounds row.csv | sort -n | head -n 1)" 'BEGIN { exit !(n >= 1 && n < 1000) }'
}

@test "bench: --strict fails where a row is not ok" {
  fails_like 1 "eo-bench: $F/int8.safetensors: expected timing status ok, found short: *" \
    eo-bench -c $F/cfg.yaml --exact --strict -o row --samples s --rounds r $F/int8.safetensors
  for f in row s r; do [ ! -e $f ]; done
}

@test "bench: batch 1 fills both groups of columns with the same samples" {
  eo-bench --batch 1 --exact --trials 2 --repeats 80 --samples s.csv $F/int8.safetensors >row.csv
  [ "$(tail -n 1 row.csv | cut -d, -f10-15)" = "$(tail -n 1 row.csv | cut -d, -f17-22)" ]
  [ "$(column host_batch_latency_ms row.csv)" = "$(column host_latency_ms row.csv)" ]
  [ "$(($(wc -l <s.csv) - 1))" = "$(column samples row.csv)" ]
}

@test "bench: threads, instruction set and their columns" {
  eo-bench -c $F/cfg.yaml --threads 2 --batch 64 --isa generic --exact $F/base.safetensors >row.csv
  [ "$(column isa row.csv),$(column threads row.csv),$(column batch_size row.csv)" = generic,2,64 ]
  EO_ISA=generic eo-bench --exact $F/base.safetensors >row.csv
  [ "$(column isa row.csv),$(column threads row.csv)" = generic,1 ]
}

@test "bench: of several threads, each has a processor, and it is seen when a competitor has one of them" {
  [ "$(nproc)" -ge 2 ] || skip "two threads need two processors"
  grep -qs ' [1-9][0-9]*$' /proc/self/schedstat || skip "needs a kernel that counts how long threads wait"
  eo-bench --threads 2 --exact --warmup 100000 --batch 2000 -o row $F/base.safetensors &
  child_of $!
  for ((i = 0; i < 1000; i++)); do
    each=$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/$child/task/*/status)
    [[ $(wc -w <<<"$each") -ne 2 || $each == *[-,]* ]] || break
    sleep 0.01
  done
  kill $!
  wait $! || true
  [ "$(sort -u <<<"$each" | wc -l)" -eq 2 ]
  beside_competitor eo-bench -c $F/cfg.yaml --threads 2 --limit 18 --rounds r.csv $F/base.safetensors >row.csv
  awk -v lost="$(column lost_share row.csv)" 'BEGIN { exit !(lost > 0.1) }'
  column waited_s r.csv | awk '{ sum += $1 } END { exit !(sum > 0) }'
  column samples_interrupted r.csv | awk '{ sum += $1 } END { exit !(sum > 0) }'
  # more threads than processors take turns, and nobody else is to blame
  eo-bench --exact --threads 256 --rounds r.csv $F/base.safetensors >/dev/null
  [ -z "$(column waited_s r.csv | tr -d '\n')" ] || [ "$(nproc)" -ge 256 ]
}

@test "bench: no config needs no data; --no-header, -o, standard input" {
  (unset EO_DATA_DIR; eo-bench <$F/half.safetensors) >row.csv
  [ "$(head -n 1 row.csv)" = "$HEADER" ]
  [ "$(column precision row.csv)" = fp16 ]
  eo-bench --no-header -o row2.csv - <$F/half.safetensors
  [ "$(wc -l <row2.csv)" -eq 1 ]
  [ "$(cut -d, -f1-8 row2.csv)" = "$(tail -n 1 row.csv | cut -d, -f1-8)" ]
}

@test "bench: a pipe of prune, quant and bench" {
  eo-prune -l 0.5 $F/base.safetensors | eo-quant -p int8 -c $F/cfg.yaml | eo-bench -c $F/cfg.yaml >row.csv
  [ "$(wc -l <row.csv)" -eq 2 ]
  [ "$(tail -n 1 row.csv | cut -d, -f1-3)" = 0.50,int8,5 ]
}

@test "bench: two at a time wait for each other, whatever the folder" {
  mkdir a b lock
  export EO_LOCK_DIR=$PWD/lock
  for d in a b; do
    (cd $d && eo-bench --no-header --batch 2 --warmup 0 --repeats 100 --trials 1 --samples s.csv $F/int8.safetensors \
      >row) &
  done
  wait
  [ -e lock/edge-opt-timing.lock ]
  [ "$(cat a/row b/row | wc -l)" -eq 2 ]
  # While the lock is held nothing is timed. flock(1), which took it, has ended; this shell holds the file.
  exec 8<lock/edge-opt-timing.lock
  flock 8
  eo-bench -o held.csv $F/int8.safetensors 8<&- 2>said &
  until [ -s said ]; do sleep 0.1; done
  [[ $(cat said) == "eo-bench: $EO_LOCK_DIR/edge-opt-timing.lock is held by process $BASHPID of user $(id -un) since \
20"*"; waiting until it is done" ]]
  [ ! -e held.csv ]
  # Not for ever.
  fails_like 1 "eo-bench: */edge-opt-timing.lock is held by process $BASHPID of *; waited 0 s (benchmark_wait): *" \
    eo-bench --wait 0 -o late.csv $F/int8.safetensors 8<&-
  # A processor that is not there is refused at once.
  fails 1 "eo-bench: expected a processor that this process may run on, found 4095" eo-bench --cpu 4095 -o late.csv \
    $F/int8.safetensors 8<&-
  [ ! -e late.csv ]
  flock -u 8
  wait $!
  [ "$(wc -l <held.csv)" -eq 2 ]
  # Without a place for the lock, timing goes on, and says so.
  EO_LOCK_DIR=/nonexistent eo-bench $F/int8.safetensors >row 2>said
  [ "$(cat said)" = \
    "eo-bench: not locked: /nonexistent/edge-opt-timing.lock: No such file or directory; another benchmark may run at \
the same time" ]
  [ "$(wc -l <row)" -eq 2 ]
  [[ $(column timing_reason row) == *"not locked: /nonexistent/edge-opt-timing.lock: No such file or directory" ]]
  for way in eo-layers "eo-mlperf --window 0.001"; do
    EO_LOCK_DIR=/nonexistent $way $F/int8.safetensors 2>&1 >row | grep -q 'not locked: /nonexistent'
    [[ $(column timing_reason row | tail -n 1) == \
      *"not locked: /nonexistent/edge-opt-timing.lock: No such file or directory"* ]]
  done
}

@test "bench: a frontier comes out of benchmark_exact too, though its rows are short" {
  sed '$a benchmark_exact: true' $F/cfg.yaml >exact.yaml
  eo-eval -c exact.yaml -o accuracy.csv $F/base.safetensors
  eo-bench -c exact.yaml -o timing.csv $F/base.safetensors
  [ "$(column timing_status timing.csv)" = short ]
  eo-pareto -q -c exact.yaml --latency frontier.csv --sweep sweep.csv accuracy.csv timing.csv
  [ "$(wc -l <frontier.csv)" -eq 2 ]
  [ "$(column frontier_latency sweep.csv)" = possible ]
}

@test "bench: wrong usage exits 2" {
  m=$F/base.safetensors
  fails 2 "eo-bench: option '--batch': expected an integer in 1..65536, found '0'"$'\n'"$HINT" eo-bench --batch 0 $m
  fails 2 "eo-bench: option '--batch': expected an integer in 1..65536, found '65537'"$'\n'"$HINT" eo-bench \
    --batch 65537 $m
  fails 2 "eo-bench: option '--repeats': expected an integer in 1..100000, found '0'"$'\n'"$HINT" eo-bench --repeats 0 \
    $m
  fails 2 "eo-bench: option '--trials': expected an integer in 1..1000, found '-1'"$'\n'"$HINT" eo-bench --trials -1 $m
  fails 2 "eo-bench: option '--warmup': expected an integer in 0..100000, found 'x'"$'\n'"$HINT" eo-bench --warmup x $m
  fails 2 "eo-bench: option '--threads': expected an integer in 1..256, found '257'"$'\n'"$HINT" eo-bench \
    --threads 257 $m
  fails 2 "eo-bench: unknown or ambiguous option '--split'"$'\n'"$HINT" eo-bench --split both $m
  fails 2 "eo-bench: option '--batch' needs an argument"$'\n'"$HINT" eo-bench $m --batch
  fails 2 "eo-bench: options '--from' and '--into' need each other"$'\n'"$HINT" eo-bench --from $F $m
  fails 2 "eo-bench: options '--from' and '--into' need each other"$'\n'"$HINT" eo-bench --into $F $m
  fails 2 "eo-bench: expected the names of candidates"$'\n'"$HINT" eo-bench --from $F --into $F
  for o in "--output x" "--samples x" "--rounds x" --no-header; do
    fails 2 \
      "eo-bench: option '--from' writes a file for each candidate and cannot be combined with '${o%% *}'"$'\n'"$HINT" \
      eo-bench --from $F --into $F $o p0.00-fp32
  done
  for o in layers mlperf doctor; do
    fails 2 "eo-bench: there is no option '--$o': use eo-$o"$'
'"$HINT" eo-bench --batch 2 --$o $m
  done
  fails 2 "eo-bench: option '--limit': expected an integer in 1..1000000, found '0'"$'\n'"$HINT" eo-bench --limit 0 $m
  fails 2 "eo-bench: option '--cpu': expected an integer in 0..4095, found '-1'"$'\n'"$HINT" eo-bench --cpu -1 $m
  fails 2 "eo-bench: only one output can go to standard output; give the others a file"$'\n'"$HINT" eo-bench \
    --samples - $m
  fails 2 "eo-bench: only one input can come from standard input"$'\n'"$HINT" eo-bench -c -
  fails 2 "eo-bench: option '--data' needs '-c': without a config the images are random pixels"$'\n'"$HINT" eo-bench \
    --data $F/set $m
  run --separate-stderr eo-bench --isa z80 $m
  [ "$status" -eq 2 ]
  [[ $stderr == "eo-bench: option '--isa': "*"'z80'"* ]]
}

@test "bench: bad input exits 1 with one line and leaves no file" {
  m=$F/base.safetensors
  out="-o row --samples s"
  fails 1 "eo-bench: none.safetensors: cannot open: No such file or directory" eo-bench $out none.safetensors
  fails 1 "eo-bench: none.yaml: cannot open: No such file or directory" eo-bench -c none.yaml $out $m
  printf 'PK\3\4 this is not a model' >zip
  fails 1 "eo-bench: zip: expected a safetensors file, found a zip archive; unpack it" eo-bench $out zip
  head -c 3000 $m >short
  fails_like 1 "eo-bench: (standard stream): *" eo-bench $out - <short
  fails_like 1 "eo-bench: (standard stream): *" eo-bench $out - </dev/null
  fails 1 "eo-bench: dataset 'idx': expected a folder 'none' (--data), found none" \
    eo-bench -c $F/cfg.yaml --data none $out $m
  printf 'dataset: mnist\n' >mnist.yaml
  (
    unset EO_DATA_DIR
    fails_like 1 "eo-bench: dataset 'mnist': expected *" eo-bench -c mnist.yaml $out $m
  )
  sed 's/^val_subset.*/val_subset: 621/' $F/cfg.yaml >cfg.yaml
  fails 1 "eo-bench: $F/set: 'val_subset': expected at most the 620 training images, found 621" \
    eo-bench -c cfg.yaml $out $m
  for name in base base/p0.00-fp32 p0.00 p0.00-fp64 ../p0.00-fp32 seed8/p1.50-fp32; do
    fails_like 1 "eo-bench: *" eo-bench --from $F --into . $name
  done
  fails 1 "eo-bench: expected a candidate's name, as p0.50-int8 or seed8/p0.50-taylor-int8, found 'base'" eo-bench \
    --from $F --into . base
  fails 1 "eo-bench: expected a candidate's name, as p0.50-int8 or seed8/p0.50-taylor-int8, found 'seed3/p9.00-int8'" \
    eo-bench --from $F --into . p0.50-int8 seed3/p9.00-int8
  fails 1 "eo-bench: expected each candidate once, found 'p0.50-int8' twice" eo-bench --from $F --into . p0.50-int8 \
    p0.25-int8 p0.50-int8
  echo nonsense >p0.00-fp32.accuracy.err
  fails 1 "eo-bench: ./p0.00-fp32.accuracy.err: expected a column 'pruning_level', found none" \
    eo-bench --from $F --into . p0.00-fp32
  EO_ISA=z80 fails_like 1 "eo-bench: EO_ISA: *'z80'*" eo-bench $out $m
  [ ! -e row ]
  [ ! -e s ]
}

@test "bench: with all standard streams closed the file is written, and nothing goes into it but rows" {
  eo-bench --exact --trials 1 --repeats 1 --warmup 0 -o closed.csv $F/int8.safetensors 0<&- 1>&- 2>&-
  [ "$(wc -l <closed.csv)" -eq 2 ]
  EO_LOCK_DIR=/nonexistent eo-bench --exact --trials 1 --repeats 1 --warmup 0 -o closed.csv $F/int8.safetensors 0<&- \
    1>&- 2>&-
  [ "$(wc -l <closed.csv)" -eq 2 ]
  fails 1 "eo-bench: (standard stream): cannot write: Bad file descriptor" \
    bash -c "exec eo-bench --exact --trials 1 --repeats 1 --warmup 0 $F/int8.safetensors 0<&- 1>&-"
}

@test "bench: a full disk exits 1" {
  for o in -o --samples; do
    fails 1 "eo-bench: /dev/full: cannot write: No space left on device" eo-bench --exact -o row $o /dev/full \
      $F/int8.safetensors
    [ ! -e row ]
  done
  run --separate-stderr bash -c "eo-bench $F/int8.safetensors >/dev/full"
  [ "$status" -eq 1 ]
  [ "$stderr" = "eo-bench: (standard stream): cannot write: No space left on device" ]
}

@test "bench: --help states what a sample is" {
  eo-bench --help >help
  grep -q 'A sample is one call, or as many in a row as last 100 steps of the clock' help
  grep -q 'at least 16 rounds and 640 samples of each size' help
  run --separate-stderr bash -c "eo-bench --help >/dev/full"
  [ "$status" -eq 1 ]
}
