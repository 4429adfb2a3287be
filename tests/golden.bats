#!/usr/bin/env bats
# int8 against PyTorch's static quantisation of the same networks, whole test sets; tests/golden/make_golden.py made
# the networks and the classes. All other golden files are compared by tests/unit/test_golden.c.

bats_require_minimum_version 1.5.0
load common

# agreement DATASET: how many classes are torch's, and how many are one of those that torch has in the lead. torch
# brings class scores to 127 levels, on which the largest may not be alone; ours have 32 bits.
agreement() {
  local golden=$EO_ROOT/tests/golden/int8-$1
  printf 'dataset: %s\nbatch_size: 128\ncalibration_batches: 8\nquantization_backend: fbgemm\n' "$1" >cfg.yaml
  eo-quant -p int8 -c cfg.yaml "$golden.safetensors" |
    eo-eval -c cfg.yaml --split test --predictions predictions.csv -o row.csv
  paste -d, <(tail -n +2 predictions.csv) <(tail -n +3 "$golden.csv") |
    awk -F, '{ first += substr($4, 1, 1) == $3; lead += index($4, $3) > 0 } END { print NR, first, lead }'
}

@test "int8 classes are those of PyTorch: MNIST, 10,000 images" {
  need_data mnist
  cd "$BATS_TEST_TMPDIR"
  read -r images first lead < <(agreement mnist)
  echo "# $first of $images equal, $lead in the lead"
  [ "$images" -eq 10000 ] && [ "$first" -ge 9950 ] && [ "$lead" -ge 9980 ]
}

@test "int8 classes are those of PyTorch: Fashion-MNIST, 10,000 images" {
  need_data fashion-mnist
  cd "$BATS_TEST_TMPDIR"
  read -r images first lead < <(agreement fashion-mnist)
  echo "# $first of $images equal, $lead in the lead"
  [ "$images" -eq 10000 ] && [ "$first" -ge 9850 ] && [ "$lead" -ge 9950 ]
}

# MLPerf Tiny's reference networks, as published: weights, and for 200 inputs the logits that they give elsewhere. They
# lie beside the data sets, in mlperf-tiny.

published() { # published NAME OPTION...: model.st
  eo-import -q "${@:2}" -o model.st "$EO_DATA_DIR/../mlperf-tiny/$1-fp32.safetensors" 2>said
}

# right MODEL [OPTION...]: how many test images; the logits of the 200 within 1e-3
right() {
  eo-eval -q -c cfg.yaml --split test "${@:2}" -o row.csv "$1" 2>said
  awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } { print $at["test_correct"] }' row.csv
}

near_published() {
  cat said
  sed -nE 's/.*: 200 images: logits differ by at most ([0-9.e-]+) .*the class of 0 images differs$/\1/p' said |
    awk '{ n++; bad = $1 > 1e-3 } END { exit n != 1 || bad }'
}

@test "published ResNet-8: 7,548 of 10,000 images, its logits, and within one point of that in int8" {
  need_data ../mlperf-tiny
  need_data cifar10-jpeg
  cd "$BATS_TEST_TMPDIR"
  printf '%s\n' 'dataset: idx' "data_dir: $EO_DATA_DIR/cifar10-jpeg" 'model: resnet8' 'batch_size: 64' >cfg.yaml
  published resnet8-cifar10 -n resnet8 --input-mean 0 --input-std 0.00392156862745098
  [ "$(right model.st --compare "$EO_DATA_DIR/../mlperf-tiny/resnet8-cifar10-logits.csv")" = 7548 ]
  near_published
  eo-quant -q -p int8 -c cfg.yaml -o int8.st model.st
  [ "$(right int8.st)" = 7465 ]
}

@test "published DS-CNN: 902 of 1,000 inputs, its logits, and in int8 the quality target of 90 %" {
  need_data ../mlperf-tiny
  cd "$BATS_TEST_TMPDIR"
  mkdir set
  cp "$EO_DATA_DIR/../mlperf-tiny/kws01-images-idx4-byte.gz" set/t10k-images-idx4-ubyte.gz
  cp "$EO_DATA_DIR/../mlperf-tiny/kws01-labels-idx1-ubyte.gz" set/t10k-labels-idx1-ubyte.gz
  # calibrated on the first 200; a signed byte is p - 128, and the network was trained on (byte - 83) 0.5847
  { printf '\0\0\11\4\0\0\0\310\0\0\0\1\0\0\0\61\0\0\0\12'
    zcat set/t10k-images-idx4-ubyte.gz | tail -c +21 | head -c $((200 * 490)); } >set/train-images-idx4-ubyte
  { printf '\0\0\10\1\0\0\0\310'
    zcat set/t10k-labels-idx1-ubyte.gz | tail -c +9 | head -c 200; } >set/train-labels-idx1-ubyte
  printf '%s\n' 'dataset: idx' 'data_dir: set' 'validation: test' 'model: ds-cnn' 'batch_size: 100' \
    'calibration_batches: 2' 'quantization_backend: qnnpack' 'weight_granularity: channel' \
    'quantization_observer: mse' >cfg.yaml
  published dscnn-kws -n ds-cnn --input-mean 0.8274509803921568 --input-std 0.00670684
  [ "$(right model.st --compare "$EO_DATA_DIR/../mlperf-tiny/dscnn-kws-logits.csv")" = 902 ]
  near_published
  eo-quant -q -p int8 -c cfg.yaml -o int8.st model.st
  [ "$(right int8.st --predictions predictions.csv)" = 904 ]
  awk -F, 'NR > 201 { right += $2 == $3 } END { print right " of the other 800"; exit right != 721 }' predictions.csv
}
