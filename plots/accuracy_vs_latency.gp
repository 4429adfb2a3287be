# Accuracy over the latency that decides, scaled, per image in a batch, with the latency frontier.
folder = system("dirname '".ARG0."'")
load folder."/common.gp"
set title titled("Accuracy over latency")
x_column = "ranked_latency_ms"
x_factor = 1000
x_title = statistic(0)." latency of one image in a batch, scaled to the device (microseconds)"
frontier = dir."/pareto_frontier_latency.csv"
label_column = "frontier_latency"
is_timed = 1
budget = 0
load folder."/scatter.gp"
