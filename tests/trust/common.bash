# shellcheck shell=bash
# What the scripts of this folder share.

missed=0 # becomes 1 with the first verdict that is NO

# busy: per cent of all processors' time that was used during one second
busy() {
  { head -n 1 /proc/stat; sleep 1; head -n 1 /proc/stat; } |
    awk '{ t = 0; for (i = 2; i <= 9; i++) t += $i; if (NR == 1) { t0 = t; i0 = $5 + $6 } else d = t - t0 }
      END { busy = d > 0 ? int(100 * (d - ($5 + $6 - i0)) / d + 0.5) : 0; print busy }'
}

# refuse_busy PROGRAM: ends it on a machine that is not quiet, unless FORCE is set
refuse_busy() {
  local used # not `load`: the processes that a trap stops
  used=$(busy)
  if [ "$used" -gt 5 ] && [ -z "${FORCE:-}" ]; then
    echo "$1: other processes take $used % of the processors; stop them, or set FORCE=1" >&2
    exit 1
  fi
}

# verdict NAME FOUND COMPARISON LIMIT: one line; remembers a miss
verdict() {
  local yes
  yes=$(awk -v a="$2" -v b="$4" -v c="$3" \
    'BEGIN { reached = c == ">=" ? a + 0 >= b + 0 : a + 0 <= b + 0; print (reached ? "yes" : "NO") }')
  [ "$yes" = yes ] || missed=1
  printf '%-66s %9s   %s %s   %s\n' "$1" "$2" "$3" "$4" "$yes"
}

share() {
  awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.1f %%", 100 * a / b; else print "0.0 %" }'
}
