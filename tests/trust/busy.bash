#!/usr/bin/env bash
# What is left of an experiment's answer on a busy machine:
#
#     EO_BIN=out/bin bash tests/trust/busy.bash RUNS FOLDER...
#
# Times the candidates of each finished experiment FOLDER (out/default) RUNS times while nothing else runs, RUNS times
# beside one spinning process on each processor, and RUNS times beside as much memory traffic (stress-ng where it is
# installed, else dd); joins each session with the accuracies that are there, and compares (busy.awk). The folders
# themselves are only read.
#
# Needs a quiet machine; a busy one is refused unless FORCE is set. Exit status 1 when one of the limits is missed.
set -euo pipefail
export LC_ALL=C
here=$(dirname "$0")
. "$here/common.bash"

runs=$1
shift
dir=$(mktemp -d)
load=()
trap 'stop_load; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM HUP

# processors: those that this process may use, one a line
processors() {
  taskset -cp $$ | sed 's/.*: //' | tr ',' '\n' | awk -F- '{ for (i = $1; i <= $NF; i++) print i }'
}

# start_load KIND: quiet, spin or memory
start_load() {
  local cpu
  [ "$1" != quiet ] || return 0
  for cpu in $(processors); do
    case $1 in
      spin) taskset -c "$cpu" sh -c 'while :; do :; done' & ;;
      memory)
        if command -v stress-ng >/dev/null; then
          taskset -c "$cpu" stress-ng --quiet --stream 1 >/dev/null &
        else
          taskset -c "$cpu" dd if=/dev/zero of=/dev/null bs=64M status=none &
        fi
        ;;
    esac
    load+=($!)
  done
}

stop_load() {
  [ ${#load[@]} -eq 0 ] || kill "${load[@]}" 2>/dev/null || :
  [ ${#load[@]} -eq 0 ] || wait "${load[@]}" 2>/dev/null || :
  load=()
}

# session FOLDER INTO: times the candidates; prints the seconds that took. The rows are in INTO/rows, the tables in
# INTO.
session() {
  local start names rows
  read -ra names <"$1/config/timed"
  mkdir -p "$2"
  cp -r "$1/rows" "$2/rows"
  find "$2/rows" \( -name '*.timing.*' -o -name '*.rounds.csv' \) -delete
  start=$(date +%s.%N)
  "$EO_BIN/eo-bench" -q -c "$1/config/bench.yaml" --from "$1/models" --into "$2/rows" "${names[@]}" >&2
  awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f\n", b - a }'
  mapfile -t rows < <(find "$2/rows" \( -name '*.accuracy.csv' -o -name '*.accuracy.err' -o -name '*.hits.csv' \
    -o -name '*.timing.csv' -o -name '*.timing.err' -o -name '*.rounds.csv' \) -size +0 | sort)
  "$EO_BIN/eo-pareto" -q -c "$1/config/select.yaml" --sweep "$2/sweep.csv" --latency "$2/frontier.csv" "${rows[@]}" >&2
}

# sessions FOLDER KIND: RUNS of them; the longest one's seconds are in $longest then
sessions() {
  local k seconds
  longest=0
  start_load "$2"
  for ((k = 1; k <= runs; k++)); do
    seconds=$(session "$1" "$dir/$(basename "$1")/$2$(printf %03d "$k")")
    printf '%s: %s, session %d of %d: %s s\n' "$1" "$2" "$k" "$runs" "$seconds" >&2
    longest=$(awk -v a="$seconds" -v b="$longest" 'BEGIN { print (a > b ? a : b) }')
  done
  stop_load
}

# compare FOLDER KIND: the verdicts on the sessions of this kind
compare() {
  local what found comparison limit all tables
  all=$dir/$(basename "$1")
  mapfile -t tables < <(printf '%s\n' "$all"/quiet*/sweep.csv; printf '%s\n' "$all/$2"*/{sweep,frontier}.csv | sort -r)
  verdict "longest session, seconds" "$longest" "<=" "60"
  awk -f "$here/busy.awk" "${tables[@]}" >"$dir/found"
  while IFS=$'\t' read -r what found comparison limit; do
    if [ "$what" = note ]; then echo "    $found"; else verdict "$what" "$found" "$comparison" "$limit"; fi
  done <"$dir/found"
}

refuse_busy trust-busy
"$EO_BIN/eo-doctor" | tail -n 1
for folder; do
  sessions "$folder" quiet
  echo "$folder: $runs sessions each; quiet: at most $longest s"
  for kind in spin memory; do
    sessions "$folder" "$kind"
    [ $kind = spin ] && echo "beside a spinning process on each of $(processors | wc -l) processors" ||
      echo \
        "beside memory traffic ($(command -v stress-ng >/dev/null && echo stress-ng --stream || echo dd) on each \
processor)"
    compare "$folder" "$kind"
  done
done
exit "$missed"
