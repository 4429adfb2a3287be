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
# RECORD keeps the longest time (s) and the largest memory (KiB) of a step of earlier runs. A limit that is `auto` comes
# from it: 5 times the time and at least 10 minutes, twice the memory and at least 500 MB.
#
# The project must have the same path on all hosts. Times of files are not compared, so the clocks of hosts may differ.
# An NFS client may list a folder as it was some seconds ago, unless it changes the folder itself: so a file in it is
# renamed first (fresh).
set -u
export LC_ALL=C

# What a user can set, in the environment or on Make's command line; README.md of tests/slurm explains them.
EO_CPUS=${EO_CPUS:-1} EO_MEM=${EO_MEM:-2G} EO_MINUTES=${EO_MINUTES:-60} EO_TRIES=${EO_TRIES:-3} EO_JOBS=${EO_JOBS:-100}
EO_DOUBLE=${EO_DOUBLE:-2} EO_BATCH=${EO_BATCH:-0} EO_KIND=${EO_KIND:-} EO_SBATCH=${EO_SBATCH:-} EO_LOOK=${EO_LOOK:-5}

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
    read -r from _ </proc/uptime
    # shellcheck disable=SC2086 # a program with options, or nothing
    timeout -k 10 "${EO_MINUTES}m" $measure sh "$spool/run/$id.$job" >"$spool/out/$id.out" 2>"$spool/out/$id.err" \
        </dev/null
    status=$? kib=0
    read -r to _ </proc/uptime
    [ -z "$measure" ] || { read -r kib <"$spool/out/.$job.kib"; } 2>/dev/null || kib=0
    echo "$status $job $((${to%.*} - ${from%.*} + 1)) $kib" >"$spool/done/$id"
}

# has_keeper: reads the keeper's time, which it writes every EO_LOOK seconds. It is gone when it has written none for
# two minutes of this host's clock. The two clocks are not compared.
has_keeper() {
    { read -r now <"$spool/alive"; } 2>/dev/null || return
    [ "$now" != "$beat" ] || { [ $idle = 0 ] || [ "$(date +%s)" -lt $((seen + 120)) ]; return; }
    beat=$now seen=$(date +%s)
    [ -n "$began" ] || began=$now
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
        [ $idle -le 70 ] || break
        if [ $idle -le 50 ]; then sleep 0.02; else fresh "$queue" "$job" && sleep 0.2; fi
    done
    rm -f "$spool/$queue/.$job.a" "$spool/$queue/.$job.b" "$spool/out/.$job.kib"
    : 2>/dev/null >"$spool/left/$job"
}

# ---- the keeper

# multiply N LIMIT: a number, which may have a unit
multiply() { awk -v n="$1" -v v="$2" 'BEGIN { unit = v; sub(/^[0-9.]*/, "", unit); printf "%.12g%s", n * v, unit }'; }

# limits SIZE: sets minutes and memory of a job whose limits were doubled SIZE times
limits() {
    minutes=$EO_MINUTES memory=$EO_MEM
    [ "$1" = 0 ] || {
        minutes=$(multiply $((1 << $1)) "${EO_LEAST_MINUTES:-$EO_MINUTES}")
        memory=$(multiply $((1 << $1)) "${EO_LEAST_MEM:-$EO_MEM}")
    }
}

# size_of QUEUE: sets size and kind
size_of() {
    kind=${1%%[0-9]*}
    size=${1#"$kind"}
    size=${size:-0}
}

# sized KIND SIZE: sets queue
sized() {
    queue=$1
    [ "$2" = 0 ] || queue=$1$2
}

# shrink QUEUE WHY: no node can have such limits, so its steps are tried with those before
shrink() {
    size_of "$1"
    most=$((size - 1))
    say "$2; no step gets more than $((1 << most)) times its limits"
    sized "$kind" $most
    for task in "$spool/$1"/*; do
        [ -e "$task" ] || continue
        read -r tried size <"$spool/tries/${task##*/}"
        echo "$tried $most" >"$spool/tries/${task##*/}"
        mv -T "$task" "$spool/$queue/${task##*/}"
    done
}

