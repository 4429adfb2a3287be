#!/usr/bin/env bats
# eo-report: the page of a run, what it needs, names that are no markup, missing and damaged files, a real browser.

bats_require_minimum_version 1.5.0
load common

CHECKS=$EO_ROOT/tests/report

# One small finished experiment, whose classes have hostile names.
setup_file() {
  load common
  cd "$BATS_FILE_TMPDIR"
  sed '/^output_dir/d' "$EO_ROOT/tests/golden/small.yaml" >exp.yaml
  cat >>exp.yaml <<END
output_dir: $BATS_FILE_TMPDIR/run
class_names: ['<script>alert(1)</script>', 'x&amp;y', '</table>', b c, 'ä', five, six, seven, '--><b>', '%s%n']
END
  make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" CONFIG="$PWD/exp.yaml" all >log 2>&1 ||
    { cat log; return 1; }
  make -C "$EO_ROOT" -s --no-print-directory B="$(dirname "$EO_BIN")" CONFIG="$PWD/exp.yaml" steps |
    sed -n 's/^report: .*/found/p' >steps
  eo-data --generate data --train 1000 --test 200 --seed 5
}

setup() {
  cd "$BATS_TEST_TMPDIR"
  RUN=$BATS_FILE_TMPDIR/run
}

# A copy of the run, in which files may be removed.
copy() {
  cp -r "$RUN" run
}

@test "report: make all writes it, and lists it in the manifest and the steps" {
  [ -s "$RUN/report.html" ]
  grep -q '"path": "report.html"' "$RUN/manifest.json"
  grep -qx found "$BATS_FILE_TMPDIR/steps"
  eo-verify "$RUN/manifest.json"
}

@test "report: all of the page is there, well formed, labelled, and loads nothing" {
  local id
  cd "$RUN"
  run awk -f "$CHECKS/page.awk" report.html
  echo "$output"
  [ "$status" -eq 0 ]
  for id in answer frontiers table int8 classes pictures models training pruning devices timing origin; do
    grep -q "<section id=\"$id\">" report.html
  done
  [ "$(grep -c '<details id="m-' report.html)" -eq 6 ]
  for id in "Why this one" "How sure is this" "Head-room of each limit" "Its rivals" "What 5 KiB more" "Make it again" \
    "which class suffers most"; do
    grep -q "<h3>.*$id" report.html || { echo "no $id"; false; }
  done
  [ "$(stat -c %s report.html)" -lt 2000000 ]
  [ "$(stat -c %s "$EO_ROOT/lib/stage/report/report.js")" -lt 10240 ]
}

@test "report: the check of the page sees faults" {
  local change
  cd "$RUN"
  for change in 's/<h1>/<h2>/;s,</h1>,</h2>,' '0,/ alt="/s// aalt="/' '0,/ scope="col"/s///' '0,/<caption>/s//<b>/' \
    's/id="table"/id="int8"/' 's/href="machine.csv"/href="other.csv"/' 's/aria-label="[^"]*/aria-label="/' \
    's,href="#int8",href="https://a.example/",' 's,</section>,,' 's,src="data:image,src="x:image,' \
    's,<main>,<main onload="x()">,' 's/<html lang="en">/<html>/' 's/href="#answer"/href="#gone"/'; do
    sed "$change" report.html >"$BATS_TEST_TMPDIR/changed"
    ! cmp -s report.html "$BATS_TEST_TMPDIR/changed" || { echo "no change: $change"; false; }
    ! awk -f "$CHECKS/page.awk" "$BATS_TEST_TMPDIR/changed" >/dev/null || { echo "not seen: $change"; false; }
  done
}

@test "report: the colours of text stand out from their ground, in light, dark and print" {
  awk -f "$CHECKS/contrast.awk" "$EO_ROOT/lib/stage/report/report.css"
  sed 's/--soft: #55606b/--soft: #99a0a8/' "$EO_ROOT/lib/stage/report/report.css" >faint.css
  ! awk -f "$CHECKS/contrast.awk" faint.css >/dev/null
}

@test "report: names of classes are text" {
  cd "$RUN"
  [ "$(grep -c '<script' report.html)" -eq 1 ]
  run ! grep -q 'alert(1)</script>' report.html
  grep -q '&#60;script&#62;alert(1)&#60;/script&#62;' report.html
  grep -q 'x&#38;amp;y' report.html
  grep -q '9 %s%n' report.html
}

@test "report: the same files give the same bytes, on every number of threads and instruction set" {
  local threads
  copy
  eo-report -o a.html run
  for threads in 1 2 3; do
    eo-report --threads $threads --isa generic -o b.html run
    cmp a.html b.html
  done
  run ! cmp -s a.html run/report.html # which has pictures
  grep -q 'was not given the data set' a.html
  (cd run && eo-report -o ../c.html .)
  sed 's,eo-verify run/,eo-verify ./,; s,net run/,net ./,' a.html | cmp - c.html
}

@test "report: a file that is missing leaves its part with a sentence" {
  local file
  for file in machine.csv training_log.csv rows/p0.00-int8.quant.csv models/base.safetensors; do
    copy
    rm "run/$file"
    eo-report -o run/report.html run
    grep -q "is not there" run/report.html
    rm -r run
  done
  copy
  rm -r run/rows run/models run/machine.csv run/training_log.csv run/seed_summary.csv run/sweep_errors.csv
  eo-report -o run/report.html run
  [ "$(grep -c 'class="absent"' run/report.html)" -ge 6 ]
}

@test "report: a run whose candidates all failed, and one that accepts none" {
  copy
  sed -i '2,$d' run/sweep_results.csv
  eo-report -o run/report.html run
  grep -q 'No model is recommended' run/report.html
  cp "$RUN/sweep_results.csv" run
  sed -i 's/,True,/,False,/; s/,recommended,/,,/; s/,rival,/,,/' run/sweep_results.csv
  eo-report -o run/report.html run
  grep -q 'No model is recommended' run/report.html
}

# edit FILE ROW COLUMN VALUE: a cell, of row 1 and so on
edit() {
  awk -F, -v OFS=, -v row="$2" -v name="$3" -v value="$4" \
    'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i } NR == row + 1 { $at = value } 1' "$1" >edited
  mv edited "$1"
}

@test "report: with a board, its estimate stands beside the times of this machine; fast code is made again as such" {
  local row
  copy
  row=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "recommendation") at = i }
    $at == "recommended" { print NR - 1 }' run/sweep_results.csv)
  run ! grep -q 'eo-export --fast' run/report.html
  run ! grep -q 'cpu_frequency_scale' run/report.html
  edit run/sweep_results.csv "$row" device STM32F411
  edit run/sweep_results.csv "$row" device_build fast
  eo-report -o a.html run
  grep -q 'measured on this machine and divided by cpu_frequency_scale [0-9.]*, not on STM32F411<' a.html
  grep -q 'eo-export --fast -o net run/models/.*   # the model as C for STM32F411' a.html
  edit run/sweep_results.csv "$row" device_latency_ms 12.5
  edit run/sweep_results.csv "$row" device_build plain
  eo-report -o a.html run
  grep -q 'not on STM32F411, for which the estimate is 12.50 ms<' a.html
  grep -q 'eo-export -o net run/models/.*   # the model as C for STM32F411' a.html
  (cd run && awk -f "$CHECKS/page.awk" ../a.html)
}

