# eo-config: options, outputs, messages and exit statuses. What a YAML file may hold is tested in test_config.c.
bats_require_minimum_version 1.5.0
load common

setup() {
  cd "$BATS_TEST_TMPDIR"
}

# expect STATUS STDOUT STDERR COMMAND...: all three exactly; stdin is this function's.
expect() {
  local status=0 want=$1 out=$2 err=$3
  shift 3
  "$@" >stdout 2>stderr || status=$?
  echo "command: $*"
  echo "status: expected $want, found $status"
  diff <(printf '%s' "$out") stdout
  diff <(printf '%s' "$err") stderr
  [ "$status" = "$want" ]
}

hint=$'\nTry \'eo-config --help\'.\n'

@test "eo-config --check: silent when all is well" {
  expect 0 '' '' eo-config --check "$EO_ROOT/configs/default.yaml"
  expect 0 '' '' eo-config --check "$EO_ROOT/configs/mnist.yaml"
  expect 0 '' '' eo-config --check "$EO_ROOT/configs/fashion-mnist.yaml"
  expect 0 '' '' eo-config --check "$EO_ROOT/configs/best-mnist.yaml"
  expect 0 '' '' eo-config --check "$EO_ROOT/configs/best-fashion-mnist.yaml"
  expect 0 '' '' eo-config --check "$EO_ROOT/tests/golden/small.yaml"
}

@test "eo-config --check: both published forms of the original's configuration" {
  expect 0 '' '' eo-config --check "$EO_ROOT/configs/original.yaml"
  expect 0 '' '' eo-config --check "$EO_ROOT/tests/golden/original-first.yaml"
}

@test "eo-config --check: file, line, column, key, what is allowed and what was found" {
  printf 'seed: 7\n\nepochs: -1\n' >bad.yaml
  expect 1 '' $'eo-config: bad.yaml: 3:9: key \'epochs\': expected an integer in 1..10000, found \'-1\'\n' \
    eo-config --check bad.yaml
}

@test "eo-config --check: layers that do not fit the images; without these, what is known without them" {
  local layers
  printf 'dataset: idx\ndata_dir: set\nmodel: [{conv: 4, kernel: 3, name: a}, {conv: 8, kernel: 9, name: b},\n' >c.yaml
  echo '  {conv: 4, kernel: 1, name: c}, {linear: classes}]' >>c.yaml
  expect 0 '' '' eo-config --check c.yaml
  sed 's/name: c}/name: c, add: b}/' c.yaml >add.yaml
  expect 1 '' $'eo-config: add.yaml: key \'model\': layer \'c\': add \'b\': expected 4 channels, found 8\n' \
    eo-config --check add.yaml
  sed 's/name: c}/name: a}/' c.yaml >names.yaml
  expect 1 '' $'eo-config: names.yaml: key \'model\': layer \'a\': expected a name of its own, found it twice\n' \
    eo-config --check names.yaml
  for layers in '{conv: 4, kernel: 3, batch_norm: true, name: a}, {conv: 4, kernel: 1, name: a.batch_norm}' \
    '{conv: 4, kernel: 3, name: a.batch_norm}, {conv: 4, kernel: 1, batch_norm: true, name: a}'; do
    echo "model: [$layers, {linear: classes}]" >names.yaml
    expect 1 '' $'eo-config: names.yaml: key \'model\': layer \'a.batch_norm\': expected another name, because the '\
$'tensors of layer \'a\', which has batch_norm, have it\n' eo-config --check names.yaml
    sed 's/batch_norm: true, //' names.yaml >fine.yaml
    expect 0 '' '' eo-config --check fine.yaml
  done
  mkdir set
  (cd set && tiny 3x9x7 24 4)
  expect 1 '' $'eo-config: c.yaml: key \'model\': layer \'b\': expected a kernel of at most 7x5, the size of its '\
$'padded input, found 9x9\n' eo-config --check c.yaml
  sed -i 's/kernel: 9/kernel: 3/' c.yaml
  expect 0 '' '' eo-config --check c.yaml
  sed -i 's/linear: classes/linear: 5/' c.yaml
  expect 1 '' $'eo-config: c.yaml: key \'model\': layer \'classifier\': expected 4 outputs, one for each class of the '\
$'data, found 5\n' eo-config --check c.yaml
  # published data have one size, and known networks fit what they fit
  unset EO_DATA_DIR
  printf 'dataset: mnist\nmodel: [{conv: 4, kernel: 29}, {linear: classes}]\n' >c.yaml
  expect 1 '' $'eo-config: c.yaml: key \'model\': layer \'conv1\': expected a kernel of at most 28x28, the size of '\
$'its padded input, found 29x29\n' eo-config --check c.yaml
  for model in smallcnn lenet5 mlp resnet8 ds-cnn mobilenet-v1-0.25; do
    printf 'dataset: idx\ndata_dir: none\nmodel: %s\n' $model >c.yaml
    expect 0 '' '' eo-config --check c.yaml
  done
  # a file of the data that is wrong
  printf x >>set/train-labels-idx1-ubyte
  printf 'dataset: idx\ndata_dir: set\n' >c.yaml
  expect 1 '' $'eo-config: c.yaml: \'set/train-labels-idx1-ubyte\': byte 32: expected the end of the data by the '\
$'header, found more\n' eo-config --check c.yaml
}

