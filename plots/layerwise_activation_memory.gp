# Activation memory of each layer for one image: input and output, with convolution and pooling fused.
folder = system("dirname '".ARG0."'")
load folder."/common.gp"
set title titled("Activation memory by layer, one image")
x_name = "candidate"
set xlabel x_name
set ylabel "input + output of the fused layer (KiB)"
y_column = "fused_activation_bytes"
y_log = 0
by_precision = 1
y_factor = 1 / 1024.0
load folder."/bars.gp"
