# Functions of tools/experiments.sh for one experiment: its plan, its folder, and the checks before Make begins. They
# set name, config and id (of the configuration); words, lists, plan, out and lock (of the plan); and data. The caller
# sets sl and dataset: where slices and checksum are to be written.

# text_of FILE: sets text. For small files, which sh reads faster than it starts a cat.
text_of() {
    text=
    while IFS= read -r line; do text=$text${text:+$newline}$line; done <"$1"
    text=$text${line:+${text:+$newline}$line}
}

# put FILE TEXT: writes TEXT unless FILE holds it already
put() {
    text=
    [ ! -f "$1" ] || [ -L "$1" ] || text_of "$1"
    [ "$text" = "$2" ] || put_text "$1" "$2"
}
put_text() { rm -rf "$1.new" && printf '%s\n' "$2" >"$1.new" && mv -T "$1.new" "$1"; }

# ---- what was found in files is remembered. It holds as long as device, inode, size and both times (of the contents
# and of any change) are the same. A file that changed within the last two seconds is not remembered, because it could
# change again and keep its time. With EO_SCRATCH nothing is remembered, because the experiment's folder is removed in
# the end.

# recall FILE KEY: sets found
recall() { [ -f "$1.key" ] && [ "$(cat "$1.key")" = "$2" ] && text_of "$1" && found=$text; }

# keep FILE KEY FOUND
keep() { [ -n "${EO_SCRATCH:-}" ] || { rm -f "$1.key" && put_text "$1" "$3" && put_text "$1.key" "$2"; }; }

# remember FILE KEY FOUND: keeps it if no file changed lately; the last word of each line of KEY is a time of change
remember() { ! printf '%s\n' "$2" | is_settled || keep "$@"; }
is_settled() { awk -v now="$(date +%s)" '$NF > now - 2 { exit 1 }'; }

# ---- times in the future, as on a copied disk or after the clock was set back, are shifted back, so that new files are
# newer than the files that they are made of

has_future() { [ -n "$(find "$@" -type f -newermt now -print -quit)" ]; }

# settle PATH...: shifts all files by the same amount, which keeps their order
settle() {
    has_future "$@" || return 0
    latest=$(find "$@" -type f -printf '%T@\n' | sort -n | tail -n 1)
    by=$((${latest%.*} - $(date +%s) + 1))
    find "$@" -type f -exec sh -c 'by=$1; shift; for f; do touch -r "$f" -d "-$by seconds" -- "$f"; done' sh "$by" {} +
}

# settle_build GOALS: shifts what was built; for the sources, prints options for Make
settle_build() {
    [ -z "$EO_SHARE" ] || return 0
    old_sources "$1"
    set -- "$bin" "$obj"
    for f; do shift && [ ! -d "$f" ] || set -- "$@" "$f"; done
    [ $# = 0 ] || settle "$@"
}

# Sources keep their times, so a source with a time in the future would always be newer than its objects, and once more
# when that time has come. If it still has the contents that the programs were built from, Make gets the option -o for
# it, which takes it as old. These contents are the checksums in `ahead`, which the recipe of `programs` makes from
# ahead.new. old_sources look|programs|GOALS: `look` changes nothing. Goals other than programs get no options, because
# they build files that `ahead` does not cover.
old_sources() {
    [ -z "$EO_SHARE" ] || return 0
    seen=$obj/seen/ahead known=
    ahead=$(find lib tools -type f -newermt now)
    [ "$1" = look ] || rm -f "$seen.new"
    [ ! -f "$seen" ] || { text_of "$seen" && known=$text; }
    [ -n "$ahead$known" ] || return 0
    sums=$(printf '%s\n' "$ahead" "$known" | sed '/./!d; s/^[0-9a-f]\{64\}  //' | sort -u |
        xargs -d '\n' sha256sum -- 2>/dev/null)
    same=$(printf '%s\n' "$sums" | grep -xF "${known:-none}")
    case $1 in look | programs) [ -z "$same" ] || printf '%s\n' "$same" | sed 's/^.\{66\}/-o /' ;; esac
    [ "$1" = look ] || [ "$sums" = "$known" ] ||
        { mkdir -p "$obj/seen" && put_text "$seen" "$same" && put_text "$seen.new" "$sums"; }
}

# ---- one experiment: its plan, its folder

