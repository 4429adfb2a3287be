#!/bin/sh
# What Make leaves to a shell: the parts of one call, a Make for each, and the experiments one CONFIG after the other.
#
#     sh tools/experiments.sh call    does what the environment asks for
#     sh tools/experiments.sh dry     prints what Make would run, in words and as commands; changes nothing (make -n)
#
# tools/dispatch.mk sets EO_DEPS, EO_NEEDS, EO_PROGRAMS and EO_PLAIN (goals of the project), EO_LOOK (explain, steps,
# graph) and EO_OF_CONFIG (goals of each CONFIG; clean; tidy). eo-verify sets EO_SCRATCH for an experiment in a
# temporary folder: nothing of it stays in the folder of the build.
#
# Before the Make of an experiment begins, its inputs are checked, at each call and without regard to times: the
# configuration becomes slices (config/STAGE.yaml), the data its checksum (dataset.csv), the programs and the scripts of
# plots/ theirs (config/programs/NAME). Each is replaced only when its contents change, and the stages depend on these
# files alone.
#
# Nothing below a folder of results is read as text of Make or of a shell; names of files are never split.
set -u
export LC_ALL=C
bin=$EO_PROGRAMS_IN obj=$EO_B/build
MAKE=${MAKE:-make}
# The Makefile of an installed project is not in this folder. Its path has no blanks (tools/eo.sh).
makefile=${EO_SHARE:+-f ${EO_SHARE}Makefile}
# Messages begin with what people called: `make`, or `eo` of an installed project.
me=${EO_SHARE:+eo} me=${me:-make}
newline='
'

say() { printf '%s: %s\n' "$me" "$*" | tr -d '\000-\010\013-\037\177' >&2; }
fail() { say "$@"; exit 1; }

for script in experiment hosts progress; do . "${EO_SHARE:-./}tools/$script.sh"; done

# ---- jobs, locks, and the Make of a part

# job COMMAND...: sh runs traps only between commands, so the command runs in the background and sh waits for it.
# COMMAND may be a function: on a signal it ends after the command that it waits for, and leaves none running.
job() {
    ( trap 'exit 1' HUP INT TERM; "$@" ) &
    trap 'kill $! && wait $!; exit 1' HUP INT TERM
    wait $!
    set -- $?
    trap 'exit 1' HUP INT TERM
    return "$1"
}

# hold LOCK WHAT: locks WHAT for the rest of this shell, and until the last process that it started has ended
hold() {
    held=
    [ -d "$obj/lock" ] || mkdir -p "$obj/lock" || exit 1
    exec 9>>"$obj/lock/$1" || exit 1
    said=$(flock -E 75 -n 9 2>&1)
    case $? in
    0) held=$1 ;;
    # Another make that finds everything up to date ends within three seconds, so wait that long before saying so.
    75) job flock -E 75 -w 3 9 ||
        { say "another make is at work on $2; waiting until it is done"; job flock 9; }
        held=$1 ;;
    *)
        say "$obj/lock cannot be locked here (${said:-flock says nothing}); going on," \
            "so start no other make on $2" ;;
    esac
    own "$@"
}

# tell FILE: prints what Make itself wrote, but not that a recipe failed: the recipe has said why
tell() {
    [ ! -s "$1" ] || sed -E 's/^[^ :]*make(\[[0-9]+\])?: /make: /
        /^make: \*\*\* \[.*\] Error ([0-9]|[0-9][0-9]|1[01][0-9]|12[0-8])$/d
        /^make: \*\*\* (Waiting for unfinished jobs|(\[.*\] )?Deleting file)/d
        /^make: Target .* not remade because of errors\.$/d
        /^make: .*(modification time .* in the future|Clock skew detected)/d
        s/^make: \*\*\* \[[^]]*: ([^]:]*)\] Error (.*)$/make: \1: the command ended with status \2, as after a signal/
        s/^make: \*\*\* \[[^]]*: ([^]:]*)\] (.*)$/make: \1: a signal ended the command (\2)/
        s/^make: \*\*\* No rule to make target ([^ ,]*)\.( *Stop\.)?$/make: no target \1; make help lists the targets/
        s/^make: \*\*\* /make: /
        s/^make: /'"$me"': /' "$1" >&2
}