@test "eo-config --check: levels that the network has no channels for" {
  local what="because this network has no channels that can be removed (pruning_levels: [0])" layers
  for layers in '{linear: classes}' '{depthwise: 3, relu: true}, {mean: true}, {linear: classes}' \
    '{conv: 1, kernel: 3, padding: same, add: input}, {linear: classes}'; do
    printf '%s\n' 'dataset: mnist' "model: [$layers]" >c.yaml
    expect 1 '' "eo-config: c.yaml: key 'pruning_levels': level 0.25: expected 0, $what"$'\n' eo-config --check c.yaml
    echo 'pruning_levels: [0]' >>c.yaml
    expect 0 '' '' eo-config --check c.yaml
  done
  printf '%s\n' 'dataset: idx' 'data_dir: none' 'model: [{conv: 4, kernel: 3}, {linear: classes}]' \
    'pruning_levels: [0, [0.1, 0.2]]' >c.yaml
  expect 1 '' $'eo-config: c.yaml: key \'pruning_levels\': level 0.10x0.20: expected 1 share, as there is 1 space of '\
$'channels (conv1), found 2\n' eo-config --check c.yaml
  printf '%s\n' 'model: [{conv: 4, kernel: 3}, {conv: 4, kernel: 3}, {linear: classes}]' \
    'pruning_levels: [0, [0.1, 0.2, 0.3]]' >c.yaml
  expect 1 '' $'eo-config: c.yaml: key \'pruning_levels\': level 0.10x0.20x0.30: expected 1 share, or 1 for each of '\
$'the 2 spaces (conv1, conv2), found 3\n' eo-config --check c.yaml
  sed -i 's/^pruning_levels.*/pruning_levels: [0, [0.1, 0.2], [0.2, 0.2, 0.2]]/' c.yaml
  expect 0 '' '' eo-config --check c.yaml
}

