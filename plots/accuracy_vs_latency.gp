# Accuracy over the latency that decides, of one image in a batch and scaled to the device, with its frontier.
folder = system("dirname '".ARG0."'")
load folder."/common.gp"
set title with_budget(titled("Accuracy over latency"))
# The statistic of the latency that decides, median or mean, is what the points show.
statistic = first_row(sweep, "latency_statistic")
x_column = "ranked_latency_ms"
x_factor = 1000
x_title = statistic." latency of one image in a batch, scaled to the device (microseconds)"
frontier = dir."/pareto_frontier_latency.csv"
label_column = "frontier_latency"
is_timed = 1
budget = 0
log_axis = 0
size = ""
load folder."/scatter.gp"
