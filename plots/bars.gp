# One group of bars per candidate, one bar per layer. The caller has loaded common.gp and set
#     y_column, y_factor   what is plotted, in which unit
#     y_log                1: logarithmic

if (rows_of(layers) < 1) {
    eval say_nothing
} else {
    seed = first_row(layers, "seed")
    y(layer) = strcol("layer") eq layer && is_first(seed) ? column(y_column) * y_factor : NaN
    # Three rows a candidate; the first seed's come first.
    group(dummy) = int(column(0) / 3)
    label(dummy) = candidate(strcol("pruning_level"), strcol("pruning_criterion"), strcol("precision"))
    stats layers using (is_first(seed) ? group(0) : NaN) nooutput
    groups = STATS_max + 1
    if (groups > 30) {
        set terminal pngcairo size 80 + 24 * groups,560 font "DejaVu Sans,10" noenhanced
        set output out
    }
    stats layers using (column(y_column) * y_factor) nooutput

    set xrange [-0.7 : groups - 0.3]
    if (y_log) {
        set logscale y
        set yrange [STATS_min / 2 : STATS_max * 4]
    } else {
        set yrange [0 : STATS_max * 1.25]
    }
    set boxwidth 0.27
    set grid noxtics
    set xtics rotate by -45 scale 0 font ",9"
    set key top right horizontal
    plot \
        layers using (group(0) - 0.28):(y("conv1")) with boxes \
            linecolor rgb BLUE fillstyle solid 0.85 border rgb BLUE title "conv1", \
        layers every 3::1 using (column(0)):(y("conv2")):xtic(label(0)) with boxes \
            linecolor rgb RED fillstyle pattern 4 border rgb RED title "conv2", \
        layers using (group(0) + 0.28):(y("classifier")) with boxes \
            linecolor rgb GREEN fillstyle solid 0.2 border rgb GREEN title "classifier"
}
