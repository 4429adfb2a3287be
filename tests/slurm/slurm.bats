#!/usr/bin/env bats
# RUN=slurm on a Slurm of this machine alone: the same bytes as without it, failures, and that nothing stays behind.

bats_require_minimum_version 1.5.0
load ../common

setup_file() {
  local tool
  for tool in munged slurmctld slurmd sbatch; do
    PATH=$PATH:/usr/sbin:/sbin command -v $tool >/dev/null || skip "needs $tool: make deps check-slurm"
  done
  mkdir "$BATS_FILE_TMPDIR/cluster"
  sh "$EO_ROOT/tests/slurm/cluster.sh" start "$BATS_FILE_TMPDIR/cluster" 4
  "$EO_BIN/eo-data" --generate "$BATS_FILE_TMPDIR/set" --train 300 --test 60
  # The same without Slurm.
  write_config "$BATS_FILE_TMPDIR/local"
  make_eo all >"$BATS_FILE_TMPDIR/local.said" 2>&1
}

teardown_file() {
  [ ! -d "$BATS_FILE_TMPDIR/cluster" ] || sh "$EO_ROOT/tests/slurm/cluster.sh" stop "$BATS_FILE_TMPDIR/cluster"
}

setup() {
  cd "$BATS_TEST_TMPDIR"
  cluster=$BATS_FILE_TMPDIR/cluster
  . "$cluster/env"
  # Each word is a variable of tools/slurm.sh.
  export EO_LOOK=1 EO_KIND=fast
  write_config "$BATS_TEST_TMPDIR/out"
}