@test "report: a column for the teacher where there was one" {
  copy
  run ! grep -q 'teacher</th>' run/report.html
  edit run/sweep_results.csv 2 teacher_sha256 "$(printf '%064d' 7 | tr 0 a)"
  eo-report -o run/report.html run
  grep -q '<th scope="col">teacher</th></tr></thead>' run/report.html
  grep -q '<td title="a\{63\}7">aaaaaaaa</td></tr>' run/report.html
  [ "$(grep -c '<td title="">' run/report.html)" = 5 ]
  (cd run && awk -f "$CHECKS/page.awk" report.html)
}

@test "report: one candidate alone is no plural" {
  copy
  sed -i '3,$d' run/sweep_results.csv
  eo-report -o run/report.html run
  grep -q '<p>1 candidate: each' run/report.html
  grep -q '<caption>1 candidate of' run/report.html
  run ! grep -E '[ >]1 (more )?candidates' run/report.html
}

@test "report: a number of a table that is none" {
  local number="expected a number in -1e+300..1e+300"
  copy
  while read -r file row column value; do
    edit "run/$file" "$row" "$column" "$value"
    fails 1 "eo-report: run/$file: row $row: column '$column': $number, found '$value'" eo-report -o out.html run
    [ ! -e out.html ]
    cp "$RUN/$file" "run/$file"
  done <<'END'
training_log.csv 1 epoch nan
training_log.csv 1 loss 1e400
models/p0.50-finetune_log.csv 1 accuracy x
rows/p0.50-int8.quant.csv 2 chosen_max nan
rows/p0.00-int8.quant.csv 1 input_sqnr_db inf
rows/p0.00-int8.quant.csv 1 saturated 0x10
END
  # What is empty is not drawn, and what is large is.
  edit run/training_log.csv 1 loss ''
  edit run/models/p0.50-finetune_log.csv 1 epoch ''
  edit run/models/p0.00-finetune_log.csv 1 loss 1e300
  edit run/models/p0.00-finetune_log.csv 1 epoch 1e300
  eo-report -o out.html run
  run ! grep -E '[" ,ML](-?nan|-?inf)' out.html
}

