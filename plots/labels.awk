# Places the labels of scatter.gp: prints x,y,label of their centres, in the units of the plot.
#
#     awk -F, -v column=ranked_latency_ms -v factor=1000 -v logx=1 -v x0= -v x1= -v y0= -v y1=
#         -v width= -v height= [-v line=] [-v timed=1 [-v size=single_]] -f labels.awk sweep_results.csv
#
# Points are those of the seed in the first row. x0..y1 are the ranges of the axes, and width and height are the size of
# the plot in pixels. line is the x of a vertical line, if there is one. timed says that there are bars of the median
# latency, which is then ranked_latency_ms, or column where size is single_.
#
# Points are handled one after the other. A label gets the place beside its point that covers least: other labels and
# the border cost most, then points and the line, then bars; nearer places are tried first. With more than 30 points, a
# point that another one beats in both directions gets no label.

function px(v) { return width * (logx ? log(v / x0) / log(x1 / x0) : (v - x0) / (x1 - x0)) }
function py(v) { return height * (v - y0) / (y1 - y0) }
function data_x(p) { return logx ? x0 * exp(p / width * log(x1 / x0)) : x0 + p / width * (x1 - x0) }
function data_y(p) { return y0 + p / height * (y1 - y0) }

# The length that two intervals share.
function shared(a0, a1, b0, b1, from, to) {
  from = a0 > b0 ? a0 : b0
  to = a1 < b1 ? a1 : b1
  return to > from ? to - from : 0
}
function covered(cx, cy, w, x_from, x_to, y_from, y_to) {
  return shared(cx - w / 2, cx + w / 2, x_from, x_to) * shared(cy - 6, cy + 6, y_from, y_to)
}

# As in common.gp.
function suffix(criterion) {
  return criterion == "l1" || criterion == "none" ? "" : "-" criterion
}

# As in scatter.gp.
function bound(name) {
  if (!timed || $at[name] == "") return x[n]
  return px($at[name] / $at[size == "" ? "ranked_latency_ms" : column] * $at[column] * factor)
}

function cost(cx, cy, w, sum, k) {
  sum = 0
  for (k = 1; k <= placed; k++)
    sum += 10 * covered(cx, cy, w, at_x[k] - at_w[k] / 2, at_x[k] + at_w[k] / 2, at_y[k] - 6, at_y[k] + 6)
  for (k = 1; k <= n; k++) {
    sum += 4 * covered(cx, cy, w, x[k] - 8, x[k] + 8, y[k] - 8, y[k] + 8)
    sum += 2 * covered(cx, cy, w, x[k] - 4, x[k] + 4, low[k], high[k])
    sum += 2 * covered(cx, cy, w, left[k], right[k], y[k] - 4, y[k] + 4)
  }
  if (line != "")
    sum += 4 * covered(cx, cy, w, px(line) - 4, px(line) + 4, 0, height)
  sum += 10 * (12 * w - covered(cx, cy, w, 0, width, 0, height))
  return sum
}

function try(cx, cy, w, c) {
  c = cost(cx, cy, w) + 1.5 * rank++
  if (best < 0 || c < best) {
    best = c
    best_x = cx
    best_y = cy
  }
}

function place(k, w, dx, step) {
  w = 6 * length(label[k])
  dx = w / 2 + 10
  best = -1
  rank = 0
  try(x[k] - dx, y[k] + 4, w)
  try(x[k] + dx, y[k] - 4, w)
  try(x[k] + dx, y[k] + 6, w)
  try(x[k] - dx, y[k] - 6, w)
  try(x[k], high[k] + 9, w)
  try(x[k], low[k] - 9, w)
  for (step = 14; step <= 42; step += 14) {
    try(x[k] - dx, y[k] + step, w)
    try(x[k] + dx, y[k] - step, w)
    try(x[k] + dx, y[k] + step, w)
    try(x[k] - dx, y[k] - step, w)
    try(x[k], high[k] + 9 + step, w)
    try(x[k], low[k] - 9 - step, w)
  }
  placed++
  at_x[placed] = best_x
  at_y[placed] = best_y
  at_w[placed] = w
}

NR == 1 {
  for (i = 1; i <= NF; i++) at[$i] = i
  next
}
NR == 2 { seed = $at["seed"] }
$at["seed"] == seed && $at[column] != "" {
  n++
  x[n] = px($at[column] * factor)
  y[n] = py(100 * $at["accuracy"])
  low[n] = $at["accuracy_ci95_low"] == "" ? y[n] : py(100 * $at["accuracy_ci95_low"])
  high[n] = $at["accuracy_ci95_high"] == "" ? y[n] : py(100 * $at["accuracy_ci95_high"])
  left[n] = bound(size "latency_median_ci95_low_ms")
  right[n] = bound(size "latency_median_ci95_high_ms")
  label[n] = "p" $at["pruning_level"] suffix($at["pruning_criterion"]) " " $at["precision"]
}
# Whether another point is as far left and as high, and better in one of the two; of equal points the first is kept.
function beaten(k, i) {
  for (i = 1; i <= n; i++) {
    if (x[i] <= x[k] && y[i] >= y[k] && (x[i] < x[k] || y[i] > y[k] || i < k)) return 1
  }
  return 0
}
END {
  print "x,y,label"
  for (k = 1; k <= n; k++) {
    if (n > 30 && beaten(k)) continue
    place(k)
    printf "%.6g,%.8g,%s\n", data_x(best_x), data_y(best_y), label[k]
  }
}
