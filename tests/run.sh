#!/bin/sh
# Runs the unit tests, the fuzz corpora, the disturbances (faults/) and the bats files; the last line is "N passed, N
# failed, N skipped".
# usage: run.sh [unit]    EO_BIN and EO_TESTS name the folders of the programs and of the test programs; EO_NO_BYTES
# leaves out check-bytes, which builds programs of its own.
set -u
cd "$(dirname "$0")/.." || exit 1
log=$(mktemp -d) || exit 1
trap 'rm -rf "$log"' EXIT
# The tests' own calls of make are calls of a user, whatever options this one was given. Its variables are in the environment.
unset MAKEFLAGS MFLAGS MAKELEVEL
jobs=$(nproc 2>/dev/null || echo 1)

# $1 = name, $2 = what the last line looks like behind it, $3 = the output, $4 = exit status. A driver whose last line is
# another one has crashed and counts as failed.
count() {
  line=$(tail -n 1 "$3")
  case $line in
    "$1: "$2) ;;
    *) line="$1: 0 passed, 1 failed"; set -- "$1" "$2" "$3" 99 ;;
  esac
  echo "$line" >>"$log/counts"
  return "$4"
}

# What a test program prints is shown when it fails; lines that begin with "# " are figures and always shown.
for t in "$EO_TESTS"/test_*; do
  name=$(basename "$t")
  case $name in *.*) continue ;; esac
  "$t" >"$log/$name.out" 2>&1 </dev/null
  if count "$name" "* passed, * failed" "$log/$name.out" $?; then
    sed -n "s/^# /    /p" "$log/$name.out"
  else
    sed "s/^/    /" "$log/$name.out"
  fi
  echo "$line"
done

for t in "$EO_TESTS"/fuzz_*; do
  name=$(basename "$t")
  corpus=tests/fuzz/corpus/${name#fuzz_}
  [ -d "$corpus" ] || continue
  if "$t" "$corpus"/* >"$log/$name.out" 2>&1; then
    line="$name: $(ls "$corpus" | wc -l) passed, 0 failed"
  else
    sed "s/^/    /" "$log/$name.out"
    line="$name: 0 passed, 1 failed"
  fi
  echo "$line"
  echo "$line" >>"$log/counts"
done

# $1 = name, $2 = its last line, then the command. Its output is shown in any case.
drive() {
  name=$1 last=$2
  shift 2
  "$@" >"$log/$name.out" 2>&1 </dev/null
  cat "$log/$name.out"
  count "$name" "$last" "$log/$name.out" 0 || echo "$line"
}

if [ "${1:-all}" = all ]; then
  [ -n "${EO_NO_BYTES:-}" ] || drive check-bytes "* passed, * failed, * skipped" sh tests/check-bytes.sh
  drive faults "* passed, * failed, * skipped" bash tests/faults/run.bash
  drive rebuild "* passed, * failed" sh tests/rebuild.sh
fi

if [ "${1:-all}" = all ]; then
  # Several files at a time; the output of each is shown when it is complete.
  ls tests/*.bats tests/attack/*.bats | xargs -P "$jobs" -I{} sh -c '
    out="$1/$(basename "$2").tap"
    bats --tap "$2" >"$out" 2>&1
    grep -v "^1\.\." "$out" | grep -v "^ok [0-9]* .*[^p]$" | grep -v "^ok" 
    ok=$(grep -c "^ok" "$out"); bad=$(grep -c "^not ok" "$out"); skip=$(grep -c "^ok.* # skip" "$out")
    grep "^ok.* # skip" "$out" | sed "s/^ok [0-9]* /skipped: /"
    grep -q "^1\.\." "$out" || bad=$((bad + 1))
    plan=$(sed -n "s/^1\.\.//p" "$out" | head -n 1)
    [ "$((ok + bad))" -ge "${plan:-0}" ] || bad=$((bad + ${plan:-0} - ok - bad))
    line="$(basename "$2"): $((ok - skip)) passed, $bad failed, $skip skipped"
    echo "$line"; echo "$line" >>"$1/counts"
  ' sh "$log" {}
fi

awk '{ for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) p += $(i-1); if ($i ~ /^failed/) f += $(i-1); if ($i ~ /^skipped/) s += $(i-1) } }
     END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 || p == 0 }' "$log/counts"
