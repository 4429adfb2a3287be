# A tiny data set, its config and three models, for the tests of eo-eval and eo-bench: fixture DIR
# However slow the machine is, no session ends for want of time.

# be32 N: four bytes, most significant first
be32() {
  printf "\\$(printf %03o $(($1 >> 24 & 255)))\\$(printf %03o $(($1 >> 16 & 255)))"
  printf "\\$(printf %03o $(($1 >> 8 & 255)))\\$(printf %03o $(($1 & 255)))"
}

# put_set PREFIX COUNT: images with one bright band each, whose height is the label; every seventh label is wrong
put_set() {
  { printf '\0\0\10\3'; be32 "$2"; be32 28; be32 28
    awk -v n="$2" 'BEGIN { for (i = 0; i < n; i++) for (p = 0; p < 784; p++)
      printf "%c", int(p / 56) == i % 10 + 2 ? 255 - i % 50 : 1 + (p * 7 + i * 13) % 40 }'; } >"$1-images-idx3-ubyte"
  { printf '\0\0\10\1'; be32 "$2"
    for ((i = 0; i < $2; i++)); do printf "\\$(printf %03o $(((i + (i % 7 == 3)) % 10)))"; done; } \
      >"$1-labels-idx1-ubyte"
}

fixture() {
  mkdir -p "$1/set"
  put_set "$1/set/train" 620
  put_set "$1/set/t10k" 90
  cat >"$1/cfg.yaml" <<END
dataset: idx
data_dir: $1/set
seed: 5
train_subset: 300
val_subset: 310
conv1_channels: 4
conv2_channels: 6
batch_size: 20
epochs: 2
learning_rate: 0.005
calibration_batches: 2
benchmark_repeats: 4
benchmark_trials: 2
benchmark_warmup: 1
benchmark_seconds: 100000
END
  eo-train -q -c "$1/cfg.yaml" -o "$1/base.safetensors"
  eo-quant -p fp16 -o "$1/half.safetensors" "$1/base.safetensors"
  eo-quant -p int8 -c "$1/cfg.yaml" -o "$1/int8.safetensors" "$1/base.safetensors"
}

# column NAME [FILE]: the cell of that column in every row
column() {
  awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next } { print $c }' "${2:--}"
}

# took COUNT ROUNDS [ROW]: each round kept so many samples of each size or, where four times as many were taken, those
# of them that were not interrupted, which other work on the machine decides; the row has the samples of all rounds.
took() {
  awk -F, -v count="$1" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    function is_full(kept, lost) { return kept == count || kept > 0 && kept < count && kept + lost >= 4 * count }
    !is_full($at["samples"], $at["samples_interrupted"]) ||
      !is_full($at["single_samples"], $at["single_samples_interrupted"]) { print; bad = 1 }
    END { exit bad || NR < 2 }' "$2" || return 1
  [ -z "$3" ] || [ "$(column samples "$2" | awk '{ sum += $1 } END { print sum }')" = "$(column samples "$3")" ]
}

# beside_competitor COMMAND...: while a process spins on the processor that eo-bench takes by itself
beside_competitor() {
  local cpus competitor rc=0
  cpus=$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)
  taskset -c "${cpus##*[-,]}" sh -c 'while :; do :; done' 3>&- &
  competitor=$!
  "$@" || rc=$?
  kill $competitor
  return $rc
}
