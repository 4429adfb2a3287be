#!/bin/sh
# Compares the output folders of two runs of one experiment: byte for byte, apart from what was measured by a clock.
#
#     tests/same-artefacts.sh [-x] [-m] A B
#
#     -x    the timings were made to be equal (see rebuild.sh); compare them too
#     -m    A may have more models and rows: those of candidates that were taken out
#
# What counts as timing, and is left out without -x:
#     columns and keys      whose name has latency, throughput, energy_proxy_j, achieved, utilization, bound_regime or
#                           samples in it, and those that say how the timing went
#     rows                  which of sweep_results.csv stand in pareto_frontier_*.csv (each must stand there), the order
#                           of precision_tradeoffs.csv
#     summary.json          the recommended candidate
#     plots                 accuracy_vs_latency, accuracy_vs_single_latency, accuracy_vs_energy
#     page                  report.html
#     rounds, machine       rows/*.rounds.csv, and what was found of the machine
# Always left out: the seconds of training logs, the records of steps (config/steps), the lists of files that a call of
# make found gone, changed or failed (config/gone, config/changed, config/failed), the names of the folders and of the
# configuration, the list of candidates that were timed together (config/timed), and what stands under host in
# manifest.json, except its list of files.
#
# Files that only one folder has count as different. Exit status 0 when nothing differs; the last line is
# "same-artefacts: N files, M differ".
set -u
export LC_ALL=C
exact=0 more='^$'
while getopts xm option; do
    case $option in
    x) exact=1 ;;
    m) more='^models/\|^rows/\|^config/seed' ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
if [ $# != 2 ] || [ ! -d "$1" ] || [ ! -d "$2" ]; then
    echo "usage: same-artefacts.sh [-x] [-m] FOLDER FOLDER" >&2
    exit 2
fi
a=$(cd "$1" && pwd) b=$(cd "$2" && pwd)
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT

clock='latency|throughput|energy_proxy_j$|energy_proxy_j_|achieved|utilization|bound_regime|samples'
clock="$clock|^timing_|^rounds|^session$|^cpu$|^reference_|^lost_share$|switches$|^migrations$|^steal_share$"
clock="$clock|^frequency_|cycles$|instructions$|ipc$|misses$|^counters_note$|^page_faults$|^energy_measured_j$"
clock="$clock|^energy_source$|^idle_power_w$|^resident_bytes$|^frontier_energy$|^node$|^node_kind$"
[ $exact = 0 ] || clock='^$'

# columns PATTERN FILE: a CSV file without the columns whose name matches. Commas in quotes separate nothing.
columns() {
    awk -v pattern="$1" '{ n = split($0, part, "\""); line = part[1]
          for (i = 2; i <= n; i++) { if (i % 2 == 0) gsub(",", ";", part[i]); line = line part[i] }
          n = split(line, cell, ",") }
        NR == 1 { for (i = 1; i <= n; i++) keep[i] = cell[i] !~ pattern }
        { line = ""; for (i = 1; i <= n; i++) if (keep[i] || n < 2) line = line "," cell[i]; print line }' "$2"
}

# json FILE: relies on one key a line. A block that is left out ends with a brace as far to the right as its key.
json() {
    awk -v pattern="$clock" -v exact=$exact '
        skip { if ($0 ~ "^" indent "[]}]") skip = 0; next }
        match($0, /"[^"]*":/) { key = substr($0, RSTART + 1, RLENGTH - 3) }
        key == "recommended" && !exact { indent = substr($0, 1, RSTART - 1); skip = /[[{]$/; next }
        key !~ pattern { print }' "$1"
}

# view FOLDER FILE: what of a file is compared; nothing for a file that says only where and when it was made.
view() {
    case $2 in
    config/source | config/timed | config/records | config/described) ;;
    machine.csv) columns '^found$|^verdict$|^advice$' "$1/$2" ;;
    *.rounds.csv) if [ $exact = 1 ]; then cat "$1/$2"; else head -n 1 "$1/$2"; fi ;;
    *training_log.csv | *finetune_log.csv | *_log.csv) columns '^seconds$|^images_per_s$' "$1/$2" ;;
    pareto_frontier_*.csv) if [ $exact = 1 ]; then cat "$1/$2"; else grep -vxFf "$1/sweep_results.csv" "$1/$2"; fi ;;
    precision_tradeoffs.csv) columns "$clock" "$1/$2" | if [ $exact = 1 ]; then cat; else sort; fi ;;
    *.timing.csv | sweep_results.csv | seed_summary.csv | hardware_summary.csv) columns "$clock" "$1/$2" ;;
    # Commands name the folder and the configuration; the table of machine.csv is what was found of the machine.
    report.html) [ $exact = 0 ] || sed '/<code>make /d; /^eo-/d; /<caption>machine.csv/,/<\/table>/d' "$1/$2" ;;
    accuracy_vs_*latency.[ps]* | accuracy_vs_energy.[ps]*) [ $exact = 0 ] || cat "$1/$2" ;;
    summary.json) json "$1/$2" ;;
    manifest.json) sed '/^  "host": {$/,$d' "$1/$2"; sed -n 's/^ *"path": //p' "$1/$2" ;;
    *) cat "$1/$2" ;;
    esac
}

files_of() {
    (cd "$1" && find . \( -path ./config/steps -o -path ./config/gone -o -path ./config/changed \
        -o -path ./config/failed \) -prune -o ! -type d -print) |
        sed 's|^\./||' | sort
}

files_of "$a" >"$scratch/a"
files_of "$b" >"$scratch/b"
comm -23 "$scratch/a" "$scratch/b" | grep -v "$more" | sed "s|^|only in $1: |" >"$scratch/found"
comm -13 "$scratch/a" "$scratch/b" | sed "s|^|only in $2: |" >>"$scratch/found"
comm -12 "$scratch/a" "$scratch/b" >"$scratch/both"
while IFS= read -r f; do
    cmp -s "$a/$f" "$b/$f" && continue
    view "$a" "$f" >"$scratch/left"
    view "$b" "$f" >"$scratch/right"
    cmp -s "$scratch/left" "$scratch/right" || echo "differs: $f" >>"$scratch/found"
done <"$scratch/both"

cat "$scratch/found"
differ=$(wc -l <"$scratch/found")
echo "same-artefacts: $(cat "$scratch/a" "$scratch/b" | sort -u | wc -l) files, $differ differ"
[ "$differ" = 0 ]
