# Shared by all plots. The caller sets `dir`, the folder of the CSV files, and `out`, the PNG or SVG to write:
#
#     gnuplot -d -e "dir='out/mnist'; out='latency.png'" plots/accuracy_vs_latency.gp
#
# -d skips the start-up files of the user and of the machine, which could change ranges, scales or colours.

if (!exists("dir") || !exists("out")) {
    print "usage: gnuplot -e \"dir='FOLDER'; out='FILE.png'\" SCRIPT"
    exit status 2
}

# One gnuplot may draw several plots, one after the other.
reset
# An SVG has the size in points that a PNG has in pixels.
terminal(width, height) = sprintf("set terminal %s size %d,%d font 'DejaVu Sans,10' noenhanced", \
    strstrt(out, ".svg") ? "svg background 'white'" : "pngcairo", width, height)
eval terminal(800, 560)
set output out
set datafile separator ","
set datafile columnheaders
set border 3 linecolor rgb "#404040"
set tics nomirror
set grid linecolor rgb "#d8d8d8" linetype 1 linewidth 1
set key top left Left reverse samplen 2 opaque box linecolor rgb "#d8d8d8"

# These colours also differ in brightness, and shapes and patterns say the same, for readers who see no colours.
BLUE = "#0055a4"
RED = "#c8401a"
GREEN = "#1a7a4c"
GREY = "#909090"
DARK = "#404040"
# One for each of many lines; the ninth is the first again.
array COLOURS = [BLUE, RED, GREEN, "#8a4fa3", "#b8860b", "#2f8fa8", DARK, GREY]
nth_colour(i) = COLOURS[(i - 1) % 8 + 1]

sweep = dir."/sweep_results.csv"
layers = dir."/layerwise_breakdown.csv"

# Some awks read and write numbers with the comma of the user's locale.
awk = "LC_ALL=C awk -F, "
# The values of the first column, each once: the layers of a table.
names_of(file) = system(awk."'NR > 1 && !($1 in seen) { seen[$1]; print $1 }' '".file."'")
rows_of(file) = int(system(awk."'END { print NR - 1 }' '".file."'"))

# The plot of a sweep in which every candidate failed.
say_nothing = "set xrange [0:1]; set yrange [0:1]; unset key; ".\
    "set label 1 'no candidate: see sweep_errors.csv' at 0.5,0.5 center; plot NaN notitle"

# With several seeds the plots show the first one.
first_row(file, name) = system(awk."-v n='".name."' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == n) c = i } ".\
    "NR == 2 { print $c }' '".file."'")
is_first(seed) = (strcol("seed") eq seed)

# As in the names of models: the criterion l1 is not written, and level 0 has none.
suffix(criterion) = criterion eq "l1" || criterion eq "none" || criterion eq "" ? "" : "-".criterion
pruned(level, criterion) = "p".level.suffix(criterion)
candidate(level, criterion, precision) = pruned(level, criterion)." ".precision

# The title, with the name of the data set when the folder has its slice; one's own data are called as their folder. The
# line below it says the network and the seed.
slice(stage, key) = system("sed -n 's/^".key.": //p' '".dir."/config/".stage.".yaml' 2>/dev/null | ".\
    "sed 's/\"//g; s|/*$||; s|.*/||'")
if (!exists("told_of") || told_of ne dir) {
    told_of = dir
    dataset = slice("data", "dataset")
    dataset = dataset eq "idx" ? slice("data", "data_dir") : dataset
    # The text of a list of layers, "a: conv 8 3; z: linear 10", is too long for a line.
    own_layers = int(system("sed -n '/^model: .*:/p' '".dir."/config/train.yaml' 2>/dev/null | ". \
        "awk -F';' '{ n = NF } END { print n + 0 }'"))
    network = own_layers ? sprintf("own network of %d layer%s", own_layers, own_layers > 1 ? "s" : "") : \
        "network ".slice("train", "model")
    told = network eq "network " ? "" : "\n".network.", seed ".slice("train", "seed")
}
titled(text) = (dataset eq "" ? text : text." (".dataset.")").told
# The same with the budget that decides, for plots of the sweep. gnuplot 5.4 does not read 5e-05.
with_budget(text) = text.(told eq "" ? "\n" : ", ").system(awk."-v n=active_budget_mb ".\
    "'NR == 1 { for (i = 1; i <= NF; i++) if ($i == n) c = i } ".\
    "NR == 2 { printf \"budget %.4g KiB\", 1024 * $c }' '".sweep."'")
