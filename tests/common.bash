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

# deps_packages: the packages of make deps, of all its parts
deps_packages() {
  sed -e :a -e '/\\$/{N;s/\\\n//;ta' -e '}' "$EO_ROOT/Makefile" | sed -n 's/^DEPS_[A-Z]* := //p'
}

# make_model C1 C2 SEED [LEVEL [PRECISION]]: a random model on standard output
make_model() {
  "${EO_TESTS:-$EO_BIN/../build/tests}/make_model" "$@"
}

# json get FILE PATH... | json keys FILE | json check SCHEMA FILE: tests/helpers/json.c
json() {
  "${EO_TESTS:-$EO_BIN/../build/tests}/json" "$@"
}

# documented FILE: eo-formats(5) names every key of this JSON
documented() {
  local key
  json keys "$1" >keys && [ -s keys ] || return 1
  sort -u keys | while read -r key; do
    grep -qE "^\.(It )?Cm (.* )?$key( |\$)" "$EO_ROOT/tools/eo-formats.5" ||
      { echo "eo-formats(5): no $key"; return 1; }
  done
}

# fails STATUS MESSAGE COMMAND...: exactly this status and standard error, nothing on standard output
fails() {
  local want=$1 message=$2
  shift 2
  run --separate-stderr "$@"
  [ "$status" -eq "$want" ] && [ -z "$output" ] && [ "$stderr" = "$message" ] && return
  printf 'status %s, expected %s\nstdout: %s\nstderr: %s\nexpected: %s\n' "$status" "$want" "$output" "$stderr" \
    "$message"
  return 1
}

# fails_like STATUS PATTERN COMMAND...: the same for one line that matches a glob
fails_like() {
  local want=$1 pattern=$2
  shift 2
  run --separate-stderr "$@"
  # shellcheck disable=SC2053
  [ "$status" -eq "$want" ] && [ -z "$output" ] && [ "${#stderr_lines[@]}" -eq 1 ] && [[ $stderr == $pattern ]] &&
    return
  printf 'status %s, expected %s\nstdout: %s\nstderr: %s\nexpected: %s\n' "$status" "$want" "$output" "$stderr" \
    "$pattern"
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
  printf 'status %s, expected %s\nstdout: %s\nstderr: %s\nexpected: %s\n' "$status" "$want" "$output" "$stderr" \
    "$message"
  return 1
}

# A network of two layers on 2 x 3 x 2 signed bytes in four classes. The weights of `a` are 1 for the first value of
# the first channel and 0 else, so that its output is that value; class k has the logit k - value.
other_network() {
  local header='{"a.bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
  header+='"a.weight":{"dtype":"F32","shape":[1,2,3,2],"data_offsets":[4,52]},'
  header+='"classifier.bias":{"dtype":"F32","shape":[4],"data_offsets":[52,68]},'
  header+='"classifier.weight":{"dtype":"F32","shape":[4,1],"data_offsets":[68,84]}}   '
  printf "\\x$(printf %02x $((${#header} & 255)))\\x$(printf %02x $((${#header} >> 8)))\\0\\0\\0\\0\\0\\0%s" "$header"
  printf '\0\0\0\0\0\0\x80\x3f'; head -c 44 /dev/zero
  printf '\0\0\0\0\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40'
  printf '\0\0\x80\xbf\0\0\x80\xbf\0\0\x80\xbf\0\0\x80\xbf'
}

# The names of the pruning criteria as messages list them: "l1, l2, ...".
criteria() {
  eo-config --keys | sed -n 's/^| `pruning_criterion` .*each one of \([^|]*\) |.*|.*|$/\1/p'
}
