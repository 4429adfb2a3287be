# eo-prune: options, streams, messages, and what it writes.
bats_require_minimum_version 1.5.0

setup() {
  load common
  cd "$BATS_TEST_TMPDIR"
}

@test "halves both convolutions and says so in the metadata" {
  make_model 16 32 7 >base
  run --separate-stderr eo-prune -l 0.5 -o half base
  [ "$status" -eq 0 ] && [ -z "$output" ] && [ -z "$stderr" ] || return 1
  eo-inspect half >report
  grep -qx 'conv1_channels          8' report
  grep -qx 'conv2_channels          16' report
  grep -qx 'parameters              9098' report
  grep -qx 'tensor_bytes            36392' report
  grep -qx 'pruning_level: 0.50' report
  grep -qx 'seed: 7' report
}

@test "the sizes of the published levels" {
  make_model 16 32 7 >base
  for case in 0:20490:1031744 0.25:14506:604464 0.3:13100:515284 0.5:9098:290080 0.7:5420:128380; do
    IFS=: read -r level parameters macs <<<"$case"
    eo-prune --level "$level" base | eo-inspect >report
    grep -qx "parameters              $parameters" report
    grep -qx "macs                    $macs" report
  done
}

@test "level 0 keeps every weight" {
  make_model 5 7 1 >base
  eo-prune -l 0 base >same
  for t in conv1.weight conv1.bias conv2.weight conv2.bias classifier.weight classifier.bias; do
    cmp <(eo-inspect --dump "$t" base) <(eo-inspect --dump "$t" same)
  done
}

