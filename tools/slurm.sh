#!/bin/sh
# RUN=slurm: the programs of an experiment run on the nodes of a Slurm cluster.
#
#     sh tools/slurm.sh begin SPOOLS MAKE [RECORD]
#                                            starts the keeper of the process MAKE; prints its spool, a folder in SPOOLS
#     sh tools/slurm.sh step COMMAND...      runs a command on a node, as if it ran here (EO_SPOOL)
#     sh tools/slurm.sh time COMMAND...      the same, alone on a node of the kind EO_KIND
#     sh tools/slurm.sh end SPOOL            ends the keeper, which cancels all jobs, and waits for it
#     sh tools/slurm.sh work SPOOL QUEUE     what a job does: takes commands from a queue until there are no more
#
# A job is a worker and no step: it takes one command after the other. So a thousand short steps need as many jobs as
# run at once, and the time that Slurm takes to start a job is paid once for each job. Folders of a spool:
#
#     step/ID time/ID   commands that wait, one shell script each; a worker claims one by renaming it to
#     run/ID.QUEUE.JOB  where only one of several workers can succeed
#     step1/ID ...      queues of those that are tried again with twice the limits, step2 with four times
#     out/ID.out .err   what the command printed
#     done/ID           its exit status, QUEUE.JOB, seconds, and KiB where memory is measured
#     tries/ID          how often it was tried, and how often its limits were doubled
#     wake/ID           a pipe through which the keeper wakes the recipe; recipes and keeper are on the same host
#     left/QUEUE.JOB    a worker that ended by itself
#     alive             the keeper's time; workers end when it has stood still for two minutes
#
# ID is step or time, and the process that waits. The keeper submits workers while commands wait for them. When a job
# has ended and left a command in run/, the keeper puts it back, up to EO_TRIES times. Nothing is lost or mixed by this:
# a program writes a temporary file and renames it, and equal inputs give equal bytes.
#
# The project must have the same path on all hosts. Times of files are not compared, so the clocks of hosts may differ.
# An NFS client may list a folder as it was some seconds ago, unless it changes the folder itself: so a file in it is
# renamed first (fresh).
set -u
export LC_ALL=C

# What a user can set, in the environment or on Make's command line; README.md of tests/slurm explains them. EO_CPUS,
# EO_MEM and EO_MINUTES always come from the caller (tools/hosts.sh), because they are also keys of the configuration.
EO_TRIES=${EO_TRIES:-3} EO_JOBS=${EO_JOBS:-100} EO_DOUBLE=${EO_DOUBLE:-2} EO_BATCH=${EO_BATCH:-0}
EO_KIND=${EO_KIND:-} EO_SBATCH=${EO_SBATCH:-} EO_LOOK=${EO_LOOK:-5}

say() { printf 'make: slurm: %s\n' "$*" >&2; }

# fresh FOLDER WHO
fresh() {
    if [ -e "$spool/$1/.$2.a" ]; then
        mv -T "$spool/$1/.$2.a" "$spool/$1/.$2.b"
    elif [ -e "$spool/$1/.$2.b" ]; then
        mv -T "$spool/$1/.$2.b" "$spool/$1/.$2.a"
    else
        : >"$spool/$1/.$2.a"
    fi 2>/dev/null
}

