#!/bin/sh
# Writes what pages repeat from the programs: the options of `eo-x --help` into the OPTIONS of tools/eo-x.1, word for
# word, the columns of `eo-pareto --columns` into tools/eo-sweep.5, the keys of `eo-config --keys` into
# configs/README.md, below its heading "## Keys", and the schema of `eo-summary --schema` into
# tools/summary.schema.json.
#
#     tools/pages.sh BIN [FOLDER]
#
# BIN holds the programs, FOLDER the pages (default: the project). A page that is up to date keeps its time.
set -eu
bin=$(cd "$1" && pwd)
cd "${2:-$(dirname "$0")/..}"

# The lines "  -l, --level LEVEL            share of ..." of --help as a list of mdoc.
options() {
    "$bin/$1" --help | awk '
        BEGIN { print ".Bl -tag -width Ds -compact" }
        /^options:$/ { inside = 1; next }
        inside && /^$/ { exit }
        inside {
            match($0, /--[a-z0-9-]+/)
            name = substr($0, RSTART + 1, RLENGTH - 1)
            text = substr($0, RSTART + RLENGTH)
            argument = match(text, /^ [^ ]+ /) ? " Ar " substr(text, 2, RLENGTH - 2) : ""
            sub(/^ ([^ ]+ )? */, "", text)
            print ".It " (substr($0, 3, 1) == "-" ? "Fl " substr($0, 4, 1) " , " : "Fl ") name argument
            print text
        }
        END { print ".El" }' | fold -s -w 78 | sed 's/ *$//'
}

# The lines "accuracy,eo-eval,,share of ..." of --columns as a list of mdoc.
columns() {
    "$bin/eo-pareto" --columns | awk '
        BEGIN { print ".Bl -tag -width Ds -compact" }
        NR > 1 {
            split($0, cell, ",")
            text = substr($0, length(cell[1] cell[2] cell[3]) + 4)
            gsub(/^"|"$/, "", text)
            print ".It Cm " cell[1] " Pq " cell[2] (cell[3] == "yes" ? ", measured" : "")
            print text
        }
        END { print ".El" }' | fold -s -w 78 | sed 's/ *$//'
}

# replace FILE HEADING: standard input takes the place of what stands between this heading and the next one
replace() {
    new=$(cat) awk -v heading="$2" '
        skip && ($0 ~ /^\.Sh / || $0 ~ /^## /) { skip = 0 }
        !skip
        $0 == heading { print ENVIRON["new"]; skip = 1 }' "$1" >"$1.new"
    if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv "$1.new" "$1"; fi
}

for page in tools/eo-*.1; do
    options "$(basename "$page" .1)" | replace "$page" ".Sh OPTIONS"
done
schema=$("$bin/eo-summary" --schema)
[ "$schema" = "$(cat tools/summary.schema.json 2>/dev/null)" ] || printf '%s\n' "$schema" >tools/summary.schema.json
columns | replace tools/eo-sweep.5 ".Sh COLUMNS"
{ echo; "$bin/eo-config" --keys; } | replace configs/README.md "## Keys"