@test "keeps the filters of largest L1 norm, as awk finds them" {
  make_model 16 32 3 >base
  eo-prune -l 0.7 base >pruned
  kept=$(eo-inspect --dump conv1.weight base |
    awk '{ s += $1 < 0 ? -$1 : $1 } NR % 9 == 0 { print s, NR / 9 - 1; s = 0 }' |
    sort -k1,1gr | head -n 5 | awk '{ print $2 }' | sort -n | paste -sd,)
  eo-inspect pruned | grep -qx "conv1_kept: $kept"
  for c in ${kept//,/ }; do
    eo-inspect --dump conv1.weight base | sed -n "$((c * 9 + 1)),$((c * 9 + 9))p"
  done >expected
  cmp expected <(eo-inspect --dump conv1.weight pruned)
}

@test "pruning twice names channels of the trained model" {
  make_model 16 32 7 >base
  eo-prune -l 0.5 base >half
  eo-prune -l 0.5 half >quarter
  eo-inspect quarter | grep -qx 'pruning_level: 0.75'
  # What is left is a subset of the first choice.
  first=,$(eo-inspect half | sed -n 's/^conv2_kept: //p'),
  for c in $(eo-inspect quarter | sed -n 's/^conv2_kept: //p' | tr , ' '); do
    [[ $first == *,$c,* ]]
  done
}

@test "file, '-', standard input and output give the same bytes" {
  make_model 4 4 1 >base
  eo-prune -l 0.5 -o a base
  eo-prune -l 0.5 <base >b
  eo-prune -l 0.5 -o - - <base >c
  eo-prune --output=d --level=0.5 base
  cmp a b && cmp a c && cmp a d
}

@test "equal inputs give equal bytes, wherever they lie" {
  make_model 4 4 1 >base
  mkdir sub && cp base sub/other
  cmp <(eo-prune -l 0.3 base) <(cd sub && TZ=Asia/Tokyo eo-prune -l 0.3 other)
}

@test "a file of Python's safetensors without our metadata" {
  eo-prune -l 0.5 "$EO_ROOT/tests/golden/python-safetensors.safetensors" | eo-inspect >report
  grep -qx 'conv1_channels          1' report
  grep -qx 'conv2_channels          2' report
  grep -qx 'architecture: SmallCNN' report
  grep -q '^generator: Python safetensors' report
}

@test "refuses fp16 and int8 models" {
  make_model 2 2 1 0 fp16 >h
  make_model 2 2 1 0 int8 >i
  fails 1 "eo-prune: h: expected an fp32 model, found fp16: prune before eo-quant" eo-prune -l 0.5 -o out h
  fails 1 "eo-prune: i: expected an fp32 model, found int8: prune before eo-quant" eo-prune -l 0.5 -o out i
  [ ! -e out ]
}

@test "a level is required, and is one" {
  local what="expected a level in 0..0.999 with at most 6 decimals, or up to 16 with an 'x' between, found"
  make_model 2 2 1 >base
  misused "eo-prune: option '--level' is required" eo-prune base
  for level in 1 1.5 -0.1 nan half 0.5x 0.25xx0.5 0.1234567; do
    misused "eo-prune: option '--level': $what '$level'" eo-prune -l "$level" base
  done
  misused "eo-prune: option '-l' needs an argument" eo-prune -l
  fails 1 "eo-prune: base: level 0.25x0.50x0.50: expected 1 share, or 1 for each of the 2 spaces (conv1, conv2), \
found 3" eo-prune -l 0.25x0.5x0.5 -o out base
  [ ! -e out ]
}

@test "wrong usage" {
  local what="expected K/N with 1 <= K <= N <= 100, found"
  misused "eo-prune: unknown option '-x'" eo-prune -l 0.5 -x
  misused "eo-prune: unexpected operand 'b'" eo-prune -l 0.5 a b
  misused "eo-prune: option '--criterion': expected one of $(criteria), found 'l3'" \
    eo-prune -l 0.5 --criterion l3 a
  for step in 0/4 5/4 4 1/101 +1/3 1/+3 ' 1/3' 1/3/ /3; do misused "eo-prune: option '--step': $what '$step'" eo-prune \
    -l 0.5 --step "$step" a; done
  misused "eo-prune: option '--data' needs a config: -c FILE" eo-prune -l 0.5 --data . a
  misused "eo-prune: option '--sensitivity' needs a config: -c FILE" eo-prune --sensitivity s.csv a
  for more in "-l 0.5" "--step 1/2" "--scores x" "-o x"; do
    # shellcheck disable=SC2086
    misused "eo-prune: option '--sensitivity' prunes nothing: it excludes '-l', '--step', '--scores' and '-o'" \
      eo-prune --sensitivity s.csv -c c.yaml $more a
  done
  misused "eo-prune: the config and the model cannot both come from standard input" eo-prune -l 0.5 -c -
  misused "eo-prune: only one output can go to standard output; give the others a file" eo-prune -l 0.5 --scores - a
  misused "eo-prune: option '--threads': expected an integer in 1..256, found '0'" eo-prune -l 0.5 --threads 0 a
}

# Which channels of conv1 a model has, as 0,2,5; the same of conv2.
kept1() { eo-inspect "$1" | sed -n 's/^conv1_kept: //p'; }
kept2() { eo-inspect "$1" | sed -n 's/^conv2_kept: //p'; }

# Whether every entry of list $1 is in list $2.
is_subset() {
  local c
  for c in ${1//,/ }; do [[ ,$2, == *,$c,* ]] || return 1; done
}

# 600 generated training images in ./data, and a config that looks at 300 of them.
small_data() {
  eo-data --generate data --train 600 --test 200 >/dev/null
  printf 'dataset: synthetic\ntrain_subset: 400\nval_subset: 200\npruning_images: 300\n%s' "$1" >c.yaml
}

@test "a level for each layer" {
  make_model 16 32 7 >base
  eo-prune -l 0.25x0.5 base | eo-inspect >report
  grep -qx 'conv1_channels          12' report
  grep -qx 'conv2_channels          16' report
  grep -qx 'pruning_level: 0.25x0.50' report
  # A layer's choice does not depend on the other's level.
  eo-prune -l 0.5 -o half base
  [ "$(sed -n 's/^conv2_kept: //p' report)" = "$(kept2 half)" ]
  eo-prune -l 0.5 base | eo-prune -l 0.5x0 | eo-inspect | grep -qx 'pruning_level: 0.75x0.50'
}

@test "what the metadata say" {
  make_model 16 32 7 >base
  eo-prune -l 0 -o zero base
  eo-inspect zero | grep -qx 'pruning_criterion: none'
  ! eo-inspect zero | grep -q 'prune_sha256' || return 1
  eo-prune -l 0.5 --criterion fpgm -o half base
  eo-inspect half >report
  grep -qx 'pruning_criterion: fpgm' report
  grep -qx 'pruning_scope: layer' report
  grep -qx 'base_channels: 16,32' report
  eo-prune -l 0.5 -o quarter half
  eo-inspect quarter | grep -qx 'base_channels: 16,32'
  echo 'pruning_criterion: [l2, l1]' >c.yaml
  eo-prune -l 0.5 -c c.yaml base | eo-inspect >report
  grep -qx 'pruning_criterion: l2' report
  grep -qx "prune_sha256: $(eo-config --stage prune c.yaml | sha256sum | cut -d' ' -f1)" report
}

@test "the slice and the whole experiment give the same bytes" {
  make_model 16 32 7 >base
  printf 'seed: 3\npruning_scope: global\nchannel_multiple: 2\npruning_criterion: random\n' >c.yaml
  eo-config --stage prune c.yaml >slice.yaml
  cmp <(eo-prune -l 0.3 -c c.yaml base) <(eo-prune -l 0.3 --criterion random -c slice.yaml base)
}

@test "each criterion chooses its own way" {
  make_model 16 32 7 >base
  small_data
  for c in l1 l2 fpgm activation taylor random; do
    eo-prune -l 0.3 --criterion $c -c c.yaml --data data -o $c base
    eo-inspect $c | grep -qx "pruning_criterion: $c"
    eo-inspect $c | grep -qx 'parameters              13100'
    echo "$(kept1 $c) $(kept2 $c)"
  done >chosen
  [ "$(sort -u chosen | wc -l)" -eq 6 ]
}

@test "random: by the seed, and larger levels remove what smaller ones do" {
  make_model 16 32 7 >base
  eo-prune --criterion random -l 0.25 -o a base
  eo-prune --criterion random -l 0.7 -o b base
  is_subset "$(kept1 b)" "$(kept1 a)"
  is_subset "$(kept2 b)" "$(kept2 a)"
  # In two steps as in one.
  eo-prune --criterion random --step 1/2 -l 0.7 base | eo-prune --criterion random --step 2/2 -l 0.7 -o two
  [ "$(kept2 two)" = "$(kept2 b)" ]
  # Without a config the model's own seed decides, 7.
  echo 'seed: 7' >7.yaml
  eo-prune --criterion random -l 0.7 -c 7.yaml -o c base
  [ "$(kept2 c)" = "$(kept2 b)" ]
  echo 'seed: 8' >8.yaml
  eo-prune --criterion random -l 0.7 -c 8.yaml -o d base
  [ "$(kept2 d)" != "$(kept2 b)" ]
}

@test "the same bytes on every instruction set and number of threads" {
  make_model 5 9 7 >base
  small_data
  for c in activation taylor; do
    eo-prune -l 0.5 --criterion $c -c c.yaml --data data --scores s.csv -o m base
    for isa in $(eo-prune --version | sed -n 's/^instruction sets: //p'); do
      eo-prune -l 0.5 --criterion $c -c c.yaml --data data --isa $isa --threads 3 --scores t.csv -o n base
      cmp s.csv t.csv
      cmp m n
    done
  done
}

@test "pruning_images and train_subset say at what taylor looks" {
  make_model 4 4 7 >base
  small_data
  eo-prune -l 0.5 --criterion taylor -c c.yaml --data data --scores a.csv -o m base
  sed 's/^pruning_images.*/pruning_images: 299/' c.yaml >d.yaml
  eo-prune -l 0.5 --criterion taylor -c d.yaml --data data --scores b.csv -o m base
  ! cmp -s a.csv b.csv || return 1
  sed 's/^pruning_images.*/pruning_images: 1000000/; s/^train_subset.*/train_subset: 300/' c.yaml >d.yaml
  eo-prune -l 0.5 --criterion taylor -c d.yaml --data data --scores b.csv -o m base
  cmp a.csv b.csv
}

@test "a criterion that needs images, and there are none" {
  make_model 2 2 7 >base
  small_data
  fails 1 "eo-prune: criterion 'taylor' needs training images: name a config, -c FILE" \
    eo-prune -l 0.5 --criterion taylor -o out base
  fails 1 "eo-prune: dataset 'synthetic': expected a folder 'nowhere' (--data), found none" \
    eo-prune -l 0.5 --criterion activation -c c.yaml --data nowhere -o out base
  echo 'dataset: mnist' >mnist.yaml
  EO_DATA_DIR=nowhere fails 1 \
    "eo-prune: dataset 'mnist': expected a folder 'nowhere/mnist' or 'data/mnist', found neither; run 'make data', or \
say where the files are with EO_DATA_DIR or --data" \
    eo-prune -l 0.5 --criterion taylor -c mnist.yaml -o out base
  sed -i 's/^val_subset.*/val_subset: 600/; /train_subset/d' c.yaml
  fails 1 \
    "eo-prune: data: 'val_subset': expected fewer than the 600 training images, found 600: none is left to train on" \
    eo-prune -l 0.5 --criterion taylor -c c.yaml --data data -o out base
  # The others do not look for any.
  eo-prune -l 0.5 --criterion fpgm -c mnist.yaml -o out base
}

@test "images that the model was not trained on" {
  make_model 2 2 7 >base
  small_data
  printf 'dataset: synthetic\nconv1_channels: 2\nconv2_channels: 2\nepochs: 1\ntrain_subset: 300\n' >t.yaml
  eo-data --generate other --train 500 --test 100 >/dev/null
  eo-train -q -c t.yaml --data other -o trained
  fails_like 1 \
    "eo-prune: data: 'dataset_sha256': the model was trained on data set *, the calibration images are from *" \
    eo-prune -l 0.5 --criterion taylor -c c.yaml --data data -o out trained
  [ ! -e out ]
}

@test "--scores: all channels, and which stay" {
  make_model 16 32 3 >base
  eo-prune -l 0.7 --scores s.csv -o pruned base
  [ "$(head -n 1 s.csv)" = layer,channel,base_channel,criterion,score,kept ]
  [ "$(wc -l <s.csv)" -eq 49 ]
  [ "$(awk -F, '$1 == "conv1" && $6 == 1 { print $2 }' s.csv | paste -sd,)" = "$(kept1 pruned)" ]
  [ "$(awk -F, '$1 == "conv2" && $6 == 1 { print $2 }' s.csv | paste -sd,)" = "$(kept2 pruned)" ]
  # Each score is the sum that awk finds, to the digits that a dump has.
  eo-inspect --dump conv2.weight base |
    awk '{ s += $1 < 0 ? -$1 : $1 } NR % 144 == 0 { printf "%.5f\n", s; s = 0 }' >expected
  awk -F, '$1 == "conv2" { printf "%.5f\n", $5 }' s.csv | cmp - expected
  # Of a pruned model, the places in the trained one.
  eo-prune -l 0.5 --criterion l2 --scores t.csv -o again pruned
  [ "$(awk -F, '$1 == "conv1" { print $3 }' t.csv | paste -sd,)" = "$(kept1 pruned)" ]
  [ "$(awk -F, '$1 == "conv1" && $6 == 1 { print $3 }' t.csv | paste -sd,)" = "$(kept1 again)" ]
  [ "$(awk -F, 'NR > 1 { print $4 }' t.csv | sort -u)" = l2 ]
  fails 1 "eo-prune: no/s.csv: cannot create: No such file or directory" eo-prune -l 0.5 --scores no/s.csv -o out base
  [ ! -e out ]
}

@test "scope global: so many of both layers in all" {
  make_model 16 32 7 >base
  echo 'pruning_scope: global' >c.yaml
  for case in 0:48 0.25:36 0.5:24 0.7:14 0.99:2; do
    IFS=: read -r level left <<<"$case"
    eo-prune -l "$level" -c c.yaml base | eo-inspect >report
    [ "$(awk '/^conv[12]_channels / { n += $2 } END { print n }' report)" -eq "$left" ]
  done
  fails 1 "eo-prune: c.yaml: 'pruning_scope: global': expected one level for all layers, found '0.25x0.50'" \
    eo-prune -l 0.25x0.5 -c c.yaml -o out base
  [ ! -e out ]
}

@test "channel_multiple" {
  make_model 16 32 7 >base
  echo 'channel_multiple: 8' >c.yaml
  for case in 0:16:32 0.25:16:24 0.5:8:16 0.7:8:8 0.99:8:8; do
    IFS=: read -r level c1 c2 <<<"$case"
    eo-prune -l "$level" -c c.yaml base | eo-inspect >report
    grep -qx "conv1_channels          $c1" report
    grep -qx "conv2_channels          $c2" report
  done
}

@test "steps end where one would, each at its own level" {
  make_model 16 32 7 >base
  eo-prune -l 0.7 -o once base
  cp base m
  for k in 1 2 3; do
    eo-prune -l 0.7 --step $k/3 -o next m
    mv next m
    eo-inspect m | sed -n 's/^\(conv[12]_channels *\|pruning_level: \)//p' | paste -sd' '
  done >steps
  [ "$(cat steps)" = "12 25 0.2333333333
9 17 0.4666666667
5 10 0.70" ]
  # Nothing was trained in between, so even the channels of conv1 are the same. Filters of conv2 lose planes on the way.
  [ "$(kept1 m)" = "$(kept1 once)" ]
  fails 1 "eo-prune: m: step 1/3: expected at least the 12 channels of conv1 that it leaves, found 5" \
    eo-prune -l 0.7 --step 1/3 -o out m
}

@test "pruning and fine-tuning in turn" {
  make_model 16 32 7 >m
  small_data $'epochs: 1\nfine_tune_epochs: 1\npruning_criterion: taylor\n'
  for k in 1 2; do
    eo-prune -l 0.25x0.5 --step $k/2 -c c.yaml --data data m |
      eo-train -q -c c.yaml --init - --fine-tune --data data -o next
    mv next m
  done
  eo-inspect m >report
  grep -qx 'pruning_level: 0.25x0.50' report
  grep -qx 'base_channels: 16,32' report
  grep -qx 'conv1_channels          12' report
  grep -qx 'conv2_channels          16' report
}

@test "a step of a pruned model that does not say where it began" {
  make_model 16 32 7 0.5 >base
  fails 1 "eo-prune: base: metadata 'base_channels': missing, and a step of a model that was pruned needs it" \
    eo-prune -l 0.7 --step 1/2 -o out base
  [ ! -e out ]
}

@test "--sensitivity: each layer alone, without recovery" {
  make_model 4 20 7 >base
  small_data
  eo-prune --sensitivity s.csv --criterion taylor -c c.yaml --data data base
  [ "$(head -n 1 s.csv)" = layer,pruning_level,channels,parameters,accuracy,accuracy_ci95_low,accuracy_ci95_high ]
  # Counts that repeat are skipped: 16 levels of 4 channels are 4, of 20 they are 16.
  [ "$(awk -F, '$1 == "conv1" { print $3 }' s.csv | paste -sd' ')" = "4 3 2 1" ]
  [ "$(awk -F, '$1 == "conv1" { print $2 }' s.csv | paste -sd' ')" = "0.00 0.1875 0.375 0.6875" ]
  [ "$(awk -F, '$1 == "conv2"' s.csv | wc -l)" -eq 16 ]
  # A row says what eo-prune and eo-eval say.
  while IFS=, read -r layer level channels parameters accuracy low high; do
    case $layer,$level in
      conv1,0.375) eo-prune -l 0.375x0 --criterion taylor -c c.yaml --data data -o m base ;;
      conv2,0.75) eo-prune -l 0x0.75 --criterion taylor -c c.yaml --data data -o m base ;;
      *) continue ;;
    esac
    eo-eval -c c.yaml --data data --split validation m | awk -F, 'NR == 2 { print $7 "," $8 "," $9 }' >row
    [ "$(cut -d, -f1-3 row)" = "$accuracy,$low,$high" ] || { cat row; echo "$accuracy,$low,$high"; return 1; }
    eo-inspect m | grep -qx "parameters              $parameters"
  done <s.csv
  cmp <(eo-prune --sensitivity - --criterion taylor -c c.yaml --data data --threads 1 --isa generic - <base) s.csv
  echo 'channel_multiple: 8' >>c.yaml
  eo-prune --sensitivity - -c c.yaml --data data base | awk -F, '$1 == "conv2" { print $3 }' | paste -sd' ' |
    grep -qx '20 16 8'
}