# write_config OUT: sets config and out
write_config() {
  config=${1%/*}/exp.yaml out=$1
  # Enough epochs that a step can be hit.
  { sed '/epochs:/d' "$EO_ROOT/tests/golden/tiny.yaml"; cat; } >"$config" <<END
epochs: 150
fine_tune_epochs: 150
data_dir: $BATS_FILE_TMPDIR/set
output_dir: $out
seed: 3
train_subset: 240
val_subset: 60
batch_size: 40
END
}

make_eo() {
  env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL timeout 300 make -C "$EO_ROOT" --no-print-directory \
    B="$(dirname "$EO_BIN")" CONFIG="$config" "$@"
}

no_jobs() {
  local left
  left=$(squeue -h; find "$EO_BIN/../build/slurm" -mindepth 1 -maxdepth 1)
  [ -z "$left" ] || { echo "left behind: $left"; return 1; }
}

same() {
  sh "$EO_ROOT/tests/same-artefacts.sh" "$BATS_FILE_TMPDIR/local" "$out"
}

@test "slurm: all runs on nodes, gives the same bytes, and leaves no job" {
  run make_eo -j20 all RUN=slurm
  [ "$status" -eq 0 ] || { echo "$output"; false; }
  [[ $output == *recommended:* ]]
  same
  no_jobs
  # timed on a node of that kind, which the rows name
  [ "$(for f in "$out"/rows/*.timing.csv; do
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } { print $at["node"], $at["node_kind"] }' "$f"
  done | sort -u | sed 's/^n[12] /n /')" = "n fast" ]
  # With nothing to do nothing is submitted.
  run make_eo -j20 all RUN=slurm
  [ "$status" -eq 0 ]
  [[ $output != *TRAIN* && $output != *EVAL* ]]
}

@test "slurm: a job has the limits of the configuration; a variable wins, and an edit runs nothing again" {
  printf '%s\n' "job_minutes: 7" "job_memory_mb: 300" "job_threads: 2" >>"$config"
  # limits: of the jobs that there were since the one before. A job may take twice as long as a step, and a minute.
  limits() {
    scontrol show job -o | tr = ' ' | awk -v last="$last" '$2 > last {
        for (i = 1; i < NF; i += 1) of[$i] = $(i + 1)
        print of["TimeLimit"], of["NumCPUs"], of["MinMemoryNode"] }' | sort -u
  }
  last=$(squeue -h -t all -o %A | sort -n | tail -n 1)
  run make_eo "$out/models/base.safetensors" RUN=slurm
  [ "$status" -eq 0 ] || { echo "$output"; false; }
  [ "$(limits)" = "00:15:00 2 300M" ] || { limits; false; }
  sed -i 's/^job_minutes: .*/job_minutes: 5/; s/^job_memory_mb: .*/job_memory_mb: 400/' "$config"
  run make_eo "$out/models/base.safetensors" RUN=slurm
  [ "$status" -eq 0 ]
  [[ $output != *TRAIN* ]] || { echo "$output"; false; }
  rm "$out/models/base.safetensors"
  last=$(squeue -h -t all -o %A | sort -n | tail -n 1)
  run make_eo "$out/models/base.safetensors" RUN=slurm EO_CPUS=1 EO_MEM=500M
  [ "$status" -eq 0 ]
  [ "$(limits)" = "00:11:00 1 500M" ] || { limits; false; }
}

# ---- steps alone, without Make

# begin [RECORD]: starts a keeper, which ends with this shell
begin() {
  cd "$EO_ROOT"
  EO_SPOOL=$(EO_CPUS=1 EO_MEM=${EO_MEM:-2G} EO_MINUTES=${EO_MINUTES:-60} \
    sh tools/slurm.sh begin "$BATS_TEST_TMPDIR/spools" $$ "$@")
  export EO_SPOOL
}
step() { sh "$EO_ROOT/tools/slurm.sh" step "$@"; }
end() { sh "$EO_ROOT/tools/slurm.sh" end "$EO_SPOOL"; }

@test "slurm: a step has the command's words, output and exit status" {
  begin
  run --separate-stderr step sh -c 'printf "%s|" "$@"; echo "to stderr" >&2; exit 7' sh "it's" 'a  b' '$HOME' ''
  [ "$status" -eq 7 ]
  [ "$output" = "it's|a  b|\$HOME||" ]
  [ "$stderr" = "to stderr" ]
  # where it began, and with its environment
  run step sh -c 'echo "$PWD $LC_ALL"'
  [ "$output" = "$EO_ROOT C" ]
  end
  [ -z "$(squeue -h)" ]
}

@test "slurm: a step that is killed, out of time or memory, or whose job is cancelled is tried again, then fails" {
  local why
  export EO_TRIES=2 EO_DOUBLE=0
  EO_MINUTES=0.02 begin
  run --separate-stderr step sh -c 'echo first >&2; kill -KILL $$'
  [ "$status" -eq 1 ]
  [[ $stderr == *$'\n'"slurm: job "*" had its program killed, as for want of memory (EO_MEM=2G); tried 2 times" ]]
  run --separate-stderr step sh -c 'scancel $SLURM_JOB_ID; sleep 60'
  [ "$status" -eq 1 ]
  # Slurm ends the program first, and the worker may live long enough to say so.
  [[ $stderr == *"slurm: job "*" ended as CANCELLED; tried 2 times" ||
    $stderr == *"slurm: job "*" had its program killed, "*"; tried 2 times" ]] || { echo "$stderr"; false; }
  run --separate-stderr step sleep 60
  [ "$status" -eq 1 ]
  [[ $stderr == "slurm: job "*" was out of time (EO_MINUTES=0.02); tried 2 times" ]] || { echo "$stderr"; false; }
  end
  EO_MEM=60M begin
  run --separate-stderr step sh -c 'x=$(head -c 300000000 /dev/zero | tr "\0" x); sleep 20; echo ${#x}'
  [ "$status" -eq 1 ]
  [[ $stderr == *"slurm: job "*"(EO_MEM=60M); tried 2 times" ]] || { echo "$stderr"; false; }
  end
  # once is no failure
  begin
  run --separate-stderr step sh -c '[ -e "$1" ] || { : >"$1"; kill -KILL $$; }; echo done' sh "$BATS_TEST_TMPDIR/once"
  [ "$status" -eq 0 ]
  [ "$output" = "done" ]
  end
}

# uses BYTES: a step that holds so much memory for four seconds; dd waits with its block until the pipe is read
uses() { step sh -c 'dd if=/dev/zero bs="$1" count=1 status=none | sleep 4; echo "$1"' sh "$1"; }

@test "slurm: a step out of time or memory is tried again with twice the limits, EO_DOUBLE times" {
  # 0.05 minutes are 3 s.
  EO_MEM=1000M EO_MINUTES=0.05 begin 2>"$BATS_TEST_TMPDIR/said"
  run --separate-stderr step sh -c 'sleep 5; echo done'
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  [ "$output" = "done" ]
  end
  grep -qE "^make: slurm: job [0-9]+ was out of time \(EO_MINUTES=0.05\); trying its step again with EO_MEM=2000M and \
EO_MINUTES=0.1 \(2 of 3\)$" "$BATS_TEST_TMPDIR/said" || { cat "$BATS_TEST_TMPDIR/said"; false; }
  EO_MEM=60M EO_DOUBLE=1 begin 2>"$BATS_TEST_TMPDIR/said"
  run --separate-stderr uses 85000000
  [ "$status" -eq 0 ] || { echo "$stderr"; cat "$BATS_TEST_TMPDIR/said"; false; }
  [ "$output" = 85000000 ]
  grep -q '(EO_MEM=60M); trying its step again with EO_MEM=120M and' "$BATS_TEST_TMPDIR/said" ||
    { cat "$BATS_TEST_TMPDIR/said"; false; }
  # no more often than that
  run --separate-stderr uses 300000000
  [ "$status" -eq 1 ]
  [[ $stderr == *"slurm: job "*"(EO_MEM=120M); tried 3 times" ]] || { echo "$stderr"; false; }
  end
  [ -z "$(squeue -h)" ]
}

@test "slurm: limits that no node has are not asked for twice, and the step is tried with those before" {
  # A node has 4000 MB.
  EO_MEM=3000M begin 2>"$BATS_TEST_TMPDIR/said"
  run --separate-stderr step sh -c '[ -e "$1" ] || { : >"$1"; kill -KILL $$; }; echo done' sh "$BATS_TEST_TMPDIR/once"
  [ "$status" -eq 0 ] || { echo "$stderr"; cat "$BATS_TEST_TMPDIR/said"; false; }
  [ "$output" = "done" ]
  end
  [ "$(grep -c '; no step gets more than 1 times its limits$' "$BATS_TEST_TMPDIR/said")" -eq 1 ] ||
    { cat "$BATS_TEST_TMPDIR/said"; false; }
  # A partition's limit of time lets a job wait for ever.
  scontrol update PartitionName=all MaxTime=3
  EO_MINUTES=1 EO_MEM=100M begin 2>"$BATS_TEST_TMPDIR/said"
  run --separate-stderr timeout 60 sh "$EO_ROOT/tools/slurm.sh" step sh -c \
    '[ -e "$1" ] || { : >"$1"; kill -KILL $$; }; echo done' sh "$BATS_TEST_TMPDIR/second"
  scontrol update PartitionName=all MaxTime=INFINITE
  [ "$status" -eq 0 ] || { echo "$stderr"; cat "$BATS_TEST_TMPDIR/said"; false; }
  [ "$output" = "done" ]
  end
  grep -q 'no step gets more than 1 times its limits$' "$BATS_TEST_TMPDIR/said"
  [ -z "$(squeue -h)" ]
}

@test "slurm: limits that are auto come from the record of earlier runs" {
  local record=$BATS_TEST_TMPDIR/record
  export EO_MINUTES=auto EO_MEM=auto
  limit() {
    step sh -c 'echo "$EO_MINUTES $(scontrol show job $SLURM_JOB_ID | sed -n "s/.*MinMemoryNode=\([^ ]*\).*/\1/p")"'
  }
  begin "$record"
  run limit
  [ "$output" = "60 2000M" ] || { echo "$output"; false; }
  uses 85000000 >/dev/null
  end
  # seconds and KiB
  read -r seconds kib <"$record"
  [ "$seconds" -ge 4 ]
  [ "$seconds" -lt 60 ]
  [ ! -x /usr/bin/time ] || { [ "$kib" -gt 83000 ] && [ "$kib" -lt 300000 ]; }
  begin "$record"
  run limit
  [ "$output" = "10 500M" ] || { echo "$output"; false; }
  end
  [ "$(cat "$record")" = "$seconds $kib" ]
  echo "600 700000" >"$record"
  begin "$record"
  run limit
  [ "$output" = "51 1401M" ] || { echo "$output"; false; }
  end
  # A record that cannot be read counts as none.
  echo "?" >"$record"
  begin "$record"
  run limit
  [ "$output" = "60 2000M" ] || { echo "$output"; false; }
  end
}

@test "slurm: a job takes EO_BATCH steps and ends" {
  local i
  EO_BATCH=2 EO_JOBS=1 begin
  for i in 1 2 3 4; do step sh -c 'echo $SLURM_JOB_ID'; done >"$BATS_TEST_TMPDIR/jobs"
  run awk '{ n[$1]++ } END { for (job in n) print n[job] }' "$BATS_TEST_TMPDIR/jobs"
  [ "$output" = $'2\n2' ]
  end
}

@test "slurm: what sbatch refuses is said once, and is no fault of a candidate" {
  EO_SBATCH=--partition=nowhere begin
  run --separate-stderr step true
  [ "$status" -eq 2 ]
  end
  run make_eo accuracy RUN=slurm EO_SBATCH=--partition=nowhere
  [ "$status" -ne 0 ]
  [ "$(grep -c '^make: slurm: sbatch: error: ' <<<"$output")" -eq 1 ] || { echo "$output"; false; }
  [ ! -e "$out/accuracy_errors.csv" ]
}

@test "slurm: a step costs less than 50 ms beside Slurm's own time" {
  local from count=100 each
  begin
  step true
  from=${EPOCHREALTIME/[.,]/}
  for ((i = 0; i < count; i++)); do step true; done
  each=$(((${EPOCHREALTIME/[.,]/} - from) / count))
  echo "# $each us for each of $count steps, one after the other" >&3
  end
  [ $each -lt "${EO_STEP_US:-200000}" ]
}

@test "slurm: a node whose clock is an hour wrong gives the same bytes, and its steps are not made twice" {
  local skew
  [ -z "$EO_SANITIZE" ] || skip "sanitized programs do not survive a preloaded library"
  for skew in 3600 -3600; do
    export EO_SBATCH=--export=ALL,LD_PRELOAD=$EO_TESTS/skew.so,EO_SKEW=$skew,EO_SKEW_NODE=n1
    EO_SBATCH="$EO_SBATCH --nodelist=n1" begin
    run step date +%s
    end
    [ $(((output - $(date +%s)) * 3600 / skew)) -ge 3500 ]
    cd "$BATS_TEST_TMPDIR"
    make_eo clean >/dev/null
    run make_eo -j20 all RUN=slurm
    [ "$status" -eq 0 ] || { echo "$output"; false; }
    same
    run make_eo -j20 all
    [ "$status" -eq 0 ]
    [[ ! $output =~ (^|$'\n')\ \ [A-Z] ]] || { echo "$output"; false; }
  done
  no_jobs
}

# ---- interruptions

# training: the processes that train for this test
training() {
  local file
  local -a words
  for file in /proc/[0-9]*/cmdline; do
    mapfile -d '' words 2>/dev/null <"$file" || continue
    [[ ${words[0]:-} != *eo-train || ${words[*]} != *"$out"* ]] || echo "$file"
  done 2>/dev/null
}

# ended PID: within 20 s
ended() {
  local i
  for ((i = 0; i < 200; i++)); do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.1
  done
  return 1
}

@test "slurm: whatever ends make, its jobs are cancelled and nothing stays behind" {
  local signal making i
  sed -i 's/^epochs: .*/epochs: 10000/' "$config"
  for signal in INT TERM HUP KILL; do
    env --default-signal=INT setsid make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" CONFIG="$config" \
      -j20 accuracy RUN=slurm >said 2>&1 3>&- &
    making=$!
    for ((i = 0; i < 200; i++)); do
      [ -z "$(find "$EO_BIN"/../build/slurm/eo.*/run -type f 2>/dev/null)" ] || break
      sleep 0.1
    done
    [ -n "$(squeue -h -t R)" ] || { cat said; false; }
    case $signal in
      TERM) kill -TERM $making ;;
      *) kill -$signal -- -$making ;;
    esac
    ended $making
    for ((i = 0; i < 200; i++)); do
      no_jobs >/dev/null && break
      sleep 0.1
    done
    no_jobs || { echo "after $signal"; false; }
    # except after KILL, Make itself has waited for that
    echo "# $signal: nothing left after $((i / 10)).$((i % 10)) s" >&3
    [ "$signal" = KILL ] || [ $i -lt 5 ]
    [ -z "$(training)" ]
  done
}