# find_config NAME: sets id, the configuration's name as config/source has it: with the real path of its folder, which
# is relative to the checkout if it is inside.
find_config() {
    name=$1 config=$1
    case $config in -*) config=./$config ;; esac
    case $config in */*) ;; *) config=./$config ;; esac
    [ -e "$config" ] || fail "$name: no such configuration; those of the project: $(echo "$EO_SHARE"configs/*.yaml)"
    folder=$(cd -- "${config%/*}/" && pwd -P) && root=$(pwd -P) || exit 1
    id=$folder/${config##*/}
    case $id in "$root"/*) id=${id#"$root"/} ;; esac
    case $id in *"$newline"*) fail "$name: expected a name without line breaks" ;; esac
}

# find_plan NAME: sets words, what eo-config tells Make as NAME=VALUE, and lists, the lines that say which candidates
# there are. Values have only letters, digits and ._+-/, which eo-config checks.
find_plan() {
    find_config "$1"
    plan=$("$bin"/eo-config --make "$config") || exit 1
    words= out= lists=
    while read -r key assigns values; do
        for value in $values; do words="$words $key=$value"; done
        case $key in
        EO_OUT) out=$values ;;
        EO_SEEDS | EO_LEVELS | EO_CRITERIA | EO_PRECISIONS)
            lists=$lists${lists:+$newline}"$key $assigns $values" ;;
        esac
    done <<END
$plan
END
    find_lock "$out"
}

# find_lock FOLDER: sets lock, a file name made of the path of the folder
find_lock() {
    lock= left=$1
    while case $left in */*) ;; *) false ;; esac; do
        lock=$lock${left%%/*}+ left=${left#*/}
    done
    lock=$lock$left
}

has_files() { [ -n "$(find "$1" ! -type d ! -name source.new -print -quit 2>/dev/null)" ]; }

read_owner() {
    owner=
    [ ! -f "$1/config/source" ] || [ -L "$1/config/source" ] || IFS= read -r owner <"$1/config/source" || :
}

# Whether the slices in the folder are those of this configuration: then it is the one that they were made from, under a
# new name.
is_same_experiment() {
    slices=$(mktemp -d) || exit 1
    "$bin"/eo-config --slices "$slices" "$config" &&
        (cd "$slices" && find . -type f) | while read -r f; do cmp -s "$slices/$f" "$out/config/$f" || exit 1; done
    status=$?
    rm -rf "$slices"
    return $status
}

# Refuses all but files and folders: the programs would wait for a pipe, and read a device without end. Sets ahead, a
# file with a time in the future, or nothing. Writes the list of artefacts with what tells that they changed ($listed),
# and looks at each file only once, because there can be a hundred thousand. The many records of steps are not looked
# at: their times mean nothing.
check_files() {
    ahead= odd=
    mkdir -p "${listed%/*}" && : >"$listed" || exit 1
    [ -d "$out" ] || return 0
    while IFS=: read -r what file; do
        case $what in odd) odd=$file && break ;; ahead) ahead=$file ;; esac
    done <<END
$(find -H "$out" -mindepth 1 \( ! -type f ! -type d ! -xtype f ! -xtype d -printf 'odd:%p\n' \) \
        -o -path "$out/config/steps" -o -path "$out/config/steps/*" \
        -o -type f \( ! -newermt now -o -printf 'ahead:%p\n' \) ! -path "$out/config/*" \
        -fprintf "$listed" '%P %D %i %s %T@ %C@\n' | head -n 1000)
END
    [ -z "$odd" ] || fail "$odd is neither a file nor a folder, nor a link to one; remove it"
}