@test "--sensitivity: bad inputs leave no table" {
  make_model 2 2 1 0 int8 >i
  make_model 2 2 1 >base
  small_data
  fails 1 "eo-prune: i: expected an fp32 model, found int8: prune before eo-quant" \
    eo-prune --sensitivity s.csv -c c.yaml --data data i
  fails 1 "eo-prune: dataset 'synthetic': expected a folder 'nowhere' (--data), found none" \
    eo-prune --sensitivity s.csv -c c.yaml --data nowhere base
  fails 1 "eo-prune: no.yaml: cannot open: No such file or directory" eo-prune --sensitivity s.csv -c no.yaml base
  fails 1 "eo-prune: no/s.csv: cannot create: No such file or directory" \
    eo-prune --sensitivity no/s.csv -c c.yaml --data data base
  [ ! -e s.csv ]
}

@test "--help and --version" {
  run --separate-stderr eo-prune --help
  [ "$status" -eq 0 ] && [ -z "$stderr" ] || return 1
  [[ ${lines[0]} == \
    "usage: eo-prune -l LEVEL [options] [MODEL] | eo-prune --sensitivity CSV -c FILE [options] [MODEL]" ]]
  [[ $output == *"-l, --level LEVEL"* && $output == *"-o, --output FILE"* ]]
  run eo-prune --version
  [ "$status" -eq 0 ]
  [[ ${lines[0]} == "eo-prune (edge-opt) "* ]]
}

