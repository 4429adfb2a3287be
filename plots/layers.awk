# What layers.gp draws, from layerwise_breakdown.csv:
#
#     awk -F, -v what=lines -v first=1 -v column=macs_per_image -v factor=0.001 -v layers=10 -f layers.awk \
#         layerwise_breakdown.csv
#
# `what` is lines: number and value of each layer of a candidate of the first seed, and two blank lines behind each, for
# 500 lines from number `first`; or legend: how many lines, colour and mark of each, counted from 1, how many colours
# and their names, and the same of the marks.

# As in common.gp.
function suffix(criterion) {
  return criterion == "l1" || criterion == "none" || criterion == "" ? "" : "-" criterion
}

# The number of a name among those of its kind.
function number(kind, name) {
  if (!((kind, name) in known)) {
    known[kind, name] = ++count[kind]
    names[kind] = names[kind] " " name
  }
  return known[kind, name]
}

NR == 1 {
  for (i = 1; i <= NF; i++) at[$i] = i
  next
}
NR == 2 { seed = $at["seed"] }
$at["seed"] == seed {
  n++
  line = line sprintf("%d %.9g\n", n, $at[column] * factor)
  if (n < layers) next
  level = "p" $at["pruning_level"] suffix($at["pruning_criterion"])
  if (!((level, line) in drawn)) {
    drawn[level, line] = 1
    styles = styles " " number("level", level) " " number("precision", $at["precision"])
    total++
    if (what == "lines" && total >= first && total < first + 500) printf "%s\n\n", line
  }
  line = ""
  n = 0
}
END {
  if (what == "legend")
    print total styles " " count["level"] names["level"] " " count["precision"] names["precision"]
}
