# Shared by all bats files: where the programs are, where the data is, and a small data set.
EO_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
EO_BIN=${EO_BIN:-$EO_ROOT/out/bin}
PATH=$EO_BIN:$PATH
export LC_ALL=C
# Benchmarks wait for each other by a lock; those of this run have theirs, so no other run delays a test.
export TMPDIR=${BATS_RUN_TMPDIR:-${TMPDIR:-/tmp}}
export EO_LOCK_DIR=$TMPDIR

if [ -z "${EO_DATA_DIR:-}" ] && [ -d "$EO_ROOT/../shared/data" ]; then
  EO_DATA_DIR=$(cd "$EO_ROOT/../shared/data" && pwd)
fi

# Real data, or the test is skipped by name: need_data mnist
need_data() {
  [ -n "${EO_DATA_DIR:-}" ] && [ -d "$EO_DATA_DIR/$1" ] || skip "needs the real $1 data: set EO_DATA_DIR"
  export EO_DATA_DIR
}

# make_model C1 C2 SEED [LEVEL [PRECISION]]: a random model on standard output
make_model() {
  "${EO_TESTS:-$EO_BIN/../build/tests}/make_model" "$@"
}

# fails STATUS MESSAGE COMMAND...: exactly this status and standard error, nothing on standard output
fails() {
  local want=$1 message=$2
  shift 2
  run --separate-stderr "$@"
  [ "$status" -eq "$want" ] && [ -z "$output" ] && [ "$stderr" = "$message" ] && return
  printf 'status %s, expected %s\nstdout: %s\nstderr: %s\nexpected: %s\n' "$status" "$want" "$output" "$stderr" "$message"
  return 1
}

# fails_like STATUS PATTERN COMMAND...: the same for one line that matches a glob
fails_like() {
  local want=$1 pattern=$2
  shift 2
  run --separate-stderr "$@"
  # shellcheck disable=SC2053
  [ "$status" -eq "$want" ] && [ -z "$output" ] && [ "${#stderr_lines[@]}" -eq 1 ] && [[ $stderr == $pattern ]] && return
  printf 'status %s, expected %s\nstdout: %s\nstderr: %s\nexpected: %s\n' "$status" "$want" "$output" "$stderr" "$pattern"
  return 1
}

# misused MESSAGE COMMAND...: wrong usage, exit 2: the message, and where help is
misused() {
  local message=$1
  shift
  fails 2 "$message
Try '$1 --help'." "$@"
}

# fails_with STATUS FIRST-LINE-OF-STDERR COMMAND...: nothing on standard output
fails_with() {
  local want=$1 message=$2
  shift 2
  run --separate-stderr "$@"
  [ "$status" -eq "$want" ] && [ -z "$output" ] && [ "${stderr_lines[0]}" = "$message" ] && return
  printf 'status %s, expected %s\nstdout: %s\nstderr: %s\nexpected: %s\n' "$status" "$want" "$output" "$stderr" "$message"
  return 1
}
