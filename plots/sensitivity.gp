# Accuracy over the share of channels that one layer loses, with the layers tied to it: the table of
# `eo-prune --sensitivity`.
folder = system("dirname '".ARG0."'")
load folder."/common.gp"
set title titled("Sensitivity: one layer pruned, the others whole, nothing trained afterwards")
set xlabel "pruning level of the layer (share of its channels)"
set ylabel "accuracy on validation images (%)"

table = dir."/sensitivity.csv"
of(layer, name) = strcol("layer") eq layer ? 100 * column(name) : NaN
# The number of channels of each point: above it where its curve is the upper one at the nearest level, else below.
numbers = "< ".awk."'NR > 1 { layer[NR] = $1; x[NR] = $2; channels[NR] = $3; y[NR] = $5 } ".\
    "function far(i, k) { return x[i] < x[k] ? x[k] - x[i] : x[i] - x[k] } ".\
    "END { print \"layer,pruning_level,accuracy,channels,side\"; for (i = 2; i <= NR; i++) { near = \"\"; ".\
    "for (k = 2; k <= NR; k++) if (layer[k] != layer[i] && (near == \"\" || far(i, k) < far(i, near))) near = k; ".\
    "above = near == \"\" || y[i] > y[near] || (y[i] == y[near] && layer[i] > layer[near]); ".\
    "print layer[i] \",\" x[i] \",\" y[i] \",\" channels[i] \",\" (above ? \"above\" : \"below\") } }' '".table."'"
number(layer, side) = strcol("layer") eq layer && strcol("side") eq side ? strcol("channels") : ""
whole = 100 * real(first_row(table, "accuracy"))

names = names_of(table)
count = words(names)

set xrange [-0.03 : 1]
set xtics 0.125
set yrange [0 : 100]
if (count > 2) {
    eval terminal(960, 600)
    set output out
    set key outside right center vertical Left reverse samplen 2 nobox maxrows 30
} else {
    set key bottom left
}
array POINTS = [7, 5, 9, 11, 13]
point(i) = POINTS[(i - 1) % 5 + 1]
# The numbers are the channels that are left: of two layers, since more would cover each other.
plot \
    whole with lines dashtype 2 linewidth 1.5 linecolor rgb GREY title "whole network", \
    for [i = 1:count] table using "pruning_level":(of(word(names, i), "accuracy")): \
        (of(word(names, i), "accuracy_ci95_low")):(of(word(names, i), "accuracy_ci95_high")) \
        with yerrorlines pointtype point(i) pointsize 0.9 linewidth 1.5 linecolor rgb nth_colour(i) \
        title word(names, i).(count > 2 ? "" : ", 95 % interval"), \
    for [i = 1:(count > 2 ? 0 : count)] for [side in "above below"] \
        numbers using "pruning_level":(of(word(names, i), "accuracy")):(number(word(names, i), side)) \
        with labels offset 0,(side eq "above" ? 0.9 : -0.9) font ",8" textcolor rgb nth_colour(i) notitle
