#!/usr/bin/env bats
# eo-hwreport: costs by layer, means by precision, the roofline estimate, messages.

bats_require_minimum_version 1.5.0
load common
load rows

setup() {
  cd "$BATS_TEST_TMPDIR"
  cat >c.yaml <<'EOF'
batch_size: 100
active_memory_budget_mb: 0.05
memory_budgets_mb: [0.05]
cpu_frequency_scale: 0.5
memory_bandwidth_gbps: 2.0
peak_compute_gmacs: 16.0
EOF
}

# The timing rows say batch 128.
three_models() {
  measured_model a.safetensors 8 16 0.50 int8 7 0.90 0.01
  measured_model b.safetensors 16 32 0.00 int8 7 0.92 0.02
  measured_model c.safetensors 16 32 0.00 fp32 7 0.95 0.04
  eo-pareto -c c.yaml --sweep sweep.csv *.acc.csv *.time.csv
}

LAYERS=layer,output_elements,parameter_bytes,activation_bytes,macs,pruning_level,precision,seed,input_bytes,\
output_bytes,weight_bytes,batch_size,macs_per_image,fused_activation_bytes,pruning_criterion,model_sha256

@test "layers of an fp32 model, by the published sizes of the network" {
  make_model 16 32 7 >m.safetensors
  run --separate-stderr eo-hwreport -c c.yaml m.safetensors
  [ "$status" -eq 0 ]
  local sha=$(sha256sum <m.safetensors | cut -c1-64)
  [ "$output" = "$LAYERS
conv1,1254400,640,5017600,11289600,0.00,fp32,7,3136,12544,576,100,112896,15680,none,$sha
conv2,627200,18560,2508800,90316800,0.00,fp32,7,12544,6272,18432,100,903168,18816,none,$sha
classifier,1000,62760,4000,1568000,0.00,fp32,7,6272,40,62720,100,15680,6312,none,$sha" ]
}

@test "layers of fp16 and int8 models by the types they have, on standard input" {
  local sha
  make_model 8 16 3 0.50 fp16 >half.safetensors
  sha=$(sha256sum <half.safetensors | cut -c1-64)
  eo-hwreport -c c.yaml <half.safetensors >half.csv
  [ "$(tail -n +2 half.csv)" = "conv1,627200,160,1254400,5644800,0.50,fp16,3,1568,3136,144,100,56448,4704,l1,$sha
conv2,313600,2336,627200,22579200,0.50,fp16,3,3136,1568,2304,100,225792,4704,l1,$sha
classifier,1000,15700,4000,784000,0.50,fp16,3,1568,40,15680,100,7840,1608,l1,$sha" ]
  make_model 8 16 3 0.50 int8 >int8.safetensors
  sha=$(sha256sum <int8.safetensors | cut -c1-64)
  eo-hwreport -c c.yaml --layers int8.csv - <int8.safetensors
  # biases and scales are 4 bytes an output, input scale and zero point 8 a layer; class scores are 32 bits wide
  [ "$(tail -n +2 int8.csv)" = "conv1,627200,144,627200,5644800,0.50,int8,3,784,1568,72,100,56448,2352,l1,$sha
conv2,313600,1288,313600,22579200,0.50,int8,3,1568,784,1152,100,225792,2352,l1,$sha
classifier,1000,7928,4000,784000,0.50,int8,3,784,40,7840,100,7840,824,l1,$sha" ]
}

# make_network NETWORK SEED [BACKEND]: a random model of any network on standard output
make_network() {
  "${EO_TESTS:-$EO_BIN/../build/tests}/make_network" "$@"
}

@test "any network: its own layers, full maps before pooling, a map that is added is read" {
  make_network "input 2x4x4; a: conv 2 3x3 pad 1 relu; b: conv 2 3x3 pad 1 add input relu max 2x2; z: linear 3" 1 \
    fp32 >m
  eo-hwreport -c c.yaml m | cut -d, -f1-5,9-14 | tail -n +2 | diff - <(cat <<'END'
a,3200,152,12800,57600,128,128,144,100,576,256
b,3200,152,12800,57600,256,32,144,100,576,288
z,300,108,1200,2400,32,12,96,100,24,44
END
)
  # twice the same tensor is read once
  make_network "input 2x4x4; a: conv 2 3x3 pad 1; b: conv 2 1x1 add a; z: linear 3" 1 >m
  [ "$(eo-hwreport -c c.yaml m | cut -d, -f1,9,14 | paste -sd ' ')" = \
    "layer,input_bytes,fused_activation_bytes a,32,64 b,32,64 z,32,44" ]
  make_network resnet8 1 >m
  eo-hwreport -c c.yaml m >l.csv
  [ "$(column l.csv layer)" = "conv1 block1.conv1 block1.conv2 block2.conv1 block2.shortcut block2.conv2 block3.conv1 \
block3.shortcut block3.conv2 classifier" ]
  [ "$(column l.csv macs_per_image | tr ' ' '\n' | awk '{ n += $1 } END { print n }')" = 12501632 ]
}

@test "with --sweep the batch size is the one that was timed" {
  three_models
  eo-hwreport -c c.yaml --sweep sweep.csv --layers l.csv *.safetensors
  [ "$(column l.csv batch_size)" = "128 128 128 128 128 128 128 128 128" ]
  [ "$(column l.csv precision)" = "int8 int8 int8 int8 int8 int8 fp32 fp32 fp32" ]
}

@test "hardware_summary.csv: the baseline first, all formulas" {
  three_models
  eo-hwreport -c c.yaml --sweep sweep.csv --summary h.csv *.safetensors
  [ "$(head -n 1 h.csv)" = \
    "estimated_total_bytes,estimated_total_macs,achieved_bandwidth_gbps,configured_memory_bandwidth_gbps,\
bandwidth_utilization,achieved_gmacs,arithmetic_intensity_macs_per_byte,configured_peak_compute_gmacs,\
roofline_knee_macs_per_byte,bound_regime,pruning_level,precision,seed,batch_size,batch_latency_ms,pruning_criterion,\
model_sha256" ]
  [ "$(column h.csv model_sha256)" = \
    "$(sha256sum c.safetensors b.safetensors a.safetensors | cut -c1-64 | paste -sd" ")" ]
  [ "$(column h.csv pruning_level) / $(column h.csv precision)" = "0.00 0.00 0.50 / fp32 int8 int8" ]
  # 128 images: (12544 + 6272 + 10) * 4 * 128 + 81960 bytes; 1031744 * 128 MACs; 0.04 ms / 0.5 * 128 = 10.24 ms
  [ "$(column h.csv estimated_total_bytes | cut -d' ' -f1)" = 9720872 ]
  [ "$(column h.csv estimated_total_macs | cut -d' ' -f1)" = 132063232 ]
  [ "$(column h.csv batch_latency_ms)" = "10.24 5.12 2.56" ]
  awk -F, 'function near(a, b) { return a > b * 0.999999 && a < b * 1.000001 }
    NR == 2 { exit !(near($3, 9720872 / 0.01024 / 1e9) && $4 == 2 && near($5, $3 / 2) &&
      near($6, 132063232 / 0.01024 / 1e9) &&
      near($7, 132063232 / 9720872) && $8 == 16 && $9 == 8 && $10 == "compute-bound") }' h.csv
  sed -i 's/^peak.*/peak_compute_gmacs: 1000.0/' c.yaml
  eo-hwreport -c c.yaml --sweep sweep.csv --summary h.csv *.safetensors
  [ "$(column h.csv bound_regime)" = "memory-bound memory-bound memory-bound" ]
}

@test "without peak_compute_gmacs its three columns are empty" {
  three_models
  sed -i '/^peak/d' c.yaml
  eo-hwreport -c c.yaml --sweep sweep.csv --summary h.csv *.safetensors
  [ "$(column h.csv configured_peak_compute_gmacs)$(column h.csv roofline_knee_macs_per_byte)$(column h.csv \
    bound_regime)" = "      " ]
}

@test "precision_tradeoffs.csv: means by precision, the fastest first" {
  three_models
  eo-hwreport -c c.yaml --sweep sweep.csv --tradeoffs - >t.csv
  [ "$(cat t.csv)" = "precision,accuracy_mean,latency_ms_mean,memory_mb_mean,energy_proxy_j_mean,accepted_ratio
int8,0.91,0.03,0.019073486328125,$(column t.csv energy_proxy_j_mean | cut -d' ' -f1),1.0
fp32,0.95,0.08,0.019073486328125,$(column t.csv energy_proxy_j_mean | cut -d' ' -f2),1.0" ]
}

@test "a sweep in which everything failed gives headers alone" {
  three_models
  sed -i 1q sweep.csv
  eo-hwreport -c c.yaml --sweep sweep.csv --layers l.csv --tradeoffs t.csv --summary h.csv
  [ "$(cat l.csv t.csv h.csv | wc -l)" -eq 3 ]
}

# refuses STATUS FIRST-LINE-OF-STDERR ARGUMENT...: and writes no file
refuses() {
  local want=$1 message=$2
  shift 2
  fails_with "$want" "$message" eo-hwreport "$@"
  [ ! -e l.csv ]
}

@test "bad input: one line, exit 1, no output file" {
  three_models
  refuses 1 "eo-hwreport: sweep.csv: no model given for pruning_level 0.50, precision int8, seed 7" \
    -c c.yaml --sweep sweep.csv --layers l.csv --summary h.csv b.safetensors c.safetensors
  sed -i 's/[0-9a-f]\{64\}/abcdefabcdefabcdef/' sweep.csv
  refuses 1 \
    "eo-hwreport: sweep.csv: stale: pruning_level 0.00, precision fp32, seed 7 was measured with model abcdefabcdef, \
given is $(sha256sum <c.safetensors | cut -c 1-12)" \
    -c c.yaml --sweep sweep.csv --layers l.csv --summary h.csv *.safetensors
  sed -i '2s/fp32/fp64/' sweep.csv
  run --separate-stderr eo-hwreport -c c.yaml --sweep sweep.csv --tradeoffs t.csv
  [ "$status" -eq 1 ]
  [[ $stderr == "eo-hwreport: sweep.csv: row 1: column 'precision': "*fp64* ]]
  echo "a,b" >sweep.csv
  refuses 1 "eo-hwreport: sweep.csv: expected a column 'pruning_level', found none" \
    -c c.yaml --sweep sweep.csv --tradeoffs t.csv
  head -c 100 a.safetensors >cut.safetensors
  run --separate-stderr eo-hwreport -c c.yaml --layers l.csv cut.safetensors
  [ "$status" -eq 1 ]
  [[ $stderr == "eo-hwreport: cut.safetensors: "* ]]
  [ ! -e l.csv ]
  run --separate-stderr eo-hwreport -c c.yaml --layers /dev/full a.safetensors
  [ "$status" -eq 1 ]
  [[ $stderr == "eo-hwreport: /dev/full: "*"No space left on device" ]]
  run --separate-stderr eo-hwreport -c none.yaml a.safetensors
  [ "$status" -eq 1 ]
  [[ $stderr == "eo-hwreport: none.yaml: "*"No such file or directory" ]]
}

@test "wrong usage: exit 2" {
  refuses 2 "eo-hwreport: option '-c' is required" m.safetensors
  refuses 2 "eo-hwreport: option '--tradeoffs' needs '--sweep'" -c c.yaml --tradeoffs t.csv
  refuses 2 "eo-hwreport: option '--summary' needs '--sweep'" -c c.yaml --summary t.csv m.safetensors
  refuses 2 "eo-hwreport: only one output can go to standard output; give the others a file" \
    -c c.yaml --sweep s.csv --layers - --summary -
  refuses 2 "eo-hwreport: only one input can come from standard input" -c c.yaml --sweep - --layers l.csv -
  refuses 2 "eo-hwreport: only one input can come from standard input" -c -
}
