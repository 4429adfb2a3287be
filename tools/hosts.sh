# Functions of tools/experiments.sh: on which hosts the programs of an experiment run.

# RUN (tools/steps.mk) is a word that Make knows, or a command.
check_run() {
    # shellcheck disable=SC2086 # the words of a command
    set -- ${RUN:-local}
    case $1 in
    local | slurm) [ $# = 1 ] || fail "RUN=$RUN: expected $1 alone, found more words" ;;
    *=* | *[\'\"\\\$\&\;\|\(\<\>\`]*) ;; # what only a shell can tell
    *) command -v -- "$1" >/dev/null || fail "RUN=$RUN: expected local, slurm, or a command that runs each program," \
        "such as RUN='nice -n 10'; there is no command '$1'" ;;
    esac
}

# own LOCK WHAT: the lock of files (hold) may not reach other hosts that share the folder, so a file says who works on
# WHAT. It is removed by finish; one that a killed make left is removed by the next make on the same host.
own() {
    owner_file= file=$obj/lock/$1.owner host=$(uname -n) waits=
    mine=$file.$host.$$
    trap finish EXIT
    echo "$host $$ $(date '+%F %T')" 2>/dev/null >"$mine" || return 0 # what needs the folder says what is wrong with it
    until ln "$mine" "$file" 2>/dev/null; do
        other= pid= since=
        [ ! -e "$file" ] || read -r other pid since <"$file" || :
        if [ -z "$other" ]; then
            # It went just now, or the file system has no hard links.
            [ -z "$waits" ] || break
        elif [ "$other" = "$host" ] && { [ "$pid" = $$ ] || ! kill -0 "$pid" 2>/dev/null; }; then
            rm -f "$file"
            continue
        elif [ -z "$waits" ]; then
            say "another make is at work on $2 (host $other, process $pid, since $since); waiting until it is done." \
                "If that process is gone: rm $file"
        fi
        waits=yes
        job sleep 1
    done
    rm -f "$mine"
    owner_file=$file
}

# finish: the end of a shell that holds a lock or serves Slurm
finish() {
    trap '' HUP INT TERM
    [ -z "${EO_SPOOL:-}" ] || sh "${EO_SHARE}tools/slurm.sh" end "$EO_SPOOL"
    [ -z "${mine:-}" ] || rm -f "$mine" ${owner_file:+"$owner_file"}
}

# check_number NAME VALUE LEAST MOST: of an integer that is set in the environment or on Make's command line
check_number() {
    case $2 in
    '' | *[!0-9]* | ????????*) ;;
    *) [ "$2" -lt "$3" ] || [ "$2" -gt "$4" ] || return 0 ;;
    esac
    fail "$1: expected an integer in $3..$4, found '$2'"
}

# find_limits: takes the limits of a job that no variable sets from the plan
find_limits() {
    for word in $words; do
        case $word in
        EO_JOB_MINUTES=*) EO_MINUTES=${EO_MINUTES:-${word#*=}} ;;
        EO_JOB_MEMORY=*) EO_MEM=${EO_MEM:-${word#*=}} ;;
        EO_JOB_THREADS=*) EO_CPUS=${EO_CPUS:-${word#*=}} ;;
        esac
    done
    export EO_MINUTES EO_MEM EO_CPUS
}
# tell_limits: for `make -n`
tell_limits() {
    [ "${RUN:-}" != slurm ] || { find_limits; echo "# a job: EO_CPUS=$EO_CPUS EO_MEM=$EO_MEM EO_MINUTES=$EO_MINUTES"; }
}

# check_slurm: what tools/slurm.sh and tools/explore.mk take, before anything begins
check_slurm() {
    check_number EO_CPUS "$EO_CPUS" 1 256
    check_number EO_SHARDS "${EO_SHARDS-8}" 1 1000
    check_number EO_JOBS "${EO_JOBS:-100}" 1 1000
    check_number EO_BATCH "${EO_BATCH:-0}" 0 1000000
    check_number EO_TRIES "${EO_TRIES:-3}" 1 1000
    check_number EO_DOUBLE "${EO_DOUBLE:-2}" 0 9
    check_number EO_LOOK "${EO_LOOK:-5}" 1 60
    case $EO_MINUTES in
    auto) ;;
    '' | [!0-9]* | *[!0-9.]* | *.*.* | ????????*)
        fail "EO_MINUTES: expected minutes or auto, found '$EO_MINUTES'" ;;
    esac
    case $EO_MEM in
    auto) ;;
    '' | [!0-9]* | *[!0-9KMGT]* | *[KMGT]?*)
        fail "EO_MEM: expected megabytes, a number with K, M, G or T, or auto, found '$EO_MEM'" ;;
    esac
}

# begin_slurm GOAL...: starts what serves the steps of this shell (tools/slurm.sh)
begin_slurm() {
    [ "${RUN:-}" = slurm ] || return 0
    find_limits
    check_slurm
    [ -n "${EO_KIND:-}" ] || case " $* " in *' all '* | *' retime '* | *' device '*)
        fail "RUN=slurm: candidates are timed on nodes of one kind: expected EO_KIND=NAME, a feature that these nodes" \
            "have; sinfo -o '%20N %f' lists features" ;;
    esac
    trap finish EXIT
    EO_SPOOL=$(sh "${EO_SHARE}tools/slurm.sh" begin "$obj/slurm" $PPID "${held:+$obj/lock/$held.took}") || exit 1
    export EO_SPOOL
}
