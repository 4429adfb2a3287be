# A cost of each layer, from layerwise_breakdown.csv. Of a network with at most five layers: a group of bars for each
# candidate, with one bar for each layer. Of any other: a line for each candidate over the layers. The caller has loaded
# common.gp and set
#     x_name               what a group stands for
#     y_column, y_factor   what is plotted, in which unit
#     y_log                1: logarithmic
#     by_precision         0: the figure is the same at each precision, so one group stands for all of them

if (rows_of(layers) < 1) {
    eval say_nothing
} else {
    names = names_of(layers)
    count = words(names)
    if (count > 5) {
        load folder."/layers.gp"
    } else {
        # The rows of the first seed, and unless by_precision of the first precision of each pruned model; n counts
        # them. At most MOST groups, because wider pictures cannot be drawn, and gnuplot cuts what system() returns at
        # 1 MiB.
        MOST = 200
        chosen(code) = system(awk.sprintf("-v by=%d -v most=%d ", by_precision, MOST * count)."'".\
            "NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } NR == 2 { seed = $at[\"seed\"] } ".\
            "NR > 1 { if ($at[\"seed\"] != seed) next; p = $at[\"precision\"]; ".\
            "k = $at[\"pruning_level\"] FS $at[\"pruning_criterion\"]; if (!(k in first)) first[k] = p; ".\
            "if (!by && first[k] != p) next; n++ } ".code."' '".layers."'")
        all = chosen("END { print n }") / count
        table = layers
        if (!by_precision || all > MOST) {
            set print $rows
            print chosen("n <= most")
            unset print
            table = "$rows"
        }
        if (all > MOST) {
            set xlabel sprintf("%s: the first %d of %d, in the order of the table", x_name, MOST, all)
        }
        seed = first_row(layers, "seed")
        y(layer) = strcol("layer") eq layer && is_first(seed) ? column(y_column) * y_factor : NaN
        # The rows of a candidate stand together, and those of the first seed come first.
        group(dummy) = int(column(0) / count)
        label(dummy) = by_precision ? \
            candidate(strcol("pruning_level"), strcol("pruning_criterion"), strcol("precision")) : \
            pruned(strcol("pruning_level"), strcol("pruning_criterion"))
        stats table using (is_first(seed) ? group(0) : NaN) nooutput
        groups = STATS_max + 1
        if (groups > 30) {
            eval terminal(80 + 24 * groups, 560)
            set output out
        }
        stats table using (column(y_column) * y_factor) nooutput

        set xrange [-0.7 : groups - 0.3]
        if (y_log) {
            set logscale y
            set yrange [STATS_min / 2 : STATS_max * 4]
        } else {
            set yrange [0 : STATS_max * 1.25]
        }
        pitch = 0.84 / count
        set boxwidth 0.27 * 3 / count
        set grid noxtics
        set xtics rotate by -45 scale 0 font ",9"
        set key top right horizontal
        array SHADES = [BLUE, RED, GREEN, GREY, DARK]
        array SOLID = [0.85, 1, 0.2, 0.85, 0.05]
        left(i) = (i - (count + 1) / 2.0) * pitch
        style(i) = i == 2 ? "pattern 4" : sprintf("solid %g", SOLID[i])
        bars(i) = sprintf("table using (group(0) + left(%d)):(y(word(names, %d))) with boxes linecolor rgb '%s' ".\
            "fillstyle %s border rgb '%s' title word(names, %d)", i, i, SHADES[i], style(i), SHADES[i], i)
        command = "plot table every count::count - 1 using (column(0)):(NaN):xtic(label(0)) with points notitle"
        do for [i = 1:count] { command = command.", ".bars(i) }
        eval command
    }
}
