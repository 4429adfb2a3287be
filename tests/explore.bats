# eo-explore: all widths and precisions, in one table.
bats_require_minimum_version 1.5.0
load common

setup_file() {
  cd "$BATS_FILE_TMPDIR"
  export EO_DATA_DIR=$PWD/data
  eo-data --generate data/synthetic --train 600 --test 60 --seed 1
  cat >base.yaml <<'END'
seed: 3
val_subset: 200
conv1_channels: 3
conv2_channels: 4
batch_size: 32
epochs: 1
learning_rate: 0.01
calibration_batches: 2
explore_images: 200
END
  eo-train -q -c base.yaml -o base
}

setup() {
  cd "$BATS_FILE_TMPDIR"
  export EO_DATA_DIR=$PWD/data
  rm -rf to m
  mkdir to
}

explore() { # explore CONFIG OPTION...
  local config=$1
  shift
  eo-explore -q -c "$config" --base base --into to "$@"
}

# with CHANGE...: base.yaml with other lines, as c.yaml
with() {
  local change
  cp base.yaml c.yaml
  for change; do
    sed -i "/^${change%%:*}:/d" c.yaml
    echo "$change" >>c.yaml
  done
}

# column FILE NAME: the cells of a column
column() {
  awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at }' "$1"
}

# without_origin [FILE]: a table without the columns that say which experiment it is of
without_origin() { sed 's/,[^,]*,[^,]*$//' "$@"; }

@test "explore: rows in the order of the grid, which threads and instruction sets do not change" {
  explore base.yaml --threads 1
  [ "$(tail -n +2 to/explore.csv | wc -l)" -eq 36 ]
  [ "$(tail -n +2 to/explore.csv | cut -d, -f1,2 | head -n 4 | tr '\n' ' ')" = "1x1,fp32 1x1,fp16 1x1,int8 1x2,fp32 " ]
  [ "$(tail -n 1 to/explore.csv | cut -d, -f1-6)" = "3x4,int8,3,3x4,200,1" ]
  [ -z "$(column to/explore.csv error | tr -d '\n')" ]
  cp -r to one
  for way in "--threads 2" "--threads 3 --isa generic"; do
    rm to/.explore
    explore base.yaml $way
    diff -q to/explore.csv one/explore.csv
    diff -q to/explore_hits.csv one/explore_hits.csv
  done
  # As many hits as the table says, four images in a digit.
  paste -d, <(column to/explore.csv correct) <(column to/explore.csv test_correct) >counts
  awk -F, 'BEGIN { split("0 1 1 2 1 2 2 3 1 2 2 3 2 3 3 4", bits, " "); for (i = 0; i < 16; i++)
      count[sprintf("%x", i)] = bits[i + 1] }
    function hits(text, n, k) { n = 0; for (k = 1; k <= length(text); k++) n += count[substr(text, k, 1)]; return n }
    NR > 1 { if (length($5) != 50 || length($7) != 15) exit 1; print hits($5) "," hits($7) }' to/explore_hits.csv |
    diff - counts
}

@test "explore: a point is made again, and is what eo-eval finds" {
  explore base.yaml
  for point in 3x4-fp32 2x3-int8 1x2-fp16; do
    eo-explore -q -c base.yaml --base base --point $point -o m
    grep "^${point%-*},${point#*-}," to/explore.csv >row
    [ "$(awk -F, '{ print $(NF - 5) }' row)" = "$(sha256sum m | cut -d' ' -f1)" ]
    with 'validation: holdout'
    eo-eval -c c.yaml -o eval.csv m
    [ "$(column eval.csv correct)" = "$(cut -d, -f11 row)" ]
    [ "$(column eval.csv test_correct)" = "$(cut -d, -f16 row)" ]
  done
}