@test "no such file, an empty one, a directory" {
  : >empty
  mkdir dir
  fails 1 "eo-prune: missing: cannot open: No such file or directory" eo-prune -l 0.5 missing
  fails 1 "eo-prune: empty: expected a safetensors file of at least 8 bytes, found 0" eo-prune -l 0.5 empty
  fails 1 "eo-prune: dir: expected a file, found a directory" eo-prune -l 0.5 dir
  fails 1 "eo-prune: (standard stream): expected a safetensors file of at least 8 bytes, found 0" \
    eo-prune -l 0.5 </dev/null
}

@test "a cut model, and no output file" {
  make_model 2 2 1 >base
  head -c -1 base >cut
  fails 1 "eo-prune: cut: tensor 'conv2.weight': data_offsets: end 4192, but the file has 4191 bytes of data" \
    eo-prune -l 0.5 -o out cut
  [ ! -e out ]
}

@test "overlapping offsets, and no output file" {
  fails 1 \
    "eo-prune: $EO_ROOT/tests/fuzz/corpus/safetensors/overlap: tensor 'b': data_offsets: begin 2 overlaps the tensor \
before it: expected 4" \
    eo-prune -l 0.5 -o out "$EO_ROOT/tests/fuzz/corpus/safetensors/overlap"
  [ ! -e out ]
}

