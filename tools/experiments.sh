#!/bin/sh
# What Make leaves to a shell: the experiments of one call, one CONFIG after the other, each in a Make of its own.
#
#     sh tools/experiments.sh run GOAL...      makes the goals of each CONFIG, holding the lock of its folder
#     sh tools/experiments.sh dry              what Make would run, after words; changes nothing (make -n)
#     sh tools/experiments.sh explain|graph    the words alone; a picture of them
#     sh tools/experiments.sh clean            removes the folder of each CONFIG
#     sh tools/experiments.sh tidy             removes the artefacts of candidates that each CONFIG does not have
#     sh tools/experiments.sh settle [PART]    takes back times in the future, of what was built; prints options for Make
#
# Before Make begins, what comes from outside is looked at, at each call and without regard to times: the configuration
# becomes slices (config/STAGE.yaml), the data its checksum (dataset.csv), the programs and the scripts of plots/ theirs
# (config/programs/NAME). Each is replaced only when its contents change, and the stages depend on these files alone.
#
# Nothing below a folder of results is read as text of Make or of a shell; names of files are never split.
set -u
export LC_ALL=C
bin=$EO_B/bin obj=$EO_B/build
MAKE=${MAKE:-make}
newline='
'

say() { printf 'make: %s\n' "$*" | tr -d '\000-\010\013-\037\177' >&2; }
fail() { say "$@"; exit 1; }

# put FILE LINE: writes it unless that is what FILE holds
put() {
    had=
    [ ! -f "$1" ] || [ -L "$1" ] || IFS= read -r had <"$1" || :
    [ "$had" = "$2" ] || put_text "$1" "$2"
}
put_text() { rm -rf "$1.new" && printf '%s\n' "$2" >"$1.new" && mv -T "$1.new" "$1"; }

# ---- what was found in files is remembered, and holds as long as device, inode, size, times of contents and of change are
# the same. What changed within the last two seconds is not remembered, as it could change again within one tick.

# recall FILE KEY: sets found
recall() {
    [ -f "$1" ] || return 1
    found=$(cat "$1") || return 1
    case $found in "$2$newline=$newline"*) found=${found#"$2$newline=$newline"} ;; *) return 1 ;; esac
}

# remember FILE KEY FOUND: the last word of each line of KEY is a time of change
remember() {
    ! printf '%s\n' "$2" | awk -v now="$(date +%s)" '$NF > now - 2 { exit 1 }' || put_text "$1" "$2$newline=$newline$3"
}

# ---- times in the future (a copied disk, a clock that was set back) are shifted back, so that what is made from now on
# is newer than what it is made of

# settle PATH...: all files by the same amount, which keeps their order
settle() {
    [ -n "$(find "$@" -type f -newermt now -print -quit)" ] || return 0
    latest=$(find "$@" -type f -printf '%T@\n' | sort -n | tail -n 1)
    by=$((${latest%.*} - $(date +%s) + 1))
    find "$@" -type f -exec sh -c 'by=$1; shift; for f; do touch -r "$f" -d "-$by seconds" -- "$f"; done' sh "$by" {} +
}

settle_build() {
    old_sources "$@"
    set --
    for f in "$bin" "$obj"; do [ ! -d "$f" ] || set -- "$@" "$f"; done
    [ $# = 0 ] || settle "$@"
}

# Sources keep their times. While one is of the future, what is built of it is always older. So Make is told to take it for
# old (-o) where it has the contents that the programs were built of: the recipe of `programs` turns ahead.new into ahead.
# old_sources look|programs|GOAL: looking changes nothing; goals other than the programs build more than the record knows
old_sources() {
    seen=$obj/seen/ahead
    ahead=$(find lib tools -type f -newermt now | sort)
    [ -n "$ahead" ] || { [ "$1" = look ] || rm -f "$seen" "$seen.new"; return 0; }
    sums=$(printf '%s\n' "$ahead" | xargs -d '\n' sha256sum --)
    if [ -f "$seen" ] && [ "$(cat "$seen")" = "$sums" ]; then
        case $1 in look | programs) printf '%s\n' "$ahead" | sed 's/^/-o /' ;; esac
    elif [ "$1" != look ]; then
        rm -f "$seen" && mkdir -p "$obj/seen" && printf '%s\n' "$sums" >"$seen.new"
    fi
}