@test "eo-config --check: numbers and files that do not suit the images" {
  mkdir set small
  (cd set && tiny 1x6x5 40 4)
  (cd small && tiny 1x7x5 40 4)
  printf '%s\n' 'dataset: idx' 'data_dir: set' 'val_subset: 10' >good.yaml
  expect 0 '' '' eo-config --check good.yaml
  refused 'input_mean: [1, 2]' "key 'input_mean': expected 1 number, or 1 for each channel of the input (1), found 2"
  refused 'val_subset: 40' \
    "set: 'val_subset': expected fewer than the 40 training images, found 40: none is left to train on"
  refused 'val_subset: 41' "set: 'val_subset': expected at most the 40 training images, found 41"
  refused 'train_subset: 1000' \
    "set: 'train_subset' + 'val_subset': expected at most the 40 training images, found 1000 + 10"
  refused $'validation: test\nval_subset: 100' "set: 'val_subset': expected at most the 40 test images, found 100"
  refused 'base_model: nowhere' "key 'base_model': nowhere: cannot open: No such file or directory"
  refused 'teacher: nowhere' "key 'teacher': nowhere: cannot open: No such file or directory"
  # models of other images
  eo-train -c good.yaml -o six --epochs 1
  sed 's/set$/small/' good.yaml >seven.yaml
  eo-train -c seven.yaml -o seven --epochs 1
  refused 'base_model: seven' "seven: expected a model of 1x6x5 in 4 classes, as the images are, found 1x7x5 in 4"
  refused 'teacher: seven' "key 'teacher': seven: expected a teacher for 1x6x5 in 4 classes, found one for 1x7x5 in 4"
  printf '%s\n' 'base_model: six' 'teacher: six' 'pruning_levels: [0, [0.5, 0.25]]' | cat good.yaml - >c.yaml
  expect 0 '' '' eo-config --check c.yaml
  # the network is that of the file
  sed 's/^val_subset.*/&\nmodel: [{linear: classes}]\npruning_levels: [0]/' good.yaml >c.yaml
  eo-train -c c.yaml -o linear --epochs 1
  refused 'base_model: linear' "key 'pruning_levels': level 0.25: expected 0, because this network has no channels \
that can be removed (pruning_levels: [0])"
  # the folder of --data; the test set
  expect 1 '' $'eo-config: good.yaml: dataset \'idx\': expected a folder \'gone\' (--data), found none\n' \
    eo-config --check --data gone good.yaml
  cp small/t10k* set
  refused '' "'set/t10k-images-idx4-ubyte': byte 8: expected images of 1 x 6 x 5, found 1 x 7 x 5"
  expect 2 '' $'eo-config: option \'--data\' goes with --check only'"$hint" eo-config --print --data set good.yaml
}

@test "eo-config --check: words of a layer that are not understood are quoted whole" {
  local value message
  while IFS=@ read -r value message; do
    echo "model: [{conv: 4, $value}, {linear: classes}]" >c.yaml
    expect 1 '' "eo-config: c.yaml: key 'model': layer 'conv1': $message"$'\n' eo-config --check c.yaml
  done <<'END'
kernel: 3x@kernel: expected a number, or height and width as in 3x5, found '3x'
kernel: 99999999999999999999@kernel: expected an integer in 1..1024, found '99999999999999999999'
kernel: 3, padding: valid@padding: expected same, a number or top,left,bottom,right, found 'valid'
kernel: 3, average: 27@average: expected a window of at most 26x26, the size of the map, found 27x27
END
  mkdir set one
  (cd set && tiny 6x125x1 24 4)
  (cd one && tiny 1x28x28 24 1)
  printf 'dataset: idx\ndata_dir: set\n' >c.yaml
  expect 1 '' $'eo-config: c.yaml: key \'model\': smallcnn (the default) does not fit images of 6x125x1, so name '\
$'another network: layer \'conv1\': max: expected a window of at most 125x1, the size of the map, found 2x2\n' \
    eo-config --check c.yaml
  printf 'dataset: idx\ndata_dir: one\nmodel: lenet5\n' >one.yaml
  expect 1 '' $'eo-config: one.yaml: key \'model\': layer \'classifier\': expected 2 to 1000 classes, found 1\n' \
    eo-config --check one.yaml
  "${EO_TESTS:-$EO_BIN/../build/tests}/make_network" "input 2x3x2; a: linear 4" 1 fp32 >other
  printf 'dataset: idx\ndata_dir: one\nbase_model: other\n' >one.yaml
  expect 1 '' $'eo-config: one.yaml: other: expected a model of 1x28x28 in 1 class, as the images are, found 2x3x2 in '\
$'4\n' eo-config --check one.yaml
}

