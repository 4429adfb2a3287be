# Judges the sessions of busy.bash. Operands: the tables DIR/quiet*/sweep.csv, then DIR/LOAD*/sweep.csv and
# DIR/LOAD*/frontier.csv of one kind of load (eo-pareto --sweep and --latency; a session without a frontier has none).
# Prints lines of tabs: what, found, comparison, limit; or `note` and a text.
#
# - the quiet figure of a candidate is the median of its medians in the quiet sessions;
# - slow is a candidate whose quiet figure is at least half of the largest;
# - the truth is the frontier of accuracy over these figures, among the accepted candidates;
# - quiet calls certain what more than half of the quiet sessions call certain.
BEGIN { FS = "," }

FNR == 1 {
  is_quiet = FILENAME ~ /\/quiet[0-9]*\/[^\/]*$/
  is_frontier = FILENAME ~ /\/frontier\.csv$/
  if (!is_frontier) session++
  if (is_quiet) quiet = session
  for (i = 1; i <= NF; i++) at[$i] = i
  columns = NF
  next
}

NF != columns {
  printf "%s:%d: expected %d columns, found %d\n", FILENAME, FNR, columns, NF > "/dev/stderr"
  failed = 1
  exit 1
}

{ key = $at["pruning_level"] " " $at["precision"] " " $at["pruning_criterion"] " " $at["seed"] }

is_frontier { on[session, key] = 1; has_frontier[session] = 1; next }

{
  median[session, key] = $at["latency_median_ms"]
  label[session, key] = $at["frontier_latency"]
  if (is_quiet) {
    if (!(key in number)) { number[key] = ++n; name[n] = key }
    accuracy[key] = $at["accuracy"]
    accepted[key] = $at["accepted"] == "True"
    certain[key] += $at["frontier_latency"] == "certain"
  } else {
    rows++
    statuses[$at["timing_status"]]++
  }
}

# The median of a candidate's medians in the quiet sessions.
function figure(key,    s, i, k, m, x, t) {
  for (s = 1; s <= quiet; s++) if ((s, key) in median) {
    t = median[s, key] + 0
    for (i = ++m; i > 1 && x[i - 1] > t; i--) x[i] = x[i - 1]
    x[i] = t
  }
  return (x[int((m + 1) / 2)] + x[int(m / 2) + 1]) / 2
}

function is_beaten(a,    i, b) {
  for (i = 1; i <= n; i++) {
    b = name[i]
    if (accepted[b] && right[b] <= right[a] && accuracy[b] >= accuracy[a] &&
        (right[b] < right[a] || accuracy[b] > accuracy[a]))
      return 1
  }
  return 0
}

function distance(s, key,    d) {
  d = 100 * (median[s, key] / right[key] - 1)
  return d < 0 ? -d : d
}

# The largest distance of the sessions from first to last, of slow candidates or of the others.
function worst(first, last, is_slow,    s, i, d, most) {
  for (s = first; s <= last; s++) for (i = 1; i <= n; i++)
    if ((s, name[i]) in median && (right[name[i]] >= largest / 2) == is_slow) {
      d = distance(s, name[i])
      if (d > most) { most = d; worst_name = name[i] }
      far += d > (is_slow ? 6 : 3)
    }
  return sprintf("%.1f %%", most)
}

END {
  if (failed) exit 1
  if (!n || session == quiet) { print "expected quiet sessions with rows and then busy ones" > "/dev/stderr"; exit 1 }
  for (i = 1; i <= n; i++) { right[name[i]] = figure(name[i]); if (right[name[i]] > largest) largest = right[name[i]] }
  for (s = quiet + 1; s <= session; s++) {
    without += !has_frontier[s]
    for (i = 1; i <= n; i++) {
      key = name[i]
      lost += !((s, key) in median)
      if (2 * certain[key] > quiet) { expected++; missing += !((s, key) in on) }
      if (label[s, key] == "certain") { called++; wrong += !accepted[key] || is_beaten(key) }
    }
  }
  print "candidates that quiet calls certain\t" expected / (session - quiet) "\t>=\t1"
  print "sessions without a frontier\t" without + 0 "\t<=\t0"
  print "candidates without a median\t" lost + 0 "\t<=\t0"
  print "quiet calls them certain, and they are not on the frontier\t" missing + 0 "\t<=\t0"
  printf "note\tof %d in %d sessions\n", expected, session - quiet
  print "labels certain that are wrong\t" (called ? sprintf("%.1f %%", 100 * wrong / called) : "0.0 %") "\t<=\t5 %"
  printf "note\t%d of %d\n", wrong, called
  print "largest distance of a median from the quiet one\t" worst(quiet + 1, session, 0) "\t<=\t3 %"
  printf "note\t%s; in the quiet sessions: %s\n", worst_name, worst(1, quiet, 0)
  print "the same, of slow candidates\t" worst(quiet + 1, session, 1) "\t<=\t6 %"
  printf "note\t%s; in the quiet sessions: %s\n", worst_name, worst(1, quiet, 1)
  slow = ""
  for (i = 1; i <= n; i++)
    if (right[name[i]] >= largest / 2) {
      split(name[i], part, " ")
      slow = slow " " part[1] "-" part[2]
    }
  print "note\tslow:" slow
  text = ""
  split("ok noisy drift throttled short", order, " ")
  for (i = 1; i <= 5; i++) if (statuses[order[i]]) text = text " " order[i] "=" statuses[order[i]]
  printf "note\t%d rows:%s\n", rows, text
}