# ---- one experiment: its plan, its folder

# The configuration's name as it stands in config/source: inside the checkout relative to that, links in folders followed.
find_config() {
    name=$1 config=$1
    case $config in -*) config=./$config ;; esac
    case $config in */*) ;; *) config=./$config ;; esac
    [ -e "$config" ] || fail "$name: no such configuration; those of the project: $(echo configs/*.yaml)"
    folder=$(cd -- "${config%/*}/" && pwd -P) && root=$(pwd -P) || exit 1
    id=$folder/${config##*/}
    case $id in "$root"/*) id=${id#"$root"/} ;; esac
    case $id in *"$newline"*) fail "$name: expected a name without line breaks" ;; esac
}

# What eo-config says to Make, as words NAME=VALUE. Values are letters, digits and ._+-/, which eo-config checks.
find_plan() {
    find_config "$1"
    plan=$("$bin"/eo-config --make "$config") || exit 1
    words= out=
    while read -r key _ values; do
        for value in $values; do words="$words $key=$value"; done
        [ "$key" != EO_OUT ] || out=$values
    done <<END
$plan
END
    lock=$(printf %s "$out" | tr / +)
}

has_files() { [ -n "$(find "$1" ! -type d ! -name source.new -print -quit 2>/dev/null)" ]; }

read_owner() {
    owner=
    [ ! -f "$1/config/source" ] || [ -L "$1/config/source" ] || IFS= read -r owner <"$1/config/source" || :
}

# Whether the slices in the folder are those of the configuration: then it is the one that they were made of, renamed.
is_same_experiment() {
    slices=$(mktemp -d) || exit 1
    "$bin"/eo-config --slices "$slices" "$config" &&
        (cd "$slices" && find . -type f) | while read -r f; do cmp -s "$slices/$f" "$out/config/$f" || exit 1; done
    status=$?
    rm -rf "$slices"
    return $status
}

# The folder is this configuration's, or new. A file that has gone has given its folder to one of the same contents.
check_owner() {
    parent=$out
    while case $parent in ?*/*) ;; *) false ;; esac; do
        parent=${parent%/*}
        read_owner "$parent"
        [ -z "$owner" ] || fail "$out lies inside $parent, which holds the results of $owner; give $name another output_dir"
    done
    read_owner "$out"
    [ "$owner" != "$id" ] || return 0
    if [ -n "$owner" ] && [ -e "$owner" ]; then
        [ "$owner" -ef "$config" ] || fail "$out holds the results of $owner; give one of the two another output_dir," \
            "or: make clean CONFIG=$owner"
    elif [ -n "$owner" ]; then
        is_same_experiment || fail "$out holds the results of $owner, which is not there now. If its disk is to be mounted, do" \
            "that or give $name another output_dir. If $id is its new name: rm $out/config/source"
        say "$out was made of $owner, which is gone; it belongs to $id now"
    elif [ -d "$out/config/programs" ] && [ ! -L "$out/config" ]; then
        say "$out does not say any more which configuration it is of; it belongs to $id now"
    elif has_files "$out"; then
        fail "$out holds files that are not of an experiment; give $name another output_dir"
    fi
}

# ---- what the stages depend on, below $sl, and $dataset

find_programs() {
    key=$(stat -c '%n %d %i %s %.9Y %.9Z' "$bin"/eo-* plots/*)
    recall "$obj/seen/programs" "$key" || {
        found=$(sha256sum -- "$bin"/eo-* plots/* | sed 's| .*/| |') || return 1
        remember "$obj/seen/programs" "$key" "$found"
    }
    while read -r sum program; do
        put "$sl/programs/$program" "$sum" || return 1
    done <<END
$found
END
    read -r data_program <"$sl/programs/eo-data"
}

# The generated images: made again when they are not those that eo-data generates, into $1.
generate() {
    printf '  %-9s%s\n' DATA "$1" && "$bin"/eo-data --generate "$1"
}

