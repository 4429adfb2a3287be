# The frontier of make explore over flash, RAM and instructions: accuracy over each, and each pair of them.
folder = system("dirname '".ARG0."'")
load folder."/common.gp"
eval terminal(1200, 760)
set output out
table = dir."/explore_frontier.csv"
core = first_row(table, "core")
array NAMES = ["flash (KiB)", "RAM (KiB)", "instructions (millions)"]
array COLUMNS = ["flash_bytes", "ram_bytes", "instructions"]
array FACTORS = [1.0 / 1024, 1.0 / 1024, 1e-6]
cost(k) = FACTORS[k] * column(COLUMNS[k])
of(name, value) = strcol("precision") eq name ? value : NaN
precisions = "fp32 fp16 int8 int4 mixed"
images = first_row(table, "test_images") eq "" ? "accuracy" : "test_accuracy"
stats table using (100 * column("accuracy")) nooutput
# The least accurate points are few, and would take most of the room.
y_from = STATS_lo_quartile - 2 * (STATS_max - STATS_lo_quartile)
y_from = y_from < STATS_min ? STATS_min : y_from
set multiplot layout 2,3 \
    title titled(sprintf("Points that no other beats in accuracy, flash, RAM and instructions on %s", core))
set key bottom right
set logscale x
do for [k = 1:3] {
    set xlabel NAMES[k]
    set ylabel images eq "accuracy" ? "accuracy on validation images (%)" : "accuracy on unseen images (%)"
    set yrange [y_from:*]
    plot for [i = 1:words(precisions)] table \
        using (cost(k)):(of(word(precisions, i), 100 * column(images))) with points \
        pointtype (4 + 2 * i) pointsize 0.7 linecolor rgb nth_colour(i) title word(precisions, i)
    unset key
}
unset yrange
set logscale y
set autoscale y
set cblabel "accuracy on validation images (%)"
set palette defined (0 BLUE, 0.5 GREEN, 1 "#f0c000")
set cbrange [y_from:*]
do for [k = 1:3] {
    a = k == 3 ? 2 : 1
    b = k == 1 ? 2 : 3
    set xlabel NAMES[a]
    set ylabel NAMES[b]
    plot table using (cost(a)):(cost(b)):(100 * column("accuracy")) with points pointtype 7 pointsize 0.7 \
        linecolor palette notitle
}
unset multiplot