@test "explore: int4 and mixed have rows of their own, and costs that hold when a point is compiled" {
  local core row flash ram point
  # costs POINT: its cells of all cores
  costs() {
    awk -F, -v key="${1%-*},${1#*-}" \
      'NR == 1 { for (i = 1; i <= NF; i++) is_cost[i] = $i ~ /_(flash_bytes|ram_bytes|instructions)$/; next }
      $1 "," $2 == key { for (i = 1; i <= NF; i++) if (is_cost[i]) printf "%s,", $i }' to/explore.csv
  }
  with 'precisions: [int8, mixed]' 'explore_widths: [3, 4]' 'mixed_weights_kb: 100'
  explore c.yaml
  # With 8 bits in all layers the code is that of int8.
  [ "$(costs 3x4-mixed)" = "$(costs 3x4-int8)" ]
  with 'precisions: [int8, int4, mixed]' 'explore_widths: [2-3, 3-4]'
  explore c.yaml
  [ "$(cut -d, -f2 to/explore.csv | sort | uniq -c | tr -s ' \n' ' ')" = " 4 int4 4 int8 4 mixed 1 precision " ]
  [ -z "$(column to/explore.csv error | tr -d '\n')" ]
  # About half of the bytes; biases and scales stay.
  paste -d, <(grep ,int8, to/explore.csv) <(grep ,int4, to/explore.csv) |
    awk -F, '{ a = $9; b = $(9 + NF / 2); if (b > 0.62 * a || b < a / 2) exit 1 }'
  [ "$(grep -E '^3x4,' to/explore.csv | sort -t, -k9,9n | cut -d, -f2 | paste -sd' ')" = "int4 mixed int8" ]
  [ "$(grep -E '^3x4,' to/explore.csv | sort -t, -k29,29n | cut -d, -f2 | paste -sd' ')" = "int4 mixed int8" ]
  [[ "$(costs 3x4-int4)$(costs 3x4-mixed)" =~ ^([1-9][0-9]*,){36}$ ]]
  # Between the flash of the two, int4 alone is within the limit.
  flash=$(grep ^3x4,int4 to/explore.csv | cut -d, -f29)
  eo-best -c c.yaml --from to --flash $flash --json -o answer
  [[ $(json get answer finalists/0/point) == *-int4 ]]
  [ "$(json get answer limits/0/used)" -le "$flash" ]
  [ "$(json get answer limits/0/points_without_it)" = 0 ]
  for program in arm-none-eabi-gcc qemu-system-arm; do
    command -v $program >/dev/null || skip "needs $program: make deps device"
  done
  gcc -O2 -fPIC -shared -o count.so "$EO_ROOT/tests/device/count.c"
  for point in int4 mixed; do
    eo-explore -q -c c.yaml --base base --point 3x4-$point -o m
    rm -rf code && mkdir code
    eo-export --prefix net -o code/net m
    for core in m0 m4dsp; do
      row=$(EO_TESTS=$PWD sh "$EO_ROOT/tests/device/measure.sh" code $core m "")
      [ "$(cut -d, -f12 <<<"$row")" = 1 ]
      grep ^3x4,$point to/explore.csv | cut -d, -f$([ $core = m0 ] && echo 20-22 || echo 29-31) >estimate
      # Never below, and at most the spread of the code; with so few channels that of instructions is larger, too.
      paste -d, estimate - <<<"$row" | awk -F, '{ flash = $1 - $7; ram = $2 - $11; error = $3 / $13 - 1
        exit !(flash >= 0 && flash <= 330 && ram >= 0 && ram <= 200 && error > -0.1 && error < 0.1) }' ||
        { echo "$point on $core: $(cat estimate): $row"; return 1; }
    done
  done
}