@test "slurm: explore in shards gives the same table, though jobs are killed" {
  local making job kills=0 i
  sed -i 's/^epochs: .*/epochs: 2/' "$config"
  echo "explore_epochs: 60" >>"$config"
  make_eo explore >said 2>&1 || { cat said; false; }
  mkdir local && mv "$out"/explore*.csv local
  make_eo clean >/dev/null
  make_eo explore RUN=slurm EO_SHARDS=4 EO_TRIES=20 >said 2>&1 &
  making=$!
  for ((i = 0; i < 200; i++)); do
    kill -0 $making 2>/dev/null || break
    job=$(squeue -h -t R -o %A | shuf -n 1)
    if [ -n "$job" ] && [ $kills -lt 4 ] && [ -n "$(find "$out" -name '.explore-*' -size +0)" ]; then
      scancel --signal=KILL --full "$job" || true
      kills=$((kills + 1))
    fi
    sleep 0.3
  done
  wait $making || { cat said; false; }
  echo "# $kills kills, $(grep -c 'trying its step again' said || true) steps hit" >&3
  [ $kills -gt 0 ]
  diff local "$out" -x '.*' -x config -x models -x rows -x dataset.csv -x training_log.csv
  [ -z "$(find "$out" -name '.explore-*')" ]
  no_jobs
}

