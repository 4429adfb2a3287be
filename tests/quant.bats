# eo-quant: what it writes at each precision, its report, and every message.
bats_require_minimum_version 1.5.0
load common
load measure

HINT="Try 'eo-quant --help'."

setup_file() {
  fixture "$BATS_FILE_TMPDIR"
}

setup() {
  F=$BATS_FILE_TMPDIR
  cd "$BATS_TEST_TMPDIR"
  cp "$F/base.safetensors" m
}

# poke FILE BYTES: replaces the last four bytes, which are the last weight of conv2, by the given octal escapes
poke() {
  head -c -4 "$1" >poked
  printf "$2" >>poked
  mv poked "$1"
}

@test "quant: fp32 is a copy" {
  eo-quant -p fp32 -o out m
  cmp m out
}

@test "quant: fp16 halves the tensors and keeps the metadata" {
  eo-quant -p fp16 -o out m
  eo-inspect out >report
  grep -q '^precision  *fp16$' report
  grep -q "dataset_sha256: $(eo-inspect m | sed -n 's/^dataset_sha256: //p')" report
  [ "$(eo-inspect -d conv1.weight out | wc -l)" -eq 36 ]
}

@test "quant: int8 has the scheme of its backend" {
  eo-quant -p int8 -c $F/cfg.yaml -o fb m
  sed '$a quantization_backend: qnnpack' $F/cfg.yaml >q.yaml
  eo-quant -p int8 -c q.yaml -o qn m
  eo-inspect fb | grep -qx 'quantization_backend: fbgemm'
  eo-inspect qn | grep -qx 'quantization_backend: qnnpack'
  [ "$(eo-inspect -d conv2.weight_scale fb | sort -u | wc -l)" -eq 6 ]
  [ "$(eo-inspect -d conv2.weight_scale qn | sort -u | wc -l)" -eq 1 ]
  eo-inspect -d conv2.weight fb |
    awk '$1 < -128 || $1 > 127 || $1 != int($1) { exit 1 } $1 > 100 { n++ } END { exit !n }'
}

@test "quant: int4 packs two weights in a byte; all else but the weights and their scales is int8's" {
  eo-quant -p int8 -c $F/cfg.yaml -o eight m
  eo-quant -p int4 -c $F/cfg.yaml -o four m
  eo-inspect four >report
  grep -q '^precision  *int4$' report
  # four and six channels: 9, 36 and 294 weights an output, and a half of a byte behind the 9
  grep -q '^conv1.weight  *U8  *4x5 ' report && grep -q '^conv2.weight  *U8  *6x18 ' report
  grep -q '^classifier.weight  *U8  *10x147 ' report
  [ "$(sed -n 's/^tensor_bytes  *//p' report)" -eq $((4 * 5 + 6 * 18 + 10 * 147 + 8 * 20 + 3 * 8)) ]
  # the weights themselves, over the whole range
  [ "$(eo-inspect -d conv1.weight four | wc -l)" -eq 36 ]
  eo-inspect -d conv2.weight four | awk '$1 < -8 || $1 > 7 || $1 != int($1) { exit 1 } $1 > 6 { n++ } END { exit !n }'
  [ "$(awk '$1 == "classifier.weight" { print $5, $6 }' report)" = "-8 7" ]
  for tensor in conv1.input_scale conv1.input_zero_point conv2.input_scale classifier.input_scale; do
    cmp <(eo-inspect -d $tensor eight) <(eo-inspect -d $tensor four)
  done
  # scales are max / 127.5 and max / 7.5
  paste <(eo-inspect -d conv2.weight_scale eight) <(eo-inspect -d conv2.weight_scale four) |
    awk '{ r = $2 / $1 / 17; if (r < 0.999999 || r > 1.000001) exit 1 }'
  for isa in $(eo-quant --version | sed -n 's/^instruction sets: //p'); do
    eo-quant -p int4 -c $F/cfg.yaml --isa $isa --threads 3 -o again m
    cmp four again
    eo-eval -c $F/cfg.yaml --isa $isa --logits $isa.csv four >row.csv
    cmp $isa.csv "$(ls *.csv | grep -v row | head -n 1)"
  done
  fails_like 1 "eo-export: *expected an int8 model of SmallCNN for --fast, found int4*" eo-export --fast -o net four
  fails 1 "eo-quant: four: precision: expected an fp32 model, found int4" eo-quant -p int8 -c $F/cfg.yaml -o out four
}

