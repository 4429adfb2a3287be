#!/usr/bin/env bats
# eo-train: the recipe's keys, the log, metadata, and what is refused. tests/unit/test_train.c has the definitions.

bats_require_minimum_version 1.5.0
load common

setup_file() {
  export D=$BATS_FILE_TMPDIR/data
  eo-data --generate "$D" --train 600 --test 100
}

setup() {
  cd "$BATS_TEST_TMPDIR"
}

# config FILE LINE...: few images, a small network
config() {
  local file=$1
  shift
  printf '%s\n' 'dataset: synthetic' 'conv1_channels: 4' 'conv2_channels: 6' 'val_subset: 100' 'batch_size: 50' \
    'epochs: 2' 'fine_tune_epochs: 2' "$@" >"$file"
}

ALL=('learning_rate_schedule: cosine' 'warmup_epochs: 0.5' 'weight_decay: 0.05' 'label_smoothing: 0.1'
  'augment_shift: 2' 'augment_flip: true' 'early_stopping: 5')

# metadata KEY FILE
metadata() {
  grep -aoE "\"$1\": ?\"[^\"]*\"" "$2" | sed -E 's/.*: ?"(.*)"/\1/'
}

train() {
  eo-train -q --data "$D" "$@"
}

@test "the log: its columns, the last learning rate of each epoch, figures of the tenth with early stopping alone" {
  config plain.yaml
  train -c plain.yaml --log log.csv -o m
  [ "$(head -n 1 log.csv)" = epoch,loss,accuracy,learning_rate,stop_accuracy,stop_loss,seconds,images_per_s ]
  [ "$(cut -d, -f1,4-6 log.csv | tail -n +2)" = "1,0.001,,
2,0.001,," ]
  config early.yaml 'early_stopping: 5' 'warmup_epochs: 4.0'
  train -c early.yaml --log log.csv -o m
  [ "$(cut -d, -f1,4 log.csv | tail -n +2)" = "1,0.00025
2,0.0005" ]
  tail -n +2 log.csv | cut -d, -f5-6 | grep -qxE '0?\.?[0-9]+,[0-9.]+'
}

@test "all keys on: equal bytes on any number of threads and on every instruction set" {
  config all.yaml "${ALL[@]}"
  train -c all.yaml --threads 1 --isa generic --log l1 -o first
  for isa in generic avx2 avx512 neon; do
    train -c all.yaml --threads 3 --isa $isa --log l2 -o m 2>err || { grep -q "not available" err && continue; }
    cmp first m
    diff <(cut -d, -f1-6 l1) <(cut -d, -f1-6 l2)
  done
}

@test "early stopping: the best epoch is kept and told in the metadata" {
  config early.yaml 'early_stopping: 2' 'learning_rate: 0.05'
  train -c early.yaml --epochs 30 --log log.csv -o m
  best=$(tail -n +2 log.csv | sort -t, -k5,5gr -k6,6g -k1,1n | head -n 1)
  [ "$(metadata best_epoch m)" = "${best%%,*}" ]
  [ "$(tail -n +2 log.csv | wc -l)" -lt 30 ]
  config plain.yaml
  train -c plain.yaml -o m
  [ -z "$(metadata best_epoch m)" ]
}

@test "early stopping looks at the last tenth of the training images, and not at those that decide" {
  config many.yaml 'early_stopping: 2' 'train_subset: 400'
  sed 's/val_subset: 100/val_subset: 20/' many.yaml >few.yaml
  train -c many.yaml --epochs 4 --log many.csv -o m
  train -c few.yaml --epochs 4 --log few.csv -o m
  diff <(cut -d, -f1-6 many.csv) <(cut -d, -f1-6 few.csv)
  # figures of 40 images, and the other 360 are trained on
  [ "$(tail -n +2 many.csv | awk -F, '{ k = $5 * 40; n = $3 * 360; d = (k - int(k + 0.5)) ^ 2 + (n - int(n + 0.5)) ^ 2
    if (d > 1e-12) print }')" = "" ]
  # so it goes with the test set, which must choose nothing
  config test.yaml 'early_stopping: 2' 'train_subset: 400' 'validation: test'
  train -c test.yaml --epochs 4 --log test.csv -o m
  diff <(cut -d, -f1-6 many.csv) <(cut -d, -f1-6 test.csv)
}

@test "fine-tuning: its own learning rate, and its epochs add up in the metadata" {
  config cfg.yaml 'fine_tune_learning_rate: 0.0004'
  train -c cfg.yaml --log log.csv -o base
  [ "$(tail -n 1 log.csv | cut -d, -f4)" = 0.001 ]
  [ -z "$(metadata fine_tune_epochs base)" ]
  train -c cfg.yaml --init base --fine-tune --log log.csv -o once
  [ "$(tail -n 1 log.csv | cut -d, -f4)" = 0.0004 ]
  [ "$(metadata fine_tune_epochs once)" = 2 ]
  train -c cfg.yaml --init once --fine-tune --epochs 3 -o twice
  [ "$(metadata fine_tune_epochs twice)" = 5 ]
  eo-prune -l 0.5 twice | train -c cfg.yaml --init - --fine-tune --epochs 1 -o pruned
  [ "$(metadata fine_tune_epochs pruned)" = 6 ]
  config null.yaml
  train -c null.yaml --init base --fine-tune --log log.csv -o m
  [ "$(tail -n 1 log.csv | cut -d, -f4)" = 0.001 ]
}

@test "a model whose fine_tune_epochs is no count" {
  config cfg.yaml
  train -c cfg.yaml -o base
  train -c cfg.yaml --init base --fine-tune -o once
  sed 's/"fine_tune_epochs":"2"/"fine_tune_epochs":"x"/' once >bad
  ! cmp -s once bad || return 1
  fails 1 "eo-train: bad: metadata 'fine_tune_epochs': expected an integer in 0..1000000000, found 'x'" \
    eo-train -c cfg.yaml --data "$D" --init bad --fine-tune -o m
  [ ! -e m ]
}

@test "input_mean and input_std go into the metadata, and later stages use them" {
  config cfg.yaml 'input_mean: 0' 'input_std: [1]'
  train -c cfg.yaml -o m
  [ "$(metadata input_mean m) $(metadata input_std m)" = "0.0 1.0" ]
  config half.yaml
  train -c half.yaml -o h
  [ "$(metadata input_mean h) $(metadata input_std h)" = "0.5 0.5" ]
  config said.yaml 'input_mean: 0.5'
  train -c said.yaml -o s
  cmp <(eo-inspect -d conv1.weight h) <(eo-inspect -d conv1.weight s)
  ! cmp -s <(eo-inspect -d conv1.weight h) <(eo-inspect -d conv1.weight m) || return 1
  train -c half.yaml --init m --fine-tune -o f
  [ "$(metadata input_mean f)" = 0.0 ]
  config three.yaml 'input_mean: [0.4, 0.5, 0.6]'
  fails 1 "eo-train: key 'input_mean': expected 1 number, or 1 for each channel of the input (1), found 3" \
    eo-train -c three.yaml --data "$D" -o x
  [ ! -e x ]
}

@test "a split that the images are too few for names the folder" {
  config cfg.yaml 'train_subset: 501'
  fails 1 "eo-train: $D: 'train_subset' + 'val_subset': expected at most the 600 training images, found 501 + 100" \
    eo-train -c cfg.yaml --data "$D" -o m
  [ ! -e m ]
}

@test "a run that diverges leaves nothing" {
  config cfg.yaml 'learning_rate: 10' 'weight_decay: 10'
  fails_like 1 "eo-train: training diverged: the loss of epoch 1 is not finite; try a smaller learning_rate" \
    eo-train -c cfg.yaml --data "$D" --epochs 300 --log l -o m
  [ ! -e m ] && [ ! -e l ]
}

@test "wrong usage and models that cannot be trained on" {
  config cfg.yaml
  misused "eo-train: option '--config' is required" eo-train
  misused "eo-train: option '--fine-tune' needs '--init'" eo-train -c cfg.yaml --fine-tune
  misused "eo-train: the config and the model cannot both come from standard input" eo-train -c - --init -
  make_model 4 6 1 0 fp16 >half
  fails 1 "eo-train: half: expected an fp32 model to train on, found fp16" eo-train -c cfg.yaml --data "$D" \
    --init half -o m
  fails_like 1 "eo-train: none: *" eo-train -c cfg.yaml --data "$D" --init none -o m
  [ ! -e m ]
}

# image_set FOLDER C H W CLASSES: IDX files of a data set, 200 and 20 images, brighter in each class
image_set() {
  local part
  mkdir -p "$1"
  for part in train:200 t10k:20; do
    printf '%b' "$(image_bytes "${part#*:}" "${@:2}")" >"$1/${part%:*}-images-idx4-ubyte"
    printf '%b' "$(label_bytes "${part#*:}" "$5")" >"$1/${part%:*}-labels-idx1-ubyte"
  done
}

# What printf %b makes into bytes.
image_bytes() {
  awk -v n="$1" -v c="$2" -v h="$3" -v w="$4" -v classes="$5" '
    function byte(x) { printf "\\0%o", x }
    function number(x) { byte(0); byte(0); byte(int(x / 256)); byte(x % 256) }
    BEGIN {
      number(8 * 256 + 4); number(n); number(c); number(h); number(w)
      for (i = 0; i < n; i++)
        for (k = 0; k < c * h * w; k++) {
          draw = (n + draw) * 16807 % 2147483647
          byte(int((i % classes) * 200 / (classes - 1)) + draw % 40)
        }
    }'
}
label_bytes() {
  awk -v n="$1" -v classes="$2" 'BEGIN {
    printf "\\0000\\0000\\0010\\0001\\0000\\0000\\0%o\\0%o", int(n / 256), n % 256
    for (i = 0; i < n; i++) printf "\\0%o", i % classes
  }'
}

@test "a network of the user's on images of another size: it learns, with the same bytes on any threads and set" {
  image_set set 3 9 7 4
  printf '%s\n' 'dataset: idx' 'batch_size: 20' 'val_subset: 40' 'epochs: 20' 'learning_rate: 0.01' \
    'augment_shift: 1' 'early_stopping: 30' \
    'model: [{conv: 6, kernel: 3, padding: 1, batch_norm: true, relu: true, name: a},' \
    '  {depthwise: 3, padding: same, batch_norm: true}, {conv: 6, kernel: 1, batch_norm: true, add: a, relu: true},' \
    '  {mean: true}, {linear: classes}]' >net.yaml
  eo-train -q --data set -c net.yaml --threads 1 --isa generic -o first --log log.csv
  for isa in avx2 avx512 neon; do
    eo-train -q --data set -c net.yaml --threads 3 --isa $isa -o m 2>err || { grep -q "not available" err && continue; }
    cmp first m
  done
  eo-eval --data set -c net.yaml -o row.csv first
  tail -n 1 row.csv | cut -d, -f14 | awk "{ print; exit !(\$1 >= 0.8) }" # test_accuracy
  eo-train -q --data set -c net.yaml --init first --fine-tune --epochs 1 -o tuned
  eo-eval --data set -c net.yaml -o row.csv tuned
  [ "$(tail -n 1 row.csv | cut -d, -f21)" = 1 ] # fine_tune_epochs
  eo-bench --data set -c net.yaml --exact --trials 1 --repeats 1 --warmup 0 -o timing.csv first # not folded
  [ "$(wc -l <timing.csv)" -eq 2 ]
  # the metadata have the network, with the input and the classes of the data
  grep -aq 'input 3x9x7; a: conv 6 3x3 pad 1 batch_norm relu; depthwise1: depthwise 3x3 pad 1 batch_norm; ' first
}

@test "known networks take the input and the classes of the data; what does not fit is named" {
  image_set set 3 9 7 4
  printf 'dataset: idx\nepochs: 1\nmodel: ds-cnn\nwidth: 0.125\n' >known.yaml
  eo-train -q --data set -c known.yaml -o m
  grep -aq 'input 3x9x7; conv1: conv 8 10x4 stride 2 pad 4,1,5,2 batch_norm relu; ' m
  printf 'dataset: idx\nepochs: 1\nmodel: [{conv: 4, kernel: 3}, {conv: 4, kernel: 9, name: big}, {linear: 4}]\n' \
    >bad.yaml
  run -1 eo-train -q --data set -c bad.yaml -o none
  [ "$output" = "eo-train: bad.yaml: key 'model': layer 'big': expected a kernel of at most 7x5, the size of its \
padded input, found 9x9" ]
  printf 'dataset: idx\nepochs: 1\nmodel: [{linear: 5}]\n' >bad.yaml
  run -1 eo-train -q --data set -c bad.yaml -o none
  [ "$output" = "eo-train: bad.yaml: key 'model': layer 'classifier': expected 4 outputs, one for each class of the \
data, found 5" ]
  [ ! -e none ]
}

@test "teacher: the answers of another model are learned, with the same bytes on any threads and set" {
  config big.yaml
  sed -i 's/^conv1_channels: .*/conv1_channels: 8/' big.yaml
  train -c big.yaml -o big
  config plain.yaml
  config taught.yaml 'teacher: big' 'augment_shift: 1'
  config shifted.yaml 'augment_shift: 1'
  train -c shifted.yaml -o shifted
  train -c taught.yaml --threads 1 --isa generic -o taught
  run cmp -s shifted taught
  [ "$status" -eq 1 ]
  for isa in avx2 avx512 neon; do
    train -c taught.yaml --threads 3 --isa $isa -o m 2>err || { grep -q "not available" err && continue; }
    cmp taught m
  done
  sum=$(sha256sum <big | cut -c1-64)
  [ "$(metadata teacher_sha256 taught)" = "$sum" ]
  eo-config --stage train taught.yaml | grep -qx "teacher_sha256: $sum"
  # without weight only the note is left of it
  config weightless.yaml 'teacher: big' 'augment_shift: 1' 'distillation_weight: 0'
  train -c weightless.yaml -o m
  cmp <(tail -c 1000 shifted) <(tail -c 1000 m)
  eo-eval --data "$D" -c taught.yaml -o row.csv taught
  grep -q ",$sum,[a-z]*\$" row.csv # teacher_sha256
}

@test "teacher: the base model teaches what is trained further, not itself" {
  config plain.yaml 'qat_epochs: 1'
  config base.yaml 'qat_epochs: 1' 'teacher: base' 'distillation_temperature: 2'
  train -c plain.yaml -o plain
  train -c base.yaml -o base
  cmp plain base
  eo-config --stage train plain.yaml | cmp - <(eo-config --stage train base.yaml)
  eo-prune -l 0.5 -o pruned base
  train -c base.yaml --init pruned --fine-tune --teacher base -o tuned
  eo-quant -q -p int8 -c base.yaml --data "$D" --teacher base -o int8 tuned
  for m in tuned int8; do [ "$(metadata teacher_sha256 $m)" = "$(sha256sum <base | cut -c1-64)" ]; done
  fails 1 "eo-train: key 'teacher': expected the file of the base model by option '--teacher', found none" \
    eo-train -q --data "$D" -c base.yaml --init pruned --fine-tune -o none
  fails 1 "eo-quant: key 'teacher': expected the file of the base model by option '--teacher', found none" \
    eo-quant -q -p int8 -c base.yaml --data "$D" -o none tuned
  fails 1 "eo-train: plain.yaml: option '--teacher': expected key 'teacher' in the configuration, found none" \
    eo-train -q --data "$D" -c plain.yaml --init pruned --fine-tune --teacher base -o none
  [ ! -e none ]
}

@test "teacher: what it cannot be" {
  config taught.yaml 'teacher: none'
  fails 1 "eo-train: taught.yaml: key 'teacher': none: cannot open: No such file or directory" \
    eo-train -q --data "$D" -c taught.yaml -o m
  image_set set 3 9 7 4
  printf 'dataset: idx\nepochs: 1\nmodel: [{conv: 4, kernel: 3}, {linear: classes}]\n' >small.yaml
  eo-train -q --data set -c small.yaml -o small
  config taught.yaml 'teacher: small'
  fails 1 "eo-train: small: expected a teacher for 1x28x28 in 10 classes, found one for 3x9x7 in 4" \
    eo-train -q --data "$D" -c taught.yaml -o m
  config taught.yaml 'teacher: small' "teacher_sha256: $(printf '%064d' 0)"
  fails 1 "eo-train: taught.yaml: key 'teacher_sha256': expected $(printf '%064d' 0) of small, found \
$(sha256sum <small | cut -c1-64)" eo-train -q --data "$D" -c taught.yaml -o m
  config taught.yaml 'distillation_weight: 0.5'
  fails 1 "eo-config: taught.yaml: 8:1: key 'distillation_weight': expected 'teacher' beside it, found none" \
    eo-config --check taught.yaml
  config taught.yaml 'teacher: base' "teacher_sha256: $(printf '%064d' 0)"
  fails 1 "eo-config: taught.yaml: 9:1: key 'teacher_sha256': expected 'teacher' with the path of a file beside it, \
found base" eo-config --check taught.yaml
  [ ! -e m ]
}
