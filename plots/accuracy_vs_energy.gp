# Accuracy over the energy proxy, with its frontier.
folder = system("dirname '".ARG0."'")
load folder."/common.gp"
set title with_budget(titled("Accuracy over energy proxy"))
# The statistic of the latency that decides, median or mean, is what the points show.
statistic = first_row(sweep, "latency_statistic")
x_column = "energy_proxy_j"
x_factor = 1000000
x_title = "energy proxy per image, ".statistic." latency x power (microjoules; computed, not measured)"
frontier = dir."/pareto_frontier_energy.csv"
label_column = "frontier_energy"
is_timed = 1
budget = 0
log_axis = 0
size = ""
load folder."/scatter.gp"
