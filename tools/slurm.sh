#!/bin/sh
# RUN=slurm: the programs of an experiment run on the nodes of a Slurm cluster.
#
#     sh tools/slurm.sh begin SPOOLS MAKE    starts the keeper of the process MAKE; prints its spool, a folder in SPOOLS
#     sh tools/slurm.sh step COMMAND...      runs a command on a node, as if it ran here (EO_SPOOL)
#     sh tools/slurm.sh time COMMAND...      the same, alone on a node of the kind EO_KIND
#     sh tools/slurm.sh end SPOOL            ends the keeper, which cancels all jobs, and waits for it
#     sh tools/slurm.sh work SPOOL QUEUE     what a job does: takes commands from a queue until there are no more
#
# A job is a worker and no step: it takes one command after the other. So a thousand short steps need as many jobs as
# run at once, and the time that Slurm takes to start a job is paid once for each job. Folders of a spool:
#
#     step/ID time/ID   commands that wait, one shell script each; a worker claims one by renaming it to
#     run/ID.JOB        where only one of several workers can succeed
#     out/ID.out .err   what the command printed
#     done/ID           its exit status, and the job
#     wake/ID           a pipe through which the keeper wakes the recipe; recipes and keeper are on the same host
#     left/JOB          a worker that ended by itself
#     alive             the keeper's time; workers end when it has stood still for two minutes
#
# ID is the queue and the process that waits. The keeper submits workers while commands wait for them. When a job has
# ended and left a command in run/, the keeper puts it back, up to EO_TRIES times. Nothing is lost or mixed by this: a
# program writes a temporary file and renames it, and equal inputs give equal bytes.
#
# The project must have the same path on all hosts. Times of files are not compared, so the clocks of hosts may differ.
# An NFS client may list a folder as it was some seconds ago, unless it changes the folder itself: so a file in it is
# renamed first (fresh).
set -u
export LC_ALL=C

# What a user can set, in the environment or on Make's command line; README.md of tests/slurm explains them.
EO_CPUS=${EO_CPUS:-1} EO_MEM=${EO_MEM:-2G} EO_MINUTES=${EO_MINUTES:-60} EO_TRIES=${EO_TRIES:-3} EO_JOBS=${EO_JOBS:-100}
EO_BATCH=${EO_BATCH:-0} EO_KIND=${EO_KIND:-} EO_SBATCH=${EO_SBATCH:-} EO_LOOK=${EO_LOOK:-5}

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
    timeout -k 10 "${EO_MINUTES}m" sh "$spool/run/$id.$job" >"$spool/out/$id.out" 2>"$spool/out/$id.err" </dev/null
    echo "$? $job" >"$spool/done/$id"
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
    spool=$1 queue=$2 job=$SLURM_JOB_ID taken=0 idle=0 beat= seen= began=
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
    rm -f "$spool/$queue/.$job.a" "$spool/$queue/.$job.b"
    : 2>/dev/null >"$spool/left/$job"
}

# ---- the keeper

# submit QUEUE COUNT: an error of sbatch is no fault of a candidate, so it ends all steps with the status 2
submit() {
    name=${spool##*/}.$1 wanted=$2
    case $1 in
    time) set -- time --exclusive --constraint="$EO_KIND" ;;
    *) set -- step --cpus-per-task="$EO_CPUS" --mem="$EO_MEM" --array="1-$2" ;;
    esac
    queue=$1
    shift
    # shellcheck disable=SC2086 # options of the user
    said=$(sbatch --parsable --job-name="$name" --output=/dev/null --error=/dev/null --no-requeue --nodes=1 --ntasks=1 \
        --time="$((${EO_MINUTES%.*} * 2 + 1))" --chdir="$PWD" "$@" $EO_SBATCH \
        "${EO_SHARE:-}tools/slurm.sh" work "$spool" "$queue" 2>&1) || {
        say "$(printf '%s' "$said" | head -n 1)"
        for task in "$spool/$queue"/*; do [ ! -e "$task" ] || { rm -f "$task" && answer "${task##*/}" 2; }; done
        return
    }
    submitted=$((submitted + 1))
    case $queue in time) timing=$((timing + 1)) ;; *) working=$((working + wanted)) ;; esac
}

# answer ID STATUS
answer() {
    if [ -p "$spool/wake/$1" ]; then
        echo "$2" 1<>"$spool/wake/$1"
    else
        rm -f "$spool/out/$1.out" "$spool/out/$1.err"
    fi
}

# again ID JOB WHY: the command is tried again, or its step fails
again() {
    tried=1
    [ ! -e "$spool/tries/$1" ] || read -r tried <"$spool/tries/$1"
    if [ "$tried" -lt "$EO_TRIES" ]; then
        echo $((tried + 1)) >"$spool/tries/$1"
        say "job $2 $3; trying its step again ($((tried + 1)) of $EO_TRIES)"
        mv -T "$spool/run/$1.$2" "$spool/${1%-*}/$1"
    else
        rm -f "$spool/tries/$1" "$spool/run/$1.$2"
        echo "slurm: job $2 $3; tried $tried times" >>"$spool/out/$1.err"
        answer "$1" 1
    fi
}

