# The accuracy of every candidate over one cost. The caller has loaded common.gp and set
#     x_column, x_factor, x_title   what is plotted, in which unit
#     frontier                      the CSV whose rows a line joins, or ""
#     label_column                  the column of the sweep with certain, possible or dominated
#     statistic                     of latency, median or mean, where is_timed is 1
#     is_timed                      1: x follows from ranked_latency_ms, and has a bar if that is the median
#     budget                        1: draw a vertical line at active_budget_mb
#     log_axis                      1: x is logarithmic, also where the costs lie close together
#     size                          "" for calls of a batch, "single_" for calls of one image: columns of intervals

set xlabel x_title
set ylabel "accuracy on validation images (%)"

if (rows_of(sweep) < 1) {
    eval say_nothing
} else {
    # The rows of the first seed alone, because gnuplot reads the table a dozen times. For an empty last field gnuplot
    # takes that of the row before, so a field is added behind the last. A pipe, because gnuplot cuts what system()
    # returns at 1 MiB.
    table = "< ".awk."'NR == 1 { for (i = 1; i <= NF; i++) if ($i == \"seed\") c = i } ". \
            "NR == 2 { seed = $c \"\" } NR == 1 || $c \"\" == seed { print $0 \",end\" }' '".sweep."'"
    x(dummy) = column(x_column) * x_factor
    percent(name) = 100 * column(name)
    # A missing interval is drawn with length 0.
    low(dummy) = strcol("accuracy_ci95_low") eq "" ? percent("accuracy") : percent("accuracy_ci95_low")
    high(dummy) = strcol("accuracy_ci95_high") eq "" ? percent("accuracy") : percent("accuracy_ci95_high")
    x_if(answer) = strcol("accepted") eq answer ? x(0) : NaN
    x_as(label) = strcol("accepted") eq "True" && strcol(label_column) eq label ? x(0) : NaN
    is_bad(dummy) = is_timed && strcol("timing_status") ne "" && strcol("timing_status") ne "ok"
    x_bad(dummy) = is_bad(0) ? x_if("True") : NaN
    x_recommended(dummy) = strcol("recommendation") eq "recommended" ? x(0) : NaN
    # A mean has no interval, and the interval of the median would not fit its point.
    has_bar(name) = is_timed && strcol("latency_statistic") eq "median" && strcol(name) ne ""
    bound(name) = has_bar(name) ? column(name) / column(size eq "" ? "ranked_latency_ms" : x_column) * x(0) : x(0)
    x_low(dummy) = bound(size."latency_median_ci95_low_ms")
    x_high(dummy) = bound(size."latency_median_ci95_high_ms")

    stats table using (x(0) < x_low(0) ? x(0) : x_low(0)) nooutput
    x_min = STATS_min
    stats table using (x(0) > x_high(0) ? x(0) : x_high(0)) nooutput
    x_max = STATS_max
    # real() does not read 5e-05 in gnuplot 5.4.
    stats table using (column("active_budget_mb") * x_factor) nooutput
    budget_at = budget ? STATS_min : x_min
    x_min = budget_at < x_min ? budget_at : x_min
    x_max = budget_at > x_max ? budget_at : x_max
    stats table using (low(0)) nooutput
    y_min = STATS_min
    stats table using (high(0)) nooutput
    y_max = STATS_max

    # Leave room for the labels at the sides.
    logx = log_axis || x_max > 10 * x_min
    if (logx) {
        set logscale x
        room = x_max > x_min ? (x_max / x_min) ** 0.14 : 1.2
        x_min = x_min / room
        x_max = x_max * room
        do for [k = -6:9] {
            do for [m in "2 5"] {
                tick = real(m) * 10.0 ** k
                if (tick > x_min && tick < x_max) { set xtics add (sprintf("%g", tick) tick) }
            }
        }
    } else {
        room = x_max > x_min ? 0.14 * (x_max - x_min) : 0.1 * x_max
        x_min = x_min - room
        x_max = x_max + room
    }
    set xrange [x_min : x_max]
    room = y_max > y_min ? 0.08 * (y_max - y_min) : 1
    y_min = y_min - 2 * room
    y_max = y_max + 2 * room
    set yrange [y_min : y_max]

    if (budget) {
        set arrow 1 from budget_at, graph 0 to budget_at, graph 1 nohead dashtype 2 linewidth 1.5 linecolor rgb RED
        set label 1 sprintf("budget %g KiB", budget_at) at budget_at, graph 0.97 right offset -0.7,0 textcolor rgb RED
    }
    # Fixed margins: labels.awk needs the size of the plot in pixels.
    set lmargin at screen 0.085
    set rmargin at screen 0.975
    set bmargin at screen 0.19
    set tmargin at screen 0.92
    variable(name, value) = sprintf(" -v %s=%.17g", name, value)
    place = "< ".awk."-v column=".x_column.variable("factor", x_factor).variable("logx", logx). \
            variable("x0", x_min).variable("x1", x_max).variable("y0", y_min).variable("y1", y_max). \
            (budget ? variable("line", budget_at) : "")." -v width=712 -v height=409". \
            (is_timed && statistic eq "median" ? " -v timed=1 -v size=".size : ""). \
            " -f '".folder."/labels.awk' '".sweep."'"
    if (STATS_records > 30) {
        set label 2 "labelled: candidates that no other beats in both directions" at graph 0.02, graph 0.97 left \
            font ",8" textcolor rgb DARK
    }
    # A frontier without rows is not drawn.
    is_piped = frontier[1:1] eq "<"
    has_frontier = frontier ne "" && (is_piped ? system(frontier[2:*]." | wc -l") > 1 : rows_of(frontier) > 0)
    marked = has_frontier ? frontier : table
    line_x(dummy) = has_frontier ? column(x_column) * x_factor : NaN
    set key outside center bottom horizontal Left reverse samplen 2 nobox maxcols 3 width -1
    plot \
        table using (x(0)):(percent("accuracy")):(low(0)):(high(0)) with yerrorbars \
            pointtype 0 linecolor rgb GREY linewidth 1 \
            title (is_timed && statistic eq "mean" ? "95 % interval of accuracy" : "95 % intervals"), \
        table using (is_timed ? x_low(0) : NaN):(percent("accuracy")):(x_low(0)):(x_high(0)) with xerrorbars \
            pointtype 0 linecolor rgb GREY linewidth 1 notitle, \
        marked using (line_x(0)):(percent("accuracy")) with linespoints \
            pointtype 4 pointsize 2.2 linewidth 1.5 linecolor rgb BLUE \
            title (has_frontier ? "frontier of the figures" : ""), \
        table using (x_as("certain")):(percent("accuracy")) with points \
            pointtype 7 pointsize 1.2 linecolor rgb GREEN title (is_piped ? "" : "certainly on the frontier"), \
        table using (x_as("possible")):(percent("accuracy")) with points \
            pointtype 6 pointsize 1.2 linewidth 1.6 linecolor rgb GREEN title (is_piped ? "" : "possibly"), \
        table using (x_as("dominated")):(percent("accuracy")) with points \
            pointtype 7 pointsize 0.6 linecolor rgb GREEN title (is_piped ? "" : "dominated"), \
        table using (x_as("")):(percent("accuracy")) with points \
            pointtype 6 pointsize 1.2 linewidth 1.2 linecolor rgb DARK notitle, \
        table using (x_bad(0)):(percent("accuracy")) with points \
            pointtype 2 pointsize 1.8 linewidth 1.2 linecolor rgb DARK title (is_timed ? "timing not ok" : ""), \
        table using (x_if("False")):(percent("accuracy")) with points \
            pointtype 2 pointsize 1.4 linewidth 2 linecolor rgb RED \
            title (first_row(sweep, "device") eq "" ? "over the memory budget" : "not accepted"), \
        table using (x_recommended(0)):(percent("accuracy")) with points \
            pointtype 6 pointsize 3 linewidth 2 linecolor rgb DARK title "recommended", \
        place using "x":"y":"label" with labels center font ",8" notitle
}
