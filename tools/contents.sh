#!/bin/sh
# Writes DIR/NAME with the SHA-256 of each FILE, NAME being its name without folders; a file of DIR is replaced only when
# it would change. So what depends on DIR/NAME depends on the contents of FILE and not on its time.
#
#     sh tools/contents.sh DIR FILE...
set -eu
dir=$1
shift
mkdir -p "$dir"
sha256sum -- "$@" | while read -r sum file; do
    kept=$dir/${file##*/}
    was=
    [ ! -e "$kept" ] || read -r was <"$kept" || :
    [ "$was" = "$sum" ] || { echo "$sum" >"$kept.new" && mv "$kept.new" "$kept"; }
done