# find_data GENERATED: the folder of the images; the generated ones are in GENERATED
find_data() {
    case " $words " in
    *' EO_DATASET=synthetic '*)
        data=$1 fresh=
        [ "$(ls "$data"/*-ubyte.gz 2>/dev/null | wc -l)" = 4 ] || { generate "$data" && fresh=yes; } || return 1
        check_data || return 1
        [ "$mode" = run ] || return 0 # what looks generates nothing anew
        [ -n "$fresh" ] || {
            recall "$obj/seen/synthetic" "$data_program" && [ "$(cat "$dataset")" = "$found" ] && return
            generate "$data" && check_data || return 1
        }
        put_text "$obj/seen/synthetic" "$data_program$newline=$newline$(cat "$dataset")"
        return
        ;;
    esac
    data=$("$bin"/eo-data --folder -c "$config") || return 1
    case $data in -*) data=./$data ;; esac
    check_data || return 1
    # Make and the shells of its recipes take no such name; they get another one for the folder.
    case $data in *[!A-Za-z0-9._/+@-]*)
        link=$obj/data/$lock
        mkdir -p "$obj/data" && folder=$(cd -- "$data" && pwd -P) && ln -sfnT -- "$folder" "$link" && data=$link ;;
    esac
}

check_data() {
    files=$(find -L "$data" -maxdepth 3 -type f -printf '%p %D %i %s %T@ %C@\n' | head -n 1001)
    # In a folder of so many files, the images may be among those that are not listed: they are read each time.
    [ "$(printf '%s\n' "$files" | wc -l)" -le 1000 ] || files="all $(date +%s)"
    key="$data_program 0$newline$files"
    if recall "$obj/seen/$lock" "$key"; then
        [ -f "$dataset" ] && [ "$(cat "$dataset")" = "$found" ] || put_text "$dataset" "$found"
    else
        "$bin"/eo-data --checksum -c "$config" --data "$data" -o "$dataset" || return 1
        remember "$obj/seen/$lock" "$key" "$(cat "$dataset")"
    fi
}

# prepare GENERATED
prepare() {
    # Recipes write records and slices there, and a shell writes through a link.
    link=
    [ ! -d "$sl" ] || link=$(find "$sl" -type l -print -quit)
    for f in "$sl" "$dataset" "$link"; do
        [ ! -L "$f" ] || fail "$f is a link: expected a file or folder of the experiment; remove it"
    done
    mkdir -p "$sl/programs" "$obj/seen" && put "$sl/source" "$id" && "$bin"/eo-config --slices "$sl" "$config" || return 1
    lists=$(printf '%s\n' "$plan" | grep -E '^EO_(SEEDS|LEVELS|CRITERIA|PRECISIONS) ')
    [ -f "$sl/candidates" ] && [ "$(cat "$sl/candidates")" = "$lists" ] || put_text "$sl/candidates" "$lists" || return 1
    find_programs && find_data "$1"
}

# inner [VARIABLE=VALUE...] -- OPTION-OR-GOAL...
inner() { EO_INNER=1 EO_PLAN=$words EO_DATA=$data exec "$MAKE" --no-print-directory "$@"; }

# As a job, so that a signal ends the wait.
wait_for_lock() {
    flock 9 &
    trap 'kill $!; exit 1' HUP INT TERM
    wait $!
    trap 'exit 1' HUP INT TERM
}

hold() {
    mkdir -p "$obj/lock" && exec 9>>"$obj/lock/$1" || exit 1
    flock -E 75 -n 9 2>"$obj/lock/said.$$"
    status=$?
    said=$(cat "$obj/lock/said.$$")
    rm -f "$obj/lock/said.$$"
    case $status in
    0) ;;
    75) say "another make is at work on $2; waiting until it is done"; wait_for_lock ;;
    *) say "$obj/lock cannot be locked here (${said:-flock: status $status}); going on, so start no other make on $2" ;;
    esac
}

run() {
    find_plan "$1"
    shift
    hold "$lock" "$name"
    check_owner
    sl=$out/config dataset=$out/dataset.csv data=
    # first, as what is prepared has to be newer than the rest
    [ ! -d "$out" ] || settle "$out"
    prepare data/synthetic || exit 1
    inner "$@"
}

# ---- looking: all is written into a copy of the configuration folder

