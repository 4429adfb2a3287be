#!/bin/sh
# A Slurm of this machine alone, for tests: munged, slurmctld and several slurmd, run by the user who calls, with all
# their files in one folder and ports of their own.
#
#     sh tests/slurm/cluster.sh start FOLDER [NODES]    starts it; `. FOLDER/env` lets srun and sbatch find it
#     sh tests/slurm/cluster.sh kill FOLDER NODE        kills a node and all that runs on it, as a power cut does
#     sh tests/slurm/cluster.sh boot FOLDER NODE        starts the node again
#     sh tests/slurm/cluster.sh stop FOLDER             cancels all jobs, ends the daemons, and says what is left
#
# Nodes are n1, n2, ... with two processors each. n1 and n2 are of the kind "fast", the others of the kind "slow".
# Nothing is accounted and no cgroups are used, because a container may have none: memory is watched by polling.
set -u
usage() {
    echo "cluster.sh: usage: start FOLDER [NODES] | kill FOLDER NODE | boot FOLDER NODE | stop FOLDER" >&2
    exit 2
}
fail() { echo "cluster.sh: $*" >&2; exit 1; }
[ $# -ge 2 ] || usage
PATH=$PATH:/usr/sbin:/sbin
verb=$1 folder=$2
case $folder in /*) ;; *) folder=$PWD/$folder ;; esac
conf=$folder/slurm.conf
export SLURM_CONF="$conf"
# Munge refuses sockets below folders that others may write to, and so long a name as a test's folder can have.
munge=/tmp/eo-munge.$(printf %s "$folder" | cksum | tr -d ' ')

write_conf() {
    user=$(id -un) base=$((20000 + $$ % 1000 * 20))
    cat >"$conf" <<END
ClusterName=test
SlurmctldHost=$(uname -n)(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
SlurmctldPort=$base
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool.%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/%n.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/%n.log
AuthType=auth/munge
AuthInfo=socket=$munge/socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=sched_min_interval=20000,batch_sched_delay=0,sched_interval=1,bf_interval=1
SlurmdParameters=config_overrides
SlurmdTimeout=5
SlurmctldTimeout=10
KillWait=2
MinJobAge=300
MessageTimeout=10
ReturnToService=2
MaxArraySize=1001
END
    n=1 names=
    while [ $n -le "$nodes" ]; do
        kind=slow
        [ $n -gt 2 ] || kind=fast
        echo "NodeName=n$n NodeHostname=$(uname -n) NodeAddr=127.0.0.1 Port=$((base + n)) CPUs=2 RealMemory=4000" \
            "Feature=$kind State=UNKNOWN" >>"$conf"
        names=$names${names:+,}n$n n=$((n + 1))
    done
    echo "PartitionName=all Nodes=$names Default=YES MaxTime=INFINITE State=UP" >>"$conf"
}

wait_for() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 150 ] || return 1
        sleep 0.1
    done
}

all_idle() { [ "$(sinfo -h -N -o '%t' | grep -c '^idle$')" = "$nodes" ]; }
boot() { EO_CLUSTER=$folder setsid slurmd -N "$1" -f "$conf" >"$folder/$1.said" 2>&1 </dev/null; }

start() {
    for tool in munged slurmctld slurmd sbatch; do
        command -v $tool >/dev/null || fail "no $tool: make deps check-slurm"
    done
    mkdir -p "$folder/state" && rm -rf "$munge" && mkdir -m 755 "$munge" || exit 1
    write_conf
    head -c 128 /dev/urandom >"$munge/key" && chmod 400 "$munge/key"
    export EO_CLUSTER="$folder"
    setsid munged --force --socket="$munge/socket" --key-file="$munge/key" --pid-file="$munge/pid" \
        --log-file="$munge/log" --seed-file="$munge/seed" 2>"$folder/munged.said" </dev/null ||
        fail "munged: $(cat "$folder/munged.said")"
    setsid slurmctld -c -f "$conf" >"$folder/slurmctld.said" 2>&1 </dev/null ||
        fail "slurmctld: $(cat "$folder/slurmctld.said")"
    wait_for scontrol ping || fail "slurmctld does not answer; see $folder/slurmctld.log"
    n=1
    while [ $n -le "$nodes" ]; do boot n$n || fail "slurmd n$n: $(cat "$folder/n$n.said")"; n=$((n + 1)); done
    wait_for all_idle || fail "the nodes do not come up; see $folder/*.log"
    echo "export SLURM_CONF='$conf'" >"$folder/env"
}

# has_word PID WORD: whether WORD, NAME=VALUE, is in the environment that the process was started with
has_word() { tr '\0' '\n' <"/proc/$1/environ" 2>/dev/null | grep -qxF -- "$2"; }

# Daemons and slurmstepd have EO_CLUSTER in their environment, all processes of jobs the node's name beside SLURM_CONF.
# Shells that submit have neither.
ours() {
    for environ in $(grep -slF "$folder" /proc/[0-9]*/environ); do
        pid=${environ#/proc/} pid=${pid%/environ}
        [ "$pid" = $$ ] || ! runs_here "$pid" || echo "$pid"
    done
}
runs_here() {
    has_word "$1" "EO_CLUSTER=$folder" && return
    has_word "$1" "SLURM_CONF=$conf" && tr '\0' '\n' <"/proc/$1/environ" 2>/dev/null | grep -q '^SLURMD_NODENAME='
}

# slurmstepd is the parent of a step's first process, and a child of init; its command line names no node.
kill_node() {
    for pid in $(ours); do
        has_word "$pid" "SLURMD_NODENAME=$1" || continue
        parent=$(sed 's/.*) . //;s/ .*//' "/proc/$pid/stat" 2>/dev/null)
        case $(tr '\0' ' ' <"/proc/${parent:-0}/cmdline" 2>/dev/null) in
        slurmstepd*) kill -KILL "$parent" 2>/dev/null ;;
        esac
        kill -KILL "$pid" 2>/dev/null
    done
    [ ! -f "$folder/$1.pid" ] || kill -KILL "$(cat "$folder/$1.pid")" 2>/dev/null
    rm -f "$folder/$1.pid"
}

none_left() { [ -z "$(ours)" ]; }
no_jobs() { [ -z "$(squeue -h)" ]; }
stop() {
    if [ -f "$conf" ]; then
        ! scontrol ping >/dev/null 2>&1 || { scancel --user="$(id -un)" >/dev/null 2>&1; wait_for no_jobs; }
        for f in "$folder"/*.pid; do [ ! -f "$f" ] || kill "$(cat "$f")" 2>/dev/null; done
    fi
    [ ! -f "$munge/pid" ] || kill "$(cat "$munge/pid")" 2>/dev/null
    wait_for none_left || {
        for pid in $(ours); do
            echo "cluster.sh: still running: $pid $(tr '\0' ' ' <"/proc/$pid/cmdline")" >&2
            kill -KILL "$pid" 2>/dev/null
        done
        rm -rf "$munge"
        exit 1
    }
    rm -rf "$munge"
}

case $verb in
start) nodes=${3:-2} && start ;;
kill) [ $# = 3 ] || usage; kill_node "$3" ;;
boot) [ $# = 3 ] || usage; boot "$3" ;;
stop) stop ;;
*) usage ;;
esac
