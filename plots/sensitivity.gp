# Accuracy over the share of channels that one convolution loses alone, from what `eo-prune --sensitivity` writes.
folder = system("dirname '".ARG0."'")
load folder."/common.gp"
set title titled("Sensitivity: one convolution pruned, the other whole, nothing trained afterwards")
set xlabel "pruning level of the layer (share of its channels)"
set ylabel "accuracy on validation images (%)"

table = dir."/sensitivity.csv"
of(layer, name) = strcol("layer") eq layer ? 100 * column(name) : NaN
channels(layer) = strcol("layer") eq layer ? strcol("channels") : ""
whole = 100 * real(first_row(table, "accuracy"))

set xrange [-0.03 : 1]
set xtics 0.125
set yrange [0 : 100]
set key bottom left
# The numbers are the channels that stay; conv1's stand below their points, conv2's above.
plot \
    whole with lines dashtype 2 linewidth 1.5 linecolor rgb GREY title "whole network", \
    table using "pruning_level":(of("conv1", "accuracy")):(of("conv1", "accuracy_ci95_low")):(of("conv1", "accuracy_ci95_high")) \
        with yerrorlines pointtype 7 pointsize 0.9 linewidth 1.5 linecolor rgb BLUE title "conv1, 95 % interval", \
    table using "pruning_level":(of("conv2", "accuracy")):(of("conv2", "accuracy_ci95_low")):(of("conv2", "accuracy_ci95_high")) \
        with yerrorlines pointtype 5 pointsize 0.9 linewidth 1.5 linecolor rgb RED title "conv2, 95 % interval", \
    table using "pruning_level":(of("conv1", "accuracy")):(channels("conv1")) \
        with labels offset 0,-0.9 font ",8" textcolor rgb BLUE notitle, \
    table using "pruning_level":(of("conv2", "accuracy")):(channels("conv2")) \
        with labels offset 0,0.9 font ",8" textcolor rgb RED notitle
