#!/bin/sh
# Runs edge-opt from any folder: `eo help` says how. The pipeline is in ../share/edge-opt, seen from this program. Make
# runs it in the folder where eo was called: results go to out/NAME there.
set -u
me=$(readlink -f -- "$0")
bin=${me%/*}
share=${bin%/*}/share/edge-opt
newline='
'

fail() {
    printf 'eo: %s\n' "$*" | tr -d '\000-\010\013-\037\177' >&2
    exit 1
}
# misused COMMAND WORDS...
misused() {
    command=$1
    shift
    printf "eo %s: %s\nTry 'eo help'.\n" "$command" "$*" | tr -d '\000-\010\013-\037\177' >&2
    exit 2
}

help() {
    cat <<'END'
usage: eo COMMAND [ARGUMENT...]

Fits a small network into a small device: one YAML file goes in; trained, pruned, quantised and measured models come
out, in out/NAME of the current folder.

commands:
  new [NAME] [OPTION...]    write NAME.yaml, with a comment at each line; asks what the options do not say
  run CONFIG...             the whole experiment, ending with the table of candidates
  explain CONFIG            what run would do now, and why
  report CONFIG|FOLDER      where the report of a run is; opens it in a browser on a desktop
  compare A B               what differs between two runs
  export CONFIG             the models on the frontiers and the recommended one as C for a device
  explore CONFIG            accuracy and cost of all widths of a network; eo-best answers questions about it
  device CONFIG             what each candidate takes on six cores in QEMU, and which boards it fits
  accuracy CONFIG           accuracy of every candidate, nothing timed
  sensitivity CONFIG        accuracy against pruning level for each layer alone
  retime CONFIG             run, and time every candidate again
  graph CONFIG              draw the stages, and which of them would run
  steps CONFIG              what each step makes and reads
  tidy CONFIG               remove the files of candidates that were taken out
  clean CONFIG              remove the results, whole
  list                      the configurations that come with edge-opt
  data [NAME...]            download published data (mnist, fashion-mnist) into ./data
  help                      this text

CONFIG is a file, or the name of one that `eo list` prints. Commands for a CONFIG take options of Make (-j8, -n, -k, -s)
and its variables (RUN=, CPU=). `eo X` starts the program eo-X for every other X, as `eo inspect FILE`; `eo X --help`
and man eo-X describe it.

Data are looked for in $EO_DATA_DIR and in ./data.
END
}

# ---- experiments

# find_config NAME: prints the file, found here or among those that came along
find_config() {
    for file in "$1" "$1.yaml" "$share/configs/$1" "$share/configs/$1.yaml"; do
        [ -f "$file" ] && printf '%s\n' "$file" && return
    done
    fail "$1: no such configuration here; 'eo list' prints those that come along, 'eo new' writes one"
}

# make_here WORD...: Make with the installed pipeline, for this folder
make_here() {
    case $share in *[!A-Za-z0-9._/+@-]*)
        fail "$share: expected a path of letters, digits and ._/+@- alone, because Make splits others;" \
            "install elsewhere" ;;
    esac
    [ -f "$share/installed.mk" ] || fail "$share: no installed pipeline there; make install puts it beside the programs"
    command -v make >/dev/null || fail "needs GNU Make: install the package make"
    PATH=$bin:$PATH exec make --no-print-directory -f "$share/Makefile" "$@"
}

# on_configs COMMAND WORD...: words that begin with - or have a = belong to Make
on_configs() {
    goal=$1 configs= count=0
    shift
    [ "$command" != run ] || goal=all
    for word; do
        shift
        case $word in
        -* | [A-Za-z_]*=*) set -- "$@" "$word" ;;
        *)
            config=$(find_config "$word") || exit 1
            configs=$configs${configs:+ }$config count=$((count + 1))
            case $config in *[[:blank:]]*) blank=$config ;; esac ;;
        esac
    done
    [ "$count" -gt 0 ] || misused "$command" "expected a configuration; 'eo list' prints those that come along"
    [ "$count" = 1 ] || [ -z "${blank:-}" ] || fail "$blank: has blanks in its name, so give it in a call of its own"
    make_here "$goal" "CONFIG=$configs" "$@"
}

# ---- other commands

# The first sentence of each configuration: whole, or on a terminal as much as a line has room for.
list() {
    [ $# = 0 ] || misused list "unexpected '$1'"
    width=0
    { [ -t 1 ] && width=$(stty size <&3 2>/dev/null) && width=${width#* }; } 3<&1
    for file in "$share"/configs/*.yaml; do
        name=${file##*/}
        awk -v name="${name%.yaml}" -v width="${width:-0}" '
            !/^# *[^ ]/ { exit }
            { sub(/^# */, ""); text = text (text == "" ? "" : " ") $0 }
            END {
                if (match(text, /[.?!]( |$)/)) text = substr(text, 1, RSTART)
                line = sprintf("%-30s %s", name, text)
                print (width >= 40 && length(line) > width ? substr(line, 1, width - 3) "..." : line)
            }' "$file"
    done
}

# results_of NAME: prints the folder of results: a folder, or that of a configuration
results_of() {
    if [ -d "$1" ]; then
        printf '%s\n' "$1"
    else
        config=$(find_config "$1") || exit 1
        "$bin"/eo-config --make "$config" | sed -n 's/^EO_OUT := //p'
    fi
}

report() {
    [ $# = 1 ] || misused report "expected one configuration or folder of results"
    folder=$(results_of "$1") || exit 1
    page=$folder/report.html
    [ -f "$page" ] || fail "$page: not there; 'eo run' makes the results that it is written from"
    printf '%s\n' "$page"
    # A browser only where a person looks at a desktop.
    if [ -t 1 ] && [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && command -v xdg-open >/dev/null; then
        xdg-open "$page" >/dev/null 2>&1
    fi
}

compare() {
    [ $# = 2 ] || misused compare "expected two runs, each a configuration or a folder of results"
    a=$(results_of "$1") && b=$(results_of "$2") || exit 1
    exec "$bin"/eo-compare -- "$a" "$b"
}

. "$share/tools/new.sh"

[ $# -gt 0 ] || { help >&2; exit 2; }
command=$1
shift
case $command in
device)
    case ${1:-} in -*) exec "$bin/eo-device" "$@" ;; esac
    on_configs device "$@" ;;
run | explain | explore | export | accuracy | sensitivity | retime | graph | steps | tidy | clean)
    on_configs "$command" "$@" ;;
data)
    case ${1:-} in -*) exec "$bin/eo-data" "$@" ;; esac
    make_here data ${1:+"DATASETS=$*"} ;;
help | --help | -h) help ;;
--version) "$bin"/eo-config --version | sed -n '1s/^eo-config/eo/p' ;;
list | report | compare | new) "$command" "$@" ;;
*[!a-z0-9-]* | '') misused "$command" "no such command" ;;
*)
    [ -x "$bin/eo-$command" ] || misused "$command" "no such command"
    exec "$bin/eo-$command" "$@" ;;
esac