# submit QUEUE COUNT: an error of sbatch is no fault of a candidate, so it ends all steps with the status 2. Only that
# doubled limits are too large has another answer.
submit() {
    name=${spool##*/}.$1 queue=$1 wanted=$2
    size_of "$queue"
    limits "$size"
    case $kind in
    time) set -- --exclusive --constraint="$EO_KIND" ;;
    *) set -- --cpus-per-task="$EO_CPUS" --mem="$memory" --array="1-$2" ;;
    esac
    # shellcheck disable=SC2086 # options of the user
    said=$(EO_MINUTES=$minutes sbatch --parsable --job-name="$name" --output=/dev/null --error=/dev/null --no-requeue \
        --nodes=1 --ntasks=1 --time="$((${minutes%.*} * 2 + 1))" --chdir="$PWD" "$@" $EO_SBATCH \
        "${EO_SHARE:-}tools/slurm.sh" work "$spool" "$queue" 2>&1) || {
        said=$(printf '%s' "$said" | head -n 1)
        [ "$size" = 0 ] || { shrink "$queue" "$said"; return; }
        say "$said"
        for task in "$spool/$queue"/*; do [ ! -e "$task" ] || { rm -f "$task" && answer "${task##*/}" 2; }; done
        return
    }
    case $kind in step) : $((jobs_all += wanted)) ;; esac
    : $((jobs_$queue += wanted))
}

# answer ID STATUS
answer() {
    if [ -p "$spool/wake/$1" ]; then
        echo "$2" 1<>"$spool/wake/$1"
    else
        rm -f "$spool/out/$1.out" "$spool/out/$1.err"
    fi
}

# again ID QUEUE.JOB WHY [larger]: the command is tried again, with larger limits if they were too small, or its step
# fails
again() {
    read_tries "$1"
    if [ "$tried" -lt "$EO_TRIES" ]; then
        with=
        [ -z "${4:-}" ] || [ "$size" -ge "$most" ] || {
            size=$((size + 1))
            limits $size
            with=" with EO_MEM=$memory and EO_MINUTES=$minutes"
        }
        echo "$((tried + 1)) $size" >"$spool/tries/$1"
        say "job ${2##*.} $3; trying its step again$with ($((tried + 1)) of $EO_TRIES)"
        sized "${1%-*}" $size
        mv -T "$spool/run/$1.$2" "$spool/$queue/$1"
    else
        rm -f "$spool/tries/$1" "$spool/run/$1.$2"
        echo "slurm: job ${2##*.} $3; tried $tried times" >>"$spool/out/$1.err"
        answer "$1" 1
    fi
}

# read_tries ID: sets tried, size, and the limits of that
read_tries() {
    tried=1 size=0
    [ ! -e "$spool/tries/$1" ] || read -r tried size <"$spool/tries/$1"
    limits "$size"
}

# Signals other than those by which Slurm, or a lack of memory, ends a program are the program's own.
settle() {
    for file in "$spool"/done/*; do
        [ -e "$file" ] || return 0
        # A line without its end is being written.
        id=${file##*/}
        read -r status job seconds kib <"$file" || continue
        rest=0
        rm -f "$file"
        case $status in
        124) read_tries "$id"; again "$id" "$job" "was out of time (EO_MINUTES=$minutes)" larger ;;
        137 | 143)
            read_tries "$id"
            again "$id" "$job" "had its program killed, as for want of memory (EO_MEM=$memory)" larger
            ;;
        *)
            [ "$status" != 0 ] || [ "$seconds" -le "$longest" ] || longest=$seconds
            [ "$status" != 0 ] || [ "$kib" -le "$largest" ] || largest=$kib
            rm -f "$spool/run/$id.$job" "$spool/tries/$id"
            answer "$id" "$status"
            ;;
        esac
    done
}

# lost ID QUEUE.JOB: says how the job ended
lost() {
    state=$(scontrol show job -o "${2##*.}" 2>/dev/null | sed -n 's/.* JobState=\([A-Z_]*\).*/\1/p;q')
    read_tries "$1"
    case $state in
    TIMEOUT) again "$1" "$2" "was out of time (EO_MINUTES=$minutes)" larger ;;
    OUT_OF_MEMORY) again "$1" "$2" "was out of memory (EO_MEM=$memory)" larger ;;
    # a worker does not fail by itself
    FAILED) again "$1" "$2" "was killed, as for want of memory (EO_MEM=$memory)" larger ;;
    *) again "$1" "$2" "ended as ${state:-UNKNOWN}" ;;
    esac
}