# refused LINES MESSAGE: good.yaml with these lines
refused() {
  local key=${1%%:*}
  { grep -v "^${key:-none}:" good.yaml; echo "$1"; } >c.yaml
  [[ $1 != *val_subset* ]] || { grep -v '^val_subset' good.yaml; echo "$1"; } >c.yaml
  expect 1 '' "eo-config: c.yaml: $2"$'\n' eo-config --check c.yaml
}

@test "eo-config: an unknown key suggests the nearest" {
  expect 1 '' $'eo-config: (standard stream): 1:1: unknown key \'epoch\'; did you mean \'epochs\'?\n' \
    eo-config --check <<<'epoch: 3'
}

@test "eo-config: a device other than the CPU" {
  expect 1 '' \
    $'eo-config: (standard stream): 1:9: key \'device\': expected cpu, found \'cuda\'; this program runs on the CPU '\
$'only\n' \
    eo-config --check - <<<'device: cuda'
}

@test "eo-config: every mode refuses a bad file and writes nothing" {
  echo 'epochs: -1' >bad.yaml
  local mode message=$'eo-config: bad.yaml: 1:9: key \'epochs\': expected an integer in 1..10000, found \'-1\'\n'
  for mode in --check "--print -o x" "--stage train -o x" "--slices x" "--make -o x"; do
    expect 1 '' "$message" eo-config $mode bad.yaml
    [ ! -e x ]
  done
}

@test "eo-config: a missing file, a folder, too large a file" {
  expect 1 '' $'eo-config: none.yaml: cannot open: No such file or directory\n' eo-config --check none.yaml
  expect 1 '' $'eo-config: .: expected a file, found a directory\n' eo-config --check .
  head -c 70000 /dev/zero >big.yaml
  expect 1 '' $'eo-config: big.yaml: expected at most 65536 bytes, found 70000\n' eo-config --check big.yaml
}

@test "eo-config --print: the canonical form prints as itself" {
  eo-config --print "$EO_ROOT/configs/default.yaml" >once
  eo-config --print once >twice
  cmp once twice
  grep -qx 'memory_budgets_mb: \[0.01, 0.02, 0.05\]' once
  grep -qx 'fine_tune_epochs: 1' once
}

@test "eo-config --stage: the stage's own keys" {
  expect 0 \
    $'# edge-opt slice: select\npower_watts: 2.0\nmemory_budgets_mb: [0.01, 0.02, 0.05]\nactive_memory_budget_mb: '\
$'0.05\nactive_device: null\nmax_latency_ms: null\nmax_energy_mj: null\ncpu_frequency_scale: 0.7\n'\
$'latency_statistic: median\nrecommend: smallest\npareto_use_ci: '\
$'false\npareto_any_status: true\n' \
    '' eo-config --stage select <<<'power_watts: 2'
}

@test "eo-config --stage: a slice of a slice is the slice" {
  local stage
  for stage in data train prune finetune quant eval bench select hardware summary sensitivity explore; do
    eo-config --stage $stage "$EO_ROOT/configs/original.yaml" >once
    eo-config --stage $stage once >twice
    cmp once twice
  done
}

@test "eo-config --seed-index: picks a seed of the list" {
  echo 'seeds: [5, 9]' >x.yaml
  eo-config --stage eval --seed-index 1 x.yaml >slice
  grep -qx 'seed: 9' slice
  eo-config --stage eval x.yaml >slice
  grep -qx 'seed: 5' slice
  expect 1 '' $'eo-config: x.yaml: option \'--seed-index\': expected 0..1, found 2\n' \
    eo-config --stage eval --seed-index 2 x.yaml
}

@test "eo-config --slices: one file a stage, a folder for each further seed" {
  echo 'seeds: [5, 9]' >x.yaml
  expect 0 '' '' eo-config --slices a/b x.yaml
  (cd a/b && find . -type f | sort) >found
  for dir in . ./seed9; do
    for stage in bench data eval explore finetune hardware prune quant select sensitivity summary train; do echo \
      "$dir/$stage.yaml"; done
  done | sort | diff - found
  eo-config --stage train --seed-index 1 x.yaml | cmp - a/b/seed9/train.yaml
  eo-config --stage train x.yaml | cmp - a/b/train.yaml
}

