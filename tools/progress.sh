# Functions of tools/experiments.sh: how far a run is, on a terminal that can move its cursor. Nothing is shown with -s,
# and in a pipe.

is_watched() {
    [ -t 1 ] && [ -t 2 ] || return 1
    case ${TERM:-dumb} in dumb) return 1 ;; esac
    case $letters in -*) ;; *s*) export EO_PROGRESS=none && return 1 ;; esac
}

# watched GOAL...: a part whose output goes through eo-progress
watched() {
    work=$obj/lock/${held:-$$}.progress
    rm -rf "$work" && mkdir -p "$work/plans" && mkfifo "$work/pipe" || exit 1
    "$bin"/eo-progress --folder "$out" --work "$work" -c "$config" <"$work/pipe" 9>&- &
    watcher=$!
    # Most runs that find nothing to do end sooner.
    ( sleep 0.4; foresee "$@" ) >/dev/null 2>&1 </dev/null 9>&- &
    foreseer=$!
    export EO_PROGRESS="$work"
    trap 'finish; exec >/dev/null 2>&1; end_watch' EXIT
    part "$@" >"$work/pipe" 2>&1
    set -- $?
    end_watch
    return "$1"
}

# eo-progress ends when nothing writes to its pipe any more. A signal can end this shell while its output goes there.
end_watch() {
    [ -n "$watcher" ] || return 0
    kill $foreseer 2>/dev/null
    wait $watcher
    rm -rf "$work"
    watcher=
}

# foresee GOAL...: writes which steps would run, as Make finds them in a copy of the configuration's folder
foresee() {
    dir=$work/plans
    mkdir -p "$dir/config" || return
    for f in "$out"/config/*; do
        [ "$f" = "$out/config/steps" ] || cp -a "$f" "$dir/config"
    done
    cp -a "$out/dataset.csv" "$dir/config" || return
    EO_WORDS=yes looked -p --trace "$@" &&
        "$bin"/eo-explain --plan --folder "$out" --now "$dir/config" --then "$out/config/made" -o "$work/plan.new" \
            "$dir/text" && mv -T "$work/plan.new" "$work/plan"
}
