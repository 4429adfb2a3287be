#!/bin/sh
# Runs each fuzz target below FOLDER for so many seconds, beginning with the corpus and with what earlier runs have
# found, which stays in FOLDER. A crash is named with the file that makes it. The last line is "N passed, M failed, 0
# skipped".
#
#     tests/fuzz/run.sh FOLDER [SECONDS]
cd "$(dirname "$0")/../.." || exit 1
folder=${1:?usage: run.sh FOLDER [SECONDS]}
seconds=${2:-60}
passed=0 failed=0
for target in "$folder"/build/fuzz_*; do
    name=${target##*/}
    case $name in *.*) continue ;; esac
    found=$folder/$name
    mkdir -p "$found/corpus"
    corpus=tests/fuzz/corpus/${name#fuzz_}
    if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -artifact_prefix="$found/" "$found/corpus" \
      "$corpus" \
        >"$found/log" 2>&1 </dev/null; then
        passed=$((passed + 1))
        echo "  FUZZ    $name: $(sed -n 's/^Done \([0-9]*\) runs.*/\1 runs/p' "$found/log")"
    else
        failed=$((failed + 1))
        grep -E 'ERROR|SUMMARY|runtime error|Test unit written' "$found/log" | sed 's/^/    /'
        tail -n 5 "$found/log" | sed 's/^/    /'
        echo "  FUZZ    $name: failed"
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
