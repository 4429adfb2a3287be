# Multiply-accumulates of each layer, one image.
folder = system("dirname '".ARG0."'")
load folder."/common.gp"
set title titled("Multiply-accumulates by layer, one image")
x_name = "pruned model, the same at each precision"
set xlabel x_name
set ylabel "multiply-accumulates (thousands)"
y_column = "macs_per_image"
y_log = 1
by_precision = 0
y_factor = 1 / 1000.0
load folder."/bars.gp"
