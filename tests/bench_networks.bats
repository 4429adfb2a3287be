# Timing of other networks than SmallCNN: eo-bench, eo-layers and eo-mlperf.
bats_require_minimum_version 1.5.0
load common
load measure

NETWORK="input 3x9x7; a: conv 6 3x3 pad same relu; b: depthwise 3x3 pad same; c: conv 6 1x1 add a relu max 2x2; \
classifier: linear 5"

# set_of FOLDER C H W CLASSES: 20 training and 10 test images, all of one grey
set_of() {
  local part n
  mkdir -p "$1"
  for part in train:20 t10k:10; do
    n=${part#*:}
    { printf '\0\0\10\4'; be32 $n; be32 "$2"; be32 "$3"; be32 "$4"
      head -c $((n * $2 * $3 * $4)) /dev/zero | tr '\0' '@'; } >"$1/${part%:*}-images-idx4-ubyte"
    { printf '\0\0\10\1'; be32 $n
      for ((i = 0; i < n; i++)); do printf "\\$(printf %03o $((i % $5)))"; done; } >"$1/${part%:*}-labels-idx1-ubyte"
  done
}

setup_file() {
  local make=${EO_TESTS:-$EO_BIN/../build/tests}/make_network
  cd "$BATS_FILE_TMPDIR"
  set_of set 3 9 7 5
  printf '%s\n' 'dataset: idx' "data_dir: $PWD/set" 'val_subset: 8' 'batch_size: 20' 'benchmark_repeats: 4' \
    'benchmark_trials: 2' 'benchmark_warmup: 1' 'benchmark_seconds: 100000' >cfg.yaml
  "$make" "$NETWORK" 1 fp32 >fp32
  "$make" "$NETWORK" 1 >int8
  eo-quant -p fp16 -o fp16 fp32
  make_model 4 6 1 >smallcnn
}

setup() {
  F=$BATS_FILE_TMPDIR
  cd "$BATS_TEST_TMPDIR"
  mkdir .tmp
  export TMPDIR=$PWD/.tmp EO_LOCK_DIR=$PWD/.tmp # a lock of our own: other tests time, too
}

@test "bench: rows and rounds of a residual network, on its data set and on random pixels" {
  eo-bench -c $F/cfg.yaml --exact --rounds rounds $F/fp32 $F/fp16 $F/int8 >rows
  # 3 x 9 x 7 in, 6 x 9 x 7 in the network, 6 x 4 x 3 behind the pooling: 168 + 60 + 42 + 365 parameters
  [ "$(column parameters rows | sort -u)" = 635 ]
  [ "$(column macs rows | sort -u)" = $((63 * 27 * 6 + 63 * 9 * 6 + 63 * 6 * 6 + 72 * 5)) ]
  [ "$(column model_bytes rows | tr '\n' ' ')" = "$(for p in fp32 fp16 int8; do eo-inspect $F/$p |
    awk '/^tensor_bytes/ { print $2 }'; done | tr '\n' ' ')" ]
  # a, which c adds, stays beside what c reads and writes: 378 + 378 + 72 and, with a whole map, 378 + 378 + 378
  [ "$(column arena_bytes rows | tr '\n' ' ')" = "3312 1656 828 " ]
  [ "$(column unfused_arena_bytes rows | tr '\n' ' ')" = "4536 2268 1134 " ]
  [ "$(column arena_bytes rows)" = "$(column peak_activation_bytes rows)" ]
  column host_latency_ms rows | awk '{ n += $1 > 0 } END { exit n != 3 }'
  column host_single_latency_ms rows | awk '{ n += $1 > 0 } END { exit n != 3 }'
  took 4 rounds
  [ "$(column precision rounds | tr '\n' ' ')" = "fp32 fp32 fp16 fp16 int8 int8 " ]
  [[ $(column kernel rows | head -n 1) == fp32-any-* ]]
  eo-bench --exact --trials 1 --repeats 2 --threads 2 --batch 40 --no-header $F/int8 >row
  [ "$(cut -d, -f2,7,8 row)" = int8,2,40 ]
}

@test "bench: images of another size than a model's are refused; among candidates, that one" {
  want="expected a network for images of 3 x 9 x 7, which all models of a session are timed on, found one for \
1 x 28 x 28"
  for way in eo-bench eo-layers "eo-mlperf --window 0.001"; do
    fails 1 "${way%% *}: $F/smallcnn: $want" $way -c $F/cfg.yaml -o row $F/smallcnn
  done
  fails 1 "eo-bench: $F/smallcnn: $want" eo-bench -o row $F/int8 $F/smallcnn
  [ ! -e row ]
  mkdir models rows
  cp $F/int8 models/p0.00-int8.safetensors
  cp $F/smallcnn models/p0.25-fp32.safetensors
  run --separate-stderr eo-bench -c $F/cfg.yaml --exact --from models --into rows p0.25-fp32 p0.00-int8
  [ "$status" -eq 0 ]
  [ "$stderr" = "eo-bench: models/p0.25-fp32.safetensors: $want" ]
  [ -s rows/p0.00-int8.timing.csv ]
  [ ! -e rows/p0.25-fp32.timing.csv ]
  grep -q "models/p0.25-fp32.safetensors: expected a network for images of 3 x 9 x 7" rows/p0.25-fp32.timing.err
  # signals as rows of 1 x 189 x 1 values are read as the model says
  set_of flat 1 189 1 5
  eo-bench -c $F/cfg.yaml --data flat --exact $F/int8 >row
  [ "$(wc -l <row)" -eq 2 ]
}

@test "bench: an interrupted session of another network goes on" {
  local pid size=0 i args="--exact --trials 6 --warmup 400 --from models --into rows p0.00-fp32 p0.00-int8"
  mkdir models rows
  cp $F/fp32 models/p0.00-fp32.safetensors
  cp $F/int8 models/p0.00-int8.safetensors
  eo-bench -c $F/cfg.yaml $args &
  pid=$!
  for ((i = 0; i < 3000; i++)); do
    size=$(stat -c %s rows/.session 2>/dev/null) || size=0
    [ "$size" -lt 4800 ] || break # a start, and two rounds of two answers of more than 1 kB
    sleep 0.01
  done
  kill -KILL $pid
  wait $pid || true
  id=$(grep -aoE '[0-9a-f]{16}' rows/.session | head -n 1)
  eo-bench -c $F/cfg.yaml $args
  [ "$(column session rows/p0.00-fp32.timing.csv)" = "$id" ]
  [ "$(column round rows/p0.00-int8.rounds.csv | tr '\n' ' ')" = "0 1 2 3 4 5 " ]
}

@test "bench: a session ends in time even if the first round could not" {
  eo-bench --seconds 1 --repeats 100000 --batch 2000 $F/fp32 $F/int8 >rows 2>said
  [[ $(cat said) == "eo-bench: 1 s (benchmark_seconds) were over after 1 rounds (planned: 16): the rows are of these" ]]
  column samples rows | awk '$1 < 1 || $1 > 50000 { exit 1 }'
  column timing_status rows | awk '$1 != "short" { exit 1 }'
}

@test "eo-layers: each layer by its name; what is added is read, and lives until then" {
  eo-layers --batch 20 $F/int8 >layers
  [ "$(cut -d, -f1-5 layers)" = "layer,input_bytes,output_bytes,total_bytes,macs
a,189,378,567,$((63 * 27 * 6))
b,378,378,756,$((63 * 9 * 6))
c,756,72,828,$((63 * 6 * 6))
classifier,72,20,92,$((72 * 5))
total,189,20,828,$((63 * 27 * 6 + 63 * 9 * 6 + 63 * 6 * 6 + 72 * 5))" ]
  for p in "" single_; do
    column ${p}time_ms layers | awk 'NR < 5 { s += $1 } $1 < 0 { exit 1 } END { d = s / $1 - 1
      exit d > 1e-9 || d < -1e-9 }'
  done
  [ "$(eo-layers $F/fp16 | cut -d, -f1-4 | tail -n 2)" = "classifier,144,20,164
total,378,20,1656" ]
}

@test "mlperf: single images of another network" {
  eo-mlperf --window 0.001 -c $F/cfg.yaml $F/int8 >row
  [[ $(column kernel row) == int8-any-* ]]
}