@test "a full disk" {
  make_model 2 2 1 >base
  fails 1 "eo-prune: /dev/full: cannot write: No space left on device" eo-prune -l 0.5 -o /dev/full base
  run --separate-stderr bash -c 'eo-prune -l 0.5 base >/dev/full'
  [ "$status" -eq 1 ]
  [ "$stderr" = "eo-prune: (standard stream): cannot write: No space left on device" ]
}

@test "an output folder that is not there" {
  make_model 2 2 1 >base
  fails 1 "eo-prune: no/out: cannot create: No such file or directory" eo-prune -l 0.5 -o no/out base
}

@test "a failed run leaves the old output alone" {
  make_model 2 2 1 >base
  echo old >out
  head -c 100 base >cut
  run eo-prune -l 0.5 -o out cut
  [ "$status" -eq 1 ]
  [ "$(cat out)" = old ]
  [ "$(ls -A | sort | paste -sd' ')" = "base cut out" ]
}

@test "refuses to write a model to a terminal" {
  command -v script >/dev/null || skip "needs script(1)"
  make_model 2 2 1 >base
  run script -qec "eo-prune -l 0.5 base" /dev/null
  [ "$status" -eq 1 ]
  [ "$output" = $'eo-prune: the output is binary data and standard output is a terminal; name a file, or use a pipe\r' ]
}