# Whether the programs are those of the sources; else says which sources changed.
programs_are_built() {
    # shellcheck disable=SC2046 # options
    stale=$(EO_PART=/dev/null $MAKE --no-print-directory -n --trace $(old_sources look) programs 2>/dev/null |
        sed -n "s/^[^:]*:[0-9]*: update target '[^']*' due to: //p" | tr ' ' '\n' | grep -E '^(lib|tools|Makefile)' | sort -u)
    for tool in config data explain; do
        [ -x "$bin/eo-$tool" ] && continue
        printf '%smake: the programs would be built first; what the experiment would run is known then: make programs explain\n' "$1"
        return 1
    done
    [ -z "$stale" ] || printf '%smake: the programs would be built first (%s changed); as far as the present ones know:\n' "$1" \
        "$(printf '%s\n' "$stale" | awk 'NR <= 3 { printf "%s%s", sep, $0; sep = ", " } END { if (NR > 3) printf " and %d more", NR - 3 }')"
}

# Make 4.3 does not see under -n that all targets of a grouped rule are new when one is, so it gets them as rules of their own.
looked() { ( EO_DRY=$dir inner -n -f "$dir/Makefile" "$@" ) >"$dir/text"; }
explained() { looked -p --trace all && "$bin"/eo-explain --folder "$out" --now "$sl" --then "$out/config/made" "$@" "$dir/text"; }

copied() {
    dir=$(mktemp -d) || exit 1
    trap 'rm -rf "$dir"' EXIT
    trap 'exit 1' HUP INT TERM
    find_plan "$1"
    check_owner
    sl=$dir/config dataset=$sl/dataset.csv data=
    mkdir -p "$sl" && sed 's/ &:/:/' Makefile >"$dir/Makefile" || exit 1
    [ ! -d "$out/config" ] || cp -a "$out/config/." "$sl" || exit 1
    [ ! -f "$out/dataset.csv" ] || cp -a "$out/dataset.csv" "$sl" || exit 1
    generated=data/synthetic
    [ "$(ls data/synthetic/*-ubyte.gz 2>/dev/null | wc -l)" = 4 ] || generated=$dir/synthetic
    prepare "$generated" || exit 1
    outdate
}

# Where files are of the future, and nothing may be changed: what differs from last time gets a time after all of them.
outdate() {
    latest=$([ ! -d "$out" ] || find "$out" -type f -newermt now -printf '%T@\n' | sort -n | tail -n 1)
    [ -n "$latest" ] || return 0
    find "$sl" -type f -exec sh -c 'sl=$1 out=$2 time=$3; shift 3
        for f; do
            was=$out/config${f#"$sl"}
            [ "$f" != "$sl/dataset.csv" ] || was=$out/dataset.csv
            cmp -s "$f" "$was" || touch -d "@$time" -- "$f"
        done' sh "$sl" "$out" $((${latest%.*} + 1)) {} +
}

# What rules of their own print twice is printed once, and of the folder that it would be in.
look() {
    copied "$1"
    shift
    ! case " $* " in *' all '*) ;; *) false ;; esac || explained | sed 's/^/# /'
    looked "$@" || { cat "$dir/text"; exit 1; }
    DIR=$dir OUT=$out awk 'function swap(a, b,  i, s) {
            s = ""
            while ((i = index($0, a)) > 0) { s = s substr($0, 1, i - 1) b; $0 = substr($0, i + length(a)) }
            $0 = s $0
        }
        { swap(ENVIRON["DIR"] "/config/dataset.csv", ENVIRON["OUT"] "/dataset.csv"); swap(ENVIRON["DIR"] "/config", ENVIRON["OUT"] "/config") }
        !seen[$0]++' "$dir/text"
}

explain() { copied "$1"; explained; }

# A folder that did not exist is marked as that of the configuration, so that `make all` goes on in it.
graph() {
    copied "$1"
    explained --dot -o "$dir/dot" >"$dir/words" || exit 1
    mkdir -p "$out/config" && put "$out/config/source" "$id" && "${DOT:-dot}" -Tsvg -o "$dir/graph.svg" "$dir/dot" &&
        rm -f "$out/graph.svg.tmp" && cp "$dir/graph.svg" "$out/graph.svg.tmp" && mv -T "$out/graph.svg.tmp" "$out/graph.svg" && printf '  %-9s%s\n' GRAPH "$out/graph.svg"
}

