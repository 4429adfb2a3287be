#!/bin/sh
# Downloads published data sets into the folder of this script, or into EO_DATA_INTO where that is set:
#
#     data/fetch.sh mnist fashion-mnist
#
# Addresses and SHA-256 sums of the contents are in SOURCES. Files that exist with the right checksum are kept, and a
# data set that is in EO_DATA_DIR, or that a package has put into /usr/share/datasets, is not downloaded, because the
# programs look there too. An interrupted download is resumed. A file gets its name when its checksum is right;
# otherwise the next address is tried. EO_DATA_URL holds one address or several, separated by spaces, and replaces
# those of SOURCES: files are then taken from ADDRESS/<data set>/<file>. It can begin with http:// or file://.
#
# Servers are not trusted: time and size of a download are bounded, and nothing is written through a link.

me=data/fetch.sh
here=$(dirname "$0")
sources=$here/SOURCES
into=${EO_DATA_INTO:-$here}
packaged=/usr/share/datasets
# The largest file has 26 MB, and 47 MB unpacked. Seconds to connect, without data, and for one file.
limit_mb=64
connect=20 stall=30 total=900

fail() {
    printf '%s: %s\n' "$me" "$1" >&2
    exit 1
}

# Prints the checksum of the unpacked contents, because gzip files differ by time and method; or what is wrong.
sha256() {
    sum=$({ { gzip -dc <"$1" 2>/dev/null || echo torn >&3; } | head -c "$limit_mb"M | sha256sum; } 3>&1)
    case $sum in
    *torn*) printf 'no whole gzip file\n' ;;
    *) printf '%s\n' "${sum%% *}" ;;
    esac
}

# is_right FILE SHA256: whether the file is there with these contents
is_right() {
    [ -f "$1" ] && [ -r "$1" ] && [ "$(sha256 "$1")" = "$2" ]
}

# has_all FOLDER SET: whether all files of the set are there. Programs read the unpacked one where there are two.
has_all() {
    [ -d "$1" ] || return 1
    while read -r set_name file expected _; do
        [ "$set_name" = "$2" ] || continue
        if [ -f "$1/${file%.gz}" ]; then
            [ "$(sha256sum <"$1/${file%.gz}")" = "$expected  -" ] || return 1
        else
            is_right "$1/$file" "$expected" || return 1
        fi
    done <"$sources"
}

# is_owned SET: whether EO_DATA_DIR has all files of the set; says so. Programs read the first of these folders that has
# any of them, so a set that is not whole there would hide what is downloaded.
is_owned() {
    [ -n "${EO_DATA_DIR:-}" ] || return 1
    case $1 in mnist) raw=MNIST/raw ;; fashion-mnist) raw=FashionMNIST/raw ;; *) raw=$1 ;; esac
    for own in "$EO_DATA_DIR/$1" "$EO_DATA_DIR/$raw"; do
        set -- "$1" "$own"/*-ubyte*
        [ -e "$2" ] || continue
        has_all "$own" "$1" || fail "'$1' is in EO_DATA_DIR, '$own', but not whole and as published, and hides what \
would be downloaded; remove it there, or unset EO_DATA_DIR"
        printf "%s: '%s' is in EO_DATA_DIR, '%s', and is not downloaded\n" "$me" "$1" "$own"
        return 0
    done
    return 1
}

# get URL PART: 0 when the download is complete. When a server refuses to resume, asks once for the whole file.
get() {
    if [ -t 2 ]; then progress=--progress-bar; else progress=--silent; fi
    from_server "$1" "$2" --continue-at -
    status=$?
    case $status in
    22 | 33 | 36)
        [ -s "$2" ] || return "$status"
        rm -f "$2"
        from_server "$1" "$2"
        status=$?
        ;;
    esac
    return "$status"
}

# from_server URL PART OPTION...: published addresses must be https, and so must those that they redirect to
from_server() {
    url=$1 part=$2
    shift 2
    if [ -n "${EO_DATA_URL:-}" ]; then allowed="=https,http,file"; else allowed="=https"; fi
    (
        ulimit -f $((limit_mb * 2048)) # in blocks of 512 bytes, because the size that the server reports can be wrong
        exec curl --fail --location --proto "$allowed" --proto-redir "${allowed%,file}" --max-redirs 5 --retry 3 \
            --connect-timeout "$connect" --speed-limit 100 --speed-time "$stall" --max-time "$total" \
            "$progress" --show-error "$@" --output "$part" "$url"
    )
}

# Whether this is a partial download: a regular file with one name. A link would write into another file.
begun() {
    [ -f "$1" ] && [ ! -L "$1" ] && [ "$(stat -c %h "$1")" = 1 ]
}

# fetch SET FILE SHA256 URL...
fetch() {
    set_name=$1 file=$2 expected=$3
    folder=$into/$set_name
    target=$folder/$file
    part=$target.part
    shift 3
    if [ -e "$target" ]; then
        found=$(sha256 "$target") || exit 1
        [ "$found" = "$expected" ] && return
        fail "'$target': expected SHA-256 $expected, found $found; remove the file to download it again"
    fi
    if [ -n "${EO_DATA_URL:-}" ]; then
        set --
        for base in $EO_DATA_URL; do set -- "$@" "${base%/}/$set_name/$file"; done
    fi
    command -v curl >/dev/null || fail "expected curl to download with, found none; 'make deps' installs it"
    [ ! -L "$folder" ] ||
        fail "'$folder' is a link, and nothing is downloaded through it; set EO_DATA_DIR to the folder of the data"
    # An empty folder would be taken for data.
    trap 'rmdir "$folder" 2>/dev/null' EXIT
    mkdir -p "$folder" || exit 1
    begun "$part" || rm -f "$part"
    wrong=
    if [ -s "$part" ] && [ "$(sha256 "$part")" = "$expected" ]; then
        set -- # the last run ended between download and renaming
        found=$expected
    fi
    for url; do
        found=
        get "$url" "$part" || continue
        found=$(sha256 "$part") || exit 1
        [ "$found" != "$expected" ] || break
        rm -f "$part"
        wrong=$found
    done
    [ -n "$wrong$found" ] ||
        fail "'$set_name/$file': cannot download it from $*; copy the files into '$folder', or set EO_DATA_DIR"
    [ "$found" = "$expected" ] ||
        fail "'$set_name/$file': expected SHA-256 $expected, found $wrong in what was downloaded"
    mv -T "$part" "$target" || exit 1
}

if [ $# -eq 0 ]; then
    printf 'usage: %s mnist|fashion-mnist ...\n' "$me" >&2
    exit 2
fi
for name; do
    case $name in
    '' | *[!a-z0-9-]*) lines= ;;
    *) lines=$(grep "^$name " "$sources") ;;
    esac
    if [ -z "$lines" ]; then
        printf "%s: data set '%s': expected one that '%s' lists\n" "$me" "$name" "$sources" >&2
        exit 2
    fi
    [ -e "$into/$name" ] || ! { is_owned "$name" || has_all "$packaged/$name" "$name"; } || continue
    # shellcheck disable=SC2034 # md5 is for readers
    # The loop runs in a subshell; its exit status is the pipe's.
    printf '%s\n' "$lines" | while read -r set_name file expected md5 urls; do
        # shellcheck disable=SC2086 # the addresses are separate words
        fetch "$set_name" "$file" "$expected" $urls || exit 1
    done || exit 1
done
