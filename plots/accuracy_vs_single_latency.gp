# Accuracy over the latency of a call of one image, scaled to the device, and the frontier over it.
folder = system("dirname '".ARG0."'")
load folder."/common.gp"
set title with_budget(titled("Accuracy over latency of single images"))
statistic = first_row(sweep, "latency_statistic")
x_column = statistic eq "mean" ? "single_latency_ms" : "single_latency_median_ms"
x_factor = 1000
x_title = statistic." latency of one image alone, scaled to the device (microseconds)"
# The tables have no frontier of it, and no label.
frontier = "< ".awk."-v column=".x_column." -f '".folder."/frontier.awk' '".sweep."'"
label_column = "error"
is_timed = 1
budget = 0
log_axis = 0
size = "single_"
load folder."/scatter.gp"
