# A line for each candidate over the layers of the network: bars.gp loads it for networks with many layers. A colour is
# a level with its criterion, and a mark is a precision. Where a figure is the same at each precision, as with
# multiply-accumulates, there is one line for all of them.

table(part) = system(awk."-v what=".part." -v column=".y_column.sprintf(" -v factor=%.17g", y_factor). \
    " -v layers=".count." -f '".folder."/layers.awk' '".layers."'")
# The number of lines, colour and mark of each; the number of levels and their names, and those of the precisions.
legend = table("legend")
shown = int(word(legend, 1))
# In parts, because gnuplot cuts what system() returns at 1 MiB.
set print $lines
do for [first = 1:shown:500] { print table(sprintf("lines -v first=%d", first))."\n\n" }
unset print
colour_of(i) = int(word(legend, 2 * i + 2))
mark_of(i) = int(word(legend, 2 * i + 3))
level_count = int(word(legend, 2 * shown + 2))
level(i) = word(legend, 2 * shown + 2 + i)
mark_count = int(word(legend, 2 * shown + 3 + level_count))
mark(i) = word(legend, 2 * shown + 3 + level_count + i)

eval terminal(count > 24 ? 200 + 25 * count : 800, 600)
set output out
set datafile separator whitespace
unset datafile columnheaders
stats $lines using 2 nooutput
set xrange [0.5 : count + 0.5]
if (y_log) {
    set logscale y
    set yrange [STATS_min / 2 : STATS_max * 2]
} else {
    set yrange [0 : STATS_max * 1.08]
}
unset xlabel
set xtics rotate by -45 scale 0 font ",9" ()
do for [i = 1:count] { set xtics add (word(names, i) i) }
set key outside center bottom horizontal Left reverse samplen 2 nobox maxcols 7

array POINTS = [7, 4, 8]
plot \
    for [i = 0:shown - 1] $lines index i using 1:2 with linespoints linewidth 1.3 pointsize 1 \
        linecolor rgb nth_colour(colour_of(i)) pointtype POINTS[mark_of(i)] notitle, \
    for [i = 1:(level_count < 18 ? level_count : 18)] \
        keyentry with lines linewidth 3 linecolor rgb nth_colour(i) title level(i), \
    for [i = 1:(mark_count > 1 ? mark_count : 0)] \
        keyentry with points pointtype POINTS[i] linecolor rgb DARK title mark(i)