@test "report: messages" {
  misused "eo-report: expected the folder of a run" eo-report
  fails 1 "eo-report: gone/sweep_results.csv: cannot open: No such file or directory" eo-report gone
  copy
  rm run/config/eval.yaml
  fails 1 "eo-report: run/config/eval.yaml: expected the folder of a finished run, found no such file" eo-report run
  cp "$RUN/config/eval.yaml" run/config
  : >run/machine.csv
  fails_like 1 "eo-report: run/machine.csv: *" eo-report run
  cp "$RUN/machine.csv" run
  head -c 100 "$RUN/models/p0.00-int8.safetensors" >run/models/p0.00-int8.safetensors
  fails_like 1 "eo-report: run/models/p0.00-int8.safetensors: *" eo-report run
  cp "$RUN/models/p0.00-int8.safetensors" run/models
  sed -i 2d run/rows/p0.00-int8.confusion.csv
  fails 1 "eo-report: rows/p0.00-int8.confusion.csv: expected a column 'count' and a row for each pair of classes, \
found 99 rows" eo-report run
  cp "$RUN/rows/p0.00-int8.confusion.csv" run/rows
  sed -i '2s/,[0-9]*,/,x,/' run/rows/p0.00-int8.confusion.csv
  fails_like 1 "eo-report: rows/p0.00-int8.confusion.csv: row 1: column 'count': expected an integer in *, found 'x'" \
    eo-report run
  cp "$RUN/rows/p0.00-int8.confusion.csv" run/rows
  fails_like 1 "eo-report: *gone*" eo-report --data gone run
  fails_like 1 "eo-report: gone/x.html: *" eo-report -o gone/x.html run
  fails_like 1 "eo-report: /dev/full: *" eo-report -o /dev/full run
  rm run/machine.csv && mkfifo run/machine.csv
  fails_like 1 "eo-report: run/machine.csv: *" eo-report run
}

@test "report: tidy finds nothing to say" {
  command -v tidy >/dev/null || skip "needs tidy"
  tidy -q -e "$RUN/report.html"
}

# browse PAGE [OPTION...]: the page as the browser has it in the end, to `dom`; what it says of errors, to `console`
browse() {
  local page=$1
  shift
  command -v chromium >/dev/null || skip "needs chromium"
  HOME=$PWD timeout 120 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$PWD/profile" \
    --enable-logging=stderr "$@" --dump-dom "file://$page" >dom 2>said
  grep CONSOLE said >console || true
}

@test "report: in a browser, sorting and filtering work, and nothing is said on the console" {
  copy
  browse "$PWD/run/report.html"
  [ ! -s console ] || { cat console; false; }
  grep -q '<th scope="col"><button type="button">bytes</button></th>' dom
  grep -q '<input type="search"' dom
  # a script at the end clicks and types as a reader does
  { sed '/^<\/body>/,$d' run/report.html; echo "<script>"; cat "$CHECKS/click.js"; echo "</script></body></html>"; } \
    >run/clicked.html
  browse "$PWD/run/clicked.html"
  [ ! -s console ] || { cat console; false; }
  grep -o '<title>.*</title>' dom
  grep -q '<title>p0.00-fp32- p0.00-fp16- p0.50-fp32- p0.00-int8- p0.50-fp16- p0.50-int8+</title>' dom
  grep -q 'aria-sort="descending"' dom
}

@test "report: in a browser that refuses scripts, all of the page is there, and names are text" {
  sed "s/script-src 'unsafe-inline'/script-src 'none'/" "$BATS_FILE_TMPDIR/run/report.html" >page.html
  browse "$PWD/page.html"
  grep -q "Refused to execute inline script\|violates the following Content Security Policy" console
  run ! grep -q '<button' dom
  [ "$(grep -c '<section ' dom)" -eq 12 ]
  grep -q '0 &lt;script&gt;alert(1)&lt;/script&gt;' dom
}

@test "report: on paper nothing is scrolled, so long commands are broken into lines" {
  sed 's/@media print/@media all/; s,net [^ ]*/models/,&a_long_name/a_long_name/a_long_name/a_long_name/,' \
    "$BATS_FILE_TMPDIR/run/report.html" >page.html
  cat >>page.html <<'END'
<script>
const all = [...document.querySelectorAll("pre, .wide")];
const cut = e => getComputedStyle(e).overflowX != "visible" || (e.tagName == "PRE" && e.scrollWidth > e.clientWidth);
document.title = all.filter(cut).length + " of " + all.length;
</script>
END
  browse "$PWD/page.html" --window-size=500,800
  grep -oE '<title>0 of [1-9][0-9]*</title>' dom
}

@test "report: a link to a model opens its details" {
  browse "$BATS_FILE_TMPDIR/run/report.html#m-p0.50-int8"
  grep -q '<details id="m-p0.50-int8" open="">' dom
}