# The folder belongs to this configuration, or is new. When its configuration is gone, a configuration of the same
# contents takes the folder over.
check_owner() {
    parent=$out
    while case $parent in ?*/*) ;; *) false ;; esac; do
        parent=${parent%/*}
        read_owner "$parent"
        [ -z "$owner" ] ||
            fail "$out lies inside $parent, which holds the results of $owner; give $name another output_dir"
    done
    check_files
    read_owner "$out"
    [ "$owner" != "$id" ] || return 0
    if [ -n "$owner" ] && [ -e "$owner" ]; then
        [ "$owner" -ef "$config" ] || fail "$out holds the results of $owner; give one of the two another output_dir," \
            "or: $me clean $([ "$me" = eo ] || echo CONFIG=)$owner"
    elif [ -n "$owner" ]; then
        is_same_experiment || fail "$out holds the results of $owner, which is not there now. If its disk is to be" \
            "mounted, do that or give $name another output_dir. If $id is its new name: rm $out/config/source"
        say "$out was made of $owner, which is gone; it belongs to $id now"
    elif [ -d "$out/config/programs" ] && [ ! -L "$out/config" ]; then
        say "$out does not say any more which configuration it is of; it belongs to $id now"
    elif has_files "$out"; then
        fail "$out holds files that are not of an experiment; give $name another output_dir"
    fi
}

# ---- what the stages depend on, below $sl, and $dataset

find_programs() {
    set -- "$bin"/eo-* "$EO_SHARE"plots/*.gp "$EO_SHARE"plots/*.awk
    key=$(stat -c '%n %d %i %s %.9Y %.9Z' "$@")
    recall "$obj/seen/programs" "$key" || {
        found=$(sha256sum -- "$@" | sed 's| .*/| |') || return 1
        remember "$obj/seen/programs" "$key" "$found"
    }
    while read -r sum program; do
        put "$sl/programs/$program" "$sum" || return 1
    done <<END
$found
END
    read -r data_program <"$sl/programs/eo-data"
}

# generate FOLDER: draws the images into it
generate() { { [ "$mode" != run ] || printf '  %-9s%s\n' DATA "$1"; } && "$bin"/eo-data --generate "$1"; }

