# What ps would tell, from /proc: a bare Debian has no ps.

# processes_of SESSION: "pid parent arguments" of each process of a session, but zombies
processes_of() {
  local file line pid state parent session
  local -a args
  for file in /proc/[0-9]*/stat; do
    line=
    read -r -d '' line 2>/dev/null <"$file" || [ -n "$line" ] || continue
    pid=${line%% *}
    # behind the name, which may hold anything
    read -r state parent _ session _ <<<"${line##*) }"
    [ "$session" = "$1" ] && [ "$state" != Z ] || continue
    mapfile -d '' args 2>/dev/null <"/proc/$pid/cmdline"
    echo "$pid $parent ${args[*]}"
  done 2>/dev/null
}