@test "eo-config --slices: what stays the same keeps its time" {
  echo 'power_watts: 5' >x.yaml
  eo-config --slices s x.yaml
  touch -d '2001-02-03' s/*.yaml
  echo 'power_watts: 6' >x.yaml
  eo-config --slices s x.yaml
  find s -newermt '2002-01-01' -type f | sort >changed
  printf 's/select.yaml\ns/summary.yaml\n' | diff - changed
}

@test "eo-config --slices: a folder that cannot be" {
  echo 'power_watts: 5' >x.yaml
  expect 1 '' $'eo-config: x.yaml: expected a directory, found a file\n' eo-config --slices x.yaml x.yaml
  mkdir -p s/eval.yaml
  expect 1 '' $'eo-config: s/eval.yaml: cannot write: is a directory\n' eo-config --slices s x.yaml
}

@test "more candidates than Make can handle are refused in words; the most that it can are not" {
  local levels
  levels="pruning_criterion: [l1, l2, fpgm]
pruning_levels: [$(seq -s, -f '0.%02g' 10 49)]"
  printf 'seeds: [%s]\n%s\nprecisions: [fp32, fp16]\n' "$(seq -s, 51)" "$levels" >x.yaml
  expect 1 '' \
    $'eo-config: x.yaml: 1:8: key \'seeds\': expected at most 12000 candidates (seeds x levels x criteria x '\
$'precisions), found 12240; divide them among several configurations\n' \
    eo-config --check x.yaml
  sed -i 's/,51\]/]/' x.yaml
  expect 0 '' '' eo-config --check x.yaml
}

@test "eo-config --make: the fragment" {
  expect 0 'EO_NAME := default
EO_OUT := out/default
EO_DATASET := synthetic
EO_DATA_SOURCE :=
EO_THREADS := 0
EO_JOB_MINUTES := 60
EO_JOB_MEMORY := 2048M
EO_JOB_THREADS := 1
EO_SEEDS := 7
EO_LEVELS := 0.00 0.25 0.50 0.70
EO_CRITERIA := l1
EO_PRECISIONS := fp32 fp16 int8
EO_INTEGER := int8 int4 mixed
EO_FINE_TUNE_EPOCHS := 1
EO_FINE_TUNE_UNPRUNED := yes
EO_PRUNE_STEPS := 1
EO_TEACHER :=
EO_SLICES := data train prune finetune quant eval bench select hardware summary sensitivity explore
EO_ACTIVE_DEVICE :=
EO_EXPLORE_FROM := slice
' '' eo-config --make "$EO_ROOT/configs/default.yaml"
}

@test "eo-config --make: the original's output_dir is taken below out/" {
  eo-config --make "$EO_ROOT/configs/original.yaml" | grep -qx 'EO_OUT := out/outputs'
}

@test "eo-config --make: a name that Make cannot handle, a folder that is reserved" {
  echo 'seed: 1' >'a b.yaml'
  expect 1 '' \
    $'eo-config: a b.yaml: expected a file name of at most 100 letters, digits and any of ._+-, beginning with '\
$'neither \'.\' nor \'-\'; the artefacts\' folder is named after it\n' \
    eo-config --make 'a b.yaml'
  echo 'seed: 1' >bin.yaml
  expect 1 '' \
    $'eo-config: bin.yaml: expected a folder of its own, found \'out/bin\', which is reserved for programs and '\
$'objects\n' \
    eo-config --make bin.yaml
}

@test "eo-config --make: standard input has no name" {
  expect 2 '' $'eo-config: option \'--make\' needs a FILE: the artefacts\' folder is named after it'"$hint" \
    eo-config --make <<<'seed: 1'
}

@test "eo-config --keys: a Markdown table" {
  eo-config --keys >table
  [ "$(head -n 1 table)" = '| key | default | allowed | read by | meaning |' ]
  grep -qxF '| `epochs` | 2 | an integer in 1..10000 | train | Passes over the training images. |' table
  [ "$(awk -F' [|] ' '{ print NF }' table | sort -u)" = 5 ]
  expect 2 '' $'eo-config: option \'--keys\' takes no FILE'"$hint" eo-config --keys table
}

@test "eo-config --explain: one key as --help has it" {
  eo-config --help | sed -n '/^  epochs: /,/^$/s/^  //p' | head -n 3 >expected
  eo-config --explain epochs | diff expected -
  [ "$(wc -l <expected)" = 3 ]
  expect 1 '' $'eo-config: unknown key \'epoch\'; did you mean \'epochs\'?\n' eo-config --explain epoch
  expect 1 '' $'eo-config: unknown key \'nonsense\'; \'eo-config --help\' lists all keys\n' eo-config --explain nonsense
  expect 2 '' $'eo-config: option \'--explain\' takes no FILE'"$hint" eo-config --explain seed x.yaml
}

@test "eo-config --keys and --explain as JSON" {
  eo-config --keys --json >keys.json
  [ "$(json get keys.json keys)" = "$(eo-config --keys | grep -c '^| `')" ]
  [ "$(for ((i = 0; i < $(json get keys.json keys); i++)); do json get keys.json keys/$i/key; done)" = \
    "$(eo-config --keys | sed -n 's/^| `\([a-z_0-9]*\)` .*/\1/p')" ]
  eo-config --explain learning_rate --json -o one
  [ "$(json get one keys keys/0/key keys/0/default keys/0/read_by/0 | tr '\n' ' ')" = "1 learning_rate 0.001 train " ]
  [[ $(eo-config --explain learning_rate) == *"$(json get one keys/0/allowed)"* ]]
  [[ $(eo-config --explain learning_rate) == *"$(json get one keys/0/meaning)"* ]]
  documented one
  fails 1 "eo-config: unknown key 'lerning_rate'; did you mean 'learning_rate'?" eo-config -j --explain lerning_rate
  misused "eo-config: option '--json' goes with --keys and --explain only" eo-config --print --json
}

