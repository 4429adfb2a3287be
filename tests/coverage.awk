# Reads what gcov -b says of one file (name): prints its share of branches that were reached, and appends the lines of
# code with one that was not to the file `unreached`, as "FILE FUNCTION: CODE".
/^function / { split($0, word, " "); function_name = word[2]; next }
/^ *[^ :]+: *[0-9]+:/ {
    code = $0
    sub(/^[^:]*:[^:]*:[ \t]*/, "", code)
    next
}
# A condition that was never evaluated has branches that say so.
/^branch/ {
    all++
    if ($0 !~ /never executed|taken 0%/) taken++
    else if (!((function_name, code) in said)) {
        said[function_name, code]
        print name " " function_name ": " code >>unreached
    }
}
END { if (all) printf "%5.1f %% %5d of %5d  %s\n", 100 * taken / all, taken, all, name }
