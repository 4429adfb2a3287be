# The last lines of `make device`, for people: for each board of the key devices how many candidates fit, and whether
# the recommended one does. The files are summary.json, where there is one, and board_fits.csv.
BEGIN { FS = "," }
FILENAME ~ /\.json$/ {
    if ($0 ~ /^ *"recommended": \{$/)
        is_next = 1
    else if (is_next && recommended == "" && $0 ~ /^ *"model": "models\/.*\.safetensors",?$/) {
        recommended = $0
        gsub(/^ *"model": "models\/|\.safetensors",?$/, "", recommended)
    }
    next
}
FNR == 1 {
    for (i = 1; i <= NF; i++)
        at[$i] = i
    next
}
{
    board = $at["board"]
    key = board FS $at["candidate"]
    if (!(board in candidates))
        boards[++count] = board
    candidates[board] += !(key in seen)
    if ($at["fits"] == "True" && $at["scores_equal"] == 1) {
        fitting[board] += !(key in flash)
        # of several builds the one that leaves the most flash
        if (!(key in flash) || $at["flash_free_bytes"] + 0 > flash[key] + 0) {
            flash[key] = $at["flash_free_bytes"]
            ram[key] = $at["ram_free_bytes"]
        }
    }
    seen[key] = 1
}
END {
    for (i = 1; i <= count; i++) {
        key = boards[i] FS recommended
        said = "; " recommended ", the recommended one, "
        if (recommended == "")
            said = ""
        else if (!(key in seen))
            said = said "was not measured"
        else if (!(key in flash))
            said = said "does not"
        else
            said = said sprintf("leaves %d bytes of flash and %d of RAM", flash[key], ram[key])
        printf "%s: %d of %d candidates fit%s\n", boards[i], fitting[boards[i]], candidates[boards[i]], said
    }
}