# make -n: EO_LOOK has goals of the project; goals that look; goals of the configurations
dry() {
    rest=${EO_LOOK#*;} plain=${EO_LOOK%%;*} status=0
    looking=${rest%%;*} goals=${rest#*;}
    set -f
    # shellcheck disable=SC2086 # lists
    [ -z "${plain# }" ] || EO_PART=/dev/null $MAKE --no-print-directory -n $plain || status=1
    case $goals in *' clean'*) each would_clean || status=1; goals= ;; esac
    case $looking$goals in *[a-zA-Z0-9]*) ! programs_are_built '# ' || {
        case $looking in *explain*) each explain || status=1 ;; esac
        case $goals in
        *' tidy'*) each tidy || status=1 ;;
        *[a-zA-Z0-9]*) each look $goals || status=1 ;;
        esac
    } ;; esac
    return "$status"
}

# ---- clean. A configuration that is wrong, or whose programs are gone, has the folder of its name.

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
    ! has_files "$out" || [ "$owner" = "$id" ] || fail "clean: $out does not hold the results of $id; nothing was removed"
    other=$(find "$out" -mindepth 3 -path '*/config/source' ! -path "$out/config/source" -print -quit 2>/dev/null)
    [ -z "$other" ] || fail "clean: ${other%/config/source} holds the results of another configuration; nothing was removed"
}

clean() {
    find_cleaned "$1"
    hold "$(printf %s "$out" | tr / +)" "$name"
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

# ---- tidy: of what was made, what belongs to candidates that the configuration does not have (any more). What the names
# mean is known to eo-config. Links are not followed, and stay.

tidy() {
    find_plan "$1"
    [ "$mode" = dry ] || hold "$lock" "$name"
    read_owner "$out"
    [ "$owner" = "$id" ] || fail "tidy: $out does not hold the results of $id; nothing was removed"
    leftover=$(find "$out/" -mindepth 2 -maxdepth 3 -type f -printf '%P\n' | sort | "$bin"/eo-config --leftover - "$config") || exit 1
    [ -n "$leftover" ] || { say "tidy: $out has nothing of candidates that $name does not have"; return; }
    printf '%s\n' "$leftover" | while IFS= read -r file; do
        echo "rm $out/$file"
        [ "$mode" = dry ] || { rm -f -- "$out/$file" && leave_seed "${file%/*}"; } || exit 1
    done
}

# leave_seed FOLDER: of a seed that is none any more, once it is empty
leave_seed() {
    case " $words " in *" EO_SEEDS=${1##*/seed} "*) return ;; esac
    case $1 in */seed*) [ -n "$(ls -A "$out/$1")" ] || rmdir "$out/$1" ;; esac
}

# ---- all configurations of the call

# each FUNCTION ARGUMENT...: a name that is that of a file is one, whatever is in it; else blanks separate several
each() {
    what=$1
    shift
    case ${CONFIG:-} in *[!\ \	]*) ;; *)
        say "CONFIG is empty: expected the name of a configuration, as configs/default.yaml"
        return 1 ;;
    esac
    if [ -e "$CONFIG" ]; then
        one "$what" "$CONFIG" "$@"
        return
    fi
    all=yes
    set -f
    for c in $CONFIG; do one "$what" "$c" "$@" || all=; done
    [ -n "$all" ]
}

# A shell that waits for a command hears of no signal. So it waits for a job, which it can end when Make is told to. The job
# ends after the command that it waits for itself, and leaves none running.
one() {
    ( trap 'exit 1' HUP INT TERM; set +f; "$@" ) &
    trap 'kill $! && wait; exit 1' HUP INT TERM
    wait $!
}

[ -z "${EO_PART:-}" ] || [ ! -e "$EO_PART" ] || exit 0
# Commands of Make that are marked + run under its -q, which is no option of the parts.
case ${MAKEFLAGS:-} in [A-Za-z]*) flags=${MAKEFLAGS%% *} MAKEFLAGS=$(printf %s "$flags" | tr -d q)${MAKEFLAGS#"$flags"} ;; esac
mode=$1
shift
# Where Make waits for a sign of failure it gets that, and prints no line of its own.
failed() { [ -n "${EO_PART:-}" ] && [ "$mode" != dry ] && echo failed >"$EO_PART" || exit 1; }
case $mode in
settle) settle_build "${1:-}" ;;
run | clean | tidy) each "$mode" "$@" ;;
explain | graph) ! programs_are_built '' || each "$mode" ;;
dry) dry ;;
esac || failed
