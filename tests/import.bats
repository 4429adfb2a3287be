#!/usr/bin/env bats
# eo-import: models of other programs. Files of tensors are made from this project's own by other names in their header;
# tests/unit/test_import.c has the rules one by one. ONNX files come from eo-export.
bats_require_minimum_version 1.5.0
load common

setup() {
  cd "$BATS_TEST_TMPDIR"
}

make_network() {
  "${EO_TESTS:-$EO_BIN/../build/tests}/make_network" "$@"
}

# theirs FILE SED: a model file with names of the same length changed, and no metadata that this project knows
theirs() {
  LC_ALL=C sed -e '1s/"eo_version"/"xx_version"/; 1s/"architecture"/"xxchitecture"/; 1s/"network"/"xxtwork"/' \
    -e '1s/"input_mean"/"xxput_mean"/; 1s/"input_std"/"xxput_std"/' -e "$2" "$1"
}

# weights FILE: all numbers, with the names of the tensors
weights() {
  local t
  for t in $(head -c 20000 "$1" | grep -aoE '"[A-Za-z0-9_.]+\.(weight|bias)"' | tr -d '"'); do
    echo "$t"
    eo-inspect --dump "$t" "$1"
  done
}

@test "import: SmallCNN of other names, which are said; the same weights" {
  make_model 3 4 1 >own
  theirs own '1s/"conv1\./"head1./g; 1s/"conv2\./"head2./g; 1s/"classifier\./"my_output_./g' >theirs
  run --separate-stderr eo-import --input-mean 0 --input-std 1 -o found theirs
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  [ "$stderr" = "eo-import: theirs: took 'head1' for layer 'conv1', by its shape
eo-import: theirs: took 'head2' for layer 'conv2', by its shape
eo-import: theirs: took 'my_output_' for layer 'classifier', by its shape" ]
  weights own >expected
  weights found | diff expected -
  eo-inspect found | grep -q 'input_mean.*0.0'
  # from standard input to standard output; --map is said by the user, so it is not told
  run --separate-stderr eo-import --input-mean 0 --input-std 1 --map head1=conv1 --map head2=conv2 \
    --map my_output_=classifier -o mapped - <theirs
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  cmp found mapped
}

@test "import: what the network is fed is said, or assumed and told" {
  make_model 3 4 1 >own
  theirs own '' >theirs
  run --separate-stderr eo-import -o found theirs
  [ "$status" -eq 0 ]
  [[ $stderr == "eo-import: theirs: no metadata 'input_mean' and 'input_std': assuming "* ]]
  # a model of this project stays what it is
  eo-import -o again own
  cmp own again
}

@test "import: -n names the network, -c takes that of an experiment and its images" {
  make_network lenet5 3 fp32 >own
  theirs own '1s/"fc1\./"aa1./g' >theirs
  eo-import -n lenet5 --input-mean 0.5 --input-std 0.5 -o by_name theirs 2>said
  [ "$(cat said)" = "eo-import: theirs: took 'aa1' for layer 'fc1', by its shape" ]
  eo-data --generate set --train 60 --test 10 --seed 1
  printf 'dataset: idx\ndata_dir: set\nmodel: lenet5\nval_subset: 10\ninput_mean: 0.5\ninput_std: 0.5\n' >cfg.yaml
  eo-import -q -c cfg.yaml -o by_config theirs 2>said
  cmp by_name by_config
  fails_with 1 "eo-import: theirs: expected the tensors of the network, found 10 that do not fit:" \
    eo-import -n mlp -o none theirs
  [ "${stderr_lines[1]}" = "tensor                              expected              found" ]
  [ ! -e none ]
}

@test "import: ONNX gives the model that was exported, and a configuration that runs" {
  local n odd
  odd="input 2x9x8; a: conv 3 3x2 stride 2x1 pad 1,0,1,1 relu6 average 2x2/1x2; b: depthwise 3x3 pad 1 add a;"
  odd+="c: conv 4 1x1 from a relu max 3x2/2x1; d: linear 5 from b relu; e: linear 5 from c add d relu; f: linear 3"
  for n in smallcnn lenet5 mlp resnet8 ds-cnn "$odd"; do
    make_network "$n" 7 fp32 >own
    eo-export -q -f onnx -o exported own
    run --separate-stderr eo-import -o found --yaml found.yaml exported.onnx
    [ "$status" -eq 0 ] && [ -z "$stderr" ] || { echo "$n: $stderr"; return 1; }
    weights own >expected
    [ "$(wc -l <expected)" -gt 40 ]
    weights found | cmp expected -
    cmp <(head -c 9000 own | grep -ao '"network":"[^"]*"') <(head -c 9000 found | grep -ao '"network":"[^"]*"')
    [[ $(head -c 9000 found | grep -ao '"input_[a-z]*":"[^"]*"') == *'"input_mean":"0.5"'*'"input_std":"0.5"'* ]]
    # it is to be completed with the images; the network is checked without
    printf '%s\n' 'dataset: idx' 'data_dir: mine' >>found.yaml
    eo-config --check found.yaml
  done
  make_network "input 2x6x6; a: depthwise 3x3; b: linear 3" 7 fp32 >own
  eo-export -q -f onnx -o exported own
  eo-import -o found --yaml found.yaml exported.onnx
  [ "$(tail -n 1 found.yaml)" = "pruning_levels: [0.0] # there are no channels that can be removed" ]
  echo "dataset: synthetic" | cat <(sed "/^data/d" found.yaml) - >wrong.yaml
  fails 1 "eo-config: wrong.yaml: found: expected a model of 1x28x28 in 10 classes, as the images are, found 2x6x6 in \
3" eo-config --check wrong.yaml
}

# An operator of the same length in the place of another.
@test "import: what ONNX has and this project has not is refused by name, with the nearest that is there" {
  make_network "input 1x6x6; a: conv 2 3x3 relu; classifier: linear 3" 1 fp32 >own
  eo-export -q -f onnx -o o own
  refused() {
    LC_ALL=C sed "$1" o.onnx >changed
    fails 1 "eo-import: changed: $2" eo-import -o none changed
    [ ! -e none ]
  }
  refused 's/\x04Conv/\x04LSTM/' \
    "operator 'LSTM', node 'a/conv': not supported; the nearest that is: Conv over N x C x length"
  refused 's/\x04Relu/\x04Tanh/' \
    "operator 'Tanh', node 'a/relu': not supported; as activations Relu and Clip to 0..6 are; eo-import(1) lists all"
  refused 's/\x04Relu/\x04Add2/' \
    "operator 'Add2', node 'a/relu': not supported; as activations Relu and Clip to 0..6 are; eo-import(1) lists all"
  refused 's/\x07Flatten/\x07Softmax/' \
    "operator 'Softmax', node 'classifier/flat': expected it at the end of the network, where it is left out"
  refused 's/transB/transC/' \
    "operator 'Gemm', node 'logits': expected a constant matrix of 32 x outputs as input 2"
}

@test "import: broken files are one line, and leave none" {
  local n
  make_network "input 1x6x6; a: conv 2 3x3 relu; classifier: linear 3" 1 fp32 >own
  eo-export -q -f onnx -o o own
  for n in 1 17 40 100 400 600 900; do
    head -c $n o.onnx >cut
    run --separate-stderr eo-import -o none cut
    [ "$status" -eq 1 ]
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    [ ! -e none ]
  done
  fails 1 "eo-import: missing: cannot open: No such file or directory" eo-import -o none missing
  printf 'PK\3\4 and so on' >zip
  fails 1 "eo-import: zip: expected a safetensors file, found a zip archive; unpack it" eo-import -o none zip
  fails 1 "eo-import: o.onnx: an ONNX file says its network, layers and eps: expected no other network, no \
map and no eps" eo-import -n lenet5 -o none o.onnx
  fails 1 "eo-import: o.onnx: an ONNX file says its network, layers and eps: expected no other network, no \
map and no eps" eo-import --eps 0.001 -o none o.onnx
  fails 1 "eo-import: own: a model of this project says what its tensors are: expected no map and no eps" \
    eo-import --map a=a -o none own
  fails 1 "eo-import: own: a model of this project says what its tensors are: expected no map and no eps" \
    eo-import --eps 0.001 -o none own
}

# In 300 MB of memory, which is too little for the sanitizers: what is larger is not read.
@test "import: networks of other kinds, external data, random bytes and files of 2 GB are one line" {
  local corpus=$EO_ROOT/tests/fuzz/corpus/onnx n
  within() {
    fails_like 1 "eo-import: $1" bash -c '[ -n "$EO_SANITIZE" ] || ulimit -v 300000; exec eo-import "$@"' - -o none "$2"
    [ ! -e none ]
  }
  within "*: operator 'LSTM', node '': not supported; the nearest that is: Conv over N x C x length" "$corpus/lstm"
  within "*: operator 'Attention', node 'mix': not supported; the nearest *" "$corpus/attention"
  within "*: input 'x': size 3: expected a fixed number in 1..1024; export without dynamic axes" "$corpus/dynamic"
  within "*: expected the numbers of a constant in this file, found external_data: save *" "$corpus/external"
  printf '\10\10\22\0' >onnx
  truncate -s 2G onnx
  within "onnx: expected at most 67108864 bytes, found 2147483648" onnx
  printf '\10\0\0\0\0\0\0\0{}' >tensors
  truncate -s 2G tensors
  within "tensors: expected at most 67108864 bytes, found 2147483648" tensors
  for n in 1 2 3 4 5 6 7 8; do
    { printf '\10\10\22\4'; seq "$n" 999 | gzip -n; } >noise
    within "noise: *" noise
    tail -c +5 noise >more
    within "more: *" more
  done
}

# ---- the key base_model

# begin_with LINE...: an experiment on a small set, with more lines
begin_with() {
  [ -d set ] || eo-data --generate set --train 60 --test 10 --seed 1
  { printf 'dataset: idx\ndata_dir: set\nval_subset: 10\nbatch_size: 10\n'; printf '%s\n' "$@"; } >cfg.yaml
}

@test "base_model: the model as it is, or trained first where epochs is given" {
  make_model 3 4 1 >own
  eo-export -q -f onnx -o theirs own
  begin_with 'base_model: theirs.onnx'
  run --separate-stderr eo-train -c cfg.yaml --log log -o base
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  weights own >expected
  weights base | cmp expected -
  [ "$(cat log)" = epoch,loss,accuracy,learning_rate,stop_accuracy,stop_loss,seconds,images_per_s ]
  head -c 3000 base | grep -aqF "\"base_model_sha256\":\"$(sha256sum <theirs.onnx | cut -c1-64)\""
  begin_with 'base_model: theirs.onnx' 'epochs: 1'
  eo-train -q -c cfg.yaml --log log -o trained
  [ "$(wc -l <log)" = 2 ]
  run cmp -s <(weights trained) expected
  [ "$status" -eq 1 ]
  # the same as training the model further by hand
  eo-train -q -c cfg.yaml --init base -o further
  cmp <(weights trained) <(weights further)
}

@test "base_model: tensors of PyTorch for the network model, and a pruned model as one like any other" {
  make_network lenet5 3 fp32 >own
  theirs own '1s/"fc1\./"aa1./g' >theirs
  begin_with 'base_model: theirs' 'model: lenet5' 'input_mean: 0.25' 'input_std: 2'
  run --separate-stderr eo-train -c cfg.yaml -o base
  [ "$status" -eq 0 ]
  [ "$stderr" = "eo-train: theirs: took 'aa1' for layer 'fc1', by its shape" ]
  cmp <(weights own) <(weights base)
  head -c 3000 base | grep -aqF '"input_mean":"0.25","input_std":"2.0"'
  make_model 4 6 1 >whole
  eo-prune -l 0.5 -o pruned whole
  begin_with 'base_model: pruned'
  eo-train -q -c cfg.yaml -o base
  cmp <(weights pruned) <(weights base)
  head -c 3000 base | grep -aqF '"pruning_level":"0.00"'
  run grep -aq 'conv1_kept\|base_channels\|pruning_criterion' base
  [ "$status" -eq 1 ]
}

@test "base_model: the slice has the checksum, so other contents are another experiment" {
  make_model 3 4 1 >one
  begin_with 'base_model: one'
  eo-config --stage train cfg.yaml >slice
  grep -qx "base_model_sha256: $(sha256sum <one | cut -c1-64)" slice
  run grep -q '^epochs' slice
  [ "$status" -eq 1 ]
  eo-config --stage train slice | cmp - slice
  make_model 3 4 2 >one
  run cmp -s <(eo-config --stage train cfg.yaml) slice
  [ "$status" -eq 1 ]
  why="expected $(sed -n 's/^base_model_sha256: //p' slice) of one, found $(sha256sum <one | cut -c1-64)"
  fails 1 "eo-config: slice: key 'base_model_sha256': $why" eo-config --stage train slice
  fails 1 "eo-train: slice: key 'base_model_sha256': $why" eo-train -c slice --data set -o base
  [ ! -e base ]
}

@test "base_model: what it cannot be" {
  make_model 3 4 1 0 int8 >int8
  begin_with 'base_model: int8'
  fails 1 "eo-train: int8: expected an fp32 model, found int8" eo-train -c cfg.yaml -o base
  make_network "input 1x6x6; a: conv 2 3x3 relu; classifier: linear 3" 1 fp32 >small
  begin_with 'base_model: small'
  fails 1 "eo-train: small: expected a model of 1x28x28 in 10 classes, as the images are, found 1x6x6 in 3" \
    eo-train -c cfg.yaml -o base
  make_model 3 4 1 >own
  begin_with 'base_model: own' 'input_mean: 0.25'
  fails 1 "eo-train: keys 'input_mean' and 'input_std': expected what base_model says, or neither of them" \
    eo-train -c cfg.yaml -o base
  begin_with 'base_model: none'
  fails 1 "eo-config: cfg.yaml: key 'base_model': none: cannot open: No such file or directory" \
    eo-config --slices here cfg.yaml
  fails 1 "eo-train: cfg.yaml: key 'base_model': none: cannot open: No such file or directory" \
    eo-train -c cfg.yaml -o base
  begin_with "base_model_sha256: $(printf '%064d' 0)"
  fails 1 "eo-config: cfg.yaml: 5:1: key 'base_model_sha256': expected 'base_model' beside it, found none" \
    eo-config --check cfg.yaml
  begin_with 'base_model: own' 'base_model_sha256: 12ab'
  fails 1 "eo-config: cfg.yaml: 6:20: key 'base_model_sha256': expected a SHA-256 of 64 hexadecimal digits, in small \
letters, found '12ab'" eo-config --check cfg.yaml
  theirs own '' >theirs
  begin_with 'base_model: theirs' 'model: mlp'
  fails_with 1 "eo-train: theirs: expected the tensors of the network, found 6 that do not fit:" \
    eo-train -c cfg.yaml -o base
  [ "${stderr_lines[1]}" = "tensor                              expected              found" ]
  [ ! -e base ]
}

# ---- configs/own-model.yaml, from the model to C

# own_model LINE...: the configuration for the model `theirs` and the images in `own`, quickly timed; LINE takes the
# place of the line of its key
own_model() {
  local line
  cp "$EO_ROOT/configs/own-model.yaml" own.yaml
  for line in "base_model: $PWD/theirs" "data_dir: $PWD/own" 'fine_tune_epochs: 1' "$@"; do
    sed -i "/^${line%%:*}:/d" own.yaml
    echo "$line" >>own.yaml
  done
  printf '%s\n' "output_dir: $PWD/out" 'benchmark_exact: true' 'benchmark_repeats: 2' 'benchmark_trials: 2' >>own.yaml
}

# A state_dict of PyTorch for the layers of the configuration, whose second convolution has another name.
their_model() {
  make_network "input 1x28x28; conv1: conv 16 3x3 pad 1 batch_norm relu max 2x2; conv2: conv 32 3x3 pad 1 batch_norm \
relu mean; classifier: linear 10" 1 fp32 >model
  theirs model '1s/"conv2\./"block./g' >theirs
}

make_own() {
  run --separate-stderr make -C "$EO_ROOT" --no-print-directory B="$(dirname "$EO_BIN")" CONFIG="$PWD/own.yaml" "$@"
}

@test "own-model.yaml: from tensors of PyTorch to the table, the plots, the report and C" {
  their_model
  eo-data --generate own --train 120 --test 40 --seed 1
  own_model 'pruning_levels: [0.0, 0.5]'
  make_own all export
  [ "$status" -eq 0 ] || { echo "$output$stderr"; false; }
  [[ $stderr == *"eo-train: $PWD/theirs: took 'block' for layer 'conv2', by its shape"* ]] || { echo "$stderr"; false; }
  [ "$(wc -l <out/sweep_results.csv)" = 7 ]
  [ "$(wc -l <out/training_log.csv)" = 1 ]
  for f in summary.json hardware_summary.csv accuracy_vs_latency.png layerwise_macs.png export/README.md; do
    [ -s "out/$f" ] || { echo "missing: $f"; false; }
  done
  [ -n "$(find out/export -name '*.c')" ]
  # an edit of the model is another experiment
  make_own all
  [[ $output != *TRAIN* ]]
  make_own -n all
  [[ $output == *"nothing to do"* ]] || { echo "$output"; false; }
  theirs model '1s/"conv2\./"other./g' >theirs
  make_own -n all
  [[ $output == *"models/base.safetensors and 1 more: base_model_sha256 changed from "* ]] ||
    { head -n 5 <<<"$output"; false; }
}

@test "own-model.yaml: without training images level 0 goes through, and what trains is refused" {
  their_model
  eo-data --generate own --train 10 --test 60 --seed 1
  rm own/train-*
  own_model 'validation: test' 'pruning_levels: [0.0]' 'fine_tune_epochs: 0' 'val_subset: 40' 'calibration_batches: 1'
  make_own all export
  [ "$status" -eq 0 ] || { echo "$output$stderr"; false; }
  [[ $stderr == *"eo-quant: $PWD/own: no training images: calibrated on the last 32 of 60 test images"* ]] ||
    { echo "$stderr"; false; }
  [ "$(wc -l <out/sweep_results.csv)" = 4 ]
  [ "$(cut -d, -f2 out/dataset.csv | tr '\n' ' ')" = "part test " ]
  head -c 3000 out/models/p0.00-int8.safetensors | grep -aqF '"calibration_images":"32"'
  [ -n "$(find out/export -name '*.c')" ]
  needs() {
    own_model 'validation: test' 'pruning_levels: [0.0]' 'fine_tune_epochs: 0' "$1"
    make_own all
    [ "$status" -ne 0 ]
    [ "$stderr" = "eo-data: $PWD/own: no training images ('train-images-idx3-ubyte'); without them: $2" ] ||
      { echo "$stderr"; return 1; }
  }
  needs 'validation: holdout' "key 'validation': expected test, found holdout"
  needs 'epochs: 2' "key 'epochs': expected none, found 2"
  needs 'fine_tune_epochs: 3' "key 'fine_tune_epochs': expected 0, found 3"
  needs 'qat_epochs: 1' "key 'qat_epochs': expected 0, found 1"
  own_model 'validation: test' 'pruning_levels: [0.5]' 'fine_tune_epochs: 0' 'pruning_criterion: [l1, taylor]'
  fails 1 "eo-data: own: no training images ('train-images-idx3-ubyte'); without them: key 'pruning_criterion': \
expected one that looks at no images, as l1, found taylor" eo-data --checksum -c own.yaml --data own
  sed -i '/^base_model/d' own.yaml
  fails 1 "eo-data: own: no training images ('train-images-idx3-ubyte'); without them: key 'base_model': expected a \
trained model, found none" eo-data --checksum -c own.yaml --data own
}

@test "import: wrong usage" {
  misused "eo-import: options '--config' and '--network' exclude each other" eo-import -c a -n b
  misused "eo-import: option '--data' needs '--config'" eo-import --data a
  misused "eo-import: option '--yaml' needs '--output', the file that it names" eo-import --yaml a
  fails 1 "eo-import: options '--yaml' and '--output': key 'base_model': expected a path of at most 255 bytes: \
letters of any script, digits and any of ._+-/, found 'a b'" eo-import --yaml a -o 'a b'
  fails 1 "eo-import: options '--yaml' and '--output': expected a path that YAML reads as plain text" \
    eo-import --yaml a -o 'a #b'
  misused "eo-import: option '--eps': expected a number in 1e-05..1, found '0'" eo-import --eps 0
  misused "eo-import: only one input can come from standard input" eo-import -c - -o x -
}