@test "eo-config --help: the options and every key" {
  eo-config --help >help
  eo-config -h | cmp - help
  grep -q '^usage: eo-config ' help
  eo-config --keys | sed -n 's/^| `\([a-z0-9_]*\)`.*/\1/p' >keys
  [ "$(wc -l <keys)" -gt 50 ]
  while read -r key; do grep -q "^  $key: " help; done <keys
}

@test "eo-config --version" {
  eo-config --version | head -n 1 | grep -qE '^eo-config \(edge-opt\) [0-9]+\.[0-9]+\.[0-9]+$'
}

@test "eo-config -o: a file instead of standard output" {
  expect 0 '' '' eo-config --print -o out.yaml "$EO_ROOT/configs/default.yaml"
  eo-config --print "$EO_ROOT/configs/default.yaml" | cmp - out.yaml
  expect 0 '' '' eo-config --make --output make.mk "$EO_ROOT/configs/default.yaml"
  [ -s make.mk ]
}

@test "eo-config: output that cannot be written" {
  [ -e /dev/full ] || skip "needs /dev/full"
  local status=0
  eo-config --keys >/dev/full 2>stderr || status=$?
  [ "$status" = 1 ]
  [ "$(cat stderr)" = 'eo-config: (standard stream): cannot write: No space left on device' ]
  expect 1 '' $'eo-config: /dev/full: cannot write: No space left on device\n' eo-config --keys -o /dev/full
  expect 1 '' $'eo-config: no/such/dir: cannot create: No such file or directory\n' eo-config --keys -o no/such/dir
}

@test "eo-config: exactly one mode" {
  local modes='expected exactly one of --check, --print, --stage, --slices, --leftover, --make, --keys, --explain, '
  modes+=found
  expect 2 '' "eo-config: $modes 0$hint" eo-config
  expect 2 '' "eo-config: $modes 2$hint" eo-config --check --print x.yaml
}

