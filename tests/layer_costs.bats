# eo-layers: what each layer of a model costs.
bats_require_minimum_version 1.5.0
load common
load measure

counts() { echo ",$1cycles,$1instructions,$1ipc,$1l1d_misses,$1llc_misses,$1branch_misses"; }
HINT="Try 'eo-layers --help'."

setup_file() {
  fixture "$BATS_FILE_TMPDIR"
}

setup() {
  F=$BATS_FILE_TMPDIR
  cd "$BATS_TEST_TMPDIR"
  mkdir .tmp
  export TMPDIR=$PWD/.tmp EO_LOCK_DIR=$PWD/.tmp # a lock of our own: other tests time, too
}

@test "eo-layers: is exact and agrees with the row" {
  eo-layers $F/base.safetensors >layers
  [ "$(cut -d, -f1-5 layers | tr '\n' ' ')" = \
    "layer,input_bytes,output_bytes,total_bytes,macs conv1,3136,3136,6272,28224 conv2,3136,1176,4312,42336 \
classifier,1176,40,1216,2940 total,3136,40,6272,73500 " ]
  eo-layers -o layers - <$F/int8.safetensors
  [ "$(cut -d, -f1-4 layers | tr '\n' ' ')" = \
    "layer,input_bytes,output_bytes,total_bytes conv1,784,784,1568 conv2,784,294,1078 classifier,294,40,334 \
total,784,40,1568 " ]
  eo-bench $F/int8.safetensors >row.csv
  [ "$(column peak_activation_bytes row.csv)" = 1568 ]
  [ "$(column macs row.csv)" = 73500 ]
}

@test "eo-layers: shares out the time, and says in one line why there are no counters" {
  costs() { echo "$1time_ms,$1time_share,$1gmacs_per_s$(counts "$1")"; }
  run --separate-stderr eo-layers -c $F/cfg.yaml --batch 33 \
    --cpu $(awk '/^Cpus_allowed_list/ { n = split($2, cpu, /[-,]/); print cpu[n] }' /proc/self/status) --isa generic \
    $F/half.safetensors
  [ "$status" -eq 0 ]
  echo "$output" >layers
  [ "$(head -n 1 layers)" = \
    "layer,input_bytes,output_bytes,total_bytes,macs,$(costs ""),$(costs single_),timing_status,timing_reason" ]
  for p in "" single_; do
    awk -v t="$(column ${p}time_ms layers | tr '\n' ' ')" -v s="$(column ${p}time_share layers | tr '\n' ' ')" \
      -v g="$(column ${p}gmacs_per_s layers | tr '\n' ' ')" -v m="$(column macs layers | tr '\n' ' ')" 'BEGIN {
        split(t, ms); split(s, share); split(g, gmacs); split(m, macs)
        for (l = 1; l <= 4; l++) {
          if (!(ms[l] > 0)) exit 1
          if (l < 4) { sum += ms[l]; shares += share[l] }
          d = gmacs[l] * ms[l] * 1e6 / macs[l] - 1
          if (d > 1e-9 || d < -1e-9) exit 1
        }
        d = sum / ms[4] - 1
        exit d > 1e-9 || d < -1e-9 || shares < 1 - 1e-9 || shares > 1 + 1e-9 || share[4] != 1 }'
  done
  if [ -n "$stderr" ]; then
    [[ $stderr == "eo-layers: no "*": "* ]]
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ $(column cycles layers) == [0-9]* ]] || [[ $stderr == *"no cycles"* || $stderr == *"no hardware counters"* ]]
  else
    [ "$(column branch_misses layers | grep -c '^[0-9]')" -eq 4 ]
  fi
}

@test "eo-layers: says how far its times can be trusted; --strict fails where that is not far" {
  beside_competitor eo-layers $F/base.safetensors >layers
  [ "$(column timing_status layers | sort | uniq -c | tr -s ' ')" = " 4 noisy" ]
  [[ $(column timing_reason layers) == "preempted: "* ]]
  fails_like 1 "eo-layers: $F/base.safetensors: expected timing status ok, found noisy: preempted: *" \
    beside_competitor eo-layers --strict -o strict $F/base.safetensors
  fails_like 1 "eo-layers: (standard stream): expected timing status ok, found noisy: preempted: *" \
    beside_competitor eo-layers --strict -o strict - <$F/base.safetensors
  [ ! -e strict ]
}

@test "eo-layers: wrong usage exits 2, bad input exits 1 without a file" {
  m=$F/base.safetensors
  fails 2 "eo-layers: unexpected operand '$m'"$'\n'"$HINT" eo-layers $m $m
  fails 2 "eo-layers: unknown or ambiguous option '--trials'"$'\n'"$HINT" eo-layers --trials 1 $m
  fails 2 "eo-layers: option '--data' needs '-c': without a config the images are random pixels"$'\n'"$HINT" \
    eo-layers --data $F/set $m
  fails 1 "eo-layers: expected a processor that this process may run on, found 4095" eo-layers --cpu 4095 $m
  printf 'PK\3\4 this is not a model' >zip
  fails 1 "eo-layers: zip: expected a safetensors file, found a zip archive; unpack it" eo-layers -o row zip
  fails 1 "eo-layers: /dev/full: cannot write: No space left on device" eo-layers -o /dev/full $F/int8.safetensors
  [ ! -e row ]
}