@test "explore: a run that is killed goes on, to the same table" {
  explore base.yaml
  cp -r to whole
  rm to/*.csv
  size=$(stat -c %s to/.explore)
  # What a kill leaves: some whole records, and a part of one.
  for part in 10 40 77 99; do
    rm -f to/*.csv
    head -c $((size * part / 100)) whole/.explore >to/.explore
    explore base.yaml --threads 2
    diff -q to/explore.csv whole/explore.csv
    diff -q to/explore_hits.csv whole/explore_hits.csv
  done
  # Killed for real.
  rm -rf to/* to/.explore
  for i in 1 2 3 4 5 6; do
    timeout -s KILL 0.$((3 * i)) eo-explore -q -c base.yaml --base base --into to --threads 1 || [ $? -eq 137 ]
  done
  explore base.yaml
  diff -q to/explore.csv whole/explore.csv
  diff -q to/explore_hits.csv whole/explore_hits.csv
}

@test "explore: the table says of which experiment and base model it is" {
  with 'explore_widths: [1, 2]'
  explore c.yaml
  [ "$(column to/explore.csv experiment | uniq)" = "$(eo-config --stage explore c.yaml | sha256sum | head -c 16)" ]
  eo-config --stage train base.yaml >slice.yaml
  [ "$(column to/explore.csv base_experiment | uniq)" = "$(sha256sum slice.yaml | head -c 16)" ]
  # The slice is the same experiment; its base model is another file's.
  cp to/explore.csv one.csv
  eo-config --stage explore c.yaml >slice.yaml
  explore slice.yaml
  diff one.csv to/explore.csv
  eo-best -q -c slice.yaml --from to -o said
  eo-best -q -c c.yaml --from to -o said
  with 'explore_widths: [1, 2]' 'explore_from: scratch' 'precisions: [int8]'
  eo-explore -q -c c.yaml --into to
  [ "$(tail -n 1 to/explore.csv | cut -d, -f42-)" = "$(eo-config --stage explore c.yaml | sha256sum | head -c 16)," ]
}

@test "make explore: ends with how many points there are, and the command that answers" {
  with 'explore_widths: [1, 2]' 'precisions: [int8]' "output_dir: $PWD/run"
  run make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" CONFIG="$PWD/c.yaml" explore
  [ "$status" -eq 0 ]
  [ "${lines[-2]}" = "   1 point in $PWD/run/explore.csv" ]
  [ "${lines[-1]}" = "   the best of them: $EO_BIN/eo-best -c $PWD/c.yaml --flash 16k --ram 4k" ]
  run ${lines[-1]#*: }
  [[ "$output" == "1x2-int8, on m4dsp: "* ]]
  # After an edit the table is not answered from.
  with 'explore_widths: [1, 2]' 'precisions: [int8]' "output_dir: $PWD/run" 'epochs: 2'
  fails 1 "eo-best: $PWD/run/explore.csv: made with another value of key 'epochs' than in c.yaml; run make explore \
CONFIG=c.yaml again" eo-best -c c.yaml
}

@test "explore --check: widths that do not fit, before anything is trained" {
  eo-explore --check -c base.yaml
  check() { # check KEY-AND-MESSAGE [CHANGE...]
    local message="c.yaml: key 'explore_widths': $1"
    shift
    with "$@"
    fails 1 "eo-explore: $message" eo-explore --check -c c.yaml || return
    case $* in
    *explore_widths*) fails 1 "eo-config: $message" eo-config --check c.yaml ;;
    *) eo-config --check c.yaml ;;
    esac
  }
  check "expected one range, or 2, one for each space of channels, found 3" 'explore_widths: [1, 2, 3]'
  check "expected at most the 3 channels of 'conv1', found 4" 'explore_widths: [1-4]'
  local conv='{conv: 40, kernel: 3}'
  local net="model: [$conv, $conv, $conv, {mean: true}, {linear: classes}]"
  check "expected at most 30000 combinations of widths, found more; narrow the ranges or give them a step, as in \
4-16/4" "$net" 'conv1_channels: 16' 'explore_widths: [1-40]'
  check "expected at most 30000 combinations of widths, found more, as it is unset; give ranges with a step, as in \
4-16/4" "$net"
  # Of images that are not here.
  with 'dataset: idx' 'data_dir: nowhere' "$net" 'explore_widths: [4-40/4]'
  eo-explore --check -c c.yaml
  eo-explore --check -c "$EO_ROOT/configs/own-images.yaml"
  # base_model brings the network, which is not read here; its widths are looked at with the images.
  with 'base_model: base' 'explore_widths: [1-4]'
  eo-explore --check -c c.yaml
  eo-config --check "$EO_ROOT/configs/own-images.yaml"
  with 'explore_widths: [1-4]' "output_dir: $PWD/run"
  eo-config --check --data data/synthetic c.yaml # as Make does, for which widths are no matter
  run make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" CONFIG="$PWD/c.yaml" explore
  [ "$status" -ne 0 ]
  [ "$output" = "eo-explore: $PWD/c.yaml: key 'explore_widths': expected at most the 3 channels of 'conv1', found 4" ]
  misused "eo-explore: option '-o' is for '--point'" eo-explore -c base.yaml --check -o m
}

@test "explore: shards and what is made of them give the table of one run, whatever became of them" {
  local k
  rm -rf one
  explore base.yaml
  mv to one
  mkdir to
  for k in 1 2 3; do explore base.yaml --shard $k/3 --threads 1; done
  [ "$(ls to)" = "" ]
  # each has a third of the rows
  for k in 1 2 3; do [ "$(grep -aoE '[123]x[1-4],(fp32|fp16|int8),3,3x4,200' to/.explore-$k | wc -l)" -eq 12 ]; done
  explore base.yaml --shards 3
  diff -r one to -x .explore
  [ "$(ls -A to | tr '\n' ' ')" = ".explore explore.csv explore_hits.csv " ]
  # what they computed is in the journal of the run
  [ "$(wc -c <to/.explore)" -eq "$(wc -c <one/.explore)" ]
  # one shard never ran, one was killed in the middle of a record, one has nonsense
  rm to/*
  rm to/.explore
  explore base.yaml --shard 1/3
  explore base.yaml --shard 2/3
  truncate -s -70 to/.explore-1
  echo nonsense >to/.explore-3
  explore base.yaml --shards 3
  diff -r one to -x .explore
  # a shard has nothing to do where an earlier run has its points
  explore base.yaml --shard 2/3
  [ ! -e to/.explore-2 ]
}

@test "explore: an edit computes the points that it affects" {
  with 'explore_widths: [1-2, 2]'
  explore c.yaml
  size=$(stat -c %s to/.explore)
  # A record for each new point, of about as many bytes.
  points() { echo $((($(stat -c %s to/.explore) - size + each / 2) / each)); }
  each=$((size / 6))
  explore c.yaml
  [ "$(points)" = 0 ]
  with 'explore_widths: [1-3, 2]'
  explore c.yaml
  [ "$(points)" = 3 ]
  size=$(stat -c %s to/.explore)
  with 'explore_widths: [1-3, 2]' 'calibration_batches: 1'
  explore c.yaml
  [ "$(points)" = 3 ]
  grep -v int8 to/explore.csv | without_origin >others
  size=$(stat -c %s to/.explore)
  with 'explore_widths: [1-3, 2]' 'calibration_batches: 1' 'learning_rate: 0.02'
  explore c.yaml
  [ "$(points)" = 9 ]
  grep -v int8 to/explore.csv | without_origin | { ! diff -q - others; }
  # Back again, nothing is missing.
  size=$(stat -c %s to/.explore)
  with 'explore_widths: [1-3, 2]' 'calibration_batches: 1'
  explore c.yaml
  [ "$(points)" = 0 ]
  grep -v int8 to/explore.csv | without_origin | diff - others
  # Keys of other stages change nothing.
  with 'explore_widths: [1-3, 2]' 'calibration_batches: 1' 'epochs: 9' 'power_watts: 3' 'threads: 1'
  explore c.yaml
  [ "$(points)" = 0 ]
}

# without_found FILE: a table without the columns that say how a point was found, and of which experiment
without_found() { sed 's/,[^,]*,[^,]*,[^,]*,[^,]*$//' "$1"; }

@test "explore: halving trains all a little and the better ones in full, and the rows are those of such trainings" {
  explore base.yaml
  cp to/explore.csv full.csv
  with 'explore_images: 50'
  explore c.yaml
  cp to/explore.csv short.csv
  [ "$(column full.csv rung | sort -u) $(column full.csv spent_images | sort -u)" = "1 200" ]
  rm -r to
  with 'explore_way: halving' 'explore_growth: 4' 'explore_reduction: 3'
  explore c.yaml --threads 1
  # 12 combinations of widths, 4 of which go on.
  [ "$(column to/explore.csv rung | sort | uniq -c | tr -s ' \n' ' ')" = " 24 1 12 2 " ]
  paste -d' ' <(column to/explore.csv rung) <(column to/explore.csv spent_images) | sort -u |
    diff - <(printf '1 50\n2 250\n')
  paste -d'|' <(column to/explore.csv rung) <(without_found to/explore.csv | tail -n +2) >rows
  grep '^2' rows | cut -d'|' -f2 | { ! grep -vxFf <(without_found full.csv) -; }
  grep '^1' rows | cut -d'|' -f2 | { ! grep -vxFf <(without_found short.csv) -; }
  # Threads, a kill between the rungs, and points that the exhaustive way has left: the same table.
  rm -rf one
  cp -r to one
  size=$(stat -c %s to/.explore)
  for part in 0 30 75 90; do
    rm -r to/*
    head -c $((size * part / 100)) one/.explore >to/.explore
    explore c.yaml --threads 3
    diff -q to/explore.csv one/explore.csv
    diff -q to/explore_hits.csv one/explore_hits.csv
  done
  # A point again, of either rung.
  for rung in 1 2; do
    grep "^$rung" rows | head -n 1 | cut -d'|' -f2 >row
    eo-explore -q -c c.yaml --base base --point "$(cut -d, -f1,2 --output-delimiter=- row)" --rung $rung -o m
    [ "$(awk -F, '{ print $(NF - 1) }' row)" = "$(sha256sum m | cut -d' ' -f1)" ]
  done
  # One rung is the exhaustive way.
  with 'explore_way: halving' 'explore_rungs: 1'
  explore c.yaml
  diff -q <(without_origin to/explore.csv) <(without_origin full.csv)
}

@test "explore: more rungs than there are images or widths for" {
  with 'explore_way: halving' 'explore_rungs: 6' 'explore_growth: 1000' 'explore_widths: [2-3, 4]'
  explore c.yaml
  [ "$(column to/explore.csv rung | sort -u | tail -n 1)" = 6 ]
  # All rungs but the last have the least, two images.
  [ "$(column to/explore.csv spent_images | sort -n | tail -n 1)" = 210 ]
}

@test "explore: a teacher teaches" {
  with 'explore_widths: [2, 3]' 'precisions: [fp32, int8]'
  explore c.yaml
  cp to/explore.csv alone.csv
  with 'explore_widths: [2, 3]' 'precisions: [fp32, int8]' 'teacher: base'
  mv base teacher && cp teacher base
  explore c.yaml
  [ "$(column to/explore.csv model_sha256 | sort - <(column alone.csv model_sha256) | uniq -d)" = "" ]
  cp to/explore.csv taught.csv
  # The same file by its name; the models say which it is, not how it was named.
  with 'explore_widths: [2, 3]' 'precisions: [fp32, int8]' "teacher: teacher"
  explore c.yaml
  [ "$(column to/explore.csv correct)" = "$(column taught.csv correct)" ]
  with 'teacher: base' 'explore_from: scratch'
  fails 1 "eo-explore: c.yaml: key 'teacher': expected a file, as explore_from is scratch and there is no base model, \
found 'base'" eo-explore -c c.yaml --into to
  with 'teacher: missing'
  fails_like 1 "eo-explore: c.yaml: key 'teacher': missing: *" eo-explore -c c.yaml --base base --into to
}

@test "explore: from random weights, of another network, without images that no choice has seen" {
  with 'explore_from: scratch' 'explore_widths: [2-3, 4]'
  eo-explore -q -c c.yaml --into to
  [ "$(tail -n +2 to/explore.csv | cut -d, -f1 | uniq | tr '\n' ' ')" = "2x4 3x4 " ]
  # As eo-train does, of a network with these widths.
  with 'conv1_channels: 2' 'train_subset: 200'
  eo-train -q -c c.yaml -o trained
  eo-eval -c base.yaml -o eval.csv trained
  [ "$(column eval.csv test_correct)" = "$(column to/explore.csv test_correct | head -n 1)" ]
  with 'explore_from: scratch' 'explore_widths: [1-16/5]' 'model: lenet5' 'precisions: [int8]'
  fails_like 1 "eo-explore: c.yaml: key 'explore_widths': expected at most the * channels of '*', found 16" \
    eo-explore -q -c c.yaml --into to
  with 'explore_from: scratch' 'explore_widths: [2, 3, 5, 4]' 'model: lenet5' 'precisions: [int8]' 'validation: test' \
    'val_subset: null'
  eo-explore -q -c c.yaml --into to
  [ "$(column to/explore.csv widths)" = 2x3x5x4 ]
  [ -z "$(column to/explore.csv test_images)" ]
  [ "$(column to/explore.csv m0_flash_bytes)" -gt "$(column to/explore.csv tensor_bytes)" ]
  [ "$(column to/explore.csv m0_instructions)" -gt "$(column to/explore.csv macs)" ]
  [ "$(column to/explore.csv images)" = 60 ]
  with 'explore_widths: [3, 4]' 'validation: test' 'val_subset: 40'
  explore c.yaml
  [ "$(column to/explore.csv test_images | head -n 1)" = 20 ]
}

@test "explore: a model that cannot be is a row that says why" {
  with 'learning_rate: 10' 'weight_decay: 1' 'explore_widths: [3, 4]' 'explore_epochs: 20'
  explore c.yaml
  [ "$(wc -l <to/explore.csv)" -eq 4 ]
  column to/explore.csv error | grep -c diverged | grep -qx 3
  [ ! -e to/.explore ]
}

@test "explore: bad input is one line, and leaves no table" {
  misused "eo-explore: option '--config' is required" eo-explore --into to
  misused "eo-explore: expected one of '--into', '--point' and '--check'" eo-explore -c base.yaml
  misused "eo-explore: expected one of '--into', '--point' and '--check'" \
    eo-explore -c base.yaml --into to --point 1x1-int8
  misused "eo-explore: option '-o' is for '--point'" eo-explore -c base.yaml --into to -o m
  misused "eo-explore: option '--rung' is for '--point'" eo-explore -c base.yaml --into to --rung 1
  fails_like 1 "eo-explore: missing.yaml: *" eo-explore -c missing.yaml --into nowhere
  [ ! -e nowhere ]
  fails 1 "eo-explore: option '--into': base/to: cannot create the directory: Not a directory" \
    eo-explore -c base.yaml --base base --into base/to
  fails 1 "eo-explore: option '--rung': expected at most the 1 of base.yaml, found 2" \
    eo-explore -c base.yaml --base base --point 1x1-int8 --rung 2 -o m
  fails 1 "eo-explore: explore_from is slice: expected a trained model, --base MODEL" eo-explore -c base.yaml --into to
  with 'explore_from: scratch'
  fails 1 "eo-explore: option '--base': explore_from is scratch, so nothing begins with a model" \
    eo-explore -c c.yaml --base base --into to
  eo-quant -p fp16 -o half base
  fails 1 "eo-explore: half: expected an fp32 model, found fp16" eo-explore -c base.yaml --base half --into to
  fails 1 "eo-explore: option '--point': expected widths and a precision, such as 8x16-int8, found '1x1'" \
    eo-explore -c base.yaml --base base --point 1x1 -o m
  fails 1 "eo-explore: option '--point': expected 2 widths with an 'x' between, found '1'" \
    eo-explore -c base.yaml --base base --point 1-int8 -o m
  fails 1 "eo-explore: option '--point': expected at most 4 channels, found 5" \
    eo-explore -c base.yaml --base base --point 1x5-int8 -o m
  fails 1 "eo-explore: option '--point': expected one of fp32, fp16, int8, int4, mixed, found 'int9'" \
    eo-explore -c base.yaml --base base --point 1x1-int9 -o m
  with 'explore_widths: [1-20]'
  fails 1 "eo-explore: c.yaml: key 'explore_widths': expected at most the 3 channels of 'conv1', found 20" \
    eo-explore -c c.yaml --base base --into to
  with 'explore_images: 0'
  fails 1 "eo-explore: c.yaml: 9:17: key 'explore_images': expected an integer in 1..1000000 or null, found '0'" \
    eo-explore -c c.yaml --base base --into to
  with 'explore_images: 1000000'
  fails 1 "eo-explore: c.yaml: $PWD/data/synthetic: 'explore_images' + 'val_subset': expected at most the 600 training \
images, found 1000000 + 200" eo-explore -c c.yaml --base base --into to
  with 'train_subset: 500' 'explore_images: null'
  fails 1 "eo-explore: c.yaml: $PWD/data/synthetic: 'train_subset' + 'val_subset': expected at most the 600 training \
images, found 500 + 200" eo-explore -c c.yaml --base base --into to
  head -c 100 base >short
  fails_like 1 "eo-explore: short: *" eo-explore -c base.yaml --base short --into new
  # A model of other images, where these are right.
  printf '%s\n' 'dataset: idx' 'data_dir: small' 'val_subset: 2' 'batch_size: 2' 'epochs: 1' \
    'model: [{conv: 2, kernel: 3, padding: same}, {mean: true}, {linear: classes}]' >c.yaml
  { for y in 0 1 2 3 4 5 6 7; do echo "$((y % 2)),$y,2,3,4,5,6,7,8,9"; done; } >small.csv
  rm -rf data/small
  eo-data --from small.csv --shape 1x3x3 --into data/small >/dev/null
  eo-train -q -c c.yaml -o other
  fails 1 "eo-explore: other: expected a model for the images in $PWD/data/synthetic, of 1 x 28 x 28 values in 10 \
classes, found one of 1 x 3 x 3 in 2" eo-explore -c base.yaml --base other --into new
  [ ! -e new ]
  [ -z "$(ls to)" ] && [ ! -e m ]
}

@test "explore: without a journal it says so and goes on; a table that cannot be written is an error" {
  with 'explore_widths: [1, 2]'
  mkdir to/.explore
  run --separate-stderr explore c.yaml
  [ "$status" -eq 0 ]
  [ "$stderr" = "eo-explore: to/.explore: cannot open: Is a directory; if interrupted, this run cannot go on later" ]
  [ "$(wc -l <to/explore.csv)" -eq 4 ]
  rm -r to/.explore to/*.csv
  run --separate-stderr bash -c 'ulimit -f 1; eo-explore -q -c base.yaml --base base --into to'
  [ "$status" -eq 1 ] && [ ! -e to/explore.csv ] || return 1
  # Neither table where one of them cannot be written.
  ln -s /dev/full to/explore.csv
  fails 1 "eo-explore: to/explore.csv: cannot write: No space left on device" explore c.yaml
  [ ! -e to/explore_hits.csv ]
}
