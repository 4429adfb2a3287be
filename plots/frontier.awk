# The rows of sweep_results.csv that no other accepted one of the first seed beats in accuracy and `column`, by rising
# column:
#
#     awk -F, -v column=single_latency_median_ms -f frontier.awk sweep_results.csv
NR == 1 {
  for (i = 1; i <= NF; i++) at[$i] = i
  print
  next
}
NR == 2 { seed = $at["seed"] }
$at["seed"] == seed && $at["accepted"] == "True" && $at[column] != "" {
  n++
  x[n] = $at[column] + 0
  y[n] = $at["accuracy"] + 0
  row[n] = $0
}
# Of equal ones the first is kept.
function beaten(k, i) {
  for (i = 1; i <= n; i++) {
    if (x[i] <= x[k] && y[i] >= y[k] && (x[i] < x[k] || y[i] > y[k] || i < k)) return 1
  }
  return 0
}
END {
  for (k = 1; k <= n; k++) if (!beaten(k)) best[++count] = k
  for (i = 1; i <= count; i++) {
    for (k = i + 1; k <= count; k++) {
      if (x[best[k]] < x[best[i]]) { kept = best[i]; best[i] = best[k]; best[k] = kept }
    }
    print row[best[i]]
  }
}