# part ARGUMENT...: runs a Make. Its own messages go to a file, those of its recipes to our standard error. Under a lock
# the file is not removed: no other make writes to it, and removing it would take time.
part() {
    [ -d "$obj/lock" ] || mkdir -p "$obj/lock" || exit 1
    said=$obj/lock/${held:-$$}.said
    [ -n "$held" ] || trap 'rm -f "$said"; finish' EXIT
    job make_part "$@"
    set -- $?
    tell "$said"
    return "$1"
}
make_part() { EO_PART=yes EO_STDERR=8 exec "$MAKE" $makefile --no-print-directory "$@" 8>&2 2>"$said"; }

build() {
    goals=$EO_PLAIN
    [ -z "$EO_PROGRAMS" ] || goals=programs${goals:+ $goals}
    case " $goals " in *' programs '*) hold programs "the programs" ;; esac
    # shellcheck disable=SC2046,SC2086 # lists
    part $(settle_build "$goals") $EO_NEEDS $goals
}

# ---- experiments

# For 10,000 candidates, Make's heap grows by 16 MB at a time, and 64 MB of stack allow 6 MB of arguments.
export_plan() { export EO_INNER=1 EO_ONE="$config" EO_PLAN="$words" EO_DATA="$data" MALLOC_TOP_PAD_=16777216 &&
    ulimit -S -s 65536; } 2>/dev/null

run() {
    check_run && find_plan "$1"
    shift
    case " $* " in *' explore'*) "$bin"/eo-explore --check -c "$config" || exit 1 ;; esac
    [ -n "${EO_SCRATCH:-}" ] || hold "$lock" "$name"
    listed=$obj/lock/${held:-$$}.listed
    check_owner
    sl=$out/config dataset=$out/dataset.csv data=
    # Do this first, because what is prepared has to be newer than the rest.
    [ -z "$ahead" ] || { settle "$out" && check_files; }
    prepare data/synthetic && check_made || exit 1
    export_plan
    begin_slurm "$@"
    if is_watched; then watched "$@"; else part "$@"; fi
}

# ---- looking: everything is written into a copy of the configuration folder

# Says which sources changed since the programs were built. Fails when there are no programs.
programs_are_built() {
    # shellcheck disable=SC2046 # options
    stale=$(EO_PART=yes $MAKE $makefile --no-print-directory -n --trace $(old_sources look) programs 2>/dev/null |
        sed -n "s/^[^:]*:[0-9]*: update target '[^']*' due to: //p" | tr ' ' '\n' |
        grep -E '^(lib|tools|Makefile)' | sort -u)
    for tool in config data explain; do
        [ -x "$bin/eo-$tool" ] && continue
        printf '%smake: the programs would be built first; what the experiment would run is known then: %s\n' "$1" \
            "make programs explain"
        return 1
    done
    [ -z "$stale" ] || {
        first=$(printf '%s\n' "$stale" |
            awk 'NR <= 3 { printf "%s%s", sep, $0; sep = ", " } END { if (NR > 3) printf " and %d more", NR - 3 }')
        printf '%smake: the programs would be built first (%s changed); as far as the present ones know:\n' \
            "$1" "$first"
    }
}

# explained GOALS [OPTION...]: prints what eo-explain says, with these options, of the goals
explained() {
    # shellcheck disable=SC2086 # a list
    EO_WORDS=yes looked -p --trace $1 || return
    shift
    "$bin"/eo-explain --folder "$out" --now "$sl" --then "$out/config/made" "$@" "$dir/text"
}