# A node that runs a job, or nothing.
busy_node() { squeue -h -t R -o %N | shuf -n 1 --random-source=<(yes $RANDOM); }

@test "slurm: nodes and jobs are killed at random, and the bytes are the same" {
  local round making node job kills=0 hits=0 rounds=${EO_ROUNDS:-2}
  RANDOM=${EO_SEED:-7}
  for ((round = 1; round <= rounds; round++)); do
    make_eo clean >/dev/null
    make_eo -j20 all RUN=slurm EO_TRIES=50 >said 2>&1 &
    making=$!
    while kill -0 $making 2>/dev/null; do
      sleep 0.$((RANDOM % 9 + 1))
      [ $kills -lt $((round * 6)) ] || break
      node=$(busy_node)
      [ -n "$node" ] || continue
      kills=$((kills + 1))
      if [ $((RANDOM % 2)) = 0 ]; then
        sh "$EO_ROOT/tests/slurm/cluster.sh" kill "$cluster" "$node"
        sh "$EO_ROOT/tests/slurm/cluster.sh" boot "$cluster" "$node"
      else
        job=$(squeue -h -t R -w "$node" -o %A | head -n 1)
        scancel --signal=KILL --full ${job:+"$job"} || true
      fi
    done
    wait $making || { cat said; false; }
    hits=$((hits + $(grep -c 'trying its step again' said || true)))
    same || { cat said; false; }
    no_jobs
  done
  echo "# $rounds rounds, $kills kills, $hits steps hit" >&3
  [ $hits -gt 0 ]
}
