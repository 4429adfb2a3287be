#!/bin/sh
# Runs the unit tests, the fuzz corpora, the disturbances (faults/) and the bats files; the last line is "N passed, N
# failed, N skipped".
# usage: run.sh [unit]    EO_BIN and EO_TESTS name the folders of the programs and of the test programs; EO_NO_BYTES
# leaves out check-bytes, which builds programs of its own.
set -u
cd "$(dirname "$0")/.." || exit 1
log=$(mktemp -d) || exit 1
trap 'rm -rf "$log"' EXIT
jobs=$(nproc 2>/dev/null || echo 1)

# Test programs end with "test_x: N passed, M failed"; one that does not has crashed and counts as failed.
for t in "$EO_TESTS"/test_*; do
  name=$(basename "$t")
  case $name in *.*) continue ;; esac
  "$t" >"$log/$name.out" 2>&1 </dev/null
  rc=$?
  line=$(tail -n 1 "$log/$name.out")
  case $line in
    "$name: "*" passed, "*" failed") ;;
    *) line="$name: 0 passed, 1 failed"; rc=99 ;;
  esac
  [ $rc = 0 ] || sed "s/^/    /" "$log/$name.out"
  echo "$line"
  echo "$line" >>"$log/counts"
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

if [ "${1:-all}" = all ] && [ -z "${EO_NO_BYTES:-}" ]; then
  sh tests/check-bytes.sh >"$log/bytes.out" 2>&1 </dev/null
  cat "$log/bytes.out"
  line=$(tail -n 1 "$log/bytes.out")
  case $line in
    "check-bytes: "*" passed, "*" failed, "*" skipped") echo "$line" >>"$log/counts" ;;
    *) echo "check-bytes: 0 passed, 1 failed" | tee -a "$log/counts" ;;
  esac
fi

if [ "${1:-all}" = all ]; then
  bash tests/faults/run.bash >"$log/faults.out" 2>&1 </dev/null
  cat "$log/faults.out"
  line=$(tail -n 1 "$log/faults.out")
  case $line in
    "faults: "*" passed, "*" failed, "*" skipped") echo "$line" >>"$log/counts" ;;
    *) echo "faults: 0 passed, 1 failed" | tee -a "$log/counts" ;;
  esac
fi

if [ "${1:-all}" = all ]; then
  sh tests/rebuild.sh >"$log/rebuild.out" 2>&1 </dev/null
  cat "$log/rebuild.out"
  line=$(tail -n 1 "$log/rebuild.out")
  case $line in
    "rebuild: "*" passed, "*" failed") echo "$line" >>"$log/counts" ;;
    *) echo "rebuild: 0 passed, 1 failed" | tee -a "$log/counts" ;;
  esac
fi

if [ "${1:-all}" = all ]; then
  # Several files at a time; the output of each is shown when it is complete.
  ls tests/*.bats | xargs -P "$jobs" -I{} sh -c '
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