# gains_by_qat PRECISION [OPTION...]: of the same base model, `trained` with qat_epochs and the options has more images
# right than `plain` without
gains_by_qat() {
  eo-data --generate set --train 3000 --test 10
  printf '%s\n' 'dataset: synthetic' 'val_subset: 1000' 'batch_size: 50' 'epochs: 1' 'learning_rate: 0.003' \
    'conv1_channels: 4' 'conv2_channels: 6' >cfg.yaml
  { cat cfg.yaml; printf 'qat_epochs: 2\n'; } >qat.yaml
  eo-train -q -c cfg.yaml --data set -o base
  eo-quant -p "$1" -c cfg.yaml --data set -o plain base
  eo-quant -p "$1" -c qat.yaml --data set "${@:2}" -o trained base
  local m
  for m in plain trained; do
    eo-eval -c cfg.yaml --data set -o $m.csv $m
  done
  echo "correct of 1000: $(column correct plain.csv), trained $(column correct trained.csv)"
  [ "$(column correct trained.csv)" -gt "$(column correct plain.csv)" ]
}

@test "quant: int4 with qat_epochs loses less than without" {
  gains_by_qat int4 --report r.json
  eo-inspect trained | grep -qx 'qat_epochs: 2'
}

@test "quant: int4 of a residual and of a depthwise network, and a padding that is not 0" {
  local network
  for network in "input 4x6x6; a: conv 4 3x3 pad 1 add input relu; z: linear 3" \
    "input 3x5x7; a: conv 7 3x3 pad 1 relu; b: depthwise 3x3 pad 1 relu; c: conv 5 1x1 add input relu; z: linear 3"; do
    "${EO_TESTS:-$EO_BIN/../build/tests}/make_network" "${network/conv 5 1x1 add input/conv 5 1x1}" 3 int4 >net
    eo-export --prefix net -o net net
    eo-export --check net.c net
  done
  # the first output of the layer: 27 weights in 14 bytes
  eo-inspect net | grep -q '^a.weight  *U8  *7x14 '
  at=$(($(stat -c %s net) - $(eo-inspect net | awk '/U8/ { split($3, n, "x"); b[$1] = n[1] * n[2] }
    END { print b["a.weight"] + b["b.weight"] + b["c.weight"] + b["z.weight"] }') + 13))
  printf '\xff' | dd of=net bs=1 seek=$at conv=notrunc status=none
  fails_like 1 "eo-inspect: net: tensor 'a.weight': row 0: expected 0 in the upper half of the last byte, found 15" \
    eo-inspect net
}

@test "quant: mixed gives 4 bits to the layers that the budget wants, where they do least harm" {
  local four eight bits isa
  eo-quant -p int8 -c $F/cfg.yaml -o eight m
  eo-quant -p int4 -c $F/cfg.yaml -o four m
  four=$(eo-inspect four | sed -n 's/^tensor_bytes  *//p') eight=$(eo-inspect eight | sed -n 's/^tensor_bytes  *//p')
  eo-quant -p mixed -c $F/cfg.yaml --layers l.csv --report r.json -o mixed m
  [ "$(head -n 1 l.csv | cut -d, -f18-)" = "weight_bits,four_bit_damage" ]
  bits=$(sed 1d l.csv | cut -d, -f18 | paste -sd' ')
  eo-inspect mixed | grep -qx "weight_bits: $bits"
  [ "$(eo-inspect mixed | awk '$1 == "layer" { n = 3; next } n-- > 0 { print $NF }' | paste -sd' ')" = "$bits" ]
  [ "$(sed -n 's/ *"weight_bits": \(.\),/\1/p' r.json | paste -sd' ')" = "$bits" ]
  # each layer has a damage of its own, in the table and the report
  [ "$(sed 1d l.csv | cut -d, -f19 | sort -u | wc -l)" -eq 3 ]
  cmp <(sed 1d l.csv | cut -d, -f19) <(sed -n 's/ *"four_bit_damage": \([^,]*\),*/\1/p' r.json)
  eo-inspect mixed | awk -v four=$four -v eight=$eight '$1 == "tensor_bytes" { exit !($2 <= (four + eight) / 2) }'
  # no other choice of the eight fits with less damage: 4 bits save 16, 108 and 1,470 bytes
  sed 1d l.csv | awk -F, -v wanted=$(((eight - four + 1) / 2)) 'BEGIN { split("16 108 1470", saved, " ") }
    { damage[NR] = $19; if ($18 == 4) sum += $19; bad += !($19 > 0) }
    END { for (s = 0; s < 8; s++) { d = b = 0
        for (l = 1; l <= 3; l++) if (int(s / 2 ^ (l - 1)) % 2) { d += damage[l]; b += saved[l] }
        bad += b >= wanted && d < sum * (1 - 1e-9) }
      exit bad > 0 }'
  # all of it, and none of it: the tensors are those of the other two
  { cat $F/cfg.yaml; echo "mixed_weights_kb: 100"; } >much.yaml
  eo-quant -p mixed -c much.yaml -o out m
  cmp <(tail -c $eight eight) <(tail -c $eight out)
  awk -v n=$four 'BEGIN { printf "mixed_weights_kb: %.6f\n", (n + 0.5) / 1024 }' | cat $F/cfg.yaml - >least.yaml
  eo-quant -p mixed -c least.yaml -o out m
  cmp <(tail -c $four four) <(tail -c $four out)
  # a layer of each kind has the numbers of that precision
  awk -v n=$((eight - 1000)) 'BEGIN { printf "mixed_weights_kb: %.6f\n", n / 1024 }' | cat $F/cfg.yaml - >some.yaml
  eo-quant -p mixed -c some.yaml -o out m
  eo-inspect out | grep -qx 'weight_bits: 8 8 4'
  cmp <(eo-inspect -d conv2.weight eight) <(eo-inspect -d conv2.weight out)
  cmp <(eo-inspect -d classifier.weight four) <(eo-inspect -d classifier.weight out)
  for isa in $(eo-quant --version | sed -n 's/^instruction sets: //p'); do
    eo-quant -p mixed -c some.yaml --isa $isa --threads 3 -o again m
    cmp out again
    eo-eval -c $F/cfg.yaml --isa $isa --logits $isa.logits out >row.csv
    cmp $isa.logits "$(ls *.logits | head -n 1)"
  done
  eo-export --prefix net -o net out
  eo-export --check net.c out
  eo-export -f onnx -o net.onnx out
}

@test "quant: mixed refuses a budget below int4, --fast, and metadata that do not fit" {
  eo-quant -p int4 -c $F/cfg.yaml -o four m
  { cat $F/cfg.yaml; echo "mixed_weights_kb: 1"; } >c.yaml
  fails 1 "eo-quant: m: key 'mixed_weights_kb': expected a budget of at least the \
$(eo-inspect four | sed -n 's/^tensor_bytes  *//p') bytes that the tensors take with 4 bits in all layers, \
found 1024 bytes; raise it, or make a smaller network" eo-quant -p mixed -c c.yaml -o out m
  [ ! -e out ]
  misused "eo-quant: option '-c' is required for mixed" eo-quant -p mixed -o out m
  eo-quant -p mixed -c $F/cfg.yaml -o mixed m
  fails_like 1 "eo-export: *expected an int8 model of SmallCNN for --fast, found mixed*" eo-export --fast -o net mixed
  LC_ALL=C sed 's/"weight_bits":"[48] [48] [48]"/"weight_bits":"8 8 x"/' mixed >bad
  fails 1 "eo-inspect: bad: metadata 'weight_bits': expected 4 or 8 for each of 3 layers, with a space between, \
found '8 8 x'" eo-inspect bad
}

@test "quant: mixed with qat_epochs keeps its bits, and loses less than without" {
  gains_by_qat mixed
  [ "$(eo-inspect plain | grep ^weight_bits:)" = "$(eo-inspect trained | grep ^weight_bits:)" ]
}

@test "quant: the metadata names the slice" {
  eo-quant -p int8 -c $F/cfg.yaml -o a m
  eo-config --stage quant $F/cfg.yaml >slice.yaml
  sum=$(sha256sum <slice.yaml | cut -d' ' -f1)
  eo-inspect a | grep -qx "quant_sha256: $sum"
  eo-quant -p int8 -c slice.yaml --data $(sed -n "s/^data_dir: //p" $F/cfg.yaml) -o b m
  cmp a b
}

@test "quant: equal bytes for every instruction set and number of threads" {
  eo-quant -p int8 -c $F/cfg.yaml -o want --report want.json m
  for isa in $(eo-quant --version | sed -n 's/^instruction sets: //p'); do
    for threads in 1 2 3; do
      eo-quant -p int8 -c $F/cfg.yaml --isa $isa --threads $threads -o out --report out.json m
      cmp want out
      cmp want.json out.json
    done
  done
}

@test "quant: calibrates on as many training images as there are, and on no others" {
  sed 's/calibration_batches: 2/calibration_batches: 1000/' $F/cfg.yaml >all.yaml
  eo-quant -p int8 -c all.yaml -o out --report all.json m
  grep -q '"calibration_images": 300,' all.json
  cp -r $F/set set
  printf '\1' | dd of=set/train-images-idx3-ubyte bs=1 seek=5000 conv=notrunc status=none
  fails_like 1 "eo-quant: set: 'dataset_sha256': the model was trained on data set *" \
    eo-quant -p int8 -c $F/cfg.yaml --data set -o out2 m
  [ ! -e out2 ]
}

@test "quant: the report says what was observed and chosen" {
  eo-quant -p int8 -c $F/cfg.yaml --report r.json -o out m
  head -n 9 r.json >head.txt
  [ "$(cat head.txt)" = '{
  "quantization_backend": "fbgemm",
  "quantization_observer": "histogram",
  "weight_granularity": "channel",
  "bias_correction": false,
  "cross_layer_equalization": false,
  "rounding": "nearest",
  "activation_max": 127,
  "calibration_images": 40,' ]
  [ "$(grep -c '"observed_max"' r.json)" -eq 3 ]
  [ "$(grep '"values"' r.json | tr -dc '0-9\n' | paste -sd' ')" = "31360 31360 11760" ]
  [ "$(sed -n 's/.*"input_scale": \(.*\),/\1/p' r.json | wc -l)" -eq 3 ]
  grep -q '"observed_min": -0.99' r.json # the darkest pixel is 1 of 255
  awk -F'[:,]' '/"saturation_rate"/ { if ($2 < 0 || $2 > 0.05) exit 1 }' r.json
  [ "$(grep -c '_sqnr_db"' r.json)" -eq 7 ] # of the logits, of each layer's input and weights
  awk -F'[:,]' '/_sqnr_db"/ { if ($2 < 25 || $2 > 70) exit 1 }' r.json
  [ "$(sed -n 's/.*"agreements": \(.*\),/\1/p' r.json)" -ge 38 ]
}

@test "quant: --layers writes the same figures as CSV, a row for each layer" {
  local pair
  eo-quant -p int8 -c $F/cfg.yaml --report r.json --layers l.csv -o out m
  [ "$(head -n 1 l.csv)" = "layer,input,observed_min,observed_max,chosen_min,chosen_max,input_scale,input_zero_point,\
values,saturated,input_sqnr_db,weight_sqnr_db,weight_scale_min,weight_scale_max,calibration_images,agreements,\
logit_sqnr_db,weight_bits,four_bit_damage" ]
  [ "$(sed 1d l.csv | cut -d, -f1 | paste -sd' ')" = "conv1 conv2 classifier" ]
  for pair in 2:input 3:observed_min 4:observed_max 5:chosen_min 6:chosen_max 7:input_scale 8:input_zero_point \
    9:values 10:saturated 11:input_sqnr_db 12:weight_sqnr_db; do
    [ "$(sed 1d l.csv | cut -d, -f${pair%:*})" = "$(sed -n "s/^ *\"${pair#*:}\": \"*\([^\",]*\)\"*,/\1/p" r.json)" ] ||
      { echo "$pair"; false; }
  done
  # the scales of the weights, of all channels
  sed 1d l.csv | awk -F, '$13 <= 0 || $13 > $14 { exit 1 }'
  eo-quant -p int8 -c $F/cfg.yaml --layers m.csv -o alone m
  cmp l.csv m.csv
  cmp out alone
  misused "eo-quant: option '--layers' is for int8, int4 and mixed alone" eo-quant -p fp16 --layers l.csv -o out m
  fails_like 1 "eo-quant: gone/l.csv: *" eo-quant -p int8 -c $F/cfg.yaml --layers gone/l.csv -o none m
  [ ! -e none ]
}

@test "quant: every observer, granularity and correction is in the metadata and changes the model" {
  eo-quant -p int8 -c $F/cfg.yaml -o base m
  for line in 'quantization_observer: minmax' 'quantization_observer: percentile' 'quantization_observer: mse' \
    'quantization_observer: entropy' 'weight_granularity: tensor' 'bias_correction: true' \
    'cross_layer_equalization: true' 'rounding: adaptive'; do
    sed "\$a $line" $F/cfg.yaml >c.yaml
    eo-quant -p int8 -c c.yaml -o out m
    eo-inspect out | grep -qx "$line"
    eo-inspect out | grep -qx 'calibration_images: 40'
    # the tensors of 4 and 6 channels, without the header
    ! cmp -s <(tail -c 3376 base) <(tail -c 3376 out) || return 1
  done
}

@test "quant: the percentile is the configured one" {
  sed '$a quantization_observer: percentile' $F/cfg.yaml >c.yaml
  sed '$a observer_percentile: 90' c.yaml >p.yaml
  eo-quant -p int8 -c c.yaml --report a.json -o a m
  eo-quant -p int8 -c p.yaml --report b.json -o b m
  # a tenth is cut off in all: half of that at each end, or above alone where a twentieth or more is 0
  awk -F'[:,]' '/"saturation_rate"/ { if ($2 > 0.002) exit 1 }' a.json
  awk -F'[:,]' '/"saturation_rate"/ { if ($2 > 0.1) exit 1; n += $2 > 0.03 } END { exit n < 2 }' b.json
}

@test "quant: all corrections together give equal bytes on every instruction set, on both backends" {
  for backend in fbgemm qnnpack; do
    for observer in percentile mse entropy; do
      sed "\$a quantization_backend: $backend\nquantization_observer: $observer\nbias_correction: true
\$a cross_layer_equalization: true\nrounding: adaptive" $F/cfg.yaml >c.yaml
      eo-quant -p int8 -c c.yaml -o want --report want.json m
      eo-eval -q -c c.yaml --isa generic want >generic.csv
      for isa in $(eo-quant --version | sed -n 's/^instruction sets: //p'); do
        eo-quant -p int8 -c c.yaml --isa $isa --threads 2 -o out --report out.json m
        cmp want out
        cmp want.json out.json
        eo-eval -q -c c.yaml --isa $isa out >$isa.csv
        cmp $isa.csv generic.csv
      done
    done
  done
}

@test "quant: no image left to calibrate on" {
  sed '/_subset/d; $a val_subset: 620' $F/cfg.yaml >c.yaml
  fails 1 \
    "eo-quant: $F/set: 'val_subset': expected fewer than the 620 training images, found 620: none is left to train on" \
    eo-quant -p int8 -c c.yaml -o out m
  [ ! -e out ]
}

@test "quant: reads standard input and writes standard output" {
  eo-quant -p int8 -c $F/cfg.yaml -o want m
  eo-quant -p int8 -c $F/cfg.yaml <m >out
  cmp want out
  eo-quant -p int8 -c $F/cfg.yaml - <m >out
  cmp want out
}

@test "quant: --data wins over the config" {
  sed "s,data_dir: .*,data_dir: /nowhere," $F/cfg.yaml >cfg.yaml
  fails_like 1 "eo-quant: */nowhere*" eo-quant -p int8 -c cfg.yaml -o out m
  [ ! -e out ]
  eo-quant -p int8 -c cfg.yaml --data $F/set -o out m
  [ -s out ]
}

@test "quant: what is converted already is refused" {
  for name in half int8; do
    for p in fp32 fp16; do
      fails_like 1 "eo-quant: *.safetensors: precision: expected an fp32 model, found *" \
        eo-quant -p $p -o out $F/$name.safetensors
    done
    fails_like 1 "eo-quant: *.safetensors: precision: expected an fp32 model, found *" \
      eo-quant -p int8 -c $F/cfg.yaml -o out $F/$name.safetensors
  done
  [ ! -e out ]
}

@test "quant: a weight too large for fp16 is an error" {
  poke m '\0\270\210\107' # 70000
  fails 1 "eo-quant: m: tensor 'conv2.weight': value 215: expected a magnitude of at most 65504 for fp16, found 70000" \
    eo-quant -p fp16 -o out m
  [ ! -e out ]
}

@test "quant: a model that is not finite, cut off or missing" {
  poke m '\0\0\300\177'
  fails_like 1 "eo-quant: m: tensor 'conv2.weight'*" eo-quant -p fp32 -o out m
  head -c 100 $F/base.safetensors >short
  fails_like 1 "eo-quant: short: *" eo-quant -p fp16 -o out short
  fails 1 "eo-quant: none: cannot open: No such file or directory" eo-quant -p fp16 -o out none
  [ ! -e out ]
}

@test "quant: wrong usage" {
  fails 2 "eo-quant: option '-p' is required
$HINT" eo-quant m
  fails 2 "eo-quant: option '-p': expected one of fp32, fp16, int8, int4, mixed, found 'int2'
$HINT" eo-quant -p int2 m
  fails 2 "eo-quant: option '-c' is required for int8
$HINT" eo-quant -p int8 m
  fails 2 "eo-quant: option '--report' is for int8, int4 and mixed alone
$HINT" eo-quant -p fp16 --report r.json m
  fails 2 "eo-quant: unexpected operand 'n'
$HINT" eo-quant -p fp16 m n
  fails_like 2 "eo-quant: option '--threads': *" eo-quant -p fp16 --threads 0 m || [[ $stderr == *"$HINT" ]]
}

@test "quant: a bad config is named with its line" {
  printf 'dataset: idx\ncalibration_batches: none\n' >bad.yaml
  fails_like 1 "eo-quant: bad.yaml: 2:*calibration_batches*" eo-quant -p int8 -c bad.yaml -o out m
  [ ! -e out ]
}

@test "quant: a full disk leaves no model" {
  fails_like 1 "eo-quant: /dev/full: *" eo-quant -p fp16 -o /dev/full m
  fails_like 1 "eo-quant: /dev/full: *" eo-quant -p int8 -c $F/cfg.yaml --report /dev/full -o out m
  [ ! -e out ]
  run --separate-stderr sh -c 'eo-quant -p fp16 m >/dev/full'
  [ "$status" -eq 1 ]
}

@test "quant: trains on with qat_epochs, whatever the observer" {
  for observer in minmax percentile mse histogram entropy; do
    for backend in fbgemm qnnpack; do
      printf '%s\n' "quantization_observer: $observer" "quantization_backend: $backend" | cat $F/cfg.yaml - >plain.yaml
      { cat plain.yaml; echo 'qat_epochs: 1'; } >cfg.yaml
      eo-quant -p int8 -c plain.yaml -o plain m
      eo-quant -p int8 -c cfg.yaml --report r.json -o out m
      eo-inspect plain | grep -qx 'qat_epochs: 0'
      eo-inspect out | grep -qx 'qat_epochs: 1'
      ! cmp -s <(eo-inspect -d conv2.weight plain) <(eo-inspect -d conv2.weight out) || return 1
      # The report gives the learned scale of the last layer as its range.
      awk -F': ' -v qmax=$([ $backend = fbgemm ] && echo 127 || echo 255) '/"chosen_max"/ { max = $2 + 0 }
        /"input_scale"/ { scale = $2 + 0 }
        END { exit !(scale > 0 && max / scale > qmax - 0.01 && max / scale < qmax + 0.01) }' r.json
    done
  done
}

@test "quant: training at level 0.7 gives a better int8 model" {
  eo-data --generate set --train 3000 --test 10
  cat >cfg.yaml <<'END'
dataset: synthetic
val_subset: 1000
batch_size: 50
epochs: 1
fine_tune_epochs: 1
learning_rate: 0.003
END
  { cat cfg.yaml; printf 'qat_epochs: 2\nearly_stopping: 2\n'; } >qat.yaml
  eo-train -q -c cfg.yaml --data set -o base
  eo-prune -l 0.7 base | eo-train -q -c cfg.yaml --data set --init - --fine-tune -o tuned
  eo-quant -p int8 -c cfg.yaml --data set -o plain tuned
  eo-quant -p int8 -c qat.yaml --data set -o trained tuned
  eo-inspect trained | grep -q '^qat_best_epoch: [12]$'
  for m in plain trained; do
    eo-eval -c cfg.yaml --data set $m |
      awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } END { print $at["correct"] }' >$m.correct
  done
  echo "correct of 1000: $(cat plain.correct), trained $(cat trained.correct)"
  [ "$(cat trained.correct)" -gt "$(cat plain.correct)" ]
}

@test "quant: training that diverges leaves no model" {
  { cat $F/cfg.yaml; printf 'qat_epochs: 20\nqat_learning_rate: 10\nweight_decay: 1\n'; } >cfg.yaml
  fails_like 1 "eo-quant: m: quantisation-aware training: training diverged: *" eo-quant -p int8 -c cfg.yaml -o out m
  [ ! -e out ]
}

@test "quant: the progress of training goes to a terminal and nowhere else" {
  { cat $F/cfg.yaml; echo 'qat_epochs: 1'; } >cfg.yaml
  run --separate-stderr eo-quant -p int8 -c cfg.yaml -o out m
  [ "$status" -eq 0 ] && [ -z "$stderr" ] || return 1
  command -v script >/dev/null || skip "needs script(1)"
  script -qec "eo-quant -p int8 -c cfg.yaml -o out m" /dev/null </dev/null >shown
  grep -q 'training: epoch 1/1  100 %  loss [0-9.]*  [0-9]* images/s' shown
  script -qec "eo-quant -q -p int8 -c cfg.yaml -o out m" /dev/null </dev/null >shown
  [ ! -s shown ]
}

@test "quant: another network, its images and its classes" {
  other_network >net
  printf 'input 2x3x2\na: conv 1 3x2\nclassifier: linear 4\n' >net.txt
  printf '%s\n' 'dataset: idx' 'data_dir: .' 'validation: test' 'quantization_backend: qnnpack' \
    'quantization_observer: minmax' >cfg.yaml
  for part in train t10k; do
    { printf '\0\0\x08\4\0\0\0\5\0\0\0\2\0\0\0\3\0\0\0\2'
      for v in '\0' '\1' '\2' '\3' '\xff'; do printf $v; head -c 11 /dev/zero; done; } >$part-images-idx4-ubyte
    printf '\0\0\x08\1\0\0\0\5\0\1\2\3\3' >$part-labels-idx1-ubyte
  done
  input="--network net.txt --input-mean 0 --input-std 0.003921568627450980"
  eo-quant -p int8 -c cfg.yaml $input --report r.json -o int8 net
  eo-eval -c cfg.yaml --split test --logits l.csv int8 >row.csv
  # The logit is k - value but for the rounding of two weights by 0.4 % each, which is 2 of 255.
  awk -F, 'NR > 1 { v = NR < 6 ? NR - 2 : 255
    for (k = 0; k < 4; k++) { d = $(k + 3) - (k - v); if (d > 2.1 || d < -2.1) exit 1 } n++ } END { exit n != 5 }' l.csv
  grep -q '"layer": *"classifier"' r.json && grep -q '"input": *"a"' r.json
  eo-quant -p fp16 $input -o half net
  eo-eval -c cfg.yaml --split test half >row.csv
  eo-eval -c cfg.yaml --split test $input net >float.csv
  [ "$(column test_correct row.csv)" = "$(column test_correct float.csv)" ]
  sed '$a qat_epochs: 1' cfg.yaml >qat.yaml
  eo-quant -p int8 -c qat.yaml $input -o trained net
  eo-inspect trained | grep -qx 'qat_epochs: 1'
  printf 'input 2x4x2\na: conv 1 3x2 mean\nclassifier: linear 4\n' >tall.txt
  fails 1 "eo-quant: './train-images-idx4-ubyte': byte 8: expected images of 2 x 4 x 2, found 2 x 3 x 2" \
    eo-quant -p int8 -c cfg.yaml --network tall.txt --input-mean 0 --input-std 1 -o out net
  fails_like 1 "eo-quant: none: no known network (eo-inspect --help lists them) and no file: *" \
    eo-quant -p int8 -c cfg.yaml --network none -o out net
}
