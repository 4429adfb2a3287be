# eo-best: answers from a small table that was made by hand.
bats_require_minimum_version 1.5.0
load common

# Points of 40 images that decide and 8 unseen ones: name, hits in hexadecimal, unseen hits, flash, RAM, instructions
# on m4dsp.
POINTS="
2x2-int8 ff0ff00000 f0 3000 500 50000
2x4-int8 fffffff000 ff 4000 600 90000
4x4-int8 ffffffff00 3f 5000 900 120000
4x4-fp32 ffffffff10 3f 9000 2000 130000
8x8-int8 ffffffffff ff 20000 3000 900000
"

# ones DIGITS: how many bits are set
ones() {
  local bits=(0 1 1 2 1 2 2 3 1 2 2 3 2 3 3 4) i n=0
  for ((i = 0; i < ${#1}; i++)); do n=$((n + bits[16#${1:i:1}])); done
  echo $n
}

# edit FILE ROW COLUMN VALUE: a cell, of row 1 and so on
edit() {
  awk -F, -v OFS=, -v row="$2" -v name="$3" -v value="$4" \
    'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i } NR == row + 1 { $at = value } 1' "$1" >edited
  mv edited "$1"
}

setup() {
  cd "$BATS_TEST_TMPDIR"
  local columns=widths,precision,seed,base_widths,training_images,epochs,parameters,macs,tensor_bytes
  columns+=,images,correct,test_images,test_correct
  for core in m0 m3 m4 m4dsp m55 rv32imc; do
    columns+=,${core}_flash_bytes,${core}_ram_bytes,${core}_instructions
  done
  echo $columns,model_sha256,error >explore.csv
  echo widths,precision,seed,images_sha256,hits,test_images_sha256,test_hits >explore_hits.csv
  while read -r name hits unseen flash ram instructions; do
    [ -n "$name" ] || continue
    local key=${name%-*},${name#*-},7,16x32 costs=,$flash,$ram,$instructions
    local counts=1,40,$(ones $hits),8,$(ones $unseen) others=9,9,9,9,9,9
    echo "$key,,,,,$counts,$others,9,9,9$costs,$others,x," >>explore.csv
    echo "${key%,*},a,$hits,b,$unseen" >>explore_hits.csv
  done <<<"$POINTS"
  printf '1x1,int8,7,16x32,,,,,1,,,,,%s,,diverged\n' ,,,,,,,,,,,,,,,,, >>explore.csv
  echo 1x1,int8,7,,,, >>explore_hits.csv
  echo 'epochs: 4' >c.yaml
}

best() { eo-best -c c.yaml --from . "$@"; }

# says TEXT: a line of the answer
says() { grep -qF -- "$1" <<<"$output" || { echo "expected: $1"; echo "$output"; return 1; }; }

@test "best: the answer, its rivals, and how they do on images that no choice has seen" {
  run best --flash 5k
  says "4x4-int8, on m4dsp: the most accurate of 3 points within the limits. 40 images cannot tell 1 other from it."
  # 32 of 40 images; 6 of 8 unseen ones, Wilson's interval of those.
  [[ "${lines[2]}" =~ 4x4-int8\ *80.00\ *75.00\ \(40.93\ to\ 92.85\)\ *5000\ *900\ *120000\ *the\ answer ]]
  # 4 images that the answer alone has right: p = 2 / 2^4.
  [[ "${lines[3]}" =~ 2x4-int8\ *70.00\ *100.00\ .*p\ 0.12 ]]
  [[ $output != *2x2-int8* ]]
  says "flash: 5000 of 5120 bytes, 120 left; without this limit 8x8-int8, +20.00 points (p 0.008)"
  says "3880 bytes more: 4x4-fp32, +2.50 points (p 1.00)"
  says "14880 bytes more: 8x8-int8, +20.00 points, the first that the images tell from it (p 0.008)"
}

@test "best: limits one by one, sizes with endings, boards by any case" {
  for how in "--flash 1M" "--flash 20k" "--ram 2.95k" "--flash 20000 --ram 3000" "--device stm32l4r5"; do
    run best $how
    [[ "$output" == 8x8-int8,* ]]
  done
  run best --ram 600
  [[ "$output" == 2x4-int8,* ]]
  says "RAM: 600 of 600 bytes, 0 left"
  run best
  [[ "$output" == 8x8-int8,* ]]
  [ "$(best --device STM32L4R5 --flash 3k)" = "$(best --core m4dsp --flash 3k --ram 640k)" ]
}

@test "best: latency needs measured cycles" {
  fails_like 1 "eo-best: option '--latency': how many cycles an instruction takes on STM32L4R5 is not known; *" \
    best --device stm32l4r5 --latency 10ms
  echo "devices: [{name: mine, code: m4dsp, clock_mhz: 1, flash_kib: 64, ram_kib: 8, cycles_per_instruction: 1}]" \
    >>c.yaml
  run best --device mine --latency 125ms
  [[ "$output" == 4x4-int8,* ]]
  says "latency: 120 of 125 ms, 5 left"
  run best --device mine --latency 0.13s
  [[ "$output" == 4x4-fp32,* ]]
}

@test "best: the smallest that is accurate enough, and what to give up when nothing is" {
  run best --accuracy 0.7
  says "2x4-int8, on m4dsp: the smallest accurate enough of 5 points. 40 images cannot tell"
  # Without a limit there is none to be within.
  run best
  says "8x8-int8, on m4dsp: the most accurate of 5 points. 40 images cannot tell 0 others from it."
  sed -i 's/ffffffffff/ffffffff7f/' explore_hits.csv
  edit explore.csv 5 correct 39
  run best --accuracy 0.99
  [ "$output" = "No point of 5 is accurate enough. The most that there is:
  accuracy: 97.50 % instead of 99.00 %, by 8x8-int8" ]
  run best --accuracy 0.9 --flash 5k --ram 1k
  [ "$status" -eq 0 ]
  says "No point of 5 is within the limits on m4dsp."
  says "accuracy: 80.00 % instead of 90.00 %, by 4x4-int8"
  says "flash: no amount of it alone is enough"
  run best --flash 2k
  says "flash: 3000 bytes instead of 2048, for 2x2-int8 with 40.00 %"
}

@test "best --frontier: what no other point beats, for which limits each is the answer, and the hypervolume" {
  best --frontier f.csv >said
  [ "$(cut -d, -f1-3 f.csv | tr '\n' ' ')" = "widths,precision,core 2x2,int8,m4dsp 2x4,int8,m4dsp 4x4,int8,m4dsp \
4x4,fp32,m4dsp 8x8,int8,m4dsp " ]
  # All limits are answered: the first point has the least of all costs. The shares are of all, and weigh the accuracy.
  awk -F, 'NR > 1 { share += $NF; volume += $NF * $14 } END { printf "%.6f %.4f\n", share, volume }' f.csv >sums
  read -r share volume <sums
  [ "$share" = 1.000000 ]
  grep -q "^frontier on m4dsp: 5 of 5 points, " said
  grep -q "^hypervolume: $volume (.* to .*) on the unseen images" said
  # A point that is beaten, and of two equal ones the second, are not on it.
  edit explore.csv 3 m4dsp_flash_bytes 30000
  edit explore.csv 3 m4dsp_ram_bytes 3000
  edit explore.csv 3 m4dsp_instructions 900000
  best --frontier f.csv -o said
  [ "$(cut -d, -f1,2 f.csv | tr '\n' ' ')" = "widths,precision 2x2,int8 2x4,int8 4x4,fp32 8x8,int8 " ]
  best --frontier f.csv --json -o said
  [ "$(json get said frontier/points frontier/points_with_costs frontier/asked frontier/asked/2/limit \
    frontier/asked/2/least frontier/asked/2/most | tr '\n' ' ')" = "4 5 3 instructions 50000 900000 " ]
  # The figures of the text, 4 digits there.
  best --frontier f.csv -o text
  printf 'hypervolume: %.4f (%.4f to %.4f) on the unseen images\n' $(json get said frontier/unseen_hypervolume \
    frontier/unseen_hypervolume_ci95_low frontier/unseen_hypervolume_ci95_high) >line
  grep -qFf line text
  awk -F, 'NR > 1 { volume += $NF * $9 } END { printf "%.6f\n", volume }' f.csv >volume
  [ "$(printf '%.6f' "$(json get said frontier/hypervolume)")" = "$(cat volume)" ]
  documented said
  best --json -o said
  [ "$(json get said frontier)" = null ]
  fails 1 "eo-best: option '--frontier': expected another file than ./explore.csv, which is read" \
    best --frontier explore.csv
  for i in 1 2 3 4 5; do edit explore.csv $i m4dsp_ram_bytes ''; done
  fails 1 "eo-best: option '--frontier': expected flash, RAM and instructions of some point on m4dsp, found none" \
    best --frontier none.csv
  [ ! -e none.csv ]
}

@test "best --cycles: a bound in the place of a measurement" {
  # 120,000 instructions of at most 3 cycles at 64 MHz: 5.625 ms.
  best --clock 64 --cycles 3 --latency 6ms >said
  grep -q "^4x4-int8, on m4dsp" said
  grep -q "^latency: 5.625 of 6 ms" said
  best --device STM32L4R5 --cycles 3 --latency 3.1ms >said
  grep -q "^latency: 3 of 3.1 ms" said
  fails 1 "eo-best: option '--latency': how many cycles an instruction takes on a board that is not named is not \
known; measure it and give it in the key devices: {name: NAME, cycles_per_instruction: ...}, or a bound in --cycles \
and --clock" best --latency 5ms --cycles 3
}

@test "best --write: all finalists are within the budget" {
  for i in 1 2 3 4 5; do edit explore.csv $i tensor_bytes $((i * 10000)); done
  echo 'active_memory_budget_mb: 0.01' >>c.yaml
  best --flash 5k --write final.yaml -o said
  # 30,000 bytes, rounded up.
  grep -qx 'active_memory_budget_mb: 0.028611' final.yaml
  sed -i 's/^active_memory_budget_mb.*/active_memory_budget_mb: 0.04/' c.yaml
  best --flash 5k --write final.yaml -o said
  grep -qx 'active_memory_budget_mb: 0.04' final.yaml
}

@test "best --json: the figures of the text, as numbers" {
  best --flash 5k --json >answer
  [ "$(json get answer core within_limits rivals finalists points wanted_accuracy | tr '\n' ' ')" = \
    "m4dsp 3 1 2 5 null " ]
  [ "$(json get answer finalists/0/point finalists/0/accuracy finalists/0/unseen_accuracy finalists/0/flash_bytes \
    finalists/0/ram_bytes finalists/0/instructions finalists/0/p | tr '\n' ' ')" = \
    "4x4-int8 0.80000000000000004 0.75 5000 900 120000 null " ]
  # The text says p 0.12, and an interval of 40.93 to 92.85 %.
  [ "$(json get answer finalists/1/point finalists/1/p | tr '\n' ' ')" = "2x4-int8 0.125 " ]
  [[ $(json get answer finalists/0/unseen_accuracy_ci95_low) == 0.4092* ]]
  [ "$(json get answer limits limits/0/limit limits/0/at_most limits/0/used limits/0/without/point limits/0/next/point \
    limits/0/next_certain/point limits/0/least | tr '\n' ' ')" = \
    "1 flash_bytes 5120 5000 8x8-int8 4x4-fp32 8x8-int8 null " ]
  documented answer
  best --flash 2k -j -o nothing
  [ "$(json get nothing finalists within_limits most_accurate limits/0/least/point limits/0/least/flash_bytes |
    tr '\n' ' ')" = "0 0 null 2x2-int8 3000 " ]
  best --accuracy 0.9 --flash 5k --json >nothing
  [ "$(json get nothing wanted_accuracy most_accurate/point | tr '\n' ' ')" = "0.90000000000000002 4x4-int8 " ]
}

@test "best: a p of no digit, one of what there is one of, and no output in the place of an input" {
  # 20 images that 8x8 alone has right: p = 2 / 2^20.
  edit explore_hits.csv 1 hits fffff00000
  edit explore.csv 1 correct 20
  run best --flash 3k
  says "the most accurate of 1 point within the limits. 40 images cannot tell 0 others from it."
  says "without this limit 8x8-int8, +50.00 points (p < 0.001)"
  for file in explore.csv ./explore_hits.csv; do
    fails 1 "eo-best: option '--output': expected another file than ./${file#./}, which is read" \
      eo-best -c c.yaml --from . -o $file
  done
  fails 1 "eo-best: option '--write': expected another file than c.yaml, which is read" \
    eo-best -c c.yaml --from . --write c.yaml
  grep -q fffff00000 explore_hits.csv && [ "$(cat c.yaml)" = "epochs: 4" ]
}

@test "best --write: an experiment with the finalists" {
  best --flash 5k --write final.yaml >/dev/null
  eo-config --check final.yaml
  # Of 16 x 32 channels 4 x 4 and 2 x 4 stay.
  grep -qx 'pruning_levels: \[\[0.75, 0.875\], 0.875\]' final.yaml
  [ "$(grep -c 'precisions: \[int8\]' final.yaml)" = 1 ]
  grep -qx 'fine_tune_epochs: 4' final.yaml
  fails 1 "eo-best: option '--write': no point is within the limits, so there is nothing to train" \
    best --flash 1k --write none.yaml
  [ ! -e none.yaml ]
}

@test "best: bad input is one line" {
  misused "eo-best: option '--config' is required" eo-best --flash 4k
  for flash in 4kB 8K 0 1e400 99999999999999; do
    misused "eo-best: option '--flash': expected a number above 0 and at most 1e12, such as 16384, 16k or 1M, found \
'$flash'" eo-best -c c.yaml --flash $flash
  done
  misused "eo-best: option '--latency': expected a number above 0 and at most 1e12, such as 10ms, 0.5s or 800us, \
found '10'" eo-best -c c.yaml --latency 10
  misused "eo-best: option '--clock': expected a number in 0.001..100000, found '0'" \
    eo-best -c c.yaml --latency 10ms --clock 0 --cycles 1
  misused "eo-best: option '--cycles': expected a number in 0.001..1000, found '0'" \
    eo-best -c c.yaml --latency 10ms --clock 1 --cycles 0
  misused "eo-best: option '--clock' is for '--latency'" eo-best -c c.yaml --clock 1 --cycles 1
  misused "eo-best: option '--cycles' is for '--latency'" eo-best -c c.yaml --device STM32L4R5 --cycles 1
  misused "eo-best: option '--accuracy': expected a share in 0..1, found '98.5'; 98.5 % is 0.985" \
    eo-best -c c.yaml --accuracy 98.5
  for share in 101 -1 high; do
    misused "eo-best: option '--accuracy': expected a share in 0..1, such as 0.985, found '$share'" \
      eo-best -c c.yaml --accuracy=$share
  done
  fails 1 "eo-best: option '--core': expected one of m0, m3, m4, m4dsp, m55, rv32imc, found 'm7'" best --core m7
  fails_like 1 "eo-best: option '--device': *" best --device nothing
  fails_like 1 "eo-best: nowhere/explore.csv: cannot open*" eo-best -c c.yaml --from nowhere
  fails 1 "eo-best: out/c/explore.csv is not there; run make explore CONFIG=c.yaml first" eo-best -c c.yaml
  sed -i '2s/ff0ff/fg0ff/' explore_hits.csv
  fails 1 "eo-best: ./explore_hits.csv: row 1: column 'hits': expected hexadecimal digits, found 'g'" best
  sed -i '2s/fg0ff/f/' explore_hits.csv
  fails 1 "eo-best: ./explore_hits.csv: row 1: column 'hits': expected 10 digits, for 40 images, found 6" best
  sed -i 2d explore_hits.csv
  fails 1 "eo-best: ./explore_hits.csv: expected as many rows as explore.csv has, 6, found 5" best
  : >explore.csv
  fails_like 1 "eo-best: ./explore.csv: *" best
}

# damaged WHERE MESSAGE FILE ROW COLUMN VALUE: one cell is another, and the message names it
damaged() {
  local where=$1 message=$2
  shift 2
  cp explore.csv explore_hits.csv "$BATS_RUN_TMPDIR"
  edit "$@"
  fails 1 "eo-best: ./$where: $message" best --write final.yaml || return
  [ ! -e final.yaml ] || return
  cp "$BATS_RUN_TMPDIR"/explore.csv "$BATS_RUN_TMPDIR"/explore_hits.csv .
}

@test "best: tables that say what cannot be, or do not belong together" {
  local t=explore.csv h=explore_hits.csv number="expected an integer in 0..1000000000000000"
  damaged "$t" "row 1: column 'images': expected a number of images in 1..16777216, found ''" $t 1 images ''
  damaged "$t" "row 5: column 'images': $number, found '40.5'" $t 5 images 40.5
  damaged "$h" "row 5: column 'hits': expected hits of 37 images, found one of an image after them" $t 5 images 37
  damaged "$h" "row 5: column 'test_hits': expected hits of 7 images, found one of an image after them" \
    $t 5 test_images 7
  damaged "$t" \
    "row 5: column 'correct': expected 40, as the hits in $h say, found '39'; make explore writes both again" \
    $t 5 correct 39
  damaged "$t" "row 3: column 'm4dsp_flash_bytes': $number, found 'nan'" $t 3 m4dsp_flash_bytes nan
  damaged "$t" "row 3: column 'm4dsp_flash_bytes': $number, found '1e308'" $t 3 m4dsp_flash_bytes 1e308
  damaged "$t" "row 3: column 'm0_ram_bytes': $number, found '-1'" $t 3 m0_ram_bytes -1
  damaged "$h" "row 2: column 'seed': expected '7' as in $t, found '8'" $h 2 seed 8
  damaged "$h" "row 2: column 'widths': expected '2x4' as in $t, found '2x5'" $h 2 widths 2x5
  damaged "$h" "row 4: column 'images_sha256': expected the same images as in the rows before, 40 with 'a', found \
40 with 'z'" $h 4 images_sha256 z
  damaged "$h" "row 4: column 'test_images_sha256': expected the same images as in the rows before, 8 with 'b', found \
8 with 'z'" $h 4 test_images_sha256 z
  damaged "$h" "row 4: column 'test_images_sha256': expected the same images as in the rows before, 8 with 'b', found \
0 with ''" $t 4 test_images ''
  for column in widths error correct m55_ram_bytes; do
    damaged "$t" "expected a column '$column', found none; make explore writes it" $t 0 $column other
  done
  damaged "$h" "expected a column 'test_hits', found none; make explore writes it" $h 0 test_hits other
  cp $t $h "$BATS_RUN_TMPDIR"
  for file in $t $h; do sed -n 3p $file >>$file; done
  fails 1 "eo-best: ./$t: row 7: column 'widths': expected each point once, found 2x4-int8 again, of row 2" best
  cp "$BATS_RUN_TMPDIR"/$t "$BATS_RUN_TMPDIR"/$h .
  sed -i 's/,$/,diverged/' $t
  fails 1 "eo-best: ./$t: expected a point that has figures, found none in 6 rows" best
}

@test "best: of networks whose flash is not known" {
  for row in 1 2 3 4 5; do
    for cost in flash_bytes ram_bytes instructions; do edit explore.csv $row m4dsp_$cost ''; done
    edit explore.csv $row tensor_bytes $((100 - row))
  done
  run best
  [[ "${lines[2]}" =~ 8x8-int8\ .*\ -\ *-\ *-\ \ the\ answer ]]
  [[ "$output" != *nan* ]]
  # The one with the fewest bytes of tensors.
  run best --accuracy 0.7
  [[ "$output" == 8x8-int8,* ]]
  fails 1 "eo-best: ./explore.csv: expected flash of some point on m4dsp, to keep the limit, found none" \
    best --flash 4k
  edit explore.csv 1 m4dsp_ram_bytes 700
  run best --ram 600
  says "RAM: 700 bytes instead of 600, for 2x2-int8 with 40.00 %"
  says "    it is not known of 4 points, which the limit leaves out"
  run best --ram 700
  [[ "$output" == "2x2-int8, on m4dsp: the most accurate of 1 point within the limits."* ]]
  says "    it is not known of 4 points, which the limit leaves out"
  best --ram 600 --json -o answer
  [ "$(json get answer limits/0/points_without_it)" = 4 ]
  edit explore.csv 2 m4dsp_ram_bytes 800
  edit explore.csv 3 m4dsp_ram_bytes 800
  edit explore.csv 4 m4dsp_ram_bytes 800
  run best --ram 800
  says "    it is not known of 1 point, which the limit leaves out"
}

@test "best --write: of a table of another network" {
  for row in 1 2 3 4 5; do edit explore.csv $row base_widths 16x8; done
  fails 1 "eo-best: option '--write': expected a table of the network in c.yaml, with 16x32 channels, found 8x8-int8 \
of another one" best --write final.yaml
  [ ! -e final.yaml ]
  # Of other networks the table alone knows the channels.
  echo 'model: lenet5' >>c.yaml
  best --flash 5k --write final.yaml -o said
  grep -qx 'pruning_levels: \[\[0.75, 0.5\], \[0.875, 0.5\]\]' final.yaml
  # A level has no place for 17 spaces.
  local many=x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2
  for row in 1 2 3 4 5; do
    edit explore.csv $row base_widths 6$many
    edit explore.csv $row widths $row$many
    edit explore_hits.csv $row widths $row$many
  done
  fails 1 "eo-best: option '--write': expected a network of at most 16 spaces of channels, as a level has, found 17" \
    best --write none.yaml
}

@test "best: when one output cannot be written there is none" {
  files() { ls -I 'separate-stderr*'; }
  mkdir folder
  local outputs before=$(files)
  for outputs in "--write final.yaml -o /dev/full" "--frontier f.csv -o /dev/full" \
    "--write final.yaml --frontier /dev/full -o answer"; do
    fails 1 "eo-best: /dev/full: cannot write: No space left on device" best $outputs
    [ "$(files)" = "$before" ]
  done
  fails 1 "eo-best: folder: cannot write: is a directory" best --write folder -o answer
  [ "$(files)" = "$before" ]
  # a file that was there stays
  best --write final.yaml -o /dev/null
  fails 1 "eo-best: /dev/full: cannot write: No space left on device" best --write final.yaml -o /dev/full
  rm final.yaml
  # Tensors larger than any budget: no experiment could be read again.
  for row in 1 2 3 4 5; do edit explore.csv $row tensor_bytes 999999999999999; done
  fails_like 1 "eo-best: option '--write': final.yaml would be wrong: *: key 'active_memory_budget_mb': expected a \
number in 1e-06..1e+06, found '953674316.406249'" best --write final.yaml -o answer
  [ "$(files)" = "$before" ]
}

@test "best --also: points of two networks, called by their experiments" {
  mkdir -p out/c out/deep
  cp explore.csv explore_hits.csv out/c
  cp c.yaml deep.yaml
  echo 'model: lenet5' >>deep.yaml
  fails 1 "eo-best: out/deep/explore.csv is not there; run make explore CONFIG=deep.yaml first" \
    eo-best -c c.yaml --also deep.yaml
  # The other network: one more space, and the point 2x4x3 within 5 KB is right on 34 images.
  for file in explore explore_hits; do sed 's/^\([0-9]*x[0-9]*\),/\1x3,/' $file.csv >out/deep/$file.csv; done
  sed -i 's/,16x32,/,16x32x8,/' out/deep/explore.csv
  (cd out/deep && edit explore_hits.csv 2 hits ffffffff11 && edit explore.csv 2 correct 34)
  eo-best -c c.yaml --also deep.yaml --flash 5k --write final.yaml -o said
  grep -q "^deep/2x4x3-int8, on m4dsp: the most accurate of 6 points within the limits" said
  grep -q "^  c/4x4-int8 " said
  grep -qx '# The finalists of eo-best of deep, trained in full. The answer is deep/2x4x3-int8.' final.yaml
  grep -qx 'model: lenet5' final.yaml
  grep -qx 'pruning_levels: \[\[0.875, 0.875, 0.625\], \[0.75, 0.875, 0.625\]\]' final.yaml
  eo-best -c deep.yaml --also c.yaml --flash 5k --json >answer
  [ "$(json get answer points finalists/0/point | tr '\n' ' ')" = "10 deep/2x4x3-int8 " ]
  # The frontier, of an experiment whose name has a dash.
  cp deep.yaml two-deep.yaml
  cp -r out/deep out/two-deep
  eo-best -c c.yaml --also two-deep.yaml --frontier f.csv -o said
  grep -q '^two-deep/2x4x3,int8,m4dsp,4000,' f.csv
  grep -q '^c/2x2,int8,m4dsp,3000,' f.csv
  (cd out/deep && for row in 1 2 3 4 5; do edit explore_hits.csv $row images_sha256 other; done)
  fails 1 "eo-best: option '--also': deep.yaml: expected the same images as in the first table, 40 with 'a', found 40 \
with 'other'" eo-best -c c.yaml --also deep.yaml
  # Points of two experiments of one name could not be told apart.
  mkdir other && cp c.yaml other
  for again in c.yaml other/c.yaml; do
    fails 1 "eo-best: option '--also': $again: expected an experiment of another name than c.yaml" \
      eo-best -c c.yaml --also $again
  done
  misused "eo-best: expected one of '--from' and '--also'" eo-best -c c.yaml --also deep.yaml --from .
}

# made_of CONFIG FILE: writes into a table what it was made of
made_of() {
  local experiment=$(eo-config --stage explore "$1" | sha256sum) base=$(eo-config --stage train "$1" | sha256sum)
  sed -i "1s/\$/,rung,spent_images,experiment,base_experiment/; 2,\$s/\$/,1,9,${experiment:0:16},${base:0:16}/" "$2"
}

@test "best: a table that was made before its configuration was edited" {
  local layers="model: [{conv: 16, kernel: 3, max: 2}, {conv: 32, kernel: 3, max: 2}, {linear: classes}]" edit
  mkdir -p out/c
  printf '%s\n' "$layers" 'explore_images: 90' >>c.yaml
  made_of c.yaml explore.csv
  cp explore.csv explore_hits.csv out/c
  cp c.yaml was.yaml
  eo-best -c c.yaml --flash 5k --write final.yaml -o said
  grep -qx 'pruning_levels: \[\[0.75, 0.875\], 0.875\]' final.yaml
  rm final.yaml
  # What no table depends on.
  printf '%s\n' 'job_minutes: 9' 'threads: 1' 'power_watts: 3' 'devices: [STM32F411]' 'class_names: [a, b]' >>c.yaml
  eo-best -c c.yaml --flash 5k -o again
  diff said again
  # The slices that Make wrote for the table are still there, then they are of the edit.
  for edit in 's/conv: 16/conv: 20/ model' '$aseed: 8 seed' 's/: 90/: 91/ explore_images' \
    '$aexplore_widths: [4-8] explore_widths' '$adataset: mnist dataset' 's/epochs: 4/epochs: 5/ epochs'; do
    sed "${edit% *}" was.yaml >c.yaml
    mkdir -p out/c/config
    eo-config --slices out/c/config was.yaml
    fails 1 "eo-best: out/c/explore.csv: made with another value of key '${edit##* }' than in c.yaml; run make explore \
CONFIG=c.yaml again" eo-best -c c.yaml --write final.yaml
    eo-config --slices out/c/config c.yaml
    fails_like 1 "eo-best: out/c/explore.csv: made with other values of keys that * than in c.yaml; run make explore \
CONFIG=c.yaml again" eo-best -c c.yaml --write final.yaml
    rm -r out/c/config
  done
  # The same of --also.
  cp -r out/c out/was
  fails 1 "eo-best: out/c/explore.csv: made with other values of keys that the base model is trained with than in \
c.yaml; run make explore CONFIG=c.yaml again" eo-best -c was.yaml --also c.yaml --write final.yaml
  # A table of --from may be of other keys, which is said; but not of another network with --write.
  cp was.yaml c.yaml
  echo 'explore_growth: 3' >>c.yaml
  run --separate-stderr eo-best -c c.yaml --from out/was --flash 5k --write final.yaml
  [ "$status" -eq 0 ]
  [ "$output" = "$(cat said)" ]
  [ "$stderr" = "eo-best: out/was/explore.csv: made with other values of keys that make explore reads than in c.yaml" ]
  grep -qx 'pruning_levels: \[\[0.75, 0.875\], 0.875\]' final.yaml
  rm final.yaml
  sed 's/conv: 16/conv: 20/' was.yaml >c.yaml
  run --separate-stderr eo-best -c c.yaml --from out/was --flash 5k
  [ "$status" -eq 0 ]
  [ "$output" = "$(cat said)" ]
  run --separate-stderr eo-best -c c.yaml --from out/was --flash 5k --write final.yaml
  [ "$status" -eq 1 ]
  [ -z "$output" ]
  [ ! -e final.yaml ]
  [ "${stderr_lines[1]}" = "eo-best: option '--write': expected a table of the network in c.yaml, with 20x32 channels, \
found 4x4-int8 of another one" ]
  edit explore.csv 2 experiment 0123456789abcdef
  fails_like 1 "eo-best: ./explore.csv: row 2: column 'experiment': expected '*' as in the rows before, found \
'0123456789abcdef'" best
}