copied() {
    dir=$(mktemp -d) || exit 1
    trap 'rm -rf "$dir"' EXIT
    trap 'exit 1' HUP INT TERM
    find_plan "$1"
    listed=$dir/listed
    check_owner
    sl=$dir/config dataset=$sl/dataset.csv data=
    mkdir -p "$sl" || exit 1
    # Do not copy the records of the steps: there are many, and they are read where they are.
    set -- "$sl"
    for f in "$out"/config/*; do
        [ "$f" = "$out/config/steps" ] || [ ! -e "$f" ] || set -- "$@" "$f"
    done
    [ $# = 1 ] || cp -a -t "$@" || exit 1
    [ ! -f "$out/dataset.csv" ] || cp -a "$out/dataset.csv" "$sl" || exit 1
    generated=data/synthetic
    has_images data/synthetic || generated=$dir/synthetic
    prepare "$generated" && check_made || exit 1
    outdate
}

# Prints the words of make explain as comments, then the commands. --trace begins each recipe with a line of its own, by
# which they are told apart. Under -n each file of a step has a rule (tools/steps.mk), so a recipe that was printed is
# not printed again. Names of the copy are replaced by those in the experiment's folder.
look() {
    copied "$1"
    shift
    explained "$*" | sed 's/^/# /'
    tell_limits
    looked --trace "$@" || { cat "$dir/text"; exit 1; }
    DIR=$dir OUT=$out awk 'function swap(a, b,  i, s) {
            s = ""
            while ((i = index($0, a)) > 0) { s = s substr($0, 1, i - 1) b; $0 = substr($0, i + length(a)) }
            $0 = s $0
        }
        function put() { if (!seen[recipe]++) printf "%s", recipe; recipe = "" }
        /^[^ :]+:[0-9]+: (update )?target .*/ { put(); next }
        { swap(ENVIRON["DIR"] "/config/dataset.csv", ENVIRON["OUT"] "/dataset.csv")
          swap(ENVIRON["DIR"] "/config", ENVIRON["OUT"] "/config")
          recipe = recipe $0 "\n" }
        END { put() }' "$dir/text"
}

explain() { copied "$1"; explained all; }
steps() { copied "$1"; explained all --steps; }

# The folder may be new, so it is marked as that of the configuration: `make all` refuses files of unknown origin.
graph() {
    copied "$1"
    explained all --dot -o "$dir/dot" >"$dir/words" || exit 1
    mkdir -p "$out/config" && put "$out/config/source" "$id" && "${DOT:-dot}" -Tsvg -o "$dir/graph.svg" "$dir/dot" &&
        rm -f "$out/graph.svg.tmp" && cp "$dir/graph.svg" "$out/graph.svg.tmp" &&
        mv -T "$out/graph.svg.tmp" "$out/graph.svg" && printf '  %-9s%s\n' GRAPH "$out/graph.svg"
}

# ---- clean. Without a valid configuration or without programs, the folder is the one of the configuration's name.

# find_cleaned CONFIG: sets out
find_cleaned() {
    find_config "$1"
    base=${config##*/}
    base=${base%.yaml}
    if [ ! -x "$bin/eo-config" ] || ! plan=$("$bin"/eo-config --make "$config"); then
        case $base in '' | [.-]* | *[!A-Za-z0-9._+-]*) exit 1 ;; esac
        out=out/$base
        say "clean: looking at $out, as the folder that $name names is not known"
    else
        find_plan "$1"
    fi
}

check_cleaned() {
    read_owner "$out"
    ! has_files "$out" || [ "$owner" = "$id" ] ||
        fail "clean: $out does not hold the results of $id; nothing was removed"
    other=$(find "$out" -mindepth 3 -path '*/config/source' ! -path "$out/config/source" -print -quit 2>/dev/null)
    [ -z "$other" ] ||
        fail "clean: ${other%/config/source} holds the results of another configuration; nothing was removed"
}

clean() {
    find_cleaned "$1"
    find_lock "$out"
    hold "$lock" "$name"
    check_cleaned
    [ -d "$out" ] || return 0
    echo "rm -rf $out"
    find "$out" -depth ! -type d ! -path "$out/config/source" -delete && rm -rf "$out"
}

would_clean() {
    find_cleaned "$1"
    check_cleaned
    [ ! -d "$out" ] || echo "rm -rf $out"
}

# ---- tidy: files of candidates that the configuration does not have (any more). eo-config knows what their names mean.
# Links are not followed, and stay.