# Signals other than those by which Slurm, or a lack of memory, ends a program are the program's own.
settle() {
    for file in "$spool"/done/*; do
        [ -e "$file" ] || return 0
        # A line without its end is being written.
        id=${file##*/}
        read -r status job <"$file" || continue
        rest=0
        case $status in
        124) rm -f "$file"; again "$id" "$job" "was out of time (EO_MINUTES=$EO_MINUTES)" ;;
        137 | 143) rm -f "$file"; again "$id" "$job" "had its program killed, as for want of memory (EO_MEM=$EO_MEM)" ;;
        *)
            rm -f "$file" "$spool/run/$id.$job" "$spool/tries/$id"
            answer "$id" "$status"
            ;;
        esac
    done
}

# lost ID JOB: says how the job ended
lost() {
    state=$(scontrol show job -o "$2" 2>/dev/null | sed -n 's/.* JobState=\([A-Z_]*\).*/\1/p;q')
    case $state in
    TIMEOUT) why="was out of time (EO_MINUTES=$EO_MINUTES)" ;;
    OUT_OF_MEMORY) why="was out of memory (EO_MEM=$EO_MEM)" ;;
    FAILED) why="was killed, as for want of memory (EO_MEM=$EO_MEM)" ;; # a worker does not fail by itself
    *) why="ended as ${state:-UNKNOWN}" ;;
    esac
    again "$1" "$2" "$why"
}

# look: which jobs there are. A command is lost when its job was missing in two looks: a job that began after the first
# one can have claimed it.
look() {
    for file in "$spool"/left/*; do rm -f "$file"; done
    rows=$(squeue -h -r -o '%A %j' --name="${spool##*/}.step,${spool##*/}.time" 2>/dev/null) || return 0
    working=0 timing=0 present=' '
    while read -r job name; do
        case $name in *.step) working=$((working + 1)) ;; *.time) timing=$((timing + 1)) ;; esac
        present="$present$job "
    done <<END
$rows
END
    settle
    was=$missing missing=' '
    for file in "$spool"/run/*; do
        [ -e "$file" ] || return 0
        claim=${file##*/}
        case $present in *" ${claim##*.} "*) continue ;; esac
        case $was in
        *" $claim "*) lost "${claim%.*}" "${claim##*.}" ;;
        *) missing="$missing$claim " ;;
        esac
    done
}

# Times are counted in hundredths of a second that were slept, so no clock is asked.
keep() {
    spool=$1 submitted=0 working=0 timing=0 missing=' ' slept=0 looked=0 asked=-100 rest=0
    while [ ! -e "$spool/end" ] && kill -0 "$2" 2>/dev/null; do
        settle
        count "$spool"/left/*
        [ "$counted" = 0 ] || { working=$((working - counted)); rm -f "$spool"/left/*; }
        if [ $((slept - asked)) -ge 50 ]; then
            count "$spool"/run/* && running=$counted
            count "$spool"/time/*
            [ "$counted" = 0 ] || [ $timing -gt 0 ] || { submit time 1; asked=$slept; }
            count "$spool"/step/*
            wanted=$((counted - working + running))
            [ $wanted -le $((EO_JOBS - working)) ] || wanted=$((EO_JOBS - working))
            [ "$counted" = 0 ] || [ $wanted -le 0 ] || { submit step $wanted; asked=$slept; }
        fi
        [ $((slept - looked)) -lt $((EO_LOOK * 100)) ] || {
            looked=$slept
            date +%s >"$spool/alive"
            fresh done keeper
            look
        }
        rest=$((rest + 1))
        if [ $rest -lt 50 ]; then sleep 0.02 && slept=$((slept + 2)); else sleep 0.1 && slept=$((slept + 10)); fi
    done
}

# cancel SPOOL: cancels its jobs and waits until they have ended
cancel() {
    jobs=${1##*/} tries=0
    while [ -n "$(squeue -h --name="$jobs.step,$jobs.time" 2>/dev/null)" ]; do
        # More than once, because sbatch may have submitted a job after the first time.
        [ $((tries % 20)) != 0 ] || for queue in step time; do scancel --name="$jobs.$queue"; done >/dev/null 2>&1
        tries=$((tries + 1))
        [ $tries -lt 300 ] || { say "jobs do not end: scancel --name=$jobs.step; scancel --name=$jobs.time"; break; }
        sleep 0.1
    done
    for pipe in "$1"/wake/*; do [ ! -p "$pipe" ] || echo 143 1<>"$pipe"; done
    rm -rf "$1"
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
    for folder in new step time run out done wake left tries; do mkdir "$spool/$folder" || exit 1; done
    date +%s >"$spool/alive"
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
