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
  # With nothing to do nothing is submitted.
  run make_eo -j20 all RUN=slurm
  [ "$status" -eq 0 ]
  [[ $output != *TRAIN* && $output != *EVAL* ]]
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