# look: which jobs there are. A command is lost when its job was missing in two looks: a job that began after the first
# one can have claimed it. A job that waits for what its limits rule out would wait for ever.
look() {
    rm -f "$spool"/left/*
    rows=$(squeue -h -r -o '%A %j %r' --name="$names" 2>/dev/null) || return 0
    for queue in all $queues; do : $((jobs_$queue = 0)); done
    present=' ' never=' '
    while read -r job name reason; do
        [ -n "$job" ] || continue
        queue=${name##*.}
        : $((jobs_$queue += 1))
        case $queue in step*) : $((jobs_all += 1)) ;; esac
        case $queue.$reason in *[1-9].PartitionTimeLimit | *[1-9].*PerJob* | *[1-9].BadConstraints)
            case $never in *" $queue "*) ;; *) never="$never$queue " why=$reason ;; esac ;;
        esac
        present="$present$job "
    done <<END
$rows
END
    for queue in $never; do
        scancel --state=PENDING --name="${spool##*/}.$queue" >/dev/null 2>&1
        shrink "$queue" "a job with doubled limits cannot start: $why"
    done
    settle
    was=$missing missing=' '
    for file in "$spool"/run/*; do
        [ -e "$file" ] || return 0
        claim=${file##*/}
        case $present in *" ${claim##*.} "*) continue ;; esac
        case $was in
        *" $claim "*) lost "${claim%%.*}" "${claim#*.}" ;;
        *) missing="$missing$claim " ;;
        esac
    done
}

# ask: submits jobs for commands that wait for one
ask() {
    for queue in $queues; do
        count "$spool/$queue"/*
        [ "$counted" != 0 ] || continue
        wanted=$counted
        asked=$slept
        case $queue in
        time*) [ $((jobs_$queue)) -gt 0 ] || submit "$queue" 1 ;;
        *)
            count "$spool"/run/*".$queue."*
            wanted=$((wanted - jobs_$queue + counted))
            [ $wanted -le $((EO_JOBS - jobs_all)) ] || wanted=$((EO_JOBS - jobs_all))
            [ $wanted -le 0 ] || submit "$queue" $wanted
            ;;
        esac
    done
}

# ended: counts the workers that ended by themselves
ended() {
    for file in "$spool"/left/*; do
        [ -e "$file" ] || return 0
        queue=${file##*/}
        queue=${queue%%.*}
        : $((jobs_$queue -= 1))
        case $queue in step*) : $((jobs_all -= 1)) ;; esac
        rm -f "$file"
    done
}

# Times are counted in hundredths of a second that were slept, so no clock is asked.
keep() {
    spool=$1 missing=' ' slept=0 looked=0 asked=-100 rest=0 most=$EO_DOUBLE
    longest=${EO_LONGEST:-0} largest=${EO_LARGEST:-0}
    find_queues "$spool"
    for queue in all $queues; do : $((jobs_$queue = 0)); done
    while [ ! -e "$spool/end" ] && kill -0 "$2" 2>/dev/null; do
        settle
        ended
        [ $((slept - asked)) -lt 50 ] || ask
        [ $((slept - looked)) -lt $((EO_LOOK * 100)) ] || {
            looked=$slept
            date +%s >"$spool/alive"
            fresh done keeper
            look
        }
        rest=$((rest + 1))
        if [ $rest -lt 50 ]; then sleep 0.02 && slept=$((slept + 2)); else sleep 0.1 && slept=$((slept + 10)); fi
    done
    [ -z "${EO_RECORD:-}" ] || [ "$longest $largest" = "${EO_LONGEST:-0} ${EO_LARGEST:-0}" ] ||
        { echo "$longest $largest" >"$EO_RECORD.$$" && mv -T "$EO_RECORD.$$" "$EO_RECORD"; } 2>/dev/null
}

