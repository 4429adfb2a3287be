# Accuracy over the share of channels that one convolution loses alone, from what `eo-prune --sensitivity` writes.
folder = system("dirname '".ARG0."'")
load folder."/common.gp"
set title titled("Sensitivity: one convolution pruned, the other whole, nothing trained afterwards")
set xlabel "pruning level of the layer (share of its channels)"
set ylabel "accuracy on validation images (%)"

table = dir."/sensitivity.csv"
of(layer, name) = strcol("layer") eq layer ? 100 * column(name) : NaN
# Each point with its channels, above it where its curve is the upper one at the nearest level of the other, else below.
numbers = "< ".awk."'NR > 1 { layer[NR] = $1; x[NR] = $2; channels[NR] = $3; y[NR] = $5 } ".\
    "function far(i, k) { return x[i] < x[k] ? x[k] - x[i] : x[i] - x[k] } ".\
    "END { print \"layer,pruning_level,accuracy,channels,side\"; for (i = 2; i <= NR; i++) { near = \"\"; ".\
    "for (k = 2; k <= NR; k++) if (layer[k] != layer[i] && (near == \"\" || far(i, k) < far(i, near))) near = k; ".\
    "above = near == \"\" || y[i] > y[near] || (y[i] == y[near] && layer[i] > layer[near]); ".\
    "print layer[i] \",\" x[i] \",\" y[i] \",\" channels[i] \",\" (above ? \"above\" : \"below\") } }' '".table."'"
number(layer, side) = strcol("layer") eq layer && strcol("side") eq side ? strcol("channels") : ""
whole = 100 * real(first_row(table, "accuracy"))

set xrange [-0.03 : 1]
set xtics 0.125
set yrange [0 : 100]
set key bottom left
# The numbers are the channels that stay.
plot \
    whole with lines dashtype 2 linewidth 1.5 linecolor rgb GREY title "whole network", \
    table using "pruning_level":(of("conv1", "accuracy")):(of("conv1", "accuracy_ci95_low")):(of("conv1", "accuracy_ci95_high")) \
        with yerrorlines pointtype 7 pointsize 0.9 linewidth 1.5 linecolor rgb BLUE title "conv1, 95 % interval", \
    table using "pruning_level":(of("conv2", "accuracy")):(of("conv2", "accuracy_ci95_low")):(of("conv2", "accuracy_ci95_high")) \
        with yerrorlines pointtype 5 pointsize 0.9 linewidth 1.5 linecolor rgb RED title "conv2, 95 % interval", \
    for [side in "above below"] numbers using "pruning_level":(of("conv1", "accuracy")):(number("conv1", side)) \
        with labels offset 0,(side eq "above" ? 0.9 : -0.9) font ",8" textcolor rgb BLUE notitle, \
    for [side in "above below"] numbers using "pruning_level":(of("conv2", "accuracy")):(number("conv2", side)) \
        with labels offset 0,(side eq "above" ? 0.9 : -0.9) font ",8" textcolor rgb RED notitle
