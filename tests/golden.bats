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
