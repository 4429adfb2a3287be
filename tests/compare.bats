#!/usr/bin/env bats
# eo-compare: two runs side by side.

bats_require_minimum_version 1.5.0
load common
load rows

setup() {
  cd "$BATS_TEST_TMPDIR"
  echo "cpu_frequency_scale: 0.5" >c.yaml
}

# run_folder NAME: from c.yaml and the candidates' rows in the working folder, which are used up
run_folder() {
  eo-config --slices "$1/config" c.yaml
  eo-pareto -c c.yaml --sweep "$1/sweep_results.csv" --errors errors.csv acc-* time-*
  { echo pruning_level,precision,seed; awk -F, 'NR > 1 { print $1 "," $2 ",7" }' "$1/sweep_results.csv"; } >hardware.csv
  printf 'dataset,part,images,sha256\nmnist,train,900,%064d\nmnist,test,100,%064d\n' "${2:-1}" 2 >"$1/dataset.csv"
  # shellcheck disable=SC2046 # names without spaces
  record "$1" all configuration $(cd "$1" && ls config/*.yaml ./*.csv | sed 's|^\./||') -- config/data.yaml
  eo-summary -c c.yaml --sweep "$1/sweep_results.csv" --errors errors.csv --hardware hardware.csv \
    --manifest "$1/manifest.json" "$1/config/steps/all"
  sed -i 's/"cpu": ".*",/"cpu": "Abacus",/' "$1/manifest.json"
  rm acc-* time-*
}

two() {
  candidate 0.00 fp32 7 0.90 0.1 81960
  candidate 0.50 int8 7 0.80 0.1 9000
  run_folder a
}

# line WORD...: the line of the output that begins with these words, without padding
line() {
  sed 's/  */ /g' <<<"$output" | grep -E "^ ?$*" | sed 's/^ //; s/ $//'
}

@test "a run and itself" {
  two
  run --separate-stderr eo-compare a a
  [ "$status" -eq 0 ] && [ -z "$stderr" ] || return 1
  [ "${lines[0]}" = "A: a" ]
  [ "${lines[1]}" = "B: a" ]
  [ "${lines[2]}" = "data: synthetic, the same in both" ]
  [ "${lines[3]}" = "processor: Abacus, the same in both" ]
  [ "${lines[4]}" = "configuration: no key of a stage differs" ]
  [ "${lines[5]}" = "candidates:" ]
  [ "${lines[6]}" = \
    "  level precision seed   accuracy %        B    B - A  beyond    us/image         B   B / A  beyond" ]
  [ "${lines[7]}" = "  0.00  fp32      7           90.00    90.00    +0.00  same        100.00    100.00   1.000  no" ]
  [ "${lines[8]}" = "  0.50  int8      7           80.00    80.00    +0.00  same        100.00    100.00   1.000  no" ]
  [ "${lines[9]}" = "image by image: the accuracies of 0 of 2" ]
  [ "${#lines[@]}" -eq 15 ]
  eo-compare -o out.txt a/ a//
  [ "$(cat out.txt)" = "$output" ]
  cd a
  run eo-compare . .
  [ "$status" -eq 0 ] && [ "${lines[0]}" = "A: ." ]
}

@test "--json: the verdicts and figures of the text" {
  two
  echo "power_watts: 9" >>c.yaml
  candidate 0.00 fp32 7 0.99 0.3 81960
  candidate 0.25 int8 7 0.80 0.1 9000
  run_folder b
  eo-compare --json -o found a b
  [ "$(json get found a/folder b/cpu is_same_data is_same_cpu candidates only_in_a only_in_b | tr '\n' ' ')" = \
    "a Abacus true true 1 1 1 " ]
  [ "$(json get found keys keys/0/key keys/0/a keys/0/b | tr '\n' ' ')" = "1 power_watts 5.0 9.0 " ]
  [ "$(json get found candidates/0/pruning_level candidates/0/precision candidates/0/seed \
    candidates/0/accuracy_verdict candidates/0/image_by_image candidates/0/latency_verdict \
    candidates/0/latency_p | tr '\n' ' ')" = \
    "0 fp32 7 beyond false within null " ]
  [ "$(json get found candidates/0/accuracy_a candidates/0/accuracy_b)" = $'0.90000000000000002\n0.98999999999999999' ]
  # us/image as measured: 100 and 300
  [ "$(json get found candidates/0/host_latency_ms_a candidates/0/host_latency_ms_b | cut -c 1-4 | tr '\n' ' ')" = \
    "0.10 0.29 " ] || [ "$(json get found candidates/0/host_latency_ms_b)" = 0.29999999999999999 ]
  [ "$(json get found only_in_a/0/precision only_in_b/0/pruning_level | tr '\n' ' ')" = "int8 0.25 " ]
  documented found
}

@test "a difference counts from where it is larger than its interval" {
  two
  # each interval is +-1 point, so that of the difference is +-1.414; with Holm the larger one of two has to be beyond
  # 2.2414 / 1.96 of that, 1.617, and the other one only then beyond 1.414
  accuracy_row 0.00 fp32 7 0.9141 other >acc-1
  accuracy_row 0.50 int8 7 0.7838 other >acc-2
  # from the fastest to the 95th percentile: 0.5 to 2 times the mean
  timing_row 0.00 fp32 7 0.41 81960 other >time-1
  timing_row 0.50 int8 7 0.39 9000 other >time-2
  run_folder b
  run eo-compare a b
  [ "$(line 0.00)" = "0.00 fp32 7 90.00 91.41 +1.41 no 100.00 410.00 4.100 yes" ]
  [ "$(line 0.50)" = "0.50 int8 7 80.00 78.38 -1.62 yes 100.00 390.00 3.900 no" ]
  run eo-compare b a
  [ "$(line 0.00)" = "0.00 fp32 7 91.41 90.00 -1.41 no 410.00 100.00 0.244 yes" ]
  [ "$(line 0.50)" = "0.50 int8 7 78.38 80.00 +1.62 yes 390.00 100.00 0.256 no" ]
}

@test "many comparisons: Holm over the candidates" {
  # differ FIRST SECOND: the verdicts on these accuracies, after 0.90 and 0.80
  differ() {
    rm -rf a b
    two
    accuracy_row 0.00 fp32 7 "$1" other >acc-1
    timing_row 0.00 fp32 7 0.1 81960 other >time-1
    accuracy_row 0.50 int8 7 "$2" other >acc-2
    timing_row 0.50 int8 7 0.1 9000 other >time-2
    run_folder b
    run eo-compare a b
    echo "$(line 0.00 | cut -d' ' -f7) $(line 0.50 | cut -d' ' -f7)"
  }
  [ "$(differ 0.9142 0.80)" = "no no" ]
  [ "$(differ 0.9162 0.80)" = "yes no" ]
  [ "$(differ 0.9161 0.7839)" = "no no" ]
  [ "$(differ 0.9142 0.7838)" = "yes yes" ]
  run eo-compare a b
  [[ $output == *"for all candidates together (Holm)"* ]]
}

@test "many latencies: Holm over the candidates" {
  # one of two, whose intervals are apart as those of one alone would be
  second() {
    rm -rf a b
    candidate 0.50 int8 7 0.80 0.1 9000
    also time-7-0.50-int8.csv host_latency_median_ci95_low_ms=0.09 host_latency_median_ci95_high_ms=0.11 \
      timing_status=ok
    accuracy_row 0.00 fp32 7 0.9 >acc-1
    timed 0.1 0.09 0.11 >time-1
    run_folder a
    candidate 0.50 int8 7 0.80 0.1 9000
    also time-7-0.50-int8.csv host_latency_median_ci95_low_ms=0.09 host_latency_median_ci95_high_ms=0.11 \
      timing_status=ok
    accuracy_row 0.00 fp32 7 0.9 >acc-1
    timed 0.12 "$1" 0.13 >time-1
    run_folder b
    run eo-compare a b
    [ "$(line 0.00)" = "0.00 fp32 7 90.00 90.00 +0.00 same 100.00 120.00 1.200 $2" ] || { line 0.00; return 1; }
  }
  second 0.111 no # 0.020 over 0.010 + 0.009
  second 0.113 yes # 0.020 over 0.010 + 0.007
}

@test "on the same images accuracies are compared image by image" {
  candidate 0.00 fp32 7 0.90 0.1 81960
  candidate 0.50-taylor int8 8 0.90 0.1 9000
  run_folder a
  accuracy_row 0.00 fp32 7 0.906 other >acc-1
  accuracy_row 0.50-taylor int8 8 0.895 other >acc-2
  timing_row 0.00 fp32 7 0.1 81960 other >time-1
  timing_row 0.50-taylor int8 8 0.1 9000 other >time-2
  run_folder b
  run eo-compare a b
  [ "$(line 0.00)" = "0.00 fp32 7 90.00 90.60 +0.60 no 100.00 100.00 1.000 no" ]
  mkdir -p a/rows/seed8 b/rows/seed8
  hits_row 0.00 fp32 7 110000000 >a/rows/p0.00-fp32.hits.csv
  hits_row 0.00 fp32 7 111111111 other >b/rows/p0.00-fp32.hits.csv
  hits_row 0.50-taylor int8 8 111111 >a/rows/seed8/p0.50-taylor-int8.hits.csv
  hits_row 0.50-taylor int8 8 110000 other >b/rows/seed8/p0.50-taylor-int8.hits.csv
  # seven images to none are 1 / 64, below 5 % / 2; four are 1 / 8
  run eo-compare a b
  [ "$(line 0.00)" = "0.00 fp32 7 90.00 90.60 +0.60 yes 100.00 100.00 1.000 no" ]
  [ "$(line 0.50)" = "0.50-taylor int8 8 90.00 89.50 -0.50 no 100.00 100.00 1.000 no" ]
  [[ $output == *"image by image: the accuracies of 2 of 2"* ]]
  run eo-compare b a
  [ "$(line 0.00)" = "0.00 fp32 7 90.60 90.00 -0.60 yes 100.00 100.00 1.000 no" ]
  # of other images
  sed -i s/pixels/others/ b/rows/p0.00-fp32.hits.csv
  run eo-compare a b
  [ "$(line 0.00)" = "0.00 fp32 7 90.00 90.60 +0.60 no 100.00 100.00 1.000 no" ]
  [[ $output == *"image by image: the accuracies of 1 of 2"* ]]
  sed -i s/other,/aaaa,/ b/rows/p0.00-fp32.hits.csv
  fails 1 "eo-compare: b/rows/p0.00-fp32.hits.csv: expected the hits of model other, found those of aaaa" eo-compare a b
  sed -i 2d b/rows/p0.00-fp32.hits.csv
  fails 1 "eo-compare: b/rows/p0.00-fp32.hits.csv: expected one row, found 0" eo-compare a b
  echo model_sha256 >b/rows/p0.00-fp32.hits.csv
  echo x >>b/rows/p0.00-fp32.hits.csv
  fails 1 "eo-compare: b/rows/p0.00-fp32.hits.csv: expected a column 'images_sha256', found none" eo-compare a b
}

# timed MS LOW HIGH [STATUS]: the timing row of level 0 in fp32 with an interval
timed() {
  timing_row 0.00 fp32 7 "$1" 81960 |
    sed "1s/\$/,host_latency_median_ci95_low_ms,host_latency_median_ci95_high_ms,timing_status/
    2s/\$/,$2,$3,${4:-ok}/"
}

@test "latencies by the intervals of their medians, unless a timing is not ok" {
  # second LOW HIGH STATUS VERDICT
  second() {
    rm -rf a b
    accuracy_row 0.00 fp32 7 0.9 >acc-1
    timed 0.1 0.09 0.11 >time-1
    run_folder a
    accuracy_row 0.00 fp32 7 0.9 >acc-1
    timed 0.12 "$1" "$2" $3 >time-1
    run_folder b 2>stderr
    run eo-compare a b
    [ "$(line 0.00)" = "0.00 fp32 7 90.00 90.00 +0.00 same 100.00 120.00 1.200 $4" ] || { line 0.00; return 1; }
    run eo-compare b a
    [ "$(line 0.00)" = "0.00 fp32 7 90.00 90.00 +0.00 same 120.00 100.00 0.833 $4" ]
  }
  second 0.111 0.13 ok yes
  second 0.109 0.13 ok no
  second 0.111 0.13 noisy bad
  second "" "" ok no # by the ranges
}

@test "missing figures, and latencies of another machine, are not judged" {
  two
  accuracy_row 0.00 fp32 7 0.95 other | sed '2s/0.9400,0.9600/,/' >acc-1
  timing_row 0.00 fp32 7 9 81960 other | sed '2s/18,4.5,/,,/' >time-1
  accuracy_row 0.50 int8 7 0.95 other >acc-2
  timing_row 0.50 int8 7 9 9000 other | sed '2s/,generic,/,avx2,/' >time-2
  run_folder b
  run eo-compare a b
  [ "$(line 0.00)" = "0.00 fp32 7 90.00 95.00 +5.00 - 100.00 9000.00 90.000 -" ]
  [ "$(line 0.50)" = "0.50 int8 7 80.00 95.00 +15.00 yes 100.00 9000.00 - host" ]
  sed -i 's/"cpu": "Abacus"/"cpu": null/; s/"version": "[^"]*",$/"version": "9",/' b/manifest.json
  run eo-compare a b
  [[ $output == *"processor: Abacus -> unknown: latencies are not comparable"* ]]
  [[ $output == *"version: $(eo-compare --version | sed -n '1s/.* //p') -> 9"* ]]
  [ "$(line 0.00)" = "0.00 fp32 7 90.00 95.00 +5.00 - 100.00 9000.00 - host" ]
}

@test "latencies of nodes of another kind are not judged, and one line says so" {
  two
  cp -r a b
  mkdir a/rows b/rows
  timing_row 0.50 int8 7 0.1 9000 | sed '1s/$/,node,node_kind/; 2s/$/,n1,fast/' >a/rows/p0.50-int8.timing.csv
  sed 's/,n1,fast/,n3,slow/' a/rows/p0.50-int8.timing.csv >b/rows/p0.50-int8.timing.csv
  run --separate-stderr eo-compare a b
  [ "$status" -eq 0 ] && [ -z "$stderr" ] || return 1
  [ "$(grep -c '^kind of nodes: fast -> slow: latencies are not comparable$' <<<"$output")" -eq 1 ]
  [ "$(line 0.50)" = "0.50 int8 7 80.00 80.00 +0.00 same 100.00 100.00 - host" ]
  eo-compare --json -o found a b
  [ "$(json get found a/node_kind b/node_kind is_same_node_kind candidates/0/latency_verdict | tr '\n' ' ')" = \
    "fast slow false other_host " ]
  # the same kind, on another node; then one run that no cluster timed
  sed -i 's/,n3,slow/,n2,fast/' b/rows/p0.50-int8.timing.csv
  run eo-compare a b
  [[ $output != *"kind of nodes"* ]]
  [ "$(line 0.50)" = "0.50 int8 7 80.00 80.00 +0.00 same 100.00 100.00 1.000 no" ]
  rm b/rows/p0.50-int8.timing.csv
  run eo-compare a b
  [[ $output == *$'\n'"kind of nodes: fast -> none: latencies are not comparable"$'\n'* ]]
  eo-compare --json -o found a b
  [ "$(json get found a/node_kind b/node_kind is_same_node_kind | tr '\n' ' ')" = "fast null false " ]
}

@test "keys that differ, other data, candidates of one run" {
  echo "data_dir: x/y" >>c.yaml
  echo "dataset: idx" >>c.yaml
  two
  candidate 0.00 fp32 7 0.90 0.1 81960
  accuracy_row 0.25x0.50-taylor int8 8 0.80 s >acc-1
  timing_row 0.25x0.50-taylor int8 8 0.1 9000 s >time-1
  cat >c.yaml <<'EOF'
cpu_frequency_scale: 0.5
epochs: 3
memory_budgets_mb: [1, 2]
EOF
  run_folder b 5
  run eo-compare a b
  [ "$status" -eq 0 ]
  [ "$(sed -n '3,/^candidates/p' <<<"$output")" = \
    "data: idx (000000000000, 000000000000) -> synthetic (000000000000, 000000000000): other images
processor: Abacus, the same in both
configuration: 4 keys of the stages differ
  dataset: idx -> synthetic
  data_dir: x/y -> unset
  epochs: 2 -> 3
  memory_budgets_mb: [0.01, 0.02, 0.05] -> [1, 2]
candidates:" ]
  [ "$(line only)" = "only in A: pruning_level 0.50, precision int8, seed 7, accuracy 80.00 %
only in B: pruning_level 0.25x0.50, pruning_criterion taylor, precision int8, seed 8, accuracy 80.00 %" ]
  run eo-compare b a
  [[ $output == *"  data_dir: unset -> x/y"* ]]
  sed -i 's/,7,/,9,/' a/sweep_results.csv
  run eo-compare a b
  echo "$output"
  [[ $output == *"candidates: none is in both"* ]]
}

@test "folders that cannot be read: exit 1" {
  two
  fails 1 "eo-compare: none/manifest.json: cannot open: No such file or directory" eo-compare none a
  cp -r a b
  rm b/sweep_results.csv
  fails 1 "eo-compare: b/sweep_results.csv: cannot open: No such file or directory" eo-compare a b
  echo nonsense >b/sweep_results.csv
  fails 1 "eo-compare: b/sweep_results.csv: expected a column 'pruning_level', found none" eo-compare a b
  cp a/sweep_results.csv b
  echo "epochs: -1" >b/config/train.yaml
  fails_like 1 "eo-compare: b/config/train.yaml: 1:9: key 'epochs': *" eo-compare a b
  for file in config/train.yaml rows/p0.00-fp32.hits.csv sweep_results.csv manifest.json; do
    mkdir -p b/rows
    rm -f b/$file && mkfifo b/$file
    fails 1 "eo-compare: b/$file: expected a regular file" timeout 10 eo-compare a b
  done
  rm b/manifest.json
  echo "{}" >b/manifest.json
  fails 1 "eo-compare: b/manifest.json: byte offset 2: expected key 'manifest', found the end of the object" \
    eo-compare a b
}

@test "wrong usage: exit 2; a full disk: exit 1" {
  two
  misused "eo-compare: expected two folders, A and B" eo-compare
  misused "eo-compare: expected two folders, A and B" eo-compare a
  misused "eo-compare: unexpected operand 'c'" eo-compare a b c
  fails_like 1 "eo-compare: /dev/full: * No space left on device" eo-compare -o /dev/full a a
}

@test "the page: in the form of the report, with links to the tables of both, however their folders are called" {
  two
  mkdir -p 'x/#1 %2<b>'
  candidate 0.00 fp32 7 0.95 0.2 81960
  candidate 0.25 int8 7 0.85 0.1 9000
  run_folder 'x/#1 %2<b>/b'
  cp a/manifest.json a/report.html
  cp a/manifest.json 'x/#1 %2<b>/b/report.html'
  eo-compare --html page.html a 'x/#1 %2<b>/b' >text
  eo-compare a 'x/#1 %2<b>/b' | cmp text -
  grep -q '<a href="a/sweep_results.csv">' page.html
  grep -q '<a href="x/%231%20%252%3Cb%3E/b/sweep_results.csv">' page.html
  run ! grep -q '2<b>' page.html
  grep -q 'Of 1 candidate in both runs' page.html
  grep -q 'Only in A' page.html
  grep -q 'Only in B' page.html
  sed 's,x/%231%20%252%3Cb%3E/b,a,g' page.html >decoded.html
  awk -f "$EO_ROOT/tests/report/page.awk" decoded.html
  # below a folder, and with an absolute name
  eo-compare --html x/page.html a "$PWD/a" >text
  grep -q '<a href="../a/sweep_results.csv">' x/page.html
  grep -q "<a href=\"$PWD/a/sweep_results.csv\">" x/page.html
  (cd x && eo-compare --html ../page.html ../a ../a >text)
  grep -q '<a href="a/sweep_results.csv">' page.html
  misused "eo-compare: only one output can go to standard output; give the others a file" \
    eo-compare --html - a a
  fails_like 1 "eo-compare: gone/page.html: *" eo-compare --html gone/page.html a a
  fails_like 1 "eo-compare: /dev/full: *" eo-compare --html /dev/full a a
}

@test "the page: what was not judged is counted, and neither as equal nor as different" {
  accuracy_row 0.00 fp32 7 0.9 >acc-1
  timed 0.1 0.09 0.11 >time-1
  run_folder a
  accuracy_row 0.00 fp32 7 0.9 >acc-1
  timed 0.3 0.29 0.31 noisy >time-1
  run_folder b 2>stderr
  eo-compare --html page.html a b >text
  grep -q 'Of 1 candidate in both runs, 0 differ in accuracy and 0 in latency' page.html
  grep -q '<b>Not judged</b>, so neither equal nor different: 0 of the accuracies and 1 of the latencies\.' page.html
  eo-compare --html page.html a a >text
  run ! grep -q '<b>Not judged</b>' page.html
}

@test "make compare" {
  two
  run make -C "$EO_ROOT" --no-print-directory BIN="$EO_BIN" -n compare A="$PWD/a" B="$PWD/b"
  [[ $output == *"eo-compare --html out/compare.html -- '$PWD/a' '$PWD/b'"* ]]
  run make -C "$EO_ROOT" --no-print-directory BIN="$EO_BIN" LINKED= TOOLS= compare A="$PWD/a" B="$PWD/a"
  echo "$output"
  [ "$status" -eq 0 ] && [[ $output == "A: $PWD/a"* ]] || return 1
  [ "${lines[-1]}" = "written: out/compare.html" ]
  run make -C "$EO_ROOT" --no-print-directory BIN="$EO_BIN" LINKED= TOOLS= -s compare A="$PWD/a" B="$PWD/a"
  [ "$status" -eq 0 ] && [[ ${lines[-1]} != written:* ]] || return 1
  run --separate-stderr make -C "$EO_ROOT" --no-print-directory BIN="$EO_BIN" LINKED= TOOLS= compare A="$PWD/a"
  [ "$status" -ne 0 ] && [ "$stderr" = "make compare: expected two folders of finished runs, A=out/a B=out/b" ]
}