has_images() { set -- "$1"/*-ubyte.gz && [ $# = 4 ]; }

# find_data GENERATED: sets data, the folder of the images. Generated images are in the folder GENERATED, and are made
# again when they are not those that eo-data generates now.
find_data() {
    case " $words " in
    *' EO_DATASET=synthetic '*)
        data=$1 fresh=
        has_images "$data" || { generate "$data" && fresh=yes; } || return 1
        check_data || return 1
        [ "$mode" = run ] || return 0 # what looks generates nothing anew
        [ -n "$fresh" ] || {
            recall "$obj/seen/synthetic" "$data_program" && [ "$checksum" = "$found" ] && return
            generate "$data" && check_data || return 1
        }
        keep "$obj/seen/synthetic" "$data_program" "$checksum"
        return
        ;;
    esac
    data=$("$bin"/eo-data --folder -c "$config") || return 1
    case $data in -*) data=./$data ;; esac
    check_data || return 1
    # Make and the shells of its recipes cannot take other characters, so they get a link to the folder.
    case $data in *[!A-Za-z0-9._/+@-]*)
        link=$obj/data/$lock
        mkdir -p "$obj/data" && folder=$(cd -- "$data" && pwd -P) && ln -sfnT -- "$folder" "$link" && data=$link ;;
    esac
}

# check_data: writes dataset.csv and sets checksum, its text
check_data() {
    files=$(find -L "$data" -maxdepth 3 -type f \( -name '*[-.]idx[0-9]-ubyte*' -o -name classes.txt \) \
        -printf '%p %D %i %s %T@ %C@\n' | head -n 1001)
    # When the list is cut, it may lack the images, so they are read each time.
    [ ${#files} -le 1000 ] || [ "$(printf '%s\n' "$files" | wc -l)" -le 1000 ] || files="all $(date +%s)"
    key="$data_program 0$newline$files"
    if recall "$obj/seen/$lock" "$key"; then
        put "$dataset" "$found"
    else
        "$bin"/eo-data --checksum -c "$config" --data "$data" -o "$dataset" || return 1
        remember "$obj/seen/$lock" "$key" "$(cat "$dataset")"
    fi
    text_of "$dataset"
    checksum=$text
}

# prepare GENERATED
prepare() {
    # Recipes write records and slices there, and a shell would write through a link.
    link=
    [ ! -d "$sl" ] || link=$(find "$sl" -type l -print -quit)
    for f in "$sl" "$dataset" "$link"; do
        [ ! -L "$f" ] || fail "$f is a link: expected a file or folder of the experiment; remove it"
    done
    for f in "$sl/programs" "$obj/seen"; do [ -d "$f" ] || mkdir -p "$f" || return 1; done
    put "$sl/source" "$id" && "$bin"/eo-config --slices "$sl" "$config" && put "$sl/candidates" "$lists" &&
        find_programs && find_data "$1" && check_experiment
}

# An experiment that cannot run is refused before it trains. What was checked is remembered, by the slices, lists, data
# and program that it depends on.
check_experiment() {
    [ "$mode" = run ] || return 0
    read -r program <"$sl/programs/eo-config" && slices=$(cat "$sl"/*.yaml | sha256sum) || return 1
    key="$program ${slices%% *}$newline$lists$newline$checksum"
    recall "$obj/seen/$lock.checked" "$key" || { "$bin"/eo-config --check --data "$data" "$config" &&
        keep "$obj/seen/$lock.checked" "$key" checked; }
}

# ---- a file that is gone, or whose bytes differ from the record of its step, is made again, whatever its time

# check_made: writes the names of these files into $sl/gone and $sl/changed, for Make. They can be too many for its
# environment. When the list of check_files is that of last time, nothing has changed.
check_made() {
    gone=
    [ -d "$out" ] || { put "$sl/gone" '' && put "$sl/changed" '' && put "$sl/failed" ''; return; }
    put "$sl/failed" "$(find_failed)" && found= || return
    seen=$obj/seen/$lock.made
    cmp -s "$listed" "$seen" || {
        [ ! -d "$out/config/steps" ] || found=$(find_changed)
        gone=$(find_gone)
        if [ -z "$gone$found${EO_SCRATCH:-}" ] && is_settled <"$listed"; then
            cp "$listed" "$seen.new" && mv -T "$seen.new" "$seen"
        fi
    }
    rm -f "$listed.gone" && { [ -n "$held" ] || rm -f "$listed"; }
    put "$sl/gone" "$gone" && put "$sl/changed" "$found"
}

# find_failed: the listed files of error rows that have a row; all others have the size of the header. Make would have
# to read each of them.
find_failed() {
    awk '$1 ~ /\.err$/ && $4 != 59 { print $1 }' "$listed" | while read -r file; do
        { read -r line && read -r line && echo "$file"; } <"$out/$file"
    done
}

# find_changed: the listed files whose bytes are not those of a record. It reads no other files, and no links. Names in
# records that are not listed go to $listed.gone.
find_changed() {
    { cat "$listed" && echo && find "$out/config/steps" -type f -exec cat {} +; } |
        awk -v gone="$listed.gone" '!listed { if ($0 == "") listed = 1; else file[$1] = 1; next }
            /^[a-z]+$/ { made = 1; next }
            $0 == "" { made = 0 }
            made && substr($0, 67) in file { print; next }
            made { print substr($0, 67) >gone }' |
        (cd "$out" && sha256sum -c --quiet 2>/dev/null) | sed -n 's|^\([A-Za-z0-9._+/-]*\): FAILED$|\1|p'
}

# find_gone: of these names. A link is not listed, but it is there; slices are not listed, and were written just now.
find_gone() {
    [ ! -e "$listed.gone" ] || grep -x '[A-Za-z0-9._+/-]*' "$listed.gone" | while read -r file; do
        case $file in config/*) ;; *) [ -e "$out/$file" ] || echo "$file" ;; esac
    done
}

# Files of the experiment may have times in the future, and looking must not change them. So a copied file that differs
# from the one of last time gets a time after all of them.
outdate() {
    [ -n "$ahead" ] || return 0
    latest=$(find "$out" -type f -newermt now -printf '%T@\n' | sort -n | tail -n 1)
    [ -n "$latest" ] || return 0
    find "$sl" -type f -exec sh -c 'sl=$1 out=$2 time=$3; shift 3
        for f; do
            was=$out/config${f#"$sl"}
            [ "$f" != "$sl/dataset.csv" ] || was=$out/dataset.csv
            cmp -s "$f" "$was" || touch -d "@$time" -- "$f"
        done' sh "$sl" "$out" $((${latest%.*} + 1)) {} +
}

# ---- what Make would do

# looked GOAL...: what Make prints under -n, in $dir/text
looked() {
    { ( export_plan && EO_DRY=$dir exec "$MAKE" $makefile --no-print-directory -n "$@" ) 2>"$dir/said"
        echo $? >"$dir/status"; } | rules_alone >"$dir/text"
    read -r status <"$dir/status"
    tell "$dir/said"
    return "$status"
}

# For eo-explain (EO_WORDS), without what it does not read of Make's database, which is the most of it by far: comments,
# among them the automatic variables of each file, and recipes.
rules_alone() {
    if [ -n "${EO_WORDS:-}" ]; then grep -a -e "^[^#$(printf '\t')]" -e '^# Make data base, '; else cat; fi
}