@test "an option that is an empty text" {
  make_model 4 6 1 >m
  misused "eo-prune: option '--level': expected LEVEL, found an empty text" eo-prune -l "" m
  misused "eo-prune: option '--output': expected FILE, found an empty text" eo-prune -l 0.5 -o "" m
  misused "eo-prune: option '--scores': expected CSV, found an empty text" eo-prune -l 0.5 --scores= -o x m
  [ ! -e x ]
}

@test "any network: a share for each space of channels, and the sensitivity of each" {
  local spaces="conv1 pw1 pw2 pw3 pw4"
  eo-data --generate d --train 60 --test 20
  printf '%s\n' 'dataset: idx' 'data_dir: d' 'model: ds-cnn' 'width: 0.1' 'epochs: 1' 'val_subset: 20' \
    'pruning_images: 20' >c.yaml
  eo-train -c c.yaml -o base
  eo-prune -l 0x0.5x0.25x0.5x0.75 --criterion taylor -c c.yaml --scores s.csv -o m base
  eo-inspect m | grep -qx 'pruning_level: 0.00x0.50x0.25x0.50x0.75'
  [ "$(awk -F, 'NR > 1 && !seen[$1]++ { print $1 }' s.csv | xargs)" = "$spaces" ]
  # six channels each, a half to even
  [ "$(awk -F, 'NR > 1 { n[$1] += $6 } END { print n["conv1"], n["pw1"], n["pw2"], n["pw3"], n["pw4"] }' s.csv)" = \
    "6 3 4 3 2" ]
  eo-prune --sensitivity t.csv -c c.yaml base
  [ "$(awk -F, 'NR > 1 && !seen[$1]++ { print $1 }' t.csv | xargs)" = "$spaces" ]
  fails 1 "eo-prune: base: level 0.50x0.25: expected 1 share, or 1 for each of the 5 spaces (${spaces// /, }), \
found 2" eo-prune -l 0.5x0.25 -o out base
  [ ! -e out ]
}