# count FILE...: sets counted; a pattern that matches nothing counts 0
count() {
    counted=$#
    [ $# != 1 ] || [ -e "$1" ] || counted=0
}

# uptime: sets now, in hundredths of a second. It starts no program, and does not jump when a clock is set.
uptime() {
    read -r now _ </proc/uptime
    now=${now%.*}${now#*.}
}

# ---- a step: writes the command into its queue, and waits

quoted() {
    for word; do
        case $word in
        *\'*) printf "'%s' " "$(printf %s "$word" | sed "s/'/'\\\\''/g")" ;;
        *) printf "'%s' " "$word" ;;
        esac
    done
    echo
}

step() {
    queue=$1
    shift
    spool=${EO_SPOOL:?slurm.sh: make RUN=slurm sets it} id=$queue-$$ status=
    trap 'rm -f "$spool/$queue/$id" "$spool/wake/$id"; exit 143' HUP INT TERM
    # Open for both, so that neither side waits for the other to open it.
    mkfifo "$spool/wake/$id" && exec 3<>"$spool/wake/$id" && { printf 'exec '; quoted "$@"; } >"$spool/new/$id" &&
        mv -T "$spool/new/$id" "$spool/$queue/$id" || exit 2
    read -r status <&3
    [ ! -s "$spool/out/$id.out" ] || cat "$spool/out/$id.out"
    [ ! -s "$spool/out/$id.err" ] || cat "$spool/out/$id.err" >&2
    rm -f "$spool/wake/$id" "$spool/out/$id.out" "$spool/out/$id.err"
    exit "${status:-143}"
}

# ---- a worker

# take: claims a command of the queue, and sets id. When NFS repeats a request, mv may say that it failed although the
# file was renamed; the new name, which is this worker's alone, shows it.
take() {
    for task in "$spool/$queue"/*; do
        id=${task##*/}
        [ "$id" != '*' ] || return 1
        mv -T "$task" "$spool/run/$id.$job" 2>/dev/null || [ -e "$spool/run/$id.$job" ] || continue
        return 0
    done
    return 1
}

run_one() {
    uptime
    from=$now
    # shellcheck disable=SC2086 # a program with options, or nothing
    timeout -k 10 "${EO_MINUTES}m" $measure sh "$spool/run/$id.$job" >"$spool/out/$id.out" 2>"$spool/out/$id.err" \
        </dev/null
    status=$? kib=0
    uptime
    [ -z "$measure" ] || { read -r kib <"$spool/out/.$job.kib"; } 2>/dev/null || kib=0
    echo "$status $job $(((now - from) / 100 + 1)) $kib" >"$spool/done/$id"
}

# has_keeper: reads the keeper's time, which it writes every EO_LOOK seconds. It is gone when it has written none for
# two minutes of this host's time. The clocks of the two are not compared.
has_keeper() {
    { read -r last <"$spool/alive"; } 2>/dev/null || return
    uptime
    [ "$last" != "$beat" ] || { [ $((now - seen)) -lt 12000 ]; return; }
    beat=$last seen=$now
    [ -n "$began" ] || began=$last
}

# A worker ends by itself when it finds nothing to do for about five seconds, when the keeper is gone, and when another
# step could exceed the time limit of the job. Between two steps it starts no program but mv.
work() {
    spool=$1 queue=$2 job=$2.$SLURM_JOB_ID taken=0 idle=0 beat= seen= began= measure=
    # GNU time, which not every node has.
    [ -z "${EO_MEASURE:-}" ] || ! /usr/bin/time -q -f %M -o /dev/null true 2>/dev/null ||
        measure="/usr/bin/time -q -f %M -o $spool/out/.$job.kib"
    until [ "$EO_BATCH" -gt 0 ] && [ $taken -ge "$EO_BATCH" ]; do
        has_keeper && [ "$beat" -le $((began + ${EO_MINUTES%.*} * 60 + 60)) ] || break
        if take; then
            run_one
            taken=$((taken + 1)) idle=0
            continue
        fi
        idle=$((idle + 1))
        [ $idle -le 120 ] || break
        if [ $idle -le 100 ]; then sleep 0.01; else fresh "$queue" "$job" && sleep 0.2; fi
    done
    rm -f "$spool/$queue/.$job.a" "$spool/$queue/.$job.b" "$spool/out/.$job.kib"
    : 2>/dev/null >"$spool/left/$job"
}

# ---- the keeper: tools/keeper.sh

end() { : >"$1/end" && while [ -d "$1" ]; do sleep 0.05; done; } 2>/dev/null

verb=$1
shift
case $verb in
step | time) step "$verb" "$@" ;;
work | end) "$verb" "$@" ;;
begin | guard)
    . "${EO_SHARE:-./}tools/keeper.sh"
    "$verb" "$@"
    ;;
*) echo "slurm.sh: expected begin, step, time, work or end, found '$verb'" >&2; exit 2 ;;
esac
