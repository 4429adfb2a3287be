#!/bin/sh
# Runs the unit tests, the fuzz corpora, the disturbances (faults/) and the bats files. The last line is "N passed, N
# failed, N skipped", and the one before it names the ten that took longest.
# usage: run.sh [unit | attack | slurm]    EO_BIN and EO_TESTS name the folders of the programs and of test programs;
# EO_NO_BYTES leaves out check-bytes, which builds programs of its own; EO_EMULATOR runs the unit tests and the corpora.
set -u
cd "$(dirname "$0")/.." || exit 1

# Each of these functions prints what is worth showing, and its counts in the last line.

# $1 = name, $2 = pattern of what follows it in the last line, $3 = file of the output. A driver that crashed has
# another last line, which counts as one failure.
count() {
  line=$(tail -n 1 "$3")
  case $line in
    "$1: "$2) echo "$line" ;;
    *) echo "$1: 0 passed, 1 failed" ;;
  esac
}

# What a test program prints is shown when it fails; lines that begin with "# " are figures and always shown.
unit() {
  name=${1##*/}
  if ${EO_EMULATOR:-} "$1" >"$log/$name.out" 2>&1 </dev/null; then
    sed -n "s/^# /    /p" "$log/$name.out"
  else
    sed "s/^/    /" "$log/$name.out"
  fi
  count "$name" "* passed, * failed" "$log/$name.out"
}

corpus() {
  name=${1##*/}
  files=tests/fuzz/corpus/${name#fuzz_}
  if ${EO_EMULATOR:-} "$1" "$files"/* >"$log/$name.out" 2>&1; then
    echo "$name: $(ls "$files" | wc -l) passed, 0 failed"
  else
    sed "s/^/    /" "$log/$name.out"
    echo "$name: 0 passed, 1 failed"
  fi
}

# $1 = name, then the command. Its output is shown in any case.
drive() {
  name=$1
  shift
  "$@" >"$log/$name.out" 2>&1 </dev/null
  grep -v "^$name: .* passed, .* failed" "$log/$name.out"
  count "$name" "* passed, * failed*" "$log/$name.out"
}

bats_file() {
  tap=$log/$(basename "$1").tap
  bats --tap "$1" >"$tap" 2>&1 </dev/null
  grep -v '^1\.\.' "$tap" | grep -v '^ok'
  ok=$(grep -c '^ok' "$tap") bad=$(grep -c '^not ok' "$tap") skip=$(grep -c '^ok.* # skip' "$tap")
  grep '^ok.* # skip' "$tap" | sed 's/^ok [0-9]* /skipped: /'
  grep -q '^1\.\.' "$tap" || bad=$((bad + 1))
  plan=$(sed -n 's/^1\.\.//p' "$tap" | head -n 1)
  [ "$((ok + bad))" -ge "${plan:-0}" ] || bad=$((bad + ${plan:-0} - ok - bad))
  echo "$(basename "$1"): $((ok - skip)) passed, $bad failed, $skip skipped"
}

one() {
  case ${1##*/} in
    check-bytes) drive check-bytes sh tests/check-bytes.sh ;;
    faults) drive faults bash tests/faults/run.bash ;;
    rebuild) drive rebuild sh tests/rebuild.sh ;;
    *.bats) bats_file "$1" ;;
    fuzz_*) corpus "$1" ;;
    *) unit "$1" ;;
  esac
}

if [ "${1:-}" = --one ]; then
  log=$2
  begin=$(date +%s)
  one "$3" >"$log/$$.shown"
  echo "$(($(date +%s) - begin)) ${3##*/}" >>"$log/times"
  # One at a time, so that lines of several do not mix.
  exec flock "$log/print" sh -c 'cat "$1"; tail -n 1 "$1" >>"$2"' sh "$log/$$.shown" "$log/counts"
fi

log=$(mktemp -d) || exit 1
trap 'rm -rf "$log"' EXIT
trap 'exit 1' HUP INT TERM
# The tests call make as a user would, so the options of this make must not reach them. Variables that were given to it
# stay in the environment.
unset MAKEFLAGS MFLAGS MAKELEVEL

# As many at a time as there are processors. The long ones come first, and the largest of the bats files, so that none
# runs alone at the end.
{
  if [ "${1:-all}" = all ]; then
    [ -n "${EO_NO_BYTES:-}" ] || echo check-bytes
    printf '%s\n' rebuild faults
    ls -S tests/*.bats tests/attack/*.bats
  fi
  if [ "${1:-all}" = attack ] || [ "${1:-all}" = slurm ]; then
    ls -S tests/"$1"/*.bats
  else
    for t in "$EO_TESTS"/test_* "$EO_TESTS"/fuzz_*; do
      case ${t##*/} in *.* | *'*') ;; *) printf '%s\n' "$t" ;; esac
    done
  fi
} | xargs -d '\n' -n 1 -P "$(nproc 2>/dev/null || echo 1)" sh "$0" --one "$log"

sort -rn "$log/times" | head -n 10 | awk '{ printf "%s%s %d s", NR == 1 ? "slowest: " : ", ", $2, $1 } END { print "" }'
awk '{ for (i = 2; i <= NF; i++) {
         if ($i ~ /^passed/) p += $(i-1)
         if ($i ~ /^failed/) f += $(i-1)
         if ($i ~ /^skipped/) s += $(i-1) } }
     END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 || p == 0 }' "$log/counts"
