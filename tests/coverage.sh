#!/bin/sh
# Shows which branches of each reader the fuzz corpora, the unit tests and the tests of the programs reach. Prints one
# line for each file, the least covered first, and fails when a branch is neither reached nor in tests/coverage.txt.
#
#     tests/coverage.sh FOLDER     FOLDER is a build with CFLAGS="--coverage -O0" LDFLAGS=--coverage: make coverage
#
# FOLDER/coverage/*.gcov has the counts of each line; FOLDER/coverage/unreached has what is not reached, one line of
# code each, in the form of tests/coverage.txt.
cd "$(dirname "$0")/.." || exit 1
# The tests call make, which would build the programs without these flags.
export CFLAGS="--coverage -O0" LDFLAGS=--coverage OPT=-O0
folder=$(cd "${1:?usage: coverage.sh FOLDER}" && pwd) || exit 1
# Files that read what may come from elsewhere.
readers='lib/base/journal.c lib/base/num.c lib/format/board.c lib/format/config*.c lib/format/csv.c
  lib/format/dataset*.c lib/format/foreign.c lib/format/idx.c lib/format/json_read.c lib/format/level.c
  lib/format/manifest*.c lib/format/npy.c lib/format/onnx*.c lib/format/png.c lib/format/protobuf.c
  lib/format/safetensors.c lib/format/yaml_read.c lib/format/zip.c lib/nn/input.c lib/nn/model_check.c
  lib/nn/model_file.c lib/nn/model_meta.c lib/nn/network.c lib/nn/network_text.c lib/nn/state_dict.c
  lib/stage/candidate.c lib/stage/bench/doctor_read.c lib/stage/bench/resume.c lib/stage/data/collect*.c
  lib/stage/export/devices.c lib/stage/import/*.c lib/stage/select/evidence.c lib/stage/select/join.c
  lib/stage/select/sweep.c lib/stage/select/table.c lib/stage/pipeline/trace.c'
unit='bench_row candidate collect collect_refused config convert csv dataset doctor explain explore idx import
  import_onnx import_refused index input json_read level manifest model network network_fold network_s8 num onnx
  pareto png prune quant resume safetensors state_dict'
bats='attempt boards compare config data eval explain import inspect pareto prune quant study summary verify'

# one NAME: runs a test, and prints only whether it failed. Several may run at a time: gcov adds up their counts.
one() {
    # `make compare` uses the usual build, which these flags would compile again.
    [ "$1" != compare.bats ] || unset CFLAGS LDFLAGS OPT
    case $1 in
    fuzz_*) "$folder/build/tests/$1" tests/fuzz/corpus/"${1#fuzz_}"/* ;;
    test_*) "$folder/build/tests/$1" ;;
    *) EO_BIN=$folder/bin EO_TESTS=$folder/build/tests bats "tests/$1" ;;
    esac >/dev/null 2>&1 || echo "$1 failed"
}
[ -z "${2:-}" ] || { one "$2"; exit; }

find "$folder" -name '*.gcda' -exec rm -f {} +
{
    printf '%s.bats\n' $bats
    printf 'test_%s\n' $unit
    (cd "$folder/build/tests" && ls -d fuzz_* | grep -v '\.')
} | xargs -P "$(nproc)" -n 1 sh tests/coverage.sh "$folder"

rm -rf "$folder/coverage"
mkdir "$folder/coverage"
for pattern in $readers; do
    for source in $pattern; do
        data=$folder/build/${source%.c}.o.gcda
        [ -e "$data" ] || { [ ! -e "$source" ] || echo "$source: no test ran it"; continue; }
        report=$folder/coverage/$(echo "$source" | tr / +).gcov
        gcov -b -t "$data" >"$report" 2>/dev/null
        awk -v name="$source" -v unreached="$folder/coverage/unreached" -f tests/coverage.awk "$report"
    done
done | sort -n
sort -u "$folder/coverage/unreached" -o "$folder/coverage/unreached"

# A line of the table is "FILE FUNCTION: CODE", below a line "## reason".
grep '^lib/' tests/coverage.txt | sort -u | comm -13 - "$folder/coverage/unreached" >"$folder/coverage/unnamed"
grep '^lib/' tests/coverage.txt | sort -u | comm -23 - "$folder/coverage/unreached" |
    sed 's/^/reached now, or gone; it can leave the table: /'
[ ! -s "$folder/coverage/unnamed" ] || {
    sed 's/^/not reached, and not in tests\/coverage.txt: /' "$folder/coverage/unnamed"
    exit 1
}
