#!/bin/sh
# Downloads published data sets into the folder of this script:
#
#     data/fetch.sh mnist fashion-mnist
#
# Addresses and SHA-256 sums of the contents are in SOURCES. What is there already and right is left alone, and so is a
# data set that a package has put into /usr/share/datasets, where the programs look too; an interrupted download is
# resumed; a file gets its name only when its checksum is right. EO_DATA_URL replaces the addresses: files are then taken
# from $EO_DATA_URL/<data set>/<file>, for a mirror of your own (file:// works too).

me=data/fetch.sh
here=$(dirname "$0")
sources=$here/SOURCES
packaged=/usr/share/datasets

fail() {
    printf '%s: %s\n' "$me" "$1" >&2
    exit 1
}

# Of the contents, or what is wrong with the file: a wrapper says when and how it was compressed.
sha256() {
    if gzip -t <"$1" 2>/dev/null; then
        sum=$(gzip -dc <"$1" | sha256sum) || fail "'$1': cannot compute its SHA-256"
        printf '%s\n' "${sum%% *}"
    else
        printf 'no whole gzip file\n'
    fi
}

# is_packaged SET: whether a package has brought all of its files.
is_packaged() {
    [ -d "$packaged/$1" ] || return 1
    while read -r set_name file expected _; do
        [ "$set_name" != "$1" ] || { [ -r "$packaged/$1/$file" ] && [ "$(sha256 "$packaged/$1/$file")" = "$expected" ]; } || return 1
    done <"$sources"
}

# get URL PART: 0 when the download is complete. A server that refuses to resume gets one request for the whole file.
get() {
    if [ -t 2 ]; then progress=--progress-bar; else progress=--silent; fi
    curl --fail --location --continue-at - --retry 3 "$progress" --show-error --output "$2" "$1"
    status=$?
    case $status in
    22 | 33 | 36)
        [ -s "$2" ] || return "$status"
        rm -f "$2"
        curl --fail --location --retry 3 "$progress" --show-error --output "$2" "$1"
        status=$?
        ;;
    esac
    return "$status"
}

# fetch SET FILE SHA256 URL...
fetch() {
    set_name=$1 file=$2 expected=$3
    target=$here/$set_name/$file
    part=$target.part
    shift 3
    if [ -e "$target" ]; then
        found=$(sha256 "$target") || exit 1
        [ "$found" = "$expected" ] && return
        fail "'$target': expected SHA-256 $expected, found $found; remove the file to download it again"
    fi
    [ -z "${EO_DATA_URL:-}" ] || set -- "${EO_DATA_URL%/}/$set_name/$file"
    command -v curl >/dev/null || fail "expected curl to download with, found none; 'make deps' installs it"
    mkdir -p "$here/$set_name" || exit 1
    done=no
    if [ -s "$part" ] && [ "$(sha256 "$part")" = "$expected" ]; then
        done=yes # it was cut off between the download and the renaming
    fi
    for url; do
        [ "$done" = yes ] && break
        get "$url" "$part" && done=yes
    done
    [ "$done" = yes ] ||
        fail "'$set_name/$file': cannot download it from $*; copy the files into '$here/$set_name', or set EO_DATA_DIR"
    found=$(sha256 "$part") || exit 1
    if [ "$found" != "$expected" ]; then
        rm -f "$part"
        fail "'$set_name/$file': expected SHA-256 $expected, found $found in what was downloaded"
    fi
    mv "$part" "$target" || exit 1
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
    [ -e "$here/$name" ] || ! is_packaged "$name" || continue
    # shellcheck disable=SC2034 # md5 is for readers
    # The loop runs in a subshell; its exit status is the pipe's.
    printf '%s\n' "$lines" | while read -r set_name file expected md5 urls; do
        # shellcheck disable=SC2086 # the addresses are separate words
        fetch "$set_name" "$file" "$expected" $urls || exit 1
    done || exit 1
done
