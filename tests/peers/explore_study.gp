# The loss of hypervolume over the share of the images, of halving and other searchers (tests/peers/explore_study.py).
folder = system("dirname '".ARG0."'")
load folder."/../../plots/common.gp"
eval terminal(1000, 480)
set output out
table = dir."/study.csv"
ways = "random nsga2 tpe halving"
array NAMES = ["random search", "NSGA-II", "TPE", "successive halving"]
# The median over the seeds, and the least and most, of each way and share: x, median, least, most.
losses(way, costs) = "< ".awk."'NR > 1 && ". \
    "$1 == \"".way."\" && $4 == \"".costs."\" { print $7 \",\" 100 * $8 }' '".table. \
    "' | sort -t, -k1,1g -k2,2g | ".awk."'function put() { if (n) print 100 * x \",\" (n % 2 ? y[(n + 1) / 2] : ". \
    "(y[n / 2] + y[n / 2 + 1]) / 2) \",\" y[1] \",\" y[n] } BEGIN { print \"x,y,least,most\" } ". \
    "$1 != x { put(); n = 0 } { x = $1; y[++n] = $2 < 0.001 ? 0.001 : $2 } END { put() }'"
set multiplot layout 1,2
set logscale y
set xlabel "images trained on, of those of the whole space (%)"
set key top right
do for [costs in "flash all"] {
    set title costs eq "flash" ? "Accuracy over flash" : "Accuracy over flash, RAM and instructions"
    set ylabel "hypervolume lost (%)"
    plot for [i = 1:4] losses(word(ways, i), costs) using 1:2:3:4 with yerrorbars pointtype (i + 3) linewidth 1.5 \
        linecolor rgb nth_colour(i) title NAMES[i], \
        for [i = 1:3] losses(word(ways, i), costs) using 1:2 with lines linecolor rgb nth_colour(i) notitle
}
unset multiplot
