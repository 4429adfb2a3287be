# Accuracy on training images, epoch by epoch: of the base model, and of each pruned one while it recovers.
folder = system("dirname '".ARG0."'")
load folder."/common.gp"
set title titled("Training, and recovery after pruning")
set xlabel "epochs, of training and then of recovery"
set ylabel "accuracy on training images (%)"

base = dir."/training_log.csv"
# The pruned models of the first seed that have a log.
names = system("cd '".dir."' && for log in models/p*-finetune_log.csv; do ".\
    "n=${log#models/}; n=${n%-finetune_log.csv}; ".\
    "[ ! -s \"$log\" ] || { [ -e config/names ] && ! grep -q \"\\(^\\| \\)$n-\" config/names; } || echo \"$n\"; done")
log_of(i) = dir."/models/".word(names, i)."-finetune_log.csv"
count = words(names)
shown = count < 18 ? count : 18
epochs = int(system("if [ ! -e '".base."' ]; then echo 0; else ".awk."'END { print NR - 1 }' '".base."'; fi"))
if (epochs < 1) {
    set label 1 "no training: the base model was imported" at graph 0.5,0.5 center
    set xrange [0:1]
    set yrange [0:1]
    unset key
    plot NaN notitle
} else {
    set key outside right center vertical Left reverse samplen 2 nobox maxrows 30
    set xtics 1
    if (epochs > 12) { set xtics autofreq }
    set offsets graph 0.05, graph 0.05, graph 0.05, graph 0.05
    array POINTS = [7, 5, 9, 11, 13]
    # A single point has no range. An iteration from 1 to 0 would run once.
    if (epochs == 1 && shown == 0) {
        set xrange [0:2]
        set yrange [0:100]
    }
    recovery(i) = shown == 0 ? base : log_of(i)
    plot base using "epoch":(100 * column("accuracy")) with linespoints pointtype 7 pointsize 0.9 linewidth 1.5 \
            linecolor rgb DARK title "base", \
        for [i = 1:shown] recovery(i) using (epochs + column("epoch")):(shown == 0 ? NaN : 100 * column("accuracy")) \
            with linespoints \
            pointtype POINTS[(i - 1) % 5 + 1] pointsize 0.9 linewidth 1.5 linecolor rgb nth_colour(i) \
            title (shown == 0 ? "" : word(names, i))
}
