#!/usr/bin/env bash
# How far the timings of this machine can be trusted, by the default sweep's candidates:
#
#     EO_BIN=out/bin bash tests/trust/trust.bash out/default [RUNS]
#
# - ranking: of the pairs of candidates that one run calls different (95 % intervals of the median apart), the share
#   that each other run ranks the same way, over all ordered pairs of RUNS (10) runs;
# - quiet: the share of rows whose status is not ok when nothing else runs;
# - sibling: rows that are ok while another process spins on the same processor, although their median is off that of
#   the first run by more than 3 %;
# - time: the longest of the runs.
#
# Needs a quiet machine; a busy one is refused unless FORCE is set. Exit status 1 when one of the limits is missed.
set -euo pipefail
export LC_ALL=C
. "$(dirname "$0")/common.bash"

mapfile -t models < <(tr ' ' '\n' <"$1/config/timed" | sed "s|.*|$1/models/&.safetensors|")
runs=${2:-10}
bench=$EO_BIN/eo-bench
dir=$(mktemp -d)
spinner=
trap 'stop_spinner; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM HUP

stop_spinner() {
  [ -z "$spinner" ] || kill "$spinner" 2>/dev/null || :
  spinner=
}

# session NAME: times all candidates once, into NAME.csv; prints the seconds it took
session() {
  local start
  start=$(date +%s.%N)
  "$bench" -q -c configs/default.yaml --cpu "$cpu" -o "$dir/$1.csv" "${models[@]}"
  awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f\n", b - a }'
}

# not_ok FILE...: rows, rows not ok, and their statuses
not_ok() {
  awk -F, 'FNR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
    { rows++; s = $column["timing_status"]; if (s != "ok") { bad++; count[s]++ } }
    END { printf "%d %d ", rows, bad; for (s in count) printf "%s=%d ", s, count[s]; print "" }' "$@"
}

# ranking PREFIX: pairs called different, and of them those ranked the same, over all ordered pairs of runs
ranking() {
  awk -F, -v p="$1" 'FNR == 1 { run++; n = 0; for (i = 1; i <= NF; i++) column[$i] = i; next }
    { n++; m[run, n] = $column[p "_latency_median_ms"]; low[run, n] = $column[p "_latency_median_ci95_low_ms"]
      high[run, n] = $column[p "_latency_median_ci95_high_ms"] }
    END {
      for (r = 1; r <= run; r++) for (i = 1; i <= n; i++) for (j = 1; j <= n; j++) {
        if (low[r, j] == "" || high[r, i] == "" || high[r, i] + 0 >= low[r, j] + 0) continue
        for (s = 1; s <= run; s++) if (s != r) { called++; same += m[s, i] + 0 < m[s, j] + 0 }
      }
      all = run * (run - 1) * n * (n - 1) / 2
      printf "%d %d %d\n", called, same, all
    }' "$dir"/run*.csv
}

# wrong FILE: rows; those that are ok and off the first run's median by more than 3 %; and how many are ok
wrong() {
  awk -F, 'FNR == 1 { file++; for (i = 1; i <= NF; i++) column[$i] = i; next }
    { m = $column["host_latency_median_ms"] }
    file == 1 { right[FNR] = m; next }
    { rows++; if ($column["timing_status"] == "ok") { ok++; d = m / right[FNR] - 1; if (d > 0.03 || d < -0.03) bad++ } }
    END { printf "%d %d %d\n", rows, bad, ok }' "$dir/run001.csv" "$1"
}

cpu=$(taskset -cp $$ | sed 's/.*[ ,-]//')
refuse_busy trust

machine=$("$EO_BIN/eo-doctor" --cpu "$cpu" | tail -n 1)
longest=0
for ((k = 1; k <= runs; k++)); do
  seconds=$(session "run$(printf %03d "$k")")
  longest=$(awk -v a="$seconds" -v b="$longest" 'BEGIN { print (a > b ? a : b) }')
done
taskset -c "$cpu" sh -c 'while :; do :; done' &
spinner=$!
session sibling >/dev/null
stop_spinner

read -r rows bad which <<<"$(not_ok "$dir"/run*.csv)"
read -r called same all <<<"$(ranking host)"
read -r called1 same1 all1 <<<"$(ranking host_single)"
read -r rows2 bad2 ok2 <<<"$(wrong "$dir/sibling.csv")"
echo "$machine"
echo "$runs runs of $((rows / runs)) candidates on processor $cpu"
verdict "batches: ranked the same again, of pairs called different" "$(share "$same" "$called")" ">=" "95 %"
echo "    $same of $called; intervals are apart in $(share "$called" "$all") of all pairs"
verdict "single images: ranked the same again, of pairs called different" "$(share "$same1" "$called1")" ">=" "95 %"
echo "    $same1 of $called1; intervals are apart in $(share "$called1" "$all1") of all pairs"
verdict "rows not ok, quiet machine" "$(share "$bad" "$rows")" "<=" "5 %"
echo "    $bad of $rows ${which:+($which)}"
verdict "rows ok and off by 3 %, a process spinning on the same processor" "$(share "$bad2" "$rows2")" "<=" "5 %"
echo "    $bad2 of $rows2 ($ok2 are ok)"
verdict "longest run, seconds" "$longest" "<=" "30"
exit $missed
