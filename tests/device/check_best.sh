#!/bin/sh
# Asks eo-best six questions about an explored network, and builds each answer: it is trained again, exported, compiled,
# linked and run in QEMU. The last line counts; exit 1 when an answer does not keep its limits, has other scores than
# the host's, or other hits on the test set than the table says.
#
#     check_best.sh CONFIG FOLDER BASE [--data DIR]
#
# FOLDER holds explore.csv and explore_hits.csv; BASE is the trained model, or '' with explore_from: scratch. EO_BIN and
# EO_TESTS name the folders of the programs, and of count.so.
set -eu
config=$1 folder=$2 base=$3
shift 3
options="-q -c $config $*"
here=$(dirname "$0") bin=${EO_BIN:-out/bin}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# column NAME FILE: the values of a column
column() {
  awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at }' "$2"
}

# build POINT CORE: $work/row.csv says what it takes, $work/eval.csv what it reaches
build() {
  rm -rf "$work/net" && mkdir "$work/net"
  "$bin/eo-explore" $options ${base:+--base "$base"} --point "$1" -o "$work/model"
  "$bin/eo-eval" $options --split test -o "$work/eval.csv" "$work/model"
  "$bin/eo-export" $options --prefix net --tests 100 -o "$work/net/net" "$work/model"
  { sh "$here/measure.sh" header && sh "$here/measure.sh" "$work/net" "$2" "$1" ''; } >"$work/row.csv"
}

passed=0 failed=0 unanswered=0
# ask LIMIT OPTIONS...: LIMIT is flash_bytes, ram_bytes or instructions, and the most of it, with "=" between
ask() {
  limit=$1
  shift
  began=$(date +%s%N)
  "$bin/eo-best" -c "$config" --from "$folder" "$@" -o "$work/answer"
  took=$((($(date +%s%N) - began) / 1000000))
  point=$(sed -n '1s/, on .*//p' "$work/answer") core=$(sed -n '1s/.*, on \([a-z0-9]*\):.*/\1/p' "$work/answer")
  if [ -z "$core" ]; then
    printf '%-12s %-7s %s\n' - - "$*"
    unanswered=$((unanswered + 1))
    return
  fi
  build "$point" "$core"
  grep "^${point%-*},${point##*-}," "$folder/explore.csv" | cat "$work/head" - >"$work/expected.csv"
  verdict=ok
  [ "$(column "${limit%=*}" "$work/row.csv")" -le "${limit#*=}" ] || verdict="over the limit"
  [ "$(column scores_equal "$work/row.csv")" = 1 ] || verdict="other scores"
  [ "$(column test_correct "$work/eval.csv")" = "$(column test_correct "$work/expected.csv")" ] || verdict="other hits"
  printf '%-12s %-7s %-36s %6s ms %8s %7s %10s %7.2f  %s\n' "$point" "$core" "$*" "$took" \
    "$(column flash_bytes "$work/row.csv")" "$(column ram_bytes "$work/row.csv")" \
    "$(column instructions "$work/row.csv")" \
    "$(awk -v x="$(column test_accuracy "$work/eval.csv")" 'BEGIN { print 100 * x }')" "$verdict"
  [ "$verdict" = ok ] && passed=$((passed + 1)) || failed=$((failed + 1))
}

head -n 1 "$folder/explore.csv" >"$work/head"
printf '%-12s %-7s %-36s %9s %8s %7s %10s %7s\n' point core question answered flash RAM instr. 'test %'
for kb in 4 8 16 32; do ask flash_bytes=$((kb * 1024)) --flash ${kb}k; done
ask ram_bytes=1024 --ram 1k
# 20 ms of 64 MHz at three cycles an instruction
ask instructions=426666 --core m0 --clock 64 --cycles 3 --latency 20ms
echo "$passed passed, $failed failed, $unanswered without a point that fits"
[ "$failed" -eq 0 ]
