# Functions of tools/slurm.sh: the keeper, a process on the login node that submits workers, tries the steps of ended
# jobs again, and cancels all jobs in the end.

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
        uptime
        settled=$now
        case $status in
        124)
            rm -f "$file" # before another worker can take the command again
            read_tries "$id"
            again "$id" "$job" "was out of time (EO_MINUTES=$minutes)" larger
            ;;
        137 | 143)
            rm -f "$file"
            read_tries "$id"
            again "$id" "$job" "had its program killed, as for want of memory (EO_MEM=$memory)" larger
            ;;
        *)
            [ "$status" != 0 ] || [ "$seconds" -le "$longest" ] || longest=$seconds
            [ "$status" != 0 ] || [ "$kib" -le "$largest" ] || largest=$kib
            answer "$id" "$status"
            rm -f "$file" "$spool/run/$id.$job" "$spool/tries/$id"
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
        asked=$now
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

# A command is often followed by another one, so for a second after an answer the folders are looked at more often.
keep() {
    spool=$1 missing=' ' most=$EO_DOUBLE
    longest=${EO_LONGEST:-0} largest=${EO_LARGEST:-0}
    find_queues "$spool"
    for queue in all $queues; do : $((jobs_$queue = 0)); done
    uptime
    looked=$now settled=$now asked=0
    while [ ! -e "$spool/end" ] && kill -0 "$2" 2>/dev/null; do
        settle
        ended
        uptime
        [ $((now - asked)) -lt 50 ] || ask
        [ $((now - looked)) -lt $((EO_LOOK * 100)) ] || {
            looked=$now
            date +%s >"$spool/alive"
            fresh done keeper
            look
        }
        if [ $((now - settled)) -lt 100 ]; then sleep 0.01; else sleep 0.05; fi
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

# recorded RECORD: a file that keeps the longest time (s) and the largest memory (KiB) of a step of earlier runs. A
# limit that is `auto` is 5 times the time and at least 10 minutes, twice the memory and at least 500 MB. Doubled, such
# limits are at least those of a run without a record.
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
    : "${EO_CPUS:?}" "${EO_MEM:?}" "${EO_MINUTES:?}"
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