@test "a network without channels to remove: level 0 keeps it, others are refused" {
  local layers n=0
  eo-data --generate d --train 60 --test 20
  for layers in '{linear: classes}' '{depthwise: 3, relu: true}, {mean: true}, {linear: classes}' \
    '{conv: 1, kernel: 3, padding: same, add: input}, {linear: classes}'; do
    printf '%s\n' 'dataset: idx' 'data_dir: d' "model: [$layers]" 'epochs: 1' 'val_subset: 20' >c.yaml
    eo-train -c c.yaml -o base
    for way in "" "--step 1/2" "--criterion random" "--criterion taylor"; do
      eo-prune -l 0 $way -c c.yaml --scores s.csv -o same base
      [ "$(wc -l <s.csv)" = 1 ]
      eo-inspect base | sed '/^sha256/d; /^file_bytes/d' >before
      eo-inspect same | sed '/^sha256/d; /^file_bytes/d; /^prune_sha256/d; /^pruning_criterion: none/d' | diff before -
      for t in $(eo-inspect --json base | grep -o '"[a-z_0-9]*\.\(weight\|bias\)"' | tr -d '"' | sort -u); do
        cmp <(eo-inspect --dump "$t" base) <(eo-inspect --dump "$t" same)
        n=$((n + 1))
      done
    done
    fails 1 "eo-prune: base: level 0.50: expected 0, because this network has no channels that can be removed \
(pruning_levels: [0])" eo-prune -l 0.5 -o out base
  done
  [ "$n" -gt 20 ] && [ ! -e out ]
}

@test "a network with one space has one share" {
  printf '%s\n' 'model: [{conv: 3, kernel: 3}, {linear: classes}]' 'epochs: 1' 'val_subset: 20' 'dataset: idx' \
    'data_dir: d' >c.yaml
  eo-data --generate d --train 60 --test 20
  eo-train -c c.yaml -o base
  fails 1 "eo-prune: base: level 0.10x0.20: expected 1 share, as there is 1 space of channels (conv1), found 2" \
    eo-prune -l 0.1x0.2 -o out base
}