# find_queues SPOOL: sets queues, and the names of their jobs
find_queues() {
    queues= names= size=0
    while [ $size -le "$EO_DOUBLE" ]; do
        for kind in time step; do
            sized $kind $size
            queues="$queues $queue" names=$names${names:+,}${1##*/}.$queue
        done
        size=$((size + 1))
    done
}

# cancel SPOOL: cancels its jobs and waits until they have ended
cancel() {
    find_queues "$1"
    tries=0
    while [ -n "$(squeue -h --name="$names" 2>/dev/null)" ]; do
        # More than once, because sbatch may have submitted a job after the first time.
        [ $((tries % 20)) != 0 ] || for queue in $queues; do scancel --name="${1##*/}.$queue"; done >/dev/null 2>&1
        tries=$((tries + 1))
        [ $tries -lt 300 ] || { say "jobs do not end: scancel --name= for each of $names"; break; }
        sleep 0.1
    done
    for pipe in "$1"/wake/*; do [ ! -p "$pipe" ] || echo 143 1<>"$pipe"; done
    rm -rf "$1"
}

# recorded RECORD: the limits that are `auto`. Doubled, they are at least those of a run without a record.
recorded() {
    EO_RECORD=$1 EO_LONGEST=0 EO_LARGEST=0 EO_MEASURE=
    [ ! -f "$1" ] || read -r EO_LONGEST EO_LARGEST <"$1"
    case $EO_LONGEST$EO_LARGEST in *[!0-9]*) EO_LONGEST=0 EO_LARGEST=0 ;; esac
    [ "$EO_MINUTES" != auto ] || {
        EO_MINUTES=60
        [ "$EO_LONGEST" = 0 ] || EO_MINUTES=$((EO_LONGEST * 5 / 60 + 1))
        [ $EO_MINUTES -ge 10 ] || EO_MINUTES=10
        EO_LEAST_MINUTES=$EO_MINUTES
        [ $EO_MINUTES -ge 30 ] || EO_LEAST_MINUTES=30
        export EO_LEAST_MINUTES
    }
    [ "$EO_MEM" != auto ] || {
        EO_MEASURE=yes EO_MEM=2000
        [ "$EO_LARGEST" = 0 ] || EO_MEM=$((EO_LARGEST * 2 / 1000 + 1))
        [ $EO_MEM -ge 500 ] || EO_MEM=500
        EO_LEAST_MEM=$EO_MEM
        [ $EO_MEM -ge 1000 ] || EO_LEAST_MEM=1000
        EO_MEM=${EO_MEM}M EO_LEAST_MEM=${EO_LEAST_MEM}M
        export EO_LEAST_MEM
    }
    export EO_RECORD EO_LONGEST EO_LARGEST EO_MEASURE EO_MINUTES EO_MEM
}

# The keeper is in a session of its own, so that it outlives a Make that is killed with its process group, and has a
# parent that cancels the jobs when the keeper itself is killed.
begin() {
    spools=$1 host=$(uname -n)
    for tool in sbatch squeue scancel scontrol; do
        command -v $tool >/dev/null || { say "RUN=slurm needs $tool, of Slurm's programs for users"; exit 1; }
    done
    mkdir -p "$spools" || exit 1
    # Those whose keeper was killed together with its parent, as when this host crashed.
    for old in "$spools"/eo.*; do
        owner= pid=
        [ ! -f "$old/owner" ] || read -r owner pid <"$old/owner"
        [ "$owner" != "$host" ] || kill -0 "$pid" 2>/dev/null || cancel "$old"
    done
    spool=$(mktemp -d "$spools/eo.XXXXXX") || exit 1
    case $spool in /*) ;; *) spool=$PWD/$spool ;; esac
    find_queues "$spool"
    for folder in new run out done wake left tries $queues; do mkdir "$spool/$folder" || exit 1; done
    date +%s >"$spool/alive"
    recorded "${3:-}"
    setsid sh "${EO_SHARE:-}tools/slurm.sh" guard "$spool" "$2" </dev/null >/dev/null &
    echo "$host $!" >"$spool/owner"
    echo "$spool"
}

guard() {
    trap '' HUP INT TERM
    ( keep "$@" ) &
    wait $!
    cancel "$1"
}

end() { : >"$1/end" && while [ -d "$1" ]; do sleep 0.05; done; } 2>/dev/null

verb=$1
shift
case $verb in
step | time) step "$verb" "$@" ;;
begin | work | guard | end) "$verb" "$@" ;;
*) echo "slurm.sh: expected begin, step, time, work or end, found '$verb'" >&2; exit 2 ;;
esac
