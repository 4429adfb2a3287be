# The table of `make accuracy`, for people. The file is given twice: first the width of the levels is found.
BEGIN { FS = "," }
NR == FNR {
    if (NR > 1 && length($1) > width)
        width = length($1)
    next
}
FNR == 1 {
    for (i = 1; i <= NF; i++)
        at[$i] = i
    width = width > 9 ? width : 9
    printf "   %-" width "s  %-10s %-9s  %-6s %10s %8s\n", "level", "criterion", "precision", "seed", "accuracy %",
        "test %"
    next
}
{
    test = $at["test_accuracy"]
    printf "   %-" width "s  %-10s %-9s  %-6s %10.2f %8s\n", $at["pruning_level"], $at["pruning_criterion"],
        $at["precision"], $at["seed"], 100 * $at["accuracy"], test == "" ? "" : sprintf("%.2f", 100 * test)
}