tidy() {
    find_plan "$1"
    [ "$mode" = would_tidy ] || hold "$lock" "$name"
    read_owner "$out"
    [ "$owner" = "$id" ] || fail "tidy: $out does not hold the results of $id; nothing was removed"
    leftover=$(find "$out/" -mindepth 2 -maxdepth 4 -type f -printf '%P\n' | sort |
        "$bin"/eo-config --leftover - "$config") || exit 1
    [ -n "$leftover" ] || { say "tidy: $out has nothing of candidates that $name does not have"; return; }
    printf '%s\n' "$leftover" | while IFS= read -r file; do
        echo "rm $out/$file"
        [ "$mode" = would_tidy ] || { rm -f -- "$out/$file" && leave "${file%/*}"; } || exit 1
    done
}

would_tidy() { tidy "$@"; }

# leave FOLDER: removes it if it is empty, and of a seed that the configuration does not have or of device code
leave() {
    case " $words " in *" EO_SEEDS=${1##*/seed} "*) return ;; esac
    case $1 in */seed* | device/*) [ -n "$(ls -A "$out/$1")" ] || { rmdir "$out/$1" && leave "${1%/*}"; } ;; esac
}

# ---- all configurations of the call

# each FUNCTION ARGUMENT...: calls it for each configuration. If CONFIG as a whole is the name of a file, it is one
# configuration, even with blanks in it; otherwise blanks separate several.
each() {
    case ${CONFIG:-} in *[!\ \	]*) ;; *)
        say "CONFIG is empty: expected the name of a configuration, as configs/default.yaml"
        return 1 ;;
    esac
    if [ -e "$CONFIG" ]; then
        one "$CONFIG" "$@"
        return
    fi
    all=yes
    for c in $CONFIG; do one "$c" "$@" || all=; done
    [ -n "$all" ]
}

# one CONFIG FUNCTION ARGUMENT...
one() {
    config=$1 mode=$2
    shift 2
    job within "$mode" "$config" "$@"
}
within() { set +f; "$@"; }

# ---- the call

call() {
    # shellcheck disable=SC2086 # lists
    [ -z "$EO_DEPS" ] || job part $EO_DEPS || return
    [ -z "$EO_PROGRAMS$EO_PLAIN" ] || job build || return
    [ -z "$EO_LOOK" ] || ! programs_are_built '' || for goal in $EO_LOOK; do each "$goal" || return; done
    case $EO_OF_CONFIG in
    '') ;;
    clean | tidy) each "$EO_OF_CONFIG" ;;
    *) each run $EO_OF_CONFIG ;;
    esac
}

# Under -n the outer Make prints no line of its own after a failure, so it needs no file that says so.
dry() {
    status=0
    plain=$EO_DEPS${EO_PLAIN:+ $EO_PLAIN}
    [ -z "$plain" ] || EO_PART=yes $MAKE $makefile --no-print-directory -n $plain || status=1
    [ "$EO_OF_CONFIG" != clean ] || each would_clean || status=1
    [ -z "$EO_LOOK$EO_PROGRAMS" ] || ! programs_are_built '# ' || {
        for goal in $EO_LOOK; do
            [ "$goal" = graph ] || each "$goal" || status=1
        done
        case $EO_OF_CONFIG in
        '') ;;
        tidy) each would_tidy || status=1 ;;
        *) each look $EO_OF_CONFIG || status=1 ;;
        esac
    }
    return $status
}

# The outer Make runs under -q (tools/dispatch.mk). The parts get this option only if the user gave it.
letters=${MAKEFLAGS%% *}
case $letters in
-*) ;;
*q*) [ -n "$EO_ASKED" ] || MAKEFLAGS=${letters%%q*}${letters#*q}${MAKEFLAGS#"$letters"} ;;
esac

held= mode=
set -f
case $1 in
call)
    failed=$obj/lock/failed.$PPID
    [ ! -e "$failed" ] || rm -f "$failed"
    call || { mkdir -p "$obj/lock" && echo failed >"$failed"; }
    ;;
dry) dry ;;
esac
