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

# begin_slurm GOAL...: starts what serves the steps of this shell (tools/slurm.sh)
begin_slurm() {
    [ "${RUN:-}" = slurm ] || return 0
    [ -n "${EO_KIND:-}" ] || case " $* " in *' all '* | *' retime '* | *' device '*)
        fail "RUN=slurm: candidates are timed on nodes of one kind: expected EO_KIND=NAME, a feature that these nodes" \
            "have; sinfo -o '%20N %f' lists features" ;;
    esac
    trap end_slurm EXIT
    EO_SPOOL=$(sh "${EO_SHARE}tools/slurm.sh" begin "$obj/slurm" $PPID) || exit 1
    export EO_SPOOL
}
end_slurm() {
    trap '' HUP INT TERM
    [ -z "${EO_SPOOL:-}" ] || sh "${EO_SHARE}tools/slurm.sh" end "$EO_SPOOL"
}
