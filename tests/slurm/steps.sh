#!/bin/sh
# What many short steps cost: COUNT steps that sleep SECONDS, by make -j2 alone, and by make -jJOBS through two workers
# of the Slurm that SLURM_CONF names (cluster.sh).
#
#     sh tests/slurm/steps.sh [COUNT [SECONDS [JOBS]]]
set -eu
count=${1:-1000} seconds=${2:-0.2} jobs=${3:-20}
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'sh tools/slurm.sh end "${EO_SPOOL:-none}"; rm -rf "$folder"' EXIT
printf 'all: $(addprefix step,$(shell seq %s))\nstep%%:\n\t@$(LAUNCH) sleep %s\n' "$count" "$seconds" \
    >"$folder/Makefile"
timed() {
    from=$(date +%s.%N)
    "$@"
    echo "$(date +%s.%N) $from" | awk '{ printf "%.1f", $1 - $2 }'
}
alone=$(timed make -s -f "$folder/Makefile" -j2)
export EO_JOBS=2 EO_CPUS=1 EO_MEM=1G EO_MINUTES=60
EO_SPOOL=$(sh tools/slurm.sh begin out/build/slurm $$)
export EO_SPOOL
sh tools/slurm.sh step true & sh tools/slurm.sh step true # the jobs have begun
wait
through=$(timed make -s -f "$folder/Makefile" -j"$jobs" LAUNCH='sh tools/slurm.sh step')
echo "$count $alone $through" | awk -v s="$seconds" '{
    printf "%d steps of %s s on two: %s s by make -j2, %s s through Slurm: %.2f times\n", $1, s, $2, $3, $3 / $2 }'