@test "eo-config: wrong usage" {
  expect 2 '' $'eo-config: option \'--seed-index\' goes with --stage only'"$hint" eo-config --print --seed-index 0
  expect 2 '' $'eo-config: option \'--seed-index\': expected an integer in 0..63, found \'64\''"$hint" \
    eo-config --stage eval --seed-index 64
  expect 2 '' $'eo-config: option \'--output\' does not go with --check'"$hint" eo-config --check -o x
  expect 2 '' $'eo-config: option \'--output\' does not go with --slices'"$hint" eo-config --slices d -o x
  expect 2 '' \
    $'eo-config: option \'--stage\': expected one of data, train, prune, finetune, quant, eval, bench, select, '\
$'hardware, summary, sensitivity, explore, found \'pruning\''"$hint" \
    eo-config --stage pruning
  expect 2 '' $'eo-config: option \'--leftover -\' needs a FILE, as standard input has the paths'"$hint" eo-config \
    --leftover -
  expect 1 '' $'eo-config: gone: cannot open: No such file or directory\n' eo-config --leftover gone \
    "$EO_ROOT/configs/default.yaml"
  expect 2 '' $'eo-config: unknown or ambiguous option \'--frobnicate\''"$hint" eo-config --frobnicate
  expect 2 '' $'eo-config: unexpected operand \'b\''"$hint" eo-config --check a b
}

# tiny DIMS COUNT CLASSES: a data set in the current folder, of COUNT pictures for each part; DIMS is CxHxW
tiny() {
  local part size=$((${1//x/*})) i
  for part in train t10k; do
    { printf '\0\0\x08\4\0\0\0'"\\x$(printf %02x "$2")"
      for i in ${1//x/ }; do printf '\0\0\0'"\\x$(printf %02x "$i")"; done
      yes edge | head -c $((size * $2)); } >$part-images-idx4-ubyte
    { printf '\0\0\x08\1\0\0\0'"\\x$(printf %02x "$2")"
      for ((i = 0; i < $2; i++)); do printf "\\x$(printf %02x $((i % $3)))"; done; } >$part-labels-idx1-ubyte
  done
}

@test "shipped networks: trained on images of their size they cost what the comment says" {
  local name dims classes said
  while read -r name dims classes; do
    tiny $dims 24 $classes
    sed -e 's/^val_subset:.*//; s/^epochs:.*/epochs: 1/; s/^batch_size:.*/batch_size: 8/' \
      "$EO_ROOT/configs/$name.yaml" >c.yaml
    eo-train -q -c c.yaml --data . -o m
    said=$(tr -d '#\n' <"$EO_ROOT/configs/$name.yaml" | tr -s ' ' |
      sed -E 's/.* ([0-9,]+) parameters, ([0-9,]+) multiply-accumulates.*/\1 \2/; s/,//g')
    eo-inspect m >report
    [ "$(awk '$1 == "macs" || $1 == "parameters" { printf "%s%s", sep, $2; sep = " " }' report)" = "$said" ] ||
      { echo "$name: $said"; head report; return 1; }
  done <<'END'
cifar10 3x32x32 10
resnet8-cifar10 3x32x32 10
kws 1x49x10 12
vww 3x96x96 2
fashion-small 1x28x28 10
END
  tiny 3x32x32 24 3
  sed 's/^epochs:.*/epochs: 1/' "$EO_ROOT/configs/own-images.yaml" >c.yaml
  eo-train -q -c c.yaml --data . -o m
  eo-inspect m | grep -q '^classifier  *64x1x1  *3x1x1 '
  rm -f t10k-* train-* # of another shape
  tiny 6x125x1 24 3
  sed 's/^epochs:.*/epochs: 1/' "$EO_ROOT/configs/own-signals.yaml" >c.yaml
  eo-explore --check -c c.yaml
  eo-train -q -c c.yaml --data . -o m
  eo-inspect m | grep -q '^classifier  *32x1x1  *3x1x1 '
}
